"""What customs duty falls on equipment of an origin at a destination, by dated rules?

A rule names kinds of equipment, origins, destinations, a month from which it holds and a rate. The latest rule that
matches decides; of two from the same month, the later in the list. The rules themselves are data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from planner.axes import Array

EVERYWHERE = "all"


@dataclass(frozen=True, slots=True)
class Duty:
    """A rate on the customs value, from a month (years x 12 + month - 1) on."""

    kinds: frozenset[str]
    origins: frozenset[str]
    destinations: frozenset[str]
    effective: int
    rate: float

    def covers(self, kind: str, origin: str | None, destination: str) -> bool:
        """Whether it speaks of a delivery; goods of the destination itself are no imports."""
        return (
            kind in self.kinds
            and origin != destination
            and (EVERYWHERE in self.origins or origin in self.origins)
            and (EVERYWHERE in self.destinations or destination in self.destinations)
        )


def rates(
    duties: Sequence[Duty], kind: str, origin: str | None, destination: str, months: Array
) -> Array:
    """Rate on a delivery in each month index; 0 where no rule speaks of it."""
    found = np.zeros(len(months))
    for duty in sorted(duties, key=lambda each: each.effective):
        if duty.covers(kind, origin, destination):
            found[months >= duty.effective] = duty.rate
    return found
