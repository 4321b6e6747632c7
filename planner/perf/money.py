"""What are payments at different times worth, and what does one unit cost?

Annuities, straight-line depreciation and price levels, on arrays and without units of measure. The equations are those
of engineering economics (capital recovery factor).
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array


def ratio(part: Array, whole: Array) -> Array:
    """`part / whole`, and 0 where there is no whole."""
    there = whole != 0
    return np.where(there, part / np.where(there, whole, 1.0), 0.0)


def periodic_rate(yearly: Array, periods: float) -> Array:
    """Rate of a period that compounds to the yearly rate: (1 + r)^(1 / periods) - 1."""
    return np.asarray(np.expm1(np.log1p(yearly) / periods))


def capital_recovery(rate: Array, periods: Array) -> Array:
    """Payment at the end of each period that repays 1 with interest: i / (1 - (1 + i)^-n), and 1 / n without interest.

    `rate` of a period, `periods` their number; the capital recovery factor of engineering economics.
    """
    charged = rate > 0
    safe = np.where(charged, rate, 1.0)
    with_interest = safe / -np.expm1(-periods * np.log1p(safe))
    return np.where(charged, with_interest, 1.0 / periods)


def outstanding(rate: Array, periods: Array, paid: Array) -> Array:
    """Part of a loan of 1 that is owed after `paid` of its `periods` payments: the worth of those to come."""
    left = np.maximum(periods - paid, 0.0)
    owed = capital_recovery(rate, periods) / capital_recovery(rate, np.maximum(left, 1.0))
    return np.where(left > 0, owed, 0.0)


def present_worth(rate: Array, years: Array) -> Array:
    """Worth today of 1 paid after some years: (1 + rate)^-years."""
    return np.asarray(np.power(1.0 + rate, -years))


def book_share(age: Array, life: Array) -> Array:
    """Share of a price that is left at an age, written down in a straight line over the life."""
    return np.asarray(np.clip(1.0 - age / life, 0.0, 1.0))


def price_levels(inflation: Array, edges: Array, base: Array, at: Array) -> Array:
    """Price level at the times `at` over that at the time `base`; shape (draw, time).

    `inflation` a year by month (draw, month), `edges` month boundaries, `base` one time, `at` times, all in years.
    Prices rise steadily within a month; before the first month and after the last at their rates.
    """
    growth = np.log1p(inflation)
    passed = np.cumsum(growth * np.diff(edges), axis=1)
    since_start = np.concatenate([np.zeros((len(growth), 1)), passed], axis=1)

    def logarithm(times: Array) -> Array:
        month = np.clip(np.searchsorted(edges, times, side="right") - 1, 0, growth.shape[1] - 1)
        return np.asarray(since_start[:, month] + (times - edges[month]) * growth[:, month])

    return np.asarray(np.exp(logarithm(at) - logarithm(base)))
