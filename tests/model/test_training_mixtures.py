"""Mixtures of experts and hybrids in the plan: laid out and timed as `planner predict training` does."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import HARDWARE, SCALE, TERM, WORKLOAD, on
from planner.findings import assumed
from planner.perf.training_jobs import TrainingJobs
from planner.plan import Plan
from planner.project import load
from planner.study.layouts.jobs import wanted
from planner.study.layouts.one import Asked, one

DRIVING = 1
MODELS = {  # active parameters and sequences of a step
    "mixtral_8x7b": (12.9e9, 1024),
    "deepseek_v2": (21.3e9, 1024),
    "nemotron3_nano": (3.58e9, 512),
}


def driven_by(model: str) -> Plan:
    active, batch = MODELS[model]
    changes = (f"architecture={model}", f"parameters={active}", f"batch={batch}")
    return load("5pct_ev_market", set=[f"models.driving_10b.{each}" for each in changes]).plan()


@pytest.fixture(scope="module", params=MODELS)
def plan(request: pytest.FixtureRequest) -> Plan:
    return driven_by(request.param)


def jobs_of(plan: Plan) -> TrainingJobs:
    jobs = plan.project.leaves["training_jobs"]
    assert isinstance(jobs, TrainingJobs)
    return jobs


def asked(layout: dict[str, int | str]) -> Asked:
    names = ("tp", "pp", "cp", "ep", "interleave", "micro_batch", "shard_group")
    numbers = {name: int(layout[name]) for name in names}
    if layout["zero_stage"] != 3:
        del numbers["shard_group"]
    return Asked(zero=int(layout["zero_stage"]), recompute=str(layout["recompute"]), **numbers)


def test_a_step_takes_what_predict_training_says_of_its_layout(plan: Plan) -> None:
    model = plan.project.inputs.profile("models", "driving_10b")
    times = on(plan.values("step_time")[0], WORKLOAD, HARDWARE, SCALE)[0, DRIVING, 0]
    compared = 0
    for scale, gpus in enumerate(plan.leaf("scale_gpus").ravel()):
        layout = jobs_of(plan).layout(DRIVING, 0, scale)
        if layout is None:
            assert times[scale] == 0
            continue
        job = wanted(model.architecture, "gh200_nvl32", int(gpus), batch=int(model.batch.value))
        choice, missing = one(job, asked(layout))
        assert not missing
        assert times[scale] == pytest.approx(choice.step_time, rel=1e-9)
        compared += 1
    assert compared >= 8


def test_the_answer_names_the_layout_of_the_experts(plan: Plan) -> None:
    (driving,) = (each for each in plan.training_layouts if each.workload == "driving")
    assert f"experts over {driving.layout['ep']}" in driving.text
    assert sum(driving.terms.values()) == pytest.approx(driving.step_time, rel=1e-9)
    assert driving.terms["experts"] > 0 == driving.terms["matrix_products"]
    assert 0.1 < driving.utilisation < 0.65
    assert not [text for text in assumed(plan) if text.startswith("driving")]


def test_only_a_hybrid_has_state_spaces(plan: Plan) -> None:
    terms = on(plan.values("step_by_term")[0], WORKLOAD, HARDWARE, SCALE, TERM)[0, :, 0]
    at = plan.project.table.labels[TERM].index("state_space")
    hybrid = plan.project.inputs.profile("models", "driving_10b").architecture == "nemotron3_nano"
    assert (terms[DRIVING, :, at] > 0).any() == hybrid
    assert not terms[[0, 2], :, at].any()


def test_checkpoints_hold_all_experts(plan: Plan) -> None:
    name = plan.project.inputs.profile("models", "driving_10b").architecture
    saved = plan.values("checkpoint_size")[0].ravel()[DRIVING]
    all_parameters = {"mixtral_8x7b": 46.7e9, "deepseek_v2": 236e9, "nemotron3_nano": 31.6e9}
    assert saved == pytest.approx(14 * all_parameters[name], rel=0.02)


def test_draws_of_the_hardware_stand_alone() -> None:
    """Each hardware number that dense jobs feel moves the step; a draw among others is the draw alone, bit for bit."""
    plan = driven_by("mixtral_8x7b")
    jobs = jobs_of(plan)
    usual = {
        "peak_16": 989e12,
        "memory_rate": 4.8e12,
        "cache": 50e6,
        "nvlink": 450e9,
        "processors": 132.0,
        "power": 1.0,
        "nic": 50e9,
        "domain": 32.0,
    }
    rows = [usual] + [usual | {name: value * 0.5} for name, value in usual.items()]
    felt = {name: np.array([[row[name]] for row in rows]) for name in usual}
    felt["peak_linear"] = np.repeat(felt["peak_16"][:, None], 3, axis=1)
    vector = np.full((len(rows), 1), 67e12)
    together = jobs.by_term(vector, **felt)
    driving = together[:, DRIVING].sum(axis=-1)
    for row, name in enumerate(usual, start=1):
        assert (driving[row] != driving[0]).any(), name
        alone = {each: values[row : row + 1] for each, values in felt.items()}
        assert np.array_equal(jobs.by_term(vector[:1], **alone)[0], together[row])


def test_plans_with_experts_are_the_same_however_draws_are_cut() -> None:
    """Accelerators for a deadline under drawn hardware and checkpoints, five draws at once and in two blocks."""
    project = driven_by("mixtral_8x7b").project
    table = project.table
    paths = ("accelerators.gh200_144.bf16", "checkpoint.stall", "training.step_error")
    factors = np.random.default_rng(3).uniform(0.7, 1.3, (len(paths), 5))
    draws = {}
    for path, factor in zip(paths, factors, strict=True):
        index = next(i for i, row in enumerate(table.rows) if row.path.startswith(path))
        draws[index] = table.rows[index].value * factor
    names = ["run_gpus", "gpus_required", "tco"]
    whole = project.run(names, leaves=table.redrawn(draws), draws=5)
    for block in (slice(0, 2), slice(2, 5)):
        some = {index: values[block] for index, values in draws.items()}
        part = project.run(names, leaves=table.redrawn(some), draws=len(range(*block.indices(5))))
        for name in names:
            assert np.array_equal(part[name], whole[name][block]), name
    assert len(np.unique(whole["tco"])) == 5
