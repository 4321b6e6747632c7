"""Experts, latent attention and state spaces: counts of published models, hand calculations, limits, benchmarks."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.perf.training_step import mixed_step, step
from planner.perf.training_step.configuration import Configuration, Software, System
from planner.perf.training_step.constants import FITTED, Constants, constants_of
from planner.perf.training_step.experts import dispatch_part, exchange_time, reached
from planner.perf.training_step.mixture import (
    Mixture,
    MixtureSoftware,
    active_parameters,
    model_flops,
    parameters,
)

# Only what the formulas read; HF's config.json of each model.
NONE = dict(
    state_space_layers=0, dense_layers=0, query_rank=0, key_rank=0, rotary_size=0, attended=1, shared_ffn=0,
    inner=0, state=0, state_groups=0, state_heads=0, predictions=0, prediction_modules=0, narrow_experts=0, ep=1,
    expert_tp=1, kept=1, recompute_experts=0, recompute_activation=0, recompute_latent=0,
)  # fmt: skip
LATENT = dict(query_rank=1536, key_rank=512, rotary_size=64)
MODELS = {
    "Mixtral 8x7B": (
        dict(layers=32, hidden=4096, heads=32, kv_heads=8, ffn=14336, gated=1, vocab=32000),
        dict(
            attention_layers=32, expert_layers=32, head_size=128, value_size=128, latent=4096, experts=8,
            active=2, expert_ffn=14336,
        ),
    ),
    "DeepSeek-V3": (
        dict(layers=61, hidden=7168, heads=128, kv_heads=128, ffn=18432, gated=1, vocab=129280),
        dict(
            attention_layers=61, dense_layers=3, expert_layers=58, head_size=192, value_size=128, latent=7168,
            experts=256, active=8, expert_ffn=2048, shared_ffn=2048, **LATENT,
        ),
    ),
    "Qwen3-30B-A3B": (
        dict(layers=48, hidden=2048, heads=32, kv_heads=4, ffn=6144, gated=1, vocab=151936),
        dict(
            attention_layers=48, expert_layers=48, head_size=128, value_size=128, latent=2048, experts=128,
            active=8, expert_ffn=768,
        ),
    ),
    "GPT-OSS 120B": (
        dict(layers=36, hidden=2880, heads=64, kv_heads=8, ffn=2880, gated=1, vocab=201088),
        dict(
            attention_layers=36, expert_layers=36, head_size=64, value_size=64, latent=2880, experts=128,
            active=4, expert_ffn=2880,
        ),
    ),
    "Nemotron 3 Nano": (
        dict(layers=52, hidden=2688, heads=32, kv_heads=2, ffn=1856, gated=0, vocab=131072),
        dict(
            attention_layers=6, expert_layers=23, state_space_layers=23, head_size=128, value_size=128,
            latent=2688, experts=128, active=6, expert_ffn=1856, shared_ffn=3712, inner=4096, state=128,
            state_groups=8, state_heads=64,
        ),
    ),
    "Mamba-2 1.4B": (
        dict(layers=48, hidden=2048, heads=16, kv_heads=16, ffn=1, gated=0, vocab=50288),
        dict(
            attention_layers=0, expert_layers=0, state_space_layers=48, head_size=128, value_size=128,
            latent=2048, experts=1, active=1, expert_ffn=1, inner=4096, state=128, state_groups=1,
            state_heads=64,
        ),
    ),
}  # fmt: skip
LAYOUT = dict(
    seq=4096, global_batch=64, micro_batch=1, tp=1, pp=1, vpp=1, cp=1, dp=8, zero_stage=1, shard_group=1,
    recompute_block=0, recompute_core=0, sequence_parallel=0, frozen=0, linear_bits=16,
)  # fmt: skip
SYSTEMS = {
    "A100": dict(
        peak_16=312e12, peak_linear=312e12, memory_rate=2.039e12, cache=40e6, nvlink=300e9, nic=25e9,
        processors=108, power=1, domain=8, gpus=8,
    ),
    "H200": dict(
        peak_16=989e12, peak_linear=989e12, memory_rate=4.8e12, cache=50e6, nvlink=450e9, nic=50e9,
        processors=132, power=1, domain=8, gpus=8,
    ),
    "GB200": dict(
        peak_16=2250e12, peak_linear=2250e12, memory_rate=8e12, cache=126e6, nvlink=900e9, nic=50e9,
        processors=148, power=1, domain=72, gpus=8,
    ),
}  # fmt: skip
GENERATIONS = {"A100": "ampere", "H200": "hopper", "GB200": "blackwell"}
ERA = dict(
    fused_attention=1, attention_rate=1, native_attention=1, kernel_rate=1, fused_elementwise=1, loss_bytes=20,
    tp_overlap=1, dp_overlap=1, zero_overlap=1, gradient_bytes=4, fused_accumulation=1, host_share=0.2,
    scattered_sends=1, optimiser_bytes=30,
)  # fmt: skip
MIXED = dict(
    dispatch_overlap=0, shared_overlap=0, gathered_map=0, rack_rate=1, fused_dispatch=1, fused_experts=0, stashed=0,
    mixer_kernels=2, layer_kernels=52, expert_kernels=2, synchronous=1, expert_rate=1,
)  # fmt: skip
SMALL = (
    964_160  # convolutions, norms and biases of Nemotron 3.5 Lightning, which the count leaves out
)
Numbers = dict[str, float]


def filled(kind: type, values: Numbers) -> object:
    """A record of length 1 of numbers; 0 for what an era does not name, the field's default elsewhere."""
    named = {f.name: np.array([float(values[f.name])]) for f in fields(kind) if f.name in values}
    if kind is Software:
        named = {f.name: np.zeros(1) for f in fields(kind)} | named
    return kind(**named)


def configuration(model: str, **layout: float) -> Configuration:
    return filled(Configuration, {**MODELS[model][0], **LAYOUT, **layout})  # type: ignore[return-value]


def mixture(model: str, **changes: float) -> Mixture:
    return filled(Mixture, {**NONE, **MODELS[model][1], **changes})  # type: ignore[return-value]


def constants(name: str, c: Configuration) -> Constants:
    return constants_of(FITTED, [GENERATIONS[name]], c.linear_bits, np.ones(1))


def terms(
    c: Configuration, m: Mixture, gpu: str = "GB200", **mixed: float
) -> mixed_step.MixedStepTerms:
    s, era = filled(System, SYSTEMS[gpu]), filled(Software, ERA)
    extra = filled(MixtureSoftware, {**MIXED, **mixed})
    return mixed_step.step_terms(c, m, s, era, extra, constants(gpu, c))  # type: ignore[arg-type]


def seconds(c: Configuration, m: Mixture, gpu: str = "GB200", **mixed: float) -> float:
    return float(step.step_time(terms(c, m, gpu, **mixed))[0])


@pytest.mark.parametrize(
    ("model", "total", "active"),
    [
        ("Mixtral 8x7B", 46.7e9, 12.9e9),
        ("DeepSeek-V3", 671e9, 37.5e9),  # embeddings of 0.9e9 included in both
        ("Qwen3-30B-A3B", 30.5e9, 3.3e9),
        ("GPT-OSS 120B", 117e9, 5.7e9),  # 5.1e9 without the input embedding
        ("Nemotron 3 Nano", 31.6e9, 3.6e9),
    ],
)
def test_parameters_are_those_that_the_makers_publish(
    model: str, total: float, active: float
) -> None:
    c, m = configuration(model), mixture(model)
    assert parameters(c, m)[0] == pytest.approx(total, rel=0.005)
    assert active_parameters(c, m)[0] == pytest.approx(active, rel=0.02)


def test_predictions_share_one_module_but_each_costs_a_pass_and_a_head() -> None:
    c = configuration("Nemotron 3 Nano")
    m = mixture("Nemotron 3 Nano", predictions=2, prediction_modules=1)
    assert parameters(c, m)[0] == 32_913_266_240 - SMALL
    more = model_flops(c, m) - model_flops(c, mixture("Nemotron 3 Nano"))
    assert more[0] > 2 * 6 * 131072 * 2688


@pytest.mark.parametrize("tflops", [(3328.0, 864.0), (2815.0, 732.0), (2689.0, 699.0)])
def test_flops_of_a_token_are_those_of_megatron_bridge(tflops: tuple[float, float]) -> None:
    """Its tables state tokens/s and TFLOP/s of DeepSeek-V3 with one further prediction."""
    m = mixture("DeepSeek-V3", predictions=1, prediction_modules=1)
    rate, stated = tflops
    assert model_flops(configuration("DeepSeek-V3"), m)[0] == pytest.approx(
        stated * 1e12 / rate, rel=0.005
    )


@pytest.mark.parametrize(
    "layout",
    [
        {},
        {"pp": 4.0, "vpp": 2.0},
        {"zero_stage": 3.0, "shard_group": 8.0},
        {"recompute_block": 1.0},
        {"linear_bits": 8.0},
        {"micro_batch": 4.0, "seq": 2048.0},
    ],
)
@pytest.mark.parametrize("as_experts", [True, False])
def test_one_expert_is_the_dense_model(layout: Numbers, as_experts: bool) -> None:
    """The experts' kernels with a single expert, and the layers of a plain MLP, cost what the dense step says."""
    again = layout.get("recompute_block", 0.0)
    single = dict(experts=1, active=1, recompute_experts=again)
    kinds = {"dense_layers": 32.0 * (1 - as_experts), "expert_layers": 32.0 * as_experts}
    c = configuration("Mixtral 8x7B", **layout)
    s, era = filled(System, SYSTEMS["GB200"]), filled(Software, ERA)
    dense = step.step_time(step.step_terms(c, s, era, constants("GB200", c)))[0]  # type: ignore[arg-type]
    assert seconds(c, mixture("Mixtral 8x7B", **single, **kinds)) == pytest.approx(dense, rel=1e-9)


def test_parts_sum_to_the_step_and_scale_with_the_batch() -> None:
    c, m = configuration("DeepSeek-V3", pp=8.0), mixture("DeepSeek-V3", ep=8.0)
    found = terms(c, m)
    assert sum(getattr(found, f.name)[0] for f in fields(found)) == pytest.approx(seconds(c, m))
    assert all(getattr(found, f.name)[0] >= 0.0 for f in fields(found))
    more = terms(replace(c, global_batch=2.0 * c.global_batch), m)
    assert more.experts[0] == pytest.approx(2.0 * found.experts[0])
    assert more.pipeline_bubble[0] == pytest.approx(found.pipeline_bubble[0])


@pytest.mark.parametrize(("ranks", "rate"), [(8, 545e9), (16, 498e9), (32, 464e9), (36, 454e9)])
def test_exchange_within_a_domain_has_the_published_bandwidth(ranks: int, rate: float) -> None:
    """HybridEP on GB200: 4,096 tokens of 7,168 elements to 8 of 8 x ranks experts; bytes once a rank reached."""
    m = mixture("DeepSeek-V3", ep=float(ranks), experts=8.0 * ranks)
    s = filled(System, SYSTEMS["GB200"])
    time = exchange_time(np.full(1, 4096.0), m, s, np.ones(1), 0.0)  # type: ignore[arg-type]
    places = ranks * (1.0 - (1.0 - 1.0 / ranks) ** 8)
    assert 4096 * 7168 * 2 * places / time[0] == pytest.approx(rate, rel=0.03)


def test_a_token_crosses_to_a_domain_once() -> None:
    """4 domains of 8: of 8 copies 5.4 go to other domains, but they reach 2.7 of the 3 others."""
    m, tokens = mixture("DeepSeek-V3", ep=32.0), np.full(1, 4096.0)
    s = filled(System, SYSTEMS["H200"])
    reached_domains = 4.0 * (1.0 - 0.75**8)
    assert reached(np.full(1, 4.0), m.active)[0] == pytest.approx(reached_domains)
    by_hand = 4096 * 7168 * 2 * reached_domains * 0.75 / (0.95 * 50e9)
    assert exchange_time(tokens, m, s, np.ones(1), 0.0)[0] == pytest.approx(by_hand, rel=1e-6)  # type: ignore[arg-type]
    c = configuration("DeepSeek-V3")
    k = constants("H200", c)
    once = filled(MixtureSoftware, MIXED)
    each = filled(MixtureSoftware, {**MIXED, "fused_dispatch": 0.0})
    plain = filled(Software, ERA)
    apart = [dispatch_part(c, m, s, plain, era, k).forward[0] for era in (once, each)]  # type: ignore[arg-type]
    assert apart[1] > 1.8 * apart[0]


@pytest.mark.parametrize(("gpu", "published"), [("A100", 102.5), ("H200", 239.2), ("GB200", 360.4)])
def test_mamba_2_runs_at_its_published_speed(gpu: str, published: float) -> None:
    """1.4B parameters, batch of 4 x 4,096 (github.com/state-spaces/mamba, issue 904); 6 FLOP a weight and token."""
    model = "Mamba-2 1.4B"
    c = configuration(model, global_batch=4.0, micro_batch=4.0, dp=1.0, zero_stage=0.0)
    m = mixture(model)
    weights = parameters(c, m)[0] - 50288 * 2048
    tflops = 6.0 * weights * 4 * 4096 / seconds(c, m, gpu) / 1e12
    assert tflops == pytest.approx(published, rel=0.12)


def test_deepseek_on_a_rack_runs_at_its_published_speed() -> None:
    """256 GB200, MXFP8, PP8 VPP4 EP32, partial graphs and HybridEP: 943.6 to 970 TFLOP/s a GPU.

    Megatron-LM, docs/discussions/deepseek-v3-gb200-optimization.
    """
    layout = dict(global_batch=2048.0, dp=32.0, pp=8.0, vpp=4.0, linear_bits=8.0)
    c, m = configuration("DeepSeek-V3", **layout), mixture("DeepSeek-V3", ep=32.0)
    s = filled(System, {**SYSTEMS["GB200"], "peak_linear": 0.95 * 4500e12, "gpus": 256.0})
    era, extra = filled(Software, ERA), filled(MixtureSoftware, {**MIXED, "gathered_map": 1.0})
    found = mixed_step.step_terms(c, m, s, era, extra, constants("GB200", c))  # type: ignore[arg-type]
    tflops = model_flops(c, m)[0] * 2048 * 4096 / 256 / step.step_time(found)[0] / 1e12
    assert tflops == pytest.approx(957, rel=0.12)


def test_many_small_experts_cost_more_than_few_large_ones() -> None:
    """The same FLOPs: 128 rows an expert pad no tile, but their weight gradients sum over 128 rows only."""
    c = configuration("Qwen3-30B-A3B", seq=1024.0)
    few = terms(c, mixture("Qwen3-30B-A3B", experts=32.0, active=4.0, expert_ffn=1536.0))
    many = terms(c, mixture("Qwen3-30B-A3B"))
    assert many.experts[0] > 1.1 * few.experts[0]


def test_overlap_hides_the_dispatch_and_full_graphs_hide_the_host() -> None:
    c, m = configuration("Qwen3-30B-A3B"), mixture("Qwen3-30B-A3B", ep=8.0)
    plain, beside = terms(c, m), terms(c, m, dispatch_overlap=1.0)
    assert 0.0 < beside.dispatch[0] < 0.5 * plain.dispatch[0]
    graphed = terms(c, m, mixer_kernels=0.0, layer_kernels=0.0, expert_kernels=0.0)
    assert graphed.host_launches[0] < 0.01 * plain.host_launches[0]
    assert terms(c, m, stashed=1.0).permutation[0] > plain.permutation[0]
    shared = mixture("DeepSeek-V3", ep=8.0)
    streams = [
        terms(configuration("DeepSeek-V3"), shared, shared_overlap=flag) for flag in (0.0, 1.0)
    ]
    assert streams[1].dispatch[0] < streams[0].dispatch[0]
    assert streams[1].dispatch[0] > streams[0].dispatch[0] - streams[0].shared_experts[0]
    waiting = terms(c, m).host_launches[0] - terms(c, m, synchronous=0.0).host_launches[0]
    assert waiting >= 0.0


def test_expert_gradients_are_reduced_over_the_ranks_that_hold_them() -> None:
    """With every expert on one rank only, what is left to reduce is the dense part."""
    c = configuration("Qwen3-30B-A3B", dp=64.0, global_batch=64.0)
    alone, shared = (terms(c, mixture("Qwen3-30B-A3B", ep=ep), "H200") for ep in (64.0, 8.0))
    assert alone.gradient_reduction[0] < 0.5 * shared.gradient_reduction[0]
    assert alone.optimiser[0] == pytest.approx(shared.optimiser[0], rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(
    active=st.integers(1, 8),
    ep=st.sampled_from([1.0, 2.0, 8.0, 16.0, 64.0]),
    bits=st.sampled_from([16.0, 8.0]),
    gpu=st.sampled_from(sorted(SYSTEMS)),
)
def test_more_work_never_takes_less_time(active: int, ep: float, bits: float, gpu: str) -> None:
    if gpu == "A100":
        bits = 16.0
    c = configuration("Qwen3-30B-A3B", dp=64.0, linear_bits=bits)
    model = "Qwen3-30B-A3B"
    base = seconds(c, mixture(model, active=active, ep=ep), gpu)
    assert np.isfinite(base) and base > 0.0
    assert seconds(c, mixture(model, active=active + 1.0, ep=ep), gpu) >= base
    assert seconds(c, mixture(model, active=active, ep=ep, shared_ffn=768.0), gpu) > base
    assert seconds(c, mixture(model, active=active, ep=ep, recompute_experts=1.0), gpu) > base
    assert seconds(c, mixture(model, active=active, ep=ep, kept=0.5), gpu) <= base
