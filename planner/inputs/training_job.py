"""From a machine, a shape and an era of software to a job, whose layouts `planner.perf.training_step` knows."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from planner.inputs.training import Machine, system_of
from planner.perf.training_step.configuration import Software
from planner.perf.training_step.constants import FITTED, constants_of
from planner.perf.training_step.layouts import Experts, Job
from planner.perf.training_step.memory import BINARY, Store
from planner.perf.training_step.parameters import Shape

# Flags and numbers of kernels of `MixtureSoftware`.
EXPERT_LAYERS = {
    "dispatch_overlap": 0.0,
    "shared_overlap": 0.0,
    "gathered_map": 1.0,
    "fused_dispatch": 1.0,
    "rack_rate": 1.0,
    "fused_experts": 0.0,
    "stashed": 0.0,
    "mixer_kernels": 2.0,
    "layer_kernels": 52.0,
    "expert_kernels": 2.0,
    "synchronous": 1.0,
    "expert_rate": 1.0,
}


def job_on(
    shape: Shape,
    machine: Machine,
    gpus: float,
    seq: float,
    bits: float,
    software: Software,
) -> Job:
    """A job on so many accelerators of a machine."""
    one = np.ones(1)
    host = machine.host_memory if machine.host_rate > 0.0 else 0.0
    return Job(
        architecture=shape,
        system=system_of([machine], bits, gpus),
        software=software,
        constants=constants_of(FITTED, [machine.generation], bits * one, software.native_attention),
        store=Store(
            memory=machine.memory * BINARY * one,
            host=host * one,
            host_link=max(machine.host_rate, 1.0) * one,
            host_rate=max(machine.host_memory_rate, 1.0) * one,
        ),
        seq=seq,
        linear_bits=bits,
        experts=None if alike(shape) else experts_of(shape, seq),
    )


def alike(shape: Shape) -> bool:
    """Whether a model is a stack of like blocks with heads as wide as the hidden size over their number."""
    others = shape.expert_layers + shape.state_space_layers + shape.windowed_layers
    return not others and shape.head_size * shape.heads == shape.hidden and not shape.key_rank


def experts_of(shape: Shape, seq: float) -> Experts:
    """What a shape has beyond a dense transformer, with expert layers as Megatron-Core runs them in 2025.

    Kernels that the host launches are counted from the guide "Optimizing DeepSeek-V3 training performance on NVIDIA
    GB200 NVL72" (Megatron-LM, docs/discussions): dispatch with its own permutation, graphs of attention and router.
    """
    from planner.perf.training_step.mixture import Mixture, MixtureSoftware

    one = np.ones(1)
    names = {f.name for f in fields(Shape)} & {f.name for f in fields(Mixture)}
    sizes = {name: float(getattr(shape, name)) for name in names}
    more = {"attended": shape.attended(seq), "ep": 1.0, "expert_tp": 1.0, "kept": 1.0}
    # a model without expert layers has none of these kernels; sizes of 1 keep their times finite
    more |= {name: max(sizes[name], 1.0) for name in ("experts", "active", "expert_ffn")}
    more["latent"] = shape.latent or shape.hidden
    values = {f.name: 0.0 for f in fields(Mixture)} | sizes | more
    return Experts(
        Mixture(**{name: value * one for name, value in values.items()}),
        MixtureSoftware(**{f.name: EXPERT_LAYERS[f.name] * one for f in fields(MixtureSoftware)}),
    )
