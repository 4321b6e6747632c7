"""The pieces of the table."""

from __future__ import annotations

import shlex

import numpy as np
import pytest

from planner import units
from planner.project import load
from planner.report.page import Page
from planner.report.summary import summary
from planner.report.table import number, periods, trend


@pytest.mark.parametrize(
    ("value", "text"),
    (
        (0, "0"),
        (0.0004, "<0.001"),
        (0.12345, "0.123"),
        (1, "1"),
        (9.999, "10"),
        (12.34, "12.3"),
        (1234, "1,230"),
        (99_949, "99,900"),
        (123456, "1.2e5"),
        (np.inf, "inf"),
    ),
)
def test_numbers_have_three_digits_and_fit_their_column(value: float, text: str) -> None:
    assert number(value) == text
    assert len(text) < 7


def test_a_horizon_of_a_year_or_less_is_shown_by_month() -> None:
    months = [f"2024-{month:02d}" for month in range(4, 9)]
    assert [period.label for period in periods(months, 8)] == [
        "Apr 24",
        "May 24",
        "Jun 24",
        "Jul 24",
        "Aug 24",
    ]


@pytest.mark.parametrize("years", (2, 7, 8, 9, 20, 40))
@pytest.mark.parametrize("most", (1, 2, 3, 8))
def test_years_that_do_not_fit_are_put_together_and_none_is_skipped(years: int, most: int) -> None:
    months = [f"{2024 + m // 12}-{m % 12 + 1:02d}" for m in range(years * 12)]
    found = periods(months, most)
    assert len(found) <= most
    assert [i for period in found for i in range(*period.months.indices(len(months)))] == list(
        range(len(months))
    )


def test_ranges_of_years_and_months_are_labelled_by_both_ends() -> None:
    years = [f"{2024 + m // 12}-{m % 12 + 1:02d}" for m in range(7 * 12)]
    assert [each.label for each in periods(years, 4)] == ["24-25", "26-27", "28-29", "2030"]
    months = [f"2024-{month:02d}" for month in range(1, 13)]
    labels = [each.label for each in periods(months, 7)]
    assert labels == ["Jan-Feb", "Mar-Apr", "May-Jun", "Jul-Aug", "Sep-Oct", "Nov-Dec"]


def test_part_of_a_year_is_a_column_of_its_own() -> None:
    months = [f"{2024 + (m + 5) // 12}-{(m + 5) % 12 + 1:02d}" for m in range(14)]
    found = periods(months, 8)
    assert [(period.label, period.months) for period in found] == [
        ("2024", slice(0, 7)),
        ("2025", slice(7, 14)),
    ]


def test_the_trend_rises_with_the_values_and_is_empty_for_nothing() -> None:
    assert trend(np.arange(24.0)) == "".join(sorted(trend(np.arange(24.0))))
    assert trend(np.zeros(24)) == ""


COMMAND = ["planner explain scenarios/mine.yaml gpus", "--at 2027-07", "--set 'fleet.life=14 year'"]


@pytest.mark.parametrize("width", (50, 60, 80, 100))
def test_a_long_command_goes_on_after_a_backslash_and_stays_the_same_command(width: int) -> None:
    page = Page(width)
    page.commands("Next", [COMMAND])
    lines = [line.plain for line in page.lines]
    assert max(map(len, lines)) <= width
    assert (len(lines) == 1) == (10 + len(" ".join(COMMAND)) <= width)
    assert all(line.endswith(" \\") for line in lines[:-1])
    typed = "\n".join(lines).removeprefix("Next").replace("\\\n", "")
    assert shlex.split(typed) == shlex.split(" ".join(COMMAND))


def test_a_number_keeps_its_unit_on_its_line() -> None:
    page = Page(30)
    page.entries("Note", ["packages that hold up to 5.5 GB of weights, and 22 % of it"])
    assert [line.plain[10:].strip() for line in page.lines] == [
        "packages that hold",
        "up to 5.5 GB of",
        "weights, and 22 %",
        "of it",
    ]


def test_the_other_ways_to_have_accelerators_are_beside_the_unit_costs() -> None:
    plan = load("5pct_ev_market").plan()
    (line,) = [each.plain for each in summary(plan) if each.plain.startswith("TCO if all")]
    for way in ("bought", "leased", "rented"):
        assert f"{way} {units.show(float(plan[f'tco_if_{way}']), 'USD')}" in line
    # Who orders nothing has nothing to choose.
    still = [each.plain for each in summary(load("test_fleet").plan())]
    assert not [text for text in still if text.startswith("TCO if all")]


def test_renewals_are_marked_in_the_order_book() -> None:
    plan = load("5pct_ev_market").plan()
    lines = [each.plain for each in summary(plan, all_orders=True)]
    renewals = sum(order.reason == "renewal" for order in plan.orders)
    assert sum(", renewal " in line for line in lines) == renewals > 0
    assert max(map(len, lines)) <= 100
