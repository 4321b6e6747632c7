"""How is each training job laid out on its accelerators, and what takes the time of a step?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np

from planner.axes import HARDWARE, MONTH, SCALE, SITE, TERM, WORKLOAD, Array, on
from planner.findings.spans import Warning_, months_text, span_of
from planner.inputs.structure.training import why_not
from planner.perf.training_jobs import TrainingJobs
from planner.results import Results

DEGREES = {
    "tp": "tensor {}",
    "cp": "context {}",
    "pp": "pipeline {}",
    "interleave": "interleaved {}",
    "dp": "data {}",
    "ep": "experts over {}",
}
TERMS_SHOWN = 3
LIKE = 0.1  # a model may be named by a tenth more or fewer parameters than its architecture has


@dataclass(frozen=True)
class TrainingLayout:
    """The layout of a release run in the last month, on the scale that is next above what it needs."""

    workload: str
    hardware: str
    gpus_needed: float
    gpus: float  # of the layout
    layout: Mapping[str, int | str]
    step_time: float  # s
    step_tokens: float  # 0 where samples are counted
    utilisation: float  # useful FLOPs over the dense peak while nothing interrupts
    terms: Mapping[str, float]  # s, the longest first
    text: str


def training_layouts(plan: Results) -> Iterator[TrainingLayout]:
    """For each workload that a site trains, and each kind of hardware that it trains on; those that are predicted."""
    jobs = cast("TrainingJobs", plan.project.leaves["training_jobs"])
    times, by_term, peaks = plan.values("step_time", "step_by_term", "accelerator_peak")
    runs = _runs(plan)[-1]
    times = on(times, WORKLOAD, HARDWARE, SCALE)[0]
    by_term = on(by_term, WORKLOAD, HARDWARE, SCALE, TERM)[0]
    peaks = on(peaks, WORKLOAD, HARDWARE)[0]
    tokens = on(plan.leaf("step_tokens"), WORKLOAD)[0]
    flops = on(plan.values("step_flops")[0], WORKLOAD)[0]
    scales = on(plan.leaf("scale_gpus"), SCALE)[0]
    trains = on(plan.leaf("site_trains_on"), SITE, HARDWARE)[0]
    labels = plan.project.table.labels
    alone = " (if all were)" if trains.any(axis=0).sum() > 1 else ""
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
            utilisation = float(flops[w] / (time * gpus * peaks[w, h]))
            layout = jobs.layout(w, h, scale) or {}
            text = (
                f"{workload}: {_whole(needed)} of {hardware}{alone} in {plan.months[-1]}, laid out on "
                f"{_whole(gpus)} as {in_words(layout)}; {time:.3g} s a step, {utilisation:.0%} of the dense peak; "
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


def assumed(plan: Results) -> Iterator[str]:
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
        model = plan.project.inputs.scenario.workloads[workload].model
        why = dict.fromkeys(why_not(plan.project.inputs, model, kind) for kind in kinds)
        if kinds:
            yield (
                f"{workload} on {', '.join(kinds)}: no step is predicted ({', '.join(why)}); "
                f"{share[w % len(share)]:.0%} of the dense peak assumed"
            )


def warnings(plan: Results) -> Iterator[Warning_]:
    """Models that are not those whose step is predicted, and runs that no number of accelerators ends in time."""
    yield from _unlike(plan)
    yield from _saturated(plan)


def _unlike(plan: Results) -> Iterator[Warning_]:
    """Workloads whose model has another size than the architecture at whose speed it trains."""
    own = on(plan.leaf("model_parameters"), WORKLOAD)[0]
    laid_out = on(plan.leaf("architecture_parameters"), WORKLOAD)[0]
    first, last = plan.horizon_months[0], plan.horizon_months[-1]
    for w, workload in enumerate(plan.project.table.labels[WORKLOAD]):
        if laid_out[w] <= 0 or abs(own[w] / laid_out[w] - 1.0) <= LIKE:
            continue
        text = (
            f"{workload}: its model has {own[w] / 1e9:.3g} billion parameters, the architecture at whose speed "
            f"it trains {laid_out[w] / 1e9:.3g}; memory and layout are the latter's"
        )
        yield Warning_("architecture", workload, first, last, float(own[w]), "1", text)


def _saturated(plan: Results) -> Iterator[Warning_]:
    """Runs that need more than the largest job that is any faster than a smaller one."""
    runs = _runs(plan)
    rates = on(plan.values("site_training_rate")[0], WORKLOAD, SITE, SCALE)[0]
    scales = on(plan.leaf("scale_gpus"), SCALE)[0]
    most = scales[rates.argmax(axis=-1)]
    labels = plan.project.table.labels
    for w, workload in enumerate(labels[WORKLOAD]):
        over = (runs[:, w] - most[w]).max(axis=1)
        found = span_of(plan, np.broadcast_to(np.maximum(over, 0.0), len(plan.months)))
        if found is None:
            continue
        first, last, size = found
        largest = most[w, int(np.argmax((runs[:, w] - most[w]).max(axis=0)))]
        text = (
            f"{workload}: a run needs {_whole(size + largest)} GPUs at once, {months_text(first, last)}; no more than "
            f"{largest:,.0f} are known to be faster than fewer, the rest is counted in proportion"
        )
        yield Warning_("deadline", workload, first, last, size, "1", text)


def _runs(plan: Results) -> Array:
    """Accelerators of a release run in its pool, by month, workload and site; 0 at sites that take no part in it."""
    runs, here = (
        on(x, MONTH, WORKLOAD, SITE)[0] for x in plan.values("run_gpus", "gpus_for_release")
    )
    return np.where(here > 0, runs, 0.0)


def in_words(layout: Mapping[str, int | str]) -> str:
    """The degrees above one, the micro-batch, what is sharded and recomputed."""
    degrees = [words.format(layout[name]) for name, words in DEGREES.items() if layout[name] != 1]
    stage, recomputed = layout["zero_stage"], layout["recompute"]
    group, replicas = layout["shard_group"], int(layout["dp"]) * int(layout["cp"])
    groups = f" in groups of {group}" if stage == 3 and group != replicas else ""
    return ", ".join(
        [
            *(degrees or ["one accelerator"]),
            f"micro-batch {layout['micro_batch']}",
            *([f"ZeRO-{stage}{groups}"] if stage else []),
            *([f"{recomputed} recomputation"] if recomputed != "none" else []),
        ]
    )


def _most(terms: Mapping[str, float], total: float) -> str:
    """The longest parts of a step with their shares."""
    shown = list(terms.items())[:TERMS_SHOWN]
    return ", ".join(f"{name.replace('_', ' ')} {seconds / total:.0%}" for name, seconds in shown)


def _whole(count: float) -> str:
    return f"{np.ceil(count - 1e-9):,.0f}"
