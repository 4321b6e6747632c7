"""Carbon: sums of parts, the course of the grid, and which statement of it counts."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import MONTH, SITE, Array, on, place, total
from planner.model.carbon import grid_carbon
from planner.project import Project, load

YEARS = place(np.array([600.0, 450.0, 300.0]), MONTH)
THEN = place(800.0)


def test_the_countrys_statement_counts_unless_the_clouds_is_asked_for() -> None:
    country = grid_carbon(YEARS, THEN, place(451.0), place(0.0))
    assert country.ravel().tolist() == [600, 450, 300]


def test_the_clouds_statement_falls_as_the_countrys_since_its_own_month() -> None:
    """The country was at 800 then, and is at 600 at plan_start: the cloud region has fallen by a quarter as well."""
    assert grid_carbon(YEARS, THEN, place(400.0), place(1.0)).ravel().tolist() == [300, 225, 150]
    assert grid_carbon(YEARS, THEN, place(-1.0), place(1.0)).ravel().tolist() == [
        600,
        450,
        300,
    ]  # none stated
    none = grid_carbon(0.0 * YEARS, place(0.0), place(400.0), place(1.0))
    assert none.ravel().tolist() == [400] * 3


def test_a_later_plan_does_not_start_again_from_the_clouds_statement() -> None:
    """Taiwan's 451 g/kWh is stated for January 2023: in the same month two plans say the same of it."""
    edits = ["carbon.grid=cloud_region"]
    sooner, later = (load(name, set=edits) for name in ("5pct_ev_market", "5pct_from_2027"))
    stated = sooner.leaves["location_grid_carbon_stated"].ravel()[0]
    country = sooner.leaves["location_grid_carbon"].ravel()[0]
    found = [
        on(x.run(["grid_carbon"])["grid_carbon"], MONTH, SITE)[0, :, 0] for x in (sooner, later)
    ]
    assert found[0][0] * 3.6e9 == pytest.approx(451 * country / stated)
    apart = later.table.calendar.first - sooner.table.calendar.first
    if apart < len(found[0]):
        assert found[1][0] == pytest.approx(found[0][apart], rel=1e-9)
    assert found[1][0] < found[0][0]


def test_taiwan_differs_by_two_fifths_between_the_two_statements() -> None:
    """642.4 g/kWh of the country against 451 of the cloud region (CodeCarbon): 42 %."""
    country, cloud = (
        load("5pct_ev_market", set=[f"carbon.grid={grid}"]).run(["grid_carbon"])["grid_carbon"]
        for grid in ("country", "cloud_region")
    )
    first = [on(x, MONTH, SITE)[0, 0, 0] for x in (country, cloud)]
    assert first[0] / first[1] == pytest.approx(642.4 / 451)


def test_the_grid_gets_cleaner_year_by_year(headline: Project) -> None:
    grid = on(headline.run(["grid_carbon"])["grid_carbon"], MONTH, SITE)[0]
    assert (np.diff(grid, axis=0) <= 1e-18).all()
    assert grid[-1, 0] < 0.9 * grid[0, 0]


def test_carbon_adds_up(headline: Project, everything: dict[str, Array]) -> None:
    parts = ("nodes", "storage", "networks", "rigs", "halls")
    made = sum(everything[f"carbon_of_{part}"] for part in parts)
    assert everything["carbon_embodied"] == pytest.approx(made, rel=1e-12)
    by_site = everything["carbon_operational"] + everything["carbon_embodied"]
    assert everything["carbon_by_site"] == pytest.approx(by_site, rel=1e-12)
    assert by_site.shape[SITE] == 3
    assert everything["carbon"] == pytest.approx(total(everything["carbon_by_site"], SITE))
    assert everything["carbon"] == pytest.approx(
        total(everything["carbon_operational"] + made, SITE), rel=1e-12
    )
    assert everything["carbon_operational"] == pytest.approx(
        everything["energy"] * everything["grid_carbon"], rel=1e-12
    )


def test_embodied_carbon_a_flop_is_of_the_order_that_nvidia_states(headline: Project) -> None:
    """0.66 g an EFLOP for an HGX H100 board alone (NVIDIA); a rack with memory, switches and power has more."""
    x = headline.run(["node_carbon_intensity"])["node_carbon_intensity"]
    grams_an_eflop = x.ravel() * 1e3 * 1e18
    assert (grams_an_eflop > 0.66).all() and (grams_an_eflop < 10 * 0.66).all()
