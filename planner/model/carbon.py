"""How much CO2-equivalent does the factory cause, in operation and in the making of what it buys?

Operation: energy from the grid of each site times the grid's intensity in that month, by the statement for the country
or for the cloud region. Making: nodes, storage, networks, rigs and halls, when they enter service. What is rented or
leased counts as what is bought.
"""

from __future__ import annotations

import numpy as np

from planner.axes import HARDWARE, NETWORK, SITE, TIER, Array, total
from planner.graph import quantity
from planner.perf.carbon import embodied_intensity
from planner.perf.money import ratio


@quantity(unit="g/kWh", axes="month site")
def grid_carbon(
    location_grid_carbon: Array,
    location_grid_carbon_stated: Array,
    location_grid_carbon_cloud: Array,
    carbon_grid_is_cloud: Array,
) -> Array:
    """Intensity of each site's grid: the country's, or the cloud region's, which moves as the country's does.

    Since the month for which the cloud region's is stated, whenever the plan starts.
    """
    stated = (carbon_grid_is_cloud > 0) & (location_grid_carbon_cloud >= 0)
    then = location_grid_carbon_stated
    course = np.where(then > 0, location_grid_carbon / np.where(then > 0, then, 1.0), 1.0)
    return np.where(stated, location_grid_carbon_cloud * course, location_grid_carbon)


@quantity(unit="kg", axes="month site")
def carbon_operational(energy: Array, grid_carbon: Array) -> Array:
    """Emissions of the grid energy used in the month."""
    return energy * grid_carbon


@quantity(unit="kg", axes="month site")
def carbon_of_nodes(
    orders: Array, nodes_committed_entering: Array, node_embodied_carbon: Array
) -> Array:
    """Emissions of making the nodes that enter service in the month."""
    return total((orders + nodes_committed_entering) * node_embodied_carbon, HARDWARE)


@quantity(unit="kg", axes="month site")
def carbon_of_storage(
    storage_orders: Array, storage_committed_entering: Array, system_embodied_carbon: Array
) -> Array:
    """Emissions of making the storage that enters service in the month."""
    return total((storage_orders + storage_committed_entering) * system_embodied_carbon, TIER)


@quantity(unit="kg", axes="month site")
def carbon_of_networks(
    switch_orders: Array,
    link_orders: Array,
    optics: Array,
    links: Array,
    carbon_switch_embodied: Array,
    carbon_optic_embodied: Array,
) -> Array:
    """Emissions of making the switches and the optics that enter service in the month; optics come with their links."""
    modules = total(link_orders * ratio(optics, links), NETWORK)
    return total(switch_orders, NETWORK) * carbon_switch_embodied + modules * carbon_optic_embodied


@quantity(unit="kg", axes="month site")
def carbon_of_rigs(rig_orders: Array, carbon_rig_embodied: Array) -> Array:
    """Emissions of making the rigs that enter service in the month, with their ECUs."""
    return rig_orders * carbon_rig_embodied


@quantity(unit="kg", axes="month site")
def carbon_of_halls(it_power_added: Array, carbon_building_embodied: Array) -> Array:
    """Emissions of building the halls, when their power is first needed."""
    return it_power_added * carbon_building_embodied


@quantity(unit="kg", axes="month site")
def carbon_embodied(
    carbon_of_nodes: Array,
    carbon_of_storage: Array,
    carbon_of_networks: Array,
    carbon_of_rigs: Array,
    carbon_of_halls: Array,
) -> Array:
    """Emissions of making what enters service in the month: nodes, storage, networks, rigs, halls."""
    equipment = carbon_of_nodes + carbon_of_storage + carbon_of_networks + carbon_of_rigs
    return equipment + carbon_of_halls


@quantity(unit="kg", axes="month site")
def carbon_by_site(carbon_operational: Array, carbon_embodied: Array) -> Array:
    """Operational and embodied emissions of the month at each site."""
    return carbon_operational + carbon_embodied


@quantity(unit="kg", axes="month")
def carbon(carbon_by_site: Array) -> Array:
    """Operational and embodied emissions of the month, over all sites."""
    return total(carbon_by_site, SITE)


@quantity(unit="kg/EFLOP", axes="hardware")
def node_carbon_intensity(
    node_embodied_carbon: Array, node_peak: Array, cluster_refresh_age: Array
) -> Array:
    """Emissions of making a node over all the dense bf16 arithmetic that it could do in its life."""
    return embodied_intensity(node_embodied_carbon, node_peak, cluster_refresh_age)
