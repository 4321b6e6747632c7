"""Charts of predictions against measurements: the scatter, and the error against size, scale and year.

Each chart says its message in the title, with the number; a colour and a shape are a source. Only rows that count are
drawn. PNG; the same rows give the same files.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from planner.report.house import QUIET, house_style
from planner.study.blocks import moved
from planner.text import counted, printable
from planner.validation.accuracy import PROPERTIES, Accuracy, Row, Trend, pooled, trends

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
SHAPES = ("o", "s", "^", "D", "v")
WITHIN = 0.10  # error of the dashed lines [1]
WITHIN_SAID = f"{100 * WITHIN:.0f} %"
MANY = 200  # points of a source from which they are drawn small and pale
NAME = 34  # characters of a source's name
AXES = {
    "model size": "parameters",
    "scale": "GPUs",
    "year": "year of the measurement",
}


def write(accuracy: Accuracy, folder: Path) -> list[Path]:
    """Draw all charts that there are rows for; gives the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    rows = [row for row in accuracy.rows if row.counts]
    with house_style():
        for name, figure in _charts(accuracy, rows):
            files.append(folder / f"{name}.png")
            moved(files[-1], partial(figure.savefig, format="png", metadata={"Software": None}))
    return files


def _charts(accuracy: Accuracy, rows: Sequence[Row]) -> list[tuple[str, Figure]]:
    steps = [row for row in rows if row.outcome.seconds is not None]
    found = [("predicted_step", _scatter(steps, "step, s"))] if steps else []
    others = [row for row in rows if row.outcome.seconds is None]
    for metric in dict.fromkeys(row.case.metric for row in others):
        mine = [row for row in others if row.case.metric == metric]
        found.append((f"predicted_{metric}", _scatter(mine, metric)))
    if rows:
        found.append(("residuals", _residuals(accuracy, rows)))
    return found


def _scatter(rows: Sequence[Row], what: str) -> Figure:
    errors = np.abs([row.error or 0.0 for row in rows])
    close = np.mean(errors <= WITHIN)
    figure, (axes,) = _page(
        f"{100 * close:.0f} % of {counted(len(rows), 'configuration')} are predicted within {WITHIN_SAID}",
        f"Predicted against measured {what}; dashed: {WITHIN_SAID} off",
        1,
    )
    points = [_point(row) for row in rows]
    _draw(axes, rows, points)
    ends = np.array([min(min(p) for p in points) / 1.3, max(max(p) for p in points) * 1.3])
    axes.plot(ends, ends, color=QUIET, linewidth=1, zorder=0)
    for off in (1.0 - WITHIN, 1.0 + WITHIN):
        axes.plot(ends, off * ends, color=QUIET, linewidth=0.8, linestyle="--", zorder=0)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(*ends)
    axes.set_ylim(*ends)
    axes.set_xlabel(f"measured {what}")
    axes.set_ylabel(f"predicted {what}")
    axes.grid(True, axis="both")
    _plain(axes, "x", "y")
    _name(figure, axes)
    return figure


def _point(row: Row) -> tuple[float, float]:
    """Measured and predicted: as seconds a step where those are known, else in the row's metric."""
    predicted, measured = row.outcome.predicted or 1.0, row.measured or 1.0
    if row.outcome.seconds is None:
        return measured, predicted
    return row.outcome.seconds / (1.0 + (row.time_error or 0.0)), row.outcome.seconds


def moves(found: Sequence[Trend]) -> str:
    """With what the error moves, as far as rows tell."""
    said = ", ".join(f"{100 * t.slope:+.1f} points with {t.step}" for t in found if t.clear)
    if said:
        return f"The error moves: {said}"
    if not found:
        return "Too few configurations to tell what the error moves with"
    return f"The error does not move with {' or '.join(trend.name for trend in found)}"


def _residuals(accuracy: Accuracy, rows: Sequence[Row]) -> Figure:
    figure, panels = _page(
        moves(trends(accuracy)),
        "Predicted over measured time, less 1, of each configuration; dashed: "
        f"{WITHIN_SAID} off; slopes within sources",
        len(PROPERTIES),
    )
    most = 1.1 * max(2 * WITHIN, float(np.max(np.abs([row.time_error or 0.0 for row in rows]))))
    for axes, (name, (_, doubling, read)) in zip(panels, PROPERTIES.items(), strict=True):
        known = [(row, x) for row in rows if (x := read(row.case))]
        points = [(x, 100.0 * (row.time_error or 0.0)) for row, x in known]
        _draw(axes, [row for row, _ in known], points, rows)
        axes.axhline(0.0, color=QUIET, linewidth=1, zorder=0)
        for off in (-WITHIN, WITHIN):
            axes.axhline(100 * off, color=QUIET, linewidth=0.8, linestyle="--", zorder=0)
        if not known:
            axes.set_xticks([])
            axes.text(0.5, 0.9, "no row states it", ha="center", transform=axes.transAxes)
        elif doubling:
            axes.set_xscale("log")
            _plain(axes, "x")
        else:
            years = [x for _, x in known]
            axes.set_xticks(np.arange(min(years), max(years) + 1, 2))
            axes.set_xlim(min(years) - 0.5, max(years) + 0.5)
        axes.set_ylim(-100 * most, 100 * most)
        axes.set_xlabel(AXES[name])
    panels[0].set_ylabel("too fast   |   error in time, %   |   too slow")
    for axes in panels[1:]:
        axes.tick_params(labelleft=False)
    _name(figure, panels[0])
    return figure


def _draw(
    axes: Axes,
    rows: Sequence[Row],
    points: Sequence[tuple[float, float]],
    everything: Sequence[Row] | None = None,
) -> None:
    """Points by source; each has the same look in every panel."""
    names = pooled([row.case.source for row in everything or rows])
    looks = {name: i for i, name in enumerate(sorted(set(names), key=str.lower))}
    source = dict(zip([id(row) for row in everything or rows], names, strict=True))
    for name, i in sorted(looks.items(), key=lambda look: -names.count(look[0])):
        mine = [p for row, p in zip(rows, points, strict=True) if source[id(row)] == name]
        axes.plot(
            [x for x, _ in mine],
            [y for _, y in mine],
            linestyle="none",
            marker=SHAPES[i // len(COLOURS) % len(SHAPES)],
            color=COLOURS[i % len(COLOURS)],
            markersize=2.5 if len(mine) > MANY else 5,
            alpha=0.25 if len(mine) > MANY else 0.8,
            markeredgewidth=0,
            label=printable(name)[:NAME],
        )


def _name(figure: Figure, axes: Axes) -> None:
    """The names of the sources, right of the last panel."""
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda i: labels[i].lower())
    named = figure.legend(
        [handles[i] for i in order],
        [labels[i] for i in order],
        loc="center left",
        bbox_to_anchor=(0.735, 0.5),
        fontsize=8,
    )
    for handle in named.legend_handles:
        if handle is not None:
            handle.set_alpha(0.9)


def _plain(axes: Axes, *which: str) -> None:
    """Ticks of a logarithmic axis as plain numbers: 0.1, 8, 1k, 70B."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    for name in which:
        axis = axes.xaxis if name == "x" else axes.yaxis
        low, high = sorted(axis.get_view_interval())
        decades = np.log10(high / max(low, 1e-300))
        axis.set_major_locator(LogLocator(subs=(1.0, 3.0) if decades < 2.0 else (1.0,), numticks=8))
        axis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
        axis.set_minor_formatter(NullFormatter())


def _short(value: float) -> str:
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def _page(title: str, subtitle: str, panels: int) -> tuple[Figure, list[Axes]]:
    from matplotlib.figure import Figure

    figure = Figure()
    lines = textwrap.wrap(title, 84)
    figure.text(0.055, 0.955, "\n".join(lines), fontsize=13, weight="bold", va="top")
    figure.text(0.055, 0.955 - 0.052 * len(lines), subtitle, color=QUIET, va="top")
    axes = figure.subplots(1, panels, squeeze=False)[0]
    top = 0.87 - 0.052 * len(lines)
    figure.subplots_adjust(left=0.075, right=0.72, top=top, bottom=0.12, wspace=0.12)
    return figure, list(axes)
