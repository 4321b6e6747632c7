"""Data classes: nothing is lost between them, their copies and their fates, and more of them never needs less.

A class's recordings are received or dropped, and classes add up to all. What was kept is held, has aged out or was
deleted because its owners withdrew consent, also where evidence outlives its programme. Copies multiply a class's
bytes over the sites, and only what they add travels. Curation and labels are linear in their inputs.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.axes import DATA, MONTH, PROGRAM, REGION, SITE, TIER, Array, on, place, total
from planner.graph import Quantity
from planner.project import Project
from tests.properties import data_bugs as bugs
from tests.properties.layouts import (
    RUNNING,
    WHOLE_PLANS,
    factors,
    layout,
    read,
    rows_of,
    run,
    same,
    scaled,
    times,
)
from tests.properties.seeded_bugs import caught, with_bug

DAY = 86_400.0
EXACT = 1e-12

# A programme that ends within the plan, another after it; data of two classes from the years before.
ENDED = (
    RUNNING.replace(
        "opening_data: [{year: 2024-01, kept: 300 TB}",
        "opening_data: [{year: 2024-01, kept: 300 TB, data: evidence}",
    )
    + "programs: {model_n: {production_end: 2027-03}, model_c: {production_end: 2033-12}}\n"
)


@cache
def ended() -> Project:
    return read(ENDED)


def leaf_of(project: Project, name: str, values: dict[int, float]) -> Array:
    """A leaf over classes with the values of an example."""
    table = project.table
    known = project.leaves[name]
    assert isinstance(known, np.ndarray)
    found = on(known, DATA)[0].copy()
    for row in rows_of(table, name):
        found[table.labels[DATA].index(table.rows[row].position[0])] = values.get(
            row, table.rows[row].value
        )
    return found


# --- Classes add up ------------------------------------------------------------------------------


def check_classes_add_up(project: Project, chosen: dict[int, float]) -> None:
    names = (
        *("data_recorded", "data_ingest", "data_dropped", "fleet_recorded", "site_ingest_mean"),
        *("fleet_dropped", "data_kept", "site_kept", "site_discarded", "data_held", "tier_held"),
        *("data_consent", "vehicles_mean", "vehicle_recorded"),
    )
    x = run(project, names, scaled(project.table, chosen))
    received = total(x["data_ingest"], PROGRAM, SITE)
    assert same(x["data_recorded"], received + x["data_dropped"], EXACT)
    assert same(total(x["data_recorded"], DATA), total(x["fleet_recorded"], REGION, PROGRAM), EXACT)
    # With the owners who withdrew, classes are what every vehicle would send.
    wanted = total(x["vehicles_mean"] * x["vehicle_recorded"], REGION, PROGRAM)
    assert same(total(x["data_recorded"] / x["data_consent"], DATA), wanted, 1e-9)
    assert (x["data_consent"] <= 1.0).all()
    assert same(total(x["data_dropped"], DATA), total(x["fleet_dropped"], REGION, PROGRAM), EXACT)
    by_site = total(x["data_ingest"], PROGRAM, DATA)
    assert same(by_site, x["site_ingest_mean"], EXACT)
    assert same(x["site_kept"], total(x["data_kept"], PROGRAM, DATA), EXACT)
    assert same(x["site_kept"] + x["site_discarded"], by_site, EXACT)
    assert same(total(x["data_held"], DATA), x["tier_held"], EXACT)


@pytest.mark.parametrize("name", ["announced", "running"])
def test_classes_add_up_to_all_that_is_recorded_received_kept_and_held(name: str) -> None:
    project = layout(name)

    @WHOLE_PLANS
    @given(factors(project.table))
    def holds(chosen: dict[int, float]) -> None:
        check_classes_add_up(project, chosen)

    holds()


def test_a_seeded_bug_in_the_classes_is_caught() -> None:
    project = with_bug(layout("announced"), bugs.evidence_is_made_beside_the_rest)
    caught(lambda chosen: check_classes_add_up(project, chosen), factors(project.table))


# --- Kept is held, aged out or deleted -----------------------------------------------------------

Fates = tuple[dict[int, float], tuple[float, float, float], tuple[float, float]]


def fates(project: Project) -> st.SearchStrategy[Fates]:
    """Values redrawn, ages [day] at which data leaves the tiers, share withdrawn, years of retention."""
    days = st.floats(1.0, 1500.0) | st.sampled_from([30.0, 365.25])
    ages = st.tuples(days, days, days).map(lambda found: tuple(sorted(found)))
    return st.tuples(
        factors(project.table), ages, st.tuples(st.floats(0.0, 0.9), st.floats(0.0, 6.0))
    )


def check_kept_is_somewhere(project: Project, example: Fates) -> None:
    chosen, ends_of_tiers, (withdrawn, years) = example
    table = project.table
    edges = dict(zip(("hot", "warm", "cold"), ends_of_tiers, strict=True))
    values = scaled(table, chosen)
    ends = rows_of(table, "tier_held_until")
    values |= {i: edges[table.rows[i].position[0]] * DAY for i in ends}
    values |= dict.fromkeys(rows_of(table, "tier_held_share"), 1.0)
    values |= dict.fromkeys(rows_of(table, "data_withdrawn_share"), withdrawn)
    values |= dict.fromkeys(rows_of(table, "data_retain_until"), years * 365.25 * DAY)
    x = run(project, ["data_kept", "data_first_copies", "data_deleted"], values)
    flows = on(x["data_kept"], MONTH, PROGRAM, DATA, SITE)[0]
    kept, held, aged_out = _fates(project, values, flows, ends_of_tiers[2] * DAY)
    found = on(total(x["data_first_copies"], TIER), MONTH, DATA, SITE)[0]
    deleted = on(x["data_deleted"], MONTH, DATA, SITE)[0]
    assert (found >= 0).all() and (deleted >= 0).all()
    assert same(found, held, 1e-9)
    assert same(found + deleted + aged_out, kept, 1e-9)


def _fates(
    project: Project, values: dict[int, float], flows: Array, last_age: float
) -> tuple[Array, Array, Array]:
    """Bytes (month end, class, site) ever kept, still held, and gone from the last tier, flow by flow."""
    now = project.table.calendar.edges[1:, None, None]
    retain = leaf_of(project, "data_retain_until", values)[:, None]
    rate = -np.log1p(-leaf_of(project, "data_withdrawn_share", values))[:, None] / (365.25 * DAY)
    rate = np.where(retain >= 0, 0.0, rate)
    stop = np.ravel(project.leaves["program_production_end"])  # type: ignore[call-overload]
    kept, held, gone = np.zeros((3, len(now), *flows.shape[2:]))
    for program, start, end, flow in _all_flows(project, values, flows, int(np.argmax(stop))):
        bound = (retain >= 0) & (now < stop[program] + retain)
        oldest = np.where(bound, -np.inf, now - last_age)
        last = np.clip(now, start, end)
        kept += flow * (last - start)
        since = np.clip(oldest, start, last)
        held += flow * _left(rate, now - since, np.maximum(now - last, 0.0))
        gone += flow * (since - start) * np.exp(-rate * last_age)
    return kept, held, gone


def _left(rate: Array, oldest: Array, youngest: Array) -> Array:
    """Integral of exp(-rate x age) over the ages."""
    some, span = np.where(rate > 0, rate, 1.0), np.maximum(oldest - youngest, 0.0)
    decayed = np.exp(-some * youngest) * -np.expm1(-some * span) / some
    return np.where(rate > 0, decayed, span)


def _all_flows(
    project: Project, values: dict[int, float], flows: Array, longest: int
) -> Iterator[tuple[int, float, float, Array]]:
    """Every constant flow (class, site) [B/s] with its programme, start and end; years before the plan included."""
    table, calendar = project.table, project.table.calendar
    for month in range(calendar.months):
        for program in range(flows.shape[1]):
            yield program, calendar.edges[month], calendar.edges[month + 1], flows[month, program]
    for row in rows_of(table, "site_opening_data"):
        data, site, index, _ = table.rows[row].position
        entry = project.inputs.scenario.sites[site].opening_data[int(index)]
        first = entry.year - calendar.first
        start, stop = float(calendar.seconds_at(first)), float(calendar.seconds_at(first + 12))
        stop = min(stop, 0.0)
        flow = np.zeros(flows.shape[2:])
        where = table.labels[DATA].index(data), table.labels[SITE].index(site)
        flow[where] = values.get(row, table.rows[row].value) / (stop - start)
        yield longest, start, stop, flow


def test_what_was_kept_is_held_or_has_aged_out_or_was_deleted() -> None:
    project = ended()

    @WHOLE_PLANS
    @given(fates(project))
    def holds(example: Fates) -> None:
        check_kept_is_somewhere(project, example)

    holds()


@pytest.mark.parametrize(
    "bug", [bugs.deletion_is_hasty, bugs.retention_ends_with_the_first_programme]
)
def test_a_seeded_bug_in_the_fates_is_caught(bug: Quantity) -> None:
    project = with_bug(ended(), bug)
    caught(lambda example: check_kept_is_somewhere(project, example), fates(project))


# --- Copies --------------------------------------------------------------------------------------


def check_copies_multiply(project: Project, chosen: dict[int, float]) -> None:
    values = scaled(project.table, chosen)
    x = run(project, ["data_held", "data_first_copies", "data_kept", "replication"], values)
    copies = leaf_of(project, "data_copies", values)
    first = total(x["data_first_copies"], SITE)
    assert (x["data_held"] >= 0).all()
    assert same(total(x["data_held"], SITE), first * place(copies, DATA), EXACT)
    kept = total(x["data_kept"], PROGRAM, SITE)
    sent = total(x["replication"], SITE)
    assert same(on(sent, MONTH, DATA), on(kept, MONTH, DATA) * (copies - 1.0), EXACT)


@pytest.mark.parametrize("name", ["announced", "running"])
def test_copies_multiply_what_is_held_and_only_further_ones_travel(name: str) -> None:
    project = layout(name)

    @WHOLE_PLANS
    @given(factors(project.table, most=20))
    def holds(chosen: dict[int, float]) -> None:
        check_copies_multiply(project, chosen)

    holds()


@pytest.mark.parametrize("bug", [bugs.one_copy_is_lost_on_the_way, bugs.the_first_copy_travels_too])
def test_a_seeded_bug_in_the_copies_is_caught(bug: Quantity) -> None:
    project = with_bug(layout("announced"), bug)
    caught(lambda chosen: check_copies_multiply(project, chosen), factors(project.table))


# --- Curation and labels -------------------------------------------------------------------------

STEPS = tuple(
    f"curation_{step}" for step in ("decode", "deduplicate", "select", "anonymise", "auto_label")
)
Doubling = tuple[dict[int, float], float]


def doublings(project: Project) -> st.SearchStrategy[Doubling]:
    return st.tuples(factors(project.table), st.floats(0.1, 10.0))


def check_work_is_linear(project: Project, example: Doubling) -> None:
    """So many times the steps, the labels a clip, or the time and price of each: so many times the work."""
    chosen, factor = example
    table = project.table
    before = scaled(table, chosen)
    rows = [row for leaf in (*STEPS, "labels_images") for row in rows_of(table, leaf)]
    after = before | {i: before.get(i, table.rows[i].value) * factor for i in rows}
    names = ("gpus_for_curation", "gpus_for_relabelling", "label_hours", "annotators", "label_cost")
    x = run(project, (*names, "images_labelled"), before, after)
    for name, found in x.items():
        assert same(found[1:], found[:1] * factor, EXACT), name
    (working,) = rows_of(table, "labels_working_time")
    hours = before.get(working, table.rows[working].value)
    seconds = table.calendar.seconds
    people = on(x["annotators"], MONTH, SITE)[0] * hours * seconds[:, None]
    assert same(people, on(x["label_hours"], MONTH, SITE)[0], EXACT)


def test_curation_and_labels_are_linear_in_their_inputs() -> None:
    project = layout("announced")

    @WHOLE_PLANS
    @given(doublings(project))
    def holds(example: Doubling) -> None:
        check_work_is_linear(project, example)

    holds()


@pytest.mark.parametrize(
    "bug", [bugs.only_what_is_kept_is_searched, bugs.people_work_around_the_clock]
)
def test_a_seeded_bug_in_the_work_is_caught(bug: Quantity) -> None:
    project = with_bug(layout("announced"), bug)
    caught(lambda example: check_work_is_linear(project, example), doublings(project))


# --- More never needs less -----------------------------------------------------------------------

NEEDS = ("tier_held", "storage_capacity_required", "storage_units_required", "gpus_required")
MORE = (
    *("data_copies", "data_retain_until", "data_kept_share", *STEPS),
    *("labels_share", "labels_images", "labels_price"),
)
Growth = tuple[dict[int, float], str, float]


def growths(project: Project, inputs: tuple[str, ...] = MORE) -> st.SearchStrategy[Growth]:
    return st.tuples(factors(project.table), st.sampled_from(inputs), st.floats(1.01, 20.0))


def check_nothing_falls(project: Project, growth: Growth) -> None:
    others, leaf, factor = growth
    table = project.table
    before = scaled(table, others)
    after = before | {
        i: times(table, i, before.get(i, table.rows[i].value), factor) for i in rows_of(table, leaf)
    }
    needs = (*NEEDS, "annotators", "label_cost", "replication")
    for name, x in run(project, needs, before, after).items():
        slack = 1e-9 * float(np.abs(x).max())
        assert (x[1] >= x[0] - slack).all(), f"{name} falls with more {leaf} x {factor}"


@pytest.mark.parametrize("project", [layout("announced"), ended()], ids=["announced", "ended"])
def test_more_copies_years_steps_or_labels_never_need_less(project: Project) -> None:
    @WHOLE_PLANS
    @given(growths(project))
    def holds(growth: Growth) -> None:
        check_nothing_falls(project, growth)

    holds()


def test_a_seeded_bug_in_what_more_needs_is_caught() -> None:
    project = with_bug(layout("announced"), bugs.copies_compress_each_other)
    caught(lambda growth: check_nothing_falls(project, growth), growths(project, ("data_copies",)))


def test_more_withdrawn_consent_never_leaves_more() -> None:
    project = layout("running")

    @WHOLE_PLANS
    @given(growths(project, ("data_withdrawn_share",)))
    def holds(growth: Growth) -> None:
        others, leaf, factor = growth
        table = project.table
        before = scaled(table, others)
        rows = rows_of(table, leaf)
        after = before | {
            i: times(table, i, before.get(i, table.rows[i].value), factor) for i in rows
        }
        held = run(project, ["tier_held"], before, after)["tier_held"]
        assert (held[1] <= held[0] + 1e-9 * float(held.max())).all()

    holds()
