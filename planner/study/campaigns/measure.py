"""Days, cost, exposure and odds of a candidate: what the model says of its good and of its bad release.

Candidates that differ in their halt alone share a rollout, and those whose caps bind nowhere share it with the one that
has none. Without gates the bad release's vehicles download when the good one's do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.axes import Array
from planner.perf.campaign.description import BYTE_PER_HOUR_OF_GBPS, Campaign
from planner.perf.campaign.exposure import exposure
from planner.perf.campaign.halt import halt_law
from planner.perf.campaign.progress import Rollout, follow
from planner.perf.campaign.reaching import arrivals
from planner.perf.campaign.traffic import BIN
from planner.study.campaigns.demands import NINE_OF_TEN, Search
from planner.study.campaigns.goal import HOURS_PER_DAY
from planner.study.campaigns.screening import Excess
from planner.study.campaigns.space import Candidate, campaign_of


@dataclass(frozen=True)
class Effort:
    """How closely rollouts are looked at: vehicle classes in all, and of each wave at the least."""

    classes: int
    least: int


COARSE = Effort(4000, 500)
FINE = Effort(24_000, 4000)


@dataclass(frozen=True)
class Measured:
    """What the model says of a candidate.

    `days`: until the goal's share is done, infinite if it never is; `done`: the share that is by the deadline. `cost`
    [USD] and `false_halt` are of the good release, `exposure_p90`, `exposure_mean` [vehicles], `detected`, `decided`
    [hours from the start] and `missed` of the bad one.
    """

    number: int
    days: float
    done: float
    cost: float
    false_halt: float
    exposure_p90: float
    exposure_mean: float
    detected: float
    decided: float
    missed: float
    total: float  # bytes
    cellular: float  # bytes
    peak: float  # [Gbit/s], all pools together
    fine: bool = False

    def exposure(self, search: Search) -> float:
        """The exposure that the search limits."""
        return self.exposure_p90 if search.limits.of == "p90" else self.exposure_mean

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
    followed: list[tuple[Array, Array, Rollout, Rollout]] = []  # caps, peaks, good, bad
    found = []
    for caps, alike in _by_caps(group):
        own = np.array(caps)
        campaign = campaign_of(base, alike[0])
        known = next((f for f in followed if (f[1] <= own).all() and (f[0] >= own).all()), None)
        if known is None:
            good, bad = _pair(campaign, search, effort, seed)
            peaks = np.maximum(_peaks(good), _peaks(bad))
            followed.append((own, peaks, good, bad))
        else:
            _, _, good, bad = known
        for candidate in alike:
            found.append(_measured(base, search, reachable, candidate, good, bad))
    return [replace(each, fine=effort == FINE) for each in found]


def _by_caps(group: Iterable[Candidate]) -> list[tuple[tuple[float, ...], list[Candidate]]]:
    """Candidates by caps, the largest first: they may tell what smaller ones do."""
    by_caps: dict[tuple[float, ...], list[Candidate]] = {}
    for candidate in group:
        by_caps.setdefault(candidate.caps, []).append(candidate)
    return sorted(by_caps.items(), reverse=True)


def _pair(campaign: Campaign, search: Search, effort: Effort, seed: int) -> tuple[Rollout, Rollout]:
    """The rollouts of the good and of the bad release."""
    good = follow(campaign, effort.classes, seed, effort.least)
    wrong = search.bad.campaign(campaign)
    if any(wave.gate is not None for wave in campaign.waves[1:]):
        return good, follow(wrong, effort.classes, seed, effort.least)
    return good, replace(good, campaign=wrong)


def _peaks(rollout: Rollout) -> Array:
    """The largest five-minute mean of each pool [byte/hour]."""
    return np.asarray(rollout.sent.sum(axis=1).max(axis=1) / BIN)


def _measured(
    base: Campaign,
    search: Search,
    reachable: float,
    candidate: Candidate,
    good: Rollout,
    bad: Rollout,
) -> Measured:
    campaign = campaign_of(base, candidate)
    good = replace(good, campaign=campaign)
    bad = replace(bad, campaign=search.bad.campaign(campaign))
    goal = search.goal
    done = arrivals(good, goal.of)
    reached = exposure(bad, search.bad.detection_delay)
    sent = good.sent
    return Measured(
        number=candidate.number,
        days=done.time_of(goal.share * reachable) / HOURS_PER_DAY,
        done=float(done.by(np.array([goal.hours])).sum()) / max(reachable, 1e-9),
        cost=search.pricing.cost(good),
        false_halt=halt_law(good).chance,
        exposure_p90=reached.quantile(NINE_OF_TEN),
        exposure_mean=reached.mean,
        detected=reached.detected,
        decided=reached.decided,
        missed=reached.missed,
        total=float(sent.sum()),
        cellular=float(sent[:, 1].sum()),
        peak=float(sent.sum(axis=(0, 1)).max()) / BIN / BYTE_PER_HOUR_OF_GBPS,
    )
