"""How far does each release drive in simulation, and how many rigs with real control units let it pass in time?

Most simulated distance knows objects only and runs on processor cores; a part renders sensors on accelerators, another
drives recordings again through scenes that were reconstructed from them (neural re-simulation). Then recordings are
replayed to the real computers of the vehicle: hours of replay x variants x time on a rig for an hour of driving, over
the window of a release, are the rigs that must stand there.
"""

from __future__ import annotations

import numpy as np

from planner.axes import (
    ECU,
    HARDWARE,
    PACKAGE,
    PROGRAM,
    REGION,
    SITE,
    Array,
    lowest,
    total,
)
from planner.graph import quantity
from planner.perf.money import ratio


def _shortest(cadence: Array, chosen: Array) -> Array:
    return lowest(np.where(chosen > 0, cadence, np.inf), PACKAGE)


# --- Simulated distance ----------------------------------------------------------------------------------------------


@quantity(unit="day", axes="")
def simulation_cadence(package_cadence: Array, simulation_follows: Array) -> Array:
    """Time between the releases that are simulated: those of the package named, else of the most frequent one."""
    return _shortest(package_cadence, simulation_follows)


@quantity(unit="km", axes="month")
def simulated_distance(
    simulation_distance: Array,
    simulation_cadence: Array,
    simulation_active: Array,
    month_seconds: Array,
) -> Array:
    """Distance driven in simulation in the month, of all kinds: that of a release x releases."""
    return simulation_distance * simulation_active / simulation_cadence * month_seconds


@quantity(unit="km", axes="month")
def rendered_distance(simulated_distance: Array, simulation_rendered_share: Array) -> Array:
    """Distance simulated with sensors that are rendered from modelled scenes."""
    return simulated_distance * simulation_rendered_share


@quantity(unit="km", axes="month")
def neural_distance(simulated_distance: Array, simulation_neural_share: Array) -> Array:
    """Distance simulated with sensors that are rendered from reconstructed recordings."""
    return simulated_distance * simulation_neural_share


@quantity(unit="km", axes="month")
def object_distance(
    simulated_distance: Array, simulation_rendered_share: Array, simulation_neural_share: Array
) -> Array:
    """Distance simulated on the level of objects, without sensors."""
    left = 1.0 - simulation_rendered_share - simulation_neural_share
    return simulated_distance * np.maximum(left, 0.0)


@quantity(unit="1", axes="month")
def virtual_vehicles(
    simulated_distance: Array, simulation_speed: Array, month_seconds: Array
) -> Array:
    """Vehicles that would drive the simulated distance in real time, day and night."""
    return simulated_distance / simulation_speed / month_seconds


@quantity(unit="km", axes="month")
def recorded_distance(
    vehicles_served: Array,
    clip_time_uploaded: Array,
    program_daily_hours: Array,
    vehicle_distance: Array,
    month_seconds: Array,
) -> Array:
    """Distance of real driving whose recordings arrive in the month: at the vehicle's mean speed; 0 without driving."""
    hours = np.where(program_daily_hours > 0, program_daily_hours, 1.0)
    share = np.where(program_daily_hours > 0, clip_time_uploaded / hours, 0.0)
    rate = total(vehicles_served * vehicle_distance * share, REGION, PROGRAM)
    return rate * month_seconds


@quantity(unit="km", axes="month")
def kept_distance(recorded_distance: Array, clip_kept_share: Array) -> Array:
    """Distance of real driving that curation keeps for training and reprocessing."""
    return recorded_distance * clip_kept_share


@quantity(unit="km", axes="month")
def validation_distance(kept_distance: Array, simulated_distance: Array) -> Array:
    """Distance that speaks for the software: real driving that is kept, and simulated driving."""
    return kept_distance + simulated_distance


@quantity(unit="1", axes="month")
def simulated_share(simulated_distance: Array, validation_distance: Array) -> Array:
    """Share of the validation distance that is simulated; 0 without any."""
    everything = np.where(validation_distance > 0, validation_distance, 1.0)
    return np.where(validation_distance > 0, simulated_distance / everything, 0.0)


@quantity(unit="hour", axes="month")
def simulation_gpu_hours(
    rendered_distance: Array,
    neural_distance: Array,
    simulation_speed: Array,
    simulation_rendering_rate: Array,
    simulation_neural_rate: Array,
    simulation_reconstruction: Array,
    simulation_reuse: Array,
) -> Array:
    """Accelerator-hours of the month's simulation on the reference accelerator: rendering, and reconstruction.

    Driving time over the rate at which one accelerator renders it with the software in the loop; a reconstructed hour
    costs `reconstruction` and is driven `reuse` times.
    """
    rendering = rendered_distance / simulation_rendering_rate
    scenes = 1.0 / simulation_neural_rate + simulation_reconstruction / simulation_reuse
    return (rendering + neural_distance * scenes) / simulation_speed


@quantity(unit="1", axes="site")
def simulation_speedup(
    accelerator_memory_bandwidth: Array,
    site_trains_on: Array,
    simulation_reference_bandwidth: Array,
) -> Array:
    """Rendering rate of the site's accelerator over that of the reference, by memory bandwidth.

    First order: rasterising splats and blending them moves memory and uses few tensor operations.
    """
    bandwidth = total(accelerator_memory_bandwidth * site_trains_on, HARDWARE)
    return bandwidth / simulation_reference_bandwidth


@quantity(unit="1", axes="month site")
def gpus_for_simulation(
    simulation_gpu_hours: Array,
    simulation_speedup: Array,
    allocation: Array,
    month_seconds: Array,
) -> Array:
    """Accelerators that simulation keeps busy on average; every pool of sites simulates its own releases."""
    return simulation_gpu_hours / month_seconds / simulation_speedup * allocation


@quantity(unit="1", axes="month")
def cores_for_simulation(
    object_distance: Array,
    simulation_speed: Array,
    simulation_core_rate: Array,
    month_seconds: Array,
) -> Array:
    """Processor cores that simulation without sensors keeps busy on average; they are counted, not priced."""
    return object_distance / simulation_speed / simulation_core_rate / month_seconds


# --- Qualification on rigs -------------------------------------------------------------------------------------------


@quantity(unit="day", axes="")
def qualification_cadence(package_cadence: Array, qualification_follows: Array) -> Array:
    """Time between the releases that are qualified: those of the package named, else of the most frequent one."""
    return _shortest(package_cadence, qualification_follows)


@quantity(unit="hour", axes="month")
def qualification_work(
    qualification_replay: Array,
    variants: Array,
    qualification_variant_share: Array,
    qualification_real_time_factor: Array,
) -> Array:
    """Time on rigs for one release: hours of replay x variants with a replay of their own x time on a rig an hour."""
    replayed = variants * qualification_variant_share
    return qualification_replay * replayed * qualification_real_time_factor


@quantity(unit="1", axes="month site")
def rigs_required(
    qualification_work: Array,
    qualification_window: Array,
    qualification_cadence: Array,
    qualification_utilisation: Array,
    site_hosts_releases: Array,
) -> Array:
    """Rigs that qualify a release within its window (or its cadence, if that is shorter), unrounded."""
    allowed = np.minimum(qualification_window, qualification_cadence) * qualification_utilisation
    return qualification_work / allowed * site_hosts_releases


@quantity(unit="1", axes="month site")
def rigs_short(rigs_required: Array, rigs: Array) -> Array:
    """Rigs that are needed and not in service."""
    return np.maximum(rigs_required - rigs, 0.0)


@quantity(unit="day", axes="month")
def qualification_time(
    qualification_work: Array, rigs: Array, qualification_utilisation: Array
) -> Array:
    """Time that the variants of a release queue for the rigs in service and run on them; 0 where there are none."""
    working = total(rigs, SITE) * qualification_utilisation
    return np.where(working > 0, qualification_work / np.where(working > 0, working, 1.0), 0.0)


@quantity(unit="bit/second", axes="month site")
def replay_bandwidth(
    rigs: Array,
    sensor_rate_encoded: Array,
    program_sales_mix: Array,
    qualification_real_time_factor: Array,
) -> Array:
    """Rate at which all rigs in service read recordings, when they replay what the mean vehicle senses."""
    weight = program_sales_mix / np.maximum(total(program_sales_mix, PROGRAM), 1e-12)
    rate = total(sensor_rate_encoded * weight, PROGRAM)
    return rigs * rate / qualification_real_time_factor


@quantity(unit="watt", axes="month site")
def rig_power(rigs: Array, qualification_rig_power: Array) -> Array:
    """Power of all rigs in service, which work day and night."""
    return rigs * qualification_rig_power


@quantity(unit="1", axes="month ecu")
def rig_ecu_share(builds_supported: Array) -> Array:
    """Share of each kind of ECU in a rig: that of its builds among those in support; 0 while there are none."""
    builds = total(builds_supported, REGION, PROGRAM)
    return ratio(builds, total(builds, ECU))


@quantity(unit="1", axes="month ecu")
def rig_ecus(rig_orders: Array, qualification_rig_ecus: Array, rig_ecu_share: Array) -> Array:
    """ECUs that go into rigs entering service, by the builds in support."""
    return total(rig_orders, SITE) * qualification_rig_ecus * rig_ecu_share


@quantity(unit="USD", axes="month")
def rig_unit_price(
    qualification_rig_price: Array,
    qualification_rig_ecus: Array,
    rig_ecu_share: Array,
    ecu_price: Array,
    economics_currency_factor: Array,
) -> Array:
    """Price of one rig that enters service in the month, with its ECUs by the builds in support."""
    ecus = qualification_rig_ecus * total(rig_ecu_share * ecu_price, ECU)
    return (qualification_rig_price + ecus) * economics_currency_factor


@quantity(unit="USD", axes="month")
def rig_value_entering(rig_orders: Array, rig_unit_price: Array) -> Array:
    """Price of the rigs that enter service in the month, with their ECUs."""
    return total(rig_orders, SITE) * rig_unit_price


@quantity(unit="USD", axes="month")
def rig_value(rigs: Array, rig_unit_price: Array) -> Array:
    """Today's price of all rigs in service, with their ECUs."""
    return total(rigs, SITE) * rig_unit_price
