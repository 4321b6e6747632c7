"""Overriding a node changes what follows from it and nothing else.

On the real graph, for every quantity: with another value in its place all that does not descend
from it keeps every bit, and each quantity that takes it as a parameter answers to some value of it.
"""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import RANK, Array
from planner.errors import PlannerError
from planner.project import Project
from tests.properties import seeded_bugs as bugs
from tests.properties.layouts import layout

QUANTITIES = sorted(bugs.FACTORY)
WITH_CHILDREN = [
    n for n in QUANTITIES if any(n in each.parameters for each in bugs.FACTORY.values())
]
PLANS = ("running", "announced", "hired")
UNHEARD = {
    ("performance_density", "export_verdict"),
    ("node_delivery_time", "site_operates"),
    ("nodes_acquired", "all_for_rent"),
    ("gpus", "compute_peak_fp4"),
    ("session_chance", "session_range"),
}
"""The processing performance of every shipped chip decides before its density is looked at.

No rule changes what these plans may have delivered: whether a site operates does not depend on when it could be.
All kinds of node in these plans are for rent, however many there are.
None of their accelerators computes with 4 bits.
Sessions of these plans are shorter than a day, so that there are gaps between them however likely they are.
"""
COMPUTED: dict[str, dict[str, Array]] = {}


def computed(name: str) -> dict[str, Array]:
    """All quantities of a layout, without overrides."""
    if name not in COMPUTED:
        project = layout(name)
        COMPUTED[name] = project.run(list(project.graph.quantities))
    return COMPUTED[name]


def run_with(project: Project, name: str, value: Array, wanted: list[str]) -> dict[str, Array]:
    sizes = project.table.sizes
    return project.graph.run(project.leaves, wanted, sizes, {name: value}, draws=len(value))


def check_only_descendants_change(project: Project, before: dict[str, Array], name: str) -> None:
    """Two values, as two draws of one run."""
    kept = before.keys() - project.graph.descendants(name) - {name}
    scale = np.abs(before[name]).max() or 1.0
    value = np.concatenate([before[name] * 1.7, before[name] + scale])
    after = run_with(project, name, value, list(before))
    assert np.array_equal(after[name], value)
    for each in kept:
        assert np.array_equal(before[each], after[each]), f"{each} changes with {name}"


def others(value: Array) -> list[Array]:
    """Values to try in the place of one: scaled, shifted, none at all, and back to front."""
    scaled = [value * factor for factor in (0.3, 1.7, 1e6, 1e-6, 0.0)]
    shifted = [value + shift for shift in (1.0, 2.0, np.abs(value).max())]
    return [*scaled, *shifted, np.flip(value, tuple(range(1, RANK)))]


def answers(project: Project, before: Array, name: str, child: str) -> bool:
    """Whether the child takes another value, or refuses, for some value of the parent."""
    (now,) = project.run([name]).values()
    for value in others(now):
        try:
            after = run_with(project, name, value, [child])[child]
        except PlannerError:
            return True
        if not np.array_equal(before, after):
            return True
    return False


@pytest.mark.parametrize("name", QUANTITIES)
def test_an_override_changes_nothing_but_descendants(name: str) -> None:
    check_only_descendants_change(layout("running"), computed("running"), name)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # a parent of 0 may be divided by
@pytest.mark.parametrize("name", WITH_CHILDREN)
def test_an_override_reaches_every_child(name: str) -> None:
    for child in layout("running").graph.dependents(name):
        if (name, child) in UNHEARD:
            continue
        assert any(answers(layout(plan), computed(plan)[child], name, child) for plan in PLANS), (
            f"{child} is the same whatever {name} is"
        )


def test_a_seeded_bug_that_passes_values_past_the_graph_is_caught() -> None:
    project = bugs.with_bug(layout("running"), bugs.sales_count_their_calls)
    before = project.run(list(project.graph.quantities))
    with pytest.raises(AssertionError):
        check_only_descendants_change(project, before, "staff_cost")


def test_a_seeded_bug_that_ignores_a_parameter_is_caught() -> None:
    project = bugs.with_bug(layout("running"), bugs.what_is_there_is_not_looked_at)
    (before,) = project.run(["gpus_short"]).values()
    assert not answers(project, before, "gpus_equivalent", "gpus_short")
