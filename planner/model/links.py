"""How is a vehicle connected: by which link, how fast, and at which hours of the day?

The links are home Wi-Fi, the cellular network and a depot dock, in this order on the link axis.
"""

from __future__ import annotations

import numpy as np

from planner.axes import DRAW, HOUR, LINK, REGION, Array, concatenate, on, place
from planner.graph import quantity
from planner.perf.day import relative_rate


def _rates(wifi: Array, cellular: Array, own: Array) -> Array:
    """A link's own rate where it states one, else the region's; a depot has no regional rate."""
    return np.where(own > 0, own, concatenate(LINK, wifi, cellular, 0.0 * wifi))


def _in_utc(profile: Array, offset: Array) -> Array:
    """Rate in each UTC hour over the day's mean, from weights of local hours."""
    hours = relative_rate(on(profile, HOUR, LINK), on(offset, REGION))
    return place(hours, DRAW, HOUR, REGION, LINK)


@quantity(unit="bit/second", axes="region link")
def link_uplink(
    region_wifi_uplink: Array, region_cellular_uplink: Array, link_rate: Array
) -> Array:
    """Uplink rate of a vehicle on each link: the link's own rate where it states one, else the region's."""
    return _rates(region_wifi_uplink, region_cellular_uplink, link_rate)


@quantity(unit="bit/second", axes="region link")
def link_downlink(
    region_wifi_downlink: Array, region_cellular_downlink: Array, link_rate: Array
) -> Array:
    """Downlink rate of a vehicle on each link: the link's own rate where it states one, else the region's."""
    return _rates(region_wifi_downlink, region_cellular_downlink, link_rate)


@quantity(unit="1", axes="region program link")
def link_share(region_wifi_share: Array, program_depot_share: Array) -> Array:
    """Share of vehicles by their way home: a depot dock, else home Wi-Fi, else the cellular network."""
    at_home = (1.0 - program_depot_share) * region_wifi_share
    on_cellular = (1.0 - program_depot_share) * (1.0 - region_wifi_share)
    return concatenate(LINK, at_home, on_cellular, program_depot_share)


@quantity(unit="1", axes="hour region link")
def upload_hours(link_upload_profile: Array, region_utc_offset: Array) -> Array:
    """Upload rate in each UTC hour over the day's mean."""
    return _in_utc(link_upload_profile, region_utc_offset)
