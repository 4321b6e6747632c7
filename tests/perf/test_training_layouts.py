"""Legal layouts of a training job: loops as the oracle of the enumeration, one by one as that of the times."""

from dataclasses import fields, replace
from itertools import product

import numpy as np
import pytest

from planner.perf.training_step.configuration import Configuration, Software, System
from planner.perf.training_step.constants import FITTED, constants_of
from planner.perf.training_step.layouts import (
    ALL,
    FEW,
    FULL,
    NONE,
    Architecture,
    Job,
    Space,
    best_layout,
    detail,
    divisors,
    evaluate,
    fits,
    legal,
    ranked,
    taken,
)
from planner.perf.training_step.memory import GIB, Store, memory_terms
from planner.perf.training_step.memory import Offload as Moved
from planner.perf.training_step.step import step_terms, step_time

ONE = np.ones(1)
GPT = Architecture(layers=24, hidden=2048, heads=16, kv_heads=16, ffn=8192, gated=0, vocab=51_200)
LLAMA = Architecture(
    layers=126, hidden=16384, heads=128, kv_heads=8, ffn=53248, gated=1, vocab=128_256
)


def job(model: Architecture = GPT, seq: float = 2048, host: float = 0.0, **era: float) -> Job:
    """Eight A100 a node, unfused attention unless `era` says otherwise; 64 GiB of host memory over PCIe."""
    system = dict(
        peak_16=312e12, peak_linear=312e12, memory_rate=2.039e12, cache=40e6, nvlink=300e9, nic=25e9,
        processors=108, power=1, domain=8, gpus=64,
    )  # fmt: skip
    software = {f.name: 0.0 for f in fields(Software)} | {
        "loss_bytes": 60, "kernel_rate": 1, "attention_rate": 1, "gradient_bytes": 2, "host_share": 1,
        "optimiser_bytes": 33, "scattered_sends": 1, "blocking_sends": 1, "fused_accumulation": 1,
    }  # fmt: skip
    return Job(
        architecture=model,
        system=System(**{k: v * ONE for k, v in system.items()}),
        software=Software(**{k: float(v) * ONE for k, v in {**software, **era}.items()}),
        constants=constants_of(FITTED, ["ampere"], 16 * ONE, 0 * ONE),
        store=Store(80 * GIB * ONE, host * ONE, 31.5e9 * ONE, 100e9 * ONE),
        seq=seq,
    )


def by_loops(work: Job, gpus: int, batch: int, space: Space) -> set[tuple[float, ...]]:
    """Legal layouts, each looked at alone."""
    a, domain, found = work.architecture, 8, set()
    fused = work.software.fused_attention[0] > 0
    upto = range(1, gpus + 1)
    for tp, pp, cp in product(upto, upto, (1, 2, 4, 8, 16)):
        if gpus % (tp * pp * cp) or domain % tp or a.heads % tp or a.kv_heads % tp or a.ffn % tp:
            continue
        if cp > 1 and (not fused or work.seq % (2 * cp) or work.seq / cp < 1024):
            continue
        dp, even = gpus // (tp * pp * cp), a.layers % pp == 0
        if batch % dp or pp > a.layers or not (even or (a.layers + 2) % pp == 0):
            continue
        blocks = (a.layers if even else a.layers + 2) // pp
        ways = [w for w in space.recompute if not (fused and w == (0.0, 1.0))]
        choices = product(
            range(1, int(blocks) + 1), range(1, batch // dp + 1), ways, (0, 1), (0, 1, 2, 3)
        )
        for vpp, micro, way, parallel, zero in choices:
            number = batch / dp / micro
            if number != int(number) or micro * work.seq / cp % tp:
                continue
            if vpp > 1 and (pp == 1 or blocks % vpp or number % pp):
                continue
            if parallel and tp == 1:
                continue
            if zero and dp * cp == 1:
                continue
            if zero >= 2 and (pp > 1 or (zero == 2 and number > 1)):
                continue
            groups = {dp * cp} if zero == 3 else {1}
            inside = domain // tp
            if zero == 3 and 1 < inside < dp * cp and dp * cp % inside == 0:
                groups.add(inside)
            for group in groups:
                found.add((tp, pp, vpp, cp, dp, micro, *way, parallel, zero, group))
    return found


@pytest.mark.parametrize(
    ("gpus", "batch", "seq", "fused"),
    [(8, 16, 2048, 0), (16, 12, 2048, 0), (16, 8, 8192, 1), (26, 26, 2048, 0)],
)
def test_enumeration_is_that_of_plain_loops(gpus, batch, seq, fused):
    work = job(seq=seq, fused_attention=fused)
    layouts = legal(work, gpus, batch, ALL)
    names = (
        "tp", "pp", "vpp", "cp", "dp", "micro_batch", "recompute_block", "recompute_core",
        "sequence_parallel", "zero_stage", "shard_group",
    )  # fmt: skip
    columns = [np.broadcast_to(getattr(layouts, name), len(layouts)) for name in names]
    rows = list(zip(*columns, strict=True))
    assert len(rows) == len(set(rows))
    assert set(rows) == by_loops(work, gpus, batch, ALL)


def test_divisors_of_a_number():
    assert divisors(96.0).tolist() == [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 96]
    assert divisors(49.0).tolist() == [1, 7, 49]
    assert divisors(1.0).tolist() == [1]


def test_pipelines_may_count_embedding_and_head_as_blocks():
    pp = set(legal(job(LLAMA, 8192, fused_attention=1), 1024, 1024, FEW).pp.tolist())
    assert {1.0, 2.0, 4.0, 8.0, 16.0} <= pp  # 126 + 2 divides by 16


def test_times_and_memory_are_those_of_each_layout_alone():
    work = job(host=64 * GIB, fused_attention=1)
    layouts = legal(work, 16, 16, ALL)
    found = evaluate(layouts, work)
    assert len(layouts) > 1000
    for row in np.linspace(0, len(layouts) - 1, 17).astype(int):
        alone = evaluate(taken(layouts, np.array([row])), work)
        assert alone.step_time == pytest.approx(found.step_time[row], rel=1e-12)
        assert alone.memory == pytest.approx(found.memory[row], rel=1e-12)
        assert alone.host == pytest.approx(found.host[row], rel=1e-12)
        by_cause = detail(taken(layouts, np.array([row])), work)
        assert by_cause.step_time() == pytest.approx(found.step_time[row], rel=1e-12)


def test_a_layout_takes_what_its_configuration_takes():
    work = job()
    layouts = legal(work, 16, 16, FEW)
    found = evaluate(layouts, work)
    for row in range(0, len(layouts), 7):
        own = {k: x[0 if len(x) == 1 else row] * ONE for k, x in vars(layouts).items()}
        a = work.architecture
        c = Configuration(
            **{f.name: own[f.name] for f in fields(Configuration) if f.name in own},
            **{f.name: getattr(a, f.name) * ONE for f in fields(a)},
            seq=2048 * ONE, frozen=0 * ONE, linear_bits=16 * ONE,
        )  # fmt: skip
        terms = step_terms(c, work.system, work.software, work.constants)
        assert step_time(terms) == pytest.approx(found.step_time[row], rel=1e-12)
        memory = memory_terms(c, work.software, Moved(0 * ONE, 0 * ONE, 0 * ONE))
        assert memory.total() == pytest.approx(found.memory[row], rel=1e-12)


def test_the_best_layout_is_the_fastest_that_fits():
    work = job()
    best = best_layout(work, 16, 64)
    layouts = legal(work, 16, 64, FEW)
    found = evaluate(layouts, work)
    feasible = fits(found, work.store)
    assert best is not None
    assert best.step_time == pytest.approx(found.step_time[feasible].min())
    assert best.memory <= 80 * GIB
    assert sum(best.terms.values()) == pytest.approx(best.step_time)
    assert sum(best.memory_terms.values()) == pytest.approx(best.memory)


def test_few_layouts_hold_one_as_fast_as_all():
    work = job()
    layouts = legal(work, 64, 256, ALL)
    found = evaluate(layouts, work)
    best = found.step_time[ranked(found, fits(found, work.store))[0]]
    few = best_layout(work, 64, 256)
    assert few is not None
    assert few.step_time <= 1.02 * best


def test_what_does_not_fit_is_refused():
    small = replace(job(LLAMA, 8192, fused_attention=1), store=Store(GIB * ONE, 0 * ONE, ONE, ONE))
    assert best_layout(small, 8, 8) is None
    assert best_layout(job(), 7, 3) is None  # 7 replicas can not share 3 sequences


def test_host_memory_makes_room():
    tight = job(host=0.0)
    tight = replace(tight, store=replace(tight.store, memory=4 * GIB * ONE))
    roomy = replace(tight, store=replace(tight.store, host=64 * GIB * ONE))
    space = replace(ALL, recompute=(NONE, FULL))
    count = [fits(evaluate(legal(j, 8, 16, space), j), j.store).sum() for j in (tight, roomy)]
    assert count[1] > count[0]
