"""How many bytes are held between two ages, given what arrived over time?

With the cumulative inflow C(t), piecewise linear because flows are constant within a month, the stock aged between a
and b at time t is C(t - a) - C(t - b): exact in calendar seconds, and nothing is lost between ages by construction.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array


def cumulative_at(times: Array, edges: Array, cumulative: Array) -> Array:
    """C(t) at `times` (draw, time) from its values (draw, edge, other) at `edges` (edge,); constant beyond the ends."""
    position = np.clip(np.searchsorted(edges, times, side="right") - 1, 0, len(edges) - 2)
    share = np.clip((times - edges[position]) / (edges[position + 1] - edges[position]), 0.0, 1.0)
    draws = max(times.shape[0], cumulative.shape[0])
    rows = np.arange(draws)[:, None]
    known = np.broadcast_to(cumulative, (draws, *cumulative.shape[1:]))
    position = np.broadcast_to(position, (draws, position.shape[1]))
    left, right = known[rows, position], known[rows, position + 1]
    return left + (right - left) * share[..., None]


def held_between(
    times: Array, edges: Array, cumulative: Array, from_age: Array, until_age: Array
) -> Array:
    """Stock (draw, time, other) aged between `from_age` and `until_age` [s], both (draw,), at `times` (time,)."""
    younger = cumulative_at(times[None] - from_age[:, None], edges, cumulative)
    older = cumulative_at(times[None] - until_age[:, None], edges, cumulative)
    return np.maximum(younger - older, 0.0)
