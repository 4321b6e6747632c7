"""The files of a search over layouts: charts of where the best ones' time goes and of the front, and the JSON."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from planner.perf.training_step.layouts import Choice
from planner.perf.training_step.memory import GIB
from planner.report.layouts.answer import search_json
from planner.report.layouts.words import VISIBLE, capacity, degrees, gib, heading, seconds
from planner.study.layouts.jobs import Wanted
from planner.study.layouts.search import Found
from planner.text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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
    source = f"{heading(of)} · software {of.software}"
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
    axes.axvline(capacity(of) / GIB, color="#B00020", linewidth=1)
    axes.text(capacity(of) / GIB, max(y), " memory of a GPU", color="#B00020", fontsize=8, va="top")
    named = {
        degrees(choice): (choice, 18) for choice in (smaller,)
    }  # above the curve, which is flat
    named |= {degrees(choice): (choice, 6) for choice in (found.best, front[-1])}
    for words, (choice, up) in named.items():
        axes.annotate(
            words, (choice.memory / GIB, choice.step_time), xytext=(4, up),
            textcoords="offset points", fontsize=8, ha="right" if choice.memory > 0.7 * capacity(of) else "left",
        )  # fmt: skip
    axes.set_xlim(0, 1.25 * capacity(of) / GIB)
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
