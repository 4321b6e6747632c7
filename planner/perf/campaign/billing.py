"""What does a campaign cost: delivery by contract and month, cellular data, requests, and the origin's egress?

Bytes are those of a `Rollout`, by region, link and five-minute bin; all links pass the delivery network, and cellular
bytes cost the operator's price besides. If the campaign may be halted each amount is the mean over the rollout stopped
at the likely times of the halt, priced case by case, since neither tiers nor a percentile are linear. Prices:
`tariffs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from planner.axes import Array
from planner.perf.campaign.description import Campaign
from planner.perf.campaign.halt import HaltLaw
from planner.perf.campaign.monthly import Traffic, traffic_of, updated
from planner.perf.campaign.records import Rollout
from planner.perf.campaign.tariffs import (
    BYTES_PER_DAY_OF_MBPS,
    MonthOfBins,
    Tariff,
    billed_rate,
    break_even,
    month_charges,
)

COMPONENTS = ("delivery", "commit", "overage", "cellular", "requests", "origin")
MBPS_PER_GBPS = 1000.0
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
    `overhead` is what headers and retransmissions add to each byte that is billed (7 to 15 % where they are: Huawei
    Cloud, CDN, Billing Items, 28 November 2023).
    """

    accounts: tuple[Account, ...]
    cellular: tuple[CellularPlan, ...] = ()
    start: date | None = None
    range_bytes: float = np.inf
    objects: float = 0.0
    overhead: float = 0.0

    def cost(self, rollout: Rollout) -> float:
        """What a rollout costs [USD], expected over its halts."""
        return cost(rollout, self)


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

    `unpriced` [byte] went over cellular links for which no plan is given. `together` [USD] is what the delivery of all
    accounts costs as one contract under each tariff that all of them are compared with: peaks do not coincide, but each
    contract has free hours of its own.
    """

    lines: tuple[Line, ...]
    accounts: tuple[AccountBill, ...]
    updated: float  # vehicles, expected
    unpriced: float = 0.0
    together: dict[str, float] = field(default_factory=dict)
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
    """The bill of a rollout, expected over its halts, or those of a given law."""
    traffic = traffic_of(rollout, billing.start, billing.overhead, law)
    requests = traffic.requests_per_byte(billing.range_bytes)
    lines: list[Line] = []
    accounts = []
    for account in billing.accounts:
        parts = traffic.of(account.regions, account.others)
        lines += _account_lines(account, parts, traffic, requests, billing.objects)
        accounts.append(_account(account, parts, traffic, requests))
    beyond = {}
    for plan in billing.cellular:
        found, beyond[plan.name] = _cellular(plan, traffic)
        lines += found
    planned = {region for plan in billing.cellular for region in plan.regions}
    rest = [region for region in range(traffic.sent.shape[1]) if region not in planned]
    return Bill(
        lines=tuple(lines),
        accounts=tuple(accounts),
        updated=traffic.mean(updated(traffic)),
        unpriced=traffic.mean(
            traffic.days_of(traffic.sent[:, rest, CELLULAR].sum(axis=1)).sum(axis=(1, 2))
        ),
        together=_together(billing.accounts, traffic),
        beyond=beyond,
    )


def _together(accounts: tuple[Account, ...], traffic: Traffic) -> dict[str, float]:
    """Delivery of all accounts' traffic as one contract [USD], by tariff; nothing where there is one account."""
    if len(accounts) < 2:
        return {}
    shared = [
        each
        for each in accounts[0].alternatives
        if all(each in account.alternatives for account in accounts)
    ]
    regions = tuple(region for account in accounts for region in account.regions)
    others = sum(account.others for account in accounts)
    parts = traffic.of(regions, others) if shared else []
    return {
        each.name: sum(traffic.mean(month_charges(each, part).total) for part in parts)
        for each in shared
    }


def cost(rollout: Rollout, billing: Billing, law: HaltLaw | None = None) -> float:
    """The total of a rollout's bill [USD], without what else a bill says."""
    traffic = traffic_of(rollout, billing.start, billing.overhead, law)
    requests = traffic.requests_per_byte(billing.range_bytes)
    lines: list[Line] = []
    for account in billing.accounts:
        parts = traffic.of(account.regions, account.others)
        lines += _account_lines(account, parts, traffic, requests, billing.objects)
    for plan in billing.cellular:
        lines += _cellular(plan, traffic)[0]
    return sum(line.usd for line in lines)


def _account_lines(
    account: Account,
    parts: list[MonthOfBins],
    traffic: Traffic,
    requests_per_byte: Array,
    objects: float,
) -> Iterator[Line]:
    """Lines of an account."""
    tariff, first = account.tariff, True
    volume = np.sum([part.volume for part in parts], axis=0)
    # Caches keep what they fetched; nobody fetches more than is asked for.
    fetched = np.minimum(account.caches * objects * traffic.billed, volume)
    for month, part in zip(traffic.months, parts, strict=True):
        if not part.volume.any():
            continue
        found = month_charges(tariff, part)
        amounts = {
            "delivery": found.delivery,
            "commit": found.commit,
            "overage": found.overage,
            "requests": tariff.request * part.volume * requests_per_byte,
            "origin": tariff.origin * fetched * first,
        }
        first = False
        for component, usd in amounts.items():
            if usd.any():
                yield Line(component, account.name, month.label, traffic.mean(usd))


def _account(
    account: Account, parts: list[MonthOfBins], traffic: Traffic, requests_per_byte: Array
) -> AccountBill:
    """An account's traffic, and what it costs under each tariff."""
    tariffs = {account.tariff.name: account.tariff}
    for each in account.alternatives:
        tariffs.setdefault(each.name, each)
    by_tariff = {
        name: sum(traffic.mean(month_charges(tariff, part).total) for part in parts)
        for name, tariff in tariffs.items()
    }
    volumes = np.array([part.volume for part in parts])  # (month, case)
    volume = traffic.mean(volumes.sum(axis=0))
    part = parts[int((volumes @ traffic.chance).argmax())]
    return AccountBill(
        name=account.name,
        tariff=account.tariff.name,
        dated=account.tariff.dated,
        bytes=volume,
        requests=traffic.mean(volumes.sum(axis=0) * requests_per_byte),
        p95=traffic.mean(billed_rate(part, "p95") - part.others_rate) / MBPS_PER_GBPS,
        mean=traffic.mean(part.volume) / (part.days * BYTES_PER_DAY_OF_MBPS) / MBPS_PER_GBPS,
        by_tariff=by_tariff,
        by_rate=next((each.name for each in tariffs.values() if each.rule == "p95"), None),
        break_even=_break_even(tariffs, by_tariff, volume, part.days),
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


def _cellular(plan: CellularPlan, traffic: Traffic) -> tuple[list[Line], float]:
    """Lines of a cellular plan, and the bytes beyond its caps.

    A vehicle's bytes are taken to fall into one month, so that what lies beyond its own cap is rather too much for a
    campaign that spans several; a rollout that is halted has the whole one's share beyond the caps.
    """
    regions, classes = list(plan.regions), traffic.rollout.classes
    by_day = traffic.days_of(traffic.sent[:, regions, CELLULAR].sum(axis=1))
    mine = np.isin(classes.region, regions)
    weight, got = classes.weight[mine], traffic.billed * traffic.rollout.cellular[mine]
    free = max(plan.allowance - plan.used, 0.0)
    over = float(weight @ np.maximum(got - free, 0.0)) if np.isfinite(free) else 0.0
    share = over / max(float(weight @ got), 1.0)
    shared = float(weight.sum()) * free
    lines, beyond = [], 0.0
    for month in traffic.months:
        volume = by_day[:, month.first : month.last].sum(axis=(1, 2))
        excess = np.maximum(volume - shared, 0.0) if plan.pooled else share * volume
        usd = traffic.mean(plan.price * (volume - excess) + plan.overage * excess)
        beyond += traffic.mean(excess)
        if usd:
            lines.append(Line("cellular", plan.name, month.label, usd))
    return lines, beyond
