"""Which of all legal layouts is best, what comes next and why it lost, and what does memory cost in time?

`search` evaluates all of them at once (`planner.perf.training_step.layouts`) and keeps what a person wants to read:
the best, the best at other degrees of parallelism with the named terms in which they differ, the Pareto front of step
time against memory, and the fastest layout that does not fit, with what it misses.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from planner.axes import Array
from planner.errors import PlannerError
from planner.perf.training_step.layouts import (
    ALL,
    Choice,
    Evaluation,
    Indices,
    Job,
    Layouts,
    Space,
    chosen,
    detail,
    divisors,
    evaluate,
    fits,
    legal,
    ranked,
    taken,
)

DEGREES = ("tp", "pp", "cp", "dp", "ep")
RUNNERS_UP = 3


@dataclass(frozen=True)
class Refused:
    """A layout that does not fit, and the bytes that it misses."""

    choice: Choice
    missing: float  # on the accelerator
    missing_host: float


@dataclass(frozen=True)
class Found:
    """What a search over layouts has found."""

    layouts: int
    feasible: int
    seconds: float  # that the search took
    best: Choice | None
    runners_up: tuple[Choice, ...]  # the best at other degrees of parallelism
    front: tuple[Choice, ...]  # none is both faster and smaller, fastest first
    refused: (
        Refused | None
    )  # the fastest of those that do not fit, if faster than the best; without one the smallest


def search(job: Job, gpus: float, batch: float, space: Space = ALL) -> Found:
    """All legal layouts of a job on so many accelerators."""
    begun = time.perf_counter()
    layouts = legal(job, gpus, batch, space)
    if not len(layouts):
        raise PlannerError(_none_legal(gpus, batch))
    found = evaluate(layouts, job)
    return described(found, job, fits(found, job.store), begun)


def described(
    found: Evaluation,
    job: Job,
    feasible: npt.NDArray[np.bool_],
    begun: float,
    placed: npt.NDArray[np.bool_] | None = None,
) -> Found:
    """The best of evaluated layouts, the next, the front; `placed` says which ones only memory may refuse."""
    order = ranked(found, feasible)
    seconds = time.perf_counter() - begun
    rows = _first_of_each(found.layouts, order)
    best = int(order[0]) if len(order) else None
    front = order[pareto(found.memory[order])]
    out = _refused(found, job, feasible, placed, best)
    wanted = np.concatenate([rows, front, [out] if out is not None else []]).astype(np.intp)
    choices: list[Choice] = []
    if len(wanted):
        causes = detail(taken(found.layouts, wanted), job)
        choices = [chosen(causes, row) for row in range(len(wanted))]
    refused = None
    if out is not None:
        over = float(found.memory[out] - job.store.memory[0])
        host = float(found.host[out] - job.store.host[0])
        refused = Refused(choices[-1], max(over, 0.0), max(host, 0.0))
    return Found(
        layouts=len(found.layouts),
        feasible=int(feasible.sum()),
        seconds=seconds,
        best=choices[0] if best is not None else None,
        runners_up=tuple(choices[1 : len(rows)]),
        front=tuple(choices[len(rows) : len(rows) + len(front)]),
        refused=refused,
    )


def pareto(memory: Array) -> Indices:
    """Positions in an order of rising time at which less memory is needed than anywhere before."""
    if not len(memory):
        return np.zeros(0, dtype=np.intp)
    least = np.minimum.accumulate(memory)
    lower = np.concatenate([[True], memory[1:] < least[:-1]])
    return np.nonzero(lower)[0]


def differences(best: Choice, other: Choice) -> list[tuple[str, float]]:
    """Seconds that the other takes more, or less, than the best for the same samples, by term, largest first."""
    scale = best.layout["global_batch"] / other.layout["global_batch"]
    gaps = [(name, scale * other.terms[name] - seconds) for name, seconds in best.terms.items()]
    return sorted(gaps, key=lambda gap: -abs(gap[1]))


def _first_of_each(layouts: Layouts, order: Indices) -> Indices:
    """The best, and the best at each of the next other degrees."""
    looked = order[: 200 * RUNNERS_UP]  # equal degrees stand together; more than that is no contest
    seen: dict[tuple[float, ...], int] = {}
    columns = [np.broadcast_to(getattr(layouts, name), len(layouts))[looked] for name in DEGREES]
    for row, key in zip(looked, zip(*columns, strict=True), strict=True):
        seen.setdefault(tuple(map(float, key)), int(row))
        if len(seen) > RUNNERS_UP:
            break
    return np.array(list(seen.values()), dtype=np.intp)


def _refused(
    found: Evaluation,
    job: Job,
    feasible: npt.NDArray[np.bool_],
    placed: npt.NDArray[np.bool_] | None,
    best: int | None,
) -> int | None:
    """The fastest layout that memory alone refuses, if it beats the best; without a best, the one that misses least."""
    others = ~feasible if placed is None else placed & ~feasible
    if not others.any():
        return None
    per_sample = found.step_time / found.layouts.global_batch
    if best is None:
        over = np.maximum(found.memory - job.store.memory, 0.0)
        over = over + np.maximum(found.host - job.store.host, 0.0)
        return int(np.argmin(np.where(others, over, np.inf)))
    first = int(np.argmin(np.where(others, per_sample, np.inf)))
    return first if per_sample[first] < per_sample[best] else None


def _none_legal(gpus: float, batch: float) -> str:
    """What to change where no layout is legal."""
    fitting = [d for d in divisors(gpus) if batch % d == 0]
    near = divisors(batch)
    words = f"no legal layout on {gpus:,.0f} accelerators with a batch of {batch:,.0f}"
    if fitting == [1.0] and gpus > 1:
        other = near[int(np.argmin(np.abs(near - gpus)))]
        return f"{words}: they share no divisor; nearest: --gpus {other:.0f}"
    return f"{words}: the blocks and heads have no divisor that leaves replicas which share it"
