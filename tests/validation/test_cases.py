"""Files of measured runs: every row is kept, and what is wrong is said with its place."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.errors import InputError, PlannerError
from planner.report.accuracy import page, to_json
from planner.validation.cases import read, source_name
from planner.validation.cells import fault, plain
from planner.validation.validate import shipped, validate

HEADER = "id,source,family,gpu,layers,metric,value\n"


def written(tmp_path: Path, text: str | bytes) -> Path:
    file = tmp_path / "runs.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def faults_of(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        read([written(tmp_path, text)])
    return [str(fault).removeprefix(f"{tmp_path}/") for fault in caught.value.faults]


def test_no_row_of_the_shipped_files_is_lost() -> None:
    assert [len(read([file])) for file in shipped()] == [1524, 1440]


def test_lines_are_counted_through_cells_of_several_lines(tmp_path: Path) -> None:
    text = HEADER + 'a,"two\nlines",llm-dense,A100,8,step_time_s,1\n\nb,s,f,A100,8,step_time_s,2\n'
    cases = read([written(tmp_path, text)])
    assert [(case.line, case.label) for case in cases] == [(2, "a"), (5, "b")]


def test_a_cell_that_cannot_be_read_costs_its_row_alone(tmp_path: Path) -> None:
    rows = (
        "a,s,f,A100,~512,step_time_s,1\n"
        "b,s,f,A100,-8,step_time_s,1\n"
        'c,s,f,A100,"1,02",step_time_s,inf\n'
        "d,s,f,A100\n"
        "e,s,f,A100,8,step_time_s,1,2\n"
        "f,s,f,A100,8,step_time_s,1\n"
    )
    cases = read([written(tmp_path, HEADER + rows)])
    assert [case.unreadable for case in cases] == [
        "line 2: layers: '~512' is not a number",
        "line 3: layers: '-8' is too small; expected more than 0",
        "line 4: layers: '1,02' is not a number; value: 'inf' is not finite",
        "line 5: row ends after 4 cells; expected 7 as in the header",
        "line 6: row has 8 cells; expected 7 as in the header",
        "",
    ]


def test_unreadable_rows_are_counted_and_all_others_predicted(tmp_path: Path) -> None:
    lines = shipped()[0].read_text(encoding="utf-8").splitlines()[:6]
    place = lines[0].split(",").index("global_batch_size")
    cells = next(csv.reader([lines[3]]))
    broken = ",".join(f'"{c}"' for c in [*cells[:place], "~512", *cells[place + 1 :]])
    file = written(tmp_path, "\r\n".join([*lines[:3], broken, *lines[4:]]))
    found = validate("training", [file])
    reasons = [row.outcome.reason for row in found.rows]
    assert reasons == ["", "", "line 4: global_batch_size: '~512' is not a number", "", ""]
    assert (found.unreadable, found.macro_configurations) == (1, 4)
    assert json.loads(to_json(found))["unreadable"] == 1
    assert "1 row with a cell that cannot be read" in "\n".join(map(str, page(found, 100)))


@pytest.mark.parametrize(
    ("column", "text", "number"),
    [
        ("gpus", "1,024", 1024),
        ("gpus", "512 GPUs", 512),
        ("gpus", "512x", 512),
        ("seq_len", "4k", 4096),
        ("seq_len", "8K tokens", 8192),
        ("seq_len", "1M", 1048576),
        ("seq_len", "2048 tokens", 2048),
        ("global_batch_size", "2e3", 2000),
        ("global_batch_size", "1,024 sequences", 1024),
        ("global_batch_size", "4,194,304 tokens", 1024),
        ("params_b", "70.6 B", 70.6),
        ("params_b", "125M", 0.125),
        ("value", "2e6", 2e6),
        ("value", "3.2k", 3200),
        ("value", "1.2M tokens/s", 1.2e6),
        ("vp", "None", None),
        ("micro_batch", "NA", None),
        ("micro_batch", "null", None),
        ("micro_batch", "nan", None),
    ],
)
def test_a_spelling_that_means_one_number_is_read(
    column: str, text: str, number: float | None
) -> None:
    row = {"seq_len": "4k", "metric": "tokens_per_s"}
    found = plain(column, text, row)
    assert not fault(column, found)
    assert (float(found) if found else None) == number


@pytest.mark.parametrize(
    ("metric", "text", "number"),
    [
        ("mfu_pct", "45 %", 45.0),
        ("step_time_s", "850 ms", 0.85),
        ("step_time_s", "12.3s", 12.3),
        ("tflops_per_gpu", "410 TFLOP/s/GPU", 410.0),
        ("tflops_per_gpu", "1.2 PFLOP/s", 1200.0),
        ("tokens_per_s_per_gpu", "12,345 tokens per s", 12345.0),
        ("samples_per_s", "812.5 images/s", 812.5),
    ],
)
def test_a_unit_of_the_metric_is_no_fault(metric: str, text: str, number: float) -> None:
    assert float(plain("value", text, {"metric": metric})) == pytest.approx(number)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("gpus", "10k"),  # 10,000 or 10,240
        ("seq_len", "10k"),
        ("global_batch_size", "4M tokens"),  # 4,000,000 is not whole in sequences of 4,096
        ("global_batch_size", "512+"),
        ("gpus", "80 GB"),
        ("value", "45 %"),  # of what, where the metric is a rate of tokens
        ("value", "3 s"),
        ("tp", "2x4"),
    ],
)
def test_a_spelling_that_means_two_numbers_or_none_is_not_guessed(column: str, text: str) -> None:
    row = {"seq_len": "4096", "metric": "tokens_per_s"}
    assert fault(column, plain(column, text, row)) == f"'{text}' is not a number"


@pytest.mark.parametrize("column", ["layers", "heads", "gpus", "tp", "vp"])
def test_counts_are_whole(column: str) -> None:
    assert fault(column, "32.5") == "'32.5' is not whole"
    assert not fault(column, "32.0")


@pytest.mark.parametrize("column", ["params_b", "value", "global_batch_size", "seq_len"])
def test_sizes_and_means_over_steps_need_not_be(column: str) -> None:
    assert not fault(column, "32.5")


@pytest.mark.parametrize(
    ("column", "text", "words"),
    [
        ("layers", "1e300", "too large"),
        ("year", "1e12", "no year of such a run"),
        ("year", "0", "no year of such a run"),
    ],
)
def test_what_no_run_can_have_been_is_refused(column: str, text: str, words: str) -> None:
    assert words in fault(column, text)


def test_there_are_four_stages_of_zero() -> None:
    assert [bool(fault("zero_stage", text)) for text in ("0", "3", "4", "9")] == [0, 0, 1, 1]


@given(st.integers(1, 10**9), st.sampled_from(["{:,}", "{:_}", "{:d}", "{:.9e}", " {:d} "]))
@settings(max_examples=25, deadline=None)
def test_any_count_is_read_in_every_spelling(count: int, spelling: str) -> None:
    text = spelling.format(count).strip()
    assert float(plain("gpus", text, {})) == pytest.approx(count, rel=1e-9)


@pytest.mark.parametrize("delimiter", [";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_ends_of_lines_make_no_difference(
    tmp_path: Path, delimiter: str, end: str
) -> None:
    text = "value,metric,note,gpu,family,source\n1.5,step_time_s,x,A100,f,s\n"
    file = written(tmp_path, text.replace(",", delimiter).replace("\n", end))
    case = read([file])[0]
    assert (case.value, case.source, case.text("notes")) == (1.5, "s", "x")


def test_a_comma_of_a_table_with_semicolons_may_be_a_decimal_one(tmp_path: Path) -> None:
    text = "source;family;gpu;gpus;metric;value\ns;f;A100;1,024;step_time_s;1,420\n"
    case = read([written(tmp_path, text)])[0]
    assert (case.number("gpus"), case.unreadable) == (
        1024,
        "line 2: value: '1,420' is not a number",
    )


def test_a_line_separator_within_a_cell_ends_no_row(tmp_path: Path) -> None:
    file = written(tmp_path, HEADER + '"a\u2028b",s,f,A100,8,step_time_s,1\n')
    assert [case.line for case in read([file])] == [2]


def test_a_missing_column_names_what_stands_in_its_place(tmp_path: Path) -> None:
    assert faults_of(tmp_path, "id,sorce,family,gpu,leyers,metric,value\n") == [
        "runs.csv:1  leyers  unknown column; nearest: layers",
        "runs.csv:1  source  column is missing; nearest: sorce",
    ]


def test_a_column_of_ones_own_is_no_fault(tmp_path: Path) -> None:
    file = written(tmp_path, "cluster," + HEADER + "north,a,s,f,A100,8,step_time_s,1\n")
    assert read([file])[0].text("cluster") == "north"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"id;source;family\n", "separated by ';'"),
        (HEADER.encode() + b"\xff\xfe", "not UTF-8"),
        (HEADER.encode() + b"a\0b", "binary"),
        (HEADER.encode() + b'"open,s,f,A100,8,step_time_s,1\n', "not CSV"),
        (b"id,id,source,family,gpu,metric,value\n", "stands twice"),
    ],
)
def test_what_is_no_csv_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(PlannerError, match=said):
        read([written(tmp_path, content)])


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="No such file"):
        read([tmp_path / "none.csv"])
    with pytest.raises(PlannerError, match="is a folder"):
        read([tmp_path])


def test_a_byte_order_mark_is_no_part_of_a_column(tmp_path: Path) -> None:
    file = written(tmp_path, b"\xef\xbb\xbf" + HEADER.encode() + b"a,s,f,A100,8,step_time_s,1\n")
    assert read([file])[0].label == "a"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('mosaicml/llm-foundry scripts/README.md, section "H100 80GB FP8"', "mosaicml/llm-foundry"),
        ("mlcommons/training_results_v5.1 Dell/results/8xB200/llama31_8b", "mlcommons llama31_8b"),
        ("Megatron-LM SC21 Table 1 (README; arXiv 2104.04473)", "Megatron-LM SC21"),
        ("OPT paper Sec 2.4 (arXiv 2205.01068)", "OPT"),
        ("ours", "ours"),
    ],
)
def test_a_source_is_a_repository_or_a_paper(text: str, name: str) -> None:
    assert source_name(text) == name


def test_a_dash_is_a_blank(tmp_path: Path) -> None:
    file = written(tmp_path, HEADER + "a,s,f,A100,-,step_time_s,1\n")
    assert read([file])[0].number("layers") is None


def test_numbers_and_columns_are_read_as_people_write_them(tmp_path: Path) -> None:
    header = "ID,Source,family,GPU,Global batch-size,params_b,metric,value\n"
    file = written(tmp_path, header + 'a,s,f,A100,"1,536",7.5B,tokens_per_s,"1,234,567.5"\n')
    found = read([file])[0]
    numbers = [found.number(name) for name in ("global_batch_size", "params_b", "value")]
    assert (numbers, found.gpu) == ([1536.0, 7.5, 1234567.5], "A100")
