"""Small projects with known answers: uncertain numbers, a few quantities of them, two sites, some months."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from planner.axes import DRAW, MONTH, RANK, SITE, Array, place
from planner.catalogue import Calendar
from planner.graph import Graph, Quantity
from planner.inputs.leaves import LeafInfo, LeafTable, Row
from planner.perf.distributions import Distribution, quantile
from planner.project import Project
from tests.example_graphs import compute

NORMAL = Distribution("normal", (100.0, 10.0))
LOGNORMAL = Distribution("lognormal", (1.0, 0.5))
UNIFORM = Distribution("uniform", (0.0, 1.0))


def project(
    distributions: Mapping[str, Distribution],
    *quantities: Quantity,
    months: int = 3,
    before: int = 0,
) -> Project:
    """A project whose inputs are scalars of these distributions, and `step`, the number of the month."""
    rows, leaves = [], {}
    for index, (name, distribution) in enumerate(distributions.items()):
        median = float(quantile(distribution, np.array([0.5]))[0])
        row = Row(name, (), f"toy.{name}", "toy.yaml", index + 1, median, "1", None, "assumed")
        changes: dict[str, Any] = {"distribution": distribution, "number": row.path}
        rows.append(Row(**{**{each: getattr(row, each) for each in row.__slots__}, **changes}))
        leaves[name] = LeafInfo(name, "1", (), "", (index,), _scalar)
    first = len(rows)
    for month in range(months):
        rows.append(
            Row("step", (), f"toy.step[{month}]", "toy.yaml", 9, float(month), "1", None, "")
        )
    leaves["step"] = LeafInfo("step", "1", (MONTH,), "", tuple(range(first, len(rows))), _monthly)
    labels = {MONTH: tuple(f"2024-{m + 1:02d}" for m in range(months)), SITE: ("here", "there")}
    table = LeafTable(tuple(rows), leaves, labels, Calendar(2024 * 12, months, before))
    return Project(cast(Any, None), table, Graph.of(*quantities, leaves=leaves))


def usual(months: int = 3, before: int = 0, **distributions: Distribution) -> Project:
    """Needs at two sites that grow by the month, what is built for them, and what it costs."""
    return project(
        {"a": NORMAL, "b": LOGNORMAL, **distributions},
        compute("gpus_required", ["a", "step", "halves"], "(a + step) * halves", "month site"),
        compute("halves", [], "place([0.25, 0.75], SITE)", "site"),
        compute("gpus", ["step"], "105.0 + step", "month"),
        compute("capex", ["b", "step"], "b * (step + 1.0)", "month", "USD"),
        compute("opex", ["b", "step"], "b + 0.0 * step", "month", "USD"),
        compute("tco", ["capex", "opex"], "total(capex + opex, MONTH)", "", "USD"),
        compute("ingest_peak", ["a", "b", "step"], "a * b + step", "month", "byte/second"),
        months=months,
        before=before,
    )


def _scalar(cells: Array) -> Array:
    return cells.reshape(-1, *(1,) * (RANK - 1))


def _monthly(cells: Array) -> Array:
    return place(cells, DRAW, MONTH)
