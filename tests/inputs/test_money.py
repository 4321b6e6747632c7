"""Money in scenarios: other currencies, things that cannot be rented, shares that cannot contradict each other."""

from __future__ import annotations

import numpy as np
import pytest

from planner import units
from planner.axes import MONTH, SITE, on
from planner.errors import InputError
from planner.perf.distributions import quantile
from planner.project import load

MAIN = "5pct_ev_market"


def price(*edits: str) -> float:
    project = load(MAIN, set=["regions.taiwan.electricity_price=4.27 TWD/kWh", *edits])
    found = on(project.leaves["location_electricity_price"], MONTH, SITE)[0, 0, 0]
    return float(units.from_base(found, "USD/kWh"))


def test_a_price_in_taiwan_dollars_is_held_in_us_dollars() -> None:
    # 31.1525 for a dollar, the mean of 2023 (Federal Reserve, G.5A, 1 February 2024).
    assert price() == pytest.approx(4.27 / 31.1525)


def test_a_scenario_may_give_its_own_rate() -> None:
    assert price("economics.exchange_rates.TWD=32.1") == pytest.approx(4.27 / 32.1)
    assert price("economics.exchange_rates.JPY=150") == pytest.approx(4.27 / 31.1525)


def test_at_an_own_rate_the_number_is_shown_in_dollars() -> None:
    edits = ["nodes.gh200_nvl32.price=50 MTWD", "economics.exchange_rates.TWD=25"]
    table = load(MAIN, set=edits).table
    (row,) = (row for row in table.rows if row.leaf == "node_price")
    assert (row.value, row.unit) == (pytest.approx(2e6), "MUSD")


def test_at_an_own_rate_the_whole_distribution_is_in_dollars() -> None:
    price = "{low: 40 MTWD, base: 50 MTWD, high: 75 MTWD}"
    edits = [f"nodes.gh200_nvl32.price={price}", "economics.exchange_rates.TWD=25"]
    table = load(MAIN, set=edits).table
    (row,) = (row for row in table.rows if row.leaf == "node_price")
    assert row.distribution is not None
    drawn = quantile(row.distribution, np.array([0.1, 0.5, 0.9]))
    np.testing.assert_allclose(drawn, [1.6e6, 2e6, 3e6])
    np.testing.assert_allclose(drawn, [row.low, row.value, row.high])


@pytest.mark.parametrize(
    ("text", "dollars"),
    # Federal Reserve, G.5A, means of 2023.
    [
        ("140.5001 JPY", 1),
        ("1 EUR", 1.0817),
        ("82.5708 INR", 1),
        ("7.0809 CNY", 1),
        ("1306.7637 KRW", 1),
    ],
)
def test_the_rates_are_those_of_the_federal_reserve(text: str, dollars: float) -> None:
    assert units.read(text, "USD")[0] == pytest.approx(dollars)


def test_currencies_of_a_unit_have_their_powers() -> None:
    assert units.currencies("TWD/kWh") == (("TWD", 1),)
    assert units.currencies("GB/kJPY") == (("JPY", -1),)
    assert units.currencies("MUSD/year") == ()
    assert units.in_dollars("MTWD/kW month") == "MUSD/kW month"


def test_a_currency_without_a_rate_is_no_key() -> None:
    with pytest.raises(InputError, match="GBP"):
        load(MAIN, set=["economics.exchange_rates.GBP=0.8"])


def test_what_nobody_rents_out_cannot_be_rented() -> None:
    with pytest.raises(InputError, match="hgx_h800 cannot be rented; expected a rent_price of"):
        load(MAIN, set=["sites.japan.training=hgx_h800", "sites.japan.acquisition=rent"])


def test_an_unknown_way_to_acquire_is_refused() -> None:
    with pytest.raises(InputError, match="'buy', 'lease' or 'rent'"):
        load(MAIN, set=["sites.japan.acquisition=borrow"])


def test_duties_not_known_at_plan_start_are_not_charged() -> None:
    """The duty of January 2026 on nodes for China is no part of a plan of 2023."""
    assert not load(MAIN).leaves["node_duty"].any()
    later = load("5pct_from_2027")
    china = later.table.labels[SITE].index("china")
    assert later.leaves["node_duty"][0, 0, ..., china, 0, 0, 0].item() == 0.25
