"""Waiting, services and idle accelerators: more never needs less, parts add up to the whole, twice is twice.

`CASES` is the exact claim, as in `test_more_needs_more`: inputs on the left, outputs that never fall on the right. What
makes waiting longer or work waited for larger never lowers the need; what lets work wait never raises it.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from planner.axes import HOUR, SERVICE, WORKLOAD, Array, first, peak, total
from planner.catalogue import SECONDS_A_YEAR, SitePools
from planner.model import services, training
from planner.project import Project
from tests.properties.layouts import (
    WHOLE_PLANS,
    factors,
    layout,
    leaf_of,
    rows_of,
    run,
    same,
    scaled,
    times,
)
from tests.properties.seeded_bugs import caught, instead_of, with_bug
from tests.properties.test_more_needs_more import Growth, check_nothing_falls, growths

NEED = ("gpus_required", "nodes_required")
DEMAND = tuple(
    (f"service_{name}", None)
    for name in (
        *("requests", "request_tokens", "streams", "analysed_share", "lines", "line_rate"),
        *("part_images", "accelerator_time", "headroom"),
    )
)
JOBS = tuple(
    (name, None)
    for name in (
        *("workload_experiments", "workload_job_gpus", "workload_job_duration"),
        *("training_arrival_variability", "training_duration_variability"),
        "training_queue_percentile",
    )
)
SPEED = tuple((f"service_{name}_throughput", None) for name in ("token", "stream", "image"))
PATIENCE = (
    ("training_max_queue_wait", None),
    ("workload_preemptible_share", None),
    ("training_idle_service_use", None),
)


# --- Faults that somebody could make --------------------------------------------------------------


@instead_of("gangs_waited_for")
def the_load_is_upside_down(
    gpus_for_experiments: Array,
    workload_preemptible_share: Array,
    workload_job_gpus: Array,
    site_pools: SitePools,
) -> Array:
    """Jobs a gang for gangs a job."""
    gangs = training.gangs_waited_for.fn(
        gpus_for_experiments, workload_preemptible_share, workload_job_gpus, site_pools
    )
    return np.where(gangs > 0, 1.0 / np.where(gangs > 0, gangs, 1.0), 0.0)


@instead_of("gpus_serving_peak")
def headroom_is_room_taken(
    service_load: Array,
    service_by_hour: Array,
    service_headroom: Array,
    service_preemptible: Array,
    service_share_of_gpu: Array,
) -> Array:
    """Divides by the headroom."""
    return services.gpus_serving_peak.fn(
        service_load,
        service_by_hour,
        1.0 / service_headroom,
        service_preemptible,
        service_share_of_gpu,
    )


@instead_of("gpus_serving_mean")
def the_first_service_gets_lost(gpus_for_services_mean: Array, service_preemptible: Array) -> Array:
    """Adds up the services without the first."""
    live = gpus_for_services_mean * (1.0 - service_preemptible)
    return total(live, SERVICE) - first(live, SERVICE)


@instead_of("gpus_for_waiting")
def the_longer_way_is_the_shorter(gpus_queue_quota: Array, gpus_queue_line: Array) -> Array:
    """Takes what is waited for off a fixed stock."""
    return np.maximum(1e6 - total(gpus_queue_quota, WORKLOAD) - gpus_queue_line, 0.0)


@instead_of("service_load")
def faster_accelerators_take_more(
    service_tokens: Array,
    service_token_throughput: Array,
    service_streams_analysed: Array,
    service_stream_throughput: Array,
    service_images: Array,
    service_image_throughput: Array,
) -> Array:
    """Multiplies by the throughput."""
    cameras = service_streams_analysed * service_stream_throughput
    inspection = service_images * service_image_throughput
    return service_tokens * service_token_throughput + cameras + inspection


@instead_of("gangs_waited_for")
def what_may_wait_is_waited_for(
    gpus_for_experiments: Array,
    workload_preemptible_share: Array,
    workload_job_gpus: Array,
    site_pools: SitePools,
) -> Array:
    """Takes the preemptible part for the other."""
    return training.gangs_waited_for.fn(
        gpus_for_experiments, 1.0 - workload_preemptible_share, workload_job_gpus, site_pools
    )


@instead_of("gpus_for_services_mean")
def services_share_a_fixed_cost(service_load: Array, service_share_of_gpu: Array) -> Array:
    """Adds one accelerator for whatever runs."""
    return service_load * service_share_of_gpu + (service_load > 0) * (service_share_of_gpu > 0)


# --- More never needs less ------------------------------------------------------------------------

# name, inputs, outputs that never fall, seeded bug
CASES = (
    ("jobs", JOBS, (*NEED, "gpus_for_queue", "gpus_for_waiting"), the_load_is_upside_down),
    ("services", DEMAND, (*NEED, "gpus_serving_peak"), headroom_is_room_taken),
)


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_more_jobs_or_services_never_need_less(case: tuple) -> None:
    _, inputs, outputs, _ = case
    project = layout("announced")

    @WHOLE_PLANS
    @given(growths(project, inputs))
    def holds(growth: Growth) -> None:
        check_nothing_falls(project, outputs, growth)

    holds()


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_a_seeded_bug_about_more_is_caught(case: tuple) -> None:
    _, inputs, outputs, bug = case
    project = with_bug(layout("announced"), bug)
    caught(lambda growth: check_nothing_falls(project, outputs, growth), growths(project, inputs))


def check_nothing_rises(project: Project, outputs: tuple[str, ...], growth: Growth) -> None:
    others, grown, factor = growth
    table = project.table
    before = scaled(table, others)
    rows = rows_of(table, *grown)
    after = before | {i: times(table, i, before.get(i, table.rows[i].value), factor) for i in rows}
    for name, x in run(project, outputs, before, after).items():
        slack = 1e-9 * float(np.abs(x).max())
        assert (x[1] <= x[0] + slack).all(), f"{name} rises with more {grown[0]} x {factor}"


EASIER = (
    ("patience", PATIENCE, what_may_wait_is_waited_for),
    ("speed", SPEED, faster_accelerators_take_more),
)


@pytest.mark.parametrize("case", EASIER, ids=[case[0] for case in EASIER])
def test_more_patience_or_speed_never_needs_more(case: tuple) -> None:
    _, inputs, _ = case
    project = layout("announced")

    @WHOLE_PLANS
    @given(growths(project, inputs))
    def holds(growth: Growth) -> None:
        check_nothing_rises(project, NEED, growth)

    holds()


@pytest.mark.parametrize("case", EASIER, ids=[case[0] for case in EASIER])
def test_a_seeded_bug_about_patience_or_speed_is_caught(case: tuple) -> None:
    _, inputs, bug = case
    project = with_bug(layout("announced"), bug)
    caught(lambda growth: check_nothing_rises(project, NEED, growth), growths(project, inputs))


def check_half_the_wait(project: Project, chosen: dict[int, float], life: dict[int, float]) -> None:
    """Half the allowed wait, against the whole, in what is needed and in what is bought."""
    table = project.table
    (row,) = rows_of(table, "training_max_queue_wait")
    long = scaled(table, chosen) | life
    short = long | {row: long.get(row, table.rows[row].value) / 2}
    x = run(project, ["gpus_required", "gpus"], long, short)
    need = x["gpus_required"]
    assert (need[1] >= need[0] * (1 - 1e-9)).all()
    # What retires is replaced like for like, so more need is never fewer, before and after replacements.
    assert (x["gpus"][1] >= x["gpus"][0]).all()


def lives(project: Project) -> st.SearchStrategy[dict[int, float]]:
    """An age of replacement of whole order intervals: within the plan once or more often, or beyond it."""
    table = project.table
    (life,) = rows_of(table, "cluster_refresh_age")
    quarterly = {i: table.rows[i].value for i in rows_of(table, "site_order_interval")}
    years = st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0, 50.0])
    return years.map(lambda age: quarterly | {life: age * SECONDS_A_YEAR})


def test_half_the_allowed_wait_never_lowers_the_gpus() -> None:
    project = layout("announced")

    @WHOLE_PLANS
    @given(factors(project.table), lives(project))
    def holds(chosen: dict[int, float], life: dict[int, float]) -> None:
        check_half_the_wait(project, chosen, life)

    holds()


def test_a_queue_that_likes_short_waits_is_caught() -> None:
    project = with_bug(layout("announced"), the_longer_way_is_the_shorter)
    caught(
        lambda example: check_half_the_wait(project, *example),
        st.tuples(factors(project.table), lives(project)),
    )


# --- Parts and wholes, twice is twice ---------------------------------------------------------------


def check_parts_add_up(project: Project, chosen: dict[int, float]) -> None:
    names = (
        *("gpus_for_services_mean", "gpus_serving_mean", "gpus_services_waiting", "gpus_work_mean"),
        *("gpus_for_throughput", "gpus_serving_peak", "gpus_for_services", "gpus_for_experiments"),
        *("gpus_for_queue", "gpus_for_waiting", "gpus_release_percentile", "gpus_queue_quota"),
        *("gpus_work_preemptible", "gpus_filled_between_peaks", "gpus_queue_line"),
        *("gpus_for_simulation", "gpus_for_curation", "gpus_for_relabelling"),
    )
    values = scaled(project.table, chosen)
    x = run(project, names, values)
    each = total(x["gpus_for_services_mean"], SERVICE)
    assert same(each, x["gpus_serving_mean"] + x["gpus_services_waiting"], 1e-12)
    beside = ("gpus_services_waiting", "gpus_for_simulation")
    beside_training = sum(x[n] for n in (*beside, "gpus_for_curation", "gpus_for_relabelling"))
    work = total(x["gpus_for_throughput"], WORKLOAD) + beside_training
    assert same(x["gpus_work_mean"], work, 1e-12)
    share = leaf_of(project, "workload_preemptible_share", values)
    stopped = total(x["gpus_for_experiments"] * share, WORKLOAD) + beside_training
    assert same(x["gpus_work_preemptible"], stopped, 1e-12)
    slack = 1e-9 * max(1.0, float(x["gpus_work_mean"].max()))
    assert (x["gpus_work_preemptible"] <= x["gpus_work_mean"] + slack).all()
    assert (x["gpus_filled_between_peaks"] <= x["gpus_work_preemptible"] + slack).all()
    assert (x["gpus_serving_peak"] >= x["gpus_serving_mean"] * (1 - 1e-9)).all()
    single = total(x["gpus_for_services"], SERVICE)
    assert (x["gpus_serving_peak"] + x["gpus_services_waiting"] <= single * (1 + 1e-9)).all()
    quotas = total(x["gpus_queue_quota"], WORKLOAD)
    assert same(x["gpus_for_waiting"], np.minimum(quotas, x["gpus_queue_line"]), 1e-12)


@pytest.mark.parametrize("name", ["announced", "running"])
def test_the_parts_of_compute_add_up(name: str) -> None:
    project = layout(name)

    @WHOLE_PLANS
    @given(factors(project.table))
    def holds(chosen: dict[int, float]) -> None:
        check_parts_add_up(project, chosen)

    holds()


def test_a_service_that_gets_lost_is_caught() -> None:
    project = with_bug(layout("announced"), the_first_service_gets_lost)
    caught(lambda chosen: check_parts_add_up(project, chosen), factors(project.table))


def check_twice_is_twice(project: Project, chosen: dict[int, float]) -> None:
    """Twice the requests, streams, lines and hours of all services."""
    table = project.table
    once = scaled(table, chosen)
    measures = ("requests", "streams", "lines", "accelerator_time")
    rows = [row for name in measures for row in rows_of(table, f"service_{name}")]
    # A series that grows by a factor from nothing starts from next to nothing, which has no double.
    assume(all(once.get(i, 1.0) > 0 for i in rows))
    twice = once | {i: 2.0 * once.get(i, table.rows[i].value) for i in rows}
    wanted = ("gpus_for_services", "gpus_for_services_mean", "gpus_serving_peak")
    for name, x in run(project, wanted, once, twice).items():
        assert same(x[1], 2.0 * x[0], 1e-9), name


def test_twice_the_demand_of_services_takes_twice_the_accelerators() -> None:
    project = layout("announced")

    @WHOLE_PLANS
    @given(factors(project.table))
    def holds(chosen: dict[int, float]) -> None:
        check_twice_is_twice(project, chosen)

    holds()


def test_a_fixed_cost_of_services_is_caught() -> None:
    project = with_bug(layout("announced"), services_share_a_fixed_cost)
    caught(lambda chosen: check_twice_is_twice(project, chosen), factors(project.table))


def test_the_day_of_a_service_has_its_demand_as_mean() -> None:
    project = layout("announced")
    by_hour = project.run(["service_by_hour"])["service_by_hour"]
    assert total(by_hour, HOUR) / 24 == pytest.approx(np.ones_like(by_hour[:, :, :1]))
    assert (peak(by_hour, HOUR) >= 1 - 1e-12).all()
