"""Reports: what they say, that every form is whole, and that hostile texts stay texts."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import threading
from collections.abc import Iterator
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest

from planner import units
from planner.axes import MONTH
from planner.lineage import explain
from planner.plan import Plan
from planner.project import load
from planner.report.comparison import Compared
from planner.report.document import files, html, pdf, staging, workbook
from planner.report.document.content import Bullets, Document, Facts, Grid, Picture
from planner.report.document.pictures import NAMES
from planner.report.document.sections import document
from planner.results import VIOLATION_MARK

HEADLINE = "5pct_ev_market"
SMALL = "test_fleet"
HOSTILE = '=1+1 <script>alert(1)</script> #eval("1") *b* _i_ `c` $x$ @a \\ [l](u) &amp; </title>'


@lru_cache
def plan(scenario: str = HEADLINE) -> Plan:
    return load(scenario).plan()


@lru_cache
def made(*scenarios: str) -> Document:
    return document([Compared(name, plan(name)) for name in scenarios or (HEADLINE,)])[0]


def blocks(kind: type, of: Document) -> Iterator[object]:
    return (b for section in of.sections for b in section.blocks if isinstance(b, kind))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    file = tmp_path_factory.mktemp("hostile") / "mine.yaml"
    text = json.dumps(HOSTILE)
    lines = [f"extends: {SMALL}.yaml", f"title: {text}", f"about: {text}", ""]
    file.write_text("\n".join(lines), encoding="utf-8")
    return load(file, allow_export_violation=True).plan()


def test_the_first_page_has_the_figures_of_the_plan() -> None:
    (facts,) = [b for b in made().sections[0].blocks if isinstance(b, Facts)]
    by_name = {fact.explains: fact for fact in facts.items}
    gpus = plan().values("gpus_required")[0]
    peak = gpus.reshape(gpus.shape[1], -1).sum(axis=1).max()
    assert by_name["gpus_required"].value == f"{float(f'{peak:.3g}'):,.0f}"
    assert by_name["tco"].value.startswith("USD ")
    assert all(" to " in fact.span for fact in facts.items)


def test_every_domain_has_a_section_and_every_chart_a_number_in_its_message() -> None:
    titles = [section.title for section in made().sections]
    for words in (
        "Demand",
        "storage",
        "Compute",
        "updates",
        "Facility",
        "Money",
        "carbon",
        "Risks",
    ):
        assert any(words in title for title in titles), words
    messages = [picture.message for picture in blocks(Picture, made())]
    assert len(messages) == len(set(messages)) >= 10
    assert all(re.search(r"\d", message) for message in messages)


def test_the_appendix_has_every_quantity_and_every_written_number() -> None:
    grids = {grid.name: grid for grid in blocks(Grid, made()) if isinstance(grid, Grid)}
    assert [row[0].text for row in grids["quantities"].rows] == list(plan().quantities)
    paths = {row[0].text for row in grids["inputs"].rows}
    assert paths == {row.path for row in plan().project.table.rows}


def test_payments_add_up_to_the_total_cost() -> None:
    (grid,) = [g for g in blocks(Grid, made()) if isinstance(g, Grid) and g.name == "payments"]
    (present,) = [row for row in grid.rows if row[0].text == "present value"]
    assert present[-1].value == pytest.approx(plan().values("tco")[0].item())
    parts = [row for row in grid.rows if row[0].text not in ("total", "present value")]
    (total,) = [row for row in grid.rows if row[0].text == "total"]
    for place, cell in enumerate(total[1:], 1):
        assert sum(row[place].value or 0.0 for row in parts) == pytest.approx(cell.value)


def test_several_scenarios_are_compared() -> None:
    report = made(HEADLINE, "5pct_from_2027")
    (section,) = [each for each in report.sections if each.title == "Comparison"]
    why = [b for b in section.blocks if isinstance(b, Bullets)]
    assert any("TCO USD" in item for item in why[0].items)


def test_many_scenarios_are_compared_in_several_tables() -> None:
    """Each page is as wide as the next: every plan stands once beside the first."""
    names = [f"{number} {SMALL} with a name that is long" for number in range(6)]
    report, _ = document([Compared(name, plan(SMALL)) for name in names])
    grids = [g for g in blocks(Grid, report) if isinstance(g, Grid) and "comparison" in g.name]
    assert [grid.name for grid in grids] == ["comparison 1", "comparison 2"]
    heads = [[column.head for column in grid.columns if column.numbers] for grid in grids]
    assert all(len(head) <= 20 for row in heads for head in row)
    assert all(row[0].startswith("0") for row in heads)
    shown = [head[:1] for row in heads for head in row[1:] if head != "change"]
    assert shown == ["1", "2", "3", "4", "5"]
    for grid in grids:
        assert all(len(row) == len(grid.columns) for row in grid.rows)
    book = sheets(workbook.write(report, plan(SMALL)))
    assert {"comparison 1", "comparison 2"} <= book.keys()


def test_a_pdf_is_set_with_all_charts(tmp_path: Path) -> None:
    forms = list(files.write([Compared(SMALL, plan(SMALL))], tmp_path, ["pdf", "svg"]))
    assert forms[0] == tmp_path / "report.pdf"
    assert forms[0].read_bytes().startswith(b"%PDF-")
    charts = {file.stem for file in forms[1:]}
    assert charts == {p.name for p in blocks(Picture, made(SMALL)) if isinstance(p, Picture)}
    assert not list(tmp_path.rglob("*.part"))


def test_a_failure_leaves_all_of_the_old_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what was made before the failure is not put in place."""
    for name in ("report.pdf", "report.html"):
        (tmp_path / name).write_bytes(b"old")

    def broken(*_: object) -> str:
        raise OSError("no space left")

    monkeypatch.setattr(html, "page", broken)
    made_so_far = []
    with pytest.raises(OSError, match="no space"):
        for file in files.write([Compared(SMALL, plan(SMALL))], tmp_path, ["pdf", "html"]):
            made_so_far.append(file)
    assert made_so_far == [tmp_path / "report.pdf"]
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        "report.pdf": b"old",
        "report.html": b"old",
    }


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process that kills itself")
def test_a_kill_leaves_the_old_report_and_the_next_run_what_it_should(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_bytes(b"old")
    child = os.fork()
    if not child:
        try:
            for _ in files.write([Compared(SMALL, plan(SMALL))], tmp_path, ["html"]):
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert (tmp_path / "report.html").read_bytes() == b"old"
    (left,) = [file for file in tmp_path.iterdir() if file.name != "report.html"]
    assert left.name.startswith(staging.PREFIX)
    assert list(files.write([Compared(SMALL, plan(SMALL))], tmp_path, ["html"]))
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_bytes() != b"old"


def test_what_a_run_makes_that_is_alive_is_not_removed_by_another(tmp_path: Path) -> None:
    dead = tmp_path / f"{staging.PREFIX}dead"
    dead.mkdir()
    with staging.staging(tmp_path) as mine:
        assert not dead.exists()
        with staging.staging(tmp_path) as other:
            assert mine.is_dir()
            assert other.is_dir()
    assert not list(tmp_path.iterdir())


def test_files_of_two_reports_do_not_mix(tmp_path: Path) -> None:
    """One does not move its files while another does."""
    (tmp_path / "room").mkdir()
    (tmp_path / "room/a").write_text("new", encoding="utf-8")
    moving = threading.Thread(
        target=staging.put, args=(tmp_path / "room", tmp_path, [Path("a")], []), daemon=True
    )
    with staging._locked(tmp_path, wait=True):
        moving.start()
        moving.join(0.2)
        assert moving.is_alive() and not (tmp_path / "a").exists()
    moving.join(10)
    assert (tmp_path / "a").read_text(encoding="utf-8") == "new"


def test_charts_and_pages_of_an_older_report_go_and_other_files_stay(tmp_path: Path) -> None:
    places = ["charts/ota.svg", "charts/ota.png", "charts/mine.svg", "pages/page-98.png"]
    for place in places:
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_bytes(b"old")
    services = plan("services_only")
    shown = list(files.write([Compared("services", services)], tmp_path, ["svg"]))
    assert tmp_path / "charts" / "gpus.svg" in shown
    assert tmp_path / "charts" / "ota.svg" not in shown
    assert {place for place in places if (tmp_path / place).exists()} == set(places[1:])


@pytest.mark.parametrize("scenario", [HEADLINE, SMALL])
def test_charts_have_names_that_an_older_report_is_searched_for(scenario: str) -> None:
    shown = {picture.name for picture in blocks(Picture, made(scenario))}
    assert shown <= NAMES
    assert shown == NAMES or scenario != HEADLINE


def test_hostile_texts_are_texts_on_the_pages(hostile: Plan, tmp_path: Path) -> None:
    report, _ = document([Compared("mine", hostile)])
    bare = Document(report.title, report.subtitle, report.mark, report.footer, report.sections[:0])
    found = pdf.write(bare, {}, tmp_path)
    assert found.startswith(b"%PDF-")
    data = json.loads((tmp_path / "data.json").read_text(encoding="utf-8"))
    assert data["title"].replace("\u200b", "") == HOSTILE
    assert data["mark"] == VIOLATION_MARK


@pytest.mark.parametrize("text", ["N" * 10_000, "of words " * 9, f"{'x' * 29} {'y' * 30} z"])
def test_no_word_is_longer_than_a_line(text: str) -> None:
    shown = pdf._text(text)
    assert shown.replace(pdf.MAY_BREAK, "") == text
    assert max(map(len, re.split(rf"[\s{pdf.MAY_BREAK}]", shown))) <= 30
    if len(text) < 100:
        assert shown == text


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_hostile_texts_are_texts_in_html(hostile: Plan) -> None:
    report, _ = document([Compared("mine", hostile)])
    bare = Document(report.title, report.subtitle, report.mark, report.footer, report.sections[-1:])
    page = html.page(bare, hostile, {})
    seen = _Seen()
    seen.feed(page)
    assert seen.tags.count("script") == 2  # the data and the program, both ours
    assert any(HOSTILE in text for text in seen.texts)
    assert "<script>alert" not in page
    lineage = re.search(r'id="lineage">(.*?)</script>', page, re.DOTALL)
    assert lineage is not None
    assert json.loads(lineage[1])["nodes"]["tco"]["parents"]


def test_a_page_needs_nothing_from_elsewhere() -> None:
    report = made(SMALL)
    bare = Document(report.title, report.subtitle, report.mark, report.footer, report.sections[-1:])
    page = html.page(bare, plan(SMALL), {})
    assert not re.search(r'(src|href)="(?!#|data:)', page)
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_every_figure_that_can_be_clicked_has_a_tree() -> None:
    from planner.report.document.lineage import nodes

    known = nodes(plan())
    asked = {
        cell.explains
        for grid in blocks(Grid, made())
        if isinstance(grid, Grid)
        for row in grid.rows
        for cell in row
        if cell.explains
    }
    assert len(asked) > 400
    assert asked <= known.keys()
    for node in known.values():
        assert set(node.get("parents", ())) <= known.keys()


def test_the_tree_of_a_years_figure_has_that_years_values() -> None:
    from planner.report.document.lineage import ends_of_years, nodes, values_at

    months = ends_of_years(plan())
    assert months[:2] == ["2023-12", "2024-12"] and months[-1] == "2030-12"
    found = values_at(plan(), months)
    known = nodes(plan())
    assert len(found) > 400
    monthly = {
        name for name, quantity in plan().project.graph.quantities.items() if MONTH in quantity.axes
    }
    assert monthly <= found.keys() and monthly <= known.keys()
    for name in ("gpus_required", "capex", "ingest_peak", "market_share"):
        for month, text in zip(months, found[name], strict=True):
            assert text == explain(plan(), name, at=month, depth=0).value, (name, month)


def test_a_workbook_has_numbers_as_numbers_and_no_formula(hostile: Plan) -> None:
    report, _ = document([Compared("mine", hostile)])
    book = openpyxl.load_workbook(io.BytesIO(workbook.write(report, hostile)))
    assert {"about", "values", "inputs", "quantities", "cash flow"} <= set(book.sheetnames)
    for sheet in book:
        assert sheet["A1"].value == VIOLATION_MARK
        for row in sheet.iter_rows(max_row=400):
            assert all(cell.data_type != "f" for cell in row)
    title = book["about"]["B3"].value
    assert title == HOSTILE
    values = book["values"]
    heads = [cell.value for cell in values[2]]
    numbers = [row[heads.index("value")] for row in values.iter_rows(min_row=3, values_only=True)]
    assert all(number is None or isinstance(number, (int, float)) for number in numbers)


def sheets(book: bytes) -> dict[str, list[tuple[object, ...]]]:
    found = openpyxl.load_workbook(io.BytesIO(book), read_only=True)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in found}


def test_numbers_of_a_workbook_are_in_the_unit_that_stands_beside_them() -> None:
    found = sheets(workbook.write(made(), plan()))
    (hot,) = [row for row in found["data and storage"] if row[1] == "hot needed, PB"]
    peak = plan()["storage_hot_required"]
    assert peak.unit == "byte"
    months = plan().values("storage_hot_required")[0]
    assert hot[8] == pytest.approx(months.reshape(months.shape[1], -1).sum(axis=1).max() / 1e15)
    heads = found["quantities"][0]
    (tco,) = [row for row in found["quantities"] if row[0] == "tco"]
    assert tco[heads.index("unit of at the end")] == "USD"
    assert tco[heads.index("at the end")] == pytest.approx(plan().values("tco")[0].item())
    rows = {row.path: row for row in plan().project.table.rows}
    heads = found["inputs"][0]
    for row in found["inputs"][1:]:
        cell = rows[str(row[0])]
        unit, value = row[heads.index("unit of value")], row[heads.index("value")]
        if cell.unit != "1" and isinstance(value, (int, float)):
            assert unit == cell.unit
            assert units.to_base(value, cell.unit) == pytest.approx(cell.value)
    (present,) = [row for row in found["payments"] if row[0] == "present value"]
    assert found["payments"][0][0] == "USD M"
    assert present[-1] == pytest.approx(plan().values("tco")[0].item() / 1e6)
    assert any(row[0] == "cash flow" and "USD M" in str(row[1]) for row in found["about"])


def test_the_same_plan_gives_the_same_files(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        list(
            files.write([Compared(SMALL, plan(SMALL))], tmp_path / folder, ["pdf", "html", "xlsx"])
        )
    for name in ("report.pdf", "report.html", "report.xlsx"):
        first, second = ((tmp_path / folder / name).read_bytes() for folder in ("a", "b"))
        assert first == second, name
