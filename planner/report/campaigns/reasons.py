"""A candidate of a search over campaigns in words: its policy, and why it lost."""

from __future__ import annotations

import numpy as np

from planner import units
from planner.perf.campaign.description import BYTE_PER_HOUR_OF_GBPS
from planner.report.campaigns.page import percent
from planner.report.table import number
from planner.study.campaigns.measure import Measured
from planner.study.campaigns.plan import Judged, Planned
from planner.study.campaigns.screening import Excess
from planner.study.campaigns.space import Admitted, Candidate
from planner.text import printable

AS_WRITTEN = 0  # the number of the campaign as its file says it
PER_MINUTE = 60.0


def policy(candidate: Candidate, found: Planned) -> str:
    """What a candidate does, as far as the search chooses it."""
    space, several = found.search.space, len(candidate.shares) > 1
    parts = [" / ".join(_share(share) for share in candidate.shares)]
    if several and (space.soaks or space.waves):
        parts.append(f"soak {_hours(candidate.soaks[1:])}")
    if several and space.gates:
        gates = dict.fromkeys(candidate.gates[1:])
        words = ["no gate" if gate is None else f"gate {_share(gate)}" for gate in gates]
        parts.append(", ".join(words))
    if space.admissions:
        parts.append(", ".join(dict.fromkeys(map(admission, candidate.admissions))))
    if space.halt_shares or space.halt_leasts:
        share = candidate.halt_share
        parts.append(
            "no halt"
            if share is None
            else f"halt from {candidate.halt_least} failures, over {_share(share)}"
        )
    if space.windows:
        window = candidate.window
        parts.append("any hour" if window is None else f"{window[0]:g} to {window[1]:g} h")
    if any(space.caps):
        caps = [
            f"{printable(pool.name)} {_cap(cap)}"
            for pool, own, cap in zip(found.base.pools, space.caps, candidate.caps, strict=True)
            if own
        ]
        parts.append(", ".join(caps))
    return " · ".join(parts)


def _share(share: float) -> str:
    return f"{100 * share:.3g} %"


def _hours(soaks: tuple[float, ...]) -> str:
    return ", ".join(f"{soak:g} h" for soak in dict.fromkeys(soaks))


def _cap(cap: float) -> str:
    return "no cap" if np.isinf(cap) else f"{number(cap / BYTE_PER_HOUR_OF_GBPS)} Gb/s"


def admission(admitted: Admitted) -> str:
    """How members of a wave become eligible."""
    if admitted.kind == "all":
        return "all at once"
    if admitted.kind == "uniform":
        return f"over {admitted.hours:g} h"
    base, fastest = admitted.base / PER_MINUTE, admitted.fastest / PER_MINUTE
    if admitted.factor <= 1 or fastest <= base:
        return f"{min(base, fastest):g} a minute"
    return f"{base:g} to {fastest:g} a minute, x {admitted.factor:g} each {admitted.step:g}"


def kind(judged: Judged) -> str:
    """Why a candidate lost, in a word."""
    if judged.excesses:
        return judged.excesses[0].demand
    return "" if judged.beaten_by is None else "beaten"


def reason(judged: Judged, found: Planned) -> str:
    """Why a candidate lost: the demands that it does not meet, or the candidate that beats it; empty: it did not."""
    if judged.excesses:
        return "; ".join(_excess(each, found) for each in judged.excesses)
    if judged.beaten_by is None or judged.measured is None:
        return ""
    winner = found.judged[judged.beaten_by].measured
    assert winner is not None
    return f"number {winner.number} is {_better(winner, judged.measured, found)}"


def _excess(excess: Excess, found: Planned) -> str:
    goal, limits = found.search.goal, found.search.limits
    least = "at least " if excess.bound else ""
    if excess.demand == "deadline":
        wanted = f"{percent(goal.share, 0)} {goal.of}"
        if excess.share is None:
            late = excess.value - excess.limit
            return f"{wanted} after {excess.value:.1f} days, {late:.1f} too late"
        done = percent(excess.share)
        if excess.why == "waves":
            return f"its waves admit {done} of the reachable vehicles by day {goal.days:g}"
        if excess.why == "caps":
            return (
                f"its caps pass the bytes of {done} of the reachable vehicles by day {goal.days:g}"
            )
        return f"{wanted} never; {done} by day {goal.days:g}"
    if excess.demand == "exposure":
        of = "in nine of ten campaigns up to " if limits.of == "p90" else "in the mean "
        return (
            f"exposes {of}{least}{excess.value:,.0f} vehicles, "
            f"{excess.value - excess.limit:,.0f} too many"
        )
    what = (
        "halts the good release" if excess.demand == "false halt" else "never halts the bad release"
    )
    return (
        f"{what} in {least}{_share(excess.value)} of campaigns, {_share(excess.limit)} are allowed"
    )


def _better(winner: Measured, loser: Measured, found: Planned) -> str:
    """What one candidate is better in than another."""
    parts = []
    if winner.cost_of_one < loser.cost_of_one:
        less = loser.cost_of_one - winner.cost_of_one
        parts.append(f"cheaper by {units.show(less, 'USD')} a vehicle")
    if winner.days < loser.days:
        parts.append(f"faster by {loser.days - winner.days:.1f} d")
    fewer = loser.exposure(found.search) - winner.exposure(found.search)
    if fewer > 0:
        parts.append(f"safer by {number(fewer)} vehicles")
    worse = [
        word
        for word, better in (
            ("cost", winner.cost_of_one <= loser.cost_of_one),
            ("days", winner.days <= loser.days),
            ("exposure", fewer >= 0),
        )
        if not better
    ]
    if not parts:
        return "as good in all"
    return ", ".join(parts) + (f", and as good in {' and '.join(worse)}" if worse else "")
