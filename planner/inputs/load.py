"""From files to checked objects: the scenario, the profiles that it names, and where each number stands.

Everything that can be wrong with an input is reported here, all at once, with file, line, path, what was found and what
is expected: YAML faults (`documents`), unknown keys, wrong units and bounds (the schemas), and names that lead nowhere
or numbers that contradict each other (`checks`).
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from planner import resources
from planner.errors import Fault, InputError, suggestion
from planner.inputs import documents
from planner.inputs.checks import contradictions
from planner.inputs.documents import Items, Node, Table, Text
from planner.inputs.numbers import Cell, HourProfile, Series
from planner.inputs.profiles import PROFILE_KINDS, Entity, Profile
from planner.inputs.scenario import Scenario

COMMAND_LINE = "--set"

M = TypeVar("M", bound=Entity)


@dataclass(frozen=True)
class Inputs:
    """A checked scenario with its profiles; `tree` knows where each number was written."""

    path: Path
    scenario: Scenario
    profiles: Mapping[str, Mapping[str, Profile]]
    tree: Table

    def profile(self, kind: str, name: str) -> Any:
        """The profile of a kind by name; the loader has checked that it exists."""
        return self.profiles[kind][name]


def load(
    path: Path,
    edits: Sequence[tuple[str, str]] = (),
    overlays: Sequence[Path] = (),
    hardware: str | None = None,
) -> Inputs:
    """Read a scenario and all that it refers to. Raises InputError with every fault found.

    `edits` are (path, text) pairs that replace single values; `hardware` replaces the training kind at every site.
    """
    tree = documents.resolve(path, [resources.scenario_root()], _shown(path))
    early = [edit for edit in edits if _head(edit[0]) not in PROFILE_KINDS]
    late = [edit for edit in edits if _head(edit[0]) in PROFILE_KINDS]
    for where, text in early:
        tree = documents.set_path(tree, where, text, COMMAND_LINE)
    if hardware is not None:
        for site in _keys(tree, "sites"):
            tree = documents.set_path(tree, f"sites.{site}.training", hardware, "--hardware")
    done: set[tuple[str, str]] = set()
    faults: list[Fault] = []
    tree = _with_profiles(tree, overlays, done, faults)
    for where, text in late:
        tree = documents.set_path(tree, where, text, COMMAND_LINE)
    tree = _with_profiles(tree, overlays, done, faults)
    faults.extend(_dangling(tree))
    inputs = _validated(path, tree, faults)
    faults = [
        *_missing_sources(inputs, overlays),
        *contradictions(inputs.scenario, inputs.profiles, inputs.tree),
    ]
    if faults:
        raise InputError(faults)
    return inputs


def check_profile(path: Path, kind: str) -> Profile:
    """Read one profile file on its own. Raises InputError with every fault found."""
    tree = documents.resolve(
        path, [resources.data_root() / "hardware_profiles" / kind], _shown(path)
    )
    profile, faults = _model(PROFILE_KINDS[kind], tree, tree, ())
    faults.extend(_unsourced(profile, tree, (), {os.path.dirname(_shown(path))}) if profile else [])
    if faults:
        raise InputError(faults)
    assert profile is not None
    return profile


def _shown(path: Path) -> str:
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _head(path: str) -> str:
    return path.split(".", 1)[0]


def _keys(tree: Node | None, *steps: str) -> list[str]:
    for step in steps:
        tree = tree.entries.get(step) if isinstance(tree, Table) else None
    return list(tree.entries) if isinstance(tree, Table) else []


# --- Profiles --------------------------------------------------------------------------------------------------------


# Where a name of a profile stands in a scenario: steps joined by dots, `*` for every key or item, `#` for the keys.
_REFERENCES = (
    ("market.forecast", "markets"),
    ("regions.*.forecast", "markets"),
    ("programs.*.vehicle", "vehicles"),
    ("programs.*.ecu_from.#", "ecus"),
    ("tiers.*.system", "storage"),
    ("workloads.*.model", "models"),
    ("sites.*.location", "regions"),
    ("sites.*.training", "nodes"),
    ("sites.*.installed.*.hardware", "nodes"),
    ("sites.*.committed.*.hardware", "nodes"),
    ("fabric.switch", "network"),
    ("export_rules", "rules"),
    ("nodes.*.accelerator", "accelerators"),
    ("nodes.*.nic", "network"),
    *((f"{kind}.#", kind) for kind in PROFILE_KINDS),
)


# Where a name of the scenario's own things stands, and the section that must have it.
_NAMES = (
    ("regions.*.site", "sites"),
    ("programs.*.regions.*", "regions"),
    ("opening_fleet.*.region", "regions"),
    ("opening_fleet.*.program", "programs"),
)


def _dangling(tree: Table) -> Iterator[Fault]:
    """Names that lead to no entry of the scenario."""
    for pattern, section in _NAMES:
        known = _keys(tree, section)
        for name, place in _matches(tree, pattern.split("."), ()):
            if name not in known:
                yield Fault(*place, f'no "{name}" in {section}; {suggestion(name, known)}')


def _with_profiles(
    tree: Table, overlays: Sequence[Path], done: set[tuple[str, str]], faults: list[Fault]
) -> Table:
    """The tree with every profile that it names under its kind, the scenario's own entries laid over the files'.

    Names without a profile are added to `faults`.
    """
    while wanted := [each for each in _references(tree) if each[:2] not in done]:
        places: dict[tuple[str, str], list[tuple[str, int, str]]] = {}
        for kind, name, place in wanted:
            places.setdefault((kind, name), []).append(place)
        done.update(places)
        for (kind, name), found in places.items():
            layers = resources.find_profile(kind, name, overlays)
            own = _entry(tree, kind, name)
            if not layers and own is None:
                known = {*resources.profiles(kind, overlays), *_keys(tree, kind)}
                message = f'no profile "{name}" in {kind}/; {suggestion(name, known)}'
                faults.extend(Fault(*place, message) for place in found)
            elif layers:
                tree = _laid_under(tree, kind, name, layers)
    return tree


def _references(tree: Table) -> Iterator[tuple[str, str, tuple[str, int, str]]]:
    for pattern, kind in _REFERENCES:
        for name, place in _matches(tree, pattern.split("."), ()):
            yield kind, name, place


def _matches(
    node: Node, pattern: Sequence[str], steps: tuple[str | int, ...]
) -> Iterator[tuple[str, tuple[str, int, str]]]:
    """Names under `node` that the pattern leads to, each with file, line and path."""
    if not pattern:
        if isinstance(node, Text) and node.text is not None:
            yield node.text, (node.file, node.line, documents.dotted(steps))
        return
    head, rest = pattern[0], pattern[1:]
    if isinstance(node, Items) and head == "*":
        for index, item in enumerate(node.items):
            yield from _matches(item, rest, (*steps, index))
    if not isinstance(node, Table):
        return
    if head == "#":
        for key in node.entries:
            place = node.keys[key]
            yield key, (place.file, place.line, documents.dotted((*steps, key)))
        return
    for key in node.entries if head == "*" else [head]:
        if key in node.entries:
            yield from _matches(node.entries[key], rest, (*steps, key))


def _laid_under(tree: Table, kind: str, name: str, layers: Sequence[Path]) -> Table:
    """The tree with a profile's files laid under the scenario's own entry for it."""
    merged: Node | None = None
    for layer in reversed(layers):
        document = documents.resolve(
            layer, [resources.data_root() / "hardware_profiles" / kind], _shown(layer)
        )
        merged = document if merged is None else documents.merge(merged, document)
    assert merged is not None
    own = _entry(tree, kind, name)
    if own is not None:
        if isinstance(own, Text) and own.text is None:
            own = Table({}, own.file, own.line, {})
        merged = documents.merge(merged, own)
    section = tree.entries.get(kind)
    entries = dict(section.entries) if isinstance(section, Table) else {}
    keys = dict(section.keys) if isinstance(section, Table) else {}
    entries[name] = merged
    keys.setdefault(name, documents.Place(merged.file, merged.line))
    place = tree.keys.get(kind, documents.Place(tree.file, tree.line))
    filled = Table(entries, place.file, place.line, keys)
    return Table({**tree.entries, kind: filled}, tree.file, tree.line, {**tree.keys, kind: place})


def _entry(tree: Table, kind: str, name: str) -> Node | None:
    section = tree.entries.get(kind)
    return section.entries.get(name) if isinstance(section, Table) else None


# --- Validation ------------------------------------------------------------------------------------------------------


def _validated(path: Path, tree: Table, before: Sequence[Fault]) -> Inputs:
    """The inputs that a tree holds. Raises InputError with its faults and those found `before`."""
    faults = list(before)
    kinds = [kind for kind in PROFILE_KINDS if kind != "regions"]
    own = Table(
        {key: node for key, node in tree.entries.items() if key not in kinds},
        tree.file,
        tree.line,
        tree.keys,
    )
    scenario, found = _model(Scenario, own, tree, ())
    faults.extend(found)
    profiles: dict[str, dict[str, Profile]] = {}
    for kind in kinds:
        section = tree.entries.get(kind)
        if section is None:
            continue
        if not isinstance(section, Table):
            faults.append(
                Fault(section.file, section.line, kind, "expected a table of profiles by name")
            )
            continue
        for name, node in section.entries.items():
            profile, found = _model(PROFILE_KINDS[kind], node, tree, (kind, name))
            faults.extend(found)
            if profile is not None:
                profiles.setdefault(kind, {})[name] = profile
    if faults or scenario is None:
        raise InputError(faults)
    profiles["regions"] = dict(scenario.regions)
    return Inputs(path, scenario, profiles, tree)


def _model(
    schema: type[M], node: Node, tree: Table, at: tuple[str | int, ...]
) -> tuple[M | None, list[Fault]]:
    """A checked object from a node, or the faults that keep it from being one."""
    try:
        return schema.model_validate(documents.plain(node)), []
    except ValidationError as error:
        return None, [_fault(schema, tree, at, item) for item in error.errors(include_url=False)]


def _fault(schema: type[Entity], tree: Table, at: tuple[str | int, ...], item: Any) -> Fault:
    steps = (*at, *item["loc"])
    kind = item["type"]
    file, line, path = documents.locate(tree, steps, at_key=kind == "extra_forbidden")
    if kind == "extra_forbidden":
        known = _fields_at(schema, item["loc"][:-1])
        message = (
            f"unknown key; {suggestion(str(item['loc'][-1]), known)}" if known else "unknown key"
        )
    elif kind == "missing":
        path = documents.dotted(steps)
        hint = "; extends: base.yaml gives most of a scenario" if len(steps) == 1 else ""
        message = f"missing{hint}"
    elif kind == "value_error":
        message = str(item["ctx"]["error"])
    elif kind == "literal_error":
        message = f"{_brief(item['input'])} is unknown; expected {item['ctx']['expected']}"
    elif item["input"] is None:
        message = "there is no value; expected one"
    else:
        text = item["msg"][:1].lower() + item["msg"][1:]
        message = f"{text}; found {_brief(item['input'])}"
    return Fault(file, line, path, message)


def _brief(raw: Any) -> str:
    if isinstance(raw, dict):
        return "a table"
    if isinstance(raw, list):
        return "a list"
    text = str(raw)
    return f'"{text[:40]}..."' if len(text) > 40 else f'"{text}"'


def _fields_at(schema: Any, loc: Sequence[str | int]) -> list[str]:
    """The keys that the schema knows at a location of an error."""
    for step in loc:
        inner = None
        if isinstance(schema, type) and issubclass(schema, Entity):
            field = schema.model_fields.get(str(step))
            inner = field.annotation if field else None
        else:
            arguments = [a for a in getattr(schema, "__args__", ()) if a is not type(None)]
            inner = arguments[-1] if arguments else None
        schema = _without_annotation(inner)
    if isinstance(schema, type) and issubclass(schema, Entity):
        return [field.alias or name for name, field in schema.model_fields.items()]
    return []


def _without_annotation(schema: Any) -> Any:
    return schema.__origin__ if hasattr(schema, "__metadata__") else schema


def _missing_sources(inputs: Inputs, overlays: Sequence[Path]) -> Iterator[Fault]:
    """Numbers of profile files that do not say where they come from; a scenario may leave it out."""
    for kind, named in inputs.profiles.items():
        folders = {_shown(root / kind) for root in resources.profile_roots(overlays)}
        for name, profile in named.items():
            yield from _unsourced(profile, inputs.tree, (kind, name), folders)


def _unsourced(
    value: Any, tree: Table, at: tuple[str | int, ...], folders: Container[str]
) -> Iterator[Fault]:
    for steps, cell in cells_of(value, at):
        if cell.source is not None and cell.confidence is not None:
            continue
        file, line, path = documents.locate(tree, steps)
        if os.path.dirname(file) in folders:
            lacking = "source" if cell.source is None else "confidence"
            yield Fault(
                file,
                line,
                path,
                f"{lacking} missing; every number of a profile says where it comes from",
            )


def cells_of(value: Any, at: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Cell]]:
    """Every number under an object of the schema, with its steps in the tree."""
    if isinstance(value, Cell):
        yield at, value
    elif isinstance(value, Series):
        for _, cell in value.knots:
            yield at, cell
    elif isinstance(value, HourProfile):
        for index, cell in enumerate(value.cells):
            yield (*at, index), cell
    elif isinstance(value, Entity):
        for name in type(value).model_fields:
            yield from cells_of(getattr(value, name), (*at, name))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from cells_of(item, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from cells_of(item, (*at, index))
