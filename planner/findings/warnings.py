"""What falls short, is not served or is at its limit: where, in which months, by how much, and why?

Shortfalls by lead time or power phase and regions that no permitted hardware serves are warnings; what the rules on
exports and data say, and when they forbid the plan, is in `trade`. `binding` says which of several needs decides a
purchase.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from planner import units
from planner.axes import HARDWARE, MONTH, SITE, TIER, WORKLOAD, Array, on
from planner.catalogue import TIERS
from planner.findings import cluster, data, deliveries, driving, layouts, trade
from planner.findings.accelerators import decides_gpus, what_sets_gpus
from planner.findings.halls import hall_warnings
from planner.findings.ranking import ranked
from planner.findings.releases import release_warnings
from planner.findings.spans import SHOWN, Warning_, first_order, months_text, span_of
from planner.results import Results

LEFT_OUT = 0.01  # of vehicles or bytes: a hundredth may be lost without a word
FULL = "data sets are at their limits"
ON_SALE = 4  # years: accelerators are succeeded every two, and rarely sold after twice that
# What decides the units of a storage tier, by the quantity that says how many each takes.
STORAGE_NEEDS = {
    "storage_units_for_capacity": "capacity",
    "storage_units_for_bandwidth": "read bandwidth",
    "storage_units_for_writing": "write bandwidth",
}


def warnings(plan: Results) -> list[Warning_]:
    """Every shortfall of the horizon, the gravest first."""
    found = [
        *_without_effect(plan),
        *deliveries.violations(plan),
        *trade.unserved(plan),
        *deliveries.kept_out(plan),
        *deliveries.shut_sites(plan),
        *_gpus_short(plan),
        *_long_waits(plan),
        *_power_short(plan),
        *hall_warnings(plan),
        *_storage_short(plan),
        *deliveries.export_conditions(plan),
        *deliveries.idle_licences(plan),
        *deliveries.unknown_density(plan),
        *_hard_to_buy(plan),
        *_unreached(plan),
        *_dropped(plan),
        *trade.own_pools(plan),
        *trade.data_conditions(plan),
        *_campaigns_overlap(plan),
        *_datasets_full(plan),
        *release_warnings(plan),
        *layouts.warnings(plan),
        *cluster.warnings(plan),
        *data.warnings(plan),
        *driving.warnings(plan),
    ]
    return ranked(found)


def _gpus_short(plan: Results) -> Iterator[Warning_]:
    short = on(plan.values("gpus_short")[0], MONTH, SITE)[0]
    for index, site in enumerate(plan.project.table.labels[SITE]):
        span = span_of(plan, short[:, index])
        if span is None:
            continue
        first, last, most = span
        order = _node_order(plan, site, first)
        why = _served_by(order)
        permitted = plan.values("export_permitted")[0] * plan.leaf("site_trains_on")
        if not on(permitted, MONTH, SITE, HARDWARE)[0, :, index].any():
            why = "export rules let none of its hardware in"
        if not plan.project.inputs.scenario.sites[site].orders_allowed:
            why = "the site orders nothing"
        count = units.show(most, "1")
        text = f"{site}: up to {count} GPUs short, {months_text(first, last)}; {why}"
        brief = f"{count} GPUs" if _at_start(last, order) else ""
        yield Warning_("gpus", site, first, last, most, "1", text, brief)


def _node_order(plan: Results, site: str, since: str) -> tuple[str, str] | None:
    """Months of order and service of the first nodes that come to a site after a month began."""
    scenario, labels = plan.project.inputs.scenario, plan.project.table.labels
    kind, place = labels[HARDWARE].index(scenario.sites[site].training), labels[SITE].index(site)
    entering = on(plan.values("orders")[0], MONTH, SITE, HARDWARE)[0, :, place, kind]
    wait = on(plan.values("node_delivery_time")[0], SITE, HARDWARE)[0, place, kind]
    wait = wait + on(plan.leaf("site_commissioning"), SITE)[0, place]
    return first_order(plan, entering, float(wait), since)


def _served_by(order: tuple[str, str] | None) -> str:
    return f"an order of {order[0]} serves from {order[1]}" if order else "no order serves in time"


def _at_start(last: str, order: tuple[str, str] | None) -> bool:
    """Whether a shortage ends when the first orders serve."""
    return order is not None and last < order[1]


def _long_waits(plan: Results) -> Iterator[Warning_]:
    """Sites at which experiments wait longer than allowed for their gang; where nothing stands, GPUs are short."""
    wait, there = (on(x, MONTH, SITE)[0] for x in plan.values("queue_wait", "gpus_equivalent"))
    allowed = float(plan.leaf("training_max_queue_wait").flat[0])
    share = float(plan.leaf("training_queue_percentile").flat[0])
    seconds = on(plan.leaf("month_seconds"), MONTH)[0]
    for index, site in enumerate(plan.project.table.labels[SITE]):
        late = (wait[:, index] > allowed * (1 + SHOWN)) & (there[:, index] > 0)
        span = span_of(plan, np.where(late, wait[:, index], 0.0))
        if span is None:
            continue
        endless = (late & (wait[:, index] >= seconds))[plan.horizon].any()
        within = f"{_percent(share)} start within {_hours(span[2])}"
        longest = "the queue grows without end" if endless else within
        text = (
            f"{site}: more than {_percent(1.0 - share)} of experiment jobs wait longer than the "
            f"{_hours(allowed)} allowed, {months_text(*span[:2])}; {longest}"
        )
        hours = float(units.from_base(span[2], "hour"))
        starting = _at_start(span[1], _node_order(plan, site, span[0])) and not endless
        brief = f"{within.replace('start', 'of experiments start')}" if starting else ""
        yield Warning_("queue", site, *span[:2], hours, "hour", text, brief)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _hours(seconds: float) -> str:
    return units.show(seconds, "hour")


def _storage_short(plan: Results) -> Iterator[Warning_]:
    """One line a site: the tiers that cannot hold or feed what they must."""
    short = on(plan.values("storage_short")[0], MONTH, TIER, SITE)[0]
    for index, site in enumerate(plan.project.table.labels[SITE]):
        spans = {name: span_of(plan, short[:, tier, index]) for tier, name in enumerate(TIERS)}
        found = {name: span for name, span in spans.items() if span is not None}
        if not found:
            continue
        first, last = min(s[0] for s in found.values()), max(s[1] for s in found.values())
        most = max(span[2] for span in found.values())
        sizes = {name: units.show(span[2], "byte") for name, span in found.items()}
        tiers = ", ".join(f"{name} up to {size}" for name, size in sizes.items())
        orders = [_storage_order(plan, index, name, span[0]) for name, span in found.items()]
        serving = max((order for order in orders if order), key=lambda each: each[1], default=None)
        why, starting = "the site orders nothing", False
        if plan.project.inputs.scenario.sites[site].orders_allowed:
            why = _served_by(serving).replace("an order of", "storage ordered in")
            starting = all(
                _at_start(span[1], order)
                for span, order in zip(found.values(), orders, strict=True)
            )
        text = f"{site}: storage short, {months_text(first, last)}: {tiers}; {why}"
        brief = ", ".join(f"{name} {size}" for name, size in sizes.items()) if starting else ""
        yield Warning_("storage", site, first, last, most, "byte", text, brief)


def _storage_order(plan: Results, site: int, tier: str, since: str) -> tuple[str, str] | None:
    """Months of order and service of the first units of a tier that come to a site after a month began."""
    index = TIERS.index(tier)
    entering = on(plan.values("storage_orders")[0], MONTH, TIER, SITE)[0, :, index, site]
    wait = on(plan.leaf("system_lead_time"), TIER)[0, index]
    wait = wait + plan.leaf("storage_policy_commissioning").max()
    return first_order(plan, entering, float(wait), since)


def _power_short(plan: Results) -> Iterator[Warning_]:
    short = on(plan.values("site_power_short")[0], MONTH, SITE)[0]
    limit = on(plan.leaf("site_power_limit"), MONTH, SITE)[0]
    for index, site in enumerate(plan.project.table.labels[SITE]):
        span = span_of(plan, short[:, index])
        if span is None:
            continue
        first, last, most = span
        later = np.flatnonzero(np.diff(limit[:, index]) > 0) + 1
        coming = [m for m in later if plan.months[m] > first]
        phase = (
            f"; the next phase comes in {plan.months[coming[0]]}" if coming else "; no later phase"
        )
        text = f"{site}: up to {units.show(most, 'watt')} of site power short, {months_text(first, last)}{phase}"
        yield Warning_("power", site, first, last, most, "W", text)


def _datasets_full(plan: Results) -> Iterator[Warning_]:
    held, used = plan.values("dataset_time", "allocation")
    held = on(held * (used > 0), MONTH, WORKLOAD, SITE)[0].max(axis=2)
    limit = on(plan.leaf("model_dataset_limit"), WORKLOAD)[0]
    start = on(plan.leaf("model_base_dataset"), WORKLOAD)[0]
    for index, workload in enumerate(plan.project.table.labels[WORKLOAD]):
        full = (held[:, index] >= limit[index]).astype(float)
        span = span_of(plan, full)
        if span is None or start[index] >= limit[index]:
            continue
        size = units.show(float(limit[index]), "hour")
        hours = float(units.from_base(float(limit[index]), "hour"))
        text = f"{workload}: data set at its limit of {size} from {span[0]}; more recordings no longer add training"
        brief = f"{workload} from {span[0]} ({size})"
        yield Warning_("dataset", workload, *span[:2], hours, "hour", text, "", FULL, brief)


def _campaigns_overlap(plan: Results) -> Iterator[Warning_]:
    days = on(plan.values("ota_days_to_99")[0], MONTH)[0]
    cadence = float(plan.leaf("package_cadence").min())
    span = span_of(plan, np.where(days > cadence, days, 0.0))
    if span is not None:
        longest, between = units.show(span[2], "day"), units.show(cadence, "day")
        text = f"releases overlap: 99 % of the fleet takes {longest}, the next release comes after {between}"
        days_taken = float(units.from_base(span[2], "day"))
        yield Warning_("ota", "fleet", span[0], span[1], days_taken, "day", text)


def _unreached(plan: Results) -> Iterator[Warning_]:
    """Served vehicles in support that releases cannot reach."""
    reached, served = plan.values("ota_vehicles", "vehicles_supported")
    gap = _by_month(served) - _by_month(reached)
    span = span_of(plan, np.where(gap > LEFT_OUT * _by_month(served), gap, 0.0))
    if span is not None:
        what = f"releases do not reach up to {units.show(span[2], 'vehicle')} of those served"
        why = "no Wi-Fi, and no paid cellular download"
        text, brief = f"{what}, {months_text(*span[:2])}: {why}", f"{what}: {why}"
        yield Warning_("ota", "fleet", *span, "vehicle", text, brief=brief)


def _dropped(plan: Results) -> Iterator[Warning_]:
    """Served vehicles that lose much of what they record."""
    recorded, uploaded = plan.values("served_recorded", "ingest_mean")
    lost = _by_month(recorded) - _by_month(uploaded)
    share = np.where(_by_month(recorded) > 0, lost / np.maximum(_by_month(recorded), 1e-300), 0.0)
    span = span_of(plan, np.where(share > LEFT_OUT, share, 0.0))
    if span is not None:
        what = f"served vehicles drop up to {100 * span[2]:.0f} % of what they record"
        why = "sessions, buffers or data allowances are too small (explain upload_limit)"
        text, brief = f"{what}, {months_text(*span[:2])}: {why}", f"{what} (explain upload_limit)"
        yield Warning_("dropped", "fleet", *span, "1", text, brief=brief)


def _by_month(x: Array) -> Array:
    return np.asarray(x[0].sum(axis=tuple(range(MONTH, x.ndim - 1))))


def _hard_to_buy(plan: Results) -> Iterator[Warning_]:
    """Ordered nodes that may not be for sale, or not any more when they are ordered."""
    inputs, labels = plan.project.inputs, plan.project.table.labels
    ordered = on(plan.values("nodes_ordered")[0], MONTH, SITE, HARDWARE)[0].sum(axis=1)
    for kind in np.flatnonzero(ordered.any(axis=0)):
        node = inputs.profile("nodes", labels[HARDWARE][kind])
        chip = inputs.profile("accelerators", node.accelerator)
        months = np.flatnonzero(ordered[:, kind])
        first, last = plan.months[months[0]], plan.months[months[-1]]
        count = float(ordered[:, kind].sum())
        age = int(last[:4]) - int(chip.year.value)
        if chip.price is None:
            text = f"{node.title}: its accelerator has no price; it may not be for sale (see its profile)"
            yield Warning_("hardware", labels[HARDWARE][kind], first, last, count, "1", text)
        elif age > ON_SALE:
            text = (
                f"{node.title}: ordered until {last}, {age} years after its accelerator's first shipments, "
                "at today's price; a successor will have replaced it"
            )
            brief = f"{node.title}: ordered until {last}, {age} years after its first shipments"
            kind_name = labels[HARDWARE][kind]
            yield Warning_("hardware", kind_name, first, last, count, "1", text, brief=brief)


def _without_effect(plan: Results) -> Iterator[Warning_]:
    """Inputs set on the command line that nothing reads."""
    graph, table = plan.project.graph, plan.project.table
    for row in table.rows:
        if row.file == "--set" and not graph.descendants(row.leaf):
            first, last = plan.horizon_months[0], plan.horizon_months[-1]
            yield Warning_(
                "input", row.path, first, last, 0.0, "1", f"nothing reads {row.path} in this plan"
            )


def binding(plan: Results) -> tuple[str, ...]:
    """One line for each limit that is reached, and for each need that decides a purchase.

    Site power that falls short; storage by capacity or bandwidth; training by its peaks or its mean work.
    """
    lines = [warning.text for warning in (*_power_short(plan), *hall_warnings(plan))]
    units_for = [
        on(x, MONTH, TIER, SITE)[0][plan.horizon].sum(axis=2) for x in plan.values(*STORAGE_NEEDS)
    ]
    by_course: dict[str, list[str]] = {}
    for tier, name in enumerate(TIERS):
        needs = [x[:, tier] for x in units_for]
        largest = _largest(list(STORAGE_NEEDS.values()), *needs)
        by_course.setdefault(_course(plan, largest), []).append(name)
    lines += [f"{', '.join(names)} storage: {course}" for course, names in by_course.items()]
    lines.append(what_sets_gpus(plan, _course(plan, decides_gpus(plan))))
    return tuple(lines)


def _largest(names: Sequence[str], *needs: Array) -> npt.NDArray[np.str_]:
    """The name of the largest of several needs in each month; "" where there is none."""
    sizes = np.stack(needs)
    return np.where((sizes > 0).any(axis=0), np.array(names)[sizes.argmax(axis=0)], "")


def _course(plan: Results, by: npt.NDArray[np.str_]) -> str:
    """What binds in the end, since when, and what before; "" in months without a need."""
    known = [
        (month, str(name)) for month, name in zip(plan.horizon_months, by, strict=True) if name
    ]
    if not known:
        return "nothing needed"
    changes = [i + 1 for i, (x, y) in enumerate(pairwise(known)) if x[1] != y[1]]
    if not changes:
        return f"bound by {known[0][1]}"
    month, now = known[changes[-1]]
    return f"bound by {now} from {month}, by {known[changes[-1] - 1][1]} before"
