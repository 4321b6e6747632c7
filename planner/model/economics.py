"""What does it cost, when is it paid, and what is it worth today?

Equipment is paid by a deposit at the order and the rest at delivery; buildings when their power is first needed.
Running costs are energy, maintenance, licences, staff, and delivery of data over cellular and content networks.
The total cost of ownership is the real net present value at plan_start of all payments, less the residual value of
what the plan bought. What was installed before the plan is sunk; what was committed still costs its balance.
"""

from __future__ import annotations

import numpy as np

from planner.axes import (
    HARDWARE,
    LINK,
    MONTH,
    NETWORK,
    PACKAGE,
    PROGRAM,
    REGION,
    SITE,
    TIER,
    Array,
    place,
    take,
    total,
)
from planner.catalogue import LINKS, SECONDS_A_YEAR, Calendar
from planner.graph import quantity

CELLULAR = LINKS.index("cellular")


@quantity(unit="USD", axes="month")
def node_payments(
    nodes_ordered: Array,
    nodes_delivered: Array,
    nodes_committed_entering: Array,
    node_price: Array,
    economics_deposit_share: Array,
    economics_installation_share: Array,
    economics_currency_factor: Array,
) -> Array:
    """Paid for nodes, with installation: the deposit at the order, the rest at delivery; committed their balance."""
    balance = nodes_delivered + nodes_committed_entering
    count = nodes_ordered * economics_deposit_share + balance * (1.0 - economics_deposit_share)
    price = node_price * (1.0 + economics_installation_share) * economics_currency_factor
    return total(count * price, SITE, HARDWARE)


@quantity(unit="USD", axes="month")
def storage_payments(
    storage_ordered: Array,
    storage_delivered: Array,
    storage_committed_entering: Array,
    system_price: Array,
    economics_deposit_share: Array,
    economics_installation_share: Array,
    economics_currency_factor: Array,
) -> Array:
    """Paid for storage, with installation: the deposit at the order, the rest at delivery; committed its balance."""
    balance = storage_delivered + storage_committed_entering
    count = storage_ordered * economics_deposit_share + balance * (1.0 - economics_deposit_share)
    price = system_price * (1.0 + economics_installation_share) * economics_currency_factor
    return total(count * price, TIER, SITE)


def _growth(level: Array, at_start: Array) -> Array:
    """Increase in each month of the largest level so far, over the level at plan_start."""
    largest = np.maximum(np.maximum.accumulate(level, axis=MONTH), at_start)
    start = np.broadcast_to(at_start, (len(largest), *at_start.shape[1:]))
    return np.diff(largest, axis=MONTH, prepend=start)


@quantity(unit="USD", axes="month site")
def network_bought(
    switch_orders: Array,
    switch_price: Array,
    link_orders: Array,
    switch_cable_price: Array,
    economics_currency_factor: Array,
) -> Array:
    """Price of the switches and links of all networks that enter service."""
    bought = switch_orders * switch_price + link_orders * switch_cable_price
    return total(bought, NETWORK) * economics_currency_factor


@quantity(unit="USD", axes="month site")
def network_value(
    switches: Array,
    switch_price: Array,
    links: Array,
    switch_cable_price: Array,
    economics_currency_factor: Array,
) -> Array:
    """Price of the switches and links of all networks in service."""
    there = switches * switch_price + links * switch_cable_price
    return total(there, NETWORK) * economics_currency_factor


@quantity(unit="USD", axes="month")
def fabric_payments(network_bought: Array, economics_installation_share: Array) -> Array:
    """Paid for networks, with installation, when their switches and links enter service."""
    return total(network_bought, SITE) * (1.0 + economics_installation_share)


@quantity(unit="watt", axes="month site")
def it_power_added(it_power: Array, it_power_at_start: Array) -> Array:
    """IT power by which the site's largest so far grows."""
    return _growth(it_power, it_power_at_start)


@quantity(unit="USD", axes="month")
def building_payments(
    it_power_added: Array, location_building_cost: Array, economics_currency_factor: Array
) -> Array:
    """Paid for data-hall space with its power and cooling, when the IT power is first needed."""
    return total(it_power_added * location_building_cost, SITE) * economics_currency_factor


@quantity(unit="USD", axes="month")
def capex(
    node_payments: Array,
    storage_payments: Array,
    fabric_payments: Array,
    building_payments: Array,
    rig_payments: Array,
) -> Array:
    """All investment, in the month of payment."""
    equipment = node_payments + storage_payments + fabric_payments + rig_payments
    return equipment + building_payments


@quantity(unit="USD", axes="month")
def energy_cost(
    energy: Array, location_electricity_price: Array, economics_currency_factor: Array
) -> Array:
    """Electricity of all sites."""
    return total(energy * location_electricity_price, SITE) * economics_currency_factor


@quantity(unit="USD", axes="month")
def maintenance_cost(
    nodes: Array,
    node_price: Array,
    storage_units: Array,
    system_price: Array,
    network_value: Array,
    rig_value: Array,
    economics_maintenance_share: Array,
    economics_currency_factor: Array,
    month_seconds: Array,
) -> Array:
    """Support and maintenance: a share a year of the price of all equipment in service."""
    compute = total(nodes * node_price, SITE, HARDWARE) * economics_currency_factor
    stored = total(storage_units * system_price, TIER, SITE) * economics_currency_factor
    value = compute + stored + total(network_value, SITE) + rig_value
    return value * economics_maintenance_share * month_seconds


@quantity(unit="USD", axes="month")
def licence_cost(
    gpus: Array,
    economics_licence_price: Array,
    economics_currency_factor: Array,
    month_seconds: Array,
) -> Array:
    """Software licences of all accelerators in service."""
    price = economics_licence_price * economics_currency_factor
    return total(gpus, SITE, HARDWARE) * price * month_seconds


@quantity(unit="USD", axes="month")
def staff_cost(
    it_power: Array,
    economics_staff: Array,
    economics_staff_cost: Array,
    economics_currency_factor: Array,
    month_seconds: Array,
) -> Array:
    """Operating staff, by provisioned IT power."""
    people = total(it_power, SITE) * economics_staff
    return people * economics_staff_cost * month_seconds * economics_currency_factor


@quantity(unit="USD", axes="month")
def cellular_cost(
    upload: Array,
    ota_cellular_bytes: Array,
    region_cellular_price: Array,
    economics_currency_factor: Array,
    month_seconds: Array,
) -> Array:
    """Cellular data, up and down, at the region's price."""
    up = total(take(upload, LINK, CELLULAR), PROGRAM) * month_seconds
    return (
        total((up + ota_cellular_bytes) * region_cellular_price, REGION) * economics_currency_factor
    )


@quantity(unit="byte", axes="month region")
def ota_cellular_bytes(
    ota_vehicles: Array, release_bytes: Array, package_cadence: Array, month_seconds: Array
) -> Array:
    """Release bytes delivered over cellular in the month."""
    vehicles = total(take(ota_vehicles, LINK, CELLULAR), PROGRAM)
    return vehicles * total(release_bytes / package_cadence, PACKAGE) * month_seconds


@quantity(unit="USD", axes="month")
def delivery_cost(
    ota_bytes: Array, region_cdn_price: Array, economics_currency_factor: Array
) -> Array:
    """Delivery of releases by a content network."""
    return total(ota_bytes * region_cdn_price, REGION) * economics_currency_factor


@quantity(unit="USD", axes="month")
def opex(
    energy_cost: Array,
    maintenance_cost: Array,
    licence_cost: Array,
    staff_cost: Array,
    cellular_cost: Array,
    delivery_cost: Array,
    label_cost: Array,
) -> Array:
    """All running costs of the month."""
    site = energy_cost + maintenance_cost + licence_cost + staff_cost
    return site + cellular_cost + delivery_cost + label_cost


@quantity(unit="1", axes="month")
def discount_factor(economics_discount_rate: Array, calendar: Calendar) -> Array:
    """Worth at plan_start of one dollar paid in the middle of each month: (1 + rate)^(-years)."""
    years = place(calendar.middles / SECONDS_A_YEAR, MONTH)
    return np.asarray(np.power(1.0 + economics_discount_rate, -years))


@quantity(unit="USD", axes="")
def residual_value(
    orders: Array,
    nodes_committed_entering: Array,
    node_price: Array,
    storage_orders: Array,
    storage_committed_entering: Array,
    system_price: Array,
    network_bought: Array,
    rig_value_entering: Array,
    it_power_added: Array,
    location_building_cost: Array,
    economics_deposit_share: Array,
    economics_equipment_life: Array,
    economics_building_life: Array,
    economics_currency_factor: Array,
    calendar: Calendar,
) -> Array:
    """Worth at the horizon's end of what the plan paid for, written down in a straight line over its life.

    Of what was committed before the plan only the balance that the plan pays counts; installation has no residual.
    """
    age = place(calendar.edges[-1] - calendar.edges[:-1], MONTH)
    left = np.clip(1.0 - age / economics_equipment_life, 0.0, 1.0)
    left_of_building = np.clip(1.0 - age / economics_building_life, 0.0, 1.0)
    balance = 1.0 - economics_deposit_share
    compute = total((orders + nodes_committed_entering * balance) * node_price, SITE, HARDWARE)
    stored = storage_orders + storage_committed_entering * balance
    bought = (compute + total(stored * system_price, TIER, SITE)) * economics_currency_factor
    bought = bought + total(network_bought, SITE) + rig_value_entering
    halls = total(it_power_added * location_building_cost, SITE) * economics_currency_factor
    return total(bought * left + halls * left_of_building, MONTH)


@quantity(unit="USD", axes="")
def capex_present(capex: Array, discount_factor: Array) -> Array:
    """Worth at plan_start of all investment from plan_start to the horizon's end."""
    return total(capex * discount_factor, MONTH)


@quantity(unit="USD", axes="")
def opex_present(opex: Array, discount_factor: Array) -> Array:
    """Worth at plan_start of all running costs from plan_start to the horizon's end."""
    return total(opex * discount_factor, MONTH)


@quantity(unit="USD", axes="")
def residual_present(
    residual_value: Array, economics_discount_rate: Array, calendar: Calendar
) -> Array:
    """Worth at plan_start of the residual value, discounted from the horizon's end."""
    years = calendar.edges[-1] / SECONDS_A_YEAR
    return np.asarray(residual_value * np.power(1.0 + economics_discount_rate, -years))


@quantity(unit="USD", axes="")
def tco(capex_present: Array, opex_present: Array, residual_present: Array) -> Array:
    """Total cost of ownership: real net present value at plan_start of all payments, less the residual value."""
    return capex_present + opex_present - residual_present
