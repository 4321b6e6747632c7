"""How much longer does a campaign take whose pools are full for weeks than one whose caps bind for hours?

Processors' time of this process alone, the least of three, as a ratio: a slow machine is as slow in both.
"""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from planner.inputs.campaign_files import load_campaign
from planner.perf.campaign import predict
from planner.perf.campaign.description import Campaign, Pool

SpeedLimit = Callable[[str, float, float], None]


def user_time(campaign: Campaign) -> float:
    """Seconds that a prediction takes."""

    def used() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_utime

    times = []
    for _ in range(3):
        before = used()
        predict(campaign)
        times.append(used() - before)
    return min(times)


def test_a_hundred_million_vehicles_on_the_caps_of_a_hundred_thousand(
    speed_limit: SpeedLimit,
) -> None:
    base = load_campaign("monthly_release").campaign
    small = replace(base, vehicles=100_000, pools=scaled(base, 100_000 / base.vehicles))
    free = replace(base, pools=scaled(base, np.inf))
    evenings = replace(small, waves=(replace(base.waves[0], share=1.0),))
    # All are open at once and online each evening: a hundred million on a thousandth of the capacity they need.
    starved = replace(evenings, vehicles=100_000_000)
    reference = user_time(free)
    speed_limit(
        "starved pools for a month, as often as without caps", user_time(starved) / reference, 6.0
    )
    speed_limit(
        "caps that bind at night, as often as without caps", user_time(base) / reference, 4.0
    )


def scaled(campaign: Campaign, factor: float) -> tuple[Pool, ...]:
    """Its pools with other caps."""
    return tuple(replace(pool, cap=factor * pool.cap) for pool in campaign.pools)
