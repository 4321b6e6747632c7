"""The constants that are fitted: at most three for a generation of accelerators and twelve global.

Generation constants come as arrays, one entry a configuration, looked up by whoever builds the record. The fit is in
`tests/published/training_fit.py`; starting values and what binds them are there. Textbook values that are not fitted
stand beside the equation that uses them.
"""

from __future__ import annotations

from dataclasses import dataclass

from planner.axes import Array


@dataclass(frozen=True)
class Constants:
    """Three of the generation (`matmul_16`, `matmul_linear`, `attention`) and twelve global ones."""

    matmul_16: Array  # asymptotic share of the 16-bit peak in a large matmul [1]
    matmul_linear: Array  # same for the precision of the linears [1]
    attention: Array  # share of the 16-bit peak in the generation's best fused attention [1]
    elementwise_eager: Array  # memory traffic of eager element-wise kernels over the minimum [1]
    elementwise_fused: Array  # same, fused [1]
    host_layer: Array  # host time to launch forward and backward of an eager layer [s]
    host_sync: Array  # relative growth of it for each further tensor-parallel rank [1]
    latency: Array  # of one ring hop over NVLink, its bandwidth ramp included [s]
    tp_overlap: Array  # share of tensor-parallel transfers that is hidden where overlapped [1]
    dp_overlap: Array  # share of gradient transfers that is hidden where overlapped [1]
    zero_contention: Array  # slow-down of a layer by weight gathers, without tuned prefetch [1]
    zero_contention_tuned: Array  # same, with it [1]
    power_exponent: Array  # of matmul speed in the power limit [1]
    scale_loss: Array  # relative loss of speed for each doubling of NVLink domains [1]
    step_fixed: Array  # host time of a step outside all micro-batches [s]
