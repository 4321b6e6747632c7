"""Where our best layouts, times and memory differ from a peer's prediction, and why: the reference search task.

The peer is Calculon (commit caa4b11f, 2024-02-22) on the task's A100-80GB system with GPT-3's 96 blocks; its numbers
are predictions, not measurements. What it does otherwise, with the size of the effect on these rows:

1. It times blocks alone: no embedding, head or loss. Ours adds the head to the last stage (`uneven_stages`, 3 to 5 %).
2. Its matmuls run at 95, 90, 60 or 10 % of the peak by FLOPs and its memory time is added, never overlapped
   (`no_overlap`); ours have a share that falls smoothly with the shape and overlap both, which evens out for tp = 8
   (within 2 %) and is slower for tp 4, 2 and 1 with their larger kernels.
3. Its sends of a pipeline do not stop the sender; Megatron-LM's of 2022 do, so that interleaving costs ours more.
4. It has no loss of speed with the number of replicas' domains; ours has one, fitted on runs up to thousands of GPUs.
5. It holds 16 bytes a parameter and divides gradients too where the optimiser is sharded; Megatron-LM holds 18, and its
   distributed optimiser 6 + 12/d, with whole gradients in 32 bit. Korthikanti's Figure 1 is met at 18.
6. `fused_activation` lets it drop the MLP's hidden activation (27 instead of 34 bytes); without it both agree.
7. It counts no vocabulary, no CUDA context, no buffers of collectives, no fragmentation.

Hence the best layouts of core-64 and core-512 are the same, and its best of core-1536 and cli-64 do not fit by ours.
"""

import numpy as np
import pytest

from planner.perf.training_step.layouts import (
    Architecture,
    Job,
    chosen,
    detail,
    layouts_of,
)
from planner.perf.training_step.memory import GIB
from planner.study.layouts.answer import answered
from planner.study.layouts.jobs import job_of_task
from planner.study.layouts.task import COMMUNICATION, WAYS, read
from tests.study.test_layout_task import TASK

SHAPES = {
    "22B": (48, 6144, 64),
    "175B": (96, 12288, 96),
    "530B": (105, 20480, 128),
    "1T": (128, 25600, 160),
}
# model, tp, pp, dp, micro-batch, batch, recomputation, chunks, sharded, communication, step [s] and memory [GiB] of the
# peer, its activations and checkpoints [GiB]: rows c00 to c37 of its answers.
PEER = [
    ("175B", 8, 1, 1, 1, 8, "full", 1, False, "ar", 16.679, 330.3),
    ("175B", 8, 1, 1, 1, 8, "none", 1, False, "rs_ag", 12.876, 354.8),
    ("175B", 8, 8, 1, 1, 64, "full", 1, False, "ar", 18.655, 46.7),
    ("175B", 8, 8, 1, 1, 64, "full", 3, False, "ar", 18.029, 48.1),
    ("175B", 8, 8, 1, 1, 64, "full", 12, False, "ar", 20.177, 47.1),
    ("175B", 8, 8, 1, 1, 64, "attn_only", 1, False, "rs_ag", 14.511, 49.0),
    ("175B", 8, 8, 1, 1, 64, "none", 1, False, "rs_ag", 14.158, 71.3),
    ("175B", 8, 8, 1, 4, 64, "full", 1, False, "rs_ag", 22.33, 62.3),
    ("175B", 4, 16, 1, 1, 64, "attn_only", 1, False, "rs_ag", 13.44, 57.3),
    ("175B", 2, 32, 1, 1, 64, "full", 1, False, "ar", 19.16, 49.7),
    ("175B", 8, 4, 2, 1, 64, "attn_only", 1, True, "rs_ag", 15.25, 54.3),
    ("175B", 8, 8, 8, 1, 512, "attn_only", 1, True, "rs_ag", 14.98, 18.4),
    ("175B", 8, 12, 16, 1, 1536, "full", 2, True, "ar", 18.69, 13.5),
    ("175B", 4, 12, 32, 1, 1536, "attn_only", 4, True, "rs_ag", 12.30, 29.2),
]  # fmt: skip
# The same for Korthikanti's Table 5, without `fused_activation`: with the measured step, the peer's step, and the
# activations that it keeps [GiB].
TABLE_5 = [
    ("22B", 8, 1, 1, 4, 4, "full", 1, 1.42, 1.396, None),
    ("22B", 8, 1, 1, 4, 4, "attn_only", 1, 1.10, 1.136, 10.4),
    ("175B", 8, 8, 1, 1, 64, "full", 3, 18.13, 18.029, None),
    ("175B", 8, 8, 1, 1, 64, "attn_only", 3, 13.75, 13.638, 12.69),
    ("530B", 8, 35, 1, 1, 280, "full", 3, 49.05, 49.89, None),
    ("530B", 8, 35, 1, 1, 280, "attn_only", 3, 37.83, 34.47, 23.56),
    ("1T", 8, 64, 1, 1, 512, "full", 1, 94.42, 90.08, None),
    ("1T", 8, 64, 1, 1, 512, "attn_only", 1, 71.49, 66.04, 27.17),
]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    import json

    path = tmp_path_factory.mktemp("task") / "task.json"
    path.write_text(json.dumps(TASK))
    return path


@pytest.fixture(scope="module")
def job(file) -> Job:
    return job_of_task(read(file, "core-64"))[0]


def ours(job: Job, model, tp, pp, dp, micro, batch, way, chunks, sharded=False, comm=None):
    from dataclasses import replace

    layers, hidden, heads = SHAPES[model]
    shape = Architecture(layers, hidden, heads, heads, 4 * hidden, 0, 51_200)
    comm = comm or ("ar" if way == "full" else "rs_ag")
    block, core = WAYS[way]
    parallel, parts = COMMUNICATION[comm]
    rows = dict(
        tp=tp, pp=pp, dp=dp, vpp=chunks, micro_batch=micro, global_batch=batch, zero_stage=sharded,
        recompute_block=block, recompute_core=core, sequence_parallel=parallel, scattered_sends=parts,
        gathered_twice=parallel * (way != "full"), tensor_apart=1, data_apart=8, pipeline_apart=8,
    )  # fmt: skip
    gpus = float(tp * pp * dp) * np.ones(1)
    job = replace(job, architecture=shape, system=replace(job.system, gpus=gpus))
    layouts = layouts_of({name: float(x) * np.ones(1) for name, x in rows.items()}, job)
    return chosen(detail(layouts, job))


def test_times_are_near_the_peers_and_longer_where_it_leaves_something_out(job):
    gaps = [ours(job, *row[:10]).step_time / row[10] - 1 for row in PEER]
    assert np.abs(gaps).mean() < 0.08
    assert max(gaps) < 0.20
    assert min(gaps) > -0.06
    wide = [gap for gap, row in zip(gaps, PEER, strict=True) if row[1] == 8 and row[3] == 1]
    assert np.abs(wide).mean() < 0.04  # tensor parallelism over the server, one replica


def test_measured_steps_are_nearer_to_ours_than_to_the_peers(job):
    mine = [ours(job, *row[:8]).step_time / row[8] - 1 for row in TABLE_5]
    peer = [row[9] / row[8] - 1 for row in TABLE_5]
    assert np.abs(mine).mean() < np.abs(peer).mean()


def test_the_peer_needs_less_memory_by_what_it_leaves_out(job):
    for row in PEER:
        choice = ours(job, *row[:10])
        terms = choice.memory_terms
        parameters = terms["weights"] / 2.0
        shared = terms["context"] + terms["buffers"] + terms["fragmentation"] + terms["head"]
        gradients = terms["gradients"] - 2.0 * parameters / (row[3] if row[8] else 1)
        table = 51_200 * 12_288 / row[1] * (2 if row[2] == 1 else 1)
        each = 2.0 + 14.0 / (row[3] if row[8] else 1)
        left_out = shared + gradients + table * each
        # what is left are activations: its fused activation keeps a fifth less, sequence-parallel checkpoints it does
        # not divide by tp
        assert choice.memory - left_out == pytest.approx(row[11] * GIB, rel=0.45)
        assert row[7] != 1 or row[6] == "full" or choice.memory > row[11] * GIB


def test_activations_are_the_peers_where_no_fused_activation_is_assumed(job):
    for row in TABLE_5:
        if row[10] is not None:
            kept = ours(job, *row[:8]).memory_terms["activations"] / GIB
            assert kept == pytest.approx(row[10], rel=0.09)


@pytest.mark.parametrize(("name", "peer"), [("core-64", 11.705), ("core-512", 11.946)])
def test_best_layouts_agree_where_memory_does_not_decide(file, name, peer):
    best = answered(file, name).best
    assert best is not None
    assert best["tp"] == 4
    assert (best["activation_recompute"], best["tensor_par_comm_type"]) == ("attn_only", "rs_ag")
    assert best["pp"] in (8, 16)
    assert best["step_time_s"] == pytest.approx(peer, rel=0.12)


def test_the_peers_other_best_layouts_do_not_fit(job):
    # core-1536 without recomputation, cli-64 with two replicas in a server: 78.0 and 70.0 GiB there
    for row in (
        ("175B", 4, 16, 24, 1, 1536, "none", 6, True, "rs_ag"),
        ("175B", 4, 8, 2, 1, 64, "attn_only", 6, True, "rs_ag"),
    ):
        assert ours(job, *row).memory > 80 * GIB
