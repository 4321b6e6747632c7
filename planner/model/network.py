"""What must each network of a site connect, with how many switches, links and optics, and what comes in over the WAN?

A site has four networks: compute (rail-optimised, non-blocking unless the scenario oversubscribes it), storage,
front-end (in-band Ethernet) and management (out of band), as in the NVIDIA DGX SuperPOD reference architectures. Whole
switches are decided in `decisions`; here is what they follow from, and the links between them. The network cards of the
nodes come with the nodes. The wide-area connection carries what arrives from the fleet, data sets that sites of one
pool exchange, and releases to the content network's caches.
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
    first,
    take,
    total,
)
from planner.catalogue import TIERS, SitePools, pooled
from planner.graph import quantity
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
def network_endpoints(
    node_endpoints: Array,
    storage_units: Array,
    storage_unit_ports: Array,
    fabric_management_ports: Array,
    fabric_planes: Array,
) -> Array:
    """Endpoint ports on one plane of each network: nodes, storage units, and the fabric manager where there are any."""
    stored = total(storage_units * storage_unit_ports, TIER) / fabric_planes
    found = total(node_endpoints, HARDWARE) + stored
    return np.where(found > 0, found + fabric_management_ports, 0.0)


@quantity(unit="1", axes="network site")
def network_endpoints_at_start(
    nodes_before: Array,
    nodes_committed_entering: Array,
    node_ports: Array,
    storage_units_before: Array,
    storage_committed_entering: Array,
    storage_unit_ports: Array,
    fabric_management_ports: Array,
    fabric_planes: Array,
) -> Array:
    """Endpoint ports on one plane of each network of what stands at plan_start."""
    there = first(nodes_before - nodes_committed_entering, MONTH)
    stored = first(storage_units_before - storage_committed_entering, MONTH)
    ports = total(there * node_ports, HARDWARE) + total(stored * storage_unit_ports, TIER)
    return np.where(ports > 0, ports / fabric_planes + fabric_management_ports, 0.0)


@quantity(unit="1", axes="network")
def leaf_down_ports(
    fabric_down_ports: Array, switch_ports: Array, fabric_has_spine: Array
) -> Array:
    """Ports of a leaf for endpoints: as the scenario says, else half of them, or all where nothing is above."""
    usual = np.where(fabric_has_spine > 0, np.floor(switch_ports / 2.0), switch_ports)
    return np.where(fabric_down_ports > 0, np.minimum(fabric_down_ports, switch_ports), usual)


@quantity(unit="1", axes="network")
def leaf_uplinks(
    leaf_down_ports: Array, fabric_oversubscription: Array, fabric_has_spine: Array
) -> Array:
    """Uplinks of a leaf: its endpoint ports over the oversubscription."""
    return fabric.uplinks_of_leaf(leaf_down_ports, fabric_oversubscription) * fabric_has_spine


@quantity(unit="1", axes="month network site")
def links_to_spines(switches_leaf: Array, switches_spine: Array, leaf_uplinks: Array) -> Array:
    """Links from leaves up to spines, on all planes; none under a single leaf."""
    return np.where(switches_spine > 0, switches_leaf * leaf_uplinks, 0.0)


@quantity(unit="1", axes="month network site")
def links_to_cores(
    switches_leaf: Array,
    switches_spine: Array,
    switch_ports: Array,
    fabric_core_oversubscription: Array,
    fabric_planes: Array,
) -> Array:
    """Links from spines up to cores, on all planes; none in two tiers."""
    leaf = switches_leaf / fabric_planes
    spine = switches_spine / fabric_planes
    links = fabric.links_to_cores(leaf, spine, switch_ports, fabric_core_oversubscription)
    return links * fabric_planes


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


@quantity(unit="1", axes="month site hardware")
def network_cards(nodes: Array, node_nics: Array, nic_ports: Array) -> Array:
    """Network cards of the compute network; they come with the nodes."""
    return nodes * node_nics / nic_ports


# --- The wide-area connection ----------------------------------------------------------------------------------------


@quantity(unit="bit/second", axes="month site")
def wan_exchange(
    tier_datasets: Array, clip_time_ingested: Array, site_pools: SitePools, month_seconds: Array
) -> Array:
    """Data sets that come from other sites of the pool: the month's growth, by their share of the recordings."""
    held = take(tier_datasets, TIER, HOT)
    grown = np.maximum(np.diff(held, axis=MONTH, prepend=first(held, MONTH)), 0.0)
    all_recorded = pooled(clip_time_ingested, site_pools)
    there = np.where(all_recorded > 0, all_recorded, 1.0)
    foreign = np.where(all_recorded > 0, 1.0 - clip_time_ingested / there, 0.0)
    return grown * foreign / month_seconds


@quantity(unit="bit/second", axes="month site")
def wan_delivery(
    package_size: Array,
    wan_origin_pulls: Array,
    campaign_schedule: Array,
    allocation: Array,
) -> Array:
    """Releases to the content network: each of its caches that misses fetches every package once in a rollout."""
    return total(package_size, PACKAGE) * wan_origin_pulls / campaign_schedule * allocation


@quantity(unit="bit/second", axes="month site")
def wan_bandwidth(
    site_ingest_peak: Array,
    wan_exchange: Array,
    wan_delivery: Array,
    wan_paths: Array,
    wan_replication: Array,
) -> Array:
    """Capacity to buy of wide-area links: the larger direction, which every one of the paths but one must carry.

    In: the fleet's busiest hour and data sets from other sites; out: releases, and the data sets that others fetch,
    which are of the same order; both ways copies of data. With n paths each has 1/(n - 1) of the need, so that one may
    fail.
    """
    inward = site_ingest_peak + wan_exchange + wan_replication
    outward = wan_delivery + wan_exchange + wan_replication
    paths = np.maximum(wan_paths, 1.0)
    spare = np.where(paths > 1, paths / np.maximum(paths - 1.0, 1.0), 1.0)
    return np.maximum(inward, outward) * spare
