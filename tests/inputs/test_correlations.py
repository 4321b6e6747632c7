"""Correlations in a scenario: what they name, which later entry holds, what is refused and what helps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import planner
from planner.errors import Fault, InputError
from planner.inputs.leaves import LeafTable

Scenario = Callable[[str], Path]


def table(scenario: Scenario, text: str, **options: object) -> LeafTable:
    path = scenario(f"correlations:\n{text}")
    return planner.load(path, **options).table  # type: ignore[arg-type]


def faults(scenario: Scenario, text: str) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        table(scenario, text)
    return list(caught.value.faults)


def pairs(found: LeafTable) -> dict[tuple[str, str], float]:
    return {each.of: each.value for each in found.correlations}


HOURS = ("programs.model_c.daily_hours", "programs.model_n.daily_hours")


def test_a_pair_is_named_by_its_paths(scenario: Scenario) -> None:
    found = table(scenario, f"  - {{of: [{', '.join(HOURS)}], correlation: 0.8, source: mine}}")
    assert pairs(found) == {HOURS: 0.8}


def test_a_star_names_every_pair_and_the_later_entry_holds(scenario: Scenario) -> None:
    found = pairs(
        table(
            scenario,
            "  - {of: regions.*.transit_price, correlation: 0.7}\n"
            "  - {of: [regions.usa.transit_price, regions.japan.transit_price], correlation: 0.9}\n",
        )
    )
    regions = {name for pair in found for name in pair}
    assert len(regions) >= 5
    assert len(found) == len(regions) * (len(regions) - 1) // 2
    special = ("regions.japan.transit_price", "regions.usa.transit_price")
    assert found.pop(special) == 0.9
    assert set(found.values()) == {0.7}


def test_a_series_is_one_number(scenario: Scenario) -> None:
    found = table(
        scenario, "  - {of: [telemetry.trigger_growth, simulation.speed], correlation: -0.3}"
    )
    assert pairs(found) == {("simulation.speed", "telemetry.trigger_growth"): -0.3}


def test_a_list_of_correlations_replaces_that_of_the_file_below(scenario: Scenario) -> None:
    assert len(planner.load("5pct_ev_market").table.correlations) > 50
    assert pairs(table(scenario, "  []")) == {}


def test_an_unknown_path_names_the_nearest(scenario: Scenario) -> None:
    (fault,) = faults(
        scenario,
        "  - {of: [programs.model_c.daily_hour, programs.model_n.daily_hours], correlation: 1}",
    )
    assert (fault.line, fault.path) == (3, "correlations[0].of[0]")
    assert fault.message == (
        'no uncertain number "programs.model_c.daily_hour"; nearest: programs.model_c.daily_hours'
    )


def test_a_star_that_leads_nowhere_is_a_mistake(scenario: Scenario) -> None:
    (fault,) = faults(scenario, "  - {of: regions.*.transt_price, correlation: 0.5}")
    assert 'no uncertain number "regions.*.transt_price"; nearest: ' in fault.message


def test_a_certain_number_cannot_move(scenario: Scenario) -> None:
    (fault,) = faults(
        scenario, "  - {of: [edge.units_per_vehicle, simulation.speed], correlation: 0.5}"
    )
    assert '"edge.units_per_vehicle" is certain; give it a low and a high' in fault.message


def test_a_choice_cannot_move(scenario: Scenario) -> None:
    (fault,) = faults(
        scenario, "  - {of: [programs.model_c.trigger_rate, simulation.speed], correlation: 0.5}"
    )
    assert '"programs.model_c.trigger_rate" is a choice, which is not drawn' in fault.message


def test_what_the_command_line_sets_does_not_move(scenario: Scenario) -> None:
    text = f"  - {{of: [{', '.join(HOURS)}], correlation: 0.8}}"
    found = table(scenario, text, set=[f"{HOURS[0]}=2 hour/day"])
    assert pairs(found) == {}


def test_what_a_scenario_states_over_the_entry_below_does_not_move(tmp_path: Path) -> None:
    below = f"correlations: [{{of: [{', '.join(HOURS)}], correlation: 0.8}}]\n"
    certain = "programs: {model_c: {daily_hours: 2 hour/day}}\n"
    (tmp_path / "below.yaml").write_text(f"extends: 5pct_ev_market.yaml\n{below}")
    (tmp_path / "above.yaml").write_text(f"extends: below.yaml\n{certain}")
    assert pairs(planner.load(tmp_path / "above.yaml").table) == {}
    (tmp_path / "same.yaml").write_text(f"extends: 5pct_ev_market.yaml\n{below}{certain}")
    with pytest.raises(InputError, match=r'"programs\.model_c\.daily_hours" is certain'):
        planner.load(tmp_path / "same.yaml")


def test_numbers_that_cannot_move_like_this_get_the_nearest_that_can(scenario: Scenario) -> None:
    three = "simulation.rendering_rate, simulation.speed, simulation.core_rate"
    (fault,) = faults(scenario, f"  - {{of: [{three}], correlation: -0.8}}")
    assert (fault.line, fault.path) == (3, "correlations[0]")
    assert "not positive definite" in fault.message
    # Three equal correlations are possible above -1/2.
    assert (
        "nearest that works: -0.49 for simulation.core_rate, simulation.rendering_rate; "
        in fault.message
    )
    assert table(scenario, f"  - {{of: [{three}], correlation: -0.49}}").correlations


def test_a_pair_that_nobody_names_counts_as_none_and_is_said(scenario: Scenario) -> None:
    entries = (
        "  - {of: [simulation.speed, simulation.core_rate], correlation: 0.9}\n"
        "  - {of: [simulation.speed, simulation.rendering_rate], correlation: -0.5}"
    )
    (fault,) = faults(scenario, entries)  # 0.9^2 + 0.5^2 > 1
    third = "simulation.core_rate, simulation.rendering_rate"
    assert fault.message.endswith(f"; or give one for {third}, which are taken to have none")
    assert table(scenario, f"{entries}\n  - {{of: [{third}], correlation: -0.45}}").correlations


@pytest.mark.parametrize("paths", ["fleet.life", "[fleet.life]", "[fleet.life, fleet.life]"])
def test_one_number_alone_cannot_move_together(scenario: Scenario, paths: str) -> None:
    (fault,) = faults(scenario, f"  - {{of: {paths}, correlation: 0.5}}")
    assert fault.message == "names one number; expected two or more, or a path with a *"


def test_a_correlation_lies_between_minus_one_and_one(scenario: Scenario) -> None:
    (fault,) = faults(scenario, "  - {of: regions.*.transit_price, correlation: 1.2}")
    assert fault.message == "1.2 is above the greatest value 1"
    (fault,) = faults(scenario, "  - {of: regions.*.transit_price, correlation: 1}")
    assert "nearest that works: 0.99 for " in fault.message


@pytest.mark.parametrize("name", ["5pct_ev_market", "5pct_from_2027"])
def test_the_transit_prices_of_two_regions_move_together(name: str) -> None:
    prices = ("regions.japan.transit_price", "regions.taiwan.transit_price")
    assert pairs(planner.load(name).table)[prices] == 0.7
