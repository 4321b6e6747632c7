"""Arrays of one rank: reductions keep dimensions, so that broadcasting is always right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.axes import (
    AXES,
    DRAW,
    HARDWARE,
    HOUR,
    MONTH,
    RANK,
    REGION,
    SITE,
    Array,
    AxisError,
    Labels,
    cumulative,
    first,
    lowest,
    once,
    parse_axes,
    peak,
    place,
    product,
    shape_of,
    spread,
    summed,
    take,
    total,
)

BY_HOUR = place(np.arange(24.0).reshape(2, 3, 4), MONTH, HOUR, REGION)


def test_axes_come_in_the_order_of_the_design() -> None:
    assert AXES[DRAW] == "draw"
    assert AXES[REGION] == "region"
    assert AXES[HARDWARE] == "hardware"
    assert RANK == len(AXES) == 19


def test_reductions_keep_the_rank() -> None:
    for reduced in (total(BY_HOUR, HOUR), peak(BY_HOUR, HOUR), lowest(BY_HOUR, HOUR)):
        assert reduced.shape == shape_of((MONTH, REGION), {MONTH: 2, REGION: 4})
    assert total(BY_HOUR, MONTH, HOUR, REGION).item() == np.arange(24).sum()


def test_values_placed_on_axes_come_back_unchanged() -> None:
    assert BY_HOUR.shape == shape_of((MONTH, HOUR, REGION), {MONTH: 2, HOUR: 3, REGION: 4})
    assert np.array_equal(BY_HOUR.squeeze(), np.arange(24.0).reshape(2, 3, 4))
    assert place(3).shape == (1,) * RANK


def test_axes_out_of_order_are_refused_rather_than_transposed() -> None:
    with pytest.raises(AxisError, match=r"fixed order.*region, month"):
        place(np.ones((2, 3)), REGION, MONTH)


def test_wrong_number_of_dimensions_names_the_axes() -> None:
    with pytest.raises(AxisError, match="2 dimensions cannot be placed on month"):
        place(np.ones((2, 3)), MONTH)


def is_at_most_sum_of_peaks(candidate: Callable[[Array], Array]) -> None:
    @settings(derandomize=True)
    @given(st.lists(st.floats(0, 1e6), min_size=24, max_size=24))
    def holds(values: list[float]) -> None:
        x = place(np.reshape(values, (6, 4)), HOUR, REGION)
        assert candidate(x).item() <= total(peak(x, HOUR), REGION).item() * (1 + 1e-12)

    holds()


def test_peak_of_sum_is_at_most_sum_of_peaks() -> None:
    is_at_most_sum_of_peaks(lambda x: peak(total(x, REGION), HOUR))


def test_that_property_finds_a_sum_taken_for_a_peak() -> None:
    with pytest.raises(AssertionError):
        is_at_most_sum_of_peaks(lambda x: total(total(x, REGION), HOUR))


def test_take_keeps_the_axis_and_counts_from_the_end() -> None:
    assert take(BY_HOUR, MONTH, -1).shape[MONTH] == 1
    assert np.array_equal(take(BY_HOUR, MONTH, -1), take(BY_HOUR, MONTH, 1))
    assert np.array_equal(first(BY_HOUR, HOUR), BY_HOUR[:, :, :1])


def test_take_where_nothing_varies_gives_the_same_array() -> None:
    assert take(BY_HOUR, SITE, 5) is BY_HOUR


def test_take_outside_the_axis_is_refused() -> None:
    with pytest.raises(AxisError, match="position 2 is outside the 2 of the axis month"):
        take(BY_HOUR, MONTH, 2)


def test_cumulative_ends_at_the_total() -> None:
    assert np.array_equal(take(cumulative(BY_HOUR, MONTH), MONTH, -1), total(BY_HOUR, MONTH))


def test_spread_makes_a_constant_count_in_every_position() -> None:
    assert total(place(2.0), MONTH).item() == 2
    assert total(spread(place(2.0), MONTH, 12), MONTH).item() == 24


def test_axes_are_read_in_any_order_and_kept_in_the_fixed_one() -> None:
    assert parse_axes("region, month") == (MONTH, REGION)
    assert parse_axes("") == ()


def test_misspelt_axis_is_refused_with_the_nearest() -> None:
    with pytest.raises(AxisError, match='"regoin" is not an axis; nearest: region'):
        parse_axes("month regoin")
    with pytest.raises(AxisError, match="twice"):
        parse_axes("month month")


def test_labels_give_sizes_and_positions() -> None:
    labels = Labels.of(month=["2024-01", "2024-02"], region=["japan"])
    assert labels.sizes[MONTH] == 2
    assert labels.sizes[SITE] == 1
    assert labels[REGION] == ("japan",)
    assert labels.index(MONTH, "2024-02") == 1


def test_unknown_label_is_refused_with_the_nearest() -> None:
    labels = Labels.of(region=["japan", "taiwan"])
    with pytest.raises(AxisError, match='"tawian" is not on the axis region; nearest: taiwan'):
        labels.index(REGION, "tawian")
    with pytest.raises(AxisError, match="axis region has a label twice"):
        Labels.of(region=["japan", "japan"])


# --- What is the same at several positions ---------------------------------------------------------------------------


def test_a_function_is_asked_once_for_like_positions_and_not_for_those_with_nothing() -> None:
    load = place(np.array([[2.0, 2.0, 0.0, 5.0, 2.0]]), DRAW, SITE)
    other = place(np.array([1.0, 1.0, 1.0, 1.0, 3.0]), SITE)
    asked: list[int] = []

    def double(x: Array, y: Array) -> Array:
        asked.append(x.shape[SITE])
        return 2 * x + 0 * y

    found = once(double, SITE, load, other)
    assert asked == [3]  # 2 with 1, 5 with 1, 2 with 3
    assert found.ravel().tolist() == [4.0, 4.0, 0.0, 10.0, 4.0]


def test_positions_that_differ_in_one_draw_are_asked_for_each() -> None:
    load = place(np.array([[1.0, 1.0], [1.0, 2.0]]), DRAW, SITE)
    assert once(lambda x: x * 3, SITE, load).reshape(2, 2).tolist() == [[3.0, 3.0], [3.0, 6.0]]
    assert not once(lambda x: x / 0, SITE, 0 * load).any()


def test_a_product_has_the_draws_of_one_factor_side_by_side() -> None:
    x, y = place(np.arange(6.0).reshape(3, 2), DRAW, MONTH), place(np.arange(4.0), SITE)
    found = product(x, y)
    assert np.array_equal(found, x * y)
    assert found.strides[DRAW] == found.itemsize


def test_a_sum_of_products_takes_its_factors_in_either_order() -> None:
    chance = np.random.default_rng(3)
    hours = place(chance.random((4, 3, 2)), HOUR, REGION, SITE)
    flows = place(chance.random((5, 6, 3)), DRAW, MONTH, REGION)
    expected = total(hours * flows, REGION)
    for found in (summed(hours, flows, REGION), summed(flows, hours, REGION)):
        assert found == pytest.approx(expected, rel=1e-12)
    assert np.array_equal(summed(hours, flows[1:2], REGION), summed(hours, flows, REGION)[1:2])
