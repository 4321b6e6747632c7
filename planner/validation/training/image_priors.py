"""The constants of an image network's step that are fitted: meaning, unit, what is known beforehand, and range.

One for each generation of accelerators and twelve global ones. What else the model needs it borrows from the
transformer model (`planner.perf.image_step.constants`).
"""

from __future__ import annotations

from collections.abc import Mapping

from planner.validation.fitting import Prior

MATRIX = "share of the 16-bit matrix peak that a large convolution reaches, {}"

PRIORS: Mapping[str, Prior] = {
    "volta.matrix": Prior(MATRIX.format("Volta; Turing too"), "1", 0.65, 0.15, 0.3, 1.0),
    "ampere.matrix": Prior(MATRIX.format("Ampere"), "1", 0.70, 0.15, 0.3, 1.0),
    "ada.matrix": Prior(MATRIX.format("Ada"), "1", 0.55, 0.20, 0.3, 1.0),
    "hopper.matrix": Prior(MATRIX.format("Hopper"), "1", 0.60, 0.15, 0.3, 1.0),
    "blackwell.matrix": Prior(MATRIX.format("Blackwell"), "1", 0.60, 0.20, 0.2, 1.0),
    "vector": Prior("share of the 32-bit vector peak in a convolution", "1", 0.70, 0.20, 0.3, 1.0),
    "tf32": Prior("share of a TensorFloat-32 peak over that of 16 bit", "1", 0.70, 0.20, 0.3, 1.2),
    "narrow": Prior(
        "output channels at which a convolution runs at half speed, on A100",
        "channels",
        24.0,
        0.50,
        2.0,
        128.0,
    ),
    "solid": Prior(
        "speed of 32-bit vector convolutions in three dimensions over that in two",
        "1",
        0.8,
        0.2,
        0.3,
        1.1,
    ),
    "eager": Prior("memory traffic of separate kernels over the counted", "1", 1.1, 0.2, 0.5, 2.5),
    "fused": Prior("the same, fused kernels", "1", 0.9, 0.2, 0.3, 2.5),
    "depthwise": Prior(
        "memory traffic of a depthwise convolution over the least", "1", 2.0, 0.4, 0.8, 10.0
    ),
    "gap": Prior("start, ramp and drain of a kernel", "s", 5e-6, 0.2, 5e-7, 1e-5),
    "step_fixed": Prior("host's time of an eager step outside kernels", "s", 7e-3, 0.5, 1e-4, 3e-2),
    "power": Prior(
        "exponent of the speed of products in the power for a FLOP", "1", 0.7, 0.3, 0.01, 1.2
    ),
    "overlap": Prior(
        "share of the backward pass beside which gradients travel", "1", 0.48, 0.4, 0.02, 0.99
    ),
    "sharing": Prior(
        "loss of speed for each doubling of accelerators that share an eager host",
        "1",
        0.02,
        0.5,
        1e-4,
        0.06,
    ),
}
