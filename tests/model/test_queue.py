"""What experiments wait, and what it takes that they do not."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import MONTH, SITE, WORKLOAD, Array, place, total
from planner.findings import binding
from planner.findings.accelerators import DEADLINES, WAITING, decides_gpus
from planner.model.training import (
    experiment_jobs,
    gangs_waited_for,
    gpus_for_experiments,
    gpus_for_waiting,
    queue_gang,
    queue_load,
    queue_room,
)
from planner.plan import size
from planner.project import Project, load

ALL_PREEMPTIBLE = [
    f"workloads.{name}.preemptible_share=100 %" for name in ("perception", "driving", "world_model")
]
TOGETHER = ((1.0, 1.0), (1.0, 1.0))
HOUR, DAY = 3600.0, 86_400.0


def test_experiments_are_their_part_of_the_mean_work() -> None:
    flops, cadence, speed = place(1e20), place(10 * DAY), place(1e14)
    busy = gpus_for_experiments(flops, place(8.64), cadence, speed, place(0.5))
    assert busy.item() == pytest.approx(1e20 * 8.64 / (864_000 * 1e14) / 2)
    assert gpus_for_experiments(flops, place(0.0), cadence, speed, place(0.5)).item() == 0


def test_jobs_are_work_over_gang_and_length() -> None:
    # 96 accelerators busy all day are three gangs of 32, each of which ends a job of twelve hours twice a day.
    jobs = experiment_jobs(place(96.0), place(32.0), place(12 * HOUR))
    assert jobs.item() * DAY == pytest.approx(6)


def test_the_sites_of_a_pool_have_one_queue_of_what_people_wait_for() -> None:
    busy = place(np.array([[30.0, 10.0]]), MONTH, SITE)
    found = gangs_waited_for(busy, place(0.6), place(8.0), TOGETHER)
    assert found.ravel() == pytest.approx([2.0, 2.0])


def test_one_line_counts_all_work_in_gangs_of_the_largest_that_is_waited_for() -> None:
    gangs = place(np.array([4.0, 1.0, 0.0]), WORKLOAD)
    sizes = place(np.array([8.0, 64.0, 512.0]), WORKLOAD)
    largest = queue_gang(gangs, sizes)
    assert largest.item() == 64
    assert queue_load(gangs, sizes, largest).item() == pytest.approx(1.5)


def test_the_fewer_of_quotas_and_one_line_suffice() -> None:
    quotas = place(np.array([30.0, 20.0]), WORKLOAD)
    assert gpus_for_waiting(quotas, place(60.0)).item() == 50
    assert gpus_for_waiting(quotas, place(40.0)).item() == 40


def test_jobs_have_what_services_and_releases_leave_in_the_pool() -> None:
    there = place(np.array([[100.0, 50.0]]), MONTH, SITE)
    release = place(np.array([[40.0, 60.0]]), MONTH, SITE)
    found = queue_room(there, place(10.0), release, place(0.8), TOGETHER)
    assert found.ravel() == pytest.approx(
        [40.0, 40.0]
    )  # 100 - 10 - 50; the second site has none left


def test_without_anybody_waiting_the_need_is_that_of_releases_and_mean_work() -> None:
    x = load("5pct_ev_market", set=ALL_PREEMPTIBLE).run(
        ["gpus_for_queue", "gpus_release_percentile", "gpus_for_waiting", "queue_wait"]
    )
    assert x["gpus_for_waiting"].max() == 0
    assert x["queue_wait"].max() == 0
    assert x["gpus_for_queue"] == pytest.approx(x["gpus_release_percentile"] / 0.85)


def test_with_all_that_is_needed_in_service_nobody_waits_too_long(
    headline: Project, everything: dict[str, Array]
) -> None:
    enough = total(everything["gpus_short"], SITE) == 0
    allowed = headline.leaves["training_max_queue_wait"]
    wait = np.where(enough, everything["queue_wait"], 0.0)
    assert wait.max() <= allowed * (1 + 1e-6)
    assert (everything["queue_wait"] <= headline.leaves["month_seconds"]).all()


@pytest.mark.parametrize("hours", [0.5, 1, 2, 4, 8, 24])
def test_half_the_allowed_wait_never_lowers_the_gpus_of_the_main_scenario(hours: float) -> None:
    names = ["gpus_required", "gpus"]
    long, short = (
        load("5pct_ev_market", set=[f"training.max_queue_wait={h} hour"]).run(names)
        for h in (hours, hours / 2)
    )
    assert (short["gpus_required"] >= long["gpus_required"] * (1 - 1e-12)).all()
    assert (short["gpus"] >= long["gpus"]).all()
    assert short["gpus_required"].sum() > long["gpus_required"].sum()


def test_a_wait_that_is_too_long_is_a_finding() -> None:
    plan = size(
        "5pct_ev_market",
        set=[
            "sites.taiwan.orders_allowed=false",
            "sites.japan.orders_allowed=false",
            "sites.taiwan.installed=[{hardware: gh200_nvl32, count: 8, in_service: 2023-01}]",
        ],
    )
    found = [w for w in plan.warnings if w.kind == "queue"]
    assert [w.place for w in found] == ["taiwan"]
    assert "more than 10 % of experiment jobs wait longer than the 4 h allowed" in found[0].text
    assert "grows without end" in found[0].text
    assert np.isfinite(plan["queue_wait"].values).all()


def test_what_decides_the_gpus_is_said() -> None:
    waiting = size("5pct_ev_market", set=["training.max_queue_wait=0.5 hour"])
    assert decides_gpus(waiting)[0] == WAITING
    # A deadline of a day makes the releases' peaks the largest need.
    edits = [*ALL_PREEMPTIBLE, "workloads.perception.deadline=0.5 day"]
    assert DEADLINES in set(decides_gpus(size("5pct_ev_market", set=edits)))


def test_an_offset_moves_a_workload_out_of_the_others_way() -> None:
    names = ["gpus_release_percentile", "gpus_for_release"]
    # Every second release of perception falls on one of the driving model; the other half has the days after it free.
    both = ["workloads.driving.cadence=28 day", "workloads.driving.deadline=10 day"]
    at_once = load("5pct_ev_market", set=both).run(names)
    later = load("5pct_ev_market", set=[*both, "workloads.driving.offset=3 day"]).run(names)
    assert np.array_equal(later["gpus_for_release"], at_once["gpus_for_release"])
    last = [total(x["gpus_release_percentile"], SITE)[0, -1].item() for x in (at_once, later)]
    assert last[1] < last[0]


def test_services_that_take_the_larger_part_are_named_before_what_binds_the_rest() -> None:
    for scenario, begins in (
        ("genai_services", "GPUs: bound by the busiest hour of the services, which take up to 9"),
        ("5pct_ev_market", "GPUs: bound by mean work"),
    ):
        assert binding(size(scenario))[-1].startswith(begins)
