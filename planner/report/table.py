"""How do the rows of the table become cells?

Years or months are the columns, put together where they are too many. What was paid before the horizon has a column of
its own, so that a sum misses nothing. Rows of one group and unit have one scale; numbers have three significant digits.
After the last period comes how far it may be off, where the plan is drawn.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

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
    HOW_READ_WITHOUT_A_FLEET,
    HOW_THE_TREND_IS_READ,
    KILOMETRES,
    Row,
    has_fleet,
)
from planner.report.spans import WITHIN, span
from planner.text import printable

if TYPE_CHECKING:
    from planner.study.drawn import Drawn

GROUP = 8
LABEL = 26
MARGIN = GROUP + LABEL
CELL = 7
TREND = 9
SPAN, SHORT_SPAN = 13, 9  # two numbers and a hyphen; of three digits, or of at most four characters
BARS = "▁▂▃▄▅▆▇█"
LEAST = 0.001  # what is smaller is printed as less than this
LEAST_IN_SHORT = 0.0095
COUNTED = ("1", "vehicle", GPU_HOURS, KILOMETRES, ECUS)
THOUSANDS_FROM, MILLIONS_FROM = 99_950, 999_500


@dataclass(frozen=True)
class Period:
    """A column: years or months of the horizon."""

    label: str
    months: slice


def table(
    page: Page, plan: Plan, rows: Sequence[Row], drawn: Drawn | None = None, width: int = 0
) -> None:
    """The table, with how its periods are read. With spans it may be wider than the page, up to `width`."""
    start = plan.project.table.calendar.horizon_from
    months = [row.course(plan)[0] for row in rows]
    has_before = any(
        row.is_flow and values[:start].any() for row, values in zip(rows, months, strict=True)
    )
    cell, columns = _columns(plan.horizon_months, page.width - MARGIN, int(has_before))
    heads = [*(["before"] if has_before else []), *(period.label for period in columns)]
    room = page.width - MARGIN - cell * len(heads)
    if drawn:
        room = max(room, width - MARGIN - cell * len(heads))
    span_room = _span_room(room) if drawn else 0
    has_trend = room >= 1 + TREND + (1 + span_room if span_room else 0)
    title = f" {'P10'.rjust(span_room // 2)}-P90" if span_room else ""
    page.lines.append(Text(" " * MARGIN + "".join(h.rjust(cell) for h in heads) + title, "bold"))
    values = [_values(row, plan, columns, start, has_before) for row in rows]
    spans = _spans(rows, drawn if span_room else None, columns[-1], start)
    cells = zip(_cells(rows, values), spans, strict=True)
    group = ""
    for row, course, ((scale, unit, texts), ends) in zip(rows, months, cells, strict=True):
        line = Text((row.group if row.group != group else "").ljust(GROUP), style="bold")
        line.append(label(row, unit).ljust(LABEL), style="not bold")
        line.append("".join(text.rjust(cell) for text in texts), style="not bold")
        if span_room:
            low, high = (end / scale for end in ends)
            line.append(" " + _between(low, high, span_room).ljust(span_room), style="not bold")
        if has_trend:
            line.append(" " + (row.mark or trend(course[start:])), style="not bold")
        line.rstrip()
        page.lines.append(line)
        group = row.group
    how = HOW_READ if has_fleet(plan) else HOW_READ_WITHOUT_A_FLEET
    said = [how, *([HOW_THE_TREND_IS_READ] if has_trend else [])]
    if span_room:
        said.append(
            f"P10-P90: {columns[-1].label} in {WITHIN} of the draws, good to about a tenth; empty where "
            "all are alike. More: planner simulate."
        )
    page.wrapped(" ".join(said), style="dim")


def _span_room(room: int) -> int:
    """Width of the column of spans: with the bars if it can be, else in their place; 0 where there is none."""
    for others in (1 + TREND, 0):
        for width in (SPAN, SHORT_SPAN):
            if room >= 1 + width + others:
                return width
    return 0


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
    row: Row, plan: Plan, columns: Sequence[Period], start: int, has_before: bool
) -> list[float | None]:
    """The row's value in each column; before the horizon only a flow has one."""
    flows_before = has_before and row.is_flow
    periods = [_of_plan(period, start) for period in columns]
    read = row.read(plan, [slice(0, start), *periods] if flows_before else periods)[:, 0].tolist()
    return [None, *read] if has_before and not flows_before else read


def _of_plan(period: Period, start: int) -> slice:
    """The months of a period, counted from the start of the plan."""
    return slice(start + period.months.start, start + period.months.stop)


def _spans(
    rows: Sequence[Row], drawn: Drawn | None, period: Period, start: int
) -> Iterator[tuple[float, float]]:
    """Between which values each row lies in a period, in most draws; nothing where nothing is drawn."""
    for row in rows:
        yield span(row.read(drawn, [_of_plan(period, start)])[0]) if drawn else (0.0, 0.0)


def _between(low: float, high: float, room: int) -> str:
    """Two numbers with their hyphen in the middle of the room; nothing where both read the same or one is NaN."""
    if np.isnan([low, high]).any():
        return ""
    first, last = (number(end) if room >= SPAN else short_number(end) for end in (low, high))
    return f"{first.rjust(room // 2)}-{last}" if first != last else ""


def _cells(
    rows: Sequence[Row], values: Sequence[Sequence[float | None]]
) -> Iterator[tuple[float, str, list[str]]]:
    """Scale, unit and texts of each row; rows of one group and unit have one scale, so that they compare."""
    for row, numbers in zip(rows, values, strict=True):
        alike = [
            value
            for other, others in zip(rows, values, strict=True)
            if (other.group, other.unit) == (row.group, row.unit)
            for value in others
            if value is not None
        ]
        mine = [value for value in numbers if value is not None]
        scale, unit = row_scale(peak_of(mine), row, peak_of(alike))
        exact = row.unit == "1" and scale == 1
        yield (
            scale,
            unit,
            [
                "" if value is None else count(value) if exact else number(value / scale)
                for value in numbers
            ],
        )


def peak_of(values: Sequence[float | None]) -> float:
    """The largest size of the values that there are, without those that are infinite."""
    return max((abs(v) for v in values if v is not None and np.isfinite(v)), default=0.0)


def row_scale(peak: float, row: Row, peak_of_group: float = 0.0) -> tuple[float, str]:
    """Scale and unit of a row: those of its group, unless a measured value would vanish in them."""
    peak_of_group = max(peak, peak_of_group)
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


def scales(rows: Sequence[Row], peaks: Sequence[float]) -> list[tuple[float, str]]:
    """Scale and unit of each row by its largest value; a part has those of the row above, whose unit it goes by."""
    found: list[tuple[float, str]] = []
    for place, (row, peak) in enumerate(zip(rows, peaks, strict=True)):
        above = rows[place - 1] if place and row.is_part else None
        same = above is not None and (above.group, above.unit) == (row.group, row.unit)
        found.append(found[-1] if same else row_scale(peak, row))
    return found


def label(row: Row, unit: str, room: int | None = LABEL) -> str:
    """The label and its unit: "peak, Gb/s"; what is too long for the room is cut before the unit."""
    tail = f", {unit}" if unit and not row.is_part else ""
    text = printable(row.label)
    return (text if room is None else cut(text, room - len(tail))) + tail


def number(value: float) -> str:
    """Three significant digits, fewer where they would not fit six characters; "-" where there is no value (NaN)."""
    if not np.isfinite(value):
        return "-" if np.isnan(value) else "inf"
    rounded = float(f"{value:.3g}")
    if 0 < abs(rounded) < LEAST:
        return f"<{LEAST:g}"
    if abs(rounded) >= 1e5:
        return f"{rounded:.1e}".replace("e+0", "e").replace("e+", "e")
    if abs(rounded) >= 100:
        return f"{rounded:,.0f}"
    decimals = 3 if abs(rounded) < 1 else 2 if abs(rounded) < 10 else 1
    return f"{rounded:.{decimals}f}".rstrip("0").rstrip(".") if rounded else "0"


def short_number(value: float) -> str:
    """At most four characters, and three significant digits where they fit: "1410", "12k", "0.12"; "-" for NaN."""
    if not np.isfinite(value):
        return "-" if np.isnan(value) else "inf"
    if 0 < abs(value) < LEAST_IN_SHORT:
        return "<.01"
    texts = (
        f"{float(f'{value / scale:.{digits}g}'):.10g}".replace("-0.", "-.") + suffix
        for scale, suffix in ((1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "G"))
        for digits in (3, 2, 1)
    )
    return next((text for text in texts if len(text) <= 4), "inf")


def count(value: float) -> str:
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
