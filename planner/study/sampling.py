"""Points of the uncertain inputs: triangular between low, base and high, each its own stream of Philox."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.axes import Array
from planner.inputs.leaves import LeafTable

OUTER = 1.0


@dataclass(frozen=True)
class Sampler:
    """Draws of a table's uncertain rows; any slice of them is computed directly."""

    table: LeafTable
    seed: int

    @classmethod
    def of(cls, table: LeafTable, seed: int) -> Sampler:
        return cls(table, seed)

    @property
    def rows(self) -> tuple[int, ...]:
        return tuple(
            index
            for index, row in enumerate(self.table.rows)
            if row.low is not None and row.high is not None and row.low < row.high
        )

    def draws(self, start: int, stop: int) -> dict[int, Array]:
        """Values of each uncertain row, shape (stop - start,)."""
        drawn = {}
        for index in self.rows:
            row = self.table.rows[index]
            assert row.low is not None and row.high is not None
            bits = np.random.Philox(key=[self.seed, index])
            bits.advance(start // 4)
            u = np.random.Generator(bits).random(stop - start // 4 * 4)[start % 4 :]
            span, mode = row.high - row.low, min(max(row.value, row.low), row.high)
            at = (mode - row.low) / span
            left = row.low + span * np.sqrt(u * at)
            right = row.high - span * np.sqrt((1.0 - u) * (1.0 - at))
            drawn[index] = np.where(u < at, left, right)
        return drawn
