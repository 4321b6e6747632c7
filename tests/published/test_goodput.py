"""Goodput of published jobs, every loss named (rows A2, A8, A17, A19 of the case list; rates in `test_reliability`).

Sources: S1 The Llama 3 Herd of Models, arXiv 2407.21783; S2 Kokolis et al., arXiv 2410.21680; S4 OPT-175B logbook; S5
BLOOM, bigscience chronicles; S8 ByteRobust and S9 surveys, second hand in ../shared/facts/facility.md, section 1.
"""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import Array
from planner.perf.checkpoint import checkpoint_size
from planner.perf.goodput import DAY, Goodput, goodput, time_shares
from planner.perf.reliability import mean_time_to_failure

MINUTE, HOUR = 60.0, 3_600.0
NEVER = np.array(np.inf)
GIB = 1024.0**3
ADAM = (np.array(2.0), np.array(4.0), np.array(8.0))


def of(*values: float) -> Array:
    return np.array(values)


def job(
    nodes: float, failures: float, stall: float, restart: float, interval: float | None = None
) -> Goodput:
    """A job that waits for its checkpoints; `failures` for 1,000 days of a node, times in seconds."""
    size, rate = of(1e12), of(failures / 1_000 / DAY)
    given = None if interval is None else of(interval)
    return goodput(of(nodes), rate, size, size / stall, size, of(0.0), of(restart), NEVER, given)


def test_a2_llama_3_makes_progress_for_more_than_ninety_per_cent() -> None:
    found = job(2_048, 3.79, stall=20, restart=5 * MINUTE)
    assert found.progress >= 0.90
    assert found.progress == pytest.approx(0.916, abs=0.002)  # by the formula of S2
    assert found.interval / MINUTE == pytest.approx(11, rel=0.05)
    # checkpoints and what is repeated cost the same at the best interval
    assert found.checkpoints == pytest.approx(found.repeated_work, rel=0.1)
    assert found.restarts == pytest.approx(300 / (3.09 * HOUR), rel=0.02)
    assert job(2_048, 3.79, stall=10, restart=5 * MINUTE).progress >= 0.90
    assert job(2_048, 3.79, stall=60, restart=5 * MINUTE).progress < 0.90


@pytest.mark.parametrize(
    ("rate", "stall", "published"),
    [(6.5, 300, 0.740), (6.5, 10, 0.921), (1.0, 300, 0.898)],
    ids=["as observed", "saves of 10 s", "a rate of 1"],
)
def test_a8_twelve_thousand_gpus(rate: float, stall: float, published: float) -> None:
    found = job(1_500, rate, stall, restart=5 * MINUTE)
    assert found.progress == pytest.approx(published, abs=0.02)


def test_a17_bloom_stands_still_for_a_third_of_a_per_cent() -> None:
    size = checkpoint_size(of(176.2e9), *ADAM)
    rate = of(1 / (48 * 7 * DAY))  # a GPU lost in a week of 48 nodes, S5
    bandwidth = of(57.5 * GIB)
    job_ = (of(48.0), rate, size, bandwidth, bandwidth, of(0.0), of(HOUR), NEVER)
    found = goodput(*job_, of(3 * HOUR))
    assert found.checkpoints == pytest.approx(0.0037, rel=0.02)
    assert found.progress > 0.97
    # an interval of 1.9 h would have lost least, by little
    best = goodput(*job_)
    assert best.interval / HOUR == pytest.approx(1.9, rel=0.02)
    assert 0 < best.progress - found.progress < 0.002


def test_a19_opt_lost_most_of_its_time_to_restarts() -> None:
    """33 days of work took about 56. Five hours until it runs again and two between checkpoints are not published.

    They are what it takes; the first-order formula of `test_reliability` takes four.
    """
    found = job(124, 16, stall=60, restart=5 * HOUR, interval=2 * HOUR)
    assert 0.55 <= float(found.progress[0]) <= 0.65
    assert found.restarts > 4 * found.repeated_work > 4 * found.checkpoints
    assert job(124, 16, stall=60, restart=10 * MINUTE, interval=2 * HOUR).progress > 0.85


def test_time_between_failures_by_size_of_the_job() -> None:
    """A4: 1.8 h on 16,384 GPUs and 0.23 h on 131,072; A14: half an hour on 100,000 of 50,000 h each."""
    sizes = goodput(
        of(2_048.0, 16_384.0), of(6.5 / 1_000 / DAY), of(1e12), of(1e11), of(1e12), of(0.0),
        of(5 * MINUTE), NEVER,
    )  # fmt: skip
    assert sizes.mean_time / HOUR == pytest.approx([1.8, 0.23], rel=0.03)
    assert sizes.progress[0] > sizes.progress[1] > 0.3
    assert mean_time_to_failure(of(1e5), of(1 / (50_000 * HOUR))) / HOUR == pytest.approx(0.5)


def test_saving_in_the_background_stops_a_job_for_its_copy_alone() -> None:
    """S9: 512 H100 with an 8B model stood still for about 50 s a checkpoint, then for under 0.5 s."""
    size = checkpoint_size(of(8.03e9), *ADAM)
    written, copied = size / 50.0, of(512 * 31.5e9)  # PCIe of each GPU
    rate = of(4.21 / 8_000 / DAY)
    job_ = (of(512.0), rate, size, written, copied)
    waits = goodput(*job_, of(0.0), of(10 * MINUTE), of(3 * HOUR))
    goes_on = goodput(*job_, of(1.0), of(10 * MINUTE), of(3 * HOUR))
    assert goes_on.checkpoints * (goes_on.interval + 0.5) < 0.5
    assert waits.progress < goes_on.progress


def test_saving_every_step_on_9600_gpus_leaves_97_per_cent() -> None:
    """S8: stalls of 0.01 to 0.04 s, under 0.9 % at a save every step, and 97 % of the time effective in three months.

    A step of 5 s and a restart of 10 minutes are assumed; the rate is that of Llama 3, all causes.
    """
    mean = mean_time_to_failure(of(9_600.0), of(4.21 / 8_000 / DAY))
    found = time_shares(mean, of(0.04), of(10 * MINUTE), of(5.0), of(0.0))
    assert found.checkpoints < 0.009
    assert found.progress == pytest.approx(0.97, abs=0.03)
