"""The errors of the predictors as a table for the terminal, and as JSON.

The table has one line a group: rows, how many are predicted, configurations that count, median and mean absolute
error, the worst, and the bias. Below it: the average over sources, what was left out and why, and whether the error
moves with size, scale or year.
"""

from __future__ import annotations

import json
import math
import textwrap
from collections import Counter
from collections.abc import Sequence

from rich.text import Text

from planner.text import counted, printable
from planner.validation.accuracy import Accuracy, Row, Trend, trends
from planner.validation.validate import EACH

COLUMNS = {
    "rows": 6, "predicted": 10, "counted": 8, "median": 8, "mean": 8, "worst": 9, "bias": 8,
}  # fmt: skip
GAP, LEAST_CELL, LEAST_NAME = 2, 8, 24
FEW = 3  # rows furthest off that are printed
NEXT = "Next: planner validate ... --by gpu   --leave-out each   --out DIR (charts)   --json (every row)"
MOST = 8  # reasons or assumptions that are printed; the JSON has all


def to_json(accuracy: Accuracy) -> str:
    """Rows, groups and macro average; errors in per cent, and null where nothing is predicted."""
    return json.dumps(
        {
            "kind": accuracy.kind,
            "macro_mape": _percent(accuracy.macro),
            "unreadable": accuracy.unreadable,
            "rows": [
                {
                    "id": row.case.text("id"),
                    "source": row.case.text("source"),
                    "group": ", ".join(row.cells),
                    "metric": row.case.metric,
                    "measured": row.measured,
                    "predicted": row.outcome.predicted,
                    "error_pct": None if row.error is None else _percent(row.error),
                    "reason": _reason(row),
                }
                for row in accuracy.rows
            ],
            "summary": [
                {
                    "by": group.name,
                    "rows": group.rows,
                    "predicted": group.predicted,
                    "median_ape": _percent(group.median),
                    "mape": _percent(group.mean),
                    "worst": _percent(group.worst),
                    "bias": _percent(group.bias),
                }
                for group in accuracy.groups
            ],
        },
        indent=1,
        allow_nan=False,
    )


def _reason(row: Row) -> str:
    """Why nothing is predicted; of a prediction what was assumed for blanks, and why its measurement is doubted."""
    said = [row.outcome.reason, row.doubt and f"doubtful: {row.doubt}"]
    if row.outcome.assumed:
        said.append(f"assumed: {', '.join(row.outcome.assumed)}")
    return "; ".join(text for text in said if text)


def _percent(share: float) -> float | None:
    return None if math.isnan(share) else round(100.0 * share, 4)


def page(accuracy: Accuracy, width: int, leave_out: str | None = None) -> list[Text]:
    """The table and what is to be said about it."""
    how = (
        f", {_left_out(accuracy, leave_out)} with constants fitted without it" if leave_out else ""
    )
    error = f"{_said(accuracy.macro)} mean absolute error, averaged over sources{how}"
    found = error if accuracy.macro_configurations else "no row could be predicted"
    title = f"Predicted against measured, {accuracy.kind}: {found}"
    lines = [Text(line, "bold") for line in textwrap.wrap(printable(title), width)]
    lines += _table(accuracy, width)
    for paragraph in _remarks(accuracy):
        indent = " " * (10 if paragraph.startswith(" ") else 0)
        wrapped = textwrap.wrap(printable(paragraph), width, subsequent_indent=indent)
        lines += [Text(line) for line in wrapped]
    return lines


def _left_out(accuracy: Accuracy, leave_out: str) -> str:
    if leave_out == EACH:
        return "each source"
    columns = leave_out.split(",")
    known = [any(name in row.case.fields for row in accuracy.rows) for name in columns]
    return f"each {' and '.join(columns)}" if all(known) else leave_out


def _table(accuracy: Accuracy, width: int) -> list[Text]:
    shown = sorted(
        (group for group in accuracy.groups if group.configurations),
        key=lambda group: [cell.lower() for cell in group.cells],
    )
    room = max(width - sum(COLUMNS.values()), LEAST_NAME)
    sizes = _sizes([accuracy.by, *(group.cells for group in shown)], room)
    head = _names(accuracy.by, sizes, room)
    head += "".join(name.rjust(size) for name, size in COLUMNS.items())
    lines = [Text(""), Text(head, "bold")]
    for group in shown:
        cells = [f"{group.rows:,}", f"{group.predicted:,}", f"{group.configurations:,}"]
        cells += [_said(group.median), _said(group.mean)]
        cells += [_said(group.worst, True), _said(group.bias, True)]
        text = "".join(cell.rjust(size) for cell, size in zip(cells, COLUMNS.values(), strict=True))
        lines.append(Text(_names(group.cells, sizes, room) + text))
    nothing = [group for group in accuracy.groups if not group.configurations]
    if nothing:
        text = f"{counted(len(nothing), 'group')} without a prediction".ljust(room)
        text += f"{sum(group.rows for group in nothing):,}".rjust(COLUMNS["rows"])
        lines.append(Text(text + "0".rjust(COLUMNS["predicted"]), "dim"))
    return lines


def _sizes(rows: Sequence[tuple[str, ...]], room: int) -> list[int]:
    """Widths of the columns of names: as wide as they are, the widest cut until all fit."""
    sizes = [max(len(printable(row[i])) for row in rows) + GAP for i in range(len(rows[0]))]
    while sum(sizes) > room and max(sizes) > LEAST_CELL:
        sizes[sizes.index(max(sizes))] -= 1
    return sizes


def _names(cells: Sequence[str], sizes: Sequence[int], room: int) -> str:
    found = ""
    for cell, size in zip(cells, sizes, strict=True):
        text = printable(cell)
        found += (text if len(text) <= size - GAP else text[: size - GAP - 1] + "…").ljust(size)
    return found.ljust(room)


def _said(share: float, sign: bool = False) -> str:
    if math.isnan(share):
        return ""
    return f"{100 * share:{'+' if sign else ''}.1f} %"


def _remarks(accuracy: Accuracy) -> list[str]:
    found = [""]
    if len(accuracy.macro_by_family) > 1:
        each = (f"{name} {_said(value)}" for name, value in accuracy.macro_by_family.items())
        found.append(f"By family, averaged over sources: {', '.join(each)}.")
    if accuracy.unreadable:
        found.append(
            f"{counted(accuracy.unreadable, 'row')} with a cell that cannot be read: not predicted."
        )
    if accuracy.fully_specified:
        share = accuracy.fully_predicted / accuracy.fully_specified
        found.append(
            f"Of {counted(accuracy.fully_specified, 'fully specified row')} (shape, batch, micro-batch, "
            f"GPU, count, tp, pp, dp stated; metric a rate) {_said(share)} are predicted."
        )
    if accuracy.repeats:
        found.append(
            f"{counted(accuracy.repeats, 'row repeats', 'rows repeat')} a configuration, which counts once, "
            "at its fastest."
        )
    if accuracy.doubted:
        found.append(
            f"{counted(accuracy.doubted, 'measurement is', 'measurements are')} contradicted by others of the same "
            f"source and not counted; with them the average is {_said(accuracy.with_doubted)}."
        )
    found += _trends(accuracy)
    assumed = Counter(text for row in accuracy.rows for text in row.outcome.assumed)
    if assumed:
        found.append("Assumed where rows are silent (of each row: --json):")
        found += _counts(assumed, "assumptions")
    reasons = Counter(row.outcome.reason for row in accuracy.rows if row.outcome.reason)
    if reasons:
        found.append("Not predicted:")
        found += _counts(reasons, "reasons")
    found += _furthest(accuracy)
    found.append(NEXT)
    return found


def _furthest(accuracy: Accuracy) -> list[str]:
    """The rows that are furthest off, one a source, each with the largest part of its predicted step."""
    rows: dict[str, Row] = {}
    for row in sorted(accuracy.rows, key=lambda row: -abs(row.error or 0.0)):
        if row.counts:
            rows.setdefault(row.case.source, row)
    found = ["Furthest off, one a source:"] if rows else []
    for row in list(rows.values())[:FEW]:
        case, terms = row.case, row.outcome.terms
        where = f"{case.text('model')}, {case.text('gpus')} x {case.gpu}, {case.source}"
        largest = max(terms, key=lambda name: terms[name], default="")
        part = f"; largest part: {largest.replace('_', ' ')}" if largest else ""
        found.append(f"  {_said(row.error or 0.0, True):>8}  {case.label}: {where}{part}")
    return found


def _counts(said: Counter[str], what: str) -> list[str]:
    """The most frequent texts, with how often each is said."""
    found = [f"  {count:>6,}  {text}" for text, count in said.most_common(MOST)]
    if len(said) > MOST:
        found.append(f"  ... and {len(said) - MOST} more {what}")
    return found


def _trends(accuracy: Accuracy) -> list[str]:
    """How the error moves with size, scale and year, in words."""
    known = trends(accuracy)
    if not known:
        return []
    moving = [trend for trend in known if trend.clear]
    still = [trend for trend in known if not trend.clear]
    found = [
        f"The error moves with {trend.name}: {_slope(trend)}, as it would if a mechanism were missing."
        for trend in moving
    ]
    if still:
        found.append(
            f"No clear slope within sources: {', '.join(_slope(trend) for trend in still)}."
        )
    return found


def _slope(trend: Trend) -> str:
    """A slope with its standard error, in words."""
    return f"{100 * trend.slope:+.1f} ± {100 * trend.spread:.1f} points with {trend.step}"
