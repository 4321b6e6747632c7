"""What do checkpoints ask of the hot tier: how large are they, how fast must they be written, how many lie there?

A run writes one checkpoint whatever the number of accelerators and sites that work on it: they hold shards of one
state, and each site writes the part that it trains. Copies of the state (replicas of data parallelism) are not written
again. Experiments are jobs of their own, on networks that are as a rule smaller than the one released.
"""

from __future__ import annotations

from planner.axes import WORKLOAD, Array, total
from planner.graph import quantity
from planner.perf.checkpoint import checkpoint_size as size_of


@quantity(unit="byte", axes="workload")
def checkpoint_size(
    model_parameters: Array,
    stored_parameter_ratio: Array,
    checkpoint_weight_bytes: Array,
    checkpoint_master_bytes: Array,
    checkpoint_moment_bytes: Array,
) -> Array:
    """Bytes of one checkpoint: parameters x (weight + master copy + moments), 14 bytes for Adam in mixed precision.

    Those of all experts are saved, though few of them work on a token.
    """
    stored = model_parameters * stored_parameter_ratio
    return size_of(
        stored, checkpoint_weight_bytes, checkpoint_master_bytes, checkpoint_moment_bytes
    )


@quantity(unit="1", axes="month workload site")
def experiments_at_once(gpus_for_experiments: Array, workload_job_gpus: Array) -> Array:
    """Experiment jobs that run together on average: the accelerators that they keep busy over the gang of one."""
    return gpus_for_experiments / workload_job_gpus


@quantity(unit="1", axes="month workload site")
def runs_at_once(
    gpus_for_release: Array,
    experiments_at_once: Array,
    workload_job_parameter_share: Array,
    allocation: Array,
) -> Array:
    """Checkpoints of the full model that the runs under way at a site write each time: its part of a release, and jobs.

    A release ends before the next one begins, so one is under way at most; experiments count by their models' size.
    """
    release = allocation * (gpus_for_release > 0)
    return release + experiments_at_once * workload_job_parameter_share


@quantity(unit="byte/second", axes="month site")
def checkpoint_bandwidth(
    gpus_for_release: Array,
    gpus_for_experiments: Array,
    checkpoint_size: Array,
    checkpoint_write_rate: Array,
) -> Array:
    """Write bandwidth for the checkpoints of all runs under way at a site, should they write at the same moment.

    What goodput counts on: every accelerator of a run writes its part at the rate that storage promises.
    """
    working = (gpus_for_release + gpus_for_experiments) * (checkpoint_size > 0)
    return total(working, WORKLOAD) * checkpoint_write_rate


@quantity(unit="byte", axes="month site")
def checkpoint_space(runs_at_once: Array, checkpoint_size: Array, checkpoint_kept: Array) -> Array:
    """Bytes of the checkpoints that the runs under way at a site keep."""
    return total(runs_at_once * checkpoint_size, WORKLOAD) * checkpoint_kept
