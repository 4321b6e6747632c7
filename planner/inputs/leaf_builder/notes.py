"""The leaf table while it is filled: a number as somebody wrote it becomes a row, and rows become a leaf."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from planner import units
from planner.catalogue import Calendar
from planner.inputs import documents
from planner.inputs.assembly import Assemble
from planner.inputs.documents import Steps
from planner.inputs.leaf_builder.correlations import correlations
from planner.inputs.leaves import LeafInfo, LeafTable, Row
from planner.inputs.load import Inputs
from planner.inputs.numbers import Cell, Leaf
from planner.perf.distributions import PARAMETERS


class Notes:
    """The rows and leaves that are known so far."""

    def __init__(
        self, inputs: Inputs, labels: Mapping[int, tuple[str, ...]], calendar: Calendar
    ) -> None:
        self.inputs = inputs
        self.labels = labels
        self.calendar = calendar
        self._rows: list[Row] = []
        self._row_at: dict[tuple[str, Steps], int] = {}
        self._leaves: dict[str, LeafInfo] = {}

    def table(self) -> LeafTable:
        """All of it."""
        return LeafTable(
            tuple(self._rows),
            MappingProxyType(self._leaves),
            MappingProxyType(dict(self.labels)),
            self.calendar,
            correlations(self.inputs, self._rows),
        )

    def add(
        self,
        name: str,
        leaf: Leaf,
        axes: tuple[int, ...],
        rows: Sequence[int],
        assemble: Assemble,
    ) -> None:
        """A leaf that is made of rows."""
        self._leaves[name] = LeafInfo(name, leaf.unit, axes, leaf.meaning, tuple(rows), assemble)

    def constant(
        self,
        name: str,
        meaning: str,
        value: object,
        unit: str = "1",
        axes: tuple[int, ...] = (),
        places: tuple[str, ...] = (),
    ) -> None:
        """A leaf without rows; `places` say what decides it."""
        self._leaves[name] = LeafInfo(name, unit, axes, meaning, (), lambda cells: value, places)

    def row(
        self,
        leaf_name: str,
        position: tuple[str, ...],
        steps: Steps,
        leaf: Leaf,
        cell: Cell,
        knot: bool = False,
    ) -> int:
        """The index of the row for a cell; positions that share a profile share the row."""
        key = (leaf_name, steps)
        if key not in self._row_at:
            path = documents.locate(self.inputs.tree, steps)[2]
            # In the long form of a number the line is that of its value, or of its median.
            file, line, _ = documents.locate(self.inputs.tree, (*steps, *_long_form(cell)))
            factor = units.scale(leaf.unit)
            cell = self._exchanged(cell)
            label = (str(steps[-1]),) if knot else ()
            self._row_at[key] = len(self._rows)
            self._rows.append(
                Row(
                    leaf_name,
                    (*position, *label),
                    path,
                    file,
                    line,
                    cell.value,
                    cell.unit,
                    self._source(steps, cell.source),
                    cell.confidence or "assumed",
                    None if leaf.least is None else leaf.least * factor,
                    None if leaf.most is None else leaf.most * factor,
                    None if leaf.above is None else leaf.above * factor,
                    cell.low,
                    cell.high,
                    cell.distribution,
                    path.rpartition(".")[0].removesuffix(".series") if knot else path,
                )
            )
        return self._row_at[key]

    def _exchanged(self, cell: Cell) -> Cell:
        """The number at the scenario's exchange rates; where they differ from those of `units`, in dollars."""
        given = self.inputs.scenario.economics.exchange_rates
        factor = 1.0
        for code, power in units.currencies(cell.unit):
            if code in given:
                factor *= (units.EXCHANGE_RATES[code] / given[code].value) ** power
        if factor == 1.0:
            return cell
        low, high = (None if x is None else x * factor for x in (cell.low, cell.high))
        drawn = cell.distribution.scaled(factor) if cell.distribution is not None else None
        unit = units.in_dollars(cell.unit)
        return Cell(cell.value * factor, unit, cell.source, cell.confidence, low, high, drawn)

    def _source(self, steps: Steps, source: str | None) -> str | None:
        """The source with the ids of the file's `sources:` table spelled out."""
        if source is None:
            return None
        head, _, remark = source.partition(":")
        section = self.inputs.profiles.get(str(steps[0]), {})
        own = section[str(steps[1])].sources if len(steps) > 1 and steps[1] in section else {}
        known = ChainMap(own, self.inputs.scenario.sources)
        ids = [word.strip() for word in head.split(",")]
        if not all(word in known for word in ids):
            return source
        cited = "; ".join(known[word] for word in ids)
        return f"{cited}: {remark.strip()}" if remark.strip() else cited


def _long_form(cell: Cell) -> tuple[str, ...]:
    """The keys of a number's long form that may hold its median."""
    if cell.distribution is not None and cell.distribution.family in PARAMETERS:
        return (cell.distribution.family,)
    return "value", "base", "p50"
