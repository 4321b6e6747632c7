"""Which regions and deliveries do the rules on exports and data stop, review or bind to conditions?

`model.trade` says when a rule leaves a region out and when it stops the plan; here each case is put into words, with
the rule, the class of data, the region, and what would be allowed instead.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import numpy as np

from planner import resources, units
from planner.axes import DATA, HARDWARE, MONTH, REGION, SITE, Array, on
from planner.catalogue import SitePools
from planner.findings.spans import Warning_, months_text, span_of
from planner.inputs.load import check_profile
from planner.inputs.numbers import Cell, month_label
from planner.inputs.profiles import Accelerator
from planner.inputs.rules import origin
from planner.perf import export, residency
from planner.results import Results

ABROAD = "any other country"  # a destination that no rule names
CONDITIONS = "data goes abroad under conditions"
_NAMED = re.compile(r"^accelerator: ([a-z0-9_]+)$", re.MULTILINE)
WHOLE = 0.5  # of an accelerator: less than half of one is rounding of the need


def stops(plan: Results) -> Iterator[str]:
    """Why rules stop the plan, and what is allowed instead; nothing where they do not."""
    found = [*_required(plan), *([] if plan.export_violation_allowed else _stopped(plan))]
    yield from dict.fromkeys(found)


def _required(plan: Results) -> Iterator[str]:
    regions = plan.project.inputs.scenario.regions
    required = {name for name, region in regions.items() if region.serve == "required"}
    for warning in unserved(plan, required):
        yield f"{warning.text} (serve: required)"


def _stopped(plan: Results) -> Iterator[str]:
    """Deliveries that the plan needs and the export rules stop."""
    for each in _unlawful(plan):
        yield f"{each.text}; {_alternatives(plan, each.place, each.first)}"
    scenario = plan.project.inputs.scenario
    strict = [name for name in _regions(plan) if scenario.regions[name].serve is None]
    free = {name for name in strict if not _has_to_stay(plan, name)}
    for warning in unserved(plan, free):
        if _site_is_shut(plan, warning.place, warning.first):
            yield f"{warning.text}; its data may go elsewhere: {_elsewhere(plan, warning)}"
    needed = {scenario.regions[name].site for name in free}
    yield from (each.text for each in kept_out(plan) if each.place in needed)
    operates = on(plan.values("site_operates")[0], MONTH, SITE)[0][plan.horizon]
    if not operates.any():
        month = plan.horizon_months[0]
        shut = [
            f"{site}: {_refusal(plan, site, month)}" for site in plan.project.table.labels[SITE]
        ]
        yield f"no site may have its hardware: {'; '.join(shut)}"


# --- Regions ---------------------------------------------------------------------------------------------------------


def _regions(plan: Results) -> tuple[str, ...]:
    return plan.project.table.labels[REGION]


def unserved(plan: Results, among: Container[str] | None = None) -> Iterator[Warning_]:
    """Regions that are not served, with the rule, the class of data and what would be allowed."""
    left_out = on(plan.values("vehicles_unserved")[0], MONTH, REGION)[0]
    for index, region in enumerate(_regions(plan)):
        span = span_of(plan, left_out[:, index])
        if span is None or (among is not None and region not in among):
            continue
        first, last, most = span
        count, months = units.show(most, "vehicle"), months_text(first, last)
        text, brief = (
            f"{region}: up to {count} not served, {months}: {_reason(plan, region, first, in_full)}"
            for in_full in (True, False)
        )
        yield Warning_("unserved", region, first, last, most, "vehicle", text, brief=brief)


def _reason(plan: Results, region: str, month: str, in_full: bool) -> str:
    """Why a region is not served: its data may not go to its site, or the site may not have its hardware.

    In full with the classes of data that a rule keeps where the hardware alone would be reason enough.
    """
    site = _site_of(plan, region)
    kept = _residency(plan, region, _country(plan, site), month)
    if kept is not None and kept.stays:
        return f"{kept.text}, and the site {site} is in {_country(plan, site)}"
    bound = _residency(plan, region, ABROAD, month)
    stays = ""
    if bound is not None and bound.stays:
        stays = f"; {bound.text if in_full else bound.text.partition(' (')[0]}"
    return f"{_refusal(plan, site, month)}{stays}; {_alternatives(plan, site, month)}"


def _site_is_shut(plan: Results, region: str, month: str) -> bool:
    """Whether it is the site's hardware, not its own data, that keeps a region out."""
    kept = _residency(plan, region, _country(plan, _site_of(plan, region)), month)
    return kept is None or not kept.stays


def _elsewhere(plan: Results, warning: Warning_) -> str:
    """The other sites of the plan that may have a region's data and that have hardware."""
    labels = plan.project.table.labels
    month, region = plan.months.index(warning.first), _regions(plan).index(warning.place)
    verdict, operates = plan.values("residency_verdict", "site_operates")
    may = on(verdict, MONTH, REGION, SITE)[0][month, region] < residency.STAYS
    there = on(operates, MONTH, SITE)[0][month] > 0
    sites = [labels[SITE][index] for index in np.flatnonzero(may & there)]
    return (
        f"regions.{warning.place}.site = {' or '.join(sites)}" if sites else "no site is open to it"
    )


@dataclass(frozen=True)
class _Residency:
    """What a residency rule says of a region's data."""

    verdict: str
    text: str
    rule: str
    condition: str

    @property
    def stays(self) -> bool:
        return self.verdict == "stays"


def _residency(
    plan: Results,
    region: str,
    destination: str,
    month: str,
    classes: frozenset[str] | None = None,
) -> _Residency | None:
    """What decides on a region's data to a destination in a month; None where nothing is asked of it."""
    source = origin(plan.project.inputs, region)
    place = source.law if source.law.isupper() else f"{region} ({source.law})"
    if source.stays is not None:
        if not source.stays or destination in source.home:
            return None
        text = f"its data may not leave {place} (regions.{region}.data_stays)"
        return _Residency("stays", text, "data_stays", "")
    trained = residency.trained_classes(plan.project.table.labels.get(DATA, ()))
    index = plan.months.index(month)
    vehicles = on(plan.values("vehicles_in_operation")[0], MONTH, REGION)[0]
    count = float(vehicles[index, _regions(plan).index(region)])
    flow = residency.Flow(source, destination, classes or trained, count)
    rules = cast(residency.Rules, plan.project.leaves["residency_rules"]).rules
    rule = residency.in_force(rules, source.law, plan.project.table.calendar.first + index)
    limb = residency.strictest_limb(rule, flow)
    if rule is None or limb is None:
        return None
    data = ", ".join(_classes(plan, limb))
    text = f"its data may not leave {place} ({data}: {rule.name}, {limb.name})"
    return _Residency(limb.verdict, text, rule.name, limb.condition)


def _classes(plan: Results, limb: residency.Limb) -> list[str]:
    """The classes of data that a limb speaks of, as far as the scenario has them."""
    known = plan.project.table.labels.get(DATA, ())
    named = [name for name in limb.data if name != residency.EVERYTHING]
    return [name for name in named if name in known] or named or ["all classes"]


def _has_to_stay(plan: Results, region: str) -> bool:
    """Whether a region's data may not leave in any month of the horizon."""
    found = (_residency(plan, region, ABROAD, month) for month in plan.horizon_months)
    return any(each is not None and each.stays for each in found)


def _served_with_vehicles(plan: Results) -> Array:
    """Positive in the months in which a region is served and has vehicles that send data, shape (month, region)."""
    served, vehicles = plan.values("region_served", "vehicles_in_operation")
    return np.asarray(on(served, MONTH, REGION)[0] * (on(vehicles, MONTH, REGION)[0] > 0))


def own_pools(plan: Results) -> Iterator[Warning_]:
    """Regions whose data stays and is trained on locally."""
    served = _served_with_vehicles(plan)
    for index, name in enumerate(_regions(plan)):
        span = span_of(plan, served[:, index])
        if span is None:
            continue
        kept = _residency(plan, name, ABROAD, span[1])
        if kept is not None and kept.stays:
            site = _site_of(plan, name)
            text = f"{name}: {kept.text}; it stays at {site}, which trains on it apart from other sites"
            brief = f"{name}: its data stays at {site}, which trains on it apart from other sites"
            yield Warning_("residency", name, *span, "1", text, brief=brief)


def data_conditions(plan: Results) -> Iterator[Warning_]:
    """Regions whose data reaches their site, or others of its pool, under conditions.

    And classes of data that alone would have to stay.
    """
    served = _served_with_vehicles(plan)
    known = frozenset(plan.project.table.labels.get(DATA, ()))
    for index, name in enumerate(_regions(plan)):
        span = span_of(plan, served[:, index])
        if span is None:
            continue
        site = _site_of(plan, name)
        asked = _residency(plan, name, _country(plan, site), span[1])
        if asked is not None and asked.verdict == "conditions":
            text = f"{name}: its data goes to {site} under conditions ({asked.rule}): {asked.condition}"
            brief = f"{name} to {site} ({asked.rule})"
            yield Warning_("residency", name, *span, "1", text, "", CONDITIONS, brief)
        for data in sorted(known - residency.trained_classes(tuple(known))):
            other = _residency(plan, name, _country(plan, site), span[1], frozenset({data}))
            if other is not None and other.stays:
                text = f"{name}: {other.text}, yet its {data} goes to {site} with the rest"
                yield Warning_("residency", name, *span, "1", text)
        for other_site in _pool_mates(plan, site):
            for text, brief in _onward(plan, name, site, other_site, span[1]):
                heading = CONDITIONS if brief else ""
                yield Warning_("residency", name, *span, "1", text, "", heading, brief)


def _pool_mates(plan: Results, site: str) -> list[str]:
    """The other sites of a site's pool."""
    pool = cast(SitePools, plan.project.leaves["site_pools"])[_site_index(plan, site)]
    sites = plan.project.table.labels[SITE]
    return [name for name, there in zip(sites, pool, strict=True) if there and name != site]


def _onward(
    plan: Results, region: str, site: str, other: str, month: str
) -> Iterator[tuple[str, str]]:
    """What a rule asks of a region's data that leaves its site for another of the pool: data sets, and copies.

    In full, and in few words where conditions are all that it asks.
    """
    country = _country(plan, other)
    held = plan.project.table.labels.get(DATA, ())
    trained, flows = residency.trained_classes(held), []
    if _trains(plan, other, month):
        flows.append(("data sets", trained))
    copied = on(plan.leaf("data_copies"), DATA)[0] > 1
    flows += [
        (f"copies of its {name}", frozenset({name}))
        for name, more in zip(held, copied, strict=True)
        if more
    ]
    asked: dict[tuple[str, str], list[str]] = {}
    for what, classes in flows:
        found = _residency(plan, region, country, month, classes)
        if found is not None and found.stays:
            yield f"{region}: {found.text}, yet {what} go on from {site} to {other}", ""
        elif found is not None and found.verdict == "conditions":
            asked.setdefault((found.rule, found.condition), []).append(what)
    for (rule, condition), bound in asked.items():
        flow = " and ".join(bound)
        text = (
            f"{region}: {flow} go on from {site} to {other} under conditions ({rule}): {condition}"
        )
        yield text, f"{region} to {other} ({rule})"


def _trains(plan: Results, site: str, month: str) -> bool:
    """Whether a site has a part of its pool's training in a month."""
    part = on(plan.values("allocation")[0], MONTH, SITE)[0]
    return bool(part[min(plan.months.index(month), len(part) - 1), _site_index(plan, site)] > 0)


# --- Sites and deliveries --------------------------------------------------------------------------------------------


def _site_of(plan: Results, region: str) -> str:
    site = plan.project.inputs.scenario.regions[region].site
    assert site is not None
    return site


def _site_index(plan: Results, site: str) -> int:
    return plan.project.table.labels[SITE].index(site)


def _country(plan: Results, site: str) -> str:
    countries = cast("tuple[str, ...]", plan.project.leaves["site_country"])
    return countries[_site_index(plan, site)]


def _operator(plan: Results, site: str) -> str:
    operators = cast("tuple[str, ...]", plan.project.leaves["site_operator"])
    return operators[_site_index(plan, site)]


def _in_force(plan: Results, month: str) -> tuple[export.Rule, ...]:
    rules = cast(export.Rules, plan.project.leaves["export_rules"])
    return rules.in_force(plan.project.table.calendar.first + plan.months.index(month))


def _verdict_text(plan: Results, site: str, kind: str, month: str) -> str | None:
    """The verdict on a kind of node with its reason: "denied (3A090.a, us_2023_10, in force 2023-11)"."""
    found = export.deciding_limb(
        _in_force(plan, month), _country(plan, site), _operator(plan, site), _chips(plan, kind)
    )
    if found is None:
        return None
    rule, limb = found
    needs = {"licence": "needs a licence that the site does not declare", "denied": "denied"}
    word = needs.get(limb.verdict, limb.verdict.replace("_", " "))
    operator = f", operator of {_operator(plan, site)}" if limb.operators else ""
    return f"{word} ({limb.name}, {rule.name}, in force {month_label(rule.effective)}{operator})"


def _refusal(plan: Results, site: str, month: str) -> str:
    """Why a site has no hardware."""
    kind = plan.project.inputs.scenario.sites[site].training
    verdict = _verdict_text(plan, site, kind, month)
    title = _profile(plan, "nodes", kind).title
    if verdict is not None:
        return f"{title} {verdict}"
    later = (_verdict_text(plan, site, kind, each) for each in plan.months if each > month)
    verdict = next((text for text in later if text is not None), None)
    if verdict is None:
        return f"the site {site} has no hardware"
    return f"{title} {verdict}, before an order can be delivered"


def _alternatives(plan: Results, site: str, month: str) -> str:
    allowed = permitted_nodes(plan, site, month)
    if allowed:
        return f"allowed there: {', '.join(allowed)}"
    known = len({*resources.profiles("nodes"), *plan.project.inputs.profiles.get("nodes", {})})
    return f"of the {known} node profiles none is allowed there"


def permitted_nodes(plan: Results, site: str, month: str) -> list[str]:
    """Kinds of node, shipped or of the plan, that the rules let into a site in a month without a licence."""
    rules = _in_force(plan, month)
    where = (_country(plan, site), _operator(plan, site))
    used = plan.project.inputs.profiles.get("nodes", {})
    allowed = []
    for name in sorted({*resources.profiles("nodes"), *used}):
        chip = _accelerator(plan, name)
        verdict = export.verdicts(rules, *where, _rated(chip))
        if chip.price is not None and not export.blocked(verdict)[0]:
            word = export.VERDICTS[int(verdict[0])]
            allowed.append(name if word == "free" else f"{name} ({word.replace('_', ' ')})")
    return allowed


def _profile(plan: Results, kind: str, name: str) -> Any:
    """A profile of the plan, or a shipped one that the plan does not use."""
    used = plan.project.inputs.profiles.get(kind, {})
    return used[name] if name in used else _shipped(kind, name)


@cache
def _shipped(kind: str, name: str) -> Any:
    return check_profile(resources.profiles(kind)[name], kind)


def _accelerator(plan: Results, kind: str) -> Accelerator:
    """The accelerator of a kind of node.

    Of a node that the plan does not use no more is read than the line that names it: a page that lists what a country
    may have asks for every shipped node.
    """
    used = plan.project.inputs.profiles.get("nodes", {})
    text = "" if kind in used else resources.profiles("nodes")[kind].read_text("utf-8")
    line = _NAMED.search(text)
    name = line[1] if line else _profile(plan, "nodes", kind).accelerator
    return cast(Accelerator, _profile(plan, "accelerators", name))


def _chips(plan: Results, kind: str) -> export.Chips:
    """What the rules look at, of the accelerator of a kind of node."""
    return _rated(_accelerator(plan, kind))


def _rated(accelerator: Accelerator) -> export.Chips:

    def figure(cell: Cell | None) -> Array:
        return np.array([cell.value if cell is not None else 0.0])

    rates = [
        (figure(accelerator.bf16), 16),
        (figure(accelerator.fp8), 8),
        (figure(accelerator.fp4), 4),
        (figure(accelerator.int8), 8),
        (figure(accelerator.fp64), 64),
    ]
    performance = export.total_processing_performance(rates)
    return export.chips(
        performance,
        export.performance_density(performance, figure(accelerator.die_area)),
        figure(accelerator.link_bandwidth),
        figure(accelerator.memory_bandwidth) + figure(accelerator.host_memory_bandwidth),
        np.array([float(accelerator.for_data_centre)]),
    )


def _deliveries(plan: Results) -> Array:
    """Nodes delivered, ordered or committed, by (month, site, hardware)."""
    ordered, committed = plan.values("nodes_delivered", "nodes_committed_delivered")
    return np.asarray(on(ordered + committed, MONTH, SITE, HARDWARE)[0])


def _counted(plan: Results, delivered: Array) -> Iterator[tuple[str, str, str, str, float]]:
    """Site, kind of node, first month, last month and number of what is delivered."""
    labels = plan.project.table.labels
    for site, kind in np.argwhere(delivered.any(axis=0)):
        months = np.flatnonzero(delivered[:, site, kind])
        span = plan.months[months[0]], plan.months[months[-1]]
        count = float(delivered[:, site, kind].sum())
        yield labels[SITE][site], labels[HARDWARE][kind], *span, count


def _unlawful(plan: Results) -> Iterator[Warning_]:
    """Deliveries that the rules stop: committed before the plan, or made in a what-if."""
    against = on(plan.values("nodes_unlawful")[0], MONTH, SITE, HARDWARE)[0]
    for site, kind, first, last, count in _counted(plan, against):
        title = _profile(plan, "nodes", kind).title
        what = f"{site}: {count:.0f} x {title} delivered {months_text(first, last)}"
        text = f"{what}: {_verdict_text(plan, site, kind, first)}"
        yield Warning_("export", site, first, last, count, "1", text)


def violations(plan: Results) -> Iterator[Warning_]:
    """The deliveries of a what-if that the rules stop."""
    for each in _unlawful(plan) if plan.export_violation_allowed else ():
        text = f"against the export rules: {each.text}"
        yield Warning_("export", each.place, each.first, each.last, each.size, each.unit, text)


def kept_out(plan: Results) -> Iterator[Warning_]:
    """Sites that need more hardware than the rules let in, though some of it stands there or could have come."""
    short = on(plan.values("gpus_kept_out")[0], MONTH, SITE)[0]
    for index, site in enumerate(plan.project.table.labels[SITE]):
        span = span_of(plan, np.where(short[:, index] > WHOLE, short[:, index], 0.0))
        if span is not None:
            first, last, most = span
            what = (
                f"{site}: up to {units.show(most, '1')} GPUs kept out, {months_text(first, last)}"
            )
            text = f"{what}: {_refusal(plan, site, first)}; {_alternatives(plan, site, first)}"
            yield Warning_("export", site, first, last, most, "1", text)


def shut_sites(plan: Results) -> Iterator[Warning_]:
    """Sites that no region sends data to and that may not have their hardware: others do their share of training."""
    operates = on(plan.values("site_operates")[0], MONTH, SITE)[0]
    scenario = plan.project.inputs.scenario
    homes = {region.site for region in scenario.regions.values()}
    for index, site in enumerate(plan.project.table.labels[SITE]):
        share = scenario.sites[site].training_share.value
        span = span_of(plan, 1.0 - operates[:, index])
        if span is not None and share > 0 and site not in homes:
            why = f"{_refusal(plan, site, span[0])}; {_alternatives(plan, site, span[0])}"
            text = f"{site}: other sites do its share of training: {why}"
            yield Warning_("export", site, *span, "1", text)


def export_conditions(plan: Results) -> Iterator[Warning_]:
    """Deliveries that need a notice or a case-by-case review, and have no licence."""
    verdict, licensed = plan.values("export_verdict")[0], plan.leaf("site_licensed")
    asked = on(verdict * (1.0 - licensed), MONTH, SITE, HARDWARE)[0]
    delivered = _deliveries(plan)
    for code in (export.NOTIFY, export.CASE_BY_CASE):
        for site, kind, first, last, count in _counted(plan, delivered * (asked == code)):
            title = _profile(plan, "nodes", kind).title
            text = (
                f"{site}: {count:.0f} x {title} delivered {months_text(first, last)} "
                f"under export review: {export.VERDICTS[code].replace('_', ' ')}"
            )
            yield Warning_("export", site, first, last, count, "1", text)


def idle_licences(plan: Results) -> Iterator[Warning_]:
    """Declared licences that lift nothing, because the rules deny the delivery."""
    verdict = on(plan.values("export_verdict")[0], MONTH, SITE, HARDWARE)[0]
    labels, start = plan.project.table.labels, plan.project.table.calendar.first
    months = start + np.arange(len(plan.months))
    for index, (site, entry) in enumerate(plan.project.inputs.scenario.sites.items()):
        for licence in entry.licences:
            if licence.hardware not in labels[HARDWARE]:
                continue
            until = np.inf if licence.until is None else licence.until
            covered = (months >= licence.from_) & (months <= until)
            denied = verdict[:, index, labels[HARDWARE].index(licence.hardware)] == export.DENIED
            span = span_of(plan, np.where(covered & denied, 1.0, 0.0))
            if span is not None:
                what = f"{site}: the licence for {_profile(plan, 'nodes', licence.hardware).title}"
                why = _verdict_text(plan, site, licence.hardware, span[0])
                text = (
                    f"{what} ({licence.reference}) has no effect, {months_text(*span[:2])}: {why}"
                )
                yield Warning_("export", site, *span, "1", text)


def unknown_density(plan: Results) -> Iterator[Warning_]:
    """Deliveries of chips whose die area nobody has written down, where the density could decide."""
    for site, kind, first, last, count in _counted(plan, _deliveries(plan)):
        chip = _chips(plan, kind)
        if chip.density[0] > 0:
            continue
        rules, where = _in_force(plan, first), (_country(plan, site), _operator(plan, site))
        beyond_any = chip.density + np.finfo(np.float64).max
        dense = dataclasses.replace(chip, density=beyond_any)
        found, worst = (export.verdicts(rules, *where, each)[0] for each in (chip, dense))
        if export.STRICTNESS[int(worst)] > export.STRICTNESS[int(found)]:
            word = export.VERDICTS[int(worst)].replace("_", " ")
            title = _profile(plan, "nodes", kind).title
            text = f"{site}: {title} has no die_area; its performance density could make it: {word}"
            yield Warning_("export", site, first, last, count, "1", text)
