"""`planner size --cash-flow`: an outsider works the total cost out of what is printed, with a CSV reader alone."""

from __future__ import annotations

import csv
import io
import json
import math

import pytest

from planner.project import load
from tests.cli.conftest import Planner

MAIN = "scenarios/5pct_ev_market.yaml"
FACTS = ("total", "years", "discount_factor", "present_value")


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("money", ["real", "nominal"])
def test_an_outsider_reconstructs_the_total_cost_from_the_csv(planner: Planner, money: str) -> None:
    edits = ("--set", f"economics.money={money}", "--set", "economics.base_date=2023-10")
    done = planner("size", MAIN, "--cash-flow", "--csv", *edits)
    assert (done.code, done.err) == (0, "")
    *rows, last = rows_of(done.out)
    items = [key for key in rows[0] if key not in ("quarter", "first_month", "last_month", *FACTS)]
    worth = undiscounted = 0.0
    for row in rows:
        paid = math.fsum(float(row[item]) for item in items)
        assert paid == pytest.approx(float(row["total"]), rel=1e-9, abs=1e-3)
        # Without trusting the printed factor: 8 % real, 2 % inflation from October 2023 on.
        factor = 1.08 ** -float(row["years"])
        if money == "nominal":
            factor /= 1.02 ** (float(row["years"]) + 31 / 365.25)
        assert factor == pytest.approx(float(row["discount_factor"]), rel=1e-9)
        worth += paid * factor
        undiscounted += paid
    plan = load("5pct_ev_market", set=[edits[1], edits[3]]).plan()
    assert worth == pytest.approx(float(plan["tco"]), rel=1e-9)
    assert undiscounted == pytest.approx(float(plan["tco_undiscounted"]), rel=1e-9)
    assert float(last["present_value"]) == pytest.approx(worth, rel=1e-9)
    assert float(last["total"]) == pytest.approx(undiscounted, rel=1e-9)
    assert rows[-1]["quarter"] == "residual value" and float(rows[-1]["total"]) < 0


def test_json_says_the_same_as_csv(planner: Planner) -> None:
    document = json.loads(planner("size", MAIN, "--cash-flow", "--json").out)
    rows = rows_of(planner("size", MAIN, "--cash-flow", "--csv").out)
    assert [entry["name"] for entry in document["entries"]] == [row["quarter"] for row in rows[:-1]]
    assert document["tco"] == float(rows[-1]["present_value"])
    assert (document["money"], document["base_date"], document["unit"]) == (
        "real",
        "2023-11",
        "USD",
    )
    assert document["entries"][0]["items"]["nodes"] == float(rows[0]["nodes"]) > 0


def test_the_text_has_every_quarter_and_fits_the_terminal(planner: Planner) -> None:
    text = planner("size", MAIN, "--cash-flow").out
    assert max(map(len, text.splitlines())) <= 100
    assert all(
        f"{year}-Q{quarter}" in text for year in range(2024, 2031) for quarter in (1, 2, 3, 4)
    )
    tco = float(load("5pct_ev_market").plan()["tco"])
    assert f"{tco / 1e3:,.0f} discounted" in text


def test_it_goes_with_no_choice_of_quantities(planner: Planner) -> None:
    assert planner("size", MAIN, "--cash-flow", "--orders").code == 2
