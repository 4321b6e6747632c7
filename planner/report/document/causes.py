"""The charts of causes: where the time of a training step goes, and which inputs move the plan most."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from planner.axes import Array
from planner.findings import Assumption, TrainingLayout
from planner.plan import Plan
from planner.report.document.drawing import Drawing
from planner.report.document.names import Names
from planner.report.house import COLOURS, IN_A_REPORT, QUIET, WRITTEN, page
from planner.text import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LIGHT = ("#E69F00", "#56B4E9", "#B3A125", "#CC79A7", "#009E73", "#8C8C8C")  # on which text is dark
BARS = 10  # assumptions in the chart
MOVED = {"tco": "total cost", "gpus_required": "GPUs needed"}  # what the bars are of
# Inches of the charts: one assumption or job, and what is around them all.
ROW, AROUND_ROWS = 0.36, 2.1
STEP, AROUND_STEPS = 0.62, 1.45
FEWEST_ROWS = 3
LEAST_MOVE = 0.5  # per cent, below which nothing is said to move
NAME_WIDTH = 46  # characters of a line of an assumption's name
LEAST_TERM = 0.07  # of every step, below which a cause goes to the others
OTHERS = "#8C8C8C"
OF_TERMS = tuple(colour for colour in COLOURS if colour != OTHERS)
LETTER = 0.0093  # share of the width of the chart of steps that a letter takes


def steps(plan: Plan) -> Iterator[Drawing]:
    """The step of each training job by cause, as shares."""
    groups = laid_out_alike(plan)
    layouts = [first for first, *_ in groups]
    if not layouts:
        return
    best = max(layouts, key=lambda each: each.utilisation)
    message = (
        f"Training computes at {100 * best.utilisation:.0f} % of the accelerators' peak at best "
        f"({best.workload.replace('_', ' ')})"
    )

    def draw() -> Figure:
        figure, (axes,) = page(
            plan,
            message,
            "Where the time of a training step goes, by job and GPUs",
            size=(IN_A_REPORT[0], AROUND_STEPS + STEP * len(layouts)),
        )
        terms: dict[str, Array] = {}
        for row, each in enumerate(layouts):
            for term, seconds in each.terms.items():
                terms.setdefault(term, np.zeros(len(layouts)))[row] = seconds / each.step_time
        seen = [term for term, shares in terms.items() if shares.max() >= LEAST_TERM]
        seen = sorted(seen, key=lambda term: -float(terms[term].sum()))[: len(OF_TERMS)]
        coloured = [
            (term, terms[term], colour) for term, colour in zip(seen, OF_TERMS, strict=False)
        ]
        coloured.append(("others", 1.0 - np.sum([terms[term] for term in seen], axis=0), OTHERS))
        rows, left = np.arange(len(layouts))[::-1], np.zeros(len(layouts))
        for term, shares, colour in coloured:
            axes.barh(rows, shares, 0.76, left, color=colour, edgecolor="white", linewidth=0.6)
            for row, share, begin in zip(rows, shares, left, strict=True):
                words = printable(term_in_words(term))
                lines = words if share > LETTER * len(words) else words.replace(" ", "\n")
                if share > LETTER * max(map(len, lines.split("\n"))):
                    axes.text(
                        begin + share / 2, row, f"{lines}\n{100 * share:.0f} %",
                        ha="center", va="center", fontsize=8, linespacing=1.0,
                        color="white" if colour not in LIGHT else "#222222",
                    )  # fmt: skip
            left = left + shares
        names = Names(plan)
        several = len({each.hardware for each in layouts}) > 1
        jobs = [
            f"{printable(each.workload.replace('_', ' '))}{_and_more(len(group))}\n"
            f"{printable(names.of(each.hardware)) + chr(10) if several else ''}{each.gpus:,.0f} GPUs"
            for each, group in zip(layouts, groups, strict=True)
        ]
        axes.set_yticks(rows, jobs)
        axes.set_xlim(0, 1)
        axes.set_ylim(-0.5, len(layouts) - 0.5)
        axes.set_xticks([])
        axes.grid(False)
        axes.spines["bottom"].set_visible(False)
        figure.subplots_adjust(left=0.16, right=0.97, bottom=0.4 / figure.get_figheight())
        return figure

    yield Drawing("steps", message, draw)


def laid_out_alike(plan: Plan) -> list[list[TrainingLayout]]:
    """Training jobs, those that differ in their names alone together."""
    found: dict[str, list[TrainingLayout]] = {}
    for each in plan.training_layouts:
        found.setdefault(each.text.removeprefix(f"{each.workload}: "), []).append(each)
    return list(found.values())


def _and_more(count: int) -> str:
    return f"\nand {count - 1} more, each" if count > 1 else ""


def term_in_words(term: str) -> str:
    """A cause of the time of a step as people call it."""
    words = {"mlp": "feed-forward", "qkv": "QKV"}
    return words.get(term, term.replace("_", " "))


def assumptions(plan: Plan) -> Iterator[Drawing]:
    """What moves total cost and accelerators most, side by side, in the order of the list below the chart."""
    shown = plan.assumptions[:BARS]
    if not shown:
        return
    moved = {name: max(shown, key=lambda each: abs(each.moves.get(name, 0.0))) for name in MOVED}
    most = next(name for name, each in moved.items() if each.moves.get(name))
    first, share = moved[most], 100 * moved[most].moves[most]
    message = f"{sentence(first.meaning)} alone moves the {MOVED[most]} by {share:+.0f} %"

    def draw() -> Figure:
        subtitle = "Each uncertain input alone at the end of its span (P10 or P90) that moves the figure most"
        size = IN_A_REPORT[0], AROUND_ROWS + ROW * max(len(shown), FEWEST_ROWS)
        figure, panels = page(plan, message, subtitle, panels=2, size=size)
        rows = np.arange(len(shown))[::-1]
        for axes, (name, words), colour in zip(panels, MOVED.items(), COLOURS, strict=False):
            moves = [100 * each.moves.get(name, 0.0) for each in shown]
            axes.barh(rows, moves, 0.62, color=colour, linewidth=0)
            for row, move in zip(rows, moves, strict=True):
                text = f"{move:+.0f} %" if abs(move) >= LEAST_MOVE else "none"
                axes.annotate(
                    text, (max(move, 0.0), row), (4, 0), fontsize=8,
                    textcoords="offset points", va="center", color=QUIET,
                )  # fmt: skip
            axes.set_title(f"{words}, change in %", color=WRITTEN.get(colour, colour))
            axes.set_yticks(rows, [""] * len(shown))
            axes.set_ylim(-0.6, max(len(shown), FEWEST_ROWS) - 0.4)
            axes.set_xlim(min(0.0, 1.3 * min(moves)), max(1.22 * max(moves), 1.0))
            if max(map(abs, moves)) < LEAST_MOVE:
                axes.set_xticks([])
            axes.grid(axis="x")
            axes.grid(False, axis="y")
            axes.spines["left"].set_visible(False)
            axes.axvline(0, color="#888888", linewidth=0.8)
        labels = [textwrap.fill(in_words(each), NAME_WIDTH) for each in shown]
        panels[0].set_yticks(rows, labels, fontsize=8, linespacing=1.0)
        figure.subplots_adjust(left=0.37, right=0.97, wspace=0.12)
        return figure

    yield Drawing("assumptions", message, draw)


def sentence(text: str) -> str:
    """A meaning as the beginning of a sentence, without what it says for the reader of the file."""
    text = printable(text).partition("; ")[0]
    return text[:1].upper() + text[1:]


def in_words(each: Assumption) -> str:
    """What an input means, and which of its siblings it is."""
    place = printable(each.path).split(".")
    meaning = sentence(each.meaning)
    said = ("*", "series", *meaning.lower().split())
    which = " ".join(part for part in place[1:-1] if part not in said)
    tail = place[-1] if "series" in place else ""
    words = " ".join(part.replace("_", " ") for part in (which, tail) if part)
    text = f"{meaning}: {words}" if words else meaning
    return text if len(text) <= 2 * NAME_WIDTH else f"{text[: 2 * NAME_WIDTH - 3]}..."
