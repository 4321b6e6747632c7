"""`planner explain`: why a quantity has its value, down to the lines of the input files."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.cli.complete import quantity_names
from planner.cli.options import (
    Edits,
    ExportViolation,
    Hardware,
    Modules,
    Overrides,
    Profiles,
    RulesAsOf,
    Scenario,
    load_project,
)

EXAMPLES = """\
\b
Examples:
  planner explain 5pct_ev_market ingest_peak --at 2027-06
  planner explain 5pct_ev_market vehicles_in_operation --region japan --depth 5
  planner explain 5pct_ev_market node_price
  planner explain 5pct_ev_market step_by_term --workload driving
"""

Label = str | None


def _at(axis: str) -> typer.models.OptionInfo:
    option = typer.Option(f"--{axis}", metavar="NAME", help=f"Only this {axis.replace('-', ' ')}.")
    assert isinstance(option, typer.models.OptionInfo)
    return option


def explain(
    scenario: Scenario,
    quantity: Annotated[
        str,
        typer.Argument(
            metavar="QUANTITY",
            help="A quantity or an input.",
            show_default=False,
            autocompletion=quantity_names,
        ),
    ],
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="MONTH",
            help="Month, as 2027-06. Default: where it is largest, or smallest if that is worse.",
        ),
    ] = None,
    region: Annotated[Label, _at("region")] = None,
    program: Annotated[Label, _at("program")] = None,
    ecu: Annotated[Label, _at("ecu")] = None,
    workload: Annotated[Label, _at("workload")] = None,
    package: Annotated[Label, _at("package")] = None,
    data: Annotated[Label, _at("data")] = None,
    service: Annotated[Label, _at("service")] = None,
    function: Annotated[Label, _at("function")] = None,
    item: Annotated[Label, _at("item")] = None,
    network: Annotated[Label, _at("network")] = None,
    tier: Annotated[Label, _at("tier")] = None,
    link: Annotated[Label, _at("link")] = None,
    site: Annotated[Label, _at("site")] = None,
    hardware_kind: Annotated[Label, _at("hardware-kind")] = None,
    scale: Annotated[Label, _at("scale")] = None,
    term: Annotated[Label, _at("term")] = None,
    hour: Annotated[
        Label, typer.Option("--hour", metavar="HOUR", help="Only this hour of the day, 0 to 23.")
    ] = None,
    depth: Annotated[
        int | None,
        typer.Option("--depth", metavar="N", min=0, help="Levels to expand. Default: 3."),
    ] = None,
    set_: Edits = None,
    set_quantity: Overrides = None,
    with_: Modules = None,
    hardware: Hardware = None,
    profiles: Profiles = None,
    rules_as_of: RulesAsOf = None,
    allow_export_violation: ExportViolation = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """The formula, value and source of a quantity and of all that it follows from."""
    from planner import lineage
    from planner.cli.output import write

    project = load_project(
        scenario,
        set_,
        set_quantity,
        with_,
        hardware,
        profiles,
        rules_as_of,
        allow_export_violation,
    )
    tree = lineage.explain(
        project.plan(),
        quantity,
        at=at,
        depth=depth,
        hour=hour,
        region=region,
        program=program,
        ecu=ecu,
        workload=workload,
        package=package,
        data=data,
        service=service,
        function=function,
        item=item,
        network=network,
        tier=tier,
        link=link,
        site=site,
        hardware=hardware_kind,
        scale=scale,
        term=term,
    )
    write(tree.json() if json else str(tree))
