"""Do the expectations hold that the scenario declares?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from planner import units
from planner.axes import Array
from planner.errors import Fault, InputError, PlannerError, UnitError, suggestion
from planner.headline import NOT_ADDED
from planner.inputs import documents
from planner.inputs.numbers import month_label
from planner.inputs.scenario import Check
from planner.quantity import Quantity
from planner.results import Labelled, Results


@dataclass(frozen=True)
class CheckResult:
    """A declared expectation against the plan."""

    name: str
    quantity: str
    holds: bool
    found: str
    expected: str
    text: str


def checks(plan: Results) -> tuple[CheckResult, ...]:
    """The scenario's declared expectations against the plan. Raises InputError where one cannot be read."""
    faults: list[Fault] = []
    results = []
    for index, check in enumerate(plan.project.inputs.scenario.checks):
        try:
            results.append(_checked(plan, check))
        except InputError:
            raise
        except PlannerError as error:
            entry = f"checks[{index}]"
            file, line = _place(plan, index)
            faults.append(Fault(file, line, entry, str(error)))
    if faults:
        raise InputError(faults)
    return tuple(results)


def _place(plan: Results, index: int) -> tuple[str, int]:
    file, line, _ = documents.locate(plan.project.inputs.tree, ("checks", index))
    return file, line


def _checked(plan: Results, check: Check) -> CheckResult:
    if check.quantity not in plan.project.graph.quantities:
        hint = suggestion(check.quantity, plan.project.graph.quantities)
        raise PlannerError(f'no quantity "{check.quantity}"; {hint}')
    unit = plan.project.graph[check.quantity].unit
    found = _found(plan[check.quantity], check, plan)
    value = float(units.to_base(found, unit))
    holds, expected = True, []
    for word, text in (
        ("at least", check.at_least),
        ("at most", check.at_most),
        ("equals", check.equals),
    ):
        if text is None:
            continue
        try:
            bound, _ = units.read(text, unit)
        except UnitError as error:
            raise PlannerError(f"{word.replace(' ', '_')}: {error}") from None
        expected.append(text if word == "equals" else f"{word} {text}")
        if word == "at least":
            holds &= value >= bound
        elif word == "at most":
            holds &= value <= bound
        else:
            tolerance = check.tolerance.value if check.tolerance is not None else 0.0
            holds &= abs(value - bound) <= tolerance * abs(bound) + 1e-12 * abs(bound)
            expected[-1] += f" +- {100 * tolerance:.3g} %" if tolerance else ""
    shown, wanted = units.show(value, unit), " and ".join(expected)
    text = f"{'holds' if holds else 'FAILS'}: {check.name}: {check.quantity} is {shown}, expected {wanted}"
    return CheckResult(check.name, check.quantity, bool(holds), shown, wanted, text)


def _found(labelled: Labelled, check: Check, plan: Results) -> float:
    """The one number that a check speaks of, in the quantity's unit."""
    part = labelled.at(**check.where)
    together = partial(_together, quantity=plan.project.graph[check.quantity])
    if "month" in part.axes:
        if check.at is not None:
            part = part.at(month=month_label(check.at))
        else:
            months = np.asarray(part.values)[plan.horizon]
            flat = together(months.reshape(len(months), -1))
            if check.over == "end":
                return float(flat[-1])
            return float(getattr(flat, check.over or "max")())
    return float(together(np.ravel(part.values)))


def _together(values: Array, quantity: Quantity) -> Array:
    """What several positions come to, over the last axis: their sum; of ratios and waits the largest, or the worst."""
    if quantity.worst == "min":
        return np.asarray(values.min(axis=-1))
    if quantity.unit == "%" or quantity.name in NOT_ADDED:
        return np.asarray(values.max(axis=-1))
    return np.asarray(values.sum(axis=-1))
