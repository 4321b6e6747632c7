"""How a leaf that nobody wrote as a number is given: as an array, or as an object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from planner.axes import Array
from planner.catalogue import Calendar

Names = Mapping[int, tuple[str, ...]]  # of the positions on each axis
NEVER = np.inf  # a month that does not come


@dataclass(frozen=True, slots=True)
class Fixed:
    """An array of which no cell is a number that somebody wrote; `paths` say what decides it."""

    name: str
    axes: tuple[int, ...]
    meaning: str
    values: Any
    paths: Sequence[str]
    unit: str = "1"


@dataclass(frozen=True, slots=True)
class Given:
    """A catalogue object, or names in the order of an axis."""

    name: str
    meaning: str
    value: object


def since(starts: Sequence[float], calendar: Calendar) -> Array:
    """1 from the month of each start on, by (month, start)."""
    months = calendar.first + np.arange(calendar.months)[:, None]
    return (months >= np.array(starts)).astype(np.float64)
