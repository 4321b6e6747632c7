"""Published exercises as small scenarios through the real command: each declares what must come out and how exactly."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from planner.findings import checks
from planner.plan import load

FOLDER = Path(__file__).parent.joinpath("cases")
CASES = [*sorted(FOLDER.glob("[0-9]*.yaml")), *sorted(FOLDER.glob("[a-z][0-9]*.yaml"))]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_published_figures_come_out(case: Path) -> None:
    results = checks(load(case).plan())
    assert results
    assert not [result.text for result in results if not result.holds]


@pytest.mark.parametrize(
    "number",
    ["02", "03", "06", "07", "13", "14", "21", "25", "27", "34", "37", "38", "39", "42"],
)
def test_exercise_passes_through_the_command(number: str) -> None:
    case = next(case for case in CASES if case.stem.startswith(number))
    run = _size(case)
    assert run.returncode == 0, run.stderr
    declared = json.loads(run.stdout)["checks"]
    assert declared
    assert all(check["holds"] for check in declared)


def test_a_figure_that_is_off_fails_the_command() -> None:
    run = _size(CASES[1], "--set", "programs.car.daily_hours=3 hour/day")
    assert run.returncode == 1
    assert [check for check in json.loads(run.stdout)["checks"] if not check["holds"]]


def test_a_check_of_an_unknown_quantity_is_wrong_input(tmp_path: Path) -> None:
    scenario = tmp_path / "mine.yaml"
    scenario.write_text(
        "extends: 5pct_ev_market.yaml\nchecks:\n  - {name: typo, quantity: gpu, at_least: 1}\n",
        encoding="utf-8",
    )
    run = _size(scenario)
    assert run.returncode == 2
    assert "mine.yaml" in run.stderr
    assert "nearest: gpus" in run.stderr


def _size(scenario: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "planner", "size", str(scenario), "--json", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)
