"""What does one campaign do: its outputs, its breakdown by region, link, pool and wave, what it exposes, what to mind.

Follows the campaign of a loaded file once; the same campaign, classes and seed give the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from planner.axes import Array
from planner.inputs.billing import Quote, read_billing
from planner.inputs.campaign_files import LoadedCampaign
from planner.perf.campaign import CLASSES, Outcome, Rollout, follow, outcome
from planner.perf.campaign.billing import Bill, Billing, bill
from planner.perf.campaign.breakdown import (
    BadBuild,
    Curves,
    Done,
    PoolUse,
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
from planner.perf.campaign.description import Campaign
from planner.perf.campaign.halt import HaltLaw, halt_law
from planner.perf.campaign.overlap import Steady, one_after_another, straight_to_newest
from planner.perf.campaign.reaching import UPDATED
from planner.perf.campaign.rollback import Rollback, roll_back
from planner.perf.campaign.traffic import BIN
from planner.study.campaigns.goal import Goal
from planner.study.campaigns.reading import read_goal

QUANTILES = (0.5, 0.9, 0.99)
BAD_SHARES = (0.05, 0.2, 1.0)
"""Bad builds to ask about: failing for good on so many of the vehicles."""
NOTICED = (2.0, 24.0, 72.0)
"""Delays [hours] from the first vehicle on a bad build until somebody stops it."""
QUOTES: tuple[Quote, ...] = ("base", "low", "high")
TELLING = 0.001  # shares of the fleet or chances below which nothing is said
STUCK = 0.02  # share of the horizon at a cap from which it is said


@dataclass(frozen=True)
class CampaignRun:
    """A campaign that was followed. Groups are regions by link, `2 * region + link`, as in the breakdown."""

    loaded: LoadedCampaign
    rollout: Rollout
    outcome: Outcome
    billing: Billing | None = None
    quotes: tuple[
        Billing, ...
    ] = ()  # with all prices of tariffs at their 10th and 90th percentiles
    seed: int = 0

    @property
    def campaign(self) -> Campaign:
        return self.loaded.campaign

    def mean(self, output: str) -> float | None:
        """The mean of an output; None where hardly any campaign has it."""
        found = self.outcome.outputs.get(output)
        return None if found is None else found.mean

    @cached_property
    def law(self) -> HaltLaw:
        return halt_law(self.rollout)

    @cached_property
    def bill(self) -> Bill | None:
        """None: the file does not say how the campaign is billed."""
        return None if self.billing is None else bill(self.rollout, self.billing)

    @cached_property
    def bill_between(self) -> tuple[float, float] | None:
        """The bill's total [USD] with all prices low, and with all high; None: no billing."""
        if not self.quotes:
            return None
        low, high = (each.cost(self.rollout) for each in self.quotes)
        return low, high

    @cached_property
    def vehicles(self) -> Array:
        """By (region, link)."""
        return vehicles_by_group(self.rollout)

    @cached_property
    def updated(self) -> Done:
        return updated(self.rollout)

    @cached_property
    def downloaded(self) -> Done:
        return downloaded(self.rollout)

    @cached_property
    def pools(self) -> list[PoolUse]:
        return pool_use(self.rollout)

    @cached_property
    def rates(self) -> Array:
        """Mean rates [Gbps] by (pool, link, five-minute bin), over campaigns halted or not."""
        return rates(self.rollout, self.law)

    @cached_property
    def hourly(self) -> Array:
        """Mean rates [Gbps] by (pool, link, hour)."""
        hours, per = int(np.ceil(self.campaign.horizon)), round(1 / BIN)
        pad = hours * per - self.rates.shape[-1]
        padded = np.pad(self.rates, ((0, 0), (0, 0), (0, pad)))
        return np.asarray(padded.reshape(*padded.shape[:2], hours, per).mean(axis=-1))

    @cached_property
    def exposure(self) -> BadBuild:
        return BadBuild(self.rollout)

    @cached_property
    def opened_by(self) -> list[str]:
        """By wave: what its opening waited for last."""
        return opened_by(self.rollout)

    def times(self, done: Done) -> Array:
        """When each quantile of each group is done, (quantile, region, link) [hours], as long as nothing halts."""
        need = np.array(QUANTILES)[:, None] * self.vehicles.ravel()
        found = done.reaches(np.ceil(need * (1 - 1e-9)))
        inside = np.where(found <= self.campaign.horizon, found, np.inf)
        return np.asarray(inside.reshape(len(QUANTILES), -1, 2))

    @cached_property
    def fleet_times(self) -> list[float]:
        """When each quantile of the whole fleet is downloaded, then updated, as long as nothing halts [hours]."""
        if self.law.chance <= TELLING:
            names = [f"{kind}t{100 * q:.0f}_h" for kind in ("download_", "") for q in QUANTILES]
            return [np.inf if (mean := self.mean(name)) is None else mean for name in names]
        need = np.array(QUANTILES)[:, None] * self.campaign.vehicles
        return [
            float(time) if time <= self.campaign.horizon else np.inf
            for done in (self.downloaded, self.updated)
            for time in done.together().reaches(need)[:, 0]
        ]

    @cached_property
    def fleet_final(self) -> float:
        """Share of the fleet updated at the horizon, as long as nothing halts."""
        return float(1 - (self.left.sum() / self.campaign.vehicles))

    def final(self, done: Done) -> Array:
        """Share of each group that is done at the horizon, (region, link), as long as nothing halts."""
        size = self.vehicles.ravel()
        by = done.by(np.array([self.campaign.horizon]), size.size)[:, 0]
        return np.asarray((by / np.where(size > 0, size, 1)).reshape(-1, 2))

    def completion(self, done: Done, grid: Array) -> Curves:
        """Vehicles done by (group, time) with their band over campaigns."""
        slack = self.campaign.install.duration if done is self.updated else 0.0
        return curves(done, self.vehicles.ravel(), grid, self.law, slack, self.campaign.horizon)

    @cached_property
    def unreachable(self) -> Array:
        """Share of each region's vehicles that no session can serve."""
        return unreachable(self.campaign)

    @cached_property
    def goal(self) -> Goal | None:
        """What the file wants to be reached by when; None: it does not say."""
        return None if self.loaded.block("goal") is None else read_goal(self.loaded)

    @cached_property
    def at_deadline(self) -> float | None:
        """Share of the whole fleet that has come to the goal's stage by its deadline, halted or not."""
        if self.goal is None:
            return None
        done = self.updated if self.goal.of == UPDATED else self.downloaded
        found = self.completion(done, np.array([min(self.goal.hours, self.campaign.horizon)]))
        return float(found.mean.sum() / self.campaign.vehicles)

    @cached_property
    def steady(self) -> Steady | None:
        """Campaigns at the file's cadence, one after another or straight to the newest; None: it has none."""
        release = self.campaign.release
        if release is None:
            return None
        if release.one_by_one:
            return one_after_another(self.rollout, release.cadence)
        return straight_to_newest(self.rollout, release.cadence, self.campaign.packages)

    @cached_property
    def rollback(self) -> Rollback | None:
        """The release taken back by the file's deadline; None: it has none."""
        rule = self.campaign.rollback
        if rule is None:
            return None
        return roll_back(self.campaign, rule, self.rollout.classes.weight.size, self.seed)

    @cached_property
    def left(self) -> Array:
        """Vehicles not updated at the horizon, by (segment, link)."""
        return left_over(self.rollout)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        return tuple(_warnings(self))


def run(
    loaded: LoadedCampaign,
    classes: int | None = None,
    seed: int = 0,
    overlays: Sequence[Path] = (),
) -> CampaignRun:
    """Follow a campaign on about so many vehicle classes; `overlays` are folders with tariffs of one's own."""
    campaign, block = loaded.campaign, loaded.block("billing")
    billings = [
        read_billing(block, campaign, overlays, quote) for quote in QUOTES if block is not None
    ]
    rollout = follow(campaign, classes or CLASSES, seed)
    base, quotes = (billings[0], tuple(billings[1:])) if billings else (None, ())
    return CampaignRun(loaded, rollout, outcome(rollout), base, quotes, seed)


def _warnings(run: CampaignRun) -> Iterator[str]:
    """What a reader of the outputs could miss."""
    campaign, horizon = run.campaign, run.campaign.horizon
    fleet = np.array([region.share for region in campaign.regions])
    never = float(run.unreachable @ fleet / fleet.sum())
    if never > TELLING:
        yield (
            f"{_percent(never)} of the fleet can never be reached: no permitted session exists for them. "
            "Every share counts them"
        )
    final = run.mean("updated_share") or 0.0
    if run.mean("t99_h") is None:
        yield (
            f"99 % of the fleet is not updated within {horizon:g} h: {_percent(final)} are at the end. "
            "No time is given for it, since the curve is not continued beyond the horizon"
        )
    if _still_rising(run):
        yield "The horizon is short: more than 1 % of the fleet is updated in its last tenth"
    closed = np.flatnonzero(~np.isfinite(run.rollout.openings))
    if closed.size:
        yield f"Wave {closed[0]} does not open within the horizon: the one before stays below its gate"
    stuck = [pool for pool in run.pools if pool.bound > STUCK * horizon]
    if stuck:
        hours = ", ".join(f"{pool.name} for {pool.bound:.0f} h" for pool in stuck)
        yield f"A cap binds: {hours}. With more capacity it would be done sooner"
    if run.law.chance > TELLING:
        yield (
            f"The campaign halts by itself with a chance of {_percent(run.law.chance)}; outputs are means over "
            "halted and not, tables by region, pool and wave are for the rollout that nothing halts"
        )
    if campaign.halt_share is None:
        yield "Nothing halts a bad build but a person: halt_error_share is null"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _still_rising(run: CampaignRun) -> bool:
    """Whether the last tenth of the horizon still brings a hundredth of the fleet."""
    share = run.outcome.updated_share
    return bool(share[-1] - share[int(0.9 * (share.size - 1))] > 0.01)
