"""Jobs at several scales: each has its best layout, and the accelerators of a rate lie between two of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.axes import RANK, SCALE, Array, place
from planner.inputs.training import architecture, machine, software, system_of
from planner.perf.training import accelerators_for_rate, rate_of_accelerators
from planner.perf.training_jobs import TERMS, TrainingJobs
from planner.perf.training_step.constants import FITTED, constants_of
from planner.perf.training_step.layouts import Architecture, Job, best_layout
from planner.perf.training_step.memory import Store
from planner.perf.training_step.scales import best_at_scales, jobs_side_by_side

SCALES = (4.0, 8.0, 64.0, 512.0, 4096.0)
BATCH = 256.0


def job(name: str = "llama2_7b", chip: str = "h100_sxm") -> Job:
    shape, node = architecture(name), machine(chip)
    bits, era = np.array([16.0]), software(["nvidia_2024"])
    sizes = (node.memory, node.host_memory, node.host_rate, node.host_memory_rate)
    dense = Architecture(**{field: getattr(shape, field) for field in Architecture.__annotations__})
    return Job(
        dense,
        system_of([node], bits, node.domain),
        era,
        constants_of(FITTED, [node.generation], bits, era.native_attention),
        Store(*(np.array([size]) for size in sizes)),
        4096.0,
    )


def test_the_layout_at_each_scale_is_the_best_one_alone() -> None:
    work = job()
    positions, layouts = best_at_scales(work, SCALES, BATCH)
    alone = [best_layout(work, gpus, BATCH) for gpus in SCALES]
    assert [i for i, each in enumerate(alone) if each] == positions.tolist()
    for row, position in enumerate(positions):
        best = alone[position]
        assert best is not None
        for name in ("tp", "pp", "cp", "dp", "micro_batch", "zero_stage"):
            values = getattr(layouts, name)
            assert float(values[row if len(values) > 1 else 0]) == best.layout[name]


def test_what_does_not_fit_has_no_layout() -> None:
    positions, layouts = best_at_scales(job("llama3_405b"), (8.0, 16.0), BATCH)
    assert len(positions) == len(layouts) == 0


def test_parts_of_a_step_add_up_to_the_time_of_the_layout() -> None:
    work = job()
    kind = jobs_side_by_side([(1, 0, work, BATCH)], SCALES, [1.0])
    jobs = TrainingJobs([kind], (2, 1, len(SCALES)))
    system = work.system
    names = ("peak_16", "peak_linear", "memory_rate", "cache", "nvlink", "nic", "processors")
    numbers = {name: getattr(system, name)[None] for name in (*names, "power", "domain")}
    found = jobs.by_term(vector_rate=np.zeros((1, 1)), **numbers)
    assert found.shape == (1, 2, 1, len(SCALES), len(TERMS))
    assert not found[:, 0].any()
    for scale, gpus in enumerate(SCALES):
        best = best_layout(work, gpus, BATCH)
        expected = best.step_time if best else 0.0
        assert found[0, 1, 0, scale].sum() == pytest.approx(expected, rel=1e-12)
        assert (jobs.layout(1, 0, scale) is None) == (best is None)
    assert jobs.predicted()[1, 0].tolist() == [float(t > 0) for t in found[0, 1, 0].sum(axis=1)]


def test_a_faster_memory_is_felt_where_the_step_is_computed_again() -> None:
    work = job()
    kind = jobs_side_by_side([(0, 0, work, BATCH)], (64.0,), [1.0])
    jobs = TrainingJobs([kind], (1, 1, 1))
    names = ("peak_16", "peak_linear", "cache", "nvlink", "nic", "processors", "power", "domain")
    usual = {name: getattr(work.system, name)[None] for name in names}
    rates = np.array([[1.0], [2.0]]) * work.system.memory_rate
    found = jobs.by_term(vector_rate=np.zeros((1, 1)), **usual, memory_rate=rates)
    slow, fast = found.sum(axis=-1).ravel()
    assert fast < slow


def _points(values: list[float]) -> Array:
    return place(np.array(values), SCALE)


def test_between_two_scales_the_rate_is_a_power_of_the_accelerators() -> None:
    gpus, rate = _points([8, 16, 64]), _points([80, 140, 280])
    needed = np.array([0.0, 40, 80, 140, 200, 280, 560]).reshape(-1, *[1] * (RANK - 1))
    found = accelerators_for_rate(needed, gpus, rate, SCALE).ravel()
    # between 16 and 64 accelerators, four times as many, the rate doubles: its square
    expected = [0.0, 4, 8, 16, 16 * (200 / 140) ** 2, 64, 128]
    assert found == pytest.approx(expected, rel=1e-12)
    back = rate_of_accelerators(found.reshape(needed.shape), gpus, rate, SCALE)
    assert back.ravel() == pytest.approx(needed.ravel(), rel=1e-12)


def test_scales_that_gain_nothing_are_passed_over() -> None:
    gpus, rate = _points([8, 16, 32, 64]), _points([80, 80, 80, 160])
    needed = np.array([80.0, 80 * 2**0.5, 160]).reshape(-1, *[1] * (RANK - 1))
    found = accelerators_for_rate(needed, gpus, rate, SCALE).ravel()
    assert found == pytest.approx([8, (8 * 64) ** 0.5, 64], rel=1e-12)
    have = np.array([16.0, 32, 64]).reshape(needed.shape)
    assert rate_of_accelerators(have, gpus, rate, SCALE).ravel() == pytest.approx([80, 80, 160])


@given(
    st.lists(st.floats(1.0, 4.0), min_size=1, max_size=6),
    st.lists(st.floats(0.01, 1e6), min_size=2, max_size=2),
)
def test_a_higher_rate_never_needs_fewer_accelerators(
    factors: list[float], needs: list[float]
) -> None:
    rate = _points(np.cumprod(factors).tolist())
    gpus = _points([8.0 * 2**i for i in range(len(factors))])
    needed = np.array(sorted(needs)).reshape(-1, *[1] * (RANK - 1))
    low, high = accelerators_for_rate(needed, gpus, rate, SCALE).ravel()
    assert low <= high * (1 + 1e-12)
