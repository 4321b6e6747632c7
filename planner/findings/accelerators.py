"""What decides how many accelerators are needed: deadlines, waiting, mean work, services?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from planner.axes import MONTH, SITE, Array, on
from planner.results import Results

DEADLINES = "release deadlines"
WAITING = "waiting time of experiments"
MEAN = "mean work of training, curation and simulation"
NOTHING, HALF = 0.005, 0.5  # shares of the need


def decides_gpus(plan: Results) -> npt.NDArray[np.str_]:
    """The need that is the largest in each month of the horizon, over all sites; "" where nothing is needed.

    What experiments wait for stands beside the release runs: where there is any, it decides with them.
    """
    at_once, waiting = _by_month(plan, "gpus_for_queue"), _by_month(plan, "gpus_for_waiting")
    occupancy = float(plan.leaf("training_occupancy").flat[0])
    mean = _by_month(plan, "gpus_work_mean") - _by_month(plan, "gpus_filled_between_peaks")
    mean = mean / occupancy
    decides = np.where(mean > at_once, MEAN, np.where(waiting > 0, WAITING, DEADLINES))
    return np.where((mean > 0) | (at_once > 0), decides, "")


def services_share(plan: Results) -> float:
    """The largest share of the need that the services are in any month of the horizon."""
    serving, needed = _by_month(plan, "gpus_serving_peak"), _by_month(plan, "gpus_required")
    return float((serving / np.where(needed > 0, needed, 1.0)).max())


def what_sets_gpus(plan: Results, course: str) -> str:
    """What decides how many there are, as a line; `course` is what decides of those that serve nothing.

    Where services take the larger part they are named first: what the rest is bound by decides little.
    """
    share = services_share(plan)
    percent = f"{100 * share:.0f} %"
    if share < NOTHING:
        return f"GPUs: {course}"
    if share <= HALF:
        return f"GPUs: {course}; services take up to {percent}"
    if percent == "100 %":
        return "GPUs: bound by the busiest hour of the services, which take all but a few"
    return f"GPUs: bound by the busiest hour of the services, which take up to {percent}; the rest {course}"


def _by_month(plan: Results, name: str) -> Array:
    (values,) = plan.values(name)
    return np.asarray(on(values, MONTH, SITE)[0][plan.horizon].sum(axis=1))
