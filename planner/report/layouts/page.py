"""The page of a search over layouts: the best ones side by side, why the winner wins, and the front.

Terms keep the names that they have in the model, so that a number can be looked up in `planner.perf.training_step`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.report.layouts.words import (
    capacity,
    command,
    degrees,
    folded,
    gib,
    group,
    heading,
    in_words,
    row,
    seconds,
    summary,
    visible_terms,
)
from planner.study.layouts.jobs import Wanted
from planner.study.layouts.search import Found, Refused, differences
from planner.text import counted, printable

if TYPE_CHECKING:
    pass

FRONT = 6  # layouts of the front that the page shows
CAUSES = 3  # terms that a sentence names


def page(found: Found, of: Wanted, width: int) -> str:
    """What the command prints about a search."""
    lines = [heading(of), ""]
    if found.best is None:
        return folded([*lines, *_nothing_fits(found, of)], width)
    lines += summary(found.best, of)
    lines += ["", *_columns(found)]
    lines += ["", *_why(found)]
    lines += ["", *_front(found)]
    lines += ["", *_fine_print(found, of)]
    return folded(lines, width)


def _columns(found: Found) -> list[str]:
    """Best and runners-up side by side, seconds by term."""
    assert found.best is not None
    choices = [found.best, *found.runners_up]
    lines = [row("", [group(c, ("tp", "cp")) for c in choices])]
    if any(c.layout["ep"] > 1 for c in choices):
        lines.append(row("", [group(c, ("ep",)) for c in choices]))
    lines.append(row("Seconds a step", [group(c, ("pp", "dp")) for c in choices]))
    shown = list(visible_terms(choices, "terms"))
    for name in shown:
        lines.append(row("  " + name.replace("_", " "), [f"{c.terms[name]:.3f}" for c in choices]))
    rest = [c.step_time - sum(c.terms[name] for name in shown) for c in choices]
    lines.append(row("  other", [f"{x:.3f}" for x in rest]))
    lines.append(row("step", [f"{c.step_time:.3f}" for c in choices]))
    lines.append(row("memory", [gib(c.memory) for c in choices]))
    return lines


def _why(found: Found) -> list[str]:
    """A sentence for each runner-up: how much longer, and by which terms."""
    assert found.best is not None
    best = found.best
    if not found.runners_up:
        return ["No other degrees of parallelism fit."]
    lines = [
        "Why the next lost (each at its own best micro-batch, chunks, recomputation and sharding)"
    ]
    for other in found.runners_up:
        scale = best.layout["global_batch"] / other.layout["global_batch"]
        gap = scale * other.step_time / best.step_time - 1.0
        causes = [
            f"{name.replace('_', ' ')} {gain:+.2f} s"
            for name, gain in differences(best, other)[:CAUSES]
            if abs(gain) >= 0.005
        ]
        words = f": {', '.join(causes)}" if causes else ""
        lines.append(f"  {degrees(other)} takes {gap:.1%} longer{words} ({in_words(other)})")
    return lines


def _front(found: Found) -> list[str]:
    """The Pareto front, thinned."""
    front = found.front
    keep = sorted({round(i * (len(front) - 1) / max(FRONT - 1, 1)) for i in range(FRONT)})
    lines = [f"Time against memory: {counted(len(front), 'layout')} on the front"]
    lines += [
        f"  {seconds(front[i].step_time):>8}  {gib(front[i].memory):>10}  {degrees(front[i])}: "
        f"{in_words(front[i])}"
        for i in keep
        if i < len(front)
    ]
    return lines


def _refusal(refused: Refused) -> str:
    choice = refused.choice
    where = [
        f"{gib(missing)} missing {place}"
        for missing, place in ((refused.missing, "on a GPU"), (refused.missing_host, "on its host"))
        if missing > 0
    ]
    return (
        f"{degrees(choice)}, {in_words(choice)}: {seconds(choice.step_time)}, needs {gib(choice.memory)}; "
        f"{' and '.join(where)}"
    )


def _nothing_fits(found: Found, of: Wanted) -> list[str]:
    lines = [f"None of {found.layouts:,} legal layouts fits in {gib(capacity(of))}."]
    if found.refused:
        lines.append(f"Nearest: {_refusal(found.refused)}")
    return lines


def _fine_print(found: Found, of: Wanted) -> list[str]:
    assert found.best is not None
    lines = []
    if found.refused:
        lines.append(f"Faster, but does not fit: {_refusal(found.refused)}")
    lines.append(
        f"{found.layouts:,} legal layouts, {found.feasible:,} fit; looked at in {found.seconds:.2f} s"
    )
    if of.assumed:
        lines.append(printable("Assumed: " + "; ".join(of.assumed)))
    lines.append(printable(f"Next     {command(found.best, of)}"))
    return lines
