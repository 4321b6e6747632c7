"""The page, the files and the charts of a search over layouts, and of a prediction of one layout.

Terms keep the names that they have in the model, so that a number can be looked up in `planner.perf.training_step`.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.perf.training_step.layouts import RECOMPUTED, Choice
from planner.perf.training_step.memory import GIB
from planner.study.layouts.jobs import Wanted
from planner.study.layouts.search import Found, Refused, differences
from planner.study.layouts.use import progress, utilisation
from planner.text import counted, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

VISIBLE = 0.002  # share of the step below which a term has no row of its own
FRONT = 6  # layouts of the front that the page shows
CAUSES = 3  # terms that a sentence names
LABEL, COLUMN = 22, 16
WIDE = 5.0  # from the fastest to the slowest of a front, from which its axis is logarithmic
# Terms that belong together in the chart, with their colours of the house.
FAMILIES = {
    "matmuls": (
        "#0072B2",
        ("qkv", "projection", "mlp", "experts", "shared_experts", "router", "head", "adapters"),
    ),
    "attention": ("#56B4E9", ("attention_core",)),
    "element-wise": ("#009E73", ("elementwise", "precision_casts", "permutation", "state_space")),
    "collectives": (
        "#D55E00",
        ("tensor_parallel", "context_parallel", "dispatch", "weight_gathers", "gradient_reduction"),
    ),
    "pipeline": ("#E69F00", ("uneven_stages", "pipeline_bubble", "pipeline_sends")),
    "optimiser, offload": ("#CC79A7", ("optimiser", "offloaded_optimiser", "offload_streaming")),
}
REST = "host, gaps, scale"
REST_COLOUR = "#999999"


def degrees(choice: Choice) -> str:
    """The parallelism of a layout in a few characters: "tp 4 pp 2 dp 64"."""
    shown = [("tp", 1), ("cp", 2), ("ep", 2), ("pp", 1), ("dp", 1)]
    return " ".join(
        f"{n} {choice.layout[n]:.0f}" for n, least in shown if choice.layout[n] >= least
    )


def _group(choice: Choice, names: Sequence[str]) -> str:
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


# --- As JSON ---------------------------------------------------------------------------------------------------------


def layout_json(choice: Choice) -> dict[str, Any]:
    """A layout as an object: whole numbers, words, time and memory."""
    layout = choice.layout
    return {
        "tp": int(layout["tp"]),
        "pp": int(layout["pp"]),
        "dp": int(layout["dp"]),
        "cp": int(layout["cp"]),
        "ep": int(layout["ep"]),
        "interleave": int(layout["vpp"]),
        "micro_batch": int(layout["micro_batch"]),
        "global_batch": int(layout["global_batch"]),
        "recompute": recomputation(choice),
        "zero_stage": int(layout["zero_stage"]),
        "shard_group": int(layout["shard_group"]),
        "sequence_parallel": bool(layout["sequence_parallel"]),
        "offload_optimiser": bool(layout["offload_optimiser"]),
        "offload_activations": bool(layout["offload_activations"]),
        "step_time_s": choice.step_time,
        "memory_gib": choice.memory / GIB,
        "terms_s": dict(choice.terms),
        "memory_terms_gib": {name: size / GIB for name, size in choice.memory_terms.items()},
    }


def found_json(found: Found) -> dict[str, Any]:
    """What a search found as an object."""
    refused = found.refused
    return {
        "layouts": found.layouts,
        "feasible": found.feasible,
        "seconds": found.seconds,
        "best": layout_json(found.best) if found.best else None,
        "runners_up": [layout_json(each) for each in found.runners_up],
        "pareto": [layout_json(each) for each in found.front],
        "refused": None
        if refused is None
        else layout_json(refused.choice)
        | {
            "missing_gib": refused.missing / GIB,
            "missing_host_gib": refused.missing_host / GIB,
        },
    }


def search_json(found: Found, of: Wanted) -> str:
    """The whole answer of a search."""
    about = {
        "model": of.model,
        "hardware": of.hardware,
        "gpus": of.gpus,
        "batch": of.batch,
        "seq": int(of.job.seq),
        "precision": of.precision,
        "software": of.software,
        "assumed": list(of.assumed),
    }
    more = dict(utilisation(of.job, found.best, of.gpus)) if found.best else {}
    return json.dumps(found_json(found) | more | about, indent=1)


# --- As text ---------------------------------------------------------------------------------------------------------


def page(found: Found, of: Wanted, width: int) -> str:
    """What the command prints about a search."""
    lines = [_heading(of), ""]
    if found.best is None:
        return folded([*lines, *_nothing_fits(found, of)], width)
    lines += _summary(found.best, of)
    lines += ["", *_columns(found)]
    lines += ["", *_why(found)]
    lines += ["", *_front(found)]
    lines += ["", *_fine_print(found, of)]
    return folded(lines, width)


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


def _heading(of: Wanted) -> str:
    return printable(
        f"{of.model} on {counted(of.gpus, 'GPU')}, {of.hardware}: batch of {of.batch:,} x {of.job.seq:,.0f} tokens, "
        f"{of.precision}"
    )


def _summary(best: Choice, of: Wanted) -> list[str]:
    use = utilisation(of.job, best, of.gpus)
    return [
        f"{degrees(best)}: {in_words(best)}",
        f"{seconds(best.step_time)} a step, {use['tokens_per_s']:,.0f} tokens/s "
        f"({use['tokens_per_s_per_gpu']:,.0f} a GPU), {gib(best.memory)} of {gib(_capacity(of))}",
        f"{use['model_tflops_per_gpu']:.0f} TFLOP/s a GPU: {use['mfu']:.0%} of the peak by model FLOPs, "
        f"{use['hfu']:.0%} with what is recomputed",
    ]


def _capacity(of: Wanted) -> float:
    return float(of.job.store.memory[0])


def _shown(choices: Sequence[Choice], parts: str) -> Iterator[str]:
    """Terms that are visible in one of the layouts, in the order of the model."""
    for name in getattr(choices[0], parts):
        if any(
            abs(getattr(c, parts)[name]) > VISIBLE * sum(getattr(c, parts).values())
            for c in choices
        ):
            yield name


def _row(label: str, cells: Sequence[str]) -> str:
    return (label.ljust(LABEL) + "".join(cell.rjust(COLUMN) for cell in cells)).rstrip()


def _columns(found: Found) -> list[str]:
    """Best and runners-up side by side, seconds by term."""
    assert found.best is not None
    choices = [found.best, *found.runners_up]
    lines = [_row("", [_group(c, ("tp", "cp")) for c in choices])]
    if any(c.layout["ep"] > 1 for c in choices):
        lines.append(_row("", [_group(c, ("ep",)) for c in choices]))
    lines.append(_row("Seconds a step", [_group(c, ("pp", "dp")) for c in choices]))
    shown = list(_shown(choices, "terms"))
    for name in shown:
        lines.append(_row("  " + name.replace("_", " "), [f"{c.terms[name]:.3f}" for c in choices]))
    rest = [c.step_time - sum(c.terms[name] for name in shown) for c in choices]
    lines.append(_row("  other", [f"{x:.3f}" for x in rest]))
    lines.append(_row("step", [f"{c.step_time:.3f}" for c in choices]))
    lines.append(_row("memory", [gib(c.memory) for c in choices]))
    return lines


def _why(found: Found) -> list[str]:
    """A sentence for each runner-up: how much longer, and by which terms."""
    assert found.best is not None
    best = found.best
    if not found.runners_up:
        return ["No other degrees of parallelism fit."]
    lines = [
        "Why the next lost (each at its own best micro-batch, chunks, recomputation and sharding)"
    ]
    for other in found.runners_up:
        scale = best.layout["global_batch"] / other.layout["global_batch"]
        gap = scale * other.step_time / best.step_time - 1.0
        causes = [
            f"{name.replace('_', ' ')} {gain:+.2f} s"
            for name, gain in differences(best, other)[:CAUSES]
            if abs(gain) >= 0.005
        ]
        words = f": {', '.join(causes)}" if causes else ""
        lines.append(f"  {degrees(other)} takes {gap:.1%} longer{words} ({in_words(other)})")
    return lines


def _front(found: Found) -> list[str]:
    """The Pareto front, thinned."""
    front = found.front
    keep = sorted({round(i * (len(front) - 1) / max(FRONT - 1, 1)) for i in range(FRONT)})
    lines = [f"Time against memory: {counted(len(front), 'layout')} on the front"]
    lines += [
        f"  {seconds(front[i].step_time):>8}  {gib(front[i].memory):>10}  {degrees(front[i])}: "
        f"{in_words(front[i])}"
        for i in keep
        if i < len(front)
    ]
    return lines


def _refusal(refused: Refused) -> str:
    choice = refused.choice
    where = [
        f"{gib(missing)} missing {place}"
        for missing, place in ((refused.missing, "on a GPU"), (refused.missing_host, "on its host"))
        if missing > 0
    ]
    return (
        f"{degrees(choice)}, {in_words(choice)}: {seconds(choice.step_time)}, needs {gib(choice.memory)}; "
        f"{' and '.join(where)}"
    )


def _nothing_fits(found: Found, of: Wanted) -> list[str]:
    lines = [f"None of {found.layouts:,} legal layouts fits in {gib(_capacity(of))}."]
    if found.refused:
        lines.append(f"Nearest: {_refusal(found.refused)}")
    return lines


def _fine_print(found: Found, of: Wanted) -> list[str]:
    assert found.best is not None
    lines = []
    if found.refused:
        lines.append(f"Faster, but does not fit: {_refusal(found.refused)}")
    lines.append(
        f"{found.layouts:,} legal layouts, {found.feasible:,} fit; looked at in {found.seconds:.2f} s"
    )
    if of.assumed:
        lines.append(printable("Assumed: " + "; ".join(of.assumed)))
    lines.append(printable(f"Next     {command(found.best, of)}"))
    return lines


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


# --- One layout ------------------------------------------------------------------------------------------------------


def prediction_json(choice: Choice, of: Wanted, failures: float) -> str:
    """A prediction as JSON."""
    about = {
        "model": of.model,
        "hardware": of.hardware,
        "gpus": of.gpus,
        "seq": int(of.job.seq),
        "precision": of.precision,
        "software": of.software,
    }
    more = {**utilisation(of.job, choice, of.gpus), **progress(of.job, of.gpus, failures)}
    fit = {
        "memory_available_gib": _capacity(of) / GIB,
        "missing_gib": max(choice.memory - _capacity(of), 0.0) / GIB,
    }
    said = {"assumed": list(of.assumed)}
    return json.dumps(about | layout_json(choice) | more | fit | said, indent=1)


def prediction(choice: Choice, of: Wanted, width: int, failures: float) -> str:
    """The page of one layout: its time and its memory by term."""
    share = progress(of.job, of.gpus, failures)
    lines = [_heading(of), "", *_summary(choice, of)]
    lines += [
        f"{share['goodput']:.1%} of the time makes progress: an interruption every "
        f"{share['mean_time_between_interruptions_h']:,.0f} h, a checkpoint every "
        f"{share['checkpoint_interval_min']:,.0f} min",
        "",
    ]
    lines += [f"{'Seconds a step'.ljust(LABEL)}{'':>10}{'share':>8}"]
    for name in _shown([choice], "terms"):
        value = choice.terms[name]
        label = name.replace("_", " ")
        lines.append(f"  {label.ljust(LABEL - 2)}{value:>10.3f}{value / choice.step_time:>8.1%}")
    lines.append(f"{'step'.ljust(LABEL)}{choice.step_time:>10.3f}{1:>8.0%}")
    lines += ["", f"{'GiB on a GPU'.ljust(LABEL)}{'':>10}{'share':>8}"]
    for name in _shown([choice], "memory_terms"):
        size = choice.memory_terms[name]
        label = name.replace("_", " ")
        lines.append(f"  {label.ljust(LABEL - 2)}{size / GIB:>10.2f}{size / choice.memory:>8.1%}")
    lines.append(f"{'needed'.ljust(LABEL)}{choice.memory / GIB:>10.2f}")
    lines.append(f"{'available'.ljust(LABEL)}{_capacity(of) / GIB:>10.2f}")
    if of.assumed:
        lines += ["", printable("Assumed: " + "; ".join(of.assumed))]
    return folded(lines, width)


# --- Charts ----------------------------------------------------------------------------------------------------------


def write(found: Found, of: Wanted, folder: Path) -> list[Path]:
    """Write the answer and its two charts into a folder; gives the files."""
    from planner.report.house import house_style
    from planner.study.blocks import moved

    folder.mkdir(parents=True, exist_ok=True)
    answer = folder / "layout.json"
    moved(answer, lambda part: part.write_text(search_json(found, of) + "\n", encoding="utf-8"))
    files = [answer]
    if found.best is None:
        return files
    with house_style():
        for name, figure in (
            ("layout_terms", _bars(found, of)),
            ("layout_front", _curve(found, of)),
        ):
            for suffix, about in (("png", {"Software": None}), ("svg", {"Date": None})):
                file = folder / f"{name}.{suffix}"
                moved(file, partial(figure.savefig, format=suffix, metadata=about))
                files.append(file)
    return files


def _families(choice: Choice) -> dict[str, float]:
    """Seconds by family of terms."""
    sums = {
        family: sum(choice.terms.get(name, 0.0) for name in names)
        for family, (_, names) in FAMILIES.items()
    }
    return sums | {REST: choice.step_time - sum(sums.values())}


def _page(title: str, subtitle: str, of: Wanted) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure()
    figure.text(0.055, 0.955, printable(title), fontsize=13, weight="bold", va="top")
    figure.text(0.055, 0.9, printable(subtitle), va="top", color="#666666")
    source = f"{_heading(of)} · software {of.software}"
    figure.text(0.055, 0.025, printable(source), color="#666666", fontsize=8, va="bottom")
    axes = figure.subplots()
    figure.subplots_adjust(left=0.16, right=0.95, top=0.82, bottom=0.15)
    return figure, axes


def _bars(found: Found, of: Wanted) -> Figure:
    """Stacked terms of the best and of the runners-up."""
    assert found.best is not None
    choices = [found.best, *found.runners_up]
    figure, axes = _page(
        f"{degrees(found.best)} takes {seconds(found.best.step_time)} a step",
        "Seconds of a step by cause: the best layout, and the best at the next degrees of parallelism",
        of,
    )
    left = [0.0] * len(choices)
    names = [degrees(choice) for choice in choices]
    colours = {family: colour for family, (colour, _) in FAMILIES.items()} | {REST: REST_COLOUR}
    for family, colour in colours.items():
        width = [max(_families(choice)[family], 0.0) for choice in choices]
        if max(width) < VISIBLE * found.best.step_time:
            continue
        axes.barh(names, width, left=left, color=colour, label=family, height=0.6)
        left = [a + b for a, b in zip(left, width, strict=True)]
    for place, (end, choice) in enumerate(zip(left, choices, strict=True)):
        axes.text(end, place, f" {seconds(choice.step_time)}", va="center", fontsize=8)
    axes.invert_yaxis()
    axes.grid(False)
    axes.set_xlim(0, 1.12 * max(left))
    axes.set_xlabel("seconds a step")
    axes.legend(ncols=7, loc="lower left", bbox_to_anchor=(0, 1.0), fontsize=8, columnspacing=1.2)
    return figure


def _curve(found: Found, of: Wanted) -> Figure:
    """The Pareto front of step time against memory."""
    from matplotlib.ticker import LogLocator, NullFormatter

    assert found.best is not None
    front = found.front
    half = [c for c in front if c.memory <= 0.5 * found.best.memory]
    smaller = half[0] if half else front[-1]
    longer = smaller.step_time / found.best.step_time - 1.0
    figure, axes = _page(
        f"{gib(smaller.memory)} instead of {gib(found.best.memory)} cost {longer:.0%} more time",
        "Layouts of which none is both faster and smaller",
        of,
    )
    x, y = [c.memory / GIB for c in front], [c.step_time for c in front]
    axes.plot(x, y, color="#0072B2", drawstyle="steps-pre", marker="o", markersize=3)
    axes.axvline(_capacity(of) / GIB, color="#B00020", linewidth=1)
    axes.text(
        _capacity(of) / GIB, max(y), " memory of a GPU", color="#B00020", fontsize=8, va="top"
    )
    named = {
        degrees(choice): (choice, 18) for choice in (smaller,)
    }  # above the curve, which is flat
    named |= {degrees(choice): (choice, 6) for choice in (found.best, front[-1])}
    for words, (choice, up) in named.items():
        axes.annotate(
            words, (choice.memory / GIB, choice.step_time), xytext=(4, up),
            textcoords="offset points", fontsize=8, ha="right" if choice.memory > 0.7 * _capacity(of) else "left",
        )  # fmt: skip
    axes.set_xlim(0, 1.25 * _capacity(of) / GIB)
    if max(y) > WIDE * min(y):
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_ylim(0, 1.1 * max(y))
    axes.set_xlabel("GiB on a GPU")
    axes.set_ylabel("seconds a step")
    return figure
