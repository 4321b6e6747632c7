"""From plans to the files of a report, which come into their folder together."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from planner.plan import Plan
from planner.report.comparison import Compared
from planner.report.document.content import Document
from planner.report.document.drawing import Drawing
from planner.report.document.pictures import NAMES
from planner.report.document.sections import document
from planner.report.document.staging import put, staging
from planner.report.house import house_style

NAME, PAGES, CHARTS = "report", "pages", "charts"
_PAGE = re.compile(r"page-\d{2,}\.png")


def write(plans: Sequence[Compared], folder: Path, forms: Sequence[str]) -> Iterator[Path]:
    """Write a report in some forms; gives each file once it is made, the report itself before its charts.

    All are moved into place after the last of them is made. Raises OSError where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made, charts = document(plans)
    with staging(folder) as room:
        pictures = _drawn(charts, room, "png" in forms)
        whole = room / "whole"
        places = []
        for place, content in _contents(made, plans[0].plan, pictures, forms, room):
            (whole / place).parent.mkdir(parents=True, exist_ok=True)
            (whole / place).write_bytes(content)
            places.append(place)
            yield folder / place
        put(whole, folder, places, list(_outdated(folder, forms, places)))


def _outdated(folder: Path, forms: Sequence[str], places: Sequence[Path]) -> Iterator[Path]:
    """Pages and charts of an earlier report that this one has not, of the forms that it is written in."""
    now = {folder / place for place in places}
    for form in ("png", "svg"):
        if form in forms:
            yield from {folder / CHARTS / f"{name}.{form}" for name in NAMES} - now
    if "png" in forms:
        yield from {
            old for old in (folder / PAGES).glob("*.png") if _PAGE.fullmatch(old.name)
        } - now


def _contents(
    made: Document,
    plan: Plan,
    pictures: dict[str, dict[str, Path]],
    forms: Sequence[str],
    room: Path,
) -> Iterator[tuple[Path, bytes]]:
    """Each file's place in the folder, and what is in it; `room` is where Typst may work."""
    from planner.report.document import pdf

    if "pdf" in forms:
        yield Path(f"{NAME}.pdf"), pdf.write(made, pictures["svg"], _inside(room, "pdf"))
    if "html" in forms:
        from planner.report.document import html

        yield Path(f"{NAME}.html"), html.page(made, plan, pictures["svg"]).encode()
    if "xlsx" in forms:
        from planner.report.document import workbook

        yield Path(f"{NAME}.xlsx"), workbook.write(made, plan)
    if "png" in forms:
        pages = pdf.pages(made, pictures["svg"], _inside(room, "png"))
        for number, page in enumerate(pages, 1):
            yield Path(PAGES, f"page-{number:02d}.png"), page
    for form in ("png", "svg"):
        if form in forms:
            for name, file in pictures[form].items():
                yield Path(CHARTS, f"{name}.{form}"), file.read_bytes()


def _inside(room: Path, name: str) -> Path:
    inside = room / name
    inside.mkdir()
    return inside


def _drawn(
    charts: Sequence[tuple[Plan, Drawing]], room: Path, as_png: bool
) -> dict[str, dict[str, Path]]:
    """Charts as files by form and name."""
    forms = [("svg", {"Date": None}), *([("png", {"Software": None})] if as_png else [])]
    files: dict[str, dict[str, Path]] = {form: {} for form, _ in forms}
    with house_style(), warnings.catch_warnings():
        # A name in letters that the font lacks is drawn with a box each; nobody who asks for a report can mend that.
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        for _, drawing in charts:
            figure = drawing.draw()
            for form, about in forms:
                file = room / f"{drawing.name}.{form}"
                figure.savefig(file, format=form, metadata=about)
                files[form][drawing.name] = file
    return files
