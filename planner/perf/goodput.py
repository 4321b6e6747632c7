"""Which share of a training job's time makes progress, and what takes the rest?

A job on N units that each break at a rate r [1/s] is interrupted every M = 1/(N r) on average. It saves its state
after every interval D of work and stands still for w meanwhile; after an interruption it needs R until it runs again
and repeats what it did since the last checkpoint. With interruptions at random, also while it saves and restarts, a
piece of work D takes on average

    T = M exp(R/M) (exp((D + w)/M) - 1)

(J. T. Daly, "A higher order estimate of the optimum checkpoint interval for restart dumps", FGCS 22, 2006, equation
for the total wall time). Of it D is progress, w checkpoints, the share 1 - exp(-R/M) restarts and the rest repeated
work. Where M is long this is (1 - (R + D/2)/M) / (1 + w/D), the form of Kokolis et al., arXiv 2410.21680, that
`reliability.effective_time_share` has; it stays above 0 where that one ends.

A checkpoint written in the background stops the job for its copy to host memory only, but protects it no earlier than
it is written: the time of writing is repeated too, and the next one cannot begin before.
Done: one level of checkpoints, interruptions independent of each other. Not done: copies in other nodes' memory,
partial restarts, slow nodes, queueing for a replacement (part of `restart`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.axes import Array
from planner.perf.checkpoint import write_time
from planner.perf.reliability import daly_interval, mean_time_to_failure

DAY = 86_400.0
# Interruptions of one accelerator with its part of a node [1/s]. Hardware alone: 2.96 for 1,000 node-days of eight in
# Llama 3's 54 days, 78 % of 419 unplanned (arXiv 2407.21783). All causes: 4.21 in the same tended run, 466; 21 to 24 by
# the measured times between failures of jobs on a shared research cluster (arXiv 2410.21680, 47.7 days and 7.9 h).
HARDWARE_ALONE = 2.96 / 8_000.0 / DAY
ALL_CAUSES_TENDED = 4.21 / 8_000.0 / DAY
ALL_CAUSES_SHARED = 22.3 / 8_000.0 / DAY
HOPELESS = 500.0  # work between checkpoints over the time between interruptions that is never done
FOREVER = 1e9  # more than thirty years between checkpoints are never wanted [s]


@dataclass(frozen=True)
class Goodput:
    """Shares of a job's time [1], which add up to 1, and what decides them."""

    progress: Array
    checkpoints: Array  # it stands still to save
    repeated_work: Array  # done before, since the last checkpoint that was written
    restarts: Array  # from an interruption until it works again: detection, replacement, loading
    interval: Array  # work between checkpoints [s]
    mean_time: Array  # between interruptions [s]


def time_shares(
    mean_time: Array, stall: Array, restart: Array, interval: Array, unwritten: Array
) -> Goodput:
    """Shares of the time of a job, all times in seconds; `interval` is above 0, `mean_time` may be infinite.

    `unwritten` is the time for which a checkpoint does not protect yet, 0 where the job waits for it.
    """
    failing = 1.0 / mean_time
    away = restart + unwritten
    running = np.exp(-away * failing)
    # M (exp(x/M) - 1), also where M is infinite
    work = interval + stall
    ratio = np.minimum(work * failing, HOPELESS)
    small = ratio < 1e-8
    piece = np.where(small, work, np.expm1(ratio) / np.where(small, 1.0, failing))
    progress = running * interval / piece
    checkpoints = running * stall / piece
    down = 1.0 - running
    restarts = down * restart / np.where(away > 0.0, away, 1.0)
    return Goodput(
        progress=progress,
        checkpoints=checkpoints,
        repeated_work=np.maximum(1.0 - progress - checkpoints - restarts, 0.0),
        restarts=restarts,
        interval=interval * np.ones_like(progress),
        mean_time=mean_time * np.ones_like(progress),
    )


def goodput(
    units: Array,
    rate: Array,
    size: Array,
    write_rate: Array,
    copy_rate: Array,
    in_background: Array,
    restart: Array,
    longest: Array,
    interval: Array | None = None,
    beside: Array | float = 0.0,
) -> Goodput:
    """Shares of the time of a job on `units` that each break at `rate` [1/s], saved at the best interval.

    A checkpoint has `size` bytes (`checkpoint.checkpoint_size`), is written at `write_rate` and, where it is
    `in_background` (1, else 0), copied at `copy_rate` first [byte/s], by all units together. `restart` [s] counts
    detection, replacement and loading. The interval is Daly's, never above `longest` [s] nor, in the background, below
    the time of writing; or the `interval` that is given [s]. `beside` its bytes a checkpoint stops the job for so long,
    until all agree on it [s].
    """
    stall, unwritten = stall_and_delay(size, write_rate, copy_rate, in_background)
    stall = stall + beside
    mean_time = mean_time_to_failure(units, rate)
    if interval is None:
        interval = best_interval(mean_time, stall, unwritten, longest)
    return time_shares(mean_time, stall, restart, interval, unwritten)


def stall_and_delay(
    size: Array, write_rate: Array, copy_rate: Array, in_background: Array
) -> tuple[Array, Array]:
    """For how long a job stands still for a checkpoint, and how much later it protects the job [s]."""
    written = write_time(size, write_rate)
    behind = in_background > 0.0
    return np.where(behind, write_time(size, copy_rate), written), np.where(behind, written, 0.0)


def best_interval(mean_time: Array, stall: Array, unwritten: Array, longest: Array) -> Array:
    """Work between checkpoints that loses least [s]: Daly's, at most `longest`, at least the time of writing."""
    never = ~np.isfinite(mean_time)
    daly = daly_interval(stall, np.where(never, 1.0, mean_time))
    wanted = np.minimum(np.where(never, FOREVER, daly), longest)
    return np.maximum(wanted, np.maximum(unwritten, np.where(stall > 0.0, 0.0, 1.0)))
