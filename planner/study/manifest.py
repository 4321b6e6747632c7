"""What is a study a study of? Everything that its numbers follow from, in short.

Two runs with the same manifest give the same numbers, to the last bit, so that one can go on where the other stopped.
Each input has a digest of its value and its distribution; one digest is of all inputs together, with names, tables and
rules; one of what moves together; one of the code that computes.
"""

from __future__ import annotations

import dataclasses
import hashlib
import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from planner.project import Project
from planner.study.blocks import FORMAT
from planner.study.sampling import places

DIGITS = 16
# What of the package shows results, finds files or writes words, and computes nothing.
_SHOWING = (
    "cli",
    "report",
    "findings",
    "lineage",
    "plan.py",
    "results.py",
    "resources.py",
    "text.py",
    "errors.py",
    "__main__.py",
)


def manifest_of(project: Project, draws: int, seed: int, keep: Sequence[str]) -> dict[str, Any]:
    """The manifest of a study, as it is written to `manifest.json`."""
    return {
        "format": FORMAT,
        "scenario": Path(project.inputs.path).stem if project.inputs else "",
        "changes": list(project.changes),
        "seed": seed,
        "draws": draws,
        "keep": list(keep),
        "numpy": np.__version__,
        "machine": platform.machine(),
        "code": _digest(sorted(_sources(project))),
        "overrides": _digest(
            sorted((name, np.asarray(x)) for name, x in project.overrides.items())
        ),
        "leaves": _digest([project.table.labels, dict(project.leaves)]),
        "correlations": _digest(project.table.correlations),
        "order": _digest(sorted(places(project.table, project.as_written).items())),
        "inputs": _inputs(project),
    }


def _inputs(project: Project) -> dict[str, str]:
    """A digest of each row of the leaf table, by its path; rows of one path are told apart by a number."""
    seen: Counter[str] = Counter()
    found = {}
    for row in project.table.rows:
        seen[row.path] += 1
        name = row.path if seen[row.path] == 1 else f"{row.path} ({seen[row.path]})"
        found[name] = _digest([row.value, row.position, row.distribution, row.number])
    return found


def _sources(project: Project) -> Iterator[tuple[str, bytes]]:
    """The code that computes: the package's own without what shows results, and the modules of the user."""
    root = Path(__file__).parents[1]
    for file in root.rglob("*.py"):
        place = file.relative_to(root)
        if place.parts[0] not in _SHOWING:
            yield place.as_posix(), file.read_bytes()
    for file in {Path(each.file) for each in project.graph.quantities.values()}:
        if root not in file.parents and file.is_file():
            yield file.name, file.read_bytes()


def _digest(value: object) -> str:
    return hashlib.sha256("".join(_spelt(value)).encode()).hexdigest()[:DIGITS]


def _spelt(value: object) -> Iterator[str]:
    """A value in letters, the same in every process: sets have no order of their own."""
    if isinstance(value, np.ndarray):
        yield f"array{value.shape}{value.dtype.str}"
        yield hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
    elif isinstance(value, Mapping):
        yield from _spelt(sorted((str(key), item) for key, item in value.items()))
    elif isinstance(value, set | frozenset):
        yield from sorted("".join(_spelt(item)) for item in value)
    elif isinstance(value, tuple | list):
        yield "("
        for item in value:
            yield from _spelt(item)
            yield ","
        yield ")"
    elif dataclasses.is_dataclass(value):
        yield type(value).__name__
        for each in dataclasses.fields(value):
            yield f"{each.name}="
            yield from _spelt(getattr(value, each.name))
    else:
        yield repr(value)
