"""The least caps of a campaign: as a page, with what they rest on, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from rich.text import Text

from planner.perf.campaign.description import BYTE_PER_HOUR_OF_GBPS
from planner.perf.campaign.reaching import DOWNLOADED
from planner.report.campaigns.page import percent
from planner.report.columns import Column, add_table
from planner.report.page import Page
from planner.report.table import number
from planner.study.campaigns.goal import Goal
from planner.study.campaigns.size import Sized
from planner.text import counted, printable

NAME, CELL = 20, 10
# Of the peak without a cap: a cap below is where the search ends when the goal is met without a byte.
NOTHING = 1e-5


def page(found: Sized, title: str, width: int) -> list[Text]:
    """The whole answer."""
    out = Page(width)
    out.wrapped(printable(title), style="bold")
    out.wrapped(headline(found), style="bold")
    out.skip()
    columns = [
        Column("pool, Gb/s", NAME),
        Column("least", CELL),
        Column("written", CELL),
        Column("no cap", CELL),
        *(Column(_other(variant.goal, found.goal), CELL) for variant in found.variants),
    ]
    rows = []
    for place, pool in enumerate(found.campaign.pools):
        own = [found.caps[place], pool.cap, found.uncapped.peak[place]]
        near = [variant.caps[place] for variant in found.variants]
        peak = own[2]
        least = [_rate(0.0 if _needless(cap, peak) else cap) for cap in (own[0], *near)]
        cells = [least[0], "none" if np.isinf(pool.cap) else _rate(pool.cap), _rate(peak)]
        rows.append([printable(pool.name), *cells, *least[1:]])
    add_table(out, columns, rows)
    out.skip()
    out.entries("Reach", [_reach(found)])
    out.entries("Short", list(_short(found)), "yellow")
    out.entries("Margin", list(_margin(found)))
    out.entries("Precision", [_precision(found)])
    out.entries("Meaning", [_meaning(found)])
    return out.lines


def headline(found: Sized) -> str:
    """The caps in one sentence."""
    goal = found.goal
    wanted = f"{percent(goal.share)} of the reachable vehicles {goal.of} by day {goal.days:g}"
    if found.feasible:
        total = sum(found.caps) / BYTE_PER_HOUR_OF_GBPS
        pools = "the pool" if len(found.caps) == 1 else f"{len(found.caps)} pools"
        if all(map(_needless, found.caps, found.uncapped.peak)):
            return f"{wanted}: no bandwidth is needed in {pools}; those who download nothing are enough."
        return f"{wanted}: {number(total)} Gb/s in {pools} suffice."
    names = [
        pool.name
        for pool, cap in zip(found.campaign.pools, found.caps, strict=True)
        if np.isinf(cap)
    ]
    return f"{wanted}: no cap suffices in {printable(', '.join(names))}."


def _needless(cap: float, peak: float) -> bool:
    """Whether a pool meets its goal without a byte: with vehicles that have nothing to download."""
    return bool(cap <= NOTHING * peak)


def _rate(cap: float) -> str:
    return "-" if np.isinf(cap) else number(cap / BYTE_PER_HOUR_OF_GBPS)


def _other(goal: Goal, asked: Goal) -> str:
    """What is other in a goal near the one asked for."""
    return f"day {goal.days:g}" if goal.days != asked.days else f"{100 * goal.share:.3g} %"


def _reach(found: Sized) -> str:
    there, all_ = found.uncapped.reachable.sum(), found.uncapped.vehicles.sum()
    days = found.campaign.horizon / 24
    return (
        f"{percent(there / all_, 2)} of the fleet have a usable session within {days:g} days; the other "
        f"{percent(1 - there / all_, 2)} ({all_ - there:,.0f} vehicles) are not counted"
    )


def lost(found: Sized, pool: int) -> dict[str, float]:
    """Where the reachable vehicles of a pool are that miss the deadline although nothing is capped, as shares."""
    free = found.uncapped
    parts = {
        "online_later": 1 - free.online[pool],
        "not_downloaded": free.online[pool] - free.downloaded[pool],
    }
    if found.goal.of != DOWNLOADED:
        parts["not_installed"] = free.downloaded[pool] - free.updated[pool]
    return {name: max(float(share), 0.0) for name, share in parts.items()}


def _short(found: Sized) -> Iterator[str]:
    words = {
        "online_later": "come online after it",
        "not_downloaded": "are online but wait for their wave, their permission or the rest of the download",
        "not_installed": "wait for their install or have failed it",
    }
    for place, (pool, cap) in enumerate(zip(found.campaign.pools, found.caps, strict=True)):
        if np.isinf(cap):
            done = float(found.uncapped.share(found.goal.of)[place])
            parts = "; ".join(
                f"{percent(share, 2)} {words[name]}"
                for name, share in lost(found, place).items()
                if share >= 5e-5
            )
            yield (
                f"{printable(pool.name)}: {percent(done, 2)} of its reachable vehicles are {found.goal.of} by "
                f"day {found.goal.days:g} without any cap: {parts}"
            )


def _margin(found: Sized) -> Iterator[str]:
    for place, (pool, cap) in enumerate(zip(found.campaign.pools, found.caps, strict=True)):
        if np.isinf(cap):
            continue
        if _needless(cap, found.uncapped.peak[place]):
            free = _rate(found.uncapped.peak[place])
            yield (
                f"{printable(pool.name)}: there is no least cap for this goal; without a cap those who do download "
                f"send up to {free} Gb/s"
            )
            continue
        peak = found.uncapped.peak[place] / cap
        words = f"{printable(pool.name)}: the peak without a cap is {number(peak)} times the least"
        if np.isfinite(pool.cap):
            ratio = pool.cap / cap
            words += (
                f", the cap as written {number(ratio)} times"
                if ratio >= 1
                else f"; the cap as written is too small by {percent(1 - ratio, 0)}"
            )
        yield words


def _precision(found: Sized) -> str:
    """How well the caps are known; where none is needed, how far the goal is exceeded in other samples."""
    low, high = (float(each) for each in (found.others.min(), found.others.max()))
    samples = (
        f"with {counted(len(found.others), 'other sample')} of the fleet {percent(low, 2)} to {percent(high, 2)} of a "
        "pool's reachable vehicles are done"
    )
    if all(map(_needless, found.caps, found.uncapped.peak)):
        return samples
    return (
        f"caps {percent(found.precision, 0)} smaller do not suffice, in the same sample of the fleet; {samples}; caps "
        "of neighbouring goals are those of fewer vehicle classes and longer time steps, times the ratio of both for "
        "this goal"
    )


def _meaning(found: Sized) -> str:
    joined = (
        "; gates join the pools: a cap that is smaller may hold up the next wave in all of them"
        if found.joined
        else ""
    )
    return f"each pool meets the goal with its own vehicles; nothing halts the release{joined}"


def to_json(found: Sized, title: str, file: str) -> str:
    """The same as an object; null: no cap suffices, or the file has none."""
    goal = found.goal
    return json.dumps(
        {
            "campaign": title,
            "file": file,
            "goal": _goal(goal),
            "feasible": found.feasible,
            "pools": [_pool(found, place) for place in range(len(found.caps))],
            "reachable_share": float(
                found.uncapped.reachable.sum() / found.uncapped.vehicles.sum()
            ),
            "precision": found.precision,
            "joined_by_gates": found.joined,
        },
        indent=2,
        allow_nan=False,
    )


def _goal(goal: Goal) -> dict[str, Any]:
    return {"share": goal.share, "days": goal.days, "of": goal.of}


def _gbps(cap: float) -> float | None:
    return None if np.isinf(cap) else float(cap) / BYTE_PER_HOUR_OF_GBPS


def _pool(found: Sized, place: int) -> dict[str, Any]:
    pool, free, cap = found.campaign.pools[place], found.uncapped, found.caps[place]
    return {
        "name": pool.name,
        "cap_gbps": _gbps(cap),
        "written_cap_gbps": _gbps(pool.cap),
        "uncapped_peak_gbps": _gbps(float(free.peak[place])),
        "vehicles": float(free.vehicles[place]),
        "reachable": float(free.reachable[place]),
        "share_at_deadline": float(found.shares[place]),
        "share_in_other_samples": found.others[:, place].tolist(),
        "uncapped_share": {
            "online": float(free.online[place]),
            "downloaded": float(free.downloaded[place]),
            "updated": float(free.updated[place]),
        },
        "missing_without_cap": lost(found, place),
        "sensitivity": [
            {**_goal(variant.goal), "cap_gbps": _gbps(variant.caps[place])}
            for variant in found.variants
        ],
    }
