"""`planner explain`: what it prints and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from planner.axes import AXES
from planner.lineage.values import _range
from tests.cli.conftest import Planner

MAIN = "scenarios/5pct_ev_market.yaml"


@pytest.mark.parametrize("quantity", ("gpus", "ota_peak", "storage_warm", "tco", "ingest_peak"))
def test_the_explanation_is_as_agreed(
    planner: Planner, golden: Callable[[str, str], None], quantity: str
) -> None:
    at = () if quantity == "tco" else ("--at", "2027-06")
    done = planner("explain", MAIN, quantity, *at)
    assert (done.code, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= 100
    golden(f"explain_{quantity}.txt", re.sub(r" +(planner/\S+\.py):\d+", r"  \1:#", done.out))


def test_a_label_selects_one_position(planner: Planner) -> None:
    printed = planner("explain", MAIN, "vehicles_in_operation", "--region", "japan").out
    assert "at japan" in printed
    assert (
        "regions.japan.market_share"
        in planner("explain", MAIN, "market_row_share", "--region", "japan").out
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    (
        (("gpuss",), "nearest: gpus"),
        (("gpus", "--region", "japn"), "nearest: japan"),
        (("gpus", "--at", "2035-01"), "2023-11 to 2030-12"),
        (("gpus", "--at", "soon"), "2023-11 to 2030-12"),
        (("ingest_peak", "--package", "map"), "do not vary by package"),
        (("gpus", "--depth", "-1"), "--depth"),
    ),
)
def test_what_does_not_exist_is_refused_by_name(
    planner: Planner, arguments: tuple[str, ...], words: str
) -> None:
    done = planner("explain", MAIN, *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_an_override_is_said(planner: Planner) -> None:
    done = planner("explain", MAIN, "gpus", "--set-quantity", "orders=2", "--at", "2027-06")
    assert "[overridden by --set-quantity]" in done.out


def test_every_axis_has_its_option(planner: Planner) -> None:
    given = planner("explain", "--help").out
    names = {"month": "--at", "hardware": "--hardware-kind"}
    for axis in AXES[1:]:
        assert f"{names.get(axis, f'--{axis}')} " in given, axis
    printed = planner("explain", MAIN, "cash_flow", "--item", "energy", "--depth", "0").out
    assert "at energy" in printed
    assert "nearest: clips" in planner("explain", MAIN, "data_kept", "--data", "clps").err
    assert "--service" in planner("explain", MAIN, "data_kept", "--servce", "x").err


def test_a_range_from_nothing_keeps_its_low_end(planner: Planner) -> None:
    assert _range(0.0, 15.9e6, "USD") == "0 to USD 15.9 M"
    assert _range(0.0, 15.9e6, "watt") == "0 to 15.9 MW"
    first = planner("explain", MAIN, "data_kept", "--depth", "0").out.partition("\n\n")[0]
    assert first.startswith("data_kept = 0 to ")
    assert "where it is largest]" in first.replace("\n    ", " ")


def test_a_loop_is_shown_as_it_is_written(planner: Planner) -> None:
    printed = planner("explain", MAIN, "vehicles_from_sales", "--depth", "0").out
    lines = printed.splitlines()
    start = next(i for i, line in enumerate(lines) if line.strip().startswith("for ecu, "))
    assert lines[start].endswith(":")
    indent = len(lines[start]) - len(lines[start].lstrip())
    assert lines[start + 1].startswith(" " * (indent + 4))
    assert max(map(len, lines)) <= 100


def test_a_code_is_said_in_words(planner: Planner) -> None:
    printed = planner("explain", MAIN, "export_verdict", "--depth", "0").out
    assert "china 4 (denied)" in printed and "taiwan 0 (free)" in printed


def test_an_edit_is_said(planner: Planner) -> None:
    done = planner("explain", MAIN, "fleet_life", "--set", "fleet.life=9 year")
    assert "fleet.life = 9 year" in done.out
    assert "--set" in done.out
