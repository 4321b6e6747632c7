"""Bytes between two ages: exact to the second, and nothing is lost or counted twice."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.axes import Array
from planner.perf.lifecycle import cumulative_at, held_between

DAY = 86_400.0
# January to April 2024, a leap year.
EDGES = np.cumsum([0, 31, 29, 31, 30]) * DAY
INFLOW = np.array([10.0, 40.0, 20.0, 0.0])  # bytes that arrive in each month


def running(inflow: Array) -> Array:
    return np.concatenate([[0.0], np.cumsum(inflow)]).reshape(1, -1, 1)


def held(at: float, young: float, old: float, inflow: Array = INFLOW) -> float:
    ages = np.array([young]), np.array([old])
    return float(held_between(np.array([at]), EDGES, running(inflow), *ages)[0, 0, 0])


def test_cumulative_inflow_is_linear_within_a_month_and_constant_outside() -> None:
    at = np.array([[-5.0, 0.0, 15.5, 31.0, 45.5, 200.0]]) * DAY
    found = cumulative_at(at, EDGES, running(INFLOW))[0, :, 0]
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


def test_before_anything_arrives_nothing_is_held() -> None:
    assert held(0.0, 0.0, 1000 * DAY) == 0.0


def test_ages_in_the_wrong_order_hold_nothing() -> None:
    assert held(91 * DAY, 30 * DAY, 14 * DAY) == 0.0


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.floats(0, 1e15), min_size=4, max_size=4),
    st.lists(st.floats(0, 150), min_size=2, max_size=5, unique=True),
    st.floats(0, 130),
)
def test_stocks_of_adjoining_ages_add_up_to_all_that_has_arrived(
    inflow: list[float], cuts: list[float], at: float
) -> None:
    ages = [0.0, *sorted(cut * DAY for cut in cuts), 1e5 * DAY]
    parts = [held(at * DAY, young, old, np.array(inflow)) for young, old in pairwise(ages)]
    arrived = float(
        cumulative_at(np.array([[at * DAY]]), EDGES, running(np.array(inflow)))[0, 0, 0]
    )
    assert sum(parts) == pytest.approx(arrived, rel=1e-12, abs=1e-3)


def test_draws_of_the_ages_meet_an_inflow_without_draws() -> None:
    young, old = np.zeros(1), np.array([14.0, 7.0]) * DAY
    found = held_between(np.array([91 * DAY]), EDGES, running(INFLOW), young, old)
    assert found[:, 0, 0] == pytest.approx([20 * 14 / 31, 20 * 7 / 31], rel=1e-14)


def test_draws_of_the_inflow_meet_ages_without_draws() -> None:
    both = np.concatenate([running(INFLOW), 2 * running(INFLOW)])
    found = held_between(np.array([91 * DAY]), EDGES, both, np.zeros(1), np.array([14 * DAY]))
    assert found[1, 0, 0] == pytest.approx(2 * found[0, 0, 0], rel=1e-14)
