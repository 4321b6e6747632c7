"""`planner compare`: plans side by side, and which inputs make them differ."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.complete import scenario_names
from planner.cli.options import (
    Edits,
    ExportViolation,
    Modules,
    Overrides,
    Profiles,
    RulesAsOf,
    load_project,
)

if TYPE_CHECKING:
    from planner.errors import PlannerError
    from planner.report.comparison import Compared

EXAMPLES = """\
\b
Examples:
  planner compare 5pct_ev_market 5pct_from_2027
  planner compare 5pct_ev_market --hardware gh200_nvl32,dgx_h100,dojo_tile
  planner compare mine.yaml theirs.yaml --json
"""


def compare(
    scenarios: Annotated[
        list[str],
        typer.Argument(
            metavar="SCENARIO...",
            help="Scenario files, or names of shipped ones.",
            show_default=False,
            autocompletion=scenario_names,
        ),
    ],
    hardware: Annotated[
        str | None,
        typer.Option(
            "--hardware", metavar="A,B", help="Compare each scenario on these kinds of node."
        ),
    ] = None,
    set_: Edits = None,
    set_quantity: Overrides = None,
    with_: Modules = None,
    profiles: Profiles = None,
    rules_as_of: RulesAsOf = None,
    allow_export_violation: ExportViolation = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print tidy CSV, a row a value.")] = False,
) -> None:
    """Plans side by side; differences from the first are explained by the inputs that cause them.

    Options apply to all of them. A plan that a rule stops is marked, and compared all the same.
    """
    from planner.cli.output import report, width, write, write_styled
    from planner.errors import PlannerError
    from planner.report import comparison

    if json and csv:
        raise typer.BadParameter("give --json or --csv, not both")
    named = [kind.strip() for kind in (hardware or "").split(",") if kind.strip()]
    kinds: list[str | None] = [*named] or [None]
    if len(scenarios) * len(kinds) < 2:
        raise typer.BadParameter("name a second scenario, or several kinds with --hardware A,B")
    wanted = [(scenario, kind) for scenario in scenarios for kind in kinds]
    changed = (set_, set_quantity, with_), (profiles, rules_as_of, allow_export_violation)
    plans, left_out = _plans(wanted, *changed)
    if json:
        write(comparison.to_json(plans, left_out))
    elif csv:
        for name, error in left_out:
            report(PlannerError(f"{name}: left out: {error}"))
        write(comparison.to_csv(plans))
    else:
        write_styled(comparison.page(plans, width(comparison.WIDEST), left_out))


def _plans(
    wanted: list[tuple[str, str | None]],
    edits: tuple[list[str] | None, list[str] | None, list[Path] | None],
    others: tuple[list[Path] | None, str | None, bool],
) -> tuple[list[Compared], list[tuple[str, PlannerError]]]:
    """The plans by column, and the kinds of node that no plan can be made with, where two are left to compare."""
    from planner.cli.output import telling
    from planner.errors import PlannerError
    from planner.report.comparison import Compared

    names = _names(wanted)
    plans: list[Compared] = []
    left_out: list[tuple[str, PlannerError]] = []
    with telling() as tell:
        for name, (scenario, kind) in zip(names, wanted, strict=True):
            tell(f"planning {name}")
            try:
                project = load_project(scenario, *edits, kind, *others)
                plans.append(Compared(name, project.plan()))
            except PlannerError as error:
                if kind is None or not plans:
                    raise
                left_out.append((name, error))
    if len(plans) < 2:
        raise left_out[0][1]
    return plans, left_out


def _names(wanted: list[tuple[str, str | None]]) -> list[str]:
    """Column heads: what the plans differ in; numbered where that is not enough."""
    stems = [Path(scenario).stem for scenario, _ in wanted]
    several, on_kinds = len({scenario for scenario, _ in wanted}) > 1, wanted[0][1] is not None
    names = [
        " ".join([*([stem] if several or not on_kinds else []), *([kind] if kind else [])])
        for stem, (_, kind) in zip(stems, wanted, strict=True)
    ]
    if len(set(names)) == len(names):
        return names
    return [f"{number} {name}" for number, name in enumerate(names, 1)]
