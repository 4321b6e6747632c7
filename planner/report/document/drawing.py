"""A chart of a report that can be drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Drawing:
    """A chart: the name of its file, its message, and what draws it."""

    name: str
    message: str
    draw: Callable[[], Figure]
