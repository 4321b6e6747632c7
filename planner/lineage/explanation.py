"""What does an explanation hold, and how is it drawn?

An `Explanation` is plain data: a quantity or input with its value, and the same for all that it follows from. Its
`str()` is the tree that `planner explain` prints, 100 columns wide; notebooks get the same in HTML.
"""

from __future__ import annotations

import html
import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, NamedTuple

from planner.lineage.kernel_lines import explained, kernel_lines
from planner.text import printable, wrapped

if TYPE_CHECKING:
    from planner.findings.kernels import KernelTable

WIDTH = 100
GAP = 3  # spaces between the parts of a line

_BEFORE_UNIT = re.compile(r"(?<=\d) (?=[A-Za-z%])")


@dataclass(frozen=True)
class WrittenCell:
    """One number as somebody wrote it, and where."""

    path: str
    value: str
    confidence: str
    place: str
    source: str | None


@dataclass(frozen=True, repr=False)
class Explanation:
    """A quantity or input with its value, and the same for everything it follows from; `str()` is the printed tree."""

    name: str
    kind: str
    unit: str
    value: str
    meaning: str
    expression: tuple[str, ...] = ()
    place: str = ""
    note: str = ""
    remarks: tuple[str, ...] = ()
    children: tuple[Explanation, ...] = ()
    cells: tuple[WrittenCell, ...] = ()
    cells_left_out: int = 0
    hidden_levels: int = 0
    hints: tuple[str, ...] = ()
    mark: str = ""
    kernels: tuple[KernelTable, ...] = ()

    def __str__(self) -> str:
        mark = [printable(self.mark)] if self.mark else []
        lines = (*mark, *_rendered_root(self), *_hint_lines(self))
        return "\n".join(line.rstrip() for line in lines)

    def __repr__(self) -> str:
        return str(self)

    def json(self) -> str:
        """The tree as an object: texts as printed, numbers of kernels in base units."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


# --- As text ---------------------------------------------------------------------------------------------------------


class Strokes(NamedTuple):
    """What a tree is drawn with."""

    branch: str
    last: str
    bar: str
    blank: str


WIDE = Strokes("├─ ", "└─ ", "│  ", "   ")
NARROW = Strokes("├ ", "└ ", "│ ", "  ")
DEEP = 9  # a tree with more levels is drawn narrow


def _rendered_root(node: Explanation) -> Iterator[str]:
    yield from _head(node, "", "  ")
    yield from _body(node, "  ", full=True)
    yield from _branches(node, "", NARROW if _height(node) > DEEP else WIDE)


def _height(node: Explanation) -> int:
    return 1 + max(map(_height, node.children)) if node.children else 0


def _branches(node: Explanation, indent: str, strokes: Strokes) -> Iterator[str]:
    for number, child in enumerate(node.children, start=1):
        last = number == len(node.children)
        inside = indent + (strokes.blank if last else strokes.bar)
        stem = inside + (strokes.bar if child.children else strokes.blank)
        yield from _head(child, indent + (strokes.last if last else strokes.branch), stem)
        yield from _body(child, stem, full=False)
        yield from _branches(child, inside, strokes)


def _head(node: Explanation, first: str, following: str) -> Iterator[str]:
    """Name, value, notes, and the meaning: on the same line where there is room for all of it."""
    text = f"{node.name} = {node.value}"
    if node.note:
        text += f"   [{node.note}]"
    if node.hidden_levels:
        text += f"   [+{node.hidden_levels}]"
    meaning = printable(node.meaning)
    if meaning and "\n\n" not in node.meaning and len(first + text + meaning) + GAP <= WIDTH:
        yield f"{first}{text}{' ' * GAP}{meaning}"
        return
    kept = _BEFORE_UNIT.sub("\u00a0", text)  # a number and its unit stay on one line
    lines = textwrap.wrap(kept, WIDTH - len(following) - 2, break_on_hyphens=False)
    yield first + lines[0].replace("\u00a0", " ")
    for line in lines[1:]:
        yield f"{following}  {line}".replace("\u00a0", " ")
    for line in wrapped(node.meaning, WIDTH - len(following)):
        yield following + line


def _body(node: Explanation, indent: str, full: bool) -> Iterator[str]:
    """Remarks, formula and cells under the head of a node."""
    for remark in node.remarks:
        yield from (indent + line for line in wrapped(remark, WIDTH - len(indent)))
    yield from _formula_lines(node, indent)
    for cell in node.cells:
        yield from _cell_lines(cell, indent, full or len(node.cells) == 1)
    if node.cells_left_out:
        yield f"{indent}... and {node.cells_left_out:,} more: explain {node.name}"
    for table in node.kernels:
        yield from (indent + line for line in kernel_lines(table, WIDTH - len(indent)))
    if node.kernels:
        yield from (indent + line for line in wrapped(explained(), WIDTH - len(indent)))


def _formula_lines(node: Explanation, indent: str) -> Iterator[str]:
    """Statements, what is returned marked by `=`, the place at the right edge."""
    if not node.place:
        return
    lines = []
    for number, statement in enumerate(node.expression, start=1):
        lead = "= " if number == len(node.expression) else "  "
        inside = " " * (4 + len(statement) - len(statement.lstrip()))
        broken = textwrap.wrap(
            statement, WIDTH - len(indent) - 2, break_on_hyphens=False, subsequent_indent=inside
        )
        lines += [indent + lead + broken[0], *(indent + "  " + line for line in broken[1:])]
    yield from lines[:-1]
    yield from _with_right(lines[-1] if lines else indent, node.place, indent)


def _with_right(left: str, right: str, indent: str) -> Iterator[str]:
    """Two texts at the two edges of a line, or of two where one is too short."""
    if len(left) + GAP + len(right) > WIDTH:
        yield left
        left = indent
    yield left + " " * max(1, WIDTH - len(left) - len(right)) + right


def _cell_lines(cell: WrittenCell, indent: str, full: bool) -> Iterator[str]:
    """Path, value, confidence and place of a cell, and its source under them."""
    left = f"{indent}· {printable(cell.path)}"
    value = f" = {cell.value}" if cell.value else ""
    if len(left + value) > WIDTH:
        yield left
        left = indent + " "
    facts = [part for part in (cell.confidence, cell.place) if part]
    together = (" " * GAP).join(facts)
    if len(indent) + GAP + len(together) <= WIDTH:
        yield from _with_right(left + value, together, indent)
    else:
        yield left + value
        for fact in facts:
            yield from _with_right(indent, fact, indent)
    yield from _source_lines(cell, indent + "    ", full)


def _source_lines(cell: WrittenCell, indent: str, full: bool) -> Iterator[str]:
    """The source: all of it, or as much as one line takes."""
    room = max(WIDTH - len(indent), 20)
    lines = wrapped(cell.source or "", room)
    if len(lines) > 1 and not full:
        lines = [textwrap.shorten(printable(cell.source or ""), room, placeholder=" ...")]
    for line in lines:
        yield indent + line


def _hint_lines(node: Explanation) -> Iterator[str]:
    if node.hints:
        yield ""
    for hint in node.hints:
        yield from textwrap.wrap(hint, WIDTH, break_on_hyphens=False)
