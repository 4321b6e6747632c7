"""Shares of a job's time against simulation, limits and the first-order formula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from planner.axes import Array
from planner.perf.goodput import (
    ALL_CAUSES_SHARED,
    ALL_CAUSES_TENDED,
    DAY,
    HARDWARE_ALONE,
    Goodput,
    best_interval,
    goodput,
    time_shares,
)
from planner.perf.reliability import effective_time_share

NEVER = np.array(np.inf)


def of(*values: float) -> Array:
    return np.array(values)


def total(g: Goodput) -> Array:
    return g.progress + g.checkpoints + g.repeated_work + g.restarts


def simulated(
    mean: float, stall: float, restart: float, interval: float, pieces: int
) -> list[float]:
    """Shares of progress, checkpoints, repeated work and restarts, interruption by interruption."""
    chance = np.random.default_rng(7)
    spent, until = np.zeros(4), chance.exponential(mean)
    for _ in range(pieces):
        while until < interval + stall:
            spent[2] += until  # lost; then restarts, each of which may be interrupted too
            until = chance.exponential(mean)
            while until < restart:
                spent[3] += until
                until = chance.exponential(mean)
            spent[3] += restart
            until -= restart
        until -= interval + stall
        spent[:2] += interval, stall
    return list(spent / spent.sum())


@pytest.mark.parametrize(
    ("mean", "stall", "restart", "interval"),
    [(3.0, 0.1, 0.3, 0.8), (1.0, 0.2, 1.5, 1.0), (50.0, 0.3, 0.1, 5.0)],
    ids=["often", "hardly ever up", "seldom"],
)
def test_shares_are_those_of_a_simulated_job(
    mean: float, stall: float, restart: float, interval: float
) -> None:
    found = time_shares(of(mean), of(stall), of(restart), of(interval), of(0.0))
    shares = [found.progress, found.checkpoints, found.repeated_work, found.restarts]
    expected = simulated(mean, stall, restart, interval, 40_000)
    assert [float(x[0]) for x in shares] == pytest.approx(expected, abs=0.006)


def test_without_interruptions_only_checkpoints_take_time() -> None:
    found = time_shares(NEVER, of(40.0), of(600.0), of(10_800.0), of(0.0))
    assert found.checkpoints == pytest.approx(40 / 10_840)
    assert found.repeated_work + found.restarts == pytest.approx(0.0, abs=1e-12)


def test_few_interruptions_give_the_first_order_formula() -> None:
    mean, stall, restart, interval = of(1e6), of(20.0), of(600.0), of(3_600.0)
    exact = time_shares(mean, stall, restart, interval, of(0.0)).progress
    assert exact == pytest.approx(
        effective_time_share(1.0 / mean, stall, restart, interval), abs=2e-5
    )


def test_a_job_that_is_interrupted_all_the_time_makes_little_progress_but_never_less_than_none() -> (
    None
):
    found = time_shares(of(1e3, 1.0, 1e-3), of(20.0), of(600.0), of(3_600.0), of(0.0))
    assert (found.progress >= 0).all() and (np.diff(found.progress) <= 0).all()
    assert total(found) == pytest.approx(np.ones(3))


def test_the_interval_is_the_best_one() -> None:
    mean, stall = 11_000.0, 120.0

    def loss(interval: float) -> float:
        found = time_shares(of(mean), of(stall), of(300.0), of(interval), of(0.0))
        return -float(found.progress[0])

    best = minimize_scalar(loss, bounds=(60.0, 20_000.0), method="bounded")
    chosen = float(best_interval(of(mean), of(stall), of(0.0), NEVER)[0])
    assert chosen == pytest.approx(best.x, rel=0.01)
    assert loss(chosen) == pytest.approx(best.fun, rel=1e-4)


def test_a_checkpoint_in_the_background_costs_its_copy_and_protects_when_it_is_written() -> None:
    job = (of(16_384.0), of(ALL_CAUSES_TENDED), of(5.67e12), of(20e9), of(200e12))
    waits = goodput(*job, of(0.0), of(300.0), NEVER)
    goes_on = goodput(*job, of(1.0), of(300.0), NEVER)
    assert goes_on.progress > waits.progress + 0.1
    assert goes_on.checkpoints < 1e-3 < waits.checkpoints
    # never more than one write under way: 5.67 TB at 20 GB/s are 283.5 s
    assert goes_on.interval == pytest.approx(283.5)
    assert total(goes_on) == pytest.approx(1.0)


def test_hardware_alone_breaks_less_often_than_all_causes() -> None:
    assert HARDWARE_ALONE < ALL_CAUSES_TENDED < ALL_CAUSES_SHARED
    assert pytest.approx(np.sqrt(21.0 * 23.7), rel=0.01) == ALL_CAUSES_SHARED * DAY * 8_000


times = st.floats(0.1, 1e5)
NOTHING = 1e-100  # where work between checkpoints is never done, its share is cut off and falls no further


@settings(max_examples=25, deadline=None)
@given(mean=times, stall=times, restart=times, interval=times, unwritten=st.floats(0.0, 1e4))
def test_shares_add_up_and_longer_losses_never_help(
    mean: float, stall: float, restart: float, interval: float, unwritten: float
) -> None:
    given_ = (of(mean), of(stall), of(restart), of(interval), of(unwritten))
    found = time_shares(*given_)
    assert total(found) == pytest.approx(1.0)
    assert all((x >= 0).all() for x in (found.progress, found.repeated_work, found.restarts))
    for position in (1, 2, 4):
        worse = list(given_)
        worse[position] = 2.0 * worse[position]
        assert (time_shares(*worse).progress <= found.progress * (1 + 1e-9) + NOTHING).all()
    better = (2.0 * given_[0], *given_[1:])
    assert (time_shares(*better).progress >= found.progress * (1 - 1e-9) - NOTHING).all()
