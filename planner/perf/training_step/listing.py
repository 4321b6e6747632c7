"""Of which kernels does a transformer's step consist, with the shape, work and traffic of each?

The parts whose seconds `step` and `mixed_step` add up, told apart: their seconds sum to the terms of the step. For one
configuration, records of length 1. FLOPs and bytes are those of the forward pass on one accelerator; memory kernels
move what their seconds are made of. Not kernels: gaps, launches of the host, waits of a pipeline, what is reduced or
sent once a step.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from planner.axes import Array
from planner.perf.kernels import LINKS, MATRIX_UNITS, MEMORY, Kernel, Limits, kernel
from planner.perf.training_step.configuration import Configuration, Software, System
from planner.perf.training_step.constants import Constants
from planner.perf.training_step.head import head_part, loss_time
from planner.perf.training_step.layer import (
    SCORE_BYTES,
    Part,
    Product,
    key_value_width,
    layer_parts,
)
from planner.perf.training_step.matmul import STREAM, sustained
from planner.perf.training_step.mixed_step import all_work, transfer_work
from planner.perf.training_step.mixed_step import step_terms as mixed_step_terms
from planner.perf.training_step.mixture import Mixture, MixtureSoftware
from planner.perf.training_step.state_space import scan_work
from planner.perf.training_step.step import step_terms

PASSES_OF_ELEMENT = 2.0  # bytes of a 16-bit element
NAMES = {  # of a dense block's parts; the terms of the step that are not called as the part
    "qkv": "queries, keys, values",
    "core": "attention core",
    "projection": "projection",
    "into": "into the MLP",
    "out": "out of the MLP",
    "elementwise": "norms, activations",
    "casts": "casts to low precision",
    "tensor_parallel": "tensor-parallel sums",
    "context_parallel": "ring of attention",
    "adapters": "adapters",
}
TERM_OF = {"core": "attention_core", "into": "mlp", "out": "mlp", "casts": "precision_casts"}
TRANSFERS = ("tensor_parallel", "context_parallel", "dispatch")
NARROW = (
    "qkv",
    "projection",
    "mlp",
    "experts",
    "shared_experts",
    "state_space",
)  # of low precision


def dense_kernels(c: Configuration, s: System, era: Software, k: Constants) -> list[Kernel]:
    """Kernels of a dense transformer's step."""
    terms = step_terms(c, s, era, k)
    rate_16 = s.peak_16 * era.kernel_rate * sustained(k.matmul_16, s, k.power_exponent)
    parts = layer_parts(c, s, era, k, rate_16)
    count = _number(c.global_batch / (c.micro_batch * c.dp) * c.layers / c.pp)
    scores = (c.hidden, c.hidden, key_value_width(c))
    found = []
    for field, name in NAMES.items():
        part, term = getattr(parts, field), TERM_OF.get(field, field)
        found.append(_of_part(part, name, term, count, c, s, _core(c, era, *scores)))
    return [*found, *_outside_layers(c, s, era, rate_16, _number(terms.optimiser), 1.0)]


def mixed_kernels(
    c: Configuration, m: Mixture, s: System, era: Software, mixed: MixtureSoftware, k: Constants
) -> list[Kernel]:
    """Kernels of the step of a model with experts, latent attention, windows or state spaces."""
    terms = mixed_step_terms(c, m, s, era, mixed, k)
    rate_16 = s.peak_16 * era.kernel_rate * sustained(k.matmul_16, s, k.power_exponent)
    passes = _number(c.global_batch / (c.micro_batch * c.dp) / c.pp)
    queries, values = c.heads * m.head_size, c.heads * m.value_size
    keys = np.where(m.key_rank > 0.0, queries + values, c.kv_heads * (m.head_size + m.value_size))
    core = _core(c, era, queries, values, keys, m.attended)
    found = []
    for each in all_work(c, m, s, era, mixed, k):
        count = passes * _number(each.layers)
        work = scan_work(c, m) if each.name == "scan" else core
        found.append(_of_part(each.part, each.name, each.term, count, c, s, work))
    sent = transfer_work(c, m, s, era, mixed, k)
    size = 4.0 * m.latent * c.micro_batch * c.seq / c.cp / c.tp * m.active * m.kept
    found.append(
        kernel(
            sent.name,
            sent.term,
            passes * _number(sent.layers),
            _number(sent.part.forward),
            _number(terms.dispatch),
            traffic=_number(size),
            bound=LINKS,
        )
    )
    heads = 1.0 + _number(m.predictions)
    return [*found, *_outside_layers(c, s, era, rate_16, _number(terms.optimiser), heads)]


def _core(
    c: Configuration,
    era: Software,
    queries: Array,
    values: Array,
    keys: Array,
    attended: Array | float = 1.0,
) -> tuple[Array, Array]:
    """Operations and traffic of an attention core; widths of queries, of values, and of keys and values together.

    Operations on the causal half, as useful ones are counted, where the kernel skips the rest.
    """
    tokens, fused = c.micro_batch * c.seq / c.cp, era.fused_attention > 0.0
    flops = np.where(fused, 0.5, 1.0) * attended * 2.0 * tokens * c.seq * (queries + values) / c.tp
    ends = PASSES_OF_ELEMENT * tokens * (queries + keys + values) / c.tp
    scores = np.where(fused, 0.0, SCORE_BYTES * tokens * c.seq * c.heads / c.tp)
    return flops, ends + scores


def _of_part(
    part: Part,
    name: str,
    term: str,
    count: float,
    c: Configuration,
    s: System,
    work: tuple[Array, Array],
) -> Kernel:
    """A part of a layer as a kernel; `work` are operations and traffic of a core or scan, should it be one."""
    limits = limits_of(s)
    forward = _number(part.forward)
    flops, traffic, bound = 0.0, STREAM * limits.memory_rate * forward, MEMORY
    shape: tuple[int, ...] = ()
    if part.product is not None:
        flops, traffic, shape = _of_product(part.product)
        moving = traffic / (STREAM * limits.memory_rate)
        bound = MEMORY if moving >= (1.0 - 1e-6) * forward or term == "router" else MATRIX_UNITS
    elif term == "attention_core" or name == "scan":
        flops, traffic = (_number(each) for each in work)
        half = STREAM * limits.memory_rate * forward / 2.0
        bound = MEMORY if traffic > half else MATRIX_UNITS
    elif term in TRANSFERS:
        traffic = _number(4.0 * c.micro_batch * c.seq / c.cp * c.hidden)
        bound = LINKS
    low = part.product is not None and term in NARROW
    return kernel(
        name,
        term,
        count,
        forward,
        count * _number(part.total()),
        flops=flops,
        traffic=traffic,
        bound=bound,
        shape=shape,
        peak=limits.peak_linear if low else limits.peak_16,
        memory_rate=limits.memory_rate,
    )


def _outside_layers(
    c: Configuration, s: System, era: Software, rate_16: Array, optimiser: float, heads: float
) -> Sequence[Kernel]:
    """The vocabulary's matrix, the loss and the optimiser, which no layer has."""
    limits = limits_of(s)
    count = heads * _number(c.global_batch / (c.micro_batch * c.dp) / c.pp)
    matrix, loss = head_part(c, s, rate_16), _number(loss_time(c, s, era))
    moved = STREAM * limits.memory_rate
    rate = limits.memory_rate
    return [
        _of_part(matrix, "vocabulary's matrix", "head", count, c, s, (c.hidden, c.hidden)),
        kernel("loss", "head", count, loss, count * loss, traffic=moved * loss, memory_rate=rate),
        kernel(
            "optimiser", "optimiser", 1.0, optimiser, optimiser,
            traffic=moved * optimiser, memory_rate=rate,
        ),
    ]  # fmt: skip


def _of_product(product: Product) -> tuple[float, float, tuple[int, ...]]:
    """Operations, traffic and sizes of a matrix product."""
    rows, columns, inner, width, groups = (_number(each) for each in product)
    traffic = width * inner * (rows + groups * columns) + 2.0 * rows * columns
    sizes = (round(rows / groups), round(columns), round(inner))
    return 2.0 * rows * columns * inner, traffic, (*sizes, round(groups)) if groups > 1 else sizes


def limits_of(s: System) -> Limits:
    """What the accelerator of a single system could do."""
    return Limits(_number(s.peak_16), _number(s.peak_linear), _number(s.memory_rate))


def _number(x: Array | float) -> float:
    return float(np.asarray(x).reshape(-1)[0])
