"""P10 to P90 beside the figures of `planner size`: what they are, where they stand, how they are left out."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import planner as package
from planner.plan import Plan
from planner.project import load
from planner.report.rows import rows_of
from planner.report.spans import compute, span
from planner.report.summary import _FIGURES, summary
from planner.report.table import short_number
from planner.study.drawn import Drawn, spread
from planner.study.sampling import Sampler
from planner.study.simulation import simulate
from tests.cli.conftest import Planner

MAIN = "scenarios/5pct_ev_market.yaml"
BRACKETS = re.compile(r"\(([\d.,]+) to ([\d.,]+)\)")


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load("5pct_ev_market").plan()


@pytest.fixture(scope="module")
def drawn(plan: Plan) -> Drawn:
    return _ready(plan, Drawn.of(plan.project))


def _ready(plan: Plan, drawn: Drawn) -> Drawn:
    """With all that the page reads computed in one run."""
    rows = [each for row in rows_of(plan) for each in (row.course, row.follows) if each]
    compute(drawn, plan, [*rows, *_FIGURES.values()])
    return drawn


def lines(plan: Plan, width: int, drawn: Drawn | None) -> list[str]:
    return [line.plain for line in summary(plan, width, drawn=drawn)]


# --- What the numbers are --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", ("5pct_ev_market", "test_fleet"))
def test_rows_of_draws_at_the_medians_are_those_of_the_plan(scenario: str) -> None:
    plan = load(scenario).plan()
    table = plan.project.table
    sampler = Sampler.of(table)
    twice = {row: np.repeat(value, 2) for row, value in sampler.medians().items()}
    medians = _ready(plan, Drawn(plan.project, 2, 1, len(twice), sampler, table.redrawn(twice), {}))
    year = [slice(len(plan.months) - 12, len(plan.months))]
    for row in rows_of(plan):
        expected = np.repeat(row.read(plan, year), 2, axis=1)
        np.testing.assert_allclose(
            np.broadcast_to(row.read(medians, year), expected.shape),
            expected,
            rtol=1e-9,
            err_msg=row.label,
        )
    for read in _FIGURES.values():
        np.testing.assert_allclose(read(medians), read(plan)[0], rtol=1e-9)


def test_no_span_ends_before_it_begins_and_most_figures_are_uncertain(
    plan: Plan, drawn: Drawn
) -> None:
    year = [slice(len(plan.months) - 12, len(plan.months))]
    spans = np.array([span(row.read(drawn, year)[0]) for row in rows_of(plan)])
    assert (spans[:, 0] <= spans[:, 1]).all()
    assert (spans[:, 0] < spans[:, 1]).mean() > 0.9


def test_a_part_of_the_need_is_read_in_the_month_of_each_draw_in_which_the_need_is_largest(
    plan: Plan, drawn: Drawn
) -> None:
    """So that in every draw the parts add up to no more than the need; training has the rest."""
    rows = {row.label: row for row in rows_of(plan) if row.group == "Compute"}
    year = [slice(len(plan.months) - 12, len(plan.months))]
    needed = rows["GPUs needed"].read(drawn, year)[0]
    names = ("training", "curation", "simulation", "services")
    parts = sum(rows[f"of which {name}"].read(drawn, year)[0] for name in names)
    # Where there is little work, others need more than waiting experiments leave; then training has nothing.
    assert np.mean(np.isclose(parts, needed)) > 0.9
    assert (parts >= needed * (1 - 1e-9)).all()


def test_a_few_draws_are_the_first_of_a_study() -> None:
    plan = load("test_fleet").plan()
    few = spread(plan, ["gpus_required", "tco"], 100)
    study = simulate(plan.project, 100, workers=1).spreads
    for name, found in few.items():
        cells = study[name].cells
        assert cells is not None
        for percentile, level in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9)):
            assert np.array_equal(found[percentile].values, cells.at(level))


def test_a_few_draws_say_to_about_a_tenth_what_many_say(plan: Plan, drawn: Drawn) -> None:
    many = Drawn.of(plan.project, 1024, seed=2)
    compute(many, plan, _FIGURES.values())
    few, more = (np.array([span(f(each)) for f in _FIGURES.values()]) for each in (drawn, many))
    assert np.abs(few / more - 1).max() < 0.15
    assert np.abs(few / more - 1).mean() < 0.06


def test_percentiles_in_python_have_labels_and_units(plan: Plan) -> None:
    found = package.spread(plan, ["gpus", "tco"], draws=32)
    assert found["tco"]["p90"].unit == "USD"
    assert float(found["tco"]["p10"]) < float(found["tco"]["p50"]) < float(found["tco"]["p90"])
    assert found["gpus"]["p50"].at(site="taiwan").axes == ("month", "hardware")
    with pytest.raises(package.PlannerError, match="nearest: gpus"):
        package.spread(plan, ["gpuss"])
    with pytest.raises(package.InputError, match="at least 1"):
        package.spread(plan, ["gpus"], draws=0)


# --- Where they stand ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", (60, 80, 100, 113, 114, 140))
def test_no_line_with_spans_is_too_wide(plan: Plan, drawn: Drawn, width: int) -> None:
    printed = lines(plan, width, drawn)
    assert max(map(len, printed)) <= width
    heads = next(line for line in printed if " before " in line)
    needed = next(line for line in printed if "GPUs needed" in line)
    assert heads.endswith(" P10-P90") == (width >= 80)
    assert ("█" in needed) == (width > 100)
    low, high = span(_FIGURES["gpus_required"](drawn))
    assert f"GPUs ({round(low, -1):,.0f} to {round(high, -1):,.0f})" in " ".join(printed[:5])
    if width in (80, 100):
        assert needed.endswith(f"{round(low, -1):.0f}-{round(high, -1):.0f}")


def test_years_are_the_same_with_and_without_spans(plan: Plan, drawn: Drawn) -> None:
    for width in (60, 80, 100):
        with_spans, without = (lines(plan, width, each) for each in (drawn, None))
        label = "ingest peak, Gb/s"
        one, other = (
            re.findall(r"[\d.,]+", next(line for line in each if label in line).partition(label)[2])
            for each in (with_spans, without)
        )
        assert one[: len(other)] == other


def test_the_headline_says_what_its_brackets_are_once(plan: Plan, drawn: Drawn) -> None:
    printed = " ".join(line.strip() for line in lines(plan, 100, drawn)[:9])
    peak = printed[printed.index("Peak need") : printed.index("Unit cost")]
    assert len(BRACKETS.findall(peak)) == 8  # GPUs, three tiers, in, OTA, power, TCO
    for low, high in BRACKETS.findall(peak):
        assert float(low.replace(",", "")) < float(high.replace(",", ""))
    assert peak.count("80 % of 256 draws") == 1


def test_where_the_plan_at_the_medians_stands_is_said(plan: Plan, drawn: Drawn) -> None:
    printed = " ".join(lines(plan, 100, drawn))
    fewer, less = re.findall(r"(\d+) % (?:of them need fewer GPUs|cost less)", printed)
    for share, name in ((fewer, "gpus_required"), (less, "tco")):
        read = _FIGURES[name]
        assert float(share) == pytest.approx(100 * np.mean(read(drawn) < read(plan)), abs=0.5)


def test_what_is_overridden_has_no_span() -> None:
    plan = load("test_fleet", set_quantity={"gpus_required": "2000"}).plan()
    found = lines(plan, 100, Drawn.of(plan.project, 16))
    row = next(line for line in found if "GPUs needed" in line)
    assert re.fullmatch(r"Compute GPUs needed +2,000 +2,000 +█+", row)
    printed = " ".join(found)
    assert "2,000 GPUs ·" in printed and "need fewer GPUs" not in printed
    assert BRACKETS.search(printed)


def test_without_uncertain_inputs_nothing_is_said_of_draws() -> None:
    project = load("test_fleet")
    certain = tuple(replace(row, distribution=None) for row in project.table.rows)
    project = replace(project, table=replace(project.table, rows=certain, correlations=()))
    plan = project.plan()
    assert lines(plan, 120, Drawn.of(project)) == lines(plan, 120, None)


@given(st.floats(0.1, 9.4e8))
def test_a_number_in_short_has_four_characters_and_two_digits(value: float) -> None:
    text = short_number(value)
    scale = {"k": 1e3, "M": 1e6, "G": 1e9}.get(text[-1], 1.0)
    assert len(text) <= 4
    assert float(text.rstrip("kMG")) * scale == pytest.approx(value, rel=0.05)


@pytest.mark.parametrize(
    ("value", "text"),
    (
        (0, "0"),
        (0.004, "<.01"),
        (0.0123, "0.01"),
        (0.256, "0.26"),
        (12.34, "12.3"),
        (1412, "1410"),
        (9996, "10k"),
        (64_321, "64k"),
        (-0.256, "-.26"),
        (-1412, "-1k"),
        (np.inf, "inf"),
    ),
)
def test_numbers_in_short(value: float, text: str) -> None:
    assert short_number(value) == text


# --- The command -----------------------------------------------------------------------------------------------------


def test_the_table_with_spans_is_as_agreed(
    planner: Planner, golden: Callable[[str, str], None]
) -> None:
    done = planner("size", MAIN)
    assert (done.code, done.err) == (0, "")
    golden("size_5pct_ev_market_spread.txt", done.out)
    assert "planner simulate scenarios/5pct_ev_market.yaml" in done.out.splitlines()[-1]


def test_json_has_percentiles_of_the_shape_of_the_values(planner: Planner) -> None:
    names = ("--quantities", "gpus_required,tco,storage_hot")
    done = planner("size", "test_fleet", "--json", "--spread", *names)
    document = json.loads(done.out)
    assert (document["draws"], document["seed"]) == (256, 1)
    for quantity in document["quantities"].values():
        assert list(quantity)[-4:] == ["values", "p10", "p50", "p90"]
        shapes = {np.shape(quantity[key]) for key in ("values", "p10", "p50", "p90")}
        assert len(shapes) == 1
        assert np.all(np.array(quantity["p10"]) <= np.array(quantity["p90"]))
    plain = json.loads(planner("size", "test_fleet", "--json", *names).out)
    assert "draws" not in plain
    for name, quantity in plain["quantities"].items():
        assert quantity.items() <= document["quantities"][name].items()


def test_csv_has_a_column_a_percentile(planner: Planner) -> None:
    names = ("--spread", "--quantities", "gpus_required,tco")
    rows = list(csv.DictReader(io.StringIO(planner("size", "test_fleet", "--csv", *names).out)))
    assert list(rows[0])[-4:] == ["value", "p10", "p50", "p90"]
    document = json.loads(planner("size", "test_fleet", "--json", *names).out)["quantities"]
    assert float(rows[-1]["p90"]) == document["tco"]["p90"]
    assert [float(row["p10"]) for row in rows[:-1]] == np.ravel(
        document["gpus_required"]["p10"]
    ).tolist()


@pytest.mark.parametrize(
    ("options", "words"),
    (
        (("--spread", "--no-spread"), "not both"),
        (("--spread", "--cash-flow"), "at the medians"),
    ),
)
def test_what_does_not_go_together_is_said(
    planner: Planner, options: tuple[str, ...], words: str
) -> None:
    done = planner("size", MAIN, *options)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_a_plan_that_cannot_be_drawn_is_printed_all_the_same(
    planner: Planner, tmp_path: object
) -> None:
    """A user's quantity that mixes draws is right for one plan, and refused for many."""
    module = f"{tmp_path}/mine.py"
    with open(module, "w", encoding="utf-8") as file:
        file.write(
            "from planner.graph import quantity\n\n\n"
            '@quantity(unit="USD", axes="")\n'
            "def tco(opex):\n"
            '    """What is paid."""\n'
            "    return opex.sum(keepdims=True)\n"
        )
    done = planner("size", "test_fleet", "--with", module)
    assert done.code == 0, done.err
    assert "Spread    none, because a draw is refused: tco: mixes draws" in done.out
    assert "P10" not in done.out
    refused = planner("size", "test_fleet", "--with", module, "--json", "--spread")
    assert refused.code != 0 and "tco" in refused.err and refused.out == ""
