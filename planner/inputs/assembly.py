"""From the cells of a leaf to its array: positions on an axis, knots over time.

Every assembly takes cells of shape (draw, cell), so that the same code serves the plan at the medians and any draws.
The draws of a cell lie side by side in memory, and so do those of what is made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from planner import units
from planner.axes import DRAW, MONTH, RANK, Array, empty, place
from planner.inputs.numbers import Leaf

Assemble = Callable[[Array], object]
# A series: the columns of its knots, their weights by month, and how to read between them.
Block = tuple[Sequence[int], Array, str]

LEAST = np.finfo(np.float64).tiny  # a knot of a geometric series that is drawn as 0 counts as this


def cell_assembly(
    placed: Sequence[tuple[int, int]], size: int, leaf: Leaf, axes: tuple[int, ...]
) -> Assemble:
    """Cells to an array of `size` positions; `placed` pairs positions with columns, the rest stand for absence."""
    positions = [position for position, _ in placed]
    columns = [column for _, column in placed]
    absent = leaf.absent * units.scale(leaf.unit)

    def assemble(cells: Array) -> Array:
        values = empty((len(cells), size))
        values[...] = absent
        values[:, positions] = cells[:, columns]
        return place(values, DRAW, *axes) if axes else values.reshape(-1, *(1,) * (RANK - 1))

    return assemble


def series_assembly(
    blocks: Sequence[Block], axes: tuple[int, ...], absent: float = np.nan
) -> Assemble:
    """Knots to monthly values, one block for each position on the second axis; without knots it is absent."""

    def assemble(cells: Array) -> Array:
        values = empty((len(cells), len(blocks[0][1]), len(blocks)))
        for position, (columns, weights, way) in enumerate(blocks):
            knots = cells.T[list(columns)]
            monthly = values[:, :, position].T
            if not len(columns):
                monthly[...] = absent
            elif way == "geometric":
                np.exp(weighted(np.log(np.maximum(knots, LEAST)), weights), out=monthly)
            else:
                monthly[...] = weighted(knots, weights)
        return place(values[:, :, 0] if len(axes) == 1 else values, DRAW, *axes)

    return assemble


def weighted(knots: Array, weights: Array) -> Array:
    """Knots (knot, draw) by weights (month, knot): (month, draw), one knot after the other.

    A matrix product adds in an order that depends on the number of draws.
    """
    result: Array = weights[:, :1] * knots[0]
    for share, knot in zip(weights.T[1:], knots[1:], strict=True):
        result += share[:, None] * knot
    return result


def calendar_assembly(
    columns: npt.NDArray[np.intp], first: int, months: int, axis: int
) -> Assemble:
    """Twelve cells a position to monthly values; `columns` by (calendar month, position), `first` the first month."""
    chosen = columns[(first + np.arange(months)) % 12]

    def assemble(cells: Array) -> Array:
        return place(np.moveaxis(cells.T[chosen], -1, 0), DRAW, MONTH, axis)

    return assemble


def interpolation_weights(at: Any, knots: Any, interpolate: str) -> Array:
    """Weights of the knots at each time, shape (time, knot); the ends hold beyond the knots."""
    after = np.searchsorted(knots, at, side="right")
    left = np.clip(after - 1, 0, len(knots) - 1)
    right = np.clip(after, 0, len(knots) - 1)
    weights = np.zeros((len(at), len(knots)))
    times = np.arange(len(at))
    share = np.zeros(len(at))
    if interpolate != "step":
        gap = np.maximum(knots[right] - knots[left], 1)
        share = np.where(right > left, np.clip((at - knots[left]) / gap, 0.0, 1.0), 0.0)
    weights[times, left] += 1.0 - share
    weights[times, right] += share
    return weights
