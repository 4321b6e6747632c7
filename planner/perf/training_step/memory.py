"""How much memory does an accelerator need for a layout, and how much is missing?

Inputs are the records of `configuration`, one entry a layout; `memory_terms` returns every part in bytes for the
fullest pipeline stage, `missing` what is not there. States of the parameters: 16-bit weights, 32-bit gradients and
the optimiser's 12 bytes, 18 bytes a parameter without sharding and 6 + 12/d with it (Megatron Core user guide,
"Distributed Optimizer"), 16 in ZeRO, which keeps its gradients in 16 bit (Rajbhandari et al., arXiv 1910.02054).
Activations: Korthikanti et al., arXiv 2205.05198, the bytes kept of each tensor of a block, 34 s b h + 5 a s^2 b
without parallelism; a fused attention kernel keeps none of the last. Pipelines: 1F1B and interleaved, whose first
stage keeps the most micro-batches. Done: dense blocks, plain and gated, mixtures of experts, grouped queries, all
sharding stages, hybrid shards, tensor, sequence, context, expert and pipeline parallelism, recomputation, LoRA, 8 and 4
bit, offload. Not done: activations in 8 bit between linears, chunked losses, layers of a mixture that lie unevenly over
stages, experts that get more tokens than others.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from planner.axes import Array
from planner.perf.training_step.configuration import Configuration, Software
from planner.perf.training_step.layer import key_value_width, layer_parameters

if TYPE_CHECKING:  # imported where there is one: few models are mixtures
    from planner.perf.training_step.mixture import Mixture

GIB = 2.0**30
# HBM is sold in GB and made in GiB: nvidia-smi shows 81,559 MiB on an H100 "80 GB", 143,771 on an H200 "141 GB".
BINARY = GIB / 1e9
WEIGHT = 2.0  # of a weight in 16 bit, or in 8 bit in both orientations [byte]
GRADIENT = 4.0  # of a gradient that sums micro-batches, in 32 bit [byte]
GRADIENT_SHARDED = 2.0  # of one that is scattered in 16 bit at once: ZeRO-2 and 3, FSDP [byte]
OPTIMISER = 12.0  # master weight and two moments of Adam in 32 bit [byte]
KEPT = 2.0  # of an activation in 16 bit [byte]
DROPPED = 1.0  # of an element of a dropout mask [byte]
SCORE = 5.0  # of a score of unfused attention: softmax, its dropout mask, what is left [byte]
STATISTIC = 4.0  # of a row of fused attention: its log-sum-exp in 32 bit [byte]
LOGIT = 6.0  # of a logit: the matmul's result and the 32-bit copy that becomes its gradient [byte]
LOGIT_FUSED = 4.0  # of one in a fused loss: the result and its gradient in 16 bit [byte]
FUSED_LOSS = 24.0  # traffic of a loss for each logit up to which it is a fused one [byte]
PREFETCHED = 2.0  # blocks of sharded weights that are gathered at a time: this one and the next
CONTEXT = 1.0 * GIB  # CUDA context, libraries and their workspaces; assumed [byte]
CHANNELS = 0.25 * GIB  # buffers of a communicator of NCCL, 2 x 4 MB on 32 channels; derived [byte]
FRAGMENTS = 0.04  # of what the caching allocator holds lies in gaps too small to use; assumed


@dataclass(frozen=True)
class Store:
    """Memory of an accelerator, and of the host that stands by it."""

    memory: Array  # of the accelerator [byte]
    host: Array  # of the host for each accelerator, 0 where nothing is offloaded [byte]
    host_link: Array  # between them in one direction: PCIe, or NVLink-C2C [byte/s]
    host_rate: Array  # of the host's memory, for each accelerator [byte/s]


@dataclass(frozen=True)
class Offload:
    """What is kept in the host's memory instead of the accelerator's; flags."""

    optimiser: Array
    activations: Array
    weights: Array


@dataclass(frozen=True)
class MemoryTerms:
    """Bytes on one accelerator of the fullest pipeline stage."""

    weights: Array
    gradients: Array
    optimiser: Array
    activations: Array  # kept from the forward to the backward pass
    working: Array  # of the block that is in its backward pass
    head: Array  # logits and the head's inputs
    gathered: Array  # sharded weights of the blocks at work, gradients on their way
    buffers: Array  # of collectives
    context: Array
    fragmentation: Array

    def total(self) -> Array:
        """Their sum [byte]."""
        total: Array = sum(getattr(self, field.name) for field in fields(self))
        return total


@dataclass(frozen=True)
class _Stage:
    """A pipeline stage: blocks, other parameters, micro-batches that it keeps, and whether it has the head."""

    blocks: Array
    vocabulary: Array  # matrices of vocabulary x hidden
    kept: Array
    head: Array


def tokens_of(c: Configuration) -> Array:
    """Tokens of a micro-batch on one accelerator."""
    return c.micro_batch * c.seq / c.cp


def spread(c: Configuration) -> Array:
    """Ranks over which sequence parallelism divides what tensor parallelism repeats."""
    return np.where(c.sequence_parallel > 0.0, c.tp, 1.0)


def core_activations(c: Configuration, era: Software) -> Array:
    """Bytes that the attention core keeps for one micro-batch beside its inputs and its output."""
    scores = SCORE * c.heads * c.seq
    kept = np.where(era.fused_attention > 0.0, STATISTIC * c.heads, scores)
    return tokens_of(c) * kept / c.tp


def block_activations(c: Configuration, era: Software) -> Array:
    """Bytes that one block keeps of a micro-batch without recomputation, the attention core's own apart.

    Of each token: inputs of two norms and of two linears, masks of dropout (stacks with unfused attention have it),
    queries, keys and values, the core's output, inputs and output of the MLP's activation. Linears keep their inputs
    in their own precision; frozen ones keep none, unless an adapter needs it.
    """
    linear = c.linear_bits / 8.0 * (1.0 - c.frozen * (1.0 - era.adapted))
    copy = np.where(c.linear_bits < 16.0, linear, 0.0)
    masks = np.where(era.fused_attention > 0.0, 0.0, 2.0 * DROPPED)
    # gathered inputs are kept by every rank unless the backward pass gathers them again
    inputs = np.where(c.gathers_again > 0.0, spread(c), 1.0)
    repeated = c.hidden * ((2.0 * KEPT + masks) / spread(c) + 2.0 * linear / inputs)
    projection = KEPT + copy
    divided = KEPT * (c.hidden + key_value_width(c)) + projection * c.hidden
    divided = divided + (KEPT * (1.0 + c.gated) + linear) * c.ffn
    total: Array = tokens_of(c) * (repeated + divided / c.tp)
    return total


def mixed_activations(c: Configuration, m: Mixture) -> Array:
    """Bytes that a mean block of a mixture keeps of a micro-batch, the attention core's own apart.

    Of each token: what norms, queries, keys, values and the core's output take in an attention layer, latent ones
    among them; inputs and outputs of its experts for each of its `active` copies, in expert layers, where the ranks of
    a tensor-parallel group share the tokens; projections and states' inputs in state-space layers.
    """
    linear = c.linear_bits / 8.0
    inputs = np.where(c.gathers_again > 0.0, spread(c), 1.0)
    norm = c.hidden * (KEPT / spread(c) + linear / inputs)
    latent = m.key_rank > 0.0
    keys = np.where(latent, c.heads, c.kv_heads) * (m.head_size + m.value_size)
    heads = c.heads * (m.head_size + m.value_size) + keys
    copy = np.where(c.linear_bits < 16.0, linear, 0.0) * c.heads * m.value_size
    attention = norm + KEPT * (m.query_rank + m.key_rank + m.rotary_size)
    attention = attention + (KEPT * heads + copy) / c.tp

    def mlp(width: Array, into: Array) -> Array:
        return into * linear + (KEPT * (1.0 + c.gated) + linear) * width

    dense = norm + mlp(c.ffn / c.tp, np.zeros(1))
    taken = m.active * m.kept / c.tp * (1.0 - m.recompute_experts)
    scores = STATISTIC * m.experts / spread(c)
    experts = (
        norm + scores + taken * mlp(m.expert_ffn, m.latent) + mlp(m.shared_ffn / c.tp, np.zeros(1))
    )
    mixed = 2.0 * m.inner + 2.0 * m.state_groups * m.state + m.state_heads
    space = norm + KEPT * (mixed + m.inner) / c.tp
    total: Array = (
        m.attention_layers * attention
        + m.dense_layers * dense
        + m.expert_layers * experts
        + m.state_space_layers * space
    )
    return tokens_of(c) * total / c.layers


def kept_activations(c: Configuration, era: Software, m: Mixture | None = None) -> Array:
    """Bytes that a block keeps of one micro-batch from its forward to its backward pass.

    Where a block is recomputed, its input.
    """
    core = core_activations(c, era) * (1.0 - c.recompute_core)
    whole = (block_activations(c, era) if m is None else mixed_activations(c, m)) + core
    start = KEPT * tokens_of(c) * c.hidden / spread(c)
    size: Array = c.recompute_block * start + (1.0 - c.recompute_block) * whole
    return size


def working_memory(c: Configuration, era: Software, m: Mixture | None = None) -> Array:
    """Bytes that come and go while one block is in its backward pass.

    What is recomputed, the gradients of the widest tensors, and the gathered input of a linear.
    """
    core = core_activations(c, era)
    start = KEPT * tokens_of(c) * c.hidden / spread(c)
    block = block_activations(c, era) if m is None else mixed_activations(c, m)
    again = np.where(c.recompute_block > 0.0, block + core - start, 0.0)
    again = np.maximum(again, core * c.recompute_core)
    scores = np.where(era.fused_attention > 0.0, 0.0, 2.0 * KEPT * c.heads * c.seq)
    width = c.ffn if m is None else np.maximum(c.ffn, m.active * m.expert_ffn)
    widest = np.maximum((2.0 + c.gated) * KEPT * width, scores)
    return again + tokens_of(c) * (2.0 * KEPT * c.hidden + widest / c.tp)


def micro_batches(c: Configuration) -> Array:
    """Micro-batches of a step."""
    return c.global_batch / (c.micro_batch * c.dp)


def in_flight(c: Configuration, stage: Array) -> Array:
    """Micro-batches that a pipeline stage, counted from 0, keeps at its fullest.

    1F1B: p - stage. Interleaved, in chunks of which a stage has v: 2 (p - 1 - stage) + (v - 1) p + 1.
    """
    plain = np.minimum(c.pp - stage, micro_batches(c))
    chunks = 2.0 * (c.pp - 1.0 - stage) + (c.vpp - 1.0) * c.pp + 1.0
    return np.where(c.vpp > 1.0, np.minimum(chunks, micro_batches(c) * c.vpp) / c.vpp, plain)


def _stages(c: Configuration) -> list[_Stage]:
    """The stages that may be the fullest: first, last, and second where embedding and head replace blocks."""
    swapped = (np.mod(c.layers, c.pp) > 0.0) & (np.mod(c.layers + 2.0, c.pp) == 0.0)
    most = np.where(swapped, (c.layers + 2.0) / c.pp, np.ceil(c.layers / c.pp - 1e-9))
    ends = most - np.where(swapped, 1.0, 0.0)
    alone = np.where(c.pp == 1.0, 1.0, 0.0)
    first = _Stage(ends, 1.0 + alone, in_flight(c, np.zeros_like(c.pp)), alone)
    last = _Stage(ends, np.ones_like(c.pp), in_flight(c, c.pp - 1.0), np.ones_like(c.pp))
    if not swapped.any():
        return [first, last]
    inner = most - np.where(swapped, 0.0, 1.0)  # never the fullest where stages are even
    none = np.zeros_like(c.pp)
    return [first, last, _Stage(inner, none, in_flight(c, np.minimum(1.0, c.pp - 1.0)), none)]


def gradients_leave(c: Configuration, offload: Offload) -> Array:
    """Flag: gradients go to the host as they appear, with the optimiser.

    They do where no replica waits for them on the accelerator: without replicas, and where they are scattered at once.
    """
    at_once = (c.zero_stage >= 2.0) | (c.dp * c.cp == 1.0)
    return np.where(at_once, offload.optimiser, 0.0)


def _states(c: Configuration, offload: Offload, replicas: Array, group: Array) -> tuple[Array, ...]:
    """Bytes of weights, gradients and optimiser for a parameter on a rank, of which `replicas` hold the same.

    `group`: ranks that share one copy of the weights, 1 where each has them all.
    """
    trained = 1.0 - c.frozen
    gradients = np.where(c.zero_stage >= 2.0, GRADIENT_SHARDED, GRADIENT) * trained
    gradients = gradients / np.where(c.zero_stage == 2.0, replicas, group)
    gradients = gradients * (1.0 - gradients_leave(c, offload))
    shards = np.where(c.zero_stage == 3.0, group, np.where(c.zero_stage >= 1.0, replicas, 1.0))
    optimiser = OPTIMISER * trained * (1.0 - offload.optimiser) / shards
    # frozen weights need no 16-bit original: they are kept once, in the precision of the linears
    weight = np.where(c.frozen > 0.0, c.linear_bits / 8.0, WEIGHT)
    return weight * (1.0 - offload.weights) / group, gradients, optimiser


def memory_terms(
    c: Configuration, era: Software, offload: Offload, m: Mixture | None = None
) -> MemoryTerms:
    """Bytes by cause on one accelerator, for the stage that needs most; of a mixture of experts where `m` says so."""
    block, routed = _held(c, m)
    vocabulary = c.vocab * c.hidden / c.tp
    kept = kept_activations(c, era, m) * (1.0 - offload.activations)
    inputs = 2.0 * KEPT * c.hidden / spread(c)
    logit = np.where(era.loss_bytes <= FUSED_LOSS, LOGIT_FUSED, LOGIT)
    logits = tokens_of(c) * (logit * c.vocab / c.tp + inputs)

    whole = np.where(c.zero_stage == 3.0, c.shard_group, 1.0)
    own = _states(c, offload, c.dp * c.cp, whole)
    states = own[0] + own[1] + own[2]
    apart, separate = own, 0.0 * routed
    if m is not None:
        from planner.perf.training_step.mixture import holders

        same = holders(c, m)
        apart = _states(c, offload, same, np.minimum(whole, same))
        separate = routed * (apart[0] + apart[1] + apart[2])

    stages = _stages(c)
    held = [stage.blocks * block + stage.vocabulary * vocabulary for stage in stages]
    alive = [stage.blocks * stage.kept * kept for stage in stages]
    heads = [stage.head * logits for stage in stages]
    sizes = [
        p * states + stage.blocks * separate + a + h
        for stage, p, a, h in zip(stages, held, alive, heads, strict=True)
    ]
    parameters, activations, head, size = held[0], alive[0], heads[0], sizes[0]
    blocks = stages[0].blocks
    for number in range(1, len(stages)):
        fuller = sizes[number] > size
        parameters = np.where(fuller, held[number], parameters)
        activations = np.where(fuller, alive[number], activations)
        head = np.where(fuller, heads[number], head)
        blocks = np.where(fuller, stages[number].blocks, blocks)
        size = np.where(fuller, sizes[number], size)

    streamed = np.where((whole > 1.0) | (offload.weights > 0.0), PREFETCHED, 0.0)
    scattered = np.where(whole > 1.0, GRADIENT_SHARDED * (1.0 - c.frozen), 0.0)
    leaving = PREFETCHED * GRADIENT_SHARDED * gradients_leave(c, offload)
    gathered = (block + routed) * (streamed * WEIGHT + scattered + leaving)
    working = working_memory(c, era, m)
    # two blocks' worth in flight to or from the host
    working = working + 2.0 * offload.activations * kept_activations(c, era, m)
    several = [np.where(degree > 1.0, 1.0, 0.0) for degree in (c.tp, c.pp, c.dp, c.cp)]
    groups: Array = several[0] + several[1] + several[2] + several[3]
    if m is not None:
        groups = groups + np.where(m.ep > 1.0, 1.0, 0.0)
    fragmentation = FRAGMENTS * (size + working + gathered)
    experts = blocks * routed
    return MemoryTerms(
        weights=parameters * own[0] + experts * apart[0],
        gradients=parameters * own[1] + experts * apart[1],
        optimiser=parameters * own[2] + experts * apart[2],
        activations=activations,
        working=working,
        head=head,
        gathered=gathered,
        buffers=CHANNELS * groups,
        context=CONTEXT * np.ones_like(size),
        fragmentation=fragmentation,
    )


def _held(c: Configuration, m: Mixture | None) -> tuple[Array, Array]:
    """Weights of a mean block on a rank: those that all replicas have, and those of its own experts [parameters]."""
    if m is None:
        return layer_parameters(c) / c.tp, np.zeros(1)
    from planner.perf.training_step.mixture import dense_weights, routed_weights

    own = routed_weights(c, m) / m.ep / m.expert_tp
    return dense_weights(c, m) / c.layers / c.tp, own / c.layers


def host_memory(
    c: Configuration, era: Software, offload: Offload, m: Mixture | None = None
) -> Array:
    """Bytes in the host's memory for each accelerator, of the fullest stage."""
    nothing = np.zeros_like(c.tp)
    on = memory_terms(c, era, Offload(nothing, nothing, nothing), m)
    return (
        offload.optimiser * on.optimiser
        + gradients_leave(c, offload) * on.gradients
        + offload.activations * on.activations
        + offload.weights * on.weights
    )


def missing(needed: Array, capacity: Array) -> Array:
    """Bytes by which a layout exceeds the memory, 0 where it fits."""
    return np.maximum(needed - capacity, 0.0)
