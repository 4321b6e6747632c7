"""What somebody is told who names one thing for another: a tier for a quantity, a campaign for a scenario, a file for
a folder.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Planner

HEADLINE = "5pct_ev_market"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("TCO", "nearest: tco\n"),
        ("gpu", "nearest: gpus\n"),
        ("site power", "nearest: site_power\n"),
        ("tcoo", "nearest: tco\n"),
        ("hot", "for this tier give a quantity and --tier hot; with hot in the name: storage_hot,"),
        ("dgx_h100", "planner quantities lists all\n"),
        ("gh200_nvl32", "for this hardware give a quantity and --hardware-kind gh200_nvl32\n"),
        ("TaiWan", "for this region give a quantity and --region taiwan"),
        ("power", "with power in the name: it_power, rig_power,"),
        ("", "planner quantities lists all\n"),
    ],
)
def test_what_is_no_quantity_is_looked_for_in_names_and_places(
    planner: Planner, name: str, said: str
) -> None:
    result = planner("explain", HEADLINE, name)
    assert result.code == 2
    assert said in result.err


def test_a_campaign_is_no_scenario_nor_a_scenario_a_campaign(planner: Planner) -> None:
    assert planner("size", "rollback").err.endswith("planner campaign run rollback\n")
    assert planner("campaign", "run", HEADLINE).err.endswith(f"planner size {HEADLINE}\n")


def test_a_folder_that_may_not_be_written_to_is_found_before_all_else(
    planner: Planner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != tmp_path)
    result = planner("report", "nothing_there", "--out", str(tmp_path / "new"))
    assert (result.code, result.out) == (2, "")
    assert f"{tmp_path} cannot be written to; name another folder" in result.err


@pytest.mark.parametrize("below", ["", "deeper"])
@pytest.mark.parametrize(
    "command",
    [
        ("report", "nothing_there"),
        ("simulate", "nothing_there"),
        ("validate", "--kind", "training"),
        ("layout", "llama3_7b", "--gpus", "8", "--hardware", "dgx_h100"),
        ("campaign", "run", "nothing_there"),
    ],
    ids=lambda command: command[0],
)
def test_a_file_in_the_way_of_a_folder_is_found_before_all_else(
    planner: Planner, tmp_path: Path, command: tuple[str, ...], below: str
) -> None:
    file = tmp_path / "here"
    file.write_text("precious", encoding="utf-8")
    result = planner(*command, "--out", str(file / below))
    assert (result.code, result.out) == (2, "")
    assert f"{file} is a file; name a folder" in result.err
    assert file.read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"fleet": 3', "  1  not valid JSON at column 12: "),
        ('{"fleet": {\n "a": 1,,\n}', "  2  not valid JSON at column 9: "),
    ],
)
def test_what_stops_being_json_is_said_of_a_json_file(
    planner: Planner, tmp_path: Path, text: str, place: str
) -> None:
    file = tmp_path / "mine.json"
    file.write_text(text, encoding="utf-8")
    result = planner("campaign", "run", str(file))
    assert result.code == 2
    assert place in result.err
    assert "YAML" not in result.err


def test_a_json_file_that_is_nested_too_deep_is_refused_like_others(
    planner: Planner, tmp_path: Path
) -> None:
    file = tmp_path / "mine.json"
    file.write_text('\t["a", ' + "[" * 100_000, encoding="utf-8")
    result = planner("campaign", "run", str(file))
    assert result.code == 2
    assert "  1  not valid YAML: a tab" in result.err


def test_next_commands_can_be_pasted_whatever_a_folder_is_called(
    planner: Planner, tmp_path: Path
) -> None:
    folder = tmp_path / "our plans"
    scenario = planner("new", "scenario", str(folder / "first"))
    assert f"planner size '{folder}/first.yaml'\n" in scenario.out
    assert f"#   planner size '{folder}/first.yaml'\n" in (folder / "first.yaml").read_text("utf-8")
    profile = planner("new", "profile", "nodes/mine", "--out", str(folder))
    assert f"planner profiles check nodes/mine --profiles '{folder}'\n" in profile.out


def test_a_kind_of_node_of_ones_own_needs_its_folder(planner: Planner) -> None:
    assert "needs --profiles DIR" in planner("size", HEADLINE, "--hardware", "zzz").err
    assert "nearest: dgx_h100" in planner("size", HEADLINE, "--hardware", "dgx_h10").err


def test_a_profile_without_its_kind_is_named_with_it(planner: Planner) -> None:
    assert "nearest: nodes/gh200_nvl32\n" in planner("profiles", "show", "gh200_nvl32").err
    assert "planner profiles list" in planner("profiles", "show", "zzz").err


def test_few_draws_give_no_confidence(planner: Planner) -> None:
    few = planner("simulate", "test_fleet", "--draws", "8")
    assert "no confidence: " in few.out
    assert "At 90 % confidence" not in few.out
    assert "At 90 % confidence each: " in planner("simulate", "test_fleet", "--draws", "64").out


def test_a_month_may_lack_its_zero_and_a_year_is_no_month(planner: Planner) -> None:
    short, full = (planner("explain", HEADLINE, "gpus", "--at", at) for at in ("2027-6", "2027-06"))
    assert (short.code, short.out) == (0, full.out)
    assert (
        "write one of its months, as 2027-12\n"
        in planner("explain", HEADLINE, "gpus", "--at", "2027").err
    )


def test_a_word_of_a_name_finds_the_name_wherever_quantities_are_named(planner: Planner) -> None:
    said = "with hot in the name: storage_hot, storage_hot_raw, storage_hot_required\n"
    for options in (
        ("size", HEADLINE, "--json", "--quantities", "hot"),
        ("size", HEADLINE, "--set-quantity", "hot=3 PB"),
        ("simulate", HEADLINE, "--keep", "hot"),
    ):
        assert said in planner(*options).err
