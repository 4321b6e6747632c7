"""How often do runs break, how much of their time makes progress, and how much hardware is down at any moment?

Rates are for one accelerator with its part of the node, because nodes of every size are planned; published rates are
for 1,000 days of a node of eight. Two of them are kept apart: hardware failures take a part out until it is repaired
and decide the spares; interruptions of whatever cause stop a run and decide its checkpoints and the time it loses.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array
from planner.catalogue import SitePools, pooled
from planner.graph import quantity
from planner.perf.goodput import time_shares
from planner.perf.reliability import down_share, young_interval


@quantity(unit="1", axes="hardware")
def repair_group(node_repair_group: Array, node_accelerators: Array) -> Array:
    """Accelerators that one failure takes out of service: a tray of a rack, a whole server."""
    return np.minimum(node_repair_group, node_accelerators)


@quantity(unit="1", axes="hardware")
def group_down_share(
    repair_group: Array, cluster_failure_rate: Array, cluster_repair_time: Array
) -> Array:
    """Share of the time in which a repair group is down: repair time / (repair time + time between failures)."""
    return down_share(repair_group * cluster_failure_rate, cluster_repair_time)


@quantity(unit="1/day", axes="month workload site")
def run_interruption_rate(
    gpus_for_release: Array, cluster_interruption_rate: Array, site_pools: SitePools
) -> Array:
    """Interruptions of a release run by whatever cause: accelerators that it works on x rate of each.

    A failure at one site stops the whole gang, so those of all sites of the pool count.
    """
    return pooled(gpus_for_release, site_pools) * cluster_interruption_rate


@quantity(unit="minute", axes="month workload site")
def checkpoint_interval(
    run_interruption_rate: Array, checkpoint_stall: Array, checkpoint_interval_limit: Array
) -> Array:
    """Time between the checkpoints of a run: Young's, sqrt(2 stall / interruption rate), up to the policy's limit."""
    return young_interval(checkpoint_stall, run_interruption_rate, checkpoint_interval_limit)


@quantity(unit="1", axes="month workload site", worst="min")
def goodput_expected(
    run_interruption_rate: Array,
    checkpoint_stall: Array,
    checkpoint_restart: Array,
    checkpoint_interval: Array,
) -> Array:
    """Share of a release run's time that makes progress after interruptions, restarts and checkpoints (Daly 2006).

    What `goodput_at_scale` comes to for the accelerators that it works on. The rest of goodput, late data and slow
    nodes, is a policy's number.
    """
    known = np.where(run_interruption_rate > 0, run_interruption_rate, 1.0)
    mean_time = np.where(run_interruption_rate > 0, 1.0 / known, np.inf)
    times = (checkpoint_stall, checkpoint_restart, checkpoint_interval)
    return time_shares(mean_time, *times, np.zeros_like(checkpoint_stall)).progress
