"""The cash flow by quarter, from which anybody can work out the total cost of ownership.

Each quarter has its payments by item, their sum, the time from plan_start to its middle and the discount factor; the
sum times the factor is its present value. What is left at the horizon's end is the last entry, a negative cost. The
sums of both columns are the undiscounted and the discounted total cost of ownership. CSV and JSON carry twelve
significant digits, the text thousands of dollars.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from planner.axes import ITEM, MONTH, Array, on
from planner.catalogue import ITEMS, SECONDS_A_YEAR
from planner.plan import Plan

DIGITS = 12
LABEL = 18
CELL = 9
WIDTH = 100
THOUSAND = 1e3
RESIDUAL = "residual value"
TOTAL = "total"


@dataclass(frozen=True)
class Entry:
    """A quarter, or what is left at the end: payments by item [USD], time to it [year] and its discount factor."""

    name: str
    first: str
    last: str
    items: Array
    years: float
    factor: float

    @property
    def total(self) -> float:
        return float(self.items.sum())

    @property
    def present(self) -> float:
        return self.total * self.factor


@dataclass(frozen=True)
class CashFlow:
    """The ledger of a plan by quarter."""

    money: str
    base_date: str
    rate: float
    entries: tuple[Entry, ...]

    @property
    def undiscounted(self) -> float:
        return float(sum(entry.total for entry in self.entries))

    @property
    def present(self) -> float:
        return float(sum(entry.present for entry in self.entries))

    @property
    def used(self) -> list[str]:
        """Items under which anything is paid or left."""
        paid = np.abs([entry.items for entry in self.entries]).sum(axis=0)
        return [name for name, amount in zip(ITEMS, paid, strict=True) if amount > 0]


def cash_flow(plan: Plan) -> CashFlow:
    """The plan's ledger by quarter, with its residual value."""
    from planner.inputs.numbers import month_label

    economics = plan.project.inputs.scenario.economics
    base = economics.base_date
    return CashFlow(
        economics.money,
        plan.months[0] if base is None else month_label(base),
        float(plan.leaf("economics_discount_rate").item()),
        (*_quarters(plan), _left(plan)),
    )


def _quarters(plan: Plan) -> Iterator[Entry]:
    paid, factor = plan.values("cash_flow", "discount_factor")
    ledger, factors = on(paid, MONTH, ITEM)[0], on(factor, MONTH)[0]
    calendar = plan.project.table.calendar
    for quarter in range(int(calendar.quarters[-1]) + 1):
        mine = np.flatnonzero(calendar.quarters == quarter)
        first, last = plan.months[mine[0]], plan.months[mine[-1]]
        yield Entry(
            f"{last[:4]}-Q{(int(last[5:]) + 2) // 3}",
            first,
            last,
            ledger[mine].sum(axis=0),
            float(calendar.quarter_middles[mine[0]] / SECONDS_A_YEAR),
            float(factors[mine[0]]),
        )


def _left(plan: Plan) -> Entry:
    left, factor = plan.values("residual_by_item", "discount_factor_at_end")
    years = float(plan.project.table.calendar.edges[-1] / SECONDS_A_YEAR)
    last = plan.months[-1]
    return Entry(RESIDUAL, last, last, 0.0 - on(left, ITEM)[0], years, factor.item())


def to_csv(flow: CashFlow) -> str:
    """A row a quarter, then the residual value and the totals; amounts in US dollars."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    heads = ["quarter", "first_month", "last_month", *ITEMS, TOTAL]
    writer.writerow([*heads, "years", "discount_factor", "present_value"])
    for entry in flow.entries:
        amounts = [_exact(x) for x in (*entry.items, entry.total, entry.years, entry.factor)]
        writer.writerow([entry.name, entry.first, entry.last, *amounts, _exact(entry.present)])
    blank = [""] * (2 + len(ITEMS))
    writer.writerow(["TCO", *blank, _exact(flow.undiscounted), "", "", _exact(flow.present)])
    return buffer.getvalue()


def to_json(flow: CashFlow) -> str:
    """The same as one JSON document."""
    document = {
        "schema": 1,
        "unit": "USD",
        "money": flow.money,
        "base_date": flow.base_date,
        "discount_rate": flow.rate,
        "entries": [
            {
                "name": entry.name,
                "first_month": entry.first,
                "last_month": entry.last,
                "items": {name: _short(x) for name, x in zip(ITEMS, entry.items, strict=True)},
                "total": _short(entry.total),
                "years": _short(entry.years),
                "discount_factor": _short(entry.factor),
                "present_value": _short(entry.present),
            }
            for entry in flow.entries
        ],
        "tco_undiscounted": _short(flow.undiscounted),
        "tco": _short(flow.present),
    }
    return json.dumps(document, indent=1) + "\n"


def to_text(flow: CashFlow, width: int = WIDTH) -> str:
    """Items down, quarters across, in thousands of dollars; as many quarters side by side as fit."""
    items = flow.used
    lines = [_heading(flow), ""]
    across = max(1, (width - LABEL) // CELL)
    for start in range(0, len(flow.entries), across):
        lines += [*_block(flow.entries[start : start + across], items), ""]
    before, after = (f"{x / THOUSAND:,.0f}" for x in (flow.undiscounted, flow.present))
    lines.append(
        f"Total cost of ownership, USD thousand: {before} undiscounted, {after} discounted"
    )
    lines.append("Exact figures: --csv or --json")
    return "\n".join(lines) + "\n"


def _heading(flow: CashFlow) -> str:
    money = f"money of {flow.base_date}" if flow.money == "real" else "money of its day"
    rate = f"{100 * flow.rate:.3g} % a year{'' if flow.money == 'real' else ' over inflation'}"
    return f"Cash flow by quarter, USD thousand, in {money}, discounted at {rate}"


def _block(entries: Sequence[Entry], items: Sequence[str]) -> Iterator[str]:
    names = ["left" if entry.name == RESIDUAL else entry.name for entry in entries]
    yield _line("", names)
    for item in items:
        position = ITEMS.index(item)
        yield _line(item, [_thousands(entry.items[position]) for entry in entries])
    yield _line(TOTAL, [_thousands(entry.total) for entry in entries])
    yield _line("discount factor", [f"{entry.factor:.5f}" for entry in entries])
    yield _line("present value", [_thousands(entry.present) for entry in entries])


def _line(label: str, cells: Sequence[str]) -> str:
    return (label.ljust(LABEL) + "".join(cell.rjust(CELL) for cell in cells)).rstrip()


def _thousands(amount: float) -> str:
    shown = f"{amount / THOUSAND:,.0f}"
    return "0" if shown == "-0" else shown


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _exact(value: float) -> str:
    return repr(_short(value))
