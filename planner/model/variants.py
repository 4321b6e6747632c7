"""How many different packages is a release, what does it take to build them, and how many bytes lie on the shelf?

A build is one programme with one ECU in one market and of one model year, the calendar year of its sale. It is built,
qualified and kept for every release until its support ends; then its vehicles get no more releases. A vehicle downloads
the one variant that fits it: more variants are more to build, to qualify and to store, not more to deliver.
"""

from __future__ import annotations

import numpy as np

from planner.axes import (
    DRAW,
    ECU,
    MONTH,
    PACKAGE,
    PROGRAM,
    REGION,
    TIER,
    Array,
    added,
    concatenate,
    mapped,
    on,
    place,
    product,
    total,
)
from planner.catalogue import SECONDS_A_MONTH, TIERS, Calendar, Parts
from planner.graph import quantity
from planner.perf.survival import survivors, weibull_survival_since
from planner.perf.variants import (
    MONTHS_A_YEAR,
    Whole,
    builds_in_support,
    calendar_years,
    last_sales,
)


@quantity(unit="1", axes="month region program ecu")
def model_years_supported(
    vehicle_sales: Array,
    opening_fleet: Parts,
    region_row: tuple[object, ...],
    region_country: tuple[str, ...],
    variants_support_years: Array,
    calendar: Calendar,
) -> Array:
    """Model years of each programme and ECU in support: sold, until `support_years` after the last sale of each.

    Regions of one country and market row are one market: their model years count once, at the first of them.
    """
    same = _same_market(region_row, region_country)
    earlier, sold = _sold(vehicle_sales, opening_fleet, calendar)
    here = mapped(sold, same, 2) > 0
    cells = here.reshape(*here.shape[:2], -1)
    found = builds_in_support(cells, calendar.first - earlier, _months(variants_support_years))
    in_plan = found[:, earlier:].reshape(len(found), calendar.months, *here.shape[2:])
    is_first = same.argmax(axis=1) == np.arange(len(same))
    return place(in_plan, DRAW, MONTH, REGION, PROGRAM, ECU) * place(is_first, REGION)


@quantity(unit="1", axes="month region")
def market_served(
    region_served: Array, region_row: tuple[object, ...], region_country: tuple[str, ...]
) -> Array:
    """1 where a region of the market gets releases."""
    served = mapped(region_served, _same_market(region_row, region_country), REGION)
    return np.asarray(served > 0, dtype=np.float64)


@quantity(unit="1", axes="month region program ecu")
def builds_supported(model_years_supported: Array, market_served: Array) -> Array:
    """Builds that the releases of the month are made for: model years in support, in markets that get releases."""
    return product(model_years_supported, market_served)


@quantity(unit="vehicle", axes="month region program")
def vehicles_unsupported(
    vehicle_sales: Array,
    opening_fleet: Parts,
    region_row: tuple[object, ...],
    region_country: tuple[str, ...],
    variants_support_years: Array,
    fleet_life: Array,
    fleet_life_shape: Array,
    calendar: Calendar,
) -> Array:
    """Month-end vehicles on the road whose model year is no longer supported (see `model_years_supported`)."""
    support = _months(variants_support_years)
    earlier, sold = _sold(vehicle_sales, opening_fleet, calendar)
    if (support >= sold.shape[1]).all():
        return place(0.0)  # no support ends within the plan
    same, first = _same_market(region_row, region_country), calendar.first - earlier
    here = mapped(sold, same, 2) > 0
    last = last_sales(here.reshape(*here.shape[:2], -1), first)
    now = earlier + np.arange(calendar.months)[:, None, None]
    ended = now > (last + support[:, None, None])[:, None]  # (draw, month, year, cell)
    life, shape = (x.reshape(-1, 1, 1) for x in (fleet_life, fleet_life_shape))
    years = calendar_years(earlier + np.arange(calendar.months), first)
    of_year = (years[:, None] == np.arange(last.shape[1])).astype(np.float64)
    cohorts = on(vehicle_sales, MONTH, REGION, PROGRAM, ECU)
    cells = cohorts.reshape(*cohorts.shape[:2], 1, -1) * of_year[:, :, None]
    alive = survivors(cells.reshape(*cells.shape[:2], -1), *calendar.cohort_ages, life, shape)
    gone = added(alive.reshape(*alive.shape[:2], *cells.shape[2:]) * ended, 2)
    found = place(
        gone.reshape(*gone.shape[:2], *cohorts.shape[2:]), DRAW, MONTH, REGION, PROGRAM, ECU
    )
    if opening_fleet.names:
        month = opening_fleet["sold"][0]
        middle = (calendar.seconds_at(month) + calendar.seconds_at(month + 1)) / 2
        left = weibull_survival_since(-middle[None], calendar.edges[1:, None] - middle, life, shape)
        year = calendar_years(month + earlier, first)
        left = left * ended[:, :, year, opening_fleet.owner]
        found = found + opening_fleet.total(opening_fleet["vehicles"][:, None, :] * left)
    return total(found, ECU)


@quantity(unit="vehicle", axes="month region program")
def vehicles_supported(
    vehicles_served: Array, vehicles_unsupported: Array, vehicles_on_road: Array
) -> Array:
    """Mean served vehicles for which releases are made: those of model years in support."""
    if not vehicles_unsupported.any():
        return vehicles_served
    everybody = total(vehicles_on_road, ECU)
    share = vehicles_unsupported / np.where(everybody > 0, everybody, 1.0)
    return vehicles_served * np.maximum(1.0 - share, 0.0)


def _months(years: Array) -> Whole:
    """Whole months of a time (draw,)."""
    months = np.maximum(np.rint(years.ravel() / SECONDS_A_MONTH), 0.0)
    return months.astype(np.int64)


def _same_market(rows: tuple[object, ...], countries: tuple[str, ...]) -> Array:
    """1 where two regions are of one market, shape (region, region)."""
    markets = list(zip(rows, countries, strict=True))
    return np.array([[float(a == b) for b in markets] for a in markets])


def _sold(sales: Array, before: Parts, calendar: Calendar) -> tuple[int, Array]:
    """Whole months before the plan that cohorts reach back, and 1 where anything is sold: (draw, month, ...)."""
    sold = on(sales, MONTH, REGION, PROGRAM, ECU) > 0
    if (sold == sold[:1]).all():
        sold = sold[:1]  # as mostly: how many are sold varies by draw, not whether any are
    if not before.names:
        return 0, sold.astype(np.float64)
    earliest = int(before["sold"].min())
    # Back to a January, so that the earliest model year is whole.
    earlier = (calendar.first + earliest) % MONTHS_A_YEAR - earliest
    months = np.arange(-earlier, 0)
    counts = before["vehicles"][:, None, :] * (months[None, :, None] == before["sold"][:, None, :])
    history = on(before.total(counts), MONTH, REGION, PROGRAM, ECU) > 0
    draws = max(len(history), len(sold))
    both = [np.broadcast_to(x, (draws, *x.shape[1:])) for x in (history, sold)]
    return earlier, np.concatenate(both, axis=1).astype(np.float64)


@quantity(unit="1", axes="month")
def variants(builds_supported: Array, variants_per_build: Array) -> Array:
    """Different packages that one release is: builds in support x trims and options of a build."""
    return total(builds_supported, REGION, PROGRAM, ECU) * variants_per_build


@quantity(unit="1", axes="month package")
def packages_built(variants: Array, package_cadence: Array, month_seconds: Array) -> Array:
    """Packages built in the month: every variant of every release."""
    return variants / package_cadence * month_seconds


@quantity(unit="1", axes="month")
def cores_for_build(
    packages_built: Array, variants_build_time: Array, month_seconds: Array
) -> Array:
    """Processor cores that building keeps busy on average; they are counted, not priced."""
    return total(packages_built, PACKAGE) * variants_build_time / month_seconds


@quantity(unit="byte", axes="month tier site")
def release_storage(
    variants: Array,
    package_bytes: Array,
    variants_releases_kept: Array,
    variants_copies: Array,
    site_hosts_releases: Array,
) -> Array:
    """Bytes of the packages kept of the last releases, in all variants, on the cold tier of the site that builds them.

    Every release kept counts with the variants of the month: the earlier ones had fewer where the fleet grows.
    """
    kept = total(package_bytes, PACKAGE) * variants * variants_releases_kept * variants_copies
    at_site = kept * site_hosts_releases
    parts = {"cold": at_site}
    return concatenate(TIER, *(parts.get(name, 0.0 * at_site) for name in TIERS))
