"""How many accelerators does each site need for everything that runs there, and how busy are they?

Every kind of work says how many accelerators it keeps busy on average; work with a deadline or with people waiting for
it says besides how many it needs at once. The need is the larger of the two, with room for what a schedule leaves
empty, and on top of it what the services need at the busiest hour, for they cannot wait.

Work that may be stopped at any time (preemptible) fills what deadlines and waiting limits leave idle. It may also run
on what the services leave idle between their mean and their peak, as far as the policy lets it; the need for mean
work is that much smaller. So preemptible work never adds to the accelerators needed at once.
"""

from __future__ import annotations

import numpy as np

from planner.axes import WORKLOAD, Array, total
from planner.graph import quantity


@quantity(unit="1", axes="month site")
def gpus_work_mean(
    gpus_for_throughput: Array,
    gpus_for_simulation: Array,
    gpus_services_waiting: Array,
    gpus_for_curation: Array,
    gpus_for_relabelling: Array,
) -> Array:
    """Accelerators that all work but live services keeps busy on average.

    Release runs and experiments, simulation, services that may wait, curation and labelling anew.
    """
    curation = gpus_for_curation + gpus_for_relabelling
    training = total(gpus_for_throughput, WORKLOAD)
    return training + gpus_for_simulation + gpus_services_waiting + curation


@quantity(unit="1", axes="month site")
def gpus_work_preemptible(
    gpus_for_experiments: Array,
    workload_preemptible_share: Array,
    gpus_for_simulation: Array,
    gpus_services_waiting: Array,
    gpus_for_curation: Array,
    gpus_for_relabelling: Array,
) -> Array:
    """The part of the mean work that may be stopped at any time and fills idle accelerators."""
    experiments = total(gpus_for_experiments * workload_preemptible_share, WORKLOAD)
    curation = gpus_for_curation + gpus_for_relabelling
    return experiments + gpus_for_simulation + gpus_services_waiting + curation


@quantity(unit="1", axes="month site")
def gpus_filled_between_peaks(
    gpus_work_preemptible: Array,
    gpus_serving_peak: Array,
    gpus_serving_mean: Array,
    training_idle_service_use: Array,
    training_occupancy: Array,
) -> Array:
    """Mean preemptible work on accelerators that stand by for the services' peaks, as full as a schedule fills them."""
    idle = np.maximum(gpus_serving_peak - gpus_serving_mean, 0.0)
    return np.minimum(gpus_work_preemptible, idle * training_idle_service_use * training_occupancy)


@quantity(unit="1", axes="month site")
def gpus_required(
    gpus_for_queue: Array,
    gpus_work_mean: Array,
    gpus_filled_between_peaks: Array,
    training_occupancy: Array,
    gpus_serving_peak: Array,
) -> Array:
    """Accelerators needed at each site, unrounded.

    The larger of what release deadlines and waiting limits need at once, and the mean work that the services' idle
    hours do not take, over occupancy; and the services' peak.
    """
    mean = (gpus_work_mean - gpus_filled_between_peaks) / training_occupancy
    return np.maximum(gpus_for_queue, mean) + gpus_serving_peak


@quantity(unit="1", axes="month site")
def gpus_busy_share(
    gpus_work_mean: Array, gpus_serving_mean: Array, gpus_equivalent: Array
) -> Array:
    """Share of the accelerators in service that work on average: all mean work over what is there, at most all."""
    there = np.where(gpus_equivalent > 0, gpus_equivalent, 1.0)
    share = np.minimum((gpus_work_mean + gpus_serving_mean) / there, 1.0)
    return np.where(gpus_equivalent > 0, share, 0.0)
