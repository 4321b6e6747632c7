"""A plan for programs: JSON with a stable contract, and tidy CSV.

The JSON document (schema 1)::

    {"schema": 1,
     "mark": "...",                                   only where every page has to say something: a what-if, or
     "stops": [...],                                  only where rules stop the plan: which, and what is allowed instead
     "scenario": {"name", "title", "plan_start", "horizon": {"start", "end"}, "forecasts": {REGION: NAME},
                  "rules_as_of", "export_violation_allowed"},
     "changes": ["--set 'market.share=3 %'", ...],    what differs from the scenario's file, as options
     "months": ["2023-11", ...],                      every month of the plan, from plan_start on
     "quantities": {NAME: {"unit", "axes": [AXIS, ...], "labels": {AXIS: [LABEL, ...]}, "values"}},
     "orders": [...], "warnings": [...], "training_layouts": [...], "assumptions": [...],
     "checks": [...]}                                 only where the scenario declares some

`values` are nested lists along `axes`, in their order, or one number where there is no axis. A value that is infinite
is null. With `--spread`, "draws" and "seed" say how the plan was drawn, and `p10`, `p50` and `p90` of the same shape
stand beside the `values` of each quantity: percentiles of each number by itself, so that the tenth percentile of a sum
is not the sum of theirs. (`planner simulate` says more: `study_json`.) Floats have twelve significant digits, so that
the same plan gives the same text on every machine.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from planner.axes import AXES
from planner.errors import Fault, InputError, suggestion
from planner.findings import checks
from planner.findings.spans import stated
from planner.headline import HEADLINE
from planner.plan import Plan
from planner.results import Labelled

SCHEMA = 1
DIGITS = 12
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def chosen(plan: Plan, everything: bool = False, names: Sequence[str] = ()) -> tuple[str, ...]:
    """The quantities to export: the headline ones, all, or some by name. Raises InputError for an unknown name."""
    faults = [
        Fault("--quantities", 0, name, f"no such quantity; {suggestion(name, plan.quantities)}")
        for name in names
        if name not in plan.quantities
    ]
    if faults:
        raise InputError(faults)
    if names:
        return tuple(dict.fromkeys(names))
    return plan.quantities if everything else HEADLINE


def to_json(
    plan: Plan,
    names: Iterable[str],
    study: Mapping[str, Any] = MappingProxyType({}),
    spreads: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> str:
    """The JSON document, a line for each quantity and finding.

    `study` are further sections, about draws; `spreads` what stands beside the `values` of some quantities.
    """
    sections = {
        "schema": json.dumps(SCHEMA),
        **({"mark": _dumped(plan.mark)} if plan.mark else {}),
        **({"stops": _dumped(plan.stops)} if plan.stops else {}),
        "scenario": _dumped(_scenario(plan)),
        "changes": _dumped(plan.project.changes),
        "months": _dumped(plan.months),
        **{name: _dumped(section) for name, section in study.items()},
        "quantities": _lines(
            "{",
            [
                f"{_dumped(n)}: {_dumped({**_quantity(plan[n]), **spreads.get(n, {})})}"
                for n in names
            ],
            "}",
        ),
        "orders": _lines("[", [_dumped(asdict(each)) for each in plan.orders], "]"),
        "warnings": _lines("[", [_dumped(stated(each)) for each in plan.warnings], "]"),
        "training_layouts": _lines(
            "[", [_dumped(asdict(each)) for each in plan.training_layouts], "]"
        ),
        "assumptions": _lines("[", [_dumped(asdict(each)) for each in plan.assumptions], "]"),
    }
    results = checks(plan)
    if results:
        sections["checks"] = _lines("[", [_dumped(asdict(each)) for each in results], "]")
    return _lines("{", [f'"{name}": {text}' for name, text in sections.items()], "}") + "\n"


def beside(
    spreads: Mapping[str, Mapping[str, Labelled]],
) -> dict[str, dict[str, Any]]:
    """Percentiles of quantities as they stand beside their values in JSON."""
    return {
        name: {percentile: each.values.tolist() for percentile, each in found.items()}
        for name, found in spreads.items()
    }


def to_csv(
    plan: Plan,
    names: Iterable[str],
    spreads: Mapping[str, Mapping[str, Labelled]] = MappingProxyType({}),
) -> str:
    """Tidy rows: quantity, unit, one column for each axis that occurs, the plan's mark if it has one, value.

    Where there are `spreads`, of every quantity, their percentiles follow the value.
    """
    quantities = [plan[name] for name in names]
    used = [axis for axis in AXES if any(axis in each.axes for each in quantities)]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    marks = [plan.mark] if plan.mark else []
    percentiles = list(dict.fromkeys(name for found in spreads.values() for name in found))
    heads = ["quantity", "unit", *used, *("mark" for _ in marks), "value", *percentiles]
    writer.writerow(heads)
    for each in quantities:
        beside_it = [spreads[each.name][name] for name in percentiles]
        for labels, *values in _cells(each, *beside_it):
            texts = [each.name, each.unit, *(labels.get(axis, "") for axis in used), *marks]
            numbers = ("" if value is None else repr(value) for value in values)
            writer.writerow([*map(inert, texts), *numbers])
    return buffer.getvalue()


def _scenario(plan: Plan) -> dict[str, Any]:
    months = plan.horizon_months
    return {
        "name": plan.project.inputs.path.stem,
        "title": plan.title,
        "plan_start": plan.months[0],
        "horizon": {"start": months[0], "end": months[-1]},
        "forecasts": plan.forecasts,
        "rules_as_of": plan.rules_as_of,
        "export_violation_allowed": plan.export_violation_allowed,
    }


def _quantity(labelled: Labelled) -> dict[str, Any]:
    return {
        "unit": labelled.unit,
        "axes": list(labelled.axes),
        "labels": {axis: list(labelled.labels[axis]) for axis in labelled.axes},
        "values": labelled.values.tolist(),
    }


def _cells(labelled: Labelled, *others: Labelled) -> Iterator[tuple[Any, ...]]:
    """The label on each axis of every value, the value, and those of others on the same axes."""
    positions: list[dict[str, str]] = [{}]
    for axis in labelled.axes:
        positions = [{**at, axis: label} for at in positions for label in labelled.labels[axis]]
    columns = (map(_number, each.values.ravel().tolist()) for each in (labelled, *others))
    return zip(positions, *columns, strict=True)


def _number(value: float) -> float | None:
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def _plain(value: Any) -> Any:
    """The value with its floats shortened and what JSON has no number for turned into null."""
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _dumped(value: Any) -> str:
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False)


def _lines(opening: str, items: Sequence[str], closing: str) -> str:
    if not items:
        return opening + closing
    return opening + "\n" + ",\n".join(items) + "\n" + closing


def inert(text: str) -> str:
    """A text cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
