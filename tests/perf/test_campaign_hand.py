"""What a seeded bug would change: single rules of a campaign, each in a fleet small enough for a hand calculation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.perf.campaign import Campaign, Rollout, follow, full, progress
from planner.perf.campaign.description import (
    Install,
    Law,
    LinkTable,
    Pool,
    Region,
    RollbackRule,
    Segment,
    Session,
    Version,
)
from planner.perf.campaign.law import compliance
from planner.perf.campaign.reaching import reachable
from planner.perf.campaign.rollback import roll_back
from planner.perf.campaign.view import View
from tests.perf.test_campaign import GB, PLAIN, WAVE

ALWAYS = replace(
    PLAIN,
    sessions=(Session("all day", True, (0, 0), (24, 24), (1,) * 7, True),),
    segments=(Segment("all", 1, 1.0, None),),
    vehicles=400,
)
"""All are online all the time, over 9 GB/h, for 1 GB."""


def run(campaign: Campaign) -> Rollout:
    return follow(campaign, 400, least=1)


def test_regions_of_a_pool_share_one_cap_among_them() -> None:
    half = replace(ALWAYS.regions[0], share=0.5)
    both = (half, replace(half, name="b"))
    rollout = run(replace(ALWAYS, regions=both, pools=(Pool("main", 40 * GB),)))
    # 400 GB over 40 GB/h.
    assert rollout.sent.sum(axis=(0, 1)).max() == pytest.approx(40 * GB / 12)
    assert rollout.done.max() == pytest.approx(10, abs=0.1)


@pytest.mark.parametrize("cap", [np.inf, 1e6 * GB])
def test_after_a_drop_a_vehicle_waits_for_the_backoff(cap: float) -> None:
    dropping = replace(
        ALWAYS, wifi=LinkTable((9 * GB,), (1,), 30.0), backoff=0.05, pools=(Pool("main", cap),)
    )
    rollout = run(dropping)
    # A download is 1/9 h of flow; each of its drops costs the backoff and nothing else.
    flows = np.bincount(rollout.flows_begun[0], minlength=400)
    assert flows.sum() > 1000
    expected = 1 / 9 + 0.05 * (flows - 1)
    assert rollout.done == pytest.approx(expected[rollout.done_class])
    # The expected number of drops is the rate times the hours of flow of the fleet; what happened is near it.
    assert rollout.drops[2].sum() == pytest.approx(30 / 9 * 400)
    assert flows.sum() - 400 == pytest.approx(30 / 9 * 400, rel=0.1)


def test_drops_count_vehicles_and_not_classes() -> None:
    large = replace(ALWAYS, vehicles=10**6, wifi=LinkTable((9 * GB,), (1,), 3.0))
    assert run(large).drops[2].sum() == pytest.approx(3 / 9 * 10**6)
    starved = replace(large, pools=(Pool("main", 10_000 * GB),), horizon=20)
    rollout = run(starved)
    # A million flows of twenty hours, at most: nearly nobody completes.
    assert rollout.drops[2].sum() == pytest.approx(3 * 20 * 10**6, rel=0.15)


def test_after_a_failed_verification_a_vehicle_waits_for_the_backoff() -> None:
    failing = replace(
        ALWAYS, versions=(Version("delta", 1, 0.9 * GB),), verify_fail_delta=1.0, backoff=0.5
    )
    done = run(failing).done
    assert done == pytest.approx(np.full(done.size, 0.1 + 0.5 + 1 / 9))


def test_an_absent_vehicle_is_back_by_the_clock_of_the_fleet() -> None:
    # Nine hours east of UTC a vehicle that is away until 30 h UTC misses the noon of day 1, at 27 h UTC.
    noon = Session("noon", True, (12, 12), (2, 2), (1,) * 7, True)
    east = replace(ALWAYS, regions=(Region("east", 1, 9, 1.0, (1.0,), 0),), sessions=(noon,))
    away = replace(east, segments=(Segment("away", 1, 1.0, 40.0),), vehicles=4000)
    rollout = follow(away, 4000)
    absent = rollout.classes.absent_until[rollout.done_class]
    start = rollout.done - 1 / 9
    assert np.all(start >= absent - 1e-9)
    assert np.all(start - absent <= 24 + 1e-9)


def test_a_retry_comes_after_its_delay() -> None:
    rollout = run(replace(ALWAYS, install=Install(0.5, 0.3, 3, 24, None, 0)))
    assert np.diff(rollout.starts, axis=1) == pytest.approx(np.full((400, 2), 24.5))


def test_a_failed_install_neither_meets_a_deadline_nor_takes_a_release_back() -> None:
    failing = replace(ALWAYS, install=Install(0.5, 0.2, 1, 24, None, 0))
    lawful = replace(failing.regions[0], law=Law(deadline=48.0, share=0.9))
    (found,) = compliance(run(replace(failing, regions=(lawful,))))
    assert found.share == pytest.approx(0.8) and not found.met
    back = roll_back(failing, RollbackRule(deadline=24, intact=1.0), 400)
    assert back.back == pytest.approx(0.8)


def test_an_install_that_ends_after_the_deadline_takes_nothing_back() -> None:
    slow = replace(ALWAYS, install=Install(2.0, 0.0, 1, 24, None, 0))
    # Those with the old slot are there at once, those without after 1/9 h of download; each installs for two hours.
    late = roll_back(slow, RollbackRule(deadline=2.05, intact=0.5), 400)
    assert (late.back_intact, late.back_overwritten) == pytest.approx((1.0, 0.0))


def test_a_release_on_the_way_that_fails_counts_as_a_failure() -> None:
    behind = replace(
        ALWAYS, versions=(Version("behind", 1, 0.1 * GB, earlier=(0.1 * GB,)),), vehicles=4000,
        install=Install(0.5, 0.25, 1, 24, None, 0), horizon=48,
    )  # fmt: skip
    failures = View(follow(behind, 4000)).failures.by(48.0)
    # A quarter on the way, and a quarter of the others after it.
    assert failures == pytest.approx(4000 * (0.25 + 0.75 * 0.25), rel=0.03)


def test_who_can_be_reached_does_not_depend_on_waves_and_caps() -> None:
    waiting = replace(
        ALWAYS, waves=(replace(WAVE, share=0.5), replace(WAVE, share=0.5, not_before=1000.0)),
        pools=(Pool("main", 1.0),),
    )  # fmt: skip
    assert reachable(waiting, 400).by(np.array([0.0, 240.0]))[0, -1] == pytest.approx(400)


def gated_campaign() -> Campaign:
    """Starved but for its first wave, whose successes open the second one in the middle of a day."""
    first, second = replace(WAVE, share=0.02), replace(WAVE, share=0.98, gate=0.5)
    return replace(
        ALWAYS, vehicles=20_000, waves=(first, second), pools=(Pool("main", 100 * GB),),
        horizon=60, install=Install(7.0, 0.0, 1, 24, None, 0), poll=1 / 12,
    )  # fmt: skip


def test_a_wave_that_opens_in_a_window_of_clocks_starts_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(full, "MOST_COMPLETE", 1.0)
    monkeypatch.setattr(full, "TURNS", 400)
    # The first wave's 400 GB are there after four hours of one pool; the others wait for seven hours of install.
    rollout = follow(replace(gated_campaign(), pools=(Pool("main", 100 * GB),)), 20_000, least=1)
    opened = float(rollout.openings[1])
    assert opened == pytest.approx(4 + 7, abs=0.2)
    sent = rollout.sent.sum(axis=(0, 1)) * 12 / (100 * GB)
    place = int(opened * 12) + 1
    assert sent[:47].mean() == pytest.approx(1, abs=0.03)
    assert sent[60 : place - 2].max() < 1e-6
    assert sent[place + 2 :] == pytest.approx(np.ones(sent.size - place - 2), rel=1e-5)


def test_a_window_taken_back_after_it_was_accepted_sends_its_bytes_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Of the first wave a tenth is slow: their pool is full as the second wave opens, and the window is cut there.
    monkeypatch.setattr(full, "MOST_COMPLETE", 1.0)
    monkeypatch.setattr(full, "TURNS", 400)
    monkeypatch.setattr(progress._Run, "span", 24.0)
    slow = replace(gated_campaign(), waves=(
        replace(WAVE, share=0.1), replace(WAVE, share=0.9, gate=0.1),
    ))  # fmt: skip
    slow = replace(
        slow, wifi=LinkTable((GB / 2, 90 * GB), (0.5, 0.5), 0.0), pools=(Pool("main", 60 * GB),)
    )
    rollout = follow(slow, 20_000, least=1)
    weight = rollout.classes.weight
    assert np.isfinite(rollout.openings[1])
    got = weight @ rollout.sent_by_class.sum(axis=0)
    assert rollout.sent.sum() == pytest.approx(got, rel=1e-9)
    assert rollout.sent.sum(axis=(0, 1)).max() <= 60 * GB / 12 * (1 + 1e-6)


def test_in_a_full_pool_drops_are_as_many_as_their_rate_and_the_hours_of_flow_ask_for() -> None:
    hour = Session("hour", True, (12, 12), (1, 1), (1,) * 7, True)
    starved = replace(
        ALWAYS, sessions=(hour,), wifi=LinkTable((9 * GB,), (1,), 0.5), full=1000 * GB,
        pools=(Pool("main", GB),), backoff=1e-3,
    )  # fmt: skip
    rollout = run(starved)
    # An hour a day for ten days, from the hour on in which a session begins: half a drop each.
    flows = rollout.flows_begun[0].size
    assert rollout.drops[2].sum() == pytest.approx(0.5 * 10 * 400, rel=0.01)
    assert flows - 10 * 400 == pytest.approx(0.5 * 10 * 400, rel=0.08)


def test_a_wave_that_opens_beside_a_full_pool_sends_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(full, "MOST_COMPLETE", 1.0)
    monkeypatch.setattr(full, "TURNS", 400)
    monkeypatch.setattr(progress._Run, "span", 24.0)
    half = replace(ALWAYS.regions[0], share=0.5)
    waves = (replace(WAVE, share=0.1), replace(WAVE, share=0.9, gate=0.3))
    beside = replace(
        ALWAYS, regions=(half, replace(half, name="b", pool=1)), waves=waves, vehicles=20_000,
        pools=(Pool("main", 5 * GB), Pool("free", np.inf)), horizon=24, poll=1 / 12,
        install=Install(7.0, 0.0, 1, 24, None, 0),
    )  # fmt: skip
    rollout = follow(beside, 20_000, least=1)
    opened = float(rollout.openings[1])
    assert opened == pytest.approx(1 / 9 + 7, abs=0.01)
    # 9,000 vehicles of the free pool have their gigabyte within a poll and a download.
    sent = rollout.sent[1].sum(axis=0)
    first = int(opened * 12)
    assert sent[first : first + 4].sum() == pytest.approx(9000 * GB, rel=0.02)
