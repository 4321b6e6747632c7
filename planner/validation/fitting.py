"""Which values of a predictor's constants fit measured runs best, given what is known of them beforehand?

Residuals are logarithms of predicted over measured with a robust loss, every source weighs the same (few-row sources
together as one), and each constant is drawn to a starting value that stands for what is known of it without these
runs. Constants are positive, and are varied as logarithms. The loss is Cauchy's, square for small residuals
and logarithmic for large ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from planner.axes import Array
from planner.validation.accuracy import pooled

PRIOR_WEIGHT = 0.02  # of one width off, against a relative error of that size in a whole source
ROBUST = (
    0.05  # relative error where a row begins to pull less: slow days and stalls are no evidence
)
EVALUATIONS = 40  # of all rows and derivatives, at most


@dataclass(frozen=True)
class Prior:
    """A constant that is fitted: what it is, and what is known of it beforehand."""

    meaning: str
    unit: str
    start: float
    width: float  # relative spread of what is known
    low: float
    high: float


def fit(
    priors: Mapping[str, Prior],
    predicted: Callable[[Mapping[str, float]], Array],
    measured: Array,
    sources: Sequence[str],
    robust: float = ROBUST,
) -> dict[str, float]:
    """Constants by name that fit `measured`; `predicted` takes constants and gives the same quantity, row by row.

    `robust`: relative error where a row begins to pull less.
    """
    from scipy.optimize import least_squares

    names = list(priors)
    start = np.log([priors[name].start for name in names])
    width = np.array([priors[name].width for name in names])
    bounds = (
        np.log([priors[name].low for name in names]),
        np.log([priors[name].high for name in names]),
    )
    _, index, counts = np.unique(pooled(list(sources)), return_inverse=True, return_counts=True)
    weight = 1.0 / counts[index]

    def residuals(values: Array) -> Array:
        named = dict(zip(names, np.exp(values).tolist(), strict=True))
        off = np.log(predicted(named) / measured)
        loss = robust**2 * np.log1p((off / robust) ** 2) * weight
        return np.concatenate(
            [np.sign(off) * np.sqrt(loss), PRIOR_WEIGHT * (values - start) / width]
        )

    found = least_squares(residuals, start, bounds=bounds, x_scale=width, max_nfev=EVALUATIONS)
    return dict(zip(names, np.exp(found.x).tolist(), strict=True))
