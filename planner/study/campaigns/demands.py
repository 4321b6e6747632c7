"""What does a search want of a campaign, what does a bad release do, and what does capacity cost?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np

from planner.perf.campaign.billing import Billing, cost
from planner.perf.campaign.description import BYTE_PER_HOUR_OF_GBPS, Campaign
from planner.perf.campaign.halt import HaltLaw
from planner.perf.campaign.records import Rollout
from planner.perf.campaign.traffic import BIN
from planner.study.campaigns.goal import Goal
from planner.study.campaigns.space import Space

BYTES_PER_GB = 1e9
Statistic = Literal["p90", "mean"]
NINE_OF_TEN = 0.9
NOT_HALTED = HaltLaw(0.0, np.zeros(0), np.zeros(0), 0.0)


@dataclass(frozen=True)
class BadRelease:
    """A build with a defect: the share of vehicles on which every attempt to install it fails, and who notices when.

    `detection_delay` [hours] is between the failures that halt the campaign and the halt.
    """

    defect_rate: float
    detection_delay: float = 0.0

    def campaign(self, good: Campaign) -> Campaign:
        """The campaign that sends this build: as many vehicles fail for good as have the defect."""
        fail = self.defect_rate ** (1 / good.install.attempts)
        return replace(good, install=replace(good.install, fail=fail))


@dataclass(frozen=True)
class Limits:
    """What a campaign may do at the most; None: anything.

    `exposure` [vehicles] is that of the bad release, of nine campaigns in ten (`p90`) or in the mean; `false_halt` is
    the chance that the good release is halted, `missed` that the bad one never is.
    """

    exposure: float | None = None
    of: Statistic = "p90"
    false_halt: float | None = None
    missed: float | None = None


class Pricing(Protocol):
    """Whatever knows the cost of a rollout [USD]."""

    def cost(self, rollout: Rollout) -> float: ...


@dataclass(frozen=True)
class Prices:
    """Plain prices: of a byte sent, of one over cellular links besides, of a cap (or of the peak, where none is)."""

    per_byte: float = 0.0
    per_cellular_byte: float = 0.0
    per_gbps: float = 0.0

    def cost(self, rollout: Rollout) -> float:
        """Cost of a rollout that nothing halts [USD]."""
        sent = rollout.sent
        wifi, cellular = sent.sum(axis=(0, 2))
        peak = sent.sum(axis=1).max(axis=1) / BIN
        caps = np.array([pool.cap for pool in rollout.campaign.pools])
        capacity = float(np.where(np.isfinite(caps), caps, peak).sum()) / BYTE_PER_HOUR_OF_GBPS
        return float(
            (wifi + cellular) * self.per_byte
            + cellular * self.per_cellular_byte
            + capacity * self.per_gbps
        )


@dataclass(frozen=True)
class Costs:
    """The bill of a rollout that nothing halts, by its contracts, and plain prices besides."""

    billing: Billing | None = None
    prices: Prices | None = None

    def cost(self, rollout: Rollout) -> float:
        """Cost of a rollout [USD]."""
        billed = cost(rollout, self.billing, NOT_HALTED) if self.billing else 0.0
        return billed + (self.prices.cost(rollout) if self.prices else 0.0)


@dataclass(frozen=True)
class Search:
    """A search: what may be chosen, what has to hold, what a bad release is, how many candidates are tried."""

    space: Space
    goal: Goal
    bad: BadRelease
    limits: Limits
    pricing: Pricing
    candidates: int
