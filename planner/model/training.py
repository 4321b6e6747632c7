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
from planner.graph import quantity
from planner.perf.release import on_off_percentile
from planner.perf.training import effective_rate, forward_rate, training_flops


@quantity(unit="hour", axes="month workload")
def dataset_time(
    clip_time_ingested: Array,
    storage_policy_kept_share: Array,
    workload_selection_share: Array,
    model_base_dataset: Array,
    model_dataset_limit: Array,
) -> Array:
    """Driving in each model's data set at the month's end: the base and what is selected from the fleet, to a limit."""
    collected = cumulative(clip_time_ingested, MONTH) * storage_policy_kept_share
    return np.minimum(
        model_base_dataset + workload_selection_share * collected, model_dataset_limit
    )


@quantity(unit="byte", axes="month workload")
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


@quantity(unit="FLOP", axes="month workload")
def run_flops(
    model_forward: Array, dataset_time: Array, model_epochs: Array, workload_active: Array
) -> Array:
    """FLOPs of one full training run: forward and backward (3 x forward) over the data set, epoch by epoch."""
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


@quantity(unit="1", axes="workload")
def release_duty(workload_deadline: Array, workload_cadence: Array) -> Array:
    """Share of the time in which a release run of the workload is under way."""
    return np.minimum(workload_deadline / workload_cadence, 1.0)


@quantity(unit="1", axes="month site")
def gpus_release_percentile(
    gpus_for_release: Array, release_duty: Array, training_percentile: Array
) -> Array:
    """Accelerators that cover release runs at the stated percentile of time, and each single run always."""
    peaks = np.moveaxis(on(gpus_for_release, MONTH, WORKLOAD, SITE), 2, 3)
    duty = on(release_duty, WORKLOAD)[:, None, None, :]
    level = training_percentile.reshape(-1, 1, 1)
    return place(on_off_percentile(peaks, duty, level), DRAW, MONTH, SITE)


@quantity(unit="1", axes="month site")
def gpus_required(
    gpus_release_percentile: Array, gpus_for_throughput: Array, training_occupancy: Array
) -> Array:
    """Accelerators needed at each site, unrounded: the larger of release peaks and mean work, over occupancy."""
    return (
        np.maximum(gpus_release_percentile, total(gpus_for_throughput, WORKLOAD))
        / training_occupancy
    )


@quantity(unit="hour", axes="month workload")
def training_gpu_hours(gpus_for_throughput: Array, month_seconds: Array) -> Array:
    """Accelerator-hours of release runs and experiments in the month, at full need."""
    return total(gpus_for_throughput, SITE) * month_seconds


@quantity(unit="hour", axes="month workload")
def run_gpu_hours(run_flops: Array, site_effective: Array, allocation: Array) -> Array:
    """Accelerator-hours of one full training run."""
    return run_flops * total(allocation / site_effective, SITE)


@quantity(unit="day", axes="month workload")
def run_duration(run_flops: Array, accelerator_effective: Array, gpus: Array) -> Array:
    """Time that one training run takes on all accelerators in service; 0 where there are none."""
    speed = total(accelerator_effective * gpus, SITE, HARDWARE)
    return np.where(speed > 0, run_flops / np.where(speed > 0, speed, 1.0), 0.0)


@quantity(unit="FLOP/second", axes="month")
def compute_peak(gpus: Array, accelerator_bf16: Array) -> Array:
    """Dense bf16 peak of all accelerators in service."""
    return total(gpus * accelerator_bf16, SITE, HARDWARE)
