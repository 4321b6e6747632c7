"""The constants of a transformer's step that are fitted: meaning, unit, what is known beforehand, and range.

At most three for a generation of accelerators and eleven global ones; with those of image networks (`image_priors`)
three and twelve. Starting values are round numbers near what kernel and collective benchmarks give; the fit moves them
by little where rows say little.
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
    "host_sync": Prior("its growth with tensor-parallel collectives", "1", 0.12, 0.5, 1e-3, 1.0),
    "latency": Prior(
        "of one hop of a ring, ramp of bandwidth included", "s", 10e-6, 0.3, 1e-6, 1e-4
    ),
    "dp_overlap": Prior(
        "share of a micro-batch that gradient transfers can hide behind", "1", 0.9, 0.2, 0.05, 1.0
    ),
    "zero_contention": Prior(
        "slow-down of a layer by gathers of weights, prefetch untuned", "1", 0.9, 0.3, 0.05, 2.0
    ),
    "zero_contention_tuned": Prior("the same, prefetch tuned", "1", 0.3, 0.3, 0.02, 2.0),
    "power_exponent": Prior("of matmul speed in the power limit", "1", 0.9, 0.2, 0.1, 1.5),
    "scale_loss": Prior(
        "loss of speed for each doubling of NVLink domains", "1", 0.01, 0.4, 1e-4, 0.05
    ),
    "step_fixed": Prior("host's time of a step outside micro-batches", "s", 5e-3, 0.7, 1e-5, 0.1),
}
