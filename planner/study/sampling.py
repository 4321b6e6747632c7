"""Which values do the uncertain inputs have in each draw?

Every uncertain number is a dimension of a scrambled Sobol sequence (`sobol`); the knots of a series share theirs. Its
point goes through the number's quantile function, after the points of correlated numbers have been made to move
together: their normal scores get the declared correlations (a Gaussian copula). Draw i depends on the seed, the
dimension and i alone, so that any slice of the draws is the same bit for bit, in whichever chunks and processes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from planner.axes import Array
from planner.inputs.assembly import LEAST
from planner.inputs.leaves import LeafTable, Row
from planner.perf.correlations import blocks
from planner.perf.distributions import Quantiles
from planner.perf.normal import normal_probability, normal_score
from planner.study.sobol import Sobol, dimensions_of_table, unit_interval


@dataclass(frozen=True)
class Sampler:
    """Draws of the uncertain rows of a leaf table."""

    rows: tuple[int, ...]  # of the table, those that are drawn
    dimensions: tuple[str, ...]  # paths of the numbers that are drawn, one random number each
    seed: int
    _medians: Array
    _quantiles: Quantiles
    _dimension_of_row: npt.NDArray[np.intp]
    _correlated: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Array]
    _sobol: Sobol

    @classmethod
    def of(cls, table: LeafTable, seed: int = 1) -> Sampler:
        """The sampler of a leaf table; the seed is a whole number from 0 to 2^64 - 1."""
        if not 0 <= seed < 2**64:
            raise ValueError(f"seed {seed}; expected a whole number from 0 to 2^64 - 1")
        drawn = {index: row for index, row in enumerate(table.rows) if row.distribution is not None}
        position = _positions(drawn.values())
        of_row = [position[row.number] for row in drawn.values()]
        pairs = {
            (position[one], position[other]): each.value
            for each in table.correlations
            for one, other in [each.of]
        }
        return cls(
            tuple(drawn),
            tuple(position),
            seed,
            np.array([row.value for row in drawn.values()]),
            Quantiles.of([row.distribution for row in drawn.values() if row.distribution]),
            np.array(of_row, dtype=np.intp),
            _factors(pairs),
            Sobol(max(1, min(len(position), dimensions_of_table())), seed),
        )

    def draws(self, start: int, stop: int) -> dict[int, Array]:
        """Values of each drawn row [base units] in the draws from `start` up to, not including, `stop`."""
        if not self.rows:
            return {}
        u = self.probabilities(start, stop)[self._dimension_of_row]
        return dict(zip(self.rows, self._quantiles.at(u), strict=True))

    def medians(self) -> dict[int, Array]:
        """Each drawn row at its median, as one draw: the plan that is not drawn."""
        return dict(zip(self.rows, self._medians[:, None], strict=True))

    def probabilities(self, start: int, stop: int) -> Array:
        """The probability at which each dimension stands in each draw, shape (dimension, draw)."""
        points = self._sobol.points(start, stop)
        beyond = range(len(points), len(self.dimensions))
        if beyond:
            points = np.vstack([points, *(self._random(d, start, stop) for d in beyond)])
        members, partners, weights = self._correlated
        if len(members):
            # Sums in a fixed order and not a matrix product, whose rounding depends on how many draws it is given.
            scores = normal_score(points[members])
            moved = weights[0] * scores[partners[0]]
            for partner, weight in zip(partners[1:], weights[1:], strict=True):
                moved += weight * scores[partner]
            points[members] = normal_probability(moved)
        return points

    def _random(self, dimension: int, start: int, stop: int) -> Array:
        """Plain random numbers for a dimension beyond the table of direction numbers; four words a counter."""
        first = start // 4
        key = np.array([self.seed, dimension], dtype=np.uint64)
        stream = np.random.Philox(key=key, counter=[first, 0, 0, 0])
        words = stream.random_raw(stop - 4 * first)[start - 4 * first :]
        return unit_interval((words >> np.uint64(32)).astype(np.uint32))


def _positions(rows: Iterable[Row]) -> dict[str, int]:
    """The dimension of each number: the widest spreads first.

    With some hundred points the first dimensions of the sequence are spread evenly in every plane of two of them; far
    out, planes can be filled along a line, which would make two numbers that matter move together.
    """
    widths: dict[str, float] = {}
    for row in rows:
        width = ((row.high or 0.0) - (row.low or 0.0)) / max(abs(row.value), LEAST)
        widths[row.number] = max(width, widths.get(row.number, 0.0))
    ordered = sorted(widths, key=lambda number: -widths[number])
    return {number: index for index, number in enumerate(ordered)}


def _factors(
    pairs: Mapping[tuple[int, int], float],
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Array]:
    """Which dimensions are correlated, and for the k-th term of each: with which of them, with which weight.

    The weights are the rows of the Cholesky factor of each group of dimensions that hang together; shorter rows are
    filled up with weights of 0. Shapes (dimension,), (term, dimension) and (term, dimension, 1).
    """
    groups = blocks(pairs)
    longest = max((len(members) for members, _ in groups), default=0)
    count = sum(len(members) for members, _ in groups)
    partners = np.zeros((longest, count), dtype=np.intp)
    weights = np.zeros((longest, count))
    start = 0
    for members, matrix in groups:
        size = len(members)
        own = slice(start, start + size)
        partners[:size, own] = start + np.arange(size)[:, None]
        weights[:size, own] = np.linalg.cholesky(matrix).T
        start += size
    members = np.concatenate([each for each, _ in groups]) if groups else np.zeros(0, dtype=np.intp)
    return members, partners, weights[:, :, None]
