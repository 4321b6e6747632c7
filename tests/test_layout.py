"""Arrays with draws side by side: running sums, lookups and columns give what NumPy gives one number at a time."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import DRAW, MONTH, SITE, combined, concatenate, mapped, place, rows_of, running


@pytest.mark.parametrize("step", [np.add, np.maximum])
@pytest.mark.parametrize("beside", [1, 300])  # by NumPy, and one position at a time
def test_a_running_sum_has_the_same_bits_however_many_numbers_lie_beside(
    step: np.ufunc, beside: int
) -> None:
    x = np.random.default_rng(3).random((beside, 40, 2))
    assert np.array_equal(running(step, x, 1), step.accumulate(x, axis=1))
    assert running(step, x[:, :0], 1).shape == (beside, 0, 2)


@pytest.mark.parametrize("others", [(3, 5), (1, 5), (3, 1), (1, 1)])
def test_rows_are_looked_up_at_each_place_and_draw(others: tuple[int, ...]) -> None:
    generator = np.random.default_rng(4)
    table, row = generator.random((9, 3, 5)), generator.integers(0, 9, (7, *others))
    everywhere = np.broadcast_to(row, (7, 3, 5))
    assert np.array_equal(rows_of(table, row), np.take_along_axis(table, everywhere, axis=0))


def test_draws_lie_side_by_side_where_only_one_of_two_arrays_has_them() -> None:
    by_draw = place(np.arange(1.0, 6.0).reshape(5, 1), DRAW, SITE)
    by_place = place(np.arange(1.0, 7.0).reshape(2, 3), MONTH, SITE)
    joined = concatenate(SITE, by_place, by_draw)
    assert np.array_equal(joined[4], concatenate(SITE, by_place, by_draw[4:])[0])
    for each in (
        combined(np.divide, by_place, by_draw),
        joined,
        mapped(by_place / by_draw, np.ones((3, 3)), SITE),
    ):
        assert each.strides[DRAW] == each.itemsize
    assert np.array_equal(combined(np.divide, by_place, by_draw), by_place / by_draw)
