"""The commands of `planner` and the help that they share."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.cli import (
    campaign,
    campaign_search,
    catalogue,
    check,
    compare,
    diff,
    explain,
    layout,
    new,
    predict,
    quantities,
    report,
    schema,
    simulate,
    size,
    tutorial,
    validate,
)

EPILOG = """\
\b
Start with:
  planner size 5pct_ev_market
  planner explain 5pct_ev_market gpus --at 2027-06

Exit codes: 0 fine; 1 a declared check fails or a rule forbids the plan; 2 wrong usage or input; 130 stopped.
"""
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

app = typer.Typer(
    name="planner",
    help="What must an AI factory be, month by month, and why? From a scenario file to GPUs, storage, network, "
    "power, money and carbon, each with the reason for it.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=SETTINGS,
)


def _version(wanted: bool) -> None:
    if wanted:
        import planner

        typer.echo(f"planner {planner.__version__}")
        raise typer.Exit


@app.callback()
def _planner(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    pass


_COMMANDS = (
    (size.size, size.EXAMPLES, "GPUs, storage, power, money of a scenario, month by month."),
    (simulate.simulate, simulate.EXAMPLES, "How far a plan may be off: P10 to P90, and risk."),
    (compare.compare, compare.EXAMPLES, "Plans side by side, and what makes them differ."),
    (diff.diff, diff.EXAMPLES, "What a change does to a plan, as for a code review."),
    (report.report, report.EXAMPLES, "A report for those who decide: PDF, PNG, HTML, Excel."),
    (explain.explain, explain.EXAMPLES, "Why a quantity has its value, down to the sources."),
    (quantities.quantities, quantities.EXAMPLES, "Everything that the model can compute."),
    (layout.layout, layout.EXAMPLES, "The best of all layouts of a training job, and why."),
    (validate.validate, validate.EXAMPLES, "How far predictions are from measured runs."),
    (check.check, check.EXAMPLES, "Check scenario and profile files."),
    (tutorial.tutorial, tutorial.EXAMPLES, "Ten minutes with a copy of the headline scenario."),
    (schema.schema, schema.EXAMPLES, "JSON Schema of the files, for editors."),
)
for command, examples, brief in _COMMANDS:
    app.command(command.__name__, epilog=examples, short_help=brief)(command)
app.add_typer(new.new, name="new", epilog=new.EXAMPLES)
app.add_typer(predict.predict, name="predict", epilog=predict.EXAMPLES)
campaign.campaign.command(
    "size",
    epilog=campaign_search.SIZE_EXAMPLES,
    short_help="The least bandwidth that meets a goal.",
)(campaign_search.size)
campaign.campaign.command(
    "plan",
    epilog=campaign_search.PLAN_EXAMPLES,
    short_help="The cheapest campaign that is in time and safe.",
)(campaign_search.plan)
app.add_typer(
    campaign.campaign,
    name="campaign",
    epilog=campaign.EXAMPLES,
    short_help="Over-the-air campaigns: bandwidth, days, cost, risk.",
)
app.add_typer(catalogue.profiles, name="profiles", epilog=catalogue.PROFILE_EXAMPLES)
app.add_typer(catalogue.scenarios, name="scenarios", epilog=catalogue.SCENARIO_EXAMPLES)
