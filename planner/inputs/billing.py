"""How is a campaign billed? Reads the `billing` block of a campaign file.

    billing:
      start: 2026-03-10        # the date of day 0, for calendar months; absent: months of 30 days from day 0
      accounts:                # contracts for delivery; each region belongs to one
        - {regions: [us], tariff: wholesale_95_5, price_per_mbps: 0.5, base_tb_per_month: 300, edge_caches: 40}
        - {pools: [asia], tariff: cloudfront_japan}
      cellular:                # operators' contracts
        - {regions: [us], tariff: cellular_north_america, cap_gb: 2, used_gb: 0.5, overage_price_per_gb: 4}
      range_mb: 8              # what one request asks for; absent: one request a flow
      objects: static          # a delta for each source version; or adaptive: one object for all
      objects_mb: 9000         # in place of what `objects` finds
      overhead: 0.1            # what headers and retransmissions add to each byte that is billed; absent: nothing
      compare: [wholesale_per_gb]  # tariffs that the same traffic is priced with

A tariff is a profile of `hardware_profiles/tariffs/`; an account may override its numbers, or state a `rule` with
prices and name no tariff. Prices are USD; a price may be a number, or tiers `[[above, price], ...]` whose `above` is in
TB a month or in Gbit/s. GB, TB and MB are powers of ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Literal

from planner import resources, units
from planner.errors import InputError, suggestion
from planner.inputs.campaign_node import CampaignNode
from planner.inputs.load import read_profile
from planner.inputs.numbers import Cell, month_label
from planner.inputs.profiles import Tariff as TariffProfile
from planner.perf.campaign.billing import Account, Billing, CellularPlan, distinct_objects
from planner.perf.campaign.description import BYTES_PER_MB, Campaign
from planner.perf.campaign.tariffs import RULES, Prices, Rule, Tariff

KIND = "tariffs"
GB, TB = 1e9, 1e12
MBPS_PER_GBPS = 1000.0
REQUESTS = 10_000  # that a price of requests is for
COMPARED = ("wholesale_per_gb", "wholesale_95_5", "wholesale_95_5_active_days")
BY_VOLUME = ("price_per_gb", "commit_tb", "overage_price_per_gb")
BY_RATE = ("price_per_mbps", "commit_gbps", "overage_price_per_mbps")
Quote = Literal["low", "base", "high"]
"""Which percentile of a profile's prices: the 10th, the median, the 90th."""
OTHERS = ("request_price_per_10k", "origin_price_per_gb")


def read_billing(
    block: CampaignNode, campaign: Campaign, overlays: Sequence[Path] = (), quote: Quote = "base"
) -> Billing:
    """The billing of a campaign; InputError lists everything that is wrong with the block.

    `overlays` are folders of profiles that go before the shipped ones; all prices of profiles are at one `quote`.
    """
    reader = _Reader(campaign, overlays, quote)
    block.keys(
        "start", "accounts", "cellular", "range_mb", "objects", "objects_mb", "overhead", "compare"
    )
    alternatives = reader.compared(block.get("compare"))
    accounts = [reader.account(each, alternatives) for each in block["accounts"].some()]
    plans = [reader.plan(each) for each in _list(block.get("cellular"))]
    for region in reader.regions:
        if region not in reader.delivered:
            block["accounts"].fault(f"region {region!r} is billed by none of them")
    _once([each.name for each in accounts], block["accounts"])
    _once([each.name for each in plans], block.get("cellular"))
    objects = block.get("objects")
    adaptive = objects.present and objects.one_of("static", "adaptive") == "adaptive"
    stated = block.get("objects_mb").optional(lambda node: node.number(0.0))
    size = block.get("range_mb").optional(CampaignNode.positive)
    overhead = block.get("overhead").optional(lambda node: node.number(0.0, 1.0))
    billing = Billing(
        accounts=tuple(accounts),
        cellular=tuple(plans),
        start=block.get("start").optional(_date),
        range_bytes=float("inf") if size is None else size * BYTES_PER_MB,
        objects=distinct_objects(campaign, adaptive) if stated is None else stated * BYTES_PER_MB,
        overhead=overhead or 0.0,
    )
    block.origin.raise_faults()
    return billing


def _list(node: CampaignNode) -> list[CampaignNode]:
    return node.items() if node.present else []


def _once(names: list[str], node: CampaignNode) -> None:
    for name in sorted({name for name in names if names.count(name) > 1}):
        node.fault(f"two entries are called {name!r}; give them names")


def _date(node: CampaignNode) -> date:
    try:
        return date.fromisoformat(str(node.value))
    except ValueError:
        node.fault(f"expected a date such as 2026-03-10, found {node.value!r}")
        return date(2026, 1, 1)


class _Reader:
    """Reads accounts and plans, and keeps which regions are taken."""

    def __init__(self, campaign: Campaign, overlays: Sequence[Path], quote: Quote) -> None:
        self.quote = quote
        self.regions = [each.name for each in campaign.regions]
        self.pools = {
            pool.name: [r.name for r in campaign.regions if r.pool == place]
            for place, pool in enumerate(campaign.pools)
        }
        self.overlays = overlays
        self.delivered: set[str] = set()
        self.connected: set[str] = set()

    # --- who ----------------------------------------------------------------------------------------------------------

    def members(self, node: CampaignNode, taken: set[str]) -> list[str]:
        """The regions of an entry: those it names, those of the pools it names, or all."""
        found = []
        for each in _list(node.get("regions")):
            if each.text() in self.regions:
                found.append(each.text())
            else:
                each.fault(f"no region {each.value!r}; {suggestion(each.text(), self.regions)}")
        for each in _list(node.get("pools")):
            if each.text() in self.pools:
                found += self.pools[each.text()]
            else:
                each.fault(f"no pool {each.value!r}; {suggestion(each.text(), self.pools)}")
        if not (node.get("regions").present or node.get("pools").present):
            found = list(self.regions)
        for name in found:
            if name in taken:
                node.fault(f"region {name!r} is billed by another entry already")
            taken.add(name)
        return found

    def name(self, node: CampaignNode, members: list[str]) -> str:
        """What an entry is called: as it says, else its pools or regions."""
        if node.get("name").present:
            return node["name"].text()
        pools = _list(node.get("pools"))
        return ", ".join([each.text() for each in pools] or members)

    def places(self, members: list[str]) -> tuple[int, ...]:
        return tuple(sorted({self.regions.index(name) for name in members}))

    # --- delivery -----------------------------------------------------------------------------------------------------

    def account(self, node: CampaignNode, alternatives: tuple[Tariff, ...]) -> Account:
        """One contract for delivery."""
        node.keys(
            "name", "regions", "pools", "tariff", "rule", "base_tb_per_month", "edge_caches",
            *BY_VOLUME, *BY_RATE, *OTHERS,
        )  # fmt: skip
        members = self.members(node, self.delivered)
        return Account(
            name=self.name(node, members),
            regions=self.places(members),
            tariff=self.tariff(node),
            others=_number(node, "base_tb_per_month") * TB,
            caches=_number(node, "edge_caches"),
            alternatives=alternatives,
        )

    def compared(self, node: CampaignNode) -> tuple[Tariff, ...]:
        """Tariffs to compare with."""
        if not node.present:
            return tuple(tariff_of(name, self.profile(name), self.quote) for name in COMPARED)
        found = []
        for each in node.items():
            profile = self.named(each)
            if profile is not None and profile.rule == "cellular":
                each.fault(f"{each.value!r} is a tariff of an operator, not for delivery")
            elif profile is not None:
                found.append(tariff_of(each.text(), profile, self.quote))
        return tuple(found)

    def tariff(self, node: CampaignNode) -> Tariff:
        """A profile's tariff, or a rule and its prices, with what the entry says in their place."""
        base = Tariff("as stated", "volume", Prices((0.0,), (0.0,)))
        if node.get("tariff").present:
            profile = self.named(node["tariff"])
            if profile is None:
                return base
            if profile.rule == "cellular":
                node["tariff"].fault("is a tariff of an operator, not for delivery")
                return base
            base = tariff_of(node["tariff"].text(), profile, self.quote)
            if node.get("rule").present and node["rule"].value != base.rule:
                node["rule"].fault(f"the tariff bills by {base.rule}")
        elif not node.get("rule").present:
            node.fault("names no tariff, and no rule with a price")
            return base
        else:
            rule: Rule = node["rule"].one_of(*RULES)  # type: ignore[assignment]
            base = replace(base, rule=rule)
            node["price_per_gb" if rule == "volume" else "price_per_mbps"]
        return _overridden(node, base)

    def named(self, node: CampaignNode) -> TariffProfile | None:
        """The profile that an entry names; a fault where there is none, or where it is unsound."""
        known = resources.profiles(KIND, self.overlays)
        if node.text() not in known:
            node.fault(f"no profile {node.value!r} in {KIND}/; {suggestion(node.text(), known)}")
            return None
        try:
            return self.profile(node.text())
        except InputError as error:
            node.origin.faults.extend(error.faults)
            return None

    def profile(self, name: str) -> TariffProfile:
        profile = read_profile(KIND, name, self.overlays)
        assert isinstance(profile, TariffProfile)
        return profile

    # --- cellular -----------------------------------------------------------------------------------------------------

    def plan(self, node: CampaignNode) -> CellularPlan:
        """One operator's contract."""
        node.keys(
            "name", "regions", "pools", "tariff", "price_per_gb", "cap_gb", "used_gb", "pooled",
            "throttled", "overage_price_per_gb",
        )  # fmt: skip
        members = self.members(node, self.connected)
        plan = CellularPlan(self.name(node, members), self.places(members), 0.0)
        throttled, over = False, None
        if node.get("tariff").present:
            profile = self.named(node["tariff"])
            if profile is not None and profile.rule != "cellular":
                node["tariff"].fault("is a tariff for delivery, not of an operator")
            elif profile is not None:
                cap = profile.vehicle_cap
                plan = replace(
                    plan,
                    price=_quoted(profile.volume[0].price, self.quote),
                    allowance=float("inf") if cap is None else cap.value,
                    pooled=profile.pooled,
                )
                throttled = profile.throttled
                if profile.overage_volume is not None:
                    over = _quoted(profile.overage_volume, self.quote)
        elif not node.get("price_per_gb").present:
            node.fault("names no tariff and no price_per_gb")
        if node.get("price_per_gb").present:
            plan = replace(plan, price=node["price_per_gb"].number(0.0) / GB)
        if node.get("cap_gb").present:
            plan = replace(plan, allowance=node["cap_gb"].number(0.0) * GB)
        if node.get("overage_price_per_gb").present:
            throttled, over = False, node["overage_price_per_gb"].number(0.0) / GB
        if node.get("pooled").present:
            plan = replace(plan, pooled=node["pooled"].flag())
        if node.get("throttled").present:
            throttled = node["throttled"].flag()
        return replace(
            plan,
            used=_number(node, "used_gb") * GB,
            overage=0.0 if throttled else plan.price if over is None else over,
        )


def _number(node: CampaignNode, key: str) -> float:
    """A number that may be absent, which is 0."""
    return node.get(key).number(0.0) if node.get(key).present else 0.0


def _overridden(node: CampaignNode, tariff: Tariff) -> Tariff:
    """The tariff with the numbers that an entry states in place of its own."""
    by_volume = tariff.rule == "volume"
    unit, scale, mine, others = (
        (GB, TB, BY_VOLUME, BY_RATE) if by_volume else (1.0, MBPS_PER_GBPS, BY_RATE, BY_VOLUME)
    )
    for key in others:
        if node.get(key).present:
            node[key].fault(f"means nothing: the tariff bills by {tariff.rule}; it has {mine[0]}")
    price, commit, overage = (node.get(key) for key in mine)
    if price.present:
        tariff = replace(tariff, prices=_prices(price, unit, scale))
    if commit.present:
        tariff = replace(tariff, commit=commit.number(0.0) * scale)
    if overage.present:
        tariff = replace(tariff, overage=overage.number(0.0) / unit)
    if node.get("request_price_per_10k").present:
        tariff = replace(tariff, request=node["request_price_per_10k"].number(0.0) / REQUESTS)
    if node.get("origin_price_per_gb").present:
        tariff = replace(tariff, origin=node["origin_price_per_gb"].number(0.0) / GB)
    return tariff


def _prices(node: CampaignNode, unit: float, scale: float) -> Prices:
    """One price, or tiers `[[above, price], ...]` that rise from 0."""
    if not isinstance(node.value, Sequence) or isinstance(node.value, str):
        return Prices((0.0,), (node.number(0.0) / unit,))
    starts, prices = [], []
    for row in node.some():
        cells = row.items()
        if len(cells) != 2:
            row.fault("expected [above, price]")
            continue
        starts.append(cells[0].number(0.0) * scale)
        prices.append(cells[1].number(0.0) / unit)
    if starts and (starts[0] != 0 or starts != sorted(set(starts))):
        node.fault("tiers start at 0 and rise")
    return Prices(tuple(starts), tuple(prices)) if starts else Prices((0.0,), (0.0,))


def tariff_of(name: str, profile: TariffProfile, quote: Quote = "base") -> Tariff:
    """A profile for delivery as what is computed with."""
    by_volume = profile.rule == "volume"
    tiers = profile.volume if by_volume else profile.rate
    commit = profile.commit_volume if by_volume else profile.commit_rate
    overage = profile.overage_volume if by_volume else profile.overage_rate
    price, amount = (1.0, 1.0) if by_volume else (_per("USD/Mbps month"), _per("Mbps"))
    starts = tuple(tier.above.value * amount for tier in tiers)
    return Tariff(
        name=name,
        rule=profile.rule,  # type: ignore[arg-type]
        prices=Prices(starts, tuple(_quoted(tier.price, quote) * price for tier in tiers)),
        commit=(0.0 if commit is None else commit.value) * amount,
        overage=None if overage is None else _quoted(overage, quote) * price,
        request=_quoted(profile.requests, quote) / REQUESTS,
        origin=_quoted(profile.origin, quote),
        dated=month_label(profile.valid),
    )


def _per(unit: str) -> float:
    """What one base unit is in this one."""
    return float(units.from_base(1.0, unit))


def _quoted(price: Cell | None, quote: Quote) -> float:
    """A price at its percentile; one without a span, or that is not there, has no other."""
    if price is None:
        return 0.0
    at = {"low": price.low, "high": price.high}.get(quote)
    return price.value if at is None else at
