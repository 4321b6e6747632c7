"""How long do the collectives of tensor, context and data parallelism take over NVLink and NICs?

Rings (Patarasuk and Yuan, "Bandwidth optimal all-reduce algorithms for clusters of workstations", JPDC 2009): a
reduce-scatter or an all-gather moves (n - 1)/n of the data through every member, an all-reduce twice that, in n - 1
or 2 (n - 1) hops. Done: rings inside an NVLink domain and across domains. Not done: trees, in-network reduction
(SHARP), oversubscribed fabrics.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array
from planner.perf.training_step.configuration import System

NVLINK_SHARE = (
    0.78  # of the link rate, large rings (nccl-tests: H200 365.6 of 450 GB/s, B200 682.2 of 900)
)
NIC_SHARE = 0.91  # of the port rate, large messages (nccl-tests, 4 x 8 H200 over EFA: 364.9 of 400 GB/s a node)


def ring_time(size: Array, members: Array, rate: Array, latency: float) -> Array:
    """Seconds of one half of an all-reduce (reduce-scatter or all-gather) of `size` bytes among `members`."""
    hops = members - 1.0
    return hops / members * size / rate + hops * latency


def group_rate(inner: Array, members: Array, system: System) -> Array:
    """Ring rate [byte/s] of one accelerator in a group of `members` that lie `inner` accelerators apart.

    Within one NVLink domain the link binds. Across domains a ring leaves a domain once, over the ports of all its
    members there, so that the rate is their number times a port, up to the link.
    """
    link = NVLINK_SHARE * system.nvlink
    inside = np.clip(system.domain / inner, 1.0, members)
    across = np.minimum(link, inside * NIC_SHARE * system.nic)
    return np.where(inner * members <= system.domain, link, across)
