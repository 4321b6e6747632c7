"""Which values do the uncertain inputs have in each draw?

Every uncertain number is a dimension of a scrambled Sobol sequence (`sobol`); the knots of a series share theirs. Its
point goes through the number's quantile function, after the points of correlated numbers have been made to move
together: their normal scores get the declared correlations (a Gaussian copula). Draw i depends on the seed, the
dimension and i alone, so that any slice of the draws is the same bit for bit, in whichever chunks and processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from planner.axes import Array
from planner.inputs.leaves import LeafTable
from planner.perf.correlations import blocks
from planner.perf.distributions import Distribution, quantiles
from planner.study.sobol import Sobol, dimensions_of_table, unit_interval


@dataclass(frozen=True)
class Sampler:
    """Draws of the uncertain rows of a leaf table."""

    rows: tuple[int, ...]  # of the table, those that are drawn
    dimensions: tuple[str, ...]  # paths of the numbers that are drawn, one random number each
    seed: int
    _medians: Array
    _distributions: Sequence[Distribution]
    _dimension_of_row: npt.NDArray[np.intp]
    _factors: Sequence[tuple[npt.NDArray[np.intp], Array]]  # correlated dimensions, Cholesky factor
    _sobol: Sobol

    @classmethod
    def of(cls, table: LeafTable, seed: int = 1) -> Sampler:
        """The sampler of a leaf table; the seed is a whole number from 0 to 2^64 - 1."""
        if not 0 <= seed < 2**64:
            raise ValueError(f"seed {seed}; expected a whole number from 0 to 2^64 - 1")
        drawn = {index: row for index, row in enumerate(table.rows) if row.distribution is not None}
        position: dict[str, int] = {}
        of_row = [position.setdefault(row.number, len(position)) for row in drawn.values()]
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
            [row.distribution for row in drawn.values() if row.distribution is not None],
            np.array(of_row, dtype=np.intp),
            [(members, _factor(matrix)) for members, matrix in blocks(pairs)],
            Sobol(max(1, min(len(position), dimensions_of_table())), seed),
        )

    def draws(self, start: int, stop: int) -> dict[int, Array]:
        """Values of each drawn row [base units] in the draws from `start` up to, not including, `stop`."""
        if not self.rows:
            return {}
        u = self.probabilities(start, stop)[self._dimension_of_row]
        return dict(zip(self.rows, quantiles(self._distributions, u), strict=True))

    def medians(self) -> dict[int, Array]:
        """Each drawn row at its median, as one draw: the plan that is not drawn."""
        return dict(zip(self.rows, self._medians[:, None], strict=True))

    def probabilities(self, start: int, stop: int) -> Array:
        """The probability at which each dimension stands in each draw, shape (dimension, draw)."""
        points = self._sobol.points(start, stop)
        beyond = range(len(points), len(self.dimensions))
        if beyond:
            points = np.vstack([points, *(self._random(d, start, stop) for d in beyond)])
        if self._factors:
            from scipy.special import ndtr, ndtri

            # Sums in a fixed order and not a matrix product, whose rounding depends on how many draws it is given.
            for members, factor in self._factors:
                scores = ndtri(points[members])
                moved = sum(factor[:, k, None] * scores[k] for k in range(len(members)))
                points[members] = np.clip(ndtr(moved), 2.0**-33, 1.0 - 2.0**-33)
        return points

    def _random(self, dimension: int, start: int, stop: int) -> Array:
        """Plain random numbers for a dimension beyond the table of direction numbers; four words a counter."""
        first = start // 4
        key = np.array([self.seed, dimension], dtype=np.uint64)
        stream = np.random.Philox(key=key, counter=[first, 0, 0, 0])
        words = stream.random_raw(stop - 4 * first)[start - 4 * first :]
        return unit_interval((words >> np.uint64(32)).astype(np.uint32))


def _factor(matrix: Array) -> Array:
    """The lower triangular matrix that gives independent normal scores these correlations."""
    return np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
