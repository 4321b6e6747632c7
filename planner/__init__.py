"""AI factory planner: what must an AI factory be, month by month, and why?

    import planner

    plan = planner.size("scenarios/5pct_ev_market.yaml")
    plan["gpus"].at(site="taiwan")
    plan.explain("gpus")
    planner.spread(plan, ["tco"])["tco"]["p90"]
    planner.simulate(plan.project).risk

Names load when they are first used, so that `import planner` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planner.errors import InputError, PlanForbidden, PlannerError
    from planner.plan import Plan, size
    from planner.project import Project, load
    from planner.study.drawn import spread
    from planner.study.simulation import Simulation, simulate

    __version__: str

__all__ = [
    "InputError",
    "Plan",
    "PlanForbidden",
    "PlannerError",
    "Project",
    "Simulation",
    "__version__",
    "load",
    "simulate",
    "size",
    "spread",
]

_HOMES = {
    "InputError": "planner.errors",
    "PlanForbidden": "planner.errors",
    "PlannerError": "planner.errors",
    "Plan": "planner.plan",
    "Project": "planner.project",
    "load": "planner.project",
    "size": "planner.plan",
    "Simulation": "planner.study.simulation",
    "simulate": "planner.study.simulation",
    "spread": "planner.study.drawn",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("ai-factory-planner")
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'planner' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
