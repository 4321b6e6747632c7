"""Which measured runs are there to be predicted?

Reads CSV files of the columns in `COLUMNS` into `Case` records: one row, one case, none lost. A file that cannot be
read as such is refused with all its faults at once, each with line and column; a row that lacks something is kept, and
its predictor says what is missing. Nothing depends on `id`, which is for printing alone.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from planner.errors import Fault, InputError, PlannerError, suggestion

TEXTS = (
    "id", "source", "model", "family", "gpu", "recompute", "precision", "metric", "notes",
    "sequence_parallel", "doubtful",
)  # fmt: skip
NUMBERS = (
    "params_b", "layers", "hidden", "heads", "kv_heads", "ffn_hidden", "vocab", "seq_len",
    "global_batch_size", "micro_batch", "gpus", "nodes", "tp", "pp", "cp", "ep", "dp", "vp", "value",
)  # fmt: skip
WHOLE = ("year", "zero_stage")  # numbers that may be 0, or of which 0 means something
COLUMNS = (*TEXTS, *NUMBERS, *WHOLE)
BLANKS = ("-", "–", "—", "n/a", "na", "?")  # how tables write that a source does not say
OPTIONAL = ("cp", "ep", "vp", "nodes")  # of which 0 means none of it
BILLIONS = {"M": 1e-3, "B": 1.0, "T": 1e3}
REQUIRED = ("source", "family", "gpu", "metric", "value")
FULL = (
    "layers", "hidden", "heads", "seq_len", "global_batch_size", "micro_batch", "gpu", "gpus",
    "tp", "pp", "dp",
)  # fmt: skip
"""What a transformer's row must state to count as fully specified."""


@dataclass(frozen=True, eq=False)
class Case:
    """One measured run: where it stands, and its columns as text."""

    file: str
    line: int
    fields: Mapping[str, str]

    def text(self, name: str) -> str:
        """A column; empty where the file has none."""
        return self.fields.get(name, "")

    def number(self, name: str) -> float | None:
        """A column as a number; none where it is blank."""
        text = self.text(name)
        return float(text) if text else None

    @property
    def label(self) -> str:
        """What to call the row in print: its id, else its line."""
        return self.text("id") or f"line {self.line}"

    @property
    def year(self) -> int | None:
        """The year of the measurement."""
        year = self.number("year")
        return None if year is None else int(year)

    @property
    def family(self) -> str:
        """Kind of model, such as `llm-dense`."""
        return self.text("family").lower()

    @property
    def gpu(self) -> str:
        """The accelerator, as the source spells it."""
        return self.text("gpu")

    @property
    def metric(self) -> str:
        """What was measured, unit included."""
        return self.text("metric")

    @property
    def value(self) -> float | None:
        """What was measured, in the unit of the metric."""
        return self.number("value")

    @cached_property
    def source(self) -> str:
        """Who measured: repository or paper, without table, section and release (see `source_name`)."""
        return source_name(self.text("source"))

    @cached_property
    def words(self) -> str:
        """Everything that the row says in words, in small letters."""
        names = ("source", "model", "gpu", "notes")
        return " ".join(self.text(name) for name in names).lower()

    def cell(self, column: str) -> str:
        """What to group by: the name of the source, or another column as it is."""
        return (self.source if column == "source" else self.text(column)) or "not stated"

    @property
    def fully_specified(self) -> bool:
        """Whether shape, batch, layout and accelerator of a transformer are all stated."""
        return all(self.text(name) for name in FULL)


@dataclass(frozen=True)
class Outcome:
    """What a predictor makes of a case."""

    predicted: float | None = None  # in the case's own metric
    reason: str = ""  # why nothing is predicted, as "missing: micro_batch"
    assumed: tuple[str, ...] = ()  # defaults used for blanks, in words
    configuration: Hashable = None  # equal for repeats of one configuration
    terms: Mapping[str, float] = field(default_factory=dict)  # named parts of the step [s]
    measured: float | None = None  # in place of `value` where the row's notes give it more exactly
    seconds: float | None = None  # predicted step [s]
    derived: bool = False  # the metric is a utilisation, turned into a rate by the source's formula


_RELEASE = re.compile(r"_v\d[\d.]*$")
_PLACE = re.compile(
    r"\s+(table|tab\.|sec\.|section|sect\.|fig\.|figure|appendix|readme|abstract|paper)\b.*$", re.I
)


def source_name(text: str) -> str:
    """The source without the place in it: one name for all tables, sections and releases of a repository or paper.

    `owner/repository` where the text begins with one; with the benchmark, the last part of the path, where the
    repository holds results of many submitters (MLCommons). Else the words before the first bracket, comma or colon,
    without the number of a table.
    """
    first = text.split(" ")[0]
    if re.fullmatch(r"[\w.-]+/[\w./-]+", first):
        owner, name = first.split("/")[:2]
        name = _RELEASE.sub("", name)
        if name.endswith("_results"):
            return f"{owner} {text.split(' (')[0].rsplit('/', 1)[-1]}"
        return f"{owner}/{name}"
    words = re.split(r"[(,:;\"]", text)[0].strip() or text
    return _PLACE.sub("", words).strip() or words


def read(paths: Sequence[Path]) -> list[Case]:
    """The cases of all files, in their order; every fault of every file at once."""
    cases: list[Case] = []
    faults: list[Fault] = []
    for path in paths:
        for found in _read_file(path):
            if isinstance(found, Fault):
                faults.append(found)
            else:
                cases.append(found)
    if faults:
        raise InputError(faults)
    return cases


def _read_file(path: Path) -> Iterator[Case | Fault]:
    if path.is_dir():
        raise PlannerError(f"{path}: is a folder; name a CSV file in it")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise PlannerError(
            f"{path}: is not UTF-8 text (byte {error.start}); expected a CSV file"
        ) from None
    except OSError as error:
        raise PlannerError(f"{path}: {error.strerror}; expected a CSV file") from None
    if "\0" in text:
        raise PlannerError(f"{path}: holds binary data; expected a CSV file")
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        header = _named([name.strip() for name in next(reader, [])])
        faults = list(_header_faults(str(path), header))
        yield from faults
        if faults:
            return
        begins = reader.line_num + 1
        for cells in reader:
            line, begins = begins, reader.line_num + 1
            if any(cell.strip() for cell in cells):
                yield from _row(str(path), line, header, cells)
    except csv.Error as error:
        yield Fault(str(path), reader.line_num, "", f"is not CSV: {error}")


def _named(header: Sequence[str]) -> list[str]:
    """The header, in which capitals, blanks and hyphens make no other column."""
    known = [re.sub(r"[\s-]+", "_", name.lower()) for name in header]
    return [
        plain if plain in COLUMNS and plain not in header and known.count(plain) == 1 else name
        for name, plain in zip(header, known, strict=True)
    ]


def _header_faults(file: str, header: Sequence[str]) -> Iterator[Fault]:
    if not any(header):
        yield Fault(file, 1, "", f"is empty; expected the columns {', '.join(REQUIRED)}, ...")
        return
    if len(header) == 1 and (found := re.search(r"[;\t|]", header[0])):
        yield Fault(file, 1, "", f"columns are separated by {found[0]!r}; expected commas")
        return
    for name in dict.fromkeys(name for name in header if name and header.count(name) > 1):
        yield Fault(file, 1, name, "stands twice; expected every column once")
    for name in REQUIRED:
        if name not in header:
            others = [other for other in header if other and other not in COLUMNS]
            near = suggestion(name, others) if others else ""
            hint = near if near.startswith("nearest") else f"found {', '.join(header[:6])}, ..."
            yield Fault(file, 1, name, f"column is missing; {hint}")
    for name in header:
        # one that looks like a column of ours, which is not there, is a slip and would be passed over without a word
        absent = [column for column in COLUMNS if column not in header and column not in REQUIRED]
        near = suggestion(name, absent) if name and name not in COLUMNS and absent else ""
        if near.startswith("nearest") and _alike(name, near.removeprefix("nearest: ")):
            yield Fault(file, 1, name, f"unknown column; {near}")


def _alike(one: str, other: str) -> bool:
    """Whether two names differ by case, spaces or one letter alone."""
    a, b = (re.sub(r"[\s_-]", "", name.lower()) for name in (one, other))
    if a == b:
        return True
    if abs(len(a) - len(b)) > 1 or min(len(a), len(b)) < 4:
        return False
    same = next(
        (i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )
    return a[same + 1 :] == b[same + 1 :] or a[same:] == b[same + 1 :] or a[same + 1 :] == b[same:]


def _row(
    file: str, line: int, header: Sequence[str], cells: Sequence[str]
) -> Iterator[Case | Fault]:
    if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
        yield Fault(
            file, line, "", f"has {len(cells)} cells; expected {len(header)} as in the header"
        )
        return
    if len(cells) < len(header):
        yield Fault(
            file,
            line,
            header[len(cells)] or "",
            f"row ends after {len(cells)} cells; expected {len(header)} as in the header",
        )
        return
    fields = {
        name: "" if cell.strip().lower() in BLANKS else _plain(name, cell.strip())
        for name, cell in zip(header, cells, strict=False)
        if name
    }
    faults = [
        Fault(file, line, name, message)
        for name, text in fields.items()
        if text and (message := _number_fault(name, text))
    ]
    yield from faults
    if not faults:
        yield Case(file, line, fields)


def _plain(name: str, text: str) -> str:
    """A cell in the spelling of programs: 1,536 and 1 536 as 1536, parameters of 7.5B as 7.5; other text as it is."""
    if name not in NUMBERS and name not in WHOLE:
        return text
    if re.fullmatch(r"\d{1,3}([,' \u00a0\u202f_]\d{3})+(\.\d+)?", text):
        return re.sub(r"[^\d.]", "", text)
    count = re.fullmatch(r"(\d+(?:\.\d+)?) ?([MBT])", text, re.I)
    if name == "params_b" and count:
        return repr(float(count[1]) * BILLIONS[count[2].upper()])
    return text


def _number_fault(name: str, text: str) -> str:
    """What is wrong with a cell of a column of numbers; empty where nothing is."""
    if name not in NUMBERS and name not in WHOLE:
        return ""
    try:
        number = float(text)
    except ValueError:
        return f'"{text}" is not a number; expected one such as {_example(name)}'
    if not math.isfinite(number):
        return f'"{text}" is not finite; expected a number such as {_example(name)}'
    positive = name in NUMBERS and name not in OPTIONAL
    if number < 0 or (number == 0 and positive):
        least = "more than 0" if positive else "0 or more"
        return f'"{text}" is too small; expected {least}'
    if name in WHOLE and number != int(number):
        return f'"{text}" is not whole; expected a number such as {_example(name)}'
    return ""


def _example(name: str) -> str:
    return {"year": "2024", "value": "1.42", "params_b": "70.6", "zero_stage": "1"}.get(name, "8")
