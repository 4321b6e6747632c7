"""Runs commands in this process, from the checkout, as if typed on a terminal of 100 columns.

What a command prints follows from its files and options alone, so a plan of files of the checkout
is computed once for all tests that ask for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import pytest

from planner import project
from planner.cli import main
from planner.plan import Plan
from planner.project import Project

ROOT = Path(__file__).parents[1]
_LOAD = project.load


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


Planner = Callable[..., Result]


class _Kept(Project):
    """A project that is run at its medians once."""

    @cached_property
    def _plan(self) -> Plan:
        return super().plan()

    def plan(self) -> Plan:
        return self._plan


def commands(patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Planner:
    """A function that runs a command, and hands back its exit code and what it printed."""
    patch.chdir(ROOT)
    patch.setenv("COLUMNS", "100")
    patch.setattr(project, "load", _load)

    def run(*arguments: str) -> Result:
        capsys.readouterr()
        code = 0
        try:
            main(arguments)
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        printed = capsys.readouterr()
        return Result(code, printed.out, printed.err)

    return run


def _load(scenario: Path, **options: Any) -> Project:
    """`planner.project.load`; what rests on files of the checkout alone is remembered."""
    given = {name: tuple(x) if isinstance(x, list) else x for name, x in options.items()}
    if given.get("with_modules") or given.get("profiles") or not _shipped(scenario):
        return _LOAD(scenario, **given)
    return _kept(os.getcwd(), scenario, **given)


@lru_cache(maxsize=50)
def _kept(folder: str, scenario: Path, **options: Any) -> Project:
    """A project as messages of a command in `folder` would name its files."""
    project = _LOAD(scenario, **options)
    return _Kept(*[getattr(project, field.name) for field in fields(project)])


def _shipped(file: Path) -> bool:
    return file.resolve().is_relative_to(ROOT)
