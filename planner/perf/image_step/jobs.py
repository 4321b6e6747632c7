"""Image networks of a plan at several scales: how long is their step on so many accelerators?

Every accelerator takes its part of a step's samples, in as many passes as its memory demands. Accelerators beyond the
samples have nothing to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from planner.axes import Array
from planner.perf.image_step.constants import Constants
from planner.perf.image_step.kernels import Cores, Moves, Network, Products
from planner.perf.image_step.step import Runs, step_terms
from planner.perf.training_step.entries import Entries

if TYPE_CHECKING:
    from planner.perf.kernels import Kernel

Record = TypeVar("Record")

FILLED = 0.7  # share of memory for activations; assumed
TERMS = {
    "products": "matrix_products",
    "attention": "attention_core",
    "memory": "memory_kernels",
    "kernel_gaps": "kernel_gaps",
    "optimiser": "optimiser",
    "host": "host_launches",
    "reduction": "gradient_reduction",
    "straggling": "scale",
}
"""Causes of `StepTerms` and their names among those of all jobs. Samples are not shared and loaders not waited for."""


def samples_that_fit(network: Network, memory: float, width: float) -> float:
    """Samples whose activations of `width` bytes fit in the memory of one accelerator; what kernels write is kept."""
    elements = np.sum(network.products.count * network.products.written)
    elements += np.sum(network.moves.count * network.moves.elements)
    return float(FILLED * memory / (elements * width))


def passes(samples: Array, gpus: Array, fitting: Array) -> tuple[Array, Array, Array]:
    """Accelerators that work on a step's samples, the passes that each takes and the samples of a pass.

    The fullest accelerator sets the pace; one sample is taken to fit.
    """
    replicas = np.minimum(gpus, samples)
    each = np.ceil(samples / replicas)
    number = np.ceil(each / np.maximum(1.0, np.floor(fitting)))
    return replicas, number, np.ceil(each / number)


def _alone(record: Record, row: int) -> Record:
    """One run of a record with an entry a run; what all runs share stays."""
    own = {name: x[row : row + 1] for name, x in vars(record).items() if isinstance(x, np.ndarray)}
    return type(record)(**{**vars(record), **own})


def _own(record: Record, row: int) -> Record:
    """The kernels of one run."""
    mine = record.owner == row  # type: ignore[attr-defined]
    own = {name: x[mine] for name, x in vars(record).items()}
    return type(record)(**{**own, "owner": np.zeros_like(own["owner"])})


@dataclass(frozen=True)
class ImageJobs(Entries):
    """Image networks on kinds of hardware at scales, side by side: one entry a combination."""

    runs: Runs
    fitting: Array  # samples of a pass for which an accelerator has the memory
    products: Products
    cores: Cores
    moves: Moves
    constants: Constants

    def seconds(
        self, of_hardware: Mapping[str, Array], vector_rate: Array, samples: Array | None = None
    ) -> dict[str, Array]:
        """Seconds of a step by cause, by (draw, entry); convolutions run at the 16-bit peak.

        `samples` of a step by (draw, workload), in place of those that the jobs were made for.
        """
        system, runs = self.systems(of_hardware), self.runs
        if samples is not None:
            several = samples[:, self.workload]
            replicas, number, batch = passes(several, runs.system.gpus, self.fitting)
            runs = replace(runs, replicas=replicas, accumulated=number, batch=batch)
        runs = replace(
            runs,
            system=system,
            matrix_rate=system.peak_16,
            vector_rate=vector_rate[:, self.hardware],
        )
        terms = step_terms(runs, self.products, self.cores, self.moves, self.constants)
        return {name: getattr(terms, own) for own, name in TERMS.items()}

    def kernels(
        self, row: int, of_hardware: Mapping[str, Array], vector_rate: Array
    ) -> list[Kernel]:
        """The kernels of one entry at the first draw."""
        from planner.perf.image_step.listing import image_kernels  # to explain a step

        system = self.system(row, of_hardware)
        runs = replace(
            _alone(self.runs, row),
            system=system,
            matrix_rate=system.peak_16,
            vector_rate=vector_rate[:1, self.hardware[row]],
        )
        own = (_own(self.products, row), _own(self.cores, row), _own(self.moves, row))
        return image_kernels(runs, *own, _alone(self.constants, row))

    def layout(self, workload: int, hardware: int, scale: int) -> dict[str, int | str] | None:
        """The degrees of one entry by the names of `planner layout`; None where there is none."""
        row = self.place(workload, hardware, scale)
        if row is None:
            return None
        return {
            "tp": 1,
            "pp": 1,
            "dp": int(self.runs.replicas[row]),
            "cp": 1,
            "interleave": 1,
            "micro_batch": int(self.runs.batch[row]),
            "recompute": "none",
            "zero_stage": 0,
            "shard_group": 1,
            "ep": 1,
        }
