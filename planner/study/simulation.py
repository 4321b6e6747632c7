"""How far may a plan be off? Draws of all uncertain inputs through the whole graph, and what they say together.

`simulate` computes draws in blocks, by several processes, into a folder, from which a later call goes on; the
`Simulation` has the quantiles of every quantity by month, those of the kept ones to the last bit, and figures of risk.
Results depend on the scenario, the seed and the number of draws, and on nothing else.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from planner.axes import AXES, Array
from planner.errors import Fault, InputError, PlannerError, suggestion
from planner.project import Project
from planner.study.analysis import Risk, Spread, Spreads, risk, spent, spreads
from planner.study.blocks import Block, Folder, missing
from planner.study.columns import KEPT, NEEDS, Column, Columns
from planner.study.manifest import manifest_of
from planner.study.processes import cores
from planner.study.sampling import Sampler
from planner.study.sketch import Sketch
from planner.study.workers import Recipe, Source, Task, compute

DRAWS = 4096
SEED = 1
BLOCK = 512  # draws that one worker computes at a time,
LARGE_BLOCK = 1024  # and in a study of
MANY = 100_000  # draws or more, which would be too many files otherwise
ROOM = 1.1  # of the disk space that the kept numbers need


class Interrupted(PlannerError):
    """A study that was stopped by the user."""

    exit_code = 130


@dataclass(frozen=True)
class Simulation:
    """The draws of a project in a folder, and what they say. Values are in base units."""

    project: Project
    columns: Columns
    draws: int
    seed: int
    folder: Folder
    blocks: tuple[Block, ...]
    _sketch: Sketch | None = field(repr=False, compare=False)
    _temporary: Any = field(default=None, repr=False, compare=False)

    @property
    def out(self) -> Path | None:
        """The folder in which a later call may go on; None where it goes with this result."""
        return None if self._temporary else self.folder.path

    @property
    def kept(self) -> tuple[Column, ...]:
        """The quantities of which every cell of every draw is kept."""
        return self.columns.kept

    @cached_property
    def sampler(self) -> Sampler:
        """What the draws of the inputs come from."""
        return Sampler.of(self.project.table, self.seed, self.project.as_written)

    @cached_property
    def medians(self) -> Mapping[str, Array]:
        """The plan with every input at its median: all quantities of the study, and what answers a need."""
        answers = [name for name in NEEDS.values() if name in self.project.graph]
        return self.project.run([*dict.fromkeys((*self.columns.wanted, *answers))])

    @cached_property
    def spreads(self) -> Mapping[str, Spreads]:
        """Quantiles of every quantity, by name."""
        sketch = self._sketch or self.folder.sketch(self.blocks)
        return spreads(self.columns, self.folder, self.blocks, sketch)

    @cached_property
    def spent(self) -> Spread | None:
        """All that is paid from `plan_start` to the end of each month."""
        return spent(self.columns, self.folder, self.blocks)

    @cached_property
    def risk(self) -> Risk:
        """Mean cost of the dearest draws, capacities at 90 % confidence, shortfalls."""
        return risk(self.spreads, self.medians, self.columns)

    def values(self, name: str) -> Array:
        """All draws of a kept quantity on its axes, shape (draw, ...)."""
        column = next((each for each in self.kept if each.name == name), None)
        if column is None:
            names = [each.name for each in self.kept]
            raise PlannerError(f"{name} is not kept; {suggestion(name, names)}")
        cells = self.folder.numbers(self.blocks, self.columns.rows[name])
        return cells.T.reshape(self.draws, *column.shape)

    def labels(self, column: Column) -> dict[str, tuple[str, ...]]:
        """What the positions on each axis of a column are called."""
        return {AXES[axis]: self.project.labels[axis] for axis in column.axes}


def simulate(
    project: Project,
    draws: int = DRAWS,
    seed: int = SEED,
    keep: Sequence[str] = (),
    out: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
    block: int | None = None,
    method: str | None = None,
) -> Simulation:
    """Run `draws` plans of a project and give what they say together.

    `keep` names the quantities of which every cell of every draw is kept (default: needs, capacity, power, money and
    carbon). `out` is a folder in which an earlier, interrupted or shorter run of the same study goes on; without one, a
    temporary folder lives as long as the result. `workers` is the number of processes (default: one a core), `block`
    the draws that one computes at a time, `method` how processes start; results depend on none of these. `progress` is
    called with the number of draws that are done. Raises InputError for a quantity that does not exist, StudyError for
    a folder that holds another study, Interrupted where the user stops it.
    """
    names = _names(project, keep)
    if draws < 1:
        raise InputError([Fault("--draws", 0, str(draws), "expected at least 1")])
    if not 0 <= seed < 2**64:
        raise InputError(
            [Fault("--seed", 0, str(seed), "expected a whole number from 0 to 2^64 - 1")]
        )
    temporary = tempfile.TemporaryDirectory(prefix="planner-") if out is None else None
    folder = Folder(Path(temporary.name if temporary else os.fspath(out or "")))
    task = Task.of(project, names, seed, folder)
    manifest = manifest_of(project, draws, seed, names)
    with folder.alone():
        done, again = folder.open(manifest)
        size = block or (BLOCK if draws < MANY else LARGE_BLOCK)
        todo = sorted([*again, *missing(sorted([*done, *again]), draws, size)])
        _refuse_too_large(task.columns, folder, todo)
        reached = [sum(each.draws for each in done)]
        tell = progress or _silent
        tell(reached[0])

        def more(finished: int) -> None:
            reached[0] += finished
            tell(reached[0])

        way = method or ("fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn")
        source: Source = task if way == "fork" else Recipe.of(task, manifest)
        try:
            compute(source, folder, todo, workers or cores(), way, more)
        except KeyboardInterrupt:
            raise Interrupted(_stopped(reached[0], draws, out)) from None
        blocks = tuple(sorted((*done, *todo)))
        # A folder that stays is read before another run may count more draws; the numbers of a block never change.
        sketch = None if temporary else folder.sketch(blocks)
    return Simulation(project, task.columns, draws, seed, folder, blocks, sketch, temporary)


def _silent(done: int) -> None:
    """Tell nobody."""


def _names(project: Project, keep: Sequence[str]) -> tuple[str, ...]:
    """The quantities to keep whole: those asked for, else the usual ones that the graph has."""
    faults = [
        Fault("--keep", 0, name, f"no such quantity; {suggestion(name, project.graph.quantities)}")
        for name in keep
        if name not in project.graph
    ]
    if faults:
        raise InputError(faults)
    return tuple(dict.fromkeys(keep)) or tuple(name for name in KEPT if name in project.graph)


def _refuse_too_large(columns: Columns, folder: Folder, todo: Sequence[Block]) -> None:
    """Refuse a study that the disk has no room for, before it begins."""
    import shutil

    rows = sum(column.stored for column in columns.stored)
    needed = ROOM * 8 * rows * sum(block.draws for block in todo)
    free = shutil.disk_usage(folder.path).free
    if needed > free:
        raise PlannerError(
            f"{folder.path}: the draws need {needed / 1e9:.3g} GB, {free / 1e9:.3g} GB are free; "
            "keep fewer quantities (--keep) or give another folder (--out)"
        )


def _stopped(reached: int, draws: int, out: object) -> str:
    said = f"stopped after {reached:,} of {draws:,} draws"
    return (
        f"{said}; the same command goes on from there"
        if out is not None
        else f"{said}; nothing is kept without --out DIR"
    )
