"""`planner compare` and `planner diff`, as typed."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Callable

import pytest

from planner.report import review
from tests.cli.conftest import Planner

HEADLINE = "5pct_ev_market"


def test_hardware_stands_side_by_side_with_what_makes_it_differ(planner: Planner) -> None:
    result = planner("compare", HEADLINE, "--hardware", "gh200_nvl32,dgx_h100")
    assert result.code == 0
    heads = next(line for line in result.out.splitlines() if line.startswith(" " * 30))
    assert "dgx_h100" in heads
    row = next(
        line for line in result.out.splitlines() if "GPUs needed" in line and "->" not in line
    )
    assert row.endswith("%")
    why = result.out[result.out.index("Why dgx_h100") :]
    assert "prices of nodes and accelerators -USD" in why
    assert all(len(line) <= 124 for line in result.out.splitlines())


def test_a_kind_that_no_plan_can_be_made_with_is_left_out(planner: Planner) -> None:
    result = planner("compare", HEADLINE, "--hardware", "gh200_nvl32,dgx_h100,gh200_nvl33")
    assert result.code == 0
    assert "gh200_nvl33: left out:" in result.out
    assert 'nearest: "gh200_nvl32"' in result.out or "gh200_nvl32" in result.out


def test_files_say_which_kinds_are_left_out(planner: Planner) -> None:
    kinds = ("--hardware", "gh200_nvl32,dgx_h100,gh200_nvl33")
    document = json.loads(planner("compare", HEADLINE, *kinds, "--json").out)
    (left,) = document["left_out"]
    assert left["name"] == "gh200_nvl33"
    assert "gh200_nvl32" in left["reason"]
    result = planner("compare", HEADLINE, *kinds, "--csv")
    assert result.code == 0
    assert "gh200_nvl33: left out" in result.err
    assert "left out" not in result.out


def test_json_has_every_row_and_causes_that_add_up(planner: Planner) -> None:
    result = planner("compare", HEADLINE, "5pct_from_2027", "--json")
    document = json.loads(result.out)
    assert [each["name"] for each in document["plans"]] == [HEADLINE, "5pct_from_2027"]
    rows = {(row["group"], row["label"]): row for row in document["rows"]}
    tco = document["differences"][0]["figures"]["tco"]
    assert rows["Money", "TCO"]["values"] == [tco["before"], tco["after"]]
    moved = sum(tco["causes"].values()) + tco["together"]
    assert moved == pytest.approx(tco["after"] - tco["before"], rel=1e-6)
    # A row that the second plan's table leaves out, since it serves every vehicle.
    assert rows["Fleet", "served"]["values"][1] > 7e6
    # No such site in the first plan's table: nothing of it can be read there.
    assert rows["Site", "china"]["values"][0] is None


def test_sums_over_other_months_are_warned_of(planner: Planner) -> None:
    for command in (("compare", HEADLINE), ("diff", HEADLINE), ("diff", "--markdown", HEADLINE)):
        said = " ".join(planner(*command, "5pct_from_2027").out.split())
        assert "84 months" in said and "48 months" in said and "which plan is cheaper" in said
        assert "other months" in said[said.index("Why") :]
    same = planner("diff", HEADLINE, "--set", "market.share=3 %").out
    assert "horizons differ" not in same


def test_names_that_begin_alike_can_be_told_apart(planner: Planner) -> None:
    heads = planner("compare", HEADLINE, "5pct_from_2027").out.splitlines()
    assert any(line.split() == [HEADLINE, "5pct_from_2027"] for line in heads)


def test_a_review_is_as_wide_as_the_terminal(
    planner: Planner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    out = planner("diff", HEADLINE, "5pct_from_2027").out
    table = out[out.index("Outputs moved") : out.index("Why")].splitlines()
    assert max(len(line) for line in table) == 60


def test_csv_has_a_row_a_value(planner: Planner) -> None:
    result = planner("compare", HEADLINE, "--hardware", "gh200_nvl32,dgx_h100", "--csv")
    rows = list(csv.DictReader(io.StringIO(result.out)))
    gpus = {row["plan"]: float(row["value"]) for row in rows if row["label"] == "GPUs needed"}
    assert gpus["dgx_h100"] > gpus["gh200_nvl32"] > 0


def test_one_plan_is_not_compared(planner: Planner) -> None:
    result = planner("compare", HEADLINE)
    assert result.code == 2
    assert "second scenario" in result.err


def test_a_change_is_reviewed(planner: Planner) -> None:
    result = planner("diff", HEADLINE, "--set", "market.share=3 %")
    assert result.code == 0
    assert "Inputs changed: 1" in result.out
    assert "-> 3 %" in result.out
    assert "market.share -USD" in result.out
    # Three per cent from the first month on: more is sold, and ordered, until five are reached.
    assert re.search(r"Orders .* \(\+USD", result.out)


def test_a_check_whose_verdict_changes_is_reviewed(
    planner: Planner, scenario_file: Callable[[str], str]
) -> None:
    checks = "\n".join(
        f"- {{name: {name}, quantity: {quantity}, at_least: 1 {unit}}}"
        for name, quantity, unit in (("costs", "tco", "USD"), ("draws", "site_power", "MW"))
    )
    mine = scenario_file(f"extends: {HEADLINE}.yaml\nchecks:\n{checks}\n")
    result = planner("diff", mine, "--set-quantity", "tco=0")
    (line,) = [line for line in result.out.splitlines() if line.startswith("Checks")]
    assert "FAILS: costs" in line
    assert "draws" not in result.out


def test_nothing_moves_between_a_plan_and_itself(planner: Planner) -> None:
    result = planner("diff", HEADLINE, HEADLINE, "--exit-code")
    assert result.code == 0
    assert "Inputs changed: 0" in result.out
    assert "Outputs moved: 0 of" in result.out
    assert "the order book is the same" in result.out


def test_the_exit_code_says_whether_an_output_moves(planner: Planner) -> None:
    result = planner("diff", HEADLINE, "--set", "market.share=3 %", "--exit-code")
    assert result.code == 1


def test_markdown_carries_no_marks_of_the_files(
    planner: Planner, scenario_file: Callable[[str], str]
) -> None:
    hostile = "<img src=x onerror=alert(1)> | **bold** [x](http://a) @team `code` #12 www.a.de"
    mine = scenario_file(f"extends: 5pct_ev_market.yaml\ntitle: '{hostile}'\n")
    result = planner("diff", HEADLINE, mine, "--markdown")
    assert result.code == 0
    (title,) = [line for line in result.out.splitlines() if line.startswith("### ")]
    assert "<img" not in title
    assert "\\*\\*bold\\*\\*" in title
    assert "\\[x\\]" in title
    for refers in ("@team", "#12", "http://", "www."):
        assert refers not in title
    shown = html.unescape(title).replace("\u200b", "").replace("\\", "")
    assert hostile in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("market.share", "`market.share`"),
        ("a`b", "a\\`b"),
        ("a|b", "a\\|b"),
        ("a\\|b", "a\\\\\\|b"),
        ("a\nb", "`a b`"),
    ],
)
def test_code_ends_neither_its_marks_nor_its_cell(text: str, shown: str) -> None:
    assert review._code(text) == shown


def test_a_review_as_json_names_inputs_with_their_lines(planner: Planner) -> None:
    result = planner("diff", HEADLINE, "--set", "fleet.life=14 year", "--json")
    document = json.loads(result.out)
    (change,) = document["inputs"]
    assert change["path"] == "fleet.life"
    assert change["after"] == "14 year"
    assert change["was_at"]["line"] > 0
    assert document["figures"]["tco"]["causes"]
    assert document["orders"]["before"]["count"] > 0


def test_a_review_needs_a_change(planner: Planner) -> None:
    result = planner("diff", HEADLINE)
    assert result.code == 2
    assert "second scenario" in result.err
