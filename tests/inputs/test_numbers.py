"""How numbers are written, and what is said about those that are written wrong."""

from __future__ import annotations

import re
from typing import Annotated, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.inputs.numbers import Leaf, Series, month_index, month_label
from planner.inputs.profiles import Entity
from planner.perf.distributions import quantile

SHARE = Leaf("1", "a share", least=0, most=1)
POWER = Leaf("watt", "a power", above=0)
COUNT = Leaf("1", "a count", least=1, whole=True)
DAYS = Leaf("day", "a time", least=0, most=1000)


def fault(leaf: Leaf, raw: Any, read: str = "cell") -> str:
    with pytest.raises(ValueError) as caught:
        getattr(leaf, read)(raw)
    return str(caught.value)


@pytest.mark.parametrize(
    ("leaf", "raw", "value", "unit"),
    [
        (SHARE, "45 %", 0.45, "%"),
        (SHARE, "100 %", 1.0, "%"),
        (SHARE, "1e-1", 0.1, "1"),
        (POWER, "10.2 kW", 10_200, "kW"),
        (COUNT, "1_024", 1024, "1"),
        (DAYS, "2 week", 14 * 86_400, "week"),
        (DAYS, "1000 day", 1000 * 86_400, "day"),
        (DAYS, "0", 0, "day"),
    ],
)
def test_a_number_is_held_in_base_units_and_knows_its_own(
    leaf: Leaf, raw: str, value: float, unit: str
) -> None:
    cell = leaf.cell(raw)
    assert cell.value == pytest.approx(value, rel=1e-15)
    assert cell.unit == unit


@pytest.mark.parametrize(
    ("leaf", "raw", "words"),
    [
        (SHARE, "101 %", ["101 % is above the greatest value 1"]),
        (SHARE, "-0.1", ["-0.1 is below the least value 0"]),
        (POWER, "0 W", ["0 W must be above 0 watt"]),
        (COUNT, "2.5", ["2.5 is not a whole number"]),
        (DAYS, "3 year", ["3 year is above the greatest value 1000 day"]),
        (POWER, "20 MWh", ['"20 MWh" is an energy; expected a power such as "20 MW"']),
        (POWER, "700", ['"700" has no unit; expected a power']),
        (POWER, "700 Wt", ['"Wt" is not a unit; nearest: ']),
        (POWER, "1e31 W", ["beyond any physical size"]),
        (POWER, "many", ["is not a number with a unit"]),
        (POWER, None, ["expected a power such as 1 watt"]),
        (POWER, ["1 W"], ["expected a power such as 1 watt"]),
    ],
)
def test_a_wrong_number_is_refused_in_words(leaf: Leaf, raw: Any, words: list[str]) -> None:
    message = fault(leaf, raw)
    assert all(word in message for word in words), message


def test_a_mapping_says_where_a_number_comes_from() -> None:
    cell = POWER.cell({"value": "700 W", "source": "data sheet", "confidence": "published"})
    assert (cell.value, cell.source, cell.confidence) == (700.0, "data sheet", "published")
    assert cell.low is None and cell.high is None


def test_the_median_is_the_value_of_a_range() -> None:
    cell = POWER.cell({"low": "0.5 kW", "base": "700 W", "high": "1 kW", "confidence": "assumed"})
    assert (cell.low, cell.value, cell.high) == (500.0, 700.0, 1000.0)
    assert cell.unit == "W"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"low": "3 W", "base": "2 W", "high": "4 W"}, "expected low <= base <= high"),
        ({"low": "1 W", "base": "2 W", "high": "1.5 W"}, "expected low <= base <= high"),
        ({"base": "2 W"}, "low and high missing; expected value, or low, base, high"),
        ({"value": "1 W", "low": "1 W"}, "give either value, or low, base and high"),
        ({"source": "nowhere"}, "low and base and high missing"),
        ({"value": "1 W", "sorce": "x"}, 'unknown key "sorce" in a number; nearest: source'),
        ({"value": "1 W", "confidence": "mesured"}, '"mesured" is unknown; nearest: measured'),
        ({"value": "1 W", "source": " "}, "source: expected text"),
        ({"low": "0 W", "base": "1 W", "high": "2 W"}, "0 W must be above 0 watt"),
        ({"value": {"value": "1 W"}}, "expected a power"),
    ],
)
def test_a_wrong_mapping_is_refused_in_words(raw: Any, words: str) -> None:
    assert words in fault(POWER, raw)


def test_the_span_of_a_choice_is_kept_and_not_drawn() -> None:
    span = {"low": "0.5 kW", "base": "0.5 kW", "high": "1 kW"}
    cell = POWER.cell({**span, "choice": "true"})
    assert (cell.low, cell.value, cell.high) == (500.0, 500.0, 1000.0)
    assert cell.distribution is None
    # Without that word the three are percentiles, and no distribution has these.
    assert "no metalog" in fault(POWER, span)


def test_a_choice_without_a_span_is_a_mistake() -> None:
    """A distribution that says it is a choice would be drawn all the same."""
    said = "choice: expected low, base and high"
    assert said in fault(POWER, {"uniform": {"least": "1 W", "most": "2 W"}, "choice": "true"})
    assert said in fault(POWER, {"value": "1 W", "choice": "true"})


def test_a_choice_is_true_or_false() -> None:
    span = {"low": "0.5 kW", "base": "0.7 kW", "high": "1 kW"}
    assert POWER.cell({**span, "choice": "false"}) == POWER.cell(span)
    assert 'choice: "mine"; expected true or false' in fault(POWER, {**span, "choice": "mine"})


def test_percentiles_may_be_named_by_their_number() -> None:
    one = POWER.cell({"low": "0.5 kW", "base": "700 W", "high": "1 kW"})
    other = POWER.cell({"p10": "0.5 kW", "p50": "700 W", "p90": "1 kW"})
    assert one == other
    assert one.distribution is not None


@pytest.mark.parametrize(
    ("leaf", "raw", "expected"),
    [
        (POWER, {"uniform": {"least": "1 kW", "most": "3 kW"}}, (1200, 2000, 2800)),
        (
            POWER,
            # The median of a triangle with its mode at an end: most - (most - least) / sqrt(2), and so on.
            {"triangular": {"least": "1 kW", "mode": "1 kW", "most": "2 kW"}},
            (2000 - 1000 * 0.9**0.5, 2000 - 1000 * 0.5**0.5, 2000 - 1000 * 0.1**0.5),
        ),
        (POWER, {"normal": {"mean": "1 kW", "sd": "100 W"}}, (871.8448, 1000, 1128.1552)),
        (POWER, {"lognormal": {"median": "1 kW", "sigma": 0.5}}, (526.88352, 1000, 1897.95271)),
        (SHARE, {"beta": {"alpha": 1, "beta": 1}}, (0.1, 0.5, 0.9)),
        (SHARE, {"beta": {"alpha": 1, "beta": 1, "most": "40 %"}}, (0.04, 0.2, 0.36)),
        (
            COUNT,
            {"discrete": [{"value": 4, "weight": 1}, {"value": 1, "weight": 3}]},
            (1, 1, 4),
        ),
        (COUNT, {"uniform": {"least": 1, "most": 8}}, (2, 4, 7)),
        # The normal leaves what a share can be: its percentiles are clipped.
        (SHARE, {"normal": {"mean": "90 %", "sd": "20 %"}}, (0.643690, 0.9, 1.0)),
    ],
)
def test_a_family_has_its_median_for_value(
    leaf: Leaf, raw: dict[str, Any], expected: tuple[float, float, float]
) -> None:
    cell = leaf.cell({**raw, "source": "own", "confidence": "assumed"})
    assert (cell.low, cell.value, cell.high) == pytest.approx(expected, rel=1e-6)
    assert (cell.source, cell.confidence) == ("own", "assumed")
    assert cell.distribution is not None
    assert float(quantile(cell.distribution, np.array([0.5]))[0]) == cell.value


@pytest.mark.parametrize(
    ("leaf", "raw", "words"),
    [
        (POWER, {"low": "1 W", "p50": "2 W"}, "give either low, base, high or p10, p50, p90"),
        (POWER, {"value": "1 W", "uniform": {}}, "give either value or uniform"),
        (POWER, {"p10": "1 W", "p50": "2 W"}, "p90 missing; expected p10, p50, p90"),
        (POWER, {"p10": "3 W", "p50": "2 W", "p90": "4 W"}, "expected p10 <= p50 <= p90"),
        (POWER, {"unifrm": {}}, 'unknown key "unifrm" in a number; nearest: uniform'),
        (POWER, {"uniform": {"least": "1 W", "mast": "2 W"}}, 'unknown key "mast"; nearest: most'),
        (POWER, {"uniform": {"least": "1 W"}}, "uniform: most missing; expected least, most"),
        (POWER, {"uniform": "1 W"}, "uniform: expected a mapping with least, most"),
        (POWER, {"uniform": {"least": "2 W", "most": "1 W"}}, "uniform: expected least < most"),
        (
            POWER,
            {"triangular": {"least": "1 W", "mode": "4 W", "most": "3 W"}},
            "the mode between them",
        ),
        (POWER, {"normal": {"mean": "1 W", "sd": "0 W"}}, "0 W must be above 0 watt"),
        (POWER, {"normal": {"mean": "1 W", "sd": "1 GB"}}, "expected a power"),
        (POWER, {"lognormal": {"median": "1 W", "sigma": "1 W"}}, 'sigma: "1 W" is a power'),
        (POWER, {"lognormal": {"median": "0 W", "sigma": 1}}, "0 W must be above 0 watt"),
        (
            POWER,
            {"lognormal": {"median": "1 W", "sigma": 6}},
            "lognormal.sigma: 6 is above the greatest value 5",
        ),
        (POWER, {"beta": {"alpha": 1, "beta": 2}}, "beta: most missing"),
        (POWER, {"discrete": []}, "discrete: expected a list of {value, weight}"),
        (POWER, {"discrete": [{"value": "1 W"}]}, "discrete: expected a list of {value, weight}"),
        (POWER, {"discrete": [{"value": "1 W", "weight": 0}]}, "weight: 0 must be above 0"),
        (
            COUNT,
            {"discrete": [{"value": 1, "weight": 1}, {"value": 1, "weight": 1}]},
            "discrete: a value is there twice",
        ),
        (COUNT, {"discrete": [{"value": 1.5, "weight": 1}]}, "1.5 is not a whole number"),
        (
            POWER,
            {"low": "1 kW", "base": "1 kW", "high": "2 kW"},
            "the median would have to lie between 1.123 and 1.833 kW; or give one of uniform,",
        ),
        (
            SHARE,
            {"low": "0 %", "base": "10 %", "high": "90 %"},
            "the median would have to lie between 15 and 85.3 %;",
        ),
    ],
)
def test_a_wrong_distribution_is_refused_in_words(
    leaf: Leaf, raw: dict[str, Any], words: str
) -> None:
    assert words in fault(leaf, raw)


@pytest.mark.parametrize(
    ("low", "base", "high"),
    [
        ("1e-300 W", "1 W", "1e29 W"),
        ("1 W", "1.0000000000000002 W", "1.0000000000000004 W"),
        ("1 W", "1 W", "1.0000000000000002 W"),
        ("1e29 W", "1.1e29 W", "1.3e29 W"),
        ("1e-320 W", "2e-320 W", "3e-320 W"),
    ],
)
def test_extreme_ranges_are_read_or_refused(low: str, base: str, high: str) -> None:
    try:
        cell = POWER.cell({"low": low, "base": base, "high": high})
    except ValueError as error:
        assert "no metalog of finite mean has these percentiles" in str(error)
    else:
        assert cell.distribution is not None
        drawn = quantile(cell.distribution, np.linspace(1e-9, 1 - 1e-9, 101))
        assert np.isfinite(drawn).all() and (np.diff(drawn) >= 0).all()


def test_a_range_without_width_is_certain() -> None:
    cell = POWER.cell({"low": "1 W", "base": "1 W", "high": "1 W"})
    assert (cell.value, cell.distribution) == (1.0, None)


@settings(max_examples=50, deadline=None)
@given(st.floats(0.01, 0.98), st.floats(0.001, 0.999), st.floats(0.001, 0.999))
def test_any_range_of_a_share_is_met_or_refused_with_a_median_that_works(
    low: float, width: float, at: float
) -> None:
    high = low + width * (0.99 - low)
    base = low + at * (high - low)
    raw = {"low": repr(low), "base": repr(base), "high": repr(high)}
    try:
        cell = SHARE.cell(raw)
    except ValueError as error:
        first, last = re.findall(r"between (\S+) and (\S+);", str(error))[0]
        for edge in (first, last):
            SHARE.cell({**raw, "base": edge})
        return
    if cell.distribution is not None:
        found = quantile(cell.distribution, np.array([0.1, 0.5, 0.9]))
        np.testing.assert_allclose(found, [low, base, high], rtol=1e-9)
        drawn = quantile(cell.distribution, np.linspace(1e-9, 1 - 1e-9, 501))
        assert (np.diff(drawn) >= 0).all() and drawn.min() >= 0 and drawn.max() <= 1


def test_what_is_above_a_bound_never_comes_down_to_it() -> None:
    cell = POWER.cell({"low": "1 W", "base": "3 W", "high": "3.5 W"})  # skewed as no logarithm is
    assert cell.distribution is not None
    assert quantile(cell.distribution, np.array([1e-9]))[0] == 1e-3


def test_months_are_counted_from_year_nought() -> None:
    assert month_index("2024-01") == 2024 * 12 == month_index("2024")
    assert month_index("2024-3") == month_index("2024-03")
    assert [month_label(month_index(m)) for m in ("1999-12", "2030-01")] == ["1999-12", "2030-01"]
    for wrong in ("2024-13", "2024-00", "24-01", "2024-01-01", "January", ""):
        with pytest.raises(ValueError, match="is not a month; expected a month such as 2024-03"):
            month_index(wrong)


def test_a_series_has_its_knots_in_order_and_hands_its_source_down() -> None:
    found = SHARE.series(
        {
            "series": {"2025-12": "5 %", "2024": {"value": "0 %", "source": "own"}},
            "interpolate": "linear",
            "source": "plan",
            "confidence": "assumed",
        }
    )
    assert [month_label(month) for month, _ in found.knots] == ["2024-01", "2025-12"]
    assert [cell.source for _, cell in found.knots] == ["own", "plan"]
    assert found.interpolate == "linear" and not found.constant


def test_one_number_is_a_series_that_does_not_change() -> None:
    found = SHARE.series("5 %")
    assert found.constant and found.knots[0][1].value == 0.05


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"series": {}}, "a series is a mapping from months to numbers"),
        ({"series": ["1 %"]}, "a series is a mapping from months to numbers"),
        ({"series": {"2024-1": "1 %", "2024-01": "2 %"}}, "two knots for 2024-01"),
        ({"series": {"2024": "1 %", "2024-01": "2 %"}}, "two knots for 2024-01"),
        ({"series": {"2024-13": "1 %"}}, "is not a month"),
        ({"series": {"2024-01": "200 %"}}, "above the greatest value"),
        ({"series": {"2024-01": "1 %"}, "interpolate": "linaer"}, "nearest: linear"),
        ({"series": {"2024-01": "0 %"}, "interpolate": "geometric"}, "needs values above 0"),
        ({"series": {"2024-01": "1 %"}, "value": "1 %"}, 'unknown key "value" in a number'),
    ],
)
def test_a_wrong_series_is_refused_in_words(raw: Any, words: str) -> None:
    assert words in fault(SHARE, raw, "series")


def test_the_schema_says_what_a_series_is_before_its_first_and_after_its_last_knot() -> None:
    class Plan(Entity):
        share: Annotated[Series, SHARE]

    forms = Plan.model_json_schema()["properties"]["share"]["anyOf"]
    (series,) = [form for form in forms if "series" in form.get("properties", {})]
    assert "before its first knot a series has the first knot's value" in series["description"]


def test_a_profile_of_the_day_has_twenty_four_weights() -> None:
    weights = Leaf("1", "weights", least=0)
    profile = weights.hours([str(hour) for hour in range(24)])
    assert [cell.value for cell in profile.cells] == list(range(24))
    assert "23 values; expected a list of 24 weights" in fault(weights, ["1"] * 23, "hours")
    assert '"1"; expected a list of 24 weights' in fault(weights, "1", "hours")
    assert "add up to 0" in fault(weights, ["0"] * 24, "hours")
    assert "below the least value" in fault(weights, ["-1", *["1"] * 23], "hours")
