"""The constants that are fitted: at most three for a generation of accelerators and ten global.

`FITTED` holds their values, `constants_of` spreads them over configurations. Their starting values, widths and ranges
are `planner.validation.training.priors`, the fit is `tests/published/training_fit.py`. No other number is adjusted on
the shipped runs: what is counted, assumed or from a benchmark stands beside the equation that uses it. Image networks
take these over and add one global constant and three of generations (`planner.perf.image_step.constants`). Done:
Volta, Ampere, Hopper, Blackwell in 8 and 4 bit, CDNA 3 in 8 bit (from two configurations); other generations and
precisions take the share that benchmarks of matmuls suggest (`UNFITTED`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from planner.axes import Array

GLOBAL = (
    "elementwise_eager",
    "elementwise_fused",
    "host_layer",
    "host_node",
    "small_kernels",
    "small_blocked",
    "dp_overlap",
    "zero_contention",
    "zero_contention_tuned",
    "power_exponent",
)
# Fitted on 404 published configurations (tests/published/training_fit.py; 2026-11-22).
FITTED: dict[str, float] = {
    "volta.16": 0.637,
    "ampere.16": 0.82,
    "ampere.attention": 0.589,
    "hopper.16": 0.643,
    "hopper.8": 0.56,
    "hopper.attention": 0.437,
    "blackwell.8": 0.554,
    "blackwell.4": 0.469,
    "blackwell.attention": 0.392,
    "cdna3.8": 0.388,
    "elementwise_eager": 1.22,
    "elementwise_fused": 0.639,
    "host_layer": 0.0029,
    "host_node": 2.08,
    "small_kernels": 0.327,
    "small_blocked": 0.503,
    "dp_overlap": 0.968,
    "zero_contention": 0.925,
    "zero_contention_tuned": 0.355,
    "power_exponent": 0.946,
}
# Where no run of a generation fixes a value: the share in the largest matmuls of a benchmark (mamf-finder,
# github.com/stas00/ml-engineering, compute/accelerator: A100 0.859, H100 0.803, MI250X 0.767, MI300X 0.601, B200 0.776)
# times what training keeps of it, which falls as power binds: 0.95 on A100, 0.80 on H100, and in 8 bit 0.76 on H200
# (0.734) and 0.73 on B200 (0.763). Without a benchmark the value is assumed.
UNFITTED: dict[str, float] = {
    "pascal.16": 0.70,  # assumed: plain cores, no tensor cores
    "volta.attention": 0.30,  # assumed: no kernel of its own
    "turing.16": 0.45,  # assumed: power binds
    "turing.attention": 0.30,  # assumed
    "ampere.8": 0.60,  # assumed: 8-bit integers
    "ada.16": 0.62,  # assumed
    "ada.8": 0.55,  # assumed
    "ada.attention": 0.40,  # assumed
    "blackwell.16": 0.60,  # 0.776 x 0.77
    "cdna2.16": 0.65,  # 0.767 x 0.85
    "cdna2.attention": 0.30,  # assumed
    "cdna3.16": 0.45,  # 0.601 x 0.75
    "cdna3.attention": 0.28,  # assumed: two thirds of Hopper's rate
    # Matrix engines that wait for the vector processors keep less of 0.99 (429 of 432 TFLOP/s, arXiv 2501.00210, from
    # memory) and 0.94 (8 bit, arXiv 2502.01070, from memory): 0.68, by which MPT-7B runs at 260 TFLOP/s (Databricks,
    # "LLM training and inference with Intel Gaudi 2", 2024).
    "gaudi.16": 0.67,
    "gaudi.8": 0.64,
    "tpu.16": 0.75,  # assumed: compiled, large systolic arrays
}
# Exponent of matmul speed in the power limit where it is known to differ from the fitted one, of parts at their limit.
# An A100 of 400 W is not: cards of 300 W reach 0.933 (mamf-finder, as above: 252.9 of 271.2 TFLOP/s) to 0.957
# (GitHub mag-/gpu_benchmark: 256.4 of 267.9) of its rate, those of 250 W 0.90 in applications (NVIDIA, A100 PCIe).
POWER_EXPONENTS = {"ampere": 0.21}
# Of a generation without any of these, by bits of the operands.
UNKNOWN = {"32": 0.62, "16": 0.62, "8": 0.55, "4": 0.45, "attention": 0.40}
MMA_SYNC = 0.62  # of Hopper's tensor rate with Ampere's instructions (Luo et al., arXiv 2402.13499)


@dataclass(frozen=True)
class Constants:
    """Three of the generation (`matmul_16`, `matmul_linear`, `attention`) and ten global ones, one of which some
    generations have differently (`POWER_EXPONENTS`)."""

    matmul_16: Array  # asymptotic share of the 16-bit peak in a large matmul [1]
    matmul_linear: Array  # same for the precision of the linears [1]
    attention: Array  # share of the 16-bit peak in the fused attention, long sequences [1]
    elementwise_eager: float  # memory traffic of eager element-wise kernels over the minimum [1]
    elementwise_fused: float  # same, fused [1]
    host_layer: float  # host time to launch forward and backward of an eager layer [s]
    host_node: (
        float  # growth of it by collectives of a whole domain over that of smaller groups [1]
    )
    small_kernels: float  # share of launches whose kernels take less than them, where each waits for its kernel [1]
    small_blocked: float  # same, with collectives that block [1]
    dp_overlap: float  # share of a micro-batch's time that gradient transfers can hide behind [1]
    zero_contention: float  # slow-down of a layer by weight gathers, without tuned prefetch [1]
    zero_contention_tuned: (
        float  # of any kernels by transfers beside them, prefetched or cut to pieces [1]
    )
    power_exponent: Array  # of matmul speed in the power limit [1]


def share(values: Mapping[str, float], generation: str, use: str) -> float:
    """Share of the peak that a generation reaches in a `use`, bits of linears or "attention": fitted, else assumed."""
    names = (f"{generation}.{use}", f"{generation}.16" if use == "32" else "")
    known = (table[n] for n in names for table in (values, UNFITTED) if n in table)
    return next(known, UNKNOWN[use])


def power_exponents(values: Mapping[str, float], generation: Sequence[str]) -> Array:
    """Exponent of matmul speed in the power limit, of each generation [1]."""
    return np.array([POWER_EXPONENTS.get(g, values["power_exponent"]) for g in generation])


def constants_of(
    values: Mapping[str, float], generation: Sequence[str], bits: Array, native: Array
) -> Constants:
    """Constants of configurations: `values` by name, each with its generation and bits of the linears.

    Attention that is not `native` to Hopper runs Ampere's instructions, at Ampere's share of what they reach there.
    """

    native_share = np.array([share(values, g, "attention") for g in generation])
    older = np.array([g == "hopper" for g in generation]) & (native == 0.0)
    return Constants(
        matmul_16=np.array([share(values, g, "16") for g in generation]),
        matmul_linear=np.array(
            [share(values, g, f"{b:.0f}") for g, b in zip(generation, bits, strict=True)]
        ),
        attention=np.where(older, MMA_SYNC * values["ampere.attention"], native_share),
        power_exponent=power_exponents(values, generation),
        **{name: values[name] for name in GLOBAL if name != "power_exponent"},
    )
