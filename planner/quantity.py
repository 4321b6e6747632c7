"""What is a quantity, and what does it say about itself?

A quantity is a pure function on arrays whose parameters are the names of the inputs (leaves) and
quantities that it needs. The decorator adds the unit and the axes; name, meaning, source line and
expression are read from the function itself, when somebody asks.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from planner.axes import DRAW, Array, AxisError, parse_axes
from planner.errors import PlannerError

Worst = Literal["max", "min"]

VARIADIC = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS


class GraphError(PlannerError):
    """Quantities that do not fit together, or a name that the graph does not have."""


class QuantityError(GraphError):
    """A quantity that could not be computed, or whose value breaks its contract."""

    def __init__(self, name: str, message: str) -> None:
        self.name = name
        super().__init__(f"{name}: {message}")


@dataclass(frozen=True)
class Expression:
    """What the last `return` of a function returns, on one line, and the number of that line."""

    text: str
    line: int


@dataclass(frozen=True, eq=False)
class Quantity:
    """A named value of the model: a pure function with a unit and axes. Call it with arrays.

    `axes` are those on which it may vary, besides the draws. `decision` marks what is bought,
    where and when: an optimiser may put a solver in the place of its rule. `worst` says which of
    its values asks for attention: the largest of a need, the smallest of what is left or allowed.
    """

    name: str
    unit: str
    axes: tuple[int, ...]
    fn: Callable[..., Array]
    decision: bool = False
    worst: Worst = "max"

    def __call__(self, *args: object, **kwargs: object) -> Array:
        return self.fn(*args, **kwargs)

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Names of the leaves and quantities that it needs, in the order of the parameters."""
        code = self.fn.__code__
        return code.co_varnames[: code.co_argcount]

    @property
    def module(self) -> str:
        return self.fn.__module__

    @property
    def file(self) -> str:
        return self.fn.__code__.co_filename

    @property
    def line(self) -> int:
        return self.fn.__code__.co_firstlineno

    @property
    def where(self) -> str:
        """File name and line, for messages."""
        return f"{Path(self.file).name}:{self.line}"

    @property
    def doc(self) -> str:
        """The whole docstring, without its indentation."""
        return inspect.cleandoc(self.fn.__doc__ or "")

    @property
    def meaning(self) -> str:
        """The first line of the docstring."""
        return self.doc.partition("\n")[0]

    @cached_property
    def expression(self) -> Expression:
        """What the function returns; without text when its source is not at hand."""
        try:
            lines, start = inspect.getsourcelines(self.fn)
            source = textwrap.dedent("".join(lines))
            function = ast.parse(source).body[0]
        except (OSError, SyntaxError):
            return Expression("", self.line)
        found = [node for node in ast.walk(function) if isinstance(node, ast.Return)]
        if not found:
            return Expression("", self.line)
        last = max(found, key=lambda node: node.lineno)
        written = ast.get_source_segment(source, last) or ""
        text = written if "\n" not in written else ast.unparse(last)
        return Expression(text.removeprefix("return "), start + last.lineno - 1)


def quantity(
    unit: str, axes: str = "", decision: bool = False, worst: Worst = "max"
) -> Callable[[Callable[..., Array]], Quantity]:
    """Declare a function a quantity: `@quantity(unit="byte/second", axes="month region")`."""

    def declare(fn: Callable[..., Array]) -> Quantity:
        code, name = fn.__code__, fn.__name__
        if code.co_kwonlyargcount or fn.__defaults__ or code.co_flags & VARIADIC:
            raise GraphError(f"{name}: the parameters of a quantity have no defaults and no stars")
        try:
            numbers = parse_axes(axes)
        except AxisError as error:
            raise GraphError(f"{name}: {error}") from error
        if DRAW in numbers:
            raise GraphError(f"{name}: every quantity may vary by draw; do not declare that axis")
        return Quantity(name, unit, numbers, fn, decision, worst)

    return declare
