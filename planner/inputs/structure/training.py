"""What each workload's training job looks like on each kind of hardware: the layouts, chosen once at the medians."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from planner.axes import HARDWARE, SCALE, WORKLOAD
from planner.catalogue import Calendar
from planner.inputs.load import Inputs
from planner.inputs.naming import accelerators
from planner.inputs.numbers import Cell
from planner.inputs.profiles import Accelerator, Node
from planner.inputs.profiles.hardware import NetworkPart
from planner.inputs.profiles.vehicles import TrainedModel
from planner.inputs.structure.entries import Fixed, Given, Names
from planner.inputs.training import Machine, joined, shape_of, software_of
from planner.inputs.training_job import alike, job_on
from planner.perf.training_step.layouts import Job
from planner.perf.training_step.scales import SCALES, jobs_side_by_side


def jobs(inputs: Inputs, labels: Names, calendar: Calendar) -> Iterator[Fixed | Given]:
    """For each workload and kind of node the best layout at every scale; none where either is not known well enough."""
    workloads = inputs.scenario.workloads
    models = [inputs.profile("models", each.model) for each in workloads.values()]
    nodes = [inputs.profile("nodes", name) for name in labels[HARDWARE]]
    machines = [
        _machine(inputs, name, node) for name, node in zip(labels[HARDWARE], nodes, strict=True)
    ]
    found = [
        (w, h, _job(inputs, model, machine), _value(model.batch))
        for w, model in enumerate(models)
        for h, machine in enumerate(machines)
        if machine and _is_known(inputs, model)
    ]
    shape = (len(models), len(nodes), len(SCALES))
    together = jobs_side_by_side(
        found,
        shape,
        SCALES,
        [_rated(inputs, node, machine) for node, machine in zip(nodes, machines, strict=True)],
    )
    predicted = together.predicted()
    yield Given(
        "training_jobs",
        "the layouts of training jobs at each scale, chosen at the medians",
        together,
    )
    yield Fixed(
        "training_is_predicted",
        (WORKLOAD, HARDWARE),
        "1 where the step is computed: a known architecture that fits a known chip at some scale",
        predicted.max(axis=2),
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
        "scale_gpus",
        (SCALE,),
        "accelerators of a job at each scale that is looked at",
        np.array(SCALES, dtype=np.float64),
        (),
    )


def _machine(inputs: Inputs, name: str, node: Node) -> Machine | None:
    """The node as training feels it; None where its chip is not known well enough."""
    chip: Accelerator = inputs.profile("accelerators", node.accelerator)
    card: NetworkPart = inputs.profile("network", node.nic)
    if chip.generation is None or chip.cache is None or chip.processors is None:
        return None
    rated = accelerators()[chip.rated_as] if chip.rated_as else None
    return joined(chip, node, card, rated, (node.accelerator, name))


def _is_known(inputs: Inputs, model: TrainedModel) -> bool:
    """Whether the model's job can be laid out: it has a batch, and an architecture whose blocks are all alike."""
    if model.architecture is None or model.batch is None:
        return False
    return alike(shape_of(inputs.profile("architectures", model.architecture)))


def _job(inputs: Inputs, model: TrainedModel, machine: Machine) -> Job:
    shape = shape_of(inputs.profile("architectures", str(model.architecture)))
    software = software_of([inputs.profile("software", inputs.scenario.training.software)])
    bits = 8.0 if model.precision == "fp8" and machine.peak_8 else 16.0  # as `accelerator_peak`
    return job_on(shape, machine, machine.domain, shape.seq, bits, software)


def _rated(inputs: Inputs, node: Node, machine: Machine | None) -> float:
    """Peak that predictions use over the one that the chip states."""
    stated = inputs.profile("accelerators", node.accelerator).bf16
    return machine.peak_16 / stated.value if machine and stated else 1.0


def _value(cell: Cell | None) -> float:
    return 0.0 if cell is None else cell.value


def _tokens(inputs: Inputs, model: TrainedModel) -> float:
    if model.architecture is None or not _is_known(inputs, model):
        return 0.0
    shape = inputs.profile("architectures", model.architecture)
    return _value(model.batch) * _value(shape.sequence)


def _parameters(inputs: Inputs, model: TrainedModel) -> float:
    if model.architecture is None or not _is_known(inputs, model):
        return 0.0
    return shape_of(inputs.profile("architectures", model.architecture)).active_parameters()
