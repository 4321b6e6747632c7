"""More vehicles, hours, rates or retention never need less ingest, storage or accelerators.

The table `CASES` is the exact claim: inputs on the left, outputs that never fall on the right, in
every month and at every site. Two limits of it are the model's own. A full link carries a fixed
number of bytes, and what is dropped hits clips and signals alike; so more signals, or sensors of a
higher rate, on a full link leave room for less driving time, the data sets grow more slowly and
training may need less. And a class of which little is kept may crowd out one that is kept whole, so that tiers hold
less. For those inputs everything rises only where links are not full.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.axes import TIER
from planner.graph import Quantity
from planner.project import Project
from tests.properties import seeded_bugs as bugs
from tests.properties.layouts import WHOLE_PLANS, factors, layout, rows_of, run, scaled, times

Inputs = tuple[tuple[str, str | None], ...]

INGEST = ("ingest_mean", "ingest_peak", "site_ingest_mean", "site_ingest_peak")
HELD = ("tier_held",)
STORAGE = (
    *("storage_hot_required", "storage_warm_required", "storage_cold_required"),
    *("storage_capacity_required", "storage_bandwidth_required", "storage_units_required"),
)
COMPUTE = ("gpus_required", "training_gpu_hours", "nodes_required")
ALL = (*INGEST, *HELD, *STORAGE, *COMPUTE)
DELIVERY = ("ota_bytes", "ota_peak")

VEHICLES: Inputs = (
    ("market_share", None),
    ("market_sales", None),
    ("fleet_life", None),
    ("opening_fleet", "vehicles"),
)
HOURS: Inputs = (("program_daily_hours", None),)
RECORDING: Inputs = (
    ("program_record_share", None),
    ("program_trigger_rate", None),
    ("program_clip_length", None),
    ("telemetry_trigger_growth", None),
)
LINKS: Inputs = (
    ("region_wifi_uplink", None),
    ("region_cellular_uplink", None),
    ("link_rate", None),
    ("link_session", None),
    ("link_data_cap", None),
    ("vehicle_buffer", None),
)
RATES: Inputs = (
    ("program_telemetry", None),
    ("program_map_rate", None),
    ("region_annual_distance", None),
    *(("program_sensors", field) for field in ("count", "resolution", "rate", "bits")),
)
KEEPING: Inputs = (("data_kept_share", None), ("workload_selection_share", None))
RETENTION: Inputs = (
    ("tier_held_share", None),
    ("tier_copies", None),
    ("tier_dataset_copies", None),
    ("tier_read_per_accelerator", None),
    ("site_opening_data", "kept"),
)
TRAINING: Inputs = (
    ("workload_experiments", None),
    ("model_epochs", None),
    ("model_base_dataset", None),
    ("model_dataset_limit", None),
    ("model_parameters", None),
    ("model_token_rate", None),
    ("model_frame_flops", None),
    ("model_frame_rate", None),
)
RELEASES: Inputs = (("package_size", None), ("ota_retry_overhead", None))
HEADROOM: Inputs = (("telemetry_ingest_headroom", None),)

# name, layout, inputs, outputs, seeded bug
CASES: tuple[tuple[str, str, Inputs, tuple[str, ...], Quantity], ...] = (
    ("vehicles", "announced", VEHICLES, (*ALL, *DELIVERY), bugs.ingest_subtracts_regions),
    ("vehicles", "running", VEHICLES, (*ALL, *DELIVERY), bugs.ingest_subtracts_regions),
    ("hours", "announced", HOURS, (*INGEST, *COMPUTE), bugs.longer_driving_dilutes_clips),
    ("hours", "unlimited", HOURS, ALL, bugs.longer_driving_dilutes_clips),
    ("recording", "announced", RECORDING, (*INGEST, *COMPUTE), bugs.clips_replace_recording),
    ("recording", "unlimited", RECORDING, ALL, bugs.clips_replace_recording),
    ("links", "announced", LINKS, ALL, bugs.buffers_overwrite_what_waits),
    ("rates", "announced", RATES, INGEST, bugs.rate_upside_down),
    ("rates", "unlimited", RATES, ALL, bugs.rate_upside_down),
    ("keeping", "announced", KEEPING, (*HELD, *STORAGE, *COMPUTE), bugs.keeping_crowds_out),
    ("retention", "running", RETENTION, (*HELD, *STORAGE), bugs.copies_share_their_bytes),
    ("training", "announced", TRAINING, (*STORAGE, *COMPUTE), bugs.work_divides),
    ("releases", "announced", RELEASES, DELIVERY, bugs.release_without_headroom),
    (
        "headroom",
        "announced",
        HEADROOM,
        ("ingest_peak", "site_ingest_peak"),
        bugs.headroom_is_room_taken,
    ),
)
NAMES = [f"{name}-{where}" for name, where, *_ in CASES]

Growth = tuple[dict[int, float], tuple[str, str | None], float]


def growths(project: Project, inputs: Inputs) -> st.SearchStrategy[Growth]:
    """A plan with some rows redrawn, an input that has rows in it, and a factor for these."""
    present = [each for each in inputs if rows_of(project.table, *each)]
    return st.tuples(factors(project.table), st.sampled_from(present), st.floats(1.01, 20.0))


def check_nothing_falls(project: Project, outputs: tuple[str, ...], growth: Growth) -> None:
    others, grown, factor = growth
    table = project.table
    before = scaled(table, others)
    if grown in VEHICLES:
        # Consent is a mean over the whole fleet: older vehicles of one region lower it a little in the others, too.
        before |= dict.fromkeys(rows_of(table, "data_withdrawn_share"), 0.0)
    rows = rows_of(table, *grown)
    after = before | {i: times(table, i, before.get(i, table.rows[i].value), factor) for i in rows}
    for name, x in run(project, outputs, before, after).items():
        slack = 1e-9 * float(np.abs(x).max())
        assert (x[1] >= x[0] - slack).all(), f"{name} falls with more {grown[0]} x {factor}"


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_more_of_an_input_never_needs_less(case: tuple) -> None:
    _, where, inputs, outputs, _ = case
    project = layout(where)

    @WHOLE_PLANS
    @given(growths(project, inputs))
    def holds(growth: Growth) -> None:
        check_nothing_falls(project, outputs, growth)

    holds()


def test_longer_ages_of_tiers_never_hold_less_in_all_of_them() -> None:
    """A tier that keeps data longer takes it from the next one, so that only all tiers together never hold less."""
    project = layout("running")
    shares = dict.fromkeys(rows_of(project.table, "tier_held_share"), 1.0)
    ages = rows_of(project.table, "tier_held_until")

    @WHOLE_PLANS
    @given(
        growths(project, (("tier_held_until", None),)),
        st.sampled_from([ages, *([i] for i in ages)]),
    )
    def holds(growth: Growth, grown: list[int]) -> None:
        before = scaled(project.table, growth[0]) | shares
        longer = {i: before.get(i, project.table.rows[i].value) * growth[2] for i in grown}
        held = run(project, ["tier_held"], before, before | longer)["tier_held"].sum(axis=TIER)
        assert (held[1] >= held[0] - 1e-9 * held.max()).all()

    holds()


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_a_seeded_bug_is_caught(case: tuple) -> None:
    _, where, inputs, outputs, bug = case
    project = bugs.with_bug(layout(where), bug)
    bugs.caught(
        lambda growth: check_nothing_falls(project, outputs, growth), growths(project, inputs)
    )


def test_more_signals_on_a_full_link_may_need_less_training() -> None:
    """Why signals and sensor rates are claimed to raise training only where links are not full."""
    project = layout("announced")
    signals = rows_of(project.table, "program_telemetry")
    more = scaled(project.table, {i: 100.0 for i in signals})
    x = run(project, ["gpus_required", "ingest_mean"], {}, more)
    assert x["ingest_mean"][1].sum() > x["ingest_mean"][0].sum()
    assert x["gpus_required"][1].sum() < x["gpus_required"][0].sum()
