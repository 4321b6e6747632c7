"""Annuities, depreciation and price levels against the tables and rules of engineering economics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.perf.money import (
    book_share,
    capital_recovery,
    outstanding,
    periodic_rate,
    present_worth,
    price_levels,
    ratio,
)


def number(value: float) -> np.ndarray:
    return np.array(float(value))


@pytest.mark.parametrize(
    ("rate", "periods", "factor"),
    # Capital recovery factors as every table of engineering economics has them.
    [(0.08, 10, 0.14903), (0.10, 5, 0.26380), (0.05, 15, 0.09634), (0.0, 36, 1 / 36)],
)
def test_the_capital_recovery_factor_is_that_of_the_tables(rate, periods, factor) -> None:
    assert capital_recovery(number(rate), number(periods)) == pytest.approx(factor, abs=5e-6)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.floats(0, 0.1), st.integers(1, 120), st.integers(0, 130))
def test_what_is_owed_is_the_worth_of_the_payments_to_come(rate, periods, paid) -> None:
    payment = float(capital_recovery(number(rate), number(periods)))
    to_come = sum(payment * (1 + rate) ** -k for k in range(1, periods - paid + 1))
    owed = float(outstanding(number(rate), number(periods), number(paid)))
    assert owed == pytest.approx(to_come, rel=1e-9, abs=1e-12)
    assert owed == (0 if paid >= periods else pytest.approx(1 if paid == 0 else owed))


def test_a_yearly_rate_is_twelve_monthly_ones_compounded() -> None:
    assert (1 + periodic_rate(number(0.09), 12)) ** 12 == pytest.approx(1.09, rel=1e-14)


def test_the_nominal_rate_is_fishers() -> None:
    assert present_worth(number(0.1016), number(3)) == pytest.approx(1.08**-3 * 1.02**-3)


def test_prices_rise_month_by_month_from_the_base() -> None:
    edges = np.arange(25) / 12
    inflation = np.where(np.arange(24) < 12, 0.02, 0.10)[None]
    at = np.array([-1.0, 0.0, 0.5, 1.0, 2.0, 3.0])
    levels = price_levels(inflation, edges, np.array([0.0]), at)
    assert levels[0] == pytest.approx(
        [1 / 1.02, 1, 1.02**0.5, 1.02, 1.02 * 1.10, 1.02 * 1.10**2], rel=1e-12
    )
    # Another base divides all of them by its own level.
    assert price_levels(inflation, edges, np.array([1.0]), at) == pytest.approx(levels / 1.02)


def test_what_is_left_falls_in_a_straight_line_to_nothing() -> None:
    left = book_share(np.array([0.0, 1, 4, 5, 9]), number(5))
    assert left.tolist() == pytest.approx([1, 0.8, 0.2, 0, 0])


def test_a_ratio_to_nothing_is_nothing() -> None:
    assert ratio(np.array([3.0, 3.0]), np.array([4.0, 0.0])).tolist() == [0.75, 0]
