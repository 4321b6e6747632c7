"""Wrong quantities about data classes, curation and labels, for `test_data`."""

from __future__ import annotations

import numpy as np

from planner.axes import PROGRAM, Array, total
from planner.catalogue import Calendar, Parts, SitePools, spread_over_pool
from planner.model import retention
from tests.properties.seeded_bugs import instead_of


@instead_of("data_stream_share")
def evidence_is_made_beside_the_rest(
    data_share: Array,
    data_takes_rest: Array,
    data_is_clips: Array,
) -> Array:
    """Does not take from the rest of a stream what other classes have of it."""
    return np.where(data_takes_rest > 0, 1.0, data_share) + 0.0 * data_is_clips


@instead_of("data_first_copies")
def deletion_is_hasty(
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
    """Deletes twice as fast as owners withdraw."""
    fates = (data_kept, data_retained, 2.0 * data_deletion_rate)
    ages = (tier_held_from, tier_held_until, tier_held_share, calendar)
    return retention.data_first_copies.fn(*fates, site_opening_data, program_production_end, *ages)


@instead_of("data_retained")
def retention_ends_with_the_first_programme(
    program_production_end: Array, data_retain_until: Array, calendar: Calendar
) -> Array:
    """Takes the earliest end of production for that of every programme."""
    ends = np.broadcast_to(
        program_production_end.min(axis=PROGRAM, keepdims=True), program_production_end.shape
    )
    return retention.data_retained.fn(ends, data_retain_until, calendar)


@instead_of("data_held")
def one_copy_is_lost_on_the_way(
    data_first_copies: Array, data_copies: Array, site_pools: SitePools
) -> Array:
    """Moves the first copy away instead of copying it."""
    return data_copies * spread_over_pool(data_first_copies, site_pools) - data_first_copies


@instead_of("replication")
def the_first_copy_travels_too(data_kept: Array, data_copies: Array) -> Array:
    """Counts the copy that stays."""
    return data_copies * total(data_kept, PROGRAM)


@instead_of("gpus_for_curation")
def only_what_is_kept_is_searched(
    clips_kept: Array,
    curation_decode: Array,
    curation_deduplicate: Array,
    curation_select: Array,
    curation_anonymise: Array,
    curation_speed: Array,
) -> Array:
    """Forgets the labels, and multiplies the steps on arriving clips."""
    steps = curation_decode * curation_deduplicate * curation_select
    return clips_kept * (steps + curation_anonymise) / curation_speed


@instead_of("annotators")
def people_work_around_the_clock(label_hours: Array, month_seconds: Array) -> Array:
    """Divides by the month instead of by the working time in it."""
    return label_hours / month_seconds


@instead_of("data_held")
def copies_compress_each_other(
    data_first_copies: Array, data_copies: Array, site_pools: SitePools
) -> Array:
    """Holds less, the more copies there are."""
    return data_first_copies / data_copies + 0.0 * len(site_pools)
