"""No quantity is NaN, negative or infinite, and a draw is nothing but a plan of its own.

For any inputs within the bounds of the schema, from a thousandth to a thousand times the shipped
ones, all quantities of the graph are finite and none is below 0. Equal draws give the plan at the
medians, and each of several unequal draws the plan that its inputs give alone.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.project import Project
from tests.properties import seeded_bugs as bugs
from tests.properties.layouts import (
    LAYOUTS,
    WHOLE_PLANS,
    bounds,
    factors,
    layout,
    read,
    run,
    same,
    scaled,
    scenario_texts,
)

Example = dict[int, float]

MAY_BE_NEGATIVE = {
    *("tco", "tco_undiscounted", "tco_annualised", "cost_present", "cost_share_of_revenue"),
    *("cost_per_vehicle", "cost_per_vehicle_year", "cost_per_1000_km", "cost_per_trained_model"),
    *("compute_cost", "workload_cost", "gpu_hour_cost", "rent_breakeven_utilisation"),
    # A lease may outlast its nodes' worth.
    *("residual_by_item", "residual_value", "residual_present"),
    *("tco_if_bought", "tco_if_leased", "tco_if_rented", "purchase_present", "lease_present"),
    *("acquisition_present", "ownership_present", "network_of_nodes_present"),
    "hall_of_nodes_present",
}
"""What the plan leaves behind may be worth more than it paid for committed hardware."""

MAY_BE_INFINITE = {"tco_if_rented", "phase_used_share"}
"""Not every kind of node is for rent; of no power at all nothing is a share."""


def check_sound(project: Project, *values: Example) -> None:
    names = list(project.graph.quantities)
    for name, x in run(project, names, *values).items():
        assert name in MAY_BE_INFINITE or np.isfinite(x).all(), f"{name} is not finite"
        if name not in MAY_BE_NEGATIVE:
            assert (x >= 0).all(), f"{name} falls to {x.min()}"


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_quantity_is_finite_and_not_negative(name: str) -> None:
    project = layout(name)

    @WHOLE_PLANS
    @given(st.lists(factors(project.table, most=30), min_size=4, max_size=4))
    def holds(examples: list[Example]) -> None:
        check_sound(project, *[scaled(project.table, chosen) for chosen in examples])

    holds()


@settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(scenario_texts())
def test_every_quantity_of_a_generated_file_is_finite_and_not_negative(text: str) -> None:
    check_sound(read(text), {})


def test_every_quantity_is_sound_with_one_input_at_a_bound() -> None:
    """Each row in turn at the least and at the greatest value that the schema allows, if any."""
    project = layout("running")
    ends = [
        {i: bound}
        for i, row in enumerate(project.table.rows)
        for bound in bounds(project.table, i)
        if np.isfinite(bound) and not row.leaf.endswith("_profile")
    ]
    for start in range(0, len(ends), 100):
        check_sound(project, *ends[start : start + 100])


@pytest.mark.parametrize(
    "bug", [bugs.drops_less_than_nothing, bugs.nothing_in_service_reads_for_ever]
)
def test_a_seeded_bug_in_the_numbers_is_caught(bug) -> None:
    project = bugs.with_bug(layout("announced"), bug)
    bugs.caught(
        lambda chosen: check_sound(project, scaled(project.table, chosen)), factors(project.table)
    )


# --- Draws ---------------------------------------------------------------------------------------


def unlike(project: Project) -> st.SearchStrategy[list[Example]]:
    """Two to four examples, many inputs apart: what mixes draws of a single input shows in few of them."""
    return st.lists(factors(project.table, most=40, least=12), min_size=2, max_size=4)


def check_draws_stand_alone(project: Project, examples: list[Example]) -> None:
    """All examples as draws of one run, against each alone; the first stands there twice."""
    names = list(project.graph.quantities)
    values = [scaled(project.table, chosen) for chosen in (*examples, examples[0])]
    together = run(project, names, *values)
    for draw, alone in enumerate(values):
        single = run(project, names, alone)
        for name in names:
            assert np.array_equal(together[name][draw : draw + 1], single[name]), name


def check_equal_draws_are_the_plan(project: Project, count: int) -> None:
    """Every row drawn `count` times at its median."""
    names = list(project.graph.quantities)
    medians = {i: row.value for i, row in enumerate(project.table.rows)}
    plan = project.run(names)
    drawn = run(project, names, *[medians] * count)
    for name in names:
        assert same(drawn[name], np.broadcast_to(plan[name], drawn[name].shape), 1e-12), name


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_draw_is_the_plan_of_its_own_inputs(name: str) -> None:
    project = layout(name)

    @settings(max_examples=15, deadline=None, derandomize=True)
    @given(unlike(project))
    def holds(examples: list[Example]) -> None:
        check_draws_stand_alone(project, examples)

    holds()


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("count", [2, 7, 40])
def test_equal_draws_give_the_plan_at_the_medians(name: str, count: int) -> None:
    check_equal_draws_are_the_plan(layout(name), count)


@pytest.mark.parametrize("bug", [bugs.hours_of_all_draws, bugs.first_draw_for_all])
def test_a_seeded_bug_that_mixes_draws_is_caught(bug) -> None:
    project = bugs.with_bug(layout("announced"), bug)
    bugs.caught(lambda examples: check_draws_stand_alone(project, examples), unlike(project))


def test_a_seeded_bug_that_counts_draws_is_caught() -> None:
    project = bugs.with_bug(layout("announced"), bugs.hours_of_all_draws)
    with pytest.raises(AssertionError):
        check_equal_draws_are_the_plan(project, 2)
