"""One ledger: its sums, the value of money, and what is left at the end."""

from __future__ import annotations

import inspect
from dataclasses import replace

import numpy as np
import pytest

from planner.axes import ITEM, MONTH, Array, on, place, total
from planner.catalogue import INVESTMENT, ITEMS, RUNNING, Calendar, among, by_item
from planner.inputs.numbers import month_index
from planner.model import cash_flow as module
from planner.model.cash_flow import (
    building_left,
    capex_present,
    discount_factor,
    discount_factor_at_end,
    equipment_left,
    opex_present,
    present_factor,
    present_factor_at_end,
    price_level,
    residual_by_item,
    residual_present,
    tco,
)
from planner.project import Project, load

DAY = 86_400.0
YEAR = 365.25 * DAY
CALENDAR = Calendar(month_index("2024-01"), 12, 0)
FROM_NOVEMBER = Calendar(month_index("2023-11"), 5, 0)
ZERO, ONE = place(0.0), place(1.0)


def test_every_item_has_its_line_in_the_ledger() -> None:
    source = inspect.getsource(module.cash_flow.fn)
    assert set(ITEMS) == {*INVESTMENT, *RUNNING}
    assert [item for item in ITEMS if f" {item}=" not in source] == []


def test_a_line_under_no_item_is_refused() -> None:
    with pytest.raises(ValueError, match="no item of the cash flow: lunch"):
        by_item(lunch=ONE)
    assert total(by_item(nodes=ONE, wan=ONE), ITEM).item() == 2
    assert among(("nodes",)).sum() == 1


def test_quarters_are_those_of_the_calendar_as_far_as_the_plan_has_them() -> None:
    assert FROM_NOVEMBER.quarters.tolist() == [0, 0, 1, 1, 1]
    # November and December: 61 days; January to March 2024: 91.
    assert (FROM_NOVEMBER.quarter_middles / DAY).tolist() == [30.5, 30.5, *[61 + 45.5] * 3]


def test_a_dollar_is_worth_less_by_the_middle_of_its_quarter() -> None:
    worth = present_factor(place(0.08), CALENDAR).ravel()
    assert worth[0] == worth[2] == pytest.approx(1.08 ** -(45.5 / 365.25))
    assert worth[11] == pytest.approx(1.08 ** -((366 - 46) / 365.25))
    assert (present_factor(ZERO, CALENDAR).ravel() == np.ones(12)).all()


def test_prices_rise_from_the_base_date() -> None:
    inflation = place(np.full(12, 0.02), MONTH)
    level = price_level(inflation, ZERO, CALENDAR).ravel()
    assert level[0] == level[2] == pytest.approx(1.02 ** (45.5 / 365.25))
    earlier = price_level(inflation, place(-YEAR), CALENDAR).ravel()
    assert earlier == pytest.approx(1.02 * level)


def test_the_nominal_factor_is_that_of_fishers_rate() -> None:
    level = price_level(place(np.full(12, 0.02), MONTH), ZERO, CALENDAR)
    worth = discount_factor(present_factor(place(0.08), CALENDAR), level).ravel()
    assert worth == pytest.approx((1.08 * 1.02) ** -(CALENDAR.quarter_middles / YEAR))


def nothing_left(**given: Array) -> Array:
    parameters = residual_by_item.parameters
    zeros = {name: place(np.zeros(12), MONTH) for name in parameters}
    fixed = {
        "equipment_left": equipment_left(place(4 * YEAR), place(5 * YEAR), CALENDAR),
        "building_left": building_left(place(10 * YEAR), CALENDAR),
        "money_level_at_end": ONE,
        "site_buys": ONE,
        **dict.fromkeys(("site_leases", "lease_outstanding", "economics_deposit_share"), ZERO),
    }
    return residual_by_item(**{**zeros, **fixed, **given})


def test_the_residual_value_falls_in_a_straight_line() -> None:
    # One node of 1,000 in service since 1 January, another since 1 July 2024: 366 and 184 days of four years.
    value, hall = np.zeros(12), np.zeros(12)
    value[[0, 6]] = 1000
    hall[0] = 50.0
    left = nothing_left(
        node_order_value=place(value, MONTH),
        hall_power_added=place(hall, MONTH),
        building_cost=place(10.0),
    )
    by_name = dict(zip(ITEMS, left.ravel(), strict=True))
    assert by_name["nodes"] == pytest.approx(1000 * (2 - (366 + 184) / 1461))
    assert by_name["building"] == pytest.approx(500 * (1 - 366 / 3652.5))
    assert left.sum() == pytest.approx(by_name["nodes"] + by_name["building"])


def test_what_is_retired_has_no_residual() -> None:
    """Nodes of 1,000 that entered in January and in July, retired after eight months: only the latter still serve."""
    value, hall = np.zeros(12), np.zeros(12)
    value[[0, 6]], hall[0] = 1000, 50.0
    left = nothing_left(
        node_order_value=place(value, MONTH),
        hall_power_added=place(hall, MONTH),
        building_cost=place(10.0),
        equipment_left=equipment_left(place(4 * YEAR), place(8 / 12 * YEAR), CALENDAR),
    )
    by_name = dict(zip(ITEMS, left.ravel(), strict=True))
    assert by_name["nodes"] == pytest.approx(1000 * (1 - 184 / 1461))
    assert by_name["building"] == pytest.approx(500 * (1 - 366 / 3652.5))


def test_of_what_was_committed_the_balance_has_a_residual() -> None:
    value = np.zeros(12)
    value[0] = 1000
    left = nothing_left(
        node_committed_value=place(value, MONTH), economics_deposit_share=place(0.3)
    )
    assert left.sum() == pytest.approx(700 * (1 - 366 / 1461))


def test_the_total_cost_is_what_is_paid_less_what_is_left() -> None:
    paid, running = place(np.full(12, 100.0), MONTH), place(np.full(12, 10.0), MONTH)

    def cost(rate: Array) -> float:
        factor = present_factor(rate, CALENDAR)
        left = residual_present(
            place(300.0), discount_factor_at_end(present_factor_at_end(rate, CALENDAR), ONE)
        )
        return tco(capex_present(paid, factor), opex_present(running, factor), left).item()

    assert cost(ZERO) == pytest.approx(1320 - 300)
    factor = present_factor(place(0.08), CALENDAR)
    by_hand = sum(110 * factor.ravel()) - 300 * 1.08 ** -(366 / 365.25)
    assert cost(place(0.08)) == pytest.approx(by_hand)


def test_costs_add_up(everything: dict[str, Array]) -> None:
    """Every total of the main scenario is the sum of its parts, from the lines to the total cost."""
    invested = (
        *("node_payments", "storage_payments", "network_payments", "building_payments"),
        *("rig_payments", "installation_payments", "duty_payments"),
    )
    running = (
        *("lease_payments", "rent_cost", "colocation_cost", "energy_cost", "maintenance_cost"),
        *("licence_cost", "staff_cost", "wan_cost", "cellular_cost", "delivery_cost", "label_cost"),
    )
    for name, lines in (("capex", invested), ("opex", running)):
        parts = sum(everything[each] for each in lines)
        assert everything[name] == pytest.approx(parts, rel=1e-12)
    ledger = everything["cash_flow"]
    assert everything["capex"] + everything["opex"] == pytest.approx(total(ledger, ITEM), rel=1e-12)
    assert everything["tco_undiscounted"].item() == pytest.approx(
        ledger.sum() - everything["residual_value"].item(), rel=1e-12
    )
    assert everything["cost_present"].sum() == pytest.approx(everything["tco"].item(), rel=1e-12)
    assert everything["residual_by_item"].sum() == pytest.approx(
        everything["residual_value"].item()
    )


@pytest.mark.parametrize("name", ["capex", "opex", "tco", "residual_value"])
def test_another_currency_scales_all_money(headline: Project, name: str) -> None:
    other = load("5pct_ev_market", set=["economics.currency_factor=31.5"])
    (mine,), (theirs,) = headline.run([name]).values(), other.run([name]).values()
    assert theirs == pytest.approx(31.5 * mine, rel=1e-12)


def test_the_total_cost_is_the_same_in_real_and_in_nominal_money() -> None:
    changed = [
        "economics.inflation={series: {2023-11: 2 %, 2026-01: 7 %}}",
        "economics.base_date=2023-05",
    ]
    real, nominal = (
        load("5pct_ev_market", set=[*changed, f"economics.money={money}"]).run(
            ["tco", "cash_flow", "price_level", "cost_per_vehicle_year"]
        )
        for money in ("real", "nominal")
    )
    assert nominal["tco"].item() == pytest.approx(real["tco"].item(), rel=1e-12)
    assert nominal["cost_per_vehicle_year"] == pytest.approx(real["cost_per_vehicle_year"])
    assert nominal["cash_flow"] == pytest.approx(real["cash_flow"] * real["price_level"])
    assert nominal["cash_flow"].sum() > 1.1 * real["cash_flow"].sum()


def test_a_shortened_life_of_the_hall_changes_only_what_is_left(headline: Project) -> None:
    names = ["capex", "opex", "residual_value"]
    before = headline.run(names)
    leaves = dict(headline.leaves)
    leaves["economics_building_life"] = leaves["economics_building_life"] / 2
    after = replace(headline).run(names, leaves=leaves)
    assert np.array_equal(after["capex"], before["capex"])
    assert np.array_equal(after["opex"], before["opex"])
    assert after["residual_value"].item() < before["residual_value"].item()


def test_each_month_of_a_quarter_has_one_factor(
    everything: dict[str, Array], headline: Project
) -> None:
    quarters = headline.table.calendar.quarters
    factors = on(everything["discount_factor"], MONTH)[0]
    assert len(np.unique(factors)) == quarters[-1] + 1
