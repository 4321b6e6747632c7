"""How many vehicles a bad release reaches, against the laws that hold by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.perf.campaign import follow
from planner.perf.campaign.description import Wave
from planner.perf.campaign.exposure import begun, exposure
from planner.perf.campaign.reaching import DOWNLOADED, UPDATED, arrivals, reachable
from tests.perf.test_campaign import PLAIN

# Eligible one after another over ten days, online all day, no time to download or install: vehicle by vehicle.
FLAT = replace(
    PLAIN,
    sessions=(replace(PLAIN.sessions[0], start=(0, 0), length=(24, 24)),),
    segments=(replace(PLAIN.segments[0], active_day=1.0),),
    waves=(Wave(1, 0, None, 0, "uniform", hours=200.0),),
    full=0.0,
    poll=1 / 60,
    install=replace(PLAIN.install, duration=0.0, fail=0.2),
    halt_share=0.0,
    halt_least=20,
)


def test_without_delay_the_exposed_are_those_installed_until_the_last_failure() -> None:
    got = exposure(follow(FLAT, 10_000), 0.0)
    assert got.mean == pytest.approx(20 / 0.2, rel=0.03)  # k / p
    spread = np.sqrt(got.chance @ (got.means**2 + got.deviations**2) - got.mean**2)
    assert spread == pytest.approx(
        np.sqrt(20 * 0.8) / 0.2, rel=0.08
    )  # of the negative binomial law
    assert got.quantile(0.5) == pytest.approx(98.0, abs=1.5)  # its median, of scipy.stats.nbinom
    assert got.missed < 1e-9


def test_the_delay_exposes_what_is_installed_in_it() -> None:
    rollout = follow(FLAT, 10_000)
    # 50 vehicles an hour, a fifth of which fail.
    assert exposure(rollout, 10.0).mean - exposure(rollout, 0.0).mean == pytest.approx(
        500, rel=0.03
    )
    assert exposure(rollout, 1e4).mean == pytest.approx(FLAT.vehicles)


def test_a_release_that_nothing_halts_exposes_whom_it_reaches() -> None:
    got = exposure(follow(replace(FLAT, halt_share=None), 4000), 0.0)
    assert [got.mean, got.quantile(0.9)] == pytest.approx([FLAT.vehicles] * 2)
    assert got.missed == 1 and got.detected == np.inf


def test_exposed_are_those_whose_install_runs_too() -> None:
    rollout = follow(replace(FLAT, install=replace(FLAT.install, duration=3.0)), 4000)
    assert begun(rollout, np.array([20.0]))[0] == pytest.approx(1000, rel=0.01)


def test_reachable_is_who_has_a_usable_session() -> None:
    # Half of the days, so 1 - 2^-3 of the fleet within the three noons of the horizon.
    three = replace(PLAIN, horizon=72.0, full=1e15, pools=(replace(PLAIN.pools[0], cap=1.0),))
    reach = reachable(three, 10_000)
    assert reach.by(np.array([72.0])).sum() == pytest.approx(8750, rel=0.01)
    assert reach.by(np.array([12.0, 36.0]))[0] == pytest.approx([5000, 7500], rel=0.02)
    assert reach.time_of(7000) == pytest.approx(36.0)
    assert reach.time_of(9500) == np.inf


def test_arrivals_are_by_pool_and_end_with_the_install() -> None:
    rollout = follow(PLAIN, 4000)
    half = np.array([12 + 1 / 9, 12.5, 12 + 1 / 9 + 0.5])
    assert arrivals(rollout, DOWNLOADED).by(half)[0, 0] == pytest.approx(5000, rel=0.01)
    assert arrivals(rollout, UPDATED).by(half)[0] == pytest.approx([0, 0, 5000], rel=0.01)
