"""From files to checked objects: the scenario, the profiles that it names, and where each number stands.

Everything that can be wrong with an input is reported here, all at once, with file, line, path, what was found and what
is expected: YAML faults (`documents`), unknown keys, wrong units and bounds (the schemas), and names that lead nowhere
or numbers that contradict each other (`checks`).
"""

from __future__ import annotations

import os
import typing
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from planner import resources
from planner.errors import Fault, InputError, PlannerError, nearest, suggestion
from planner.inputs import documents
from planner.inputs.checks import contradictions, months
from planner.inputs.documents import Items, Node, Steps, Table, Text
from planner.inputs.numbers import (
    Cell,
    HourProfile,
    InsideError,
    MonthProfile,
    Series,
    month_index,
    month_label,
)
from planner.inputs.profiles import PROFILE_KINDS, Entity, Profile
from planner.inputs.scenario import Scenario

COMMAND_LINE = "--set"
FEW_MISSING = 3  # keys of one entry; more are one fault

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
    rules_as_of: str | None = None,
    allow_export_violation: bool = False,
) -> Inputs:
    """Read a scenario and all that it refers to. Raises InputError with every fault found.

    `edits` are (path, text) pairs that replace single values; `hardware` replaces the training kind at every site,
    `rules_as_of` the month whose rules count; `allow_export_violation` makes the plan a what-if.
    """
    tree = documents.resolve(path, [resources.scenario_root()], _shown(path))
    early = [edit for edit in edits if _head(edit[0]) not in PROFILE_KINDS]
    late = [edit for edit in edits if _head(edit[0]) in PROFILE_KINDS]
    for where, text in early:
        tree = documents.set_path(tree, where, text, COMMAND_LINE)
    if hardware is not None:
        known = {*resources.profiles("nodes", overlays), *_keys(tree, "nodes")}
        if hardware not in known:
            message = f'no profile "{hardware}" in nodes/; {suggestion(hardware, known)}'
            if not overlays and nearest(hardware, known) is None:
                message = f'no profile "{hardware}" in nodes/; one of your own needs --profiles DIR'
            raise InputError([Fault("--hardware", 0, hardware, message)])
        for site in _keys(tree, "sites"):
            tree = documents.set_path(tree, f"sites.{site}.training", hardware, "--hardware")
    if rules_as_of is not None:
        tree = documents.set_path(tree, "rules_as_of", rules_as_of, "--rules-as-of")
    if allow_export_violation:
        option = "--allow-export-violation"
        tree = documents.set_path(tree, "allow_export_violation", "true", option)
    done: set[tuple[str, str]] = set()
    faults: list[Fault] = []
    tree = _with_profiles(tree, overlays, done, faults)
    for where, text in late:
        tree = documents.set_path(tree, where, text, COMMAND_LINE)
    tree = _with_profiles(tree, overlays, done, faults)
    faults.extend(_dangling(tree))
    faults.extend(_unused(overlays, done))
    inputs = _validated(path, tree, faults)
    faults = [
        *_missing_sources(inputs, overlays),
        *contradictions(inputs.scenario, inputs.profiles, inputs.tree),
    ]
    if faults:
        raise InputError(faults)
    return inputs


def check_profile(path: Path, kind: str) -> Profile:
    """Read one profile file, laid over the shipped profile of its name. Raises InputError with every fault found."""
    shipped = resources.find_profile(kind, path.stem)
    below = [layer for layer in shipped if os.path.realpath(layer) != os.path.realpath(path)]
    return _checked(kind, [path, *below], {os.path.dirname(_shown(path))})


def read_profile(kind: str, name: str, overlays: Sequence[Path] = ()) -> Profile:
    """A profile by name, the files of overlay folders laid over the shipped one.

    Raises PlannerError where no folder has it, InputError with every fault found in it.
    """
    layers = resources.find_profile(kind, name, overlays)
    if not layers:
        known = resources.profiles(kind, overlays)
        raise PlannerError(f'no profile "{name}" in {kind}/; {suggestion(name, known)}')
    return _checked(kind, layers, _folders(kind, overlays))


def profile_tree(kind: str, name: str, overlays: Sequence[Path] = ()) -> Node:
    """What a profile's files say together, as written. Raises InputError for a fault in their form."""
    return _layered(kind, resources.find_profile(kind, name, overlays))


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


def _checked(kind: str, layers: Sequence[Path], folders: Container[str]) -> Profile:
    """A profile by itself; its numbers that stand in one of the `folders` must say where they come from."""
    tree = _layered(kind, layers)
    profile, faults = _model(PROFILE_KINDS[kind], tree, tree, ())
    faults.extend(_unsourced(profile, tree, (), folders) if profile else [])
    if profile is None or faults:
        raise InputError(faults)
    return profile


def _layered(kind: str, layers: Sequence[Path]) -> Node:
    """The files of one profile laid over each other, the first on top."""
    roots = [resources.data_root() / "hardware_profiles" / kind]
    trees: list[Node] = [
        documents.resolve(layer, roots, _shown(layer), layered=True) for layer in reversed(layers)
    ]
    return reduce(documents.merge, trees)


def _unused(overlays: Sequence[Path], used: Container[tuple[str, str]]) -> Iterator[Fault]:
    """What is wrong with the profiles of overlay folders that nothing names, each fault with the file it is in."""
    overlaid = resources.overlaid(overlays)
    files = {each: resources.find_profile(*each, overlays) for each in overlaid}
    for each in overlaid:
        if each not in used:
            try:
                _checked(each[0], files[each], _folders(each[0], overlays))
            except InputError as error:
                others = {_shown(file) for other in overlaid for file in files[other]}
                others.difference_update(map(_shown, files[each]))
                yield from (fault for fault in error.faults if fault.file not in others)


def _folders(kind: str, overlays: Sequence[Path]) -> set[str]:
    return {_shown(root / kind) for root in resources.profile_roots(overlays)}


# Where a name of a profile stands in a scenario: steps joined by dots, `*` for every key or item, `#` for the keys.
_REFERENCES = (
    ("market.forecast", "markets"),
    ("regions.*.forecast", "markets"),
    ("programs.*.vehicle", "vehicles"),
    ("programs.*.ecu_from.#", "ecus"),
    ("deployments.*.ecus.*", "ecus"),
    ("tiers.*.system", "storage"),
    ("tiers.*.level", "storage_levels"),
    ("workloads.*.model", "models"),
    ("services.*.region", "regions"),
    ("services.*.reference", "accelerators"),
    ("sites.*.location", "regions"),
    ("sites.*.training", "nodes"),
    ("sites.*.installed.*.hardware", "nodes"),
    ("sites.*.committed.*.hardware", "nodes"),
    ("sites.*.licences.*.hardware", "nodes"),
    ("fabrics.*.switch", "network"),
    ("sites.*.plant", "plants"),
    ("facility.plant", "plants"),
    ("regions.*.climate", "climates"),
    ("export_rules", "rules"),
    ("duty_rates", "duties"),
    ("residency_rules", "rules"),
    ("nodes.*.accelerator", "accelerators"),
    ("nodes.*.nic", "network"),
    ("models.*.architecture", "architectures"),
    ("models.*.image_model", "image_models"),
    ("training.software", "software"),
    *((f"{kind}.#", kind) for kind in PROFILE_KINDS),
)


# Where a name of the scenario's own things stands, and the section that must have it.
_NAMES = (
    ("regions.*.site", "sites"),
    ("programs.*.regions.*", "regions"),
    ("services.*.site", "sites"),
    ("opening_fleet.*.region", "regions"),
    ("opening_fleet.*.program", "programs"),
    ("simulation.package", "packages"),
    ("qualification.package", "packages"),
    ("deployments.*.package", "packages"),
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
    node: Node, pattern: Sequence[str], steps: Steps
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
    merged = _layered(kind, layers)
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
        raise InputError([*faults, *months(tree)])
    profiles["regions"] = dict(scenario.regions)
    return Inputs(path, scenario, profiles, tree)


def _model(schema: type[M], node: Node, tree: Node, at: Steps) -> tuple[M | None, list[Fault]]:
    """A checked object from a node, or the faults that keep it from being one."""
    try:
        return schema.model_validate(documents.plain(node)), []
    except ValidationError as error:
        return None, list(_faults(schema, tree, at, error.errors(include_url=False)))


def _faults(schema: type[Entity], tree: Node, at: Steps, items: Sequence[Any]) -> Iterator[Fault]:
    """One fault an item; none for what is missing under a wrong key, and one for an entry that lacks most."""
    wrong = [item["loc"][:-1] for item in items if item["loc"][-1:] == ("[key]",)]
    missing: dict[Steps, list[Any]] = {}
    for item in items:
        loc = item["loc"]
        if item["type"] != "missing":
            yield _fault(schema, tree, at, item)
        elif not any(loc[: len(key)] == key for key in wrong):
            missing.setdefault(loc[:-1], []).append(item)
    bare = {
        (*at, *loc)
        for loc, gaps in missing.items()
        if len(gaps) > FEW_MISSING and (loc or schema is not Scenario)
    }
    for loc, gaps in missing.items():
        if (*at, *loc) in bare:
            fields = [str(item["loc"][-1]) for item in gaps]
            yield _incomplete(schema, tree, (*at, *loc), fields, bare)
        else:
            yield from (_fault(schema, tree, at, item) for item in gaps)


def _incomplete(
    schema: type[Entity], tree: Node, steps: Steps, fields: Sequence[str], bare: Container[Steps]
) -> Fault:
    """An entry that lacks so much that its name may be the mistake."""
    name = str(steps[-1]) if steps else Path(tree.file).stem
    beside = {other for other in _beside(schema, tree, steps) if (*steps[:-1], other) not in bare}
    best = nearest(name, sorted(beside - {name}))
    some, more = ", ".join(fields[:FEW_MISSING]), len(fields) - FEW_MISSING
    message = f"incomplete: {some} and {more} more are missing"
    hint = f"; nearest entry: {best}" if best else ""
    return Fault(*documents.locate(tree, steps, at_key=True), message + hint)


def _beside(schema: type[Entity], tree: Node, steps: Steps) -> set[str]:
    """The names of the entries beside one: those of its table, and the profiles of its kind."""
    if len(steps) == 1:
        return set()
    kinds = [kind for kind, each in PROFILE_KINDS.items() if each is schema]
    if len(steps) == 2:
        kinds = [kind for kind in PROFILE_KINDS if kind == steps[0]]
    return {
        *_keys(tree, *map(str, steps[:-1])),
        *(name for kind in kinds if len(steps) < 3 for name in resources.profiles(kind)),
    }


def _fault(schema: type[Entity], tree: Node, at: Steps, item: Any) -> Fault:
    kind = item["type"]
    error = item.get("ctx", {}).get("error")
    inside = error.steps if isinstance(error, InsideError) else ()
    steps = (*at, *item["loc"], *inside)
    file, line, path = documents.locate(tree, steps, at_key=kind == "extra_forbidden")
    if kind == "extra_forbidden":
        known = _fields_at(schema, item["loc"][:-1])
        message = (
            f"unknown key; {suggestion(str(item['loc'][-1]), known)}" if known else "unknown key"
        )
    elif kind == "missing":
        path = documents.dotted(steps)
        is_section = schema is Scenario and len(steps) == 1
        hint = "; extends: base.yaml gives most of a scenario" if is_section else ""
        message = f"missing{hint}"
    elif kind == "value_error":
        message = str(error)
    elif kind == "literal_error":
        message = f"{_brief(item['input'])} is unknown; expected {item['ctx']['expected']}"
    elif item["input"] is None:
        message = "there is no value; expected one"
    elif kind in _SHAPES:
        keys = ", ".join(_fields_at(schema, item["loc"])[:FEW_MISSING])
        such = f" with keys such as {keys}" if keys else ""
        message = f"expected {_SHAPES[kind]}{such}, found {_brief(item['input'])}"
    else:
        text = item["msg"][:1].lower() + item["msg"][1:]
        message = f"{text}; found {_brief(item['input'])}"
    return Fault(file, line, path, message)


# What pydantic asks for, in the words of YAML.
_SHAPES = {"model_type": "a table", "dict_type": "a table", "list_type": "a list"}


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
    """The type itself: without its declaration, and without the None of what may be absent."""
    bare = schema.__origin__ if hasattr(schema, "__metadata__") else schema
    given = [each for each in typing.get_args(bare) if each is not type(None)]
    return given[0] if len(given) == 1 and type(None) in typing.get_args(bare) else bare


def _missing_sources(inputs: Inputs, overlays: Sequence[Path]) -> Iterator[Fault]:
    """Numbers of profile files that do not say where they come from; a scenario may leave it out."""
    for kind, named in inputs.profiles.items():
        folders = _folders(kind, overlays)
        for name, profile in named.items():
            yield from _unsourced(profile, inputs.tree, (kind, name), folders)


def _unsourced(value: Any, tree: Node, at: Steps, folders: Container[str]) -> Iterator[Fault]:
    for steps, cell in cells_of(value, at):
        if cell.source is not None and cell.confidence is not None:
            continue
        file, line, path = documents.locate(tree, as_written(tree, steps))
        if os.path.dirname(file) in folders:
            lacking = "source" if cell.source is None else "confidence"
            yield Fault(
                file,
                line,
                path,
                f"{lacking} missing; every number of a profile says where it comes from",
            )


def as_written(tree: Node, steps: Steps) -> Steps:
    """Steps to a number with the month of a knot as its key has it: `2024-03`, `2024-3`, or `2024` for its January."""
    if len(steps) < 2 or steps[-2] != "series":
        return steps
    node: Node | None = tree
    for step in steps[:-1]:
        node = node.entries.get(str(step)) if isinstance(node, Table) else None
    month = month_index(str(steps[-1]))
    keys = node.entries if isinstance(node, Table) else {}
    return (*steps[:-1], next((key for key in keys if month_index(key) == month), steps[-1]))


def cells_of(value: Any, at: Steps) -> Iterator[tuple[Steps, Cell]]:
    """Every number under an object of the schema, with its steps in the tree."""
    if isinstance(value, Cell):
        yield at, value
    elif isinstance(value, Series):
        for index, cell in value.knots:
            yield at if value.constant else (*at, "series", month_label(index)), cell
    elif isinstance(value, HourProfile):
        for index, cell in enumerate(value.cells):
            yield (*at, index), cell
    elif isinstance(value, MonthProfile):
        for index, cell in enumerate(value.cells):
            yield (*at, "months", index), cell
    elif isinstance(value, Entity):
        for name in type(value).model_fields:
            yield from cells_of(getattr(value, name), (*at, name))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from cells_of(item, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from cells_of(item, (*at, index))
