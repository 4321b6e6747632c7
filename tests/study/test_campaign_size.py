"""The least caps against hand calculations and what no answer may do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.perf.campaign import follow
from planner.perf.campaign.description import Campaign, Version, Wave
from planner.perf.campaign.reaching import DOWNLOADED, UPDATED, arrivals
from planner.study.campaigns.goal import Goal
from planner.study.campaigns.size import Sized, size
from tests.perf.test_campaign import GB, PLAIN

# Every vehicle is online all the time over a link that is never the limit: all share the cap evenly to the end.
ALWAYS = replace(
    PLAIN,
    sessions=(replace(PLAIN.sessions[0], start=(0, 0), length=(24, 24)),),
    segments=(replace(PLAIN.segments[0], active_day=1.0),),
    poll=0.1,
)
EVENINGS = replace(
    PLAIN,
    sessions=(replace(PLAIN.sessions[0], start=(18, 22), length=(1, 3), chance=(0.8,) * 7),),
    poll=0.25,
)
TWO_POOLS = replace(
    EVENINGS,
    regions=(
        replace(EVENINGS.regions[0], share=0.75),
        replace(EVENINGS.regions[0], name="b", share=0.25, utc_offset=6, pool=1),
    ),
    pools=(EVENINGS.pools[0], replace(EVENINGS.pools[0], name="other")),
)


def sized(campaign: Campaign, goal: Goal, classes: int = 2000, nearby: bool = False) -> Sized:
    return size(campaign, goal, classes, precision=0.02, nearby=nearby)


def test_the_cap_is_bytes_over_time() -> None:
    got = sized(ALWAYS, Goal(0.9, 2, DOWNLOADED))
    assert got.caps[0] == pytest.approx(10_000 * GB / 48, rel=0.025)
    assert got.feasible and got.shares[0] >= 0.9
    assert got.uncapped.peak[0] == pytest.approx(10_000 * 9 * GB)


def test_an_update_needs_its_install_before_the_deadline_too() -> None:
    got = sized(ALWAYS, Goal(0.9, 2))
    assert got.caps[0] == pytest.approx(10_000 * GB / 47.5, rel=0.025)


def test_no_cap_suffices_for_those_who_come_online_after_the_deadline() -> None:
    got = sized(PLAIN, Goal(0.8, 2), nearby=True)  # half of the days: 3 of 4 are seen by then
    assert not got.feasible and got.caps == (np.inf,)
    assert got.uncapped.online[0] == pytest.approx(0.75, abs=0.01)
    later = next(v for v in got.variants if v.goal.days == 3)
    assert np.isfinite(later.caps[0])


def test_pools_are_independent_without_gates() -> None:
    got = sized(TWO_POOLS, Goal(0.9, 6), 4000)
    alone = sized(replace(EVENINGS, vehicles=7500), Goal(0.9, 6), 4000)
    assert not got.joined
    assert got.caps[0] == pytest.approx(alone.caps[0], rel=0.05)
    assert (got.shares >= 0.9).all()


def test_with_gates_all_pools_meet_the_goal_at_once_and_none_could_be_less() -> None:
    waves = (Wave(0.2, 0, None, 0, "all"), Wave(0.8, 0, 0.6, 0, "all"))
    got = sized(replace(TWO_POOLS, waves=waves), Goal(0.9, 8), 1000)
    assert got.joined and (got.shares >= 0.9).all()
    for pool in range(2):
        less = [cap * (0.93 if each == pool else 1) for each, cap in enumerate(got.caps)]
        pools = tuple(replace(p, cap=cap) for p, cap in zip(TWO_POOLS.pools, less, strict=True))
        done = arrivals(follow(replace(TWO_POOLS, waves=waves, pools=pools), 1000), UPDATED)
        share = done.by(np.array([192.0]))[:, 0] / got.uncapped.reachable
        assert share.min() < 0.905


@settings(max_examples=4, deadline=None)
@given(
    share=st.floats(0.5, 0.9),
    days=st.floats(4, 6),
    more=st.floats(1.0, 1.08),
    vehicles=st.floats(1.0, 30.0),
)
def test_more_share_less_time_or_more_vehicles_never_need_less(
    share: float, days: float, more: float, vehicles: float
) -> None:
    cap = sized(EVENINGS, Goal(share, days), 1000).caps[0]
    slack = 1 - 0.05  # the precision, and the sample's noise
    assert sized(EVENINGS, Goal(share * more, days), 1000).caps[0] >= cap * slack
    assert sized(EVENINGS, Goal(share, days / more), 1000).caps[0] >= cap * slack
    larger = replace(EVENINGS, vehicles=int(EVENINGS.vehicles * vehicles))
    assert sized(larger, Goal(share, days), 1000).caps[0] == pytest.approx(
        cap * larger.vehicles / EVENINGS.vehicles, rel=0.06
    )


def test_few_trials_are_followed_closely_and_told_of() -> None:
    told: list[str] = []
    size(TWO_POOLS, Goal(0.9, 6), 3000, nearby=False, tell=told.append)
    assert told[0].startswith("2 rollouts of 3,000 classes") and len(told) <= 20


def test_a_goal_is_a_share_and_a_day() -> None:
    with pytest.raises(ValueError, match="not a goal"):
        Goal(1.2, 3)


def test_a_goal_that_needs_no_bytes_needs_next_to_no_capacity() -> None:
    nothing = replace(PLAIN, versions=(Version("intact", 1, 0.0),))
    found = size(nothing, Goal(0.5, 5), 4000, nearby=False)
    # Less than a millionth of all full images within the deadline.
    assert found.caps[0] < 1e-6 * PLAIN.vehicles * PLAIN.full / 120
