"""Quantile functions against scipy's, and metalogs against the percentiles that they are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from planner.perf import distributions
from planner.perf.distributions import Distribution, metalog_of, quantile, quantiles

GRID = np.linspace(0.0005, 0.9995, 1999)
PERCENTILES = np.array([0.1, 0.5, 0.9])

finite = st.floats(-1e6, 1e6, allow_subnormal=False)
spans = st.floats(1e-3, 1e6)


def distribution(
    low: float, base: float, high: float, least: float | None = None, most: float | None = None
) -> Distribution:
    found = metalog_of(low, base, high, least, most)
    assert found is not None
    return Distribution(*found)


@pytest.mark.parametrize(
    ("family", "parameters", "oracle"),
    [
        ("uniform", (2.0, 5.0), stats.uniform(2.0, 3.0).ppf),
        ("triangular", (1.0, 2.0, 6.0), stats.triang(0.2, 1.0, 5.0).ppf),
        ("triangular", (1.0, 1.0, 6.0), stats.triang(0.0, 1.0, 5.0).ppf),
        ("triangular", (1.0, 6.0, 6.0), stats.triang(1.0, 1.0, 5.0).ppf),
        ("normal", (3.0, 0.5), stats.norm(3.0, 0.5).ppf),
        ("lognormal", (4.0, 0.7), stats.lognorm(0.7, scale=4.0).ppf),
        ("beta", (2.0, 5.0, 1.0, 3.0), stats.beta(2.0, 5.0, 1.0, 2.0).ppf),
        ("metalog", (-np.log(9.0), 0.0, np.log(9.0)), stats.logistic().ppf),
        (
            "metalog_above",
            (7.0 / 3.0, 3.0, 5.0, 2.0),
            stats.fisk(2.0 * np.log(3) / np.log(3), 2.0).ppf,
        ),
    ],
)
def test_quantiles_are_those_of_scipy(
    family: str, parameters: tuple[float, ...], oracle: Callable[[Any], Any]
) -> None:
    # A metalog without skew is the logistic distribution, its logarithm above a bound the log-logistic.
    found = quantile(Distribution(family, parameters), GRID)
    np.testing.assert_allclose(found, oracle(GRID), rtol=1e-11, atol=1e-12)


def test_a_discrete_number_has_each_value_for_its_share() -> None:
    weighted = Distribution("discrete", (1.0, 2.0, 8.0, 1.0, 6.0, 3.0))
    found = quantile(weighted, (np.arange(1000) + 0.5) / 1000)
    assert [int((found == value).sum()) for value in (1.0, 2.0, 8.0)] == [100, 600, 300]
    # The least value whose cumulated share reaches the probability.
    assert list(quantile(weighted, np.array([0.1, 0.5, 0.7, 0.70001]))) == [1.0, 2.0, 2.0, 8.0]


@given(finite, spans, st.floats(0.17, 0.83))
def test_three_percentiles_are_met_and_quantiles_rise(low: float, span: float, at: float) -> None:
    base, high = low + at * span, low + span
    found = quantile(distribution(low, base, high), PERCENTILES)
    np.testing.assert_allclose(found, [low, base, high], atol=1e-12 * (abs(low) + span))
    drawn = quantile(distribution(low, base, high), GRID)
    assert (np.diff(drawn) > 0).all()


@settings(deadline=None, max_examples=60)
@given(
    st.floats(-100, 100),
    st.floats(0.01, 10),
    st.floats(1.2, 8),
    st.sampled_from(["above", "below", "between"]),
)
def test_a_bound_takes_what_the_plain_metalog_does_not(
    bound: float, distance: float, ratio: float, side: str
) -> None:
    # Percentiles at rising distances from the bound whose logarithms are evenly spaced, or nearly.
    low, high = distance, distance * ratio**2
    base = distance * ratio
    plain = (base - low) / (high - low)
    if side == "above":
        low, base, high = bound + low, bound + base, bound + high
        least, most = bound, None
    elif side == "below":
        low, base, high = bound - high, bound - base, bound - low
        least, most = None, bound
    else:
        least, most = bound, bound + 3.0 * high
        low, base, high = bound + low, bound + base, bound + high
    found = distribution(low, base, high, least, most)
    assert (found.family == "metalog") == (plain > distributions.LEAST_SKEW)
    np.testing.assert_allclose(
        quantile(found, PERCENTILES), [low, base, high], rtol=1e-9, atol=1e-9 * abs(bound)
    )
    drawn = quantile(found, GRID)
    assert (np.diff(drawn) >= 0).all()
    if found.family != "metalog":
        assert least is None or drawn.min() >= least
        assert most is None or drawn.max() <= most


@given(st.floats(0.1, 10), st.floats(1.5, 1e4), st.sampled_from([None, 0.0]))
def test_medians_at_the_edge_of_what_is_feasible(
    low: float, ratio: float, least: float | None
) -> None:
    high = low * ratio
    for first, last in distributions.feasible_medians(low, high, least, None):
        assert low < first < last < high
        gap = 1e-6 * (last - first)
        assert metalog_of(low, first + gap, high, least, None) is not None
        assert metalog_of(low, last - gap, high, least, None) is not None
        assert metalog_of(low, first - gap, high, least, None) is None or least is not None
        assert metalog_of(low, last + gap, high, least, None) is None


def test_the_plain_metalog_comes_last_for_a_number_that_never_is_at_its_bound() -> None:
    assert metalog_of(1.0, 2.0, 4.0, 0.0, None) == ("metalog", (1.0, 2.0, 4.0))
    assert metalog_of(1.0, 2.0, 4.0, 0.0, None, strict=True) == (
        "metalog_above",
        (1.0, 2.0, 4.0, 0.0),
    )
    # Skewed to the left as no logarithm is.
    assert metalog_of(1.0, 3.0, 3.5, 0.0, None, strict=True) == ("metalog", (1.0, 3.0, 3.5))


def test_a_metalog_has_a_finite_mean() -> None:
    # A factor of nine either way is the log-logistic distribution of shape 1, whose mean is infinite.
    assert metalog_of(1 / 8.9, 1.0, 8.9, 0.0, None) is not None
    assert metalog_of(1 / 9.1, 1.0, 9.1, 0.0, None) is None
    assert metalog_of(-9.1, -1.0, -1 / 9.1, None, 0.0) is None
    (span,) = distributions.feasible_medians(1 / 9.1, 9.1, 0.0, None)
    assert span[0] > 1.0


def test_draws_are_clipped_then_rounded_then_scaled() -> None:
    number = Distribution("uniform", (0.0, 10.0), least=2.2, most=8.0, whole=True, scale=100.0)
    found = quantile(number, np.array([0.01, 0.45, 0.55, 0.99]))
    assert list(found) == [200.0, 400.0, 600.0, 800.0]
    assert list(quantile(number.scaled(0.5), np.array([0.99]))) == [400.0]


def test_many_distributions_at_once_are_each_by_itself() -> None:
    several = [
        Distribution("uniform", (0.0, 1.0)),
        Distribution("metalog", (1.0, 2.0, 4.0)),
        Distribution("discrete", (1.0, 2.0, 0.5, 0.5)),
        Distribution("metalog_between", (0.2, 0.9, 0.99, 0.0, 1.0), most=0.95),
        Distribution("metalog", (5.0, 6.0, 7.0), least=5.5),
        Distribution("normal", (0.0, 1.0)),
    ]
    u = np.random.default_rng(0).uniform(size=(len(several), 100))
    together = quantiles(several, u)
    for row, each, probabilities in zip(together, several, u, strict=True):
        assert (row == quantile(each, probabilities)).all()


@settings(max_examples=20)
@given(st.floats(0.3, 5), st.floats(0.3, 5))
def test_beta_quantiles_invert_its_distribution(alpha: float, beta: float) -> None:
    found = quantile(Distribution("beta", (alpha, beta, 0.0, 1.0)), GRID)
    np.testing.assert_allclose(stats.beta(alpha, beta).cdf(found), GRID, rtol=1e-7)
