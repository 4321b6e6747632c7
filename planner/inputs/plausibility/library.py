"""All rules over profiles, each finding with the file and line that it speaks of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from planner.errors import Fault, InputError
from planner.inputs.documents import Node, locate
from planner.inputs.load import as_written, profile_tree, read_profile
from planner.inputs.plausibility import (
    accelerators,
    magnitudes,
    nodes,
    others,
    proportions,
    references,
    sources,
)
from planner.inputs.plausibility.finding import Findings, Shelf
from planner.inputs.profiles import Profile

RULES: Sequence[Callable[[Profile, Shelf], Findings]] = (
    sources.rules,
    references.rules,
    magnitudes.rules,
    proportions.rules,
    accelerators.rules,
    nodes.rules,
    others.ecus,
    others.storage,
    others.models,
)


def check_profiles(
    wanted: Sequence[tuple[str, str]],
    overlays: Sequence[Path] = (),
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[Fault]:
    """What is wrong with each of the profiles (kind and name), by file, line and key; nothing where they are sound.

    `tell` is called with where it is before each profile is read.
    """
    shelf = Shelf(overlays)
    for done, (kind, name) in enumerate(wanted):
        tell(f"{done} of {len(wanted)}: {kind}/{name}")
        try:
            profile = read_profile(kind, name, overlays)
        except InputError as error:
            yield from error.faults
            continue
        yield from _found(profile, profile_tree(kind, name, overlays), shelf)


def _found(profile: Profile, tree: Node, shelf: Shelf) -> Iterator[Fault]:
    for rule in RULES:
        for each in rule(profile, shelf):
            place = locate(tree, as_written(tree, each.steps))
            yield Fault(*place, f"found {each.found}; expected {each.expected}")
