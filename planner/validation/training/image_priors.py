"""The constants of an image network's step that are fitted: meaning, unit, what is known beforehand, and range.

Three generations' convolutions and one global constant. What else runs fix is the transformer model's
(`planner.validation.training.priors`): with it there are at most three for a generation and eleven global ones.
"""

from __future__ import annotations

from collections.abc import Mapping

from planner.validation.fitting import Prior

MATRIX = "share of the 16-bit matrix peak that a large convolution reaches, {}"

PRIORS: Mapping[str, Prior] = {
    "volta.matrix": Prior(MATRIX.format("Volta"), "1", 0.65, 0.15, 0.3, 1.0),
    "ampere.matrix": Prior(
        MATRIX.format("Ampere; others in proportion"), "1", 0.70, 0.15, 0.3, 1.0
    ),
    "ada.matrix": Prior(MATRIX.format("Ada; linears too"), "1", 0.55, 0.20, 0.3, 1.0),
    "decode": Prior(
        "images that one process of a loader decodes and crops", "1/s", 100.0, 0.3, 30.0, 400.0
    ),
}
