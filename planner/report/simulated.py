"""The page that `planner simulate` prints: what is enough with 90 % confidence, how far each year may be off, and what
is risked by building for less.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.text import Text

from planner import units
from planner.axes import Array
from planner.catalogue import TIERS
from planner.lineage import scenario_argument
from planner.plan import Plan
from planner.report.page import Page
from planner.report.summary import NARROWEST, TIERS_TOGETHER, WIDTH
from planner.report.table import COUNTED, MILLIONS_FROM, THOUSANDS_FROM, number
from planner.study import statistics
from planner.study.analysis import BUILT_AT, SURE, Shortfall, Spread, Spreads
from planner.study.columns import COST, KEPT, NEEDS
from planner.study.simulation import SEED, Simulation
from planner.text import counted, printable

SHOWN = (0.9, 0.5, 0.1)  # quantiles of a year, from the top down
LABEL = 23
QUANTILE, INTERVAL, PLANNED, STANDS, ENOUGH = 7, 14, 8, 6, 8
YEAR = 7
VISIBLE = 1e-3  # of a need: a smaller spread is no risk

# Words for what is needed, and for what stands beside it in the tables.
WORDS = {
    "gpus_required": "GPUs needed",
    "storage_hot_required": "hot storage needed",
    "storage_warm_required": "warm storage needed",
    "storage_cold_required": "cold storage needed",
    "it_power": "IT power",
    "tco": "TCO",
    "cost_per_vehicle": "cost a vehicle",
    "cost_per_1000_km": "cost of 1,000 km",
    "gpu_hour_cost": "GPU-hour in service",
    "capex": "capex",
    "opex": "opex",
    "carbon": "CO2e",
}
WHOLE_PLAN = ("tco", "cost_per_vehicle", "cost_per_1000_km", "gpu_hour_cost")
BY_YEAR = (*NEEDS, "capex", "opex", "carbon")

HOW_READ = (
    "P10 to P90: four of five draws. P90 between: 95 % sure, for independent draws; the Sobol points of these spread "
    "more evenly. Plan: with every input at its median, and the percentile at which it stands; enough: the share of "
    "draws in which what it buys at most, all sites together, suffices; of IT power, what its halls hold. Dearest: the "
    "mean of those draws."
)
HOW_SHORT = (
    "Built month by month for a percentile of the need; what is built stays. Short: the share of draws that any month "
    "is short in; by: the mean of their largest shortage; months: how many on average."
)


@dataclass(frozen=True)
class _Line:
    """A row of the first table, in base units: its spread over the draws, the plan's own value, what that stands at."""

    name: str
    unit: str
    spread: Spread
    planned: float
    stands: float
    enough: float | None


def page(simulation: Simulation, plan: Plan, width: int = WIDTH) -> list[Text]:
    """The lines of the report, none wider than `width` (but never narrower than 60)."""
    found = Page(max(NARROWEST, min(width, WIDTH)))
    for section in (_header, _capacities, _years, _shortfalls):
        if plan.mark:
            found.wrapped(printable(plan.mark), style="bold red")
        section(found, simulation, plan)
        found.skip()
    found.commands("Next", _next(simulation, plan))
    return found.lines


def _header(page: Page, simulation: Simulation, plan: Plan) -> None:
    months = plan.horizon_months
    span = months[0] if len(months) == 1 else f"{months[0]} to {months[-1]}"
    facts = f"{span}, planned from {plan.months[0]}"
    title = printable(plan.title)
    gap = page.width - len(title) - len(facts)
    if gap >= 3:
        page.add(title + " " * gap + facts, "bold")
    else:
        page.wrapped(title, style="bold")
        page.add(facts)
    if plan.project.changes:
        page.wrapped(printable(f"Changed: {', '.join(plan.project.changes)}"), indent="  ")
    inputs = counted(len(simulation.sampler.dimensions), "uncertain number")
    page.add(f"{counted(simulation.draws, 'draw')} of {inputs}, seed {simulation.seed}")
    sure = _are_enough(simulation)
    lead = "At 90 % confidence each: " if sure else "P90 of these few, no confidence: "
    page.flowing(lead, _sure(simulation))
    page.flowing("The plan at the medians: ", _planned(simulation))


def _are_enough(simulation: Simulation) -> bool:
    """Whether the draws say between which values their 90th percentiles lie."""
    cost = simulation.spreads[COST].figure
    return cost is None or math.isfinite(float(cost.error(SURE)[0][0]))


def _sure(simulation: Simulation) -> list[str]:
    """The headline: what is enough with 90 % confidence, one need at a time."""
    capacity = simulation.risk.capacity
    texts = _sizes({name: each.needed for name, each in capacity.items()})
    cost = simulation.spreads[COST].figure
    if cost is not None:
        texts.append(f"{units.show(float(cost.at(SURE)[0]), 'USD')} TCO")
    return texts


def _planned(simulation: Simulation) -> list[str]:
    """The plan's own numbers, and for how many draws they are enough."""
    capacity = simulation.risk.capacity
    texts = _sizes({name: each.planned for name, each in capacity.items()})
    texts.append(f"{units.show(simulation.medians[COST].item(), 'USD')} TCO")
    enough, built = capacity["gpus_required"].enough, capacity["gpus_required"].built
    if enough is not None and built:
        texts.append(
            f"its {units.show(built, '1')} GPUs suffice in {_percent(enough)} of the draws"
        )
    return texts


def _sizes(needs: dict[str, float]) -> list[str]:
    """ "4,310 GPUs", "41/60/110 PB hot/warm/cold", "8.2 MW of IT"; what is not needed at all is left out."""
    stored = {tier: needs[f"storage_{tier}_required"] for tier in TIERS}
    stored = {tier: size for tier, size in stored.items() if size > 0}
    scale, label = units.magnitude(np.array(list(stored.values())), "byte")
    texts = [f"{number(needs['gpus_required'])} GPUs"] if needs["gpus_required"] else []
    if stored and min(stored.values()) / scale >= TIERS_TOGETHER:
        sizes = "/".join(number(size / scale) for size in stored.values())
        texts.append(f"{sizes} {label} {'/'.join(stored)}")
    else:
        texts += [f"{units.show(size, 'byte')} {tier}" for tier, size in stored.items()]
    if needs["it_power"]:
        texts.append(f"{units.show(needs['it_power'], 'watt')} of IT")
    return texts


def _capacities(page: Page, simulation: Simulation, plan: Plan) -> None:
    """The whole plan in one table: needs in their largest month, and what all of it costs."""
    heads = ("P10".rjust(QUANTILE), "P50".rjust(QUANTILE), "P90".rjust(QUANTILE))
    others = ("P90 between".rjust(INTERVAL), "plan".rjust(PLANNED), "at".rjust(STANDS))
    title = "Peak month, whole plan".ljust(LABEL)
    page.add(title + "".join((*heads, *others)) + "enough".rjust(ENOUGH), "bold")
    for line in _lines(simulation):
        quantiles = [float(line.spread.at(level)[0]) for level in (0.1, 0.5, SURE)]
        low, high = (float(end[0]) for end in line.spread.error(SURE))
        scale, unit = _scale(quantiles, line.unit)
        texts = [number(each / scale).rjust(QUANTILE) for each in quantiles]
        texts.append(_between(low / scale, high / scale).rjust(INTERVAL))
        texts.append(number(line.planned / scale).rjust(PLANNED))
        texts.append(_percentile(line.stands).rjust(STANDS))
        if line.enough is not None:
            texts.append(_percent(line.enough).rjust(ENOUGH))
        page.add(_label(line.name, unit) + "".join(texts))
        for share, mean in simulation.risk.dearest.items() if line.name == COST else ():
            place = number(mean / scale).rjust(3 * QUANTILE)
            page.add(f"  dearest {_percent(share)}, {unit}".ljust(LABEL) + place)
    page.wrapped(HOW_READ, style="dim")


def _between(low: float, high: float) -> str:
    """ "4,110-4,600"; one number where both read the same."""
    if not math.isfinite(low):
        return "too few draws"
    ends = dict.fromkeys((number(low), number(high)))
    return "-".join(ends)


def _lines(simulation: Simulation) -> list[_Line]:
    lines = []
    for name, capacity in simulation.risk.capacity.items():
        found = simulation.spreads[name]
        if (spread := found.figure) is not None and spread.at(SURE)[0] > 0:
            planned, stands, enough = capacity.planned, capacity.planned_at, capacity.enough
            lines.append(_Line(name, found.column.unit, spread, planned, stands, enough))
    for name in WHOLE_PLAN:
        found = simulation.spreads[name]
        spread = found.figure
        if spread is None or found.figures is None or not spread.at(SURE)[0]:
            continue
        planned = simulation.medians[name].item()
        stands = statistics.share_up_to(np.sort(found.figures), planned)
        lines.append(_Line(name, found.column.unit, spread, planned, stands, None))
    return lines


def _years(page: Page, simulation: Simulation, plan: Plan) -> None:
    """Three percentiles of every year, one below the other."""
    labels = [year for year, _ in simulation.columns.periods.years]
    if len(labels) < 2:  # the table above says it all
        return
    room = max(1, (page.width - LABEL - 4) // YEAR)
    chosen = list(range(len(labels)))
    if len(chosen) > room:  # every second or third, so that the last one is there
        step = -(-len(chosen) // room)
        chosen = chosen[::-step][::-1]
    heads = "".join(labels[i].rjust(YEAR) for i in chosen)
    page.add("Year by year".ljust(LABEL + 4) + heads, "bold")
    for name in BY_YEAR:
        found = simulation.spreads[name]
        if found.years is None or not found.years.at(0.9).any():
            continue
        scale, unit = _scale(list(found.years.at(0.9)[chosen]), found.column.unit)
        for level in SHOWN:
            label = _label(name, unit) if level == SHOWN[0] else " " * LABEL
            values = [number(value / scale).rjust(YEAR) for value in found.years.at(level)[chosen]]
            page.add(f"{label}{_percentile(level):>4}" + "".join(values))
    page.wrapped("Needs: largest month of the year. Money, carbon: its sum.", style="dim")


def _shortfalls(page: Page, simulation: Simulation, plan: Plan) -> None:
    """What is risked by building for a percentile of the need."""
    names = [name for name in simulation.risk.shortfall if _spreads(simulation.spreads[name])]
    if not names:
        return
    cell = (8, 9, 8)
    if page.width < LABEL + len(BUILT_AT) * sum(cell):
        cell = (7, 7, 5)
    heads = "".join(f"built at {_percentile(level)}".rjust(sum(cell)) for level in BUILT_AT)
    page.add("Short".ljust(LABEL) + heads, "bold")
    below = "".join(
        head.rjust(room)
        for head, room in zip(
            ("short", "by", "mths" if cell[2] < 7 else "months"), cell, strict=True
        )
    )
    page.add(" " * LABEL + below * len(BUILT_AT), "dim")
    for name in names:
        shortfalls = simulation.risk.shortfall[name]
        scale, unit = _scale(
            [each.size for each in shortfalls], simulation.spreads[name].column.unit
        )
        texts = [_short(each, scale, cell) for each in shortfalls]
        page.add(_label(name, unit) + "".join(texts))
    page.wrapped(HOW_SHORT, style="dim")


def _spreads(need: Spreads) -> bool:
    """Whether a need differs between draws by more than anybody would see."""
    spread = need.figure
    if spread is None:
        return False
    least, most = (float(spread.at(level)[0]) for level in (0.1, SURE))
    return most - least > VISIBLE * most


def _short(short: Shortfall, scale: float, cell: Sequence[int]) -> str:
    texts = (_percent(short.probability), number(short.size / scale), number(short.months))
    return "".join(text.rjust(room) for text, room in zip(texts, cell, strict=True))


def _label(name: str, unit: str) -> str:
    words = WORDS[name]
    if unit and len(words) + len(unit) + 2 > LABEL:
        words = words.removesuffix(" needed")
    return f"{words}, {unit}".removesuffix(", ").ljust(LABEL)


def _scale(values: Sequence[float] | Array, unit: str) -> tuple[float, str]:
    """One scale and its label for several numbers; many things are counted in thousands."""
    peak = float(np.max(np.abs(values), initial=0.0))
    if unit in COUNTED:
        if peak >= MILLIONS_FROM:
            return 1e6, "million"
        return (1e3, "thousand") if peak >= THOUSANDS_FROM else (1.0, "")
    scale, label = units.magnitude(np.array([peak]), unit)
    label = "USD" if label.startswith("USD/") else label
    return (scale * 1e3, f"k{label}") if peak / scale >= THOUSANDS_FROM else (scale, label)


def _percent(share: float) -> str:
    """ "37 %"; what is nearly nothing or nearly all says so."""
    if 0.0 < share < 0.005:
        return "<1 %"
    return ">99 %" if 0.995 < share < 1.0 else f"{100 * share:.0f} %"


def _percentile(level: float) -> str:
    return f"P{100 * level:.0f}"


def _next(simulation: Simulation, plan: Plan) -> list[list[str]]:
    """Commands that go on from here."""
    scenario, changes = scenario_argument(plan), plan.project.changes
    options = [f"--draws {4 * simulation.draws}"]
    if simulation.seed != SEED:
        options.append(f"--seed {simulation.seed}")
    kept = [column.name for column in simulation.kept]
    if kept != [name for name in KEPT if name in plan.project.graph]:
        options.append(f"--keep {','.join(kept)}")
    options.append(f"--out {shlex.quote(str(simulation.out or 'draws'))}")
    commands = [[f"planner simulate {scenario}", *options, *changes]]
    commands.append([f"planner size {scenario}", *changes])
    return [[printable(part) for part in parts] for parts in commands]
