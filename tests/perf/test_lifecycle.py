"""Bytes between two ages: exact to the second, decaying where they are deleted, none lost or counted twice."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.axes import Array
from planner.perf.lifecycle import Arrivals

DAY = 86_400.0
# January to April 2024, a leap year.
EDGES = np.cumsum([0, 31, 29, 31, 30]) * DAY
INFLOW = np.array([10.0, 40.0, 20.0, 0.0])  # bytes that arrive in each month


def arrivals(inflow: Array, rate: float = 0.0) -> Arrivals:
    return Arrivals.of(EDGES, inflow.reshape(1, -1, 1), np.array([[rate]]))


def held(at: float, young: float, old: float, inflow: Array = INFLOW, rate: float = 0.0) -> float:
    what, times = arrivals(inflow, rate), np.array([at])
    younger, older = (what.older_than(np.array([age]), times)[0, 0, 0] for age in (young, old))
    return float(max(younger - older, 0.0))


def test_cumulative_inflow_is_linear_within_a_month_and_constant_outside() -> None:
    at = np.array([[-5.0, 0.0, 15.5, 31.0, 45.5, 200.0]]) * DAY
    found = arrivals(INFLOW).until(at)[0, :, 0]
    assert found == pytest.approx([0, 0, 5, 10, 30, 70], rel=1e-14)


def test_the_stock_of_the_last_fourteen_days_is_fourteen_days_of_inflow() -> None:
    # End of March: the last 14 of March's 31 days.
    assert held(91 * DAY, 0.0, 14 * DAY) == pytest.approx(20 * 14 / 31, rel=1e-14)


def test_a_window_that_reaches_into_the_month_before_takes_its_share() -> None:
    # End of February, 40 days back: all of February and 11 of January's 31 days.
    assert held(60 * DAY, 0.0, 40 * DAY) == pytest.approx(40 + 10 * 11 / 31, rel=1e-14)


def test_the_stock_between_two_ages_is_a_difference_of_cumulative_inflows() -> None:
    # C(t - 14 d) - C(t - 60 d) at the end of April: 17 of March's days, and from 1 March back 29 days.
    assert held(121 * DAY, 44 * DAY, 90 * DAY) == pytest.approx(20 * 17 / 31 + 40 * 1.0, rel=1e-13)


def test_what_is_deleted_at_a_constant_rate_decays_exponentially() -> None:
    # 10 bytes over 31 days, 60 days later at a rate of 1 % a day: 10 / 0.31 (e^-0.60 - e^-0.91).
    rate = 0.01 / DAY
    only_january = np.array([10.0, 0.0, 0.0, 0.0])
    expected = 10 / 0.31 * (np.exp(-0.60) - np.exp(-0.91))
    assert held(91 * DAY, 0.0, 1e4 * DAY, only_january, rate) == pytest.approx(expected, rel=1e-13)
    # Of that, the part older than 70 days: those of the first 21 days.
    older = 10 / 0.31 * (np.exp(-0.70) - np.exp(-0.91))
    assert held(91 * DAY, 70 * DAY, 1e4 * DAY, only_january, rate) == pytest.approx(
        older, rel=1e-12
    )


def test_a_share_a_year_leaves_the_rest_after_a_year() -> None:
    # A tenth of the owners withdraw within a year: of a moment's inflow nine tenths are left.
    edges = np.array([0.0, 1e-3, 365.25 * DAY])
    rate = -np.log(0.9) / (365.25 * DAY)
    what = Arrivals.of(edges, np.array([100.0, 0.0]).reshape(1, 2, 1), np.array([[rate]]))
    assert what.older_than(np.zeros(1), edges[-1:]).item() == pytest.approx(90.0, rel=1e-9)


def test_decay_equals_a_sum_over_many_small_steps() -> None:
    steps, rate = 100_000, 0.02 / DAY
    moments = (np.arange(steps) + 0.5) / steps * 121 * DAY
    monthly = INFLOW / np.diff(EDGES)
    flow = monthly[np.searchsorted(EDGES, moments, side="right") - 1]
    age = 121 * DAY - moments
    left = flow * np.exp(-rate * age) * (121 * DAY / steps) * ((age > 40 * DAY) & (age <= 90 * DAY))
    assert held(121 * DAY, 40 * DAY, 90 * DAY, rate=rate) == pytest.approx(left.sum(), rel=1e-4)


def test_classes_decay_each_at_its_own_rate() -> None:
    inflow = np.stack([INFLOW, INFLOW], axis=1)[None]
    what = Arrivals.of(EDGES, inflow, np.array([[0.0, 0.01 / DAY]]))
    found = what.older_than(np.zeros(1), EDGES[-1:])[0, 0]
    assert found[0] == pytest.approx(70.0, rel=1e-14)
    assert found[1] == pytest.approx(held(121 * DAY, 0.0, 1e5 * DAY, rate=0.01 / DAY), rel=1e-14)


def test_before_anything_arrives_nothing_is_held() -> None:
    assert held(0.0, 0.0, 1000 * DAY) == 0.0


def test_ages_in_the_wrong_order_hold_nothing() -> None:
    assert held(91 * DAY, 30 * DAY, 14 * DAY) == 0.0


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.floats(0, 1e15), min_size=4, max_size=4),
    st.lists(st.floats(0, 150), min_size=2, max_size=5, unique=True),
    st.floats(0, 130),
    st.sampled_from([0.0, 1e-12, 1e-9, 1e-7]),
)
def test_stocks_of_adjoining_ages_add_up_to_all_that_is_left(
    inflow: list[float], cuts: list[float], at: float, rate: float
) -> None:
    ages = [0.0, *sorted(cut * DAY for cut in cuts), 1e5 * DAY]
    flows = np.array(inflow)
    parts = [held(at * DAY, young, old, flows, rate) for young, old in pairwise(ages)]
    left = arrivals(flows, rate).older_than(np.zeros(1), np.array([at * DAY])).item()
    assert sum(parts) == pytest.approx(left, rel=1e-12, abs=1e-3)


def test_draws_of_the_ages_meet_an_inflow_without_draws() -> None:
    old = np.array([14.0, 7.0]) * DAY
    what, at = arrivals(INFLOW), np.array([91 * DAY])
    found = what.older_than(np.zeros(1), at) - what.older_than(old, at)
    assert found[:, 0, 0] == pytest.approx([20 * 14 / 31, 20 * 7 / 31], rel=1e-14)


def test_draws_of_the_inflow_meet_ages_without_draws() -> None:
    both = np.stack([INFLOW, 2 * INFLOW])[..., None]
    what, at = Arrivals.of(EDGES, both, np.zeros((1, 1))), np.array([91 * DAY])
    found = what.older_than(np.zeros(1), at) - what.older_than(np.array([14 * DAY]), at)
    assert found[1, 0, 0] == pytest.approx(2 * found[0, 0, 0], rel=1e-14)


def test_draws_of_the_rate_meet_an_inflow_without_draws() -> None:
    rates = np.array([[0.0], [0.01 / DAY]])
    what = Arrivals.of(EDGES, INFLOW.reshape(1, -1, 1), rates)
    found = what.older_than(np.zeros(1), EDGES[-1:])[:, 0, 0]
    alone = held(121 * DAY, 0.0, 1e5 * DAY, rate=0.01 / DAY)
    assert found == pytest.approx([70.0, alone], rel=1e-14)
