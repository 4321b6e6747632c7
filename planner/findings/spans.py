"""When does something fall short, by how much, and how is that said?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.axes import Array
from planner.plan import Plan

SHOWN = 1e-3  # a shortfall below a thousandth of a unit is rounding


@dataclass(frozen=True)
class Warning_:
    """Something that falls short or is not served: where, when, how much."""

    kind: str
    place: str
    first: str
    last: str
    size: float
    unit: str
    text: str


def span_of(plan: Plan, short: Array) -> tuple[str, str, float] | None:
    """First and last month of the horizon with a shortfall, and its largest size; None without one."""
    within = short[plan.horizon]
    where = np.flatnonzero(within > SHOWN)
    if not len(where):
        return None
    months = plan.horizon_months
    return months[where[0]], months[where[-1]], float(within.max())


def months_text(first: str, last: str) -> str:
    """Two months in words: "2024-02 to 2030-12"."""
    return f"in {first}" if first == last else f"{first} to {last}"
