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
from planner.perf.training_step.layer import Part, Product
from planner.perf.training_step.matmul import STREAM, alignment, matmul_time


def head_part(c: Configuration, s: System, rate_16: Array) -> Part:
    """The output matrix."""
    tokens = c.micro_batch * c.seq / c.cp
    shard = np.maximum(np.floor(c.vocab / c.tp), 1.0)
    rate = rate_16 * alignment(shard)
    width = np.full_like(tokens, 2.0)
    forward = matmul_time(tokens, shard, c.hidden, rate, width, s)
    backward = forward * (2.0 - c.frozen)
    return Part(forward, backward, np.zeros_like(tokens), Product(tokens, shard, c.hidden, width))


def loss_time(c: Configuration, s: System, era: Software) -> Array:
    """Seconds of the loss, forward and backward."""
    logits = c.micro_batch * c.seq / c.cp * np.maximum(np.floor(c.vocab / c.tp), 1.0)
    return logits * era.loss_bytes / (STREAM * s.memory_rate)


def head_time(c: Configuration, s: System, era: Software, rate_16: Array) -> Array:
    """Seconds of the head, forward and backward, for one micro-batch on its stage."""
    matrix = head_part(c, s, rate_16)
    return matrix.forward + matrix.backward + loss_time(c, s, era)
