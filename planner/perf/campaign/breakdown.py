"""Who of the fleet is done when, which cap binds for how long, and how many vehicles does a bad build reach?

Looks at a rollout by region and by the link that a vehicle has (Wi-Fi at home or not), by pool and by wave. Numbers of
vehicles are means; a band of a curve has the fleet's own noise (binomial within a group) and the times of a halt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from planner.axes import Array
from planner.perf.campaign.description import BYTE_PER_HOUR_OF_GBPS, Campaign
from planner.perf.campaign.exposure import begun
from planner.perf.campaign.halt import HaltLaw
from planner.perf.campaign.odds import failures_that_halt
from planner.perf.campaign.records import ROUNDING, Rollout, pools_of
from planner.perf.campaign.sampling import Whole
from planner.perf.campaign.traffic import BIN, month_of, percentile_95

LINKS = ("wifi", "cellular")
"""Links of vehicles: with Wi-Fi at home (cellular too, where the policy lets them), and cellular alone."""
BAND = (0.1, 0.9)  # quantiles over campaigns: 80 %
NOISE = ndtri(
    (np.arange(15) + 0.5) / 15
)  # of a standard normal number; the band's ends are among them
AT_CAP = 0.999  # share of a cap from which a five-minute mean counts as bound by it


@dataclass(frozen=True)
class Done:
    """Vehicles that got somewhere, sorted by group and time; a group is a region and a link, `2 * region + link`."""

    group: Whole
    time: Array
    weight: Array

    def by(self, time: Array, groups: int) -> Array:
        """Vehicles by some rising times, (group, time)."""
        place = np.searchsorted(time, self.time, side="left")
        cell = self.group * (time.size + 1) + place
        counts = np.bincount(cell, self.weight, groups * (time.size + 1))
        return np.asarray(counts.reshape(groups, -1).cumsum(axis=1)[:, :-1])

    def together(self) -> Done:
        """All groups as one."""
        order = self.time.argsort()
        return Done(np.zeros_like(self.group), self.time[order], self.weight[order])

    def reaches(self, need: Array) -> Array:
        """When each group has so many; infinite: never. `need` by (..., group)."""
        total = np.concatenate([[0.0], np.cumsum(self.weight)])
        first = np.searchsorted(self.group, np.arange(need.shape[-1]), side="left")
        last = np.searchsorted(self.group, np.arange(need.shape[-1]), side="right")
        place = np.searchsorted(total[1:], total[first] + need * (1 - ROUNDING))
        times = np.append(self.time, np.inf)[np.minimum(place, self.time.size)]
        return np.where((place < last) & (need > 0), times, np.inf)


@dataclass(frozen=True)
class Curves:
    """Vehicles done by (group, time): the mean over campaigns, and between what 80 % of them are."""

    mean: Array
    low: Array
    high: Array


@dataclass(frozen=True)
class PoolUse:
    """What a pool carries: rates [Gbps], hours at its cap, and when the first and the last of them are [hours]."""

    name: str
    cap: float
    peak: float
    p95: float
    bound: float
    since: float
    until: float


def groups_of(rollout: Rollout) -> Whole:
    """The group of each class."""
    without = rollout.classes.wifi_rate <= 0
    return np.asarray(2 * rollout.classes.region + without)


def vehicles_by_group(rollout: Rollout) -> Array:
    """Vehicles by (region, link)."""
    groups = 2 * len(rollout.campaign.regions)
    found = np.bincount(groups_of(rollout), rollout.classes.weight, groups)
    return np.asarray(found.reshape(-1, 2), float)


def downloaded(rollout: Rollout) -> Done:
    """Verified downloads."""
    weight = rollout.classes.weight[rollout.done_class]
    return _sorted(groups_of(rollout)[rollout.done_class], rollout.done, weight)


def updated(rollout: Rollout) -> Done:
    """Vehicles on the new release."""
    install, attempts = rollout.campaign.install, rollout.starts.shape[1]
    group = np.repeat(groups_of(rollout)[rollout.done_class], attempts)
    ends = rollout.starts.ravel() + install.duration
    return _sorted(group, ends, rollout.attempt_weights.ravel() * (1 - install.fail))


def _sorted(group: Whole, time: Array, weight: Array) -> Done:
    order = np.lexsort((time, group))
    return Done(group[order], time[order], weight[order])


def curves(done: Done, size: Array, grid: Array, law: HaltLaw, slack: float, end: float) -> Curves:
    """How a group goes on over campaigns, halted at the times of the law or not.

    `size`: vehicles by group. `slack` [hours]: what still happens after a halt, as installs that run.
    """
    stops = np.append(law.times, end)
    chance = np.append(np.full(law.times.size, law.chance / max(law.times.size, 1)), 1 - law.chance)
    until = np.minimum(grid, np.minimum(stops + slack, end)[:, None])
    edges = np.unique(until)
    by = done.by(edges, size.size)[:, np.searchsorted(edges, until)]  # (group, stop, time)
    mean = np.einsum("s,gst->gt", chance, by)
    spread = np.sqrt(by * np.maximum(1 - by / np.maximum(size, 1e-9)[:, None, None], 0.0))
    values = by[:, :, None] + spread[:, :, None] * NOISE[:, None]
    values = values.reshape(size.size, -1, grid.size).clip(0, size[:, None, None])
    low, high = _weighted_quantiles(values, np.repeat(chance, NOISE.size) / NOISE.size)
    return Curves(mean, np.minimum(low, mean), np.maximum(high, mean))


def _weighted_quantiles(values: Array, weight: Array) -> tuple[Array, Array]:
    """The band's two quantiles over axis 1, whose values weigh differently."""
    order = values.argsort(axis=1)
    ranked = np.take_along_axis(values, order, axis=1)
    weights = weight[order]
    middle = weights.cumsum(axis=1) - weights / 2
    low, high = (
        np.take_along_axis(ranked, (middle < q - ROUNDING).sum(axis=1, keepdims=True), axis=1)[:, 0]
        for q in BAND
    )
    return low, high


def alive(law: HaltLaw, bins: int) -> Array:
    """Share of campaigns that still send, by five-minute bin."""
    stops = law.times[:, None] / BIN - np.arange(bins)
    going = np.clip(stops, 0.0, 1.0).mean(axis=0) if law.times.size else 0.0
    return np.asarray(1 - law.chance + law.chance * going)


def rates(rollout: Rollout, law: HaltLaw) -> Array:
    """Mean rates [Gbps] by (pool, link, five-minute bin), over campaigns halted or not."""
    sent = rollout.sent / (BIN * BYTE_PER_HOUR_OF_GBPS)
    return np.asarray(np.maximum(sent, 0.0) * alive(law, sent.shape[-1]))


def pool_use(rollout: Rollout) -> list[PoolUse]:
    """Each pool, as long as nothing halts the rollout; of a small fleet the mean over its copies."""
    found = []
    copies = rollout.classes.fleets
    sent = pools_of(rollout.campaign) @ rollout.sent_by_fleet.sum(axis=2)
    by_fleet = np.maximum(sent, 0.0) * copies / (BIN * BYTE_PER_HOUR_OF_GBPS)
    for number, pool in enumerate(rollout.campaign.pools):
        cap, rate = pool.cap / BYTE_PER_HOUR_OF_GBPS, by_fleet[:, number]
        _, bound = np.nonzero(rate >= AT_CAP * cap)
        found.append(
            PoolUse(
                name=pool.name,
                cap=cap,
                peak=float(rate.max(axis=1).mean()),
                p95=float(percentile_95(month_of(rate)).mean()),
                bound=bound.size * BIN / copies,
                since=float(bound.min() * BIN) if bound.size else np.inf,
                until=float((bound.max() + 1) * BIN) if bound.size else np.inf,
            )
        )
    return found


def opened_by(rollout: Rollout) -> list[str]:
    """What each wave waited for last: clock, soak, or success (of the wave before); "" where it never opened.

    Of a small fleet's copies, what most of them waited for.
    """
    openings = rollout.openings_by_fleet  # (copy, wave)
    found = []
    for number, wave in enumerate(rollout.campaign.waves):
        opening = openings[:, number]
        before = openings[:, number - 1] if number else np.full(opening.size, -np.inf)
        by_soak = opening <= before + wave.after_previous + ROUNDING
        why = np.where(by_soak, "soak", "success")
        why = np.where(opening <= wave.not_before + ROUNDING, "clock", why)
        words, counts = np.unique(np.where(np.isfinite(opening), why, ""), return_counts=True)
        found.append(str(words[counts.argmax()]))
    return found


def unreachable(campaign: Campaign) -> Array:
    """Share of each region's vehicles that no session of the campaign can serve, at any time."""
    places = np.arange(len(campaign.regions))

    def served(wifi: bool) -> Array:
        """1 for a region that has any session over such a link, else 0."""
        kinds = [each for each in campaign.sessions if each.wifi is wifi and sum(each.chance) > 0]
        has = [places if each.regions is None else np.array(each.regions) for each in kinds]
        return np.asarray(np.isin(places, np.concatenate(has) if has else []), float)

    def permitted(wait: float | None) -> float:
        return float(wait is not None and wait < campaign.horizon)

    by_cell = served(False) * permitted(campaign.cell_wait_with_wifi)
    with_wifi = np.maximum(served(True), by_cell)
    without = served(False) * permitted(campaign.cell_wait_without_wifi)
    home = np.array([region.home_wifi for region in campaign.regions])
    share = np.array([segment.share for segment in campaign.segments])
    driven = np.array([segment.active_day > 0 for segment in campaign.segments])
    used = float((share * driven).sum() / share.sum())
    return np.asarray(1 - used * (home * with_wifi + (1 - home) * without))


def left_over(rollout: Rollout) -> Array:
    """Vehicles not updated at the horizon, by (segment, link), as long as nothing halts the rollout."""
    campaign, classes = rollout.campaign, rollout.classes
    inside = rollout.starts + campaign.install.duration <= campaign.horizon
    success = (rollout.attempt_weights * inside).sum(axis=1) * (1 - campaign.install.fail)
    left = classes.weight - np.bincount(rollout.done_class, success, classes.weight.size)
    cell = 2 * classes.segment + (classes.wifi_rate <= 0)
    return np.asarray(np.bincount(cell, left, 2 * len(campaign.segments)).reshape(-1, 2), float)


class BadBuild:
    """How many vehicles get the build by a time, and when failures would stop it, were it bad.

    The rollout is that of a good build: gates open as if few failed.
    """

    def __init__(self, rollout: Rollout) -> None:
        self.rollout, self.campaign = rollout, rollout.campaign
        classes = rollout.classes
        starts = rollout.starts[:, 0]
        self.first = float(starts.min(initial=np.inf) + self.campaign.install.duration)
        """When the first vehicle has the build [hours]; infinite: none ever."""
        last = rollout.starts[:, -1] + self.campaign.install.duration
        wave = classes.wave[rollout.done_class]
        # Sorted by the end of the last attempt, after which a vehicle counts as failed.
        by_end = np.lexsort((last, wave))
        self.sizes = classes.wave_size
        weight = classes.weight[rollout.done_class]
        self.failing = Done(wave[by_end], last[by_end], weight[by_end])

    def by(self, time: Array) -> Array:
        """Vehicles on which an install of the build has begun by some times."""
        return begun(self.rollout, np.asarray(time))

    def halts_at(self, bad: Array) -> Array:
        """When the campaign's own rule stops a build that fails for good on some shares of the vehicles [hours].

        The time at which the mean failures of some wave reach the rule's limit (facts, equation 8); infinite: never.
        """
        campaign = self.campaign
        if campaign.halt_share is None:
            return np.full(np.shape(bad), np.inf)
        limit = failures_that_halt(self.sizes, campaign.halt_share, campaign.halt_least)
        times = self.failing.reaches(limit / np.asarray(bad, float)[..., None])
        found = times.min(axis=-1)
        return np.asarray(np.where(found <= campaign.horizon, found, np.inf))
