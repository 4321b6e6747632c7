"""Sales and vehicles on the road: parts that sum to the forecast, cohorts that age."""

from __future__ import annotations

import math

import numpy as np
import pytest

from planner.axes import ECU, MONTH, PROGRAM, REGION, Array, on, place, total
from planner.catalogue import Calendar, Parts
from planner.inputs.numbers import month_index
from planner.model.fleet import (
    market_row_share,
    program_mix,
    vehicles_from_before,
    vehicles_from_sales,
    vehicles_mean,
)
from planner.project import Project, load
from planner.units import from_base

YEAR = 365.25 * 86_400.0


def test_a_region_may_take_what_the_others_of_its_row_leave() -> None:
    rows = (("f", "rest"), ("f", "rest"), ("f", "rest"), ("f", "usa"), ("g", "rest"))
    named = place(np.array([0.15, 0.03, -1, -1, 0.4]), REGION)
    takes = place(np.array([0.0, 0, 1, 1, 0]), REGION)
    share = market_row_share(named, takes, rows).ravel()
    assert share == pytest.approx([0.15, 0.03, 0.82, 1.0, 0.4])
    assert share[:3].sum() == pytest.approx(1.0, rel=1e-15)


def test_the_mix_of_programmes_adds_up_to_one_where_any_is_sold() -> None:
    weights = place(np.array([0.85, 0.15]), PROGRAM)
    sold = place(np.array([[1.0, 1], [0, 1], [0, 0]]), REGION, PROGRAM)
    mix = on(program_mix(weights, sold), REGION, PROGRAM)[0]
    assert mix == pytest.approx(np.array([[0.85, 0.15], [0, 1], [0, 0]]))


def test_sales_of_2026_are_five_per_cent_of_the_forecast(
    headline: Project, everything: dict[str, Array]
) -> None:
    """The share is 5 % from December 2025 on; IEA rows 2025 and 2030 with geometric interpolation, the sum of parts."""
    months = headline.table.labels[MONTH]
    year = [i for i, month in enumerate(months) if month.startswith("2026")]
    sold = everything["vehicle_sales"][:, year].sum()
    # IEA Global EV Outlook 2024, thousand vehicles in 2025 and 2030: China, Europe, USA, India, rest of world.
    rows = [(11_008, 17_933), (4804, 9205), (3064, 8809), (324, 1006), (1696, 4400)]
    expected = sum(a ** (4 / 5) * b ** (1 / 5) for a, b in rows) * 1000 * 0.05
    assert sold == pytest.approx(expected, rel=1e-9)


def test_before_the_share_rises_nothing_is_sold(everything: dict[str, Array]) -> None:
    assert everything["vehicle_sales"][:, :3].sum() == 0  # November 2023 to January 2024


def test_thor_replaces_orin_in_production_but_not_on_the_road(
    headline: Project, everything: dict[str, Array]
) -> None:
    months, ecus = headline.table.labels[MONTH], headline.table.labels[ECU]
    orin, july = ecus.index("drive_orin"), months.index("2025-07")
    sales = total(everything["vehicle_sales"], REGION, PROGRAM).squeeze()
    assert sales[july - 1, orin] > 0 and sales[july, orin] == 0 and sales[july, 1 - orin] > 0
    road = everything["vehicles_by_ecu"].squeeze()
    assert 0 < road[july + 12, orin] < road[july - 1, orin]


def test_vehicles_by_region_and_by_ecu_are_the_same_vehicles(everything: dict[str, Array]) -> None:
    by_region = total(everything["vehicles_in_operation"], REGION)
    assert by_region == pytest.approx(total(everything["vehicles_by_ecu"], ECU), rel=1e-12)


def test_no_more_vehicles_are_on_the_road_than_were_sold(everything: dict[str, Array]) -> None:
    sold = total(everything["vehicle_sales"], REGION, PROGRAM, ECU).cumsum(axis=MONTH)
    road = total(everything["vehicles_in_operation"], REGION)
    assert (road <= sold * (1 + 1e-12)).all()
    assert (road[:, -1] > 0.95 * sold[:, -1]).all()  # seven years against a life of sixteen


def test_one_cohort_ages_by_the_calendar() -> None:
    calendar = Calendar(month_index("2024-01"), 12, 0)
    sales = np.zeros((1, 12))
    sales[0, 0] = 1000.0
    placed = place(sales[0], MONTH)
    alive = vehicles_from_sales(placed, place(1.0), place(10 * YEAR), place(2.0), calendar).ravel()
    # Sold in the middle of January, seen at the end of December 2024: 366 - 15.5 days.
    expected = 1000 * math.exp(-(((366 - 15.5) / 3652.5) ** 2))
    assert alive[11] == pytest.approx(expected, rel=1e-12)


def opening(*cohorts: tuple[float, float]) -> Parts:
    sold, vehicles = (np.array([column]) for column in zip(*cohorts, strict=True))
    owner = np.zeros(len(cohorts), dtype=np.intp)
    fields = {"sold": sold, "vehicles": vehicles}
    names = tuple(f"opening_fleet[{i}]" for i in range(len(cohorts)))
    return Parts(names, (REGION, PROGRAM, ECU), (1, 1, 1), owner, fields)


def test_the_opening_fleet_ages_on_from_what_is_left_of_it() -> None:
    calendar = Calendar(month_index("2027-01"), 24, 0)
    fleet = opening((-36.0, 500.0), (-1.0, 200.0))
    left = vehicles_from_before(fleet, place(16 * YEAR), place(3.0), calendar).ravel()

    def alive(sold: str, at: str) -> float:
        middle, end = np.datetime64(sold, "D"), np.datetime64(at, "D")
        years = float((end - middle).astype(int)) / 365.25
        return math.exp(-((years / 16) ** 3))

    # Cohorts of January 2024 (middle: 16.5 January) and of December 2026, at the end of 2028.
    first = 500 * alive("2024-01-16", "2029-01-01") / alive("2024-01-16", "2027-01-01")
    second = 200 * alive("2026-12-16", "2029-01-01") / alive("2026-12-16", "2027-01-01")
    assert left[-1] == pytest.approx(first + second, rel=2e-4)
    assert (np.diff(left) < 0).all() and left[0] < 700


def test_a_very_old_cohort_ages_away_and_is_not_a_fault() -> None:
    calendar = Calendar(month_index("2027-01"), 3, 0)
    left = vehicles_from_before(opening((-1000.0, 5.0)), place(16 * YEAR), place(8.0), calendar)
    assert np.isfinite(left).all() and 0 <= left.max() <= 5


def test_the_mean_over_a_month_lies_between_its_ends() -> None:
    end = place(np.array([10.0, 30.0, 20.0]), MONTH)
    assert vehicles_mean(end, place(4.0)).ravel().tolist() == [7, 20, 25]


def test_a_van_drives_further_than_a_car(headline: Project, everything: dict[str, Array]) -> None:
    """Four hours a day in deliveries at some 20 km/h, not at the 4.5 of a passenger car's distance."""
    labels = headline.table.labels
    distance = on(everything["vehicle_distance"], REGION, PROGRAM)[0]
    cars = on(headline.leaves["region_annual_distance"], REGION)[0]
    car, van = (labels[PROGRAM].index(name) for name in ("model_c", "model_n"))
    assert distance[:, car].tolist() == cars.tolist()
    assert distance[:, van] == pytest.approx(2.5 * cars)
    hours = on(headline.leaves["program_daily_hours"], PROGRAM)[0, van]
    speed = distance[labels[REGION].index("taiwan"), van] / hours
    assert from_base(speed, "km/h") == pytest.approx(20.5, abs=0.1)


def test_distance_counts_wherever_a_programme_drives() -> None:
    """Map observations, recorded distance and the cost of a kilometre follow the programme's distance."""
    names = ["vehicle_recorded", "recorded_distance", "cost_per_1000_km", "vehicle_distance"]
    changes = {"programs.model_n.distance_factor": "5", "programs.model_c.distance_factor": "2"}
    twice, once = load("5pct_ev_market", set=changes).run(names), load("5pct_ev_market").run(names)
    added = twice["vehicle_distance"] - once["vehicle_distance"]
    assert added == pytest.approx(once["vehicle_distance"])
    mapped = load("5pct_ev_market").leaves["program_map_rate"] * added
    more = twice["vehicle_recorded"] - once["vehicle_recorded"]
    assert more == pytest.approx(np.broadcast_to(mapped, more.shape), rel=1e-6)
    assert (twice["recorded_distance"] >= 1.9 * once["recorded_distance"]).all()
    assert twice["cost_per_1000_km"].item() == pytest.approx(
        once["cost_per_1000_km"].item() / 2, rel=0.02
    )


def test_the_test_vehicle_drives_at_the_speed_that_its_source_names() -> None:
    project = load("test_fleet")
    distance = project.run(["vehicle_distance"])["vehicle_distance"]
    speed = distance / project.leaves["program_daily_hours"]
    assert from_base(speed.item(), "km/h") == pytest.approx(60, rel=1e-3)
