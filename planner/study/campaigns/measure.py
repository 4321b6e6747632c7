"""Days, cost, exposure and odds of a candidate: what the model says of its good and of its bad release.

Candidates that differ in their halt alone share a rollout, and those whose caps bind nowhere share it with the one that
has none. The bad release comes first: it is halted early, so it costs little, and decides against many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from planner.axes import Array
from planner.perf.campaign.description import BYTE_PER_HOUR_OF_GBPS, Campaign
from planner.perf.campaign.exposure import Exposure, exposure
from planner.perf.campaign.halt import halt_law
from planner.perf.campaign.reaching import UPDATED, arrivals
from planner.perf.campaign.records import Rollout, pools_of
from planner.perf.campaign.traffic import BIN
from planner.study.campaigns.demands import NINE_OF_TEN, Search
from planner.study.campaigns.goal import HOURS_PER_DAY
from planner.study.campaigns.screening import Excess
from planner.study.campaigns.space import Candidate, campaign_of
from planner.study.campaigns.trials import Effort

COARSE = Effort(2000, 250, 6)
FINE = Effort(12_000, 2000, 2)
ODDS_OFF = 0.05  # by which few classes may be wrong about the odds that a wave opens before a halt,
FAVOUR = 0.75  # and what they leave of a mean exposure
LOOKS = (
    96.0,
    288.0,
)  # hours up to which a bad release is followed first, in case it is halted by then,
SURE = 1e-4  # and the chance that it is not, below which it is


@dataclass(frozen=True)
class Measured:
    """What the model says of a candidate.

    `days`: until the goal's share is done, infinite if it never is; `done`: the share that is by the deadline. `cost`
    [USD], `updated` vehicles and `false_halt` are of the good release to the horizon, `exposure_p90`, `exposure_mean`
    [vehicles; in nine of ten campaigns, in the mean], `detected`, `decided` [hours from the start] and `missed` of the
    bad one. What is not a number was not asked for: the bad release alone decides against the candidate.
    """

    number: int
    exposure_p85: float
    exposure_p90: float
    exposure_mean: float
    detected: float
    decided: float
    missed: float
    days: float = np.nan
    done: float = np.nan
    cost: float = np.nan
    updated: float = np.nan
    false_halt: float = np.nan
    total: float = np.nan  # bytes
    cellular: float = np.nan  # bytes
    peak: float = np.nan  # [Gbit/s], all pools together
    fine: bool = False

    @property
    def cost_of_one(self) -> float:
        """Cost of an updated vehicle [USD]: a campaign that reaches fewer within the horizon is not cheaper for it."""
        return self.cost / max(self.updated, 1e-9)

    @property
    def known(self) -> bool:
        """Whether the good release reaches its goal, so that cost and days can be compared."""
        return bool(np.isfinite(self.days) and np.isfinite(self.cost))

    def exposure(self, search: Search) -> float:
        """The exposure that the search limits."""
        return self.exposure_p90 if search.limits.of == "p90" else self.exposure_mean

    def in_its_favour(self) -> Measured:
        """What it may turn out to be at a closer look: few classes may be wrong about a wave that slips out in time."""
        if self.fine:
            return self
        return replace(
            self, exposure_p90=self.exposure_p85, exposure_mean=FAVOUR * self.exposure_mean
        )

    def excesses(self, search: Search) -> list[Excess]:
        """The demands that are not met."""
        limits, goal = search.limits, search.goal
        found = []
        if self.days > goal.days:
            share = None if np.isfinite(self.days) else self.done
            found.append(Excess("deadline", self.days, goal.days, share=share))
        for demand, value, limit in (
            ("false halt", self.false_halt, limits.false_halt),
            ("missed", self.missed, limits.missed),
            ("exposure", self.exposure(search), limits.exposure),
        ):
            if limit is not None and value > limit:
                found.append(Excess(demand, value, limit))  # type: ignore[arg-type]
        return found


def measure(
    base: Campaign,
    search: Search,
    reachable: float,
    effort: Effort,
    seed: int,
    group: Sequence[Candidate],
) -> list[Measured]:
    """Measure candidates of the same rollout but for caps and halt."""
    follows = partial(effort.follow, seed=seed)
    bad, good = _Known(follows), _Known(follows)
    found = []
    for _, alike in _by_caps(group):
        exposures = _exposures(base, search, bad, alike)
        for candidate in alike:
            campaign = campaign_of(base, candidate)
            reached = exposures[candidate.number]
            measured = _of_bad(candidate.number, search, reached, effort == FINE)
            if effort == FINE or not measured.in_its_favour().excesses(search):
                rollout = good.rollout(campaign)
                measured = _with_good(measured, search, reachable, rollout)
            found.append(measured)
    return found


class _Known:
    """Rollouts that were followed; one whose caps bind nowhere tells what smaller caps that do not bind either do."""

    def __init__(self, follows: Callable[[Campaign], Rollout]) -> None:
        self.follows = follows
        self.found: list[tuple[Array, Array, Campaign, Rollout]] = []

    def rollout(self, campaign: Campaign) -> Rollout:
        """The rollout of a campaign."""
        caps = np.array([pool.cap for pool in campaign.pools])
        plain = replace(campaign, pools=(), halt_share=None, halt_least=0)
        for own, peaks, other, rollout in self.found:
            free = (peaks <= caps).all() and (own >= caps).all()
            if other == plain and (free or (own == caps).all()):
                return replace(rollout, campaign=campaign)
        rollout = self.follows(campaign)
        self.found.append((caps, _peaks(rollout), plain, rollout))
        return rollout


def _peaks(rollout: Rollout) -> Array:
    """The largest five-minute mean of each pool in any copy of the fleet [byte/hour]."""
    by_pool = pools_of(rollout.campaign) @ rollout.sent_by_fleet.sum(axis=2)
    return np.asarray(by_pool.max(axis=(0, 2)) * rollout.classes.fleets / BIN)


def _by_caps(group: Iterable[Candidate]) -> list[tuple[tuple[float, ...], list[Candidate]]]:
    """Candidates by caps, the largest first: they may tell what smaller ones do."""
    by_caps: dict[tuple[float, ...], list[Candidate]] = {}
    for candidate in group:
        by_caps.setdefault(candidate.caps, []).append(candidate)
    return sorted(by_caps.items(), reverse=True)


def _exposures(
    base: Campaign, search: Search, known: _Known, alike: Sequence[Candidate]
) -> dict[int, Exposure]:
    """The exposure of each candidate; a bad release is followed until it is surely halted, and no longer."""
    delay = search.bad.detection_delay
    found: dict[int, Exposure] = {}
    for looked in (*LOOKS, np.inf):
        horizon = min(looked + delay, base.horizon)
        for candidate in alike:
            if candidate.number in found:
                continue
            campaign = replace(search.bad.campaign(campaign_of(base, candidate)), horizon=horizon)
            got = exposure(known.rollout(campaign), delay)
            if horizon == base.horizon or (got.missed < SURE and got.last + delay < horizon):
                found[candidate.number] = got
        if horizon == base.horizon:
            break
    return found


def _of_bad(number: int, search: Search, reached: Exposure, fine: bool) -> Measured:
    return Measured(
        number=number,
        exposure_p85=reached.quantile(NINE_OF_TEN - ODDS_OFF),
        exposure_p90=reached.quantile(NINE_OF_TEN),
        exposure_mean=reached.mean,
        detected=reached.detected,
        decided=reached.decided,
        missed=reached.missed,
        fine=fine,
    )


def _with_good(measured: Measured, search: Search, reachable: float, rollout: Rollout) -> Measured:
    goal = search.goal
    done = arrivals(rollout, goal.of)
    sent = rollout.sent
    return replace(
        measured,
        days=done.time_of(goal.share * reachable) / HOURS_PER_DAY,
        done=float(done.by(np.array([goal.hours])).sum()) / max(reachable, 1e-9),
        cost=search.pricing.cost(rollout),
        updated=float(arrivals(rollout, UPDATED).by(np.array([rollout.campaign.horizon])).sum()),
        false_halt=halt_law(rollout).chance,
        total=float(sent.sum()),
        cellular=float(sent[:, 1].sum()),
        peak=float(sent.sum(axis=(0, 1)).max()) / BIN / BYTE_PER_HOUR_OF_GBPS,
    )
