"""`planner simulate`: a plan as a distribution, as tables, as JSON, as files and charts."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
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
    folder_to_write,
    load_project,
)

if TYPE_CHECKING:
    from planner.plan import Plan
    from planner.study.simulation import Simulation


EXAMPLES = """\
\b
Examples:
  planner simulate 5pct_ev_market
  planner simulate mine.yaml --draws 100000 --out draws
  planner simulate mine.yaml --keep gpus,tco --json
"""


def simulate(
    scenario: Scenario,
    draws: Annotated[
        int, typer.Option("--draws", metavar="N", help="Number of plans to draw.")
    ] = 4096,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Where the draws start.")] = 1,
    keep: Annotated[
        str | None,
        typer.Option(
            "--keep",
            metavar="A,B",
            help="Keep every cell of every draw of these quantities. Default: needs, power, money.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            callback=folder_to_write,
            help="Write draws, quantiles and charts here; go on with what is there.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", metavar="N", help="Processes. Default: one a core."),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print JSON: as `size`, with p10, p50, p90 and risk.")
    ] = False,
    set_: Edits = None,
    set_quantity: Overrides = None,
    with_: Modules = None,
    hardware: Hardware = None,
    profiles: Profiles = None,
    rules_as_of: RulesAsOf = None,
    allow_export_violation: ExportViolation = False,
) -> None:
    """How far a plan may be off: draws of all uncertain inputs, P10 to P90, and what is risked by building for less."""
    from planner.cli.output import telling, width, write, write_styled
    from planner.cli.size import judge
    from planner.study.simulation import simulate as run

    if workers is not None and workers < 1:
        raise typer.BadParameter("--workers: expected at least 1")
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
    plan = project.plan()
    plan.require_lawful()
    names = [name.strip() for name in (keep or "").split(",") if name.strip()]
    with telling() as tell:
        simulation = run(project, draws, seed, names, out, workers, _progress(draws, tell))
    if out is not None:
        _write_files(simulation, plan, out)
    if json:
        from planner.report import study_json

        write(study_json.to_json(simulation, plan))
    else:
        from planner.report.simulated import page

        write_styled(page(simulation, plan, width()))
    judge(plan)


def _write_files(simulation: Simulation, plan: Plan, out: Path) -> None:
    """Write tables, arrays and charts beside the draws, and say what is there."""
    from planner.report import study_files
    from planner.study.simulation import Interrupted

    try:
        # Alone in the folder, or another run would take what is half written for left over.
        with simulation.folder.alone():
            for said in study_files.write(simulation, plan, out):
                sys.stderr.write(f"{said}\n")
    except KeyboardInterrupt:
        raise Interrupted(
            "stopped while writing files; no draw is lost, and the same command writes them"
        ) from None


def _progress(draws: int, say: Callable[[str], None]) -> Callable[[int], None]:
    """Says how many draws are done, how fast they come and how long the rest will take."""
    began, at_first = time.monotonic(), [-1]

    def tell(done: int) -> None:
        if at_first[0] < 0:
            at_first[0] = done
        fresh, passed = done - at_first[0], time.monotonic() - began
        rate = fresh / passed if fresh else 0.0
        left = f", {rate:,.0f} a second, {(draws - done) / rate:,.0f} s left" if rate else ""
        say(f"{done:,} of {draws:,} draws{left}")

    return tell
