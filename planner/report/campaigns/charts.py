"""Charts of a campaign: completion by region and link, traffic against caps, cost, exposure against detection delay.

Each chart says its message in the title, with the number; lines are labelled where they stand; the campaign, its fleet
and its file stand below. Bands hold 80 % of campaigns. PNG and SVG; the same campaign gives the same files.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from planner import units
from planner.axes import Array
from planner.perf.campaign.billing import Bill
from planner.perf.campaign.traffic import month_of, percentile_95
from planner.report.campaigns.bill import delivery_by_rule
from planner.report.campaigns.page import headline, percent, time_text, vehicles
from planner.report.house import (
    ALARM,
    APART,
    NEED,
    PLAN,
    QUIET,
    apart,
    house_style,
    label_ends,
)
from planner.report.table import number
from planner.study.blocks import moved
from planner.study.campaign_run import BAD_SHARES, CampaignRun
from planner.text import counted, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIFI, CELLULAR = NEED, PLAN
TINTS = ("#cfe3f1", "#f6d7c3")  # of the colours of the two links
MOST_REGIONS, MOST_POOLS = 6, 3  # panels
COLUMNS = 3
TITLE_WIDTH = 84  # characters of a line of the title
DAYS_FROM = 96.0  # hours of a horizon from which the axis counts days
NEARLY = 90.0  # per cent updated, whose time is written beside the curves
UNSEEN = 0.01  # share of the bytes at the end that the chart of traffic leaves out
SEEN_DELAY = 24.0  # hours: the delay that the title names
LEAST_DELAY = 0.5  # hours: where the axis of delays begins
LEFT_PART = 0.4  # of an axis, in which names stand right of their points
POINTS = 400  # of a curve


def write(run: CampaignRun, folder: Path) -> list[Path]:
    """Draw all charts; gives the PNG files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    with house_style():
        for name, figure in _charts(run):
            for suffix, about in (("png", {"Software": None}), ("svg", {"Date": None})):
                file = folder / f"{name}.{suffix}"
                moved(file, partial(figure.savefig, format=suffix, metadata=about))
            files.append(folder / f"{name}.png")
    return files


def _charts(run: CampaignRun) -> Iterator[tuple[str, Figure]]:
    yield "completion", _completion(run)
    yield "traffic", _traffic(run)
    if run.bill is not None and run.bill.total > 0:
        yield "cost", _cost(run, run.bill)
    if math.isfinite(run.exposure.first):
        yield "exposure", _exposure(run)


# --- Completion ------------------------------------------------------------------------------------------------------


def _completion(run: CampaignRun) -> Figure:
    """Shares updated by region, vehicles with Wi-Fi at home and without."""
    by_region = run.vehicles.sum(axis=1)
    order = np.sort(np.argsort(-by_region, kind="stable")[:MOST_REGIONS])
    left = run.campaign.regions[len(order) :]
    shown = f"; the {len(order)} largest of {len(run.campaign.regions)} regions" if left else ""
    columns = 2 if len(order) == 4 else min(len(order), COLUMNS)
    rows = -(-len(order) // columns)
    figure, panels = _page(
        run,
        headline(run),
        "Share of vehicles updated, by region and by the link that they have at home; "
        f"bands: 80 % of campaigns{shown}",
        rows,
        columns,
    )
    grid = np.linspace(0.0, run.campaign.horizon, POINTS)
    found = run.completion(run.updated, grid)
    from matplotlib.ticker import MaxNLocator

    scale, unit = _clock(run.campaign.horizon)
    for place, (axes, region) in enumerate(zip(panels, order, strict=False)):
        _region(axes, run, int(region), grid / scale, found.mean, found.low, found.high)
        axes.xaxis.set_major_locator(MaxNLocator(7, integer=True))
        axes.set_title(_name(run.campaign.regions[region].name))
        if place % columns == 0:
            axes.set_ylabel("updated, %")
        if place + columns >= len(order):
            axes.set_xlabel(f"{unit} from the start")
    for axes in panels[len(order) :]:
        axes.set_visible(False)
    return figure


def _region(
    axes: Axes, run: CampaignRun, region: int, grid: Array, mean: Array, low: Array, high: Array
) -> None:
    """The two links of one region; the free corner says when 90 % are updated, or how many at the end."""
    axes.set_xlim(0, grid[-1])
    labels, highest = [], 0.0
    for link, (name, colour) in enumerate((("Wi-Fi", WIFI), ("no Wi-Fi", CELLULAR))):
        size = run.vehicles[region, link]
        if not round(float(size)):
            continue
        curve, bottom, top = (100 * each[2 * region + link] / size for each in (mean, low, high))
        axes.fill_between(grid, bottom, top, color=TINTS[link], linewidth=0)
        axes.plot(grid, curve, color=colour)
        highest = max(highest, float(top[-1]))
        said = f"{curve[-1]:.1f} % at the end"
        if curve[-1] >= NEARLY:
            hours = float(np.interp(NEARLY, curve, grid)) * run.campaign.horizon / grid[-1]
            said = f"{NEARLY:g} % after {time_text(hours)}"
        labels.append((f"{name}: {said}", colour))
    axes.set_ylim(0, 104 if highest > 50 else 1.8 * max(highest, 1.0))
    for place, (text, colour) in enumerate(reversed(labels)):
        axes.annotate(
            text,
            (0.98, 0.05 if highest > 50 else 0.85),
            xycoords="axes fraction",
            xytext=(0, 13 * place),
            textcoords="offset points",
            ha="right",
            color=colour,
            fontsize=9,
        )


# --- Traffic ---------------------------------------------------------------------------------------------------------


def _traffic(run: CampaignRun) -> Figure:
    """Hourly rates by pool and link, the pool's cap, and what 95/5 billing counts."""
    pools, total = run.campaign.pools, run.hourly.sum(axis=(0, 1))
    order = np.sort(np.argsort(-run.hourly.sum(axis=(1, 2)), kind="stable")[:MOST_POOLS])
    shown = f"; the {len(order)} largest of {len(pools)} pools" if len(pools) > len(order) else ""
    hours = total.size
    sent = np.cumsum(total)
    if sent[-1] > 0:
        # Days in which hardly anything is sent are left out.
        last = int(np.searchsorted(sent, (1 - UNSEEN) * sent[-1])) + 1
        hours = min(int(np.ceil(last / 24)) * 24, hours)
    if hours < total.size:
        shown += f"; what comes later is below {percent(UNSEEN, 0)}"
    figure, panels = _page(
        run,
        _traffic_title(run),
        "Mean rate of each hour; 95/5: what is billed by rate, the month's 36 busiest hours dropped"
        f"{shown}",
        len(order),
        1,
    )
    scale, unit = _clock(hours)
    edges = np.arange(hours + 1.0) / scale
    from matplotlib.ticker import MaxNLocator

    for axes, place in zip(panels, order, strict=True):
        cap = run.pools[place].cap
        whole = run.rates[place].sum(axis=0)
        _pool(axes, cap, edges, run.hourly[place, :, :hours], whole, len(order))
        axes.set_title(_name(pools[place].name))
        axes.set_ylabel("Gb/s")
        axes.xaxis.set_major_locator(MaxNLocator(9, integer=True))
        if place != order[-1]:
            axes.tick_params(labelbottom=False)
    panels[-1].set_xlabel(f"{unit} from the start, UTC")
    return figure


def _traffic_title(run: CampaignRun) -> str:
    peak, p95 = run.mean("peak_gbps_5min") or 0.0, run.mean("p95_gbps_30day") or 0.0
    said = f"Traffic peaks at {number(peak)} Gb/s, 95/5 counts {number(p95)}"
    stuck = [pool for pool in run.pools if pool.bound]
    if stuck:
        longest = max(stuck, key=lambda pool: pool.bound)
        return f"{said}; {printable(longest.name)} is at its cap for {number(longest.bound)} h"
    if any(np.isfinite(pool.cap) for pool in run.campaign.pools):
        return f"{said}; no cap binds"
    return f"{said}; there is no cap"


def _pool(axes: Axes, cap: float, edges: Array, hourly: Array, fine: Array, rows: int) -> None:
    """One pool of so many: Wi-Fi below, cellular on it."""
    wifi, cellular = hourly
    axes.stairs(wifi, edges, fill=True, color=WIFI, linewidth=0)
    axes.stairs(wifi + cellular, edges, baseline=wifi, fill=True, color=CELLULAR, linewidth=0)
    p95 = float(percentile_95(month_of(fine)))
    top = max(float((wifi + cellular).max()), p95, cap if np.isfinite(cap) else 0.0) or 1.0
    axes.set_xlim(0, edges[-1])
    axes.set_ylim(0, 1.12 * top)
    ends = [(p95, f"95/5 {number(p95)}", "#222222")]
    axes.axhline(p95, color="#222222", linewidth=1, linestyle=":")
    if np.isfinite(cap):
        axes.axhline(cap, color=ALARM, linewidth=1, linestyle="--")
        ends.append((cap, f"cap {number(cap)}", ALARM))
    label_ends(axes, ends, APART * rows)
    total = max(float(wifi.sum() + cellular.sum()), 1e-12)
    for place, (name, colour, part) in enumerate(
        (("Wi-Fi", WIFI, wifi), ("cellular", CELLULAR, cellular))
    ):
        axes.annotate(
            f"{name} {percent(float(part.sum()) / total, 0)}",
            (1.0, 1.0),
            xycoords="axes fraction",
            xytext=(-90 * (1 - place), 8),
            textcoords="offset points",
            ha="right",
            color=colour,
            fontsize=9,
        )


# --- Cost ------------------------------------------------------------------------------------------------------------


def _cost(run: CampaignRun, bill: Bill) -> Figure:
    """What each component costs, and what the same delivery costs under other rules."""
    components = {name: usd for name, usd in bill.by("component").items() if usd > 0}
    largest = max(components, key=lambda name: components[name])
    title = f"{units.show(bill.total, 'USD')}"
    if bill.per_vehicle is not None:
        title += f", {number(bill.per_vehicle)} a vehicle updated"
    title += f"; {largest} is {percent(components[largest] / bill.total, 0)} of it"
    rules = delivery_by_rule(bill)
    figure, panels = _page(
        run,
        title,
        "Cost of the campaign by component; beside it the same delivery under other rules of billing"
        if rules
        else "Cost of the campaign by component",
        1,
        2 if rules else 1,
        shared=False,
    )
    rows = max(len(components), len(rules))
    _bars(panels[0], components, NEED, "by component", rows)
    if rules:
        _bars(panels[1], rules, QUIET, "delivery, by rule", rows)
    figure.subplots_adjust(left=0.13, right=0.95, wspace=0.62)
    return figure


def _bars(axes: Axes, amounts: Mapping[str, float], colour: str, title: str, rows: int) -> None:
    """Amounts in USD as bars, the largest on top, each with its number; room for so many."""
    ordered = sorted(amounts.items(), key=lambda each: each[1])
    values = [usd for _, usd in ordered]
    axes.barh([printable(name) for name, _ in ordered], values, color=colour, height=0.6)
    axes.set_title(title)
    axes.set_xlim(0, 1.4 * max(values))
    axes.set_xticks([])  # every bar has its number
    axes.spines["bottom"].set_visible(False)
    axes.grid(False)
    axes.set_ylim(len(values) - rows - 0.4, len(values) - 0.4)
    for place, value in enumerate(values):
        axes.annotate(
            units.show(value, "USD"),
            (value, place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )


# --- Exposure --------------------------------------------------------------------------------------------------------


def _exposure(run: CampaignRun) -> Figure:
    """Vehicles with the build against the delay from the first of them until it is stopped."""
    exposure, horizon = run.exposure, run.campaign.horizon
    seen = float(exposure.by(np.array([min(exposure.first + SEEN_DELAY, horizon)]))[0])
    title = f"Stopped {SEEN_DELAY:g} h after its first install, a bad build is on {vehicles(seen)} vehicles"
    halts = exposure.halts_at(np.array(BAD_SHARES))
    if np.isfinite(halts[0]):
        first = float(exposure.by(halts[:1])[0])
        title += (
            f"; if it fails on {percent(BAD_SHARES[0], 0)}, the rule stops it at {vehicles(first)}"
        )
    figure, (axes,) = _page(
        run,
        title,
        "Vehicles on which an install has begun, against hours from the first vehicle with the build"
        + ("; points: the campaign's own halt" if np.isfinite(halts).any() else ""),
        1,
        1,
    )
    most = horizon - exposure.first
    delay = np.geomspace(min(LEAST_DELAY, most / 2), most, POINTS)
    count = np.maximum(exposure.by(exposure.first + delay), 1.0)
    axes.plot(delay, count, color=NEED)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(delay[0], delay[-1])
    axes.set_ylim(max(count[0] / 2, 0.8), 1.5 * run.campaign.vehicles)
    axes.set_xlabel("delay until it is stopped, hours from the first vehicle")
    axes.set_ylabel("vehicles with the build")
    axes.grid(True, axis="both")
    _plain_log(axes)
    for wave, opened in enumerate(run.rollout.openings[1:].tolist(), start=1):
        if exposure.first < opened < horizon:
            axes.axvline(opened - exposure.first, color=QUIET, linewidth=0.8, linestyle=":")
            axes.annotate(
                f"wave {wave} opens",
                (opened - exposure.first, 0.02),
                xycoords=("data", "axes fraction"),
                xytext=(-3, 0),
                textcoords="offset points",
                rotation=90,
                ha="right",
                color=QUIET,
                fontsize=8,
            )
    caught = [
        (float(halt - exposure.first), float(exposure.by(halt)), bad)
        for bad, halt in zip(BAD_SHARES, halts, strict=True)
        if np.isfinite(halt) and halt > exposure.first
    ]
    _caught(axes, sorted(caught, key=lambda each: each[1]))
    figure.subplots_adjust(left=0.105)
    return figure


def _caught(axes: Axes, points: Sequence[tuple[float, float, float]]) -> None:
    """Where the campaign's rule stops builds of some badness; names stand where the rising curve leaves room."""
    low, high = np.log(axes.get_ylim())
    left, right = np.log(axes.get_xlim())
    for begins in (True, False):  # at the left the room is below the curve, at the right above it
        mine = [
            point
            for point in points
            if bool((np.log(point[0]) - left) < LEFT_PART * (right - left)) is begins
        ]
        heights = [float(np.log(count) - low) / (high - low) for _, count, _ in mine]
        shift = 0.035 * (len(mine) - 1) * (-1 if begins else 1)
        for place, (delay, count, bad) in zip(
            apart([h + shift for h in heights]), mine, strict=True
        ):
            axes.plot([delay], [count], marker="o", markersize=6, color=PLAN, clip_on=False)
            axes.annotate(
                f"{percent(bad, 0)} fail: {vehicles(count)} after {time_text(delay)}",
                (delay, np.exp(low + place * (high - low))),
                xytext=(8, -12) if begins else (-8, 6),
                textcoords="offset points",
                ha="left" if begins else "right",
                color=PLAN,
                fontsize=9,
            )


def _plain_log(axes: Axes) -> None:
    """Ticks as plain numbers: 0.5, 10, 1,000."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1.0,), numticks=10))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
        axis.set_minor_formatter(NullFormatter())


# --- The page --------------------------------------------------------------------------------------------------------


def _name(name: str) -> str:
    """A name as a title has it."""
    return printable(name).replace("_", " ")


def _clock(horizon: float) -> tuple[float, str]:
    """Hours of a unit of the time axis, and its name."""
    return (24.0, "days") if horizon >= DAYS_FROM else (1.0, "hours")


def _page(
    run: CampaignRun, title: str, subtitle: str, rows: int, columns: int, shared: bool = True
) -> tuple[Figure, list[Axes]]:
    """A page with its title, what it shows, where it comes from, and room for the panels."""
    from matplotlib.figure import Figure

    figure = Figure()
    lines = textwrap.wrap(printable(title).rstrip("."), TITLE_WIDTH)
    about = textwrap.wrap(printable(subtitle), 125)
    figure.text(
        0.055, 0.955, "\n".join(lines), fontsize=13, weight="bold", va="top", linespacing=1.25
    )
    top = 0.955 - 0.052 * len(lines)
    figure.text(0.055, top, "\n".join(about), color=QUIET, va="top", linespacing=1.3)
    campaign = run.campaign
    source = (
        f"{run.loaded.title} ({Path(run.loaded.file).stem}) · {campaign.vehicles:,} vehicles, "
        f"{counted(len(campaign.waves), 'wave')}, horizon {time_text(campaign.horizon)}"
    )
    figure.text(0.055, 0.022, printable(source)[:160], color=QUIET, fontsize=8, va="bottom")
    panels = figure.subplots(
        rows, columns, squeeze=False, sharex=shared, sharey=shared and columns > 1
    )
    figure.subplots_adjust(
        left=0.075,
        right=0.975 if columns > 1 else 0.86,
        top=top - 0.04 * len(about) - 0.065,
        bottom=0.13,
        hspace=0.42,
        wspace=0.12,
    )
    return figure, list(panels.ravel())
