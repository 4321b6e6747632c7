"""Published rows about data, curation and labels; 03 and 21 are exercises in tests/cases."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import HARDWARE, SITE, place
from planner.model.curation import (
    annotators,
    clips_arriving,
    curation_speed,
    gpus_for_curation,
    images_labelled,
    label_cost,
    label_hours,
)
from planner.project import load

DAY = 86_400.0
HOUR_S = 3600.0
NODES = 128  # DGX of eight GPUs, in the footnote of NVIDIA's chart


@pytest.fixture(scope="module")
def leaves() -> dict[str, np.ndarray]:
    found = load("5pct_ev_market").leaves
    return {name: x for name, x in found.items() if isinstance(x, np.ndarray)}


def days_of_curation(leaves: dict[str, np.ndarray], bf16: float) -> float:
    """Days that 1,024 GPUs take to curate 20 million hours of one camera; captions are the labels."""
    # One camera of the twelve of a reference clip; its pixels are not published, and taken to be one of twelve too.
    work = place(20e6 * HOUR_S) / leaves["curation_reference_cameras"]
    speed = curation_speed(
        place(np.array([bf16]), HARDWARE),
        place(np.ones((1, 1)), SITE, HARDWARE),
        leaves["curation_reference_rate"],
    )
    # arXiv 2501.03575: 1.96 clips of one camera a second on an H100
    captions = leaves["curation_reference_cameras"] / 1.96
    steps = [leaves[f"curation_{name}"] for name in ("decode", "deduplicate", "select")]
    within = (place(DAY), leaves["curation_clip_length"])
    busy = gpus_for_curation(work, work, place(1.0), *within, *steps, place(0.0), captions, speed)
    return float(busy.item()) / (NODES * 8)


def test_twenty_million_hours_of_video_take_forty_days_on_hopper(leaves) -> None:
    # NVIDIA, technical blog on Cosmos, 2025. The steps were set so that they add up to this.
    assert days_of_curation(leaves, 989e12) == pytest.approx(40, rel=0.02)


def test_scaling_by_the_dense_peak_is_a_quarter_short_of_what_blackwell_was_said_to_take(
    leaves,
) -> None:
    # The same source: 14 days on Blackwell. By dense bf16 (2,250 over 989 TFLOP/s) 17.6 days come out, 26 % too many:
    # captions in 8-bit float and newer video engines gain more than the 16-bit peak.
    assert days_of_curation(leaves, 2250e12) == pytest.approx(14, rel=0.27)


def test_clips_of_a_published_data_set() -> None:
    # Row 09, NVIDIA PhysicalAI-AV: 306,152 clips of 20 s are 1,700 h.
    rate = clips_arriving(place(1700 * HOUR_S), place(DAY), place(20.0))
    assert rate.item() * DAY == pytest.approx(306_152, rel=0.01)


def test_thirty_million_images_take_three_hundred_people_and_fifty_million_dollars(leaves) -> None:
    # A vendor's case: 30 million images, 25 classes, over USD 50 million, 2.5 years, over 300 people.
    period = place(2.5 * 365.25 * DAY)
    one_each = place(1.0)
    images = images_labelled(place(30e6) / period, one_each, one_each, period)
    assert label_cost(images, leaves["labels_price"], one_each).item() == pytest.approx(
        50e6, rel=0.03
    )
    hours = label_hours(images, leaves["labels_time"])
    people = annotators(hours, leaves["labels_working_time"], period)
    assert people.item() == pytest.approx(300, rel=0.03)


def test_the_fleet_of_the_plan_takes_a_team_of_the_size_that_is_known() -> None:
    # Tesla's labelling team grew to about 1,000 people (A. Karpathy); the share labelled is assumed with that in view.
    (people,) = load("5pct_ev_market").run(["annotators"]).values()
    assert 100 < people.sum(axis=SITE).max() < 2000
