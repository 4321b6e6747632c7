"""How much training do the models need, and how many accelerators finish it in time?

The fleet's recordings grow each model's data set; a release trains the model on it within a deadline, experiments use
as much again several times over. Arithmetic over useful arithmetic a second is accelerator time. Release runs must fit
at a stated percentile of the calendar; experiments are preemptible and fill what is idle, so the need is the larger of
the release peaks and the mean of everything.
"""

from __future__ import annotations

import numpy as np

from planner.axes import (
    DRAW,
    HARDWARE,
    MONTH,
    SITE,
    WORKLOAD,
    Array,
    cumulative,
    on,
    place,
    total,
)
from planner.catalogue import SitePools, pooled
from planner.graph import quantity
from planner.perf.release import PATTERN_LIMIT, pattern_shares, percentile_load
from planner.perf.training import effective_rate, forward_rate, training_flops


@quantity(unit="hour", axes="month site")
def clip_time_pooled(clip_time_ingested: Array, site_pools: SitePools) -> Array:
    """Recorded driving time that arrives in the month at the sites that pool their data with this one.

    Sites pool what may be moved; a site whose regions' data must stay in their country trains on its own alone.
    """
    return pooled(clip_time_ingested, site_pools)


@quantity(unit="hour", axes="month workload site")
def dataset_time(
    clip_time_pooled: Array,
    clip_kept_share: Array,
    workload_selection_share: Array,
    model_base_dataset: Array,
    model_dataset_limit: Array,
) -> Array:
    """Driving in each model's data set at the month's end: the base and what is selected from the fleet, to a limit.

    Each pool of sites has data sets of its own, all on the same base.
    """
    collected = cumulative(clip_time_pooled, MONTH) * clip_kept_share
    return np.minimum(
        model_base_dataset + workload_selection_share * collected, model_dataset_limit
    )


@quantity(unit="byte", axes="month workload site")
def dataset_bytes(dataset_time: Array, model_training_rate: Array) -> Array:
    """Stored bytes of each model's data set."""
    return dataset_time * model_training_rate


@quantity(unit="FLOP/second", axes="workload")
def model_forward(
    model_parameters: Array,
    model_token_rate: Array,
    model_frame_flops: Array,
    model_frame_rate: Array,
) -> Array:
    """Forward FLOPs of one second of driving: 2 FLOPs a parameter and token, and the FLOPs of frames."""
    return forward_rate(model_parameters, model_token_rate, model_frame_flops, model_frame_rate)


@quantity(unit="FLOP", axes="month workload site")
def run_flops(
    model_forward: Array, dataset_time: Array, model_epochs: Array, workload_active: Array
) -> Array:
    """FLOPs of one full training run of the site's pool: forward and backward (3 x forward), epoch by epoch."""
    return training_flops(model_forward, dataset_time, model_epochs) * workload_active


@quantity(unit="FLOP/second", axes="workload hardware")
def accelerator_peak(
    accelerator_bf16: Array, accelerator_fp8: Array, model_trains_in_fp8: Array
) -> Array:
    """Dense peak in the model's training precision; bf16 where the chip has no fp8."""
    fp8 = (model_trains_in_fp8 > 0) & (accelerator_fp8 > 0)
    return np.where(fp8, accelerator_fp8, accelerator_bf16)


@quantity(unit="FLOP/second", axes="workload hardware")
def accelerator_effective(
    accelerator_peak: Array, model_utilisation: Array, training_goodput: Array
) -> Array:
    """Useful FLOPs a second of one accelerator in training: dense peak x utilisation x goodput."""
    return effective_rate(accelerator_peak, model_utilisation, training_goodput)


@quantity(unit="FLOP/second", axes="workload site")
def site_effective(accelerator_effective: Array, site_trains_on: Array) -> Array:
    """Useful FLOPs a second of one accelerator of the kind that the site buys."""
    return total(accelerator_effective * site_trains_on, HARDWARE)


@quantity(unit="1", axes="month workload site")
def gpus_for_release(
    run_flops: Array,
    workload_deadline: Array,
    workload_cadence: Array,
    site_effective: Array,
    allocation: Array,
) -> Array:
    """Accelerators that finish one release run within its deadline (or its cadence, if that is shorter)."""
    allowed = np.minimum(workload_deadline, workload_cadence)
    return run_flops / allowed / site_effective * allocation


@quantity(unit="1", axes="month workload site")
def gpus_for_throughput(
    run_flops: Array,
    workload_experiments: Array,
    workload_cadence: Array,
    site_effective: Array,
    allocation: Array,
) -> Array:
    """Accelerators busy on average with release runs and experiments together."""
    flops = run_flops * (1.0 + workload_experiments) / workload_cadence
    return flops / site_effective * allocation


@quantity(unit="1", axes="month site")
def gpus_release_percentile(
    gpus_for_release: Array,
    workload_deadline: Array,
    workload_cadence: Array,
    training_percentile: Array,
) -> Array:
    """Accelerators that cover the calendar of release runs at the stated percentile, and each single run always."""
    peaks = np.moveaxis(on(gpus_for_release, MONTH, WORKLOAD, SITE), 2, 3)
    if peaks.shape[-1] > PATTERN_LIMIT:
        return place(peaks.sum(axis=-1), DRAW, MONTH, SITE)
    shares = pattern_shares(on(workload_cadence, WORKLOAD), on(workload_deadline, WORKLOAD))
    level = training_percentile.reshape(-1, 1, 1)
    return place(percentile_load(peaks, shares[:, None, None, :], level), DRAW, MONTH, SITE)


@quantity(unit="hour", axes="month workload")
def training_gpu_hours(gpus_for_throughput: Array, month_seconds: Array) -> Array:
    """Accelerator-hours of release runs and experiments in the month, at full need."""
    return total(gpus_for_throughput, SITE) * month_seconds


@quantity(unit="hour", axes="month workload site")
def run_gpu_hours(
    run_flops: Array, site_effective: Array, allocation: Array, site_pools: SitePools
) -> Array:
    """Accelerator-hours of one full training run of the site's pool."""
    return run_flops * pooled(allocation / site_effective, site_pools)


@quantity(unit="day", axes="month workload site")
def run_duration(
    run_flops: Array, accelerator_effective: Array, gpus: Array, site_pools: SitePools
) -> Array:
    """Time that one training run takes on all accelerators in service in the site's pool; 0 where there are none."""
    speed = pooled(total(accelerator_effective * gpus, HARDWARE), site_pools)
    return np.where(speed > 0, run_flops / np.where(speed > 0, speed, 1.0), 0.0)


@quantity(unit="FLOP/second", axes="month")
def compute_peak(gpus: Array, accelerator_bf16: Array) -> Array:
    """Dense bf16 peak of all accelerators in service."""
    return total(gpus * accelerator_bf16, SITE, HARDWARE)
