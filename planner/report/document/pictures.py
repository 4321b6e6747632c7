"""The charts of a report: one message each, in the title, with its number.

Areas and bars are stacked from what is largest; names stand beside what they name. The band around a need is where it
lies in 80 % of the draws, month by month.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from planner import units
from planner.axes import ITEM, MONTH, REGION, SITE, Array, on
from planner.catalogue import ITEMS, TIERS
from planner.plan import Plan
from planner.report.document.causes import assumptions, steps
from planner.report.document.drawing import Drawing
from planner.report.document.names import Names
from planner.report.house import (
    COLOURS,
    FLAT,
    IN_A_REPORT,
    NEED,
    OUTER,
    PLAN,
    QUIET,
    count_thousands,
    label_ends,
    name_months,
    page,
)
from planner.report.page import cut
from planner.report.rows import added, by_month, course, in_horizon, left_for_training
from planner.report.spans import ENDS, WITHIN
from planner.report.table import count, number
from planner.text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from planner.study.drawn import Drawn

LEAST_SHARE = 0.02  # of a stack, below which a part goes to the others
MOST_PARTS = 7
ROOM_FOR_NAMES = 0.73  # where a stack ends, so that the names of its parts fit beside it
LONGEST_NAME = 24  # characters of a name beside a stack
FEWEST_YEARS = 4  # for which a chart by year has room, so that the bar of one is no wall
# Items of the ledger as a board reads them.
PAID = {
    "nodes": ("nodes",),
    "storage": ("storage",),
    "networks": ("network",),
    "halls and installation": ("building", "installation"),
    "energy": ("energy",),
    "cellular and CDN": ("cellular", "delivery"),
    "labels": ("labels",),
    "licences and staff": ("licences", "staff"),
    "lease, rent, colocation": ("lease", "rent", "colocation"),
    "maintenance and WAN": ("maintenance", "wan"),
    "rigs and duty": ("rigs", "duty"),
}


# Of every chart that some plan has: those that a plan lacks are removed from an older report.
NAMES = frozenset((
    "gpus", "fleet", "ingest", "storage", "work", "steps", "ota", "power", "money", "carbon", "assumptions",
))  # fmt: skip


def drawings(plan: Plan, drawn: Drawn | None) -> Iterator[Drawing]:
    """Every chart that the plan has numbers for."""
    if len(plan.horizon_months) > 1:  # one month has no course
        for make in (_gpus, _fleet, _ingest, _storage, _work, _ota, _power, _money, _carbon):
            yield from make(plan, drawn)
    yield from steps(plan)
    yield from assumptions(plan)


# --- Needs -----------------------------------------------------------------------------------------------------------


def _gpus(plan: Plan, drawn: Drawn | None) -> Iterator[Drawing]:
    needed = in_horizon(plan, "gpus_required")[0]
    if needed.max() <= 0:
        return
    month = plan.horizon_months[int(needed.argmax())]
    message = f"The factory needs {number(needed.max())} GPUs by {month[:4]}"
    band = _band(drawn, "gpus_required")
    if band is not None:
        low, high = (number(float(end[int(needed.argmax())])) for end in band)
        message += f"; in {WITHIN} of the draws {low} to {high}" if low != high else ""

    def draw() -> Figure:
        subtitle = "GPUs needed and in service by month" + _banded(band)
        figure, (axes,) = page(plan, message, subtitle, size=FLAT)
        own = in_horizon(plan, "gpus")[0]
        _need(axes, plan, needed, own, band, 1.0, ("needed", "in service"), said=count)
        axes.set_ylabel("GPUs")
        return figure

    yield Drawing("gpus", message, draw)


def _storage(plan: Plan, drawn: Drawn | None) -> Iterator[Drawing]:
    tiers = [tier for tier in TIERS if in_horizon(plan, f"storage_{tier}_required").max() > 0]
    if not tiers:
        return
    peaks = [float(in_horizon(plan, f"storage_{tier}_required").max()) for tier in tiers]
    scale, unit = units.magnitude(np.array([max(peaks)]), "byte")
    needs = [f"storage_{tier}_required" for tier in tiers]
    sizes = [f"{units.show(peak, 'byte')} {tier}" for peak, tier in zip(peaks, tiers, strict=True)]
    message = f"Storage for {listed(sizes)} is needed"

    def draw() -> Figure:
        some = next((b for b in map(partial(_band, drawn), needs) if b is not None), None)
        subtitle = "Usable storage needed and in service by month" + _banded(some)
        figure, panels = page(plan, message, subtitle, panels=len(tiers), size=IN_A_REPORT)
        for axes, tier in zip(panels, tiers, strict=True):
            need = in_horizon(plan, f"storage_{tier}_required")[0] / scale
            own = in_horizon(plan, f"storage_{tier}")[0] / scale
            band = _band(drawn, f"storage_{tier}_required")
            scaled = None if band is None else (band[0] / scale, band[1] / scale)
            _need(axes, plan, need, own, scaled, 1.0, ("need", "has"))
            axes.set_title(f"{tier}, {unit}")
        return figure

    yield Drawing("storage", message, draw)


def _need(
    axes: Axes,
    plan: Plan,
    need: Array,
    own: Array,
    band: tuple[Array, Array] | None,
    scale: float,
    words: tuple[str, str],
    way: Literal["default", "steps-post"] = "steps-post",
    said: Callable[[float], str] = number,
) -> None:
    """A need with its band, and what stands beside it: what is in service as steps."""
    months = np.arange(len(need))
    if band is not None:
        axes.fill_between(months, band[0] / scale, band[1] / scale, color=OUTER, linewidth=0)
    axes.plot(months, need / scale, color=NEED)
    axes.plot(months, own / scale, color=PLAN, drawstyle=way)
    highest = max(need.max(), own.max(), 0.0 if band is None else band[1].max()) / scale
    axes.set_ylim(0, 1.06 * highest)
    axes.set_xlim(0, len(need) - 1)
    name_months(axes, plan.horizon_months)
    count_thousands(axes.yaxis)
    ends = [
        (float(need[-1] / scale), f"{words[0]} {number(float(need[-1] / scale))}", NEED),
        (float(own[-1] / scale), f"{words[1]} {said(float(own[-1] / scale))}", PLAN),
    ]
    if band is not None:
        ends += [
            (float(end[-1] / scale), f"P{100 * share:.0f} {number(float(end[-1] / scale))}", QUIET)
            for share, end in zip(ENDS, band, strict=True)
        ]
    label_ends(axes, ends)


def _band(drawn: Drawn | None, name: str) -> tuple[Array, Array] | None:
    """The tenth and ninetieth percentile of each month of the horizon."""
    if drawn is None or not drawn.uncertain:
        return None
    values = in_horizon(drawn, name)
    if len(values) < 2:
        return None
    low, high = np.quantile(values, ENDS, axis=0)
    return np.asarray(low), np.asarray(high)


def _day(month: str) -> str:
    """What ends with a month: the year where it is its last."""
    return month.removesuffix("-12")


def listed(parts: Sequence[str]) -> str:
    """ "a, b and c"."""
    return " and ".join([part for part in (", ".join(parts[:-1]), parts[-1]) if part])


def _banded(band: tuple[Array, Array] | None) -> str:
    return "" if band is None else "; band: P10 to P90 of each month"


# --- Stacks ----------------------------------------------------------------------------------------------------------


def _fleet(plan: Plan, drawn: Drawn | None) -> Iterator[Drawing]:
    regions = plan.project.labels[REGION]
    parts = {
        name: course("vehicles_in_operation", (REGION, index))(plan)[0, plan.horizon]
        for index, name in enumerate(regions)
    }
    total = sum(parts.values())
    if not isinstance(total, np.ndarray) or total.max() <= 0:
        return
    largest = max(parts, key=lambda name: float(parts[name][-1]))
    share = float(parts[largest][-1] / total[-1]) if total[-1] else 0.0
    message = f"{units.show(float(total[-1]), 'vehicle')} are on the road at the end of {_day(plan.horizon_months[-1])}"
    if len(regions) > 1:
        message += f", {100 * share:.0f} % of them in {Names(plan).of(largest)}"
    yield _stacked(plan, "fleet", message, "Vehicles on the road by region", parts, "vehicle")


def _ingest(plan: Plan, drawn: Drawn | None) -> Iterator[Drawing]:
    mean, peak = (in_horizon(plan, name)[0] for name in ("ingest_mean", "ingest_peak"))
    if peak.max() <= 0:
        return
    scale, unit = units.magnitude(np.array([peak.max()]), "byte/second")
    message = f"Vehicles send up to {number(peak.max() / scale)} {unit}"
    if mean[-1] > 0:
        message += f" in their busiest hour, {number(peak[-1] / mean[-1])} times the mean"
    band = _band(drawn, "ingest_peak")

    def draw() -> Figure:
        subtitle = (
            "Data from vehicles at all sites by month" + _banded(band) + " (peak)" * bool(band)
        )
        figure, (axes,) = page(plan, message, subtitle, size=IN_A_REPORT)
        scaled = None if band is None else (band[0] / scale, band[1] / scale)
        _need(axes, plan, peak / scale, mean / scale, scaled, 1.0, ("peak", "mean"), "default")
        axes.set_ylabel(unit)
        return figure

    yield Drawing("ingest", message, draw)


def _work(plan: Plan, drawn: Drawn | None) -> Iterator[Drawing]:
    parts = {
        "training": left_for_training(plan),
        "curation": added(plan, ("gpus_for_curation", "gpus_for_relabelling")),
        "simulation": added(plan, ("gpus_for_simulation",)),
        "services": added(plan, ("gpus_serving_peak", "gpus_services_waiting")),
    }
    shown = {name: values[0, plan.horizon] for name, values in parts.items()}
    total = sum(shown.values())
    if not isinstance(total, np.ndarray) or total.max() <= 0:
        return
    most = int(total.argmax())
    largest = max(shown, key=lambda name: float(shown[name][most]))
    share = 100 * float(shown[largest][most] / total[most])
    takes = "take" if largest == "services" else "takes"
    month = plan.horizon_months[most]
    message = f"{largest.capitalize()} {takes} {share:.0f} % of the GPUs in {month}, when the need is largest"
    yield _stacked(plan, "work", message, "GPUs needed by what they do", shown, "1", "GPUs")


def _power(plan: Plan, drawn: Drawn | None) -> Iterator[Drawing]:
    sites = plan.project.labels[SITE]
    parts = {
        name: course("site_power", (SITE, index))(plan)[0, plan.horizon]
        for index, name in enumerate(sites)
    }
    peak = float(in_horizon(plan, "site_power").max())
    if peak <= 0:
        return
    names = Names(plan)
    most = int(in_horizon(plan, "site_power").sum(axis=0).argmax())
    largest = max(parts, key=lambda name: float(parts[name][most]))
    together = float(sum(values[most] for values in parts.values()))
    message = f"{names.of(largest)} draws up to {units.show(peak, 'watt')} from the grid"
    if parts[largest][most] < together * (1.0 - LEAST_SHARE):
        share = 100 * float(parts[largest][most]) / together
        message = f"The sites draw up to {units.show(peak, 'watt')} from the grid"
        message += f", {share:.0f} % of it in {names.of(largest)}"
    yield _stacked(
        plan, "power", message, "Peak power at the grid by site and month", parts, "watt"
    )


def _stacked(
    plan: Plan,
    name: str,
    message: str,
    subtitle: str,
    parts: dict[str, Array],
    unit: str,
    label: str = "",
) -> Drawing:
    """Areas over the months of the horizon, the largest at the end below."""

    def draw() -> Figure:
        figure, (axes,) = page(plan, message, subtitle, size=IN_A_REPORT)
        shown = _largest_parts(parts)
        names = Names(plan)
        total = np.sum(list(shown.values()), axis=0)
        scale, written = units.magnitude(np.array([total.max()]), unit)
        months = np.arange(len(total))
        layers = [values / scale for values in shown.values()]
        axes.stackplot(months, layers, colors=COLOURS, edgecolor="white", linewidth=0.4)
        axes.set_xlim(0, len(total) - 1)
        axes.set_ylim(0, 1.06 * total.max() / scale)
        axes.set_ylabel(label or written)
        name_months(axes, plan.horizon_months)
        count_thousands(axes.yaxis)
        tops = np.cumsum([layer[-1] for layer in layers])
        ends = [
            (
                float(top - layer[-1] / 2),
                f"{cut(printable(names.of(each)), LONGEST_NAME)} {number(float(layer[-1]))}",
                colour,
            )
            for top, layer, each, colour in zip(tops, layers, shown, COLOURS, strict=False)
        ]
        label_ends(axes, ends)
        figure.subplots_adjust(right=ROOM_FOR_NAMES)
        return figure

    return Drawing(name, message, draw)


def _largest_parts(parts: dict[str, Array]) -> dict[str, Array]:
    """The parts that can be seen, the largest first; the rest as one."""
    sizes = {name: float(np.abs(values).sum()) for name, values in parts.items()}
    whole = sum(sizes.values())
    ordered = sorted(parts, key=lambda name: -sizes[name])
    seen = [n for n in ordered if sizes[n] > LEAST_SHARE * whole][:MOST_PARTS]
    rest = [n for n in ordered if n not in seen and sizes[n] > 0]
    shown = {name: parts[name] for name in seen}
    if rest:
        shown["the rest" if len(rest) > 1 else rest[0]] = np.sum([parts[n] for n in rest], axis=0)
    return shown


def _money(plan: Plan, drawn: Drawn | None) -> Iterator[Drawing]:
    paid = {name: _by_year(plan, _paid(plan, items)) for name, items in PAID.items()}
    everything = _by_year(plan, by_month(plan, "capex")[0] + by_month(plan, "opex")[0])
    paid["others"] = everything - np.sum(list(paid.values()), axis=0)
    total = float(everything.sum())
    if total <= 0:
        return
    largest = max(paid, key=lambda name: float(paid[name].sum()))
    share = 100 * float(paid[largest].sum()) / total
    message = f"{units.show(total, 'USD')} to pay until {plan.months[-1]}; {share:.0f} % of it for {largest}"
    yield _bars(
        plan,
        "money",
        message,
        "Payments by year, not discounted, no residual value taken off",
        paid,
        "USD",
    )


def _carbon(plan: Plan, drawn: Drawn | None) -> Iterator[Drawing]:
    made = by_month(plan, "carbon_embodied")[0]
    everything = sum(
        by_month(plan, "carbon_by_site", (SITE, index))[0]
        for index in range(len(plan.project.labels[SITE]))
    )
    parts = {
        "energy": _by_year(plan, np.maximum(everything - made, 0.0)),
        "making equipment": _by_year(plan, made),
    }
    total = float(sum(values.sum() for values in parts.values()))
    if total <= 0:
        return
    share = 100 * float(parts["making equipment"].sum()) / total
    message = f"The plan emits {units.show(total, 'kg')} of CO2e"
    if parts["making equipment"].any():
        message += f", {share:.0f} % of it in making the equipment"
    yield _bars(plan, "carbon", message, "CO2e by cause and year, all sites", parts, "kg")


def _ota(plan: Plan, drawn: Drawn | None) -> Iterator[Drawing]:
    peak = in_horizon(plan, "ota_peak")[0]
    if peak.max() <= 0:
        return
    sent = by_month(plan, "ota_bytes")[0]
    seconds = on(plan.leaf("month_seconds"), MONTH)[0]
    mean = (sent / seconds)[plan.horizon]
    scale, unit = units.magnitude(np.array([peak.max()]), "byte/second")
    message = (
        f"Releases go out at up to {number(peak.max() / scale)} {unit}; "
        f"vehicles download {units.show(float(_by_year(plan, sent)[-1]), 'byte')} "
        f"in {plan.months[-1][:4]}"
    )
    band = _band(drawn, "ota_peak")

    def draw() -> Figure:
        subtitle = (
            "Rate of downloads over the air by month" + _banded(band) + " (peak)" * bool(band)
        )
        figure, (axes,) = page(plan, message, subtitle, size=IN_A_REPORT)
        scaled = None if band is None else (band[0] / scale, band[1] / scale)
        _need(axes, plan, peak / scale, mean / scale, scaled, 1.0, ("peak", "mean"), "default")
        axes.set_ylabel(unit)
        return figure

    yield Drawing("ota", message, draw)


def _paid(plan: Plan, items: Sequence[str]) -> Array:
    return np.asarray(
        sum(by_month(plan, "cash_flow", (ITEM, ITEMS.index(item)))[0] for item in items)
    )


def years(plan: Plan) -> list[str]:
    """The calendar years of the plan."""
    return list(dict.fromkeys(month[:4] for month in plan.months))


def _by_year(plan: Plan, values: Array) -> Array:
    of = [month[:4] for month in plan.months]
    place = np.array([years(plan).index(year) for year in of])
    return np.asarray(np.bincount(place, values, len(years(plan))), float)


def _bars(
    plan: Plan, name: str, message: str, subtitle: str, parts: dict[str, Array], unit: str
) -> Drawing:
    """Stacked bars by year; parts are named beside the last."""

    def draw() -> Figure:
        shown = _largest_parts(parts)
        beside = "; beside them: sums of all years" if len(shown) > 1 else ""
        figure, (axes,) = page(plan, message, subtitle + beside, size=IN_A_REPORT)
        total = np.sum(list(shown.values()), axis=0)
        scale, written = units.magnitude(np.array([total.max()]), unit)
        base = np.zeros(len(total))
        ends = []
        for (each, values), colour in zip(shown.items(), COLOURS, strict=False):
            layer = values / scale
            axes.bar(
                np.arange(len(total)),
                layer,
                0.72,
                base,
                color=colour,
                edgecolor="white",
                linewidth=0.4,
            )
            ends.append(
                (float(base[-1] + layer[-1] / 2), f"{each} {number(float(layer.sum()))}", colour)
            )
            base = base + layer
        for place, height in enumerate(base):
            axes.annotate(
                number(float(height)), (place, height), (0, 3), textcoords="offset points",
                ha="center", fontsize=9, color=QUIET,
            )  # fmt: skip
        axes.set_xticks(np.arange(len(total)), years(plan))
        axes.set_xlim(-0.5, max(len(total), FEWEST_YEARS) - 0.5)
        axes.set_ylim(0, 1.1 * base.max())
        axes.set_ylabel(written)
        count_thousands(axes.yaxis)
        if len(shown) > 1:
            figure.subplots_adjust(right=ROOM_FOR_NAMES)
            label_ends(axes, ends)
        return figure

    return Drawing(name, message, draw)
