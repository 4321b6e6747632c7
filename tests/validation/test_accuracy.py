"""Errors by group: repeats count once, sources weigh the same, contradicted rows are told apart."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from planner.errors import PlannerError
from planner.report import accuracy_charts
from planner.report.accuracy import page, to_json
from planner.validation import fitting
from planner.validation.accuracy import Accuracy, assess, trends
from planner.validation.cases import Case, Outcome
from planner.validation.doubts import doubts
from planner.validation.validate import shipped, validate
from tests.command import Planner


def case(**fields: Any) -> Case:
    base = dict(source="one", family="llm-dense", gpu="A100", metric="step_time_s", value=1.0)
    return Case("runs.csv", 2, {name: str(value) for name, value in {**base, **fields}.items()})


def assessed(*pairs: tuple[Case, Outcome], by: tuple[str, ...] = ("source",)) -> Accuracy:
    cases, outcomes = [c for c, _ in pairs], [o for _, o in pairs]
    return assess("training", cases, outcomes, [""] * len(cases), by)


def of_source(source: str, count: int, error: float) -> list[tuple[Case, Outcome]]:
    return [
        (case(source=source), Outcome(1.0 + error, configuration=(source, i))) for i in range(count)
    ]


def test_every_source_weighs_the_same_and_small_ones_together() -> None:
    found = assessed(
        *of_source("a", 50, 0.1), *of_source("b", 5, -0.2), *of_source("c", 4, 0.3), *of_source("d", 1, 0.8)
    )  # fmt: skip
    pooled = (4 * 0.3 + 0.8) / 5
    assert found.macro == pytest.approx((0.1 + 0.2 + pooled) / 3)


def test_repeats_count_once_at_their_fastest() -> None:
    slow, fast = (
        (case(value=v), Outcome(1.0, configuration="same", seconds=1.0)) for v in (2.0, 1.25)
    )
    rate = (
        case(metric="samples_per_s", value=4.0),
        Outcome(8.0, configuration="same", seconds=1.0),
    )
    found = assessed(slow, fast, rate)
    assert [row.counts for row in found.rows] == [False, True, False]
    assert (found.groups[0].rows, found.groups[0].configurations) == (3, 1)
    assert found.macro == pytest.approx(0.2)


def test_a_utilisation_does_not_stand_for_a_configuration_that_has_a_time() -> None:
    time = (case(value=1.0), Outcome(1.1, configuration="same", seconds=1.1))
    share = (
        case(metric="mfu_pct", value=50.0),
        Outcome(40.0, configuration="same", seconds=1.1, derived=True),
    )
    assert [row.counts for row in assessed(share, time).rows] == [False, True]


def test_groups_have_median_mean_worst_and_bias() -> None:
    found = assessed(
        *((case(gpu="H100", value=1.0), Outcome(1.0 + e, configuration=e)) for e in (0.1, -0.3, 0.05)),
        (case(gpu="A100"), Outcome(reason="missing: tp")),
        by=("source", "gpu"),
    )  # fmt: skip
    nothing, group = found.groups
    assert (nothing.name, nothing.rows, nothing.predicted) == ("one, A100", 1, 0)
    assert math.isnan(nothing.mean)
    assert (group.median, group.mean) == pytest.approx((0.1, 0.15))
    assert (group.worst, group.bias) == pytest.approx((-0.3, -0.05))


def test_an_error_that_grows_with_scale_is_found() -> None:
    rng = np.random.default_rng(1)
    pairs = [
        (
            case(source=source, gpus=2**i, value=1.0),
            Outcome(
                1.0 - 0.02 * i + offset + 0.01 * rng.standard_normal(), configuration=(source, i)
            ),
        )
        for source, offset in (("a", 0.1), ("b", -0.1))
        for i in range(10)
    ]
    (trend,) = [t for t in trends(assessed(*pairs)) if t.name == "scale"]
    assert trend.clear
    assert trend.slope == pytest.approx(-0.02, abs=3 * trend.spread)


def test_a_property_that_no_source_varies_has_no_slope() -> None:
    pairs = [
        (case(params_b=0.34, gpus=2**i, value=1.0), Outcome(1.0 + 0.01 * i, configuration=i))
        for i in range(7)
    ]
    assert [t.name for t in trends(assessed(*pairs))] == ["scale"]


LAYOUT = dict(
    model="m", gpus=8, tp=1, pp=1, dp=8, layers=8, hidden=64, heads=8, seq_len=2048,
    global_batch_size=64, micro_batch=8,
)  # fmt: skip


def doubted(*changes: dict[str, Any]) -> list[bool]:
    cases = [case(**{**LAYOUT, **changed}) for changed in changes]
    return [bool(why) for why in doubts(cases, [Outcome(1.0, seconds=1.0)] * len(cases))]


def test_more_work_in_one_layout_may_take_no_more_than_its_share() -> None:
    double = dict(global_batch_size=128)
    assert doubted(dict(value=10), dict(value=21, **double)) == [False, False]
    assert doubted(dict(value=10), dict(value=34, **double)) == [False, True]
    assert doubted(dict(value=10, gpu="A100"), dict(value=34, gpu="H100", **double)) == [False] * 2


def test_shorter_sequences_may_not_be_slower() -> None:
    short = dict(seq_len=1024, micro_batch=16, global_batch_size=128)
    assert doubted(dict(value=10), dict(value=9.5, **short)) == [False, False]
    assert doubted(dict(value=10), dict(value=11, **short)) == [False, True]


def test_time_a_token_grows_no_faster_than_the_sequence() -> None:
    steps = [dict(seq_len=s, value=v) for s, v in ((1024, 10), (2048, 22), (4096, 52))]
    assert doubted(*steps) == [False] * 3
    assert doubted(*steps[:2], dict(seq_len=4096, value=60)) == [False, False, True]


def test_a_fit_finds_constants_that_made_the_data_and_keeps_to_the_prior_elsewhere() -> None:
    x = np.linspace(1.0, 5.0, 40)
    priors = {
        "slope": fitting.Prior("a", "1", 1.0, 0.5, 0.1, 10.0),
        "idle": fitting.Prior("b", "1", 3.0, 0.5, 0.1, 10.0),
    }
    found = fitting.fit(priors, lambda k: k["slope"] * x, 2.0 * x, ["s"] * 40)
    assert found["slope"] == pytest.approx(2.0, rel=5e-3)
    assert found["idle"] == pytest.approx(3.0, rel=1e-3)


@pytest.fixture(scope="module")
def dense() -> Accuracy:
    return validate("training", [shipped()[0]], families=["llm-dense"])


def test_dense_training_is_within_the_target_on_the_shipped_runs(dense: Accuracy) -> None:
    assert dense.macro < 0.045
    assert dense.fully_predicted >= 0.95 * dense.fully_specified


def test_rows_that_other_rows_contradict_are_the_ones_in_doubt(dense: Accuracy) -> None:
    # ../shared/facts/training_mechanisms.md, section 5: found there by hand
    found = {row.case.text("id") for row in dense.rows if row.doubt}
    by_hand = {f"jzv100-{i:03d}" for i in (7, 8, 14, 16, 17, 18)}
    by_hand |= {f"foundry-{i:03d}" for i in (21, 80, 120, 121)} | {"mlperf-llama2_70b_lora-226"}
    assert by_hand <= found
    assert len(found - by_hand) <= 2


def test_rows_that_stand_in_both_files_count_once() -> None:
    one = validate("training", [shipped()[1]])
    both = validate("training", [shipped()[1], shipped()[1]])
    assert (
        both.macro == one.macro < 0.06
    )  # vTrain itself, which profiles the machine, reports 8.4 %
    assert both.macro_configurations == one.macro_configurations


def test_leaving_a_source_out_changes_its_own_predictions_alone(dense: Accuracy) -> None:
    found = validate("training", [shipped()[0]], leave_out="llm-foundry", families=["llm-dense"])
    for before, after in zip(dense.rows, found.rows, strict=True):
        same = before.outcome.predicted == after.outcome.predicted
        assert same == (before.case.source != "mosaicml/llm-foundry")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (dict(kind="trainin"), "nearest: training"),
        (dict(by=["sauce"]), "nearest: source"),
        (dict(leave_out="llm-fondry"), "nearest: mosaicml/llm-foundry"),
        (dict(families=["llm-dens"]), "nearest: llm-dense"),
    ],
)
def test_wrong_options_name_the_nearest(options: dict[str, Any], said: str) -> None:
    with pytest.raises(PlannerError, match=said):
        validate(**{"kind": "training", "files": [shipped()[0]], **options})


def test_json_has_the_documented_shape_and_every_row(dense: Accuracy) -> None:
    found = json.loads(to_json(dense))
    assert set(found) == {"kind", "macro_mape", "unreadable", "rows", "summary"}
    assert found["macro_mape"] == pytest.approx(100 * dense.macro, abs=1e-3)
    assert len(found["rows"]) == len(dense.rows)
    names = {"id", "source", "group", "metric", "measured", "predicted", "error_pct", "reason"}
    assert all(set(row) == names for row in found["rows"])
    assert all(row["reason"] for row in found["rows"] if row["predicted"] is None)
    names = {"by", "rows", "predicted", "median_ape", "mape", "worst", "bias"}
    assert all(set(group) == names for group in found["summary"])
    assert {group["by"] for group in found["summary"]} == {row["group"] for row in found["rows"]}


def test_the_page_fits_the_terminal(dense: Accuracy) -> None:
    assert max(len(line.plain) for line in page(dense, 100)) <= 100


def test_the_command_prints_a_table_and_draws_charts(planner: Planner, tmp_path: Path) -> None:
    done = planner("validate", str(shipped()[0]), "--family", "llm-dense", "--out", str(tmp_path))
    assert done.code == 0
    assert "mosaicml/llm-foundry" in done.out
    assert {file.name for file in tmp_path.iterdir()} == {"predicted_step.png", "residuals.png"}


def test_the_command_refuses_a_file_without_the_needed_columns(
    planner: Planner, tmp_path: Path
) -> None:
    file = tmp_path / "runs.csv"
    file.write_text("id,source,family,gpu,metric\na,s,llm-dense,A100,step_time_s\n")
    done = planner("validate", str(file), "--kind", "training")
    assert done.code == 2
    assert "value   column is missing" in done.err


def test_the_command_names_a_cell_that_cannot_be_read(planner: Planner, tmp_path: Path) -> None:
    file = tmp_path / "runs.csv"
    file.write_text("id,source,family,gpu,metric,value\na,s,llm-dense,A100,step_time_s,fast\n")
    done = planner("validate", str(file), "--kind", "training")
    assert done.code == 0
    assert "line 2: value: 'fast' is not a number" in done.out


def test_groups_of_several_columns_are_left_out_in_turn(tmp_path: Path) -> None:
    with shipped()[0].open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if "fms-fsdp" in row["source"]]
    few = tmp_path / "few.csv"
    with few.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    told: list[tuple[int, int]] = []

    def tell(done: int, total: int, what: str) -> None:
        told.append((done, total))

    found = validate("training", [few], leave_out="model,gpu", progress=tell)
    assert "each model and gpu" in str(page(found, 200, "model,gpu")[0])
    groups = {(row["model"], row["gpu"]) for row in rows}
    assert told == [(i, len(groups)) for i in range(len(groups))]


def test_files_without_a_prediction_say_so(planner: Planner, tmp_path: Path) -> None:
    file = tmp_path / "runs.csv"
    file.write_text("id,source,family,gpu,metric,value\n")
    assert "no row below the columns" in planner("validate", str(file)).err
    file.write_text("id,source,family,gpu,metric,value\na,s,llm-dense,A100,step_time_s,1\n")
    done = planner("validate", str(file))
    assert done.code == 0
    assert "no row could be predicted" in done.out
    assert "missing: layers" in done.out


def test_a_row_without_a_value_is_predicted_and_counts_nowhere(tmp_path: Path) -> None:
    file = tmp_path / "runs.csv"
    row = "s,vision,ResNet-50,V100,1,fp16,samples_per_s"
    file.write_text(f"source,family,model,gpu,gpus,precision,metric,value\n{row},\n{row},1200\n")
    found = validate("training", [file])
    assert [row.outcome.predicted is not None for row in found.rows] == [True, True]
    assert (found.macro_configurations, found.repeats) == (1, 0)


@pytest.mark.parametrize(
    "words", ["fms", "foundation-model-stack/fms-fsdp", "foundation-model-stack/fms-fsdp README.md"]
)
def test_a_source_is_left_out_by_any_of_its_names(words: str, tmp_path: Path) -> None:
    with shipped()[0].open(newline="") as file:
        rows = list(csv.DictReader(file))
    kept = [row for row in rows if "fms-fsdp" in row["source"] or "SC21" in row["source"]]
    # a name that another one contains
    for row in kept[:8]:
        row["source"] = row["source"].replace("SC21", "SC21 again")
    part = tmp_path / "runs.csv"
    with part.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(kept)
    assert validate("training", [part], leave_out=words).macro_configurations > 0
    assert validate("training", [part], leave_out="Megatron-LM SC21").macro_configurations > 0


def test_charts_of_rows_without_size_scale_and_year_are_drawn(tmp_path: Path) -> None:
    rows = tmp_path / "runs.csv"
    rows.write_text(
        "source,model,family,global_batch_size,gpu,metric,value\n"
        "a lab,ResNet-50,vision,256,V100-32GB,samples_per_s,800\n"
    )
    assessed = validate("training", [rows])
    assert accuracy_charts.moves(trends(assessed)).startswith("Too few")
    found = accuracy_charts.write(assessed, tmp_path)
    assert [file.name for file in found] == ["predicted_step.png", "residuals.png"]
