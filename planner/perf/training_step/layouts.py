"""Which layouts of a training job are legal on so many accelerators, how fast is each, and which is best?

A layout is the degrees of parallelism, the micro-batch, interleaving, recomputation, sharding and offload. `legal`
lists all that a `Space` admits, as arrays with one entry a layout; `evaluate` times them (`step`) and sizes them
(`memory`); `best_layout` picks the one with most samples a second among those that fit. Layouts that agree in what
decides a block (tensor and context parallelism, micro-batch, recomputation) share its time, which is computed once.
Blocks of `BLOCK` layouts keep temporaries in the cache. Done: dense transformers, mixtures of experts. Not done:
recomputation of some blocks only, offload of a mixture, several kinds of accelerator in a job.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from planner.axes import Array
from planner.perf.training_step.configuration import Configuration, Placed, Software, System
from planner.perf.training_step.constants import Constants
from planner.perf.training_step.layer import LayerTerms
from planner.perf.training_step.memory import (
    MemoryTerms,
    Offload,
    Store,
    host_memory,
    memory_terms,
)
from planner.perf.training_step.offload import OffloadTerms, offload_terms
from planner.perf.training_step.step import StepTerms, assembled, stage_work, step_time

if TYPE_CHECKING:
    from planner.perf.training_step.mixture import Mixture, MixtureSoftware

Indices = npt.NDArray[np.intp]
Record = TypeVar("Record")
Columns = dict[str, Array]

BLOCK = 4096  # layouts at a time: an array of them is 32 KiB
PADDING = (
    128.0  # rows to a multiple of which a shard of the vocabulary is padded (Megatron-LM's default)
)
SHORTEST = 1024.0  # tokens of a sequence on one rank, below which context parallelism is left alone; assumed
NONE, CORE, FULL = (
    (0.0, 0.0),
    (0.0, 1.0),
    (1.0, 0.0),
)  # shares of a block and of its core recomputed
RECOMPUTE = {"none": NONE, "selective": CORE, "full": FULL}
RECOMPUTED = {way: word for word, way in RECOMPUTE.items()}
KEPT_HERE, OPTIMISER, ACTIVATIONS, BOTH = (0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)


@dataclass(frozen=True)
class Architecture:
    """A dense transformer."""

    layers: float
    hidden: float
    heads: float
    kv_heads: float
    ffn: float
    gated: float  # flag: three matrices in the MLP instead of two
    vocab: float

    def parameters(self) -> float:
        """Weights: blocks, embedding and head."""
        kv = 2.0 * self.hidden * self.kv_heads / self.heads
        block = self.hidden * (2.0 * self.hidden + kv + (2.0 + self.gated) * self.ffn)
        return self.layers * block + 2.0 * self.vocab * self.hidden


@dataclass(frozen=True)
class Experts:
    """What a model has beyond a dense transformer, and the software of its expert layers. Records of length 1."""

    mixture: Mixture
    software: MixtureSoftware


@dataclass(frozen=True)
class Job:
    """What is trained, on what, with what: everything that all layouts have in common. Records of length 1."""

    architecture: Architecture
    system: System
    software: Software
    constants: Constants
    store: Store
    seq: float
    linear_bits: float = 16.0
    frozen: float = 0.0
    experts: Experts | None = None


@dataclass(frozen=True)
class Space:
    """Which layouts are looked at."""

    recompute: tuple[tuple[float, float], ...] = (NONE, CORE, FULL)
    zero_stages: tuple[float, ...] = (0.0, 1.0, 2.0, 3.0)
    sequence_parallel: tuple[float, ...] = (0.0, 1.0)
    offload: tuple[tuple[float, float], ...] = (KEPT_HERE, OPTIMISER, ACTIVATIONS, BOTH)
    contexts: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 16.0)
    largest_micro_batch: float = np.inf
    longest_chunk: float = np.inf  # layers of a chunk of an interleaved pipeline
    hybrid_shards: bool = True


ALL = Space()
# What a plan looks at: a few hundred layouts that hold the best one or one close to it.
FEW = Space(
    zero_stages=(1.0, 2.0, 3.0),
    sequence_parallel=(1.0,),
    offload=(KEPT_HERE,),
    contexts=(1.0, 2.0, 4.0),
    largest_micro_batch=4.0,
    longest_chunk=4.0,
)


@dataclass(frozen=True)
class Layouts:
    """Layouts as arrays of one length, or of length 1 for what all share."""

    tp: Array
    pp: Array
    vpp: Array
    cp: Array
    dp: Array
    ep: Array
    global_batch: Array
    micro_batch: Array
    zero_stage: Array
    shard_group: Array
    recompute_block: Array
    recompute_core: Array
    sequence_parallel: Array
    gathered_twice: Array
    scattered_sends: Array
    tensor_apart: Array
    data_apart: Array
    pipeline_apart: Array
    offload_optimiser: Array
    offload_activations: Array

    def __len__(self) -> int:
        return len(self.tp)


@dataclass(frozen=True)
class Evaluation:
    """Layouts with what they take: seconds of a step, bytes on an accelerator and on its host."""

    layouts: Layouts
    step_time: Array
    memory: Array
    host: Array


@dataclass(frozen=True)
class Detail:
    """One layout, or a few, by cause."""

    layouts: Layouts
    step: StepTerms
    offload: OffloadTerms
    memory: MemoryTerms
    host: Array

    def step_time(self) -> Array:
        """Seconds of a step."""
        return step_time(self.step) + self.offload.total()


@dataclass(frozen=True)
class Choice:
    """The layout that is chosen, as numbers."""

    layout: Mapping[str, float]
    step_time: float
    memory: float
    terms: Mapping[str, float]  # seconds
    memory_terms: Mapping[str, float]  # bytes


def taken(record: Record, rows: slice | Indices) -> Record:
    """Some entries of a record of arrays; what all entries share, of length 1, stays."""
    items = vars(record).items()
    some = {name: x if len(x) == 1 else x[rows] for name, x in items}
    return type(record)(**some)


def divisors(number: float) -> Array:
    """All divisors of a whole number, ascending."""
    upto = np.arange(1.0, np.floor(np.sqrt(number)) + 1.0)
    small = upto[np.mod(number, upto) == 0.0]
    return distinct(small, number / small)


def distinct(*several: Array) -> Array:
    """All numbers of several arrays, each once, ascending; `np.unique` would load masked arrays for it."""
    return np.array(sorted({number for each in several for number in each.tolist()}))


def crossed(rows: Columns, **candidates: Sequence[float] | Array) -> Columns:
    """Every row with every candidate, candidates running fastest; several names run together."""
    values = {name: np.asarray(x, float) for name, x in candidates.items()}
    count = len(next(iter(values.values())))
    many = len(next(iter(rows.values()))) if rows else 1
    result = {name: np.repeat(x, count) for name, x in rows.items()}
    return result | {name: np.tile(x, many) for name, x in values.items()}


def kept(rows: Columns, mask: npt.NDArray[np.bool_]) -> Columns:
    """The rows for which `mask` holds."""
    chosen = np.nonzero(mask)[0]
    return {name: x[chosen] for name, x in rows.items()}


def divides(part: Array | float, whole: Array | float) -> npt.NDArray[np.bool_]:
    """Whether `whole` is a multiple of `part`."""
    return np.asarray(np.mod(whole, part) == 0.0)


def legal(job: Job, gpus: float, batch: float, space: Space = ALL) -> Layouts:
    """All legal layouts of `space` for a batch of `batch` sequences on `gpus` accelerators.

    Tensor parallelism divides heads, keys' heads, the MLP and the NVLink domain; the vocabulary is padded to it.
    Pipelines divide the blocks, or blocks and the two of embedding and head; layers of a mixture may lie unevenly.
    Interleaved ones need as many micro-batches as a multiple of the stages (Megatron-LM). Experts divide evenly over
    ranks of a stage. ZeRO-2 and 3 need the whole model in a stage, ZeRO-2 a single micro-batch, since gradients that
    are scattered can not be summed over them locally.
    """
    a, seq = job.architecture, job.seq
    domain = float(job.system.domain[0])
    fused = float(np.max(job.software.fused_attention)) > 0.0
    degrees = divisors(gpus)

    tp = degrees[(degrees <= domain) & divides(degrees, domain)]
    tp = tp[divides(tp, a.heads) & divides(tp, a.kv_heads) & divides(tp, a.ffn)]
    even = divides(degrees, a.layers) | divides(degrees, a.layers + 2.0)
    pp = degrees[(degrees <= a.layers) & (even | (job.experts is not None))]
    context = np.array(space.contexts)
    context = context[
        (context == 1.0) | (divides(2.0 * context, seq) & (seq / context >= SHORTEST))
    ]
    if not fused:
        context = context[context == 1.0]  # ring attention came with fused kernels
    rows = crossed(crossed(crossed({}, tp=tp), pp=pp), cp=context)
    rows = kept(rows, divides(rows["tp"] * rows["pp"] * rows["cp"], gpus))
    rows["dp"] = gpus / (rows["tp"] * rows["pp"] * rows["cp"])
    rows = kept(rows, divides(rows["dp"], batch))

    blocks = np.where(divides(rows["pp"], a.layers), a.layers, a.layers + 2.0) / rows["pp"]
    # stages of unlike length have one chunk
    blocks = np.where(blocks == np.floor(blocks), blocks, 1.0)
    rows["blocks"] = blocks
    chunks = distinct(divisors(a.layers), divisors(a.layers + 2.0))
    chunks = chunks[chunks <= (blocks.max() if len(blocks) else 1.0)]
    rows = crossed(rows, vpp=chunks)
    plain = rows["vpp"] == 1.0
    several = (rows["pp"] > 1.0) & divides(rows["vpp"], rows["blocks"])
    several &= rows["blocks"] <= space.longest_chunk * rows["vpp"]
    rows = kept(rows, plain | several)

    sizes = divisors(batch)
    rows = crossed(rows, micro_batch=sizes[sizes <= space.largest_micro_batch])
    rows = kept(rows, divides(rows["micro_batch"] * rows["dp"], batch))
    number = batch / (rows["micro_batch"] * rows["dp"])
    rows["number"] = number
    rows = kept(rows, (rows["vpp"] == 1.0) | divides(rows["pp"], number))
    divided = rows["micro_batch"] * seq / rows["cp"]
    rows = kept(rows, divides(rows["tp"], divided))

    ways = [way for way in space.recompute if not (fused and way == CORE)]
    rows = crossed(rows, recompute_block=[w[0] for w in ways], recompute_core=[w[1] for w in ways])
    rows = crossed(rows, sequence_parallel=space.sequence_parallel)
    on = rows["sequence_parallel"] > 0.0
    if len(space.sequence_parallel) == 1:
        rows["sequence_parallel"] = np.where(rows["tp"] > 1.0, rows["sequence_parallel"], 0.0)
    else:
        rows = kept(rows, ~on | (rows["tp"] > 1.0))

    if job.experts is not None:
        experts = divisors(float(job.experts.mixture.experts[0]))
        rows = crossed(rows, ep=experts[experts <= gpus])
        rows = kept(rows, divides(rows["ep"], rows["dp"] * rows["cp"] * rows["tp"]))

    rows = crossed(rows, zero_stage=space.zero_stages)
    rows = _sharded(rows, domain, space.hybrid_shards)

    store = job.store
    can = float(store.host[0]) > 0.0 and float(store.host_link[0]) > 0.0 and not job.experts
    moves = [move for move in space.offload if can or move == KEPT_HERE]
    rows = crossed(
        rows, offload_optimiser=[m[0] for m in moves], offload_activations=[m[1] for m in moves]
    )
    return layouts_of(rows, job, batch)


def _sharded(rows: Columns, domain: float, hybrid: bool) -> Columns:
    """Rows whose sharding is legal, with the groups over which weights are sharded."""
    stage, replicas = rows["zero_stage"], rows["dp"] * rows["cp"]
    many = (replicas > 1.0) | (stage == stage.min() if len(stage) else stage == 0.0)
    alone = rows["pp"] == 1.0
    fine = (stage < 2.0) | (alone & ((stage == 3.0) | (rows["number"] == 1.0)))
    rows = kept(rows, many & fine)
    rows["shard_group"] = np.where(rows["zero_stage"] == 3.0, rows["dp"] * rows["cp"], 1.0)
    if not hybrid:
        return rows
    inside = np.maximum(domain / rows["tp"], 1.0)
    split = (rows["zero_stage"] == 3.0) & (inside > 1.0) & (inside < rows["shard_group"])
    split &= divides(inside, rows["shard_group"])
    shards = {name: x[split] for name, x in rows.items()}
    shards["shard_group"] = inside[split]
    return {name: np.concatenate([x, shards[name]]) for name, x in rows.items()}


def layouts_of(rows: Columns, job: Job, batch: float | None = None) -> Layouts:
    """Layouts from columns; what is not there has its usual value.

    Groups lie in the order tensor, context, data, pipeline; sequence parallelism gathers its inputs again.
    """
    one = np.ones(1)
    usual: dict[str, Any] = {
        "vpp": one,
        "cp": one,
        "ep": one,
        "zero_stage": 0.0 * one,
        "shard_group": one,
        "recompute_block": 0.0 * one,
        "recompute_core": 0.0 * one,
        "sequence_parallel": 0.0 * one,
        "scattered_sends": job.software.scattered_sends,
        "tensor_apart": one,
        "offload_optimiser": 0.0 * one,
        "offload_activations": 0.0 * one,
        "global_batch": one if batch is None else batch * one,
    }
    given = {f.name: rows[f.name] for f in fields(Layouts) if f.name in rows}
    have = usual | given
    have.setdefault("gathered_twice", have["sequence_parallel"])
    have.setdefault("data_apart", have["tp"])
    have.setdefault("pipeline_apart", have["tp"] * have["cp"] * have["dp"])
    return Layouts(**have)


def configuration(layouts: Layouts, job: Job) -> Placed:
    """Layouts as configurations of the job's model."""
    one = np.ones(1)
    a = job.architecture
    shared = {f.name: getattr(a, f.name) * one for f in fields(Architecture)}
    del shared["vocab"]  # padded for each degree of tensor parallelism
    names = {f.name for f in fields(Configuration)} | {f.name for f in fields(Placed)}
    own = {name: x for name, x in vars(layouts).items() if name in names}
    return Placed(
        **shared,
        **own,
        vocab=PADDING * layouts.tp * np.ceil(a.vocab / (PADDING * layouts.tp)),
        seq=job.seq * one,
        frozen=job.frozen * one,
        linear_bits=job.linear_bits * one,
    )


def placed_mixture(layouts: Layouts, experts: Experts) -> Mixture:
    """Layouts as those of a mixture's experts: where they lie, and whether they are recomputed with their block."""
    return replace(experts.mixture, ep=layouts.ep, recompute_experts=1.0 * layouts.recompute_block)


def _offload(layouts: Layouts) -> Offload:
    return Offload(
        optimiser=layouts.offload_optimiser,
        activations=layouts.offload_activations,
        weights=np.zeros(1),
    )


def _shared_work(layouts: Layouts) -> tuple[Indices, Indices]:
    """Positions of layouts that differ in what decides a block, and for each layout which of them it equals."""
    columns = (
        layouts.tp,
        layouts.cp,
        layouts.micro_batch,
        2.0 * layouts.recompute_block + layouts.recompute_core,
        2.0 * layouts.sequence_parallel + layouts.gathered_twice,
        layouts.tensor_apart,
    )
    key = np.zeros(1, dtype=np.int64)
    for column in columns:
        values = column.astype(np.int64)
        key = key * (int(values.max(initial=0)) + 1) + values
    key = np.broadcast_to(key, len(layouts))
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    return first, inverse


@dataclass(frozen=True)
class _Works:
    """Blocks and heads that layouts share, and for each layout which of them is its own."""

    which: Indices
    layer: LayerTerms
    head: Array


def _works(layouts: Layouts, job: Job) -> _Works:
    """Seconds of the blocks and heads in which layouts differ, for a micro-batch."""
    first, which = _shared_work(layouts)
    parts, heads = [], []
    for at in range(0, len(first), BLOCK):
        some = taken(layouts, first[at : at + BLOCK])
        layer, head = stage_work(
            configuration(some, job), job.system, _era(some, job), job.constants
        )
        parts.append({name: np.broadcast_to(x, len(some)) for name, x in vars(layer).items()})
        heads.append(np.broadcast_to(head, len(some)))
    if len(parts) == 1:
        return _Works(which, LayerTerms(**parts[0]), heads[0])
    names = [f.name for f in fields(LayerTerms)]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in names}
    return _Works(which, LayerTerms(**joined), np.concatenate(heads))


def evaluate(layouts: Layouts, job: Job) -> Evaluation:
    """Step time and memory of every layout."""
    if job.experts is not None or not len(layouts):
        return _one_by_one(layouts, job)
    return _evaluated(layouts, job, _works(layouts, job))


def _evaluated(layouts: Layouts, job: Job, works: _Works) -> Evaluation:
    block, count = works.layer.total(), len(layouts)
    time, memory, host = np.empty(count), np.empty(count), np.zeros(count)
    for at in range(0, count, BLOCK):
        rows = slice(at, min(at + BLOCK, count))
        own = works.which[rows]
        causes = _detail(taken(layouts, rows), job, _lump(block[own]), works.head[own])
        time[rows] = causes.step_time()
        memory[rows] = causes.memory.total()
        host[rows] = causes.host
    return Evaluation(layouts, time, memory, host)


def _one_by_one(layouts: Layouts, job: Job) -> Evaluation:
    """The same for mixtures, whose blocks depend on all that says where experts lie."""
    count = len(layouts)
    time, memory = np.empty(count), np.empty(count)
    for at in range(0, count, BLOCK):
        rows = slice(at, min(at + BLOCK, count))
        causes = detail(taken(layouts, rows), job)
        time[rows] = causes.step_time()
        memory[rows] = causes.memory.total()
    return Evaluation(layouts, time, memory, np.zeros(count))


def _era(layouts: Layouts, job: Job) -> Software:
    return replace(job.software, scattered_sends=layouts.scattered_sends)


def _lump(total: Array) -> LayerTerms:
    """A block whose kernels are not told apart, where only their sum matters."""
    nothing = np.zeros(1)
    return LayerTerms(**{f.name: nothing for f in fields(LayerTerms)} | {"mlp": total})


def _detail(layouts: Layouts, job: Job, layer: LayerTerms, head: Array) -> Detail:
    c, era, moved = configuration(layouts, job), _era(layouts, job), _offload(layouts)
    step = assembled(c, job.system, era, job.constants, layer, head)
    some = bool(np.any(moved.optimiser) or np.any(moved.activations))
    nothing = np.zeros(1)
    added, host = OffloadTerms(nothing, nothing), nothing
    if some:
        added = offload_terms(c, era, job.store, moved, layer.total(), step.optimiser)
        host = host_memory(c, era, moved)
    return Detail(layouts, step, added, memory_terms(c, era, moved), host)


def detail(layouts: Layouts, job: Job) -> Detail:
    """A few layouts by cause."""
    c, era = configuration(layouts, job), _era(layouts, job)
    if job.experts is not None:
        return _mixed_detail(layouts, job, c, era)
    layer, head = stage_work(c, job.system, era, job.constants)
    return _detail(layouts, job, layer, head)


def _mixed_detail(layouts: Layouts, job: Job, c: Placed, era: Software) -> Detail:
    from planner.perf.training_step.mixed_step import step_terms  # for few models, and large

    assert job.experts is not None
    m = placed_mixture(layouts, job.experts)
    step = step_terms(c, m, job.system, era, job.experts.software, job.constants)
    nothing = np.zeros(1)
    memory = memory_terms(c, era, _offload(layouts), m)
    return Detail(layouts, step, OffloadTerms(nothing, nothing), memory, nothing)


def fits(found: Evaluation, store: Store) -> npt.NDArray[np.bool_]:
    """Whether accelerator and host have the memory."""
    return np.asarray((found.memory <= store.memory) & (found.host <= store.host))


def ranked(found: Evaluation, feasible: npt.NDArray[np.bool_]) -> Indices:
    """Positions of the layouts that are feasible: most samples a second first.

    Of equals those that keep nothing on the host, where it gains nothing; then the smallest.
    """
    per_sample = found.step_time / found.layouts.global_batch
    moved = found.layouts.offload_optimiser + found.layouts.offload_activations
    moved = np.broadcast_to(moved, len(per_sample))
    places = np.nonzero(feasible)[0]
    keys = (found.memory[places], moved[places], per_sample[places])
    order: Indices = places[np.lexsort(keys)]
    return order


def chosen(of: Detail, row: int = 0) -> Choice:
    """One of a few layouts as numbers."""

    def number(x: Array) -> float:
        return float(x[row] if len(x) > 1 else x[0])

    terms = {f.name: number(getattr(of.step, f.name)) for f in fields(of.step)}
    terms |= {"offloaded_optimiser": number(of.offload.optimiser)}
    terms |= {"offload_streaming": number(of.offload.streaming)}
    return Choice(
        layout={f.name: number(getattr(of.layouts, f.name)) for f in fields(Layouts)},
        step_time=number(of.step_time()),
        memory=number(of.memory.total()),
        terms=terms,
        memory_terms={f.name: number(getattr(of.memory, f.name)) for f in fields(MemoryTerms)},
    )


def best_layout(job: Job, gpus: float, batch: float, space: Space = FEW) -> Choice | None:
    """The layout of `space` with most samples a second that fits, or none."""
    layouts = legal(job, gpus, batch, space)
    if not len(layouts):
        return None
    works = None if job.experts else _works(layouts, job)
    found = _evaluated(layouts, job, works) if works else evaluate(layouts, job)
    order = ranked(found, fits(found, job.store))
    if not len(order):
        return None
    best = taken(layouts, order[:1])
    if works is None:
        return chosen(detail(best, job))
    own = works.which[order[:1]]
    layer = LayerTerms(**{name: x[own] for name, x in vars(works.layer).items()})
    return chosen(_detail(best, job, layer, works.head[own]))
