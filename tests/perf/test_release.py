"""Release trainings that are on part of the time: against calendars walked through by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from planner.axes import Array
from planner.perf.release import pattern_shares, percentile_load

DAY = 86_400.0


def needed(peaks: list[float], cadences: list[float], lengths: list[float], level: float) -> float:
    shares = pattern_shares(np.array([cadences]) * DAY, np.array([lengths]) * DAY)
    return float(percentile_load(np.array([peaks]), shares, np.array([level]))[0])


def test_one_workload_is_on_for_its_share_of_the_time() -> None:
    off, on = pattern_shares(np.array([[14 * DAY]]), np.array([[3 * DAY]]))[0]
    assert on == pytest.approx(3 / 14, abs=0.01)
    assert off + on == pytest.approx(1.0)


def test_runs_as_long_as_their_cadence_are_always_on() -> None:
    shares = pattern_shares(np.array([[7 * DAY, 30 * DAY]]), np.array([[7 * DAY, 40 * DAY]]))
    assert shares[0].tolist() == [0, 0, 0, 1]


def test_releases_that_start_together_run_together() -> None:
    # Both start every 10 days; the shorter run lies wholly within the longer one.
    shares = pattern_shares(np.array([[10 * DAY, 10 * DAY]]), np.array([[2 * DAY, 5 * DAY]]))[0]
    assert shares == pytest.approx([0.5, 0, 0.3, 0.2], abs=0.01)
    assert needed([30, 50], [10, 10], [2, 5], 0.7) == 50
    assert needed([30, 50], [10, 10], [2, 5], 0.95) == 80


@pytest.mark.parametrize("level", [0.6, 0.75, 0.9, 0.95])
def test_the_percentile_agrees_with_a_calendar_walked_hour_by_hour(level: float) -> None:
    cadences, lengths, peaks = (7, 11, 13), (2, 5, 4), np.array([10.0, 20.0, 41.0])
    hours = np.arange(8 * 13 * 24)
    on = [(hours % (24 * c)) < 24 * d for c, d in zip(cadences, lengths, strict=True)]
    load = np.sort(np.stack(on, axis=1) @ peaks)
    near = {load[int(np.ceil((level + shift) * len(load))) - 1] for shift in (-0.01, 0, 0.01)}
    assert needed(list(peaks), list(cadences), list(lengths), level) in {
        max(each, peaks.max()) for each in near
    }


def test_no_percentile_is_below_the_largest_single_run() -> None:
    assert needed([100, 5], [100, 100], [1, 1], 0.5) == 100


def test_at_a_hundred_per_cent_all_that_meet_run_together() -> None:
    assert needed([1, 2, 4], [5, 10, 20], [1, 1, 1], 1.0) == 7


def test_more_load_or_longer_runs_never_need_less() -> None:
    rng = np.random.default_rng(5)
    for _ in range(100):
        peaks, cadences = rng.random(4) * 100, 5 + rng.random(4) * 50
        lengths, level = cadences * rng.random(4), rng.random()
        before = needed(list(peaks), list(cadences), list(lengths), level)
        longer = lengths * (1 + rng.random(4))
        assert needed(list(peaks * 1.5), list(cadences), list(lengths), level) >= before
        assert needed(list(peaks), list(cadences), list(longer), level) >= before


@pytest.mark.parametrize("drawn", list(itertools.product([False, True], repeat=3)))
def test_any_argument_may_carry_the_draws(drawn: tuple[bool, ...]) -> None:
    rng = np.random.default_rng(2)
    peaks, cadence, level = rng.random((3, 2, 1, 4)), 5 + rng.random((3, 4)), rng.random((3, 1, 1))
    given = [x if has else x[:1] for x, has in zip((peaks, cadence, level), drawn, strict=True)]

    def load(peaks: Array, cadence: Array, level: Array) -> Array:
        shares = pattern_shares(cadence, cadence * 0.4)[:, None, None, :]
        return percentile_load(peaks, shares, level)

    together = load(*given)
    for draw in range(3 if any(drawn) else 1):
        alone = load(*(x[draw : draw + 1] if len(x) > 1 else x for x in given))
        assert np.array_equal(together[draw], alone[0])


def test_releases_that_start_apart_need_not_run_together() -> None:
    cadence, length = np.array([[10 * DAY, 10 * DAY]]), np.array([[4 * DAY, 5 * DAY]])
    together = pattern_shares(cadence, length)
    apart = pattern_shares(cadence, length, np.array([[0.0, 4 * DAY]]))
    assert together[0] == pytest.approx([0.5, 0, 0.1, 0.4], abs=0.01)
    assert apart[0] == pytest.approx([0.1, 0.4, 0.5, 0], abs=0.01)
    peaks, always = np.array([[30.0, 50.0]]), np.array([1.0])
    assert percentile_load(peaks, together, always).item() == 80
    assert percentile_load(peaks, apart, always).item() == 50


def test_an_offset_of_a_whole_period_or_of_all_alike_changes_nothing() -> None:
    rng = np.random.default_rng(7)
    cadence = (5 + rng.random((4, 3)) * 50) * DAY
    length, plain = 0.4 * cadence, pattern_shares(cadence, 0.4 * cadence)
    assert np.array_equal(pattern_shares(cadence, length, 0.0), plain)
    assert pattern_shares(cadence, length, cadence) == pytest.approx(plain, abs=2 / 2048)
