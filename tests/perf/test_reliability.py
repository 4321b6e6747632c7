"""Time lost to failures, and spares, against independent implementations and limits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from planner.axes import Array
from planner.perf.reliability import (
    COUNTED,
    daly_interval,
    down_share,
    effective_time_share,
    interval_with_restart,
    mean_time_to_failure,
    spares_required,
    young_interval,
)

NEVER = np.array(np.inf)


def cases(count: int, most_units: float, most_down: float) -> tuple[Array, Array, Array]:
    chance = np.random.default_rng(5)
    units = np.floor(chance.uniform(1, most_units, count))
    targets = chance.choice([0.5, 0.9, 0.99, 0.999, 0.9999, 0.999999], count)
    return units, chance.uniform(0.0, most_down, count), targets


def test_spares_are_the_quantile_of_the_negative_binomial() -> None:
    units, down, wanted = cases(500, 2_000, 0.05)
    found = spares_required(units, down, wanted)
    assert found.tolist() == stats.nbinom.ppf(wanted, units, 1 - down).tolist()


def test_that_many_are_up_with_the_wanted_probability_and_one_spare_fewer_is_too_few() -> None:
    units, down, wanted = cases(500, 500, 0.05)
    spares = spares_required(units, down, wanted)
    assert (stats.binom.cdf(spares, units + spares, down) >= wanted - 1e-12).all()
    some = spares > 0
    fewer = (spares - 1)[some]
    assert (stats.binom.cdf(fewer, units[some] + fewer, down[some]) < wanted[some]).all()


def test_few_failures_follow_poisson() -> None:
    # 10,000 units, one of them down on average: P[Poisson(1) <= 5] = 0.9994, P[<= 4] = 0.9963.
    assert spares_required(np.array(1e4), np.array(1e-4), np.array(0.999)) == 5
    assert stats.poisson.ppf(0.999, 1.0) == 5


def test_very_large_clusters_get_at_most_two_spares_more_than_counted() -> None:
    units, down, wanted = cases(300, 5e5, 0.3)
    large = units * down / (1 - down) > COUNTED
    found = spares_required(units, down, wanted)[large]
    exact = stats.nbinom.ppf(wanted, units, 1 - down)[large]
    assert large.sum() > 200
    assert (found >= exact).all()
    assert (found - exact).max() <= 2


def test_no_units_no_failures_and_no_target_need_no_spares() -> None:
    for units, down, wanted in ((0.0, 0.1, 0.999), (50.0, 0.0, 0.999), (50.0, 0.1, 0.0)):
        assert spares_required(np.array(units), np.array(down), np.array(wanted)) == 0


def test_the_shape_is_that_of_the_inputs_together() -> None:
    units = np.arange(12.0).reshape(1, 3, 1, 4)
    down = np.full((5, 1, 1, 1), 0.01)
    assert spares_required(units, down, np.array(0.99)).shape == (5, 3, 1, 4)


def test_availability_of_field_data_from_failure_rate_and_repair_time() -> None:
    # DeltaAI: 99.3 % of the nodes available (arXiv 2503.11901); 3 failures in 1,000 days and 2.35 days to repair.
    assert 1 - down_share(np.array(3e-3), np.array(2.35)) == pytest.approx(0.993, abs=1e-4)


def test_without_failures_only_the_stall_is_lost() -> None:
    assert mean_time_to_failure(np.array(5.0), np.array(0.0)) == np.inf
    share = effective_time_share(np.array(0.0), np.array(10.0), np.array(300.0), np.array(990.0))
    assert share == pytest.approx(0.99)
    assert young_interval(np.array(10.0), np.array(0.0), np.array(3600.0)) == 3600.0


def test_youngs_interval_loses_least() -> None:
    rate, stall, restart = np.array(1 / 40_000), np.array(5.0), np.array(300.0)
    best = young_interval(stall, rate, NEVER)
    kept = effective_time_share(rate, stall, restart, best * np.linspace(0.5, 2.0, 301))
    assert best == pytest.approx(np.sqrt(2 * 5 * 40_000))
    assert kept.max() - effective_time_share(rate, stall, restart, best) < 1e-5


def test_intervals_agree_where_the_stall_is_short_and_keep_their_limits_where_it_is_not() -> None:
    stall, mean_time, restart = np.array(1.0), np.array(1e6), np.array(0.0)
    young = young_interval(stall, 1 / mean_time, NEVER)
    assert daly_interval(stall, mean_time) == pytest.approx(young, rel=1e-3)
    assert interval_with_restart(stall, mean_time, restart) == pytest.approx(young, rel=1e-3)
    # Daly: from a stall of twice the time between failures on, the interval is that time.
    assert daly_interval(np.array(30.0), np.array(10.0)) == 10.0
    # By hand for w = 50, M = 100: sqrt(10,000) (1 + 0.5/3 + 0.25/9) - 50.
    assert daly_interval(np.array(50.0), np.array(100.0)) == pytest.approx(69.444, abs=1e-3)
    # By hand for w = 60, M + u = 10,800: 60 + sqrt(2 x 10,800 x 60 + 3,600).
    assert interval_with_restart(np.array(60.0), np.array(10_500.0), np.array(300.0)) == (
        pytest.approx(1_200.0, abs=0.5)
    )


def test_more_interruptions_than_time_leave_nothing() -> None:
    assert effective_time_share(np.array(1.0), np.array(1.0), np.array(60.0), np.array(9.0)) == 0
