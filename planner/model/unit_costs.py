"""What does one of it cost: a vehicle, a thousand kilometres, a trained model, an accelerator's hour?

Levelised costs, as of energy: the present value of all costs over the present value of all units, both at the real
rate. Sold at that price every unit pays its part, and the sum is the total cost of ownership. In money of the base
date.
"""

from __future__ import annotations

import numpy as np

from planner.axes import (
    ECU,
    HARDWARE,
    ITEM,
    MONTH,
    NETWORK,
    PROGRAM,
    REGION,
    SITE,
    Array,
    first,
    place,
    total,
)
from planner.catalogue import SECONDS_A_YEAR, Calendar, among, by_item
from planner.graph import quantity
from planner.perf.money import capital_recovery, ratio

OWN = ("nodes", "lease", "rent", "licences")  # items that accelerators cause alone
BY_PRICE = ("installation", "duty", "maintenance")  # that follow the price of equipment
BY_POWER = (
    "building",
    "colocation",
    "energy",
    "staff",
)  # that follow the power of the company's own halls
OTHER_EQUIPMENT = ("storage", "rigs")
EQUIPMENT = ("nodes", "network", "lease", *OTHER_EQUIPMENT)


@quantity(unit="vehicle year")
def vehicle_years(vehicles_served: Array, present_factor: Array, month_seconds: Array) -> Array:
    """Years in which vehicles are served, discounted."""
    served = total(vehicles_served, REGION, PROGRAM)
    return total(served * month_seconds * present_factor, MONTH)


@quantity(unit="USD/vehicle year")
def cost_per_vehicle_year(tco: Array, vehicle_years: Array) -> Array:
    """Levelised cost of serving one vehicle for a year."""
    return ratio(tco, vehicle_years)


@quantity(unit="USD/vehicle")
def cost_per_vehicle(
    tco: Array,
    vehicle_sales: Array,
    vehicles_at_start: Array,
    region_served: Array,
    present_factor: Array,
) -> Array:
    """Levelised cost of one vehicle: each that is sold where it is served, and those on the road at plan_start."""
    sold = total(vehicle_sales, PROGRAM, ECU) * region_served * present_factor
    there = total(vehicles_at_start, PROGRAM) * first(region_served, MONTH)
    return ratio(tco, total(sold, MONTH, REGION) + total(there, REGION))


@quantity(unit="USD/thousand km")
def cost_per_1000_km(
    tco: Array,
    vehicles_served: Array,
    vehicle_distance: Array,
    present_factor: Array,
    month_seconds: Array,
) -> Array:
    """Levelised cost of a thousand kilometres driven by served vehicles."""
    driven = total(vehicles_served * vehicle_distance, REGION, PROGRAM) * month_seconds
    return ratio(tco, total(driven * present_factor, MONTH))


@quantity(unit="USD/year")
def tco_annualised(tco: Array, economics_discount_rate: Array, calendar: Calendar) -> Array:
    """Equal yearly payment over the plan that is worth the total cost of ownership."""
    years = place(calendar.edges[-1] / SECONDS_A_YEAR)
    return tco * capital_recovery(economics_discount_rate, years) / SECONDS_A_YEAR


@quantity(unit="1")
def cost_share_of_revenue(
    tco_annualised: Array, economics_revenue_target: Array, economics_currency_factor: Array
) -> Array:
    """Yearly cost over the revenue target; 0 without a target."""
    return ratio(tco_annualised, economics_revenue_target * economics_currency_factor)


# --- Accelerators ----------------------------------------------------------------------------------------------------


@quantity(unit="1", axes="item")
def compute_part(
    cash_flow: Array,
    discount_factor: Array,
    hall_power: Array,
    compute_hall_power: Array,
    network_bought: Array,
    network_compute_share: Array,
    rented_share: Array,
    present_factor: Array,
) -> Array:
    """Part of each item that accelerators cause: their own items, networks by ports, the rest by price or by power.

    Power is that of the company's own halls: what storage and rigs need there is not put on nodes that are rented.
    """
    paid = total(cash_flow * discount_factor, MONTH)
    caused = network_bought * ratio(network_compute_share, 1.0 - rented_share)
    network = ratio(
        total(total(caused, NETWORK, SITE) * present_factor, MONTH),
        total(total(network_bought, NETWORK, SITE) * present_factor, MONTH),
    )
    of_storage = total(paid * among(("network",)), ITEM) * (1.0 - network)
    others = total(paid * among(OTHER_EQUIPMENT), ITEM) + of_storage
    of_others = np.minimum(ratio(others, total(paid * among(EQUIPMENT), ITEM)), 1.0)
    by_price = 1.0 - of_others
    by_power = ratio(total(compute_hall_power, MONTH, SITE), total(hall_power, MONTH, SITE))
    shares = dict.fromkeys(OWN, place(1.0)) | dict.fromkeys(BY_PRICE, by_price)
    return by_item(**shares, network=network, **dict.fromkeys(BY_POWER, by_power))


@quantity(unit="USD")
def compute_cost(cost_present: Array, compute_part: Array) -> Array:
    """Worth at plan_start of all that accelerators cost."""
    return total(cost_present * compute_part, ITEM)


@quantity(unit="hour")
def gpu_hours_present(gpus: Array, present_factor: Array, month_seconds: Array) -> Array:
    """Hours for which accelerators are in service, used or not, discounted."""
    return total(total(gpus, SITE, HARDWARE) * month_seconds * present_factor, MONTH)


@quantity(unit="USD/hour")
def gpu_hour_cost(compute_cost: Array, gpu_hours_present: Array) -> Array:
    """Levelised cost of an accelerator in service for an hour, used or not."""
    return ratio(compute_cost, gpu_hours_present)


@quantity(unit="1")
def rent_breakeven_utilisation(
    purchase_present: Array,
    lease_present: Array,
    ownership_present: Array,
    rent_present: Array,
    all_for_rent: Array,
    site_leases: Array,
) -> Array:
    """Share of its hours that an accelerator must be used for owning it to be cheaper than to rent it for those hours.

    What the plan's nodes cost, bought or leased as the site does, with all that goes with them, over their rent for
    every hour; what stood before the plan is paid for, and software licences are paid either way. Above 1 renting is
    always cheaper; 0 where something cannot be rented.
    """
    own = np.where(site_leases > 0, lease_present, purchase_present) + ownership_present
    share = ratio(total(own, SITE), total(rent_present, SITE))
    return share * all_for_rent


@quantity(unit="USD", axes="workload")
def workload_cost(
    gpus_for_throughput: Array,
    gpus_work_mean: Array,
    gpus_serving_mean: Array,
    compute_cost: Array,
    present_factor: Array,
    month_seconds: Array,
) -> Array:
    """Part of the accelerators' cost that each workload causes: its share of all the work that keeps them busy.

    Live services are part of that work: what stands for them costs no model anything.
    """
    weight = present_factor * month_seconds
    mine = total(gpus_for_throughput * weight, MONTH, SITE)
    everything = (gpus_work_mean + gpus_serving_mean) * weight
    return compute_cost * ratio(mine, total(everything, MONTH, SITE))


@quantity(unit="USD", axes="workload")
def cost_per_trained_model(
    workload_cost: Array,
    workload_active: Array,
    workload_cadence: Array,
    present_factor: Array,
    month_seconds: Array,
) -> Array:
    """Levelised cost of one release of each model, with its experiments."""
    releases = total(workload_active * month_seconds * present_factor, MONTH) / workload_cadence
    return ratio(workload_cost, releases)
