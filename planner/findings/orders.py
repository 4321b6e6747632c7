"""What must be ordered by when, delivered when and put into service when, for how much?

An order has the vendor's price, as the ledger's lines of nodes, storage, networks and rigs have it. What comes on top
of the book, or is not paid as it says, is in `beside_orders`: both together are the plan's capex.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from planner.axes import HARDWARE, ITEM, MONTH, NETWORK, SITE, TIER, Array, on
from planner.catalogue import ITEMS
from planner.findings.spans import month_before
from planner.plan import Plan

# Items of the cash flow that are on top of the book, in the words of its footer.
ON_TOP = {"installation": "installation", "duty": "duty", "halls": "building"}
LEASED, COMMITTED = "what is leased", "balances of what was committed before the plan"
INFLATION = "what inflation takes off until payment"
ROUNDING = 1e-9  # of capex


@dataclass(frozen=True)
class Order:
    """One line of the order book; `usd` is the vendor's price at the order's price level, 0 where the site rents.

    `tier` is the storage tier or the network that it is for.
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


def orders(plan: Plan) -> list[Order]:
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


def _node_orders(plan: Plan) -> Iterator[Order]:
    inputs, labels = plan.project.inputs, plan.project.table.labels
    entering = on(plan.values("orders")[0], MONTH, SITE, HARDWARE)[0]
    lead = on(plan.leaf("node_lead_time"), HARDWARE)[0]
    commissioning = on(plan.leaf("site_commissioning"), SITE)[0]
    price = on(plan.leaf("node_price"), MONTH, HARDWARE)[0] * _money(plan)[:, None]
    owned = 1.0 - on(plan.leaf("site_rents"), SITE)[0]
    for month, site, kind in np.argwhere(entering > 0):
        count = int(entering[month, site, kind])
        name = labels[HARDWARE][kind]
        wait = commissioning[site], commissioning[site] + lead[kind]
        delivered, ordered = (month_before(plan, month, by) for by in wait)
        unit = float(price[ordered, kind] * owned[site])
        yield Order(
            "node",
            name,
            inputs.profile("nodes", name).title,
            "",
            labels[SITE][site],
            count,
            *_labels(plan, ordered, delivered, month),
            count * unit,
        )


def _storage_orders(plan: Plan) -> Iterator[Order]:
    inputs, labels = plan.project.inputs, plan.project.table.labels
    entering = on(plan.values("storage_orders")[0], MONTH, TIER, SITE)[0]
    lead = on(plan.leaf("system_lead_time"), TIER)[0]
    commissioning = float(plan.leaf("storage_policy_commissioning").flat[0])
    price = on(plan.leaf("system_price"), MONTH, TIER)[0] * _money(plan)[:, None]
    for month, tier, site in np.argwhere(entering > 0):
        count = int(entering[month, tier, site])
        system = inputs.scenario.tiers[labels[TIER][tier]].system
        wait = commissioning, commissioning + lead[tier]
        delivered, ordered = (month_before(plan, month, by) for by in wait)
        unit = float(price[ordered, tier])
        yield Order(
            "storage",
            system,
            inputs.profile("storage", system).title,
            labels[TIER][tier],
            labels[SITE][site],
            count,
            *_labels(plan, ordered, delivered, month),
            count * unit,
        )


def _switch_orders(plan: Plan) -> Iterator[Order]:
    """Switches by network; they come with the nodes, and are paid when they enter service."""
    inputs, labels = plan.project.inputs, plan.project.table.labels
    entering = on(plan.values("switch_orders")[0], MONTH, NETWORK, SITE)[0]
    paid = _network_paid(plan, "switch_orders", "switch_price")
    for month, network, site in np.argwhere(entering > 0):
        switch = inputs.scenario.fabrics[labels[NETWORK][network]].switch
        yield Order(
            "switch",
            switch,
            inputs.profile("network", switch).title,
            labels[NETWORK][network],
            labels[SITE][site],
            int(entering[month, network, site]),
            *_labels(plan, month, month, month),
            float(paid[month, network, site]),
        )


def _link_orders(plan: Plan) -> Iterator[Order]:
    """Links of all networks of a site together."""
    entering = on(plan.values("link_orders")[0], MONTH, NETWORK, SITE)[0]
    paid = _network_paid(plan, "link_orders", "switch_cable_price").sum(axis=1)
    count = entering.sum(axis=1)
    for month, site in np.argwhere(count > 0):
        place, number = plan.project.table.labels[SITE][site], int(count[month, site])
        months = _labels(plan, month, month, month)
        yield Order("link", "", "cable", "", place, number, *months, float(paid[month, site]))


def _network_paid(plan: Plan, entering: str, price: str) -> Array:
    """Price of what enters service by (month, network, site), but for what comes with rented nodes."""
    ordered, rented = plan.values(entering, "rented_share")
    bought = on(ordered * plan.leaf(price) * (1.0 - rented), MONTH, NETWORK, SITE)[0]
    return np.asarray(bought * _money(plan)[:, None, None])


def _rig_orders(plan: Plan) -> Iterator[Order]:
    """Rigs, which serve when they are delivered and are paid then."""
    entering = on(plan.values("rig_orders")[0], MONTH, SITE)[0]
    lead = float(plan.leaf("qualification_rig_lead_time").flat[0])
    price = float(plan.leaf("qualification_rig_price").flat[0]) * _money(plan)
    for month, site in np.argwhere(entering > 0):
        count, place = int(entering[month, site]), plan.project.table.labels[SITE][site]
        months = _labels(plan, month_before(plan, month, lead), month, month)
        usd = count * float(price[month])
        yield Order("rig", "", "test rig", "", place, count, *months, usd)


def beside_orders(plan: Plan) -> dict[str, float]:
    """What makes the plan's capex of the order book, in USD: the book's sum and these add up to it."""
    (ledger,) = plan.values("cash_flow")
    paid = dict(zip(ITEMS, on(ledger, MONTH, ITEM)[0].sum(axis=0).tolist(), strict=True))
    book = sum(order.usd for order in plan.orders)
    parts = {name: paid[item] for name, item in ON_TOP.items()}
    parts[COMMITTED] = _balances(plan)
    parts[LEASED] = -_leased(plan)
    capex = float(plan.values("capex")[0].sum())
    parts[INFLATION] = capex - book - sum(parts.values())
    return {name: usd for name, usd in parts.items() if abs(usd) > ROUNDING * capex}


def _leased(plan: Plan) -> float:
    """Price of the nodes in the book that are leased: their payments are running costs."""
    leases = on(plan.leaf("site_leases"), SITE)[0]
    named = zip(plan.project.table.labels[SITE], leases, strict=True)
    sites = {site for site, leased in named if leased}
    return sum(o.usd for o in plan.orders if o.kind == "node" and o.site in sites)


def _balances(plan: Plan) -> float:
    """What is still to be paid for nodes and storage that were committed before the plan."""
    nodes, storage = plan.values("node_committed_value", "storage_committed_value")
    buys = on(plan.leaf("site_buys"), SITE)[0]
    value = (on(nodes, MONTH, SITE, HARDWARE)[0].sum(axis=2) * buys).sum(axis=1)
    value = value + on(storage, MONTH, TIER, SITE)[0].sum(axis=(1, 2))
    balance = 1.0 - float(plan.leaf("economics_deposit_share").item())
    money = np.broadcast_to(on(plan.values("money_level")[0], MONTH)[0], len(plan.months))
    return float((value * money).sum()) * balance


def _money(plan: Plan) -> Array:
    """What multiplies a price of the base date in each month: the scenario's price level, and money of the day."""
    level = on(plan.values("money_level")[0], MONTH)[0]
    return np.broadcast_to(level * plan.leaf("economics_currency_factor").item(), len(plan.months))


def _labels(plan: Plan, *months: int) -> tuple[str, str, str]:
    """Months of the order, the delivery and the start of service."""
    ordered, delivered, entering = (plan.months[month] for month in months)
    return ordered, delivered, entering
