"""Which positions does each axis have in a plan, and which months?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from planner.axes import (
    DATA,
    ECU,
    FUNCTION,
    HARDWARE,
    HOUR,
    ITEM,
    LINK,
    MONTH,
    NETWORK,
    PACKAGE,
    PROGRAM,
    REGION,
    SCALE,
    SERVICE,
    SITE,
    TERM,
    TIER,
    WORKLOAD,
)
from planner.catalogue import ITEMS, LINKS, NETWORKS, TIERS, Calendar
from planner.inputs.numbers import month_label
from planner.inputs.scenario import Scenario, fleet_regions
from planner.perf.training_jobs import TERMS
from planner.perf.training_step.scales import SCALES

HOURS = tuple(f"{hour:02d}" for hour in range(24))
NOTHING = ("none",)  # the one position of an axis of which a scenario has nothing


def calendar_of(scenario: Scenario) -> Calendar:
    """The months from plan_start to the end of the horizon."""
    first = scenario.plan_start
    months = scenario.horizon.end - first + 1
    return Calendar(first, months, scenario.horizon.start - first)


def labels_of(scenario: Scenario) -> dict[int, tuple[str, ...]]:
    """What the positions along each axis are called."""
    months = range(scenario.plan_start, scenario.horizon.end + 1)
    programs = scenario.programs.values()
    return {
        MONTH: tuple(month_label(month) for month in months),
        HOUR: HOURS,
        REGION: tuple(fleet_regions(scenario)),
        PROGRAM: tuple(scenario.programs),
        ECU: _unique(ecu for program in programs for ecu in _by_month(program.ecu_from)),
        WORKLOAD: tuple(scenario.workloads),
        PACKAGE: tuple(scenario.packages),
        FUNCTION: tuple(scenario.deployments) or NOTHING,
        DATA: tuple(scenario.data_classes),
        SERVICE: tuple(scenario.services) or NOTHING,
        ITEM: ITEMS,
        TIER: TIERS,
        LINK: LINKS,
        NETWORK: NETWORKS,
        SITE: tuple(scenario.sites),
        HARDWARE: _unique(_hardware(scenario)),
        SCALE: tuple(map(str, SCALES)),
        TERM: TERMS,
    }


def _hardware(scenario: Scenario) -> Iterator[str]:
    """Kinds of node: what sites buy, then what else they have."""
    for site in scenario.sites.values():
        yield site.training
    for site in scenario.sites.values():
        yield from (stock.hardware for stock in (*site.installed, *site.committed))


def _by_month(starts: Mapping[str, int]) -> list[str]:
    return sorted(starts, key=lambda name: starts[name])


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
