"""Plans side by side, and what makes them differ: the page, JSON and CSV of `planner compare`.

Each row is one of the table of `planner size`, read over the whole horizon; changes are against the first plan.

The JSON document (schema 1)::

    {"schema": 1,
     "plans": [{"name", "title", "changes", "mark", "stops"}, ...],
     "left_out": [{"name", "reason"}, ...],               kinds of node that no plan can be made with
     "rows": [{"group", "label", "unit", "values": [NUMBER or null, ...]}, ...],
     "differences": [{"from", "to",
                      "figures": {NAME: {"unit", "before", "after", "causes": {CAUSE: MOVES}, "together"}},
                      "inseparable": {CAUSE: REASON}}, ...]}
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.text import Text

from planner import units
from planner.errors import PlannerError
from planner.findings import Warning_, in_short
from planner.plan import Plan
from planner.report.export import inert
from planner.report.page import INDENT, Page, cut
from planner.report.rows import (
    ECUS,
    GPU_HOURS,
    KILOMETRES,
    TCO_READ,
    Row,
    at_the_end,
    course,
    has_fleet,
    rows_of,
)
from planner.report.table import GROUP, LABEL, MARGIN, label, number, peak_of, scales, short_number
from planner.study.comparison import FIGURES, Difference, Figure, difference
from planner.text import counted, printable

WIDTH, WIDEST = 100, 124
FIRST, VALUE, CHANGE = 10, 8, 8
SHOWN_CAUSES = 5
SHOWN_SHARE = 0.002  # of a figure, below which a cause or a change is not worth a word
UNCHANGED = 0.0005  # a change that rounds to 0.0 %
MANY = 10.0  # times, from which on a change is a factor and no percentage
WARNINGS_SHOWN = 4
SHARE, LEAST_POINTS = "%", 0.05  # of shares, a change is said in percentage points
DOTS = "..."
HOW_COMPARED = (
    "Each over its whole horizon. In service: its end; needed, peaks, starts, days, MW: the largest month; within "
    "reach: the smallest; ingest mean, PUE: the mean; bytes, hours, capex, opex, carbon: the sum. -: there is none; "
    "pt: percentage points." + TCO_READ
)
FEW = 1.0 / 200.0  # times, below which a percentage would read "-100 %"
COUNTED_AS_READ = (GPU_HOURS, KILOMETRES, ECUS)  # are not units of the registry
DIGITS = 12

Key = tuple[str, str]  # group and label of a row


@dataclass(frozen=True)
class Compared:
    """A plan and the short name of its column."""

    name: str
    plan: Plan


@dataclass(frozen=True)
class Line:
    """A row of the comparison: one value a plan in base units, None where there is no such thing in a plan."""

    row: Row
    values: tuple[float | None, ...]


def lines_of(plans: Sequence[Compared]) -> list[Line]:
    """The rows that any of the plans has, in the order of the tables."""
    tables = [{(row.group, row.label): row for row in _rows(each.plan)} for each in plans]
    lines = []
    for key in _merged(tables):
        rows = [table.get(key) for table in tables]
        shown = next(row for row in rows if row is not None)
        # A table leaves out what is 0, or equal to a row above, in its plan; beside another it has to be read.
        shared = None if shown.is_own else shown
        values = tuple(
            _over_horizon(row or shared, each.plan) for row, each in zip(rows, plans, strict=True)
        )
        lines.append(Line(shown, values))
    return lines


def _rows(plan: Plan) -> Iterator[Row]:
    """The rows of the table, and what it all costs."""
    for row in rows_of(plan):
        if row.group == "Carbon" and row.label == "CO2e":
            yield Row("Money", "TCO", "USD", course("tco"), at_the_end)
            if has_fleet(plan):
                vehicle = course("cost_per_vehicle")
                yield Row("Money", "TCO a vehicle", "USD", vehicle, at_the_end, is_own=True)
        yield row


def _merged(tables: Sequence[Mapping[Key, Row]]) -> list[Key]:
    """All keys by group and label; one that the tables so far lack comes after the one that it follows in its own.

    Groups stay together, and parts below the row that they are parts of.
    """
    merged = list(tables[0])
    rows = dict(tables[0])
    for table in tables[1:]:
        for before, key in pairwise([None, *table]):
            if key is None or key in rows:
                continue
            rows[key] = table[key]
            place = 0 if before is None else merged.index(before) + 1
            own = [i for i, other in enumerate(merged) if other[0] == key[0]]
            if own and (before is None or before[0] != key[0]):
                place = own[0]
            while place < len(merged) and _goes_with(rows[merged[place]], before, rows[key]):
                place += 1
            merged.insert(place, key)
    return merged


def _goes_with(row: Row, before: Key | None, new: Row) -> bool:
    """Whether a row must not be parted from the one before it by a new one: as its part, or by its group."""
    if before is None:
        return False
    other_group = row.group == before[0] != new.group
    return other_group or (row.group == new.group and row.is_part and not new.is_part)


def _over_horizon(row: Row | None, plan: Plan) -> float | None:
    """The row over the whole horizon; of a flow with what was before. None where it has no value."""
    if row is None:
        return None
    months = slice(0, None) if row.is_flow else plan.horizon
    value = float(row.read(plan, [months])[0, 0])
    return None if math.isnan(value) else value


def differences(plans: Sequence[Compared]) -> list[Difference]:
    """From the first plan to each of the others."""
    first, *others = plans
    return [difference(first.plan, each.plan) for each in others]


# --- The page --------------------------------------------------------------------------------------------------------


def page(
    plans: Sequence[Compared], width: int = WIDTH, left_out: Sequence[tuple[str, PlannerError]] = ()
) -> list[Text]:
    """The comparison as lines; plans that do not fit the width side by side are in several tables."""
    sheet = Page(max(60, min(width, WIDTH)))
    for each in plans:
        sheet.wrapped(printable(f"{each.name}: {_about(each.plan)}"), INDENT)
    for name, error in left_out:
        sheet.wrapped(printable(f"{name}: left out: {error}"), INDENT, "yellow")
    for each in plans:
        for stop in each.plan.stops:
            sheet.entries("Stopped", [printable(f"{each.name}: {stop}")], style="bold red")
    if warning := horizons_differ(plans):
        sheet.wrapped(printable(warning), INDENT, "yellow")
    lines = lines_of(plans)
    room = min(max(width, 60), WIDEST) - MARGIN
    most = max(1, (room - FIRST) // (VALUE + CHANGE))
    beside = min(most, max(len(plans) - 1, 1)) * (VALUE + CHANGE)
    first = max(FIRST, min(len(printable(plans[0].name)) + 2, room - beside))
    for start in range(1, max(len(plans), 2), most):
        sheet.skip()
        _table(sheet, plans, lines, [0, *range(start, min(start + most, len(plans)))], first)
    sheet.wrapped(HOW_COMPARED, style="dim")
    for each, found in zip(plans[1:], differences(plans), strict=True):
        sheet.skip()
        why(sheet, f"Why {each.name}", found)
    sheet.skip()
    for each in plans[1:]:
        warnings_apart(sheet, plans[0].plan, each.plan, each.name)
    return sheet.lines


def horizons_differ(plans: Sequence[Compared]) -> str:
    """A warning where plans are of other months, so that their sums are not alike; "" where they are not."""
    spans = [each.plan.horizon_months for each in plans]
    if len({(each[0], each[-1]) for each in spans}) < 2:
        return ""
    lengths = ", ".join(
        f"{each.name} {counted(len(months), 'month')}"
        for each, months in zip(plans, spans, strict=True)
    )
    return (
        f"The horizons differ ({lengths}): money, also TCO and that of a vehicle, carbon, bytes and hours are those of "
        "other months, and do not say which plan is cheaper."
    )


def _about(plan: Plan) -> str:
    months = plan.horizon_months
    kinds = dict.fromkeys(
        site.training for site in plan.project.inputs.scenario.sites.values() if site.training
    )
    titles = [plan.project.inputs.profile("nodes", kind).title for kind in kinds]
    changed = f"; changed: {', '.join(plan.project.changes)}" if plan.project.changes else ""
    mark = f"; {plan.mark}" if plan.mark else ""
    trains = f", trains on {', '.join(titles)}" if titles else ""
    return f"{plan.title}, {months[0]} to {months[-1]}{trains}{changed}{mark}"


def _table(
    sheet: Page,
    plans: Sequence[Compared],
    lines: Sequence[Line],
    shown: Sequence[int],
    width: int,
) -> None:
    """Some of the plans, each with its change from the first, whose column is so wide."""
    widths = [width, *[VALUE + CHANGE] * (len(shown) - 1)]
    names = cut_apart([printable(plans[i].name) for i in shown], [each - 1 for each in widths])
    heads = [name.rjust(room) for name, room in zip(names, widths, strict=True)]
    sheet.lines.append(Text(" " * MARGIN + "".join(heads), "bold"))
    group = ""
    scaled = scales([line.row for line in lines], [peak_of(line.values) for line in lines])
    for line, (scale, unit) in zip(lines, scaled, strict=True):
        text = Text((line.row.group if line.row.group != group else "").ljust(GROUP), style="bold")
        text.append(label(line.row, unit).ljust(LABEL), style="not bold")
        first = line.values[0]
        text.append(_value(first, scale).rjust(width), style="not bold")
        for i in shown[1:]:
            text.append(_value(line.values[i], scale).rjust(VALUE), style="not bold")
            moved = change(first, line.values[i], line.row.unit)
            text.append(moved.rjust(CHANGE), style="dim not bold")
        text.rstrip()
        sheet.lines.append(text)
        group = line.row.group


def cut_apart(names: Sequence[str], rooms: Sequence[int]) -> list[str]:
    """Names cut to their rooms: at their ends, or in the middle where two would then read the same."""
    if len({cut(name, min(rooms)) for name in names}) == len(set(names)):
        return [cut(name, room) for name, room in zip(names, rooms, strict=True)]
    halves = [max((room - len(DOTS)) // 2, 1) for room in rooms]
    return [
        name if len(name) <= room else name[: room - len(DOTS) - half] + DOTS + name[-half:]
        for name, room, half in zip(names, rooms, halves, strict=True)
    ]


def _value(value: float | None, scale: float) -> str:
    return "-" if value is None else number(value / scale)


def change(before: float | None, after: float | None, unit: str = "") -> str:
    """By how much a value changes: "+4.1 %", "x 23" or "/ 300" where that is easier to grasp; of shares in points.

    Nothing where it does not change, or where one of the two is infinite. A negative value that grows in size falls.
    """
    if before is None or after is None or before == after:
        return ""
    if not before or not after:
        return "gone" if before else "new"
    if not (math.isfinite(before) and math.isfinite(after)):
        return ""
    if unit == SHARE:
        points = 100 * (after - before)
        return "" if abs(points) < LEAST_POINTS else f"{_to_the_point(points)} pt"
    ratio = after / before
    if abs(ratio - 1) < UNCHANGED:
        return ""
    if ratio >= MANY:
        return f"x {short_number(ratio)}"
    if 0 < ratio < FEW:
        return f"/ {short_number(1 / ratio)}"
    percent = 100 * (after - before) / abs(before)
    return f"{_to_the_point(percent)} %"


def _to_the_point(percent: float) -> str:
    return f"{percent:+,.0f}" if abs(percent) >= 9.95 else f"{percent:+.1f}"


def why(sheet: Page, title: str, found: Difference) -> None:
    """What moves each figure, the largest first."""
    sheet.add(title, "bold")
    for text in why_lines(found):
        sheet.wrapped(printable(f"  {text}"), "    ")


def why_lines(found: Difference) -> list[str]:
    """A sentence for each figure that moves."""
    said = [sentence for figure in FIGURES if (sentence := _sentence(figure, found))]
    said = said or ["none of the main figures moves"]
    return [*said, *(f"{group}: not separable: {why}" for group, why in found.inseparable.items())]


def _sentence(figure: Figure, found: Difference) -> str:
    before, after = found.before[figure.name], found.after[figure.name]
    largest = max(abs(before), abs(after))
    moved = [m for m in found.largest(figure.name) if abs(m[1]) > SHOWN_SHARE * largest]
    if abs(after - before) <= UNCHANGED * largest and not moved:
        return ""
    unit = found.units[figure.name]
    shown = [f"{name} {signed(by, unit)}" for name, by in moved[:SHOWN_CAUSES]]
    rest = sum(by for _, by in moved[SHOWN_CAUSES:])
    if len(moved) > SHOWN_CAUSES:
        shown.append(f"{counted(len(moved) - SHOWN_CAUSES, 'other')} {signed(rest, unit)}")
    by = change(before, after)
    ends = f"{units.show(before, unit)} -> {units.show(after, unit)}{by and f' ({by})'}"
    return f"{figure.words} {ends}: {', '.join(shown)}" if shown else f"{figure.words} {ends}"


def signed(value: float, unit: str) -> str:
    """A difference with its sign."""
    rounded = round(value) if unit == "1" and abs(value) >= 1 else value
    return f"{'+' if value >= 0 else '-'}{units.show(abs(rounded), unit)}"


def warnings_apart(sheet: Page, first: Plan, second: Plan, name: str) -> None:
    """Warnings that one of two plans has alone."""
    for title, mine, others in (
        (f"{name} warns", second, first),
        (f"{name} no more", first, second),
    ):
        fresh = apart(mine.warnings, others.warnings)
        items = in_short(fresh)
        more = len(items) - WARNINGS_SHOWN
        shown = [printable(text) for text in items[:WARNINGS_SHOWN]]
        shown += [f"... and {more} more"] if more > 0 else []
        sheet.entries(f"{cut(title, 24)} ", shown, "yellow")


def apart(mine: Sequence[Warning_], others: Sequence[Warning_]) -> list[Warning_]:
    """Warnings of a kind and place that the others have not."""
    known = {(each.kind, each.place) for each in others}
    return [each for each in mine if (each.kind, each.place) not in known]


# --- Files -----------------------------------------------------------------------------------------------------------


def to_json(plans: Sequence[Compared], left_out: Sequence[tuple[str, PlannerError]] = ()) -> str:
    """The comparison as JSON."""
    document = {
        "schema": 1,
        "plans": [
            {
                "name": each.name, "title": each.plan.title, "changes": list(each.plan.project.changes),
                "mark": each.plan.mark, "stops": list(each.plan.stops),
            }
            for each in plans
        ],
        "left_out": [{"name": name, "reason": str(error)} for name, error in left_out],
        "rows": [
            {
                "group": line.row.group, "label": line.row.label, "unit": line.row.unit,
                "values": [exact(value, line.row.unit) for value in line.values],
            }
            for line in lines_of(plans)
        ],
        "differences": [
            {
                "from": plans[0].name,
                "to": each.name,
                "figures": {figure.name: figure_data(figure, found) for figure in FIGURES},
                "inseparable": dict(found.inseparable),
            }
            for each, found in zip(plans[1:], differences(plans), strict=True)
        ],
    }  # fmt: skip
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)


def figure_data(figure: Figure, found: Difference) -> dict[str, object]:
    """A figure's difference with its causes, in its unit."""
    unit = found.units[figure.name]
    return {
        "unit": unit,
        "before": exact(found.before[figure.name], unit),
        "after": exact(found.after[figure.name], unit),
        "causes": {each.name: exact(each.moves[figure.name], unit) for each in found.causes},
        "together": exact(found.together[figure.name], unit),
    }


def exact(value: float | None, unit: str) -> float | None:
    """A value in its unit with twelve digits; None where it is not finite."""
    if value is None or not math.isfinite(value):
        return None
    shown = value if unit in COUNTED_AS_READ else float(units.from_base(value, unit))
    return float(f"{shown:.{DIGITS}g}")


def to_csv(plans: Sequence[Compared]) -> str:
    """Tidy rows: group, label, unit, plan, value."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["group", "label", "unit", "plan", "value"])
    writer.writerows(_csv_rows(plans))
    return out.getvalue()


def _csv_rows(plans: Sequence[Compared]) -> Iterator[list[object]]:
    for line in lines_of(plans):
        for each, value in zip(plans, line.values, strict=True):
            if value is not None:
                shown = exact(value, line.row.unit)
                yield [
                    line.row.group, inert(line.row.label), line.row.unit, inert(each.name),
                    "" if shown is None else shown,
                ]  # fmt: skip
