"""What a page needs to answer "why": every quantity behind the figures as a node, with its formula and its parents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from planner.lineage import Explanation, explain
from planner.plan import HEADLINE, Plan

DEEP = 60  # levels; no quantity of the factory lies deeper
EVERYTHING = "tco"  # what most quantities lead to: its tree comes first and has the most
MEANING = 400  # characters of a docstring that a node keeps
SHOWN_ABOVE = ("shown above", "shown below")


def nodes(plan: Plan) -> dict[str, dict[str, Any]]:
    """Every quantity and input behind the headline quantities, by name, each once and in full."""
    found: dict[str, dict[str, Any]] = {}
    parents: dict[str, list[str]] = {}
    for name in (EVERYTHING, *HEADLINE):
        if name in found:
            continue
        for node in _all(explain(plan, name, depth=DEEP)):
            if node.note in SHOWN_ABOVE or node.name in found:
                continue
            found[node.name] = _data(node)
            parents[node.name] = [child.name for child in node.children]
    for name, below in parents.items():
        found[name]["parents"] = [each for each in below if each in found]
    return found


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
    }
