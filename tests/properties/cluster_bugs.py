"""Wrong quantities of spares, checkpoints and storage, each to be caught by a property of `test_cluster`."""

from __future__ import annotations

import numpy as np

from planner.axes import HARDWARE, TIER, WORKLOAD, Array, total
from planner.catalogue import Calendar, Parts, SitePools
from planner.model import decisions, retention
from planner.model.storage import ON_HOT
from tests.properties.seeded_bugs import instead_of


@instead_of("gpus_spare")
def spares_for_a_share_that_is_up(
    gpus_required: Array,
    repair_group: Array,
    group_down_share: Array,
    cluster_availability: Array,
    site_trains_on: Array,
) -> Array:
    """Takes the share of time that hardware is up for the share that it is down, in part."""
    healthier = np.maximum(0.05 - group_down_share, 0.0)
    return decisions.gpus_spare.fn(
        gpus_required, repair_group, healthier, cluster_availability, site_trains_on
    )


@instead_of("gpus_spare")
def spares_by_what_rounding_leaves(
    gpus_required: Array,
    repair_group: Array,
    group_down_share: Array,
    cluster_availability: Array,
    site_trains_on: Array,
) -> Array:
    """Takes the room left in the last group for a spare, so that a larger need may have fewer."""
    found = decisions.gpus_spare.fn(
        gpus_required, repair_group, group_down_share, cluster_availability, site_trains_on
    )
    group = total(repair_group * site_trains_on, HARDWARE)
    return np.maximum(found - (gpus_required % group), 0.0)


@instead_of("checkpoint_bandwidth")
def checkpoints_of_the_largest_run_alone(
    gpus_for_release: Array,
    gpus_for_experiments: Array,
    checkpoint_size: Array,
    checkpoint_write_rate: Array,
) -> Array:
    """Forgets that runs write at the same time."""
    working = (gpus_for_release + gpus_for_experiments) * (checkpoint_size > 0)
    return np.max(working, axis=WORKLOAD, keepdims=True) * checkpoint_write_rate


@instead_of("checkpoint_space")
def checkpoints_share_their_place(
    runs_at_once: Array, checkpoint_size: Array, checkpoint_kept: Array
) -> Array:
    """Divides by what is kept."""
    return total(runs_at_once * checkpoint_size, WORKLOAD) / np.maximum(checkpoint_kept, 1e-9)


@instead_of("storage_write_required")
def writing_after_curation(
    site_ingest_peak: Array,
    tier_lands: Array,
    tier_entering: Array,
    tier_copies: Array,
    checkpoint_bandwidth: Array,
) -> Array:
    """Writes what arrives only while nothing else is written."""
    arriving = np.where(tier_lands > 0, site_ingest_peak, tier_entering)
    return np.maximum(arriving - checkpoint_bandwidth * ON_HOT, 0.0) * tier_copies


@instead_of("storage_write_required")
def arrivals_between_checkpoints(
    site_ingest_peak: Array,
    tier_lands: Array,
    tier_entering: Array,
    tier_copies: Array,
    checkpoint_bandwidth: Array,
) -> Array:
    """Takes what checkpoints leave for what is needed."""
    arriving = np.where(tier_lands > 0, site_ingest_peak, tier_entering)
    return np.abs(checkpoint_bandwidth * ON_HOT - arriving) * tier_copies


@instead_of("tier_entering")
def data_enters_when_it_leaves(
    data_kept: Array,
    data_retained: Array,
    data_deletion_rate: Array,
    data_copies: Array,
    site_opening_data: Parts,
    program_production_end: Array,
    tier_held_until: Array,
    tier_held_share: Array,
    site_pools: SitePools,
    site_operates: Array,
    calendar: Calendar,
) -> Array:
    """Takes the age at which data leaves a tier for the one at which it enters."""
    fates = (data_kept, data_retained, data_deletion_rate, data_copies)
    ages = (tier_held_until, tier_held_until + 1.0, tier_held_share)
    where = (site_pools, site_operates, calendar)
    return retention.tier_entering.fn(
        *fates, site_opening_data, program_production_end, *ages, *where
    )


@instead_of("goodput_expected")
def interruptions_help(
    run_interruption_rate: Array,
    checkpoint_pause: Array,
    checkpoint_restart: Array,
    checkpoint_interval: Array,
) -> Array:
    """Counts the time until training runs again as progress."""
    gained = run_interruption_rate * (checkpoint_restart + checkpoint_interval / 2.0)
    return np.minimum(0.5 + gained, 1.0) / (1.0 + checkpoint_pause / checkpoint_interval)


@instead_of("storage_drives")
def drives_of_the_first_tier(storage_units: Array, system_drives: Array) -> Array:
    """Counts every unit with the drives of the hot tier's."""
    return storage_units * np.take(system_drives, [0], axis=TIER)
