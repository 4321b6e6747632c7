"""Which regions do the rules on exports and data leave out or bind to conditions, and when do they stop a plan?

`model.trade` says when a rule leaves a region out and when it stops the plan; here each case is put into words, with
the rule, the class of data, the region, and what would be allowed instead.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np

from planner import units
from planner.axes import DATA, MONTH, REGION, SITE, Array, on
from planner.catalogue import SitePools
from planner.findings.deliveries import kept_out, unlawful
from planner.findings.spans import Warning_, months_text, span_of
from planner.findings.verdicts import alternatives, country_of, refusal, site_index, site_of
from planner.inputs.rules import origin
from planner.perf import residency
from planner.results import Results

ABROAD = "any other country"  # a destination that no rule names
CONDITIONS = "data goes abroad under conditions"


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
    for each in unlawful(plan):
        yield f"{each.text}; {alternatives(plan, each.place, each.first)}"
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
        shut = [f"{site}: {refusal(plan, site, month)}" for site in plan.project.table.labels[SITE]]
        yield f"no site may have its hardware: {'; '.join(shut)}"


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
    site = site_of(plan, region)
    kept = _residency(plan, region, country_of(plan, site), month)
    if kept is not None and kept.stays:
        return f"{kept.text}, and the site {site} is in {country_of(plan, site)}"
    bound = _residency(plan, region, ABROAD, month)
    stays = ""
    if bound is not None and bound.stays:
        stays = f"; {bound.text if in_full else bound.text.partition(' (')[0]}"
    return f"{refusal(plan, site, month)}{stays}; {alternatives(plan, site, month)}"


def _site_is_shut(plan: Results, region: str, month: str) -> bool:
    """Whether it is the site's hardware, not its own data, that keeps a region out."""
    kept = _residency(plan, region, country_of(plan, site_of(plan, region)), month)
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
            site = site_of(plan, name)
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
        site = site_of(plan, name)
        asked = _residency(plan, name, country_of(plan, site), span[1])
        if asked is not None and asked.verdict == "conditions":
            text = f"{name}: its data goes to {site} under conditions ({asked.rule}): {asked.condition}"
            brief = f"{name} to {site} ({asked.rule})"
            yield Warning_("residency", name, *span, "1", text, "", CONDITIONS, brief)
        for data in sorted(known - residency.trained_classes(tuple(known))):
            other = _residency(plan, name, country_of(plan, site), span[1], frozenset({data}))
            if other is not None and other.stays:
                text = f"{name}: {other.text}, yet its {data} goes to {site} with the rest"
                yield Warning_("residency", name, *span, "1", text)
        for other_site in _pool_mates(plan, site):
            for text, brief in _onward(plan, name, site, other_site, span[1]):
                heading = CONDITIONS if brief else ""
                yield Warning_("residency", name, *span, "1", text, "", heading, brief)


def _pool_mates(plan: Results, site: str) -> list[str]:
    """The other sites of a site's pool."""
    pool = cast(SitePools, plan.project.leaves["site_pools"])[site_index(plan, site)]
    sites = plan.project.table.labels[SITE]
    return [name for name, there in zip(sites, pool, strict=True) if there and name != site]


def _onward(
    plan: Results, region: str, site: str, other: str, month: str
) -> Iterator[tuple[str, str]]:
    """What a rule asks of a region's data that leaves its site for another of the pool: data sets, and copies.

    In full, and in few words where conditions are all that it asks.
    """
    country = country_of(plan, other)
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
    return bool(part[min(plan.months.index(month), len(part) - 1), site_index(plan, site)] > 0)
