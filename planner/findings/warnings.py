"""What falls short, is not served or is at its limit: where, in which months, by how much, and why?

Shortfalls by lead time or power phase and regions that no permitted hardware serves are warnings; a region that the
scenario requires to be served forbids the plan. `binding` says which of several needs decides a purchase.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from planner import resources, units
from planner.axes import HARDWARE, MONTH, REGION, SITE, TIER, WORKLOAD, Array, on
from planner.catalogue import TIERS
from planner.errors import PlanForbidden
from planner.findings.accelerators import decides_gpus, services_part
from planner.inputs.load import check_profile
from planner.inputs.numbers import Cell, month_label
from planner.inputs.profiles import Accelerator
from planner.perf import export
from planner.plan import Plan

LEFT_OUT = 0.01  # of vehicles or bytes: a hundredth may be lost without a word
ON_SALE = 4  # years: accelerators are succeeded every two, and rarely sold after twice that
# What decides the units of a storage tier, by the quantity that says how many each takes.
STORAGE_NEEDS = {
    "storage_units_for_capacity": "capacity",
    "storage_units_for_bandwidth": "read bandwidth",
    "storage_units_for_writing": "write bandwidth",
}
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


def warnings(plan: Plan) -> list[Warning_]:
    """Every shortfall of the horizon, region by region and site by site."""
    from planner.findings import cluster, data  # they speak in the Warning_ of this module
    from planner.findings.releases import release_warnings

    return [
        *_without_effect(plan),
        *_tiers_apart(plan),
        *_unserved(plan, plan.project.table.labels[REGION]),
        *_gpus_short(plan),
        *_long_waits(plan),
        *_power_short(plan),
        *_storage_short(plan),
        *_export_conditions(plan),
        *_hard_to_buy(plan),
        *_unreached(plan),
        *_dropped(plan),
        *_own_pools(plan),
        *_campaigns_overlap(plan),
        *_datasets_full(plan),
        *release_warnings(plan),
        *cluster.warnings(plan),
        *data.warnings(plan),
    ]


def forbidden(plan: Plan) -> None:
    """Raise PlanForbidden where a region that must be served is not."""
    regions = plan.project.inputs.scenario.regions
    required = {name for name, region in regions.items() if region.serve == "required"}
    broken = list(_unserved(plan, required))
    if broken:
        raise PlanForbidden("; ".join(f"{w.text} (serve: required)" for w in broken))


def _span(plan: Plan, short: Array) -> tuple[str, str, float] | None:
    """First and last month of the horizon with a shortfall, and its largest size; None without one."""
    within = short[plan.horizon]
    where = np.flatnonzero(within > SHOWN)
    if not len(where):
        return None
    months = plan.horizon_months
    return months[where[0]], months[where[-1]], float(within.max())


def _months(first: str, last: str) -> str:
    return f"in {first}" if first == last else f"{first} to {last}"


def _unserved(plan: Plan, among: Container[str]) -> Iterator[Warning_]:
    unserved = on(plan.values("vehicles_unserved")[0], MONTH, REGION)[0]
    for index, region in enumerate(plan.project.table.labels[REGION]):
        span = _span(plan, unserved[:, index])
        if span is None or region not in among:
            continue
        first, last, most = span
        count = units.show(most, "vehicle")
        text = f"{region}: up to {count} not served, {_months(first, last)}: {_reason(plan, region, first)}"
        yield Warning_("unserved", region, first, last, most, "vehicle", text)


def _reason(plan: Plan, region: str, month: str) -> str:
    """Why a region is not served: residency, or the export rule that keeps its site empty."""
    inputs = plan.project.inputs
    entry = inputs.scenario.regions[region]
    assert entry.site is not None
    site = inputs.scenario.sites[entry.site]
    country = inputs.profile("regions", site.location).country
    if entry.data_stays and country != entry.country:
        return f"its data may not leave {entry.country}, and the site {entry.site} is in {country}"
    node = inputs.profile("nodes", site.training)
    index = plan.project.table.calendar.first + plan.months.index(month)
    rule = _rules(plan).in_force(index)
    limb = export.deciding_limb(
        rule, country, _chips(inputs.profile("accelerators", node.accelerator))
    )
    if rule is None or limb is None:
        return f"the site {entry.site} has no hardware"
    effective = month_label(rule.effective)
    allowed = permitted_nodes(plan, country, index)
    rest = f"allowed there: {', '.join(allowed)}" if allowed else "no node profile is allowed there"
    stays = "; its data may not leave" if entry.data_stays else ""
    return f"{node.title} {limb.verdict} ({limb.name}, {rule.name}, in force {effective}){stays}; {rest}"


def _rules(plan: Plan) -> export.Rules:
    return cast(export.Rules, plan.project.leaves["export_rules"])


def _chips(accelerator: Accelerator) -> export.Chips:
    """What the rules look at, of one accelerator profile."""

    def figure(cell: Cell | None) -> Array:
        return np.array([cell.value if cell is not None else 0.0])

    return export.chips_of(
        figure(accelerator.bf16),
        figure(accelerator.fp8),
        figure(accelerator.int8),
        figure(accelerator.die_area),
        figure(accelerator.link_bandwidth),
        figure(accelerator.memory_bandwidth),
        np.array([float(accelerator.for_data_centre)]),
    )


def permitted_nodes(plan: Plan, country: str, month: int) -> list[str]:
    """Shipped kinds of node that the rules let into a country in a month index without a licence."""
    rule = _rules(plan).in_force(month)
    allowed = []
    for name in resources.profiles("nodes"):
        node = _profile(plan, "nodes", name)
        chip = _profile(plan, "accelerators", node.accelerator)
        if chip.price is None:
            continue
        verdict = export.verdicts(rule, country, _chips(chip))
        if not export.blocked(verdict)[0]:
            word = export.VERDICTS[int(verdict[0])]
            allowed.append(name if word == "free" else f"{name} ({word.replace('_', ' ')})")
    return allowed


def _profile(plan: Plan, kind: str, name: str) -> Any:
    """A profile of the plan, or a shipped one that the plan does not use."""
    used = plan.project.inputs.profiles.get(kind, {})
    return used[name] if name in used else check_profile(resources.profiles(kind)[name], kind)


def _gpus_short(plan: Plan) -> Iterator[Warning_]:
    short = on(plan.values("gpus_short")[0], MONTH, SITE)[0]
    for index, site in enumerate(plan.project.table.labels[SITE]):
        span = _span(plan, short[:, index])
        if span is None:
            continue
        first, last, most = span
        earliest = _first_service(plan, site)
        why = (
            f"an order of {plan.months[0]} serves from {earliest}"
            if earliest
            else "no order can serve in time"
        )
        permitted = plan.values("export_permitted")[0] * plan.leaf("site_trains_on")
        if not on(permitted, MONTH, SITE, HARDWARE)[0, :, index].any():
            why = "export rules let none of its hardware in"
        if not plan.project.inputs.scenario.sites[site].orders_allowed:
            why = "the site orders nothing"
        text = f"{site}: up to {units.show(most, '1')} GPUs short, {_months(first, last)}; {why}"
        yield Warning_("gpus", site, first, last, most, "1", text)


def _first_service(plan: Plan, site: str) -> str | None:
    scenario = plan.project.inputs.scenario
    labels, calendar = plan.project.table.labels, plan.project.table.calendar
    kind = labels[HARDWARE].index(scenario.sites[site].training)
    wait = on(plan.leaf("node_lead_time"), HARDWARE)[0, kind]
    wait = wait + on(plan.leaf("site_commissioning"), SITE)[0, labels[SITE].index(site)]
    month = int(calendar.month_after(np.array(wait)))
    return plan.months[month] if month < calendar.months else None


def _long_waits(plan: Plan) -> Iterator[Warning_]:
    """Sites at which experiments wait longer than allowed for their gang; where nothing stands, GPUs are short."""
    wait, there = (on(x, MONTH, SITE)[0] for x in plan.values("queue_wait", "gpus_equivalent"))
    allowed = float(plan.leaf("training_max_queue_wait").flat[0])
    share = float(plan.leaf("training_queue_percentile").flat[0])
    seconds = on(plan.leaf("month_seconds"), MONTH)[0]
    for index, site in enumerate(plan.project.table.labels[SITE]):
        late = (wait[:, index] > allowed * (1 + SHOWN)) & (there[:, index] > 0)
        span = _span(plan, np.where(late, wait[:, index], 0.0))
        if span is None:
            continue
        endless = (late & (wait[:, index] >= seconds))[plan.horizon].any()
        longest = "the queue grows without end" if endless else f"up to {_hours(span[2])}"
        text = (
            f"{site}: {share:.0%} of experiment jobs wait longer than the {_hours(allowed)} allowed, "
            f"{_months(*span[:2])}: {longest}"
        )
        hours = float(units.from_base(span[2], "hour"))
        yield Warning_("queue", site, *span[:2], hours, "hour", text)


def _hours(seconds: float) -> str:
    return units.show(seconds, "hour")


def _storage_short(plan: Plan) -> Iterator[Warning_]:
    """One line a site: the tiers that cannot hold or feed what they must."""
    short = on(plan.values("storage_short")[0], MONTH, TIER, SITE)[0]
    for index, site in enumerate(plan.project.table.labels[SITE]):
        spans = {name: _span(plan, short[:, tier, index]) for tier, name in enumerate(TIERS)}
        found = {name: span for name, span in spans.items() if span is not None}
        if not found:
            continue
        first, last = min(s[0] for s in found.values()), max(s[1] for s in found.values())
        most = max(span[2] for span in found.values())
        tiers = ", ".join(
            f"{name} up to {units.show(span[2], 'byte')}" for name, span in found.items()
        )
        why = "the site orders nothing"
        if plan.project.inputs.scenario.sites[site].orders_allowed:
            why = f"storage ordered in {plan.months[0]} serves from {_first_storage(plan)}"
        text = f"{site}: storage short, {_months(first, last)}: {tiers}; {why}"
        yield Warning_("storage", site, first, last, most, "byte", text)


def _first_storage(plan: Plan) -> str:
    calendar = plan.project.table.calendar
    wait = plan.leaf("system_lead_time").min() + plan.leaf("storage_policy_commissioning").max()
    month = int(calendar.month_after(np.array(wait)))
    return plan.months[month] if month < calendar.months else "after the horizon"


def _power_short(plan: Plan) -> Iterator[Warning_]:
    short = on(plan.values("site_power_short")[0], MONTH, SITE)[0]
    limit = on(plan.leaf("site_power_limit"), MONTH, SITE)[0]
    for index, site in enumerate(plan.project.table.labels[SITE]):
        span = _span(plan, short[:, index])
        if span is None:
            continue
        first, last, most = span
        later = np.flatnonzero(np.diff(limit[:, index]) > 0) + 1
        coming = [m for m in later if plan.months[m] > first]
        phase = (
            f"; the next phase comes in {plan.months[coming[0]]}" if coming else "; no later phase"
        )
        text = f"{site}: up to {units.show(most, 'watt')} of site power short, {_months(first, last)}{phase}"
        yield Warning_("power", site, first, last, most, "W", text)


def _export_conditions(plan: Plan) -> Iterator[Warning_]:
    """Deliveries that need a notice or a case-by-case review."""
    names = ("export_verdict", "nodes_delivered")
    verdict, delivered = (on(x, MONTH, SITE, HARDWARE)[0] for x in plan.values(*names))
    labels = plan.project.table.labels
    for code in (export.NOTIFY, export.CASE_BY_CASE):
        where = (verdict == code) & (delivered > 0)
        for site, kind in np.argwhere(where.any(axis=0)):
            months = np.flatnonzero(where[:, site, kind])
            first, last = plan.months[months[0]], plan.months[months[-1]]
            count = float(delivered[months, site, kind].sum())
            title = plan.project.inputs.profile("nodes", labels[HARDWARE][kind]).title
            text = (
                f"{labels[SITE][site]}: {count:.0f} x {title} delivered {_months(first, last)} "
                f"under export review: {export.VERDICTS[code].replace('_', ' ')}"
            )
            yield Warning_("export", labels[SITE][site], first, last, count, "1", text)


def _datasets_full(plan: Plan) -> Iterator[Warning_]:
    held, used = plan.values("dataset_time", "allocation")
    held = on(held * (used > 0), MONTH, WORKLOAD, SITE)[0].max(axis=2)
    limit = on(plan.leaf("model_dataset_limit"), WORKLOAD)[0]
    start = on(plan.leaf("model_base_dataset"), WORKLOAD)[0]
    for index, workload in enumerate(plan.project.table.labels[WORKLOAD]):
        full = (held[:, index] >= limit[index]).astype(float)
        span = _span(plan, full)
        if span is None or start[index] >= limit[index]:
            continue
        size = units.show(float(limit[index]), "hour")
        hours = float(units.from_base(float(limit[index]), "hour"))
        text = f"{workload}: data set at its limit of {size} from {span[0]}; more recordings no longer add training"
        yield Warning_("dataset", workload, span[0], span[1], hours, "hour", text)


def _campaigns_overlap(plan: Plan) -> Iterator[Warning_]:
    days = on(plan.values("ota_days_to_99")[0], MONTH)[0]
    cadence = float(plan.leaf("package_cadence").min())
    span = _span(plan, np.where(days > cadence, days, 0.0))
    if span is not None:
        longest, between = units.show(span[2], "day"), units.show(cadence, "day")
        text = f"releases overlap: 99 % of the fleet takes {longest}, the next release comes after {between}"
        days_taken = float(units.from_base(span[2], "day"))
        yield Warning_("ota", "fleet", span[0], span[1], days_taken, "day", text)


def _unreached(plan: Plan) -> Iterator[Warning_]:
    """Served vehicles that releases cannot reach."""
    reached, served = plan.values("ota_vehicles", "vehicles_served")
    gap = _by_month(served) - _by_month(reached)
    span = _span(plan, np.where(gap > LEFT_OUT * _by_month(served), gap, 0.0))
    if span is not None:
        text = f"releases do not reach up to {units.show(span[2], 'vehicle')} of those served, {_months(*span[:2])}"
        yield Warning_(
            "ota", "fleet", *span, "vehicle", f"{text}: no Wi-Fi, and no paid cellular download"
        )


def _dropped(plan: Plan) -> Iterator[Warning_]:
    """Served vehicles that lose much of what they record."""
    recorded, uploaded = plan.values("served_recorded", "ingest_mean")
    lost = _by_month(recorded) - _by_month(uploaded)
    share = np.where(_by_month(recorded) > 0, lost / np.maximum(_by_month(recorded), 1e-300), 0.0)
    span = _span(plan, np.where(share > LEFT_OUT, share, 0.0))
    if span is not None:
        text = f"served vehicles drop up to {span[2]:.0%} of what they record, {_months(*span[:2])}"
        why = "sessions, buffers or data allowances are too small (explain upload_limit)"
        yield Warning_("dropped", "fleet", *span, "1", f"{text}: {why}")


def _by_month(x: Array) -> Array:
    return np.asarray(x[0].sum(axis=tuple(range(MONTH, x.ndim - 1))))


def _own_pools(plan: Plan) -> Iterator[Warning_]:
    """Regions whose data stays and is trained on locally."""
    served = on(plan.values("region_served")[0], MONTH, REGION)[0]
    regions = plan.project.inputs.scenario.regions
    for index, name in enumerate(plan.project.table.labels[REGION]):
        span = _span(plan, served[:, index])
        if span is not None and regions[name].data_stays:
            text = f"{name}: its data stays at {regions[name].site}, which trains on it apart from the other sites"
            yield Warning_("residency", name, *span, "1", text)


def _hard_to_buy(plan: Plan) -> Iterator[Warning_]:
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
            yield Warning_("hardware", labels[HARDWARE][kind], first, last, count, "1", text)


def _tiers_apart(plan: Plan) -> Iterator[Warning_]:
    """Ages at which kept data is in no tier, or in two."""
    begin, end, share = (
        on(plan.leaf(f"tier_{field}"), TIER)[0]
        for field in ("held_from", "held_until", "held_share")
    )
    used = [tier for tier in range(len(TIERS)) if share[tier] > 0 and end[tier] > begin[tier]]
    for tier, following in pairwise(used):
        gap = float(begin[following] - end[tier])
        if abs(gap) < 1.0:
            continue
        young, old = sorted((float(end[tier]), float(begin[following])))
        ages = f"between {units.show(young, 'day')} and {units.show(old, 'day')} old"
        what = (
            f"no tier holds data {ages}"
            if gap > 0
            else f"{TIERS[tier]} and {TIERS[following]} both hold data {ages}"
        )
        days = float(units.from_base(abs(gap), "day"))
        first, last = plan.horizon_months[0], plan.horizon_months[-1]
        yield Warning_("tiers", TIERS[following], first, last, days, "day", what)


def _without_effect(plan: Plan) -> Iterator[Warning_]:
    """Inputs set on the command line that nothing reads."""
    graph, table = plan.project.graph, plan.project.table
    for row in table.rows:
        if row.file == "--set" and not graph.descendants(row.leaf):
            first, last = plan.horizon_months[0], plan.horizon_months[-1]
            yield Warning_(
                "input", row.path, first, last, 0.0, "1", f"nothing reads {row.path} in this plan"
            )


def binding(plan: Plan) -> tuple[str, ...]:
    """One line for each limit that is reached, and for each need that decides a purchase.

    Site power that falls short; storage by capacity or bandwidth; training by its peaks or its mean work.
    """
    lines = [warning.text for warning in _power_short(plan)]
    units_for = [
        on(x, MONTH, TIER, SITE)[0][plan.horizon].sum(axis=2) for x in plan.values(*STORAGE_NEEDS)
    ]
    for tier, name in enumerate(TIERS):
        needs = [x[:, tier] for x in units_for]
        largest = _largest(list(STORAGE_NEEDS.values()), *needs)
        lines.append(f"{name} storage: {_course(plan, largest)}")
    lines.append(f"GPUs: {_course(plan, decides_gpus(plan))}{services_part(plan)}")
    return tuple(lines)


def _largest(names: Sequence[str], *needs: Array) -> npt.NDArray[np.str_]:
    """The name of the largest of several needs in each month; "" where there is none."""
    sizes = np.stack(needs)
    return np.where((sizes > 0).any(axis=0), np.array(names)[sizes.argmax(axis=0)], "")


def _course(plan: Plan, by: npt.NDArray[np.str_]) -> str:
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
