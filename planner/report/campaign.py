"""A campaign's run for the terminal and as JSON: when it is done, what it sends, how fast, what fails."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from planner.perf.campaign import Outcome, Rollout


@dataclass(frozen=True)
class Run:
    """What `planner campaign run` found."""

    title: str
    file: str
    rollout: Rollout
    outcome: Outcome


def to_json(run: Run) -> str:
    """Outputs by their names in the semantics of campaigns, also at the top; null: not reached."""
    return json.dumps(document(run), indent=2, allow_nan=False)


def document(run: Run) -> dict[str, Any]:
    """What `to_json` writes."""
    found = run.outcome
    means = {name: each.mean for name, each in found.outputs.items()}
    return {
        "campaign": run.title,
        **means,
        "outputs": means,
        "spread": {
            name: {
                "low": getattr(each, "low", None),
                "high": getattr(each, "high", None),
                "reached": each.reached,
            }
            for name, each in found.outputs.items()
        },
        "halt_chance": found.outputs["halted"].mean,
        "curves": {
            "step_h": run.rollout.campaign.curve_step,
            "updated_share": found.updated_share.tolist(),
            "download_share": found.download_share.tolist(),
            "hourly_gbps": found.hourly_gbps.tolist(),
        },
    }


def page(run: Run, width: int) -> list[Text]:
    """Every output on a line."""
    lines = [Text(run.title[:width], style="bold")]
    for name, each in run.outcome.outputs.items():
        value = "not reached" if each.mean is None else f"{each.mean:.4g}"
        lines.append(Text(f"  {name:<24}{value:>14}"))
    return lines
