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
from planner.perf.goodput import best_interval, stall_and_delay, time_shares
from planner.perf.reliability import down_share, mean_time_to_failure


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


@quantity(unit="1", axes="month workload site")
def run_gang(gpus_for_release: Array, site_pools: SitePools) -> Array:
    """Accelerators on which a release run works together: those of all sites of the pool."""
    return pooled(gpus_for_release, site_pools)


@quantity(unit="1/day", axes="month workload site")
def run_interruption_rate(run_gang: Array, cluster_interruption_rate: Array) -> Array:
    """Interruptions of a release run by whatever cause: accelerators that it works on x rate of each.

    A failure at one site stops the whole gang.
    """
    return run_gang * cluster_interruption_rate


@quantity(unit="second", axes="month workload site")
def checkpoint_pause(
    checkpoint_size: Array,
    run_gang: Array,
    checkpoint_write_rate: Array,
    checkpoint_copy_rate: Array,
    checkpoint_in_background: Array,
    checkpoint_stall: Array,
) -> Array:
    """Time for which a release run stands still at a checkpoint: its accelerators copy it to their hosts, or write it.

    Size / (accelerators x rate of each), and what a checkpoint takes besides. One accelerator where nothing runs.
    """
    gang = np.maximum(run_gang, 1.0)
    rates = (gang * checkpoint_write_rate, gang * checkpoint_copy_rate)
    stall, _ = stall_and_delay(checkpoint_size, *rates, checkpoint_in_background)
    return stall + checkpoint_stall


@quantity(unit="second", axes="month workload site")
def checkpoint_delay(
    checkpoint_size: Array,
    run_gang: Array,
    checkpoint_write_rate: Array,
    checkpoint_in_background: Array,
) -> Array:
    """Time from a checkpoint until it is written and protects the run; 0 where the run waits for it."""
    rate = np.maximum(run_gang, 1.0) * checkpoint_write_rate
    _, delay = stall_and_delay(checkpoint_size, rate, rate, checkpoint_in_background)
    return delay


@quantity(unit="minute", axes="month workload site")
def checkpoint_interval(
    run_gang: Array,
    cluster_interruption_rate: Array,
    checkpoint_pause: Array,
    checkpoint_delay: Array,
    checkpoint_interval_limit: Array,
) -> Array:
    """Work between the checkpoints of a run that loses least (Daly 2006), up to the policy's limit.

    About sqrt(2 pause / interruption rate); never below the time until one is written.
    """
    mean_time = mean_time_to_failure(run_gang, cluster_interruption_rate)
    return best_interval(mean_time, checkpoint_pause, checkpoint_delay, checkpoint_interval_limit)


@quantity(unit="1", axes="month workload site", worst="min")
def goodput_expected(
    run_gang: Array,
    cluster_interruption_rate: Array,
    checkpoint_pause: Array,
    checkpoint_delay: Array,
    checkpoint_restart: Array,
    checkpoint_interval: Array,
) -> Array:
    """Share of a release run's time that makes progress after interruptions, restarts and checkpoints (Daly 2006).

    What `goodput_at_scale` comes to for the accelerators that it works on. The rest of goodput, late data and slow
    nodes, is a policy's number.
    """
    mean_time = mean_time_to_failure(run_gang, cluster_interruption_rate)
    times = (checkpoint_pause, checkpoint_restart, checkpoint_interval, checkpoint_delay)
    return time_shares(mean_time, *times).progress
