"""How do several processes compute the blocks of a study, whatever befalls them?

Each worker gets one block at a time and writes it to the folder itself; only block numbers and words go through its
pipe. The block of a worker that dies is given to a new one, three times at most. A worker whose parent is gone leaves
without a trace. Workers are forked where the system forks, so that they have the project at once; elsewhere each loads
the scenario again.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shlex
import signal
import traceback
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Protocol

from planner.axes import Array
from planner.errors import PlannerError
from planner.project import Project, load
from planner.study.blocks import MERGED_AT_ONCE, Block, Folder, StudyError
from planner.study.columns import Columns
from planner.study.manifest import manifest_of
from planner.study.mixing import refuse_mixed
from planner.study.processes import keep_memory, one_thread
from planner.study.sampling import Sampler
from planner.study.sketch import Sketch

PATIENCE = 0.5  # seconds between two looks at whether the parent is still there
DEATHS = 3  # of workers at one block, before it is given up
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Task:
    """What it takes to compute any block of a study."""

    project: Project
    columns: Columns
    sampler: Sampler
    folder: Folder

    @classmethod
    def of(cls, project: Project, keep: Sequence[str], seed: int, folder: Folder) -> Task:
        return cls(
            project,
            Columns.of(project, keep),
            Sampler.of(project.table, seed, project.as_written),
            folder,
        )

    def task(self) -> Task:
        return self

    def compute(self, block: Block) -> tuple[Array, Sketch]:
        """The kept numbers of a block, [row, draw], and the sketch of the others."""
        if block.start == 0:
            refuse_mixed(self.project, self.sampler, self.columns.wanted)
        leaves = self.project.table.redrawn(self.sampler.draws(*block))
        results = self.project.run(self.columns.wanted, leaves, block.draws)
        numbers = self.columns.stored_of(results, block.draws)
        return numbers, Sketch.of(self.columns.counted_of(results, block.draws))


@dataclass(frozen=True)
class Recipe:
    """How a process that shares no memory gets the same task: the scenario and the options that changed it."""

    scenario: Path
    changes: tuple[str, ...]
    manifest: Mapping[str, Any]
    folder: Path

    @classmethod
    def of(cls, task: Task, manifest: Mapping[str, Any]) -> Recipe:
        path = Path(task.project.inputs.path).absolute()
        return cls(path, task.project.changes, manifest, task.folder.path.absolute())

    def task(self) -> Task:
        """The task, from files, which have to say what they said when the study began."""
        project, keep, seed = self.project(), self.manifest["keep"], self.manifest["seed"]
        if manifest_of(project, self.manifest["draws"], seed, keep) != self.manifest:
            raise StudyError(f"{self.scenario}: does not say what it did when the study began")
        return Task.of(project, keep, seed, Folder(self.folder))

    def project(self) -> Project:
        given: dict[str, list[str]] = {}
        for change in self.changes:
            option, *text = shlex.split(change)
            given.setdefault(option, []).extend(text)
        return load(
            self.scenario,
            set=given.get("--set", []),
            set_quantity=given.get("--set-quantity", []),
            with_modules=given.get("--with", []),
            hardware=given["--hardware"][0] if "--hardware" in given else None,
            profiles=given.get("--profiles", []),
            rules_as_of=given["--rules-as-of"][0] if "--rules-as-of" in given else None,
            allow_export_violation="--allow-export-violation" in given,
        )


class Source(Protocol):
    """Whatever a worker gets its task from."""

    def task(self) -> Task: ...


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    block: Block | None = None


def compute(
    source: Source,
    folder: Folder,
    blocks: Sequence[Block],
    workers: int,
    method: str,
    progress: Progress,
) -> None:
    """Have all blocks computed; raises what a worker could not mend. `progress` is told of draws as they are done."""
    pending = deque(blocks)
    deaths: Counter[Block] = Counter()
    unmerged: list[Block] = []
    context = multiprocessing.get_context(method)
    team: list[_Worker] = []
    try:
        while pending or any(worker.block for worker in team):
            while pending and len(team) < min(workers, len(blocks)):
                team.append(_hired(context, source))
            for worker in team:
                if pending and worker.block is None:
                    worker.block = pending.popleft()
                    with contextlib.suppress(OSError):  # it has died; its end is seen below
                        worker.pipe.send(worker.block)
            wait([each for worker in team for each in (worker.pipe, worker.process.sentinel)])
            for worker in list(team):
                heard, answer = _heard(worker)
                if heard and worker.block:
                    _raise(answer, worker.block)
                    unmerged.append(worker.block)
                    progress(worker.block.draws)
                    worker.block = None
                elif not worker.process.is_alive():
                    team.remove(worker)
                    worker.pipe.close()
                    if worker.block:
                        _note_death(worker, deaths)
                        pending.appendleft(worker.block)
            if len(unmerged) >= MERGED_AT_ONCE:
                folder.merge(unmerged)
                unmerged.clear()
        for worker in team:
            with contextlib.suppress(OSError):
                worker.pipe.send(None)
        for worker in team:
            worker.process.join(10 * PATIENCE)
    finally:
        for worker in team:
            worker.process.kill()
            worker.process.join()
            worker.pipe.close()


def _hired(context: Any, source: Source) -> _Worker:
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(source, theirs, os.getpid()), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _heard(worker: _Worker) -> tuple[bool, Any]:
    """Whether a worker said something, and what; one whose pipe has ended is gone."""
    try:
        return (True, worker.pipe.recv()) if worker.pipe.poll() else (False, None)
    except (EOFError, OSError):
        worker.process.join()
        return False, None


def _raise(answer: Any, block: Block) -> None:
    """Raise the error that a worker met, with the draws in which it met it."""
    if isinstance(answer, OSError):
        raise answer
    if answer is not None:
        raise answer[0](f"draws {block.start} to {block.stop - 1}: {answer[1]}")


def _note_death(worker: _Worker, deaths: Counter[Block]) -> None:
    """Count a death, and give up at the third."""
    block = worker.block
    assert block is not None
    worker.process.join()
    deaths[block] += 1
    if deaths[block] < DEATHS:
        return
    code = worker.process.exitcode or 0
    how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    hint = "; is there too little memory?" if code == -9 else ""
    raise StudyError(
        f"draws {block.start} to {block.stop - 1}: {DEATHS} workers died of them ({how}){hint}"
    )


def _work(source: Source, pipe: Connection, parent: int) -> None:
    """The life of a worker: one block after the other until there is none, or nobody to tell."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    one_thread()
    keep_memory()
    with contextlib.suppress(EOFError, BrokenPipeError):
        task = cache(source.task)
        while True:
            while not pipe.poll(PATIENCE):
                if os.getppid() != parent:
                    return
            block = pipe.recv()
            if block is None:
                return
            pipe.send(_done(task, Block(*block), parent))


def _done(task: Callable[[], Task], block: Block, parent: int) -> object:
    """None for a block that is written; otherwise what to say."""
    try:
        numbers, sketch = task().compute(block)
        if os.getppid() == parent:  # else another run may have taken over the folder
            task().folder.write(block, numbers, sketch)
    except OSError as error:
        return error
    except PlannerError as error:
        return PlannerError, str(error)
    except Exception:
        return RuntimeError, traceback.format_exc()
    return None
