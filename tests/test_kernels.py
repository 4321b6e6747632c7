"""Explanations of a training step down to its kernels."""

from __future__ import annotations

import json

import numpy as np
import pytest

from planner import lineage
from planner.axes import HARDWARE, SCALE, TERM, WORKLOAD, on
from planner.errors import PlannerError
from planner.findings.kernels import KernelTable, kernel_tables
from planner.perf.kernels import Kernel
from planner.plan import Plan
from planner.project import load

PERCEPTION, DRIVING = range(2)
PEAK, MEMORY = 989.4e12, 4.8e12
MODELS = ("driving_10b", "mixtral_8x7b", "deepseek_v3", "nemotron3_nano", "gemma2_9b")
TRANSFERS = {"tensor_parallel", "context_parallel", "dispatch"}
# Terms of a step that are no kernels: waits, launches, and what is sent once a step.
OTHERS = {
    *("kernel_gaps", "host_launches", "uneven_stages", "pipeline_bubble", "pipeline_sends"),
    *("gradient_reduction", "weight_gathers", "fixed", "scale"),
}


@pytest.fixture(scope="module", params=MODELS)
def plan(request: pytest.FixtureRequest) -> Plan:
    change = f"models.driving_10b.architecture={request.param}"
    return load("5pct_ev_market", set=[change]).plan()


@pytest.fixture(scope="module")
def headline() -> Plan:
    return load("5pct_ev_market").plan()


def named(table: KernelTable, name: str) -> Kernel:
    (found,) = (each for each in table.kernels if each.name == name)
    return found


@pytest.mark.parametrize("workload", [PERCEPTION, DRIVING])
def test_kernels_add_up_to_the_terms_of_the_step(plan: Plan, workload: int) -> None:
    by_term = on(plan.values("step_by_term")[0], WORKLOAD, HARDWARE, SCALE, TERM)[0, workload, 0]
    labels = plan.project.table.labels[TERM]
    compared = 0
    for scale in (0, 5, 8, 11):
        for table in kernel_tables(plan, workload, 0, scale):
            terms = dict(zip(labels, by_term[scale].tolist(), strict=True))
            for name in set(labels) - OTHERS:
                seconds = sum(each.seconds for each in table.kernels if each.term == name)
                assert seconds == pytest.approx(terms[name], rel=1e-9, abs=1e-12), name
            compared += 1
    assert compared >= 2


def test_shares_are_below_one_and_say_what_binds(plan: Plan) -> None:
    for table in kernel_tables(plan):
        for each in table.kernels:
            assert each.of_peak <= 0.95
            assert each.of_memory <= 0.9 or not each.flops
            if each.bound == "memory" and not each.flops:
                assert each.of_memory == pytest.approx(0.8, rel=1e-9)
            assert (each.bound == "links") == (each.term in TRANSFERS)


def test_work_of_the_mlp_by_hand(headline: Plan) -> None:
    """10 billion parameters on 256: 2 sequences of 8,192 tokens, a gated MLP of 4,096 by 11,264."""
    (table,) = kernel_tables(headline, workload=DRIVING)
    into, out = named(table, "into the MLP"), named(table, "out of the MLP")
    assert into.shape == (16384, 22528, 4096)
    assert into.flops == 2 * 16384 * 22528 * 4096 == 2 * out.flops
    assert into.traffic == 2 * (4096 * (16384 + 22528) + 16384 * 22528)
    assert into.of_peak == pytest.approx(into.flops / into.forward / PEAK, rel=1e-12)
    assert into.count == 48
    # forward, and a backward pass of about twice as much
    assert into.seconds == pytest.approx(3 * 48 * into.forward, rel=0.03)


def test_forward_flops_are_those_of_the_model(headline: Plan) -> None:
    """2 a parameter and token, and the causal half of attention: 4 x 4,096 x 8,192 / 2 a token and layer."""
    (table,) = kernel_tables(headline, workload=DRIVING)
    done = sum(each.count * each.flops for each in table.kernels)
    tokens = 512 * 8192 / 256
    parameters = 48 * 4096 * (6144 + 4096 + 3 * 11264) + 4096 * 151936
    assert done == pytest.approx(tokens * (2 * parameters + 48 * 2 * 4096 * 8192), rel=1e-3)


def test_flops_of_an_image_network_are_those_of_its_samples(headline: Plan) -> None:
    (table,) = kernel_tables(headline, workload=PERCEPTION, scale=4)
    done = sum(each.count * each.flops for each in table.kernels)
    flops = headline.values("step_flops")[0].ravel()[PERCEPTION]
    assert done == pytest.approx(flops / 3 / 128, rel=1e-9)


def test_explain_goes_down_to_kernels(headline: Plan) -> None:
    tree = lineage.explain(headline, "step_by_term", workload="driving")
    (jobs,) = (each for each in tree.children if each.name == "training_jobs")
    (table,) = jobs.kernels
    text = str(tree)
    assert "into the MLP" in text
    assert "16384x22528x4096" in text
    assert max(map(len, text.splitlines())) <= 100
    shares = [line.split()[-1] for line in text.splitlines() if line.endswith("%")]
    shown = sum(float(share.rstrip("%")) for share in shares)
    assert shown == pytest.approx(100, abs=0.5)
    found = json.loads(tree.json())
    kernels = found["children"][0]["kernels"][0]["kernels"]
    assert [each["name"] for each in kernels] == [each.name for each in table.kernels]
    assert np.isfinite([each["of_peak"] for each in kernels]).all()


def test_explain_shows_the_kernels_of_one_term_and_scale(headline: Plan) -> None:
    tree = lineage.explain(headline, "training_jobs", workload="driving", scale="64", term="mlp")
    (table,) = tree.kernels
    assert table.gpus == 64
    assert {each.name for each in table.kernels} == {"into the MLP", "out of the MLP"}
    assert "other terms of the step" in str(tree)
    with pytest.raises(PlannerError, match="do not vary by region"):
        lineage.explain(headline, "training_jobs", region="japan")


def test_other_explanations_stay_short(headline: Plan) -> None:
    assert "rows x columns" not in str(lineage.explain(headline, "run_gpus", depth=9))
