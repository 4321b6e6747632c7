"""Can releases be qualified as often as they come, and do they fit the computers of the vehicles that get them?"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from planner import units
from planner.axes import ECU, MONTH, PACKAGE, SITE, Array, on
from planner.findings.spans import SHOWN, Warning_, first_order, months_text, span_of
from planner.results import Results
from planner.text import counted

OVERRUN = "ECUs are overrun"
OUTGROWN = "packages cannot hold the weights that they bring"
RESOURCES = {
    "edge_memory_used": "memory",
    "edge_compute_used": "arithmetic",
    "edge_bandwidth_used": "memory bandwidth",
}


def release_warnings(plan: Results) -> Iterator[Warning_]:
    """Qualification that takes longer than its cadence, ECUs that are overrun, packages that are outgrown."""
    yield from _window(plan)
    yield from _qualification(plan)
    yield from _overrun(plan)
    yield from _outgrown(plan)


def _window(plan: Results) -> Iterator[Warning_]:
    """A window for qualification that is longer than the time between releases, by which rigs are then counted."""
    window = float(plan.leaf("qualification_window").flat[0])
    cadence = float(plan.values("qualification_cadence")[0].flat[0])
    needed = span_of(plan, on(plan.values("rigs_required")[0], MONTH, SITE)[0].sum(axis=1))
    if window <= cadence or needed is None:
        return
    host = plan.project.labels[SITE][int(plan.leaf("site_hosts_releases").argmax())]
    days, between = (float(units.from_base(x, "day")) for x in (window, cadence))
    text = (
        f"{host}: qualification may take {days:.3g} days, but releases come every {between:.3g}; "
        f"rigs are counted for {between:.3g}"
    )
    yield Warning_("qualification", host, *needed, "1", text)


def _qualification(plan: Results) -> Iterator[Warning_]:
    """Months in which a release is not through before the next one comes, or has no rig at all."""
    time, cadence = (x.ravel() for x in plan.values("qualification_time", "qualification_cadence"))
    short, rigs = (on(x, MONTH, SITE)[0].sum(axis=1) for x in plan.values("rigs_short", "rigs"))
    without = (rigs == 0) & (short > SHOWN)
    late = span_of(plan, np.where((time > cadence) | without, np.maximum(short, 1.0), 0.0))
    if late is None:
        return
    host = plan.project.labels[SITE][int(plan.leaf("site_hosts_releases").argmax())]
    days, between = (float(units.from_base(x.max(), "day")) for x in (time[plan.horizon], cadence))
    takes = f"takes up to {days:.3g} days, releases come every {between:.3g}"
    if days <= between:
        takes = "has no rig"
    most = float(short[plan.horizon].max())
    worst = plan.horizon_months[int(short[plan.horizon].argmax())]
    rigs_text = counted(math.ceil(most - SHOWN), "rig")
    text = f"{host}: qualification {takes}, {months_text(*late[:2])}; up to {rigs_text} short"
    brief = rigs_text if _until_the_first(plan, *late[:2]) else ""
    text = f"{text}: {_why(plan, worst)}"
    yield Warning_("qualification", host, *late[:2], most, "1", text, brief)


def _until_the_first(plan: Results, first: str, last: str) -> bool:
    """Whether rigs are short only until the first ones ordered serve."""
    host = int(plan.leaf("site_hosts_releases").argmax())
    entering = on(plan.values("rig_orders")[0], MONTH, SITE)[0, :, host]
    wait = float(plan.leaf("qualification_rig_lead_time").flat[0])
    order = first_order(plan, entering, wait, first) if entering.any() else None
    return order is not None and last < order[1]


def _why(plan: Results, month: str) -> str:
    """What keeps the rigs from standing: orders, the policy, or the time that they take to come."""
    host = int(plan.leaf("site_hosts_releases").argmax())
    need = on(plan.values("rigs_required")[0], MONTH, SITE)[0, plan.months.index(month), host]
    most = float(plan.leaf("qualification_most_rigs").flat[0])
    if not plan.leaf("site_may_order").ravel()[host]:
        return "the site orders nothing"
    if need > most:
        return f"no more than {most:g} may stand"
    days = units.from_base(float(plan.leaf("qualification_rig_lead_time").flat[0]), "day")
    return f"a rig serves {days:.3g} days after its order"


def _overrun(plan: Results) -> Iterator[Warning_]:
    """The first month in which what runs on an ECU is more than it has, with the vehicles that carry it then."""
    used, vehicles = (on(x, MONTH, ECU)[0] for x in plan.values("edge_used", "vehicles_by_ecu"))
    used = np.where(vehicles > 0, used, 0.0)
    for index, ecu in enumerate(plan.project.labels[ECU]):
        over = span_of(plan, np.where(used[:, index] > 1.0, used[:, index], 0.0))
        if over is None:
            continue
        first, last, most = over
        month = plan.months.index(first)
        count = units.show(float(vehicles[month, index]), "vehicle")
        resource = _resource(plan, month, index)
        text = (
            f"{ecu}: overrun from {first} by {resource}, "
            f"up to {100 * most:.0f} % of what is usable; {count} carry it then"
        )
        brief = f"{ecu} from {first} ({resource}, up to {100 * most:.0f} %)"
        yield Warning_("edge", ecu, first, last, most, "1", text, "", OVERRUN, brief)


def _resource(plan: Results, month: int, ecu: int) -> str:
    """What is needed most of an ECU in a month, over what it has."""
    names = list(RESOURCES)
    needs = [_at(x, month, ecu) for x in plan.values(*names)]
    return RESOURCES[names[int(np.argmax(needs))]]


def _at(x: Array, month: int, ecu: int) -> float:
    values = on(x, MONTH, ECU)[0]
    return float(values[min(month, len(values) - 1), ecu])


def _outgrown(plan: Results) -> Iterator[Warning_]:
    """Packages that are smaller than the weights that they bring to an ECU on the road."""
    weights, vehicles = plan.values("package_weights", "vehicles_by_ecu")
    there = on(vehicles, MONTH, ECU)[0][:, :, None] > 0
    weights = (on(weights, MONTH, ECU, PACKAGE)[0] * there).max(axis=1)
    size = on(plan.leaf("package_size"), PACKAGE)[0]
    for index, package in enumerate(plan.project.labels[PACKAGE]):
        small = (size[index] >= 0) & (
            weights[:, index] > size[index]
        )  # what is not given is as large as it must be
        over = np.where(small, weights[:, index], 0.0)
        found = span_of(plan, over)
        if found is not None:
            most, has = units.show(found[2], "byte"), units.show(float(size[index]), "byte")
            text = f"{package}: {has} cannot hold the weights that it brings, up to {most}, {months_text(*found[:2])}"
            brief = f"{package} from {found[0]} ({has}; {most})"
            yield Warning_("package", package, *found, "byte", text, "", OUTGROWN, brief)
