"""What does a report say, and in which order?

First a page to decide by, then a section a domain with its chart and its table, then what it rests on, then
everything for those who look things up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from planner import units
from planner.axes import Array
from planner.catalogue import TIERS
from planner.errors import PlannerError
from planner.findings import TrainingLayout, beside_orders, binding, checks, in_short
from planner.lineage import Source, scenario_argument
from planner.plan import Plan
from planner.report.comparison import Compared, differences, lines_of, why_lines
from planner.report.comparison import change as change_of
from planner.report.document import tables
from planner.report.document.content import (
    Block,
    Bullets,
    Cell,
    Column,
    Document,
    Fact,
    Facts,
    Grid,
    Paragraph,
    Picture,
    Section,
)
from planner.report.document.pictures import Drawing, drawings
from planner.report.rows import Row, in_horizon, rows_of
from planner.report.spans import compute, draws_in_words, span
from planner.report.table import label, number, row_scale
from planner.study.drawn import Drawn

ORDERS_SHOWN = 12
WARNINGS_ON_THE_FIRST_PAGE = 3
ASSUMPTIONS_ON_THE_FIRST_PAGE = 3
BINDING_ON_THE_FIRST_PAGE = 2
FOLLOWING = "Releases, vehicle computers and services"  # short: on the page of the one before
# Sections by the groups of rows that stand in them, and the charts before these.
DOMAINS = (
    ("Demand", ("Fleet", "Data", "Labels"), ("fleet", "ingest")),
    ("Data and storage", ("Storage",), ("storage",)),
    ("Compute", ("Compute",), ("work", "steps")),
    (FOLLOWING, ("Release", "ECUs", "Serving"), ()),
    ("Network and updates over the air", ("OTA", "Network"), ("ota",)),
    ("Facility and carbon", ("Site", "Carbon"), ("power", "carbon")),
)


def document(plans: Sequence[Compared]) -> tuple[Document, list[tuple[Plan, Drawing]]]:
    """The report of one plan, or of several side by side, and the charts that it needs.

    The first plan is reported in full, the others by what differs.
    """
    plan = plans[0].plan
    drawn = draws_of(plan)
    found = {each.name: each for each in drawings(plan, drawn)}
    sections = [
        _decide(plan, drawn, found),
        *(_domain(plan, drawn, found, *each) for each in DOMAINS),
        _money(plan, found),
        _risks(plan, found),
    ]
    if len(plans) > 1:
        sections.insert(1, _comparison(plans))
    sections += list(_appendix(plan))
    months = plan.horizon_months
    kept = [section for section in sections if section.blocks]
    return (
        Document(
            plan.title,
            f"Capacity plan, {months[0]} to {months[-1]}, as decided in {plan.months[0]}",
            plan.mark,
            _made_from(plan, drawn),
            kept,
        ),
        [(plan, each) for each in found.values()],
    )


def draws_of(plan: Plan) -> Drawn | None:
    """A few draws for spans; None where nothing is uncertain, or a draw is refused (the plan stands all the same)."""
    drawn = Drawn.of(plan.project)
    if not drawn.uncertain:
        return None
    courses = [course for row in rows_of(plan) for course in (row.course, row.follows) if course]
    try:
        compute(drawn, plan, [*courses, *_HEADLINE.values()])
    except PlannerError:
        return None
    return drawn


def _made_from(plan: Plan, drawn: Drawn | None) -> str:
    parts = [scenario_argument(plan), *plan.project.changes]
    if drawn:
        parts.append(f"{drawn.draws} draws, seed {drawn.seed}")
    return " · ".join(parts)


# --- The page to decide by -------------------------------------------------------------------------------------------


def _largest(source: Source, name: str) -> Array:
    return np.asarray(in_horizon(source, name).max(axis=-1))


def _whole(source: Source, name: str) -> Array:
    (values,) = source.values(name)
    return values.reshape(len(values))


_HEADLINE = {
    "gpus_required": partial(_largest, name="gpus_required"),
    **{
        f"storage_{tier}_required": partial(_largest, name=f"storage_{tier}_required")
        for tier in TIERS
    },
    "ingest_peak": partial(_largest, name="ingest_peak"),
    "ota_peak": partial(_largest, name="ota_peak"),
    "site_power": partial(_largest, name="site_power"),
    "tco": partial(_whole, name="tco"),
}
_LABELS = {
    "gpus_required": ("GPUs needed", "1"),
    **{f"storage_{tier}_required": (f"{tier} storage", "byte") for tier in TIERS},
    "ingest_peak": ("ingest peak", "byte/second"),
    "ota_peak": ("OTA peak", "byte/second"),
    "site_power": ("power at the grid", "watt"),
    "tco": ("total cost of ownership", "USD"),
}


def _decide(plan: Plan, drawn: Drawn | None, found: dict[str, Drawing]) -> Section:
    blocks: list[Block] = [Paragraph(text, "alarm") for text in plan.stops]
    about = plan.project.inputs.scenario.about
    if about:
        blocks.append(Paragraph(" ".join(about.split()), "lead"))
    there = [name for name, read in _HEADLINE.items() if read(plan).max() > 0]
    blocks.append(Facts([_fact(plan, drawn, name) for name in there]))
    if drawn:
        blocks.append(
            Paragraph(
                f"Below each figure: between which values it lies in {draws_in_words(drawn)} of all uncertain inputs.",
                "quiet",
            )
        )
    blocks += _pictures(found, ("gpus",))
    blocks.append(Bullets("To decide", list(_decisions(plan))))
    warned = in_short(plan.warnings)[:WARNINGS_ON_THE_FIRST_PAGE]
    if warned:
        blocks.append(Bullets("What is short or at risk", warned))
    rests = [
        f"{each.path} = {each.value}, {each.confidence}: moves cost by "
        f"{100 * each.moves.get('tco', 0.0):+.0f} %, GPUs by {100 * each.moves.get('gpus_required', 0.0):+.0f} %"
        for each in plan.assumptions[:ASSUMPTIONS_ON_THE_FIRST_PAGE]
    ]
    if rests:
        blocks.append(Bullets("It rests on", rests))
    return Section("Decision summary", blocks)


def _fact(plan: Plan, drawn: Drawn | None, name: str) -> Fact:
    words, unit = _LABELS[name]
    read = _HEADLINE[name]
    value = float(read(plan)[0])
    between = ""
    if drawn:
        low, high = (units.show(end, unit) for end in span(read(drawn)))
        between = f"{low} to {high}" if low != high else ""
    return Fact(words, units.show(value, unit), between, name)


def _decisions(plan: Plan) -> Iterator[str]:
    """What must be ordered first, all of it, what binds, and how it is best acquired."""
    orders = plan.orders
    if orders:
        first = orders[0].order_by
        due = [each for each in orders if each.order_by == first]
        cost = units.show(sum(each.usd for each in due), "USD")
        largest = max(due, key=lambda each: each.usd)
        yield (
            f"Order {cost} by {first}, of it {largest.count:,} x {largest.what} for {largest.site} "
            f"(in service {largest.in_service})"
        )
        total = units.show(sum(each.usd for each in orders), "USD")
        beside = sum(beside_orders(plan, plan.orders).values())
        yield f"{len(orders):,} orders over the plan, {total}; {units.show(beside, 'USD')} comes beside them"
    else:
        yield "Nothing has to be ordered"
    costs = {way: plan.values(f"tco_if_{way}")[0].item() for way in ("bought", "leased", "rented")}
    known = {way: cost for way, cost in costs.items() if math.isfinite(cost)}
    if len(set(known.values())) > 1:
        said = ", ".join(f"{way} {units.show(cost, 'USD')}" for way, cost in known.items())
        yield f"Total cost if all accelerators were {said}"
    yield from binding(plan)[-BINDING_ON_THE_FIRST_PAGE:]


def _pictures(found: dict[str, Drawing], names: Sequence[str]) -> list[Block]:
    return [Picture(found[name].name, found[name].message) for name in names if name in found]


# --- Domains ---------------------------------------------------------------------------------------------------------


def _domain(
    plan: Plan,
    drawn: Drawn | None,
    found: dict[str, Drawing],
    title: str,
    groups: Sequence[str],
    charts: Sequence[str],
) -> Section:
    blocks: list[Block] = list(_pictures(found, charts))
    if title == "Compute" and plan.training_layouts:
        blocks.append(_layouts(plan))
    rows = [row for row in rows_of(plan) if row.group in groups]
    if rows:
        blocks.append(tables.by_year(plan, rows, drawn, title, explaining))
    return Section(title, blocks, follows=title == FOLLOWING)


def explaining(row: Row) -> str:
    """The quantity that a row shows; nothing where it is made of several."""
    words = getattr(row.course, "keywords", {})
    return str(words.get("name", ""))


def _layouts(plan: Plan) -> Grid:
    columns = [
        Column("job"),
        Column("hardware"),
        Column("needed", True),
        Column("laid out on", True),
        Column("step", True),
        Column("of the peak", True),
        Column("layout", share=1.0),
        Column("most of the step", share=1.0),
    ]
    rows = [
        [
            Cell(each.workload),
            Cell(each.hardware),
            Cell(number(each.gpus_needed), each.gpus_needed),
            Cell(f"{each.gpus:,.0f}", each.gpus),
            Cell(units.show(each.step_time, "second"), each.step_time),
            Cell(f"{100 * each.utilisation:.0f} %", each.utilisation),
            Cell(_degrees(each)),
            Cell(
                ", ".join(
                    f"{term.replace('_', ' ')} {100 * seconds / each.step_time:.0f} %"
                    for term, seconds in list(each.terms.items())[:3]
                )
            ),
        ]
        for each in plan.training_layouts
    ]
    note = "Computed from the networks' kernels, the hardware and the software's overlaps; none is measured here."
    return Grid(columns, rows, note, name="layouts")


def _degrees(layout: TrainingLayout) -> str:
    """Degrees of parallelism above one, and what is switched on."""
    off = (0, 1, "none", "no")
    parts = (f"{name.replace('_', ' ')} {n}" for name, n in layout.layout.items() if n not in off)
    return ", ".join(parts)


def _money(plan: Plan, found: dict[str, Drawing]) -> Section:
    blocks: list[Block] = list(_pictures(found, ("money",)))
    blocks.append(tables.paid_by_year(plan))
    unit_costs = []
    for name, scale, words in (
        ("cost_per_vehicle", 1.0, "a vehicle"),
        ("cost_per_vehicle_year", 365.25 * 86400.0, "a vehicle and year"),
        ("cost_per_1000_km", 1e6, "a thousand km"),
        ("gpu_hour_cost", 3600.0, "a GPU-hour in service"),
    ):
        cost = plan.values(name)[0].item()
        if cost:
            unit_costs.append(Fact(words, units.show(cost * scale, "USD"), "", name))
    if unit_costs:
        blocks.append(Facts(unit_costs))
    if plan.orders:
        book = tables.order_book(plan, ORDERS_SHOWN)
        left = len(plan.orders) - ORDERS_SHOWN
        if left > 0:
            blocks.append(Paragraph(f"The first {ORDERS_SHOWN} of {len(plan.orders):,} orders:"))
        blocks.append(book)
    return Section("Money", blocks)


def _risks(plan: Plan, found: dict[str, Drawing]) -> Section:
    blocks: list[Block] = list(_pictures(found, ("assumptions",)))
    if plan.assumptions:
        blocks.append(tables.assumptions(plan))
    if plan.warnings:
        blocks.append(Bullets("All warnings", [each.text for each in plan.warnings]))
    declared = [each.text for each in checks(plan)]
    if declared:
        blocks.append(Bullets("Checks that the scenario declares", declared))
    return Section("Risks and assumptions", blocks)


def _comparison(plans: Sequence[Compared]) -> Section:
    """Plans side by side with the first, and why they differ."""
    columns = [Column(""), Column("", share=1.0), Column(plans[0].name, True)]
    for each in plans[1:]:
        columns += [Column(each.name, True), Column("change", True)]
    rows, group = [], ""
    for line in lines_of(plans):
        finite = [abs(v) for v in line.values if v is not None and math.isfinite(v)]
        scale, unit = row_scale(max(finite, default=0.0), line.row)
        first = line.values[0]
        cells = [Cell(line.row.group if line.row.group != group else "")]
        cells.append(Cell(label(line.row, unit, None)))
        for place, value in enumerate(line.values):
            cells.append(Cell("" if value is None else number(value / scale), value))
            if place:
                cells.append(Cell(change_of(first, value)))
        rows.append(cells)
        group = line.row.group
    blocks: list[Block] = [Paragraph(f"{each.name}: {each.plan.title}") for each in plans]
    blocks.append(Grid(columns, rows, "Each over its whole horizon.", name="comparison"))
    for each, found in zip(plans[1:], differences(plans), strict=True):
        blocks.append(Bullets(f"Why {each.name} differs", why_lines(found)))
    return Section("Comparison", blocks)


def _appendix(plan: Plan) -> Iterator[Section]:
    yield Section("Appendix: all orders", [tables.order_book(plan)] if plan.orders else [])
    yield Section("Appendix: every quantity", [tables.quantities(plan)])
    yield Section("Appendix: every input and its source", [tables.inputs(plan)])
