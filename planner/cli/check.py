"""`planner check`: are these scenario, profile and campaign files sound?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.options import Profiles, find_file

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from planner.errors import Fault
    from planner.inputs.documents import Node

EXAMPLES = """\
\b
Examples:
  planner check mine.yaml
  planner check hardware_profiles/nodes/*.yaml
  planner check scenarios/campaigns/monthly_release.yaml
"""

CAMPAIGN_KEYS = frozenset(
    {
        "horizon_h",
        "curve_step_h",
        "sessions",
        "cdn",
        "update",
        "campaign",
        "goal",
        "inputs",
        "cases",
    }
)
"""Keys of campaigns that no scenario has."""


def check(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="Scenarios (by plan_start or extends), profiles (by the name of their folder), or "
            "campaigns (by that too, or what is in them).",
            show_default=False,
        ),
    ],
    profiles: Profiles = None,
) -> None:
    """Print ok for each file, or every fault with its line and what to write instead."""
    from planner.cli.output import write
    from planner.errors import InputError, PlannerError
    from planner.text import printable

    faults: list[Fault] = []
    for file in files:
        try:
            _check(file, profiles or [])
        except InputError as error:
            faults += error.faults
        except PlannerError as error:
            faults.append(_fault(file, error))
        else:
            write(f"{printable(file)}: ok")
    if faults:
        raise InputError(faults)


def _fault(file: str, error: Exception) -> Fault:
    from planner.errors import Fault

    return Fault(file, 0, "", str(error).removeprefix(f"{file}: "))


def _check(file: str, overlays: Sequence[Path]) -> None:
    from planner import resources
    from planner.errors import PlannerError
    from planner.inputs import documents
    from planner.inputs.load import check_profile

    known = resources.campaigns(overlays)
    path = known[file] if file in known else find_file(file)
    keys = documents.load(path, file).entries
    kind = path.resolve().parent.name
    if kind == resources.CAMPAIGNS or _is_campaign(keys, known):
        _check_campaign(path, file, keys, overlays)
    elif "plan_start" not in keys and kind in resources.KINDS:
        check_profile(path, kind)
    elif "plan_start" in keys or "extends" in keys:
        _check_scenario(path, overlays)
    elif missing := _missing_of_a_base(keys):
        raise PlannerError(
            "no plan by itself, but a base that others name (extends: ...); "
            f"a plan needs besides: {', '.join(missing)}"
        )
    else:
        raise PlannerError(
            "neither a scenario (with plan_start or extends) nor in a folder of profiles "
            f"({', '.join(resources.KINDS)}), nor a campaign (with sessions, inputs or cases)"
        )


def _is_campaign(keys: Mapping[str, Node], campaigns: Container[str]) -> bool:
    """Whether a file says what only campaigns say, or extends one that is known by name."""
    parent = str(getattr(keys.get("extends"), "text", None) or "").removesuffix(".yaml")
    return not CAMPAIGN_KEYS.isdisjoint(keys) or parent in campaigns


def _check_campaign(
    path: Path, file: str, keys: Mapping[str, Node], overlays: Sequence[Path]
) -> None:
    """Read a campaign and the blocks that steer more than its run; of a file of several, each."""
    from planner import resources
    from planner.errors import PlannerError
    from planner.inputs.billing import read_billing
    from planner.inputs.campaign import REQUIRED
    from planner.inputs.campaign_files import case_names, load_campaign
    from planner.study.campaigns.reading import read_goal, read_search

    missing = [key for key in REQUIRED if key not in keys]
    if path.stem == resources.COMMON and "extends" not in keys and missing:
        raise PlannerError(
            "no campaign by itself, but a base that others name (extends: ...); "
            f"a campaign needs besides: {', '.join(missing)}"
        )
    cases: Sequence[str | None] = case_names(keys) or [None]
    for case in cases:
        loaded = load_campaign(path, case, overlays)
        if (block := loaded.block("billing")) is not None:
            read_billing(block, loaded.campaign, overlays)
        if loaded.block("goal") is not None:
            goal = read_goal(loaded)
            if loaded.block("search") is not None:
                read_search(loaded, goal, overlays=overlays)


def _missing_of_a_base(keys: Container[str]) -> list[str]:
    """What a file of scenario sections lacks of a plan; nothing where it holds few of them."""
    from planner.inputs.scenario import Scenario

    needed = [name for name, each in Scenario.model_fields.items() if each.is_required()]
    missing = [name for name in needed if name not in keys]
    return missing if len(missing) < len(needed) / 2 else []


def _check_scenario(path: Path, overlays: Sequence[Path]) -> None:
    """Read a scenario and the checks that it declares; whether they hold is not asked."""
    from planner.findings import checks
    from planner.project import load

    checks(load(path, profiles=list(overlays)).plan())
