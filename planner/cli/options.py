"""The options that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.complete import node_names, scenario_names

if TYPE_CHECKING:
    from planner.project import Project

Scenario = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO",
        help="A scenario file, or the name of a shipped one.",
        show_default=False,
        autocompletion=scenario_names,
    ),
]
Edits = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Replace an input, as in programs.model_n.daily_hours='6 hour/day'; may be repeated.",
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set-quantity",
        metavar="NAME=VALUE",
        help="Give a quantity a fixed value, as in gpus_required=1000; may be repeated.",
    ),
]
Modules = Annotated[
    list[Path] | None,
    typer.Option(
        "--with",
        metavar="FILE.py",
        help="Let the quantities of a Python file replace ours; may be repeated.",
    ),
]
Hardware = Annotated[
    str | None,
    typer.Option(
        "--hardware",
        metavar="KIND",
        help="Train on this kind of node at every site.",
        autocompletion=node_names,
    ),
]
Profiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--profiles",
        metavar="DIR",
        help="Lay a folder of profiles over the shipped ones; may be repeated.",
    ),
]
RulesAsOf = Annotated[
    str | None,
    typer.Option(
        "--rules-as-of",
        metavar="MONTH",
        help="Rules on exports and data as known in this month, as 2026-05. Default: plan_start.",
    ),
]
ExportViolation = Annotated[
    bool,
    typer.Option(
        "--allow-export-violation",
        help="What-if: make deliveries that export rules stop, and mark every page.",
    ),
]


def folder_to_write(out: Path | None) -> Path | None:
    """The folder of `--out`, refused before anything is computed where a file is in its way."""
    from planner.errors import PlannerError

    there = out
    while there is not None and not there.exists() and there != there.parent:
        there = there.parent
    if there is not None and there.exists():
        if not there.is_dir():
            raise PlannerError(f"--out {out}: {there} is a file; name a folder")
        if not os.access(there, os.W_OK | os.X_OK):
            raise PlannerError(f"--out {out}: {there} cannot be written to; name another folder")
    return out


def find_file(scenario: str) -> Path:
    """The file that a scenario argument names."""
    from planner import resources
    from planner.errors import PlannerError

    try:
        return resources.find_scenario(scenario)
    except PlannerError:
        if not os.path.isdir(scenario):
            raise
    inside = os.path.join(scenario, "*.yaml")
    raise PlannerError(f"{scenario}: is a folder; name a file in it, as {inside}")


def load_project(
    scenario: str,
    edits: list[str] | None,
    overrides: list[str] | None,
    modules: list[Path] | None,
    hardware: str | None,
    profiles: list[Path] | None,
    rules_as_of: str | None = None,
    allow_export_violation: bool = False,
) -> Project:
    """The project that the shared options describe."""
    from planner.project import load

    return load(
        find_file(scenario),
        set=edits or [],
        set_quantity=overrides or [],
        with_modules=modules or [],
        hardware=hardware,
        profiles=profiles or [],
        rules_as_of=rules_as_of,
        allow_export_violation=allow_export_violation,
    )
