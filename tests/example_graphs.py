"""Small graphs for the tests of the graph and its runner: quantities from a line of text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from planner import axes
from planner.graph import Graph, Quantity, quantity

VOCABULARY = {"np": np, **{name: getattr(axes, name) for name in vars(axes) if name[0] != "_"}}


def compute(
    name: str,
    parameters: Iterable[str],
    expression: str,
    axes: str = "",
    unit: str = "1",
    **names: object,
) -> Quantity:
    """The quantity `name(parameters) = expression`; `names` are what else it may use."""
    namespace = {**VOCABULARY, **names}
    exec(f"def {name}({', '.join(parameters)}):\n    return {expression}", namespace)
    return quantity(unit=unit, axes=axes)(namespace[name])


def chain(length: int, axes: str = "") -> Graph:
    """A leaf `start` and quantities q0, q1, ..., each a product and a sum of the two before it."""
    before = ["start", "start", *(f"q{i}" for i in range(length))]
    quantities = [
        compute(f"q{i}", list(dict.fromkeys(pair)), f"{pair[0]} * 0.5 + {pair[1]}", axes)
        for i, pair in enumerate(pairwise(before[:-1]))
    ]
    return Graph.of(*quantities, leaves=["start"])


@st.composite
def graphs(
    draw: st.DrawFn, kinds: Sequence[str] = ("1 + 0.5 * s",), cls: type[Graph] = Graph
) -> Graph:
    """Random graphs of up to ten quantities over the leaves `a` and `b`.

    `kinds` are the expressions to choose from, in terms of `s`, the sum of the parameters.
    """
    names = ["a", "b"]
    quantities = []
    for i in range(draw(st.integers(1, 10))):
        parents = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
        kind = draw(st.sampled_from(kinds))
        text = f"(lambda s: {kind})({' + '.join(parents)})"
        quantities.append(compute(f"q{i}", parents, text, "month region"))
        names.append(f"q{i}")
    return cls.of(*quantities, leaves=["a", "b"])
