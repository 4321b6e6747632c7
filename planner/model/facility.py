"""How much power, energy and floor does each site need, and from which month does its hall fall short?

IT power is provisioned for the peak of everything in service; its mean over the month, which follows how busy the
accelerators are, drives energy. Both are multiplied by the site's power usage effectiveness (`cooling.py`). Each month
is checked against the grid connection, the modules of power and cooling under their redundancy, the density that a
rack may have, the liquid loops and the floor. Those limits are what a site could have; halls are charged for the power
that the plan needs (`acquisition.hall_power`), at a cost that follows the redundancy of their modules.
"""

from __future__ import annotations

import numpy as np

from planner.axes import HARDWARE, MONTH, NETWORK, SITE, TIER, Array, first, peak, total
from planner.graph import quantity


@quantity(unit="watt", axes="month site")
def fabric_power(switches: Array, switch_power: Array) -> Array:
    """Power of the switches of all networks, with their optics."""
    return total(switches * switch_power, NETWORK)


@quantity(unit="watt", axes="month site")
def storage_power(storage_units: Array, system_power: Array) -> Array:
    """Power of all storage units in service."""
    return total(storage_units * system_power, TIER)


@quantity(unit="watt", axes="month site")
def compute_power(nodes: Array, node_draw_peak: Array) -> Array:
    """Provisioned peak power of all nodes in service."""
    return total(nodes * node_draw_peak, HARDWARE)


@quantity(unit="watt", axes="month site")
def it_power(
    compute_power: Array, storage_power: Array, fabric_power: Array, rig_power: Array
) -> Array:
    """Provisioned peak power of all equipment in service: nodes, storage, networks, rigs."""
    return compute_power + storage_power + fabric_power + rig_power


@quantity(unit="watt", axes="site")
def it_power_at_start(
    nodes_before: Array,
    nodes_committed_entering: Array,
    node_draw_peak: Array,
    storage_units_before: Array,
    storage_committed_entering: Array,
    system_power: Array,
    switches_at_start: Array,
    switch_power: Array,
    rigs_before: Array,
    qualification_rig_power: Array,
) -> Array:
    """Provisioned power of what stands at the sites at plan_start; its room is there already."""
    there = first(nodes_before - nodes_committed_entering, MONTH)
    stored_there = first(storage_units_before - storage_committed_entering, MONTH)
    compute = total(there * node_draw_peak, HARDWARE)
    stored = total(stored_there * system_power, TIER)
    network = total(switches_at_start * switch_power, NETWORK)
    return compute + stored + network + first(rigs_before, MONTH) * qualification_rig_power


@quantity(unit="watt", axes="month site hardware")
def node_power_mean(
    nodes: Array, node_draw_idle: Array, node_draw_typical: Array, gpus_busy_share: Array
) -> Array:
    """Mean power of the nodes over the month: between idle and typical by how busy they are."""
    return nodes * (node_draw_idle + (node_draw_typical - node_draw_idle) * gpus_busy_share)


@quantity(unit="watt", axes="month site")
def it_power_mean(
    node_power_mean: Array, storage_power: Array, fabric_power: Array, rig_power: Array
) -> Array:
    """Mean power over the month: nodes by how busy they are; storage, networks and rigs are always on."""
    return total(node_power_mean, HARDWARE) + storage_power + fabric_power + rig_power


@quantity(unit="watt", axes="month site")
def it_power_idle(
    nodes: Array,
    node_draw_idle: Array,
    storage_power: Array,
    fabric_power: Array,
    rig_power: Array,
) -> Array:
    """Power of all equipment in service while every node is idle; storage, networks and rigs are always on."""
    return total(nodes * node_draw_idle, HARDWARE) + storage_power + fabric_power + rig_power


@quantity(unit="watt", axes="month site")
def it_power_typical(
    nodes: Array,
    node_draw_typical: Array,
    storage_power: Array,
    fabric_power: Array,
    rig_power: Array,
) -> Array:
    """Power of all equipment in service while every node trains."""
    return total(nodes * node_draw_typical, HARDWARE) + storage_power + fabric_power + rig_power


@quantity(unit="watt", axes="month site")
def site_power(it_power: Array, pue_peak: Array) -> Array:
    """Power from the grid, rented nodes included: peak IT power x power usage effectiveness on the hottest day."""
    return it_power * pue_peak


@quantity(unit="watt", axes="month site")
def connection_power(hall_power: Array, pue_peak: Array) -> Array:
    """Power that the site's own grid connection must give: that of its hall, on the hottest day."""
    return hall_power * pue_peak


@quantity(unit="watt", axes="month site")
def site_power_short(connection_power: Array, site_power_limit: Array) -> Array:
    """Power that the site's hall needs and that is not connected yet; rented nodes stand elsewhere."""
    return np.maximum(connection_power - site_power_limit, 0.0)


@quantity(unit="1", axes="month site")
def phase_used_share(connection_power: Array, site_power_limit: Array) -> Array:
    """Power that the site's hall needs over that of the phase that the scenario declares; 0 where it declares none.

    Infinite where power is needed and none is connected yet.
    """
    there = site_power_limit > 0
    none = np.where(connection_power > 0, np.inf, 0.0)
    return np.where(there, connection_power / np.where(there, site_power_limit, 1.0), none)


@quantity(unit="watt", axes="month site", worst="min")
def it_capacity(
    site_modules: Array,
    site_module_power: Array,
    site_spare_modules: Array,
    site_module_sets: Array,
) -> Array:
    """IT power that the modules of power and cooling carry with those that may fail left out; infinite if not limited.

    N: all modules. N+1: all but one. 2N: one of two sets.
    """
    carrying = site_modules / site_module_sets - site_spare_modules
    return np.maximum(carrying, 0.0) * site_module_power


@quantity(unit="1", axes="month site")
def modules_usable(
    site_modules: Array, site_spare_modules: Array, site_module_sets: Array
) -> Array:
    """Modules of power and cooling that carry load, at least one; infinite where the scenario gives no modules."""
    return np.maximum(site_modules / site_module_sets - site_spare_modules, 1.0)


@quantity(unit="1", axes="month site")
def plant_oversize(
    modules_usable: Array, site_spare_modules: Array, site_module_sets: Array
) -> Array:
    """Installed over usable power of the modules. N: 1. N+1: one more than the usable ones. 2N: 2."""
    return site_module_sets + site_spare_modules / modules_usable


@quantity(unit="1", axes="month site")
def plant_oversize_usual(modules_usable: Array, facility_usual_oversize: Array) -> Array:
    """Installed over usable power at N+1, the market's usual, with the site's usable modules.

    Where the scenario gives no modules, that of a usual hall.
    """
    given = np.isfinite(modules_usable)
    return np.where(given, 1.0 + 1.0 / modules_usable, facility_usual_oversize)


@quantity(unit="1", axes="month site")
def redundancy_cost(
    plant_oversize: Array, plant_oversize_usual: Array, facility_plant_share: Array
) -> Array:
    """Cost of a hall for a watt of usable IT power, over the published cost, which is that of N+1 and so 1 there.

    The part of power and cooling goes with what is installed for a usable watt, relative to N+1; the shell does not.
    N is never above 1, 2N never below.
    """
    return 1.0 + facility_plant_share * (plant_oversize / plant_oversize_usual - 1.0)


@quantity(unit="USD/watt", axes="month site")
def building_cost(
    location_building_cost: Array, redundancy_cost: Array, economics_currency_factor: Array
) -> Array:
    """Cost of a hall for a watt of IT power at the site's place and with its redundancy."""
    return location_building_cost * redundancy_cost * economics_currency_factor


@quantity(unit="watt", axes="month site")
def it_power_short(hall_power: Array, it_capacity: Array) -> Array:
    """IT power that is provisioned in the hall and not carried by the modules under their redundancy."""
    return np.maximum(hall_power - it_capacity, 0.0)


@quantity(unit="watt", axes="month site")
def hall_liquid_heat(nodes_owned: Array, node_draw_peak: Array, node_liquid_share: Array) -> Array:
    """Heat that the loops of the site's own hall carry when everything runs at its provisioned peak."""
    return total(nodes_owned * node_draw_peak * node_liquid_share, HARDWARE)


@quantity(unit="watt", axes="month site")
def liquid_heat_short(hall_liquid_heat: Array, site_liquid_capacity: Array) -> Array:
    """Heat of liquid-cooled racks that the hall's loops do not carry."""
    return np.maximum(hall_liquid_heat - site_liquid_capacity, 0.0)


@quantity(unit="watt", axes="month site")
def rack_power(
    nodes_owned: Array,
    node_draw_peak: Array,
    nodes_a_rack: Array,
    storage_units: Array,
    system_power: Array,
    storage_units_a_rack: Array,
    switches: Array,
    switch_power: Array,
    switches_a_rack: Array,
    rented_share: Array,
) -> Array:
    """Provisioned power of the densest full rack in the hall, of those of nodes, of storage units and of switches."""
    compute = peak((nodes_owned > 0) * node_draw_peak * nodes_a_rack, HARDWARE)
    stored = peak((storage_units > 0) * system_power * storage_units_a_rack, TIER)
    owned = switches * (1.0 - rented_share)
    switched = peak((owned > 0) * switch_power * switches_a_rack, NETWORK)
    return np.maximum(np.maximum(compute, stored), switched)


@quantity(unit="watt", axes="month site")
def rack_power_short(rack_power: Array, site_rack_density: Array) -> Array:
    """Power of one rack above what the hall feeds and cools in a rack: one piece is more than a rack may draw."""
    return np.maximum(rack_power - site_rack_density, 0.0)


@quantity(unit="m^2", axes="month site")
def floor_area(racks: Array, facility_rack_area: Array) -> Array:
    """White space for all racks with their aisles."""
    return racks * facility_rack_area


@quantity(unit="m^2", axes="month site")
def building_area(floor_area: Array, facility_white_space_share: Array) -> Array:
    """Floor of the building around the white space: plant, corridors, loading, offices."""
    return floor_area / facility_white_space_share


@quantity(unit="m^2", axes="month site")
def floor_area_short(floor_area: Array, site_floor_area: Array) -> Array:
    """White space that is needed and not there."""
    return np.maximum(floor_area - site_floor_area, 0.0)


@quantity(unit="kWh", axes="month site")
def it_energy(it_power_mean: Array, month_seconds: Array) -> Array:
    """Energy of the IT equipment in the month: mean power x time."""
    return it_power_mean * month_seconds


@quantity(unit="kWh", axes="month site")
def facility_energy(it_energy: Array, pue: Array) -> Array:
    """Energy of cooling, losses and offices in the month: IT energy x (power usage effectiveness - 1)."""
    return it_energy * (pue - 1.0)


@quantity(unit="kWh", axes="month site")
def energy(it_energy: Array, facility_energy: Array) -> Array:
    """Energy from the grid in the month: that of the IT equipment and of the facility around it."""
    return it_energy + facility_energy


@quantity(unit="1", axes="month")
def pue_of_sites(it_energy: Array, energy: Array) -> Array:
    """Power usage effectiveness of all sites together: energy from the grid over IT energy; 0 where nothing runs."""
    used = total(it_energy, SITE)
    return total(energy, SITE) / np.where(used > 0, used, 1.0)
