"""The layouts of training jobs at several scales: which is best on so many accelerators, and how long is its step?

Layouts are discrete and chosen once; what they take follows from the hardware's numbers and may be computed again for
any of these. A step on more accelerators takes less time, but not in proportion: fewer micro-batches fill a pipeline
and hide a reduction less, and larger groups wait for each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, TypedDict, TypeVar

import numpy as np

from planner.axes import Array
from planner.perf.training_step.configuration import Placed, Software, System
from planner.perf.training_step.constants import Constants
from planner.perf.training_step.entries import Entries
from planner.perf.training_step.layouts import (
    FEW,
    RECOMPUTED,
    Indices,
    Job,
    Layouts,
    Space,
    configuration,
    evaluate,
    fits,
    legal,
    taken,
)
from planner.perf.training_step.step import TERMS, step_terms

if TYPE_CHECKING:
    from planner.perf.kernels import Kernel

Record = TypeVar("Record")

SCALES = tuple(2**power for power in range(3, 15))  # accelerators, 8 to 16,384


def best_at_scales(
    job: Job, scales: Sequence[float], batch: float, space: Space = FEW
) -> tuple[Indices, Layouts]:
    """The positions of the scales at which a layout of `space` fits, and for each the one with the shortest step.

    `batch` is the number of sequences of a step.
    """
    several = [legal(job, gpus, batch, space) for gpus in scales]
    every = _joined(several)
    found = evaluate(every, job)
    time = np.where(fits(found, job.store), found.step_time, np.inf)
    ends = np.cumsum([len(each) for each in several])
    best = [
        (scale, start + int(np.argmin(time[start:end])))
        for scale, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True))
        if end > start and np.isfinite(time[start:end]).any()
    ]
    rows = np.array([row for _, row in best], dtype=np.intp)
    return np.array([scale for scale, _ in best], dtype=np.intp), taken(every, rows)


@dataclass(frozen=True)
class TransformerJobs(Entries):
    """Workloads on kinds of hardware at scales where a layout fits, side by side: one entry a combination."""

    configuration: Placed
    software: Software
    constants: Constants

    def seconds(
        self, of_hardware: Mapping[str, Array], vector_rate: Array, samples: Array | None = None
    ) -> dict[str, Array]:
        """Seconds of a step by cause, by (draw, entry); the layouts say how many sequences a step has.

        Nothing runs outside the matrix units but memory kernels.
        """
        terms = step_terms(
            self.configuration, self.systems(of_hardware), self.software, self.constants
        )
        return {name: getattr(terms, name) for name in TERMS}

    def kernels(
        self, row: int, of_hardware: Mapping[str, Array], vector_rate: Array
    ) -> list[Kernel]:
        """The kernels of one entry at the first draw."""
        from planner.perf.training_step.listing import dense_kernels  # to explain a step

        rows, system = slice(row, row + 1), self.system(row, of_hardware)
        era, constants = taken(self.software, rows), taken(self.constants, rows)
        return dense_kernels(taken(self.configuration, rows), system, era, constants)

    def layout(self, workload: int, hardware: int, scale: int) -> dict[str, int | str] | None:
        """The degrees of one entry by the names of `planner layout`; None where no layout fits."""
        row, c = self.place(workload, hardware, scale), self.configuration
        if row is None:
            return None

        def number(name: str) -> int:
            values = getattr(c, name)
            return int(values[row if len(values) > 1 else 0])

        recomputed = RECOMPUTED[number("recompute_block"), number("recompute_core")]
        return {
            "tp": number("tp"),
            "pp": number("pp"),
            "dp": number("dp"),
            "cp": number("cp"),
            "interleave": number("vpp"),
            "micro_batch": number("micro_batch"),
            "recompute": recomputed,
            "zero_stage": number("zero_stage"),
            "shard_group": number("shard_group"),
            "ep": 1,
        }


def _joined(several: Sequence[Layouts]) -> Layouts:
    """Layouts one after the other; what has length 1 in one of them is spread."""
    return Layouts(
        **{
            field.name: np.concatenate(
                [np.broadcast_to(getattr(each, field.name), len(each)) for each in several]
            )
            for field in fields(Layouts)
        }
    )


def jobs_side_by_side(
    jobs: Sequence[tuple[int, int, Job, float]],
    scales: Sequence[float],
    rated: Sequence[float],
) -> TransformerJobs:
    """The best layouts of jobs, each with its workload, kind of hardware and batch; `rated` by kind of hardware."""
    return TransformerJobs(**best_jobs(jobs, scales).entries(rated))


class Laid(TypedDict):
    """What the entries of all kinds of transformers have."""

    workload: Indices
    hardware: Indices
    scale: Indices
    configuration: Placed
    software: Software
    constants: Constants
    rated: Array
    wiring: System


@dataclass(frozen=True)
class BestJobs:
    """Jobs with their best layouts at the scales at which one fits."""

    jobs: Sequence[tuple[int, int, Job, float]]
    positions: Sequence[Indices]  # of the scales, by job
    layouts: Sequence[Layouts]  # as many each

    @property
    def counts(self) -> list[int]:
        """Scales of each job at which a layout fits."""
        return [len(each) for each in self.positions]

    def entries(self, rated: Sequence[float]) -> Laid:
        """All of them one after the other; `rated` by kind of hardware."""

        def spread(values: Sequence[int]) -> Indices:
            return np.repeat(np.array(values, dtype=np.intp), self.counts)

        jobs = [job for _, _, job, _ in self.jobs]
        laid_out = zip(self.layouts, jobs, strict=True)
        hardware = spread([h for _, h, *_ in self.jobs])
        return Laid(
            workload=spread([w for w, *_ in self.jobs]),
            hardware=hardware,
            scale=np.concatenate([*self.positions, hardware[:0]]),
            configuration=stacked(Placed, [configuration(*each) for each in laid_out], self.counts),
            software=stacked(Software, [job.software for job in jobs], self.counts),
            constants=stacked(Constants, [job.constants for job in jobs], self.counts),
            rated=np.asarray(rated, dtype=np.float64)[hardware],
            wiring=stacked(System, [job.system for job in jobs], self.counts),
        )


def best_jobs(jobs: Sequence[tuple[int, int, Job, float]], scales: Sequence[float]) -> BestJobs:
    """Jobs, each with its workload, kind of hardware and batch, and their best layouts."""
    found = [best_at_scales(job, scales, batch) for _, _, job, batch in jobs]
    return BestJobs(jobs, [positions for positions, _ in found], [best for _, best in found])


def stacked(kind: type[Record], records: Sequence[Record], counts: Sequence[int]) -> Record:
    """Records one after the other, each spread to its count of entries; numbers are the same in all."""
    columns = {}
    for field in fields(kind):  # type: ignore[arg-type]
        values = [getattr(record, field.name) for record in records]
        numbers = [np.broadcast_to(x, n) for x, n in zip(values, counts, strict=True)]
        columns[field.name] = np.concatenate(numbers) if numbers else np.zeros(0)
    return kind(**columns)
