"""How many bytes do releases send to the fleet, how fast, and how long until nearly everybody has them?

A release admits vehicles evenly over a window; each downloads in its first usable sessions and installs. The quantities
are the mean field (`planner.perf.rollout`) of the campaign that `planner.perf.campaign` follows class by class, and
`planner size --campaign-out` writes down. All packages that are due count as one release here; campaigns of several
packages are taken to coincide for the peak. A vehicle has one way home, and downloads over that alone.
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
    added,
    concatenate,
    on,
    peak,
    place,
    summed,
    take,
    total,
)
from planner.catalogue import LINKS
from planner.graph import quantity
from planner.perf import rollout

NEARLY_ALL = 0.99
DAY = rollout.DAY
LEAST = rollout.LEAST


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


@quantity(unit="1", axes="month")
def release_delta_share(
    package_bytes: Array, package_delta_ratio: Array, package_delta_share: Array
) -> Array:
    """Share of vehicles that have the release before and take the deltas of all packages; the rest take all in full.

    The shares of the packages, by what their deltas save.
    """
    saved = package_bytes * (1.0 - package_delta_ratio)
    whole = total(saved, PACKAGE)
    share = total(saved * package_delta_share, PACKAGE) / np.where(whole > 0, whole, 1.0)
    return np.where(whole > 0, share, 1.0)


@quantity(unit="1", axes="month")
def release_full_ratio(
    package_bytes: Array, package_delta_ratio: Array, package_delta_share: Array
) -> Array:
    """Bytes of a release in full over those that a vehicle downloads in the mean."""
    mean = package_delta_share * package_delta_ratio + (1.0 - package_delta_share)
    part = total(package_bytes * mean, PACKAGE)
    full = total(package_bytes, PACKAGE)
    return np.where(part > 0, full / np.where(part > 0, part, 1.0), 1.0)


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


@quantity(unit="second/byte", axes="region link")
def download_pace(link_downlink: Array, ota_drops: Array, ota_backoff: Array) -> Array:
    """Time that a byte takes at the median rate, with the pauses of broken connections; 0 for a link without one."""
    rate = np.where(link_downlink > 0, link_downlink, np.inf)
    return (1.0 + ota_drops * ota_backoff) / rate


@quantity(unit="1", axes="link")
def session_chance(link_interval: Array) -> Array:
    """Chance that a day has a usable session; sessions that come more often than daily are one a day, and longer."""
    return np.minimum(DAY / link_interval, 1.0)


@quantity(unit="second", axes="link")
def session_length(link_session: Array, link_interval: Array) -> Array:
    """Usable time of a day with a session; a whole day where sessions follow each other without a gap."""
    return np.minimum(link_session * np.maximum(DAY / link_interval, 1.0), DAY)


@quantity(unit="second", axes="link")
def session_range(session_length: Array, session_chance: Array, ota_session_spread: Array) -> Array:
    """Half of the range of session lengths, which are even over it; 0 where sessions leave no gap between them."""
    gaps = (session_length < DAY) | (session_chance < 1.0)
    return ota_session_spread * session_length * gaps


def _draws_last(x: Array, *axes: int) -> Array:
    """The array by `axes` and then by draw."""
    return np.moveaxis(on(x, *axes), 0, -1)


def _payloads(release_bytes: Array) -> tuple[Array, Array]:
    """Payloads [byte] by (payload, draw) that the months' lie between, and their weights by (payload, month, draw).

    One where no month's release is larger than another's.
    """
    level = np.log(np.maximum(_draws_last(total(release_bytes, PACKAGE), MONTH), 1.0))
    low, high = (edge(axis=0, keepdims=True) for edge in (level.min, level.max))
    if np.array_equal(low, high):
        return np.exp(low), np.ones((1, *level.shape))
    # A draw whose releases are alike has the last payload alone, as it would have by itself.
    up = np.where(high > low, 2.0 * (level - low) / np.maximum(high - low, LEAST), 2.0)
    least, most = np.maximum(1.0 - up, 0.0), np.maximum(up - 1.0, 0.0)
    weights = np.stack([least, 1.0 - least - most, most])
    return np.exp(low + (high - low) * np.array([[0.0], [0.5], [1.0]])), weights


def _need(
    release_bytes: Array,
    release_delta_share: Array,
    release_full_ratio: Array,
    download_pace: Array,
    session_length: Array,
    session_range: Array,
    ota_rate_spread: Array,
) -> tuple[rollout.Need, Array]:
    """What a download needs at a few payloads, and the weights of these by (payload, month, draw)."""
    payload, weights = _payloads(release_bytes)
    months = np.maximum(added(weights, 1), LEAST)
    share, full = (
        added(weights * _draws_last(each, MONTH) / months, 1)[:, 0]
        for each in (release_delta_share, release_full_ratio)
    )
    share, full = np.broadcast_arrays(np.minimum(share, 1.0), full)  # 1, but for rounding
    delta = (1.0 - (1.0 - share) * full) / np.maximum(share, LEAST)
    sizes = np.stack([np.where(share > 0, delta, 0.0), full], axis=1)
    shares = np.stack([share, 1.0 - share], axis=1)
    time = _draws_last(download_pace, REGION, LINK)[:, :, None] * payload
    length, half = _draws_last(session_length, LINK), _draws_last(session_range, LINK)
    # A cellular network is another one in every session; a vehicle's home or depot is not.
    renewed = np.array([name == "cellular" for name in LINKS])
    spread = _draws_last(ota_rate_spread)
    return rollout.need(time, sizes, shares, length, half, spread, renewed), weights


def _use(
    session_chance: Array,
    session_length: Array,
    link_download_profile: Array,
    ota_rare_share: Array,
    ota_rare_sessions: Array,
    ota_absent_share: Array,
    ota_absence: Array,
) -> rollout.Use:
    start, uneven = rollout.start_of_day(_draws_last(link_download_profile, HOUR, LINK))
    return rollout.Use(
        _draws_last(session_chance, LINK),
        _draws_last(session_length, LINK),
        start,
        uneven,
        *map(_draws_last, (ota_rare_share, ota_rare_sessions, ota_absent_share, ota_absence)),
    )


def _by_month(values: Array, weights: Array) -> Array:
    """Values by (region, link, payload, draw) as values of each month, on all axes."""
    found = np.zeros((1, 1, 1, 1))
    for payload, weight in enumerate(weights):
        found = found + values[:, :, payload] * weight[:, None, None]
    return place(np.moveaxis(found, -1, 0), DRAW, MONTH, REGION, LINK)


@quantity(unit="1", axes="month region link")
def download_sessions(
    release_bytes: Array,
    release_delta_share: Array,
    release_full_ratio: Array,
    download_pace: Array,
    session_length: Array,
    session_range: Array,
    ota_rate_spread: Array,
) -> Array:
    """Mean number of sessions that a release takes: one, or as many as its bytes need at the vehicle's rate.

    Downloads go on where they stopped. Vehicles differ in their rates and in whether they take deltas or all in full.
    """
    need, weights = _need(
        release_bytes, release_delta_share, release_full_ratio, download_pace,
        session_length, session_range, ota_rate_spread,
    )  # fmt: skip
    return _by_month(need.mean_sessions, weights)


@quantity(unit="1/day", axes="month region link")
def download_session_rate(download_sessions: Array, link_interval: Array) -> Array:
    """Rate at which a vehicle completes releases if it never waits for one: its sessions over those that one takes."""
    return 1.0 / (link_interval * download_sessions)


@quantity(unit="1/day", axes="month region link")
def completion_rate_peak(
    release_bytes: Array,
    release_delta_share: Array,
    release_full_ratio: Array,
    download_pace: Array,
    session_chance: Array,
    session_length: Array,
    session_range: Array,
    link_download_profile: Array,
    campaign_schedule: Array,
    ota_rate_spread: Array,
    ota_rare_share: Array,
    ota_rare_sessions: Array,
    ota_absent_share: Array,
    ota_absence: Array,
) -> Array:
    """Largest share of a class of vehicles that gets a release in a unit of time: by bytes, on admission's last day."""
    need, weights = _need(
        release_bytes, release_delta_share, release_full_ratio, download_pace,
        session_length, session_range, ota_rate_spread,
    )  # fmt: skip
    use = _use(
        session_chance, session_length, link_download_profile,
        ota_rare_share, ota_rare_sessions, ota_absent_share, ota_absence,
    )  # fmt: skip
    day = rollout.busiest_day(need, use, _draws_last(campaign_schedule))
    return _by_month(day.whole, weights) / campaign_schedule


@quantity(unit="1", axes="hour region link")
def download_hours(
    release_bytes: Array,
    release_delta_share: Array,
    release_full_ratio: Array,
    download_pace: Array,
    session_chance: Array,
    session_length: Array,
    session_range: Array,
    link_download_profile: Array,
    region_utc_offset: Array,
    campaign_schedule: Array,
    ota_rate_spread: Array,
    ota_rare_share: Array,
    ota_rare_sessions: Array,
    ota_absent_share: Array,
    ota_absence: Array,
) -> Array:
    """Download rate in each UTC hour over the mean of a release's busiest day, for the largest release of the plan.

    Sessions start by the profile's weights; each carries traffic for as long as its download takes or it lasts.
    """
    need, _ = _need(
        release_bytes, release_delta_share, release_full_ratio, download_pace,
        session_length, session_range, ota_rate_spread,
    )  # fmt: skip
    use = _use(
        session_chance, session_length, link_download_profile,
        ota_rare_share, ota_rare_sessions, ota_absent_share, ota_absence,
    )  # fmt: skip
    day = rollout.busiest_day(need, use, _draws_last(campaign_schedule))
    starts = _draws_last(link_download_profile, HOUR, LINK)
    offset = _draws_last(region_utc_offset, REGION)
    hours = rollout.hours_of_busiest_day(need, use, day, starts, offset)
    return place(np.moveaxis(hours, -1, 0), DRAW, HOUR, REGION, LINK)


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


@quantity(unit="byte/second", axes="month region")
def region_ota_peak(
    ota_vehicles: Array,
    completion_rate_peak: Array,
    download_hours: Array,
    release_bytes: Array,
    ota_headroom: Array,
) -> Array:
    """Delivery capacity that a release needs in a region: the region's own busiest hour, with headroom."""
    busiest = total(ota_vehicles, PROGRAM) * completion_rate_peak
    regions = [
        peak(summed(take(busiest, REGION, each), take(download_hours, REGION, each), LINK), HOUR)
        for each in range(busiest.shape[REGION])
    ]
    return concatenate(REGION, *regions) * total(release_bytes, PACKAGE) * ota_headroom


def _days(
    ota_vehicles: Array,
    need: rollout.Need,
    weights: Array,
    use: rollout.Use,
    window: Array,
    groups: int,
) -> Array:
    """Time [s] until nearly all vehicles of a group of regions have a release, (draw, group, month); 0 without any."""
    vehicles = on(total(ota_vehicles, PROGRAM), MONTH, REGION, LINK)
    vehicles = vehicles.reshape(*vehicles.shape[:2], groups, -1).swapaxes(1, 2)
    left, times = rollout.unfinished(need, use, window)
    flow = need.last_flow[..., None, :]
    shape = np.broadcast_shapes(left.shape[:3] + left.shape[-1:], flow.shape[:3] + flow.shape[-1:])
    parts = [
        np.broadcast_to(each, (*shape[:3], each.shape[-2], shape[-1]))
        for each in (left, flow, np.ones_like(flow))
    ]
    columns = np.moveaxis(np.concatenate(parts, axis=-2), -1, 0)
    sums = np.zeros((1, 1, 1, 1))
    for payload, weight in enumerate(weights):
        mine = vehicles * weight.T[:, None, :, None]
        rows = columns[:, :, :, payload].reshape(len(columns), groups, -1, columns.shape[-1])
        sums = sums + np.matmul(np.ascontiguousarray(mine), np.ascontiguousarray(rows))
    whole = np.maximum(sums[..., -1], LEAST)
    shares = sums[..., :-2] / whole[..., None]
    time = rollout.time_to_share(NEARLY_ALL, shares, times.T, window)
    return np.where(sums[..., -1] > 0, time + sums[..., -2] / whole, 0.0)


@quantity(unit="day", axes="month")
def ota_days_to_99(
    ota_vehicles: Array,
    release_bytes: Array,
    release_delta_share: Array,
    release_full_ratio: Array,
    download_pace: Array,
    session_chance: Array,
    session_length: Array,
    session_range: Array,
    link_download_profile: Array,
    campaign_schedule: Array,
    ota_rate_spread: Array,
    ota_rare_share: Array,
    ota_rare_sessions: Array,
    ota_absent_share: Array,
    ota_absence: Array,
    ota_install_time: Array,
) -> Array:
    """Time until 99 % of reachable vehicles have a release installed, from the rollout's start; 0 without vehicles."""
    need, weights = _need(
        release_bytes, release_delta_share, release_full_ratio, download_pace,
        session_length, session_range, ota_rate_spread,
    )  # fmt: skip
    use = _use(
        session_chance, session_length, link_download_profile,
        ota_rare_share, ota_rare_sessions, ota_absent_share, ota_absence,
    )  # fmt: skip
    days = _days(ota_vehicles, need, weights, use, _draws_last(campaign_schedule), 1)
    found = place(days[:, 0], DRAW, MONTH)
    return found + ota_install_time * (found > 0)


@quantity(unit="day", axes="month region")
def region_ota_days_to_99(
    ota_vehicles: Array,
    release_bytes: Array,
    release_delta_share: Array,
    release_full_ratio: Array,
    download_pace: Array,
    session_chance: Array,
    session_length: Array,
    session_range: Array,
    link_download_profile: Array,
    campaign_schedule: Array,
    ota_rate_spread: Array,
    ota_rare_share: Array,
    ota_rare_sessions: Array,
    ota_absent_share: Array,
    ota_absence: Array,
    ota_install_time: Array,
) -> Array:
    """Time until 99 % of a region's reachable vehicles have a release installed; 0 without vehicles."""
    need, weights = _need(
        release_bytes, release_delta_share, release_full_ratio, download_pace,
        session_length, session_range, ota_rate_spread,
    )  # fmt: skip
    use = _use(
        session_chance, session_length, link_download_profile,
        ota_rare_share, ota_rare_sessions, ota_absent_share, ota_absence,
    )  # fmt: skip
    regions = ota_vehicles.shape[REGION]
    days = _days(ota_vehicles, need, weights, use, _draws_last(campaign_schedule), regions)
    found = place(days.swapaxes(1, 2), DRAW, MONTH, REGION)
    return found + ota_install_time * (found > 0)


@quantity(unit="1", axes="month", worst="min")
def ota_reachable_share(ota_vehicles: Array, vehicles_mean: Array) -> Array:
    """Share of all vehicles on the road that releases can reach; 0 without vehicles."""
    everybody = total(vehicles_mean, REGION, PROGRAM)
    reached = total(ota_vehicles, REGION, PROGRAM, LINK)
    return np.where(everybody > 0, reached / np.where(everybody > 0, everybody, 1.0), 0.0)
