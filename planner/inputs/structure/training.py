"""What each workload's training job looks like on each kind of hardware: the layouts, chosen once at the medians."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np

from planner.axes import HARDWARE, SCALE, WORKLOAD
from planner.catalogue import Calendar
from planner.inputs.image_job import (
    ImageJob,
    image_jobs,
    is_modelled,
    kernels_of,
    sample_flops,
    stack_of,
)
from planner.inputs.load import Inputs, read_profile
from planner.inputs.numbers import Cell
from planner.inputs.profiles import Accelerator, ImageModel, Node
from planner.inputs.profiles.hardware import NetworkPart
from planner.inputs.profiles.vehicles import TrainedModel
from planner.inputs.structure.entries import Fixed, Given, Names
from planner.inputs.training import Machine, joined, shape_of, software_of
from planner.inputs.training_job import job_on
from planner.perf.training_jobs import Steps, TrainingJobs
from planner.perf.training_step.configuration import Software
from planner.perf.training_step.layouts import Job
from planner.perf.training_step.scales import SCALES, jobs_side_by_side


def jobs(inputs: Inputs, labels: Names, calendar: Calendar) -> Iterator[Fixed | Given]:
    """For each workload and kind of node its job at every scale; none where either is not known well enough."""
    workloads = inputs.scenario.workloads
    models = [inputs.profile("models", each.model) for each in workloads.values()]
    nodes = [inputs.profile("nodes", name) for name in labels[HARDWARE]]
    image_models = [_image_model(inputs, model) for model in models]
    networks = [kernels_of(each) if each else None for each in image_models]
    machines = [
        _machine(inputs, name, node) for name, node in zip(labels[HARDWARE], nodes, strict=True)
    ]
    rated = [_rated(inputs, node, machine) for node, machine in zip(nodes, machines, strict=True)]
    software = software_of([inputs.profile("software", inputs.scenario.training.software)])
    transformers = [
        (w, h, _job(inputs, model, machine, software), _value(model.batch))
        for w, model in enumerate(models)
        for h, machine in enumerate(machines)
        if machine and model.architecture and model.batch
    ]
    stack = stack_of(software)
    images = [
        ImageJob(
            w, h, image, network, machine, stack, int(_bits(model, machine)), _value(model.batch)
        )
        for w, (model, image, network) in enumerate(
            zip(models, image_models, networks, strict=True)
        )
        for h, machine in enumerate(machines)
        if machine and image and network and is_modelled(machine)
    ]
    mixtures = [each for each in transformers if each[2].experts]
    dense = [each for each in transformers if not each[2].experts]
    kinds: list[Steps] = [jobs_side_by_side(dense, SCALES, rated)]
    kinds += [_mixtures(mixtures, rated)] if mixtures else []
    kinds += [image_jobs(images, SCALES, rated)] if images else []
    together = TrainingJobs(kinds, (len(models), len(nodes), len(SCALES)))
    yield Given(
        "training_jobs",
        "training jobs at each scale, with layouts chosen at the medians",
        together,
    )
    yield Fixed(
        "training_is_predicted",
        (WORKLOAD, HARDWARE),
        "1 where the step is computed: a known chip, and an image network or a layout that fits at some scale",
        together.predicted().max(axis=2),
        [f"workloads.{name}.model" for name in workloads],
    )
    yield Fixed(
        "step_tokens",
        (WORKLOAD,),
        "tokens of an optimiser step: sequences x tokens of each; 0 without an architecture",
        [_tokens(inputs, model) for model in models],
        [f"workloads.{name}.model" for name in workloads],
        "token",
    )
    yield Fixed(
        "architecture_parameters",
        (WORKLOAD,),
        "parameters of the architecture that work on each token; 0 without one",
        [_parameters(inputs, model) for model in models],
        [f"workloads.{name}.model" for name in workloads],
    )
    yield Fixed(
        "stored_parameter_ratio",
        (WORKLOAD,),
        "parameters of the architecture over those that work on a token: above 1 with experts; 1 without one",
        [_stored(inputs, model) for model in models],
        [f"workloads.{name}.model" for name in workloads],
    )
    yield Fixed(
        "image_sample_flops",
        (WORKLOAD,),
        "useful FLOPs of a sample of an image network: 3 forward passes; 0 for other models",
        [sample_flops(network) if network else 0.0 for network in networks],
        [f"workloads.{name}.model" for name in workloads],
        "FLOP",
    )
    yield Fixed(
        "scale_gpus",
        (SCALE,),
        "accelerators of a job at each scale that is looked at",
        np.array(SCALES, dtype=np.float64),
        (),
    )


def why_not(inputs: Inputs, model_name: str, node_name: str) -> str:
    """In words: why no step of a model is predicted on a kind of node on which none is."""
    model: TrainedModel = inputs.profile("models", model_name)
    node: Node = inputs.profile("nodes", node_name)
    machine = _machine(inputs, node_name, node)
    if model.architecture is None and model.image_model is None:
        return f"{model_name} names no architecture"
    if model.batch is None:
        return f"{model_name} states no batch"
    if machine is None or (model.image_model and not is_modelled(machine)):
        return f"too little is known of {node.accelerator}"
    return "it fits at no scale"


def _machine(inputs: Inputs, name: str, node: Node) -> Machine | None:
    """The node as training feels it; None where its chip is not known well enough."""
    chip: Accelerator = inputs.profile("accelerators", node.accelerator)
    card: NetworkPart = inputs.profile("network", node.nic)
    if chip.generation is None or chip.cache is None or chip.processors is None:
        return None
    rated = read_profile("accelerators", chip.rated_as) if chip.rated_as else None
    return joined(chip, node, card, cast("Accelerator | None", rated), (node.accelerator, name))


def _mixtures(jobs: Sequence[tuple[int, int, Job, float]], rated: Sequence[float]) -> Steps:
    """Jobs of models whose layers are not all alike; few plans have one."""
    from planner.perf.training_step.mixed_scales import mixtures_side_by_side

    return mixtures_side_by_side(jobs, SCALES, rated)


def _image_model(inputs: Inputs, model: TrainedModel) -> ImageModel | None:
    """The image network of a model; None where it names none, or no batch."""
    if model.image_model is None or model.batch is None:
        return None
    found: ImageModel = inputs.profile("image_models", model.image_model)
    return found


def _bits(model: TrainedModel, machine: Machine) -> float:
    """Of linears; as `accelerator_peak`."""
    return 8.0 if model.precision == "fp8" and machine.peak_8 else 16.0


def _job(inputs: Inputs, model: TrainedModel, machine: Machine, software: Software) -> Job:
    shape = shape_of(inputs.profile("architectures", str(model.architecture)))
    bits = _bits(model, machine)
    return job_on(shape, machine, machine.domain, shape.seq, bits, software)


def _rated(inputs: Inputs, node: Node, machine: Machine | None) -> float:
    """Peak that predictions use over the one that the chip states."""
    stated = inputs.profile("accelerators", node.accelerator).bf16
    return machine.peak_16 / stated.value if machine and stated else 1.0


def _value(cell: Cell | None) -> float:
    return 0.0 if cell is None else cell.value


def _tokens(inputs: Inputs, model: TrainedModel) -> float:
    if model.architecture is None or model.batch is None:
        return 0.0
    shape = inputs.profile("architectures", model.architecture)
    return _value(model.batch) * _value(shape.sequence)


def _parameters(inputs: Inputs, model: TrainedModel) -> float:
    if model.architecture is None or model.batch is None:
        return 0.0
    return shape_of(inputs.profile("architectures", model.architecture)).active_parameters()


def _stored(inputs: Inputs, model: TrainedModel) -> float:
    if model.architecture is None:
        return 1.0
    shape = shape_of(inputs.profile("architectures", model.architecture))
    return shape.parameters() / shape.active_parameters()
