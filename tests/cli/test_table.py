"""What the table of `planner size` says: complete sums, comparable rows, labelled what-ifs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import planner as package
from planner import units
from planner.catalogue import RUNNING
from planner.findings import Assumption
from planner.plan import Plan
from planner.report.document.sections import draws_of
from planner.report.rows import _MONEY_PARTS
from planner.report.summary import _rests_on, summary
from planner.report.table import LABEL, MARGIN
from tests.cli.conftest import ROOT, Planner

MAIN = "scenarios/5pct_ev_market.yaml"
MIXED = """\
extends: 5pct_ev_market.yaml
sites:
  taiwan:
    installed:
      - {hardware: dgx_a100, count: {value: 4, source: "Invented", confidence: assumed}, in_service: 2022-01}
"""


@pytest.fixture(scope="module")
def plan() -> Plan:
    return package.load(ROOT / MAIN).plan()


def table(plan: Plan, width: int = 100) -> dict[str, str]:
    """Heads under "", and the cells of each row under its label."""
    lines = [line.plain for line in summary(plan, width)]
    start = next(i for i, line in enumerate(lines) if line.startswith(" " * MARGIN))
    end = next(i for i, line in enumerate(lines) if line.startswith("Vehicles, and what is in"))
    return {line[MARGIN - LABEL : MARGIN].strip(): line[MARGIN:] for line in lines[start:end]}


def numbers(cells: str) -> list[float]:
    return [float(cell.replace(",", "")) for cell in re.findall(r"[\d.,]+", cells)]


@pytest.mark.parametrize("width", (60, 80, 100))
def test_the_cells_of_a_flow_add_up_to_all_that_the_plan_pays(plan: Plan, width: int) -> None:
    rows = table(plan, width)
    assert rows[""].split()[0] == "before"
    for name in ("capex", "opex"):
        whole = float(plan.values(name)[0].sum())
        assert sum(numbers(rows[f"{name}, USD M"])) * 1e6 == pytest.approx(whole, rel=5e-3)


def test_before_the_horizon_a_stock_has_no_cell(plan: Plan) -> None:
    rows = table(plan)
    assert len(numbers(rows["vehicles, million"])) == 7
    assert len(numbers(rows["capex, USD M"])) == 8
    assert numbers(rows["capex, USD M"])[0] > 0


def test_without_months_before_the_horizon_there_is_no_such_column() -> None:
    assert "before" not in table(package.load("test_fleet").plan())[""]


def test_a_range_shows_the_end_of_a_stock_and_the_largest_of_a_peak(plan: Plan) -> None:
    wide, narrow = table(plan), table(plan, 60)
    assert narrow[""].split() == ["before", "24-27", "28-30"]
    stock, peak = "vehicles, million", "ingest peak, Gb/s"
    assert numbers(narrow[stock]) == [numbers(wide[stock])[3], numbers(wide[stock])[6]]
    assert numbers(narrow[peak]) == [max(numbers(wide[peak])[:4]), max(numbers(wide[peak])[4:7])]


def test_rows_say_what_they_are(plan: Plan) -> None:
    rows = table(plan)
    assert "99 % of reached in, days" in rows and "training GPU-h, million" in rows
    share = plan["ota_reachable_share"].values[-12:].min()  # the worst month of 2030
    assert numbers(rows["fleet within reach, %"])[6] == pytest.approx(100 * share, rel=5e-3)


def test_gpu_hours_are_in_the_unit_of_their_label() -> None:
    plan = package.load("test_fleet").plan()
    hours = plan["training_gpu_hours"].values.reshape(24, -1).sum(axis=1)
    found = numbers(table(plan)["training GPU-h, thousand"])
    assert found[:2] == pytest.approx([hours[:12].sum() / 1e3, hours[12:].sum() / 1e3], rel=5e-3)


def test_opex_names_energy_and_networks_in_its_own_scale(plan: Plan) -> None:
    rows = table(plan)
    networks = sum(x.sum() for x in plan.values("cellular_cost", "delivery_cost"))
    assert sum(numbers(rows["of which cellular, CDN"])[:8]) == pytest.approx(
        networks / 1e6, rel=0.01
    )
    energy = plan.values("energy_cost")[0].sum()
    assert sum(numbers(rows["of which energy"])[:8]) == pytest.approx(energy / 1e6, rel=0.01)


def test_vehicles_are_counted_in_one_unit_and_served_is_said_where_some_are_not(
    scenario_file: Callable[[str], str], plan: Plan
) -> None:
    served = plan["vehicles_served"].values[-1].sum()
    assert numbers(table(plan)["served, million"])[6] == pytest.approx(served / 1e6, rel=5e-3)
    text = "extends: 5pct_ev_market.yaml\nmarket: {share: 0.1 %}\n"
    fleet = table(package.load(scenario_file(text)).plan())
    labels = [label for label in fleet if label.startswith(("vehicles", "on ", "served"))]
    assert len(labels) == 4
    assert len({label.partition(", ")[2] for label in labels}) == 1
    assert "served" not in " ".join(table(package.load("test_fleet").plan()))


def test_mixed_hardware_is_also_counted_in_the_kind_that_is_needed(
    scenario_file: Callable[[str], str], plan: Plan
) -> None:
    assert not any(label.startswith("in service, as") for label in table(plan))
    mixed = package.load(scenario_file(MIXED)).plan()
    found = numbers(table(mixed)["in service, as gh200_nvl32"])
    equivalent = mixed["gpus_equivalent"].at(month="2024-12").values.sum()
    assert found[0] == pytest.approx(equivalent, rel=5e-3)


def test_an_override_says_where_it_stands(planner: Planner) -> None:
    printed = planner("size", MAIN, "--set-quantity", "gpus_required=2000", "--no-spread").out
    assert "gpus_required = 2,000 at each of 3 sites" in printed


def test_what_was_changed_is_said_and_goes_into_the_next_commands(planner: Planner) -> None:
    change = ("--set", "market.share=3 %", "--hardware", "dgx_h100")
    printed = planner("size", MAIN, *change, "--no-spread").out
    assert "Changed: --set 'market.share=3 %', --hardware dgx_h100" in printed
    following = printed[printed.index("\nNext") :]
    assert following.count("--set 'market.share=3 %'") == 2
    commands = re.sub(r"\\\n *", "", following).strip().splitlines()
    assert len(commands) == 2 and all("planner " in command for command in commands)
    document = json.loads(planner("size", MAIN, *change, "--json").out)
    assert document["changes"] == ["--set 'market.share=3 %'", "--hardware dgx_h100"]
    assert json.loads(planner("size", MAIN, "--json").out)["changes"] == []
    explained = planner("explain", MAIN, "gpus", *change).out
    assert "--hardware dgx_h100" in explained


def test_an_empty_order_book_says_why(planner: Planner) -> None:
    assert "none: the sites order nothing" in planner("size", "test_fleet", "--no-spread").out


def test_the_most_expensive_order_of_a_month_comes_first(plan: Plan) -> None:
    keys = [(order.order_by, -order.usd) for order in plan.orders]
    assert keys == sorted(keys)


def test_the_order_book_ends_with_capex(plan: Plan, planner: Planner) -> None:
    printed = planner("size", MAIN, "--no-spread").out.replace("\n  ", " ")
    assert re.search(r"with installation \(USD .+ M\)(, duty .+)? and halls \(USD .+ M\)", printed)
    capex = units.show(float(plan["capex"].values.sum()), "USD")
    assert f" = capex {capex} over the plan" in printed


def test_the_parts_of_opex_are_all_shown(plan: Plan) -> None:
    shown = [item for items in _MONEY_PARTS["opex"].values() for item in items]
    assert sorted(shown) == sorted(RUNNING)
    assert "of which labels" in table(plan)


def test_the_parts_of_the_accelerators_needed_add_up(plan: Plan) -> None:
    rows = table(plan)
    parts = [
        numbers(rows[f"of which {part}"])
        for part in ("training", "curation", "simulation", "services")
    ]
    for year, needed in enumerate(numbers(rows["GPUs needed"])):
        assert sum(part[year] for part in parts) == pytest.approx(needed, rel=0.02)


def test_carbon_is_shown_by_site(plan: Plan) -> None:
    rows = table(plan)
    sites = [numbers(rows[f"of which {site}"]) for site in ("taiwan", "japan")]
    total = numbers(rows["CO2e, kt"])
    assert [sum(each) for each in zip(*sites, strict=True)] == pytest.approx(total, rel=0.02)


def test_few_ecus_are_counted_beside_many(plan: Plan) -> None:
    built = plan["ecu_units"].at(ecu="drive_orin").values.reshape(len(plan.months), -1).sum(axis=1)
    last = built[[month.startswith("2030") for month in plan.months]].sum()
    shown = numbers(table(plan)["drive_orin built, thousand"])
    assert shown[-1] == pytest.approx(last / 1e3, abs=5e-4)


def test_the_start_of_jobs_names_its_percentile() -> None:
    rows = table(package.load("5pct_ev_market", set=["training.queue_percentile=0.95"]).plan())
    assert "95 % of jobs start in, h" in rows


def test_jobs_wait_for_a_queue_only_where_something_serves() -> None:
    """Ordered in December 2023, the first racks serve in September 2024: the months before say nothing of a queue."""
    rows = table(package.load("5pct_ev_market").plan())
    assert numbers(rows["90 % of jobs start in, h"])[0] < 100
    early = package.load("5pct_ev_market", set=["horizon.end=2024-06"]).plan()
    # In some draws a rack comes sooner: a span of those and of draws without a value would say nothing.
    spread = [line.plain for line in summary(early, drawn=draws_of(early))]
    assert next(line for line in spread if "jobs start" in line).split()[-1] == "-"
    served = early["gpus"].values.reshape(len(early.months), -1).sum(axis=1)
    assert served.max() == 0
    assert set(table(early)["90 % of jobs start in, h"].split()) == {"-"}


def test_renting_is_compared_in_words(plan: Plan) -> None:
    used = float(plan["rent_breakeven_utilisation"])
    head = " ".join(line.plain for line in summary(plan)[:8])
    cheaper = "renting is cheaper at any use" if used > 1 else "cheaper than renting from"
    assert cheaper in head
    assert f"{units.show(float(plan['cost_per_vehicle']), 'USD')} a vehicle" in head
    for share, words in (
        ("0.4", "cheaper than renting from 40 % use"),
        ("1.2", "renting is cheaper at any use"),
        ("0", "no rent price known"),
    ):
        given = {"rent_breakeven_utilisation": share}
        other = package.load("5pct_ev_market", set_quantity=given).plan()
        assert words in " ".join(line.plain.strip() for line in summary(other)[:12])


def test_all_warnings_are_printed_in_full_when_asked_for(plan: Plan, planner: Planner) -> None:
    full = " ".join(planner("size", MAIN, "--warnings", "--no-spread").out.split())
    brief = " ".join(planner("size", MAIN, "--no-spread").out.split())
    for each in plan.warnings:
        assert " ".join(each.text.split()) in full
    assert "until the first orders serve" in brief
    assert "until the first orders serve" not in full
    assert planner("size", MAIN, "--warnings", "--json").code == 2


@pytest.mark.parametrize("columns", (40, 60, 80, 100))
def test_an_order_keeps_its_place_its_tier_and_its_price(
    planner: Planner, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    orders = json.loads(planner("size", MAIN, "--json").out)["orders"]
    lines = planner("size", MAIN, "--orders", "--no-spread").out.splitlines()
    rows = [line for line in lines if re.match(r"  \d{4}-\d{2}  ", line)]
    for order, row in zip(orders, rows, strict=True):
        assert order["site"] in row and order["tier"] in row
        assert re.search(r"[\d.,]+( [MB]|,\d{3}| bn)?$", row)
        assert len(row) <= max(columns, 60)


def test_an_assumption_says_in_which_direction_the_plan_moves() -> None:
    each = Assumption(
        "regions.*.cellular_price", "a.yaml", 1, "price", "0.2 to 2.5 USD/GB", "0.1 to 1 USD/GB",
        "0.6 to 5 USD/GB", "assumed", None, {"tco": 0.63, "gpus_required": -0.12},
    )  # fmt: skip
    assert _rests_on(each) == (
        "regions.*.cellular_price = 0.2 to 2.5 USD/GB (0.1 to 5), assumed; "
        "moves tco by +63 %, gpus_required by -12 %"
    )
    far = replace(each, value="2.5e+07 km", low="5e+06 km", high="5e+08 km")
    assert "= 25 million km (5 million to 500 million), assumed" in _rests_on(far)


@pytest.mark.parametrize("command", (("check",), ("size",)))
def test_a_folder_is_called_one(planner: Planner, tmp_path: Path, command: tuple[str]) -> None:
    done = planner(*command, str(tmp_path))
    assert (done.code, done.out) == (2, "")
    assert "is a folder" in done.err and "no such file" not in done.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", (("size", MAIN, "--csv"), ("size", MAIN), ("--help",)))
def test_a_full_disk_is_one_line(arguments: tuple[str, ...]) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "planner", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "planner: cannot write the output: No space left on device\n"
