"""Fit the constants of a transformer's step to the shipped runs, and print them for `constants.FITTED`.

    PYTHONPATH=. python tests/published/training_fit.py [RUNS.csv ..] [--rows WORD] [--fitted-only]

Prints each constant fitted, its prior, and the span of its values when a source is left out; the mean error fitted and
left out by source; with `--rows`, every row whose source has this word in it, with its named parts. The fit itself is
`planner.validation.fitting`, its data `planner.validation.training.priors`. Done: fit, leave one source out, named
parts. Not done: the values are copied into `constants.FITTED` by hand.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from planner.validation.accuracy import assess, pooled, standing
from planner.validation.cases import Case, read
from planner.validation.doubts import doubts
from planner.validation.training import dense
from planner.validation.training.priors import PRIORS
from planner.validation.training.reading import run_of
from planner.validation.training.runs import batch_of
from planner.validation.validate import shipped

LEAST = 0.01  # share of a step from which a part is printed


def main(arguments: list[str]) -> None:
    """Print the tables."""
    files = [Path(text) for text in arguments if text.endswith(".csv")] or shipped()[:1]
    cases = [case for case in read(files) if case.family == "llm-dense"]
    outcomes = dense.predict(cases)
    doubted = doubts(cases, outcomes)
    kept = [cases[i] for i in sorted(standing(cases, outcomes, doubted))]
    best = dense.fit(kept)
    sources = np.array(pooled([case.source for case in kept]))
    spread: list[dict[str, float]] = []
    left_out: dict[str, float] = {}
    for name in sorted(set(sources)) if "--fitted-only" not in arguments else []:
        spread.append(dense.fit([c for c, s in zip(kept, sources, strict=True) if s != name]))
        mine = [c for c, s in zip(kept, sources, strict=True) if s == name]
        left_out[name] = np.abs(errors(mine, spread[-1])).mean()
    for name, prior in PRIORS.items():
        values = [each[name] for each in spread] or [np.nan]
        print(
            f"{name:24}{best[name]:11.4g}  prior {prior.start:9.4g} +- {100 * prior.width:3.0f} %"
            f"  left out {min(values):9.4g} to {max(values):9.4g}"
        )
    fitted = errors(kept, best)
    print(f"\n{'source':40} rows  fitted   bias   worst  left out")
    for name in sorted(set(sources)):
        e = fitted[sources == name] * 100
        print(
            f"{name:40}{len(e):5}{np.abs(e).mean():8.2f}{e.mean():7.1f}"
            f"{e[np.abs(e).argmax()]:8.1f}{100 * left_out.get(name, np.nan):10.2f}"
        )
    found = assess("training", cases, dense.predict(cases, best), doubted)
    everywhere = 100 * np.mean(list(left_out.values()) or [np.nan])
    print(f"{'average over sources':40}{len(kept):5}{100 * found.macro:8.2f}{everywhere:25.2f}")
    print(f"with doubted rows {100 * found.with_doubted:.2f}")
    if "--rows" in arguments:
        print_rows(cases, best, arguments[arguments.index("--rows") + 1])


def errors(cases: list[Case], constants: Mapping[str, float]) -> np.ndarray:
    """Predicted over measured seconds, less 1."""
    runs = [run_of(case) for case in cases]
    measured = [dense.measured_seconds(case, run) for case, run in zip(cases, runs, strict=True)]
    return batch_of(runs).seconds(constants) / np.array(measured) - 1.0


def print_rows(cases: list[Case], constants: Mapping[str, float], word: str) -> None:
    """Every row of a source: layout, seconds, error, parts."""
    shown = "layers hidden seq global_batch micro_batch tp pp vpp cp dp linear_bits recompute_block"
    for case, outcome in zip(cases, dense.predict(cases, constants), strict=True):
        if word.lower() not in case.source.lower() or outcome.seconds is None:
            continue
        run = run_of(case)
        layout = " ".join(f"{name}={run.configuration[name]:g}" for name in shown.split())
        measured = dense.measured_seconds(case, run)
        error = 100 * (outcome.seconds / measured - 1)
        parts = {name: part / outcome.seconds for name, part in outcome.terms.items()}
        said = " ".join(f"{n}={100 * x:.0f}%" for n, x in parts.items() if x > LEAST)
        print(f"{case.label} {case.gpu} gpus={run.gpus:g} {layout}")
        print(f"    {measured:.3f} s, {outcome.seconds:.3f} predicted ({error:+.1f} %): {said}")


if __name__ == "__main__":
    main(sys.argv[1:])
