"""How many vehicles of a cohort are still on the road at a given age?

Weibull survival, the usual form for vehicle scrappage: S(a) = exp(-(a / life)^shape). References: Zachariadis,
Samaras, Zierock, "Dynamic modeling of vehicle populations", Technological Forecasting and Social Change 50 (1995).
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array


def weibull_survival(age: Array, life: Array, shape: Array) -> Array:
    """Share that survives to `age` [s], for a scale `life` [s] and a `shape` [-]; 1 before age 0."""
    return np.asarray(np.exp(-np.power(np.maximum(age, 0.0) / life, shape)))


def weibull_survival_since(start: Array, age: Array, life: Array, shape: Array) -> Array:
    """Share of those alive at the age `start` [s] that survives to `age` [s]: S(age) / S(start), without underflow."""
    begun, now = (np.power(np.maximum(x, 0.0) / life, shape) for x in (start, age))
    return np.asarray(np.exp(begun - now))


def survivors(sales: Array, age_at_end: Array, life: Array, shape: Array) -> Array:
    """Vehicles on the road at each month's end from the plan's own sales.

    `sales` (draw, month, other): vehicles sold in a month. `age_at_end` (month, month): age at the end of the row's
    month of those sold in the column's month [s], negative where not yet sold. `life`, `shape` (draw, 1, 1).
    Returns (draw, month, other): the convolution of cohorts with survival.
    """
    sold = age_at_end >= 0
    with np.errstate(
        divide="ignore"
    ):  # the logarithm of age 0 is minus infinity, and its survival 1
        age = np.log(age_at_end[sold])
    kept = np.zeros((max(len(life), len(shape)), *age_at_end.shape))
    # exp(-(a / life)^shape) with the power as an exponential, over the ages that occur: most of the cost of a draw.
    kept[:, sold] = np.exp(-np.exp(shape[:, :, 0] * (age - np.log(life[:, :, 0]))))
    return np.asarray(kept @ sales)
