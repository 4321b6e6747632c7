"""How fast does each download go when a pool's cap binds?

Max-min fair shares: every flow gets min(its own limit, s) with the largest water level s at which the pool's bytes fit.
Within one step of the time grid flow i is there for tau_i and can use at most q_i = min(link_i, left_i / tau_i), so s
solves sum_i tau_i min(q_i, s) = C dt: capacity is used to the byte, also by flows that begin or finish within the step.

Source: Bertsekas, Gallager, Data Networks, 2nd ed., 6.5.2 (max-min flow control).
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array

ROUNDS = 60  # each takes in at least one flow's limit; five or six are usual


def water_level(limit: Array, present: Array, pool: Array, capacity: Array) -> Array:
    """The level s of every pool [byte/hour], infinite where its capacity does not bind.

    `limit` q [byte/hour], `present` tau [hour] and `pool` (index) by flow; `capacity` C dt [byte] by pool. The sum is
    concave and piecewise linear in s: Newton's method from the even share rises to the root in finitely many rounds.
    """
    pools = capacity.size
    wanted = np.bincount(pool, limit * present, pools)
    binds = wanted > capacity
    level = np.full(pools, np.inf)
    if not binds.any():
        return level
    tight = binds[pool]
    limit, present, pool = limit[tight], present[tight], pool[tight]
    bytes_ = limit * present
    total = np.bincount(pool, present, pools)
    level[binds] = capacity[binds] / total[binds]
    for _ in range(ROUNDS):
        held = limit > level[pool]
        free = np.bincount(pool, np.where(held, 0.0, bytes_), pools)
        slope = np.bincount(pool, np.where(held, present, 0.0), pools)
        rising = binds & (slope > 0)
        new = np.where(rising, (capacity - free) / np.where(rising, slope, 1.0), level)
        if np.all(new[binds] <= level[binds] * (1 + 1e-12)):
            break
        level = np.where(rising, new, level)
    return level
