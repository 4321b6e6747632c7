"""What number does a cell of a table mean, as people write it?

Tables are written for readers: `1,024` GPUs, sequences of `8K`, a rate of `2e6`, `45 %`, `70.6B`, `12.3 s`. A spelling
that can mean one number is read as that number; one that can mean two (`10k` GPUs, `~512`) or none is refused in
words, and its row is then not predicted. A unit is dropped where it is the column's own, and scales the number where it
is another size of it (`850 ms` for seconds). Done: thousands, powers, percentages, units, blanks. Not done: ranges,
sums, decimal commas, numbers in words.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

NUMBERS = (
    "params_b", "layers", "hidden", "heads", "kv_heads", "ffn_hidden", "vocab", "seq_len",
    "global_batch_size", "micro_batch", "gpus", "nodes", "tp", "pp", "cp", "ep", "dp", "vp", "value",
)  # fmt: skip
WHOLE = ("year", "zero_stage")  # numbers that may be 0, or of which 0 means something
OPTIONAL = ("cp", "ep", "vp", "nodes")  # of which 0 means none of it
FRACTIONS = ("params_b", "value")  # every other number is a count
AVERAGED = (
    "seq_len",
    "global_batch_size",
    "micro_batch",
)  # counts that a table may give as a mean over steps
LAST_STAGE = 3  # of ZeRO
YEARS = (1990, 2100)  # between which a run can have been
LARGEST = 1e15  # beyond every count, rate and time of a run: squares of it stay numbers
BLANKS = ("", "-", "–", "—", "n/a", "n.a.", "na", "nan", "#n/a", "null", "?", "not stated", "n.s.")
"""How tables write that a source does not say."""
NONE = "none"  # a blank in columns of numbers; in words it says something: no recomputation
BILLIONS = {"M": 1e-3, "B": 1.0, "T": 1e3, "MILLION": 1e-3, "BILLION": 1.0}
DECIMAL = {"k": 1e3, "m": 1e6, "g": 1e9}  # of a rate
BINARY = {"k": 1024.0, "m": 1024.0**2}  # of a sequence: 8K tokens are 8,192
LONGEST = 1024  # thousands of tokens up to which a power of two means that many times 1,024
SEQUENCES = ("sequences", "sequence", "seqs", "seq", "samples", "sample", "images", "image", "imgs")
TOKENS = ("tokens", "token", "tok")
PLAIN_UNITS: Mapping[str, tuple[str, ...]] = {
    "params_b": ("params", "parameters"),
    "layers": ("layers", "layer", "blocks"),
    "heads": ("heads",),
    "kv_heads": ("heads", "groups"),
    "vocab": (*TOKENS, "words"),
    "seq_len": TOKENS,
    "global_batch_size": SEQUENCES,
    "micro_batch": SEQUENCES,
    "gpus": (
        "gpus",
        "gpu",
        "chips",
        "chip",
        "accelerators",
        "devices",
        "gcds",
        "tpus",
        "hpus",
        "x",
    ),
    "nodes": ("nodes", "node", "servers", "server", "hosts"),
}
"""Units that a number of a column may carry without meaning anything else."""
SECONDS = {
    "s": 1.0,
    "sec": 1.0,
    "secs": 1.0,
    "second": 1.0,
    "seconds": 1.0,
    "ms": 1e-3,
    "msec": 1e-3,
}
MINUTES = {"min": 1.0, "mins": 1.0, "minutes": 1.0, "h": 60.0, "hours": 60.0}
TOKEN_RATE = {"tokens/s": 1.0, "tok/s": 1.0, "tps": 1.0, "token/s": 1.0, "tokens/sec": 1.0}
SAMPLE_RATE = {f"{thing}/{time}": 1.0 for thing in SEQUENCES for time in ("s", "sec", "second")}
EACH = ("/gpu", "/chip", "/device", "/accelerator")
UNITS_OF_METRIC: Mapping[str, Mapping[str, float]] = {
    "step_time_s": SECONDS,
    "train_minutes": MINUTES,
    "gpu_hours": {"gpu-hours": 1.0, "gpu hours": 1.0, "h": 1.0, "hours": 1.0},
    "tokens_per_s": TOKEN_RATE,
    "tokens_per_s_per_gpu": {**TOKEN_RATE, **{u + e: 1.0 for u in TOKEN_RATE for e in EACH}, "tgs": 1.0},
    "samples_per_s": SAMPLE_RATE,
    "samples_per_s_per_gpu": {**SAMPLE_RATE, **{u + e: 1.0 for u in SAMPLE_RATE for e in EACH}},
    "tflops_per_gpu": {
        unit: 1e3 if unit.startswith("p") else 1.0
        for size in ("tflop/s", "tflops", "tflops/s", "pflop/s", "pflops", "pflops/s")
        for unit in (size, *(size + each for each in EACH))
    },
    "mfu_pct": {"%": 1.0, "percent": 1.0},
    "hfu_pct": {"%": 1.0, "percent": 1.0},
}  # fmt: skip
"""Units of a value by metric, and how many of the metric's own unit each is."""
_THOUSANDS = re.compile(r"[+]?\d{1,3}([,' \u00a0\u202f_]\d{3})+(\.\d+)?")
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_WITH_UNIT = re.compile(rf"({_NUMBER})\s*([^\d\s].*)")


def is_number(column: str) -> bool:
    """Whether a column holds numbers."""
    return column in NUMBERS or column in WHOLE


def plain(column: str, text: str, row: Mapping[str, str], decimal_comma: bool = False) -> str:
    """A cell in the spelling of programs; empty where it says nothing; as it is where it cannot be read.

    `row` has the row's other cells, of which a value's metric and a batch's length of sequences count.
    `decimal_comma`: the file's columns are separated by semicolons, so that a comma may be a decimal one.
    """
    if text.lower() in BLANKS or (is_number(column) and text.lower() == NONE):
        return ""
    if not is_number(column):
        return text
    text = text.replace("\u2212", "-")  # the minus of typesetters
    number = _ungrouped(column, text, decimal_comma)
    found = _WITH_UNIT.fullmatch(number)
    if found is None or re.fullmatch(_NUMBER, number):
        return number
    counted = _ungrouped(column, found[1], decimal_comma)
    scaled = _scaled(column, float(counted), found[2].strip().lower(), row)
    return text if scaled is None else f"{scaled:.15g}"


def _ungrouped(column: str, text: str, decimal_comma: bool) -> str:
    """Without the marks between thousands: 1,536 and 1 536 as 1536, also before a unit."""
    found = _THOUSANDS.match(text)
    if not found or text[found.end() : found.end() + 1] in tuple("0123456789.,'"):
        return text
    if decimal_comma and column in FRACTIONS and "," in found[0]:
        return text
    return re.sub(r"[^\d.]", "", found[0]) + text[found.end() :]


def _scaled(column: str, number: float, unit: str, row: Mapping[str, str]) -> float | None:
    """The number in the column's own unit; none where the unit is none of the column's."""
    if column == "params_b":
        words = unit.removesuffix("params").removesuffix("parameters").strip()
        return number * BILLIONS[words.upper()] if words.upper() in BILLIONS else None
    if column == "value":
        return _of_metric(number, unit, row.get("metric", "").strip())
    if column == "seq_len":
        size, _, rest = unit.partition(" ")
        binary = size in BINARY and number == int(number) and int(number).bit_count() == 1
        if binary and number <= LONGEST and rest.strip() in ("", *TOKENS):
            return number * BINARY[size]
    if column == "global_batch_size" and unit in TOKENS:
        return _sequences(number, plain("seq_len", row.get("seq_len", "").strip(), {}))
    return number if unit in PLAIN_UNITS.get(column, ()) else None


def _of_metric(number: float, unit: str, metric: str) -> float | None:
    """A value in its metric's unit; `k`, `m` and `g` before the unit are decimal."""
    units = {name.replace(" ", ""): size for name, size in UNITS_OF_METRIC.get(metric, {}).items()}
    unit = re.sub(r"\s+", "", unit.replace(" per ", "/"))
    if unit in units:
        return number * units[unit]
    rate = metric.startswith(("tokens", "samples"))
    if rate and unit[:1] in DECIMAL and unit[1:] in ("", *units):
        return number * DECIMAL[unit[:1]]
    return None


def _sequences(tokens: float, length: str) -> float | None:
    """Sequences of a batch that is stated in tokens; none where they are not whole."""
    if not re.fullmatch(_NUMBER, length) or not float(length):
        return None
    sequences = tokens / float(length)
    return sequences if sequences == int(sequences) else None


def fault(column: str, text: str) -> str:
    """What is wrong with a cell that `plain` gave; empty where nothing is."""
    if not text or not is_number(column):
        return ""
    try:
        number = float(text)
    except ValueError:
        return f"'{text}' is not a number"
    if not math.isfinite(number):
        return f"'{text}' is not finite"
    if number > LARGEST:
        return f"'{text}' is too large"
    positive = column in NUMBERS and column not in OPTIONAL
    if number < 0 or (number == 0 and positive):
        return f"'{text}' is too small; expected {'more than 0' if positive else '0 or more'}"
    if column not in (*FRACTIONS, *AVERAGED) and number != int(number):
        return f"'{text}' is not whole"
    if column == "year" and not YEARS[0] <= number <= YEARS[1]:
        return f"'{text}' is no year of such a run"
    if column == "zero_stage" and number > LAST_STAGE:
        return f"'{text}' is no stage of ZeRO; expected 0 to {LAST_STAGE}"
    return ""
