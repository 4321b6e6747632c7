"""How are quantiles found without keeping the draws?

A sketch counts values in bins whose edges are powers of one number, so that any quantile is found to within half a
per cent of its size, over all orders of magnitude (Masson, Rim and Lee 2019, "DDSketch", VLDB 12(12)). Bins have
absolute numbers and counts are whole: sketches of parts add up to that of the whole, to the last bit and in any order.
Zeros have a bin of their own, negative values mirror the positive ones, infinite ones stand at the ends.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.axes import Array

ACCURACY = 0.005
GROWTH = (1.0 + ACCURACY) / (1.0 - ACCURACY)  # from one edge of a bin to the next
# What an upper edge is multiplied by, to be within ACCURACY of all in the bin.
MIDDLE = 2.0 / (GROWTH + 1.0)
_PER_LOG = 1.0 / math.log(GROWTH)
# Larger than the bin number of any float64, so that positive values have positive keys.
_OFFSET = 80_000
_INFINITE = 1_000_000
_KINDS = 5  # minus infinity, negative, zero, positive, infinity

Whole = npt.NDArray[np.integer[Any]]


def keys_of(values: Array) -> npt.NDArray[np.int32]:
    """The bin of each value: 0 for zero, the larger the value the larger the key."""
    with np.errstate(divide="ignore"):
        numbers = np.log(np.abs(values))
    numbers *= _PER_LOG
    np.ceil(numbers, out=numbers)
    numbers += _OFFSET
    np.clip(numbers, 0.0, _INFINITE, out=numbers)
    return np.copysign(numbers, values).astype(np.int32)


def values_of(keys: Whole) -> Array:
    """The value that stands for a bin."""
    size = np.abs(keys)
    # Half of the exponent twice: the edge of the outermost bins is beyond what a float holds.
    with np.errstate(over="ignore"):
        half = np.exp((size - _OFFSET) * (0.5 / _PER_LOG))
        found = np.where(size == 0, 0.0, MIDDLE * half * half)
    found = np.minimum(found, np.finfo(np.float64).max)
    return np.copysign(np.where(size >= _INFINITE, np.inf, found), keys)


@dataclass(frozen=True)
class Sketch:
    """Counts of several cells, bin by bin: `runs` bins of each cell one after the other, by rising key."""

    runs: npt.NDArray[np.int32]
    keys: npt.NDArray[np.int32]
    counts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, values: Array) -> Sketch:
        """The sketch of values of shape (cell, draw)."""
        keys = keys_of(values)
        keys.sort(axis=1)
        begins = np.empty(keys.shape, dtype=np.bool_)
        begins[:, :1] = True
        np.not_equal(keys[:, 1:], keys[:, :-1], out=begins[:, 1:])
        places = np.flatnonzero(begins)
        counts = np.diff(places, append=keys.size)
        return cls(begins.sum(axis=1, dtype=np.int32), keys.ravel()[places], counts)

    @property
    def cells(self) -> int:
        return len(self.runs)

    def arrays(self) -> tuple[Whole, Whole, Whole]:
        """The three arrays, counts in as few bytes as they need; the inverse of `from_arrays`."""
        least = np.min_scalar_type(int(self.counts.max(initial=0)))
        return self.runs, self.keys, self.counts.astype(least)

    @classmethod
    def from_arrays(cls, runs: Whole, keys: Whole, counts: Whole) -> Sketch:
        return cls(runs.astype(np.int32), keys.astype(np.int32), counts.astype(np.int64))

    def quantiles(self, levels: Sequence[float]) -> Array:
        """Quantiles at `levels`, shape (level, cell): between the bins in which the two draws around each lie."""
        upto = np.cumsum(self.counts)
        ends = np.cumsum(self.runs)
        before = np.concatenate([[0], upto[ends - 1]])
        draws = np.diff(before)
        values = values_of(self.keys)

        def draw(rank: npt.NDArray[np.int64]) -> Array:
            """The draw of a rank in each cell: all draws of the cells before it come first."""
            return np.asarray(values[np.searchsorted(upto, before[:-1] + rank, side="right")])

        found = []
        for level in levels:
            place = level * (draws - 1)
            rank = np.floor(place).astype(np.int64)
            low, high = draw(rank), draw(np.minimum(rank + 1, draws - 1))
            share = place - rank
            # Weighted, for the difference of far ends is no number.
            with np.errstate(invalid="ignore"):
                between = low * (1.0 - share) + high * share
            between = np.where(np.isinf(low), low, between)
            found.append(np.where((low == high) | (place == rank), low, between))
        return np.stack(found)

    def means(self) -> Array:
        """The mean of each cell, shape (cell,); NaN where draws are infinite on both sides."""
        starts = np.cumsum(self.runs) - self.runs
        with np.errstate(invalid="ignore"):
            sums = np.add.reduceat(values_of(self.keys) * self.counts, starts)
        return np.asarray(sums / np.add.reduceat(self.counts, starts))


def merged(sketches: Sequence[Sketch]) -> Sketch:
    """The sketch of all draws of several sketches of the same cells."""
    stretches = [_stretches(each) for each in sketches]
    spans = [_spans(*each) for each in zip(sketches, stretches, strict=True)]
    first = np.minimum.reduce([span[0] for span in spans])
    last = np.maximum.reduce([span[1] for span in spans])
    starts = np.concatenate([[0], np.cumsum(np.maximum(last - first + 1, 0))])
    dense = np.zeros(starts[-1], dtype=np.int64)
    for each, stretch in zip(sketches, stretches, strict=True):
        dense[(starts[:-1] - first)[stretch] + each.keys] += each.counts
    places = np.flatnonzero(dense)
    filled = np.concatenate([[0], np.cumsum(dense > 0)])[starts]
    stretch = np.repeat(np.arange(len(starts) - 1), np.diff(filled))
    runs = np.bincount(stretch // _KINDS, minlength=sketches[0].cells).astype(np.int32)
    keys = (places - starts[stretch] + first[stretch]).astype(np.int32)
    return Sketch(runs, keys, dense[places])


def _stretches(sketch: Sketch) -> Whole:
    """For each bin its cell, and whether it is infinite, negative, zero or positive: keys in between are far apart."""
    keys = sketch.keys
    kind = (keys > -_INFINITE).view(np.int8)
    for above in (keys >= 0, keys > 0, keys >= _INFINITE):
        kind += above.view(np.int8)
    return np.repeat(np.arange(sketch.cells, dtype=np.int32) * _KINDS, sketch.runs) + kind


def _spans(sketch: Sketch, stretch: Whole) -> tuple[Whole, Whole]:
    """The smallest and the largest key of each stretch; the largest below the smallest where there is none."""
    first = np.full(sketch.cells * _KINDS, np.iinfo(np.int64).max // 4)
    last = -first
    begins = np.flatnonzero(np.diff(stretch, prepend=-1))
    ends = np.flatnonzero(np.diff(stretch, append=-1))
    first[stretch[begins]] = sketch.keys[begins]
    last[stretch[ends]] = sketch.keys[ends]
    return first, last
