"""The spread of a release: against vehicles drawn one by one, hand calculations and limits."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.axes import Array
from planner.perf.rollout import (
    DAY,
    HOUR,
    Need,
    Use,
    busiest_day,
    hours_of_busiest_day,
    need,
    session_shares,
    sessions_needed,
    start_of_day,
    time_to_share,
    unfinished,
)

ONE = np.ones((1, 1))
WINDOW = np.array([14 * DAY])
EVEN = np.ones((24, 1, 1))
EVENING = np.r_[np.zeros(18), 1, 1, 1, np.zeros(3)][:, None, None]


def use_of(chance: float, hours: float = 1.0, starts: Array = EVEN, **others: float) -> Use:
    start, uneven = start_of_day(starts)
    values = {"rare": 0.0, "rarely": 1.0, "away": 0.0, "absence": DAY, **others}
    alone = {name: np.array([value]) for name, value in values.items()}
    return Use(chance * ONE, hours * HOUR * ONE, start, uneven, **alone)


def need_of(hours: float, length: float = 1.0, spread: float = 0.0, half: float = 0.0) -> Need:
    """A download of so many hours at the median rate, the same for all versions."""
    return need(
        np.full((1, 1, 1, 1), hours * HOUR),
        np.ones((1, 1, 1)),
        np.ones((1, 1, 1)),
        length * HOUR * ONE,
        half * length * HOUR * ONE,
        np.array([spread]),
        np.array([False]),
    )


def left_at(days: float, download: Need, use: Use, window: Array = WINDOW) -> float:
    left, times = unfinished(download, use, window)
    return float(np.interp(days * DAY, times[:, 0], left[0, 0, 0, :, 0]))


def drawn(chance: float, sessions: int, window: float, starts: Array, count: int = 60_000) -> Array:
    """Days at which vehicles begin their last session, one vehicle at a time: a coin a day, a start by the weights."""
    rng = np.random.default_rng(3)
    weights = starts.ravel() / starts.sum()
    admitted = rng.random(count) * window
    done, left = np.full(count, np.inf), np.full(count, sessions)
    for day in range(110):
        begin = day + (rng.choice(24, count, p=weights) + rng.random(count)) / 24
        there = (rng.random(count) < chance) & (begin >= admitted) & (left > 0)
        left -= there
        done[there & (left == 0)] = begin[there & (left == 0)]
    return np.sort(done)


@pytest.mark.parametrize("starts", [EVEN, EVENING])
@pytest.mark.parametrize(("chance", "sessions"), [(2 / 3, 1), (0.2, 1), (2 / 3, 3), (0.4, 8)])
def test_the_share_not_done_is_that_of_vehicles_drawn_one_by_one(
    chance: float, sessions: int, starts: Array
) -> None:
    done = drawn(chance, sessions, 14.0, starts)
    download, use = need_of(sessions - 0.5, 1.0), use_of(chance, 1e-9, starts)
    left, times = unfinished(download, use, WINDOW)
    for share in (0.9, 0.99):
        found = time_to_share(share, left[0, 0].transpose(2, 0, 1), times.T, WINDOW).item() / DAY
        # By day and night the true curve is a staircase about the smooth one.
        assert found == pytest.approx(done[int(share * done.size)], abs=0.55)


def test_a_daily_coin_leaves_a_geometric_tail() -> None:
    # Sessions on two days in three, in the evening: each day after the window leaves a third of the day before.
    download, use = need_of(0.1), use_of(2 / 3, 1e-9, EVENING)
    for days in (15.0, 16.0):
        ratio = left_at(days + 1.0, download, use) / left_at(days, download, use)
        assert ratio == pytest.approx(1 / 3, rel=1e-9)


def test_vehicles_that_are_always_online_finish_with_the_window() -> None:
    # 99 % of an even admission over 14 days: 13.86 days.
    left, times = unfinished(need_of(0.1, 24.0), use_of(1.0, 24.0), WINDOW)
    found = time_to_share(0.99, left[0, 0].transpose(2, 0, 1), times.T, WINDOW)
    assert found.item() / DAY == pytest.approx(13.86, rel=1e-9)
    day = busiest_day(need_of(0.1, 24.0), use_of(1.0, 24.0), np.array([DAY]))
    assert day.whole.item() == pytest.approx(1.0)


def test_a_download_longer_than_a_session_waits_for_the_next() -> None:
    # 9 GB at 20 Mb/s are 3,600 s: one session of an hour, two of half an hour, one of ten hours.
    for length, sessions in ((3600.0, 1), (1800.0, 2), (36_000.0, 1)):
        number = sessions_needed(*(np.array(x) for x in (3600.0, length, 0.0, 3600.0, 0.0)))
        assert number.item() == pytest.approx(sessions)


def test_uneven_sessions_are_counted_as_renewals_are() -> None:
    rng = np.random.default_rng(5)
    lengths = rng.uniform(0.5, 1.5, (50_000, 40)).cumsum(axis=1)
    for hours in (0.4, 0.9, 1.6, 2.5, 4.4, 12.0):
        number = need_of(hours, half=0.5).mean_sessions.item()
        assert number == pytest.approx(1 + (lengths < hours).sum(axis=1).mean(), rel=0.02)


def test_a_number_of_sessions_is_split_between_its_neighbours_and_kept() -> None:
    for hours, around in ((0.5, 1.0), (3.5, 4.0), (6.2, 6.7), (30.0, 30.5)):
        mix, numbers = (each.ravel() for each in session_shares(need_of(hours)))
        assert mix.sum() == pytest.approx(1) and mix.min() >= 0
        assert mix @ numbers == pytest.approx(around, abs=0.01)


def test_the_last_day_of_admission_carries_a_days_share() -> None:
    # After two weeks of admission as many finish a day as are admitted: 1 / 14; and in a window of a day, two thirds
    # of those that are admitted before the evening's sessions do, 19.5 / 24 of all.
    assert busiest_day(need_of(0.1), use_of(2 / 3), WINDOW).whole.item() == pytest.approx(
        1, rel=1e-3
    )
    first = busiest_day(need_of(0.1), use_of(2 / 3, 1e-9, EVENING), np.array([DAY]))
    assert first.whole.item() == pytest.approx(2 / 3 * 19.5 / 24)


def test_no_day_serves_more_vehicles_than_there_are() -> None:
    for window in (0.001, 0.3, 1.0, 2.0):
        for use in (use_of(0.6, 4.0), use_of(1.0, 24.0)):
            day = busiest_day(need_of(0.1, 24.0), use, np.array([window * DAY]))
            assert 0.2 <= day.whole.item() / window <= 1.0 + 1e-12


def test_traffic_follows_the_sessions_and_lasts_as_long_as_the_downloads() -> None:
    # Sessions of two hours start between 18 and 21 o'clock; a download takes all of one, in a region at UTC + 5:30.
    use, download = use_of(0.5, 2.0, EVENING), need_of(2.0, 2.0)
    day = busiest_day(download, use, WINDOW)
    offset = np.array([[5.5 * HOUR]])
    local = hours_of_busiest_day(download, use, day, EVENING, 0 * offset)[:, 0, 0, 0]
    assert local.mean() == pytest.approx(1)
    assert np.flatnonzero(local > 1e-9).tolist() == [18, 19, 20, 21, 22]
    found = hours_of_busiest_day(download, use, day, EVENING, offset)[:, 0, 0, 0]
    # In UTC five and a half hours earlier: from 12:30 to 17:30.
    assert np.flatnonzero(found > 1e-9).tolist() == [12, 13, 14, 15, 16, 17]
    assert found[13] == pytest.approx((local[18] + local[19]) / 2)


def test_the_share_that_is_away_comes_back_as_an_exponential() -> None:
    away = use_of(0.9, 1e-9, away=0.1, absence=20 * DAY)
    # Long after the window the others are done: 10 % x exp(-(60 - a day's wait) / 20).
    found = left_at(62.0, need_of(0.1), away)
    assert found == pytest.approx(0.1 * math.exp(-(62.0 - 1.1) / 20), rel=0.03)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.floats(0.02, 1.0),
    st.floats(0.01, 30.0),
    st.floats(0.25, 24.0),
    st.floats(0.2, 60.0),
    st.floats(0.0, 1.2),
)
def test_more_bytes_or_fewer_sessions_are_never_done_sooner(
    chance: float, hours: float, length: float, days: float, spread: float
) -> None:
    window = np.array([days * DAY])

    def done(hours: float, chance: float) -> float:
        use, download = use_of(chance, length), need_of(hours, length, spread, half=0.5)
        left, times = unfinished(download, use, window)
        assert (np.diff(left, axis=-2) <= 1e-9).all() and left.min() > -1e-9
        return time_to_share(0.99, left[0, 0].transpose(2, 0, 1), times.T, window).item()

    at = done(hours, chance)
    assert at >= 0.98 * days * DAY
    assert done(1.5 * hours, chance) >= at * (1 - 1e-9)
    assert done(hours, 0.7 * chance) >= at * (1 - 1e-6)


def test_a_draw_has_what_it_has_alone() -> None:
    chance, hours = np.array([[0.2, 0.9, 0.5]]), np.array([0.2, 3.0, 40.0])
    together = replace(use_of(0.5), chance=chance)
    download = need(
        (hours * HOUR)[None, None, None], np.ones((1, 1, 1)), np.ones((1, 1, 1)),
        HOUR * ONE, 0.3 * HOUR * ONE, np.array([0.7]), np.array([False]),
    )  # fmt: skip
    left, _ = unfinished(download, together, WINDOW)
    for draw in range(3):
        alone = need_of(float(hours[draw]), 1.0, 0.7, 0.3)
        single, _ = unfinished(alone, use_of(float(chance[0, draw])), WINDOW)
        assert np.array_equal(left[..., draw], single[..., 0])
