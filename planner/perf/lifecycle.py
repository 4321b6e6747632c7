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

from planner.axes import Array, added, rows_of, running


@dataclass(frozen=True)
class Arrivals:
    """What has arrived up to each edge, weighted by what is left of it at the last edge.

    `edges` (edge,) [s]; `weighted` (edge, other, ..., draw); `rate` (other, ..., draw), the rate of deletion [1/s], of
    length 1 where it does not vary. Draws come last, so that NumPy's innermost loop runs over them; methods take and
    give them first, as everywhere.
    """

    edges: Array
    weighted: Array
    rate: Array

    @classmethod
    def of(cls, edges: Array, inflow: Array, rate: Array) -> Arrivals:
        """From the inflow (draw, interval, other, ...) between the edges; `rate` (draw, other, ...)."""
        flows, rate = np.moveaxis(inflow, 0, -1), np.moveaxis(rate, 0, -1)
        by_edge = (-1, *(1,) * rate.ndim)
        to_the_end = (edges[-1] - edges[1:]).reshape(by_edge)
        weighted = flows * _mean_survival(rate, to_the_end, np.diff(edges).reshape(by_edge))
        start = np.zeros_like(weighted[:1])
        return cls(edges, np.concatenate([start, running(np.add, weighted, 0)]), rate)

    def until(self, times: Array) -> Array:
        """D(t) at `times` (draw, time), shape (draw, time, other, ...); constant beyond the ends."""
        return np.moveaxis(self._until(times), -1, 0)

    def _until(self, times: Array) -> Array:
        """The same in the shape (time, other, ..., draw)."""
        if (times == times[:1]).all():  # looked up once for all draws
            times = times[:1]
        last = len(self.edges) - 2
        position = np.clip(np.searchsorted(self.edges, times.T, side="right") - 1, 0, last)
        begin, length = self.edges[position], np.diff(self.edges)[position]
        elapsed = np.clip(times.T - begin, 0.0, length)
        # At the first times nothing has arrived yet.
        begun = int(np.argmax((times > self.edges[0]).any(axis=0)))
        shape = (len(position) - begun, *(1,) * (self.rate.ndim - 1), position.shape[1])
        row, elapsed, length = (x[begun:].reshape(shape) for x in (position, elapsed, length))
        reached = rows_of(self.weighted, row)
        if elapsed.any():
            inflow = rows_of(self.weighted, row + 1) - reached
            reached = reached + inflow * self._part(elapsed, length)
        return (
            np.concatenate([np.zeros((begun, *reached.shape[1:])), reached]) if begun else reached
        )

    def _part(self, elapsed: Array, length: Array) -> Array:
        """Part of an interval's weighted inflow that has arrived after `elapsed`: (e^(r x) - 1) / (e^(r l) - 1)."""
        share = elapsed / length
        if not self.rate.any():
            return np.asarray(share)
        exponent = np.where(self.rate > 0, self.rate * length, 1.0)
        return np.where(self.rate > 0, np.expm1(self.rate * elapsed) / np.expm1(exponent), share)

    def older_than(self, age: Array, times: Array) -> Array:
        """What is left at `times` (time,) of the data older than `age` (draw,) [s], shape (draw, time, other, ...)."""
        if (age >= times.max() - self.edges[0]).all():
            return np.zeros((1, len(times), *(1,) * (self.weighted.ndim - 2)))
        left = self._until(times - age[:, None])
        if self.rate.any():
            to_the_end = (self.edges[-1] - times).reshape(-1, *(1,) * self.rate.ndim)
            left = left * np.exp(self.rate * to_the_end)
        return np.moveaxis(left, -1, 0)


def united(sizes: Array, contained: Array, axis: int) -> Array:
    """Size of all sets together on `axis`, if the share `contained` of each smaller one lies in the largest."""
    largest = np.maximum.reduce(sizes, axis=axis, keepdims=True)
    everything = added(sizes, axis)
    return np.asarray(everything - contained * (everything - largest))


def left_with_delay(edges: Array, inflow: Array, rate: Array, delay: Array) -> Array:
    """What is left at each interval's end of all that arrived, if what is to be deleted goes `delay` (draw,) [s] later.

    `inflow` (draw, interval, other); `rate` (draw, other) [1/s]. At t deletion has reached what was withdrawn until
    t - delay: of what is older than that, exp(-rate (age - delay)) is left, and of the rest everything.
    """
    ends = edges[1:]
    whole = Arrivals.of(edges, inflow, 0.0 * rate)
    arrived = whole.older_than(np.zeros(1), ends)
    old = Arrivals.of(edges, inflow, rate).older_than(delay, ends)
    return arrived - whole.older_than(delay, ends) + old * np.exp(rate * delay[:, None])[:, None]


def _mean_survival(rate: Array, age: Array, length: Array) -> Array:
    """Mean share that is left, at rate `rate`, of what arrived evenly over `length`, `age` after its end."""
    exponent = rate * length
    small = np.where(exponent > 0, exponent, 1.0)
    return np.exp(-rate * age) * np.where(exponent > 0, -np.expm1(-small) / small, 1.0)
