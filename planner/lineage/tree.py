"""How is the tree of a quantity built?

From a plan and a name to an explanation: docstring, expression with file and line, the value at a month and at labels,
and the same for each parameter, until the leaves show their cells with confidence, source, file and line. What several
branches share is expanded once, where it is nearest to the root.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from planner import resources
from planner.axes import AXES, HARDWARE, ITEM, MONTH, RANK, SCALE, TERM, WORKLOAD, Array
from planner.catalogue import Parts
from planner.errors import PlannerError
from planner.graph import Graph
from planner.lineage.cells import places, rows_that_matter, written
from planner.lineage.explanation import Explanation
from planner.lineage.formulas import code_file, of_other_items, statements, taken
from planner.lineage.pins import Pins, check_known, fixed, pins_asked_for, pins_of_rows, rows_at
from planner.lineage.values import Wording, adds, extreme, spread_values
from planner.results import Results
from planner.text import counted, printable

if TYPE_CHECKING:
    from planner.findings.kernels import KernelTable

DEPTH = 3
CELLS_SHOWN = 8

JOBS, JOB_AXES = "training_jobs", (WORKLOAD, HARDWARE, SCALE, TERM)
STEPS = (JOBS, "step_by_term", "step_time")  # of which explanations go down to kernels
ORDERS = ("orders", "storage_orders", "switch_orders", "nodes_committed_entering")


def explain(
    plan: Results,
    name: str,
    at: str | None = None,
    depth: int | None = None,
    **labels: str | None,
) -> Explanation:
    """The tree of a quantity or input at a month (default: its worst) and at labels, `region="japan"`.

    `depth` is the number of levels below the quantity (default 3). An input may be named by the path that files and
    findings have for it, in which `*` stands for any name. Raises PlannerError for an unknown name or label.
    """
    rows = rows_at(plan, name)
    if rows:
        name = rows[0].leaf
    check_known(plan, name)
    pins = {**pins_of_rows(plan, rows), **pins_asked_for(plan, at, labels)}
    lineage = _Lineage(plan, name, DEPTH if depth is None else depth, pins)
    _refuse_idle_pins(lineage, name, pins)
    return lineage.root()


def scenario_argument(plan: Results) -> str:
    """How to name the plan's scenario on a command line from here."""
    path = Path(os.path.abspath(plan.project.inputs.path))
    if path.is_relative_to(Path.cwd()):
        return shlex.quote(str(path.relative_to(Path.cwd())))
    return path.stem if resources.scenarios().get(path.stem) == path else shlex.quote(str(path))


def _refuse_idle_pins(lineage: _Lineage, name: str, pins: Pins) -> None:
    """A label on which nothing depends is a mistake, not a question."""
    used = {axis for each in (name, *lineage.ancestors) for axis in lineage.axes(each)}
    for axis in pins:
        if axis not in used:
            others = ", ".join(AXES[each] for each in sorted(used)) or "nothing"
            message = f"{name} and what it follows from do not vary by {AXES[axis]}; they vary by {others}"
            raise PlannerError(message)


class _Lineage:
    """Builds the tree of one quantity at fixed labels."""

    def __init__(self, plan: Results, name: str, depth: int, pins: Pins) -> None:
        self.plan = plan
        self.name = name
        self.depth = depth
        self.graph: Graph = plan.project.graph
        self.leaves = plan.project.table.leaves
        self.overridden = plan.project.overrides
        self.asked = pins
        self.homes = self._find_homes()
        quantities = [each for each in self.homes if each in self.graph]
        self.values = dict(zip(quantities, spread_values(plan, *quantities), strict=True))
        self.taken = self._taken()
        self.pins = {**self.taken, **pins}
        self.extreme = extreme(self.graph, name)
        self.worst_month = self._worst_month()
        if self.worst_month is not None:
            self.pins[MONTH] = self.worst_month
        self.wording = Wording(plan, self.pins)
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
        parameters = self.graph[name].parameters
        if ITEM not in self.asked or ITEM not in self.axes(name):
            return parameters
        item = self.plan.project.labels[ITEM][self.asked[ITEM]]
        others = of_other_items(self.graph[name], item)
        return tuple(each for each in parameters if each not in others)

    def axes(self, name: str) -> tuple[int, ...]:
        if name in self.graph:
            return self.graph[name].axes
        return JOB_AXES if name == JOBS else self.leaves[name].axes

    def root(self) -> Explanation:
        tree = self._node(self.name, None, 0)
        if MONTH in self.pins and MONTH in self.axes(self.name):
            month = self.plan.months[self.pins[MONTH]]
            chosen = "" if self.worst_month is None else f", where it is {self.extreme}"
            notes = [tree.note, month + chosen]
            tree = replace(tree, note=", ".join(filter(None, notes)))
        tree = replace(tree, remarks=(*self._absent_axes(), *tree.remarks))
        return replace(tree, hints=tuple(self._hints(tree)), mark=self.plan.mark)

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
        # A decision without what it answers to would be an end in mid-air: the last level shows that much more.
        for parent in filter(self._is_decision, level):
            homes |= {each: parent for each in self.parents(parent) if each not in homes}
        return homes

    def _is_decision(self, name: str) -> bool:
        return name in self.graph and self.graph[name].decision

    def _taken(self) -> dict[int, int]:
        """The position that the quantity asked for takes of an axis, unless it is overridden."""
        if self.name not in self.graph or self.name in self.overridden:
            return {}
        return taken(self.graph[self.name])

    def _worst_month(self) -> int | None:
        """The month of the horizon that asks for attention, unless one was asked for: the largest, or the smallest.

        The smallest since there was any at a place: that nothing is left before anything is there is no news.
        """
        if MONTH in self.pins or MONTH not in self.axes(self.name):
            return None
        values = self._array(self.name)
        if values is None:
            return None
        others = [a for a in self.axes(self.name) if a != MONTH]
        start = self.plan.project.table.calendar.horizon_from
        held = fixed(values, self.pins)
        if held.shape[MONTH] == 1:
            return None
        held = held[:, start:]
        if all(adds(self.graph, self.name, axis) for axis in others):
            held = held.sum(axis=tuple(others), keepdims=True)
        if self.extreme == "smallest":
            there = np.maximum.accumulate(held > 0, axis=MONTH)
            held = -np.where(there, held, np.inf)
        return start + int(np.argmax(held.max(axis=tuple(a for a in range(RANK) if a != MONTH))))

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
        if level > self.depth or (level == self.depth and not self._is_decision(name)):
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
        if self.worst_month is not None:
            months = self.plan.horizon_months
            month, other = self.plan.months[self.worst_month], months[len(months) // 2]
            yield f"{self.name} is {self.extreme} in {month}; --at {other} shows that month."
        for axis, position in self.taken.items():
            label = self.plan.project.labels[axis][position]
            yield f"{self.name} is about one {AXES[axis]}, so the rest is shown for {label}."
        deepest = max((node.hidden_levels for node in _nodes(tree)), default=0)
        if deepest:
            yield (
                f"[+{deepest}] hides {counted(deepest, 'level')}: --depth {self.depth + deepest} shows all; "
                f"or start there: {command}"
            )

    def _summary(self, name: str) -> Explanation:
        """Name and value only."""
        if name in self.graph:
            quantity = self.graph[name]
            kind = "decision" if quantity.decision else "quantity"
            value = self.wording.of_array(name, self.values[name], quantity.unit, quantity.axes)
            return Explanation(name, kind, quantity.unit, value, "")
        info = self.leaves[name]
        return Explanation(name, "input", info.unit, self.wording.of_leaf(info), "")

    def _formula(self, name: str) -> Explanation:
        quantity = self.graph[name]
        place = f"{code_file(quantity)}:{quantity.expression.line}"
        if name in self.overridden:
            note = "overridden by --set-quantity"
            return replace(self._summary(name), meaning=quantity.doc, note=note, place=place)
        return replace(
            self._summary(name),
            meaning=quantity.doc,
            expression=statements(quantity),
            place=place,
            note="decision" if quantity.decision else "",
            remarks=tuple(self.wording.so_far(self.values[name])) if name in ORDERS else (),
        )

    def _input(self, name: str, full: bool) -> Explanation:
        info = self.leaves[name]
        rows = rows_that_matter(self.plan, info, self.pins)
        if not isinstance(self.plan.project.leaves[name], Parts) and len(rows) > CELLS_SHOWN:
            rows = sorted(rows, key=lambda row: -row.value)
        shown = rows if full else rows[:CELLS_SHOWN]
        cells = [written(row) for row in shown] or places(self.plan, info, self.pins)
        left_out = len(rows) - len(shown)
        return replace(
            self._summary(name),
            meaning=info.meaning,
            cells=tuple(cells),
            cells_left_out=left_out,
            kernels=tuple(self._kernels()) if name == JOBS and self.name in STEPS else (),
        )

    def _kernels(self) -> Iterator[KernelTable]:
        """The kernels of training jobs at what is held fixed; the scale of each release run where none is."""
        from planner.findings.kernels import kernel_tables

        workload, hardware, scale = (self.pins.get(axis) for axis in (WORKLOAD, HARDWARE, SCALE))
        term = self.pins.get(TERM)
        label = None if term is None else self.plan.project.labels[TERM][term]
        return kernel_tables(self.plan, workload, hardware, scale, label)


def _nodes(tree: Explanation) -> Iterator[Explanation]:
    yield tree
    for child in tree.children:
        yield from _nodes(child)
