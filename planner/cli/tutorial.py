"""`planner tutorial`: a walk through a copy of the headline scenario, command by command."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = """\
\b
Examples:
  planner tutorial
  planner tutorial --out my_first --no-pause
"""
BASE = "5pct_ev_market"
LINES = 22  # of a command's output that are shown
EDIT = """\

# Added by the tutorial: three per cent of the market in place of five.
market:
  share: {value: 3 %, source: "the tutorial: what if the goal is missed?", confidence: assumed}
"""


@dataclass(frozen=True)
class Step:
    """What is learnt, the command that shows it, and lines of its output to begin at."""

    text: str
    command: str
    begin: str = ""


STEPS = (
    Step(
        "A scenario is a YAML file that says only what differs from the one that it extends. This one, {file}, "
        "extends the headline scenario and changes nothing yet. How large is its factory?",
        "planner size {file}",
    ),
    Step(
        "Every figure can say why. From the number of GPUs down to the line of a file and its source:",
        "planner explain {file} gpus --at 2027-07",
    ),
    Step(
        "The plan rests on assumptions. Now {file} gets three lines more: 3 % of the market in place of 5 %. What does "
        "that change do? As a code review says it:",
        "planner diff " + BASE + " {file}",
    ),
    Step(
        "Which hardware? The same scenario on three kinds of node, and what makes them differ:",
        "planner compare {file} --hardware gh200_nvl32,dgx_h100,dojo_tile",
        "Why",
    ),
    Step(
        "A profile of your own: what you do not change is inherited.",
        "planner new profile nodes/my_rack --like gh200_nvl32 --out {folder}/profiles",
    ),
    Step(
        "For those who decide: a PDF, charts, and a page on which a click on a figure opens the tree behind it.",
        "planner report {file} --out {folder}/report --format pdf,html",
    ),
)


def tutorial(
    context: typer.Context,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="A new folder for its files.")
    ] = Path("planner_tutorial"),
    no_pause: Annotated[
        bool, typer.Option("--no-pause", help="Do not wait for Enter between the steps.")
    ] = False,
) -> None:
    """Six steps, ten minutes: size, explain, change, compare, a profile of your own, a report.

    It writes to a folder of its own and runs real commands, which can be typed again afterwards.
    """
    import shlex

    from planner.cli.output import write
    from planner.errors import PlannerError
    from planner.text import wrapped

    if out.exists():
        raise PlannerError(f"{out}: is there already; name another folder with --out")
    file = out / "mine.yaml"
    planner = context.find_root().command.main
    names = {"file": str(file), "folder": str(out)}
    typed = {name: shlex.quote(text) for name, text in names.items()}
    begin = "planner new scenario {file} --extends " + BASE + " --title 'My first scenario'"
    _run(planner, begin.format(**typed))
    for number, step in enumerate(STEPS, 1):
        if step.command.startswith("planner diff"):
            file.write_text(file.read_text(encoding="utf-8") + EDIT, encoding="utf-8")
        command = step.command.format(**typed)
        text = "\n".join(wrapped(step.text.format(**names), 96))
        write(f"\n{number} of {len(STEPS)}\n{text}\n\n$ {command}")
        write(_shown(_run(planner, command), step.begin))
        if not no_pause and sys.stdin.isatty() and number < len(STEPS):
            typer.prompt("Enter to go on", default="", show_default=False)
    write(
        f"\nAll of it is in {out}/. Edit {file} and run the commands again; `planner --help` names the others."
    )


def _run(planner: Callable[..., object], command: str) -> str:
    """A command's output, as typed; it runs in this process."""
    import contextlib
    import io
    import shlex

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        planner(args=shlex.split(command)[1:], prog_name="planner", standalone_mode=False)
    return out.getvalue()


def _shown(text: str, begin: str) -> str:
    """The first lines from a beginning on, and how many are left."""
    lines = text.rstrip().splitlines()
    start = next((i for i, line in enumerate(lines) if begin and line.startswith(begin)), 0)
    shown = lines[start : start + LINES]
    left = len(lines) - start - len(shown)
    return "\n".join([*shown, *([f"... ({left} more lines)"] if left else [])])
