"""Which candidates cannot do, whatever their rollout is like?

Bounds in closed form, each on the candidate's side, so that a rollout is followed only where one has to be:

- A campaign that meets its goal has updated q R vehicles, so all but N - q R of a wave have been tried: the odds of a
  false halt are at least those of that many vehicles.
- A bad release is missed at least as often as when every vehicle of every wave installs it.
- A halt takes k failures: at least the negative binomial number of installs, of mean k / p, has begun by then.
- Before its soaks are over and its members are admitted a wave updates nobody.
- A pool passes at every moment no more than its cap, nor than the links of those who are online; each vehicle needs its
  payload, and the smallest ones go furthest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.stats import nbinom

from planner.axes import Array
from planner.perf.campaign.description import Campaign, Wave
from planner.perf.campaign.odds import below, failures_that_halt, halt_odds
from planner.perf.campaign.progress import follow
from planner.perf.campaign.reaching import UPDATED
from planner.perf.campaign.sampling import counts_by_share
from planner.perf.campaign.traffic import BIN
from planner.perf.campaign.waves import admission_delays
from planner.study.campaigns.demands import NINE_OF_TEN, BadRelease, Limits
from planner.study.campaigns.goal import Goal

ENDLESS = 1e18  # bytes that no vehicle ever gets
CLOSE = 0.02  # of the vehicles, by which a sample of the fleet may be wrong about who is online
PLACES = (np.arange(400) + 0.5) / 400  # in the order of a wave's admission
ALMOST_SURE = 1e-6  # of being missed: odds below this are not worth a word

Demand = Literal["deadline", "false halt", "missed", "exposure"]


@dataclass(frozen=True)
class Excess:
    """A demand that a candidate does not meet: its value, the limit, and whether the value is a bound in closed form.

    Days for the deadline (infinite: never; `share` is then what of the reachable fleet is done by it), chances for
    odds, vehicles for exposure. `why` names what is to blame for a bound: `waves` or `caps`.
    """

    demand: Demand
    value: float
    limit: float
    bound: bool = False
    share: float | None = None
    why: str = ""


@dataclass(frozen=True)
class Online:
    """What a campaign could send if nobody ever had enough: link rates of the online vehicles [byte/hour], (pool, bin).

    `vehicles` and `reachable`: by pool.
    """

    rates: Array
    vehicles: Array
    reachable: Array


def online(campaign: Campaign, reachable: Array, classes: int, seed: int) -> Online:
    """The usable sessions of a campaign's fleet with its download window; `reachable` [vehicles] by pool."""
    endless = replace(
        campaign,
        pools=tuple(replace(pool, cap=np.inf) for pool in campaign.pools),
        full=ENDLESS,
        versions=tuple(replace(version, delta=None) for version in campaign.versions),
        waves=(Wave(1.0, campaign.waves[0].not_before, None, 0.0, "all"),),
        resume="byte",
    )
    rollout = follow(endless, classes, seed)
    pool = np.array([region.pool for region in campaign.regions])[rollout.classes.region]
    vehicles = np.bincount(pool, rollout.classes.weight, len(campaign.pools))
    return Online(rollout.sent.sum(axis=1) / BIN, np.asarray(vehicles), reachable)


def refused(
    campaign: Campaign, goal: Goal, limits: Limits, bad: BadRelease, online: Online
) -> list[Excess]:
    """The demands that closed forms say a campaign cannot meet."""
    reachable = float(online.reachable.sum())
    found = [
        _late(campaign, goal, reachable),
        _narrow(campaign, goal, online),
        _false(campaign, goal, limits, reachable),
        *_bad(campaign, limits, bad),
    ]
    return [each for each in found if each is not None]


def _late(campaign: Campaign, goal: Goal, reachable: float) -> Excess | None:
    """Waves that open, and members that are admitted, too late."""
    sizes = counts_by_share(tuple(wave.share for wave in campaign.waves), campaign.vehicles)
    needed = campaign.install.duration if goal.of == UPDATED else 0.0
    opened, in_time = 0.0, 0.0
    for number, (wave, size) in enumerate(zip(campaign.waves, sizes.tolist(), strict=True)):
        opened = max(wave.not_before, opened + wave.after_previous if number else -np.inf)
        eligible = opened + admission_delays(wave, float(size), PLACES)
        in_time += size * float((eligible + needed <= goal.hours).mean())
    # A vehicle of the last place may be a vehicle too many.
    share = in_time / max(reachable, 1e-9)
    if share * (1 + 1 / PLACES.size) >= goal.share:
        return None
    return Excess("deadline", np.inf, goal.days, True, share, "waves")


def _narrow(campaign: Campaign, goal: Goal, online: Online) -> Excess | None:
    """Caps that pass too few bytes."""
    opens = campaign.waves[0].not_before
    bins = np.arange(online.rates.shape[1]) * BIN
    inside = (bins + BIN > opens) & (bins < goal.hours)
    caps = np.array([pool.cap for pool in campaign.pools])[:, None]
    passed = np.minimum(online.rates, caps)[:, inside].sum(axis=1) * BIN
    payload = np.array([campaign.full if v.delta is None else v.delta for v in campaign.versions])
    share = np.array([version.share for version in campaign.versions])
    order = np.argsort(payload)
    counts = np.append(0.0, np.cumsum(share[order])) / share.sum()
    sizes = np.append(0.0, np.cumsum((payload * share)[order])) / share.sum()
    served = 0.0
    for vehicles, there, sent in zip(online.vehicles, online.reachable, passed, strict=True):
        served += min(float(np.interp(sent, vehicles * sizes, vehicles * counts)), there)
    total = float(online.reachable.sum())
    if served >= goal.share * total * (1 - CLOSE):
        return None
    return Excess("deadline", np.inf, goal.days, True, served / max(total, 1e-9), "caps")


def _false(campaign: Campaign, goal: Goal, limits: Limits, reachable: float) -> Excess | None:
    """A halt by failures of a good release."""
    if limits.false_halt is None or campaign.halt_share is None or goal.of != UPDATED:
        return None
    fail = campaign.install.fail**campaign.install.attempts
    sizes = counts_by_share(tuple(w.share for w in campaign.waves), campaign.vehicles).astype(float)
    tried = goal.share * reachable / max(1 - fail, 1e-9)
    least = np.maximum(sizes - max(campaign.vehicles - tried, 0.0), 0.0)
    limit = failures_that_halt(sizes, campaign.halt_share, campaign.halt_least)
    odds = 1 - float(np.prod(below(np.floor(least), fail, limit)))
    if odds <= limits.false_halt:
        return None
    return Excess("false halt", odds, limits.false_halt, True)


def _bad(campaign: Campaign, limits: Limits, bad: BadRelease) -> list[Excess]:
    """A bad release that is missed, or seen too late."""
    sizes = counts_by_share(tuple(w.share for w in campaign.waves), campaign.vehicles).astype(float)
    found = []
    share, missed = campaign.halt_share, 1.0
    if share is not None:
        missed = float(np.prod(1 - halt_odds(sizes, bad.defect_rate, share, campaign.halt_least)))
    if limits.missed is not None and missed > limits.missed + ALMOST_SURE:
        found.append(Excess("missed", missed, limits.missed, True))
    if limits.exposure is not None and share is not None and bad.defect_rate > 0:
        failures = failures_that_halt(sizes, share, campaign.halt_least)
        possible = failures[failures <= sizes]
        if possible.size:
            least = float(possible.min())
            exposed = least / bad.defect_rate
            if limits.of == "p90":
                exposed = least + float(nbinom.ppf(NINE_OF_TEN, least, bad.defect_rate))
            # The law is exact for an endless wave; a whole wave may be less.
            exposed = min(exposed, float(sizes[failures <= sizes].min()))
            if exposed > limits.exposure:
                found.append(Excess("exposure", exposed, limits.exposure, True))
    return found
