"""The report as one HTML page that needs nothing else: sortable tables, and a tree behind every figure.

Texts are escaped where they become HTML; the data of the trees lies in a JSON block whose `<` are spelt out, and the
script puts it in as text, never as markup. The page allows no request and no other script (its content policy says so).
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping
from pathlib import Path

from planner import resources
from planner.plan import Plan
from planner.report.document.content import (
    Block,
    Bullets,
    Cell,
    Document,
    Facts,
    Grid,
    Paragraph,
    Picture,
    Section,
)
from planner.report.document.lineage import ends_of_years, nodes, values_at
from planner.report.document.pdf import BODY_ONLY
from planner.text import printable

PROLOGUE = re.compile(rb"\A.*?(?=<svg)", re.DOTALL)
HINT = "A figure underlined with dots says, when clicked, what it follows from: formulas, inputs and their sources."
IDENTITY = re.compile(r'(\bid="|url\(#|href="#)')


def page(document: Document, plan: Plan, charts: Mapping[str, Path]) -> str:
    """The page; `charts` are SVG files by name."""
    style = resources.report_file("report.css").read_text(encoding="utf-8")
    script = resources.report_file("report.js").read_text(encoding="utf-8")
    months = ends_of_years(plan)
    trees = {"nodes": nodes(plan), "months": months, "at": values_at(plan, months)}
    lineage = _json(trees)
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {_hash(script)}"
    )
    links = "".join(
        f'<a href="#s{number}">{_text(each.title)}</a>'
        for number, each in enumerate(document.sections)
    )
    sections = "".join(
        _section(number, each, charts) for number, each in enumerate(document.sections)
    )
    mark = f'<p class="mark">{_text(document.mark)}</p>' if document.mark else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="description" content="{_text(document.subtitle)}">'
        f"<title>{_text(document.title)}</title><style>{style}</style></head><body>"
        '<a class="skip" href="#s0">To the summary</a>'
        f"<header>{mark}<h1>{_text(document.title)}</h1><p>{_text(document.subtitle)}</p>"
        f'<p class="hint">{HINT}</p></header>'
        f'<nav aria-label="Sections">{links}</nav><main>{sections}</main>'
        f"<footer>{mark}<p>{_text(document.footer)}</p></footer>"
        '<dialog id="why" aria-label="What a figure follows from">'
        '<button type="button" id="close" aria-label="Close">×</button>'
        '<div id="tree"></div></dialog>'
        f'<script type="application/json" id="lineage">{lineage}</script>'
        f"<script>{script}</script></body></html>\n"
    )


def _hash(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _json(value: object) -> str:
    """JSON that may stand in a page: no `<`, so that nothing in it ends the block."""
    return json.dumps(_plain(value), ensure_ascii=True).replace("<", "\\u003c")


def _plain(value: object) -> object:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(str(key)): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def _text(text: str) -> str:
    return html.escape(printable(text))


def _section(number: int, section: Section, charts: Mapping[str, Path]) -> str:
    inside = "".join(_block(each, charts) for each in section.blocks)
    kind = ' class="appendix"' if section.title.startswith(BODY_ONLY) else ""
    return f'<section id="s{number}"{kind}><h2>{_text(section.title)}</h2>{inside}</section>'


def _block(block: Block, charts: Mapping[str, Path]) -> str:
    match block:
        case Paragraph(text, tone):
            return f'<p class="{tone}">{_text(text)}</p>'
        case Bullets(title, items):
            head = f"<h3>{_text(title)}</h3>" if title else ""
            return f"{head}<ul>{''.join(f'<li>{_text(item)}</li>' for item in items)}</ul>"
        case Picture(name, message):
            return _picture(name, message, charts[name])
        case Facts(items):
            boxes = "".join(
                f"<div><span>{_text(i.label)}</span>{_why(_text(i.value), i.explains, 'b')}"
                f"<span>{_text(i.span)}</span></div>"
                for i in items
            )
            return f'<div class="facts">{boxes}</div>'
        case Grid():
            return _grid(block)


def _picture(name: str, message: str, file: Path) -> str:
    """The chart inside the page; its identities get the chart's name, so that no two charts share one."""
    drawing = PROLOGUE.sub(b"", file.read_bytes()).decode("utf-8")
    drawing = IDENTITY.sub(lambda found: f"{found[0]}{name}-", drawing)
    return f'<figure role="img" aria-label="{_text(message)}">{drawing}</figure>'


def _grid(grid: Grid) -> str:
    heads = "".join(
        f'<th scope="col" class="{"n" if column.numbers else ""}">'
        f'<button type="button">{_text(column.head)}</button></th>'
        for column in grid.columns
    )
    rows: list[str] = []
    group = ""
    for row in grid.rows:
        group = row[0].text or group
        cells = "".join(
            _cell(cell, column.numbers, group if place == 0 else "", place == 0)
            for place, (cell, column) in enumerate(zip(row, grid.columns, strict=True))
        )
        kind = ' class="sum"' if len(rows) >= len(grid.rows) - grid.sums else ""
        rows.append(f"<tr{kind}>{cells}</tr>")
    note = f'<p class="quiet">{_text(grid.note)}</p>' if grid.note else ""
    size = "small" if grid.small else ""
    find = (
        '<input type="search" placeholder="find" aria-label="find rows">'
        if len(grid.rows) > 40
        else ""
    )
    head = f"<h3>{_text(grid.title)}</h3>" if grid.title else ""
    return (
        f'{head}<div class="grid {size}" tabindex="0" role="region" aria-label="{_text(grid.title or grid.name)}">'
        f"{find}<table><thead><tr>{heads}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>{note}"
    )


def _cell(cell: Cell, numbers: bool, group: str, leads: bool) -> str:
    value = f' data-v="{cell.value!r}"' if cell.value is not None else ""
    if group and not cell.text:
        value = f' data-g="{_text(group)}"'
    shown = _why(_text(cell.text), cell.explains, "span") if cell.text else ""
    kind = ' class="n"' if numbers else ""
    if leads and cell.text:
        return f'<th scope="row"{kind}{value}>{shown}</th>'
    return f"<td{kind}{value}>{shown}</td>"


def _why(shown: str, explains: str, tag: str) -> str:
    if not explains:
        return f"<{tag}>{shown}</{tag}>" if tag == "b" else shown
    return f'<button type="button" class="why {tag}" data-q="{_text(explains)}">{shown}</button>'
