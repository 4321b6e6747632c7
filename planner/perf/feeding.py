"""How fast must storage feed an accelerator that trains?

An accelerator that works on a batch for a time t needs the bytes of a batch every t: the demand of MLCommons' MLPerf
Storage benchmark (v1.0 rules). It counts an accelerator as fed where it is busy for a stated share of the time, its
utilisation; so a system of bandwidth B feeds B / (utilisation x demand) of them.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array
from planner.perf.training import PASSES


def training_time(forward: Array, speed: Array) -> Array:
    """Time that an accelerator of `speed` [FLOP/s] trains on what costs `forward` FLOPs forward [s]."""
    return PASSES * forward / speed


def read_demand(size: Array, time: Array) -> Array:
    """Bytes a second of one accelerator that works `time` [s] on `size` bytes; 0 where it does no work."""
    return np.where(time > 0, size / np.where(time > 0, time, 1.0), 0.0)


def bandwidth_required(accelerators: Array, utilisation: Array, demand: Array) -> Array:
    """Bandwidth that keeps accelerators busy for a share of the time [byte/s]: n x utilisation x demand."""
    return accelerators * utilisation * demand


def accelerators_fed(bandwidth: Array, utilisation: Array, demand: Array) -> Array:
    """Whole accelerators that a bandwidth keeps busy for a share of the time."""
    return np.floor(bandwidth / (utilisation * demand))


def served_bandwidth(drives: Array, ports: Array, efficiency: Array) -> Array:
    """What a storage server gives [byte/s]: the lesser of its drives and its network ports at their efficiency."""
    return np.minimum(drives, ports * efficiency)
