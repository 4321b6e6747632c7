"""What do checkpoints ask of the hot tier: how large are they, how fast must they be written, how many lie there?"""

from __future__ import annotations

import numpy as np

from planner.axes import WORKLOAD, Array, total
from planner.graph import quantity
from planner.perf.checkpoint import checkpoint_size as size_of
from planner.perf.checkpoint import write_bandwidth


@quantity(unit="byte", axes="workload")
def checkpoint_size(
    model_parameters: Array,
    checkpoint_weight_bytes: Array,
    checkpoint_master_bytes: Array,
    checkpoint_moment_bytes: Array,
) -> Array:
    """Bytes of one checkpoint: parameters x (weight + master copy + moments), 14 bytes for Adam in mixed precision.

    Exact for dense models, whose parameters all work on each token.
    """
    return size_of(
        model_parameters, checkpoint_weight_bytes, checkpoint_master_bytes, checkpoint_moment_bytes
    )


@quantity(unit="1", axes="month workload site")
def runs_at_once(
    gpus_for_release: Array,
    workload_experiments: Array,
    workload_cadence: Array,
    workload_deadline: Array,
) -> Array:
    """Training runs of a workload that are under way together, at least one where any of it is trained.

    A release and its experiments last as long as the deadline each, and there is one set of them every cadence.
    """
    lasts = np.minimum(workload_deadline, workload_cadence)
    together = np.maximum((1.0 + workload_experiments) * lasts / workload_cadence, 1.0)
    return together * (gpus_for_release > 0)


@quantity(unit="byte/second", axes="month site")
def checkpoint_bandwidth(
    runs_at_once: Array,
    checkpoint_size: Array,
    checkpoint_stall: Array,
    checkpoint_interval: Array,
    checkpoint_in_background: Array,
) -> Array:
    """Write bandwidth for the checkpoints of all runs under way at a site, should they write at the same moment."""
    each = write_bandwidth(
        checkpoint_size, checkpoint_stall, checkpoint_interval, checkpoint_in_background
    )
    return total(runs_at_once * each, WORKLOAD)


@quantity(unit="byte", axes="month site")
def checkpoint_space(runs_at_once: Array, checkpoint_size: Array, checkpoint_kept: Array) -> Array:
    """Bytes of the checkpoints that the runs under way at a site keep."""
    return total(runs_at_once * checkpoint_size, WORKLOAD) * checkpoint_kept
