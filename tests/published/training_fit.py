"""Fit the constants of `planner.perf.training_step` to published runs and print the errors by source.

    PYTHONPATH=. python tests/published/training_fit.py RUNS.csv [VTRAIN.csv] [--rows SOURCE] [--fitted-only]

Residuals are logarithms of predicted over measured seconds with a robust loss, every source weighs the same, and
every constant is drawn to a starting value that stands for what is known of it without these runs. Prints the macro
error fitted, the error of each source with constants fitted without it, the constants and, on demand, single rows.
Done: fit, leave one source out. Not done: the fitted values are copied into `constants.FITTED` by hand; uncertainty of
the constants. No row is left out: those of a slow day weigh little in the fit and fully in the errors.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

from planner.perf.training_step.constants import GLOBAL as GLOBAL_NAMES
from planner.perf.training_step.constants import Constants, constants_of
from planner.perf.training_step.step import step_terms, step_time
from tests.published.training_rows import Rows, build, read

# name: start, relative width of what is known beforehand, lower and upper bound
GENERATION = {
    "volta.16": (0.65, 0.15, 0.3, 1.0),
    "ampere.16": (0.85, 0.08, 0.5, 1.0),
    "ampere.attention": (0.60, 0.20, 0.1, 1.0),
    "hopper.16": (0.68, 0.08, 0.4, 1.0),
    "hopper.8": (0.59, 0.08, 0.3, 1.0),
    "hopper.attention": (0.45, 0.20, 0.1, 1.0),
    "blackwell.8": (0.56, 0.10, 0.3, 1.0),
    "blackwell.4": (0.48, 0.10, 0.2, 1.0),
    "blackwell.attention": (0.40, 0.20, 0.1, 1.0),
    "cdna3.8": (0.35, 0.3, 0.1, 1.0),
}
GLOBAL = {
    "elementwise_eager": (1.2, 0.2, 0.5, 3.0),
    "elementwise_fused": (0.6, 0.3, 0.1, 3.0),
    "host_layer": (2.7e-3, 0.2, 1e-4, 2e-2),
    "host_sync": (0.12, 0.5, 1e-3, 1.0),
    "latency": (10e-6, 0.3, 1e-6, 1e-4),
    "tp_overlap": (0.5, 0.3, 0.05, 0.99),
    "dp_overlap": (0.6, 0.3, 0.05, 0.99),
    "zero_contention": (0.9, 0.3, 0.05, 2.0),
    "zero_contention_tuned": (0.3, 0.3, 0.02, 2.0),
    "power_exponent": (0.9, 0.2, 0.1, 1.5),
    "scale_loss": (0.01, 0.4, 1e-4, 0.05),
    "step_fixed": (5e-3, 0.7, 1e-5, 0.1),
}
PRIOR = {**GENERATION, **GLOBAL}
NAMES = list(PRIOR)
assert tuple(GLOBAL) == GLOBAL_NAMES
START = np.log([v[0] for v in PRIOR.values()])
WIDTH = np.array([v[1] for v in PRIOR.values()])
LOW, HIGH = np.log([v[2] for v in PRIOR.values()]), np.log([v[3] for v in PRIOR.values()])
PRIOR_WEIGHT = 0.02  # of one width off, against a relative error of that size in a whole source
ROBUST = 0.05  # relative error where a row begins to pull less: slow days and stalls are no evidence of a constant


def constants(values: np.ndarray, rows: Rows) -> Constants:
    """Constants of every row: its generation's and the global ones."""
    named = dict(zip(NAMES, np.exp(values), strict=True))
    bits = rows.configuration.linear_bits
    return constants_of(named, list(rows.generation), bits, rows.software.native_attention)


def predicted(values: np.ndarray, rows: Rows) -> np.ndarray:
    """Seconds a step of every row."""
    k = constants(values, rows)
    return step_time(step_terms(rows.configuration, rows.system, rows.software, k))


def fit(rows: Rows, keep: np.ndarray) -> np.ndarray:
    """Logarithms of the constants that fit the rows in `keep`."""
    part = subset(rows, keep)
    _, index, counts = np.unique(part.source, return_inverse=True, return_counts=True)
    weight = 1.0 / counts[index]

    def residuals(values: np.ndarray) -> np.ndarray:
        off = np.log(predicted(values, part) / part.measured)
        robust = np.sign(off) * ROBUST * np.sqrt(np.log1p((off / ROBUST) ** 2) * weight)
        return np.concatenate([robust, PRIOR_WEIGHT * (values - START) / WIDTH])

    return least_squares(residuals, START, bounds=(LOW, HIGH), x_scale=WIDTH, max_nfev=40).x


def subset(rows: Rows, keep: np.ndarray) -> Rows:
    """The rows where `keep` is true."""
    cut = lambda record: type(record)(**{k: x[keep] for k, x in record.__dict__.items()})  # noqa: E731
    return replace(
        rows, ids=[i for i, k in zip(rows.ids, keep, strict=True) if k], source=rows.source[keep],
        generation=rows.generation[keep], measured=rows.measured[keep], configuration=cut(rows.configuration),
        system=cut(rows.system), software=cut(rows.software),
    )  # fmt: skip


def main(arguments: list[str]) -> None:
    """Print the tables."""
    files = [a for a in arguments if a.endswith(".csv")]
    rows = build(read(Path(files[0])))
    everything = np.ones(len(rows.measured), bool)
    best = fit(rows, everything)
    error = predicted(best, rows) / rows.measured - 1
    names = sorted(set(rows.source))
    out = {}
    spread = []
    if "--fitted-only" not in arguments:
        for name in names:
            left = rows.source != name
            values = fit(rows, left)
            spread.append(values)
            out[name] = np.abs(predicted(values, rows) / rows.measured - 1)[~left].mean()
    print(f"{'source':24} rows  fitted  bias  worst   left out")
    for name in names:
        e = error[rows.source == name] * 100
        print(
            f"{name:24}{len(e):5}{np.abs(e).mean():8.2f}{e.mean():6.1f}{e[np.abs(e).argmax()]:7.1f}"
            f"{100 * out.get(name, np.nan):8.2f}"
        )
    fitted = np.mean([np.abs(error[rows.source == n]).mean() for n in names])
    print(
        f"{'macro':24}{len(error):5}{100 * fitted:8.2f}{'':13}{100 * np.mean(list(out.values()) or [np.nan]):8.2f}"
    )
    for i, name in enumerate(NAMES):
        s = np.exp([x[i] for x in spread]) if spread else [np.nan]
        print(
            f"{name:24}{np.exp(best[i]):11.4g}  start {PRIOR[name][0]:9.4g}"
            f"  left out {np.min(s):9.4g} to {np.max(s):9.4g}"
        )
    if len(files) > 1:
        full = build(read(Path(files[1])))
        e = predicted(best, full) / full.measured - 1
        print(f"all vTrain points: {100 * np.abs(e).mean():.2f} % of {len(e)}")
    if "--rows" in arguments:
        print_rows(rows, best, arguments[arguments.index("--rows") + 1].split(","))


def print_rows(rows: Rows, values: np.ndarray, sources: list[str]) -> None:
    """Every row of `sources`: layout, measured and predicted seconds, error, parts above 1 % of the step."""
    terms = step_terms(rows.configuration, rows.system, rows.software, constants(values, rows))
    total = step_time(terms)
    shown = "layers hidden seq global_batch micro_batch tp pp vpp cp dp linear_bits recompute_block"
    for i, name in enumerate(rows.ids):
        if rows.source[i] not in sources:
            continue
        layout = " ".join(f"{k}={getattr(rows.configuration, k)[i]:g}" for k in shown.split())
        share = {k: 100 * x[i] / total[i] for k, x in vars(terms).items()}
        parts = " ".join(f"{k}={x:.0f}%" for k, x in share.items() if x > 1)
        error = 100 * (total[i] / rows.measured[i] - 1)
        print(f"{name} {rows.generation[i]} gpus={rows.system.gpus[i]:g} {layout}")
        print(
            f"    {rows.measured[i]:.3f} s measured, {total[i]:.3f} predicted ({error:+.1f} %): {parts}"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
