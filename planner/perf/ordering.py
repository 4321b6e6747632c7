"""When must whole units enter service so that a need is met, if nothing can come before a first month?

The plain rule of the decision nodes: orders cover a fixed number of months; each covers the largest shortfall in
them, rounded up to whole units; units serve for a fixed life. A true recurrence over months, vectorised over draws and
places.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from planner.axes import Array

# Rounding noise of the need must not buy one unit more: a need of 3.0000000001 units is 3.
ROUNDING = 1e-9

Whole = npt.NDArray[np.int64]


def whole_units(need: Array) -> Array:
    """The least whole number of units that covers a need."""
    return np.asarray(np.ceil(need - ROUNDING * np.maximum(1.0, np.abs(need))))


def entering_service(
    need: Array, before: Array, may_enter: Array, first: Whole, interval: int, life: Whole
) -> Array:
    """Units entering service by month, shape (draw, month, place).

    `need` unrounded units needed; `before` units in service without the plan's orders; `may_enter` 1 where a unit may
    enter (all (draw, month, place)); `first` the first month with orders (draw, place); `interval` months an order
    covers; `life` months that a unit serves (draw, 1).
    """
    short = need - before
    draws, months, places = short.shape
    entering = np.zeros(short.shape)
    running = np.zeros((draws, months + 1, places))  # entered before each month
    rows = np.arange(draws)[:, None]
    for month in range(int(first.min(initial=months)), months):
        due = (month >= first) & ((month - first) % interval == 0)
        if due.any():
            ahead = np.arange(month, min(month + interval, months))
            retired = running[rows, np.clip(ahead + 1 - life, 0, month)]
            serving = running[:, month : month + 1] - retired
            worst = (short[:, ahead[0] : ahead[-1] + 1] - serving).max(axis=1)
            units = np.where(due, whole_units(np.maximum(worst, 0.0)), 0.0)
            entering[:, month] = units * may_enter[:, month]
        running[:, month + 1] = running[:, month] + entering[:, month]
    return entering


def in_service(entering: Array, life: Whole) -> Array:
    """Units in service by month: those that entered less than `life` months ago, shapes as above."""
    months = entering.shape[1]
    running = np.concatenate([np.zeros_like(entering[:, :1]), entering.cumsum(axis=1)], axis=1)
    gone = np.clip(np.arange(1, months + 1)[None, :] - life, 0, months)
    rows = np.arange(len(running)) if len(running) > 1 else np.zeros(len(gone), dtype=np.int64)
    return np.asarray(running[:, 1:] - running[rows[:, None], gone])


def _month_before(by: Array, edges: Array) -> Whole:
    """The month that contains the moment `by` [s] (draw, place) before each month begins, at least the first."""
    times = edges[:-1][None, :, None] - by[:, None, :]
    found = np.searchsorted(edges, times + 1e-6, side="right") - 1
    return np.clip(found, 0, len(edges) - 2).astype(np.int64)


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
    draws = max(flows.shape[0], by.shape[0])
    months, places = flows.shape[1:]
    target = _month_before(by, edges)
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
