"""`planner new`: a commented scenario or profile to start from."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from planner.cli.complete import profile_kinds_and_names, scenario_names
from planner.cli.options import Profiles

EXAMPLES = """\
\b
Examples:
  planner new scenario mine.yaml --extends 5pct_ev_market
  planner new profile nodes/my_rack --like gh200_nvl32 --out my_profiles
"""

new = typer.Typer(
    help="A commented file to start from: a scenario or a profile.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Title = Annotated[
    str | None, typer.Option("--title", metavar="TEXT", help="Its title. Default: from the name.")
]


@new.command("scenario", epilog=EXAMPLES, short_help="A scenario over another, to be changed.")
def new_scenario(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.yaml", help="The file to write; none is overwritten.", show_default=False
        ),
    ],
    extends: Annotated[
        str,
        typer.Option(
            "--extends",
            metavar="SCENARIO",
            help="What it is laid over.",
            autocompletion=scenario_names,
        ),
    ] = "5pct_ev_market",
    title: Title = None,
) -> None:
    """A scenario that plans what another does until something in it is changed."""
    from planner.cli.options import find_file
    from planner.project import load
    from planner.report import starters

    file = file.with_suffix(".yaml") if not file.suffix else file
    base = find_file(extends)
    plan = load(base).plan()
    named = _named_from(file, base)
    text = starters.scenario(plan, named, title or _title(file.stem), _typed(file), _typed(extends))
    _write(file, text)
    _say(file, ["check", file], ["size", file], ["diff", extends, file])


def _named_from(file: Path, base: Path) -> str:
    """How the new file names its base: a shipped one by its name, another by the way to it."""
    import os

    from planner import resources

    if base.resolve().parent == resources.scenario_root().resolve():
        return base.name
    return Path(os.path.relpath(base.resolve(), file.resolve().parent)).as_posix()


@new.command("profile", epilog=EXAMPLES, short_help="A profile over another, to be changed.")
def new_profile(
    what: Annotated[
        str,
        typer.Argument(
            metavar="KIND/NAME",
            help="Its kind and its name, as nodes/my_rack.",
            show_default=False,
            autocompletion=profile_kinds_and_names,
        ),
    ],
    like: Annotated[
        str | None,
        typer.Option("--like", metavar="NAME", help="The profile of its kind that it extends."),
    ] = None,
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", help="The folder of kinds, for --profiles."),
    ] = Path("my_profiles"),
    title: Title = None,
    overlays: Profiles = None,
) -> None:
    """A profile that is what another is until something in it is changed."""
    from planner import resources
    from planner.errors import PlannerError, suggestion
    from planner.inputs.load import profile_tree
    from planner.report import starters

    kind, slash, name = what.partition("/")
    if not slash or not name or "/" in name:
        raise PlannerError(f"{what}: expected KIND/NAME, as nodes/my_rack")
    known = list(resources.profiles(kind, overlays or []))
    if name in known:
        raise PlannerError(f'{kind}/ has a profile "{name}" already; planner profiles show {what}')
    base = like or starters.like(kind, known)
    if base not in known:
        raise PlannerError(f'no profile "{base}" in {kind}/; {suggestion(base, known)}')
    file = out / kind / f"{name}.yaml"
    tree = profile_tree(kind, base, overlays or [])
    names = title or _title(name), _typed(file), _typed(what), _typed(out)
    _write(file, starters.profile(kind, base, tree, *names))
    commands: list[Sequence[str | Path]] = [
        ["check", file],
        ["profiles", "check", what, "--profiles", out],
    ]
    if kind == "nodes":  # another has to be taken by a scenario first; the file says how
        commands.append(["size", "5pct_ev_market", "--hardware", name, "--profiles", out])
    _say(file, *commands)


def _title(stem: str) -> str:
    return stem.replace("_", " ").replace("-", " ").capitalize()


def _write(file: Path, text: str) -> None:
    """Write a new file whole, or none where the disk is full; one that is there stays."""
    from planner.errors import PlannerError

    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        opened = file.open("x", encoding="utf-8")
    except FileExistsError:
        raise PlannerError(f"{file}: is there already; name another file") from None
    try:
        with opened:
            opened.write(text)
    except BaseException:
        file.unlink()
        raise


def _typed(word: str | Path) -> str:
    """A word of a command as a shell has to be given it."""
    return shlex.quote(str(word))


def _say(file: Path, *commands: Sequence[str | Path]) -> None:
    """What was written, and the commands that go on from there."""
    from planner.cli.output import write
    from planner.text import printable

    commands_typed = (" ".join(["  planner", *map(_typed, words)]) for words in commands)
    write("\n".join(map(printable, [f"wrote {file}", *commands_typed])))
