"""What no single field can tell: names that lead nowhere, and numbers that contradict each other.

Works on inputs whose fields are valid one by one; yields faults, and leaves it to the loader to raise them together.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, cast

import numpy as np

from planner import units
from planner.catalogue import LINKS, NETWORKS, STREAMS, TIERS
from planner.errors import Fault, suggestion
from planner.inputs import documents
from planner.inputs.documents import Node, Table, Text
from planner.inputs.numbers import Cell, month_index, month_label
from planner.inputs.profiles import Ecu, Market, Profile, TradeRules
from planner.inputs.scenario import SERVICE_FIELDS, Scenario, Site
from planner.perf.power import NodeParts, node_power_peak

MONTHS_LIMIT = 600  # fifty years
MOST_DOWN = 1.0  # failures during a repair: beyond it more than half of the hardware is down
FEWEST_PORTS = 3  # of a switch in a tree: two make a chain

Profiles = Mapping[str, Mapping[str, Profile]]
Steps = tuple[str | int, ...]


def contradictions(scenario: Scenario, profiles: Profiles, tree: Table) -> Iterator[Fault]:
    """Every fault that concerns more than one field."""
    yield from months(tree)
    for steps, message in (
        *_names(scenario),
        *_market(scenario, profiles),
        *_data_classes(scenario),
        *_stocks(scenario),
        *_ranges(scenario),
        *_repairs(scenario, profiles),
        *_read_rates(scenario),
        *_protection(scenario, profiles),
        *_queues(scenario),
        *_services(scenario),
        *_fabric(scenario, profiles),
        *_rents(scenario, profiles),
        *_rules(scenario, profiles),
        *_licences(scenario),
        *_node_power(profiles),
        *_releases(scenario),
        *_power_modes(profiles),
        *_halls(scenario, profiles),
        *_check_texts(scenario),
    ):
        file, line, path = documents.locate(tree, steps)
        yield Fault(file, line, path, message)


def months(tree: Table) -> Iterator[Fault]:
    """Months of the plan in the wrong order, as far as they are months; the other fields need not be valid."""
    plan_start = _month(tree, ("plan_start",))
    start, end = (_month(tree, ("horizon", key)) for key in ("start", "end"))

    def fault(key: str, message: str) -> Fault:
        return Fault(*documents.locate(tree, ("horizon", key)), message)

    if start is not None and plan_start is not None and start < plan_start:
        late = documents.locate(tree, ("plan_start",))
        if late[0] in (
            tree.file,
            "--set",
        ):  # the scenario's own line is to blame, not the one it extends
            yield Fault(
                *late, f"{month_label(plan_start)} is after horizon.start {month_label(start)}"
            )
        else:
            message = f"{month_label(start)} is before plan_start {month_label(plan_start)}"
            yield fault("start", message)
    if start is not None and end is not None and end < start:
        yield fault("end", f"{month_label(end)} is before the start {month_label(start)}")
    if end is not None and plan_start is not None and end - plan_start >= MONTHS_LIMIT:
        count = end - plan_start + 1
        yield fault("end", f"{count} months from plan_start; at most {MONTHS_LIMIT} are planned")


def _month(tree: Node, steps: Steps) -> int | None:
    """The month that a text at these steps names; None where there is none."""
    node: Node | None = tree
    for step in steps:
        node = node.entries.get(str(step)) if isinstance(node, Table) else None
    try:
        return month_index(node.text) if isinstance(node, Text) and node.text else None
    except ValueError:
        return None


def _unknown(steps: Steps, name: str, what: str, known: Iterable[str]) -> tuple[Steps, str]:
    return steps, f'no {what} "{name}"; {suggestion(name, list(known))}'


def _names(scenario: Scenario) -> Iterator[tuple[Steps, str]]:
    homes = fleet_regions(scenario)
    if not homes:
        yield ("regions",), "no region names a site; expected at least one with site: NAME"
    for name, region in scenario.regions.items():
        if region.site is not None and region.site not in scenario.sites:
            yield _unknown(("regions", name, "site"), region.site, "site", scenario.sites)
    for name, program in scenario.programs.items():
        for index, home in enumerate(program.regions or ()):
            if home not in homes:
                yield _unknown(("programs", name, "regions", index), home, "fleet region", homes)
    for section, expected, found in (
        ("links", LINKS, scenario.links),
        ("tiers", TIERS, scenario.tiers),
        ("fabrics", NETWORKS, scenario.fabrics),
    ):
        for missing in expected:
            if missing not in found:
                yield (section,), f"{missing} is missing; expected {', '.join(expected)}"


def fleet_regions(scenario: Scenario) -> list[str]:
    """The regions that take part in the fleet: those that name a site."""
    return [name for name, region in scenario.regions.items() if region.site is not None]


def opening_class(scenario: Scenario) -> str:
    """The class of opening data that names none: the one that takes what others leave of the clips."""
    whole = [name for name, kind in scenario.data_classes.items() if kind.share is None]
    clips = [name for name in whole if scenario.data_classes[name].stream == "clips"]
    return (clips or list(scenario.data_classes))[0]


def _data_classes(scenario: Scenario) -> Iterator[tuple[Steps, str]]:
    """Streams that are divided with a rest left over or twice over, and data both to be kept and to be deleted."""
    for stream in STREAMS:
        kinds = {n: kind for n, kind in scenario.data_classes.items() if kind.stream == stream}
        rest = [name for name, kind in kinds.items() if kind.share is None]
        claimed = sum(kind.share.value for kind in kinds.values() if kind.share is not None)
        if not rest:
            yield (
                ("data_classes",),
                f"no class of the stream {stream} without a share takes its rest",
            )
        elif len(rest) > 1:
            yield (
                ("data_classes", rest[1]),
                f"both {rest[0]} and {rest[1]} take what is left of {stream}; give one of them a share",
            )
        if claimed > 1 + 1e-9:
            yield ("data_classes",), f"classes claim {claimed:.0%} of the stream {stream}"
    for name, kind in scenario.data_classes.items():
        if kind.retain_until is not None and kind.withdrawn_share.value > 0:
            yield (
                ("data_classes", name, "withdrawn_share"),
                "is above 0 with retain_until set; what must be kept is not deleted on request",
            )
    for name, site in scenario.sites.items():
        for index, entry in enumerate(site.opening_data):
            if entry.data is not None and entry.data not in scenario.data_classes:
                at: Steps = ("sites", name, "opening_data", index, "data")
                yield _unknown(at, entry.data, "data class", scenario.data_classes)


def _market(scenario: Scenario, profiles: Profiles) -> Iterator[tuple[Steps, str]]:
    claimed: dict[tuple[str, str], float] = {}
    takers: dict[tuple[str, str], str] = {}
    for name in fleet_regions(scenario):
        region = scenario.regions[name]
        forecast = region.forecast or scenario.market.forecast
        steps: Steps = ("regions", name, "market_row")
        rows = cast(Market, profiles["markets"][forecast]).rows
        if region.market_row not in rows:
            yield _unknown(steps, region.market_row, f"row of {forecast}", rows)
            continue
        years = sorted(int(year) for year in rows[region.market_row].sales)
        first, last = scenario.plan_start // 12, scenario.horizon.end // 12
        if years[0] > first or years[-1] < last:
            yield (
                steps,
                f"{forecast} gives {region.market_row} for {years[0]} to {years[-1]}; "
                f"the plan needs {first} to {last}",
            )
        claim = (forecast, region.market_row)
        if region.market_share is not None:
            claimed[claim] = claimed.get(claim, 0.0) + region.market_share.value
        elif claim in takers:
            yield (
                ("regions", name),
                f"both {takers[claim]} and {name} take what is left of {region.market_row}; "
                "give one of them a market_share",
            )
        else:
            takers[claim] = name
    for (forecast, row), share in claimed.items():
        if share > 1 + 1e-9:
            yield ("regions",), f"regions claim {share:.0%} of the row {row} of {forecast}"


def _stocks(scenario: Scenario) -> Iterator[tuple[Steps, str]]:
    start = scenario.plan_start
    homes = fleet_regions(scenario)
    ecus = {ecu for program in scenario.programs.values() for ecu in program.ecu_from}
    for index, cohort in enumerate(scenario.opening_fleet):
        at: Steps = ("opening_fleet", index)
        if cohort.region not in homes:
            yield _unknown((*at, "region"), cohort.region, "fleet region", homes)
        if cohort.program not in scenario.programs:
            yield _unknown((*at, "program"), cohort.program, "programme", scenario.programs)
        if cohort.ecu not in ecus:
            yield _unknown((*at, "ecu"), cohort.ecu, "ECU of a programme", ecus)
        if cohort.cohort >= start:
            yield (*at, "cohort"), f"{month_label(cohort.cohort)} is not before plan_start"
    for name, site in scenario.sites.items():
        for field in ("installed", "installed_storage"):
            for index, stock in enumerate(getattr(site, field)):
                if stock.in_service >= start:
                    yield (
                        ("sites", name, field, index, "in_service"),
                        f"{month_label(stock.in_service)} is not before plan_start; "
                        f"what arrives later is committed",
                    )
        for field in ("committed", "committed_storage"):
            for index, stock in enumerate(getattr(site, field)):
                if stock.in_service < start:
                    yield (
                        ("sites", name, field, index, "in_service"),
                        f"{month_label(stock.in_service)} is before plan_start; "
                        f"what is there already is installed",
                    )
        for index, data in enumerate(site.opening_data):
            if data.year % 12 or data.year + 12 > start + 11:
                yield (
                    ("sites", name, "opening_data", index, "year"),
                    f"{month_label(data.year)}: expected a year that begins before plan_start",
                )


def _repairs(scenario: Scenario, profiles: Profiles) -> Iterator[tuple[Steps, str]]:
    cluster, checkpoint = scenario.cluster, scenario.checkpoint
    if checkpoint.stall.value >= checkpoint.interval_limit.value:
        yield ("checkpoint", "stall"), "is not shorter than interval_limit: nothing but checkpoints"
    for name in dict.fromkeys(site.training for site in scenario.sites.values()):
        node: Any = profiles["nodes"][name]
        count = node.accelerators.value
        group = node.repair_group.value if node.repair_group is not None else count
        if count % group:
            yield (
                ("nodes", name, "repair_group"),
                f"{group:g} does not divide the {count:g} accelerators of the node",
            )
        down = group * cluster.failure_rate.value * cluster.repair_time.value
        if down > MOST_DOWN:
            yield (
                ("cluster", "repair_time"),
                f"{name} fails {down:.3g} times while it is repaired; expected at most {MOST_DOWN:g}",
            )


def _read_rates(scenario: Scenario) -> Iterator[tuple[Steps, str]]:
    for name, tier in scenario.tiers.items():
        if (tier.level is None) == (tier.read_per_accelerator is None):
            found = "neither" if tier.level is None else "both"
            yield ("tiers", name), f"{found}; expected either level or read_per_accelerator"


def _protection(scenario: Scenario, profiles: Profiles) -> Iterator[tuple[Steps, str]]:
    for name in dict.fromkeys(tier.system for tier in scenario.tiers.values()):
        system: Any = profiles["storage"][name]
        shards = (system.data_shards, system.parity_shards)
        both = system.protection is not None and shards != (None, None)
        if both or (system.protection is None and None in shards):
            found = "shards and protection" if both else "neither shards in full nor protection"
            yield (
                ("storage", name),
                f"{found}; expected data_shards with parity_shards, or protection alone",
            )


def _queues(scenario: Scenario) -> Iterator[tuple[Steps, str]]:
    """Experiments that people wait for are jobs of a size and a length."""
    for name, workload in scenario.workloads.items():
        if workload.preemptible_share is None or workload.preemptible_share.value >= 1:
            continue
        for field in ("job_gpus", "job_duration"):
            if getattr(workload, field) is None:
                message = "missing; experiments that are not preemptible wait as jobs of some size"
                yield ("workloads", name, field), message


def _services(scenario: Scenario) -> Iterator[tuple[Steps, str]]:
    """Each kind of service is measured by its own fields."""
    for name, service in scenario.services.items():
        at: Steps = ("services", name)
        for kind, fields in SERVICE_FIELDS.items():
            for field in fields:
                given = getattr(service, field) is not None
                if kind == service.kind and not given:
                    yield (*at, field), f"missing; a service of kind {kind} needs it"
                elif kind != service.kind and given:
                    yield (
                        (*at, field),
                        f"belongs to services of kind {kind}; this one is {service.kind}",
                    )
        if service.summary and service.footage is None:
            yield (*at, "footage"), "missing; a summary is of a recording of some length"
        if service.footage is not None and not service.summary:
            yield (*at, "summary"), "missing; the time of a summary follows from measured lines"


def _fabric(scenario: Scenario, profiles: Profiles) -> Iterator[tuple[Steps, str]]:
    for network, choice in scenario.fabrics.items():
        switch: Any = profiles["network"][choice.switch]
        steps: Steps = ("fabrics", network, "switch")
        if switch.part != "switch":
            yield steps, f"{choice.switch} is a {switch.part}; expected a switch"
        elif switch.ports.value < FEWEST_PORTS:
            yield (
                ("network", choice.switch, "ports"),
                f"switches of fewer than {FEWEST_PORTS} ports make no network",
            )
        elif choice.down_ports is not None and choice.down_ports.value > switch.ports.value:
            down = f"{choice.down_ports.value:.0f} of {switch.ports.value:.0f} ports"
            yield (
                ("fabrics", network, "down_ports"),
                f"{down} of {choice.switch}; expected at most all",
            )


def _node_power(profiles: Profiles) -> Iterator[tuple[Steps, str]]:
    """A node says what it draws, or has the parts to build it up; idle <= at work <= peak."""
    for name, profile in profiles["nodes"].items():
        node: Any = profile
        said = {field: getattr(node, field) for field in ("power_idle", "power_typical", "power")}
        given = {field: cell.value for field, cell in said.items() if cell is not None}
        if node.supply_efficiency is None:
            for field in (field for field in said if field not in given):
                yield (
                    ("nodes", name),
                    f"{field} is missing; expected it, or the node's parts and supply_efficiency "
                    "to build it up from",
                )
        for (lower, least), (upper, most) in pairwise(given.items()):
            if least > most:
                yield ("nodes", name, lower), f"{least:,.0f} W is above {upper} {most:,.0f} W"


def _releases(scenario: Scenario) -> Iterator[tuple[Steps, str]]:
    """Parts of the simulated distance above the whole, and two hosts."""
    share = scenario.simulation.rendered_share.value + scenario.simulation.neural_share.value
    if share > 1 + 1e-9:
        yield ("simulation", "neural_share"), f"with rendered_share {share:.0%} of the distance"
    hosts = [name for name, site in scenario.sites.items() if site.hosts_releases]
    for name in hosts[1:]:
        yield ("sites", name, "hosts_releases"), f"{hosts[0]} does so already; expected one site"


def _power_modes(profiles: Profiles) -> Iterator[tuple[Steps, str]]:
    for name, profile in profiles.get("ecus", {}).items():
        ecu = cast(Ecu, profile)
        if ecu.mode is not None and ecu.mode not in ecu.modes:
            yield _unknown(("ecus", name, "mode"), ecu.mode, "power mode", ecu.modes)


def _rents(scenario: Scenario, profiles: Profiles) -> Iterator[tuple[Steps, str]]:
    """Sites that rent what nobody offers, and the kinds that can be rented instead."""
    for name, site in scenario.sites.items():
        if site.acquisition != "rent":
            continue
        for kind in dict.fromkeys((site.training, *(stock.hardware for stock in site.committed))):
            node: Any = profiles["nodes"][kind]
            chip: Any = profiles["accelerators"][node.accelerator]
            if chip.rent_price is None:
                yield (
                    ("sites", name, "acquisition"),
                    f"{kind} cannot be rented; expected a rent_price of accelerators.{node.accelerator}",
                )


def _halls(scenario: Scenario, profiles: Profiles) -> Iterator[tuple[Steps, str]]:
    """Hardware that a hall can neither cool nor feed, and halls that say half of what they have."""
    for name, site in scenario.sites.items():
        unfit = (
            (where, message)
            for where, kind in _kinds_at(site)
            for message in _unfit(name, site, kind, profiles)
        )
        for steps, message in (*_modules(site), *unfit):
            yield ("sites", name, *steps), message
    yield from _liquid_shares(profiles)


def _unfit(name: str, site: Site, kind: str, profiles: Profiles) -> Iterator[str]:
    """Why a kind of node cannot stand in a hall, whatever the month."""
    node: Any = profiles["nodes"][kind]
    if site.cooling not in ("both", node.cooling):
        yield (
            f"{kind} is cooled by {node.cooling} (nodes.{kind}.cooling), the hall only cools by "
            f"{site.cooling} (sites.{name}.cooling); expected hardware cooled by {site.cooling}, "
            "or cooling: both"
        )
    knots = site.rack_density.knots if site.rack_density else ()
    densest = max((cell.value for _, cell in knots), default=math.inf)
    peak = _peak_power(node, profiles)
    if peak > densest:
        yield (
            f"one {kind} draws {units.show(peak, 'watt')}, a rack may draw at most "
            f"{units.show(densest, 'watt')} (sites.{name}.rack_density); "
            "expected a denser hall, or hardware that comes in smaller pieces"
        )


def _peak_power(node: Any, profiles: Profiles) -> float:
    """Peak power of a node [W]: as published, else built up from its parts as `node_power_bottom_up` is."""
    if node.power is not None or node.supply_efficiency is None:
        return node.power.value if node.power is not None else 0.0
    chip: Any = profiles["accelerators"][node.accelerator]
    card: Any = profiles["network"][node.nic]
    beside = (node.link_switch_power, node.flash_power, node.board_power)
    parts = NodeParts(
        accelerators=np.array(node.accelerators.value * chip.power.value),
        host_cpus=np.array(_or_zero(node.host_cpu_power)),
        memory=np.array(_or_zero(node.memory_power)),
        always_on=np.array(node.nics.value * card.power.value + sum(map(_or_zero, beside))),
        supply_efficiency=np.array(node.supply_efficiency.value),
    )
    return float(node_power_peak(parts, np.array(_or_zero(node.fan_share_peak))))


def _or_zero(cell: Cell | None) -> float:
    return cell.value if cell is not None else 0.0


def _liquid_shares(profiles: Profiles) -> Iterator[tuple[Steps, str]]:
    """Nodes whose heat goes elsewhere than their cooling says."""
    node: Any
    for kind, node in profiles["nodes"].items():
        share = node.liquid_share.value if node.liquid_share else 0.0
        if (share > 0) != (node.cooling == "liquid"):
            found = f"{share:.0%}" if node.liquid_share else "liquid_share is missing"
            yield ("nodes", kind, "liquid_share"), f"{found}, and cooling is {node.cooling}"


def _modules(site: Site) -> Iterator[tuple[Steps, str]]:
    """Modules of power and cooling that do not make the redundancy."""
    if (site.modules is None) != (site.module_power is None):
        lacking = "module_power" if site.module_power is None else "modules"
        yield (), f"{lacking} is missing; modules and module_power go together"
    if site.redundancy != "N" and site.modules is None:
        yield ("redundancy",), f"{site.redundancy} of nothing: modules and module_power are missing"
    odd = site.modules is not None and any(cell.value % 2 for _, cell in site.modules.knots)
    if site.redundancy == "2N" and odd:
        yield ("modules",), "2N has two equal sets; expected even numbers of modules"


def _kinds_at(site: Site) -> Iterator[tuple[Steps, str]]:
    """Kinds of node that a site buys, has or has ordered, each once, and where it says so."""
    found: dict[str, Steps] = {site.training: ("training",)}
    for field in ("installed", "committed"):
        for index, stock in enumerate(getattr(site, field)):
            found.setdefault(stock.hardware, (field, index, "hardware"))
    for kind, where in found.items():
        yield where, kind


def _ranges(scenario: Scenario) -> Iterator[tuple[Steps, str]]:
    for tier_name, tier in scenario.tiers.items():
        if tier.held_until.value < tier.held_from.value:
            yield ("tiers", tier_name, "held_until"), "is less than held_from"
    docked = [name for name, program in scenario.programs.items() if program.depot_share.value > 0]
    if docked and "depot" in scenario.links and scenario.links["depot"].rate is None:
        yield ("links", "depot"), f"rate is missing, and {docked[0]} uploads at a depot"
    for name, site in scenario.sites.items():
        country = scenario.regions[site.location].country
        if country == "multiple":
            yield (
                ("sites", name, "location"),
                f"{site.location} is many countries; a site stands in one, for export rules",
            )
    if sum(site.training_share.value for site in scenario.sites.values()) <= 0:
        yield ("sites",), "no site has a training_share above 0"
    for name in fleet_regions(scenario):
        sold = [
            program
            for program in scenario.programs.values()
            if program.regions is None or name in program.regions
        ]
        if sold and sum(program.sales_mix.value for program in sold) <= 0:
            yield ("regions", name), "no programme with a sales_mix above 0 is sold here"


def _rules(scenario: Scenario, profiles: Profiles) -> Iterator[tuple[Steps, str]]:
    """Rule profiles of the wrong kind, groups of countries that they do not have, rules that nobody knows."""
    for field, kind in (("export_rules", "rules"), ("residency_rules", "residency")):
        name = getattr(scenario, field)
        profile = cast(TradeRules, profiles["rules"][name])
        if not getattr(profile, kind):
            yield (field,), f"{name} has no {kind}: expected a profile that has some"
        known = {*profile.groups, "all"}
        for steps, place in _places(profile):
            if place.islower() and place not in known:
                yield _unknown(("rules", name, *steps), place, "group of countries", known)
    exports = cast(TradeRules, profiles["rules"][scenario.export_rules])
    names = [rule.name for rule in exports.rules]
    for index, name in enumerate(scenario.rules_as_written):
        if name not in names:
            yield _unknown(("rules_as_written", index), name, "export rule", names)
    groups = cast(TradeRules, profiles["rules"][scenario.residency_rules]).groups
    for name, region in scenario.regions.items():
        law = region.jurisdiction
        if law is not None and law.islower() and law not in groups:
            at: Steps = ("regions", name, "jurisdiction")
            yield _unknown(at, law, "group of countries in the residency rules", groups)


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


def _licences(scenario: Scenario) -> Iterator[tuple[Steps, str]]:
    for name, site in scenario.sites.items():
        for index, licence in enumerate(site.licences):
            if licence.until is not None and licence.until < licence.from_:
                steps: Steps = ("sites", name, "licences", index, "until")
                start = month_label(licence.from_)
                yield steps, f"{month_label(licence.until)} is before the licence's from {start}"


def _check_texts(scenario: Scenario) -> Iterator[tuple[Steps, str]]:
    for index, check in enumerate(scenario.checks):
        given = [text for text in (check.at_least, check.at_most, check.equals) if text is not None]
        if not given:
            yield ("checks", index), "expected at_least, at_most or equals"
        if check.at is not None and check.over is not None:
            yield ("checks", index), "give either at (one month) or over (max, min, sum, mean, end)"
        if check.at is not None and not scenario.plan_start <= check.at <= scenario.horizon.end:
            yield ("checks", index, "at"), f"{month_label(check.at)} is not a month of the plan"
