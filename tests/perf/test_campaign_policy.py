"""What a campaign has beside its rollout's own policy, against hand calculations and closed forms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from planner.perf.campaign import follow, outcome
from planner.perf.campaign.description import (
    BYTE_PER_HOUR_OF_GBPS,
    Install,
    Law,
    Pool,
    Region,
    RollbackRule,
    Version,
)
from planner.perf.campaign.flash import Flash, cycles_used, install_hours, wear
from planner.perf.campaign.law import compliance
from planner.perf.campaign.overlap import one_after_another, straight_to_newest
from planner.perf.campaign.packages import Package, chain, full_image, payload
from planner.perf.campaign.rollback import roll_back
from planner.perf.campaign.sharing import found_place
from planner.perf.campaign.traffic import BIN
from tests.perf.test_campaign import GB, PLAIN, TRIPS, value

DAILY = replace(PLAIN, segments=(replace(PLAIN.segments[0], active_day=1.0),))
"""Every vehicle is online from 12 to 14 h every day; it polls once, and its download takes 1/9 h."""
FLASH = Flash(
    free=20 * GB, write=50e6, hash=200e6, reboot=90, slots=2, in_place=False, capacity=64 * GB,
    endurance=3000, amplification=1.0, releases_per_year=50, life=15,
)  # fmt: skip


def test_missing_releases_are_fetched_and_installed_one_by_one() -> None:
    behind = (Version("three", 1, 0.5 * GB, (0.2 * GB, 0.3 * GB)),)
    rollout = follow(replace(DAILY, versions=behind), 4000)
    # One a day, as each is installed only after the day's one poll; the last takes 1/18 h.
    assert rollout.done == pytest.approx(np.full(4000, 48 + 12 + 1 / 18))
    assert rollout.sent.sum() == pytest.approx(10_000 * GB)
    assert value(outcome(rollout), "install_attempts") == pytest.approx(30_000)
    # With polls after the install the whole chain fits into one session: 2 x (1/45 .. + 1/2 h) and the last one.
    often = follow(replace(DAILY, versions=behind, poll=1e-3), 4000)
    expected = 12 + (0.2 + 0.3 + 0.5) / 9 + 2 * 0.5
    assert often.done == pytest.approx(np.full(4000, expected), abs=0.003)


def test_a_chain_is_as_slow_as_the_days_of_use_it_needs() -> None:
    behind = (Version("three", 1, 0.5 * GB, (0.5 * GB, 0.5 * GB)),)
    got = outcome(follow(replace(PLAIN, versions=behind), 10_000))
    days = np.arange(1, 11)
    assert got.updated_share[1:] == pytest.approx(binom.sf(2, days, 0.5), abs=0.01)
    straight = outcome(follow(replace(PLAIN, versions=(Version("three", 1, GB),)), 10_000))
    assert np.all(got.updated_share <= straight.updated_share + 0.01)


def test_a_release_on_the_way_that_fails_ends_the_chain() -> None:
    bad = Install(0.5, 0.2, 1, 24, None, 0)
    chain_of_three = (Version("three", 1, GB, (GB, GB)),)
    got = outcome(follow(replace(DAILY, versions=chain_of_three, install=bad), 10_000))
    assert value(got, "updated_share") == pytest.approx(0.8**3, abs=0.01)
    assert value(got, "install_attempts") == pytest.approx(10_000 * (1 + 0.8 + 0.64), rel=0.01)
    assert value(got, "failed_vehicles") == pytest.approx(10_000 * (1 - 0.8**3), rel=0.02)


def test_a_payload_is_the_sum_of_its_packages_by_distance() -> None:
    parts = (Package("weights", 5 * GB, (0.95,)), Package("map", GB, (0.1, 0.15, 0.3)))
    assert full_image(parts) == 6 * GB
    assert payload(parts, 1) == pytest.approx(4.85 * GB)
    assert payload(parts, 2) == pytest.approx((5 * (1 - 0.05**2) + 0.15) * GB)
    assert payload(parts, 9) == pytest.approx(5.3 * GB, rel=1e-6)
    assert chain(parts, 2) == pytest.approx((4.85 * GB, 4.85 * GB))
    assert payload(parts, 0) == 0


@given(st.floats(0, 1), st.integers(1, 12))
def test_a_jump_is_never_more_than_its_steps_nor_than_the_full_image(
    ratio: float, behind: int
) -> None:
    parts = (Package("system", 3 * GB, (ratio,)),)
    jump = payload(parts, behind)
    assert jump <= sum(chain(parts, behind)) * (1 + 1e-9) + 1e-6
    assert payload(parts, behind - 1) <= jump <= full_image(parts)


def test_a_pool_with_places_turns_away_those_that_come_too_many() -> None:
    # 10,000 vehicles poll together at 12, 12:30, 13 and 13:30; a tenth fits each time and is done before the next.
    busy = replace(DAILY, pools=(Pool("main", np.inf, 1000),), poll=0.5, horizon=72)
    got = outcome(follow(busy, 10_000))
    assert got.download_share == pytest.approx([0, 0.4, 0.8, 1.0])
    turned = sum(10_000 - 1000 * poll for poll in range(1, 11))
    assert value(got, "busy_refusals") == pytest.approx(turned)
    assert value(got, "max_active_downloads") == pytest.approx(1000)
    assert value(got, "install_attempts") == pytest.approx(10_000)
    assert value(got, "failed_vehicles") == 0
    assert value(got, "connection_drops") == 0
    assert "busy_refusals" not in outcome(follow(DAILY, 4000)).outputs


def test_first_come_first_served_per_pool() -> None:
    time, waits = np.array([3.0, 1, 2, 0, 1]), np.array([True, True, True, False, True])
    fits = found_place(time, waits, np.ones(5), np.array([0, 0, 0, 0, 1]), np.array([3.0, np.inf]))
    assert fits.tolist() == [False, True, True, True, True]


@given(st.sampled_from([20, 60, 200, 800]), st.sampled_from(["byte", "chunk"]))
@settings(max_examples=8, deadline=None)
def test_places_are_never_exceeded_and_more_of_them_serve_more(places: int, mode: str) -> None:
    fleet = replace(TRIPS, vehicles=2000, horizon=100, resume=mode, chunk=0.1 * GB)
    few, more = (
        outcome(follow(replace(fleet, pools=(Pool("main", np.inf, n),)), 2000, least=1))
        for n in (places, 4 * places)
    )
    assert value(few, "max_active_downloads") <= places + 1
    assert few.download_share[-1] <= more.download_share[-1] + 0.02
    assert value(few, "busy_refusals") >= value(more, "busy_refusals")


def test_a_region_opens_when_it_has_been_filed_and_waits_for_consent() -> None:
    free = Region("free", 0.5, 0, 1.0, (1.0,), 0)
    strict = replace(free, name="strict", law=Law(lead=72, consent=0.4, deadline=168, share=0.8))
    fleet = replace(DAILY, regions=(free, strict))
    rollout = follow(fleet, 10_000)
    region = rollout.classes.region[rollout.done_class]
    assert rollout.done[region == 0] == pytest.approx(np.full(5000, 12 + 1 / 9))
    assert rollout.done[region == 1] == pytest.approx(np.full(5000, 84 + 1 / 9))
    (found,) = compliance(rollout)
    # Asked on days 3, 4, 5 and 6.
    assert found.share == pytest.approx(1 - 0.6**4, abs=0.01)
    assert found.region == "strict" and found.met
    late = replace(strict, law=replace(strict.law, share=0.95))
    assert not compliance(follow(replace(fleet, regions=(free, late)), 10_000))[0].met


def test_consent_of_a_region_replaces_that_of_the_slots() -> None:
    slots = Install(0.5, 0, 1, 0, (1.0, 4.0), 1.0)
    asked = replace(PLAIN.regions[0], law=Law(consent=0.5))
    got = outcome(follow(replace(DAILY, regions=(asked,), install=slots), 10_000))
    assert got.updated_share[2:6] == pytest.approx(1 - 0.5 ** np.arange(1, 5), abs=0.01)


def test_flash_takes_the_time_to_write_unless_a_second_slot_hides_it() -> None:
    image = 10 * GB
    assert install_hours(FLASH, image) == pytest.approx(90 / 3600)
    single = replace(FLASH, slots=1)
    assert install_hours(single, image) == pytest.approx((200 + 50 + 90) / 3600)
    assert install_hours(replace(FLASH, free=5 * GB), image) == np.inf
    tight = replace(FLASH, free=5 * GB, in_place=True)
    assert install_hours(tight, image) == pytest.approx(340 / 3600)


def test_updates_hardly_wear_the_flash() -> None:
    # ../shared/facts/ota.md: 50 images a year of 20 GB are 1 TB a year of the 192 TB of 64 GB at 3,000 cycles.
    assert cycles_used(FLASH, 20 * GB) * 64 * GB == pytest.approx(15e12)
    assert wear(FLASH, 20 * GB) == pytest.approx(15 / 192)


def test_campaigns_one_after_another_add_up_to_all_their_bytes() -> None:
    rollout = follow(TRIPS, 4000)
    steady = one_after_another(rollout, 72.0)
    period = steady.rate.size * BIN
    assert steady.mean * period * BYTE_PER_HOUR_OF_GBPS == pytest.approx(rollout.sent.sum())
    assert steady.behind.sum(axis=0) == pytest.approx(np.ones(steady.rate.size))
    assert steady.in_flight >= 2
    alone = one_after_another(rollout, 240.0)
    assert steady.peak >= alone.peak - 1e-9


def test_a_fleet_without_memory_is_geometrically_many_releases_behind() -> None:
    # Half of the fleet is online a day: within three days 7/8 are updated, each release anew.
    steady = straight_to_newest(follow(PLAIN, 10_000), 72.0)
    missed = 1 / 8
    expected = 7 / 8 * missed ** np.arange(4)
    assert steady.behind[:4, -1] == pytest.approx(expected, abs=0.01)
    assert steady.behind.sum(axis=0) == pytest.approx(np.ones(steady.rate.size))
    # At the hour of a release nobody has it, and 7/8 have the one before.
    assert steady.behind[:3, 0] == pytest.approx([0, 7 / 8, 7 / 64], abs=0.01)


def test_those_further_behind_download_more() -> None:
    rollout = follow(PLAIN, 10_000)
    parts = (Package("system", 2 * GB, (0.5,)),)
    plain, mixed = straight_to_newest(rollout, 72.0), straight_to_newest(rollout, 72.0, parts)
    behind = 7 / 8 * (1 / 8) ** np.arange(20)
    expected = behind @ (1 - 0.5 ** np.arange(1, 21)) / 0.5
    assert mixed.mean / plain.mean == pytest.approx(expected, rel=0.01)


def test_a_rollback_needs_bytes_only_where_the_slot_was_overwritten() -> None:
    rule = RollbackRule(deadline=72, intact=0.75, updated=0.4)
    found = roll_back(DAILY, rule, 4000)
    assert found.vehicles == 4000
    assert found.sent == pytest.approx(1000 * GB)
    assert found.needed_gbps == pytest.approx(1000 * GB / 72 * 8 / 3600 / GB)
    assert found.back == found.back_intact == found.back_overwritten == 1
    # Half of the fleet is online a day.
    slow = roll_back(PLAIN, rule, 4000)
    assert slow.back_intact == pytest.approx(7 / 8, abs=0.01)
    capped = replace(DAILY, pools=(Pool("main", 300 * GB),))
    assert roll_back(capped, rule, 4000).back_intact == 1
    # 300 GB an hour for two hours a day, fairly shared: 0.6 GB of every image on the first day, all on the second.
    first = roll_back(capped, replace(rule, deadline=24), 4000)
    assert (first.back_intact, first.back_overwritten) == (1, 0)
    assert first.sent == pytest.approx(600 * GB)
    assert roll_back(capped, replace(rule, deadline=48), 4000).back == 1
