"""How is a contradiction stated: the steps to where it stands, and a message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from planner.errors import suggestion
from planner.inputs.documents import Steps
from planner.inputs.profiles import Profile

Profiles = Mapping[str, Mapping[str, Profile]]
Contradiction = tuple[Steps, str]


def unknown(steps: Steps, name: str, what: str, known: Iterable[str]) -> Contradiction:
    """A name that leads nowhere, with the nearest that does."""
    return steps, f'no {what} "{name}"; {suggestion(name, list(known))}'
