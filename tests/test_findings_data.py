"""What is said of copies that stand together, of stores that are too small, and of labels without people."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.findings import Warning_
from planner.project import load

CASES = Path(__file__).parent / "cases"


def warned(kind: str, scenario: str | Path, **changes: str) -> list[Warning_]:
    paths = {name.replace("__", "."): text for name, text in changes.items()}
    return [w for w in load(scenario, set=paths).plan().warnings if w.kind == kind]


def test_two_copies_with_two_sites_are_safe_and_three_are_not() -> None:
    assert not warned("copies", "5pct_ev_market", data_classes__clips__copies="2")
    found = warned("copies", "5pct_ev_market", data_classes__clips__copies="3")
    assert [w.place for w in found] == ["taiwan", "japan"]
    assert "copies of its data (3 of clips) stand in 2 places" in found[0].text


def test_copies_of_data_that_must_stay_stand_in_one_place() -> None:
    # Its hardware is let in after a review of the case; its data may go nowhere else.
    found = warned("copies", "5pct_from_2027")
    assert [w.place for w in found] == ["china"]
    assert "copies of its data (2 of evidence) stand in one place" in found[0].text


def test_a_store_that_cannot_have_held_what_arrived_is_pointed_out() -> None:
    # BMW D3: 5 million km at 60 km/h and 8 TB an hour are 667 PB; 230 PB hold 34 % of them.
    found = warned("data", CASES / "03_bmw_d3_funnel.yaml")[-1]
    assert found.size == pytest.approx(0.34, abs=0.01)
    assert (
        "666 PB have arrived by 2019-12; at most 34.5% of them can be in the 230 PB" in found.text
    )


def test_a_store_that_holds_all_that_is_kept_is_not() -> None:
    # With 30 % kept, 200 PB: more arrives than there is room for, but it was never to stay.
    case = CASES / "03_bmw_d3_funnel.yaml"
    assert not warned("data", case, data_classes__clips__kept_share="30 %")


def test_labels_without_people_are_pointed_out() -> None:
    assert not warned("labels", "5pct_ev_market")
    (found,) = warned("labels", "5pct_ev_market", labels__share="5 %")
    assert "annotators needed" in found.text and "1,000 can be had" in found.text
    assert not warned(
        "labels", "5pct_ev_market", labels__share="5 %", labels__annotators_limit="null"
    )


def test_hours_and_kilometres_that_no_vehicle_drives_together_are_pointed_out() -> None:
    assert not warned("driving", "5pct_ev_market")
    # 3 minutes a day for the 16,300 km a year of the USA, the most of all regions: 892 km/h.
    (found,) = warned("driving", "5pct_ev_market", programs__model_c__daily_hours="0.05 hour/day")
    assert found.place == "model_c" and found.size == pytest.approx(16300 / 365.25 / 0.05, rel=1e-3)
    assert "893 km/h in usa" in found.text and "expected 5 to 110 km/h" in found.text
    (found,) = warned("driving", "5pct_ev_market", programs__model_n__distance_factor="0")
    assert "model_n: its hours and kilometres make 0 km/h" in found.text
    # A programme that is not driven at all has no speed.
    assert not warned("driving", "5pct_ev_market", programs__model_c__daily_hours="0 hour/day")
