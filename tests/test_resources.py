from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from planner import resources
from planner.errors import InputError, PlannerError

ROOT = Path(__file__).parents[1]


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small checkout: two accelerators, three scenarios and things that are none."""
    root = tmp_path / "checkout"
    write(root / "hardware_profiles/accelerators/h100_sxm.yaml")
    write(root / "hardware_profiles/accelerators/gh200_96gb.yaml")
    write(root / "hardware_profiles/accelerators/.#h100_sxm.yaml")
    write(root / "hardware_profiles/accelerators/notes.md")
    write(root / "scenarios/5pct_ev_market.yaml")
    write(root / "scenarios/5pct_from_2027.yaml")
    write(root / "scenarios/test_fleet.yaml")
    write(root / "scenarios/campaigns/weekly.yaml")
    (root / "planner").mkdir()
    monkeypatch.setattr(resources, "_PACKAGE", str(root / "planner"))
    return root


def write(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("name: x\n", encoding="utf-8")
    return path


def test_a_checkout_has_its_folders_beside_the_package() -> None:
    assert resources.data_root() == ROOT
    assert resources.scenario_root() == ROOT / "scenarios"
    assert resources.profile_roots() == (ROOT / "hardware_profiles",)


def test_a_wheel_has_its_folders_inside_the_package(shipped: Path) -> None:
    inside = write(shipped / "planner/_data/scenarios/only_in_wheel.yaml")
    assert resources.scenarios() == {"only_in_wheel": inside}


def test_what_scenarios_have_in_common_is_not_listed_as_one(shipped: Path) -> None:
    inside = write(shipped / "planner/_data/scenarios/one.yaml")
    write(shipped / "planner/_data/scenarios/base.yaml")
    assert resources.scenarios() == {"one": inside}


def test_profiles_are_named_by_their_files(shipped: Path) -> None:
    folder = shipped / "hardware_profiles/accelerators"
    assert resources.profiles("accelerators") == {
        "gh200_96gb": folder / "gh200_96gb.yaml",
        "h100_sxm": folder / "h100_sxm.yaml",
    }
    assert resources.profiles("nodes") == {}


def test_the_last_overlay_goes_first_and_the_shipped_profile_last(
    shipped: Path, tmp_path: Path
) -> None:
    company = write(tmp_path / "company/accelerators/h100_sxm.yaml")
    mine = write(tmp_path / "mine/accelerators/h100_sxm.yaml")
    extra = write(tmp_path / "company/accelerators/b200.yaml")
    overlays = [tmp_path / "company", tmp_path / "mine"]

    base = shipped / "hardware_profiles/accelerators/h100_sxm.yaml"
    assert resources.find_profile("accelerators", "h100_sxm", overlays) == [mine, company, base]
    assert resources.find_profile("accelerators", "b200", overlays) == [extra]
    assert resources.profiles("accelerators", overlays)["h100_sxm"] == mine
    assert list(resources.profiles("accelerators", overlays)) == ["b200", "gh200_96gb", "h100_sxm"]


@pytest.mark.parametrize(
    "name", ["", "h100", "../nodes/dgx", "accelerators/h100_sxm", ".#h100_sxm"]
)
def test_a_name_that_is_no_file_of_the_folder_finds_nothing(shipped: Path, name: str) -> None:
    write(shipped / "hardware_profiles/nodes/dgx.yaml")
    assert resources.find_profile("accelerators", name) == []


def test_an_unknown_kind_is_refused_with_the_nearest() -> None:
    with pytest.raises(PlannerError, match="nearest: accelerators"):
        resources.profiles("accelerator")


def test_an_overlay_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="mine: no such folder"):
        resources.profile_roots([tmp_path / "mine"])


@pytest.mark.parametrize(
    ("files", "given", "faults"),
    [
        (["lab/node/a.yaml", "lab/nodes/a.yaml"], "lab", ["lab/node  is not .*; nearest: nodes"]),
        (
            ["lab/nodes/a.yml", "lab/ecus/b.YAML"],
            "lab",
            ["lab/ecus/b.YAML  .* rename it to b.yaml", "lab/nodes/a.yml  .* rename it to a.yaml"],
        ),
        (["lab/a.yaml"], "lab", ["lab  holds no folder of profiles; expected .* accelerators, "]),
        (["lab/nodes/a.yaml"], "lab/nodes", ["nodes  holds .*; give the folder that nodes/ is in"]),
    ],
)
def test_what_would_be_passed_over_in_an_overlay_is_refused(
    tmp_path: Path, files: list[str], given: str, faults: list[str]
) -> None:
    for file in files:
        write(tmp_path / file)
    with pytest.raises(InputError) as caught:
        resources.find_profile("ecus", "a", [tmp_path / given])
    found = [str(fault) for fault in caught.value.faults]
    assert len(found) == len(faults)
    assert all(map(re.search, faults, found)), found


def test_an_overlay_may_hold_other_files_and_hidden_folders(tmp_path: Path) -> None:
    for file in ("nodes/a.yaml", "nodes/README.md", "README.md", ".git/config"):
        write(tmp_path / file)
    assert resources.overlaid([tmp_path]) == [("nodes", "a")]
    assert resources.profiles("nodes", [tmp_path])["a"] == tmp_path / "nodes/a.yaml"


@pytest.mark.parametrize("given", ["5pct_ev_market", "5pct_ev_market.yaml"])
def test_a_shipped_scenario_is_found_by_name(shipped: Path, given: str) -> None:
    assert resources.find_scenario(given) == shipped / "scenarios/5pct_ev_market.yaml"


def test_a_path_is_taken_as_given(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "test_fleet.yaml")
    monkeypatch.chdir(tmp_path)
    assert resources.find_scenario("test_fleet.yaml") == Path("test_fleet.yaml")
    assert resources.find_scenario("test_fleet") == shipped / "scenarios/test_fleet.yaml"
    assert resources.find_scenario(Path("./test_fleet.yaml")) == Path("test_fleet.yaml")


@pytest.mark.parametrize("given", ["5pct_ev_markt", "scenarios/5pct_ev_markt.yaml"])
def test_a_misspelt_scenario_is_answered_with_the_nearest(shipped: Path, given: str) -> None:
    with pytest.raises(PlannerError, match=f"{given}: .*; nearest: 5pct_ev_market"):
        resources.find_scenario(given)


def test_a_folder_is_no_scenario(shipped: Path) -> None:
    with pytest.raises(PlannerError, match="valid: 5pct_ev_market, 5pct_from_2027, test_fleet"):
        resources.find_scenario(shipped)


def test_finding_files_loads_nothing_heavy() -> None:
    code = "import sys, planner.resources; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"importlib.resources", "yaml", "numpy", "pydantic", "pint"} & set(loaded)
