"""How much carbon is embodied in computing?"""

from __future__ import annotations

from planner.axes import Array


def embodied_intensity(embodied: Array, peak: Array, life: Array) -> Array:
    """Emissions of making hardware [kg] over the arithmetic [FLOP] of its peak [FLOP/s] for its life [s]."""
    return embodied / (peak * life)
