"""Running costs: by what is there, at the price of its place and month."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import HARDWARE, LINK, MONTH, SITE, Array, on, place, total
from planner.catalogue import Calendar, Parts
from planner.inputs.numbers import month_index
from planner.model.running_costs import (
    cellular_cost,
    gpus_with_licence,
    licence_cost,
    maintenance_cost,
    network_value,
    ota_cellular_bytes,
    site_staff,
    staff_cost,
    wan_cost,
)
from planner.project import Project, load
from planner.units import to_base

DAY = 86_400.0
YEAR = 365.25 * DAY
ZERO, ONE = place(0.0), place(1.0)
DGX = "dgx_h100"


def test_licences_and_staff_are_paid_by_the_year() -> None:
    # 1,000 GPUs at USD 4,500 a year (NVIDIA AI Enterprise list price) for 365.25 days.
    price, person = (place(to_base(x, "USD/year")) for x in (4500.0, 90_000.0))
    assert licence_cost(place(1000.0), ZERO, price, ONE, place(YEAR)).item() == pytest.approx(4.5e6)
    assert staff_cost(place(20.0), person, ONE, place(YEAR)).item() == pytest.approx(1.8e6)


def test_a_licence_that_came_with_a_node_is_paid_when_it_has_run_out() -> None:
    """Four nodes of eight enter in January with two months included, one was there since December; a fifth has none."""
    calendar = Calendar(month_index("2024-01"), 4, 0)
    orders = place(np.array([[4.0, 1.0], [0, 0], [1, 0], [0, 0]])[:, None], MONTH, SITE, HARDWARE)
    before = Parts(
        ("old",),
        (SITE, HARDWARE),
        (1, 2),
        np.array([0]),
        {"arrival": np.array([[-1]]), "count": np.array([[3.0]])},
    )
    included = place(np.array([2.0, 0.0]) * YEAR / 12, HARDWARE)
    terms = (included, place(8.0), place(5 * YEAR), calendar)
    found = on(gpus_with_licence(orders, before, *terms), MONTH, SITE, HARDWARE)[0, :, 0]
    assert found[:, 0].tolist() == [8 * (4 + 3), 8 * 4, 8, 8]
    assert not found[:, 1].any()
    none = (ZERO, *terms[1:])
    assert not gpus_with_licence(orders, before, *none).any()
    price = place(to_base(4500.0, "USD/year"))
    paid = licence_cost(place(1000.0), place(400.0), price, ONE, place(YEAR)).item()
    assert paid == pytest.approx(600 * 4500)


def test_a_dgx_brings_its_licence_for_its_first_years() -> None:
    edits = {"nodes.dgx_h100.licence_included": "3 year"}
    alone = load("5pct_ev_market", set={"nodes.dgx_h100.licence_included": "0 year"}, hardware=DGX)
    with_it = load("5pct_ev_market", set=edits, hardware=DGX)
    names = ["licence_cost", "gpus", "gpus_with_licence", "tco", "cost_present"]
    x, y = alone.run(names), with_it.run(names)
    saved = (x["licence_cost"] - y["licence_cost"]).ravel()
    assert (saved >= 0).all() and saved[-1] > 0
    first_year = slice(0, 36)  # everything that entered in three years has served for less
    assert np.allclose(y["licence_cost"].ravel()[first_year], 0.0)
    assert y["licence_cost"].ravel()[-1] > 0
    less = x["cost_present"].sum() - y["cost_present"].sum()
    assert x["tco"].item() - y["tco"].item() == pytest.approx(less, rel=1e-9)
    assert (y["gpus_with_licence"] <= y["gpus"]).all()


def test_a_site_with_any_equipment_needs_its_shifts() -> None:
    # Nothing, a tenth of a megawatt, two and ten at four people each, and never fewer than ten.
    power = place(np.array([0.0, 1e5, 2e6, 1e7]), SITE)
    people = site_staff(power, place(to_base(4.0, "1/MW")), place(10.0))
    assert people.ravel().tolist() == pytest.approx([0, 10, 10, 40])


def test_staff_is_the_sum_over_sites(headline: Project, everything: dict[str, Array]) -> None:
    year = headline.leaves["economics_staff_cost"] * headline.leaves["month_seconds"]
    assert everything["staff_cost"] == pytest.approx(
        total(everything["site_staff"], SITE) * year, rel=1e-12
    )
    there = everything["hall_power"] > 0
    assert (everything["site_staff"][there] >= 10).all()
    assert not everything["site_staff"][~there].any()


def test_only_what_goes_over_the_cellular_network_is_paid_to_it() -> None:
    # A day at 5, 7 and 11 bytes a second over Wi-Fi, cellular and depot: 7 are paid, and releases by cellular.
    upload = place(np.array([5.0, 7.0, 11.0]), LINK)
    paid = cellular_cost(upload, place(1000.0), place(2.0), ONE, place(DAY))
    assert paid.item() == pytest.approx(2 * (7 * DAY + 1000))
    vehicles = place(np.array([50.0, 70.0, 110.0]), LINK)
    sent = ota_cellular_bytes(vehicles, place(3e9), place(30 * DAY), place(60 * DAY))
    assert sent.item() == pytest.approx(70 * 3e9 * 2)


def test_transit_is_paid_by_capacity() -> None:
    # 10 Gb/s at half a dollar a Mb/s and month: 5,000 dollars a month.
    capacity, price = place(to_base(10.0, "Gb/s")), place(to_base(0.5, "USD/Mbps month"))
    assert wan_cost(capacity, price, ONE, place(YEAR / 12)).item() == pytest.approx(5000)


def test_rented_nodes_are_maintained_by_their_owner() -> None:
    def cost(rented: float) -> float:
        nodes, price = place(10.0), place(100.0)
        rest = (place(x) for x in (4.0, 50.0, 60.0, 40.0))  # storage, networks, rigs
        year = place(to_base(0.05, "1/year")), ONE, place(YEAR)
        return maintenance_cost(nodes, place(rented), price, *rest, *year).item()

    assert cost(0) == pytest.approx(0.05 * (1000 + 200 + 60 + 40))
    assert cost(10) == pytest.approx(0.05 * (200 + 60 + 40))


def test_networks_of_rented_nodes_are_their_owners() -> None:
    there = (place(x) for x in (2.0, 30.0, 4.0, 5.0))
    assert network_value(*there, place(0.25), ONE).item() == pytest.approx(0.75 * 80)


def test_energy_is_paid_at_the_price_of_its_site(
    headline: Project, everything: dict[str, Array]
) -> None:
    price = on(headline.leaves["location_electricity_price"], MONTH, SITE)[0]
    used = on(everything["energy"], MONTH, SITE)[0]
    assert on(everything["energy_cost"], MONTH)[0] == pytest.approx(
        (used * price).sum(axis=1), rel=1e-12
    )


def test_a_price_may_change_over_time() -> None:
    """Electricity twice as dear from 2028 on."""
    knots = "{series: {2024-01: 0.1 USD/kWh, 2028-01: 0.2 USD/kWh}}"
    changed = load(
        "5pct_ev_market",
        set=[f"regions.{r}.electricity_price={knots}" for r in ("taiwan", "japan")],
    )
    flat = load(
        "5pct_ev_market",
        set=[f"regions.{r}.electricity_price=0.1 USD/kWh" for r in ("taiwan", "japan")],
    )
    after, before = (p.run(["energy_cost"])["energy_cost"].ravel() for p in (changed, flat))
    since = changed.table.labels[MONTH].index("2028-01")
    assert after[:since] == pytest.approx(before[:since])
    assert after[since:] == pytest.approx(2 * before[since:])
