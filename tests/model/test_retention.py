"""What is kept, where its copies lie, how long it is held, and what is deleted on request."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import DATA, MONTH, PROGRAM, SITE, TIER, Array, on, place, total
from planner.catalogue import SECONDS_A_YEAR, Calendar, Parts, spread_over_pool
from planner.inputs.numbers import month_index
from planner.model.retention import (
    copies_arriving,
    data_deleted,
    data_deletion_rate,
    data_first_copies,
    data_held,
    data_kept,
    data_retained,
    replication,
    tier_entering,
    wan_replication,
)
from planner.project import Project

DAY = 86_400.0
NONE = Parts((), (DATA, SITE), (1, 1), np.zeros(0, dtype=np.intp), {})
# Adjoining ages, all of the data in each tier.
FROM = place(np.array([0.0, 14.0, 365.0]) * DAY, TIER)
UNTIL = place(np.array([14.0, 365.0, 1e5]) * DAY, TIER)
ALL = place(np.ones(3), TIER)
ON = place(np.array([np.inf]), PROGRAM)  # still produced


def in_tiers(
    rate: Array,
    calendar: Calendar,
    before: Parts = NONE,
    ends: Array = ON,
    retain: Array | None = None,
    deleting: Array | None = None,
    until: Array = UNTIL,
    share: Array = ALL,
) -> Array:
    nothing = place(np.zeros(1), DATA)
    retained = data_retained(ends, nothing - 1.0 if retain is None else retain, calendar)
    gone = nothing if deleting is None else deleting
    return data_first_copies(rate, retained, gone, before, ends, FROM, until, share, calendar)


def history(first: str, *years: tuple[str, float]) -> Parts:
    start = np.array([[float(month_index(year) - month_index(first)) for year, _ in years]])
    kept = np.array([[bytes_ for _, bytes_ in years]])
    owner = np.zeros(len(years), dtype=np.intp)
    names = tuple(f"opening_data[{i}]" for i in range(len(years)))
    return Parts(names, (DATA, SITE), (1, 1), owner, {"year": start, "kept": kept})


def test_a_constant_inflow_fills_the_tiers_in_turn() -> None:
    calendar = Calendar(month_index("2024-01"), 24, 0)
    rate = place(np.full((24, 1), 7.0), MONTH, SITE)
    held = on(in_tiers(rate, calendar), MONTH, TIER)[0]
    assert held[0] == pytest.approx([7 * 14 * DAY, 7 * 17 * DAY, 0])
    # After two years, 366 + 365 days: two weeks hot, 351 days warm, the rest cold.
    assert held[-1] == pytest.approx(7 * DAY * np.array([14, 351, 366]))


def test_nothing_is_lost_between_the_tiers() -> None:
    calendar = Calendar(month_index("2023-11"), 86, 2)
    rate = place(np.random.default_rng(6).random((86, 2, 3)), MONTH, DATA, SITE)
    held = total(in_tiers(rate, calendar), TIER)
    arrived = (rate * place(calendar.seconds, MONTH)).cumsum(axis=MONTH)
    assert held == pytest.approx(arrived, rel=1e-12)


def test_data_of_the_years_before_ages_on() -> None:
    calendar = Calendar(month_index("2026-07"), 12, 0)
    nothing = place(np.zeros((12, 1)), MONTH, SITE)
    before = history("2026-07", ("2024-01", 366.0), ("2026-01", 181.0))
    held = on(in_tiers(nothing, calendar, before), MONTH, TIER)[0]
    assert held.sum(axis=1) == pytest.approx(547.0)  # nothing lost, nothing new
    # One byte a day in 2024, none in 2025, one a day in the first half of 2026. At the end of July 2026 the first half
    # is 31 to 212 days old, 2024 more than 365.
    assert held[0] == pytest.approx([0, 181, 366])
    # At the end of June 2027 the first half of 2026 is older than a year.
    assert held[11] == pytest.approx([0, 0, 547])


def test_the_history_is_whole_at_plan_start_whatever_its_gaps() -> None:
    calendar = Calendar(month_index("2027-01"), 1, 0)
    nothing = place(np.zeros((1, 1)), MONTH, SITE)
    before = history("2027-01", ("2020-01", 5.0), ("2021-01", 7.0), ("2025-01", 11.0))
    assert in_tiers(nothing, calendar, before).sum() == pytest.approx(23.0)


def entering(rate: Array, calendar: Calendar, gone: float = 0.0, copies: float = 1.0) -> Array:
    nothing, ends = place(np.zeros(1), DATA), ON
    retained = data_retained(ends, nothing - 1.0, calendar)
    fates = (retained, nothing + gone, place(copies), NONE, ends)
    found = tier_entering(rate, *fates, FROM, UNTIL, ALL, ((1.0,),), place(1.0), calendar)
    return on(found, MONTH, TIER)[0]


def test_data_enters_a_tier_at_its_age() -> None:
    calendar = Calendar(month_index("2024-01"), 14, 0)
    rate = place(np.full((14, 1), 7.0), MONTH, SITE)
    found = entering(rate, calendar)
    assert found[:, 0] == pytest.approx(7.0)  # at once
    assert found[0, 1] == pytest.approx(7.0 * 17 / 31)  # after two weeks of January
    assert found[1:, 1] == pytest.approx(7.0)
    # The first day is 365 days old on 31 December, for 2024 has 366.
    assert found[10:13, 2] == pytest.approx([0.0, 7.0 / 31, 7.0])
    assert entering(rate, calendar, copies=3.0) == pytest.approx(3.0 * found)


def test_what_was_deleted_before_does_not_enter_a_tier() -> None:
    calendar = Calendar(month_index("2024-01"), 14, 0)
    rate = place(np.full((14, 1), 7.0), MONTH, SITE)
    found = entering(rate, calendar, gone=0.01 / DAY)
    assert found[5] == pytest.approx([7.0, 7.0 * np.exp(-0.14), 0.0])


# --- Evidence ------------------------------------------------------------------------------------------------------


def test_evidence_is_held_whole_until_years_after_the_end_of_production() -> None:
    calendar = Calendar(month_index("2024-01"), 48, 0)
    rate = place(np.eye(48)[:1].T / calendar.seconds[0], MONTH, SITE)  # one byte in January 2024
    ends = place(calendar.seconds_at(np.array([12])), PROGRAM)  # production ends in December 2024
    until = place(np.array([14.0, 365.0, 366.0]) * DAY, TIER)
    share = place(np.array([1.0, 1.0, 0.5]), TIER)
    years = place(np.array([SECONDS_A_YEAR]), DATA)
    evidence = in_tiers(rate, calendar, ends=ends, retain=years, until=until, share=share)
    found = total(evidence, TIER).ravel()
    assert found[:23] == pytest.approx(np.ones(23))  # to November 2025, a year after the end
    assert found[24:].max() == 0  # then it is older than the last tier holds anything
    ordinary = in_tiers(rate, calendar, ends=ends, until=until, share=share)
    assert total(ordinary, TIER).ravel()[14] == 0  # fifteen months, and gone


def test_evidence_of_a_programme_that_is_still_produced_does_not_leave() -> None:
    calendar = Calendar(month_index("2024-01"), 60, 0)
    rate = place(np.ones((60, 1)), MONTH, SITE)
    until = place(np.array([14.0, 365.0, 366.0]) * DAY, TIER)
    years = place(np.array([0.0]), DATA)
    held = total(in_tiers(rate, calendar, retain=years, until=until), TIER)
    assert held.ravel() == pytest.approx(calendar.edges[1:])


def test_each_programme_has_an_end_of_its_own() -> None:
    calendar = Calendar(month_index("2024-01"), 36, 0)
    rate = place(np.stack([np.ones(36), np.full(36, 10.0)], axis=1), MONTH, PROGRAM)
    ends = place(np.array([0.0, np.inf]), PROGRAM)
    until = place(np.array([14.0, 365.0, 366.0]) * DAY, TIER)
    years = place(np.array([SECONDS_A_YEAR]), DATA)
    held = total(in_tiers(rate, calendar, ends=ends, retain=years, until=until), TIER)
    first = 1.0 * 366 * DAY  # of the first programme 366 days; of the second all
    assert held.ravel()[-1] == pytest.approx(first + 10.0 * calendar.edges[-1])


def test_what_must_be_retained_is_not_deleted_on_request() -> None:
    withdrawn, retain = place(np.array([0.1, 0.1]), DATA), place(np.array([0.0, -1.0]), DATA)
    rate = data_deletion_rate(withdrawn, retain).ravel()
    assert rate[0] == 0
    assert np.exp(-rate[1] * SECONDS_A_YEAR) == pytest.approx(0.9)


# --- Withdrawn consent -----------------------------------------------------------------------------------------------


def test_a_tenth_is_gone_a_year_after_a_tenth_withdraw_in_a_year() -> None:
    calendar = Calendar(month_index("2023-01"), 24, 0)
    rate = place(np.eye(24)[:1].T / calendar.seconds[0], MONTH, SITE)  # one byte in January 2023
    deleting = place(np.array([-np.log(0.9) / SECONDS_A_YEAR]), DATA)
    held = total(in_tiers(rate, calendar, deleting=deleting), TIER).ravel()
    years = (calendar.edges[1:] - calendar.middles[0]) / SECONDS_A_YEAR
    assert held[-1] == pytest.approx(0.9 ** years[-1], rel=1e-4)


def test_kept_is_held_or_aged_out_or_deleted() -> None:
    calendar = Calendar(month_index("2024-01"), 60, 0)
    rate = place(np.random.default_rng(3).random((60, 1, 2)), MONTH, DATA, SITE)
    deleting = place(np.array([0.3 / SECONDS_A_YEAR]), DATA)
    until = place(np.array([14.0, 365.0, 700.0]) * DAY, TIER)
    first = in_tiers(rate, calendar, deleting=deleting, until=until)
    deleted = data_deleted(rate, deleting, NONE, first, FROM, until, ALL, calendar)
    arrived = on((rate * place(calendar.seconds, MONTH)).cumsum(axis=MONTH), MONTH, SITE)[0]
    running = np.concatenate([np.zeros((1, 2)), arrived])
    # What is 700 days old was not deleted before with exp(-0.3 x 700 / 365.25).
    old = [np.interp(calendar.edges[1:] - 700 * DAY, calendar.edges, c) for c in running.T]
    aged_out = np.stack(old, axis=1) * np.exp(-0.3 * 700 / 365.25)
    held = on(total(first, TIER), MONTH, SITE)[0]
    assert held + aged_out + on(deleted, MONTH, SITE)[0] == pytest.approx(arrived, rel=1e-12)
    assert deleted.min() >= 0 and (np.diff(deleted, axis=MONTH) > 0).all()


# --- Copies ----------------------------------------------------------------------------------------------------------

THREE = ((1.0, 1.0, 1.0), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0))
OPEN = place(np.ones(3), SITE)
TWO = ((1.0, 1.0), (1.0, 1.0))
ONE_ALONE = ((1.0, 1.0, 0.0), (1.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def test_further_copies_are_spread_over_the_other_sites_of_the_pool() -> None:
    here = place(np.array([12.0, 0.0, 6.0]), SITE)
    assert spread_over_pool(here, THREE).ravel() == pytest.approx([3.0, 9.0, 6.0])
    assert spread_over_pool(here, ONE_ALONE).ravel() == pytest.approx([0.0, 12.0, 6.0])


def test_data_that_must_stay_keeps_its_copies_in_its_country() -> None:
    first = place(np.array([12.0, 4.0, 6.0]), SITE)
    held = data_held(first, place(3.0), ONE_ALONE, OPEN).ravel()
    assert held == pytest.approx([12 + 2 * 4, 4 + 2 * 12, 3 * 6])


def test_two_copies_of_a_class_double_that_class_alone() -> None:
    first = place(np.array([[5.0, 7.0], [1.0, 2.0]]), DATA, SITE)
    once, twice = (
        total(data_held(first, place(np.array([1.0, n]), DATA), TWO, place(np.ones(2), SITE)), SITE)
        for n in (1.0, 2.0)
    )
    assert once.ravel() == pytest.approx([12.0, 3.0])
    assert twice.ravel() == pytest.approx([12.0, 6.0])


def test_a_second_copy_of_what_is_kept_leaves_the_site_at_the_rate_at_which_it_is_kept() -> None:
    # Two programmes keep 30 MB/s and 20 MB/s: 50 MB/s is 400 Mb/s for one further copy, 800 Mb/s for two.
    kept = place(np.array([30e6, 20e6]), PROGRAM)
    assert replication(kept, place(np.array([1.0, 2.0, 3.0]), DATA)).ravel() * 8 == pytest.approx(
        [0.0, 400e6, 800e6]
    )


def test_copies_use_the_wide_area_links_of_sites_that_have_others() -> None:
    # 8 MB/s leave the first site for its partner; the third is alone and copies within.
    sent = place(np.array([8e6, 2e6, 5e6]), SITE)
    coming = copies_arriving(sent, ONE_ALONE, OPEN)
    assert coming.ravel() == pytest.approx([2e6, 8e6, 5e6])
    over = wan_replication(sent, coming, ONE_ALONE, OPEN)
    assert over.ravel() == pytest.approx([8e6, 8e6, 0.0])


def test_copies_are_spread_over_sites_that_operate_in_the_month() -> None:
    # The third site of the pool opens in the second month; in the third the first is alone.
    here = place(np.array([12.0, 0.0, 0.0]), SITE)
    open_ = place(np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [1.0, 0.0, 0.0]]), MONTH, SITE)
    found = on(spread_over_pool(here, THREE, open_), MONTH, SITE)[0]
    assert found.tolist() == [[0, 12, 0], [0, 6, 6], [12, 0, 0]]
    over = on(wan_replication(here, place(0.0) * open_, THREE, open_), MONTH, SITE)[0]
    assert over.tolist() == [[12, 0, 0], [12, 0, 0], [0, 0, 0]]


# --- The main scenario -----------------------------------------------------------------------------------------------


def test_kept_and_discarded_are_what_arrived(everything: dict[str, Array]) -> None:
    arrived = total(everything["data_ingest"], PROGRAM, DATA)
    assert everything["site_kept"] + everything["site_discarded"] == pytest.approx(
        arrived, rel=1e-12
    )
    assert arrived == pytest.approx(everything["site_ingest_mean"], rel=1e-12)


def test_a_share_of_each_class_is_kept() -> None:
    ingest = place(np.array([10.0, 10.0]), DATA)
    assert data_kept(ingest, place(np.array([0.4, 1.0]), DATA)).ravel() == pytest.approx([4, 10])


def test_first_copies_and_deleted_are_no_more_than_was_kept(
    headline: Project, everything: dict[str, Array]
) -> None:
    """Adjoining ages that no data of the plan outlives; cold holds a half of what is not evidence."""
    leaves = headline.leaves
    share, seconds = leaves["tier_held_share"], leaves["month_seconds"]
    retained = total(everything["data_retained"], PROGRAM) > 0
    whole = np.where(
        retained, everything["data_first_copies"], everything["data_first_copies"] / share
    )
    kept = (total(everything["data_kept"], PROGRAM) * seconds).cumsum(axis=MONTH)
    left = total(whole, TIER)
    assert (left <= kept * (1 + 1e-12)).all()
    evidence = headline.table.labels[DATA].index("evidence")
    assert left.take(evidence, DATA) == pytest.approx(kept.take(evidence, DATA), rel=1e-12)


def test_the_tiers_hold_all_classes_in_all_copies(everything: dict[str, Array]) -> None:
    assert everything["tier_held"] == pytest.approx(total(everything["data_held"], DATA), rel=1e-12)
