"""No byte is lost or made between the sensors and the tiers.

What vehicles record is uploaded or dropped; what arrives is kept or discarded; what was kept is
held in a tier or has aged out, when the tiers' ages join and each tier holds all that passes.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.axes import LINK, MONTH, REGION, SITE, TIER, Array, on, place, total
from planner.project import Project
from tests.properties import seeded_bugs as bugs
from tests.properties.layouts import (
    WHOLE_PLANS,
    factors,
    layout,
    read,
    rows_of,
    run,
    same,
    scaled,
    scenario_texts,
)

DAY = 86_400.0
EXACT = 1e-12

Example = dict[int, float]
Ages = tuple[dict[int, float], tuple[float, float, float]]


# --- On the vehicle and on the way --------------------------------------------------------------


def check_uploaded_or_dropped(project: Project, chosen: Example) -> None:
    values = scaled(project.table, chosen)
    x = run(project, ["fleet_recorded", "upload", "fleet_dropped"], values)
    assert (x["upload"] >= 0).all() and (x["fleet_dropped"] >= 0).all()
    assert same(x["fleet_recorded"], total(x["upload"], LINK) + x["fleet_dropped"], EXACT)


def check_kept_or_discarded(project: Project, chosen: Example) -> None:
    values = scaled(project.table, chosen)
    names = ["ingest_mean", "site_ingest_mean", "site_kept", "site_discarded"]
    x = run(project, names, values)
    assert same(total(x["site_ingest_mean"], SITE), x["ingest_mean"], EXACT)
    assert same(x["site_kept"] + x["site_discarded"], x["site_ingest_mean"], EXACT)
    assert (x["site_discarded"] >= 0).all()


@pytest.mark.parametrize("check", [check_uploaded_or_dropped, check_kept_or_discarded])
@pytest.mark.parametrize("name", ["announced", "unlimited", "running"])
def test_recorded_is_uploaded_or_dropped_and_ingest_is_kept_or_discarded(name: str, check) -> None:
    project = layout(name)

    @WHOLE_PLANS
    @given(factors(project.table))
    def holds(chosen: Example) -> None:
        check(project, chosen)

    holds()


@settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(scenario_texts())
def test_bytes_are_conserved_in_generated_files(text: str) -> None:
    project = read(text)
    check_uploaded_or_dropped(project, {})
    check_kept_or_discarded(project, {})


@pytest.mark.parametrize(
    ("check", "bug"),
    [
        (check_uploaded_or_dropped, bugs.depot_vehicles_also_go_home),
        (check_uploaded_or_dropped, bugs.unserved_vehicles_drop_nothing),
        (check_kept_or_discarded, bugs.every_site_gets_everything),
        (check_kept_or_discarded, bugs.discarded_by_half),
    ],
)
def test_a_seeded_bug_on_the_way_is_caught(check, bug) -> None:
    project = bugs.with_bug(layout("announced"), bug)
    bugs.caught(lambda chosen: check(project, chosen), factors(project.table))


# --- In the tiers -------------------------------------------------------------------------------


def joined_ages(project: Project) -> st.SearchStrategy[Ages]:
    """Values redrawn, and the ages [day] at which data leaves the three tiers, in any order."""
    days = st.floats(0.0, 4000.0) | st.sampled_from([30.0, 365.25])
    return st.tuples(factors(project.table), st.tuples(days, days, days))


def check_held_or_aged_out(project: Project, example: Ages) -> None:
    chosen, ends_of_tiers = example
    table = project.table
    tiers = ("hot", "warm", "cold")
    ages = dict(zip(tiers, ends_of_tiers, strict=True))
    values = scaled(table, chosen)
    values |= {i: ages[table.rows[i].position[0]] * DAY for i in rows_of(table, "tier_held_until")}
    # A tier that data would leave before it enters holds nothing; the next one takes it on from the tier before.
    hot, warm, cold = np.maximum.accumulate(ends_of_tiers)
    bounds = {"hot": (0.0, hot), "warm": (hot, warm), "cold": (warm, cold)}
    values |= dict.fromkeys(rows_of(table, "tier_held_share"), 1.0)
    # Data of one fate: a copy of each class, none of it deleted on request or retained beyond the tiers' ages.
    values |= dict.fromkeys(rows_of(table, "data_copies"), 1.0)
    values |= dict.fromkeys(rows_of(table, "data_withdrawn_share"), 0.0)
    values |= dict.fromkeys(rows_of(table, "data_retain_until"), -1.0)
    x = run(project, ["site_kept", "tier_held"], values)
    ends = table.calendar.edges[1:]
    ever = _kept_until(project, values, x["site_kept"], ends)
    aged_out = _kept_until(project, values, x["site_kept"], ends - cold * DAY)
    assert (x["tier_held"] >= 0).all()
    assert same(total(x["tier_held"], TIER) + aged_out, ever, 1e-9)
    for tier, (young, old) in enumerate(bounds.values()):
        entered = _kept_until(project, values, x["site_kept"], ends - young * DAY)
        left = _kept_until(project, values, x["site_kept"], ends - old * DAY)
        held = x["tier_held"].take([tier], axis=TIER)
        largest = float(ever.max(initial=0.0))
        assert np.abs(held - (entered - left)).max() <= 1e-9 * largest


def _kept_until(project: Project, values: Example, kept: Array, moments: Array) -> Array:
    """Bytes kept by site up to each moment [s after plan_start], month by month and year by year."""
    table = project.table
    calendar, sites = table.calendar, table.labels[SITE]
    begin, end = calendar.edges[:-1], calendar.edges[1:]
    done = np.clip((moments[:, None] - begin) / (end - begin), 0.0, 1.0) * (end - begin)
    bytes_ = np.einsum("tm,ms->ts", done, on(kept, MONTH, SITE)[0])
    for name, site in project.inputs.scenario.sites.items():
        for index, entry in enumerate(site.opening_data):
            row = next(
                i for i in rows_of(table, "site_opening_data") if _is(table.rows[i], name, index)
            )
            first = entry.year - calendar.first
            start, stop = calendar.seconds_at(first), min(calendar.seconds_at(first + 12), 0.0)
            share = np.clip((moments - start) / (stop - start), 0.0, 1.0)
            bytes_[:, sites.index(name)] += values.get(row, table.rows[row].value) * share
    return place(bytes_, MONTH, SITE)


def _is(row, site: str, index: int) -> bool:
    return row.path == f"sites.{site}.opening_data[{index}].kept"


@pytest.mark.parametrize("name", ["announced", "running"])
def test_what_was_kept_is_in_a_tier_or_has_aged_out(name: str) -> None:
    project = layout(name)

    @WHOLE_PLANS
    @given(joined_ages(project))
    def holds(example: Ages) -> None:
        check_held_or_aged_out(project, example)

    holds()


@pytest.mark.parametrize(
    "bug", [bugs.tier_loses_bytes_at_its_edge, bugs.tier_holds_what_has_aged_out]
)
def test_a_seeded_bug_in_the_tiers_is_caught(bug) -> None:
    project = bugs.with_bug(layout("running"), bug)
    bugs.caught(lambda example: check_held_or_aged_out(project, example), joined_ages(project))


def test_regions_and_sites_of_the_layouts_hold_data() -> None:
    """The checks above compare more than zeros with zeros."""
    for name in ("announced", "running"):
        x = run(layout(name), ["site_kept", "fleet_dropped"], {})
        assert (total(x["site_kept"], MONTH) > 0).sum() >= 2
        assert (total(x["fleet_dropped"], MONTH, REGION) > 0).any()
