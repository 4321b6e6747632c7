"""The table that `planner size` prints: the build year by year, the order book, what binds, what it all rests on.

Every row says how a period is read: a stock at its end, a flow as its sum or mean, a peak as its largest month. A sum
misses nothing: what was paid before the horizon has a column of its own, and years that do not fit are put together.
Numbers have three significant digits. Texts that come from files reach the terminal as plain characters, never as
markup.
"""

from __future__ import annotations

import calendar
import shlex
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from rich.text import Text

from planner import units
from planner.axes import DRAW, ECU, ITEM, MONTH, RANK, SITE, TIER, Array
from planner.catalogue import ITEMS, SECONDS_A_YEAR, TIERS
from planner.findings import (
    STORAGE_NEEDS,
    Assumption,
    CheckResult,
    Order,
    Warning_,
    binding,
    checks,
)
from planner.lineage import axis_count, scenario_argument, spread_values
from planner.plan import Plan
from planner.text import counted, printable

WIDTH = 100
NARROWEST = 60
GROUP = 8
LABEL = 26
MARGIN = GROUP + LABEL
CELL = 7
TREND = 9
DATE = 12
PRICE = 10
WHAT = 20  # an order's text has at least this room; dates go first
LONGEST_SITE = 20
ORDERS_SHOWN = 5
WARNINGS_SHOWN = 8
ASSUMPTIONS_SHOWN = 8
SITES_SHOWN = 5
TIERS_TOGETHER = 0.05  # tiers are listed in one unit where the least is not below this part of it
# What binds a tier, in the room of a trend.
IN_SHORT = {"capacity": "capacity", "read bandwidth": "reading", "write bandwidth": "writing"}
LEAST = 0.001  # what is smaller is printed as less than this
BARS = "▁▂▃▄▅▆▇█"
GPU_HOURS = "GPU-hour"  # accelerator-hours, which have no unit of their own
KILOMETRES = "simulated km"  # counted like hours: millions of them, not thousands of km
COUNTED = ("1", "vehicle", GPU_HOURS, KILOMETRES)
# Totals of the Money group, and the items that stand below them where they are paid.
_MONEY_PARTS: dict[str, dict[str, tuple[str, ...]]] = {
    "capex": {"nodes": ("nodes",)},
    "opex": {
        "energy": ("energy",),
        "cellular, CDN": ("cellular", "delivery"),
        "lease, rent": ("lease", "rent", "colocation"),
    },
}
THOUSANDS_FROM, MILLIONS_FROM = 99_950, 999_500

# What the report reads besides the headline; computed in one run.
Reduce = Callable[[Array], float]


def _last(values: Array) -> float:
    return float(values[-1])


def _sum(values: Array) -> float:
    return float(values.sum())


def _mean(values: Array) -> float:
    return float(values.mean())


def _largest(values: Array) -> float:
    return float(values.max())


def _mean_where_any(values: Array) -> float:
    """The mean of the months that have a value; a ratio of nothing is 0."""
    there = values[values > 0]
    return float(there.mean()) if len(there) else 0.0


@dataclass(frozen=True)
class Row:
    """A line of the table: values of all months of the plan in base units, and how a period is read."""

    group: str
    label: str
    unit: str
    months: Array
    reduce: Reduce
    mark: str = ""
    is_part: bool = False  # of the row above, whose unit it has

    @property
    def is_flow(self) -> bool:
        """Whether months add up, so that those before the horizon count."""
        return self.reduce is _sum


@dataclass(frozen=True)
class Period:
    """A column: years or months of the horizon."""

    label: str
    months: slice


def summary(plan: Plan, width: int = WIDTH, all_orders: bool = False) -> list[Text]:
    """The lines of the report, none wider than `width` (but never narrower than 60)."""
    page = _Page(max(NARROWEST, min(width, WIDTH)))
    for section in (_header, _table, partial(_order_book, everything=all_orders)):
        _mark(page, plan)
        section(page, plan)
        page.skip()
    _mark(page, plan)
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
            for line in [whole] if fits else " \\\n  ".join(parts).split("\n"):
                self.lines.append(Text.assemble((lead, "bold"), line))
                lead = " " * len(lead)


# --- Header ----------------------------------------------------------------------------------------------------------


def _mark(page: _Page, plan: Plan) -> None:
    """What every section has to say of the plan, if anything."""
    if plan.mark:
        page.wrapped(_shown(plan.mark), style="bold red")


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
    if plan.project.changes:
        page.wrapped(_shown(f"Changed: {', '.join(plan.project.changes)}"), indent="  ")
    known = "" if plan.rules_as_of == plan.months[0] else f"; rules known in {plan.rules_as_of}"
    page.wrapped(_shown(f"Trains on {', '.join(titles)}; sales follow {_forecasts(plan)}{known}"))
    if plan.project.overrides:
        page.wrapped(_shown(f"Overridden: {'; '.join(_overrides(plan))}"), indent="  ")
    page.flowing("Peak need: ", list(_peaks(plan)))
    if unit_costs := list(_unit_costs(plan)):
        page.flowing("Unit cost: ", unit_costs)


def _unit_costs(plan: Plan) -> Iterator[str]:
    """Levelised costs of what people compare; nothing where there is nothing to divide by."""
    kilometres = 1e6  # a thousand of them, in metres
    for name, per, what in (
        ("cost_per_vehicle_year", SECONDS_A_YEAR, "a vehicle and year"),
        ("cost_per_1000_km", kilometres, "a 1,000 km"),
        ("gpu_hour_cost", 3600.0, "a GPU-hour in service"),
    ):
        if cost := plan.values(name)[0].item():
            yield f"{units.show(cost * per, 'USD')} {what}"
    if used := plan.values("rent_breakeven_utilisation")[0].item():
        yield f"cheaper than renting from {number(100 * used)} % use"
    if share := plan.values("cost_share_of_revenue")[0].item():
        yield f"{number(100 * share)} % of the revenue target"


def _forecasts(plan: Plan) -> str:
    """The forecasts in use: "iea_2024_steps (usa: iea_2025_shares)"."""
    common = plan.project.inputs.scenario.market.forecast
    others = [f"{name}: {used}" for name, used in plan.forecasts.items() if used != common]
    return f"{common} ({', '.join(others)})" if others else common


def _overrides(plan: Plan) -> Iterator[str]:
    """What stands in for quantities: "gpus_required = 2000 at each of 3 sites"."""
    sizes = plan.project.labels.sizes
    for name, given in plan.project.overrides.items():
        quantity, values = plan.project.graph[name], np.asarray(given, dtype=np.float64)
        if values.size > 1:
            yield f"{name}, position by position"
            continue
        written = units.show(values.item(), quantity.unit)
        axes = [a for a in quantity.axes if a not in (DRAW, MONTH) and sizes[a] > 1]
        each = " x ".join(axis_count(axis, sizes[axis]) for axis in axes)
        yield f"{name} = {written}{each and f' at each of {each}'}"


def _peaks(plan: Plan) -> Iterator[str]:
    yield f"{units.show(_peak(plan, 'gpus_required'), '1')} GPUs"
    stored = np.array([_peak(plan, f"storage_{tier}_required") for tier in TIERS])
    scale, label = units.magnitude(stored, "byte")
    if stored[stored > 0].min(initial=np.inf) / scale >= TIERS_TOGETHER:
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


HOW_READ = (
    "Vehicles, and what is in service: end of the period. "
    "Needed, served, peaks, waits, days, MW, racks: its largest month. "
    "Ingest mean, PUE: its mean. Hours, bytes, money, carbon: its sum."
)

# --- The table -------------------------------------------------------------------------------------------------------


def _table(page: _Page, plan: Plan) -> None:
    rows = list(_rows(plan))
    start = plan.project.table.calendar.horizon_from
    has_before = any(row.is_flow and row.months[:start].any() for row in rows)
    cell, columns = _columns(plan.horizon_months, page.width - MARGIN, int(has_before))
    heads = [*(["before"] if has_before else []), *(period.label for period in columns)]
    page.add(" " * MARGIN + "".join(head.rjust(cell) for head in heads), "bold")
    has_trend = page.width >= MARGIN + cell * len(heads) + 1 + TREND
    values = [_values(row, columns, start, has_before) for row in rows]
    group = ""
    for row, (unit, texts) in zip(rows, _cells(rows, values), strict=True):
        line = Text((row.group if row.group != group else "").ljust(GROUP), style="bold")
        line.append(_label(row, unit).ljust(LABEL), style="not bold")
        line.append("".join(text.rjust(cell) for text in texts), style="not bold")
        if has_trend:
            line.append(" " + (row.mark or trend(row.months[start:])), style="not bold")
        line.rstrip()
        page.lines.append(line)
        group = row.group
    page.wrapped(HOW_READ, style="dim")


def _columns(months: Sequence[str], room: int, others: int) -> tuple[int, list[Period]]:
    """Width of a cell, and the periods that fit beside the other columns; ranges of months need more room."""
    found = periods(months, room // CELL - others)
    if all(len(period.label) < CELL for period in found):
        return CELL, found
    return CELL + 1, periods(months, room // (CELL + 1) - others)


def _values(
    row: Row, columns: Sequence[Period], start: int, has_before: bool
) -> list[float | None]:
    """The row's value in each column; before the horizon only a flow has one."""
    before = [_sum(row.months[:start]) if row.is_flow else None] if has_before else []
    return [*before, *(row.reduce(row.months[start:][period.months]) for period in columns)]


def _cells(
    rows: Sequence[Row], values: Sequence[Sequence[float | None]]
) -> Iterator[tuple[str, list[str]]]:
    """Unit and texts of each row; rows of one group and unit have one scale, so that they compare."""
    for row, numbers in zip(rows, values, strict=True):
        alike = [
            value
            for other, others in zip(rows, values, strict=True)
            if (other.group, other.unit) == (row.group, row.unit)
            for value in others
            if value is not None
        ]
        mine = [value for value in numbers if value is not None]
        scale, unit = _scale(_peak_of(mine), _peak_of(alike), row)
        exact = row.unit == "1" and scale == 1
        yield (
            unit,
            [
                "" if value is None else _count(value) if exact else number(value / scale)
                for value in numbers
            ],
        )


def _peak_of(values: Sequence[float]) -> float:
    return max((abs(value) for value in values if np.isfinite(value)), default=0.0)


def _rows(plan: Plan) -> Iterator[Row]:
    yield from _fleet_rows(plan)
    yield _row(plan, "Data", "ingest mean", "ingest_mean", _mean)
    yield _row(plan, "Data", "ingest peak", "ingest_peak", _largest)
    if _monthly(plan, "replication").max() > 0:
        yield _row(plan, "Data", "replication", "replication", _largest)
    bound = _bound_by(plan)
    for tier in TIERS:
        need = f"storage_{tier}_required"
        yield _row(plan, "Storage", f"{tier} needed", need, _largest, bound[tier])
        yield _row(plan, "Storage", f"{tier} in service", f"storage_{tier}", _last)
    yield from _compute_rows(plan)
    yield from _release_rows(plan)
    yield from _edge_rows(plan)
    yield from _service_rows(plan)
    yield _row(plan, "OTA", "delivered", "ota_bytes", _sum)
    yield _row(plan, "OTA", "peak", "ota_peak", _largest)
    yield _row(plan, "OTA", "99 % of reached in", "ota_days_to_99", _largest)
    yield Row("OTA", "reachable", "%", _whole(plan, "ota_reachable_share"), _last)
    yield _row(plan, "Network", "switches", "switches", _last)
    yield _row(plan, "Network", "links", "links", _last)
    yield _row(plan, "Network", "WAN to buy", "wan_bandwidth", _largest)
    yield from _site_rows(plan)
    yield from _money_rows(plan)
    yield _row(plan, "Carbon", "CO2e", "carbon", _sum)


def _scale(peak: float, peak_of_group: float, row: Row) -> tuple[float, str]:
    """Scale and unit of a row: those of its group, unless a measured value would vanish in them."""
    if row.unit in COUNTED:
        if peak_of_group >= MILLIONS_FROM:
            return 1e6, "million"
        return (1e3, "thousand") if peak_of_group >= THOUSANDS_FROM else (1.0, "")
    scale, unit = units.magnitude(np.array([peak_of_group]), row.unit)
    if not row.is_part and 0 < peak / scale < LEAST:
        return units.magnitude(np.array([peak]), row.unit)
    if peak_of_group / scale >= THOUSANDS_FROM:
        return scale * 1e3, f"thousand {unit}".strip()
    return scale, unit


def _label(row: Row, unit: str) -> str:
    """The label and its unit: "peak, Gb/s"; what is too long is cut before the unit."""
    tail = f", {unit}" if unit and not row.is_part else ""
    return _cut(_shown(row.label), LABEL - len(tail)) + tail


def _row(plan: Plan, group: str, label: str, name: str, reduce: Reduce, mark: str = "") -> Row:
    return Row(group, label, plan.project.graph[name].unit, _whole(plan, name), reduce, mark)


def _fleet_rows(plan: Plan) -> Iterator[Row]:
    yield _row(plan, "Fleet", "vehicles", "vehicles_in_operation", _last)
    ecus = plan.project.labels[ECU]
    if len(ecus) > 1:
        for index, ecu in enumerate(ecus):
            values = _whole(plan, "vehicles_by_ecu", (ECU, index))
            yield Row("Fleet", f"on {ecu}", "vehicle", values, _last)
    if _monthly(plan, "vehicles_unserved").max() > 0:
        yield _row(plan, "Fleet", "served", "vehicles_served", _last)


def _compute_rows(plan: Plan) -> Iterator[Row]:
    """Need and stock; where other kinds than the one trained on serve, the stock also in that kind."""
    yield _row(plan, "Compute", "GPUs needed", "gpus_required", _largest)
    if _monthly(plan, "gpus_spare").max() > 0:
        yield _row(plan, "Compute", "spare GPUs needed", "gpus_spare", _largest)
    yield _row(plan, "Compute", "GPUs in service", "gpus", _last)
    if not np.allclose(_monthly(plan, "gpus"), _monthly(plan, "gpus_equivalent")):
        kinds = {site.training for site in plan.project.inputs.scenario.sites.values()}
        kind = kinds.pop() if len(kinds) == 1 else "needed"
        yield _row(plan, "Compute", f"in service, as {kind}", "gpus_equivalent", _last)
    hours = units.from_base(_whole(plan, "training_gpu_hours"), "hour")
    yield Row("Compute", "GPU-hours needed", GPU_HOURS, hours, _sum)
    wait = _longest_wait(plan)
    if _monthly(plan, "gpus_for_waiting").max() > 0:
        yield Row("Compute", "experiments wait", "hour", wait, _largest)


def _longest_wait(plan: Plan) -> Array:
    """The predicted wait by month at the site where it is longest, of those that have accelerators."""
    wait, there = plan.values("queue_wait", "gpus_equivalent")
    longest = (wait * (there > 0)).max(axis=tuple(axis for axis in range(RANK) if axis != MONTH))
    return np.broadcast_to(longest, (len(plan.months),))


def _service_rows(plan: Plan) -> Iterator[Row]:
    """What the services do and need; nothing where there are none."""
    for label, name in (
        ("language", "service_tokens"),
        ("inspection", "service_images"),
        ("streams analysed", "service_streams_analysed"),
        ("GPUs at the peak", "gpus_serving_peak"),
    ):
        if _monthly(plan, name).max() > 0:
            yield _row(plan, "Serving", label, name, _largest)


def _release_rows(plan: Plan) -> Iterator[Row]:
    """What it takes until a release may go out; nothing where no release is simulated or qualified."""
    if _monthly(plan, "rigs_required").max() > 0:
        yield _row(plan, "Release", "variants", "variants", _last)
        yield _row(plan, "Release", "rigs needed", "rigs_required", _largest)
        yield _row(plan, "Release", "rigs in service", "rigs", _last)
    if _monthly(plan, "simulated_distance").max() > 0:
        distance = units.from_base(_whole(plan, "simulated_distance"), "km")
        yield Row("Release", "simulated km", KILOMETRES, distance, _sum)


def _edge_rows(plan: Plan) -> Iterator[Row]:
    """How full each ECU on the road is, and how many are built."""
    ecus = plan.project.labels[ECU]
    for index, ecu in enumerate(ecus):
        used = _whole(plan, "edge_used", (ECU, index))
        if used.max() > 0:
            yield Row("Edge", f"{ecu} used", "%", used, _largest)
    for index, ecu in enumerate(ecus):
        built = _whole(plan, "ecu_units", (ECU, index))
        if built[plan.horizon].max() > 0:
            yield Row("Edge", f"{ecu} built", "1", built, _sum)


def _money_rows(plan: Plan) -> Iterator[Row]:
    """Totals, each with the items that are most of it in a fleet's factory."""
    for name, parts in _MONEY_PARTS.items():
        yield _row(plan, "Money", name, name, _sum)
        for label, items in parts.items():
            values = sum(_whole(plan, "cash_flow", (ITEM, ITEMS.index(item))) for item in items)
            if np.any(values):
                yield Row("Money", f"of which {label}", "USD", np.asarray(values), _sum, "", True)


def _site_rows(plan: Plan) -> Iterator[Row]:
    """Power of each site that has any, of many sites together; racks and power usage effectiveness of all."""
    sites = plan.project.labels[SITE]
    powers = [_whole(plan, "site_power", (SITE, index)) for index in range(len(sites))]
    powered = [(site, power) for site, power in zip(sites, powers, strict=True) if power.max() > 0]
    if len(powered) > SITES_SHOWN:
        yield _row(plan, "Site", "all sites", "site_power", _largest)
        powered = sorted(powered, key=lambda each: -each[1].max())[: SITES_SHOWN - 1]
    for site, power in powered:
        yield Row("Site", site, "watt", power, _largest)
    if powered:
        yield _row(plan, "Site", "racks", "racks", _largest)
        yield _row(plan, "Site", "PUE, all sites", "pue_of_sites", _mean_where_any)


def _bound_by(plan: Plan) -> dict[str, str]:
    """What decides the size of each tier in the month of its largest need."""
    found = {}
    for index, tier in enumerate(TIERS):
        needs = np.stack([_monthly(plan, name, (TIER, index)) for name in STORAGE_NEEDS])
        largest, month = np.unravel_index(np.argmax(needs), needs.shape)
        words = list(STORAGE_NEEDS.values())[largest]
        found[tier] = IN_SHORT[words] if needs[largest, month] > 0 else ""
    return found


def _whole(plan: Plan, name: str, at: tuple[int, int] | None = None) -> Array:
    """A quantity over all months in base units: its sum over all other axes, or at a position of one."""
    (values,) = spread_values(plan, name)
    if at is not None:
        values = np.take(values, [at[1]], axis=at[0])
    by_month = values.sum(axis=tuple(axis for axis in range(RANK) if axis != MONTH))
    return np.broadcast_to(by_month, (len(plan.months),))


def _monthly(plan: Plan, name: str, at: tuple[int, int] | None = None) -> Array:
    """The same over the horizon's months only."""
    return _whole(plan, name, at)[plan.horizon]


def periods(months: Sequence[str], most: int) -> list[Period]:
    """The years of the horizon, or its months where it is a year or less; put together where they are too many."""
    by_year = len(months) > 12
    starts = [i for i, month in enumerate(months) if not (by_year and i and month[5:] != "01")]
    size = -(-len(starts) // max(most, 1))
    edges = [*starts[::size], len(months)]
    return [
        Period(_span(months[first], months[end - 1], by_year), slice(first, end))
        for first, end in pairwise(edges)
    ]


def _span(first: str, last: str, by_year: bool) -> str:
    """A period in words: "2024", "24-25", "Jan 24", "Jan-Feb"."""
    if by_year:
        return first[:4] if first[:4] == last[:4] else f"{first[2:4]}-{last[2:4]}"
    names = [calendar.month_abbr[int(month[5:])] for month in (first, last)]
    return f"{names[0]} {first[2:4]}" if first == last else "-".join(names)


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


def _order_book(page: _Page, plan: Plan, everything: bool) -> None:
    orders = plan.orders
    if not orders:
        page.entries("Orders", [_no_orders(plan)])
        return
    shown = orders if everything else orders[:ORDERS_SHOWN]
    cost = units.show(sum(order.usd for order in orders), "USD")
    rest = f"; the next {len(shown)}, all: --orders" if len(shown) < len(orders) else ""
    page.add(f"Order book: {counted(len(orders), 'order')}, {cost}{rest}", "bold")
    longest = max(len(_shown(order.site)) for order in shown)
    where = min(max(longest, len("where")), LONGEST_SITE) + 1
    dates = _dates(page.width - where - PRICE - WHAT - 2)
    what = page.width - where - PRICE - 2 - DATE * len(dates)
    heads = "".join(head.ljust(DATE) for head in dates)
    page.add(f"  {heads}{'what':<{what}}{'where':<{where}}{'USD':>{PRICE}}", "dim")
    for order in shown:
        price = units.show(order.usd, "USD").removeprefix("USD ")
        when = "".join(getattr(order, field).ljust(DATE) for field in dates.values())
        site = _cut(_shown(order.site), where - 1)
        page.add(f"  {when}{_what(order, what - 1):<{what}}{site:<{where}}{price:>{PRICE}}")
    for line in _outside_the_book(plan):
        page.add(line, "dim")


def _dates(room: int) -> dict[str, str]:
    """Heads and fields of the dates that there is room for; the day of delivery goes first, then that of service."""
    fields = {"order by": "order_by", "delivered": "delivered", "in service": "in_service"}
    for head in ("delivered", "in service"):
        if DATE * len(fields) > room:
            del fields[head]
    return fields


def _no_orders(plan: Plan) -> str:
    if not any(site.orders_allowed for site in plan.project.inputs.scenario.sites.values()):
        return "none: the sites order nothing"
    if any(warning.kind in ("gpus", "storage") for warning in plan.warnings):
        return "none; the warnings say what is short, and why"
    return "none: what is installed and committed suffices"


def _outside_the_book(plan: Plan) -> Iterator[str]:
    """What else the plan invests in."""
    kinds = {"switches": "network", "rigs": "rigs", "halls": "building"}
    paid = {
        kind: float(_whole(plan, "cash_flow", (ITEM, ITEMS.index(item))).sum())
        for kind, item in kinds.items()
    }
    parts = [f"{kind} ({units.show(usd, 'USD')})" for kind, usd in paid.items() if usd]
    if parts:
        yield f"  without {', '.join(parts[:-1])}{' and ' if parts[:-1] else ''}{parts[-1]}"


def _what(order: Order, room: int) -> str:
    """Count, kind and tier; a title ends at its comma, so that one product reads the same in every line."""
    tier = _shown(f", {order.tier}" if order.tier else "")
    title = order.what.partition(",")[0]
    return _cut(_shown(f"{order.count:,} x {title}"), room - len(tier)) + tier


def _warning_lines(warnings: Sequence[Warning_]) -> list[str]:
    lines = [_shown(each.text) for each in warnings[:WARNINGS_SHOWN]]
    left = len(warnings) - len(lines)
    return [*lines, f"... and {left} more: --json has all"] if left > 0 else lines


def _rests_on(each: Assumption) -> str:
    """An assumption, its span, and how far the plan moves when it goes to the end that moves it most."""
    moves = ", ".join(
        f"{name} by {float(f'{100 * change:.2g}'):+g} %"
        for name, change in each.moves.items()
        if abs(change) >= 5e-4
    )
    low = each.low.partition(" ")[0]
    high = each.high.rpartition(" to ")[2].partition(" ")[0]
    span = f"{each.value} ({low} to {high})"
    return _shown(f"{each.path} = {span}, {each.confidence}; moves {moves}")


def _check_line(each: CheckResult) -> str:
    return _shown(each.text)


def _next(plan: Plan) -> list[list[str]]:
    """Commands that go on from this very plan, with all that was changed in it."""
    scenario, changes = scenario_argument(plan), plan.project.changes
    month = plan.horizon_months[len(plan.horizon_months) // 2]
    commands = [[f"planner explain {scenario} gpus", f"--at {month}", *changes]]
    single = [each for each in plan.assumptions if "*" not in each.path]
    if single:
        edit = shlex.quote(f"{single[0].path}={single[0].high}")
        commands.append([f"planner size {scenario}", *changes, f"--set {edit}"])
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
