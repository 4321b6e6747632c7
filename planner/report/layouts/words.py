"""A layout and its figures in words: degrees, sharding, what is computed again, and the command that predicts it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from planner.perf.training_step.layouts import RECOMPUTED, Choice
from planner.perf.training_step.memory import GIB
from planner.study.layouts.jobs import Wanted
from planner.study.layouts.use import utilisation
from planner.text import counted, printable

if TYPE_CHECKING:
    pass


VISIBLE = 0.002  # share of the step below which a term has no row of its own
LABEL, COLUMN = 22, 16


def degrees(choice: Choice) -> str:
    """The parallelism of a layout in a few characters: "tp 4 pp 2 dp 64"."""
    shown = [("tp", 1), ("cp", 2), ("ep", 2), ("pp", 1), ("dp", 1)]
    return " ".join(
        f"{n} {choice.layout[n]:.0f}" for n, least in shown if choice.layout[n] >= least
    )


def group(choice: Choice, names: Sequence[str]) -> str:
    """Some of the degrees."""
    return " ".join(f"{name} {choice.layout[name]:.0f}" for name in names)


def recomputation(choice: Choice) -> str:
    """none, selective or full."""
    layout = choice.layout
    return RECOMPUTED[layout["recompute_block"], layout["recompute_core"]]


def sharding(choice: Choice) -> str:
    """The ZeRO stage, and the group over which weights are sharded where that is not all replicas."""
    layout = choice.layout
    stage, group = layout["zero_stage"], layout["shard_group"]
    if stage == 0:
        return "nothing sharded"
    if stage == 3 and group < layout["dp"] * layout["cp"]:
        return f"ZeRO-3 in groups of {group:.0f}"
    return f"ZeRO-{stage:.0f}"


def offloaded(choice: Choice) -> str:
    """What lies on the host."""
    flags = {"optimiser": "offload_optimiser", "activations": "offload_activations"}
    return " and ".join(word for word, flag in flags.items() if choice.layout[flag] > 0)


def in_words(choice: Choice) -> str:
    """A layout but for its degrees."""
    layout = choice.layout
    parts = [f"micro-batch {layout['micro_batch']:.0f}"]
    if layout["vpp"] > 1:
        parts.append(f"{layout['vpp']:.0f} chunks a stage")
    again = recomputation(choice)
    parts.append("no recomputation" if again == "none" else f"{again} recomputation")
    parts.append(sharding(choice))
    if layout["sequence_parallel"] > 0:
        parts.append("sequence parallel")
    if offloaded(choice):
        parts.append(f"{offloaded(choice)} on the host")
    return ", ".join(parts)


def seconds(value: float) -> str:
    """Seconds with three significant digits."""
    return f"{value:,.0f} s" if value >= 100 else f"{value:.3g} s" if value >= 1e-3 else "< 1 ms"


def gib(size: float) -> str:
    """Bytes in GiB."""
    return f"{size / GIB:.1f} GiB"


def folded(lines: Sequence[str], width: int) -> str:
    """Lines no longer than the terminal; what goes on is set in."""
    folded = []
    for line in lines:
        inset = len(line) - len(line.lstrip()) + 4
        folded += textwrap.wrap(
            line, width, subsequent_indent=" " * inset, break_long_words=False,
            break_on_hyphens=False, drop_whitespace=True,
        ) if len(line) > width else [line]  # fmt: skip
    return "\n".join(folded) + "\n"


def heading(of: Wanted) -> str:
    """Model, accelerators and batch of what was asked."""
    return printable(
        f"{of.model} on {counted(of.gpus, 'GPU')}, {of.hardware}: batch of {of.batch:,} x {of.job.seq:,.0f} tokens, "
        f"{of.precision}"
    )


def summary(best: Choice, of: Wanted) -> list[str]:
    """What the best layout is and gives, in lines."""
    use = utilisation(of.job, best, of.gpus)
    return [
        f"{degrees(best)}: {in_words(best)}",
        f"{seconds(best.step_time)} a step, {use['tokens_per_s']:,.0f} tokens/s "
        f"({use['tokens_per_s_per_gpu']:,.0f} a GPU), {gib(best.memory)} of {gib(capacity(of))}",
        f"{use['model_tflops_per_gpu']:.0f} TFLOP/s a GPU: {use['mfu']:.0%} of the peak by model FLOPs, "
        f"{use['hfu']:.0%} with what is recomputed",
    ]


def capacity(of: Wanted) -> float:
    """Memory of an accelerator, in bytes."""
    return float(of.job.store.memory[0])


def visible_terms(choices: Sequence[Choice], parts: str) -> Iterator[str]:
    """Terms that are visible in one of the layouts, in the order of the model."""
    for name in getattr(choices[0], parts):
        if any(
            abs(getattr(c, parts)[name]) > VISIBLE * sum(getattr(c, parts).values())
            for c in choices
        ):
            yield name


def row(label: str, cells: Sequence[str]) -> str:
    """A line of a table: its name, and a cell a layout."""
    return (label.ljust(LABEL) + "".join(cell.rjust(COLUMN) for cell in cells)).rstrip()


def command(choice: Choice, of: Wanted) -> str:
    """The command that predicts this layout alone."""
    layout = choice.layout
    words = [
        f"planner predict training {of.model} --hardware {of.hardware} --gpus {of.gpus}",
        f"--batch {of.batch} --seq {of.job.seq:.0f} --precision {of.precision}",
        f"--tp {layout['tp']:.0f} --pp {layout['pp']:.0f}",
    ]
    if layout["cp"] > 1:
        words.append(f"--cp {layout['cp']:.0f}")
    if layout["ep"] > 1:
        words.append(f"--ep {layout['ep']:.0f}")
    if layout["vpp"] > 1:
        words.append(f"--interleave {layout['vpp']:.0f}")
    words.append(f"--micro-batch {layout['micro_batch']:.0f} --zero {layout['zero_stage']:.0f}")
    if recomputation(choice) != "none":
        words.append(f"--recompute {recomputation(choice)}")
    if layout["zero_stage"] == 3 and layout["shard_group"] < layout["dp"] * layout["cp"]:
        words.append(f"--shard-group {layout['shard_group']:.0f}")
    if layout["tp"] > 1 and not layout["sequence_parallel"]:
        words.append("--no-sequence-parallel")
    if not any(each.startswith("software") for each in of.assumed):
        words.append(f"--software {of.software}")
    if any("memory of the host" in each for each in of.assumed):
        words.append(f"--host-memory {float(of.job.store.host[0]) / 1e9:g}")
    if offloaded(choice):
        words.append(f"--offload {offloaded(choice).replace(' and ', ',')}")
    return " ".join(words)
