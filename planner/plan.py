"""A plan: the results of a scenario at its medians, and what follows from them.

`plan["gpus"]` hands out labelled values, `plan.orders`, `plan.warnings` and `plan.assumptions` say what a reader must
know beyond the numbers, `plan.explain("gpus")` why a number is what it is.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from planner.errors import PlanForbidden
from planner.project import load
from planner.results import Results

if TYPE_CHECKING:
    from planner.findings import Assumption, Order, TrainingLayout, Warning_
    from planner.lineage import Explanation

# Stands on every page, file and explanation of a plan that a rule stops.
STOPPED_MARK = "NOT FEASIBLE: a rule stops this plan"


def size(scenario: str | os.PathLike[str], **options: Any) -> Plan:
    """The plan of a scenario at the medians; options as for `load`. Raises PlanForbidden where a rule forbids it."""
    plan = load(scenario, **options).plan()
    plan.require_lawful()
    return plan


@dataclass(frozen=True)
class Plan(Results):
    """The results of a project at its medians, and what follows from them.

    What follows is found when it is first asked for, so that a plan costs no more than its numbers.
    """

    def require_lawful(self) -> None:
        """Raise PlanForbidden where a rule stops the plan; `model.trade` says when one does."""
        if self.stops:
            raise PlanForbidden("\n".join(self.stops))

    @cached_property
    def stops(self) -> tuple[str, ...]:
        """Why rules stop the plan, and what is allowed instead; empty where they do not."""
        from planner.findings import stops

        return tuple(stops(self))

    @property
    def mark(self) -> str:
        """What every page, file and explanation made of the plan has to say; empty where there is nothing to say."""
        marks = [super().mark, STOPPED_MARK if self.stops else ""]
        return "; ".join(filter(None, marks))

    def explain(self, name: str, **options: Any) -> Explanation:
        """Why a quantity (or an input) has its value: expression, parameters, down to the lines of the inputs."""
        from planner.lineage import explain

        return explain(self, name, **options)

    @cached_property
    def orders(self) -> tuple[Order, ...]:
        """The order book, by date."""
        from planner.findings import orders

        return tuple(orders(self))

    @cached_property
    def warnings(self) -> tuple[Warning_, ...]:
        """What falls short or is not served, with months and size."""
        from planner.findings import warnings

        return tuple(warnings(self))

    @cached_property
    def training_layouts(self) -> tuple[TrainingLayout, ...]:
        """How training jobs are laid out, as far as their steps are predicted."""
        from planner.findings import training_layouts

        return tuple(training_layouts(self))

    @cached_property
    def assumptions(self) -> tuple[Assumption, ...]:
        """The assumed inputs that move the result most."""
        from planner.findings import assumptions

        return tuple(assumptions(self))

    def __repr__(self) -> str:
        mark = f", {self.mark}" if self.mark else ""
        return f"Plan({self.title!r}, {self.horizon_months[0]} to {self.horizon_months[-1]}{mark})"
