"""Wrong quantities of the data hall, kept beside the properties that must catch them."""

from __future__ import annotations

import numpy as np

from planner.axes import HARDWARE, TIER, Array, total
from planner.model import hardware
from planner.perf.ordering import whole_units
from tests.properties.seeded_bugs import instead_of


@instead_of("it_capacity")
def spare_module_carries_too(
    site_modules: Array, site_module_power: Array, site_spare_modules: Array
) -> Array:
    return site_modules * (1.0 + site_spare_modules) * site_module_power


@instead_of("racks")
def racks_are_rounded_together(racks_of_nodes: Array, racks_of_storage: Array) -> Array:
    return whole_units(total(racks_of_nodes, HARDWARE) + total(racks_of_storage, TIER))


@instead_of("racks_of_nodes")
def racks_stand_until_they_are_written_down(
    orders: Array,
    nodes_committed_entering: Array,
    nodes_before: Array,
    nodes_a_rack: Array,
    site_rents: Array,
    economics_equipment_life: Array,
) -> Array:
    stock = (orders, nodes_committed_entering, nodes_before)
    return hardware.racks_of_nodes.fn(*stock, nodes_a_rack, site_rents, economics_equipment_life)


@instead_of("nodes_a_rack")
def density_of_a_rack_is_forgotten(node_nodes_per_rack: Array) -> Array:
    return node_nodes_per_rack + 0.0


@instead_of("energy")
def cooling_is_left_out(it_energy: Array) -> Array:
    return it_energy


@instead_of("it_power")
def storage_has_no_power(compute_power: Array, fabric_power: Array) -> Array:
    return compute_power + fabric_power


@instead_of("chillers_for_air_peak")
def chillers_work_less_on_hot_days(design_water: Array) -> Array:
    return np.maximum(80.0 - design_water, 0.0) / 50.0


@instead_of("water")
def water_of_it_alone(it_energy: Array) -> Array:
    return it_energy * 5e-10
