"""What a plan says of itself: shortfalls, what binds, what it rests on, and the orders behind the numbers."""

from __future__ import annotations

import numpy as np
import pytest

from planner import units
from planner.axes import HARDWARE, MONTH, SITE, on
from planner.errors import PlanForbidden
from planner.findings import Warning_, assumptions, beside_orders, binding, in_short
from planner.findings.accelerators import what_sets_gpus
from planner.findings.spans import first_order
from planner.plan import Plan, size
from planner.project import load

CHINA = {"regions.china.serve": "required"}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load("5pct_ev_market").plan()


def warned(plan: Plan, kind: str, place: str | None = None) -> list[Warning_]:
    return [w for w in plan.warnings if w.kind == kind and place in (None, w.place)]


def test_china_is_not_served_and_the_rule_is_named(plan: Plan) -> None:
    (found,) = warned(plan, "unserved")
    assert (found.place, found.unit, found.last) == ("china", "vehicle", "2030-12")
    assert found.size == pytest.approx(plan.values("vehicles_unserved")[0].max())
    for word in ("denied", "3A090.a", "us_2023_10", "data may not leave"):
        assert word in found.text


def test_hardware_that_the_rules_let_in_is_named() -> None:
    # A chip of a sixth of an H100 at the same bandwidth is below every threshold of October 2023.
    weaker = {
        "accelerators.h800.bf16": "148 TFLOP/s",
        "accelerators.h800.fp8": "296 TFLOP/s",
        "accelerators.h800.int8": "296 TFLOP/s",
        "sites.china.training": "hgx_h800",
    }
    served = load("5pct_ev_market", set=weaker).plan()
    assert not warned(served, "unserved")
    assert served["gpus"].at(site="china", hardware="hgx_h800").values.max() > 0


def test_data_that_must_stay_needs_a_site_in_its_country() -> None:
    abroad = load("5pct_ev_market", set={"regions.china.site": "taiwan"}).plan()
    (found,) = warned(abroad, "unserved")
    assert "its data may not leave CN (clips, evidence: cn_automotive_2021" in found.text
    assert "and the site taiwan is in TW" in found.text


def test_a_region_that_must_be_served_and_is_not_forbids_the_plan(plan: Plan) -> None:
    plan.require_lawful()
    with pytest.raises(PlanForbidden, match=r"china: .*serve: required"):
        size("5pct_ev_market", set=CHINA)
    assert PlanForbidden.exit_code == 1


def test_a_shortfall_by_lead_time_says_when_the_first_order_serves(plan: Plan) -> None:
    found = {w.place: w for w in warned(plan, "gpus")}
    assert set(found) == {"taiwan", "japan"}
    first = np.flatnonzero(on(plan.values("orders")[0], MONTH, SITE, HARDWARE)[0].any(axis=(1, 2)))
    assert found["taiwan"].first == "2024-01"
    assert found["taiwan"].last < plan.months[first[0]]
    assert f"serves from {plan.months[first[0]]}" in found["taiwan"].text


def test_a_power_phase_that_comes_too_late_is_a_shortfall_with_its_size() -> None:
    small = "{series: {2023-11: 1 MW, 2027-01: 60 MW}}"
    short = load("5pct_ev_market", set={"sites.taiwan.power_limit": small}).plan()
    (found,) = warned(short, "power")
    assert (found.place, found.last, found.unit) == ("taiwan", "2026-12", "W")
    assert "2027-01" in found.text
    need = short["site_power"].at(site="taiwan", month="2026-12").values
    assert found.size == pytest.approx(float(need) - 1e6)


def test_reviewed_deliveries_are_counted() -> None:
    later = load("5pct_from_2027").plan()
    (found,) = warned(later, "export")
    delivered = later["nodes_delivered"].at(site="china", hardware="gh200_nvl32").values.sum()
    assert found.size == delivered > 0
    assert "case by case" in found.text
    assert warned(later, "residency", "china")


def test_hardware_without_a_price_or_long_succeeded_is_pointed_out(plan: Plan) -> None:
    (old,) = warned(plan, "hardware")
    assert "years after" in old.text
    dojo = load("5pct_ev_market", hardware="dojo_tile").plan()
    assert "no price" in warned(dojo, "hardware", "dojo_tile")[0].text


def test_vehicles_without_a_way_to_download_are_counted(plan: Plan) -> None:
    (found,) = [w for w in warned(plan, "ota") if w.unit == "vehicle"]
    served, reached = (
        x.sum(axis=tuple(range(2, x.ndim))) for x in plan.values("vehicles_served", "ota_vehicles")
    )
    assert found.size == pytest.approx((served - reached).max())
    everybody = load("5pct_ev_market", set={"ota.cellular_share": "100 %"}).plan()
    assert not [w for w in warned(everybody, "ota") if w.unit == "vehicle"]


def test_recordings_that_do_not_fit_the_links_are_pointed_out(plan: Plan) -> None:
    (found,) = warned(plan, "dropped")
    assert 0 < found.size < 1
    free = {"links.cellular.data_cap": "null", "links.wifi.session": "24 hour"}
    free |= {"vehicles.model_c.buffer": "1 PB", "vehicles.model_n.buffer": "1 PB"}
    assert not warned(load("5pct_ev_market", set=free).plan(), "dropped")


def test_an_input_that_nothing_reads_is_pointed_out() -> None:
    edited = load("5pct_ev_market", set={"ecus.drive_orin.flash": "70 GB"}).plan()
    (found,) = warned(edited, "input")
    assert "ecus.drive_orin.flash" in found.text
    assert not warned(
        load("5pct_ev_market", set={"nodes.gh200_nvl32.power": "40 kW"}).plan(), "input"
    )


def test_a_full_data_set_is_dated(plan: Plan) -> None:
    found = {w.place: w for w in warned(plan, "dataset")}
    held = plan["dataset_time"].at(workload="perception", site="taiwan")
    full = [m for m, v in zip(plan.months, held.values, strict=True) if v >= 10_000]
    assert found["perception"].first == full[0]
    assert found["perception"].size == 10_000


def test_what_binds_changes_with_the_bandwidth_of_a_disk(plan: Plan) -> None:
    assert "hot, cold storage: bound by capacity" in binding(plan)
    slow = load("5pct_ev_market", set={"storage.nvme_flash.read_bandwidth": "1 GB/s"}).plan()
    assert "hot storage: bound by read bandwidth" in binding(slow)


def test_an_assumption_moves_the_plan_by_what_setting_it_does(plan: Plan) -> None:
    top = next(a for a in assumptions(plan) if a.path == "models.bev_perception.frame_flops")
    high = load("5pct_ev_market", set={top.path: top.high}).plan()
    low = load("5pct_ev_market", set={top.path: top.low}).plan()
    moved = [float(each["tco"]) / float(plan["tco"]) - 1 for each in (low, high)]
    assert top.moves["tco"] == pytest.approx(max(moved, key=abs))


def test_a_price_that_every_region_has_counts_as_one_assumption(plan: Plan) -> None:
    prices = [a for a in assumptions(plan) if "cellular_price" in a.path]
    assert [a.path for a in prices] == ["regions.*.cellular_price"]
    rows = [r for r in plan.project.table.rows if r.leaf == "region_cellular_price"]
    high = {r.path: f"{(r.high or 0) * 1e9} USD/GB" for r in rows}
    moved = float(load("5pct_ev_market", set=high).plan()["tco"]) / float(plan["tco"]) - 1
    assert prices[0].moves["tco"] == pytest.approx(moved)


def test_orders_cost_what_is_paid_for_them(plan: Plan) -> None:
    """Without inflation, which makes a deposit dearer than a balance in money of one day."""
    still = load("5pct_ev_market", set=["economics.inflation=0 %"]).plan()
    ledger = still["cash_flow"]
    for kinds, item in (
        ({"node"}, "nodes"),
        ({"storage"}, "storage"),
        ({"switch", "link"}, "network"),
        ({"rig"}, "rigs"),
    ):
        book = sum(order.usd for order in still.orders if order.kind in kinds)
        assert book == pytest.approx(ledger.at(item=item).values.sum()), item
    assert "inflation" not in " ".join(beside_orders(still, still.orders))
    assert all(o.order_by <= o.delivered <= o.in_service for o in plan.orders)
    assert min(o.order_by for o in plan.orders) >= plan.months[0]


def test_a_power_phase_that_falls_short_binds() -> None:
    small = load("5pct_ev_market", set={"sites.taiwan.power_limit": "0.5 MW"}).plan()
    need = small["site_power"].at(site="taiwan").values.max() - 0.5e6
    assert binding(small)[0].startswith(
        f"taiwan: up to {units.show(float(need), 'watt')} of site power short, "
    )


def test_the_assumptions_move_the_plan_as_a_run_of_their_own_does(plan: Plan) -> None:
    table = plan.project.table
    found = {each.path: each.moves["tco"] for each in assumptions(plan, count=1000)}
    rows = [i for i, row in enumerate(table.rows) if row.path in found][::12]
    assert len(rows) > 5
    draws = {i: np.full(2 * len(rows), table.rows[i].value) for i in rows}
    for position, i in enumerate(rows):
        draws[i][2 * position : 2 * position + 2] = table.rows[i].low, table.rows[i].high
    tco = plan.project.run(["tco"], table.redrawn(draws), draws=2 * len(rows))["tco"]
    moves = tco.reshape(-1, 2) / float(plan.values("tco")[0].max()) - 1.0
    for i, (low, high) in zip(rows, moves, strict=True):
        assert found[table.rows[i].path] == pytest.approx(max(low, high, key=abs), rel=1e-9)


def test_what_moves_cost_most_is_not_hidden_by_what_moves_gpus(plan: Plan) -> None:
    everything = assumptions(plan, count=1000)
    first = [each.path for each in assumptions(plan)[:4]]
    for quantity in ("tco", "gpus_required"):
        top = sorted(everything, key=lambda each: -abs(each.moves[quantity]))[:2]
        assert {each.path for each in top} <= set(first), quantity


@pytest.mark.parametrize(
    ("scenario", "edits"),
    [
        ("5pct_ev_market", []),
        ("5pct_ev_market", ["economics.money=nominal"]),
        ("5pct_ev_market", ["sites.taiwan.acquisition=lease"]),
        ("5pct_ev_market", ["sites.taiwan.acquisition=rent"]),
        ("5pct_from_2027", []),
        ("test_fleet", []),
    ],
)
def test_the_order_book_and_what_is_beside_it_are_capex(scenario: str, edits: list[str]) -> None:
    found = load(scenario, set=edits).plan()
    together = sum(order.usd for order in found.orders) + sum(
        beside_orders(found, found.orders).values()
    )
    assert together == pytest.approx(found["capex"].values.sum(), rel=1e-8, abs=1.0)


def test_what_replaces_old_units_is_marked_in_the_book(plan: Plan) -> None:
    """The first nodes serve from September 2024 for five years: what follows them in 2029 is no growth."""
    nodes = [order for order in plan.orders if order.kind == "node" and order.site == "taiwan"]
    assert all(order.reason == "growth" for order in nodes if order.in_service < "2029-06")
    renewals = [order for order in nodes if order.reason == "renewal"]
    assert renewals[0].in_service == "2029-09" and renewals[0].count == nodes[0].count
    for kind in ("node", "storage", "switch", "link", "rig"):
        mine = [order for order in plan.orders if order.kind == kind]
        renewed = sum(order.count for order in mine if order.reason == "renewal")
        ended = sum(order.count for order in mine if order.in_service < "2026-01")
        assert renewed > 0 and (kind != "node" or renewed >= ended), kind
        assert {order.reason for order in mine} == {"growth", "renewal"}, kind


def test_growth_of_nodes_is_what_stands_at_the_end(plan: Plan) -> None:
    """Where the need never falls: nodes in service at the end are those of growth, and renewals those that retired."""
    nodes = [order for order in plan.orders if order.kind == "node"]
    stand = plan["nodes"].values[-1].sum()
    retired = sum(order.count for order in nodes if order.in_service < "2026-01")
    growth = sum(order.count for order in nodes if order.reason == "growth")
    renewed = sum(order.count for order in nodes if order.reason == "renewal")
    assert growth + renewed - retired == stand
    assert renewed == pytest.approx(retired, abs=1)


def test_a_longer_life_leaves_nothing_to_renew() -> None:
    plan = load("5pct_ev_market", set=["cluster.refresh_age=15 year"]).plan()
    assert {order.reason for order in plan.orders} == {"growth"}


def test_networks_are_ordered_before_they_serve(plan: Plan) -> None:
    """120, 90 and 60 days for the switches of the fabric, of the front end and of management, with their links."""
    for network, ahead in (("compute", {4, 5}), ("front_end", {3, 4}), ("management", {2, 3})):
        mine = [o for o in plan.orders if o.tier == network and o.kind in ("switch", "link")]
        assert {o.kind for o in mine} == {"switch", "link"}
        later = [o for o in mine if o.order_by > plan.months[0]]
        months = [plan.months.index(o.in_service) - plan.months.index(o.order_by) for o in later]
        assert months and set(months) <= ahead, network
    cables = {o.tier: o.what for o in plan.orders if o.kind == "link"}
    assert cables["compute"] == "cable with optics" and cables["management"] == "cable"


def test_orders_of_networks_and_rigs_are_in_the_book(plan: Plan) -> None:
    for kind, quantity in (
        ("switch", "switch_orders"),
        ("link", "link_orders"),
        ("rig", "rig_orders"),
    ):
        counted = sum(order.count for order in plan.orders if order.kind == kind)
        assert counted == plan[quantity].values.sum() > 0
    rig = next(order for order in plan.orders if order.kind == "rig")
    assert rig.order_by < rig.delivered == rig.in_service


def test_a_percentile_of_waits_is_said_the_right_way_round() -> None:
    later = load("5pct_from_2027", set=["training.queue_percentile=99 %"]).plan()
    found = warned(later, "queue")
    assert found
    for each in found:
        assert "more than 1 % of experiment jobs wait longer than the 4 h allowed" in each.text
        assert f"99 % start within {units.show(3600 * each.size, 'hour')}" in each.text


def test_what_lasts_comes_before_what_ends_when_the_first_orders_serve(plan: Plan) -> None:
    starting = [index for index, each in enumerate(plan.warnings) if each.at_start]
    lasting = [
        index
        for index, each in enumerate(plan.warnings)
        if each.kind in ("unserved", "edge", "package", "dropped", "residency")
    ]
    assert starting and lasting
    assert max(lasting) < min(starting)
    for index in starting:
        assert plan.warnings[index].last < plan.horizon_months[-1]


def test_start_up_shortages_of_a_site_are_one_line(plan: Plan) -> None:
    lines = in_short(plan.warnings)
    (taiwan,) = [
        line
        for line in lines
        if line.endswith("until the first orders serve") and line.startswith("taiwan")
    ]
    gpus = warned(plan, "gpus", "taiwan")[0]
    assert f"{units.show(gpus.size, '1')} GPUs, hot" in taiwan
    assert f"{gpus.first} to {gpus.last}" in taiwan
    alone = [each for each in plan.warnings if not each.at_start and not each.heading]
    mine = {each.brief or each.text for each in alone}
    assert mine <= set(lines)


def test_what_is_alike_is_one_line_in_few_words_that_names_each() -> None:
    found = load("5pct_from_2027").plan().warnings
    lines = in_short(found)
    headings = {each.heading for each in found if each.heading}
    assert len(headings) >= 4
    for heading in headings:
        (line,) = [line for line in lines if line.startswith(f"{heading}: ")]
        alike = [each for each in found if each.heading == heading]
        assert all(each.brief in line for each in alike)
        assert len(line) < sum(len(each.text) for each in alike)
    for each in found:
        assert len(each.brief) < len(each.text)
    assert len(lines) < len(found) - 3


def test_the_first_order_is_one_that_serves_after_the_shortage_began(plan: Plan) -> None:
    days = 86_400.0
    entering = np.zeros(len(plan.months))
    entering[[plan.months.index("2024-09"), plan.months.index("2026-03")]] = 1
    assert first_order(plan, entering, 40 * days, "2026-01") == ("2026-01", "2026-03")
    assert first_order(plan, entering, 40 * days, "2024-01") == ("2024-07", "2024-09")
    nothing = np.zeros(len(plan.months))
    assert first_order(plan, nothing, 40 * days, "2023-11") == ("2023-11", "2024-01")
    assert first_order(plan, nothing, 4000 * days, "2023-11") is None


@pytest.mark.parametrize(
    ("share", "line"),
    [
        (0.004, "GPUs: C"),
        (0.03, "GPUs: C; services take up to 3 %"),
        (0.5, "GPUs: C; services take up to 50 %"),
        (
            0.7,
            "GPUs: bound by the busiest hour of the services, which take up to 70 %; the rest C",
        ),
        (0.996, "GPUs: bound by the busiest hour of the services, which take all but a few"),
    ],
)
def test_what_takes_the_larger_part_is_named_first(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, share: float, line: str
) -> None:
    monkeypatch.setattr("planner.findings.accelerators.services_share", lambda plan: share)
    assert what_sets_gpus(plan, "C") == line
