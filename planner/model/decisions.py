"""What is bought, where and when? The decision nodes, each a plain rule, and the only place where units become whole.

The rule for hardware: nothing is ordered before plan_start; an order arrives after the lead time and enters service
after commissioning; one order covers the largest shortfall of the months until the next; hardware serves for its life.
An optimiser replaces these nodes and nothing else.
"""

from __future__ import annotations

import numpy as np

from planner.axes import (
    DRAW,
    HARDWARE,
    MONTH,
    PACKAGE,
    SITE,
    TIER,
    Array,
    first,
    lowest,
    on,
    place,
    total,
)
from planner.catalogue import SECONDS_A_MONTH, Calendar, SitePools, pooled
from planner.graph import quantity
from planner.perf.fabric import switches_required
from planner.perf.ordering import Whole, at_moment_before, entering_service, whole_units

ROUNDING = 1e-9  # a node of exactly a quarter of what a rack may draw stands there four times


@quantity(unit="1", axes="month site", decision=True)
def allocation(site_training_share: Array, site_operates: Array, site_pools: SitePools) -> Array:
    """Part of its pool's training that each site does: its weight among the pool's sites that can have hardware."""
    weight = site_training_share * site_operates
    everything = pooled(weight, site_pools)
    return np.where(everything > 0, weight / np.where(everything > 0, everything, 1.0), 0.0)


@quantity(unit="1", axes="month site hardware", decision=True)
def orders(
    nodes_required: Array,
    nodes_before_equivalent: Array,
    export_permitted: Array,
    site_trains_on: Array,
    site_may_order: Array,
    node_lead_time: Array,
    site_commissioning: Array,
    site_order_interval: Array,
    economics_equipment_life: Array,
    calendar: Calendar,
) -> Array:
    """Whole nodes ordered, by the month in which they enter service: the training kind, for the worst month ahead."""
    wait = total(node_lead_time * site_trains_on, HARDWARE) + site_commissioning
    permitted = on(total(export_permitted * site_trains_on, HARDWARE), MONTH, SITE)
    delivered = at_moment_before(permitted, on(site_commissioning, SITE), calendar.edges)
    entering = _orders(
        on(nodes_required, MONTH, SITE),
        on(nodes_before_equivalent, MONTH, SITE),
        delivered * on(site_may_order, SITE)[:, None],
        calendar.month_after(on(wait, SITE)),
        on(site_order_interval, SITE),
        months_of_life(economics_equipment_life),
    )
    return place(entering, DRAW, MONTH, SITE) * site_trains_on


@quantity(unit="1", axes="month tier site", decision=True)
def storage_orders(
    storage_units_required: Array,
    storage_units_before: Array,
    site_may_order: Array,
    site_operates: Array,
    system_lead_time: Array,
    storage_policy_commissioning: Array,
    storage_policy_order_interval: Array,
    economics_equipment_life: Array,
    calendar: Calendar,
) -> Array:
    """Whole storage units ordered, by the month in which they enter service, for the worst month ahead."""
    need = on(storage_units_required, MONTH, TIER, SITE)
    shape = need.shape[1:]
    earliest = calendar.month_after(on(system_lead_time + storage_policy_commissioning, TIER))
    allowed = on(site_may_order * site_operates, MONTH, SITE)[:, :, None, :]
    entering = _orders(
        need.reshape(len(need), len(need[0]), -1),
        on(storage_units_before, MONTH, TIER, SITE).reshape(-1, shape[0], shape[1] * shape[2]),
        np.broadcast_to(allowed, (len(allowed), *shape)).reshape(len(allowed), shape[0], -1),
        np.repeat(earliest, shape[2], axis=1),
        storage_policy_order_interval.reshape(-1, 1),
        months_of_life(economics_equipment_life),
    )
    return place(entering.reshape(-1, *shape), DRAW, MONTH, TIER, SITE)


@quantity(unit="1", axes="month site", decision=True)
def switches(nodes: Array, node_nics: Array, switch_ports: Array) -> Array:
    """Whole switches of the compute fabric: a non-blocking fat tree over all compute ports of the site."""
    return whole_units(switches_required(total(nodes * node_nics, HARDWARE), switch_ports))


@quantity(unit="1", axes="site", decision=True)
def switches_at_start(
    nodes_before: Array, nodes_committed_entering: Array, node_nics: Array, switch_ports: Array
) -> Array:
    """Whole switches that the nodes of plan_start hang on; they are there already."""
    there = first(nodes_before - nodes_committed_entering, MONTH)
    ports = total(there * node_nics, HARDWARE)
    return whole_units(switches_required(ports, switch_ports))


@quantity(unit="1", axes="month site", decision=True)
def switch_orders(
    switches: Array,
    switches_at_start: Array,
    site_order_interval: Array,
    economics_equipment_life: Array,
    calendar: Calendar,
) -> Array:
    """Whole switches entering service: as the fabric grows, and in place of those at the end of their life.

    They are bought with the nodes that hang on them, as often, and never later than they; what is there at
    plan_start serves one life from then on.
    """
    need = on(switches, MONTH, SITE)
    life = months_of_life(economics_equipment_life)
    serving = np.arange(calendar.months)[None, :] < life
    before = on(switches_at_start, SITE)[:, None, :] * serving[:, :, None]
    at_once = np.zeros((1, need.shape[2]), dtype=np.int64)
    interval = on(site_order_interval, SITE)
    entering = _orders(need, before, np.ones((1, *need.shape[1:])), at_once, interval, life)
    return place(entering, DRAW, MONTH, SITE)


@quantity(unit="1", axes="month site hardware", decision=True)
def nodes_a_rack(node_nodes_per_rack: Array, node_power: Array, site_rack_density: Array) -> Array:
    """Whole nodes that share a rack: as many as fit, or as the hall's power a rack allows, and at least one."""
    by_power = site_rack_density / node_power
    return np.maximum(np.floor(np.minimum(node_nodes_per_rack, by_power) + ROUNDING), 1.0)


@quantity(unit="1", axes="month tier site", decision=True)
def storage_units_a_rack(
    system_units_per_rack: Array, system_power: Array, site_rack_density: Array
) -> Array:
    """Whole storage units that share a rack: as many as fit, or as the hall's power a rack allows, at least one."""
    by_power = site_rack_density / system_power
    return np.maximum(np.floor(np.minimum(system_units_per_rack, by_power) + ROUNDING), 1.0)


@quantity(unit="1", axes="month site", decision=True)
def racks(
    racks_of_nodes: Array,
    racks_of_storage: Array,
    switches: Array,
    fabric_other_share: Array,
    facility_switches_per_rack: Array,
) -> Array:
    """Whole racks: for nodes of each kind, storage of each tier, and the switches of all networks."""
    compute = total(whole_units(racks_of_nodes), HARDWARE)
    stored = total(whole_units(racks_of_storage), TIER)
    every_switch = switches * (1.0 + fabric_other_share)
    return compute + stored + whole_units(every_switch / facility_switches_per_rack)


@quantity(unit="day", decision=True)
def campaign_schedule(ota_rollout: Array, package_cadence: Array) -> Array:
    """Time over which a release admits vehicles: the policy's, but never longer than until the next release."""
    return np.minimum(ota_rollout, lowest(package_cadence, PACKAGE))


def months_of_life(life: Array) -> Whole:
    """Whole months of a service life [s], at least one, shape (draw, 1)."""
    return np.maximum(np.rint(life.reshape(-1, 1) / SECONDS_A_MONTH), 1.0).astype(np.int64)


def _orders(
    need: Array, before: Array, allowed: Array, earliest: Whole, interval: Array, life: Whole
) -> Array:
    """Entering service by (draw, month, place); places with equal order intervals are decided together."""
    months = np.maximum(np.rint(interval / SECONDS_A_MONTH), 1.0).astype(np.int64)
    shape = np.broadcast_shapes(need.shape, before.shape, allowed.shape)
    shape = (max(shape[0], len(earliest), len(months), len(life)), *shape[1:])
    need, before, allowed = (np.broadcast_to(x, shape) for x in (need, before, allowed))
    starts, covers = (np.broadcast_to(x, (shape[0], shape[2])) for x in (earliest, months))
    result = np.zeros(shape)
    for each in sorted(set(months.ravel().tolist())):
        mine = (covers == each).any(axis=0)
        decided = entering_service(
            need[:, :, mine],
            before[:, :, mine],
            allowed[:, :, mine],
            starts[:, mine],
            each,
            life,
        )
        result[:, :, mine] += decided * (covers[:, None, mine] == each)
    return result
