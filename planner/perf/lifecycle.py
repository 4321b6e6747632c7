"""How many bytes are held between two ages, given what arrived over time and how fast it is deleted on request?

Flows are constant within a month. Of what arrived at s there is left at t, if it is deleted at a rate r, the share
exp(-r (t - s)). With D(u), the inflow until u, each byte weighted by exp(-r (T - s)) for one fixed moment T, what is
left at t of the data older than a is exp(r (T - t)) D(t - a), and the stock aged between a and b is the difference of
two such terms: exact in calendar seconds, and nothing is lost between ages by construction. At r = 0 the weights are
1 and D is the cumulative inflow, piecewise linear.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.axes import Array


@dataclass(frozen=True)
class Arrivals:
    """What has arrived up to each edge, weighted by what is left of it at the last edge.

    `edges` (edge,) [s]; `weighted` (draw, edge, other); `rate` (draw, other) [1/s], the rate of deletion.
    """

    edges: Array
    weighted: Array
    rate: Array

    @classmethod
    def of(cls, edges: Array, inflow: Array, rate: Array) -> Arrivals:
        """From the inflow (draw, interval, other) in the intervals between the edges."""
        weights = _mean_survival(
            rate[:, None, :], edges[-1] - edges[1:, None], np.diff(edges)[:, None]
        )
        weighted = inflow * weights
        start = np.zeros_like(weighted[:, :1])
        return cls(edges, np.concatenate([start, weighted.cumsum(axis=1)], axis=1), rate)

    def until(self, times: Array) -> Array:
        """D(t) at `times` (draw, time), shape (draw, time, other); constant beyond the ends."""
        last = len(self.edges) - 2
        position = np.clip(np.searchsorted(self.edges, times, side="right") - 1, 0, last)
        begin, length = self.edges[position], np.diff(self.edges)[position]
        elapsed = np.clip(times - begin, 0.0, length)
        draws = max(len(times), len(self.weighted))
        rows = np.arange(draws)[:, None]
        known = np.broadcast_to(self.weighted, (draws, *self.weighted.shape[1:]))
        position = np.broadcast_to(position, (draws, position.shape[1]))
        left, right = known[rows, position], known[rows, position + 1]
        return left + (right - left) * self._part(elapsed[..., None], length[..., None])

    def _part(self, elapsed: Array, length: Array) -> Array:
        """Part of an interval's weighted inflow that has arrived after `elapsed`: (e^(r x) - 1) / (e^(r l) - 1)."""
        if not self.rate.any():
            return np.asarray(elapsed / length)
        rate = self.rate[:, None, :]
        exponent = np.where(rate > 0, rate * length, 1.0)
        return np.where(rate > 0, np.expm1(rate * elapsed) / np.expm1(exponent), elapsed / length)

    def older_than(self, age: Array, times: Array) -> Array:
        """What is left at `times` (time,) of the data older than `age` (draw,) [s], shape (draw, time, other)."""
        left = self.until(times[None] - age[:, None])
        if not self.rate.any():
            return left
        regrown = np.exp(self.rate[:, None, :] * (self.edges[-1] - times)[None, :, None])
        return np.asarray(left * regrown)


def _mean_survival(rate: Array, age: Array, length: Array) -> Array:
    """Mean share that is left, at rate `rate`, of what arrived evenly over `length`, `age` after its end."""
    exponent = rate * length
    small = np.where(exponent > 0, exponent, 1.0)
    return np.exp(-rate * age) * np.where(exponent > 0, -np.expm1(-small) / small, 1.0)
