"""The fitted constants of the image model: one or two for a generation of accelerators, the rest global.

`FITTED` holds the values, `LIMITS` start, what is known beforehand (relative width) and range of each, `MEANING` its
meaning. They are fitted by `planner.validation.training.image`; nothing here depends on a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from planner.axes import Array
from planner.perf.training_step.constants import FITTED as TRANSFORMER

# name: start, relative width of what is known beforehand, lower and upper limit, meaning
LIMITS: dict[str, tuple[float, float, float, float, str]] = {
    "volta.matrix": (0.65, 0.15, 0.3, 1.0, "share of the 16-bit matrix peak in a large convolution"),
    "ampere.matrix": (0.80, 0.15, 0.3, 1.0, "the same, Ampere"),
    "ada.matrix": (0.65, 0.20, 0.3, 1.0, "the same, parts with graphics memory (Ada, Turing, RTX Ampere)"),
    "hopper.matrix": (0.65, 0.15, 0.3, 1.0, "the same, Hopper"),
    "blackwell.matrix": (0.55, 0.20, 0.2, 1.0, "the same, Blackwell"),
    "vector": (0.70, 0.20, 0.3, 1.5, "share of the 32-bit vector peak in a convolution; Winograd saves multiplications"),
    "tf32": (0.70, 0.20, 0.3, 1.2, "tf32 products: share of their peak over the share of 16-bit products"),
    "narrow": (24.0, 0.50, 2.0, 128.0, "output channels at which a convolution runs at half speed [channels]"),
    "eager": (1.10, 0.20, 0.5, 2.5, "memory traffic of separate kernels over the counted passes"),
    "fused": (0.90, 0.20, 0.3, 2.5, "the same, fused kernels"),
    "depthwise": (2.0, 0.40, 0.8, 8.0, "memory traffic of a depthwise convolution over the minimum"),
    "gap": (5e-6, 0.30, 5e-7, 1e-5, "start, ramp and drain of a kernel [s]"),
    "winograd": (1.7, 0.20, 1.0, 2.25, "saving of 32-bit 3 x 3 convolutions; F(2 x 2, 3 x 3) needs 2.25 times fewer products"),
    "step_fixed": (7e-3, 0.50, 1e-4, 3e-2, "host time of a step outside kernels, eager PyTorch [s]"),
    "power": (0.7, 0.30, 0.01, 1.2, "exponent of the speed of products in the power for each FLOP/s of the peak"),
    "overlap": (0.48, 0.40, 0.02, 0.99, "share of the backward pass beside which gradients travel"),
    "sharing": (0.02, 0.50, 1e-4, 0.06, "relative loss of speed for each doubling of the accelerators that share a host, eager PyTorch"),
}  # fmt: skip
START: dict[str, float] = {name: entry[0] for name, entry in LIMITS.items()}
FITTED: dict[str, float] = dict(START)
LINEARS = {  # linears are those of the transformer model, where it has a constant for them
    ("volta", "16"): "volta.16", ("ampere", "16"): "ampere.16", ("hopper", "16"): "hopper.16",
    ("hopper", "8"): "hopper.8", ("blackwell", "8"): "blackwell.8",
}  # fmt: skip
ATTENTION = {  # of the transformer model; Volta and graphics parts as Ampere
    **dict.fromkeys(("pascal", "volta", "turing", "ampere", "ada"), "ampere.attention"),
    "hopper": "hopper.attention", "blackwell": "blackwell.attention",
}  # fmt: skip
BORROWED = {"pascal": "volta", "turing": "ada"}  # where a generation has no value of its own


LAUNCH = 1e-5  # of a kernel by eager PyTorch [s]; 5 to 10 us of host time an operator, assumed


@dataclass(frozen=True)
class Constants:
    """Values spread over runs: the first two are arrays, one entry a run."""

    product: Array  # share of the run's product peak
    linear: Array  # share of the run's peak for linears
    narrow: float
    winograd: float
    step_fixed: float
    eager: float
    fused: float
    depthwise: float
    gap: float
    attention: Array  # share of the 16-bit peak in a fused attention core
    power: float
    sharing: float
    overlap: float
    contention: float = TRANSFORMER["zero_contention_tuned"]
    scale_loss: float = TRANSFORMER["scale_loss"]
    launch: float = LAUNCH


def constants_of(
    values: Mapping[str, float], generation: Sequence[str], arithmetic: Sequence[str]
) -> Constants:
    """Constants of runs by `generation` and `arithmetic` (vector, tf32, 16 or 8)."""

    def share(name: str, kind: str) -> float:
        if kind == "vector":
            return values["vector"]
        own = values[f"{BORROWED.get(name, name)}.matrix"]
        return own * (values["tf32"] if kind == "tf32" else 1.0)

    def linear(name: str, kind: str) -> float:
        known = LINEARS.get((name, kind))
        return share(name, kind) if known is None else TRANSFORMER[known]

    shares = np.array([share(g, a) for g, a in zip(generation, arithmetic, strict=True)])
    linears = np.array([linear(g, a) for g, a in zip(generation, arithmetic, strict=True)])
    attention = np.array([TRANSFORMER[ATTENTION[g]] for g in generation])
    names = ("narrow", "winograd", "step_fixed", "eager", "fused", "depthwise", "gap", "power", "sharing", "overlap")
    return Constants(product=shares, linear=linears, attention=attention, **{n: values[n] for n in names})
