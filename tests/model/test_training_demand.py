"""GPUs for releases and experiments: published runs, and the rules that turn runs into a need."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import HARDWARE, MONTH, SCALE, SITE, WORKLOAD, Array, place, total
from planner.model.compute import gpus_required
from planner.model.decisions import allocation
from planner.model.training import (
    clip_time_pooled,
    dataset_time,
    gpus_for_experiments,
    gpus_for_queue,
    gpus_for_release,
    gpus_for_throughput,
    gpus_release_percentile,
    model_forward,
    run_duration,
    run_flops,
    run_gpu_hours,
)
from planner.model.training_speed import accelerator_peak, run_gpus
from planner.perf.release import PATTERN_LIMIT
from planner.project import Project

HOUR, DAY = 3600.0, 86_400.0
ALONE = ((1.0,),)
ONE = place(np.ones(1), SCALE)  # the scales: beyond the only one the rate is in proportion


def rate(speed: float) -> Array:
    """What a job does on each of the scales."""
    return place(np.array([speed]), SCALE)


def test_gaia_1_takes_its_published_fifteen_days() -> None:
    # GAIA-1 (arXiv 2309.17080): 6.5e9 parameters, 203e9 tokens, 64 A100 at 312 TFLOP/s, 15 days, which is 30.6 %
    # utilisation; with 30 to 35 % a planner gives 13.1 to 15.3 days.
    zero = place(0.0)
    forward = model_forward(place(6.5e9), place(1.0), zero, zero)
    flops = run_flops(forward, place(100_000 * 128 * 15_860.0), place(1.0), place(1.0))
    for utilisation, days in ((0.30, 15.3), (0.306, 15.0), (0.35, 13.1)):
        speed = 312e12 * utilisation
        taken = run_duration(flops, rate(speed), ONE, place(64.0), ALONE)
        assert taken.item() / DAY == pytest.approx(days, abs=0.05)
        hours = run_gpu_hours(flops, place(speed), place(1.0), ALONE).item() / HOUR
        assert hours == pytest.approx(days * 24 * 64, rel=5e-3)
        gpus = run_gpus(flops, place(days * DAY), place(180 * DAY), rate(speed), ONE)
        assert gpus_for_release(gpus, place(1.0)).item() == pytest.approx(64, rel=5e-3)


def test_tesla_needs_a_year_on_one_node_for_its_networks() -> None:
    # Tesla AI day: a full build of 48 networks takes 70,000 GPU-hours, 365 days on a node of eight.
    flops = place(70_000 * HOUR * 100e12)
    taken = run_duration(flops, rate(100e12), ONE, place(8.0), ALONE)
    assert taken.item() / DAY == pytest.approx(365, abs=0.5)
    assert run_duration(flops, rate(100e12), ONE, place(0.0), ALONE).item() == 0


def test_fp8_is_used_by_models_that_want_it_on_chips_that_have_it() -> None:
    bf16 = place(np.array([989.4, 312.0]), HARDWARE)
    fp8 = place(np.array([1979.0, 0.0]), HARDWARE)
    found = accelerator_peak(bf16, fp8, place(np.array([1.0, 0.0]), WORKLOAD))
    assert found.reshape(2, 2).tolist() == [[1979.0, 312.0], [989.4, 312.0]]


def test_the_data_set_grows_from_its_base_by_what_is_selected_up_to_its_limit() -> None:
    collected = place(np.array([50.0, 150.0, 350.0]), MONTH)
    found = dataset_time(collected, place(0.2), place(30.0), place(65.0))
    assert found.ravel() == pytest.approx([40, 60, 65])


def test_a_deadline_longer_than_the_cadence_is_the_cadence() -> None:
    deadline, cadence = place(np.array([3.0, 20.0]) * DAY, WORKLOAD), place(14 * DAY)
    need = run_gpus(place(1e18), deadline, cadence, rate(1e14), ONE).ravel()
    assert need == pytest.approx(1e4 / DAY / np.array([3, 14]))


def test_experiments_are_mean_work_and_releases_are_peaks() -> None:
    flops, cadence, speed, whole = place(1e20), place(14 * DAY), place(1e14), place(1.0)
    release = run_gpus(flops, place(3 * DAY), cadence, rate(1e14), ONE)

    def with_experiments(runs: float) -> Array:
        experiments = gpus_for_experiments(flops, place(runs), cadence, speed, whole)
        return gpus_for_throughput(flops, cadence, speed, whole, experiments)

    mean, busy = with_experiments(0.0), with_experiments(10.0)
    assert mean.item() == pytest.approx(release.item() * 3 / 14)
    assert busy.item() == pytest.approx(11 * mean.item())
    assert needed(release, mean) == pytest.approx(release.item() / 0.8)
    assert needed(release, busy) == pytest.approx(busy.item() / 0.8)


def needed(release: Array, mean: Array) -> float:
    """Accelerators at an occupancy of 80 %, where nobody waits for experiments and there are no services."""
    none = place(0.0)
    at_once = gpus_for_queue(release, place(0.8), none)
    return gpus_required(at_once, mean, none, place(0.8), none).item()


def test_release_peaks_at_the_percentile_lie_between_the_largest_and_the_sum(
    everything: dict[str, Array],
) -> None:
    found = everything["gpus_release_percentile"]
    runs = everything["gpus_for_release"]
    assert (found >= runs.max(axis=WORKLOAD, keepdims=True) * (1 - 1e-12)).all()
    assert (found <= total(runs, WORKLOAD) * (1 + 1e-12)).all()


def test_the_percentile_is_taken_site_by_site() -> None:
    runs = place(np.array([[[10.0, 1.0], [20.0, 2.0]]]), MONTH, WORKLOAD, SITE)
    cadence = place(np.array([10 * DAY, 10 * DAY]), WORKLOAD)
    found = gpus_release_percentile(runs, 0.9 * cadence, cadence, place(0.0), place(0.95))
    assert found.ravel().tolist() == [30, 3]


def test_many_workloads_add_up() -> None:
    many = PATTERN_LIMIT + 1
    runs = place(np.ones((1, many, 1)), MONTH, WORKLOAD, SITE)
    cadence = place(np.full(many, 10 * DAY), WORKLOAD)
    found = gpus_release_percentile(runs, 0.1 * cadence, cadence, place(0.0), place(0.5))
    assert found.item() == many


def test_sites_share_the_work_by_weight_among_those_that_operate() -> None:
    weight = place(np.array([0.7, 0.3, 0.2]), SITE)
    operates = place(np.array([[1.0, 1, 0], [1, 1, 1], [0, 0, 0]]), MONTH, SITE)
    together = tuple((1.0, 1.0, 1.0) for _ in range(3))
    part = allocation(weight, operates, together).reshape(3, 3)
    assert part[0] == pytest.approx([0.7, 0.3, 0])
    assert part[1] == pytest.approx(np.array([0.7, 0.3, 0.2]) / 1.2)
    assert part[2].tolist() == [0, 0, 0]


def test_a_site_whose_data_stays_trains_all_of_its_own_and_none_of_the_others() -> None:
    pools = ((1.0, 1.0, 0.0), (1.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    weight, operates = place(np.array([0.7, 0.3, 0.2]), SITE), place(np.ones((1, 3)), MONTH, SITE)
    assert allocation(weight, operates, pools).ravel() == pytest.approx([0.7, 0.3, 1.0])
    arriving = place(np.array([[1.0, 2.0, 40.0]]), MONTH, SITE)
    assert clip_time_pooled(arriving, pools).ravel().tolist() == [3, 3, 40]


def test_gpu_hours_of_a_month_are_mean_accelerators_times_its_hours(
    headline: Project, everything: dict[str, Array]
) -> None:
    mean = total(everything["gpus_for_throughput"], SITE)
    hours = everything["training_gpu_hours"] / headline.leaves["month_seconds"]
    assert hours == pytest.approx(mean, rel=1e-12)


def test_a_workload_that_has_not_started_needs_nothing() -> None:
    active = place(np.array([0.0, 1.0]), MONTH)
    assert run_flops(place(1.0), place(1.0), place(1.0), active).ravel().tolist() == [0, 3]
