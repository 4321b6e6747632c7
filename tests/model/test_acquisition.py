"""Buying, leasing and renting: who pays for what."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import HARDWARE, MONTH, NETWORK, SITE, TIER, Array, place, take, total
from planner.catalogue import ITEMS, Calendar
from planner.inputs.numbers import month_index
from planner.model.acquisition import (
    acquired_share,
    colocation_cost,
    hall_power,
    hall_power_of_others,
    lease_months,
    lease_outstanding,
    lease_payments,
    network_compute_share,
    node_delivery_time,
    node_leases,
    node_leases_owed,
    node_rents,
    rent_cost,
    rented_share,
)
from planner.project import load
from planner.units import to_base

YEAR = 365.25 * 86_400.0
ZERO, ONE, TWO = place(0.0), place(1.0), place(2.0)
MAIN = "5pct_ev_market"
TOGETHER = "economics.rent_lead_time=273 day"  # rented nodes come when bought ones would


def by_item(found: Array) -> dict[str, float]:
    return dict(zip(ITEMS, total(found, MONTH).ravel().tolist(), strict=True))


def with_all_sites(*fields: str, more: tuple[str, ...] = ()) -> dict[str, Array]:
    edits = [f"sites.{site}.{field}" for site in ("taiwan", "japan", "china") for field in fields]
    project = load(MAIN, set=[*edits, TOGETHER, *more])
    return project.run(["cash_flow", "tco", "carbon", "it_power", "hall_power", "residual_value"])


def test_a_lease_of_three_years_is_36_payments_by_the_capital_recovery_factor() -> None:
    value = np.zeros(48)
    value[1] = 1000.0
    level = place(np.ones(48), MONTH)
    months = lease_months(place(3 * YEAR), place(5 * YEAR))
    paid = node_leases(place(value[:, None], MONTH, SITE), months, place(0.09), level)
    assert not lease_payments(paid, ZERO).any()
    paid = lease_payments(paid, ONE).ravel()
    monthly = 1.09 ** (1 / 12) - 1
    assert paid[:1].tolist() == [0] and not paid[37:].any()
    assert paid[1:37] == pytest.approx(np.full(36, 1000 * monthly / (1 - 1.09**-3)))
    assert sum(paid[1:] * (1 + monthly) ** -np.arange(1.0, 48)) == pytest.approx(1000)


def test_what_is_owed_at_the_end_is_the_worth_of_the_rest() -> None:
    calendar = Calendar(month_index("2024-01"), 12, 0)
    value = np.zeros(12)
    value[0] = 1000.0
    owed = node_leases_owed(place(value, MONTH), place(36.0), place(0.0), ONE, calendar)
    assert lease_outstanding(owed, ONE).item() == pytest.approx(1000 * 24 / 36)
    assert lease_outstanding(owed, ZERO).item() == 0


def test_a_lease_is_never_longer_than_the_equipment_serves() -> None:
    assert lease_months(place(6 * YEAR), place(5 * YEAR)).item() == 60


def test_a_lease_at_the_discount_rate_costs_what_a_purchase_at_service_costs() -> None:
    """Up to the time between the month and the middle of its quarter; the terms of payment are levelled first."""
    more = (
        "economics.inflation=0 %",
        "economics.lease_rate=8 %",
        "economics.deposit_share=0 %",
        "economics.retention_share=100 %",
        "economics.retention_time=0 day",
    )
    bought = with_all_sites("acquisition=buy", more=more)["tco"].item()
    leased = with_all_sites("acquisition=lease", more=more)
    assert leased["tco"].item() == pytest.approx(bought, rel=1e-3)
    items = by_item(leased["cash_flow"])
    assert items["nodes"] == 0 < items["lease"]


def test_who_rents_pays_no_nodes_network_hall_or_staff_for_them() -> None:
    bought, rented = with_all_sites("acquisition=buy"), with_all_sites("acquisition=rent")
    own, theirs = by_item(bought["cash_flow"]), by_item(rented["cash_flow"])
    assert theirs["nodes"] == theirs["lease"] == 0 < theirs["rent"]
    assert 0 < theirs["network"] < 0.1 * own["network"]  # of the storage that stays
    for item in ("storage", "rigs", "licences", "wan", "cellular", "delivery"):
        assert theirs[item] == pytest.approx(own[item], rel=1e-12), item
    for item in ("building", "energy", "maintenance", "installation"):
        assert 0 < theirs[item] < own[item], item
    assert 0 < theirs["staff"] <= own["staff"]  # the least team looks after a small hall too
    assert np.array_equal(bought["it_power"], rented["it_power"])
    assert np.array_equal(bought["carbon"], rented["carbon"])


def test_rent_is_paid_for_every_hour_of_every_chip() -> None:
    price = place(to_base(2.29, "USD/hour"))
    paid = node_rents(place(3.0), place(32.0), price, ONE, place(3600.0 * 720))
    assert rent_cost(paid, ONE).item() == pytest.approx(3 * 32 * 2.29 * 720)
    assert rent_cost(paid, ZERO).item() == 0


def test_storage_and_rigs_need_their_hall_whoever_owns_the_nodes() -> None:
    # Four nodes of 20 W and two switches of 2 W in 100 W.
    def others(nodes: float, share: float) -> Array:
        power = (place(100.0), place(nodes), place(20.0), TWO, TWO)
        return hall_power_of_others(*power, place(share))

    assert others(4, 1).item() == 16
    assert others(4, 0.25).item() == 19
    assert others(0, 0).item() == 100
    assert hall_power(place(100.0), others(4, 1), ONE).item() == 16
    assert hall_power(place(100.0), others(4, 1), ZERO).item() == 100


def test_a_network_is_rented_by_the_ports_of_rented_nodes() -> None:
    """Ten nodes, six of them rented, with four ports to the compute and one to the storage network; a unit has ten."""
    node_ports = place(np.array([[4.0], [1.0]]), NETWORK, HARDWARE)
    unit_ports = place(np.array([[0.0], [10.0]]), NETWORK, TIER)
    nodes = place(np.array([[[0.0]], [[10.0]]]), MONTH, SITE, HARDWARE)
    ports = (nodes, ONE, node_ports, unit_ports)
    rented = rented_share(acquired_share(0.6 * nodes, *ports), ONE)
    owned = network_compute_share(0.4 * nodes, *ports)
    assert not rented_share(acquired_share(0.6 * nodes, *ports), ZERO).any()
    # Before the nodes come their networks are counted as they will be.
    for month in range(2):
        assert take(rented, MONTH, month).ravel() == pytest.approx([0.6, 6 / 20])
        assert take(owned, MONTH, month).ravel() == pytest.approx([0.4, 4 / 20])


RENTED = (
    *("nodes_rented", "hall_power", "it_power", "connection_power", "site_power", "rack_power"),
    *("hall_liquid_heat", "liquid_heat", "site_power_short", "it_power_short", "liquid_heat_short"),
)


def test_rented_nodes_fill_no_limit_of_the_hall() -> None:
    """A hall for a tenth of the nodes: short of everything if they are bought, of nothing if they are rented."""
    tight = ("power_limit=0.5 MW", "liquid_capacity=0.1 MW")
    bought, rented = (
        load(
            MAIN, set=[*(f"sites.taiwan.{x}" for x in (f"acquisition={how}", *tight)), TOGETHER]
        ).run([*RENTED])
        for how in ("buy", "rent")
    )
    for name in ("site_power_short", "liquid_heat_short"):
        assert take(bought[name], SITE, 0).max() > 0, name
        assert take(rented[name], SITE, 0).max() == 0, name
    assert take(rented["hall_power"], SITE, 0).max() < 0.2 * take(rented["it_power"], SITE, 0).max()
    assert take(rented["hall_liquid_heat"], SITE, 0).max() == 0 < rented["liquid_heat"].max()
    assert np.array_equal(bought["site_power"], rented["site_power"])
    assert take(rented["rack_power"], SITE, 0).max() < take(bought["rack_power"], SITE, 0).max()


def test_colocation_takes_the_place_of_the_building() -> None:
    found = with_all_sites("building=colocate")
    items = by_item(found["cash_flow"])
    assert items["building"] == 0 < items["colocation"]
    # USD 184.06 a kW and month (CBRE, H2 2024): a megawatt for a year.
    price = place(to_base(184.06, "USD/kW month"))
    paid = colocation_cost(place(1e6), ZERO, ONE, price, ONE, place(YEAR)).item()
    assert paid == pytest.approx(184.06 * 1000 * 12)


def test_the_announced_plan_rents_the_halls_that_it_calls_leased() -> None:
    """Japan's hall is paid by the month with its energy besides; it is not built and leaves nothing."""
    project = load(MAIN)
    names = ["hall_power", "hall_power_added", "colocation_cost", "power_paid_share", "energy_cost"]
    x = project.run([*names, "redundancy_cost", "energy", "residual_by_item", "building_payments"])
    leaf, japan = project.leaves, project.table.labels[SITE].index("japan")
    assert leaf["site_builds"].ravel().tolist() == [1, 0, 0]
    assert not take(x["hall_power_added"], SITE, japan).any()
    power = take(x["hall_power"], SITE, japan)
    assert take(x["redundancy_cost"], SITE, japan) == pytest.approx(1.0)  # N+1
    rent = power * leaf["economics_colocation_price"] * leaf["month_seconds"]
    assert x["colocation_cost"] == pytest.approx(rent, rel=1e-12)
    assert take(x["power_paid_share"], SITE, japan)[power > 0] == pytest.approx(1.0)
    built = take(x["hall_power_added"], SITE, 0)
    cost = take(leaf["location_building_cost"], SITE, 0)
    assert x["building_payments"] == pytest.approx(built * cost, rel=1e-12)


# --- Renting: when it comes, and where it stands ----------------------------------------------------------------------


def test_rented_nodes_come_after_the_lessors_time_and_others_after_the_vendors() -> None:
    rents = place(np.array([0.0, 1.0]), SITE)
    lead = place(np.array([273.0, 84.0]), HARDWARE)
    found = node_delivery_time(lead, place(3.0), rents)
    assert found.reshape(2, 2).tolist() == [[273, 84], [3, 3]]


def test_who_rents_has_accelerators_months_before_who_buys() -> None:
    """273 days and 30 of commissioning after November 2023 against 3 and 30: September 2024 against January."""
    first_month = {}
    for how in ("buy", "rent"):
        plan = load(MAIN, set=[f"sites.taiwan.acquisition={how}"]).plan()
        mine = [o for o in plan.orders if o.kind == "node" and o.site == "taiwan"]
        first_month[how] = (mine[0].order_by, mine[0].delivered, mine[0].in_service)
        there = plan["nodes"].at(site="taiwan").values.sum(axis=1) > 0
        assert plan.months[int(np.argmax(there))] == mine[0].in_service
        ordered = plan["nodes_ordered"].at(site="taiwan").values.sum()
        assert ordered == sum(each.count for each in mine)
        assert (sum(each.usd for each in mine) == 0) == (how == "rent")
    assert first_month["buy"] == ("2023-11", "2024-08", "2024-09")
    assert first_month["rent"] == ("2023-11", "2023-12", "2024-01")


def test_rented_nodes_fill_no_floor() -> None:
    names = ["racks", "floor_area", "racks_of_storage", "rigs", "rented_share", "switches"]
    bought, rented = (
        load(MAIN, set=[f"sites.japan.acquisition={how}"]).run(names) for how in ("buy", "rent")
    )
    own, theirs = (take(x["racks"], SITE, 1).max() for x in (bought, rented))
    assert 0 < theirs < own
    assert take(rented["floor_area"], SITE, 1).max() < take(bought["floor_area"], SITE, 1).max()
    assert np.array_equal(take(bought["racks"], SITE, 0), take(rented["racks"], SITE, 0))
