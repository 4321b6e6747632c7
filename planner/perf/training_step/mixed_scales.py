"""The same as `scales` for models whose layers are not all alike: experts, latent attention, windows, state spaces.

Their layouts say besides how many ranks share the experts; their steps are those of `mixed_step`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.axes import Array
from planner.perf.training_step.layouts import Job, placed_mixture, taken
from planner.perf.training_step.mixed_step import step_terms
from planner.perf.training_step.mixture import Mixture, MixtureSoftware
from planner.perf.training_step.scales import TransformerJobs, best_jobs, stacked
from planner.perf.training_step.step import MIXED_TERMS

if TYPE_CHECKING:
    from planner.perf.kernels import Kernel


@dataclass(frozen=True)
class MixtureJobs(TransformerJobs):
    """Mixtures and hybrids on kinds of hardware at scales where a layout fits: one entry a combination."""

    mixture: Mixture
    expert_software: MixtureSoftware

    def seconds(
        self, of_hardware: Mapping[str, Array], vector_rate: Array, samples: Array | None = None
    ) -> dict[str, Array]:
        """Seconds of a step by cause, by (draw, entry)."""
        terms = step_terms(
            self.configuration,
            self.mixture,
            self.systems(of_hardware),
            self.software,
            self.expert_software,
            self.constants,
        )
        return {name: getattr(terms, name) for name in MIXED_TERMS}

    def kernels(
        self, row: int, of_hardware: Mapping[str, Array], vector_rate: Array
    ) -> list[Kernel]:
        """The kernels of one entry at the first draw."""
        from planner.perf.training_step.listing import mixed_kernels  # to explain a step

        rows, system = slice(row, row + 1), self.system(row, of_hardware)
        configuration, mixture = taken(self.configuration, rows), taken(self.mixture, rows)
        era, experts = taken(self.software, rows), taken(self.expert_software, rows)
        constants = taken(self.constants, rows)
        return mixed_kernels(configuration, mixture, system, era, experts, constants)

    def layout(self, workload: int, hardware: int, scale: int) -> dict[str, int | str] | None:
        """The degrees of one entry, with that of expert parallelism; None where no layout fits."""
        row = self.place(workload, hardware, scale)
        found = super().layout(workload, hardware, scale)
        if found is None or row is None:
            return None
        return found | {"ep": int(self.mixture.ep[row])}


def mixtures_side_by_side(
    jobs: Sequence[tuple[int, int, Job, float]],
    scales: Sequence[float],
    rated: Sequence[float],
) -> MixtureJobs:
    """As `scales.jobs_side_by_side`, of jobs with `experts`."""
    best = best_jobs(jobs, scales)
    mixtures, software = [], []
    for (_, _, job, _), layouts in zip(jobs, best.layouts, strict=True):
        assert job.experts is not None
        mixtures.append(placed_mixture(layouts, job.experts))
        software.append(job.experts.software)
    return MixtureJobs(
        **best.entries(rated),
        mixture=stacked(Mixture, mixtures, best.counts),
        expert_software=stacked(MixtureSoftware, software, best.counts),
    )
