"""What a fault of a number says to write instead, and where it says that the number stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner import units
from planner.errors import InputError, UnitError
from planner.inputs.load import load
from planner.inputs.numbers import Leaf
from planner.resources import find_scenario

SHARE = Leaf("1", "a share", least=0, most=1)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("3", 'write "3 %" for 3 per cent'),
        ("300 %", "300 % is above the greatest value 1 (100 %)"),
        ("300", "300 is above the greatest value 1 (100 %)"),
        ("1 GB", 'expected a share such as "1 %"'),
        ("500 GB", 'expected a share such as "45 %"'),
    ],
)
def test_a_share_is_asked_for_in_per_cent(written: str, said: str) -> None:
    with pytest.raises(ValueError) as fault:
        SHARE.cell(written)
    assert str(fault.value).endswith(said)


def test_what_is_no_share_is_not_asked_for_in_per_cent() -> None:
    for leaf in (Leaf("1", "a ratio", least=0), Leaf("1", "a correlation", least=-1, most=1)):
        with pytest.raises(ValueError, match='expected a number such as "3"'):
            leaf.cell("3 GB")


@pytest.mark.parametrize(
    ("text", "unit", "example"),
    [("14 km", "year", "14 year"), ("20 MWh", "watt", "20 MW"), ("3 GB", "byte/second", "3 GB/s")],
)
def test_the_unit_that_is_offered_starts_as_the_wrong_one_or_is_the_inputs_own(
    text: str, unit: str, example: str
) -> None:
    with pytest.raises(UnitError, match=f'such as "{example}"'):
        units.read(text, unit)


def test_a_knot_that_is_set_is_named_and_not_the_file_of_its_series() -> None:
    with pytest.raises(InputError) as error:
        load(find_scenario("5pct_ev_market"), [("simulation.distance.series.2030-01", "1e7")])
    (fault,) = error.value.faults
    assert (fault.file, fault.path) == ("--set", "simulation.distance.series.2030-01")


def test_a_horizon_beyond_the_forecast_is_one_fault_of_the_horizon() -> None:
    with pytest.raises(InputError) as error:
        load(find_scenario("5pct_ev_market"), [("horizon.end", "2050-12")])
    (fault,) = error.value.faults
    assert (fault.path, fault.message[-14:]) == ("horizon.end", "end by 2035-12")


def overlay(folder: Path, **files: str) -> Path:
    (folder / "nodes").mkdir()
    for name, text in files.items():
        (folder / "nodes" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_new_profile_extends_a_shipped_one_with_what_its_own_folder_lays_over_it(
    tmp_path: Path,
) -> None:
    folder = overlay(
        tmp_path,
        gh200_nvl32="power: {value: 42 kW, source: measured here, confidence: measured}\n",
        ours="extends: gh200_nvl32.yaml\ntitle: Ours\n",
    )
    inputs = load(find_scenario("5pct_ev_market"), overlays=[folder], hardware="ours")
    ours, shipped = inputs.profile("nodes", "ours"), 32
    assert ours.power.value == 42_000
    assert ours.accelerators.value == shipped


def test_a_fault_of_a_profile_is_told_once_and_not_of_those_that_extend_it(tmp_path: Path) -> None:
    folder = overlay(
        tmp_path, gh200_nvl32="powr: 42 kW\n", ours="extends: gh200_nvl32.yaml\ntitle: Ours\n"
    )
    with pytest.raises(InputError) as error:
        load(find_scenario("5pct_ev_market"), overlays=[folder])
    (fault,) = error.value.faults
    assert (Path(fault.file).name, fault.message) == (
        "gh200_nvl32.yaml",
        "unknown key; nearest: power",
    )


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        (
            "labels",
            "5 %",
            'expected a table with keys such as share, images, price, found "5 %"',
        ),
        ("tiers", "[1, 2]", "expected a table, found a list"),
        ("checks", "a day", 'expected a list, found "a day"'),
    ],
)
def test_another_shape_is_asked_for_in_the_words_of_yaml(path: str, text: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        load(find_scenario("5pct_ev_market"), [(path, text)])
    assert said in [fault.message for fault in error.value.faults if fault.path == path]
