"""Does every shipped scenario size, say what it shows, hold its published figures and warn of nothing unexpected?"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import yaml

from planner import resources
from planner.findings import checks
from planner.headline import HEADLINE
from planner.inputs.load import cells_of
from planner.perf.distributions import quantile
from planner.plan import Plan
from planner.project import load
from planner.report import comparison
from planner.report.rows import rows_of
from planner.report.summary import layout_lines, summary
from planner.study.comparison import difference
from tests.command import Planner

ROOT = Path(__file__).parents[1]
NAMES = sorted(resources.scenarios())
NAMED = (
    "dojo",
    "foxtron_actual",
    "fourteen_customers",
    "genai_services",
    "half_of_evs",
    "kaohsiung_100mw",
    "model_n_india_japan",
    "robotics",
    "smart_city",
    "smart_manufacturing",
    "tesla_2022",
)
WITHOUT_A_FLEET = (
    "genai_services",
    "kaohsiung_100mw",
    "robotics",
    "services_only",
    "smart_city",
    "smart_manufacturing",
    "tesla_2022",
    "dojo",
)
OF_A_FLEET = {"Fleet", "Data", "Release", "ECUs", "Labels", "OTA"}

# Why a plan may warn of it. A kind that is missing here has to be mended or defended first.
DEFENDED = {
    "copies": "a law keeps the data in the country of its only site",
    "data": "the published store fills up: the scenario is there to show it",
    "dataset": "data sets have limits on purpose, beyond which new scenes replace old ones",
    "dropped": "cars without Wi-Fi send what their cellular allowance carries, and drop the rest",
    "edge": "models outgrow the computer of older cars before the end of the plan",
    "export": "GH200 in China is reviewed case by case",
    "gpus": "decided in November 2023: the first nodes take ten months to come",
    "hardware": "one kind of node a site for the whole plan; choosing its successor is not sizing",
    "labels": "more people label than a carmaker is known to employ; who labels a smaller share needs fewer",
    "ota": "cars without Wi-Fi whose download nobody pays for are not reached",
    "package": "a package of fixed size is outgrown by models that grow each year",
    "qualification": "decided in November 2023: the first test rigs take half a year",
    "residency": "Japan, Korea and Europe let data leave under conditions, which are named",
    "storage": "decided in November 2023: the first storage takes four months, or nothing may be ordered",
    "unserved": "China's data may not leave, and GH200 may not enter",
}
AT_THE_START = {"gpus", "storage", "qualification"}
OF_CARS = {"dropped", "edge", "ota"}
EXPECTED = {
    "5pct_ev_market": AT_THE_START
    | OF_CARS
    | {"dataset", "hardware", "package", "residency", "unserved"},
    "5pct_from_2027": AT_THE_START
    | OF_CARS
    | {"copies", "dataset", "export", "hardware", "labels", "package", "residency"},
    "dojo": set(),
    "foxtron_actual": AT_THE_START | OF_CARS | {"hardware"},
    "fourteen_customers": AT_THE_START
    | OF_CARS
    | {"dataset", "hardware", "package", "residency", "unserved"},
    "genai_services": {"hardware"},
    "half_of_evs": AT_THE_START
    | OF_CARS
    | {"dataset", "hardware", "labels", "package", "residency", "unserved"},
    "kaohsiung_100mw": {"hardware"},
    "model_n_india_japan": AT_THE_START | OF_CARS | {"hardware", "package", "residency"},
    "robotics": {"hardware"},
    "services_only": {"hardware"},
    "smart_city": {"hardware"},
    "smart_manufacturing": {"hardware"},
    "tesla_2022": set(),
    "test_fleet": {"data", "storage"},
}


@cache
def plan_of(name: str) -> Plan:
    return load(resources.find_scenario(name)).plan()


def base_of(name: str) -> str:
    """The file that a scenario extends."""
    text = resources.find_scenario(name).read_text(encoding="utf-8")
    return str(yaml.safe_load(text)["extends"])


def page_of(name: str) -> str:
    return "\n".join(line.plain for line in summary(plan_of(name)))


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_shows(name: str) -> None:
    scenario = plan_of(name).project.inputs.scenario
    assert len((scenario.about or "").split()) >= 40


@pytest.mark.parametrize("name", NAMES)
def test_no_number_above_its_bound_is_drawn_at_it_often(name: str) -> None:
    """Percentiles that only a tail beyond the bound can join would make one draw in ten of demand nothing at all."""
    rare = np.linspace(0.001, 0.075, 75)
    clipped = []
    for steps, cell in cells_of(plan_of(name).project.inputs.scenario, ()):
        drawn = cell.distribution
        if drawn is None or cell.low is None:
            continue
        if quantile(drawn, rare)[-1] <= drawn.least * drawn.scale < cell.low:
            clipped.append(steps)
    assert not clipped


@pytest.mark.parametrize("name", NAMED)
def test_it_is_shipped_and_declares_what_it_meets(name: str) -> None:
    declared = plan_of(name).project.inputs.scenario.checks
    assert declared
    assert all(check.source for check in declared)


@pytest.mark.parametrize("name", NAMES)
def test_it_holds_what_it_declares(name: str) -> None:
    assert not [result.text for result in checks(plan_of(name)) if not result.holds]


@pytest.mark.parametrize("name", NAMES)
def test_it_warns_of_nothing_that_cannot_be_defended(name: str) -> None:
    kinds = {warning.kind: warning.text for warning in plan_of(name).warnings}
    assert kinds.keys() <= DEFENDED.keys()
    assert not {kind: text for kind, text in kinds.items() if kind not in EXPECTED[name]}


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_of_it_is_a_number(name: str) -> None:
    plan = plan_of(name)
    assert not [each for each in HEADLINE if not np.isfinite(plan.values(each)[0]).all()]


@pytest.mark.parametrize("name", [name for name in NAMES if base_of(name) != "base.yaml"])
def test_it_stands_beside_its_base(name: str) -> None:
    plans = [comparison.Compared(each, plan_of(each)) for each in (base_of(name)[:-5], name)]
    lines = comparison.lines_of(plans)
    assert {line.row.group for line in lines} >= {"Compute", "Site", "Money", "Carbon"}
    assert any(first != second for first, second in (line.values for line in lines))


@pytest.mark.parametrize("name", WITHOUT_A_FLEET)
def test_a_factory_without_vehicles_speaks_of_none(name: str) -> None:
    assert not {row.group for row in rows_of(plan_of(name))} & OF_A_FLEET
    page = page_of(name).lower()
    assert not [word for word in ("vehicle", "sales follow", " ota", "ingest") if word in page]


def test_the_differences_to_another_base_are_explained(planner: Planner) -> None:
    done = planner("compare", "services_only", "tesla_2022")
    assert done.code == 0, done.err
    assert "TCO" in done.out
    assert "a vehicle" not in done.out
    assert "Warning" not in done.err


@pytest.mark.parametrize("name", ["genai_services", "tesla_2022"])
def test_another_network_in_the_place_of_one_is_one_cause(name: str) -> None:
    """A mixture of two networks moves a figure by a thousand times what it is; nothing of it may be said."""
    found = difference(plan_of("services_only"), plan_of(name))
    whole = abs(found.after["tco"] - found.before["tco"])
    moved = [abs(cause.moves["tco"]) for cause in found.causes]
    assert max(moved) < 2 * whole
    assert abs(found.together["tco"]) < whole


def test_separation_costs_accelerators_and_not_bytes() -> None:
    shared, apart = plan_of("5pct_ev_market"), plan_of("fourteen_customers")

    def most(plan: Plan, name: str) -> float:
        (values,) = plan.values(name)
        return float(values.reshape(len(plan.months), -1).sum(axis=1).max())

    assert most(apart, "gpus_required") > 3 * most(shared, "gpus_required")
    assert most(apart, "ota_peak") == pytest.approx(most(shared, "ota_peak"), rel=0.02)
    assert most(apart, "rigs_required") == pytest.approx(7 * most(shared, "rigs_required"))


def test_workloads_that_are_laid_out_alike_share_a_line() -> None:
    first, *others = sorted(layout_lines(plan_of("fourteen_customers")))
    assert first.startswith("driving_01 and 13 more, each: ")
    assert others[0].startswith("perception_01 and 13 more, each: ")
    assert others[1].startswith("world_model: ")
    assert len(others) == 2


def test_work_that_may_wait_has_its_row_and_its_part() -> None:
    rows = {row.label: row for row in rows_of(plan_of("robotics"))}
    plan = plan_of("robotics")
    busy = rows["GPUs for idle-time work"].course(plan)[0]
    np.testing.assert_allclose(rows["of which services"].course(plan)[0], busy)
    assert busy[-1] == pytest.approx(100000 / 730.5, rel=0.01)


def test_services_do_not_make_a_model_dearer() -> None:
    """A service ten times as large leaves the price of training, which its scale can only lower."""
    name = "services.assistant.requests.series.2030-01"
    small = plan_of("genai_services").values("cost_per_trained_model")[0].sum()
    large = load(resources.find_scenario("genai_services"), {name: "1e9 1/day"}).plan()
    assert large.values("cost_per_trained_model")[0].sum() < 1.1 * small


def test_the_readme_lists_every_scenario() -> None:
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## Scenarios\n")[2]
    listed = {line.split("`")[1] for line in table.splitlines() if line.startswith("| `")}
    assert set(NAMES) <= listed
