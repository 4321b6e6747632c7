"""How is a graph of quantities computed, fast and in little memory?

A `Program` is what one request comes down to: steps in the order of execution, on numbered slots.
It computes what is the same in all draws once, the rest in chunks of draws that fit the processor's
cache; it frees each value after its last use, and checks every result: full rank, declared axes,
float64, no NaN. A fault names the quantity. Because draws come in chunks, no quantity may mix them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.axes import AXES, DRAW, RANK, Array, axis_names, place, shape_of
from planner.errors import PlannerError
from planner.quantity import GraphError, Quantity, QuantityError

Shape = tuple[int, ...]
Moved = npt.NDArray[np.bool_]
"""For each draw whether something differs in it from a first run."""

FLOAT64 = np.dtype(np.float64)
ITEM_BYTES = FLOAT64.itemsize
FEW = 10_000
"""Elements below which OpenBLAS takes a dot product in one thread (its kernel/x86_64/ddot.c)."""
WORKING_SET = 96_000_000
"""Bytes of intermediate values alive at once.

Measured on 1,000 draws of the headline plan, with 1 MB of L2 cache a core and 32 MB of L3: 16 MB (44 draws at once)
cost a third more time a draw, 32 MB a seventh more, 96 MB as much, 128 MB a tenth more.
"""


@dataclass(frozen=True)
class Step:
    """One quantity: how to fetch its arguments, the slot of its result, slots to free, full shape."""

    quantity: Quantity
    fn: Callable[..., Array]
    arguments: Callable[[list[Any]], Sequence[Any]]
    out: int
    frees: tuple[int, ...]
    shape: Shape


@dataclass(frozen=True)
class Program:
    """The steps to the wanted quantities from the given values; `moving` names vary by draw.

    `sound` remembers by number of draws the last shape found right in each slot: a re-run does not
    look at it again.
    """

    slots: Mapping[str, int]
    once: tuple[Step, ...]
    by_chunk: tuple[Step, ...]
    wanted: tuple[str, ...]
    moving: frozenset[str]
    sound: dict[int, list[Shape | None]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        quantities: Sequence[Quantity],
        given: Mapping[str, object],
        wanted: tuple[str, ...],
        varying: frozenset[str],
        lengths: Shape,
    ) -> Program:
        """Settle where each value lies, what is freed when, and what is computed once.

        `quantities` come each after all that it needs; `varying` are the given names that vary by
        draw; `lengths` are those of all axes.
        """
        moving = set(varying)
        for each in quantities:
            if not moving.isdisjoint(each.parameters):
                moving.add(each.name)
        # A stable sort: what is the same in all draws comes first, each still after its needs.
        ordered = sorted(quantities, key=lambda each: each.name in moving)
        slots = {name: i for i, name in enumerate((*given, *(each.name for each in ordered)))}
        last_use = {parent: each.name for each in ordered for parent in each.parameters}
        kept = frozenset(wanted)
        sizes = dict(enumerate(lengths))
        shapes = {axes: shape_of(axes, sizes) for axes in {each.axes for each in quantities}}

        def step(each: Quantity) -> Step:
            frees = [
                slots[name]
                for name in each.parameters
                if last_use[name] == each.name
                and name not in kept
                and (name in moving) == (each.name in moving)
            ]
            fetch = _fetch([slots[name] for name in each.parameters])
            return Step(each, each.fn, fetch, slots[each.name], tuple(frees), shapes[each.axes])

        return cls(
            slots=slots,
            once=tuple(step(each) for each in ordered if each.name not in moving),
            by_chunk=tuple(step(each) for each in ordered if each.name in moving),
            wanted=wanted,
            moving=frozenset(moving),
        )

    def run(self, given: Mapping[str, object], draws: int, chunk: int | None) -> dict[str, Array]:
        """The wanted values, read-only; with `draws` entries where they depend on what varies."""
        values: list[Any] = [None] * len(self.slots)
        for name, value in given.items():
            values[self.slots[name]] = value
        pieces: dict[str, list[Array]] = {name: [] for name in self.wanted if name in self.moving}
        size = chunk or self._chunk_size(draws)
        with np.errstate(invalid="ignore"):  # what is invalid is NaN, which is refused by name
            self._execute(self.once, values, 1)
            for start in range(0, draws, size) if pieces else ():
                length = min(size, draws - start)
                local = values.copy()
                for name in given.keys() & self.moving:
                    local[self.slots[name]] = _part(given[name], start, start + length)
                self._execute(self.by_chunk, local, length)
                for name, parts in pieces.items():
                    parts.append(_detached(local[self.slots[name]], length, whole=length == draws))
        return {
            name: _joined(pieces[name]) if name in pieces else values[self.slots[name]]
            for name in dict.fromkeys(self.wanted)
        }

    def _execute(self, steps: tuple[Step, ...], values: list[Any], draws: int) -> None:
        """Put the result of each step into `values`, checked, and free what is used up.

        A sum of squares is NaN only if an element is, and so is the largest element; a plain sum
        may also be inf - inf. For a few elements the one is faster, for many the other, because
        a dot product then starts threads, which wait for each other on a busy machine.
        """
        vdot, largest, ndarray = np.vdot, np.maximum.reduce, np.ndarray
        sound = self.sound.setdefault(draws, [None] * len(self.slots))
        for step in steps:
            try:
                x = step.fn(*step.arguments(values))
            except PlannerError:
                raise
            except Exception as error:
                raise _failure(step.quantity, error) from error
            if type(x) is not ndarray or x.dtype is not FLOAT64:
                raise _wrong_type(step.quantity, x)
            shape = x.shape
            if shape != sound[step.out]:
                _check_shape(step, shape, draws)
                sound[step.out] = shape
            if shape[DRAW] != draws:
                _check_unmixed(step, x, values)
            if draws > 1 and _draws_apart(x):
                x = _draws_innermost(x)
            size = x.size
            flat = size < FEW and (draws == 1 or size == draws)
            mark = vdot(x, x) if flat else largest(x, axis=None)
            if mark != mark:
                raise _not_a_number(step, x, values)
            x.setflags(write=False)
            # A sum over an axis on which a value does not vary would count it once, so it is spread first.
            values[step.out] = x if shape[1:] == step.shape[1:] else _spread(x, step.shape)
            for slot in step.frees:
                values[slot] = None

    def _chunk_size(self, draws: int) -> int:
        """How many draws have intermediate values that fit the cache, in chunks that are about the same size."""
        live: dict[int, int] = {}
        most = 1
        for step in self.by_chunk:
            live[step.out] = math.prod(step.shape) * FLOAT64.itemsize
            most = max(most, sum(live.values()))
            for slot in step.frees:
                live.pop(slot, None)
        chunks = -(-draws // max(1, WORKING_SET // most))
        return -(-draws // chunks)


def varied(
    quantities: Sequence[Quantity],
    base: Mapping[str, object],
    moved: Mapping[str, Moved],
    leaf_at: Callable[[str, Moved], object],
) -> dict[str, tuple[Moved, Array]]:
    """Where the quantities differ from a first run when inputs move, each in a few draws of its own, and their values.

    `quantities` come each after all that it needs; `base` has the values of the first run and of all
    inputs; `moved` says of each input that moves in which draws it does, and `leaf_at` gives its
    values in some draws. A quantity is computed only in the draws in which a parameter differs from
    the first run: most inputs move little, and what is rounded to whole units stops many of them.
    """
    where: dict[str, Moved] = dict(moved)
    values: dict[str, Array] = {}
    with np.errstate(invalid="ignore"):
        for each in quantities:
            parents = [name for name in each.parameters if name in where]
            if not parents:
                continue
            mine = np.logical_or.reduce([where[name] for name in parents])
            count = int(np.count_nonzero(mine))
            args: list[Any] = []
            for name in each.parameters:
                if name not in where:
                    args.append(base[name])
                elif name in moved:
                    args.append(_part(leaf_at(name, mine), 0, count))
                else:
                    args.append(_in_place(values[name], base[name], where[name][mine]))
            try:
                x = each.fn(*args)
            except PlannerError:
                raise
            except Exception as error:
                raise _failure(each, error) from error
            first = np.asarray(base[each.name])
            if _draws_apart(x):
                x = _draws_innermost(x)
            x = np.broadcast_to(x, (count, *first.shape[1:]))
            if np.isnan(np.maximum.reduce(x, axis=None)):
                raise QuantityError(each.name, f"is NaN where an input moves ({each.where})")
            differs = np.moveaxis(x != first, DRAW, -1).reshape(-1, count).any(axis=0)
            if differs.any():
                values[each.name] = x if differs.all() else _draws_innermost(x, differs)
                mine[mine] = differs
                where[each.name] = mine
    return {name: (where[name], x) for name, x in values.items()}


def _in_place(x: Array, first: Any, rows: Moved) -> Array:
    """Values where they differ, among those of the first run in all other draws."""
    if len(x) == len(rows):
        return x
    whole = np.empty((*first.shape[1:], len(rows)))
    whole[...] = np.moveaxis(first, DRAW, -1)
    whole[..., rows] = np.moveaxis(x, DRAW, -1)
    return np.moveaxis(whole, -1, DRAW)


def given_leaf(name: str, value: object, lengths: Shape) -> object:
    """The value of a leaf as the quantities see it: an array read-only, another object as it is."""
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype != FLOAT64 or not _fits(value.shape, lengths):
        raise GraphError(
            f"the input {name} is an array of {value.dtype} and shape {value.shape}; "
            f"expected float64 of length 1 or {lengths}"
        )
    return _read_only(value)


def given_override(original: Quantity, value: npt.ArrayLike, lengths: Shape) -> Array:
    """A user's value for a quantity: a number, an array on its axes, or one of full rank."""
    name, axes = original.name, original.axes
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise QuantityError(name, f"the override {value!r} is not a number or an array") from None
    shape = array.shape
    if array.ndim == 0:
        array = array.reshape((1,) * RANK)
    elif array.ndim == len(axes):
        array = place(array, *axes)
    full = shape_of((DRAW, *axes), dict(enumerate(lengths)))
    if not _fits(array.shape, full):
        own = ", ".join(f"{AXES[axis]} ({lengths[axis]})" for axis in axes) or "no axis"
        raise QuantityError(name, f"it varies by {own}; the override has the shape {shape}")
    if np.isnan(array).any():
        raise QuantityError(name, "the override is NaN")
    return _read_only(_spread(array, full))


def _fetch(slots: Sequence[int]) -> Callable[[list[Any]], Sequence[Any]]:
    """A function that reads `slots` of a list; for one slot a slice, which gives a sequence too."""
    if len(slots) > 1:
        return itemgetter(*slots)
    return itemgetter(slice(slots[0], slots[0] + 1) if slots else slice(0))


def varies(value: object) -> bool:
    """Whether a given value differs between draws: by its draw axis, or as an object by its `draws`."""
    if isinstance(value, np.ndarray):
        return int(value.shape[DRAW]) > 1
    return int(getattr(value, "draws", 1)) > 1


def _fits(shape: Shape, lengths: Shape) -> bool:
    """Whether a shape has full rank and on every axis length 1 or the axis' own."""
    return len(shape) == RANK and all(
        n in (1, full) for n, full in zip(shape, lengths, strict=True)
    )


def _read_only(x: Array) -> Array:
    """A view that cannot be written to, with the draws of each position side by side."""
    view = (_draws_innermost(x) if _draws_apart(x) else x).view()
    view.setflags(write=False)
    return view


def _part(value: Any, start: int, stop: int) -> Any:
    """The draws from `start` to `stop` of a value that varies by draw."""
    if isinstance(value, np.ndarray):
        return value[start:stop]
    return value.chunk(start, stop)


def _draws_apart(x: Array) -> bool:
    """Whether the draws of a position do not lie side by side in memory."""
    return x.shape[DRAW] > 1 and x.strides[DRAW] != ITEM_BYTES


def _draws_innermost(x: Array, rows: Moved | slice = slice(None)) -> Array:
    """A copy, or some draws of it, in which the draws of each position lie side by side; the axes stay in their order.

    NumPy's innermost loop then runs over draws, whatever an operation broadcasts, instead of over a few sites or
    links: three times faster. What is computed from such arrays mostly comes out in the same layout.
    """
    last = np.ascontiguousarray(x.transpose(*range(1, x.ndim), DRAW)[..., rows])
    return last.transpose(x.ndim - 1, *range(x.ndim - 1))


def _detached(x: Array, draws: int, whole: bool) -> Array:
    """A result of one chunk with an entry for each draw, which keeps no larger array alive."""
    entries = np.broadcast_to(x, (draws, *x.shape[1:]))
    return entries if whole or x.base is None else entries.copy()


def _joined(parts: list[Array]) -> Array:
    """Chunks put together, and let go: only one result at a time exists twice."""
    whole = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=DRAW)
    parts.clear()
    whole.setflags(write=False)
    return whole


def _failure(each: Quantity, error: Exception) -> QuantityError:
    message = " ".join(str(error).split())
    return QuantityError(each.name, f"{type(error).__name__}: {message} ({each.where})")


def _spread(x: Array, shape: Shape) -> Array:
    return np.broadcast_to(x, (x.shape[DRAW], *shape[1:]))


def _wrong_type(each: Quantity, x: object) -> QuantityError:
    kind = f"an array of {x.dtype}" if isinstance(x, np.ndarray) else f"a {type(x).__name__}"
    return QuantityError(each.name, f"gives {kind}; expected an array of float64 ({each.where})")


def _check_shape(step: Step, shape: Shape, draws: int) -> None:
    """Refuse a result of another rank, or with an axis undeclared or of another length."""
    each, allowed = step.quantity, (draws, *step.shape[1:])
    if len(shape) != RANK:
        raise QuantityError(
            each.name, f"has {len(shape)} dimensions, not {RANK}: keep them ({each.where})"
        )
    for axis, (length, full) in enumerate(zip(shape, allowed, strict=True)):
        if length in (1, full):
            continue
        if axis == DRAW or axis in each.axes:
            problem = f"has length {length} on the axis {AXES[axis]}, which has {full}"
        else:
            problem = f"varies by {AXES[axis]}, but declares {axis_names(each.axes)}"
        raise QuantityError(each.name, f"{problem} ({each.where})")


def _check_unmixed(step: Step, x: Array, values: list[Any]) -> None:
    """Refuse one entry for many draws, unless the first draw alone gives the same."""
    args = step.arguments(values)
    alone = step.fn(*[arg[:1] if isinstance(arg, np.ndarray) else arg for arg in args])
    if not np.array_equal(alone, x, equal_nan=True):
        each = step.quantity
        raise QuantityError(
            each.name, f"mixes draws; no quantity may reduce over that axis ({each.where})"
        )


def _not_a_number(step: Step, x: Array, values: list[Any]) -> QuantityError:
    """The fault of a NaN: where the first one is, and which parameters have one already."""
    each = step.quantity
    position = np.argwhere(np.isnan(x))[0]
    axes = [f"{AXES[axis]} {position[axis]}" for axis in each.axes if x.shape[axis] > 1]
    sources = [
        name
        for name, value in zip(each.parameters, step.arguments(values), strict=True)
        if isinstance(value, np.ndarray) and np.isnan(value).any()
    ]
    message = "is NaN" + (f" at position {', '.join(axes)}" if axes else "")
    message += f", as is its parameter {', '.join(sources)}" if sources else ""
    return QuantityError(each.name, f"{message} ({each.where})")
