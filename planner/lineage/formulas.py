"""What does the source of a quantity say: its statements, its place, and over which axes the model adds?

Reads the Python source of quantities, ours and a user's, without running it.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeGuard

from planner.graph import Graph, Quantity


@cache
def statements(quantity: Quantity) -> tuple[str, ...]:
    """The body of a quantity without its docstring, a line a statement; the last is what it returns.

    A loop or a condition is as many lines as it has, indented as in the source.
    """
    module = _parsed(quantity)
    if not module.body or not isinstance(module.body[0], ast.FunctionDef):
        return (quantity.expression.text,) if quantity.expression.text else ()
    body = module.body[0].body
    has_doc = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    source = _source(quantity)
    lines = [line for each in body[1 if has_doc else 0 :] for line in _lines_of(each, source)]
    return tuple(line.removeprefix("return ") for line in lines)


def code_file(quantity: Quantity) -> str:
    """The file of a quantity, from the package on where it is ours."""
    package = Path(__file__).parents[1]
    file = Path(quantity.file)
    if file.is_relative_to(package):
        return str(file.relative_to(package.parent))
    return str(file.relative_to(Path.cwd())) if file.is_relative_to(Path.cwd()) else str(file)


def taken(quantity: Quantity) -> dict[int, int]:
    """The position that a quantity takes of an axis, as the warm tier of all tiers."""
    known = quantity.fn.__globals__
    calls = [node for node in ast.walk(_parsed(quantity)) if _is_call(node, "take")]
    if len(calls) != 1:
        return {}
    found = [known.get(getattr(argument, "id", "")) for argument in calls[0].args[1:]]
    axis, position = found if len(found) == 2 else (None, None)
    return {axis: position} if isinstance(axis, int) and isinstance(position, int) else {}


def of_other_items(quantity: Quantity, item: str) -> frozenset[str]:
    """Names that stand in other lines of a ledger than that of `item`, and nowhere else; none where it has no line."""
    ledgers = [node for node in ast.walk(_parsed(quantity)) if _is_call(node, "by_item")]
    lines = {line.arg: _names(line.value) for ledger in ledgers for line in ledger.keywords}
    if item not in lines:
        return frozenset()
    others = frozenset().union(*(names for line, names in lines.items() if line != item))
    return others - lines[item]


def _names(node: ast.expr) -> frozenset[str]:
    return frozenset(each.id for each in ast.walk(node) if isinstance(each, ast.Name))


@cache
def added(graph: Graph) -> frozenset[tuple[str, str]]:
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


def _lines_of(statement: ast.stmt, source: str) -> list[str]:
    """A statement on one line; one that holds others as it would be written."""
    if hasattr(statement, "body"):
        return ast.unparse(statement).splitlines()
    return [_on_one_line(statement, source)]


def _on_one_line(statement: ast.stmt, source: str) -> str:
    written = ast.get_source_segment(source, statement) or ""
    return " ".join(ast.unparse(statement).split()) if "\n" in written else written


def _parsed(quantity: Quantity) -> ast.Module:
    """The source of a quantity; empty where it is not at hand."""
    try:
        return ast.parse(_source(quantity))
    except (OSError, SyntaxError):
        return ast.Module([], [])


def _source(quantity: Quantity) -> str:
    return textwrap.dedent(inspect.getsource(quantity.fn))
