"""How long does a search over a thousand campaigns take, and the least caps of one?

The search runs in processes of its own, one a core; what counts is the processors' time on two of them, which a busy
machine does not stretch as it does the clock.
"""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from planner.inputs.campaign_files import load_campaign
from planner.perf.campaign.description import BYTE_PER_HOUR_OF_GBPS
from planner.study.campaigns.demands import BadRelease, Costs, Limits, Prices, Search
from planner.study.campaigns.goal import Goal
from planner.study.campaigns.plan import plan
from planner.study.campaigns.reading import read_goal, read_search
from planner.study.campaigns.size import size
from planner.study.campaigns.space import Admitted, Space

SpeedLimit = Callable[[str, float, float], None]
CORES = 2
LIMIT = 60.0  # seconds of two cores for a thousand candidates


@pytest.fixture(scope="module")
def candidates(request: pytest.FixtureRequest) -> int:
    """A thousand where limits are enforced; else fewer, for what their time is good for is a look."""
    return 1000 if request.config.getoption("--enforce-speed") else 200


def processor_time(work: Callable[[], object]) -> float:
    """Seconds of this process and of those it waits for."""

    def used() -> float:
        both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return sum(each.ru_utime + each.ru_stime for each in both)

    before = used()
    work()
    return used() - before


def test_a_thousand_candidates_of_a_month_with_three_pools(
    speed_limit: SpeedLimit, candidates: int
) -> None:
    base = load_campaign("monthly_release").campaign
    caps = tuple(
        (*(cap * BYTE_PER_HOUR_OF_GBPS for cap in each), np.inf)
        for each in ((8, 17), (18, 36), (2, 4))
    )
    space = Space(
        waves=((1.0,), (0.01, 0.99), (0.001, 0.01, 0.989), (0.01, 0.09, 0.3, 0.6), (0.05, 0.95)),
        soaks=(24.0, 48.0, 72.0),
        gates=(None, 0.25, 0.5),
        admissions=(Admitted("all"), Admitted("uniform", 24.0), Admitted("uniform", 168.0)),
        halt_shares=(0.005, 0.02),
        halt_leasts=(5, 20, 50),
        windows=(None, (22.0, 6.0)),
        caps=caps,
    )
    limits = Limits(2000, "p90", 0.01, 0.01)
    prices = Costs(prices=Prices(per_byte=5e-12, per_cellular_byte=2e-9, per_gbps=500.0))
    search = Search(space, Goal(0.8, 25), BadRelease(0.2, 6.0), limits, prices, candidates)
    work = processor_time(lambda: plan(base, search, workers=CORES))
    limit = LIMIT * candidates / 1000
    speed_limit(f"{candidates:,} campaigns searched, heavy [s of two cores]", work / CORES, limit)


def test_a_thousand_candidates_without_caps(speed_limit: SpeedLimit, candidates: int) -> None:
    loaded = load_campaign("rivian_2023_42")
    search = read_search(loaded, read_goal(loaded))
    soaks = (*search.space.soaks, 72.0, 96.0)
    space = replace(search.space, soaks=soaks)
    search = replace(search, space=space, candidates=candidates)
    work = processor_time(lambda: plan(loaded.campaign, search, workers=CORES))
    limit = LIMIT * candidates / 1000
    speed_limit(f"{candidates:,} campaigns searched, no caps [s of two cores]", work / CORES, limit)


def test_least_caps(speed_limit: SpeedLimit) -> None:
    base = load_campaign("urgent_safety_fix").campaign
    work = processor_time(lambda: size(base, Goal(0.95, 7)))
    speed_limit("least caps of three pools, and for four goals beside it [s]", work, 30.0)
