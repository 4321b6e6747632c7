"""What of a quantity is kept from each draw?

Some quantities are kept whole, every cell of every draw; of those that a figure of risk needs, at least the total of
each month; all other headline quantities are counted in sketches, by month and by year. Of the other axes the sum is
kept, of a ratio or a waiting time the largest; of a year the sum of its months for what is paid, used or sent, else its
largest month, also where the table of `planner size` shows a mean, the smallest month or the last.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from planner.axes import AXES, DRAW, MONTH, Array
from planner.headline import HEADLINE, NOT_ADDED
from planner.project import Project
from planner.quantity import Quantity

# Needs that something is built for, each with what of it the plan has, where that is a quantity of its own.
NEEDS = {
    "gpus_required": "gpus",
    "storage_hot_required": "storage_hot",
    "storage_warm_required": "storage_warm",
    "storage_cold_required": "storage_cold",
    "it_power": "it_capacity",
}
COST = "tco"
SPENT = ("capex", "opex")  # together, all that is paid

# What `planner simulate` keeps whole unless told otherwise.
KEPT = (
    *NEEDS,
    "gpus",
    "site_power",
    *SPENT,
    "carbon",
    COST,
    "tco_undiscounted",
    "cost_per_vehicle",
    "cost_per_vehicle_year",
    "cost_per_1000_km",
    "cost_per_trained_model",
    "gpu_hour_cost",
)

# A year of these is the sum of its months.
SUMMED = (
    "training_gpu_hours",
    "ecu_units",
    "ota_bytes",
    "energy",
    "water",
    "capex",
    "opex",
    "cash_flow",
    "label_cost",
    "carbon",
)


@dataclass(frozen=True)
class Periods:
    """The months of a plan, and the years of its horizon as ranges of months."""

    months: tuple[str, ...]
    start: int
    years: tuple[tuple[str, slice], ...]

    @classmethod
    def of(cls, project: Project) -> Periods:
        months = project.labels[MONTH] or ("",)
        start = project.table.calendar.horizon_from
        groups = groupby(range(start, len(months)), key=lambda month: months[month][:4])
        spans = [(year, list(members)) for year, members in groups]
        return cls(
            months, start, tuple((year, slice(span[0], span[-1] + 1)) for year, span in spans)
        )


@dataclass(frozen=True)
class Column:
    """A quantity as it is kept: its axes besides the draws, their lengths, and how totals of it are made."""

    name: str
    unit: str
    meaning: str
    axes: tuple[int, ...]
    shape: tuple[int, ...]
    whole: bool
    added: bool
    summed: bool

    @classmethod
    def of(cls, quantity: Quantity, sizes: Sequence[int], whole: bool) -> Column:
        axes = tuple(axis for axis in quantity.axes if axis != DRAW)
        shape = tuple(sizes[axis] for axis in axes)
        added, summed = quantity.name not in NOT_ADDED, quantity.name in SUMMED
        name, unit, meaning = quantity.name, quantity.unit, quantity.meaning
        return cls(name, unit, meaning, axes, shape, whole, added, summed)

    @property
    def monthly(self) -> bool:
        return MONTH in self.axes

    @property
    def months(self) -> int:
        """Months on its axes; 1 where it has no such axis."""
        return self.shape[self.axes.index(MONTH)] if self.monthly else 1

    @property
    def others(self) -> int:
        """Cells of one month."""
        return math.prod(self.shape) // self.months

    @property
    def has_totals(self) -> bool:
        """Whether the cells of a month make a total: that of another than a headline quantity may mean nothing."""
        return self.others == 1 or self.name in HEADLINE

    @property
    def stored(self) -> int:
        """How many numbers are stored of a draw."""
        return self.months * (self.others if self.whole else 1)

    @property
    def per_month(self) -> int:
        """How many numbers are stored of one month."""
        return self.others if self.whole else 1

    def cells(self, result: Array, draws: int) -> Array:
        """A result of the graph by cell and draw, shape (month x other axes, draw)."""
        by_draw = np.moveaxis(result, DRAW, -1)
        full = [length if axis in self.axes else 1 for axis, length in self._lengths()]
        return np.broadcast_to(by_draw, (*full, draws)).reshape(-1, draws)

    def totals(self, cells: Array) -> Array:
        """Totals by month of cells by month, shape (month, draw): the sum of the others or the largest of them."""
        by_month = cells.reshape(-1, self.others, cells.shape[-1])
        if self.others == 1:
            return by_month[:, 0]
        total = by_month[:, 0].copy()
        # One cell after the other, so that the sum does not depend on how many draws come together.
        for other in range(1, self.others):
            (np.add if self.added else np.maximum)(total, by_month[:, other], out=total)
        return total

    def of_years(self, totals: Array, periods: Periods) -> Array:
        """Totals by month as totals by year of the horizon, shape (year, draw)."""
        return np.stack([self.of_months(totals[span]) for _, span in periods.years])

    def of_months(self, totals: Array) -> Array:
        """One number for several months, shape (draw,)."""
        total: Array = totals[0].copy()
        for month in totals[1:]:
            (np.add if self.summed else np.maximum)(total, month, out=total)
        return total

    def _lengths(self) -> Iterator[tuple[int, int]]:
        lengths = dict(zip(self.axes, self.shape, strict=True))
        return ((axis, lengths.get(axis, 1)) for axis in range(1, len(AXES)))


@dataclass(frozen=True)
class Columns:
    """All that is computed of a draw: `stored` to the last bit, `counted` in sketches."""

    stored: tuple[Column, ...]
    counted: tuple[Column, ...]
    periods: Periods

    @classmethod
    def of(cls, project: Project, keep: Iterable[str]) -> Columns:
        """Columns of a project that keeps some quantities whole; what its graph does not have is left out."""
        sizes = [project.labels.sizes[axis] for axis in range(len(AXES))]
        kept = tuple(dict.fromkeys(keep))
        needed = [name for name in (*NEEDS, *SPENT, COST) if name in project.graph]
        rest = [name for name in HEADLINE if name in project.graph and name not in kept]
        return cls(
            tuple(
                Column.of(project.graph[name], sizes, name in kept)
                for name in dict.fromkeys((*kept, *needed))
            ),
            tuple(
                Column.of(project.graph[name], sizes, False) for name in rest if name not in needed
            ),
            Periods.of(project),
        )

    @property
    def wanted(self) -> tuple[str, ...]:
        return tuple(column.name for column in (*self.stored, *self.counted))

    @property
    def kept(self) -> tuple[Column, ...]:
        return tuple(column for column in self.stored if column.whole)

    @property
    def rows(self) -> dict[str, slice]:
        """Where each stored column lies among the stored numbers of a draw."""
        return _places({column.name: column.stored for column in self.stored})

    @property
    def counted_rows(self) -> dict[str, slice]:
        """Where each counted column lies among the cells of the sketch: its months, then its years."""
        years = len(self.periods.years)
        return _places({c.name: c.months + (years if c.monthly else 0) for c in self.counted})

    def stored_of(self, results: dict[str, Array], draws: int) -> Array:
        """The stored numbers of some draws, shape (row, draw)."""
        parts = []
        for column in self.stored:
            cells = column.cells(results[column.name], draws)
            parts.append(cells if column.whole else column.totals(cells))
        return np.concatenate(parts)

    def counted_of(self, results: dict[str, Array], draws: int) -> Array:
        """The numbers to be counted of some draws, shape (row, draw)."""
        parts = [np.empty((0, draws))]
        for column in self.counted:
            totals = column.totals(column.cells(results[column.name], draws))
            parts.append(totals)
            if column.monthly:
                parts.append(column.of_years(totals, self.periods))
        return np.concatenate(parts)


def _places(lengths: dict[str, int]) -> dict[str, slice]:
    """Consecutive ranges of the given lengths."""
    found, start = {}, 0
    for name, length in lengths.items():
        found[name] = slice(start, start + length)
        start += length
    return found
