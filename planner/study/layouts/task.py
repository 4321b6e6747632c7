"""Which layouts does a file of search tasks ask for, and on what system?

Such a file holds a model, a system with two tiers of network, and searches of the kinds `core` and `cli`, whose rules
of enumeration it states in words: `core` loops over stated degrees, `cli` is the exhaustive search of Calculon
(Isaev et al., SC23), network tiers included. Here every rule is a column of an array; a search of any model, number
of accelerators and batch works, and so does a space of another name whose fields are those of one of these; a
field may list its values in place of a rule. Of the system the predictor takes peak, memory, memory rate, link and
port rates, the size of the NVLink domain and whether switches reduce; efficiencies, latencies and the rule that
operations never overlap belong to the peer's model and are left out, for the predictor has its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.axes import Array
from planner.errors import PlannerError, suggestion
from planner.perf.training_step.layouts import (
    CORE,
    FULL,
    NONE,
    Architecture,
    Columns,
    Job,
    Layouts,
    crossed,
    divides,
    divisors,
    kept,
    layouts_of,
)

VOCABULARY = 51_200  # of GPT, padded: what the file's source trained with (arXiv 2205.05198); the file states none
TIERS = 2
WAYS = {"none": NONE, "attn_only": CORE, "full": FULL}  # shares of a block and of its core
# Communication of tensor parallelism: whether it is sequence parallel, and whether pipeline sends are divided.
COMMUNICATION = {"ar": (0.0, 0.0), "p2p_rs_ag": (0.0, 1.0), "rs_ag": (1.0, 1.0)}
# What every search holds fixed, and the only value that is modelled here.
FIXED = {
    "attention_type": "multihead",
    "weight_offload": False,
    "activations_offload": False,
    "optimizer_offload": False,
    "training": True,
}
# Fields of a space that may list values, and the columns that have them.
LISTED = {
    "tensor_par": "tp",
    "pipeline_par": "pp",
    "data_par": "dp",
    "pipeline_interleaving": "vpp",
    "optimizer_sharding": "zero_stage",
    "microbatch_size": "micro_batch",
}
BITS = {"float16": 16, "bfloat16": 16, "float8": 8}


@dataclass(frozen=True)
class Tier:
    """A tier of the network: rate of one accelerator and direction, and how many it connects."""

    rate: float  # [byte/s]
    size: float
    filled: bool  # whether what lies in it has to divide its size
    reduces: bool  # whether its switches add, so that an all-reduce sends its data once


@dataclass(frozen=True)
class TaskSystem:
    """The numbers of the file's system that the predictor takes."""

    name: str
    peak: float  # [FLOP/s]
    memory: float  # [byte]
    memory_rate: float  # [byte/s]
    tiers: tuple[Tier, Tier]


@dataclass(frozen=True)
class Search:
    """One search of a file: what it trains, and the rules of its space."""

    id: str
    kind: str
    gpus: float
    batch: float
    architecture: Architecture
    seq: float
    bits: int
    system: TaskSystem
    space: Mapping[str, Any]
    tp_overlap: float  # flag
    dp_overlap: float  # flag
    assumed: tuple[str, ...]


@dataclass(frozen=True)
class Listed:
    """The layouts of a search, and which of them the network's tiers can hold."""

    layouts: Layouts
    placed: npt.NDArray[np.bool_]
    tiers: tuple[Array, Array, Array]  # of tensor parallelism, pipeline, replicas


def read(file: Path, name: str) -> Search:
    """The search of this name from a file."""
    try:
        task = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlannerError(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise PlannerError(f"{file}: no JSON: {error}") from None
    reader = _Reader(file)
    searches = {
        str(s.get("id")): s for s in reader.of(task, "searches", list) if isinstance(s, dict)
    }
    if name not in searches:
        raise PlannerError(f"{file}: no search {name}; {suggestion(name, searches)}")
    own = searches[name]
    kind = reader.of(own, "kind", str)
    spaces = reader.of(task, "spaces", dict)
    space = reader.of(spaces, kind, dict) if kind in spaces else {}
    form = kind if kind in KINDS else _form(space)
    if form is None:
        raise PlannerError(f"{file}: search {name}: unknown kind {kind}; known: {', '.join(KINDS)}")
    reader.known(space.get("activation_recompute", []), WAYS, "activation_recompute")
    reader.known(space.get("tensor_par_comm_type", []), COMMUNICATION, "tensor_par_comm_type")
    fixed = {**task.get("fixed_in_every_search", {}), **own}
    for field, value in FIXED.items():
        if fixed.get(field, value) != value:
            raise PlannerError(f"{file}: {field}: {fixed[field]} is not modelled; only {value}")
    precision = str(task.get("datatype", "float16"))
    reader.known([precision], BITS, "datatype")
    model = (
        own.get("model") if isinstance(own.get("model"), dict) else reader.of(task, "model", dict)
    )
    architecture, seq, assumed = _model(reader, model)
    return Search(
        id=name,
        kind=form,
        gpus=reader.whole(own, "gpus"),
        batch=reader.whole(own, "batch_size"),
        architecture=architecture,
        seq=seq,
        bits=BITS[precision],
        system=_system(reader, reader.of(task, "system", dict)),
        space=space,
        tp_overlap=float(fixed.get("tensor_par_overlap", "none") != "none"),
        dp_overlap=float(bool(fixed.get("data_par_overlap", False))),
        assumed=assumed,
    )


def enumerated(search: Search, job: Job) -> Listed:
    """All layouts of a search, in the order of its nested loops."""
    rows = _stated(KINDS[search.kind](search), search.space)
    tiers = tuple(rows.pop(name) for name in ("tensor_tier", "pipeline_tier", "data_tier"))
    inner, outer = search.system.tiers
    inside = [
        np.where(tier == 0.0, rows[degree], 1.0) for tier, degree in zip(tiers, ORDER, strict=True)
    ]
    held = inside[0] * inside[1] * inside[2]
    placed = (held <= inner.size) & (search.gpus / held <= outer.size)
    if inner.filled:
        placed &= divides(held, inner.size)
    # neighbours in a domain: tensor-parallel ranks, then replicas, then stages; others lie a domain apart
    far = inner.size
    rows["tensor_apart"] = np.where(tiers[0] == 0.0, 1.0, far)
    rows["data_apart"] = np.where(tiers[2] == 0.0, inside[0], far)
    rows["pipeline_apart"] = np.where(tiers[1] == 0.0, inside[0] * inside[2], far)
    layouts = layouts_of(rows, job, search.batch)
    return Listed(layouts, placed, (tiers[0], tiers[1], tiers[2]))


ORDER = ("tp", "pp", "dp")


def _form(space: Mapping[str, Any]) -> str | None:
    """The kind whose rules a space of another name has: only the exhaustive one chooses tiers of the network."""
    if "tensor_par" not in space:
        return None
    return "cli" if any("_net" in field for field in space) else "core"


def _stated(rows: Columns, space: Mapping[str, Any]) -> Columns:
    """The layouts with the values that a space states for a degree, where it lists them in place of a rule."""
    for field, name in LISTED.items():
        values = _values(space.get(field))
        if values is not None:
            rows = kept(rows, np.isin(rows[name], values))
    return rows


def _values(rule: Any) -> Array | None:
    """Values that a rule lists: alone, in a list, or in braces; None where it is a rule in words."""
    if isinstance(rule, str):
        stated = re.search(r"\{([\d\s,]+)\}", rule)
        return np.array(stated[1].replace(",", " ").split(), float) if stated else None
    alone = rule if isinstance(rule, list) else [] if rule is None else [rule]
    whole = alone and all(isinstance(value, int) for value in alone)
    return np.array(alone, float) if whole else None


def _core(search: Search) -> Columns:
    """Stated tensor-parallel degrees; pipelines that divide the blocks; every micro-batch; one place for each group."""
    a, gpus = search.architecture, search.gpus
    degrees = _values(search.space.get("tensor_par"))
    if degrees is None:
        raise PlannerError(
            f"search {search.id}: tensor_par: expected degrees in braces, as {{1, 2, 4, 8}}"
        )
    rows = crossed({}, tp=degrees[divides(degrees, gpus)])
    rows = crossed(rows, pp=divisors(a.layers))
    rows = kept(rows, divides(rows["tp"] * rows["pp"], gpus))
    rows["dp"] = gpus / (rows["tp"] * rows["pp"])
    rows = kept(rows, divides(rows["dp"], search.batch))
    rows = _interleaved(rows, a.layers)
    rows = _recomputed(rows, search, ("none", "attn_only", "full"))
    rows = crossed(rows, zero_stage=[0.0, 1.0])
    rows = kept(rows, (rows["zero_stage"] == 0.0) | (rows["dp"] > 1.0))
    rows = _communicating(rows, search, ("ar", "rs_ag"))
    rows["gathered_twice"] = np.where(
        rows["recompute_block"] == 0.0, rows["sequence_parallel"], 0.0
    )
    rows["global_batch"] = np.full_like(rows["tp"], search.batch)
    rows = _micro_batches(rows)
    nothing = np.zeros_like(rows["tp"])
    return rows | {"tensor_tier": nothing, "pipeline_tier": nothing + 1, "data_tier": nothing + 1}


def _cli(search: Search) -> Columns:
    """Every degree that divides, batches rounded down to the replicas, and both tiers for every group."""
    a, gpus = search.architecture, search.gpus
    degrees = divisors(gpus)
    tp = degrees[divides(degrees, a.hidden) & divides(degrees, a.heads)]
    rows = crossed(crossed({}, tp=tp), pp=degrees[divides(degrees, a.layers)])
    rows = kept(rows, divides(rows["tp"] * rows["pp"], gpus))
    # what divides the smaller of a tier's stages and the blocks
    rows = kept(rows, divides(rows["pp"], np.minimum(gpus / rows["tp"], a.layers)))
    rows["dp"] = gpus / (rows["tp"] * rows["pp"])
    rows["global_batch"] = np.floor(search.batch / rows["dp"]) * rows["dp"]
    rows = kept(rows, rows["global_batch"] > 0.0)
    rows = _interleaved(rows, a.layers)
    rows = _recomputed(rows, search, ("full", "attn_only", "none"))
    rows = crossed(rows, zero_stage=[1.0, 0.0])
    rows = kept(rows, (rows["zero_stage"] == 0.0) | (rows["dp"] > 1.0))
    rows = _communicating(rows, search, ("ar", "p2p_rs_ag", "rs_ag"))
    rows = crossed(rows, gathered_twice=[1.0, 0.0])
    may = (rows["sequence_parallel"] > 0.0) & (rows["recompute_block"] == 0.0)
    rows = kept(rows, may | (rows["gathered_twice"] == 0.0))
    rows = _micro_batches(rows)
    rows = kept(rows, divides(rows["tp"], rows["micro_batch"] * search.seq))
    for name, degree in zip(("tensor_tier", "pipeline_tier", "data_tier"), ORDER, strict=True):
        rows = crossed(rows, **{name: [0.0, 1.0]})
        rows = kept(rows, (rows[name] == 0.0) | (rows[degree] > 1.0))
    return rows


KINDS = {"core": _core, "cli": _cli}


def _interleaved(rows: Columns, layers: float) -> Columns:
    """Every number of chunks that divides a stage's blocks; one without a pipeline."""
    rows = crossed(rows, vpp=divisors(layers))
    chunks = (rows["pp"] > 1.0) & divides(rows["vpp"] * rows["pp"], layers)
    return kept(rows, chunks | (rows["vpp"] == 1.0))


def _recomputed(rows: Columns, search: Search, usual: tuple[str, ...]) -> Columns:
    ways = [WAYS[way] for way in search.space.get("activation_recompute", usual)]
    return crossed(rows, recompute_block=[w[0] for w in ways], recompute_core=[w[1] for w in ways])


def _communicating(rows: Columns, search: Search, usual: tuple[str, ...]) -> Columns:
    ways = [COMMUNICATION[way] for way in search.space.get("tensor_par_comm_type", usual)]
    return crossed(
        rows, sequence_parallel=[w[0] for w in ways], scattered_sends=[w[1] for w in ways]
    )


def _micro_batches(rows: Columns) -> Columns:
    """Every divisor of what a replica gets of the batch."""
    each = rows["global_batch"] / rows["dp"]
    sizes = np.unique(np.concatenate([divisors(x) for x in np.unique(each)] or [np.ones(1)]))
    rows = crossed(rows, micro_batch=sizes)
    return kept(rows, divides(rows["micro_batch"] * rows["dp"], rows["global_batch"]))


def communication(sequence_parallel: float, scattered: float) -> str:
    """The name that such files give to a communication of tensor parallelism."""
    flags = (sequence_parallel, scattered)
    return next(name for name, way in COMMUNICATION.items() if way == flags)


class _Reader:
    """Fields of a file; a fault says where it stands and what was expected."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def of(self, where: Any, field: str, kind: type) -> Any:
        """A field that must be there, of this type."""
        value = where.get(field) if isinstance(where, dict) else None
        if not isinstance(value, kind):
            names = {"dict": "an object", "list": "a list", "str": "a text"}
            found = "nothing" if value is None else names.get(type(value).__name__, value)
            wanted = names[kind.__name__]
            raise PlannerError(f"{self.file}: {field}: expected {wanted}, found {found}")
        return value

    def number(self, where: Any, field: str) -> float:
        """A field that must be there, above 0."""
        value = where.get(field) if isinstance(where, dict) else None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < np.inf:
            raise PlannerError(f"{self.file}: {field}: expected a number above 0, found {value}")
        return float(value)

    def whole(self, where: Any, field: str) -> float:
        """A count that must be there."""
        value = self.number(where, field)
        if value != int(value):
            raise PlannerError(f"{self.file}: {field}: expected a whole number, found {value}")
        return value

    def known(self, values: Any, choices: Mapping[str, Any], field: str) -> None:
        """Refuse words that have no meaning here."""
        for value in values if isinstance(values, list) else [values]:
            if value not in choices:
                raise PlannerError(
                    f"{self.file}: {field}: unknown {value}; known: {', '.join(choices)}"
                )


def _model(reader: _Reader, model: Any) -> tuple[Architecture, float, tuple[str, ...]]:
    """A model of the file, with what it leaves open."""
    hidden, heads = reader.whole(model, "hidden"), reader.whole(model, "attn_heads")
    width = model.get("attn_size")
    if width is not None and width * heads != hidden:
        raise PlannerError(
            f"{reader.file}: attn_size: expected hidden / attn_heads = {hidden / heads:g}, found {width}"
        )
    stated = model.get("vocab_size")
    words = () if stated else (f"vocabulary of {VOCABULARY:,}, which the file does not state",)
    architecture = Architecture(
        layers=reader.whole(model, "num_blocks"),
        hidden=hidden,
        heads=heads,
        kv_heads=heads,
        ffn=reader.whole(model, "feedforward"),
        gated=0.0,
        vocab=reader.whole(model, "vocab_size") if stated else VOCABULARY,
    )
    return architecture, reader.whole(model, "seq_size"), words


def _system(reader: _Reader, system: Any) -> TaskSystem:
    """The system of the file."""
    networks = reader.of(system, "networks", list)
    if len(networks) != TIERS:
        raise PlannerError(
            f"{reader.file}: networks: expected {TIERS} tiers, found {len(networks)}"
        )
    tiers = [
        Tier(
            rate=1e9 * reader.number(network, "gbps"),
            size=reader.whole(network, "size"),
            filled=bool(network.get("must_be_filled", False)),
            reduces=network.get("bytes_on_wire", {}).get("all_reduce") == "n",
        )
        for network in sorted(
            networks, key=lambda n: reader.whole({"t": n.get("tier", 0) + 1}, "t")
        )
    ]
    return TaskSystem(
        name=str(system.get("name", "")),
        peak=1e12 * reader.number(system, "matrix_tflops_fp16"),
        memory=2.0**30 * reader.number(system, "hbm_gib"),
        memory_rate=1e9 * reader.number(system, "hbm_gbps"),
        tiers=(tiers[0], tiers[1]),
    )
