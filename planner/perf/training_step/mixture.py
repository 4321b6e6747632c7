"""What a stack of unlike layers adds to a `Configuration`: experts, latent attention, state spaces, further heads.

`Mixture` describes the model beside the fields that dense models need (`Configuration` keeps hidden size, heads,
vocabulary, batch and layout; its `ffn` and `gated` are those of the dense layers), `MixtureSoftware` what the era's
expert layers do. All arrays have one entry a configuration. A transformer's block is an attention layer and one MLP
or expert layer; hybrids put one kind in each layer. Done: parameter counts. Not done: experts of unlike size,
attention over compressed keys (DeepSeek V4), hyper-connections.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.axes import Array
from planner.perf.training_step.configuration import Configuration


@dataclass(frozen=True)
class Mixture:
    """Kinds of layers, their sizes, and how experts lie over accelerators."""

    attention_layers: Array
    state_space_layers: Array
    dense_layers: Array  # of a plain MLP
    expert_layers: Array
    head_size: Array  # width of queries and keys of a head, rotary part included
    value_size: Array  # width of a head's values
    query_rank: Array  # width of the latent queries, 0 without
    key_rank: Array  # width of the latent keys and values, 0 without latent attention
    rotary_size: Array  # of the key part shared by all heads under latent attention
    attended: Array  # share of the causal scores that are computed: less with sliding windows
    experts: Array
    active: Array  # routed experts of a token
    expert_ffn: Array
    shared_ffn: Array  # width of the shared experts together, 0 without
    latent: Array  # width of the experts' input and output, the hidden size unless projected
    inner: Array  # width of a state-space layer: its heads times their size
    state: Array  # size of the state of a channel
    state_groups: Array  # groups that share input and output matrices of the state
    state_heads: Array
    predictions: (
        Array  # further tokens predicted: an attention and an expert layer and the head each
    )
    prediction_modules: Array  # weights for them: fewer than `predictions` where they are shared
    narrow_experts: Array  # flag: 4-bit operands in experts, MLPs and state-space inputs alone
    ep: Array  # ranks among which the experts are divided
    expert_tp: Array  # ranks that share every expert
    kept: Array  # share of the routed tokens that experts take: 1 without a limit of capacity
    recompute_experts: (
        Array  # share of the expert layer's forward, dispatch included, that is repeated
    )
    recompute_activation: Array  # same of the experts' activation alone
    recompute_latent: Array  # same of the projections out of the latent of attention


@dataclass(frozen=True)
class MixtureSoftware:
    """The era of the expert layers."""

    dispatch_overlap: Array  # flag: the dispatch runs beside another micro-batch's kernels
    shared_overlap: Array  # flag: shared experts run beside the dispatch, on a stream of their own
    gathered_map: Array  # flag: every rank first gathers the routing of all tokens of the group
    fused_dispatch: (
        Array  # flag: permutation within the dispatch, a token once to each NVLink domain
    )
    rack_rate: Array  # share of the usual rate of all-to-alls in domains larger than a server
    fused_experts: Array  # flag: activation and casts within the experts' matmuls
    stashed: Array  # flag: what the backward pass needs of the experts is copied to packed pages and back
    mixer_kernels: (
        Array  # kernels a pass that the host launches for an attention or state-space layer
    )
    layer_kernels: Array  # same for an expert layer outside its experts
    expert_kernels: Array  # same for each local expert
    synchronous: Array  # flag: the host waits for the experts' token counts before it launches them
    expert_rate: Array  # of the experts' matmuls, over that of the other linears [1]


def attention_weights(c: Configuration, m: Mixture) -> Array:
    """Weights of one attention layer [parameters]."""
    queries = c.heads * m.head_size
    plain = c.hidden * (queries + 2.0 * c.kv_heads * m.head_size + c.heads * m.value_size)
    into = np.where(m.query_rank > 0.0, m.query_rank * (c.hidden + queries), c.hidden * queries)
    keys = c.heads * (m.head_size - m.rotary_size + m.value_size)
    latent = (
        into
        + c.hidden * (m.key_rank + m.rotary_size)
        + m.key_rank * keys
        + c.heads * m.value_size * c.hidden
    )
    return np.where(m.key_rank > 0.0, latent, plain)


def state_space_weights(c: Configuration, m: Mixture) -> Array:
    """Weights of one Mamba-2 layer [parameters]."""
    mixed = 2.0 * m.inner + 2.0 * m.state_groups * m.state + m.state_heads
    return c.hidden * (mixed + m.inner)


def expert_weights(c: Configuration, m: Mixture) -> Array:
    """Weights of the routed experts of one layer [parameters]."""
    return m.experts * (2.0 + c.gated) * m.latent * m.expert_ffn


def surrounding_weights(c: Configuration, m: Mixture) -> Array:
    """Weights of an expert layer beside its routed experts: router, shared experts, projections [parameters]."""
    projections = np.where(m.latent < c.hidden, 2.0 * m.latent, 0.0)
    router = np.where(m.experts > 1.0, m.experts, 0.0)
    return c.hidden * (router + (2.0 + c.gated) * m.shared_ffn + projections)


def dense_weights(c: Configuration, m: Mixture) -> Array:
    """Weights of all layers without the routed experts; a single expert is not routed to [parameters]."""
    attention, surrounding = attention_weights(c, m), surrounding_weights(c, m)
    unrouted = np.where(m.experts > 1.0, 0.0, m.expert_layers * expert_weights(c, m))
    further = m.prediction_modules * (attention + surrounding + 2.0 * c.hidden**2)
    return (
        m.attention_layers * attention
        + m.state_space_layers * state_space_weights(c, m)
        + m.dense_layers * (2.0 + c.gated) * c.hidden * c.ffn
        + m.expert_layers * surrounding
        + unrouted
        + further
    )


def routed_weights(c: Configuration, m: Mixture) -> Array:
    """Weights of all routed experts, further predictions included [parameters]."""
    layers = m.expert_layers + m.prediction_modules
    return np.where(m.experts > 1.0, layers * expert_weights(c, m), 0.0)


def holders(c: Configuration, m: Mixture) -> Array:
    """Ranks that hold the same experts."""
    return np.maximum(c.dp * c.cp * c.tp / m.ep / m.expert_tp, 1.0)


def parameters(c: Configuration, m: Mixture) -> Array:
    """All weights, input and output embeddings apart from each other [parameters]."""
    return dense_weights(c, m) + routed_weights(c, m) + 2.0 * c.vocab * c.hidden


def active_parameters(c: Configuration, m: Mixture) -> Array:
    """Weights that a token meets, input and output embeddings included, further predictions not [parameters]."""
    without = m.prediction_modules
    share = m.active / m.experts * (m.experts > 1.0)
    one = attention_weights(c, m) + surrounding_weights(c, m) + 2.0 * c.hidden**2
    routed = m.expert_layers * expert_weights(c, m) * share
    return dense_weights(c, m) - without * one + routed + 2.0 * c.vocab * c.hidden


def model_flops(c: Configuration, m: Mixture) -> Array:
    """Floating-point operations of a token, forward and backward, causal scores counted once [FLOP].

    6 for each weight met and 6 for each score's two widths; the convention of Megatron-Bridge (input embedding left
    out). State-space scans are left out.
    """
    one = attention_weights(c, m) + surrounding_weights(c, m) + 2.0 * c.hidden**2
    routed = expert_weights(c, m) * m.active / m.experts * (m.experts > 1.0)
    weights = dense_weights(c, m) + m.expert_layers * routed + c.vocab * c.hidden
    extra = m.predictions * (one + routed + c.vocab * c.hidden) - m.prediction_modules * one
    scores = m.attended * c.seq * c.heads * (m.head_size + m.value_size) / 2.0
    return 6.0 * (weights + extra + (m.attention_layers + m.predictions) * scores)
