"""Searches that a file describes: the stated numbers of layouts, loops as the oracle, and refusals in words."""

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from planner.errors import PlannerError
from planner.study.layouts.answer import answered
from planner.study.layouts.jobs import job_of_task
from planner.study.layouts.task import enumerated, read

# The system and model of the reference task: A100-80GB, GPT-3 (Korthikanti et al., arXiv 2205.05198).
TASK = {
    "model": {
        "name": "gpt3-175B", "hidden": 12288, "feedforward": 49152, "seq_size": 2048,
        "attn_heads": 96, "attn_size": 128, "num_blocks": 96,
    },
    "system": {
        "name": "A100-80GB SXM, 8 per NVLink node, one 200 Gb/s NIC per GPU",
        "matrix_tflops_fp16": 312, "hbm_gib": 80, "hbm_gbps": 2048,
        "networks": [
            {"tier": 0, "gbps": 300, "size": 8, "must_be_filled": True},
            {"tier": 1, "gbps": 25, "size": 65536, "must_be_filled": False,
             "bytes_on_wire": {"all_reduce": "n"}},
        ],
    },
    "datatype": "float16",
    "fixed_in_every_search": {
        "fused_activation": True, "attention_type": "multihead", "tensor_par_overlap": "none",
        "data_par_overlap": False, "weight_offload": False, "activations_offload": False,
        "optimizer_offload": False, "training": True,
    },
    "searches": [
        {"id": "core-64", "kind": "core", "gpus": 64, "batch_size": 64},
        {"id": "core-512", "kind": "core", "gpus": 512, "batch_size": 512},
        {"id": "core-1536", "kind": "core", "gpus": 1536, "batch_size": 1536},
        {"id": "cli-64", "kind": "cli", "gpus": 64, "batch_size": 64},
        {"id": "odd", "kind": "cli", "gpus": 48, "batch_size": 50},
        {"id": "odd-core", "kind": "core", "gpus": 24, "batch_size": 36},
        {"id": "grid", "kind": "grid", "gpus": 24, "batch_size": 36},
    ],
    "spaces": {
        "core": {
            "tensor_par": "every t in {1, 2, 4, 8}",
            "activation_recompute": ["none", "attn_only", "full"],
            "tensor_par_comm_type": ["ar", "rs_ag"],
        },
        "cli": {
            "activation_recompute": ["full", "attn_only", "none"],
            "tensor_par_comm_type": ["ar", "p2p_rs_ag", "rs_ag"],
        },
    },
}  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "task.json"
    path.write_text(json.dumps(TASK))
    return path


def changed(tmp_path: Path, **fields) -> Path:
    path = tmp_path / "changed.json"
    path.write_text(json.dumps({**TASK, **fields}))
    return path


@pytest.mark.parametrize(
    ("name", "count"),
    [("core-64", 5784), ("core-512", 7080), ("core-1536", 15480), ("cli-64", 88484)],
)
def test_numbers_of_layouts_are_those_that_the_task_states(file, name, count):
    search = read(file, name)
    assert len(enumerated(search, job_of_task(search)[0]).layouts) == count


def by_loops(kind: str, gpus: int, most: int) -> list[tuple]:
    """The words of the file, as loops."""
    found, upto = [], range(1, gpus + 1)
    for tp, pp in product(upto, upto):
        if gpus % tp or (gpus // tp) % pp or 96 % pp:
            continue
        if kind == "core" and tp not in (1, 2, 4, 8):
            continue
        if kind == "cli" and (12288 % tp or 96 % tp or min(gpus // tp, 96) % pp):
            continue
        dp = gpus // tp // pp
        if kind == "core" and most % dp:
            continue
        batch = most if kind == "core" else most // dp * dp
        chunks = [1] if pp == 1 else [v for v in range(1, 97) if (96 // pp) % v == 0]
        comms = ("ar", "rs_ag") if kind == "core" else ("ar", "p2p_rs_ag", "rs_ag")
        micros = [m for m in range(1, batch // dp + 1) if (batch // dp) % m == 0]
        for v, way, shard, comm, micro in product(
            chunks, ("none", "attn_only", "full"), (False, True), comms, micros
        ):
            if (shard and dp == 1) or (kind == "cli" and micro * 2048 % tp):
                continue
            may = comm == "rs_ag" and way != "full"
            agains = ([False, True] if may else [False]) if kind == "cli" else [may]
            tiers = [[0, 1] if degree > 1 else [0] for degree in (tp, pp, dp)]
            places = list(product(*tiers)) if kind == "cli" else [(0, 1, 1)]
            for again, place in product(agains, places):
                found.append((tp, pp, dp, batch, v, way, shard, comm, again, micro, *place))
    return found


@pytest.mark.parametrize("name", ["odd", "odd-core"])
def test_enumeration_is_that_of_plain_loops(file, name):
    search = read(file, name)
    listed = enumerated(search, job_of_task(search)[0])
    layouts, count = listed.layouts, len(listed.layouts)
    ways = {(0.0, 0.0): "none", (0.0, 1.0): "attn_only", (1.0, 0.0): "full"}
    comms = {(0.0, 0.0): "ar", (0.0, 1.0): "p2p_rs_ag", (1.0, 1.0): "rs_ag"}

    def column(name: str) -> np.ndarray:
        return np.broadcast_to(getattr(layouts, name), count)

    rows = [
        (tp, pp, dp, batch, v, ways[block, core], zero > 0, comms[parallel, parts], again > 0, micro, *place)
        for tp, pp, dp, batch, v, block, core, zero, parallel, parts, again, micro, *place in zip(
            *map(column, (
                "tp", "pp", "dp", "global_batch", "vpp", "recompute_block", "recompute_core",
                "zero_stage", "sequence_parallel", "scattered_sends", "gathered_twice", "micro_batch",
            )),
            *listed.tiers, strict=True,
        )
    ]  # fmt: skip
    expected = by_loops(search.kind, int(search.gpus), int(search.batch))
    assert len(rows) == len(expected)
    assert set(rows) == set(expected)


def test_tiers_hold_no_more_than_their_size(file):
    search = read(file, "cli-64")
    listed = enumerated(search, job_of_task(search)[0])
    tp = np.broadcast_to(listed.layouts.tp, len(listed.layouts))
    assert not listed.placed[(tp == 16) & (listed.tiers[0] == 0)].any()
    assert listed.placed[(tp == 16) & (listed.tiers[0] == 1) & (listed.tiers[1] == 1)].any()


def test_replicas_on_the_fast_tier_are_reduced_faster(file):
    """The best of the peer in cli-64 has two replicas in each server; across servers the same takes longer."""
    from planner.perf.training_step.layouts import evaluate

    search = read(file, "cli-64")
    job, _ = job_of_task(search)
    listed = enumerated(search, job)
    x = listed.layouts
    same = (x.tp == 4) & (x.pp == 8) & (x.vpp == 6) & (x.micro_batch == 1) & (x.zero_stage == 1)
    same &= (x.recompute_core == 1) & (x.sequence_parallel == 1) & (x.gathered_twice == 0)
    same &= (listed.tiers[0] == 0) & (listed.tiers[1] == 1)
    time = evaluate(x, job).step_time
    inside, across = (time[same & (listed.tiers[2] == tier)][0] for tier in (0, 1))
    assert inside < across


def test_the_answer_has_the_documented_fields(file):
    answer = json.loads(answered(file, "core-64").json())
    assert {"layouts", "feasible", "seconds", "best"} <= answer.keys()
    assert {"tp", "pp", "dp", "step_time_s", "memory_gib"} <= answer["best"].keys()
    assert answer["layouts"] == 5784
    assert 0 < answer["feasible"] < 1000
    assert answer["best"]["memory_gib"] <= 80
    assert sum(answer["best"]["terms_s"].values()) == pytest.approx(answer["best"]["step_time_s"])


def test_another_model_and_system_work(tmp_path):
    model = {
        **TASK["model"],
        "hidden": 6144,
        "feedforward": 24576,
        "attn_heads": 48,
        "num_blocks": 48,
    }
    system = {**TASK["system"], "name": "H100-80GB SXM", "matrix_tflops_fp16": 989}
    searches = [{"id": "mine", "kind": "core", "gpus": 32, "batch_size": 96}]
    file = changed(tmp_path, model=model, system=system, searches=searches)
    answer = answered(file, "mine")
    assert answer.best is not None
    assert any("h100" in words for words in answer.assumed)


@pytest.mark.parametrize("like", ["core", "cli"])
def test_a_space_of_another_name_has_the_rules_of_the_one_that_it_is_like(tmp_path, like):
    space = {**TASK["spaces"][like], "tensor_par": "every divisor", "tensor_par_net": "each tier"}
    space = space if like == "cli" else TASK["spaces"]["core"]
    searches = [{"id": name, "kind": name, "gpus": 24, "batch_size": 36} for name in ("mine", like)]
    file = changed(tmp_path, searches=searches, spaces={**TASK["spaces"], "mine": space})
    assert answered(file, "mine").layouts == answered(file, like).layouts > 0


def test_values_that_a_space_lists_take_the_place_of_its_rules(tmp_path):
    listed = {
        "tensor_par": [2, 4],
        "pipeline_par": [1, 2, 3],
        "microbatch_size": 1,
        "optimizer_sharding": [False],
        "pipeline_interleaving": "every v in {1, 2}",
    }
    file = changed(tmp_path, spaces={"core": {**TASK["spaces"]["core"], **listed}})
    search = read(file, "odd-core")
    whole = read(changed(tmp_path), "odd-core")
    rows = [vars(enumerated(each, job_of_task(each)[0]).layouts) for each in (search, whole)]
    keys = (
        "tp",
        "pp",
        "dp",
        "vpp",
        "micro_batch",
        "zero_stage",
        "recompute_block",
        "recompute_core",
    )
    fewer, more = (
        {tuple(row) for row in np.array([each[key] for key in keys]).T.tolist()} for each in rows
    )
    kept = {
        row
        for row in more
        if row[0] in (2, 4) and row[1] <= 3 and row[3] <= 2 and row[4] == 1 and row[5] == 0
    }
    assert fewer == kept != more


def test_a_model_too_large_has_no_best(tmp_path):
    searches = [{"id": "mine", "kind": "core", "gpus": 8, "batch_size": 8}]
    assert answered(changed(tmp_path, searches=searches), "mine").best is None


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("core-63", {}, "no search core-63; nearest: core-64"),
        ("grid", {}, "unknown kind grid; known: core, cli"),
        ("core-64", {"datatype": "int4"}, "datatype: unknown int4"),
        ("core-64", {"system": {**TASK["system"], "networks": []}}, "expected 2 tiers, found 0"),
        ("core-64", {"model": {**TASK["model"], "hidden": "x"}}, "hidden: expected a number"),
        ("core-64", {"model": {**TASK["model"], "attn_size": 64}}, "attn_size: expected"),
        (
            "core-64",
            {"fixed_in_every_search": {"training": False}},
            "training: False is not modelled",
        ),
        ("core-64", {"spaces": {"core": {"tensor_par": "all"}}}, "tensor_par: expected degrees"),
        ("core-64", {"searches": {}}, "searches: expected a list, found an object"),
    ],
)
def test_what_cannot_be_searched_is_refused_in_words(tmp_path, name, fields, words):
    with pytest.raises(PlannerError, match=words):
        answered(changed(tmp_path, **fields), name)


def test_a_file_that_is_no_json_is_refused(tmp_path):
    path = tmp_path / "task.json"
    path.write_text("{")
    with pytest.raises(PlannerError, match="no JSON"):
        answered(path, "core-64")
    with pytest.raises(PlannerError, match="No such file"):
        answered(tmp_path / "none.json", "core-64")
