"""The answer of a search over campaigns for the terminal: the cheapest, the front, and why the others lost."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.text import Text

from planner import units
from planner.report.campaigns.page import percent, time_text
from planner.report.campaigns.reasons import AS_WRITTEN, kind, policy, reason
from planner.report.columns import Column, add_table
from planner.report.page import Page
from planner.study.campaigns.front import RELATIVE
from planner.study.campaigns.plan import Judged, Planned
from planner.study.campaigns.space import all_tried
from planner.text import counted, printable

SHOWN = 8  # candidates of the front
WORDS = {
    "deadline": "late",
    "false halt": "would halt a good release too often",
    "missed": "would miss a bad release too often",
    "exposure": "expose too many vehicles",
    "beaten": "are beaten",
}
COLUMNS = (
    Column("number", 8), Column("cost", 13), Column("a vehicle", 13), Column("days", 7),
    Column("exposed", 10), Column("in the mean", 13), Column("noticed after", 15),
    Column("false halts", 13),
)  # fmt: skip


def page(found: Planned, title: str, name: str, width: int) -> list[Text]:
    """The whole answer."""
    out = Page(width)
    out.wrapped(printable(title), style="bold")
    out.wrapped(headline(found), style="bold")
    out.wrapped(_demands(found))
    out.skip()
    shown = spread(found.front, SHOWN)
    if shown:
        add_table(out, COLUMNS, [])
        for each in shown:
            out.add(_row(each, found))
            out.wrapped(" " * COLUMNS[0].width + policy(each.candidate, found), " " * 8)
        out.skip()
    left = len(found.front) - len(shown)
    if left:
        out.entries("Front", [f"{counted(left, 'more candidate')} between these"])
    out.entries("Written", [_written(found)])
    out.entries("Lost", list(_losses(found)))
    if not shown and found.closest is not None:
        each = found.closest
        out.entries("Closest", [f"{each.candidate.number}: {policy(each.candidate, found)}"])
        out.entries("", [reason(each, found)])
    out.entries("Meaning", [_meaning(found)])
    out.commands("Next", [["planner campaign plan", shlex.quote(name), "--out DIR"]])
    return out.lines


def spread(front: Sequence[Judged], count: int) -> list[Judged]:
    """Some of a front, evenly from its cheapest to its dearest."""
    if len(front) <= count:
        return list(front)
    return [front[round(i * (len(front) - 1) / (count - 1))] for i in range(count)]


def headline(found: Planned) -> str:
    """The cheapest in one sentence."""
    tried = counted(len(found.judged), "candidate")
    best = found.cheapest
    if best is None or best.measured is None:
        return f"None of {tried} meets the demands."
    measured = best.measured
    words = (
        f"Cheapest of {tried}: number {measured.number} for {units.show(measured.cost_of_one, 'USD')} a vehicle, "
        f"{measured.days:.1f} days, {measured.exposure(found.search):,.0f} vehicles exposed."
    )
    fast = found.fastest
    if fast is None or fast.measured is None or fast is best:
        return words
    return (
        f"{words} Fastest: number {fast.candidate.number}, {fast.measured.days:.1f} days, "
        f"{fast.measured.exposure(found.search):,.0f} exposed."
    )


def _demands(found: Planned) -> str:
    search = found.search
    goal, limits, bad = search.goal, search.limits, search.bad
    parts = [f"{percent(goal.share, 0)} of the reachable fleet {goal.of} by day {goal.days:g}"]
    if limits.exposure is not None:
        of = "in nine of ten campaigns" if limits.of == "p90" else "in the mean"
        parts.append(f"at most {limits.exposure:,.0f} vehicles exposed {of}")
    if limits.false_halt is not None:
        parts.append(f"at most {100 * limits.false_halt:g} % false halts")
    if limits.missed is not None:
        parts.append(f"at most {100 * limits.missed:g} % bad releases missed")
    return (
        f"Demands: {'; '.join(parts)}. The bad release fails on {100 * bad.defect_rate:g} % of vehicles and is "
        f"stopped {bad.detection_delay:g} h after the failures that halt it."
    )


def _row(judged: Judged, found: Planned) -> str:
    measured = judged.measured
    assert measured is not None
    cells = [
        units.show(measured.cost, "USD"),
        units.show(measured.cost_of_one, "USD"),
        f"{measured.days:.1f}",
        f"{measured.exposure(found.search):,.0f}",
        f"{measured.exposure_mean:,.0f}",
        time_text(measured.detected),
        percent(measured.false_halt, 2),
    ]
    first, *rest = COLUMNS
    line = "".join(cell.rjust(c.width) for cell, c in zip(cells, rest, strict=True))
    return str(measured.number).ljust(first.width) + line


def _written(found: Planned) -> str:
    """What the campaign as written does, and what became of it."""
    judged, measured = found.judged[AS_WRITTEN], found.written
    days = f"{measured.days:.1f} days" if measured.known else "never done"
    words = (
        f"the campaign as its file says it: {days}, {units.show(measured.cost_of_one, 'USD')} a vehicle, "
        f"{measured.exposure(found.search):,.0f} exposed"
    )
    if judged.on_front:
        return f"{words}; on the front"
    return f"{words}; lost: {reason(judged, found)}"


def _losses(found: Planned) -> Iterator[str]:
    """How many lost for what, and of each the one that came closest."""
    lost = [each for each in found.judged if not each.on_front]
    counts = Counter(kind(each) for each in lost)
    for word, count in counts.most_common():
        mine = [each for each in lost if kind(each) == word]
        bounds = sum(1 for each in mine if each.measured is None)
        early = f", {bounds:,} by a closed form" if bounds else ""
        example = next((each for each in mine if each.measured is not None), mine[0])
        yield (
            f"{count:,} {WORDS[word]}{early}; such as number {example.candidate.number}: "
            f"{reason(example, found)}"
        )


def _meaning(found: Planned) -> str:
    of = "in nine of ten campaigns" if found.search.limits.of == "p90" else "in the mean"
    share = found.reachable / found.base.vehicles
    whole = all_tried(found.search.space, found.base, found.search.candidates)
    tried = (
        f"all of {found.combinations:,} combinations that differ, and the campaign as written"
        if whole and len(found.judged) < found.search.candidates
        else f"a sample of {found.combinations:,} combinations, seed {found.seed}"
    )
    return (
        f"exposed ({of}): vehicles on which an install of the bad release had begun when it was stopped; cost and days "
        f"are of the good release; costs, or exposures, that differ by less than {100 * RELATIVE:g} % count as equal; "
        f"reachable: {percent(share, 2)} of the fleet; tried: {tried}"
    )
