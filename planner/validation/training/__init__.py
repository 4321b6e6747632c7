"""Predictors of training runs, one module a family, each with `predict(cases, constants) -> list[Outcome]`.

A module may also have `fit(cases) -> constants`, which `--leave-out` calls with the cases that are kept, and which
returns what `predict` then takes; or it names in `FITTED_BY` the module whose constants it takes. Modules are imported
when a family first needs them.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from types import ModuleType

from planner.validation.cases import Case, Outcome

MODULES = {
    "llm-dense": "dense",
    "llm-moe": "moe",
    "vision": "image",
    "detector": "image",
    "diffusion": "image",
    "other": "image",
}
"""Family of a case: the module that predicts it."""

Constants = Mapping[str, float]


def module_of(family: str) -> ModuleType | None:
    """The predictor of a family; none where there is none."""
    name = MODULES.get(family)
    path = f"{__name__}.{name}"
    if name is None or importlib.util.find_spec(path) is None:
        return None
    return importlib.import_module(path)


def fitted_by(family: str) -> str:
    """The module whose fit gives the constants of a family's predictor."""
    return str(getattr(module_of(family), "FITTED_BY", MODULES.get(family, "")))


def by_module(cases: Sequence[Case]) -> dict[str, list[int]]:
    """Positions of the cases of each predictor, by its name; unreadable ones and those of none under the empty name."""
    found: dict[str, list[int]] = {}
    for i, case in enumerate(cases):
        name = MODULES.get(case.family, "") if not case.unreadable else ""
        found.setdefault(name if module_of(case.family) else "", []).append(i)
    return found


def predict(
    cases: Sequence[Case], constants: Mapping[str, Constants] | None = None
) -> list[Outcome]:
    """An outcome for every case; `constants` by the name of the module that is fitted, its own where there are none."""
    outcomes = [
        Outcome(
            reason=case.unreadable
            or f"no model of the family {case.family or 'that is not stated'}"
        )
        for case in cases
    ]
    for name, places in by_module(cases).items():
        module = module_of(cases[places[0]].family)
        if not name or module is None:
            continue
        own = (constants or {}).get(fitted_by(cases[places[0]].family))
        for i, outcome in zip(places, module.predict([cases[i] for i in places], own), strict=True):
            outcomes[i] = outcome
    return outcomes
