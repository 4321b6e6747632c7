"""What does a campaign cost: delivery by contract and month, cellular data, requests, and the origin's egress?

Bytes are those of a `Rollout`, by region, link and five-minute bin; all links pass the delivery network, and cellular
bytes cost the operator's price besides. If the campaign may be halted each amount is the mean over the rollout stopped
at the likely times of the halt, priced case by case, since neither tiers nor a percentile are linear. Prices:
`tariffs`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from planner.axes import Array
from planner.perf.campaign.description import Campaign
from planner.perf.campaign.halt import HaltLaw, halt_law
from planner.perf.campaign.progress import ROUNDING, Rollout
from planner.perf.campaign.tariffs import (
    BINS_PER_DAY,
    BYTES_PER_DAY_OF_MBPS,
    MonthOfBins,
    Tariff,
    billed_rate,
    break_even,
    month_charges,
)
from planner.perf.campaign.traffic import BIN

COMPONENTS = ("delivery", "commit", "overage", "cellular", "requests", "origin")
DAYS_PER_MONTH = 30  # of a month where no date is given
CELLULAR = 1  # its place on the axis of links


@dataclass(frozen=True)
class Account:
    """One contract for delivery: the regions (by index) whose traffic is billed together.

    `others` [byte a month] is what else the contract delivers; `caches` is how many edge caches fetch each object once
    from the origin; `alternatives` are tariffs that the same traffic is priced with for comparison.
    """

    name: str
    regions: tuple[int, ...]
    tariff: Tariff
    others: float = 0.0
    caches: float = 0.0
    alternatives: tuple[Tariff, ...] = ()


@dataclass(frozen=True)
class CellularPlan:
    """Cellular data of the vehicles of some regions (by index).

    `price` [USD/byte] up to `allowance` [byte a vehicle and month], of which other traffic takes `used`; beyond it
    `overage` [USD/byte], which is 0 where the operator slows down instead. A pooled allowance is that of all the plan's
    vehicles together.
    """

    name: str
    regions: tuple[int, ...]
    price: float
    allowance: float = np.inf
    used: float = 0.0
    pooled: bool = False
    overage: float = 0.0


@dataclass(frozen=True)
class Billing:
    """How a campaign is billed.

    `start` is the date of day 0 (None: months of 30 days from day 0); `range_bytes` is what one request asks for
    (infinite: one request a flow); `objects` [byte] is the size of all distinct objects that an edge cache may hold.
    """

    accounts: tuple[Account, ...]
    cellular: tuple[CellularPlan, ...] = ()
    start: date | None = None
    range_bytes: float = np.inf
    objects: float = 0.0


@dataclass(frozen=True)
class Line:
    """One amount [USD] of a bill: what for, to whom (an account or a cellular plan), in which month."""

    component: str
    place: str
    month: str
    usd: float


@dataclass(frozen=True)
class AccountBill:
    """What an account's traffic is and costs, expected over campaigns that are halted and that are not.

    `p95` [Gbit/s] is the 95th percentile of the whole month, `mean` [Gbit/s] the mean, both of the campaign alone and
    of the month with most of its traffic. `by_tariff` [USD] is the delivery under its tariff and each alternative.
    `break_even`: by tariff by volume, the p95 over mean below which the first by strict 95/5, `by_rate`, is cheaper.
    """

    name: str
    tariff: str
    dated: str
    bytes: float
    requests: float
    p95: float
    mean: float
    by_tariff: dict[str, float]
    by_rate: str | None = None
    break_even: dict[str, float] = field(default_factory=dict)

    @property
    def cheapest(self) -> str:
        return min(self.by_tariff, key=lambda name: self.by_tariff[name])


@dataclass(frozen=True)
class Bill:
    """All lines; `beyond` [byte] by cellular plan is what lies beyond the caps.

    `unpriced` [byte] went over cellular links for which no plan is given.
    """

    lines: tuple[Line, ...]
    accounts: tuple[AccountBill, ...]
    updated: float  # vehicles, expected
    unpriced: float = 0.0
    beyond: dict[str, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """Cost of the campaign [USD]."""
        return sum(line.usd for line in self.lines)

    @property
    def per_vehicle(self) -> float | None:
        """Cost of a vehicle that gets updated [USD]; None where none is."""
        return self.total / self.updated if self.updated > 0 else None

    def by(self, axis: str) -> dict[str, float]:
        """Cost [USD] by `component`, `place` or `month`."""
        sums: dict[str, float] = {}
        for line in self.lines:
            key = getattr(line, axis)
            sums[key] = sums.get(key, 0.0) + line.usd
        return sums


@dataclass(frozen=True)
class _Month:
    """A month of billing, and the campaign's days [first, last) in it."""

    label: str
    days: int
    first: int
    last: int


def months_of(start: date | None, days: int) -> list[_Month]:
    """The months that a campaign of so many days touches."""
    months: list[_Month] = []
    first = 0
    while first < days:
        if start is None:
            label, length, left = f"month {len(months) + 1}", DAYS_PER_MONTH, DAYS_PER_MONTH
        else:
            today = start + timedelta(first)
            begin = today.replace(day=1)
            after = (begin + timedelta(31)).replace(day=1)
            label, length, left = f"{today:%Y-%m}", (after - begin).days, (after - today).days
        months.append(_Month(label, length, first, min(first + left, days)))
        first += left
    return months


@dataclass(frozen=True)
class _Cases:
    """The rollout stopped at the times of its halt's law, and not at all: which bins are left, with which chance."""

    stops: Array
    chance: Array
    left: Array  # share of each bin before the stop, (case, bin)

    def mean(self, values: Array) -> float:
        return float(self.chance @ values)


def _cases(rollout: Rollout, law: HaltLaw) -> _Cases:
    stops = np.append(law.times, rollout.campaign.horizon)
    halted = np.full(law.times.size, law.chance / max(law.times.size, 1))
    bins = rollout.sent_in.shape[-1]
    left = np.clip(stops[:, None] / BIN - np.arange(bins), 0.0, 1.0)
    return _Cases(stops, np.append(halted, 1 - law.chance), left)


def distinct_objects(campaign: Campaign, adaptive: bool = False) -> float:
    """Size [byte] of all objects that edge caches hold: a delta for each source version, the full image if asked for.

    Adaptive: one object, of which each vehicle asks for the ranges that it lacks.
    """
    if adaptive:
        return campaign.full
    deltas = {v.name: v.delta for v in campaign.versions if v.delta is not None and v.share > 0}
    plain = any(v.delta is None and v.share > 0 for v in campaign.versions)
    fallen_back = campaign.verify_fail_delta > 0 and any(deltas.values())
    return sum(deltas.values()) + campaign.full * (plain or fallen_back)


def bill(rollout: Rollout, billing: Billing, law: HaltLaw | None = None) -> Bill:
    """The bill of a rollout, expected over its halts (`law`, where it is known already)."""
    cases = _cases(rollout, law or halt_law(rollout))
    bins = rollout.sent_in.shape[-1]
    days = -(-bins // BINS_PER_DAY)
    months = months_of(billing.start, days)
    # Sums of ramps leave fractions of a byte in bins without traffic, which must not make a day with traffic.
    sent = np.where(rollout.sent_in > ROUNDING * rollout.sent_in.max(), rollout.sent_in, 0.0)
    sent = np.pad(sent, ((0, 0), (0, 0), (0, days * BINS_PER_DAY - bins)))
    left = np.pad(cases.left, ((0, 0), (0, days * BINS_PER_DAY - bins)))
    flows = _by(*rollout.begun, cases.stops)
    whole = left @ sent.sum(axis=(0, 1))
    flows_per_byte = np.divide(flows, whole, out=np.zeros_like(flows), where=whole > 0)
    requests_per_byte = 1 / billing.range_bytes + flows_per_byte
    lines: list[Line] = []
    accounts = []
    for account in billing.accounts:
        own = left * sent[list(account.regions)].sum(axis=(0, 1))
        parts = [
            MonthOfBins(
                own.reshape(len(own), days, BINS_PER_DAY)[:, month.first : month.last],
                month.days,
                account.others,
            )
            for month in months
        ]
        found = _account(account, parts, months, cases, requests_per_byte, billing.objects)
        lines += found[0]
        accounts.append(found[1])
    beyond = {}
    for plan in billing.cellular:
        found_lines, beyond[plan.name] = _cellular(plan, rollout, sent, left, months, cases)
        lines += found_lines
    planned = {region for plan in billing.cellular for region in plan.regions}
    rest = [region for region in range(len(sent)) if region not in planned]
    unpriced = cases.mean(left @ sent[rest, CELLULAR].sum(axis=0))
    updated = cases.mean(_updated(rollout, cases.stops))
    return Bill(tuple(lines), tuple(accounts), updated, unpriced, beyond)


def _by(time: Array, weight: Array, stops: Array) -> Array:
    """Weights up to each stop."""
    order = np.argsort(time)
    total = np.concatenate([[0.0], np.cumsum(weight[order])])
    return np.asarray(total[np.searchsorted(time[order], stops, side="right")])


def _updated(rollout: Rollout, stops: Array) -> Array:
    """Vehicles updated, by case: installs that run at a halt end normally."""
    install = rollout.campaign.install
    ends = rollout.starts.ravel() + install.duration
    success = rollout.attempt_weights.ravel() * (1 - install.fail)
    return _by(ends, success, np.minimum(stops + install.duration, rollout.campaign.horizon))


def _account(
    account: Account,
    parts: list[MonthOfBins],
    months: list[_Month],
    cases: _Cases,
    requests_per_byte: Array,
    objects: float,
) -> tuple[list[Line], AccountBill]:
    """Lines of an account, and its traffic under each tariff."""
    tariffs = {account.tariff.name: account.tariff}
    for each in account.alternatives:
        tariffs.setdefault(each.name, each)
    volumes = np.array([part.volume for part in parts])  # (month, case)
    ranks = [part.ranked for part in parts]
    lines: list[Line] = []

    def add(component: str, month: _Month, usd: Array) -> None:
        amount = cases.mean(usd)
        if amount:
            lines.append(Line(component, account.name, month.label, amount))

    by_tariff = dict.fromkeys(tariffs, 0.0)
    for month, part, ranked in zip(months, parts, ranks, strict=True):
        for name, tariff in tariffs.items():
            found = month_charges(tariff, part, ranked)
            by_tariff[name] += cases.mean(found.total)
            if tariff is account.tariff:
                add("delivery", month, found.delivery)
                add("commit", month, found.commit)
                add("overage", month, found.overage)
        add("requests", month, account.tariff.request * part.volume * requests_per_byte)
    # Caches keep what they fetched; nobody fetches more than is asked for.
    fetched = np.minimum(account.caches * objects, volumes.sum(axis=0))
    first = int((volumes.max(axis=1) > 0).argmax())
    add("origin", months[first], account.tariff.origin * fetched)
    most = int((volumes @ cases.chance).argmax())
    part = parts[most]
    alone = MonthOfBins(part.sent, part.days)
    p95 = cases.mean(billed_rate(alone, "p95", ranks[most])) / 1000
    mean = cases.mean(volumes[most]) / (part.days * BYTES_PER_DAY_OF_MBPS) / 1000
    return lines, AccountBill(
        name=account.name,
        tariff=account.tariff.name,
        dated=account.tariff.dated,
        bytes=cases.mean(volumes.sum(axis=0)),
        requests=cases.mean(volumes.sum(axis=0) * requests_per_byte),
        p95=p95,
        mean=mean,
        by_tariff=by_tariff,
        by_rate=next((each.name for each in tariffs.values() if each.rule == "p95"), None),
        break_even=_break_even(tariffs, by_tariff, cases.mean(volumes.sum(axis=0)), part.days),
    )


def _break_even(
    tariffs: dict[str, Tariff], by_tariff: dict[str, float], volume: float, days: int
) -> dict[str, float]:
    """Each tariff by volume, at the mean price that this traffic pays, against the first price of the rate."""
    by_rate = [each for each in tariffs.values() if each.rule == "p95"]
    if not (by_rate and volume > 0):
        return {}
    price = by_rate[0].prices.prices[0]
    return {
        name: float(break_even(by_tariff[name] / volume, price, days))
        for name, each in tariffs.items()
        if each.rule == "volume"
    }


def _cellular(
    plan: CellularPlan,
    rollout: Rollout,
    sent: Array,
    left: Array,
    months: list[_Month],
    cases: _Cases,
) -> tuple[list[Line], float]:
    """Lines of a cellular plan, and the bytes beyond its caps.

    A vehicle's bytes are taken to fall into one month, so that what lies beyond its own cap is rather too much for a
    campaign that spans several; a rollout that is halted has the whole one's share beyond the caps.
    """
    regions = list(plan.regions)
    by_day = (left * sent[regions, CELLULAR].sum(axis=0)).reshape(len(left), -1, BINS_PER_DAY)
    volumes = [by_day[:, month.first : month.last].sum(axis=(1, 2)) for month in months]
    mine = np.isin(rollout.classes.region, regions)
    weight, got = rollout.classes.weight[mine], rollout.cellular[mine]
    free = max(plan.allowance - plan.used, 0.0)
    over = float(weight @ np.maximum(got - free, 0.0)) if np.isfinite(free) else 0.0
    share = over / max(float(weight @ got), 1.0)
    vehicles = float(weight.sum())
    lines, beyond = [], 0.0
    for month, volume in zip(months, volumes, strict=True):
        excess = np.maximum(volume - vehicles * free, 0.0) if plan.pooled else share * volume
        usd = cases.mean(plan.price * (volume - excess) + plan.overage * excess)
        beyond += cases.mean(excess)
        if usd:
            lines.append(Line("cellular", plan.name, month.label, usd))
    return lines, beyond
