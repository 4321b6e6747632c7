"""Services beside training: demand, peaks, what may wait, and what fills idle accelerators."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from planner.axes import HARDWARE, HOUR, SERVICE, SITE, Array, place, total
from planner.errors import InputError
from planner.model.compute import gpus_busy_share, gpus_filled_between_peaks, gpus_required
from planner.model.services import (
    gpus_serving_peak,
    service_by_hour,
    service_images,
    service_load,
    service_load_peak,
    service_share_of_gpu,
    service_speed,
    service_tokens,
)
from planner.project import Project, load

CASES = Path(__file__).parents[1] / "cases"
HOUR_LONG, DAY, MINUTE = 3600.0, 86_400.0, 60.0


def on_services(*values: float) -> Array:
    return place(np.array(values), SERVICE)


def test_a_million_conversations_a_day_are_a_billion_tokens() -> None:
    # Published rule of thumb: 1 billion tokens a day are about 1 million conversations.
    found = service_tokens(on_services(1e6 / DAY), on_services(1000.0), on_services(1.0))
    assert found.item() * DAY == pytest.approx(1e9)


def test_an_inspector_s_twenty_parts_a_minute_are_eight_thousand_in_a_shift_of_400_minutes() -> (
    None
):
    # Manual inspection: 8,000 parts a day, 20 a minute (vendor text).
    images = service_images(*(on_services(x) for x in (1.0, 20 / MINUTE, 1.0, 1.0)))
    assert images.item() * 400 * MINUTE == pytest.approx(8000)


def test_load_is_demand_over_the_throughput_of_its_own_kind() -> None:
    # Tokens, streams, images and accelerator time: each over what one reference accelerator does of it.
    kinds = [on_services(*row) for row in np.diag([3174.0, 13.8, 3462.0, 0.5])]
    per_one = [on_services(*row) for row in np.diag([1587.0, 6.9, 1731.0])[:, :3]]
    per_one = [on_services(*np.append(x.ravel(), 0.0)) for x in per_one]
    terms = [x for pair in zip(kinds[:3], per_one, strict=True) for x in pair]
    found = service_load(*terms, kinds[3], on_services(1.0, 1.0, 1.0, 1.0))
    assert found.ravel() == pytest.approx([2.0, 2.0, 2.0, 0.5])


def test_no_unit_stands_for_work_of_several_kinds(headline: Project) -> None:
    """What is made, seen and inspected has its own unit; only accelerators are added up over services."""
    units = {name: headline.graph[name].unit for name in headline.graph.quantities}
    assert units["service_tokens"] == "token/second"
    assert units["service_images"] == "frame/second"
    assert units["service_streams_analysed"] == "1"
    assert not [name for name, unit in units.items() if "sample" in unit]


def test_speed_is_that_of_the_reference_on_its_own_accelerator_and_less_on_a_slower_one() -> None:
    peaks = place(np.array([989e12, 312e12]), HARDWARE)
    bandwidths = place(np.array([4.9e12, 2.04e12]), HARDWARE)
    found = service_speed(peaks, bandwidths, place(989e12), place(4.0e12))
    assert found.ravel() == pytest.approx([1.0, 312 / 989])


def test_services_of_a_site_that_peak_at_other_hours_share_accelerators() -> None:
    day = np.zeros((24, 2))
    day[8, 0] = day[20, 1] = 1.0
    by_hour = service_by_hour(place(day, HOUR, SERVICE), on_services(0.0, 0.0))
    share, headroom = on_services(0.5, 0.25), on_services(1.0, 2.0)
    found = gpus_serving_peak(
        on_services(10.0, 20.0), by_hour, headroom, on_services(0.0, 0.0), share
    )
    assert found.item() == pytest.approx(24 * max(10 * 0.5, 20 * 2.0 * 0.25))
    waits = gpus_serving_peak(
        on_services(10.0, 20.0), by_hour, headroom, on_services(0.0, 1.0), share
    )
    assert waits.item() == pytest.approx(24 * 10 * 0.5)


def test_the_peak_of_a_service_is_its_busiest_hour_with_headroom() -> None:
    by_hour = place(np.array([0.5, 1.5]), HOUR)
    assert service_load_peak(place(10.0), by_hour, place(1.2)).item() == pytest.approx(18)


def test_a_site_without_the_speed_needs_nothing_rather_than_everything() -> None:
    found = service_share_of_gpu(place(0.0), place(1.0), place(1.0))
    assert found.item() == 0


def test_preemptible_work_fills_the_services_idle_hours_as_far_as_it_may() -> None:
    def filled(work: float, use: float) -> float:
        args = (place(x) for x in (work, 100.0, 40.0, use, 0.8))
        return gpus_filled_between_peaks(*args).item()

    assert filled(1000.0, 0.5) == pytest.approx(60 * 0.5 * 0.8)
    assert filled(10.0, 0.5) == 10
    assert filled(1000.0, 0.0) == 0


def test_services_add_their_peak_to_the_need_and_their_mean_to_what_is_busy() -> None:
    needed = gpus_required(place(50.0), place(80.0), place(16.0), place(0.8), place(30.0))
    assert needed.item() == pytest.approx(64 / 0.8 + 30)
    assert gpus_busy_share(place(60.0), place(20.0), place(100.0)).item() == pytest.approx(0.8)


def test_the_need_always_has_room_for_all_mean_work(everything: dict[str, Array]) -> None:
    x = everything
    mean = x["gpus_work_mean"] + x["gpus_serving_mean"]
    assert (x["gpus_required"] >= mean * (1 - 1e-12)).all()


def test_the_pilots_stay_a_small_part_of_the_main_scenario(everything: dict[str, Array]) -> None:
    serving, needed = (
        total(everything[name], SITE).max() for name in ("gpus_serving_peak", "gpus_required")
    )
    assert 0 < serving < 0.05 * needed


def test_a_scenario_without_services_has_none_of_their_work() -> None:
    project = load(CASES / "06_tesla_2021_cluster.yaml")
    words = ("service", "serving")
    names = [each for each in project.graph if any(word in each for word in words)]
    names.remove("ecu_units_for_service")  # spare parts
    for name, x in project.run([*names, "summary_time"]).items():
        assert np.isfinite(x).all(), name
        if name not in ("service_by_hour", "service_speed"):
            assert x.max() == 0, name


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        ("services.assistant.streams=5", "belongs to services of kind cameras"),
        ("services.robots.kind=inspection", "needs it"),
        ("services.assistant.site=mars", 'no "mars" in sites'),
        ("services.assistant.reference=h1000", 'no profile "h1000"'),
        ("services.city_cameras.footage=null", "a summary is of a recording"),
        ("workloads.driving.job_gpus=null", "wait as jobs of some size"),
    ],
)
def test_services_and_jobs_that_contradict_themselves_are_faults(edit: str, fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        load("5pct_ev_market", set=[edit])


def test_a_service_keeps_the_clock_of_its_users(headline: Project) -> None:
    abroad = load("5pct_ev_market", set=["services.assistant.region=usa"])
    here, there = (
        p.run(["service_by_hour"])["service_by_hour"][..., 0, 0] for p in (headline, abroad)
    )
    busiest = [int(x.reshape(24, -1)[:, 0].argmax()) for x in (here, there)]
    assert busiest[0] != busiest[1]
