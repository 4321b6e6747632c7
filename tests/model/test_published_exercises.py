"""Published figures that are one multiplication away from others, through our quantities and our units.

Each test names who published the figures; the tolerance is that of the figure as printed.
"""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import PROGRAM, Array, place
from planner.catalogue import Parts
from planner.model.telemetry import (
    clips_recorded,
    fleet_recorded,
    sensor_rate_encoded,
    sensor_rate_raw,
)
from planner.model.training import dataset_bytes
from planner.units import from_base, read, to_base

MILE = 1609.344  # metre


def amount(text: str, unit: str) -> Array:
    """A written amount as an array of the model."""
    return place(read(text, unit)[0])


def suite(*groups: dict[str, str]) -> Parts:
    """A vehicle with these groups of sensors; a field that is not given is 1 in its unit."""
    units = {
        "count": "1",
        "resolution": "pixel/frame",
        "rate": "frame/second",
        "bits": "bit/pixel",
        "compression": "1",
    }
    fields = {
        field: np.array([[read(group.get(field, f"1 {unit}"), unit)[0] for group in groups]])
        for field, unit in units.items()
    }
    names = tuple(str(index) for index in range(len(groups)))
    return Parts(names, (PROGRAM,), (1,), np.zeros(len(groups), dtype=np.intp), fields)


def rate(bits_a_second: str, count: str = "1") -> dict[str, str]:
    """Sensors that give a published number of bits a second: as many pixels of one bit in one frame."""
    return {"count": count, "resolution": f"{bits_a_second} pixel/frame"}


def test_case_04_a_depot_of_twenty_test_cars_takes_two_petabytes_a_day() -> None:
    # Seagate, "Autonomous vehicles and edge storage": 20 cars x 100 TB a day = 2 PB a day; 50 cars with USD 200,000 of
    # storage each = USD 10 million. Tolerance 1 %.
    inflow = fleet_recorded(
        amount("20 vehicle", "vehicle"), place(1.0), amount("100 TB/day", "byte/day")
    ).item()
    assert from_base(inflow, "PB/day") == pytest.approx(2.0, rel=0.01)
    assert from_base(inflow, "Gb/s") == pytest.approx(185, rel=0.01)
    assert from_base(inflow * 24 / 8, "Gb/s") == pytest.approx(556, rel=0.01)
    assert from_base(50 * to_base(200.0, "kUSD"), "MUSD") == pytest.approx(10, rel=0.01)


def test_case_09_physical_ai_av_clips_make_hours_and_hours_make_bytes() -> None:
    # NVIDIA PhysicalAI-AV dataset: 306,152 clips of 20 s are 1,700 h and 133 TB. Tolerance 1 %.
    seconds = 306_152 * to_base(20.0, "s")
    assert from_base(seconds, "h") == pytest.approx(1700, rel=0.01)
    rate_ = to_base(133.0, "TB") / seconds
    assert from_base(rate_, "GB/h") == pytest.approx(78.2, rel=0.01)
    assert from_base(rate_, "MB/s") == pytest.approx(21.7, rel=0.01)
    assert from_base(rate_, "Mb/s") == pytest.approx(174, rel=0.01)
    assert from_base(rate_ * 20, "MB") == pytest.approx(434, rel=0.01)
    stored = dataset_bytes(place(seconds), amount("21.7 MB/s", "byte/second"))
    assert from_base(stored.item(), "TB") == pytest.approx(133, rel=0.01)


def test_case_10_openpilot_segments_and_their_two_tiers_of_upload() -> None:
    # comma.ai, openpilot loggerd and encoderd: 10 Mb/s HEVC a camera (5 Mb/s up to 1,344 pixels wide), 256 kb/s for the
    # preview camera, segments of 60 s, two road cameras. Tolerance 1 %.
    segment = to_base(60.0, "s")
    camera = sensor_rate_encoded(suite(rate("10e6"))).item()
    narrow = sensor_rate_encoded(suite(rate("5e6"))).item()
    preview = sensor_rate_encoded(suite(rate("256e3"))).item()
    assert from_base(camera * segment, "MB") == pytest.approx(75, rel=0.01)
    assert from_base(narrow * segment, "MB") == pytest.approx(37.5, rel=0.01)
    assert from_base(preview * segment, "MB") == pytest.approx(1.92, rel=0.01)
    both = sensor_rate_encoded(suite(rate("10e6", count="2")))
    assert from_base(both.item(), "GB/h") == pytest.approx(9.0, rel=0.01)
    assert preview / both.item() == pytest.approx(to_base(1.28, "%"), rel=0.01)
    hour_a_day = clips_recorded(amount("1 hour/day", "hour/day"), place(1.0), both)
    assert from_base(hour_a_day.item(), "GB/day") == pytest.approx(9.0, rel=0.01)


def test_case_15_the_envelope_of_sensor_suites() -> None:
    # S. Heinrich (Lucid Motors), Flash Memory Summit 2017: 4-6 radars x 0.1-15, 1-5 lidars x 20-100, 6-12 cameras x
    # 500-3,500 Mb/s are 3 to 40 Gb/s. Tolerance 7 %.
    least = suite(rate("0.1e6", "4"), rate("20e6", "1"), rate("500e6", "6"))
    most = suite(rate("15e6", "6"), rate("100e6", "5"), rate("3500e6", "12"))
    assert from_base(sensor_rate_raw(least).item(), "Gb/s") == pytest.approx(3, rel=0.07)
    assert from_base(sensor_rate_raw(most).item(), "Gb/s") == pytest.approx(40, rel=0.07)
    assert from_base(to_base(40.0, "Gb/s"), "TB/h") == pytest.approx(18, rel=0.01)


def test_case_16_one_camera_one_lidar_and_six_cameras() -> None:
    # Full HD at 30 fps and 8 bits: published 497 Mb/s, which is 497.664 cut off. Tolerance 0.1 % of 497.7.
    camera = {"resolution": "2_073_600 pixel/frame", "rate": "30 fps", "bits": "8 bit/pixel"}
    found = from_base(sensor_rate_raw(suite(camera)).item(), "Mb/s")
    assert found == pytest.approx(497.7, rel=0.001)
    assert int(found) == 497 == int(1920 * 1080 * 30 * 8 / 1e6)
    # A lidar of 1.2 million points a second of 16 bytes: published 19 MB/s.
    lidar = {"resolution": "120e3 point/frame", "rate": "10 fps", "bits": "128 bit/point"}
    assert from_base(sensor_rate_raw(suite(lidar)).item(), "MB/s") == pytest.approx(19.2, rel=0.001)
    # Six cameras of 8 MP at 30 fps and 8 bits: published 1.4 GB/s.
    six = {"count": "6", "resolution": "8 MP/frame", "rate": "30 fps", "bits": "8 bit/pixel"}
    assert from_base(sensor_rate_raw(suite(six)).item(), "GB/s") == pytest.approx(1.44, rel=0.001)


def test_case_18_inferences_of_a_car_and_of_a_billion_cars() -> None:
    # S. Sudhakar, V. Sze, S. Karaman (MIT), "Data Centers on Wheels", IEEE Micro 2023: 10 networks on 10 cameras, one
    # hour a day: 21.6 million inferences a car and day, 21.6 quadrillion for a billion cars. Tolerance 0.1 %.
    frames = to_base(60.0, "fps") * to_base(1.0, "hour/day") * to_base(1.0, "day")
    a_car = 10 * 10 * frames
    assert from_base(a_car, "million frame") == pytest.approx(21.6, rel=0.001)
    fleet = a_car * to_base(1.0, "billion vehicle")
    assert fleet == pytest.approx(21.6e15, rel=0.001)


def test_case_22_waymo_simulates_ten_million_miles_a_day() -> None:
    # Waymo, 2017 (The Atlantic, 23 August 2017): 25,000 virtual cars, 10 million miles a day (calculated: 400 miles a
    # car, 16.7 mph around the clock). Tolerance 1 %.
    a_day = 10e6 * MILE / to_base(1.0, "day")
    a_car = a_day / 25_000
    assert from_base(a_car, "km/day") == pytest.approx(400 * MILE / 1000, rel=0.01)
    assert from_base(a_car, "km/h") == pytest.approx(16.7 * MILE / 1000, rel=0.01)
    assert a_day * to_base(365.0, "day") / MILE == pytest.approx(3.65e9, rel=0.01)


def test_case_37_tokens_a_day_and_a_month() -> None:
    # ByteDance: Doubao 12.7 trillion tokens a day (March 2025), 30 trillion half a year later, 253 times May 2024's.
    # Google: 980 trillion tokens a month (July 2025) printed as 32.7 trillion a day. Tolerance 2 %; our month has
    # 365.25/12 days, theirs 30.
    assert to_base(30.0, "trillion token/day") / to_base(12.7, "trillion token/day") > 2
    may_2024 = from_base(to_base(30.0, "trillion token/day") / 253, "billion token/day")
    assert may_2024 == pytest.approx(120, rel=0.02)
    for month, day in ((980.0, 32.7), (1300.0, 43.3)):
        found = from_base(to_base(month, "trillion token/month"), "trillion token/day")
        assert found == pytest.approx(day, rel=0.02)
    conversations = to_base(1.0, "billion token") / to_base(1.0, "million token") * 1000
    assert conversations == pytest.approx(1e6, rel=0.02)
