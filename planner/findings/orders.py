"""What must be ordered by when, delivered when and put into service when, for how much?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from planner.axes import HARDWARE, MONTH, SITE, TIER, Array, on
from planner.plan import Plan


@dataclass(frozen=True)
class Order:
    """One line of the order book; `usd` is its price with installation and duty, 0 where the site rents."""

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
        (*_node_orders(plan), *_storage_orders(plan)),
        key=lambda order: (order.order_by, -order.usd, order.in_service, order.site, order.what),
    )


def _node_orders(plan: Plan) -> Iterator[Order]:
    inputs, labels = plan.project.inputs, plan.project.table.labels
    entering = on(plan.values("orders")[0], MONTH, SITE, HARDWARE)[0]
    lead = on(plan.leaf("node_lead_time"), HARDWARE)[0]
    commissioning = on(plan.leaf("site_commissioning"), SITE)[0]
    price = on(plan.leaf("node_price"), MONTH, HARDWARE)[0] * _money(plan)[:, None]
    duty = on(plan.leaf("node_duty"), MONTH, SITE, HARDWARE)[0]
    owned = 1.0 - on(plan.leaf("site_rents"), SITE)[0]
    for month, site, kind in np.argwhere(entering > 0):
        count = int(entering[month, site, kind])
        name = labels[HARDWARE][kind]
        wait = commissioning[site], commissioning[site] + lead[kind]
        delivered, ordered = (_month_before(plan, month, by) for by in wait)
        on_top = _installation(plan) + duty[delivered, site, kind]
        unit = float(price[ordered, kind] * (1.0 + on_top) * owned[site])
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
    duty = on(plan.leaf("system_duty"), MONTH, TIER, SITE)[0]
    for month, tier, site in np.argwhere(entering > 0):
        count = int(entering[month, tier, site])
        system = inputs.scenario.tiers[labels[TIER][tier]].system
        wait = commissioning, commissioning + lead[tier]
        delivered, ordered = (_month_before(plan, month, by) for by in wait)
        unit = float(
            price[ordered, tier] * (1.0 + _installation(plan) + duty[delivered, tier, site])
        )
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


def _money(plan: Plan) -> Array:
    """What multiplies a price of the base date in each month: the scenario's price level, and money of the day."""
    level = on(plan.values("money_level")[0], MONTH)[0]
    return np.broadcast_to(level * plan.leaf("economics_currency_factor").item(), len(plan.months))


def _installation(plan: Plan) -> float:
    return float(plan.leaf("economics_installation_share").item())


def _month_before(plan: Plan, month: int, by: float) -> int:
    """The month that contains the moment `by` [s] before a month begins, at least the first."""
    edges = plan.project.table.calendar.edges
    return max(int(np.searchsorted(edges, edges[month] - by + 1e-6, side="right")) - 1, 0)


def _labels(plan: Plan, *months: int) -> tuple[str, str, str]:
    """Months of the order, the delivery and the start of service."""
    ordered, delivered, entering = (plan.months[month] for month in months)
    return ordered, delivered, entering
