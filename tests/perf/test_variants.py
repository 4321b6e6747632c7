"""Model years: when a build begins and ends, and how many are in support."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.perf.variants import builds_in_support, ends_of_model_years


def sold(*months: int, of: int = 36) -> np.ndarray:
    flags = np.zeros((1, of, 1), dtype=bool)
    flags[0, list(months), 0] = True
    return flags


def supported(flags: np.ndarray, first: int, support: int) -> list[float]:
    return builds_in_support(flags, first, np.array([support])).ravel().tolist()


def test_a_model_year_runs_from_its_first_to_its_last_sale() -> None:
    begins, ends = ends_of_model_years(sold(3, 5, 7, 14), 0)
    assert np.flatnonzero(begins).tolist() == [3, 14]
    assert np.flatnonzero(ends).tolist() == [7, 14]


def test_december_and_january_are_two_model_years() -> None:
    # The first month is an October: months 2 and 3 are December and January.
    begins, ends = ends_of_model_years(sold(2, 3), 9)
    assert np.flatnonzero(begins).tolist() == [2, 3]
    assert np.flatnonzero(ends).tolist() == [2, 3]


def test_support_lasts_from_the_first_sale_until_months_after_the_last() -> None:
    # On sale in months 2 to 4, supported for 6 months after: 2 to 10.
    found = supported(sold(2, 3, 4, of=14), 0, 6)
    assert found == [0, 0, *[1] * 9, 0, 0, 0]


def test_no_support_ends_with_the_last_sale() -> None:
    assert supported(sold(2, 4, of=6), 0, 0) == [0, 0, 1, 1, 1, 0]


def test_model_years_add_up_while_their_support_lasts() -> None:
    always = np.ones((1, 48, 1), dtype=bool)
    found = supported(always, 0, 24)
    # The year on sale, and those that ended in the 24 months before.
    assert [found[month] for month in (0, 11, 12, 24, 35, 36, 47)] == [1, 1, 2, 3, 3, 3, 3]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.lists(st.booleans(), min_size=1, max_size=60),
    st.integers(0, 11),
    st.integers(0, 70),
)
def test_counting_builds_one_by_one_gives_the_same(months, first, support) -> None:
    flags = np.array(months, dtype=bool).reshape(1, -1, 1)
    expected = np.zeros(len(months))
    for year in {(index + first) // 12 for index in range(len(months))}:
        mine = [i for i, flag in enumerate(months) if flag and (i + first) // 12 == year]
        if mine:
            expected[mine[0] : mine[-1] + support + 1] += 1
    assert supported(flags, first, support) == expected.tolist()


def test_each_draw_has_its_own_support() -> None:
    found = builds_in_support(sold(0, of=6), 0, np.array([1, 3]))
    assert found[:, :, 0].sum(axis=1).tolist() == [2, 4]
