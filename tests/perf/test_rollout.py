"""The spread of a release: against the integral that it is, and against vehicles drawn one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq

from planner.perf.rollout import peak_completion_rate, time_to_share, unfinished

DAY = 86_400.0
WINDOW = 14 * DAY


def done(time: float, rate: float, window: float) -> float:
    """Share done by `time`: an exponential wait after an admission that is even over the window."""
    end = min(time, window)
    return quad(lambda a: (1 - math.exp(-rate * (time - a))) / window, 0, end, epsabs=1e-13)[0]


@pytest.mark.parametrize("rate", [0.05 / DAY, 0.667 / DAY, 5 / DAY])
@pytest.mark.parametrize("time", [0.5 * DAY, 5 * DAY, WINDOW, 20 * DAY, 60 * DAY])
def test_unfinished_share_equals_its_integral(rate: float, time: float) -> None:
    found = unfinished(np.array(time), np.array(rate), np.array(WINDOW))
    assert float(found) == pytest.approx(1 - done(time, rate, WINDOW), abs=1e-9)


def test_both_branches_meet_at_the_end_of_the_window() -> None:
    rate, window = np.array(0.3 / DAY), np.array(WINDOW)
    before = unfinished(np.array(np.nextafter(WINDOW, 0)), rate, window)
    assert float(before) == pytest.approx(float(unfinished(window, rate, window)), rel=1e-9)


def test_the_completion_rate_is_largest_at_the_end_of_the_window() -> None:
    rate, step = 0.3 / DAY, 0.01 * DAY
    times = np.arange(step, 60 * DAY, step)
    left = unfinished(times, np.array(rate), np.array(WINDOW))
    speed = -np.diff(left) / step
    assert times[speed.argmax()] == pytest.approx(WINDOW, abs=2 * step)
    peak = float(peak_completion_rate(np.array(rate), np.array(WINDOW)))
    assert speed.max() == pytest.approx(peak, rel=2e-3)
    assert speed.max() <= peak


def test_vehicles_with_instant_sessions_finish_with_the_window() -> None:
    # 99 % of an even admission over 14 days: 13.86 days.
    time = time_to_share(0.99, np.ones((1, 1)), np.array([[1e6 / DAY]]), np.array([WINDOW]))
    assert time.item() / DAY == pytest.approx(13.86, rel=1e-5)


def test_a_short_window_leaves_the_exponential_wait() -> None:
    # 99 % after ln(100) = 4.605 mean waits, when everybody is admitted at once.
    time = time_to_share(0.99, np.ones((1, 1)), np.array([[1 / DAY]]), np.array([1.0]))
    assert time.item() / DAY == pytest.approx(math.log(100), rel=1e-4)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.floats(0.001, 1), st.floats(0.01, 20)), min_size=1, max_size=6),
    st.floats(0.1, 60),
    st.sampled_from([0.5, 0.9, 0.99, 0.999]),
)
def test_the_time_to_a_share_is_where_that_share_is_done(
    classes: list[tuple[float, float]], window: float, share: float
) -> None:
    weights = np.array([weight for weight, _ in classes])
    weights /= weights.sum()
    rates = np.array([rate for _, rate in classes]) / DAY
    time = time_to_share(share, weights, rates, np.asarray(window * DAY)).item()

    def missing(at: float) -> float:
        left = unfinished(np.array(at), rates, np.array(window * DAY))
        return float((weights * left).sum()) - (1 - share)

    assert time == pytest.approx(brentq(missing, 1.0, 1e6 * DAY, xtol=1e-3), rel=1e-6)


def test_the_time_agrees_with_vehicles_drawn_one_by_one() -> None:
    rng = np.random.default_rng(7)
    count = 400_000
    weights, rates = np.array([0.7, 0.3]), np.array([1 / 1.5, 1 / 6]) / DAY
    slow = rng.random(count) < weights[1]
    wait = rng.exponential(1 / rates[slow.astype(int)])
    finished = np.sort(rng.random(count) * WINDOW + wait)
    simulated = finished[int(0.99 * count)]
    found = time_to_share(0.99, weights[None], rates[None], np.array([WINDOW])).item()
    # 1 % of 400,000 draws: the quantile is known to about 1/sqrt(4000) of the tail's scale of 6 days.
    assert found == pytest.approx(simulated, abs=4 * 6 * DAY / math.sqrt(4000))


def test_without_vehicles_the_time_is_zero() -> None:
    rates = np.array([[1 / DAY, 2 / DAY]])
    assert time_to_share(0.99, np.zeros((1, 2)), rates, np.array([WINDOW])).tolist() == [0.0]


@pytest.mark.parametrize("who", ["weights", "rate", "window"])
def test_draws_of_one_argument_alone_give_what_each_draw_gives_alone(who: str) -> None:
    # Shapes as in the model: weights (draw, month, class), rate (draw, 1, class), window (draw, 1).
    arguments = {
        "weights": np.array([[[0.7, 0.3], [0.5, 0.5]]]),
        "rate": np.array([[[1 / 1.5, 1 / 6]]]) / DAY,
        "window": np.array([[WINDOW]]),
    }
    drawn = {
        "weights": np.array([[[0.7, 0.3], [0.5, 0.5]], [[0.1, 0.9], [0.0, 0.0]]]),
        "rate": np.array([[[1 / 1.5, 1 / 6]], [[30.0, 40.0]]]) / DAY,
        "window": np.array([[WINDOW], [DAY]]),
    }[who]
    together = time_to_share(0.99, **{**arguments, who: drawn})
    assert together.shape == (2, 2)
    for draw in range(2):
        alone = time_to_share(0.99, **{**arguments, who: drawn[draw : draw + 1]})
        assert together[draw] == pytest.approx(alone[0], rel=1e-12)
