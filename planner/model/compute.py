"""How many accelerators does each site need for everything that runs there, and how busy are they?

Every kind of work says how many accelerators it keeps busy on average; work with a deadline says besides how many it
needs at once. The need is the larger of the two, with room for what a schedule leaves empty.
"""

from __future__ import annotations

import numpy as np

from planner.axes import WORKLOAD, Array, total
from planner.graph import quantity


@quantity(unit="1", axes="month site")
def gpus_work_mean(
    gpus_for_throughput: Array,
    gpus_for_simulation: Array,
    gpus_for_curation: Array,
    gpus_for_relabelling: Array,
) -> Array:
    """Accelerators that all work at the site keeps busy on average: training, simulation, curation."""
    curation = gpus_for_curation + gpus_for_relabelling
    return total(gpus_for_throughput, WORKLOAD) + gpus_for_simulation + curation


@quantity(unit="1", axes="month site")
def gpus_required(
    gpus_release_percentile: Array, gpus_work_mean: Array, training_occupancy: Array
) -> Array:
    """Accelerators needed at each site, unrounded: the larger of release peaks and mean work, over occupancy."""
    return np.maximum(gpus_release_percentile, gpus_work_mean) / training_occupancy


@quantity(unit="1", axes="month site")
def gpus_busy_share(gpus_work_mean: Array, gpus_equivalent: Array) -> Array:
    """Share of the accelerators in service that work on average: the mean work over what is there, at most all."""
    there = np.where(gpus_equivalent > 0, gpus_equivalent, 1.0)
    share = np.minimum(gpus_work_mean / there, 1.0)
    return np.where(gpus_equivalent > 0, share, 0.0)
