"""The leaf table: every number with its name, its place on the axes, and its line."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from planner import units
from planner.axes import (
    HOUR,
    LINK,
    MONTH,
    PROGRAM,
    RANK,
    REGION,
    SITE,
    TIER,
    Array,
    axis_names,
    on,
    place,
    total,
)
from planner.catalogue import Parts
from planner.inputs.leaf_builder import build
from planner.inputs.leaves import LeafTable, Row
from planner.inputs.load import Inputs
from planner.inputs.numbers import month_index
from planner.model import factory
from planner.model.fleet import market_row_share
from planner.project import load
from planner.quantity import Quantity
from planner.resources import scenarios

Loaded = Callable[..., Inputs]


@cache
def lines_of(file: str) -> list[str]:
    return Path(file).read_text(encoding="utf-8").splitlines()


NUMBER = re.compile(r"[-+]?\d+(?:_\d+)*(?:\.\d*)?(?:[eE][-+]?\d+)?")


def says(row: Row) -> bool:
    """Whether the line that a row points to has the row's number, in the unit as written."""
    line = lines_of(row.file)[row.line - 1]
    written = units.from_base(row.value, row.unit)
    unit = "" if row.unit == "1" else row.unit
    return unit in line and any(
        float(number) == pytest.approx(written, rel=1e-12) for number in NUMBER.findall(line)
    )


@pytest.mark.parametrize("name", sorted(scenarios()))
def test_every_row_points_to_the_line_that_says_it(name: str) -> None:
    table = load(name).table
    assert len(table.rows) > 300
    wrong = [f"{row.path} {row.file}:{row.line}" for row in table.rows if not says(row)]
    assert not wrong, f"{len(wrong)} rows, such as {wrong[:5]}"


def test_rows_are_within_their_bounds_and_ranges_hold_the_median(table: LeafTable) -> None:
    for row in table.rows:
        assert row.least is None or row.value >= row.least * (1 - 1e-9), row.path
        assert row.most is None or row.value <= row.most * (1 + 1e-9), row.path
        if row.low is not None and row.high is not None:
            assert row.low <= row.value <= row.high, row.path


def test_every_row_of_a_shipped_profile_has_a_source_and_a_confidence(table: LeafTable) -> None:
    for row in table.rows:
        if "hardware_profiles" in row.file:
            assert row.source and row.confidence, row.path


def test_a_source_is_spelled_out_with_its_remark(table: LeafTable) -> None:
    row = next(row for row in table.rows if row.path == "training.goodput")
    assert row.source is not None
    assert row.source.startswith(
        "The Llama 3 Herd of Models, arXiv 2407.21783 (over 90 % effective training time): over 90 %"
    )
    row = next(row for row in table.rows if row.path == "data_classes.clips.kept_share")
    assert row.source is not None
    assert row.source.startswith("BMW Group D3 platform") and row.source.endswith(
        "of 5 million km kept"
    )


def test_leaves_are_named_by_entity_and_field_over_their_axis(table: LeafTable) -> None:
    leaf = table.leaves["program_daily_hours"]
    assert (leaf.unit, axis_names(leaf.axes), leaf.meaning) == (
        "hour/day",
        "program",
        "driving time of a vehicle",
    )
    assert [table.rows[row].position for row in leaf.rows] == [("model_c",), ("model_n",)]
    assert axis_names(table.leaves["site_power_limit"].axes) == "month, site"
    assert axis_names(table.leaves["link_upload_profile"].axes) == "hour, link"
    assert axis_names(table.leaves["market_sales"].axes) == "month, region"
    assert table.leaves["ota_rollout"].axes == ()


def test_every_leaf_has_a_unit_and_a_meaning(table: LeafTable) -> None:
    for name, leaf in table.leaves.items():
        units.check(leaf.unit)
        assert leaf.meaning, name


def test_values_have_full_rank_and_the_lengths_of_their_axes(table: LeafTable) -> None:
    sizes = table.sizes
    for name, value in table.values().items():
        if not isinstance(value, np.ndarray):
            continue
        leaf = table.leaves[name]
        expected = tuple(sizes[axis] if axis in leaf.axes else 1 for axis in range(RANK))
        assert value.shape == expected and value.dtype == np.float64, name


def test_every_parameter_of_the_model_is_a_leaf_or_a_quantity(table: LeafTable) -> None:
    named = {
        value.name: value
        for module in factory.MODULES
        for value in vars(module).values()
        if isinstance(value, Quantity)
    }
    for quantity in named.values():
        for parameter in quantity.parameters:
            assert parameter in named or parameter in table.leaves, (quantity.name, parameter)


# --- The market ------------------------------------------------------------------------------------

# IEA, Global EV Outlook 2024, Stated Policies, thousand electric cars.
IEA = {
    "china": {2025: 11_008, 2030: 17_933},
    "europe": {2025: 4804, 2030: 9205},
    "usa": {2025: 3064, 2030: 8809},
    "india": {2025: 324, 2030: 1006},
}
REST = {2025: 1696, 2030: 4400}


def yearly(table: LeafTable, year: int) -> dict[str, float]:
    """Sales of the row of each region in a calendar year, added up from its months."""
    values = table.values()
    sales, seconds = values["market_sales"], values["month_seconds"]
    assert isinstance(sales, np.ndarray) and isinstance(seconds, np.ndarray)
    chosen = [i for i, month in enumerate(table.labels[MONTH]) if month.startswith(str(year))]
    assert len(chosen) == 12
    added = on(sales * seconds, MONTH, REGION)[0, chosen].sum(axis=0)
    return dict(zip(table.labels[REGION], added, strict=True))


@pytest.mark.parametrize("year", [2025, 2030])
def test_the_months_of_a_year_add_up_to_the_published_figure(table: LeafTable, year: int) -> None:
    found = yearly(table, year)
    for region, published in IEA.items():
        assert found[region] == pytest.approx(published[year] * 1000, rel=1e-12)


@pytest.mark.parametrize("year", [2025, 2030])
def test_japan_taiwan_and_the_rest_are_the_rest_of_world_row(table: LeafTable, year: int) -> None:
    values = table.values()
    share = market_row_share(
        values["region_market_share"], values["region_takes_rest"], values["region_row"]
    )
    parts = dict(zip(table.labels[REGION], on(share, REGION)[0], strict=True))
    named = [parts[name] for name in ("japan", "taiwan", "rest_of_world")]
    assert sum(named) == pytest.approx(1.0, rel=1e-15)
    assert parts["japan"] == pytest.approx(140 / 895, abs=1e-4)  # IEA: 140,000 of 895,000 in 2023
    rows = yearly(table, year)
    added = sum(rows[name] * parts[name] for name in ("japan", "taiwan", "rest_of_world"))
    assert added == pytest.approx(REST[year] * 1000, rel=1e-12)


def test_years_between_are_interpolated_geometrically(table: LeafTable) -> None:
    # 2028 is three fifths of the way from 2025 to 2030.
    found = yearly(table, 2028)["usa"]
    assert found == pytest.approx(1000 * 3064 ** (2 / 5) * 8809 ** (3 / 5), rel=1e-12)


def test_a_leap_year_sells_its_figure_too(table: LeafTable) -> None:
    # 2024 lies between 8,101 and 11,008 in China, whatever the length of its February.
    assert yearly(table, 2024)["china"] == pytest.approx(1000 * (8101 * 11_008) ** 0.5, rel=1e-12)


def test_the_two_forecasts_differ_two_and_three_quarter_times_in_the_usa(loaded: Loaded) -> None:
    later = build(loaded("regions:\n  usa: {forecast: iea_2025_shares}\n"))
    assert IEA["usa"][2030] * 1000 / yearly(later, 2030)["usa"] == pytest.approx(2.75, abs=0.005)
    assert yearly(later, 2030)["europe"] == pytest.approx(9_205_000)


# --- Series, profiles of the day, ragged lists -----------------------------------------------------


def test_a_linear_share_rises_month_by_month(table: LeafTable) -> None:
    share = on(np.asarray(table.values()["market_share"]), MONTH)[0]
    months = table.labels[MONTH]
    at = {
        month: share[months.index(month)] for month in ("2023-11", "2024-01", "2024-02", "2025-12")
    }
    # 23 months from January 2024 to December 2025.
    assert at["2023-11"] == at["2024-01"] == 0
    assert at["2024-02"] == pytest.approx(0.05 / 23) and at["2025-12"] == pytest.approx(0.05)
    assert share[-1] == pytest.approx(0.05)


def test_a_stepped_limit_holds_until_the_next_step(table: LeafTable) -> None:
    limit = on(np.asarray(table.values()["site_power_limit"]), MONTH, SITE)[0]
    months, sites = table.labels[MONTH], table.labels[SITE]
    taiwan = limit[:, sites.index("taiwan")] / 1e6
    found = [
        taiwan[months.index(m)] for m in ("2023-11", "2025-12", "2026-01", "2027-12", "2028-01")
    ]
    assert found == pytest.approx([20, 20, 60, 60, 100])


def test_interpolation_between_the_knots_of_a_series(loaded: Loaded) -> None:
    def growth(text: str) -> Array:
        inputs = loaded(f"telemetry:\n  trigger_growth: {text}\n")
        return on(np.asarray(build(inputs).values()["telemetry_trigger_growth"]), MONTH)[0]

    month = month_index("2024-07") - month_index("2023-11")
    knots = "series: {2024-01: 1, 2025-01: 4}"
    assert growth(f"{{{knots}}}")[month] == 1
    assert growth(f"{{{knots}, interpolate: linear}}")[month] == pytest.approx(2.5)
    assert growth(f"{{{knots}, interpolate: geometric}}")[month] == pytest.approx(2.0)
    assert growth(f"{{{knots}, interpolate: geometric}}")[[0, -1]].tolist() == pytest.approx([1, 4])


def test_a_knot_is_found_at_its_line_however_its_month_is_written(loaded: Loaded) -> None:
    text = "telemetry:\n  trigger_growth:\n    series:\n      2024: 1\n      2025-3: 4\n      2026-04: 9\n"
    built = build(loaded(text))
    rows = [built.rows[row] for row in built.leaves["telemetry_trigger_growth"].rows]
    assert [row.line for row in rows] == [5, 6, 7]


def test_profiles_of_the_day_stand_hour_by_hour(table: LeafTable) -> None:
    profile = on(np.asarray(table.values()["link_upload_profile"]), HOUR, LINK)[0]
    assert profile.shape == (24, 3)
    assert profile[18].tolist() == [
        5.5,
        5,
        6,
    ]  # wifi, cellular, depot at 18:00, as base.yaml has it
    row = next(r for r in table.rows if r.path == "links.cellular.upload_profile[18]")
    assert row.position == ("18", "cellular") and row.value == 5


def test_sensors_belong_to_the_vehicle_of_their_programme(table: LeafTable) -> None:
    sensors = table.values()["program_sensors"]
    assert isinstance(sensors, Parts)
    count = sensors.total(sensors["count"])
    by_hand = [
        sum(
            row.value
            for row in table.rows
            if row.path.startswith(f"vehicles.{name}.") and row.path.endswith(".count")
        )
        for name in ("model_c", "model_n")
    ]
    assert on(count, PROGRAM)[0].tolist() == by_hand


def test_programmes_that_share_a_vehicle_share_its_numbers(loaded: Loaded) -> None:
    built = build(loaded("programs:\n  model_n: {vehicle: model_c}\n"))
    sensors = built.values()["program_sensors"]
    assert isinstance(sensors, Parts)
    total_ = on(sensors.total(sensors["count"]), PROGRAM)[0]
    assert total_[0] == total_[1] > 0
    assert len(built.leaves["vehicle_buffer"].rows) == 1
    assert on(np.asarray(built.values()["vehicle_buffer"]), PROGRAM).shape == (1, 2)


def test_a_number_that_is_absent_stands_for_what_its_declaration_says(table: LeafTable) -> None:
    values = table.values()
    assert (
        np.isinf(np.asarray(values["link_data_cap"])).sum() == 2
    )  # only cellular has an allowance
    assert on(np.asarray(values["tier_scan_interval"]), TIER)[0, 0] == np.inf


# --- Draws -----------------------------------------------------------------------------------------


def test_only_the_leaves_that_are_drawn_are_made_again(table: LeafTable) -> None:
    index = next(i for i, row in enumerate(table.rows) if row.path == "tiers.warm.held_until")
    drawn = table.redrawn({index: np.array([1.0, 2, 3])})
    assert list(drawn) == ["tier_held_until"]
    value = np.asarray(drawn["tier_held_until"])
    median = np.asarray(table.values()["tier_held_until"])
    assert value.shape[0] == 3
    assert on(value, TIER)[:, 1].tolist() == [1, 2, 3]
    assert (on(value, TIER)[:, [0, 2]] == on(median, TIER)[0, [0, 2]]).all()


def test_a_drawn_sensor_reaches_every_vehicle_that_has_it(table: LeafTable) -> None:
    index = next(
        i for i, r in enumerate(table.rows) if r.path.startswith("vehicles.model_c.sensors")
    )
    sensors = table.redrawn({index: np.array([1.0, 2.0])})["program_sensors"]
    assert isinstance(sensors, Parts)
    field = table.rows[index].position[-1]
    assert sensors[field].shape[0] == 2
    assert (sensors[field][1, 0], sensors[field][0, 0]) == (2.0, 1.0)


def test_a_total_over_regions_of_the_market_is_the_forecast(table: LeafTable) -> None:
    values = table.values()
    share = market_row_share(
        values["region_market_share"], values["region_takes_rest"], values["region_row"]
    )
    sales = np.asarray(values["market_sales"]) * share * np.asarray(values["month_seconds"])
    by_month = total(sales, REGION)
    months = table.labels[MONTH]
    in_2030 = by_month[:, [i for i, month in enumerate(months) if month.startswith("2030")]]
    # The parts of the outlook add up to 41,353 thousand, 557 more than its world row.
    assert in_2030.sum() == pytest.approx(41_353_000, rel=1e-12)
    assert place(1.0).shape == (1,) * RANK
