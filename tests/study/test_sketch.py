"""What a sketch promises: quantiles to half a per cent, and the same bits however the draws are parted."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from planner.study.sketch import ACCURACY, Sketch, keys_of, merged, values_of

LEVELS = (0.0, 0.1, 0.37, 0.5, 0.9, 1.0)
ANY = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-1e3, 1e3),
    st.sampled_from((0.0, -0.0, 5e-324, 1e-300, 1.7e308, -1.7e308)),
)
VALUES = npst.arrays(np.float64, st.tuples(st.integers(1, 3), st.integers(1, 30)), elements=ANY)


def same(a: Sketch, b: Sketch) -> bool:
    return all(
        x.dtype == y.dtype and np.array_equal(x, y)
        for x, y in zip((a.runs, a.keys, a.counts), (b.runs, b.keys, b.counts), strict=True)
    )


@given(VALUES)
def test_a_value_is_known_to_half_a_per_cent(values: np.ndarray) -> None:
    found = values_of(keys_of(values))
    assert np.all(np.abs(found - values) <= ACCURACY * (1 + 1e-9) * np.abs(values) + 1e-323)


@given(VALUES)
def test_quantiles_are_as_close_as_the_draws_around_them(values: np.ndarray) -> None:
    found = Sketch.of(values).quantiles(LEVELS)
    ordered = np.sort(values, axis=1)
    for level, estimate in zip(LEVELS, found, strict=True):
        place = level * (values.shape[1] - 1)
        low = ordered[:, int(place)]
        high = ordered[:, min(int(place) + 1, values.shape[1] - 1)]
        share = place - int(place)
        with np.errstate(over="ignore"):
            exact = low * (1 - share) + high * share
            room = ACCURACY * (1 + 1e-9) * (np.abs(low) * (1 - share) + np.abs(high) * share)
        slack = room * (1 + 1e-12) + 1e-12 * np.abs(exact) + 1e-323
        assert np.all(np.abs(estimate - exact) <= slack)


def test_a_quantile_between_the_far_ends_of_numbers_is_a_number() -> None:
    """Their difference is more than a float can say."""
    (middle,) = Sketch.of(np.array([[-1.7e308, 1.7e308]])).quantiles([0.5])
    assert abs(middle[0]) <= ACCURACY * 1.7e308


def test_larger_values_never_have_smaller_keys() -> None:
    values = np.sort(
        np.concatenate([[0.0, np.inf, -np.inf], np.random.default_rng(2).normal(size=999)])
    )
    assert np.all(np.diff(keys_of(values)) >= 0)


@settings(max_examples=50)
@given(VALUES, st.data())
def test_parts_add_up_to_the_whole_in_any_order(values: np.ndarray, data: st.DataObject) -> None:
    draws = values.shape[1]
    cuts = sorted(data.draw(st.sets(st.integers(1, draws - 1), max_size=4)) if draws > 1 else [])
    parts = [Sketch.of(part) for part in np.split(values, cuts, axis=1)]
    shuffled = data.draw(st.permutations(parts))
    whole = Sketch.of(values)
    assert same(merged(shuffled), whole)
    assert same(merged([merged(shuffled[:1]), *shuffled[1:]]), whole)


def test_sketches_of_nothing_add_up_to_nothing() -> None:
    nothing = [Sketch.of(np.empty((0, draws))) for draws in (3, 5)]
    assert same(merged(nothing), nothing[0])


def test_infinite_draws_are_kept_apart() -> None:
    sketch = Sketch.of(np.array([[1.0, 2.0, np.inf, np.inf], [-np.inf, 0.0, 0.0, 5.0]]))
    assert sketch.quantiles((0.0, 1.0)).tolist()[1] == [
        np.inf,
        values_of(keys_of(np.array([5.0])))[0],
    ]
    assert sketch.quantiles((0.0, 1.0)).tolist()[0][1] == -np.inf


def test_it_survives_being_written_in_few_bytes() -> None:
    sketch = Sketch.of(np.random.default_rng(1).lognormal(size=(5, 400)))
    arrays = sketch.arrays()
    assert arrays[2].dtype == np.uint8
    assert same(Sketch.from_arrays(*arrays), sketch)


def test_the_mean_is_as_close_as_the_values() -> None:
    values = np.random.default_rng(1).lognormal(size=(5, 4000))
    assert np.all(np.abs(Sketch.of(values).means() / values.mean(axis=1) - 1) < ACCURACY)


def test_a_sketch_of_many_draws_is_small() -> None:
    values = np.random.default_rng(1).lognormal(sigma=2.0, size=(1, 100_000))
    assert len(Sketch.of(values).keys) < 2_000
