"""Which uncertain inputs does the plan rest on most?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from planner import units
from planner.axes import DRAW, MONTH, Array
from planner.inputs.leaves import Row
from planner.plan import Plan

SWING_QUANTITIES = ("tco", "gpus_required")
SWING_GROUPS = 3
SHOWN_SHARE = 1e-3  # an input that moves nothing by a thousandth is not worth a line


@dataclass(frozen=True)
class Assumption:
    """An uncertain input, and by how much the plan moves when it goes to its low or high."""

    path: str
    file: str
    line: int
    meaning: str
    value: str
    low: str
    high: str
    confidence: str
    source: str | None
    moves: dict[str, float]


def assumptions(plan: Plan, count: int = 10) -> list[Assumption]:
    """The uncertain inputs that move cost or GPUs most when each alone goes to its low and its high."""
    project = plan.project
    reach = frozenset().union(*(project.graph.ancestors(name) for name in SWING_QUANTITIES))
    chosen = [
        index
        for index, row in enumerate(project.table.rows)
        if row.low is not None and row.high is not None and row.low < row.high and row.leaf in reach
    ]
    if not chosen:
        return []
    swings = _swings(plan, chosen)
    moves: dict[str, Array] = {}
    for name in SWING_QUANTITIES:
        base = _size(plan.values(name)[0])
        moved = np.abs(swings[name] / base - 1.0) if base[0] else np.zeros_like(swings[name])
        moves[name] = moved.max(axis=1)
    largest = np.maximum.reduce(list(moves.values()))
    order = [i for i in np.argsort(-largest, kind="stable")[:count] if largest[i] > SHOWN_SHARE]
    return [
        _assumption(
            plan, project.table.rows[chosen[i]], {name: float(moves[name][i]) for name in moves}
        )
        for i in order
    ]


def _swings(plan: Plan, chosen: Sequence[int]) -> dict[str, Array]:
    """Sizes of the swing quantities with each chosen row at its low and its high, shape (row, 2).

    Rows are run in groups by how much of the graph follows from them: what no row of a group touches is computed once.
    """
    project = plan.project
    rows = project.table.rows
    reach = [len(project.graph.descendants(rows[index].leaf)) for index in chosen]
    swings = {name: np.empty((len(chosen), 2)) for name in SWING_QUANTITIES}
    for group in np.array_split(np.argsort(reach, kind="stable"), min(SWING_GROUPS, len(chosen))):
        values: dict[int, Array] = {}
        for position, member in enumerate(group):
            row = rows[chosen[member]]
            drawn = np.full(2 * len(group), row.value)
            drawn[2 * position : 2 * position + 2] = row.low, row.high
            values[chosen[member]] = drawn
        draws = 2 * len(group)
        results = project.run(SWING_QUANTITIES, project.table.redrawn(values), draws, draws)
        for name in SWING_QUANTITIES:
            swings[name][group] = np.broadcast_to(_size(results[name]), (2 * len(group),)).reshape(
                -1, 2
            )
    return swings


def _size(x: Array) -> Array:
    """The size of a quantity for comparison: the largest month of its sum over sites, by draw."""
    flat = x.reshape(x.shape[DRAW], x.shape[MONTH], -1)
    return np.asarray(flat.sum(axis=2).max(axis=1))


def _assumption(plan: Plan, row: Row, moves: dict[str, float]) -> Assumption:
    info = plan.project.table.leaves[row.leaf]
    written = [units.from_base(x, row.unit) for x in (row.value, row.low or 0.0, row.high or 0.0)]
    value, low, high = (f"{x:.6g} {row.unit}".removesuffix(" 1") for x in written)
    return Assumption(
        row.path,
        row.file,
        row.line,
        info.meaning,
        value,
        low,
        high,
        row.confidence,
        row.source,
        moves,
    )
