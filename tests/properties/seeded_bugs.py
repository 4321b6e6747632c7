"""Wrong quantities, kept beside the properties that must catch them.

Each has the name, unit and axes of the quantity of the factory that it stands in for, and a fault
that somebody could make. `with_bug` puts one into a project; the test of a property then has to
fail (`caught`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis.strategies import SearchStrategy

from planner.axes import (
    DRAW,
    HOUR,
    LINK,
    PROGRAM,
    REGION,
    SITE,
    Array,
    first,
    peak,
    total,
)
from planner.catalogue import Calendar, Parts
from planner.graph import Quantity
from planner.model import factory, fleet, retention, telemetry, training
from planner.project import Project

FACTORY = {
    value.name: value
    for module in factory.MODULES
    for value in vars(module).values()
    if isinstance(value, Quantity)
}


def instead_of(name: str) -> Callable[[Callable[..., Array]], Quantity]:
    """Let a function stand in for the quantity `name`, with the same contract."""
    original = FACTORY[name]

    def declare(fn: Callable[..., Array]) -> Quantity:
        return dataclasses.replace(original, fn=fn)

    return declare


def with_bug(project: Project, bug: Quantity) -> Project:
    return dataclasses.replace(project, graph=project.graph.replace(bug))


def caught(check: Callable[..., None], examples: SearchStrategy[object]) -> None:
    """Assert that a check fails on one of the examples."""

    @settings(
        max_examples=400,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    @given(examples)
    def run(example: object) -> None:
        check(example)

    with pytest.raises(AssertionError):
        run()


# --- More of something needs less of something ---------------------------------------------------


@instead_of("ingest_mean")
def ingest_subtracts_regions(upload: Array) -> Array:
    """The other regions are taken from the first instead of added."""
    by_region = total(upload, PROGRAM, LINK)
    return 2.0 * first(by_region, REGION) - total(by_region, REGION)


@instead_of("clips_recorded")
def longer_driving_dilutes_clips(
    program_daily_hours: Array, recorded_share: Array, sensor_rate_encoded: Array
) -> Array:
    """Divides by the hours."""
    day = 3600.0**2 / 86_400.0**2
    return day / np.maximum(program_daily_hours, 1e-6) * recorded_share * sensor_rate_encoded


@instead_of("recorded_share")
def clips_replace_recording(
    program_record_share: Array,
    program_trigger_rate: Array,
    program_clip_length: Array,
    telemetry_trigger_growth: Array,
) -> Array:
    """Records half of the time whole, and takes the clips from it."""
    clips = program_trigger_rate * telemetry_trigger_growth * program_clip_length
    return np.maximum(program_record_share + 0.5 - clips, 0.0)


@instead_of("upload_limit")
def buffers_overwrite_what_waits(
    link_uplink: Array,
    link_session: Array,
    link_interval: Array,
    link_data_cap: Array,
    vehicle_buffer: Array,
) -> Array:
    """Takes what the buffer and the session can hold from the allowance."""
    by_time = link_uplink * link_session / link_interval
    by_buffer = vehicle_buffer / link_interval
    allowance = np.minimum(link_data_cap, 1e12 / 86_400.0)
    return np.maximum(allowance - 1e-5 * (by_time + by_buffer), 0.0)


@instead_of("data_first_copies")
def tier_holds_what_has_aged_out(
    data_kept: Array,
    data_retained: Array,
    data_deletion_rate: Array,
    site_opening_data: Parts,
    program_production_end: Array,
    tier_held_until: Array,
    tier_held_share: Array,
    calendar: Calendar,
) -> Array:
    """Takes the data older than the tier's last age for the data in the tier."""
    before = (site_opening_data, program_production_end)
    ages = (tier_held_until, tier_held_until + 1e12, tier_held_share)
    return retention.data_first_copies.fn(
        data_kept, data_retained, data_deletion_rate, *before, *ages, calendar
    )


@instead_of("storage_capacity_required")
def copies_share_their_bytes(tier_held: Array, tier_datasets: Array, tier_copies: Array) -> Array:
    """Divides by the copies."""
    return (tier_held + tier_datasets) / tier_copies


@instead_of("data_kept")
def keeping_crowds_out(data_ingest: Array, data_kept_share: Array) -> Array:
    """Keeps what was to be discarded."""
    return data_ingest * (1.0 - data_kept_share)


@instead_of("gpus_for_throughput")
def work_divides(
    run_flops: Array,
    workload_experiments: Array,
    workload_cadence: Array,
    site_effective: Array,
    allocation: Array,
) -> Array:
    """Divides by the work and by the experiments."""
    flops = 1e44 / np.maximum(run_flops, 1.0) / (1.0 + workload_experiments) / workload_cadence
    return flops / site_effective * allocation


@instead_of("release_bytes")
def release_without_headroom(
    package_size: Array,
    package_delta_ratio: Array,
    package_delta_share: Array,
    ota_retry_overhead: Array,
) -> Array:
    """Divides by what is sent again, and caps a package at 1 GB less what it exceeds it by."""
    mean = package_delta_share * package_delta_ratio + (1.0 - package_delta_share)
    capped = np.where(package_size > 1e9, 1e18 / np.maximum(package_size, 1.0), package_size)
    return capped * mean / (1.0 + ota_retry_overhead)


@instead_of("ingest_peak")
def headroom_is_room_taken(upload_by_hour: Array, telemetry_ingest_headroom: Array) -> Array:
    """Divides by the headroom."""
    return peak(total(upload_by_hour, REGION), HOUR) / telemetry_ingest_headroom


@instead_of("sensor_rate_encoded")
def rate_upside_down(program_sensors: Parts) -> Array:
    """Seconds a byte for bytes a second."""
    return 1e14 / np.maximum(telemetry.sensor_rate_encoded.fn(program_sensors), 1.0)


# --- Bytes lost or made ---------------------------------------------------------------------------


@instead_of("link_share")
def depot_vehicles_also_go_home(region_wifi_share: Array, program_depot_share: Array) -> Array:
    """Counts vehicles with a depot dock once more among those at home."""
    whole = np.ones_like(program_depot_share)
    parts = (whole * region_wifi_share, whole * (1.0 - region_wifi_share))
    depot = program_depot_share * np.ones_like(region_wifi_share)
    return np.concatenate([*parts, depot], axis=LINK)


@instead_of("fleet_dropped")
def unserved_vehicles_drop_nothing(
    vehicles_served: Array, link_share: Array, vehicle_recorded: Array, upload_limit: Array
) -> Array:
    """Forgets the vehicles that no site serves."""
    beyond = np.maximum(vehicle_recorded - upload_limit, 0.0)
    return vehicles_served * total(link_share * beyond, LINK)


@instead_of("site_ingest_mean")
def every_site_gets_everything(upload: Array, region_at_site: Array) -> Array:
    """Sends all regions to each site."""
    everything = total(upload, PROGRAM, LINK, REGION)
    return everything * np.ones_like(first(region_at_site, REGION))


@instead_of("site_discarded")
def discarded_by_half(site_ingest_mean: Array, site_kept: Array) -> Array:
    """Discards half of what arrives, whatever is kept."""
    return site_ingest_mean / 2.0 + 0.0 * site_kept


@instead_of("data_first_copies")
def tier_loses_bytes_at_its_edge(
    data_kept: Array,
    data_retained: Array,
    data_deletion_rate: Array,
    site_opening_data: Parts,
    program_production_end: Array,
    tier_held_from: Array,
    tier_held_until: Array,
    tier_held_share: Array,
    calendar: Calendar,
) -> Array:
    """Loses what is less than a day older than the tier's first age."""
    late = np.where(tier_held_from > 0, tier_held_from + 86_400.0, tier_held_from)
    before = (site_opening_data, program_production_end)
    ages = (late, tier_held_until, tier_held_share)
    return retention.data_first_copies.fn(
        data_kept, data_retained, data_deletion_rate, *before, *ages, calendar
    )


# --- Money, regions, values, draws, descent -------------------------------------------------------


@instead_of("staff_cost")
def staff_is_paid_in_another_currency(
    it_power: Array, economics_staff: Array, economics_staff_cost: Array, month_seconds: Array
) -> Array:
    """Forgets the currency factor."""
    return total(it_power, SITE) * economics_staff * economics_staff_cost * month_seconds


@instead_of("building_payments")
def buildings_are_paid_twice_over(
    it_power_added: Array, location_building_cost: Array, economics_currency_factor: Array
) -> Array:
    """Applies the currency factor twice."""
    cost = total(it_power_added * location_building_cost, SITE)
    return cost * economics_currency_factor**2


@instead_of("market_row_share")
def rest_counts_japan_twice(
    region_market_share: Array, region_takes_rest: Array, region_row: tuple[object, ...]
) -> Array:
    """Gives the region that takes the rest the whole row: Japan is counted there once more."""
    alone = np.ones_like(region_takes_rest)
    return np.where(region_takes_rest > 0, alone, region_market_share) + 0.0 * len(region_row)


@instead_of("ingest_peak")
def overhead_for_each_region(upload_by_hour: Array, telemetry_ingest_headroom: Array) -> Array:
    """Adds a fixed overhead for each region that has vehicles."""
    busiest = peak(upload_by_hour, HOUR)
    return total(busiest + 1e6 * (busiest > 0), REGION) * telemetry_ingest_headroom


@instead_of("fleet_dropped")
def drops_less_than_nothing(
    vehicles_served: Array, link_share: Array, vehicle_recorded: Array, upload_limit: Array
) -> Array:
    """Forgets that room left on a link is no negative loss."""
    return vehicles_served * total(link_share * (vehicle_recorded - upload_limit), LINK)


@instead_of("dataset_read_time")
def nothing_in_service_reads_for_ever(tier_datasets: Array, storage_read_bandwidth: Array) -> Array:
    """Divides by the bandwidth in service, also where it is 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(total(tier_datasets + 1.0, SITE) / storage_read_bandwidth)


@instead_of("training_gpu_hours")
def hours_of_all_draws(gpus_for_throughput: Array, month_seconds: Array) -> Array:
    """Multiplies by the number of draws."""
    return total(gpus_for_throughput, SITE) * month_seconds * gpus_for_throughput.shape[DRAW]


@instead_of("run_flops")
def first_draw_for_all(
    model_forward: Array, dataset_time: Array, model_epochs: Array, workload_active: Array
) -> Array:
    """Takes the epochs of the first draw for all of them."""
    return training.run_flops.fn(
        model_forward, dataset_time, first(model_epochs, DRAW), workload_active
    )


_CALLS = [0]


@instead_of("vehicle_sales")
def sales_count_their_calls(
    market_sales: Array,
    month_seconds: Array,
    market_row_share: Array,
    market_share: Array,
    program_mix: Array,
    program_ecu_built: Array,
) -> Array:
    """Keeps a state beside the graph, and sells a little more each time that it is asked."""
    _CALLS[0] += 1
    sales = fleet.vehicle_sales.fn(
        market_sales, month_seconds, market_row_share, market_share, program_mix, program_ecu_built
    )
    return sales * (1.0 + 1e-3 * _CALLS[0])


@instead_of("gpus_short")
def what_is_there_is_not_looked_at(gpus_required: Array, gpus_equivalent: Array) -> Array:
    """Calls all that is needed short, whatever is in service."""
    return gpus_required * 1.0
