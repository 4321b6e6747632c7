"""Do the names of other profiles lead to one?

Fields that the schema marks as references are followed wherever they stand; a few that are plain names, and lists of
names in tables, have a line of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, get_args

from planner.inputs.documents import Steps
from planner.inputs.plausibility.finding import Findings, Implausible, Shelf
from planner.inputs.plausibility.generations import JOINED
from planner.inputs.profiles import (
    Accelerator,
    ComputeSystem,
    Market,
    NetworkPart,
    Node,
    Profile,
    Ref,
    Region,
)


def rules(profile: Profile, shelf: Shelf) -> Findings:
    """Names that no profile has, and cards that are none."""
    for field, info in type(profile).model_fields.items():
        for mark in _marks((*info.metadata, info.annotation)):
            for steps, name in _named(getattr(profile, field), (field,)):
                yield from shelf.missing(steps, [mark.kind], name)
    if isinstance(profile, Accelerator):
        if profile.rated_as:
            yield from shelf.missing(("rated_as",), ["accelerators"], profile.rated_as)
        if profile.default_system:
            where = ["systems", "nodes"]
            yield from shelf.missing(("default_system",), where, profile.default_system)
            if profile.form in JOINED:
                yield from _own_machine(profile, profile.default_system, shelf)
    if isinstance(profile, Node):
        card = shelf.get("network", profile.nic)
        if isinstance(card, NetworkPart) and card.part != "nic":
            yield Implausible(("nic",), f"{profile.nic}, a {card.part}", "a network card")
    if isinstance(profile, Region):
        yield from _market_row(profile, shelf)


def _own_machine(chip: Accelerator, name: str, shelf: Shelf) -> Findings:
    """The machine that is meant with a chip has chips of its generation."""
    for kind in ("systems", "nodes"):
        found = shelf.get(kind, name) if name in shelf.names(kind) else None
        if isinstance(found, ComputeSystem | Node):
            other = shelf.get("accelerators", found.accelerator)
            if isinstance(other, Accelerator) and other.generation != chip.generation:
                yield Implausible(
                    ("default_system",),
                    f"{name}, of {found.accelerator} ({other.generation})",
                    f"a machine of {chip.generation}",
                )
            return


def _market_row(region: Region, shelf: Shelf) -> Findings:
    """Every market has to have the row: a scenario may name any of them."""
    for name in shelf.names("markets"):
        market = shelf.get("markets", name)
        if isinstance(market, Market) and region.market_row not in market.rows:
            rows = ", ".join(market.rows)
            yield Implausible(
                ("market_row",), f'"{region.market_row}"', f"a row of markets/{name}: {rows}"
            )


def _marks(parts: Iterable[Any]) -> Iterator[Ref]:
    """The marks of references on a field: on itself, on an optional name, on the values of a table."""
    for each in parts:
        if isinstance(each, Ref):
            yield each
        else:
            yield from _marks((*getattr(each, "__metadata__", ()), *get_args(each)))


def _named(raw: Any, at: Steps) -> Iterator[tuple[Steps, str]]:
    if isinstance(raw, str):
        yield at, raw
    elif isinstance(raw, dict):
        for key, each in raw.items():
            yield from _named(each, (*at, key))
