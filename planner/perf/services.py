"""How fast is an accelerator at a service, when does the day's demand peak, how long does a video take?

Throughput is taken from a measurement on one accelerator and carried to another by the lower of two ratios: dense
peak and memory bandwidth, for prompts are bound by arithmetic and tokens by memory (Williams et al., "Roofline",
Communications of the ACM 52(4), 2009). Memory capacity is left out, and it counts: from H100 to GH200 models that fit
easily come out 1 to 18 % too slow (8 billion parameters, detection), a model of 70 billion, which leaves an H100 hardly
any room for its cache, 21 to 56 %. Carried down to the H100 it is 1.1 to 1.9 times too fast: measure on what is bought.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array
from planner.perf.day import relative_rate


def carried_over(peak_ratio: Array, bandwidth_ratio: Array) -> Array:
    """Speed on another accelerator over that on the measured one: the lower of the two ratios."""
    return np.minimum(peak_ratio, bandwidth_ratio)


def demand_by_hour(profile: Array, offset: Array) -> Array:
    """Demand of each service in each UTC hour over its daily mean, shape (draw, hour, service).

    `profile` (draw, hour, service): weights of local hours, of any sum; `offset` (draw, service): local less UTC [s].
    """
    each = relative_rate(profile, offset)
    return np.asarray(np.einsum("dhss->dhs", each))


def summary_time(chunks: Array, fixed: Array, rate: Array) -> Array:
    """Time to summarise a video cut into `chunks` [s]: along each line a fixed time and a rate, and the least of them.

    Measured times bend: a short video leaves the pipeline unfilled, so its own line starts lower and rises faster. All
    arguments (draw, line).
    """
    return fixed + chunks / rate
