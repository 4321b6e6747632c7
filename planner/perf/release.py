"""How many accelerators do release trainings need at a percentile, when each runs part of the time?

A workload trains for its deadline once in each cadence, so it is on for the share deadline/cadence of the time. With
the phases of the workloads taken as independent, the load is a sum of on/off terms; its distribution over all on/off
patterns is exact for the few workloads of a factory.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array

PATTERN_LIMIT = 12  # workloads: 4,096 patterns


def on_off_percentile(peaks: Array, duty: Array, percentile: Array) -> Array:
    """The load that is not exceeded for a share `percentile` of the time, but never less than the largest single one.

    `peaks` (..., workload): load of each workload while it is on; `duty` (..., workload): share of time that it is on;
    `percentile` broadcastable to (...). Returns (...). Above `PATTERN_LIMIT` workloads the load is their sum.
    """
    count = peaks.shape[-1]
    largest = peaks.max(axis=-1)
    if count > PATTERN_LIMIT:
        return np.asarray(peaks.sum(axis=-1))
    patterns = (np.arange(2**count)[:, None] >> np.arange(count)) & 1
    loads = peaks @ patterns.T
    on = np.where(patterns, duty[..., None, :], 1.0 - duty[..., None, :])
    loads, odds = np.broadcast_arrays(loads, on.prod(axis=-1))
    order = np.argsort(loads, axis=-1)
    reached = np.take_along_axis(odds, order, axis=-1).cumsum(axis=-1)
    first = np.argmax(reached >= np.asarray(percentile)[..., None] - 1e-12, axis=-1)
    at = np.take_along_axis(loads, np.take_along_axis(order, first[..., None], axis=-1), axis=-1)
    return np.asarray(np.maximum(at[..., 0], largest))
