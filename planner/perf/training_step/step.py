"""The step of a dense transformer as a sum of named parts.

`step_terms` assembles layer, head, pipeline, data-parallel and host terms; `step_time` adds them up. Every part is in
seconds of wall time on the critical path, so that they sum to the step exactly. For dense decoders; models whose
layers are not all alike have `mixed_step`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from planner.axes import Array
from planner.perf.training_step.configuration import Configuration, Software, System
from planner.perf.training_step.constants import Constants
from planner.perf.training_step.data_parallel import gather_time, optimiser_time, reduction_time
from planner.perf.training_step.head import head_time
from planner.perf.training_step.layer import LayerTerms, layer_terms
from planner.perf.training_step.matmul import sustained
from planner.perf.training_step.pipeline import bubble, send_time, slowest_stage

# Host time of a step outside all micro-batches: some 500 launches of 10 us (norm for clipping, scaler, learning rate,
# optimiser by groups of tensors, logging); assumed [s].
STEP_FIXED = 5e-3
# Relative loss of speed for each doubling of the domains that wait for each other. The largest of n normal numbers
# grows by 0.3 standard deviations for each doubling of n, and steps of domains differ by some 3 %; assumed.
SCALE_LOSS = 0.01


@dataclass(frozen=True)
class StepTerms:
    """Seconds of one optimiser step by cause."""

    qkv: Array
    attention_core: Array
    projection: Array
    mlp: Array
    elementwise: Array
    precision_casts: Array
    tensor_parallel: Array
    context_parallel: Array
    weight_gathers: Array
    adapters: Array
    kernel_gaps: Array
    host_launches: Array
    head: Array
    uneven_stages: Array
    pipeline_bubble: Array
    pipeline_sends: Array
    gradient_reduction: Array
    optimiser: Array
    fixed: Array
    scale: Array  # jitter and contention, growing with the NVLink domains that replicas span


@dataclass(frozen=True)
class MixedStepTerms(StepTerms):
    """The same of a model whose layers are not all alike, with its further kinds of work (`mixed_step`)."""

    router: Array
    permutation: Array
    dispatch: Array  # all-to-alls to experts and back, as far as nothing hides them
    experts: Array  # matmuls and activation of the routed experts
    shared_experts: Array  # with the projections into and out of the experts' width
    state_space: Array  # linears and scan of Mamba layers


TERMS = tuple(field.name for field in fields(StepTerms))
MIXED_TERMS = tuple(field.name for field in fields(MixedStepTerms))


def stage_work(
    c: Configuration, s: System, era: Software, k: Constants
) -> tuple[LayerTerms, Array]:
    """One block and the head, for one micro-batch [s]: neither depends on the degrees of `pp`, `vpp` and `dp`."""
    rate_16 = s.peak_16 * era.kernel_rate * sustained(k.matmul_16, s, k.power_exponent)
    return layer_terms(c, s, era, k, rate_16), head_time(c, s, era, rate_16)


def step_terms(c: Configuration, s: System, era: Software, k: Constants) -> StepTerms:
    """The parts of one optimiser step [s]."""
    return assembled(c, s, era, k, *stage_work(c, s, era, k))


def assembled(
    c: Configuration, s: System, era: Software, k: Constants, layer: LayerTerms, head: Array
) -> StepTerms:
    """The same from the seconds of a block and of the head, which many configurations share."""
    kernels = layer.total()
    gathers = gather_time(c, s, kernels, era, k)
    block = kernels + gathers
    outside = era.micro_batch_host * era.host_share * k.host_layer
    tail = head + outside

    micro_batches = c.global_batch / (c.micro_batch * c.dp)
    mean = (c.layers * block + tail) / c.pp
    slowest = slowest_stage(c, block, tail)
    passes = micro_batches * c.layers / c.pp
    sends = np.where(c.pp > 1.0, send_time(c, s, era.scattered_sends), 0.0)
    blocked = 2.0 * c.vpp * micro_batches * era.blocking_sends + 2.0 * (c.pp - 1.0)
    result = StepTerms(
        qkv=passes * layer.qkv,
        attention_core=passes * layer.core,
        projection=passes * layer.projection,
        mlp=passes * layer.mlp,
        elementwise=passes * layer.elementwise,
        precision_casts=passes * layer.casts,
        tensor_parallel=passes * layer.tensor_parallel,
        context_parallel=passes * layer.context_parallel,
        adapters=passes * layer.adapters,
        weight_gathers=passes * gathers,
        kernel_gaps=passes * layer.gaps,
        host_launches=passes * layer.host + micro_batches * outside / c.pp,
        head=micro_batches * head / c.pp,
        uneven_stages=micro_batches * (slowest - mean),
        pipeline_bubble=bubble(c, mean, slowest),
        pipeline_sends=sends * blocked,
        gradient_reduction=reduction_time(c, s, era, k, c.layers / c.pp * block),
        optimiser=optimiser_time(c, s, era),
        fixed=STEP_FIXED * np.ones_like(kernels),
        scale=np.zeros_like(kernels),
    )
    domains = np.maximum(c.tp * c.cp * c.dp / s.domain, 1.0)
    scale = step_time(result) * SCALE_LOSS * np.log2(domains)
    return StepTerms(**{**result.__dict__, "scale": scale})


def step_time(terms: StepTerms) -> Array:
    """Seconds of the step: the sum of its parts."""
    total: Array = sum(getattr(terms, field.name) for field in fields(terms))
    return total
