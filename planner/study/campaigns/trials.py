"""What caps do to the share of each pool that is done by a time, as tried so far, and which caps to try next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from planner.axes import Array
from planner.perf.campaign.description import Campaign
from planner.perf.campaign.progress import follow
from planner.perf.campaign.reaching import Arrivals, Stage, arrivals
from planner.perf.campaign.records import Rollout

WIDER = 4.0  # factor by which caps go down from the peak, and at the most while all that were tried suffice
STEEP = 0.5  # by which a share usually rises with a cap's logarithm where the cap binds
NOTHING = 1e-6  # share of the peak below which no cap is looked for
NEAR = 1.15  # ratio of two caps between which the share is a straight line over the logarithm
FLAT = 0.05  # the least that a share is taken to rise with a cap's logarithm
Caps = tuple[float, ...]
Flags = npt.NDArray[np.bool_]
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Effort:
    """How closely rollouts are looked at: vehicle classes in all, of each wave at the least, and the time step.

    `common`: with the same sessions and drops whatever the caps are.
    """

    classes: int
    least: int
    bins_at_once: int = 1
    common: bool = False

    def follow(self, campaign: Campaign, seed: int) -> Rollout:
        """A campaign's rollout, as closely as that."""
        return follow(campaign, self.classes, seed, self.least, self.common, self.bins_at_once)


class Trials:
    """Rollouts with caps that were tried, and what share of each pool's reachable vehicles they brought how far.

    `until` [hours]: no rollout is followed longer. `reachable` [vehicles] by pool. `free`: when vehicles are there
    with no caps at all, by the same classes.
    """

    def __init__(
        self,
        campaign: Campaign,
        until: float,
        of: Stage,
        reachable: Array,
        effort: Effort,
        seed: int,
        free: Arrivals | None = None,
        tell: Tell | None = None,
    ) -> None:
        self.campaign = replace(campaign, horizon=min(campaign.horizon, until))
        self.of, self.effort, self.seed, self.tell = of, effort, seed, tell
        self.reachable = reachable
        self.done: dict[Caps, Arrivals] = {}
        if free is not None:
            self.done[(np.inf,) * reachable.size] = free

    def shares(self, caps: Array, hours: float) -> Array:
        """The share of each pool's reachable vehicles that is done by a time, with these caps."""
        key = tuple(caps.tolist())
        if key not in self.done:
            pools = tuple(
                replace(pool, cap=cap) for pool, cap in zip(self.campaign.pools, key, strict=True)
            )
            rollout = self.effort.follow(replace(self.campaign, pools=pools), self.seed)
            self.done[key] = arrivals(rollout, self.of)
            if self.tell is not None:
                self.tell(f"{len(self.done)} rollouts of {self.effort.classes:,} classes followed")
        return self.shares_of(self.done[key], hours)

    def shares_of(self, done: Arrivals, hours: float) -> Array:
        """Arrivals as shares of each pool's reachable vehicles."""
        return np.asarray(
            done.by(np.array([hours]))[:, 0] / np.where(self.reachable > 0, self.reachable, 1.0)
        )

    def curves(self, hours: float) -> tuple[Array, Array]:
        """Caps and shares of all that was tried, (pool, trial) each, with caps in order and shares that do not fall."""
        caps = np.array(list(self.done)).T
        shares = np.array([self.shares_of(each, hours) for each in self.done.values()]).T
        order = np.argsort(caps, axis=1)
        caps = np.take_along_axis(caps, order, axis=1)
        shares = np.take_along_axis(shares, order, axis=1)
        return caps, np.maximum.accumulate(shares, axis=1)

    def bracket(self, hours: float, target: Array, peak: Array) -> tuple[Array, Array]:
        """The closest caps that miss a share and that reach it by a time; 0 and the `peak` where none was tried."""
        caps, shares = self.curves(hours)
        caps = np.minimum(caps, peak[:, None])
        enough = shares >= target[:, None]
        low = np.where(enough, 0.0, caps).max(axis=1)
        high = np.where(enough, caps, peak[:, None]).min(axis=1)
        return low, np.maximum(high, low)

    def estimate(self, hours: float, target: Array, peak: Array) -> Array:
        """The caps that reach a share by a time, between those that were tried, on the logarithm's straight line."""
        low, high = self.bracket(hours, target, peak)
        below, above = self.read(hours, low, peak), self.read(hours, high, peak)
        part = np.clip((target - below) / np.where(above > below, above - below, 1.0), 0.0, 1.0)
        ratio = high / np.where(low > 0, low, high)
        between = low * ratio ** np.where(ratio > WIDER / 2, 0.5, part)
        # Nothing was too small yet: the steeper the curve can be, the less far down.
        down = np.exp(-np.clip((above - target) / STEEP, np.log(NEAR), np.log(WIDER)))
        down = np.where(high >= peak, 1 / WIDER, down)
        return np.asarray(np.where(low > 0, between, high * down))

    def read(self, hours: float, caps: Array, peak: Array) -> Array:
        """The shares by a time with these caps, between those that were tried."""
        tried, shares = self.curves(hours)
        tried = np.log(np.maximum(np.minimum(tried, peak[:, None]), NOTHING))
        found = [
            np.interp(cap, own, share)
            for cap, own, share in zip(
                np.log(np.maximum(caps, NOTHING)), tried, shares, strict=True
            )
        ]
        return np.array(found)

    def explore(self, hours: float, target: Array, peak: Array, wanted: Flags) -> Array:
        """Try caps until those for a share by a time can be read between two that are near; what is read."""
        while True:
            low, high = self.bracket(hours, target, peak)
            open_ = wanted & (high > NEAR * low) & (high > NOTHING * peak)
            found = self.estimate(hours, target, peak)
            if not open_.any():
                return found
            # A straight line comes ever closer from one side: where it is close the other side is tried.
            aside = np.where(high <= found * NEAR, high / NEAR, found)
            aside = np.where(low * NEAR >= found, low * NEAR, aside)
            self.shares(np.where(open_, np.clip(aside, low, high), found), hours)

    def slope(self, hours: float, target: Array, peak: Array) -> Array:
        """By how much the share rises with the caps' logarithm where it reaches a target."""
        low, high = self.bracket(hours, target, peak)
        low = np.where(low > 0, low, high / WIDER)
        rise = self.read(hours, high, peak) - self.read(hours, low, peak)
        return np.maximum(rise / np.maximum(np.log(high / low), 1e-9), FLAT)
