"""How many bytes must each tier hold, how fast must it be read and written, and how many units and drives is that?

What is kept of the fleet's data lies in the tiers (see `retention`). Training data sets lie in the tiers that keep
copies of them, checkpoints on the hot tier. Everything that arrives is written to the first tier in use before it is
curated. A tier needs the units that satisfy capacity, reading and writing.
"""

from __future__ import annotations

import numpy as np

from planner.axes import DATA, HARDWARE, PROGRAM, SITE, TIER, WORKLOAD, Array, place, take, total
from planner.catalogue import SECONDS_A_YEAR, TIERS
from planner.graph import quantity
from planner.perf.durability import annual_loss, raw_bytes_each
from planner.perf.feeding import read_demand, training_time
from planner.perf.lifecycle import united

HOT, WARM, COLD = (TIERS.index(name) for name in ("hot", "warm", "cold"))
ON_HOT = place([float(tier == HOT) for tier in range(len(TIERS))], TIER)


@quantity(unit="byte", axes="month tier site")
def tier_held(data_held: Array) -> Array:
    """Fleet data in each tier at the month's end, of all classes in all copies."""
    return total(data_held, DATA)


@quantity(unit="1", axes="tier")
def tier_lands(tier_held_from: Array, tier_held_until: Array, tier_held_share: Array) -> Array:
    """1 for the tier that everything is written to as it arrives: the first that holds data at all."""
    used = (tier_held_until > tier_held_from) & (tier_held_share > 0)
    return np.asarray(used & (np.cumsum(used, axis=TIER) == 1), dtype=np.float64)


@quantity(unit="byte", axes="month tier site")
def tier_datasets(
    dataset_bytes: Array,
    workload_active: Array,
    curation_nested_share: Array,
    tier_dataset_copies: Array,
    allocation: Array,
) -> Array:
    """Training data sets in each tier, of workloads that have begun: every site that trains has its part of them.

    A recording that is in several data sets is stored once.
    """
    held = united(dataset_bytes * workload_active, curation_nested_share, WORKLOAD)
    return held * tier_dataset_copies * allocation


@quantity(unit="byte", axes="month tier site")
def tier_checkpoints(checkpoint_space: Array) -> Array:
    """Checkpoints in each tier: all of them on the hot one."""
    return checkpoint_space * ON_HOT


@quantity(unit="byte", axes="month tier site")
def storage_capacity_required(
    tier_held: Array,
    tier_datasets: Array,
    tier_checkpoints: Array,
    tier_copies: Array,
    release_storage: Array,
) -> Array:
    """Usable bytes needed in each tier for what it holds, in all copies, and for releases kept in theirs."""
    return (tier_held + tier_datasets + tier_checkpoints) * tier_copies + release_storage


@quantity(unit="byte/second", axes="tier")
def tier_read_rate(
    tier_read_per_accelerator: Array, level_read_bandwidth: Array, level_accelerators: Array
) -> Array:
    """Read bandwidth of a tier for each accelerator: as given, or that of a scalable unit at the level named."""
    return tier_read_per_accelerator + level_read_bandwidth / level_accelerators


@quantity(unit="B/s", axes="month tier site")
def storage_bandwidth_required(
    gpus_required: Array,
    gpus_serving_peak: Array,
    tier_read_rate: Array,
    storage_capacity_required: Array,
    tier_scan_interval: Array,
    replay_bandwidth: Array,
    tier_replay_share: Array,
) -> Array:
    """Read bandwidth needed of each tier: for accelerators that train, to read the whole tier at times, and for replay.

    Accelerators that stand by for the services' peak read no training data.
    """
    scan = storage_capacity_required / tier_scan_interval
    replay = replay_bandwidth * tier_replay_share
    return (gpus_required - gpus_serving_peak) * tier_read_rate + scan + replay


@quantity(unit="B/s", axes="month tier site")
def storage_write_required(
    site_ingest_peak: Array,
    tier_lands: Array,
    tier_entering: Array,
    tier_copies: Array,
    checkpoint_bandwidth: Array,
    copies_arriving: Array,
) -> Array:
    """Write bandwidth needed of each tier: what arrives at its peak, or what moves in from another; checkpoints.

    Everything that arrives, from vehicles and in further copies, is written where it lands before curation takes its
    part; moves between tiers go on in the background at their mean rate. The first filling of a data set is no peak: it
    can take its time.
    """
    arriving = np.where(tier_lands > 0, site_ingest_peak + copies_arriving, tier_entering)
    return (arriving + checkpoint_bandwidth * ON_HOT) * tier_copies


@quantity(unit="byte/second", axes="workload site")
def training_read_rate(
    model_training_rate: Array,
    model_forward: Array,
    accelerator_speed: Array,
    site_trains_on: Array,
) -> Array:
    """What one accelerator reads while it trains: stored bytes of a second of driving over the time it takes for it.

    The demand of MLPerf Storage (batch bytes over compute time) from the plan's own models; a check of the read
    bandwidth for each accelerator, which is a policy.
    """
    speed = total(accelerator_speed * site_trains_on, HARDWARE)
    return read_demand(model_training_rate, training_time(model_forward, speed))


@quantity(unit="1", axes="tier")
def storage_protection(
    system_data_shards: Array, system_parity_shards: Array, system_protection: Array
) -> Array:
    """Raw bytes written for one byte of data: (k + m) / k for k data and m parity shards, or as the profile says."""
    known = np.maximum(system_data_shards, 1.0)
    coded = raw_bytes_each(known, system_parity_shards)
    return np.where(system_data_shards > 0, coded, system_protection)


@quantity(unit="1", axes="tier")
def storage_stripe_loss(
    system_data_shards: Array,
    system_parity_shards: Array,
    system_drive_failure_rate: Array,
    system_rebuild_time: Array,
) -> Array:
    """Probability that a stripe is lost within a year by failing drives; 1 where the profile says too little."""
    told = (system_data_shards > 0) & (system_rebuild_time > 0)
    loss = annual_loss(
        system_data_shards,
        system_parity_shards,
        system_drive_failure_rate,
        np.where(told, system_rebuild_time, SECONDS_A_YEAR),
    )
    return np.where(told, loss, 1.0)


@quantity(unit="byte", axes="tier")
def storage_unit_raw(system_drives: Array, system_drive_capacity: Array) -> Array:
    """Raw bytes of one unit: drives x capacity."""
    return system_drives * system_drive_capacity


@quantity(unit="byte", axes="tier")
def storage_unit_usable(
    storage_unit_raw: Array, storage_protection: Array, system_fill_limit: Array
) -> Array:
    """Usable bytes of one unit: raw, less protection overhead, up to the fill limit."""
    return storage_unit_raw / storage_protection * system_fill_limit


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
def storage_units_for_writing(
    storage_write_required: Array, system_write_bandwidth: Array
) -> Array:
    """Units whose write bandwidth takes what is written to the tier, unrounded."""
    return storage_write_required / system_write_bandwidth


@quantity(unit="1", axes="month tier site")
def storage_units_required(
    storage_units_for_capacity: Array,
    storage_units_for_bandwidth: Array,
    storage_units_for_writing: Array,
) -> Array:
    """Units needed in each tier, unrounded: the largest of capacity, read and write bandwidth."""
    bandwidth = np.maximum(storage_units_for_bandwidth, storage_units_for_writing)
    return np.maximum(storage_units_for_capacity, bandwidth)


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


@quantity(unit="1", axes="month tier site")
def storage_drives(storage_units: Array, system_drives: Array) -> Array:
    """Drives in service in each tier."""
    return storage_units * system_drives


@quantity(unit="1", axes="month tier site")
def drives_replaced(
    storage_drives: Array, system_drive_failure_rate: Array, month_seconds: Array
) -> Array:
    """Drives that fail and are replaced in the month, on average; support contracts pay for them (maintenance)."""
    return storage_drives * system_drive_failure_rate * month_seconds


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
