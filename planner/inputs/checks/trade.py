"""Do the rules on exports and data, and the licences under them, agree?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from planner.inputs.checks.contradiction import Contradiction, Profiles, unknown
from planner.inputs.documents import Steps
from planner.inputs.numbers import month_label
from planner.inputs.profiles import TradeRules
from planner.inputs.scenario import Scenario


def contradictions(scenario: Scenario, profiles: Profiles) -> Iterator[Contradiction]:
    """Rules of the wrong kind or of unknown places, and licences that end before they begin."""
    yield from _rules(scenario, profiles)
    yield from _licences(scenario)


def _rules(scenario: Scenario, profiles: Profiles) -> Iterator[Contradiction]:
    """Rule profiles of the wrong kind, groups of countries that they do not have, rules that nobody knows."""
    for field, kind in (("export_rules", "rules"), ("residency_rules", "residency")):
        name = getattr(scenario, field)
        profile = cast(TradeRules, profiles["rules"][name])
        if not getattr(profile, kind):
            yield (field,), f"{name} has no {kind}: expected a profile that has some"
        known = {*profile.groups, "all"}
        for steps, place in _places(profile):
            if place.islower() and place not in known:
                yield unknown(("rules", name, *steps), place, "group of countries", known)
    exports = cast(TradeRules, profiles["rules"][scenario.export_rules])
    names = [rule.name for rule in exports.rules]
    for index, name in enumerate(scenario.rules_as_written):
        if name not in names:
            yield unknown(("rules_as_written", index), name, "export rule", names)
    groups = cast(TradeRules, profiles["rules"][scenario.residency_rules]).groups
    for name, region in scenario.regions.items():
        law = region.jurisdiction
        if law is not None and law.islower() and law not in groups:
            at: Steps = ("regions", name, "jurisdiction")
            yield unknown(at, law, "group of countries in the residency rules", groups)


def _places(profile: TradeRules) -> Iterator[tuple[Steps, str]]:
    """Every place that a rule names, with its steps in the profile."""
    for index, rule in enumerate(profile.residency):
        for place in rule.origins:
            yield ("residency", index, "origins"), place
    for section in ("rules", "residency"):
        for index, rule in enumerate(getattr(profile, section)):
            for number, limb in enumerate(rule.limbs):
                for field in ("destinations", "except_", "operators"):
                    steps = (section, index, "limbs", number, field.rstrip("_"))
                    yield from ((steps, place) for place in getattr(limb, field, ()))


def _licences(scenario: Scenario) -> Iterator[Contradiction]:
    for name, site in scenario.sites.items():
        for index, licence in enumerate(site.licences):
            if licence.until is not None and licence.until < licence.from_:
                steps: Steps = ("sites", name, "licences", index, "until")
                start = month_label(licence.from_)
                yield steps, f"{month_label(licence.until)} is before the licence's from {start}"
