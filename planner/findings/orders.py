"""What must be ordered by when, delivered when and put into service when, for how much?

An order has the vendor's price, as the ledger's lines of nodes, storage, networks and rigs have it. What comes on top
of the book, or is not paid as it says, is in `beside_orders`: both together are the plan's capex.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from planner.axes import HARDWARE, ITEM, MONTH, NETWORK, SITE, TIER, Array, on
from planner.catalogue import ITEMS
from planner.findings.spans import month_before
from planner.model.decisions import months_of_life, whole_months
from planner.results import Results

# Items of the cash flow that are on top of the book, in the words of its footer.
ON_TOP = {"installation": "installation", "duty": "duty", "halls": "building"}
LEASED, COMMITTED = "what is leased", "balances of what was committed before the plan"
INFLATION = "what inflation takes off until payment"
ROUNDING = 1e-9  # of capex, and of a unit
GROWTH, RENEWAL = "growth", "renewal"


@dataclass(frozen=True)
class Order:
    """One line of the order book; `usd` is the vendor's price at the order's price level, 0 where the site rents.

    `tier` is the storage tier or the network that it is for. `reason` is "renewal" where the units stand in for others
    that have reached the end of their life, or reach it before the next order; else "growth".
    """

    kind: str
    hardware: str
    what: str
    tier: str
    site: str
    count: int
    order_by: str
    delivered: str
    in_service: str
    usd: float
    reason: str


def orders(plan: Results) -> list[Order]:
    """The order book by order month, the most expensive order of a month first."""
    return sorted(
        (
            *_node_orders(plan),
            *_storage_orders(plan),
            *_switch_orders(plan),
            *_link_orders(plan),
            *_rig_orders(plan),
        ),
        key=lambda order: (order.order_by, -order.usd, order.in_service, order.site, order.what),
    )


def _node_orders(plan: Results) -> Iterator[Order]:
    inputs, labels = plan.project.inputs, plan.project.table.labels
    entering = on(plan.values("orders")[0], MONTH, SITE, HARDWARE)[0]
    lead = on(plan.values("node_delivery_time")[0], SITE, HARDWARE)[0]
    lead = np.broadcast_to(lead, entering.shape[1:])
    commissioning = on(plan.leaf("site_commissioning"), SITE)[0]
    before = on(plan.values("nodes_before_equivalent")[0], MONTH, SITE)[0]
    renewed = _renewed(plan, entering.sum(axis=2), before)
    price = on(plan.leaf("node_price"), MONTH, HARDWARE)[0] * _money(plan)[:, None]
    owned = 1.0 - on(plan.leaf("site_rents"), SITE)[0]
    for month, site, kind in np.argwhere(entering > 0):
        count = int(entering[month, site, kind])
        name = labels[HARDWARE][kind]
        wait = commissioning[site], commissioning[site] + lead[site, kind]
        delivered, ordered = (month_before(plan, month, by) for by in wait)
        unit = float(price[ordered, kind] * owned[site])
        what = ("node", name, inputs.profile("nodes", name).title, "", labels[SITE][site])
        when = _labels(plan, ordered, delivered, month)
        for part, reason in _parts(count, renewed[month, site]):
            yield Order(*what, part, *when, part * unit, reason)


def _storage_orders(plan: Results) -> Iterator[Order]:
    inputs, labels = plan.project.inputs, plan.project.table.labels
    entering = on(plan.values("storage_orders")[0], MONTH, TIER, SITE)[0]
    lead = on(plan.leaf("system_lead_time"), TIER)[0]
    commissioning = float(plan.leaf("storage_policy_commissioning").flat[0])
    price = on(plan.leaf("system_price"), MONTH, TIER)[0] * _money(plan)[:, None]
    before = on(plan.values("storage_units_before")[0], MONTH, TIER, SITE)[0]
    renewed = _renewed(plan, entering, before, "storage_policy_order_interval")
    for month, tier, site in np.argwhere(entering > 0):
        count = int(entering[month, tier, site])
        system = inputs.scenario.tiers[labels[TIER][tier]].system
        wait = commissioning, commissioning + lead[tier]
        delivered, ordered = (month_before(plan, month, by) for by in wait)
        unit = float(price[ordered, tier])
        title, site_name = inputs.profile("storage", system).title, labels[SITE][site]
        what = ("storage", system, title, labels[TIER][tier], site_name)
        when = _labels(plan, ordered, delivered, month)
        for part, reason in _parts(count, renewed[month, tier, site]):
            yield Order(*what, part, *when, part * unit, reason)


def _switch_orders(plan: Results) -> Iterator[Order]:
    """Switches by network, which enter service with the nodes that hang on them."""
    inputs = plan.project.inputs
    for network, *line in _network_orders(
        plan, "switch_orders", "switches_at_start", "switch_price"
    ):
        switch = inputs.scenario.fabrics[network].switch
        yield Order("switch", switch, inputs.profile("network", switch).title, network, *line)


def _link_orders(plan: Results) -> Iterator[Order]:
    """Links by network: cables, with the optics at their ends where switches take pluggable modules."""
    inputs = plan.project.inputs
    for network, *line in _network_orders(
        plan, "link_orders", "links_at_start", "switch_cable_price"
    ):
        switch = inputs.profile("network", inputs.scenario.fabrics[network].switch)
        yield Order(
            "link", "", "cable with optics" if switch.pluggable else "cable", network, *line
        )


def _network_orders(
    plan: Results, orders: str, at_start: str, price: str
) -> Iterator[tuple[Any, ...]]:
    """Network, site, count, months, price and reason of what enters service; rented nodes bring theirs with them."""
    labels = plan.project.table.labels
    found, there, rented = plan.values(orders, at_start, "rented_share")
    entering = on(found, MONTH, NETWORK, SITE)[0]
    owned = 1.0 - np.broadcast_to(on(rented, MONTH, NETWORK, SITE)[0], entering.shape)
    unit = on(plan.leaf(price), NETWORK)[0]
    lead = np.broadcast_to(on(plan.leaf("switch_lead_time"), NETWORK)[0], entering.shape[1])
    money = _money(plan)
    life = int(months_of_life(plan.leaf("cluster_refresh_age")).item())
    serving = np.arange(len(entering))[:, None, None] < life
    stock = np.ceil(on(there, NETWORK, SITE)[0] - ROUNDING) * serving
    renewed = _renewed(plan, entering, stock)
    for month, network, site in np.argwhere((entering > 0) & (owned > 0)):
        ordered = month_before(plan, month, lead[network])
        when = _labels(plan, ordered, month, month)
        paid = unit[network] * owned[month, network, site] * money[ordered]
        names = labels[NETWORK][network], labels[SITE][site]
        count = int(entering[month, network, site])
        for part, reason in _parts(count, renewed[month, network, site]):
            yield *names, part, *when, float(part * paid), reason


def _rig_orders(plan: Results) -> Iterator[Order]:
    """Rigs with their ECUs, which serve when they are delivered."""
    found, before, unit = plan.values("rig_orders", "rigs_before", "rig_unit_price")
    entering = on(found, MONTH, SITE)[0]
    lead = float(plan.leaf("qualification_rig_lead_time").flat[0])
    price = np.broadcast_to(on(unit, MONTH)[0], len(plan.months))
    level = np.broadcast_to(on(plan.values("money_level")[0], MONTH)[0], len(plan.months))
    renewed = _renewed(plan, entering, on(before, MONTH, SITE)[0])
    for month, site in np.argwhere(entering > 0):
        count, place = int(entering[month, site]), plan.project.table.labels[SITE][site]
        ordered = month_before(plan, month, lead)
        when = _labels(plan, ordered, month, month)
        for part, reason in _parts(count, renewed[month, site]):
            usd = part * float(price[month] * level[ordered])
            yield Order("rig", "", "test rig", "", place, part, *when, usd, reason)


def _renewed(
    plan: Results, entering: Array, before: Array, interval: str = "site_order_interval"
) -> Array:
    """Units of each order (month, ..., site) that stand in for units at the end of their life.

    Those are the units whose life ends before the next order, or ended earlier, and that no order has replaced yet.
    `before` is the stock from before the plan, by month.
    """
    months = len(entering)
    life = int(months_of_life(plan.leaf("cluster_refresh_age")).item())
    covers = np.broadcast_to(whole_months(plan.leaf(interval).ravel()), entering.shape[-1])
    stock = np.broadcast_to(before, entering.shape)
    ended = np.zeros(entering.shape)
    ended[1:] = np.maximum(-np.diff(stock, axis=0), 0.0)
    ended[life:] += entering[: months - life] if life < months else 0.0
    so_far = ended.cumsum(axis=0)
    until = np.minimum(np.arange(months)[:, None] + covers - 1, months - 1)
    until = until.reshape(months, *[1] * (entering.ndim - 2), -1)
    due = np.take_along_axis(so_far, np.broadcast_to(until, entering.shape), axis=0)
    renewed, done = np.zeros(entering.shape), np.zeros(entering.shape[1:])
    for month in range(months):
        renewed[month] = np.floor(np.clip(due[month] - done, 0.0, entering[month]) + ROUNDING)
        done += renewed[month]
    return renewed


def _parts(count: int, renewed: float) -> Iterator[tuple[int, str]]:
    """Count and reason of the lines of an order: what is added, and what is renewed."""
    for part, reason in ((count - int(renewed), GROWTH), (int(renewed), RENEWAL)):
        if part > 0:
            yield part, reason


def beside_orders(plan: Results, book: Iterable[Order]) -> dict[str, float]:
    """What makes the plan's capex of its order book, in USD: the book's sum and these add up to it."""
    (ledger,) = plan.values("cash_flow")
    paid = dict(zip(ITEMS, on(ledger, MONTH, ITEM)[0].sum(axis=0).tolist(), strict=True))
    ordered = tuple(book)
    parts = {name: paid[item] for name, item in ON_TOP.items()}
    parts[COMMITTED] = _balances(plan)
    parts[LEASED] = -_leased(plan, ordered)
    capex = float(plan.values("capex")[0].sum())
    parts[INFLATION] = capex - sum(order.usd for order in ordered) - sum(parts.values())
    return {name: usd for name, usd in parts.items() if abs(usd) > ROUNDING * capex}


def _leased(plan: Results, book: Iterable[Order]) -> float:
    """Price of the nodes in the book that are leased: their payments are running costs."""
    leases = on(plan.leaf("site_leases"), SITE)[0]
    named = zip(plan.project.table.labels[SITE], leases, strict=True)
    sites = {site for site, leased in named if leased}
    return sum(o.usd for o in book if o.kind == "node" and o.site in sites)


def _balances(plan: Results) -> float:
    """What is still to be paid for nodes and storage that were committed before the plan."""
    nodes, storage = plan.values("node_committed_value", "storage_committed_value")
    buys = on(plan.leaf("site_buys"), SITE)[0]
    value = (on(nodes, MONTH, SITE, HARDWARE)[0].sum(axis=2) * buys).sum(axis=1)
    value = value + on(storage, MONTH, TIER, SITE)[0].sum(axis=(1, 2))
    balance = 1.0 - float(plan.leaf("economics_deposit_share").item())
    money = np.broadcast_to(on(plan.values("money_level")[0], MONTH)[0], len(plan.months))
    return float((value * money).sum()) * balance


def _money(plan: Results) -> Array:
    """What multiplies a price of the base date in each month: the scenario's price level, and money of the day."""
    level = on(plan.values("money_level")[0], MONTH)[0]
    return np.broadcast_to(level * plan.leaf("economics_currency_factor").item(), len(plan.months))


def _labels(plan: Results, *months: int) -> tuple[str, str, str]:
    """Months of the order, the delivery and the start of service."""
    ordered, delivered, entering = (plan.months[month] for month in months)
    return ordered, delivered, entering
