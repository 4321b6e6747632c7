"""A run with draws is many plans at once: every draw equals the plan with its own inputs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.axes import DRAW, Array
from planner.inputs.leaves import LeafTable
from planner.plan import Project

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


def test_every_single_input_may_be_drawn(headline: Project) -> None:
    """A leaf that alone carries draws meets all others without: nothing may rely on the draws of its neighbour."""
    table = headline.table
    first_of_each = {table.leaves[name].rows[0] for name in table.leaves if table.leaves[name].rows}
    for index in sorted(first_of_each):
        row = table.rows[index]
        values = np.array([row.value, row.value * 0.95 if row.least in (None, 0) else row.value])
        found = headline.run(["tco", "carbon"], leaves=table.redrawn({index: values}), draws=2)
        assert np.isfinite(found["tco"]).all(), row.path
