"""How much CO2-equivalent does the factory cause, in operation and in the making of what it buys?"""

from __future__ import annotations

from planner.axes import HARDWARE, NETWORK, SITE, TIER, Array, total
from planner.graph import quantity


@quantity(unit="kg", axes="month site")
def carbon_operational(energy: Array, location_grid_carbon: Array) -> Array:
    """Emissions of the grid energy used in the month."""
    return energy * location_grid_carbon


@quantity(unit="kg", axes="month site")
def carbon_embodied(
    orders: Array,
    nodes_committed_entering: Array,
    node_embodied_carbon: Array,
    storage_orders: Array,
    storage_committed_entering: Array,
    system_embodied_carbon: Array,
    switch_orders: Array,
    carbon_switch_embodied: Array,
    it_power_added: Array,
    carbon_building_embodied: Array,
) -> Array:
    """Emissions of making what enters service in the month: nodes, storage, switches, building."""
    compute = total((orders + nodes_committed_entering) * node_embodied_carbon, HARDWARE)
    stored = total((storage_orders + storage_committed_entering) * system_embodied_carbon, TIER)
    switches = total(switch_orders, NETWORK) * carbon_switch_embodied
    rest = switches + it_power_added * carbon_building_embodied
    return compute + stored + rest


@quantity(unit="kg", axes="month")
def carbon(carbon_operational: Array, carbon_embodied: Array) -> Array:
    """Operational and embodied emissions of the month, over all sites."""
    return total(carbon_operational + carbon_embodied, SITE)
