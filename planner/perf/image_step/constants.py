"""The constants of the image model: one for a generation of accelerators, twelve global ones, and what is borrowed.

`FITTED` holds the values that are fitted, by `planner.validation.training.image`, where their meaning, range and what
is known of them beforehand stand. Linears and attention cores run at the shares that the transformer model found;
they are not fitted again here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from planner.axes import Array

GLOBAL = (
    "vector",
    "tf32",
    "narrow",
    "solid",
    "eager",
    "fused",
    "depthwise",
    "gap",
    "step_fixed",
    "power",
    "overlap",
    "sharing",
)
# Fitted on 250 published configurations of 18 networks on 16 accelerators (2026-11-22).
FITTED: dict[str, float] = {
    "volta.matrix": 0.823,
    "ampere.matrix": 0.62,
    "ada.matrix": 0.422,
    "hopper.matrix": 0.508,
    "blackwell.matrix": 0.661,
    "vector": 0.83,
    "tf32": 0.677,
    "narrow": 15.9,
    "solid": 0.693,
    "eager": 1.31,
    "fused": 1.07,
    "depthwise": 5.11,
    "gap": 9.68e-06,
    "step_fixed": 0.0187,
    "power": 0.563,
    "overlap": 0.329,
    "sharing": 0.0328,
}
# Share of the matrix peak where no run of a generation fixes it: of the nearest one in age and power.
BORROWED = {"pascal": "volta", "turing": "volta"}
UNKNOWN = 0.5  # of a generation without any of these; assumed
# Shares of the transformer model (planner.perf.training_step.constants, 2026-11-22): large linears by generation and
# bits, and fused attention on long sequences.
LINEAR = {
    ("volta", 16): 0.635, ("ampere", 16): 0.82, ("hopper", 16): 0.642, ("hopper", 8): 0.563,
    ("blackwell", 8): 0.562,
}  # fmt: skip
ATTENTION = {"hopper": 0.439, "blackwell": 0.401}
ATTENTION_BEFORE = 0.586  # Ampere's; generations without a fit of their own take it
CONTENTION = 0.363  # slow-down by transfers of sharded weights beside the kernels, tuned
SCALE_LOSS = 0.0098  # relative loss of speed for each doubling of the domains that replicas span
LAUNCH = 1e-5  # host time to launch a kernel, eager PyTorch [s]; 5 to 10 us an operator, assumed


@dataclass(frozen=True)
class Constants:
    """Constants spread over runs: the first three have one entry a run."""

    product: Array  # share of the peak that a large convolution reaches [1]
    linear: Array  # same for linears [1]
    attention: Array  # share of the 16-bit peak in a fused attention core [1]
    narrow: float  # output channels at which a convolution runs at half speed, on A100 [channels]
    solid: float  # speed of 32-bit vector convolutions in three dimensions over that in two [1]
    eager: float  # memory traffic of separate kernels over the counted passes [1]
    fused: float  # same, fused kernels [1]
    depthwise: float  # memory traffic of a depthwise convolution over the least [1]
    gap: float  # start, ramp and drain of a kernel [s]
    step_fixed: float  # host time of a step outside kernels, eager [s]
    power: float  # exponent of the speed of products in the power for a FLOP of the peak [1]
    overlap: float  # share of the backward pass beside which gradients travel [1]
    sharing: float  # loss of speed for each doubling of accelerators that share an eager host [1]


def constants_of(
    values: Mapping[str, float], generation: Sequence[str], bits: Sequence[int], vector: Array
) -> Constants:
    """Constants of runs by generation and `bits` of linears; `vector`: flag, 32 bit without matrix units."""

    def share(name: str) -> float:
        return values.get(f"{BORROWED.get(name, name)}.matrix", UNKNOWN)

    own = np.array([share(name) for name in generation])
    single = np.array([b == 32 for b in bits])
    product = np.where(vector > 0.0, values["vector"], own * np.where(single, values["tf32"], 1.0))
    known = [LINEAR.get((g, b)) for g, b in zip(generation, bits, strict=True)]
    linear = [p if k is None else k for k, p in zip(known, product.tolist(), strict=True)]
    attention = [ATTENTION.get(name, ATTENTION_BEFORE) for name in generation]
    rest = {name: values[name] for name in GLOBAL if name not in ("vector", "tf32")}
    return Constants(product, np.array(linear), np.array(attention), **rest)
