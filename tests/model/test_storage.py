"""Tiers: units that hold and feed what lies in them."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import HARDWARE, MONTH, SITE, TIER, Array, place, take
from planner.model.storage import (
    dataset_read_time,
    drives_replaced,
    storage_bandwidth_required,
    storage_drives,
    storage_recording_time,
    storage_stripe_loss,
    storage_unit_raw,
    storage_unit_usable,
    storage_units_for_writing,
    storage_units_required,
    storage_write_required,
    tier_lands,
    training_read_rate,
)
from planner.project import load

DAY = 86_400.0
# Adjoining ages, all of the data in each tier.
FROM = place(np.array([0.0, 14.0, 365.0]) * DAY, TIER)
UNTIL = place(np.array([14.0, 365.0, 1e5]) * DAY, TIER)
ALL = place(np.ones(3), TIER)
NO_REPLAY = place(0.0), place(0.0)


def test_a_unit_of_flash_by_its_data_sheet() -> None:
    # 24 drives of 30.72 TB, 8 + 2 erasure coding (1.25), filled to 80 %: 471.9 TB.
    raw = storage_unit_raw(place(24.0), place(30.72e12))
    assert raw.item() == pytest.approx(737.28e12)
    assert storage_unit_usable(raw, place(1.25), place(0.8)).item() == pytest.approx(471.8592e12)


def test_units_are_for_the_largest_of_capacity_reading_and_writing() -> None:
    capacity, reading, writing = (
        place(np.array(x), MONTH) for x in ([3.5, 1.0, 1.0], [2.0, 4.5, 1.0], [1.0, 1.0, 2.5])
    )
    units = storage_units_required(capacity, reading, writing)
    assert units.ravel().tolist() == [3.5, 4.5, 2.5]


def test_bandwidth_feeds_accelerators_and_reads_the_whole_tier_at_times() -> None:
    # SuperPOD: 125 GB/s for 256 GPUs; and 2.592 PB once in 30 days is 1 GB/s.
    need = storage_bandwidth_required(
        place(300.0), place(44.0), place(125e9 / 256), place(2.592e15), place(30 * DAY), *NO_REPLAY
    )  # 44 of the 300 serve and read no data sets
    assert need.item() == pytest.approx(126e9)
    nobody = place(0.0)
    never = storage_bandwidth_required(
        nobody, nobody, place(1.0), place(1e15), place(np.inf), *NO_REPLAY
    )
    assert never.item() == 0


def test_rigs_read_what_they_replay_from_the_tiers_that_have_it() -> None:
    # 55 rigs at 160 Mb/s each read 1.1 GB/s; all of it from the second tier.
    replay, shares = place(55 * 160e6 / 8), place(np.array([0.0, 1.0, 0.0]), TIER)
    nobody = place(0.0)
    need = storage_bandwidth_required(
        nobody, nobody, nobody, place(1e15), place(np.inf), replay, shares
    )
    assert need.ravel() == pytest.approx([0.0, 1.1e9, 0.0])


def test_longer_replays_need_more_of_the_warm_tier_alone() -> None:
    names = ["storage_bandwidth_required", "replay_bandwidth"]
    less, more = (
        load("5pct_ev_market", set={"qualification.replay.series.2024-01": hours}).run(names)
        for hours in ("1000 hour", "4000 hour")
    )
    added = more["storage_bandwidth_required"] - less["storage_bandwidth_required"]
    rigs = more["replay_bandwidth"] - less["replay_bandwidth"]
    assert rigs.max() > 1e9
    assert take(added, TIER, 1) == pytest.approx(rigs, abs=1.0)
    assert [np.abs(take(added, TIER, tier)).max() for tier in (0, 2)] == [0, 0]


def test_everything_lands_on_the_first_tier_that_holds_data() -> None:
    assert tier_lands(FROM, UNTIL, ALL).ravel().tolist() == [1, 0, 0]
    # One store, in the place of the second tier.
    begin, end = place([0.0, 0.0, 9.0], TIER), place([0.0, 9.0, 9.0], TIER)
    assert tier_lands(begin, end, ALL).ravel().tolist() == [0, 1, 0]
    assert tier_lands(begin, begin, ALL).ravel().tolist() == [0, 0, 0]


def test_writing_takes_the_peak_where_data_lands_and_checkpoints_on_the_hot_tier() -> None:
    need = storage_write_required(
        place(9.0),
        place([1.0, 0.0, 0.0], TIER),
        place([4.0, 3.0, 2.0], TIER),
        place([1.0, 2.0, 1.0], TIER),
        place(5.0),
        place(2.0),
    )
    assert need.ravel().tolist() == [
        16,
        6,
        2,
    ]  # 9 from vehicles, 2 from other sites, 5 of checkpoints
    assert storage_units_for_writing(need, place(2.0)).ravel().tolist() == [8, 3, 1]


def test_drives_that_fail_are_replaced() -> None:
    # 100 enclosures of 90 drives at 1.55 % a year (Backblaze, third quarter of 2025): 140 in a year.
    drives = storage_drives(place(100.0), place(90.0))
    assert drives.item() == 9_000
    year = 365.25 * DAY
    assert drives_replaced(drives, place(0.0155 / year), place(year)).item() == pytest.approx(139.5)


def test_a_profile_that_says_too_little_claims_no_durability() -> None:
    shards, parity = place([8.0, 0.0, 17.0], TIER), place([2.0, 0.0, 3.0], TIER)
    rebuild, rate = place([DAY, DAY, 0.0], TIER), place(0.01 / (365.25 * DAY))
    loss = storage_stripe_loss(shards, parity, rate, rebuild).ravel()
    assert 0 < loss[0] < 1e-8
    assert loss[1:].tolist() == [1, 1]


def test_an_accelerator_reads_its_data_set_as_fast_as_it_works_on_it() -> None:
    # 6 x 10e9 parameters x 1,070 tokens a second of driving on 989 TFLOP/s at 40 %: 0.162 s for 21.7 MB.
    rate = training_read_rate(
        place(21.7e6),
        place(2 * 10e9 * 1070.0),
        place(989e12 * 0.4),
        place([[1.0]], SITE, HARDWARE),
    )
    assert rate.item() == pytest.approx(21.7e6 / (6 * 10e9 * 1070 / (989e12 * 0.4)))


def test_one_pass_over_a_petabyte_and_a_half() -> None:
    # Tesla, June 2021: 1.5 PB at 1.6 TB/s take 15.6 minutes.
    assert dataset_read_time(place(1.5e15), place(1.6e12)).item() / 60 == pytest.approx(
        15.6, abs=0.03
    )
    assert dataset_read_time(place(1.5e15), place(0.0)).item() == 0


def test_vehicle_hours_in_a_store() -> None:
    # Zoox: 4 TB an hour; about 30 PB hold 7,500 vehicle-hours, 1 EB 250,000.
    store = place(np.array([30e15, 1e18]), TIER)
    hours = storage_recording_time(store, place(4e12 / 3600), place(1.0)).ravel() / 3600
    assert hours == pytest.approx([7500, 250_000])
    assert storage_recording_time(store, place(0.0), place(1.0)).max() == 0


def test_usable_bytes_in_service_cover_the_need_where_nothing_is_short(
    everything: dict[str, Array],
) -> None:
    for index, tier in enumerate(("hot", "warm", "cold")):
        short = take(everything["storage_short"], TIER, index)
        need, there = everything[f"storage_{tier}_required"], everything[f"storage_{tier}"]
        assert (there + short >= need * (1 - 1e-9)).all()
        assert (everything[f"storage_{tier}_raw"] >= there).all()
