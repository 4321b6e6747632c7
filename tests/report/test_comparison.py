"""Rows of several plans in one table, and how a change of a value reads."""

from __future__ import annotations

import itertools
import math
from functools import lru_cache

import pytest

from planner.plan import Plan
from planner.project import load
from planner.report import review
from planner.report.comparison import Compared, Line, change, lines_of
from planner.report.rows import Row, at_the_end, course
from planner.report.table import peak_of, row_scale, scales

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
