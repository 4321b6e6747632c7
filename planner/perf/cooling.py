"""How much power does it take to carry a watt of heat out of a hall, and how much water, in given weather?

A hall's heat leaves by two water circuits: a cold one to the coils that cool its air, a warmer one to the loops of
liquid-cooled racks. Both end in the same outdoor units (cooling towers, or dry coolers), which bring water down to an
approach above the wet-bulb temperature, or the air's. As far as that is cold enough the outdoor units do the work
alone (economiser); the rest is lifted by a chiller, whose coefficient of performance is a share of Carnot's.

Weather within a month is normal around its mean; `POINTS` stand for its hours on a last axis of their own.
Temperatures are in degrees Celsius. Sources: R. Stull, "Wet-Bulb Temperature from Relative Humidity and Air
Temperature", J. Appl. Meteor. Climatol. 50 (2011) 2267; ASHRAE Handbook, HVAC Systems and Equipment, chapters on
chillers and cooling towers; ASHRAE TC 9.9, classes W17 to W+ of facility water.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array

# Means of the eight equally likely parts of a normal distribution, in standard deviations.
POINTS = np.array([-1.64678, -0.89543, -0.49136, -0.15796, 0.15796, 0.49136, 0.89543, 1.64678])

KELVIN = 273.15
EVAPORATOR_FALL = (
    2.0  # degC: evaporating temperature below the water supplied; flooded evaporators reach 1 to 2
)
LEAST_LIFT = (
    12.0  # degC: compressors need some pressure ratio; makers' maps end near a lift of 10 to 15
)
LATENT_HEAT = 2.43e6  # J/kg: water at 30 degC
# Of a tower's heat; the handbook's rule of thumb is 1 % of the flow for a range of 7 degC: 24.3 of 29.3 kJ/kg.
LATENT_SHARE = 0.83
WATER_DENSITY = 1000.0  # kg/m^3


def wet_bulb(dry: Array, humidity: Array) -> Array:
    """Wet-bulb temperature for air of `dry` and relative `humidity` [share], by Stull's fit (0.3 degC, sea level)."""
    percent = 100.0 * humidity
    fit = (
        dry * np.arctan(0.151977 * np.sqrt(percent + 8.313659))
        + np.arctan(dry + percent)
        - np.arctan(percent - 1.676331)
        + 0.00391838 * percent**1.5 * np.arctan(0.023101 * percent)
        - 4.686035
    )
    return np.asarray(np.minimum(fit, dry))


def hours_of(mean: Array, spread: Array) -> Array:
    """Temperatures of a month's hours, on a last axis: the mean and a normal spread around it."""
    return np.asarray(mean[..., None] + spread[..., None] * POINTS)


def evaporates(dry: Array, wet_above: Array) -> Array:
    """1 where the outdoor units evaporate water."""
    return np.asarray((dry > wet_above) * 1.0)


def outdoor_water(dry: Array, wet: Array, wet_above: Array, approach: Array) -> Array:
    """The coldest water that the outdoor units give."""
    return np.where(dry > wet_above, np.minimum(wet, dry), dry) + approach


def chiller_load(water: Array, supply: Array, water_range: Array, economiser: Array) -> Array:
    """Share of the heat that needs the chiller: what outdoor water does not take out of the returning water."""
    free = np.clip((supply + water_range - water) / water_range, 0.0, 1.0)
    return np.asarray(1.0 - economiser * free)


def performance(water: Array, supply: Array, condenser_rise: Array, quality: Array) -> Array:
    """A chiller's heat over its power: a share `quality` of Carnot's, T / lift, between evaporator and condenser."""
    cold = supply - EVAPORATOR_FALL
    lift = np.maximum(water + condenser_rise - cold, LEAST_LIFT)
    return np.asarray(quality * (cold + KELVIN) / lift)


def compressor(
    water: Array,
    supply: Array,
    water_range: Array,
    economiser: Array,
    condenser_rise: Array,
    quality: Array,
) -> Array:
    """Power of the chillers over the heat of a circuit, when outdoor units give this water."""
    load = chiller_load(water, supply, water_range, economiser)
    return np.asarray(load / performance(water, supply, condenser_rise, quality))


def water_for(evaporating: Array, concentration: Array) -> Array:
    """Make-up water [m^3/J] for the heat of outdoor units: what evaporates, and the blow-down that keeps it clean."""
    evaporated = evaporating * LATENT_SHARE / (LATENT_HEAT * WATER_DENSITY)
    return np.asarray(evaporated * concentration / (concentration - 1.0))
