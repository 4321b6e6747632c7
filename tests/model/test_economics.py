"""Money: paid once, in its month, and worth what it is worth today."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.axes import HARDWARE, LINK, MONTH, SITE, Array, on, place, total
from planner.catalogue import Calendar
from planner.inputs.numbers import month_index
from planner.model.economics import (
    building_payments,
    capex_present,
    cellular_cost,
    discount_factor,
    fabric_payments,
    it_power_added,
    licence_cost,
    network_bought,
    node_payments,
    opex_present,
    ota_cellular_bytes,
    residual_present,
    residual_value,
    staff_cost,
    tco,
)
from planner.plan import Project, load
from planner.units import to_base

DAY = 86_400.0
YEAR = 365.25 * DAY
CALENDAR = Calendar(month_index("2024-01"), 12, 0)
ZERO, ONE = place(0.0), place(1.0)


def nodes_by_month(*counts: float) -> Array:
    return place(np.array(counts).reshape(-1, 1, 1), MONTH, SITE, HARDWARE)


def test_a_node_is_paid_by_deposit_and_balance() -> None:
    paid = node_payments(
        nodes_by_month(2, 0, 0, 0),
        nodes_by_month(0, 0, 2, 0),
        nodes_by_month(0, 0, 0, 1),
        *(place(x) for x in (1000.0, 0.3, 0.1, 1.0)),
    )
    # With installation 1,100 a node: 30 % of two, later 70 % of two, and the 70 % of one that was on order before.
    assert paid.ravel() == pytest.approx([660, 0, 1540, 770])


def test_growth_is_paid_and_shrinkage_gives_nothing_back() -> None:
    level = place(np.array([5.0, 8, 6, 8, 9]), MONTH)
    assert it_power_added(level, place(6.0)).ravel().tolist() == [0, 2, 0, 0, 1]


def test_a_network_is_its_switches_and_its_links() -> None:
    # 12 switches of USD 30,000 and 512 cables of USD 600; 8 % installation.
    bought = network_bought(*(place(x) for x in (12.0, 30_000.0, 512.0, 600.0, 1.0)))
    assert fabric_payments(bought, place(0.08)).item() == pytest.approx(
        (12 * 30_000 + 512 * 600) * 1.08
    )


def test_a_megawatt_of_hall_at_eleven_dollars_a_watt() -> None:
    paid = building_payments(place(1e6), place(to_base(11.0, "USD/watt")), ONE)
    assert paid.item() == pytest.approx(11e6)


def test_licences_and_staff_are_paid_by_the_year() -> None:
    # 1,000 GPUs at USD 4,500 a year (NVIDIA AI Enterprise list price) for 365.25 days.
    price, person = (place(to_base(x, "USD/year")) for x in (4500.0, 90_000.0))
    assert licence_cost(place(1000.0), price, ONE, place(YEAR)).item() == pytest.approx(4.5e6)
    one_a_megawatt = place(to_base(1.0, "1/MW"))
    assert staff_cost(place(2e7), one_a_megawatt, person, ONE, place(YEAR)).item() == pytest.approx(
        1.8e6
    )


def test_only_what_goes_over_the_cellular_network_is_paid_to_it() -> None:
    # A day at 5, 7 and 11 bytes a second over Wi-Fi, cellular and depot: 7 are paid, and releases by cellular.
    upload = place(np.array([5.0, 7.0, 11.0]), LINK)
    paid = cellular_cost(upload, place(1000.0), place(2.0), ONE, place(DAY))
    assert paid.item() == pytest.approx(2 * (7 * DAY + 1000))
    vehicles = place(np.array([50.0, 70.0, 110.0]), LINK)
    sent = ota_cellular_bytes(vehicles, place(3e9), place(30 * DAY), place(60 * DAY))
    assert sent.item() == pytest.approx(70 * 3e9 * 2)


def test_a_dollar_is_worth_less_by_the_middle_of_its_month() -> None:
    worth = discount_factor(place(0.08), CALENDAR).ravel()
    assert worth[0] == pytest.approx(1.08 ** -(15.5 / 365.25))
    assert worth[11] == pytest.approx(1.08 ** -((366 - 15.5) / 365.25))
    assert (discount_factor(ZERO, CALENDAR).ravel() == np.ones(12)).all()


def test_the_residual_value_falls_in_a_straight_line() -> None:
    # One node of 1,000 in service since 1 January, another since 1 July 2024: 366 and 184 days of four years.
    orders = np.zeros(12)
    orders[[0, 6]] = 1
    nothing = place(np.zeros(12), MONTH)
    hall = np.zeros(12)
    hall[0] = 50.0
    worth = residual_value(
        nodes_by_month(*orders),
        nothing,
        place(1000.0),
        nothing,
        nothing,
        ZERO,
        nothing,
        ZERO,
        place(hall, MONTH),
        place(10.0),
        ZERO,
        place(4 * YEAR),
        place(10 * YEAR),
        ONE,
        CALENDAR,
    )
    expected = 1000 * (2 - (366 + 184) / 1461) + 500 * (1 - 366 / 3652.5)
    assert worth.item() == pytest.approx(expected)


def test_the_total_cost_is_what_is_paid_less_what_is_left() -> None:
    paid, running = place(np.full(12, 100.0), MONTH), place(np.full(12, 10.0), MONTH)

    def cost(rate: Array) -> float:
        factor = discount_factor(rate, CALENDAR)
        left = residual_present(place(300.0), rate, CALENDAR)
        return tco(capex_present(paid, factor), opex_present(running, factor), left).item()

    assert cost(ZERO) == pytest.approx(1320 - 300)
    factor = discount_factor(place(0.08), CALENDAR)
    by_hand = sum(110 * factor.ravel()) - 300 * 1.08 ** -(366 / 365.25)
    assert cost(place(0.08)) == pytest.approx(by_hand)


def test_all_orders_are_paid_in_full_within_the_horizon(
    headline: Project, everything: dict[str, Array]
) -> None:
    leaves = headline.leaves
    price = leaves["node_price"] * (1 + leaves["economics_installation_share"])
    paid = total(everything["node_payments"], MONTH)
    assert paid == pytest.approx(total(everything["orders"] * price, MONTH, SITE, HARDWARE))


def test_costs_add_up(everything: dict[str, Array]) -> None:
    spent = ("node_payments", "storage_payments", "fabric_payments", "building_payments")
    spent = (*spent, "rig_payments")
    assert everything["capex"] == pytest.approx(sum(everything[name] for name in spent))
    names = ("energy", "maintenance", "licence", "staff", "cellular", "delivery", "label")
    assert everything["opex"] == pytest.approx(sum(everything[f"{name}_cost"] for name in names))


@pytest.mark.parametrize("name", ["capex", "opex", "tco", "residual_value"])
def test_another_currency_scales_all_money(headline: Project, name: str) -> None:
    other = load("5pct_ev_market", set=["economics.currency_factor=31.5"])
    (mine,), (theirs,) = headline.run([name]).values(), other.run([name]).values()
    assert theirs == pytest.approx(31.5 * mine, rel=1e-12)


def test_what_is_on_order_for_the_first_month_needs_a_hall_and_switches_like_any_other() -> None:
    """Committed stock costs its building whether it arrives in the first month or in the second."""
    stock = "{hardware: gh200_nvl32, count: 5, in_service: %s}"
    costs = []
    for month in ("2023-11", "2023-12"):
        project = load(
            "5pct_ev_market",
            set=[
                f"sites.taiwan.committed=[{stock % month}]",
                "cluster.refresh_age=20 year",
            ],
        )
        found = project.run(["building_payments", "fabric_payments"])
        costs.append([total(found[name], MONTH).item() for name in found])
    assert costs[0] == pytest.approx(costs[1], rel=1e-12)


def test_energy_is_paid_at_the_price_of_its_site(
    headline: Project, everything: dict[str, Array]
) -> None:
    price = on(headline.leaves["location_electricity_price"], SITE)[0]
    used = on(everything["energy"], MONTH, SITE)[0]
    assert on(everything["energy_cost"], MONTH)[0] == pytest.approx(used @ price, rel=1e-12)


def test_a_shortened_life_of_the_hall_changes_only_what_is_left(headline: Project) -> None:
    names = ["capex", "opex", "residual_value"]
    before = headline.run(names)
    leaves = dict(headline.leaves)
    leaves["economics_building_life"] = leaves["economics_building_life"] / 2
    after = replace(headline).run(names, leaves=leaves)
    assert np.array_equal(after["capex"], before["capex"])
    assert np.array_equal(after["opex"], before["opex"])
    assert after["residual_value"].item() < before["residual_value"].item()
