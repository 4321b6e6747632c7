"""A mixture of experts is predicted from its row and its model's published shape, or says what is not known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from planner.inputs.training_job import EXPERT_LAYERS
from planner.validation.cases import Case, Outcome, read
from planner.validation.training import moe
from planner.validation.training.recipes import PARTIAL, precision_words, recipe_of, release_of
from planner.validation.validate import shipped

# Megatron-Bridge, docs/performance-summary-archive.md, 26.04: DeepSeek-V3 on 256 B200.
ROW = dict(
    id="x", source="NVIDIA-NeMo/Megatron-Bridge docs/performance-summary-archive.md, 26.04 NeMo Container",
    year=2026, family="llm-moe", model="DeepSeekV3", seq_len=4096, global_batch_size=4096, micro_batch=1,
    gpu="B200", gpus=256, tp=1, pp=16, cp=1, ep=8, dp=16, precision="fp8", metric="tokens_per_s_per_gpu",
    value=2815, notes="reported 732 MODEL TFLOP/s/GPU; precision label MXFP8",
)  # fmt: skip


def case(**changed: Any) -> Case:
    return Case("runs.csv", 2, {name: str(value) for name, value in {**ROW, **changed}.items()})


def outcome(**changed: Any) -> Outcome:
    return moe.predict([case(**changed)])[0]


def test_shipped_mixtures_are_met_within_twelve_per_cent() -> None:
    """Every row that states its layout; no constant is fitted on them. DeepSeek-V4 is not modelled."""
    cases = [c for c in read(shipped()) if c.family == "llm-moe" and c.metric != "gpu_hours"]
    outcomes = moe.predict(cases)
    error = np.array(
        [
            o.predicted / c.value - 1
            for c, o in zip(cases, outcomes, strict=True)
            if o.predicted and c.value
        ]
    )
    assert len(error) >= 0.95 * len(cases)
    assert np.abs(error).mean() < 0.12
    assert np.abs(np.median(error)) < 0.06
    assert np.abs(error).max() < 0.45


def test_a_row_is_predicted_with_what_it_assumed() -> None:
    found = outcome()
    assert found.predicted == pytest.approx(2815, rel=0.15)
    assert found.seconds == pytest.approx(sum(found.terms.values()))
    assert {"experts", "dispatch", "router", "permutation"} <= set(found.terms)
    assert any("shape of DeepSeekV3" in words for words in found.assumed)


def test_nothing_depends_on_the_id_or_on_other_rows() -> None:
    alone = outcome().predicted
    among = moe.predict([case(id="mbridge-001", model="Mixtral 8x7B", pp=8, dp=32), case(id="a")])
    assert among[1].predicted == pytest.approx(alone, rel=1e-12)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"model": "DeepSeekV4 Flash"}, "compressed keys"),
        ({"model": "Qwen3_Next_80B_a3B"}, "gated delta"),
        ({"model": "Somebody's MoE"}, "no profile in architectures/"),
        ({"model": ""}, "missing: model"),
        ({"micro_batch": ""}, "missing: micro_batch"),
        ({"ep": 32}, "contradiction: ep = 32, ranks = 16"),
        ({"metric": "mfu_pct"}, "count of FLOPs"),
        ({"gpu": "B200", "precision": "fp64"}, "precision"),
    ],
)
def test_what_is_not_known_is_a_reason(changed: dict[str, Any], reason: str) -> None:
    found = outcome(**changed)
    assert found.predicted is None
    assert reason in found.reason


@pytest.mark.parametrize(
    ("metric", "value"),
    [("step_time_s", 23.28), ("tokens_per_s", 2815 * 256), ("tflops_per_gpu", 732.0)],
)
def test_metrics_agree(metric: str, value: float) -> None:
    """TFLOP/s by Megatron-Bridge's formula, which counts active weights once and half of the scores."""
    per_gpu = outcome().predicted
    assert per_gpu is not None
    error = per_gpu / 2815
    found = outcome(metric=metric, value=value, notes="precision label MXFP8").predicted
    assert found is not None
    expected = value / error if metric == "step_time_s" else value * error
    assert found == pytest.approx(expected, rel=0.01)


def test_flops_that_a_row_states_tell_whether_it_predicts_further_tokens() -> None:
    """Megatron-Bridge: 961 TFLOP/s at 3,848 tokens/s without the further token; 864 at 3,328 with it."""
    silent = dict(model="DeepSeek V3", notes="reported 961 MODEL TFLOP/s/GPU", value=3848)
    assert "no further tokens predicted" in outcome(**silent).assumed
    assert "no further tokens predicted" in outcome(model="DeepSeekV3 (w/o MTP)").assumed
    assert "no further tokens predicted" not in outcome().assumed


def test_recipes_follow_release_precision_and_hardware() -> None:
    qwen = dict(model="Qwen3_30B_a3B", gpu="GB200")
    old, new = (
        case(**qwen, source=f"NVIDIA-NeMo/Megatron-Bridge, {release} NeMo Container")
        for release in ("26.04", "26.06")
    )
    assert (release_of(old), release_of(new)) == ("26.04", "26.06")
    assert precision_words(old) == "mxfp8"
    name = "qwen3 30b a3b"
    assert recipe_of(old, name, native=False, apart=True).software["expert_kernels"] > 0
    assert recipe_of(new, name, native=False, apart=True).software["expert_kernels"] == 0
    bf16 = case(**qwen, source="NVIDIA-NeMo/Megatron-Bridge, 26.06", precision="bf16", notes="")
    assert recipe_of(bf16, name, native=False, apart=True).software["expert_kernels"] > 0
    first = case(**qwen, source="NVIDIA-NeMo/Megatron-Bridge, 25.09")
    assert recipe_of(first, name, native=False, apart=True).software["fused_dispatch"] == 0
    assert recipe_of(old, name, native=True, apart=True).recompute["recompute_block"] == 1


def test_a_blank_ep_spreads_experts_over_all_replicas() -> None:
    row = dict(
        source="NVIDIA-NeMo/Automodel docs/performance-summary.mdx", model="GPT-OSS 120B", gpu="H100-SXM5-80GB",
        gpus=64, dp=64, pp=1, ep="", global_batch_size=512, micro_batch=2, precision="bf16", zero_stage=3, notes="",
    )  # fmt: skip
    found = outcome(**row)
    assert any(words.startswith("ep 64:") for words in found.assumed)
    assert found.predicted == outcome(**{**row, "ep": 64}).predicted


def test_searches_over_layouts_run_expert_layers_as_the_common_recipe_does() -> None:
    assert dict(PARTIAL) == EXPERT_LAYERS


def test_deepseek_v3_trains_at_its_published_speed() -> None:
    """180,000 H800 hours for a trillion tokens (arXiv 2412.19437, section 1): 1,543 tokens/s on each."""
    fields = dict(
        source="DeepSeek-V3 technical report (arXiv 2412.19437)", year="2024", family="llm-moe", model="DeepSeek-V3",
        seq_len="4096", global_batch_size="15360", micro_batch="1", gpu="H800", gpus="2048", nodes="256", tp="1",
        pp="16", dp="128", ep="64", zero_stage="1", precision="fp8", metric="tokens_per_s_per_gpu", value="1543",
    )  # fmt: skip
    found = moe.predict([Case("runs.csv", 2, fields)])[0]
    assert found.predicted == pytest.approx(1543, rel=0.10)
