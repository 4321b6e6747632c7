"""What a change does to a plan: the page, Markdown and JSON of `planner diff`.

Inputs that changed with their lines, outputs that moved, why, and what came or went of warnings, checks and orders.

The JSON document (schema 1)::

    {"schema": 1, "from": TITLE, "to": TITLE, "changes": [...],
     "inputs": [{"path", "before", "after", "was_at", "is_at"}, ...],     texts such as sources: "words": true
     "outputs": [{"group", "label", "unit", "before", "after"}, ...],
     "figures": {NAME: {"unit", "before", "after", "causes": {CAUSE: MOVES}, "together"}},
     "warnings": {"new": [...], "gone": [...]}, "stops": {"new": [...], "gone": [...]},
     "checks": {"before": {NAME: HOLDS}, "after": {NAME: HOLDS}},
     "orders": {"before": {"count", "usd"}, "after": {"count", "usd"}}}
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rich.text import Text

from planner import units
from planner.findings import checks, in_short
from planner.inputs.documents import Place
from planner.plan import Plan
from planner.report.comparison import (
    UNCHANGED,
    Compared,
    Line,
    apart,
    change,
    exact,
    figure_data,
    horizons_differ,
    lines_of,
    signed,
    why,
    why_lines,
)
from planner.report.page import Page, cut
from planner.report.table import GROUP, label, number, peak_of, row_scale
from planner.study.changes import Change, changes
from planner.study.comparison import FIGURES, Difference, difference
from planner.text import counted, printable

WIDTH = 100
INPUTS_SHOWN = 40
LABEL_WIDTH, VALUE = 34, 10  # of the table of outputs
VALUE_WIDTH = 40  # characters of an input's text that the page shows
MARKDOWN_WIDTH = 120


@dataclass(frozen=True)
class Review:
    """Two plans and all in which they differ; `moved` are the outputs that do."""

    before: Plan
    after: Plan
    inputs: Sequence[Change]
    moved: Sequence[Line]
    rows: int
    cause: Difference


def review(before: Plan, after: Plan) -> Review:
    """Everything in which a plan differs from one before."""
    lines = lines_of([Compared("before", before), Compared("after", after)])
    return Review(
        before,
        after,
        changes(before.project, after.project),
        [line for line in lines if _moves(line)],
        len(lines),
        difference(before, after),
    )


def _moves(line: Line) -> bool:
    a, b = line.values
    if a is None or b is None:
        return a is not b
    if not (math.isfinite(a) and math.isfinite(b)):
        return a != b
    return abs(b - a) > UNCHANGED * max(abs(a), abs(b))


# --- The page --------------------------------------------------------------------------------------------------------


def page(found: Review, width: int = WIDTH) -> list[Text]:
    """The review as lines."""
    sheet = Page(max(60, min(width, WIDTH)))
    before, after = found.before, found.after
    sheet.entries("From", [printable(before.title)])
    sheet.entries("To", [printable(after.title)])
    sheet.entries("Changed", [printable(", ".join(after.project.changes))] * bool(_said(found)))
    for title, stops in _stops(found):
        sheet.entries(title, [printable(text) for text in stops], "bold red")
    sheet.entries("Mind", [printable(text) for text in _mind(found)], "yellow")
    sheet.skip()
    _inputs(sheet, found)
    sheet.skip()
    _outputs(sheet, found)
    sheet.skip()
    why(sheet, "Why", found.cause)
    sheet.skip()
    for title, items in (*_warnings(found), ("Checks", _checks(found)), ("Orders", _orders(found))):
        sheet.entries(title, [printable(item) for item in items])
    return sheet.lines


def _said(found: Review) -> tuple[str, ...]:
    return found.after.project.changes


def _mind(found: Review) -> list[str]:
    """What has to be known before sums are compared."""
    warning = horizons_differ([Compared("before", found.before), Compared("after", found.after)])
    return [warning] if warning else []


def _inputs(sheet: Page, found: Review) -> None:
    inputs = [each for each in found.inputs if not each.words]
    words = len(found.inputs) - len(inputs)
    beside = f"; {counted(words, 'text')} such as titles and sources" if words else ""
    sheet.add(f"Inputs changed: {len(inputs)}{beside}", "bold")
    for each in inputs[:INPUTS_SHOWN]:
        places = " -> ".join(dict.fromkeys(_at(place) for place in _places(each)))
        sheet.wrapped(printable(f"  {each.path}: {_move(each)}  {places}"), "    ")
    if len(inputs) > INPUTS_SHOWN:
        sheet.add(f"  ... and {len(inputs) - INPUTS_SHOWN} more, all with --markdown or --json")


def _places(each: Change) -> list[Place]:
    return [place for place in (each.was_at, each.is_at) if place is not None]


def _at(place: Place) -> str:
    return f"{place.file}:{place.line}" if place.line else place.file


def _move(each: Change) -> str:
    before, after = (cut(text, VALUE_WIDTH) if text else text for text in (each.before, each.after))
    if before is None:
        return f"new, {after}"
    return f"{before}, removed" if after is None else f"{before} -> {after}"


def _outputs(sheet: Page, found: Review) -> None:
    sheet.add(f"Outputs moved: {len(found.moved)} of {found.rows}", "bold")
    room = min(LABEL_WIDTH, sheet.width - GROUP - 3 * VALUE)
    if found.moved:
        heads = "".join(head.rjust(VALUE) for head in ("before", "after", "change"))
        sheet.lines.append(Text(" " * (GROUP + room) + heads, "dim"))
    group = ""
    for line in found.moved:
        words, cells = _cells(line, room)
        text = Text((line.row.group if line.row.group != group else "").ljust(GROUP), style="bold")
        text.append(words.ljust(room), style="not bold")
        text.append("".join(cell.rjust(VALUE) for cell in cells), style="not bold")
        text.rstrip()
        sheet.lines.append(text)
        group = line.row.group


def _cells(line: Line, room: int = LABEL_WIDTH) -> tuple[str, tuple[str, str, str]]:
    """Label with unit in so many characters, value before and after, and the change."""
    before, after = line.values
    scale, unit = row_scale(peak_of(line.values), line.row)
    texts = ["-" if value is None else number(value / scale) for value in (before, after)]
    # The row that a part belongs to need not be among those that moved: each names its unit.
    words = label(replace(line.row, is_part=False), unit, room)
    return words, (texts[0], texts[1], change(before, after, line.row.unit))


def _stops(found: Review) -> Iterator[tuple[str, Sequence[str]]]:
    before, after = found.before.stops, found.after.stops
    yield "Stopped", [text for text in after if text not in before]
    yield "No longer", [text for text in before if text not in after]


def _warnings(found: Review) -> Iterator[tuple[str, list[str]]]:
    before, after = found.before.warnings, found.after.warnings
    yield "Warns of", in_short(apart(after, before))
    yield "No more", in_short(apart(before, after))


def _checks(found: Review) -> list[str]:
    """Checks whose verdict changes."""
    before = {each.name: each for each in checks(found.before)}
    return [
        each.text
        for each in checks(found.after)
        if each.name not in before or before[each.name].holds != each.holds
    ]


def _orders(found: Review) -> list[str]:
    counts = [len(plan.orders) for plan in (found.before, found.after)]
    sums = [sum(order.usd for order in plan.orders) for plan in (found.before, found.after)]
    if found.before.orders == found.after.orders:
        return ["the order book is the same"]
    moved = signed(sums[1] - sums[0], "USD")
    text = f"{counts[0]:,} -> {counts[1]:,}, {units.show(sums[0], 'USD')} -> {units.show(sums[1], 'USD')} ({moved})"
    first = [
        plan.orders[0].order_by if plan.orders else "none" for plan in (found.before, found.after)
    ]
    return [text if first[0] == first[1] else f"{text}; the first {first[0]} -> {first[1]}"]


# --- Markdown and JSON -----------------------------------------------------------------------------------------------


def to_markdown(found: Review) -> str:
    """The review as GitHub's Markdown; texts of files stay texts."""
    inputs = [each for each in found.inputs if not each.words]
    lines = [f"### {_md(found.before.title)} → {_md(found.after.title)}", ""]
    if _said(found):
        lines += [f"Changed: {_code(', '.join(_said(found)))}", ""]
    for title, stops in (*_stops(found), ("Mind", _mind(found))):
        lines += [f"**{title}**: {_md(text)}\n" for text in stops]
    lines += [f"**Inputs changed: {len(inputs)}**", ""]
    if inputs:
        lines += ["| input | before | after | line |", "|---|---|---|---|"]
    for each in inputs:
        sides = [
            _md(cut(text, MARKDOWN_WIDTH)) if text else "" for text in (each.before, each.after)
        ]
        places = " → ".join(dict.fromkeys(_at(place) for place in _places(each)))
        lines.append(f"| {_code(each.path)} | {sides[0]} | {sides[1]} | {_md(places)} |")
    lines += ["", f"**Outputs moved: {len(found.moved)} of {found.rows}**", ""]
    if found.moved:
        lines += ["| | | before | after | change |", "|---|---|---:|---:|---:|"]
    for line in found.moved:
        words, cells = _cells(line)
        lines.append(f"| {line.row.group} | {_md(words)} | {' | '.join(cells)} |")
    lines += ["", "**Why**", "", *(f"- {_md(text)}" for text in why_lines(found.cause))]
    for title, items in (*_warnings(found), ("Checks", _checks(found)), ("Orders", _orders(found))):
        if items:
            lines += ["", f"**{title}**", "", *(f"- {_md(item)}" for item in items)]
    return "\n".join(lines) + "\n"


_ESCAPED = {
    **{character: f"\\{character}" for character in "\\`*_{}[]#|~!"},
    **{"&": "&amp;", "<": "&lt;", ">": "&gt;"},
}
# Mentions, references and bare links are looked for in the text as it is read, where no escape helps: a space of no
# width ends them.
_REFERS = re.compile(r"@(?=\w)|#(?=\d)|:(?=//)|\bwww(?=\.)", re.IGNORECASE)
_APART = "\u200b"


def _md(text: str) -> str:
    """A text in which Markdown finds no mark, no link, no mention and no HTML."""
    loose = _REFERS.sub(lambda found: found[0] + _APART, printable(text))
    return "".join(_ESCAPED.get(character, character) for character in loose)


def _code(text: str) -> str:
    """A text in code marks, or as text where it has marks that end them or the cell of a table."""
    shown = printable(text)
    return _md(text) if any(mark in shown for mark in "`|\\") else f"`{shown}`"


def to_json(found: Review) -> str:
    """The review as JSON."""
    before, after = found.before, found.after

    def book(plan: Plan) -> dict[str, float]:
        return {"count": len(plan.orders), "usd": sum(order.usd for order in plan.orders)}

    document = {
        "schema": 1,
        "from": before.title,
        "to": after.title,
        "changes": list(after.project.changes),
        "inputs": [_input(each) for each in found.inputs],
        "outputs": [
            {
                "group": line.row.group, "label": line.row.label, "unit": line.row.unit,
                "before": exact(line.values[0], line.row.unit), "after": exact(line.values[1], line.row.unit),
            }
            for line in found.moved
        ],
        "figures": {figure.name: figure_data(figure, found.cause) for figure in FIGURES},
        "warnings": {
            "new": [each.text for each in apart(after.warnings, before.warnings)],
            "gone": [each.text for each in apart(before.warnings, after.warnings)],
        },
        "stops": {
            name: list(stops) for name, (_, stops) in zip(("new", "gone"), _stops(found), strict=True)
        },
        "checks": {
            name: {each.name: each.holds for each in checks(plan)}
            for name, plan in (("before", before), ("after", after))
        },
        "orders": {"before": book(before), "after": book(after)},
    }  # fmt: skip
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)


def _input(each: Change) -> dict[str, object]:
    data: dict[str, object] = {"path": each.path, "before": each.before, "after": each.after}
    for name, place in (("was_at", each.was_at), ("is_at", each.is_at)):
        data[name] = None if place is None else place._asdict()
    return {**data, "words": True} if each.words else data
