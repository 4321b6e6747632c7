"""Spares, checkpoints and storage: more never needs less, parts add up, doubling doubles.

Spares are claimed where fewer than half of the hardware is down; the loader refuses the rest.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.axes import MONTH, SITE, TIER, WORKLOAD, Array, take
from planner.graph import Quantity
from planner.project import Project
from tests.properties import cluster_bugs as bugs
from tests.properties.layouts import (
    WHOLE_PLANS,
    draws,
    factors,
    layout,
    rows_of,
    run,
    same,
    scaled,
    times,
)
from tests.properties.seeded_bugs import caught, with_bug
from tests.properties.test_more_needs_more import (
    KEEPING,
    RECORDING,
    TRAINING,
    VEHICLES,
    Growth,
    Inputs,
    check_nothing_falls,
    growths,
)

Example = dict[int, float]
HALF = 0.5

FAILURES: Inputs = (
    ("cluster_failure_rate", None),
    ("cluster_repair_time", None),
    ("cluster_availability", None),
)
SAVING: Inputs = (
    ("checkpoint_weight_bytes", None),
    ("checkpoint_master_bytes", None),
    ("checkpoint_moment_bytes", None),
    ("checkpoint_kept", None),
)
INTERRUPTIONS: Inputs = (("cluster_interruption_rate", None),)
SPARES = ("gpus_spare", "nodes_spare")
SAVED = ("checkpoint_space", "tier_checkpoints", "storage_capacity_required")
WRITTEN = ("storage_write_required", "storage_units_for_writing")

# name, layout, inputs, outputs, seeded bug
CASES: tuple[tuple[str, str, Inputs, tuple[str, ...], Quantity], ...] = (
    ("failures", "announced", FAILURES, SPARES, bugs.spares_for_a_share_that_is_up),
    ("need", "running", (*VEHICLES, *TRAINING), SPARES, bugs.spares_by_what_rounding_leaves),
    ("saving", "announced", SAVING, (*SAVED, *WRITTEN), bugs.checkpoints_share_their_place),
    (
        "interruptions",
        "announced",
        INTERRUPTIONS,
        ("checkpoint_bandwidth", *WRITTEN),
        bugs.writing_after_curation,
    ),
    (
        "arriving",
        "announced",
        (*VEHICLES, *RECORDING, *KEEPING),
        ("tier_entering", *WRITTEN),
        bugs.arrivals_between_checkpoints,
    ),
)
NAMES = [case[0] for case in CASES]


def check_case(project: Project, outputs: tuple[str, ...], growth: Growth) -> None:
    others, grown, factor = growth
    rows = rows_of(project.table, *grown)
    before = scaled(project.table, others)
    after = before | {
        i: times(project.table, i, before.get(i, project.table.rows[i].value), factor) for i in rows
    }
    if run(project, ["group_down_share"], before, after)["group_down_share"].max() < HALF:
        check_nothing_falls(project, outputs, growth)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_more_of_an_input_never_needs_less(case: tuple) -> None:
    _, where, inputs, outputs, _ = case
    project = layout(where)

    @WHOLE_PLANS
    @given(growths(project, inputs))
    def holds(growth: Growth) -> None:
        check_case(project, outputs, growth)

    holds()


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_a_seeded_bug_is_caught(case: tuple) -> None:
    _, where, inputs, outputs, bug = case
    project = with_bug(layout(where), bug)
    caught(lambda growth: check_case(project, outputs, growth), growths(project, inputs))


# --- Time that makes progress --------------------------------------------------------------------

LOSSES = (
    "cluster_interruption_rate",
    "checkpoint_stall",
    "checkpoint_master_bytes",
    "checkpoint_restart",
    "workload_experiments",
)


def check_losses_never_help(project: Project, example: tuple[Example, str, float]) -> None:
    chosen, leaf, factor = example
    before = scaled(project.table, chosen)
    rows = rows_of(project.table, leaf)
    after = before | {
        i: times(project.table, i, before.get(i, project.table.rows[i].value), factor) for i in rows
    }
    x = run(project, ["goodput_expected"], before, after)["goodput_expected"]
    assert (x[1] <= x[0] + 1e-9).all(), leaf
    assert (x >= 0).all()
    assert (x <= 1).all()


def losses(project: Project) -> st.SearchStrategy[tuple[Example, str, float]]:
    return st.tuples(factors(project.table), st.sampled_from(LOSSES), st.floats(1.01, 100.0))


def test_more_interruptions_and_longer_stalls_never_raise_the_goodput() -> None:
    project = layout("announced")

    @WHOLE_PLANS
    @given(losses(project))
    def holds(example: tuple[Example, str, float]) -> None:
        check_losses_never_help(project, example)

    holds()


def test_a_seeded_bug_in_the_goodput_is_caught() -> None:
    project = with_bug(layout("announced"), bugs.interruptions_help)
    caught(lambda example: check_losses_never_help(project, example), losses(project))


# --- Parts and wholes ----------------------------------------------------------------------------

PARTS = (
    *("runs_at_once", "checkpoint_size", "checkpoint_bandwidth"),
    *("gpus_for_release", "gpus_for_experiments"),
    *("checkpoint_space", "tier_checkpoints", "tier_held", "tier_entering", "tier_lands"),
    *("storage_write_required", "site_ingest_peak", "copies_arriving"),
    *("storage_drives", "storage_units", "drives_replaced", "gpus_spare", "gpus_required"),
    *("storage_units_required", "storage_units_for_capacity"),
    *("storage_units_for_bandwidth", "storage_units_for_writing"),
)


def check_parts_add_up(project: Project, chosen: Example) -> None:
    values = scaled(project.table, chosen)
    x = run(project, PARTS, values)
    leaves = {**project.leaves, **draws(project.table, values)}
    workloads = range(len(project.table.labels[WORKLOAD]))
    each = [
        take(x["runs_at_once"], WORKLOAD, w) * take(x["checkpoint_size"], WORKLOAD, w)
        for w in workloads
    ]
    kept, rate = (np.asarray(leaves[f"checkpoint_{name}"]) for name in ("kept", "write_rate"))
    working = (x["gpus_for_release"] + x["gpus_for_experiments"]) * (x["checkpoint_size"] > 0)
    written = sum(take(working, WORKLOAD, w) for w in workloads) * rate
    assert same(x["checkpoint_space"], sum(each) * kept, 1e-12)
    assert same(x["checkpoint_bandwidth"], written, 1e-12)
    assert same(x["tier_checkpoints"].sum(axis=TIER, keepdims=True), x["checkpoint_space"], 1e-12)
    copies = np.asarray(leaves["tier_copies"])
    landing = x["site_ingest_peak"] + x["copies_arriving"]
    arriving = np.where(x["tier_lands"] > 0, landing, x["tier_entering"])
    hot = arriving[..., :1, :, :, :, :, :] + x["checkpoint_bandwidth"]
    found = x["storage_write_required"] / copies
    assert same(found[..., :1, :, :, :, :, :], hot, 1e-12)
    assert same(found[..., 1:, :, :, :, :, :], arriving[..., 1:, :, :, :, :, :], 1e-12)
    for name in ("capacity", "bandwidth", "writing"):
        assert (x["storage_units_required"] >= x[f"storage_units_for_{name}"]).all()
    drives = x["storage_units"] * np.asarray(leaves["system_drives"])
    assert same(x["storage_drives"].sum(), drives.sum(), 1e-12)
    assert same(x["storage_drives"], drives, 1e-12)
    assert (x["tier_lands"].sum(axis=TIER) <= 1).all()
    assert (x["gpus_spare"][x["gpus_required"] == 0] == 0).all()
    _check_stock_grows_by_what_enters(x, np.asarray(leaves["month_seconds"]))


def _check_stock_grows_by_what_enters(x: dict[str, Array], seconds: Array) -> None:
    """A tier's stock never grows by more than what entered it, and all that is kept enters the first tier."""
    grown = np.diff(x["tier_held"], axis=MONTH)
    entered = (x["tier_entering"] * seconds)[:, 1:]
    slack = 1e-9 * max(float(np.abs(x["tier_held"]).max()), 1.0)
    assert (grown <= entered + slack).all()


def test_parts_add_up() -> None:
    project = layout("running")

    @WHOLE_PLANS
    @given(factors(project.table, most=20))
    def holds(chosen: Example) -> None:
        check_parts_add_up(project, chosen)

    holds()


@pytest.mark.parametrize(
    "bug",
    [
        bugs.checkpoints_of_the_largest_run_alone,
        bugs.checkpoints_share_their_place,
        bugs.data_enters_when_it_leaves,
        bugs.drives_of_the_first_tier,
        bugs.writing_after_curation,
    ],
)
def test_a_seeded_bug_in_the_parts_is_caught(bug: Quantity) -> None:
    project = with_bug(layout("running"), bug)
    caught(lambda chosen: check_parts_add_up(project, chosen), factors(project.table))


# --- Doubling ------------------------------------------------------------------------------------

DOUBLES = (
    (
        ("checkpoint_weight_bytes", "checkpoint_master_bytes", "checkpoint_moment_bytes"),
        ("checkpoint_size",),
    ),
    (("checkpoint_kept",), ("checkpoint_space",)),
    (("system_drive_failure_rate",), ("drives_replaced",)),
)


@pytest.mark.parametrize(("leaves", "outputs"), DOUBLES, ids=lambda names: names[0])
def test_twice_as_much_is_twice_as_much(leaves: tuple[str, ...], outputs: tuple[str, ...]) -> None:
    project = layout("running")
    table = project.table
    rows = [i for leaf in leaves for i in rows_of(table, leaf)]
    x = run(project, outputs, {}, {i: 2.0 * table.rows[i].value for i in rows})
    for name in outputs:
        assert x[name].max() > 0
        assert same(x[name][1], 2.0 * x[name][0], 1e-12), name


def test_sites_that_do_not_train_have_no_spares_and_no_checkpoints() -> None:
    project = layout("announced")
    x = run(project, ["gpus_spare", "checkpoint_space", "checkpoint_bandwidth"], {})
    china = project.table.labels[SITE].index("china")
    for name, values in x.items():
        assert take(values, SITE, china).max() == 0, name
        assert values.max() > 0, name
