"""Explanations: values, cells, sharing, depth."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import planner
from planner import units
from planner.errors import PlannerError
from planner.lineage import Explanation, explain
from planner.plan import Plan

ROOT = Path(__file__).parents[1]
PROVEN = ("gpus", "ota_peak", "storage_warm", "tco", "ingest_peak")


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planner.size(ROOT / "scenarios" / "5pct_ev_market.yaml")


def nodes(tree: Explanation) -> Iterator[Explanation]:
    yield tree
    for child in tree.children:
        yield from nodes(child)


def find(tree: Explanation, name: str) -> Explanation:
    return next(node for node in nodes(tree) if node.name == name)


@pytest.mark.parametrize("name", PROVEN)
def test_every_branch_ends_in_what_somebody_wrote(plan: Plan, name: str) -> None:
    tree = explain(plan, name, depth=99)
    known = {node.name for node in nodes(tree)}
    assert known - {name} == plan.project.graph.ancestors(name)
    for node in nodes(tree):
        assert node.value, node.name
        if node.note.startswith("shown"):
            continue
        assert node.meaning, node.name
        if node.kind == "input":
            rows = plan.project.table.leaves[node.name].rows
            assert node.cells or not rows, node.name
            for cell in node.cells:
                assert cell.path and ":" in cell.place, node.name
        else:
            assert node.expression and ":" in node.place, node.name


@pytest.mark.parametrize("name", PROVEN)
def test_what_is_shared_is_expanded_once(plan: Plan, name: str) -> None:
    tree = explain(plan, name, depth=99)
    expanded = [node.name for node in nodes(tree) if not node.note.startswith("shown")]
    assert len(expanded) == len(set(expanded))
    lines = str(tree).splitlines()
    for node in nodes(tree):
        if node.note == "shown above":
            first = next(i for i, line in enumerate(lines) if f" {node.name} = " in line)
            assert "shown above" not in lines[first]


def test_the_value_is_that_of_the_plan_at_the_month(plan: Plan) -> None:
    count = float(plan["gpus"].at(month="2027-06", site="taiwan").values.sum())
    tree = explain(plan, "gpus", at="2027-06", site="taiwan", depth=0)
    assert tree.value == f"{units.show(count, '1')} at taiwan"


def test_without_a_month_the_largest_of_the_horizon_is_taken(plan: Plan) -> None:
    tree = explain(plan, "ingest_peak", depth=0)
    values = plan["ingest_peak"].values
    assert tree.note == f"{plan.months[int(values.argmax())]}, where it is largest"
    assert any("--at" in hint for hint in tree.hints)


def test_of_what_is_left_or_allowed_the_smallest_month_and_place_are_taken(plan: Plan) -> None:
    tree = explain(plan, "edge_headroom", depth=0)
    values = plan["edge_headroom"].values
    assert tree.note == f"{plan.months[int(values.min(axis=1).argmin())]}, where it is smallest"
    assert any("is smallest in" in hint for hint in tree.hints)
    spread = explain(plan, "goodput_expected", at="2027-06", depth=0)
    assert "smallest: " in spread.value
    # Before the first vehicle is on the road nobody is out of reach.
    first = explain(plan, "ota_reachable_share", depth=0)
    reach = plan["ota_reachable_share"].values
    month = min(np.flatnonzero(reach), key=lambda index: reach[index])
    assert reach[0] == 0
    assert first.note == f"{plan.months[month]}, where it is smallest"


def test_what_is_left_or_allowed_says_so(plan: Plan) -> None:
    graph = plan.project.graph
    words = ("headroom", "goodput_expected", "reachable", "permitted", "export_lawful", "operates")
    meant = {name for name in graph if any(word in name for word in words)}
    assert {name for name in meant if graph[name].worst != "min"} == set()


def test_depth_limits_the_levels_and_says_how_many_are_hidden(plan: Plan) -> None:
    def height(tree: Explanation) -> int:
        return 1 + max(map(height, tree.children)) if tree.children else 0

    deep = explain(plan, "ingest_peak", depth=99)
    assert not any(node.hidden_levels for node in nodes(deep))
    shallow = explain(plan, "ingest_peak", depth=2)
    assert height(shallow) == 2
    hidden = max(node.hidden_levels for node in nodes(shallow))
    assert height(deep) <= 2 + hidden
    whole = explain(plan, "ingest_peak", depth=2 + hidden)
    assert not any(node.hidden_levels for node in nodes(whole))
    assert any(f"--depth {2 + hidden}" in hint for hint in shallow.hints)


def test_labels_select_the_cells_that_matter(plan: Plan) -> None:
    tree = explain(plan, "region_wifi_share", region="japan")
    assert [cell.path for cell in tree.cells] == ["regions.japan.wifi_share"]
    assert tree.cells[0].place.startswith("hardware_profiles/regions/japan.yaml:")
    assert len(explain(plan, "region_wifi_share").cells) == 7


def test_a_quantity_of_one_tier_is_explained_by_that_tier(plan: Plan) -> None:
    tree = explain(plan, "storage_warm")
    node = find(tree, "storage_unit_usable")
    assert node.value.endswith("at warm")
    assert find(tree, "storage_usable").value.count("taiwan") == 1


def test_a_series_shows_the_knots_that_matter_at_the_month(plan: Plan) -> None:
    between = explain(plan, "market_share", at="2024-12")
    assert len(between.cells) == 2
    after = explain(plan, "market_share", at="2027-06")
    assert [cell.path for cell in after.cells] == ["market.share.series.2025-12"]


def test_many_cells_are_cut_below_the_root_and_counted(plan: Plan) -> None:
    node = find(explain(plan, "upload_hours", depth=1), "link_upload_profile")
    assert len(node.cells) == 8
    assert node.cells_left_out == 72 - 8
    assert len(explain(plan, "link_upload_profile").cells) == 72


def test_a_list_shows_the_cells_of_its_own_label(plan: Plan) -> None:
    tree = explain(plan, "program_sensors", program="model_n")
    assert tree.cells
    assert all(cell.path.startswith("vehicles.model_n.sensors.") for cell in tree.cells)


def test_a_step_is_listed_by_cause_with_its_layout(plan: Plan) -> None:
    tree = explain(plan, "step_by_term", workload="driving", scale="256", depth=1)
    assert re.search(r"= 2\.\d+ s at driving, 256 \(mlp 1\.\d+ s, attention_core ", str(tree))
    assert find(tree, "training_jobs").value.startswith("data 256, micro-batch ")
    every = explain(plan, "step_by_term", depth=1)
    assert find(every, "training_jobs").value == "36 layouts"


def test_rules_and_months_show_where_they_stand(plan: Plan) -> None:
    tree = explain(plan, "export_verdict", depth=1)
    assert any("rules/us_export.yaml:" in cell.place for cell in find(tree, "export_rules").cells)
    assert [cell.path for cell in find(tree, "calendar").cells] == [
        "plan_start",
        "horizon.start",
        "horizon.end",
    ]


def test_an_overridden_quantity_has_no_parents(plan: Plan) -> None:
    changed = planner.size(
        ROOT / "scenarios" / "5pct_ev_market.yaml", set_quantity=["gpus_required=1000"]
    )
    node = find(explain(changed, "nodes_required"), "gpus_required")
    assert node.note == "overridden by --set-quantity"
    assert node.children == () and node.expression == ()


def test_sums_are_given_only_where_adding_makes_sense(plan: Plan) -> None:
    assert "(taiwan" in explain(plan, "gpus", depth=0).value
    assert " to " in explain(plan, "upload_by_hour", depth=0).value
    assert explain(plan, "node_draw_peak", depth=0).value == "45.3 kW"


def test_the_text_fits_100_columns(plan: Plan) -> None:
    for name in PROVEN:
        assert max(map(len, str(explain(plan, name, depth=99)).splitlines())) <= 100


@pytest.mark.parametrize(
    ("name", "options", "words"),
    (
        ("gpuss", {}, "nearest: gpus"),
        ("gpus", {"regon": "japan"}, "nearest: region"),
        ("gpus", {"region": "japn"}, "nearest: japan"),
        ("fleet_life", {"region": "japan"}, "do not vary by region"),
    ),
)
def test_unknown_names_are_refused(
    plan: Plan, name: str, options: dict[str, str], words: str
) -> None:
    with pytest.raises(PlannerError, match=words):
        explain(plan, name, **options)  # type: ignore[arg-type]


def test_orders_say_what_was_ordered_up_to_the_month(plan: Plan) -> None:
    tree = explain(plan, "gpus", at="2027-06")
    (line,) = find(tree, "orders").remarks
    nodes_then = plan["nodes"].at(month="2027-06").values.sum()
    assert line.startswith(("so far: ..., 20", "so far: 20"))
    ordered = plan["orders"].at(month="2027-06").values.sum()
    assert ordered > 0
    assert line.endswith(f", 2027-06 {ordered:,.0f}, together {nodes_then:,.0f}")
    assert line in " ".join(str(tree).replace("│", " ").split())
    (line,) = explain(plan, "storage_orders", at="2024-03", tier="warm", site="japan").remarks
    assert line == "so far: 2024-03 1, together 1"
    assert explain(plan, "switch_orders", at="2023-11").remarks == ("so far: none",)


def test_a_label_that_the_root_does_not_have_is_said_to_hold_below(plan: Plan) -> None:
    tree = explain(plan, "gpus", region="japan")
    assert tree.remarks == ("(gpus has no region; japan is pinned below where there is one)",)
    assert explain(plan, "vehicles_in_operation", region="japan").remarks == ()


@pytest.mark.parametrize(
    ("path", "name", "cells"),
    (
        ("models.bev_perception.frame_flops", "model_frame_flops", 1),
        ("regions.japan.cellular_price", "region_cellular_price", 1),
        ("regions.japan.building_cost", "location_building_cost", 1),
        ("regions.*.cellular_price", "region_cellular_price", 7),
    ),
)
def test_an_input_answers_to_its_path(plan: Plan, path: str, name: str, cells: int) -> None:
    tree = explain(plan, path)
    assert (tree.name, len(tree.cells)) == (name, cells)


def test_every_assumption_can_be_explained_by_its_path(plan: Plan) -> None:
    for each in plan.assumptions:
        assert explain(plan, each.path).cells, each.path


def test_an_unknown_path_is_refused_with_the_nearest(plan: Plan) -> None:
    with pytest.raises(PlannerError, match=r"nearest: regions.japan.cellular_price"):
        explain(plan, "regions.japan.celular_price")


def test_it_shows_itself_in_notebooks_without_markup(plan: Plan) -> None:
    shown = explain(plan, "gpus", depth=0)._repr_html_()
    assert shown.startswith("<pre>") and "<script" not in shown


def test_one_line_of_the_ledger_is_explained_by_what_is_paid_under_it(plan: Plan) -> None:
    tree = explain(plan, "cash_flow", at="2028-06", depth=1, item="labels")
    assert [child.name for child in tree.children] == ["label_cost", "money_level"]
