"""Correlation matrices: groups, and the nearest that is possible."""

from __future__ import annotations

import numpy as np
import pytest

from planner.perf.correlations import blocks, nearest_correlation, positive_definite


def test_numbers_hang_together_by_pairs() -> None:
    found = blocks({(3, 1): 0.5, (1, 7): 0.2, (4, 5): -0.3})
    assert [list(members) for members, _ in found] == [[1, 3, 7], [4, 5]]
    np.testing.assert_array_equal(found[0][1], [[1, 0.5, 0.2], [0.5, 1, 0], [0.2, 0, 1]])
    np.testing.assert_array_equal(found[1][1], [[1, -0.3], [-0.3, 1]])
    assert blocks({}) == []


def test_three_numbers_cannot_all_move_against_each_other() -> None:
    opposed = np.where(np.eye(3, dtype=bool), 1.0, -0.6)
    assert not positive_definite(opposed)
    nearest = nearest_correlation(opposed, ~np.eye(3, dtype=bool))
    # Equal correlations of n numbers are possible down to -1/(n - 1).
    np.testing.assert_allclose(nearest[~np.eye(3, dtype=bool)], -0.5, atol=0.011)
    assert positive_definite(nearest)


def test_the_nearest_correlation_matrix_of_higham_2002() -> None:
    # Higham (2002), section 4: the nearest of [[1, 1, 0], [1, 1, 1], [0, 1, 1]] has 0.7607 and 0.1573.
    matrix = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
    nearest = nearest_correlation(matrix, ~np.eye(3, dtype=bool))
    assert nearest[0, 1] == pytest.approx(0.7607, abs=0.011)
    assert nearest[0, 2] == pytest.approx(0.1573, abs=0.011)
    assert positive_definite(nearest)


def test_what_is_not_declared_stays_uncorrelated() -> None:
    matrix = np.array([[1.0, 0.9, 0.0], [0.9, 1.0, 0.9], [0.0, 0.9, 1.0]])
    declared = (matrix != 0) & ~np.eye(3, dtype=bool)
    nearest = nearest_correlation(matrix, declared)
    assert nearest[0, 2] == 0.0
    # Two correlations r of one number with two that know nothing of each other: 2 r^2 < 1.
    assert nearest[0, 1] == pytest.approx(np.sqrt(0.5), abs=0.011)
    assert positive_definite(nearest)
