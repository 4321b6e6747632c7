"""The page to decide by: what to order by when, for how much, what it rests on and what could go wrong."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from planner import units
from planner.axes import Array
from planner.catalogue import TIERS
from planner.findings import Order, beside_orders, in_short
from planner.lineage import Source
from planner.plan import Plan
from planner.report.cash_flow import cash_flow
from planner.report.document import tables
from planner.report.document.causes import in_words
from planner.report.document.content import (
    Block,
    Bullets,
    Fact,
    Facts,
    Paragraph,
    Picture,
    Section,
)
from planner.report.document.drawing import Drawing
from planner.report.document.names import Names
from planner.report.document.pictures import listed
from planner.report.rows import in_horizon
from planner.report.spans import ENDS, draws_in_words, span
from planner.report.summary import no_orders
from planner.report.table import count, number
from planner.study.drawn import Drawn
from planner.text import counted

WARNINGS_ON_THE_FIRST_PAGE = 3
ASSUMPTIONS_ON_THE_FIRST_PAGE = 3
FIRST_MONTHS = 12  # for which a board is told what it commits
SMALL_CHANGE = 0.02  # of the total cost, below which ways to acquire are alike
CERTAINTY = {"published": "published", "measured": "measured", "derived": "derived from those"}


def _largest(source: Source, name: str) -> Array:
    return np.asarray(in_horizon(source, name).max(axis=-1))


def whole(source: Source, name: str) -> Array:
    """What is one number a plan, by draw."""
    (values,) = source.values(name)
    return values.reshape(len(values))


UNIT_COSTS = (
    ("cost_per_vehicle", 1.0, "cost per vehicle"),
    ("cost_per_vehicle_year", 365.25 * 86400.0, "cost per vehicle and year"),
    ("cost_per_1000_km", 1e6, "cost per thousand km"),
    ("gpu_hour_cost", 3600.0, "cost per GPU-hour in service"),
)
HEADLINE = {
    "gpus_required": partial(_largest, name="gpus_required"),
    **{
        f"storage_{tier}_required": partial(_largest, name=f"storage_{tier}_required")
        for tier in TIERS
    },
    "ingest_peak": partial(_largest, name="ingest_peak"),
    "ota_peak": partial(_largest, name="ota_peak"),
    "site_power": partial(_largest, name="site_power"),
    "tco": partial(whole, name="tco"),
}
_LABELS = {
    "gpus_required": ("GPUs needed", "1"),
    "storage_hot_required": ("hot storage", "byte"),
    "storage_warm_required": ("warm storage", "byte"),
    "storage_cold_required": ("cold storage", "byte"),
    "ingest_peak": ("data from vehicles, peak", "byte/second"),
    "ota_peak": ("updates to vehicles, peak", "byte/second"),
    "site_power": ("power from the grid, peak", "watt"),
    "tco": ("total cost, present value", "USD"),
}


def _is_of_this_plan(plan: Plan) -> bool:
    """Whether the description stands beside the title, and not in a file that the one with the title extends."""
    entries = plan.project.inputs.tree.entries
    return "title" not in entries or entries["about"].file == entries["title"].file


def decide(plan: Plan, drawn: Drawn | None, found: dict[str, Drawing]) -> Section:
    """The first page."""
    blocks: list[Block] = [Paragraph(text, "alarm") for text in plan.stops]
    about = plan.project.inputs.scenario.about
    if about and _is_of_this_plan(plan):
        blocks.append(Paragraph(" ".join(about.split()), "lead"))
    there = [name for name, read in HEADLINE.items() if read(plan).max() > 0]
    blocks.append(Facts([_fact(plan, drawn, name) for name in there]))
    if drawn:
        blocks.append(
            Paragraph(
                f"Large: the plan with every uncertain input at its median, in its largest month. Small: between which "
                f"values the figure lies in {draws_in_words(drawn)} of all uncertain inputs.",
                "quiet",
            )
        )
    blocks.append(Bullets("To decide", list(_decisions(plan, drawn))))
    blocks += pictures(found, ("gpus",))
    names = Names(plan)
    warned = [names.said(text) for text in in_short(plan.warnings)]
    at_risk = [*_enough(plan, drawn), *warned[:WARNINGS_ON_THE_FIRST_PAGE]]
    left = len(warned) - WARNINGS_ON_THE_FIRST_PAGE
    if left > 0:
        at_risk[-1] += f". {left:,} more: Risks and assumptions"
    if at_risk:
        blocks.append(Bullets("What could go wrong", at_risk))
    blocks.append(Bullets("It rests on", list(_rests(plan))))
    return Section("Decision summary", blocks)


def _rests(plan: Plan) -> Iterator[str]:
    """How well the inputs are known, and those which move the plan most."""
    known = Counter(row.confidence for row in tables.written_rows(plan))
    parts = [f"{known[name]:,} {words}" for name, words in CERTAINTY.items() if known[name]]
    others = sum(known.values()) - sum(known[name] for name in CERTAINTY)
    yield f"{sum(known.values()):,} inputs, each with its source: {', '.join(parts)}, {others:,} assumed"
    for each in plan.assumptions[:ASSUMPTIONS_ON_THE_FIRST_PAGE]:
        moves = [
            f"{words} by {100 * each.moves[name]:+.0f} %"
            for name, words in (("tco", "total cost"), ("gpus_required", "GPUs"))
            if abs(each.moves.get(name, 0.0)) >= 0.005
        ]
        yield (
            f"{in_words(each)}: {tables.typeset(each.value)} ({tables.ends(each)}, {each.confidence}) moves "
            f"{' and '.join(moves) or 'little'}"
        )


def _enough(plan: Plan, drawn: Drawn | None) -> Iterator[str]:
    """In how many draws what the plan buys is enough, and what would be in nine of ten."""
    if drawn is None:
        return
    peaks, built = HEADLINE["gpus_required"](drawn), float(in_horizon(plan, "gpus").max())
    if not built or np.mean(peaks <= built) >= ENDS[1]:
        return
    share, most = 100 * float(np.mean(peaks <= built)), span(peaks)[1]
    yield (
        f"The {count(built)} GPUs of this plan are enough in {share:.0f} % of the draws; "
        f"to be enough in 90 % it takes {number(most)}"
    )


def _fact(plan: Plan, drawn: Drawn | None, name: str) -> Fact:
    words, unit = _LABELS[name]
    read = HEADLINE[name]
    value = float(read(plan)[0])
    between = ""
    if drawn:
        low, high = (units.show(end, unit) for end in span(read(drawn)))
        between = f"{low} to {high}" if low != high else "alike in the draws"
    return Fact(words, units.show(value, unit), between, name)


def _decisions(plan: Plan, drawn: Drawn | None) -> Iterator[str]:
    """What must be ordered by when, all of it, what it costs to own, and how it is best acquired."""
    orders = plan.orders
    if orders:
        first = orders[0].order_by
        due = [each for each in orders if each.order_by == first]
        yield f"By {first}: {_placed(plan, due)}"
        until = _later(first, FIRST_MONTHS)
        year = [each for each in orders if each.order_by < until]
        if len(due) < len(year) < len(orders):
            cost = units.show(sum(each.usd for each in year), "USD")
            yield f"In the {FIRST_MONTHS} months from {first}: {counted(len(year), 'order')} for {cost}, these included"
        capex = units.show(float(plan.values("capex")[0].sum()), "USD")
        total = units.show(sum(each.usd for each in orders), "USD")
        beside = beside_orders(plan, plan.orders)
        more = [f"{name} ({units.show(usd, 'USD')})" for name, usd in beside.items() if usd > 0]
        less = [f"{name} ({units.show(-usd, 'USD')})" for name, usd in beside.items() if usd < 0]
        said = [
            *([f"with {listed(more)}"] if more else []),
            *([f"less {listed(less)}"] if less else []),
        ]
        book = f"Over the whole plan: {counted(len(orders), 'order')} for {total}"
        yield f"{book}; {', '.join(said)} the investment is {capex}" if said else book
    else:
        yield f"No orders{no_orders(plan).removeprefix('none')}"
    cost, between = units.show(plan.values("tco")[0].item(), "USD"), ""
    if drawn:
        low, high = (units.show(end, "USD") for end in span(HEADLINE["tco"](drawn)))
        between = f" ({low} to {high})" if low != high else ""
    rate = 100 * cash_flow(plan).rate
    yield f"To own and run it until {plan.months[-1]} costs {cost}{between}, discounted at {rate:.3g} % a year"
    yield from _ways(plan)


def _placed(plan: Plan, orders: Sequence[Order]) -> str:
    """How many orders for how much, and the largest of them."""
    cost = units.show(sum(each.usd for each in orders), "USD")
    largest = max(orders, key=lambda each: each.usd)
    what = f"{largest.count:,} x {largest.what} for {Names(plan).of(largest.site)}"
    book = f"place {counted(len(orders), 'order')} for {cost}{', the largest' if len(orders) > 1 else ':'}"
    return f"{book} {what}, in service {largest.in_service}"


def _later(month: str, months: int) -> str:
    """The month so many months later."""
    place = 12 * int(month[:4]) + int(month[5:]) - 1 + months
    return f"{place // 12}-{place % 12 + 1:02d}"


def _ways(plan: Plan) -> Iterator[str]:
    """How the accelerators are best acquired, as far as that makes a difference."""
    costs = {way: plan.values(f"tco_if_{way}")[0].item() for way in ("bought", "leased", "rented")}
    known = {way: cost for way, cost in costs.items() if math.isfinite(cost)}
    if len(set(known.values())) < 2:
        return
    said = ", ".join(f"{way} {units.show(cost, 'USD')}" for way, cost in known.items())
    least, most = min(known.values()), max(known.values())
    cheapest = min(known, key=lambda way: known[way])
    verdict = f"{cheapest} is cheapest" if most > least * (1 + SMALL_CHANGE) else "they cost alike"
    yield f"Accelerators bought, leased or rented: {verdict} (total cost if all are {said})"


def pictures(found: dict[str, Drawing], names: Sequence[str]) -> list[Block]:
    """The charts of these names that there are."""
    return [Picture(found[name].name, found[name].message) for name in names if name in found]
