"""What a rule looks at and what it says: the other profiles on the shelf, and where something cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from planner import resources, units
from planner.errors import PlannerError, suggestion
from planner.inputs.documents import Steps
from planner.inputs.load import read_profile
from planner.inputs.numbers import Cell
from planner.inputs.profiles import Profile


class Implausible(NamedTuple):
    """Something that cannot be as a profile says: where it stands, what was found, what is expected."""

    steps: Steps
    found: str
    expected: str


Findings = Iterator[Implausible]


@dataclass
class Shelf:
    """All profiles by kind and name, read when first asked for."""

    overlays: Sequence[Path] = ()
    _read: dict[tuple[str, str], Profile | None] = field(default_factory=dict)

    def names(self, kind: str) -> list[str]:
        """The names of all profiles of a kind."""
        return list(resources.profiles(kind, self.overlays))

    def get(self, kind: str, name: str) -> Profile | None:
        """A profile; none where no file has it or the file is not sound, which is found where it is checked itself."""
        key = kind, name
        if key not in self._read:
            try:
                self._read[key] = read_profile(kind, name, self.overlays)
            except PlannerError:
                self._read[key] = None
        return self._read[key]

    def missing(self, steps: Steps, kinds: Sequence[str], name: str) -> Findings:
        """A finding where none of the kinds has a profile of the name."""
        known = [each for kind in kinds for each in self.names(kind)]
        if name not in known:
            where = " or ".join(f"{kind}/" for kind in kinds)
            yield Implausible(
                steps, f'"{name}"', f"a profile of {where}, {suggestion(name, known)}"
            )


def value(cell: Cell | None) -> float:
    """A number in base units; 0 where it is absent."""
    return 0.0 if cell is None else cell.value


def shown(x: float, unit: str) -> str:
    """A number in base units as data sheets write it: memory and scale-up links in bytes, not bits."""
    return f"{x / 1e9:.4g} GB/s" if unit == "byte/second" else units.show(x, unit)
