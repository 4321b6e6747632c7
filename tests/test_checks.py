"""What a declared check reads: one number of a quantity that may have several positions."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from planner.findings import checks
from planner.findings.checks import CheckResult
from planner.plan import Plan
from planner.project import load


@pytest.fixture
def checked(tmp_path: Path) -> object:
    def of(entries: str) -> tuple[CheckResult, Plan]:
        file = tmp_path / "mine.yaml"
        text = f"extends: 5pct_ev_market.yaml\nchecks:\n- {{name: one, {entries}}}\n"
        file.write_text(text, encoding="utf-8")
        plan = load(file).plan()
        (result,) = checks(plan)
        return result, plan

    return of


@pytest.mark.parametrize(
    ("entries", "holds"),
    [
        ("quantity: site_power, at_least: 4.7 MW, at_most: 4.8 MW", True),  # both sites at once
        ("quantity: site_power, where: {site: japan}, at_most: 1.5 MW", True),
        ("quantity: edge_used, over: end, at_most: 200 %", True),  # of two ECUs the fuller
        ("quantity: edge_used, over: end, at_most: 185 %", False),
        ("quantity: edge_used, over: end, where: {ecu: drive_thor}, at_most: 185 %", True),
    ],
)
def test_positions_are_added_and_of_ratios_the_largest_counts(
    checked: object, entries: str, holds: bool
) -> None:
    assert callable(checked)
    result, plan = checked(entries)
    assert result.holds is holds, result.text
    (used,) = plan.values("edge_used")
    assert math.isclose(used[:, -1].max(), 1.90, rel_tol=0.01)
