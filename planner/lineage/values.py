"""How is a value said in words?

From arrays in base units, and inputs that are no arrays, to texts such as "1.2 MW at japan (3 sites; largest: hub
0.7 MW)": the value at what is held fixed, with a breakdown over the axes that are left, as a sum only where adding
makes sense.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from planner import units
from planner.axes import (
    AXES,
    DRAW,
    HARDWARE,
    HOUR,
    MONTH,
    RANK,
    SCALE,
    TERM,
    WORKLOAD,
    Array,
    shape_of,
)
from planner.catalogue import Calendar, Parts
from planner.graph import Graph
from planner.headline import HEADLINE, NOT_ADDED
from planner.inputs.leaves import LeafInfo
from planner.inputs.numbers import month_label
from planner.lineage.formulas import added
from planner.lineage.pins import Pins, fixed, own_parts
from planner.perf import export, residency
from planner.perf.training_jobs import TrainingJobs
from planner.project import Project
from planner.results import Results
from planner.text import counted, printable

# Codes that stand for a word.
CODES = {"export_verdict": export.VERDICTS, "residency_verdict": residency.VERDICTS}
LISTED = 4  # positions of one axis that are written out instead of counted
ORDERS_LISTED = 10

MONTHLY_FLOWS = ("USD", "kWh", "kg")  # what may be added over months by its unit alone
_MANY = {"hardware": "kinds of hardware", "data": "data classes"}


class Source(Protocol):
    """Where values of quantities come from: a plan, or draws of one."""

    @property
    def project(self) -> Project: ...

    def values(self, *names: str) -> list[Array]:
        """Base-unit arrays on all axes."""
        ...


def spread_values(source: Source, *names: str) -> list[Array]:
    """Values in base units at full length on each declared axis: a sum over them counts every position."""
    sizes = source.project.labels.sizes
    graph = source.project.graph
    return [
        np.broadcast_to(values, (len(values), *shape_of(graph[name].axes, sizes)[1:]))
        for name, values in zip(names, source.values(*names), strict=True)
    ]


def axis_count(axis: int, size: int) -> str:
    """Positions of an axis in words: "3 sites"."""
    name = AXES[axis]
    return counted(size, name, _MANY.get(name))


def adds(graph: Graph, name: str, axis: int) -> bool:
    """Whether the values along an axis make a meaningful sum."""
    if axis == MONTH:
        return name in graph and graph[name].unit in MONTHLY_FLOWS
    if name in graph and graph[name].unit == "vehicle":
        return axis != HOUR
    headline = name in HEADLINE and name not in NOT_ADDED
    return headline or (name, AXES[axis].upper()) in added(graph)


def extreme(graph: Graph, name: str) -> str:
    """Which value asks for attention, in a word; of an input the largest."""
    return "smallest" if name in graph and graph[name].worst == "min" else "largest"


@dataclass(frozen=True)
class Wording:
    """Says the values of a plan where the pins hold them fixed."""

    plan: Results
    pins: Pins

    def of_array(self, name: str, values: Array, unit: str, axes: Sequence[int]) -> str:
        """The value at the pinned labels, with a breakdown over the axes that are left."""
        held = fixed(values, self.pins)
        labels = [self._label(name, axis) for axis in axes if axis in self.pins and axis != MONTH]
        at = f" at {', '.join(labels)}" if labels else ""
        open_axes = [axis for axis in axes if held.shape[axis] > 1 and axis != DRAW]
        numbers = held.reshape([held.shape[axis] for axis in open_axes])
        if not open_axes:
            return _said(name, float(held.flat[0]), unit) + at
        where = " x ".join(axis_count(axis, held.shape[axis]) for axis in open_axes)
        if (numbers == numbers.flat[0]).all():
            return f"{_said(name, float(numbers.flat[0]), unit)}{at} (the same for {where})"
        summed = all(adds(self.plan.project.graph, name, axis) for axis in open_axes)
        total = f"{_show(float(numbers.sum()), unit)}{at}"
        if len(open_axes) == 1 and (numbers.size <= LISTED or open_axes == [TERM]):
            listed = self._listed(name, numbers, unit, open_axes[0])
            return f"{total} ({listed})" if summed else f"{listed}{at and f' ({at.strip()})'}"
        most = extreme(self.plan.project.graph, name)
        found = np.argmin(numbers) if most == "smallest" else np.argmax(numbers)
        top = np.unravel_index(int(found), numbers.shape)
        position = " ".join(
            self._label_at(name, axis, int(i)) for axis, i in zip(open_axes, top, strict=True)
        )
        if summed:
            return f"{total} ({where}; {most}: {position} {_show(float(numbers[top]), unit)})"
        if name in CODES:
            codes = sorted(set(numbers.ravel().tolist()))
            words = ", ".join(_said(name, code, unit) for code in codes)
            return f"{words}{at} ({where}; strictest: {position})"
        span = _range(float(numbers.min()), float(numbers.max()), unit)
        return f"{span}{at} ({where}; {most}: {position})"

    def of_leaf(self, info: LeafInfo) -> str:
        value = self.plan.project.leaves[info.name]
        if isinstance(value, np.ndarray):
            return self.of_array(info.name, value, info.unit, info.axes)
        if isinstance(value, Parts):
            return counted(int(np.count_nonzero(own_parts(value, self.pins))), "entry", "entries")
        if isinstance(value, Calendar):
            months = self.plan.months
            return f"{len(months)} months, {months[0]} to {months[-1]}"
        if isinstance(value, export.Rules | residency.Rules):
            return f"{counted(len(value.rules), 'rule')} known in {month_label(value.as_of)}"
        if isinstance(value, TrainingJobs):
            return self._jobs(value)
        if isinstance(value, tuple):
            return self._tuple(info.name, value)
        return printable(str(value))

    def _jobs(self, jobs: TrainingJobs) -> str:
        """How many layouts there are, or the one at what is held fixed, of the first kind of hardware."""
        from planner.findings.layouts import in_words

        workload, scale = self.pins.get(WORKLOAD), self.pins.get(SCALE)
        if workload is None or scale is None:
            return counted(len(jobs), "layout")
        layout = jobs.layout(workload, self.pins.get(HARDWARE, 0), scale)
        return "none fits" if layout is None else in_words(layout)

    def so_far(self, values: Array) -> Iterator[str]:
        """What entered service up to the month, of which the value shows the last one only."""
        if MONTH not in self.pins:
            return
        others = {axis: position for axis, position in self.pins.items() if axis != MONTH}
        counts = fixed(values, others).sum(axis=tuple(a for a in range(RANK) if a != MONTH))
        counts = counts[: self.pins[MONTH] + 1]
        entries = [f"{self.plan.months[i]} {counts[i]:,.0f}" for i in np.flatnonzero(counts)]
        shown = [*(["..."] if len(entries) > ORDERS_LISTED else []), *entries[-ORDERS_LISTED:]]
        yield (
            f"so far: {', '.join([*shown, f'together {counts.sum():,.0f}'])}"
            if shown
            else "so far: none"
        )

    def _tuple(self, name: str, values: tuple[object, ...]) -> str:
        """A text a position, such as the country of each region."""
        axis = name.partition("_")[0]
        labels = self.plan.project.labels[AXES.index(axis)] if axis in AXES else ()
        if len(labels) != len(values):
            return ", ".join(map(_word, values))
        pinned = self.pins.get(AXES.index(axis))
        if pinned is not None:
            return f"{_word(values[pinned])} ({labels[pinned]})"
        return ", ".join(
            f"{label}: {_word(value)}" for label, value in zip(labels, values, strict=True)
        )

    def _listed(self, name: str, numbers: Array, unit: str, axis: int) -> str:
        labels = [self._label_at(name, axis, i) for i in range(numbers.size)]
        pairs = list(zip(labels, numbers, strict=True))
        if axis == TERM:  # what takes the time, the longest first
            pairs = sorted((each for each in pairs if each[1]), key=lambda each: -each[1])
        return ", ".join(f"{label} {_said(name, float(number), unit)}" for label, number in pairs)

    def _label(self, name: str, axis: int) -> str:
        return self._label_at(name, axis, self.pins[axis])

    def _label_at(self, name: str, axis: int, index: int) -> str:
        label = self.plan.project.labels[axis][index]
        if axis != HOUR:
            return label
        return f"{label}:00 {'UTC' if name in self.plan.project.graph else 'local time'}"


def _said(name: str, value: float, unit: str) -> str:
    """A value, or the word that it is a code of: "4 (denied)"."""
    words = CODES.get(name, ())
    if value not in range(len(words)):
        return _show(value, unit)
    return f"{value:.0f} ({words[int(value)].replace('_', ' ')})"


def _show(value: float, unit: str) -> str:
    return "no limit" if value == np.inf else units.show(value, unit)


def _range(low: float, high: float, unit: str) -> str:
    """Two values, with the unit once where both are printed in the same one."""
    first, last = _show(low, unit), _show(high, unit)
    if first == last:
        return first
    if low == 0:
        return f"0 to {last}"
    number, _, symbol = first.partition(" ")
    same = symbol and last.endswith(f" {symbol}")
    return f"{number if same else first} to {last}"


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return " ".join(map(_word, value))
    return printable(str(value))
