"""Does the campaign model predict what an event simulation of every vehicle measured?

Reads a file of measured campaigns (inputs, outputs with their spread over seeds, mean curves), predicts each, and
compares every output in per cent and in standard deviations over seeds with the tolerance that its kind must meet.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from planner.axes import Array
from planner.errors import Fault, InputError
from planner.inputs.campaign import read_campaign
from planner.perf.campaign import CLASSES, Outcome, Output, predict

SPREADS = 3.0  # standard deviations over seeds that every kind of output may be off
QUARTER_HOUR = 0.25  # [hours]
TIME, BYTES, RATE, COUNT = 0.02, 0.01, 0.05, 0.03  # relative tolerances by kind
SHARE = 0.01  # of a completion curve and of the final share, absolute
HOURLY = 0.05  # of the peak hour, root mean square
WILSON_Z = 2.5758293035489004  # normal quantile of a two-sided 99 % interval
TINY = 1e-9  # of rounding
KINDS = (
    (r".*_h", TIME, QUARTER_HOUR),
    (r".*_tb", BYTES, 0.0),
    (r"(peak|p95)_.*|max_active_downloads", RATE, 0.0),
    (r"updated_share", 0.0, SHARE),
    (r"failed_vehicles|verify_failures|connection_drops|install_attempts", COUNT, 0.0),
)


@dataclass(frozen=True)
class CampaignRow:
    """One output of one case. `z`: standard deviations over seeds; None where there is no spread or no value."""

    case: str
    output: str
    measured: float | None
    std: float | None
    predicted: float | None
    error_pct: float | None
    z: float | None
    within: bool


def wilson(successes: float, trials: int, z: float = WILSON_Z) -> tuple[float, float]:
    """The Wilson interval of a chance (Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212)."""
    share = successes / trials
    scale = 1 + z * z / trials
    middle = (share + z * z / (2 * trials)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(0.0, middle - half), min(1.0, middle + half)


def tolerance(output: str, measured: float, std: float) -> float:
    """How far a prediction of this output may be off, in its own unit."""
    for pattern, relative, absolute in KINDS:
        if re.fullmatch(pattern, output):
            return max(relative * abs(measured), absolute, SPREADS * std)
    return SPREADS * std


def compare_output(
    case: str, output: str, measured: Mapping[str, Any], seeds: int, got: Output
) -> CampaignRow:
    """A row for one output."""
    mean, std = measured["mean"], measured["std"]
    low, high = wilson(measured["n_reached"], seeds)
    if output == "halted":
        low, high = wilson(mean * seeds, seeds)
        return _row(
            case, output, mean, std, got.mean, low - TINY <= (got.mean or 0.0) <= high + TINY
        )
    if mean is None or got.mean is None:
        within = low - TINY <= got.reached <= high + TINY
        return _row(case, output, mean, std, got.mean, within)
    # One seed of many that got there has no spread.
    allowed = tolerance(output, mean, std or 0.0)
    slack = TINY * max(1.0, abs(mean))
    return _row(case, output, mean, std, got.mean, abs(got.mean - mean) <= allowed + slack)


def _row(
    case: str, output: str, mean: float | None, std: float | None, got: float | None, within: bool
) -> CampaignRow:
    error = z = None
    if mean is not None and got is not None:
        error = 100 * (got / mean - 1) if mean else (0.0 if got == mean else None)
        z = (got - mean) / std if std else None
    return CampaignRow(case, output, mean, std, got, error, z, bool(within))


def compare_curves(case: str, curves: Mapping[str, Any], got: Outcome) -> Iterator[CampaignRow]:
    """Rows for the curves: the largest error of the completion curves, the root mean square of the hourly rates."""
    for name in ("updated_share", "download_share"):
        measured, predicted = np.array(curves[name], float), getattr(got, name)
        error = float(np.abs(_same(predicted, measured) - measured).max())
        yield CampaignRow(case, f"curve_{name}", 0.0, None, error, None, None, error <= SHARE)
    measured = np.array(curves["hourly_gbps"], float)
    error = float(np.sqrt(((_same(got.hourly_gbps, measured) - measured) ** 2).mean()))
    within = bool(error <= HOURLY * measured.max())
    yield CampaignRow(case, "curve_hourly_gbps_rms", 0.0, None, error, None, None, within)


def _same(predicted: Array, measured: Array) -> Array:
    """The prediction on the measured curve's points."""
    if predicted.size < measured.size:
        predicted = np.pad(predicted, (0, measured.size - predicted.size), mode="edge")
    return predicted[: measured.size]


def read_cases(path: Path) -> list[dict[str, Any]]:
    """The cases of a file of measured campaigns."""
    try:
        cases = json.loads(path.read_text(encoding="utf-8"))["cases"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError([Fault(str(path), 0, "", f"is no file of campaigns: {error}")]) from error
    return list(cases)


def compare_campaigns(path: Path, classes: int = CLASSES) -> Iterator[CampaignRow]:
    """Every output and curve of every case against the model's prediction."""
    for case in read_cases(path):
        name, seeds = str(case["name"]), len(case["seeds"])
        got = predict(read_campaign(case["inputs"], f"{path}:{name}"), classes)
        for output, measured in case["measured"].items():
            if output not in got.outputs:
                row = _row(name, output, measured["mean"], measured["std"], None, False)
            else:
                row = compare_output(name, output, measured, seeds, got.outputs[output])
            yield row
        yield from compare_curves(name, case["curves_mean"], got)
