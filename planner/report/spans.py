"""How far may the figures of a page be off? Between which values they lie in four of five draws.

A page reads its figures from the plan at the medians; the same readings of `Drawn` give a figure for each draw. What
all of them need is noted on the plan first, so that the draws go through the graph once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from planner.axes import Array
from planner.plan import Plan
from planner.project import Project
from planner.report.rows import Course
from planner.text import counted

if TYPE_CHECKING:
    from planner.study.drawn import Drawn

ENDS = (0.1, 0.9)
FAR_FROM_HALF = (
    0.1  # of the draws: a plan at the medians that is no further from their middle needs no remark
)
WITHIN = f"{100 * (ENDS[1] - ENDS[0]):.0f} %"


class _Noted:
    """A plan that notes which quantities are asked for."""

    def __init__(self, plan: Plan) -> None:
        self.names: dict[str, None] = {}
        self._plan = plan

    @property
    def project(self) -> Project:
        return self._plan.project

    def values(self, *names: str) -> list[Array]:
        self.names.update(dict.fromkeys(names))
        return self._plan.values(*names)


def compute(drawn: Drawn, plan: Plan, courses: Iterable[Course]) -> None:
    """Run the draws once, for all that is going to be read of them."""
    noted = _Noted(plan)
    for course in courses:
        course(noted)
    drawn.values(*noted.names)


def span(figures: Array) -> tuple[float, float]:
    """The tenth and the ninetieth percentile of one figure by draw."""
    from planner.study.statistics import quantiles

    low, high = quantiles(np.sort(figures), ENDS)
    return float(low), float(high)


def draws_in_words(drawn: Drawn) -> str:
    """ "80 % of 256 draws"."""
    return f"{WITHIN} of {counted(drawn.draws, 'draw')}"


def below(figures: Array, planned: float) -> float | None:
    """The share of draws that are below the plan at the medians; None where all draws are alike."""
    return float(np.mean(figures < planned)) if np.ptp(figures) > 0 else None
