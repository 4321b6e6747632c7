"""What does a month of traffic cost under a contract for delivery?

Three rules, by what they count: the volume; the 95th percentile of the five-minute rates of the whole month (95/5);
the same of the days with traffic only, paid for their share of the month. Each has tiers, and may have a commit that is
paid for whether it is used or not, with an overage above it. A month is shared with other traffic of the same contract,
and a campaign costs what the month costs more because of it: the prices of the tiers that the others have reached, and
of a commit what the others leave unused.

Sources: 95/5 as in the manuals of Universal CDN and SwiftFederation (8640 or 8928 means a month, 5 % dropped); days
with traffic as Huawei Cloud CDN, "Billing by 95th Percentile Bandwidth" (2023): Max95 x price x (valid days / days).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from planner.axes import Array
from planner.perf.campaign.traffic import BIN

Rule = Literal["volume", "p95", "p95_active_days"]
RULES: tuple[Rule, ...] = ("volume", "p95", "p95_active_days")
BINS_PER_DAY = round(24 / BIN)
FREE = 20  # one bin in so many is dropped
MBPS_OF_BIN = 8e-6 / (3600 * BIN)
"""Mean rate [Mbit/s] of a five-minute bin in which one byte is sent."""
BYTES_PER_DAY_OF_MBPS = 1e6 / 8 * 86_400


@dataclass(frozen=True)
class Prices:
    """Prices of successive parts of a monthly amount: `prices[i]` [USD/unit] for what lies above `starts[i]` [unit].

    `starts` rise from 0. Amounts are bytes where the volume is billed, and Mbit/s where a rate is.
    """

    starts: tuple[float, ...]
    prices: tuple[float, ...]

    def cost(self, amount: Array | float) -> Array:
        """What an amount costs by itself [USD]; of any shape."""
        starts = np.array(self.starts)
        width = np.append(starts[1:], np.inf) - starts
        parts = np.clip(np.asarray(amount)[..., None] - starts, 0.0, width)
        return np.asarray(parts @ np.array(self.prices))


@dataclass(frozen=True)
class Tariff:
    """A contract for delivery.

    `commit` [byte or Mbit/s a month] is paid for at `prices` in each month with traffic. What is above it costs
    `overage` [USD/unit], or goes on in the tiers where that is None. `request` [USD a request], `origin` [USD/byte]
    for what edge caches fetch. `dated` is the month in which the prices were in force, as 2026-01; empty: stated.
    """

    name: str
    rule: Rule
    prices: Prices
    commit: float = 0.0
    overage: float | None = None
    request: float = 0.0
    origin: float = 0.0
    dated: str = ""


@dataclass(frozen=True)
class Charges:
    """What a campaign adds to a month's bill [USD]; `delivery` where nothing is committed, else the two others."""

    delivery: Array
    commit: Array
    overage: Array

    @property
    def total(self) -> Array:
        return self.delivery + self.commit + self.overage


def charges(tariff: Tariff, others: Array | float, total: Array) -> Charges:
    """What a month with `total` units costs more than what its `others` units pay for; both [byte or Mbit/s]."""
    prices, commit = tariff.prices, tariff.commit
    others = np.minimum(others, total)
    top, rest = np.maximum(total, commit), np.maximum(others, commit)
    above = prices.cost(top) - prices.cost(rest)
    if tariff.overage is not None:
        above = tariff.overage * (top - rest)
    none = np.zeros_like(above)
    if commit == 0:
        return Charges(above, none, none)
    unused = prices.cost(commit) - prices.cost(np.minimum(others, commit))
    return Charges(none, unused + none, above)


@dataclass(frozen=True)
class MonthOfBins:
    """A month's traffic of a campaign, by (case, day that the campaign has in the month, bin) [byte].

    `days` of the month; `others` [byte] of other traffic in it, evenly spread.
    """

    sent: Array
    days: int
    others: float = 0.0

    @cached_property
    def volume(self) -> Array:
        """Bytes by case, without the others'."""
        return np.asarray(self.sent.sum(axis=(1, 2)))

    @property
    def others_rate(self) -> float:
        """Rate of the other traffic [Mbit/s]."""
        return self.others / (self.days * BYTES_PER_DAY_OF_MBPS)

    @cached_property
    def ranked(self) -> Array:
        """All rates of the month [Mbit/s] from the largest on, by (case, bin), the others' left out."""
        rates = self.sent.reshape(len(self.sent), -1) * MBPS_OF_BIN
        ranked = np.zeros((len(rates), self.days * BINS_PER_DAY))
        ranked[:, : rates.shape[1]] = -np.sort(-rates, axis=1)
        return ranked

    @property
    def active_days(self) -> Array:
        """Days with traffic, by case."""
        if self.others > 0:
            return np.full(len(self.sent), float(self.days))
        return np.asarray((self.sent > 0).any(axis=2).sum(axis=1), float)


def billed_rate(month: MonthOfBins, rule: Rule) -> Array:
    """The rate [Mbit/s] that a rule on rates bills, the other traffic included, by case.

    Days without traffic are at the end of the rank, so that the percentile of the days with traffic is found in the
    same order, nearer to the peak as there are fewer bins.
    """
    cases = np.arange(len(month.sent))
    days = month.active_days if rule == "p95_active_days" else np.full(cases.size, month.days)
    place = (days * BINS_PER_DAY).astype(int) // FREE
    return np.asarray((month.ranked[cases, place] + month.others_rate) * days / month.days)


def month_charges(tariff: Tariff, month: MonthOfBins) -> Charges:
    """What a campaign adds to a month's bill, by case; nothing in a month without its traffic."""
    volume = month.volume
    if tariff.rule == "volume":
        found = charges(tariff, month.others, month.others + volume)
    else:
        found = charges(tariff, month.others_rate, billed_rate(month, tariff.rule))
    some = 1.0 * (volume > 0)
    return Charges(found.delivery * some, found.commit * some, found.overage * some)


def break_even(volume_price: float, rate_price: float, days: int) -> float:
    """The ratio of 95th percentile to mean at which [USD/byte] and [USD/Mbit/s a month] cost the same.

    A flatter traffic is cheaper by rate, a more uneven one by volume.
    """
    if rate_price == 0:
        return np.inf
    return volume_price * BYTES_PER_DAY_OF_MBPS * days / rate_price
