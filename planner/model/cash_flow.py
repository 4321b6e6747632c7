"""When does how much money leave, and what is all of it worth today?

One ledger: every payment stands in one month under one item, and every total is a sum over it. Prices are given in
money of the base date. In real terms cash is counted in that money and discounted at the real rate; in nominal terms
it is counted in money of its day and discounted at the nominal rate, (1 + real rate)(1 + inflation) - 1; the total cost
of ownership is the same (Fisher). Each quarter has one discount factor, that of its middle, so that the quarterly table
gives the total cost exactly.
"""

from __future__ import annotations

import numpy as np

from planner.axes import DRAW, HARDWARE, ITEM, MONTH, NETWORK, SITE, TIER, Array, on, place, total
from planner.catalogue import (
    INVESTMENT,
    RUNNING,
    SECONDS_A_YEAR,
    Calendar,
    among,
    by_item,
)
from planner.graph import quantity
from planner.model.decisions import months_of_life
from planner.perf.money import book_share, present_worth, price_levels

# --- The value of money ----------------------------------------------------------------------------------------------


def _levels(inflation: Array, base_time: Array, at: Array, calendar: Calendar) -> Array:
    edges, base = calendar.edges / SECONDS_A_YEAR, base_time.reshape(1) / SECONDS_A_YEAR
    return price_levels(on(inflation, MONTH), edges, base, at / SECONDS_A_YEAR)


@quantity(unit="1", axes="month")
def price_level(
    economics_inflation: Array, economics_base_time: Array, calendar: Calendar
) -> Array:
    """General price level of each quarter, in its middle, over that of the base date."""
    levels = _levels(economics_inflation, economics_base_time, calendar.quarter_middles, calendar)
    return place(levels, DRAW, MONTH)


@quantity(unit="1")
def price_level_at_end(
    economics_inflation: Array, economics_base_time: Array, calendar: Calendar
) -> Array:
    """General price level at the horizon's end over that of the base date."""
    levels = _levels(economics_inflation, economics_base_time, calendar.edges[-1:], calendar)
    return place(levels[:, 0], DRAW)


@quantity(unit="1", axes="month")
def money_level(price_level: Array, economics_nominal: Array) -> Array:
    """Money in which cash is counted, over money of the base date: the price level, or 1 in real terms."""
    return np.where(economics_nominal > 0, price_level, 1.0)


@quantity(unit="1")
def money_level_at_end(price_level_at_end: Array, economics_nominal: Array) -> Array:
    """The same at the horizon's end."""
    return np.where(economics_nominal > 0, price_level_at_end, 1.0)


@quantity(unit="1", axes="month")
def present_factor(economics_discount_rate: Array, calendar: Calendar) -> Array:
    """Worth at plan_start of one dollar of the base date paid in each quarter: (1 + real rate)^(-years)."""
    years = place(calendar.quarter_middles / SECONDS_A_YEAR, MONTH)
    return present_worth(economics_discount_rate, years)


@quantity(unit="1")
def present_factor_at_end(economics_discount_rate: Array, calendar: Calendar) -> Array:
    """Worth at plan_start of one dollar of the base date at the horizon's end."""
    return present_worth(economics_discount_rate, place(calendar.edges[-1] / SECONDS_A_YEAR))


@quantity(unit="1", axes="month")
def discount_factor(present_factor: Array, money_level: Array) -> Array:
    """Worth at plan_start, in money of the base date, of one dollar of the cash flow, by the middle of its quarter."""
    return present_factor / money_level


@quantity(unit="1")
def discount_factor_at_end(present_factor_at_end: Array, money_level_at_end: Array) -> Array:
    """Worth at plan_start, in money of the base date, of one dollar at the horizon's end."""
    return present_factor_at_end / money_level_at_end


# --- The ledger ------------------------------------------------------------------------------------------------------


@quantity(unit="USD", axes="month item")
def cash_flow(
    node_payments: Array,
    storage_payments: Array,
    network_payments: Array,
    rig_payments: Array,
    building_payments: Array,
    installation_payments: Array,
    duty_payments: Array,
    lease_payments: Array,
    rent_cost: Array,
    colocation_cost: Array,
    energy_cost: Array,
    maintenance_cost: Array,
    licence_cost: Array,
    staff_cost: Array,
    wan_cost: Array,
    cellular_cost: Array,
    delivery_cost: Array,
    label_cost: Array,
    money_level: Array,
) -> Array:
    """Every payment, in the month in which it is made, under one item; in real or nominal money as the plan counts."""
    lines = by_item(
        nodes=node_payments,
        storage=storage_payments,
        network=network_payments,
        rigs=rig_payments,
        building=building_payments,
        installation=installation_payments,
        duty=duty_payments,
        lease=lease_payments,
        rent=rent_cost,
        colocation=colocation_cost,
        energy=energy_cost,
        maintenance=maintenance_cost,
        licences=licence_cost,
        staff=staff_cost,
        wan=wan_cost,
        cellular=cellular_cost,
        delivery=delivery_cost,
        labels=label_cost,
    )
    return lines * money_level


@quantity(unit="USD", axes="month")
def capex(cash_flow: Array) -> Array:
    """All investment, in the month of payment."""
    return total(cash_flow * among(INVESTMENT), ITEM)


@quantity(unit="USD", axes="month")
def opex(cash_flow: Array) -> Array:
    """All running costs of the month, leases and rents among them."""
    return total(cash_flow * among(RUNNING), ITEM)


@quantity(unit="1", axes="month")
def equipment_left(
    economics_equipment_life: Array, cluster_refresh_age: Array, calendar: Calendar
) -> Array:
    """Share of the price of equipment that is left at the horizon's end, by the month in which it enters service.

    Written down in a straight line while it serves; what was retired before the end is written off.
    """
    age = place(calendar.edges[-1] - calendar.edges[:-1], MONTH)
    months = place(calendar.months - np.arange(calendar.months), MONTH)
    serves = months < place(months_of_life(cluster_refresh_age)[:, 0], DRAW)
    return book_share(age, economics_equipment_life) * serves


@quantity(unit="1", axes="month")
def building_left(economics_building_life: Array, calendar: Calendar) -> Array:
    """Share of a hall's cost that is left at the horizon's end, by the month in which its power is first needed."""
    age = place(calendar.edges[-1] - calendar.edges[:-1], MONTH)
    return book_share(age, economics_building_life)


@quantity(unit="USD", axes="item")
def residual_by_item(
    node_order_value: Array,
    node_committed_value: Array,
    site_buys: Array,
    site_leases: Array,
    storage_order_value: Array,
    storage_committed_value: Array,
    network_bought: Array,
    rig_value_entering: Array,
    hall_power_added: Array,
    building_cost: Array,
    lease_outstanding: Array,
    economics_deposit_share: Array,
    equipment_left: Array,
    building_left: Array,
    money_level_at_end: Array,
) -> Array:
    """Worth at the horizon's end of what the plan paid for, written down in a straight line; leases less what is owed.

    Equipment counts while it serves: what was retired before the end is written off, and no sale is booked. Of what was
    committed before the plan only the balance that the plan pays counts; installation and duty have no residual.
    """
    balance = 1.0 - economics_deposit_share
    bought = (node_order_value + node_committed_value * balance) * site_buys
    leased = (node_order_value + node_committed_value) * site_leases
    stored = storage_order_value + storage_committed_value * balance
    halls = hall_power_added * building_cost
    lines = by_item(
        nodes=total(total(bought, SITE, HARDWARE) * equipment_left, MONTH),
        storage=total(total(stored, TIER, SITE) * equipment_left, MONTH),
        network=total(total(network_bought, NETWORK, SITE) * equipment_left, MONTH),
        rigs=total(rig_value_entering * equipment_left, MONTH),
        building=total(total(halls, SITE) * building_left, MONTH),
        lease=total(total(leased, SITE, HARDWARE) * equipment_left, MONTH) - lease_outstanding,
    )
    return lines * money_level_at_end


@quantity(unit="USD", axes="")
def residual_value(residual_by_item: Array) -> Array:
    """Worth at the horizon's end of all that the plan paid for."""
    return total(residual_by_item, ITEM)


# --- Totals ----------------------------------------------------------------------------------------------------------


@quantity(unit="USD", axes="")
def tco_undiscounted(capex: Array, opex: Array, residual_value: Array) -> Array:
    """All payments from plan_start to the horizon's end less the residual value, without discounting."""
    return total(capex + opex, MONTH) - residual_value


@quantity(unit="USD", axes="item")
def cost_present(
    cash_flow: Array,
    discount_factor: Array,
    residual_by_item: Array,
    discount_factor_at_end: Array,
) -> Array:
    """Worth at plan_start of each item: its payments less what is left of it at the horizon's end."""
    paid = total(cash_flow * discount_factor, MONTH)
    return paid - residual_by_item * discount_factor_at_end


@quantity(unit="USD", axes="")
def capex_present(capex: Array, discount_factor: Array) -> Array:
    """Worth at plan_start of all investment from plan_start to the horizon's end."""
    return total(capex * discount_factor, MONTH)


@quantity(unit="USD", axes="")
def opex_present(opex: Array, discount_factor: Array) -> Array:
    """Worth at plan_start of all running costs from plan_start to the horizon's end."""
    return total(opex * discount_factor, MONTH)


@quantity(unit="USD", axes="")
def residual_present(residual_value: Array, discount_factor_at_end: Array) -> Array:
    """Worth at plan_start of the residual value, discounted from the horizon's end."""
    return residual_value * discount_factor_at_end


@quantity(unit="USD", axes="")
def tco(capex_present: Array, opex_present: Array, residual_present: Array) -> Array:
    """Total cost of ownership: net present value at plan_start of all payments, less the residual value.

    In money of the base date, whether cash is counted in real or in nominal terms.
    """
    return capex_present + opex_present - residual_present
