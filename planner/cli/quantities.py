"""`planner quantities`: everything that the model can compute, as a list or as a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from planner.graph import Graph

EXAMPLES = """\
\b
Examples:
  planner quantities
  planner quantities --dot | dot -Tsvg > quantities.svg
  planner quantities --markdown > model.md
"""


def quantities(
    dot: Annotated[bool, typer.Option("--dot", help="Print the graph for Graphviz.")] = False,
    markdown: Annotated[
        bool,
        typer.Option("--markdown", help="Print the model's reference: equations and sources too."),
    ] = False,
) -> None:
    """Name, unit, axes and meaning of every quantity, by domain."""
    from planner.cli.output import write

    if dot and markdown:
        raise typer.BadParameter("give --dot or --markdown, not both")
    graph = _graph()
    if markdown:
        from planner.report.reference import reference

        write(reference(graph))
    else:
        write(graph.dot() if dot else _listed(graph))


def _graph() -> Graph:
    """The factory's graph; what no quantity computes is an input."""
    from planner.graph import Graph
    from planner.model import factory
    from planner.quantity import Quantity

    found = [
        each for m in factory.MODULES for each in vars(m).values() if isinstance(each, Quantity)
    ]
    names = {each.name for each in found}
    needed = {parameter for each in found for parameter in each.parameters}
    return Graph.of(*factory.MODULES, leaves=needed - names)


def _listed(graph: Graph) -> str:
    """Quantities under the question that their module answers."""
    import sys

    from planner.axes import AXES

    lines: list[str] = []
    module = ""
    for each in graph.quantities.values():
        if each.module != module:
            module = each.module
            question = (sys.modules[module].__doc__ or "").strip().partition("\n")[0]
            lines += ["", *_indented(f"{module.rpartition('.')[2]}: {question}", 0)]
        axes = " x ".join(AXES[axis] for axis in each.axes) or "one value"
        lines.append(
            f"  {each.name}   {each.unit}   {axes}{'   [decision]' if each.decision else ''}"
        )
        lines += _indented(each.meaning, 6)
    return "\n".join(lines[1:])


def _indented(text: str, columns: int) -> list[str]:
    from planner.cli.output import WIDTH
    from planner.text import wrapped

    return [" " * columns + line for line in wrapped(text, WIDTH - columns)]
