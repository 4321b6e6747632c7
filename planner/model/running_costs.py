"""What does it cost to run what is there, month by month?

Energy, maintenance, licences, staff; capacity of internet lines; data over cellular and content networks. All amounts
are in money of the base date, at the prices of their month. What is rented runs at its owner's cost, but for software.
"""

from __future__ import annotations

import numpy as np

from planner.axes import (
    DRAW,
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
    on,
    place,
    take,
    total,
)
from planner.catalogue import LINKS, SECONDS_A_MONTH, Calendar, Parts
from planner.graph import quantity
from planner.model.decisions import months_of_life
from planner.perf.ordering import in_service

CELLULAR = LINKS.index("cellular")


@quantity(unit="USD", axes="month")
def energy_cost(
    energy: Array,
    power_paid_share: Array,
    location_electricity_price: Array,
    economics_currency_factor: Array,
) -> Array:
    """Electricity of all sites, but for rented nodes."""
    used = energy * power_paid_share
    return total(used * location_electricity_price, SITE) * economics_currency_factor


@quantity(unit="USD", axes="month")
def maintenance_cost(
    nodes: Array,
    nodes_rented: Array,
    node_price: Array,
    storage_units: Array,
    system_price: Array,
    network_value: Array,
    rig_value: Array,
    economics_maintenance_share: Array,
    economics_currency_factor: Array,
    month_seconds: Array,
) -> Array:
    """Support and maintenance: a share a year of today's price of all equipment in service, but for rented nodes."""
    compute = total((nodes - nodes_rented) * node_price, SITE, HARDWARE)
    stored = total(storage_units * system_price, TIER, SITE)
    value = (compute + stored) * economics_currency_factor + total(network_value, SITE) + rig_value
    return value * economics_maintenance_share * month_seconds


@quantity(unit="USD", axes="month site")
def network_value(
    switches: Array,
    switch_price: Array,
    links: Array,
    switch_cable_price: Array,
    rented_share: Array,
    economics_currency_factor: Array,
) -> Array:
    """Price of the switches and links of all networks in service, but for what comes with rented nodes."""
    there = switches * switch_price + links * switch_cable_price
    return total(there * (1.0 - rented_share), NETWORK) * economics_currency_factor


@quantity(unit="1", axes="month site hardware")
def gpus_with_licence(
    orders: Array,
    site_nodes_before: Parts,
    node_licence_included: Array,
    node_accelerators: Array,
    cluster_refresh_age: Array,
    calendar: Calendar,
) -> Array:
    """Accelerators in service whose software licence came with their node and has not run out.

    It goes with the hardware, whoever owns it, from the start of service on.
    """
    if not node_licence_included.any():
        return np.zeros_like(orders[:1, :1])
    included = np.rint(on(node_licence_included, HARDWARE) / SECONDS_A_MONTH).astype(np.int64)
    covered = np.minimum(included, months_of_life(cluster_refresh_age))
    entering = on(orders, MONTH, SITE, HARDWARE)
    sites = entering.shape[2]
    flat = entering.reshape(*entering.shape[:2], -1)
    serving = in_service(flat, np.tile(covered, (1, sites)))
    new = place(serving.reshape(-1, *entering.shape[1:]), DRAW, MONTH, SITE, HARDWARE)
    if site_nodes_before.names:
        age = np.arange(calendar.months)[None, :, None] - site_nodes_before["arrival"][:, None, :]
        until = covered[:, None, site_nodes_before.owner % covered.shape[1]]
        there = (age >= 0) & (age < until)
        new = new + site_nodes_before.total(site_nodes_before["count"][:, None, :] * there)
    return new * node_accelerators


@quantity(unit="USD", axes="month")
def licence_cost(
    gpus: Array,
    gpus_with_licence: Array,
    economics_licence_price: Array,
    economics_currency_factor: Array,
    month_seconds: Array,
) -> Array:
    """Software licences of all accelerators in service, rented ones among them, but for those that came with nodes."""
    price = economics_licence_price * economics_currency_factor
    return total(gpus - gpus_with_licence, SITE, HARDWARE) * price * month_seconds


@quantity(unit="1", axes="month site")
def site_staff(hall_power: Array, economics_staff: Array, economics_staff_least: Array) -> Array:
    """Operating staff of each site: by provisioned IT power, at least what a site with any equipment needs."""
    people = np.maximum(hall_power * economics_staff, economics_staff_least)
    return np.where(hall_power > 0, people, 0.0)


@quantity(unit="USD", axes="month")
def staff_cost(
    site_staff: Array,
    economics_staff_cost: Array,
    economics_currency_factor: Array,
    month_seconds: Array,
) -> Array:
    """Operating staff of all sites."""
    people = total(site_staff, SITE)
    return people * economics_staff_cost * month_seconds * economics_currency_factor


@quantity(unit="USD", axes="month")
def wan_cost(
    wan_bandwidth: Array,
    location_transit_price: Array,
    economics_currency_factor: Array,
    month_seconds: Array,
) -> Array:
    """Wide-area capacity of the sites, all of it at the price of internet transit; delivery to vehicles has its own."""
    monthly = total(wan_bandwidth * location_transit_price, SITE)
    return monthly * month_seconds * economics_currency_factor


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
