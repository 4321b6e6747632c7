"""The reference of the model: every quantity with its unit, axes, equation and what its docstring says, as Markdown."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

from planner.axes import AXES
from planner.graph import Graph, Quantity
from planner.lineage import statements

HEAD = """\
# Model reference

Written by `planner quantities --markdown` from the docstrings of the quantities; a test fails where it is not what the
program says. Each quantity is one function: its parameters are the inputs and quantities that it needs, the code below
its name is its equation. A *decision* rounds up to whole units or chooses; everything after it follows from it. Arrays
have all axes in one fixed order; a quantity varies along those that it names.
"""


def reference(graph: Graph) -> str:
    """The document, modules in the order of the factory."""
    lines = [HEAD]
    modules = list(dict.fromkeys(each.module for each in graph.quantities.values()))
    lines += [f"- [{_short(m)}](#{_short(m)}): {_question(m)}" for m in modules]
    for module in modules:
        lines += ["", f"## {_short(module)}", "", _text(inspect.getdoc(sys.modules[module]) or "")]
        mine = [each for each in graph.quantities.values() if each.module == module]
        for each in mine:
            lines += ["", *_quantity(each)]
    return "\n".join(lines) + "\n"


def _quantity(each: Quantity) -> Iterator[str]:
    axes = " x ".join(AXES[axis] for axis in each.axes) or "one value"
    unit = "a number" if each.unit == "1" else each.unit
    yield f"### {each.name}"
    yield ""
    yield f"{unit}, {axes}{', a decision' if each.decision else ''}."
    yield ""
    yield _text(each.doc)
    yield ""
    yield "```python"
    yield f"{each.name}({', '.join(each.parameters)})"
    yield from statements(each)
    yield "```"


def _short(module: str) -> str:
    return module.rpartition(".")[2]


def _question(module: str) -> str:
    return _text((sys.modules[module].__doc__ or "").strip().partition("\n")[0])


def _text(text: str) -> str:
    """Prose in which Markdown finds no emphasis in names such as `ota_peak_by_region` or in products."""
    return text.replace("*", "\\*").replace("<", "&lt;")
