"""A plain table: a name, then right-aligned cells of fixed widths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planner.report.page import Page
from planner.text import printable


@dataclass(frozen=True)
class Column:
    """A column and its width in characters; the first of a table holds names, on the left."""

    title: str
    width: int


def add_table(out: Page, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """A table with its heading."""
    out.add(_line(columns, [column.title for column in columns]), "bold")
    for row in rows:
        out.add(_line(columns, row))


def _line(columns: Sequence[Column], cells: Sequence[str]) -> str:
    first, *rest = columns
    name = printable(cells[0])[: first.width].ljust(first.width)
    return name + "".join(x.rjust(c.width) for x, c in zip(cells[1:], rest, strict=True))
