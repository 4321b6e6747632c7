"""A run with draws is many plans at once: every draw equals the plan with its own inputs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.axes import DRAW, RANK, Array
from planner.graph import Quantity
from planner.inputs.leaves import LeafTable
from planner.project import Project
from tests.properties import seeded_bugs as bugs

DRAWS = 8
ASSORTED = (
    "fleet.life",
    "markets.iea_2024_steps.rows.china.sales.2030",
    "market.share.series.2025-12",
    "vehicles.model_c.sensors",  # the first number of a ragged list
    "links.wifi.upload_profile[18]",
    "ota.rollout",
    "storage_policy.order_interval",
    "sites.taiwan.order_interval",
    "tiers.hot.held_until",
    "accelerators.gh200_144.bf16",
    "nodes.gh200_nvl32.lead_time",
    "economics.equipment_life",
    "cluster.refresh_age",
    "cluster.failure_rate",
    "cluster.repair_time",
    "checkpoint.stall",
)


def drawn_rows(table: LeafTable) -> dict[int, Array]:
    """Draws of the rows above: from 60 % to 140 % of the value as written, within its bounds."""
    factors = np.random.default_rng(11).uniform(0.6, 1.4, (len(ASSORTED), DRAWS))
    found = {}
    for path, factor in zip(ASSORTED, factors, strict=True):
        index = next(i for i, row in enumerate(table.rows) if row.path.startswith(path))
        row = table.rows[index]
        assert row.value > 0, path
        least, most = row.least or 0.0, np.inf if row.most is None else row.most
        found[index] = np.clip(row.value * factor, least, most)
    return found


def test_every_draw_equals_the_plan_with_its_inputs(headline: Project) -> None:
    table = headline.table
    draws = drawn_rows(table)
    names = list(headline.graph)
    together = headline.run(names, leaves=table.redrawn(draws), draws=DRAWS)
    for draw in range(DRAWS):
        rows = list(table.rows)
        for index, values in draws.items():
            rows[index] = replace(rows[index], value=float(values[draw]))
        alone = replace(headline, table=replace(table, rows=tuple(rows))).run(names)
        for name in names:
            x = together[name][draw if together[name].shape[DRAW] > 1 else 0]
            y = alone[name][0]
            assert np.array_equal(x, y), f"{name} in draw {draw}"


def test_draws_do_not_depend_on_how_many_are_computed_at_a_time(headline: Project) -> None:
    leaves = headline.table.redrawn(drawn_rows(headline.table))
    names = list(headline.graph)
    whole = headline.run(names, leaves=leaves, draws=DRAWS, chunk=DRAWS)
    for chunk in (1, 3):
        parts = headline.run(names, leaves=leaves, draws=DRAWS, chunk=chunk)
        for name in names:
            assert np.array_equal(whole[name], parts[name]), f"{name}, {chunk} at a time"


@pytest.mark.parametrize("name", ["orders", "storage_orders", "gpus_for_release"])
def test_a_decision_without_draws_meets_inputs_with_draws(headline: Project, name: str) -> None:
    """An optimiser decides once for all draws; the life of the equipment may still be uncertain."""
    leaves = headline.table.redrawn(drawn_rows(headline.table))
    (fixed,) = headline.run([name]).values()
    project = replace(headline, overrides={name: np.array(fixed)})
    found = project.run(["tco", "gpus", "storage_units"], leaves=leaves, draws=DRAWS)
    assert found["tco"].shape[DRAW] == DRAWS
    assert (found["tco"] > 0).all()


def test_every_parameter_may_be_drawn_alone(
    headline: Project, everything: dict[str, Array]
) -> None:
    """Whatever inputs are drawn, a quantity finds draws in some of its parameters, not in others."""
    check_parameters_drawn_alone(headline, everything)


@pytest.mark.parametrize("bug", [bugs.hours_of_all_draws, bugs.first_draw_for_all])
def test_a_quantity_that_mixes_draws_is_caught(
    headline: Project, everything: dict[str, Array], bug: Quantity
) -> None:
    with pytest.raises(AssertionError, match=bug.name):
        check_parameters_drawn_alone(bugs.with_bug(headline, bug), everything)


def check_parameters_drawn_alone(project: Project, everything: dict[str, Array]) -> None:
    """One parameter of a quantity with two draws meets all others without: each draw is as alone."""
    one: dict[str, object] = {**project.leaves, **everything}
    other, both = _redrawn(project, everything, 1), _redrawn(project, everything, 2)
    for each in project.graph.quantities.values():
        fixed = {name: one[name] for name in each.parameters}
        for name in fixed.keys() & both.keys():
            x = each.fn(**{**fixed, name: both[name]})
            for draw, value in enumerate((one[name], other[name])):
                alone = each.fn(**{**fixed, name: value})[0]
                found = x[draw if len(x) > 1 else 0]
                assert np.allclose(found, alone, rtol=1e-12, atol=0), f"{each.name}, {name} drawn"


def _redrawn(project: Project, everything: dict[str, Array], draws: int) -> dict[str, object]:
    """Another value of every input and quantity that is not a plain 0; of two draws the second.

    The first of two is the value in the plan.
    """
    factors = np.array([1.0, 0.95][2 - draws :])
    shares = factors.reshape(-1, *[1] * (RANK - 1))
    rows = {i: row.value * factors for i, row in enumerate(project.table.rows)}
    return {**project.table.redrawn(rows), **{n: x * shares for n, x in everything.items()}}
