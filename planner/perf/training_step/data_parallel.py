"""What do gradient reduction, sharded weights and the optimiser add to a step?

Gradients: ring all-reduce, or reduce-scatter and all-gather of new weights where the optimiser is sharded
(Rajbhandari et al., "ZeRO", arXiv 1910.02054). Sharded weights (ZeRO-3, FSDP; Zhao et al., arXiv 2304.11277):
gathered for the forward and the backward pass and their gradients scattered, every micro-batch again. Optimiser:
memory traffic. Done: one shard group per replica set (hybrid sharding is an all-reduce over groups). Offload is in
`offload`. Not done: what the allocator loses once memory is nearly full (13 billion parameters on 8 x 40 GB run 14 to
19 % slower than this), which how full it is does not tell: as full, others lose nothing.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array
from planner.perf.training_step.collectives import (
    all_gather,
    all_reduce,
    arrival,
    reduce_scatter,
)
from planner.perf.training_step.configuration import Configuration, Software, System
from planner.perf.training_step.constants import Constants
from planner.perf.training_step.layer import layer_parameters
from planner.perf.training_step.matmul import STREAM

# Parameters whose gradients travel together where that overlaps with kernels: at least so many, and so many for each
# replica, lest latency bind (Megatron-LM, DistributedDataParallelConfig.bucket_size).
BUCKET, BUCKET_OF_REPLICA = 40e6, 1e6
LAUNCH = 5e-6  # of one small copy by a loop of PyTorch's C++ (ProcessGroupNCCL); assumed [s]
LIST_COPIES = 4.0  # reads and writes of a tensor that is gathered as a list: out of the buffer, then into one tensor
WEIGHT_BYTES = 2.0  # of a gathered or scattered weight [byte]


def parameters_held(c: Configuration) -> Array:
    """Weights of the fullest stage on one tensor-parallel rank [parameters]."""
    return (layer_parameters(c) * c.layers / c.pp + c.vocab * c.hidden) / c.tp


def gather_time(c: Configuration, s: System, layer: Array, era: Software, k: Constants) -> Array:
    """Seconds that sharded weights add to one block and micro-batch whose kernels take `layer` seconds.

    Transfers hide behind the kernels, slow them in proportion to the smaller of the two, and show where they are
    longer. Frozen weights are gathered but have no gradients to scatter. An all-gather into a list of parts copies
    every member's part out of the transport's buffer by a kernel of its own, so that its time grows with the group, and
    the parts are copied again to become one tensor; stacks that gather so drop a block's weights after each pass
    through it, the repeated one too (DeepSpeed, stage3.py, hooks of sub-modules).
    """
    transfers = 3.0 - c.frozen + np.where(era.gather_lists > 0.0, c.recompute_block, 0.0)
    size = WEIGHT_BYTES * layer_parameters(c) / c.tp
    calls = np.maximum(era.gather_lists, 1.0)
    gather = all_gather(size / calls, c.shard_group, c.data_stride, s)
    gather = gather + arrival(c.shard_group, s)
    lists = np.where(era.gather_lists > 0.0, LIST_COPIES * size / (STREAM * s.memory_rate), 0.0)
    copies = era.gather_lists * c.shard_group * LAUNCH + lists
    transfer = transfers * (calls * gather + copies)
    contention = np.where(era.zero_overlap > 0.0, k.zero_contention_tuned, k.zero_contention)
    added = np.maximum(transfer - layer, 0.0) + contention * np.minimum(layer, transfer)
    return np.where((c.zero_stage == 3.0) & (c.shard_group > 1.0), added, 0.0)


def reduction_time(c: Configuration, s: System, era: Software, k: Constants, stage: Array) -> Array:
    """Seconds that the reduction of gradients over replicas adds to a step.

    Gradients are complete only in the backward pass of the last micro-batch, and new weights are wanted in the forward
    pass of the first. Transfers therefore hide behind the kernels of one micro-batch, `stage` seconds on a pipeline
    stage, slow these in proportion, and show where they are longer.
    """
    replicas = c.dp * c.cp
    sharded = c.zero_stage == 3.0
    groups = np.where(sharded, np.maximum(replicas / c.shard_group, 1.0), replicas)
    held = parameters_held(c) / np.where(sharded, c.shard_group, 1.0)
    inner = c.data_stride * np.where(sharded, c.shard_group, 1.0)
    return behind(exchange_time(c, s, era, k, held, groups, inner), stage, c, era, k)


def exchange_time(
    c: Configuration, s: System, era: Software, k: Constants, held: Array, groups: Array, inner: Array
) -> Array:  # fmt: skip
    """Seconds that the gradients of `held` parameters take among `groups` members, `inner` accelerators apart."""
    size = held * np.where(
        c.zero_stage >= 1.0, (era.gradient_bytes + WEIGHT_BYTES) / 2.0, era.gradient_bytes
    )
    largest = np.maximum(BUCKET, BUCKET_OF_REPLICA * groups)
    buckets = np.where(era.dp_overlap > 0.0, np.maximum(np.ceil(held / largest), 1.0), 1.0)
    part = size / buckets
    wait = arrival(groups, s)
    return np.where(
        c.zero_stage >= 1.0,
        2.0 * (buckets * reduce_scatter(part, groups, inner, s) + wait),
        buckets * all_reduce(part, groups, inner, s) + wait,
    )


def behind(time: Array, stage: Array, c: Configuration, era: Software, k: Constants) -> Array:
    """Seconds that `time` of gradient transfers adds where one micro-batch's `stage` seconds can hide a part."""
    hidden = np.minimum(time, k.dp_overlap * era.dp_overlap * stage)
    return (time - (1.0 - k.zero_contention_tuned) * hidden) * (1.0 - c.frozen)


def optimiser_time(c: Configuration, s: System, era: Software) -> Array:
    """Seconds of the optimiser's memory traffic, once a step."""
    shards = np.where(c.zero_stage >= 1.0, c.dp * c.cp, 1.0)
    held = parameters_held(c) / shards
    return held * era.optimiser_bytes / (STREAM * s.memory_rate) * (1.0 - c.frozen)
