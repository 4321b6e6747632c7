"""When is a bad release stopped?

Vehicles fail independently, so a wave's failed vehicles by time t are binomial with the share that has failed by then,
and they only grow: the chance of a halt by t is the chance that they have reached the limit by t. Up to that instant
the rollout is the one that nothing halts. All outputs of a campaign with a halt are therefore mixtures of one rollout
stopped at the times of this law. (The binomial law is exact where vehicles do not wait for one another; caps and
gates, whose noise is small in large waves, enter by their mean.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.axes import Array
from planner.perf.campaign.odds import below, failures_that_halt, halt_odds
from planner.perf.campaign.progress import Rollout
from planner.perf.campaign.sampling import Whole

POINTS = 1000  # times by wave on which the law is tabulated, and half as many early ones
NODES = 64  # equally likely halts that stand for the law
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


def halt_law(rollout: Rollout) -> HaltLaw:
    """The law of the halt for a rollout."""
    campaign, classes = rollout.campaign, rollout.classes
    ends = rollout.starts[:, -1] + campaign.install.duration
    mass = rollout.attempt_weights[:, -1] * campaign.install.fail
    kept = ends <= campaign.horizon
    ends, mass, wave = ends[kept], mass[kept], classes.wave[rollout.done_class[kept]]
    everywhere = float(mass.sum())
    none = np.zeros(0)
    if campaign.halt_share is None or everywhere <= 0:
        return HaltLaw(0.0, none, none, everywhere)
    by_wave = []
    for each in range(classes.wave_size.size):
        mine = wave == each
        order = np.argsort(ends[mine])
        by_wave.append((ends[mine][order], mass[mine][order].cumsum()))
    picked = [time[_spread(time.size)] for time, _ in by_wave if time.size]
    grid = np.unique(np.concatenate(picked))
    size = classes.wave_size
    share = np.array([_share(time, total, grid) for time, total in by_wave]) / size[:, None]
    share = np.minimum(share, 1.0)
    odds = halt_odds(size[:, None], share, campaign.halt_share, campaign.halt_least)
    by_then = 1 - np.prod(1 - odds, axis=0)
    chance = float(by_then[-1])
    limit = failures_that_halt(size, campaign.halt_share, campaign.halt_least)
    spared = _mean_below(size, share[:, -1], limit)
    if chance < NEGLIGIBLE:
        return HaltLaw(0.0, none, none, float(spared.sum()))
    level = chance * (np.arange(NODES) + 0.5) / NODES
    place = np.minimum(np.searchsorted(by_then, level), grid.size - 1)
    times = np.interp(level, by_then, grid)
    rise = np.diff(odds, axis=1, prepend=0.0)[:, place]
    halting = rise.argmax(axis=0)
    failed = (share * size[:, None])[:, place]
    failed[halting, np.arange(NODES)] = limit[halting]
    return HaltLaw(chance, times, failed.sum(axis=0), float(spared.sum()))


def _spread(count: int) -> Whole:
    """Places in a sorted list of events: evenly, and closer at its begin, where few failures halt a large wave."""
    even = np.linspace(0, count - 1, min(POINTS, count))
    early = np.geomspace(1, count, min(POINTS // 2, count)) - 1
    return np.unique(np.concatenate([even, early]).astype(np.intp))


def _share(time: Array, total: Array, grid: Array) -> Array:
    """Mass up to each time of the grid."""
    return np.concatenate([[0.0], total])[np.searchsorted(time, grid, side="right")]


def _mean_below(size: Array, chance: Array, limit: Array) -> Array:
    """Mean of a binomial given that it stays below a limit: n p P[Bin(n-1, p) < k-1] / P[Bin(n, p) < k]."""
    stays = below(size, chance, limit)
    fewer = below(size - 1, chance, limit - 1)
    sure = stays <= 0
    return np.where(sure, limit - 1, size * chance * fewer / np.where(sure, 1.0, stays))
