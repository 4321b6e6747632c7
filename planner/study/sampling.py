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
    _place: npt.NDArray[np.intp]  # of each dimension among those of the sequence
    _correlated: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Array]
    _sobol: Sobol

    @classmethod
    def of(cls, table: LeafTable, seed: int = 1, as_written: LeafTable | None = None) -> Sampler:
        """The sampler of a leaf table; the seed is a whole number from 0 to 2^64 - 1.

        Numbers that are uncertain in `as_written` too have the points that they have there: what a what-if leaves
        alone is drawn as without it, and its spans differ by what it changes and not by chance.
        """
        if not 0 <= seed < 2**64:
            raise ValueError(f"seed {seed}; expected a whole number from 0 to 2^64 - 1")
        drawn = {index: row for index, row in enumerate(table.rows) if row.distribution is not None}
        place = places(table, as_written or table)
        position = {number: index for index, number in enumerate(place)}
        of_row = [position[row.number] for row in drawn.values()]
        pairs = {
            (position[one], position[other]): each.value
            for each in table.correlations
            for one, other in [each.of]
        }
        return cls(
            tuple(drawn),
            tuple(place),
            seed,
            np.array([row.value for row in drawn.values()]),
            Quantiles.of([row.distribution for row in drawn.values() if row.distribution]),
            np.array(of_row, dtype=np.intp),
            np.array(list(place.values()), dtype=np.intp),
            _factors(pairs),
            Sobol(max(1, min(max(place.values(), default=0) + 1, dimensions_of_table())), seed),
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
        evenly = self._sobol.points(start, stop)
        beyond = self._place[self._place >= len(evenly)].tolist()
        points = evenly[self._place[: len(self._place) - len(beyond)]]
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


def places(table: LeafTable, as_written: LeafTable) -> dict[str, int]:
    """The dimension of the sequence that each drawn number of a table takes, rising: the widest spreads first.

    With some hundred points the first dimensions of the sequence are spread evenly in every plane of two of them; far
    out, planes can be filled along a line, which would make two numbers that matter move together. A number that is
    uncertain in `as_written` and no longer drawn leaves its dimension empty; one that is new comes after all others.
    """
    written, needed = _widths(as_written.rows), _widths(table.rows)
    new = {number: width for number, width in needed.items() if number not in written}
    ordered = [
        number
        for widths in (written, new)
        for number in sorted(widths, key=lambda each: -widths[each])
    ]
    return {number: place for place, number in enumerate(ordered) if number in needed}


def _widths(rows: Iterable[Row]) -> dict[str, float]:
    """How wide each number's spread is, as a share of its median; of a series the widest of its knots."""
    widths: dict[str, float] = {}
    for row in rows:
        if row.distribution is None:
            continue
        width = ((row.high or 0.0) - (row.low or 0.0)) / max(abs(row.value), LEAST)
        widths[row.number] = max(width, widths.get(row.number, 0.0))
    return widths


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
