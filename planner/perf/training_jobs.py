"""How long is a step of each of a plan's training jobs, on each kind of hardware and scale, and what takes the time?

Jobs are of several kinds, dense transformers, mixtures and hybrids, and image networks, each with physics of its own. A
kind says what its entries take by cause; here they are laid out on the same axes and one list of causes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from planner.axes import Array
from planner.perf.image_step import jobs as image
from planner.perf.training_step.layouts import Indices
from planner.perf.training_step.step import MIXED_TERMS

if TYPE_CHECKING:
    from planner.perf.kernels import Kernel

TERMS = tuple(dict.fromkeys((*MIXED_TERMS, *image.TERMS.values())))
"""Causes that the time of a step has; what is the same in several kinds of jobs has one name."""


class Steps(Protocol):
    """Jobs of one kind, one entry a workload, kind of hardware and scale at which the job runs."""

    @property
    def workload(self) -> Indices:
        """Of every entry."""

    @property
    def hardware(self) -> Indices:
        """Of every entry."""

    @property
    def scale(self) -> Indices:
        """Of every entry."""

    def seconds(
        self, of_hardware: Mapping[str, Array], vector_rate: Array, samples: Array | None = None
    ) -> Mapping[str, Array]:
        """Seconds of a step by cause, each by (draw, entry); `samples` of a step by (draw, workload)."""

    def place(self, workload: int, hardware: int, scale: int) -> int | None:
        """The position of one entry; None where there is none."""

    def layout(self, workload: int, hardware: int, scale: int) -> dict[str, int | str] | None:
        """The degrees of one entry; None where there is none."""

    def kernels(
        self, row: int, of_hardware: Mapping[str, Array], vector_rate: Array
    ) -> list[Kernel]:
        """The kernels of one entry's step, in the first draw."""


@dataclass(frozen=True)
class TrainingJobs:
    """All training jobs whose steps are predicted."""

    kinds: Sequence[Steps]
    shape: tuple[int, int, int]  # workloads, kinds of hardware, scales

    def __len__(self) -> int:
        """Jobs, each at one scale."""
        return sum(len(kind.workload) for kind in self.kinds)

    def by_term(
        self, vector_rate: Array, samples: Array | None = None, **of_hardware: Array
    ) -> Array:
        """Seconds of a step by cause, shape (draw, workload, hardware, scale, term); 0 where no job runs.

        `vector_rate` is the 32-bit peak outside the matrix units [FLOP/s], by (draw, kind of hardware); the others are
        fields of `System`, so too, that of linears by (draw, workload, kind). `samples` of a step by (draw, workload)
        may differ from those that a job was made for, where its layout allows: image networks share out as many as
        there are, transformers keep those of their layouts.
        """
        parts = [(kind, kind.seconds(of_hardware, vector_rate, samples)) for kind in self.kinds]
        draws = max((len(x) for _, terms in parts for x in terms.values() if x.ndim > 1), default=1)
        found = np.zeros((*self.shape, len(TERMS), draws))
        for kind, terms in parts:
            for name, values in terms.items():
                found[kind.workload, kind.hardware, kind.scale, TERMS.index(name)] = np.atleast_2d(
                    values
                ).T
        return np.moveaxis(found, -1, 0)

    def predicted(self) -> Array:
        """1 where a job runs, else 0, shape (workload, hardware, scale)."""
        found = np.zeros(self.shape)
        for kind in self.kinds:
            found[kind.workload, kind.hardware, kind.scale] = 1.0
        return found

    def kernels(
        self, workload: int, hardware: int, scale: int, vector_rate: Array, **of_hardware: Array
    ) -> list[Kernel]:
        """The kernels of one job's step in the first draw, none where it does not run; hardware as in `by_term`."""
        for kind in self.kinds:
            row = kind.place(workload, hardware, scale)
            if row is not None:
                return kind.kernels(row, of_hardware, vector_rate)
        return []

    def layout(self, workload: int, hardware: int, scale: int) -> dict[str, int | str] | None:
        """The degrees of one job; None where none runs."""
        found = (kind.layout(workload, hardware, scale) for kind in self.kinds)
        return next((each for each in found if each), None)
