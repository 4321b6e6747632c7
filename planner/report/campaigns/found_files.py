"""A search over campaigns as files: everything as JSON, all candidates as CSV, the front as a chart."""

from __future__ import annotations

import csv
import json
import textwrap
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.perf.campaign.description import BYTE_PER_HOUR_OF_GBPS
from planner.report.campaigns.found import headline
from planner.report.campaigns.reasons import kind, policy, reason
from planner.report.house import ALARM, NEED, QUIET, house_style
from planner.report.house import INNER as BEATEN
from planner.study.blocks import moved
from planner.study.campaigns.front import RELATIVE
from planner.study.campaigns.measure import Measured
from planner.study.campaigns.plan import Judged, Planned
from planner.study.campaigns.space import Admitted
from planner.text import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NUMBERS = (
    "cost_usd", "cost_per_vehicle_usd", "days", "share_by_deadline", "exposure_p90", "exposure_mean",
    "detected_h", "decided_h", "missed", "false_halt", "total_tb", "cell_tb", "peak_gbps",
)  # fmt: skip
NAMED = 6  # candidates of the front whose numbers stand in the chart
TITLE_WIDTH = 84


def write(found: Planned, title: str, file: str, folder: Path) -> list[Path]:
    """Write everything into a folder; gives the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / "plan.json", folder / "candidates.csv"]
    text = to_json(found, title, file) + "\n"
    moved(files[0], lambda part: part.write_text(text, encoding="utf-8"))
    moved(files[1], partial(_csv, found))
    if any(each.measured is not None and each.measured.known for each in found.judged):
        with house_style():
            figure = _chart(found, title)
            for suffix, about in (("png", {"Software": None}), ("svg", {"Date": None})):
                files.append(folder / f"front.{suffix}")
                moved(files[-1], partial(figure.savefig, format=suffix, metadata=about))
    return files


def to_json(found: Planned, title: str, file: str) -> str:
    """Demands, front and every candidate with its reason; null: not reached, not asked for."""
    search, best = found.search, found.cheapest
    goal, limits, bad = search.goal, search.limits, search.bad
    return json.dumps(
        {
            "campaign": title,
            "file": file,
            "goal": {"share": goal.share, "days": goal.days, "of": goal.of},
            "limits": {
                "exposure": limits.exposure,
                "exposure_of": limits.of,
                "false_halt": limits.false_halt,
                "missed": limits.missed,
            },
            "bad_release": {
                "defect_rate": bad.defect_rate,
                "detection_delay_h": bad.detection_delay,
            },
            "seed": found.seed,
            "combinations": found.combinations,
            "reachable": found.reachable,
            "fastest": None if found.fastest is None else found.fastest.candidate.number,
            "cheapest": None if best is None else best.candidate.number,
            "front": [each.candidate.number for each in found.front],
            "candidates": [_candidate(each, found) for each in found.judged],
        },
        indent=2,
        allow_nan=False,
    )


def _candidate(judged: Judged, found: Planned) -> dict[str, Any]:
    candidate = judged.candidate
    names = [pool.name for pool in found.base.pools]
    caps = [None if np.isinf(cap) else cap / BYTE_PER_HOUR_OF_GBPS for cap in candidate.caps]
    return {
        "number": candidate.number,
        "policy": {
            "waves": list(candidate.shares),
            "soak_h": list(candidate.soaks),
            "open_when_prev_success": list(candidate.gates),
            "admission": [_admission(each) for each in candidate.admissions],
            "halt_error_share": candidate.halt_share,
            "halt_min_failures": candidate.halt_least,
            "download_window_local_h": candidate.window and list(candidate.window),
            "cap_gbps": dict(zip(names, caps, strict=True)),
        },
        "on_front": judged.on_front,
        "measured": dict(zip(NUMBERS, _numbers(judged), strict=True)),
        "lost_by": kind(judged) or None,
        "beaten_by": judged.beaten_by,
        "excesses": [
            {
                "demand": each.demand,
                "value": each.value if np.isfinite(each.value) else None,
                "limit": each.limit,
                "share_by_deadline": each.share,
                "closed_form": each.bound,
            }
            for each in judged.excesses
        ],
        "reason": reason(judged, found) or None,
    }


def _admission(admitted: Admitted) -> dict[str, Any]:
    if admitted.kind == "uniform":
        return {"type": "uniform", "hours": admitted.hours}
    if admitted.kind == "rate":
        return {
            "type": "rate",
            "base_per_min": admitted.base / 60,
            "factor": admitted.factor,
            "step_n": admitted.step,
            "max_per_min": admitted.fastest / 60,
        }
    return {"type": "all"}


def _numbers(judged: Judged) -> list[float | None]:
    m = judged.measured
    if m is None:
        return [None] * len(NUMBERS)
    values = (
        m.cost, m.cost_of_one, m.days, m.done, m.exposure_p90, m.exposure_mean, m.detected, m.decided,
        m.missed, m.false_halt, m.total / 1e12, m.cellular / 1e12, m.peak,
    )  # fmt: skip
    return [value if np.isfinite(value) else None for value in values]


def _csv(found: Planned, file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["number", "policy", "on_front", *NUMBERS, "lost_by", "reason"])
        for each in found.judged:
            numbers = ["" if x is None else f"{x:.10g}" for x in _numbers(each)]
            words = [kind(each), reason(each, found)]
            writer.writerow(
                [
                    each.candidate.number,
                    policy(each.candidate, found),
                    int(each.on_front),
                    *numbers,
                    *words,
                ]
            )


def _chart(found: Planned, title: str) -> Figure:
    """Cost and exposure of each candidate over its days: the front, what it beats, what is refused."""
    from matplotlib.figure import Figure

    figure = Figure()
    lines = textwrap.wrap(printable(headline(found)), TITLE_WIDTH)
    top = 0.955 - 0.052 * len(lines)
    figure.text(0.055, 0.955, "\n".join(lines), fontsize=13, weight="bold", va="top")
    figure.text(
        0.055, top,
        "Cost and exposure of each candidate by its days; dashed: the demands; "
        f"a difference of less than {100 * RELATIVE:g} % beats nobody",
        color=QUIET, va="top",
    )  # fmt: skip
    figure.text(
        0.055,
        0.025,
        f"{printable(title)} · seed {found.seed}",
        color=QUIET,
        fontsize=8,
        va="bottom",
    )
    panels = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.085, right=0.97, top=top - 0.1, bottom=0.16, wspace=0.25)
    goal, limits = found.search.goal, found.search.limits

    def cost(measured: Measured) -> float:
        return measured.cost_of_one

    def exposed(measured: Measured) -> float:
        return measured.exposure(found.search)

    for axes, label, limit, read in (
        (panels[0], "cost of an updated vehicle, USD", None, cost),
        (panels[1], "vehicles exposed", limits.exposure, exposed),
    ):
        for name, marker, colour, mine in _groups(found):
            points = np.array([[m.days, read(m)] for m in mine]).reshape(-1, 2)
            axes.scatter(
                points[:, 0], points[:, 1], s=26, marker=marker, color=colour, alpha=0.8,
                linewidths=0.8, label=f"{name} ({len(mine)})",
            )  # fmt: skip
        for each in found.front[:NAMED]:
            if (m := each.measured) is not None:
                axes.annotate(
                    str(m.number), (m.days, read(m)), xytext=(5, 4), textcoords="offset points",
                    fontsize=8,
                )  # fmt: skip
        if any(m.days > goal.days for _, _, _, mine in _groups(found) for m in mine):
            axes.axvline(goal.days, color=ALARM, linewidth=1, linestyle="--")
        if limit is not None:
            axes.axhline(limit, color=ALARM, linewidth=1, linestyle="--")
        axes.set_xlabel(f"days until {100 * goal.share:g} % are {goal.of}")
        axes.set_title(label)
        axes.grid(True, axis="both")
    panels[1].set_yscale("log")
    panels[1].yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    panels[0].margins(y=0.15)
    panels[0].legend(loc="best", frameon=False)
    return figure


def _groups(found: Planned) -> list[tuple[str, str, str, list[Measured]]]:
    """Candidates whose good release is known: name, marker, colour, what was measured."""
    known = [(each, m) for each in found.judged if (m := each.measured) is not None and m.known]
    return [
        ("refused", "x", QUIET, [m for each, m in known if each.excesses]),
        ("beaten", "o", BEATEN, [m for each, m in known if each.beaten_by is not None]),
        ("on the front", "o", NEED, [m for each, m in known if each.on_front]),
    ]
