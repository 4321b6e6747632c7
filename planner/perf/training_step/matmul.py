"""How fast is a matrix multiplication of a given shape?

Time is the larger of arithmetic and memory traffic. Arithmetic runs at peak x fitted asymptotic share x shape share;
the shape share counts 128 x 128 output tiles against the processors (the last wave runs half full on average, in a
smooth form), the inner dimension against the length of a tile's prologue, and the alignment of the output width.
Source: NVIDIA, "Matrix multiplication background user's guide" (tile and wave quantisation; dimensions should be
multiples of 8 for 16-bit operands). Done: smooth tiles, alignment. Not done: true wave quantisation (fitted no
better), split-K for small outputs.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array
from planner.perf.training_step.configuration import System

TILE = 128.0  # width of an output tile of the large kernels of cuBLAS [elements]
TAIL = 0.5  # of a wave of tiles is idle on average: the last one is half full
PROLOGUE = 64.0  # 16-bit inner elements in the time of filling and draining a tile's pipeline
STREAM = (
    0.8  # share of the peak memory rate that streaming kernels reach; assumed for all generations
)
# Speed where the width of 16-bit operands is no multiple of 8, so that rows begin off the 16 bytes of a vector load:
# batched matmuls of 2,047 columns take three times those of 2,048 (GitHub ml-explore/mlx, issue 2712).
MISALIGNED = 1.0 / 3.0

SUSTAINED = 0.9  # of the peak: the most of it that any kernel reaches, however much power there is


def sustained(share: Array, system: System, exponent: Array) -> Array:
    """Share of the peak that kernels keep which reach `share` at the power of their generation's reference part."""
    return np.minimum(share * system.power**exponent, SUSTAINED)


def alignment(width: Array) -> Array:
    """Share of matmul speed left by the output's width [elements]: 1 where it is a multiple of 8."""
    return np.where(np.mod(width, 8.0) == 0.0, 1.0, MISALIGNED)


def matmul_time(
    rows: Array,
    columns: Array,
    inner: Array,
    rate: Array,
    width: Array,
    system: System,
    result: Array | float = 2.0,
) -> Array:
    """Seconds of one matmul of `rows` x `inner` by `inner` x `columns` at asymptotic `rate` [FLOP/s].

    `width` is the size of an operand's element, `result` the traffic of one of the result [byte].
    """
    tiles = rows * columns / TILE**2
    share = tiles / (tiles + TAIL * system.processors) * inner / (inner + PROLOGUE * 2.0 / width)
    arithmetic = 2.0 * rows * columns * inner / (rate * share)
    traffic = width * inner * (rows + columns) + result * rows * columns
    return np.maximum(arithmetic, traffic / (STREAM * system.memory_rate))
