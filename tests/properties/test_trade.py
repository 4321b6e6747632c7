"""What always holds of rules on exports and data, whatever the chips, the fleets and the places."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.axes import PROGRAM, REGION, SITE, total
from planner.graph import Quantity
from planner.perf import export, residency
from planner.project import Project
from tests.properties import trade_bugs as bugs
from tests.properties.layouts import Factors, factors, layout, read, rows_of, run, scaled
from tests.properties.seeded_bugs import caught, with_bug

# Committed hardware that was free when it was ordered and one that is not; cars without cameras, so that the size of
# the fleet decides on China's data.
WATCHED = """
extends: 5pct_ev_market.yaml
plan_start: 2023-10
horizon: {start: 2024-01, end: 2026-12}
sites:
  china:
    committed:
      - {hardware: hgx_h800, count: 5, in_service: 2023-11}
      - {hardware: gh200_nvl32, count: 2, in_service: 2024-06}
vehicles:
  model_c: {sensors: {front_cameras: {kind: radar}, surround_cameras: {kind: radar}, fisheye_cameras: {kind: radar}}}
  model_n: {sensors: {front_cameras: {kind: radar}, surround_cameras: {kind: radar}, fisheye_cameras: {kind: radar}}}
"""
NAMES = ("announced", "running", "watched")
EXAMPLES = settings(max_examples=15, deadline=None, derandomize=True)


@cache
def project(name: str) -> Project:
    return read(WATCHED) if name == "watched" else layout(name)


def of(name: str, bug: Quantity | None) -> Project:
    return project(name) if bug is None else with_bug(project(name), bug)


# --- Deliveries ------------------------------------------------------------------------------------


def deliveries_add_up(name: str, chosen: Factors, bug: Quantity | None = None) -> None:
    plan = of(name, bug)
    names = ("nodes_delivered", "nodes_committed_delivered", "export_lawful", "nodes_unlawful")
    found = run(plan, names, scaled(plan.table, chosen))
    ordered, committed, lawful, against = (found[each] for each in names)
    assert np.allclose(against + (ordered + committed) * lawful, ordered + committed)


def nothing_is_ordered_against_the_rules(
    name: str, chosen: Factors, bug: Quantity | None = None
) -> None:
    plan = of(name, bug)
    found = run(plan, ["nodes_delivered", "export_lawful"], scaled(plan.table, chosen))
    assert not (found["nodes_delivered"] * (1.0 - found["export_lawful"])).any()


@pytest.mark.parametrize("name", NAMES)
def test_lawful_and_unlawful_deliveries_are_all_deliveries(name: str) -> None:
    EXAMPLES(given(factors(project(name).table))(lambda c: deliveries_add_up(name, c)))()


@pytest.mark.parametrize("name", NAMES)
def test_the_plan_orders_nothing_that_the_rules_stop(name: str) -> None:
    check = given(factors(project(name).table))
    EXAMPLES(check(lambda c: nothing_is_ordered_against_the_rules(name, c)))()


# --- Chips -----------------------------------------------------------------------------------------


def faster_chips(name: str, pair: tuple[float, float], bug: Quantity | None = None) -> None:
    """All rates of all chips times a smaller and a larger factor."""
    plan = of(name, bug)
    rates = [
        row
        for form in ("bf16", "fp8", "int8", "fp64")
        for row in rows_of(plan.table, f"accelerator_{form}")
    ]
    values = [{i: plan.table.rows[i].value * factor for i in rates} for factor in sorted(pair)]
    found = run(plan, ["export_verdict"], *values)["export_verdict"]
    slow, fast = export.STRICTNESS[found.astype(np.int64)]
    assert (fast >= slow).all()


PAIRS = st.tuples(st.floats(0.01, 4.0), st.floats(0.01, 4.0))


@pytest.mark.parametrize("name", NAMES)
def test_a_faster_chip_is_never_judged_more_mildly(name: str) -> None:
    EXAMPLES(given(PAIRS)(lambda pair: faster_chips(name, pair)))()


LICENSED = """
extends: 5pct_ev_market.yaml
horizon: {start: 2024-01, end: 2026-12}
sites:
  taiwan: {licences: [{hardware: gh200_nvl32, from: 2024-01, until: 2025-06, reference: granted}]}
  china: {licences: [{hardware: gh200_nvl32, from: 2024-01, until: 2025-06, reference: granted}]}
regions:
  japan: {country: SA}
"""


@cache
def licensed(more: bool) -> Project:
    whole = "[{hardware: gh200_nvl32, from: 2024-01, reference: granted}]"
    sites = ("japan", "taiwan") if more else ()
    return read(LICENSED, set=[f"sites.{site}.licences={whole}" for site in sites])


def licences_only_help(pair: tuple[float, float], bug: Quantity | None = None) -> None:
    without, more = (
        licensed(each) if bug is None else with_bug(licensed(each), bug) for each in (False, True)
    )
    rows = rows_of(without.table, "accelerator_fp8")
    values = [{i: without.table.rows[i].value * factor for i in rows} for factor in pair]
    before, after = (
        run(each, ["export_lawful"], *values)["export_lawful"] for each in (without, more)
    )
    assert (after >= before).all()


@EXAMPLES
@given(PAIRS)
def test_one_licence_more_never_stops_a_delivery(pair: tuple[float, float]) -> None:
    licences_only_help(pair)


# --- Data ------------------------------------------------------------------------------------------


def home_is_free(name: str, chosen: Factors, bug: Quantity | None = None) -> None:
    plan = of(name, bug)
    found = run(plan, ["residency_verdict"], scaled(plan.table, chosen))["residency_verdict"]
    countries = [plan.inputs.scenario.regions[r].country for r in plan.table.labels[REGION]]
    sites = plan.leaves["site_country"]
    assert isinstance(sites, tuple)
    for region, site in np.ndindex(len(countries), len(sites)):
        if countries[region] == sites[site]:
            own = np.take(np.take(found, [region], axis=REGION), [site], axis=SITE)
            assert (own == residency.FREE).all()


@pytest.mark.parametrize("name", NAMES)
def test_data_is_free_in_its_own_country(name: str) -> None:
    EXAMPLES(given(factors(project(name).table))(lambda chosen: home_is_free(name, chosen)))()


def more_vehicles(pair: tuple[float, float], bug: Quantity | None = None) -> None:
    plan = of("watched", bug)
    rows = rows_of(plan.table, "market_sales")
    values = [{i: plan.table.rows[i].value * factor for i in rows} for factor in sorted(pair)]
    few, many = run(plan, ["residency_verdict"], *values)["residency_verdict"]
    assert (many >= few).all()


@EXAMPLES
@given(PAIRS)
def test_more_vehicles_never_set_data_free(pair: tuple[float, float]) -> None:
    more_vehicles(pair)


def everybody_is_served_or_not(name: str, chosen: Factors, bug: Quantity | None = None) -> None:
    plan = of(name, bug)
    names = ("vehicles_served", "vehicles_unserved", "vehicles_mean")
    found = run(plan, names, scaled(plan.table, chosen))
    served, left_out, all_ = (found[each] for each in names)
    assert np.allclose(total(served, PROGRAM) + left_out, total(all_, PROGRAM))


@pytest.mark.parametrize("name", NAMES)
def test_served_and_unserved_vehicles_are_all_vehicles(name: str) -> None:
    check = given(factors(project(name).table))
    EXAMPLES(check(lambda chosen: everybody_is_served_or_not(name, chosen)))()


@st.composite
def pairs_that_may_pool(draw: st.DrawFn) -> np.ndarray:
    size = draw(st.integers(1, 6))
    flat = draw(st.lists(st.booleans(), min_size=size * size, max_size=size * size))
    table = np.array(flat).reshape(size, size)
    return (table & table.T) | np.eye(size, dtype=bool)


@settings(deadline=None, derandomize=True)
@given(pairs_that_may_pool())
def test_pools_are_groups_and_only_of_those_who_may_meet(may_pool: np.ndarray) -> None:
    groups = np.array(residency.pools(may_pool))
    assert np.array_equal(groups, groups.T) and (np.diag(groups) == 1).all()
    assert np.array_equal((groups @ groups) > 0, groups > 0)  # whoever meets one meets all
    assert may_pool[groups > 0].all()


# --- Each property catches a fault -----------------------------------------------------------------


def test_the_properties_catch_wrong_quantities() -> None:
    table = project("watched").table
    some = factors(table)
    caught(lambda c: deliveries_add_up("watched", c, bugs.what_was_on_order_is_forgotten), some)
    caught(
        lambda c: nothing_is_ordered_against_the_rules("announced", c, bugs.nobody_asks_the_rules),
        factors(project("announced").table),
    )
    caught(lambda pair: faster_chips("watched", pair, bugs.performance_upside_down), PAIRS)
    caught(lambda pair: licences_only_help(pair, bugs.a_licence_makes_it_worse), PAIRS)
    caught(lambda c: home_is_free("watched", c, bugs.data_stays_away_from_home), some)
    caught(lambda pair: more_vehicles(pair, bugs.small_fleets_are_watched), PAIRS)
    caught(
        lambda c: everybody_is_served_or_not("watched", c, bugs.nobody_counts_who_is_left_out), some
    )
