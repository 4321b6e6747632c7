"""What is said of one kernel of a training step: its shape, work, traffic, time, and what limits it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MATRIX_UNITS, MEMORY, LINKS = "matrix units", "memory", "links"


@dataclass(frozen=True)
class Kernel:
    """A kernel on one accelerator: numbers of one run of its forward pass, and what it takes of a step."""

    name: str
    term: str  # of the step, into which its seconds go
    # Rows, columns and inner of a matrix product, and how many of them lie side by side; none for others.
    shape: tuple[int, ...]
    count: float  # forward runs in a step
    forward: float  # [s]
    flops: float  # 0 where it only moves memory
    traffic: float  # of the memory, or over the links [byte]
    bound: str  # what it waits for: matrix units, memory or links
    of_peak: float  # its FLOP/s over the peak of its precision [1]
    of_memory: float  # its bytes a second over the peak of the memory; 0 of links [1]
    seconds: float  # of a step: forward, what is repeated, and backward


@dataclass(frozen=True)
class Limits:
    """What an accelerator could do."""

    peak_16: float  # [FLOP/s]
    peak_linear: float  # of the linears' precision [FLOP/s]
    memory_rate: float  # [byte/s]


def kernel(
    name: str,
    term: str,
    count: float,
    forward: float,
    seconds: float,
    *,
    flops: float = 0.0,
    traffic: float = 0.0,
    bound: str = MEMORY,
    shape: tuple[int, ...] = (),
    peak: float = 1.0,
    memory_rate: float = 1.0,
) -> Kernel:
    """A kernel with its shares of the `peak` and of the `memory_rate`."""
    time = max(forward, 1e-15)
    over_memory = 0.0 if bound == LINKS else traffic / time / memory_rate
    of_peak = flops / time / peak
    return Kernel(
        name, term, shape, count, forward, flops, traffic, bound, of_peak, over_memory, seconds
    )


def largest(kernels: Sequence[Kernel]) -> list[Kernel]:
    """Those that take any time, the longest of a step first."""
    return sorted((each for each in kernels if each.seconds > 0), key=lambda each: -each.seconds)
