"""What does a mixture-of-experts layer cost for a micro-batch: routing, dispatch, experts, combination?

A router scores every token (Shazeer et al., arXiv 1701.06538); its `active` copies of a token are permuted into the
order of the experts, sent to the ranks that hold them (all-to-all), multiplied there, one matmul an expert side by
side in one launch or on several streams, and sent back (Fedus et al., arXiv 2101.03961; Megatron-Core MoE, arXiv
2603.07685; DeepEP's README for the copy a token and NVLink domain). Routing is balanced, so that every expert sees the
same number of tokens; a limit of capacity drops the share `kept` leaves. Done: the above with latent experts, shared
experts, ranks of an expert inside or across NVLink domains. Not done: imbalance, experts split by tensor parallelism
over other ranks than attention's.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array
from planner.perf.training_step.collectives import (
    ARRIVAL,
    NODE,
    all_gather,
    all_to_all,
    members_inside,
    port_rate,
)
from planner.perf.training_step.configuration import Configuration, Software, System
from planner.perf.training_step.constants import Constants
from planner.perf.training_step.layer import (
    ACCUMULATE_BYTES,
    CAST_BYTES,
    EARLY_STOP,
    ELEMENTWISE_BACKWARD,
    Part,
    Product,
    accumulation,
    missed,
)
from planner.perf.training_step.matmul import PROLOGUE, STREAM, TAIL, TILE, matmul_time
from planner.perf.training_step.mixture import Mixture, MixtureSoftware

# Passes over all copies of the tokens in a layer's forward, besides the all-to-alls: without fusion permuted (written),
# sorted by local expert (read, written) and the same back; with fusion written after and read before the transfer.
PERMUTED, FUSED_PERMUTED = 6.0, 3.0
ROUTER_BYTES = (
    40.0  # traffic of scores, top-k and its indices for each token and expert; assumed [byte]
)
# Share of the link that an exchange among up to 8 ranks of a domain reaches, and how it falls with more: HybridEP's
# published bandwidths of dispatch and combine on GB200, 545 GB/s with 8 ranks to 454 with 36 (DeepEP, branch
# hybrid-ep, Hybrid-EP_Intra-node_Implementation.md; bytes of a token counted once for each rank that it reaches).
EXCHANGE_SHARE, EXCHANGE_DECLINE = 0.605, 0.12
SENT_BYTES = 2.0  # of an element in the all-to-all: 16 bit in either direction [byte]


def tokens_of(c: Configuration) -> Array:
    """Tokens of a micro-batch on one rank of a sequence-parallel group."""
    return c.micro_batch * c.seq / c.cp / c.tp


def copies_of(c: Configuration, m: Mixture) -> Array:
    """Rows that the experts of one rank multiply together: every token sends `active` copies, evenly."""
    return tokens_of(c) * m.active * m.kept * m.expert_tp


def local_experts(m: Mixture) -> Array:
    """Experts on one rank."""
    return m.experts / m.ep


def grouped_time(
    rows: Array, groups: Array, columns: Array, inner: Array, rate: Array, width: Array, s: System
) -> Array:
    """Seconds of `groups` matmuls side by side that share `rows`: each pads its rows to whole tiles."""
    padded = groups * TILE * np.ceil(rows / groups / TILE - 1e-9)
    tiles = padded * columns / TILE**2
    share = tiles / (tiles + TAIL * s.processors) * inner / (inner + PROLOGUE * 2.0 / width)
    arithmetic = 2.0 * padded * columns * inner / (rate * share)
    traffic = width * inner * (rows + groups * columns) + 2.0 * rows * columns
    return np.maximum(arithmetic, traffic / (STREAM * s.memory_rate))


def grouped_weight_time(
    rows: Array, groups: Array, columns: Array, inner: Array, rate: Array, width: Array,
    s: System, result: Array,
) -> Array:  # fmt: skip
    """Seconds of the weight gradients of `groups` experts: each sums over its own rows."""
    tiles = groups * columns * inner / TILE**2
    depth = rows / groups
    share = tiles / (tiles + TAIL * s.processors) * depth / (depth + PROLOGUE * 2.0 / width)
    arithmetic = 2.0 * rows * columns * inner / (rate * share)
    traffic = width * rows * (columns + inner) + result * groups * columns * inner
    return np.maximum(arithmetic, traffic / (STREAM * s.memory_rate))


def experts_parts(
    c: Configuration, m: Mixture, s: System, era: Software, rate: Array
) -> tuple[Part, Part]:
    """The matmuls of the routed experts, into and out of them."""
    rows, groups = copies_of(c, m), local_experts(m)
    ffn = m.expert_ffn / m.expert_tp
    width = c.linear_bits / 8.0
    result = np.where(era.fused_accumulation > 0.0, ACCUMULATE_BYTES, 2.0)
    added = accumulation(s, era)
    repeated = m.recompute_experts * np.where(era.early_stop > 0.0, EARLY_STOP, 1.0)

    def part(columns: Array, inner: Array) -> Part:
        forward = grouped_time(rows, groups, columns, inner, rate, width, s)
        weight = grouped_weight_time(rows, groups, columns, inner, rate, width, s, result)
        weight = weight + added * groups * columns * inner
        backward = forward + (1.0 - c.frozen) * weight
        return Part(forward, backward, repeated, Product(rows, columns, inner, width, groups))

    return part((1.0 + c.gated) * ffn, m.latent), part(m.latent, ffn)


def activation_part(c: Configuration, m: Mixture, s: System, waste: Array) -> Part:
    """The experts' activation: memory traffic."""
    rows, ffn = copies_of(c, m), m.expert_ffn / m.expert_tp
    size = 2.0 * rows * 1.5 * (1.0 + c.gated) * ffn * waste
    size = size * missed(2.0 * rows * m.latent, s)
    activation = size / (STREAM * s.memory_rate)
    repeated = np.maximum(m.recompute_experts, m.recompute_activation)
    return Part(activation, ELEMENTWISE_BACKWARD * activation, repeated)


def expert_casts_part(c: Configuration, m: Mixture, s: System) -> Part:
    """Casts of the experts' inputs to low precision."""
    rows = copies_of(c, m)
    inputs = m.latent + m.expert_ffn / m.expert_tp
    time = CAST_BYTES * rows * inputs / (STREAM * s.memory_rate) * (c.linear_bits < 16.0)
    return Part(time, (2.0 - c.frozen) * time, m.recompute_experts)


def router_part(c: Configuration, m: Mixture, s: System, rate_16: Array) -> Part:
    """Scores of all experts in 16 bit, and the choice among them."""
    tokens = tokens_of(c)
    width = np.full_like(tokens, 2.0)
    scores = matmul_time(tokens, m.experts, c.hidden, rate_16, width, s)
    choice = ROUTER_BYTES * tokens * m.experts / (STREAM * s.memory_rate)
    forward = (scores + choice) * (m.experts > 1.0)
    backward = (2.0 * scores + choice) * (m.experts > 1.0)
    product = Product(tokens, m.experts, c.hidden, width)
    return Part(forward, backward, m.recompute_experts, product)


def there_alone(m: Mixture, era: Software) -> Array:
    """Share of forward transfers that is repeated: where recomputation stops early, the way to the experts alone."""
    return m.recompute_experts * np.where(era.early_stop > 0.0, 0.5, 1.0)


def permutation_part(
    c: Configuration, m: Mixture, s: System, era: Software, mixed: MixtureSoftware
) -> Part:
    """Copying tokens into the order of the experts and back, and to and from packed pages of a whole step's graph."""
    rows, rate = copies_of(c, m), STREAM * s.memory_rate
    passes = np.where(mixed.fused_dispatch > 0.0, FUSED_PERMUTED, PERMUTED)
    time = passes * SENT_BYTES * rows * m.latent / rate
    ffn = m.expert_ffn / m.expert_tp
    kept = c.linear_bits / 8.0 * (m.latent + ffn) + 2.0 * (1.0 + c.gated) * ffn
    time = (time + mixed.stashed * 2.0 * rows * kept / rate) * (m.experts > 1.0)
    return Part(time, time, there_alone(m, era))


def reached(places: Array, active: Array) -> Array:
    """How many of `places` equal shares of the experts hold one of a token's `active` experts, on average."""
    return places * (1.0 - (1.0 - 1.0 / places) ** active)


def exchange_time(tokens: Array, m: Mixture, s: System, stride: Array, delay: float) -> Array:
    """Seconds in which each of `tokens` reaches its experts on `ep` ranks that lie `stride` apart, in one kernel.

    A token goes once to each rank of the domain that needs it, and over the port once to each other domain, where it
    is passed on. Transfers within and between domains run side by side.
    """
    inside = members_inside(stride, m.ep, s)
    domains = m.ep / inside
    size = SENT_BYTES * m.latent * tokens * m.kept
    share = EXCHANGE_SHARE * (NODE / np.maximum(inside, NODE)) ** EXCHANGE_DECLINE
    near = reached(m.ep, m.active) * size / (share * s.nvlink)
    far = reached(domains, m.active) * (1.0 - 1.0 / domains) * size / port_rate(stride, m.ep, s)
    time = np.maximum(near, far * (domains > 1.0)) + delay * (1.0 + (domains > 1.0))
    return np.where(m.ep > 1.0, time, 0.0)


def dispatch_part(
    c: Configuration, m: Mixture, s: System, era: Software, mixed: MixtureSoftware, k: Constants
) -> Part:
    """Sending tokens to their experts and the results back; the backward pass does the same the other way.

    The expert-parallel group lies inside data parallelism, over tensor-parallel groups, whose ranks hold a part of
    the sequence each. Where `gathered_map`, every rank first gets the map of all tokens and experts of the group and
    reads it (HybridEP: a byte for each).
    """
    tokens = tokens_of(c)
    stride = np.ones_like(m.ep)
    copies = SENT_BYTES * m.latent * tokens * m.active * m.kept
    one = np.where(
        mixed.fused_dispatch > 0.0,
        exchange_time(tokens, m, s, stride, ARRIVAL),
        all_to_all(copies, m.ep, stride, s) + ARRIVAL * (m.ep > 1.0),
    )
    one = one / np.where(members_inside(stride, m.ep, s) > NODE, mixed.rack_rate, 1.0)
    size = tokens * m.ep * m.experts
    table = all_gather(size, m.ep, stride, s) + size / (STREAM * s.memory_rate)
    table = np.where((mixed.gathered_map > 0.0) & (m.ep > 1.0), table, 0.0)
    forward = 2.0 * one * (m.experts > 1.0)
    return Part(forward + table, forward, there_alone(m, era))
