"""Is 5pct_from_2027 still the continuation of 5pct_ev_market? What it takes as given must be what that plan reaches."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import MONTH, REGION, SITE, TIER, WORKLOAD, on, total
from planner.inputs.numbers import month_index, month_label
from planner.plan import Plan
from planner.project import load

START = month_index("2026-12")


@pytest.fixture(scope="module")
def earlier() -> Plan:
    return load("5pct_ev_market", set={"regions.usa.forecast": "iea_2025_shares"}).plan()


@pytest.fixture(scope="module")
def later() -> Plan:
    return load("5pct_from_2027").plan()


def test_the_opening_fleet_is_the_fleet_that_the_earlier_plan_reaches(
    earlier: Plan, later: Plan
) -> None:
    before = earlier.months.index(month_label(START)) - 1
    reached = on(earlier.values("vehicles_in_operation")[0], MONTH, REGION)[0, before]
    opening = on(total(later.values("vehicles_at_start")[0], 4), REGION)[0]
    assert opening == pytest.approx(reached, rel=2e-3)


def test_what_is_installed_and_on_order_is_what_the_earlier_plan_has_ordered(
    earlier: Plan, later: Plan
) -> None:
    ordered = [order for order in earlier.orders if order.order_by < month_label(START)]
    for kind, stocks in (
        ("node", ("installed", "committed")),
        ("storage", ("installed_storage", "committed_storage")),
    ):
        for name, site in later.project.inputs.scenario.sites.items():
            given = sum(stock.count.value for field in stocks for stock in getattr(site, field))
            expected = sum(each.count for each in ordered if (each.kind, each.site) == (kind, name))
            assert given == expected, (kind, name)


def test_the_data_kept_so_far_is_what_the_earlier_plan_has_kept(earlier: Plan, later: Plan) -> None:
    before = earlier.months.index(month_label(START))
    seconds = earlier.project.table.calendar.seconds
    kept = on(earlier.values("site_kept")[0], MONTH, SITE)[0, :before] * seconds[:before, None]
    for index, (name, site) in enumerate(later.project.inputs.scenario.sites.items()):
        given = sum(data.kept.value for data in site.opening_data)
        assert given == pytest.approx(kept[:, index].sum(), rel=1e-3, abs=1.0), name


def test_the_data_sets_go_on_from_where_the_earlier_plan_leaves_them(
    earlier: Plan, later: Plan
) -> None:
    before = earlier.months.index(month_label(START)) - 1
    reached = on(earlier.values("dataset_time")[0], MONTH, WORKLOAD, SITE)[0, before, :, 0]
    base = on(later.leaf("model_base_dataset"), WORKLOAD)[0]
    assert base == pytest.approx(reached, rel=1e-3)


def test_storage_and_nodes_stand_where_they_stood(earlier: Plan, later: Plan) -> None:
    before = earlier.months.index(month_label(START)) - 1
    there = on(earlier.values("storage_units")[0], MONTH, TIER, SITE)[0, before]
    first = on(
        later.values("storage_units_before")[0] - later.values("storage_committed_entering")[0],
        MONTH,
        TIER,
        SITE,
    )[0, 0]
    assert np.array_equal(first, there)
