"""Which uncertain inputs does the plan rest on most?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from planner import units
from planner.axes import DRAW, MONTH, Array
from planner.graph import Graph
from planner.plan import Plan

SWING_QUANTITIES = ("tco", "gpus_required")
INPUTS_AT_A_TIME = 20  # few enough for the cache, enough to make up for the calls
SHOWN_SHARE = 1e-3  # an input that moves nothing by a thousandth is not worth a line


@dataclass(frozen=True)
class Assumption:
    """An uncertain input, and by how much the plan moves when it goes to its low or high.

    An input that every region has (a price, a rate) counts as one: its cells move together, `path` has a `*`.
    """

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
    inputs = _uncertain(plan)
    if not inputs:
        return []
    swings = _swings(plan, list(inputs.values()))
    moves: dict[str, Array] = {}
    for name in SWING_QUANTITIES:
        base = _size(plan.values(name)[0])
        moved = swings[name] / base - 1.0 if base[0] else np.zeros_like(swings[name])
        farther = np.abs(moved).argmax(axis=1)
        moves[name] = np.take_along_axis(moved, farther[:, None], axis=1)[:, 0]
    largest = np.maximum.reduce([np.abs(moved) for moved in moves.values()])
    # What moves either quantity most comes first: one ranking by size would let GPUs hide what moves the cost.
    places = [np.argsort(np.argsort(-np.abs(moved), kind="stable")) for moved in moves.values()]
    ranked = np.lexsort((-largest, np.minimum.reduce(places)))
    order = [i for i in ranked[:count] if largest[i] > SHOWN_SHARE]
    paths = list(inputs)
    return [
        _assumption(
            plan, paths[i], inputs[paths[i]], {name: float(moves[name][i]) for name in moves}
        )
        for i in order
    ]


def _uncertain(plan: Plan) -> dict[str, list[int]]:
    """Rows with a low and a high that reach cost or GPUs, by the path that they are named by."""
    table, graph = plan.project.table, plan.project.graph
    reach = frozenset().union(*(graph.ancestors(name) for name in SWING_QUANTITIES))
    inputs: dict[str, list[int]] = {}
    for index, row in enumerate(table.rows):
        if (
            row.low is not None
            and row.high is not None
            and row.low < row.high
            and row.leaf in reach
        ):
            inputs.setdefault(re.sub(r"^regions\.[^.]+\.", "regions.*.", row.path), []).append(
                index
            )
    return inputs


def _swings(plan: Plan, inputs: Sequence[Sequence[int]]) -> dict[str, Array]:
    """Sizes of the swing quantities with the rows of each input at their lows and their highs, shape (input, 2).

    Inputs that move much the same part of the graph are run together, and of the graph only that part: what borders on
    it is as in the plan.
    """
    graph, table = plan.project.graph, plan.project.table
    steps = graph.order(SWING_QUANTITIES)
    known = dict(zip(steps, plan.values(*steps), strict=True))
    moved_by = _moved_by(graph, steps, [table.rows[members[0]].leaf for members in inputs])
    order = np.lexsort(np.array([moved_by[step] for step in reversed(steps)]))
    swings = {name: np.empty((len(inputs), 2)) for name in SWING_QUANTITIES}
    for start in range(0, len(order), INPUTS_AT_A_TIME):
        group = order[start : start + INPUTS_AT_A_TIME]
        draws = 2 * len(group)
        values: dict[int, Array] = {}
        for position, member in enumerate(group):
            for index in inputs[member]:
                row = table.rows[index]
                values[index] = np.full(draws, row.value)
                values[index][2 * position : 2 * position + 2] = row.low, row.high
        moved = {step for step in steps if moved_by[step][group].any()}
        border = {parent for name in moved for parent in graph[name].parameters} - moved
        held = {name: known[name] for name in border if name in known}
        goals = [name for name in SWING_QUANTITIES if name in moved]
        results = plan.project.run(goals, table.redrawn(values), draws, draws, held)
        for name in SWING_QUANTITIES:
            size = _size(results.get(name, known[name]))
            swings[name][group] = np.broadcast_to(size, draws).reshape(-1, 2)
    return swings


def _moved_by(
    graph: Graph, steps: Sequence[str], leaves: Sequence[str]
) -> dict[str, npt.NDArray[np.bool_]]:
    """For each step, which come each after all that it needs, which of the leaves move it."""
    moved_by = {leaf: np.array([leaf == each for each in leaves]) for leaf in set(leaves)}
    nothing = np.zeros(len(leaves), dtype=bool)
    for step in steps:
        parents = [moved_by[name] for name in graph[step].parameters if name in moved_by]
        moved_by[step] = np.logical_or.reduce(parents) if parents else nothing
    return moved_by


def _size(x: Array) -> Array:
    """The size of a quantity for comparison: the largest month of its sum over sites, by draw."""
    flat = x.reshape(x.shape[DRAW], x.shape[MONTH], -1)
    return np.asarray(flat.sum(axis=2).max(axis=1))


def _assumption(
    plan: Plan, path: str, members: Sequence[int], moves: dict[str, float]
) -> Assumption:
    rows = [plan.project.table.rows[index] for index in members]
    first = rows[0]
    return Assumption(
        path,
        first.file,
        first.line,
        plan.project.table.leaves[first.leaf].meaning,
        _written([row.value for row in rows], first.unit),
        _written([row.low for row in rows], first.unit),
        _written([row.high for row in rows], first.unit),
        first.confidence,
        first.source,
        moves,
    )


def _written(values: Sequence[float | None], unit: str) -> str:
    """One value, or the span of several, in the unit in which the first was written."""
    known = [units.from_base(value, unit) for value in values if value is not None]
    least, most = f"{min(known):.6g}", f"{max(known):.6g}"
    return f"{least if least == most else f'{least} to {most}'} {unit}".removesuffix(" 1")
