"""The constants of a transformer's step that are fitted: meaning, unit, what is known beforehand, and range.

At most three for a generation of accelerators and ten global ones; with those of image networks (`image_priors`) three
and eleven. All that is adjusted on the shipped runs is here. Starting values are round numbers near what counts of
kernels and benchmarks of kernels and collectives give; the fit moves them by little where rows say little.
"""

from __future__ import annotations

from collections.abc import Mapping

from planner.validation.fitting import Prior

MATMUL = "share of the {} peak that a large matmul reaches"
ATTENTION = "share of the 16-bit peak that fused attention reaches on long sequences"

PRIORS: Mapping[str, Prior] = {
    "volta.16": Prior(MATMUL.format("fp16"), "1", 0.65, 0.15, 0.3, 1.0),
    "ampere.16": Prior(MATMUL.format("16-bit"), "1", 0.85, 0.08, 0.5, 1.0),
    "ampere.attention": Prior(ATTENTION, "1", 0.60, 0.20, 0.1, 1.0),
    "hopper.16": Prior(MATMUL.format("16-bit"), "1", 0.68, 0.08, 0.4, 1.0),
    "hopper.8": Prior(MATMUL.format("8-bit"), "1", 0.59, 0.08, 0.3, 1.0),
    "hopper.attention": Prior(ATTENTION, "1", 0.45, 0.20, 0.1, 1.0),
    "blackwell.8": Prior(MATMUL.format("8-bit"), "1", 0.56, 0.10, 0.3, 1.0),
    "blackwell.4": Prior(MATMUL.format("4-bit"), "1", 0.48, 0.10, 0.2, 1.0),
    "blackwell.attention": Prior(ATTENTION, "1", 0.40, 0.20, 0.1, 1.0),
    "cdna3.8": Prior(MATMUL.format("8-bit"), "1", 0.35, 0.3, 0.1, 1.0),
    "elementwise_eager": Prior(
        "memory traffic of eager element-wise kernels over the least possible",
        "1",
        1.2,
        0.2,
        0.5,
        3.0,
    ),
    "elementwise_fused": Prior("the same, fused", "1", 0.6, 0.3, 0.1, 3.0),
    "host_layer": Prior(
        "host's time to launch forward and backward of a layer", "s", 2.7e-3, 0.2, 1e-4, 2e-2
    ),
    "host_node": Prior(
        "growth of it by collectives of a whole NVLink domain over that of smaller groups",
        "1",
        2.0,
        1.0,
        1.0,
        10.0,
    ),
    # 8 of the 23 launches of Megatron-LM's block: copies and transposes around the core, sums of biases, masks
    "small_kernels": Prior(
        "share of launches whose kernels take less than them, where each waits for its kernel",
        "1",
        0.35,
        0.3,
        0.05,
        1.0,
    ),
    "small_blocked": Prior(
        "the same with collectives that block, whose own launches count", "1", 0.5, 0.3, 0.05, 1.0
    ),
    "dp_overlap": Prior(
        "share of a micro-batch that gradient transfers can hide behind", "1", 0.9, 0.2, 0.05, 1.0
    ),
    "zero_contention": Prior(
        "slow-down of a layer by gathers of weights, prefetch untuned", "1", 0.9, 0.3, 0.05, 2.0
    ),
    "zero_contention_tuned": Prior("the same, prefetch tuned", "1", 0.3, 0.3, 0.02, 2.0),
    "power_exponent": Prior("of matmul speed in the power limit", "1", 0.9, 0.2, 0.1, 1.5),
}
