"""Nothing is counted twice and nothing is lost: every total of money and carbon is the sum of its parts.

On three layouts: bought, leased and rented accelerators, with and without stock from before the plan. The present value
does not depend on the money in which cash is counted; terms of payment move money in time and make none; what is
dearer never makes the total cheaper.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.axes import HARDWARE, ITEM, MONTH, NETWORK, SITE, TIER, Array, take, total
from planner.catalogue import INVESTMENT, ITEMS, RUNNING, among
from planner.model import carbon as carbon_model
from planner.model import cash_flow as ledger_model
from planner.model import payments
from planner.project import Project
from tests.properties import seeded_bugs as bugs
from tests.properties.layouts import (
    ANNOUNCED,
    WHOLE_PLANS,
    factors,
    read,
    rows_of,
    run,
    same,
    scaled,
)
from tests.properties.layouts import (
    RUNNING as ON_THE_WAY,
)

MIXED = (
    "sites.taiwan.acquisition=lease",
    "sites.japan.acquisition=rent",
    "sites.japan.building=colocate",
)
LAYOUTS = ("bought", "mixed", "mixed and running")
LINES = (
    *("node_payments", "storage_payments", "network_payments", "rig_payments"),
    *(
        "building_payments",
        "installation_payments",
        "duty_payments",
        "lease_payments",
        "rent_cost",
        "colocation_cost",
    ),
    *("energy_cost", "maintenance_cost", "licence_cost", "staff_cost", "wan_cost"),
    *("cellular_cost", "delivery_cost", "label_cost"),
)
TOTALS = (
    *("cash_flow", "capex", "opex", "money_level", "discount_factor", "discount_factor_at_end"),
    *("residual_by_item", "residual_value", "tco_undiscounted", "tco", "cost_present"),
    *("compute_cost", "workload_cost"),
)
CARBON = (
    *("carbon_of_nodes", "carbon_of_storage", "carbon_of_networks", "carbon_of_rigs"),
    "carbon_of_halls",
    *("carbon_embodied", "carbon_operational", "carbon"),
)
Example = dict[int, float]


@cache
def layout(name: str, *changes: str) -> Project:
    text = ON_THE_WAY if name.endswith("running") else ANNOUNCED
    terms = (
        "duties.customs.duties[0].rate=7 %",
        "economics.network_deposit_share=20 %",
        "economics.building_deposit_share=40 %",
        "economics.building_lead_time=400 day",
    )
    return read(text, set=[*terms, *(MIXED if name.startswith("mixed") else ()), *changes])


def check_totals(project: Project, chosen: Example) -> None:
    x = run(project, [*LINES, *TOTALS], scaled(project.table, chosen))
    ledger, money = x["cash_flow"], x["money_level"]
    assert len(LINES) == len(ITEMS)
    for line, position in zip(LINES, range(len(ITEMS)), strict=True):
        assert same(take(ledger, ITEM, position), x[line] * money, 1e-12), line
    assert same(x["capex"], total(ledger * among(INVESTMENT), ITEM), 1e-12)
    assert same(x["opex"], total(ledger * among(RUNNING), ITEM), 1e-12)
    assert same(x["capex"] + x["opex"], total(ledger, ITEM), 1e-12)
    left = total(x["residual_by_item"], ITEM)
    assert same(x["residual_value"], left, 1e-12)
    assert same(x["tco_undiscounted"], total(ledger, MONTH, ITEM) - left, 1e-9)
    worth = total(ledger * x["discount_factor"], MONTH, ITEM) - left * x["discount_factor_at_end"]
    assert same(x["tco"], worth, 1e-9)
    assert same(total(x["cost_present"], ITEM), worth, 1e-9)


def check_carbon(project: Project, chosen: Example) -> None:
    x = run(project, list(CARBON), scaled(project.table, chosen))
    made = sum(x[name] for name in CARBON[:5])
    assert same(x["carbon_embodied"], np.asarray(made), 1e-12)
    assert same(x["carbon"], total(x["carbon_operational"] + made, SITE), 1e-12)


PAID = (
    *("node_payments", "storage_payments", "lease_payments"),
    *("network_payments", "building_payments", "rig_payments"),
)
DUE = ("node_order_value", "node_committed_value", "storage_order_value", "storage_committed_value")
ON_TOP = (
    "installation_payments",
    "duty_payments",
    "network_bought",
    "node_delivered_value",
    "rig_value_entering",
    "hall_power_added",
    "building_cost",
)


def check_payments_are_orders(project: Project, chosen: Example) -> None:
    """Whatever the terms: what is bought is paid once, with installation and duty; here prices do not rise."""
    values = scaled(project.table, chosen)
    x = run(project, [*PAID, *DUE, *ON_TOP], values)
    leaves = project.table.redrawn({i: np.array([v]) for i, v in values.items()})
    leaf = {**project.leaves, **leaves}
    balance = 1.0 - leaf["economics_deposit_share"]
    buys, rents = leaf["site_buys"], leaf["site_rents"]
    nodes = (x["node_order_value"] + x["node_committed_value"] * balance) * buys
    storage = x["storage_order_value"] + x["storage_committed_value"] * balance
    assert same(x["node_payments"].sum(), nodes.sum(), 1e-9)
    assert same(x["storage_payments"].sum(), storage.sum(), 1e-9)
    assert same(x["network_payments"].sum(), x["network_bought"].sum(), 1e-9)
    assert same(x["rig_payments"].sum(), x["rig_value_entering"].sum(), 1e-9)
    halls = (x["hall_power_added"] * x["building_cost"]).sum()
    assert same(x["building_payments"].sum(), halls, 1e-9)
    # Duty and installation are on the whole price, also of what was committed, wherever nothing is rented.
    entering = total(
        (x["node_order_value"] + x["node_committed_value"]) * (1.0 - rents), SITE, HARDWARE
    )
    stored = total(x["storage_order_value"] + x["storage_committed_value"], TIER, SITE)
    value = entering + stored + total(x["network_bought"], NETWORK, SITE) + x["rig_value_entering"]
    assert same(x["installation_payments"], value * leaf["economics_installation_share"], 1e-12)
    ordered = x["node_order_value"] + x["node_committed_value"]
    assert same(x["node_delivered_value"].sum(), ordered.sum(), 1e-9)


def check_money_is_nothing(projects: tuple[Project, Project], chosen: Example) -> None:
    names = ["tco", "cost_present", "cost_per_vehicle_year", "gpu_hour_cost"]
    real, nominal = (run(each, names, scaled(each.table, chosen)) for each in projects)
    for name in names:
        assert same(real[name], nominal[name], 1e-12), name


WAYS = {
    "tco_if_bought": (1.0, 0.0, 0.0),
    "tco_if_leased": (0.0, 1.0, 0.0),
    "tco_if_rented": (0.0, 0.0, 1.0),
}


def check_other_ways_cost_what_is_said(project: Project, chosen: Example) -> None:
    """Each way is what the plan costs whose sites all go it, with what is delivered when in the place of lead times."""
    values = scaled(project.table, chosen)
    leaves = project.table.redrawn({i: np.array([v]) for i, v in values.items()})
    said = project.run(["node_delivery_time", *WAYS], leaves)
    held = replace(project, overrides={"node_delivery_time": said["node_delivery_time"]})
    like = np.asarray(project.leaves["site_buys"])
    for name, ways in WAYS.items():
        owners = zip(("site_buys", "site_leases", "site_rents"), ways, strict=True)
        other = {owner: np.full_like(like, part) for owner, part in owners}
        found = held.run(["tco"], {**leaves, **other})["tco"]
        assert same(found, said[name], 1e-9), name


DEARER = (
    *("node_price", "system_price", "switch_price", "location_building_cost"),
    *("location_electricity_price", "region_cellular_price", "region_cdn_price"),
    *("location_transit_price", "economics_staff_cost", "economics_licence_price"),
    *("economics_maintenance_share", "economics_installation_share", "accelerator_rent_price"),
    *("economics_lease_rate", "economics_colocation_price", "ecu_price", "qualification_rig_price"),
)


def check_dearer_is_never_cheaper(project: Project, example: tuple[Example, str, float]) -> None:
    chosen, leaf, factor = example
    before = scaled(project.table, chosen)
    rows = project.table.rows
    after = dict(before)
    for i in rows_of(project.table, leaf):
        most = np.inf if rows[i].most is None else rows[i].most
        after[i] = min(before.get(i, rows[i].value) * factor, most)
    x = run(project, ["tco", "cash_flow"], before, after)
    assert (x["cash_flow"][1] >= x["cash_flow"][0] * (1 - 1e-12)).all(), leaf
    assert x["tco"][1].item() >= x["tco"][0].item() * (1 - 1e-9), leaf


def dearer(project: Project) -> st.SearchStrategy[tuple[Example, str, float]]:
    return st.tuples(factors(project.table), st.sampled_from(DEARER), st.floats(1.0, 10.0))


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("money", ["real", "nominal"])
def test_every_total_of_money_is_the_sum_of_its_parts(name: str, money: str) -> None:
    project = layout(name, f"economics.money={money}")

    @settings(max_examples=20, deadline=None, derandomize=True)
    @given(factors(project.table))
    def holds(chosen: Example) -> None:
        check_totals(project, chosen)
        check_carbon(project, chosen)

    holds()


@pytest.mark.parametrize("name", LAYOUTS)
def test_what_is_ordered_is_paid_once_whatever_the_terms(name: str) -> None:
    project = layout(name, "economics.inflation=0 %")
    inflation = rows_of(project.table, "economics_inflation")

    @settings(max_examples=20, deadline=None, derandomize=True)
    @given(factors(project.table))
    def holds(chosen: Example) -> None:
        check_payments_are_orders(project, {**chosen, **dict.fromkeys(inflation, 0.0)})

    holds()


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_present_value_is_the_same_in_real_and_in_nominal_money(name: str) -> None:
    projects = (layout(name, "economics.money=real"), layout(name, "economics.money=nominal"))

    @settings(max_examples=20, deadline=None, derandomize=True)
    @given(factors(projects[0].table))
    def holds(chosen: Example) -> None:
        check_money_is_nothing(projects, chosen)

    holds()


@pytest.mark.parametrize("name", ["bought", "mixed and running"])
def test_other_ways_to_have_accelerators_cost_what_is_said(name: str) -> None:
    project = layout(name)

    @settings(max_examples=8, deadline=None, derandomize=True)
    @given(factors(project.table))
    def holds(chosen: Example) -> None:
        check_other_ways_cost_what_is_said(project, chosen)

    holds()


@pytest.mark.parametrize("name", LAYOUTS)
def test_what_is_dearer_never_makes_the_total_cheaper(name: str) -> None:
    project = layout(name)

    @WHOLE_PLANS
    @given(dearer(project))
    def holds(example: tuple[Example, str, float]) -> None:
        check_dearer_is_never_cheaper(project, example)

    holds()


# --- Seeded bugs -----------------------------------------------------------------------------------------------------


@bugs.instead_of("opex")
def cellular_is_counted_twice(cash_flow: Array) -> Array:
    """Adds the data of vehicles once more."""
    twice = among(RUNNING) + among(("cellular",))
    return total(cash_flow * twice, ITEM)


@bugs.instead_of("tco")
def what_is_left_is_not_discounted(
    capex_present: Array, opex_present: Array, residual_value: Array
) -> Array:
    """Takes the residual value at the horizon's end for one of today."""
    return capex_present + opex_present - residual_value


@bugs.instead_of("carbon_embodied")
def storage_is_made_twice(
    carbon_of_nodes: Array, carbon_of_storage: Array, carbon_of_halls: Array
) -> Array:
    """Counts storage in the place of networks."""
    return carbon_of_nodes + 2.0 * carbon_of_storage + carbon_of_halls


@bugs.instead_of("storage_payments")
def retention_is_never_paid(
    storage_delivered_value: Array, economics_retention_share: Array, price_level: Array
) -> Array:
    """Forgets what was kept back, and takes the deposit for a gift."""
    paid = storage_delivered_value * (1.0 - economics_retention_share)
    return total(paid, TIER, SITE) / price_level


@bugs.instead_of("discount_factor")
def nominal_cash_at_the_real_rate(present_factor: Array, money_level: Array) -> Array:
    """Discounts money of the day at the real rate."""
    return present_factor + 0.0 * money_level


@bugs.instead_of("installation_payments")
def installers_pay_back(
    node_order_value: Array, economics_installation_share: Array, price_level: Array
) -> Array:
    """Takes installation for a rebate on the price of nodes."""
    value = total(node_order_value, SITE, HARDWARE) * economics_installation_share
    return -value / price_level


@bugs.instead_of("running_of_nodes")
def energy_of_rented_nodes_is_paid_twice(
    it_power: Array, energy: Array, location_electricity_price: Array, hall_power_of_others: Array
) -> Array:
    """Leaves the energy of nodes with whoever rents them."""
    return 0.0 * it_power * energy * location_electricity_price * hall_power_of_others


def test_a_seeded_bug_in_the_other_ways_is_caught() -> None:
    wrong = bugs.with_bug(layout("bought"), energy_of_rented_nodes_is_paid_twice)
    examples = factors(wrong.table)
    bugs.caught(lambda chosen: check_other_ways_cost_what_is_said(wrong, chosen), examples)


def test_seeded_bugs_in_the_sums_are_caught() -> None:
    assert payments.storage_payments.name == retention_is_never_paid.name
    assert ledger_model.opex.name == cellular_is_counted_twice.name
    assert carbon_model.carbon_embodied.name == storage_is_made_twice.name
    project = layout("bought")
    examples = factors(project.table)
    for bug in (cellular_is_counted_twice, what_is_left_is_not_discounted):
        wrong = bugs.with_bug(project, bug)
        bugs.caught(lambda chosen, wrong=wrong: check_totals(wrong, chosen), examples)
    made_twice = bugs.with_bug(project, storage_is_made_twice)
    bugs.caught(lambda chosen: check_carbon(made_twice, chosen), examples)


def test_a_seeded_bug_in_the_terms_of_payment_is_caught() -> None:
    project = layout("bought", "economics.inflation=0 %")
    wrong = bugs.with_bug(project, retention_is_never_paid)
    bugs.caught(lambda chosen: check_payments_are_orders(wrong, chosen), factors(project.table))


def test_a_seeded_bug_in_the_value_of_money_is_caught() -> None:
    pair = [layout("bought", f"economics.money={money}") for money in ("real", "nominal")]
    wrong = (pair[0], bugs.with_bug(pair[1], nominal_cash_at_the_real_rate))
    bugs.caught(lambda chosen: check_money_is_nothing(wrong, chosen), factors(pair[0].table))


def test_a_seeded_bug_that_turns_a_price_around_is_caught() -> None:
    project = bugs.with_bug(layout("bought"), installers_pay_back)
    bugs.caught(lambda example: check_dearer_is_never_cheaper(project, example), dearer(project))
