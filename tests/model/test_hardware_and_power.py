"""What stands at a site, what it draws, and when it was ordered and delivered."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import HARDWARE, MONTH, SITE, TIER, Array, place, total
from planner.catalogue import Calendar, Parts
from planner.inputs.numbers import month_index
from planner.model.carbon import (
    carbon_embodied,
    carbon_of_halls,
    carbon_of_networks,
    carbon_of_nodes,
    carbon_of_rigs,
    carbon_of_storage,
    carbon_operational,
)
from planner.model.compute import gpus_busy_share
from planner.model.facility import (
    compute_power,
    energy,
    facility_energy,
    it_energy,
    it_power,
    it_power_at_start,
    it_power_mean,
    node_power_mean,
    site_power,
)
from planner.model.hardware import (
    gpus_equivalent,
    nodes,
    nodes_before,
    nodes_before_equivalent,
    nodes_committed_entering,
    nodes_delivered,
    nodes_ordered,
    nodes_required,
)
from planner.units import from_base, to_base

DAY = 86_400.0
YEAR = 365.25 * DAY
CALENDAR = Calendar(month_index("2023-11"), 6, 2)


def stock(*entries: tuple[float, float, int]) -> Parts:
    """Stock as (months from plan_start to service, count, kind)."""
    arrival, count, kind = (np.array([column]) for column in zip(*entries, strict=True))
    names = tuple(f"installed[{i}]" for i in range(len(entries)))
    owner = kind[0].astype(np.intp)
    fields = {"arrival": arrival.astype(float), "count": count.astype(float)}
    return Parts(names, (SITE, HARDWARE), (1, 2), owner, fields)


def by_kind(values: Array) -> list[list[float]]:
    return [list(month) for month in values.reshape(6, 2)]


def test_stock_serves_from_its_month_until_the_end_of_its_life() -> None:
    # 4 of kind 0 since ten months, 3 of kind 1 on order for the third month; they serve twelve months.
    found = nodes_before(stock((-10, 4, 0), (2, 3, 1)), place(YEAR), CALENDAR)
    assert by_kind(found) == [[4, 0], [4, 0], [0, 3], [0, 3], [0, 3], [0, 3]]


def test_only_what_is_on_order_enters() -> None:
    found = nodes_committed_entering(stock((-10, 4, 0), (0, 1, 0), (2, 3, 1)), CALENDAR)
    assert by_kind(found) == [[1, 0], [0, 0], [0, 3], [0, 0], [0, 0], [0, 0]]


def test_orders_add_to_the_stock_and_retire_with_their_life() -> None:
    orders = place(
        np.array([[2.0, 0], [0, 0], [0, 1], [0, 0], [0, 0], [0, 0]])[:, None], MONTH, SITE, HARDWARE
    )
    before = nodes_before(stock((-1, 5, 0)), place(YEAR), CALENDAR)
    found = nodes(orders, before, place(YEAR / 4))
    assert by_kind(found) == [[7, 0], [7, 0], [7, 1], [5, 1], [5, 1], [5, 0]]


def test_older_kinds_count_by_their_peak() -> None:
    # DGX A100 (8 x 312) against DGX H100 (8 x 989.4 TFLOP/s): ten of the former are 3.15 of the latter.
    peak = place(np.array([8 * 989.4, 8 * 312.0]), HARDWARE)
    there = place(np.array([[0.0, 10.0]]), SITE, HARDWARE)
    trains_on = place(np.array([[1.0, 0.0]]), SITE, HARDWARE)
    eight = place(np.array([8.0, 8.0]), HARDWARE)
    assert nodes_before_equivalent(there, peak, trains_on).item() == pytest.approx(3.1534, abs=1e-4)
    equivalent = gpus_equivalent(there, peak, eight, trains_on)
    assert equivalent.item() == pytest.approx(8 * 3.1534, abs=1e-3)
    assert nodes_required(place(25.0), eight, trains_on).item() == 25 / 8
    # Work for 12.6 of the newer kind keeps the eighty older ones half busy.
    work, none = place(12.614), place(0.0)
    assert gpus_busy_share(work, none, equivalent).item() == pytest.approx(0.5, abs=1e-3)
    assert gpus_busy_share(work * 100, none, equivalent).item() == 1.0
    assert gpus_busy_share(work, none, none).item() == 0.0


def test_deliveries_and_orders_are_earlier_by_commissioning_and_lead_time() -> None:
    orders = place(np.array([0.0, 0, 0, 0, 3, 0]).reshape(6, 1, 1), MONTH, SITE, HARDWARE)
    commissioning = place(np.array([30 * DAY]), SITE)
    # Service from 1 March 2024; 30 days before is 31 January, 60 days more is 2 December.
    delivered = nodes_delivered(orders, commissioning, CALENDAR).ravel()
    ordered = nodes_ordered(orders, commissioning, place(np.array([60 * DAY]), HARDWARE), CALENDAR)
    assert delivered.tolist() == [0, 0, 3, 0, 0, 0]
    assert ordered.ravel().tolist() == [0, 3, 0, 0, 0, 0]


def test_power_of_a_scalable_unit_of_dgx_h100() -> None:
    # 32 DGX H100 of 10.2 kW at most (NVIDIA data sheet), 12 switches of 1.7 kW, half as much for other networks.
    racked = place(np.array([[32.0]]), SITE, HARDWARE)
    nodes_power = compute_power(racked, place(10_200.0))
    provisioned = it_power(nodes_power, place(5000.0), place(12 * 1700 * 1.5), place(0.0))
    assert provisioned.item() == pytest.approx(326_400 + 5000 + 30_600)
    nodes_mean = node_power_mean(racked, place(2000.0), place(7000.0), place(0.6))
    mean = it_power_mean(nodes_mean, place(5000.0), place(30_600.0), place(0.0))
    assert mean.item() == pytest.approx(32 * 5000 + 35_600)
    assert site_power(provisioned, place(1.45)).item() == pytest.approx(362_000 * 1.45)


def test_energy_carbon_and_units_of_a_month() -> None:
    # 1 MW for 31 days at a PUE of 1.3: 967.2 MWh; at 474 g/kWh 458 t.
    it = it_energy(place(1e6), place(31 * DAY))
    used = energy(it, facility_energy(it, place(1.3)))
    assert from_base(used.item(), "MWh") == pytest.approx(967.2)
    emitted = carbon_operational(used, place(to_base(474.0, "g/kWh")))
    assert from_base(emitted.item(), "t") == pytest.approx(458.45, abs=0.01)


def test_carbon_of_making_counts_each_thing_once() -> None:
    one = place(np.ones((1, 1)), SITE, HARDWARE)
    stored = place(np.ones((1, 1)), TIER, SITE)
    found = carbon_embodied(
        carbon_of_nodes(2 * one, 1 * one, place(1000.0)),
        carbon_of_storage(4 * stored, 0 * stored, place(500.0)),
        # Five links of two modules each, and three switches.
        carbon_of_networks(*(place(x) for x in (3.0, 5.0, 40.0, 20.0, 600.0, 3.0))),
        carbon_of_rigs(place(2.0), place(800.0)),
        carbon_of_halls(place(1e6), place(1.0)),
    )
    assert found.item() == 3 * 1000 + 4 * 500 + 3 * 600 + 5 * 2 * 3 + 2 * 800 + 1e6


def test_power_at_start_is_of_what_is_installed_and_not_of_what_is_on_order() -> None:
    installed = place(np.array([10.0, 10]).reshape(2, 1), MONTH, HARDWARE)
    arriving = place(np.array([4.0, 0]).reshape(2, 1), MONTH, HARDWARE)
    units = place(np.array([3.0, 3]).reshape(2, 1), MONTH, TIER)
    units_arriving = place(np.array([1.0, 0]).reshape(2, 1), MONTH, TIER)
    found = it_power_at_start(
        installed,
        arriving,
        place(10_000.0),
        units,
        units_arriving,
        place(1000.0),
        place(2.0),
        place(1500.0),
        place(np.array([4.0, 4]), MONTH),
        place(3000.0),
    )
    assert found.item() == 6 * 10_000 + 2 * 1000 + 2 * 1500 + 4 * 3000


def test_ordered_delivered_and_entering_are_the_same_units(everything: dict[str, Array]) -> None:
    for kind in ("nodes", "storage"):
        bought = everything["orders" if kind == "nodes" else "storage_orders"]
        for moved in ("delivered", "ordered"):
            found = everything[f"{kind}_{moved}"]
            assert total(found, MONTH) == pytest.approx(total(bought, MONTH), rel=1e-12)
            early, late = found.cumsum(axis=MONTH), bought.cumsum(axis=MONTH)
            assert (early >= late - 1e-9).all()


def test_mean_power_never_exceeds_provisioned_power(everything: dict[str, Array]) -> None:
    assert (everything["it_power_mean"] <= everything["it_power"]).all()
    assert (everything["it_power"] <= everything["site_power"]).all()
    busy = everything["gpus_busy_share"]
    assert busy.min() >= 0 and busy.max() <= 1
