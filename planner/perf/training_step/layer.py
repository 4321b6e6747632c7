"""What does one transformer block cost for a micro-batch: kernels by name, transfers, and the floor of the host?

Matmuls by shape (`matmul`); attention either fused (half of the causal square, scores stay on chip; Dao et al.,
"FlashAttention", arXiv 2205.14135: backward 2.5 x forward) or unfused (full square, scores written and read: about 13
bytes an element forward and 17 backward with fused softmax and dropout, by counting kernels of Megatron-LM); memory
traffic of norms, residuals, activations (Korthikanti et al., arXiv 2205.05198, table of activations); two all-reduces
a pass (Shoeybi et al., arXiv 1909.08053). A pass never takes less than the host needs to launch it. Low precision
speeds up the linears alone. Done: the above with sequence parallelism, context parallelism, recomputation, frozen
weights. Not done: experts, sliding windows, cross attention, adapters' own small matmuls beyond their launches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from planner.axes import Array
from planner.perf.training_step.collectives import NVLINK_SHARE, group_rate, ring_time
from planner.perf.training_step.configuration import Configuration, Software, System
from planner.perf.training_step.constants import Constants
from planner.perf.training_step.matmul import STREAM, matmul_time

CORE_BACKWARD_FUSED = 2.5  # five matmuls against two: the scores are computed again
CORE_BACKWARD = 2.0  # four matmuls against two
SCORE_BYTES = (
    13.0  # traffic of one score forward: written, softmax, dropout and its mask, read [byte]
)
SCORE_BYTES_BACKWARD = 17.0
RAMP = 512.0  # sequence at which a causal fused kernel has half its speed (Dao, arXiv 2307.08691; 2407.08608)
MERGE_BYTES = (
    12.0  # a 32-bit partial result and its sum, read and written, for an element of the output
)
ELEMENTWISE_BACKWARD = 1.7  # traffic of the backward element-wise kernels over the forward ones
ACCUMULATE_BYTES = 8.0  # 32-bit gradient read and written for each parameter and micro-batch [byte]
CAST_BYTES = 4.0  # 16 bit read, low precision and its transpose written, for each input element of a linear [byte]
KERNELS = (30.0, 18.0)  # of a block's forward pass, eager and fused
KERNEL_GAP = 2e-6  # from the last wave of a kernel to the first of the next in the same stream [s]
SOFTNESS = 5.0  # exponent of the soft maximum of kernels and launches
SMALL_KERNELS, SMALL_BLOCKED = (
    0.35,
    0.55,
)  # of the launches are of kernels that take less than their launch: copies, sums, scalars
ATTENTION_LAUNCHES = (
    0.7  # of a layer's launches lie before the collective after attention (16 of 23 in Megatron-LM)
)
BACKWARD_HOST = 2.0  # launches of the backward pass over the forward one
EARLY_STOP = 2.0 / 3.0  # of a block's forward is repeated if recomputation stops early


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
    ratio = launches / kernels
    return kernels * ((1.0 + ratio**SOFTNESS) ** (1.0 / SOFTNESS) - 1.0)


def host_gap(
    attention: Array,
    mlp: Array,
    launch: Array,
    blocked: npt.NDArray[np.bool_],
    serial: npt.NDArray[np.bool_],
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
    small = np.where(blocked, SMALL_BLOCKED, SMALL_KERNELS)
    alone = np.maximum(small * launch, launch - attention - mlp)
    return np.where(serial, alone, np.where(blocked, halves, whole))


def core_time(c: Configuration, s: System, era: Software, k: Constants, rate_16: Array) -> Array:
    """Seconds of the attention core, forward and backward stacked on a new first axis."""
    tokens = c.micro_batch * c.seq / c.cp
    flops = 4.0 * tokens * c.seq * c.hidden / c.tp
    padded = head_width(c, era) * c.heads / c.hidden
    rate = s.peak_16 * k.attention * era.attention_rate * era.kernel_rate
    rate = rate * s.power**k.power_exponent
    fused = 0.5 * flops * (1.0 + RAMP / c.seq) * padded / rate
    scores = tokens * c.seq * c.heads / c.tp / (STREAM * s.memory_rate)
    scores = scores * missed(2.0 * tokens * c.seq * c.heads / c.tp, s)
    width = c.hidden / c.heads
    # batched matmuls of the unfused core: inner dimension is the width of a head, at least once
    unfused = flops / (rate_16 * width / (width + 64.0))
    forward = np.where(era.fused_attention > 0.0, fused, unfused + SCORE_BYTES * scores)
    backward = np.where(
        era.fused_attention > 0.0,
        CORE_BACKWARD_FUSED * fused,
        CORE_BACKWARD * unfused + SCORE_BYTES_BACKWARD * scores,
    )
    return np.stack([forward, backward])


def layer_terms(
    c: Configuration, s: System, era: Software, k: Constants, rate_16: Array
) -> LayerTerms:
    """Seconds of one block and micro-batch by kernel."""
    tokens = c.micro_batch * c.seq / c.cp
    stream = STREAM * s.memory_rate
    rate = s.peak_linear * k.matmul_linear * era.kernel_rate * s.power**k.power_exponent
    kv = 2.0 * c.hidden * c.kv_heads / c.heads
    width = c.linear_bits / 8.0
    shapes = (
        ((c.hidden + kv) / c.tp, c.hidden),
        (c.hidden, c.hidden / c.tp),
        ((1.0 + c.gated) * c.ffn / c.tp, c.hidden),
        (c.hidden, c.ffn / c.tp),
    )
    trained = 1.0 - c.frozen
    fused = era.fused_accumulation > 0.0
    repeated = c.recompute_block * np.where(era.early_stop > 0.0, EARLY_STOP, 1.0)
    times, parameters = [], np.zeros_like(tokens)
    for columns, inner in shapes:
        forward = matmul_time(tokens, columns, inner, rate, width, s)
        result = np.where(fused, ACCUMULATE_BYTES, 2.0)
        weight = matmul_time(columns, inner, tokens, rate, width, s, result)
        weight = weight + np.where(fused, 0.0, (2.0 + ACCUMULATE_BYTES) * columns * inner / stream)
        times.append((forward, forward + trained * weight))
        parameters = parameters + columns * inner

    core = core_time(c, s, era, k, rate_16)
    again_core = np.maximum(c.recompute_block, c.recompute_core)

    spread = np.where(c.sequence_parallel > 0.0, c.tp, 1.0)
    traffic = 12.0 * c.hidden / spread
    traffic = traffic + (1.5 * (c.gated + 1.0) * c.ffn + 4.0 * (c.hidden + kv)) / c.tp
    waste = k.elementwise_eager + era.fused_elementwise * (
        k.elementwise_fused - k.elementwise_eager
    )
    element = 2.0 * tokens * traffic * waste / stream
    element = element * missed(2.0 * tokens * c.hidden / spread, s)

    # an adapter reads its linear's input once, and writes, reads, adds and writes its output
    ends = 6.0 * c.hidden + c.ffn + 4.0 * (3.0 * c.hidden + kv + (1.0 + c.gated) * c.ffn)
    adapters = c.frozen * era.adapted * 2.0 * tokens * ends / c.tp / stream

    inputs = 2.0 * c.hidden / spread + (c.hidden + c.ffn) / c.tp
    cast = np.where(c.linear_bits < 16.0, CAST_BYTES * tokens * inputs / stream, 0.0)

    link = NVLINK_SHARE * s.nvlink
    message = 2.0 * tokens * c.hidden
    half = ring_time(
        message,
        c.tp,
        np.where(c.tp > s.domain, group_rate(np.ones_like(c.tp), c.tp, s), link),
        k.latency,
    )
    exposed = 1.0 - k.tp_overlap * era.tp_overlap
    # two all-reduces a pass; under sequence parallelism each is an all-gather, in the linears' precision, and a
    # reduce-scatter, and the backward pass gathers the inputs again
    narrow = np.where(c.sequence_parallel > 0.0, np.maximum(c.linear_bits, 8.0) / 16.0, 1.0)
    tensor = 2.0 * half * exposed * (1.0 + narrow)
    tensor_back = tensor + 2.0 * half * exposed * narrow * c.sequence_parallel

    keys = 2.0 * 2.0 * tokens * c.cp * kv / c.tp / 2.0
    context = ring_time(keys, c.cp, group_rate(c.tp, c.cp, s), k.latency)
    # a ring hides the exchange behind the core; every further step merges two partial results
    merged = MERGE_BYTES * (c.cp - 1.0) * tokens * c.hidden / c.tp / stream
    context_exposed = np.maximum(context - core[0], 0.0) + merged

    gaps = KERNEL_GAP * (KERNELS[0] + era.fused_elementwise * (KERNELS[1] - KERNELS[0]))
    shared = element + adapters + cast + tensor + context_exposed + gaps
    shared_back = (
        BACKWARD_HOST * (gaps + adapters)
        + ELEMENTWISE_BACKWARD * element
        + (1.0 + trained) * cast
        + tensor_back
        + 2.0 * context_exposed
    )
    launch = era.host_share * k.host_layer / (1.0 + BACKWARD_HOST)
    launch = launch * (1.0 + k.host_sync * np.where(c.tp >= s.domain, 3.0, c.tp > 1.0))
    gap_forward = host_gap(
        times[0][0] + core[0] + times[1][0] + 0.5 * shared,
        times[2][0] + times[3][0] + 0.5 * shared,
        launch,
        c.tp > 1.0,
        era.serial_launches > 0.0,
    )
    gap_backward = host_gap(
        times[0][1] + core[1] + times[1][1] + 0.5 * shared_back,
        times[2][1] + times[3][1] + 0.5 * shared_back,
        BACKWARD_HOST * launch,
        c.tp > 1.0,
        era.serial_launches > 0.0,
    )

    def both(term: tuple[Array, Array], again: Array) -> Array:
        return term[0] * (1.0 + again) + term[1]

    return LayerTerms(
        qkv=both(times[0], repeated),
        core=both((core[0], core[1]), again_core),
        projection=both(times[1], repeated),
        mlp=both((times[2][0] + times[3][0], times[2][1] + times[3][1]), repeated),
        elementwise=element * (1.0 + c.recompute_block + ELEMENTWISE_BACKWARD),
        casts=cast * (1.0 + repeated + 1.0 + trained),
        tensor_parallel=tensor * (1.0 + c.recompute_block) + tensor_back,
        context_parallel=context_exposed * (3.0 + c.recompute_block),
        adapters=adapters * (1.0 + c.recompute_block + BACKWARD_HOST),
        gaps=gaps * (1.0 + c.recompute_block + BACKWARD_HOST),
        host=gap_forward * (1.0 + c.recompute_block) + gap_backward,
    )


def layer_parameters(c: Configuration) -> Array:
    """Weights of one block, over all tensor-parallel ranks [parameters]."""
    kv = 2.0 * c.hidden * c.kv_heads / c.heads
    return c.hidden * (2.0 * c.hidden + kv + (2.0 + c.gated) * c.ffn)
