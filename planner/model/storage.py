"""How many bytes must each tier hold and how fast must it be read?

What curation keeps of the ingest ages through the tiers: a tier holds a share of the data between two ages. Training
data sets lie in the tiers that keep copies of them. A tier needs the units that satisfy both capacity and bandwidth.
"""

from __future__ import annotations

import numpy as np

from planner.axes import (
    DRAW,
    MONTH,
    PROGRAM,
    SITE,
    TIER,
    WORKLOAD,
    Array,
    on,
    place,
    take,
    total,
)
from planner.catalogue import TIERS, Calendar, Parts
from planner.graph import quantity
from planner.perf.lifecycle import held_between

HOT, WARM, COLD = (TIERS.index(name) for name in ("hot", "warm", "cold"))


@quantity(unit="byte/second", axes="month site")
def site_kept(site_ingest_mean: Array, storage_policy_kept_share: Array) -> Array:
    """Mean rate of data that curation keeps at each site."""
    return site_ingest_mean * storage_policy_kept_share


@quantity(unit="byte/second", axes="month site")
def site_discarded(site_ingest_mean: Array, site_kept: Array) -> Array:
    """Mean rate of data that arrives and is not kept."""
    return site_ingest_mean - site_kept


@quantity(unit="byte", axes="month tier site")
def tier_held(
    site_kept: Array,
    site_opening_data: Parts,
    tier_held_from: Array,
    tier_held_until: Array,
    tier_held_share: Array,
    calendar: Calendar,
) -> Array:
    """Fleet data in each tier at the month's end: its share of what is between the tier's two ages.

    Data of a year before the plan came in evenly over the year, or over its part before plan_start.
    """
    flows = on(site_kept, MONTH, SITE) * calendar.seconds[None, :, None]
    edges, inflow = _with_history(flows, site_opening_data, calendar)
    running = np.concatenate([np.zeros_like(inflow[:, :1]), inflow.cumsum(axis=1)], axis=1)
    ends = calendar.edges[1:]
    ages = zip(on(tier_held_from, TIER).T, on(tier_held_until, TIER).T, strict=True)
    held = np.stack([held_between(ends, edges, running, a, b) for a, b in ages], axis=2)
    return place(held, DRAW, MONTH, TIER, SITE) * tier_held_share


def _with_history(flows: Array, before: Parts, calendar: Calendar) -> tuple[Array, Array]:
    """Edges [s] and inflow (draw, interval, site) of the plan's months with the years before them put in front."""
    if not before.names:
        return calendar.edges, flows
    years = np.unique(before["year"])
    starts = np.append(years, 0.0)
    gaps = np.minimum(years + 12, 0.0)
    edges = np.unique(calendar.seconds_at(np.concatenate([starts, gaps])))
    middles = (edges[1:] + edges[:-1]) / 2
    begin, end = (calendar.seconds_at(before["year"][0] + shift) for shift in (0, 12))
    end = np.minimum(end, 0.0)
    inside = (middles[:, None] > begin) & (middles[:, None] < end)
    share = inside * np.diff(edges)[:, None] / (end - begin)
    early = on(before.total(before["kept"][:, None, :] * share), MONTH, SITE)
    draws = max(len(early), len(flows))
    both = [np.broadcast_to(x, (draws, *x.shape[1:])) for x in (early, flows)]
    return np.concatenate([edges[:-1], calendar.edges]), np.concatenate(both, axis=1)


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
