"""Can a hall feed and cool what is to stand in it?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from planner import units
from planner.inputs.checks.contradiction import Contradiction, Profiles
from planner.inputs.documents import Steps
from planner.inputs.numbers import Cell
from planner.inputs.scenario import Scenario, Site
from planner.perf.power import NodeParts, node_power_peak


def contradictions(scenario: Scenario, profiles: Profiles) -> Iterator[Contradiction]:
    """Hardware that a hall can neither cool nor feed, and halls that say half of what they have."""
    for name, site in scenario.sites.items():
        unfit = (
            (where, message)
            for where, kind in _kinds_at(site)
            for message in _unfit(name, site, kind, profiles)
        )
        for steps, message in (*_modules(site), *unfit, *_too_dense(scenario, site, profiles)):
            yield ("sites", name, *steps), message


def _kinds_at(site: Site) -> Iterator[tuple[Steps, str]]:
    """Kinds of node in a site's own hall, each once, and where it says so; what it rents stands elsewhere."""
    rents = site.acquisition == "rent"
    found: dict[str, Steps] = {} if rents else {site.training: ("training",)}
    for field in ("installed",) if rents else ("installed", "committed"):
        for index, stock in enumerate(getattr(site, field)):
            found.setdefault(stock.hardware, (field, index, "hardware"))
    for kind, where in found.items():
        yield where, kind


def _unfit(name: str, site: Site, kind: str, profiles: Profiles) -> Iterator[str]:
    """Why a kind of node cannot stand in a hall, whatever the month."""
    node: Any = profiles["nodes"][kind]
    if site.cooling not in ("both", node.cooling):
        yield (
            f"{kind} is cooled by {node.cooling} (nodes.{kind}.cooling), the hall only cools by "
            f"{site.cooling} (sites.{name}.cooling); expected cooling: both, or hardware "
            f"cooled by {site.cooling} (planner profiles list nodes, planner profiles show nodes/...)"
        )
    densest = _densest(site)
    peak = _peak_power(node, profiles)
    if peak > densest:
        yield (
            f"one {kind} draws {units.show(peak, 'watt')}, a rack may draw at most "
            f"{units.show(densest, 'watt')} (sites.{name}.rack_density); "
            "expected a denser hall, or hardware that comes in smaller pieces"
        )


def _densest(site: Site) -> float:
    """The most that a rack of a hall may ever draw [W]."""
    knots = site.rack_density.knots if site.rack_density else ()
    return max((cell.value for _, cell in knots), default=math.inf)


def _too_dense(scenario: Scenario, site: Site, profiles: Profiles) -> Iterator[Contradiction]:
    """Storage units and switches of which one alone is more than a rack of the hall may ever draw."""
    used = {tier.system: "storage" for tier in scenario.tiers.values()}
    used |= {fabric.switch: "network" for fabric in scenario.fabrics.values()}
    for name, section in used.items():
        piece: Any = profiles[section][name]
        if piece.power.value > _densest(site):
            drawn, most = (units.show(x, "watt") for x in (piece.power.value, _densest(site)))
            yield ("rack_density",), f"{most}, and one {name} draws {drawn}; expected a denser hall"


def _peak_power(node: Any, profiles: Profiles) -> float:
    """Peak power of a node [W]: as published, else built up from its parts as `node_power_bottom_up` is."""
    if node.power is not None or node.supply_efficiency is None:
        return node.power.value if node.power is not None else 0.0
    chip: Any = profiles["accelerators"][node.accelerator]
    card: Any = profiles["network"][node.nic]
    beside = (node.link_switch_power, node.flash_power, node.board_power)
    parts = NodeParts(
        accelerators=np.array(node.accelerators.value * chip.power.value),
        host_cpus=np.array(_or_zero(node.host_cpu_power)),
        memory=np.array(_or_zero(node.memory_power)),
        always_on=np.array(node.nics.value * card.power.value + sum(map(_or_zero, beside))),
        supply_efficiency=np.array(node.supply_efficiency.value),
    )
    return float(node_power_peak(parts, np.array(_or_zero(node.fan_share_peak))))


def _or_zero(cell: Cell | None) -> float:
    return cell.value if cell is not None else 0.0


def _modules(site: Site) -> Iterator[Contradiction]:
    """Modules of power and cooling that do not make the redundancy."""
    if (site.modules is None) != (site.module_power is None):
        lacking = "module_power" if site.module_power is None else "modules"
        yield (), f"{lacking} is missing; modules and module_power go together"
    if site.redundancy != "N" and site.modules is None:
        yield ("redundancy",), f"{site.redundancy} of nothing: modules and module_power are missing"
    odd = site.modules is not None and any(cell.value % 2 for _, cell in site.modules.knots)
    if site.redundancy == "2N" and odd:
        yield ("modules",), "2N has two equal sets; expected even numbers of modules"
