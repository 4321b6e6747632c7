"""How are numbers laid out in memory, so that any two of them can be multiplied?

Every array inside the planner is float64 and has the same axes in one fixed order. An array
has length 1 along an axis on which it does not vary, so NumPy's broadcasting is always right and no
labels are needed in the hot path. Helpers here keep the dimensions; labels are put on once, at the
border, from `Labels`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from planner.errors import PlannerError, suggestion

Array = npt.NDArray[np.float64]
Sizes = Mapping[int, int]

AXES = (
    "draw",
    "month",
    "hour",
    "region",
    "program",
    "ecu",
    "workload",
    "package",
    "data",
    "service",
    "function",
    "item",
    "network",
    "tier",
    "link",
    "site",
    "hardware",
    "scale",
    "term",
)
RANK = len(AXES)
FEW = 100  # numbers at each position of an axis from which NumPy is called for each position
TILE = 500_000  # bytes: half of the cache that a core has to itself
RUN = 7  # numbers that NumPy adds one after the other in any layout, from 0 on
DRAW, MONTH, HOUR, REGION, PROGRAM, ECU, WORKLOAD, PACKAGE = range(8)
DATA, SERVICE, FUNCTION, ITEM, NETWORK, TIER, LINK, SITE = range(8, 16)
HARDWARE, SCALE, TERM = range(16, RANK)


class AxisError(PlannerError):
    """An axis or a label that does not exist, or an array that does not fit its axes."""


def axis_number(name: str) -> int:
    """The position of the axis called `name`."""
    if name not in AXES:
        raise AxisError(f'"{name}" is not an axis; {suggestion(name, AXES)}')
    return AXES.index(name)


def parse_axes(text: str) -> tuple[int, ...]:
    """Axes named in a text, separated by spaces or commas, in the fixed order."""
    axes = sorted(axis_number(name) for name in text.replace(",", " ").split())
    if len(set(axes)) < len(axes):
        raise AxisError(f'"{text}" names an axis twice')
    return tuple(axes)


def axis_names(axes: Sequence[int]) -> str:
    """Axes in words, for messages: "month, region", or "no axis"."""
    return ", ".join(AXES[axis] for axis in axes) or "no axis"


def shape_of(axes: Sequence[int], sizes: Sizes) -> tuple[int, ...]:
    """The full shape of an array that varies on `axes`; an axis without a size has length 1."""
    return tuple(sizes.get(axis, 1) if axis in axes else 1 for axis in range(RANK))


def place(values: npt.ArrayLike, *axes: int) -> Array:
    """Give `values`, whose dimensions are `axes` in the fixed order, the full rank."""
    array = np.asarray(values, dtype=np.float64)
    if list(axes) != sorted(set(axes)):
        raise AxisError(f"axes must be in the fixed order and named once: {axis_names(axes)}")
    if array.ndim != len(axes):
        raise AxisError(f"{array.ndim} dimensions cannot be placed on {axis_names(axes)}")
    shape = [1] * RANK
    for axis, length in zip(axes, array.shape, strict=True):
        shape[axis] = length
    return array.reshape(shape)


def on(x: Array, *axes: int) -> Array:
    """The array with the draw axis and `axes` only, in the fixed order; the inverse of `place(x, DRAW, *axes)`."""
    return x.reshape(x.shape[DRAW], *(x.shape[axis] for axis in axes))


def concatenate(axis: int, *parts: Array) -> Array:
    """Join arrays along `axis`, after they are broadcast to each other on all other axes."""
    heads = {first(part, axis).shape for part in parts}
    if len(heads) > 1:
        shape = np.broadcast_shapes(*heads)
        parts = tuple(
            np.broadcast_to(part, (*shape[:axis], part.shape[axis], *shape[axis + 1 :]))
            for part in parts
        )
    shape = parts[0].shape
    length = sum(part.shape[axis] for part in parts)
    result = empty((*shape[:axis], length, *shape[axis + 1 :]))
    return np.concatenate(parts, axis=axis, out=result)


def contract(x: Array, y: Array, axis: int) -> Array:
    """The sum of `x * y` over `axis`, which keeps length 1, one position of it at a time."""
    result = empty(np.broadcast_shapes(first(x, axis).shape, first(y, axis).shape))
    for tile in _tiles(result, 2):
        mine, left, right = (_tile(each, tile) for each in (result, x, y))
        np.multiply(first(left, axis), first(right, axis), out=mine)
        term = np.empty_like(mine)
        for position in range(1, max(x.shape[axis], y.shape[axis])):
            np.multiply(take(left, axis, position), take(right, axis, position), out=term)
            mine += term
    return result


def gathered(x: Array, part: Array, axis: int, to: int) -> Array:
    """The sum of `x * part` over `axis`, for each position of the axis `to`, on which `part` varies.

    Pairs of positions whose part is 0 in all draws are passed over, as most are where each region has its site.
    """
    result = empty(np.broadcast_shapes(first(x, axis).shape, first(part, axis).shape))
    sources = range(max(x.shape[axis], part.shape[axis]))
    for position in range(part.shape[to]):
        mine = take(part, to, position)
        shares = [take(mine, axis, each) for each in sources]
        used = [each for each in sources if shares[each].any()]
        whole = [bool((share == 1.0).all()) for share in shares]
        column = take(result, to, position)
        for tile in _tiles(column, 2):
            target, flow = _tile(column, tile), _tile(x, tile)
            target[...] = 0.0
            for source in used:
                term = take(flow, axis, source)
                target += term if whole[source] else term * _tile(shares[source], tile)
    return result


def _tiles(x: Array, arrays: int) -> list[slice]:
    """Consecutive parts of the months of an array, of which so many arrays fit the cache of a core together."""
    months = x.shape[MONTH]
    step = max(1, TILE * months // (arrays * x.nbytes))
    return [slice(start, start + step) for start in range(0, months, step)]


def _tile(x: Array, months: slice) -> Array:
    """Some months of an array, or all of it where it does not vary by month."""
    return x[:, months] if x.shape[MONTH] > 1 else x


def summed(x: Array, y: Array, *axes: int) -> Array:
    """The sum of `x * y` over `axes`, which keep length 1; besides, `x` and `y` vary on other axes than each other.

    A matrix product for each draw, of matrices that lie in memory as those of a single draw: its order of additions
    does not depend on how many draws there are.
    """
    left, right = (_matrix(each, axes) for each in (x, y))
    product: Array = np.matmul(left, right.swapaxes(1, 2))
    varying = [
        axis
        for each in (x, y)
        for axis in range(1, each.ndim)
        if each.shape[axis] > 1 and axis not in axes
    ]
    shape = [1] * x.ndim
    for axis in varying:
        shape[axis] = max(x.shape[axis], y.shape[axis])
    shape[DRAW] = len(product)
    product = product.reshape(len(product), *(shape[axis] for axis in varying))
    return product.transpose(DRAW, *(1 + np.argsort(varying))).reshape(shape)


def _matrix(x: Array, axes: tuple[int, ...]) -> Array:
    """`x` as (draw, all other axes, `axes`)."""
    others = [axis for axis in range(1, x.ndim) if axis not in axes]
    size = math.prod(x.shape[axis] for axis in axes)
    return np.ascontiguousarray(x.transpose(DRAW, *others, *axes)).reshape(len(x), -1, size)


def product(x: Array, y: Array) -> Array:
    """`x * y` with the draws of a position side by side in memory, also where only one of the two varies by draw."""
    return combined(np.multiply, x, y)


def combined(operation: np.ufunc, x: Array, y: Array) -> Array:
    """`operation(x, y)` with the draws of a position side by side in memory, also where only one of the two has draws.

    NumPy's own choice would then be the last axis, which is often short.
    """
    return np.asarray(operation(x, y, out=empty(np.broadcast_shapes(x.shape, y.shape))))


def empty(shape: Sequence[int]) -> Array:
    """A new array of any rank, draws first, in which the draws of a position lie side by side."""
    draws, *others = shape
    return np.empty((*others, draws)).transpose(len(others), *range(len(others)))


def total(x: Array, *axes: int) -> Array:
    """Sum over `axes`, which keep length 1. An axis on which `x` does not vary counts once."""
    for axis in axes:
        if x.shape[axis] > 1:
            x = added(x, axis)
    return x


def added(x: Array, axis: int) -> Array:
    """Sum over one axis, which keeps length 1, of an array of any rank, to the same bits however it lies in memory.

    NumPy adds eight numbers at a time where they lie side by side, else one after the other. Runs of less than eight
    numbers that start from 0 are added one after the other in both cases, so that a draw does not depend on how many
    draws lie beside it.
    """
    length = x.shape[axis]
    if length <= RUN:
        return np.asarray(np.add.reduce(x, axis=axis, keepdims=True, initial=0.0))
    axis %= x.ndim
    runs = length // RUN
    before = (slice(None),) * axis
    head = x[(*before, slice(0, runs * RUN))]
    shape = (*x.shape[:axis], runs, RUN, *x.shape[axis + 1 :])
    sums = np.add.reduce(head.reshape(shape), axis=axis + 1, initial=0.0)
    result = added(sums, axis)
    rest = x[(*before, slice(runs * RUN, None))]
    return result + added(rest, axis) if length % RUN else result


def mapped(x: Array, matrix: npt.ArrayLike, axis: int) -> Array:
    """`x` with its positions along `axis` mixed: position j becomes the sum over i of x[i] * matrix[i][j]."""
    axis %= x.ndim
    columns = np.asarray(matrix, dtype=np.float64).T.tolist()
    result = empty((*x.shape[:axis], len(columns), *x.shape[axis + 1 :]))
    for target, weights in enumerate(columns):
        column = take(result, axis, target)
        np.multiply(first(x, axis), weights[0], out=column)
        for position, weight in enumerate(weights[1:], 1):
            if weight:
                part = take(x, axis, position)
                column += part if weight == 1.0 else part * weight
    return result


def mean(x: Array, axis: int) -> Array:
    """Mean over one axis, which keeps length 1."""
    return np.asarray(added(x, axis) / x.shape[axis])


def peak(x: Array, *axes: int) -> Array:
    """Largest value over `axes`, which keep length 1."""
    return np.asarray(np.maximum.reduce(x, axis=axes, keepdims=True))


def lowest(x: Array, *axes: int) -> Array:
    """Smallest value over `axes`, which keep length 1."""
    return np.asarray(np.minimum.reduce(x, axis=axes, keepdims=True))


def cumulative(x: Array, axis: int) -> Array:
    """Running sum along `axis`. Spread `x` first if it does not vary there."""
    return running(np.add, x, axis)


def spread(x: Array, axis: int, size: int) -> Array:
    """Repeat `x` along an axis on which it does not vary, as a read-only view of length `size`."""
    return np.broadcast_to(x, (*x.shape[:axis], size, *x.shape[axis + 1 :]))


def take(x: Array, axis: int, index: int) -> Array:
    """One position of an axis, which keeps length 1; `x` itself where it does not vary there."""
    length = x.shape[axis]
    if length == 1:
        return x
    if not -length <= index < length:
        raise AxisError(f"position {index} is outside the {length} of the axis {AXES[axis]}")
    index %= length
    return x[(slice(None),) * axis + (slice(index, index + 1),)]


def first(x: Array, axis: int) -> Array:
    """The first position of an axis, which keeps length 1."""
    return take(x, axis, 0)


def once(fn: Callable[..., Array], axis: int, x: Array, *others: Array) -> Array:
    """`fn(x, *others)`, a function of each position along `axis` alone that is 0 where `x` is.

    Positions at which no argument differs are computed once, and those at which `x` is 0 in all draws not at all: a
    costly function of what the sites of a pool share.
    """
    all_ = (x, *others)
    heads: list[int] = []  # positions that are computed
    places: list[int] = []  # for each position the one among `heads` that is like it, or -1
    for position in range(max(each.shape[axis] for each in all_)):
        mine = [take(each, axis, position) for each in all_]
        alike = [
            place
            for place, head in enumerate(heads)
            if all(map(np.array_equal, mine, [take(each, axis, head) for each in all_]))
        ]
        if not alike and mine[0].any():
            alike = [len(heads)]
            heads.append(position)
        places.append(alike[0] if alike else -1)
    if not heads:
        return np.zeros((1,) * x.ndim)
    some = [
        np.concatenate([take(each, axis, head) for head in heads], axis=axis)
        if each.shape[axis] > 1
        else each
        for each in all_
    ]
    found = fn(*some)
    none = np.zeros_like(first(found, axis))
    columns = [take(found, axis, place) if place >= 0 else none for place in places]
    return np.concatenate(columns, axis=axis)


@dataclass(frozen=True)
class Labels:
    """What the positions along each axis are called: months as "2024-01", regions as "japan".

    `names` has one tuple an axis, in the fixed order; an axis without labels has length 1.
    """

    names: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, **names: Sequence[str]) -> Labels:
        """Labels from axis names: `Labels.of(month=["2024-01"], region=["japan", "taiwan"])`."""
        by_axis = {axis_number(axis): tuple(labels) for axis, labels in names.items()}
        for axis, labels in by_axis.items():
            if len(set(labels)) < len(labels):
                raise AxisError(f"the axis {AXES[axis]} has a label twice: {', '.join(labels)}")
        return cls(tuple(by_axis.get(axis, ()) for axis in range(RANK)))

    def __getitem__(self, axis: int) -> tuple[str, ...]:
        return self.names[axis]

    @property
    def sizes(self) -> dict[int, int]:
        """The length of every axis."""
        return {axis: max(1, len(labels)) for axis, labels in enumerate(self.names)}

    def index(self, axis: int, label: str) -> int:
        """The position of `label` on `axis`."""
        if label not in self.names[axis]:
            hint = suggestion(label, self.names[axis]) if self.names[axis] else "it has no labels"
            raise AxisError(f'"{label}" is not on the axis {AXES[axis]}; {hint}')
        return self.names[axis].index(label)


def running(step: np.ufunc, x: Array, axis: int) -> Array:
    """`step.accumulate(x, axis)` of an array of any rank, to the same bits; the result lies in memory as `x` does.

    NumPy goes along the axis once for each number beside it, which is 20 times slower where many draws lie side by
    side; one position of all at a time is slower where there are few.
    """
    if x.size <= FEW * x.shape[axis]:
        return np.asarray(step.accumulate(x, axis=axis))
    result = np.empty_like(x)
    source, target = np.moveaxis(x, axis, 0), np.moveaxis(result, axis, 0)
    target[0] = source[0]
    for position in range(1, len(source)):
        step(target[position - 1], source[position], out=target[position])
    return result


def rows_of(table: Array, row: npt.NDArray[np.int64]) -> Array:
    """For each entry of `row` the number in that row of `table`; both have any rank, with rows first and draws last.

    Along all other axes the two are broadcast to each other: result[i, j, d] = table[row[i, j, d], j, d].
    """
    others = table.shape[1:]
    if math.prod(row.shape[1:]) == 1:
        return table[row.ravel()]
    size = math.prod(others)
    beside = np.arange(size).reshape(others)
    return table.reshape(-1).take(row * size + beside)
