"""The step of a model whose layers are not all alike: experts, latent attention, state spaces, further heads.

`step_terms` does for a `Mixture` what `step.step_terms` does for dense models, with the same kernels where a layer is
the same: with one expert and nothing else its parts are those of the dense model. What overlaps: the all-to-alls
with another micro-batch's kernels where the era does that, gradients with one micro-batch; nothing else. Done: the
sum over kinds of layers, stages that make room for the head, expert gradients reduced over the ranks that hold the
same experts, waits for token counts. Not done: adapters, context parallelism beside state spaces, a host that waits
for collectives of tensor parallelism.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from planner.axes import Array
from planner.perf.training_step.collectives import all_gather, arrival
from planner.perf.training_step.configuration import Configuration, Software, System
from planner.perf.training_step.constants import Constants
from planner.perf.training_step.data_parallel import WEIGHT_BYTES, behind, exchange_time
from planner.perf.training_step.experts import (
    activation_part,
    dispatch_part,
    expert_casts_part,
    experts_parts,
    local_experts,
    permutation_part,
    router_part,
)
from planner.perf.training_step.head import head_time
from planner.perf.training_step.layer import (
    ATTENTION_LAUNCHES,
    BACKWARD_HOST,
    CAST_BYTES,
    EARLY_STOP,
    ELEMENTWISE_BACKWARD,
    KERNEL_GAP,
    KERNELS,
    Part,
    context_parallel_part,
    core_part,
    linear_part,
    missed,
    tensor_parallel_part,
    waiting,
)
from planner.perf.training_step.matmul import STREAM, sustained
from planner.perf.training_step.mixture import (
    Mixture,
    MixtureSoftware,
    dense_weights,
    holders,
    routed_weights,
)
from planner.perf.training_step.pipeline import bubble, send_time, slowest_stage
from planner.perf.training_step.state_space import projection_width, scan_part
from planner.perf.training_step.step import SCALE_LOSS, STEP_FIXED, MixedStepTerms, step_time

FUSED_ACTIVATION = 2.0 / 3.0  # of the activation's traffic is saved where the matmul applies it
# Width of a head from which the fused core is bound by its matmuls: half as wide it has twice the exponentials for
# them and runs at 408 instead of 609 TFLOP/s (cuDNN on H100, 4,096 tokens; Shah et al., arXiv 2407.08608, figure 5).
WIDE_HEAD = 128.0
LEAST = 1e-12  # in place of no seconds, where one divides by them


@dataclass(frozen=True)
class Work:
    """One kind of work: how many layers have it, its seconds in one of them, the term it goes into, and its name."""

    layers: Array
    part: Part
    term: str
    name: str
    counted: bool = False  # it waits for the experts' token counts
    shared: bool = False  # it is the shared experts'

    def forward(self) -> Array:
        """Seconds of the forward pass over all layers."""
        return self.layers * self.part.forward

    def backward(self) -> Array:
        """Seconds of the backward pass over all layers, repeated forward left out."""
        return self.layers * self.part.backward

    def total(self) -> Array:
        """Seconds of all passes over all layers."""
        return self.layers * self.part.total()


def step_terms(
    c: Configuration, m: Mixture, s: System, era: Software, mixed: MixtureSoftware, k: Constants
) -> MixedStepTerms:
    """The parts of one optimiser step [s]."""
    work = all_work(c, m, s, era, mixed, k)
    transfers = transfer_work(c, m, s, era, mixed, k)
    sums = {
        name: sum((each.total() for each in work if each.term == name), np.zeros_like(c.hidden))
        for name in {each.term for each in work}
    }
    launch = launches(c, m, era, mixed, k)
    gaps = Part(launch[2], BACKWARD_HOST * launch[2], c.recompute_block).total()
    busy = sum(sums.values()) + gaps
    idle = host_time(c, work, transfers, launch, mixed)
    beside = sum((each.total() for each in work if each.shared), np.zeros_like(idle))
    dispatch = dispatch_time(transfers.total(), busy, idle, beside, mixed, k)
    stack = busy + idle + dispatch
    gathers = c.layers * gather_time(c, m, s, stack / c.layers, era, k)
    block = (stack + gathers) / c.layers

    head = head_time(c, s, era, rate_16(s, era, k)) * (1.0 + m.predictions)
    outside = era.micro_batch_host * era.host_share * k.host_layer
    tail = head + outside
    micro_batches = c.global_batch / (c.micro_batch * c.dp)
    mean = (c.layers * block + tail) / c.pp
    slowest = balanced_stage(c, block, tail)
    passes = micro_batches / c.pp
    sends = np.where(c.pp > 1.0, send_time(c, s, era.scattered_sends), 0.0)
    blocked = 2.0 * c.vpp * micro_batches * era.blocking_sends + 2.0 * (c.pp - 1.0)
    zero = np.zeros_like(stack)
    result = MixedStepTerms(
        **{name: passes * value for name, value in sums.items()},
        dispatch=passes * dispatch,
        adapters=zero,
        weight_gathers=passes * gathers,
        kernel_gaps=passes * gaps,
        host_launches=passes * (idle + outside),
        head=passes * head,
        uneven_stages=micro_batches * (slowest - mean),
        pipeline_bubble=bubble(c, mean, slowest),
        pipeline_sends=sends * blocked,
        gradient_reduction=reduction_time(c, m, s, era, k, c.layers / c.pp * block),
        optimiser=optimiser_time(c, m, s, era),
        fixed=STEP_FIXED + zero,
        scale=zero,
    )
    domains = np.maximum(c.tp * c.cp * c.dp / s.domain, 1.0)
    return replace(result, scale=step_time(result) * SCALE_LOSS * np.log2(domains))


def rate_16(s: System, era: Software, k: Constants) -> Array:
    """Asymptotic rate of 16-bit matmuls [FLOP/s]."""
    return s.peak_16 * era.kernel_rate * sustained(k.matmul_16, s, k.power_exponent)


def expert_layers(m: Mixture) -> Array:
    """Layers of experts, those of further predictions included."""
    return m.expert_layers + m.predictions


def all_work(
    c: Configuration, m: Mixture, s: System, era: Software, mixed: MixtureSoftware, k: Constants
) -> list[Work]:
    """All kinds of work in the layers but the all-to-alls."""
    linears = Linears(c, m, s, era, k)
    return [
        *attention_work(linears, s, era, k),
        *expert_work(linears, s, era, mixed, k),
        *other_work(linears, s, k),
    ]


def transfer_work(
    c: Configuration, m: Mixture, s: System, era: Software, mixed: MixtureSoftware, k: Constants
) -> Work:
    """The all-to-alls to experts and back."""
    return Work(
        expert_layers(m), dispatch_part(c, m, s, era, mixed, k), "dispatch", "to experts and back"
    )


class Linears:
    """What kinds of work have in common: shapes, rates, and how their parts are built."""

    def __init__(
        self, c: Configuration, m: Mixture, s: System, era: Software, k: Constants
    ) -> None:
        self.c, self.m, self.s, self.era = c, m, s, era
        self.tokens = c.micro_batch * c.seq / c.cp
        self.spread = np.where(c.sequence_parallel > 0.0, c.tp, 1.0)
        self.repeated = c.recompute_block * np.where(era.early_stop > 0.0, EARLY_STOP, 1.0)
        saved = era.fused_elementwise * (k.elementwise_eager - k.elementwise_fused)
        self.waste = k.elementwise_eager - saved
        share = sustained(k.matmul_linear, s, k.power_exponent)
        self.rate = s.peak_linear * era.kernel_rate * share
        self.half = tensor_parallel_part(c, s, era, k)
        self.half = Part(self.half.forward / 2.0, self.half.backward / 2.0, self.half.repeated)
        # in 4 bit some models keep all but the largest matmuls in 16 bit
        kept = (m.narrow_experts > 0.0) & (c.linear_bits == 4.0)
        self.careful = replace(c, linear_bits=np.where(kept, 16.0, c.linear_bits))
        self.careful_rate = np.where(kept, rate_16(s, era, k), self.rate)

    def linear(self, columns: Array, inner: Array, repeated: Array, careful: bool = False) -> Part:
        """A linear; sizes of layers that a model does not have are taken for 1."""
        columns, inner = np.maximum(columns, 1.0), np.maximum(inner, 1.0)
        c, rate = (self.careful, self.careful_rate) if careful else (self.c, self.rate)
        return linear_part(c, self.s, self.era, rate, columns, inner, repeated)

    def elements(self, whole: Array | float, inside: Array | float, repeated: Array) -> Part:
        """Memory traffic of `whole` hidden-wide and `inside` further 16-bit elements a token (`elementwise_part`)."""
        c, s = self.c, self.s
        size = 2.0 * self.tokens * (whole * c.hidden / self.spread + inside / c.tp) * self.waste
        size = size * missed(2.0 * self.tokens * c.hidden / self.spread, s)
        time = size / (STREAM * s.memory_rate)
        return Part(time, ELEMENTWISE_BACKWARD * time, repeated)

    def casts(self, inputs: Array, repeated: Array) -> Part:
        """Casts of linears' `inputs` [elements a token] to low precision."""
        c, s = self.c, self.s
        time = CAST_BYTES * self.tokens * inputs / (STREAM * s.memory_rate) * (c.linear_bits < 16.0)
        return Part(time, (2.0 - c.frozen) * time, repeated)


def attention_work(x: Linears, s: System, era: Software, k: Constants) -> list[Work]:
    """Attention layers: plain, with grouped keys, or with latent queries and keys (arXiv 2405.04434)."""
    c, m = x.c, x.m
    layers = m.attention_layers + m.predictions
    low = m.key_rank > 0.0
    queries, values = c.heads * m.head_size, c.heads * m.value_size
    up_keys = c.heads * (m.head_size - m.rotary_size + m.value_size)
    keys = np.where(low, up_keys, c.kv_heads * (m.head_size + m.value_size))
    into = np.where(low, m.query_rank + m.key_rank + m.rotary_size, (queries + keys) / c.tp)
    up = np.maximum(x.repeated, m.recompute_latent)
    query_in = np.where(m.query_rank > 0.0, m.query_rank, c.hidden)
    # the core as if queries, keys and values were as wide as the mean of its two matmuls
    width = (queries + values) / 2.0
    wide = replace(c, hidden=width, kv_heads=np.where(low, c.heads, c.kv_heads))
    full = core_part(wide, s, era, k, rate_16(s, era, k))
    scored = m.attended * np.maximum(0.5 + 0.5 * WIDE_HEAD / m.value_size, 1.0)
    core = Part(scored * full.forward, scored * full.backward, full.repeated)
    inputs = c.hidden / x.spread + values / c.tp
    down = x.linear(into, c.hidden, x.repeated, careful=True)
    query_up = x.linear(queries / c.tp, query_in, up, careful=True)
    key_up = x.linear(up_keys / c.tp, m.key_rank, up, careful=True)
    out = x.linear(c.hidden, values / c.tp, x.repeated, careful=True)
    elements = x.elements(6.0, 4.0 * (queries + keys), c.recompute_block)
    return [
        Work(layers, down, "qkv", "queries, keys, values"),
        Work(layers * low, query_up, "qkv", "queries of latent"),
        Work(layers * low, key_up, "qkv", "keys, values of latent"),
        Work(layers, core, "attention_core", "attention core"),
        Work(layers, out, "projection", "projection"),
        Work(layers, elements, "elementwise", "norms of attention"),
        Work(layers, x.casts(inputs, x.repeated), "precision_casts", "casts of attention"),
        Work(layers, x.half, "tensor_parallel", "sums of attention"),
        Work(layers, context_parallel_part(wide, s, core), "context_parallel", "ring of attention"),
    ]


def expert_work(
    x: Linears, s: System, era: Software, mixed: MixtureSoftware, k: Constants
) -> list[Work]:
    """Expert layers but for their all-to-alls: router, permutation, routed and shared experts, projections."""
    c, m = x.c, x.m
    layers = expert_layers(m)
    again = m.recompute_experts * np.where(era.early_stop > 0.0, EARLY_STOP, 1.0)
    separate = layers * (1.0 - mixed.fused_experts)
    applied = layers * (1.0 - FUSED_ACTIVATION * mixed.fused_experts)
    shared = layers * (m.shared_ffn > 0.0)
    narrow = layers * (m.latent < c.hidden)
    wide = (1.0 + c.gated) * m.shared_ffn
    inputs = c.hidden / x.spread + m.shared_ffn / c.tp
    (first, second), router = (
        experts_parts(c, m, s, era, x.rate * mixed.expert_rate),
        router_part(c, m, s, rate_16(s, era, k)),
    )
    activation, casts = activation_part(c, m, s, x.waste), expert_casts_part(c, m, s)
    shared_in = x.linear(wide / c.tp, c.hidden, again)
    shared_out = x.linear(c.hidden, m.shared_ffn / c.tp, again)
    shared_elements, shared_casts = x.elements(0.0, 1.5 * wide, again), x.casts(inputs, again)
    beside = {"counted": True, "shared": True}
    down = x.linear(m.latent, c.hidden / c.tp, again, careful=True)
    up = x.linear(c.hidden, m.latent / c.tp, again, careful=True)
    return [
        Work(layers, router, "router", "router"),
        Work(
            layers,
            permutation_part(c, m, s, era, mixed),
            "permutation",
            "copies in expert order",
            counted=True,
        ),
        Work(layers, first, "experts", "into the experts", counted=True),
        Work(layers, second, "experts", "out of the experts", counted=True),
        Work(applied, activation, "experts", "activation of experts", counted=True),
        Work(separate, casts, "precision_casts", "casts of experts", counted=True),
        Work(layers, x.elements(6.0, 0.0, c.recompute_block), "elementwise", "norms of experts"),
        Work(shared, shared_in, "shared_experts", "into shared experts", **beside),
        Work(shared, shared_out, "shared_experts", "out of shared experts", **beside),
        Work(shared, shared_elements, "elementwise", "activation of shared", **beside),
        Work(shared, shared_casts, "precision_casts", "casts of shared", **beside),
        Work(narrow, down, "shared_experts", "into experts' width"),
        Work(narrow, up, "shared_experts", "out of experts' width", counted=True),
    ]


def other_work(x: Linears, s: System, k: Constants) -> list[Work]:
    """Dense MLPs, state-space layers, and what joins a further prediction's two inputs."""
    c, m, again = x.c, x.m, x.repeated
    dense, state = m.dense_layers, m.state_space_layers
    joined = x.linear(c.hidden / c.tp, 2.0 * c.hidden, again, careful=True)
    wide = (1.0 + c.gated) * c.ffn
    inputs = c.hidden / x.spread
    into = x.linear(projection_width(m) / c.tp, c.hidden, again)
    out = x.linear(c.hidden, m.inner / c.tp, again, careful=True)
    return [
        Work(dense, x.linear(wide / c.tp, c.hidden, again), "mlp", "into the MLP"),
        Work(dense, x.linear(c.hidden, c.ffn / c.tp, again), "mlp", "out of the MLP"),
        Work(
            dense, x.elements(6.0, 1.5 * wide, c.recompute_block), "elementwise", "norms of the MLP"
        ),
        Work(dense, x.casts(inputs + c.ffn / c.tp, again), "precision_casts", "casts of the MLP"),
        Work(dense, x.half, "tensor_parallel", "sums of the MLP"),
        Work(state, into, "state_space", "into the state space"),
        Work(state, out, "state_space", "out of the state space"),
        Work(state, scan_part(c, m, s), "state_space", "scan"),
        Work(state, x.elements(6.0, 0.0, c.recompute_block), "elementwise", "norms of state space"),
        Work(
            state, x.casts(inputs + m.inner / c.tp, again), "precision_casts", "casts of the state"
        ),
        Work(state, x.half, "tensor_parallel", "sums of state space"),
        Work(m.predictions, joined, "projection", "joined predictions"),
    ]


def launches(
    c: Configuration, m: Mixture, era: Software, mixed: MixtureSoftware, k: Constants
) -> tuple[Array, Array, Array]:
    """Seconds that the host takes to launch a forward pass before and after token counts, and gaps of kernels.

    Models without routed experts launch as dense ones; others as many kernels as the era of the expert layers says,
    each in the time of one of the eager kernels of a dense block.
    """
    launch = k.host_layer / (1.0 + BACKWARD_HOST) / KERNELS[0]
    mixers = m.attention_layers + m.state_space_layers + m.predictions
    routed = expert_layers(m) * (m.experts > 1.0)
    plain = m.dense_layers + m.expert_layers * (m.experts <= 1.0)
    block = era.host_share * KERNELS[0]
    mixer = np.where(m.experts > 1.0, mixed.mixer_kernels, block * ATTENTION_LAUNCHES)
    before = mixer * mixers + block * (1.0 - ATTENTION_LAUNCHES) * plain
    after = routed * (mixed.layer_kernels + mixed.expert_kernels * local_experts(m))
    run = KERNELS[0] + era.fused_elementwise * (KERNELS[1] - KERNELS[0])
    gaps = run * (ATTENTION_LAUNCHES * mixers + (1.0 - ATTENTION_LAUNCHES) * plain + routed)
    return before * launch, after * launch, gaps * KERNEL_GAP


def host_time(
    c: Configuration,
    work: list[Work],
    transfers: Work,
    launch: tuple[Array, Array, Array],
    mixed: MixtureSoftware,
) -> Array:
    """Seconds by which passes over all layers exceed their kernels because the host launches them.

    The host runs ahead of a whole pass, but for the wait for token counts in the forward one: what follows it is
    launched only then, unless another micro-batch's kernels fill the wait.
    """
    before, after, gap = launch
    exposed = 1.0 - mixed.dispatch_overlap
    late = sum((each.forward() for each in work if each.counted), np.zeros_like(gap))
    early = sum((each.forward() for each in work if not each.counted), gap)
    early = early + exposed * transfers.forward()
    backward = sum((each.backward() for each in work), BACKWARD_HOST * gap)
    backward = backward + exposed * transfers.backward()
    apart = waiting(early, before) + waiting(np.maximum(late, LEAST), after)
    together = waiting(early + late, before + after)
    alone = (mixed.synchronous > 0.0) & (exposed > 0.0) & (after > 0.0)
    forward = np.where(alone, apart, together)
    back = waiting(backward, BACKWARD_HOST * (before + after))
    return forward * (1.0 + c.recompute_block) + back


def dispatch_time(
    transfer: Array, busy: Array, idle: Array, shared: Array, mixed: MixtureSoftware, k: Constants
) -> Array:
    """Seconds that `transfer` seconds of all-to-alls add to a micro-batch whose kernels take `busy`, waiting `idle`.

    Where they run beside another micro-batch's kernels they show as far as they are longer, and slow the kernels in
    proportion, as prefetched weights do (`data_parallel.gather_time`), while there are any; in the same way where
    they run beside the `shared` experts' kernels alone.
    """
    beside = np.minimum(transfer, busy + idle)
    slowed = k.zero_contention_tuned * beside * busy / (busy + idle)
    alone = (1.0 - k.zero_contention_tuned) * np.minimum(transfer, shared) * mixed.shared_overlap
    return np.where(mixed.dispatch_overlap > 0.0, transfer - beside + slowed, transfer - alone)


def balanced_stage(c: Configuration, block: Array, tail: Array) -> Array:
    """Seconds of the slowest stage for one micro-batch, where layers may be spread to make room for the head.

    Layers that divide by stages lie evenly, with the head on top of the last stage; others leave the last stage as
    many layers less as the head is worth.
    """
    even = slowest_stage(c, block, tail)
    most = np.ceil((c.layers + np.floor(tail / block)) / c.pp - 1e-9)
    mean = (c.layers * block + tail) / c.pp
    return np.where(np.mod(c.layers, c.pp) == 0.0, even, np.maximum(most * block, mean))


def held(c: Configuration, m: Mixture) -> tuple[Array, Array]:
    """Weights of the fullest stage on one rank: outside the routed experts, and theirs [parameters]."""
    dense = (dense_weights(c, m) / c.pp + c.vocab * c.hidden) / c.tp
    return dense, routed_weights(c, m) / c.pp / m.ep / m.expert_tp


def gather_time(
    c: Configuration, m: Mixture, s: System, layer: Array, era: Software, k: Constants
) -> Array:
    """Seconds that sharded weights add to a mean layer and micro-batch whose kernels take `layer` seconds.

    As `data_parallel.gather_time`; an expert's weights are sharded over the ranks that hold it. Beside a pipeline
    weights stay gathered for the step (PyTorch's FSDP: `reshard_after_forward` is off).
    """
    groups = np.minimum(holders(c, m), c.shard_group)
    dense = WEIGHT_BYTES * dense_weights(c, m) / c.tp / c.layers
    routed = WEIGHT_BYTES * routed_weights(c, m) / m.ep / m.expert_tp / c.layers
    gather = all_gather(dense, c.shard_group, c.data_stride, s)
    gather = gather + arrival(c.shard_group, s)
    gather = gather + all_gather(routed, groups, m.ep * m.expert_tp, s) * (m.experts > 1.0)
    transfer = (3.0 - c.frozen) * gather
    contention = np.where(era.zero_overlap > 0.0, k.zero_contention_tuned, k.zero_contention)
    added = np.maximum(transfer - layer, 0.0) + contention * np.minimum(layer, transfer)
    return np.where((c.zero_stage == 3.0) & (c.shard_group > 1.0) & (c.pp == 1.0), added, 0.0)


def reduction_time(
    c: Configuration, m: Mixture, s: System, era: Software, k: Constants, stage: Array
) -> Array:
    """Seconds that the reduction of gradients over replicas adds to a step, behind one micro-batch's `stage` seconds.

    As `data_parallel.reduction_time`; experts are reduced over the ranks that hold them, in a group of their own.
    Weights that are gathered for every micro-batch have had their gradients scattered then.
    """
    dense, routed = held(c, m)
    scattered = (c.zero_stage == 3.0) & (c.pp == 1.0)
    shards = np.where(scattered, c.shard_group, 1.0)
    replicas = np.maximum(c.dp * c.cp / shards, 1.0)
    same = np.maximum(holders(c, m) / shards, 1.0)
    time = exchange_time(c, s, era, k, dense / shards, replicas, c.data_stride * shards)
    experts = exchange_time(c, s, era, k, routed / shards, same, m.ep * m.expert_tp * shards)
    return behind(time + experts * (m.experts > 1.0), stage, c, era, k)


def optimiser_time(c: Configuration, m: Mixture, s: System, era: Software) -> Array:
    """Seconds of the optimiser's memory traffic, once a step."""
    dense, routed = held(c, m)
    sharded = c.zero_stage >= 1.0
    updated = dense / np.where(sharded, c.dp * c.cp, 1.0) + routed / np.where(
        sharded, holders(c, m), 1.0
    )
    return updated * era.optimiser_bytes / (STREAM * s.memory_rate) * (1.0 - c.frozen)
