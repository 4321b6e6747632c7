"""Full pools by clocks: against hand calculations, against five-minute steps, and coarse against fine ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.axes import Array
from planner.perf.campaign import Campaign, Rollout, follow, full, progress
from planner.perf.campaign.classes import classes_enough
from planner.perf.campaign.clocks import Clocks, Last, fair_levels
from planner.perf.campaign.description import LinkTable, Pool
from planner.perf.campaign.sharing import water_level
from planner.perf.campaign.traffic import BIN
from tests.perf.test_campaign import GB, PLAIN, WAVE
from tests.perf.test_campaign_properties import CLASSES, draw_campaign

Way = Callable[[Campaign], Rollout]


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Way]:
    """Follows a campaign by clocks wherever a cap binds, however many turns that takes."""

    def by_clocks(campaign: Campaign) -> Rollout:
        with monkeypatch.context() as patched:
            patched.setattr(full, "MOST_COMPLETE", 1.0)
            patched.setattr(full, "TURNS", 400)
            patched.setattr(progress._Run, "stepped_window", None)
            return follow(campaign, CLASSES, least=1, common=True)

    yield by_clocks


def by_steps(campaign: Campaign, bins: int = 1) -> Rollout:
    """Follows it in steps alone, of so many five-minute bins."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(full, "MOST_COMPLETE", -1.0)
        return follow(campaign, CLASSES, least=1, common=True, bins_at_once=bins)


def hourly(rollout: Rollout) -> Array:
    """Bytes by (pool, hour)."""
    sent = rollout.sent.sum(axis=1)
    return np.add.reduceat(sent, np.arange(0, sent.shape[1], 12), axis=1)


@st.composite
def levels_of_pools(draw: st.DrawFn) -> tuple[Array, Array]:
    rates = np.cumsum(draw(st.lists(st.floats(0.1, 10), min_size=1, max_size=4)))
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 30)))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    level = rng.uniform(0.05, 30, shape)
    return rates, np.where(rng.random(shape) < 0.2, np.inf, level)


@given(levels_of_pools(), st.integers(0, 99))
def test_a_clock_is_the_integral_of_its_speed_and_is_read_both_ways(
    given_levels: tuple[Array, Array], seed: int
) -> None:
    rates, level = given_levels
    clocks = Clocks(rates, level, 7.0)
    rng = np.random.default_rng(seed)
    clock = rng.integers(0, level.shape[0] * rates.size, 20)
    time = rng.uniform(6.95, 7 + BIN * level.shape[1], 20)
    edges = 7 + BIN * np.arange(1, level.shape[1])
    got = clocks.got(clock, time)
    for each, until, found in zip(clock, time, got, strict=True):
        speed = np.minimum(rates[each % rates.size], level[each // rates.size])
        cuts = np.concatenate([[7.0], np.minimum(edges, until), [until]])
        assert found == pytest.approx(float(np.diff(cuts) @ speed), abs=1e-9)
    assert clocks.when(clock, got) == pytest.approx(time, abs=1e-9)


@given(st.integers(0, 999), st.floats(0.05, 0.999) | st.floats(1.001, 3))
def test_levels_by_link_rate_are_those_of_the_flows_one_by_one(seed: int, tight: float) -> None:
    rng = np.random.default_rng(seed)
    rates = np.array([1.0, 4.0, 9.0])
    flows = int(rng.integers(1, 40))
    rate, there = rng.integers(0, 3, flows), rng.uniform(0.001, BIN, flows)
    ends = rng.random(flows) < 0.4  # these get all that they lack, if the level lets them
    lacks = np.where(ends, rng.uniform(0, 1, flows) * rates[rate] * there, rates[rate] * there)
    capacity = np.array([tight * lacks.sum()])
    expected = water_level(lacks / there, there, np.zeros(flows, int), capacity)
    hours = np.bincount(rate[~ends], there[~ends], 3).reshape(1, 3, 1)
    last = Last(rate[ends], there[ends], there[ends], lacks[ends])
    found = fair_levels(hours, last, rates, capacity[:, None])
    assert found[0, 0] == pytest.approx(expected[0], rel=1e-9)


def test_two_link_rates_under_a_cap_follow_the_hand_calculation(clocks: Way) -> None:
    # 200 vehicles over 1 GB/h and 200 over 9 GB/h share 1000 GB/h: 1 and 4 GB/h, as long as both are there. Of 10 GB
    # the fast ones have all after 2.5 h (a cap binds a bin's mean, so within the last bin they may be quicker); then
    # the slow ones go on at 1 GB/h, which no cap binds, to 10 h.
    always = replace(PLAIN.sessions[0], start=(0, 0), length=(24, 24))
    both = replace(
        PLAIN, vehicles=CLASSES, sessions=(always,), full=10 * GB, horizon=24,
        segments=(replace(PLAIN.segments[0], active_day=1.0),),
        wifi=LinkTable((GB, 9 * GB), (0.5, 0.5), 0.0), pools=(Pool("main", 1000 * GB),),
    )  # fmt: skip
    rollout = clocks(both)
    fast = rollout.classes.wifi_rate[rollout.done_class] > 2 * GB
    slow_ones, fast_ones = (~fast).sum(), fast.sum()
    assert slow_ones + fast_ones == CLASSES
    level = (1000 - slow_ones) / fast_ones
    assert rollout.done[fast] == pytest.approx(np.full(fast_ones, 10 / level), abs=BIN)
    assert rollout.done[~fast] == pytest.approx(np.full(slow_ones, 10))
    sent = rollout.sent.sum(axis=(0, 1))
    assert sent[:29] == pytest.approx(np.full(29, 1000 * GB * BIN), rel=1e-6)


def test_a_starved_pool_sends_its_cap_and_everyone_gets_the_same(clocks: Way) -> None:
    always = replace(PLAIN.sessions[0], start=(0, 0), length=(24, 24))
    starved = replace(
        PLAIN, vehicles=10**8, sessions=(always,), pools=(Pool("main", 1000 * GB),), horizon=400,
        segments=(replace(PLAIN.segments[0], active_day=1.0),),
    )  # fmt: skip
    rollout = clocks(starved)
    assert rollout.sent.sum(axis=(0, 1)) == pytest.approx(np.full(4800, 1000 * GB * BIN))
    got = rollout.sent_by_class.sum(axis=0)
    assert got == pytest.approx(np.full(got.size, 400 * 1000 * GB / 1e8))


@given(st.data(), st.sampled_from([0.1, 0.5, 1.0]))
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_clocks_and_steps_agree_and_finer_steps_do_so_more(
    clocks: Way, data: st.DataObject, scale: float
) -> None:
    campaign = draw_campaign(data.draw)
    pools = tuple(replace(pool, cap=scale * pool.cap) for pool in campaign.pools)
    # Without drops, so that a class lives through the same in all ways; what is lost at drops is another class's gain.
    campaign = replace(campaign, pools=pools, resume="byte", horizon=72)
    exact, fine, coarse = clocks(campaign), by_steps(campaign), by_steps(campaign, 6)
    caps = np.array([pool.cap for pool in pools])[:, None]
    off = [np.abs(hourly(exact) - hourly(each)) / caps for each in (fine, coarse)]
    # Steps send a little after a download window has closed, what begins again within a step.
    assert off[0].mean() < 0.01
    assert off[0].mean() < max(0.5 * off[1].mean(), 0.003)
    assert fine.sent.sum() == pytest.approx(exact.sent.sum(), rel=0.03)
    assert abs(exact.done.size - fine.done.size) <= 0.01 * CLASSES + 1
    assert np.all(exact.sent.sum(axis=1) <= caps * BIN * (1 + 1e-6))


def test_windows_taken_back_leave_no_trace(clocks: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = replace(
        PLAIN, vehicles=4000, pools=(Pool("main", 60 * GB),), horizon=120,
        sessions=(replace(PLAIN.sessions[0], start=(8, 20), length=(0.5, 3)),),
        wifi=LinkTable((2 * GB, 9 * GB), (0.5, 0.5), 1.0), cell_wait_without_wifi=0.0,
    )  # fmt: skip
    at_once = clocks(campaign)
    with monkeypatch.context() as patched:
        # Each window is right for less than its half after two turns: taken back again and again.
        patched.setattr(full, "MOST_COMPLETE", 1.0)
        patched.setattr(full, "TURNS", 2)
        again = follow(campaign, CLASSES, least=1, common=True)
    weight = again.classes.weight
    assert weight @ again.sent_by_class.sum(axis=0) == pytest.approx(again.sent.sum(), rel=1e-9)
    assert again.done.size == np.unique(again.done_class).size
    assert again.sent.sum() == pytest.approx(at_once.sent.sum(), rel=0.01)
    flows = [np.bincount(each.flows_begun[0], minlength=weight.size) for each in (at_once, again)]
    assert flows[0].sum() == pytest.approx(flows[1].sum(), rel=0.03)


def test_fewer_classes_are_enough_where_every_pool_is_starved() -> None:
    two = replace(
        PLAIN, horizon=100, full=GB, vehicles=10_000,
        regions=(
            replace(PLAIN.regions[0], share=0.75),
            replace(PLAIN.regions[0], name="b", share=0.25, pool=1),
        ),
        pools=(Pool("main", 15 * GB), Pool("other", 5 * GB)),
    )  # fmt: skip
    # 7,500 and 2,500 GB over pools that carry 1,500 and 500 in the horizon: five horizons each, of which two are free.
    assert classes_enough(two, 80_000) == 32_000
    assert classes_enough(replace(two, vehicles=10**6), 80_000) == 20_000
    assert classes_enough(replace(two, vehicles=10**6), 4000) == 4000
    one_free = replace(two, pools=(two.pools[0], Pool("other", np.inf)), vehicles=10**6)
    assert classes_enough(one_free, 80_000) == 80_000
    assert classes_enough(replace(two, vehicles=4000), 80_000) == 80_000
    # Vehicles that wait for their turn or for a gate starve no pool.
    huge = replace(two, vehicles=10**9)
    in_turn = replace(WAVE, admission="rate", base=1.0, factor=1.0, step=1.0, fastest=1.0)
    assert classes_enough(replace(huge, waves=(in_turn,)), 80_000) == 80_000
    gated = (replace(WAVE, share=1e-6), replace(WAVE, share=1 - 1e-6, gate=0.5))
    assert classes_enough(replace(huge, waves=gated), 80_000) == 80_000
    late = (replace(WAVE, not_before=50.0),)
    assert classes_enough(replace(huge, waves=late), 80_000) == 80_000
