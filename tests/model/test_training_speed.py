"""Training speed in the plan: computed where the network is known, as assumed elsewhere, and found back."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import HARDWARE, MONTH, SCALE, SITE, WORKLOAD, on
from planner.errors import InputError
from planner.findings import assumed
from planner.findings.assumptions import assumptions
from planner.findings.layouts import _runs
from planner.inputs.image_models import network_of
from planner.perf.training import rate_of_accelerators
from planner.plan import Plan
from planner.project import load

PERCEPTION, DRIVING, WORLD = range(3)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load("5pct_ev_market").plan()


def test_a_run_on_its_accelerators_is_done_in_its_deadline(plan: Plan) -> None:
    run, flops, rate = plan.values("run_gpus", "run_flops", "site_training_rate")
    speed = rate_of_accelerators(run, plan.leaf("scale_gpus"), rate, SCALE)
    deadline = np.minimum(plan.leaf("workload_deadline"), plan.leaf("workload_cadence"))
    working = np.broadcast_to(run > 0, flops.shape)
    taken = np.broadcast_to(flops / np.where(speed > 0, speed, 1.0), flops.shape)[working]
    assert taken == pytest.approx(np.broadcast_to(deadline, flops.shape)[working], rel=1e-9)


def test_a_model_without_a_network_has_its_assumed_utilisation() -> None:
    plan = load("5pct_ev_market", set=["models.bev_perception.image_model=null"]).plan()
    rate, peak, goodput = plan.values("training_rate", "accelerator_peak", "goodput_at_scale")
    assumed = plan.leaf("model_utilisation") * peak * plan.leaf("scale_gpus")
    expected = assumed * goodput * plan.leaf("training_goodput")
    per_gpu, like = (on(x, WORKLOAD, HARDWARE, SCALE)[0, PERCEPTION] for x in (rate, expected))
    assert per_gpu == pytest.approx(np.maximum.accumulate(like, axis=-1), rel=1e-12)
    assert [each.workload for each in plan.training_layouts] == ["driving", "world_model"]


def test_an_image_network_runs_at_its_own_share_of_the_peak(plan: Plan) -> None:
    rate, time, goodput = plan.values("training_rate", "step_time", "goodput_at_scale")
    time, rate = (on(x, WORKLOAD, HARDWARE, SCALE)[0, PERCEPTION, 0] for x in (time, rate))
    # 1,024 frames, each 1.87e12 multiply-adds forward and twice that back
    flops = 1024 * 6 * network_of("bevformer_base").forward_macs
    share = flops / time / plan.leaf("scale_gpus").ravel() / 989.4e12
    assert 0.20 < share[0] < 0.25
    assert share[0] > share[6] > share[7] > 0.13
    makes_progress = on(goodput, WORKLOAD, SCALE)[0, PERCEPTION]
    expected = flops / time * makes_progress * plan.leaf("training_goodput").ravel()
    assert rate[:7] == pytest.approx(expected[:7], rel=1e-12)


def test_accelerators_beyond_the_samples_of_a_step_do_not_help(plan: Plan) -> None:
    gpus = plan.leaf("scale_gpus").ravel()
    (time,) = plan.values("step_time")
    time = on(time, WORKLOAD, HARDWARE, SCALE)[0, PERCEPTION, 0]
    enough = gpus >= 1024
    assert np.unique(time[enough]).size == 1
    assert (np.diff(time[: enough.argmax() + 1]) < 0).all()
    rate = on(plan.values("training_rate")[0], WORKLOAD, HARDWARE, SCALE)[0, PERCEPTION, 0]
    assert np.unique(rate[enough]).size == 1


def test_the_batch_of_frames_is_an_assumption_that_moves_accelerators(plan: Plan) -> None:
    (batch,) = (
        each for each in assumptions(plan, 500) if each.path == "models.bev_perception.batch"
    )
    assert (batch.low, batch.high) == ("512", "2050")  # three digits
    assert batch.confidence == "assumed"
    few, usual, many = (
        load("5pct_ev_market", set=[f"models.bev_perception.batch={size}"]).plan()
        for size in (512, 1024, 2048)
    )
    sizes = [each["gpus_required"].values.sum(axis=1).max() for each in (few, usual, many)]
    assert sizes[0] > sizes[1] > sizes[2]
    # what an assumption moves without new layouts is what a plan with that batch has
    assert batch.moves["gpus_required"] == pytest.approx(sizes[0] / sizes[1] - 1, rel=1e-9)


def test_flops_of_a_frame_add_work_but_leave_the_speed() -> None:
    one, two = (
        load("5pct_ev_market", set=[f"models.bev_perception.frame_flops={n} TFLOP/frame"]).plan()
        for n in (1, 2)
    )
    few, many = (each.values("run_flops", "step_time", "run_gpus") for each in (one, two))
    perception = [on(x, MONTH, WORKLOAD, SITE)[0, -1, PERCEPTION, 0] for x in (few[0], many[0])]
    assert perception[1] == pytest.approx(2 * perception[0], rel=1e-12)
    assert np.array_equal(few[1], many[1])
    # more accelerators are a little slower each
    gpus = [on(x, MONTH, WORKLOAD, SITE)[0, -1, PERCEPTION, 0] for x in (few[2], many[2])]
    assert 2.0 < gpus[1] / gpus[0] < 2.12


def test_a_model_is_a_transformer_or_an_image_network() -> None:
    with pytest.raises(InputError, match="architecture, image_model"):
        load("5pct_ev_market", set=["models.bev_perception.architecture=driving_10b"])


def test_steps_on_more_accelerators_are_shorter_but_not_in_proportion(plan: Plan) -> None:
    time = on(plan.values("step_time")[0], WORKLOAD, HARDWARE, SCALE)[0, DRIVING, 0]
    gpus = plan.leaf("scale_gpus").ravel()
    known = time > 0
    assert known.all()
    assert (np.diff(time) < 0).all()
    assert time[-1] * gpus[-1] > 1.5 * time[0] * gpus[0]


def test_the_error_of_predictions_lengthens_steps_and_adds_accelerators() -> None:
    usual, slower = (
        load("5pct_ev_market", set=[f"training.step_error={error}"]).plan() for error in (1, 1.1)
    )
    (one,), (other,) = usual.values("step_time"), slower.values("step_time")
    assert other == pytest.approx(1.1 * one, rel=1e-12)
    few, many = (each.values("run_gpus")[0] for each in (usual, slower))
    driving = on(many / np.where(few > 0, few, 1.0), MONTH, WORKLOAD, SITE)[0, -1, DRIVING, 0]
    assert 1.09 < driving < 1.2


def test_slower_hardware_needs_more_of_it() -> None:
    found = [
        load("5pct_ev_market", set=[f"accelerators.gh200_144.{change}"]).plan()
        for change in ("memory_bandwidth=4.9 TB/s", "memory_bandwidth=2.4 TB/s", "bf16=600 TFLOP/s")
    ]
    usual, memory, peak = (
        on(each.values("run_gpus")[0], MONTH, WORKLOAD, SITE)[0, -1, DRIVING, 0] for each in found
    )
    assert usual < memory
    assert usual < peak


def test_the_answer_names_the_layout(plan: Plan) -> None:
    perception, driving, world = plan.training_layouts
    names = (perception.workload, driving.workload, world.workload)
    assert names == ("perception", "driving", "world_model")
    assert driving.gpus >= driving.gpus_needed
    degrees = [float(driving.layout[name]) for name in ("tp", "cp", "pp", "dp")]
    assert np.prod(degrees) == driving.gpus
    assert 0.3 < driving.utilisation < 0.65
    assert sum(driving.terms.values()) == pytest.approx(driving.step_time, rel=1e-9)
    assert "of the dense peak" in driving.text
    assert perception.layout["dp"] == min(perception.gpus, 1024)
    assert sum(perception.terms.values()) == pytest.approx(perception.step_time, rel=1e-9)
    assert next(iter(perception.terms)) == "matrix_products"


def test_a_chip_of_unknown_make_has_the_assumed_utilisation() -> None:
    dojo = load("5pct_ev_market", hardware="dojo_tile")
    assert not dojo.leaves["training_is_predicted"].any()  # type: ignore[attr-defined]
    plan = dojo.plan()
    assert plan.training_layouts == ()
    peak, goodput = plan.values("accelerator_peak", "goodput_at_scale")
    effective = on(plan.values("experiment_effective")[0], WORKLOAD, SITE)[0, DRIVING, 0]
    assert effective < float(on(peak, WORKLOAD, HARDWARE)[0, DRIVING, 0]) * float(goodput.max())


def test_more_parameters_are_more_work_at_the_speed_of_the_architecture() -> None:
    usual, larger = (
        load("5pct_ev_market", set=[f"models.driving_10b.parameters={size}"]).plan()
        for size in ("10e9", "20e9")
    )
    (one,), (other,) = usual.values("step_time"), larger.values("step_time")
    assert (one == other).all()
    few, many = (each.values("run_flops")[0] for each in (usual, larger))
    driving = on(many / np.where(few > 0, few, 1.0), MONTH, WORKLOAD, SITE)[0, -1, DRIVING, 0]
    assert driving == pytest.approx(2.0, rel=1e-12)
    kinds = [{each.kind for each in plan.warnings} for plan in (usual, larger)]
    assert ["architecture" in kind for kind in kinds] == [False, True]


def test_a_model_of_eight_bits_trains_as_in_sixteen_where_the_chip_has_no_eight() -> None:
    steps = [
        load(
            "5pct_ev_market", hardware="dgx_a100", set=[f"models.driving_10b.precision={bits}"]
        ).plan()["step_time"]
        for bits in ("bf16", "fp8")
    ]
    assert (steps[0].values == steps[1].values).all()


def test_runs_beyond_the_largest_job_that_gains_are_said() -> None:
    shape = ("architecture=gpt_1t", "parameters=1e12")
    plan = load("5pct_ev_market", set=[f"models.driving_10b.{each}" for each in shape]).plan()
    (said,) = (each for each in plan.warnings if each.kind == "deadline")
    needed = on(plan.values("run_gpus")[0], MONTH, WORKLOAD, SITE)[0, :, DRIVING].max()
    assert said.place == "driving"
    assert f"{np.ceil(needed):,.0f} GPUs at once" in said.text


def test_layouts_have_the_names_of_the_layout_command(plan: Plan) -> None:
    layout = plan.training_layouts[0].layout
    assert {"tp", "pp", "dp", "interleave", "recompute", "zero_stage"} <= set(layout)
    assert layout["recompute"] == "none"
    assert all(isinstance(value, int) for name, value in layout.items() if name != "recompute")


def test_layouts_on_several_kinds_are_said_to_be_one_or_the_other() -> None:
    mixed = load("5pct_ev_market", set=["sites.japan.training=dgx_h100"]).plan()
    texts = [each.text for each in mixed.training_layouts if each.workload == "driving"]
    assert len(texts) == 2
    assert all("(if all were)" in text for text in texts)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("architecture=null", "driving_10b names no architecture"),
        ("batch=null", "driving_10b states no batch"),
    ],
)
def test_what_is_not_predicted_says_why(change: str, words: str) -> None:
    plan = load("5pct_ev_market", set=[f"models.driving_10b.{change}"]).plan()
    assert [text for text in assumed(plan) if words in text and "40% of the dense peak" in text]


def test_sites_that_take_no_part_in_runs_have_no_layouts(plan: Plan) -> None:
    (run,), (part,) = plan.values("run_gpus"), plan.values("gpus_for_release")
    china = plan.project.labels[SITE].index("china")
    alone, taken = (on(x, MONTH, WORKLOAD, SITE)[0, -1, DRIVING, china] for x in (run, part))
    assert alone > 0 == taken
    assert _runs(plan)[-1, DRIVING, china] == 0


def test_goodput_at_scale_is_that_of_failures_checkpoints_and_storage(plan: Plan) -> None:
    """By hand: 16,384 accelerators at 5.3e-4 a day, 140 GB at 0.15 GB/s and 10 GB/s each, 2 s and 10 minutes."""
    found = on(plan.values("goodput_at_scale")[0], WORKLOAD, SCALE)[0, DRIVING, -1]
    gpus, day = 16_384, 86_400
    mean = day / (gpus * 5.3e-4)
    stall, delay = 2 + 140e9 / (gpus * 10e9), 140e9 / (gpus * 0.15e9)
    interval = np.sqrt(2 * stall * mean)
    first_order = (1 - (600 + delay + interval / 2) / mean) / (1 + stall / interval)
    assert found == pytest.approx(first_order, abs=0.003)


def test_slow_storage_and_waiting_for_it_lower_the_goodput() -> None:
    """A model of a trillion parameters on 16,384: 14 TB take 5.7 s at the base rate and 57 s at a tenth of it."""

    def share(*changes: str) -> float:
        shape = ("parameters=1e12", "architecture=null")
        edits = [f"models.driving_10b.{each}" for each in shape]
        plan = load("5pct_ev_market", set=[*edits, *changes]).plan()
        return float(on(plan.values("goodput_at_scale")[0], WORKLOAD, SCALE)[0, DRIVING, -1])

    usual, slow = share(), share("checkpoint.write_rate=0.015 GB/s")
    waits = share("checkpoint.in_background=false")
    waits_long = share("checkpoint.in_background=false", "checkpoint.write_rate=0.015 GB/s")
    assert usual > slow > waits_long
    assert usual > waits > waits_long
    assert usual - slow < 0.4 * (waits - waits_long)
    assert share("checkpoint.weight_bytes=0 byte") > usual


def test_the_rest_of_goodput_is_no_part_of_what_is_computed() -> None:
    """Interruptions and checkpoints are computed, `training.goodput` multiplies: neither is in the other."""
    whole, less = (
        load("5pct_ev_market", set=[f"training.goodput={share}"]).plan() for share in (1, 0.9)
    )
    (one,), (other,) = (each.values("goodput_at_scale") for each in (whole, less))
    assert np.array_equal(one, other)
    (fast,), (slow,) = (each.values("training_rate") for each in (whole, less))
    assert slow == pytest.approx(0.9 * fast, rel=1e-12)


def test_storage_takes_in_what_goodput_counts_on() -> None:
    usual, faster = (
        load("5pct_ev_market", set=[f"checkpoint.write_rate={rate} GB/s"]).plan()
        for rate in (0.15, 0.3)
    )
    few, many = (each.values("storage_write_required")[0] for each in (usual, faster))
    gpus = sum(x[:, -1].sum() for x in usual.values("gpus_for_release", "gpus_for_experiments"))
    assert (many - few)[:, -1].sum() == pytest.approx(0.15e9 * gpus, rel=1e-3)
