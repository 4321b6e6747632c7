"""What does one transformer block cost for a micro-batch: kernels by name, transfers, and the floor of the host?

Matmuls by shape (`matmul`); attention either fused (half of the causal square, scores stay on chip; Dao et al.,
"FlashAttention", arXiv 2205.14135: backward 2.5 x forward) or unfused (full square, scores written and read: about 13
bytes an element forward and 17 backward with fused softmax and dropout, by counting kernels of Megatron-LM); memory
traffic of norms, residuals, activations (Korthikanti et al., arXiv 2205.05198, table of activations); two all-reduces
a pass (Shoeybi et al., arXiv 1909.08053). A pass never takes less than the host needs to launch it. Low precision
speeds up the linears alone. Done: the above with sequence parallelism, context parallelism, recomputation, frozen
weights with adapters; experts and sliding windows are in `mixed_step`. Not done: cross attention, the adapters' own
small matmuls, attention in 8 bit, what a ring over chunks costs the fused kernel (cp = 2 is 3 % too fast, cp = 8 as
much too slow).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from planner.axes import Array
from planner.perf.training_step.collectives import all_gather, all_reduce, arrival
from planner.perf.training_step.configuration import Configuration, Software, System
from planner.perf.training_step.constants import Constants
from planner.perf.training_step.matmul import STREAM, matmul_time, sustained

CORE_BACKWARD_FUSED = 2.5  # five matmuls against two: the scores are computed again
CORE_BACKWARD = 2.0  # four matmuls against two
SCORE_BYTES = 13.0  # of one score forward: written, softmax, dropout and its mask, read [byte]
SCORE_BYTES_BACKWARD = 17.0
# The same where mask, softmax and dropout are kernels of their own.
SCORE_BYTES_EAGER, SCORE_BYTES_EAGER_BACKWARD = 21.0, 21.0
# Speed of the unfused core's batched matmuls where the width of a head is no multiple of 8: a hidden size of 13,824
# over 128 heads took 147.4 s where 96 heads took 107.1 s, the same layout otherwise (chronicles of BLOOM's prequel).
MISALIGNED_HEADS = 0.07
RAMP = 512.0  # sequence at which a causal fused kernel has half its speed (Dao, arXiv 2307.08691; 2407.08608)
MERGE_BYTES = 12.0  # a 32-bit partial result and its sum, for one element of the output [byte]
ELEMENTWISE_BACKWARD = 1.7  # traffic of the backward element-wise kernels over the forward ones
ACCUMULATE_BYTES = 8.0  # 32-bit gradient read and written for each parameter and micro-batch [byte]
CAST_BYTES = (
    4.0  # 16 bit read, low precision and its transpose written, for an input of a linear [byte]
)
KERNELS = (30.0, 18.0)  # of a block's forward pass, eager and fused; assumed
KERNEL_GAP = 2e-6  # from the last wave of a kernel to the first of the next; assumed [s]
SOFTNESS = 5.0  # exponent of the soft maximum of kernels and launches; assumed
# Of a layer's launches before the collective after attention: 16 of 23 in Megatron-LM.
ATTENTION_LAUNCHES = 0.7
# Growth of the host's time by tensor-parallel collectives: two a pass, each with two events, two waits between streams
# and a record of the work beside its launch, to some 80 launches of a layer and pass; assumed.
HOST_SYNC = 0.12
BACKWARD_HOST = 2.0  # launches of the backward pass over the forward one
EARLY_STOP = 2.0 / 3.0  # of a block's forward is repeated if recomputation stops early


class Product(NamedTuple):
    """A matrix product of `rows` x `inner` by `inner` x `columns`, in the forward pass of an accelerator."""

    rows: Array  # of all groups together
    columns: Array
    inner: Array
    width: Array  # of an operand [byte]
    groups: Array | float = (
        1.0  # products side by side that share the rows, each with its own right operand
    )


@dataclass(frozen=True)
class Part:
    """Seconds of one kind of work in a block: forward, backward, and the share of forward that is repeated."""

    forward: Array
    backward: Array
    repeated: Array
    product: Product | None = None  # what the forward seconds are of, where it is a matrix product

    @property
    def again(self) -> Array:
        """Repeated forward [s]."""
        return self.forward * self.repeated

    def total(self) -> Array:
        """Forward, repeated forward and backward [s]."""
        return self.forward + self.again + self.backward


def together(first: Part, *others: Part) -> Part:
    """Parts that follow each other and are repeated alike."""
    forward, backward = first.forward, first.backward
    for part in others:
        forward, backward = forward + part.forward, backward + part.backward
    return Part(forward, backward, first.repeated)


@dataclass(frozen=True)
class LayerTerms:
    """Seconds of one block and micro-batch, forward, backward and repeated forward together."""

    qkv: Array
    core: Array
    projection: Array
    mlp: Array
    elementwise: Array
    casts: Array
    tensor_parallel: Array
    context_parallel: Array
    adapters: Array
    gaps: Array  # between kernels, however they are launched
    host: Array  # what the launches take beyond the kernels

    def total(self) -> Array:
        """Their sum [s]."""
        return (
            self.qkv
            + self.core
            + self.projection
            + self.mlp
            + self.elementwise
            + self.casts
            + self.tensor_parallel
            + self.context_parallel
            + self.adapters
            + self.gaps
            + self.host
        )


def head_width(c: Configuration, era: Software) -> Array:
    """Width of a head as the fused kernel computes it [elements]: a power of two or a multiple of 32."""
    width = c.hidden / c.heads
    power = np.exp2(np.ceil(np.log2(width) - 1e-9))
    return np.where(era.pow2_heads > 0.0, power, 32.0 * np.ceil(width / 32.0 - 1e-9))


def missed(size: Array, s: System) -> Array:
    """Share of a tensor of `size` bytes that the next kernel does not find in the cache."""
    return size / (size + s.cache)


def waiting(kernels: Array, launches: Array) -> Array:
    """Seconds by which a pass exceeds its kernels because the host launches them one by one.

    The larger of the two times if the host could always run ahead; since each has phases of its own, a soft maximum.
    """
    larger = (kernels**SOFTNESS + launches**SOFTNESS) ** (1.0 / SOFTNESS)
    return np.maximum(larger - kernels, 0.0)


def host_gap(
    attention: Array,
    mlp: Array,
    launch: Array,
    blocked: npt.NDArray[np.bool_],
    serial: npt.NDArray[np.bool_],
    k: Constants,
) -> Array:
    """Seconds by which a pass over a block exceeds its kernels because of `launch` seconds on the host.

    The host runs ahead over the whole block; a blocking collective (`blocked`) ends that, so that each half of the
    block takes the larger of its own kernels and launches. Where every launch waits for its kernel (`serial`, as
    under a tracing profiler or CUDA_LAUNCH_BLOCKING), each kernel takes the larger of its time and its launch: the
    small ones always their launch.
    """
    whole = waiting(attention + mlp, launch)
    halves = waiting(attention, ATTENTION_LAUNCHES * launch)
    halves = halves + waiting(mlp, (1.0 - ATTENTION_LAUNCHES) * launch)
    small = np.where(blocked, k.small_blocked, k.small_kernels)
    alone = np.maximum(small * launch, launch - attention - mlp)
    return np.where(serial, alone, np.where(blocked, halves, whole))


def core_part(c: Configuration, s: System, era: Software, k: Constants, rate_16: Array) -> Part:
    """The attention core: scores, softmax, weighted sum."""
    tokens = c.micro_batch * c.seq / c.cp
    flops = 4.0 * tokens * c.seq * c.hidden / c.tp
    padded = head_width(c, era) * c.heads / c.hidden
    rate = s.peak_16 * era.attention_rate * era.kernel_rate
    rate = rate * sustained(k.attention, s, k.power_exponent)
    fused = 0.5 * flops * (1.0 + RAMP / c.seq) * padded / rate
    scores = tokens * c.seq * c.heads / c.tp / (STREAM * s.memory_rate)
    scores = scores * missed(2.0 * tokens * c.seq * c.heads / c.tp, s)
    width = c.hidden / c.heads
    # batched matmuls of the unfused core: inner dimension is the width of a head, at least once
    aligned = np.where(np.mod(width, 8.0) == 0.0, 1.0, MISALIGNED_HEADS)
    unfused = flops / (rate_16 * aligned * width / (width + 64.0))
    eager = np.clip(-era.fused_elementwise, 0.0, 1.0)
    read = SCORE_BYTES + eager * (SCORE_BYTES_EAGER - SCORE_BYTES)
    more = SCORE_BYTES_EAGER_BACKWARD - SCORE_BYTES_BACKWARD
    read_backward = SCORE_BYTES_BACKWARD + eager * more
    forward = np.where(era.fused_attention > 0.0, fused, unfused + read * scores)
    backward = np.where(
        era.fused_attention > 0.0,
        CORE_BACKWARD_FUSED * fused,
        CORE_BACKWARD * unfused + read_backward * scores,
    )
    return Part(forward, backward, np.maximum(c.recompute_block, c.recompute_core))


def key_value_width(c: Configuration) -> Array:
    """Width of keys and values together [elements]."""
    return 2.0 * c.hidden * c.kv_heads / c.heads


def linear_part(
    c: Configuration, s: System, era: Software, rate: Array, columns: Array, inner: Array, repeated: Array
) -> Part:  # fmt: skip
    """One linear with `columns` outputs and `inner` inputs for a token, at asymptotic `rate` [FLOP/s].

    Backward is the input gradient, of the forward's shape, and the weight gradient, whose sum over micro-batches is
    kept in 32 bit: by the matmul itself or by a kernel of its own.
    """
    tokens = c.micro_batch * c.seq / c.cp
    fused = era.fused_accumulation > 0.0
    result = np.where(fused, ACCUMULATE_BYTES, 2.0)
    width = c.linear_bits / 8.0
    forward = matmul_time(tokens, columns, inner, rate, width, s)
    weight = matmul_time(columns, inner, tokens, rate, width, s, result)
    weight = weight + accumulation(s, era) * columns * inner
    backward = forward + (1.0 - c.frozen) * weight
    return Part(forward, backward, repeated, Product(tokens, columns, inner, width))


def accumulation(s: System, era: Software) -> Array:
    """Seconds that a parameter's gradient costs for each micro-batch beside the matmul that computes it."""
    fused = era.fused_accumulation > 0.0
    added = np.where(fused, 0.0, 2.0 + ACCUMULATE_BYTES) + era.handled_bytes
    return added / (STREAM * s.memory_rate)


def linear_parts(
    c: Configuration, s: System, era: Software, k: Constants
) -> tuple[Part, Part, Part, Part]:
    """The linears: queries, keys and values; projection; into the MLP; out of it."""
    rate = s.peak_linear * era.kernel_rate * sustained(k.matmul_linear, s, k.power_exponent)
    repeated = c.recompute_block * np.where(era.early_stop > 0.0, EARLY_STOP, 1.0)

    def part(columns: Array, inner: Array) -> Part:
        return linear_part(c, s, era, rate, columns, inner, repeated)

    return (
        part((c.hidden + key_value_width(c)) / c.tp, c.hidden),
        part(c.hidden, c.hidden / c.tp),
        part((1.0 + c.gated) * c.ffn / c.tp, c.hidden),
        part(c.hidden, c.ffn / c.tp),
    )


def elementwise_part(c: Configuration, s: System, era: Software, k: Constants) -> Part:
    """Norms, residuals, activations, rotary embedding and layout copies: memory traffic alone."""
    tokens = c.micro_batch * c.seq / c.cp
    spread = np.where(c.sequence_parallel > 0.0, c.tp, 1.0)
    elements = 12.0 * c.hidden / spread
    inside = 1.5 * (c.gated + 1.0) * c.ffn + 4.0 * (c.hidden + key_value_width(c))
    saved = era.fused_elementwise * (k.elementwise_eager - k.elementwise_fused)
    waste = k.elementwise_eager - saved
    time = 2.0 * tokens * (elements + inside / c.tp) * waste / (STREAM * s.memory_rate)
    time = time * missed(2.0 * tokens * c.hidden / spread, s)
    return Part(time, ELEMENTWISE_BACKWARD * time, c.recompute_block)


def adapter_part(c: Configuration, s: System, era: Software) -> Part:
    """LoRA adapters: each reads its linear's input, and writes, reads, adds and writes its output."""
    tokens = c.micro_batch * c.seq / c.cp
    outputs = 3.0 * c.hidden + key_value_width(c) + (1.0 + c.gated) * c.ffn
    ends = 6.0 * c.hidden + c.ffn + 4.0 * outputs
    time = c.frozen * era.adapted * 2.0 * tokens * ends / c.tp / (STREAM * s.memory_rate)
    return Part(time, BACKWARD_HOST * time, c.recompute_block)


def cast_part(c: Configuration, s: System, era: Software) -> Part:
    """Casts of the linears' inputs to low precision, where they lie before they are gathered."""
    tokens = c.micro_batch * c.seq / c.cp
    spread = np.where(c.sequence_parallel > 0.0, c.tp, 1.0)
    inputs = 2.0 * c.hidden / spread + (c.hidden + c.ffn) / c.tp
    time = CAST_BYTES * tokens * inputs / (STREAM * s.memory_rate) * (c.linear_bits < 16.0)
    repeated = c.recompute_block * np.where(era.early_stop > 0.0, EARLY_STOP, 1.0)
    return Part(time, (2.0 - c.frozen) * time, repeated)


def tensor_parallel_part(
    c: Configuration, s: System, era: Software, k: Constants, linears: Part | None = None
) -> Part:
    """Two all-reduces a pass over the tensor-parallel ranks.

    Under sequence parallelism each is an all-gather, in the linears' precision, and a reduce-scatter, and the
    backward pass gathers the inputs again. Where they overlap, a transfer is cut into one piece a rank, of which all
    but the first or last travel while the linears compute, no longer than these take, and slow them.
    """
    message = 2.0 * c.micro_batch * c.seq / c.cp * c.hidden
    wait = arrival(c.tp, s)
    half = np.where(
        c.sequence_parallel > 0.0,
        all_gather(message, c.tp, c.tensor_stride, s) + wait,
        (all_reduce(message, c.tp, c.tensor_stride, s) + wait) / 2.0,
    )
    narrow = np.maximum(c.linear_bits, 8.0) / 16.0
    narrow = np.where(c.sequence_parallel > 0.0, narrow, 1.0)
    forward = 2.0 * half * (1.0 + narrow)
    backward = forward + 2.0 * half * narrow * c.gathers_again

    def seen(time: Array, matmuls: Array | float) -> Array:
        hidden = np.minimum((1.0 - 1.0 / c.tp) * time, matmuls)
        return time - (1.0 - k.zero_contention_tuned) * era.tp_overlap * hidden

    if linears is None:
        return Part(seen(forward, np.inf), seen(backward, np.inf), c.recompute_block)
    return Part(seen(forward, linears.forward), seen(backward, linears.backward), c.recompute_block)


def context_parallel_part(c: Configuration, s: System, core: Part) -> Part:
    """Ring attention: keys and values travel behind the core; every further step merges two partial results."""
    tokens = c.micro_batch * c.seq / c.cp
    keys = 2.0 * tokens * c.cp * key_value_width(c) / c.tp
    travel = all_gather(keys, c.cp, c.tp, s) + arrival(c.cp, s)
    merged = MERGE_BYTES * (c.cp - 1.0) * tokens * c.hidden / c.tp / (STREAM * s.memory_rate)
    forward = np.maximum(travel - core.forward, 0.0) + merged
    backward = np.maximum(2.0 * travel - core.backward, 0.0) + 2.0 * merged
    return Part(forward, backward, c.recompute_block)


def host_part(
    c: Configuration,
    s: System,
    era: Software,
    k: Constants,
    attention: tuple[Part, ...],
    mlp: tuple[Part, ...],
    shared: tuple[Part, ...],
) -> Part:
    """What the host's launches add to kernels of the two halves of a block and to those that both share."""
    growth = np.where(c.tp >= s.domain, k.host_node, 1.0) * (c.tp > 1.0)
    launch = era.host_share * k.host_layer / (1.0 + BACKWARD_HOST) * (1.0 + HOST_SYNC * growth)

    def gap(name: str, launches: Array) -> Array:
        def time(parts: tuple[Part, ...]) -> Array:
            total: Array = sum(getattr(part, name) for part in parts)
            return total

        half = 0.5 * time(shared)
        serial = era.serial_launches > 0.0
        return host_gap(time(attention) + half, time(mlp) + half, launches, c.tp > 1.0, serial, k)

    again = gap("again", c.recompute_block * launch)
    backward = gap("backward", BACKWARD_HOST * launch)
    return Part(gap("forward", launch), backward + again, np.zeros_like(launch))


class LayerParts(NamedTuple):
    """The same by kernel, for each pass."""

    qkv: Part
    core: Part
    projection: Part
    into: Part
    out: Part
    elementwise: Part
    casts: Part
    tensor_parallel: Part
    context_parallel: Part
    adapters: Part
    gaps: Part
    host: Part


def layer_parts(
    c: Configuration, s: System, era: Software, k: Constants, rate_16: Array
) -> LayerParts:
    """One block and micro-batch by kernel."""
    qkv, projection, into, out = linear_parts(c, s, era, k)
    core = core_part(c, s, era, k, rate_16)
    element = elementwise_part(c, s, era, k)
    adapters = adapter_part(c, s, era)
    casts = cast_part(c, s, era)
    tensor = tensor_parallel_part(c, s, era, k, together(qkv, projection, into, out))
    context = context_parallel_part(c, s, core)
    gap = KERNEL_GAP * (KERNELS[0] + era.fused_elementwise * (KERNELS[1] - KERNELS[0]))
    gaps = Part(gap, BACKWARD_HOST * gap, c.recompute_block)
    shared = (element, adapters, casts, tensor, gaps)
    host = host_part(c, s, era, k, (qkv, core, projection, context), (into, out), shared)
    return LayerParts(
        qkv, core, projection, into, out, element, casts, tensor, context, adapters, gaps, host
    )


def layer_terms(
    c: Configuration, s: System, era: Software, k: Constants, rate_16: Array
) -> LayerTerms:
    """Seconds of one block and micro-batch by cause."""
    parts = layer_parts(c, s, era, k, rate_16)
    return LayerTerms(
        qkv=parts.qkv.total(),
        core=parts.core.total(),
        projection=parts.projection.total(),
        mlp=parts.into.total() + parts.out.total(),
        elementwise=parts.elementwise.total(),
        casts=parts.casts.total(),
        tensor_parallel=parts.tensor_parallel.total(),
        context_parallel=parts.context_parallel.total(),
        adapters=parts.adapters.total(),
        gaps=parts.gaps.total(),
        host=parts.host.total(),
    )


def layer_parameters(c: Configuration) -> Array:
    """Weights of one block, over all tensor-parallel ranks [parameters]."""
    return c.hidden * (2.0 * c.hidden + key_value_width(c) + (2.0 + c.gated) * c.ffn)
