"""The options about rules: whose knowledge counts, and what-ifs that break them."""

from __future__ import annotations

import json
from collections.abc import Callable

from planner.plan import STOPPED_MARK
from planner.results import VIOLATION_MARK
from tests.cli.conftest import Planner

MAIN = "scenarios/5pct_ev_market.yaml"
STOPPED = "extends: 5pct_ev_market.yaml\nregions:\n  india: {site: china}\n"


def test_a_denied_delivery_that_the_plan_needs_exits_1_with_reason_and_alternatives(
    planner: Planner, scenario_file: Callable[[str], str]
) -> None:
    done = planner("size", scenario_file(STOPPED), "--no-spread")
    assert done.code == 1
    for word in ("india", "denied", "3A090.a", "allowed there", "regions.india.site = taiwan"):
        assert word in done.err.replace("none is allowed there", "allowed there"), word


def test_a_plan_that_a_rule_stops_says_so_on_every_page_and_in_json(planner: Planner) -> None:
    required = ("size", "5pct_ev_market", "--set", "regions.china.serve=required")
    page = planner(*required)
    assert page.code == 1
    assert page.out.splitlines().count(STOPPED_MARK) == 4
    assert "Stopped   china: up to" in page.out
    document = json.loads(planner(*required, "--json").out)
    assert document["mark"] == STOPPED_MARK
    (reason,) = document["stops"]
    assert reason.endswith("(serve: required)")


def test_the_same_as_a_what_if_exits_0_and_is_marked_on_every_page(
    planner: Planner, scenario_file: Callable[[str], str]
) -> None:
    file = scenario_file(STOPPED)
    done = planner("size", file, "--allow-export-violation", "--no-spread")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0] == VIOLATION_MARK
    assert done.out.splitlines().count(VIOLATION_MARK) == 4
    document = planner("size", file, "--allow-export-violation", "--json").out
    assert json.loads(document)["mark"] == VIOLATION_MARK
    table = planner("size", file, "--allow-export-violation", "--csv", "--quantities", "tco").out
    assert table.splitlines()[1].split(",")[2] == VIOLATION_MARK
    told = planner("explain", file, "gpus", "--allow-export-violation").out
    assert told.splitlines()[0] == VIOLATION_MARK
    assert (
        "--allow-export-violation" in told.splitlines()[-1]
    )  # in the command that goes on from here


def test_rules_of_another_month_change_the_verdict_and_stand_in_the_header(
    planner: Planner,
) -> None:
    asked = ("explain", MAIN, "export_verdict", "--site", "china", "--at", "2027-01")
    assert "export_verdict = 4" in planner(*asked).out
    assert "export_verdict = 3" in planner(*asked, "--rules-as-of", "2026-05").out
    done = planner("size", MAIN, "--rules-as-of", "2026-05", "--no-spread")
    assert done.code == 0 and "rules known in 2026-05" in done.out


def test_a_month_that_is_none_exits_2(planner: Planner) -> None:
    done = planner("size", MAIN, "--rules-as-of", "yesterday")
    assert done.code == 2
    assert "--rules-as-of" in done.err and "2024-03" in done.err


def test_performance_and_density_are_explained_to_the_data_sheet(planner: Planner) -> None:
    told = planner("explain", MAIN, "performance_density").out
    assert told.startswith("performance_density = 19.4 /mm^2")
    for word in ("total_processing_performance = 15,832", "accelerators.gh200_144.die_area"):
        assert word in told, word
