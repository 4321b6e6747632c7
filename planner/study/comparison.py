"""Why do two plans differ: which inputs cause how much of it?

Two projects that share the factory's graph differ in the values of some leaves. Leaves that belong together are put in
groups; a hybrid takes some groups from the one project and the rest from the other. What a group causes is the mean of
two differences: the first plan with that group of the second, and the second without it. That is the group's Shapley
value where at most two groups act on each other (Shapley, A value for n-person games, 1953, for games of pairs); what
is left over is said as `together`.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from planner.axes import (
    AXES,
    DATA,
    DRAW,
    ECU,
    FUNCTION,
    HARDWARE,
    MONTH,
    PACKAGE,
    PROGRAM,
    SERVICE,
    WORKLOAD,
    Array,
)
from planner.errors import PlannerError
from planner.inputs.leaves import Row
from planner.plan import Plan
from planner.project import Project

MOST_GROUPS = 24  # more are put together by the block of the files in which they stand
NEGLIGIBLE = 1e-6  # of a figure, below which a difference is rounding

# A site or a kind of hardware is compared field by field with the one in its place; of two networks that train, or
# two services, no mixture means anything: tokens a second of the one with the hours of the other.
BY_NAME = frozenset({WORKLOAD, SERVICE})
# What stands along an axis, in the words of a reader.
IN_WORDS = {
    MONTH: "months",
    PROGRAM: "vehicle programmes",
    ECU: "vehicle computers",
    WORKLOAD: "models in training",
    PACKAGE: "software packages",
    DATA: "data classes",
    FUNCTION: "functions on board",
    HARDWARE: "hardware profiles",
}
OVERRIDES = "--set-quantity"
MODULES = "--with"
# Leaves of the training hardware by what people compare; others are named by their path.
BUNDLES = (
    ("prices of nodes and accelerators", r"node_price|node_licence_included|accelerator_(rent_)?price"),
    ("power and cooling of nodes", r"node_(\w+_)?power(_\w+)?|node_fan_\w+|node_liquid_share"),
    ("size of a node and its ports", r"node_(accelerators|nics|rails|\w+_ports|repair_group|nodes_per_rack|\w+domain)"),
    ("speed and memory of accelerators", r"(accelerator|training|step|architecture|image)_\w+|scale_gpus"),
    ("making of nodes", r"node_embodied_carbon"),
    ("storage in nodes", r"node_local_storage"),
)  # fmt: skip
# Of a whole node: with other numbers of accelerators in a node they are compared for one accelerator.
OF_A_NODE = re.compile(
    r"node_(price|power(_\w+)?|\w+_power|embodied_carbon|local_storage|licence_included)"
)


@dataclass(frozen=True)
class Figure:
    """A number of a plan whose differences are explained: a quantity, and how its months are read."""

    name: str
    words: str
    read: Callable[[Array], float]


def _largest_month(values: Array) -> float:
    return float(values.reshape(values.shape[MONTH], -1).sum(axis=1).max())


def _all_months(values: Array) -> float:
    return float(values.sum())


FIGURES = (
    Figure("gpus_required", "GPUs needed", _largest_month),
    Figure("storage_cold_required", "cold storage needed", _largest_month),
    Figure("ingest_peak", "ingest peak", _largest_month),
    Figure("ota_peak", "OTA peak", _largest_month),
    Figure("site_power", "site power", _largest_month),
    Figure("carbon", "CO2e", _all_months),
    Figure("tco", "TCO", _all_months),
)
NAMES = tuple(each.name for each in FIGURES)


@dataclass(frozen=True)
class Cause:
    """Inputs that differ, as one group, and what they move of each figure, in base units."""

    name: str
    leaves: tuple[str, ...]
    moves: Mapping[str, float]


@dataclass(frozen=True)
class Difference:
    """Two plans' figures in base units, what moves them from the first to the second, and what is left over.

    `inseparable` names groups of which no hybrid can be computed, with the reason; their part is in `together`;
    `units` are those in which the factory declares the figures.
    """

    units: Mapping[str, str]
    before: Mapping[str, float]
    after: Mapping[str, float]
    causes: tuple[Cause, ...]
    together: Mapping[str, float]
    inseparable: Mapping[str, str]

    def largest(self, figure: str) -> list[tuple[str, float]]:
        """Causes of a figure's difference with what they move, the largest first; without what is rounding."""
        least = NEGLIGIBLE * max(abs(self.before[figure]), abs(self.after[figure]))
        moved = [(each.name, each.moves[figure]) for each in self.causes]
        moved.append(("these together", self.together[figure]))
        return sorted((each for each in moved if abs(each[1]) > least), key=lambda m: -abs(m[1]))


def difference(before: Plan, after: Plan) -> Difference:
    """What moves the figures from one plan to another."""
    mix = _Mix(before.project, after.project)
    groups = tuple(mix.groups)
    first, second = mix.figures(frozenset()), mix.figures(frozenset(groups))
    causes, inseparable = [], {}
    for group in groups:
        moves, reason = _moves(mix, group, first, second)
        if moves is None:
            inseparable[group] = reason
        else:
            causes.append(Cause(group, mix.groups[group], moves))
    together = {
        name: second[name] - first[name] - sum(each.moves[name] for each in causes)
        for name in NAMES
    }
    units = {name: before.project.graph[name].unit for name in NAMES}
    return Difference(units, first, second, tuple(causes), together, inseparable)


def _moves(
    mix: _Mix, group: str, first: Mapping[str, float], second: Mapping[str, float]
) -> tuple[dict[str, float] | None, str]:
    """What a group moves: the mean over coming first and coming last, of those that can be computed."""
    others = frozenset(mix.groups) - {group}
    steps, reason = [], ""
    for sides, sign, end in ((frozenset({group}), 1.0, first), (others, -1.0, second)):
        try:
            found = mix.figures(sides)
        except PlannerError as error:
            reason = str(error)
        else:
            steps.append({name: sign * (found[name] - end[name]) for name in NAMES})
    if not steps:
        return None, reason
    return {name: sum(step[name] for step in steps) / len(steps) for name in NAMES}, ""


class _Mix:
    """Two projects whose groups of leaves can be combined at will."""

    def __init__(self, before: Project, after: Project) -> None:
        self.before, self.after = before, after

    @cached_property
    def differing_axes(self) -> frozenset[int]:
        """Axes of another length, or with other labels: at several positions, or of work (`BY_NAME`)."""
        a, b = self.before.table.labels, self.after.table.labels
        return frozenset(
            axis
            for axis in a.keys() | b.keys()
            if a.get(axis, ()) != b.get(axis, ())
            and (axis in BY_NAME or max(len(a.get(axis, ())), len(b.get(axis, ()))) > 1)
        )

    @cached_property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Leaves that differ, by the group in which they are taken over."""
        leaves = [name for name in self.before.leaves if not self._same(name)]
        structural = [name for name in self.before.leaves if self._is_structural(name)]
        free = [name for name in leaves if name not in set(structural)]
        named = _grouped(free, self._named)
        if len(named) > MOST_GROUPS:
            named = _grouped(free, self._block)
        if self.differing_axes:
            named = {self._structure(): tuple(structural), **named}
        if dict(self.before.overrides) != dict(self.after.overrides):
            named[OVERRIDES] = ()
        if _functions(self.before) != _functions(self.after):
            named[MODULES] = ()
        return named

    def figures(self, taken: frozenset[str]) -> dict[str, float]:
        """Figures of the hybrid that takes these groups from the second project. Raises PlannerError."""
        chosen = {name for group in taken for name in self.groups[group]}
        leaves = {
            name: (self.after if name in chosen else self.before).leaves[name]
            for name in self.before.leaves
        }
        for name in leaves:
            if OF_A_NODE.fullmatch(name):
                leaves[name] = self._for_a_node(name, name in chosen, leaves["node_accelerators"])
        structure = self.after if self._structure() in taken else self.before
        graph = (self.after if MODULES in taken else self.before).graph
        overrides = (self.after if OVERRIDES in taken else self.before).overrides
        # A hybrid need not be a plan that anybody could make: what has no bounds in it is refused.
        with np.errstate(over="ignore", divide="ignore"):
            found = graph.run(leaves, NAMES, structure.table.sizes, overrides)
            figures = {each.name: each.read(found[each.name]) for each in FIGURES}
        if not np.isfinite(list(figures.values())).all():
            raise PlannerError("a figure has no bounds")
        return figures

    def _for_a_node(self, name: str, second: bool, accelerators: object) -> object:
        """A leaf of a whole node, for a node of so many accelerators."""
        side = self.after if second else self.before
        own, value = side.leaves["node_accelerators"], side.leaves[name]
        if own is accelerators or not isinstance(value, np.ndarray):
            return value
        assert isinstance(own, np.ndarray) and isinstance(accelerators, np.ndarray)
        if own.shape != accelerators.shape:
            return value
        return np.where(own > 0, value * accelerators / np.where(own > 0, own, 1.0), value)

    def _same(self, name: str) -> bool:
        a, b = self.before.leaves[name], self.after.leaves[name]
        if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
            return np.array_equal(a, b, equal_nan=True)
        return pickle.dumps(a) == pickle.dumps(b)

    def _is_structural(self, name: str) -> bool:
        """Whether a leaf can only be taken over with the axes: it lies along one of them, or is an object."""
        if not self.differing_axes:
            return False
        values = [project.leaves[name] for project in (self.before, self.after)]
        if not all(isinstance(value, np.ndarray) for value in values):
            return True
        first, second = values
        assert isinstance(first, np.ndarray) and isinstance(second, np.ndarray)
        axes = frozenset(self.before.table.leaves[name].axes)
        return first.shape != second.shape or not axes.isdisjoint(self.differing_axes)

    def _structure(self) -> str:
        """The group of the axes: of what there are others in the second project, with all that is stated for each."""
        names = [
            IN_WORDS.get(axis, f"{AXES[axis]}s")
            for axis in sorted(self.differing_axes)
            if axis != DRAW
        ]
        *most, last = names or [""]
        return f"other {', '.join(most)}{' and ' if most else ''}{last}"

    def _named(self, name: str) -> str:
        """A bundle, or the path of the leaf with `*` where its rows differ."""
        for title, pattern in BUNDLES:
            if re.fullmatch(pattern, name):
                return title
        paths = [row.number or row.path for row in self._rows(name)]
        return _common(paths) if paths else name.replace("_", " ")

    def _block(self, name: str) -> str:
        """The block of the files in which the leaf stands."""
        paths = [row.path for row in self._rows(name)]
        head = re.split(r"[.\[]", paths[0])[0] if paths else name.partition("_")[0]
        return f"{head}.*"

    def _rows(self, name: str) -> list[Row]:
        """The rows of a leaf that differ, in the project that has them."""
        found = []
        tables = self.before.table, self.after.table
        values = [
            {row.position: row for row in (t.rows[i] for i in t.leaves[name].rows)} for t in tables
        ]
        for position in {**values[0], **values[1]}:
            a, b = values[0].get(position), values[1].get(position)
            if a is None or b is None or a.value != b.value:
                row = a or b
                assert row is not None
                found.append(row)
        return found


def _grouped(names: Iterable[str], key: Callable[[str], str]) -> dict[str, tuple[str, ...]]:
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(key(name), []).append(name)
    return {group: tuple(members) for group, members in groups.items()}


def _common(paths: list[str]) -> str:
    """One path for several: `*` stands where they differ; of paths of other lengths, what they have in common."""
    parts = [re.split(r"\.", path) for path in paths]
    length = min(len(each) for each in parts)
    steps = [
        first[0] if len(set(first)) == 1 else "*"
        for first in zip(*(each[:length] for each in parts), strict=True)
    ]
    return ".".join([*steps, *(["*"] if any(len(each) > length for each in parts) else [])])


def _functions(project: Project) -> dict[str, object]:
    """The function of every quantity."""
    return {name: each.fn for name, each in project.graph.quantities.items()}
