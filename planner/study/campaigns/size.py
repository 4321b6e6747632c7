"""What is the least capacity of each pool with which a share of the reachable fleet is done by a day?

More capacity is never later, so each pool's least cap is found by halving the ratio between one that is too small and
one that suffices. Pools share no bytes: one rollout tries a cap in every pool at once. Only gates join them, since a
wave opens for the whole fleet; where there are any, the caps are tried together at the end, raised until all pools meet
the goal, and lowered one by one. Every pool has to meet the goal with its own reachable vehicles. The release is a good
one: nothing halts it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from planner.axes import Array
from planner.perf.campaign.description import Campaign
from planner.perf.campaign.progress import follow
from planner.perf.campaign.reaching import (
    DOWNLOADED,
    UPDATED,
    Arrivals,
    Stage,
    arrivals,
    reachable,
)
from planner.perf.campaign.traffic import BIN
from planner.study.campaigns.goal import HOURS_PER_DAY, Goal

PRECISION = 0.01  # ratio of a cap that suffices to one that does not, less 1
CLASSES = 12_000
SEEDS = 3  # samples of the fleet with which the caps found are tried again
WIDER = 4.0  # factor by which a first guess of a cap that is too small goes down
NOTHING = 1e-6  # share of a constant rate for everybody, below which no cap is looked for
NUDGE = 1.05  # by which caps rise together until all pools meet the goal
Caps = tuple[float, ...]
Flags = npt.NDArray[np.bool_]


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


class _Trials:
    """Rollouts with caps that were tried, and what share of each pool's reachable vehicles they brought how far."""

    def __init__(
        self, campaign: Campaign, until: float, of: Stage, reach: Arrivals, classes: int, seed: int
    ) -> None:
        self.campaign = replace(campaign, horizon=min(campaign.horizon, until))
        self.of, self.classes, self.seed = of, classes, seed
        self.reachable = reach.by(np.array([campaign.horizon]))[:, 0]
        self.joined = len(campaign.pools) > 1 and any(
            wave.gate is not None for wave in campaign.waves
        )
        self.done: dict[Caps, Arrivals] = {}

    def shares(self, caps: Caps, hours: float) -> Array:
        """The share of each pool's reachable vehicles that is done by a time, with these caps."""
        if caps not in self.done:
            pools = tuple(
                replace(pool, cap=cap) for pool, cap in zip(self.campaign.pools, caps, strict=True)
            )
            rollout = follow(replace(self.campaign, pools=pools), self.classes, self.seed)
            self.done[caps] = arrivals(rollout, self.of)
        done = self.done[caps].by(np.array([hours]))[:, 0]
        return np.asarray(done / np.maximum(self.reachable, 1e-9))

    def passes(self, caps: Caps, goal: Goal) -> Flags:
        """Whether each pool meets the goal."""
        return np.asarray((self.shares(caps, goal.hours) >= goal.share) | (self.reachable <= 0))

    def bracket(self, pool: int, goal: Goal, low: float, high: float) -> tuple[float, float]:
        """The closest caps of a pool that are known to be too small and to suffice."""
        if self.joined:
            return low, high
        for caps in self.done:
            if self.passes(caps, goal)[pool]:
                high = min(high, caps[pool])
            else:
                low = max(low, caps[pool])
        return low, high


def size(
    campaign: Campaign,
    goal: Goal,
    classes: int = CLASSES,
    seed: int = 0,
    precision: float = PRECISION,
    nearby: bool = True,
) -> Sized:
    """The least caps for a goal; `nearby`: and those for a day less, a day more, a smaller and a larger share."""
    uncapped, reach = _uncapped(campaign, goal, classes, seed)
    near = _near(goal, campaign.horizon) if nearby else []
    trials = _Trials(
        campaign, max(each.hours for each in (goal, *near)), goal.of, reach, classes, seed
    )
    caps = _least(trials, goal, uncapped, precision)
    others = []
    for other in range(seed + 1, seed + SEEDS):
        again = _Trials(campaign, goal.hours, goal.of, reach, classes, other)
        others.append(again.shares(caps, goal.hours))
    return Sized(
        campaign=campaign,
        goal=goal,
        caps=caps,
        uncapped=uncapped,
        shares=trials.shares(caps, goal.hours),
        others=np.array(others),
        variants=tuple(
            Variant(each, _least(trials, each, uncapped, 2 * precision)) for each in near
        ),
        precision=precision,
        joined=trials.joined,
    )


def _near(goal: Goal, horizon: float) -> list[Goal]:
    """Goals a day apart, and shares a point apart (or half of what is left of the fleet)."""
    step = min(0.01, (1 - goal.share) / 2)
    days = [goal.days - 1, goal.days + 1]
    shares = [goal.share - step, goal.share + step] if step > 0 else [goal.share - 0.01]
    return [
        *(replace(goal, days=d) for d in days if 0 < d * HOURS_PER_DAY <= horizon),
        *(replace(goal, share=share) for share in shares if share > 0),
    ]


def _uncapped(campaign: Campaign, goal: Goal, classes: int, seed: int) -> tuple[Uncapped, Arrivals]:
    free = replace(campaign, pools=tuple(replace(pool, cap=np.inf) for pool in campaign.pools))
    reach = reachable(campaign, classes, seed)
    rollout = follow(free, classes, seed)
    deadline = np.array([goal.hours])
    there = reach.by(np.array([campaign.horizon]))[:, 0]
    whole = np.maximum(there, 1e-9)
    bins = int(np.ceil(min(goal.hours, campaign.horizon) / BIN - 1e-9))
    pool = np.array([r.pool for r in campaign.regions])[rollout.classes.region]
    vehicles = np.bincount(pool, rollout.classes.weight, len(campaign.pools))
    return (
        Uncapped(
            reachable=there,
            vehicles=np.asarray(vehicles),
            peak=np.asarray(rollout.sent.sum(axis=1)[:, :bins].max(axis=1) / BIN),
            online=reach.by(deadline)[:, 0] / whole,
            downloaded=arrivals(rollout, DOWNLOADED).by(deadline)[:, 0] / whole,
            updated=arrivals(rollout, UPDATED).by(deadline)[:, 0] / whole,
        ),
        reach,
    )


def _least(trials: _Trials, goal: Goal, uncapped: Uncapped, precision: float) -> Caps:
    """The least caps for a goal, to a precision; infinite where none suffices."""
    count = len(trials.campaign.pools)
    free = (np.inf,) * count
    possible = trials.passes(free, goal)
    needed = possible & (trials.reachable > 0)
    peak = np.where(needed, np.maximum(uncapped.peak, 1.0) * (1 + precision), np.inf)
    # All of it at one constant rate is hardly enough; if it is, `_too_small` goes down.
    low = _too_small(trials, goal, peak / (2 * WIDER), needed)
    high = peak.copy()
    for pool in np.flatnonzero(needed):
        low[pool], high[pool] = trials.bracket(int(pool), goal, low[pool], high[pool])
    while True:
        open_ = needed & (high > low * (1 + precision))
        if not open_.any():
            break
        middle = np.where(open_, np.sqrt(low * high), high)
        passed = trials.passes(_caps(middle), goal)
        high = np.where(open_ & passed, middle, high)
        low = np.where(open_ & ~passed, middle, low)
    if trials.joined:
        high = _together(trials, goal, high, peak, needed, precision)
    unused = possible & ~needed  # nobody can be reached there: nothing is needed
    return _caps(np.where(unused, 0.0, np.where(possible, high, np.inf)))


def _caps(values: Array) -> Caps:
    return tuple(float(value) for value in values)


def _too_small(trials: _Trials, goal: Goal, guess: Array, needed: Flags) -> Array:
    """Caps with which no pool meets the goal, or that are next to nothing."""
    low = guess.copy()
    while needed.any():
        passed = trials.passes(_caps(np.where(needed, low, np.inf)), goal) & needed
        # A goal that is met without bytes, as by vehicles that only switch a slot, has no least cap.
        passed &= low > NOTHING * guess
        if not passed.any():
            break
        low = np.where(passed, low / WIDER, low)
    return low


def _together(
    trials: _Trials, goal: Goal, caps: Array, peak: Array, needed: Flags, precision: float
) -> Array:
    """Caps with which all pools meet the goal at once, none of which could be less by itself."""
    while not trials.passes(_caps(caps), goal)[needed].all() and (caps < peak)[needed].any():
        caps = np.where(needed, np.minimum(caps * NUDGE, peak), caps)
    for pool in np.flatnonzero(needed):
        low, high = caps[pool] / NUDGE, caps[pool]
        while high > low * (1 + precision):
            tried = caps.copy()
            tried[pool] = np.sqrt(low * high)
            if trials.passes(_caps(tried), goal)[needed].all():
                high = tried[pool]
            else:
                low = tried[pool]
        caps[pool] = high
    return caps
