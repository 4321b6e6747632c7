"""A campaign's run as a table for the terminal: when it is done, what it sends, how fast, what fails, what binds."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import numpy as np
from rich.text import Text

from planner import units
from planner.axes import Array
from planner.perf.campaign.breakdown import PoolUse
from planner.perf.campaign.description import Wave
from planner.report.campaigns import bill, policy
from planner.report.columns import Column, add_table
from planner.report.page import Page
from planner.report.table import number
from planner.study.campaign_run import (
    BAD_SHARES,
    NOTICED,
    QUANTILES,
    TELLING,
    CampaignRun,
)
from planner.text import counted, printable

DAYS_FROM = 48.0  # hours from which a time is given in days
NAME, COUNT, CELL = 25, 11, 8
WIDEST_NAME = 33  # of a region and its link: the table is then as wide as the page
LINK_NAMES = ("Wi-Fi", "cellular")
WAITED = {"clock": "its time", "soak": "the soak", "success": "success before", "": "never opens"}


def page(run: CampaignRun, width: int) -> list[Text]:
    """The whole answer."""
    out = Page(width)
    _head(out, run)
    out.skip()
    if run.law.chance > TELLING:
        out.add("If nothing halts it:")
    _completion(out, run)
    out.skip()
    _pools(out, run)
    out.skip()
    _waves(out, run)
    out.skip()
    if run.bill is not None:
        bill.add_to(out, run.bill, run.bill_between)
        out.skip()
    out.entries("Goal", list(_goal(run)))
    policy.add_to(out, run)
    out.entries("Failures", list(_failures(run)))
    out.entries("Exposure", list(_exposure(run)))
    out.entries("Binding", list(_binding(run)))
    out.entries("Warnings", [printable(each) for each in run.warnings], "yellow")
    out.commands("Next", _next(run))
    return out.lines


def time_text(hours: float | None) -> str:
    """13.6 h, 15.0 d; a dash where it is never."""
    if hours is None or not np.isfinite(hours):
        return "-"
    return f"{hours:.1f} h" if hours < DAYS_FROM else f"{hours / 24:.1f} d"


def volume(terabytes: float) -> str:
    """Bytes in the unit that reads best."""
    for unit, size in (("PB", 1e3), ("TB", 1.0), ("GB", 1e-3)):
        if terabytes >= size:
            return f"{number(terabytes / size)} {unit}"
    return f"{number(terabytes / 1e-6)} MB"


def vehicles(count: float) -> str:
    """Whole vehicles; a mean of less than ten with its fraction."""
    return number(count) if count < 9.95 else f"{count:,.0f}"


def percent(share: float, digits: int = 1) -> str:
    """97.1 %."""
    return f"{100 * share:.{digits}f} %"


def _spread(run: CampaignRun, output: str, scale: float = 1.0) -> str:
    """Between what 80 % of campaigns are, where the outcome says so."""
    found = run.outcome.outputs[output]
    low, high = found.low, found.high
    if low is None or high is None or f"{low / scale:.3g}" == f"{high / scale:.3g}":
        return ""
    return f" ({number(low / scale)} to {number(high / scale)})"


# --- The headline ----------------------------------------------------------------------------------------------------


def _head(out: Page, run: CampaignRun) -> None:
    campaign = run.campaign
    out.wrapped(printable(run.loaded.title), style="bold")
    out.add(
        f"{counted(campaign.vehicles, 'vehicle')}, {counted(len(campaign.regions), 'region')}, "
        f"{counted(len(campaign.waves), 'wave')}, horizon {time_text(campaign.horizon)}"
    )
    out.wrapped(headline(run, spans=True), style="bold")
    out.flowing("", list(_totals(run)))


def headline(run: CampaignRun, spans: bool = False) -> str:
    """When it is done, in one sentence; with between what four campaigns in five are, where that is told apart."""
    parts = []
    for quantile in (50, 90, 99):
        name = f"t{quantile}_h"
        who = "Half of the fleet" if quantile == 50 else f"{quantile} %"
        if run.mean(name) is None:
            final = percent(run.mean("updated_share") or 0.0)
            verb = "is " if quantile == 50 else ""
            mean = " in the mean" if run.law.chance > TELLING else ""
            parts.append(f"{who} {verb}not within the horizon: {final} are at its end{mean}")
            break
        verb = "is updated " if quantile == 50 else ""
        parts.append(
            f"{who} {verb}after {time_text(run.mean(name))}{_between(run, name) if spans else ''}"
            f"{_seldom(run, name)}"
        )
    return ", ".join(parts) + "."


def _seldom(run: CampaignRun, output: str) -> str:
    """In how many campaigns there is this time, where not in all: others are halted before, or too slow."""
    reached = run.outcome.outputs[output].reached
    return f" in {percent(reached, 0)} of campaigns" if reached < 1 - TELLING else ""


def _between(run: CampaignRun, output: str) -> str:
    """Low and high of a time, where they read differently."""
    found = run.outcome.outputs[output]
    low, high = time_text(found.low), time_text(found.high)
    return f" ({low} to {high})" if low != high else ""


def _totals(run: CampaignRun) -> Iterator[str]:
    total, cellular = run.mean("total_tb") or 0.0, run.mean("cell_tb") or 0.0
    share = cellular / total if total else 0.0
    yield f"{volume(total)} sent, {percent(share, 0)} over cellular"
    yield f"{volume(total / run.campaign.vehicles)} a vehicle"
    peak = run.mean("peak_gbps_5min") or 0.0
    yield f"peak {number(peak)}{_spread(run, 'peak_gbps_5min')} Gb/s"
    yield f"95th percentile of the month {number(run.mean('p95_gbps_30day') or 0.0)} Gb/s"
    yield f"{volume(run.mean('first_day_tb') or 0.0)} on the first day"
    yield f"{run.mean('max_active_downloads') or 0.0:,.0f} downloads at once"
    if run.bill is not None:
        each = run.bill.per_vehicle
        a_vehicle = f", {number(each)} a vehicle updated" if each is not None else ""
        yield f"{units.show(run.bill.total, 'USD')}{a_vehicle}"


# --- Tables ----------------------------------------------------------------------------------------------------------


def _completion(out: Page, run: CampaignRun) -> None:
    """When shares of each region and link are downloaded and updated."""
    heads = [f"{q * 100:.0f} %" for q in QUANTILES]
    longest = max(len(printable(region.name)) for region in run.campaign.regions)
    name_width = min(max(NAME, longest + 2 + max(map(len, LINK_NAMES))), WIDEST_NAME)
    lead = " " * (name_width + COUNT)
    block = len(heads) * CELL
    out.add(f"{lead}{'downloaded'.rjust(block)}{'updated'.rjust(block)}", "bold")
    columns = [
        Column("by region and home link", name_width), Column("vehicles", COUNT),
        *(Column(head, CELL) for _ in range(2) for head in heads), Column("at end", CELL),
    ]  # fmt: skip
    rows = [
        [
            "all",
            f"{run.campaign.vehicles:,}",
            *map(time_text, run.fleet_times),
            percent(run.fleet_final),
        ]
    ]
    downloaded, updated = run.times(run.downloaded), run.times(run.updated)
    at_end = run.final(run.updated)
    for place, region in enumerate(run.campaign.regions):
        for link, name in enumerate(LINK_NAMES):
            count = float(run.vehicles[place, link])
            if not round(count):
                continue
            times = [*downloaded[:, place, link], *updated[:, place, link]]
            title = f"{printable(region.name)[: name_width - len(name) - 2]} {name}"
            rows.append(
                [title, f"{count:,.0f}", *map(time_text, times), percent(at_end[place, link])]
            )
    add_table(out, columns, rows)


def _pools(out: Page, run: CampaignRun) -> None:
    columns = [
        Column("pool", NAME), Column("cap, Gb/s", COUNT), Column("peak", CELL),
        Column("95/5", CELL), Column("at cap, h", COUNT), Column("from", CELL), Column("to", CELL),
    ]  # fmt: skip
    rows = [
        [
            pool.name,
            number(pool.cap) if np.isfinite(pool.cap) else "none",
            number(pool.peak),
            number(pool.p95),
            number(pool.bound) if pool.bound else "-",
            time_text(pool.since),
            time_text(pool.until),
        ]
        for pool in run.pools
    ]
    add_table(out, columns, rows)


def _waves(out: Page, run: CampaignRun) -> None:
    columns = [
        Column("wave", NAME), Column("vehicles", COUNT), Column("opens", CELL),
        Column("gate", CELL), Column("soak", CELL), Column("waited for", 16), Column("admits", 18),
    ]  # fmt: skip
    rows = []
    sizes: Array = run.rollout.classes.wave_size
    for place, wave in enumerate(run.campaign.waves):
        rows.append(
            [
                f"{place} ({percent(sizes[place] / run.campaign.vehicles)})",
                f"{sizes[place]:,.0f}",
                time_text(float(run.rollout.openings[place])),
                "-" if wave.gate is None else percent(wave.gate, 0),
                time_text(wave.after_previous) if wave.after_previous else "-",
                WAITED[run.opened_by[place]],
                admission(wave),
            ]
        )
    add_table(out, columns, rows)


def admission(wave: Wave) -> str:
    """How a wave's vehicles become eligible."""
    if wave.admission == "uniform":
        return f"over {wave.hours:g} h"
    if wave.admission == "rate":
        return f"{wave.base / 60:g} to {wave.fastest / 60:g}/min"
    return "all at once"


# --- Sentences -------------------------------------------------------------------------------------------------------


def _goal(run: CampaignRun) -> Iterator[str]:
    if run.goal is not None and run.at_deadline is not None:
        yield (
            f"{percent(run.goal.share)} of the reachable fleet {run.goal.of} by day {run.goal.days:g}: "
            f"{percent(run.at_deadline)} of the whole fleet are, reachable or not"
        )


def _failures(run: CampaignRun) -> Iterator[str]:
    campaign = run.campaign
    failed = run.mean("failed_vehicles") or 0.0
    yield (
        f"{vehicles(failed)}{_spread(run, 'failed_vehicles')} vehicles fail for good "
        f"({percent(failed / campaign.vehicles, 2)}), "
        f"{vehicles(run.mean('install_attempts') or 0.0)} installs are begun, "
        f"{vehicles(run.mean('verify_failures') or 0.0)} payloads thrown away, "
        f"{vehicles(run.mean('connection_drops') or 0.0)} connections drop"
    )
    if campaign.halt_share is None:
        yield "no rule halts the campaign"
        return
    when = run.mean("halt_t_h")
    then = f", in the mean after {time_text(when)}" if when is not None else ""
    yield (
        f"halt at more than {number(100 * campaign.halt_share)} % of a wave and at least "
        f"{counted(campaign.halt_least, 'failure')}: chance {_chance(run.law.chance)}{then}"
    )


def _chance(value: float) -> str:
    if 0 < value < 0.001:
        return "below 0.1 %"
    return f"{100 * value:.3g} %"


def _exposure(run: CampaignRun) -> Iterator[str]:
    """What a bad build reaches, by how late it is noticed and by how bad it is."""
    exposure, horizon = run.exposure, run.campaign.horizon
    if not np.isfinite(exposure.first):
        return
    times = np.minimum(exposure.first + np.array(NOTICED), horizon)
    parts = [
        f"{vehicles(float(count))} after {delay:g} h"
        for delay, count in zip(NOTICED, exposure.by(times), strict=True)
    ]
    yield f"stopped by a person, counted from the first vehicle at {time_text(exposure.first)}: {', '.join(parts)}"
    if run.campaign.halt_share is None:
        return
    halts = exposure.halts_at(np.array(BAD_SHARES))
    parts = []
    for bad, halt, count in zip(BAD_SHARES, halts, exposure.by(halts), strict=True):
        found = f"{vehicles(float(count))} at {time_text(float(halt))}"
        parts.append(f"{percent(bad, 0)} fail: {found if np.isfinite(halt) else 'never stopped'}")
    yield f"stopped by the rule: {', '.join(parts)}"


def _binding(run: CampaignRun) -> Iterator[str]:
    """Which of caps, gates and reach sets the time."""
    bound = [pool for pool in run.pools if pool.bound]
    for pool in bound:
        yield (
            f"{printable(pool.name)}: at {number(pool.cap)} Gb/s for {number(pool.bound)} h "
            f"between {time_text(pool.since)} and {time_text(pool.until)}"
        )
    if not bound:
        capped = [pool for pool in run.pools if np.isfinite(pool.cap)]
        fullest = max(capped, key=lambda pool: pool.peak / pool.cap, default=None)
        yield _fullest(fullest) if fullest else "no pool has a cap"
    last = int(np.isfinite(run.rollout.openings).sum()) - 1
    t90 = run.mean("t90_h")
    if last > 0 and t90:
        opened = float(run.rollout.openings[last])
        yield f"staging: wave {last} opens at {time_text(opened)}, {percent(opened / t90, 0)} of the time to 90 %"
    left = run.left / run.campaign.vehicles
    if left.sum() > 0.001:
        segment, link = np.unravel_index(int(left.argmax()), left.shape)
        name = printable(run.campaign.segments[int(segment)].name)
        yield (
            f"the last {percent(float(left.sum()))} of the fleet: mostly {name}, {LINK_NAMES[int(link)]} "
            f"({percent(float(left[segment, link]))})"
        )


def _fullest(pool: PoolUse) -> str:
    share = percent(pool.peak / pool.cap, 0)
    return f"no cap: {printable(pool.name)} is the fullest pool, at most {share} of its cap"


def _next(run: CampaignRun) -> list[list[str]]:
    case = [f"--case {shlex.quote(run.loaded.case)}"] if run.loaded.case else []
    named = [shlex.quote(run.loaded.name), *case]
    found = [["planner campaign run", *named, end] for end in ("--out charts", "--json")]
    for block, word in (("goal", "size"), ("search", "plan")):
        if run.loaded.block(block) is not None:
            found.append([f"planner campaign {word}", *named])
    return found
