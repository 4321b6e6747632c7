"""Do the hours that vehicles drive agree with the kilometres that they drive?

Recordings follow from hours, costs a kilometre from kilometres; both are inputs of their own. What ties them together
is a mean speed, stops included, and one that no vehicle has means that one of the two is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from planner.axes import MONTH, PROGRAM, REGION, on
from planner.findings.spans import Warning_
from planner.results import Results

KM_H = 1 / 3.6  # m/s
# Mean speeds over a year, stops included, that are still believed: a walk, and a motorway all day. Assumed.
SLOWEST, FASTEST = 5 * KM_H, 110 * KM_H


def warnings(plan: Results) -> Iterator[Warning_]:
    """Programmes whose hours and kilometres give a mean speed that vehicles do not have, at the regions' extremes."""
    distance, vehicles = plan.values("vehicle_distance", "vehicles_mean")
    hours = on(plan.leaf("program_daily_hours"), PROGRAM)[0]  # seconds driven a second
    labels = plan.project.table.labels
    there = (on(vehicles, MONTH, REGION, PROGRAM)[0][plan.horizon] > 0.0).any(axis=0)
    driven = on(distance, REGION, PROGRAM)[0] + np.zeros((len(labels[REGION]), 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        speed = np.where(hours > 0.0, driven / hours, np.nan)
    wrong = there & ((speed < SLOWEST) | (speed > FASTEST))
    for index in np.flatnonzero(wrong.any(axis=0)):
        name, regions = labels[PROGRAM][index], np.flatnonzero(wrong[:, index])
        worst = regions[np.argmax(np.abs(np.log(np.maximum(speed[regions, index], SLOWEST / 1e6))))]
        told = f"{speed[worst, index] / KM_H:.3g} km/h"
        text = (
            f"{name}: its hours and kilometres make {told} in {labels[REGION][worst]}, stops included; "
            f"expected {SLOWEST / KM_H:.0f} to {FASTEST / KM_H:.0f} km/h "
            f"(programs.{name}.daily_hours, .distance_factor; regions.*.annual_distance)"
        )
        brief = f"{name}: hours and kilometres do not agree, {told} in {labels[REGION][worst]}"
        first, last = plan.horizon_months[0], plan.horizon_months[-1]
        yield Warning_(
            "driving",
            name,
            first,
            last,
            float(speed[worst, index] / KM_H),
            "km/h",
            text,
            brief=brief,
        )
