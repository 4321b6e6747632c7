"""Loss of stripes against sums over the binomial distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from planner.perf.durability import annual_loss, nines, raw_bytes_each

DAY, YEAR = 86_400.0, 365.25 * 86_400.0


@pytest.mark.parametrize(("data", "parity"), [(1, 0), (1, 2), (4, 2), (8, 3), (17, 3), (40, 20)])
def test_loss_in_a_year_is_that_of_its_periods(data: int, parity: int) -> None:
    rate, rebuild = 0.3 / YEAR, 30 * DAY
    lost = stats.binom.sf(parity, data + parity, -np.expm1(-rate * rebuild))
    expected = 1 - (1 - lost) ** (YEAR / rebuild)
    found = annual_loss(*(np.array(float(x)) for x in (data, parity, rate, rebuild)))
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_likely_failures_are_counted_as_exactly_as_rare_ones() -> None:
    for chance in (0.3, 0.5, 0.7, 0.99):
        rate = np.array(-np.log1p(-chance) / YEAR)
        found = annual_loss(np.array(17.0), np.array(3.0), rate, np.array(YEAR))
        assert found == pytest.approx(stats.binom.sf(3, 20, chance), rel=1e-9)


def test_without_parity_a_stripe_is_lost_with_its_first_drive() -> None:
    one = np.array(1.0)
    loss = annual_loss(one, np.array(0.0), np.array(0.01 / YEAR), np.array(DAY))
    assert loss == pytest.approx(1 - np.exp(-0.01), rel=1e-9)


def test_drives_that_always_fail_lose_everything_and_those_that_never_do_nothing() -> None:
    data, parity, rebuild = np.array([8.0, 17.0]), np.array([2.0, 3.0]), np.array(DAY)
    assert annual_loss(data, parity, np.array(1.0), rebuild) == pytest.approx([1.0, 1.0])
    assert annual_loss(data, parity, np.array(0.0), rebuild).tolist() == [0.0, 0.0]


def test_overhead_and_nines() -> None:
    assert raw_bytes_each(np.array(8.0), np.array(2.0)) == 1.25
    assert nines(1e-11) == pytest.approx(11.0)
