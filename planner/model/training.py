"""How much training do the models need, and how many accelerators finish it in time?

The fleet's recordings grow each model's data set; a release trains the model on it within a deadline, experiments use
as much again several times over. Arithmetic over useful arithmetic a second is accelerator time. Release runs must fit
at a stated percentile of the calendar. Part of the experiments are gang jobs that people wait for: they have a quota
of accelerators beside the release runs, large enough that a stated share of them waits no longer than allowed. The
rest is preemptible and fills what is idle. `compute` adds it all up.
"""

from __future__ import annotations

import numpy as np

from planner.axes import (
    DRAW,
    HARDWARE,
    MONTH,
    SCALE,
    SITE,
    WORKLOAD,
    Array,
    on,
    once,
    peak,
    place,
    total,
)
from planner.catalogue import SitePools, pooled
from planner.graph import quantity
from planner.perf.queue import gangs_for_wait, waiting_time
from planner.perf.release import PATTERN_LIMIT, pattern_shares, percentile_load
from planner.perf.training import forward_rate, rate_of_accelerators, training_flops


@quantity(unit="hour", axes="month site")
def clip_time_pooled(clip_time_ingested: Array, site_pools: SitePools) -> Array:
    """Recorded driving time that arrives in the month at the sites that pool their data with this one.

    Sites pool what may be moved; a site whose regions' data must stay in their country trains on its own alone.
    """
    return pooled(clip_time_ingested, site_pools)


@quantity(unit="hour", axes="month workload site")
def dataset_time(
    dataset_collected: Array,
    workload_selection_share: Array,
    model_base_dataset: Array,
    model_dataset_limit: Array,
) -> Array:
    """Driving in each model's data set at the month's end: the base and what is selected from the fleet, to a limit.

    Each pool of sites has data sets of its own, all on the same base.
    """
    selected = workload_selection_share * dataset_collected
    return np.minimum(model_base_dataset + selected, model_dataset_limit)


@quantity(unit="byte", axes="month workload site")
def dataset_bytes(dataset_time: Array, model_training_rate: Array) -> Array:
    """Stored bytes of each model's data set."""
    return dataset_time * model_training_rate


@quantity(unit="token", axes="month workload site")
def run_tokens(dataset_time: Array, model_token_rate: Array, model_epochs: Array) -> Array:
    """Tokens that one training run of the site's pool reads, epoch by epoch."""
    return dataset_time * model_token_rate * model_epochs


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


@quantity(unit="1", axes="month workload site")
def gpus_for_release(run_gpus: Array, allocation: Array) -> Array:
    """The site's part of the accelerators that finish one release run in time."""
    return run_gpus * allocation


@quantity(unit="1", axes="month workload site")
def gpus_for_throughput(
    run_flops: Array,
    workload_cadence: Array,
    site_effective: Array,
    allocation: Array,
    gpus_for_experiments: Array,
) -> Array:
    """Accelerators busy on average with release runs and experiments together."""
    return run_flops / workload_cadence / site_effective * allocation + gpus_for_experiments


@quantity(unit="1", axes="month site")
def gpus_release_percentile(
    gpus_for_release: Array,
    workload_deadline: Array,
    workload_cadence: Array,
    workload_offset: Array,
    training_percentile: Array,
) -> Array:
    """Accelerators that cover the calendar of release runs at the stated percentile, and each single run always."""
    if gpus_for_release.shape[WORKLOAD] > PATTERN_LIMIT:
        return total(gpus_for_release, WORKLOAD)
    calendar = (on(x, WORKLOAD) for x in (workload_cadence, workload_deadline, workload_offset))
    shares = pattern_shares(*calendar)[:, None, None, :]
    level = training_percentile.reshape(-1, 1, 1)

    def load(needed: Array) -> Array:
        peaks = np.moveaxis(on(needed, MONTH, WORKLOAD, SITE), 2, 3)
        return place(percentile_load(peaks, shares, level), DRAW, MONTH, SITE)

    return once(load, SITE, gpus_for_release)


@quantity(unit="1", axes="month workload site")
def gpus_for_experiments(
    run_flops: Array,
    workload_experiments: Array,
    workload_cadence: Array,
    experiment_effective: Array,
    allocation: Array,
) -> Array:
    """Accelerators busy on average with experiments alone, each on its own gang."""
    flops = run_flops * workload_experiments / workload_cadence
    return flops / experiment_effective * allocation


@quantity(unit="1/day", axes="month workload")
def experiment_jobs(
    gpus_for_experiments: Array, workload_job_gpus: Array, workload_job_duration: Array
) -> Array:
    """Experiment jobs that start in a day: their accelerator time over that of one job."""
    return total(gpus_for_experiments, SITE) / workload_job_gpus / workload_job_duration


@quantity(unit="1", axes="month workload site")
def gangs_waited_for(
    gpus_for_experiments: Array,
    workload_preemptible_share: Array,
    workload_job_gpus: Array,
    site_pools: SitePools,
) -> Array:
    """Gangs that experiments which people wait for keep at work on average in the site's pool: the queue's load."""
    waited_for = gpus_for_experiments * (1.0 - workload_preemptible_share)
    return pooled(waited_for, site_pools) / workload_job_gpus


@quantity(unit="1")
def queue_variability(
    training_arrival_variability: Array, training_duration_variability: Array
) -> Array:
    """Mean of the squared coefficients of variation of the times between jobs and of their durations."""
    return (training_arrival_variability + training_duration_variability) / 2.0


@quantity(unit="1", axes="month workload site")
def gpus_queue_quota(
    gangs_waited_for: Array,
    workload_job_gpus: Array,
    workload_job_duration: Array,
    queue_variability: Array,
    training_queue_percentile: Array,
    training_max_queue_wait: Array,
    allocation: Array,
) -> Array:
    """The site's part of a quota for the jobs of each workload alone, with which they wait no longer than allowed.

    Jobs wait for any site of the pool; nothing is lent from one workload to another.
    """
    gangs = once(
        gangs_for_wait,
        SITE,
        gangs_waited_for,
        workload_job_duration,
        queue_variability,
        training_queue_percentile,
        training_max_queue_wait,
    )
    return gangs * workload_job_gpus * allocation


@quantity(unit="1", axes="month site")
def queue_gang(gangs_waited_for: Array, workload_job_gpus: Array) -> Array:
    """The largest gang that anybody waits for in the site's pool."""
    return peak(workload_job_gpus * (gangs_waited_for > 0), WORKLOAD)


@quantity(unit="hour", axes="month site")
def queue_duration(gangs_waited_for: Array, workload_job_duration: Array) -> Array:
    """The longest mean duration of jobs that anybody waits for in the site's pool."""
    return peak(workload_job_duration * (gangs_waited_for > 0), WORKLOAD)


@quantity(unit="1", axes="month site")
def queue_load(gangs_waited_for: Array, workload_job_gpus: Array, queue_gang: Array) -> Array:
    """The work of all jobs that people wait for in the site's pool, in gangs of the largest size."""
    gpus = total(gangs_waited_for * workload_job_gpus, WORKLOAD)
    return gpus / np.where(queue_gang > 0, queue_gang, 1.0)


@quantity(unit="1", axes="month site")
def gpus_queue_line(
    queue_load: Array,
    queue_gang: Array,
    queue_duration: Array,
    queue_variability: Array,
    training_queue_percentile: Array,
    training_max_queue_wait: Array,
    allocation: Array,
) -> Array:
    """The site's part of what one line for all workloads needs, were every job as large and as long as the largest."""
    gangs = once(
        gangs_for_wait,
        SITE,
        queue_load,
        queue_duration,
        queue_variability,
        training_queue_percentile,
        training_max_queue_wait,
    )
    return gangs * queue_gang * allocation


@quantity(unit="1", axes="month site")
def gpus_for_waiting(gpus_queue_quota: Array, gpus_queue_line: Array) -> Array:
    """Accelerators with which experiment jobs wait no longer than allowed: quotas or one line, the fewer of the two.

    Each is above what one line of mixed jobs needs, and neither falls when any workload has more to do; a mean over
    gang sizes would fall when small jobs join large ones. The fewer is 0 to 17 % above three simulated lines.
    """
    return np.minimum(total(gpus_queue_quota, WORKLOAD), gpus_queue_line)


@quantity(unit="1", axes="month site")
def gpus_for_queue(
    gpus_release_percentile: Array, training_occupancy: Array, gpus_for_waiting: Array
) -> Array:
    """The least accelerators with which releases keep their deadlines and jobs wait no longer than allowed.

    Both at once: the jobs have their accelerators beside the release runs at their percentile of the calendar.
    Occupancy concerns the release runs alone: how full the others are follows from the queue.
    """
    return gpus_release_percentile / training_occupancy + gpus_for_waiting


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
    run_flops: Array,
    training_rate: Array,
    scale_gpus: Array,
    gpus: Array,
    site_pools: SitePools,
) -> Array:
    """Time that one training run takes on all accelerators in service in the site's pool; 0 where there are none.

    Each kind of hardware does its part of the batch, as fast as a job on it alone.
    """

    def speed(there: Array) -> Array:
        return total(rate_of_accelerators(there, scale_gpus, training_rate, SCALE), HARDWARE)

    everywhere = once(speed, SITE, pooled(gpus, site_pools))
    known = np.where(everywhere > 0, everywhere, 1.0)
    return np.where(everywhere > 0, run_flops / known, 0.0)


@quantity(unit="1", axes="month site", worst="min")
def queue_room(
    gpus_equivalent: Array,
    gpus_serving_peak: Array,
    gpus_release_percentile: Array,
    training_occupancy: Array,
    site_pools: SitePools,
) -> Array:
    """Accelerators in service in the site's pool that services and release runs leave for jobs that people wait for."""
    left = gpus_equivalent - gpus_serving_peak - gpus_release_percentile / training_occupancy
    return pooled(np.maximum(left, 0.0), site_pools)


@quantity(unit="hour", axes="month workload site")
def queue_wait_quota(
    queue_room: Array,
    gpus_queue_quota: Array,
    gangs_waited_for: Array,
    workload_job_gpus: Array,
    workload_job_duration: Array,
    queue_variability: Array,
    training_queue_percentile: Array,
    month_seconds: Array,
    site_pools: SitePools,
) -> Array:
    """Predicted wait at the percentile where each workload has its quota of what is there; at most the month.

    What is there is divided as the quotas that would suffice are.
    """

    def wait(load: Array, quota: Array, room: Array) -> Array:
        everyone = total(quota, WORKLOAD)
        part = room * quota / np.where(everyone > 0, everyone, 1.0)
        jobs = (workload_job_duration, queue_variability, training_queue_percentile)
        return np.minimum(waiting_time(part / workload_job_gpus, load, *jobs), month_seconds)

    return once(wait, SITE, gangs_waited_for, pooled(gpus_queue_quota, site_pools), queue_room)


@quantity(unit="hour", axes="month site")
def queue_wait_line(
    queue_room: Array,
    queue_load: Array,
    queue_gang: Array,
    queue_duration: Array,
    queue_variability: Array,
    training_queue_percentile: Array,
    month_seconds: Array,
) -> Array:
    """Predicted wait at the percentile where all jobs wait in one line, each as large and long as the largest."""

    def wait(load: Array, room: Array, gang: Array, duration: Array) -> Array:
        gangs = room / np.where(gang > 0, gang, 1.0)
        jobs = (duration, queue_variability, training_queue_percentile)
        return np.minimum(waiting_time(gangs, load, *jobs), month_seconds)

    return once(wait, SITE, queue_load, queue_room, queue_gang, queue_duration)


@quantity(unit="hour", axes="month site")
def queue_wait(queue_wait_quota: Array, queue_wait_line: Array) -> Array:
    """Predicted wait of experiment jobs at the percentile on the accelerators in service; at most the month.

    With quotas, of the workload that waits longest, or in one line: the shorter. The length of the month stands for a
    queue that grows without end: more work than accelerators, or a gang larger than what is there.
    """
    return np.minimum(peak(queue_wait_quota, WORKLOAD), queue_wait_line)


@quantity(unit="FLOP/second", axes="month")
def compute_peak(gpus: Array, accelerator_bf16: Array) -> Array:
    """Dense bf16 peak of all accelerators in service."""
    return total(gpus * accelerator_bf16, SITE, HARDWARE)


@quantity(unit="FLOP/second", axes="month")
def compute_peak_fp4(gpus: Array, accelerator_fp4: Array) -> Array:
    """Dense peak in 4-bit floating point of all accelerators in service; of those without it nothing."""
    return total(gpus * accelerator_fp4, SITE, HARDWARE)


@quantity(unit="FLOP/second", axes="month")
def compute_headline(
    gpus: Array,
    accelerator_bf16: Array,
    accelerator_fp8: Array,
    accelerator_fp4: Array,
    accelerator_sparsity_factor: Array,
) -> Array:
    """What an announcement says of all accelerators in service: the peak in the fewest bits, with structured sparsity.

    No plan uses it: what is trained has no such sparsity, and seldom so few bits.
    """
    peak = np.maximum(np.maximum(accelerator_bf16, accelerator_fp8), accelerator_fp4)
    return total(gpus * peak * accelerator_sparsity_factor, SITE, HARDWARE)
