"""Does a draw come out the same whatever draws lie beside it?

The runner sees a quantity that turns many draws into one. One that keeps their number and mixes them all the same, as
`x - x.mean(axis=0)` does, is found by computing some draws together and again each alone: all values have to agree to
the last bit, or results would depend on how many workers share the draws.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from planner.axes import DRAW
from planner.project import Project
from planner.quantity import QuantityError
from planner.study.sampling import Sampler

TOGETHER = 4  # draws
ALONE = (0, 3)


def refuse_mixed(project: Project, sampler: Sampler, wanted: Sequence[str]) -> None:
    """Raise QuantityError for the first quantity on the way to `wanted` that lets draws depend on each other.

    The planner's own are known not to (a test); a graph of nothing else is passed over.
    """
    order = project.graph.order(wanted)
    modules = {project.graph[name].fn.__module__ or "" for name in order}
    if all(module.startswith("planner.model.") for module in modules):
        return
    table = project.table
    together = project.run(order, table.redrawn(sampler.draws(0, TOGETHER)), TOGETHER)
    for draw in ALONE:
        alone = project.run(order, table.redrawn(sampler.draws(draw, draw + 1)))
        for name in order:
            values = together[name]
            mine = values[draw : draw + 1] if values.shape[DRAW] > 1 else values
            if not np.array_equal(mine, alone[name]):
                where = project.graph[name].where
                raise QuantityError(
                    name, f"mixes draws; a draw may not depend on those beside it ({where})"
                )
