"""When does something fall short, by how much, and how is that said?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.axes import Array
from planner.results import Results

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
    # What is short until the first orders serve, in few words; empty for all else.
    at_start: str = ""
    # For a list for the eye: few words in the place of the text, after what those of a kind say together.
    heading: str = ""
    brief: str = ""


def stated(warning: Warning_) -> dict[str, str | float]:
    """A warning as data, without the words for a list for the eye."""
    return {
        "kind": warning.kind,
        "place": warning.place,
        "first": warning.first,
        "last": warning.last,
        "size": warning.size,
        "unit": warning.unit,
        "text": warning.text,
    }


def span_of(plan: Results, short: Array) -> tuple[str, str, float] | None:
    """First and last month of the horizon with a shortfall, and its largest size; None without one."""
    within = short[plan.horizon]
    where = np.flatnonzero(within > SHOWN)
    if not len(where):
        return None
    months = plan.horizon_months
    return months[where[0]], months[where[-1]], float(within.max())


def month_before(plan: Results, month: int, by: float) -> int:
    """The month that contains the moment `by` [s] before a month begins, at least the first."""
    edges = plan.project.table.calendar.edges
    return max(int(np.searchsorted(edges, edges[month] - by + 1e-6, side="right")) - 1, 0)


def first_order(plan: Results, entering: Array, wait: float, since: str) -> tuple[str, str] | None:
    """Months of the order and of the service of the first units that come after a month began.

    `entering` units entering service by month, `wait` seconds from an order to its service. Where the plan orders
    none, they are those of an order at once; None where even that serves after the horizon.
    """
    start = plan.months.index(since)
    coming = np.flatnonzero(entering[start:])
    first = int(plan.project.table.calendar.month_after(np.array(wait)))
    serves = start + int(coming[0]) if len(coming) else max(first, start)
    if serves >= len(plan.months):
        return None
    return plan.months[month_before(plan, serves, wait)], plan.months[serves]


def months_text(first: str, last: str) -> str:
    """Two months in words: "2024-02 to 2030-12"."""
    return f"in {first}" if first == last else f"{first} to {last}"
