"""How far the campaign model is from measured campaigns: a line a case for the terminal, every output as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.text import Text

from planner.text import counted, printable
from planner.validation.campaign import CampaignRow

LEAST_NAME, CELL = 24, 12


def to_json(rows: Sequence[CampaignRow]) -> str:
    """Every output of every case; null where there is no value, or no spread to measure by."""
    return json.dumps({"rows": [asdict(row) for row in rows]}, indent=2, allow_nan=False)


def page(rows: Sequence[CampaignRow], width: int) -> list[Text]:
    """Outputs within their target by case, then every output that is not."""
    cases = list(dict.fromkeys(row.case for row in rows))
    name = min(max([LEAST_NAME, *(len(printable(case)) for case in cases)]), width - 2 * CELL)
    lines = [Text(f"{'case':<{name}}{'outputs':>{CELL}}{'within':>{CELL}}", style="bold")]
    for case in cases:
        mine = [row for row in rows if row.case == case]
        within = sum(row.within for row in mine)
        style = "" if within == len(mine) else "yellow"
        title = printable(case)[:name]
        lines.append(Text(f"{title:<{name}}{len(mine):>{CELL}}{within:>{CELL}}", style=style))
    outside = [row for row in rows if not row.within]
    lines.append(Text(""))
    lines.append(Text(f"{counted(len(outside), 'output')} outside the target"))
    for row in outside:
        lines.append(
            Text(
                f"  {printable(row.case)} {printable(row.output)}: {_number(row.predicted)} against "
                f"{_number(row.measured)}, {_number(row.error_pct)} %, z {_number(row.z)}"
            )
        )
    return lines


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.4g}"
