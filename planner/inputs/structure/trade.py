"""Whose rules hold where: for exports, for the residency of data, for customs duties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import numpy as np

from planner.axes import HARDWARE, MONTH, NETWORK, REGION, SITE, TIER, Array
from planner.catalogue import NETWORKS, Calendar
from planner.inputs import rules
from planner.inputs.load import Inputs
from planner.inputs.profiles import Duties
from planner.inputs.scenario import Fabric, Tier
from planner.inputs.structure.entries import Fixed, Given, Names
from planner.perf import duty


def residency(inputs: Inputs, labels: Names, calendar: Calendar) -> Iterator[Given]:
    """The residency rules, and the sites that pool their data under them."""
    scenario, regions = inputs.scenario, labels[REGION]
    homes = [scenario.regions[name].site for name in regions]
    worked_out = rules.residency_rules(inputs, labels, calendar)
    pools = rules.site_pools(worked_out, homes, labels[SITE])
    yield Given("site_pools", "which sites pool data and training", pools)
    yield Given(
        "residency_rules",
        f"residency rules {scenario.residency_rules}, for the plan's regions and sites",
        worked_out,
    )
    yield Given(
        "region_country",
        "country of each region",
        tuple(scenario.regions[n].country for n in regions),
    )


def exports(inputs: Inputs, labels: Names, calendar: Calendar) -> Iterator[Fixed | Given]:
    """The export rules, and what of sites and chips they turn on."""
    scenario = inputs.scenario
    yield Given("export_rules", f"export rules {scenario.export_rules}", rules.export_rules(inputs))
    yield Given("site_country", "country of each site", rules.site_countries(inputs))
    yield Given(
        "site_operator",
        "country of the headquarters of each site's operator or its parent",
        rules.site_operators(inputs),
    )
    yield Fixed(
        "site_licensed",
        (MONTH, SITE, HARDWARE),
        "1 in the months in which a declared licence covers the delivery of a kind of node",
        rules.licensed(inputs, labels, calendar),
        [f"sites.{name}.licences" for name, site in scenario.sites.items() if site.licences],
    )
    yield Fixed(
        "export_violation_allowed",
        (),
        "1 in a what-if in which deliveries that the rules stop are made all the same",
        float(scenario.allow_export_violation),
        ["allow_export_violation"] if scenario.allow_export_violation else [],
    )
    chips = [inputs.profile("nodes", name).accelerator for name in labels[HARDWARE]]
    yield Fixed(
        "accelerator_for_data_centre",
        (HARDWARE,),
        "1 where the accelerator is designed or marketed for data centres",
        [float(inputs.profile("accelerators", name).for_data_centre) for name in chips],
        [f"accelerators.{name}.for_data_centre" for name in chips],
    )


def duties(inputs: Inputs, labels: Names, calendar: Calendar) -> Iterator[Fixed]:
    """Rates of customs duty on what is delivered to each site in each month, by the rules known to the plan."""
    scenario = inputs.scenario
    as_of = rules.as_of(inputs)
    profile: Duties = inputs.profile("duties", scenario.duty_rates)
    known = [
        duty.Duty(
            frozenset(each.kinds),
            frozenset(each.origins),
            frozenset(each.destinations),
            each.effective,
            each.rate.value,
        )
        for each in profile.duties
        if each.known <= as_of
    ]
    months = np.arange(calendar.months, dtype=np.float64) + calendar.first
    countries = rules.site_countries(inputs)
    paths = [f"duties.{scenario.duty_rates}.duties"]

    def rate(kind: str, section: str, name: str, country: str) -> Array:
        return duty.rates(known, kind, inputs.profile(section, name).origin, country, months)

    nodes = [[rate("nodes", "nodes", n, c) for n in labels[HARDWARE]] for c in countries]
    yield Fixed(
        "node_duty",
        (MONTH, SITE, HARDWARE),
        "customs duty on a node delivered in the month, over its price",
        np.moveaxis(np.array(nodes), -1, 0),
        paths,
    )
    tiers = cast("Mapping[str, Tier]", scenario.tiers)
    systems = [tiers[name].system for name in labels[TIER]]
    storage = [[rate("storage", "storage", n, c) for c in countries] for n in systems]
    yield Fixed(
        "system_duty",
        (MONTH, TIER, SITE),
        "customs duty on a storage unit delivered in the month, over its price",
        np.moveaxis(np.array(storage), -1, 0),
        paths,
    )
    fabrics = cast("Mapping[str, Fabric]", scenario.fabrics)
    parts = [fabrics[name].switch for name in NETWORKS]
    switches = [[rate("network", "network", n, c) for c in countries] for n in parts]
    yield Fixed(
        "switch_duty",
        (MONTH, NETWORK, SITE),
        "customs duty on switches and links delivered in the month, over their price",
        np.moveaxis(np.array(switches), -1, 0),
        paths,
    )
