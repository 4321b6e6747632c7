"""`planner size`: the build of a scenario month by month, as a table, as JSON or as CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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

if TYPE_CHECKING:
    from planner.plan import Plan

EXAMPLES = """\
\b
Examples:
  planner size 5pct_ev_market
  planner size mine.yaml --hardware dgx_h100 --set "fleet.life=14 year"
  planner size mine.yaml --json --spread --quantities gpus,tco
  planner size mine.yaml --cash-flow --csv
  planner size mine.yaml --campaign-out release.yaml --at 2030-06; planner campaign run release.yaml
"""


def size(
    scenario: Scenario,
    set_: Edits = None,
    set_quantity: Overrides = None,
    with_: Modules = None,
    hardware: Hardware = None,
    profiles: Profiles = None,
    rules_as_of: RulesAsOf = None,
    allow_export_violation: ExportViolation = False,
    orders: Annotated[bool, typer.Option("--orders", help="Print the whole order book.")] = False,
    warnings: Annotated[
        bool, typer.Option("--warnings", help="Print every warning in full.")
    ] = False,
    cash_flow: Annotated[
        bool,
        typer.Option(
            "--cash-flow", help="Print the cash flow by quarter; exactly with --csv or --json."
        ),
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print JSON: headline quantities and findings.")
    ] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print tidy CSV, a row a value.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="With --json or --csv: every quantity.")
    ] = False,
    quantities: Annotated[
        str | None,
        typer.Option("--quantities", metavar="A,B", help="With --json or --csv: these quantities."),
    ] = None,
    spread: Annotated[
        bool,
        typer.Option("--spread", help="With --json or --csv: P10, P50 and P90 of 256 draws too."),
    ] = False,
    no_spread: Annotated[
        bool, typer.Option("--no-spread", help="Print the table without P10 to P90.")
    ] = False,
    campaign_out: Annotated[
        Path | None,
        typer.Option(
            "--campaign-out",
            metavar="FILE",
            help="Write the plan's release of a month, to be run by planner campaign run, and nothing else.",
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="MONTH", help="With --campaign-out: the month; default the last."
        ),
    ] = None,
) -> None:
    """GPUs, storage, network, power, money and carbon of a scenario, with its order book."""
    if json and csv:
        raise typer.BadParameter("give --json or --csv, not both")
    if (everything or quantities is not None) and not (json or csv):
        raise typer.BadParameter("--all and --quantities choose what --json or --csv prints")
    if cash_flow and (orders or warnings or everything or quantities is not None):
        raise typer.BadParameter("--cash-flow goes with --json or --csv alone")
    if warnings and (json or csv):
        raise typer.BadParameter("--warnings belongs to the table; --json has all of them")
    if spread and no_spread:
        raise typer.BadParameter("give --spread or --no-spread, not both")
    if spread and cash_flow:
        raise typer.BadParameter("--spread: the cash flow is of the plan at the medians alone")
    if everything and quantities is not None:
        raise typer.BadParameter("give --all or --quantities, not both")
    if at is not None and campaign_out is None:
        raise typer.BadParameter("--at is the month of --campaign-out")
    if campaign_out is not None and (json or csv or cash_flow):
        raise typer.BadParameter("--campaign-out goes without --json, --csv and --cash-flow")
    plan = load_project(
        scenario,
        set_,
        set_quantity,
        with_,
        hardware,
        profiles,
        rules_as_of,
        allow_export_violation,
    ).plan()
    if campaign_out is not None:
        _write_campaign(plan, campaign_out, at)
    elif cash_flow:
        _print_cash_flow(plan, json, csv)
    elif json or csv:
        _export(plan, csv, everything, quantities, spread)
    else:
        _print(plan, orders, warnings, not no_spread)
    judge(plan)


def _export(
    plan: Plan, as_csv: bool, everything: bool, quantities: str | None, with_spread: bool
) -> None:
    from planner.cli.output import write
    from planner.report import export

    names = [name.strip() for name in (quantities or "").split(",") if name.strip()]
    chosen = export.chosen(plan, everything, names)
    spreads, study = {}, {}
    if with_spread:
        from planner.study import drawn

        spreads = drawn.spread(plan, chosen)
        study = {"draws": drawn.DRAWS, "seed": drawn.SEED}
    if as_csv:
        write(export.to_csv(plan, chosen, spreads))
    else:
        write(export.to_json(plan, chosen, study, export.beside(spreads)))


def _write_campaign(plan: Plan, file: Path, month: str | None) -> None:
    from planner.cli.output import write
    from planner.report.campaigns.release import release_campaign, to_text

    campaign = release_campaign(plan, month if month is not None else plan.months[-1])
    file.write_text(to_text(campaign), encoding="utf-8")
    write(f"{campaign['title']}: {file}")


def _print_cash_flow(plan: Plan, as_json: bool, as_csv: bool) -> None:
    from planner.cli.output import width, write
    from planner.report import cash_flow

    flow = cash_flow.cash_flow(plan)
    if as_csv:
        write(cash_flow.to_csv(flow))
    else:
        write(cash_flow.to_json(flow) if as_json else cash_flow.to_text(flow, width()))


def _print(plan: Plan, all_orders: bool, all_warnings: bool, with_spread: bool) -> None:
    from planner.cli.output import width, write_styled
    from planner.report.summary import WIDEST, summary

    drawn = None
    if with_spread:
        from planner.study.drawn import Drawn

        drawn = Drawn.of(plan.project)
    write_styled(summary(plan, width(WIDEST), all_orders, all_warnings, drawn))


def judge(plan: Plan) -> None:
    """Fail where a rule forbids the plan or a declared check does not hold."""
    from planner.errors import PlanForbidden
    from planner.findings import checks

    plan.require_lawful()
    results = checks(plan)
    failed = [result.name for result in results if not result.holds]
    if failed:
        raise PlanForbidden(f"{len(failed)} of {len(results)} checks fail: {', '.join(failed)}")
