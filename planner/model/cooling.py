"""What does the climate make of a hall's power usage effectiveness, and of its need for water?

Heat goes to air or to liquid loops; each has fans or pumps of its own and chillers as far as the weather of the month
demands (`planner/perf/cooling.py`). Losses of the UPS and of distribution, and what offices and lighting take, come
on top. A figure that the location's profile gives stands in for the computed one. The weather is that of normals: no
heat wave beyond the design day, no part load of chillers or UPS.
"""

from __future__ import annotations

import numpy as np

from planner.axes import HARDWARE, Array, mean, place, product, total
from planner.graph import quantity
from planner.perf import cooling


def _month_mean(
    dry_bulb: Array,
    humidity: Array,
    dry_spread: Array,
    wet_spread: Array,
    plant: tuple[Array, ...],
    supply: Array,
) -> Array:
    """Mean over a month's hours of the chillers' power over a circuit's heat."""
    *others, quality = plant
    wet_above, approach, *chiller = (each[..., None] for each in (*others, place(1.0)))
    dry = cooling.hours_of(dry_bulb, dry_spread)
    wet = cooling.hours_of(cooling.wet_bulb(dry_bulb, humidity), wet_spread)
    water = cooling.outdoor_water(dry, wet, wet_above, approach)
    # The quality divides the power of each hour alike, and varies by draw where the weather does not.
    perfect = cooling.compressor(water, supply[..., None], *chiller)
    return product(mean(perfect, -1)[..., 0], 1.0 / quality)


@quantity(unit="1", axes="month site")
def chillers_for_air(
    climate_dry_bulb: Array,
    climate_humidity: Array,
    climate_dry_bulb_spread: Array,
    climate_wet_bulb_spread: Array,
    plant_supply_air: Array,
    plant_wet_above: Array,
    plant_approach: Array,
    plant_water_range: Array,
    plant_economiser: Array,
    plant_condenser_rise: Array,
    plant_chiller_quality: Array,
) -> Array:
    """Power of the chillers over the heat that air carries, mean of the month's hours.

    Economiser where outdoor water is cold enough, else a share of Carnot's coefficient of performance.
    """
    plant = (
        *(plant_wet_above, plant_approach, plant_water_range),
        *(plant_economiser, plant_condenser_rise, plant_chiller_quality),
    )
    weather = (climate_dry_bulb, climate_humidity, climate_dry_bulb_spread, climate_wet_bulb_spread)
    return _month_mean(*weather, plant, plant_supply_air)


@quantity(unit="1", axes="month site")
def chillers_for_liquid(
    climate_dry_bulb: Array,
    climate_humidity: Array,
    climate_dry_bulb_spread: Array,
    climate_wet_bulb_spread: Array,
    plant_supply_liquid: Array,
    plant_wet_above: Array,
    plant_approach: Array,
    plant_water_range: Array,
    plant_economiser: Array,
    plant_condenser_rise: Array,
    plant_chiller_quality: Array,
) -> Array:
    """Power of the chillers over the heat of the liquid loops, mean of the month's hours.

    Nothing where outdoor water is always colder than what the loops need.
    """
    plant = (
        *(plant_wet_above, plant_approach, plant_water_range),
        *(plant_economiser, plant_condenser_rise, plant_chiller_quality),
    )
    weather = (climate_dry_bulb, climate_humidity, climate_dry_bulb_spread, climate_wet_bulb_spread)
    return _month_mean(*weather, plant, plant_supply_liquid)


@quantity(unit="degC", axes="site")
def design_water(
    climate_design_dry_bulb: Array,
    climate_design_wet_bulb: Array,
    plant_wet_above: Array,
    plant_approach: Array,
) -> Array:
    """The coldest water that the outdoor units give on the design day (0.4 % of hours are worse), at least 0 degC."""
    weather = (climate_design_dry_bulb, climate_design_wet_bulb)
    return np.maximum(cooling.outdoor_water(*weather, plant_wet_above, plant_approach), 0.0)


@quantity(unit="1", axes="site")
def chillers_for_air_peak(
    design_water: Array,
    plant_supply_air: Array,
    plant_water_range: Array,
    plant_economiser: Array,
    plant_condenser_rise: Array,
    plant_chiller_quality: Array,
) -> Array:
    """Power of the chillers over the heat that air carries, on the design day."""
    chiller = (plant_water_range, plant_economiser, plant_condenser_rise, plant_chiller_quality)
    return cooling.compressor(design_water, plant_supply_air, *chiller)


@quantity(unit="1", axes="site")
def chillers_for_liquid_peak(
    design_water: Array,
    plant_supply_liquid: Array,
    plant_water_range: Array,
    plant_economiser: Array,
    plant_condenser_rise: Array,
    plant_chiller_quality: Array,
) -> Array:
    """Power of the chillers over the heat of the liquid loops, on the design day."""
    chiller = (plant_water_range, plant_economiser, plant_condenser_rise, plant_chiller_quality)
    return cooling.compressor(design_water, plant_supply_liquid, *chiller)


@quantity(unit="watt", axes="month site")
def liquid_heat(nodes: Array, node_draw_peak: Array, node_liquid_share: Array) -> Array:
    """Heat that the liquid loops carry when everything runs at its provisioned peak."""
    return total(nodes * node_draw_peak * node_liquid_share, HARDWARE)


@quantity(unit="watt", axes="month site")
def liquid_heat_mean(node_power_mean: Array, node_liquid_share: Array) -> Array:
    """Mean heat that the liquid loops carry."""
    return total(node_power_mean * node_liquid_share, HARDWARE)


def _both(heat: Array, to_liquid: Array, losses: Array, air: Array, liquid: Array) -> Array:
    """Cooling power over IT power, from that of each circuit; what is lost on the way to the racks warms the air."""
    share = to_liquid / np.where(heat > 0, heat, 1.0)
    return air * (1.0 + losses) + (liquid - air) * np.minimum(share, 1.0)


@quantity(unit="1", axes="month site")
def cooling_share(
    it_power_mean: Array,
    liquid_heat_mean: Array,
    chillers_for_air: Array,
    chillers_for_liquid: Array,
    plant_fans: Array,
    plant_liquid_pumps: Array,
    plant_pumps: Array,
    plant_rejection: Array,
    supply_losses: Array,
) -> Array:
    """Cooling power over IT power, mean of the month: fans or loop pumps, plant pumps, outdoor fans, chillers.

    What fans draw and what UPS and distribution lose becomes heat of the air and is carried out as well.
    """
    plant = plant_pumps + plant_rejection
    air = plant_fans + (1.0 + plant_fans) * (plant + chillers_for_air)
    liquid = plant_liquid_pumps + plant + chillers_for_liquid
    return _both(it_power_mean, liquid_heat_mean, supply_losses, air, liquid)


@quantity(unit="1", axes="month site")
def cooling_share_peak(
    it_power: Array,
    liquid_heat: Array,
    chillers_for_air_peak: Array,
    chillers_for_liquid_peak: Array,
    plant_fans: Array,
    plant_liquid_pumps: Array,
    plant_pumps: Array,
    plant_rejection: Array,
    supply_losses: Array,
) -> Array:
    """Cooling power over IT power on the design day, with everything at its provisioned peak."""
    plant = plant_pumps + plant_rejection
    air = plant_fans + (1.0 + plant_fans) * (plant + chillers_for_air_peak)
    liquid = plant_liquid_pumps + plant + chillers_for_liquid_peak
    return _both(it_power, liquid_heat, supply_losses, air, liquid)


@quantity(unit="1", axes="site")
def supply_losses(
    plant_ups_efficiency: Array, plant_distribution_efficiency: Array, plant_other: Array
) -> Array:
    """Losses of UPS and distribution, lighting and offices, over IT power."""
    return 1.0 / (plant_ups_efficiency * plant_distribution_efficiency) - 1.0 + plant_other


@quantity(unit="1", axes="month site")
def pue(cooling_share: Array, supply_losses: Array, location_pue: Array) -> Array:
    """Power usage effectiveness, mean of the month: all power over IT power; the location's own where it gives one."""
    return np.where(location_pue > 0, location_pue, 1.0 + cooling_share + supply_losses)


@quantity(unit="1", axes="month site")
def pue_peak(
    cooling_share_peak: Array,
    supply_losses: Array,
    location_pue: Array,
    location_pue_peak: Array,
) -> Array:
    """Power usage effectiveness on the design day; the location's own where it gives one, and never below its mean."""
    computed = np.maximum(1.0 + cooling_share_peak + supply_losses, location_pue)
    return np.where(location_pue_peak > 0, location_pue_peak, computed)


@quantity(unit="L/kWh", axes="month site")
def water_per_heat(
    climate_dry_bulb: Array,
    climate_dry_bulb_spread: Array,
    plant_wet_above: Array,
    plant_concentration: Array,
) -> Array:
    """Water for a kWh of heat at the outdoor units, mean of the month's hours: evaporation and blow-down."""
    dry = cooling.hours_of(climate_dry_bulb, climate_dry_bulb_spread)
    wetted = mean(cooling.evaporates(dry, plant_wet_above[..., None]), -1)[..., 0]
    return cooling.water_for(wetted, plant_concentration)


@quantity(unit="m^3", axes="month site")
def water(
    it_energy: Array, cooling_share: Array, supply_losses: Array, water_per_heat: Array
) -> Array:
    """Water for cooling in the month: for the heat of the IT equipment, of losses and of the cooling plant itself."""
    return it_energy * (1.0 + cooling_share + supply_losses) * water_per_heat


@quantity(unit="m^3/day", axes="month site")
def water_peak(
    it_power: Array,
    cooling_share_peak: Array,
    supply_losses: Array,
    climate_design_dry_bulb: Array,
    plant_wet_above: Array,
    plant_concentration: Array,
) -> Array:
    """Water for cooling on the design day, with everything at its provisioned peak."""
    wetted = cooling.evaporates(climate_design_dry_bulb, plant_wet_above)
    heat = it_power * (1.0 + cooling_share_peak + supply_losses)
    return heat * cooling.water_for(wetted, plant_concentration)


@quantity(unit="m^3/day", axes="month site")
def water_short(water_peak: Array, power_paid_share: Array, site_water_limit: Array) -> Array:
    """Water that the hall needs on the design day and the site may not take; rented nodes stand elsewhere."""
    return np.maximum(water_peak * power_paid_share - site_water_limit, 0.0)
