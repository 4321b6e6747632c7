"""Releases: bytes, sessions, peaks and the time until nearly everybody has one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from planner.axes import DRAW, HOUR, LINK, PACKAGE, PROGRAM, REGION, Array, place, total
from planner.model.decisions import campaign_schedule
from planner.model.ota import (
    completion_rate_peak,
    download_session_rate,
    ota_bytes,
    ota_days_to_99,
    ota_link_share,
    ota_peak,
    release_bytes,
)
from planner.units import from_base, to_base

DAY = 86_400.0


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
    rate, interval = place(to_base(20.0, "Mb/s")), place(1.5 * DAY)
    for session, sessions in ((3600.0, 1), (1800.0, 2), (36_000.0, 1)):
        found = download_session_rate(place(9e9), rate, place(session), interval).item()
        assert found == pytest.approx(1 / (1.5 * DAY * sessions))


def test_a_link_without_a_rate_brings_no_release() -> None:
    share = place(np.array([0.4, 0.1, 0.5]), LINK)
    rate = place(np.array([20e6, 10e6, 0.0]), LINK)
    assert ota_link_share(share, place(0.2), rate).ravel() == pytest.approx([0.4, 0.02, 0.0])
    assert np.isfinite(download_session_rate(place(1e9), rate, place(3600.0), place(DAY))).all()


def test_the_window_is_never_longer_than_the_shortest_cadence() -> None:
    cadence = place(np.array([30.0, 90.0, 10.0]) * DAY, PACKAGE)
    assert campaign_schedule(place(14 * DAY), cadence).item() == 10 * DAY
    assert campaign_schedule(place(7 * DAY), cadence).item() == 7 * DAY


def test_vehicles_that_wait_for_nothing_take_the_release_at_the_even_rate() -> None:
    window = 14 * DAY
    assert completion_rate_peak(place(1e3), place(window)).item() == pytest.approx(1 / window)
    # And those that come by once in 1.5 days are at 1 - exp(-14 / 1.5) of it.
    slow = completion_rate_peak(place(1 / (1.5 * DAY)), place(window)).item()
    assert slow == pytest.approx(-math.expm1(-14 / 1.5) / window)


def test_days_to_99_per_cent_of_one_class_have_a_closed_form() -> None:
    # After the window: W + (T ln(100 (1 - exp(-W/T)) T / W)), W = 14 days, T = 1.5 days.
    window, wait = 14.0, 1.5
    vehicles = place(np.array([[[5e5]]]), REGION, PROGRAM, LINK)
    days = ota_days_to_99(vehicles, place(1 / (wait * DAY)), place(window * DAY)).item() / DAY
    expected = window + wait * math.log(100 * -math.expm1(-window / wait) * wait / window)
    assert days == pytest.approx(expected, rel=1e-9)


def test_regions_with_equal_links_are_one_class_and_others_count_for_themselves() -> None:
    vehicles = place(np.array([[[[3e5]], [[2e5]], [[0.0]]]] * 2), DRAW, REGION, PROGRAM, LINK)
    # In the first draw all regions wait for as long, in the second one waits longer.
    wait = np.array([[[1.5], [1.5], [1.5]], [[1.5], [6.0], [1.5]]]) * DAY
    days = ota_days_to_99(vehicles, place(1 / wait, DRAW, REGION, LINK), place(14 * DAY))
    alone = place(np.array([[[5e5]]]), REGION, PROGRAM, LINK)
    assert days[:1] == pytest.approx(
        ota_days_to_99(alone, place(1 / (1.5 * DAY)), place(14 * DAY)), rel=1e-12
    )
    second = place(1 / wait[1:], DRAW, REGION, LINK)
    assert np.array_equal(days[1:], ota_days_to_99(vehicles[1:], second, place(14 * DAY)))
    assert days[1].item() > 1.5 * days[0].item()


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
