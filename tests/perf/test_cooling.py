"""What weather makes of a watt of heat."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import Array
from planner.perf import cooling


def a(*values: float) -> Array:
    return np.array(values)


def test_wet_bulb_of_the_example_in_the_paper() -> None:
    # Stull 2011, section 3: 20 degC at 50 % is 13.7 degC.
    assert cooling.wet_bulb(a(20.0), a(0.5))[0] == pytest.approx(13.7, abs=0.05)


def test_wet_bulb_of_saturated_air_is_its_temperature() -> None:
    assert cooling.wet_bulb(a(25.0), a(1.0))[0] == pytest.approx(25.0, abs=0.3)
    assert (cooling.wet_bulb(a(-20.0, 5.0, 40.0), a(0.6, 1.0, 0.05)) <= a(-20.0, 5.0, 40.0)).all()


def test_the_points_of_a_month_have_the_mean_and_nearly_the_spread_of_a_normal() -> None:
    assert cooling.POINTS.mean() == pytest.approx(0.0)
    # The means of eight classes hold 95 % of the variance of the normal that they stand for.
    assert (cooling.POINTS**2).mean() == pytest.approx(0.945, abs=0.005)
    hours = cooling.hours_of(a(10.0, 20.0), a(2.0, 0.0))
    assert hours.mean(axis=-1) == pytest.approx([10.0, 20.0])
    assert hours[1].tolist() == [20.0] * 8


def test_towers_see_the_wet_bulb_and_dry_coolers_the_air() -> None:
    dry, wet = a(30.0), a(24.0)
    assert cooling.outdoor_water(dry, wet, a(-50.0), a(4.0))[0] == 28.0
    assert cooling.outdoor_water(dry, wet, a(60.0), a(8.0))[0] == 38.0
    assert cooling.outdoor_water(dry, wet, a(25.0), a(4.0))[0] == 28.0
    assert cooling.outdoor_water(a(20.0), a(17.0), a(25.0), a(4.0))[0] == 24.0


def test_the_chiller_rests_as_far_as_outdoor_water_is_cold_enough() -> None:
    # Supply 18, return 26 degC: all free up to 18, half at 22, nothing from 26 on.
    load = cooling.chiller_load(a(10.0, 18.0, 22.0, 26.0, 35.0), a(18.0), a(8.0), a(1.0))
    assert load.tolist() == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert cooling.chiller_load(a(10.0), a(18.0), a(8.0), a(0.0)).tolist() == [1.0]


def test_performance_of_a_chiller_at_its_rating_point() -> None:
    # AHRI 550/590: water of 6.7 and 29.4 degC; 0.55 kW a ton of refrigeration (3.517 kW) is a COP of 6.4.
    cop = cooling.performance(a(29.4), a(6.7), a(6.0), a(0.70))
    assert cop[0] == pytest.approx(6.4, rel=0.05)


def test_warmer_weather_needs_a_chiller_more_and_warmer_supply_less() -> None:
    water = np.linspace(-10, 50, 200)
    power = cooling.compressor(water, a(18.0), a(8.0), a(1.0), a(6.0), a(0.58))
    assert (np.diff(power) >= 0).all()
    warm = cooling.compressor(water, a(32.0), a(8.0), a(1.0), a(6.0), a(0.58))
    assert (warm <= power).all()


def test_water_of_a_tower() -> None:
    # A kWh of heat, 83 % of it latent at 2.43 MJ/kg: 1.23 L evaporate; a quarter more at five cycles.
    litres = cooling.water_for(a(1.0), a(5.0))[0] * 3.6e6 * 1000
    assert litres == pytest.approx(1.23 * 1.25, rel=0.01)
    assert cooling.water_for(a(0.0), a(5.0))[0] == 0.0
