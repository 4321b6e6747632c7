"""Charts of a plan that is drawn: how far needs, power and money spread, and what is risked by building for less.

Each chart says its message in the title, with the number; lines are labelled where they end; the scenario, the draws
and the seed stand below. Bands are from P10 to P90 and from P25 to P75, the line between them is P50, what the plan at
the medians has is orange. PNG and SVG; the same draws give the same files.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from planner import units
from planner.axes import Array
from planner.catalogue import TIERS
from planner.plan import Plan
from planner.report.house import (
    INNER,
    NEED,
    OUTER,
    PLAN,
    apart,
    count_thousands,
    house_style,
    label_ends,
    name_months,
    page,
)
from planner.report.rows import by_month, in_horizon
from planner.report.table import number
from planner.study.analysis import BUILT_AT, SURE, Spread
from planner.study.blocks import moved
from planner.study.columns import SPENT
from planner.study.simulation import Simulation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NINE = "Nine of ten"  # in words, what SURE is
TAIL = 0.02  # the probability at which an exceedance curve ends
WIDE = 20.0  # from one end of an exceedance curve to the other, from which its axis is logarithmic


def write(simulation: Simulation, plan: Plan, folder: Path) -> list[Path]:
    """Draw all charts that the study has numbers for; gives the PNG files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    with house_style():
        for name, figure in _charts(simulation, plan):
            for suffix, about in (("png", {"Software": None}), ("svg", {"Date": None})):
                file = folder / f"{name}.{suffix}"
                moved(file, partial(figure.savefig, format=suffix, metadata=about))
            files.append(folder / f"{name}.png")
    return files


def _charts(simulation: Simulation, plan: Plan) -> Iterator[tuple[str, Figure]]:
    """Names and drawings; a need that nothing has is not drawn."""
    peaks = {name: each.needed for name, each in simulation.risk.capacity.items()}
    tiers = [tier for tier in TIERS if peaks.get(f"storage_{tier}_required")]
    if len(plan.horizon_months) > 1:  # one month has no course
        if peaks.get("gpus_required"):
            yield "gpus", _gpus(simulation, plan)
        if tiers:
            yield "storage", _storage(simulation, plan, tiers)
        if peaks.get("it_power"):
            yield "power", _power(simulation, plan)
        if simulation.spent is not None:
            yield "cost", _cost(simulation, plan, simulation.spent)
    if peaks.get("gpus_required"):
        yield "shortfall", _shortfall(simulation, plan)
    if tiers:
        yield "shortfall_storage", _shortfall_of_storage(simulation, plan, tiers)


# --- Fans ------------------------------------------------------------------------------------------------------------


def _gpus(simulation: Simulation, plan: Plan) -> Figure:
    capacity = simulation.risk.capacity["gpus_required"]
    needed, built = number(capacity.needed), number(capacity.built or 0.0)
    built = built if capacity.built else "none"
    figure, (axes,) = _drawn_page(
        simulation,
        plan,
        f"{NINE} draws need at most {needed} GPUs; the plan at the medians has {built}",
        "GPUs needed by month, and GPUs in service in the plan at the medians",
    )
    _fan(axes, simulation, plan, "gpus_required", by_month(plan, "gpus")[0])
    return figure


def _storage(simulation: Simulation, plan: Plan, tiers: Sequence[str]) -> Figure:
    needs = [simulation.risk.capacity[f"storage_{tier}_required"].needed for tier in tiers]
    built = [float(in_horizon(plan, f"storage_{tier}").max()) for tier in tiers]
    figure, panels = _drawn_page(
        simulation,
        plan,
        f"{NINE} draws need at most {_together(needs)} {'/'.join(tiers)}; the plan at the medians "
        f"has {_together(built) if any(built) else 'none'}",
        "Usable storage needed by month in each tier, and what the plan at the medians has in service",
        panels=len(tiers),
    )
    for axes, tier in zip(panels, tiers, strict=True):
        axes.set_title(tier if len(tiers) > 1 else "")
        _fan(
            axes, simulation, plan, f"storage_{tier}_required", by_month(plan, f"storage_{tier}")[0]
        )
    return figure


def _together(sizes: Sequence[float]) -> str:
    """Sizes of storage in one unit: "144/347/402 PB"."""
    scale, label = units.magnitude(np.array(sizes), "byte")
    return f"{'/'.join(number(size / scale) for size in sizes)} {label}"


def _power(simulation: Simulation, plan: Plan) -> Figure:
    capacity = simulation.risk.capacity["it_power"]
    needed, planned = (units.show(x, "watt") for x in (capacity.needed, capacity.planned))
    figure, (axes,) = _drawn_page(
        simulation,
        plan,
        f"{NINE} draws need at most {needed} for IT; the plan at the medians {planned}",
        "IT power to be provided by month, all sites together",
    )
    _fan(axes, simulation, plan, "it_power", by_month(plan, "it_power")[0])
    return figure


def _cost(simulation: Simulation, plan: Plan, spent: Spread) -> Figure:
    own = np.cumsum(sum(by_month(plan, name)[0] for name in SPENT))
    most, planned = (units.show(float(x), "USD") for x in (spent.at(SURE)[-1], own[-1]))
    figure, (axes,) = _drawn_page(
        simulation,
        plan,
        f"{NINE} draws cost at most {most} by {plan.months[-1]}; the plan at the medians {planned}",
        "Capex and opex paid so far, not discounted, from the start of the plan",
    )
    _draw_fan(axes, plan, spent, own, "USD", steps=False)
    return figure


def _fan(axes: Axes, simulation: Simulation, plan: Plan, name: str, own: Array) -> None:
    found = simulation.spreads[name]
    assert found.months is not None
    _draw_fan(axes, plan, found.months, own, found.column.unit)


def _draw_fan(
    axes: Axes, plan: Plan, spread: Spread, own: Array, unit: str, steps: bool = True
) -> None:
    """Bands and median of a number by month of the horizon; what the plan has as a line, of steps where it is built."""
    within = plan.horizon
    levels = {level: spread.at(level)[within] for level in (0.1, 0.25, 0.5, 0.75, 0.9)}
    scale, label = _scale(max(float(levels[0.9].max()), float(own[within].max())), unit)
    shown = {level: values / scale for level, values in levels.items()}
    months = np.arange(len(plan.horizon_months))
    axes.fill_between(months, shown[0.1], shown[0.9], color=OUTER, linewidth=0)
    axes.fill_between(months, shown[0.25], shown[0.75], color=INNER, linewidth=0)
    axes.plot(months, shown[0.5], color=NEED)
    way = "steps-post" if steps else "default"
    axes.plot(months, own[within] / scale, color=PLAN, drawstyle=way)
    axes.set_ylim(0, 1.06 * max(float(shown[0.9].max()), float(own[within].max()) / scale))
    axes.set_xlim(0, max(len(months) - 1, 1))
    axes.set_ylabel(label)
    name_months(axes, plan.horizon_months)
    count_thousands(axes.yaxis)
    ends = [(float(values[-1]), f"P{100 * level:.0f}", NEED) for level, values in shown.items()]
    ends.append((float(own[-1] / scale), "plan", PLAN))
    label_ends(axes, [(end, f"{text} {number(end)}", colour) for end, text, colour in ends])


# --- What is risked --------------------------------------------------------------------------------------------------


def _shortfall(simulation: Simulation, plan: Plan) -> Figure:
    capacity = simulation.risk.capacity["gpus_required"]
    needed = number(capacity.needed)
    title = f"{needed} GPUs fall short in 10 % of the draws; the plan buys none"
    if capacity.built and capacity.enough is not None:
        title = (
            f"The {number(capacity.built)} GPUs of the plan fall short in "
            f"{100 * (1 - capacity.enough):.0f} % of the draws; {needed} in 10 %"
        )
    subtitle = "How likely the largest month of the horizon needs more GPUs than are built"
    figure, (axes,) = _drawn_page(simulation, plan, title, subtitle)
    _exceedance(axes, simulation, "gpus_required", "GPUs built")
    return figure


def _shortfall_of_storage(simulation: Simulation, plan: Plan, tiers: Sequence[str]) -> Figure:
    capacity = {tier: simulation.risk.capacity[f"storage_{tier}_required"] for tier in tiers}
    needed = _together([each.needed for each in capacity.values()])
    title = (
        f"{needed} of {'/'.join(tiers)} storage fall short in 10 % of the draws; the plan buys none"
    )
    if any(each.built for each in capacity.values()):
        enough = {tier: each.enough or 0.0 for tier, each in capacity.items()}
        worst = min(tiers, key=lambda tier: enough[tier])
        short = f"{100 * (1 - enough[worst]):.0f} %"
        title = f"The {worst} storage of the plan falls short in {short} of the draws"
    figure, panels = _drawn_page(
        simulation,
        plan,
        title,
        "How likely the largest month of the horizon needs more than is built, by tier",
        panels=len(tiers),
    )
    for axes, tier in zip(panels, tiers, strict=True):
        axes.set_title(tier if len(tiers) > 1 else "")
        _exceedance(axes, simulation, f"storage_{tier}_required", "built")
    return figure


def _exceedance(axes: Axes, simulation: Simulation, name: str, words: str) -> None:
    """The probability that more is needed, against what is built; P50, P80, P90 and the plan are marked."""
    found, capacity = simulation.spreads[name], simulation.risk.capacity[name]
    assert found.figures is not None and found.figure is not None
    from matplotlib.ticker import LogLocator

    ordered = np.sort(found.figures)
    cut = math.ceil(TAIL * len(ordered))
    begin, end = float(ordered[cut - 1]), float(ordered[-cut])
    scale, label = _scale(float(found.figure.at(0.5)[0]), found.column.unit)
    share = 100.0 * (1.0 - np.arange(1, len(ordered) + 1) / len(ordered))
    thin = slice(None, None, max(1, len(ordered) // 4000))
    # Whoever builds less than the least need falls short.
    below, certain = min(0.0, ordered[0]), 100.0
    axes.plot(
        np.concatenate([[below], ordered[thin]]) / scale,
        np.concatenate([[certain], share[thin]]),
        color=NEED,
        drawstyle="steps-post",
    )
    axes.set_ylim(0, 104)
    if axes is axes.figure.axes[0]:
        axes.set_ylabel("probability of a shortfall, %")
    axes.set_xlabel(words if found.column.unit == "1" else f"{words}, {label}")
    axes.grid(True, axis="x")
    marked = [float(found.figure.at(SURE)[0]), *([capacity.built] if capacity.built else [])]
    least, most = min(begin, *marked), max(end, *marked)
    if least > 0 and end > WIDE * begin:
        axes.set_xscale("log")
        axes.set_xlim(0.9 * least / scale, 1.1 * most / scale)
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
        axes.minorticks_off()
    else:
        axes.set_xlim(0, 1.02 * most / scale)
    count_thousands(axes.xaxis)
    marks = [
        (100 * (1 - level), float(found.figure.at(level)[0]), f"P{100 * level:.0f}", NEED)
        for level in BUILT_AT
    ]
    if capacity.built:
        enough = 0.0 if capacity.enough is None else capacity.enough
        marks.append((100 * (1 - enough), capacity.built, "plan", PLAN))
    _mark(axes, [(share, value / scale, text, colour) for share, value, text, colour in marks])


def _mark(axes: Axes, marks: Sequence[tuple[float, float, str, str]]) -> None:
    """Points of a falling curve by their height, with their names on the right: there the curve has gone down."""
    low, high = axes.get_ylim()
    ordered = sorted(marks)
    places = apart([(y - low) / (high - low) for y, *_ in ordered])
    for place, (y, x, text, colour) in zip(places, ordered, strict=True):
        axes.plot([x], [y], marker="o", markersize=6, color=colour, clip_on=False)
        axes.annotate(
            f"{text}: {number(x)}",
            (x, low + place * (high - low)),
            xytext=(8, 6),
            textcoords="offset points",
            color=colour,
            fontsize=9,
        )


# --- The page --------------------------------------------------------------------------------------------------------


def _drawn_page(
    simulation: Simulation, plan: Plan, title: str, subtitle: str, panels: int = 1
) -> tuple[Figure, list[Axes]]:
    """A page that says how the plan was drawn."""
    beside = f"{simulation.draws:,} draws, seed {simulation.seed}"
    return page(plan, title, subtitle, beside, panels)


def _scale(peak: float, unit: str) -> tuple[float, str]:
    """Scale and label of an axis; whole things are counted."""
    if unit == "1":
        return 1.0, "GPUs"
    return units.magnitude(np.array([peak]), unit)
