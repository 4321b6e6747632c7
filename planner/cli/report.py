"""`planner report`: a report of one scenario or of several, for those who decide."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.cli.complete import scenario_names
from planner.cli.options import (
    Edits,
    ExportViolation,
    Hardware,
    Modules,
    Overrides,
    Profiles,
    RulesAsOf,
    folder_to_write,
    load_project,
)

EXAMPLES = """\
\b
Examples:
  planner report 5pct_ev_market --out headline
  planner report 5pct_ev_market 5pct_from_2027 --out both --format pdf,xlsx
  planner report mine.yaml --out mine --set "market.share=3 %"
"""
FORMS = ("pdf", "png", "svg", "html", "xlsx")
USUAL = "pdf,png,html"


def report(
    scenarios: Annotated[
        list[str],
        typer.Argument(
            metavar="SCENARIO...",
            help="Scenario files, or names of shipped ones; the first is reported in full.",
            show_default=False,
            autocompletion=scenario_names,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="DIR",
            callback=folder_to_write,
            help="The folder to write to; made if need be.",
        ),
    ],
    format_: Annotated[
        str,
        typer.Option("--format", metavar="A,B", help=f"Of {', '.join(FORMS)}."),
    ] = USUAL,
    set_: Edits = None,
    set_quantity: Overrides = None,
    with_: Modules = None,
    hardware: Hardware = None,
    profiles: Profiles = None,
    rules_as_of: RulesAsOf = None,
    allow_export_violation: ExportViolation = False,
) -> None:
    """A report as PDF, pages and charts as PNG and SVG, an HTML page with trees behind its figures, a workbook.

    Options apply to every scenario. A plan that a rule stops is reported too, and marked on every page.
    """
    from planner.cli.output import telling, write
    from planner.report.comparison import Compared
    from planner.report.document import files

    forms = _forms(format_)
    options = (
        set_,
        set_quantity,
        with_,
        hardware,
        profiles,
        rules_as_of,
        allow_export_violation,
    )
    names = [Path(scenario).stem for scenario in scenarios]
    if len(set(names)) < len(names):
        names = [f"{number} {name}" for number, name in enumerate(names, 1)]
    made, plans = [], []
    with telling() as tell:
        for name, scenario in zip(names, scenarios, strict=True):
            tell(f"planning {name}")
            plans.append(Compared(name, load_project(scenario, *options).plan()))
        tell("drawing and setting")
        for file in files.write(plans, out, forms):
            made.append(file)
            tell(f"{len(made)} files, the last {file}")
    whole = [file for file in made if file.parent == out]
    beside = {
        folder: sum(file.parent.name == folder for file in made) for folder in ("pages", "charts")
    }
    lines = [str(file) for file in whole]
    lines += [f"{out / folder}: {count} files" for folder, count in beside.items() if count]
    write("\n".join(lines))


def _forms(text: str) -> list[str]:
    """The forms asked for, each once. Raises BadParameter for another."""
    from planner.errors import suggestion

    forms = list(dict.fromkeys(form.strip().lower() for form in text.split(",") if form.strip()))
    for form in forms:
        if form not in FORMS:
            raise typer.BadParameter(f'--format: no "{form}"; {suggestion(form, FORMS)}')
    if not forms:
        raise typer.BadParameter(f"--format: expected some of {', '.join(FORMS)}")
    return forms
