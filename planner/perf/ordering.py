"""When must whole units enter service so that a need is met, if nothing can come before a first month?

The plain rule of the decision nodes: orders cover a fixed number of months; each covers the largest shortfall in
them, rounded up to whole units; units serve for a fixed life, and what was bought once is replaced when it ends. A true
recurrence over months, vectorised over draws and places.

Replacing like for like is what lets a larger need never have less in service. Were only what is needed then replaced,
a unit bought earlier would also leave earlier, and the larger need could be left with fewer once both had fallen; no
rule with fixed lives that lets go of units is free of that. Two cases remain: where lives are not whole order
intervals, a unit and its replacement stand together for some months, and these are other months for another need; and
what retires while nothing may be ordered is not replaced until orders are allowed again.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.axes import Array, rows_of, running

# Rounding noise of the need must not buy one unit more: a need of 3.0000000001 units is 3.
ROUNDING = 1e-9

SECONDS_A_DAY = 86_400.0

Whole = npt.NDArray[np.int64]


def whole_units(need: Array) -> Array:
    """The least whole number of units that covers a need."""
    return np.asarray(np.ceil(need - ROUNDING * np.maximum(1.0, np.abs(need))) + 0.0)  # no -0


def entering_service(
    need: Array, before: Array, may_enter: Array, first: Whole, interval: int, life: Whole
) -> Array:
    """Units entering service by month, shape (draw, month, place, ...).

    `need` unrounded units needed; `before` units in service without the plan's orders; `may_enter` 1 where units may
    enter, else 0 (all (draw, month, place, ...)); `first` the first month with orders (draw, place, ...); `interval`
    months that an order covers; `life` months that a unit serves (draw, 1).
    """
    short = _draws_last(need - before)
    due = _due(may_enter, first, interval)
    months, chances = len(short), np.flatnonzero(due.any(axis=tuple(range(1, due.ndim))))
    due = due[chances]
    worst = np.where(due, _largest_ahead(short, interval)[chances], 0.0)
    level = running(np.maximum, whole_units(np.maximum(worst, 0.0)), 0)
    shape = (*level.shape[1:-1], max(level.shape[-1], len(life)))
    entered = np.zeros((len(chances) + 1, *shape))  # before each chance
    chances_before = np.searchsorted(chances, np.arange(months + 1))
    serves, shortest = life.reshape(*(1,) * len(shape), -1), int(life.min(initial=months))
    start = 0
    while start < len(chances):
        # As many at once as depend only on what has entered before the first of them.
        reach = chances[start] + max(shortest - interval, 0)
        stop = int(np.searchsorted(chances, reach, side="right"))
        month = chances[start:stop].reshape(-1, *(1,) * len(shape))
        gone = np.clip(np.minimum(month + interval, months) - serves, 0, month)
        left = rows_of(entered, chances_before[gone]) if gone.any() else 0.0
        replaced = np.where(due[start:stop], level[start:stop] + left, 0.0)
        grown = running(np.maximum, replaced, 0)
        np.maximum(entered[start], grown, out=entered[start + 1 : stop + 1])
        start = stop
    entering = np.zeros((months, *shape))
    entering[chances] = np.diff(entered, axis=0)
    return np.moveaxis(entering, -1, 0)


def _draws_last(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Draws on the last axis, so that the innermost loops run over them."""
    return np.moveaxis(x, 0, -1)


def order_months(may_enter: Array, first: Whole, interval: Whole | int) -> npt.NDArray[np.bool_]:
    """Whether units may enter service in each month: every `interval` months from `first` on.

    `may_enter` and the result (draw, month, place, ...), `first` (draw, place, ...), and `interval` as well, or a
    single number.
    """
    return np.moveaxis(_due(may_enter, first, interval), -1, 0)


def _due(may_enter: Array, first: Whole, interval: Whole | int) -> npt.NDArray[np.bool_]:
    """The same in the shape (month, place, ..., draw)."""
    begin = _draws_last(first)
    every = interval if isinstance(interval, int) else _draws_last(interval)
    month = np.arange(may_enter.shape[1]).reshape(-1, *(1,) * begin.ndim)
    in_turn = month % every == begin % every
    return np.asarray((month >= begin) & in_turn & (_draws_last(may_enter) > 0))


def _largest_ahead(x: Array, count: int) -> Array:
    """The largest value of each month (first axis) and the next, `count` in all, as far as there are months."""
    result, reach = x.copy(), 1
    while reach < min(count, len(x)):
        step = min(reach, count - reach)
        result[:-step] = np.maximum(result[:-step], result[step:])
        reach += step
    return result


def in_service(entering: Array, life: Whole) -> Array:
    """Units in service by month: those that entered less than `life` months ago (draw, 1), or (draw, place).

    `entering` (draw, month, place), or (draw, month, place, ...) where the life is the same at all places.
    """
    flows = _draws_last(entering)
    months, *places, draws = flows.shape
    entered = np.zeros((months + 1, *places, draws))
    entered[1:] = running(np.add, flows, 0)
    serving = np.empty((months, *places, max(draws, len(life))))
    serving[...] = entered[1:]
    retiring = min(int(life.min()), months)  # the first month in which something may be gone
    end = np.arange(retiring + 1, months + 1).reshape(-1, *(1,) * (flows.ndim - 1))
    serving[retiring:] -= rows_of(entered, np.maximum(end - _draws_last(life), 0))
    return np.moveaxis(serving, -1, 0)


def _month_of(times: Array, edges: Array) -> Whole:
    """The month that contains each moment [s]; before the first month the first, after the last the last.

    Months begin with days, so that a table of days says it faster than a search.
    """
    months = _month_of_days(edges.tobytes())
    day = (times + (1e-6 - edges[0])) / SECONDS_A_DAY
    within = np.minimum(np.maximum(day, 0.0), len(months) - 1).astype(np.int64)
    found: Whole = months.take(within)
    return found


@lru_cache(maxsize=8)
def _month_of_days(edges: bytes) -> Whole:
    """The month of each day between month boundaries [s]."""
    days = np.rint(np.diff(np.frombuffer(edges)) / SECONDS_A_DAY).astype(np.int64)
    return np.repeat(np.arange(len(days)), days)


def at_month(values: Array, month: Whole) -> Array:
    """The value (draw, 1, place) of one month each (draw, place), of values (draw, month, place)."""
    return np.moveaxis(rows_of(_draws_last(values), month.T[None]), -1, 0)


def at_moment_before(values: Array, by: Array, edges: Array) -> Array:
    """For each month the value of the month that contains the moment `by` [s] before it begins; shapes as below."""
    target = _month_of(_starts(by, edges) - _draws_last(by), edges)
    return np.moveaxis(rows_of(_draws_last(values), target), -1, 0)


def moved_earlier(flows: Array, by: Array, edges: Array) -> Array:
    """Flows booked in the month that contains the moment `by` [s] before their own month begins.

    `flows` (draw, month, place, ...), `by` (draw, place, ...) as far as it varies, `edges` month boundaries [s], all of
    them at the start of a day. What would fall before the first month is booked in the first.
    """
    return _booked(flows, _month_of(_starts(by, edges) - _draws_last(by), edges))


def moved_later(flows: Array, by: Array, edges: Array) -> Array:
    """Flows booked in the month that contains the moment `by` [s] after their own month begins; shapes as above.

    What would fall after the last month is booked in the last.
    """
    return _booked(flows, _month_of(_starts(by, edges) + _draws_last(by), edges))


def _starts(by: Array, edges: Array) -> Array:
    """The moments [s] at which the months begin, on the first of as many axes as it takes for `by`."""
    return edges[:-1].reshape(-1, *(1,) * by.ndim)


def _booked(flows: Array, target: Whole) -> Array:
    """Flows (draw, month, place, ...) added up in their target months (month, place, ..., draw)."""
    values = _draws_last(flows)
    shape = np.broadcast_shapes(values.shape, target.shape)
    size = math.prod(shape[1:])
    flat = target * size + np.arange(size).reshape(shape[1:])
    weights = np.broadcast_to(values, shape).ravel()
    moved = np.bincount(flat.ravel(), weights=weights, minlength=shape[0] * size)
    return np.moveaxis(moved.astype(np.float64, copy=False).reshape(shape), -1, 0)
