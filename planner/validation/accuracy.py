"""How far are predictions from measurements, by group?

Errors are predicted over measured, less 1, in the row's own metric. Repeats of one configuration count once, at their
fastest; a utilisation that was turned into a rate counts only where the configuration has no rate of its own. Rows that
are doubted (`doubts`) have an error but count in no figure; `Accuracy.with_doubted` has them in. The macro average is
over sources, each with the same weight; sources with fewer than `SMALLEST` configurations are pooled as one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from planner.validation.cases import Case, Outcome
from planner.validation.training.conventions import NOT_RATES

SMALLEST = 5  # configurations of a source that counts by itself
REST = "smaller sources"
TIMES = (
    "step_time_s",
    "train_minutes",
    "gpu_hours",
)  # metrics that are a time; all others are rates


@dataclass(frozen=True)
class Row:
    """One case with what became of it."""

    case: Case
    outcome: Outcome
    cells: tuple[str, ...]  # the group: its value in each of the columns that are grouped by
    doubt: str  # why the measurement is doubted; empty where it is not
    repeat: bool  # of a configuration that another row, as fast or faster, stands for

    @property
    def measured(self) -> float | None:
        """What was measured, in the row's metric."""
        return self.outcome.measured or self.case.value

    @property
    def error(self) -> float | None:
        """Predicted over measured, less 1 [1]."""
        if self.outcome.predicted is None or not self.measured:
            return None
        return self.outcome.predicted / self.measured - 1.0

    @property
    def time_error(self) -> float | None:
        """Predicted over measured time, less 1 [1]: what a rate's error is, turned over."""
        error = self.error
        if error is None or self.case.metric in TIMES:
            return error
        return 1.0 / (1.0 + error) - 1.0

    @property
    def counts(self) -> bool:
        """Whether the row is in the figures."""
        return self.error is not None and not self.repeat and not self.doubt


@dataclass(frozen=True)
class Group:
    """The errors of a group of rows [1]."""

    cells: tuple[str, ...]  # its value in each of the columns that were grouped by
    rows: int
    predicted: int
    configurations: int
    median: float
    mean: float
    worst: float  # with its sign
    bias: float

    @property
    def name(self) -> str:
        """Its values in one line."""
        return ", ".join(self.cells)


@dataclass(frozen=True)
class Accuracy:
    """All rows, and their errors by group."""

    kind: str
    by: tuple[str, ...]
    rows: tuple[Row, ...]
    groups: tuple[Group, ...]
    macro: float  # mean absolute error, each source with the same weight [1]
    macro_by_family: Mapping[str, float]
    with_doubted: float
    macro_configurations: int
    fully_specified: int
    fully_predicted: int

    @property
    def repeats(self) -> int:
        """Rows that count through another one."""
        return sum(row.repeat for row in self.rows)

    @property
    def unreadable(self) -> int:
        """Rows with a cell that cannot be read."""
        return sum(bool(row.case.unreadable) for row in self.rows)

    @property
    def doubted(self) -> int:
        """Rows whose measurement is doubted."""
        return sum(bool(row.doubt) for row in self.rows)


def assess(
    kind: str,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    doubts: Sequence[str],
    by: Sequence[str] = ("source",),
) -> Accuracy:
    """Errors of the outcomes of cases, by the columns `by`."""
    counted = standing(cases, outcomes, doubts)
    everything = standing(cases, outcomes, [""] * len(cases))
    rows = tuple(
        Row(
            case,
            outcome,
            tuple(case.cell(name) for name in by),
            doubt,
            outcome.predicted is not None and bool(case.value) and not doubt and i not in counted,
        )
        for i, (case, outcome, doubt) in enumerate(zip(cases, outcomes, doubts, strict=True))
    )
    members: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        members.setdefault(row.cells, []).append(row)
    groups = tuple(_group(cells, mine) for cells, mine in sorted(members.items(), key=_in_order))
    families = dict.fromkeys(row.case.family for row in rows)
    full = [row for row in rows if row.case.fully_specified and row.case.metric not in NOT_RATES]
    return Accuracy(
        kind=kind,
        by=tuple(by),
        rows=rows,
        groups=groups,
        macro=macro([rows[i] for i in sorted(counted)]),
        macro_by_family={
            family: value
            for family in families
            if not np.isnan(
                value := macro([rows[i] for i in sorted(counted) if rows[i].case.family == family])
            )
        },
        with_doubted=macro([rows[i] for i in sorted(everything)]),
        macro_configurations=len(counted),
        fully_specified=len(full),
        fully_predicted=sum(row.outcome.predicted is not None for row in full),
    )


def macro(rows: Sequence[Row]) -> float:
    """Mean over sources of the mean absolute error [1]; not a number where there are no rows."""
    sources = pooled([row.case.source for row in rows])
    errors: dict[str, list[float]] = {}
    for row, source in zip(rows, sources, strict=True):
        if row.error is not None:
            errors.setdefault(source, []).append(abs(row.error))
    return float(np.mean([np.mean(each) for each in errors.values()])) if errors else float("nan")


def pooled(sources: Sequence[str]) -> list[str]:
    """The sources, those with few configurations under one name."""
    few = {source for source in set(sources) if sources.count(source) < SMALLEST}
    return [REST if source in few else source for source in sources]


def standing(cases: Sequence[Case], outcomes: Sequence[Outcome], doubts: Sequence[str]) -> set[int]:
    """Positions of the rows that stand for their configuration: the fastest, rates before utilisations."""
    best: dict[Hashable, tuple[tuple[bool, float], int]] = {}
    for i, (case, outcome) in enumerate(zip(cases, outcomes, strict=True)):
        measured = outcome.measured or case.value
        if outcome.predicted is None or doubts[i] or not measured:
            continue
        slow = measured / outcome.predicted
        if case.metric not in TIMES:
            slow = 1.0 / slow
        # predictions of repeats may differ by software, so that their seconds are compared where they are known
        slow *= outcome.seconds or 1.0
        rank = (outcome.derived, slow)
        key = outcome.configuration if outcome.configuration is not None else i
        if key not in best or rank < best[key][0]:
            best[key] = (rank, i)
    return {i for _, i in best.values()}


def _in_order(group: tuple[tuple[str, ...], list[Row]]) -> tuple[str, ...]:
    return tuple(cell.lower() for cell in group[0])


def _group(cells: tuple[str, ...], rows: Sequence[Row]) -> Group:
    errors = np.array([row.error for row in rows if row.counts], float)
    nothing = not len(errors)
    return Group(
        cells=cells,
        rows=len(rows),
        predicted=sum(row.outcome.predicted is not None for row in rows),
        configurations=len(errors),
        median=float("nan") if nothing else float(np.median(np.abs(errors))),
        mean=float("nan") if nothing else float(np.abs(errors).mean()),
        worst=float("nan") if nothing else float(errors[np.abs(errors).argmax()]),
        bias=float("nan") if nothing else float(errors.mean()),
    )


# --- Does the error grow with anything? ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trend:
    """Slope of the error in time over a property of the runs, within sources."""

    name: str
    step: str  # what one step of the property is, in words
    slope: float  # error a step [1]
    spread: float  # standard error of the slope [1]
    configurations: int

    @property
    def clear(self) -> bool:
        """Whether the slope is more than chance and more than a rounding: a mechanism is missing."""
        return abs(self.slope) > max(3.0 * self.spread, LEAST_SLOPE)


LEAST_SLOPE = 0.005  # a doubling or a year
NOTHING = 1e-9  # squared doublings or years: what rounding leaves where no source has two values of a property


def size(case: Case) -> float | None:
    """Parameters of the model [1]: as stated, else those of a plain transformer of its shape."""
    stated = case.number("params_b")
    if stated:
        return stated * 1e9
    layers, hidden = case.number("layers"), case.number("hidden")
    return 12.0 * layers * hidden**2 if layers and hidden else None


PROPERTIES: Mapping[str, tuple[str, bool, Callable[[Case], float | None]]] = {
    "model size": ("a doubling of parameters", True, size),
    "scale": ("a doubling of GPUs", True, lambda case: case.number("gpus")),
    "year": ("a year", False, lambda case: case.number("year")),
}
"""Name of a property: what a step of it is, whether it is a doubling, and how it is read."""


def trends(accuracy: Accuracy) -> list[Trend]:
    """How the error of each configuration moves with size, scale and year, each source against its own mean.

    Sources differ in software and machines; only what moves within a source is laid to the property. Every source
    weighs the same.
    """
    rows = [row for row in accuracy.rows if row.counts]
    found = []
    for name, (step, doubling, read) in PROPERTIES.items():
        pairs = [(read(row.case), row.time_error, row.case.source) for row in rows]
        known = [(x, y, source) for x, y, source in pairs if x and y is not None]
        if len(known) < SMALLEST:
            continue
        x = np.array([np.log2(x) if doubling else x for x, _, _ in known])
        y = np.array([y for _, y, _ in known])
        _, index = np.unique([source for _, _, source in known], return_inverse=True)
        count = np.bincount(index)
        x, y = (v - (np.bincount(index, v) / count)[index] for v in (x, y))
        weight = 1.0 / count[index]
        free = len(known) - len(count) - 1
        square = float(weight @ x**2)
        if free < 1 or square < NOTHING:
            continue
        slope = float((weight * x) @ y) / square
        # heteroscedastic: sources differ in their scatter (White's estimate)
        spread = float(np.sqrt(((weight * x * (y - slope * x)) ** 2).sum())) / square
        found.append(Trend(name, step, slope, spread, len(known)))
    return found
