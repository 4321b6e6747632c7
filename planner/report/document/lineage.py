"""What a page needs to answer "why": every quantity behind the figures as a node, with its formula and its parents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from planner.lineage import Explanation, explain
from planner.plan import Plan

DEEP = 60  # levels; no quantity of the factory lies deeper
EVERYTHING = "tco"  # what most quantities lead to
MEANING = 400  # characters of a docstring that a node keeps
INPUT = "input"
SHOWN_ABOVE = ("shown above", "shown below")


def nodes(plan: Plan) -> dict[str, dict[str, Any]]:
    """Every quantity, and every input behind one, by name, each once and in full."""
    found: dict[str, dict[str, Any]] = {}
    for node in _all(explain(plan, EVERYTHING, depth=DEEP)):
        _add(found, node)
    for name in plan.quantities:
        if name not in found:  # what nothing else follows from
            tree = explain(plan, name, depth=1)
            for node in (tree, *(child for child in tree.children if child.kind == INPUT)):
                _add(found, node)
    return found


def _add(found: dict[str, dict[str, Any]], node: Explanation) -> None:
    if node.note not in SHOWN_ABOVE and node.name not in found:
        found[node.name] = _data(node)


def _all(tree: Explanation) -> Iterator[Explanation]:
    yield tree
    for child in tree.children:
        yield from _all(child)


def _data(node: Explanation) -> dict[str, Any]:
    return {
        "kind": node.kind,
        "value": node.value,
        "meaning": node.meaning[:MEANING],
        "formula": list(node.expression),
        "place": node.place,
        "cells": [
            [cell.path, cell.value, cell.confidence, cell.place, cell.source or ""]
            for cell in node.cells
        ],
        "more": node.cells_left_out,
        "parents": [child.name for child in node.children],
    }
