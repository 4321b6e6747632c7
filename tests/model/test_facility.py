"""What a hall carries, where it falls short, and what power, floor, energy and water are made of."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.axes import HARDWARE, MONTH, NETWORK, SITE, TIER, Array, place, total
from planner.catalogue import NETWORKS, SECONDS_A_MONTH
from planner.inputs.numbers import month_index
from planner.model.cooling import cooling_share, pue, pue_peak, supply_losses, water
from planner.model.facility import (
    it_capacity,
    it_power_short,
    liquid_heat_short,
    modules_usable,
    phase_used_share,
    plant_oversize,
    plant_oversize_usual,
    pue_of_sites,
    rack_power,
    rack_power_short,
    redundancy_cost,
)
from planner.model.hardware import nodes, racks_of_nodes, racks_of_storage
from planner.perf.ordering import whole_units
from planner.project import Project, load


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


def cost_of(modules: float, spare: float, sets: float) -> float:
    """Cost of a hall relative to the published one, where 80 % goes with the plant and a usual N+1 has 6 for 5."""
    spares, whole_sets = by_site(spare), by_site(sets)
    usable = modules_usable(by_site(modules), spares, whole_sets)
    installed = plant_oversize(usable, spares, whole_sets)
    usual = plant_oversize_usual(usable, place(1.2))
    return redundancy_cost(installed, usual, place(0.8)).item()


def test_redundancy_costs_what_is_installed_beyond_what_carries() -> None:
    # Ten modules. N: 10 for 10, N+1 would be 11. N+1 is what is published. 2N: 10 for 5, N+1 would be 6.
    assert cost_of(10, 0, 1) == pytest.approx(0.2 + 0.8 * 10 / 11)
    assert cost_of(10, 1, 1) == 1.0
    assert cost_of(10, 0, 2) == pytest.approx(0.2 + 0.8 * 10 / 6)


def test_where_no_modules_are_given_redundancy_costs_by_rule() -> None:
    assert cost_of(np.inf, 0, 1) == pytest.approx(0.2 + 0.8 / 1.2)
    assert cost_of(np.inf, 0, 2) == pytest.approx(0.2 + 0.8 * 2 / 1.2)


def test_two_modules_are_one_and_a_spare_or_two_sets() -> None:
    assert cost_of(2, 0, 2) == cost_of(2, 1, 1) == 1.0
    assert cost_of(1, 1, 1) == cost_of(0, 1, 1) == 1.0


def test_a_hall_with_two_sets_costs_more_and_one_without_spares_less() -> None:
    def halls(redundancy: str) -> tuple[float, ...]:
        changes = {
            "sites.taiwan.redundancy": redundancy,
            "sites.japan.redundancy": redundancy,
            "sites.taiwan.modules": "40",
            "sites.japan.modules": "20",
        }
        x = load("5pct_ev_market", set=changes).run(
            ["building_payments", "residual_by_item", "colocation_cost", "tco"]
        )
        return tuple(float(each.sum()) for each in x.values())

    plain, usual, double = (halls(each) for each in ("N", "N+1", "2N"))
    assert all(a < b < c for a, b, c in zip(plain, usual, double, strict=True))


def test_a_phase_is_used_as_far_as_the_plan_needs_it() -> None:
    found = phase_used_share(by_site(3e6, 3e6, 3e6), by_site(1e8, 0.0, np.inf))
    assert found.ravel().tolist() == [0.03, np.inf, 0]
    nothing_needed = phase_used_share(by_site(0.0, 0.0, 0.0), by_site(1e8, 0.0, np.inf))
    assert not nothing_needed.any()


def test_the_announced_phases_stand_almost_empty(everything: dict[str, Array]) -> None:
    """What is declared is the limit: of 100 MW in Taiwan the plan uses 3 %, and pays for that."""
    assert 0.02 < everything["phase_used_share"][:, -1].ravel()[0] < 0.05


def test_the_densest_rack_is_that_of_a_kind_that_is_there() -> None:
    there = place(np.array([[8.0, 0.0]]), SITE, HARDWARE)
    power = place(np.array([10_200.0, 46_000.0]), HARDWARE)
    a_rack = place(np.array([4.0, 1.0]), HARDWARE)
    units, switches = (place(8.0), place(1_300.0)), (place(8.0), place(1_500.0))
    rest, owned = (*units, place(16.0), *switches, place(16.0)), place(0.0)
    found = rack_power(there, power, a_rack, *rest, owned)
    assert found.item() == 40_800
    assert rack_power(0 * there, power, a_rack, *rest, owned).item() == 16 * 1_500
    without = (*units, place(16.0), place(0.0), *switches)
    assert rack_power(0 * there, power, a_rack, *without, owned).item() == 16 * 1_300
    assert rack_power_short(found, by_site(40_000.0)).item() == 800


def test_racks_stay_as_they_were_filled_when_the_hall_gets_denser() -> None:
    # Twelve nodes enter at three a rack, twelve at four; three were there before, at three a rack.
    orders = place(np.array([12.0, 12.0, 0.0]).reshape(3, 1, 1), MONTH, SITE, HARDWARE)
    before = place(np.array([3.0, 3.0, 3.0]).reshape(3, 1, 1), MONTH, SITE, HARDWARE)
    a_rack = place(np.array([3.0, 4.0, 4.0]).reshape(3, 1, 1), MONTH, SITE, HARDWARE)
    life = place(5 * 365.25 * 86_400.0)

    def filled(arriving: Array, rented: float) -> list[float]:
        return (
            racks_of_nodes(orders, arriving, before, a_rack, place(rented), life).ravel().tolist()
        )

    assert filled(0.0 * orders, 0.0) == [5, 8, 8]
    # Rented, they stand on the floor of their owner, as does what was on order among those before.
    assert filled(0.0 * orders, 1.0) == [1, 1, 1]
    arriving = place(np.array([2.0, 0.0, 0.0]).reshape(3, 1, 1), MONTH, SITE, HARDWARE)
    assert filled(arriving, 1.0) == pytest.approx([1 / 3] * 3)


@given(
    st.lists(st.integers(0, 40), min_size=12, max_size=12),
    st.integers(0, 30),
    st.integers(1, 8),
    st.integers(1, 12),
)
def test_racks_hold_all_that_is_in_service_and_each_order_leaves_one_partly_filled(
    bought: list[int], there: int, a_rack: int, life: int
) -> None:
    orders = place(np.array(bought, dtype=float).reshape(12, 1, 1), MONTH, SITE, HARDWARE)
    before = place(np.full((12, 1, 1), float(there)), MONTH, SITE, HARDWARE)
    density, age = place(float(a_rack)), place(life * SECONDS_A_MONTH)
    standing = nodes(orders, before, age)
    none = 0.0 * orders
    filled = whole_units(racks_of_nodes(orders, none, before, density, place(0.0), age))
    assert (filled * a_rack >= standing).all()
    serving = nodes((orders > 0).astype(float), place(float(there > 0)), age)
    assert (filled - np.floor(standing / a_rack) <= serving).all()
    by_tier = [np.swapaxes(x, TIER, HARDWARE) for x in (orders, before)]
    stored = whole_units(racks_of_storage(*by_tier, density, age))
    assert np.array_equal(np.swapaxes(stored, TIER, HARDWARE), filled)


def test_racks_are_gone_with_the_nodes_that_are_replaced_before_they_are_written_down() -> None:
    changes = ["cluster.refresh_age=2 year", "economics.equipment_life=5 year"]
    names = ["racks_of_nodes", "nodes", "nodes_a_rack"]
    found = load("5pct_ev_market", set=changes).run(names)
    filled, standing, a_rack = found.values()
    assert filled == pytest.approx(standing / a_rack)


def test_switches_of_a_hall_that_feeds_less_take_more_racks() -> None:
    def racked(density: str) -> tuple[Array, ...]:
        changes = {"sites.japan.rack_density": density, "sites.japan.training": "dgx_a100"}
        found = load("5pct_ev_market", set=changes).run(["racks", "switches_a_rack", "rack_power"])
        return tuple(np.take(x, 1, axis=SITE)[:, -1] for x in found.values())

    wide, narrow = racked("80 kW"), racked("12 kW")
    compute = NETWORKS.index("compute")
    assert [x[1].ravel()[compute] for x in (wide, narrow)] == [16, 8]
    assert narrow[0].item() > wide[0].item()
    assert narrow[2].item() <= 12_000


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
    for state in ("idle", "typical"):
        drawn = total(x["nodes"] * x[f"node_draw_{state}"], HARDWARE)
        assert x[f"it_power_{state}"] == pytest.approx(drawn + always_on)
    assert x["energy"] == pytest.approx(x["it_energy"] + x["facility_energy"])
    assert x["site_power"] == pytest.approx(x["it_power"] * x["pue_peak"])
    rows = headline.leaves
    parts = [
        total(whole_units(x["racks_of_nodes"]), HARDWARE),
        total(whole_units(x["racks_of_storage"]), TIER),
        whole_units(total(x["switches"] / x["switches_a_rack"], NETWORK)),
        whole_units(x["rigs"] / rows["qualification_rigs_per_rack"]),
    ]
    assert x["racks"] == pytest.approx(sum(parts))


def test_power_lies_between_idle_and_peak(everything: dict[str, Array]) -> None:
    x = [everything[f"it_power{state}"] for state in ("_idle", "_mean", "_typical", "")]
    for lower, upper in pairwise(x):
        assert (lower <= upper * (1 + 1e-12)).all()
    assert (x[0] < x[-1])[x[-1] > 0].any()


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
