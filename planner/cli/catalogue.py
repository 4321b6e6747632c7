"""`planner profiles` and `planner scenarios`: what is shipped, what a profile says, and whether it can be true."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.cli.complete import profile_kinds_and_names
from planner.cli.options import Profiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from planner.inputs.documents import Node, Table
    from planner.inputs.numbers import Cell
    from planner.inputs.profiles import Profile

PROFILE_EXAMPLES = """\
\b
Examples:
  planner profiles list nodes
  planner profiles show nodes/gh200_nvl32
  planner profiles check accelerators
"""
SCENARIO_EXAMPLES = """\
\b
Example:
  planner scenarios list
"""

profiles = typer.Typer(
    help="Hardware, vehicles, models and places that scenarios name.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
scenarios = typer.Typer(
    help="The scenarios that are shipped.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@profiles.command("list", epilog=PROFILE_EXAMPLES)
def list_profiles(
    kind: Annotated[
        str | None,
        typer.Argument(metavar="KIND", help="Only this kind, such as nodes.", show_default=False),
    ] = None,
    overlays: Profiles = None,
) -> None:
    """Every profile as KIND/NAME with its title."""
    from planner import resources
    from planner.cli.output import table, write

    rows = []
    for each in [kind] if kind is not None else resources.KINDS:
        for name in resources.profiles(each, overlays or []):
            rows.append((f"{each}/{name}", _text(_merged(each, name, overlays or []), "title")))
    write(table(rows))


@profiles.command("show", epilog=PROFILE_EXAMPLES)
def show_profile(
    name: Annotated[
        str,
        typer.Argument(
            metavar="KIND/NAME", help="As `planner profiles list` prints it.", show_default=False
        ),
    ],
    overlays: Profiles = None,
) -> None:
    """Every field with its value, confidence and source."""
    from planner import resources
    from planner.cli.output import write
    from planner.errors import PlannerError, suggestion

    kind, slash, short = name.partition("/")
    if not slash:
        kinds = [
            each for each in resources.KINDS if name in resources.profiles(each, overlays or [])
        ]
        meant = " or ".join(f"{each}/{name}" for each in kinds)
        hint = f"nearest: {meant}" if meant else "planner profiles list has them all"
        raise PlannerError(f'"{name}" is not KIND/NAME, such as nodes/gh200_nvl32; {hint}')
    known = resources.profiles(kind, overlays or [])
    if short not in known:
        raise PlannerError(f'no profile "{short}" in {kind}/; {suggestion(short, known)}')
    write("\n".join(_page(kind, short, overlays or [])))


@profiles.command(
    "check", epilog=PROFILE_EXAMPLES, short_help="Whether sources and figures can be true."
)
def check_library(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="KIND[/NAME]",
            help="Only this kind, or this profile. Default: every one.",
            show_default=False,
            autocompletion=profile_kinds_and_names,
        ),
    ] = None,
    overlays: Profiles = None,
) -> None:
    """Sources, confidence, names of other profiles, and figures that have to fit: dense rates, links, memory, power.

    One line for each finding, with file, line and key; exit code 1 where there is one.
    """
    from planner.cli.output import telling, write
    from planner.inputs.plausibility import check_profiles
    from planner.text import printable

    wanted = _wanted(what, overlays or [])
    with telling() as tell:
        found = set(check_profiles(wanted, overlays or [], tell))
    for each in sorted(found):
        write(printable(str(each)))
    if found:
        raise typer.Exit(1)
    write(f"{len(wanted)} {'profile' if len(wanted) == 1 else 'profiles'}: ok")


def _wanted(what: str | None, overlays: Sequence[Path]) -> list[tuple[str, str]]:
    """Kind and name of the profiles that KIND, KIND/NAME or nothing means."""
    from planner import resources
    from planner.errors import PlannerError, suggestion

    kind, _, name = (what or "").strip("/").partition("/")
    kinds = [kind] if kind else resources.KINDS
    known = [(each, short) for each in kinds for short in resources.profiles(each, overlays)]
    if not name:
        return known
    if (kind, name) not in known:
        names = [short for _, short in known]
        raise PlannerError(f'no profile "{name}" in {kind}/; {suggestion(name, names)}')
    return [(kind, name)]


@scenarios.command(
    "list", epilog=SCENARIO_EXAMPLES, short_help="What each plans, and the campaigns."
)
def list_scenarios() -> None:
    """Name, months and title of every shipped scenario, then the shipped campaigns."""
    from planner import resources
    from planner.cli.output import table, write
    from planner.inputs import documents

    rows = []
    for name, path in resources.scenarios().items():
        tree = documents.resolve(path, [resources.scenario_root()], path.name)
        if "plan_start" in tree.entries:
            months = f"{_text(tree, 'horizon', 'start')} to {_text(tree, 'horizon', 'end')}"
            rows.append((name, months, _text(tree, "title")))
    write(table(rows) + "\nOver-the-air campaigns (planner campaign run NAME):\n" + _campaigns())


def _campaigns() -> str:
    """Name, vehicles and title of every campaign."""
    from planner import resources
    from planner.cli.output import table
    from planner.inputs import documents

    rows = []
    for name, path in resources.campaigns().items():
        tree = documents.resolve(path, resources.campaign_roots(), path.name, deletes=False)
        vehicles = int(_text(tree, "fleet", "n_vehicles") or 0)
        rows.append((name, f"{vehicles:,} vehicles", _text(tree, "title")))
    return table(rows)


def _merged(kind: str, name: str, overlays: Sequence[Path]) -> Table:
    """A profile with its layers laid over each other."""
    from planner import resources
    from planner.inputs import documents

    layers = resources.find_profile(kind, name, overlays)
    root = resources.data_root() / "hardware_profiles" / kind
    trees = [documents.resolve(layer, [root], str(layer)) for layer in reversed(layers)]
    return reduce(_laid_over, trees)


def _laid_over(below: Table, above: Table) -> Table:
    from planner.inputs import documents

    merged = documents.merge(below, above)
    assert isinstance(merged, documents.Table)
    return merged


def _text(tree: Table, *steps: str) -> str:
    """A text in the tree; empty where there is none."""
    node: Node | None = tree
    for step in steps:
        node = getattr(node, "entries", {}).get(step)
    return str(getattr(node, "text", "") or "")


def _page(kind: str, name: str, overlays: Sequence[Path]) -> Iterator[str]:
    """The lines that show one profile: title, references, then every number with its source."""
    from planner.cli.output import WIDTH
    from planner.inputs.load import cells_of
    from planner.text import printable, wrapped

    profile = _validated(kind, name, overlays)
    yield f"{kind}/{name}: {printable(profile.title)}"
    if profile.note:
        yield from (f"  {line}" for line in wrapped(profile.note, WIDTH - 2))
    for field, value in profile:
        if (text := _words(value)) and field not in ("title", "note", "sources"):
            yield from _indented(f"{field} = {text}")
    for steps, cell in cells_of(profile, ()):
        yield f"  {printable('.'.join(map(str, steps)))} = {_value(cell)}   {cell.confidence or ''}".rstrip()
        if cell.source:
            yield from (
                f"      {line}" for line in wrapped(_cited(profile, cell.source), WIDTH - 6)
            )


def _words(value: Any) -> str:
    """A field that is text: a word, a yes or no, a list or a table of words; empty where it is none of them."""
    if isinstance(value, str | bool):
        return str(value)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    if isinstance(value, dict) and all(isinstance(each, str) for each in value.values()):
        return ", ".join(f"{key}: {each}" for key, each in value.items())
    return ""


def _indented(text: str) -> Iterator[str]:
    from planner.cli.output import WIDTH
    from planner.text import wrapped

    yield from (f"  {line}" for line in wrapped(text, WIDTH - 2))


def _validated(kind: str, name: str, overlays: Sequence[Path]) -> Profile:
    from pydantic import ValidationError

    from planner import resources
    from planner.inputs import documents
    from planner.inputs.load import check_profile
    from planner.inputs.profiles import PROFILE_KINDS

    try:
        return PROFILE_KINDS[kind].model_validate(documents.plain(_merged(kind, name, overlays)))
    except ValidationError:
        for layer in resources.find_profile(kind, name, overlays):
            check_profile(layer, kind)
        raise


def _value(cell: Cell) -> str:
    from planner import units

    def text(value: float) -> str:
        return f"{units.from_base(value, cell.unit):.10g}"

    unit = "" if cell.unit == "1" else f" {cell.unit}"
    if cell.low is None or cell.high is None:
        return f"{text(cell.value)}{unit}"
    return f"{text(cell.value)}{unit} ({text(cell.low)} to {text(cell.high)})"


def _cited(profile: Any, source: str) -> str:
    """The source with the ids of the profile's `sources:` spelt out."""
    head, _, remark = source.partition(":")
    ids = [word.strip() for word in head.split(",")]
    if not all(word in profile.sources for word in ids):
        return source
    cited = "; ".join(profile.sources[word] for word in ids)
    return f"{cited}: {remark.strip()}" if remark.strip() else cited
