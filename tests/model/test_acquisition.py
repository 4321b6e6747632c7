"""Buying, leasing and renting: who pays for what."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import MONTH, Array, place, total
from planner.catalogue import ITEMS, Calendar
from planner.inputs.numbers import month_index
from planner.model.acquisition import (
    colocation_cost,
    hall_power,
    lease_months,
    lease_outstanding,
    lease_payments,
    rent_cost,
)
from planner.plan import load
from planner.units import to_base

YEAR = 365.25 * 86_400.0
ZERO, ONE = place(0.0), place(1.0)
MAIN = "5pct_ev_market"


def by_item(found: Array) -> dict[str, float]:
    return dict(zip(ITEMS, total(found, MONTH).ravel().tolist(), strict=True))


def with_all_sites(*fields: str, more: tuple[str, ...] = ()) -> dict[str, Array]:
    edits = [f"sites.{site}.{field}" for site in ("taiwan", "japan", "china") for field in fields]
    project = load(MAIN, set=[*edits, *more])
    return project.run(["cash_flow", "tco", "carbon", "it_power", "hall_power", "residual_value"])


def test_a_lease_of_three_years_is_36_payments_by_the_capital_recovery_factor() -> None:
    value = np.zeros(48)
    value[1] = 1000.0
    level = place(np.ones(48), MONTH)
    months = lease_months(place(3 * YEAR), place(5 * YEAR))
    paid = lease_payments(place(value, MONTH), months, place(0.09), level).ravel()
    monthly = 1.09 ** (1 / 12) - 1
    assert paid[:1].tolist() == [0] and not paid[37:].any()
    assert paid[1:37] == pytest.approx(np.full(36, 1000 * monthly / (1 - 1.09**-3)))
    assert sum(paid[1:] * (1 + monthly) ** -np.arange(1.0, 48)) == pytest.approx(1000)


def test_what_is_owed_at_the_end_is_the_worth_of_the_rest() -> None:
    calendar = Calendar(month_index("2024-01"), 12, 0)
    value = np.zeros(12)
    value[0] = 1000.0
    owed = lease_outstanding(place(value, MONTH), place(36.0), place(0.0), ONE, calendar)
    assert owed.item() == pytest.approx(1000 * 24 / 36)


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
    assert theirs["nodes"] == theirs["network"] == theirs["lease"] == 0 < theirs["rent"]
    for item in ("storage", "rigs", "licences", "wan", "cellular", "delivery"):
        assert theirs[item] == pytest.approx(own[item], rel=1e-12), item
    for item in ("building", "energy", "maintenance", "staff", "installation"):
        assert 0 < theirs[item] < own[item], item
    assert np.array_equal(bought["it_power"], rented["it_power"])
    assert np.array_equal(bought["carbon"], rented["carbon"])


def test_rent_is_paid_for_every_hour_of_every_chip() -> None:
    price = place(to_base(2.29, "USD/hour"))
    paid = rent_cost(place(3.0), place(32.0), price, ONE, place(3600.0 * 720))
    assert paid.item() == pytest.approx(3 * 32 * 2.29 * 720)


def test_storage_and_rigs_need_their_hall_whoever_owns_the_nodes() -> None:
    assert hall_power(place(100.0), place(10.0), place(5.0), ONE).item() == 15
    assert hall_power(place(100.0), place(10.0), place(5.0), ZERO).item() == 100


def test_colocation_takes_the_place_of_the_building() -> None:
    found = with_all_sites("building=colocate")
    items = by_item(found["cash_flow"])
    assert items["building"] == 0 < items["colocation"]
    # USD 184.06 a kW and month (CBRE, H2 2024): a megawatt for a year.
    price = place(to_base(184.06, "USD/kW month"))
    paid = colocation_cost(place(1e6), ZERO, price, ONE, place(YEAR)).item()
    assert paid == pytest.approx(184.06 * 1000 * 12)
