"""What do tables of inputs need on paper? Sources as numbers of one list, and a course of many values in one row.

A page in HTML and a workbook have room for both in full, and can be searched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from planner.report.document.content import Block, Cell, Document, Grid

PLACE = re.compile(r"\[(\d+)\]$")  # of a value in a course: "links.depot.upload_profile[7]"
FEWEST = 3  # values of a course that become one row


class Notes:
    """The sources that a document's tables name, each once, in the order of their numbers."""

    def __init__(self, document: Document) -> None:
        found: dict[str, None] = {}
        for section in document.sections:
            for block in section.blocks:
                if isinstance(block, Grid):
                    found |= dict.fromkeys(_sources(block))
        self.texts = list(found)
        self._numbers = {text: str(number) for number, text in enumerate(self.texts, 1)}

    def on_paper(self, block: Block) -> Block:
        """A block with numbers in place of sources."""
        if not isinstance(block, Grid):
            return block
        if any(column.cites for column in block.columns):
            return replace(block, rows=[self._cited(block, row) for row in block.rows])
        if not any(column.sources for column in block.columns):
            return block
        columns = [
            replace(column, head=f"{column.head} no.", numbers=True, share=0.0)
            if column.sources
            else column
            for column in block.columns
        ]
        rows = [
            [
                Cell(self._numbers.get(cell.text, "")) if column.sources else cell
                for cell, column in zip(row, block.columns, strict=True)
            ]
            for row in _together(block.rows)
        ]
        return replace(block, columns=columns, rows=rows)

    def _cited(self, grid: Grid, row: Sequence[Cell]) -> list[Cell]:
        return [
            replace(cell, text=f"{cell.text} [{self._numbers[cell.text]}]")
            if column.cites and cell.text in self._numbers
            else cell
            for cell, column in zip(row, grid.columns, strict=True)
        ]


def _sources(grid: Grid) -> Iterator[str]:
    for place, column in enumerate(grid.columns):
        if column.sources:
            yield from (row[place].text for row in grid.rows if row[place].text)


def _together(rows: Sequence[Sequence[Cell]]) -> Iterator[Sequence[Cell]]:
    """Rows in which the values of one course stand together: its least to its largest, by the places it has."""

    def course(row: Sequence[Cell]) -> tuple[str, ...]:
        place = PLACE.search(row[0].text)
        return (
            (PLACE.sub("", row[0].text), *(cell.text for cell in row[3:]))
            if place
            else (row[0].text,)
        )

    for (name, *_), group in groupby(rows, course):
        alike = list(group)
        if len(alike) < FEWEST or not PLACE.search(alike[0][0].text):
            yield from alike
            continue
        ordered = sorted(alike, key=lambda row: row[1].value or 0.0)
        low, high = ordered[0][1].text, ordered[-1][1].text
        value = Cell(low if low == high else f"{low} to {high}")
        places = sorted(int(found[1]) for row in alike if (found := PLACE.search(row[0].text)))
        span = f"{name}[{places[0]} to {places[-1]}]"
        yield [Cell(span), value, Cell(""), *alike[0][3:]]
