"""What no single field can tell: names that lead nowhere, and numbers that contradict each other.

Works on inputs whose fields are valid one by one; yields faults, and leaves it to the loader to raise them together.
"""

from __future__ import annotations

from collections.abc import Iterator

from planner.errors import Fault
from planner.inputs import documents
from planner.inputs.checks import data, fleet, halls, hardware, plan, sites, trade, work
from planner.inputs.checks.contradiction import Profiles
from planner.inputs.checks.hardware import FEWEST_PORTS
from planner.inputs.checks.plan import months
from planner.inputs.documents import Table
from planner.inputs.scenario import Scenario

__all__ = ["FEWEST_PORTS", "contradictions", "months"]

PARTS = (plan, fleet, data, work, sites, hardware, halls, trade)


def contradictions(scenario: Scenario, profiles: Profiles, tree: Table) -> Iterator[Fault]:
    """Every fault that concerns more than one field."""
    yield from months(tree)
    for part in PARTS:
        for steps, message in part.contradictions(scenario, profiles):
            file, line, path = documents.locate(tree, steps)
            yield Fault(file, line, path, message)
