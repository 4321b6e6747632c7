"""How are the kernels of a training step shown? As a table of the longest, with what is left said in two lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from planner.text import counted, printable, wrapped

if TYPE_CHECKING:
    from planner.findings.kernels import KernelTable
    from planner.perf.kernels import Kernel

SHOWN = 12
LEAST = 0.01  # of the step; shorter kernels are said together
WIDTH = 89  # of the table
PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
HEADER = ("kernel", "rows x columns x inner", "runs", "forward", "FLOP", "byte", "peak", "memory")


def kernel_lines(table: KernelTable, width: int) -> Iterator[str]:
    """A heading, the longest kernels, those left together, and what of the step is no kernel."""
    heading = (
        f"Kernels of {table.workload} on {table.gpus:,.0f} of {table.hardware}: {table.layout}; "
        f"{table.step_time:.3g} s a step"
    )
    yield from wrapped(heading, width)
    yield _columns(*HEADER, "step")
    shown = [each for each in table.kernels[:SHOWN] if each.seconds >= LEAST * table.step_time]
    for each in shown:
        yield _line(each, table.step_time)
    left = table.kernels[len(shown) :]
    rest = sum(each.seconds for each in left)
    if left:
        yield _total(counted(len(left), "shorter kernel"), rest, table)
    apart = table.step_time - rest - sum(each.seconds for each in shown)
    other = "other terms of the step" if table.term else "gaps, launches, pipeline, reductions"
    yield _total(other, apart, table)


def explained() -> str:
    """What the columns mean."""
    return (
        "x2: two such products side by side; runs: forward passes of a step on one accelerator; forward, FLOP, byte: "
        "of one of them; peak, memory: shares of the peaks that it reaches, * what it waits for; step: with backward "
        "and what is repeated"
    )


def _line(kernel: Kernel, step: float) -> str:
    marks = {"matrix units": ("*", ""), "memory": ("", "*")}.get(kernel.bound, ("", ""))
    peak = f"{kernel.of_peak:.0%}{marks[0]}" if kernel.flops else ""
    memory = f"{kernel.of_memory:.0%}{marks[1]}" if kernel.of_memory else kernel.bound
    *sizes, groups = (*kernel.shape, 1) if len(kernel.shape) == 3 else kernel.shape or (1,)
    shape = "x".join(map(str, sizes)) + (f" x{groups}" if groups > 1 else "")
    return _columns(
        printable(kernel.name),
        shape,
        f"{kernel.count:.0f}",
        _time(kernel.forward),
        _scaled(kernel.flops) if kernel.flops else "",
        _scaled(kernel.traffic),
        peak,
        memory,
        f"{kernel.seconds / step:.1%}",
    )


def _columns(*cells: str) -> str:
    name, shape, runs, forward, flops, traffic, peak, memory, step = cells
    left = f"{name:<22} {shape:<22}"
    right = f"{runs:>5} {forward:>8} {flops:>6} {traffic:>6} {peak:>5} {memory:>6} {step:>6}"
    return left + right[max(len(left) - 45, 0) :] if len(left) > 45 else left + right


def _total(words: str, seconds: float, table: KernelTable) -> str:
    return f"{words:<{WIDTH - 7}} {seconds / table.step_time:>6.1%}"


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} us"


def _scaled(value: float) -> str:
    for size, letter in PREFIXES:
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"
