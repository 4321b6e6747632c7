"""How many vehicles of a cohort are still on the road at a given age, and how many owners still consent?

Weibull survival, the usual form for vehicle scrappage: S(a) = exp(-(a / life)^shape). References: Zachariadis,
Samaras, Zierock, "Dynamic modeling of vehicle populations", Technological Forecasting and Social Change 50 (1995).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from planner.axes import Array, cumulative

Whole = npt.NDArray[np.int64]


def weibull_survival(age: Array, life: Array, shape: Array) -> Array:
    """Share that survives to `age` [s], for a scale `life` [s] and a `shape` [-]; 1 before age 0."""
    return np.asarray(np.exp(-np.power(np.maximum(age, 0.0) / life, shape)))


def weibull_survival_since(start: Array, age: Array, life: Array, shape: Array) -> Array:
    """Share of those alive at the age `start` [s] that survives to `age` [s]: S(age) / S(start), without underflow."""
    begun, now = (np.power(np.maximum(x, 0.0) / life, shape) for x in (start, age))
    return np.asarray(np.exp(begun - now))


def consenting(start: Array, sold: Array, alive: Array, rate: Array, edges: Array) -> Array:
    """Share of the vehicles on the road whose owners have not withdrawn their consent, by month and class of data.

    Owners withdraw at a constant `rate` (draw, class) [1/s] from the sale on. `start` (draw, 2, class): vehicles on
    the road at the first of the `edges` (month + 1,) [s], and those of them that consent then; `sold` (draw, month)
    in each month, in its middle; `alive` (draw, month) at each month's end. Scrappage takes those who withdrew and
    the others alike: where a share P of a fleet outlives the months until then, sales count with w = sold / P, and
    the share that consents is sum(w exp(-rate age)) / sum(w). Returned (draw, month, class) as the mean of a month's
    begin and end; 1 without vehicles, and exactly 1 at rate 0.
    """
    start, sold, alive, rate = (
        np.ascontiguousarray(np.moveaxis(x, 0, -1)) for x in (start, sold, alive, rate)
    )
    there = start[0, :1]
    before = np.concatenate([there + 0.0 * alive[:1], alive[:-1] + 0.0 * there])
    stayed = np.where(before > 0, (alive - sold) / np.where(before > 0, before, 1.0), 1.0)
    # Who loses more than half of a fleet in a month has none; bounded, the weights stay within a number's range.
    weight = (sold * np.exp(-cumulative(np.log(np.clip(stayed, 0.5, 1.0)), 0)))[:, None]
    edges = edges[:, None, None]
    agreeing = weight * np.exp(rate * (edges[1:] + edges[:-1]) / 2)
    everybody = start[:1] + cumulative(weight, 0)
    agreed = start[1:] + cumulative(agreeing, 0)
    left = np.exp(-rate * edges)
    both = everybody + (everybody - weight)
    agreed = agreed * left[1:] + (agreed - agreeing) * left[:-1]
    share = np.where(both > 0, np.minimum(agreed / np.where(both > 0, both, 1.0), 1.0), 1.0)
    return np.moveaxis(share, -1, 0)


def survivors(sales: Array, ages: Array, which: Whole, life: Array, shape: Array) -> Array:
    """Vehicles on the road at each month's end from the plan's own sales.

    `sales` (draw, month sold, other): vehicles sold in a month. `ages` (age,): ages [s] that occur, each once, infinite
    for what is not yet sold; `which` (month, month sold): which of them is that at the end of the row's month of those
    sold in the column's. `life`, `shape` (draw, 1, 1). Returns (draw, month, other): the convolution of cohorts with
    survival.
    """
    with np.errstate(
        divide="ignore"
    ):  # the logarithm of age 0 is minus infinity, and its survival 1
        age = np.log(ages)
    # exp(-(a / life)^shape) with the power as an exponential; months are of few lengths, and so are ages.
    alive = np.exp(-np.exp(shape[:, :, 0] * (age - np.log(life[:, :, 0]))))
    # Contiguous: the order of additions then does not depend on how many draws there are.
    return np.asarray(alive.take(which, axis=1) @ np.ascontiguousarray(sales))
