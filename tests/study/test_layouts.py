"""The search over all layouts of a job: best, runners-up, front, what does not fit, and utilisation by hand."""

from dataclasses import replace

import numpy as np
import pytest

from planner import resources
from planner.errors import PlannerError
from planner.perf.training_step.layouts import (
    ALL,
    FEW,
    FULL,
    NONE,
    Space,
    chosen,
    detail,
    evaluate,
    fits,
    legal,
    taken,
)
from planner.perf.training_step.memory import GIB
from planner.study.layouts.jobs import wanted
from planner.study.layouts.search import differences, pareto, search
from planner.study.layouts.use import progress, utilisation
from tests.perf.test_training_layouts import LLAMA, ONE, job

SPACE = replace(ALL, recompute=(NONE, FULL), sequence_parallel=(1.0,))


@pytest.fixture(scope="module")
def found():
    return search(job(fused_attention=1), 32, 64, SPACE)


def test_the_best_is_the_fastest_of_all_that_fit(found):
    work = job(fused_attention=1)
    evaluated = evaluate(legal(work, 32, 64, SPACE), work)
    feasible = fits(evaluated, work.store)
    assert found.layouts == len(evaluated.layouts)
    assert found.feasible == feasible.sum()
    assert found.best.step_time == pytest.approx(evaluated.step_time[feasible].min())


def test_runners_up_have_other_degrees_and_are_slower_in_turn(found):
    degrees = [
        tuple(choice.layout[name] for name in ("tp", "pp", "cp", "dp"))
        for choice in (found.best, *found.runners_up)
    ]
    assert len(set(degrees)) == len(degrees) == 4
    times = [choice.step_time for choice in (found.best, *found.runners_up)]
    assert times == sorted(times)


def test_differences_of_terms_add_up_to_the_gap(found):
    other = found.runners_up[-1]
    gaps = differences(found.best, other)
    assert sum(gap for _, gap in gaps) == pytest.approx(other.step_time - found.best.step_time)
    sizes = [abs(gap) for _, gap in gaps]
    assert sizes == sorted(sizes, reverse=True)


def test_nothing_on_the_front_is_beaten_in_both(found):
    work = job(fused_attention=1)
    evaluated = evaluate(legal(work, 32, 64, SPACE), work)
    feasible = fits(evaluated, work.store)
    time, memory = evaluated.step_time[feasible], evaluated.memory[feasible]
    for choice in found.front:
        better = (time < choice.step_time * (1 - 1e-12)) & (memory < choice.memory * (1 - 1e-12))
        assert not better.any()
    best_by_loops = {
        (t, m)
        for t, m in zip(time, memory, strict=True)
        if not ((time <= t) & (memory <= m) & ((time < t) | (memory < m))).any()
    }
    assert len(found.front) == len(best_by_loops)


def test_the_front_of_a_few_points():
    assert pareto(np.array([9.0, 9.0, 5.0, 7.0, 4.0])).tolist() == [0, 2, 4]
    assert pareto(np.zeros(0)).tolist() == []


def test_the_fastest_that_does_not_fit_is_named_with_what_it_misses():
    tight = job(fused_attention=1)
    tight = replace(tight, store=replace(tight.store, memory=8 * GIB * ONE))
    found = search(tight, 32, 64, SPACE)
    assert found.best is not None
    assert found.refused is not None
    assert found.refused.choice.step_time < found.best.step_time
    assert found.refused.missing == pytest.approx(found.refused.choice.memory - 8 * GIB)


def test_where_nothing_fits_the_nearest_is_named():
    tiny = job(LLAMA, 8192, fused_attention=1)
    found = search(tiny, 8, 8, SPACE)
    assert found.best is None
    assert found.feasible == 0
    assert found.refused is not None
    assert found.refused.missing > 0


def test_a_batch_that_no_layout_can_share_is_refused_with_a_number():
    with pytest.raises(PlannerError, match="no legal layout on 7 accelerators"):
        search(job(), 7, 3, SPACE)


def test_utilisation_by_hand():
    work = job(fused_attention=1)
    a = work.architecture
    layouts = legal(work, 8, 8, Space(recompute=(FULL,), zero_stages=(0.0,), offload=((0.0, 0.0),)))
    choice = chosen(detail(taken(layouts, np.array([0])), work))
    use = utilisation(work, choice, 8)
    tokens = 8 * 2048 / choice.step_time
    linear = 2 * (24 * 12 * 2048**2 + 51_200 * 2048)
    core = 24 * 2 * 2048 * 2048  # half of 4 h s
    assert use["tokens_per_s"] == pytest.approx(tokens)
    assert use["mfu"] == pytest.approx(tokens * 3 * (linear + core) / (8 * 312e12))
    again = 2 * 24 * 12 * 2048**2 + core
    assert use["hfu"] == pytest.approx(use["mfu"] * (1 + again / (3 * (linear + core))))
    assert a.parameters() == pytest.approx(24 * 12 * 2048**2 + 2 * 51_200 * 2048)


def test_progress_falls_with_the_number_of_accelerators_and_of_failures():
    work = job(LLAMA, 8192, fused_attention=1)
    few, many = (progress(work, gpus, 4.21) for gpus in (1024, 16384))
    # Llama 3: 466 interruptions in 54 days on 16,384 GPUs, one every 2.8 h (arXiv 2407.21783)
    assert many["mean_time_between_interruptions_h"] == pytest.approx(2.8, rel=0.02)
    assert many["goodput"] < few["goodput"] < 1.0
    assert many["goodput"] > 0.9  # "over 90 % effective training time", the same
    assert progress(work, 16384, 0.0)["goodput"] > many["goodput"]
    assert progress(work, 16384, 40.0)["goodput"] < many["goodput"]


@pytest.mark.parametrize("hardware", ["dgx_a100", "gb200_nvl72"])
def test_every_layout_of_every_shipped_model_has_a_finite_time(hardware):
    for model in resources.profiles("architectures"):
        work = wanted(model, hardware, 72, 144, precision="bf16").job
        evaluated = evaluate(legal(work, 72, 144, FEW), work)
        assert len(evaluated.layouts), model
        assert np.isfinite(evaluated.step_time).all(), model
        assert (evaluated.step_time > 0).all(), model
        assert (evaluated.memory > 0).all(), model


def test_nothing_is_kept_on_the_host_where_that_gains_nothing() -> None:
    of = wanted("driving_10b", "gh200_nvl32", 512)
    best = search(of.job, of.gpus, of.batch).best
    assert best is not None
    assert best.layout["offload_optimiser"] == best.layout["offload_activations"] == 0.0
    # where less memory is wanted, what is on the host is on the front
    front = search(of.job, of.gpus, of.batch).front
    assert any(choice.layout["offload_activations"] for choice in front)
