"""`planner diff`: inputs that changed and outputs that moved between two plans, as for a code review."""

from __future__ import annotations

from typing import Annotated

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

EXAMPLES = """\
\b
Examples:
  planner diff 5pct_ev_market --set "market.share=3 %"
  planner diff base.yaml mine.yaml --markdown > comment.md
  planner diff 5pct_ev_market --hardware dgx_h100 --json
"""
MOVED = 1  # as of `diff`: there are differences


def diff(
    before: Scenario,
    after: Annotated[
        str | None,
        typer.Argument(
            metavar="[SCENARIO]",
            help="The changed scenario. Default: the first, with the changes of the options.",
            show_default=False,
        ),
    ] = None,
    set_: Edits = None,
    set_quantity: Overrides = None,
    with_: Modules = None,
    hardware: Hardware = None,
    profiles: Profiles = None,
    rules_as_of: RulesAsOf = None,
    allow_export_violation: ExportViolation = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown, for a pull request.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 where an output moves.")
    ] = False,
) -> None:
    """Inputs changed, outputs moved and why, warnings and orders that came or went.

    Options describe the second plan alone; profiles and modules of it are those that are named here.
    """
    from planner.cli.output import width, write, write_styled
    from planner.report import review

    if markdown and json:
        raise typer.BadParameter("give --markdown or --json, not both")
    options = (set_, set_quantity, with_, hardware, profiles, rules_as_of, allow_export_violation)
    if after is None and not any(options):
        raise typer.BadParameter("name a second scenario, or give changes such as --set PATH=VALUE")
    first = load_project(before, None, None, None, None, None).plan()
    second = load_project(after or before, *options).plan()
    found = review.review(first, second)
    if json:
        write(review.to_json(found))
    elif markdown:
        write(review.to_markdown(found))
    else:
        write_styled(review.page(found, width()))
    if exit_code and found.moved:
        raise typer.Exit(MOVED)
