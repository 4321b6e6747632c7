"""How long does a step of a mixture of experts take, from its row's columns and its model's published shape?

The row is completed by the shape that its model's name means (`architectures/`) and then read like a dense one
(`dense`); how expert layers run comes from the framework's recipes (`recipes`). The constants are those of the dense
model, which no row of this family fits. Nothing is looked up by row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np

from planner.axes import Array
from planner.inputs.naming import (
    architecture_named,
    framework_named,
    framework_on,
    frameworks,
)
from planner.inputs.training import architecture
from planner.perf.training_step.constants import FITTED
from planner.perf.training_step.mixed_step import step_terms
from planner.perf.training_step.mixture import Mixture, MixtureSoftware, model_flops
from planner.perf.training_step.parameters import Shape
from planner.perf.training_step.step import MixedStepTerms, step_time
from planner.validation.cases import Case, Outcome
from planner.validation.training import reading
from planner.validation.training.conventions import TERA, UTILISATION, seconds_per_unit
from planner.validation.training.recipes import (
    NARROW,
    NOT_MODELLED,
    further_predictions,
    plain,
    recipe_of,
)
from planner.validation.training.runs import Run as DenseRun
from planner.validation.training.runs import batch_of, peaks_of

FITTED_BY = "dense"
COLUMNS = (  # of a row, and the size of the shape that fills it
    ("layers", "layers"), ("hidden", "hidden"), ("heads", "heads"), ("kv_heads", "kv_heads"),
    ("ffn_hidden", "ffn"), ("vocab", "vocab"),
)  # fmt: skip
REPEATED = ("recompute_experts", "recompute_activation", "recompute_latent")


@dataclass
class Run:
    """What a row says, completed; `reason` where it cannot be."""

    case: Case
    dense: DenseRun | None = None
    reason: str = ""
    mixture: dict[str, float] = field(default_factory=dict)
    software: dict[str, float] = field(default_factory=dict)
    assumed: list[str] = field(default_factory=list)


def predict(cases: Sequence[Case], constants: Mapping[str, float] | None = None) -> list[Outcome]:
    """An outcome for every case."""
    runs = [run_of(case) for case in cases]
    able = [run for run in runs if not run.reason]
    if not able:
        return [Outcome(reason=run.reason) for run in runs]
    terms, flops = _evaluate(able, constants or FITTED)
    names = [f.name for f in fields(terms)]
    seconds = step_time(terms)
    parts = np.array([np.broadcast_to(getattr(terms, name), seconds.shape) for name in names]).T
    found = iter(zip(able, seconds.tolist(), parts.tolist(), flops.tolist(), strict=True))
    return [
        _outcome(*next(found), names) if not run.reason else Outcome(reason=run.reason)
        for run in runs
    ]


def _evaluate(runs: Sequence[Run], constants: Mapping[str, float]) -> tuple[MixedStepTerms, Array]:
    batch = batch_of([run.dense for run in runs if run.dense])
    m = Mixture(**_stacked(Mixture, [run.mixture for run in runs]))
    mixed = MixtureSoftware(**_stacked(MixtureSoftware, [run.software for run in runs]))
    c, k = batch.configuration, batch.constants(constants)
    return step_terms(c, m, batch.system, batch.software, mixed, k), model_flops(c, m)


def _stacked(kind: type, records: Sequence[Mapping[str, float]]) -> dict[str, Array]:
    return {f.name: np.array([r[f.name] for r in records], float) for f in fields(kind)}


def _outcome(
    run: Run, seconds: float, parts: list[float], flops: float, names: list[str]
) -> Outcome:
    assert run.dense is not None
    n = {**run.dense.configuration, "gpus": run.dense.gpus}
    derived = run.case.metric in UTILISATION
    convert, _ = seconds_per_unit(run.case, n, peaks_of(run.dense))
    rate = flops * n["global_batch"] * n["seq"] / n["gpus"] / TERA / seconds
    model = plain(run.case.text("model"))
    return Outcome(
        predicted=rate if derived else convert(seconds),
        assumed=tuple(run.assumed),
        configuration=(*run.dense.identity, model, *run.mixture.values(), *run.software.values()),
        terms={name: part for name, part in zip(names, parts, strict=True) if part},
        seconds=seconds,
        derived=derived,
    )


def run_of(case: Case) -> Run:
    """The run that a row describes."""
    run = Run(case)
    name = case.text("model")
    shape = shape_of(name)
    if isinstance(shape, str):
        run.reason = shape
        return run
    if case.metric in ("mfu_pct", "hfu_pct"):
        run.reason = f"metric {case.metric}: the source's count of FLOPs is not stated"
        return run
    row = run.dense = reading.run_of(completed(case, shape))
    run.reason = row.reason
    if run.reason:
        return run
    c = row.configuration
    c["gated"] = shape.gated
    run.assumed = [text for text in row.assumed if "recomputation" not in text]
    run.assumed.append(f"shape of {name} as published")
    ranks = c["dp"] * c["cp"] * c["tp"]
    named = framework_named(case.text("source"), case.text("notes"))
    framework = frameworks()[
        framework_on(row.machine.generation if row.machine else "", named).name
    ]
    native = framework.zero_stage.value == 3.0
    ep = case.number("ep")
    if ep is None and c["zero_stage"] == 3.0 and not framework.experts_apart:
        ep = 1.0
        run.assumed.append("ep 1: experts are sharded like all weights")
    if ep is None:
        ep = _largest_divisor(int(shape.experts), ranks)
        run.assumed.append(f"ep {ep:g}: experts over all ranks of data parallelism")
    ep = max(ep, 1.0)  # 0: every rank holds all experts
    if ep > ranks or shape.experts % ep:
        run.reason = f"contradiction: ep = {ep:g}, ranks = {ranks:g}, experts = {shape.experts:g}"
        return run
    recipe = recipe_of(case, plain(name), native, framework.experts_apart)
    run.assumed.append(recipe.words)
    row.software.update(recipe.era)
    again = dict(recipe.recompute)
    if case.text("recompute"):
        again = {key: c[key] for key in ("recompute_block", "recompute_core")}
    c["recompute_block"] = again.pop("recompute_block", 0.0)
    c["recompute_core"] = again.pop("recompute_core", 0.0)
    repeated = {key: again.get(key, 0.0) for key in REPEATED}
    repeated["recompute_experts"] = max(repeated["recompute_experts"], c["recompute_block"])
    sizes = _sizes(shape, c["seq"], name)
    layout = dict(ep=ep, expert_tp=1.0, kept=1.0, **repeated)
    predictions, modules = further_predictions(name)
    run.mixture = {**sizes, **layout, "predictions": predictions, "prediction_modules": modules}
    without = {**run.mixture, "predictions": 0.0, "prediction_modules": 0.0}
    if predictions and not _predicts(case, row, run.mixture, without):
        run.mixture = without
        run.assumed.append("no further tokens predicted")
    run.software = dict(recipe.software)
    return run


def shape_of(name: str) -> Shape | str:
    """The shape that a model's name means, or why there is none."""
    if not name:
        return "missing: model"
    words = plain(name)
    for pattern, reason in NOT_MODELLED:
        if re.search(pattern, words):
            return f"layers that are not modelled: {reason}"
    named = architecture_named(name)
    shape = architecture(named.name) if named else None
    return shape if shape and shape.experts else f"no profile in architectures/ for {name}"


def completed(case: Case, shape: Shape) -> Case:
    """The row with the columns that its model's shape fills."""
    filled = {column: f"{getattr(shape, size):.0f}" for column, size in COLUMNS}
    return replace(case, fields={**case.fields, **filled})


def _sizes(shape: Shape, seq: float, name: str) -> dict[str, float]:
    """What `Mixture` has of a shape."""
    names = {f.name for f in fields(Shape)} & {f.name for f in fields(Mixture)}
    narrow = float(re.search(NARROW, plain(name)) is not None)
    return {
        **{each: float(getattr(shape, each)) for each in names},
        "attended": shape.attended(seq),
        "narrow_experts": narrow,
    }


def _predicts(
    case: Case, row: DenseRun, beyond: Mapping[str, float], without: Mapping[str, float]
) -> bool:
    """Whether a run predicts tokens beyond the next: as its words say, or as the FLOPs of a token that it states."""
    if re.search(r"w/?o mtp|without mtp|no mtp", case.words):
        return False
    stated = re.search(r"(\d+(?:\.\d+)?) MODEL TFLOP", case.text("notes"))
    c = row.configuration
    tokens = c["global_batch"] * c["seq"] / row.gpus
    rates = {
        "tokens_per_s_per_gpu": case.value or 0.0,
        "step_time_s": tokens / (case.value or 1.0),
    }
    if not stated or case.metric not in rates:
        return True
    flops = float(stated[1]) * TERA / rates[case.metric]
    batch = batch_of([row, row])
    m = Mixture(**_stacked(Mixture, [beyond, without]))
    more, less = model_flops(batch.configuration, m)
    return bool(abs(more - flops) < abs(less - flops))


def _largest_divisor(experts: int, ranks: float) -> float:
    """The most ranks that divide the experts evenly."""
    return float(max(n for n in range(1, experts + 1) if experts % n == 0 and ranks % n == 0))
