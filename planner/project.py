"""From a scenario's files to a model that can be run.

`load` reads a scenario with its profiles, checks them, and joins their numbers with the factory's graph of quantities.
The `Project` runs as often as one likes: at the medians (`plan`), or at other values of its inputs (`run`).
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from planner import resources, units
from planner.axes import AXES, Array, Labels, place
from planner.errors import Fault, InputError, UnitError, suggestion
from planner.graph import Graph, Quantity, load_user_module
from planner.headline import FINDINGS, HEADLINE
from planner.inputs import documents, leaf_builder
from planner.inputs.leaves import LeafTable
from planner.inputs.load import Inputs
from planner.inputs.load import load as load_inputs
from planner.model import factory

if TYPE_CHECKING:
    from planner.plan import Plan

Changes = str | Sequence[str] | Mapping[str, object]


@dataclass(frozen=True)
class Project:
    """A checked scenario joined with the factory's graph; `plan()` runs it."""

    inputs: Inputs
    table: LeafTable
    graph: Graph
    overrides: Mapping[str, npt.ArrayLike] = field(default_factory=dict)
    changes: tuple[str, ...] = ()
    _read_as_written: Callable[[], LeafTable] | None = field(default=None, repr=False)

    @cached_property
    def leaves(self) -> Mapping[str, object]:
        """Every input at its median."""
        return MappingProxyType(self.table.values())

    @cached_property
    def as_written(self) -> LeafTable:
        """The inputs as the files have them, without `--set` and `--hardware`; these where the files alone are faulty.

        Draws take the order of uncertain numbers from here, so that a what-if has the same draws of all that it
        leaves alone.
        """
        if self._read_as_written is None:
            return self.table
        try:
            return self._read_as_written()
        except InputError:
            return self.table

    @cached_property
    def labels(self) -> Labels:
        """What the positions along each axis are called."""
        return Labels.of(**{AXES[axis]: names for axis, names in self.table.labels.items()})

    def run(
        self,
        wanted: Sequence[str],
        leaves: Mapping[str, object] | None = None,
        draws: int = 1,
        chunk: int | None = None,
    ) -> dict[str, Array]:
        """Values of `wanted` in base units on all axes; `leaves` replace inputs, with `draws` entries."""
        given = self.leaves if leaves is None else {**self.leaves, **leaves}
        return self.graph.run(given, wanted, self.table.sizes, self.overrides, draws, chunk)

    def plan(self) -> Plan:
        """One run at the medians; every value on the way is kept, for what explains it or varies it."""
        from planner.plan import Plan  # it stands above: what reads a project has no need of it

        return Plan(self, dict(self.run(self.graph.order((*HEADLINE, *FINDINGS)))))


def load(
    scenario: str | os.PathLike[str],
    set: Changes = (),
    set_quantity: Changes = (),
    with_modules: Sequence[str | os.PathLike[str]] = (),
    hardware: str | None = None,
    profiles: Sequence[str | os.PathLike[str]] = (),
    rules_as_of: str | None = None,
    allow_export_violation: bool = False,
) -> Project:
    """Read a scenario (a path, or the name of a shipped one) and join it with the factory's graph.

    `set` replaces inputs: PATH=VALUE texts, or a mapping; `set_quantity` overrides quantities in the same way,
    `with_modules` Python files whose quantities replace those of the same name, `hardware` a kind of node that every
    site trains on, `profiles` folders laid over the shipped profiles. `rules_as_of` is the month ("2026-05") whose
    rules on exports and data count instead of those known at plan_start; `allow_export_violation` makes the plan a
    what-if whose deliveries no export rule stops, and which says so on every page. Raises InputError with every fault
    found.
    """
    edits = _pairs(set, "--set", "PATH=VALUE")
    overlays = [Path(folder) for folder in profiles]

    def read(edits: Sequence[tuple[str, str]], hardware: str | None) -> Inputs:
        path = resources.find_scenario(scenario)
        return load_inputs(path, edits, overlays, hardware, rules_as_of, allow_export_violation)

    inputs = read(edits, hardware)
    table = leaf_builder.build(inputs)
    graph = Graph.of(*factory.MODULES, leaves=table.leaves)
    for path in with_modules:
        graph = graph.replace(load_user_module(Path(path)))
    pairs = _pairs(set_quantity, "--set-quantity", "NAME=VALUE")
    overrides = {name: _override(graph, table, name, text) for name, text in pairs}
    changes = [
        *(("--set", f"{path}={text}") for path, text in edits),
        *(("--set-quantity", f"{name}={text}") for name, text in pairs),
        *(("--with", os.fspath(path)) for path in with_modules),
        *([("--hardware", hardware)] if hardware is not None else []),
        *(("--profiles", os.fspath(folder)) for folder in profiles),
        *([("--rules-as-of", rules_as_of)] if rules_as_of is not None else []),
        *([("--allow-export-violation", "")] if allow_export_violation else []),
    ]
    said = tuple(f"{option} {shlex.quote(text)}" if text else option for option, text in changes)
    changed = bool(edits) or hardware is not None
    as_written = (lambda: leaf_builder.build(read([], None))) if changed else None
    return Project(inputs, table, graph, overrides, said, as_written)


def _pairs(changes: Changes, option: str, form: str) -> list[tuple[str, str]]:
    """Names and texts out of NAME=VALUE texts (one, or several) or a mapping."""
    if isinstance(changes, Mapping):
        # None is what files and --set write as `null`: it takes an entry away.
        return [(name, "null" if value is None else str(value)) for name, value in changes.items()]
    pairs = []
    for text in [changes] if isinstance(changes, str) else changes:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise InputError([Fault(option, 0, text, f"expected {form}")])
        pairs.append((name.strip(), value.strip()))
    return pairs


def _override(graph: Graph, table: LeafTable, name: str, text: str) -> npt.ArrayLike:
    """The value that stands in for a quantity: one number, or {LABEL: NUMBER, ...} for one of its axes."""

    def refuse(message: str) -> InputError:
        return InputError([Fault("--set-quantity", 0, name, message)])

    if name not in graph.quantities:
        raise refuse(f"no such quantity; {suggestion(name, graph.quantities)}")
    quantity = graph[name]
    empty = documents.Table({}, "--set-quantity", 0, {})
    given = documents.plain(documents.set_path(empty, name, text, "--set-quantity"))[name]
    if not isinstance(given, dict):
        return _overriding(quantity, str(given), refuse)
    for axis in quantity.axes:
        labels = table.labels[axis]
        if set(given) == set(labels):
            values = [_overriding(quantity, str(given[label]), refuse) for label in labels]
            return place(np.array(values), axis)
    known = " or ".join(f"{AXES[axis]} ({_brief(table.labels[axis])})" for axis in quantity.axes)
    raise refuse(
        f"expected one number, or one for each {known}" if known else "expected one number"
    )


def _brief(labels: Sequence[str]) -> str:
    return ", ".join(labels) if len(labels) <= 12 else f"{labels[0]} to {labels[-1]}"


def _overriding(quantity: Quantity, text: str, refuse: Callable[[str], InputError]) -> float:
    """One number in the quantity's unit: not negative unless it is money, whole where whole things are decided."""
    try:
        value, _ = units.read(text, quantity.unit)
    except UnitError as error:
        raise refuse(str(error)) from None
    if value < 0 and not units.same_dimension(quantity.unit, "USD"):
        raise refuse(f"{text} is below 0")
    if quantity.decision and quantity.name != "allocation" and quantity.unit == "1" and value % 1:
        raise refuse(f"{text} is not a whole number")
    return value
