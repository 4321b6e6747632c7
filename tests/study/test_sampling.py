"""Draws: Sobol's points, slices of them, correlated normal scores."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from scipy.stats import qmc

import planner
from planner.axes import Array
from planner.inputs.leaves import Correlation, LeafTable
from planner.perf.distributions import Distribution
from planner.study import Sampler, sobol
from planner.study.sobol import Sobol
from tests.study.sobol_table import table as scipys_table


@pytest.fixture(scope="module")
def table() -> LeafTable:
    """A plan's inputs, each by itself."""
    return replace(planner.load("test_fleet").table, correlations=())


def test_the_table_is_joe_and_kuos() -> None:
    held = sobol._table()
    for mine, theirs in zip(held, scipys_table().values(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert sobol.dimensions_of_table() == 4096


def test_unscrambled_points_are_scipys() -> None:
    mine = Sobol(500, None).integers(0, 1024)
    oracle = qmc.Sobol(500, scramble=False, bits=32).random(1024)
    np.testing.assert_array_equal(mine * 2.0**-32, oracle.T)
    late = qmc.Sobol(20, scramble=False, bits=32).fast_forward(2**20 - 3).random(8)
    np.testing.assert_array_equal(Sobol(20, None).integers(2**20 - 3, 2**20 + 5) / 2.0**32, late.T)


def test_the_last_dimension_of_the_table_is_scipys() -> None:
    mine = Sobol(4096, None).integers(0, 64)[-1]
    oracle = qmc.Sobol(4096, scramble=False, bits=32).random(64)[:, -1]
    np.testing.assert_array_equal(mine * 2.0**-32, oracle)


@pytest.mark.parametrize("seed", [0, 1, 2**64 - 1])
def test_scrambled_points_stay_evenly_spread(seed: int) -> None:
    points = Sobol(300, seed).points(0, 256)
    assert points.min() > 0.0 and points.max() < 1.0
    # Each of 256 equal cells of every dimension has one of 256 points.
    cells = np.sort((points * 256).astype(int), axis=1)
    assert (cells == np.arange(256)).all()
    # And in the plane of the first two dimensions each cell of 16 by 16 has one.
    assert len(set(zip(*(points[:2] * 16).astype(int), strict=True))) == 256


def test_seeds_and_dimensions_differ() -> None:
    one, other = Sobol(50, 1).points(0, 512), Sobol(50, 2).points(0, 512)
    assert np.abs(np.corrcoef(one)[~np.eye(50, dtype=bool)]).max() < 0.5
    assert (one != other).mean() > 0.99
    # A dimension's points depend on the seed and on itself: others may come or go behind it.
    np.testing.assert_array_equal(one[:20], Sobol(20, 1).points(0, 512))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 1500), min_size=2, max_size=5, unique=True), st.integers(0, 3))
def test_slices_are_the_whole(cuts: list[int], seed: int) -> None:
    sequence = Sobol(7, seed)
    cuts = sorted(cuts)
    parts = [sequence.integers(a, b) for a, b in pairwise(cuts)]
    np.testing.assert_array_equal(np.hstack(parts), sequence.integers(cuts[0], cuts[-1]))


def with_correlations(table: LeafTable, value: float) -> tuple[LeafTable, list[int]]:
    """The table with its first four uncertain numbers correlated in a chain."""
    plain = Sampler.of(table)
    names = plain.dimensions[:4]
    pairs = tuple(Correlation((one, other), value) for one, other in pairwise(names))
    return replace(table, correlations=pairs), [0, 1, 2, 3]


def test_draws_are_the_same_in_any_chunks(table: LeafTable) -> None:
    correlated, _ = with_correlations(table, 0.5)
    sampler = Sampler.of(correlated, seed=7)
    whole = sampler.draws(0, 300)
    for step in (1, 7, 256):
        parts = [
            Sampler.of(correlated, seed=7).draws(start, min(start + step, 300))
            for start in ([290] if step == 1 else range(0, 300, step))
        ]
        for row, values in whole.items():
            found = np.concatenate([part[row] for part in parts])
            expected = values[290:291] if step == 1 else values
            assert (found == expected).all()


def scores(sampler: Sampler, draws: int) -> Array:
    return np.asarray(special.ndtri(sampler.probabilities(0, draws)))


def test_normal_scores_have_the_declared_correlations(table: LeafTable) -> None:
    correlated, members = with_correlations(table, 0.6)
    found = np.corrcoef(scores(Sampler.of(correlated), 4096))
    for one in members:
        for other in members:
            expected = {0: 1.0, 1: 0.6}.get(abs(one - other), 0.0)
            assert found[one, other] == pytest.approx(expected, abs=0.02)
    assert abs(found[0, 10]) < 0.05
    # What is correlated is still drawn from its own distribution.
    points = Sampler.of(correlated).probabilities(0, 4096)[members]
    np.testing.assert_allclose(
        np.quantile(points, [0.1, 0.5, 0.9], axis=1).T, [[0.1, 0.5, 0.9]] * 4, atol=0.01
    )


def test_the_middle_of_many_draws_is_the_plan(table: LeafTable) -> None:
    sampler = Sampler.of(table)
    drawn, medians = sampler.draws(0, 2048), sampler.medians()
    assert drawn.keys() == medians.keys()
    for index in sampler.rows:
        row = table.rows[index]
        assert list(medians[index]) == [row.value]
        below = (drawn[index] <= row.value * (1 + 1e-12)).mean()
        above = (drawn[index] >= row.value * (1 - 1e-12)).mean()
        assert below >= 0.498 and above >= 0.498, row.path
        assert row.least is None or drawn[index].min() >= row.least
        assert row.most is None or drawn[index].max() <= row.most
        assert row.above is None or drawn[index].min() > row.above
        if row.distribution is not None and row.distribution.family != "discrete":
            share = (drawn[index] <= (row.low or 0.0) * (1 + 1e-12)).mean()
            assert row.distribution.whole or share == pytest.approx(0.1, abs=0.002), row.path


def test_the_widest_spreads_have_the_first_dimensions(table: LeafTable) -> None:
    sampler = Sampler.of(table)
    width = {
        table.rows[i].number: (table.rows[i].high or 0) - (table.rows[i].low or 0)
        for i in sampler.rows
    }
    base = {table.rows[i].number: table.rows[i].value for i in sampler.rows}
    relative = [width[name] / base[name] for name in sampler.dimensions]
    assert relative == sorted(relative, reverse=True)
    # No two of the twenty that matter most move together by the way in which points are spread.
    assert np.abs(np.corrcoef(Sobol(20, 1).points(0, 256))[~np.eye(20, dtype=bool)]).max() < 0.2


@pytest.mark.parametrize(
    "options",
    [{"set": {"labels.price": "0.02 USD"}}, {"set": "fleet.life=9 year"}, {"hardware": "dgx_h100"}],
    ids=str,
)
def test_a_what_if_has_the_same_draws_of_all_that_it_leaves_alone(options: dict[str, Any]) -> None:
    plain, changed = planner.load("5pct_ev_market"), planner.load("5pct_ev_market", **options)
    # Other partners of a correlation move what it is made of, and rightly so.
    tables = [replace(project.table, correlations=()) for project in (plain, changed)]
    before = Sampler.of(tables[0])
    after = Sampler.of(tables[1], as_written=changed.as_written)
    assert set(before.dimensions) != set(after.dimensions)
    points = dict(zip(before.dimensions, before.probabilities(0, 16), strict=True))
    both = [
        (name, row) for name, row in zip(after.dimensions, after.probabilities(0, 16), strict=True)
    ]
    assert sum(name in points for name, _ in both) > 250
    for name, row in both:
        if name in points:
            np.testing.assert_array_equal(row, points[name], err_msg=name)


def test_a_scenario_that_only_a_change_makes_whole_has_draws_too(tmp_path: Path) -> None:
    file = tmp_path / "half.yaml"
    file.write_text("extends: 5pct_ev_market.yaml\nmarket: {share: 700 %}\n", encoding="utf-8")
    project = planner.load(file, set={"market.share": "7 %"})
    assert project.as_written is project.table
    assert Sampler.of(project.table, as_written=project.as_written).dimensions


def test_knots_of_a_series_rise_and_fall_together(table: LeafTable) -> None:
    wide = replace(
        table,
        rows=tuple(
            replace(
                row, distribution=Distribution("uniform", (0.0, row.value)), number="one.series"
            )
            if i < 2
            else row
            for i, row in enumerate(table.rows)
        ),
    )
    sampler = Sampler.of(wide)
    drawn = sampler.draws(0, 64)
    assert sampler.dimensions.count("one.series") == 1
    np.testing.assert_allclose(
        drawn[0] * wide.rows[1].value, drawn[1] * wide.rows[0].value, rtol=1e-12
    )


def test_a_number_that_is_in_two_leaves_is_drawn_once() -> None:
    # The grid of the region that a site stands in, for instance, is also that of the vehicles sold there.
    rows = planner.load("5pct_ev_market").table.rows
    sampler = Sampler.of(planner.load("5pct_ev_market").table)
    drawn = sampler.draws(0, 8)
    first: dict[str, int] = {}
    shared = [(first.setdefault(rows[i].path, i), i) for i in sampler.rows]
    twice = [(one, other) for one, other in shared if one != other]
    assert twice
    for one, other in twice:
        np.testing.assert_array_equal(drawn[one], drawn[other])


def test_dimensions_beyond_the_table_are_random_and_sliceable(
    table: LeafTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planner.study.sampling.dimensions_of_table", lambda: 3)
    sampler = Sampler.of(table)
    whole = sampler.probabilities(0, 1003)
    assert whole.min() > 0.0 and whole.max() < 1.0
    assert np.abs(np.corrcoef(whole)[~np.eye(len(whole), dtype=bool)]).max() < 0.2
    parts = [sampler.probabilities(a, b) for a, b in ((0, 5), (5, 6), (6, 1003))]
    np.testing.assert_array_equal(np.hstack(parts), whole)


def without(table: LeafTable, number: str) -> LeafTable:
    """The table in which a number is certain."""
    rows = (replace(row, distribution=None) if row.number == number else row for row in table.rows)
    return replace(table, rows=tuple(rows))


def test_numbers_beyond_the_table_keep_their_places_too(
    table: LeafTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planner.study.sampling.dimensions_of_table", lambda: 3)
    usual = Sampler.of(table)
    settled = Sampler.of(without(table, usual.dimensions[5]), as_written=table)
    points = dict(zip(usual.dimensions, usual.probabilities(0, 64), strict=True))
    found = dict(zip(settled.dimensions, settled.probabilities(0, 64), strict=True))
    assert points.keys() - found.keys() == {usual.dimensions[5]}
    for name, row in found.items():
        np.testing.assert_array_equal(row, points[name], err_msg=name)


def test_what_moves_together_does_so_where_a_number_before_it_is_settled(table: LeafTable) -> None:
    correlated, _ = with_correlations(table, 0.5)
    usual = Sampler.of(correlated)
    first, *others = usual.dimensions[:4]
    left = tuple(each for each in correlated.correlations if first not in each.of)
    settled = without(replace(correlated, correlations=left), first)
    sampler = Sampler.of(settled, as_written=correlated)
    assert list(sampler.dimensions[:3]) == others
    together = np.corrcoef(scores(sampler, 1024))
    np.testing.assert_allclose(together[[0, 1], [1, 2]], 0.5, atol=0.02)
    assert np.median(np.abs(together[3:, :3])) < 0.01


def test_a_seed_is_a_whole_number(table: LeafTable) -> None:
    with pytest.raises(ValueError, match="seed -1; expected a whole number"):
        Sampler.of(table, seed=-1)
