"""The leaf table: every number of a plan with its place on the axes, its file and line, its source.

One row is one number that somebody wrote. A leaf is a named array (or catalogue object) made of rows: the field
`daily_hours` of the entries of `programs:` becomes the leaf `program_daily_hours` over the axis `program`. The same
table gives the median plan, a plan with some rows redrawn, and the last lines of every explanation. It is filled by
`leaf_builder`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from planner.axes import Array
from planner.catalogue import Calendar
from planner.inputs.assembly import Assemble
from planner.perf.distributions import Distribution


@dataclass(frozen=True, slots=True)
class Row:
    """One number as written: what it is, where it stands, where it comes from. Values are in base units.

    `value` is the median, `low` and `high` are the 10th and 90th percentiles of the `distribution`. Rows of the same
    `number` rise and fall together.
    """

    leaf: str
    position: tuple[str, ...]
    path: str
    file: str
    line: int
    value: float
    unit: str
    source: str | None
    confidence: str
    least: float | None = None
    most: float | None = None
    above: float | None = None
    low: float | None = None
    high: float | None = None
    distribution: Distribution | None = None  # None: certain
    number: str = ""  # path of the number that the row is, or of the series that it is a knot of


@dataclass(frozen=True, slots=True)
class Correlation:
    """How closely the normal scores of two uncertain numbers (paths, as `Row.number`) move together, -1 to 1."""

    of: tuple[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class LeafInfo:
    """A named input: what it means, its unit and axes, and the rows that it is made of."""

    name: str
    unit: str
    axes: tuple[int, ...]
    meaning: str
    rows: tuple[int, ...]
    assemble: Assemble
    places: tuple[str, ...] = ()


@dataclass(frozen=True)
class LeafTable:
    """All inputs of a plan."""

    rows: tuple[Row, ...]
    leaves: Mapping[str, LeafInfo]
    labels: Mapping[int, tuple[str, ...]]
    calendar: Calendar
    correlations: tuple[Correlation, ...] = ()

    @property
    def sizes(self) -> dict[int, int]:
        """Length of each axis."""
        return {axis: len(names) for axis, names in self.labels.items()}

    def values(self, draws: Mapping[int, Array] | None = None) -> dict[str, object]:
        """Every leaf as an array (or catalogue object); rows named in `draws` take their draws, shape (draw,)."""
        return {name: self._value(info, draws or {}) for name, info in self.leaves.items()}

    def redrawn(self, draws: Mapping[int, Array]) -> dict[str, object]:
        """Only the leaves that `draws` touches."""
        return {
            name: self._value(info, draws)
            for name, info in self.leaves.items()
            if not draws.keys().isdisjoint(info.rows)
        }

    def value(self, name: str, draws: Mapping[int, Array]) -> object:
        """One leaf, with the draws of those of its rows that `draws` names."""
        return self._value(self.leaves[name], draws)

    def _value(self, info: LeafInfo, draws: Mapping[int, Array]) -> object:
        drawn = [len(draws[row]) for row in info.rows if row in draws]
        by_row = np.empty((len(info.rows), max(drawn, default=1)))  # draws side by side in memory
        for cell, row in zip(by_row, info.rows, strict=True):
            cell[:] = draws[row] if row in draws else self.rows[row].value
        return info.assemble(by_row.T)
