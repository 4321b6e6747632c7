"""What is the least capacity of each pool with which a share of the reachable fleet is done by a day?

More capacity is never later. A few classes of vehicles and long steps show how the share at the deadline rises with the
cap; with many classes and short steps caps close to the answer are then tried until one suffices and one smaller by the
precision does not. What few classes are wrong about is nearly the same for all caps, so it is taken off: their
share is shifted by how much they are wrong with no cap at all, and goals beside the one asked for have the caps of few
classes times the ratio that was found for the goal itself (control variates). Pools share no bytes: one rollout tries a
cap in every pool at once. Only gates join them, since a wave opens for the whole fleet; where there are any, the caps
are tried together at the end. Every pool has to meet the goal with its own reachable vehicles. The release is a good
one: nothing halts it.

Source: Asmussen, Glynn, Stochastic Simulation, 2007, V.2 (control variates), VI.2 (common random numbers).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np

from planner.axes import Array
from planner.perf.campaign.description import Campaign
from planner.perf.campaign.reaching import (
    DOWNLOADED,
    UPDATED,
    Arrivals,
    Stage,
    arrivals,
    reachable,
)
from planner.perf.campaign.records import Rollout
from planner.perf.campaign.traffic import BIN
from planner.study.campaigns.goal import HOURS_PER_DAY, Goal
from planner.study.campaigns.trials import FLAT, NOTHING, Caps, Effort, Flags, Tell, Trials

PRECISION = 0.02  # ratio of a cap that suffices to one that does not, less 1
CLASSES = 12_000
SEEDS = 3  # samples of the fleet with which the caps found are tried again
CLOSE_LEAST = 2000  # classes of a wave at the least,
CLOSE_BINS = 3  # five-minute bins of a step in which a cap binds,
ROUGH_BINS = 6
ROUGH_CLASSES, ROUGH_LEAST = 4000, 400  # and classes, in all and by wave, of the first look
STEEPEST = 1.0  # share by a cap's logarithm where every byte counts
STEP = 0.4  # of a cap's logarithm at the most from one trial to the next
GUESSES = 6  # trials by the rough curve, after which brackets are halved


@dataclass(frozen=True)
class Uncapped:
    """What the campaign does with no cap at all: its peak and how far it gets, by pool.

    `peak` [byte/hour] is the largest five-minute mean up to the deadline. Shares are of the pool's reachable vehicles:
    `online` had a usable session by the deadline, `downloaded` and `updated` came that far by it.
    """

    reachable: Array  # vehicles
    vehicles: Array
    peak: Array
    online: Array
    downloaded: Array
    updated: Array

    def share(self, of: Stage) -> Array:
        """The share that came to a stage by the deadline."""
        return self.downloaded if of == DOWNLOADED else self.updated


@dataclass(frozen=True)
class Variant:
    """The least caps for a goal that is a little other than the one asked for; infinite: no cap suffices."""

    goal: Goal
    caps: Caps


@dataclass(frozen=True)
class Sized:
    """The least caps [byte/hour] by pool (infinite: no cap suffices) and what they rest on.

    `shares`: of the reachable vehicles of each pool at the deadline with these caps. `others`: the same share with
    other samples of the fleet, (sample, pool): how well the answer is known. `joined`: gates tie the pools together.
    """

    campaign: Campaign
    goal: Goal
    caps: Caps
    uncapped: Uncapped
    shares: Array
    others: Array
    variants: tuple[Variant, ...]
    precision: float
    joined: bool

    @property
    def feasible(self) -> bool:
        """Whether caps suffice in every pool."""
        return bool(np.isfinite(self.caps).all())


def size(
    campaign: Campaign,
    goal: Goal,
    classes: int = CLASSES,
    seed: int = 0,
    precision: float = PRECISION,
    nearby: bool = True,
    tell: Tell | None = None,
) -> Sized:
    """The least caps for a goal; `nearby`: and those for a day less, a day more, a smaller and a larger share.

    `tell` is told how far it is.
    """
    free = replace(campaign, pools=tuple(replace(pool, cap=np.inf) for pool in campaign.pools))
    close = Effort(classes, CLOSE_LEAST, CLOSE_BINS, common=True)
    rough = Effort(min(classes, ROUGH_CLASSES), ROUGH_LEAST, ROUGH_BINS, common=True)
    reach = reachable(campaign, classes, seed)
    rollout = close.follow(free, seed)
    uncapped = _uncapped(rollout, goal, reach)
    there, joined = uncapped.reachable, _joined(campaign)
    near = _near(goal, campaign.horizon) if nearby else []

    def trials(goals: list[Goal], effort: Effort, seed: int, free: Arrivals | None) -> Trials:
        until = max(each.hours for each in goals)
        return Trials(campaign, until, goal.of, there, effort, seed, free, tell)

    looked = trials([goal], close, seed, arrivals(rollout, goal.of))
    first = trials([goal, *near], rough, seed, arrivals(rough.follow(free, seed), goal.of))
    search = _Search(looked, first, uncapped.peak, precision)
    caps = search.least(goal, joined)
    others = [
        trials([goal], close, other, None).shares(np.array(caps), goal.hours)
        for other in range(seed + 1, seed + SEEDS)
    ]
    return Sized(
        campaign=campaign,
        goal=goal,
        caps=caps,
        uncapped=uncapped,
        shares=looked.shares(np.array(caps), goal.hours),
        others=np.array(others),
        variants=tuple(Variant(each, search.beside(each, goal, caps)) for each in near),
        precision=precision,
        joined=joined,
    )


def _joined(campaign: Campaign) -> bool:
    return len(campaign.pools) > 1 and any(wave.gate is not None for wave in campaign.waves)


def _near(goal: Goal, horizon: float) -> list[Goal]:
    """Goals a day apart, and shares a point apart (or half of what is left of the fleet)."""
    step = min(0.01, (1 - goal.share) / 2)
    days = [goal.days - 1, goal.days + 1]
    shares = [goal.share - step, goal.share + step] if step > 0 else [goal.share - 0.01]
    return [
        *(replace(goal, days=d) for d in days if 0 < d * HOURS_PER_DAY <= horizon),
        *(replace(goal, share=share) for share in shares if share > 0),
    ]


def _uncapped(rollout: Rollout, goal: Goal, reach: Arrivals) -> Uncapped:
    campaign = rollout.campaign
    deadline = np.array([goal.hours])
    there = reach.by(np.array([campaign.horizon]))[:, 0]
    whole = np.maximum(there, 1e-9)
    bins = int(np.ceil(min(goal.hours, campaign.horizon) / BIN - 1e-9))
    pool = np.array([r.pool for r in campaign.regions])[rollout.classes.region]
    vehicles = np.bincount(pool, rollout.classes.weight, len(campaign.pools))
    return Uncapped(
        reachable=there,
        vehicles=np.asarray(vehicles),
        peak=np.asarray(rollout.sent.sum(axis=1)[:, :bins].max(axis=1) / BIN),
        online=reach.by(deadline)[:, 0] / whole,
        downloaded=arrivals(rollout, DOWNLOADED).by(deadline)[:, 0] / whole,
        updated=arrivals(rollout, UPDATED).by(deadline)[:, 0] / whole,
    )


class _Search:
    """Caps for goals: read from rough trials, and for one goal tried closely until they are known to the precision."""

    def __init__(self, close: Trials, rough: Trials, peak: Array, precision: float) -> None:
        self.close, self.rough, self.precision = close, rough, precision
        self.peak = np.maximum(peak, 1.0) * (1 + precision)
        self.free = np.full(peak.size, np.inf)

    def possible(self, goal: Goal) -> Flags:
        """Whether each pool meets the goal with no cap."""
        return self._passes(self.close.shares(self.free, goal.hours), goal)

    def _passes(self, shares: Array, goal: Goal) -> Flags:
        return np.asarray((shares >= goal.share) | (self.close.reachable <= 0))

    def _rough(self, goal: Goal, wanted: Flags) -> Array:
        """The caps by few classes; what they are wrong about with no cap is taken off their shares."""
        wrong = self.rough.shares(self.free, goal.hours) - self.close.shares(self.free, goal.hours)
        return self.rough.explore(goal.hours, goal.share + wrong, self.peak, wanted)

    def beside(self, other: Goal, goal: Goal, caps: Caps) -> Caps:
        """The least caps for another goal, by how few classes are wrong about the caps of the first one."""
        possible = self.possible(other)
        wanted = possible & (self.close.reachable > 0)
        there = self.possible(goal)
        known = wanted & there & np.isfinite(caps)
        ratio = np.where(known, caps, 1.0) / np.where(known, self._rough(goal, known), 1.0)
        found = np.minimum(self._rough(other, wanted) * ratio, self.peak)
        return self._answer(found, possible, wanted)

    def _answer(self, caps: Array, possible: Flags, wanted: Flags) -> Caps:
        unused = possible & ~wanted  # nobody can be reached there: nothing is needed
        return tuple(np.where(unused, 0.0, np.where(possible, caps, np.inf)).tolist())

    def least(self, goal: Goal, joined: bool) -> Caps:
        """The least caps for a goal, to the precision; infinite where none suffices."""
        possible = self.possible(goal)
        wanted = possible & (self.close.reachable > 0)
        if not wanted.any():
            return self._answer(self.free, possible, wanted)
        guess, finer = self._rough(goal, wanted), 1 + self.precision
        wrong = self.rough.shares(self.free, goal.hours) - self.close.shares(self.free, goal.hours)
        slope = self.rough.slope(goal.hours, goal.share + wrong, self.peak)
        low, high = np.zeros(guess.size), self.peak.copy()
        before: tuple[Array, Array] | None = None
        for turn in itertools.count():
            open_ = wanted & (high > low * finer) & (high > NOTHING * self.peak)
            if not open_.any():
                break
            aimed = guess * finer ** (1 / 3)
            aimed = np.where(high <= guess * finer, high / finer, aimed)
            aimed = np.where(low * finer >= guess, low * finer, aimed)
            if turn >= GUESSES:
                aimed = np.where(low > 0, np.sqrt(low * high), aimed)
            tried = np.where(wanted, np.where(open_, np.clip(aimed, low, high), high), np.inf)
            shares = self.close.shares(tried, goal.hours)
            passed = self._passes(shares, goal)
            high = np.where(open_ & passed, tried, high)
            low = np.where(open_ & ~passed, tried, low)
            # The rough curve's slope through the point that was found, or that through it and the one before.
            if before is not None:
                far = np.log(np.where(wanted, tried, 1.0) / np.where(wanted, before[0], 1.0))
                own = (shares - before[1]) / np.where(far != 0, far, 1.0)
                slope = np.where(
                    np.abs(far) > self.precision / 2, np.clip(own, FLAT, STEEPEST), slope
                )
            before = (tried, shares)
            guess = tried * np.exp(np.clip((goal.share - shares) / slope, -STEP, STEP))
        if joined:
            high = self._together(goal, high, wanted)
        return self._answer(high, possible, wanted)

    def _together(self, goal: Goal, caps: Array, wanted: Flags) -> Array:
        """Caps with which all pools meet the goal at once; smaller by the precision, none of them does."""
        finer = 1 + self.precision

        def missed(tried: Array) -> Flags:
            shares = self.close.shares(np.where(wanted, tried, np.inf), goal.hours)
            return wanted & ~self._passes(shares, goal)

        while (late := missed(caps)).any() and (caps < self.peak)[late].any():
            caps = np.where(late, np.minimum(caps * finer, self.peak), caps)
        while True:
            spare = wanted & ~missed(caps / finer) & (caps > NOTHING * self.peak)
            lower = np.where(spare, caps / finer, caps)
            if not spare.any() or missed(lower).any():
                return caps
            caps = lower
