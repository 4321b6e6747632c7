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
from planner.report.document.pdf import AUTHOR
from planner.text import printable

WIDEST, NARROWEST = 60, 8  # columns, in characters
FILTER = 3  # characters that the button of a filter takes
A4 = 9  # as spreadsheets number papers
# From which a number needs no digits, one, or three after its point.
LARGE, TENS, LEAST = 1000.0, 10.0, 0.001
LONGEST = 32_767  # characters that a cell can hold
ROWS = 1_048_576
SHEET = 31  # characters of a sheet's name
SPAN = "P10 to P90"  # in the head of a column of spans
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
    about = {"title": document.title, "subject": document.subtitle, "comments": document.footer}
    book.set_properties(
        {name: printable(text) for name, text in about.items()}
        | {"author": AUTHOR, "created": _beginning()}
    )
    styles = _Styles(book)
    alarm = styles.of(font_color="#B00020", bold=True)
    for name, heads, rows, sums in _sheets(document, plan):
        sheet = book.add_worksheet(name.translate(FORBIDDEN)[:SHEET])
        top = 0
        if document.mark:
            sheet.write_string(0, 0, printable(document.mark), alarm)
            top = 1
        _fill(sheet, top, heads, rows, sums, styles)
    book.close()
    return out.getvalue()


class _Styles:
    """The formats of a workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, object], ...], Any] = {}

    def of(self, **how: object) -> Any:
        key = tuple(sorted(how.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format({"valign": "top", **how})
        return self._made[key]


def _beginning() -> Any:
    """A fixed time, so that the same plan gives the same file."""
    import datetime

    return datetime.datetime(2000, 1, 1)


def _fill(
    sheet: Any,
    top: int,
    heads: Sequence[str],
    rows: Sequence[Sequence[object]],
    sums: int,
    styles: _Styles,
) -> None:
    """Heads that stay in sight and on every printed page, rows as numbers and texts, the last as sums."""
    widths = [len(head) + FILTER for head in heads]
    head_style = styles.of(bold=True, bg_color="#E3EDF5", bottom=1, text_wrap=True)
    for place, head in enumerate(heads):
        sheet.write_string(top, place, printable(head)[:LONGEST], head_style)
    for line, row in enumerate(rows[: ROWS - top - 1], top + 1):
        how: dict[str, object] = {"bold": True} if line > top + len(rows) - sums else {}
        for place, value in enumerate(row):
            if isinstance(value, (int, float)):
                if math.isfinite(value):
                    style = styles.of(num_format=_format(value), **how)
                    sheet.write_number(line, place, value, style)
            elif value:
                text = printable(str(value))[:LONGEST]
                widths[place] = max(widths[place], len(text))
                wrap = {"text_wrap": True} if len(text) > WIDEST else {}
                sheet.write_string(line, place, text, styles.of(**wrap, **how))
    for place, width in enumerate(widths):
        sheet.set_column(place, place, min(max(width + 1, NARROWEST), WIDEST))
    sheet.freeze_panes(top + 1, 2 if heads[0] == "area" else 1)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(top)
    sheet.set_footer("&L&A&RPage &P of &N")
    if rows:
        sheet.autofilter(top, 0, top + len(rows) - sums, len(heads) - 1)


def _format(value: float) -> str:
    """As many digits as can be read; the cell has all of them."""
    size = abs(value)
    if value == int(value) or size >= LARGE:
        return "#,##0"
    return (
        "0.0" if size >= TENS else "0.00" if size >= 1 else "0.000" if size >= LEAST else "0.0E+00"
    )


Sheet = tuple[str, Sequence[str], Sequence[Sequence[object]], int]


def _sheets(document: Document, plan: Plan) -> Iterator[Sheet]:
    shown = [
        block
        for section in document.sections
        for block in section.blocks
        if isinstance(block, Grid) and block.name
    ]
    grids = {grid.name: grid for grid in (*shown, tables.ledger(plan))}
    yield "about", ["what", "text"], list(_about(document, grids)), 0
    for name, grid in grids.items():
        yield name, _heads(grid), _grid_rows(grid), grid.sums
    yield "values", ["quantity", "unit", "axis", "label", "month", "value"], list(_values(plan)), 0


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


def _has_spans(grid: Grid) -> bool:
    """Whether the two ends of its spans are numbers, which a workbook has in columns of their own."""
    return any(cell.span for row in grid.rows for cell in row)


def _heads(grid: Grid) -> list[str]:
    heads: list[str] = []
    has_spans = _has_spans(grid)
    for column, has_unit in zip(grid.columns, _with_units(grid), strict=True):
        ends = [column.head.replace(SPAN, end) for end in ("P10", "P90")]
        heads += ends if SPAN in column.head and has_spans else [column.head]
        heads += [f"unit of {column.head}"] if has_unit else []
    return heads


def _grid_rows(grid: Grid) -> list[list[object]]:
    """Rows in which a group is named on each line, and numbers are numbers in the unit that is named."""
    rows: list[list[object]] = []
    group = ""
    with_units, has_spans = _with_units(grid), _has_spans(grid)
    for row in grid.rows:
        group = row[0].text or group
        cells: list[object] = []
        for cell, column, has_unit in zip(row, grid.columns, with_units, strict=True):
            if SPAN in column.head and has_spans:
                cells += cell.span or (None, None)
            else:
                is_number = column.numbers and cell.value is not None
                cells.append(_number(cell) if is_number else cell.text)
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
