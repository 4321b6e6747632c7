"""The page that `planner size` prints: the build year by year, the order book, what binds, what it all rests on.

Texts that come from files reach the terminal as plain characters, never as markup.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from rich.text import Text

from planner import units
from planner.axes import DRAW, HARDWARE, MONTH, SITE, WORKLOAD, Array, on
from planner.catalogue import SECONDS_A_YEAR, TIERS
from planner.errors import PlannerError
from planner.findings import (
    Assumption,
    Order,
    Warning_,
    assumed,
    beside_orders,
    binding,
    checks,
    in_short,
)
from planner.findings.orders import RENEWAL
from planner.lineage import Source, axis_count, scenario_argument
from planner.perf import export
from planner.plan import Plan
from planner.report.page import Page, cut
from planner.report.rows import Row, has_fleet, in_horizon, rows_of
from planner.report.spans import FAR_FROM_HALF, below, compute, draws_in_words, span
from planner.report.table import number, table
from planner.text import counted, large_in_words, printable

if TYPE_CHECKING:
    from planner.study.drawn import Drawn

WIDTH = 100
WIDEST = 124  # that the table makes use of, with nine columns, spans and bars
NARROWEST = 60
DATE = 12
PRICE = 10
WHAT = 20  # an order's text has at least this room; dates go first
LONGEST_SITE = 20
ORDERS_SHOWN = 5
WARNINGS_SHOWN = 8
ASSUMPTIONS_SHOWN = 8
NAMED_TOGETHER = 3  # workloads that are laid out alike, before the rest is counted
TIERS_TOGETHER = 0.05  # tiers are listed in one unit where the least is not below this part of it


def summary(
    plan: Plan,
    width: int = WIDTH,
    all_orders: bool = False,
    all_warnings: bool = False,
    drawn: Drawn | None = None,
) -> list[Text]:
    """The lines of the report, none wider than `width` (but never narrower than 60).

    Texts have 100 columns at most; the table is wider where that gives it room for the spans of what is `drawn`. There
    are none where nothing is uncertain.
    """
    page = Page(max(NARROWEST, min(width, WIDTH)))
    rows = list(rows_of(plan))
    undrawn = ""
    drawn = drawn if drawn and drawn.uncertain else None
    if drawn:
        courses = [each for row in rows for each in (row.course, row.follows) if each]
        try:
            compute(drawn, plan, [*courses, *_FIGURES.values()])
        except PlannerError as error:  # the plan at the medians stands, whatever a draw runs into
            drawn, undrawn = None, f"none, because a draw is refused: {error}"
    for section in (
        partial(_header, drawn=drawn),
        partial(_table, rows=rows, drawn=drawn, width=width),
        partial(_order_book, everything=all_orders),
    ):
        _mark(page, plan)
        section(page, plan)
        page.skip()
    _mark(page, plan)
    page.entries("Stopped", [printable(line) for line in plan.stops], style="bold red")
    page.entries("Layouts", layout_lines(plan))
    page.entries("Binding", [printable(line) for line in binding(plan)])
    page.entries("Warnings", _warning_lines(plan.warnings, all_warnings), style="yellow")
    page.entries("Spread", [printable(undrawn)] if undrawn else [], style="yellow")
    page.entries("Rests on", [_rests_on(each) for each in plan.assumptions[:ASSUMPTIONS_SHOWN]])
    page.entries("Checks", [printable(each.text) for each in checks(plan)])
    page.commands("Next", _next(plan, drawn))
    return page.lines


def _table(page: Page, plan: Plan, rows: Sequence[Row], drawn: Drawn | None, width: int) -> None:
    """The table, and where in the draws the plan stands that it shows."""
    table(page, plan, rows, drawn, width)
    if drawn and (stands := _stands(plan, drawn)):
        page.wrapped(stands, style="dim")


# --- Header ----------------------------------------------------------------------------------------------------------


def _mark(page: Page, plan: Plan) -> None:
    """What every section has to say of the plan, if anything."""
    if plan.mark:
        page.wrapped(printable(plan.mark), style="bold red")


def _header(page: Page, plan: Plan, drawn: Drawn | None) -> None:
    months = plan.horizon_months
    scenario = plan.project.inputs.scenario
    kinds = dict.fromkeys(site.training for site in scenario.sites.values())
    titles = [plan.project.inputs.profile("nodes", kind).title for kind in kinds]
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
    known = "" if plan.rules_as_of == plan.months[0] else f"; rules known in {plan.rules_as_of}"
    sales = f"; sales follow {_forecasts(plan)}" if has_fleet(plan) else ""
    page.wrapped(printable(f"Trains on {', '.join(titles)}{sales}{known}"))
    if verdicts := list(_export_verdicts(plan)):
        page.wrapped(printable(f"Export rules: {'; '.join(verdicts)}"), indent="  ")
    if plan.project.overrides:
        page.wrapped(printable(f"Overridden: {'; '.join(_overrides(plan))}"), indent="  ")
    page.flowing("Peak need: ", list(_peaks(plan, drawn)))
    if unit_costs := list(_unit_costs(plan)):
        page.flowing("Unit cost: ", unit_costs)
    if alternatives := list(_alternatives(plan)):
        page.flowing("TCO if all: ", alternatives)


def _export_verdicts(plan: Plan) -> Iterator[str]:
    """What the export rules say of each site's training hardware: "taiwan free", "china denied from 2024-03"."""
    codes = on(plan.values("export_verdict")[0], MONTH, SITE, HARDWARE)[0].astype(int)
    codes = np.broadcast_to(codes, (len(plan.months), *codes.shape[1:]))
    kinds, sites = plan.project.labels[HARDWARE], plan.project.inputs.scenario.sites
    for index, site in enumerate(plan.project.labels[SITE]):
        mine = codes[:, index, kinds.index(sites[site].training)].tolist()
        changes = [month for month in range(1, len(mine)) if mine[month] != mine[month - 1]]
        words = [export.VERDICTS[mine[0]].replace("_", " ")]
        words += [
            f"{export.VERDICTS[mine[month]].replace('_', ' ')} from {plan.months[month]}"
            for month in changes
        ]
        yield f"{site} {', then '.join(words)}"


def _unit_costs(plan: Plan) -> Iterator[str]:
    """Levelised costs of what people compare; nothing where there is nothing to divide by."""
    kilometres = 1e6  # a thousand of them, in metres
    for name, per, what in (
        ("cost_per_vehicle", 1.0, "a vehicle"),
        ("cost_per_vehicle_year", SECONDS_A_YEAR, "a vehicle and year"),
        ("cost_per_1000_km", kilometres, "a 1,000 km"),
        ("gpu_hour_cost", 3600.0, "a GPU-hour in service"),
    ):
        if cost := plan.values(name)[0].item():
            yield f"{units.show(cost * per, 'USD')} {what}"
    models = plan.values("cost_per_trained_model")[0].ravel()
    if models.any():
        name = plan.project.labels[WORKLOAD][int(models.argmax())]
        yield f"{units.show(float(models.max()), 'USD')} a trained {printable(name)}"
    if rent := _against_rent(plan):
        yield rent
    if share := plan.values("cost_share_of_revenue")[0].item():
        yield f"{number(100 * share)} % of the revenue target"


def _alternatives(plan: Plan) -> Iterator[str]:
    """Total cost if all accelerators of the plan were had in one way; nothing where it acquires none."""
    ways = ("bought", "leased", "rented")
    costs = [plan.values(f"tco_if_{way}")[0].item() for way in ways]
    if len(set(costs)) > 1:
        known = [each for each in zip(ways, costs, strict=True) if np.isfinite(each[1])]
        yield from (f"{way} {units.show(cost, 'USD')}" for way, cost in known)


def _against_rent(plan: Plan) -> str:
    """From what use on the plan is cheaper than renting; nothing without accelerators."""
    used = plan.values("rent_breakeven_utilisation")[0].item()
    if used > 1.0:
        return "renting is cheaper at any use"
    if used > 0.0:
        return f"cheaper than renting from {number(100 * used)} % use"
    return "no rent price known" if plan.values("gpu_hour_cost")[0].item() else ""


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


def _peak(source: Source, name: str) -> Array:
    """The largest month of the horizon, by draw."""
    return np.asarray(in_horizon(source, name).max(axis=-1))


def _whole(source: Source, name: str) -> Array:
    """What is one number a plan, by draw."""
    (values,) = source.values(name)
    return values.reshape(len(values))


# The figures of the line "Peak need", each by draw.
_FIGURES: dict[str, Callable[[Source], Array]] = {
    **{
        name: partial(_peak, name=name)
        for name in (
            "gpus_required",
            *(f"storage_{tier}_required" for tier in TIERS),
            "ingest_peak",
            "ota_peak",
            "site_power",
        )
    },
    "tco": partial(_whole, name="tco"),
}


def _peaks(plan: Plan, drawn: Drawn | None) -> Iterator[str]:
    planned = {name: float(read(plan)[0]) for name, read in _FIGURES.items()}
    spans = {name: span(read(drawn)) for name, read in _FIGURES.items()} if drawn else {}

    def shown(name: str, unit: str, words: str) -> str:
        scale, _ = units.magnitude(np.array([planned[name]]), unit)
        off = _off([end / scale for end in spans[name]]) if spans else ""
        return f"{units.show(planned[name], unit)} {words}".rstrip() + off

    yield shown("gpus_required", "1", "GPUs")
    stored = np.array([planned[f"storage_{tier}_required"] for tier in TIERS])
    scale, label = units.magnitude(stored, "byte")
    if spans:
        needed = [tier for tier in TIERS if max(spans[f"storage_{tier}_required"]) > 0]
        yield from (shown(f"storage_{tier}_required", "byte", tier) for tier in needed)
    elif stored[stored > 0].min(initial=np.inf) / scale >= TIERS_TOGETHER:
        tiers = "/".join(units.show(float(held / scale), "1") for held in stored)
        yield f"{tiers} {label} {'/'.join(TIERS)}"
    else:
        yield ", ".join(
            f"{units.show(float(s), 'byte')} {t}" for s, t in zip(stored, TIERS, strict=True)
        )
    if has_fleet(plan):
        yield shown("ingest_peak", "byte/second", "in")
        yield shown("ota_peak", "byte/second", "OTA")
    yield shown("site_power", "watt", "")
    yield shown("tco", "USD", "TCO")
    if drawn:
        yield f"in brackets: {draws_in_words(drawn)}"


def _off(ends: Sequence[float]) -> str:
    """ " (1,410 to 7,430)"; nothing where both ends read the same."""
    low, high = (units.show(float(f"{end:.3g}"), "1") for end in ends)
    return f" ({low} to {high})" if low != high else ""


def _stands(plan: Plan, drawn: Drawn) -> str:
    """Where the plan at the medians stands among the draws, if far from their middle."""
    said, far = [], False
    for name, words in (
        ("gpus_required", "of them need fewer GPUs at their peak"),
        ("tco", "cost less"),
    ):
        read = _FIGURES[name]
        share = below(read(drawn), float(read(plan)[0]))
        if share is not None:
            said.append(f"{100 * share:.0f} % {words}")
            far = far or abs(share - 0.5) >= FAR_FROM_HALF
    if not far:
        return ""
    return (
        "The plan shown has every input at its median, which does not make it the middle of the draws: "
        f"{', '.join(said)}."
    )


# --- Orders and findings ---------------------------------------------------------------------------------------------


def _order_book(page: Page, plan: Plan, everything: bool) -> None:
    orders = plan.orders
    if not orders:
        page.entries("Orders", [no_orders(plan)])
        return
    shown = orders if everything else orders[:ORDERS_SHOWN]
    cost = units.show(sum(order.usd for order in orders), "USD")
    rest = f"; the next {len(shown)}, all: --orders" if len(shown) < len(orders) else ""
    page.add(f"Order book: {counted(len(orders), 'order')}, {cost}{rest}", "bold")
    longest = max(len(printable(order.site)) for order in shown)
    where = min(max(longest, len("where")), LONGEST_SITE) + 1
    dates = _dates(page.width - where - PRICE - WHAT - 2)
    what = page.width - where - PRICE - 2 - DATE * len(dates)
    heads = "".join(head.ljust(DATE) for head in dates)
    page.add(f"  {heads}{'what':<{what}}{'where':<{where}}{'USD':>{PRICE}}", "dim")
    for order in shown:
        price = units.show(order.usd, "USD").removeprefix("USD ")
        when = "".join(getattr(order, field).ljust(DATE) for field in dates.values())
        site = cut(printable(order.site), where - 1)
        page.add(f"  {when}{_what(order, what - 1):<{what}}{site:<{where}}{price:>{PRICE}}")
    page.wrapped(f"  {_beside_the_book(plan)}", "  ", "dim")


def _dates(room: int) -> dict[str, str]:
    """Heads and fields of the dates that there is room for; the day of delivery goes first, then that of service."""
    fields = {"order by": "order_by", "delivered": "delivered", "in service": "in_service"}
    for head in ("delivered", "in service"):
        if DATE * len(fields) > room:
            del fields[head]
    return fields


def no_orders(plan: Plan) -> str:
    """Why nothing is ordered."""
    if not any(site.orders_allowed for site in plan.project.inputs.scenario.sites.values()):
        return "none: the sites order nothing"
    if any(warning.kind in ("gpus", "storage") for warning in plan.warnings):
        return "none; the warnings say what is short, and why"
    return "none: what is installed and committed suffices"


def _beside_the_book(plan: Plan) -> str:
    """From the book's sum to the plan's capex."""
    beside = beside_orders(plan, plan.orders)
    more = [f"{name} ({units.show(usd, 'USD')})" for name, usd in beside.items() if usd > 0]
    less = [f"{name} ({units.show(-usd, 'USD')})" for name, usd in beside.items() if usd < 0]
    said = [f"with {_listed(more)}"] if more else []
    said += [f"less {_listed(less)}"] if less else []
    capex = units.show(float(plan.values("capex")[0].sum()), "USD")
    return f"{', '.join(said)} = capex {capex} over the plan".removeprefix(" ")


def _listed(parts: Sequence[str]) -> str:
    """ "a, b and c"."""
    return " and ".join([part for part in (", ".join(parts[:-1]), parts[-1]) if part])


def _what(order: Order, room: int) -> str:
    """Count, kind and tier; a title ends at its comma, so that one product reads the same in every line."""
    tier = printable(f", {order.tier}" if order.tier else "")
    tier += ", renewal" if order.reason == RENEWAL else ""
    title = order.what.partition(",")[0]
    return cut(printable(f"{order.count:,} x {title}"), room - len(tier)) + tier


def layout_lines(plan: Plan) -> list[str]:
    """How training jobs are laid out, those laid out alike in one, and of which it is not known."""
    alike: dict[str, list[str]] = {}
    for each in plan.training_layouts:
        said = each.text.removeprefix(f"{each.workload}: ")
        alike.setdefault(said, []).append(each.workload)
    texts = [f"{some_of(names)}: {said}" for said, names in alike.items()]
    return [printable(text) for text in (*texts, *assumed(plan))]


def some_of(names: Sequence[str]) -> str:
    """ "a", "a, b", or the first of many: "a and 13 more, each"."""
    if len(names) <= NAMED_TOGETHER:
        return ", ".join(names)
    return f"{names[0]} and {len(names) - 1} more, each"


def _warning_lines(warnings: Sequence[Warning_], everything: bool) -> list[str]:
    """Every warning in full, or the gravest in few words with what is alike in one line."""
    if everything:
        return [printable(each.text) for each in warnings]
    lines = [printable(line) for line in in_short(warnings)]
    left = len(lines) - WARNINGS_SHOWN
    rest = f"... and {left} more; all in full: --warnings" if left > 0 else "In full: --warnings"
    return [*lines[:WARNINGS_SHOWN], *([rest] if left > 0 or len(lines) < len(warnings) else [])]


def _rests_on(each: Assumption) -> str:
    """An assumption, its span, and how far the plan moves when it goes to the end that moves it most."""
    moves = ", ".join(
        f"{name} by {float(f'{100 * change:.2g}'):+g} %"
        for name, change in each.moves.items()
        if abs(change) >= 5e-4
    )
    low = each.low.partition(" ")[0]
    high = each.high.rpartition(" to ")[2].partition(" ")[0]
    span = large_in_words(f"{each.value} ({low} to {high})")
    return printable(f"{each.path} = {span}, {each.confidence}; moves {moves}")


def _next(plan: Plan, drawn: Drawn | None) -> list[list[str]]:
    """Commands that go on from this very plan, with all that was changed in it."""
    scenario, changes = scenario_argument(plan), plan.project.changes
    month = plan.horizon_months[len(plan.horizon_months) // 2]
    commands = [[f"planner explain {scenario} gpus", f"--at {month}", *changes]]
    single = [each for each in plan.assumptions if "*" not in each.path]
    if single:
        edit = shlex.quote(f"{single[0].path}={single[0].high}")
        commands.append([f"planner size {scenario}", *changes, f"--set {edit}"])
    if drawn:
        commands.append([f"planner simulate {scenario}", *changes])
    return [[printable(part) for part in parts] for parts in commands]
