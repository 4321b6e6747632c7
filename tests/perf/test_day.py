"""Days in many time zones, seen in UTC."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import Array
from planner.perf.day import busiest_hours, relative_rate

HOUR = 3600.0
EVENING = np.eye(24)[18]  # everything between 18:00 and 19:00 local time


def seen_in_utc(profile: Array, hours: float) -> Array:
    return relative_rate(profile.reshape(1, 24, 1), np.array([[hours * HOUR]]))[0, :, 0, 0]


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        (0, {18: 24.0}),
        (9, {9: 24.0}),  # 18:00 in Tokyo is 09:00 UTC
        (-6, {0: 24.0}),  # 18:00 in Chicago (standard time) is 00:00 UTC
        (5.5, {12: 12.0, 13: 12.0}),  # 18:00 to 19:00 in Delhi is 12:30 to 13:30 UTC
        (-3.5, {21: 12.0, 22: 12.0}),  # 18:00 to 19:00 in St. John's is 21:30 to 22:30 UTC
        (5.75, {12: 18.0, 13: 6.0}),  # 18:00 to 19:00 in Kathmandu is 12:15 to 13:15 UTC
    ],
)
def test_the_evening_hour_falls_on_its_utc_hours(offset: float, expected: dict[int, float]) -> None:
    wanted = np.zeros(24)
    wanted[list(expected)] = list(expected.values())
    assert seen_in_utc(EVENING, offset) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("offset", [-12, -6, -3.5, 0, 5.5, 8, 14])
def test_the_mean_of_the_day_is_one_at_any_offset_and_scale(offset: float) -> None:
    profile = np.random.default_rng(3).random(24) * 7
    found = seen_in_utc(profile, offset)
    assert found.mean() == pytest.approx(1.0, rel=1e-14)
    assert found == pytest.approx(seen_in_utc(profile * 1000, offset), rel=1e-13)


def test_a_whole_day_later_is_the_same_hour() -> None:
    profile = np.arange(24.0)
    assert np.array_equal(seen_in_utc(profile, -10), seen_in_utc(profile, 14))


def test_the_peak_of_the_sum_is_below_the_sum_of_the_peaks() -> None:
    tokyo, delhi = seen_in_utc(EVENING, 9), seen_in_utc(EVENING, 5.5)
    assert (tokyo + delhi).max() == 24 < tokyo.max() + delhi.max()


def test_links_and_regions_keep_their_own_hours() -> None:
    profiles = np.stack([EVENING, np.ones(24)], axis=1)[None]
    found = relative_rate(profiles, np.array([[0.0, 9 * HOUR]]))
    assert found.shape == (1, 24, 2, 2)
    assert found[0, :, 0, 0].argmax() == 18 and found[0, :, 1, 0].argmax() == 9
    assert found[0, :, :, 1] == pytest.approx(1.0)


@pytest.mark.parametrize(("of_profile", "of_offset"), [(3, 1), (1, 3), (3, 3)])
def test_profile_and_offset_may_carry_the_draws(of_profile: int, of_offset: int) -> None:
    rng = np.random.default_rng(4)
    profile, offset = rng.random((of_profile, 24, 2)), rng.integers(-5, 9, (of_offset, 2)) * 1800.0
    together = relative_rate(profile, offset)
    for draw in range(3):
        alone = relative_rate(profile[draw % of_profile][None], offset[draw % of_offset][None])
        assert together[draw] == pytest.approx(alone[0], rel=1e-14)


def test_hours_that_can_be_the_busiest_hold_the_peak_of_every_sum() -> None:
    chance = np.random.default_rng(1)
    demand = chance.integers(0, 4, (2, 1, 24, 3)).astype(float)
    few = busiest_hours(demand)
    assert 0 < few.shape[2] < 24
    for weights in chance.random((50, 3)):
        assert np.array_equal((few @ weights).max(axis=2), (demand @ weights).max(axis=2))


def test_of_equal_hours_one_is_looked_at() -> None:
    assert busiest_hours(np.ones((1, 1, 24, 2))).shape == (1, 1, 1, 2)
