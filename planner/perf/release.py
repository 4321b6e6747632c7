"""How many accelerators do release trainings need at a percentile of a deterministic calendar?

The releases of each workload repeat at its own cadence, the first of them an offset after a common start; a workload
trains for its deadline at the start of each period. At any time some pattern of workloads is on; walked over many
periods, the calendar gives each pattern its share of the time, and the load at a percentile follows exactly from these
shares.
"""

from __future__ import annotations

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
    draws, count = cadence.shape
    moments = (np.arange(SAMPLES) + 0.5) / SAMPLES * PERIODS
    longest = cadence.max(axis=-1)
    pattern = np.repeat(2**count * np.arange(draws)[:, None], SAMPLES, axis=1)
    for workload in range(count):
        period = cadence[:, workload, None]
        begun = moments * (longest[:, None] / period) - offset[:, workload, None] / period
        on = begun - np.floor(begun) < duration[:, workload, None] / period
        pattern += on.astype(np.int64) << workload
    found = np.bincount(pattern.ravel(), minlength=2**count * draws)
    return found.reshape(draws, -1) / SAMPLES


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
    """The least load that is not exceeded for a share `percentile` of the time, each compared with each: no sorting."""
    loads = [np.zeros(peaks.shape[:-1])]
    for workload in range(peaks.shape[-1]):
        loads += [load + peaks[..., workload] for load in loads]
    result = np.full(
        np.broadcast_shapes(loads[0].shape, shares.shape[:-1], percentile.shape), np.inf
    )
    for load in loads:
        reached = (loads[0] <= load) * shares[..., 0]
        for pattern in range(1, len(loads)):
            reached += (loads[pattern] <= load) * shares[..., pattern]
        result = np.where(reached >= percentile - SLACK, np.minimum(result, load), result)
    return result
