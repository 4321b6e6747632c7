"""Failures, spares, checkpoints and goodput against what operators published (rows A2 to A25 of the case list).

Sources: S1 The Llama 3 Herd of Models, arXiv 2407.21783; S2 Kokolis et al., arXiv 2410.21680; S3 Cui et al., arXiv
2503.11901; S4 OPT-175B logbook (metaseq chronicles); S5 BLOOM, bigscience README and chronicles; S12, S13
SemiAnalysis, 100,000 H100 Clusters and AI Neocloud Playbook; S15 MLCommons Storage v2.0; S63 MLCommons Storage v2.0
announcement. Rates are for 1,000 days of a node of eight accelerators unless said otherwise.
"""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import Array
from planner.perf.checkpoint import checkpoint_size, write_time
from planner.perf.reliability import (
    down_share,
    effective_time_share,
    mean_time_to_failure,
    observed_mean_time,
    spares_required,
    young_interval,
)

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
YEAR = 365 * DAY
GIB, GB = 1024.0**3, 1e9


def of(value: float) -> Array:
    return np.array(float(value))


def per_thousand(rate: float) -> Array:
    """Failures of 1,000 node-days as a rate [1/s]."""
    return of(rate / 1000 / DAY)


def hours_to_failure(units: float, rate: Array) -> float:
    return float(mean_time_to_failure(of(units), rate)) / HOUR


def effective(
    nodes: float, rate: float, stall: float, restart: float, interval: float = 0
) -> float:
    """Share of time that makes progress, at Young's interval unless another is given."""
    interruptions = nodes * per_thousand(rate)
    chosen = of(interval) if interval else young_interval(of(stall), interruptions, of(np.inf))
    return float(effective_time_share(interruptions, of(stall), of(restart), chosen))


def test_a2_llama_3_reaches_ninety_per_cent_with_stalls_of_up_to_twenty_seconds() -> None:
    # S1: over 90 % effective training time on 2,048 servers, 419 unplanned interruptions in 54 days.
    rate = 419 / (2048 * 54) * 1000
    assert rate == pytest.approx(3.79, rel=0.002)
    assert effective(2048, rate, stall=20, restart=5 * MINUTE) >= 0.90
    assert effective(2048, rate, stall=10, restart=5 * MINUTE) >= 0.90
    assert effective(2048, rate, stall=60, restart=5 * MINUTE) < 0.90
    # The interval for a stall of 20 s is 11 minutes.
    interruptions = 2048 * per_thousand(rate)
    assert float(young_interval(of(20), interruptions, of(np.inf))) / MINUTE == pytest.approx(
        11, rel=0.05
    )


def test_a4_sixteen_thousand_gpus_of_rsc_fail_every_1_8_hours() -> None:
    assert hours_to_failure(16_384 / 8, per_thousand(6.5)) == pytest.approx(1.8, rel=0.02)  # S2
    assert hours_to_failure(131_072 / 8, per_thousand(6.5)) == pytest.approx(0.23, rel=0.03)  # S2


def test_a6_a7_the_hardware_rate_does_not_explain_the_measured_jobs_but_one_rate_does() -> None:
    """X: measured 7.9 h on 1,024 GPUs and 47.7 days on 8; the hardware rate of 6.5 gives 28.8 h and 154 days.

    Both measurements mean 21 to 24 job-ending causes for 1,000 node-days. That is why the planner has two rates, one
    for repairs and one for interruptions.
    """
    assert hours_to_failure(1024 / 8, per_thousand(6.5)) > 3.5 * 7.9
    large = 24 / (7.9 * 1024 / 8) * 1000
    small = 1 / 47.7 * 1000
    assert large == pytest.approx(small, rel=0.14)
    one = np.sqrt(large * small)
    assert hours_to_failure(1024 / 8, per_thousand(one)) == pytest.approx(7.9, rel=0.07)
    assert hours_to_failure(1, per_thousand(one)) / 24 == pytest.approx(47.7, rel=0.07)


@pytest.mark.parametrize(
    ("rate", "stall", "published"),
    [(6.5, 300, 0.740), (6.5, 10, 0.921), (1.0, 300, 0.898)],
    ids=["as observed", "saves of 10 s", "a rate of 1"],
)
def test_a8_twelve_thousand_gpus_need_fewer_failures_or_faster_saves(
    rate: float, stall: float, published: float
) -> None:
    # S2: 0.9 is not reached on 12,000 GPUs without a rate of about 1 or saves of about 10 s; figures derived there.
    assert effective(1500, rate, stall, restart=5 * MINUTE) == pytest.approx(published, abs=0.02)


def test_a9_a10_memory_errors_of_delta() -> None:
    a100 = observed_mean_time(448, 895 * DAY, 34) / HOUR
    h100 = observed_mean_time(608, 146 * DAY, 24) / HOUR
    assert h100 == pytest.approx(88_768, rel=1e-6)  # S3
    assert a100 == pytest.approx(283_271, rel=0.002)  # S3
    assert a100 / h100 == pytest.approx(3.2, abs=0.05)  # S3: 3.2 times worse


# S3: errors of all kinds of the A100 part of Delta (memory, MMU, GSP, NVLink) in 448 GPUs x 895 days.
DELTA_ERRORS = 34 + 8_863 + 3_857 + 1_922
DELTA_GPUS_A_NODE = 4


def delta_spares(recovery: float) -> float:
    """Spare GPUs for 608 GPUs in nodes of four, when an error of whatever kind takes its whole node away."""
    node_rate = DELTA_GPUS_A_NODE / observed_mean_time(448, 895 * DAY, DELTA_ERRORS)
    down = down_share(of(node_rate), of(recovery))
    return float(spares_required(of(608 / DELTA_GPUS_A_NODE), down, of(0.999))) * DELTA_GPUS_A_NODE


def test_a11_spares_of_a_job_on_608_gpus() -> None:
    """S3: 5 % (31) for a recovery of 2.2 h, 2 % (12) for 5 minutes, at 99.9 %.

    The paper's simulation is not printed in what we have; the rate was looked for among its own counts. That of all
    errors of the A100 nodes meets both; the H100 nodes' own 35 events in 146 days would want 4 spares only.
    """
    assert 25 <= delta_spares(2.2 * HOUR) <= 37
    assert 8 <= delta_spares(5 * MINUTE) <= 16


@pytest.mark.parametrize(
    ("links", "years", "minutes"), [(100_000, 5, 26.28), (50_000, 4, 42.05)], ids=["A12", "A13"]
)
def test_a12_a13_the_first_link_fails_within_minutes(
    links: float, years: float, minutes: float
) -> None:
    found = hours_to_failure(links, of(1 / (years * YEAR))) * 60  # S12, S13
    assert found == pytest.approx(minutes, rel=0.005)


def test_a14_a_hundred_thousand_accelerators_fail_every_half_hour() -> None:
    rate = of(1 / (50_000 * HOUR))  # S63
    assert hours_to_failure(100_000, rate) == pytest.approx(0.5, rel=0.001)
    assert hours_to_failure(1_000_000, rate) * 60 == pytest.approx(3, rel=0.001)


def test_a15_the_best_operators_lie_within_the_hardware_rates() -> None:
    # S13: about 7 days between failures on 512 H100; at RSC-2's rate of 2.34 (S2) the same.
    assert hours_to_failure(512 / 8, per_thousand(2.34)) / 24 == pytest.approx(7, rel=0.15)


BLOOM = 176.2e9  # parameters, S5
ADAM = (of(2), of(4), of(8))  # 16-bit weight, 32-bit master copy, two 32-bit moments


def test_a17_a18_bloom_writes_a_checkpoint_in_forty_seconds() -> None:
    """S5: 2.3 TB in 40 s (57.5 GB/s) about every 3 h.

    The unit is binary: the same pages print 329 GB of 16-bit weights, 2 bytes x 176.2 billion in GiB. So 2.3 TB are
    2,300 GiB, which the recipe gives.
    """
    assert float(checkpoint_size(of(BLOOM), of(2))) / GIB == pytest.approx(329, rel=0.005)
    size = checkpoint_size(of(BLOOM), *ADAM)
    assert float(size) / GIB == pytest.approx(2_300, rel=0.01)
    stall = write_time(size, of(57.5 * GIB))
    assert float(stall) == pytest.approx(40, rel=0.01)
    share = 1 - float(effective_time_share(of(0), stall, of(0), of(3 * HOUR)))
    assert share == pytest.approx(0.0037, rel=0.02)


def test_a19_opt_without_automatic_recovery_made_progress_for_59_per_cent() -> None:
    # S4: about two machines lost a day of 124 nodes; 33 days of work took about 56. With four hours until somebody has
    # brought it back (not published; what it takes) and a checkpoint every two hours.
    assert 0.55 <= effective(124, 16, stall=60, restart=4 * HOUR, interval=2 * HOUR) <= 0.65
    assert pytest.approx(0.59, abs=0.005) == 33 / 56
    assert effective(124, 16, stall=60, restart=10 * MINUTE, interval=2 * HOUR) > 0.85


@pytest.mark.parametrize(
    ("parameters", "printed"),
    [(8.03e9, 105), (70e9, 912), (405e9, 5_290)],
    ids=["8B", "70B", "405B"],
)
def test_fourteen_bytes_a_parameter_are_the_13_05_of_mlperf_storage(
    parameters: float, printed: float
) -> None:
    # S15 prints 105 GB, 912 GB and 5.29 TB: 13.05 bytes a parameter if GB were 1e9. They are 14 in GiB.
    size = float(checkpoint_size(of(parameters), *ADAM))
    assert size / GIB == pytest.approx(printed, rel=0.005)
    assert size / GIB * GB / parameters == pytest.approx(13.05, rel=0.005)


def test_a25_opt_keeps_no_master_copy() -> None:
    """X: 992 shards of 1.7 GB are 9.7 bytes a parameter, not 14.

    OPT kept its weights in 16 bits beside Adam's moments in 32 bits (S4): 10 bytes, between the shards read in GB and
    in GiB.
    """
    without_master = float(checkpoint_size(of(175e9), of(2), of(0), of(8)))
    assert 992 * 1.7 * GB < without_master < 992 * 1.7 * GIB
    assert float(checkpoint_size(of(175e9), *ADAM)) > 1.3 * 992 * 1.7 * GIB
