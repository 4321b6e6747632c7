"""Why does a quantity have its value? Its formula, its parameters, down to the numbers that somebody wrote.

`explain` turns a quantity of a plan into a tree: docstring, expression with file and line, the value at a month and at
labels, and the same for each parameter, until the leaves show their cells with confidence, source, file and line. What
several branches share is expanded once, where it is nearest to the root. `str()` of the tree is the text that
`planner explain` prints.
"""

from __future__ import annotations

import ast
import html
import inspect
import os
import re
import shlex
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeGuard

import numpy as np

import planner
from planner import resources, units
from planner.axes import AXES, DRAW, HOUR, MONTH, RANK, Array, shape_of
from planner.catalogue import Calendar, Parts
from planner.errors import PlannerError, suggestion
from planner.graph import Graph, Quantity
from planner.inputs import documents
from planner.inputs.leaves import LeafInfo, Row
from planner.inputs.numbers import month_label
from planner.perf.export import Rules
from planner.plan import HEADLINE, Plan
from planner.text import counted, printable, wrapped

DEPTH = 3
CELLS_SHOWN = 8
LISTED = 4  # positions of one axis that are written out instead of counted
WIDTH = 100
GAP = 3  # spaces between the parts of a line

ORDERS = ("orders", "storage_orders", "switch_orders", "nodes_committed_entering")
ORDERS_LISTED = 10

MONTHLY_FLOWS = ("USD", "kWh", "kg")  # what may be added over months by its unit alone
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=[A-Za-z%])")
_MANY = {"hardware": "kinds of hardware"}


@dataclass(frozen=True)
class WrittenCell:
    """One number as somebody wrote it, and where."""

    path: str
    value: str
    confidence: str
    place: str
    source: str | None


@dataclass(frozen=True, repr=False)
class Explanation:
    """A quantity or input with its value, and the same for everything it follows from; `str()` is the printed tree."""

    name: str
    kind: str
    unit: str
    value: str
    meaning: str
    expression: tuple[str, ...] = ()
    place: str = ""
    note: str = ""
    remarks: tuple[str, ...] = ()
    children: tuple[Explanation, ...] = ()
    cells: tuple[WrittenCell, ...] = ()
    cells_left_out: int = 0
    hidden_levels: int = 0
    hints: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join(line.rstrip() for line in (*_rendered_root(self), *_hint_lines(self)))

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def explain(
    plan: Plan,
    name: str,
    at: str | None = None,
    depth: int | None = None,
    **labels: str | None,
) -> Explanation:
    """The tree of a quantity or input at a month (default: the month of its peak) and at labels, `region="japan"`.

    `depth` is the number of levels below the quantity (default 3). An input may be named by the path that files and
    findings have for it, in which `*` stands for any name. Raises PlannerError for an unknown name or label.
    """
    written = _rows_at(plan, name)
    if written:
        name = written[0].leaf
    _known(plan, name)
    pins = {**_pins_of(plan, written), **_pins(plan, at, labels)}
    lineage = _Lineage(plan, name, DEPTH if depth is None else depth, pins)
    _refuse_idle_pins(lineage, name, pins)
    return lineage.root()


def scenario_argument(plan: Plan) -> str:
    """How to name the plan's scenario on a command line from here."""
    path = Path(os.path.abspath(plan.project.inputs.path))
    if path.is_relative_to(Path.cwd()):
        return shlex.quote(str(path.relative_to(Path.cwd())))
    return path.stem if resources.scenarios().get(path.stem) == path else shlex.quote(str(path))


def spread_values(plan: Plan, *names: str) -> list[Array]:
    """Values in base units at full length on each declared axis: a sum over them counts every position."""
    sizes = plan.project.labels.sizes
    graph = plan.project.graph
    return [
        np.broadcast_to(values, (1, *shape_of(graph[name].axes, sizes)[1:]))
        for name, values in zip(names, plan.values(*names), strict=True)
    ]


# --- What is asked for -----------------------------------------------------------------------------------------------


def _known(plan: Plan, name: str) -> None:
    names = (*plan.project.graph.quantities, *plan.project.table.leaves)
    if name not in names:
        raise PlannerError(f'no quantity or input "{printable(name)}"; {suggestion(name, names)}')


def _rows_at(plan: Plan, path: str) -> list[Row]:
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


def _pins_of(plan: Plan, rows: Sequence[Row]) -> dict[int, int]:
    """Where a single row stands on the axes of its leaf; several rows are shown together."""
    if len(rows) != 1:
        return {}
    labels = plan.project.labels
    axes = plan.project.table.leaves[rows[0].leaf].axes
    pairs = [(axis, label) for axis in axes for label in rows[0].position if label in labels[axis]]
    return {axis: labels[axis].index(label) for axis, label in pairs}


def _pins(plan: Plan, at: str | None, labels: Mapping[str, str | None]) -> dict[int, int]:
    """Axis and position of everything that is held fixed."""
    given = {axis: label for axis, label in {**labels, "month": at}.items() if label is not None}
    return {_axis(name): _position(plan, _axis(name), str(label)) for name, label in given.items()}


def _axis(name: str) -> int:
    if name not in AXES[1:]:
        raise PlannerError(f'no axis "{printable(name)}"; {suggestion(name, AXES[1:])}')
    return AXES.index(name)


def _position(plan: Plan, axis: int, label: str) -> int:
    known = plan.project.labels[axis]
    if axis == HOUR:
        label = label.removesuffix(":00").zfill(2)
    if label in known:
        return known.index(label)
    if axis == MONTH:
        raise PlannerError(
            f'no month "{printable(label)}" in the plan; it has {known[0]} to {known[-1]}'
        )
    raise PlannerError(f'no {AXES[axis]} "{printable(label)}"; {suggestion(label, known)}')


def _refuse_idle_pins(lineage: _Lineage, name: str, pins: Mapping[int, int]) -> None:
    """A label on which nothing depends is a mistake, not a question."""
    used = {axis for each in (name, *lineage.ancestors) for axis in lineage.axes(each)}
    for axis in pins:
        if axis not in used:
            others = ", ".join(AXES[each] for each in sorted(used)) or "nothing"
            message = f"{name} and what it follows from do not vary by {AXES[axis]}; they vary by {others}"
            raise PlannerError(message)


# --- The tree --------------------------------------------------------------------------------------------------------


class _Lineage:
    """Builds the tree of one quantity at fixed labels."""

    def __init__(self, plan: Plan, name: str, depth: int, pins: Mapping[int, int]) -> None:
        self.plan = plan
        self.name = name
        self.depth = depth
        self.graph: Graph = plan.project.graph
        self.leaves = plan.project.table.leaves
        self.overridden = plan.project.overrides
        self.homes = self._find_homes()
        quantities = [each for each in self.homes if each in self.graph]
        self.values = dict(zip(quantities, spread_values(plan, *quantities), strict=True))
        self.taken = self._taken()
        self.asked = pins
        self.pins = {**self.taken, **pins}
        self.peak_month = self._peak_month()
        if self.peak_month is not None:
            self.pins[MONTH] = self.peak_month
        self.done: set[str] = set()

    @property
    def ancestors(self) -> set[str]:
        """Everything that the quantity follows from, at any depth."""
        found: set[str] = set()
        stack = [self.name]
        while stack:
            new = [each for each in self.parents(stack.pop()) if each not in found]
            found.update(new)
            stack.extend(new)
        return found

    def parents(self, name: str) -> tuple[str, ...]:
        """What a quantity is computed from; nothing for inputs and overridden quantities."""
        if name in self.overridden or name not in self.graph:
            return ()
        return self.graph[name].parameters

    def axes(self, name: str) -> tuple[int, ...]:
        if name in self.graph:
            return self.graph[name].axes
        return self.leaves[name].axes

    def root(self) -> Explanation:
        tree = self._node(self.name, None, 0)
        if MONTH in self.pins and MONTH in self.axes(self.name):
            notes = [tree.note, self.plan.months[self.pins[MONTH]]]
            tree = replace(tree, note=", ".join(filter(None, notes)))
        tree = replace(tree, remarks=(*self._absent_axes(), *tree.remarks))
        return replace(tree, hints=tuple(self._hints(tree)))

    def _absent_axes(self) -> Iterator[str]:
        """Labels that were asked for and say nothing about the root itself."""
        for axis, position in self.asked.items():
            if axis not in self.axes(self.name):
                label, kind = self.plan.project.labels[axis][position], AXES[axis]
                yield f"({self.name} has no {kind}; {label} is pinned below where there is one)"

    def _find_homes(self) -> dict[str, str | None]:
        """The parent under which each name is expanded: the one nearest to the root."""
        homes: dict[str, str | None] = {self.name: None}
        level = [self.name]
        for _ in range(self.depth):
            following: list[str] = []
            for parent in level:
                new = [each for each in self.parents(parent) if each not in homes]
                homes |= dict.fromkeys(new, parent)
                following += dict.fromkeys(new)
            level = following
        return homes

    def _taken(self) -> dict[int, int]:
        """The position that the quantity asked for takes of an axis, as the warm tier of all tiers."""
        if self.name not in self.graph or self.name in self.overridden:
            return {}
        known = self.graph[self.name].fn.__globals__
        calls = [
            node for node in ast.walk(_parsed(self.graph[self.name])) if _is_call(node, "take")
        ]
        if len(calls) != 1:
            return {}
        found = [known.get(getattr(argument, "id", "")) for argument in calls[0].args[1:]]
        axis, position = found if len(found) == 2 else (None, None)
        return {axis: position} if isinstance(axis, int) and isinstance(position, int) else {}

    def _peak_month(self) -> int | None:
        """The month of the horizon in which the quantity asked for is largest, unless a month was asked for."""
        if MONTH in self.pins or MONTH not in self.axes(self.name):
            return None
        values = self._array(self.name)
        if values is None:
            return None
        others = [a for a in self.axes(self.name) if a != MONTH]
        fixed = _fixed(values, self.pins)
        summed = all(self._adds(self.name, axis) for axis in others)
        reduce = np.sum if summed else np.max
        by_month = reduce(fixed, axis=tuple(a for a in range(RANK) if a != MONTH))
        start = self.plan.project.table.calendar.horizon_from
        return start + int(np.argmax(by_month[start:])) if len(by_month) > 1 else None

    def _array(self, name: str) -> Array | None:
        value = self.values[name] if name in self.graph else self.plan.project.leaves[name]
        return value if isinstance(value, np.ndarray) else None

    def _node(self, name: str, parent: str | None, level: int) -> Explanation:
        if self.homes.get(name) != parent or (parent is None and level > 0):
            where = "shown above" if name in self.done else "shown below"
            return replace(self._summary(name), note=where)
        self.done.add(name)
        if name not in self.graph:
            return self._input(name, full=level == 0)
        node = self._formula(name)
        if name in self.overridden:
            return node
        if level == self.depth:
            return replace(node, hidden_levels=self._height(name))
        children = tuple(self._node(each, name, level + 1) for each in self.parents(name))
        return replace(node, children=children)

    def _height(self, name: str) -> int:
        """Levels below a quantity, down to its farthest input."""
        heights: dict[str, int] = {}
        stack = [name]
        while stack:
            top = stack[-1]
            pending = [each for each in self.parents(top) if each not in heights]
            stack.extend(pending)
            if not pending:
                below = [heights[each] for each in self.parents(top)]
                heights[stack.pop()] = 1 + max(below) if below else 0
        return heights[name]

    def _hints(self, tree: Explanation) -> Iterator[str]:
        command = f"planner explain {scenario_argument(self.plan)} NAME"
        command = " ".join([command, *map(printable, self.plan.project.changes)])
        if self.peak_month is not None:
            months = self.plan.horizon_months
            month, other = self.plan.months[self.peak_month], months[len(months) // 2]
            yield f"{self.name} is largest in {month}; --at {other} shows that month."
        for axis, position in self.taken.items():
            label = self.plan.project.labels[axis][position]
            yield f"{self.name} is about one {AXES[axis]}, so the rest is shown for {label}."
        deepest = max((node.hidden_levels for node in _nodes(tree)), default=0)
        if deepest:
            yield (
                f"[+{deepest}] hides {counted(deepest, 'level')}: --depth {self.depth + deepest} shows all; "
                f"or start there: {command}"
            )

    # --- One line of the tree ----------------------------------------------------------------------------------------

    def _summary(self, name: str) -> Explanation:
        """Name and value only."""
        if name in self.graph:
            quantity = self.graph[name]
            kind = "decision" if quantity.decision else "quantity"
            value = self._value(name, self.values[name], quantity.unit, quantity.axes)
            return Explanation(name, kind, quantity.unit, value, "")
        info = self.leaves[name]
        return Explanation(name, "input", info.unit, self._leaf_value(info), "")

    def _formula(self, name: str) -> Explanation:
        quantity = self.graph[name]
        place = f"{_code_file(quantity)}:{quantity.expression.line}"
        if name in self.overridden:
            note = "overridden by --set-quantity"
            return replace(self._summary(name), meaning=quantity.doc, note=note, place=place)
        return replace(
            self._summary(name),
            meaning=quantity.doc,
            expression=_statements(quantity),
            place=place,
            note="decision" if quantity.decision else "",
            remarks=tuple(self._so_far(name)) if name in ORDERS else (),
        )

    def _so_far(self, name: str) -> Iterator[str]:
        """What entered service up to the month, of which the value shows the last one only."""
        if MONTH not in self.pins:
            return
        others = {axis: position for axis, position in self.pins.items() if axis != MONTH}
        counts = _fixed(self.values[name], others).sum(
            axis=tuple(a for a in range(RANK) if a != MONTH)
        )
        counts = counts[: self.pins[MONTH] + 1]
        entries = [f"{self.plan.months[i]} {counts[i]:,.0f}" for i in np.flatnonzero(counts)]
        shown = [*entries[:ORDERS_LISTED], *(["..."] if len(entries) > ORDERS_LISTED else [])]
        yield (
            f"so far: {', '.join([*shown, f'together {counts.sum():,.0f}'])}"
            if shown
            else "so far: none"
        )

    def _input(self, name: str, full: bool) -> Explanation:
        info = self.leaves[name]
        rows = self._rows_that_matter(info)
        if not isinstance(self.plan.project.leaves[name], Parts) and len(rows) > CELLS_SHOWN:
            rows = sorted(rows, key=lambda row: -row.value)
        shown = rows if full else rows[:CELLS_SHOWN]
        cells = [_written(row) for row in shown] or self._places(info)
        left_out = len(rows) - len(shown)
        return replace(
            self._summary(name), meaning=info.meaning, cells=tuple(cells), cells_left_out=left_out
        )

    def _places(self, info: LeafInfo) -> list[WrittenCell]:
        """Where an input stands that is no number: a name, a date, a rule."""
        value = self.plan.project.leaves[info.name]
        if isinstance(value, Rules):
            return self._rule_places(value)
        if isinstance(value, Calendar):
            return [
                self._text_place(path) for path in ("plan_start", "horizon.start", "horizon.end")
            ]
        split = [place.rpartition("  ") for place in info.places]
        labels = {self.plan.project.labels[a][i] for a, i in self.pins.items() if a in info.axes}
        pinned = [each for each in split if labels.intersection(each[0].strip().split("."))]
        return [WrittenCell(path.strip(), "", "", file, None) for path, _, file in pinned or split]

    def _text_place(self, path: str) -> WrittenCell:
        tree = self.plan.project.inputs.tree
        steps = tuple(path.split("."))
        file, line, found = documents.locate(tree, steps)
        node: object = tree
        for step in steps:
            node = getattr(node, "entries", {}).get(step)
        return WrittenCell(found, getattr(node, "text", None) or "", "", f"{file}:{line}", None)

    def _rule_places(self, rules: Rules) -> list[WrittenCell]:
        inputs = self.plan.project.inputs
        profile = inputs.scenario.export_rules
        cells = []
        for index, rule in enumerate(rules.rules):
            file, line, path = documents.locate(inputs.tree, ("rules", profile, "rules", index))
            value = f"{rule.name}, in force {month_label(rule.effective)}"
            cells.append(WrittenCell(path, value, "published", f"{file}:{line}", rule.title))
        return cells

    def _rows_that_matter(self, info: LeafInfo) -> list[Row]:
        """The rows whose change would change the leaf at the pinned labels."""
        rows = [self.plan.project.table.rows[index] for index in info.rows]
        if not rows:
            return []
        values = np.array([row.value for row in rows])
        moved = np.where(np.isfinite(values), values + 0.01 * np.maximum(np.abs(values), 1e-3), 1.0)
        cells = np.tile(values, (len(rows) + 1, 1))
        cells[np.arange(1, len(rows) + 1), np.arange(len(rows))] = moved
        value = info.assemble(cells)
        if isinstance(value, Parts):
            changed = self._parts_changed(value, len(rows))
        else:
            fixed = _fixed(np.asarray(value), self.pins)
            changed = (fixed[1:] != fixed[:1]).reshape(len(rows), -1).any(axis=1)
        return [row for row, matters in zip(rows, changed, strict=True) if matters]

    def _parts_changed(self, parts: Parts, count: int) -> Array:
        mine = self._own_parts(parts)
        changed = np.zeros(count, dtype=bool)
        for values in parts.fields.values():
            if len(values) > 1:
                changed |= ((values[1:] != values[:1]) & mine).any(axis=1)
        return changed

    def _own_parts(self, parts: Parts) -> Array:
        """Which parts belong to the pinned labels."""
        mine = np.ones(len(parts.names), dtype=bool)
        places = np.unravel_index(parts.owner, parts.owner_shape)
        for axis, where in zip(parts.owner_axes, places, strict=True):
            if axis in self.pins:
                mine &= where == self.pins[axis]
        return mine

    # --- Values as text ----------------------------------------------------------------------------------------------

    def _leaf_value(self, info: LeafInfo) -> str:
        value = self.plan.project.leaves[info.name]
        if isinstance(value, np.ndarray):
            return self._value(info.name, value, info.unit, info.axes)
        if isinstance(value, Parts):
            return counted(int(np.count_nonzero(self._own_parts(value))), "entry", "entries")
        if isinstance(value, Calendar):
            months = self.plan.months
            return f"{len(months)} months, {months[0]} to {months[-1]}"
        if isinstance(value, Rules):
            return counted(len(value.rules), "rule") + " known at plan_start"
        if isinstance(value, tuple):
            return self._tuple(info.name, value)
        return printable(str(value))

    def _tuple(self, name: str, values: tuple[object, ...]) -> str:
        """A text a position, such as the country of each region."""
        axis = name.partition("_")[0]
        labels = self.plan.project.labels[AXES.index(axis)] if axis in AXES else ()
        if len(labels) != len(values):
            return ", ".join(map(_word, values))
        pinned = self.pins.get(AXES.index(axis))
        if pinned is not None:
            return f"{_word(values[pinned])} ({labels[pinned]})"
        return ", ".join(
            f"{label}: {_word(value)}" for label, value in zip(labels, values, strict=True)
        )

    def _value(self, name: str, values: Array, unit: str, axes: Sequence[int]) -> str:
        """The value at the pinned labels, with a breakdown over the axes that are left."""
        fixed = _fixed(values, self.pins)
        held = [self._label(name, axis) for axis in axes if axis in self.pins and axis != MONTH]
        at = f" at {', '.join(held)}" if held else ""
        open_axes = [axis for axis in axes if fixed.shape[axis] > 1 and axis != DRAW]
        numbers = fixed.reshape([fixed.shape[axis] for axis in open_axes])
        if not open_axes:
            return _show(float(fixed.flat[0]), unit) + at
        where = " x ".join(axis_count(axis, fixed.shape[axis]) for axis in open_axes)
        if (numbers == numbers.flat[0]).all():
            return f"{_show(float(numbers.flat[0]), unit)}{at} (the same for {where})"
        adds = all(self._adds(name, axis) for axis in open_axes)
        total = f"{_show(float(numbers.sum()), unit)}{at}"
        if len(open_axes) == 1 and numbers.size <= LISTED:
            listed = self._listed(name, numbers, unit, open_axes[0])
            return f"{total} ({listed})" if adds else f"{listed}{at and f' ({at.strip()})'}"
        top = np.unravel_index(int(np.argmax(numbers)), numbers.shape)
        position = " ".join(
            self._label_at(name, axis, int(i)) for axis, i in zip(open_axes, top, strict=True)
        )
        if adds:
            return f"{total} ({where}; largest: {position} {_show(float(numbers.max()), unit)})"
        span = _range(float(numbers.min()), float(numbers.max()), unit)
        return f"{span}{at} ({where}; largest: {position})"

    def _listed(self, name: str, numbers: Array, unit: str, axis: int) -> str:
        labels = [self._label_at(name, axis, i) for i in range(numbers.size)]
        pairs = zip(labels, numbers, strict=True)
        return ", ".join(f"{label} {_show(float(number), unit)}" for label, number in pairs)

    def _label(self, name: str, axis: int) -> str:
        return self._label_at(name, axis, self.pins[axis])

    def _label_at(self, name: str, axis: int, index: int) -> str:
        label = self.plan.project.labels[axis][index]
        if axis != HOUR:
            return label
        return f"{label}:00 {'UTC' if name in self.graph else 'local time'}"

    def _adds(self, name: str, axis: int) -> bool:
        """Whether the values along an axis make a meaningful sum."""
        if axis == MONTH:
            return name in self.graph and self.graph[name].unit in MONTHLY_FLOWS
        if name in self.graph and self.graph[name].unit == "vehicle":
            return axis != HOUR
        return name in HEADLINE or (name, AXES[axis].upper()) in _added(self.graph)


@cache
def _added(graph: Graph) -> frozenset[tuple[str, str]]:
    """Pairs of name and axis over which the model itself adds: `total(upload, REGION, LINK)` somewhere."""
    found = set()
    for quantity in graph.quantities.values():
        for node in ast.walk(_parsed(quantity)):
            if _is_call(node, "total") and node.args:
                axes = [arg.id for arg in node.args[1:] if isinstance(arg, ast.Name)]
                found |= {(name, axis) for name in _addends(node.args[0]) for axis in axes}
    return frozenset(found)


def _is_call(node: ast.AST, function: str) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == function


def _addends(node: ast.expr) -> Iterator[str]:
    """Names that are added to each other: `a`, or `a + b`."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _addends(node.left)
        yield from _addends(node.right)


def _parsed(quantity: Quantity) -> ast.Module:
    """The source of a quantity; empty where it is not at hand."""
    try:
        return ast.parse(_source(quantity))
    except (OSError, SyntaxError):
        return ast.Module([], [])


def _source(quantity: Quantity) -> str:
    return textwrap.dedent(inspect.getsource(quantity.fn))


def _statements(quantity: Quantity) -> tuple[str, ...]:
    """The body of a quantity without its docstring, a line a statement; the last is what it returns."""
    module = _parsed(quantity)
    if not module.body or not isinstance(module.body[0], ast.FunctionDef):
        return (quantity.expression.text,) if quantity.expression.text else ()
    body = module.body[0].body
    has_doc = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    lines = [_on_one_line(each, _source(quantity)) for each in body[1 if has_doc else 0 :]]
    return tuple(line.removeprefix("return ") for line in lines)


def _on_one_line(statement: ast.stmt, source: str) -> str:
    written = ast.get_source_segment(source, statement) or ""
    return " ".join(ast.unparse(statement).split()) if "\n" in written else written


def _fixed(values: Array, pins: Mapping[int, int]) -> Array:
    """The array at the pinned positions, of which each axis keeps length 1."""
    for axis, index in pins.items():
        if values.shape[axis] > 1:
            values = np.take(values, [index], axis=axis)
    return values


def _show(value: float, unit: str) -> str:
    return "no limit" if value == np.inf else units.show(value, unit)


def _range(low: float, high: float, unit: str) -> str:
    """Two values, with the unit once where both are printed in the same one."""
    first, last = _show(low, unit), _show(high, unit)
    number, _, symbol = first.partition(" ")
    same = symbol and last.endswith(f" {symbol}")
    return f"{number if same or low == 0 else first} to {last}"


def axis_count(axis: int, size: int) -> str:
    """Positions of an axis in words: "3 sites"."""
    name = AXES[axis]
    return counted(size, name, _MANY.get(name))


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return " ".join(map(_word, value))
    return printable(str(value))


def _written(row: Row) -> WrittenCell:
    """A row with its value in the unit that somebody wrote."""
    value, low, high = (
        None if number is None else f"{units.from_base(number, row.unit):.10g}"
        for number in (row.value, row.low, row.high)
    )
    unit = "" if row.unit == "1" else f" {row.unit}"
    spread = f" ({low} to {high})" if low is not None and high is not None else ""
    place = f"{row.file}:{row.line}" if row.line else row.file
    return WrittenCell(row.path, f"{value}{unit}{spread}", row.confidence, place, row.source)


def _code_file(quantity: Quantity) -> str:
    """The file of a quantity, from the package on where it is ours."""
    package = Path(planner.__file__).parent
    file = Path(quantity.file)
    if file.is_relative_to(package):
        return str(file.relative_to(package.parent))
    return str(file.relative_to(Path.cwd())) if file.is_relative_to(Path.cwd()) else str(file)


def _nodes(tree: Explanation) -> Iterator[Explanation]:
    yield tree
    for child in tree.children:
        yield from _nodes(child)


# --- As text ---------------------------------------------------------------------------------------------------------


class Strokes(NamedTuple):
    """What a tree is drawn with."""

    branch: str
    last: str
    bar: str
    blank: str


WIDE = Strokes("├─ ", "└─ ", "│  ", "   ")
NARROW = Strokes("├ ", "└ ", "│ ", "  ")
DEEP = 9  # a tree with more levels is drawn narrow


def _rendered_root(node: Explanation) -> Iterator[str]:
    yield from _head(node, "", "  ")
    yield from _body(node, "  ", full=True)
    yield from _branches(node, "", NARROW if _height(node) > DEEP else WIDE)


def _height(node: Explanation) -> int:
    return 1 + max(map(_height, node.children)) if node.children else 0


def _branches(node: Explanation, indent: str, strokes: Strokes) -> Iterator[str]:
    for number, child in enumerate(node.children, start=1):
        last = number == len(node.children)
        inside = indent + (strokes.blank if last else strokes.bar)
        stem = inside + (strokes.bar if child.children else strokes.blank)
        yield from _head(child, indent + (strokes.last if last else strokes.branch), stem)
        yield from _body(child, stem, full=False)
        yield from _branches(child, inside, strokes)


def _head(node: Explanation, first: str, following: str) -> Iterator[str]:
    """Name, value, notes, and the meaning: on the same line where there is room for all of it."""
    text = f"{node.name} = {node.value}"
    if node.note:
        text += f"   [{node.note}]"
    if node.hidden_levels:
        text += f"   [+{node.hidden_levels}]"
    meaning = printable(node.meaning)
    if meaning and "\n\n" not in node.meaning and len(first + text + meaning) + GAP <= WIDTH:
        yield f"{first}{text}{' ' * GAP}{meaning}"
        return
    kept = _BEFORE_UNIT.sub("\u00a0", text)  # a number and its unit stay on one line
    lines = textwrap.wrap(kept, WIDTH - len(following) - 2, break_on_hyphens=False)
    yield first + lines[0].replace("\u00a0", " ")
    for line in lines[1:]:
        yield f"{following}  {line}".replace("\u00a0", " ")
    for line in wrapped(node.meaning, WIDTH - len(following)):
        yield following + line


def _body(node: Explanation, indent: str, full: bool) -> Iterator[str]:
    """Remarks, formula and cells under the head of a node."""
    for remark in node.remarks:
        yield from (indent + line for line in wrapped(remark, WIDTH - len(indent)))
    yield from _formula_lines(node, indent)
    for cell in node.cells:
        yield from _cell_lines(cell, indent, full or len(node.cells) == 1)
    if node.cells_left_out:
        yield f"{indent}... and {node.cells_left_out:,} more: explain {node.name}"


def _formula_lines(node: Explanation, indent: str) -> Iterator[str]:
    """Statements, what is returned marked by `=`, the place at the right edge."""
    if not node.place:
        return
    lines = []
    for number, statement in enumerate(node.expression, start=1):
        lead = "= " if number == len(node.expression) else "  "
        broken = textwrap.wrap(
            statement, WIDTH - len(indent) - 2, break_on_hyphens=False, subsequent_indent="    "
        )
        lines += [indent + lead + broken[0], *(indent + "  " + line for line in broken[1:])]
    yield from lines[:-1]
    yield from _with_right(lines[-1] if lines else indent, node.place, indent)


def _with_right(left: str, right: str, indent: str) -> Iterator[str]:
    """Two texts at the two edges of a line, or of two where one is too short."""
    if len(left) + GAP + len(right) > WIDTH:
        yield left
        left = indent
    yield left + " " * max(1, WIDTH - len(left) - len(right)) + right


def _cell_lines(cell: WrittenCell, indent: str, full: bool) -> Iterator[str]:
    """Path, value, confidence and place of a cell, and its source under them."""
    left = f"{indent}· {printable(cell.path)}"
    value = f" = {cell.value}" if cell.value else ""
    if len(left + value) > WIDTH:
        yield left
        left = indent + " "
    facts = [part for part in (cell.confidence, cell.place) if part]
    together = (" " * GAP).join(facts)
    if len(indent) + GAP + len(together) <= WIDTH:
        yield from _with_right(left + value, together, indent)
    else:
        yield left + value
        for fact in facts:
            yield from _with_right(indent, fact, indent)
    yield from _source_lines(cell, indent + "    ", full)


def _source_lines(cell: WrittenCell, indent: str, full: bool) -> Iterator[str]:
    """The source: all of it, or as much as one line takes."""
    room = max(WIDTH - len(indent), 20)
    lines = wrapped(cell.source or "", room)
    if len(lines) > 1 and not full:
        lines = [textwrap.shorten(printable(cell.source or ""), room, placeholder=" ...")]
    for line in lines:
        yield indent + line


def _hint_lines(node: Explanation) -> Iterator[str]:
    if node.hints:
        yield ""
    for hint in node.hints:
        yield from textwrap.wrap(hint, WIDTH, break_on_hyphens=False)
