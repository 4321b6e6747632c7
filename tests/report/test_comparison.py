"""Rows of several plans in one table, and how a change of a value reads."""

from __future__ import annotations

import itertools
import math
from functools import lru_cache
from types import SimpleNamespace

import pytest

from planner.findings import Warning_
from planner.plan import Plan
from planner.project import load
from planner.report import review
from planner.report.comparison import (
    Compared,
    Line,
    apart,
    change,
    cut_apart,
    exact,
    lines_of,
    why_lines,
)
from planner.report.rows import Row, at_the_end, course
from planner.report.table import peak_of, row_scale, scales
from planner.study.comparison import NAMES, Cause, Difference

HEADLINE = "5pct_ev_market"


@lru_cache
def plan(scenario: str) -> Plan:
    return load(scenario).plan()


def lines(*scenarios: str) -> list[Line]:
    return lines_of([Compared(name, plan(name)) for name in scenarios])


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (100.0, 104.1, "+4.1 %"),
        (100.0, 80.0, "-20 %"),
        (1.0, 23.4, "x 23.4"),
        (1.0, 123_456.0, "x 123k"),
        (1000.0, 3.0, "/ 333"),
        (100.0, 100.04, ""),
        (0.0, 3.0, "new"),
        (3.0, 0.0, "gone"),
        (-5.0, -8.0, "-60 %"),
        (-5.0, -4.0, "+20 %"),
        (5.0, -3.0, "-160 %"),
        (-5.0, 3.0, "+160 %"),
        (5.0, math.inf, ""),
        (math.inf, 5.0, ""),
        (None, 5.0, ""),
        (5.0, None, ""),
    ],
)
def test_a_change_says_which_way_and_how_far(
    before: float | None, after: float | None, said: str
) -> None:
    assert change(before, after) == said


def test_a_change_of_a_share_is_said_in_points() -> None:
    assert change(0.329, 0.746, "%") == "+42 pt"
    assert change(1.9, 1.884, "%") == "-1.6 pt"
    assert change(0.5, 0.50001, "%") == ""


def test_names_are_cut_where_they_differ() -> None:
    assert cut_apart(["short", "a_long_scenario"], [9, 15]) == ["short", "a_long_scenario"]
    assert cut_apart(["a_long_scenario", "b"], [9, 9]) == ["a_long...", "b"]
    assert cut_apart(["a_long_scenario_a", "a_long_scenario_b"], [10, 12]) == [
        "a_lo...o_a",
        "a_lon...io_b",
    ]


@pytest.mark.parametrize("place", [0, 1])
def test_a_row_that_one_table_leaves_out_is_read_beside_another(place: int) -> None:
    """`served` is in the headline's table alone; a plan that serves all serves the fleet, and not a dash."""
    names = ["5pct_ev_market", "5pct_from_2027"]
    found = {line.row.label: line for line in lines(*(names if place else names[::-1]))}
    served, fleet = found["served"].values, found["vehicles"].values
    shares = [a / b for a, b in zip(served, fleet, strict=True) if a and b]
    assert shares[place] > 0.98 and shares[1 - place] < 0.6


def test_a_ratio_of_what_is_not_there_is_no_value() -> None:
    """Without a fleet its vehicles are 0, and what it costs a vehicle is nothing that could be said."""
    found = {line.row.label: line.values[1] for line in lines("5pct_ev_market", "services_only")}
    assert found["vehicles"] == found["delivered"] == 0
    ratios = ("TCO a vehicle", "99 % of reached in", "fleet within reach")
    assert [found[label] for label in ratios] == [None] * 3


@pytest.mark.parametrize(
    ("before", "after", "moves"),
    [
        (5.0, 5.0, False),
        (5.0, 5.001, False),
        (5.0, 5.01, True),
        (5.0, math.inf, True),
        (math.inf, 5.0, True),
        (math.inf, math.inf, False),
        (0.0, 1e-9, True),
        (None, 0.0, True),
        (None, None, False),
    ],
)
def test_an_output_moves_where_it_reads_otherwise(
    before: float | None, after: float | None, moves: bool
) -> None:
    row = Row("OTA", "99 % of reached in", "day", course("ota_days_to_99"), at_the_end)
    assert review._moves(Line(row, (before, after))) is moves


def test_a_row_that_becomes_infinite_has_the_scale_of_what_it_was() -> None:
    row = Row("Storage", "hot needed", "byte", course("storage_hot_required"), at_the_end)
    assert review._cells(Line(row, (5e15, math.inf))) == ("hot needed, PB", ("5", "inf", ""))


@pytest.mark.parametrize(
    "scenarios",
    [(HEADLINE, "dojo"), (HEADLINE, "kaohsiung_100mw"), ("test_fleet", "services_only")],
)
def test_groups_stay_together_and_parts_below_what_they_are_parts_of(
    scenarios: tuple[str, str],
) -> None:
    found = lines(*scenarios)
    groups = [group for group, _ in itertools.groupby(line.row.group for line in found)]
    assert len(groups) == len(set(groups))
    above = _totals(found)
    for name in scenarios:
        for label, total in _totals(lines(name)).items():
            assert above[label] == total
    assert len(found) == len({key for name in scenarios for key in _keys(lines(name))})


def _keys(found: list[Line]) -> list[tuple[str, str]]:
    return [(line.row.group, line.row.label) for line in found]


def _totals(found: list[Line]) -> dict[tuple[str, str], str]:
    """The row that each part stands below."""
    above, total = {}, ""
    for line in found:
        if line.row.is_part:
            above[line.row.group, line.row.label] = total
        else:
            total = line.row.label
    return above


def test_a_part_has_the_scale_of_what_it_is_a_part_of() -> None:
    """Cellular data of the test fleet costs hundreds of dollars, under a total in millions."""
    found = lines("test_fleet")
    scaled = scales([line.row for line in found], [peak_of(line.values) for line in found])
    by_label = {line.row.label: each for line, each in zip(found, scaled, strict=True)}
    (part,) = [line for line in found if line.row.label == "of which cellular, CDN"]
    assert row_scale(peak_of(part.values), part.row) == (1.0, "USD")
    assert by_label["of which cellular, CDN"] == by_label["opex"] == (1e6, "USD M")


def test_a_part_that_moves_names_its_unit_in_a_review() -> None:
    (part,) = [line for line in lines("test_fleet") if line.row.label == "of which cellular, CDN"]
    words, _ = review._cells(Line(part.row, (part.values[0], 500.0)))
    assert words == "of which cellular, CDN, USD"


def test_what_is_paid_before_the_horizon_counts() -> None:
    for name in ("capex", "opex", "carbon"):
        label = "CO2e" if name == "carbon" else name
        (line,) = [line for line in lines(HEADLINE) if line.row.label == label]
        assert line.values[0] == pytest.approx(plan(HEADLINE).values(name)[0].sum())


def test_causes_that_are_not_named_are_said_together() -> None:
    """Of seven causes the five largest are named; the others are the sum of what they move."""
    moves = [60.0, -50.0, 40.0, 30.0, 20.0, 10.0, 5.0]
    nothing = dict.fromkeys(NAMES, 0.0)
    causes = tuple(
        Cause(f"cause {n}", (), {**nothing, "tco": 1e6 * move}) for n, move in enumerate(moves)
    )
    found = Difference(
        dict.fromkeys(NAMES, "1") | {"tco": "USD"},
        {**nothing, "tco": 100e6},
        {**nothing, "tco": 215e6},
        causes,
        nothing,
        {"a module": "no number"},
    )
    assert why_lines(found) == [
        "TCO USD 100 M -> USD 215 M (+115 %): cause 0 +USD 60 M, cause 1 -USD 50 M, cause 2 +USD 40 M, "
        "cause 3 +USD 30 M, cause 4 +USD 20 M, 2 others +USD 15 M",
        "a module: not separable: no number",
    ]


def test_a_warning_of_another_place_is_another() -> None:
    def warning(place: str) -> Warning_:
        return Warning_("power", place, "2026-01", "2026-02", 1.0, "MW", "text")

    here, there = warning("taiwan"), warning("japan")
    assert apart([here, there], [here]) == [there]
    assert apart([here], [here, there]) == []


def test_what_is_infinite_is_null() -> None:
    assert exact(math.inf, "second") is None
    assert exact(None, "second") is None
    assert exact(86_400.0, "day") == 1.0
    assert exact(1 / 3, "1") == 0.333333333333


def test_stops_that_come_and_go_are_told_apart() -> None:
    sides = (SimpleNamespace(stops=("old", "both")), SimpleNamespace(stops=("both", "new")))
    found = SimpleNamespace(before=sides[0], after=sides[1])
    assert list(review._stops(found)) == [("Stopped", ["new"]), ("No longer", ["old"])]  # type: ignore[arg-type]
