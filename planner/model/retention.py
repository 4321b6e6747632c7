"""What is kept of what arrives, in how many copies, and how long?

Every data class has a share that curation keeps, copies across the sites, and a life: data ages through the tiers,
each of which holds a share of it from the age at which it leaves the tier before. Where owners withdraw their consent
their data is deleted in all copies, so what is held decays; whether it also leaves training data sets is an input
(`curation`). Approval evidence is held whole, and in the last tier beyond that tier's age, until some years after its
programme's production has ended. First copies lie at the site where the data arrives, further ones at the other sites
of its pool.
"""

from __future__ import annotations

import numpy as np

from planner.axes import (
    DATA,
    DRAW,
    MONTH,
    PROGRAM,
    SITE,
    TIER,
    Array,
    added,
    concatenate,
    on,
    place,
    take,
    total,
)
from planner.catalogue import (
    SECONDS_A_YEAR,
    TIERS,
    Calendar,
    Parts,
    SitePools,
    others_in_pool,
    spread_over_pool,
)
from planner.graph import quantity
from planner.perf.lifecycle import Arrivals


@quantity(unit="byte/second", axes="month program data site")
def data_kept(data_ingest: Array, data_kept_share: Array) -> Array:
    """Mean rate at which each class of data is kept at the site where it arrives."""
    return data_ingest * data_kept_share


@quantity(unit="byte/second", axes="month site")
def site_kept(data_kept: Array) -> Array:
    """Mean rate of data that curation keeps at each site."""
    return total(data_kept, PROGRAM, DATA)


@quantity(unit="byte/second", axes="month site")
def site_discarded(data_ingest: Array, data_kept_share: Array) -> Array:
    """Mean rate of data that arrives and is not kept."""
    return total(data_ingest * (1.0 - data_kept_share), PROGRAM, DATA)


@quantity(unit="1/year", axes="data")
def data_deletion_rate(data_withdrawn_share: Array, data_retain_until: Array) -> Array:
    """Rate at which held data is deleted because its owners withdraw consent: -ln(1 - share a year).

    0 for a class that has to be retained: what the law wants kept is not erased on request (GDPR, article 17(3)(b)).
    """
    rate = -np.log1p(-data_withdrawn_share) / SECONDS_A_YEAR
    return np.where(data_retain_until >= 0, 0.0, rate)


@quantity(unit="1", axes="month program data")
def data_retained(
    program_production_end: Array, data_retain_until: Array, calendar: Calendar
) -> Array:
    """1 while all data of the class must be held: until its years after the end of the programme's production."""
    end = program_production_end + data_retain_until
    ahead = place(calendar.edges[1:], MONTH) < end
    return np.where(ahead & (data_retain_until >= 0), 1.0, 0.0)


@quantity(unit="day", axes="tier")
def tier_held_from(tier_held_until: Array) -> Array:
    """Age at which kept data enters each tier: the one at which it leaves the tiers before, 0 for the first.

    Ages adjoin by construction, so that a byte is in one tier at a time; a tier whose data would leave it before that
    of an earlier one holds nothing.
    """
    left = np.maximum.accumulate(tier_held_until, axis=TIER)
    ends = [take(left, TIER, tier) for tier in range(len(TIERS) - 1)]
    return concatenate(TIER, 0.0 * ends[0], *ends)


@quantity(unit="byte", axes="month data tier site")
def data_first_copies(
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
    """First copy of each class in each tier at the month's end: the tier's share of what is between its two ages.

    Retained data is held whole and does not leave the last tier. Data of a year before the plan came in evenly over
    the year, or over its part before plan_start, and belongs to the programme that is produced longest.
    """
    longest = int(np.argmax(program_production_end))
    kept, retained = _by_fate(data_kept, data_retained)
    arrivals = _arrivals(kept, longest, data_deletion_rate, site_opening_data, calendar)
    keep = retained[..., None]
    tiers = []
    ends, age, older = calendar.edges[1:], np.full(1, np.nan), np.zeros(1)
    for tier, (begin, end, share) in enumerate(
        _tiers(tier_held_from, tier_held_until, tier_held_share)
    ):
        # What left the tier before is what enters this one: looked up once.
        inside = older if np.array_equal(age, begin) else arrivals.older_than(begin, ends)
        age, older = end, arrivals.older_than(end, ends)
        leaving = older * (1.0 - keep) if tier == len(TIERS) - 1 else older
        held = np.maximum(inside - leaving, 0.0) * _by_retention(keep, np.ones(1), share)
        tiers.append(total(held, 2)[:, :, 0, :, None])
    return place(concatenate(3, *tiers), DRAW, MONTH, DATA, TIER, SITE)


@quantity(unit="byte", axes="month data site")
def data_deleted(
    data_kept: Array,
    data_deletion_rate: Array,
    site_opening_data: Parts,
    data_first_copies: Array,
    tier_held_from: Array,
    tier_held_until: Array,
    tier_held_share: Array,
    calendar: Calendar,
) -> Array:
    """Bytes deleted since the plan's first data because their owners had withdrawn consent, counted in one copy.

    What entered a tier less what left it at its last age less what it holds, over all tiers.
    """
    kept = on(total(data_kept, PROGRAM), MONTH, PROGRAM, DATA, SITE)
    nothing = np.zeros_like(data_deletion_rate[:1])
    arrivals = _arrivals(kept, 0, nothing, site_opening_data, calendar)
    rate = on(data_deletion_rate, DATA)[:, None, None, :, None]
    deleted: Array = np.zeros(1)
    for tier, (begin, end, share) in enumerate(
        _tiers(tier_held_from, tier_held_until, tier_held_share)
    ):
        ages = (begin, np.maximum(end, begin))
        entered, left = (
            arrivals.older_than(age, calendar.edges[1:])
            * np.exp(-rate * age[:, None, None, None, None])
            for age in ages
        )
        held = on(data_first_copies, MONTH, DATA, TIER, SITE)[:, :, None, :, tier]
        gone = (entered - left) * share[:, None, None, None, None] - held
        deleted = deleted + np.where(rate > 0, np.maximum(gone, 0.0), 0.0)
    return place(deleted[:, :, 0], DRAW, MONTH, DATA, SITE)


@quantity(unit="byte/second", axes="month tier site")
def tier_entering(
    data_kept: Array,
    data_retained: Array,
    data_deletion_rate: Array,
    data_copies: Array,
    site_opening_data: Parts,
    program_production_end: Array,
    tier_held_from: Array,
    tier_held_until: Array,
    tier_held_share: Array,
    site_pools: SitePools,
    site_operates: Array,
    calendar: Calendar,
) -> Array:
    """Mean rate at which data reaches the age from which a tier holds it, in all copies; 0 for a tier without data."""
    longest = int(np.argmax(program_production_end))
    kept, retained = _by_fate(data_kept, data_retained)
    nothing = np.zeros_like(data_deletion_rate[:1])
    arrivals = _arrivals(kept, longest, nothing, site_opening_data, calendar)
    rate, copies = (on(x, DATA)[:, None, None, :, None] for x in (data_deletion_rate, data_copies))
    first, further = [], []
    for tier, (begin, end, share) in enumerate(
        _tiers(tier_held_from, tier_held_until, tier_held_share)
    ):
        reached = arrivals.until(calendar.edges[None] - begin[:, None])
        arriving = np.diff(reached, axis=1)
        used = np.asarray(end > begin, dtype=np.float64)
        whole: Array = np.ones(1) if tier == len(TIERS) - 1 else used
        left = _by_retention(retained[..., None], whole, used * share)
        left = left * np.exp(-rate * begin[:, None, None, None, None])
        first.append(added(arriving * left, 3))
        further.append(added(arriving * (left * (copies - 1.0)), 3))
    entering, copied = (
        total(place(concatenate(3, *each), DRAW, MONTH, PROGRAM, TIER, SITE), PROGRAM)
        / place(calendar.seconds, MONTH)
        for each in (first, further)
    )
    return entering + spread_over_pool(copied, site_pools, site_operates)


def _by_retention(retained: Array, whole: Array, share: Array) -> Array:
    """`whole` (draw,) of data that is retained (draw, month, program, data, site), and `share` (draw,) of other data.

    Draws are put last for that: else they would not lie side by side in the result.
    """
    return np.moveaxis(np.where(np.moveaxis(retained > 0, 0, -1), whole, share), -1, 0)


def _tiers(*fields: Array) -> list[tuple[Array, ...]]:
    """First age, last age and share of each tier, each (draw,)."""
    return list(zip(*(on(field, TIER).T for field in fields), strict=True))


def _by_fate(data_kept: Array, data_retained: Array) -> tuple[Array, Array]:
    """Kept data and whether it is retained, by programme only where programmes differ in that."""
    kept = on(data_kept, MONTH, PROGRAM, DATA, SITE)
    retained = on(data_retained, MONTH, PROGRAM, DATA)
    if (retained == retained[:, :, :1]).all():
        return added(kept, 2), retained[:, :, :1]
    return kept, retained


def _arrivals(
    kept: Array, longest: int, rate: Array, before: Parts, calendar: Calendar
) -> Arrivals:
    """The plan's flows (draw, month, program, data, site) with the years before them in front."""
    flows = kept * calendar.seconds[None, :, None, None, None]
    edges, inflow = _with_history(flows, longest, before, calendar)
    return Arrivals.of(edges, inflow, on(rate, DATA)[:, None, :, None])


def _distinct(values: Array) -> Array:
    """The values, each once, in order; `np.unique` would load NumPy's masked arrays."""
    return np.array(sorted(set(values.ravel().tolist())))


def _with_history(
    flows: Array, longest: int, before: Parts, calendar: Calendar
) -> tuple[Array, Array]:
    """Edges [s] and inflow (draw, interval, program, data, site) with the years before the plan put in front."""
    if not before.names:
        return calendar.edges, flows
    years = _distinct(before["year"])
    starts = np.append(years, 0.0)
    gaps = np.minimum(years + 12, 0.0)
    edges = _distinct(calendar.seconds_at(np.concatenate([starts, gaps])))
    middles = (edges[1:] + edges[:-1]) / 2
    begin, end = (calendar.seconds_at(before["year"][0] + shift) for shift in (0, 12))
    end = np.minimum(end, 0.0)
    inside = (middles[:, None] > begin) & (middles[:, None] < end)
    share = inside * np.diff(edges)[:, None] / (end - begin)
    found = on(before.total(before["kept"][:, None, :] * share), MONTH, DATA, SITE)
    early = np.zeros((*found.shape[:2], *flows.shape[2:]))
    early[:, :, min(longest, flows.shape[2] - 1)] = found
    draws = max(len(early), len(flows))
    both = [np.broadcast_to(x, (draws, *x.shape[1:])) for x in (early, flows)]
    return np.concatenate([edges[:-1], calendar.edges]), np.concatenate(both, axis=1)


@quantity(unit="byte", axes="month data tier site")
def data_held(
    data_first_copies: Array, data_copies: Array, site_pools: SitePools, site_operates: Array
) -> Array:
    """Bytes of each class in each tier in all copies: the first where the data arrives, the others across its pool.

    Further copies are spread evenly over the other sites of the pool that operate in the month; where there are none
    they stand beside the first.
    """
    further = spread_over_pool(data_first_copies, site_pools, site_operates)
    return data_first_copies + (data_copies - 1.0) * further


@quantity(unit="bit/second", axes="month data site")
def replication(data_kept: Array, data_copies: Array) -> Array:
    """Mean rate at which further copies of what is kept leave the site where it arrives: (copies - 1) x kept."""
    return (data_copies - 1.0) * total(data_kept, PROGRAM)


@quantity(unit="byte/second", axes="month site")
def copies_arriving(replication: Array, site_pools: SitePools, site_operates: Array) -> Array:
    """Mean rate at which further copies are written at each site, whether they come from another or from itself."""
    return spread_over_pool(total(replication, DATA), site_pools, site_operates)


@quantity(unit="bit/second", axes="month site")
def wan_replication(
    replication: Array, copies_arriving: Array, site_pools: SitePools, site_operates: Array
) -> Array:
    """Further copies over each site's wide-area links: the larger of what leaves and comes; 0 without partners."""
    others = others_in_pool(site_operates, site_pools)
    return np.where(others > 0, np.maximum(total(replication, DATA), copies_arriving), 0.0)
