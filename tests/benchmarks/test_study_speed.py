"""How many whole plans of the shipped scenario are drawn a second, and what does all that is not the plan cost?"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from planner.headline import HEADLINE
from planner.project import Project, load
from planner.study.blocks import Block, Folder
from planner.study.columns import KEPT
from planner.study.sampling import Sampler
from planner.study.simulation import BLOCK, cores, simulate
from planner.study.workers import Task, keep_memory, one_thread

DRAWS = 2 * BLOCK
MANY = 16 * BLOCK
PROJECTS: dict[str, Project] = {}  # of the parent, for its forked workers
ROUNDS = 3

SpeedLimit = Callable[[str, float, float], None]


@pytest.fixture(scope="module")
def project() -> Project:
    project = load("5pct_ev_market")
    simulate(project, 2)  # what is made once is made before the clock runs
    return project


def _plans_of(name: str, start: int) -> None:
    """Whole plans of one worker, of which nothing is kept."""
    one_thread()
    keep_memory()
    project = PROJECTS[name]
    leaves = project.table.redrawn(Sampler.of(project.table, 1).draws(start, start + DRAWS))
    project.run(HEADLINE, leaves, DRAWS)


def test_plans_a_second(project: Project, speed_limit: SpeedLimit) -> None:
    PROJECTS["headline"] = project
    with multiprocessing.get_context("fork").Pool(cores()) as pool:

        def seconds() -> float:
            begun = time.perf_counter()
            pool.starmap(_plans_of, [("headline", i * DRAWS) for i in range(cores())], chunksize=1)
            return time.perf_counter() - begun

        seconds()
        best = min(seconds() for _ in range(ROUNDS))
    speed_limit("a drawn plan, on all cores [ms]", 1e3 * best / (cores() * DRAWS), 0.5)


def test_studies_with_their_files(project: Project, speed_limit: SpeedLimit) -> None:
    def seconds(workers: int) -> float:
        start = time.perf_counter()
        simulate(project, MANY, workers=workers)
        return time.perf_counter() - start

    all_cores = seconds(cores())
    speed_limit("a drawn plan with its files, on all cores [ms]", 1e3 * all_cores / MANY, 0.7)
    if cores() > 1:
        speed_limit("two workers in times of one", seconds(2) / seconds(1), 1 / 1.7)


def test_sampling_keeping_and_counting_are_little_beside_the_plan(
    project: Project, tmp_path: Path, speed_limit: SpeedLimit
) -> None:
    (tmp_path / "blocks").mkdir()
    task = Task.of(project, KEPT, 1, Folder(tmp_path))
    leaves = project.table.redrawn(task.sampler.draws(0, BLOCK))
    project.run(task.columns.wanted, leaves, BLOCK)

    def plans() -> float:
        start = time.perf_counter()
        project.run(task.columns.wanted, leaves, BLOCK)
        return time.perf_counter() - start

    def blocks() -> float:
        start = time.perf_counter()
        task.folder.write(Block(0, BLOCK), *task.compute(Block(0, BLOCK)))
        return time.perf_counter() - start

    whole, bare = (min(each() for _ in range(ROUNDS)) for each in (blocks, plans))
    speed_limit("a written block in times of its plans", whole / bare, 1.25)
