"""How is each training job laid out on its accelerators, and what takes the time of a step?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np

from planner.axes import HARDWARE, MONTH, SCALE, SITE, TERM, WORKLOAD, on
from planner.perf.training_step.scales import TrainingJobs
from planner.plan import Plan

DEGREES = {
    "tp": "tensor {}",
    "cp": "context {}",
    "pp": "pipeline {}",
    "vpp": "interleaved {}",
    "dp": "data {}",
}
TERMS_SHOWN = 3


@dataclass(frozen=True)
class TrainingLayout:
    """The layout of a release run in the last month, on the scale that is next above what it needs."""

    workload: str
    hardware: str
    gpus_needed: float
    gpus: float  # of the layout
    layout: Mapping[str, float | str]
    step_time: float  # s
    step_tokens: float
    utilisation: float  # useful FLOPs over the dense peak while nothing interrupts
    terms: Mapping[str, float]  # s, the longest first
    text: str


def training_layouts(plan: Plan) -> Iterator[TrainingLayout]:
    """For each workload that a site trains, and each kind of hardware that it trains on; those that are predicted."""
    jobs = cast("TrainingJobs", plan.project.leaves["training_jobs"])
    names = ("run_gpus", "step_time", "step_by_term", "accelerator_peak")
    runs, times, by_term, peaks = plan.values(*names)
    runs = on(runs, MONTH, WORKLOAD, SITE)[0, -1]
    times = on(times, WORKLOAD, HARDWARE, SCALE)[0]
    by_term = on(by_term, WORKLOAD, HARDWARE, SCALE, TERM)[0]
    peaks = on(peaks, WORKLOAD, HARDWARE)[0]
    tokens = on(plan.leaf("step_tokens"), WORKLOAD)[0]
    flops = on(plan.values("token_flops")[0], WORKLOAD)[0]
    scales = on(plan.leaf("scale_gpus"), SCALE)[0]
    trains = on(plan.leaf("site_trains_on"), SITE, HARDWARE)[0]
    labels = plan.project.table.labels
    for w, workload in enumerate(labels[WORKLOAD]):
        for h, hardware in enumerate(labels[HARDWARE]):
            needed = float((runs[w] * trains[:, h]).max())
            fitting = np.flatnonzero(times[w, h] > 0)
            if needed <= 0 or not len(fitting):
                continue
            above = fitting[scales[fitting] >= needed]
            scale = int(above[0] if len(above) else fitting[-1])
            time, gpus = float(times[w, h, scale]), float(scales[scale])
            parts = dict(zip(labels[TERM], by_term[w, h, scale].tolist(), strict=True))
            longest = dict(sorted(parts.items(), key=lambda part: -part[1]))
            utilisation = float(tokens[w] * flops[w] / (time * gpus * peaks[w, h]))
            layout = jobs.layout(w, h, scale) or {}
            text = (
                f"{workload}: {_whole(needed)} of {hardware} in {plan.months[-1]}, laid out on {_whole(gpus)} as "
                f"{in_words(layout)}; {time:.3g} s a step, {utilisation:.0%} of the dense peak; "
                f"most of it {_most(longest, sum(parts.values()))}"
            )
            yield TrainingLayout(
                workload,
                hardware,
                needed,
                gpus,
                layout,
                time,
                float(tokens[w]),
                utilisation,
                longest,
                text,
            )


def assumed(plan: Plan) -> Iterator[str]:
    """In words: workloads of which no step is predicted on some kind of hardware, with what is assumed instead."""
    predicted = on(plan.leaf("training_is_predicted"), WORKLOAD, HARDWARE)[0]
    used = on(plan.leaf("site_trains_on"), SITE, HARDWARE)[0].any(axis=0)
    share = on(plan.leaf("model_utilisation"), WORKLOAD)[0]
    labels = plan.project.table.labels
    for w, workload in enumerate(labels[WORKLOAD]):
        kinds = [
            name
            for h, name in enumerate(labels[HARDWARE])
            if used[h] and not predicted[w % len(predicted), h % predicted.shape[1]]
        ]
        if kinds:
            yield (
                f"{workload} on {', '.join(kinds)}: no step is predicted; "
                f"{share[w % len(share)]:.0%} of the dense peak assumed"
            )


def in_words(layout: Mapping[str, float | str]) -> str:
    """The degrees above one, the micro-batch, what is sharded and recomputed."""
    degrees = [
        words.format(int(layout[name]))
        for name, words in DEGREES.items()
        if float(layout[name]) > 1
    ]
    stage = int(layout["zero_stage"])
    return ", ".join(
        [
            *(degrees or ["one accelerator"]),
            f"micro-batch {int(layout['micro_batch'])}",
            *([f"ZeRO-{stage}"] if stage else []),
            *([f"{layout['recompute']} recomputed"] if layout["recompute"] != "nothing" else []),
        ]
    )


def _most(terms: Mapping[str, float], total: float) -> str:
    """The longest parts of a step with their shares."""
    shown = list(terms.items())[:TERMS_SHOWN]
    return ", ".join(f"{name.replace('_', ' ')} {seconds / total:.0%}" for name, seconds in shown)


def _whole(count: float) -> str:
    return f"{np.ceil(count - 1e-9):,.0f}"
