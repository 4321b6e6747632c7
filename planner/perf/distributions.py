"""Which value of an uncertain number belongs to which probability?

Every distribution is used through its quantile function: a probability in, a value out, so that a draw of uniform
random numbers becomes a draw of inputs, and the same probability always gives the same value. All functions work on
many distributions at once, family by family.

Low, base and high are the 10th, 50th and 90th percentiles of a three-term metalog with

    q(y) = a1 + a2 ln(y / (1 - y)) + a3 (y - 1/2) ln(y / (1 - y)),

whose coefficients follow from the three percentiles in closed form; where a number has a bound, the logarithm of its
distance from the bound (or the logit between two bounds) may have the metalog instead. Source: T. W. Keelin, "The
Metalog Distributions", Decision Analysis 13 (2016) 243-277, sections 3 and 4 and equation 20.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.axes import Array
from planner.perf.normal import normal_score

LOG_ODDS_90 = float(np.log(9.0))  # of the 90th percentile; its negative of the 10th
# The metalog through the three percentiles is a distribution (its quantiles rise) where the median lies farther than
# this share of the way from the 10th to the 90th percentile from either: (1 - 1.66711 (1/2 - 1/10)) / 2, Keelin 2016.
LEAST_SKEW = 0.5 * (1.0 - 1.66711 * 0.4)

# The parameters of each family that is named by itself, in the order in which its quantile function takes them.
PARAMETERS: dict[str, tuple[str, ...]] = {
    "uniform": ("least", "most"),
    "triangular": ("least", "mode", "most"),
    "normal": ("mean", "sd"),
    "lognormal": ("median", "sigma"),
    "beta": ("alpha", "beta", "least", "most"),
    "discrete": ("value", "weight"),
}
METALOG = "metalog"
METALOG_ABOVE = "metalog_above"  # its logarithm above a bound
METALOG_BELOW = "metalog_below"  # the same below a bound
METALOG_BETWEEN = "metalog_between"  # its logit between two bounds


@dataclass(frozen=True, slots=True)
class Distribution:
    """A family with its parameters in the family's order; values are clipped to the limits, rounded, then scaled."""

    family: str
    parameters: tuple[float, ...]
    least: float = -np.inf
    most: float = np.inf
    whole: bool = False
    scale: float = 1.0

    def scaled(self, factor: float) -> Distribution:
        """The distribution of the number times a positive factor."""
        return replace(self, scale=self.scale * factor)


def quantile(distribution: Distribution, u: Array) -> Array:
    """Values [the number's unit] of one distribution at probabilities between 0 and 1, both excluded."""
    family = distribution.family
    drawn = FAMILIES[family](
        _columns(family, [distribution])[:, 0], np.asarray(u, dtype=np.float64)
    )
    values = np.minimum(np.maximum(drawn, distribution.least), distribution.most)
    return np.asarray((np.rint(values) if distribution.whole else values) * distribution.scale)


def quantiles(distributions: Sequence[Distribution], u: Array) -> Array:
    """Values at probabilities `u`, shape (distribution, draw): row i belongs to distribution i."""
    return Quantiles.of(distributions).at(u)


@dataclass(frozen=True)
class Quantiles:
    """The quantile functions of many distributions, put in order by family once for many draws."""

    families: tuple[tuple[str, npt.NDArray[np.intp], Array], ...]  # members, parameters by member
    least: Array
    most: Array
    scale: Array
    whole: npt.NDArray[np.intp]

    @classmethod
    def of(cls, distributions: Sequence[Distribution]) -> Quantiles:
        """Those of `distributions`, in their order."""
        members: dict[str, list[int]] = {}
        for index, each in enumerate(distributions):
            members.setdefault(each.family, []).append(index)
        families = tuple(
            (
                family,
                np.array(mine, dtype=np.intp),
                _columns(family, [distributions[i] for i in mine]),
            )
            for family, mine in members.items()
        )
        least, most, scale = (
            np.array([getattr(each, name) for each in distributions])[:, None]
            for name in ("least", "most", "scale")
        )
        whole = np.flatnonzero([each.whole for each in distributions])
        return cls(families, least, most, scale, whole)

    def at(self, u: Array) -> Array:
        """Values at probabilities `u`, shape (distribution, draw)."""
        values = np.empty(np.shape(u))
        for family, members, parameters in self.families:
            values[members] = FAMILIES[family](parameters, u[members])
        np.clip(values, self.least, self.most, out=values)
        if len(self.whole):
            values[self.whole] = np.rint(values[self.whole])
        values *= self.scale
        return values


def _columns(family: str, distributions: Sequence[Distribution]) -> Array:
    """Parameters of a family, shape (parameter, distribution, 1); discrete ones are filled up with weights of 0."""
    rows = [each.parameters for each in distributions]
    if family == "discrete":
        longest = max(map(len, rows)) // 2
        halves = [(row[: len(row) // 2], row[len(row) // 2 :]) for row in rows]
        rows = [
            (
                *values,
                *values[-1:] * (longest - len(values)),
                *weights,
                *(0.0,) * (longest - len(values)),
            )
            for values, weights in halves
        ]
    return np.array(rows).T[:, :, None]


# --- Percentiles to a metalog ----------------------------------------------------------------------------------------


def metalog_of(
    low: float,
    base: float,
    high: float,
    least: float | None,
    most: float | None,
    strict: bool = False,
) -> tuple[str, tuple[float, ...]] | None:
    """The first metalog that has the three percentiles, as its family and parameters; None where there is none.

    A metalog whose mean is infinite does not count. In order: the plain one, that between the bounds `least` and
    `most`, that above the one, that below the other. `strict`: the number never is at its lower bound, and clipping
    would give it a value that it cannot have; the plain one comes last.
    """
    if not strict and LEAST_SKEW < (base - low) / (high - low) < 1.0 - LEAST_SKEW:
        return METALOG, (low, base, high)  # as most are: no time is spent on the others
    options = _options(low, high, least, most)
    if strict:
        options = [*options[1:], options[0]]
    for family, bounds in options:
        start, middle, end = (_transformed(family, x, bounds, math.log) for x in (low, base, high))
        span = end - start
        if span <= 0.0:  # percentiles too close to each other, so far from the bound
            continue
        first, last = _feasible_shares(family, span)
        if first < (middle - start) / span < last:
            return family, (low, base, high, *bounds)
    return None


def feasible_medians(
    low: float, high: float, least: float | None, most: float | None
) -> list[tuple[float, float]]:
    """The spans in which a median would have to lie for some metalog to have it, in rising order."""
    spans = []
    for family, bounds in _options(low, high, least, most):
        start, end = (_transformed(family, x, bounds, math.log) for x in (low, high))
        if end <= start:
            continue
        shares = _feasible_shares(family, end - start)
        if shares[0] < shares[1]:
            edges = (start + share * (end - start) for share in shares)
            first, last = (_restored(family, x, bounds, math.exp) for x in edges)
            spans.append((first, last))
    merged: list[tuple[float, float]] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return merged


def _feasible_shares(family: str, span: float) -> tuple[float, float]:
    """Where between the (transformed) percentiles, `span` apart, the median must lie: its least and greatest share.

    The quantiles must rise. And the mean must be finite, or no mean of draws converges: far out, the logarithm above a
    bound rises with the log odds by a2 + a3/2, which has to be less than 1; below a bound it falls by a2 - a3/2.
    """
    first, last = LEAST_SKEW, 1.0 - LEAST_SKEW
    if family == METALOG_ABOVE:
        first = max(first, 0.9 - 0.8 * LOG_ODDS_90 / span)
    if family == METALOG_BELOW:
        last = min(last, 0.1 + 0.8 * LOG_ODDS_90 / span)
    return first, last


def _options(
    low: float, high: float, least: float | None, most: float | None
) -> list[tuple[str, tuple[float, ...]]]:
    """The metalogs that bounds outside of the percentiles allow, each with its bounds."""
    above = least is not None and least < low
    below = most is not None and high < most
    options: list[tuple[str, tuple[float, ...]]] = [(METALOG, ())]
    if least is not None and most is not None and above and below:
        options.append((METALOG_BETWEEN, (least, most)))
    if least is not None and above:
        options.append((METALOG_ABOVE, (least,)))
    if most is not None and below:
        options.append((METALOG_BELOW, (most,)))
    return options


def _transformed(family: str, x: Any, bounds: Any, log: Any = np.log) -> Any:
    """What of a value has the plain metalog: the value itself, or the log of its distance from the bounds."""
    if family == METALOG_ABOVE:
        return log(x - bounds[0])
    if family == METALOG_BELOW:
        return -log(bounds[0] - x)
    if family == METALOG_BETWEEN:
        return log((x - bounds[0]) / (bounds[1] - x))
    return x


def _restored(family: str, x: Any, bounds: Any, exp: Any = np.exp) -> Any:
    """The inverse of `_transformed`."""
    if family == METALOG_ABOVE:
        return bounds[0] + exp(x)
    if family == METALOG_BELOW:
        return bounds[0] - exp(-x)
    if family == METALOG_BETWEEN:
        return bounds[0] + (bounds[1] - bounds[0]) / (1.0 + exp(-x))
    return x


def _metalog(family: str) -> Callable[[Array, Array], Array]:
    """Parameters: 10th, 50th and 90th percentile, and the bounds of the family."""

    def values(parameters: Array, u: Array) -> Array:
        bounds = parameters[3:]
        low, base, high = (_transformed(family, x, bounds) for x in parameters[:3])
        spread = (high - low) / (2.0 * LOG_ODDS_90)
        skew = (high + low - 2.0 * base) / (0.8 * LOG_ODDS_90)
        log_odds = np.log(u / (1.0 - u))
        # Next to a bound the exponential is beyond any number, and the value at the bound.
        with np.errstate(over="ignore"):
            return np.asarray(
                _restored(family, base + (spread + skew * (u - 0.5)) * log_odds, bounds)
            )

    return values


# --- Other families --------------------------------------------------------------------------------------------------


def _uniform(parameters: Array, u: Array) -> Array:
    """Parameters: least, most."""
    least, most = parameters
    return np.asarray(least + (most - least) * u)


def _triangular(parameters: Array, u: Array) -> Array:
    """Parameters: least, mode, most."""
    least, mode, most = parameters
    span = most - least
    rising = least + np.sqrt(u * span * (mode - least))
    falling = most - np.sqrt((1.0 - u) * span * (most - mode))
    return np.asarray(np.where(u * span < mode - least, rising, falling))


def _normal(parameters: Array, u: Array) -> Array:
    """Parameters: mean, standard deviation."""
    mean, deviation = parameters
    return np.asarray(mean + deviation * normal_score(u))


def _lognormal(parameters: Array, u: Array) -> Array:
    """Parameters: median, standard deviation of the natural logarithm."""
    median, sigma = parameters
    return np.asarray(median * np.exp(sigma * normal_score(u)))


def _beta(parameters: Array, u: Array) -> Array:
    """Parameters: alpha, beta, least, most."""
    from scipy.special import betaincinv

    alpha, beta, least, most = parameters
    return np.asarray(least + (most - least) * betaincinv(alpha, beta, u))


def _discrete(parameters: Array, u: Array) -> Array:
    """Parameters: the values in rising order, then their weights; a value holds up to its share of the weights."""
    values, weights = np.split(parameters, 2)
    reached = np.cumsum(weights, axis=0)
    found = np.broadcast_to(values[0], u.shape)
    for value, below in zip(values[1:], reached, strict=False):
        found = np.where(u * reached[-1] > below, value, found)
    return found


FAMILIES: dict[str, Callable[..., Array]] = {
    **{name: _metalog(name) for name in (METALOG, METALOG_ABOVE, METALOG_BELOW, METALOG_BETWEEN)},
    "uniform": _uniform,
    "triangular": _triangular,
    "normal": _normal,
    "lognormal": _lognormal,
    "beta": _beta,
    "discrete": _discrete,
}
