"""What would the same accelerators cost if all of them were bought, leased, or rented?

Everything else is equal: the same nodes enter service in the same months and do the same work. Who owns nodes pays for
their price or their lease, and for what goes with them: their part of the networks, installation, duty, maintenance,
hall, energy and staff. Who rents them pays rent instead. The cost of each way is worked out for every site; the total
cost of ownership then changes by what it is more than the way that the site goes.

A plan whose sites are set to another way costs just that, as far as the same orders follow: rented nodes come after
`rent_lead_time` and may enter service earlier than the bought ones that they stand for.
"""

from __future__ import annotations

import numpy as np

from planner.axes import HARDWARE, MONTH, NETWORK, SITE, Array, total
from planner.catalogue import Calendar
from planner.graph import quantity
from planner.model.acquisition import growth
from planner.model.payments import building_instalments, network_instalments
from planner.model.running_costs import site_staff
from planner.perf.money import ratio


@quantity(unit="USD", axes="site")
def purchase_present(
    node_instalments: Array,
    node_order_value: Array,
    node_committed_value: Array,
    economics_deposit_share: Array,
    equipment_left: Array,
    present_factor: Array,
    present_factor_at_end: Array,
) -> Array:
    """Worth at plan_start of buying the nodes of each site, less what is left of them."""
    paid_for = node_order_value + node_committed_value * (1.0 - economics_deposit_share)
    left = total(paid_for * equipment_left, MONTH, HARDWARE)
    return total(node_instalments * present_factor, MONTH) - left * present_factor_at_end


@quantity(unit="USD", axes="site")
def lease_present(
    node_leases: Array,
    node_leases_owed: Array,
    node_order_value: Array,
    node_committed_value: Array,
    equipment_left: Array,
    present_factor: Array,
    present_factor_at_end: Array,
) -> Array:
    """Worth at plan_start of leasing the nodes of each site, less what is left of them over what is owed."""
    left = total((node_order_value + node_committed_value) * equipment_left, MONTH, HARDWARE)
    own = left - node_leases_owed
    return total(node_leases * present_factor, MONTH) - own * present_factor_at_end


@quantity(unit="USD", axes="site")
def rent_present(node_rents: Array, present_factor: Array) -> Array:
    """Worth at plan_start of renting the nodes of each site."""
    return total(node_rents * present_factor, MONTH)


@quantity(unit="USD", axes="month network site")
def network_of_nodes(network_entering: Array, acquired_share: Array) -> Array:
    """Price of the switches and links that enter service with the nodes of the plan."""
    return network_entering * acquired_share


@quantity(unit="USD", axes="site")
def network_of_nodes_present(
    network_of_nodes: Array,
    network_contract_level: Array,
    switch_lead_time: Array,
    economics_network_deposit_share: Array,
    price_level: Array,
    equipment_left: Array,
    present_factor: Array,
    present_factor_at_end: Array,
    calendar: Calendar,
) -> Array:
    """Worth at plan_start of the networks that go with the nodes of each site, less what is left of them."""
    terms = (network_contract_level, switch_lead_time, economics_network_deposit_share)
    paid = network_instalments(network_of_nodes, *terms, calendar) / price_level
    left = network_of_nodes * equipment_left
    return (
        total(paid * present_factor, MONTH, NETWORK)
        - total(left, MONTH, NETWORK) * present_factor_at_end
    )


@quantity(unit="USD", axes="month site")
def support_of_nodes(
    nodes_acquired: Array,
    node_price: Array,
    switches: Array,
    switch_price: Array,
    links: Array,
    switch_cable_price: Array,
    acquired_share: Array,
    economics_maintenance_share: Array,
    economics_currency_factor: Array,
    month_seconds: Array,
) -> Array:
    """Support and maintenance of the nodes of each site and their part of the networks, if the company owns them."""
    networks = (switches * switch_price + links * switch_cable_price) * acquired_share
    value = total(nodes_acquired * node_price, HARDWARE) + total(networks, NETWORK)
    return value * economics_currency_factor * economics_maintenance_share * month_seconds


@quantity(unit="USD", axes="month site")
def fitting_of_nodes(
    node_order_value: Array,
    node_committed_value: Array,
    node_delivered_value: Array,
    node_duty: Array,
    network_of_nodes: Array,
    network_contract_level: Array,
    switch_duty: Array,
    economics_installation_share: Array,
    price_level: Array,
) -> Array:
    """Installation of and duty on the nodes of each site and their part of the networks, if the company owns them."""
    entering = total(node_order_value + node_committed_value, HARDWARE)
    entering = entering + total(network_of_nodes, NETWORK)
    duty = total(node_delivered_value * node_duty, HARDWARE)
    duty = duty + total(network_of_nodes * network_contract_level * switch_duty, NETWORK)
    return entering * economics_installation_share + duty / price_level


@quantity(unit="USD", axes="site")
def hall_of_nodes_present(
    it_power: Array,
    hall_power_of_others: Array,
    it_power_at_start: Array,
    site_builds: Array,
    building_cost: Array,
    economics_building_deposit_share: Array,
    economics_building_lead_time: Array,
    building_left: Array,
    present_factor: Array,
    present_factor_at_end: Array,
    calendar: Calendar,
) -> Array:
    """Worth at plan_start of building for the nodes of each site, over building for all else, less what is left."""
    added = growth(it_power, it_power_at_start) - growth(hall_power_of_others, it_power_at_start)
    value = added * site_builds * building_cost
    terms = (economics_building_deposit_share, economics_building_lead_time)
    paid = building_instalments(value, *terms, calendar)
    left = total(value * building_left, MONTH)
    return total(paid * present_factor, MONTH) - left * present_factor_at_end


@quantity(unit="USD", axes="month site")
def running_of_nodes(
    it_power: Array,
    hall_power_of_others: Array,
    site_builds: Array,
    redundancy_cost: Array,
    economics_colocation_price: Array,
    economics_staff: Array,
    economics_staff_least: Array,
    economics_staff_cost: Array,
    energy: Array,
    location_electricity_price: Array,
    economics_currency_factor: Array,
    month_seconds: Array,
) -> Array:
    """Energy, staff and space with a colocator for the nodes of each site, over those for all else."""
    space = (it_power - hall_power_of_others) * (1.0 - site_builds) * redundancy_cost
    staffing = (economics_staff, economics_staff_least)
    people = site_staff(it_power, *staffing) - site_staff(hall_power_of_others, *staffing)
    monthly = space * economics_colocation_price + people * economics_staff_cost
    power = energy * (ratio(it_power, it_power) - ratio(hall_power_of_others, it_power))
    return (
        monthly * month_seconds + power * location_electricity_price
    ) * economics_currency_factor


@quantity(unit="USD", axes="site")
def ownership_present(
    network_of_nodes_present: Array,
    hall_of_nodes_present: Array,
    support_of_nodes: Array,
    fitting_of_nodes: Array,
    running_of_nodes: Array,
    present_factor: Array,
) -> Array:
    """Worth at plan_start of all that goes with the nodes of each site if the company buys or leases them."""
    monthly = support_of_nodes + fitting_of_nodes + running_of_nodes
    return network_of_nodes_present + hall_of_nodes_present + total(monthly * present_factor, MONTH)


@quantity(unit="USD", axes="site")
def acquisition_present(
    purchase_present: Array,
    lease_present: Array,
    rent_present: Array,
    ownership_present: Array,
    site_buys: Array,
    site_leases: Array,
    site_rents: Array,
) -> Array:
    """Worth at plan_start of the nodes of each site, with what goes with them, the way that the site has them."""
    bought = (purchase_present + ownership_present) * site_buys
    leased = (lease_present + ownership_present) * site_leases
    return bought + leased + rent_present * site_rents


@quantity(unit="USD")
def tco_if_bought(
    tco: Array, purchase_present: Array, ownership_present: Array, acquisition_present: Array
) -> Array:
    """Total cost of ownership if all accelerators of the plan were bought, everything else equal."""
    return tco + total(purchase_present + ownership_present - acquisition_present, SITE)


@quantity(unit="USD")
def tco_if_leased(
    tco: Array, lease_present: Array, ownership_present: Array, acquisition_present: Array
) -> Array:
    """Total cost of ownership if all accelerators of the plan were leased, everything else equal."""
    return tco + total(lease_present + ownership_present - acquisition_present, SITE)


@quantity(unit="1")
def all_for_rent(nodes_acquired: Array, accelerator_rent_price: Array) -> Array:
    """1 where all accelerators of the plan could be rented, 0 where one of them is not for rent."""
    missing = total(nodes_acquired * (accelerator_rent_price <= 0), MONTH, SITE, HARDWARE)
    return np.asarray(missing <= 0, dtype=np.float64)


@quantity(unit="USD")
def tco_if_rented(
    tco: Array, rent_present: Array, acquisition_present: Array, all_for_rent: Array
) -> Array:
    """Total cost of ownership if all accelerators of the plan were rented by the hour, everything else equal.

    Infinite where one of them is not for rent.
    """
    rented = tco + total(rent_present - acquisition_present, SITE)
    return np.where(all_for_rent > 0, rented, np.inf)
