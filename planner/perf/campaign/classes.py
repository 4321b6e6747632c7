"""Which vehicle classes stand for the fleet, with which weights?

Waves are dealt out first, so that a small one has enough classes for its gate; within each wave regions, segments and
versions have exact counts, independent of one another, and Wi-Fi at home and its rate are stratified by region.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.axes import Array
from planner.perf.campaign.description import Campaign
from planner.perf.campaign.sampling import (
    Generator,
    Whole,
    chosen,
    counts_by_share,
    dealt,
    uniform_within,
)
from planner.perf.campaign.waves import admission_delays

LEAST_PER_WAVE = 4000  # 100 failures at the 2.5 % of a usual gate: its time is known to a tenth of its own spread
LEAST_FLEETS = 8  # fewest and smallest of them are then an interval of nearly 80 %
MOST_FLEETS = 40
STARVED = (
    2.0  # horizons that every pool needs for all payloads, from which on fewer classes are followed
)
EARLY = 0.1  # of the horizon
ENOUGH = 20_000  # classes, where pools are full from the begin to the end


@dataclass(frozen=True)
class Classes:
    """Arrays by class: what a vehicle keeps for the whole campaign; `weight` counts the vehicles it stands for.

    A small fleet is followed several times over, side by side, vehicle by vehicle: `fleet` says in which of the
    `fleets` copies a class is. All weights together are one fleet's, so sums over classes are means over the copies.
    """

    weight: Array
    wave: Whole
    region: Whole
    segment: Whole
    version: Whole
    wifi_rate: Array  # [byte/hour], 0 without Wi-Fi at home
    absent_until: Array  # [hours]
    verify_coins: Array  # Uniform(0, 1) for the first and the second verification, (2, class)
    delay: Array  # from its wave's opening to its eligible time [hours]
    wave_size: Array  # by wave, vehicles
    fleet: Whole
    fleets: int


def classes_enough(campaign: Campaign, count: int) -> int:
    """How many of `count` classes a campaign needs whose pools are starved: all of them where one of them is not.

    A full pool's traffic is its cap, whoever shares it: it has no noise that many classes would have to make small.
    Only vehicles count that want to download nearly from the begin on.
    """
    regions, pools = campaign.regions, campaign.pools
    size = sum(v.share * (campaign.full if v.delta is None else v.delta) for v in campaign.versions)
    size /= sum(v.share for v in campaign.versions)
    shares = np.bincount([r.pool for r in regions], [r.share for r in regions], len(pools))
    wanted = _early(campaign) * size * shares / shares.sum()
    horizons = wanted / (np.array([pool.cap for pool in pools]) * campaign.horizon)
    starved = float(horizons[shares > 0].min(initial=np.inf)) / STARVED
    return max(min(count, ENOUGH), round(count / max(starved, 1.0)))


def _early(campaign: Campaign) -> float:
    """Vehicles that are eligible in the first part of the horizon, whatever the gates do."""
    places = (np.arange(100) + 0.5) / 100
    opened, early = 0.0, 0.0
    for number, wave in enumerate(campaign.waves):
        if number and wave.gate is not None:
            break
        opened = max(wave.not_before, opened + wave.after_previous if number else 0.0)
        size = wave.share / sum(each.share for each in campaign.waves) * campaign.vehicles
        eligible = opened + admission_delays(wave, size, places)
        early += size * float((eligible <= EARLY * campaign.horizon).mean())
    return early


def fleets_within(vehicles: int, count: int) -> int:
    """How many whole fleets are followed with `count` classes; 1: one fleet of classes that stand for many or few.

    What caps, gates and the largest of thousands of bins make of a small fleet's noise has no closed form: its copies
    show it. A large fleet has little noise.
    """
    if count < LEAST_FLEETS * vehicles:
        return 1
    # The tens of thousands of steps of a capped pool cost more when some copy is always below its cap.
    return min(max(count // (2 * vehicles), LEAST_FLEETS), MOST_FLEETS)


def classes_of(
    rng: Generator, campaign: Campaign, count: int, least: int = LEAST_PER_WAVE
) -> Classes:
    """About `count` classes of vehicles for a campaign; `least`: at least so many for every wave."""
    shares = tuple(wave.share for wave in campaign.waves)
    size = counts_by_share(shares, campaign.vehicles)
    fleets = fleets_within(campaign.vehicles, count)
    if fleets > 1:
        per_wave, dealt_out = size, [campaign.vehicles] * fleets
    else:
        within = min(count, campaign.vehicles)
        per_wave = np.maximum(counts_by_share(shares, within), least)
        dealt_out = per_wave.tolist()
    fleet = np.repeat(np.arange(fleets), per_wave.sum())
    wave = np.tile(np.repeat(np.arange(size.size), per_wave), fleets)
    region, segment, version = (
        np.concatenate([dealt(rng, each, k) for k in dealt_out])
        for each in (
            tuple(r.share for r in campaign.regions),
            tuple(s.share for s in campaign.segments),
            tuple(v.share for v in campaign.versions),
        )
    )
    group = wave * len(campaign.regions) + region
    home = np.array([r.home_wifi for r in campaign.regions])[region]
    has_wifi = uniform_within(rng, group) < home
    rate = _wifi_rates(campaign, region, uniform_within(rng, 2 * group + has_wifi))
    mean = np.array([s.offline_mean or 0.0 for s in campaign.segments])[segment]
    # Without an absence the evening before the start counts too.
    absent = np.where(mean > 0, -mean * np.log1p(-uniform_within(rng, segment)), -np.inf)
    alike = 2 * (wave * len(campaign.versions) + version) + has_wifi
    return Classes(
        weight=(size / np.maximum(per_wave, 1) / fleets)[wave],
        wave=wave,
        region=region,
        segment=segment,
        version=version,
        wifi_rate=np.where(has_wifi, rate, 0.0),
        absent_until=absent,
        delay=_delays(rng, campaign, size, wave, fleet),
        verify_coins=np.array([uniform_within(rng, alike) for _ in range(2)]),
        wave_size=size.astype(float),
        fleet=fleet,
        fleets=fleets,
    )


def _delays(rng: Generator, campaign: Campaign, size: Whole, wave: Whole, fleet: Whole) -> Array:
    """Hours from its wave's opening to each class's eligible time.

    One vehicle after another has its place in its own fleet; times within a span are drawn over all of them.
    """
    delay = np.empty(wave.size)
    in_order = uniform_within(rng, wave + size.size * fleet)
    anywhere = uniform_within(rng, wave) if fleet.any() else in_order
    for each, description in enumerate(campaign.waves):
        mine = wave == each
        place = (in_order if description.admission == "rate" else anywhere)[mine]
        delay[mine] = admission_delays(description, float(size[each]), place)
    return delay


def _wifi_rates(campaign: Campaign, region: Whole, draw: Array) -> Array:
    """Rate of each class's Wi-Fi [byte/hour]: its region's table, or the campaign's."""
    rate = np.array(campaign.wifi.rates)[chosen(campaign.wifi.chances, draw)]
    for number, each in enumerate(campaign.regions):
        if each.wifi is not None:
            mine = region == number
            rate[mine] = np.array(each.wifi.rates)[chosen(each.wifi.chances, draw[mine])]
    return rate
