"""What do the vocabulary's output matrix and the loss cost for a micro-batch?

Three 16-bit matmuls (forward, input gradient, weight gradient; two where the weights are frozen) and the memory
traffic of the loss over all logits. A vocabulary shard whose width is no multiple of 8 slows the matmuls
(`matmul.alignment`): GPT-2's unpadded 50,257 makes the head of a small model three times as slow. Done: vocabulary
parallel head. Not done: chunked or linear-cross-entropy kernels, the embedding lookup (small).
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array
from planner.perf.training_step.configuration import Configuration, Software, System
from planner.perf.training_step.constants import Constants
from planner.perf.training_step.matmul import STREAM, alignment, matmul_time


def head_time(c: Configuration, s: System, era: Software, k: Constants, rate_16: Array) -> Array:
    """Seconds of the head, forward and backward, for one micro-batch on its stage."""
    tokens = c.micro_batch * c.seq / c.cp
    shard = np.maximum(np.floor(c.vocab / c.tp), 1.0)
    rate = rate_16 * alignment(shard)
    width = np.full_like(tokens, 2.0)
    forward = matmul_time(tokens, shard, c.hidden, rate, width, s)
    matmuls = forward * (3.0 - c.frozen)
    return matmuls + tokens * shard * era.loss_bytes / (STREAM * s.memory_rate)
