"""The sheets of a report's workbook against the plan that they are of."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
import openpyxl
import pytest

from planner import units
from planner.plan import Plan
from planner.project import load
from planner.report.comparison import Compared
from planner.report.document import workbook
from planner.report.document.sections import document

Sheet = list[tuple[object, ...]]


@lru_cache
def plan() -> Plan:
    return load("5pct_ev_market").plan()


@lru_cache
def sheets() -> dict[str, Sheet]:
    made, _ = document([Compared("headline", plan())])
    found = openpyxl.load_workbook(io.BytesIO(workbook.write(made, plan())), read_only=True)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in found}


def column(sheet: Sheet, head: str, first: str) -> object:
    """The cell below a head in the row that begins so."""
    (row,) = [row for row in sheet[1:] if row[0] == first]
    return row[sheet[0].index(head)]


@pytest.mark.parametrize("name", ["capex", "ingest_peak", "storage_hot_required", "tco"])
def test_every_value_of_a_headline_quantity_is_there_in_its_unit(name: str) -> None:
    rows = [row for row in sheets()["values"] if row[0] == name]
    (values,) = plan().values(name)
    unit = plan().project.graph[name].unit
    assert {row[1] for row in rows} == {unit}
    found = sorted(float(str(row[5])) for row in rows)
    assert found == pytest.approx(np.sort(units.from_base(values, unit), axis=None))


def test_every_row_names_its_group() -> None:
    assert {row[0] for row in sheets()["compute"][1:]} == {"Compute"}
    assert {row[0] for row in sheets()["facility and carbon"][1:]} == {"Site", "Carbon"}


def test_quantities_are_those_of_the_last_month_added_up_unless_they_are_ratios() -> None:
    quantities = sheets()["quantities"]
    vehicles = plan().values("vehicles_in_operation")[0][:, -1]
    assert column(quantities, "at the end", "vehicles_in_operation") == pytest.approx(
        vehicles.sum()
    )
    used = plan().values("edge_used")[0][:, -1]
    assert used.size > 1
    unit = str(column(quantities, "unit of at the end", "edge_used"))
    assert column(quantities, "at the end", "edge_used") == pytest.approx(
        units.from_base(used.max(), unit)
    )


def test_the_span_of_a_row_is_of_its_last_year() -> None:
    heads, first, *_ = sheets()["demand"]
    assert first[1] == "vehicles, million"
    last = float(str(first[heads.index("2030")]))
    low, high = (float(str(first[heads.index(f"2030, {end}")])) for end in ("P10", "P90"))
    assert 0.3 * last < low < last < high < 2 * last


def test_an_input_says_between_what_it_lies_in_its_unit() -> None:
    inputs = sheets()["inputs"]
    uncertain = next(
        row for row in plan().project.table.rows if row.low is not None and row.high is not None and row.low < row.high
    )  # fmt: skip
    assert uncertain.low is not None
    assert uncertain.high is not None
    low, high = (units.from_base(end, uncertain.unit) for end in (uncertain.low, uncertain.high))
    said = str(column(inputs, "P10 to P90", uncertain.path)).replace(",", "")
    ends = [float(end) for end in said.split(" to ")]
    assert ends == pytest.approx([low, high], rel=1e-3)


def test_the_cash_flow_adds_up_in_both_directions() -> None:
    heads, *entries, sums = sheets()["cash flow"]
    items = slice(1, heads.index("total"))
    numbers = np.array([[float(str(cell or 0)) for cell in row[1:]] for row in (*entries, sums)])
    assert numbers[-1] == pytest.approx(numbers[:-1].sum(axis=0))
    total = numbers[:, heads.index("total") - 1]
    assert total == pytest.approx(numbers[:, : items.stop - 1].sum(axis=1))
    assert sums[-1] == pytest.approx(plan().values("tco")[0].item() / 1e6)
