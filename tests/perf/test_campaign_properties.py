"""What no change of a campaign may do: more capacity never later, a smaller package never more bytes, and the like.

Both campaigns of a comparison are followed with common random numbers: the same vehicles are online at the same times,
and their connections have the same patience.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.axes import Array
from planner.perf.campaign import Campaign, Rollout, follow
from planner.perf.campaign.description import LinkTable, Pool, Region, Version, Wave
from tests.perf.test_campaign import GB, TRIPS, WAVE

CLASSES = 400
STEP = 3 / 12 + 1e-6  # [hours] a steady pool is followed in steps of a quarter of an hour


def draw_campaign(draw: st.DrawFn) -> Campaign:
    """Two regions and pools, some waves, a delta and a full image, any admission and waits."""
    two = (
        Region("a", 0.6, draw(st.sampled_from([0, -8])), 0.7, (1.0,), 0),
        Region("b", 0.4, draw(st.sampled_from([1, 9])), 0.4, (1.0,), 1),
    )
    first = replace(WAVE, share=0.3, admission=draw(st.sampled_from(["all", "uniform"])), hours=20)
    second = Wave(0.7, 0, None, draw(st.sampled_from([0.0, 30.0])), "all")
    drops = draw(st.sampled_from([0.0, 1.0, 4.0]))
    return replace(
        TRIPS,
        vehicles=CLASSES,
        horizon=draw(st.sampled_from([100, 170])),
        regions=two,
        pools=(Pool("west", draw(st.sampled_from([2, 6, 20])) * GB), Pool("east", 3 * GB)),
        wifi=LinkTable((2 * GB, 9 * GB), (0.5, 0.5), drops / 2),
        cellular=(LinkTable((1 * GB, 4 * GB), (0.5, 0.5), drops),),
        versions=(Version("new", 0.5, 0.4 * GB), Version("old", 0.5, None)),
        waves=draw(st.sampled_from([(WAVE,), (first, second)])),
        cell_wait_without_wifi=draw(st.sampled_from([0.0, 20.0])),
        cell_wait_with_wifi=draw(st.sampled_from([None, 24.0])),
        window=draw(st.sampled_from([None, (7.0, 23.0)])),
        resume=draw(st.sampled_from(["byte", "chunk", "none"])),
        chunk=0.1 * GB,
    )


campaigns = st.composite(draw_campaign)()


def run(campaign: Campaign) -> Rollout:
    return follow(campaign, CLASSES, least=1, common=True)


def done_at(rollout: Rollout) -> Array:
    """When each class has its payload; infinite: never."""
    times = np.full(rollout.classes.weight.size, np.inf)
    times[rollout.done_class] = rollout.done
    return times


def never_later(sooner: Rollout, later: Rollout, slack: float = STEP) -> None:
    """Nobody is later but by the steps of a bound pool, or by the one session that these decide about."""
    one, other = done_at(sooner), done_at(later)
    late = one > other + slack
    assert late.sum() <= 0.01 * one.size + 1
    assert np.isfinite(one).sum() >= np.isfinite(other).sum() - 2
    horizon = sooner.campaign.horizon
    assert np.minimum(one, horizon).mean() <= np.minimum(other, horizon).mean() + 0.05


@given(campaigns, st.floats(1.05, 10))
@settings(max_examples=10, deadline=None)
def test_more_cap_is_never_later(campaign: Campaign, factor: float) -> None:
    wider = tuple(replace(pool, cap=factor * pool.cap) for pool in campaign.pools)
    never_later(run(replace(campaign, pools=wider)), run(campaign))


@given(campaigns, st.floats(0.2, 0.95))
@settings(max_examples=10, deadline=None)
def test_a_smaller_package_is_never_later(campaign: Campaign, factor: float) -> None:
    campaign = replace(campaign, chunk=1e-3 * GB)
    smaller = tuple(
        replace(each, delta=None if each.delta is None else factor * each.delta)
        for each in campaign.versions
    )
    small = run(replace(campaign, full=factor * campaign.full, versions=smaller))
    never_later(small, run(campaign))


@given(campaigns, st.floats(0.2, 0.95))
@settings(max_examples=10, deadline=None)
def test_a_smaller_package_never_sends_more_to_any_vehicle(
    campaign: Campaign, factor: float
) -> None:
    # Without a cap and with what was received kept; else another vehicle's session may come first.
    free = replace(
        campaign, resume="byte", pools=tuple(replace(pool, cap=np.inf) for pool in campaign.pools)
    )
    smaller = tuple(
        replace(each, delta=None if each.delta is None else factor * each.delta)
        for each in free.versions
    )
    small, large = run(replace(free, full=factor * free.full, versions=smaller)), run(free)
    assert np.all(small.sent_by_class.sum(axis=0) <= large.sent_by_class.sum(axis=0) + 1)
    assert np.all(done_at(small) <= done_at(large) + 1e-9)


@given(campaigns)
@settings(max_examples=10, deadline=None)
def test_byte_resume_is_never_worse_than_chunks_and_those_than_none(campaign: Campaign) -> None:
    free = replace(campaign, pools=tuple(replace(pool, cap=np.inf) for pool in campaign.pools))
    byte, chunk, none = (run(replace(free, resume=mode)) for mode in ("byte", "chunk", "none"))
    for better, worse in ((byte, chunk), (chunk, none)):
        assert np.all(done_at(better) <= done_at(worse) + 1e-9)
        assert np.all(
            better.sent_by_class.sum(axis=0) <= worse.sent_by_class.sum(axis=0) * (1 + 1e-9) + 1
        )
    capped = [run(replace(campaign, resume=mode)) for mode in ("byte", "chunk", "none")]
    never_later(capped[0], capped[1])
    never_later(capped[1], capped[2])


@given(campaigns, st.booleans())
@settings(max_examples=12, deadline=None)
def test_bytes_are_the_same_by_pool_link_region_and_vehicle(
    campaign: Campaign, common: bool
) -> None:
    rollout = follow(campaign, CLASSES, least=1, common=common)
    region, weight = rollout.classes.region, rollout.classes.weight
    by_vehicle = np.array([np.bincount(region, weight * each, 2) for each in rollout.sent_by_class])
    by_region = rollout.sent_in.sum(axis=2)
    assert by_region == pytest.approx(by_vehicle.T, rel=1e-9, abs=10)
    assert rollout.sent.sum(axis=(1, 2)) == pytest.approx(by_region.sum(axis=1), rel=1e-9)
    # No pool carries more than its cap.
    caps = np.array([pool.cap for pool in campaign.pools])
    assert np.all(rollout.sent.sum(axis=1) / (1 / 12) <= caps[:, None] * (1 + 1e-6))
    # Every vehicle that is done got its payload, once where nothing is lost.
    size = np.where(rollout.classes.version == 0, 0.4 * GB, campaign.full)
    got = rollout.sent_by_class.sum(axis=0)
    done = np.isfinite(done_at(rollout))
    assert np.all(got[done] >= size[done] - 1)
    if campaign.resume == "byte":
        assert got[done] == pytest.approx(size[done], abs=10)
        assert np.all(got <= size + 10)
    assert rollout.sent.min() >= -1


@given(campaigns)
@settings(max_examples=10, deadline=None)
def test_copies_of_a_fleet_are_one_fleet_together(campaign: Campaign) -> None:
    rollout = follow(campaign, 20 * campaign.vehicles)
    assert rollout.classes.fleets == 10
    assert rollout.classes.weight.sum() == pytest.approx(campaign.vehicles)
    caps = np.array([pool.cap for pool in campaign.pools])
    own = 10 * np.tensordot(rollout.sent_by_fleet.sum(axis=2), np.eye(2), axes=(1, 0))
    assert np.all(own.transpose(0, 2, 1) * 12 <= caps[:, None] * (1 + 1e-6))
    assert np.isfinite(rollout.openings_by_fleet).all()
