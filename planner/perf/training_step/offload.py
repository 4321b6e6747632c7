"""What does it cost to keep a part of a training job's state in the host's memory, over PCIe or NVLink-C2C?

Optimiser: ZeRO-Offload (Ren et al., arXiv 2101.06840). Gradients leave during the backward pass, of every micro-batch
where none stay (the host adds them up), else of the last; the host updates its states at the speed of its memory and
returns 16-bit weights tile by tile. Where the link is as fast as that memory (Grace), the accelerator streams the
states through itself instead, if that is faster; nothing overlaps with the next step. Activations and weights: they
leave and return beside the kernels of the same block, out during its forward pass, back during its backward pass
(ZeRO-Infinity, arXiv 2104.07857), and show where they take longer. Done: both links, hidden and exposed time. Not done:
the delayed update of one step, NVMe, several processes on one host link, the share of memory rate that copies take from
kernels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.axes import Array
from planner.perf.training_step.configuration import Configuration, Software
from planner.perf.training_step.data_parallel import parameters_held
from planner.perf.training_step.layer import layer_parameters
from planner.perf.training_step.matmul import STREAM
from planner.perf.training_step.memory import (
    WEIGHT,
    Offload,
    Store,
    gradients_leave,
    kept_activations,
)

STATES = 12.0  # of a parameter that an update reads, and as much that it writes [byte]
UPDATE = (
    2.0 * STATES + 4.0
)  # traffic of an update in the host's memory, with gradient and weight [byte]
HALF = 2.0  # of a gradient or a weight on the link [byte]
SUMMED = 12.0  # traffic of a 16-bit gradient that arrives and is added to a 32-bit sum on the host [byte]
LINK_SHARE = 0.8  # of the link's rate that large copies reach; assumed
FORWARD = 1.0 / 3.0  # of a block's time: the backward pass has twice the matmuls


@dataclass(frozen=True)
class OffloadTerms:
    """Seconds that a step takes longer."""

    optimiser: Array  # update over the link or on the host, less the update that it replaces
    streaming: Array  # activations, weights and gradients that kernels do not hide

    def total(self) -> Array:
        """Their sum [s]."""
        return self.optimiser + self.streaming


def offload_terms(
    c: Configuration,
    era: Software,
    store: Store,
    offload: Offload,
    block: Array,
    resident: Array,
) -> OffloadTerms:
    """Exposed seconds of a step; a block takes `block` for a micro-batch, the resident optimiser `resident` [s]."""
    link = LINK_SHARE * store.host_link
    host = STREAM * store.host_rate
    passes = c.global_batch / (c.micro_batch * c.dp) * c.layers / c.pp

    forward = block * FORWARD / (1.0 + FORWARD * c.recompute_block)
    activations = offload.activations * kept_activations(c, era) / link
    weights = offload.weights * WEIGHT * layer_parameters(c) / c.tp / link
    leave = gradients_leave(c, offload)
    replicas = np.where(c.zero_stage >= 2.0, c.dp * c.cp, 1.0)
    several = c.global_batch > c.micro_batch * c.dp
    arriving = np.maximum(HALF / link, np.where(several, SUMMED, HALF) / host)
    gradients = leave * arriving * layer_parameters(c) / c.tp / replicas
    # the link carries both directions at once: activations and gradients go out, weights and activations come back
    out = np.maximum(np.maximum(activations, weights) - forward, 0.0)
    back = np.maximum(np.maximum(activations + weights, gradients) - (block - forward), 0.0)

    whole = np.where(c.zero_stage == 3.0, c.shard_group, c.dp * c.cp)
    held = parameters_held(c) / np.where(c.zero_stage >= 1.0, whole, 1.0) * (1.0 - c.frozen)
    hidden = (block - forward) * c.layers / c.pp  # backward pass of the last micro-batch
    on_host = np.maximum(UPDATE / host, HALF / link) * held
    on_host = on_host + (1.0 - leave) * np.maximum(HALF * held / link - hidden, 0.0)
    streamed = np.maximum(STATES / link, 2.0 * STATES / host) * held
    update = np.minimum(on_host, streamed) - resident
    return OffloadTerms(
        optimiser=offload.optimiser * update,
        streaming=passes * (out + back),
    )
