"""How tables of a report are read: numbers as print has them, names for keys, courses in one row, sums apart."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import openpyxl
import pytest

from planner.axes import AXES, REGION
from planner.report.document import decide, notes, workbook
from planner.report.document.content import Cell, Column, Grid
from planner.report.document.names import Names
from planner.report.document.tables import typeset
from planner.report.document.workbook import _fill, _Styles
from planner.report.rows import Row
from planner.report.table import scales


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("40000 km/year", "40,000 km/year"),
        ("1e+06 1/day", "1 million per day"),
        ("2.5e7 km", "25 million km"),
        ("1e9 km", "1 billion km"),
        ("12 m^2", "12 m²"),
        # No numbers, or such as print has in figures.
        *((text, text) for text in ("1e15 FLOP", "2027-01", "9999", "v100000", "10.5.12345")),
        *((text, text) for text in ("50000-60000", "12345.678 kg")),
    ],
)
def test_large_numbers_are_written_as_print_has_them(text: str, said: str) -> None:
    assert typeset(text) == said


def named(labels: dict[int, tuple[str, ...]], **titles: dict[str, str]) -> Names:
    profiles = {
        kind: {key: SimpleNamespace(title=title) for key, title in each.items()}
        for kind, each in titles.items()
    }
    inputs = SimpleNamespace(profiles=profiles)
    every = {axis: labels.get(axis, ()) for axis in range(len(AXES))}
    project = SimpleNamespace(inputs=inputs, labels=every)
    return Names(cast(Any, SimpleNamespace(project=project)))


def test_a_title_is_said_in_full_where_its_beginning_is_that_of_another() -> None:
    names = named(
        {}, ecus={"one": "Orin, one chip", "two": "Orin, two chips", "thor": "Thor (2025)"}
    )
    assert [names.of(key) for key in ("one", "two", "thor")] == [
        "Orin, one chip",
        "Orin, two chips",
        "Thor",
    ]


def test_only_whole_keys_that_are_no_words_of_a_text_become_names() -> None:
    names = named({REGION: ("usa", "palo_alto")})
    assert names.of("usa") == "Usa"
    assert (
        names.said("usa: palo_alto, sites.palo_alto.pue") == "Usa: Palo Alto, sites.palo_alto.pue"
    )
    assert names.said("in usa") == "In usa"


def course(*values: float, start: int = 0) -> list[list[Cell]]:
    rows = [(f"a.profile[{place}]", value) for place, value in enumerate(values, start)]
    rest = [Cell(""), Cell("assumed"), Cell("a source"), Cell("a.yaml:1")]
    return [[Cell(name), Cell(f"{value:g}", value), *rest] for name, value in rows]


def on_paper(rows: list[list[Cell]]) -> list[list[str]]:
    heads = ("input", "value", "P10 to P90", "confidence", "source", "where")
    grid = Grid([Column(head, sources=head == "source") for head in heads], rows)
    made = notes.Notes(cast(Any, SimpleNamespace(sections=[SimpleNamespace(blocks=[grid])])))
    return [[cell.text for cell in row] for row in cast(Grid, made.on_paper(grid)).rows]


def test_a_course_is_one_row_from_its_least_value_to_its_largest() -> None:
    assert on_paper(course(3, 1, 10)) == [
        ["a.profile[0 to 2]", "1 to 10", "", "assumed", "1", "a.yaml:1"]
    ]
    assert on_paper(course(3, 1, 10, start=9))[0][0] == "a.profile[9 to 11]"
    assert [row[0] for row in on_paper(course(3, 1))] == ["a.profile[0]", "a.profile[1]"]


def test_sums_of_a_sheet_are_bold_and_are_neither_sorted_nor_filtered() -> None:
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        rows = [["a", 1.0], ["b", 2.0], ["sum", 3.0]]
        _fill(book.add_worksheet("one"), 1, ["name", "value"], rows, 1, _Styles(book))
    sheet = openpyxl.load_workbook(out)["one"]
    assert sheet.auto_filter.ref == "A2:B4"
    assert [row[0].font.bold for row in sheet.iter_rows(min_row=2)] == [True, False, False, True]


@pytest.mark.parametrize(("built", "said"), [(89.0, 1), (90.0, 0), (0.0, 0)])
def test_a_plan_that_is_enough_in_nine_draws_of_ten_is_not_said_to_be_too_small(
    monkeypatch: pytest.MonkeyPatch, built: float, said: int
) -> None:
    monkeypatch.setitem(decide.HEADLINE, "gpus_required", lambda drawn: np.arange(1.0, 101.0))
    monkeypatch.setattr(decide, "in_horizon", lambda plan, name: np.array([built]))
    assert len(list(decide._enough(cast(Any, None), cast(Any, object())))) == said


def test_digits_of_a_cell_are_those_that_can_be_read() -> None:
    formats = {1234.5: "#,##0", 3.0: "#,##0", 12.5: "0.0", 1.5: "0.00", 0.5: "0.000"}
    assert {value: workbook._format(value) for value in formats} == formats
    assert workbook._format(1e-4) == "0.0E+00"


def test_a_part_has_the_unit_of_the_row_above_it_and_of_no_other_kind() -> None:
    def row(group: str, unit: str, is_part: bool) -> Row:
        nothing = cast(Any, None)
        return Row(group, "a row", unit, nothing, nothing, is_part=is_part)

    rows = [row("Storage", "byte", False), row("Storage", "byte", True), row("Site", "watt", True)]
    (whole, unit), part, other = scales(rows, [5e15, 2e6, 3e6])
    assert (whole, unit) == part == (1e15, "PB")
    assert other == (1e6, "MW")
