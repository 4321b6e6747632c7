"""Tiers: units that hold and feed what lies in them."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import MONTH, TIER, Array, place, take
from planner.model.storage import (
    dataset_read_time,
    storage_bandwidth_required,
    storage_recording_time,
    storage_unit_raw,
    storage_unit_usable,
    storage_units_required,
)

DAY = 86_400.0


def test_a_unit_of_flash_by_its_data_sheet() -> None:
    # 24 drives of 30.72 TB, 8 + 2 erasure coding (1.25), filled to 80 %: 471.9 TB.
    raw = storage_unit_raw(place(24.0), place(30.72e12))
    assert raw.item() == pytest.approx(737.28e12)
    assert storage_unit_usable(raw, place(1.25), place(0.8)).item() == pytest.approx(471.8592e12)


def test_units_are_for_the_larger_of_capacity_and_bandwidth() -> None:
    both = storage_units_required(
        place(np.array([3.5, 1.0]), MONTH), place(np.array([2.0, 4.5]), MONTH)
    )
    assert both.ravel().tolist() == [3.5, 4.5]


def test_bandwidth_feeds_accelerators_and_reads_the_whole_tier_at_times() -> None:
    # SuperPOD: 125 GB/s for 256 GPUs; and 2.592 PB once in 30 days is 1 GB/s.
    need = storage_bandwidth_required(
        place(256.0), place(125e9 / 256), place(2.592e15), place(30 * DAY)
    )
    assert need.item() == pytest.approx(126e9)
    never = storage_bandwidth_required(place(0.0), place(1.0), place(1e15), place(np.inf))
    assert never.item() == 0


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
