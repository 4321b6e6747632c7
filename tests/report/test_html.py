"""The page of a report: its data, its sorting, its charts and its program are what the page says that they are."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

import pytest

from planner import resources
from planner.plan import Plan
from planner.project import load
from planner.report.document import html
from planner.report.document.content import Cell, Column, Document, Grid, Picture, Section

SVG = '<?xml version="1.0"?>\n<svg id="figure"><path id="a"/><use href="#a"/><g clip-path="url(#a)"/></svg>'


@lru_cache
def plan() -> Plan:
    return load("test_fleet").plan()


def page(grid: Grid | None = None, charts: dict[str, Path] | None = None) -> str:
    pictures = [Picture(name, "message 1") for name in charts or {}]
    section = Section("a section", [*([grid] if grid else []), *pictures])
    return html.page(Document("title", "", "", "", [section]), plan(), charts or {})


def test_nothing_in_the_data_ends_its_block() -> None:
    """A name in a scenario is data of the trees too."""
    hostile = {"</script><script>alert(1)</script>": ["<!--", 1.5, None, {"a": "\x1b"}]}
    text = html._json(hostile)
    assert "<" not in text
    assert json.loads(text) == {**hostile, next(iter(hostile)): ["<!--", 1.5, None, {"a": "\\x1b"}]}


def test_cells_sort_by_the_number_behind_them_and_rows_by_their_group() -> None:
    columns = [Column("group"), Column("value", True)]
    rows = [
        [Cell("Site"), Cell("1.5 MW", 1.5e6, "site_power", 1.5)],
        [Cell(""), Cell("-", None)],
        [Cell("Money & more"), Cell("2", 2.0)],
        [Cell(""), Cell("3", 3.0)],
    ]
    text = page(Grid(columns, rows))
    assert re.findall(r'<td class="n"(?: data-v="([^"]*)")?>', text) == [
        "1500000.0",
        "",
        "2.0",
        "3.0",
    ]
    assert re.findall(r'data-g="([^"]*)"', text) == ["Site", "Money &amp; more"]
    assert 'data-q="site_power">1.5 MW</button>' in text


def test_no_two_charts_share_an_identity(tmp_path: Path) -> None:
    charts = {name: tmp_path / f"{name}.svg" for name in ("gpus", "money")}
    for file in charts.values():
        file.write_text(SVG, encoding="utf-8")
    text = page(charts=charts)
    drawings = re.findall(r"<svg.*?</svg>", text)
    assert len(drawings) == 2
    for name, drawing in zip(charts, drawings, strict=True):
        assert re.findall(r'id="([^"]+)"', drawing) == [f"{name}-figure", f"{name}-a"]
        assert f'href="#{name}-a"' in drawing
        assert f"url(#{name}-a)" in drawing
    assert "<?xml" not in text


def test_the_only_program_that_may_run_is_the_one_in_the_page() -> None:
    text = page()
    script = text[text.rindex("<script>") + len("<script>") : text.rindex("</script>")]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert f"script-src 'sha256-{digest}'" in policy[1]


# As much of a page as sorting asks for: a table of a head, rows, and a row of sums.
TABLE = """
const made = (text, v) => ({ textContent: text, dataset: v === undefined ? {} : { v } });
const row = (text, v, sum) => ({ cells: [made(text), made(String(v ?? ""), v)], classList: { contains: () => sum } });
let rows = [row("b", 2), row("none"), row("a", 10), row("c", 1), row("total", 13, true)];
const body = { rows, append: (...all) => { body.rows = all; } };
const head = () => ({ parentNode: heads, closest: () => ({ tBodies: [body] }), said: null,
  getAttribute() { return this.said; }, setAttribute(_, to) { this.said = to; },
  removeAttribute() { this.said = null; } });
const heads = {};
heads.children = [head(), head()];
const shown = (place) => { sort(heads.children[place]); return body.rows.map((each) => each.cells[0].textContent); };
console.log(JSON.stringify([shown(1), shown(1), shown(0), shown(0)]));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="the page's program needs an interpreter")
def test_sums_and_empty_cells_stay_last_whichever_way_a_column_is_sorted() -> None:
    script = resources.report_file("report.js").read_text(encoding="utf-8")
    functions = [
        re.search(rf"^function {name}\(.*?^}}", script, re.DOTALL | re.MULTILINE)
        for name in ("key", "compare", "sort")
    ]
    program = "\n".join([*(each[0] for each in functions if each), TABLE])
    done = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [
        ["c", "b", "a", "none", "total"],
        ["a", "b", "c", "none", "total"],
        ["a", "b", "c", "none", "total"],
        ["none", "c", "b", "a", "total"],
    ]
