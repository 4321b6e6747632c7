"""Halls that fall short say of what, from which month, by how much, and when more comes."""

from __future__ import annotations

import pytest

from planner.findings import Warning_, binding
from planner.project import load

SHORT = [
    (
        "it_capacity",
        {"sites.taiwan.module_power": "0.05 MW"},
        ("(N+1) carry up to", "IT power too little", "more from 2026-01"),
    ),
    (
        "rack_density",
        {"sites.taiwan.rack_density": "{series: {2023-11: 40 kW, 2026-06: 60 kW}}"},
        # A rack of 32 superchips draws 45.34 kW, built up from its parts.
        ("5.34 kW more than the hall", "2024-09 to 2026-05", "more from 2026-06"),
    ),
    (
        "liquid",
        {"sites.taiwan.liquid_capacity": "0.5 MW"},
        ("heat too little", "no later phase"),
    ),
    ("floor", {"sites.taiwan.floor_area": "60 m^2"}, ("m^2 of white space short",)),
    ("water", {"sites.taiwan.water_limit": "10 m^3/day"}, ("m^3/day of water short",)),
]


@pytest.mark.parametrize(("kind", "changes", "words"), SHORT)
def test_each_limit_of_a_hall_has_its_own_line(
    kind: str, changes: dict[str, str], words: tuple[str, ...]
) -> None:
    plan = load("5pct_ev_market", set=changes).plan()
    (found,) = [w for w in plan.warnings if w.place == "taiwan" and w.kind == kind]
    assert isinstance(found, Warning_)
    for word in words:
        assert word in found.text
    assert found.text in binding(plan)
    assert found.first in plan.horizon_months


def test_the_size_of_a_shortfall_is_the_need_less_the_limit() -> None:
    plan = load("5pct_ev_market", set={"sites.taiwan.floor_area": "60 m^2"}).plan()
    (found,) = [w for w in plan.warnings if w.kind == "floor"]
    need = plan["floor_area"].at(site="taiwan").values.max()
    assert found.size == pytest.approx(float(need) - 60)


def test_the_announced_halls_carry_what_is_planned() -> None:
    kinds = {w.kind for w in load("5pct_ev_market").plan().warnings}
    assert not kinds & {"it_capacity", "rack_density", "liquid", "floor", "water"}


def test_two_sets_carry_half_and_a_spare_module_one_less() -> None:
    def capacity(redundancy: str) -> float:
        changes = {"sites.taiwan.redundancy": redundancy, "sites.taiwan.modules": "10"}
        plan = load("5pct_ev_market", set=changes).plan()
        return float(plan["it_capacity"].at(site="taiwan").values.max())

    assert [capacity(each) for each in ("N", "N+1", "2N")] == [20e6, 18e6, 10e6]
