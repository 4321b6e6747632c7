"""Files to start from: a commented scenario or profile that extends a shipped one and passes every check as it is.

Every line that changes something is a comment with the inherited value; who removes a `#` changes exactly that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from planner import units
from planner.findings import Assumption
from planner.inputs.documents import Items, Node, Table, Text, is_number
from planner.inputs.numbers import Leaf
from planner.inputs.profiles import PROFILE_KINDS, Ref
from planner.plan import Plan
from planner.text import printable, wrapped

WIDTH = 100
INPUTS = 12  # of a plan's assumptions that a scenario starts with
PROVENANCE = "source: who says so, confidence: assumed"  # to be written over
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ /.^-]*|[0-9][A-Za-z0-9_ /.%^-]*")
# What a new profile extends where nothing is named.
ENTRY = re.compile(r"[a-z0-9][a-z0-9_]*")  # a name that an entry of a scenario may have
# How a scenario takes a profile: beside those that it extends, or in the place of one.
TAKEN = {
    "nodes": "sites: {taiwan: {training: NAME}}",
    "regions": "regions: {NAME: {site: taiwan}}",
    "vehicles": "programs: {NAME: {like: model_c, vehicle: NAME}}",
}
USUAL = {
    "accelerators": "h100_sxm",
    "nodes": "dgx_h100",
    "ecus": "drive_orin",
    "regions": "japan",
    "vehicles": "model_c",
    "models": "driving_10b",
}
SAID_OF_A_NUMBER = ("source", "confidence", "note")  # by its base, not by who changes it
WORDS = ("title", "note", "sources", "extends")


def scenario(plan: Plan, extends: str, title: str, file: str, base: str) -> str:
    """A scenario over another: its title, the decisions, and the inputs that move the plan most.

    `extends` is how the file names what it is laid over; `file` and `base` are what both are called in a shell.
    """
    mine, other = printable(file), printable(base)
    lines = [
        "# A scenario says only what differs from the one that it extends. As it is, this file plans the same;",
        "# to change a value remove the `#` (and one space after it) of its line and of the keys above it,",
        "# entries of one section under one key, then:",
        f"#   planner check {mine}",
        f"#   planner size {mine}",
        f"#   planner diff {other} {mine}",
        f"extends: {_named(extends)}",
        "",
        f"title: {json.dumps(printable(title), ensure_ascii=False)}",
        "about: >-",
        *(f"  {line}" for line in wrapped(f"Changes of {plan.title}: say here what and why.", 90)),
        "",
        "# --- Decisions ---",
        f"# horizon: {{start: {plan.horizon_months[0]}, end: {plan.horizon_months[-1]}}}",
        "# sites:",
    ]
    for name, site in plan.project.inputs.scenario.sites.items():
        lines += [
            f"#   {_scalar(name)}:",
            f"#     training: {site.training}   # a profile of nodes/",
        ]
    lines += ["", "# --- What the plan rests on most (each moves the cost or the GPUs) ---"]
    for each in plan.assumptions[:INPUTS]:
        lines += ["", *_input(each, plan)]
    return "\n".join(lines) + "\n"


def _input(each: Assumption, plan: Plan) -> Iterator[str]:
    """An assumption as a comment: what it means, what it moves, and its entry as it is inherited."""
    moves = ", ".join(f"{name} {100 * by:+.0f} %" for name, by in each.moves.items() if by)
    path, span, together = each.path, f"{each.low} to {each.high}", "alone"
    if "*" in path:
        row = next(row for row in plan.project.table.rows if _fits(row.path, path))
        ends = (row.value if end is None else end for end in (row.low, row.high))
        low, high = (f"{units.from_base(end, row.unit):.6g} {row.unit}" for end in ends)
        path, span = row.path, f"{low} to {high}".replace(" 1 to ", " to ").removesuffix(" 1")
        together = f"in all of {each.path} together"
    steps = path.split(".")
    if "series" in steps:  # a knot of a series: the series as a whole is replaced
        at = steps.index("series")
        steps, span = steps[:at], f"in {'.'.join(steps[at + 1 :])} {span}"
    for line in wrapped(f"{each.meaning}, {span}; {together} moves {moves}", WIDTH - 2):
        yield f"# {line}"
    for depth, step in enumerate(steps[:-1]):
        yield f"# {'  ' * depth}{step}:"
    margin = f"# {'  ' * (len(steps) - 1)}"
    yield from (margin + line for line in _number(steps[-1], _at(plan.project.inputs.tree, steps)))


def _at(node: Node, steps: Sequence[str]) -> Node:
    """The entry that a path leads to."""
    for step in steps:
        assert isinstance(node, Table)
        node = node.entries[step]
    return node


def _number(key: str, node: Node) -> Iterator[str]:
    """A number under its key, as it is inherited but for its source: a line, or a block for a series."""
    if isinstance(node, Text):
        yield f"{key}: {{value: {node.text}, {PROVENANCE}}}"
        return
    assert isinstance(node, Table)
    said = {
        name: _value(entry) for name, entry in node.entries.items() if name not in SAID_OF_A_NUMBER
    }
    series = node.entries.get("series")
    if not isinstance(series, Table):
        yield f"{key}: {{{', '.join(f'{name}: {text}' for name, text in said.items())}, {PROVENANCE}}}"
        return
    del said["series"]
    yield f"{key}:"
    yield from (f"  {name}: {text}" for name, text in said.items())
    yield from (f"  {part}" for part in PROVENANCE.split(", "))
    yield "  series:"
    yield from (f"    {knot}: {_value(entry)}" for knot, entry in series.entries.items())


def _fits(path: str, pattern: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", "[^.]+"), path) is not None


def profile(kind: str, base: str, tree: Node, title: str, file: str, name: str, folder: str) -> str:
    """A profile over another of its kind: every key with its meaning, unit and bounds, and the inherited value.

    `tree` is the base; `file`, `name` and the `folder` of kinds are what a shell calls the new one and its place.
    """
    assert isinstance(tree, Table)
    mine, entry_name, overlay = (printable(text) for text in (file, name, folder))
    lines = [
        f"# A profile in {kind}/ that says only what differs from {base}. Remove a `#` to change a value, and",
        "# name the source of each number; then:",
        f"#   planner check {mine}",
        f"#   planner profiles show {entry_name} --profiles {overlay}",
        *_how_taken(kind, entry_name.partition("/")[2], overlay),
        f"extends: {_named(f'{base}.yaml')}",
        "",
        f"title: {json.dumps(printable(title), ensure_ascii=False)}",
        "# sources:",
        '#   my_source: "who, what, when, where"',
    ]
    for key, field in PROFILE_KINDS[kind].model_fields.items():
        if key in WORDS:
            continue
        lines += ["", *(f"# {line}" for line in wrapped(_about(key, field.metadata), WIDTH - 2))]
        entry = tree.entries.get(key)
        written = "..." if entry is None else _value(entry)
        lines.append(f"# {key}: {written}")
    return "\n".join(lines) + "\n"


def _how_taken(kind: str, name: str, overlay: str) -> list[str]:
    """What a scenario says to plan with a profile, where one line does."""
    if kind not in TAKEN or not ENTRY.fullmatch(name):
        return []
    said = TAKEN[kind].replace("NAME", name)
    return [
        f"# A scenario that says for instance this plans with it, given --profiles {overlay}:",
        f"#   {said}",
    ]


def _about(name: str, metadata: Sequence[object]) -> str:
    """What a key means, as far as the schema says."""
    for each in metadata:
        if isinstance(each, Leaf):
            unit = "" if each.unit == "1" else f" [{each.unit}]"
            return f"{each.meaning}{unit}{_bounds(each)}"
        if isinstance(each, Ref):
            return f"the name of a profile in {each.kind}/"
    return name.replace("_", " ")


def _bounds(leaf: Leaf) -> str:
    said = [
        f"{words} {bound:g}"
        for words, bound in (
            ("at least", leaf.least), ("at most", leaf.most), ("more than", leaf.above),
        )
        if bound is not None
    ]  # fmt: skip
    return f"; {', '.join(said)}" if said else ""


def _value(node: Node) -> str:
    """A node on one line of YAML; a number without its source, which is the base's."""
    if isinstance(node, Text):
        return "~" if node.text is None else _scalar(node.text)
    if isinstance(node, Items):
        return f"[{', '.join(_value(item) for item in node.items)}]"
    entries = node.entries
    if is_number(node):
        entries = {k: v for k, v in entries.items() if k not in SAID_OF_A_NUMBER}
        if list(entries) == ["value"]:
            return _value(entries["value"])
    return "{" + ", ".join(f"{_scalar(key)}: {_value(each)}" for key, each in entries.items()) + "}"


def _scalar(text: str) -> str:
    return _named(printable(text))


def _named(text: str) -> str:
    """A text as YAML, exactly."""
    return text if PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def like(kind: str, known: Sequence[str]) -> str:
    """What a new profile of a kind extends unless something is named."""
    return USUAL.get(kind, known[0])
