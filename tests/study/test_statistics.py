"""Quantiles of sorted draws, how well they are known, and the mean of the largest."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from planner.study.statistics import bounds, interval, mean_of_largest, quantiles, share_up_to

LEVELS = (0.0, 0.05, 0.1, 0.5, 0.9, 1.0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_quantiles_are_numpys(values: list[float]) -> None:
    found = quantiles(np.sort(np.array(values))[None, :], LEVELS)[:, 0]
    assert found.tolist() == np.quantile(np.array(values), LEVELS, method="linear").tolist()


def test_an_infinite_draw_makes_no_nan() -> None:
    ordered = np.array([[0.0, 1.0, np.inf, np.inf]])
    found = quantiles(ordered, (0.1, 1 / 3, 0.4, 0.6, 0.9, 1.0))[:, 0]
    assert found.tolist() == [pytest.approx(0.3), 1.0, np.inf, np.inf, np.inf, np.inf]
    negative = quantiles(-ordered[:, ::-1], (0.4, 0.6))[:, 0]
    assert negative.tolist() == [-np.inf, -np.inf]


@settings(max_examples=60)
@given(st.integers(1, 20_000), st.sampled_from((0.05, 0.1, 0.5, 0.8, 0.95)))
def test_the_interval_has_the_binomials_probability(draws: int, level: float) -> None:
    places = bounds(draws, level)
    least = int(stats.binom.ppf(0.025, draws, level))
    most = int(stats.binom.ppf(0.975, draws, level)) + 1
    if least < 1 or most > draws:
        assert places is None
        return
    assert places == (least - 1, most - 1)
    covered = stats.binom.cdf(most - 1, draws, level) - stats.binom.cdf(least - 1, draws, level)
    assert covered >= 0.95 - 1e-12


def test_intervals_hold_the_true_quantile_as_often_as_they_say() -> None:
    draws = np.sort(np.random.default_rng(5).exponential(size=(4000, 300)), axis=1)
    low, high = interval(draws, 0.9)
    held = np.mean((low <= math.log(10.0)) & (math.log(10.0) <= high))
    assert 0.945 < held < 0.98


def test_too_few_draws_have_no_interval() -> None:
    assert bounds(20, 0.1) is None
    assert np.isnan(interval(np.arange(20.0)[None, :], 0.1)).all()


def test_a_million_draws_know_their_quantiles_well() -> None:
    # 900,000 -+ 1.96 x 300, as the normal approximation has it.
    assert bounds(1_000_000, 0.9) == pytest.approx((899_412, 900_588), abs=1.5)


def test_the_mean_of_the_largest_counts_the_last_draw_in_part() -> None:
    ordered = np.arange(1.0, 11.0)
    assert mean_of_largest(ordered, 0.2) == pytest.approx(9.5)
    assert mean_of_largest(ordered, 0.25) == pytest.approx((10 + 9 + 0.5 * 8) / 2.5)
    assert mean_of_largest(ordered, 1.0) == pytest.approx(5.5)


def test_the_mean_of_the_dearest_of_an_exponential() -> None:
    # Of an exponential the mean of the largest share p is 1 - ln p (memorylessness).
    ordered = -np.log1p(-(np.arange(100_000) + 0.5) / 100_000)
    assert mean_of_largest(ordered, 0.05) == pytest.approx(1.0 - math.log(0.05), rel=1e-4)


def test_a_value_stands_at_the_share_of_draws_up_to_it() -> None:
    assert share_up_to(np.array([1.0, 2.0, 2.0, 3.0]), 2.0) == 0.75
