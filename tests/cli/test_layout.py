"""`planner layout` and `planner predict training`: what they print, as text and as JSON, and what they refuse."""

import json
import re

import pytest

from tests.command import Planner
from tests.study.test_layout_task import TASK

SEARCH = ("layout", "llama3_8b", "--gpus", "32", "--hardware", "gh200_nvl32", "--batch", "128")
ONE = (
    "predict",
    "training",
    "llama3_8b",
    "--gpus",
    "32",
    "--hardware",
    "gh200_nvl32",
    "--batch",
    "128",
)


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    path = tmp_path_factory.mktemp("task") / "task.json"
    path.write_text(json.dumps(TASK))
    return str(path)


def test_a_search_names_the_best_why_the_next_lost_and_the_next_command(planner: Planner):
    result = planner(*SEARCH)
    assert result.code == 0
    for words in (
        "a step,",
        "Why the next lost",
        "Time against memory",
        "legal layouts",
        "Assumed:",
    ):
        assert words in result.out
    assert max(map(len, result.out.splitlines())) <= 100
    follow = " ".join(result.out[result.out.index("planner predict") :].split())
    again = planner(*follow.split()[1:])
    assert again.code == 0
    # the command that it names predicts the layout that it found
    best = [line for line in result.out.splitlines() if "s a step" in line]
    assert best[0].split(",")[0] in again.out


def test_a_search_as_json(planner: Planner):
    answer = json.loads(planner(*SEARCH, "--json").out)
    assert answer["layouts"] > answer["feasible"] > 0
    best = answer["best"]
    assert best["tp"] * best["pp"] * best["dp"] * best["cp"] == 32
    assert sum(best["terms_s"].values()) == pytest.approx(best["step_time_s"])
    assert sum(best["memory_terms_gib"].values()) == pytest.approx(best["memory_gib"])
    assert answer["tokens_per_s"] == pytest.approx(128 * 8192 / best["step_time_s"])
    times = [each["step_time_s"] for each in answer["pareto"]]
    sizes = [each["memory_gib"] for each in answer["pareto"]]
    assert times == sorted(times)
    assert sizes == sorted(sizes, reverse=True)


def test_a_search_writes_its_answer_and_charts(planner: Planner, tmp_path):
    assert planner(*SEARCH, "--out", str(tmp_path)).code == 0
    names = {file.name for file in tmp_path.iterdir()}
    charts = {f"layout_{what}.{kind}" for what in ("terms", "front") for kind in ("png", "svg")}
    assert names == {"layout.json", *charts}
    assert json.loads((tmp_path / "layout.json").read_text())["best"]


def test_a_search_of_a_file(planner: Planner, task):
    answer = json.loads(planner("layout", "--task", task, "--search", "core-64", "--json").out)
    assert answer["layouts"] == 5784
    text = planner("layout", "--task", task, "--search", "core-64").out
    assert "5,784 layouts" in text


def test_more_hardware_takes_less_time(planner: Planner):
    times = [
        json.loads(planner(*ONE[:3], "--gpus", gpus, *ONE[5:], "--json").out)["step_time_s"]
        for gpus in ("16", "32", "64")
    ]
    assert times == sorted(times, reverse=True)


def test_a_prediction_by_cause(planner: Planner):
    result = planner(*ONE, "--tp", "2", "--recompute", "full", "--zero", "1")
    assert result.code == 0
    for words in ("Seconds a step", "GiB on a GPU", "needed", "available", "full recomputation"):
        assert words in result.out
    answer = json.loads(planner(*ONE, "--tp", "2", "--zero", "3", "--json").out)
    assert answer["shard_group"] == 16
    assert answer["missing_gib"] == 0


def test_what_does_not_fit_is_refused_with_what_is_missing(planner: Planner):
    large = (
        "predict",
        "training",
        "llama3_70b",
        "--gpus",
        "16",
        "--hardware",
        "dgx_h100",
        "--batch",
        "64",
    )
    result = planner(*large, "--tp", "8", "--micro-batch", "4")
    assert result.code == 1
    assert "GiB needed, 80.0 there," in result.err
    assert "missing on each GPU" in result.err
    nothing = planner(
        "layout", "llama3_405b", "--gpus", "8", "--hardware", "dgx_h100", "--batch", "8"
    )
    assert nothing.code == 1
    assert "missing on a GPU" in nothing.out


def test_offload_makes_room(planner: Planner):
    here = json.loads(planner(*ONE, "--json").out)
    there = json.loads(planner(*ONE, "--offload", "optimiser,activations", "--json").out)
    assert there["memory_gib"] < here["memory_gib"]
    assert there["step_time_s"] >= here["step_time_s"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--tp", "3"), "does not divide 32 GPUs"),
        (("--tp", "16"), "--tp 16 does not divide 8 key heads"),
        (("--pp", "5"), "nearest: --tp 1 --pp 4 --micro-batch 1"),
        (("--micro-batch", "3"), "do not divide a batch of 128"),
        (("--recompute", "half"), "--recompute half: valid:"),
        (("--zero", "3", "--pp", "2"), "--zero 3 needs --pp 1"),
        (("--interleave", "4"), "--interleave 4 does not divide"),
        (("--cp", "3"), "does not divide 32 GPUs"),
        (("--offload", "weigths"), "--offload weigths: valid: activations, optimiser"),
        (("--precision", "fp7"), "precision fp7: nearest: fp8"),
        (("--software", "nvidia_2042"), "nearest: nvidia_2024"),
        (("--sequence-parallel",), "--sequence-parallel needs --tp above 1"),
    ],
)
def test_illegal_layouts_are_refused_in_words(planner: Planner, options, words):
    result = planner(*ONE, *options)
    assert result.code == 2
    assert words in result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("layout", "llama3_8b", "--gpus", "8", "--hardware", "dgx_a100", "--precision", "fp8"), "has no such peak"),
        (("layout", "llama3_8b", "--gpus", "72", "--hardware", "dojo_tile"), "states no network beyond 25"),
        (("layout", "resnet50", "--gpus", "8", "--hardware", "dgx_h100", "--seq", "9"), "224 x 224 pixels"),
        (("layout", "resnet50", "--gpus", "8", "--hardware", "gaudi2"), "no model of image networks on gaudi"),
        (("layout", "resnet50", "--gpus", "8", "--hardware", "dgx_h100", "--out", "x"), "are of transformers"),
        (("predict", "training", "resnet50", "--gpus", "8", "--hardware", "dgx_h100"), "planner layout has its step"),
        (("layout", "llama3_8b"), "expected MODEL, --gpus and --hardware"),
        (("layout", "--task", "x.json"), "--task needs --search"),
        (("layout", "--search", "x"), "--search belongs to --task"),
        (("layout", "llama3_8b", "--task", "x.json", "--search", "x"), "brings its own model"),
        (("layout", "llama3_9b", "--gpus", "8", "--hardware", "dgx_h100"), "nearest: llama3_8b"),
        (("layout", "llama3_8b", "--gpus", "8", "--hardware", "dgx_h10"), "nearest: dgx_h100"),
        (("layout", "llama3_8b", "--gpus", "7", "--hardware", "dgx_h100", "--batch", "3"), "no legal layout"),
    ],
)  # fmt: skip
def test_wrong_usage_is_refused_in_words(planner: Planner, arguments, words):
    result = planner(*arguments)
    assert result.code == 2
    assert words in " ".join(result.err.replace("│", " ").split())


def test_layouts_of_a_mixture_of_experts(planner: Planner):
    job = ("mixtral_8x7b", "--gpus", "64", "--hardware", "dgx_h100", "--batch", "128")
    answer = json.loads(planner("layout", *job, "--json").out)
    best = answer["best"]
    assert best["ep"] in (1, 2, 4, 8)
    assert best["tp"] * best["pp"] * best["dp"] * best["cp"] == 64
    assert best["terms_s"]["experts"] > 0
    spread = planner("predict", "training", *job, "--tp", "2", "--ep", "8", "--json")
    assert json.loads(spread.out)["memory_gib"] < 80
    wrong = planner("predict", "training", *job, "--ep", "3")
    assert wrong.code == 2
    assert "--ep 3 does not divide the experts" in wrong.err


def test_profiles_of_ones_own(planner: Planner, tmp_path):
    folder = tmp_path / "accelerators"
    folder.mkdir()
    own = "memory: {value: 24 GB, source: half a chip, confidence: assumed}\n"
    (folder / "gh200_144.yaml").write_text(own)
    usual, small = (
        json.loads(planner(*ONE, *options, "--json").out)
        for options in (("--zero", "3"), ("--zero", "3", "--profiles", str(tmp_path)))
    )
    assert usual["memory_available_gib"] == pytest.approx(141)
    assert small["memory_available_gib"] == pytest.approx(24)


def test_failures_cost_progress(planner: Planner):
    shares = [
        json.loads(planner(*ONE, "--failures", often, "--json").out)["goodput"]
        for often in ("0", "4.21", "400")
    ]
    assert shares == sorted(shares, reverse=True)
    assert "of the time makes progress" in planner(*ONE).out


@pytest.mark.parametrize("model", ["qwen3_32b", "nemotron3_nano", "mistral_7b", "deepseek_v2"])
def test_models_of_other_kinds_have_a_finite_time(planner: Planner, model):
    job = (model, "--gpus", "64", "--hardware", "gh200_nvl32", "--batch", "128")
    best = json.loads(planner("layout", *job, "--json").out)["best"]
    assert 0 < best["step_time_s"] < 1000
    assert 0 < best["memory_gib"] <= 141


@pytest.mark.parametrize(
    "options",
    [
        (
            "llama3_70b",
            "--gpus",
            "64",
            "--hardware",
            "dgx_h100",
            "--batch",
            "128",
            "--precision",
            "fp8",
        ),
        (
            "llama3_8b",
            "--gpus",
            "64",
            "--hardware",
            "dgx_a100",
            "--batch",
            "64",
            "--software",
            "fsdp_2024",
        ),
        (
            "gpt3_175b",
            "--gpus",
            "64",
            "--hardware",
            "dgx_a100",
            "--batch",
            "64",
            "--software",
            "megatron_2022",
        ),
        ("mixtral_8x7b", "--gpus", "64", "--hardware", "dgx_h100", "--batch", "128"),
    ],
    ids=lambda options: options[0],
)
def test_the_next_command_predicts_the_layout_that_was_found(planner: Planner, options):
    best = json.loads(planner("layout", *options, "--json").out)["best"]
    page = planner("layout", *options).out
    follow = " ".join(page[page.index("planner predict") :].split())
    one = json.loads(planner(*follow.split()[1:], "--json").out)
    assert one["step_time_s"] == pytest.approx(best["step_time_s"], rel=1e-9)
    assert one["memory_gib"] == pytest.approx(best["memory_gib"], rel=1e-9)


def test_offload_over_pcie_takes_host_memory_that_is_stated(planner: Planner):
    large = ("llama3_70b", "--gpus", "8", "--hardware", "dgx_a100", "--batch", "64")
    assert planner("layout", *large).code == 1  # nothing fits
    result = planner("layout", *large, "--host-memory", "250", "--json")
    assert result.code == 0
    best = json.loads(result.out)["best"]
    assert best["offload_optimiser"]
    assert best["terms_s"]["offloaded_optimiser"] > 0
    refused = planner("predict", "training", *large, "--zero", "3", "--offload", "optimiser")
    assert refused.code == 2
    assert "state --host-memory" in refused.err


def test_the_answer_to_a_task_in_words_has_the_step_by_cause(planner: Planner, task) -> None:
    answer = planner("layout", "--task", str(task), "--search", "core-64").out
    assert "optimizer_sharding: false" in answer
    assert re.search(r"step_time_s: 1\d\.\d+\n", answer)
    assert re.search(r"\n  mlp +5\.\d{3}\n", answer)


def test_large_batches_and_single_accelerators_are_plain(planner: Planner) -> None:
    many = planner("layout", "llama3_8b", "--hardware", "dgx_h100", "--gpus", "100000").out
    assert "819 million tokens" in many
    assert "on 1 GPU," in planner("layout", "llama3_8b", "--hardware", "h200", "--gpus", "1").out


def test_a_fault_that_other_degrees_do_not_mend_names_none(planner: Planner) -> None:
    for more in (("--offload", "all"), ("--recompute", "some")):
        said = planner("predict", "training", "llama3_8b", *SEARCH[2:], *more)
        assert said.code == 2
        assert "--tp" not in said.err
    said = planner(
        "layout", "llama3_8b", "--gpus", "8", "--hardware", "h200", "--precision", "nvfp4"
    )
    assert "valid: fp16, bf16, fp8\n" in said.err


def test_generations_before_brain_float_train_in_half_precision(planner: Planner) -> None:
    old = ("layout", "llama3_1b", "--gpus", "8", "--hardware", "v100_32")
    assert "linears in fp16" in planner(*old).out
    assert "valid: fp16\n" in planner(*old, "--precision", "bf16").err


def test_layouts_of_an_image_network(planner: Planner):
    """All numbers of passes; what fits is ranked by time, and more passes need less memory."""
    job = ("resnet50", "--gpus", "64", "--hardware", "dgx_h100", "--batch", "65536")
    answer = json.loads(planner("layout", *job, "--json").out)
    best, others = answer["best"], answer["runners_up"]
    assert answer["feasible"] == 1 + len(others) < answer["layouts"]
    assert all(best["step_time_s"] <= each["step_time_s"] for each in others)
    assert sum(best["terms_s"].values()) == pytest.approx(best["step_time_s"])
    assert answer["samples_per_s"] == pytest.approx(65536 / best["step_time_s"])
    for each in [best, *others, answer["refused"]]:
        assert 0 <= each["micro_batch"] * each["passes"] * 64 - 65536 < 64 * each["passes"]
        assert each["memory_gib"] / each["micro_batch"] == pytest.approx(
            best["memory_gib"] / best["micro_batch"]
        )
    assert best["memory_gib"] * 2**30 < 80e9 < answer["refused"]["memory_gib"] * 2**30


def test_the_plans_image_network_has_a_page(planner: Planner):
    page = planner("layout", "bev_perception", "--gpus", "64", "--hardware", "gh200_nvl32").out
    assert "samples/s" in page and "Time against memory" in page
    assert re.search(r"matrix products +[\d.]+ +[\d.]+%", page)
