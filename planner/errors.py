"""What can go wrong, in words for the person at the terminal.

Every error that a user can cause is a `PlannerError`. It is raised where the fault is known and shown once, by the
command line, which turns `exit_code` into the status of the process: 2 for wrong usage or input, 1 for a plan that a
rule forbids or a declared check that fails.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HELD = 8  # names that are offered because they hold a word


class PlannerError(Exception):
    """A fault that the user can mend; its text is one line."""

    exit_code = 2


class UnitError(PlannerError):
    """A unit that the closed registry does not know, or one of the wrong dimension."""


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong with an input: where it stands, and what to type instead."""

    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}  {self.path}  {self.message}" if self.path else f"{place}  {self.message}"


class InputError(PlannerError):
    """All faults of the inputs at once."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(sorted(set(faults)))
        count = len(self.faults)
        super().__init__(
            f"{count} fault{'s' if count != 1 else ''}: " + "; ".join(map(str, self.faults))
        )


class PlanForbidden(PlannerError):
    """A rule (export, residency) forbids the plan, or a check that the scenario declares fails."""

    exit_code = 1


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice closest in spelling to `word`, or None when nothing resembles it."""
    found: Sequence[str] = difflib.get_close_matches(str(word), list(choices), n=1, cutoff=0.5)
    return found[0] if found else None


def holding(word: str, choices: Iterable[str]) -> str:
    """A clause with those of the choices in which `word` stands between underscores; none: an empty text."""
    found = [each for each in choices if word and word in each.split("_")]
    more = ", ..." if len(found) > HELD else ""
    return f"with {word} in the name: {', '.join(found[:HELD])}{more}" if found else ""


def suggestion(word: str, choices: Iterable[str]) -> str:
    """A clause for an error message: the nearest valid word, else those that hold it, else the valid words."""
    options = sorted(choices)
    best = nearest(word, options)
    if best is not None:
        return f"nearest: {best}"
    if held := holding(str(word).lower(), sorted(options, key=len)):
        return held
    return "valid: " + ", ".join(options[:12]) + (", ..." if len(options) > 12 else "")
