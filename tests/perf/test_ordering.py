"""The ordering rule on needs small enough to decide by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.axes import Array
from planner.perf.ordering import (
    at_moment_before,
    entering_service,
    in_service,
    moved_earlier,
    moved_later,
    whole_units,
)

DAY = 86_400.0
EVER = 1000
# October 2023 to March 2024.
EDGES = np.cumsum([0, 31, 30, 31, 31, 29, 31]) * DAY


def entering(
    need: list[float],
    before: list[float] | None = None,
    allowed: list[float] | None = None,
    first: int = 0,
    interval: int = 1,
    life: int = EVER,
) -> list[float]:
    def column(values: list[float]) -> Array:
        return np.array(values, dtype=float).reshape(1, -1, 1)

    result = entering_service(
        column(need),
        column(before or [0] * len(need)),
        column(allowed or [1] * len(need)),
        np.array([[first]]),
        interval,
        np.array([[life]]),
    )
    return list(result[0, :, 0])


def serving(units: list[float], life: int) -> list[float]:
    return list(
        in_service(np.array(units, dtype=float).reshape(1, -1, 1), np.array([[life]]))[0, :, 0]
    )


def test_every_month_buys_what_is_missing_in_whole_units() -> None:
    assert entering([0.5, 1.2, 1.2, 3.0, 2.0]) == [1, 1, 0, 1, 0]


def test_nothing_enters_before_the_first_month_and_then_all_that_is_missing() -> None:
    assert entering([2, 2, 4, 4, 5], first=3) == [0, 0, 0, 4, 1]


def test_one_order_covers_the_worst_month_until_the_next() -> None:
    assert entering([1, 2, 3, 4, 9, 5, 6], interval=3) == [3, 0, 0, 6, 0, 0, 0]


def test_order_months_count_from_the_first_month_that_can_be_reached() -> None:
    assert entering([1, 1, 1, 1, 2, 2, 2], first=1, interval=3) == [0, 1, 0, 0, 1, 0, 0]


def test_a_unit_that_retires_is_replaced_in_the_order_before() -> None:
    assert entering([1] * 8, life=3) == [1, 0, 0, 1, 0, 0, 1, 0]
    # With quarterly orders the third month of service is the last of a quarter: the next order replaces it.
    assert entering([1] * 8, life=4, interval=3) == [1, 0, 0, 1, 0, 0, 1, 0]


def test_what_retires_of_the_stock_from_before_is_replaced_in_time() -> None:
    assert entering([5] * 6, before=[5, 5, 5, 2, 2, 0]) == [0, 0, 0, 3, 0, 2]
    assert entering([5] * 6, before=[5, 5, 5, 5, 2, 0], interval=3) == [0, 0, 0, 5, 0, 0]


def test_stock_at_the_largest_need_leaves_nothing_to_order() -> None:
    assert entering([1.5, 7, 3], before=[7, 7, 7]) == [0, 0, 0]


def test_stock_beyond_the_need_is_not_sold() -> None:
    assert entering([1, 1], before=[4, 4]) == [0, 0]


def test_a_month_in_which_nothing_may_enter_waits_for_the_next_order() -> None:
    assert entering([2] * 5, allowed=[0, 0, 1, 1, 1]) == [0, 0, 2, 0, 0]
    assert entering([2] * 7, allowed=[0, 1, 1, 1, 1, 1, 1], interval=3) == [0, 0, 0, 2, 0, 0, 0]


def test_a_first_month_beyond_the_plan_orders_nothing() -> None:
    assert entering([5, 5, 5], first=3) == [0, 0, 0]


def test_rounding_noise_buys_no_unit_more() -> None:
    assert whole_units(np.array([3.0000000001, 3.00001, 0.0, 1e9 + 1e-3])).tolist() == [
        3,
        4,
        0,
        1e9,
    ]


def test_units_serve_for_their_life_from_the_month_they_enter() -> None:
    assert serving([2, 0, 1, 0, 0], life=3) == [2, 2, 3, 1, 1]
    assert serving([2, 0, 1, 0, 0], life=1) == [2, 0, 1, 0, 0]
    assert serving([2, 0, 1, 0, 0], life=EVER) == [2, 2, 3, 3, 3]


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    st.lists(st.floats(0, 50), min_size=1, max_size=24),
    st.integers(0, 8),
    st.integers(1, 6),
    st.integers(1, 30),
)
def test_from_the_first_month_on_the_need_is_met_by_whole_units(
    need: list[float], first: int, interval: int, life: int
) -> None:
    units = entering(need, first=first, interval=interval, life=max(life, interval))
    there = np.array(serving(units, max(life, interval)))
    assert units[:first] == [0] * min(first, len(need))
    assert all(each == round(each) for each in units)
    assert (there[first:] >= np.array(need[first:]) - 1e-6).all()


def test_what_was_bought_is_replaced_even_if_less_is_needed_by_then() -> None:
    assert entering([3, 1, 1, 1, 1, 1, 1], life=3) == [3, 0, 0, 3, 0, 0, 3]
    assert serving(entering([3, 1, 1, 5, 1, 1, 1], life=3), life=3) == [3, 3, 3, 5, 5, 5, 5]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.floats(0, 50), st.floats(0, 20)), min_size=1, max_size=40),
    st.lists(st.floats(0, 30), min_size=40, max_size=40),
    st.integers(0, 8),
    st.integers(1, 4),
    st.integers(1, 6),
)
def test_a_larger_need_never_has_less_in_service(
    needs: list[tuple[float, float]],
    installed: list[float],
    first: int,
    interval: int,
    intervals: int,
) -> None:
    """In any month, with lives of whole order intervals, whatever stands from before and however the needs fall."""
    life = interval * intervals
    small, large = [x for x, _ in needs], [x + more for x, more in needs]
    there = [
        serving(entering(need, installed[: len(need)], None, first, interval, life), life)
        for need in (small, large)
    ]
    assert (np.array(there[1]) >= np.array(there[0])).all()


def test_a_larger_need_may_have_less_while_units_and_their_replacements_stand_together() -> None:
    # Orders every two months, a life of five: what enters in month 2 is replaced in month 6 and serves in it as well;
    # what enters at once is replaced in month 4.
    small, large = [0, 0, 5, 5, 5, 5, 5, 5], [5] * 8
    at_month_6 = [serving(entering(x, interval=2, life=5), life=5)[6] for x in (small, large)]
    assert at_month_6 == [10, 5]


def test_draws_decide_for_themselves() -> None:
    need = np.array([[1.0, 2, 3], [3, 3, 3]]).reshape(2, 3, 1)
    first, life = np.array([[0], [1]]), np.array([[EVER], [1]])
    nothing, allowed = np.zeros((1, 3, 1)), np.ones((1, 3, 1))
    found = entering_service(need, nothing, allowed, first, 1, life)
    assert found[:, :, 0].tolist() == [[1, 1, 1], [0, 3, 3]]


def test_places_on_two_axes_decide_as_each_alone() -> None:
    generator = np.random.default_rng(7)
    need, nothing = 9.0 * generator.random((3, 30, 2, 2)), np.zeros((1, 30, 2, 2))
    first, life = generator.integers(0, 9, (3, 2, 1)), np.array([[5], [11], [40]])
    allowed = 1.0 * (generator.random((1, 30, 1, 2)) < 0.7)
    found = entering_service(need, nothing, allowed, first, 3, life)
    assert in_service(found, life).shape == found.shape == need.shape
    for draw, x, y in np.ndindex(3, 2, 2):
        alone = entering_service(
            need[[draw], :, x, y, None],
            np.zeros((1, 30, 1)),
            allowed[:, :, 0, y, None],
            first[[draw], x],
            3,
            life[[draw]],
        )
        assert found[draw, :, x, y].tolist() == alone.ravel().tolist()
        serving = in_service(alone, life[[draw]]).ravel()
        assert in_service(found, life)[draw, :, x, y].tolist() == serving.tolist()


def test_lives_with_draws_meet_orders_without() -> None:
    found = in_service(np.array([2.0, 0, 1]).reshape(1, 3, 1), np.array([[1], [2], [9]]))
    assert found[:, :, 0].tolist() == [[2, 0, 1], [2, 2, 1], [2, 2, 3]]


def moved(flows: list[float], by: float) -> list[float]:
    column = np.array(flows, dtype=float).reshape(1, -1, 1)
    return list(moved_earlier(column, np.array([[by]]), EDGES)[0, :, 0])


def test_a_flow_moves_to_the_month_that_contains_the_moment() -> None:
    # 30 days before 1 March 2024 is 31 January; before 1 January it is 2 December.
    assert moved([0, 0, 0, 1, 0, 5], 30 * DAY) == [0, 0, 1, 5, 0, 0]
    assert moved([0, 0, 0, 1, 0, 5], 0) == [0, 0, 0, 1, 0, 5]
    # Exactly one month before: still the month that begins there.
    assert moved([0, 0, 0, 1, 0, 0], 31 * DAY) == [0, 0, 1, 0, 0, 0]
    assert moved([0, 0, 0, 1, 0, 0], 31 * DAY + 1) == [0, 1, 0, 0, 0, 0]


def test_what_would_fall_before_the_plan_is_booked_in_its_first_month() -> None:
    assert moved([1, 2, 0, 0, 0, 0], 400 * DAY) == [3, 0, 0, 0, 0, 0]


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.floats(0, 1e6), min_size=6, max_size=6), st.floats(0, 300))
def test_moving_conserves_what_is_moved(flows: list[float], days: float) -> None:
    assert sum(moved(flows, days * DAY)) == pytest.approx(sum(flows), rel=1e-12)


def test_places_and_draws_move_by_their_own_time() -> None:
    flows = np.zeros((1, 6, 2))
    flows[0, 5] = [1, 10]
    found = moved_earlier(flows, np.array([[0.0, 30 * DAY], [60 * DAY, 0.0]]), EDGES)
    assert found.shape == (2, 6, 2)
    assert found[0].nonzero() == pytest.approx(np.array([[3, 5], [1, 0]]))
    assert found[1, 3, 0] == 1 and found[1, 5, 1] == 10


def test_the_value_at_delivery_is_that_of_the_month_of_delivery() -> None:
    permitted = np.array([0.0, 0, 0, 1, 1, 1]).reshape(1, 6, 1)
    at_delivery = at_moment_before(permitted, np.array([[30 * DAY]]), EDGES)
    assert at_delivery[0, :, 0].tolist() == [0, 0, 0, 0, 1, 1]
    assert np.array_equal(at_moment_before(permitted, np.zeros((1, 1)), EDGES), permitted)


def moved_on(flows: list[float], by: float) -> list[float]:
    column = np.array(flows, dtype=float).reshape(1, -1, 1)
    return list(moved_later(column, np.array([[by]]), EDGES)[0, :, 0])


def test_a_flow_moves_to_a_later_month_and_the_last_keeps_what_falls_beyond() -> None:
    assert moved_on([1, 0, 2, 0, 0, 0], 0) == [1, 0, 2, 0, 0, 0]
    assert moved_on([1, 0, 2, 0, 0, 0], 45 * DAY) == [0, 1, 0, 2, 0, 0]
    assert moved_on([1, 0, 2, 0, 0, 4], 400 * DAY) == [0, 0, 0, 0, 0, 7]
