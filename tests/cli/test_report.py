"""`planner report`, as typed."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Planner


def test_the_forms_that_are_asked_for_are_written(planner: Planner, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "report"
    result = planner("report", "test_fleet", "--out", str(out), "--format", "html,xlsx,svg")
    assert result.code == 0
    assert {file.name for file in out.iterdir()} == {"report.html", "report.xlsx", "charts"}
    assert str(out / "report.html") in result.out
    assert "charts: " in result.out


def test_an_unknown_form_is_refused_with_the_nearest(planner: Planner, tmp_path: Path) -> None:
    result = planner("report", "test_fleet", "--out", str(tmp_path), "--format", "pfd")
    assert result.code == 2
    assert '"pdf"' in result.err or "pdf" in result.err
    assert not list(tmp_path.iterdir())
