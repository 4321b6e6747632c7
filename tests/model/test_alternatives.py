"""The same accelerators bought, leased or rented: what a plan says of the other ways is what those plans cost."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import MONTH, SITE, Array, place, total
from planner.model.alternatives import (
    acquisition_present,
    all_for_rent,
    fitting_of_nodes,
    lease_present,
    ownership_present,
    purchase_present,
    rent_present,
    tco_if_bought,
    tco_if_leased,
    tco_if_rented,
)
from planner.project import Project, load

SITES = ("taiwan", "japan", "china")
WAYS = {"buy": "tco_if_bought", "lease": "tco_if_leased", "rent": "tco_if_rented"}
# Everything that could be forgotten or counted twice: terms of payment, duty, a built hall beside a rented one, stock.
TERMS = (
    "economics.network_deposit_share=20 %",
    "economics.building_deposit_share=30 %",
    "economics.building_lead_time=300 day",
    "duties.customs.duties[0].rate=7 %",
    "sites.japan.building=build",
    "sites.taiwan.building=colocate",
    "sites.taiwan.installed=[{hardware: dgx_h100, count: 20, in_service: 2022-01}]",
    "sites.taiwan.committed=[{hardware: gh200_nvl32, count: 5, in_service: 2024-02}]",
)
# Rented nodes come when bought ones would, so that all three plans order the same.
TOGETHER = "economics.rent_lead_time=273 day"
ZERO, ONE = place(0.0), place(1.0)


def plan_that(*ways: str, more: tuple[str, ...] = ()) -> dict[str, Array]:
    how = [f"sites.{site}.acquisition={way}" for site, way in zip(SITES, ways, strict=True)]
    project = load("5pct_ev_market", set=[*how, TOGETHER, *more])
    return project.run(["tco", "orders", *WAYS.values()])


@pytest.mark.parametrize("more", [(), TERMS, ("economics.money=nominal", *TERMS)])
def test_a_plan_that_goes_another_way_costs_what_was_said(more: tuple[str, ...]) -> None:
    """All three plans, and one whose sites go three ways, say the same of each way: to nine digits."""
    plans = {way: plan_that(*[way] * 3, more=more) for way in WAYS}
    mixed = plan_that("lease", "rent", "buy", more=more)
    for way, name in WAYS.items():
        for said in (*plans.values(), mixed):
            assert said[name].item() == pytest.approx(plans[way]["tco"].item(), rel=1e-9), way
            assert np.array_equal(said["orders"], mixed["orders"])
    assert len({round(x["tco"].item()) for x in plans.values()}) == 3


def test_rented_nodes_that_come_sooner_are_another_plan() -> None:
    """With three days instead of 273 the plan orders otherwise: it serves from January, and pays for that."""
    sooner = load("5pct_ev_market", set=[f"sites.{each}.acquisition=rent" for each in SITES])
    x = sooner.run(["tco", "tco_if_rented", "tco_if_bought"])
    assert x["tco_if_rented"].item() == pytest.approx(x["tco"].item(), rel=1e-12)
    assert x["tco"].item() > plan_that("rent", "rent", "rent")["tco"].item()


def test_each_way_is_its_parts(everything: dict[str, Array]) -> None:
    x = everything
    monthly = x["support_of_nodes"] + x["fitting_of_nodes"] + x["running_of_nodes"]
    parts = x["network_of_nodes_present"] + x["hall_of_nodes_present"]
    parts = parts + total(monthly * x["present_factor"], MONTH)
    assert x["ownership_present"] == pytest.approx(parts, rel=1e-12)
    base = x["tco"].item() - x["acquisition_present"].sum()
    bought = (x["purchase_present"] + x["ownership_present"]).sum()
    leased = (x["lease_present"] + x["ownership_present"]).sum()
    assert x["tco_if_bought"].item() == pytest.approx(base + bought, rel=1e-12)
    assert x["tco_if_leased"].item() == pytest.approx(base + leased, rel=1e-12)
    assert x["tco_if_rented"].item() == pytest.approx(base + x["rent_present"].sum(), rel=1e-12)


def test_a_node_bought_leased_and_rented_by_hand() -> None:
    """USD 1,000 now and 400 left; twelve instalments of 90, 350 left over 50 owed; twelve rents of 100; no interest."""
    year = place(np.full((12, 1), 1.0), MONTH, SITE)
    now = place(np.eye(12)[:, :1] * 1000.0, MONTH, SITE)
    left = place(np.full(12, 0.4), MONTH)
    bought = purchase_present(now, now, ZERO, ZERO, left, ONE, ONE)
    leased = lease_present(90.0 * year, place(50.0), now, ZERO, left * 0.875, ONE, ONE)
    rented = rent_present(100.0 * year, ONE)
    assert [x.item() for x in (bought, leased, rented)] == pytest.approx([600, 780, 1200])
    own = ownership_present(place(30.0), place(20.0), year, year, year, ONE)
    assert own.item() == 50 + 36
    paid = acquisition_present(bought, leased, rented, own, ONE, ZERO, ZERO)
    assert paid.item() == pytest.approx(686)
    whole = place(5000.0)
    assert tco_if_bought(whole, bought, own, paid).item() == pytest.approx(5000)
    assert tco_if_leased(whole, leased, own, paid).item() == pytest.approx(5180)
    assert tco_if_rented(whole, rented, paid, all_for_rent(ONE, ONE)).item() == pytest.approx(5514)
    # What nobody lets has no such price.
    assert tco_if_rented(whole, rented, paid, all_for_rent(ONE, ZERO)).item() == np.inf
    assert tco_if_rented(whole, ZERO, ZERO, all_for_rent(ZERO, ZERO)).item() == 5000


def test_installation_and_duty_are_on_nodes_and_their_networks() -> None:
    # 8 % on 100 + 20 of nodes and 40 of network; 25 % duty on 120 delivered, 10 % on the network.
    found = fitting_of_nodes(
        *(place(x) for x in (100.0, 20.0, 120.0, 0.25, 40.0, 1.0, 0.10, 0.08, 1.0))
    )
    assert found.item() == pytest.approx(0.08 * 160 + 30 + 4)


def test_draws_do_not_mix(headline: Project) -> None:
    """Two draws with other prices give what each gives alone."""
    price = np.asarray(headline.leaves["node_price"])
    rent = np.asarray(headline.leaves["accelerator_rent_price"])
    drawn = {
        "node_price": np.concatenate([price, 2.0 * price]),
        "accelerator_rent_price": np.concatenate([rent, 3.0 * rent]),
    }
    names = [*WAYS.values()]
    both = headline.run(names, drawn, draws=2)
    for draw in range(2):
        one = {name: values[draw : draw + 1] for name, values in drawn.items()}
        alone = headline.run(names, one)
        for name in names:
            assert both[name][draw].item() == pytest.approx(alone[name].item(), rel=1e-12)
