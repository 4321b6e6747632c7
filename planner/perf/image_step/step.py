"""How long is a training step of an image network, and where does the time go?

Kernels of many runs lie in flat records (`kernels`), every kernel with the index of its run; seconds of a run are sums
over its kernels. A product takes the longer of arithmetic and memory traffic; a kernel that only moves memory takes
its traffic; each costs a gap besides. The host must launch as fast as the accelerator computes, the loader must decode
as fast as the step consumes, and gradients travel beside the backward pass, all but the last bucket of them.
Sources: roofline (Williams, Waterman and Patterson, CACM 52, 2009); tiles as in `planner.perf.training_step.matmul`;
passes over memory counted from the kernels of cuDNN and PyTorch (batch norm: Jung et al., "Restructuring batch
normalization to accelerate CNN training", arXiv 1807.01702).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from planner.axes import Array
from planner.perf.image_step.constants import Constants
from planner.perf.image_step.kernels import (
    ACTIVATION,
    ADD,
    BLOCK,
    FROZEN_NORM,
    LAYER_NORM,
    MOVE,
    NORM,
    SMOOTH,
    Cores,
    Index,
    Moves,
    Products,
)
from planner.perf.training_step.collectives import all_gather, all_reduce, reduce_scatter
from planner.perf.training_step.configuration import System
from planner.perf.training_step.matmul import PROLOGUE, STREAM, TAIL, TILE, sustained
from planner.perf.training_step.step import SCALE_LOSS, STEP_FIXED

# Passes over memory (reads and writes) of the forward and the backward pass. Separate kernels of a batch norm:
# statistics, then read and write; back, two reads for the sums, then two and a write. Fused: activation and addition
# ride on the norm, at the price of one more read; a frozen norm and an activation ride on the convolution. Separate, a
# frozen norm is x * scale + bias (torchvision, DETR, maskrcnn-benchmark): a product and a sum; back, a product.
PASSES = {  # kind: separate, fused; each forward, backward
    NORM: ((3.0, 5.0), (3.0, 5.0)),
    FROZEN_NORM: ((4.0, 2.0), (0.0, 0.0)),
    LAYER_NORM: ((3.0, 5.0), (2.0, 4.0)),
    ACTIVATION: ((2.0, 3.0), (0.0, 0.0)),
    ADD: ((3.0, 0.0), (1.0, 1.0)),
    MOVE: ((2.0, 2.0), (2.0, 2.0)),
    SMOOTH: ((2.0, 3.0), (1.0, 1.0)),
    BLOCK: ((3.0, 5.1), (3.0, 5.1)),  # the backward one 1.7 times, as in the transformer model
}
BLOCK_KERNELS = (
    10.0,
    5.0,
)  # of half a transformer block beside its products, separate and fused; assumed
_FORWARD = np.array([[PASSES[k][era][0] for k in sorted(PASSES)] for era in (0, 1)])
_BACKWARD = np.array([[PASSES[k][era][1] for k in sorted(PASSES)] for era in (0, 1)])
NORM_KERNELS = 2.0  # of a norm and direction: statistics or sums, then the values
# Of an instance norm that is composed of elementary operations in 32 bit (TensorFlow): mean, squared difference, mean,
# scale, shift. In 16 bit a cast reads 2 byte and writes 4, another the reverse: three passes of 4 byte.
COMPOSED_NORM = (8.0, 14.0)
COMPOSED_CASTS = 3.0
COMPOSED_WIDTH = 4.0  # [byte]
COMPOSED_KERNELS = 6.0
WINOGRAD = 2.1  # F(2 x 2, 3 x 3) needs 2.25 times fewer products (arXiv 1509.09308); its transforms take some, assumed
SPLIT = 512.0  # inner elements of a part of a product that is split along them (weight gradients); assumed
# Columns at which a convolution runs at half speed, on an A100: a tile of n columns loads 128 + n operands for 128 n
# products, at 64 byte a clock from the second-level cache against 1,024 multiply-adds, so that arithmetic takes
# 4 n/(128 + n) of the time of loading. Faster processors need wider tiles. Vector units, 64 multiply-adds against 32
# words of shared memory a clock, with 8 x n/16 products a thread, come to the same.
NARROW = TILE / 7.0
REFERENCE_RATE = 312e12 / 108.0  # of a processor of an A100 [FLOP/s]
# A depthwise convolution passes over its operands once for every row of its window, whose elements stay in registers;
# for the gradient of weights once for every element of it, as one block of threads sums one weight (PyTorch,
# conv_depthwise2d_grad_weight_kernel). A multiply-add takes four instructions: two loads, an address, itself.
DEPTHWISE_INSTRUCTIONS = 4.0
CACHED = (
    0.5  # of the traffic reads what the kernel before has written; counted from the passes above
)
CAST_BYTES = 4.0  # of a 16-bit operand of an 8-bit product: read, written, written transposed
SHORT = 256.0  # keys at which an attention core runs at half speed, two tiles of 128; assumed
UNFUSED_SCORES = (6.5, 8.5)  # 16-bit passes over the scores, forward and backward: 13 and 17 byte
CORE_BACKWARD = (2.0, 2.5)  # products of the backward pass over the forward one, unfused and fused
CORE_KERNELS = 4.0  # of an unfused core: two products, softmax, dropout
SPLIT_KERNELS = 1.0  # more of a gradient of weights: its parts are summed
GAP = 5e-6  # start, ramp and drain of a kernel, 3 to 10 us; assumed [s]
LAUNCH = 1e-5  # host time to launch a kernel, eager PyTorch; 5 to 10 us an operator, assumed [s]
# Launches of an eager step for every tensor of trained weights: gradient cleared and unscaled, decay, momentum,
# update, copy in 16 bit; and where replicas share gradients: sum in the graph, hook, copy into the bucket, mean, copy
# out, check. An optimiser that takes all tensors at once (Apex, PyTorch from 2.0 on) spares the first six; assumed.
TENSOR_LAUNCHES = 6.0
SHARED_LAUNCHES = 6.0
BUCKET = 25e6  # gradients that travel together, the last after the backward pass (PyTorch's default) [byte]
SHUFFLES = 2.0  # passes of a change of layout over the operands and result of a convolution
HALO_LATENCY = (
    8e-6  # of one exchange between accelerators that share a sample [s]; as a start in NCCL's tuner
)
HALF = 2.0  # of a 16-bit number [byte]
FULL_WIDTH = 4.0  # of a weight gradient that is accumulated [byte]


@dataclass(frozen=True)
class Runs:
    """What is run on what, one entry a run; flags are 0.0 or 1.0.

    `system`, the rates, `batch`, `accumulated` and `replicas` may have draws as their first axis; times then have it
    too.
    """

    system: System
    batch: Array  # samples of one replica and pass (micro-batch)
    accumulated: Array  # passes of an optimiser step
    replicas: Array  # accelerators that train
    parts: Array  # accelerators that share the samples of one replica
    width: Array  # of an activation [byte]
    matrix_rate: Array  # peak for convolutions in their precision [FLOP/s]
    vector_rate: Array  # 32-bit peak outside the matrix units [FLOP/s]
    parameters: Array  # trained weights
    tensors: Array  # that hold the trained weights
    batched: Array  # flag: the optimiser takes all tensors at once
    optimiser_bytes: Array  # memory traffic of the optimiser for a trained weight and step [byte]
    gradient_bytes: Array  # of a gradient in the reduction [byte]
    sharded_optimiser: Array  # flag: each replica updates its part of the weights; then a gather
    late: Array  # flag: gradients travel after the backward pass
    sharded: Array  # flag: weights are sharded, gathered for each pass, their gradients scattered
    fused: Array  # flag: activations and additions ride on norms
    flash: Array  # flag: scores stay on chip
    composed: Array  # flag: instance norms are composed of elementary operations
    transposing: Array  # flag: convolutions change the layout of operands and result
    vector: Array  # flag: 32-bit products without matrix units
    eight: Array  # flag: linears in 8 bit
    host: Array  # host time of launches over that of eager PyTorch; 0 with CUDA graphs
    loader: Array  # processes that prepare samples for one replica; inf where they do not bind


@dataclass(frozen=True)
class StepTerms:
    """Seconds of one optimiser step by cause; they sum to the step."""

    products: Array
    attention: Array
    memory: Array
    kernel_gaps: Array
    optimiser: Array
    host: Array
    reduction: Array
    exchanges: Array
    straggling: Array
    loading: Array


def step_time(terms: StepTerms) -> Array:
    """Seconds of the step."""
    total: Array = np.sum([getattr(terms, f.name) for f in fields(terms)], axis=0)
    return total


def step_terms(
    runs: Runs, products: Products, cores: Cores, moves: Moves, k: Constants
) -> StepTerms:
    """Every part of the step of every run."""

    def total(owner: Index, values: Array) -> Array:
        return _totals(owner, values, len(runs.parts))

    product = [total(products.owner, x) for x in product_seconds(runs, products, k)]
    attention = [total(cores.owner, x) for x in core_seconds(runs, cores, k)]
    *moved, launches, back_launches = (total(moves.owner, x) for x in move_seconds(runs, moves, k))
    core_kernels = np.where(runs.flash > 0.0, 1.0, CORE_KERNELS)
    core_kernels = core_kernels * total(cores.owner, cores.count)
    kernels = total(products.owner, products.count) + launches + core_kernels
    splits = SPLIT_KERNELS * (products.gradients > 0.0)
    back_kernels = total(products.owner, products.count * (products.gradients + splits))
    back_kernels = back_kernels + back_launches + core_kernels
    gaps = GAP * kernels, GAP * back_kernels
    forward = product[0] + attention[0] + moved[0] + gaps[0]
    backward = product[1] + attention[1] + moved[1] + gaps[1]
    launch = LAUNCH * runs.host
    waiting = np.maximum(launch * kernels - forward, 0.0)
    waiting = waiting + np.maximum(launch * back_kernels - backward, 0.0)
    calls = TENSOR_LAUNCHES * (1.0 - runs.batched) + SHARED_LAUNCHES * (runs.replicas > 1.0)
    passes = runs.accumulated
    host = passes * waiting + STEP_FIXED * runs.host + launch * calls * runs.tensors
    optimiser = optimiser_seconds(runs)
    reduction = reduction_seconds(runs, forward, backward, k)
    exchanges = exchange_seconds(runs, products, moves)
    busy = passes * (forward + backward + exchanges) + host + optimiser + reduction
    straggling = busy * straggling_share(runs)
    loading = passes * runs.batch / (runs.loader * k.decode)
    loading = np.maximum(loading - busy - straggling, 0.0)
    return StepTerms(
        products=passes * (product[0] + product[1]), attention=passes * (attention[0] + attention[1]),
        memory=passes * (moved[0] + moved[1]), kernel_gaps=passes * (gaps[0] + gaps[1]),
        optimiser=optimiser, host=host, reduction=reduction, exchanges=passes * exchanges,
        straggling=straggling, loading=loading,
    )  # fmt: skip


def _totals(owner: Index, values: Array, runs: int) -> Array:
    """Sums of kernels by run, for each draw on its own; one after the other, in the order of the kernels."""
    if values.ndim == 1:
        return np.asarray(np.bincount(owner, values, runs), float)
    draws = len(values)
    rows = owner + runs * np.arange(draws)[:, None]
    sums: Array = np.bincount(rows.ravel(), values.ravel(), runs * draws).astype(np.float64)
    return sums.reshape(draws, runs)


def product_seconds(runs: Runs, p: Products, k: Constants) -> tuple[Array, Array]:
    """Seconds of convolutions and linears, forward and backward, one entry a kernel."""
    i = p.owner
    batch = (runs.batch / runs.parts)[..., i]
    width, memory = runs.width[..., i], STREAM * runs.system.memory_rate[..., i]
    processors = runs.system.processors[..., i]
    flops = 2.0 * batch * p.rows * p.columns * p.inner * p.groups
    vector = runs.vector > 0.0  # Winograd's saving goes beyond the peak
    share = np.where(vector, k.product, convolution_share(runs, k))
    convolution = runs.matrix_rate * share
    share = np.where(vector, k.linear, sustained(k.linear, runs.system, k.power))
    linear = runs.system.peak_linear * share
    single = (p.columns == 1.0) & (p.groups > 1.0)  # depthwise: no matrix units
    plain = (p.window == 9.0) & (p.groups == 1.0) & (p.positions == p.rows)
    rate = np.where(p.linear > 0.0, linear[..., i], convolution[..., i])
    rate = rate * np.where(vector[..., i] & plain, WINOGRAD, 1.0)
    rate = np.where(single, runs.vector_rate[..., i] / DEPTHWISE_INSTRUCTIONS, rate)
    pace = runs.matrix_rate[..., i] / processors / REFERENCE_RATE * width / 2.0
    narrow = NARROW * np.where(vector[..., i], 1.0, pace)
    depth = PROLOGUE * 2.0 / width

    def seconds(
        rows: Array, columns: Array, inner: Array, parts: Array, moved: Array, again: Array
    ) -> Array:
        tiles = np.maximum(rows / TILE, 0.5) * np.maximum(columns / TILE, 0.5) * p.groups * parts
        share = tiles / (tiles + TAIL * processors) * inner / (inner + depth * parts)
        share = np.where(single, 1.0, share * columns / (columns + narrow))
        moved = np.where(single, again, 1.0) * moved
        taken: Array = np.maximum(flops / (rate * share), moved / memory)
        return taken

    activations = batch * (p.read + p.written) * width
    activations = activations * residence(runs, i, activations / 2.0)
    moved = activations + p.weights * width
    positions = batch * p.rows
    ones, across = np.ones_like(positions), np.sqrt(p.window)
    forward = seconds(positions, p.columns, p.inner, ones, moved, across)
    channels, taps = p.inner / p.window, p.columns * p.window
    data = seconds(batch * p.positions, channels, taps, ones, moved, across)
    parts = np.maximum(positions / SPLIT, 1.0)
    gradients = activations + FULL_WIDTH * p.weights
    weight = seconds(p.inner, p.columns, positions, parts, gradients, p.window)
    backward = np.where(p.gradients >= 2.0, data, 0.0) + np.where(p.gradients >= 1.0, weight, 0.0)
    ordered = np.where((p.linear > 0.0) | single, 0.0, runs.transposing[..., i])
    shuffle = SHUFFLES * ordered * activations / memory
    cast = runs.eight[..., i] * p.linear * CAST_BYTES * batch / memory
    forward = forward + shuffle + cast * p.read
    # three operands and results of two products there, against two of one here
    backward = backward + (p.gradients > 0.0) * (1.5 * shuffle + cast * p.written)
    return p.count * forward, p.count * backward


def convolution_share(runs: Runs, k: Constants) -> Array:
    """Share of the matrix peak that a large convolution reaches.

    What its tiles wait for operands, and their epilogue, goes by the clock, so that matrix units slower than those of
    the generation's reference wait for less of the time. Power left over says the same: the larger one counts.
    """
    pace = runs.matrix_rate / runs.system.processors * runs.width / HALF / k.pace
    own = 1.0 / (1.0 + (1.0 / k.product - 1.0) * pace)
    limited = sustained(
        own, replace(runs.system, power=np.minimum(runs.system.power, 1.0)), k.power
    )
    share: Array = np.maximum(limited, sustained(k.product, runs.system, k.power))
    return share


def residence(runs: Runs, owner: Index, size: Array) -> Array:
    """Share of the traffic of a tensor of `size` bytes that reaches memory.

    Part of what has just been written is still in the last-level cache when it is read.
    """
    cache = runs.system.cache[..., owner]
    share: Array = 1.0 - CACHED * cache / (cache + size)
    return share


def core_seconds(runs: Runs, a: Cores, k: Constants) -> tuple[Array, Array]:
    """Seconds of attention cores, forward and backward, one entry a kernel; unfused they are linears of 16 bit."""
    i = a.owner
    batch = (runs.batch / runs.parts)[..., i]
    flops = 4.0 * batch * a.queries * a.keys * a.heads * a.width
    fused = runs.flash > 0.0
    share = sustained(np.where(fused, k.attention, k.linear), runs.system, k.power)
    products = flops * (a.keys + SHORT) / a.keys / (runs.matrix_rate * share)[..., i]
    scores = batch * a.queries * a.keys * a.heads * runs.width[..., i]
    scores = np.where(fused[..., i], 0.0, scores) / (STREAM * runs.system.memory_rate[..., i])
    forward = products + UNFUSED_SCORES[0] * scores
    unfused, within = CORE_BACKWARD
    backward = np.where(fused[..., i], within, unfused) * products + UNFUSED_SCORES[1] * scores
    return a.count * forward, a.count * a.gradients * backward


def move_seconds(runs: Runs, m: Moves, k: Constants) -> tuple[Array, Array, Array, Array]:
    """Seconds and number of memory kernels, forward and backward, one entry a kernel."""
    i, kind = m.owner, m.kind.astype(int)
    fused = runs.fused[..., i].astype(int)
    composed = (kind == LAYER_NORM) & (runs.composed[..., i] > 0.0)
    casts = COMPOSED_CASTS * (runs.width[..., i] < COMPOSED_WIDTH)
    forward = np.where(composed, COMPOSED_NORM[0] + casts, _FORWARD[fused, kind])
    backward = np.where(composed, COMPOSED_NORM[1] + casts, _BACKWARD[fused, kind]) * m.gradients
    size = (runs.batch / runs.parts)[..., i] * m.elements
    size = size * np.where(composed, COMPOSED_WIDTH, runs.width[..., i])
    block = kind == BLOCK
    excess = np.where(fused > 0, np.where(block, k.block, 1.0), k.eager)
    unit = m.count * size * residence(runs, i, size) * excess
    unit = unit / (STREAM * runs.system.memory_rate[..., i])
    kernels = np.where((kind == NORM) | (kind == LAYER_NORM), NORM_KERNELS, 1.0)
    kernels = np.where(block, np.array(BLOCK_KERNELS)[fused], kernels)
    kernels = m.count * np.where(composed, COMPOSED_KERNELS, kernels)
    return unit * forward, unit * backward, kernels * (forward > 0.0), kernels * (backward > 0.0)


def optimiser_seconds(runs: Runs) -> Array:
    """Seconds of the optimiser's memory traffic."""
    inside = np.minimum(runs.replicas, runs.system.domain)
    shards = np.where(runs.sharded > 0.0, inside, 1.0)
    shards = np.where(runs.sharded_optimiser > 0.0, runs.replicas, shards)
    traffic = runs.parameters * runs.optimiser_bytes / shards
    return traffic / (STREAM * runs.system.memory_rate)


def reduction_seconds(runs: Runs, forward: Array, backward: Array, k: Constants) -> Array:
    """Exposed seconds of the reduction of gradients; with sharded weights, of their two gathers too.

    Shards fill a domain; domains reduce the gradients of their shards (hybrid sharding; arXiv 2304.11277, section 3.2).
    Transfers hide beside the last backward pass (sharded: both passes), and slow the kernels of sharded weights down.
    What cannot hide: the last bucket of gradients, and weights that are gathered after a sharded optimiser.
    """
    n, one = runs.replicas, np.ones_like(runs.replicas)
    gradients, weights = runs.parameters * runs.gradient_bytes, 2.0 * runs.parameters
    inside = np.minimum(n, runs.system.domain)
    reduced = all_reduce(gradients, n, one, runs.system)
    scattered = reduce_scatter(gradients, inside, one, runs.system)
    scattered = scattered + 2.0 * all_gather(weights, inside, one, runs.system)
    across = all_reduce(gradients / inside, np.maximum(n / inside, 1.0), inside, runs.system)
    scattered = scattered + np.where(n > inside, across, 0.0)
    sharded = runs.sharded > 0.0
    transfer = np.where(n > 1.0, np.where(sharded, scattered, reduced), 0.0)
    # an all-reduce is a scatter and a gather
    early = np.where(runs.sharded_optimiser > 0.0, 0.5, 1.0)
    early = early * (1.0 - runs.late) * (1.0 - np.minimum(BUCKET / np.maximum(gradients, 1.0), 1.0))
    early = transfer * np.where(sharded, 1.0, early)
    hidden = np.minimum(early, k.overlap * (backward + np.where(sharded, forward, 0.0)))
    exposed: Array = transfer - hidden + np.where(sharded, k.contention, 0.0) * hidden
    return exposed


def exchange_seconds(runs: Runs, p: Products, m: Moves) -> Array:
    """Seconds of the exchanges of accelerators that share a sample: halos of convolutions, statistics of norms."""
    norms = (m.kind == NORM) | (m.kind == LAYER_NORM)
    number = np.bincount(p.owner, 2.0 * p.count * (p.window > 1.0), len(runs.parts))
    number = number + np.bincount(m.owner, 2.0 * m.count * norms, len(runs.parts))
    seconds: Array = 2.0 * HALO_LATENCY * np.log2(runs.parts) * number
    return seconds


def straggling_share(runs: Runs) -> Array:
    """Relative loss of speed by waiting for the slowest domain."""
    domains = np.maximum(runs.replicas / runs.system.domain, 1.0)
    return SCALE_LOSS * np.log2(domains)
