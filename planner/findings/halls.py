"""Which data hall falls short, of what, from which month, by how much?

One line a site and limit: power and cooling modules under their redundancy, power a rack, liquid loops, floor, water.
The grid connection is in `warnings`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from planner import units
from planner.axes import MONTH, SITE, on
from planner.findings.spans import Warning_, months_text, span_of
from planner.results import Results

# Kind, shortfall, limit, unit, and what a line says of how much.
LIMITS = (
    (
        *("it_capacity", "it_power_short", "it_capacity", "watt"),
        "modules of power and cooling ({redundancy}) carry up to {most} of IT power too little",
    ),
    (
        *("rack_density", "rack_power_short", "site_rack_density", "watt"),
        "racks draw up to {most} more than the hall feeds and cools in one",
    ),
    (
        *("liquid", "liquid_heat_short", "site_liquid_capacity", "watt"),
        "liquid loops carry up to {most} of heat too little",
    ),
    (
        *("floor", "floor_area_short", "site_floor_area", "m^2"),
        "up to {most} of white space short",
    ),
    (
        *("water", "water_short", "site_water_limit", "m^3/day"),
        "up to {most} of water short on the hottest day",
    ),
)


def hall_warnings(plan: Results) -> Iterator[Warning_]:
    """Every limit of a hall that is passed: by how much at most, in which months, and what comes later."""
    for index, site in enumerate(plan.project.table.labels[SITE]):
        redundancy = plan.project.inputs.scenario.sites[site].redundancy
        for kind, short, limit, unit, words in LIMITS:
            values = on(plan.values(short)[0], MONTH, SITE)[0]
            by_month = np.broadcast_to(values, (len(plan.months), values.shape[1]))[:, index]
            found = span_of(plan, units.from_base(by_month, unit))
            if found is None:
                continue
            first, last, most = *found[:2], units.to_base(found[2], unit)
            what = words.format(most=units.show(most, unit), redundancy=redundancy)
            text = (
                f"{site}: {what}, {months_text(first, last)}; {_later(plan, limit, index, first)}"
            )
            yield Warning_(kind, site, first, last, most, unit, text)


def _later(plan: Results, limit: str, index: int, first: str) -> str:
    """From when the hall has more, if ever."""
    given = plan.values(limit)[0] if limit in plan else plan.leaf(limit)
    values = on(given, MONTH, SITE)[0][:, index]
    rises = [plan.months[i + 1] for i in np.flatnonzero(np.diff(values) > 0)]
    coming = [month for month in rises if month > first]
    return f"the hall has more from {coming[0]}" if coming else "no later phase"
