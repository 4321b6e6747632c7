"""Fills the leaf table: walks a checked scenario and its profiles once and notes every leaf with its rows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import cast

import numpy as np

from planner.axes import (
    DATA,
    ECU,
    FUNCTION,
    HARDWARE,
    LINK,
    NETWORK,
    PACKAGE,
    PROGRAM,
    REGION,
    SERVICE,
    SITE,
    TIER,
    WORKLOAD,
    place,
)
from planner.catalogue import LINKS, NETWORKS, TIERS
from planner.inputs import documents
from planner.inputs.documents import Steps
from planner.inputs.leaf_builder.fields import (
    absent,
    declared,
    entities,
    nothing,
    over_axis,
    section,
)
from planner.inputs.leaf_builder.grid import grid_carbon_stated
from planner.inputs.leaf_builder.lists import lists
from planner.inputs.leaf_builder.market import market_sales
from planner.inputs.leaf_builder.notes import Notes
from planner.inputs.leaf_builder.positions import calendar_of, labels_of
from planner.inputs.leaves import LeafTable
from planner.inputs.load import Inputs
from planner.inputs.profiles import Accelerator, PowerMode, Region
from planner.inputs.scenario import Deployment, Fabric, Service, Tier
from planner.inputs.structure import Given, structure

SECTIONS = (
    "market",
    "fleet",
    "telemetry",
    "curation",
    "labels",
    "storage_policy",
    "training",
    "variants",
    "simulation",
    "qualification",
    "edge",
    "checkpoint",
    "cluster",
    "ota",
    "wan",
    "facility",
    "economics",
    "carbon",
)


def build(inputs: Inputs) -> LeafTable:
    """The leaf table of checked inputs."""
    notes = Notes(inputs, labels_of(inputs.scenario), calendar_of(inputs.scenario))
    for name in SECTIONS:
        section(notes, name)
    _vehicles(notes)
    _work(notes)
    _data(notes)
    _sites(notes)
    market_sales(notes)
    lists(notes)
    _structure(notes)
    return notes.table()


def _vehicles(notes: Notes) -> None:
    """Regions, programmes, and the computers in the vehicles."""
    scenario, over = notes.inputs.scenario, partial(entities, notes)
    over("region", REGION, "regions", notes.labels[REGION])
    over("program", PROGRAM, "programs", notes.labels[PROGRAM], scenario.programs)
    over("vehicle", PROGRAM, "vehicles", [each.vehicle for each in scenario.programs.values()])
    over("ecu", ECU, "ecus", notes.labels[ECU])
    _modes(notes)


def _modes(notes: Notes) -> None:
    """The power mode that each ECU drives in; absent where its profile names none."""
    ecus = [(name, notes.inputs.profile("ecus", name)) for name in notes.labels[ECU]]
    for field, leaf in declared(PowerMode).items():
        at: list[Steps] = [("ecus", name, "modes", str(ecu.mode), field) for name, ecu in ecus]
        values = [getattr(ecu.modes[ecu.mode], field) if ecu.mode else None for _, ecu in ecus]
        over_axis(notes, f"mode_{field}", ECU, leaf, at, values)


def _work(notes: Notes) -> None:
    """What is trained, served, released and run on board."""
    scenario, over = notes.inputs.scenario, partial(entities, notes)
    over("workload", WORKLOAD, "workloads", notes.labels[WORKLOAD], scenario.workloads)
    over("model", WORKLOAD, "models", [each.model for each in scenario.workloads.values()])
    _services(notes)
    over("package", PACKAGE, "packages", notes.labels[PACKAGE], scenario.packages)
    if scenario.deployments:
        functions = notes.labels[FUNCTION]
        over("deployment", FUNCTION, "deployments", functions, scenario.deployments)
    else:
        nothing(notes, "deployment", FUNCTION, Deployment)


def _services(notes: Notes) -> None:
    """The services, the accelerators that they were measured on, and their clocks."""
    scenario, leaf = notes.inputs.scenario, declared(Region)["utc_offset"]
    services = scenario.services.values()
    if not services:
        nothing(notes, "service", SERVICE, Service)
        nothing(notes, "reference", SERVICE, Accelerator)
        absent(notes, "service_utc_offset", SERVICE, leaf)
        return
    entities(notes, "service", SERVICE, "services", notes.labels[SERVICE], scenario.services)
    entities(notes, "reference", SERVICE, "accelerators", [each.reference for each in services])
    clocks = [each.region or scenario.sites[each.site].location for each in services]
    at: list[Steps] = [("regions", name, "utc_offset") for name in clocks]
    values = [scenario.regions[name].utc_offset for name in clocks]
    over_axis(notes, "service_utc_offset", SERVICE, leaf, at, values)


def _data(notes: Notes) -> None:
    """Classes of data, storage tiers, ways home."""
    scenario, over = notes.inputs.scenario, partial(entities, notes)
    over("data", DATA, "data_classes", notes.labels[DATA], scenario.data_classes)
    tiers = cast("Mapping[str, Tier]", scenario.tiers)
    over("tier", TIER, "tiers", TIERS, tiers)
    over("level", TIER, "storage_levels", [tiers[name].level for name in TIERS])
    over("system", TIER, "storage", [tiers[name].system for name in TIERS])
    over("link", LINK, "links", LINKS, scenario.links)


def _sites(notes: Notes) -> None:
    """Networks, sites with their places and plants, and the hardware that stands there."""
    scenario, over = notes.inputs.scenario, partial(entities, notes)
    fabrics = cast("Mapping[str, Fabric]", scenario.fabrics)
    over("fabric", NETWORK, "fabrics", NETWORKS, fabrics)
    over("switch", NETWORK, "network", [fabrics[name].switch for name in NETWORKS])
    sites = scenario.sites.values()
    locations = [site.location for site in sites]
    over("site", SITE, "sites", notes.labels[SITE], scenario.sites)
    over("location", SITE, "regions", locations)
    grid_carbon_stated(notes)
    over("climate", SITE, "climates", [scenario.regions[name].climate for name in locations])
    over("plant", SITE, "plants", [site.plant or scenario.facility.plant for site in sites])
    nodes = [notes.inputs.profile("nodes", name) for name in notes.labels[HARDWARE]]
    over("node", HARDWARE, "nodes", notes.labels[HARDWARE])
    over("accelerator", HARDWARE, "accelerators", [node.accelerator for node in nodes])
    over("nic", HARDWARE, "network", [node.nic for node in nodes])


def _structure(notes: Notes) -> None:
    """What is where, and when."""
    for entry in structure(notes.inputs, notes.labels, notes.calendar):
        if isinstance(entry, Given):
            notes.constant(entry.name, entry.meaning, entry.value)
            continue
        array = place(np.asarray(entry.values, dtype=np.float64), *entry.axes)
        array.setflags(write=False)
        places = tuple(dict.fromkeys(_place(notes, path) for path in entry.paths))
        notes.constant(entry.name, entry.meaning, array, entry.unit, entry.axes, places)


def _place(notes: Notes, path: str) -> str:
    file, line, found = documents.locate(notes.inputs.tree, tuple(path.split(".")))
    return f"{found}  {file}:{line}"
