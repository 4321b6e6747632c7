"""A prediction of one layout as a page and as JSON: its step by term, its memory, its goodput."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from planner.perf.training_step.layouts import Choice
from planner.perf.training_step.memory import GIB
from planner.report.layouts.answer import layout_json
from planner.report.layouts.words import LABEL, capacity, folded, heading, summary, visible_terms
from planner.study.layouts.jobs import Wanted
from planner.study.layouts.use import progress, utilisation
from planner.text import printable

if TYPE_CHECKING:
    pass


def prediction_json(choice: Choice, of: Wanted, failures: float) -> str:
    """A prediction as JSON."""
    about = {
        "model": of.model,
        "hardware": of.hardware,
        "gpus": of.gpus,
        "seq": int(of.job.seq),
        "precision": of.precision,
        "software": of.software,
    }
    more = {**utilisation(of.job, choice, of.gpus), **progress(of.job, of.gpus, failures)}
    fit = {
        "memory_available_gib": capacity(of) / GIB,
        "missing_gib": max(choice.memory - capacity(of), 0.0) / GIB,
    }
    said = {"assumed": list(of.assumed)}
    return json.dumps(about | layout_json(choice) | more | fit | said, indent=1)


def prediction(choice: Choice, of: Wanted, width: int, failures: float) -> str:
    """The page of one layout: its time and its memory by term."""
    share = progress(of.job, of.gpus, failures)
    lines = [heading(of), "", *summary(choice, of)]
    lines += [
        f"{share['goodput']:.1%} of the time makes progress: an interruption every "
        f"{share['mean_time_between_interruptions_h']:,.0f} h, a checkpoint every "
        f"{share['checkpoint_interval_min']:,.0f} min",
        "",
    ]
    lines += [f"{'Seconds a step'.ljust(LABEL)}{'':>10}{'share':>8}"]
    for name in visible_terms([choice], "terms"):
        value = choice.terms[name]
        label = name.replace("_", " ")
        lines.append(f"  {label.ljust(LABEL - 2)}{value:>10.3f}{value / choice.step_time:>8.1%}")
    lines.append(f"{'step'.ljust(LABEL)}{choice.step_time:>10.3f}{1:>8.0%}")
    lines += ["", f"{'GiB on a GPU'.ljust(LABEL)}{'':>10}{'share':>8}"]
    for name in visible_terms([choice], "memory_terms"):
        size = choice.memory_terms[name]
        label = name.replace("_", " ")
        lines.append(f"  {label.ljust(LABEL - 2)}{size / GIB:>10.2f}{size / choice.memory:>8.1%}")
    lines.append(f"{'needed'.ljust(LABEL)}{choice.memory / GIB:>10.2f}")
    lines.append(f"{'available'.ljust(LABEL)}{capacity(of) / GIB:>10.2f}")
    if of.assumed:
        lines += ["", printable("Assumed: " + "; ".join(of.assumed))]
    return folded(lines, width)
