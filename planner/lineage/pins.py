"""What is held fixed: which axes, at which positions?

Checks what was asked for, a month and labels or the dotted path of an input, against the plan and turns it into pins,
a position by axis; cuts arrays at them. Raises PlannerError for names and labels that the plan does not have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from planner.axes import AXES, DRAW, HOUR, MONTH, Array
from planner.catalogue import Parts
from planner.errors import PlannerError, holding, nearest, suggestion
from planner.inputs.leaves import Row
from planner.results import Results
from planner.text import printable

Pins = Mapping[int, int]  # position by axis


def check_known(plan: Results, name: str) -> None:
    """Refuses what is neither a quantity nor an input of the plan."""
    quantities, inputs = plan.project.graph.quantities, plan.project.table.leaves
    if name not in quantities and name not in inputs:
        names = [*sorted(quantities, key=len), *sorted(inputs, key=len)]
        place = _place_hint(plan, name)
        hint = "; ".join(filter(None, [place, _name_hint(name, names, bool(place))]))
        raise PlannerError(f'no quantity or input "{printable(name)}"; {hint}')


def _place_hint(plan: Results, name: str) -> str:
    """What to write for what is no quantity but a place of some, such as a site or a tier, in any case."""
    for number, axis in enumerate(AXES):
        if number in (DRAW, MONTH, HOUR):
            continue
        for label in plan.project.labels[number]:
            if label.lower() == name.lower():
                option = "hardware-kind" if axis == "hardware" else axis
                return f"for this {axis} give a quantity and --{option} {label}"
    return ""


def _name_hint(name: str, names: Sequence[str], placed: bool) -> str:
    """The same name in another case or number, else those with it as a word, else, unless `placed`, the nearest."""
    lower = re.sub(r"\W+", "_", name.lower()).strip("_")
    same = [each for each in (lower, f"{lower}s", lower.removesuffix("s")) if each in names]
    if same:
        return f"nearest: {same[0]}"
    if (held := holding(lower, names)) or placed:
        return held
    best = nearest(lower, names)
    return f"nearest: {best}" if best else "planner quantities lists all"


def rows_at(plan: Results, path: str) -> list[Row]:
    """The rows that a dotted path names, of one leaf: of several, the first that the model reads."""
    if "." not in path:
        return []
    pattern = re.compile(r"[^.]+".join(map(re.escape, path.split("*"))))
    found = [row for row in plan.project.table.rows if pattern.fullmatch(row.path)]
    if not found:
        paths = [row.path for row in plan.project.table.rows]
        raise PlannerError(f'no input "{printable(path)}"; {suggestion(path, paths)}')
    leaves = list(dict.fromkeys(row.leaf for row in found))
    read = [leaf for leaf in leaves if plan.project.graph.descendants(leaf)] or leaves
    return [row for row in found if row.leaf == read[0]]


def pins_of_rows(plan: Results, rows: Sequence[Row]) -> dict[int, int]:
    """Where a single row stands on the axes of its leaf; several rows are shown together."""
    if len(rows) != 1:
        return {}
    labels = plan.project.labels
    axes = plan.project.table.leaves[rows[0].leaf].axes
    pairs = [(axis, label) for axis in axes for label in rows[0].position if label in labels[axis]]
    return {axis: labels[axis].index(label) for axis, label in pairs}


def pins_asked_for(
    plan: Results, at: str | None, labels: Mapping[str, str | None]
) -> dict[int, int]:
    """Axis and position of everything that is held fixed."""
    given = {axis: label for axis, label in {**labels, "month": at}.items() if label is not None}
    return {_axis(name): _position(plan, _axis(name), str(label)) for name, label in given.items()}


def _axis(name: str) -> int:
    if name not in AXES[1:]:
        raise PlannerError(f'no axis "{printable(name)}"; {suggestion(name, AXES[1:])}')
    return AXES.index(name)


def _position(plan: Results, axis: int, label: str) -> int:
    known = plan.project.labels[axis]
    if axis == HOUR:
        label = label.removesuffix(":00").zfill(2)
    if axis == MONTH and re.fullmatch(r"\d{4}-\d", label):
        label = f"{label[:5]}0{label[5:]}"
    if label in known:
        return known.index(label)
    if axis == MONTH:
        within = [month for month in known if month.startswith(f"{label}-")]
        hint = (
            f"write one of its months, as {within[-1]}"
            if within
            else f"it has {known[0]} to {known[-1]}"
        )
        raise PlannerError(f'no month "{printable(label)}" in the plan; {hint}')
    raise PlannerError(f'no {AXES[axis]} "{printable(label)}"; {suggestion(label, known)}')


def fixed(values: Array, pins: Pins) -> Array:
    """The array at the pinned positions, of which each axis keeps length 1."""
    for axis, index in pins.items():
        if values.shape[axis] > 1:
            values = np.take(values, [index], axis=axis)
    return values


def own_parts(parts: Parts, pins: Pins) -> Array:
    """Which parts belong to the pinned labels."""
    mine = np.ones(len(parts.names), dtype=bool)
    places = np.unravel_index(parts.owner, parts.owner_shape)
    for axis, where in zip(parts.owner_axes, places, strict=True):
        if axis in pins:
            mine &= where == pins[axis]
    return mine
