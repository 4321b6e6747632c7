"""Which uncertain inputs does the plan rest on most?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from planner import units
from planner.axes import DRAW, MONTH, Array
from planner.inputs.leaves import LeafTable
from planner.results import Results
from planner.runner import Moved, varied

SWING_QUANTITIES = ("tco", "gpus_required")
INPUTS_AT_A_TIME = 100  # keeps the memory small; each is computed only where it changes something
DIGITS = 3  # of a percentile, which may be computed and not written
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


def assumptions(plan: Results, count: int = 10) -> list[Assumption]:
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


def _uncertain(plan: Results) -> dict[str, list[int]]:
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


def _swings(plan: Results, inputs: Sequence[Sequence[int]]) -> dict[str, Array]:
    """Sizes of the swing quantities with the rows of each input at their lows and their highs, shape (input, 2)."""
    table, graph = plan.project.table, plan.project.graph
    steps = graph.order(SWING_QUANTITIES)
    base = {**plan.project.leaves, **dict(zip(steps, plan.values(*steps), strict=True))}
    quantities = [graph[name] for name in steps if name not in plan.project.overrides]
    swings = {
        name: np.full((len(inputs), 2), _size(plan.values(name)[0])) for name in SWING_QUANTITIES
    }
    for start in range(0, len(inputs), INPUTS_AT_A_TIME):
        some = inputs[start : start + INPUTS_AT_A_TIME]
        draws: dict[int, Array] = {}
        moved: dict[str, Moved] = {}
        for position, members in enumerate(some):
            for index in members:
                row = table.rows[index]
                draws[index] = np.full(2 * len(some), row.value)
                draws[index][2 * position : 2 * position + 2] = row.low, row.high
                mine = moved.setdefault(row.leaf, np.zeros(2 * len(some), dtype=bool))
                mine[2 * position : 2 * position + 2] = True
        at = partial(_leaf_at, table, draws)
        for name, (where, values) in varied(quantities, base, moved, at).items():
            if name in swings:
                swings[name][start : start + len(some)].reshape(-1)[where] = _size(values)
    return swings


def _leaf_at(table: LeafTable, draws: dict[int, Array], name: str, where: Moved) -> object:
    """The value of a leaf in some of the draws."""
    mine = [row for row in table.leaves[name].rows if row in draws]
    return table.value(name, {row: draws[row][where] for row in mine})


def _size(x: Array) -> Array:
    """The size of a quantity for comparison: the largest month of its sum over sites, by draw."""
    flat = x.reshape(x.shape[DRAW], x.shape[MONTH], -1)
    return np.asarray(flat.sum(axis=2).max(axis=1))


def _assumption(
    plan: Results, path: str, members: Sequence[int], moves: dict[str, float]
) -> Assumption:
    rows = [plan.project.table.rows[index] for index in members]
    first = rows[0]
    return Assumption(
        path,
        first.file,
        first.line,
        plan.project.table.leaves[first.leaf].meaning,
        _written([row.value for row in rows], first.unit),
        _written([row.low for row in rows], first.unit, DIGITS),
        _written([row.high for row in rows], first.unit, DIGITS),
        first.confidence,
        first.source,
        moves,
    )


def _written(values: Sequence[float | None], unit: str, digits: int = 6) -> str:
    """One value, or the span of several, in the unit in which the first was written."""
    exact = [units.from_base(value, unit) for value in values if value is not None]
    known = [float(f"{value:.{digits}g}") for value in exact]
    least, most = f"{min(known):.6g}", f"{max(known):.6g}"
    return f"{least if least == most else f'{least} to {most}'} {unit}".removesuffix(" 1")
