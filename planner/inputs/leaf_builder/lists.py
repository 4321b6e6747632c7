"""Ragged lists: sensors, vehicles on the road, what sites have before the plan, lines of measurements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from planner.axes import DATA, ECU, HARDWARE, PROGRAM, REGION, SERVICE, SITE, TIER, Array
from planner.catalogue import Parts
from planner.inputs import documents
from planner.inputs.documents import Steps
from planner.inputs.leaf_builder.fields import declared
from planner.inputs.leaf_builder.notes import Notes
from planner.inputs.numbers import Leaf
from planner.inputs.profiles import Entity
from planner.inputs.scenario import opening_class


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a ragged list: position of its owner, where it is written, its fields, and what is no drawn number."""

    owner: tuple[int, ...]
    steps: Steps
    entity: Entity
    fixed: Mapping[str, float] = field(default_factory=dict)


def lists(notes: Notes) -> None:
    """All leaves that are ragged lists."""
    for name, axes, meaning, parts in (
        ("program_sensors", (PROGRAM,), "sensors of the programme's vehicle", _sensors(notes)),
        (
            "opening_fleet",
            (REGION, PROGRAM, ECU),
            "vehicles on the road at plan_start",
            _opening_fleet(notes),
        ),
        (
            "site_nodes_before",
            (SITE, HARDWARE),
            "nodes installed or committed before the plan",
            _nodes_before(notes),
        ),
        (
            "site_storage_before",
            (TIER, SITE),
            "storage units installed or committed before the plan",
            _storage_before(notes),
        ),
        (
            "site_opening_data",
            (DATA, SITE),
            "data kept in the years before the plan",
            _opening_data(notes),
        ),
        ("service_summary", (SERVICE,), "measured lines of video summaries", _summaries(notes)),
    ):
        _list(notes, name, axes, meaning, list(parts))


def _sensors(notes: Notes) -> Iterator[Part]:
    for p, program in enumerate(notes.inputs.scenario.programs.values()):
        for name, sensor in notes.inputs.profile("vehicles", program.vehicle).sensors.items():
            camera = {"camera": float(sensor.kind == "camera")}
            yield Part((p,), ("vehicles", program.vehicle, "sensors", name), sensor, camera)


def _opening_fleet(notes: Notes) -> Iterator[Part]:
    for index, cohort in enumerate(notes.inputs.scenario.opening_fleet):
        owner = (
            notes.labels[REGION].index(cohort.region),
            notes.labels[PROGRAM].index(cohort.program),
            notes.labels[ECU].index(cohort.ecu),
        )
        sold = float(cohort.cohort - notes.calendar.first)
        yield Part(owner, ("opening_fleet", index), cohort, {"sold": sold})


def _nodes_before(notes: Notes) -> Iterator[Part]:
    for s, (name, site) in enumerate(notes.inputs.scenario.sites.items()):
        for key in ("installed", "committed"):
            for index, stock in enumerate(getattr(site, key)):
                owner = (s, notes.labels[HARDWARE].index(stock.hardware))
                arrival = float(stock.in_service - notes.calendar.first)
                yield Part(owner, ("sites", name, key, index), stock, {"arrival": arrival})


def _storage_before(notes: Notes) -> Iterator[Part]:
    for s, (name, site) in enumerate(notes.inputs.scenario.sites.items()):
        for key in ("installed_storage", "committed_storage"):
            for index, stock in enumerate(getattr(site, key)):
                owner = (notes.labels[TIER].index(stock.tier), s)
                arrival = float(stock.in_service - notes.calendar.first)
                yield Part(owner, ("sites", name, key, index), stock, {"arrival": arrival})


def _opening_data(notes: Notes) -> Iterator[Part]:
    scenario = notes.inputs.scenario
    for s, (name, site) in enumerate(scenario.sites.items()):
        for index, entry in enumerate(site.opening_data):
            kind = notes.labels[DATA].index(entry.data or opening_class(scenario))
            year = float(entry.year - notes.calendar.first)
            yield Part((kind, s), ("sites", name, "opening_data", index), entry, {"year": year})


def _summaries(notes: Notes) -> Iterator[Part]:
    for s, (name, service) in enumerate(notes.inputs.scenario.services.items()):
        for index, line in enumerate(service.summary):
            yield Part((s,), ("services", name, "summary", index), line)


def _list(
    notes: Notes, name: str, axes: tuple[int, ...], meaning: str, parts: Sequence[Part]
) -> None:
    """A leaf that is a ragged list; places in time and kinds are not numbers to be drawn."""
    shape = tuple(len(notes.labels[axis]) for axis in axes)
    owner = np.array([np.ravel_multi_index(part.owner, shape) for part in parts], dtype=np.intp)
    columns: dict[int, int] = {}
    chosen: dict[str, list[int]] = {}
    for part in parts:
        position = tuple(notes.labels[axis][i] for axis, i in zip(axes, part.owner, strict=True))
        for key, leaf in declared(type(part.entity)).items():
            where = (*position, str(part.steps[-1]), key)
            row = notes.row(name, where, (*part.steps, key), leaf, getattr(part.entity, key))
            chosen.setdefault(key, []).append(columns.setdefault(row, len(columns)))
    fixed = {key: np.array([[part.fixed[key] for part in parts]]) for key in _keys(parts)}
    names = tuple(documents.dotted(part.steps) for part in parts)

    def assemble(cells: Array) -> Parts:
        drawn = {key: cells[:, mine] for key, mine in chosen.items()}
        return Parts(names, axes, shape, owner, {**drawn, **fixed})

    notes.add(name, Leaf("1", meaning), axes, list(columns), assemble)


def _keys(parts: Iterable[Part]) -> dict[str, None]:
    return dict.fromkeys(key for part in parts for key in part.fixed)
