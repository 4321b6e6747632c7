"""Releases: bytes, sessions, peaks and the time until nearly everybody has one."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import HOUR, LINK, PACKAGE, PROGRAM, REGION, Array, place, total
from planner.model.decisions import campaign_schedule
from planner.model.ota import (
    download_pace,
    download_session_rate,
    download_sessions,
    ota_bytes,
    ota_link_share,
    ota_peak,
    release_bytes,
    release_delta_share,
    release_full_ratio,
    session_chance,
    session_length,
    session_range,
)
from planner.project import load
from planner.study.sampling import Sampler
from planner.units import from_base, to_base

DAY = 86_400.0
ONE, NONE = place(1.0), place(0.0)


def test_a_release_is_part_delta_part_full_and_some_of_it_twice() -> None:
    # 5 GB, a delta of 20 % for nine vehicles in ten, 3 % sent again: 5 x (0.9 x 0.2 + 0.1) x 1.03 = 1.442 GB.
    found = release_bytes(place(5e9), place(0.2), place(0.9), place(0.03))
    assert found.item() == pytest.approx(1.442e9)


def test_a_million_cars_take_three_petabytes() -> None:
    # 3.2 GB (Tesla 2025.2.8.1, owners' reports) to a million cars: 3.2 PB; in 24 h 296 Gb/s.
    month, one_release_a_month = place(30 * DAY), place(30 * DAY)
    found = ota_bytes(place(1e6), place(3.2e9), one_release_a_month, month).item()
    assert from_base(found, "PB") == pytest.approx(3.2)
    assert from_base(found / DAY, "Gb/s") == pytest.approx(296, rel=0.01)


def test_every_package_is_sent_at_its_own_cadence() -> None:
    packages, cadence = (
        place(np.array([1e9, 2e9]), PACKAGE),
        place(np.array([10, 40]) * DAY, PACKAGE),
    )
    found = ota_bytes(place(100.0), packages, cadence, place(40 * DAY)).item()
    assert found == pytest.approx(100 * (4 * 1e9 + 2e9))


def test_a_download_longer_than_a_session_waits_for_the_next() -> None:
    # 9 GB at 20 Mb/s are 3,600 s: one session of an hour, two of half an hour.
    pace, interval = download_pace(place(to_base(20.0, "Mb/s")), NONE, NONE), place(1.5 * DAY)
    for session, sessions in ((3600.0, 1), (1800.0, 2), (36_000.0, 1)):
        number = download_sessions(place(9e9), ONE, ONE, pace, place(session), NONE, NONE)
        found = download_session_rate(number, interval)
        assert found == pytest.approx(1 / (1.5 * DAY * sessions))


def test_vehicles_without_the_release_before_take_all_packages_in_full() -> None:
    # 5 GB at 95 % and 3.2 GB at 20 %, for nine in ten: 5.39 GB as deltas, 8.2 GB in full.
    size = place(np.array([5e9, 3.2e9]), PACKAGE)
    ratio, share = place(np.array([0.95, 0.2]), PACKAGE), place(np.array([0.9, 0.9]), PACKAGE)
    assert release_delta_share(size, ratio, share).item() == pytest.approx(0.9)
    full = release_full_ratio(size, ratio, share).item()
    assert full == pytest.approx(8.2 / (0.9 * (4.75 + 0.64) + 0.1 * 8.2))
    # Without a saving all take the same; a package that is nothing changes nothing.
    assert release_delta_share(size, ONE, share).item() == 1
    assert release_full_ratio(0.0 * size, ratio, share).item() == 1


def test_broken_connections_pause_a_download() -> None:
    # 6 drops an hour of flow, 5 min each: half as long again.
    pace = download_pace(place(10e6), place(6 / 3600), place(300.0)).item()
    assert pace == pytest.approx(1.5 / 10e6)


def test_sessions_that_come_more_often_than_daily_are_one_a_day() -> None:
    # Every six hours for an hour: four hours a day. Without a gap: always, and all alike.
    six_hours, hour = place(DAY / 4), place(3600.0)
    assert session_chance(six_hours).item() == 1
    assert session_length(hour, six_hours).item() == 4 * 3600
    always = session_length(hour, place(1800.0))
    assert always.item() == DAY
    assert session_range(always, ONE, place(0.5)).item() == 0
    assert session_range(hour, ONE, place(0.5)).item() == 1800


def test_a_link_without_a_rate_brings_no_release() -> None:
    share = place(np.array([0.4, 0.1, 0.5]), LINK)
    rate = place(np.array([20e6, 10e6, 0.0]), LINK)
    assert ota_link_share(share, place(0.2), rate).ravel() == pytest.approx([0.4, 0.02, 0.0])
    pace = download_pace(rate, NONE, NONE)
    assert pace.ravel() == pytest.approx([1 / 20e6, 1 / 10e6, 0.0])


def test_the_window_is_never_longer_than_the_shortest_cadence() -> None:
    cadence = place(np.array([30.0, 90.0, 10.0]) * DAY, PACKAGE)
    assert campaign_schedule(place(14 * DAY), cadence).item() == 10 * DAY
    assert campaign_schedule(place(7 * DAY), cadence).item() == 7 * DAY


def test_regions_peaks_are_their_own_and_no_less_together(everything: dict[str, Array]) -> None:
    peaks, together = everything["region_ota_peak"], everything["ota_peak"]
    assert (peaks >= 0).all() and (peaks.max(axis=REGION, keepdims=True) <= together).all()
    assert (total(peaks, REGION) >= together * (1 - 1e-12)).all()
    # Seven regions in six time zones: not all have their evening at once.
    assert (total(peaks, REGION)[:, -1] > 1.2 * together[:, -1]).all()


def test_the_fleet_is_done_between_its_fastest_and_its_slowest_region(
    everything: dict[str, Array],
) -> None:
    regions, fleet = everything["region_ota_days_to_99"], everything["ota_days_to_99"]
    there = regions > 0
    assert (regions.max(axis=REGION, keepdims=True) >= fleet - 1.0)[fleet > 0].all()
    fastest = np.where(there, regions, np.inf).min(axis=REGION, keepdims=True)
    assert (fastest <= fleet + 1.0)[fleet > 0].all()
    assert there[:, -1].sum() >= 5


def test_the_peak_is_the_busiest_hour_with_headroom() -> None:
    by_hour = place(np.r_[np.ones(23), 5.0], HOUR)
    assert ota_peak(by_hour, place(1.2)).item() == pytest.approx(6.0)


def test_the_busiest_hour_is_above_the_mean_of_the_busiest_day(
    everything: dict[str, Array],
) -> None:
    by_hour = everything["ota_by_hour"]
    mean = by_hour.mean(axis=HOUR, keepdims=True)
    busiest = total(
        total(everything["ota_vehicles"], PROGRAM) * everything["completion_rate_peak"],
        REGION,
        LINK,
    ) * total(everything["release_bytes"], PACKAGE)
    assert mean == pytest.approx(busiest, rel=1e-12)
    assert (everything["ota_peak"][:, -1] > mean[:, -1]).all()


def test_reachable_vehicles_are_a_share_of_those_served(everything: dict[str, Array]) -> None:
    reachable = everything["ota_reachable_share"]
    assert reachable.min() >= 0 and reachable.max() < 1
    served = total(everything["vehicles_served"], REGION, PROGRAM)
    assert (total(everything["ota_vehicles"], REGION, PROGRAM, LINK) <= served * (1 + 1e-12)).all()


def test_shares_that_add_up_to_one_but_for_rounding_leave_no_sessions_behind() -> None:
    """Draw 6,467 of the headline plan: all vehicles have the release before, by a share that rounds to more than 1."""
    project = load("5pct_ev_market")
    leaves = project.table.redrawn(Sampler.of(project.table, 1).draws(6460, 6476))
    found = project.run(["completion_rate_peak", "download_hours", "ota_peak"], leaves, 16)
    assert (found["completion_rate_peak"] >= 0).all()
    assert found["ota_peak"].max() < 100 * np.median(found["ota_peak"].max(axis=1))
