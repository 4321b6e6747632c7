"""How long is a training step of an image network, and where does the time go?

Kernels of many runs lie in flat records (`kernels`), every kernel with the index of its run; seconds of a run are the
sums over its kernels. A product takes the longer of arithmetic and memory traffic; what only moves memory takes its
traffic; every kernel costs a gap besides. The host must launch as fast as the accelerator computes, the loader must
decode as fast as the step consumes, and gradients travel beside the backward pass.
Sources: roofline (Williams et al., CACM 2009); tile quantisation as in `planner.perf.training_step.matmul`; passes
over memory counted from kernels (batch norm: Jung et al., "Restructuring batch normalization", arXiv 1807.01702).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from planner.axes import Array
from planner.perf.image_step.constants import Constants
from planner.perf.image_step.kernels import (
    ACTIVATION,
    ADD,
    FROZEN_NORM,
    LAYER_NORM,
    MOVE,
    NORM,
    SMOOTH,
    Cores,
    Moves,
    Products,
)
from planner.perf.training_step.collectives import NIC_SHARE, NVLINK_SHARE
from planner.perf.training_step.matmul import PROLOGUE, STREAM, TAIL, TILE

# Passes over memory (reads and writes) of the forward and backward pass, and kernels of each, eager and fused.
# Eager: statistics, normalise (2 reads, 1 write); back: two reductions' reads, then 2 reads and a write. Fused: the
# activation and the addition ride on the norm, at the price of one more read. Composed: a norm of an instance out of
# elementary operations (means, differences, products), as TensorFlow's `instance_norm`.
PASSES = {
    NORM: ((3.0, 5.0), (3.0, 5.0)),
    FROZEN_NORM: ((2.0, 2.0), (0.0, 0.0)),
    LAYER_NORM: ((3.0, 5.0), (2.0, 4.0)),
    ACTIVATION: ((2.0, 3.0), (0.0, 0.0)),
    SMOOTH: ((2.0, 3.0), (1.0, 1.0)),
    ADD: ((3.0, 0.0), (1.0, 1.0)),
    MOVE: ((2.0, 2.0), (2.0, 2.0)),
}
_FORWARD = np.array([[PASSES[k][era][0] for k in sorted(PASSES)] for era in (0, 1)])
_BACKWARD = np.array([[PASSES[k][era][1] for k in sorted(PASSES)] for era in (0, 1)])
COMPOSED_NORM = (8.0, 14.0)
SPLIT = 512.0  # inner elements of one part of a product that is split along its inner dimension (weight gradients)
LARGEST_SHARE = 0.95  # of a peak that products reach where power does not bind
CACHED = 0.5  # of the traffic is reads of what the kernel before has written; assumed
SHORT = 256.0  # keys at which an attention core runs at half speed, two tiles of 128; assumed
CAST_BYTES = 4.0  # of a 16-bit operand of an 8-bit product: read, written, written transposed
REFERENCE_RATE = 312e12 / 108.0  # of a processor of an A100, to which `narrow` refers [FLOP/s]
UNFUSED_SCORES = 8.0  # passes over the scores, forward; the backward pass has 1.25 times as many
LINK_LATENCY = 8e-6  # of a stage of a tree all-reduce [s]; published 4-byte latencies of nccl-tests are 10 to 40 us


@dataclass(frozen=True)
class Runs:
    """What is run on what, one entry a run."""

    batch: Array  # samples of one accelerator and step
    replicas: Array  # accelerators that train
    parts: Array  # accelerators that share one sample (spatial split)
    width: Array  # of an activation [byte]
    matrix_rate: Array  # peak for products in the precision [FLOP/s]
    vector_rate: Array  # 32-bit peak outside the matrix units [FLOP/s]
    linear_rate: Array  # peak for linears (8 bit where used) [FLOP/s]
    memory_rate: Array  # [byte/s]
    cache: Array  # [byte]
    processors: Array
    nvlink: Array  # [byte/s] of one accelerator and direction
    nic: Array  # [byte/s] of one accelerator and direction
    domain: Array  # accelerators that the fast link connects
    parameters: Array  # trained weights
    optimiser_bytes: Array  # memory traffic of the optimiser for each trained weight [byte]
    gradient_bytes: Array  # of one gradient in the reduction [byte]
    sharded_optimiser: Array  # flag: every replica updates its part of the weights
    sharded: Array  # flag: weights are sharded and gathered twice a step
    fused: Array  # flag: activations and additions ride on norms
    flash: Array  # flag: scores stay on chip
    composed: Array  # flag: instance norms are composed of elementary operations
    transposing: Array  # flag: 16-bit convolutions change the layout of operands and results
    winograd: Array  # flag: 3 x 3 convolutions save multiplications (32-bit vectors)
    eight: Array  # flag: linears in 8 bit
    power: Array  # watts for each FLOP/s of the matrix peak, over those of the generation's reference part [1]
    host: Array  # host time to launch a kernel, over that of eager PyTorch; 0 with CUDA graphs
    loader: Array  # samples a second that one accelerator's loader can decode, inf where it does not bind


@dataclass(frozen=True)
class StepTerms:
    """Seconds of one step by cause; they sum to the step."""

    products: Array
    attention: Array
    memory: Array
    gaps: Array
    optimiser: Array
    host: Array
    reduction: Array
    straggling: Array
    fixed: Array
    loading: Array


def step_time(terms: StepTerms) -> Array:
    """Seconds of the step."""
    return np.sum([getattr(terms, f.name) for f in fields(terms)], axis=0)


def step_terms(
    runs: Runs, products: Products, cores: Cores, moves: Moves, k: Constants
) -> StepTerms:
    """Every part of the step of every run."""
    size = len(runs.batch)
    forward_p, backward_p = product_seconds(runs, products, k)
    forward_a, backward_a = core_seconds(runs, cores, k)
    forward_m, backward_m, launches_m, back_launches_m = move_seconds(runs, moves, k)

    def total(owner: Array, seconds: Array) -> Array:
        return np.bincount(owner, seconds, size)

    product = total(products.owner, forward_p), total(products.owner, backward_p)
    attention = total(cores.owner, forward_a), total(cores.owner, backward_a)
    memory = total(moves.owner, forward_m), total(moves.owner, backward_m)
    kernels = total(products.owner, products.count) + total(moves.owner, launches_m)
    kernels += total(cores.owner, 4.0 * cores.count)
    back_kernels = total(products.owner, products.count * products.gradients)
    back_kernels += total(moves.owner, back_launches_m) + total(cores.owner, 5.0 * cores.count)
    gap, back_gap = k.gap * kernels, k.gap * back_kernels
    forward = product[0] + attention[0] + memory[0] + gap
    backward = product[1] + attention[1] + memory[1] + back_gap
    launch = k.launch * runs.host
    host = np.maximum(launch * kernels - forward, 0.0)
    host = host + np.maximum(launch * back_kernels - backward, 0.0)
    optimiser = runs.parameters * runs.optimiser_bytes / (STREAM * runs.memory_rate)
    optimiser = optimiser / np.where(runs.sharded_optimiser > 0.0, runs.replicas, 1.0)
    reduction = reduction_seconds(runs, forward, backward, k)
    fixed = k.step_fixed * runs.host + exchange_seconds(runs, products, moves)
    busy = forward + backward + host + optimiser + reduction + fixed
    domains = np.maximum(runs.replicas / runs.domain, 1.0)
    neighbours = np.minimum(runs.replicas, runs.domain)
    loss = k.scale_loss * np.log2(domains) + k.sharing * runs.host * np.log2(neighbours)
    straggling = busy * loss
    loading = np.maximum(runs.batch / runs.loader - busy - straggling, 0.0)
    return StepTerms(
        products=product[0] + product[1], attention=attention[0] + attention[1],
        memory=memory[0] + memory[1], gaps=gap + back_gap, optimiser=optimiser, host=host,
        reduction=reduction, straggling=straggling, fixed=fixed, loading=loading,
    )  # fmt: skip


def product_seconds(runs: Runs, p: Products, k: Constants) -> tuple[Array, Array]:
    """Seconds of convolutions and linears, forward and backward, one entry a kernel."""
    i = p.owner
    batch = (runs.batch / runs.parts)[i]
    width, memory = runs.width[i], STREAM * runs.memory_rate[i]
    processors = runs.processors[i]
    depth = PROLOGUE * 2.0 / width
    flops = 2.0 * batch * p.rows * p.columns * p.inner * p.groups
    sustained = runs.power[i] ** k.power
    rate = np.where(
        p.linear > 0.0,
        runs.linear_rate[i] * np.minimum(k.linear[i] * sustained, LARGEST_SHARE),
        runs.matrix_rate[i] * np.minimum(k.product[i] * sustained, LARGEST_SHARE),
    )
    single = (p.columns == 1.0) & (p.groups > 1.0)  # depthwise: no matrix units
    rate = np.where(single, runs.vector_rate[i], rate)
    plain = (p.window == 9.0) & (p.groups == 1.0) & (p.positions == p.rows)
    rate = rate * np.where(plain & (runs.winograd[i] > 0.0), k.winograd, 1.0)
    narrow = k.narrow * runs.matrix_rate[i] / processors / REFERENCE_RATE

    def seconds(rows: Array, columns: Array, inner: Array, split: bool, moved: Array) -> Array:
        parts = np.maximum(inner / SPLIT, 1.0) if split else 1.0
        tiles = p.groups * np.maximum(rows / TILE, 0.5) * np.maximum(columns / TILE, 0.5) * parts
        share = tiles / (tiles + TAIL * processors) * inner / (inner + depth * parts)
        share = share * columns / (columns + narrow)
        share = np.where(single, 1.0, share)
        excess = np.where(single, k.depthwise, 1.0)
        return np.maximum(flops / (rate * share), excess * moved / memory)

    activations = batch * (p.read + p.written) * width
    activations = activations * residence(runs, i, activations / 2.0)
    weights = p.weights * width
    forward = seconds(batch * p.rows, p.columns, p.inner, False, activations + weights)
    data = seconds(
        batch * p.positions, p.inner / p.window, p.columns * p.window, False, activations + weights
    )
    weight = seconds(p.inner, p.columns, batch * p.rows, True, activations + 4.0 * p.weights)
    backward = np.where(p.gradients >= 2.0, data, 0.0) + np.where(p.gradients >= 1.0, weight, 0.0)
    ordered = np.where((p.linear > 0.0) | (p.window == 1.0), 0.0, runs.transposing[i])
    shuffle = 2.0 * ordered * activations / memory
    eight = runs.eight[i] * p.linear * CAST_BYTES * batch / memory
    forward = forward + shuffle + eight * p.read
    backward = backward + (p.gradients > 0.0) * (1.5 * shuffle + eight * p.written)
    return p.count * forward, p.count * backward


def residence(runs: Runs, owner: Array, size: Array) -> Array:
    """Share of the traffic of a tensor of `size` bytes that reaches memory: part of what has just been written is read
    from the last-level cache."""
    cache = runs.cache[owner]
    return 1.0 - CACHED * cache / (cache + size)


def core_seconds(runs: Runs, a: Cores, k: Constants) -> tuple[Array, Array]:
    """Seconds of attention cores, forward and backward (2.5 times the products), one entry a kernel."""
    i = a.owner
    batch = runs.batch[i] / runs.parts[i]
    flops = 4.0 * batch * a.queries * a.keys * a.heads * a.width
    scores = batch * a.queries * a.keys * a.heads * runs.width[i]
    arithmetic = flops / (runs.matrix_rate[i] * k.attention[i] * runs.power[i] ** k.power)
    arithmetic = arithmetic * (a.keys + SHORT) / a.keys
    traffic = UNFUSED_SCORES * scores / (STREAM * runs.memory_rate[i])
    forward = arithmetic + np.where(runs.flash[i] > 0.0, 0.0, traffic)
    return a.count * forward, 2.5 * a.count * a.gradients * forward


def move_seconds(runs: Runs, m: Moves, k: Constants) -> tuple[Array, Array, Array, Array]:
    """Seconds and kernels of memory kernels, forward and backward, one entry a kernel."""
    i, kind = m.owner, m.kind.astype(int)
    fused = runs.fused[i]
    batch = runs.batch[i] / runs.parts[i]
    excess = np.where(fused > 0.0, k.fused, k.eager)
    composed = (kind == LAYER_NORM) & (runs.composed[i] > 0.0)
    tensor = batch * m.elements * np.where(composed, 4.0, runs.width[i])
    unit = tensor * residence(runs, i, tensor) * excess / (STREAM * runs.memory_rate[i])
    forward = (1.0 - fused) * _FORWARD[0][kind] + fused * _FORWARD[1][kind]
    backward = (1.0 - fused) * _BACKWARD[0][kind] + fused * _BACKWARD[1][kind]
    forward = np.where(composed, COMPOSED_NORM[0], forward)
    backward = np.where(composed, COMPOSED_NORM[1], backward) * m.gradients
    return (
        m.count * unit * forward, m.count * unit * backward,
        m.count * (forward > 0.0), m.count * (backward > 0.0),
    )  # fmt: skip


def reduction_seconds(runs: Runs, forward: Array, backward: Array, k: Constants) -> Array:
    """Exposed seconds of the all-reduce of gradients; with sharded weights, of their gathers too.

    Ring inside the fast domain and between domains over all network ports, tree for the latency.
    """
    n = runs.replicas
    link, port = NVLINK_SHARE * runs.nvlink, NIC_SHARE * runs.nic * np.minimum(n, runs.domain)
    rate = np.where(n <= runs.domain, link, np.minimum(link, port))
    # halves of an all-reduce: two of gradients; sharded, two gathers of 16-bit weights and one scatter of gradients
    halves = np.where(runs.sharded > 0.0, 4.0 + runs.gradient_bytes, 2.0 * runs.gradient_bytes)
    transfer = runs.parameters * halves * (n - 1.0) / n / rate + 2.0 * LINK_LATENCY * np.log2(n)
    sharded = runs.sharded > 0.0
    beside = backward + np.where(sharded, forward, 0.0)
    hidden = np.minimum(transfer, k.overlap * beside)
    slowed = np.where(sharded, k.contention, 0.0) * hidden
    return np.where(n > 1.0, transfer - hidden + slowed, 0.0)


def exchange_seconds(runs: Runs, p: Products, m: Moves) -> Array:
    """Seconds of the exchanges of accelerators that share a sample: halos of convolutions, statistics of norms."""
    norms = (m.kind == NORM) | (m.kind == LAYER_NORM)
    halos = np.bincount(p.owner, 2.0 * p.count * (p.window > 1.0), len(runs.batch))
    statistics = np.bincount(m.owner, 2.0 * m.count * norms, len(runs.batch))
    return 2.0 * LINK_LATENCY * np.log2(runs.parts) * (halos + statistics)
