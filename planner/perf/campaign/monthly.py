"""Which bytes does a rollout send in which month, if it is stopped when the law of its halt says?

The traffic that is billed: by month of the calendar, contract and five-minute bin, for each copy of the fleet and each
likely stop.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from planner.axes import Array
from planner.perf.campaign.halt import HaltLaw, halt_laws
from planner.perf.campaign.records import ROUNDING, Rollout
from planner.perf.campaign.sampling import Whole
from planner.perf.campaign.tariffs import BINS_PER_DAY, MonthOfBins
from planner.perf.campaign.traffic import BIN

DAYS_PER_MONTH = 30  # of a month where no date is given


@dataclass(frozen=True)
class Month:
    """A month of billing, and the campaign's days [first, last) in it."""

    label: str
    days: int
    first: int
    last: int


def months_of(start: date | None, days: int) -> list[Month]:
    """The months that a campaign of so many days touches."""
    months: list[Month] = []
    first = 0
    while first < days:
        if start is None:
            label, length, left = f"month {len(months) + 1}", DAYS_PER_MONTH, DAYS_PER_MONTH
        else:
            today = start + timedelta(first)
            begin = today.replace(day=1)
            after = (begin + timedelta(31)).replace(day=1)
            label, length, left = f"{today:%Y-%m}", (after - begin).days, (after - today).days
        months.append(Month(label, length, first, min(first + left, days)))
        first += left
    return months


@dataclass(frozen=True)
class Traffic:
    """A rollout's bytes, and what is left of them where it is stopped at the times of its halt's law, or not at all.

    A case is a copy of the fleet with one of these stops.
    """

    rollout: Rollout
    months: list[Month]
    sent: Array  # [byte] as billed, (copy of the fleet, region, link, bin), whole days
    billed: float  # bytes billed for a byte of payload
    copy: Whole  # by case
    stops: Array  # by case
    chance: Array
    left: Array  # share of each bin before the stop, (case, bin)

    def mean(self, values: Array) -> float:
        return float(self.chance @ values)

    def days_of(self, sent: Array) -> Array:
        """What is left of bytes by (copy, bin), by (case, day, bin of the day)."""
        return (self.left * sent[self.copy]).reshape(len(self.left), -1, BINS_PER_DAY)

    def of(self, regions: tuple[int, ...], others: float) -> list[MonthOfBins]:
        """The traffic of some regions by month; `others` [byte a month] shares it."""
        by_day = self.days_of(self.sent[:, list(regions)].sum(axis=(1, 2)))
        return [
            MonthOfBins(by_day[:, month.first : month.last], month.days, others)
            for month in self.months
        ]

    def requests_per_byte(self, range_bytes: float) -> Array:
        """Requests by byte and case: a range's, and one more for every flow, whose last range is cut short."""
        flows = _by(*self.rollout.begun, self.stops)
        whole = self.left @ self.sent.mean(axis=0).sum(axis=(0, 1))
        return np.asarray(1 / (range_bytes * self.billed) + flows / np.maximum(whole, 1.0))


def traffic_of(
    rollout: Rollout, start: date | None, overhead: float, law: HaltLaw | None
) -> Traffic:
    """A rollout's traffic from a date (None: months of 30 days), with what is billed beside the payload.

    `law` is in place of that of the rollout's own halt.
    """
    copies = rollout.classes.fleets
    laws = halt_laws(rollout) if law is None else [law] * copies
    stops = np.concatenate([np.append(each.times, rollout.campaign.horizon) for each in laws])
    chance = np.concatenate(
        [
            np.append(
                np.full(each.times.size, each.chance / max(each.times.size, 1)), 1 - each.chance
            )
            for each in laws
        ]
    )
    bins = rollout.sent_by_fleet.shape[-1]
    left = np.clip(stops[:, None] / BIN - np.arange(bins), 0.0, 1.0)
    days = -(-bins // BINS_PER_DAY)
    rest = days * BINS_PER_DAY - bins
    # Sums of ramps leave fractions of a byte in bins without traffic, which must not make a day with traffic.
    sent = copies * rollout.sent_by_fleet
    billed = 1 + overhead
    sent = billed * np.where(sent > max(ROUNDING * sent.max(), 1.0), sent, 0.0)
    return Traffic(
        rollout=rollout,
        months=months_of(start, days),
        sent=np.pad(sent, ((0, 0), (0, 0), (0, 0), (0, rest))),
        billed=billed,
        copy=np.repeat(np.arange(copies), [each.times.size + 1 for each in laws]),
        stops=stops,
        chance=chance / copies,
        left=np.pad(left, ((0, 0), (0, rest))),
    )


def _by(time: Array, weight: Array, stops: Array) -> Array:
    """Weights up to each stop."""
    order = np.argsort(stops)
    place = np.searchsorted(stops[order], time)
    by = np.empty(stops.size)
    by[order] = np.bincount(place, weight, stops.size + 1)[:-1].cumsum()
    return by


def updated(traffic: Traffic) -> Array:
    """Vehicles updated, by case: installs that run at a halt end normally."""
    rollout, install = traffic.rollout, traffic.rollout.campaign.install
    settled = np.minimum(traffic.stops + install.duration, rollout.campaign.horizon)
    copies = rollout.classes.fleets
    copy = rollout.classes.fleet[rollout.done_class]
    success = copies * rollout.attempt_weights * (1 - install.fail)
    found = np.empty(settled.size)
    for each in range(copies):
        mine, cases = copy == each, traffic.copy == each
        ends = rollout.starts[mine].ravel() + install.duration
        found[cases] = _by(ends, success[mine].ravel(), settled[cases])
    return found
