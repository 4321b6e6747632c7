"""What was published about simulation and replay, against the planner."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.plan import size
from planner.project import load
from planner.units import from_base, to_base

CASES = Path(__file__).parent.parent / "cases"
MILE = 1609.344


def test_the_store_that_is_too_small_is_pointed_out() -> None:
    # Case 03: 5 million km at 8 TB/h and 60 km/h are 667 PB; two fifths of it do not fit BMW's 230 PB.
    plan = size(CASES / "03_bmw_d3_funnel.yaml")
    (warning,) = (each for each in plan.warnings if each.kind == "storage")
    assert "warm" in warning.text
    assert from_base(warning.size, "PB") == pytest.approx(267 - 230, rel=0.03)


def test_a_hundred_years_a_day_need_a_slower_road_than_sixteen_miles_an_hour() -> None:
    # Waymo, 2020: 100 years of driving a day (CNET Roadshow, second figure of fleet.md section 4) are 36,525 virtual
    # cars in real time; at the 10 million miles a day still quoted they drive 11.4 mph, a town's speed, not 16.7.
    def cars(mph: float) -> float:
        speed = f"simulation.speed={mph * MILE / 1000} km/h"
        plan = load(CASES / "22_waymo_simulation.yaml", set=[speed]).plan()
        return float(plan["virtual_vehicles"].at(month="2017-06"))

    assert cars(11.4) == pytest.approx(100 * 365.25, rel=0.01)
    assert cars(16.7) == pytest.approx(25_000, rel=0.01)


def test_the_links_of_bmw_replay_its_two_million_kilometres_in_a_week() -> None:
    # BMW D3, March 2019: 2 million km are reprocessed on HIL stations over 3.75 Tb/s usable; a vehicle records 8 TB/h.
    # 2e6 km / 60 km/h = 33,333 h; 3.75 Tb/s / (8 TB/h = 17.8 Gb/s) = 211 stations in real time; 158 h = 6.6 days.
    # Stations and days are not published: the one follows from the other.
    plan = load(
        CASES / "02_bmw_d3_ingest.yaml",
        set={
            "sites.hall.orders_allowed": "true",
            "cluster.refresh_age": "100 year",
            "qualification.replay": "33333 hour",
            "qualification.variant_share": "1",
            "qualification.real_time_factor": "1",
            "qualification.utilisation": "1",
            "qualification.window": "6.58 day",
            "qualification.rig_lead_time": "0 day",
            "variants.support_years": "100 year",
        },
    ).plan()
    assert plan["variants"].at(month="2019-06").values == 1
    assert plan["rigs_required"].at(month="2019-06", site="hall").values == pytest.approx(
        211, rel=0.01
    )
    stream = plan["replay_bandwidth"].at(month="2019-06", site="hall").values
    assert to_base(float(stream), "bit/second") == pytest.approx(to_base(3.75, "Tb/s"), rel=0.01)
