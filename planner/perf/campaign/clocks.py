"""How much has each flow got while its pool is full, without a step for each flow?

Flows of one pool over links of one rate all go at min(rate, water level): what such a flow has got between two times is
the difference of one clock that all of them share, the virtual time of their service. So a flow's end is looked up,
not stepped to, and the water level of a bin depends on the flow-hours by rate alone.

Source: Parekh, Gallager, A generalized processor sharing approach to flow control, IEEE/ACM Transactions on Networking
1 (1993) 344-357, section III (virtual time); the level: Bertsekas, Gallager, Data Networks, 2nd ed., 6.5.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.axes import Array
from planner.perf.campaign.records import ROUNDING
from planner.perf.campaign.sampling import Whole
from planner.perf.campaign.traffic import BIN

BINS_PER_HOUR = 1 / BIN


class Clocks:
    """What a flow gets by time, for each pool and link rate; levels are constant within five-minute bins.

    `rates` [byte/hour] of links, rising; `level` [byte/hour] by (pool, bin), infinite where no cap binds; the first
    bin begins at `base` [hours]. A clock's number is `pool * rates + rate`.
    """

    def __init__(self, rates: Array, level: Array, base: float) -> None:
        self.base, self.bins, self.level = base, level.shape[1], level
        self.speed = np.minimum(rates[:, None], level[:, None, :])  # (pool, rate, bin)
        total = self.speed.cumsum(axis=2)
        self._speed = self.speed.ravel()
        self._begun = ((total - self.speed) * BIN).ravel()  # bytes by each bin's begin

    def got(self, clock: Whole, time: Array) -> Array:
        """Bytes by a time [hours]; before the first bin (negative) at its speed."""
        since = time - self.base
        place = (since * BINS_PER_HOUR).astype(np.intp)
        np.minimum(np.maximum(place, 0, out=place), self.bins - 1, out=place)
        since -= place * BIN
        place += clock * self.bins
        return np.asarray(self._begun[place] + self._speed[place] * since)

    def when(self, clock: Whole, amount: Array) -> Array:
        """The time [hours] at which a clock shows an amount [byte]."""
        first = clock * self.bins
        place = np.zeros(clock.size, np.intp)
        for digit in reversed(range(self.bins.bit_length())):
            further = place + (1 << digit)
            inside = np.minimum(further, self.bins - 1)
            place = np.where(
                (further < self.bins) & (self._begun[first + inside] <= amount), further, place
            )
        left = amount - self._begun[first + place]
        return np.asarray(self.base + place * BIN + left / self._speed[first + place])


@dataclass(frozen=True)
class Last:
    """The last bins of flows that get all they lack: what each takes there, however long it could have gone on.

    `cell` is a place in (pool, rate, bin), `hours` [vehicle-hours] the time that it could be there and `there` that it
    is, `taken` [byte].
    """

    cell: Whole
    hours: Array
    there: Array
    taken: Array


def fair_levels(hours: Array, last: Last, rates: Array, capacity: Array) -> Array:
    """Water levels [byte/hour] by (pool, bin), infinite where the capacity [byte] does not bind.

    `hours` [vehicle-hours] by (pool, rate, bin) of flows that take what they can. Those in their `last` bin share until
    the level lets them have all they lack; the level rises as they are left out, as in `sharing.water_level`.
    """
    shape = hours.shape
    wants = last.taken / np.maximum(last.hours, 1e-300)
    pool_bin = last.cell // (shape[1] * shape[2]) * shape[2] + last.cell % shape[2]
    shares = np.ones(last.cell.size, bool)
    while True:
        within = np.bincount(last.cell[shares], last.hours[shares], hours.size).reshape(shape)
        alone = ~shares
        taken = np.bincount(pool_bin[alone], last.taken[alone], capacity.size)
        left = capacity - taken.reshape(capacity.shape)
        levels = _levels(hours + within, rates, left)
        sated = shares & (wants <= levels.ravel()[pool_bin])
        if not sated.any():
            return levels
        shares &= ~sated


def _levels(hours: Array, rates: Array, capacity: Array) -> Array:
    """Levels s with sum_k hours_k min(rate_k, s) = capacity."""
    takes = (hours * rates[:, None]).cumsum(axis=1)
    longer = hours.sum(axis=1, keepdims=True) - hours.cumsum(axis=1)
    # Taken at a level of each of the rates, which rises with it.
    at_rate = takes + longer * rates[:, None]
    free = (at_rate <= capacity[:, None] * (1 + ROUNDING)).sum(axis=1)
    before = np.maximum(free - 1, 0)[:, None]
    taken = np.where(free > 0, np.take_along_axis(takes, before, axis=1)[:, 0], 0.0)
    present = np.where(
        free > 0, np.take_along_axis(longer, before, axis=1)[:, 0], hours.sum(axis=1)
    )
    # Where all fit to the last digit nobody is left to share.
    full = (free < rates.size) & (present > 0)
    level = (capacity - taken) / np.where(full, present, 1.0)
    return np.asarray(np.where(full, level, np.inf))
