"""What a row means that does not say: machine, schedule, attention and expert layers, from public defaults alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from planner.inputs.naming import frameworks
from planner.perf.training_step.constants import FITTED, MMA_SYNC, constants_of
from planner.validation.cases import Case, Outcome
from planner.validation.training import dense, moe, reading
from planner.validation.training.reading import run_of

GPT = dict(
    family="llm-dense", source="ours", year=2023, model="GPT", layers=24, hidden=2048, heads=16, vocab=50257,
    seq_len=2048, global_batch_size=256, micro_batch=4, gpu="A100-SXM4-80GB", gpus=8, tp=1, pp=1, dp=8,
    zero_stage=0, recompute="none", precision="bf16", metric="tokens_per_s", value=1, notes="",
)  # fmt: skip
LLAMA_405B = dict(
    source="The Llama 3 Herd of Models (arXiv 2407.21783)", year=2024, model="Llama 3 405B", layers=126, hidden=16384,
    heads=128, kv_heads=8, ffn_hidden=53248, vocab=128256, seq_len=8192, global_batch_size=2048, micro_batch=1,
    gpu="H100-SXM5-80GB", gpus=16384, tp=8, pp=16, dp=128, zero_stage=1, recompute="", params_b=405.8,
)  # fmt: skip


def case(**columns: Any) -> Case:
    return Case("", 2, {name: str(value) for name, value in {**GPT, **columns}.items()})


def predicted(**columns: Any) -> Outcome:
    (found,) = dense.predict([case(**columns)])
    assert found.predicted is not None, found.reason
    return found


def tokens(**columns: Any) -> float:
    return predicted(**columns).predicted or 0.0


@pytest.mark.parametrize(
    ("gpu", "precision", "runs_as"),
    [("V100-32GB", "fp8", "fp16"), ("A100-SXM4-80GB", "fp8", "bf16"), ("H100 SXM", "nvfp4", "fp8")],
)
def test_a_precision_that_the_accelerator_lacks_is_the_next_wider_and_said(
    gpu: str, precision: str, runs_as: str
) -> None:
    found = predicted(gpu=gpu, precision=precision)
    assert found.predicted == tokens(gpu=gpu, precision=runs_as)
    assert any(f"has no units for {precision}" in text for text in found.assumed)


@pytest.mark.parametrize("notes", ["GA=0", "HSDP in groups of 0", "0 Gb/s per GPU", "0 Gb/s node"])
def test_a_count_of_nothing_in_notes_says_nothing(notes: str) -> None:
    """A zero that a note has in a place of a count is a slip, and no reason to divide by it."""
    columns = dict(gpus=16, dp=16, zero_stage=3, micro_batch="", global_batch_size=16)
    assert tokens(**columns, notes=notes.replace("0", "").replace("=", "")) == tokens(
        **columns, notes=notes
    )


def test_defaults_are_of_frameworks_that_have_a_profile() -> None:
    named = {*reading.ALIBI_FUSED, *reading.FUSED_SOFTMAX, *reading.RECIPES, *reading.SPARING}
    assert named <= set(frameworks())


def test_few_micro_batches_in_long_pipelines_are_interleaved() -> None:
    """One layer a chunk leaves 15/16/8 of a step of 16 micro-batches; the paper's 41 % of the peak need it."""
    silent, stated = predicted(**LLAMA_405B), predicted(**LLAMA_405B, vp=8)
    assert silent.seconds == stated.seconds
    assert any("8 chunks a stage" in text for text in silent.assumed)
    mfu = 6 * 405.8e9 * tokens(**LLAMA_405B) / (16384 * 989e12)
    assert mfu == pytest.approx(0.41, abs=0.03)


@pytest.mark.parametrize(
    "other",
    [
        dict(global_batch_size=128 * 160),  # 15/160 of the step: no need
        dict(global_batch_size=128 * 20),  # no multiple of the stages
        dict(source="Megatron-LM SC21 (arXiv 2104.04473)", year=2021),  # an option that its tables state
        dict(source="BLOOM, Megatron-DeepSpeed", year=2022),  # no such schedule
    ],
)  # fmt: skip
def test_other_pipelines_are_not(other: dict[str, Any]) -> None:
    run = run_of(case(**{**LLAMA_405B, **other}))
    assert run.configuration["vpp"] == 1.0


@pytest.mark.parametrize(
    ("gpu", "source", "notes", "accelerator"),
    [
        ("H100", "pytorch/torchtitan docs/performance.md", "", "h100_96_500w"),
        ("H100", "torchtitan paper (arXiv 2410.06511)", "", "h100_96_500w"),
        ("H100-SXM5-80GB", "torchtitan paper (arXiv 2410.06511)", "", "h100_sxm"),
        ("H100", "somebody", "", "h100_sxm"),
        ("A100", "somebody", "64 x p4d.24xlarge", "a100_40"),
        ("A100 80GB", "somebody", "64 x p4d.24xlarge", "a100_80"),
        ("A100", "BloombergGPT (arXiv 2303.17564)", "", "a100_40"),
        ("MI300X", "pytorch/torchtitan docs/performance.md", "", "mi300x"),
    ],
)
def test_the_machine_that_is_named_decides_what_the_chip_leaves_open(
    gpu: str, source: str, notes: str, accelerator: str
) -> None:
    run = run_of(case(gpu=gpu, source=source, notes=notes))
    assert run.machine is not None and run.machine.accelerator == accelerator


def test_torchtitans_llama_3_8b_on_the_h100_it_was_measured_on() -> None:
    """arXiv 2410.06511, tables 1 and 2, from memory: eight and 128 H100 of 500 W."""
    row = dict(
        source="TorchTitan (arXiv 2410.06511)", year=2024, model="Llama 3.1 8B", layers=32, hidden=4096, heads=32,
        kv_heads=8, ffn_hidden=14336, vocab=128256, seq_len=8192, micro_batch=2, gpu="H100", zero_stage=3,
        recompute="selective", notes="compile", metric="tokens_per_s_per_gpu",
    )  # fmt: skip
    for gpus, measured in ((8, 6667), (128, 6482)):
        found = tokens(**row, gpus=gpus, dp=gpus, global_batch_size=2 * gpus)
        assert found == pytest.approx(measured, rel=0.04)


def test_cards_of_less_power_keep_most_of_an_a100() -> None:
    """252.9 of 271.2 and 256.4 of 267.9 TFLOP/s in matmuls at 300 W; an H100 is at its limit and loses with it."""
    k = constants_of(FITTED, ["ampere", "hopper"], np.full(2, 16.0), np.ones(2))
    card = 0.75**k.power_exponent
    assert 0.933 <= card[0] <= 0.957
    assert card[1] < 0.8
    whole, cards = tokens(gpu="A100-SXM4-80GB"), tokens(gpu="A100-PCIe-80GB")
    assert 0.85 < cards / whole < 0.97


def test_flash_attentions_own_table() -> None:
    """GPT of 1.3 billion on eight A100 (Dao-AILab/flash-attention, training/README, from memory), TFLOP/s a GPU."""
    source = "Dao-AILab/flash-attention training/README.md"
    table = {
        (2048, "without FlashAttention"): (142, 0.05),
        (2048, "FlashAttention"): (189, 0.05),
        (2048, "FlashAttention-2"): (196, 0.08),
        (8192, "FlashAttention"): (170, 0.08),
        (8192, "FlashAttention2"): (220, 0.08),
    }
    for (seq, notes), (measured, tolerance) in table.items():
        size = dict(seq_len=seq, micro_batch=8192 // seq, global_batch_size=64 * 8192 // seq)
        words = f"{notes}; 6N + 12lhs a token"
        found = tokens(source=source, notes=words, metric="tflops_per_gpu", **size)
        assert found == pytest.approx(measured, rel=tolerance), notes


def test_a_bias_on_scores_keeps_them_off_the_chip_until_kernels_take_it() -> None:
    plain = run_of(case(notes="FSDP", zero_stage=3)).software
    assert plain["fused_attention"] == 1.0
    for notes, year, fused in (
        ("FSDP, ALiBi", 2023, 0.0),
        ("FSDP, ALiBi", 2024, 1.0),
        ("FSDP, ALiBi, FlashAttention", 2023, 1.0),
    ):
        assert (
            run_of(case(notes=notes, year=year, zero_stage=3)).software["fused_attention"] == fused
        )
    foundry = run_of(case(source="mosaicml/llm-foundry", notes="ALiBi", zero_stage=3))
    assert foundry.software["fused_attention"] == 1.0


def test_gaudi_runs_its_makers_build_whatever_is_named() -> None:
    """MPT-7B at over 260 TFLOP/s a Gaudi 2 (Databricks, 2024)."""
    row = dict(
        model="MPT-7B", layers=32, hidden=4096, heads=32, ffn_hidden=16384, vocab=50368, micro_batch=8, gpu="Gaudi2",
        year=2024, zero_stage=3, recompute="", metric="tflops_per_gpu", notes="6N + 12lhs a token",
    )  # fmt: skip
    for source in ("Databricks, llm-foundry", "Habana Megatron-DeepSpeed", "somebody"):
        found = predicted(**row, source=source)
        assert found.predicted == pytest.approx(260, rel=0.06)
        assert any("habana" in text for text in found.assumed)
        assert not any("full" in text for text in found.assumed)


OLMOE = dict(
    family="llm-moe", source="OLMoE (arXiv 2409.02060)", year=2024, model="OLMoE-1B-7B", seq_len=4096, heads="",
    layers="", hidden="", vocab="", global_batch_size=1024, gpu="H100-SXM5-80GB", gpus=256, dp=256, recompute="",
    metric="tokens_per_s_per_gpu", zero_stage=3,
)  # fmt: skip


def test_fsdp_shards_experts_like_all_weights() -> None:
    """OLMoE: 23,600 tokens/s and H100 (arXiv 2409.02060, from memory), experts as one sparse matmul of Triton's."""
    (found,) = moe.predict([case(**OLMOE)])
    assert "dispatch" not in found.terms and found.terms["weight_gathers"] > 0.0
    assert found.predicted == pytest.approx(23600, rel=0.2)
    runs = [moe.run_of(case(**{**OLMOE, "gpu": gpu})) for gpu in ("H100-SXM5-80GB", "A100-80GB")]
    assert [run.software["expert_rate"] for run in runs] == [MMA_SYNC, 1.0]


def test_stacks_with_expert_parallelism_spread_experts() -> None:
    other = dict(source="NVIDIA-NeMo/Automodel docs/performance-summary.mdx")
    run = moe.run_of(case(**{**OLMOE, **other}))
    assert run.mixture["ep"] == 64.0
    assert run.software["expert_rate"] == 1.0


def test_torchtitan_starts_uncompiled_and_with_selective_recomputation() -> None:
    """pytorch/torchtitan, llama3_8b.toml: activation_checkpoint.mode selective by operation; compile off."""
    row = dict(source="torchtitan", year=2024, zero_stage=3, recompute="")
    silent = run_of(case(**row))
    assert silent.configuration["recompute_block"] == pytest.approx(1 / 3, abs=0.01)
    assert silent.software["fused_elementwise"] < 0.0
    assert any("not compiled" in text for text in silent.assumed)
    for notes in ("torch.compile", "async TP", "Float8"):
        assert run_of(case(**row, notes=notes)).software["fused_elementwise"] == 1.0
    for notes in (
        "without compile",
        "fused AdamW",
        "unfused",
    ):  # an optimiser's kernels are no layer's
        assert run_of(case(**row, notes=notes)).software["fused_elementwise"] < 0.0


@pytest.mark.parametrize(
    ("source", "year", "ratio"),
    [
        ("mosaicml/llm-foundry", 2023, 1.0),
        ("NVIDIA/Megatron-LM README", 2024, 1.0),
        ("microsoft/Megatron-DeepSpeed", 2023, 4 / 3),  # counts the repeated forward pass
        ("Megatron-LM", 2021, 4 / 3),
    ],
)
def test_a_rate_without_a_formula_is_counted_as_its_frameworks_code_counts(
    source: str, year: int, ratio: float
) -> None:
    row = dict(source=source, year=year, recompute="full", vocab=50304)
    rate = predicted(**row, metric="tflops_per_gpu")
    flops = rate.predicted * 8e12 / tokens(**row)  # type: ignore[operator]
    blocks = 6 * 24 * 12 * 2048**2 + 12 * 24 * 2048 * 2048
    assert flops == pytest.approx(blocks * ratio, rel=0.12)  # the head is not repeated
    assert any("FLOPs counted" in text for text in rate.assumed)


def test_a_rate_of_an_unknown_count_stays_unpredicted() -> None:
    (found,) = dense.predict([case(source="A thesis", metric="mfu_pct", notes="FlashAttention")])
    assert found.reason.endswith("the source's count of FLOPs is not stated")


def test_who_trains_with_thousands_of_accelerators_spares_memory_otherwise() -> None:
    """Llama 3 405B computes nothing again at 8,192 tokens (arXiv 2407.21783, section 3.3.2), whoever tells of it."""
    large = run_of(case(**{**LLAMA_405B, "source": "A survey", "zero_stage": ""}))
    assert large.configuration["recompute_block"] == 0.0
    assert large.configuration["zero_stage"] == 1.0
    few = dict(gpus=512, dp=4, global_batch_size=64)
    small = run_of(case(**{**LLAMA_405B, "source": "A survey", "zero_stage": "", **few}))
    assert small.configuration["recompute_block"] + small.configuration["recompute_core"] > 0.0


def test_uncompiled_kernels_cost_what_torchtitan_measures() -> None:
    """Llama 3.1 8B on eight H100 of 500 W: 5,762 tokens/s, compiled 6,667 (arXiv 2410.06511, from memory)."""
    row = dict(
        source="TorchTitan (arXiv 2410.06511)", year=2024, model="Llama 3.1 8B", layers=32, hidden=4096, heads=32,
        kv_heads=8, ffn_hidden=14336, vocab=128256, seq_len=8192, global_batch_size=16, micro_batch=2, gpu="H100",
        zero_stage=3, recompute="selective", metric="tokens_per_s_per_gpu",
    )  # fmt: skip
    eager, compiled = (tokens(**row, notes=notes) for notes in ("eager", "compile"))
    assert eager / compiled == pytest.approx(5762 / 6667, rel=0.04)


def test_trainers_that_start_uncompiled_say_so_unless_fused_kernels_are_named() -> None:
    hugging = dict(source="Hugging Face Transformers Trainer", year=2024)
    for notes, waste in (("", -3.2), ("Liger kernels", 0.0), ("unfused attention", -0.5)):
        found = run_of(case(**hugging, notes=notes)).software["fused_elementwise"]
        assert found == pytest.approx(waste), notes


@pytest.mark.parametrize(
    ("model", "layers", "hidden", "heads", "filled"),
    [
        ("StarCoder 15.5B", 40, 6144, 48, (1, 24576, 49152, 0)),  # multi-query
        ("Falcon-40B", 60, 8192, 128, (8, 32768, 65024, 0)),
        ("OLMo-7B", 32, 4096, 32, (32, 11008, 50304, 1)),
        ("OLMo-2-7B", 32, 4096, 32, (32, 11008, 100352, 1)),
        ("TinyLlama 1.1B", 22, 2048, 32, (4, 5632, 32000, 1)),
        ("Nemotron-4 15B", 32, 6144, 48, (8, 24576, 256000, 0)),
    ],
)
def test_blanks_of_a_known_shape_are_its_makers(
    model: str, layers: int, hidden: int, heads: int, filled: tuple[float, ...]
) -> None:
    shape = dict(layers=layers, hidden=hidden, heads=heads, vocab="")
    c = run_of(case(model=model, **shape, source="FSDP", zero_stage=3)).configuration
    assert (c["kv_heads"], c["ffn"], c["vocab"], c["gated"]) == filled


def test_bloomberggpt_gathers_weights_over_the_ports_of_its_instances() -> None:
    """32.5 s a step on 64 p4d.24xlarge (arXiv 2303.17564, from memory)."""
    row = dict(
        source="BloombergGPT (arXiv 2303.17564)", year=2023, model="BloombergGPT", layers=70, hidden=7680, heads=40,
        vocab=131072, global_batch_size=2048, gpu="A100 40GB", gpus=512, dp=512, zero_stage="", recompute="",
    )  # fmt: skip
    found = predicted(**row)
    assert found.seconds == pytest.approx(32.5, rel=0.3)
    assert found.terms["weight_gathers"] > 0.2 * found.seconds
    run = run_of(case(**row))
    assert (run.configuration["recompute_block"], run.configuration["zero_stage"]) == (1.0, 3.0)
