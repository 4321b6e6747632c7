"""How long does a step of a dense transformer take, from the columns of its row alone?

`reading` turns a row into a run, or says why it cannot; all runs go through `planner.perf.training_step` together, as
arrays (`runs`). `fit` gives the constants that fit measured runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

import numpy as np

from planner.perf.training_step.constants import FITTED
from planner.perf.training_step.step import step_time
from planner.validation import fitting
from planner.validation.cases import Case, Outcome
from planner.validation.training.conventions import UTILISATION, exact_value, seconds_per_unit
from planner.validation.training.priors import PRIORS
from planner.validation.training.reading import run_of
from planner.validation.training.runs import Run, batch_of, peaks_of


def predict(cases: Sequence[Case], constants: Mapping[str, float] | None = None) -> list[Outcome]:
    """An outcome for every case."""
    runs = [run_of(case) for case in cases]
    able = [run for run in runs if not run.reason]
    if not able:
        return [Outcome(reason=run.reason) for run in runs]
    terms = batch_of(able).terms(constants or FITTED)
    seconds = step_time(terms)
    names = [f.name for f in fields(terms)]
    parts = np.array([np.broadcast_to(getattr(terms, name), seconds.shape) for name in names]).T
    found = iter(zip(seconds.tolist(), parts.tolist(), strict=True))
    return [
        _outcome(run, *next(found), names) if not run.reason else Outcome(reason=run.reason)
        for run in runs
    ]


def _outcome(run: Run, seconds: float, parts: list[float], names: list[str]) -> Outcome:
    n = {**run.configuration, "gpus": run.gpus}
    convert, _ = seconds_per_unit(run.case, n, peaks_of(run))
    return Outcome(
        predicted=convert(seconds),
        assumed=tuple(run.assumed),
        configuration=run.identity,
        terms={name: part for name, part in zip(names, parts, strict=True) if part},
        measured=exact_value(run.case, n),
        seconds=seconds,
        derived=run.case.metric in UTILISATION,
    )


def measured_seconds(case: Case, run: Run) -> float:
    """The measured step [s]."""
    n = {**run.configuration, "gpus": run.gpus}
    convert, _ = seconds_per_unit(case, n, peaks_of(run))
    value = exact_value(case, n) or case.value
    assert value is not None
    return convert(value)


def fit(cases: Sequence[Case]) -> dict[str, float]:
    """Constants that fit the cases; each must be predictable, and none a repeat."""
    runs = [run_of(case) for case in cases]
    batch = batch_of(runs)
    measured = np.array(
        [measured_seconds(case, run) for case, run in zip(cases, runs, strict=True)]
    )
    return fitting.fit(PRIORS, batch.seconds, measured, [case.source for case in cases])
