"""How do the rows of the table become cells?

Years or months are the columns, put together where they are too many. What was paid before the horizon has a column of
its own, so that a sum misses nothing. Rows of one group and unit have one scale; numbers have three significant digits.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from rich.text import Text

from planner import units
from planner.axes import Array
from planner.plan import Plan
from planner.report.page import Page, cut
from planner.report.rows import (
    ECUS,
    GPU_HOURS,
    HOW_READ,
    HOW_THE_TREND_IS_READ,
    KILOMETRES,
    Row,
    rows_of,
)
from planner.text import printable

GROUP = 8
LABEL = 26
MARGIN = GROUP + LABEL
CELL = 7
TREND = 9
BARS = "▁▂▃▄▅▆▇█"
LEAST = 0.001  # what is smaller is printed as less than this
COUNTED = ("1", "vehicle", GPU_HOURS, KILOMETRES, ECUS)
THOUSANDS_FROM, MILLIONS_FROM = 99_950, 999_500


@dataclass(frozen=True)
class Period:
    """A column: years or months of the horizon."""

    label: str
    months: slice


def table(page: Page, plan: Plan) -> None:
    """The table, with how its periods are read."""
    rows = list(rows_of(plan))
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
    page.wrapped(f"{HOW_READ} {HOW_THE_TREND_IS_READ}" if has_trend else HOW_READ, style="dim")


def _columns(months: Sequence[str], room: int, others: int) -> tuple[int, list[Period]]:
    """Width of a cell, and the periods that fit beside the other columns; ranges of months need more room."""
    found = periods(months, room // CELL - others)
    if all(len(period.label) < CELL for period in found):
        return CELL, found
    return CELL + 1, periods(months, room // (CELL + 1) - others)


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


def _values(
    row: Row, columns: Sequence[Period], start: int, has_before: bool
) -> list[float | None]:
    """The row's value in each column; before the horizon only a flow has one."""
    before = [row.reduce(row.months[:start]) if row.is_flow else None] if has_before else []
    return [*before, *(_read(row, start, period.months) for period in columns)]


def _read(row: Row, start: int, months: slice) -> float:
    """The row's value in a period of the horizon."""
    values = row.months[start:][months]
    if row.follows is None:
        return row.reduce(values)
    return float(values[int(np.argmax(row.follows[start:][months]))])


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


def _scale(peak: float, peak_of_group: float, row: Row) -> tuple[float, str]:
    """Scale and unit of a row: those of its group, unless a measured value would vanish in them."""
    if row.unit == ECUS and peak_of_group >= THOUSANDS_FROM:
        return 1e3, "thousand"
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
    return cut(printable(row.label), LABEL - len(tail)) + tail


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
