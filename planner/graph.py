"""Which numbers follow from which?

A `Graph` joins quantities and inputs (leaves) by the names of their parameters into one acyclic
graph and refuses, by name, what does not fit. It answers questions of lineage, lets a user's own
quantities stand in for ours, and computes what is wanted and no more (`planner.runner`).
"""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import MappingProxyType, ModuleType

import numpy.typing as npt

from planner.axes import DRAW, RANK, Array, Sizes, axis_names, shape_of
from planner.errors import Fault, InputError, PlannerError, UnitError, suggestion
from planner.quantity import Expression, GraphError, Quantity, QuantityError, quantity
from planner.runner import Program, given_leaf, given_override, varies

__all__ = [
    "Expression",
    "Graph",
    "GraphError",
    "Quantity",
    "QuantityError",
    "load_user_module",
    "quantity",
]

NO_OVERRIDES: Mapping[str, npt.ArrayLike] = MappingProxyType({})


@dataclass(frozen=True)
class Route:
    """What a run computes, in order, and what it starts from."""

    steps: tuple[str, ...]
    leaves: tuple[str, ...]
    overridden: frozenset[str]


class Graph:
    """Quantities and leaf names, joined by the names of parameters. It does not change."""

    def __init__(self, quantities: Iterable[Quantity], leaves: Iterable[str]) -> None:
        self.quantities = _by_name(quantities)
        self.leaves = frozenset(leaves)
        self._parents = {name: each.parameters for name, each in self.quantities.items()}
        self._refuse_misfits()
        self._children: dict[str, list[str]] = {
            name: [] for name in (*self.quantities, *self.leaves)
        }
        for name, parents in self._parents.items():
            for parent in parents:
                self._children[parent].append(name)
        self._routes: dict[object, Route] = {}
        self._programs: dict[object, Program] = {}
        self._looked_at: dict[str, tuple[object, tuple[int, ...], object]] = {}

    @classmethod
    def of(cls, *sources: ModuleType | Quantity, leaves: Iterable[str]) -> Graph:
        """The graph of the quantities given and of those that the modules given define."""
        return cls(_collect(sources), leaves)

    def replace(self, *sources: ModuleType | Quantity) -> Graph:
        """A new graph in which the quantities of `sources` stand in for those of the same name.

        A stand-in has the dimension, the axes and the role of the original. A quantity with a new
        name is allowed only as a parameter of another quantity of `sources`.
        """
        users = _by_name(_collect(sources))
        if not users:
            files = [source.__name__ for source in sources if isinstance(source, ModuleType)]
            raise GraphError(f"no function with @quantity in {', '.join(files) or 'nothing'}")
        merged = dict(self.quantities)
        for name, user in users.items():
            helps = any(name in other.parameters for other in users.values() if other is not user)
            if name not in self.quantities and not helps:
                raise GraphError(
                    f"{name} ({user.where}) replaces no quantity, and none of yours needs it; "
                    + suggestion(name, self.quantities)
                )
            merged[name] = _stand_in(user, self.quantities.get(name, user))
        return type(self)(merged.values(), self.leaves)

    def __contains__(self, name: object) -> bool:
        return name in self.quantities

    def __getitem__(self, name: str) -> Quantity:
        if name in self.quantities:
            return self.quantities[name]
        if name in self.leaves:
            raise GraphError(f"{name} is an input, not a quantity")
        raise GraphError(f'"{name}" is not a quantity; {suggestion(name, self.quantities)}')

    def __iter__(self) -> Iterator[str]:
        return iter(self.quantities)

    def __len__(self) -> int:
        return len(self.quantities)

    def order(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """The quantities that `wanted` needs, and itself, each after all that it needs."""
        return self._route(tuple(wanted), frozenset()).steps

    def dependents(self, name: str) -> tuple[str, ...]:
        """The quantities that have `name`, a leaf or a quantity, as a parameter."""
        return tuple(self._children[self._known(name)])

    def ancestors(self, name: str) -> frozenset[str]:
        """All leaves and quantities that `name` follows from."""
        return _reach(self._known(name), self._parents)

    def descendants(self, name: str) -> frozenset[str]:
        """All quantities that follow from `name`, a leaf or a quantity."""
        return _reach(self._known(name), self._children)

    def dot(self) -> str:
        """The graph for Graphviz: a cluster a module, inputs as boxes, decisions as hexagons."""
        lines = ["digraph planner {", "  rankdir=LR;", "  node [shape=ellipse];"]
        used = (leaf for leaf in sorted(self.leaves) if self._children[leaf])
        lines += [f'  "{leaf}" [shape=box];' for leaf in used]
        for module in dict.fromkeys(each.module for each in self.quantities.values()):
            lines += [f'  subgraph "cluster_{module}" {{', f'    label="{module}";']
            for name, each in self.quantities.items():
                if each.module == module:
                    lines.append(f'    "{name}"{" [shape=hexagon]" if each.decision else ""};')
            lines.append("  }")
        for name, parents in self._parents.items():
            lines += [f'  "{parent}" -> "{name}";' for parent in parents]
        return "\n".join([*lines, "}"]) + "\n"

    def run(
        self,
        leaves: Mapping[str, object],
        wanted: Sequence[str],
        sizes: Sizes,
        overrides: Mapping[str, npt.ArrayLike] = NO_OVERRIDES,
        draws: int = 1,
        chunk: int | None = None,
    ) -> dict[str, Array]:
        """Compute `wanted` from the values of the leaves, and nothing that it does not need.

        A leaf is an array of full rank or any object; an object that varies by draw has a method
        `chunk(start, stop)`. `overrides` gives quantities a value: a number, an array on the
        declared axes, or one of full rank. `chunk` is the number of draws computed at a time. A
        result has `draws` entries on the first axis if it depends on a value that varies there,
        else 1; results are read-only.
        """
        goals = tuple(wanted)
        lengths = shape_of(range(RANK), {**sizes, DRAW: draws})
        fixed = {
            name: given_override(self[name], value, lengths) for name, value in overrides.items()
        }
        route = self._route(goals, frozenset(fixed))
        given: dict[str, object] = {
            name: self._given(name, self._value(name, leaves), lengths) for name in route.leaves
        }
        given |= {name: fixed[name] for name in sorted(route.overridden)}
        varying = frozenset(name for name, value in given.items() if draws > 1 and varies(value))
        key = (goals, route.overridden, varying, lengths[1:])
        if key not in self._programs:
            quantities = [self.quantities[name] for name in route.steps]
            self._programs[key] = Program.of(quantities, given, goals, varying, lengths)
        return self._programs[key].run(given, draws, chunk)

    def _given(self, name: str, value: object, lengths: tuple[int, ...]) -> object:
        """A leaf as the quantities see it; one that is the same in all draws is looked at once, not in every run."""
        before = self._looked_at.get(name)
        if before is not None and before[0] is value and before[1] == lengths[1:]:
            return before[2]
        found = given_leaf(name, value, lengths)
        if not varies(value):
            self._looked_at[name] = value, lengths[1:], found
        return found

    def _refuse_misfits(self) -> None:
        """Refuse a quantity named as an input, a parameter that is nothing, and a cycle."""
        for name, each in self.quantities.items():
            if name in self.leaves:
                raise GraphError(f"{name} ({each.where}) has the name of an input")
            for parent in each.parameters:
                if parent not in self.quantities and parent not in self.leaves:
                    raise GraphError(
                        f"{name} ({each.where}) needs {parent}, neither a quantity nor an input; "
                        + suggestion(parent, (*self.quantities, *self.leaves))
                    )
        try:
            TopologicalSorter(self._parents).prepare()
        except CycleError as error:
            raise GraphError("quantities in a cycle: " + " -> ".join(error.args[1])) from None

    def _known(self, name: str) -> str:
        return name if name in self.leaves else self[name].name

    def _value(self, leaf: str, leaves: Mapping[str, object]) -> object:
        if leaf not in leaves:
            users = ", ".join(self._children[leaf])
            raise GraphError(f"the input {leaf} has no value; needed by {users}")
        return leaves[leaf]

    def _route(self, wanted: tuple[str, ...], overridden: frozenset[str]) -> Route:
        """The way from leaves and overridden quantities to `wanted`.

        It goes depth first: a value is used soon after it is made, and few are alive at once.
        """
        key = (wanted, overridden)
        if key not in self._routes:
            done: dict[str, None] = {}
            stack = [self[name].name for name in reversed(wanted)]
            while stack:
                name = stack[-1]
                parents = () if name in overridden else self._parents.get(name, ())
                pending = [parent for parent in parents if parent not in done]
                stack.extend(reversed(pending))
                if not pending:
                    done[stack.pop()] = None
            self._routes[key] = Route(
                steps=tuple(n for n in done if n in self.quantities and n not in overridden),
                leaves=tuple(n for n in done if n in self.leaves),
                overridden=overridden.intersection(done),
            )
        return self._routes[key]


def load_user_module(path: str | Path) -> ModuleType:
    """Import a user's file of quantities; a fault in it is reported with file and line."""
    file = Path(path).resolve()
    if not file.is_file():
        raise InputError([Fault(str(path), 0, "", "there is no such file")])
    name = f"planner_user_{file.stem}"
    loader = SourceFileLoader(name, str(file))
    module = ModuleType(name)
    module.__file__ = str(file)
    module.__spec__ = importlib.util.spec_from_loader(name, loader)
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        fault = Fault(str(path), _line_of(error, str(file)), "", _in_words(error))
        raise InputError([fault]) from error
    return module


def _line_of(error: BaseException, file: str) -> int:
    """The line of `file` that does not parse, or the last one that ran before the error."""
    if isinstance(error, SyntaxError) and error.filename == file:
        return error.lineno or 0
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == file]
    return (lines[-1] if lines else 0) or 0


def _in_words(error: BaseException) -> str:
    """An exception on one line; our own without the name of its class."""
    text = error.msg if isinstance(error, SyntaxError) else " ".join(str(error).split())
    return text if isinstance(error, PlannerError) else f"{type(error).__name__}: {text}"


def _collect(sources: Iterable[ModuleType | Quantity]) -> Iterator[Quantity]:
    """The quantities given, and those that the modules define (not those that they import)."""
    for source in sources:
        if isinstance(source, Quantity):
            yield source
            continue
        for value in vars(source).values():
            if isinstance(value, Quantity) and value.module == source.__name__:
                yield value


def _by_name(quantities: Iterable[Quantity]) -> dict[str, Quantity]:
    found: dict[str, Quantity] = {}
    for each in quantities:
        first = found.setdefault(each.name, each)
        if first is not each:
            raise GraphError(f"{each.name} is declared twice: {first.where} and {each.where}")
    return found


def _stand_in(user: Quantity, original: Quantity) -> Quantity:
    """A user's quantity in the role of the original, whose contract it must keep."""
    from planner.units import check, same_dimension  # units load only where they are used

    if user.axes != original.axes:
        raise GraphError(
            f"{user.name} ({user.where}) varies by {axis_names(user.axes)}; "
            f"the quantity it replaces varies by {axis_names(original.axes)}"
        )
    try:
        check(user.unit)
    except UnitError as error:
        raise GraphError(f"{user.name} ({user.where}): {error}") from error
    if not same_dimension(user.unit, original.unit):
        raise GraphError(
            f"{user.name} ({user.where}) has the unit {user.unit}; "
            f"the quantity it replaces has {original.unit}, another dimension"
        )
    return dataclasses.replace(user, decision=original.decision, worst=original.worst)


def _reach(start: str, edges: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """All names that can be reached from `start`."""
    found: set[str] = set()
    stack = [start]
    while stack:
        new = [name for name in edges.get(stack.pop(), ()) if name not in found]
        found.update(new)
        stack.extend(new)
    return frozenset(found)
