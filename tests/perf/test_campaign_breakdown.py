"""A rollout by region and link, pool and wave: against hand calculations, and sums that must agree with the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.perf.campaign import follow, outcome
from planner.perf.campaign.breakdown import (
    BadBuild,
    Done,
    alive,
    curves,
    downloaded,
    left_over,
    opened_by,
    pool_use,
    rates,
    unreachable,
    updated,
    vehicles_by_group,
)
from planner.perf.campaign.description import (
    BYTE_PER_HOUR_OF_GBPS,
    Pool,
    Region,
    Segment,
    Session,
    Wave,
)
from planner.perf.campaign.halt import HaltLaw, halt_law
from tests.perf.test_campaign import PLAIN

GRID = np.arange(0.0, 241.0, 6.0)
TWO = replace(
    PLAIN,
    vehicles=40_000,
    regions=(Region("a", 0.75, 0, 0.6, (1.0,), 0), Region("b", 0.25, 6, 0.2, (1.0,), 1)),
    pools=(Pool("one", np.inf), Pool("two", 0.5 * BYTE_PER_HOUR_OF_GBPS)),
    sessions=(*PLAIN.sessions, Session("drive", False, (8, 8), (1, 1), (0.5,) * 7, False)),
    cell_wait_without_wifi=24.0,
    waves=(
        Wave(share=0.1, not_before=0, gate=None, after_previous=0, admission="all"),
        Wave(share=0.3, not_before=0, gate=0.5, after_previous=6, admission="all"),
        Wave(share=0.3, not_before=0, gate=0.1, after_previous=48, admission="all"),
        Wave(share=0.3, not_before=150, gate=0.1, after_previous=6, admission="all"),
    ),
    install=replace(PLAIN.install, fail=0.1, attempts=2),
    halt_share=0.02,
    halt_least=5,
)


@pytest.fixture(scope="module")
def rollout():  # type: ignore[no-untyped-def]
    return follow(TWO, 16_000)


def test_done_counts_and_finds_by_group() -> None:
    done = Done(np.array([0, 0, 1]), np.array([1.0, 3.0, 2.0]), np.array([10.0, 20.0, 5.0]))
    by = done.by(np.array([0.0, 1.0, 2.0, 9.0]), 3)
    assert by.tolist() == [[0, 10, 10, 30], [0, 0, 5, 5], [0, 0, 0, 0]]
    need = np.array([[10.0, 5.0, 0.0], [11.0, 6.0, 1.0]])
    assert done.reaches(need).tolist() == [[1, 2, np.inf], [3, np.inf, np.inf]]
    assert done.together().time.tolist() == [1, 2, 3]


def test_groups_add_up_to_the_fleet(rollout) -> None:  # type: ignore[no-untyped-def]
    size = vehicles_by_group(rollout)
    # By region and link: 40,000 x 0.75 x 0.6 and so on; the coin of a region is stratified.
    assert size.sum() == pytest.approx(40_000)
    assert size == pytest.approx(40_000 * np.array([[0.45, 0.30], [0.05, 0.20]]), rel=0.01)
    found = outcome(rollout)
    law, end = halt_law(rollout), TWO.horizon
    for done, share, slack in (
        (updated(rollout), found.updated_share, TWO.install.duration),
        (downloaded(rollout), found.download_share, 0.0),
    ):
        grid = np.arange(share.size) * TWO.curve_step
        whole = curves(done, size.ravel(), grid, law, slack, end)
        assert whole.mean.sum(axis=0) / 40_000 == pytest.approx(share, abs=1e-9)
        assert (whole.low <= whole.mean).all()
        assert (whole.mean <= whole.high).all()
        assert (whole.high <= size.ravel()[:, None] * (1 + 1e-9)).all()


def test_the_band_of_a_group_is_its_binomial_noise() -> None:
    law = HaltLaw(0.0, np.zeros(0), np.zeros(0), 0.0)
    done = Done(np.zeros(2, int), np.array([1.0, 5.0]), np.array([400.0, 600.0]))
    found = curves(done, np.array([1000.0]), np.array([2.0]), law, 0.0, 10.0)
    # 400 of 1,000: sqrt(1000 x 0.4 x 0.6) = 15.5, and 80 % of a normal law lie within 1.28 of it.
    assert found.mean[0, 0] == 400
    assert found.high[0, 0] - 400 == pytest.approx(1.2816 * 15.492, rel=1e-3)
    assert 400 - found.low[0, 0] == pytest.approx(1.2816 * 15.492, rel=1e-3)


def test_a_halt_stops_curves_and_traffic() -> None:
    law = HaltLaw(0.5, np.array([3.0]), np.array([7.0]), 0.0)
    done = Done(np.zeros(2, int), np.array([1.0, 5.0]), np.array([4e6, 6e6]))
    found = curves(done, np.array([1e7]), np.array([2.0, 9.0]), law, 0.0, 10.0)
    assert found.mean[0].tolist() == [4e6, 0.5 * 4e6 + 0.5 * 1e7]
    assert found.low[0, 1] == pytest.approx(4e6, rel=0.01)
    assert found.high[0, 1] == pytest.approx(1e7, rel=0.01)
    assert alive(law, 48)[[0, 35, 36]].tolist() == [1, 1, 0.5]


def test_pools_say_what_they_carry_and_how_long_they_are_full(rollout) -> None:  # type: ignore[no-untyped-def]
    one, two = pool_use(rollout)
    assert (one.name, one.bound, one.since) == ("one", 0.0, np.inf)
    assert two.peak == pytest.approx(0.5)
    assert two.bound > 0
    assert 0 <= two.since < two.until <= TWO.horizon
    whole = rates(rollout, HaltLaw(0.0, np.zeros(0), np.zeros(0), 0.0)).sum(axis=1)
    assert whole.max(axis=1) == pytest.approx([one.peak, two.peak])
    # Every byte of the campaign is in some pool: GB/s x 300 s of each bin.
    assert whole.sum() * 300 / 8 * 1e9 == pytest.approx(rollout.sent.sum(), rel=1e-9)


def test_a_wave_says_what_it_waited_for(rollout) -> None:  # type: ignore[no-untyped-def]
    assert opened_by(rollout) == ["clock", "success", "soak", "clock"]
    shut = replace(TWO, waves=(TWO.waves[0], replace(TWO.waves[1], gate=1.0)))
    assert opened_by(follow(shut, 8000))[1] == ""


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, [0.0, 0.0]),
        ({"cell_wait_without_wifi": None}, [0.4, 0.8]),
        ({"cell_wait_without_wifi": 500.0}, [0.4, 0.8]),
        ({"sessions": TWO.sessions[1:]}, [0.6, 0.2]),
        ({"sessions": TWO.sessions[1:], "cell_wait_with_wifi": 0.0}, [0.0, 0.0]),
        ({"sessions": (TWO.sessions[0], replace(TWO.sessions[1], regions=(1,)))}, [0.4, 0.0]),
        ({"segments": (Segment("a", 3, 0.5, None), Segment("b", 1, 0.0, None))}, [0.25, 0.25]),
    ],
)
def test_who_can_never_be_reached(change: dict[str, object], expected: list[float]) -> None:
    assert unreachable(replace(TWO, **change)) == pytest.approx(expected)  # type: ignore[arg-type]


def test_those_left_are_those_not_updated(rollout) -> None:  # type: ignore[no-untyped-def]
    left = left_over(rollout)
    size = vehicles_by_group(rollout).ravel()
    done = updated(rollout).by(np.array([TWO.horizon]), 4)[:, 0]
    assert left.shape == (1, 2)
    assert left.sum() == pytest.approx(size.sum() - done.sum())


def test_a_bad_build_is_stopped_when_the_limit_of_a_wave_has_failed(rollout) -> None:  # type: ignore[no-untyped-def]
    bad = BadBuild(rollout)
    times = bad.halts_at(np.array([0.021, 0.1, 1.0]))
    assert (np.diff(times) < 0).all()
    # Wave 0 has 4,000 vehicles: 81 of them are more than 2 %; if every tenth fails 810 must have come to their last
    # attempt, and no other wave is open by then.
    ends = np.sort(rollout.starts[:, -1] + TWO.install.duration)
    weight = rollout.classes.weight[0]
    assert times[1] == pytest.approx(ends[int(np.ceil(810 / weight)) - 1], abs=0.3)
    assert bad.by(np.array([bad.first, TWO.horizon]))[1] > 25_000
    free = replace(rollout, campaign=replace(TWO, halt_share=None))
    assert BadBuild(free).halts_at(np.array([1.0])).tolist() == [np.inf]
