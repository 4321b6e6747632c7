"""What is bought is paid once, in its month, at the price of its order."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import HARDWARE, MONTH, NETWORK, SITE, Array, place, total
from planner.catalogue import Calendar
from planner.inputs.numbers import month_index
from planner.model.acquisition import hall_power_added
from planner.model.payments import (
    building_payments,
    duty_payments,
    installation_payments,
    network_bought,
    network_contract_level,
    network_entering,
    network_payments,
    node_committed_value,
    node_contract_level,
    node_delivered_value,
    node_instalments,
    node_order_value,
    node_payments,
    rig_payments,
)
from planner.project import Project, load
from planner.units import to_base

DAY = 86_400.0
CALENDAR = Calendar(month_index("2024-01"), 6, 0)
JANUARY = Calendar(month_index("2024-01"), 1, 0)
ZERO, ONE = place(0.0), place(1.0)


def nodes_by_month(*counts: float) -> Array:
    return place(np.array(counts, dtype=float).reshape(-1, 1, 1), MONTH, SITE, HARDWARE)


def months(*values: float) -> Array:
    return place(np.array(values), MONTH)


FLAT = months(1, 1, 1, 1, 1, 1)
NONE = nodes_by_month(0, 0, 0, 0, 0, 0)
LEAD = place(np.array([61 * DAY]), HARDWARE)
COMMISSIONING = place(np.array([30 * DAY]), SITE)


def paid_for(
    orders: Array,
    committed: Array = NONE,
    price: Array = 1000.0 * FLAT,
    level: Array = FLAT,
    deposit: float = 0.3,
    retention: float = 0.1,
    days: float = 31,
) -> list[float]:
    value = node_order_value(orders, price, LEAD, COMMISSIONING, ONE, CALENDAR)
    before = node_committed_value(committed, price, ONE)
    contract = node_contract_level(level, LEAD, COMMISSIONING, CALENDAR)
    delivered = node_delivered_value(value, contract, before, level, COMMISSIONING, CALENDAR)
    terms = (place(x) for x in (deposit, retention, days * DAY))
    paid = node_instalments(
        value, contract, before, delivered, level, LEAD, COMMISSIONING, *terms, CALENDAR
    )
    assert not node_payments(paid, ZERO).any()
    return node_payments(paid, ONE).ravel().tolist()


def test_a_node_is_paid_at_the_order_at_delivery_and_after_acceptance() -> None:
    # In service on 1 May: ordered 91 days before, on 31 January; delivered on 1 April; the rest is due on 1 June.
    paid = paid_for(nodes_by_month(0, 0, 0, 0, 2, 0))
    assert paid == pytest.approx([600, 0, 0, 2 * 0.7 * 0.9 * 1000, 0, 2 * 0.7 * 0.1 * 1000])


def test_of_what_was_committed_the_balance_is_paid() -> None:
    paid = paid_for(nodes_by_month(0, 0, 0, 0, 0, 0), nodes_by_month(0, 3, 0, 0, 0, 0))
    assert paid == pytest.approx([0, 3 * 630, 3 * 70, 0, 0, 0])


def test_what_is_due_after_the_horizon_is_booked_in_its_last_month() -> None:
    paid = paid_for(nodes_by_month(0, 0, 0, 0, 0, 1), days=400)
    assert sum(paid) == pytest.approx(1000) and paid[-1] == pytest.approx(70)


def test_the_price_is_that_of_the_month_of_the_order() -> None:
    falling = months(1000, 900, 800, 700, 600, 500)
    assert sum(paid_for(nodes_by_month(0, 0, 0, 0, 1, 0), price=falling)) == pytest.approx(1000)
    # 91 days before 1 June is 2 March.
    assert sum(paid_for(nodes_by_month(0, 0, 0, 0, 0, 1), price=falling)) == pytest.approx(800)


def test_a_balance_fixed_at_the_order_loses_worth_by_delivery() -> None:
    """In money of the base date: what was agreed in January is paid in April, when prices have risen by a tenth."""
    level = months(1, 1.1, 1.1, 1.1, 1.1, 1.1)
    paid = paid_for(nodes_by_month(0, 0, 0, 0, 1, 0), level=level, retention=0)
    assert paid == pytest.approx([300, 0, 0, 700 / 1.1, 0, 0])


def test_a_network_is_its_switches_and_its_links() -> None:
    # 12 switches of USD 30,000 and 512 cables of USD 600; of rented nodes it is their owner's.
    def paid(rented: float) -> float:
        entering = network_entering(*(place(x) for x in (12.0, 30_000.0, 512.0, 600.0, 1.0)))
        bought = network_bought(entering, place(rented))
        return network_payments(bought, ONE, ZERO, ZERO, ONE, JANUARY).item()

    assert paid(0) == pytest.approx(12 * 30_000 + 512 * 600)
    assert paid(1) == 0


def test_a_megawatt_of_hall_at_eleven_dollars_a_watt() -> None:
    paid = building_payments(place(1e6), place(to_base(11.0, "USD/watt")), ZERO, ZERO, JANUARY)
    assert paid.item() == pytest.approx(11e6)


def test_a_network_is_ordered_before_it_serves_and_paid_by_its_terms() -> None:
    # USD 1,000 of network in service from 1 May, ordered 91 days before, on 31 January; a fifth is paid then.
    bought = nodes_by_month(0, 0, 0, 0, 1000, 0).swapaxes(HARDWARE, NETWORK)
    lead, share = place(np.array([91 * DAY]), NETWORK), place(0.2)

    def paid(level: Array) -> list[float]:
        contract = network_contract_level(level, lead, CALENDAR)
        return network_payments(bought, contract, lead, share, level, CALENDAR).ravel().tolist()

    assert paid(FLAT) == pytest.approx([200, 0, 0, 0, 800, 0])
    # What was agreed in January is worth less in May, when prices have risen by a tenth.
    assert paid(months(1, 1.1, 1.1, 1.1, 1.1, 1.1)) == pytest.approx([200, 0, 0, 0, 800 / 1.1, 0])


def test_a_hall_is_paid_before_its_power_is_needed_as_far_as_its_deposit_goes() -> None:
    added = place(np.array([0.0, 0, 0, 0, 10, 0]).reshape(6, 1), MONTH, SITE)
    terms = (place(0.4), place(60 * DAY))
    # 60 days before 1 May is 2 March.
    paid = building_payments(added, place(100.0), *terms, CALENDAR).ravel().tolist()
    assert paid == pytest.approx([0, 0, 400, 0, 600, 0])


def test_rigs_are_paid_at_the_order_at_delivery_and_after_acceptance() -> None:
    value = months(0, 0, 0, 0, 1000, 0)
    terms = [place(x) for x in (91 * DAY, 0.3, 0.1, 31 * DAY)]
    paid = rig_payments(value, *terms, FLAT, CALENDAR).ravel().tolist()
    assert paid == pytest.approx([300, 0, 0, 0, 630, 70])


@pytest.mark.parametrize(
    "terms", [(), ("economics.network_deposit_share=30 %", "economics.building_deposit_share=30 %")]
)
def test_networks_and_halls_are_paid_in_full_whatever_the_deposit(terms: tuple[str, ...]) -> None:
    edits = ["economics.inflation=0 %", "economics.building_lead_time=300 day", *terms]
    x = load("5pct_ev_market", set=edits).run(
        [
            "network_payments",
            "network_bought",
            "building_payments",
            "hall_power_added",
            "building_cost",
        ]
    )
    halls = total(x["hall_power_added"] * x["building_cost"], SITE)
    entering = total(x["network_bought"], NETWORK, SITE)
    assert x["network_payments"].sum() == pytest.approx(entering.sum(), rel=1e-12)
    assert x["building_payments"].sum() == pytest.approx(halls.sum(), rel=1e-12)
    # Without a deposit all is paid when it serves; with one, some of it before.
    same = terms == ()
    assert np.allclose(x["network_payments"], entering, rtol=1e-12) == same
    assert np.allclose(x["building_payments"], halls, rtol=1e-12) == same


def test_growth_is_built_and_shrinkage_gives_nothing_back() -> None:
    level = months(5.0, 8, 6, 8, 9, 9)
    assert hall_power_added(level, place(6.0), ONE).ravel().tolist() == [0, 2, 0, 0, 1, 0]
    assert not hall_power_added(level, place(6.0), ZERO).any()


def test_installation_and_duty_come_on_top_of_the_price() -> None:
    shares = installation_payments(*(place(x) for x in (70.0, 30.0, 0.0, 20.0, 0.0, 4.0, 1.0, 0.1)))
    assert shares.item() == pytest.approx(12.5)
    duty = duty_payments(*(place(x) for x in (100.0, 0.25, 0.0, 20.0, 0.1, 5.0, 1.0, 0.2, 1.0)))
    assert duty.item() == pytest.approx(25 + 2 + 1)


def test_all_orders_are_paid_in_full_within_the_horizon() -> None:
    """Price, installation and duty of every order, in one sum, without inflation; a duty of a quarter on imports."""
    project = load(
        "5pct_ev_market",
        set=["economics.inflation=0 %", "duties.customs.duties[0].rate=25 %"],
    )
    parts = ("node_payments", "storage_payments", "network_payments", "installation_payments")
    paid = project.run([*parts, "rig_payments", "duty_payments"])
    x = project.run(["orders", "storage_orders", "network_bought", "rig_value_entering"])
    leaves = project.leaves
    nodes = x["orders"] * leaves["node_price"]
    storage = x["storage_orders"] * leaves["system_price"]
    priced = (
        (nodes, leaves["node_duty"]),
        (storage, leaves["system_duty"]),
        (x["network_bought"], leaves["switch_duty"]),
    )
    installed = leaves["economics_installation_share"]
    rigs = (x["rig_value_entering"] * (1.0 + installed)).sum()
    due = rigs + sum((value * (1.0 + installed + duty)).sum() for value, duty in priced)
    assert sum(each.sum() for each in paid.values()) == pytest.approx(due, rel=1e-12)
    # Racks of Taiwanese origin are no imports in Taiwan; storage of unknown origin is one everywhere.
    assert np.unique(leaves["node_duty"]).tolist() == [0.0, 0.25]
    assert np.unique(leaves["system_duty"]).tolist() == [0.25]


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
        found = project.run(["building_payments", "network_payments"])
        costs.append([total(found[name], MONTH).item() for name in found])
    assert costs[0] == pytest.approx(costs[1], rel=1e-12)


@pytest.mark.parametrize(
    ("site", "country", "duty"), [("taiwan", "IN", 0.10), ("taiwan", "TW", 0.0)]
)
def test_switches_pay_duty_in_india(site: str, country: str, duty: float) -> None:
    project: Project = load("5pct_ev_market", set=[f"regions.taiwan.country={country}"])
    rate = project.leaves["switch_duty"]
    assert np.unique(rate[..., 0, 0, 0, 0]).tolist() == [duty], site
