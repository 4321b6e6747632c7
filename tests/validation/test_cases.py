"""Files of measured runs: every row is kept, and what is wrong is said with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.errors import InputError, PlannerError
from planner.validation.cases import read, source_name
from planner.validation.validate import shipped

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


def test_every_fault_has_line_column_and_what_is_expected(tmp_path: Path) -> None:
    rows = (
        "a,s,f,A100,eight,step_time_s,1\n"
        "b,s,f,A100,-8,step_time_s,1\n"
        'c,s,f,A100,"1,02",step_time_s,nan\n'
        "d,s,f,A100\n"
        "e,s,f,A100,8,step_time_s,1,2\n"
    )
    assert faults_of(tmp_path, HEADER + rows) == [
        'runs.csv:2  layers  "eight" is not a number; expected one such as 8',
        'runs.csv:3  layers  "-8" is too small; expected more than 0',
        'runs.csv:4  layers  "1,02" is not a number; expected one such as 8',
        'runs.csv:4  value  "nan" is not finite; expected a number such as 1.42',
        "runs.csv:5  layers  row ends after 4 cells; expected 7 as in the header",
        "runs.csv:6  has 8 cells; expected 7 as in the header",
    ]


def test_a_missing_column_names_what_stands_in_its_place(tmp_path: Path) -> None:
    assert faults_of(tmp_path, "id,sorce,family,gpu,layer,metric,value\n") == [
        "runs.csv:1  layer  unknown column; nearest: layers",
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
