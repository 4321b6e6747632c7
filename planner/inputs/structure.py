"""What is where and when: the leaves that follow from names and dates, not from numbers.

Which region's data goes to which site, what is sold where, which ECU new vehicles carry, which sites pool their data,
which export rules were known: arrays of 0 and 1, or catalogue objects, each with the places in the files that decide
it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from planner.axes import (
    DATA,
    ECU,
    FUNCTION,
    HARDWARE,
    MONTH,
    NETWORK,
    PACKAGE,
    PROGRAM,
    REGION,
    SERVICE,
    SITE,
    TIER,
    WORKLOAD,
    Array,
)
from planner.catalogue import NETWORKS, STREAMS, Calendar
from planner.inputs import rules
from planner.inputs.load import Inputs
from planner.inputs.profiles import Duties
from planner.inputs.scenario import Fabric, Tier
from planner.perf import duty


@dataclass(frozen=True, slots=True)
class Fixed:
    """An array of which no cell is a number that somebody wrote; `paths` say what decides it."""

    name: str
    axes: tuple[int, ...]
    meaning: str
    values: Any
    paths: Sequence[str]
    unit: str = "1"


@dataclass(frozen=True, slots=True)
class Given:
    """A catalogue object, or names in the order of an axis."""

    name: str
    meaning: str
    value: object


def structure(
    inputs: Inputs, labels: Mapping[int, tuple[str, ...]], calendar: Calendar
) -> Iterator[Fixed | Given]:
    """Everything about a plan that follows from the names and dates of its scenario."""
    scenario, months = inputs.scenario, calendar.months
    regions, sites, hardware = labels[REGION], labels[SITE], labels[HARDWARE]
    homes = [scenario.regions[name].site for name in regions]
    yield Fixed(
        "region_at_site",
        (REGION, SITE),
        "1 where the region's data goes to the site",
        [[float(home == site) for site in sites] for home in homes],
        [f"regions.{name}.site" for name in regions],
    )
    rows = [
        (
            scenario.regions[n].forecast or scenario.market.forecast,
            scenario.regions[n].market_row,
        )
        for n in regions
    ]
    yield Fixed(
        "region_takes_rest",
        (REGION,),
        "1 where the region takes what the others leave of its market row",
        [float(scenario.regions[name].market_share is None) for name in regions],
        [f"regions.{name}" for name in regions],
    )
    residency = rules.residency_rules(inputs, labels, calendar)
    pools = rules.site_pools(residency, homes, sites)
    yield Given("site_pools", "which sites pool data and training", pools)
    yield Given("region_row", "market row of each region", tuple(rows))
    yield Given(
        "residency_rules",
        f"residency rules {scenario.residency_rules}, for the plan's regions and sites",
        residency,
    )
    yield Given(
        "region_country",
        "country of each region",
        tuple(scenario.regions[n].country for n in regions),
    )
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
    sold = [
        [float(p.regions is None or name in p.regions) for p in scenario.programs.values()]
        for name in regions
    ]
    ends = [program.production_end for program in scenario.programs.values()]
    dated = any(end is not None for end in ends)
    yield Fixed(
        "program_sold_in",
        (MONTH, REGION, PROGRAM) if dated else (REGION, PROGRAM),
        "1 where the programme is sold in the region, while it is produced",
        _produced(ends, calendar)[:, None, :] * np.array(sold) if dated else sold,
        [
            f"programs.{name}.{key}"
            for name in labels[PROGRAM]
            for key in ("regions", "production_end")
        ],
    )
    yield Fixed(
        "program_production_end",
        (PROGRAM,),
        "end of the programme's last month of production after plan_start; infinite while none is known",
        [
            float("inf") if end is None else float(calendar.seconds_at(end + 1 - calendar.first))
            for end in ends
        ],
        [f"programs.{name}.production_end" for name in labels[PROGRAM]],
        "second",
    )
    for stream in STREAMS:
        yield Fixed(
            f"data_is_{stream}",
            (DATA,),
            f"1 where the class is cut from the stream {stream}",
            [float(kind.stream == stream) for kind in scenario.data_classes.values()],
            [f"data_classes.{name}.stream" for name in labels[DATA]],
        )
    yield Fixed(
        "data_takes_rest",
        (DATA,),
        "1 where the class takes what the others leave of its stream",
        [float(kind.share is None) for kind in scenario.data_classes.values()],
        [f"data_classes.{name}" for name in labels[DATA]],
    )
    yield Fixed(
        "program_ecu_built",
        (MONTH, PROGRAM, ECU),
        "1 where the programme's new vehicles carry the ECU",
        _ecus_built(inputs, labels, calendar),
        [f"programs.{name}.ecu_from" for name in labels[PROGRAM]],
    )
    starts = [
        w.start if w.start is not None else scenario.horizon.start
        for w in scenario.workloads.values()
    ]
    yield Fixed(
        "workload_active",
        (MONTH, WORKLOAD),
        "1 in the months in which the workload is trained",
        [[float(scenario.plan_start + m >= start) for start in starts] for m in range(months)],
        [f"workloads.{name}.start" for name in scenario.workloads],
    )
    yield from _releases(inputs, labels, calendar)
    yield from _on_board(inputs, labels, calendar)
    precisions = [inputs.profile("models", w.model).precision for w in scenario.workloads.values()]
    yield Fixed(
        "model_trains_in_fp8",
        (WORKLOAD,),
        "1 where the model trains in 8-bit float on chips that have it",
        [float(precision == "fp8") for precision in precisions],
        [f"models.{w.model}.precision" for w in scenario.workloads.values()],
    )
    yield Fixed(
        "checkpoint_in_background",
        (),
        "1 where training goes on while a checkpoint is written",
        float(scenario.checkpoint.in_background),
        ["checkpoint.in_background"],
    )
    yield from _services(inputs, sites, months)
    chips = [inputs.profile("nodes", name).accelerator for name in hardware]
    yield Fixed(
        "accelerator_for_data_centre",
        (HARDWARE,),
        "1 where the accelerator is designed or marketed for data centres",
        [float(inputs.profile("accelerators", name).for_data_centre) for name in chips],
        [f"accelerators.{name}.for_data_centre" for name in chips],
    )
    yield Fixed(
        "site_trains_on",
        (SITE, HARDWARE),
        "1 for the kind of node that the site buys for training",
        [[float(s.training == kind) for kind in hardware] for s in scenario.sites.values()],
        [f"sites.{name}.training" for name in sites],
    )
    fabrics = cast("Mapping[str, Fabric]", scenario.fabrics)
    yield Fixed(
        "fabric_has_spine",
        (NETWORK,),
        "1 where spines connect the leaves of the network",
        [float(fabrics[name].tree == "spine") for name in NETWORKS],
        [f"fabrics.{name}.tree" for name in NETWORKS],
    )
    yield Fixed(
        "site_may_order",
        (SITE,),
        "1 where the site may order hardware",
        [float(site.orders_allowed) for site in scenario.sites.values()],
        [f"sites.{name}.orders_allowed" for name in sites],
    )
    yield from _money(inputs, labels, calendar)
    yield from _duties(inputs, labels, calendar)
    yield Fixed(
        "site_spare_modules",
        (SITE,),
        "modules of power and cooling that may fail: 1 where redundancy is N+1",
        [float(site.redundancy == "N+1") for site in scenario.sites.values()],
        [f"sites.{name}.redundancy" for name in sites],
    )
    yield Fixed(
        "site_module_sets",
        (SITE,),
        "whole sets of modules, of which one carries everything: 2 where redundancy is 2N",
        [1.0 + float(site.redundancy == "2N") for site in scenario.sites.values()],
        [f"sites.{name}.redundancy" for name in sites],
    )
    yield Fixed(
        "month_seconds",
        (MONTH,),
        "calendar length of the month",
        calendar.seconds,
        (),
        "second",
    )
    yield Given("calendar", "months of the plan", calendar)
    yield Given("export_rules", f"export rules {scenario.export_rules}", rules.export_rules(inputs))


def _releases(
    inputs: Inputs, labels: Mapping[int, tuple[str, ...]], calendar: Calendar
) -> Iterator[Fixed]:
    """Which releases are simulated and qualified, from when, and where."""
    scenario, packages = inputs.scenario, labels[PACKAGE]
    for section, verb in (("simulation", "simulated"), ("qualification", "qualified")):
        chosen = getattr(scenario, section).package
        yield Fixed(
            f"{section}_follows",
            (PACKAGE,),
            f"1 where releases of the package are {verb}; all where none is named",
            [float(chosen in (None, name)) for name in packages],
            [f"{section}.package"] if chosen is not None else [],
        )
    start = scenario.simulation.start
    first = start if start is not None else scenario.horizon.start
    yield Fixed(
        "simulation_active",
        (MONTH,),
        "1 in the months in which releases are simulated",
        [float(scenario.plan_start + month >= first) for month in range(calendar.months)],
        ["simulation.start"] if start is not None else ["horizon.start"],
    )
    hosts = [name for name, site in scenario.sites.items() if site.hosts_releases]
    host = hosts[0] if hosts else labels[SITE][0]
    yield Fixed(
        "site_hosts_releases",
        (SITE,),
        "1 for the site that builds, qualifies and keeps releases; the first unless one is marked",
        [float(name == host) for name in labels[SITE]],
        [f"sites.{host}.hosts_releases"] if hosts else [f"sites.{host}"],
    )


def _on_board(
    inputs: Inputs, labels: Mapping[int, tuple[str, ...]], calendar: Calendar
) -> Iterator[Fixed | Given]:
    """Which function runs where, from when, in which precision, and which package brings it.

    Without functions, everything has one position at which nothing runs.
    """
    scenario = inputs.scenario
    entries = scenario.deployments
    paths = [f"deployments.{name}" for name in entries]
    functions = list(entries.values())
    starts = [each.start if each.start is not None else scenario.plan_start for each in functions]
    months = np.arange(calendar.months)[:, None] + scenario.plan_start
    yield Fixed(
        "deployment_active",
        (MONTH, FUNCTION),
        "1 in the months in which the function is on board",
        (months >= np.array(starts)).astype(np.float64) if functions else 0.0 * months,
        paths,
    )
    yield Fixed(
        "deployment_runs_on",
        (ECU, FUNCTION),
        "1 where the ECU runs the function",
        [
            [float(f.ecus is None or ecu in f.ecus) for f in functions] or [0.0]
            for ecu in labels[ECU]
        ],
        paths,
    )
    yield Fixed(
        "deployment_on_engines",
        (FUNCTION,),
        "1 where inference engines beside the GPU can run the function",
        [float(each.on_engines) for each in functions] or [0.0],
        paths,
    )
    yield Fixed(
        "deployment_in_package",
        (PACKAGE, FUNCTION),
        "1 where releases of the package bring the function's weights",
        [[float(f.package == name) for f in functions] or [0.0] for name in labels[PACKAGE]],
        paths,
    )
    yield Given(
        "deployment_precisions",
        "precision in which each function computes",
        tuple(each.precision for each in functions) or ("int8",),
    )


def _money(
    inputs: Inputs, labels: Mapping[int, tuple[str, ...]], calendar: Calendar
) -> Iterator[Fixed]:
    """How sites acquire accelerators and halls, in which money cash is counted, which grid carbon counts."""
    scenario, economics = inputs.scenario, inputs.scenario.economics
    choices = (
        ("site_buys", "acquisition", "buy", "buys its accelerators"),
        ("site_leases", "acquisition", "lease", "leases its accelerators"),
        ("site_rents", "acquisition", "rent", "rents its accelerators by the hour"),
        ("site_builds", "building", "build", "builds its hall; others rent theirs"),
    )
    for name, field, choice, meaning in choices:
        yield Fixed(
            name,
            (SITE,),
            f"1 where the site {meaning}",
            [float(getattr(site, field) == choice) for site in scenario.sites.values()],
            [f"sites.{site}.{field}" for site in labels[SITE]],
        )
    yield Fixed(
        "economics_nominal",
        (),
        "1 where cash is counted in money of its day, 0 where in money of the base date",
        float(economics.money == "nominal"),
        ["economics.money"],
    )
    base = economics.base_date if economics.base_date is not None else scenario.plan_start
    yield Fixed(
        "economics_base_time",
        (),
        "when prices are as written, after plan_start",
        calendar.seconds_at(base - calendar.first),
        ["economics.base_date"],
        "second",
    )
    yield Fixed(
        "carbon_grid_is_cloud",
        (),
        "1 where the grid's carbon is that of the cloud region, 0 where the country's",
        float(scenario.carbon.grid == "cloud_region"),
        ["carbon.grid"],
    )


def _duties(
    inputs: Inputs, labels: Mapping[int, tuple[str, ...]], calendar: Calendar
) -> Iterator[Fixed]:
    """Rates of customs duty on what is delivered to each site in each month, by the rules known to the plan."""
    scenario = inputs.scenario
    as_of = scenario.plan_start if scenario.rules_as_of is None else scenario.rules_as_of
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
    countries = [inputs.profile("regions", s.location).country for s in scenario.sites.values()]
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


def _services(inputs: Inputs, sites: Sequence[str], months: int) -> Iterator[Fixed]:
    """Where each service runs, from when, and how; without services one position that is nowhere."""
    scenario, services = inputs.scenario, inputs.scenario.services
    each = list(services.values())
    starts = [s.start if s.start is not None else scenario.horizon.start for s in each]
    active = [
        [float(scenario.plan_start + m >= start) for start in starts] or [0.0]
        for m in range(months)
    ]
    yield Fixed(
        "service_active",
        (MONTH, SERVICE),
        "1 in the months in which the service runs",
        active,
        [f"services.{name}.start" for name in services],
    )
    yield Fixed(
        "service_at_site",
        (SERVICE, SITE),
        "1 where the service runs",
        [[float(s.site == site) for site in sites] for s in each] or [[0.0] * len(sites)],
        [f"services.{name}.site" for name in services],
    )
    yield Fixed(
        "service_preemptible",
        (SERVICE,),
        "1 where the service is work that may wait and fills idle accelerators",
        [float(s.preemptible) for s in each] or [0.0],
        [f"services.{name}.preemptible" for name in services],
    )
    yield Fixed(
        "service_by_time",
        (SERVICE,),
        "1 where the demand is given in time of the reference accelerator",
        [float(s.kind == "robot_training") for s in each] or [0.0],
        [f"services.{name}.kind" for name in services],
    )


def _produced(ends: Sequence[int | None], calendar: Calendar) -> Array:
    """1 in the months (month, program) up to the last one of a programme's production."""
    months = calendar.first + np.arange(calendar.months)[:, None]
    return (months <= [np.inf if end is None else end for end in ends]).astype(np.float64)


def _ecus_built(inputs: Inputs, labels: Mapping[int, tuple[str, ...]], calendar: Calendar) -> Array:
    """The newest ECU that has started; before the first start, the first."""
    built = np.zeros((calendar.months, len(labels[PROGRAM]), len(labels[ECU])))
    for p, program in enumerate(inputs.scenario.programs.values()):
        starts = sorted(program.ecu_from.items(), key=lambda item: item[1])
        for month in range(calendar.months):
            begun = [ecu for ecu, start in starts if start <= inputs.scenario.plan_start + month]
            built[month, p, labels[ECU].index(begun[-1] if begun else starts[0][0])] = 1.0
    return built
