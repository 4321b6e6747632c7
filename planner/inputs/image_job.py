"""From a machine, an image network and its software to runs, whose steps `planner.perf.image_step` knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from planner.axes import Array
from planner.inputs.profiles import ImageModel
from planner.inputs.training import Machine, system_of
from planner.perf.image_step.constants import FITTED, constants_of
from planner.perf.image_step.jobs import ImageJobs, passes, samples_that_fit
from planner.perf.image_step.kernels import Cores, Moves, Network, Products, stacked
from planner.perf.image_step.network import build
from planner.perf.image_step.step import Runs
from planner.perf.training import FORWARD_FLOPS, PASSES
from planner.perf.training_step.configuration import Software

OPTIMISER_BYTES = {
    "sgd": 28.0,  # weight, momentum, gradient in 32 bit: 3 reads, 2 writes; unscaling and 16-bit copy
    "adam": 34.0,
    "lamb": 50.0,  # Adam's and a second kernel over weight and update; norms
}
LARGE_UNITS = ("gaudi", "tpu", "dojo")  # few large matrix units, for which shapes cost otherwise
HALF = 2.0  # of a 16-bit number [byte]
SINGLE = 32  # bits of a number in single precision


@dataclass(frozen=True)
class Stack:
    """What the software does."""

    name: str
    fused: bool = False  # activations and additions ride on norms
    flash: bool = False  # fused attention
    host: float = 1.0  # host time of launches over eager PyTorch's; 0 with CUDA graphs
    composed: bool = False  # instance norms of elementary operations
    channels_last: bool = False
    half_only: bool = False  # fuses kernels and lays channels last in 16 bit alone
    batched: bool = False  # the optimiser takes all tensors at once
    half_gradients: bool = False  # 16-bit gradients in the reduction


def stack_of(era: Software) -> Stack:
    """What an era of software does with an image network; who fuses kernels also lays channels last and batches."""
    fused = bool(era.fused_elementwise.item() >= 1.0)
    return Stack(
        "the era's",
        fused=fused,
        flash=bool(era.fused_attention.item() > 0.0),
        host=era.host_share.item(),
        channels_last=fused,
        batched=fused,
        half_gradients=bool(era.gradient_bytes.item() <= HALF),
    )


@dataclass(frozen=True)
class ImageRun:
    """A network on accelerators of a machine."""

    model: ImageModel
    network: Network
    machine: Machine
    stack: Stack
    bits: int
    gpus: float
    replicas: float  # accelerators that train
    batch: float  # samples of a replica and pass
    accumulated: float = 1.0  # passes of a step
    parts: float = 1.0  # accelerators that share the samples of one replica
    sharded_optimiser: bool = False
    late: bool = False  # gradients travel after the backward pass
    loader: float = np.inf  # processes that prepare samples for one replica


def outside_matrix_units(bits: int, machine: Machine) -> bool:
    """Whether products of so many bits run outside the matrix units."""
    return bits == 32 and machine.peak_32 == machine.peak_vector


def _in_effect(flag: bool, run: ImageRun) -> bool:
    """Whether what the stack does it does in the run's precision too."""
    return flag and (run.bits < SINGLE or not run.stack.half_only)


def _transposes(run: ImageRun) -> bool:
    """Whether convolutions change the layout: matrix units take channels last."""
    return not (
        _in_effect(run.stack.channels_last, run) or outside_matrix_units(run.bits, run.machine)
    )


def side_by_side(runs: Sequence[ImageRun]) -> tuple[Runs, Products, Cores, Moves]:
    """Runs as arrays."""
    networks = [run.network for run in runs]
    system = system_of([r.machine for r in runs], [r.bits for r in runs], [r.gpus for r in runs])

    def of(values: Sequence[float]) -> Array:
        return np.array(values, float)

    return (
        Runs(
            system=system,
            batch=of([r.batch for r in runs]),
            accumulated=of([r.accumulated for r in runs]),
            replicas=of([r.replicas for r in runs]),
            parts=of([r.parts for r in runs]),
            width=of([4.0 if r.bits == 32 else 2.0 for r in runs]),
            matrix_rate=of(
                [r.machine.peak_32 if r.bits == 32 else r.machine.peak_16 for r in runs]
            ),
            vector_rate=of([r.machine.peak_vector for r in runs]),
            parameters=of([n.trained for n in networks]),
            tensors=of([n.tensors for n in networks]),
            batched=of([r.stack.batched for r in runs]),
            optimiser_bytes=of([OPTIMISER_BYTES[r.model.optimiser] for r in runs]),
            gradient_bytes=of(
                [2.0 if r.stack.half_gradients and r.bits < 32 else 4.0 for r in runs]
            ),
            sharded_optimiser=of([r.sharded_optimiser for r in runs]),
            late=of([r.late for r in runs]),
            sharded=of([r.model.sharded for r in runs]),
            fused=of([_in_effect(r.stack.fused, r) for r in runs]),
            flash=of([r.stack.flash for r in runs]),
            composed=of([r.stack.composed and not r.model.sequence for r in runs]),
            transposing=of([_transposes(r) for r in runs]),
            vector=of([outside_matrix_units(r.bits, r.machine) for r in runs]),
            eight=of([r.bits == 8 for r in runs]),
            host=of([r.stack.host for r in runs]),
            loader=of([r.loader for r in runs]),
        ),
        stacked(Products, [n.products for n in networks]),
        stacked(Cores, [n.cores for n in networks]),
        stacked(Moves, [n.moves for n in networks]),
    )


@dataclass(frozen=True)
class ImageJob:
    """A workload of a plan that trains an image network on a kind of hardware, with so many samples a step.

    `bits` of its linears; convolutions take 16.
    """

    workload: int
    hardware: int
    model: ImageModel
    network: Network
    machine: Machine
    stack: Stack
    bits: int
    samples: float


def image_jobs(
    jobs: Sequence[ImageJob], scales: Sequence[float], rated: Sequence[float]
) -> ImageJobs:
    """Jobs at every scale; `rated` by kind of hardware."""
    runs = [run for job in jobs for run in _at_scales(job, scales)]
    hardware = np.repeat(np.array([job.hardware for job in jobs], dtype=np.intp), len(scales))
    own, products, cores, moves = side_by_side(runs)
    generations = [run.machine.generation for run in runs]
    return ImageJobs(
        workload=np.repeat(np.array([job.workload for job in jobs], dtype=np.intp), len(scales)),
        hardware=hardware,
        scale=np.tile(np.arange(len(scales), dtype=np.intp), len(jobs)),
        rated=np.asarray(rated, dtype=np.float64)[hardware],
        wiring=own.system,
        runs=own,
        fitting=np.repeat([_fitting(job) for job in jobs], len(scales)),
        products=products,
        cores=cores,
        moves=moves,
        constants=constants_of(FITTED, generations, [run.bits for run in runs], own.vector),
    )


def sample_flops(network: Network) -> float:
    """Useful FLOPs of a sample in a step: three forward passes, whether or not all weights are trained."""
    return PASSES * FORWARD_FLOPS * network.forward_macs


def kernels_of(model: ImageModel) -> Network:
    """The kernels of a sample of its usual size."""
    return build(model.layers, model.input.channels, model.input.size)


def is_modelled(machine: Machine) -> bool:
    """Whether steps of image networks on such a chip can be predicted."""
    return machine.peak_vector > 0 and machine.generation not in LARGE_UNITS


def _fitting(job: ImageJob) -> float:
    """Samples of a pass for whose activations an accelerator has the memory."""
    return samples_that_fit(job.network, job.machine.memory, HALF)


def _at_scales(job: ImageJob, scales: Sequence[float]) -> list[ImageRun]:
    fitting = _fitting(job)
    runs = []
    for gpus in scales:
        sizes = passes(*(np.array(x) for x in (job.samples, gpus, fitting)))
        replicas, number, batch = map(float, sizes)
        runs.append(
            ImageRun(
                job.model,
                job.network,
                job.machine,
                job.stack,
                job.bits,
                gpus,
                replicas,
                batch,
                number,
            )
        )
    return runs
