"""A campaign's bill for the terminal and as JSON: by component and month, each contract's traffic by tariff."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from math import isfinite
from typing import Any

from planner.perf.campaign.billing import COMPONENTS, AccountBill, Bill
from planner.report.page import Page
from planner.text import printable

CURRENCY = "USD"
AS_BILLED = "as billed"
NAME, CELL = 21, 12
TB = 1e12


def document(bill: Bill, between: tuple[float, float] | None) -> dict[str, Any]:
    """The bill as JSON; amounts in USD, null where there is nothing to divide by or to compare.

    `between`: its total with every price at its 10th and at its 90th percentile.
    """
    components = bill.by("component")
    low, high = between or (None, None)
    return {
        "currency": CURRENCY,
        "total": bill.total,
        "total_low": low,
        "total_high": high,
        "per_updated_vehicle": bill.per_vehicle,
        "components": {name: components.get(name, 0.0) for name in COMPONENTS},
        "by_month": bill.by("month"),
        "by_place": bill.by("place"),
        "lines": [asdict(line) for line in bill.lines],
        "accounts": [_account(each) for each in bill.accounts],
        "delivery_as_one_contract": bill.together,
        "cellular_beyond_caps_tb": {name: each / TB for name, each in bill.beyond.items()},
        "cellular_unpriced_tb": bill.unpriced / TB,
    }


def _account(account: AccountBill) -> dict[str, Any]:
    return {
        "name": account.name,
        "tariff": account.tariff,
        "tariff_of": account.dated or None,
        "tb": account.bytes / TB,
        "requests": account.requests,
        "p95_gbps": account.p95,
        "mean_gbps": account.mean,
        "p95_over_mean": account.p95 / account.mean if account.mean > 0 else None,
        "by_rate": account.by_rate,
        "break_even_p95_over_mean": {
            name: ratio if isfinite(ratio) else None for name, ratio in account.break_even.items()
        },
        "delivery_by_tariff": account.by_tariff,
        "cheapest": account.cheapest,
    }


def add_to(out: Page, bill: Bill, between: tuple[float, float] | None) -> None:
    """Components and what a vehicle costs, each contract on a line, and what other rules make of the same traffic."""
    _components(out, bill)
    if between is not None and between[0] < between[1]:
        span = f"{between[0]:,.0f} to {between[1]:,.0f}"
        out.add(f"{span} with all prices at their 10th or their 90th percentile")
    out.skip()
    _accounts(out, bill)
    out.skip()
    out.entries("Rules", list(_rules(bill)))
    out.entries("Cellular", list(_unpaid(bill)), "yellow")


def _components(out: Page, bill: Bill) -> None:
    months = list(bill.by("month"))
    several = months if len(months) > 1 else []
    heads = [CURRENCY, "a vehicle", "share", *(month[-CELL + 2 :] for month in several)]
    out.add("bill".ljust(NAME) + "".join(each.rjust(CELL) for each in heads), "bold")
    amounts = {name: bill.by("component").get(name, 0.0) for name in COMPONENTS}
    for name, usd in [*amounts.items(), ("total", bill.total)]:
        if not usd and name != "total":
            continue
        mine = [line for line in bill.lines if name in (line.component, "total")]
        cells = [
            f"{usd:,.0f}",
            f"{usd / bill.updated:.3g}" if bill.updated > 0 else "-",
            f"{100 * usd / bill.total:.1f} %" if bill.total else "-",
            *(f"{sum(x.usd for x in mine if x.month == month):,.0f}" for month in several),
        ]
        out.add(
            name.ljust(NAME) + "".join(each.rjust(CELL) for each in cells),
            "bold" if name == "total" else "",
        )


def _accounts(out: Page, bill: Bill) -> None:
    out.add(
        f"{'contract':<{NAME}}{'TB':>10}{'95/5, Gb/s':>12}{'/ mean':>8}{CURRENCY:>11}  tariff",
        "bold",
    )
    for each in bill.accounts:
        ratio = f"{each.p95 / each.mean:.2f}" if each.mean > 0 else "-"
        usd = each.by_tariff[each.tariff]
        out.add(
            f"{printable(each.name)[: NAME - 1]:<{NAME}}{each.bytes / TB:>10,.4g}{each.p95:>12.3g}{ratio:>8}"
            f"{usd:>11,.0f}  {printable(each.tariff)} {each.dated}"
        )


def delivery_by_rule(bill: Bill) -> dict[str, float]:
    """What the delivery costs [USD] as billed, and under each tariff that all contracts are compared with."""
    shared = [
        name
        for name in (bill.accounts[0].by_tariff if bill.accounts else {})
        if all(name in each.by_tariff for each in bill.accounts)
    ]
    costs = {name: sum(each.by_tariff[name] for each in bill.accounts) for name in shared}
    own = sum(each.by_tariff[each.tariff] for each in bill.accounts)
    return {AS_BILLED: own, **costs} if costs else {}


def _rules(bill: Bill) -> Iterator[str]:
    costs = delivery_by_rule(bill)
    own = costs.pop(AS_BILLED, 0.0)
    parts = [f"{usd:,.0f} under {printable(name)}" for name, usd in costs.items()]
    if parts:
        yield f"delivery is {own:,.0f} {CURRENCY} as billed; each contract's traffic costs {', '.join(parts)}"
    if bill.together:
        parts = [f"{usd:,.0f} under {printable(name)}" for name, usd in bill.together.items()]
        yield f"as one contract for all places: {', '.join(parts)}"
    ratios = [
        f"{printable(each.name)} {ratio:.3g}"
        for each in bill.accounts
        if (ratio := each.break_even.get(each.tariff)) is not None
    ]
    if ratios:
        rate = printable(bill.accounts[0].by_rate or "")
        yield (
            f"{rate} costs less than these contracts while the 95th percentile over the mean is below: "
            + ", ".join(ratios)
        )


def _unpaid(bill: Bill) -> Iterator[str]:
    for name, each in bill.beyond.items():
        if each > 0:
            yield f"{printable(name)}: {each / TB:.3g} TB of cellular data lie beyond the caps"
    if bill.unpriced > 0:
        yield f"{bill.unpriced / TB:.3g} TB of cellular data have no price in the campaign"
