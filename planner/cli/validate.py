"""`planner validate`: how far the predictors are from published measurements, as a table, as JSON, as charts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from planner.cli.options import folder_to_write

EXAMPLES = """\
\b
Examples:
  planner validate --kind training
  planner validate runs.csv --kind training --by source,gpu --out charts
  planner validate --kind training --family llm-dense --leave-out each
  planner validate campaigns.json --kind campaign --json
"""


def validate(
    cases: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="CASES",
            help="Measured runs (CSV; default: the shipped ones), or campaigns (JSON).",
            show_default=False,
        ),
    ] = None,
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help="What was measured: training, campaign.")
    ] = "training",
    by: Annotated[
        str,
        typer.Option("--by", metavar="A,B", help="Columns of the file to group by."),
    ] = "source",
    leave_out: Annotated[
        str | None,
        typer.Option(
            "--leave-out",
            metavar="SOURCE|each",
            help="Predict this source with constants fitted without it; each: every source in turn. "
            "Columns (A or A,B): each of their groups in turn.",
        ),
    ] = None,
    family: Annotated[
        list[str] | None,
        typer.Option("--family", metavar="NAME", help="Only this family; may be repeated."),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print JSON: every row, and groups.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", callback=folder_to_write, help="Write charts of residuals here."
        ),
    ] = None,
) -> None:
    """Predict published runs from their own configuration, and say how far off the predictions are."""
    from planner.cli.output import telling, width, write, write_styled
    from planner.report import accuracy as report
    from planner.validation.validate import validate as run

    if kind == "campaign":
        _campaigns(
            cases or [], json, plain=(by, leave_out, family, out) == ("source", None, None, None)
        )
        return
    with telling() as tell:
        tell("predicting")
        found = run(
            kind,
            cases or (),
            [name.strip() for name in by.split(",") if name.strip()],
            leave_out,
            family or (),
            lambda done, total, what: tell(f"fitting without {what}, {done + 1} of {total}"),
        )
    if out is not None:
        from planner.report import accuracy_charts

        for file in accuracy_charts.write(found, out):
            sys.stderr.write(f"{file}\n")
    if json:
        write(report.to_json(found))
    else:
        write_styled(report.page(found, width(), leave_out))


def _campaigns(files: list[Path], json: bool, plain: bool) -> None:
    """Outputs of simulated campaigns against the model's."""
    from planner.cli.output import width, write, write_styled
    from planner.errors import PlannerError
    from planner.report.campaigns import accuracy as report
    from planner.validation.campaign import compare_campaigns

    if not files:
        raise PlannerError("--kind campaign needs a file of measured campaigns")
    if not plain:
        raise PlannerError("--by, --leave-out, --family and --out do not go with --kind campaign")
    rows = [row for file in files for row in compare_campaigns(file)]
    if json:
        write(report.to_json(rows))
    else:
        write_styled(report.page(rows, width()))
