"""Do the fields of a switch, a node and a vehicle's computer agree?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, cast

import numpy as np

from planner.inputs.checks.contradiction import Contradiction, Profiles, unknown
from planner.inputs.documents import Steps
from planner.inputs.profiles import Ecu
from planner.inputs.scenario import Fabric, Scenario
from planner.perf.ordering import whole_units

FEWEST_PORTS = 3  # of a switch in a tree: two make a chain


def contradictions(scenario: Scenario, profiles: Profiles) -> Iterator[Contradiction]:
    """Switches that make no network, nodes and computers that say half of what they are."""
    yield from _fabric(scenario, profiles)
    yield from _node_power(profiles)
    yield from _liquid_shares(profiles)
    yield from _power_modes(profiles)


def _fabric(scenario: Scenario, profiles: Profiles) -> Iterator[Contradiction]:
    for network, choice in scenario.fabrics.items():
        switch: Any = profiles["network"][choice.switch]
        steps: Steps = ("fabrics", network, "switch")
        if switch.part != "switch":
            yield steps, f"{choice.switch} is a {switch.part}; expected a switch"
        elif switch.ports.value < FEWEST_PORTS:
            yield (
                ("network", choice.switch, "ports"),
                f"switches of fewer than {FEWEST_PORTS} ports make no network",
            )
        elif choice.down_ports is not None:
            yield from _ports_of_leaf(network, choice, choice.down_ports.value, switch.ports.value)


def _ports_of_leaf(
    network: str, choice: Fabric, down: float, ports: float
) -> Iterator[Contradiction]:
    """Leaves with more ports for endpoints than they have, or than leave enough for uplinks."""
    steps: Steps = ("fabrics", network, "down_ports")
    found = f"{down:.0f} of {ports:.0f} ports of {choice.switch}"
    over = choice.oversubscription.value
    if down > ports:
        yield steps, f"{found}; expected at most all"
    elif choice.tree == "spine" and float(whole_units(np.array(down / over))) > ports - down:
        most = math.floor(ports * over / (over + 1.0))
        yield (
            steps,
            f"{found} leave {ports - down:.0f} for uplinks, too few for an oversubscription of "
            f"{over:g}; expected at most {most}",
        )


def _node_power(profiles: Profiles) -> Iterator[Contradiction]:
    """A node says what it draws, or has the parts to build it up; idle <= at work <= peak."""
    for name, profile in profiles["nodes"].items():
        node: Any = profile
        said = {field: getattr(node, field) for field in ("power_idle", "power_typical", "power")}
        given = {field: cell.value for field, cell in said.items() if cell is not None}
        if node.supply_efficiency is None:
            for field in (field for field in said if field not in given):
                yield (
                    ("nodes", name),
                    f"{field} is missing; expected it, or the node's parts and supply_efficiency "
                    "to build it up from",
                )
        for (lower, least), (upper, most) in pairwise(given.items()):
            if least > most:
                yield ("nodes", name, lower), f"{least:,.0f} W is above {upper} {most:,.0f} W"


def _liquid_shares(profiles: Profiles) -> Iterator[Contradiction]:
    """Nodes whose heat goes elsewhere than their cooling says."""
    node: Any
    for kind, node in profiles["nodes"].items():
        share = node.liquid_share.value if node.liquid_share else 0.0
        if (share > 0) != (node.cooling == "liquid"):
            found = f"{share:.0%}" if node.liquid_share else "liquid_share is missing"
            yield ("nodes", kind, "liquid_share"), f"{found}, and cooling is {node.cooling}"


def _power_modes(profiles: Profiles) -> Iterator[Contradiction]:
    for name, profile in profiles.get("ecus", {}).items():
        ecu = cast(Ecu, profile)
        if ecu.mode is not None and ecu.mode not in ecu.modes:
            yield unknown(("ecus", name, "mode"), ecu.mode, "power mode", ecu.modes)
