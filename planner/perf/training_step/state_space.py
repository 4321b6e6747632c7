"""What does a Mamba-2 layer cost for a micro-batch?

A projection into gate, input, matrices of the state and time steps, a short convolution, the chunked scan, a gated
norm and a projection out (Dao and Gu, arXiv 2405.21060). The scan multiplies within chunks like attention and carries
a state between them, in Triton kernels one after the other that keep little on chip; the backward pass repeats the
forward one. Bytes are counted from the kernels of mamba_ssm, the share of the matrix rate comes from its speeds of a
1.4B model on A100, H200 and GB200 (github.com/state-spaces/mamba, issue 904: 102.5, 239.2, 360.4 TFLOP/s), which
these figures give within 20 %. Done: forward, backward, memory traffic. Not done: context parallelism of the scan.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array
from planner.perf.training_step.configuration import Configuration, System
from planner.perf.training_step.layer import Part
from planner.perf.training_step.matmul import STREAM
from planner.perf.training_step.mixture import Mixture

CHUNK = 128.0  # tokens of a chunk in mamba_ssm and Megatron-LM
SCAN_RATE = 0.10  # of the 16-bit peak in the scan's matmuls
SCAN_PEAK = 989.4e12  # of Hopper: the kernels do not use later instructions [FLOP/s]
SCAN_BACKWARD = 3.5  # over the forward: five matmuls for two, and the forward again
# Passes over a channel of a token in the forward scan: convolution 2, sums and states of chunks 5, within chunks 3,
# gate and norm 4.
SCAN_PASSES = 14.0
STATE_BYTES = 16.0  # a 32-bit state of a chunk, written, passed on (read, written) and read [byte]


def projection_width(m: Mixture) -> Array:
    """Outputs of the projection in: gate, input, the state's two matrices, time steps [elements]."""
    return 2.0 * m.inner + 2.0 * m.state_groups * m.state + m.state_heads


def scan_work(c: Configuration, m: Mixture) -> tuple[Array, Array]:
    """Convolution, chunked scan and gated norm of a micro-batch, forward: operations [FLOP] and traffic [byte]."""
    tokens = c.micro_batch * c.seq / c.cp / c.tp
    matrices = 2.0 * m.state_groups * m.state
    flops = 2.0 * CHUNK * (matrices / 2.0 + m.inner) + 4.0 * m.state * m.inner
    traffic = (
        2.0 * SCAN_PASSES * (m.inner + matrices / 2.0) + STATE_BYTES * m.inner * m.state / CHUNK
    )
    return tokens * flops, tokens * traffic


def scan_part(c: Configuration, m: Mixture, s: System) -> Part:
    """Seconds of the same."""
    flops, traffic = scan_work(c, m)
    arithmetic = flops / (SCAN_RATE * np.minimum(s.peak_16, SCAN_PEAK))
    time = arithmetic + traffic / (STREAM * s.memory_rate)
    return Part(time, SCAN_BACKWARD * time, c.recompute_block)
