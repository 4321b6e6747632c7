"""Which measured rows are contradicted by others of the same source?

Physics bounds how much slower one run can be than another that differs in one respect. A row beyond such a bound was
measured on a bad day, or with its memory so full that the allocator stalls; it says nothing about step time. Three
bounds, on measurements alone, no prediction: between rows of one source, model, accelerators, layout, precision and
recomputation,

- more work in the same layout: m micro-batches of b sequences take at most (m + (p - 1)/v) b over the same of a row
  with fewer of them, for neither kernels nor pipelines lose by size;
- the same tokens a micro-batch in shorter sequences take no longer a token, for attention is quadratic;
- time a token grows with the sequence no faster than the line through two shorter sequences.

What one bound doubts is no evidence for the next. A row may also be marked by its file, in the column `doubtful`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from planner.validation.cases import Case, Outcome

SLACK = 1.08  # more than repeats of one configuration differ by (MLPerf vendors: 2 to 3 %, 11 % from end to end)
SLOW = 1.3  # larger batches of one layout: days differ more, and 1.6 and above is a slow mode of the machine

ALIKE = (
    "source", "model", "gpu", "gpus", "precision", "recompute", "tp", "pp", "cp", "ep", "dp", "vp",
    "layers", "hidden", "heads", "kv_heads", "zero_stage", "year",
)  # fmt: skip


def doubts(cases: Sequence[Case], outcomes: Sequence[Outcome]) -> list[str]:
    """Why each row is doubted; empty for those that are not."""
    found = [case.text("doubtful") for case in cases]
    families: dict[tuple[str, ...], list[int]] = {}
    for i, (case, outcome) in enumerate(zip(cases, outcomes, strict=True)):
        measured = outcome.measured or case.value
        if outcome.predicted is None or not measured:
            continue
        if outcome.seconds is not None and not outcome.derived:
            key = tuple(case.text(name) for name in ALIKE)
            families.setdefault(key, []).append(i)
    for members in families.values():
        runs = [_Run(i, cases[i], outcomes[i]) for i in members]
        for bound in (_more_work, _shorter, _longer):
            believed = [run for run in runs if not found[run.place]]
            for i, why in bound(believed):
                found[i] = found[i] or why
    return found


class _Run:
    """A measured row in the terms of the bounds."""

    def __init__(self, place: int, case: Case, outcome: Outcome) -> None:
        number = {name: case.number(name) or 1.0 for name in ("dp", "pp", "vp", "seq_len")}
        self.place, self.label = place, case.label
        self.micro_batch = case.number("micro_batch") or 1.0
        self.batch = case.number("global_batch_size") or 1.0
        self.sequence = number["seq_len"]
        self.count = self.batch / (self.micro_batch * number["dp"])
        self.fill = (number["pp"] - 1.0) / number["vp"]
        slower = (outcome.measured or case.value or 0.0) / (outcome.predicted or 1.0)
        self.seconds = (outcome.seconds or 1.0) * (
            slower if case.metric == "step_time_s" else 1.0 / slower
        )
        self.token = self.seconds / (self.batch * self.sequence)


def _more_work(runs: Sequence[_Run]) -> Iterator[tuple[int, str]]:
    for large in runs:
        for small in runs:
            larger = large.count >= small.count and large.micro_batch >= small.micro_batch
            if large.sequence != small.sequence or not larger:
                continue
            work = (large.count + large.fill) / (small.count + small.fill)
            most = small.seconds * work * large.micro_batch / small.micro_batch
            if large.seconds > SLOW * most:
                yield (
                    large.place,
                    f"{large.seconds / most - 1:+.0%} against {small.label}, with less in the same layout",
                )


def _shorter(runs: Sequence[_Run]) -> Iterator[tuple[int, str]]:
    for short in runs:
        for long in runs:
            same = short.micro_batch * short.sequence == long.micro_batch * long.sequence
            same = same and short.sequence < long.sequence and short.count >= long.count
            if same and short.token > SLACK * long.token:
                why = f"{short.token / long.token - 1:+.0%} a token against {long.label}"
                yield short.place, f"{why}, with longer sequences"


def _longer(runs: Sequence[_Run]) -> Iterator[tuple[int, str]]:
    ordered = sorted(runs, key=lambda run: run.sequence)
    for one, two in combinations(ordered, 2):
        for far in ordered:
            if one.sequence < two.sequence < far.sequence <= 2.0 * two.sequence:
                if one.sequence * 2.0 < two.sequence:
                    continue
                rise = (two.token - one.token) / (two.sequence - one.sequence)
                line = two.token + max(rise, 0.0) * (far.sequence - two.sequence)
                if far.token > SLACK * line:
                    yield (
                        far.place,
                        f"{far.token / line - 1:+.0%} a token above the line through {one.label} and {two.label}",
                    )
