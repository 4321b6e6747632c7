"""One stated layout of a training job: is it legal, what is the nearest that is, and does it fit?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from planner.errors import PlannerError, suggestion
from planner.perf.training_step.layouts import (
    ALL,
    RECOMPUTE,
    RECOMPUTED,
    Choice,
    Layouts,
    chosen,
    detail,
    evaluate,
    fits,
    layouts_of,
    legal,
    ranked,
    taken,
)
from planner.perf.training_step.memory import GIB
from planner.study.layouts.jobs import Wanted

OFFLOADED = ("optimiser", "activations")
WORDS = ("--offload", "--recompute")  # faults of which other degrees are no remedy


@dataclass(frozen=True)
class Asked:
    """A layout as it was typed; what is None follows from the rest."""

    tp: int = 1
    pp: int = 1
    cp: int = 1
    ep: int | None = None
    interleave: int = 1
    micro_batch: int = 1
    zero: int | None = None
    shard_group: int | None = None
    recompute: str = "none"
    sequence_parallel: bool | None = None
    offload: tuple[str, ...] = ()


def one(of: Wanted, asked: Asked) -> tuple[Choice, str]:
    """The layout with its terms, and what it misses in words, "" where it fits."""
    faults = list(_faults(of, asked))
    if faults:
        degrees = any(not fault.startswith(WORDS) for fault in faults)
        raise PlannerError("; ".join(faults) + (_nearest(of, asked) if degrees else ""))
    choice = chosen(detail(_layouts(of, asked), of.job))
    return choice, _missing(of, choice, asked)


def _layouts(of: Wanted, asked: Asked) -> Layouts:
    dp = of.gpus // (asked.tp * asked.pp * asked.cp)
    replicas = dp * asked.cp
    zero = asked.zero if asked.zero is not None else int(replicas > 1)
    parallel = asked.tp > 1 if asked.sequence_parallel is None else asked.sequence_parallel
    block, core = RECOMPUTE[asked.recompute]
    ep = asked.ep or _most_ranks(of, replicas * asked.tp)
    numbers = {
        "tp": asked.tp,
        "pp": asked.pp,
        "cp": asked.cp,
        "dp": dp,
        "ep": ep,
        "vpp": asked.interleave,
        "micro_batch": asked.micro_batch,
        "zero_stage": zero,
        "shard_group": (asked.shard_group or replicas) if zero == 3 else 1,
        "recompute_block": block,
        "recompute_core": core,
        "sequence_parallel": parallel,
        "offload_optimiser": "optimiser" in asked.offload,
        "offload_activations": "activations" in asked.offload,
    }
    return layouts_of(
        {name: float(x) * np.ones(1) for name, x in numbers.items()}, of.job, of.batch
    )


def _most_ranks(of: Wanted, ranks: int) -> int:
    """The most ranks that divide the experts evenly; 1 without experts."""
    if of.job.experts is None:
        return 1
    experts = int(of.job.experts.mixture.experts[0])
    return max(n for n in range(1, experts + 1) if experts % n == 0 and ranks % n == 0)


def _faults(of: Wanted, asked: Asked) -> Iterator[str]:
    """Why a layout is illegal, in words."""
    a, job = of.job.architecture, of.job
    domain = int(job.system.domain[0])
    if asked.recompute not in RECOMPUTE:
        yield f"--recompute {asked.recompute}: {suggestion(asked.recompute, RECOMPUTE)}"
    for word in asked.offload:
        if word not in OFFLOADED:
            yield f"--offload {word}: {suggestion(word, OFFLOADED)}"
    if asked.offload and job.experts is not None:
        yield "--offload: not modelled for mixtures of experts"
    elif asked.offload and not job.store.host[0]:
        yield f"--offload: no host memory in the profile of {of.hardware}; state --host-memory"
    each = asked.tp * asked.pp * asked.cp
    if of.gpus % each:
        yield f"--tp x --pp x --cp = {each} does not divide {of.gpus} GPUs"
        return
    dp = of.gpus // each
    for name, size in (("heads", a.heads), ("key heads", a.kv_heads), ("MLP width", a.ffn)):
        if size % asked.tp:
            yield f"--tp {asked.tp} does not divide {size:.0f} {name}"
    if domain % asked.tp:
        yield f"--tp {asked.tp} does not divide the NVLink domain of {domain}"
    even = a.layers % asked.pp == 0
    if not even and (a.layers + 2) % asked.pp and job.experts is None:
        yield f"--pp {asked.pp} divides neither {a.layers:.0f} layers nor {a.layers + 2:.0f} with embedding and head"
    elif asked.interleave > 1 and (
        asked.pp == 1 or ((a.layers if even else a.layers + 2) / asked.pp) % asked.interleave
    ):
        yield f"--interleave {asked.interleave} does not divide the layers of a stage"
    if of.batch % (dp * asked.micro_batch):
        yield f"{dp} replicas x --micro-batch {asked.micro_batch} do not divide a batch of {of.batch}"
    elif asked.interleave > 1 and (of.batch // (dp * asked.micro_batch)) % asked.pp:
        yield f"--interleave needs micro-batches that are a multiple of --pp {asked.pp}"
    if asked.cp > 1 and job.seq % (2 * asked.cp):
        yield f"--cp {asked.cp}: sequences of {job.seq:.0f} do not divide into {2 * asked.cp} chunks"
    if asked.zero is not None and asked.zero >= 2 and asked.pp > 1:
        yield f"--zero {asked.zero} needs --pp 1"
    if asked.zero == 2 and of.batch > dp * asked.micro_batch:
        yield "--zero 2 needs a single micro-batch: gradients that are scattered cannot be summed locally"
    if asked.shard_group and (asked.zero != 3 or (dp * asked.cp) % asked.shard_group):
        yield f"--shard-group {asked.shard_group} needs --zero 3 and to divide {dp * asked.cp} replicas"
    if asked.ep is not None and (
        job.experts is None
        or job.experts.mixture.experts[0] % asked.ep
        or (dp * asked.cp * asked.tp) % asked.ep
    ):
        yield f"--ep {asked.ep} does not divide the experts and the {dp * asked.cp * asked.tp} ranks of a stage"
    if asked.sequence_parallel and asked.tp == 1:
        yield "--sequence-parallel needs --tp above 1"


def _nearest(of: Wanted, asked: Asked) -> str:
    """The legal layout whose degrees differ least, as options."""
    space = replace(ALL, zero_stages=(1.0, 3.0), offload=((0.0, 0.0),), hybrid_shards=False)
    layouts = legal(of.job, of.gpus, of.batch, space)
    if not len(layouts):
        return "; no layout is legal with this batch on so many GPUs"
    apart = np.zeros(len(layouts))
    for name, value, weight in (
        ("tp", asked.tp, 3.0),
        ("pp", asked.pp, 3.0),
        ("cp", asked.cp, 3.0),
        ("vpp", asked.interleave, 1.0),
        ("micro_batch", asked.micro_batch, 1.0),
    ):
        apart = apart + weight * np.abs(np.log2(getattr(layouts, name) / value))
    row = int(np.argmin(apart))
    near = {name: float(np.broadcast_to(x, len(layouts))[row]) for name, x in vars(layouts).items()}
    words = f"--tp {near['tp']:.0f} --pp {near['pp']:.0f}"
    words += f" --cp {near['cp']:.0f}" if near["cp"] > 1 else ""
    words += f" --interleave {near['vpp']:.0f}" if near["vpp"] > 1 else ""
    return f"; nearest: {words} --micro-batch {near['micro_batch']:.0f}"


def _missing(of: Wanted, choice: Choice, asked: Asked) -> str:
    """What a layout misses, and the fastest with the same degrees that fits."""
    store = of.job.store
    over = choice.memory - float(store.memory[0])
    if over <= 0.0:
        return ""
    words = (
        f"does not fit: {choice.memory / GIB:.1f} GiB needed, {float(store.memory[0]) / GIB:.1f} there, "
        f"{over / GIB:.1f} missing on each GPU"
    )
    layouts = legal(of.job, of.gpus, of.batch, ALL)
    same = (layouts.tp == asked.tp) & (layouts.pp == asked.pp) & (layouts.cp == asked.cp)
    rows = np.nonzero(same)[0]
    if not len(rows):
        return words
    found = evaluate(taken(layouts, rows), of.job)
    order = ranked(found, fits(found, store))
    if not len(order):
        return f"{words}; nothing fits with these degrees: raise --tp or --pp"
    best = chosen(detail(taken(layouts, rows[order[:1]]), of.job)).layout
    again = RECOMPUTED[best["recompute_block"], best["recompute_core"]]
    moved = [word for word in OFFLOADED if best[f"offload_{word}"]]
    options = f"--micro-batch {best['micro_batch']:.0f} --recompute {again} --zero {best['zero_stage']:.0f}"
    options += f" --interleave {best['vpp']:.0f}" if best["vpp"] > 1 else ""
    options += f" --offload {','.join(moved)}" if moved else ""
    return f"{words}; fits: {options}"
