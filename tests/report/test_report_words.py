"""Words of reports: names in place of keys, sources as numbers on paper, what a board is told to decide."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import openpyxl
import pytest

from planner.plan import Plan
from planner.project import load
from planner.report.comparison import Compared
from planner.report.document import pdf, workbook
from planner.report.document.causes import assumptions, in_words, laid_out_alike
from planner.report.document.content import (
    Bullets,
    Cell,
    Column,
    Document,
    Grid,
    Paragraph,
    Section,
)
from planner.report.document.decide import decide
from planner.report.document.names import Names
from planner.report.document.notes import Notes
from planner.report.document.sections import document, draws_of
from planner.report.document.tables import orders_by_year, typeset
from planner.report.house import house_style
from planner.report.rows import in_horizon

HEADLINE = "5pct_ev_market"


@lru_cache
def plan(scenario: str = HEADLINE) -> Plan:
    return load(scenario).plan()


@lru_cache
def first_page(scenario: str = HEADLINE) -> dict[str, list[str]]:
    made, _ = document([Compared(scenario, plan(scenario))])
    return {b.title: list(b.items) for b in made.sections[0].blocks if isinstance(b, Bullets)}


def test_texts_name_things_as_people_do() -> None:
    said = Names(plan()).said
    assert said("rest_of_world: drive_orin is full (explain upload_limit)") == (
        "Rest of world: NVIDIA DRIVE Orin is full"
    )
    assert (
        said("see regions/japan.yaml and regions.japan.x")
        == "See regions/japan.yaml and regions.japan.x"
    )


def test_the_first_page_says_what_to_order_by_when_and_for_how_much() -> None:
    first, *_ = first_page()["To decide"]
    due = [each for each in plan().orders if each.order_by == plan().orders[0].order_by]
    assert first.startswith(f"By {due[0].order_by}: place {len(due)} orders for USD ")
    assert f"{due[0].count} x {due[0].what}" in first


def test_the_first_page_says_in_how_many_draws_the_plan_is_enough() -> None:
    drawn = draws_of(plan())
    assert drawn is not None
    peaks = in_horizon(drawn, "gpus_required").max(axis=-1)
    share = np.mean(peaks <= in_horizon(plan(), "gpus").max())
    assert f"enough in {100 * share:.0f} % of the draws" in first_page()["What could go wrong"][0]


def test_the_first_page_says_how_many_inputs_are_assumed() -> None:
    numbers = [
        int(n.replace(",", "")) for n in re.findall(r"[\d,]*\d", first_page()["It rests on"][0])
    ]
    assert numbers[0] == sum(numbers[1:])


def test_orders_by_year_add_up_to_the_book() -> None:
    grid = orders_by_year(plan())
    (every,) = [row for row in grid.rows if row[0].text == "all orders"]
    assert every[-1].value == pytest.approx(sum(each.usd for each in plan().orders))
    assert grid.rows[-1][-1].value == len(plan().orders)


def test_sources_become_numbers_on_paper_and_a_course_one_row() -> None:
    columns = [
        Column("input"),
        Column("value", True),
        Column("span"),
        Column("source", sources=True),
    ]
    rows = [
        [Cell(f"a[{i}]"), Cell(str(i), float(i)), Cell("certain"), Cell("a paper")]
        for i in range(24)
    ]
    rows.append([Cell("b"), Cell("1", 1.0), Cell("certain"), Cell("another")])
    grid = Grid(columns, rows, name="inputs")
    notes = Notes(Document("", "", "", "", [Section("Inputs", [grid])]))
    shown = notes.on_paper(grid)
    assert isinstance(shown, Grid)
    assert notes.texts == ["a paper", "another"]
    assert [[cell.text for cell in row] for row in shown.rows] == [
        ["a[0 to 23]", "0 to 23", "", "1"],
        ["b", "1", "certain", "2"],
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2.5e+07 km", "25 million km"),
        ("1.5e5", "150,000"),
        ("10000 hour", "10,000 hour"),
        ("floor, m^2", "floor, m²"),
        ("2030-12", "2030-12"),
        ("1,500", "1,500"),
        ("8.6e-05", "8.6e-05"),
    ],
)
def test_numbers_and_units_are_as_print_has_them(text: str, shown: str) -> None:
    assert typeset(text) == shown


def test_a_workbook_has_numbers_in_the_unit_that_their_row_names() -> None:
    made, _ = document([Compared(HEADLINE, plan())])
    book = openpyxl.load_workbook(io.BytesIO(workbook.write(made, plan())))
    (grid,) = [
        b for s in made.sections for b in s.blocks if isinstance(b, Grid) and b.name == "compute"
    ]
    lines = list(book["compute"].iter_rows(min_row=2, values_only=True))
    for line, row in zip(lines, grid.rows, strict=True):
        for number, cell in zip(line[2:-2], row[2:-1], strict=True):
            assert isinstance(number, (int, float))
            assert float(cell.text.replace(",", "")) == pytest.approx(number, rel=5e-3)


def test_a_pdf_can_be_read_aloud(tmp_path: Path) -> None:
    made, _ = document([Compared("test_fleet", plan("test_fleet"))])
    bare = replace(
        made, sections=[s for s in made.sections if s.title == "How to read this report"]
    )
    found = pdf.write(bare, {}, tmp_path)
    assert b"<pdfuaid:part>1</pdfuaid:part>" in found
    assert b"capacity planner" in found


def test_a_plan_that_may_order_nothing_does_not_say_that_it_has_enough() -> None:
    said = first_page("test_fleet")["To decide"][0]
    assert said == "No orders: the sites order nothing"


def test_jobs_that_are_laid_out_alike_are_one_bar() -> None:
    groups = laid_out_alike(plan("fourteen_customers"))
    assert len(groups) < 6
    assert sum(map(len, groups)) == len(plan("fourteen_customers").training_layouts) > 20


def test_the_first_page_does_not_describe_the_plan_that_a_plan_extends(tmp_path: Path) -> None:
    """A plan with a title of its own is not the announcement of 5 %; a change of the same plan still is."""
    mine = tmp_path / "mine.yaml"
    mine.write_text("extends: 5pct_ev_market.yaml\ntitle: Ours\nmarket: {share: 2 %}\n", "utf-8")

    def leads(plan: Plan) -> list[str]:
        page = decide(plan, None, {})
        return [b.text for b in page.blocks if isinstance(b, Paragraph) and b.tone == "lead"]

    assert leads(load(mine).plan()) == []
    assert "Foxconn's goal" in leads(load("5pct_ev_market", set=["market.share=2 %"]).plan())[0]
    mine.write_text("extends: 5pct_ev_market.yaml\ntitle: Ours\nabout: What we want.\n", "utf-8")
    assert leads(load(mine).plan()) == ["What we want."]


def test_the_chart_of_assumptions_has_the_order_of_the_list_below_it() -> None:
    (chart,) = assumptions(plan())
    with house_style():
        panels = chart.draw().axes
    labels = [" ".join(label.get_text().split()) for label in panels[0].get_yticklabels()]
    assert labels == [in_words(each) for each in plan().assumptions]
    largest = max(abs(each.moves["tco"]) for each in plan().assumptions)
    assert chart.message.endswith(f"alone moves the total cost by +{100 * largest:.0f} %")


def test_an_assumption_that_moves_the_accelerators_alone_is_in_the_chart() -> None:
    (first, *_) = plan().assumptions
    alone = replace(first, moves={"tco": 0.0, "gpus_required": -0.3})
    (chart,) = assumptions(cast(Any, SimpleNamespace(assumptions=(alone,))))
    assert chart.message.endswith("alone moves the GPUs needed by -30 %")
