"""What is bought and when, through the decision nodes themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.axes import DRAW, HARDWARE, MONTH, SITE, TIER, Array, on, place
from planner.catalogue import Calendar
from planner.inputs.numbers import month_index
from planner.model.decisions import (
    gpus_spare,
    months_of_life,
    nodes_a_rack,
    orders,
    racks,
    storage_orders,
    storage_units_a_rack,
    switches_a_rack,
)
from planner.project import Project

DAY = 86_400.0
MONTH_S = 365.25 / 12 * DAY
CALENDAR = Calendar(month_index("2023-11"), 6, 2)


def ordered(
    need: list[float],
    permitted: list[float] | None = None,
    lead: float = 0.0,
    commissioning: float = 0.0,
    interval: float = 1.0,
    allowed: float = 1.0,
    spare: float = 0.0,
) -> list[float]:
    found = orders(
        nodes_required=place(np.array([need]).T, MONTH, SITE),
        nodes_spare=place(np.full((6, 1), spare), MONTH, SITE),
        nodes_before_equivalent=place(np.zeros((6, 1)), MONTH, SITE),
        export_permitted=place(
            np.array(permitted or [1.0] * 6).reshape(6, 1, 1), MONTH, SITE, HARDWARE
        ),
        site_trains_on=place(np.ones((1, 1)), SITE, HARDWARE),
        site_may_order=place(np.array([allowed]), SITE),
        node_delivery_time=place(np.array([[lead]]), SITE, HARDWARE),
        site_commissioning=place(np.array([commissioning]), SITE),
        site_order_interval=place(np.array([interval * MONTH_S]), SITE),
        cluster_refresh_age=place(5 * 365.25 * DAY),
        calendar=CALENDAR,
    )
    return list(found.ravel())


def test_nothing_enters_before_lead_time_and_commissioning_have_passed() -> None:
    # From 1 November 2023, 60 + 30 days end on 30 January 2024: February is the first month.
    assert ordered([2.5] * 6, lead=60 * DAY, commissioning=30 * DAY) == [0, 0, 0, 3, 0, 0]
    # 92 days end with January: still February; one second more, and it is March.
    assert ordered([2.5] * 6, lead=92 * DAY) == [0, 0, 0, 3, 0, 0]
    assert ordered([2.5] * 6, lead=92 * DAY + 1) == [0, 0, 0, 0, 3, 0]


def test_the_rule_in_force_at_delivery_decides_and_not_that_at_service() -> None:
    # A rule that permits from January on: with 30 days of commissioning, what serves in January came in December.
    from_january = [0.0, 0, 1, 1, 1, 1]
    assert ordered([1.0] * 6, permitted=from_january) == [0, 0, 1, 0, 0, 0]
    assert ordered([1.0] * 6, permitted=from_january, commissioning=30 * DAY) == [0, 0, 0, 1, 0, 0]
    # A rule that forbids from January on: what came in December may enter service in January.
    until_december = [1.0, 1, 0, 0, 0, 0]
    need = [0.0, 0, 1, 1, 1, 1]
    assert ordered(need, permitted=until_december) == [0] * 6
    assert ordered(need, permitted=until_december, commissioning=30 * DAY) == [0, 0, 1, 0, 0, 0]


def test_a_site_that_may_not_order_orders_nothing() -> None:
    assert ordered([5.0] * 6, allowed=0.0) == [0] * 6


def test_quarterly_orders_cover_the_worst_month_of_the_quarter() -> None:
    assert ordered([1.0, 4, 2, 5, 5, 6], interval=3) == [4, 0, 0, 2, 0, 0]


def test_orders_cover_need_and_spares_together() -> None:
    # 2.5 racks and up to half a rack of spare trays fit in three racks; with more they do not.
    assert ordered([2.5] * 6, spare=0.25) == [3, 0, 0, 0, 0, 0]
    assert ordered([2.5] * 6, spare=0.5) == [3, 0, 0, 0, 0, 0]
    assert ordered([2.5] * 6, spare=0.75) == [4, 0, 0, 0, 0, 0]


def spare_accelerators(
    need: float, group: float = 8.0, rate: float = 1e-3, repair: float = 2.0, wanted: float = 0.999
) -> float:
    down = group * rate * repair / (1.0 + group * rate * repair)
    found = gpus_spare(
        gpus_required=place([[need]], MONTH, SITE),
        repair_group=place([group], HARDWARE),
        group_down_share=place([down], HARDWARE),
        cluster_availability=place(wanted),
        site_trains_on=place(np.ones((1, 1)), SITE, HARDWARE),
    )
    return float(found.item())


def test_spares_are_whole_repair_groups() -> None:
    # 100 servers of eight, 1.6 % of them down: scipy.stats.nbinom.ppf(0.999, 100, 1 - 0.016 / 1.016) = 7 servers.
    assert spare_accelerators(800.0) == 56.0
    assert spare_accelerators(799.1) == 56.0


def test_trays_need_fewer_spares_than_whole_racks() -> None:
    # The same accelerators: where two are repaired at a time, a failure takes out two and not all 32.
    assert spare_accelerators(960.0, group=2.0) < spare_accelerators(960.0, group=32.0) / 4


def test_no_need_no_target_and_no_failures_want_no_spares() -> None:
    assert spare_accelerators(0.0) == 0
    assert spare_accelerators(800.0, wanted=0.0) == 0
    assert spare_accelerators(800.0, rate=0.0) == 0
    assert spare_accelerators(800.0, repair=0.0) == 0


def test_a_life_of_five_years_is_sixty_months() -> None:
    assert months_of_life(place(5 * 365.25 * DAY)).tolist() == [[60]]
    assert months_of_life(place(DAY)).tolist() == [[1]]


def test_each_draw_orders_at_its_own_interval() -> None:
    need = np.array([1.0, 2, 3, 4, 5, 6]).reshape(6, 1)
    found = storage_orders(
        storage_units_required=place(need.reshape(6, 1, 1), MONTH, TIER, SITE),
        storage_units_before=place(np.zeros((6, 1, 1)), MONTH, TIER, SITE),
        site_may_order=place(np.ones(1), SITE),
        site_operates=place(np.ones((6, 1)), MONTH, SITE),
        system_lead_time=place(np.zeros(1), TIER),
        storage_policy_commissioning=place(0.0),
        storage_policy_order_interval=place(np.array([1.0, 3.0, 6.0]) * MONTH_S, DRAW),
        cluster_refresh_age=place(5 * 365.25 * DAY),
        calendar=CALENDAR,
    )
    assert on(found, MONTH).tolist() == [[1, 1, 1, 1, 1, 1], [3, 0, 0, 3, 0, 0], [6, 0, 0, 0, 0, 0]]


def test_tiers_and_sites_keep_their_places() -> None:
    rng = np.random.default_rng(8)
    need = rng.integers(0, 9, (6, 3, 2)).astype(float)
    found = storage_orders(
        storage_units_required=place(np.maximum.accumulate(need), MONTH, TIER, SITE),
        storage_units_before=place(np.zeros((6, 3, 2)), MONTH, TIER, SITE),
        site_may_order=place(np.array([1.0, 0.0]), SITE),
        site_operates=place(np.ones((6, 2)), MONTH, SITE),
        system_lead_time=place(np.array([0.0, 31 * DAY, 1e9]), TIER),
        storage_policy_commissioning=place(0.0),
        storage_policy_order_interval=place(MONTH_S),
        cluster_refresh_age=place(5 * 365.25 * DAY),
        calendar=CALENDAR,
    )
    there = on(found, MONTH, TIER, SITE)[0].cumsum(axis=0)
    assert there[:, 0, 0].tolist() == np.maximum.accumulate(need)[:, 0, 0].tolist()
    # November has 30 days: after 31 days the first month that begins is January.
    assert there[:2, 1, 0].tolist() == [0, 0]
    assert there[2:, 1, 0].tolist() == np.maximum.accumulate(need)[2:, 1, 0].tolist()
    assert there[:, 2].max() == there[:, :, 1].max() == 0


def test_orders_are_whole_and_never_negative(everything: dict[str, Array]) -> None:
    for name in (
        "orders",
        "storage_orders",
        "switches",
        "optics",
        "switch_orders",
        "link_orders",
        "racks",
    ):
        assert (everything[name] == np.round(everything[name])).all() and everything[
            name
        ].min() >= 0


def test_after_the_first_delivery_nothing_is_short(
    headline: Project, everything: dict[str, Array]
) -> None:
    september = headline.table.labels[MONTH].index("2024-09")
    assert everything["gpus_short"][:, september:].max() == 0
    assert everything["gpus_short"][:, :september].max() > 0


def test_racks_are_filled_by_kind_and_by_tier() -> None:
    # 5 nodes of 4 a rack, 9 of 1; 12 units of 10 a rack, none of the other tier; 36 switches of 16 a rack; 3 rigs of 2.
    found = racks(
        place(np.array([[5.0 / 4, 9.0]]), SITE, HARDWARE),
        place(np.array([[12.0 / 10], [0.0]]), TIER, SITE),
        *(place(x) for x in (36.0, 16.0, 0.0, 3.0, 2.0)),
    )
    assert found.item() == 2 + 9 + 2 + 3 + 2


def test_a_rack_holds_what_its_profile_says_or_what_the_hall_feeds() -> None:
    # DGX H100 of 10.2 kW, four a rack (SuperPOD): four at 40.8 kW, three in a hall of 40 kW, one in a hall of 8 kW.
    density = place(np.array([np.inf, 40_800.0, 40_000.0, 8_000.0]), SITE)
    found = nodes_a_rack(place(4.0), place(10_200.0), density)
    assert found.ravel().tolist() == [4, 4, 3, 1]
    stored = storage_units_a_rack(place(16.0), place(1_300.0), density)
    assert stored.ravel().tolist() == [16, 16, 16, 6]
    # Quantum-2 of 1.5 kW: sixteen at 24 kW, five in a hall of 8 kW; one in a hall of less than that.
    switched = switches_a_rack(place(16.0), place(1_500.0), density)
    assert switched.ravel().tolist() == [16, 16, 16, 5]
    assert switches_a_rack(place(16.0), place(1_500.0), place(1_000.0)).item() == 1
    assert switches_a_rack(place(16.0), place(0.0), place(1_000.0)).item() == 16


@pytest.mark.parametrize("factor", [0.3, 1.0, 3.0])
def test_orders_follow_an_override_of_the_need(headline: Project, factor: float) -> None:
    (need,) = headline.run(["gpus_required"]).values()
    project = replace(headline, overrides={"gpus_required": np.array(need) * factor})
    found = project.run(["gpus", "gpus_short", "gpus_required"])
    there = found["gpus"].sum(axis=HARDWARE, keepdims=True) + found["gpus_short"]
    assert (there >= found["gpus_required"] * (1 - 1e-9)).all()
