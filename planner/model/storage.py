"""How many bytes must each tier hold and how fast must it be read?

What is kept of the fleet's data lies in the tiers (see `retention`), and so do the training data sets in those that
keep copies of them. A tier needs the units that satisfy both capacity and bandwidth.
"""

from __future__ import annotations

import numpy as np

from planner.axes import DATA, PROGRAM, SITE, TIER, WORKLOAD, Array, take, total
from planner.catalogue import TIERS
from planner.graph import quantity

HOT, WARM, COLD = (TIERS.index(name) for name in ("hot", "warm", "cold"))


@quantity(unit="byte", axes="month tier site")
def tier_held(data_held: Array) -> Array:
    """Fleet data in each tier at the month's end, of all classes in all copies."""
    return total(data_held, DATA)


@quantity(unit="byte", axes="month tier site")
def tier_datasets(dataset_bytes: Array, tier_dataset_copies: Array, allocation: Array) -> Array:
    """Training data sets in each tier: every site that trains has its part of the work's data."""
    return total(dataset_bytes, WORKLOAD) * tier_dataset_copies * allocation


@quantity(unit="byte", axes="month tier site")
def storage_capacity_required(
    tier_held: Array, tier_datasets: Array, tier_copies: Array, release_storage: Array
) -> Array:
    """Usable bytes needed in each tier for what it holds, in all copies, and for releases kept in theirs."""
    return (tier_held + tier_datasets) * tier_copies + release_storage


@quantity(unit="B/s", axes="month tier site")
def storage_bandwidth_required(
    gpus_required: Array,
    tier_read_per_accelerator: Array,
    storage_capacity_required: Array,
    tier_scan_interval: Array,
) -> Array:
    """Read bandwidth needed of each tier: for every accelerator that trains, and to read the whole tier at times."""
    scan = storage_capacity_required / tier_scan_interval
    return gpus_required * tier_read_per_accelerator + scan


@quantity(unit="byte", axes="tier")
def storage_unit_raw(system_drives: Array, system_drive_capacity: Array) -> Array:
    """Raw bytes of one unit: drives x capacity."""
    return system_drives * system_drive_capacity


@quantity(unit="byte", axes="tier")
def storage_unit_usable(
    storage_unit_raw: Array, system_protection: Array, system_fill_limit: Array
) -> Array:
    """Usable bytes of one unit: raw, less protection overhead, up to the fill limit."""
    return storage_unit_raw / system_protection * system_fill_limit


@quantity(unit="1", axes="month tier site")
def storage_units_for_capacity(
    storage_capacity_required: Array, storage_unit_usable: Array
) -> Array:
    """Units whose usable bytes hold what the tier must hold, unrounded."""
    return storage_capacity_required / storage_unit_usable


@quantity(unit="1", axes="month tier site")
def storage_units_for_bandwidth(
    storage_bandwidth_required: Array, system_read_bandwidth: Array
) -> Array:
    """Units whose read bandwidth feeds what reads the tier, unrounded."""
    return storage_bandwidth_required / system_read_bandwidth


@quantity(unit="1", axes="month tier site")
def storage_units_required(
    storage_units_for_capacity: Array, storage_units_for_bandwidth: Array
) -> Array:
    """Units needed in each tier, unrounded: the larger of capacity and bandwidth."""
    return np.maximum(storage_units_for_capacity, storage_units_for_bandwidth)


@quantity(unit="byte", axes="month site")
def storage_hot_required(storage_units_required: Array, storage_unit_usable: Array) -> Array:
    """Usable bytes needed in the hot tier; where bandwidth binds, the bytes that come with the units it needs."""
    return take(storage_units_required * storage_unit_usable, TIER, HOT)


@quantity(unit="byte", axes="month site")
def storage_warm_required(storage_units_required: Array, storage_unit_usable: Array) -> Array:
    """Usable bytes needed in the warm tier; where bandwidth binds, the bytes that come with the units it needs."""
    return take(storage_units_required * storage_unit_usable, TIER, WARM)


@quantity(unit="byte", axes="month site")
def storage_cold_required(storage_units_required: Array, storage_unit_usable: Array) -> Array:
    """Usable bytes needed in the cold tier; where bandwidth binds, the bytes that come with the units it needs."""
    return take(storage_units_required * storage_unit_usable, TIER, COLD)


@quantity(unit="byte", axes="month tier site")
def storage_usable(storage_units: Array, storage_unit_usable: Array) -> Array:
    """Usable bytes in service in each tier."""
    return storage_units * storage_unit_usable


@quantity(unit="byte", axes="month tier site")
def storage_raw(storage_units: Array, storage_unit_raw: Array) -> Array:
    """Raw bytes in service in each tier, as purchased."""
    return storage_units * storage_unit_raw


@quantity(unit="byte", axes="month site")
def storage_hot(storage_usable: Array) -> Array:
    """Usable bytes of the hot tier in service."""
    return take(storage_usable, TIER, HOT)


@quantity(unit="byte", axes="month site")
def storage_warm(storage_usable: Array) -> Array:
    """Usable bytes of the warm tier in service."""
    return take(storage_usable, TIER, WARM)


@quantity(unit="byte", axes="month site")
def storage_cold(storage_usable: Array) -> Array:
    """Usable bytes of the cold tier in service."""
    return take(storage_usable, TIER, COLD)


@quantity(unit="byte", axes="month site")
def storage_hot_raw(storage_raw: Array) -> Array:
    """Raw bytes of the hot tier in service, as purchased."""
    return take(storage_raw, TIER, HOT)


@quantity(unit="byte", axes="month site")
def storage_warm_raw(storage_raw: Array) -> Array:
    """Raw bytes of the warm tier in service, as purchased."""
    return take(storage_raw, TIER, WARM)


@quantity(unit="byte", axes="month site")
def storage_cold_raw(storage_raw: Array) -> Array:
    """Raw bytes of the cold tier in service, as purchased."""
    return take(storage_raw, TIER, COLD)


@quantity(unit="B/s", axes="month tier")
def storage_read_bandwidth(storage_units: Array, system_read_bandwidth: Array) -> Array:
    """Read bandwidth of the units in service in each tier, over all sites."""
    return total(storage_units, SITE) * system_read_bandwidth


@quantity(unit="minute", axes="month tier")
def dataset_read_time(tier_datasets: Array, storage_read_bandwidth: Array) -> Array:
    """Time to read the training data sets of a tier once at its full bandwidth; 0 where nothing is in service."""
    speed = storage_read_bandwidth
    return np.where(speed > 0, total(tier_datasets, SITE) / np.where(speed > 0, speed, 1.0), 0.0)


@quantity(unit="hour", axes="month tier")
def storage_recording_time(
    storage_usable: Array, sensor_rate_encoded: Array, program_sales_mix: Array
) -> Array:
    """Vehicle-hours of recording that the tier in service can hold, at the mean encoded rate; 0 without a rate."""
    weight = program_sales_mix / np.maximum(total(program_sales_mix, PROGRAM), 1e-12)
    rate = total(sensor_rate_encoded * weight, PROGRAM)
    return np.where(rate > 0, total(storage_usable, SITE) / np.where(rate > 0, rate, 1.0), 0.0)
