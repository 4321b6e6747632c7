"""More equipment never needs fewer switches, links or optics, whatever else is redrawn."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.axes import Array
from planner.project import Project
from tests.properties.layouts import WHOLE_PLANS, factors, layout, rows_of, run, same, scaled, times
from tests.properties.seeded_bugs import caught, instead_of, with_bug

PARTS = ("switches_leaf", "switches_core", "links_to_endpoints")
GROWS = ("node_nics", "node_storage_ports", "node_front_end_ports", "system_ports")
NEEDED = (*PARTS, "network_endpoints")
TOTALS = {
    "switches": ("switches_leaf", "switches_spine", "switches_core"),
    "links": ("links_to_endpoints", "links_to_spines", "links_to_cores"),
}

Growth = tuple[dict[int, float], str, float]


def growths(project: Project) -> st.SearchStrategy[Growth]:
    return st.tuples(factors(project.table), st.sampled_from(GROWS), st.floats(1.01, 8.0))


def check_more_ports_never_need_less(project: Project, growth: Growth) -> None:
    others, grown, factor = growth
    table = project.table
    before = scaled(table, others)
    rows = rows_of(table, grown)
    after = before | {i: times(table, i, before.get(i, table.rows[i].value), factor) for i in rows}
    for name, x in run(project, NEEDED, before, after).items():
        assert (x[1] >= x[0] - 1e-9 * np.abs(x).max()).all(), f"{name} falls with more {grown}"


def check_totals(project: Project, others: dict[int, float]) -> None:
    names = [*TOTALS, *(part for parts in TOTALS.values() for part in parts)]
    found = run(project, names, scaled(project.table, others))
    for whole, parts in TOTALS.items():
        assert same(found[whole], np.add.reduce([found[part] for part in parts]), 1e-12), whole


def test_more_ports_never_need_fewer_leaves_cores_or_links() -> None:
    project = layout("running")

    @WHOLE_PLANS
    @given(growths(project))
    def holds(growth: Growth) -> None:
        check_more_ports_never_need_less(project, growth)

    holds()


def test_switches_and_links_are_the_sums_of_their_parts() -> None:
    project = layout("running")

    @settings(max_examples=20, deadline=None, derandomize=True)
    @given(factors(project.table))
    def holds(others: dict[int, float]) -> None:
        check_totals(project, others)

    holds()


@instead_of("switches_leaf")
def leaves_of_what_is_left_over(
    node_endpoints: Array,
    network_endpoints: Array,
    node_rails: Array,
    leaf_down_ports: Array,
    switch_ports: Array,
    fabric_planes: Array,
) -> Array:
    return np.mod(network_endpoints, leaf_down_ports) * fabric_planes


@instead_of("switches")
def cores_forgotten(switches_leaf: Array, switches_spine: Array, switches_core: Array) -> Array:
    return switches_leaf + 0.0 * switches_core + switches_leaf


def test_seeded_bugs_are_caught() -> None:
    project = layout("running")
    wrong = with_bug(project, leaves_of_what_is_left_over)
    caught(lambda growth: check_more_ports_never_need_less(wrong, growth), growths(project))
    doubled = with_bug(project, cores_forgotten)
    caught(lambda others: check_totals(doubled, others), factors(project.table))
