"""Of which kernels does the step of an image network consist, with the shape, work and traffic of each?

The kernels whose seconds `step` adds up, for one run: alike ones are one entry with a count. FLOPs and bytes are those
of the forward pass of all samples that an accelerator takes at once; what its cache keeps is left out.
"""

from __future__ import annotations

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
    Moves,
    Products,
)
from planner.perf.image_step.step import (
    Runs,
    core_seconds,
    move_seconds,
    optimiser_seconds,
    product_seconds,
    residence,
)
from planner.perf.kernels import MATRIX_UNITS, MEMORY, Kernel, kernel
from planner.perf.training_step.matmul import STREAM

MOVES = {
    NORM: "batch norm",
    FROZEN_NORM: "frozen norm",
    LAYER_NORM: "layer norm",
    ACTIVATION: "activation",
    ADD: "addition",
    MOVE: "copies",
    SMOOTH: "smooth activation",
    BLOCK: "norms, activations",
}


def image_kernels(
    runs: Runs, products: Products, cores: Cores, moves: Moves, k: Constants
) -> list[Kernel]:
    """Kernels of the step of a single run."""
    passes = float(runs.accumulated[0])
    optimiser = float(optimiser_seconds(runs)[0])
    rate = float(runs.system.memory_rate[0])
    return [
        *_products(runs, products, k, passes),
        *_cores(runs, cores, k, passes),
        *_moves(runs, moves, k, passes),
        kernel(
            "optimiser", "optimiser", 1.0, optimiser, optimiser,
            traffic=STREAM * rate * optimiser, memory_rate=rate,
        ),
    ]  # fmt: skip


def _products(runs: Runs, p: Products, k: Constants, passes: float) -> list[Kernel]:
    forward, backward = product_seconds(runs, p, k)
    width, rate = float(runs.width[0]), float(runs.system.memory_rate[0])
    batch = float(runs.batch[0] / runs.parts[0])
    flops = 2.0 * batch * p.rows * p.columns * p.inner * p.groups
    activations = width * batch * (p.read + p.written)
    traffic = activations * residence(runs, p.owner, activations / 2.0) + width * p.weights
    found = []
    for i, count in enumerate(p.count):
        once = float(forward[i] / count)
        linear, alone = p.linear[i] > 0, p.columns[i] == 1.0 and p.groups[i] > 1.0
        peak = (
            runs.system.peak_linear if linear else runs.vector_rate if alone else runs.matrix_rate
        )
        name = "linear" if linear else f"convolution {_window(float(p.window[i]))}"
        sizes = tuple(int(x) for x in (batch * p.rows[i], p.columns[i], p.inner[i]))
        moving = traffic[i] / (STREAM * rate)
        arithmetic = flops[i] / float(peak[0])
        found.append(
            kernel(
                f"{name}, depthwise" if alone else name,
                "matrix_products",
                passes * float(count),
                once,
                passes * float(forward[i] + backward[i]),
                flops=float(flops[i]),
                traffic=float(traffic[i]),
                bound=MEMORY if moving > max(arithmetic, 0.5 * once) else MATRIX_UNITS,
                shape=(*sizes, int(p.groups[i])) if p.groups[i] > 1 else sizes,
                peak=float(peak[0]),
                memory_rate=rate,
            )
        )
    return found


def _window(positions: float) -> str:
    """The size of a kernel by its positions: "3 x 3", or their number where it is no square or cube."""
    for power in (2, 3):
        side = round(positions ** (1.0 / power))
        if side**power == positions:
            return " x ".join([str(side)] * power)
    return f"of {positions:.0f}"


def _cores(runs: Runs, a: Cores, k: Constants, passes: float) -> list[Kernel]:
    forward, backward = core_seconds(runs, a, k)
    batch, width = float(runs.batch[0] / runs.parts[0]), float(runs.width[0])
    flops = 4.0 * batch * a.queries * a.keys * a.heads * a.width
    traffic = 2.0 * width * batch * (a.queries + a.keys) * a.heads * a.width
    return [
        kernel(
            f"attention, {a.queries[i]:.0f} to {a.keys[i]:.0f}",
            "attention_core",
            passes * float(count),
            float(forward[i] / count),
            passes * float(forward[i] + backward[i]),
            flops=float(flops[i]),
            traffic=float(traffic[i]),
            bound=MATRIX_UNITS,
            peak=float(runs.matrix_rate[0]),
            memory_rate=float(runs.system.memory_rate[0]),
        )
        for i, count in enumerate(a.count)
    ]


def _moves(runs: Runs, m: Moves, k: Constants, passes: float) -> list[Kernel]:
    forward, backward, *_ = move_seconds(runs, m, k)
    rate = float(runs.system.memory_rate[0])

    def of(kind: int, mine: Array) -> Kernel:
        count = float(m.count[mine].sum())
        time = float(forward[mine].sum())
        seconds = passes * (time + float(backward[mine].sum()))
        each = time / count
        return kernel(
            MOVES[kind], "memory_kernels", passes * count, each, seconds,
            traffic=STREAM * rate * each, memory_rate=rate,
        )  # fmt: skip

    kinds = m.kind.astype(int)
    return [of(kind, kinds == kind) for kind in np.unique(kinds).tolist()]
