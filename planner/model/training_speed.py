"""How fast is a job on so many accelerators, and how many make it fast enough?

For each workload with a known architecture the layout of its job is chosen once for every scale, at the medians; what
a step takes in it follows from the hardware, kernel by kernel (`planner.perf.training_step`), and so does that of an
image network (`planner.perf.image_step`). Times the share of time that interruptions and checkpoints leave at that
scale, this is the rate at which a job gets on; the number of accelerators that a deadline needs lies between two
scales. A workload without either, or on a chip of unknown make, has the utilisation that its profile assumes, at any
scale.
"""

from __future__ import annotations

import numpy as np

from planner.axes import (
    DRAW,
    HARDWARE,
    SCALE,
    SITE,
    TERM,
    WORKLOAD,
    Array,
    first,
    on,
    once,
    peak,
    place,
    running,
    total,
)
from planner.graph import quantity
from planner.perf.goodput import goodput
from planner.perf.training import FORWARD_FLOPS, PASSES, accelerators_for_rate, rate_of_accelerators
from planner.perf.training_jobs import TrainingJobs

LEAST = 1.0  # of a rate or a size that may be nothing: the step then takes long, but not for ever


@quantity(unit="FLOP/second", axes="workload hardware")
def accelerator_peak(
    accelerator_bf16: Array, accelerator_fp8: Array, model_trains_in_fp8: Array
) -> Array:
    """Dense peak in the model's training precision; bf16 where the chip has no fp8."""
    fp8 = (model_trains_in_fp8 > 0) & (accelerator_fp8 > 0)
    return np.where(fp8, accelerator_fp8, accelerator_bf16)


def felt(
    accelerator_peak: Array,
    accelerator_bf16: Array,
    accelerator_fp32: Array,
    accelerator_memory_bandwidth: Array,
    accelerator_cache: Array,
    accelerator_link_bandwidth: Array,
    accelerator_processors: Array,
    accelerator_power_share: Array,
    node_nics: Array,
    nic_port_rate: Array,
    node_accelerators: Array,
    node_scale_up_domain: Array,
) -> dict[str, Array]:
    """What steps feel of each kind of hardware, by the names that `TrainingJobs.by_term` has."""

    def of(values: Array) -> Array:
        return on(values, HARDWARE)

    return {
        "vector_rate": of(accelerator_fp32),
        "peak_linear": on(accelerator_peak, WORKLOAD, HARDWARE),
        "peak_16": of(accelerator_bf16),
        "memory_rate": of(accelerator_memory_bandwidth),
        "cache": of(np.maximum(accelerator_cache, LEAST)),
        "nvlink": of(np.maximum(accelerator_link_bandwidth, LEAST)),
        "processors": of(accelerator_processors),
        "power": of(accelerator_power_share),
        "nic": of(np.maximum(node_nics * nic_port_rate / node_accelerators, LEAST)),
        "domain": of(node_scale_up_domain),
    }


@quantity(unit="second", axes="workload hardware scale term")
def step_by_term(
    training_jobs: TrainingJobs,
    model_batch: Array,
    accelerator_peak: Array,
    accelerator_bf16: Array,
    accelerator_fp32: Array,
    accelerator_memory_bandwidth: Array,
    accelerator_cache: Array,
    accelerator_link_bandwidth: Array,
    accelerator_processors: Array,
    accelerator_power_share: Array,
    node_nics: Array,
    nic_port_rate: Array,
    node_accelerators: Array,
    node_scale_up_domain: Array,
) -> Array:
    """What one optimiser step takes at each scale, by cause; 0 where no layout fits.

    Kernels, collectives, pipeline and host of the layout that is best at the medians. Experts get as many tokens each.
    Image networks are data parallel, a sample at least for each accelerator that works. `planner.perf.training_step`
    and `image_step` have the equations and their sources, `planner validate --kind training` how far they are from
    published runs.
    """
    machines = felt(
        accelerator_peak,
        accelerator_bf16,
        accelerator_fp32,
        accelerator_memory_bandwidth,
        accelerator_cache,
        accelerator_link_bandwidth,
        accelerator_processors,
        accelerator_power_share,
        node_nics,
        nic_port_rate,
        node_accelerators,
        node_scale_up_domain,
    )
    seconds = training_jobs.by_term(samples=on(model_batch, WORKLOAD), **machines)
    return place(seconds, DRAW, WORKLOAD, HARDWARE, SCALE, TERM)


@quantity(unit="second", axes="workload hardware scale")
def step_time(step_by_term: Array, training_step_error: Array) -> Array:
    """What one optimiser step takes at each scale: all causes together, times the error of such predictions."""
    return total(step_by_term, TERM) * training_step_error


@quantity(unit="1", axes="workload scale", worst="min")
def goodput_at_scale(
    scale_gpus: Array,
    cluster_interruption_rate: Array,
    checkpoint_size: Array,
    checkpoint_write_rate: Array,
    checkpoint_copy_rate: Array,
    checkpoint_in_background: Array,
    checkpoint_restart: Array,
    checkpoint_interval_limit: Array,
    checkpoint_stall: Array,
) -> Array:
    """Share of a job's time that makes progress after interruptions, restarts and checkpoints (Daly 2006).

    More accelerators break more often, and save their parts of a checkpoint in less time; checkpoints are as far apart
    as loses least. Late data and slow nodes are not in it: they are the policy's `training_goodput`.
    """
    return goodput(
        scale_gpus,
        cluster_interruption_rate,
        checkpoint_size,
        scale_gpus * checkpoint_write_rate,
        scale_gpus * checkpoint_copy_rate,
        checkpoint_in_background,
        checkpoint_restart,
        checkpoint_interval_limit,
        beside=checkpoint_stall,
    ).progress


@quantity(unit="FLOP/token", axes="workload")
def token_flops(architecture_parameters: Array) -> Array:
    """FLOPs that training spends on a token of the architecture: 6 a parameter (Kaplan et al., arXiv 2001.08361).

    Those of the model that the step is of: with more parameters, or frames beside the tokens, a model's run has more
    to do at this rate.
    """
    return PASSES * FORWARD_FLOPS * architecture_parameters


@quantity(unit="FLOP", axes="workload")
def step_flops(
    step_tokens: Array, token_flops: Array, model_batch: Array, image_sample_flops: Array
) -> Array:
    """Useful FLOPs of one optimiser step: of its tokens, or of the samples of an image network.

    An image network's are its own, three forward passes as it is built; that the plan's network is as fast for each
    of the FLOPs that its profile states (`frame_flops`) is the assumption.
    """
    return step_tokens * token_flops + model_batch * image_sample_flops


@quantity(unit="FLOP/second", axes="workload hardware scale")
def training_rate(
    step_time: Array,
    step_flops: Array,
    scale_gpus: Array,
    accelerator_peak: Array,
    model_utilisation: Array,
    training_is_predicted: Array,
    goodput_at_scale: Array,
    training_goodput: Array,
) -> Array:
    """Useful FLOPs a second of a job at each scale; at least those of the scale before.

    FLOPs of a step / step time x goodput; where nothing is predicted, accelerators x dense peak x assumed utilisation.
    Below the least scale at which a layout fits, in proportion.
    """
    known = step_time > 0
    predicted = np.where(known, step_flops / np.where(known, step_time, 1.0), 0.0)
    least = np.argmax(np.moveaxis(known, SCALE, -1), axis=-1, keepdims=True)
    start = np.take_along_axis(np.moveaxis(predicted / scale_gpus, SCALE, -1), least, axis=-1)
    below = np.moveaxis(start, -1, SCALE) * scale_gpus
    reached = running(np.maximum, np.asarray(known, dtype=np.float64), SCALE)
    predicted = np.where(reached > 0, predicted, below)
    assumed = scale_gpus * accelerator_peak * model_utilisation
    rate = np.where(training_is_predicted > 0, predicted, assumed)
    return running(np.maximum, rate * goodput_at_scale * training_goodput, SCALE)


@quantity(unit="FLOP/second", axes="workload site scale")
def site_training_rate(training_rate: Array, site_trains_on: Array) -> Array:
    """The same of the kind of hardware that the site buys."""
    return total(training_rate * site_trains_on, HARDWARE)


@quantity(unit="1", axes="month workload site")
def run_gpus(
    run_flops: Array,
    workload_deadline: Array,
    workload_cadence: Array,
    site_training_rate: Array,
    scale_gpus: Array,
) -> Array:
    """Accelerators on which one release run of the site's pool is done within its deadline, or its cadence if shorter.

    Between two scales the rate grows as a power of the accelerators; beyond the largest at which more help, in
    proportion, as with larger steps.
    """
    needed = run_flops / np.minimum(workload_deadline, workload_cadence)

    def gpus(needed: Array, rate: Array) -> Array:
        return accelerators_for_rate(needed, scale_gpus, rate, SCALE)

    return once(gpus, SITE, needed, site_training_rate)


@quantity(unit="FLOP/second", axes="month workload site")
def site_effective(
    run_flops: Array,
    workload_deadline: Array,
    workload_cadence: Array,
    run_gpus: Array,
    site_training_rate: Array,
    scale_gpus: Array,
) -> Array:
    """Useful FLOPs a second of one accelerator in a release run at its scale; at the least scale where none runs."""
    needed = run_flops / np.minimum(workload_deadline, workload_cadence)
    alone = first(site_training_rate, SCALE) / first(scale_gpus, SCALE)
    runs = (run_gpus > 0) & (needed > 0)
    return np.where(runs, needed / np.where(runs, run_gpus, 1.0), alone)


@quantity(unit="FLOP/second", axes="workload site")
def experiment_effective(
    workload_job_gpus: Array, site_training_rate: Array, scale_gpus: Array
) -> Array:
    """Useful FLOPs a second of one accelerator in an experiment on its gang."""
    rate = rate_of_accelerators(workload_job_gpus, scale_gpus, site_training_rate, SCALE)
    return rate / workload_job_gpus


@quantity(unit="FLOP/second", axes="workload hardware")
def accelerator_speed(
    step_time: Array,
    step_flops: Array,
    scale_gpus: Array,
    accelerator_peak: Array,
    model_utilisation: Array,
    training_is_predicted: Array,
) -> Array:
    """Useful FLOPs a second of one accelerator while nothing interrupts it, at the scale where that is most."""
    known = step_time > 0
    work = step_flops / np.where(known, step_time, 1.0) / scale_gpus * known
    assumed = accelerator_peak * model_utilisation
    return np.where(training_is_predicted > 0, peak(work, SCALE), assumed)
