"""What a hall carries, where it falls short, and what power, floor, energy and water are made of."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import HARDWARE, MONTH, NETWORK, SITE, TIER, Array, place, total
from planner.inputs.numbers import month_index
from planner.model.cooling import cooling_share, pue, pue_peak, supply_losses, water
from planner.model.facility import (
    it_capacity,
    it_power_short,
    liquid_heat_short,
    pue_of_sites,
    rack_power,
    rack_power_short,
)
from planner.model.hardware import racks_of_nodes
from planner.perf.ordering import whole_units
from planner.plan import Project, load


def by_site(*values: float) -> Array:
    return place(np.array(values), SITE)


def test_capacity_of_ten_modules_by_redundancy() -> None:
    # Ten modules of 2 MW: 20 MW at N, 18 at N+1, 10 at 2N; a single module is no N+1.
    found = it_capacity(
        by_site(10, 10, 10, 1),
        by_site(2e6, 2e6, 2e6, 2e6),
        by_site(0, 1, 0, 1),
        by_site(1, 1, 2, 1),
    )
    assert found.ravel().tolist() == [20e6, 18e6, 10e6, 0.0]
    short = it_power_short(by_site(19e6, 19e6, 19e6, 1e6), found)
    assert short.ravel().tolist() == [0.0, 1e6, 9e6, 1e6]


def test_a_hall_that_states_no_limit_is_never_short() -> None:
    free = by_site(np.inf)
    capacity = it_capacity(free, free, by_site(0.0), by_site(1.0))
    assert it_power_short(by_site(1e9), capacity).item() == 0
    assert liquid_heat_short(by_site(1e9), free).item() == 0
    assert rack_power_short(by_site(1e9), free).item() == 0


def test_the_densest_rack_is_that_of_a_kind_that_is_there() -> None:
    there = place(np.array([[8.0, 0.0]]), SITE, HARDWARE)
    power = place(np.array([10_200.0, 46_000.0]), HARDWARE)
    found = rack_power(there, power, place(np.array([4.0, 1.0]), HARDWARE))
    assert found.item() == 40_800
    assert rack_power_short(found, by_site(40_000.0)).item() == 800


def test_racks_stay_as_they_were_filled_when_the_hall_gets_denser() -> None:
    # Twelve nodes enter at three a rack, twelve at four; three were there before, at three a rack.
    orders = place(np.array([12.0, 12.0, 0.0]).reshape(3, 1, 1), MONTH, SITE, HARDWARE)
    before = place(np.array([3.0, 3.0, 3.0]).reshape(3, 1, 1), MONTH, SITE, HARDWARE)
    a_rack = place(np.array([3.0, 4.0, 4.0]).reshape(3, 1, 1), MONTH, SITE, HARDWARE)
    found = racks_of_nodes(orders, before, a_rack, place(5 * 365.25 * 86_400.0))
    assert found.ravel().tolist() == [5, 8, 8]


def test_pue_is_heat_by_its_way_and_losses() -> None:
    # Half of 100 kW goes to water; air: fans 0.05, 1.05 x (0.03 + 0.15) = 0.239; water: 0.01 + 0.03 = 0.04.
    losses = supply_losses(place(0.96), place(0.98), place(0.01))
    assert losses.item() == pytest.approx(0.07293, abs=1e-5)
    share = cooling_share(
        *(place(x) for x in (1e5, 5e4, 0.15, 0.0, 0.05, 0.01, 0.02, 0.01)), losses
    )
    air = 0.05 + 1.05 * 0.18
    expected = 0.5 * air + 0.5 * 0.04 + losses.item() * air
    assert share.item() == pytest.approx(expected)
    assert pue(share, losses, place(0.0)).item() == pytest.approx(1 + expected + losses.item())


def test_a_published_pue_takes_the_place_of_the_computed_one() -> None:
    share, losses = place(0.2), place(0.1)
    assert pue(share, losses, place(1.25)).item() == 1.25
    assert pue_peak(share, losses, place(0.0), place(0.0)).item() == pytest.approx(1.3)
    assert pue_peak(share, losses, place(1.25), place(0.0)).item() == pytest.approx(1.3)
    assert pue_peak(share, losses, place(1.5), place(0.0)).item() == 1.5
    assert pue_peak(share, losses, place(1.25), place(1.6)).item() == 1.6


def test_nothing_in_service_has_no_pue_of_all_sites() -> None:
    assert pue_of_sites(by_site(0.0, 0.0), by_site(0.0, 0.0)).item() == 0
    assert pue_of_sites(by_site(1.0, 3.0), by_site(1.5, 3.5)).item() == 1.25


def test_water_follows_all_heat_that_leaves_outdoors() -> None:
    assert water(place(100.0), place(0.2), place(0.1), place(0.5)).item() == pytest.approx(65.0)


def test_power_energy_and_racks_are_the_sums_of_their_parts(
    headline: Project, everything: dict[str, Array]
) -> None:
    x = everything
    always_on = x["storage_power"] + x["fabric_power"] + x["rig_power"]
    assert x["it_power"] == pytest.approx(x["compute_power"] + always_on)
    mean = total(x["node_power_mean"], HARDWARE) + always_on
    assert x["it_power_mean"] == pytest.approx(mean)
    assert x["energy"] == pytest.approx(x["it_energy"] + x["facility_energy"])
    assert x["site_power"] == pytest.approx(x["it_power"] * x["pue_peak"])
    rows = headline.leaves
    parts = [
        total(whole_units(x["racks_of_nodes"]), HARDWARE),
        total(whole_units(x["racks_of_storage"]), TIER),
        whole_units(total(x["switches"], NETWORK) / rows["facility_switches_per_rack"]),
        whole_units(x["rigs"] / rows["qualification_rigs_per_rack"]),
    ]
    assert x["racks"] == pytest.approx(sum(parts))


def test_heat_to_liquid_is_part_of_it_power(everything: dict[str, Array]) -> None:
    x = everything
    assert (x["liquid_heat"] <= x["compute_power"] * (1 + 1e-12)).all()
    assert (x["liquid_heat_mean"] <= x["it_power_mean"]).all()
    assert x["liquid_heat"].max() > 0


def test_the_months_of_a_year_have_the_weather_of_the_calendar(headline: Project) -> None:
    dry = headline.leaves["climate_dry_bulb"]
    assert isinstance(dry, np.ndarray)
    taipei = dry[0].reshape(86, -1)[:, 0]
    start = month_index("2023-11") % 12
    assert taipei[(6 - start) % 12] == 30.1  # July
    assert taipei[(6 - start) % 12 + 12] == 30.1


def test_summer_needs_more_cooling_than_winter(everything: dict[str, Array]) -> None:
    share = everything["cooling_share"][0].reshape(86, -1)[:, 0]
    july, january = share[80], share[74]  # 2030-07, 2030-01
    assert july > january


def test_a_hall_without_water_uses_none_and_needs_more_power() -> None:
    towers = load("5pct_ev_market").plan()
    dry = load("5pct_ev_market", set={"facility.plant": "air_cooled_chillers"}).plan()
    assert dry["water"].values.max() == 0
    assert towers["water"].values.sum() > 0
    assert dry["energy"].values.sum() > towers["energy"].values.sum()
