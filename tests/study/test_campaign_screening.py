"""Bounds and demands of the search over campaigns, one by one, by hand calculations."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from planner.perf.campaign import Campaign, follow
from planner.perf.campaign.description import Install, Pool
from planner.perf.campaign.odds import missed_odds
from planner.study.campaigns.demands import BadRelease, Limits
from planner.study.campaigns.goal import Goal
from planner.study.campaigns.measure import Measured, _Known, measure
from planner.study.campaigns.screening import Excess, Online, refused
from planner.study.campaigns.space import candidates
from planner.study.campaigns.trials import Effort
from tests.perf.test_campaign import GB, WAVE
from tests.perf.test_campaign_hand import ALWAYS
from tests.study.test_campaign_plan import EVENINGS, SEARCH, SPACE
from tests.study.test_campaign_size import TWO_POOLS, sized

DEFECT, ANYTHING = BadRelease(0.3), Limits()


def demands(
    campaign: Campaign, goal: Goal, limits: Limits = ANYTHING, bad: BadRelease = DEFECT
) -> list[Excess]:
    """What closed forms refuse, of a fleet that is online all the time over links that are never the limit."""
    fleet = np.array([float(campaign.vehicles)])
    rates = np.full((1, round(campaign.horizon * 12)), 1e6 * GB)
    return refused(campaign, goal, limits, bad, Online(rates, fleet, fleet))


def test_soaks_of_wave_after_wave_add_up() -> None:
    third = replace(WAVE, share=1 / 3)
    later = replace(third, after_previous=30.0)
    staged = replace(ALWAYS, vehicles=300, waves=(third, later, later))
    (late,) = demands(staged, Goal(0.9, 2.2))  # the third one opens at 60 h, after 52.8
    assert (late.demand, late.why) == ("deadline", "waves")
    assert late.share == pytest.approx(2 / 3)
    assert not demands(staged, Goal(0.9, 2.6))


def test_a_wave_must_leave_the_time_to_install() -> None:
    slow = replace(
        ALWAYS, waves=(replace(WAVE, not_before=46.0),), install=Install(5.0, 0, 1, 24, None, 0)
    )
    (late,) = demands(slow, Goal(0.9, 2))
    assert late.why == "waves" and late.share == 0
    assert not demands(slow, Goal(0.9, 2, "downloaded"))


def test_what_a_cap_passes_after_the_deadline_is_too_late() -> None:
    narrow = replace(ALWAYS, pools=(Pool("main", 10 * GB),))
    (late,) = demands(narrow, Goal(0.9, 1))  # 240 GB of 400 in a day
    assert late.why == "caps"
    assert late.share == pytest.approx(0.6, abs=0.005)
    assert not demands(narrow, Goal(0.9, 2))
    opens_late = replace(narrow, waves=(replace(WAVE, not_before=24.0),))
    (late,) = demands(opens_late, Goal(0.9, 2))
    assert late.share == pytest.approx(0.6, abs=0.005)


def test_a_vehicle_fails_when_all_its_attempts_do() -> None:
    tried = replace(
        ALWAYS, install=Install(0.5, 0.1, 3, 24, None, 0), halt_share=0.02, halt_least=5
    )
    limits = Limits(false_halt=0.02)
    assert not demands(tried, Goal(0.9, 5), limits)  # one vehicle in a thousand, of 400
    once = replace(tried, install=replace(tried.install, attempts=1))
    (halted,) = demands(once, Goal(0.9, 5), limits)
    assert halted.demand == "false halt" and halted.value > 0.99


def test_a_bad_release_is_missed_if_every_wave_misses_it() -> None:
    half = replace(WAVE, share=0.5)
    two = replace(ALWAYS, vehicles=200, waves=(half, half), halt_share=0.05, halt_least=5)
    odds = float(missed_odds(100, 0.05, 0.05, 5))
    assert 0.3 < odds < 0.7
    bad = BadRelease(0.05)
    (missed,) = demands(two, Goal(0.9, 5), Limits(missed=0.9 * odds**2), bad)
    assert missed.demand == "missed" and missed.value == pytest.approx(odds**2)
    assert not demands(two, Goal(0.9, 5), Limits(missed=1.1 * odds**2), bad)


def test_each_demand_is_held_against_its_own_limit() -> None:
    fine = Measured(0, 40, 50, 30, 10, 12, 0.005, days=3, done=1, cost=1, false_halt=0.015)
    assert fine.excesses(SEARCH) == []  # 100 vehicles, 2 % and 1 %
    for changed, expected in (
        ({"missed": 0.015}, Excess("missed", 0.015, 0.01)),
        ({"false_halt": 0.03}, Excess("false halt", 0.03, 0.02)),
        ({"exposure_p90": 120.0}, Excess("exposure", 120.0, 100)),
        ({"days": 13.0}, Excess("deadline", 13.0, 12)),
    ):
        assert replace(fine, **changed).excesses(SEARCH) == [expected]  # type: ignore[arg-type]


def test_the_delay_of_a_decision_exposes_more() -> None:
    (first,) = candidates(SPACE, EVENINGS, 1, 0)
    found = []
    for delay in (0.0, 24.0):
        search = replace(SEARCH, bad=BadRelease(0.3, delay))
        (got,) = measure(EVENINGS, search, 10_000.0, Effort(2000, 250), 0, [first])
        found.append(got.exposure_mean)
    assert found[1] > 1.5 * found[0]


def test_a_rollout_without_caps_tells_of_caps_that_bind_in_no_pool() -> None:
    known = _Known(partial(follow, classes=400, least=1))
    free = replace(TWO_POOLS, vehicles=400)
    known.rollout(free)
    peaks = known.found[0][1]

    def with_caps(first: float, second: float) -> Campaign:
        pools = (replace(free.pools[0], cap=first), replace(free.pools[1], cap=second))
        return replace(free, pools=pools)

    known.rollout(with_caps(1.01 * peaks[0], 1.01 * peaks[1]))
    assert len(known.found) == 1
    known.rollout(with_caps(0.5 * peaks[0], 1.01 * peaks[1]))
    known.rollout(with_caps(1.01 * peaks[0], 0.5 * peaks[1]))
    assert len(known.found) == 3


def test_a_pool_that_cannot_do_it_has_no_cap_and_the_other_one_has() -> None:
    # The vehicles of the second pool are online at weekends alone, and the deadline is on the third day.
    evening = replace(TWO_POOLS.sessions[0], regions=(0,))
    weekend = replace(evening, regions=(1,), chance=(0, 0, 0, 0, 0, 1.0, 1.0))
    got = sized(replace(TWO_POOLS, sessions=(evening, weekend)), Goal(0.6, 3))
    assert not got.feasible
    assert np.isfinite(got.caps[0]) and got.caps[1] == np.inf
