"""The house style of charts: a page with its message in the title, quiet axes, labels where lines end.

Colours are those that the colour-blind tell apart (Okabe and Ito); the scenario, its file, what was changed in it and
what computed it stand in the footer, so that a chart that is taken out of its report can still be traced.
"""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import planner
from planner import resources
from planner.plan import Plan
from planner.text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

_UNIT_AFTER = re.compile(r"(?<=\d) (?=%|bn\b|k?[A-Z]\w{0,3}\b)|(?<=USD) ")  # no line ends there
NEED, PLAN, QUIET, ALARM = "#0072B2", "#D55E00", "#666666", "#B00020"
OUTER, INNER = "#cfe3f1", "#93c1e0"  # tints of the colour of needs
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C8C8C", "#B3A125")
# What text is written in where the colour itself is too light for it on white: the same hue, at a contrast of 4.5
# (WCAG 2.2, success criterion 1.4.3).
WRITTEN = {
    "#E69F00": "#8A5F00", "#009E73": "#007A59", "#CC79A7": "#A3457A", "#56B4E9": "#1F6F9E",
    "#D55E00": "#B34F00", "#8C8C8C": "#666666", "#B3A125": "#716514",
}  # fmt: skip
LARGE, IN_A_REPORT, FLAT = (10.0, 5.6), (8.4, 3.8), (8.4, 3.4)  # inches of a chart
MARGIN = 0.2  # inches at the left of the texts
TITLE_WIDTH = 9.8  # characters of the title to an inch
FOOTER_WIDTH = 15.0  # characters of the footer to an inch
HIGHEST = 1.08  # share of the height above which no label is
APART = 0.052  # least distance of two labels, as a share of the height
LABEL = 0.19  # inches that a label at the end of a line takes
SHORT_HORIZON = 36  # months, up to which single months are named
NAME = 1.0  # inches that the name of a month takes


@contextmanager
def house_style() -> Iterator[None]:
    """Matplotlib with the house style, and nothing of the user's own."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rc_file(resources.chart_style(), use_default_template=False)
        yield


def page(
    plan: Plan,
    title: str,
    subtitle: str,
    beside: str = "",
    panels: int = 1,
    size: tuple[float, float] = LARGE,
) -> tuple[Figure, list[Axes]]:
    """A page with its title, what it shows, the scenario in the footer with what is said `beside` it, and panels.

    `size` is in inches; what stands around the panels takes the same inches on a page of any size.
    """
    from matplotlib.figure import Figure

    width, height = size
    figure = Figure(figsize=size)
    lines = textwrap.wrap(
        _UNIT_AFTER.sub("\u00a0", printable(title)), round(TITLE_WIDTH * (width - MARGIN))
    )
    left, down = MARGIN / width, 0.2  # down: inches from the top

    def write(text: str, **how: Any) -> None:
        figure.text(left, 1.0 - down / height, text, va="top", **how)

    if plan.mark:
        write(printable(plan.mark), color=ALARM, weight="bold")
        down += 0.25
    write("\n".join(lines), fontsize=12, weight="bold", linespacing=1.25)
    down += 0.27 * len(lines)
    write(printable(subtitle), color=QUIET)
    down += 0.45 if panels == 1 else 0.68
    made_by = f"AI factory planner {planner.__version__}, planned from {plan.months[0]}"
    source = f"{plan.title} · {beside and f'{beside} · '}Source: {plan.project.inputs.path.name}, {made_by}"
    if plan.project.changes:
        source += f" · {' '.join(plan.project.changes)}"
    footer = textwrap.wrap(printable(source), round(FOOTER_WIDTH * (width - MARGIN)))[:2]
    figure.text(left, 0.1 / height, "\n".join(footer), color=QUIET, fontsize=8, va="bottom")
    axes = figure.subplots(1, panels, squeeze=False)[0]
    figure.subplots_adjust(
        left=0.75 / width,
        right=1.0 - (1.5 if panels == 1 else 0.95) / width,
        top=1.0 - down / height,
        bottom=0.72 / height,
        wspace=0.75,
    )
    return figure, list(axes)


def name_months(axes: Axes, months: Sequence[str]) -> None:
    """Years at each January; where the horizon is short, months. No more names than there is room for."""
    room = axes.figure.get_figwidth() * axes.get_position().width  # type: ignore[union-attr]
    if len(months) <= SHORT_HORIZON:
        steps = (1, 3, 6, 12, SHORT_HORIZON)
        step = next(step for step in steps if len(months) / step * NAME <= room)
        places = list(range(0, len(months), step))
        axes.set_xticks(places, [months[place] for place in places])
        return
    places = [place for place, month in enumerate(months) if month.endswith("-01")]
    step = max(1, math.ceil(len(places) * NAME / 2 / room))
    axes.set_xticks(places[::step], [months[place][:4] for place in places[::step]])


def label_ends(
    axes: Axes, ends: Sequence[tuple[float, str, str]], least: float | None = None
) -> None:
    """Names of lines at their right ends, in their colours, moved apart by at least a share of the height."""
    low, high = axes.get_ylim()
    if least is None:
        least = LABEL / (axes.figure.get_figheight() * axes.get_position().height)  # type: ignore[union-attr]
    ordered = sorted(ends)
    places = apart([(value - low) / (high - low) for value, _, _ in ordered], least)
    for place, (_, text, colour) in zip(places, ordered, strict=True):
        axes.annotate(
            text,
            (1.0, place),
            xycoords="axes fraction",
            xytext=(6, 0),
            textcoords="offset points",
            color=WRITTEN.get(colour, colour),
            va="center",
            fontsize=9,
            annotation_clip=False,
        )


def apart(places: Sequence[float], least: float = APART) -> list[float]:
    """Rising places moved as little as it takes for each to be `least` from the next: adjacent ones are pooled."""
    groups: list[tuple[float, int]] = []  # mean of where the group would begin, and its members
    for i, place in enumerate(places):
        groups.append((place - i * least, 1))
        while len(groups) > 1 and groups[-1][0] < groups[-2][0]:
            (one, few), (other, more) = groups.pop(), groups.pop()
            groups.append(((one * few + other * more) / (few + more), few + more))
    begins = [begin for begin, members in groups for _ in range(members)]
    lowest, highest = 0.0, HIGHEST - least * len(places)  # none below the axis, or far above it
    return [min(max(begin, lowest), highest) + i * least for i, begin in enumerate(begins)]


def count_thousands(axis: Axis) -> None:
    """Ticks as plain numbers with a mark at the thousands."""
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
