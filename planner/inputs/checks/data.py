"""Do data classes, ways home and storage tiers agree?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, cast

from planner import units
from planner.catalogue import STREAMS, TIERS
from planner.inputs.checks.contradiction import Contradiction, Profiles, unknown
from planner.inputs.documents import Steps
from planner.inputs.numbers import month_label
from planner.inputs.scenario import Scenario, Tier


def contradictions(scenario: Scenario, profiles: Profiles) -> Iterator[Contradiction]:
    """Data that nobody takes, keeps or can send, and tiers at odds with themselves."""
    yield from _data_classes(scenario)
    yield from _opening_data(scenario)
    yield from _depots(scenario)
    yield from _tiers(scenario)
    yield from _protection(scenario, profiles)


def _data_classes(scenario: Scenario) -> Iterator[Contradiction]:
    """Streams that are divided with a rest left over or twice over, and data both to be kept and to be deleted."""
    for stream in STREAMS:
        kinds = {n: kind for n, kind in scenario.data_classes.items() if kind.stream == stream}
        rest = [name for name, kind in kinds.items() if kind.share is None]
        claimed = sum(kind.share.value for kind in kinds.values() if kind.share is not None)
        if not rest:
            yield (
                ("data_classes",),
                f"no class of the stream {stream} without a share takes its rest",
            )
        elif len(rest) > 1:
            yield (
                ("data_classes", rest[1]),
                f"both {rest[0]} and {rest[1]} take what is left of {stream}; give one of them a share",
            )
        if claimed > 1 + 1e-9:
            yield ("data_classes",), f"classes claim {claimed:.0%} of the stream {stream}"
    for name, kind in scenario.data_classes.items():
        if kind.retain_until is not None and kind.withdrawn_share.value > 0:
            yield (
                ("data_classes", name, "withdrawn_share"),
                "is above 0 with retain_until set; what must be kept is not deleted on request",
            )


def _opening_data(scenario: Scenario) -> Iterator[Contradiction]:
    for name, site in scenario.sites.items():
        for index, entry in enumerate(site.opening_data):
            at: Steps = ("sites", name, "opening_data", index)
            if entry.data is not None and entry.data not in scenario.data_classes:
                yield unknown((*at, "data"), entry.data, "data class", scenario.data_classes)
            if entry.year % 12 or entry.year + 12 > scenario.plan_start + 11:
                yield (
                    (*at, "year"),
                    f"{month_label(entry.year)}: expected a year that begins before plan_start",
                )


def _depots(scenario: Scenario) -> Iterator[Contradiction]:
    docked = [name for name, program in scenario.programs.items() if program.depot_share.value > 0]
    if docked and "depot" in scenario.links and scenario.links["depot"].rate is None:
        yield ("links", "depot"), f"rate is missing, and {docked[0]} uploads at a depot"


def _tiers(scenario: Scenario) -> Iterator[Contradiction]:
    tiers = cast("Mapping[str, Tier]", scenario.tiers)
    for before, name in pairwise(each for each in TIERS if each in tiers):
        enters, leaves = tiers[before].held_until.value, tiers[name].held_until.value
        if leaves < enters:
            yield (
                ("tiers", name, "held_until"),
                f"{units.show(leaves, 'day')} is less than the {units.show(enters, 'day')} "
                f"at which data enters from {before}",
            )
    for name, tier in tiers.items():
        if (tier.level is None) == (tier.read_per_accelerator is None):
            found = "neither" if tier.level is None else "both"
            yield ("tiers", name), f"{found}; expected either level or read_per_accelerator"


def _protection(scenario: Scenario, profiles: Profiles) -> Iterator[Contradiction]:
    for name in dict.fromkeys(tier.system for tier in scenario.tiers.values()):
        system: Any = profiles["storage"][name]
        shards = (system.data_shards, system.parity_shards)
        both = system.protection is not None and shards != (None, None)
        if both or (system.protection is None and None in shards):
            found = "shards and protection" if both else "neither shards in full nor protection"
            yield (
                ("storage", name),
                f"{found}; expected data_shards with parity_shards, or protection alone",
            )
