"""A few draws of a plan, all in memory: what stands beside the plan at the medians.

`planner.study.simulation` is for as many draws as one likes, in a folder and by several processes; a few hundred in one
process take half a second, and their first draws are the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from planner.axes import DRAW, Array
from planner.errors import Fault, InputError
from planner.plan import Plan
from planner.project import Project
from planner.results import Labelled
from planner.study import statistics
from planner.study.mixing import refuse_mixed
from planner.study.sampling import Sampler

DRAWS = 256
SEED = 1
PERCENTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}


@dataclass(frozen=True)
class Drawn:
    """Some draws of a project: as a plan gives values, but one for each draw."""

    project: Project
    draws: int
    seed: int
    uncertain: int  # numbers that are drawn
    _sampler: Sampler = field(repr=False)
    _leaves: Mapping[str, object] = field(repr=False)
    _values: dict[str, Array] = field(repr=False)

    @classmethod
    def of(cls, project: Project, draws: int = DRAWS, seed: int = SEED) -> Drawn:
        """The first draws of a project from a seed; those of a study with the same seed."""
        sampler = Sampler.of(project.table, seed, project.as_written)
        leaves = project.table.redrawn(sampler.draws(0, draws))
        return cls(project, draws, seed, len(sampler.dimensions), sampler, leaves, {})

    def values(self, *names: str) -> list[Array]:
        """Base-unit arrays on all axes, shape (draw, ...); computed together when first asked for.

        The axis of draws has length 1 where a quantity is the same in all of them. Raises QuantityError for one that
        mixes draws.
        """
        missing = [name for name in names if name not in self._values]
        if missing:
            refuse_mixed(self.project, self._sampler, missing)
            self._values.update(self.project.run(missing, self._leaves, self.draws))
        return [self._values[name] for name in names]


def spread(
    plan: Plan, names: Sequence[str], draws: int = DRAWS, seed: int = SEED
) -> dict[str, dict[str, Labelled]]:
    """Percentiles of each cell of some quantities over draws of all uncertain inputs, by name: "p10", "p50", "p90".

    They are labelled and have units as `plan[name]` has. Cell by cell: the tenth percentile of a sum is not the sum of
    tenth percentiles. Raises PlannerError for a quantity that does not exist, InputError for no draws at all.
    """
    if draws < 1:
        raise InputError([Fault("draws", 0, str(draws), "expected at least 1")])
    drawn = Drawn.of(plan.project, draws, seed)
    found = {}
    for name, values in zip(names, drawn.values(*names), strict=True):
        ordered = np.sort(np.moveaxis(values, DRAW, -1), axis=-1)
        cells = statistics.quantiles(ordered, tuple(PERCENTILES.values()))
        found[name] = {
            percentile: plan.labelled(name, quantile[None])
            for percentile, quantile in zip(PERCENTILES, cells, strict=True)
        }
    return found
