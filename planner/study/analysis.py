"""What do all draws say together: quantiles by cell, by month and by year, and what is risked by building for less?

The kept numbers are read back in slabs of whole months, all draws of them at once, so that memory stays flat: each slab
is sorted where it lies. What is risked is read off in the same pass, because months come in their order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from planner.axes import Array
from planner.study import statistics
from planner.study.blocks import Block, Folder
from planner.study.columns import COST, NEEDS, SPENT, Column, Columns, Periods
from planner.study.sketch import Sketch

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.8, 0.9, 0.95)
BUILT_AT = (0.5, 0.8, 0.9)  # quantiles of the need for which one might build
SURE = 0.9  # the confidence of the headline
DEAREST = (0.05, 0.1)  # shares of the draws whose mean cost is shown
SLAB = 128_000_000  # bytes of kept numbers in memory at a time


@dataclass(frozen=True)
class Spread:
    """Quantiles of several numbers: `values` and the interval `low` to `high` of each, shape (level, ...).

    A sketch knows its own accuracy but no interval; both ends are then NaN.
    """

    values: Array
    low: Array
    high: Array
    mean: Array
    exact: bool

    def at(self, level: float) -> Array:
        """The quantile at one of `LEVELS`."""
        return np.asarray(self.values[LEVELS.index(level)])

    def error(self, level: float) -> tuple[Array, Array]:
        """Between what the quantile of the distribution lies, with 95 % confidence."""
        place = LEVELS.index(level)
        return self.low[place], self.high[place]

    def reshaped(self, shape: tuple[int, ...]) -> Spread:
        levels = len(LEVELS)
        values, low, high = (
            each.reshape(levels, *shape) for each in (self.values, self.low, self.high)
        )
        return Spread(values, low, high, self.mean.reshape(shape), self.exact)

    @classmethod
    def of(cls, ordered: Array) -> Spread:
        """Of draws sorted along the last axis."""
        ends = np.stack([statistics.interval(ordered, level) for level in LEVELS], axis=1)
        with np.errstate(invalid="ignore"):
            mean = ordered.mean(axis=-1)
        return cls(statistics.quantiles(ordered, LEVELS), ends[0], ends[1], mean, True)

    @classmethod
    def counted(cls, sketch: Sketch) -> Spread:
        values = sketch.quantiles(LEVELS)
        unknown = np.full(values.shape, np.nan)
        return cls(values, unknown, unknown, sketch.means(), False)

    @classmethod
    def joined(cls, parts: Sequence[Spread]) -> Spread:
        """Parts with more numbers each, one after the other."""
        values, low, high = (
            np.concatenate([getattr(part, name) for part in parts], axis=1)
            for name in ("values", "low", "high")
        )
        mean = np.concatenate([part.mean for part in parts])
        return cls(values, low, high, mean, all(part.exact for part in parts))

    def rows(self, rows: slice) -> Spread:
        return Spread(
            self.values[:, rows], self.low[:, rows], self.high[:, rows], self.mean[rows], self.exact
        )


@dataclass(frozen=True)
class Shortfall:
    """What happens where one builds for a quantile of the need, month by month; what is built stays.

    `built` and `chance` by month of the horizon; `probability` that any month of it is short, `size` the mean of the
    largest shortage of the draws that are, `months` the mean number of their short months.
    """

    level: float
    built: Array
    chance: Array
    probability: float
    size: float
    months: float

    @property
    def worst(self) -> int:
        """The first month of the horizon in which a shortage is likeliest."""
        return int(np.argmax(self.chance))


@dataclass(frozen=True)
class Spreads:
    """All that is known of one quantity. `figures` is one number a draw, in order of the draws, of what is kept:
    the sum over all months of the plan, or the largest month of the horizon."""

    column: Column
    cells: Spread | None = None
    months: Spread | None = None
    years: Spread | None = None
    figures: Array | None = None
    shortfalls: tuple[Shortfall, ...] = ()

    @property
    def figure(self) -> Spread | None:
        """The spread of `figures`."""
        return None if self.figures is None else Spread.of(np.sort(self.figures)[None, :])


@dataclass(frozen=True)
class Capacity:
    """How much of a need is enough with 90 % confidence, and how sure the plan at the medians is.

    `needed` the largest month's need at that confidence with its interval, `planned` that of the plan at the medians,
    which stands at the quantile `planned_at`; `built` what that plan has at most, enough in the share `enough` of the
    draws (None where nothing of the plan answers the need).
    """

    needed: float
    low: float
    high: float
    planned: float
    planned_at: float
    built: float | None
    enough: float | None


@dataclass(frozen=True)
class Risk:
    """Figures of risk: the mean cost of the dearest draws by their share, capacities and shortfalls by need."""

    dearest: Mapping[float, float]
    capacity: Mapping[str, Capacity]
    shortfall: Mapping[str, tuple[Shortfall, ...]]


def spreads(
    columns: Columns, folder: Folder, blocks: Sequence[Block], sketch: Sketch
) -> dict[str, Spreads]:
    """The spreads of all quantities of a study whose blocks are done; `sketch` is of the same blocks."""
    found = {column.name: _stored(column, columns, folder, blocks) for column in columns.stored}
    if columns.counted:
        counted = Spread.counted(sketch)
        for column in columns.counted:
            found[column.name] = _counted(column, counted.rows(columns.counted_rows[column.name]))
    return found


def spent(columns: Columns, folder: Folder, blocks: Sequence[Block]) -> Spread | None:
    """What is paid from `plan_start` up to the end of each month, all items together, by month."""
    if any(name not in columns.rows for name in SPENT):
        return None
    draws = blocks[-1].stop
    so_far = np.zeros(draws)
    parts = []
    named = [column for column in columns.stored if column.name in SPENT]
    slabs = zip(*(_slabs(column, columns, folder, blocks) for column in named), strict=True)
    for pieces in slabs:
        totals = [piece.totals for piece in pieces]
        for month in range(len(totals[0])):
            for total in totals:
                so_far += total[month]
            totals[0][month] = so_far
        totals[0].sort(axis=-1)
        parts.append(Spread.of(totals[0]))
    return Spread.joined(parts)


def risk(found: Mapping[str, Spreads], medians: Mapping[str, Array], columns: Columns) -> Risk:
    """Figures of risk from the spreads and from the plan at the medians, whose values by name are on all axes."""
    dearest: dict[float, float] = {}
    if COST in found and (costs := found[COST].figures) is not None:
        ordered = np.sort(costs)
        dearest = {share: statistics.mean_of_largest(ordered, share) for share in DEAREST}
    capacity = {
        name: _capacity(found[name], medians, columns.periods) for name in NEEDS if name in found
    }
    return Risk(dearest, capacity, {name: found[name].shortfalls for name in capacity})


def largest(values: Array, column: Column, periods: Periods) -> float:
    """The largest month of the horizon of a plan's values in base units on all axes."""
    totals = column.totals(column.cells(values, 1))[:, 0]
    return float(totals[periods.start if column.monthly else 0 :].max())


def _capacity(need: Spreads, medians: Mapping[str, Array], periods: Periods) -> Capacity:
    assert need.figures is not None
    ordered = np.sort(need.figures)
    sure = Spread.of(ordered[None, :])
    low, high = sure.error(SURE)
    planned = largest(medians[need.column.name], need.column, periods)
    has = NEEDS[need.column.name]
    built = enough = None
    if has in medians:
        by_month = medians[has].reshape(medians[has].shape[1], -1).sum(axis=1)
        built = float(by_month[periods.start if len(by_month) > 1 else 0 :].max())
        enough = statistics.share_up_to(ordered, built)
    return Capacity(
        needed=float(sure.at(SURE)[0]),
        low=float(low[0]),
        high=float(high[0]),
        planned=planned,
        planned_at=statistics.share_up_to(ordered, planned),
        built=built,
        enough=enough,
    )


def _counted(column: Column, spread: Spread) -> Spreads:
    months, years = spread.rows(slice(0, column.months)), spread.rows(slice(column.months, None))
    return Spreads(column, months=months, years=years if column.monthly else None)


@dataclass(frozen=True)
class _Slab:
    """Some months of a column: the first of them, their cells by month and draw, and their totals."""

    first: int
    cells: Array
    totals: Array


def _slabs(
    column: Column, columns: Columns, folder: Folder, blocks: Sequence[Block]
) -> Iterator[_Slab]:
    """The months of a column, as many at a time as fit a slab."""
    begin = columns.rows[column.name].start
    size = column.per_month
    step = max(1, SLAB // (8 * blocks[-1].stop * size))
    for first in range(0, column.months, step):
        last = min(first + step, column.months)
        cells = folder.numbers(blocks, slice(begin + first * size, begin + last * size))
        totals = column.totals(cells) if column.whole else cells
        yield _Slab(first, cells, totals.copy() if totals.base is cells else totals)


def _stored(column: Column, columns: Columns, folder: Folder, blocks: Sequence[Block]) -> Spreads:
    """One pass over the kept numbers of a quantity."""
    draws = blocks[-1].stop
    over = _Over(column, columns.periods, draws) if column.has_totals or not column.whole else None
    cells, months = [], []
    for slab in _slabs(column, columns, folder, blocks):
        if over:
            over.take(slab)
            slab.totals.sort(axis=-1)
            months.append(Spread.of(slab.totals))
        if column.whole:
            slab.cells.sort(axis=-1)
            cells.append(Spread.of(slab.cells))
    return Spreads(
        column,
        Spread.joined(cells).reshaped(column.shape) if cells else None,
        Spread.joined(months) if months else None,
        Spread.joined(over.years) if over and over.years else None,
        over.figures if over else None,
        over.shortfalls() if over else (),
    )


@dataclass
class _Over:
    """What is gathered over the months of one quantity, for every draw."""

    column: Column
    periods: Periods
    draws: int
    years: list[Spread] = field(default_factory=list)
    figures: Array | None = None
    year: Array | None = None
    built: list[Array] = field(default_factory=list)
    short: list[npt.NDArray[np.int64]] = field(default_factory=list)
    shortage: Array | None = None
    months_short: npt.NDArray[np.int32] | None = None

    def take(self, slab: _Slab) -> None:
        """Go on with the months of a slab, which are not sorted yet."""
        combine = np.add if self.column.summed else np.maximum
        ends = {span.stop - 1 for _, span in self.periods.years}
        for month, total in enumerate(slab.totals, slab.first):
            in_horizon = not self.column.monthly or month >= self.periods.start
            if in_horizon or self.column.summed:
                self.figures = (
                    total.copy() if self.figures is None else combine(self.figures, total)
                )
            if not (in_horizon and self.column.monthly):
                continue
            self.year = total.copy() if self.year is None else combine(self.year, total)
            if month in ends:
                self.years.append(Spread.of(np.sort(self.year)[None, :]))
                self.year = None
            if self.column.name in NEEDS:
                self._build(total)

    def _build(self, need: Array) -> None:
        """Build for the quantiles of one month's need, and see which draws are short."""
        if self.shortage is None or self.months_short is None:
            self.shortage = np.zeros((len(BUILT_AT), self.draws))
            self.months_short = np.zeros((len(BUILT_AT), self.draws), dtype=np.int32)
        wanted = statistics.quantiles(np.sort(need), BUILT_AT)
        built = np.maximum(wanted, self.built[-1]) if self.built else wanted
        self.built.append(built)
        is_short = need > built[:, None]
        self.short.append(is_short.sum(axis=1))
        self.months_short += is_short
        np.maximum(self.shortage, need - built[:, None], out=self.shortage)

    def shortfalls(self) -> tuple[Shortfall, ...]:
        if self.shortage is None or self.months_short is None:
            return ()
        built, chance = np.stack(self.built, axis=1), np.stack(self.short, axis=1) / self.draws
        found = []
        for place, level in enumerate(BUILT_AT):
            where = self.months_short[place] > 0
            some = bool(where.any())
            found.append(
                Shortfall(
                    level,
                    built[place],
                    chance[place],
                    float(where.mean()),
                    float(self.shortage[place][where].mean()) if some else 0.0,
                    float(self.months_short[place][where].mean()) if some else 0.0,
                )
            )
        return tuple(found)
