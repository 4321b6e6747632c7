"""The table that `planner size` prints: the build year by year, the order book, what binds, what it all rests on.

Every row says how a period is read: a stock at its end, a flow as its sum or mean, a peak as its largest month.
Numbers have three significant digits. Texts that come from files reach the terminal as plain characters, never as
markup.
"""

from __future__ import annotations

import calendar
import shlex
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rich.text import Text

from planner import units
from planner.axes import ECU, MONTH, RANK, SITE, TIER, Array
from planner.findings import Assumption, CheckResult, Order, Warning_, binding, checks
from planner.inputs.scenario import TIERS
from planner.lineage import scenario_argument, spread_values
from planner.plan import Plan
from planner.text import counted, printable

WIDTH = 100
GROUP = 8
LABEL = 22
CELL = 7
TREND = 12
MOST_PERIODS = 8
ORDERS_SHOWN = 5
WARNINGS_SHOWN = 8
ASSUMPTIONS_SHOWN = 5
SITES_SHOWN = 5
VANISHING = 0.05
LEAST = 0.001  # what is smaller is printed as less than this
BARS = "▁▂▃▄▅▆▇█"

Reduce = Callable[[Array], float]


def _last(values: Array) -> float:
    return float(values[-1])


def _sum(values: Array) -> float:
    return float(values.sum())


def _mean(values: Array) -> float:
    return float(values.mean())


def _largest(values: Array) -> float:
    return float(values.max())


@dataclass(frozen=True)
class Row:
    """A line of the table: monthly values over the horizon in base units, and how a period is read."""

    group: str
    label: str
    unit: str
    months: Array
    reduce: Reduce
    mark: str = ""


@dataclass(frozen=True)
class Period:
    """A column: a year or a month of the horizon."""

    label: str
    months: slice


def summary(plan: Plan, width: int = WIDTH, all_orders: bool = False) -> list[Text]:
    """The lines of the report, none wider than `width` (but never narrower than 60)."""
    page = _Page(max(60, min(width, WIDTH)))
    _header(page, plan)
    page.skip()
    _table(page, plan)
    page.skip()
    _order_book(page, plan.orders, all_orders)
    page.skip()
    page.entries("Binding", [_shown(line) for line in binding(plan)])
    page.entries("Warnings", _warning_lines(plan.warnings), style="yellow")
    page.entries("Rests on", [_rests_on(each) for each in plan.assumptions[:ASSUMPTIONS_SHOWN]])
    page.entries("Checks", [_check_line(each) for each in checks(plan)])
    page.commands("Next", _next(plan))
    return page.lines


class _Page:
    """Lines of text within a width."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[Text] = []

    def skip(self) -> None:
        if self.lines and self.lines[-1].plain:
            self.lines.append(Text(""))

    def add(self, text: str, style: str = "") -> None:
        self.lines.append(Text(text[: self.width].rstrip(), style=style))

    def wrapped(self, text: str, indent: str = "", style: str = "") -> None:
        for line in _broken(text, self.width, indent):
            self.lines.append(Text(line, style=style))

    def flowing(self, lead: str, parts: Sequence[str]) -> None:
        """Parts with dots between them; a line breaks only at a dot."""
        line = lead + parts[0]
        for part in parts[1:]:
            if len(line) + len(part) + 5 > self.width:
                self.add(line + " ·")
                line = " " * len(lead) + part
            else:
                line += f" · {part}"
        self.add(line)

    def entries(self, title: str, items: Sequence[str], style: str = "") -> None:
        """A titled list; nothing where there are no items."""
        lead = title.ljust(GROUP + 2)
        for item in items:
            room = self.width - len(lead)
            for part in _broken(item, room, "  "):
                line = Text(lead, style="bold")
                line.append(part, style=style or "not bold")
                self.lines.append(line)
                lead = " " * len(lead)

    def commands(self, title: str, commands: Sequence[Sequence[str]]) -> None:
        """Commands to type; one that is too long goes on after a backslash."""
        lead = title.ljust(GROUP + 2)
        for parts in commands:
            whole = " ".join(parts)
            fits = len(lead) + len(whole) <= self.width
            for part in [whole] if fits else [f"{parts[0]} \\", *(f"  {p}" for p in parts[1:])]:
                self.lines.append(Text.assemble((lead, "bold"), part))
                lead = " " * len(lead)


# --- Header ----------------------------------------------------------------------------------------------------------


def _header(page: _Page, plan: Plan) -> None:
    months = plan.horizon_months
    scenario = plan.project.inputs.scenario
    kinds = dict.fromkeys(site.training for site in scenario.sites.values())
    titles = [plan.project.inputs.profile("nodes", kind).title for kind in kinds]
    span = months[0] if len(months) == 1 else f"{months[0]} to {months[-1]}"
    facts = f"{span}, planned from {plan.months[0]}"
    title = _shown(plan.title)
    gap = page.width - len(title) - len(facts)
    if gap >= 3:
        page.add(title + " " * gap + facts, "bold")
    else:
        page.wrapped(title, style="bold")
        page.add(facts)
    page.wrapped(_shown(f"Trains on {', '.join(titles)}"))
    if plan.project.overrides:
        page.wrapped(_shown(f"Overridden by --set-quantity: {', '.join(plan.project.overrides)}"))
    page.flowing("Peak need: ", list(_peaks(plan)))


def _peaks(plan: Plan) -> Iterator[str]:
    yield f"{units.show(_peak(plan, 'gpus_required'), '1')} GPUs"
    stored = np.array([_peak(plan, f"storage_{tier}_required") for tier in TIERS])
    scale, label = units.magnitude(stored, "byte")
    if stored[stored > 0].min(initial=np.inf) / scale >= VANISHING:
        tiers = "/".join(units.show(float(held / scale), "1") for held in stored)
        yield f"{tiers} {label} {'/'.join(TIERS)}"
    else:
        yield ", ".join(
            f"{units.show(float(s), 'byte')} {t}" for s, t in zip(stored, TIERS, strict=True)
        )
    yield f"{units.show(_peak(plan, 'ingest_peak'), 'byte/second')} in"
    yield f"{units.show(_peak(plan, 'ota_peak'), 'byte/second')} OTA"
    yield units.show(_peak(plan, "site_power"), "watt")
    yield f"{units.show(float(plan.values('tco')[0].flat[0]), 'USD')} TCO"


def _peak(plan: Plan, name: str) -> float:
    return float(_monthly(plan, name).max())


# --- The table -------------------------------------------------------------------------------------------------------


def _table(page: _Page, plan: Plan) -> None:
    room = (page.width - GROUP - LABEL - 1) // CELL
    has_trend = page.width >= GROUP + LABEL + 1 + CELL * min(room, 7) + TREND + 1
    most = (page.width - GROUP - LABEL - 1 - (TREND + 1 if has_trend else 0)) // CELL
    columns = periods(plan.horizon_months, min(most, MOST_PERIODS))
    heads = "".join(period.label.rjust(CELL) for period in columns)
    page.add(" " * (GROUP + LABEL + 1) + heads, "bold")
    group = ""
    rows = list(_rows(plan))
    values = [[row.reduce(row.months[period.months]) for period in columns] for row in rows]
    for row, cells_of_row in zip(rows, values, strict=True):
        alike = [
            numbers
            for other, numbers in zip(rows, values, strict=True)
            if (other.group, other.unit) == (row.group, row.unit)
        ]
        scale, unit = _scale(np.array(cells_of_row), np.array(alike), row.unit)
        cells = "".join(
            (_count(value) if row.unit == "1" else number(value / scale)).rjust(CELL)
            for value in cells_of_row
        )
        label = _shown(_with_unit(row.label, unit))
        line = Text((row.group if row.group != group else "").ljust(GROUP), style="bold")
        line.append(" " + _cut(label, LABEL).ljust(LABEL) + cells, style="not bold")
        if has_trend:
            line.append(" " + (row.mark or trend(row.months)), style="not bold")
        line.rstrip()
        page.lines.append(line)
        group = row.group


def _rows(plan: Plan) -> Iterator[Row]:
    yield from _fleet_rows(plan)
    yield _row(plan, "Data", "ingest mean", "ingest_mean", _mean)
    yield _row(plan, "Data", "ingest peak", "ingest_peak", _largest)
    bound = _bound_by(plan)
    for tier in TIERS:
        need = f"storage_{tier}_required"
        yield _row(plan, "Storage", f"{tier} needed", need, _largest, bound[tier])
        yield _row(plan, "Storage", f"{tier} in service", f"storage_{tier}", _last)
    yield _row(plan, "Compute", "GPUs needed", "gpus_required", _largest)
    yield _row(plan, "Compute", "GPUs in service", "gpus", _last)
    yield from _gpu_hours(plan)
    yield _row(plan, "OTA", "delivered", "ota_bytes", _sum)
    yield _row(plan, "OTA", "peak", "ota_peak", _largest)
    yield _row(plan, "OTA", "99 % of fleet in", "ota_days_to_99", _largest)
    yield from _site_rows(plan)
    yield _row(plan, "Money", "capex", "capex", _sum)
    yield _row(plan, "Money", "opex", "opex", _sum)
    yield _row(plan, "Carbon", "CO2e", "carbon", _sum)


def _scale(values: Array, alike: Array, declared: str) -> tuple[float, str]:
    """Scale and unit of a row: those of its group, so that rows compare, unless the row would vanish in them."""
    scale, unit = units.magnitude(alike, declared)
    if 0 < np.abs(values).max() / scale < VANISHING:
        scale, unit = units.magnitude(values, declared)
    if np.abs(values).max() / scale >= 99_950:
        return scale * 1e3, f"thousand {unit}".strip()
    return scale, unit


def _with_unit(label: str, unit: str) -> str:
    """The label and its unit: "peak, Gb/s", and "vehicles, million" for millions of vehicles."""
    unit = unit.removesuffix("vehicles").strip()
    return f"{label}, {unit}" if unit else label


def _row(plan: Plan, group: str, label: str, name: str, reduce: Reduce, mark: str = "") -> Row:
    return Row(group, label, plan.project.graph[name].unit, _monthly(plan, name), reduce, mark)


def _fleet_rows(plan: Plan) -> Iterator[Row]:
    yield _row(plan, "Fleet", "vehicles", "vehicles_in_operation", _last)
    ecus = plan.project.labels[ECU]
    if len(ecus) > 1:
        for index, ecu in enumerate(ecus):
            values = _monthly(plan, "vehicles_by_ecu", (ECU, index))
            yield Row("Fleet", f"on {ecu}", "vehicle", values, _last)


def _gpu_hours(plan: Plan) -> Iterator[Row]:
    """Accelerator-hours, which have no unit of their own."""
    hours = units.from_base(_monthly(plan, "training_gpu_hours"), "hour")
    scale, word = (1e6, ", million") if hours.sum() >= 1e6 else (1.0, "")
    yield Row("Compute", f"GPU-hours{word}", "1", hours / scale, _sum)


def _site_rows(plan: Plan) -> Iterator[Row]:
    """Power of each site that has any; of many sites together."""
    sites = plan.project.labels[SITE]
    powers = [_monthly(plan, "site_power", (SITE, index)) for index in range(len(sites))]
    powered = [(site, power) for site, power in zip(sites, powers, strict=True) if power.max() > 0]
    if len(powered) > SITES_SHOWN:
        yield _row(plan, "Site", "all sites", "site_power", _largest)
        powered = sorted(powered, key=lambda each: -each[1].max())[: SITES_SHOWN - 1]
    for site, power in powered:
        yield Row("Site", site, "watt", power, _largest)


def _bound_by(plan: Plan) -> dict[str, str]:
    """What decides the size of each tier in the month of its largest need."""
    names = ("storage_units_for_capacity", "storage_units_for_bandwidth")
    found = {}
    for index, tier in enumerate(TIERS):
        capacity, bandwidth = (_monthly(plan, name, (TIER, index)) for name in names)
        month = int(np.argmax(np.maximum(capacity, bandwidth)))
        if max(capacity[month], bandwidth[month]) > 0:
            found[tier] = "capacity" if capacity[month] >= bandwidth[month] else "bandwidth"
    return {tier: f"by {found[tier]}" if tier in found else "" for tier in TIERS}


def _monthly(plan: Plan, name: str, at: tuple[int, int] | None = None) -> Array:
    """A quantity over the horizon's months in base units: its sum over all other axes, or at a position of one."""
    (values,) = spread_values(plan, name)
    if at is not None:
        values = np.take(values, [at[1]], axis=at[0])
    by_month = values.sum(axis=tuple(axis for axis in range(RANK) if axis != MONTH))
    whole = np.broadcast_to(by_month, (len(plan.months),))
    return whole[plan.project.table.calendar.horizon_from :]


def periods(months: Sequence[str], most: int) -> list[Period]:
    """The columns: the years of the horizon, or its months where it is a year or less; evenly chosen if too many."""
    if len(months) <= 12:
        found = [
            Period(f"{calendar.month_abbr[int(month[5:])]} {month[2:4]}", slice(i, i + 1))
            for i, month in enumerate(months)
        ]
    else:
        years = [month[:4] for month in months]
        found = [
            Period(year, slice(years.index(year), years.index(year) + years.count(year)))
            for year in dict.fromkeys(years)
        ]
    if len(found) <= most:
        return found
    steps = np.rint(np.linspace(0, len(found) - 1, most)).astype(int)
    return [found[step] for step in steps]


def number(value: float) -> str:
    """Three significant digits, fewer where they would not fit six characters."""
    if not np.isfinite(value):
        return "inf"
    rounded = float(f"{value:.3g}")
    if 0 < abs(rounded) < LEAST:
        return f"<{LEAST:g}"
    if abs(rounded) >= 1e5:
        return f"{rounded:.1e}".replace("e+0", "e").replace("e+", "e")
    if abs(rounded) >= 100:
        return f"{rounded:,.0f}"
    decimals = 3 if abs(rounded) < 1 else 2 if abs(rounded) < 10 else 1
    return f"{rounded:.{decimals}f}".rstrip("0").rstrip(".") if rounded else "0"


def _count(value: float) -> str:
    """A number of things: whole ones exactly, where they fit six characters."""
    whole = value == round(value) and abs(value) < 1e5
    return f"{value:,.0f}" if whole else number(value)


def trend(months: Array) -> str:
    """The course over the horizon in small bars; nothing where there is none."""
    if len(months) < 2 or not np.isfinite(months).all() or months.max() <= 0:
        return ""
    parts = np.array_split(months, min(TREND, len(months)))
    levels = np.array([part.mean() for part in parts]) / max(part.mean() for part in parts)
    return "".join(BARS[round(float(level) * (len(BARS) - 1))] for level in np.clip(levels, 0, 1))


# --- Orders and findings ---------------------------------------------------------------------------------------------


def _order_book(page: _Page, orders: Sequence[Order], everything: bool) -> None:
    if not orders:
        page.entries("Orders", ["none: what is installed and committed suffices"])
        return
    shown = orders if everything else orders[:ORDERS_SHOWN]
    cost = units.show(sum(order.usd for order in orders), "USD")
    rest = f"; the next {len(shown)}, all: --orders" if len(shown) < len(orders) else ""
    page.add(f"Order book: {counted(len(orders), 'order')}, {cost}{rest}", "bold")
    what = page.width - 57
    page.add(
        f"  {'order by':<10}{'delivered':<11}{'in service':<12}{'what':<{what}}{'where':<12}{'USD':>10}",
        "dim",
    )
    for order in shown:
        price = units.show(order.usd, "USD").removeprefix("USD ")
        page.add(
            f"  {order.order_by:<10}{order.delivered:<11}{order.in_service:<12}"
            f"{_what(order, what - 1):<{what}}{_cut(_shown(order.site), 11):<12}{price:>10}"
        )


def _what(order: Order, room: int) -> str:
    """Count and kind; a title too long for the room ends at its comma."""
    tier = f", {order.tier}" if order.tier else ""
    whole = _shown(f"{order.count:,} x {order.what}{tier}")
    brief = _shown(f"{order.count:,} x {order.what.partition(',')[0]}{tier}")
    return whole if len(whole) <= room else _cut(brief, room)


def _warning_lines(warnings: Sequence[Warning_]) -> list[str]:
    lines = [_shown(each.text) for each in warnings[:WARNINGS_SHOWN]]
    left = len(warnings) - len(lines)
    return [*lines, f"... and {left} more: --json has all"] if left > 0 else lines


def _rests_on(each: Assumption) -> str:
    """An assumption, its span, and how far the plan moves when it goes to either end."""
    moves = ", ".join(
        f"{name} by {float(f'{100 * change:.2g}'):g} %"
        for name, change in each.moves.items()
        if change >= 5e-4
    )
    low, high = (end.partition(" ")[0] for end in (each.low, each.high))
    span = f"{each.value} ({low} to {high})"
    return _shown(f"{each.path} = {span}, {each.confidence}; moves {moves}")


def _check_line(each: CheckResult) -> str:
    return _shown(each.text)


def _next(plan: Plan) -> list[list[str]]:
    scenario = scenario_argument(plan)
    month = plan.horizon_months[len(plan.horizon_months) // 2]
    commands = [[f"planner explain {scenario} gpus", f"--at {month}"]]
    if plan.assumptions:
        first = plan.assumptions[0]
        edit = shlex.quote(f"{first.path}={first.high}")
        commands.append([f"planner size {scenario}", f"--set {edit}"])
    return [[_shown(part) for part in parts] for parts in commands]


def _shown(text: str) -> str:
    return printable(text)


def _broken(text: str, width: int, indent: str) -> list[str]:
    """Lines of a text; a number keeps its per cent sign."""
    joined = text.replace(" %", "\u00a0%")
    lines = textwrap.wrap(joined, width, subsequent_indent=indent, break_on_hyphens=False)
    return [line.replace("\u00a0", " ") for line in lines]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3].rstrip() + "..."
