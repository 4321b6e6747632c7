"""What must be ordered by when, delivered when and put into service when, for how much?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from planner.axes import HARDWARE, MONTH, SITE, TIER, Array, on
from planner.inputs.numbers import month_label
from planner.plan import Plan


@dataclass(frozen=True)
class Order:
    """One line of the order book."""

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
    unit = on(_unit_price(plan, "node_price"), HARDWARE)[0]
    for month, site, kind in np.argwhere(entering > 0):
        count = int(entering[month, site, kind])
        name = labels[HARDWARE][kind]
        yield Order(
            "node",
            name,
            inputs.profile("nodes", name).title,
            "",
            labels[SITE][site],
            count,
            *_dates(plan, month, commissioning[site], lead[kind]),
            float(count * unit[kind]),
        )


def _storage_orders(plan: Plan) -> Iterator[Order]:
    inputs, labels = plan.project.inputs, plan.project.table.labels
    entering = on(plan.values("storage_orders")[0], MONTH, TIER, SITE)[0]
    lead = on(plan.leaf("system_lead_time"), TIER)[0]
    commissioning = float(plan.leaf("storage_policy_commissioning").flat[0])
    unit = on(_unit_price(plan, "system_price"), TIER)[0]
    for month, tier, site in np.argwhere(entering > 0):
        count = int(entering[month, tier, site])
        system = inputs.scenario.tiers[labels[TIER][tier]].system
        yield Order(
            "storage",
            system,
            inputs.profile("storage", system).title,
            labels[TIER][tier],
            labels[SITE][site],
            count,
            *_dates(plan, month, commissioning, lead[tier]),
            float(count * unit[tier]),
        )


def _unit_price(plan: Plan, name: str) -> Array:
    """Price of one unit, installed, in the scenario's currency."""
    installed = 1.0 + plan.leaf("economics_installation_share")
    return plan.leaf(name) * installed * plan.leaf("economics_currency_factor")


def _dates(plan: Plan, month: int, commissioning: float, lead: float) -> tuple[str, str, str]:
    """Months of the order, the delivery and the start of service."""
    calendar = plan.project.table.calendar
    service = calendar.edges[month]
    times = np.array([service - commissioning - lead, service - commissioning, service])
    index = np.clip(np.searchsorted(calendar.edges, times + 1e-6, side="right") - 1, 0, None)
    ordered, delivered, entering = (month_label(calendar.first + int(i)) for i in index)
    return ordered, delivered, entering
