"""Published exercises as small scenarios through the real command: each declares what must come out and how exactly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from planner.findings import checks
from planner.project import load
from tests.command import Planner, Result

FOLDER = Path(__file__).parent.joinpath("cases")
CASES = [*sorted(FOLDER.glob("[0-9]*.yaml")), *sorted(FOLDER.glob("[a-z][0-9]*.yaml"))]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_published_figures_come_out(case: Path) -> None:
    results = checks(load(case).plan())
    assert results
    assert not [result.text for result in results if not result.holds]


@pytest.mark.parametrize(
    "number",
    [
        "02",
        "03",
        "06",
        "07",
        "13",
        "14",
        "21",
        "25",
        "27",
        "31",
        "32",
        "34",
        "37",
        "38",
        "39",
        "42",
    ],
)
def test_exercise_passes_through_the_command(planner: Planner, number: str) -> None:
    case = next(case for case in CASES if case.stem.startswith(number))
    done = _size(planner, case)
    assert done.code == 0, done.err
    declared = json.loads(done.out)["checks"]
    assert declared
    assert all(check["holds"] for check in declared)


def test_a_figure_that_is_off_fails_the_command(planner: Planner) -> None:
    done = _size(planner, CASES[1], "--set", "programs.car.daily_hours=3 hour/day")
    assert done.code == 1
    assert [check for check in json.loads(done.out)["checks"] if not check["holds"]]


def test_a_check_of_an_unknown_quantity_is_wrong_input(planner: Planner, tmp_path: Path) -> None:
    scenario = tmp_path / "mine.yaml"
    scenario.write_text(
        "extends: 5pct_ev_market.yaml\nchecks:\n  - {name: typo, quantity: gpu, at_least: 1}\n",
        encoding="utf-8",
    )
    done = _size(planner, scenario)
    assert done.code == 2
    assert "mine.yaml" in done.err
    assert "nearest: gpus" in done.err


def _size(planner: Planner, scenario: Path, *options: str) -> Result:
    return planner("size", str(scenario), "--json", *options)
