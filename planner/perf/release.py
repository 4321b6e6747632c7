"""How many accelerators do release trainings need at a percentile of a deterministic calendar?

The releases of each workload repeat at its own cadence, the first of them an offset after a common start; a workload
trains for its deadline at the start of each period. At any time some pattern of workloads is on; walked over many
periods, the calendar gives each pattern its share of the time, and the load at a percentile follows exactly from these
shares.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from planner.axes import Array, mapped

SLACK = 1e-12  # of the time, for the rounding of sums
FEW = 3  # workloads: 8 patterns, each compared with each
PATTERN_LIMIT = 12  # workloads: 4,096 patterns
PERIODS = 8  # of the longest cadence that are walked
SAMPLES = 2048  # moments at which the calendar is read


def pattern_shares(cadence: Array, duration: Array, offset: Array | float = 0.0) -> Array:
    """Share of the time for which each on/off pattern lasts, shape (draw, 2^workload).

    `cadence` time between starts, `duration` length of a run, `offset` from the common start to the first run [all s,
    (draw, workload)]; the calendar has neither beginning nor end, so runs before the first offset count as well.
    Pattern p has workload w on where bit w of p is set.
    """
    cadence, duration, offset = np.broadcast_arrays(cadence, duration, np.asarray(offset))
    moments = (np.arange(SAMPLES) + 0.5) / SAMPLES * PERIODS
    longest = cadence.max(axis=-1)
    # The moments of each pattern as bits, 64 a word: moments without and with the workload, pattern by pattern.
    found = [np.full((len(cadence), SAMPLES // 64), ~np.uint64(0))]
    for workload in range(cadence.shape[1]):
        period = cadence[:, workload, None]
        begun = moments * (longest[:, None] / period)
        begun -= offset[:, workload, None] / period
        begun -= np.floor(begun)
        on = begun < duration[:, workload, None] / period
        bits = np.packbits(on, axis=1).view(np.uint64)
        found = [each & ~bits for each in found] + [each & bits for each in found]
    counts = [np.bitwise_count(each).sum(axis=1) for each in found]
    return np.stack(counts).T / SAMPLES


def percentile_load(peaks: Array, shares: Array, percentile: Array) -> Array:
    """The load that is not exceeded for a share `percentile` of the time, but never less than the largest single one.

    `peaks` (..., workload): load of each workload while it is on; `shares` (..., pattern) as from `pattern_shares`;
    `percentile` broadcastable to (...). Returns (...).
    """
    percentile = np.asarray(percentile)
    count = peaks.shape[-1]
    if count <= FEW:
        return np.asarray(
            np.maximum(_percentile_of_few(peaks, shares, percentile), peaks.max(axis=-1))
        )
    patterns = (np.arange(2**count)[:, None] >> np.arange(count)) & 1
    loads, odds = np.broadcast_arrays(mapped(peaks, patterns.T, -1), shares)
    order = np.argsort(loads, axis=-1)
    reached = np.take_along_axis(odds, order, axis=-1).cumsum(axis=-1)
    first = np.argmax(reached >= percentile[..., None] - SLACK, axis=-1)
    at = np.take_along_axis(loads, np.take_along_axis(order, first[..., None], axis=-1), axis=-1)
    return np.asarray(np.maximum(at[..., 0], peaks.max(axis=-1)))


def _percentile_of_few(peaks: Array, shares: Array, percentile: Array) -> Array:
    """The least load that is not exceeded for a share `percentile` of the time, each compared with each: no sorting.

    What two patterns share does not decide which of them is the higher one. So a pattern is never above one that holds
    it, and all other pairs come down to few comparisons of patterns that have nothing in common.
    """
    loads = [np.zeros(peaks.shape[:-1])]
    for workload in range(peaks.shape[-1]):
        loads += [load + peaks[..., workload] for load in loads]
    patterns = range(len(loads))
    higher = {
        (one, two): loads[two] > loads[one]
        for one, two in combinations(patterns[1:], 2)
        if not one & two
    }
    result = loads[-1]  # that of all at once is never exceeded
    for pattern in patterns[:-1]:
        reached = np.zeros(shares.shape[:-1])
        for other in patterns:
            share, mine, its = shares[..., other], pattern & ~other, other & ~pattern
            if not its:  # held by the pattern
                reached = reached + share
            elif mine < its and mine:
                reached = reached + ~higher[mine, its] * share
            elif mine:
                reached = reached + higher[its, mine] * share
        # Where it is not reached the load of all together lifts it above the result, which it then leaves alone.
        above = (reached < percentile - SLACK) * loads[-1]
        result = np.minimum(result, loads[pattern] + above)
    return result
