"""An unknown or doubled key, a wrong unit, a value out of its bounds: always a fault, each time.

Generated from the schema itself: every number that a scenario or one of its profiles declares, in
every place where it stands, and every table. All faults of a kind are put into one file, and each
has to be reported, with the file and the line on which it stands; a sample is also tried alone.
"""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from planner import units
from planner.errors import Fault, InputError
from planner.inputs import documents
from planner.inputs.numbers import Cell, HourProfile, Leaf, MonthProfile, Series
from planner.inputs.profiles import PROFILE_KINDS, Entity
from planner.project import Project, load
from tests.properties.layouts import RUNNING, read

Steps = tuple[str | int, ...]

WHOLE = (
    RUNNING
    + """
tiers: {hot: {level: superpod_h100_better, read_per_accelerator: null}}
economics: {exchange_rates: {EUR: 0.92, TWD: 31.2}}
checks:
  - {name: "Some vehicles", quantity: vehicles_in_operation, over: end, equals: 1 vehicle, tolerance: 5 %}
systems: {p4d: null}
software: {nvidia_2024: null}
frameworks: {torchtitan: null}
architectures: {deepseek_v3: null, nemotron3_nano: null}
tariffs: {cloudfront_us_eu: null, wholesale_95_5: null, cellular_china: null}
image_models: {resnet50: null, mask_rcnn_resnet50: null, flux_1: null, stable_diffusion_2: null, bert_base: null}
"""
)


@dataclass(frozen=True)
class Number:
    """A declared number, in one of its places."""

    steps: Steps
    schema: str
    leaf: Leaf
    kind: type


@cache
def whole() -> tuple[dict[str, Any], tuple[Number, ...], tuple[Steps, ...]]:
    """A scenario with all that it rests on in one tree, its numbers, and its tables."""
    project = read(WHOLE)
    tree = documents.plain(project.inputs.tree)
    entities = _all_entities(project)
    numbers = [number for entity, steps in entities for number in _numbers(entity, steps)]
    return tree, tuple(numbers), tuple(steps for _, steps in entities)


def _all_entities(project: Project) -> list[tuple[Entity, Steps]]:
    found = list(_entities(project.inputs.scenario, ()))
    for kind in PROFILE_KINDS:
        if kind != "regions":
            for name, profile in project.inputs.profiles[kind].items():
                found.extend(_entities(profile, (kind, name)))
    return found


def _entities(value: Any, steps: Steps) -> Iterator[tuple[Entity, Steps]]:
    if isinstance(value, Entity):
        yield value, steps
        for name, field in type(value).model_fields.items():
            yield from _entities(getattr(value, name), (*steps, field.alias or name))
    elif isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _entities(item, (*steps, key))


def _numbers(entity: Entity, steps: Steps) -> Iterator[Number]:
    schema = type(entity).__name__
    for name, leaf, kind, in_table in _declared(type(entity)):
        for key in getattr(entity, name) if in_table else [None]:
            at = (*steps, name) if key is None else (*steps, name, key)
            yield Number(at, f"{schema}.{name}", leaf, kind)


def _declared(schema: type[Entity]) -> Iterator[tuple[str, Leaf, type, bool]]:
    """The numbers that a schema declares: name, declaration, how it is written, and whether it is a table of such."""
    for name, field in schema.model_fields.items():
        written = str(field.annotation)
        in_table = typing.get_origin(field.annotation) is dict
        marks = (
            getattr(typing.get_args(field.annotation)[1], "__metadata__", ())
            if in_table
            else field.metadata
        )
        for leaf in (each for each in marks if isinstance(each, Leaf)):
            kind = next(
                k for k in (Cell, Series, HourProfile, MonthProfile) if k.__name__ in written
            )
            yield name, leaf, kind, in_table


def test_the_schema_is_covered() -> None:
    """Every entity of the schema that holds numbers has a number in the tree."""
    _, numbers, _ = whole()
    covered = {number.schema for number in numbers}
    for schema in _subclasses(Entity):
        for name, *_ in _declared(schema):
            named = {f"{each.__name__}.{name}" for each in (schema, *_subclasses(schema))}
            assert named & covered, f"{schema.__name__}.{name}"


def _subclasses(schema: type[Entity]) -> Iterator[type[Entity]]:
    for each in schema.__subclasses__():
        yield each
        yield from _subclasses(each)


# --- What can be wrong with a number -----------------------------------------------------------------


def wrong_unit(leaf: Leaf) -> str:
    return "5 kg" if not units.same_dimension("kg", leaf.unit) else "5 W"


def no_unit(leaf: Leaf) -> str | None:
    return None if units.same_dimension("1", leaf.unit) else "5"


def unknown_unit(leaf: Leaf) -> str:
    return "5 furlong"


def too_small(leaf: Leaf) -> str | None:
    if leaf.above is not None:
        return f"{leaf.above!r} {leaf.unit}"
    if leaf.least is None:
        return None
    return f"{leaf.least - max(1e-6, 1e-6 * abs(leaf.least))!r} {leaf.unit}"


def too_large(leaf: Leaf) -> str:
    most = 2e30 / units.scale(leaf.unit) if leaf.most is None else leaf.most * 1.000001
    return f"{most!r} {leaf.unit}"


def not_whole(leaf: Leaf) -> str | None:
    return f"{(leaf.least or 0) + 1.5} {leaf.unit}" if leaf.whole else None


def not_a_number(leaf: Leaf) -> str:
    return "nan"


def infinite(leaf: Leaf) -> str:
    return f"inf {leaf.unit}"


def nothing_there(leaf: Leaf) -> str:
    return ""


WRONGS = (
    *(wrong_unit, no_unit, unknown_unit, too_small, too_large),
    *(not_whole, not_a_number, infinite, nothing_there),
)


def plainly(text: str) -> Any:
    return text


def as_a_mapping(text: str) -> Any:
    return {"value": text, "source": "Somebody", "confidence": "assumed"}


def as_a_range(text: str) -> Any:
    return {"low": text, "base": text, "high": text, "source": "Somebody", "confidence": "assumed"}


FORMS = (plainly, as_a_mapping, as_a_range)


def spoilt(number: Number, text: str, form: Callable[[str], Any]) -> Any:
    """A wrong value in the shape that the field takes."""
    if number.kind is HourProfile:
        return [*["1"] * 20, form(text), *["1"] * 3]
    if number.kind is MonthProfile:
        return {"months": [form(text)] * 12, "source": "Somebody"}
    if number.kind is Series:
        return {"series": {"2020-01": form(text)}, "source": "Somebody"}
    return form(text)


# --- Files -----------------------------------------------------------------------------------------


@dataclass
class Written:
    """A tree as a YAML text, and the line of every key."""

    lines: list[str]
    line_of: dict[Steps, int]


def written(tree: dict[str, Any], doubled: frozenset[Steps] = frozenset()) -> Written:
    """Block style, one entry a line; `doubled` entries stand there once more at the end of their table."""
    result = Written([], {})
    _write(tree, (), 0, result, doubled)
    return result


def _write(node: Any, steps: Steps, indent: int, to: Written, doubled: frozenset[Steps]) -> None:
    pairs = list(node.items() if isinstance(node, dict) else enumerate(node))
    again = [(key, value) for key, value in pairs if (*steps, key) in doubled]
    for key, value in (*pairs, *again):
        at = (*steps, key)
        head = " " * indent + ("-" if isinstance(key, int) else f"{json.dumps(key)}:")
        nested = isinstance(value, dict | list) and bool(value)
        to.lines.append(head if nested else f"{head} {json.dumps(value)}")
        to.line_of[at] = len(to.lines)
        if nested:
            _write(value, at, indent + 2, to, doubled)


def faults_of(text: Written, folder: Path) -> tuple[Fault, ...]:
    file = folder / "spoilt.yaml"
    file.write_text("\n".join(text.lines) + "\n", encoding="utf-8")
    with pytest.raises(InputError) as raised:
        load(file)
    assert raised.value.exit_code == 2
    assert all(fault.file.endswith("spoilt.yaml") for fault in raised.value.faults)
    return raised.value.faults


def changed(values: dict[Steps, Any]) -> dict[str, Any]:
    """A copy of the whole tree with other values, or new entries."""
    tree = json.loads(json.dumps(whole()[0]))
    for (*way, last), value in values.items():
        node = tree
        for step in way:
            node = node[step]
        node[last] = value
    return tree


def over_the_whole(steps: Steps, value: Any) -> dict[str, Any]:
    """A tree that extends the whole one and changes one entry; a list on the way stands there in full."""
    first = next((i for i, step in enumerate(steps) if isinstance(step, int)), len(steps))
    node = changed({steps: value})
    for step in steps[:first]:
        node = node[step]
    for step in reversed(steps[:first]):
        node = {step: node}
    return {"extends": "whole.yaml", **node}


def assert_reported(
    values: dict[Steps, Any], folder: Path, tree: dict[str, Any] | None = None
) -> None:
    """Each of the changed entries has its fault, which names its path or that of a knot, and a line within it."""
    text = written(changed(values) if tree is None else tree)
    found: dict[str, list[int]] = {}
    for fault in faults_of(text, folder):
        entry, _, _ = fault.path.partition(".series.")
        found.setdefault(entry, []).append(fault.line)
    for steps in values:
        path = documents.dotted(steps)
        assert path in found, f"{path} = {values[steps]!r} is not reported"
        knots = values[steps].get("series", {}) if isinstance(values[steps], dict) else {}
        places = (steps, *((*steps, "series", knot) for knot in knots))
        within = {text.line_of[place] + below for place in places for below in (0, 1)}
        assert within & set(found[path]), path


# --- Tests -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("wrong", WRONGS)
def test_every_number_that_is_wrong_is_reported(wrong, form, tmp_path: Path) -> None:
    _, numbers, _ = whole()
    values = {
        number.steps: spoilt(number, text, form)
        for number in numbers
        if (text := wrong(number.leaf)) is not None
    }
    assert len(values) > 10
    assert_reported(values, tmp_path)


@pytest.mark.parametrize(
    ("first", "wrong"), [(0, wrong_unit), (3, no_unit), (6, too_small), (9, too_large)]
)
def test_a_wrong_number_alone_is_reported(first, wrong, tmp_path: Path) -> None:
    """Every twelfth declaration, others for each kind of fault, in a file in which nothing else is wrong."""
    tree, numbers, _ = whole()
    (tmp_path / "whole.yaml").write_text("\n".join(written(tree).lines), encoding="utf-8")
    by_schema = {number.schema: number for number in numbers if wrong(number.leaf) is not None}
    assert len(by_schema) > 100
    for number in list(by_schema.values())[first::12]:
        value = spoilt(number, wrong(number.leaf), plainly)
        assert_reported({number.steps: value}, tmp_path, over_the_whole(number.steps, value))


def _words(entity: Entity, steps: Steps) -> Iterator[tuple[Steps, str]]:
    """A wrong word, month, truth value or plain number for each field that takes one."""
    for name, field in type(entity).model_fields.items():
        kinds = set(re.findall(r"\w+", str(field.annotation)))
        at = (*steps, field.alias or name)
        if any(isinstance(each, Leaf) for each in field.metadata) or kinds & {"dict", "list"}:
            continue
        if "Literal" in kinds:
            yield at, "something_else"
        elif "bool" in kinds:
            yield at, "perhaps"
        elif "int" in kinds:
            yield at, "2024-13"
        elif "float" in kinds:
            yield at, "nan"


def test_every_wrong_word_and_month_is_reported(tmp_path: Path) -> None:
    entities = _all_entities(read(WHOLE))
    values = dict(word for entity, steps in entities for word in _words(entity, steps))
    assert len(set(values.values())) == 4
    assert_reported(values, tmp_path)


def test_every_unknown_profile_is_reported(tmp_path: Path) -> None:
    """All names of profiles are looked up before anything else is judged."""
    places = [
        *(("programs", name, "vehicle") for name in ("model_c", "model_n")),
        *(("tiers", name, "system") for name in ("hot", "warm", "cold")),
        *(("workloads", name, "model") for name in ("perception", "driving", "world_model")),
        *(
            ("sites", name, part)
            for name in ("taiwan", "japan", "china")
            for part in ("location", "training")
        ),
        *(("fabrics", "compute", "switch"), ("market", "forecast"), ("tiers", "hot", "level")),
        *((rules,) for rules in ("export_rules", "residency_rules", "duty_rates")),
        *(("regions", "japan", "climate"), ("facility", "plant")),
        *(("services", "assistant", "reference"), ("deployments", "reasoning", "ecus", 0)),
        ("sites", "taiwan", "installed", 0, "hardware"),
        ("nodes", "gh200_nvl32", "accelerator"),
        ("nodes", "gh200_nvl32", "nic"),
    ]
    assert_reported(dict.fromkeys(places, "no_such_thing"), tmp_path)


def test_every_unknown_key_is_reported_with_the_keys_that_exist(tmp_path: Path) -> None:
    _, _, tables = whole()
    values = {(*steps, "not_a_key"): "1" for steps in tables}
    assert len(values) > 80
    assert_reported(values, tmp_path)
    for fault in faults_of(written(changed(values)), tmp_path):
        assert fault.message.startswith("unknown key; "), fault


def test_an_unknown_key_in_a_number_is_reported(tmp_path: Path) -> None:
    _, numbers, _ = whole()
    values = {
        number.steps: {"value": f"1 {number.leaf.unit}", "sourc": "x"}
        for number in numbers
        if number.kind is Cell
    }
    assert_reported(values, tmp_path)


def test_every_misspelt_key_is_reported(tmp_path: Path) -> None:
    """Each declared number under a name with a letter too many: unknown there, and where it was required, missing."""
    _, numbers, _ = whole()
    tree = changed({})
    written_at = [number.steps for number in numbers if _has(tree, number.steps)]
    for *way, last in written_at:
        node = tree
        for step in way:
            node = node[step]
        node[f"{last}x"] = node.pop(last)
    found = {fault.path for fault in faults_of(written(tree), tmp_path)}
    assert {documents.dotted((*way, f"{last}x")) for *way, last in written_at} <= found


def _has(tree: Any, steps: Steps) -> bool:
    for step in steps:
        if isinstance(tree, dict) and step not in tree:
            return False
        tree = tree[step]
    return True


def test_every_doubled_key_is_reported(tmp_path: Path) -> None:
    """One key of each table of the file, the names that a user chose included."""
    tree = whole()[0]
    doubled = frozenset(_first_keys(tree, ()))
    assert len(doubled) > 300
    text = written(tree, doubled)
    found = {fault.path: fault for fault in faults_of(text, tmp_path)}
    assert found.keys() == {documents.dotted(steps) for steps in doubled}
    assert all("is already given on line" in fault.message for fault in found.values())


def _first_keys(node: Any, steps: Steps) -> Iterator[Steps]:
    if isinstance(node, dict) and node:
        yield (*steps, list(node)[-1])
    if isinstance(node, dict | list):
        for key, item in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _first_keys(item, (*steps, key))


def test_a_name_that_nothing_refers_to_may_change() -> None:
    """A workload may be called anything; a site that a region names may not."""
    renamed = changed({})
    renamed["workloads"] = {f"{name}_2": each for name, each in renamed["workloads"].items()}
    before, after = read(json.dumps(changed({}))), read(json.dumps(renamed))
    (one,), (two,) = before.run(["tco"]).values(), after.run(["tco"]).values()
    assert (one == two).all()
    renamed["sites"] = {f"{name}_2": each for name, each in renamed["sites"].items()}
    with pytest.raises(InputError) as raised:
        read(json.dumps(renamed))
    assert {fault.path for fault in raised.value.faults} == {
        f"{section}.{name}.site"
        for section in ("regions", "services")
        for name, each in renamed[section].items()
        if "site" in each
    }


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        (
            {("network", "quantum2_qm9700", "ports"): "2"},
            "network.quantum2_qm9700.ports",
            "fewer than 3",
        ),
        ({("fabrics", "storage", "switch"): "connectx7"}, "fabrics.storage.switch", "is a nic"),
        ({("fabrics", "compute", "down_ports"): "65"}, "fabrics.compute.down_ports", "65 of 64"),
        (
            {("tiers", "warm", "held_until"): "1 day"},
            "tiers.warm.held_until",
            "less than the 14 days at which data enters from hot",
        ),
    ],
)
def test_fields_that_contradict_each_other_are_reported(
    change, path, words, tmp_path: Path
) -> None:
    faults = faults_of(written(changed(change)), tmp_path)
    assert any(fault.path == path and words in fault.message for fault in faults), faults
