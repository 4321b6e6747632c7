"""`planner explain`: what it prints and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

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
        (("gpus", "--package", "map"), "do not vary by package"),
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


def test_an_edit_is_said(planner: Planner) -> None:
    done = planner("explain", MAIN, "fleet_life", "--set", "fleet.life=9 year")
    assert "fleet.life = 9 year" in done.out
    assert "--set" in done.out
