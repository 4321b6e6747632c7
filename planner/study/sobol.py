"""Evenly spread points in many dimensions: Sobol's sequence, scrambled by a seed.

Point i is the exclusive or of those direction numbers whose bits are set in the Gray code of i, so that any slice of
the sequence is computed by itself. Direction numbers: S. Joe and F. Y. Kuo, "Constructing Sobol sequences with better
two-dimensional projections", SIAM J. Sci. Comput. 30 (2008) 2635-2654, file new-joe-kuo-6. Scramble: a random lower
triangular matrix a dimension and a digital shift, J. Matousek, "On the L2-discrepancy for anchored boxes", J.
Complexity 14 (1998) 527-556. Importing scipy.stats for the same points takes longer than a plan does.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from planner.axes import Array

BITS = 32
TABLE = "joe_kuo_2008.npz"
LOW = 8  # bits of a point's number of which all exclusive ors are kept
WORDS = 20  # 64-bit random words a dimension: one for each pair of rows of its matrix, the shift, and whole blocks of 4

Words = npt.NDArray[np.uint32]


def dimensions_of_table() -> int:
    """How many dimensions have direction numbers."""
    return len(_table()[0])


class Sobol:
    """The sequence in some dimensions: `points(start, stop)`, unscrambled where the seed is None."""

    def __init__(self, dimensions: int, seed: int | None) -> None:
        directions = direction_numbers(dimensions)
        shift = np.zeros(dimensions, dtype=np.uint32)
        if seed is not None:
            directions, shift = _scrambled(directions, seed)
        self._high = directions[:, LOW:]
        self._low = shift[:, None]
        for bit in range(LOW):
            self._low = np.hstack([self._low, self._low ^ directions[:, bit : bit + 1]])

    def integers(self, start: int, stop: int) -> Words:
        """Points `start` to `stop` as 32-bit integers, shape (dimension, point)."""
        if not 0 <= start <= stop <= 2**BITS:
            raise ValueError(f"points {start} to {stop}; the sequence has {2**BITS}")
        numbers = np.arange(start, stop, dtype=np.uint64)
        gray = numbers ^ (numbers >> np.uint64(1))
        above, block = np.unique(gray >> np.uint64(LOW), return_inverse=True)
        points = self._low.take((gray & np.uint64(2**LOW - 1)).astype(np.intp), axis=1)
        if above.any():
            base = np.zeros((len(points), len(above)), dtype=np.uint32)
            for bit in range(BITS - LOW):
                held = ((above >> np.uint64(bit)) & np.uint64(1)).astype(np.uint32)
                base ^= self._high[:, bit : bit + 1] * held
            points ^= base.take(block, axis=1)
        return points

    def points(self, start: int, stop: int) -> Array:
        """Points `start` to `stop`, strictly between 0 and 1, shape (dimension, point)."""
        return unit_interval(self.integers(start, stop))


def unit_interval(integers: Words) -> Array:
    """The middles of 2^32 equal cells of the unit interval: never 0 or 1."""
    return np.asarray((integers + 0.5) * 2.0**-BITS, dtype=np.float64)


@lru_cache(maxsize=1)
def _table() -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint32]]:
    """First direction numbers, shape (dimension, number), and primitive polynomials as bits."""
    with resources.files("planner.study").joinpath(TABLE).open("rb") as file, np.load(file) as held:
        return held["first"], held["polynomial"]


@lru_cache(maxsize=4)
def direction_numbers(dimensions: int) -> Words:
    """Direction numbers with the first bit highest, shape (dimension, bit); equation 2 of Joe and Kuo."""
    first, polynomial = (each[:dimensions].astype(np.uint64) for each in _table())
    degree = np.floor(np.log2(polynomial)).astype(np.int64)
    numbers = np.zeros((dimensions, BITS), dtype=np.uint64)
    index = np.arange(dimensions)
    for bit in range(BITS):
        following = numbers[index, bit - degree]  # where the degree is beyond the bit, not used
        for step in range(1, min(bit, int(degree.max())) + 1):
            held = (step <= degree) & (
                (polynomial >> np.maximum(degree - step, 0).astype(np.uint64)) & np.uint64(1) == 1
            )
            following = following ^ np.where(held, numbers[:, bit - step] << np.uint64(step), 0)
        given = first[:, bit] if bit < first.shape[1] else following
        numbers[:, bit] = np.where(bit < degree, given, following)
    numbers[:1] = 1  # the first dimension is van der Corput's sequence
    directions = (numbers << np.arange(BITS - 1, -1, -1, dtype=np.uint64)).astype(np.uint32)
    directions.setflags(write=False)
    return directions


def _scrambled(directions: Words, seed: int) -> tuple[Words, Words]:
    """Direction numbers times a random matrix a dimension, and a shift; both follow from the seed and the dimension."""
    count = len(directions)
    raw = (
        np.random.Philox(key=np.array([seed, 0], dtype=np.uint64))
        .random_raw(count * WORDS)
        .reshape(count, WORDS)
    )
    words = np.stack([raw >> np.uint64(32), raw], axis=-1).astype(np.uint32).reshape(count, -1)
    scrambled = np.zeros_like(directions)
    for row in range(BITS):
        own = np.uint32(1 << (BITS - 1 - row))
        above = np.uint32(2**BITS - (1 << (BITS - row)))
        mask = (words[:, row] & above) | own
        parity = np.bitwise_count(directions & mask[:, None]).astype(np.uint32) & np.uint32(1)
        scrambled |= parity * own
    return scrambled, words[:, BITS]
