"""Redundancy is never free: two sets cost at least what one spare costs, and that at least what no spare costs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from planner.axes import Array
from planner.project import Project
from tests.properties.layouts import ANNOUNCED, factors, read, run, scaled
from tests.properties.seeded_bugs import caught, instead_of, with_bug

COSTS = (
    "redundancy_cost",
    "building_cost",
    "building_payments",
    "colocation_cost",
    "capex",
    "opex",
)
REDUNDANCIES = ("N", "N+1", "2N")
Three = tuple[Project, ...]


def halls(redundancy: str) -> Project:
    """Taiwan builds and Japan rents, with the same modules whatever their redundancy."""
    fields = {"redundancy": redundancy, "modules": "12"}
    return read(
        ANNOUNCED,
        set=[f"sites.{s}.{f}={v}" for s in ("taiwan", "japan") for f, v in fields.items()],
    )


@pytest.fixture(scope="module")
def three() -> Three:
    return tuple(halls(each) for each in REDUNDANCIES)


def check_order(projects: Three, chosen: dict[int, float]) -> None:
    found = [run(each, COSTS, scaled(each.table, chosen)) for each in projects]
    for name in COSTS:
        plain, usual, double = (each[name] for each in found)
        slack = 1e-12 * float(np.abs(double).max())
        assert (plain <= usual + slack).all(), name
        assert (usual <= double + slack).all(), name
    assert (found[1]["redundancy_cost"][..., :2, :, :, :] == 1.0).all()


def test_more_redundancy_never_costs_less(three: Three) -> None:
    @settings(max_examples=25, deadline=None, derandomize=True)
    @given(factors(three[0].table))
    def holds(chosen: dict[int, float]) -> None:
        check_order(three, chosen)

    holds()


@instead_of("plant_oversize")
def spares_are_taken_for_what_carries(modules_usable: Array, site_module_sets: Array) -> Array:
    """Spreads the cost over all modules, the idle ones too."""
    return 1.0 / site_module_sets + 1.0 / modules_usable


def test_a_seeded_bug_about_redundancy_is_caught(three: Three) -> None:
    wrong = tuple(with_bug(each, spares_are_taken_for_what_carries) for each in three)
    caught(lambda chosen: check_order(wrong, chosen), factors(three[0].table))
