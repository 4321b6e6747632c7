"""`planner size`: the table, JSON, CSV, and how they fail."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from planner.headline import HEADLINE
from planner.report.export import inert
from tests.cli.conftest import Planner

MAIN = "scenarios/5pct_ev_market.yaml"
CASES = ("02_bmw_d3_ingest", "25_gaia1_training", "39_ev_share_2025", "42_ota_campaign")
CHECK = """\
extends: 5pct_ev_market.yaml
checks:
  - {{name: enough GPUs, quantity: gpus, over: max, at_least: "{bound}"}}
"""


def test_the_table_is_as_agreed(planner: Planner, golden: Callable[[str, str], None]) -> None:
    done = planner("size", MAIN, "--no-spread")
    assert (done.code, done.err) == (0, "")
    golden("size_5pct_ev_market.txt", done.out)


@pytest.mark.parametrize(
    ("scenario", "width"),
    (
        *((scenario, width) for scenario in (MAIN, "5pct_from_2027") for width in (60, 140)),
        *(
            (scenario, width)
            for scenario in (
                MAIN,
                "5pct_from_2027",
                "test_fleet",
                *map("tests/cases/{}.yaml".format, CASES),
            )
            for width in (80, 100)
        ),
    ),
)
def test_no_line_is_wider_than_the_terminal(
    planner: Planner, monkeypatch: pytest.MonkeyPatch, scenario: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    done = planner("size", scenario, "--orders", "--no-spread")
    assert done.code == 0, done.err
    longest = max(done.out.splitlines(), key=len)
    assert len(longest) <= width, longest


def test_the_whole_order_book_has_every_order(planner: Planner) -> None:
    book = json.loads(planner("size", MAIN, "--json").out)["orders"]
    lines = planner("size", MAIN, "--orders", "--no-spread").out.splitlines()
    rows = [line for line in lines if re.match(r"  \d{4}-\d{2}  ", line)]
    assert len(rows) == len(book) > 5
    some = planner("size", MAIN, "--no-spread").out.splitlines()
    assert sum(bool(re.match(r"  \d{4}-\d{2}  ", line)) for line in some) == 5


def test_json_of_some_quantities_is_as_agreed(
    planner: Planner, golden: Callable[[str, str], None]
) -> None:
    done = planner("size", MAIN, "--json", "--quantities", "gpus,tco")
    assert (done.code, done.err) == (0, "")
    golden("size_5pct_ev_market_gpus_tco.json", done.out)


def test_json_has_the_documented_keys_and_the_headline_quantities(planner: Planner) -> None:
    document = json.loads(planner("size", MAIN, "--json").out)
    assert list(document) == [
        "schema",
        "scenario",
        "changes",
        "months",
        "quantities",
        "orders",
        "warnings",
        "training_layouts",
        "assumptions",
    ]
    assert document["schema"] == 1
    assert document["months"][0] == "2023-11" and len(document["months"]) == 86
    assert document["scenario"]["horizon"] == {"start": "2024-01", "end": "2030-12"}
    assert tuple(document["quantities"]) == HEADLINE
    assert isinstance(document["quantities"]["tco"]["values"], float)


def test_values_have_the_shape_of_their_labels_on_declared_axes_only(planner: Planner) -> None:
    def shape(values: object) -> list[int]:
        return [len(values), *shape(values[0])] if isinstance(values, list) else []

    document = json.loads(planner("size", MAIN, "--json", "--all").out)
    assert len(document["quantities"]) > len(HEADLINE)
    for name, quantity in document["quantities"].items():
        assert list(quantity) == ["unit", "axes", "labels", "values"], name
        assert list(quantity["labels"]) == quantity["axes"], name
        assert shape(quantity["values"]) == [len(x) for x in quantity["labels"].values()], name


def test_what_is_infinite_is_null_in_json(planner: Planner) -> None:
    printed = planner("size", MAIN, "--json", "--all").out
    assert "Infinity" not in printed and "NaN" not in printed


def test_floats_have_twelve_significant_digits(planner: Planner) -> None:
    printed = planner("size", MAIN, "--json").out
    digits = [
        len(re.sub(r"e.*|\.0$|\D", "", n).strip("0"))
        for n in re.findall(r"\d+\.\d+\S*?(?=[,\]}])", printed)
    ]
    assert digits and max(digits) <= 12


def test_csv_says_the_same_as_json(planner: Planner) -> None:
    names = "gpus,tco,vehicles_in_operation"
    rows = list(
        csv.DictReader(io.StringIO(planner("size", MAIN, "--csv", "--quantities", names).out))
    )
    assert list(rows[0]) == ["quantity", "unit", "month", "region", "site", "hardware", "value"]
    document = json.loads(planner("size", MAIN, "--json", "--quantities", names).out)
    for name, quantity in document["quantities"].items():
        values = quantity["values"]
        while values and isinstance(values, list) and isinstance(values[0], list):
            values = [item for part in values for item in part]
        given = values if isinstance(values, list) else [values]
        assert [float(row["value"]) for row in rows if row["quantity"] == name] == given


def test_no_text_cell_is_a_formula() -> None:
    for text in ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"):
        assert inert(text) == f"'{text}"
    assert inert("model_c") == "model_c"


def test_options_reach_the_plan(planner: Planner) -> None:
    def tco(*options: str) -> float:
        arguments = ("--json", "--quantities", "tco", *options)
        return float(
            json.loads(planner("size", MAIN, *arguments).out)["quantities"]["tco"]["values"]
        )

    base = tco()
    assert tco("--set", "economics.currency_factor=2") == pytest.approx(2 * base)
    assert tco("--set-quantity", "opex=0 USD") < base
    assert tco("--hardware", "dgx_h100") != base


def test_a_file_of_quantities_replaces_ours(planner: Planner, tmp_path: object) -> None:
    module = f"{tmp_path}/mine.py"
    with open(module, "w", encoding="utf-8") as file:
        file.write(
            "from planner.graph import quantity\n\n\n"
            '@quantity(unit="USD", axes="")\n'
            "def tco(residual_value):\n"
            '    """What is left."""\n'
            "    return 0 * residual_value + 7.0\n"
        )
    done = planner("size", MAIN, "--json", "--quantities", "tco", "--with", module)
    assert json.loads(done.out)["quantities"]["tco"]["values"] == 7.0


def test_a_check_that_holds_is_shown_and_is_fine(
    planner: Planner, scenario_file: Callable[[str], str]
) -> None:
    done = planner("size", scenario_file(CHECK.format(bound="1")), "--no-spread")
    assert done.code == 0
    assert re.search(r"^Checks +holds: enough GPUs", done.out, re.MULTILINE)


def test_a_check_that_fails_prints_the_plan_and_exits_1(
    planner: Planner, scenario_file: Callable[[str], str]
) -> None:
    file = scenario_file(CHECK.format(bound="1000000"))
    done = planner("size", file, "--no-spread")
    assert done.code == 1
    assert "FAILS: enough GPUs" in done.out
    assert done.err == "planner: 1 of 1 checks fail: enough GPUs\n"
    document = planner("size", file, "--json")
    assert document.code == 1
    assert json.loads(document.out)["checks"][0]["holds"] is False


def test_a_region_that_must_be_served_and_is_not_exits_1(
    planner: Planner, scenario_file: Callable[[str], str]
) -> None:
    text = "extends: 5pct_ev_market.yaml\nregions:\n  china: {serve: required}\n"
    done = planner("size", scenario_file(text), "--no-spread")
    assert done.code == 1
    assert "china" in done.err and "3A090" in done.err


def test_a_shortfall_is_a_warning_and_exits_0(planner: Planner) -> None:
    done = planner("size", MAIN, "--no-spread")
    assert done.code == 0
    assert re.search(r"^Warnings +\S", done.out, re.MULTILINE)


def test_texts_of_a_scenario_are_printed_as_they_are(
    planner: Planner, scenario_file: Callable[[str], str]
) -> None:
    title = "[red]x[/red] [link=http://a]y[/link] :smile: =1+1"
    done = planner(
        "size", scenario_file(f'extends: 5pct_ev_market.yaml\ntitle: "{title}"\n'), "--no-spread"
    )
    assert done.code == 0
    assert title in done.out


@pytest.mark.parametrize(
    "arguments",
    (
        ("size", "a\x1b[31m.yaml"),
        ("size", MAIN, "--set", "title=a\x1b]0;b\x07"),
        ("size", MAIN, "--set", "\x1b[2J=1"),
        ("size", MAIN, "--set-quantity", "gp\x1b[31mus=1"),
        ("size", MAIN, "--json", "--quantities", "\x1b[31m"),
        ("explain", MAIN, "\x1b[31mgpus"),
        ("explain", MAIN, "gpus", "--region", "\x1b[31m"),
        ("profiles", "show", "nodes/\x1b[31m"),
        ("profiles", "show", "\x1b[31m/a"),
        ("check", "a\x1b[31m.yaml"),
        ("schema", "\x1b[31m"),
    ),
)
def test_nothing_typed_can_steer_the_terminal(planner: Planner, arguments: tuple[str, ...]) -> None:
    done = planner(*arguments)
    assert done.code == 2
    assert "\x1b" not in done.out + done.err and "\x07" not in done.out + done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    (
        (("size",), "SCENARIO"),
        (("size", MAIN, "--jsn"), "--json"),
        (("size", MAIN, "--json", "--csv"), "not both"),
        (("size", MAIN, "--all"), "--json"),
        (("size", MAIN, "--json", "--quantities", "gpuss"), "nearest: gpus"),
        (("size", MAIN, "--set-quantity", "gpuss=1"), "nearest: gpus"),
        (("size", MAIN, "--set-quantity", "tco=1 W"), "expected a price"),
        (("size", MAIN, "--set", "fleet.life"), "PATH=VALUE"),
        (("size", MAIN, "--set", "fleet.live=3 year"), "nearest: life"),
        (("size", MAIN, "--hardware", "dgx_h10"), "nearest: dgx_h100"),
        (("size", MAIN, "--with", "nothing.py"), "no such file"),
        (("size", "5pct_ev_markt"), "nearest: 5pct_ev_market"),
    ),
)
def test_wrong_usage_exits_2_and_says_what_to_type(
    planner: Planner, arguments: tuple[str, ...], words: str
) -> None:
    done = planner(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert words in done.err
    assert "Traceback" not in done.err


def test_all_faults_of_a_file_are_listed_with_line_and_path(
    planner: Planner,
    scenario_file: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    golden: Callable[[str, str], None],
    tmp_path: object,
) -> None:
    scenario_file(
        "extends: 5pct_ev_market.yaml\n"
        "programs:\n"
        "  model_n: {daily_hour: 3 hour/day}\n"
        "sites:\n"
        "  taiwan:\n"
        "    power_limit: 20 MWh\n"
        "tiers:\n"
        "  warm: {held_until: -90 day}\n"
    )
    monkeypatch.chdir(str(tmp_path))
    done = planner("size", "mine.yaml")
    assert (done.code, done.out) == (2, "")
    golden("faults.txt", done.err)


def test_a_reader_that_leaves_early_is_no_fault() -> None:
    command = [sys.executable, "-m", "planner", "scenarios", "list"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 141


def test_styles_go_to_terminals_without_no_color_only(
    planner: Planner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b" not in planner("size", "test_fleet", "--no-spread").out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert "\x1b[1m" in planner("size", "test_fleet", "--no-spread").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in planner("size", "test_fleet", "--no-spread").out


def test_an_interrupt_before_a_command_begins_says_nothing(
    planner: Planner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("planner.cli._run", interrupted)
    done = planner("size", MAIN)
    assert (done.code, done.out, done.err) == (130, "", "")


def test_an_interrupt_exits_130(planner: Planner, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("planner.cli.size.load_project", interrupted)
    assert planner("size", MAIN, "--no-spread").code == 130
