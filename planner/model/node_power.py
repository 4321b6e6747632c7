"""How much power does one node of each kind draw: at most, while it trains, and idle?

Published figures of a node's profile hold; where a profile gives none, the figure is built up from the node's parts
(planner/perf/power.py). What is built up stands beside what is published, so that the two can be compared; it is no
more complete than the parts that a profile gives.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array
from planner.graph import quantity
from planner.perf import power
from planner.perf.power import NodeParts


@quantity(unit="watt", axes="hardware")
def node_accelerators_power(node_accelerators: Array, accelerator_power: Array) -> Array:
    """Design limit of all accelerators of one node; that of a superchip covers its CPU and memory."""
    return node_accelerators * accelerator_power


@quantity(unit="watt", axes="hardware")
def node_always_on_power(
    node_nics: Array,
    nic_power: Array,
    node_link_switch_power: Array,
    node_flash_power: Array,
    node_board_power: Array,
) -> Array:
    """What does not follow the work of one node: network cards, NVLink switches, flash, baseboard."""
    return node_nics * nic_power + node_link_switch_power + node_flash_power + node_board_power


@quantity(unit="watt", axes="hardware")
def node_power_bottom_up(
    node_accelerators_power: Array,
    node_host_cpu_power: Array,
    node_memory_power: Array,
    node_always_on_power: Array,
    node_fan_share_peak: Array,
    node_supply_efficiency: Array,
) -> Array:
    """Peak power of one node from the wall, built up: parts at their limit, fans at full speed, losses."""
    parts = NodeParts(
        node_accelerators_power,
        node_host_cpu_power,
        node_memory_power,
        node_always_on_power,
        node_supply_efficiency,
    )
    return power.node_power_peak(parts, node_fan_share_peak)


@quantity(unit="watt", axes="hardware")
def node_power_typical_bottom_up(
    node_accelerators_power: Array,
    node_host_cpu_power: Array,
    node_memory_power: Array,
    node_always_on_power: Array,
    node_fan_share: Array,
    node_supply_efficiency: Array,
    accelerator_fp8: Array,
) -> Array:
    """Mean power of one node while it trains at 40 % of its peak, built up.

    Accelerators draw 0.47 + 0.59 x 0.40 = 71 % of their limit (62 % before 8-bit floats), by a fit to the power of
    TOP500 systems at Linpack.
    """
    parts = NodeParts(
        node_accelerators_power,
        node_host_cpu_power,
        node_memory_power,
        node_always_on_power,
        node_supply_efficiency,
    )
    standing = power.standing_share(accelerator_fp8)
    return power.node_power_busy(parts, node_fan_share, power.TRAINING_PEAK_SHARE, standing)


@quantity(unit="watt", axes="hardware")
def node_power_idle_bottom_up(
    node_accelerators_power: Array,
    node_host_cpu_power: Array,
    node_memory_power: Array,
    node_always_on_power: Array,
    node_fan_share: Array,
    node_supply_efficiency: Array,
) -> Array:
    """Power of one idle node, built up: accelerators at 12 %, processors at 33 % of their limits, the rest on."""
    parts = NodeParts(
        node_accelerators_power,
        node_host_cpu_power,
        node_memory_power,
        node_always_on_power,
        node_supply_efficiency,
    )
    return power.node_power_idle(parts, node_fan_share)


@quantity(unit="watt", axes="hardware")
def node_draw_peak(node_power: Array, node_power_bottom_up: Array) -> Array:
    """Provisioned peak power of one node: as published, else built up from its parts."""
    return np.where(node_power > 0.0, node_power, node_power_bottom_up)


@quantity(unit="watt", axes="hardware")
def node_draw_typical(node_power_typical: Array, node_power_typical_bottom_up: Array) -> Array:
    """Mean power of one node while it trains: as published, else built up from its parts."""
    return np.where(node_power_typical > 0.0, node_power_typical, node_power_typical_bottom_up)


@quantity(unit="watt", axes="hardware")
def node_draw_idle(node_power_idle: Array, node_power_idle_bottom_up: Array) -> Array:
    """Power of one idle node: as published, else built up from its parts."""
    return np.where(node_power_idle > 0.0, node_power_idle, node_power_idle_bottom_up)
