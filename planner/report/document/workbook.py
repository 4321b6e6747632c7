"""The report as a workbook: tidy sheets without formulas, numbers as numbers.

Texts are written as strings, so that none is ever a formula or a link; a sheet begins with the plan's mark where it
has one.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from planner.headline import HEADLINE
from planner.plan import Plan
from planner.report.document import tables
from planner.report.document.content import Cell, Document, Grid
from planner.text import printable

WIDEST, NARROWEST = 60, 8  # columns, in characters
LONGEST = 32_767  # characters that a cell can hold
ROWS = 1_048_576
SHEET = 31  # characters of a sheet's name
FORBIDDEN = str.maketrans({character: " " for character in r"[]:*?/\'"})


def write(document: Document, plan: Plan) -> bytes:
    """The workbook's bytes."""
    import xlsxwriter

    out = io.BytesIO()
    options = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
        "strings_to_numbers": False, "nan_inf_to_errors": False,
    }  # fmt: skip
    book = xlsxwriter.Workbook(out, options)
    book.set_properties({"title": printable(document.title), "created": _beginning()})
    bold = book.add_format({"bold": True})
    alarm = book.add_format({"bold": True, "font_color": "#B00020"})
    for name, heads, rows in _sheets(document, plan):
        sheet = book.add_worksheet(name.translate(FORBIDDEN)[:SHEET])
        top = 0
        if document.mark:
            sheet.write_string(0, 0, printable(document.mark), alarm)
            top = 1
        _fill(sheet, top, heads, rows, bold)
    book.close()
    return out.getvalue()


def _beginning() -> Any:
    """A fixed time, so that the same plan gives the same file."""
    import datetime

    return datetime.datetime(2000, 1, 1)


def _fill(
    sheet: Any, top: int, heads: Sequence[str], rows: Sequence[Sequence[object]], bold: Any
) -> None:
    widths = [len(head) for head in heads]
    for place, head in enumerate(heads):
        sheet.write_string(top, place, printable(head)[:LONGEST], bold)
    for line, row in enumerate(rows[: ROWS - top - 1], top + 1):
        for place, value in enumerate(row):
            if isinstance(value, (int, float)):
                if math.isfinite(value):
                    sheet.write_number(line, place, value)
            elif value:
                text = printable(str(value))[:LONGEST]
                widths[place] = max(widths[place], len(text))
                sheet.write_string(line, place, text)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, min(max(width + 1, NARROWEST), WIDEST))
    sheet.freeze_panes(top + 1, 1)
    if rows:
        sheet.autofilter(top, 0, top + len(rows), len(heads) - 1)


Sheet = tuple[str, Sequence[str], Sequence[Sequence[object]]]


def _sheets(document: Document, plan: Plan) -> Iterator[Sheet]:
    shown = [
        block
        for section in document.sections
        for block in section.blocks
        if isinstance(block, Grid) and block.name
    ]
    named: dict[str, Grid] = {}
    for grid in (*shown, tables.ledger(plan)):
        named[grid.name] = grid
    yield "about", ["what", "text"], list(_about(document, named))
    yield "values", ["quantity", "unit", "axis", "label", "month", "value"], list(_values(plan))
    for name, grid in named.items():
        yield name, _heads(grid), _grid_rows(grid)


def _about(document: Document, grids: Mapping[str, Grid]) -> Iterator[Sequence[str]]:
    yield "title", document.title
    yield "subtitle", document.subtitle
    yield "made from", document.footer
    if document.mark:
        yield "mark", document.mark
    for name, grid in grids.items():
        if grid.note:
            yield name, grid.note


def _with_units(grid: Grid) -> list[bool]:
    """Of each column whether its cells have units of their own, which a workbook has beside the numbers."""
    return [any(row[place].unit for row in grid.rows) for place in range(len(grid.columns))]


def _heads(grid: Grid) -> list[str]:
    heads = []
    for column, has_unit in zip(grid.columns, _with_units(grid), strict=True):
        heads += [column.head, *([f"unit of {column.head}"] if has_unit else [])]
    return heads


def _grid_rows(grid: Grid) -> list[list[object]]:
    """Rows in which a group is named on each line, and numbers are numbers in the unit that is named."""
    rows: list[list[object]] = []
    group = ""
    with_units = _with_units(grid)
    for row in grid.rows:
        group = row[0].text or group
        cells: list[object] = []
        for cell, column, has_unit in zip(row, grid.columns, with_units, strict=True):
            cells.append(_number(cell) if column.numbers and cell.value is not None else cell.text)
            cells += [cell.unit] if has_unit else []
        cells[0] = group
        rows.append(cells)
    return rows


def _number(cell: Cell) -> float | None:
    return cell.value if cell.shown is None else cell.shown


def _values(plan: Plan) -> Iterator[Sequence[object]]:
    """Headline quantities, a row a value, in their units."""
    for name in HEADLINE:
        frame = plan[name].to_pandas().rename("value").reset_index()
        unit = plan[name].unit
        others = [each for each in frame.columns if each not in ("month", "value", "index")]
        for record in frame.to_dict("records"):
            labels = " / ".join(str(record[each]) for each in others)
            axes = " / ".join(map(str, others))
            yield name, unit, axes, labels, record.get("month", ""), float(record["value"])
