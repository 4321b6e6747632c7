"""How fast does each download go when a pool's cap binds?

Max-min fair shares: every flow gets min(its own limit, s) with the largest water level s at which the pool's bytes fit.
Within one step of the time grid flow i is there for tau_i and can use at most q_i = min(link_i, left_i / tau_i), so s
solves sum_i tau_i min(q_i, s) = C dt: capacity is used to the byte, also by flows that begin or finish within the step.

Source: Bertsekas, Gallager, Data Networks, 2nd ed., 6.5.2 (max-min flow control).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from planner.axes import Array


def water_level(limit: Array, present: Array, pool: Array, capacity: Array) -> Array:
    """The level s of every pool [byte/hour], infinite where its capacity does not bind.

    `limit` q [byte/hour], `present` tau [hour] and `pool` (index) by flow; `capacity` C dt [byte] by pool.
    """
    if capacity.size == 1:
        return np.array([_level(limit, present, float(capacity[0]))])
    levels = np.full(capacity.size, np.inf)
    wanted = np.bincount(pool, limit * present, capacity.size)
    short = wanted > capacity
    if not short.any():
        return levels
    mine = np.flatnonzero(short[pool])
    limit, present, pool = limit[mine], present[mine], pool[mine]
    left = capacity.copy()
    while True:
        count = np.bincount(pool, present, capacity.size)
        levels = np.where(short & (count > 0), left / np.where(count > 0, count, 1.0), levels)
        free = limit <= levels[pool]
        if not free.any():
            return levels
        left -= np.bincount(pool[free], limit[free] * present[free], capacity.size)
        kept = ~free
        limit, present, pool = limit[kept], present[kept], pool[kept]


def _level(limit: Array, present: Array, capacity: float) -> float:
    """The level of one pool: flows below the even share of what is left take their limit, the others share again.

    The share rises from round to round, so a flow that is below it stays below it: four or five rounds are usual.
    """
    if float(limit @ present) <= capacity:
        return np.inf
    while True:
        level = capacity / float(present.sum())
        free = limit <= level
        if not free.any():
            return level
        capacity -= float(limit[free] @ present[free])
        limit, present = limit[~free], present[~free]
        if not limit.size:  # all fit but for the last digit
            return level


def found_place(
    time: Array, waits: npt.NDArray[np.bool_], weight: Array, pool: Array, places: Array
) -> npt.NDArray[np.bool_]:
    """Which flows go on: those that run, and of those that want to begin the first ones up to a pool's `places`.

    `time` [hours] at which a flow wants to begin and `waits` (whether it does), `weight` [vehicles], `pool` by flow.
    Places count from what runs now: one that becomes free within a step is found free in the next.
    """
    free = places - np.bincount(pool, np.where(waits, 0.0, weight), places.size)
    begins = np.flatnonzero(waits)
    order = begins[np.lexsort((time[begins], pool[begins]))]
    total = np.cumsum(weight[order])
    first = np.searchsorted(pool[order], np.arange(places.size))
    before = np.concatenate([[0.0], total])[first][pool[order]]
    fits = ~waits
    # Half of a class that stands for many finds a place as often as the other half does not.
    fits[order] = total - before - weight[order] / 2 <= free[pool[order]]
    return np.asarray(fits)
