"""Predict cases, doubt what is contradicted, leave sources out if asked to, and put the errors together.

With `leave_out`, the constants of every predictor that can be fitted are fitted without the rows of a group, which are
then predicted with them: names of columns leave out each of their groups in turn (`source`: sources with few
configurations together; `model,gpu`), `each` is short for `source`, and the name of a source leaves out that one alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from planner import resources
from planner.errors import PlannerError, suggestion
from planner.validation.accuracy import Accuracy, assess, pooled, standing
from planner.validation.cases import COLUMNS, Case, Outcome, read, source_name
from planner.validation.doubts import doubts
from planner.validation.training import by_module, fitted_by, module_of, predict

KINDS = ("training",)
CAMPAIGN = "campaign"
"""The kind of `planner.validation.campaign`, which has files and errors of its own."""
EACH = "each"

Progress = Callable[[int, int, str], None]


def validate(
    kind: str,
    files: Sequence[Path] = (),
    by: Sequence[str] = ("source",),
    leave_out: str | None = None,
    families: Sequence[str] = (),
    progress: Progress | None = None,
) -> Accuracy:
    """How far the predictors of a kind are from the cases in files; the shipped ones where no file is given."""
    if kind not in KINDS:
        raise PlannerError(f"{kind}: no such kind of case; {suggestion(kind, (*KINDS, CAMPAIGN))}")
    cases = read(files or shipped())
    if not cases:
        raise PlannerError(f"{', '.join(map(str, files))}: no row below the columns")
    known = {case.family for case in cases}
    for name in families:
        if name not in known:
            raise PlannerError(f"--family {name}: no row of it; {suggestion(name, known)}")
    cases = [case for case in cases if not families or case.family in families]
    columns = {name for case in cases for name in case.fields}
    for name in by:
        if name not in columns:
            raise PlannerError(
                f"--by {name}: no such column; {suggestion(name, columns or COLUMNS)}"
            )
    outcomes = predict(cases)
    doubted = doubts(cases, outcomes)
    if leave_out:
        groups = _groups(cases, outcomes, leave_out)
        kept = standing(cases, outcomes, doubted)
        outcomes = _left_out(cases, outcomes, groups, kept, progress)
    return assess(kind, cases, outcomes, doubted, by)


def shipped() -> list[Path]:
    """The files of cases in the package."""
    return resources.measured_runs()


def _groups(cases: Sequence[Case], outcomes: Sequence[Outcome], leave_out: str) -> list[list[int]]:
    """Positions of the cases of each group that is left out together."""
    columns = ["source"] if leave_out == EACH else leave_out.split(",")
    if all(any(column in case.fields for case in cases) for column in columns):
        able = [i for i, outcome in enumerate(outcomes) if outcome.predicted is not None]
        labels = [", ".join(cases[i].cell(column) for column in columns) for i in able]
        if columns == ["source"]:
            labels = pooled(labels)
        members: dict[str, list[int]] = {}
        for i, label in zip(able, labels, strict=True):
            members.setdefault(label, []).append(i)
        return list(members.values())
    sources = {case.source for case in cases}
    wanted = leave_out.lower()
    found = [name for name in sources if name.lower() in (wanted, source_name(leave_out).lower())]
    found = found or list({case.source for case in cases if case.text("source") == leave_out})
    found = found or [name for name in sources if wanted in name.lower()]
    if len(found) != 1:
        why = "fits several sources" if found else "no such source or column"
        raise PlannerError(
            f"--leave-out {leave_out}: {why}; {suggestion(leave_out, found or sources)}"
        )
    return [[i for i, case in enumerate(cases) if case.source == found[0]]]


def _left_out(
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    groups: Sequence[Sequence[int]],
    kept: set[int],
    progress: Progress | None,
) -> list[Outcome]:
    """Outcomes in which every group is predicted with constants that are fitted without it."""
    found = list(outcomes)
    for done, group in enumerate(groups):
        if progress:
            progress(done, len(groups), cases[group[0]].source)
        left = set(group)
        rest = [cases[i] for i in sorted(kept - left)]
        constants = dict(_fits(rest, {cases[i].family for i in group}))
        for i, outcome in zip(group, predict([cases[i] for i in group], constants), strict=True):
            found[i] = outcome
    return found


def _fits(cases: Sequence[Case], families: set[str]) -> Iterator[tuple[str, dict[str, float]]]:
    """Constants of the predictors of `families`, by the name of the predictor that is fitted, fitted on cases."""
    wanted = {fitted_by(family) for family in families}
    for name, places in by_module(cases).items():
        module = module_of(cases[places[0]].family)
        if name in wanted and module is not None and hasattr(module, "fit"):
            yield name, module.fit([cases[i] for i in places])
