"""From names to a job: model, hardware and software of a training run, or of a file's search task.

Hardware is a node, a system or an accelerator of the profiles; software an era, by default the one of its year. What
is not stated is assumed, and said in words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from planner import resources
from planner.axes import Array
from planner.errors import PlannerError, suggestion
from planner.inputs import training
from planner.inputs.load import read_profile
from planner.inputs.naming import accelerator_named
from planner.inputs.profiles import Accelerator, ComputeSystem, Node
from planner.inputs.training_job import job_on
from planner.perf.training_step.configuration import System
from planner.perf.training_step.constants import FITTED, constants_of
from planner.perf.training_step.layouts import Job
from planner.perf.training_step.memory import Store
from planner.study.layouts.task import Search

BITS = {"fp16": 16, "bf16": 16, "fp8": 8, "nvfp4": 4}
TOKENS = 2**22  # of a step where no batch is stated: as Llama 3 began; assumed
# Of a host's memory for each of eight accelerators: two sockets of eight channels of DDR4-3200; assumed [byte/s].
HOST_RATE = 50e9
SOFTWARE = "nvidia_2024"
# Generations before Ampere, without brain float, and what was usual on them.
OLDER = {"volta": "megatron_2022", "pascal": "megatron_2022", "turing": "megatron_2022"}
TASK_SOFTWARE = "megatron_2022"  # unfused attention, nothing overlaps: what such files hold fixed


@dataclass(frozen=True)
class Wanted:
    """A training job as it was asked for, and what was not said."""

    model: str
    hardware: str
    gpus: int
    batch: int
    precision: str
    software: str
    job: Job
    assumed: tuple[str, ...]


def wanted(
    model: str,
    hardware: str,
    gpus: int,
    batch: int | None = None,
    seq: int | None = None,
    precision: str | None = None,
    software: str | None = None,
    overlays: Sequence[Path] = (),
    host_memory: float | None = None,
) -> Wanted:
    """The job that the options of a command describe.

    `overlays` are folders of the user's own profiles, `host_memory` what a host has for each accelerator [GB].
    """
    assumed = []
    shape = training.architecture(model, tuple(overlays))
    machine = machine_of(hardware, overlays)
    if host_memory is not None:
        rate = machine.host_memory_rate or HOST_RATE
        machine = replace(machine, host_memory=1e9 * host_memory, host_memory_rate=rate)
        assumed.append(f"memory of the host at {rate / 1e9:.0f} GB/s a GPU")
    if seq is None:
        seq = int(shape.seq)
        assumed.append(f"sequences of {seq:,} tokens")
    if batch is None:
        batch = gpus * -(-TOKENS // (seq * gpus))
        size = batch * seq / 1e6
        tokens = f"{size:,.0f}" if size >= 100 else f"{size:.3g}"
        assumed.append(f"batch of {batch:,} sequences, {tokens} million tokens")
    precision = precision_on(machine, precision, assumed)
    reached(hardware, machine, gpus)
    software = software_on(machine, software, assumed)
    job = job_on(
        shape, machine, gpus, seq, BITS[precision], training.software([software], overlays)
    )
    if shape.expert_layers:
        assumed.append("experts get as many tokens each; HybridEP, graphs of part of a layer")
    return Wanted(model, hardware, gpus, batch, precision, software, job, tuple(assumed))


def precision_on(machine: training.Machine, precision: str | None, assumed: list[str]) -> str:
    """The precision of the linears, by default the usual 16-bit one. Raises PlannerError where the chip lacks it."""
    if precision is None:
        precision = "fp16" if machine.generation in OLDER else "bf16"
        assumed.append(f"linears in {precision}")
    if precision not in BITS:
        raise PlannerError(f"precision {precision}: {suggestion(precision, BITS)}")
    peaks = {16: machine.peak_16, 8: machine.peak_8, 4: machine.peak_4}
    lacking = "bf16" if machine.generation in OLDER else ""
    known = [name for name, bits in BITS.items() if peaks[bits] and name != lacking]
    if precision not in known:
        valid = ", ".join(known)
        raise PlannerError(
            f"precision {precision}: {machine.accelerator} has no such peak; valid: {valid}"
        )
    return precision


def reached(hardware: str, machine: training.Machine, gpus: int) -> None:
    """Raises PlannerError where no network joins so many accelerators."""
    if gpus > machine.domain and not machine.nic:
        raise PlannerError(
            f"{hardware}: its profile states no network beyond {machine.domain:,.0f} accelerators"
        )


def software_on(machine: training.Machine, software: str | None, assumed: list[str]) -> str:
    """The era of software, by default the usual one of the accelerator's generation."""
    if software is None:
        software = OLDER.get(machine.generation, SOFTWARE)
        assumed.append(f"software {software}")
    return software


def machine_of(hardware: str, overlays: Sequence[Path] = ()) -> training.Machine:
    """The machine that a name means: a node, a system, or an accelerator in its usual one."""
    nodes, systems = resources.profiles("nodes", overlays), resources.profiles("systems", overlays)
    chips = resources.profiles("accelerators", overlays)
    for folder, known in (("nodes", nodes), ("systems", systems)):
        if hardware in known:
            place = read_profile(folder, hardware, overlays)
            assert isinstance(place, Node | ComputeSystem)
            return training.machine(place.accelerator, hardware, overlays=overlays)
    if hardware in chips:
        return training.machine(hardware, overlays=overlays)
    raise PlannerError(
        f"hardware {hardware}: no profile in nodes/, systems/ or accelerators/; "
        f"{suggestion(hardware, {*nodes, *systems, *chips})}"
    )


def job_of_task(search: Search) -> tuple[Job, tuple[str, ...]]:
    """The job of a file's search: its own system, and what else the predictor needs from the accelerator's profile."""
    given = search.system
    chip, assumed = _chip(given.name)
    one = np.ones(1)
    era = training.software([TASK_SOFTWARE])
    era = replace(era, tp_overlap=search.tp_overlap * one, dp_overlap=search.dp_overlap * one)

    def cell(name: str) -> Array:
        value = getattr(chip, name)
        return (0.0 if value is None else float(value.value)) * one

    inner, outer = given.tiers
    system = System(
        peak_16=given.peak * one,
        peak_linear=given.peak * one,
        memory_rate=given.memory_rate * one,
        cache=cell("cache"),
        nvlink=inner.rate * one,
        nic=outer.rate * one,
        processors=cell("processors"),
        power=one,
        domain=inner.size * one,
        gpus=search.gpus * one,
        in_network=float(outer.reduces) * one,
    )
    job = Job(
        architecture=search.architecture,
        system=system,
        software=era,
        constants=constants_of(
            FITTED, [str(chip.generation)], search.bits * one, era.native_attention
        ),
        store=Store(given.memory * one, 0.0 * one, one, one),
        seq=search.seq,
        linear_bits=search.bits,
    )
    words = (*search.assumed, *assumed, f"software {TASK_SOFTWARE}")
    return job, words


def _chip(name: str) -> tuple[Accelerator, tuple[str, ...]]:
    """The accelerator that a system's name means; its profile alone is read where the name is plain."""
    spelt = re.sub(r"[^a-z0-9]+", " ", name.lower())
    files = resources.profiles("accelerators")

    def stands(word: str) -> bool:
        return re.search(rf"\b{re.escape(word)}(gb?|\b)", spelt) is not None

    plain = [each for each in files if all(map(stands, each.split("_")))]
    if plain:
        found, said = max(plain, key=lambda each: len(each.split("_"))), ""
    else:
        meant = accelerator_named(name)
        found, said = meant.name, meant.assumed
    chip = read_profile("accelerators", found)
    assert isinstance(chip, Accelerator)
    words = f"processors, cache and constants of {found}" + (f" ({said})" if said else "")
    return chip, (words,)
