"""Rollouts against hand calculations, closed forms and what no rollout may do."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from planner.perf.campaign import Campaign, Outcome, follow, outcome, predict
from planner.perf.campaign.breakdown import pool_use
from planner.perf.campaign.description import (
    Install,
    LinkTable,
    Pool,
    Region,
    Segment,
    Session,
    Version,
    Wave,
)
from planner.perf.campaign.install import slot_starts
from planner.perf.campaign.odds import (
    halt_odds,
    missed_odds,
    reach,
    sent_per_finish,
    unbroken,
)
from planner.perf.campaign.sampling import counts_by_share, uniform, uniform_within
from planner.perf.campaign.sessions import cut_by_window, first_poll, start_within
from planner.perf.campaign.sharing import water_level
from planner.perf.campaign.traffic import BIN, on_grid, percentile_95
from planner.perf.campaign.waves import admission_delays

GB = 1e9
WAVE = Wave(share=1, not_before=0, gate=None, after_previous=0, admission="all")
PLAIN = Campaign(
    vehicles=10_000,
    horizon=240,
    curve_step=24,
    regions=(Region("a", 1, 0, 1.0, (1.0,), 0),),
    segments=(Segment("all", 1, 0.5, None),),
    wifi=LinkTable((9 * GB,), (1,), 0),
    cellular=(LinkTable((4.5 * GB,), (1,), 0),),
    sessions=(Session("noon", True, (12, 12), (2, 2), (1,) * 7, True),),
    pools=(Pool("main", np.inf),),
    full=GB,
    versions=(Version("any", 1, None),),
    verify_fail_delta=0,
    verify_fail_full=0,
    waves=(WAVE,),
    halt_share=None,
    halt_least=1,
    poll=2,
    cell_wait_with_wifi=None,
    cell_wait_without_wifi=None,
    window=None,
    backoff=0,
    resume="byte",
    chunk=0,
    install=Install(0.5, 0, 1, 24, None, 0),
)
"""Every vehicle is online from 12 to 14 h on every other day by chance, for a download of 1/9 h."""
TRIPS = replace(
    PLAIN,
    sessions=(
        Session("night", True, (20, 23), (1, 3), (0.7,) * 7, True),
        Session("trip", False, (7, 9), (0.2, 0.9), (0.8,) * 7, False),
    ),
    wifi=LinkTable((2 * GB, 9 * GB), (0.5, 0.5), 2.0),
    cellular=(LinkTable((1 * GB, 4 * GB), (0.5, 0.5), 3.0),),
    cell_wait_with_wifi=0.0,
    backoff=1 / 60,
    vehicles=4000,
)


def value(got: Outcome, name: str) -> float:
    found = got.outputs[name].mean
    assert found is not None
    return found


def test_flows_below_the_water_level_take_their_limit_and_the_rest_share() -> None:
    limit, present, pool = (
        np.array([1.0, 4, 20, 3]),
        np.array([1.0, 1, 1, 1]),
        np.array([0, 0, 0, 1]),
    )
    levels = water_level(limit, present, pool, np.array([10.0, 3.0]))
    assert levels[0] == pytest.approx(5)  # 1 + 4 + 5
    assert levels[1] == np.inf  # just enough does not bind
    half = water_level(limit[:3], np.array([1.0, 1, 0.5]), pool[:3], np.array([10.0]))
    assert half[0] == pytest.approx(10)  # 1 + 4 + 0.5 x 10


def test_bytes_fall_into_the_bins_in_which_they_are_sent() -> None:
    sent = on_grid(
        np.array([0.5 * BIN, 0.0]), np.array([2.25 * BIN, BIN]), np.array([12.0, 24.0]),
        np.array([0, 1]), 2, 4,
    )  # fmt: skip
    assert sent == pytest.approx(np.array([[0.5, 1, 0.25, 0], [2, 0, 0, 0]]))


def test_flows_that_end_as_they_begin_send_nothing_at_all() -> None:
    at = np.random.default_rng(0).random(1000)
    sent = on_grid(at, at, 1e9 * np.ones(1000), np.zeros(1000, int), 1, 12)
    assert (sent == 0).all()


def test_the_95th_percentile_leaves_36_hours_of_a_month_free() -> None:
    rates = np.zeros(8640)
    rates[:432] = 7
    assert percentile_95(rates) == 0
    rates[432] = 5
    assert percentile_95(rates) == 5


def test_a_window_past_midnight_keeps_the_part_of_a_session_that_is_inside() -> None:
    begin, end = np.array([20.0, 25.0, 29.5, 12.0]), np.array([24.5, 27.0, 31.0, 13.0])
    cut_begin, cut_end = cut_by_window(begin, end, (22, 6))
    assert cut_begin[:3] == pytest.approx([22, 25, 29.5])
    assert cut_end[:3] == pytest.approx([24.5, 27, 30])
    assert cut_end[3] <= cut_begin[3]


def test_polls_stand_on_the_grid_of_their_session() -> None:
    begin, end = np.full(4, 10.0), np.full(4, 14.5)
    polls = first_poll(begin, end, np.array([3.0, 10.5, 14.0, 14.2]), 2.0)
    assert polls.tolist() == [10, 12, 14, np.inf]


def test_a_session_that_is_over_offers_no_poll() -> None:
    # An hour and four polls of a quarter: by the last digit of a sum the fifth would lie before the end.
    begin = np.array([17.3])
    end = np.nextafter(begin + 1.0, np.inf)
    assert np.isinf(first_poll(begin, end, end, 0.25)).all()
    assert first_poll(begin, end, begin + 0.6, 0.25) == pytest.approx(18.05)


def test_admission_at_a_growing_rate_follows_the_hand_calculation() -> None:
    wave = replace(WAVE, admission="rate", base=60.0, factor=2.0, step=10.0, fastest=180.0)
    place = (np.array([1, 10, 11, 20, 21, 35]) - 0.5) / 40
    minutes = admission_delays(wave, 40, place) * 60
    # 1 a minute for ten, 2 a minute for ten, then 3 a minute.
    assert minutes == pytest.approx([1, 10, 10.5, 15, 15 + 1 / 3, 20])


def test_constant_admission_of_a_huge_fleet_needs_no_step_of_its_own() -> None:
    wave = replace(WAVE, admission="rate", base=6e6, factor=1.0, step=1.0, fastest=6e6)
    assert admission_delays(wave, 1e9, np.array([0.6])) == pytest.approx(100, rel=1e-6)


def test_counts_follow_the_largest_remainder() -> None:
    assert counts_by_share((0.5, 0.3, 0.2), 9).tolist() == [4, 3, 2]


def test_stratified_draws_put_one_in_every_slice_of_each_group() -> None:
    group = np.repeat([0, 1, 2], [5, 0, 8])
    draws = uniform_within(np.random.default_rng(1), group)
    for each, size in ((0, 5), (2, 8)):
        assert sorted(np.floor(draws[group == each] * size)) == list(range(size))


def test_a_gate_of_300_vehicles_halts_a_good_release_once_in_twelve() -> None:
    # ../shared/facts/ota.md, equation 7: 2 % against a 3 % gate.
    assert halt_odds(300, 0.02, 0.03, 1) == pytest.approx(0.082, abs=0.0005)
    assert halt_odds(300, 0.05, 0.03, 1) + missed_odds(300, 0.05, 0.03, 1) == pytest.approx(1)
    assert halt_odds(5, 0.9, 0.03, 6) == 0


def test_the_halt_of_a_campaign_has_the_binomial_odds() -> None:
    always = replace(PLAIN.segments[0], active_day=1.0)
    bad = replace(
        PLAIN, vehicles=300, segments=(always,), halt_share=0.03,
        install=replace(PLAIN.install, fail=0.02),
    )  # fmt: skip
    got = outcome(follow(bad, 4000))
    assert value(got, "halted") == pytest.approx(float(halt_odds(300, 0.02, 0.03, 1)), rel=1e-6)
    # All fail at the same instant: nobody is spared, and the mean is that of the binomial.
    assert value(got, "failed_vehicles") == pytest.approx(6, abs=0.25)


def test_completion_is_the_reach_of_the_segments() -> None:
    segments = (Segment("often", 0.6, 0.7, None), Segment("seldom", 0.3, 0.1, None))
    fleet = replace(PLAIN, segments=(*segments, Segment("never", 0.1, 0.0, None)))
    got = predict(fleet, 4000)
    expected = reach(np.array([0.6, 0.3, 0.1]), np.array([0.7, 0.1, 0.0]), np.arange(1.0, 11))
    assert got.updated_share[1:] == pytest.approx(expected, abs=0.004)
    assert got.outputs["t99_h"].mean is None
    assert value(got, "download_t50_h") == pytest.approx(24 + 12 + 1 / 9)


def test_downloads_without_resume_have_the_closed_form() -> None:
    long = replace(PLAIN.sessions[0], start=(0, 0), length=(23.9, 23.9))
    drops = replace(
        PLAIN, sessions=(long,), wifi=LinkTable((2 * GB,), (1,), 3.0), resume="none",
        segments=(replace(PLAIN.segments[0], active_day=1.0),), horizon=23,
    )  # fmt: skip
    got = predict(drops, 10_000)
    need = np.array(0.5)
    assert value(got, "total_tb") == pytest.approx(
        10 * float(sent_per_finish(1.0, need, 3.0)), rel=0.03
    )
    first = follow(drops, 10_000)
    assert (first.done < 0.5001).mean() == pytest.approx(float(unbroken(need, 3.0)), abs=0.02)


@pytest.mark.parametrize("slot", [(1.0, 4.0), (23.0, 27.0)])
def test_slots_come_with_consent_and_retries_on_later_days(slot: tuple[float, float]) -> None:
    install = Install(0.5, 0.5, 3, 0, slot, 0.4)
    ready = np.random.default_rng(2).uniform(24, 48, 20_000)
    starts = slot_starts(partial(uniform, np.random.default_rng(3)), install, ready)
    hour = (starts - slot[0]) % 24
    assert np.all(hour <= slot[1] - slot[0] + 1e-9)
    assert np.all(starts[:, 0] >= ready)
    day = np.floor((starts - slot[0]) / 24)
    assert np.all(np.diff(day, axis=1) >= 1)
    assert np.diff(day, axis=1).mean() == pytest.approx(1 / 0.4, rel=0.03)


def test_vehicles_update_when_the_drive_is_over() -> None:
    drive = replace(PLAIN.sessions[0], parked=False)
    rollout = follow(replace(PLAIN, sessions=(drive,), window=(11.0, 13.0)), 4000)
    assert rollout.starts % 24 == pytest.approx(np.full(rollout.starts.shape, 14.0))


def test_a_gate_waits_for_the_share_and_the_soak() -> None:
    half = replace(WAVE, share=0.5)
    gated = replace(PLAIN, waves=(half, replace(half, gate=0.7, after_previous=5)))
    openings = follow(gated, 4000).openings
    assert openings[1] == pytest.approx(36 + 1 / 9 + 0.5)  # 75 % are done on the second day
    soaked = replace(PLAIN, waves=(half, replace(half, gate=0.7, after_previous=50)))
    assert follow(soaked, 4000).openings[1] == pytest.approx(50)
    never = replace(PLAIN, waves=(half, replace(half, gate=0.7)), horizon=20)
    assert follow(never, 4000).openings[1] == np.inf


def test_all_bytes_are_those_of_the_payloads_and_split_over_pools_and_links() -> None:
    regions = (Region("a", 0.5, 0, 0.5, (1.0,), 0), Region("b", 0.5, 9, 0.9, (1.0,), 1))
    fleet = replace(
        TRIPS, regions=regions, cell_wait_without_wifi=0.0, horizon=1000,
        pools=(Pool("west", 100 * GB), Pool("east", np.inf)),
        versions=(Version("delta", 0.5, 0.1 * GB), Version("old", 0.5, None)),
    )  # fmt: skip
    rollout = follow(fleet, 4000)
    got = outcome(rollout)
    assert rollout.done.size == 4000
    assert rollout.sent.sum() == pytest.approx(2000 * 1.1 * GB)
    assert value(got, "total_tb") == pytest.approx(2.2)
    assert rollout.sent.min() >= -1.0
    # A pool's bytes are those of its regions, and cellular bytes those of the vehicles that got them.
    assert rollout.sent_in.sum(axis=(1, 2)) == pytest.approx(rollout.sent.sum(axis=(1, 2)))
    cellular = np.bincount(rollout.classes.region, rollout.classes.weight * rollout.cellular)
    assert rollout.sent_in[:, 1].sum(axis=1) == pytest.approx(cellular)
    assert value(got, "peak_gbps_pool_west") == pytest.approx(100 * 8 / 3600)
    assert got.hourly_gbps.sum() * 3600 / 8 * GB == pytest.approx(2.2e12)


def test_a_quantile_on_a_plateau_is_decided_by_the_fleets_own_noise() -> None:
    # Half of the fleet is online on the first day: the median is on this one as often as on the next.
    got = predict(PLAIN, 4000)
    assert value(got, "download_t50_h") == pytest.approx(24 + 12 + 1 / 9 - 12, abs=1.0)


def test_no_payload_is_complete_at_the_poll() -> None:
    got = predict(replace(PLAIN, versions=(Version("same", 1, 0.0),)), 4000)
    assert value(got, "total_tb") == 0
    assert value(got, "download_t90_h") == pytest.approx(84)  # 93.75 % are online in four days


def test_a_fleet_of_any_size_takes_the_same_times() -> None:
    small = replace(TRIPS, pools=(Pool("main", 300 * GB),))
    large = replace(small, vehicles=400_000_000, pools=(Pool("main", 3e7 * GB),))
    middle = replace(small, vehicles=400_000, pools=(Pool("main", 3e4 * GB),))
    one, two, other = (predict(each, 4000) for each in (small, middle, large))
    assert one.updated_share == pytest.approx(other.updated_share, abs=0.02)
    # Four thousand vehicles have a noise of their own: 106 to 111 h with five seeds.
    assert value(one, "t90_h") == pytest.approx(value(other, "t90_h"), abs=5)
    assert value(two, "t90_h") == pytest.approx(value(other, "t90_h"), rel=1e-3)
    assert value(one, "total_tb") * 1e5 == pytest.approx(value(other, "total_tb"), rel=0.005)


def test_more_cap_is_never_later() -> None:
    caps = [50, 150, 500, np.inf]
    times = [
        value(predict(replace(TRIPS, horizon=900, pools=(Pool("main", cap * GB),)), 4000), "t90_h")
        for cap in caps
    ]
    assert np.all(np.diff(times) <= 0.25)  # the noise of 4,000 classes
    assert times[0] > times[-1] + 10


def test_a_region_may_have_sessions_and_link_rates_of_its_own() -> None:
    # Of two equal regions one has its session at noon and 9 GB an hour, the other at 20:00 and a ninth of that.
    slow = LinkTable((GB,), (1,), 0)
    regions = (
        Region("fast", 0.5, 0, 1.0, (1.0,), 0),
        Region("slow", 0.5, 0, 1.0, (1.0,), 0, wifi=slow),
    )
    noon = Session("noon", True, (12, 12), (2, 2), (1,) * 7, True, regions=(0,))
    evening = replace(noon, name="evening", start=(20, 20), regions=(1,))
    active = (Segment("all", 1, 1.0, None),)
    both = replace(PLAIN, regions=regions, sessions=(noon, evening), segments=active)
    done = np.sort(follow(both, 4000).done)
    # The session of the day before the start runs past midnight nowhere: all are done on day 0, half and half.
    assert done[[0, 1999]] == pytest.approx(12 + 1 / 9)
    assert done[[2000, -1]] == pytest.approx(21)


def test_starts_of_sessions_follow_the_weights_of_their_span() -> None:
    # Three in four start in the second half of 12 to 14: the quantiles of a quarter and of five eighths.
    session = replace(PLAIN.sessions[0], start=(12, 14), start_weights=(1, 3))
    found = start_within(session, np.array([0.0, 0.25, 0.625, 1.0]))
    assert found.tolist() == [12, 13, 13.5, 14]


def test_a_smaller_package_never_sends_more() -> None:
    sent = [
        value(predict(replace(TRIPS, full=size * GB), 4000), "total_tb") for size in (0.3, 1, 3)
    ]
    assert sent == sorted(sent)


def test_byte_resume_is_no_worse_than_chunks_and_those_than_none() -> None:
    got = [
        predict(replace(TRIPS, resume=mode, chunk=0.2 * GB), 4000)
        for mode in ("byte", "chunk", "none")
    ]
    sent = [value(each, "total_tb") for each in got]
    assert sent[0] == pytest.approx(4, rel=0.005)
    assert sent == sorted(sent)
    assert sent[2] > 1.2 * sent[0]
    times = [value(each, "download_t90_h") for each in got]
    assert np.all(np.diff(times) >= -0.25)


def test_a_failed_delta_is_followed_by_the_full_image() -> None:
    # Bytes per vehicle: d + p F / (1 - q) for a delta d that fails with p, a full image F with q.
    fleet = replace(
        PLAIN, versions=(Version("delta", 1, 0.2 * GB),), verify_fail_delta=0.1,
        verify_fail_full=0.2, horizon=720,
    )  # fmt: skip
    got = predict(fleet, 10_000)
    assert value(got, "total_tb") == pytest.approx(10 * (0.2 + 0.1 / 0.8), rel=0.01)
    assert value(got, "verify_failures") == pytest.approx(10_000 * 0.1 / 0.8, rel=0.02)


def test_a_wave_that_its_gate_opens_goes_on_as_one_that_the_clock_opens_then() -> None:
    # Under a cap a window is gone through twice, and the gate opens twice: nobody may be online twice as often.
    first, second = replace(WAVE, share=0.2), replace(WAVE, share=0.8, gate=0.3)
    gated = replace(
        TRIPS, vehicles=40_000, resume="none", waves=(first, second),
        cell_wait_without_wifi=0.0, pools=(Pool("main", 4000 * GB),), horizon=96, curve_step=6,
    )  # fmt: skip
    one = follow(gated, 12_000)
    clock = replace(second, gate=None, not_before=float(one.openings[1]))
    other = follow(replace(gated, waves=(first, clock)), 12_000)
    assert one.sent.sum() == pytest.approx(other.sent.sum(), rel=0.03)
    assert outcome(one).download_share == pytest.approx(outcome(other).download_share, abs=0.015)


def test_pools_of_a_small_fleet_peak_as_its_copies_do() -> None:
    rollout = follow(replace(TRIPS, vehicles=500, pools=(Pool("main", 20 * GB),)), 10_000)
    assert rollout.classes.fleets == 10
    (use,) = pool_use(rollout)
    got = outcome(rollout)
    assert use.peak == pytest.approx(value(got, "peak_gbps_pool_main")) == 20 * 8 / 3600
    assert use.p95 == pytest.approx(value(got, "p95_gbps_30day"))
    assert 0 < use.bound < use.until - use.since


def test_a_flow_alone_in_a_step_is_no_faster_than_its_pool() -> None:
    # One vehicle in a hundred is online for a minute at some time of the day; its link is ten times the pool.
    brief = replace(PLAIN.sessions[0], start=(0, 23), length=(1 / 60, 1 / 60), chance=(0.01,) * 7)
    narrow = replace(
        PLAIN, vehicles=100, sessions=(brief,), pools=(Pool("main", 0.9 * GB),), horizon=240,
        segments=(replace(PLAIN.segments[0], active_day=1.0),),
    )  # fmt: skip
    rollout = follow(narrow, 4000)
    flows = np.bincount(rollout.flows_begun[0], minlength=rollout.classes.weight.size)
    sent = rollout.sent_by_class.sum(axis=0)
    assert sent.sum() > 0
    assert np.all(sent <= flows * 0.9 * GB / 60 * 1.000001)
