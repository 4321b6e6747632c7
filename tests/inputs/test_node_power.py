"""Nodes that neither say what they draw nor what they are made of, or say what cannot be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from planner.errors import Fault
from planner.inputs.load import Inputs
from planner.inputs.profiles import Node

Faults = Callable[..., list[Fault]]


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        (
            "nodes:\n  gh200_nvl32: {supply_efficiency: null}\n",
            "nodes.gh200_nvl32",
            "power is missing; expected it, or the node's parts and supply_efficiency",
        ),
        (
            "nodes:\n  gh200_nvl32: {power: 40 kW, power_typical: 41 kW}\n",
            "nodes.gh200_nvl32.power_typical",
            "41,000 W is above power 40,000 W",
        ),
        (
            "nodes:\n  gh200_nvl32: {power_typical: 30 kW, power_idle: 31 kW}\n",
            "nodes.gh200_nvl32.power_idle",
            "31,000 W is above power_typical 30,000 W",
        ),
    ],
)
def test_power_of_a_node_that_cannot_be(faults: Faults, text: str, path: str, words: str) -> None:
    found = [fault for fault in faults(text) if words in fault.message]
    assert [fault.path for fault in found] == [path]


def test_one_power_may_be_said_and_the_others_built_up(loaded: Callable[..., Inputs]) -> None:
    node = loaded("nodes:\n  gh200_nvl32: {power: 50 kW}\n").profile("nodes", "gh200_nvl32")
    assert isinstance(node, Node) and node.power is not None
    assert (node.power.value, node.power_typical) == (50_000, None)
