"""How many layouts of a training job are looked at a second, and what does a plan's choice of one cost?

The search is a process of its own, timed from outside; what a process that only imports the same takes is subtracted.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

from planner.perf.training_step.layouts import FEW, best_layout, evaluate, legal
from planner.study.layouts.jobs import job_of_task
from planner.study.layouts.task import enumerated, read
from tests.study.test_layout_task import TASK

ROOT = Path(__file__).parents[2]
ROUNDS = 3
LAYOUTS = 88_484  # of cli-64
IMPORTS = "import numpy, pydantic, yaml, pint, typer, planner.cli.app, planner.study.layouts.answer"

SpeedLimit = Callable[[str, float, float], None]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "task.json"
    path.write_text(json.dumps(TASK))
    return path


def seconds(*command: str) -> float:
    """Median of a process on one core; a first round, not counted, fills the caches."""
    taken = []
    for _ in range(ROUNDS + 1):
        start = perf_counter()
        subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        taken.append(perf_counter() - start)
    return statistics.median(taken[1:])


def test_layouts_a_second_of_a_whole_process(file: Path, speed_limit: SpeedLimit) -> None:
    search = ("-m", "planner", "layout", "--task", str(file), "--search", "cli-64", "--json")
    work = max(seconds(*search) - seconds("-c", IMPORTS), 1e-3)
    speed_limit("microseconds a layout of cli-64, imports apart", 1e6 * work / LAYOUTS, 10.0)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    speed_limit("memory of the process [GB]", peak, 1.0)


def test_layouts_a_second_of_the_search_alone(file: Path, speed_limit: SpeedLimit) -> None:
    search = read(file, "cli-64")
    job, _ = job_of_task(search)

    def once() -> float:
        start = perf_counter()
        evaluate(enumerated(search, job).layouts, job)
        return perf_counter() - start

    work = min(once() for _ in range(ROUNDS))
    speed_limit("microseconds a layout of cli-64, search alone", 1e6 * work / LAYOUTS, 2.0)


def test_ten_choices_of_a_layout(file: Path, speed_limit: SpeedLimit) -> None:
    search = read(file, "core-512")
    job, _ = job_of_task(search)
    assert 300 < len(legal(job, 512.0, 512.0, FEW)) < 3000

    def ten() -> float:
        start = perf_counter()
        for gpus in 2.0 ** np.arange(5, 15):
            best_layout(job, float(gpus), 16384.0)
        return perf_counter() - start

    ten()
    speed_limit("ten choices of a layout [ms]", 1e3 * min(ten() for _ in range(ROUNDS)), 50.0)
