"""When is a bad release stopped?

Vehicles fail independently, so a wave's failed vehicles by time t are binomial with the share that has failed by then,
and they only grow: the chance of a halt by t is the chance that they have reached the limit by t. Up to that instant
the rollout is the one that nothing halts. All outputs of a campaign with a halt are therefore mixtures of one rollout
stopped at the times of this law. (The binomial law is exact where vehicles do not wait for one another; caps and
gates, whose noise is small in large waves, enter by their mean.) Of a small fleet that is followed vehicle by vehicle
the last attempts are known, and each of them fails for good with the same chance: the law is exact for each copy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.axes import Array
from planner.perf.campaign.odds import at_least, below, failures_that_halt
from planner.perf.campaign.records import Rollout
from planner.perf.campaign.sampling import Whole

POINTS = 1000  # times by wave on which the law is tabulated, over all copies of the fleet
LEAST_POINTS = 200  # for each copy; and half as many early ones
NODES = 64  # equally likely halts that stand for the law, over all copies of the fleet
NEGLIGIBLE = 1e-9


@dataclass(frozen=True)
class HaltLaw:
    """`chance` of a halt; `times` [hours] of equally likely halts and `failed`, the vehicles failed by then.

    `failed_without`: failed vehicles on the mean of the campaigns that are not halted.
    """

    chance: float
    times: Array
    failed: Array
    failed_without: float


def halt_laws(rollout: Rollout) -> list[HaltLaw]:
    """The law of the halt of a rollout, for each copy of its fleet."""
    campaign, classes = rollout.campaign, rollout.classes
    before, early, _ = rollout.stages
    who = np.concatenate([rollout.done_class, before])
    ends = np.concatenate([rollout.starts[:, -1], early[:, -1]]) + campaign.install.duration
    kept = np.flatnonzero(ends <= campaign.horizon)
    done = who[kept]
    ends, wave, fleet = ends[kept], classes.wave[done], classes.fleet[done]
    chance = campaign.install.fail**campaign.install.attempts
    if classes.fleets == 1:
        # Who is done by then is as uncertain as who of them has failed: both are in the share of the wave.
        mass = classes.weight[done] * chance
        return [_law(rollout, ends, mass, wave, None)]
    laws = []
    for each in range(classes.fleets):
        mine = fleet == each
        laws.append(_law(rollout, ends[mine], np.ones(int(mine.sum())), wave[mine], chance))
    return laws


def halt_law(rollout: Rollout) -> HaltLaw:
    """The law of the halt over all copies of the fleet."""
    laws = halt_laws(rollout)
    if len(laws) == 1:
        return laws[0]
    chance = float(np.mean([law.chance for law in laws]))
    without = sum(law.failed_without * (1 - law.chance) for law in laws)
    without /= max(sum(1 - law.chance for law in laws), NEGLIGIBLE)
    times = np.concatenate([law.times for law in laws])
    if not times.size:
        return HaltLaw(0.0, times, times, without)
    failed = np.concatenate([law.failed for law in laws])
    weight = np.concatenate([np.full(law.times.size, law.chance) for law in laws])
    weight /= np.concatenate([np.full(law.times.size, law.times.size) for law in laws])
    order = np.argsort(times)
    total = weight[order].cumsum()
    place = order[np.searchsorted(total, total[-1] * (np.arange(NODES) + 0.5) / NODES)]
    return HaltLaw(chance, times[place], failed[place], without)


def _law(rollout: Rollout, ends: Array, mass: Array, wave: Whole, fail: float | None) -> HaltLaw:
    """The law for last attempts that end at `ends`: each fails with chance `fail`, or (None) stands for a `mass`."""
    campaign, classes = rollout.campaign, rollout.classes
    everywhere = float(mass.sum()) * (1.0 if fail is None else fail)
    none = np.zeros(0)
    if campaign.halt_share is None or everywhere <= 0:
        return HaltLaw(0.0, none, none, everywhere)
    points, nodes = max(POINTS // classes.fleets, LEAST_POINTS), max(NODES // classes.fleets, 2)
    by_wave = []
    for each in range(classes.wave_size.size):
        mine = wave == each
        order = np.argsort(ends[mine])
        by_wave.append((ends[mine][order], mass[mine][order].cumsum()))
    picked = [time[_spread(time.size, points)] for time, _ in by_wave if time.size]
    grid = np.unique(np.concatenate(picked))
    size = classes.wave_size
    limit = failures_that_halt(size, campaign.halt_share, campaign.halt_least)
    counted = np.array([_counted(time, total, grid) for time, total in by_wave])
    trials, share = size[:, None], np.minimum(counted / np.maximum(size, 1)[:, None], 1.0)
    if fail is not None:
        trials, share = counted, np.full(counted.shape, fail)
    odds = at_least(trials, share, limit[:, None])
    by_then = 1 - np.prod(1 - odds, axis=0)
    chance = float(by_then[-1])
    spared = _mean_below(np.broadcast_to(trials, share.shape)[:, -1], share[:, -1], limit)
    if chance < NEGLIGIBLE:
        return HaltLaw(0.0, none, none, float(spared.sum()))
    level = chance * (np.arange(nodes) + 0.5) / nodes
    place = np.minimum(np.searchsorted(by_then, level), grid.size - 1)
    times = np.interp(level, by_then, grid)
    rise = np.diff(odds, axis=1, prepend=0.0)[:, place]
    halting = rise.argmax(axis=0)
    failed = (share * trials)[:, place]
    failed[halting, np.arange(nodes)] = limit[halting]
    return HaltLaw(chance, times, failed.sum(axis=0), float(spared.sum()))


def _spread(count: int, points: int) -> Whole:
    """Places in a sorted list of events: evenly, and closer at its begin, where few failures halt a large wave."""
    even = np.linspace(0, count - 1, min(points, count))
    early = np.geomspace(1, count, min(points // 2, count)) - 1
    return np.unique(np.concatenate([even, early]).astype(np.intp))


def _counted(time: Array, total: Array, grid: Array) -> Array:
    """Mass up to each time of the grid."""
    return np.concatenate([[0.0], total])[np.searchsorted(time, grid, side="right")]


def _mean_below(size: Array, chance: Array, limit: Array) -> Array:
    """Mean of a binomial given that it stays below a limit: n p P[Bin(n-1, p) < k-1] / P[Bin(n, p) < k]."""
    stays = below(size, chance, limit)
    fewer = below(size - 1, chance, limit - 1)
    sure = stays <= 0
    return np.where(sure, limit - 1, size * chance * fewer / np.where(sure, 1.0, stays))
