"""Bills against hand calculations, and what no bill may do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.axes import Array
from planner.perf.campaign import Campaign, Rollout, follow, outcome
from planner.perf.campaign.billing import (
    Account,
    Billing,
    CellularPlan,
    bill,
    distinct_objects,
)
from planner.perf.campaign.description import (
    Install,
    LinkTable,
    Pool,
    Region,
    Segment,
    Session,
    Version,
    Wave,
)
from planner.perf.campaign.monthly import months_of
from planner.perf.campaign.tariffs import (
    BINS_PER_DAY,
    MBPS_OF_BIN,
    MonthOfBins,
    Prices,
    Rule,
    Tariff,
    billed_rate,
    break_even,
    charges,
    month_charges,
)
from planner.perf.campaign.traffic import month_of, percentile_95

GB, TB = 1e9, 1e12
LIST = Prices((0.0, 10 * TB, 50 * TB), (0.085 / GB, 0.080 / GB, 0.060 / GB))
FLAT = Prices((0.0,), (2.0,))  # USD/Mbit/s a month
BY_VOLUME = Tariff("list", "volume", LIST)
BY_RATE = Tariff("95/5", "p95", FLAT)
BY_ACTIVE_DAYS = Tariff("active days", "p95_active_days", FLAT)

CAMPAIGN = Campaign(
    vehicles=4000,
    horizon=240,
    curve_step=24,
    regions=(Region("a", 0.5, 0, 0.5, (1.0,), 0), Region("b", 0.5, 9, 0.9, (1.0,), 1)),
    segments=(Segment("all", 1, 0.7, None),),
    wifi=LinkTable((2 * GB, 9 * GB), (0.5, 0.5), 2.0),
    cellular=(LinkTable((1 * GB, 4 * GB), (0.5, 0.5), 3.0),),
    sessions=(
        Session("night", True, (20, 23), (1, 3), (0.7,) * 7, True),
        Session("trip", False, (7, 9), (0.2, 0.9), (0.8,) * 7, False),
    ),
    pools=(Pool("west", np.inf), Pool("east", np.inf)),
    full=GB,
    versions=(Version("last", 0.5, 0.1 * GB), Version("old", 0.5, None)),
    verify_fail_delta=0,
    verify_fail_full=0,
    waves=(Wave(1, 0, None, 0, "all"),),
    halt_share=None,
    halt_least=1,
    poll=2,
    cell_wait_with_wifi=0.0,
    cell_wait_without_wifi=0.0,
    window=None,
    backoff=1 / 60,
    resume="byte",
    chunk=0,
    install=Install(0.5, 0, 1, 24, None, 0),
)
ONE = Billing((Account("all", (0, 1), BY_VOLUME),))


@pytest.fixture(scope="module")
def rollout() -> Rollout:
    return follow(CAMPAIGN, 4000)


def month(rates: Array, days: int = 30, others: float = 0.0) -> MonthOfBins:
    """A month whose first days have these rates [Mbit/s], by (day, bin)."""
    return MonthOfBins(np.atleast_2d(rates)[None] / MBPS_OF_BIN, days, others)


def billed(rates: Array, rule: Rule, days: int = 30, others: float = 0.0) -> float:
    """The rate that a rule bills [Mbit/s]."""
    of = month(rates, days, others)
    return float(billed_rate(of, rule)[0])


def busy(hours: float, rate: float = 1000.0, days: int = 1) -> Array:
    """Days, one after another filled with so many hours of a rate [Mbit/s]."""
    rates = np.zeros(days * BINS_PER_DAY)
    rates[: round(hours * 12)] = rate
    return rates.reshape(days, BINS_PER_DAY)


# --- volume -----------------------------------------------------------------------------------------------------------


def test_a_volume_across_tiers_pays_each_tiers_price_for_its_part() -> None:
    # 10,000 GB at 0.085, 40,000 at 0.080, 10,000 at 0.060.
    assert LIST.cost(60 * TB) == pytest.approx(850 + 3200 + 600)
    assert LIST.cost(10 * TB) == pytest.approx(850)
    assert LIST.cost(np.array([0.0, 5 * TB])) == pytest.approx([0, 425])


def test_a_campaign_pays_the_tiers_that_other_traffic_has_reached() -> None:
    found = charges(BY_VOLUME, 45 * TB, np.array([55 * TB]))
    assert found.delivery[0] == pytest.approx(5000 * 0.080 + 5000 * 0.060)
    assert found.commit[0] == found.overage[0] == 0


def test_tiers_begin_anew_in_each_month() -> None:
    day = np.full(BINS_PER_DAY, 8 * TB / BINS_PER_DAY)
    part = MonthOfBins(day[None, None], 30)
    alone = month_charges(BY_VOLUME, part).total[0]
    both = MonthOfBins(np.stack([day, day])[None], 30)
    together = month_charges(BY_VOLUME, both).total[0]
    assert alone == pytest.approx(8000 * 0.085)
    assert together == pytest.approx(850 + 6000 * 0.080)
    assert together < 2 * alone


# --- 95/5 -------------------------------------------------------------------------------------------------------------


def test_36_hours_of_a_month_of_30_days_are_free_under_the_strict_rule() -> None:
    assert billed(busy(36, days=2), "p95") == 0
    assert billed(busy(36.1, days=2), "p95") == pytest.approx(1000)
    # A month of 31 days has 8928 means, of which 446 are free: 37.2 h.
    assert billed(busy(37.1, days=2), "p95", days=31) == 0
    assert billed(busy(37.3, days=2), "p95", days=31) == pytest.approx(1000)


def test_one_busy_day_is_free_under_the_strict_rule_alone() -> None:
    day = busy(10)
    assert billed(day, "p95") == 0
    # 288 means of one day, 14 dropped: a thirtieth of the rate.
    assert billed(day, "p95_active_days") == pytest.approx(1000 / 30)
    part = month(day)
    assert month_charges(BY_ACTIVE_DAYS, part).total[0] == pytest.approx(2000 / 30)


def test_a_burst_of_70_minutes_in_one_day_is_free_under_either_rule() -> None:
    assert billed(busy(14 / 12), "p95_active_days") == 0
    assert billed(busy(15 / 12), "p95_active_days") == pytest.approx(1000 / 30)


def test_even_traffic_costs_the_same_under_either_rule() -> None:
    even = np.full((30, BINS_PER_DAY), 250.0)
    assert billed(even, "p95") == billed(even, "p95_active_days") == pytest.approx(250)


def test_other_traffic_makes_every_day_one_with_traffic() -> None:
    others = 324 * GB  # 1 Mbit/s
    assert billed(busy(10), "p95_active_days", others=others) == pytest.approx(1)
    part = month(busy(10), others=others)
    assert month_charges(BY_ACTIVE_DAYS, part).total[0] == pytest.approx(0)
    part = month(busy(48, days=2), others=others)
    assert month_charges(BY_RATE, part).total[0] == pytest.approx(2 * 1000)


# --- commit -----------------------------------------------------------------------------------------------------------

COMMITTED = replace(BY_RATE, commit=500.0, overage=3.0)


def test_a_commit_is_paid_for_unused_and_its_overage_at_its_own_price() -> None:
    below, above = (charges(COMMITTED, 0.0, np.array([used])) for used in (100.0, 800.0))
    assert (below.delivery[0], below.commit[0], below.overage[0]) == (0, 1000, 0)
    assert (above.delivery[0], above.commit[0], above.overage[0]) == (0, 1000, 900)


def test_other_traffic_pays_for_what_it_uses_of_a_commit() -> None:
    found = charges(COMMITTED, 400.0, np.array([800.0]))
    assert (found.commit[0], found.overage[0]) == (200, 900)
    found = charges(COMMITTED, 600.0, np.array([800.0]))
    assert (found.commit[0], found.overage[0]) == (0, 600)


def test_an_overage_without_a_price_goes_on_in_the_tiers() -> None:
    found = charges(replace(BY_VOLUME, commit=10 * TB), 0.0, np.array([20 * TB]))
    assert (found.commit[0], found.overage[0]) == (pytest.approx(850), pytest.approx(800))


def test_a_month_without_traffic_is_not_billed() -> None:
    part = month(np.zeros((30, BINS_PER_DAY)))
    assert month_charges(COMMITTED, part).total[0] == 0


# --- properties of the rules ------------------------------------------------------------------------------------------

TARIFFS = st.sampled_from(
    [
        BY_VOLUME, BY_RATE, BY_ACTIVE_DAYS, COMMITTED,
        replace(BY_VOLUME, commit=3 * TB, overage=0.09 / GB),
        replace(BY_ACTIVE_DAYS, commit=200.0, overage=5.0),
    ]
)  # fmt: skip


@st.composite
def days_of_rates(draw: st.DrawFn) -> Array:
    """Some days of rates in steps of hours [Mbit/s]."""
    days = draw(st.integers(1, 6))
    seed = draw(st.integers(0, 1000))
    rng = np.random.default_rng(seed)
    hours = rng.exponential(2000.0, days * 24) * (rng.random(days * 24) < 0.5)
    hours[::24] += 1.0  # traffic on each of the days
    return np.repeat(hours, 12).reshape(days, BINS_PER_DAY)


@settings(max_examples=60, deadline=None)
@given(TARIFFS, days_of_rates(), st.floats(0, 50), st.integers(0, 143))
def test_more_bytes_on_the_same_days_are_never_cheaper(
    tariff: Tariff, rates: Array, others: float, where: int
) -> None:
    more = rates.copy()
    more[0, where : where + 50] += 700.0
    costs = []
    for each in (rates, more):
        part = month(each, others=others * TB)
        costs.append(month_charges(tariff, part).total[0])
    assert costs[1] >= costs[0] * (1 - 1e-9) - 1e-9


@settings(max_examples=40, deadline=None)
@given(days_of_rates(), st.floats(0.1, 10))
def test_what_a_rate_costs_scales_with_the_rate(rates: Array, factor: float) -> None:
    for rule in ("p95", "p95_active_days"):
        assert billed(factor * rates, rule) == pytest.approx(factor * billed(rates, rule))  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0.001, 100), min_size=3, max_size=3), st.floats(0, 500), st.floats(0, 500)
)
def test_tiers_cost_more_for_more_and_no_more_in_two_parts(
    prices: list[float], one: float, other: float
) -> None:
    falling = Prices((0.0, 50.0, 200.0), tuple(sorted(prices, reverse=True)))
    assert falling.cost(one + other) >= falling.cost(one)
    assert falling.cost(one + other) <= (falling.cost(one) + falling.cost(other)) * (1 + 1e-9)


def test_at_the_break_even_ratio_both_rules_cost_the_same() -> None:
    ratio = break_even(0.006 / GB, 2.0, 30)
    assert ratio == pytest.approx(0.006 * 324 / 2)
    mean = 100.0
    assert mean * ratio * 2.0 == pytest.approx(mean * 324 * GB * 0.006 / GB)


# --- months -----------------------------------------------------------------------------------------------------------


def test_months_are_those_of_the_calendar_or_of_30_days() -> None:
    found = months_of(date(2024, 1, 30), 35)
    assert [(m.label, m.days, m.first, m.last) for m in found] == [
        ("2024-01", 31, 0, 2), ("2024-02", 29, 2, 31), ("2024-03", 31, 31, 35),
    ]  # fmt: skip
    assert [(m.days, m.first, m.last) for m in months_of(None, 35)] == [(30, 0, 30), (30, 30, 35)]


# --- the bill of a rollout --------------------------------------------------------------------------------------------


def test_bytes_billed_are_bytes_sent_and_components_add_up(rollout: Rollout) -> None:
    plans = (
        CellularPlan("a", (0,), 2 / GB, 0.3 * GB, overage=5 / GB),
        CellularPlan("b", (1,), 1 / GB),
    )
    tariff = replace(BY_VOLUME, request=1e-6, origin=0.01 / GB)
    accounts = (
        Account("west", (0,), tariff, caches=20, alternatives=(BY_RATE, BY_ACTIVE_DAYS)),
        Account("east", (1,), COMMITTED),
    )
    billing = Billing(accounts, plans, date(2026, 3, 27), 8e6, 1.1 * GB)
    found = bill(rollout, billing)
    total = outcome(rollout).outputs["total_tb"].mean
    assert total is not None
    assert sum(each.bytes for each in found.accounts) == pytest.approx(total * TB)
    for axis in ("component", "place", "month"):
        assert sum(found.by(axis).values()) == pytest.approx(found.total)
    assert set(found.by("month")) == {"2026-03", "2026-04"}
    by_component = found.by("component")
    own = sum(each.by_tariff[each.tariff] for each in found.accounts)
    paid = sum(by_component.get(name, 0) for name in ("delivery", "commit", "overage"))
    assert paid == pytest.approx(own)
    assert by_component["origin"] == pytest.approx(20 * 1.1 * 0.01)
    share = outcome(rollout).outputs["updated_share"].mean
    assert share is not None and 0.99 < share < 1  # the rest is left at the horizon
    assert found.updated == pytest.approx(share * 4000)
    assert found.per_vehicle == pytest.approx(found.total / found.updated)
    assert billing.cost(rollout) == pytest.approx(found.total)


def test_requests_are_the_ranges_and_one_for_every_flow(rollout: Rollout) -> None:
    flows = rollout.begun[1].sum()
    one, ranges = (
        bill(rollout, replace(ONE, range_bytes=size)).accounts[0] for size in (np.inf, 8e6)
    )
    assert one.requests == pytest.approx(flows)
    assert ranges.requests == pytest.approx(one.bytes / 8e6 + flows)


def test_overhead_is_billed_on_every_byte_and_asks_for_nothing(rollout: Rollout) -> None:
    plan = CellularPlan("all", (0, 1), 1 / GB, 0.3 * GB, overage=2 / GB)
    account = Account("all", (0, 1), replace(BY_VOLUME, prices=Prices((0.0,), (0.01 / GB,))))
    plain = Billing((account,), (plan,), range_bytes=8e6)
    one, more = bill(rollout, plain), bill(rollout, replace(plain, overhead=0.1))
    assert more.by("component")["delivery"] == pytest.approx(1.1 * one.by("component")["delivery"])
    assert more.accounts[0].requests == pytest.approx(one.accounts[0].requests)
    got = 1.1 * rollout.cellular
    weight = rollout.classes.weight
    assert more.beyond["all"] == pytest.approx(weight @ np.maximum(got - 0.3 * GB, 0))


def test_an_edge_cache_fetches_no_more_than_it_is_asked_for(rollout: Rollout) -> None:
    tariff = replace(BY_VOLUME, origin=0.01 / GB)
    many = Account("all", (0, 1), tariff, caches=1e9)
    found = bill(rollout, Billing((many,), objects=GB))
    assert found.by("component")["origin"] == pytest.approx(found.accounts[0].bytes * 0.01 / GB)


def test_cellular_data_beyond_a_vehicles_cap_costs_its_overage(rollout: Rollout) -> None:
    got = rollout.classes.weight * np.maximum(rollout.cellular - 0.3 * GB, 0)
    beyond = got.sum()
    sent = rollout.sent_in[:, 1].sum()

    def cellular(**terms: float | bool) -> float:
        plan = CellularPlan("all", (0, 1), 2 / GB, **terms)  # type: ignore[arg-type]
        return bill(rollout, replace(ONE, cellular=(plan,))).by("component").get("cellular", 0.0)

    assert cellular() == pytest.approx(2 * sent / GB)
    within = 2 * (sent - beyond) / GB
    assert cellular(allowance=0.3 * GB, overage=5 / GB) == pytest.approx(within + 5 * beyond / GB)
    assert cellular(allowance=0.3 * GB) == pytest.approx(within)  # throttled
    # Half of it is used up by other traffic.
    assert cellular(allowance=0.6 * GB, used=0.3 * GB) == pytest.approx(within)
    # One pool for all: the vehicles on Wi-Fi leave theirs to the others.
    assert cellular(allowance=0.4 * GB, overage=5 / GB) > 2 * sent / GB
    assert cellular(allowance=0.4 * GB, overage=5 / GB, pooled=True) == pytest.approx(2 * sent / GB)
    little = max(sent - 4000 * 0.05 * GB, 0)
    assert little > 0
    pooled = cellular(allowance=0.05 * GB, overage=5 / GB, pooled=True)
    assert pooled == pytest.approx(2 * (sent - little) / GB + 5 * little / GB)


def test_cellular_bytes_without_a_plan_are_told(rollout: Rollout) -> None:
    found = bill(rollout, ONE)
    assert found.unpriced == pytest.approx(rollout.sent_in[:, 1].sum())
    assert "cellular" not in found.by("component")


def test_a_campaign_without_bytes_costs_nothing() -> None:
    empty = follow(replace(CAMPAIGN, versions=(Version("there", 1, 0.0),)), 4000)
    plans = (CellularPlan("all", (0, 1), 1 / GB, allowance=0.0, overage=2 / GB),)
    account = Account("all", (0, 1), COMMITTED, caches=5, alternatives=(BY_VOLUME,))
    found = bill(empty, Billing((account,), plans, objects=GB))
    assert found.lines == ()
    assert found.total == 0 and found.updated > 3900
    assert found.accounts[0].break_even == {}


def test_the_bill_of_a_campaign_that_may_halt_is_that_of_the_mixture() -> None:
    install = replace(CAMPAIGN.install, fail=0.02)
    risky = replace(CAMPAIGN, vehicles=300, halt_share=0.03, install=install)
    rollout = follow(risky, 300)
    got = outcome(rollout).outputs
    found = bill(rollout, replace(ONE, cellular=(CellularPlan("all", (0, 1), 1 / GB),)))
    chance, total, cell = (got[name].mean for name in ("halted", "total_tb", "cell_tb"))
    assert chance is not None and 0.02 < chance < 0.5
    assert total is not None and cell is not None
    assert found.accounts[0].bytes == pytest.approx(total * TB)
    assert found.by("component")["cellular"] == pytest.approx(cell * 1000)
    assert found.updated == pytest.approx((got["updated_share"].mean or 0) * 300)


@settings(max_examples=5, deadline=None)
@given(st.floats(0.05, 3.0), st.floats(1.1, 3.0), st.sampled_from([0.0, 2 * TB]))
def test_a_larger_package_is_never_cheaper_by_volume(
    size: float, factor: float, commit: float
) -> None:
    plan = CellularPlan("all", (0, 1), 1 / GB, 0.2 * GB, overage=3 / GB)
    tariff = replace(BY_VOLUME, commit=commit, request=1e-6, origin=0.01 / GB)
    costs = []
    for full in (size * GB, factor * size * GB):
        one = replace(CAMPAIGN, full=full, versions=(Version("old", 1, None),))
        account = Account("all", (0, 1), tariff, caches=10)
        costs.append(bill(follow(one, 4000), Billing((account,), (plan,), objects=full)).total)
    assert costs[1] > costs[0]


def test_a_small_fleets_percentile_is_the_mean_over_its_copies() -> None:
    install = replace(CAMPAIGN.install, fail=0.02)
    risky = replace(CAMPAIGN, vehicles=300, halt_share=0.03, install=install)
    rollout = follow(risky, 300 * 20)
    assert rollout.classes.fleets > 1
    got = outcome(rollout).outputs
    found = bill(rollout, replace(ONE, cellular=(CellularPlan("all", (0, 1), 1 / GB),)))
    assert found.accounts[0].bytes == pytest.approx((got["total_tb"].mean or 0) * TB)
    assert found.by("component")["cellular"] == pytest.approx((got["cell_tb"].mean or 0) * 1000)
    assert found.accounts[0].p95 == pytest.approx(got["p95_gbps_30day"].mean or 0)
    assert found.updated == pytest.approx((got["updated_share"].mean or 0) * 300, rel=0.01)


def test_a_larger_fleet_under_one_price_costs_in_proportion(rollout: Rollout) -> None:
    plain = Billing((Account("all", (0, 1), replace(BY_VOLUME, prices=Prices((0.0,), (1 / GB,)))),))
    larger = follow(replace(CAMPAIGN, vehicles=400_000), 4000)
    assert bill(larger, plain).total == pytest.approx(100 * bill(rollout, plain).total, rel=0.01)


def test_distinct_objects_are_a_delta_a_version_and_the_image_where_it_is_asked_for() -> None:
    assert distinct_objects(CAMPAIGN) == pytest.approx(1.1 * GB)
    deltas = replace(CAMPAIGN, versions=(Version("x", 1, 0.1 * GB), Version("y", 1, 0.2 * GB)))
    assert distinct_objects(deltas) == pytest.approx(0.3 * GB)
    assert distinct_objects(replace(deltas, verify_fail_delta=0.01)) == pytest.approx(1.3 * GB)
    assert distinct_objects(deltas, adaptive=True) == GB


def test_one_contract_is_billed_for_the_traffic_of_all_places_together(rollout: Rollout) -> None:
    west, east = (
        Account(name, (place,), BY_VOLUME, alternatives=(BY_RATE, BY_VOLUME))
        for place, name in enumerate(("west", "east"))
    )
    found = bill(rollout, Billing((west, east)))
    apart = {
        name: sum(each.by_tariff[name] for each in found.accounts) for name in ("95/5", "list")
    }
    rates = rollout.sent_in.sum(axis=(0, 1)) * MBPS_OF_BIN
    assert found.together["95/5"] == pytest.approx(2 * float(percentile_95(month_of(rates))))
    # Each place's own month has 36 hours free, and these are not the same hours.
    assert found.together["95/5"] > apart["95/5"]
    assert found.together["list"] == pytest.approx(apart["list"])  # within the first tier
    assert bill(rollout, Billing((replace(west, regions=(0, 1)),))).together == {}


def test_the_cheapest_rule_is_found_among_those_compared(rollout: Rollout) -> None:
    # Ten days of night traffic: dear by its 95th percentile at 2 USD, dearer from a list.
    account = Account("all", (0, 1), BY_VOLUME, alternatives=(BY_RATE, BY_ACTIVE_DAYS))
    found = bill(rollout, Billing((account,))).accounts[0]
    assert set(found.by_tariff) == {"list", "95/5", "active days"}
    assert found.cheapest == min(found.by_tariff, key=lambda name: found.by_tariff[name])
    assert found.by_tariff["95/5"] == pytest.approx(2 * found.p95 * 1000)
    cheaper = found.by_tariff["95/5"] < found.by_tariff["list"]
    assert found.by_rate == "95/5"
    assert cheaper == (found.p95 / found.mean < found.break_even["list"])
