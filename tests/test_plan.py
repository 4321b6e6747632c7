"""The plan as a user has it: labelled values, overrides, a module of one's own, and an order book."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import planner
from planner.axes import HARDWARE, MONTH, SITE, TIER, on
from planner.errors import InputError, PlannerError
from planner.headline import HEADLINE
from planner.inputs.numbers import month_index, month_label
from planner.perf.ordering import whole_units
from planner.plan import Plan, size
from planner.project import load
from planner.quantity import GraphError

SCENARIO = "5pct_ev_market"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return size(SCENARIO)


# --- Labelled values -------------------------------------------------------------------------------


def test_a_quantity_comes_with_its_unit_axes_and_labels(plan: Plan) -> None:
    gpus = plan["gpus"]
    assert (gpus.unit, gpus.axes) == ("1", ("month", "site", "hardware"))
    assert gpus.meaning == "Whole accelerators in service."
    assert gpus.labels["site"] == ("taiwan", "japan", "china")
    assert gpus.labels["month"] == plan.months
    assert gpus.values.shape == (86, 3, 1) == np.asarray(gpus).shape


def test_values_are_in_the_declared_unit(plan: Plan) -> None:
    (energy,) = plan.values("energy")  # joule inside
    assert plan["energy"].unit == "kWh"
    assert plan["energy"].values == pytest.approx(on(energy, MONTH, SITE)[0] / 3.6e6)
    assert plan["ota_days_to_99"].at(month="2030-12").values.item() == pytest.approx(24, abs=1)


def test_a_part_is_taken_by_its_labels(plan: Plan) -> None:
    gpus = plan["gpus"]
    part = gpus.at(site="taiwan", hardware="gh200_nvl32")
    assert part.axes == ("month",) and part.values.tolist() == gpus.values[:, 0, 0].tolist()
    one = part.at(month="2027-06")
    assert one.axes == () and float(one) == gpus.values[plan.months.index("2027-06"), 0, 0]
    with pytest.raises(PlannerError, match="gpus has no site tiwan; nearest: taiwan"):
        gpus.at(site="tiwan")
    with pytest.raises(PlannerError, match="gpus has no axis region"):
        gpus.at(region="japan")


def test_the_months_run_from_plan_start_and_tables_show_the_horizon(plan: Plan) -> None:
    assert (plan.months[0], plan.months[-1], len(plan.months)) == ("2023-11", "2030-12", 86)
    assert (plan.horizon_months[0], len(plan.horizon_months)) == ("2024-01", 84)


def test_every_headline_quantity_is_there(plan: Plan) -> None:
    for name in HEADLINE:
        labelled = plan[name]
        assert np.isfinite(labelled.values).all() and labelled.values.min() >= 0, name
        assert labelled.values.shape == tuple(len(labelled.labels[axis]) for axis in labelled.axes)


def test_every_quantity_can_be_asked_for(plan: Plan) -> None:
    assert set(HEADLINE) < set(plan.quantities)
    for name in plan.quantities:
        assert not np.isnan(plan[name].values).any(), name


def test_an_unknown_quantity_names_the_nearest(plan: Plan) -> None:
    with pytest.raises(PlannerError, match='no quantity "gpu"; nearest: gpus'):
        plan["gpu"]
    with pytest.raises(PlannerError, match='no quantity "ingest_pek"; nearest: ingest_peak'):
        plan.values("gpus", "ingest_pek")


def test_a_series_of_pandas_has_an_index_level_an_axis(plan: Plan) -> None:
    gpus = plan["gpus"].to_pandas()
    assert gpus.index.names == ["month", "site", "hardware"] and len(gpus) == 86 * 3
    assert gpus["2027-06", "taiwan", "gh200_nvl32"] == float(
        plan["gpus"].at(month="2027-06", site="taiwan", hardware="gh200_nvl32")
    )
    assert plan["capex"].to_pandas().index.name == "month"
    assert plan["tco"].to_pandas().tolist() == [float(plan["tco"])]


def test_a_tidy_table_holds_every_value_once(plan: Plan) -> None:
    table = plan.to_pandas(["gpus", "capex", "tco"])
    assert list(table.columns) == ["quantity", "unit", "month", "site", "hardware", "value"]
    assert len(table) == 86 * 3 + 86 + 1
    assert table[table.quantity == "capex"].value.sum() == pytest.approx(plan["capex"].values.sum())
    assert set(plan.to_pandas().quantity) == set(HEADLINE)


def test_xarray_knows_dimensions_labels_and_units(plan: Plan) -> None:
    data = plan.to_xarray(["gpus", "gpus_required"])
    assert data["gpus"].dims == ("month", "site", "hardware")
    assert data["gpus"].attrs["unit"] == "1"
    assert data["gpus"].sel(month="2027-06", site="taiwan").item() == float(
        plan["gpus"].at(month="2027-06", site="taiwan", hardware="gh200_nvl32")
    )
    assert set(plan.to_xarray().data_vars) == set(HEADLINE)


def test_a_plan_of_the_package_is_the_plan(plan: Plan) -> None:
    assert float(planner.size(SCENARIO)["tco"]) == float(plan["tco"])


# --- Changes ---------------------------------------------------------------------------------------


def test_an_input_is_replaced_by_its_path(plan: Plan) -> None:
    double = size(SCENARIO, set=["programs.model_c.daily_hours=2 hour/day"])
    assert double["ingest_mean"].values[-1] > 1.2 * plan["ingest_mean"].values[-1]
    assert np.array_equal(
        double["vehicles_in_operation"].values, plan["vehicles_in_operation"].values
    )


def test_a_quantity_is_overridden_at_every_position(plan: Plan) -> None:
    forced = size(SCENARIO, set_quantity=["gpus_required=1000"])
    assert (forced["gpus_required"].values == 1000).all()
    assert forced["storage_warm"].values.tolist() == plan["storage_warm"].values.tolist()
    # 32 nodes of 32 at each of the two sites that may order.
    assert forced["gpus"].values[-1].sum() == 2 * 1024


def test_an_override_of_a_flow_counts_at_every_position() -> None:
    """86 months, 7 regions, 2 programmes and 3 links of 1 GB/s each: 42 GB/s in all."""
    forced = size(SCENARIO, set_quantity=["upload=1 GB/s"])
    assert (forced["ingest_mean"].values == 42e9).all()


@pytest.mark.parametrize("name", ["orders", "storage_orders", "vehicle_sales", "switches"])
def test_any_quantity_may_be_a_number(name: str) -> None:
    unit = " vehicle" if name == "vehicle_sales" else ""
    # `size` would refuse orders in China.
    forced = load(SCENARIO, set_quantity=[f"{name}=3{unit}"]).plan()
    assert (forced[name].values == 3).all()
    assert float(forced["tco"]) > 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"set_quantity": ["gpu_required=5"]}, "no such quantity; nearest: gpus_required"),
        ({"set_quantity": ["it_power=5 MWh"]}, '"5 MWh" is an energy; expected a power'),
        ({"set_quantity": ["it_power"]}, "expected NAME=VALUE"),
        ({"set": ["ota.rollout"]}, "expected PATH=VALUE"),
        ({"set": ["ota.rolout=3 day"]}, "unknown key; nearest: rollout"),
        ({"hardware": "gh200_nvl23"}, "nearest: gh200_nvl32"),
        ({"with_modules": ["nowhere.py"]}, "there is no such file"),
    ],
)
def test_a_wrong_change_is_an_input_error(options: dict[str, object], words: str) -> None:
    with pytest.raises(InputError) as caught:
        load(SCENARIO, **options)  # type: ignore[arg-type]
    assert words in str(caught.value)
    assert caught.value.exit_code == 2


def test_an_unknown_scenario_names_the_nearest() -> None:
    with pytest.raises(PlannerError, match="nearest: 5pct_ev_market"):
        size("5pct_ev_markt")


def test_a_module_of_ones_own_replaces_a_rule(plan: Plan, tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text(
        "from planner.graph import quantity\n\n"
        '@quantity(unit="1", axes="month site")\n'
        "def gpus_required(gpus_release_percentile, training_occupancy):\n"
        '    """Releases only."""\n'
        "    return gpus_release_percentile / training_occupancy\n",
        encoding="utf-8",
    )
    other = size(SCENARIO, with_modules=[mine])
    assert (other["gpus_required"].values <= plan["gpus_required"].values).all()
    assert other["gpus_required"].values.sum() < plan["gpus_required"].values.sum()
    assert other["gpus_required"].meaning == "Releases only."
    assert other["ota_bytes"].values.tolist() == plan["ota_bytes"].values.tolist()


def test_a_module_that_breaks_the_contract_is_refused(tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text(
        "from planner.graph import quantity\n\n"
        '@quantity(unit="1", axes="month")\n'
        "def gpus_required(training_occupancy):\n"
        "    return training_occupancy\n",
        encoding="utf-8",
    )
    with pytest.raises(GraphError, match="varies by month; the quantity it replaces varies by"):
        load(SCENARIO, with_modules=[mine])


def test_other_hardware_at_every_site(plan: Plan) -> None:
    other = size(SCENARIO, hardware="dgx_h100")
    assert other["gpus"].labels["hardware"] == ("dgx_h100",)
    assert other["nodes"].values.max() > plan["nodes"].values.max()
    # The same arithmetic; what waits for memory is slower, at 3.35 against 4.8 TB/s, and a network of eight GPUs.
    fewer, more = plan["gpus_required"].values, other["gpus_required"].values
    assert (more >= fewer).all()
    assert (more <= 4.8 / 3.35 * fewer).all()


# --- Orders ----------------------------------------------------------------------------------------


def test_orders_are_the_units_that_enter_service(plan: Plan) -> None:
    nodes = sum(order.count for order in plan.orders if order.kind == "node")
    units = sum(order.count for order in plan.orders if order.kind == "storage")
    assert nodes == plan["orders"].values.sum() > 0
    assert units == plan["storage_orders"].values.sum() > 0


def test_nothing_is_ordered_before_plan_start(plan: Plan) -> None:
    assert min(order.order_by for order in plan.orders) == "2023-11" == plan.months[0]
    for order in plan.orders:
        assert order.order_by <= order.delivered <= order.in_service


def test_nothing_serves_before_lead_time_and_commissioning_have_passed(plan: Plan) -> None:
    project = plan.project
    edges = project.table.calendar.edges
    lead = on(np.asarray(project.leaves["node_lead_time"]), HARDWARE)[0]
    commissioning = on(np.asarray(project.leaves["site_commissioning"]), SITE)[0]
    nodes = on(plan.values("nodes")[0], MONTH, SITE, HARDWARE)[0]
    for month, site, kind in np.argwhere(nodes > 0):
        assert edges[month] >= lead[kind] + commissioning[site]
    lead = on(np.asarray(project.leaves["system_lead_time"]), TIER)[0]
    commissioning = float(np.asarray(project.leaves["storage_policy_commissioning"]).item())
    units = on(plan.values("storage_units")[0], MONTH, TIER, SITE)[0]
    for month, tier, _ in np.argwhere(units > 0):
        assert edges[month] >= lead[tier] + commissioning


def test_the_first_racks_serve_in_the_first_month_that_they_can() -> None:
    """Ordered in November 2023; 270 days of lead time and 30 of commissioning end on 27 August 2024."""
    waits = ["nodes.gh200_nvl32.lead_time=270 day", "sites.taiwan.commissioning=30 day"]
    orders = [o for o in size(SCENARIO, set=waits).orders if (o.kind, o.site) == ("node", "taiwan")]
    first = min(orders, key=lambda order: order.in_service)
    assert (first.order_by, first.delivered, first.in_service) == ("2023-11", "2024-08", "2024-09")


def installed(plan: Plan, fewer: int = 0) -> str:
    """A scenario with the largest need of the plan installed before it starts, and nothing that retires in it."""
    labels = plan.project.table.labels
    before = month_label(month_index(plan.months[0]) - 1)
    required, spare = plan.values("nodes_required", "nodes_spare")
    nodes = whole_units(on(required + spare, MONTH, SITE)[0].max(axis=0))
    units = whole_units(
        on(plan.values("storage_units_required")[0], MONTH, TIER, SITE)[0].max(axis=0)
    )
    lines = [f"extends: {SCENARIO}.yaml", "cluster: {refresh_age: 30 year}", "sites:"]
    for index, site in enumerate(labels[SITE]):
        if not nodes[index]:
            continue
        kind = plan.project.inputs.scenario.sites[site].training
        count = int(nodes[index]) - fewer
        lines += [f"  {site}:", "    installed:"]
        lines += [f"      - {{hardware: {kind}, count: {count}, in_service: {before}}}"]
        lines += ["    installed_storage:"]
        lines += [
            f"      - {{tier: {tier}, count: {int(each) - fewer}, in_service: {before}}}"
            for tier, each in zip(labels[TIER], units[:, index], strict=True)
        ]
    return "\n".join(lines)


def test_with_the_largest_need_installed_the_order_book_is_empty(
    plan: Plan, tmp_path: Path
) -> None:
    path = tmp_path / "installed.yaml"
    path.write_text(installed(plan), encoding="utf-8")
    built = size(path)
    assert not [order for order in built.orders if order.kind in ("node", "storage")]
    assert built["orders"].values.sum() == built["storage_orders"].values.sum() == 0
    assert built["gpus_short"].values.max() == built["storage_short"].values.max() == 0
    assert built["node_payments"].values.sum() == built["storage_payments"].values.sum() == 0


def test_with_one_unit_fewer_that_unit_is_ordered(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "installed.yaml"
    path.write_text(installed(plan, fewer=1), encoding="utf-8")
    orders = [order for order in size(path).orders if order.kind in ("node", "storage")]
    assert len(orders) == 2 * (1 + 3)  # at each of two sites: nodes, and units of three tiers
    assert {order.count for order in orders} == {1}


def test_a_second_run_of_a_loaded_project_gives_the_same_plan(plan: Plan) -> None:
    again = plan.project.plan()
    for name in HEADLINE:
        assert np.array_equal(again[name].values, plan[name].values)


def test_a_notebook_shows_the_headline_by_year_and_escapes_the_title() -> None:
    plan = load("5pct_ev_market", set=["title=<b>bold</b> & brave"]).plan()
    shown = plan._repr_html_()
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; brave" in shown
    assert "<th>2030-12</th>" in shown
    assert shown.count("<tr>") == 1 + len(HEADLINE)
    assert repr(plan) == "Plan('<b>bold</b> & brave', 2024-01 to 2030-12)"


def test_a_prompt_shows_the_ends_of_what_is_long(plan: Plan) -> None:
    shown = repr(plan["gpus"])
    assert shown.startswith("gpus [1] 86 month x 3 site x 1 hardware\n")
    assert "..." in shown
    assert shown.count("\n") < 30
    assert repr(plan["tco"]).startswith("tco [USD] one value\n")


def test_none_takes_an_entry_away_as_null_does() -> None:
    without = load("5pct_ev_market", set={"services": None})
    assert not without.inputs.scenario.services
    assert load("5pct_ev_market", set=["services=null"]).changes == without.changes
