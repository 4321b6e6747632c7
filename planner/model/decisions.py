"""What is bought, where and when? The decision nodes, each a plain rule, and the only place where units become whole.

The rule for hardware: nothing is ordered before plan_start; an order arrives after the lead time and enters service
after commissioning; one order covers the largest shortfall of the months until the next; hardware serves for its life
and is then replaced like for like.
An optimiser replaces these nodes and nothing else.
"""

from __future__ import annotations

import numpy as np

from planner.axes import (
    DRAW,
    HARDWARE,
    MONTH,
    NETWORK,
    PACKAGE,
    SITE,
    TIER,
    Array,
    combined,
    concatenate,
    contract,
    lowest,
    on,
    once,
    place,
    spread,
    total,
)
from planner.catalogue import NETWORKS, SECONDS_A_MONTH, Calendar, SitePools, pooled
from planner.graph import quantity
from planner.perf import fabric
from planner.perf.ordering import Whole, at_moment_before, entering_service, whole_units
from planner.perf.reliability import spares_required

IS_FRONT_END = place([float(name == "front_end") for name in NETWORKS], NETWORK)
HAS_CARDS = place([float(name != "management") for name in NETWORKS], NETWORK)
LEAST_POWER = 1e-6  # watt: of what draws less no rack has too many
ROUNDING = 1e-9  # a node of exactly a quarter of what a rack may draw stands there four times


@quantity(unit="1", axes="month site", decision=True)
def allocation(site_training_share: Array, site_operates: Array, site_pools: SitePools) -> Array:
    """Part of its pool's training that each site does: its weight among the pool's sites that can have hardware."""
    weight = site_training_share * site_operates
    everything = pooled(weight, site_pools)
    return np.where(everything > 0, weight / np.where(everything > 0, everything, 1.0), 0.0)


@quantity(unit="1", axes="month site", decision=True)
def gpus_spare(
    gpus_required: Array,
    repair_group: Array,
    group_down_share: Array,
    cluster_availability: Array,
    site_trains_on: Array,
) -> Array:
    """Spare accelerators beside those needed: whole repair groups, so that enough are up at the target availability.

    P[Binomial(n + s, p) <= s] >= A for n groups needed, s to spare, and the share p of them that is down. They depend
    on the need alone, not on what is ordered; where nothing is needed there are none.
    """
    group = contract(repair_group, site_trains_on, HARDWARE)
    down = contract(group_down_share, site_trains_on, HARDWARE)
    return spares_required(whole_units(gpus_required / group), down, cluster_availability) * group


@quantity(unit="1", axes="month site hardware", decision=True)
def orders(
    nodes_required: Array,
    nodes_spare: Array,
    nodes_before_equivalent: Array,
    export_permitted: Array,
    site_trains_on: Array,
    site_may_order: Array,
    node_delivery_time: Array,
    site_commissioning: Array,
    site_order_interval: Array,
    cluster_refresh_age: Array,
    calendar: Calendar,
) -> Array:
    """Whole nodes ordered, by the month in which they enter service: the training kind, for the worst month ahead.

    They cover the need and the spares together.
    """
    wait = total(node_delivery_time * site_trains_on, HARDWARE) + site_commissioning
    permitted = on(total(export_permitted * site_trains_on, HARDWARE), MONTH, SITE)
    delivered = at_moment_before(permitted, on(site_commissioning, SITE), calendar.edges)
    entering = _orders(
        on(nodes_required + nodes_spare, MONTH, SITE),
        on(nodes_before_equivalent, MONTH, SITE),
        delivered * on(site_may_order, SITE)[:, None],
        calendar.month_after(on(wait, SITE)),
        on(site_order_interval, SITE),
        months_of_life(cluster_refresh_age),
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
    cluster_refresh_age: Array,
    calendar: Calendar,
) -> Array:
    """Whole storage units ordered, by the month in which they enter service, for the worst month ahead."""
    entering = _orders(
        on(storage_units_required, MONTH, TIER, SITE),
        on(storage_units_before, MONTH, TIER, SITE),
        on(site_may_order * site_operates, MONTH, TIER, SITE),
        calendar.month_after(on(system_lead_time + storage_policy_commissioning, TIER, SITE)),
        on(storage_policy_order_interval, TIER, SITE),
        months_of_life(cluster_refresh_age),
    )
    return place(entering, DRAW, MONTH, TIER, SITE)


@quantity(unit="1", axes="month network site", decision=True)
def switches_leaf(
    node_endpoints: Array,
    network_endpoints: Array,
    node_rails: Array,
    leaf_down_ports: Array,
    switch_ports: Array,
    fabric_planes: Array,
) -> Array:
    """Whole leaf switches on all planes: each kind of node has leaves for each of its rails."""
    ports = (leaf_down_ports, switch_ports, fabric_planes)
    return _leaves(node_endpoints, network_endpoints, _rails(node_rails), *ports)


def _rails(of_nodes: Array) -> Array:
    """Rails of a node on each network: the compute network's, and one of every other network."""
    return concatenate(NETWORK, of_nodes, *[np.ones_like(of_nodes)] * (len(NETWORKS) - 1))


def _leaves(
    of_nodes: Array, endpoints: Array, rails: Array, down: Array, ports: Array, planes: Array
) -> Array:
    by_rail = total(fabric.leaves_by_rail(of_nodes, rails, down), HARDWARE)
    return fabric.leaves(by_rail, endpoints, ports, down) * planes


@quantity(unit="1", axes="month site", decision=True)
def uplinks_to_front_end(
    node_endpoints: Array,
    equipment_endpoints: Array,
    node_rails: Array,
    leaf_down_ports: Array,
    switch_ports: Array,
    switch_uplinks: Array,
    fabric_has_spine: Array,
    fabric_planes: Array,
) -> Array:
    """Uplinks of all leaves that have no spines above them, as those of the management network."""
    hanging = switch_uplinks * (1.0 - np.maximum(fabric_has_spine, IS_FRONT_END))
    equipment = (node_endpoints, equipment_endpoints, _rails(node_rails))
    switch = (leaf_down_ports, switch_ports, fabric_planes)

    def uplinks(hanging: Array, *network: Array) -> Array:
        return _leaves(*network) * hanging

    return total(once(uplinks, NETWORK, hanging, *equipment, *switch), NETWORK)


@quantity(unit="1", axes="month network site", decision=True)
def switches_spine(
    switches_leaf: Array,
    leaf_uplinks: Array,
    switch_ports: Array,
    spine_down_ports: Array,
    fabric_planes: Array,
) -> Array:
    """Whole spine switches on all planes: rounded up until the uplinks of a leaf divide evenly among them."""
    leaf = switches_leaf / fabric_planes
    return fabric.spines(leaf, leaf_uplinks, switch_ports, spine_down_ports) * fabric_planes


@quantity(unit="1", axes="month network site", decision=True)
def switches_core(
    switches_leaf: Array,
    switches_spine: Array,
    switch_ports: Array,
    spine_down_ports: Array,
    spine_uplinks: Array,
    fabric_planes: Array,
) -> Array:
    """Whole core switches on all planes; none while two tiers are enough."""
    leaf, spine = switches_leaf / fabric_planes, switches_spine / fabric_planes
    return fabric.cores(leaf, spine, switch_ports, spine_down_ports, spine_uplinks) * fabric_planes


@quantity(unit="1", axes="network site", decision=True)
def switches_leaf_at_start(
    node_endpoints_at_start: Array,
    network_endpoints_at_start: Array,
    node_rails: Array,
    leaf_down_ports: Array,
    switch_ports: Array,
    fabric_planes: Array,
) -> Array:
    """Whole leaf switches on all planes that what stands at plan_start hangs on, by the rule of `switches_leaf`."""
    there = (node_endpoints_at_start, network_endpoints_at_start)
    return switches_leaf(*there, node_rails, leaf_down_ports, switch_ports, fabric_planes)


@quantity(unit="1", axes="site", decision=True)
def uplinks_to_front_end_at_start(
    node_endpoints_at_start: Array,
    equipment_endpoints_at_start: Array,
    node_rails: Array,
    leaf_down_ports: Array,
    switch_ports: Array,
    switch_uplinks: Array,
    fabric_has_spine: Array,
    fabric_planes: Array,
) -> Array:
    """Uplinks to the front-end network of what stands at plan_start, by the rule of `uplinks_to_front_end`."""
    there = (node_endpoints_at_start, equipment_endpoints_at_start)
    switch = (leaf_down_ports, switch_ports, switch_uplinks, fabric_has_spine)
    return uplinks_to_front_end(*there, node_rails, *switch, fabric_planes)


@quantity(unit="1", axes="network site", decision=True)
def switches_spine_at_start(
    switches_leaf_at_start: Array,
    leaf_uplinks: Array,
    switch_ports: Array,
    spine_down_ports: Array,
    fabric_planes: Array,
) -> Array:
    """Whole spine switches on all planes over the leaves that stand at plan_start."""
    ports = (leaf_uplinks, switch_ports, spine_down_ports)
    return switches_spine(switches_leaf_at_start, *ports, fabric_planes)


@quantity(unit="1", axes="network site", decision=True)
def switches_core_at_start(
    switches_leaf_at_start: Array,
    switches_spine_at_start: Array,
    switch_ports: Array,
    spine_down_ports: Array,
    spine_uplinks: Array,
    fabric_planes: Array,
) -> Array:
    """Whole core switches on all planes over the spines that stand at plan_start."""
    there = (switches_leaf_at_start, switches_spine_at_start)
    return switches_core(*there, switch_ports, spine_down_ports, spine_uplinks, fabric_planes)


@quantity(unit="1", axes="month network site", decision=True)
def optics(
    links_to_endpoints: Array,
    links_to_spines: Array,
    links_to_cores: Array,
    switch_pluggable: Array,
    switch_ports_per_module: Array,
    fabric_endpoint_ports_per_module: Array,
) -> Array:
    """Whole pluggable modules of each network: at endpoints, and at all switch ports in use.

    None where cables include their ends: copper, and active optical cables.
    """
    ports = links_to_endpoints + 2.0 * (links_to_spines + links_to_cores)
    ends = whole_units(links_to_endpoints / fabric_endpoint_ports_per_module)
    return (whole_units(ports / switch_ports_per_module) + ends) * switch_pluggable


@quantity(unit="1", axes="month network site hardware", decision=True)
def network_cards(nodes: Array, node_ports: Array, nic_ports: Array) -> Array:
    """Whole network cards of the nodes on each network, in cards of the compute network's kind.

    They come with the nodes, in whose price they are: not to be bought again. Management ports are on the board.
    """
    return nodes * whole_units(node_ports / nic_ports) * HAS_CARDS


@quantity(unit="1", axes="month network site", decision=True)
def switch_orders(
    switches: Array,
    switches_at_start: Array,
    site_order_interval: Array,
    cluster_refresh_age: Array,
    calendar: Calendar,
) -> Array:
    """Whole switches entering service: as the fabric grows, and in place of those at the end of their life.

    They are bought with the nodes that hang on them, as often, and never later than they; what is there at
    plan_start serves one life from then on.
    """
    return _with_the_nodes(
        switches, switches_at_start, site_order_interval, cluster_refresh_age, calendar
    )


@quantity(unit="1", axes="month network site", decision=True)
def link_orders(
    links: Array,
    links_at_start: Array,
    site_order_interval: Array,
    cluster_refresh_age: Array,
    calendar: Calendar,
) -> Array:
    """Whole links entering service, as their switches; those of what stands at plan_start are there already."""
    need, there = whole_units(links), whole_units(links_at_start)
    return _with_the_nodes(need, there, site_order_interval, cluster_refresh_age, calendar)


def _with_the_nodes(
    need: Array, at_start: Array, order_interval: Array, life: Array, calendar: Calendar
) -> Array:
    """Entering service on (month, network, site): bought as often as the nodes, never later than they."""
    months = months_of_life(life)
    serving = place((np.arange(calendar.months)[:, None] < months.T).T, DRAW, MONTH)
    entering = _orders(
        on(need, MONTH, NETWORK, SITE),
        on(at_start * serving, MONTH, NETWORK, SITE),
        np.ones((1, calendar.months, 1, 1)),
        np.zeros((1, 1, 1), dtype=np.int64),
        on(order_interval, NETWORK, SITE),
        months,
    )
    return place(entering, DRAW, MONTH, NETWORK, SITE)


@quantity(unit="1", axes="month site", decision=True)
def rig_orders(
    rigs_required: Array,
    rigs_before: Array,
    qualification_most_rigs: Array,
    qualification_rig_lead_time: Array,
    site_may_order: Array,
    site_order_interval: Array,
    cluster_refresh_age: Array,
    calendar: Calendar,
) -> Array:
    """Whole rigs entering service: for the worst month ahead, but never beyond the most that the policy allows."""
    most = np.floor(qualification_most_rigs)
    entering = _orders(
        on(np.minimum(rigs_required, most), MONTH, SITE),
        on(rigs_before, MONTH, SITE),
        on(spread(site_may_order, MONTH, calendar.months), MONTH, SITE),
        calendar.month_after(on(qualification_rig_lead_time, SITE)),
        on(site_order_interval, SITE),
        months_of_life(cluster_refresh_age),
    )
    return place(entering, DRAW, MONTH, SITE)


@quantity(unit="1", axes="month site hardware", decision=True)
def nodes_a_rack(
    node_nodes_per_rack: Array, node_draw_peak: Array, site_rack_density: Array
) -> Array:
    """Whole nodes that share a rack: as many as fit, or as the hall's power a rack allows, and at least one."""
    by_power = combined(np.divide, site_rack_density, node_draw_peak)
    return np.maximum(np.floor(np.minimum(node_nodes_per_rack, by_power) + ROUNDING), 1.0)


@quantity(unit="1", axes="month tier site", decision=True)
def storage_units_a_rack(
    system_units_per_rack: Array, system_power: Array, site_rack_density: Array
) -> Array:
    """Whole storage units that share a rack: as many as fit, or as the hall's power a rack allows, at least one."""
    by_power = combined(np.divide, site_rack_density, system_power)
    return np.maximum(np.floor(np.minimum(system_units_per_rack, by_power) + ROUNDING), 1.0)


@quantity(unit="1", axes="month network site", decision=True)
def switches_a_rack(
    facility_switches_per_rack: Array, switch_power: Array, site_rack_density: Array
) -> Array:
    """Whole switches of a network that share a rack: as many as fit, or as the hall's power allows, at least one."""
    power = np.maximum(switch_power, LEAST_POWER)
    by_power = combined(np.divide, site_rack_density, power)
    return np.maximum(np.floor(np.minimum(facility_switches_per_rack, by_power) + ROUNDING), 1.0)


@quantity(unit="1", axes="month site", decision=True)
def racks(
    racks_of_nodes: Array,
    racks_of_storage: Array,
    switches: Array,
    switches_a_rack: Array,
    rented_share: Array,
    rigs: Array,
    qualification_rigs_per_rack: Array,
) -> Array:
    """Whole racks in the site's own hall: for nodes of each kind, storage of each tier, all networks, and rigs."""
    compute = total(whole_units(racks_of_nodes), HARDWARE)
    stored = total(whole_units(racks_of_storage), TIER)
    owned = switches * (1.0 - rented_share)
    switched = whole_units(total(owned / switches_a_rack, NETWORK))
    return compute + stored + switched + whole_units(rigs / qualification_rigs_per_rack)


@quantity(unit="1", axes="program", decision=True)
def recorders(sensor_rate_encoded: Array, vehicle_recorder_rate: Array) -> Array:
    """Whole recorders in a vehicle that take everything its sensors send, after compression."""
    share = sensor_rate_encoded / vehicle_recorder_rate
    return np.where(sensor_rate_encoded > 0, np.maximum(whole_units(share), 1.0), 0.0)


@quantity(unit="day", decision=True)
def campaign_schedule(ota_rollout: Array, package_cadence: Array) -> Array:
    """Time over which a release admits vehicles: the policy's, but never longer than until the next release."""
    return np.minimum(ota_rollout, lowest(package_cadence, PACKAGE))


def months_of_life(life: Array) -> Whole:
    """Whole months of a service life [s], at least one, shape (draw, 1)."""
    return whole_months(life.reshape(-1, 1))


def whole_months(time: Array) -> Whole:
    """A time [s] in whole months, at least one."""
    return np.maximum(np.rint(time / SECONDS_A_MONTH), 1.0).astype(np.int64)


def _orders(
    need: Array, before: Array, allowed: Array, earliest: Whole, interval: Array, life: Whole
) -> Array:
    """Entering service by (draw, month, place, ...); the order interval (draw, place, ...) may vary by both."""
    months = whole_months(interval)
    intervals = sorted(set(months.ravel().tolist()))
    entering: Array = np.zeros(1)
    for each in intervals:
        decided = entering_service(need, before, allowed, earliest, each, life)
        entering = entering + decided * (months == each)[:, None] if intervals[1:] else decided
    return entering
