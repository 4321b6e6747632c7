"""Inputs that are not one number on axes: the calendar, and ragged lists such as a vehicle's sensors.

A leaf may be one of these frozen objects. Their scalar fields are cells like any other (they can be overridden and
drawn); here they arrive as arrays of shape (draw, part), draw 1 where nothing varies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from planner.axes import DRAW, ITEM, MONTH, RANK, SITE, Array, mapped, place

SECONDS_A_DAY = 86_400.0
SECONDS_A_YEAR = 365.25 * SECONDS_A_DAY
SECONDS_A_MONTH = SECONDS_A_YEAR / 12

# Positions on the axes that are the same in every plan; quantities that join arrays along them rely on the order.
TIERS = ("hot", "warm", "cold")
LINKS = ("wifi", "cellular", "depot")
NETWORKS = ("compute", "storage", "front_end", "management")
STREAMS = ("clips", "telemetry", "map")

# The lines of the cash flow: what is invested once, and what is paid as long as it is used.
INVESTMENT = ("nodes", "storage", "network", "rigs", "building", "installation", "duty")
RUNNING = (
    *("lease", "rent", "colocation", "energy", "maintenance", "licences", "staff"),
    *("wan", "cellular", "delivery", "labels"),
)
ITEMS = (*INVESTMENT, *RUNNING)

# For each site, 1 for every site with which it pools data and training (itself among them), else 0.
SitePools = tuple[tuple[float, ...], ...]


def pooled(x: Array, pools: SitePools) -> Array:
    """For each site the sum over the sites of its pool."""
    return mapped(x, pools, SITE)


def others_in_pool(x: Array, pools: SitePools) -> Array:
    """For each site the sum over the other sites of its pool."""
    return mapped(x, np.array(pools) - np.eye(len(pools)), SITE)


def spread_over_pool(x: Array, pools: SitePools, operates: Array | None = None) -> Array:
    """What each site gets when every site spreads `x` evenly over the others of its pool that operate.

    A site keeps it if no other operates. `operates` is 1 where a site does; all do where it is not given.
    """
    open_ = np.ones_like(x[:1, :1]) if operates is None else operates
    others = others_in_pool(open_, pools)
    alone = 1.0 * (others <= 0)
    sent = x * ((1.0 - alone) / np.maximum(others, 1.0))
    return others_in_pool(sent, pools) * open_ + x * alone


def by_item(**lines: Array) -> Array:
    """Lines of the cash flow side by side on the axis `item`; those not named are 0."""
    unknown = lines.keys() - set(ITEMS)
    if unknown:
        raise ValueError(f"no item of the cash flow: {', '.join(sorted(unknown))}")
    shape = np.broadcast_shapes(*(line.shape for line in lines.values()))
    others = (*shape[1:ITEM], len(ITEMS), *shape[ITEM + 1 :])
    ledger = np.moveaxis(np.zeros((*others, shape[DRAW])), -1, DRAW)  # draws side by side
    for name, line in lines.items():
        position = ITEMS.index(name)
        ledger[(slice(None),) * ITEM + (slice(position, position + 1),)] = line
    return ledger


def among(items: tuple[str, ...]) -> Array:
    """1 for the items named, else 0, on the axis `item`."""
    return place([float(name in items) for name in ITEMS], ITEM)


@dataclass(frozen=True)
class Parts:
    """A ragged list: every part belongs to one position on the owner axes.

    `fields` holds one array of shape (draw, part) a field; `owner` the flat index of each part's owner.
    """

    names: tuple[str, ...]
    owner_axes: tuple[int, ...]
    owner_shape: tuple[int, ...]
    owner: npt.NDArray[np.intp]
    fields: Mapping[str, Array]

    def __getitem__(self, field: str) -> Array:
        return self.fields[field]

    @property
    def draws(self) -> int:
        """How many draws the fields have; 1 where nothing varies."""
        return max((len(values) for values in self.fields.values()), default=1)

    @cached_property
    def _rounds(self) -> list[list[int]]:
        """The first part of every owner, then the second of every owner, and so on."""
        rounds: list[list[int]] = []
        seen: Counter[int] = Counter()
        for part, owner in enumerate(self.owner.tolist()):
            if seen[owner] == len(rounds):
                rounds.append([])
            rounds[seen[owner]].append(part)
            seen[owner] += 1
        return rounds

    def total(self, values: Array) -> Array:
        """Sum over the parts of each owner: (draw, part) or (draw, month, part) to an array on the owner axes."""
        parts = np.moveaxis(values, DRAW, -1)
        summed = np.zeros((*parts.shape[:-2], int(np.prod(self.owner_shape)), len(values)))
        # One part after the other: a matrix product would add in an order that depends on the number of draws.
        for each in self._rounds:
            summed[..., self.owner[each], :] += parts[..., each, :]
        shape = [1] * RANK
        shape[DRAW] = len(values)
        if values.ndim == 3:
            shape[MONTH] = values.shape[1]
        for axis, size in zip(self.owner_axes, self.owner_shape, strict=True):
            shape[axis] = size
        return np.moveaxis(summed, -1, DRAW).reshape(shape)

    def chunk(self, start: int, stop: int) -> Parts:
        """The same parts with draws start to stop, which lie side by side in memory."""
        fields = {
            name: np.asfortranarray(values[start:stop]) if len(values) > 1 else values
            for name, values in self.fields.items()
        }
        return Parts(self.names, self.owner_axes, self.owner_shape, self.owner, fields)


@dataclass(frozen=True)
class Calendar:
    """The months of the plan, from `plan_start` to the end of the horizon, in seconds after `plan_start`."""

    first: int
    months: int
    horizon_from: int

    @cached_property
    def edges(self) -> Array:
        """Month boundaries [s after plan_start], shape (months + 1,)."""
        return self.seconds_at(np.arange(self.months + 1))

    @cached_property
    def seconds(self) -> Array:
        """Length of each month [s], shape (months,)."""
        return np.diff(self.edges)

    @cached_property
    def middles(self) -> Array:
        """Middle of each month [s after plan_start], shape (months,)."""
        edges = self.edges
        return (edges[1:] + edges[:-1]) / 2

    @cached_property
    def cohort_ages(self) -> tuple[Array, npt.NDArray[np.int64]]:
        """Ages at a month's end of what was sold in the middle of a month.

        Those that occur [s], each once, infinite for what is not yet sold; and which of them each has, shape
        (months, months of sale).
        """
        age = self.edges[1:, None] - self.middles
        ages, which = np.unique(np.where(age >= 0, age, np.inf), return_inverse=True)
        return ages, which.reshape(age.shape)

    @cached_property
    def quarters(self) -> npt.NDArray[np.int64]:
        """Calendar quarter of each month, counted from 0 for that of `plan_start`, shape (months,)."""
        quarter = (self.first + np.arange(self.months)) // 3
        return np.asarray(quarter - quarter[0], dtype=np.int64)

    @cached_property
    def quarter_middles(self) -> Array:
        """For each month the middle of its quarter, as far as the plan has it [s after plan_start], shape (months,)."""
        edges, quarters = self.edges, self.quarters
        starts = edges[:-1][np.searchsorted(quarters, quarters, side="left")]
        ends = edges[np.searchsorted(quarters, quarters, side="right")]
        return np.asarray((starts + ends) / 2)

    def seconds_at(self, offset: npt.ArrayLike) -> Array:
        """Start of the month `offset` months after plan_start (negative: before) [s after plan_start]."""
        whole = np.asarray(offset, dtype=np.int64) + (self.first - 1970 * 12)
        days = (whole.astype("datetime64[M]")).astype("datetime64[D]").astype(np.int64)
        start = np.datetime64(self.first - 1970 * 12, "M").astype("datetime64[D]").astype(np.int64)
        return np.asarray((days - start) * SECONDS_A_DAY, dtype=np.float64)

    def month_after(self, seconds: Array) -> npt.NDArray[np.int64]:
        """The first month that begins at or after a moment [s after plan_start]; `months` where none does."""
        return np.searchsorted(self.edges[:-1], seconds.T - 1e-6, side="left").T
