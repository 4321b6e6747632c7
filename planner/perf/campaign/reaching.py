"""Which share of a pool's vehicles has come how far by a time: reachable, downloaded, updated?

A vehicle is reachable when it has a usable session within the horizon: one in which a poll falls that may start a
download (permission by link and its wait, the download window, absence). Neither caps nor waves nor the package's size
change that, so it is what a campaign of nothing, open to all from the first wave's opening on, would reach.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from planner.axes import Array
from planner.perf.campaign.description import Campaign, Wave
from planner.perf.campaign.progress import follow
from planner.perf.campaign.records import Rollout
from planner.perf.campaign.sampling import Whole

Stage = str
DOWNLOADED, UPDATED = "downloaded", "updated"
STAGES = (UPDATED, DOWNLOADED)


@dataclass(frozen=True)
class Arrivals:
    """When the vehicles of each pool came to a stage: times in order [hours], and the vehicles up to each."""

    times: tuple[Array, ...]
    totals: tuple[Array, ...]

    def by(self, times: Array) -> Array:
        """Vehicles that were there by each time, (pool, time)."""
        return np.array(
            [
                total[np.searchsorted(time, times, side="right")]
                for time, total in zip(self.times, self.totals, strict=True)
            ]
        )

    def time_of(self, vehicles: float) -> float:
        """When so many were there, all pools together [hours]; infinite: never."""
        time = np.concatenate(self.times)
        weight = np.concatenate([np.diff(total) for total in self.totals])
        order = np.argsort(time)
        counted = np.cumsum(weight[order])
        place = int(np.searchsorted(counted, vehicles * (1 - 1e-9)))
        return float(time[order[place]]) if place < counted.size else np.inf


def _arrivals(pools: int, pool: Whole, time: Array, weight: Array) -> Arrivals:
    times, totals = [], []
    for each in range(pools):
        mine = pool == each
        order = np.argsort(time[mine])
        times.append(time[mine][order])
        totals.append(np.concatenate([[0.0], np.cumsum(weight[mine][order])]))
    return Arrivals(tuple(times), tuple(totals))


def arrivals(rollout: Rollout, stage: Stage) -> Arrivals:
    """When vehicles had downloaded or updated, if nothing halts the campaign."""
    campaign, classes = rollout.campaign, rollout.classes
    pool = np.array([r.pool for r in campaign.regions])[classes.region[rollout.done_class]]
    count = len(campaign.pools)
    if stage == DOWNLOADED:
        return _arrivals(count, pool, rollout.done, classes.weight[rollout.done_class])
    ends = rollout.starts + campaign.install.duration
    weight = rollout.attempt_weights * (1 - campaign.install.fail)
    kept = (ends <= campaign.horizon) & (weight > 0)
    pools = np.broadcast_to(pool[:, None], ends.shape)
    return _arrivals(count, pools[kept], ends[kept], weight[kept])


def reachable(campaign: Campaign, classes: int, seed: int = 0) -> Arrivals:
    """When each reachable vehicle has its first poll that may start a download."""
    nothing = replace(
        campaign,
        pools=tuple(replace(pool, cap=np.inf, places=np.inf) for pool in campaign.pools),
        full=0.0,
        versions=tuple(replace(version, delta=0.0, earlier=()) for version in campaign.versions),
        verify_fail_delta=0.0,
        verify_fail_full=0.0,
        waves=(Wave(1.0, campaign.waves[0].not_before, None, 0.0, "all"),),
    )
    return arrivals(follow(nothing, classes, seed), DOWNLOADED)
