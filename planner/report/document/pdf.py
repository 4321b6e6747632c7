"""The report as PDF, and its pages as PNG, set by Typst from `reports/templates/report.typ`.

The template gets all texts as strings of a JSON file, so that nothing which comes from a file of the user's is ever
read as markup. Charts go in as SVG: they stay sharp at any size.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from planner import resources
from planner.report.document.content import (
    Block,
    Bullets,
    Document,
    Facts,
    Grid,
    Paragraph,
    Picture,
)
from planner.report.document.notes import Notes
from planner.text import printable

LONG_WORD = re.compile(r"\S{19,}")
BREAKABLE = re.compile(r"(?<=[._/\-=,])(?=\w)")
MAY_BREAK = "\u200b"  # a line may end here
UNBROKEN = re.compile(r"[^\s\u200b]{30}(?=[^\s\u200b])")  # would leave the page
PPI, FINER = 110.0, 2  # pixels to an inch of a page, and how many times as many are drawn
PALETTE = 256  # colours of a page, a third of its bytes
WHOLE, LONG = 24, 120  # rows, and characters of a cell, up to which a table stands on one page
BODY_ONLY = "Appendix"
SOURCES = "Appendix: sources by number"
AUTHOR = "AI-factory capacity planner"
KEYWORDS = ["capacity plan", "AI factory", "GPUs", "storage", "network", "power", "cost"]
Form = Literal["pdf", "png"]


def write(document: Document, charts: Mapping[str, Path], folder: Path) -> bytes:
    """The PDF; `charts` are files by name, all of one kind; `folder` is a place to set in, the caller's to remove."""
    (found,) = _set(document, charts, folder, "pdf")
    return found


def pages(document: Document, charts: Mapping[str, Path], folder: Path) -> list[bytes]:
    """The pages without the appendix, as PNG."""
    body = [each for each in document.sections if not each.title.startswith(BODY_ONLY)]
    shown = Document(document.title, document.subtitle, document.mark, document.footer, body)
    return [_smaller(page) for page in _set(shown, charts, folder, "png")]


def _smaller(page: bytes) -> bytes:
    """A page at its size from one that is drawn larger: Typst leaves out rows of pixels of images that it scales."""
    from PIL import Image

    out = io.BytesIO()
    with Image.open(io.BytesIO(page)) as large:
        small = large.convert("RGB").reduce(FINER)
        small.quantize(PALETTE, dither=Image.Dither.NONE).save(out, "PNG")
    return out.getvalue()


def _set(document: Document, charts: Mapping[str, Path], folder: Path, form: Form) -> list[bytes]:
    import matplotlib
    import typst

    suffix = next((file.suffix for file in charts.values()), "")
    (folder / "data.json").write_text(json.dumps(_data(document, suffix)), encoding="utf-8")
    template = resources.report_file("report.typ").read_text(encoding="utf-8")
    (folder / "report.typ").write_text(template, encoding="utf-8")
    for name, file in charts.items():
        (folder / f"{name}{file.suffix}").write_bytes(file.read_bytes())
    made: bytes | list[bytes] = typst.compile(
        str(folder / "report.typ"),
        root=str(folder),
        format=form,
        ppi=FINER * PPI,
        font_paths=[str(Path(matplotlib.get_data_path(), "fonts", "ttf"))],
        ignore_system_fonts=True,
        timestamp=0,
        pdf_standards=["ua-1"] if form == "pdf" else [],  # tagged, so that it can be read aloud
    )
    return [made] if isinstance(made, bytes) else list(made)


def _data(document: Document, suffix: str) -> dict[str, Any]:
    return {
        "title": _text(document.title),
        "author": AUTHOR,
        "keywords": KEYWORDS,
        "subtitle": _text(document.subtitle),
        "mark": _text(document.mark),
        "footer": _text(document.footer),
        "sections": [*_sections(document, suffix)],
    }


def _sections(document: Document, suffix: str) -> Iterator[dict[str, Any]]:
    """The sections, and after them the sources that their tables name by number."""
    notes = Notes(document)
    for each in document.sections:
        blocks = [_block(notes.on_paper(block), suffix) for block in each.blocks]
        yield {"title": _text(each.title), "fresh": each.fresh, "blocks": blocks}
    if notes.texts:
        listed = {"kind": "notes", "items": [_text(text) for text in notes.texts]}
        yield {"title": SOURCES, "fresh": True, "blocks": [listed]}


def _block(block: Block, suffix: str) -> dict[str, Any]:
    match block:
        case Paragraph(text, tone):
            return {"kind": "paragraph", "text": _text(text), "tone": tone}
        case Bullets(title, items):
            return {"kind": "bullets", "title": _text(title), "items": [_text(i) for i in items]}
        case Picture(name, message):
            return {"kind": "picture", "file": f"{name}{suffix}", "message": _text(message)}
        case Facts(items):
            said = [
                {"label": _text(i.label), "value": _text(i.value), "span": _text(i.span)}
                for i in items
            ]
            return {"kind": "facts", "items": said}
        case Grid():
            return _grid(block)


def _grid(grid: Grid) -> dict[str, Any]:
    return {
        "kind": "grid",
        "small": grid.small,
        "title": _text(grid.title),
        "sums": grid.sums,
        "whole": len(grid.rows) <= WHOLE
        and not any(len(c.text) > LONG for r in grid.rows for c in r),
        "note": _text(grid.note),
        "columns": [
            {"head": _text(c.head), "numbers": c.numbers, "share": c.share} for c in grid.columns
        ],
        "rows": [[_text(cell.text) for cell in row] for row in grid.rows],
    }


def _text(text: str) -> str:
    """A text on one line in which long words may be broken."""
    text = LONG_WORD.sub(lambda word: BREAKABLE.sub(MAY_BREAK, word[0]), printable(text))
    return UNBROKEN.sub(lambda part: part[0] + MAY_BREAK, text)
