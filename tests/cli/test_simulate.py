"""`planner simulate`: the tables, JSON, files and charts, going on, and how it fails."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from planner.cli import main
from planner.cli.output import ERASE, telling
from planner.cli.simulate import _progress
from planner.headline import HEADLINE
from planner.project import load
from planner.report import charts, study_files
from planner.results import VIOLATION_MARK
from planner.study.columns import KEPT, NEEDS
from planner.study.simulation import simulate
from tests.cli.conftest import ROOT, Planner

MAIN = "scenarios/5pct_ev_market.yaml"
DRAWS = 48


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the study of the main scenario, and the JSON that the command printed."""
    folder = tmp_path_factory.mktemp("study")
    printed = folder.parent / "printed.json"
    here = Path.cwd()
    os.chdir(ROOT)
    with printed.open("w") as file, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", file)
        with pytest.raises(SystemExit, match="0"):
            main(["simulate", MAIN, "--draws", str(DRAWS), "--out", str(folder), "--json"])
    os.chdir(here)
    yield folder


@pytest.fixture(scope="module")
def document(out: Path) -> Any:
    return json.loads((out.parent / "printed.json").read_text())


@pytest.fixture
def no_charts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves out the drawing, which takes the longest."""
    monkeypatch.setattr(charts, "write", lambda *_: [])


# --- The tables ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", (100, 80))
@pytest.mark.parametrize("scenario", (MAIN, "test_fleet", "tests/cases/25_gaia1_training.yaml"))
def test_no_line_is_wider_than_the_terminal(
    planner: Planner, monkeypatch: pytest.MonkeyPatch, scenario: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    done = planner("simulate", scenario, "--draws", "8")
    assert (done.code, done.err) == (0, "")
    longest = max(done.out.splitlines(), key=len)
    assert len(longest) <= width, longest
    assert "too few draws" in done.out and not re.search(r"\de\d", done.out)


def test_the_headline_is_the_capacity_at_90_per_cent(planner: Planner, document: Any) -> None:
    lines = planner("simulate", MAIN, "--draws", str(DRAWS)).out.splitlines()
    assert re.fullmatch(rf"{DRAWS} draws of \d+ uncertain numbers, seed 1", lines[1])
    gpus = document["risk"]["capacity"]["gpus_required"]
    shown = re.match(r"At 90 % confidence each: ([\d,]+) GPUs · ", lines[2])
    assert shown and float(shown[1].replace(",", "")) == pytest.approx(gpus["p90"], rel=0.005)
    row = next(line for line in lines if line.startswith("GPUs needed"))
    assert f"{100 * gpus['enough']:.0f} %" in row
    assert f"P{100 * gpus['plan_at']:.0f} " in row


def test_what_no_draw_needs_has_no_line(planner: Planner) -> None:
    out = planner("simulate", "test_fleet", "--draws", "8").out
    assert "warm storage" in out and "hot storage" not in out and "cold storage" not in out


def test_the_next_command_goes_on_with_the_same_study(
    planner: Planner, tmp_path: Path, no_charts: None
) -> None:
    fresh = planner("simulate", "test_fleet", "--draws", "8")
    assert "test_fleet.yaml --draws 32 --out draws\n" in fresh.out
    folder = tmp_path / "of mine"
    options = ("--seed", "3", "--keep", "gpus,tco", "--out", str(folder))
    lines = planner("simulate", "test_fleet", "--draws", "8", *options).out.splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("Next"))
    command = " ".join(lines[first:-1]).removeprefix("Next").replace("\\ ", " ")
    assert shlex.split(command)[1:] == [
        *("simulate", "scenarios/test_fleet.yaml", "--draws", "32", *options)
    ]


def test_a_terminal_sees_how_far_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with telling() as say:
        tell = _progress(1000, say)
        tell(200)
        tell(600)
    first, second, gone = capsys.readouterr().err.split(ERASE)[1:]
    assert first == "200 of 1,000 draws"
    assert re.fullmatch(r"600 of 1,000 draws, [\d,]+ a second, \d+ s left", second)
    assert gone == ""


def test_a_file_of_errors_gets_no_progress(capsys: pytest.CaptureFixture[str]) -> None:
    with telling() as say:
        say("half")
    assert capsys.readouterr().err == ""


def test_the_seed_and_the_options_of_size_shape_it(planner: Planner) -> None:
    arguments = ("simulate", "test_fleet", "--draws", "8")
    first, again = planner(*arguments), planner(*arguments, "--workers", "1")
    assert first.out == again.out
    assert planner(*arguments, "--seed", "2").out != first.out
    changed = planner(*arguments, "--set", "fleet.life=14 year")
    assert "Changed: --set 'fleet.life=14 year'" in changed.out
    assert "--set 'fleet.life=14 year'" in changed.out.splitlines()[-1]


# --- JSON ------------------------------------------------------------------------------------------------------------


def test_json_is_that_of_size_with_what_the_draws_say(planner: Planner, document: Any) -> None:
    size = json.loads(planner("size", MAIN, "--json").out)
    assert document.keys() - size.keys() == {"draws", "seed", "uncertain", "risk"}
    assert (document["draws"], document["seed"]) == (DRAWS, 1)
    assert list(document["quantities"]) == list(HEADLINE)
    for name, quantity in size["quantities"].items():
        assert quantity.items() <= document["quantities"][name].items()
    assert all(document[name] == size[name] for name in size if name != "quantities")


def test_kept_quantities_have_percentiles_of_the_same_shape(document: Any) -> None:
    for name in KEPT:
        quantity = document["quantities"][name]
        values = np.array(quantity["values"])
        low, middle, high = (np.array(quantity[level]) for level in ("p10", "p50", "p90"))
        assert values.shape == low.shape == middle.shape == high.shape
        assert np.all(low <= middle) and np.all(middle <= high)
        least, most = quantity["error"]["p50"]
        assert np.all(np.array(least) <= middle) and np.all(middle <= np.array(most))


def test_every_headline_quantity_has_percentiles_by_month(document: Any) -> None:
    for name, quantity in document["quantities"].items():
        if "month" not in quantity["axes"]:
            assert "by_month" not in quantity
            continue
        by_month = quantity["by_month"]
        assert by_month["exact"] == (name in KEPT)
        assert len(by_month["p10"]) == len(by_month["p90"]) == len(document["months"])


def test_risk_is_as_documented(document: Any) -> None:
    risk = document["risk"]
    assert list(risk) == ["cvar", "capacity", "shortfall"]
    dearest = risk["cvar"]["tco"]
    assert dearest["dearest_5_percent"] >= dearest["dearest_10_percent"]
    assert dearest["dearest_10_percent"] >= document["quantities"]["tco"]["p90"]
    assert list(risk["capacity"]) == list(risk["shortfall"]) == list(NEEDS)
    for name, need in risk["capacity"].items():
        assert set(need) == {"unit", "p90", "error", "plan", "plan_at", "built", "enough"}
        assert need["unit"] == document["quantities"][name]["unit"]
    for need in risk["shortfall"].values():
        chances = [need[level]["probability"] for level in ("p50", "p80", "p90")]
        assert chances == sorted(chances, reverse=True)
        assert need["p90"]["worst_month"] in document["months"]


def test_what_is_asked_for_is_kept(planner: Planner) -> None:
    done = planner(
        "simulate", "test_fleet", "--draws", "8", "--keep", "gpus,upload_limit", "--json"
    )
    quantities = json.loads(done.out)["quantities"]
    assert "p10" in quantities["gpus"] and "p10" in quantities["upload_limit"]
    assert "by_month" not in quantities["upload_limit"]  # its sum over cells may mean nothing
    assert "p10" not in quantities["tco"]


# --- Files -----------------------------------------------------------------------------------------------------------


def test_quantiles_are_a_tidy_table(out: Path, document: Any) -> None:
    import pandas as pd

    table = pd.read_parquet(out / "quantiles.parquet")
    assert list(table.columns[:5]) == ["quantity", "unit", "total", "year", "month"]
    assert set(table.method) == {"exact", "sketch"}
    assert set(table.quantity) == set(HEADLINE)
    gpus = table[(table.quantity == "gpus") & (table.total == "cell")]
    flat = np.array(document["quantities"]["gpus"]["p90"]).ravel()
    assert gpus.p90.to_numpy() == pytest.approx(flat)
    capex = table[(table.quantity == "capex") & table.year.notna()]
    assert list(capex.year) == [str(year) for year in range(2024, 2031)]
    assert (table.p5 <= table.p95).all() and (
        table.p10_low.dropna() <= table.p90.dropna()[table.p10_low.notna()]
    ).all()


def test_draws_are_a_table_with_their_inputs(out: Path, document: Any) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(out / "draws.parquet")
    assert table.num_rows == DRAWS
    assert table["draw"].to_pylist() == list(range(DRAWS))
    assert table.schema.metadata[b"seed"] == b"1"
    field = table.schema.field("programs.model_n.daily_hours")
    assert field.metadata[b"unit"] == b"hour/day"
    assert document["uncertain"] <= table.num_columns
    assert np.quantile(table["tco"].to_numpy(), 0.9) == pytest.approx(
        document["quantities"]["tco"]["p90"]
    )
    assert np.quantile(table["gpus_required.largest"].to_numpy(), 0.9) == pytest.approx(
        document["risk"]["capacity"]["gpus_required"]["p90"]
    )


def test_netcdf_has_draws_with_units_and_labels(out: Path, document: Any) -> None:
    import xarray as xr

    with xr.open_dataset(out / "results.nc", engine="h5netcdf") as dataset:
        gpus = dataset["gpus"]
        assert gpus.dims == ("draw", "month", "site", "hardware")
        assert gpus.sizes["draw"] == DRAWS and dataset["tco"].dims == ("draw",)
        assert gpus.attrs == {"units": "1", "long_name": "Whole accelerators in service."}
        assert dataset["tco"].attrs["units"] == "USD"
        month = gpus.sel(month="2030-12").quantile(0.9, "draw")
        assert month.values == pytest.approx(np.array(document["quantities"]["gpus"]["p90"])[-1])
        of_quantile = dataset["gpus_quantiles"].sel(quantile=0.9, month="2030-12")
        assert of_quantile.values == pytest.approx(month.values)


def test_a_file_that_would_be_too_large_has_the_quantiles_alone(
    tmp_path: Path, no_charts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import xarray as xr

    monkeypatch.setattr(study_files, "LARGEST", 1_000)
    project = load("test_fleet")
    said = list(
        study_files.write(simulate(project, 8, keep=["tco", "gpus"]), project.plan(), tmp_path)
    )
    assert len(said) == 3 and "results.nc has the quantiles alone" in said[2]
    with xr.open_dataset(tmp_path / "results.nc", engine="h5netcdf") as dataset:
        assert "gpus_quantiles" in dataset and "gpus" not in dataset


def test_files_are_written_in_pieces(
    tmp_path: Path, no_charts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow.parquet as pq
    import xarray as xr

    monkeypatch.setattr(study_files, "ROWS", 3)
    project = load("test_fleet")
    study = simulate(project, 8, keep=["tco", "gpus"], block=2)
    list(study_files.write(study, project.plan(), tmp_path))
    with xr.open_dataset(tmp_path / "results.nc", engine="h5netcdf") as dataset:
        assert np.array_equal(dataset["gpus"].values, study.values("gpus"))
    table = pq.ParquetFile(tmp_path / "draws.parquet")
    assert table.num_row_groups == 3
    assert np.array_equal(table.read()["tco"].to_numpy(), study.values("tco"))


def test_charts_say_their_message_and_where_they_come_from(out: Path) -> None:
    names = {"gpus", "storage", "power", "cost", "shortfall", "shortfall_storage"}
    assert {file.name for file in (out / "charts").iterdir()} == {
        f"{name}.{suffix}" for name in names for suffix in ("png", "svg")
    }
    for name in names:
        assert (out / "charts" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert "<svg" in (out / "charts" / f"{name}.svg").read_text()


# --- Going on, and how it fails --------------------------------------------------------------------------------------


def test_a_second_call_goes_on_and_another_study_is_refused(
    planner: Planner, tmp_path: Path, no_charts: None
) -> None:
    arguments = ("simulate", "test_fleet", "--keep", "tco", "--out", str(tmp_path))
    short = planner(*arguments, "--draws", "8")
    assert short.code == 0 and f"{tmp_path}: quantiles.parquet" in short.err
    assert planner(*arguments, "--draws", "20").code == 0
    names = sorted(file.name for file in tmp_path.glob("blocks/*.npy"))
    assert names == ["draws-0000000000-0000000008.npy", "draws-0000000008-0000000020.npy"]
    other = planner(*arguments, "--draws", "20", "--set", "fleet.life=14 year")
    assert other.code == 2
    assert "holds another study: 1 input differs (fleet.life)" in other.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    (
        (("--keep", "gpu"), "gpu   no such quantity; nearest: gpus"),
        (("--draws", "0"), "expected at least 1"),
        (("--workers", "0"), "expected at least 1"),
        (("--seed", "-1"), "expected a whole number from 0"),
        (("--out", "README.md"), "README.md is a file"),
    ),
)
def test_wrong_usage_says_what_to_type(
    planner: Planner, arguments: tuple[str, ...], said: str
) -> None:
    done = planner("simulate", "test_fleet", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_a_forbidden_plan_is_not_drawn(planner: Planner) -> None:
    done = planner("simulate", MAIN, "--set", "regions.china.serve=required")
    assert done.code == 1 and done.out == "" and "denied" in done.err


def test_a_what_if_is_marked_everywhere(planner: Planner, tmp_path: Path, no_charts: None) -> None:
    import pyarrow.parquet as pq

    arguments = ("simulate", "test_fleet", "--draws", "8", "--allow-export-violation")
    pages = planner(*arguments, "--out", str(tmp_path)).out
    assert pages.count(VIOLATION_MARK) == 4
    assert json.loads(planner(*arguments, "--json").out)["mark"] == VIOLATION_MARK
    for name in ("quantiles", "draws"):
        schema = pq.read_schema(tmp_path / f"{name}.parquet")
        assert schema.metadata[b"mark"].decode() == VIOLATION_MARK


def test_ctrl_c_at_the_files_says_that_no_draw_is_lost(
    planner: Planner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("planner.report.study_files._write_netcdf", stopped)
    done = planner("simulate", "test_fleet", "--draws", "8", "--out", str(tmp_path))
    assert (done.code, done.out) == (130, "")
    assert "stopped while writing files; no draw is lost" in done.err
    assert not list(tmp_path.glob("*.part"))


def test_ctrl_c_says_how_to_go_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "planner", "simulate", "test_fleet", "--draws", "1000000"]
    run = subprocess.Popen(
        [*command, "--keep", "tco", "--out", str(tmp_path)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # What is started in the background of a shell ignores the key, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    end = time.monotonic() + 60
    while not list(tmp_path.glob("blocks/draws-*")):
        assert time.monotonic() < end and run.poll() is None
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGINT)  # as a terminal sends it: to the workers too
    _, said = run.communicate(timeout=30)
    assert run.returncode == 130
    assert re.fullmatch(
        r"planner: stopped after [\d,]+ of 1,000,000 draws; the same command goes on from there\n",
        said,
    )
