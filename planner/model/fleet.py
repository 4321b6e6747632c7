"""How many vehicles are sold and how many are on the road, by region, programme and ECU?

Sales are a share of a named forecast of electric-car sales; cohorts age by Weibull survival; an opening fleet ages on.
Everything that drives, whether or not its data can be served, is counted here.
"""

from __future__ import annotations

import numpy as np

from planner.axes import DRAW, ECU, MONTH, PROGRAM, REGION, Array, mapped, on, place, product, total
from planner.catalogue import Calendar, Parts
from planner.graph import quantity
from planner.perf.survival import survivors, weibull_survival_since


@quantity(unit="1", axes="region")
def market_row_share(
    region_market_share: Array, region_takes_rest: Array, region_row: tuple[object, ...]
) -> Array:
    """Share of its market row that a region stands for; one region may take what the others of the row leave.

    A region that is split off an aggregate row (Japan out of the rest of the world) is so never counted twice.
    """
    same = np.array([[float(a == b) for b in region_row] for a in region_row])
    named = np.where(region_takes_rest > 0, 0.0, region_market_share)
    claimed = mapped(named, same.T, REGION)
    return np.where(region_takes_rest > 0, np.maximum(1.0 - claimed, 0.0), named)


@quantity(unit="1", axes="month region program")
def program_mix(program_sales_mix: Array, program_sold_in: Array) -> Array:
    """Share of each programme in a region's sales: its weight among the programmes sold and still produced there."""
    weight = program_sales_mix * program_sold_in
    everything = total(weight, PROGRAM)
    return np.where(everything > 0, weight / np.where(everything > 0, everything, 1.0), 0.0)


@quantity(unit="vehicle", axes="month region program ecu")
def vehicle_sales(
    market_sales: Array,
    month_seconds: Array,
    market_row_share: Array,
    market_share: Array,
    program_mix: Array,
    program_ecu_built: Array,
) -> Array:
    """Vehicles sold in the month: market sales x the region's part of its row x our share x programme x ECU built."""
    sales = market_sales * month_seconds * market_row_share * market_share
    return product(sales * program_mix, program_ecu_built)


@quantity(unit="vehicle", axes="month region program ecu")
def vehicles_from_sales(
    vehicle_sales: Array,
    program_ecu_built: Array,
    fleet_life: Array,
    fleet_life_shape: Array,
    calendar: Calendar,
) -> Array:
    """Month-end vehicles on the road out of the plan's own sales, each cohort sold in the middle of its month."""
    ages, which = calendar.cohort_ages
    cohorts = on(vehicle_sales, MONTH, REGION, PROGRAM, ECU)
    life, shape = (x.reshape(-1, 1, 1) for x in (fleet_life, fleet_life_shape))
    alive = np.zeros((max(map(len, (cohorts, life, shape))), *cohorts.shape[1:]))
    built = on(program_ecu_built, MONTH, PROGRAM, ECU).any(axis=(0, 2))
    sold = np.asarray(built | cohorts.any(axis=(0, 2, 3)))
    # An ECU is built for some of the months only; which those are is the same in all draws.
    for ecu, months in enumerate(sold.T):
        if months.any():
            begin, end = months.argmax(), len(months) - months[::-1].argmax()
            mine = cohorts[:, begin:end, :, :, ecu]
            now = which[begin:, begin:end]
            left = survivors(mine.reshape(*mine.shape[:2], -1), ages, now, life, shape)
            alive[:, begin:, :, :, ecu] = left.reshape(*left.shape[:2], *mine.shape[2:])
    return place(alive, DRAW, MONTH, REGION, PROGRAM, ECU)


@quantity(unit="vehicle", axes="month region program ecu")
def vehicles_from_before(
    opening_fleet: Parts, fleet_life: Array, fleet_life_shape: Array, calendar: Calendar
) -> Array:
    """Month-end vehicles on the road out of the opening fleet: those at plan_start, less scrappage since then."""
    if not opening_fleet.names:
        return opening_fleet.total(np.zeros((1, calendar.months, 0)))
    sold = calendar.seconds_at(opening_fleet["sold"])
    sold = (sold + calendar.seconds_at(opening_fleet["sold"] + 1)) / 2
    life, shape = (x.reshape(-1, 1, 1) for x in (fleet_life, fleet_life_shape))
    left = weibull_survival_since(-sold[None], calendar.edges[1:, None] - sold, life, shape)
    return opening_fleet.total(opening_fleet["vehicles"][:, None, :] * left)


@quantity(unit="vehicle", axes="month region program ecu")
def vehicles_on_road(vehicles_from_sales: Array, vehicles_from_before: Array) -> Array:
    """Month-end vehicles on the road, whatever their origin."""
    return vehicles_from_sales + vehicles_from_before


@quantity(unit="vehicle", axes="month region")
def vehicles_in_operation(vehicles_on_road: Array) -> Array:
    """Month-end vehicles on the road in each region, served or not."""
    return total(vehicles_on_road, PROGRAM, ECU)


@quantity(unit="vehicle", axes="month ecu")
def vehicles_by_ecu(vehicles_on_road: Array) -> Array:
    """Month-end vehicles on the road by the ECU that they carry."""
    return total(vehicles_on_road, REGION, PROGRAM)


@quantity(unit="vehicle", axes="region program")
def vehicles_at_start(opening_fleet: Parts) -> Array:
    """Vehicles on the road at plan_start."""
    cohorts = opening_fleet["vehicles"] if opening_fleet.names else np.zeros((1, 0))
    return total(opening_fleet.total(cohorts), ECU)


@quantity(unit="vehicle", axes="month region program")
def vehicles_mean(vehicles_on_road: Array, vehicles_at_start: Array) -> Array:
    """Mean vehicles on the road over the month: half of the month-end before and half of this one."""
    end = total(vehicles_on_road, ECU)
    begin = np.roll(end + 0.0 * vehicles_at_start, 1, axis=MONTH)
    begin[:, :1] = vehicles_at_start
    return (begin + end) / 2


@quantity(unit="vehicle", axes="month region program")
def vehicles_served(vehicles_mean: Array, region_served: Array) -> Array:
    """Mean vehicles whose data reaches a permitted site and which get releases from it."""
    return vehicles_mean * region_served


@quantity(unit="km/year", axes="region program")
def vehicle_distance(region_annual_distance: Array, program_distance_factor: Array) -> Array:
    """Distance that a vehicle drives in a year: that of the region's passenger cars x the programme's factor."""
    return region_annual_distance * program_distance_factor


@quantity(unit="vehicle", axes="month region")
def vehicles_unserved(vehicles_mean: Array, region_served: Array) -> Array:
    """Mean vehicles that no permitted site serves."""
    return total(vehicles_mean, PROGRAM) * (1.0 - region_served)
