"""Which rules on exports and on data count in a plan, and for whom?

From the rule profiles that a scenario names to the objects that `perf.export` and `perf.residency` apply: the rules
known in the month `rules_as_of`, with the country groups spelled out; operators, licences, and the sites that may pool
their data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from planner.axes import DATA, HARDWARE, REGION, SITE, Array
from planner.catalogue import Calendar, SitePools
from planner.inputs.load import Inputs
from planner.inputs.profiles import ExportRule, Limb, ResidencyLimb, ResidencyRule, TradeRules
from planner.perf import export, residency

SQUARE_MILLIMETRE = 1e-6
Groups = Mapping[str, Sequence[str]]


def as_of(inputs: Inputs) -> int:
    """The month whose knowledge of the rules counts: plan_start unless the scenario says otherwise."""
    scenario = inputs.scenario
    return scenario.plan_start if scenario.rules_as_of is None else scenario.rules_as_of


def site_countries(inputs: Inputs) -> tuple[str, ...]:
    """The country in which each site stands."""
    sites = inputs.scenario.sites.values()
    return tuple(inputs.profile("regions", site.location).country for site in sites)


def site_operators(inputs: Inputs) -> tuple[str, ...]:
    """The country of each operator's headquarters: the site's, the scenario's, or the one in which the site stands."""
    scenario = inputs.scenario
    return tuple(
        site.operator_country or scenario.operator_country or country
        for site, country in zip(scenario.sites.values(), site_countries(inputs), strict=True)
    )


def licensed(inputs: Inputs, labels: Mapping[int, tuple[str, ...]], calendar: Calendar) -> Array:
    """1 where a declared licence covers a delivery, by (month, site, hardware)."""
    held = np.zeros((calendar.months, len(labels[SITE]), len(labels[HARDWARE])))
    for s, site in enumerate(inputs.scenario.sites.values()):
        for licence in site.licences:
            if licence.hardware not in labels[HARDWARE]:
                continue
            start = max(licence.from_ - calendar.first, 0)
            end = calendar.months if licence.until is None else licence.until - calendar.first + 1
            held[start : max(end, 0), s, labels[HARDWARE].index(licence.hardware)] = 1.0
    return held


# --- Export ----------------------------------------------------------------------------------------------------------


def export_rules(inputs: Inputs) -> export.Rules:
    """The export rules known by then; one that nobody enforces counts only where the scenario takes it as written."""
    profile: TradeRules = inputs.profile("rules", inputs.scenario.export_rules)
    month = as_of(inputs)
    written = inputs.scenario.rules_as_written
    counted = [
        rule
        for rule in profile.rules
        if rule.known <= month
        and (rule.unenforced_from is None or rule.unenforced_from > month or rule.name in written)
    ]
    return export.Rules(tuple(_export_rule(rule, profile.groups) for rule in counted), month)


def _export_rule(rule: ExportRule, groups: Groups) -> export.Rule:
    limbs = tuple(_export_limb(limb, groups) for limb in rule.limbs)
    return export.Rule(rule.name, rule.title, rule.known, rule.effective, limbs, rule.beside)


def _export_limb(limb: Limb, groups: Groups) -> export.Limb:
    least, below = _span(limb.density_from, limb.density_below)
    memory = limb.memory_bandwidth_from
    return export.Limb(
        name=limb.name,
        destinations=_countries(limb.destinations, groups),
        exempt=_countries(limb.except_, groups),
        performance=_span(limb.performance_from, limb.performance_below),
        density=(least / SQUARE_MILLIMETRE, below / SQUARE_MILLIMETRE),
        link_from=limb.link_from.value if limb.link_from else 0.0,
        memory_bandwidth_from=memory.value if memory else 0.0,
        data_centre_only=limb.data_centre_only,
        verdict=limb.verdict,
        operators=_countries(limb.operators, groups),
        eccn=limb.eccn,
    )


def _span(least: float | None, below: float | None) -> tuple[float, float]:
    return (least if least is not None else 0.0, below if below is not None else float("inf"))


def _countries(names: Iterable[str], groups: Groups) -> frozenset[str]:
    """Countries by name, groups spelled out."""
    found: set[str] = set()
    for name in names:
        found.update(groups.get(name, (name,)))
    return frozenset(found)


# --- Residency -------------------------------------------------------------------------------------------------------


def residency_rules(
    inputs: Inputs, labels: Mapping[int, tuple[str, ...]], calendar: Calendar
) -> residency.Rules:
    """The residency rules known by then, worked out for the plan's regions and sites."""
    profile: TradeRules = inputs.profile("rules", inputs.scenario.residency_rules)
    month = as_of(inputs)
    known = [
        _residency_rule(rule, profile.groups) for rule in profile.residency if rule.known <= month
    ]
    return residency.worked_out(
        known,
        month,
        [origin(inputs, name) for name in labels[REGION]],
        site_countries(inputs),
        labels.get(DATA, ()),
        range(calendar.first, calendar.first + calendar.months),
    )


def _residency_rule(rule: ResidencyRule, groups: Groups) -> residency.Rule:
    limbs = tuple(_residency_limb(limb, groups) for limb in rule.limbs)
    origins = frozenset(rule.origins)
    return residency.Rule(rule.name, rule.title, rule.known, rule.effective, origins, limbs)


def _residency_limb(limb: ResidencyLimb, groups: Groups) -> residency.Limb:
    return residency.Limb(
        name=limb.name,
        data=tuple(limb.data),
        destinations=_countries(limb.destinations, groups),
        exempt=_countries(limb.except_, groups),
        vehicles_above=float("-inf") if limb.vehicles_above is None else limb.vehicles_above,
        exterior_video=limb.exterior_video,
        verdict=limb.verdict,
        condition=limb.condition,
    )


def origin(inputs: Inputs, name: str) -> residency.Origin:
    """A region as the residency rules see it."""
    region = inputs.scenario.regions[name]
    groups = inputs.profile("rules", inputs.scenario.residency_rules).groups
    law = region.jurisdiction or region.country
    home = _countries([law], groups) | {region.country}
    return residency.Origin(law, home, _films(inputs, name), region.data_stays)


def _films(inputs: Inputs, region: str) -> bool:
    """Whether a vehicle sold in the region has cameras."""
    programs = inputs.scenario.programs.values()
    vehicles = [p.vehicle for p in programs if p.regions is None or region in p.regions]
    sensors = (inputs.profile("vehicles", name).sensors.values() for name in vehicles)
    return any(sensor.kind == "camera" for group in sensors for sensor in group)


def site_pools(
    rules: residency.Rules, homes: Sequence[str | None], sites: Sequence[str]
) -> SitePools:
    """Sites pool where the data of each may go to all others of the pool, in every month and however large the fleet.

    Data that may not be at its own site is not collected and decides nothing.
    """
    leaves = np.maximum.reduce(rules.strictest, axis=0) < residency.STAYS  # (region, site)
    at_home = [(region, sites.index(home)) for region, home in enumerate(homes) if home is not None]
    goes = np.ones((len(sites), len(sites)), dtype=bool)
    for region, site in at_home:
        if leaves[region, site]:
            goes[site] &= leaves[region]
    return residency.pools(goes & goes.T)
