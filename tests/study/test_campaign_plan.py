"""The search over campaigns: who dominates whom, why others lose, and that its bounds never refuse what would do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.perf.campaign.description import Campaign, Pool
from planner.perf.campaign.reaching import reachable
from planner.report.campaigns.reasons import kind, reason
from planner.study.campaigns.demands import BadRelease, Costs, Limits, Prices, Search
from planner.study.campaigns.front import beaten_by, dominates, front
from planner.study.campaigns.goal import Goal
from planner.study.campaigns.measure import COARSE, Effort, measure
from planner.study.campaigns.plan import Planned, plan
from planner.study.campaigns.screening import online, refused
from planner.study.campaigns.space import Admitted, Space, campaign_of, candidates
from tests.perf.test_campaign import PLAIN

GB = 1e9
EVENINGS = replace(
    PLAIN,
    horizon=480.0,
    sessions=(replace(PLAIN.sessions[0], start=(18, 22), length=(1, 3), chance=(0.8,) * 7),),
    poll=0.25,
    install=replace(PLAIN.install, fail=0.002),
    halt_share=0.02,
    halt_least=5,
)
SPACE = Space(
    waves=((1.0,), (0.01, 0.99), (0.01, 0.1, 0.89)),
    soaks=(24.0, 48.0),
    gates=(None, 0.5),
    halt_leasts=(3, 10),
    caps=((200 * GB, np.inf),),
)
SEARCH = Search(
    space=SPACE,
    goal=Goal(0.9, 12),
    bad=BadRelease(0.3, 2.0),
    limits=Limits(exposure=100, false_halt=0.02, missed=0.01),
    pricing=Costs(prices=Prices(per_byte=0.01 / GB, per_gbps=100.0)),
    candidates=40,
)


@pytest.fixture(scope="module")
def planned() -> Planned:
    return plan(EVENINGS, SEARCH)


# --- the front -------------------------------------------------------------------------------------------------------


def test_a_candidate_loses_to_one_that_is_as_good_in_all_and_better_in_one() -> None:
    points = np.array([[100.0, 5, 50], [100, 5, 80], [90, 9, 50], [120, 4, 10], [120, 5, 50]])
    assert front(points).tolist() == [True, False, True, True, False]
    assert beaten_by(points, np.flatnonzero(front(points))).tolist() == [-1, 0, -1, -1, 0]


def test_differences_below_the_models_precision_decide_nothing() -> None:
    points = np.array([[100.0, 5, 50], [100.1, 5.001, 50.1], [100.05, 4.9, 50]])
    assert front(points).tolist() == [False, False, True]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(*[st.floats(0.1, 1000)] * 3), min_size=1, max_size=30))
def test_dominance_is_an_order_and_somebody_of_the_front_beats_each_other(
    found: list[tuple[float, float, float]],
) -> None:
    points = np.array(found)
    beats, best = dominates(points), front(points)
    assert best.any() and not beats.diagonal().any() and not (beats & beats.T).any()
    assert beats[np.ix_(best, ~best)].any(axis=0).all()


# --- the space -------------------------------------------------------------------------------------------------------


def test_the_campaign_as_written_comes_first_and_no_two_are_alike() -> None:
    found = candidates(SPACE, EVENINGS, 1000, 0)
    assert campaign_of(EVENINGS, found[0]) == EVENINGS
    assert len({replace(each, number=0) for each in found}) == len(found)
    # One wave: 2 leasts x 2 caps; two or three: 2 soaks x 2 gates besides; and the one as written.
    assert len(found) == 4 + 2 * 16 + 1


def test_a_quasi_random_sample_covers_every_entry_of_every_list() -> None:
    many = replace(SPACE, soaks=tuple(np.arange(1.0, 21)), windows=(None, (22.0, 6.0)))
    found = candidates(many, EVENINGS, 60, 3)
    assert len(found) == 60
    assert {each.halt_least for each in found} == {3, 5, 10}
    assert {each.shares for each in found[1:]} == set(SPACE.waves)
    assert {each.caps for each in found} == {(200 * GB,), (np.inf,)}
    assert found == candidates(many, EVENINGS, 60, 3) != candidates(many, EVENINGS, 60, 4)


def test_a_candidate_replaces_admission_and_gates_of_all_waves_but_the_firsts() -> None:
    one = candidates(
        Space(waves=((0.2, 0.8),), gates=(0.7,), admissions=(Admitted("uniform", 9.0),)),
        EVENINGS, 9, 0,
    )[1]  # fmt: skip
    waves = campaign_of(EVENINGS, one).waves
    assert [wave.gate for wave in waves] == [None, 0.7]
    assert [wave.hours for wave in waves] == [9, 9]


# --- the search ------------------------------------------------------------------------------------------------------


def test_the_answer_meets_all_demands_and_nothing_beats_it(planned: Planned) -> None:
    best = planned.cheapest
    assert best is not None and best.measured is not None
    for each in planned.front:
        measured = each.measured
        assert measured is not None and measured.fine
        assert measured.days <= 12 and measured.exposure_p90 <= 100
        assert measured.false_halt <= 0.02 and measured.missed <= 0.01
        assert measured.cost_of_one >= best.measured.cost_of_one


def test_every_candidate_that_lost_has_a_reason(planned: Planned) -> None:
    assert planned.written.number == 0
    for each in planned.judged:
        assert bool(reason(each, planned)) == (not each.on_front)
        assert bool(kind(each)) == (not each.on_front)
        if each.beaten_by is not None:
            assert planned.judged[each.beaten_by].on_front


def test_the_single_wave_loses_by_its_exposure_with_the_number(planned: Planned) -> None:
    lost = next(
        each for each in planned.judged
        if each.candidate.shares == (1.0,) and each.candidate.number and each.excesses
    )  # fmt: skip
    (excess,) = [each for each in lost.excesses if each.demand == "exposure"]
    assert excess.value > 100 == excess.limit
    assert f"{excess.value - 100:,.0f} too many" in reason(lost, planned)


def test_a_tighter_limit_never_makes_it_cheaper(planned: Planned) -> None:
    tighter = plan(EVENINGS, replace(SEARCH, limits=replace(SEARCH.limits, exposure=60)))
    assert tighter.cheapest is not None and planned.cheapest is not None
    costs = [each.cheapest.measured.cost_of_one for each in (tighter, planned)]  # type: ignore[union-attr]
    assert costs[0] >= costs[1] * 0.99


def test_the_same_seed_gives_the_same_answer_with_any_number_of_processes(
    planned: Planned,
) -> None:
    again = plan(EVENINGS, SEARCH, workers=2)
    assert repr(again.judged) == repr(planned.judged)  # what was not asked for is NaN


def test_no_answer_says_what_came_closest() -> None:
    none = plan(EVENINGS, replace(SEARCH, goal=Goal(0.9, 2), candidates=12))
    assert none.cheapest is None and not none.front
    assert all(each.excesses for each in none.judged)
    assert none.closest is not None and none.closest.measured is not None


# --- bounds ----------------------------------------------------------------------------------------------------------


def found_by(campaign: Campaign, search: Search) -> set[str]:
    there = reachable(campaign, 4000).by(np.array([campaign.horizon]))[:, 0]
    hours = replace(campaign, horizon=search.goal.hours)
    of = refused(campaign, search.goal, search.limits, search.bad, online(hours, there, 4000, 0))
    return {f"{each.demand} {each.why}".strip() for each in of}


def test_closed_forms_refuse_what_cannot_do() -> None:
    assert found_by(EVENINGS, SEARCH) == {"exposure"}  # 2 % of 10,000 vehicles over 30 %
    small = replace(EVENINGS, halt_share=0.0, halt_least=5)
    assert found_by(small, SEARCH) == {"false halt"}  # of 9,000 vehicles that are tried 18 fail
    assert found_by(replace(small, halt_share=None), SEARCH) == {"missed"}
    narrow = replace(EVENINGS, pools=(Pool("main", 20 * GB),))  # 12 x 24 h x 20 GB of 9,000
    assert "deadline caps" in found_by(narrow, SEARCH)
    late = candidates(Space(waves=((0.5, 0.5),), soaks=(300.0,)), EVENINGS, 2, 0)[1]
    assert "deadline waves" in found_by(campaign_of(EVENINGS, late), SEARCH)


def test_what_closed_forms_refuse_the_model_refuses_too() -> None:
    there = reachable(EVENINGS, 8000).by(np.array([EVENINGS.horizon]))[:, 0]
    looked = online(replace(EVENINGS, horizon=SEARCH.goal.hours), there, 8000, 0)
    caps = ((25 * GB, 60 * GB, np.inf),)
    tried = candidates(replace(SPACE, caps=caps, gates=(), soaks=(24.0,)), EVENINGS, 60, 0)
    bounds = 0
    for each in tried:
        campaign = campaign_of(EVENINGS, each)
        early = refused(campaign, SEARCH.goal, SEARCH.limits, SEARCH.bad, looked)
        if not early:
            continue
        (got,) = measure(EVENINGS, SEARCH, float(there.sum()), Effort(2000, 250, 2), 0, [each])
        demands = {excess.demand for excess in got.excesses(SEARCH)}
        bounds += 1
        assert demands & {excess.demand for excess in early} or not np.isfinite(got.days)
    assert bounds > 6


def test_few_classes_are_close_to_many() -> None:
    slow = replace(SPACE, soaks=(96.0,), gates=(0.3,), caps=((200 * GB,),))
    for each in candidates(slow, EVENINGS, 30, 0)[-4:]:
        few, many = (
            measure(EVENINGS, SEARCH, 9000.0, effort, 0, [each])[0]
            for effort in (COARSE, Effort(24_000, 4000))
        )
        assert few.exposure_p90 == pytest.approx(many.exposure_p90, rel=0.1)
        assert few.days == pytest.approx(many.days, rel=0.05, nan_ok=True)
        assert few.cost == pytest.approx(many.cost, rel=0.05, nan_ok=True)
