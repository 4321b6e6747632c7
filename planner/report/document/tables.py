"""Tables of a report: rows of the plan by year, the order book, assumptions, every quantity and every input."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from planner import units
from planner.catalogue import ITEMS
from planner.findings import Assumption
from planner.headline import NOT_ADDED
from planner.inputs.leaves import Row as LeafRow
from planner.plan import Plan
from planner.report.cash_flow import Entry, cash_flow
from planner.report.document.causes import sentence
from planner.report.document.content import Cell, Column, Grid
from planner.report.document.names import Names
from planner.report.document.pictures import PAID
from planner.report.rows import Row
from planner.report.spans import span
from planner.report.table import count, label, number, peak_of, periods, scales
from planner.study.drawn import Drawn
from planner.text import large_in_words

MOST_COLUMNS = 9
# Kinds of orders as a board reads them.
ORDERED = {
    "node": "nodes with accelerators", "storage": "storage", "switch": "switches", "link": "cables and optics",
    "rig": "test rigs",
}  # fmt: skip
CERTAIN = "certain"
PER = re.compile(r"(\d) 1/(?=[a-zA-Z])")  # "3 1/day"


def by_year(
    plan: Plan,
    rows: Sequence[Row],
    drawn: Drawn | None,
    name: str,
    explains: Callable[[Row], str],
) -> Grid:
    """Rows of the table of `planner size`, a column a year, and where the last year lies in 80 % of the draws."""
    start = plan.project.table.calendar.horizon_from
    columns = periods(plan.horizon_months, MOST_COLUMNS)
    slices = [slice(start + p.months.start, start + p.months.stop) for p in columns]
    before = [row.is_flow and row.course(plan)[0, :start].any() for row in rows]
    heads = [*(["before"] if any(before) else []), *(period.label for period in columns)]
    values_of: list[list[float | None]] = []
    for row, has_before in zip(rows, before, strict=True):
        earlier = row.read(plan, [slice(0, start)])[0, 0] if has_before else None
        read = row.read(plan, slices)[:, 0].tolist()
        values_of.append([*([earlier] if any(before) else []), *read])
    scaled = scales(rows, [peak_of(values) for values in values_of])
    lines = []
    group = ""
    names = Names(plan)
    for row, values, (scale, unit) in zip(rows, values_of, scaled, strict=True):
        cells = [_number(value, row, scale, explains(row)) for value in values]
        ends = _ends(row, drawn, slices[-1], scale)
        first = Cell(row.group if row.group != group else "")
        lines.append([first, Cell(named(row, unit, names)), *cells, ends])
        group = row.group
    spans = [
        Column(f"{columns[-1].label}, P10 to P90", True),
    ]
    grid = [
        Column("area"),
        Column("measure, unit", share=1.0),
        *(Column(head, True) for head in heads),
        *spans,
    ]
    return Grid(grid, lines, name=name)


def named(row: Row, unit: str, names: Names) -> str:
    """The label of a row with its unit, as print has them."""
    head, _, tail = (
        row.label.rpartition(" ")
        if row.label.startswith(("of which ", "on "))
        else ("", "", row.label)
    )
    first, space, rest = tail.partition(" ")
    said = " ".join(part for part in (head, names.known(first) + space + rest) if part)
    return typeset(label(replace(row, label=said), unit, None))


def typeset(text: str) -> str:
    """Squares, rates and large numbers as print has them: "m²", "3 per day", "25 million km"."""
    text = text.replace("m^2", "m²").replace("m^3", "m³")
    text = PER.sub(r"\1 per ", text)
    return large_in_words(text)


def _number(value: float | None, row: Row, scale: float, explains: str) -> Cell:
    if value is None:
        return Cell("")
    text = count(value) if row.unit == "1" and scale == 1 else number(value / scale)
    if not math.isfinite(value):
        return Cell(typeset(text), None, explains)
    return Cell(typeset(text), value, explains, value / scale)


def _ends(row: Row, drawn: Drawn | None, months: slice, scale: float) -> Cell:
    """Between which values a row lies in most draws; nothing where all are alike or some have none."""
    if drawn is None:
        return Cell("")
    ends = span(row.read(drawn, [months])[0])
    if any(map(math.isnan, ends)):
        return Cell("")
    low, high = (typeset(number(end / scale)) for end in ends)
    shown = ends[0] / scale, ends[1] / scale
    return Cell(f"{low} to {high}", span=shown) if low != high else Cell("")


def orders_by_year(plan: Plan) -> Grid:
    """What is to be ordered in each year, by kind, in millions."""
    years = sorted({each.order_by[:4] for each in plan.orders})
    kinds = [kind for kind in ORDERED if any(each.kind == kind for each in plan.orders)]
    sums = {
        (kind, year): sum(e.usd for e in plan.orders if (e.kind, e.order_by[:4]) == (kind, year))
        for kind in kinds
        for year in years
    }
    columns = [
        Column("USD M", share=1.0),
        *(Column(year, True) for year in years),
        Column("sum", True),
    ]
    rows = [_money_row(ORDERED[kind], [sums[kind, year] for year in years]) for kind in kinds]
    rows.append(_money_row("all orders", [sum(sums[k, year] for k in kinds) for year in years]))
    counts = [sum(each.order_by.startswith(year) for each in plan.orders) for year in years]
    rows.append([Cell("orders"), *(Cell(f"{n:,}", float(n)) for n in (*counts, sum(counts)))])
    note = "At the vendor's price in the year in which the order must be placed; nothing where it is rented."
    return Grid(columns, rows, note, name="orders by year", title="What to order by when", sums=2)


def order_book(plan: Plan, most: int | None = None, title: str = "") -> Grid:
    """Orders by date."""
    names = Names(plan)
    columns = [
        Column("order by"),
        Column("delivered"),
        Column("in service"),
        Column("what", share=1.0),
        Column("for"),
        Column("where"),
        Column("count", True),
        Column("USD", True),
        Column("reason"),
    ]
    rows = [
        [
            Cell(each.order_by),
            Cell(each.delivered),
            Cell(each.in_service),
            Cell(each.what),
            Cell(each.tier.replace("_", " ")),
            Cell(names.of(each.site)),
            Cell(f"{each.count:,}", float(each.count)),
            Cell(units.show(each.usd, "USD").removeprefix("USD "), each.usd),
            Cell(each.reason),
        ]
        for each in plan.orders[:most]
    ]
    return Grid(columns, rows, name="orders", title=title)


def ledger(plan: Plan) -> Grid:
    """The ledger by quarter and item in millions, undiscounted and discounted, with the residual value."""
    flow = cash_flow(plan)
    used = flow.used
    places = [ITEMS.index(item) for item in used]
    columns = [
        Column("quarter"),
        *(Column(item, True) for item in used),
        Column("total", True),
        Column("present value", True),
    ]
    rows = [
        [
            Cell(entry.name),
            *(_money(float(entry.items[place])) for place in places),
            _money(entry.total),
            _money(entry.present),
        ]
        for entry in flow.entries
    ]
    sums = [float(sum(entry.items[place] for entry in flow.entries)) for place in places]
    rows.append([Cell("sum"), *(_money(each) for each in (*sums, flow.undiscounted, flow.present))])
    note = f"USD M, {flow.money}; discounted at {100 * flow.rate:.3g} % a year to {flow.base_date}."
    return Grid(columns, rows, note, small=True, name="cash flow", sums=1)


def paid_by_year(plan: Plan) -> Grid:
    """What is paid in each year, by what a board reads, with the residual value and present values."""
    flow = cash_flow(plan)
    years = list(dict.fromkeys(entry.last[:4] for entry in flow.entries[:-1]))
    names = [name for name in PAID if any(_of(entry, PAID[name]) for entry in flow.entries)]
    columns = [Column("USD M", share=1.0), *(Column(year, True) for year in years)]
    columns += [Column("residual value", True), Column("sum", True)]
    groups = [[e for e in flow.entries[:-1] if e.last[:4] == year] for year in years]
    groups.append([flow.entries[-1]])
    rows = [
        _money_row(name, [sum(_of(entry, PAID[name]) for entry in group) for group in groups])
        for name in names
    ]
    listed = {item for items in PAID.values() for item in items}
    others = tuple(item for item in ITEMS if item not in listed)
    if any(_of(entry, others) for entry in flow.entries):
        left = [sum(_of(entry, others) for entry in group) for group in groups]
        rows.append(_money_row("others", left))
    rows.append(_money_row("total", [sum(entry.total for entry in group) for group in groups]))
    present = [sum(entry.present for entry in group) for group in groups]
    rows.append(_money_row("present value", present, "tco"))
    note = (
        f"Millions of US dollars, {flow.money}, discounted at {100 * flow.rate:.3g} % a year to {flow.base_date}. "
        "Residual value: what the equipment is still worth at the end. The sum of the present values is the total cost "
        "of ownership."
    )
    return Grid(columns, rows, note, name="payments", sums=2)


def _of(entry: Entry, items: Sequence[str]) -> float:
    return float(sum(entry.items[ITEMS.index(item)] for item in items))


def _money_row(name: str, amounts: Sequence[float], explains: str = "") -> list[Cell]:
    cells = [_money(amount) for amount in (*amounts, sum(amounts))]
    return [Cell(name), *cells[:-1], replace(cells[-1], explains=explains)]


def _money(amount: float) -> Cell:
    millions = amount / 1e6
    return Cell(f"{millions:,.2f}" if abs(millions) >= 0.005 else "", amount, "", millions)


def assumptions(plan: Plan) -> Grid:
    """What the plan rests on, by what it moves."""
    columns = [
        Column("input", share=2.3),
        Column("value", share=0.9),
        Column("P10 to P90", share=1.0),
        Column("cost", True),
        Column("GPUs", True),
        Column("confidence"),
        Column("why", share=3.4, cites=True),
    ]
    rows = [
        [
            Cell(f"{sentence(each.meaning)} ({each.path})"),
            Cell(typeset(each.value)),
            Cell(ends(each)),
            *(_move(each.moves.get(name, 0.0)) for name in ("tco", "gpus_required")),
            Cell(each.confidence),
            Cell(each.source or ""),
        ]
        for each in plan.assumptions
    ]
    note = (
        "Cost: total cost of ownership. Each input alone at the end of its span (P10 or P90) that moves the figure "
        "more; empty where it moves it by less than 0.5 %."
    )
    return Grid(columns, rows, note, name="assumptions")


def ends(each: Assumption) -> str:
    """From where to where an input may be, in the unit of its value."""
    low, high = each.low.partition(" ")[0], each.high.rpartition(" to ")[2].partition(" ")[0]
    return typeset(f"{low} to {high}")


def _move(share: float) -> Cell:
    return Cell(f"{100 * share:+.0f} %" if abs(share) >= 0.005 else "", share, "", 100 * share, "%")


def quantities(plan: Plan) -> Grid:
    """Every quantity with its unit, what it means, and its size at the end of the plan."""
    columns = [
        Column("quantity", share=1.4),
        Column("at the end", True, 0.7),
        Column("axes", share=0.8),
        Column("meaning", share=3.0),
    ]
    rows = []
    for name in plan.quantities:
        (values,) = plan.values(name)
        quantity = plan.project.graph[name]
        last = values[:, -1]
        adds = quantity.worst != "min" and name not in NOT_ADDED
        size = float(last.sum() if adds and quantity.unit != "%" else last.max())
        axes = ", ".join(plan[name].axes)
        rows.append(
            [
                Cell(name, explains=name),
                _at_the_end(name, size, quantity.unit),
                Cell(axes),
                Cell(quantity.meaning),
            ]
        )
    note = "At the end: the sum over all positions in the last month; of ratios and waits, the largest."
    return Grid(columns, rows, note, small=True, name="quantities")


def _at_the_end(name: str, size: float, unit: str) -> Cell:
    if not math.isfinite(size):
        return Cell("never", None, name, unit=unit)
    return Cell(units.show(size, unit), size, name, float(units.from_base(size, unit)), unit)


def inputs(plan: Plan) -> Grid:
    """Every number that somebody wrote, with its source and line."""
    columns = [
        Column("input", share=1.9),
        Column("value", True, 0.8),
        Column("P10 to P90", share=0.7),
        Column("confidence"),
        Column("source", share=3.0, sources=True),
        Column("where", share=1.6),
    ]
    rows = [
        [
            Cell(row.path),
            _written(row.value, row.unit),
            Cell(typeset(_span(row))),
            Cell(row.confidence),
            Cell(row.source or ""),
            Cell(f"{row.file}:{row.line}" if row.line else row.file),
        ]
        for row in written_rows(plan)
    ]
    return Grid(columns, rows, small=True, name="inputs")


def written_rows(plan: Plan) -> Iterator[LeafRow]:
    """Rows by path; a number that several leaves read is one."""
    seen: set[tuple[str, str, int]] = set()
    for row in sorted(plan.project.table.rows, key=lambda row: row.path):
        key = row.path, row.file, row.line
        if key not in seen:
            seen.add(key)
            yield row


def _span(row: LeafRow) -> str:
    if row.low is None or row.high is None or row.low == row.high:
        return CERTAIN
    low, high = (f"{units.from_base(end, row.unit):.4g}" for end in (row.low, row.high))
    return f"{low} to {high}"


def _written(value: float, unit: str) -> Cell:
    if not math.isfinite(value):
        return Cell("unlimited", None, unit=unit)
    own = float(units.from_base(value, unit))
    return Cell(typeset(f"{own:.6g} {unit}".removesuffix(" 1")), value, "", own, unit)
