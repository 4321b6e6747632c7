"""`planner campaign`: an over-the-air rollout, its bandwidth, duration, cost and risk."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from planner.cli.complete import campaign_names
from planner.cli.options import Profiles, folder_to_write

EXAMPLES = """\
\b
Examples:
  planner campaign run monthly_release
  planner campaign run urgent_safety_fix --json
  planner campaign run mine.yaml --out charts
"""

campaign = typer.Typer(
    help="Over-the-air campaigns: how many Gb/s, how many days, at what cost and risk.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Campaign = Annotated[
    str,
    typer.Argument(
        metavar="CAMPAIGN",
        help="A campaign file (YAML or JSON), or the name of a shipped one.",
        show_default=False,
        autocompletion=campaign_names,
    ),
]
Case = Annotated[
    str | None,
    typer.Option("--case", metavar="NAME", help="Which campaign of a file of several."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Classes = Annotated[
    int | None,
    typer.Option("--classes", metavar="N", min=1000, help="Vehicle classes that stand for all."),
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of the classes' deal.")]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="DIR",
        callback=folder_to_write,
        help="Write charts, curves and the answer here.",
    ),
]


@campaign.command(
    "run", epilog=EXAMPLES, short_help="When it is done, what it sends, costs and risks."
)
def run(
    campaign: Campaign,
    case: Case = None,
    json: Json = False,
    out: Out = None,
    classes: Classes = None,
    seed: Seed = 0,
    profiles: Profiles = None,
) -> None:
    """When a campaign is done, what it sends and how fast, what fails, and what a bad build reaches."""
    from planner.cli.output import width, write, write_styled
    from planner.inputs.campaign_files import load_campaign
    from planner.report.campaigns import answer
    from planner.report.campaigns import page as report
    from planner.study.campaign_run import run as follow

    overlays = profiles or ()
    found = follow(load_campaign(campaign, case, overlays), classes, seed, overlays)
    if out is not None:
        from planner.report.campaigns import files

        for file in files.write(found, out):
            sys.stderr.write(f"{file}\n")
    if json:
        write(answer.to_json(found))
    else:
        write_styled(report.page(found, width()))
