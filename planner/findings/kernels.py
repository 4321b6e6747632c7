"""Of which kernels do the steps of the plan's training jobs consist?"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np

from planner.axes import HARDWARE, SCALE, TERM, WORKLOAD, on
from planner.findings.layouts import in_words, training_layouts
from planner.model.training_speed import felt
from planner.perf.kernels import Kernel, largest
from planner.perf.training_jobs import TrainingJobs
from planner.results import Results


@dataclass(frozen=True)
class KernelTable:
    """The kernels of one job's step at the medians, the longest of the step first."""

    workload: str
    hardware: str
    gpus: float
    layout: str  # in words
    step_time: float  # without the error of predictions [s]
    term: str | None  # whose kernels alone are meant
    kernels: tuple[Kernel, ...]


def kernel_tables(
    plan: Results,
    workload: int | None = None,
    hardware: int | None = None,
    scale: int | None = None,
    term: str | None = None,
) -> Iterator[KernelTable]:
    """Of the jobs asked for by position, and of one term by name; else all.

    Without a scale jobs are those on which each release run is laid out.
    """
    jobs = cast("TrainingJobs", plan.project.leaves["training_jobs"])
    names = list(inspect.signature(felt).parameters)
    graph = plan.project.graph
    machines = felt(*(plan.values(n)[0] if n in graph else plan.leaf(n) for n in names))
    times = on(plan.values("step_by_term")[0], WORKLOAD, HARDWARE, SCALE, TERM)[0].sum(axis=-1)
    labels, scales = plan.project.table.labels, plan.leaf("scale_gpus").ravel()
    if scale is None:
        asked = [
            (
                labels[WORKLOAD].index(each.workload),
                labels[HARDWARE].index(each.hardware),
                int(np.flatnonzero(scales == each.gpus)[0]),
            )
            for each in training_layouts(plan)
        ]
    else:
        kinds = np.ndindex(len(labels[WORKLOAD]), len(labels[HARDWARE]))
        asked = [(w, h, scale) for w, h in kinds]
    for w, h, at in asked:
        layout = jobs.layout(w, h, at)
        if layout is None or workload not in (None, w) or hardware not in (None, h):
            continue
        kernels = largest(jobs.kernels(w, h, at, **machines))
        yield KernelTable(
            labels[WORKLOAD][w],
            labels[HARDWARE][h],
            float(scales[at]),
            in_words(layout),
            float(times[w, h, at]),
            term,
            tuple(each for each in kernels if term in (None, each.term)),
        )
