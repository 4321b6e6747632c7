"""Release trainings that are on part of the time: against all phases tried in turn."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from planner.axes import Array
from planner.perf.release import PATTERN_LIMIT, on_off_percentile


def simulated(peaks: Array, duty: Array, percentile: float, draws: int = 400_000) -> float:
    """The percentile of a sum of on/off terms whose phases are drawn independently."""
    on = np.random.default_rng(1).random((draws, len(duty))) < duty
    return float(np.quantile(on @ peaks, percentile, method="inverted_cdf"))


@pytest.mark.parametrize("percentile", [0.5, 0.8, 0.9, 0.95])
def test_the_percentile_agrees_with_random_phases(percentile: float) -> None:
    peaks, duty = np.array([120.0, 300.0, 70.0, 45.0]), np.array([3 / 14, 14 / 30, 30 / 180, 0.6])
    found = float(on_off_percentile(peaks, duty, np.array(percentile)))
    assert found == max(simulated(peaks, duty, percentile), peaks.max())


def test_the_percentile_agrees_with_a_calendar_walked_through_hour_by_hour() -> None:
    """Cadences without a common divisor meet in every phase, each for its share of the time."""
    cadences, deadlines, peaks = (7, 11, 13), (2, 5, 4), np.array([10.0, 20.0, 40.0])
    days = np.arange(7 * 11 * 13)
    on = [(days % c) < d for c, d in zip(cadences, deadlines, strict=True)]
    load = np.sort(np.stack(on, axis=1) @ peaks)
    duty = np.array([d / c for c, d in zip(cadences, deadlines, strict=True)])
    for percentile in (0.6, 0.75, 0.9, 0.95):
        at = load[int(np.ceil(percentile * len(days))) - 1]
        assert float(on_off_percentile(peaks, duty, np.array(percentile))) == max(at, 40.0)


def test_no_percentile_is_below_the_largest_single_run() -> None:
    peaks, rare = np.array([100.0, 5.0]), np.array([0.01, 0.01])
    assert float(on_off_percentile(peaks, rare, np.array(0.5))) == 100.0


def test_at_a_hundred_per_cent_all_run_together() -> None:
    peaks, duty = np.array([1.0, 2.0, 4.0]), np.array([0.2, 0.3, 0.1])
    assert float(on_off_percentile(peaks, duty, np.array(1.0))) == 7.0


def test_what_is_always_on_is_always_added() -> None:
    peaks, duty = np.array([50.0, 100.0]), np.array([1.0, 0.01])
    assert float(on_off_percentile(peaks, duty, np.array(0.95))) == 100.0
    assert float(on_off_percentile(peaks, duty, np.array(0.995))) == 150.0


def test_more_load_or_more_time_never_need_less() -> None:
    rng = np.random.default_rng(5)
    for _ in range(200):
        peaks, duty, level = rng.random(4) * 100, rng.random(4), rng.random()
        before = on_off_percentile(peaks, duty, np.array(level))
        longer = np.minimum(duty + rng.random(4) / 5, 1.0)
        assert on_off_percentile(peaks * (1 + rng.random(4)), duty, np.array(level)) >= before
        assert on_off_percentile(peaks, longer, np.array(level)) >= before - 1e-9


def test_beyond_the_limit_of_patterns_the_load_is_the_sum() -> None:
    many = PATTERN_LIMIT + 1
    assert float(on_off_percentile(np.ones(many), np.full(many, 0.1), np.array(0.5))) == many


@pytest.mark.parametrize("drawn", list(itertools.product([False, True], repeat=3)))
def test_any_argument_may_carry_the_draws(drawn: tuple[bool, ...]) -> None:
    rng = np.random.default_rng(2)
    shapes = ((3, 2, 1, 4), (3, 1, 1, 4), (3, 1, 1))
    full = [rng.random(shape) for shape in shapes]
    given = [x if has else x[:1] for x, has in zip(full, drawn, strict=True)]
    together = on_off_percentile(*given)
    for draw in range(3 if any(drawn) else 1):
        alone = on_off_percentile(*(x[draw : draw + 1] if len(x) > 1 else x for x in given))
        assert np.array_equal(together[draw], alone[0])
