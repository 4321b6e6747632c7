"""What is a report made of, before it has a form?

All texts are plain: whoever gives them a form makes them harmless there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Tone = Literal["body", "lead", "quiet", "alarm"]


@dataclass(frozen=True)
class Cell:
    """A cell: what is read, the number behind it in base units for sorting, the quantity that explains it.

    A workbook has the number `shown`, in `unit` or in that of the row or the head; without it, `value`; and the two
    ends of a `span`, in the same unit.
    """

    text: str
    value: float | None = None
    explains: str = ""
    shown: float | None = None
    unit: str = ""
    span: tuple[float, float] | None = None


@dataclass(frozen=True)
class Column:
    """A column: its head, whether it holds numbers, and its share of the width (0: as wide as it needs).

    On paper the texts of a column of `sources` become numbers of notes; those of one that `cites` get them added.
    """

    head: str
    numbers: bool = False
    share: float = 0.0
    sources: bool = False
    cites: bool = False


@dataclass(frozen=True)
class Grid:
    """A table. `small` ones are for looking up; a row whose first cell is empty goes on with the group above.

    The last rows, as many as `sums`, are sums of those above.
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    small: bool = False
    name: str = ""  # of the sheet of a workbook
    title: str = ""
    sums: int = 0


@dataclass(frozen=True)
class Picture:
    """A chart by the name of its file, and its message for those who do not see it."""

    name: str
    message: str


@dataclass(frozen=True)
class Fact:
    """A number that a board remembers: what it is, its value, how far it may be off."""

    label: str
    value: str
    span: str = ""
    explains: str = ""


@dataclass(frozen=True)
class Facts:
    """Facts side by side."""

    items: Sequence[Fact]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph."""

    text: str
    tone: Tone = "body"


@dataclass(frozen=True)
class Bullets:
    """A titled list."""

    title: str
    items: Sequence[str]


Block = Grid | Picture | Facts | Paragraph | Bullets


@dataclass(frozen=True)
class Section:
    """A part of a report; on paper a `fresh` one begins a page."""

    title: str
    blocks: Sequence[Block]
    fresh: bool = False


@dataclass(frozen=True)
class Document:
    """A whole report. `mark` stands on every page; `footer` says what it was made from."""

    title: str
    subtitle: str
    mark: str
    footer: str
    sections: Sequence[Section]
