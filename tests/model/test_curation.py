"""What curation takes: accelerators for clips, people and money for labels."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import (
    DATA,
    ECU,
    HARDWARE,
    MONTH,
    PROGRAM,
    REGION,
    SITE,
    WORKLOAD,
    Array,
    on,
    place,
    total,
)
from planner.catalogue import Calendar
from planner.inputs.numbers import month_index
from planner.model.compute import gpus_work_mean
from planner.model.curation import (
    annotators,
    clip_kept_by_class,
    clip_kept_share,
    clips_arriving,
    curation_speed,
    dataset_collected,
    gpus_for_curation,
    gpus_for_relabelling,
    images_labelled,
    label_cost,
    label_hours,
)
from planner.model.storage import tier_datasets
from planner.model.telemetry import clip_consent, data_stream_share, vehicle_recorded_by_class
from planner.project import Project, load
from planner.units import to_base

DAY = 86_400.0
HOUR_S = 3600.0
REFERENCE = 989e12


def work(kept: float, speed: float = 1.0, cameras: float = 1.0, pixels: float = 1.0) -> float:
    """Accelerators for a clip of 20 s that arrives a second, with so many times the reference's cameras and pixels."""
    month, length, seconds = 30 * DAY, 20.0, (1.5, 2.5, 1.7, 7.0, 70.0)
    arriving = (cameras * month * length, pixels * month * length, kept, month, length)
    return gpus_for_curation(*(place(x) for x in (*arriving, *seconds, speed))).item()


def test_recordings_are_cut_into_clips() -> None:
    # 306,152 clips of 20 s are 1,700.8 hours (NVIDIA PhysicalAI-AV); in a month of 30 days.
    rate = clips_arriving(place(1700.8 * HOUR_S), place(30 * DAY), place(20.0))
    assert rate.item() * 30 * DAY == pytest.approx(306_152, rel=1e-4)


def test_all_clips_are_searched_and_those_kept_are_labelled() -> None:
    assert work(0.0) == pytest.approx(5.7)
    assert work(0.4) == pytest.approx(5.7 + 0.4 * 77)


def test_work_follows_the_cameras_and_decoding_their_pixels() -> None:
    # Half of the cameras, each of the same pixels: half of everything. The same cameras of twice the pixels: decoding.
    assert work(0.4, cameras=0.5, pixels=0.5) == pytest.approx((5.7 + 0.4 * 77) / 2)
    assert work(0.4, pixels=2.0) == pytest.approx(5.7 + 1.5 + 0.4 * 77)


def test_the_published_pipeline_takes_twelve_seconds_for_a_clip_of_twelve_cameras() -> None:
    # NeMo Curator: 1,024 GPUs x 40 days for 20 million hours of one camera; a clip of 12 x 20 s.
    published = 1024 * 40 * DAY / (20e6 * HOUR_S) * 12 * 20
    captions = 12 / 1.96
    assert work(0.0) + captions == pytest.approx(published, rel=0.01)


def test_a_programme_with_fewer_cameras_takes_less_curation(headline: Project) -> None:
    """The reference is the shipped vehicles' own; a van with half of its surround cameras has 9 of 12."""
    names = ["clip_time_by_program", "clip_camera_time", "clip_pixel_time", "dataset_cameras"]
    full = headline.run([*names, "clip_time_ingested"])
    for name in ("clip_camera_time", "clip_pixel_time"):
        assert full[name] == pytest.approx(full["clip_time_ingested"], rel=1e-12)
    assert full["dataset_cameras"] == pytest.approx(np.ones(full["dataset_cameras"].shape))
    fewer = load("5pct_ev_market", set=["vehicles.model_n.sensors.surround_cameras.count=3"])
    x = fewer.run(names)
    per_frame = 2 * 8294400 + np.array([6, 3]) * 2319360 + 4 * 2949120
    for name, ratio in (
        ("clip_camera_time", np.array([1.0, 9 / 12])),
        ("clip_pixel_time", per_frame / per_frame[0]),
    ):
        expected = total(x["clip_time_by_program"] * place(ratio, PROGRAM), PROGRAM)
        assert x[name] == pytest.approx(expected, rel=1e-12)
    # Vans drive four times as long as cars: 15 % of the vehicles are two fifths of the recordings, at most.
    mean = on(x["dataset_cameras"], MONTH, SITE)[0, -1, 0]
    assert 0.85 < mean < 0.95


def test_a_faster_accelerator_takes_fewer() -> None:
    # H100 against the A100's 312 TFLOP/s: 3.17 times as many.
    chips = place(np.array([REFERENCE, 312e12]), HARDWARE)
    buys = place(np.eye(2), SITE, HARDWARE)
    speed = curation_speed(chips, buys, place(REFERENCE)).ravel()
    assert speed == pytest.approx([1.0, 0.3155], rel=1e-3)
    assert work(0.4, speed[1]) / work(0.4) == pytest.approx(989 / 312)


def test_a_data_set_is_labelled_anew_once_in_an_interval() -> None:
    # 80,000 hours are 14.4 million clips of 20 s; at 70 s each in a year 31.9 accelerators.
    hours = place(np.array([80_000.0, 4700.0]) * HOUR_S, WORKLOAD)
    year = 365.25 * DAY

    def gpus(active=1.0, cameras=1.0, nested=1.0, interval=year) -> float:
        values = (active, 1.0, cameras, nested, 20.0, 70.0, interval, 1.0)
        return gpus_for_relabelling(hours, *(place(x) for x in values)).item()

    assert gpus() == pytest.approx(31.94, rel=1e-3)
    assert gpus(cameras=0.5) == pytest.approx(gpus() / 2)
    assert gpus(nested=0.0) == pytest.approx(gpus() * 84_700 / 80_000)
    assert gpus(interval=np.inf) == 0
    assert gpus(active=0.0) == 0


@pytest.mark.parametrize(("nested", "together"), [(0.0, 17.0), (0.5, 13.5), (1.0, 10.0)])
def test_what_is_in_several_data_sets_is_stored_and_labelled_once(
    nested: float, together: float
) -> None:
    """Sets of 10, 5 and 2: of each of the smaller ones a share lies in the largest."""
    sets = place(np.array([5.0, 10.0, 2.0]), WORKLOAD)
    stored = tier_datasets(sets, place(1.0), place(nested), place(2.0), place(0.5))
    assert stored.item() == pytest.approx(together)
    ones = (place(x) for x in (1.0, 1.0, 1.0, nested, 1.0, 1.0, 1.0, 1.0))
    assert gpus_for_relabelling(sets, *ones).item() == pytest.approx(together)


def test_labels_take_people_and_money() -> None:
    # 30 million images for USD 50 million; 300 people for 2.5 years of 1,700 h have 2.55 minutes for each.
    month = DAY * 365.25 / 12
    images = images_labelled(place(1e6 / month), place(0.01), place(100.0), place(month))
    assert images.item() == pytest.approx(1e6)
    hours = label_hours(images, place(to_base(2.55, "minute")))
    assert hours.item() == pytest.approx(42_500 * HOUR_S)
    working = place(to_base(1700.0, "hour/year"))
    people = annotators(hours, working, place(month)).item()
    assert people == pytest.approx(300 * 2.5 * 12 / 30, rel=1e-3)  # 30 such months are the case
    assert label_cost(images, place(50 / 30), place(2.0)).item() == pytest.approx(2e6 * 50 / 30)


def test_the_share_of_clips_kept_is_that_of_all_classes_cut_from_them() -> None:
    # 1 % evidence, all kept; 40 % of the rest; signals do not count.
    classes = ([1.0, 1.0, 0.0], [0.99, 0.01, 1.0])
    kept = place(np.array([0.4, 1.0, 1.0]), DATA)

    def share(*consent: float) -> float:
        clips = clip_consent(*(place(np.array(x), DATA) for x in (*classes, consent)))
        return clip_kept_share(clip_kept_by_class(clips, kept)).item()

    assert share(1.0, 1.0, 1.0) == pytest.approx(0.99 * 0.4 + 0.01)
    # Where half of the owners withdrew, evidence is twice as much of what still arrives.
    assert share(0.5, 1.0, 1.0) == pytest.approx((0.495 * 0.4 + 0.01) / 0.505)
    assert share(0.0, 0.0, 1.0) == 0


# --- Classes ---------------------------------------------------------------------------------------------------------

CLIPS, SIGNALS, MAP = (place(np.array(x), DATA) for x in ([1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]))
REST = place(np.array([1.0, 0.0, 1.0, 1.0]), DATA)


def test_a_class_without_a_share_takes_what_others_leave_of_its_stream() -> None:
    own = place(np.array([-1.0, 0.02, -1.0, -1.0]), DATA)
    shares = data_stream_share(own, REST, CLIPS, SIGNALS, MAP)
    assert shares.ravel() == pytest.approx([0.98, 0.02, 1.0, 1.0])


def test_shares_that_are_drawn_beyond_the_whole_are_cut_to_it() -> None:
    rest = place(np.array([1.0, 0.0, 0.0]), DATA)
    clips, none = place(np.ones(3), DATA), place(np.zeros(3), DATA)
    own = place(np.array([-1.0, 0.9, 0.6]), DATA)
    shares = data_stream_share(own, rest, clips, none, none).ravel()
    assert shares == pytest.approx([0.0, 0.6, 0.4])


def test_classes_of_a_vehicle_add_up_to_its_streams() -> None:
    shares = place(np.array([0.98, 0.02, 1.0, 1.0]), DATA)
    streams = (100.0, 7.0, 0.5, 6.0)  # clips, signals, map observations a km, km
    vehicle = (*(place(x) for x in streams), shares, CLIPS, SIGNALS, MAP)
    found = vehicle_recorded_by_class(*vehicle, place(1.0))
    assert found.ravel() == pytest.approx([98.0, 2.0, 7.0, 3.0])
    agreed = vehicle_recorded_by_class(*vehicle, place(np.array([0.5, 1.0, 0.0, 1.0]), DATA))
    assert agreed.ravel() == pytest.approx([49.0, 2.0, 0.0, 3.0])


# --- Withdrawn consent and data sets ---------------------------------------------------------------------------------


def collected(reaches: float, delay: float) -> Array:
    """An hour a month of two classes for two years; owners of the first withdraw at a tenth a year."""
    calendar = Calendar(month_index("2023-01"), 24, 0)
    hours = place(np.full((24, 1), 2 * HOUR_S), MONTH, SITE)
    rate = place(np.array([-np.log(0.9) / (365.25 * DAY), 0.0]), DATA)
    half = place(np.array([0.5, 0.5]), DATA)
    found = dataset_collected(hours, half, rate, place(reaches), place(delay), calendar)
    return found.ravel() / HOUR_S


def test_data_sets_keep_what_was_once_in_them_unless_deletion_reaches_them() -> None:
    assert collected(0.0, 0.0) == pytest.approx(np.arange(2.0, 50.0, 2.0))
    assert collected(1.0, 1e10) == pytest.approx(np.arange(2.0, 50.0, 2.0))


def test_recordings_leave_data_sets_a_stated_time_after_consent_was_withdrawn() -> None:
    rate, months = -np.log(0.9) / 12, 24
    # Of an hour a month, evenly: the integral of exp(-rate age) over 24 months; of the other class everything.
    at_once = -np.expm1(-rate * months) / rate + months
    assert collected(1.0, 0.0)[-1] == pytest.approx(at_once, rel=2e-3)
    # A year later: of the last twelve months everything, of those before what was left a year ago.
    later = 12 - np.expm1(-rate * 12) / rate + months
    assert collected(1.0, 365 * DAY)[-1] == pytest.approx(later, rel=2e-3)


def test_a_plan_whose_data_sets_forget_trains_on_less(
    headline: Project, everything: dict[str, Array]
) -> None:
    edits = ["curation.deletion_reaches_datasets=true", "data_classes.clips.withdrawn_share=20 %"]
    keeps, forgets = (
        load("5pct_ev_market", set=each).run(["dataset_collected"])["dataset_collected"][0, -1]
        for each in (edits[1:], edits)
    )
    assert (forgets < keeps)[keeps > 0].all() and (forgets > 0.5 * keeps)[keeps > 0].all()
    assert "curation_deletion_reaches_datasets" in headline.leaves
    assert everything["dataset_collected"].max() > keeps.max()


# --- Whole plans -----------------------------------------------------------------------------------------------------


def test_curation_and_labels_count_in_the_need_and_in_the_cost(
    everything: dict[str, Array],
) -> None:
    parts = [total(everything[name], WORKLOAD) for name in gpus_work_mean.parameters]
    assert {"gpus_for_curation", "gpus_for_relabelling"} <= set(gpus_work_mean.parameters)
    assert everything["gpus_work_mean"] == pytest.approx(sum(parts), rel=1e-12)
    assert everything["label_cost"].max() > 0
    assert (everything["opex"] > everything["label_cost"]).any()
    assert (everything["opex"] >= everything["label_cost"]).all()


def test_each_class_recorded_is_received_or_dropped(everything: dict[str, Array]) -> None:
    received = total(everything["data_ingest"], PROGRAM, SITE)
    recorded = everything["data_recorded"]
    assert recorded == pytest.approx(received + everything["data_dropped"], rel=1e-12)
    by_vehicle = total(everything["fleet_recorded"], REGION, PROGRAM)
    assert total(recorded, DATA) == pytest.approx(by_vehicle, rel=1e-12)


def test_a_programme_is_not_sold_after_the_end_of_its_production(headline: Project) -> None:
    ended = load("5pct_ev_market", set=["programs.model_n.production_end=2026-12"])
    before, after = (
        total(p.run(["vehicle_sales"])["vehicle_sales"], REGION, ECU) for p in (headline, ended)
    )
    months, programs = (headline.table.labels[axis] for axis in (MONTH, PROGRAM))
    last, van = months.index("2026-12"), programs.index("model_n")
    sold = on(after, MONTH, PROGRAM)[0]
    assert sold[last, van] > 0 and sold[last + 1 :, van].max() == 0
    assert total(after, PROGRAM) == pytest.approx(total(before, PROGRAM), rel=1e-12)


def test_a_class_in_two_copies_doubles_in_every_tier_and_no_other_does(headline: Project) -> None:
    twice = load("5pct_ev_market", set=["data_classes.clips.copies=2"])
    once, both = (total(p.run(["data_held"])["data_held"], SITE) for p in (headline, twice))
    clips = headline.table.labels[DATA].index("clips")
    factor = np.ones(len(headline.table.labels[DATA]))
    factor[clips] = 2.0
    assert both == pytest.approx(once * place(factor, DATA), rel=1e-12)
