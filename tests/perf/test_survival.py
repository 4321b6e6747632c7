"""Survival of vehicles: closed forms of the Weibull law, and cohorts summed one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from planner.axes import Array
from planner.perf.survival import (
    Whole,
    consenting,
    survivors,
    weibull_survival,
    weibull_survival_since,
)

YEAR = 365.25 * 86_400.0


def as_array(value: float) -> np.ndarray:
    return np.array([[[value]]])


@pytest.mark.parametrize("shape", [0.5, 1.0, 2.0, 3.0, 20.0])
def test_at_the_age_of_the_scale_one_in_e_is_left(shape: float) -> None:
    # S(life) = exp(-1) for every shape: the definition of the scale of a Weibull distribution.
    left = weibull_survival(np.array(16 * YEAR), np.array(16 * YEAR), np.array(shape))
    assert left == pytest.approx(math.exp(-1), rel=1e-15)


def test_with_shape_one_survival_is_exponential_decay() -> None:
    age = np.array([0.0, 1.0, 5.0, 30.0]) * YEAR
    left = weibull_survival(age, np.array(10 * YEAR), np.array(1.0))
    assert left == pytest.approx(np.exp(-age / (10 * YEAR)), rel=1e-14)


def test_with_shape_three_three_in_four_reach_the_age_of_two_thirds_of_the_scale() -> None:
    # exp(-(2/3)^3) = exp(-8/27) = 0.7436
    left = weibull_survival(np.array(2.0), np.array(3.0), np.array(3.0))
    assert left == pytest.approx(0.7436, abs=5e-5)


def test_nobody_is_scrapped_before_being_sold() -> None:
    assert weibull_survival(np.array([-1.0, 0.0]), np.array(1.0), np.array(3.0)).tolist() == [1, 1]


def test_survival_since_an_age_is_the_ratio_of_two_survivals() -> None:
    start, age, life, shape = (np.array(x) for x in (4.0, 9.0, 16.0, 3.0))
    ratio = weibull_survival(age, life, shape) / weibull_survival(start, life, shape)
    assert weibull_survival_since(start, age, life, shape) == pytest.approx(ratio, rel=1e-14)


def test_survival_of_the_oldest_cohort_is_a_number_and_not_nothing_over_nothing() -> None:
    # S(60) = exp(-(60/16)^8) is 0 in floating point; the ratio is not 0/0 but nearly 0.
    left = weibull_survival_since(*(np.array(x) for x in (60.0, 60.5, 16.0, 8.0)))
    assert 0.0 <= float(left) < 1e-300
    alive = weibull_survival_since(*(np.array(x) for x in (60.0, 60.0, 16.0, 8.0)))
    assert float(alive) == 1.0


def each_once(age: Array) -> tuple[Array, Whole]:
    ages, which = np.unique(np.where(age >= 0, age, np.inf), return_inverse=True)
    return ages, which.reshape(age.shape)


def test_cohorts_are_summed_with_the_survival_of_their_own_age() -> None:
    edges = np.array([0.0, 31, 59, 90]) * 86_400
    age = edges[1:, None] - (edges[1:] + edges[:-1])[None, :] / 2
    sales = np.array([[[100.0], [0.0], [40.0]]])
    life, shape = as_array(60 * 86_400.0), as_array(2.0)
    left = survivors(sales, *each_once(age), life, shape)[0, :, 0]
    by_hand = [
        100 * math.exp(-((15.5 / 60) ** 2)),
        100 * math.exp(-((43.5 / 60) ** 2)),
        100 * math.exp(-((74.5 / 60) ** 2)) + 40 * math.exp(-((15.5 / 60) ** 2)),
    ]
    assert left == pytest.approx(by_hand, rel=1e-13)


def test_without_scrappage_survivors_are_the_sum_of_sales() -> None:
    months = np.arange(13.0)
    age = months[1:, None] - (months[:-1] + 0.5)[None, :]
    sales = np.arange(24.0).reshape(1, 12, 2)
    left = survivors(sales, *each_once(age), as_array(1e12), as_array(3.0))
    assert left == pytest.approx(sales.cumsum(axis=1), rel=1e-12)


def test_draws_of_the_life_meet_sales_without_draws() -> None:
    age = np.array([[0.5]])
    life = np.array([1.0, 2.0]).reshape(2, 1, 1)
    left = survivors(np.ones((1, 1, 1)), *each_once(age), life, as_array(1.0))
    assert left.ravel() == pytest.approx([math.exp(-0.5), math.exp(-0.25)])


# --- Consent ---------------------------------------------------------------------------------------------------------


def test_owners_of_one_cohort_withdraw_exponentially() -> None:
    """A fleet at the start of which all consent: the mean of a month's begin and end."""
    edges, rate = np.arange(5.0), np.array([[0.1, 0.0]])
    start = np.array([[[7.0, 7.0], [7.0, 3.5]]])
    alive = np.array([[7.0, 6.0, 5.0, 4.0]])  # scrapped, whoever consents
    found = consenting(start, np.zeros((1, 4)), alive, rate, edges)[0]
    begin, end = np.exp(-0.1 * edges[:-1]), np.exp(-0.1 * edges[1:])
    assert found[:, 0] == pytest.approx((begin + end) / 2)
    assert found[:, 1] == pytest.approx(0.5)  # those who withdrew before do not come back


def test_young_fleets_consent_more_than_old_ones() -> None:
    # One vehicle a month and none scrapped: the mean over ages of half a month, one and a half, ...
    edges, rate = np.arange(41.0), np.array([[0.02]])
    sold = np.ones((1, 40))
    found = consenting(np.zeros((1, 2, 1)), sold, sold.cumsum(axis=1), rate, edges)[0, :, 0]
    ages = np.arange(40)[::-1] + 0.5
    end, begin = np.exp(-0.02 * ages).sum(), np.exp(-0.02 * ages[1:]).sum()
    assert found[-1] == pytest.approx((end + begin) / 79)
    assert (np.diff(found) < 0).all()


def test_without_withdrawals_or_without_vehicles_everybody_consents() -> None:
    some, none = np.full((1, 6), 3.0), np.zeros((1, 6))
    edges, start = np.arange(7.0), np.zeros((1, 2, 1))
    assert (consenting(start, some, some.cumsum(axis=1), np.zeros((1, 1)), edges) == 1.0).all()
    assert (consenting(start, none, none, np.ones((1, 1)), edges) == 1.0).all()
