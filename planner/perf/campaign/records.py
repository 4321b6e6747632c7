"""What is written down of a rollout while it is followed, and afterwards?"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from planner.axes import Array
from planner.perf.campaign.classes import Classes
from planner.perf.campaign.description import Campaign
from planner.perf.campaign.sampling import Whole

ROUNDING = 1e-9  # relative, in sums of bytes and vehicles
Marks = tuple[Whole, Array]
"""Events: the class and the time [hours]."""


@dataclass
class Records:
    """What happened, as lists of arrays that are joined at the end."""

    begun: list[Marks] = field(default_factory=list)  # flows
    ended: list[Marks] = field(default_factory=list)
    done: list[tuple[Whole, Array, Array, Whole]] = field(default_factory=list)
    drops: list[tuple[Whole, Array, Array]] = field(default_factory=list)  # expected number
    rejected: list[tuple[Whole, Array, Array]] = field(default_factory=list)  # expected number
    stages: list[tuple[Whole, Array, Whole]] = field(default_factory=list)
    refused: list[Marks] = field(default_factory=list)

    def lengths(self) -> dict[str, int]:
        """How much is recorded, to come back to."""
        return {name: len(items) for name, items in vars(self).items()}

    def cut(self, lengths: dict[str, int]) -> None:
        """Forget what came after."""
        for name, length in lengths.items():
            del vars(self)[name][length:]


@dataclass(frozen=True)
class Rollout:
    """A campaign that ran to its horizon. Times [hours]; weights are numbers of vehicles.

    Where a small fleet was followed several times (`classes.fleets`), weights and bytes of all copies together are
    one fleet's. `sent_by_fleet` [bytes] by (fleet, region, link: Wi-Fi or cellular, five-minute bin); `sent_by_class`
    [bytes of one vehicle] by (link, class), `first_day_by_class` those of the first 24 h, all links.
    `openings_by_fleet` by (fleet, wave), infinite where it never opened. `starts` by (download, attempt) is when an
    attempt starts if all before it fail; `tries_lost`, by download, how many of them failed in the copy that was
    drawn. `flows_begun` and `flows_ended`: class, time; `drops` and `rejected`: class, time, expected number.
    `stages`: installs of releases before the last one (class, `starts`, `tries_lost`). `refused`: polls that found no
    place free. `flow_bytes`, by pool: the bytes that the flow of a byte sent puts into its five-minute bin, in the
    mean.
    """

    campaign: Campaign
    classes: Classes
    sent_by_fleet: Array
    sent_by_class: Array
    first_day_by_class: Array
    flow_bytes: Array
    openings_by_fleet: Array
    done_class: Whole
    done: Array
    starts: Array
    tries_lost: Whole
    flows_begun: Marks
    flows_ended: Marks
    drops: tuple[Whole, Array, Array]
    rejected: tuple[Whole, Array, Array]
    stages: tuple[Whole, Array, Whole]
    refused: Marks

    @cached_property
    def of_fleet(self) -> dict[str, list[Whole]]:
        """Places of each copy's entries in the lists of downloads, flows, drops and rejected payloads."""
        found = {}
        for name in (
            "done_class",
            "flows_begun",
            "flows_ended",
            "drops",
            "rejected",
            "stages",
            "refused",
        ):
            who = getattr(self, name)
            fleet = self.classes.fleet[who if name == "done_class" else who[0]].astype(np.int16)
            order = np.argsort(fleet, kind="stable")
            ends = np.searchsorted(fleet[order], np.arange(1, self.classes.fleets))
            found[name] = np.split(order, ends)
        return found

    @cached_property
    def sent_in(self) -> Array:
        """Bytes by (region, link: Wi-Fi or cellular, five-minute bin)."""
        return np.asarray(self.sent_by_fleet.sum(axis=0))

    @cached_property
    def sent(self) -> Array:
        """Bytes by (pool, link, five-minute bin)."""
        return np.tensordot(pools_of(self.campaign), self.sent_in, 1)

    @property
    def cellular(self) -> Array:
        """Bytes that one vehicle of each class got over cellular links."""
        return np.asarray(self.sent_by_class[1])

    @property
    def begun(self) -> tuple[Array, Array]:
        """Flows that began: times and weights."""
        who, time = self.flows_begun
        return time, self.classes.weight[who]

    @cached_property
    def openings(self) -> Array:
        """Opening times by wave, the mean over the fleets in which it opened; infinite where it never did."""
        opened = np.isfinite(self.openings_by_fleet)
        total = np.where(opened, self.openings_by_fleet, 0.0).sum(axis=0)
        count = opened.sum(axis=0)
        return np.where(count > 0, total / np.maximum(count, 1), np.inf)

    @cached_property
    def attempt_weights(self) -> Array:
        """Vehicles that come to attempt 1, 2, ..., by (download, attempt), in the mean."""
        tries = np.arange(self.campaign.install.attempts)
        weight = self.classes.weight[self.done_class]
        return np.asarray(weight[:, None] * self.campaign.install.fail**tries)


def pools_of(campaign: Campaign) -> Array:
    """1 where a region belongs to a pool, else 0, by (pool, region)."""
    pools = np.arange(len(campaign.pools))[:, None]
    return np.asarray(1.0 * (pools == [region.pool for region in campaign.regions]))
