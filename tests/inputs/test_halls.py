"""Halls and hardware that contradict each other, and numbers by calendar month."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from planner.errors import Fault, InputError
from planner.inputs.load import Inputs, load
from planner.inputs.numbers import Leaf
from planner.project import load as load_project
from planner.resources import find_scenario, profiles

Faults = Callable[..., list[Fault]]
TAIWAN = "sites.taiwan"


def test_a_liquid_cooled_rack_is_refused_in_a_hall_that_cools_by_air(faults: Faults) -> None:
    (found,) = faults("", (f"{TAIWAN}.cooling", "air"))
    assert found.path == f"{TAIWAN}.training"
    for words in ("cooled by liquid (nodes.gh200_nvl32.cooling)", "only cools by air", "both"):
        assert words in found.message


def test_the_same_holds_for_hardware_of_the_command_line() -> None:
    edits = [(f"{TAIWAN}.cooling", "air")]
    load(find_scenario("5pct_ev_market"), [*edits, (f"{TAIWAN}.training", "dgx_h100")])
    with pytest.raises(InputError) as caught:
        load(find_scenario("5pct_ev_market"), edits, hardware="dojo_tile")
    (found,) = caught.value.faults
    assert (found.file, found.path) == ("--hardware", f"{TAIWAN}.training")


def test_hardware_that_is_there_or_on_order_must_be_cooled_as_well(faults: Faults) -> None:
    committed = "[{hardware: dgx_a100, count: 2, in_service: 2024-05}]"
    (found,) = faults("", (f"{TAIWAN}.cooling", "liquid"), (f"{TAIWAN}.committed", committed))
    assert found.path == f"{TAIWAN}.committed[0].hardware"


def test_what_a_site_rents_stands_in_no_hall_of_its_own(faults: Faults) -> None:
    rents = [(f"{TAIWAN}.acquisition", "rent"), (f"{TAIWAN}.cooling", "air")]
    load(find_scenario("5pct_ev_market"), [*rents, (f"{TAIWAN}.rack_density", "40 kW")])
    installed = "[{hardware: gh200_nvl32, count: 1, in_service: 2023-05}]"
    (found,) = faults("", *rents, (f"{TAIWAN}.installed", installed))
    assert found.path == f"{TAIWAN}.installed[0].hardware"


def test_a_node_of_more_power_than_any_rack_may_draw_is_refused(faults: Faults) -> None:
    (found,) = faults("", (f"{TAIWAN}.rack_density", "40 kW"))
    assert found.path == f"{TAIWAN}.training"
    assert "one gh200_nvl32 draws 45.3 kW, a rack may draw at most 40 kW" in found.message


@pytest.mark.parametrize(
    ("piece", "name"),
    [
        ("network.quantum2_qm9700.power", "quantum2_qm9700"),
        ("storage.hdd_dense.power", "hdd_dense"),
    ],
)
def test_one_switch_or_storage_unit_beyond_what_a_rack_may_draw_is_refused(
    faults: Faults, piece: str, name: str
) -> None:
    dense = ("sites.japan.rack_density", "80 kW"), ("sites.china.rack_density", "200 kW")
    found = faults("", (piece, "90 kW"), *dense)
    # 200 kW in Taiwan from 2026 on.
    assert [fault.path for fault in found] == ["sites.japan.rack_density"]
    assert f"80 kW, and one {name} draws 90 kW" in found[0].message


def test_a_hall_that_gets_denser_later_is_no_contradiction() -> None:
    later = "{series: {2023-11: 40 kW, 2026-01: 60 kW}}"
    load(find_scenario("5pct_ev_market"), [(f"{TAIWAN}.rack_density", later)])


@pytest.mark.parametrize(
    ("field", "value", "path", "words"),
    [
        ("module_power", "null", "", "module_power is missing"),
        ("modules", "null", "", "modules is missing"),
        ("redundancy", "2N", "modules", "expected even numbers"),
        ("redundancy", "3N", "redundancy", "expected 'N', 'N+1' or '2N'"),
        ("plant", "chilled_watr", "plant", "nearest: chilled_water"),
        ("floor_area", "20 MW", "floor_area", "expected an area"),
    ],
)
def test_halls_that_make_no_sense(
    faults: Faults, field: str, value: str, path: str, words: str
) -> None:
    found = faults("", (f"{TAIWAN}.{field}", value))
    assert any(f.path == f"{TAIWAN}.{path}".rstrip(".") and words in f.message for f in found), (
        found
    )


def test_cooling_and_the_way_of_the_heat_must_agree(faults: Faults) -> None:
    (missing,) = faults("", ("nodes.gh200_nvl32.liquid_share", "null"))
    assert missing.path == "nodes.gh200_nvl32"
    assert missing.message == "liquid_share is missing, and cooling is liquid"
    found = faults("", ("nodes.gh200_nvl32.cooling", "air"))
    assert any("85%, and cooling is air" in each.message for each in found)


def test_a_region_names_a_climate_that_is_there(faults: Faults) -> None:
    (found,) = faults("", ("regions.taiwan.climate", "taipee"))
    assert "nearest: taipei" in found.message


def test_twelve_numbers_january_first() -> None:
    leaf = Leaf("degC", "temperature", least=-50, most=50)
    read = leaf.months({"months": [f"{i} degC" for i in range(12)], "source": "table"})
    assert [cell.value for cell in read.cells] == list(range(12))
    assert {cell.source for cell in read.cells} == {"table"}
    with pytest.raises(ValueError, match="11 values; expected 12"):
        leaf.months({"months": ["1 degC"] * 11})
    with pytest.raises(ValueError, match="above the greatest value"):
        leaf.months({"months": ["70 degC"] * 12})
    with pytest.raises(ValueError, match=r"expected \{months"):
        leaf.months("20 degC")


def test_a_month_of_a_climate_can_be_set_and_is_found_at_its_line(
    loaded: Callable[..., Inputs],
) -> None:
    changed = load_project("5pct_ev_market", set={"climates.taipei.dry_bulb.months[6]": "35 degC"})
    row = next(r for r in changed.table.rows if r.path == "climates.taipei.dry_bulb.months[6]")
    assert (row.leaf, row.position, row.value) == ("climate_dry_bulb", ("taiwan", "07"), 35.0)


def test_a_limit_that_only_one_site_states_limits_only_that_one() -> None:
    changes = {"sites.taiwan.water_limit": "null", "sites.japan.water_limit": "100 m^3/day"}
    project = load_project("5pct_ev_market", set=changes)
    limit = project.leaves["site_water_limit"]
    assert isinstance(limit, np.ndarray)
    assert np.isinf(limit[0].reshape(86, 3)[:, [0, 2]]).all()
    assert limit[0].reshape(86, 3)[:, 1] == pytest.approx(100 / 86_400)


def test_every_shipped_climate_and_plant_can_be_chosen() -> None:
    for kind, section in (("climates", "regions.taiwan.climate"), ("plants", "facility.plant")):
        for name in profiles(kind):
            load(find_scenario("5pct_ev_market"), [(section, name)])
