"""From the numeric fields of an entity to leaves: one number, a number over time, a profile of the day or the year.

A section of the scenario gives leaves without an axis of their own; entities give leaves over the axis on which they
have their positions, and those that share an entity share its rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from planner import units
from planner.axes import DRAW, HOUR, MONTH, Array, place
from planner.inputs.assembly import (
    Block,
    calendar_assembly,
    cell_assembly,
    interpolation_weights,
    series_assembly,
)
from planner.inputs.documents import Steps
from planner.inputs.leaf_builder.notes import Notes
from planner.inputs.leaf_builder.positions import HOURS
from planner.inputs.load import as_written
from planner.inputs.numbers import Cell, HourProfile, Leaf, MonthProfile, Series, month_label
from planner.inputs.profiles import PROFILE_KINDS, Entity


def declared(schema: type[Entity]) -> dict[str, Leaf]:
    """The numeric fields of a schema with their declarations."""
    return {
        name: leaf
        for name, field in schema.model_fields.items()
        for leaf in field.metadata
        if isinstance(leaf, Leaf)
    }


def section(notes: Notes, name: str) -> None:
    """Leaves of one section of the scenario."""
    entity = getattr(notes.inputs.scenario, name)
    for field, leaf in declared(type(entity)).items():
        value = getattr(entity, field)
        leaf_name, steps = f"{name}_{field}", (name, field)
        if isinstance(value, Series):
            rows, weights = knots_of(notes, leaf_name, (), steps, leaf, value)
            block = (list(range(len(rows))), weights, value.interpolate)
            notes.add(leaf_name, leaf, (MONTH,), rows, series_assembly([block], (MONTH,)))
        else:
            rows = [notes.row(leaf_name, (), steps, leaf, value)] if value is not None else []
            placed = [(0, column) for column in range(len(rows))]
            notes.add(leaf_name, leaf, (), rows, cell_assembly(placed, 1, leaf, ()))


def entities(
    notes: Notes,
    prefix: str,
    axis: int,
    section: str,
    names: Sequence[str | None],
    own: Mapping[Any, Entity] | None = None,
) -> None:
    """Leaves over `axis`: position i is the entry `names[i]` of the scenario's `own`, or else the profile of the name.

    A position without an entity (None) has what the absence of the number stands for.
    """
    known = notes.inputs.profiles.get(section, {}) if own is None else own
    objects = [None if name is None else known[name] for name in names]
    schema = next((type(entity) for entity in objects if entity), None)
    for field, leaf in declared(schema or PROFILE_KINDS[section]).items():
        at: list[Steps] = [(section, str(name), field) for name in names]
        values = [getattr(entity, field, None) for entity in objects]
        over_axis(notes, f"{prefix}_{field}", axis, leaf, at, values)


def nothing(notes: Notes, prefix: str, axis: int, schema: type[Entity]) -> None:
    """The same leaves where the scenario has no such entity."""
    for field, leaf in declared(schema).items():
        absent(notes, f"{prefix}_{field}", axis, leaf)


def absent(notes: Notes, name: str, axis: int, leaf: Leaf) -> None:
    """A leaf over an axis of one position with nothing on it: what the number's absence stands for, or 0."""
    number = 0.0 if math.isnan(leaf.absent) else leaf.absent * units.scale(leaf.unit)
    value = place([number], axis)
    value.setflags(write=False)
    notes.constant(name, leaf.meaning, value, leaf.unit, (axis,))


def over_axis(
    notes: Notes, name: str, axis: int, leaf: Leaf, at: Sequence[Steps], values: Sequence[Any]
) -> None:
    """One leaf over `axis`, from the values at its positions (None: absent) and the steps to them."""
    if any(isinstance(value, Series) for value in values):
        _series_leaf(notes, name, axis, leaf, at, values)
    elif any(isinstance(value, HourProfile) for value in values):
        _hour_leaf(notes, name, axis, leaf, at, values)
    elif any(isinstance(value, MonthProfile) for value in values):
        _calendar_leaf(notes, name, axis, leaf, at, values)
    else:
        _cell_leaf(notes, name, axis, leaf, at, values)


def _cell_leaf(
    notes: Notes,
    name: str,
    axis: int,
    leaf: Leaf,
    at: Sequence[Steps],
    values: Sequence[Cell | None],
) -> None:
    columns: dict[int, int] = {}  # of the rows, which positions with the same entity share
    placed = []
    for i, (steps, value) in enumerate(zip(at, values, strict=True)):
        if value is not None:
            row = notes.row(name, (notes.labels[axis][i],), steps, leaf, value)
            placed.append((i, columns.setdefault(row, len(columns))))
    assemble = cell_assembly(placed, len(values), leaf, (axis,))
    notes.add(name, leaf, (axis,), list(columns), assemble)


def _series_leaf(
    notes: Notes,
    name: str,
    axis: int,
    leaf: Leaf,
    at: Sequence[Steps],
    values: Sequence[Series | None],
) -> None:
    """A leaf over months and `axis`; an entity without the series has what its absence stands for."""
    columns: dict[int, int] = {}
    blocks: list[Block] = []
    for label, steps, value in zip(notes.labels[axis], at, values, strict=True):
        rows: list[int] = []
        weights, way = np.zeros((notes.calendar.months, 0)), "step"
        if value is not None:
            rows, weights = knots_of(notes, name, (label,), steps, leaf, value)
            way = value.interpolate
        blocks.append(([columns.setdefault(row, len(columns)) for row in rows], weights, way))
    without = leaf.absent * units.scale(leaf.unit)
    assemble = series_assembly(blocks, (MONTH, axis), without)
    notes.add(name, leaf, (MONTH, axis), list(columns), assemble)


def knots_of(
    notes: Notes, name: str, position: tuple[str, ...], steps: Steps, leaf: Leaf, value: Series
) -> tuple[list[int], Array]:
    """The rows of a series and its interpolation weights, shape (month, knot)."""
    rows = []
    for index, cell in value.knots:
        knot = as_written(notes.inputs.tree, (*steps, "series", month_label(index)))
        where = steps if value.constant else knot
        rows.append(notes.row(name, position, where, leaf, cell, knot=not value.constant))
    months = notes.calendar.first + np.arange(notes.calendar.months)
    knots = np.array([index for index, _ in value.knots])
    return rows, interpolation_weights(months, knots, value.interpolate)


def _calendar_leaf(
    notes: Notes,
    name: str,
    axis: int,
    leaf: Leaf,
    at: Sequence[Steps],
    values: Sequence[MonthProfile],
) -> None:
    """Months of the plan from the twelve of the calendar; positions that share a profile share its rows."""
    columns: dict[int, int] = {}
    chosen = np.empty((12, len(values)), dtype=np.intp)
    for i, (label, steps, value) in enumerate(zip(notes.labels[axis], at, values, strict=True)):
        for month, cell in enumerate(value.cells):
            position = (label, f"{month + 1:02d}")
            row = notes.row(name, position, (*steps, "months", month), leaf, cell)
            chosen[month, i] = columns.setdefault(row, len(columns))
    assemble = calendar_assembly(chosen, notes.calendar.first, notes.calendar.months, axis)
    notes.add(name, leaf, (MONTH, axis), list(columns), assemble)


def _hour_leaf(
    notes: Notes,
    name: str,
    axis: int,
    leaf: Leaf,
    at: Sequence[Steps],
    values: Sequence[HourProfile | None],
) -> None:
    """A leaf over the hours and `axis`; an entity without a profile has the same weight in every hour."""
    rows = [
        notes.row(name, (HOURS[hour], label), (*steps, hour), leaf, cell)
        for label, steps, value in zip(notes.labels[axis], at, values, strict=True)
        if value is not None
        for hour, cell in enumerate(value.cells)
    ]
    given = [i for i, value in enumerate(values) if value is not None]

    def assemble(cells: Array) -> Array:
        weights = np.ones((len(cells), len(values), len(HOURS)))
        weights[:, given] = cells.reshape(-1, len(given), len(HOURS))
        return place(weights.swapaxes(1, 2), DRAW, HOUR, axis)

    notes.add(name, leaf, (HOUR, axis), rows, assemble)
