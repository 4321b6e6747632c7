"""Training jobs of a plan as entries: one a workload, kind of hardware and scale at which the job runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from planner.axes import Array
from planner.perf.training_step.configuration import System
from planner.perf.training_step.layouts import Indices


@dataclass(frozen=True)
class Entries:
    """Workloads on kinds of hardware at scales, side by side: one entry a combination."""

    workload: Indices
    hardware: Indices
    scale: Indices
    rated: Array  # peak to predict with over that which the chip states
    wiring: System  # what of the systems no number of the plan says; its other fields are replaced

    def systems(self, of_hardware: Mapping[str, Array]) -> System:
        """The systems of all entries; each field by (draw, kind of hardware), of linears by (draw, workload, kind)."""
        own = {
            name: values[:, self.workload, self.hardware]
            if values.ndim > 2
            else values[:, self.hardware]
            for name, values in of_hardware.items()
        }
        for name in ("peak_16", "peak_linear"):
            own[name] = own[name] * self.rated
        return System(**{**vars(self.wiring), **own})

    def system(self, row: int, of_hardware: Mapping[str, Array]) -> System:
        """The system of one entry in the first draw, as a record of length 1."""
        numbers = {
            name: np.atleast_2d(values)[0, [row if values.shape[-1] > 1 else 0]]
            for name, values in vars(self.systems(of_hardware)).items()
        }
        return System(**numbers)

    def place(self, workload: int, hardware: int, scale: int) -> int | None:
        """The position of one entry; None where there is none."""
        here = (self.workload == workload) & (self.hardware == hardware) & (self.scale == scale)
        places = here.nonzero()[0]
        return int(places[0]) if len(places) else None
