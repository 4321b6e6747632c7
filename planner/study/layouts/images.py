"""An image network on so many accelerators: in how many passes a step is fastest, and what each way costs.

Every accelerator holds the whole network and takes its part of a step's samples, at once or in passes whose gradients
are added up. What the activations of a pass need decides how many passes it takes at least; more need less memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from planner import resources
from planner.errors import PlannerError
from planner.inputs import training
from planner.inputs.image_job import (
    ImageRun,
    is_modelled,
    outside_matrix_units,
    sample_flops,
    side_by_side,
    stack_of,
)
from planner.inputs.load import read_profile
from planner.inputs.profiles import ImageModel
from planner.inputs.profiles.vehicles import TrainedModel
from planner.perf.image_step.constants import FITTED, constants_of
from planner.perf.image_step.jobs import FILLED, TERMS, samples_that_fit
from planner.perf.image_step.kernels import Network
from planner.perf.image_step.network import build
from planner.perf.image_step.step import step_terms
from planner.study.layouts.jobs import BITS, machine_of, precision_on, reached, software_on

LARGEST_BATCH = 256  # of an accelerator, where neither the command nor the network's recipe says
NEIGHBOURS = 16  # numbers of passes beyond the fewest that are all looked at; then doublings
HALF = 2.0  # of an activation [byte]


@dataclass(frozen=True)
class ImageChoice:
    """A step in so many passes."""

    micro_batch: int  # samples of the fullest accelerator and pass
    passes: int
    terms: Mapping[str, float]  # [s]
    memory: float  # for the activations of a pass, with what memory keeps free of them [byte]

    @property
    def step_time(self) -> float:
        """Seconds of a step."""
        return sum(self.terms.values())


@dataclass(frozen=True)
class ImageAnswer:
    """Ways to run a step; those that fit, the fastest first, and the one that just does not."""

    model: str
    hardware: str
    gpus: int
    replicas: int  # accelerators that have samples
    batch: int
    precision: str
    software: str
    flops: float  # useful ones of a step: three forward passes [FLOP]
    peak: float  # of an accelerator for convolutions [FLOP/s]
    capacity: float  # memory of an accelerator [byte]
    choices: tuple[ImageChoice, ...]
    refused: tuple[ImageChoice, ...]
    assumed: tuple[str, ...]


def image_model_of(name: str, overlays: Sequence[Path] = ()) -> ImageModel | None:
    """The network of a name of image_models/, or of models/ that names one; None where there is none."""
    if name in resources.profiles("models", overlays):
        trained = read_profile("models", name, overlays)
        assert isinstance(trained, TrainedModel)
        name = trained.image_model or ""
    if name not in resources.profiles("image_models", overlays):
        return None
    model = read_profile("image_models", name, overlays)
    assert isinstance(model, ImageModel)
    return model


def answered(
    name: str,
    model: ImageModel,
    hardware: str,
    gpus: int,
    batch: int | None = None,
    seq: int | None = None,
    precision: str | None = None,
    software: str | None = None,
    overlays: Sequence[Path] = (),
) -> ImageAnswer:
    """Steps of `batch` samples on so many accelerators, in several numbers of passes.

    `seq`: tokens of a sample, of networks that take sequences. Raises PlannerError for names that no profile has, for
    precisions and networks that the hardware lacks, and for accelerators whose matrix units are not modelled.
    """
    assumed: list[str] = []
    machine = machine_of(hardware, overlays)
    if not is_modelled(machine):
        raise PlannerError(f"{hardware}: no model of image networks on {machine.generation}")
    if seq is not None and not model.sequence:
        raise PlannerError(f"--seq: {name} takes images of {_size(model)}, not sequences")
    precision = precision_on(machine, precision, assumed)
    if BITS[precision] < 8:
        raise PlannerError(f"precision {precision}: not modelled for image networks")
    reached(hardware, machine, gpus)
    software = software_on(machine, software, assumed)
    network = build(
        model.layers, model.input.channels, [seq] if seq is not None else model.input.size
    )
    fitting = samples_that_fit(network, machine.memory, HALF)
    if batch is None:
        each = _usual_batch(model, machine, fitting)
        batch = each * gpus
        assumed.append(f"batch of {batch:,} samples, {each} a GPU")
    if seq is None:
        assumed.append(f"samples of {_size(model)}")
    replicas = min(gpus, batch)
    own = -(-batch // replicas)
    sizes = _micro_batches(own, fitting)
    stack = stack_of(training.software([software], overlays))
    runs = [
        ImageRun(
            model, network, machine, stack, BITS[precision], float(gpus), float(replicas), float(size),
            float(-(-own // size)),
        )
        for size in sizes
    ]  # fmt: skip
    choices = _choices(runs, network, machine)
    fit = [c.micro_batch <= max(1.0, np.floor(fitting)) for c in choices]
    ranked = sorted(zip(choices, fit, strict=True), key=lambda each: each[0].step_time)
    return ImageAnswer(
        model=name,
        hardware=hardware,
        gpus=gpus,
        replicas=replicas,
        batch=batch,
        precision=precision,
        software=software,
        flops=sample_flops(network) * batch,
        peak=machine.peak_16,
        capacity=machine.memory,
        choices=tuple(choice for choice, fits in ranked if fits),
        refused=tuple(choice for choice, fits in ranked if not fits),
        assumed=tuple(assumed),
    )


def _micro_batches(each: int, fitting: float) -> list[int]:
    """Sizes of a pass for `each` samples of an accelerator, the largest first and none twice.

    The fewest passes that fit, one less, which does not, the next numbers and their doublings.
    """
    fewest = -(-each // max(1, int(fitting)))
    passes = {max(1, fewest - 1), *range(fewest, min(each, fewest + NEIGHBOURS) + 1)}
    while fewest < each:
        fewest = min(2 * fewest, each)
        passes.add(fewest)
    return sorted({-(-each // number) for number in passes}, reverse=True)


def _choices(
    runs: Sequence[ImageRun], network: Network, machine: training.Machine
) -> list[ImageChoice]:
    own, products, cores, moves = side_by_side(runs)
    bits = [run.bits for run in runs]
    vector = np.array([outside_matrix_units(each, machine) for each in bits], float)
    constants = constants_of(FITTED, [machine.generation] * len(runs), bits, vector)
    terms = step_terms(own, products, cores, moves, constants)
    # samples_that_fit solves FILLED x memory = samples x activations
    one = FILLED * machine.memory / samples_that_fit(network, machine.memory, HALF)
    return [
        ImageChoice(
            micro_batch=int(run.batch),
            passes=int(run.accumulated),
            terms={name: float(getattr(terms, part)[i]) for part, name in TERMS.items()},
            memory=run.batch * one / FILLED,
        )
        for i, run in enumerate(runs)
    ]


def _usual_batch(model: ImageModel, machine: training.Machine, fitting: float) -> int:
    """Samples of one accelerator: the recipe's of its generation, else the largest power of two that fits."""
    for generation, (half, _) in model.usual_batch.items():
        if generation == machine.generation:
            return half
    return int(2 ** np.floor(np.log2(np.clip(fitting, 1.0, LARGEST_BATCH))))


def _size(model: ImageModel) -> str:
    if model.sequence:
        return f"{model.input.size[0]:,} tokens"
    return " x ".join(f"{size:,}" for size in model.input.size) + (
        " pixels" if len(model.input.size) == 2 else " voxels"
    )
