"""Levelised costs: sold at them, the units pay exactly what everything costs."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import HARDWARE, ITEM, MONTH, PROGRAM, REGION, SITE, WORKLOAD, Array, place, total
from planner.catalogue import ITEMS
from planner.model.unit_costs import compute_part, cost_share_of_revenue, tco_annualised
from planner.plan import Plan
from planner.project import Project, load
from planner.units import to_base


def test_a_vehicle_year_sold_at_its_cost_pays_for_everything(
    headline: Project, everything: dict[str, Array]
) -> None:
    worth = everything["present_factor"] * headline.leaves["month_seconds"]
    served = total(everything["vehicles_served"], REGION, PROGRAM)
    income = (served * worth * everything["cost_per_vehicle_year"]).sum()
    assert income == pytest.approx(everything["tco"].item(), rel=1e-12)
    driven = everything["vehicles_served"] * everything["vehicle_distance"]
    income = (driven * worth * everything["cost_per_1000_km"]).sum()
    assert income == pytest.approx(everything["tco"].item(), rel=1e-12)


def test_a_vehicle_pays_once_when_it_joins() -> None:
    """An opening fleet counts at plan_start; regions that are not served do not count."""
    project = load("5pct_from_2027")
    names = [
        "cost_per_vehicle",
        "tco",
        "vehicle_sales",
        "vehicles_at_start",
        "region_served",
        "present_factor",
    ]
    x = project.run(names)
    joins = (x["vehicle_sales"] * x["region_served"] * x["present_factor"]).sum()
    joins += (x["vehicles_at_start"] * x["region_served"][:, :1]).sum()
    assert x["cost_per_vehicle"].item() * joins == pytest.approx(x["tco"].item(), rel=1e-12)


def test_all_releases_together_cost_what_training_costs(
    headline: Project, everything: dict[str, Array]
) -> None:
    worth = everything["present_factor"] * headline.leaves["month_seconds"]
    releases = total(headline.leaves["workload_active"] * worth, MONTH)
    spent = releases / headline.leaves["workload_cadence"] * everything["cost_per_trained_model"]
    assert spent.sum() == pytest.approx(everything["workload_cost"].sum(), rel=1e-12)
    training = (total(everything["gpus_for_throughput"], WORKLOAD) * worth).sum()
    work = everything["gpus_work_mean"] + everything["gpus_serving_mean"]
    share = training / (work * worth).sum()
    assert everything["workload_cost"].sum() == pytest.approx(
        share * everything["compute_cost"].item(), rel=1e-12
    )


def test_an_hour_of_every_gpu_pays_for_compute(
    headline: Project, everything: dict[str, Array]
) -> None:
    worth = everything["present_factor"] * headline.leaves["month_seconds"]
    income = (total(everything["gpus"], SITE, HARDWARE) * worth * everything["gpu_hour_cost"]).sum()
    assert income == pytest.approx(everything["compute_cost"].item(), rel=1e-12)
    assert 0 < everything["compute_cost"].item() < everything["tco"].item()


def test_parts_of_compute_follow_price_and_power() -> None:
    cost = place(np.array([60.0 if item == "nodes" else 20.0 for item in ITEMS]), ITEM)
    # 90 of the hall's 100 W; of the networks a half is rented, and four fifths of the rest are the nodes'.
    network = (place(7.0), place(0.4), place(0.5))
    part = compute_part(cost, place(1.0), place(100.0), place(90.0), *network, place(1.0)).ravel()
    by_name = dict(zip(ITEMS, part, strict=True))
    assert (by_name["nodes"], by_name["storage"], by_name["cellular"]) == (1, 0, 0)
    assert by_name["energy"] == by_name["building"] == pytest.approx(0.9)
    assert by_name["network"] == pytest.approx(0.8)
    assert by_name["maintenance"] == pytest.approx(1 - (20 + 20 + 0.2 * 20) / 140)


def test_rented_accelerators_cost_their_rent_and_licences_alone() -> None:
    """Energy, halls and staff that storage and rigs still need are not put on nodes that stand elsewhere."""
    edits = [f"sites.{site}.acquisition=rent" for site in ("taiwan", "japan", "china")]
    x = load("5pct_ev_market", set=edits).run(["compute_cost", "cost_present"])
    by_name = dict(zip(ITEMS, x["cost_present"].ravel(), strict=True))
    assert by_name["energy"] > 0 and by_name["staff"] > 0 and by_name["network"] > 0
    assert x["compute_cost"].item() == pytest.approx(by_name["rent"] + by_name["licences"])


@pytest.mark.parametrize("scenario", ["5pct_ev_market", "5pct_from_2027"])
@pytest.mark.parametrize("cheaper", ["accelerators.gh200_144.rent_price=20 USD/hour", ""])
@pytest.mark.parametrize("way", ["buy", "lease"])
def test_renting_is_cheaper_where_it_breaks_even_above_all_hours(
    scenario: str, cheaper: str, way: str
) -> None:
    edits = [f"sites.{site}.acquisition={way}" for site in ("taiwan", "japan")]
    own = {"buy": "tco_if_bought", "lease": "tco_if_leased"}[way]
    x = load(scenario, set=[*edits, *([cheaper] if cheaper else [])]).run(
        ["rent_breakeven_utilisation", own, "tco_if_rented"]
    )
    used = x["rent_breakeven_utilisation"].item()
    assert used > 0
    assert (used > 1.0) == (x["tco_if_rented"].item() < x[own].item())
    # With a price of 20 dollars an hour nobody rents for all hours.
    assert not cheaper or used < 1.0


def test_the_yearly_cost_against_the_revenue_target(headline: Project) -> None:
    calendar = headline.table.calendar
    years = calendar.edges[-1] / (365.25 * 86_400)
    yearly = tco_annualised(place(450e6), place(0.0), calendar)
    assert yearly.item() * 365.25 * 86_400 == pytest.approx(450e6 / years)
    target = place(to_base(32.6, "BUSD/year"))
    assert cost_share_of_revenue(yearly, target, place(1.0)).item() == pytest.approx(
        450e6 / years / 32.6e9
    )
    assert cost_share_of_revenue(yearly, place(0.0), place(1.0)).item() == 0


def test_a_plan_without_vehicles_or_gpus_has_no_unit_costs() -> None:
    plan: Plan = load(
        "5pct_ev_market", set=["market.share=0 %", "models.gaia1_world_model.base_dataset=0 hour"]
    ).plan()
    for name in ("cost_per_vehicle_year", "cost_per_1000_km", "cost_per_vehicle"):
        assert float(plan[name].values) == 0
