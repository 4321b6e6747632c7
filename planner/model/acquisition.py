"""Which accelerators and halls does the company not own, and what does it pay for them?

A site buys its accelerators, leases them (and owns them once they are paid off) or rents them by the hour. What is
rented stands elsewhere and needs no hall, energy, network, maintenance or staff of the company's own: its price
includes them; power and carbon of the site count it all the same, the limits of its hall do not. A hall is built, or
space in one is rented by the kilowatt. Storage and rigs are always bought, with their ports of the networks.
"""

from __future__ import annotations

import numpy as np

from planner.axes import (
    DRAW,
    HARDWARE,
    MONTH,
    NETWORK,
    SITE,
    TIER,
    Array,
    contract,
    first,
    on,
    peak,
    place,
    running,
    total,
)
from planner.catalogue import SECONDS_A_MONTH, Calendar
from planner.graph import quantity
from planner.model.decisions import months_of_life
from planner.perf.money import capital_recovery, outstanding, periodic_rate, ratio
from planner.perf.ordering import in_service

MONTHS_A_YEAR = 12.0


@quantity(unit="day", axes="site hardware")
def node_delivery_time(
    node_lead_time: Array, economics_rent_lead_time: Array, site_rents: Array
) -> Array:
    """From the order of nodes to their delivery at a site: the vendor's lead time, or that of a lessor by the hour."""
    return np.where(site_rents > 0, economics_rent_lead_time, node_lead_time)


@quantity(unit="1", axes="month site hardware")
def nodes_acquired(
    orders: Array, nodes_committed_entering: Array, cluster_refresh_age: Array
) -> Array:
    """Nodes in service that the plan buys, leases or rents: all but those that stood there before it."""
    entering = on(orders + nodes_committed_entering, MONTH, SITE, HARDWARE)
    serving = in_service(entering, months_of_life(cluster_refresh_age))
    return place(serving, DRAW, MONTH, SITE, HARDWARE)


@quantity(unit="1", axes="month site hardware")
def nodes_rented(nodes_acquired: Array, site_rents: Array) -> Array:
    """Nodes in service that are rented: all that enter service in the plan at a site that rents."""
    return nodes_acquired * site_rents


@quantity(unit="1", axes="month site hardware")
def nodes_owned(nodes: Array, nodes_rented: Array) -> Array:
    """Nodes in service that stand in the site's own hall: bought or leased, or there before the plan."""
    return nodes - nodes_rented


def _share_of_ports(
    mine: Array, nodes: Array, storage_units: Array, node_ports: Array, storage_unit_ports: Array
) -> Array:
    """Ports of some nodes over those of all nodes and storage units, on each network.

    A network goes with its nodes: before they come, the share is that of the first month in which they are there.
    """
    there = total(nodes * node_ports, HARDWARE)
    every = there + contract(storage_units, storage_unit_ports, TIER)
    share = ratio(total(mine * node_ports, HARDWARE), every)
    # Without nodes it is 0. Where some come later it becomes that of the month after, from the last month to the first.
    waiting = np.moveaxis((there <= 0) & (peak(there, MONTH) > 0), MONTH, 0)
    by_month = np.moveaxis(share, MONTH, 0)
    for month in np.flatnonzero(waiting[:-1].any(axis=tuple(range(1, waiting.ndim))))[::-1]:
        by_month[month] += waiting[month] * by_month[month + 1]
    return share


@quantity(unit="1", axes="month network site")
def acquired_share(
    nodes_acquired: Array,
    nodes: Array,
    storage_units: Array,
    node_ports: Array,
    storage_unit_ports: Array,
) -> Array:
    """Share of each network that goes with the nodes that the plan buys, leases or rents, by ports."""
    return _share_of_ports(nodes_acquired, nodes, storage_units, node_ports, storage_unit_ports)


@quantity(unit="1", axes="month network site")
def rented_share(acquired_share: Array, site_rents: Array) -> Array:
    """Share of each network that comes with rented nodes, by ports; what storage hangs on is the company's own."""
    return acquired_share * site_rents


@quantity(unit="1", axes="month network site")
def network_compute_share(
    nodes_owned: Array,
    nodes: Array,
    storage_units: Array,
    node_ports: Array,
    storage_unit_ports: Array,
) -> Array:
    """Share of each network that the company's own nodes cause, by ports; the rest is rented, or storage's."""
    return _share_of_ports(nodes_owned, nodes, storage_units, node_ports, storage_unit_ports)


@quantity(unit="watt", axes="month site")
def hall_power_of_others(
    it_power: Array,
    nodes_acquired: Array,
    node_draw_peak: Array,
    switches: Array,
    switch_power: Array,
    acquired_share: Array,
) -> Array:
    """IT power of all but the nodes that the plan buys, leases or rents and what goes with them of the networks."""
    nodes = total(nodes_acquired * node_draw_peak, HARDWARE)
    networks = total(switches * switch_power * acquired_share, NETWORK)
    return np.maximum(it_power - nodes - networks, 0.0)


@quantity(unit="watt", axes="month site")
def hall_power(it_power: Array, hall_power_of_others: Array, site_rents: Array) -> Array:
    """IT power for which the company needs a hall: all but rented nodes and what comes with them of the networks.

    It is what the plan provisions, whatever the phases that the scenario declares: those are the limit.
    """
    return np.where(site_rents > 0, hall_power_of_others, it_power)


@quantity(unit="watt", axes="month site")
def compute_hall_power(
    nodes_owned: Array,
    node_draw_peak: Array,
    switches: Array,
    switch_power: Array,
    network_compute_share: Array,
) -> Array:
    """IT power in the company's hall that its own nodes cause: themselves and their part of the networks."""
    networks = total(switches * switch_power * network_compute_share, NETWORK)
    return total(nodes_owned * node_draw_peak, HARDWARE) + networks


@quantity(unit="1", axes="month site")
def power_paid_share(hall_power: Array, it_power: Array) -> Array:
    """Share of the site's IT power whose energy the company pays itself."""
    return ratio(hall_power, it_power)


def growth(level: Array, at_start: Array) -> Array:
    """Increase in each month of the largest level so far, over the level at plan_start."""
    largest = np.maximum(running(np.maximum, level, MONTH), at_start)
    start = np.broadcast_to(at_start, (len(largest), *at_start.shape[1:]))
    return np.diff(largest, axis=MONTH, prepend=start)


@quantity(unit="watt", axes="month site")
def it_power_added(it_power: Array, it_power_at_start: Array) -> Array:
    """IT power by which the site's largest so far grows."""
    return growth(it_power, it_power_at_start)


@quantity(unit="watt", axes="month site")
def hall_power_added(hall_power: Array, it_power_at_start: Array, site_builds: Array) -> Array:
    """IT power for which the company builds in the month: growth of the hall's largest so far, where it builds.

    A phase is built as far as it is needed; what is declared beyond that costs nothing (`phase_used_share`).
    """
    return growth(hall_power, it_power_at_start) * site_builds


@quantity(unit="USD", axes="month")
def colocation_cost(
    hall_power: Array,
    site_builds: Array,
    redundancy_cost: Array,
    economics_colocation_price: Array,
    economics_currency_factor: Array,
    month_seconds: Array,
) -> Array:
    """Rent of space with cooling at the sites that do not build, by provisioned IT power; energy is paid besides.

    The published rent is that of N+1, too: it follows redundancy as the cost of building does.
    """
    rented = total(hall_power * (1.0 - site_builds) * redundancy_cost, SITE)
    return rented * economics_colocation_price * month_seconds * economics_currency_factor


@quantity(unit="USD", axes="month site")
def node_rents(
    nodes_acquired: Array,
    node_accelerators: Array,
    accelerator_rent_price: Array,
    economics_currency_factor: Array,
    month_seconds: Array,
) -> Array:
    """Rent of the accelerators of each site if they are rented, for all hours that they are held, used or not."""
    hourly = total(nodes_acquired * node_accelerators * accelerator_rent_price, HARDWARE)
    return hourly * month_seconds * economics_currency_factor


@quantity(unit="USD", axes="month")
def rent_cost(node_rents: Array, site_rents: Array) -> Array:
    """Rent of accelerators by the hour at the sites that rent them."""
    return total(node_rents * site_rents, SITE)


@quantity(unit="USD", axes="month site")
def node_contract_value(
    node_order_value: Array,
    node_contract_level: Array,
    node_committed_value: Array,
    price_level: Array,
) -> Array:
    """Price of the nodes that enter service at each site, fixed in money of the order's day: what a lease finances."""
    ordered = node_order_value * node_contract_level
    committed = node_committed_value * first(price_level, MONTH)
    return total(ordered + committed, HARDWARE)


@quantity(unit="1")
def lease_months(economics_lease_term: Array, cluster_refresh_age: Array) -> Array:
    """Monthly payments of a lease: its term, but no longer than the equipment serves."""
    months = np.rint(np.minimum(economics_lease_term, cluster_refresh_age) / SECONDS_A_MONTH)
    return np.maximum(months, 1.0)


@quantity(unit="USD", axes="month site")
def node_leases(
    node_contract_value: Array,
    lease_months: Array,
    economics_lease_rate: Array,
    price_level: Array,
) -> Array:
    """Lease payments for the nodes of each site if they are leased, from the month of service on.

    As many as the lease has, by the capital recovery factor.
    """
    rate = periodic_rate(economics_lease_rate, MONTHS_A_YEAR)
    financed = on(node_contract_value, MONTH, SITE)
    running = in_service(financed, lease_months.reshape(-1, 1).astype(np.int64))
    return place(running, DRAW, MONTH, SITE) * capital_recovery(rate, lease_months) / price_level


@quantity(unit="USD", axes="month")
def lease_payments(node_leases: Array, site_leases: Array) -> Array:
    """Lease payments for nodes at the sites that lease them."""
    return total(node_leases * site_leases, SITE)


@quantity(unit="USD", axes="site")
def node_leases_owed(
    node_contract_value: Array,
    lease_months: Array,
    economics_lease_rate: Array,
    price_level_at_end: Array,
    calendar: Calendar,
) -> Array:
    """Owed at the horizon's end on the nodes of each site if they are leased: the worth then of payments to come."""
    rate = periodic_rate(economics_lease_rate, MONTHS_A_YEAR)
    paid = place(calendar.months - np.arange(calendar.months), MONTH)
    owed = node_contract_value * outstanding(rate, lease_months, paid)
    return total(owed, MONTH) / price_level_at_end


@quantity(unit="USD")
def lease_outstanding(node_leases_owed: Array, site_leases: Array) -> Array:
    """Owed on leases at the horizon's end, at the sites that lease their nodes."""
    return total(node_leases_owed * site_leases, SITE)
