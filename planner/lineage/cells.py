"""Which of the numbers that somebody wrote decide an input, and where do they stand?

From an input and the pins to written cells. A row matters if moving it a little would move the input at the pins;
inputs that are no numbers, such as dates and rules, show where they stand.
"""

from __future__ import annotations

import numpy as np

from planner import units
from planner.axes import Array
from planner.catalogue import Calendar, Parts
from planner.inputs import documents
from planner.inputs.leaves import LeafInfo, Row
from planner.inputs.numbers import month_label
from planner.lineage.explanation import WrittenCell
from planner.lineage.pins import Pins, fixed, own_parts
from planner.perf import export, residency
from planner.results import Results


def rows_that_matter(plan: Results, info: LeafInfo, pins: Pins) -> list[Row]:
    """The rows whose change would change the leaf at the pinned labels."""
    rows = [plan.project.table.rows[index] for index in info.rows]
    if not rows:
        return []
    values = np.array([row.value for row in rows])
    moved = np.where(np.isfinite(values), values + 0.01 * np.maximum(np.abs(values), 1e-3), 1.0)
    cells = np.tile(values, (len(rows) + 1, 1))
    cells[np.arange(1, len(rows) + 1), np.arange(len(rows))] = moved
    value = info.assemble(cells)
    if isinstance(value, Parts):
        changed = _parts_changed(value, len(rows), pins)
    else:
        held = fixed(np.asarray(value), pins)
        changed = (held[1:] != held[:1]).reshape(len(rows), -1).any(axis=1)
    return [row for row, matters in zip(rows, changed, strict=True) if matters]


def _parts_changed(parts: Parts, count: int, pins: Pins) -> Array:
    mine = own_parts(parts, pins)
    changed = np.zeros(count, dtype=bool)
    for values in parts.fields.values():
        if len(values) > 1:
            changed |= ((values[1:] != values[:1]) & mine).any(axis=1)
    return changed


def written(row: Row) -> WrittenCell:
    """A row with its value in the unit that somebody wrote."""
    value, low, high = (
        None if number is None else f"{units.from_base(number, row.unit):.10g}"
        for number in (row.value, row.low, row.high)
    )
    unit = "" if row.unit == "1" else f" {row.unit}"
    spread = f" ({low} to {high})" if low is not None and high is not None else ""
    place = f"{row.file}:{row.line}" if row.line else row.file
    return WrittenCell(row.path, f"{value}{unit}{spread}", row.confidence, place, row.source)


def places(plan: Results, info: LeafInfo, pins: Pins) -> list[WrittenCell]:
    """Where an input stands that is no number: a name, a date, a rule."""
    value = plan.project.leaves[info.name]
    if isinstance(value, export.Rules | residency.Rules):
        return _rule_places(plan, value)
    if isinstance(value, Calendar):
        return [_text_place(plan, path) for path in ("plan_start", "horizon.start", "horizon.end")]
    split = [place.rpartition("  ") for place in info.places]
    labels = {plan.project.labels[a][i] for a, i in pins.items() if a in info.axes}
    pinned = [each for each in split if labels.intersection(each[0].strip().split("."))]
    return [WrittenCell(path.strip(), "", "", file, None) for path, _, file in pinned or split]


def _text_place(plan: Results, path: str) -> WrittenCell:
    tree = plan.project.inputs.tree
    steps = tuple(path.split("."))
    file, line, found = documents.locate(tree, steps)
    node: object = tree
    for step in steps:
        node = getattr(node, "entries", {}).get(step)
    return WrittenCell(found, getattr(node, "text", None) or "", "", f"{file}:{line}", None)


def _rule_places(plan: Results, rules: export.Rules | residency.Rules) -> list[WrittenCell]:
    """The rules that count, by the place at which they stand in their profile."""
    inputs = plan.project.inputs
    exports = isinstance(rules, export.Rules)
    name = inputs.scenario.export_rules if exports else inputs.scenario.residency_rules
    profile, section = inputs.profile("rules", name), "rules" if exports else "residency"
    positions = {rule.name: index for index, rule in enumerate(getattr(profile, section))}
    cells = []
    for rule in rules.rules:
        steps = ("rules", name, section, positions[rule.name])
        file, line, path = documents.locate(inputs.tree, steps)
        value = f"{rule.name}, in force {month_label(rule.effective)}"
        cells.append(WrittenCell(path, value, "published", f"{file}:{line}", rule.title))
    return cells
