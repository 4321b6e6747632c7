"""How is a utilisation turned into seconds a step? By the formula of the source that states it, and by no other.

Sources count FLOPs in their own ways: hardware FLOPs include the repeated forward pass, model FLOPs do not; attention
counts as the full square or as its causal half; embeddings count or not. A row's notes, or its source, name the
formula; a row that names none is left out with a reason. Also here: which metrics are a rate of steps at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from planner.validation.cases import Case

UTILISATION = ("tflops_per_gpu", "mfu_pct", "hfu_pct")
NOT_RATES = {
    "train_minutes": "time to quality, whose number of steps the row does not state",
    "gpu_hours": "hours of a whole training, whose steps and stops the row does not state",
}
TERA = 1e12

Shape = Mapping[str, float]


def layer_weights(n: Shape) -> float:
    """Weights of all blocks [parameters]."""
    kv = 2.0 * n["hidden"] * n["kv_heads"] / n["heads"]
    return n["layers"] * n["hidden"] * (2.0 * n["hidden"] + kv + (2.0 + n["gated"]) * n["ffn"])


def _tokens(n: Shape) -> float:
    return n["global_batch"] * n["seq"]


def _plain(passes: float, head: float) -> Callable[[Shape], float]:
    """`passes` x 24 B s l h^2 (1 + s / 6h) + the head's three matmuls, as in arXiv 2104.04473 and 2205.05198."""

    def flops(n: Shape) -> float:
        inside = 1.0 + n["seq"] / (6.0 * n["hidden"])
        inside += n["vocab"] / (head * n["layers"] * n["hidden"])
        return 24.0 * passes * _tokens(n) * n["layers"] * n["hidden"] ** 2 * inside

    return flops


def _by_weights(
    attention: float, embeddings: float, passes: float = 6.0
) -> Callable[[Shape], float]:
    """`passes` x weights + `attention` x l h s a token; `embeddings` counts the vocabulary's matrices."""

    def flops(n: Shape) -> float:
        weights = layer_weights(n) + embeddings * n["hidden"] * n["vocab"]
        return _tokens(n) * (passes * weights + attention * n["layers"] * n["hidden"] * n["seq"])

    return flops


def _repeating(n: Shape) -> float:
    """6 N + 12 l h s a token, and what is computed again: the count in Megatron-DeepSpeed's and GPT-NeoX's code."""
    blocks = _by_weights(12.0, 0.0)(n)
    head = 6.0 * _tokens(n) * n["hidden"] * n["vocab"]
    return blocks * (1.0 + n.get("recompute_block", 0.0) / 3.0) + head


SC21 = _plain(4.0, 16.0)
MODEL = _plain(3.0, 12.0)
EIGHT = _by_weights(0.0, 1.0, 8.0)
PALM = _by_weights(12.0, 1.0)
FORMULAS: tuple[tuple[str, str, Callable[[Shape], float]], ...] = (
    # words of notes or source, name, formula; the first that is found counts
    (r"96\s*\*?\s*b", "96 B s l h^2 (1 + s/6h + V/16lh)", SC21),
    (r"72\s*\*?\s*b", "72 B s l h^2 (1 + s/6h + V/12lh)", MODEL),
    (r"8\s*\*?\s*n\s*\*?\s*tokens", "8 N tokens", EIGHT),
    (r"6\s*n'?\s*\+\s*12\s*\*?\s*l", "6 N + 12 l h s a token", _by_weights(12.0, 1.0)),
    (r"6\s*n'?\s*\+\s*6\s*\*?\s*l", "6 N + 6 l h s a token", _by_weights(6.0, 1.0)),
    (r"6\s*\*?\s*n\s*\*?\s*(tokens|d\b)", "6 N tokens", _by_weights(0.0, 1.0)),
    (r"\bsc21\b.*hardware|hardware.*\bsc21\b", "96 B s l h^2 (1 + s/6h + V/16lh)", SC21),
    (r"2104\.04473|\bsc21\b|mt-nlg|2201\.11990", "96 B s l h^2 (1 + s/6h + V/16lh)", SC21),
    (r"2205\.05198", "72 B s l h^2 (1 + s/6h + V/12lh)", MODEL),
    (r"megatron-bridge|automodel", "6 N + 6 l h s a token", _by_weights(6.0, 1.0)),
    (
        r"\bnemo\b|palm[- ](formula|style|convention|definition)|nanogpt",
        "6 N + 12 l h s a token",
        PALM,
    ),
)
# What a framework's own code counts, from a year on, where its runs say no more: llm-foundry and fms-fsdp (README),
# torchtitan (get_num_flop_per_token), FlashAttention (training/README), Megatron-LM (training.py), Megatron-DeepSpeed
# and GPT-NeoX (flops_calculator); from memory.
OF_SOURCES: tuple[tuple[str, int, str, Callable[[Shape], float]], ...] = (
    (r"llm-foundry|mosaicml|fms-fsdp|torchtitan|flash-?attention", 0, "6 N + 12 l h s a token", PALM),
    (r"megatron-?deepspeed|gpt-?neox", 0, "6 N + 12 l h s, and the forward repeated", _repeating),
    (r"megatron[- ](core|lm)", 2022, "6 N + 12 l h s a token", PALM),
    (r"megatron[- ]lm", 0, "96 B s l h^2 (1 + s/6h + V/16lh)", SC21),
)  # fmt: skip


HARDWARE = (SC21, EIGHT, _repeating)  # counts that have the repeated forward pass in them


def formula_of(case: Case) -> tuple[str, Callable[[Shape], float]] | None:
    """The count of FLOPs a step behind a utilisation, with its name: as stated, else as the framework's code has it."""
    return stated_formula(case) or usual_formula(case)


def stated_formula(case: Case) -> tuple[str, Callable[[Shape], float]] | None:
    """The count that notes or source state; none where they state none."""
    for words in (case.text("notes").lower(), case.words):
        for pattern, name, flops in FORMULAS:
            if re.search(pattern, words):
                return name, flops
    return None


def usual_formula(case: Case) -> tuple[str, Callable[[Shape], float]] | None:
    """The count in the code of the framework that the source names; none where that is not known."""
    source = case.text("source").lower()
    known = (
        (name, flops)
        for pattern, first, name, flops in OF_SOURCES
        if re.search(pattern, source) and (case.year or first) >= first
    )
    return next(known, None)


def peak_of(case: Case, peaks: Sequence[float]) -> float:
    """The peak that a utilisation is a share of [FLOP/s]: the one that the notes state, else the first of `peaks`."""
    for text in re.findall(r"\d{2,5}(?:\.\d+)?", case.text("notes")):
        stated = float(text) * TERA
        if any(abs(stated - peak) < 0.005 * peak for peak in peaks):
            return stated
    return peaks[0]


def seconds_per_unit(
    case: Case, n: Shape, peaks: Sequence[float]
) -> tuple[Callable[[float], float], str]:
    """Turns the metric into seconds a step, and seconds into the metric: both are the same map or its inverse.

    Gives the map and a reason why there is none. `step_time_s` is the identity; every other metric is a constant over
    the seconds of a step, which is its own inverse.
    """
    metric = case.metric
    if metric == "step_time_s":
        return (lambda value: value), ""
    if metric in NOT_RATES:
        return (lambda value: value), f"metric {metric}: {NOT_RATES[metric]}"
    constant = {
        "tokens_per_s_per_gpu": _tokens(n) / n["gpus"],
        "tokens_per_s": _tokens(n),
        "samples_per_s": n["global_batch"],
        "samples_per_s_per_gpu": n["global_batch"] / n["gpus"],
    }.get(metric)
    if constant is None:
        if metric not in UTILISATION:
            return (lambda value: value), f"metric {metric}: unknown"
        found = formula_of(case)
        if found is None or (metric == "hfu_pct" and found[1] not in HARDWARE):
            return (
                lambda value: value
            ), f"metric {metric}: the source's count of FLOPs is not stated"
        constant = found[1](n) / n["gpus"] / TERA
        if metric != "tflops_per_gpu":
            constant *= 100.0 * TERA / peak_of(case, peaks)
    scale = constant
    return (lambda value: scale / value), ""


def exact_value(case: Case, n: Shape) -> float | None:
    """Tokens/s of a row that rounds them to whole samples/s, from the TFLOP/s in its notes; none for other rows."""
    stated = re.search(r"reported (\d+(?:\.\d+)?) MODEL", case.text("notes"))
    if case.metric != "tokens_per_s_per_gpu" or not stated:
        return None
    found = formula_of(case)
    if "rounded to whole" not in case.text("notes") or found is None:
        return None
    return float(stated[1]) * TERA / (found[1](n) / _tokens(n))
