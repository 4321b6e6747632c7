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


@dataclass(frozen=True)
class Classes:
    """Arrays by class: what a vehicle keeps for the whole campaign; `weight` counts the vehicles it stands for."""

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


def classes_of(
    rng: Generator, campaign: Campaign, count: int, least: int = LEAST_PER_WAVE
) -> Classes:
    """About `count` classes of vehicles for a campaign, `least` or more in each wave."""
    shares = tuple(wave.share for wave in campaign.waves)
    size = counts_by_share(shares, campaign.vehicles)
    per_wave = np.maximum(counts_by_share(shares, count), least)
    wave = np.repeat(np.arange(size.size), per_wave)
    region, segment, version = (
        np.concatenate([dealt(rng, each, int(k)) for k in per_wave])
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
    delay = np.empty(wave.size)
    place = uniform_within(rng, wave)
    for each, description in enumerate(campaign.waves):
        mine = wave == each
        delay[mine] = admission_delays(description, float(size[each]), place[mine])
    return Classes(
        weight=(size / per_wave)[wave],
        wave=wave,
        region=region,
        segment=segment,
        version=version,
        wifi_rate=np.where(has_wifi, rate, 0.0),
        absent_until=absent,
        verify_coins=np.array([uniform_within(rng, alike) for _ in range(2)]),
        delay=delay,
        wave_size=size.astype(float),
    )


def _wifi_rates(campaign: Campaign, region: Whole, draw: Array) -> Array:
    """Rate of each class's Wi-Fi [byte/hour]: its region's table, or the campaign's."""
    rate = np.array(campaign.wifi.rates)[chosen(campaign.wifi.chances, draw)]
    for number, each in enumerate(campaign.regions):
        if each.wifi is not None:
            mine = region == number
            rate[mine] = np.array(each.wifi.rates)[chosen(each.wifi.chances, draw[mine])]
    return rate
