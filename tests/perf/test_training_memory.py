"""Memory of a training job: Korthikanti's figures, the tables of ZeRO and Megatron, hand calculations, offload."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.perf.training_step.configuration import Configuration, Software
from planner.perf.training_step.layer import layer_parameters
from planner.perf.training_step.memory import (
    GIB,
    MemoryTerms,
    Offload,
    Store,
    host_memory,
    in_flight,
    kept_activations,
    memory_terms,
    missing,
)
from planner.perf.training_step.mixture import Mixture
from planner.perf.training_step.offload import offload_terms

# layers, hidden, heads, micro-batch, pp, interleave (Korthikanti et al., arXiv 2205.05198, Table 3; tp = 8, seq 2048).
MODELS = {
    "22B": (48, 6144, 64, 4, 1, 1),
    "175B": (96, 12288, 96, 1, 8, 3),
    "530B": (105, 20480, 128, 1, 35, 3),
    "1T": (128, 25600, 160, 1, 64, 1),
}
# Figure 1, as read by Calculon (calculon/llm/validation.py) [GiB]: parameters and optimiser, activations without
# recomputation, and with selective recomputation and sequence parallelism.
FIGURE_1 = {
    "22B": (45.5625, 59.25, 9.5625),
    "175B": (45.5625, 66.84375, 12.3515625),
    "530B": (31.640625, 114.0234375, 23.076171875),
    "1T": (32.958984375, 131.25, 26.5625),
}
# Figure 7, same reading: per cent of a block's activations, sequence parallel, selective, both, full.
FIGURE_7 = {
    "22B": (66.84, 49.42, 16.18, 7.64),
    "175B": (62.04, 56.53, 18.49, 8.71),
    "530B": (58.31, 62.04, 20.27, 9.42),
}
ONE = np.ones(1)
STAYS = Offload(0 * ONE, 0 * ONE, 0 * ONE)


def software(**changed: float) -> Software:
    """Unfused attention, nothing overlapped."""
    values = {f.name: 0.0 for f in fields(Software)} | {"loss_bytes": 60.0, "kernel_rate": 1.0}
    return Software(**{name: x * ONE for name, x in {**values, **changed}.items()})


def gpt(layers: float, hidden: float, heads: float, **changed: float) -> Configuration:
    values = dict(
        layers=layers, hidden=hidden, heads=heads, kv_heads=heads, ffn=4 * hidden, gated=0, vocab=0, seq=2048,
        global_batch=512, micro_batch=1, tp=8, pp=1, vpp=1, cp=1, dp=1, zero_stage=0, shard_group=1,
        recompute_block=0, recompute_core=0, sequence_parallel=0, frozen=0, linear_bits=16,
    )  # fmt: skip
    return Configuration(**{k: float(v) * ONE for k, v in {**values, **changed}.items()})


def published(model: str, **changed: float) -> Configuration:
    layers, hidden, heads, micro, pp, vpp = MODELS[model]
    return gpt(layers, hidden, heads, micro_batch=micro, pp=pp, vpp=vpp, **changed)


@pytest.mark.parametrize("model", MODELS)
def test_states_and_activations_are_those_of_korthikantis_figure_1(model):
    states, none, selective = FIGURE_1[model]
    plain = memory_terms(published(model), software(), STAYS)
    both = memory_terms(published(model, recompute_core=1, sequence_parallel=1), software(), STAYS)
    held = plain.weights + plain.gradients + plain.optimiser
    assert held / GIB == pytest.approx(states, rel=1e-3)
    assert plain.activations / GIB == pytest.approx(none, rel=1e-3)
    assert both.activations / GIB == pytest.approx(selective, rel=1e-3)


@pytest.mark.parametrize("model", FIGURE_7)
def test_savings_are_those_of_korthikantis_figure_7(model):
    ways = (
        dict(sequence_parallel=1),
        dict(recompute_core=1),
        dict(sequence_parallel=1, recompute_core=1),
        dict(recompute_block=1),
    )
    whole = kept_activations(published(model), software())
    shares = [100 * kept_activations(published(model, **w), software()) / whole for w in ways]
    assert np.ravel(shares) == pytest.approx(FIGURE_7[model], abs=0.2)


@pytest.mark.parametrize(
    ("stage", "replicas", "bytes_each"),
    [
        (0, 64, 18.0),  # Megatron Core user guide, "Distributed Optimizer": 18
        (1, 64, 6 + 12 / 64),  # the same: 6 + 12/d
        (2, 64, 16.6 / 7.5),  # ZeRO, figure 1: 7.5 billion parameters on 64 GPUs take 16.6 GB
        (3, 64, 1.9 / 7.5),  # the same: 1.9 GB
    ],
)
def test_bytes_of_a_parameter_by_sharding_stage(stage, replicas, bytes_each):
    c = gpt(
        40, 4096, 32, tp=1, dp=replicas, zero_stage=stage, shard_group=replicas if stage == 3 else 1
    )
    t = memory_terms(c, software(), STAYS)
    held = (t.weights + t.gradients + t.optimiser) / (c.layers * layer_parameters(c))
    assert held == pytest.approx(bytes_each, rel=0.02)


def test_hybrid_shards_hold_what_their_group_shares():
    c = gpt(40, 4096, 32, tp=1, dp=64, zero_stage=3, shard_group=8)
    t = memory_terms(c, software(), STAYS)
    assert t.optimiser == pytest.approx(12 * 40 * 12 * 4096**2 / 8)


@pytest.mark.parametrize(
    ("pp", "vpp", "batch", "stage", "alive"),
    [
        (8, 1, 64, 0, 8),  # 1F1B: as many as there are stages
        (8, 1, 64, 7, 1),
        (8, 1, 3, 0, 3),  # never more than there are
        (
            8,
            3,
            64,
            0,
            8 * (1 + 7 / (8 * 3)),
        ),  # Korthikanti et al., section 4.2.3: 1 + (p - 1)/(p m)
        (8, 3, 64, 7, (2 * 8 + 1) / 3),  # (v - 1) p + 1 chunks of a third
    ],
)
def test_micro_batches_in_flight(pp, vpp, batch, stage, alive):
    c = gpt(96, 12288, 96, pp=pp, vpp=vpp, global_batch=batch)
    assert in_flight(c, stage * ONE) == pytest.approx(alive)


def test_a_fused_kernel_keeps_no_scores_and_a_gated_mlp_three_tensors():
    c = gpt(1, 8192, 64, tp=1, seq=8192, kv_heads=8, ffn=28672, gated=1)
    # 2 norms and 2 inputs of 2h each, q 2h, k and v 2h/4, output 2h; gate, up, product 2f each; log-sum-exp 4a
    hand = 8192 * (8 * 8192 + 2 * 8192 * 1.25 + 2 * 8192 + 6 * 28672 + 4 * 64)
    assert kept_activations(c, software(fused_attention=1)) == pytest.approx(hand)


def test_the_last_stage_is_the_fullest_where_the_vocabulary_is_large():
    c = gpt(4, 1024, 16, pp=2, tp=1, vocab=256_000, global_batch=2)
    t = memory_terms(c, software(), STAYS)
    assert t.head == pytest.approx(2048 * (6 * 256_000 + 4 * 1024))
    assert memory_terms(replace(c, vocab=1024 * ONE), software(), STAYS).head == 0


def test_embedding_and_head_that_replace_blocks_leave_the_second_stage_fullest():
    even = gpt(126, 16384, 128, pp=16, vocab=128_000, recompute_block=1)
    t = memory_terms(even, software(), STAYS)
    blocks = t.weights / (2 * layer_parameters(even) / even.tp)
    assert blocks == pytest.approx(8.0)  # 128 / 16, where the first and the last have 7


whole = st.integers(0, 3).map(lambda power: 2**power)


@settings(max_examples=60, deadline=None)
@given(whole, whole, whole, whole, st.sampled_from([0, 1]), st.sampled_from([0.0, 1.0]))
def test_recomputation_never_needs_more(tp, pp, dp, micro, parallel, fused):
    base = dict(tp=tp, pp=pp, dp=dp, micro_batch=micro, sequence_parallel=parallel * (tp > 1))
    era = software(fused_attention=fused)
    none, core, full = (
        memory_terms(
            gpt(8, 4096, 32, **base, recompute_block=b, recompute_core=c), era, STAYS
        ).total()
        for b, c in ((0, 0), (0, 1), (1, 0))
    )
    assert full <= core * (1 + 1e-12)
    assert core <= none * (1 + 1e-12)


@settings(max_examples=60, deadline=None)
@given(whole, whole, st.sampled_from([0, 1, 3]), st.sampled_from([0.0, 1.0]))
def test_more_replicas_never_need_more_memory_on_each(tp, pp, stage, fused):
    def total(dp: int) -> np.ndarray:
        group = dp if stage == 3 else 1
        c = gpt(8, 4096, 32, tp=tp, pp=pp, dp=dp, zero_stage=stage, shard_group=group)
        return memory_terms(c, software(fused_attention=fused), STAYS).total()

    assert total(4) <= total(2) * (1 + 1e-12)
    assert total(64) <= total(4) * (1 + 1e-12)


def test_what_is_offloaded_lies_on_the_host():
    c = gpt(32, 4096, 32, tp=1, dp=8, zero_stage=1, vocab=32_000)
    away = Offload(ONE, ONE, 0 * ONE)
    here, there = memory_terms(c, software(), STAYS), memory_terms(c, software(), away)
    assert there.optimiser == 0
    assert there.activations == 0
    assert host_memory(c, software(), away) == pytest.approx(here.optimiser + here.activations)
    assert there.total() < here.total()


def test_missing_memory_is_counted_in_bytes():
    assert missing(np.array([90.0, 70.0]), np.array([80.0])).tolist() == [10.0, 0.0]


def test_the_optimiser_on_the_host_takes_as_long_as_its_memory_or_the_link():
    c = gpt(10, 4096, 32, tp=1)
    parameters = 10 * 12 * 4096**2
    block = 0.1 * ONE  # long enough to hide the gradients
    pcie = Store(80e9 * ONE, 1e12 * ONE, 25e9 * ONE, 100e9 * ONE)
    t = offload_terms(c, software(), pcie, Offload(ONE, 0 * ONE, 0 * ONE), block, 0.01 * ONE)
    assert t.optimiser == pytest.approx(28 * parameters / 80e9 - 0.01)  # host memory binds
    assert t.streaming == 0
    grace = Store(96e9 * ONE, 480e9 * ONE, 450e9 * ONE, 384e9 * ONE)
    t = offload_terms(c, software(), grace, Offload(ONE, 0 * ONE, 0 * ONE), block, 0.01 * ONE)
    assert t.optimiser == pytest.approx(24 * parameters / (0.8 * 384e9) - 0.01)


def test_activations_on_the_host_show_only_where_the_block_is_shorter():
    c = gpt(10, 4096, 32, tp=1, global_batch=2)
    store = Store(80e9 * ONE, 1e12 * ONE, 25e9 * ONE, 100e9 * ONE)
    size = kept_activations(c, software())
    move = size / 20e9
    away = Offload(0 * ONE, ONE, 0 * ONE)
    long = offload_terms(c, software(), store, away, 3.01 * move, 0 * ONE)
    assert long.streaming == 0
    # half as long as both moves: a third of the block hides one, two thirds the other
    short = offload_terms(c, software(), store, away, move, 0 * ONE)
    assert short.streaming == pytest.approx(20 * (move * 2 / 3 + move / 3))


def test_every_part_is_at_least_zero():
    t = memory_terms(published("530B", recompute_block=1, vocab=51_200), software(), STAYS)
    assert all((getattr(t, f.name) >= 0).all() for f in fields(MemoryTerms))


def mixture(c: Configuration, **changed: float) -> Mixture:
    """Plain attention and MLPs alone, unless `changed` says otherwise."""
    plain = dict(
        attention_layers=c.layers[0], dense_layers=c.layers[0], head_size=c.hidden[0] / c.heads[0],
        value_size=c.hidden[0] / c.heads[0], attended=1, ep=1, expert_tp=1, kept=1, latent=c.hidden[0],
    )  # fmt: skip
    values = {f.name: 0.0 for f in fields(Mixture)} | plain | changed
    return Mixture(**{name: float(x) * ONE for name, x in values.items()})


@pytest.mark.parametrize("bits", [16, 8])
@pytest.mark.parametrize("parallel", [0, 1])
def test_a_mixture_without_experts_is_a_dense_model(bits, parallel):
    c = gpt(
        8, 4096, 32, kv_heads=8, gated=1, vocab=32_000, tp=4, pp=2, dp=2, zero_stage=1,
        linear_bits=bits, sequence_parallel=parallel,
    )  # fmt: skip
    era = software(fused_attention=1)
    dense, mixed = (memory_terms(c, era, STAYS, m) for m in (None, mixture(c)))
    for f in fields(MemoryTerms):
        assert getattr(mixed, f.name) == pytest.approx(getattr(dense, f.name)), f.name


def test_experts_lie_over_their_ranks_and_the_rest_on_all():
    c = gpt(8, 2048, 16, ffn=1, gated=1, tp=1, dp=64, zero_stage=1)
    own = dict(dense_layers=0, expert_layers=8, experts=64, active=4, expert_ffn=1024)
    apart = memory_terms(c, software(fused_attention=1), STAYS, mixture(c, **own, ep=16))
    attention, router, routed = 4 * 2048**2, 64 * 2048, 64 * 3 * 2048 * 1024
    assert apart.weights == pytest.approx(2 * 8 * (attention + router + routed / 16))
    # the optimiser of an expert is divided among the four ranks that hold it, that of the rest among all 64
    each = (attention + router) / 64 + routed / 16 / 4
    assert apart.optimiser == pytest.approx(12 * 8 * each)
    together = memory_terms(c, software(fused_attention=1), STAYS, mixture(c, **own, ep=1))
    assert together.total() > apart.total()


@pytest.mark.parametrize(
    ("layers", "hidden", "away", "fits"),
    [
        (40, 1536, False, True),  # 1.1 billion parameters
        (36, 2304, False, False),  # 2.3 billion
        (50, 4096, True, True),  # 10 billion
        (65, 4096, True, True),  # 13 billion
        (75, 4480, True, False),  # 18 billion
    ],
)
def test_the_largest_models_on_one_v100_with_and_without_zero_offload(layers, hidden, away, fits):
    """1.4 billion parameters with PyTorch alone, 13 with ZeRO-Offload (deepspeed.ai, September 2020; 32 GB)."""
    c = gpt(layers, hidden, 16, tp=1, vocab=50_304, seq=1024, recompute_block=1, global_batch=8)
    moved = Offload(float(away) * ONE, 0 * ONE, 0 * ONE)
    assert (memory_terms(c, software(), moved).total() <= 32 * GIB) == fits
    assert (host_memory(c, software(), moved) > 0) == away


def test_gradients_stay_where_replicas_wait_for_them():
    away = Offload(ONE, 0 * ONE, 0 * ONE)
    c = gpt(8, 4096, 32, tp=1, dp=8, zero_stage=1)
    assert memory_terms(c, software(), away).gradients > 0
    scattered = replace(c, zero_stage=3.0 * ONE, shard_group=8.0 * ONE)
    assert memory_terms(scattered, software(), away).gradients == 0


def test_sums_of_gradients_on_the_host_take_its_memory_rate():
    """Twelve bytes a parameter and micro-batch: the gradient written and read, the sum read and written."""
    c = gpt(10, 4096, 32, tp=1, global_batch=4)
    store = Store(80e9 * ONE, 1e12 * ONE, 1e12 * ONE, 100e9 * ONE)
    away, block = Offload(ONE, 0 * ONE, 0 * ONE), 0.003 * ONE
    added = offload_terms(c, software(), store, away, block, 0 * ONE).streaming
    one = 12 * 12 * 4096**2 / 80e9
    assert added == pytest.approx(4 * 10 * (one - 0.002))
    single = offload_terms(replace(c, global_batch=ONE), software(), store, away, block, 0 * ONE)
    assert single.streaming == pytest.approx(10 * max(2 * 12 * 4096**2 / 80e9 - 0.002, 0))
