"""Which of several campaigns is no other better than in cost, days and exposure at once?

Numbers of a model are compared to its precision: two candidates whose costs differ by less are equally dear. A
candidate loses against one that is at least as good in all and better in one; of several that are equal in all the
first in order stays.

Source: Pareto dominance and the nondominated set, Deb, Multi-Objective Optimization Using Evolutionary Algorithms,
2001, 2.4.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from planner.axes import Array
from planner.perf.campaign.sampling import Whole

OBJECTIVES = ("cost", "days", "exposure")
RELATIVE = 0.01  # differences of cost and exposure that the model does not resolve,
DAY = 0.02  # of days: half an hour,
VEHICLE = 0.5  # and of exposure where it is small
LEAST = 1e-6

Flags = npt.NDArray[np.bool_]


def levels(points: Array) -> Array:
    """Cost, days and exposure (candidate, 3) in steps of the model's precision."""
    cost, days, exposed = np.asarray(points, float).T
    step = np.log1p(RELATIVE)
    return np.stack(
        [
            np.round(np.log(np.maximum(cost, LEAST)) / step),
            np.round(days / DAY),
            np.round(np.log1p(np.maximum(exposed, 0.0) * RELATIVE / VEHICLE) / step),
        ],
        axis=1,
    )


def dominates(points: Array) -> Flags:
    """Whether candidate i beats candidate j, (i, j); smaller is better."""
    level = levels(points)
    no_worse = np.ones((len(level), len(level)), bool)
    for each in level.T:  # three, and never all of (i, j, 3) at once
        no_worse &= each[:, None] <= each[None]
    equal = no_worse & no_worse.T
    place = np.empty(len(level), int)
    place[np.lexsort((np.arange(len(level)), *np.asarray(points, float).T[::-1]))] = np.arange(
        len(level)
    )
    return np.asarray((no_worse & ~equal) | (equal & (place[:, None] < place[None])))


def front(points: Array) -> Flags:
    """Which candidates nothing beats."""
    return np.asarray(~dominates(points).any(axis=0))


def beaten_by(points: Array, best: Whole) -> Whole:
    """For every candidate the one of the front `best` that beats it and is the cheapest; -1: none."""
    beats = dominates(points)[best]
    order = np.argsort(np.asarray(points)[best, 0], kind="stable")
    first = beats[order].argmax(axis=0)
    return np.where(beats.any(axis=0), best[order][first], -1)
