"""What the export rules say of a kind of node at a site in a month, in words, and what they would permit there."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, cast

import numpy as np

from planner import resources
from planner.axes import SITE, Array
from planner.inputs.load import check_profile
from planner.inputs.numbers import Cell, month_label
from planner.inputs.profiles import Accelerator
from planner.perf import export
from planner.results import Results

_NAMED = re.compile(r"^accelerator: ([a-z0-9_]+)$", re.MULTILINE)


def site_of(plan: Results, region: str) -> str:
    """The site that serves a region."""
    site = plan.project.inputs.scenario.regions[region].site
    assert site is not None
    return site


def site_index(plan: Results, site: str) -> int:
    """A site's position on its axis."""
    return plan.project.table.labels[SITE].index(site)


def country_of(plan: Results, site: str) -> str:
    """The country that a site stands in."""
    countries = cast("tuple[str, ...]", plan.project.leaves["site_country"])
    return countries[site_index(plan, site)]


def operator_of(plan: Results, site: str) -> str:
    """The country of the headquarters of who operates a site."""
    operators = cast("tuple[str, ...]", plan.project.leaves["site_operator"])
    return operators[site_index(plan, site)]


def rules_in_force(plan: Results, month: str) -> tuple[export.Rule, ...]:
    """The export rules that count in a month."""
    rules = cast(export.Rules, plan.project.leaves["export_rules"])
    return rules.in_force(plan.project.table.calendar.first + plan.months.index(month))


def verdict_text(plan: Results, site: str, kind: str, month: str) -> str | None:
    """The verdict on a kind of node with its reason: "denied (3A090.a, us_2023_10, in force 2023-11)"."""
    found = export.deciding_limb(
        rules_in_force(plan, month),
        country_of(plan, site),
        operator_of(plan, site),
        chips_of(plan, kind),
    )
    if found is None:
        return None
    rule, limb = found
    needs = {"licence": "needs a licence that the site does not declare", "denied": "denied"}
    word = needs.get(limb.verdict, limb.verdict.replace("_", " "))
    operator = f", operator of {operator_of(plan, site)}" if limb.operators else ""
    return f"{word} ({limb.name}, {rule.name}, in force {month_label(rule.effective)}{operator})"


def refusal(plan: Results, site: str, month: str) -> str:
    """Why a site has no hardware."""
    kind = plan.project.inputs.scenario.sites[site].training
    verdict = verdict_text(plan, site, kind, month)
    title = profile_of(plan, "nodes", kind).title
    if verdict is not None:
        return f"{title} {verdict}"
    later = (verdict_text(plan, site, kind, each) for each in plan.months if each > month)
    verdict = next((text for text in later if text is not None), None)
    if verdict is None:
        return f"the site {site} has no hardware"
    return f"{title} {verdict}, before an order can be delivered"


def alternatives(plan: Results, site: str, month: str) -> str:
    """What a site may have in place of its own hardware, in words."""
    allowed = permitted_nodes(plan, site, month)
    if allowed:
        return f"allowed there: {', '.join(allowed)}"
    known = len({*resources.profiles("nodes"), *plan.project.inputs.profiles.get("nodes", {})})
    return f"of the {known} node profiles none is allowed there"


def permitted_nodes(plan: Results, site: str, month: str) -> list[str]:
    """Kinds of node, shipped or of the plan, that the rules let into a site in a month without a licence."""
    rules = rules_in_force(plan, month)
    where = (country_of(plan, site), operator_of(plan, site))
    used = plan.project.inputs.profiles.get("nodes", {})
    allowed = []
    for name in sorted({*resources.profiles("nodes"), *used}):
        chip = _accelerator_of(plan, name)
        verdict = export.verdicts(rules, *where, _rated(chip))
        if chip.price is not None and not export.blocked(verdict)[0]:
            word = export.VERDICTS[int(verdict[0])]
            allowed.append(name if word == "free" else f"{name} ({word.replace('_', ' ')})")
    return allowed


def profile_of(plan: Results, kind: str, name: str) -> Any:
    """A profile of the plan, or a shipped one that the plan does not use."""
    used = plan.project.inputs.profiles.get(kind, {})
    return used[name] if name in used else _shipped(kind, name)


@cache
def _shipped(kind: str, name: str) -> Any:
    return check_profile(resources.profiles(kind)[name], kind)


def _accelerator_of(plan: Results, kind: str) -> Accelerator:
    """The accelerator of a kind of node.

    Of a node that the plan does not use no more is read than the line that names it: a page that lists what a country
    may have asks for every shipped node.
    """
    used = plan.project.inputs.profiles.get("nodes", {})
    text = "" if kind in used else resources.profiles("nodes")[kind].read_text("utf-8")
    line = _NAMED.search(text)
    name = line[1] if line else profile_of(plan, "nodes", kind).accelerator
    return cast(Accelerator, profile_of(plan, "accelerators", name))


def chips_of(plan: Results, kind: str) -> export.Chips:
    """What the rules look at, of the accelerator of a kind of node."""
    return _rated(_accelerator_of(plan, kind))


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
