"""How much power does each site need, and how much energy does it use?

IT power is provisioned for the peak of everything in service; its mean over the month, which follows how busy the
accelerators are, drives energy. Both are multiplied by the site's power usage effectiveness.
"""

from __future__ import annotations

import numpy as np

from planner.axes import HARDWARE, MONTH, NETWORK, TIER, Array, first, total
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
def it_power(
    nodes: Array, node_draw_peak: Array, storage_power: Array, fabric_power: Array
) -> Array:
    """Provisioned peak power of all equipment in service: nodes, storage, networks."""
    return total(nodes * node_draw_peak, HARDWARE) + storage_power + fabric_power


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
) -> Array:
    """Provisioned power of what stands at the sites at plan_start; its room is there already."""
    there = first(nodes_before - nodes_committed_entering, MONTH)
    stored_there = first(storage_units_before - storage_committed_entering, MONTH)
    compute = total(there * node_draw_peak, HARDWARE)
    stored = total(stored_there * system_power, TIER)
    return compute + stored + total(switches_at_start * switch_power, NETWORK)


@quantity(unit="watt", axes="month site")
def it_power_mean(
    nodes: Array,
    node_draw_idle: Array,
    node_draw_typical: Array,
    gpus_busy_share: Array,
    storage_power: Array,
    fabric_power: Array,
) -> Array:
    """Mean power over the month: nodes between idle and typical by how busy they are; storage, networks always on."""
    busy = node_draw_idle + (node_draw_typical - node_draw_idle) * gpus_busy_share
    return total(nodes * busy, HARDWARE) + storage_power + fabric_power


@quantity(unit="watt", axes="month site")
def site_power(it_power: Array, location_pue_peak: Array) -> Array:
    """Power that the site's grid connection must give: peak IT power x power usage effectiveness on the hottest day."""
    return it_power * location_pue_peak


@quantity(unit="watt", axes="month site")
def site_power_short(site_power: Array, site_power_limit: Array) -> Array:
    """Site power that is needed and not connected yet."""
    return np.maximum(site_power - site_power_limit, 0.0)


@quantity(unit="kWh", axes="month site")
def energy(it_power_mean: Array, location_pue: Array, month_seconds: Array) -> Array:
    """Energy from the grid in the month: mean IT power x mean power usage effectiveness x time."""
    return it_power_mean * location_pue * month_seconds
