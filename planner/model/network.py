"""What must each network of a site connect, with how many switches, links and optics, and what comes in over the WAN?

A site has four networks: compute (rail-optimised, non-blocking unless the scenario oversubscribes it), storage,
front-end (in-band Ethernet) and management (out of band), as in the NVIDIA DGX SuperPOD reference architectures. Whole
switches are decided in `decisions`; here is what they follow from, and the links between them. Leaves of the management
network have no spines: their uplinks go to the front-end network. The network cards of the nodes come with the nodes.
The wide-area connection carries what arrives from the fleet, data sets that sites of one pool exchange, and from the
site that hosts releases their builds to the content network's caches.
"""

from __future__ import annotations

import numpy as np

from planner.axes import (
    HARDWARE,
    MONTH,
    NETWORK,
    PACKAGE,
    TIER,
    Array,
    concatenate,
    contract,
    first,
    take,
    total,
)
from planner.catalogue import TIERS, SitePools, others_in_pool, pooled
from planner.graph import quantity
from planner.model.decisions import IS_FRONT_END
from planner.perf import fabric

HOT = TIERS.index("hot")


@quantity(unit="1", axes="network hardware")
def node_ports(
    node_nics: Array,
    node_storage_ports: Array,
    node_front_end_ports: Array,
    node_management_ports: Array,
) -> Array:
    """Ports of a node on each network."""
    return concatenate(
        NETWORK, node_nics, node_storage_ports, node_front_end_ports, node_management_ports
    )


@quantity(unit="1", axes="network tier")
def storage_unit_ports(system_ports: Array, system_management_ports: Array) -> Array:
    """Ports of a storage unit on each network: storage and management."""
    none = np.zeros_like(system_ports)
    return concatenate(NETWORK, none, system_ports, none, system_management_ports)


@quantity(unit="1", axes="month network site hardware")
def node_endpoints(nodes: Array, node_ports: Array, fabric_planes: Array) -> Array:
    """Endpoint ports of the nodes in service on one plane of each network, unrounded where planes share a port."""
    return nodes * node_ports / fabric_planes


@quantity(unit="1", axes="month network site")
def equipment_endpoints(
    node_endpoints: Array,
    storage_units: Array,
    storage_unit_ports: Array,
    fabric_management_ports: Array,
    fabric_planes: Array,
) -> Array:
    """Endpoint ports on one plane of each network: nodes, storage units, and the fabric manager where there are any."""
    stored = contract(storage_units, storage_unit_ports, TIER) / fabric_planes
    found = total(node_endpoints, HARDWARE) + stored
    return (found + fabric_management_ports) * (found > 0)


@quantity(unit="1", axes="month network site")
def network_endpoints(
    equipment_endpoints: Array, uplinks_to_front_end: Array, fabric_planes: Array
) -> Array:
    """Endpoint ports on one plane of each network: equipment, and on the front-end network leaves that hang on it."""
    return equipment_endpoints + uplinks_to_front_end * IS_FRONT_END / fabric_planes


@quantity(unit="1", axes="network")
def leaf_down_ports(
    fabric_down_ports: Array,
    switch_ports: Array,
    fabric_oversubscription: Array,
    fabric_has_spine: Array,
) -> Array:
    """Ports of a leaf for endpoints: as the scenario says, else what leaves room for uplinks, or all without spines."""
    divided = fabric.ports_down(switch_ports, fabric_oversubscription)
    usual = np.where(fabric_has_spine > 0, divided, switch_ports)
    return np.where(fabric_down_ports > 0, np.minimum(fabric_down_ports, switch_ports), usual)


@quantity(unit="1", axes="network")
def leaf_uplinks(
    leaf_down_ports: Array,
    switch_ports: Array,
    fabric_oversubscription: Array,
    fabric_has_spine: Array,
) -> Array:
    """Uplinks of a leaf: at least its endpoint ports over the oversubscription, at most the ports that are left."""
    up = fabric.ports_up(switch_ports, leaf_down_ports, fabric_oversubscription)
    return up * fabric_has_spine


@quantity(unit="1", axes="network")
def oversubscription_built(leaf_down_ports: Array, leaf_uplinks: Array) -> Array:
    """Endpoint ports of a leaf over its uplinks, in whole ports; 0 where no spines are above."""
    return np.where(leaf_uplinks > 0, leaf_down_ports / np.maximum(leaf_uplinks, 1.0), 0.0)


@quantity(unit="1", axes="network")
def spine_down_ports(switch_ports: Array, fabric_core_oversubscription: Array) -> Array:
    """Ports of a spine for leaves where there are three tiers."""
    return fabric.ports_down(switch_ports, fabric_core_oversubscription)


@quantity(unit="1", axes="network")
def spine_uplinks(
    spine_down_ports: Array, switch_ports: Array, fabric_core_oversubscription: Array
) -> Array:
    """Uplinks of a spine to the cores where there are three tiers."""
    return fabric.ports_up(switch_ports, spine_down_ports, fabric_core_oversubscription)


@quantity(unit="1", axes="network")
def core_oversubscription_built(spine_down_ports: Array, spine_uplinks: Array) -> Array:
    """Ports of a spine down over those up, in whole ports, where there are three tiers; 0 without uplinks."""
    return np.where(spine_uplinks > 0, spine_down_ports / np.maximum(spine_uplinks, 1.0), 0.0)


@quantity(unit="1", axes="month network site")
def links_to_spines(switches_leaf: Array, switches_spine: Array, leaf_uplinks: Array) -> Array:
    """Links from leaves up to spines, on all planes; none under a single leaf."""
    return switches_leaf * leaf_uplinks * (switches_spine > 0)


@quantity(unit="1", axes="month network site")
def links_to_cores(
    switches_leaf: Array,
    switches_spine: Array,
    switch_ports: Array,
    spine_uplinks: Array,
    fabric_planes: Array,
) -> Array:
    """Links from spines up to cores, on all planes; none in two tiers."""
    leaf = switches_leaf / fabric_planes
    spine = switches_spine / fabric_planes
    return fabric.links_to_cores(leaf, spine, switch_ports, spine_uplinks) * fabric_planes


@quantity(unit="1", axes="month network site")
def links_to_endpoints(network_endpoints: Array, fabric_planes: Array) -> Array:
    """Links from endpoint ports to leaves, on all planes."""
    return network_endpoints * fabric_planes


@quantity(unit="1", axes="month network site")
def links(links_to_endpoints: Array, links_to_spines: Array, links_to_cores: Array) -> Array:
    """Cables of each network, each with its optics at both ends where it has any."""
    return links_to_endpoints + links_to_spines + links_to_cores


@quantity(unit="1", axes="month network site")
def switches(switches_leaf: Array, switches_spine: Array, switches_core: Array) -> Array:
    """Switches of each network in service, on all planes: leaves, spines and cores."""
    return switches_leaf + switches_spine + switches_core


# --- What stands at plan_start ---------------------------------------------------------------------------------------


@quantity(unit="1", axes="network site hardware")
def node_endpoints_at_start(
    nodes_before: Array, nodes_committed_entering: Array, node_ports: Array, fabric_planes: Array
) -> Array:
    """Endpoint ports on one plane of each network of the nodes that stand at plan_start."""
    there = first(nodes_before - nodes_committed_entering, MONTH)
    return node_endpoints(there, node_ports, fabric_planes)


@quantity(unit="1", axes="network site")
def equipment_endpoints_at_start(
    node_endpoints_at_start: Array,
    storage_units_before: Array,
    storage_committed_entering: Array,
    storage_unit_ports: Array,
    fabric_management_ports: Array,
    fabric_planes: Array,
) -> Array:
    """Endpoint ports on one plane of each network of the equipment that stands at plan_start."""
    stored = first(storage_units_before - storage_committed_entering, MONTH)
    return equipment_endpoints(
        node_endpoints_at_start, stored, storage_unit_ports, fabric_management_ports, fabric_planes
    )


@quantity(unit="1", axes="network site")
def network_endpoints_at_start(
    equipment_endpoints_at_start: Array, uplinks_to_front_end_at_start: Array, fabric_planes: Array
) -> Array:
    """Endpoint ports on one plane of each network of what stands at plan_start, by the rule of `network_endpoints`."""
    there = (equipment_endpoints_at_start, uplinks_to_front_end_at_start)
    return network_endpoints(*there, fabric_planes)


@quantity(unit="1", axes="network site")
def switches_at_start(
    switches_leaf_at_start: Array, switches_spine_at_start: Array, switches_core_at_start: Array
) -> Array:
    """Switches that what stands at plan_start hangs on; they are there already."""
    return switches_leaf_at_start + switches_spine_at_start + switches_core_at_start


@quantity(unit="1", axes="network site")
def links_at_start(
    network_endpoints_at_start: Array,
    switches_leaf_at_start: Array,
    switches_spine_at_start: Array,
    leaf_uplinks: Array,
    switch_ports: Array,
    spine_uplinks: Array,
    fabric_planes: Array,
) -> Array:
    """Cables between what stands at plan_start and its switches, and among those; they are there already."""
    there = (switches_leaf_at_start, switches_spine_at_start)
    to_endpoints = links_to_endpoints(network_endpoints_at_start, fabric_planes)
    to_cores = links_to_cores(*there, switch_ports, spine_uplinks, fabric_planes)
    return links(to_endpoints, links_to_spines(*there, leaf_uplinks), to_cores)


# --- The wide-area connection ----------------------------------------------------------------------------------------


@quantity(unit="bit/second", axes="month site")
def wan_exchange(
    tier_datasets: Array, clip_time_ingested: Array, site_pools: SitePools, month_seconds: Array
) -> Array:
    """Data sets that come from other sites of the pool: the month's growth, by their share of the recordings."""
    grown, own = _datasets_grown(tier_datasets), _own_share(clip_time_ingested, site_pools)
    recorded = pooled(clip_time_ingested, site_pools) > 0
    return np.where(recorded, grown * (1.0 - own), 0.0) / month_seconds


@quantity(unit="bit/second", axes="month site")
def wan_exchange_out(
    tier_datasets: Array, clip_time_ingested: Array, site_pools: SitePools, month_seconds: Array
) -> Array:
    """Data sets that other sites of the pool fetch here: their growth, by this site's share of the recordings."""
    grown, own = _datasets_grown(tier_datasets), _own_share(clip_time_ingested, site_pools)
    return others_in_pool(grown, site_pools) * own / month_seconds


def _datasets_grown(tier_datasets: Array) -> Array:
    """Bytes by which the data sets of each site grow in the month."""
    held = take(tier_datasets, TIER, HOT)
    return np.maximum(np.diff(held, axis=MONTH, prepend=first(held, MONTH)), 0.0)


def _own_share(clip_time_ingested: Array, site_pools: SitePools) -> Array:
    """Share of each site in the recordings of its pool; 0 where there are none."""
    everything = pooled(clip_time_ingested, site_pools)
    return np.where(
        everything > 0, clip_time_ingested / np.where(everything > 0, everything, 1.0), 0.0
    )


@quantity(unit="bit/second", axes="month site")
def wan_delivery(
    package_bytes: Array,
    variants: Array,
    wan_origin_pulls: Array,
    campaign_schedule: Array,
    site_hosts_releases: Array,
) -> Array:
    """Releases to the content network, from the site that hosts them: each cache that misses fetches every build once.

    A release is as many different packages as it has variants (`packages_built` counts those of a month); they are
    fetched while it is rolled out, all packages together, as `ota_by_hour` has it.
    """
    release = total(package_bytes, PACKAGE) * variants
    return release * wan_origin_pulls / campaign_schedule * site_hosts_releases


@quantity(unit="bit/second", axes="month site")
def wan_bandwidth(
    site_ingest_peak: Array,
    wan_exchange: Array,
    wan_exchange_out: Array,
    wan_delivery: Array,
    wan_paths: Array,
    wan_replication: Array,
) -> Array:
    """Capacity to buy of wide-area links: the larger direction, which every one of the paths but one must carry.

    In: the fleet's busiest hour and data sets from other sites; out: releases, and the data sets that others fetch;
    both ways copies of data. With n paths each has 1/(n - 1) of the need, so that one may
    fail.
    """
    inward = site_ingest_peak + wan_exchange + wan_replication
    outward = wan_delivery + wan_exchange_out + wan_replication
    paths = np.maximum(wan_paths, 1.0)
    spare = np.where(paths > 1, paths / np.maximum(paths - 1.0, 1.0), 1.0)
    return np.maximum(inward, outward) * spare
