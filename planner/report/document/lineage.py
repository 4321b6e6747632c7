"""What a page needs to answer "why": every quantity behind the figures as a node, with its formula and its parents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from planner.axes import MONTH
from planner.lineage import Explanation, Wording, explain
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


def ends_of_years(plan: Plan) -> list[str]:
    """The last month of each year of the plan: where the trees behind figures of a year have their values."""
    return sorted({month[:4]: month for month in plan.months}.values())


def values_at(plan: Plan, months: Sequence[str]) -> dict[str, list[str]]:
    """What has a value a month, by name: its value in words in each of some months."""
    graph, leaves = plan.project.graph, plan.project.table.leaves
    wordings = [Wording(plan, {MONTH: plan.months.index(month)}) for month in months]
    found = {
        name: [
            of.of_array(name, plan.values(name)[0], quantity.unit, quantity.axes) for of in wordings
        ]
        for name, quantity in graph.quantities.items()
        if MONTH in quantity.axes
    }
    inputs = (info for info in leaves.values() if MONTH in info.axes)
    return found | {info.name: [of.of_leaf(info) for of in wordings] for info in inputs}


def _add(found: dict[str, dict[str, Any]], node: Explanation) -> None:
    if node.note not in SHOWN_ABOVE and node.name not in found:
        found[node.name] = _data(node)


def _all(tree: Explanation) -> Iterator[Explanation]:
    yield tree
    for child in tree.children:
        yield from _all(child)


def _data(node: Explanation) -> dict[str, Any]:
    return {
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
