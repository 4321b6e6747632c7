"""Draws of a plan for programs: the JSON of `planner size` with what the draws say beside it.

To the document of `planner.report.export` come::

    "draws": 4096, "seed": 1,
    "uncertain": 322,                                   numbers that are drawn
    "risk": {"cvar": {"tco": {"unit", "dearest_5_percent", "dearest_10_percent"}},
             "capacity": {NEED: {"unit", "p90", "error": [LOW, HIGH], "plan", "plan_at", "built", "enough"}},
             "shortfall": {NEED: {"unit", "p50" | "p80" | "p90": {"probability", "size", "months",
                                  "worst_month", "worst_probability"}}}}

and beside the `values` of the plan at the medians, for each kept quantity, of the same shape: `p10`, `p50`, `p90`,
`mean` and `error`, {"p10" | "p50" | "p90": [LOW, HIGH]}, between which the quantile lies with 95 % confidence (null
where there are too few draws to say). Every headline quantity that varies by month has `by_month`, {"total", "exact",
"p10", "p50", "p90"}: `total` says how its other axes are put together, `sum` or `largest`; where `exact` is false, the
quantiles are within half a per cent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from planner import units
from planner.axes import Array
from planner.headline import HEADLINE
from planner.plan import Plan
from planner.report import export
from planner.study.analysis import Shortfall, Spread, Spreads
from planner.study.simulation import Simulation

SHOWN = {"p10": 0.1, "p50": 0.5, "p90": 0.9}


def to_json(simulation: Simulation, plan: Plan) -> str:
    """The JSON document: all headline quantities, and those that are kept."""
    kept = [column.name for column in simulation.kept]
    names = dict.fromkeys((*HEADLINE, *kept))
    spreads = {name: _spread(simulation.spreads[name]) for name in names}
    return export.to_json(plan, names, study_of(simulation), spreads)


def study_of(simulation: Simulation) -> dict[str, Any]:
    """What a study has to say beside its quantities."""
    return {
        "draws": simulation.draws,
        "seed": simulation.seed,
        "uncertain": len(simulation.sampler.dimensions),
        "risk": _risk(simulation),
    }


def _spread(found: Spreads) -> dict[str, Any]:
    unit = found.column.unit
    said: dict[str, Any] = {}
    if found.cells is not None:
        said |= _quantiles(found.cells, unit)
        said["mean"] = _listed(found.cells.mean, unit)
        ends = {name: found.cells.error(level) for name, level in SHOWN.items()}
        said["error"] = {
            name: [_listed(low, unit), _listed(high, unit)] for name, (low, high) in ends.items()
        }
    if found.months is not None and found.column.monthly:
        said["by_month"] = {
            "total": "sum" if found.column.added else "largest",
            "exact": found.months.exact,
            **_quantiles(found.months, unit),
        }
    return said


def _quantiles(spread: Spread, unit: str) -> dict[str, Any]:
    return {name: _listed(spread.at(level), unit) for name, level in SHOWN.items()}


def _listed(values: Array, unit: str) -> Any:
    """Values in the quantity's unit as nested lists, or one number."""
    return units.from_base(np.asarray(values), unit).tolist()


def _risk(simulation: Simulation) -> dict[str, Any]:
    risk, months = simulation.risk, simulation.columns.periods
    named = {
        name: simulation.spreads[name].column.unit for name in (*risk.capacity, *risk.shortfall)
    }
    horizon = months.months[months.start :]
    return {
        "cvar": {
            "tco": {"unit": "USD"}
            | {f"dearest_{100 * share:.0f}_percent": cost for share, cost in risk.dearest.items()}
        },
        "capacity": {
            name: {
                "unit": named[name],
                "p90": _scaled(each.needed, named[name]),
                "error": [_scaled(each.low, named[name]), _scaled(each.high, named[name])],
                "plan": _scaled(each.planned, named[name]),
                "plan_at": each.planned_at,
                "built": None if each.built is None else _scaled(each.built, named[name]),
                "enough": each.enough,
            }
            for name, each in risk.capacity.items()
        },
        "shortfall": {
            name: {"unit": named[name]}
            | {f"p{100 * e.level:.0f}": _shortfall(e, named[name], horizon) for e in each}
            for name, each in risk.shortfall.items()
        },
    }


def _shortfall(short: Shortfall, unit: str, horizon: tuple[str, ...]) -> Mapping[str, Any]:
    return {
        "probability": short.probability,
        "size": _scaled(short.size, unit),
        "months": short.months,
        "worst_month": horizon[short.worst],
        "worst_probability": float(short.chance[short.worst]),
    }


def _scaled(value: float, unit: str) -> float:
    return units.from_base(value, unit)
