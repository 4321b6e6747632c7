"""How many bytes do releases send to the fleet, how fast, and how long until nearly everybody has them?

A release admits vehicles evenly over a window; each downloads in its first usable sessions. All packages that are due
count as one release here; campaigns of several packages are taken to coincide for the peak.
"""

from __future__ import annotations

import numpy as np

from planner.axes import (
    DRAW,
    HOUR,
    LINK,
    MONTH,
    PACKAGE,
    PROGRAM,
    REGION,
    Array,
    concatenate,
    first,
    peak,
    place,
    summed,
    total,
)
from planner.graph import quantity
from planner.perf.rollout import LEAST, peak_completion_rate, time_to_share

NEARLY_ALL = 0.99


@quantity(unit="byte", axes="month package")
def release_bytes(
    package_bytes: Array,
    package_delta_ratio: Array,
    package_delta_share: Array,
    ota_retry_overhead: Array,
) -> Array:
    """Bytes that a vehicle downloads for one release of a package: delta or full by share, and what is sent again."""
    mean = package_delta_share * package_delta_ratio + (1.0 - package_delta_share)
    return package_bytes * mean * (1.0 + ota_retry_overhead)


@quantity(unit="1", axes="region program link")
def ota_link_share(link_share: Array, ota_cellular_share: Array, link_downlink: Array) -> Array:
    """Share of vehicles that can download: on a link with a rate; Wi-Fi and depot always, cellular where allowed."""
    one = np.ones_like(ota_cellular_share)
    share = link_share * concatenate(LINK, one, ota_cellular_share, one)
    return np.where(link_downlink > 0, share, 0.0)


@quantity(unit="vehicle", axes="month region program link")
def ota_vehicles(vehicles_supported: Array, ota_link_share: Array) -> Array:
    """Vehicles in support that can get releases, by link."""
    return vehicles_supported * ota_link_share


@quantity(unit="byte", axes="month region")
def ota_bytes(
    ota_vehicles: Array, release_bytes: Array, package_cadence: Array, month_seconds: Array
) -> Array:
    """Bytes delivered to vehicles in the month: every release of every package to every reachable vehicle."""
    rate = total(release_bytes / package_cadence, PACKAGE)
    return total(ota_vehicles, PROGRAM, LINK) * rate * month_seconds


@quantity(unit="1/day", axes="month region link")
def download_session_rate(
    release_bytes: Array, link_downlink: Array, link_session: Array, link_interval: Array
) -> Array:
    """Rate at which a waiting vehicle completes: one usable session, or as many as the download needs.

    A link without a rate carries no vehicles; it needs some rate here, so it gets that of one session.
    """
    rate = np.where(link_downlink > 0, link_downlink, np.inf)
    needed = np.maximum(1.0, total(release_bytes, PACKAGE) / rate / link_session)
    return 1.0 / (link_interval * needed)


@quantity(unit="1/day", axes="month region link")
def completion_rate_peak(download_session_rate: Array, campaign_schedule: Array) -> Array:
    """Largest share of a class of vehicles that completes a release in a unit of time."""
    return peak_completion_rate(download_session_rate, campaign_schedule)


@quantity(unit="byte/second", axes="month hour")
def ota_by_hour(
    ota_vehicles: Array, completion_rate_peak: Array, download_hours: Array, release_bytes: Array
) -> Array:
    """Delivery in each hour of a release's busiest day, UTC, when all packages are rolled out together."""
    busiest = total(ota_vehicles, PROGRAM) * completion_rate_peak
    return summed(busiest, download_hours, REGION, LINK) * total(release_bytes, PACKAGE)


@quantity(unit="byte/second", axes="month")
def ota_peak(ota_by_hour: Array, ota_headroom: Array) -> Array:
    """Delivery capacity that a release needs: its busiest hour, with headroom."""
    return peak(ota_by_hour, HOUR) * ota_headroom


@quantity(unit="day", axes="month")
def ota_days_to_99(
    ota_vehicles: Array, download_session_rate: Array, campaign_schedule: Array
) -> Array:
    """Time until 99 % of the reachable vehicles have a release, from the rollout's start; 0 without vehicles."""
    rate = download_session_rate
    vehicles = _counted_with_the_first_region(total(ota_vehicles, PROGRAM), rate)
    weights = vehicles / np.maximum(total(vehicles, REGION, LINK), LEAST)
    weights, rate = (x.reshape(*x.shape[:2], -1) for x in (weights, rate))
    time = time_to_share(NEARLY_ALL, weights, rate, campaign_schedule.reshape(-1, 1))
    return place(time, DRAW, MONTH)


def _counted_with_the_first_region(vehicles: Array, rate: Array) -> Array:
    """Vehicles by region and link; those that complete as fast as the first region's in all months are put to those.

    Whether they are is decided for each draw by itself. Mostly all are, so that there is one class a link.
    """
    alike = np.logical_and.reduce(rate == first(rate, REGION), axis=MONTH, keepdims=True)
    moved = vehicles * alike
    result = vehicles - moved
    first(result, REGION)[...] += total(moved, REGION)
    return result


@quantity(unit="1", axes="month", worst="min")
def ota_reachable_share(ota_vehicles: Array, vehicles_mean: Array) -> Array:
    """Share of all vehicles on the road that releases can reach; 0 without vehicles."""
    everybody = total(vehicles_mean, REGION, PROGRAM)
    reached = total(ota_vehicles, REGION, PROGRAM, LINK)
    return np.where(everybody > 0, reached / np.where(everybody > 0, everybody, 1.0), 0.0)
