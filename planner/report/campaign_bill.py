"""A campaign's bill for the terminal and as JSON: by component and month, each contract's traffic by tariff."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.text import Text

from planner.perf.campaign.billing import COMPONENTS, AccountBill, Bill
from planner.text import printable

CURRENCY = "USD"
NAME, CELL = 26, 13
TB = 1e12


def document(bill: Bill) -> dict[str, Any]:
    """The bill as JSON; amounts in USD, null where there is nothing to divide by or to compare."""
    components = bill.by("component")
    return {
        "currency": CURRENCY,
        "total": bill.total,
        "per_updated_vehicle": bill.per_vehicle,
        "components": {name: components.get(name, 0.0) for name in COMPONENTS},
        "by_month": bill.by("month"),
        "by_place": bill.by("place"),
        "lines": [asdict(line) for line in bill.lines],
        "accounts": [_account(each) for each in bill.accounts],
        "cellular_beyond_caps_tb": {name: each / TB for name, each in bill.beyond.items()},
        "cellular_unpriced_tb": bill.unpriced / TB,
    }


def _account(account: AccountBill) -> dict[str, Any]:
    return {
        "name": account.name,
        "tariff": account.tariff,
        "tb": account.bytes / TB,
        "requests": account.requests,
        "p95_gbps": account.p95,
        "mean_gbps": account.mean,
        "p95_over_mean": account.p95 / account.mean if account.mean > 0 else None,
        "break_even_p95_over_mean": account.break_even,
        "delivery_by_tariff": account.by_tariff,
        "cheapest": account.cheapest,
    }


def page(bill: Bill, width: int) -> list[Text]:
    """Components and their sum, what a vehicle costs, and each account under each tariff."""
    per = bill.updated if bill.updated > 0 else float("inf")
    lines = [_row(f"bill [{CURRENCY}]", "total", "a vehicle", style="bold")]
    amounts = bill.by("component")
    for name in COMPONENTS:
        if name in amounts:
            lines.append(_row(f"  {name}", f"{amounts[name]:,.0f}", f"{amounts[name] / per:.4f}"))
    lines.append(_row("  total", f"{bill.total:,.0f}", f"{bill.total / per:.4f}", style="bold"))
    months = bill.by("month")
    if len(months) > 1:
        for name, usd in months.items():
            lines.append(_row(f"  of it in {name}", f"{usd:,.0f}", ""))
    for account in bill.accounts:
        lines += _traffic(account)
    for name, each in bill.beyond.items():
        if each > 0:
            lines.append(
                Text(f"  {printable(name)}: {each / TB:.3g} TB of cellular data beyond caps")
            )
    if bill.unpriced > 0:
        text = f"  {bill.unpriced / TB:.3g} TB of cellular data have no price in the campaign"
        lines.append(Text(text, style="yellow"))
    for line in lines:
        line.truncate(width)
    return lines


def _traffic(account: AccountBill) -> list[Text]:
    """An account's traffic, and its delivery under each tariff."""
    ratio = f"{account.p95 / account.mean:.2g}" if account.mean > 0 else "-"
    found = [
        Text(
            f"{printable(account.name)}: {account.bytes / TB:,.4g} TB, p95 {account.p95:.3g} Gbps, "
            f"{ratio} of the month's mean"
        )
    ]
    for name, usd in account.by_tariff.items():
        said = "as billed" if name == account.tariff else ""
        best = "cheapest" if name == account.cheapest and len(account.by_tariff) > 1 else ""
        found.append(
            _row(f"  {printable(name)}", f"{usd:,.0f}", ", ".join(filter(None, (said, best))))
        )
    if account.break_even is not None:
        found.append(
            Text(f"  95/5 is cheaper than by volume below a p95 of {account.break_even:.3g} means")
        )
    return found


def _row(name: str, first: str, second: str, style: str = "") -> Text:
    return Text(f"{name:<{NAME + 6}}{first:>{CELL}}  {second:>{CELL}}".rstrip(), style=style)
