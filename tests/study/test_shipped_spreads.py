"""Draws of the shipped scenarios: every one is a plan, and together they are as wide as their inputs say."""

from __future__ import annotations

import numpy as np
import pytest

from planner.headline import HEADLINE
from planner.project import load
from planner.study import Sampler

DRAWS = 64


@pytest.mark.parametrize("name", ["5pct_ev_market", "5pct_from_2027", "test_fleet"])
def test_every_draw_of_a_shipped_scenario_is_a_plan(name: str) -> None:
    project = load(name)
    drawn = project.table.redrawn(Sampler.of(project.table, seed=3).draws(0, DRAWS))
    at_medians = project.run(HEADLINE)
    for quantity, values in project.run(HEADLINE, drawn, DRAWS).items():
        assert not np.isnan(values).any(), quantity
        assert np.isfinite(values).all() or not np.isfinite(at_medians[quantity]).all(), quantity
        assert (values >= 0.0).all() or (at_medians[quantity] < 0.0).any(), quantity


def test_policies_are_certain_and_guesses_are_not() -> None:
    rows = load("5pct_from_2027").table.rows
    uncertain = {row.number for row in rows if row.distribution is not None}
    assert {"market.share", "curation.auto_label", "regions.japan.electricity_price"} <= uncertain
    assert uncertain.isdisjoint({"data_classes.clips.copies", "training.percentile", "wan.paths"})
    forecasts = {number for number in uncertain if number.startswith("markets.")}
    assert len(forecasts) == 5  # one a market row that a region of the plan follows
