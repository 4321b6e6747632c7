"""From plans to the files of a report: each is written under a temporary name and moved into place."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from planner.plan import Plan
from planner.report.comparison import Compared
from planner.report.document.content import Document
from planner.report.document.pictures import Drawing
from planner.report.document.sections import document
from planner.report.house import house_style
from planner.study.blocks import moved

NAME = "report"


def write(plans: Sequence[Compared], folder: Path, forms: Sequence[str]) -> Iterator[Path]:
    """Write a report in some forms; gives each file that is there, the report itself before its charts.

    A kill leaves each file as it was or as it is now. Raises OSError where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made, charts = document(plans)
    with tempfile.TemporaryDirectory(prefix="planner-report-") as scratch:
        room = Path(scratch)
        pictures = _drawn(charts, room, "png" in forms)
        yield from _written(made, plans[0].plan, pictures, folder, forms, room)


def _written(
    made: Document,
    plan: Plan,
    pictures: dict[str, dict[str, Path]],
    folder: Path,
    forms: Sequence[str],
    room: Path,
) -> Iterator[Path]:
    from planner.report.document import pdf

    if "pdf" in forms:
        with _folder(room, "pdf") as inside:
            yield _moved(folder / f"{NAME}.pdf", pdf.write(made, pictures["svg"], inside))
    if "html" in forms:
        from planner.report.document import html

        yield _moved(folder / f"{NAME}.html", html.page(made, plan, pictures["svg"]).encode())
    if "xlsx" in forms:
        from planner.report.document import workbook

        yield _moved(folder / f"{NAME}.xlsx", workbook.write(made, plan))
    if "png" in forms:
        with _folder(room, "png") as inside:
            pages = pdf.pages(made, pictures["svg"], inside)
        for number, page in enumerate(pages, 1):
            yield _moved(folder / "pages" / f"page-{number:02d}.png", page)
        for old in (folder / "pages").glob("page-[0-9][0-9].png"):  # of a longer report
            if int(old.stem[-2:]) > len(pages):
                old.unlink()
    for form in ("png", "svg"):
        if form in forms:
            for name, file in pictures[form].items():
                yield _moved(folder / "charts" / f"{name}.{form}", file.read_bytes())


def _drawn(
    charts: Sequence[tuple[Plan, Drawing]], room: Path, as_png: bool
) -> dict[str, dict[str, Path]]:
    """Charts as files by form and name."""
    forms = [("svg", {"Date": None}), *([("png", {"Software": None})] if as_png else [])]
    files: dict[str, dict[str, Path]] = {form: {} for form, _ in forms}
    with house_style():
        for _, drawing in charts:
            figure = drawing.draw()
            for form, about in forms:
                file = room / f"{drawing.name}.{form}"
                figure.savefig(file, format=form, metadata=about)
                files[form][drawing.name] = file
    return files


def _moved(file: Path, content: bytes) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    moved(file, partial(_put, content))
    return file


def _put(content: bytes, place: Path) -> None:
    place.write_bytes(content)


@contextmanager
def _folder(room: Path, name: str) -> Iterator[Path]:
    inside = room / name
    inside.mkdir()
    yield inside
