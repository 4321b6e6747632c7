"""How numbers are written, and what is said about those that are written wrong."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from planner.inputs.numbers import Leaf, Series, month_index, month_label
from planner.inputs.profiles import Entity

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
