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

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.axes import Array

# Rounding noise of the need must not buy one unit more: a need of 3.0000000001 units is 3.
ROUNDING = 1e-9

Whole = npt.NDArray[np.int64]


def whole_units(need: Array) -> Array:
    """The least whole number of units that covers a need."""
    return np.asarray(np.ceil(need - ROUNDING * np.maximum(1.0, np.abs(need))) + 0.0)  # no -0


def entering_service(
    need: Array, before: Array, may_enter: Array, first: Whole, interval: int, life: Whole
) -> Array:
    """Units entering service by month, shape (draw, month, place).

    `need` unrounded units needed; `before` units in service without the plan's orders; `may_enter` 1 where units may
    enter, else 0 (all (draw, month, place)); `first` the first month with orders (draw, place); `interval` months
    that an order covers; `life` months that a unit serves (draw, 1).
    """
    short = _draws_last(need - before)
    months, _, draws = short.shape
    due = _draws_last(order_months(may_enter, first, interval))
    worst = np.where(due, _largest_ahead(short, interval), 0.0)
    level = np.maximum.accumulate(whole_units(np.maximum(worst, 0.0)), axis=0)
    # Until something retires, what enters is what the level rises by: no recurrence.
    simple = max(int(life.min(initial=months)) - interval + 1, 0)
    entering = np.zeros(short.shape)
    entering[:simple] = np.diff(level[:simple], axis=0, prepend=0.0)
    running = np.zeros((months + 1, *short.shape[1:]))  # entered before each month
    running[1 : simple + 1] = level[:simple]
    running[simple + 1 :] = running[simple : simple + 1]
    chances = np.flatnonzero(due[simple:].any(axis=(1, 2))) + simple
    for month, following in pairwise([*chances, months]):
        gone = np.clip(min(month + interval, months) - life[:, 0], 0, month)
        left = running[gone, :, np.arange(draws)].T
        missing = level[month] - (running[month] - left)
        entering[month] = np.where(due[month], np.maximum(missing, 0.0), 0.0)
        running[month + 1 : following + 1] = running[month] + entering[month]
    return np.moveaxis(entering, -1, 0)


def _draws_last(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Draws on the last axis, so that the innermost loops run over them."""
    return np.moveaxis(x, 0, -1)


def order_months(may_enter: Array, first: Whole, interval: Whole | int) -> npt.NDArray[np.bool_]:
    """Whether units may enter service in each month (draw, month, place): every `interval` months from `first` on.

    `interval` is one number, or (draw, place).
    """
    since_first = np.arange(may_enter.shape[1])[:, None, None] - first.T
    every = interval if isinstance(interval, int) else interval.T
    opens = (since_first >= 0) & (since_first % every == 0)
    return np.asarray(np.moveaxis(opens, -1, 0) & (may_enter > 0))


def _largest_ahead(x: Array, count: int) -> Array:
    """The largest value of each month (first axis) and the next, `count` in all, as far as there are months."""
    result, reach = x.copy(), 1
    while reach < min(count, len(x)):
        step = min(reach, count - reach)
        result[:-step] = np.maximum(result[:-step], result[step:])
        reach += step
    return result


def in_service(entering: Array, life: Whole) -> Array:
    """Units in service by month: those that entered less than `life` months ago, shapes as above."""
    flows = _draws_last(entering)
    months, places, draws = flows.shape
    running = np.concatenate([np.zeros((1, places, draws)), flows.cumsum(axis=0)])
    gone = np.clip(np.arange(1, months + 1)[:, None] - life.T, 0, months)
    if gone.shape[1] == 1:
        left = running[gone[:, 0]]
    else:
        rows = np.arange(gone.shape[1]) if draws > 1 else np.zeros(1, dtype=np.int64)
        left = running[gone[:, None], np.arange(places)[:, None], rows]
    return np.moveaxis(running[1:] - left, -1, 0)


def in_service_by_place(entering: Array, life: Whole) -> Array:
    """The same where the life (draw, place) is another at each place."""
    months = entering.shape[1]
    running = np.concatenate([np.zeros_like(entering[:, :1]), entering.cumsum(axis=1)], axis=1)
    gone = np.clip(np.arange(1, months + 1)[None, :, None] - life[:, None, :], 0, months)
    draws = max(len(running), len(gone))
    running = np.broadcast_to(running, (draws, *running.shape[1:]))
    left = np.take_along_axis(running, np.broadcast_to(gone, (draws, *gone.shape[1:])), axis=1)
    return np.asarray(running[:, 1:] - left)


def _month_before(by: Array, edges: Array) -> Whole:
    """The month that contains the moment `by` [s] (draw, place) before each month begins, at least the first."""
    return _month_of(edges[:-1][None, :, None] - by[:, None, :], edges)


def _month_of(times: Array, edges: Array) -> Whole:
    """The month that contains each moment [s]; before the first month the first, after the last the last."""
    found = np.searchsorted(edges, times + 1e-6, side="right") - 1
    return np.clip(found, 0, len(edges) - 2).astype(np.int64)


def at_month(values: Array, month: Whole) -> Array:
    """The value (draw, 1, place) of one month each (draw, place), of values (draw, month, place)."""
    shape = (max(len(values), len(month)), *values.shape[1:])
    chosen = np.broadcast_to(month, (shape[0], shape[2]))[:, None, :]
    return np.take_along_axis(np.broadcast_to(values, shape), chosen, axis=1)


def at_moment_before(values: Array, by: Array, edges: Array) -> Array:
    """For each month the value of the month that contains the moment `by` [s] before it begins; shapes as below."""
    target = _month_before(by, edges)
    shape = (max(len(values), len(target)), *target.shape[1:])
    return np.take_along_axis(
        np.broadcast_to(values, shape), np.broadcast_to(target, shape), axis=1
    )


def moved_earlier(flows: Array, by: Array, edges: Array) -> Array:
    """Flows booked in the month that contains the moment `by` [s] before their own month begins.

    `flows` (draw, month, place), `by` (draw, place), `edges` month boundaries [s]. What would fall before the first
    month is booked in the first.
    """
    return _booked(flows, _month_before(by, edges))


def moved_later(flows: Array, by: Array, edges: Array) -> Array:
    """Flows booked in the month that contains the moment `by` [s] after their own month begins; shapes as above.

    What would fall after the last month is booked in the last.
    """
    return _booked(flows, _month_of(edges[:-1][None, :, None] + by[:, None, :], edges))


def _booked(flows: Array, target: Whole) -> Array:
    """Flows (draw, month, place) added up in their target months (draw, month, place)."""
    draws = max(flows.shape[0], target.shape[0])
    months, places = flows.shape[1:]
    flat = np.arange(draws)[:, None, None] * months + np.broadcast_to(
        target, (draws, months, places)
    )
    flat = flat * places + np.arange(places)
    moved = np.bincount(
        flat.ravel(),
        weights=np.broadcast_to(flows, (draws, months, places)).ravel(),
        minlength=draws * months * places,
    )
    return moved.astype(np.float64, copy=False).reshape(draws, months, places)
