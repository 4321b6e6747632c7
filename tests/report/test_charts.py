"""Charts: their message, where they come from, labels that do not overlap, and the same files from the same draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from planner.plan import Plan
from planner.project import load
from planner.report import charts, house
from planner.results import VIOLATION_MARK
from planner.study.simulation import Simulation, simulate

SCENARIO = "test_fleet"


@pytest.fixture(scope="module")
def drawn() -> tuple[Simulation, Plan]:
    project = load(SCENARIO, set={"fleet.life": "14 year"}, allow_export_violation=True)
    return simulate(project, 40), project.plan()


def test_each_says_its_message_its_source_and_the_plans_mark(
    drawn: tuple[Simulation, Plan],
) -> None:
    simulation, plan = drawn
    with charts.house_style():
        figures = dict(charts._charts(simulation, plan))
    assert list(figures) == ["gpus", "storage", "power", "cost", "shortfall", "shortfall_storage"]
    for figure in figures.values():
        texts = [text.get_text() for text in figure.texts]
        assert texts[0] == VIOLATION_MARK
        footer = texts[-1].replace("\n", " ")
        assert footer.startswith(
            f"{plan.title} · 40 draws, seed 1 · Source: {SCENARIO}.yaml, AI factory planner "
        )
        assert "--set 'fleet.life=14 year'" in footer
        assert any(digit in texts[1] for digit in "123456789")
        assert all(axes.get_ylabel() or axes is not figure.axes[0] for axes in figure.axes)
    needed = simulation.risk.capacity["gpus_required"].needed
    assert f"{needed:.3g}\u00a0GPUs" in figures["gpus"].texts[1].get_text()


def test_bands_are_the_quantiles_and_the_line_the_plan(drawn: tuple[Simulation, Plan]) -> None:
    simulation, plan = drawn
    with charts.house_style():
        figure = dict(charts._charts(simulation, plan))["gpus"]
    (axes,) = figure.axes
    months = simulation.spreads["gpus_required"].months
    assert months is not None
    median, own = (line.get_ydata() for line in axes.lines)
    assert np.array_equal(median, months.at(0.5)[plan.horizon])
    assert np.array_equal(own, plan.values("gpus")[0].reshape(len(plan.months), -1).sum(axis=1))
    outer = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert outer.max() == months.at(0.9)[plan.horizon].max()


def test_the_same_draws_give_the_same_files(
    drawn: tuple[Simulation, Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = dict(zip(("shortfall",), (charts._shortfall,), strict=True))
    monkeypatch.setattr(
        charts, "_charts", lambda *args: ((name, draw(*args)) for name, draw in only.items())
    )
    (one,), (other,) = (charts.write(*drawn, tmp_path / name) for name in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()
    assert one.with_suffix(".svg").read_bytes() == other.with_suffix(".svg").read_bytes()


def test_a_wide_spread_has_a_logarithmic_axis(drawn: tuple[Simulation, Plan]) -> None:
    simulation, plan = drawn
    with charts.house_style():
        narrow = charts._shortfall_of_storage(simulation, plan, ["warm"])
        figures = simulation.spreads["gpus_required"].figures
        assert figures is not None
        figures *= np.geomspace(1.0, 1e3, len(figures))[np.argsort(np.argsort(figures))]
        wide = charts._shortfall(simulation, plan)
    assert narrow.axes[0].get_xscale() == "linear"
    assert wide.axes[0].get_xscale() == "log"


@pytest.mark.parametrize("shares", [(50, 20, 10, 49), (50, 20, 10, 100), (50, 20, 10, 0)])
def test_the_names_of_marks_stand_right_of_them_and_apart(shares: tuple[float, ...]) -> None:
    axes = Figure().subplots()
    axes.set_ylim(0, 104)
    charts._mark(axes, [(share, 100.0 - share, "P", charts.NEED) for share in shares])
    names = [text for text in axes.texts if isinstance(text, Annotation)]
    assert all(text.xyann[0] > 0 and text.get_horizontalalignment() == "left" for text in names)
    heights = sorted(text.xy[1] / 104 for text in names)
    assert np.diff(heights).min() >= house.APART - 1e-9


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_labels_stay_in_order_and_apart(places: list[float]) -> None:
    found = house.apart(sorted(places))
    assert all(np.diff(found) >= house.APART - 1e-9)
    assert found[0] >= -1e-9 and found[-1] <= house.HIGHEST


def test_labels_that_are_apart_stay_where_they_are() -> None:
    assert house.apart([0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9])


def test_a_number_keeps_its_unit_at_the_end_of_a_line() -> None:
    said = house._UNIT_AFTER.sub(
        "_", "at most USD 14.1 bn by 2030-12 and 130 PB in 10 % of 33 draws"
    )
    assert said == "at most USD_14.1_bn by 2030-12 and 130_PB in 10_% of 33 draws"
