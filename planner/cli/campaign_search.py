"""`planner campaign size` and `planner campaign plan`: the least capacity, and the cheapest campaign that is safe."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from planner.cli.campaign import Campaign, Case, Classes, Json, Seed
from planner.cli.options import Profiles, folder_to_write

SIZE_EXAMPLES = """\
\b
Examples:
  planner campaign size urgent_safety_fix
  planner campaign size monthly_release --share 0.8 --days 21 --of downloaded --json
"""
PLAN_EXAMPLES = """\
\b
Examples:
  planner campaign plan rivian_2023_42
  planner campaign plan rivian_2023_42 --candidates 200 --out staging
"""

Share = Annotated[
    float | None,
    typer.Option("--share", metavar="Q", help="Of the reachable fleet. Default: the file's goal."),
]
Days = Annotated[
    float | None,
    typer.Option("--days", metavar="D", help="From the start. Default: the file's goal."),
]
Of = Annotated[
    str | None,
    typer.Option("--of", metavar="STAGE", help="updated (default) or downloaded."),
]


def size(
    campaign: Campaign,
    share: Share = None,
    days: Days = None,
    of: Of = None,
    case: Case = None,
    json: Json = False,
    classes: Classes = None,
    seed: Seed = 0,
    profiles: Profiles = None,
) -> None:
    """The least CDN cap of each pool with which a share of its reachable vehicles is done by a day."""
    from planner.cli.output import FAILED, telling, width, write, write_styled
    from planner.inputs.campaign_files import load_campaign
    from planner.report.campaigns import caps as report
    from planner.study.campaigns.reading import read_goal
    from planner.study.campaigns.size import CLASSES
    from planner.study.campaigns.size import size as least

    loaded = load_campaign(campaign, case, profiles or ())
    goal = read_goal(loaded, share, days, of)
    with telling() as tell:
        found = least(loaded.campaign, goal, classes or CLASSES, seed, tell=tell)
    if json:
        write(report.to_json(found, loaded.title, loaded.file))
    else:
        write_styled(report.page(found, loaded.title, width()))
    if not found.feasible:
        raise typer.Exit(FAILED)


def plan(
    campaign: Campaign,
    share: Share = None,
    days: Days = None,
    of: Of = None,
    candidates: Annotated[
        int | None,
        typer.Option("--candidates", metavar="N", min=1, help="How many are tried at the most."),
    ] = None,
    case: Case = None,
    json: Json = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            callback=folder_to_write,
            help="Write all candidates and the chart here.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", metavar="N", min=1, help="Processes. Default: one a core."),
    ] = None,
    seed: Seed = 0,
    profiles: Profiles = None,
) -> None:
    """The cheapest campaign that is in time and safe, its trade against days and exposure, and why others lose."""
    from planner.cli.output import FAILED, telling, width, write, write_styled
    from planner.inputs.campaign_files import load_campaign
    from planner.report.campaigns import found as report
    from planner.report.campaigns import found_files as files
    from planner.study.campaigns.plan import plan as search
    from planner.study.campaigns.reading import read_goal, read_search
    from planner.study.processes import cores

    overlays = profiles or ()
    loaded = load_campaign(campaign, case, overlays)
    wanted = read_search(loaded, read_goal(loaded, share, days, of), candidates, overlays)
    with telling() as tell:
        found = search(loaded.campaign, wanted, seed, workers or cores(), tell)
    if out is not None:
        for file in files.write(found, loaded.title, loaded.file, out):
            sys.stderr.write(f"{file}\n")
    if json:
        write(files.to_json(found, loaded.title, loaded.file))
    else:
        write_styled(report.page(found, loaded.title, loaded.name, width()))
    if found.cheapest is None:
        raise typer.Exit(FAILED)
