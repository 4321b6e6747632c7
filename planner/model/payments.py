"""What is paid for what is bought, and in which month?

The price of equipment is that of the month of its order, fixed then in money of that day. A deposit is paid at the
order, the balance at delivery, and what is kept back of it after acceptance; duty is paid at delivery, installation
when service begins. Networks come with their nodes: what is not paid at the order is due when they enter service. A
hall is due when its power is first needed, but for a deposit. What would fall due after the horizon is booked in its
last month, so that every order is paid in full. What was installed before the plan is sunk; of what was committed the
balance is paid. All amounts are in money of the base date.
"""

from __future__ import annotations

from collections.abc import Callable

from planner.axes import (
    DRAW,
    HARDWARE,
    MONTH,
    NETWORK,
    SITE,
    TIER,
    Array,
    first,
    on,
    place,
    spread,
    total,
)
from planner.catalogue import Calendar
from planner.graph import quantity
from planner.perf.ordering import at_moment_before, moved_earlier, moved_later

Move = Callable[[Array, Array, Array], Array]


def _at_order(level: Array, wait: Array, calendar: Calendar, *axes: int) -> Array:
    """A level by month, as it is in the month of the order of what enters service in each month."""
    found = at_moment_before(on(level, MONTH, *axes), on(wait, *axes), calendar.edges)
    return place(found, DRAW, MONTH, *axes)


def _moved(move: Move, flows: Array, by: Array, calendar: Calendar, *axes: int) -> Array:
    """Flows (on month and `axes`) moved earlier or later by a time on the same axes, or some of them."""
    values = on(flows, MONTH, *axes)
    moved = move(spread(values, 1, calendar.months), on(by, *axes), calendar.edges)
    return place(moved, DRAW, MONTH, *axes)


# --- Nodes -----------------------------------------------------------------------------------------------------------


@quantity(unit="1", axes="month site hardware")
def node_contract_level(
    price_level: Array, node_lead_time: Array, site_commissioning: Array, calendar: Calendar
) -> Array:
    """Price level in the month of the order of nodes that enter service in each month."""
    wait = node_lead_time + site_commissioning
    return _at_order(price_level, wait, calendar, SITE, HARDWARE)


@quantity(unit="USD", axes="month site hardware")
def node_order_value(
    orders: Array,
    node_price: Array,
    node_lead_time: Array,
    site_commissioning: Array,
    economics_currency_factor: Array,
    calendar: Calendar,
) -> Array:
    """Price of the nodes that the plan orders, by the month in which they enter service: that of the order's month."""
    wait = node_lead_time + site_commissioning
    price = _at_order(node_price, wait, calendar, SITE, HARDWARE)
    return orders * price * economics_currency_factor


@quantity(unit="USD", axes="month site hardware")
def node_committed_value(
    nodes_committed_entering: Array, node_price: Array, economics_currency_factor: Array
) -> Array:
    """Price of the nodes committed before the plan, by the month in which they enter service: that of plan_start."""
    return nodes_committed_entering * first(node_price, MONTH) * economics_currency_factor


@quantity(unit="USD", axes="month site hardware")
def node_delivered_value(
    node_order_value: Array,
    node_contract_level: Array,
    node_committed_value: Array,
    price_level: Array,
    site_commissioning: Array,
    calendar: Calendar,
) -> Array:
    """Price of the nodes delivered in the month, in money of the day; committed ones in their month of service."""
    ordered = node_order_value * node_contract_level
    committed = node_committed_value * first(price_level, MONTH)
    return _moved(moved_earlier, ordered, site_commissioning, calendar, SITE, HARDWARE) + committed


@quantity(unit="USD", axes="month site")
def node_instalments(
    node_order_value: Array,
    node_contract_level: Array,
    node_committed_value: Array,
    node_delivered_value: Array,
    price_level: Array,
    node_lead_time: Array,
    site_commissioning: Array,
    economics_deposit_share: Array,
    economics_retention_share: Array,
    economics_retention_time: Array,
    calendar: Calendar,
) -> Array:
    """Paid for the nodes of each site if they are bought: deposit at the order, balance at delivery and acceptance."""
    wait, axes = node_lead_time + site_commissioning, (SITE, HARDWARE)
    ordered = node_order_value * node_contract_level
    entering = total(ordered + node_committed_value * first(price_level, MONTH), HARDWARE)
    deposit = _moved(moved_earlier, ordered, wait, calendar, *axes) * economics_deposit_share
    kept = _moved(moved_later, entering, economics_retention_time, calendar, SITE)
    delivered = total(node_delivered_value, HARDWARE)
    balance = delivered + (kept - delivered) * economics_retention_share
    paid = total(deposit, HARDWARE) + balance * (1.0 - economics_deposit_share)
    return paid / price_level


@quantity(unit="USD", axes="month")
def node_payments(node_instalments: Array, site_buys: Array) -> Array:
    """Paid for nodes at the sites that buy them."""
    return total(node_instalments * site_buys, SITE)


# --- Storage ---------------------------------------------------------------------------------------------------------


@quantity(unit="1", axes="month tier")
def storage_contract_level(
    price_level: Array,
    system_lead_time: Array,
    storage_policy_commissioning: Array,
    calendar: Calendar,
) -> Array:
    """Price level in the month of the order of storage that enters service in each month."""
    wait = system_lead_time + storage_policy_commissioning
    return _at_order(price_level, wait, calendar, TIER)


@quantity(unit="USD", axes="month tier site")
def storage_order_value(
    storage_orders: Array,
    system_price: Array,
    system_lead_time: Array,
    storage_policy_commissioning: Array,
    economics_currency_factor: Array,
    calendar: Calendar,
) -> Array:
    """Price of the storage that the plan orders, by the month in which it enters service: that of the order's month."""
    wait = system_lead_time + storage_policy_commissioning
    price = _at_order(system_price, wait, calendar, TIER)
    return storage_orders * price * economics_currency_factor


@quantity(unit="USD", axes="month tier site")
def storage_committed_value(
    storage_committed_entering: Array, system_price: Array, economics_currency_factor: Array
) -> Array:
    """Price of the storage committed before the plan, by the month in which it enters service: that of plan_start."""
    return storage_committed_entering * first(system_price, MONTH) * economics_currency_factor


@quantity(unit="USD", axes="month tier site")
def storage_delivered_value(
    storage_order_value: Array,
    storage_contract_level: Array,
    storage_committed_value: Array,
    price_level: Array,
    storage_policy_commissioning: Array,
    calendar: Calendar,
) -> Array:
    """Price of the storage delivered in the month, in money of the day; committed in its month of service."""
    ordered = storage_order_value * storage_contract_level
    committed = storage_committed_value * first(price_level, MONTH)
    return (
        _moved(moved_earlier, ordered, storage_policy_commissioning, calendar, TIER, SITE)
        + committed
    )


@quantity(unit="USD", axes="month")
def storage_payments(
    storage_order_value: Array,
    storage_contract_level: Array,
    storage_committed_value: Array,
    storage_delivered_value: Array,
    price_level: Array,
    system_lead_time: Array,
    storage_policy_commissioning: Array,
    economics_deposit_share: Array,
    economics_retention_share: Array,
    economics_retention_time: Array,
    calendar: Calendar,
) -> Array:
    """Paid for storage: deposit at the order, balance at delivery and after acceptance."""
    wait = system_lead_time + storage_policy_commissioning
    ordered = total(storage_order_value, SITE) * storage_contract_level
    committed = total(storage_committed_value, SITE) * first(price_level, MONTH)
    entering = total(ordered + committed, TIER)
    deposit = _moved(moved_earlier, ordered, wait, calendar, TIER) * economics_deposit_share
    kept = _moved(moved_later, entering, economics_retention_time, calendar)
    delivered = total(storage_delivered_value, TIER, SITE)
    balance = delivered + (kept - delivered) * economics_retention_share
    paid = total(deposit, TIER) + balance * (1.0 - economics_deposit_share)
    return paid / price_level


# --- Networks, halls, and what comes on top --------------------------------------------------------------------------


@quantity(unit="USD", axes="month network site")
def network_entering(
    switch_orders: Array,
    switch_price: Array,
    link_orders: Array,
    switch_cable_price: Array,
    economics_currency_factor: Array,
) -> Array:
    """Price of the switches and links that enter service in each network, whoever owns them."""
    return (
        switch_orders * switch_price + link_orders * switch_cable_price
    ) * economics_currency_factor


@quantity(unit="USD", axes="month network site")
def network_bought(network_entering: Array, rented_share: Array) -> Array:
    """Price of the switches and links that enter service in each network, but for what comes with rented nodes."""
    return network_entering * (1.0 - rented_share)


@quantity(unit="1", axes="month network")
def network_contract_level(
    price_level: Array, switch_lead_time: Array, calendar: Calendar
) -> Array:
    """Price level in the month of the order of what enters service in each network."""
    return _at_order(price_level, switch_lead_time, calendar, NETWORK)


def network_instalments(
    bought: Array, contract_level: Array, lead_time: Array, deposit: Array, calendar: Calendar
) -> Array:
    """Paid in money of the day for what enters service in networks: deposit at the order, the rest with the service."""
    ordered = bought * contract_level
    if not deposit.any():  # most contracts: nothing to move
        return ordered
    early = _moved(moved_earlier, ordered * deposit, lead_time, calendar, NETWORK, SITE)
    return early + ordered * (1.0 - deposit)


@quantity(unit="USD", axes="month")
def network_payments(
    network_bought: Array,
    network_contract_level: Array,
    switch_lead_time: Array,
    economics_network_deposit_share: Array,
    price_level: Array,
    calendar: Calendar,
) -> Array:
    """Paid for switches with their links: a deposit at the order, the rest when they enter service."""
    terms = (network_contract_level, switch_lead_time, economics_network_deposit_share)
    paid = network_instalments(network_bought, *terms, calendar)
    return total(paid, NETWORK, SITE) / price_level


def building_instalments(
    value: Array, deposit: Array, lead_time: Array, calendar: Calendar
) -> Array:
    """Paid for halls (month site), in money of the base date: a deposit first, the rest when the power is needed."""
    if not deposit.any():
        return value
    early = _moved(moved_earlier, value * deposit, lead_time, calendar, SITE)
    return early + value * (1.0 - deposit)


@quantity(unit="USD", axes="month")
def building_payments(
    hall_power_added: Array,
    building_cost: Array,
    economics_building_deposit_share: Array,
    economics_building_lead_time: Array,
    calendar: Calendar,
) -> Array:
    """Paid for data-hall space with its power and cooling: a deposit before, the rest when its power is first needed.

    Charged is the power that the plan needs, not the whole phases that the scenario declares: those are the limit, of
    which `phase_used_share` says how much is used. Whoever builds a phase at once pays for the rest of it as well. The
    contract follows prices, so that the deposit is a share of the cost in the month in which the power is needed.
    """
    terms = (economics_building_deposit_share, economics_building_lead_time)
    return total(building_instalments(hall_power_added * building_cost, *terms, calendar), SITE)


@quantity(unit="USD", axes="month")
def rig_payments(
    rig_value_entering: Array,
    qualification_rig_lead_time: Array,
    economics_deposit_share: Array,
    economics_retention_share: Array,
    economics_retention_time: Array,
    price_level: Array,
    calendar: Calendar,
) -> Array:
    """Paid for rigs: deposit at the order, balance at delivery, when they begin to serve, and after acceptance."""
    contract = _at_order(price_level, qualification_rig_lead_time, calendar)
    ordered = rig_value_entering * contract
    deposit = _moved(moved_earlier, ordered, qualification_rig_lead_time, calendar)
    kept = _moved(moved_later, ordered, economics_retention_time, calendar)
    balance = ordered + (kept - ordered) * economics_retention_share
    paid = balance + (deposit - balance) * economics_deposit_share
    return paid / price_level


@quantity(unit="USD", axes="month")
def installation_payments(
    node_order_value: Array,
    node_committed_value: Array,
    site_rents: Array,
    storage_order_value: Array,
    storage_committed_value: Array,
    network_bought: Array,
    rig_value_entering: Array,
    economics_installation_share: Array,
) -> Array:
    """Paid for integration and installation of equipment, bought or leased, when it enters service."""
    compute = (node_order_value + node_committed_value) * (1.0 - site_rents)
    storage = storage_order_value + storage_committed_value
    value = total(compute, SITE, HARDWARE) + total(storage, TIER, SITE)
    value = value + total(network_bought, NETWORK, SITE) + rig_value_entering
    return value * economics_installation_share


@quantity(unit="USD", axes="month")
def duty_payments(
    node_delivered_value: Array,
    node_duty: Array,
    site_rents: Array,
    storage_delivered_value: Array,
    system_duty: Array,
    network_bought: Array,
    network_contract_level: Array,
    switch_duty: Array,
    price_level: Array,
) -> Array:
    """Customs duty on equipment, bought or leased, at its delivery; value-added taxes come back and are left out."""
    compute = total(node_delivered_value * node_duty * (1.0 - site_rents), SITE, HARDWARE)
    stored = total(storage_delivered_value * system_duty, TIER, SITE)
    networks = total(network_bought * network_contract_level * switch_duty, NETWORK, SITE)
    return (compute + stored + networks) / price_level
