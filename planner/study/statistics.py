"""What do draws say of a quantity: quantiles, how well they are known, the mean of the dearest?

Functions on draws that are sorted along the last axis. A quantile is NumPy's `linear` one (Hyndman and Fan 1996, type
7). How well it is known is said by two order statistics around it, which hold whatever the distribution is (David and
Nagaraja 2003, Order Statistics, section 7.1); for independent draws with the stated confidence, for Sobol points, which
spread more evenly, with more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from planner.axes import Array

CONFIDENCE = 0.95
REACH = 9.0  # standard deviations of a binomial beyond which no probability is left in 64 bits


def quantiles(ordered: Array, levels: Sequence[float]) -> Array:
    """Quantiles at `levels` of sorted draws, shape (level, ...): what `numpy.quantile` gives, without sorting again."""
    last = ordered.shape[-1] - 1
    found = []
    for level in levels:
        place = level * last
        below = min(math.floor(place), last)
        share = place - below
        low, high = ordered[..., below], ordered[..., min(below + 1, last)]
        with np.errstate(invalid="ignore"):
            step = high - low
            between = low + step * share if share < 0.5 else high - step * (1.0 - share)
        # To an infinite draw there is no step: whatever is between it and another is infinite.
        between = np.where(np.isinf(low), low, np.where(np.isinf(high), high, between))
        found.append(low if share == 0.0 else np.where(low == high, low, between))
    return np.stack(found)


def bounds(draws: int, level: float, confidence: float = CONFIDENCE) -> tuple[int, int] | None:
    """Positions of the sorted draws between which the quantile of the distribution lies, with `confidence`.

    The number of draws below the quantile is binomial, B(draws, level): the interval from the l-th to the u-th
    smallest has the confidence P(l <= B < u). Each side leaves out at most half of what is missing to 1. None where
    there are too few draws for any such interval.
    """
    centre, spread = draws * level, math.sqrt(draws * level * (1.0 - level))
    first = max(0, math.floor(centre - REACH * spread - 1.0))
    count = np.arange(first, min(draws, math.ceil(centre + REACH * spread + 1.0)) + 1)
    steps = np.log((draws - count[:-1]) / (count[:-1] + 1.0) * (level / (1.0 - level)))
    start = math.lgamma(draws + 1) - math.lgamma(first + 1) - math.lgamma(draws - first + 1)
    start += first * math.log(level) + (draws - first) * math.log1p(-level)
    below = np.cumsum(np.exp(start + np.concatenate([[0.0], np.cumsum(steps)])))  # P(B <= count)
    tail = (1.0 - confidence) / 2.0
    least = int(count[np.searchsorted(below, tail)])  # P(B < least) <= tail
    most = int(count[np.searchsorted(below, 1.0 - tail)]) + 1  # P(B >= most) <= tail
    return (least - 1, most - 1) if least >= 1 and most <= draws else None


def interval(ordered: Array, level: float) -> Array:
    """The two draws of `bounds`, shape (2, ...); NaN where there are too few."""
    places = bounds(ordered.shape[-1], level)
    if places is None:
        return np.full((2, *ordered.shape[:-1]), np.nan)
    return np.stack([ordered[..., places[0]], ordered[..., places[1]]])


def mean_of_largest(ordered: Array, share: float) -> float:
    """Conditional value at risk: the mean of the largest `share` of all draws (Rockafellar and Uryasev 2002).

    Where the share is no whole number of draws, the last one counts in part.
    """
    wanted = share * len(ordered)
    whole = math.floor(wanted)
    largest = ordered[len(ordered) - whole :]
    part = (wanted - whole) * ordered[max(len(ordered) - whole - 1, 0)] if wanted > whole else 0.0
    return float((largest.sum() + part) / wanted)


def share_up_to(ordered: Array, value: float) -> float:
    """The share of draws that do not exceed `value`: the quantile at which it stands."""
    return float(np.searchsorted(ordered, value, side="right") / len(ordered))
