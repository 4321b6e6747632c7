"""Which candidates cannot do, whatever their rollout is like?

Bounds in closed form, each on the candidate's side, so that a rollout is followed only where one has to be:

- A campaign that meets its goal has updated q R vehicles, so all but N - q R of a wave have been tried: the odds of a
  false halt are at least those of that many vehicles.
- A bad release is missed at least as often as when every vehicle of every wave installs it.
- A halt takes k failures: at least the negative binomial number of installs, of mean k / p, has begun by then.
- Before its soaks are over and its members are admitted a wave updates nobody.
- Caps pass no more than cap x hours of the window, and each vehicle needs its smallest payload.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import nbinom

from planner.perf.campaign.description import Campaign
from planner.perf.campaign.odds import below, failures_that_halt, halt_odds
from planner.perf.campaign.reaching import UPDATED
from planner.perf.campaign.sampling import counts_by_share
from planner.perf.campaign.waves import admission_delays
from planner.study.campaigns.demands import NINE_OF_TEN, BadRelease, Limits
from planner.study.campaigns.goal import HOURS_PER_DAY, Goal

PLACES = (np.arange(400) + 0.5) / 400  # in the order of a wave's admission
ALMOST_SURE = 1e-6  # of being missed: odds below this are not worth a word

Demand = Literal["deadline", "false halt", "missed", "exposure"]


@dataclass(frozen=True)
class Excess:
    """A demand that a candidate does not meet: its value, the limit, and whether the value is a bound in closed form.

    Days for the deadline (infinite: never; `share` is then what of the reachable fleet is done by it), chances for
    odds, vehicles for exposure.
    """

    demand: Demand
    value: float
    limit: float
    bound: bool = False
    share: float | None = None
    why: str = ""


def refused(
    campaign: Campaign, goal: Goal, limits: Limits, bad: BadRelease, reachable: float
) -> list[Excess]:
    """The demands that closed forms say a campaign cannot meet; `reachable` vehicles of its fleet."""
    found = [
        _late(campaign, goal, reachable),
        _narrow(campaign, goal, reachable),
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
    return Excess("deadline", np.inf, goal.days, True, share, "waves open and admit by then")


def _narrow(campaign: Campaign, goal: Goal, reachable: float) -> Excess | None:
    """Caps that pass too few bytes."""
    opens, closes = campaign.window or (0.0, HOURS_PER_DAY)
    daily = (closes - opens) % HOURS_PER_DAY or HOURS_PER_DAY
    # Regions of a pool may lie in several time zones: its window is then open for longer.
    zones = [
        {region.utc_offset for region in campaign.regions if region.pool == pool}
        for pool in range(len(campaign.pools))
    ]
    days = goal.days + 1  # a window may be met once more than there are days
    hours = np.array(
        [min(goal.hours, daily * days) if len(zone) == 1 else goal.hours for zone in zones]
    )
    caps = np.array([pool.cap for pool in campaign.pools])
    payload = np.array([campaign.full if v.delta is None else v.delta for v in campaign.versions])
    share = np.array([version.share for version in campaign.versions])
    order = np.argsort(payload)
    bytes_of = np.cumsum((payload * share)[order]) / share.sum() * campaign.vehicles
    counts = np.cumsum(share[order]) / share.sum() * campaign.vehicles
    passed = float((caps * hours).sum())
    if passed >= bytes_of[-1]:
        return None
    vehicles = float(np.interp(passed, np.append(0.0, bytes_of), np.append(0.0, counts)))
    if vehicles >= goal.share * reachable:
        return None
    return Excess(
        "deadline", np.inf, goal.days, True, vehicles / max(reachable, 1e-9), "caps pass by then"
    )


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
