"""What stands at each site in each month: nodes, accelerators, storage units.

Follows from the orders and from what was installed or committed before the plan; everything serves for the same life.
"""

from __future__ import annotations

import numpy as np

from planner.axes import DRAW, HARDWARE, MONTH, SITE, TIER, Array, first, on, place, total
from planner.catalogue import Calendar, Parts
from planner.graph import quantity
from planner.model.decisions import months_of_life
from planner.perf.ordering import in_service, moved_earlier


def _alive(parts: Parts, life: Array, calendar: Calendar) -> Array:
    """Units of a stock from before the plan that serve in each month."""
    if not parts.names:
        return parts.total(np.zeros((1, calendar.months, 0)))
    month = np.arange(calendar.months)[None, :, None]
    age = month - parts["arrival"][:, None, :]
    serving = (age >= 0) & (age < months_of_life(life)[:, :, None])
    return parts.total(parts["count"][:, None, :] * serving)


def _arriving(parts: Parts, calendar: Calendar) -> Array:
    """Units of a stock committed before the plan, in the month in which they enter service."""
    if not parts.names:
        return parts.total(np.zeros((1, calendar.months, 0)))
    month = np.arange(calendar.months)[None, :, None]
    return parts.total(parts["count"][:, None, :] * (month == parts["arrival"][:, None, :]))


def _serving(entering: Array, life: Array, *axes: int) -> Array:
    """Units in service out of those that entered it, which serve for a life; on month and `axes`."""
    serving = in_service(on(entering, MONTH, *axes), months_of_life(life))
    return place(serving, DRAW, MONTH, *axes)


@quantity(unit="1", axes="month site hardware")
def nodes_before(site_nodes_before: Parts, cluster_refresh_age: Array, calendar: Calendar) -> Array:
    """Nodes in service that were installed or committed before the plan, until the end of their life."""
    return _alive(site_nodes_before, cluster_refresh_age, calendar)


@quantity(unit="1", axes="month site hardware")
def nodes_committed_entering(site_nodes_before: Parts, calendar: Calendar) -> Array:
    """Nodes committed before the plan, in the month in which they enter service."""
    return _arriving(site_nodes_before, calendar)


@quantity(unit="FLOP/second", axes="hardware")
def node_peak(node_accelerators: Array, accelerator_bf16: Array) -> Array:
    """Dense bf16 peak of one node."""
    return node_accelerators * accelerator_bf16


@quantity(unit="1", axes="month site")
def nodes_required(gpus_required: Array, node_accelerators: Array, site_trains_on: Array) -> Array:
    """Nodes of the site's training kind that carry the accelerators needed, unrounded."""
    return gpus_required / total(node_accelerators * site_trains_on, HARDWARE)


@quantity(unit="1", axes="month site")
def nodes_spare(gpus_spare: Array, node_accelerators: Array, site_trains_on: Array) -> Array:
    """Nodes of the site's training kind that the spare accelerators make, whole where a repair takes a whole node.

    Spare trays of racks that are sold whole share racks with what is needed: only the sum of both is rounded, in the
    orders.
    """
    return gpus_spare / total(node_accelerators * site_trains_on, HARDWARE)


@quantity(unit="1", axes="month site")
def nodes_before_equivalent(nodes_before: Array, node_peak: Array, site_trains_on: Array) -> Array:
    """What stands there from before, in nodes of the training kind by dense peak."""
    return total(nodes_before * node_peak, HARDWARE) / total(node_peak * site_trains_on, HARDWARE)


@quantity(unit="1", axes="month site hardware")
def nodes(orders: Array, nodes_before: Array, cluster_refresh_age: Array) -> Array:
    """Whole nodes in service."""
    return _serving(orders, cluster_refresh_age, SITE, HARDWARE) + nodes_before


@quantity(unit="1", axes="month site hardware")
def gpus(nodes: Array, node_accelerators: Array) -> Array:
    """Whole accelerators in service."""
    return nodes * node_accelerators


@quantity(unit="1", axes="month site")
def gpus_equivalent(
    nodes: Array, node_peak: Array, node_accelerators: Array, site_trains_on: Array
) -> Array:
    """What is in service at each site, in accelerators of its training kind by dense peak."""
    kind_peak = total(node_peak * site_trains_on, HARDWARE)
    kind_size = total(node_accelerators * site_trains_on, HARDWARE)
    return total(nodes * node_peak, HARDWARE) / kind_peak * kind_size


@quantity(unit="1", axes="month site")
def gpus_short(gpus_required: Array, gpus_equivalent: Array) -> Array:
    """Accelerators of the training kind that are needed and not in service."""
    return np.maximum(gpus_required - gpus_equivalent, 0.0)


@quantity(unit="1", axes="month tier site")
def storage_units_before(
    site_storage_before: Parts, cluster_refresh_age: Array, calendar: Calendar
) -> Array:
    """Storage units in service that were installed or committed before the plan, until the end of their life."""
    return _alive(site_storage_before, cluster_refresh_age, calendar)


@quantity(unit="1", axes="month tier site")
def storage_committed_entering(site_storage_before: Parts, calendar: Calendar) -> Array:
    """Storage units committed before the plan, in the month in which they enter service."""
    return _arriving(site_storage_before, calendar)


@quantity(unit="1", axes="month tier site")
def storage_units(
    storage_orders: Array, storage_units_before: Array, cluster_refresh_age: Array
) -> Array:
    """Whole storage units in service."""
    return _serving(storage_orders, cluster_refresh_age, TIER, SITE) + storage_units_before


@quantity(unit="1", axes="month site")
def rigs_before(
    qualification_rigs_installed: Array,
    site_hosts_releases: Array,
    cluster_refresh_age: Array,
    calendar: Calendar,
) -> Array:
    """Rigs in service that stood at plan_start; they serve one life from then on."""
    serving = np.arange(calendar.months)[None, :] < months_of_life(cluster_refresh_age)
    return qualification_rigs_installed * site_hosts_releases * place(serving, DRAW, MONTH)


@quantity(unit="1", axes="month site")
def rigs(rig_orders: Array, rigs_before: Array, cluster_refresh_age: Array) -> Array:
    """Whole rigs with real control units in service."""
    return _serving(rig_orders, cluster_refresh_age, SITE) + rigs_before


@quantity(unit="1", axes="month site hardware")
def racks_of_nodes(
    orders: Array,
    nodes_committed_entering: Array,
    nodes_before: Array,
    nodes_a_rack: Array,
    site_rents: Array,
    cluster_refresh_age: Array,
) -> Array:
    """Racks that nodes fill in the site's own hall, unrounded: filled as they enter, and left so when halls get denser.

    What is rented stands on its owner's floor.
    """
    committed = nodes_committed_entering / first(nodes_a_rack, MONTH)
    added = orders / nodes_a_rack * (1.0 - site_rents) - committed * site_rents
    there = nodes_before / first(nodes_a_rack, MONTH)
    return _serving(added, cluster_refresh_age, SITE, HARDWARE) + there


@quantity(unit="1", axes="month tier site")
def racks_of_storage(
    storage_orders: Array,
    storage_units_before: Array,
    storage_units_a_rack: Array,
    cluster_refresh_age: Array,
) -> Array:
    """Racks that storage units fill, unrounded: filled as they enter, as those of nodes."""
    bought = _serving(storage_orders / storage_units_a_rack, cluster_refresh_age, TIER, SITE)
    return bought + storage_units_before / first(storage_units_a_rack, MONTH)


@quantity(unit="byte", axes="month tier site")
def storage_short(
    storage_units_required: Array, storage_units: Array, storage_unit_usable: Array
) -> Array:
    """Usable bytes that are needed and not in service."""
    return np.maximum(storage_units_required - storage_units, 0.0) * storage_unit_usable


@quantity(unit="1", axes="month site hardware")
def nodes_delivered(orders: Array, site_commissioning: Array, calendar: Calendar) -> Array:
    """Nodes ordered by the plan, in the month of delivery: commissioning before service."""
    return _earlier(orders, site_commissioning, calendar, SITE, HARDWARE)


@quantity(unit="1", axes="month site hardware")
def nodes_committed_delivered(
    nodes_committed_entering: Array, site_commissioning: Array, calendar: Calendar
) -> Array:
    """Nodes committed before the plan, in the month of delivery; what came before plan_start is there already."""
    wait = on(site_commissioning, SITE)[:, None]
    comes = place((calendar.edges[:-1, None] >= wait).astype(np.float64), DRAW, MONTH, SITE)
    entering = nodes_committed_entering * comes
    return _earlier(entering, site_commissioning, calendar, SITE, HARDWARE)


@quantity(unit="1", axes="month site hardware")
def nodes_ordered(
    orders: Array, site_commissioning: Array, node_delivery_time: Array, calendar: Calendar
) -> Array:
    """Nodes ordered by the plan, in the month of the order: lead time and commissioning before service."""
    return _earlier(orders, site_commissioning + node_delivery_time, calendar, SITE, HARDWARE)


@quantity(unit="1", axes="month tier site")
def storage_delivered(
    storage_orders: Array, storage_policy_commissioning: Array, calendar: Calendar
) -> Array:
    """Storage units ordered by the plan, in the month of delivery: commissioning before service."""
    return _earlier(storage_orders, storage_policy_commissioning, calendar, TIER, SITE)


@quantity(unit="1", axes="month tier site")
def storage_ordered(
    storage_orders: Array,
    storage_policy_commissioning: Array,
    system_lead_time: Array,
    calendar: Calendar,
) -> Array:
    """Storage units ordered by the plan, in the month of the order: lead time and commissioning before service."""
    wait = storage_policy_commissioning + system_lead_time
    return _earlier(storage_orders, wait, calendar, TIER, SITE)


def _earlier(flows: Array, by: Array, calendar: Calendar, *axes: int) -> Array:
    """Flows (on month and `axes`) moved to an earlier month; `by` on the same axes, or some of them."""
    moved = moved_earlier(on(flows, MONTH, *axes), on(by, *axes), calendar.edges)
    return place(moved, DRAW, MONTH, *axes)
