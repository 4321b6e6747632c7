"""The constants of the image model: three of generations, one global, and what it takes from the transformer's.

`FITTED` holds the values that are fitted, by `planner.validation.training.image`, where their meaning, range and what
is known of them beforehand stand. All else that runs fix is the transformer model's (`planner.perf.training_step`) and
is not fitted again here: together both models have at most three constants for a generation and eleven global ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from planner.axes import Array
from planner.perf.training_step import constants as transformer

GLOBAL = ("decode",)
# Fitted on 251 published configurations of 18 networks on 16 accelerators (2026-11-22).
FITTED: dict[str, float] = {
    "volta.matrix": 0.731,
    "ampere.matrix": 0.609,
    "ada.matrix": 0.376,
    "decode": 125.0,
}
REFERENCE = "ampere"  # whose convolutions stand for those of generations that no run fixes
# Dense 16-bit rate of a processor of the part that a generation's share is of [FLOP/s]. What a tile waits for operands
# and its epilogue takes goes by the clock, not by the rate of the matrix units: slower ones have a larger share.
PACE = {
    "volta": 125e12 / 80.0,  # V100
    "turing": 65e12 / 40.0,  # T4
    "ampere": 312e12 / 108.0,  # A100
    "ada": 362e12 / 142.0,  # L40S
    "hopper": 989.4e12 / 132.0,  # H100
    "blackwell": 2250e12 / 148.0,  # B200
}
VECTOR = 0.85  # of the 32-bit vector peak in a product: cuBLAS reaches 0.9 in large ones; assumed


@dataclass(frozen=True)
class Constants:
    """Constants spread over runs, the arrays with one entry a run; the transformer model has those from `power` on."""

    product: Array  # share of the peak that a large convolution reaches [1]
    pace: Array  # 16-bit rate of a processor of the part that share is of [FLOP/s]
    linear: Array  # same for linears [1]
    attention: Array  # share of the 16-bit peak in a fused attention core [1]
    decode: float  # samples that one process of a loader prepares [1/s]
    power: Array  # exponent of the speed of products in the power for a FLOP of the peak [1]
    eager: float  # memory traffic of separate kernels over the counted passes [1]
    block: float  # same of fused kernels in a transformer block [1]
    overlap: float  # share of the backward pass beside which gradients travel [1]
    contention: float  # slow-down of kernels by transfers of sharded weights beside them [1]


def constants_of(
    values: Mapping[str, float], generation: Sequence[str], bits: Sequence[int], vector: Array
) -> Constants:
    """Constants of runs by generation and `bits` of linears; `vector`: flag, 32 bit without matrix units.

    Convolutions of a generation that no run fixes take Ampere's share times that of linears over Ampere's; linears that
    no transformer fixes take the share of convolutions where that is fixed.
    """
    borrowed = transformer.FITTED

    def linear_share(name: str, of_bits: int) -> float:
        return transformer.share(borrowed, name, f"{of_bits}")

    def convolution(name: str) -> float:
        ratio = linear_share(name, 16) / linear_share(REFERENCE, 16)
        return values.get(f"{name}.matrix", ratio * values[f"{REFERENCE}.matrix"])

    def linear(name: str, of_bits: int) -> float:
        unknown = f"{name}.16" not in borrowed and f"{name}.matrix" in values
        return values[f"{name}.matrix"] if unknown else linear_share(name, of_bits)

    pairs = list(zip(generation, bits, strict=True))
    return Constants(
        product=np.where(vector > 0.0, VECTOR, [convolution(name) for name in generation]),
        pace=np.array([PACE.get(name, PACE[REFERENCE]) for name in generation]),
        linear=np.where(vector > 0.0, VECTOR, [linear(name, b) for name, b in pairs]),
        attention=np.array([transformer.share(borrowed, name, "attention") for name in generation]),
        decode=values["decode"],
        eager=borrowed["elementwise_eager"],
        block=borrowed["elementwise_fused"],
        power=transformer.power_exponents(borrowed, generation),
        overlap=borrowed["dp_overlap"],
        contention=borrowed["zero_contention_tuned"],
    )
