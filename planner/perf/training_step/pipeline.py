"""What do pipeline stages add: a bubble, a slowest stage, and sends between stages?

1F1B and its interleaved form (Narayanan et al., SC21, arXiv 2104.04473, section 2.2): a step is all micro-batches at
the pace of the slowest stage, plus filling and draining through the others, which interleaving divides. The head sits
on the last stage; where layers do not divide by stages but layers + 2 do, embedding and head take a layer's place
each. Done: the above. Not done: zero-bubble schedules, stages chosen freely.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array
from planner.perf.training_step.collectives import ARRIVAL, send
from planner.perf.training_step.configuration import Configuration, System


def slowest_stage(c: Configuration, layer: Array, head: Array) -> Array:
    """Seconds of the slowest stage for one micro-batch."""
    even = np.ceil(c.layers / c.pp - 1e-9)
    swapped = (np.mod(c.layers, c.pp) > 0.0) & (np.mod(c.layers + 2.0, c.pp) == 0.0)
    most = np.where(swapped, (c.layers + 2.0) / c.pp, even)
    last = np.where(swapped, most - 1.0, c.layers - (c.pp - 1.0) * np.floor(c.layers / c.pp))
    last = np.minimum(last, most)
    return np.where(
        c.pp > 1.0, np.maximum(most * layer, last * layer + head), c.layers * layer + head
    )


def bubble(c: Configuration, mean: Array, slowest: Array) -> Array:
    """Seconds of filling and draining: one micro-batch through all stages but the slowest."""
    return np.maximum(c.pp * mean - slowest, 0.0) / c.vpp * (c.pp > 1.0)


def send_time(c: Configuration, s: System, scattered: Array) -> Array:
    """Seconds of one send of activations to the next stage.

    Tensor-parallel ranks send a part each where `scattered`, else the whole each.
    """
    size = 2.0 * c.micro_batch * c.seq / c.cp * c.hidden / np.where(scattered > 0.0, c.tp, 1.0)
    inside = c.pipeline_stride * c.pp <= s.domain
    return send(size, np.where(inside, 1.0, c.pipeline_stride), s) + ARRIVAL
