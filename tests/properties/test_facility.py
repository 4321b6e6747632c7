"""Of a data hall, for any inputs within the bounds of the schema: totals are the sums of their parts, more never needs
less, and twice the hall has twice the limits.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.axes import HARDWARE, MONTH, NETWORK, TIER, Array, lowest, peak, total
from planner.graph import Quantity
from planner.perf.ordering import whole_units
from planner.project import Project
from tests.properties import facility_bugs as bugs
from tests.properties.layouts import (
    WHOLE_PLANS,
    factors,
    layout,
    leaf_of,
    rows_of,
    run,
    same,
    scaled,
    times,
)
from tests.properties.seeded_bugs import caught, with_bug

PARTS = (
    *("it_power", "compute_power", "storage_power", "fabric_power", "rig_power", "site_power"),
    *("pue_peak", "rigs", "switches", "storage_units", "nodes_a_rack", "storage_units_a_rack"),
    *("it_power_mean", "node_power_mean", "energy", "it_energy", "facility_energy", "pue"),
    *(
        "cooling_share",
        "supply_losses",
        "racks",
        "rented_share",
        "racks_of_nodes",
        "racks_of_storage",
    ),
    *("switches_a_rack", "floor_area", "building_area", "liquid_heat", "liquid_heat_mean", "water"),
    *("water_per_heat", "rack_power", "rack_power_short", "nodes"),
)


def check_sums(project: Project, chosen: dict[int, float]) -> None:
    """Every total is what it is made of; nothing of the hall is left out or counted twice."""
    values = scaled(project.table, chosen)
    x = run(project, PARTS, values)
    always_on = x["storage_power"] + x["fabric_power"] + x["rig_power"]
    assert same(x["it_power"], x["compute_power"] + always_on, 1e-12)
    mean = total(x["node_power_mean"], HARDWARE) + always_on
    assert same(x["it_power_mean"], mean, 1e-12)
    assert same(x["site_power"], x["it_power"] * x["pue_peak"], 1e-12)
    assert same(x["energy"], x["it_energy"] + x["facility_energy"], 1e-12)
    assert same(x["energy"], x["it_energy"] * x["pue"], 1e-12)
    filled = total(whole_units(x["racks_of_nodes"]), HARDWARE)
    filled = filled + total(whole_units(x["racks_of_storage"]), TIER)
    owned = x["switches"] * (1.0 - x["rented_share"])
    switched = total(owned / x["switches_a_rack"], NETWORK)
    tested = x["rigs"] / leaf_of(project, "qualification_rigs_per_rack", values)
    assert np.array_equal(x["racks"], filled + whole_units(switched) + whole_units(tested))
    check_racks_stand_as_long_as_what_fills_them(x)
    heat = x["it_energy"] * (1.0 + x["cooling_share"] + x["supply_losses"])
    assert same(x["water"], heat * x["water_per_heat"], 1e-12)
    assert (x["liquid_heat"] <= x["compute_power"] * (1 + 1e-12)).all()
    assert (x["liquid_heat_mean"] <= x["it_power_mean"] * (1 + 1e-12)).all()
    assert (x["pue"] >= 1).all() and (x["pue_peak"] >= 1).all()


def check_racks_stand_as_long_as_what_fills_them(x: dict[str, Array]) -> None:
    """As many as the fullest and the emptiest of their racks allow, and none once it is gone."""
    for racks, units, a_rack in (
        ("racks_of_nodes", "nodes", "nodes_a_rack"),
        ("racks_of_storage", "storage_units", "storage_units_a_rack"),
    ):
        slack = 1e-9 * np.maximum(x[units], 1.0)
        assert (x[racks] * lowest(x[a_rack], MONTH) <= x[units] + slack).all(), racks
        assert (x[racks] * peak(x[a_rack], MONTH) >= x[units] - slack).all(), racks


def check_density(project: Project, chosen: dict[int, float]) -> None:
    """No rack of several nodes draws more than the hall allows."""
    values = scaled(project.table, chosen)
    a_rack = run(project, ["nodes_a_rack"], values)["nodes_a_rack"]
    power, density = (
        leaf_of(project, name, values) for name in ("node_power", "site_rack_density")
    )
    assert (a_rack * power <= density * (1 + 1e-6))[a_rack > 1].all()
    assert (a_rack >= 1).all() and (a_rack == np.round(a_rack)).all()


@pytest.mark.parametrize("name", ["announced", "running"])
@pytest.mark.parametrize("check", [check_sums, check_density])
def test_parts_make_the_whole_and_racks_keep_to_the_hall(name: str, check) -> None:
    project = layout(name)

    @WHOLE_PLANS
    @given(factors(project.table))
    def holds(chosen: dict[int, float]) -> None:
        check(project, chosen)

    holds()


@pytest.mark.parametrize(
    ("check", "bug"),
    [
        (check_sums, bugs.racks_are_rounded_together),
        (check_sums, bugs.racks_stand_until_they_are_written_down),
        (check_sums, bugs.cooling_is_left_out),
        (check_sums, bugs.storage_has_no_power),
        (check_sums, bugs.water_of_it_alone),
        (check_density, bugs.density_of_a_rack_is_forgotten),
    ],
)
def test_a_seeded_bug_in_a_sum_is_caught(check, bug: Quantity) -> None:
    project = with_bug(layout("running"), bug)
    # Halls with little room in a rack, and hardware that retires within the plan.
    few = [
        row
        for leaf in ("site_rack_density", "cluster_refresh_age")
        for row in rows_of(project.table, leaf)
    ]
    tight = factors(project.table).map(lambda chosen: chosen | dict.fromkeys(few, 0.3))
    caught(lambda chosen: check(project, chosen), tight)


# --- More needs more -----------------------------------------------------------------------------

# Inputs, and what never falls when they rise.
RISING = (
    ("climate_design_wet_bulb", ("pue_peak", "site_power", "site_power_short", "water_peak")),
    ("climate_dry_bulb", ("chillers_for_air", "chillers_for_liquid", "pue", "energy")),
    ("plant_fans", ("pue", "pue_peak", "energy", "water")),
    ("plant_other", ("pue", "pue_peak", "energy")),
    ("node_power", ("it_power", "site_power", "racks", "it_power_short", "liquid_heat")),
    ("facility_rack_area", ("floor_area", "floor_area_short", "building_area")),
)
# Inputs, and what never rises when they do.
FALLING = (
    ("site_modules", ("it_power_short",)),
    ("site_rack_density", ("racks", "floor_area", "rack_power_short")),
    ("plant_ups_efficiency", ("pue", "pue_peak", "energy")),
    ("plant_chiller_quality", ("chillers_for_air", "pue", "pue_peak")),
    ("plant_concentration", ("water", "water_peak")),
    ("site_floor_area", ("floor_area_short",)),
)

More = tuple[dict[int, float], float]


def check_direction(project: Project, leaf: str, names: tuple[str, ...], sign: int, more: More):
    chosen, factor = more
    before = scaled(project.table, chosen)
    after = dict(before)
    for row in rows_of(project.table, leaf):
        value = before.get(row, project.table.rows[row].value)
        # A warmer month of frost is one of less frost.
        raised = times(project.table, row, value, factor if value > 0 else 1.0 / factor)
        before[row], after[row] = value, max(raised, value)
    x = run(project, names, before, after)
    for name in names:
        rise = sign * (x[name][1:] - x[name][:1])
        slack = 1e-9 * max(float(np.abs(x[name]).max(initial=0.0)), 1.0)
        assert rise.min() >= -slack, f"{leaf} moves {name} the wrong way"


DIRECTIONS = [(*each, 1) for each in RISING] + [(*each, -1) for each in FALLING]


def mores(project: Project) -> st.SearchStrategy[More]:
    return st.tuples(factors(project.table, most=6), st.sampled_from([1.001, 1.1, 2.0, 10.0]))


@pytest.mark.parametrize(("leaf", "names", "sign"), DIRECTIONS, ids=lambda each: str(each)[:30])
def test_more_of_one_thing_never_moves_a_hall_the_wrong_way(
    leaf: str, names: tuple[str, ...], sign: int
) -> None:
    project = layout("running")

    @settings(max_examples=25, deadline=None, derandomize=True)
    @given(mores(project))
    def holds(more: More) -> None:
        check_direction(project, leaf, names, sign, more)

    holds()


def test_a_seeded_bug_about_hot_days_is_caught() -> None:
    project = with_bug(layout("running"), bugs.chillers_work_less_on_hot_days)
    leaf, names = RISING[0]
    caught(lambda more: check_direction(project, leaf, names, 1, more), mores(project))


# --- Twice the hall ------------------------------------------------------------------------------


def check_twice_the_modules(project: Project, chosen: dict[int, float]) -> None:
    """Modules of twice the power carry twice as much; the spare one carries nothing."""
    before = scaled(project.table, chosen)
    after = dict(before)
    for row in rows_of(project.table, "site_module_power"):
        value = before.get(row, project.table.rows[row].value)
        before[row], after[row] = value, 2 * value
    x = run(project, ["it_capacity"], before, after)["it_capacity"]
    assert same(x[1:], 2 * x[:1], 1e-12)
    modules = leaf_of(project, "site_modules", before)
    power = leaf_of(project, "site_module_power", before)
    assert (x[:1] <= np.maximum(modules - 1, 0.0) * power * (1 + 1e-12)).all()


def test_capacity_scales_with_its_modules_and_leaves_one_out() -> None:
    project = layout("announced")

    @WHOLE_PLANS
    @given(factors(project.table))
    def holds(chosen: dict[int, float]) -> None:
        check_twice_the_modules(project, chosen)

    holds()


def test_a_seeded_bug_about_the_spare_module_is_caught() -> None:
    project = with_bug(layout("announced"), bugs.spare_module_carries_too)
    caught(lambda chosen: check_twice_the_modules(project, chosen), factors(project.table))
