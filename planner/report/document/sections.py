"""What does a report say, and in which order?

First a page to decide by, then a section a domain with its chart and its table, then what it rests on, then
everything for those who look things up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial

from planner import units
from planner.errors import PlannerError
from planner.findings import TrainingLayout, binding, checks
from planner.lineage import scenario_argument
from planner.plan import Plan
from planner.report.comparison import (
    HOW_COMPARED,
    Compared,
    Line,
    cut_apart,
    differences,
    horizons_differ,
    lines_of,
    why_lines,
)
from planner.report.comparison import change as change_of
from planner.report.document import tables
from planner.report.document.causes import laid_out_alike, term_in_words
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
    Section,
)
from planner.report.document.decide import HEADLINE, UNIT_COSTS, decide, pictures, whole
from planner.report.document.drawing import Drawing
from planner.report.document.names import Names
from planner.report.document.pictures import drawings
from planner.report.rows import (
    HOW_READ,
    HOW_READ_WITHOUT_A_FLEET,
    Row,
    has_fleet,
    rows_of,
)
from planner.report.spans import compute, span
from planner.report.summary import some_of
from planner.report.table import number, peak_of, scales
from planner.study.drawn import Drawn

BESIDE_THE_FIRST, HEAD = 3, 20  # plans in a table of the comparison, and characters of their names
ORDERS_SHOWN = 12
# Sections by the groups of rows that stand in them, and the charts before these.
DOMAINS = (
    ("Demand", ("Fleet", "Data", "Labels"), ("fleet", "ingest")),
    ("Data and storage", ("Storage",), ("storage",)),
    ("Compute", ("Compute",), ("work", "steps")),
    ("Releases, vehicle computers and services", ("Release", "ECUs", "Serving"), ()),
    ("Network and updates over the air", ("OTA", "Network"), ("ota",)),
    ("Facility and carbon", ("Site", "Carbon"), ("power", "carbon")),
)

SHEETS = {  # names that a workbook has room for
    "Releases, vehicle computers and services": "releases, ECUs, services",
    "Network and updates over the air": "network, updates",
}


def document(plans: Sequence[Compared]) -> tuple[Document, list[tuple[Plan, Drawing]]]:
    """The report of one plan, or of several side by side, and the charts that it needs.

    The first plan is reported in full, the others by what differs.
    """
    plan = plans[0].plan
    drawn = draws_of(plan)
    found = {each.name: each for each in drawings(plan, drawn)}
    sections = [
        decide(plan, drawn, found),
        how_to_read(plan, drawn),
        *(_domain(plan, drawn, found, *each) for each in DOMAINS),
        _money(plan, drawn, found),
        _risks(plan, found),
    ]
    if len(plans) > 1:
        sections.insert(2, _comparison(plans))
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
        costs = [partial(whole, name=name) for name, *_ in UNIT_COSTS]
        compute(drawn, plan, [*courses, *HEADLINE.values(), *costs])
    except PlannerError:
        return None
    return drawn


def _made_from(plan: Plan, drawn: Drawn | None) -> str:
    parts = [scenario_argument(plan), *plan.project.changes]
    if drawn:
        parts.append(f"{drawn.draws} draws, seed {drawn.seed}")
    return " · ".join(parts)


# --- Domains ---------------------------------------------------------------------------------------------------------


def _domain(
    plan: Plan,
    drawn: Drawn | None,
    found: dict[str, Drawing],
    title: str,
    groups: Sequence[str],
    charts: Sequence[str],
) -> Section:
    blocks: list[Block] = list(pictures(found, charts))
    rows = [row for row in rows_of(plan) if row.group in groups]
    if rows:
        blocks.append(
            tables.by_year(plan, rows, drawn, SHEETS.get(title, title.lower()), explaining)
        )
    if title == "Compute":
        if plan.training_layouts:
            blocks.append(_layouts(plan))
        names = Names(plan)
        blocks.append(Bullets("What sets the size", [names.said(line) for line in binding(plan)]))
    if "Network" in groups and not any(row.group == "OTA" for row in rows):
        title = "Network"
    if title.startswith("Releases") and not any(row.group in ("Release", "ECUs") for row in rows):
        title = "Services"
    return Section(title, blocks)


def explaining(row: Row) -> str:
    """The quantity that a row shows; nothing where it is made of several."""
    words = getattr(row.course, "keywords", {})
    return str(words.get("name", ""))


def _layouts(plan: Plan) -> Grid:
    columns = [
        Column("job", share=1.0),
        Column("hardware", share=0.9),
        Column("GPUs needed", True),
        Column("laid out on", True),
        Column("step", True),
        Column("of the peak", True),
        Column("layout", share=1.0),
        Column("most of the step", share=1.4),
    ]
    names = Names(plan)
    rows = [
        [
            Cell(some_of([job.workload.replace("_", " ") for job in alike])),
            Cell(names.of(each.hardware)),
            Cell(number(each.gpus_needed), each.gpus_needed),
            Cell(f"{each.gpus:,.0f}", each.gpus),
            Cell(units.show(each.step_time, "second"), each.step_time, unit="second"),
            Cell(
                f"{100 * each.utilisation:.0f} %",
                each.utilisation,
                "",
                100 * each.utilisation,
                "%",
            ),
            Cell(_degrees(each)),
            Cell(
                ", ".join(
                    f"{term_in_words(term)} {100 * seconds / each.step_time:.0f} %"
                    for term, seconds in list(each.terms.items())[:3]
                )
            ),
        ]
        for alike in laid_out_alike(plan)
        for each in alike[:1]
    ]
    note = (
        "Layout: over how many GPUs the data (dp), each layer's matrices (tp), the layers (pp) and the sequence (cp) "
        "are split; zero: what the copies share out. QKV: the products which make queries, keys and values. Computed "
        "from the networks' kernels, the hardware and the software's overlaps; none is measured here."
    )
    return Grid(columns, rows, note, name="layouts", title="How training jobs are laid out")


def _degrees(layout: TrainingLayout) -> str:
    """Degrees of parallelism above one, and what is switched on."""
    off = (0, 1, "none", "no")
    parts = (f"{name.replace('_', ' ')} {n}" for name, n in layout.layout.items() if n not in off)
    return ", ".join(parts)


def _money(plan: Plan, drawn: Drawn | None, found: dict[str, Drawing]) -> Section:
    blocks: list[Block] = list(pictures(found, ("money",)))
    blocks.append(tables.paid_by_year(plan))
    unit_costs = [
        _unit_cost(plan, drawn, *each) for each in UNIT_COSTS if plan.values(each[0])[0].item()
    ]
    if unit_costs:
        blocks.append(Facts(unit_costs))
    if plan.orders:
        blocks.append(tables.orders_by_year(plan))
        left = len(plan.orders) - ORDERS_SHOWN
        title = f"The first {ORDERS_SHOWN} of {len(plan.orders):,} orders" if left > 0 else "Orders"
        blocks.append(tables.order_book(plan, ORDERS_SHOWN, title))
    return Section("Money", blocks)


def _unit_cost(plan: Plan, drawn: Drawn | None, name: str, scale: float, words: str) -> Fact:
    between = ""
    if drawn:
        low, high = (units.show(end * scale, "USD") for end in span(whole(drawn, name)))
        between = f"{low} to {high}" if low != high else ""
    return Fact(words, units.show(plan.values(name)[0].item() * scale, "USD"), between, name)


def _risks(plan: Plan, found: dict[str, Drawing]) -> Section:
    blocks: list[Block] = list(pictures(found, ("assumptions",)))
    if plan.assumptions:
        blocks.append(tables.assumptions(plan))
    if plan.warnings:
        names = Names(plan)
        blocks.append(Bullets("All warnings", [names.said(each.text) for each in plan.warnings]))
    declared = [each.text for each in checks(plan)]
    if declared:
        blocks.append(Bullets("Checks that the scenario declares", declared))
    return Section("Risks and assumptions", blocks)


def _comparison(plans: Sequence[Compared]) -> Section:
    """Plans side by side with the first, as many as a page is wide, and why they differ."""
    lines = lines_of(plans)
    blocks: list[Block] = [Paragraph(f"{each.name}: {each.plan.title}") for each in plans]
    if warning := horizons_differ(plans):
        blocks.append(Paragraph(warning))
    for table, start in enumerate(range(1, len(plans), BESIDE_THE_FIRST), 1):
        shown = [0, *range(start, min(start + BESIDE_THE_FIRST, len(plans)))]
        name = f"comparison {table}" if len(plans) - 1 > BESIDE_THE_FIRST else "comparison"
        blocks.append(_side_by_side(plans, lines, shown, name))
    for each, found in zip(plans[1:], differences(plans), strict=True):
        blocks.append(Bullets(f"Why {each.name} differs", why_lines(found)))
    return Section("Comparison", blocks)


def _side_by_side(
    plans: Sequence[Compared], lines: Sequence[Line], shown: Sequence[int], name: str
) -> Grid:
    """Some of the plans, each with its change from the first."""
    heads = cut_apart([plans[place].name for place in shown], [HEAD] * len(shown))
    names = Names(plans[0].plan)
    columns = [Column("area"), Column("measure, unit", share=1.0), Column(heads[0], True)]
    for head in heads[1:]:
        columns += [Column(head, True), Column("change", True)]
    rows, group = [], ""
    scaled = scales([line.row for line in lines], [peak_of(line.values) for line in lines])
    for line, (scale, unit) in zip(lines, scaled, strict=True):
        first = line.values[0]
        cells = [Cell(line.row.group if line.row.group != group else "")]
        cells += [Cell(tables.named(line.row, unit, names)), _side(first, scale)]
        for place in shown[1:]:
            value = line.values[place]
            cells += [_side(value, scale), Cell(change_of(first, value, line.row.unit))]
        rows.append(cells)
        group = line.row.group
    return Grid(columns, rows, names.said(HOW_COMPARED), name=name)


def how_to_read(plan: Plan, drawn: Drawn | None) -> Section:
    """The words of the report, as far as the plan needs them."""
    said = {
        "Draw": "one outcome, in which every uncertain input has a value from its span; the same draws are used "
        "throughout",
        "P10, P90": "one draw in ten lies below the first, one in ten above the second: four of five lie between",
        "Median": "as many draws lie above as below; the plan has every input at its median, which need not make the "
        "plan's figures the medians of the draws",
    }
    if not drawn:
        said = {}
    said |= {
        "GPUs needed": "accelerators that the work takes; in service: bought, delivered and tested by then",
        "Hot, warm, cold": "storage by how soon data is read: at training speed, within seconds, after a wait",
        "Usable storage": "what programs can fill; copies, parity and formatting are added when it is bought",
    }
    if has_fleet(plan):
        said["OTA"] = "updates over the air: releases of software and networks sent to the vehicles"
        said["Served"] = "vehicles whose data a site may hold and which get releases from it"
    said |= {
        "PUE": "energy that the site takes from the grid over what its computers take",
        "TCO": "total cost of ownership: everything paid until the end less what the equipment is then worth, "
        "discounted to the plan's first month",
        "CO2e": "greenhouse gases as the carbon dioxide that warms as much; embodied: from making the equipment",
        "Confidence": "published, measured, derived (computed from published numbers) or assumed (our judgement)",
    }
    rows = [[Cell(word), Cell(meaning)] for word, meaning in said.items()]
    how = HOW_READ if has_fleet(plan) else HOW_READ_WITHOUT_A_FLEET
    return Section(
        "How to read this report",
        [
            Grid([Column("word"), Column("meaning", share=1.0)], rows, name="words"),
            Paragraph(Names(plan).said(f"Columns of years. {how}"), "quiet"),
        ],
    )


def _side(value: float | None, scale: float) -> Cell:
    if value is None:
        return Cell("-")
    known = math.isfinite(value)
    return Cell(number(value / scale), value if known else None, "", value / scale)


def _appendix(plan: Plan) -> Iterator[Section]:
    yield Section("Appendix: all orders", [tables.order_book(plan)] if plan.orders else [], True)
    yield Section("Appendix: every quantity", [tables.quantities(plan)], True)
    yield Section("Appendix: every input and its source", [tables.inputs(plan)], True)
