"""How long does a collective take on the links that a group of accelerators really has?

Two tiers: links inside a domain (an NVLink switch, a mesh of wires, PCIe through the host) and network ports across
domains, with leaf switches that may be oversubscribed above. A collective of `size` bytes (the whole buffer, as
nccl-tests counts it) among `members` that lie `inner` accelerators apart takes the time of the fastest algorithm that
the hardware has, as NCCL's tuner chooses:

- ring: n - 1 hops and (n - 1)/n of the buffer through every member for a reduce-scatter or an all-gather, twice that
  for an all-reduce (Patarasuk and Yuan, JPDC 69, 2009; Thakur, Rabenseifner, Gropp, IJHPCA 19, 2005);
- double binary tree, all-reduce: the depth is a logarithm of the domains; data are cut into pieces that follow each
  other, best so many that the time is (sqrt(wire) + sqrt(latency))^2 (Sanders, Speck, Traeff, "Two-tree algorithms for
  full bandwidth broadcast, reduction and scan", Parallel Computing 35, 2009);
- reduction in the NVLink switch (NVLS; Klenk et al., "An in-network architecture for accelerating shared-memory
  multiprocessor collectives", ISCA 2020), all-reduce: a member sends the buffer once and its share of the result,
  (1 + 1/g) x size over its link in a domain of g (NVIDIA/nccl, issue 1083); the tree carries it across domains;
- reduction in the network switches (SHARP; Graham et al., COM-HPC 2016), all-reduce: a port carries its domain's share
  once instead of twice.

Latencies are those of NCCL's tuner. Protocols trade latency for bandwidth: of the three (LL, LL128, Simple) a ring
takes the fastest. Conventions (nccl-tests, doc/PERFORMANCE.md): algorithm bandwidth is size over time; bus bandwidth
multiplies it by the traffic of a ring through one link (`bus_factor`), which in-switch reduction may exceed.

Done: the above. Not done: pairs of NVLink bridges beside PCIe, NCCL's parallel trees for gathers (PAT), uplinks that
other jobs fill, fused kernels that send while they multiply. Blackwell is up to twice as slow as this between 1 and
16 MiB in one server, and meshes of AMD 11 % slower at large sizes.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array
from planner.perf.training_step.configuration import System

# Shares of the rate on the data sheet that large transfers reach.
NVLINK_SHARE = (
    0.785  # nccl-tests, rings: A100 230.8 of 300 GB/s, H200 365.6 of 450, B200 682.2 of 900
)
PCIE_SHARE = (
    0.63  # rings of eight through the host: H100 PCIe 35 to 45 of 63 GB/s (docs.alayanew.com)
)
NIC_SHARE = 0.95  # nccl-tests: 4 x 8 H200 364.9 of 400 GB/s a node, 4 x 8 B200 381.8 (EFA); 3 x 8 A100 96 of 100
# Ports at most by which NCCL's rings and trees leave a domain: two and twenty racks of 72 GB200 with 50 GB/s a port
# reduce 413 and 203 GB/s, that is 413 and 406 GB/s over the ports of a rack (coreweave/nccl-tests, README).
PORTS = 9.0
# Share of the link's rate that an NVLink switch reduces at, from bus bandwidths: 4 to 8 H200 363 to 473 GB/s (by which
# the wire's share is the same for all five), 8 B200 838, a rack of 72 GB200 839 (coreweave/nccl-tests, pull 43).
SWITCH_SHARES = {"hopper": 0.72, "blackwell": 0.65}
RACK_SHARE = 0.52
NODE = 8.0  # accelerators of the largest domain within a server

Protocol = tuple[float, float, float, float, float]
# NCCL, src/graph/tuning.cc (commit b647562), ring: latency of the start, of a hop over NVLink, over PCIe, over the
# network [s], and the share of the rate.
PROTOCOLS: tuple[Protocol, Protocol, Protocol] = (
    (6.6e-6, 0.6e-6, 1.0e-6, 2.7e-6, 0.25),  # LL
    (14.0e-6, 1.9e-6, 2.5e-6, 4.0e-6, 0.92),  # LL128
    (8.4e-6, 3.4e-6, 5.7e-6, 14.0e-6, 1.0),  # Simple
)
SEND = PROTOCOLS[-1]
TREE = (14.0e-6, 1.25e-6, 1.9e-6, 8.5e-6, 0.92)  # the same for a tree with LL128
SWITCH_LATENCY = 23e-6  # of NVLS, same file [s]
SWITCH_TREE_HOP = 14e-6  # over the network between domains that reduce so, same file [s]
NETWORK_LATENCY = 31e-6  # of a reduction in network switches (CollNet), same file [s]
# Wait for each further member of a group within its domain: hosts are a launch apart, which takes 5 to 10 us; assumed.
ARRIVAL = 1e-5  # [s]
PEERS_AT_ONCE = 8.0  # sends that one launch of an all-to-all works on together


def switch_share(generation: str, domain: float) -> float:
    """Share of its links' rate at which the switch of a domain reduces (`System.in_switch`); 0 before Hopper."""
    share = SWITCH_SHARES.get(generation, 0.0)
    return min(share, RACK_SHARE) if domain > NODE else share


def arrival(members: Array, system: System) -> Array:
    """Seconds that a collective waits because its members begin at different times.

    `ARRIVAL` for each further member, up to those of one domain. Benchmarks begin together and do not have it.
    """
    return ARRIVAL * (np.minimum(members, np.maximum(system.domain, 1.0)) - 1.0)


def bus_factor(collective: str, members: Array) -> Array:
    """Bus bandwidth over algorithm bandwidth: traffic of a ring through one link, over the buffer [1]."""
    passes = {"all_reduce": 2.0, "reduce_scatter": 1.0, "all_gather": 1.0, "all_to_all": 1.0}
    return passes[collective] * (members - 1.0) / members


def members_inside(inner: Array, members: Array, system: System) -> Array:
    """Members of a group that one domain holds."""
    return np.clip(system.domain / inner, 1.0, members)


def link_rate(members: Array, system: System) -> Array:
    """Rate of one accelerator's links to others of its domain [byte/s].

    In a mesh each peer has wires of its own, and a group uses those between its members alone.
    """
    share = np.where(system.host_links > 0.0, PCIE_SHARE, NVLINK_SHARE)
    peers = np.where(system.peers > 0.0, system.peers, np.inf)
    wired = np.minimum(np.maximum(members - 1.0, 1.0) / peers, 1.0)
    return share * system.nvlink * np.where(system.peers > 0.0, wired, 1.0)


def port_rate(inner: Array, members: Array, system: System) -> Array:
    """Rate of one accelerator's network port in a ring or tree [byte/s].

    Above the leaf switches an oversubscribed network has that much less for everybody; neighbours of a ring below the
    same leaf do not pass through it, so that only one in as many domains as the leaf holds does.
    """
    below = np.clip(system.leaf / np.maximum(inner, system.domain), 1.0, system.oversubscription)
    crosses = inner * members > system.leaf
    return NIC_SHARE * system.nic * np.where(crosses, below / system.oversubscription, 1.0)


def group_rate(inner: Array, members: Array, system: System) -> Array:
    """Ring rate [byte/s] of one accelerator in a group of `members` that lie `inner` accelerators apart.

    Within one domain the link binds. Across domains a ring leaves a domain once, over the ports of all its members
    there, so that the rate is their number (up to `PORTS`) times a port, up to the link.
    """
    inside = members_inside(inner, members, system)
    link = link_rate(inside, system)
    across = np.minimum(inside, PORTS) * port_rate(inner, members, system)
    across = np.where(inside > 1.0, np.minimum(link, across), across)
    return np.where(inner * members <= system.domain, link, across)


def _ring(passes: float, size: Array, inner: Array, members: Array, system: System) -> Array:
    """Seconds of a ring that goes round `passes` times: the fastest protocol."""
    inside = members_inside(inner, members, system)
    far = passes * (np.ceil(members / inside - 1e-9) - 1.0)
    near = passes * (members - 1.0) - far
    wire = passes * (members - 1.0) / members * size / group_rate(inner, members, system)
    host = system.host_links > 0.0

    def time(protocol: Protocol) -> Array:
        start, link, pcie, port, share = protocol
        hops = near * np.where(host, pcie, link) + far * (port + system.nic_latency)
        return start + hops + wire / share

    low, middle, simple = map(time, PROTOCOLS)
    return np.where(members > 1.0, np.minimum(np.minimum(low, middle), simple), 0.0)


def reduce_scatter(size: Array, members: Array, inner: Array, system: System) -> Array:
    """Seconds until every member has its part of the sum of all members' `size` bytes: a ring."""
    return _ring(1.0, size, inner, members, system)


def all_gather(size: Array, members: Array, inner: Array, system: System) -> Array:
    """Seconds until every member has all `size` bytes, of which each had a part: a ring."""
    return _ring(1.0, size, inner, members, system)


def pipelined(wire: Array, latency: Array) -> Array:
    """Seconds of data that are cut into the best number of pieces and follow each other: (sqrt(w) + sqrt(l))^2."""
    return (np.sqrt(wire) + np.sqrt(latency)) ** 2


def all_reduce(size: Array, members: Array, inner: Array, system: System) -> Array:
    """Seconds until every member has the sum of all members' `size` bytes, by the fastest algorithm."""
    inside = members_inside(inner, members, system)
    domains = np.ceil(members / inside - 1e-9)
    depth = 2.0 * np.log2(np.maximum(domains, 1.0))
    ports = np.minimum(inside, PORTS) * port_rate(inner, members, system)
    # A node of the two trees sends to a parent and at most two children in one, to a parent in the other.
    across = np.where(domains > 1.0, np.minimum(domains / 2.0, 2.0) * size / ports, 0.0)
    once = np.where(domains > 1.0, size / ports, 0.0)
    link = np.where(inside > 1.0, 2.0 * size / link_rate(inside, system), 0.0)

    start, near, pcie, far, share = TREE
    hop = np.where(system.host_links > 0.0, pcie, near)
    chain = start + 2.0 * (inside - 1.0) * hop
    tree = pipelined(np.maximum(link, across) / share, chain + depth * (far + system.nic_latency))

    reduces = (system.in_switch > 0.0) & (inside > 1.0)
    switched = (
        (1.0 + 1.0 / inside) * size / (np.where(reduces, system.in_switch, 1.0) * system.nvlink)
    )
    hops = SWITCH_LATENCY + depth * (SWITCH_TREE_HOP + system.nic_latency)
    switch = np.where(reduces, pipelined(np.maximum(switched, across), hops), np.inf)

    within = np.where(reduces, switched, link)
    hops = np.where(reduces, SWITCH_LATENCY, chain) + NETWORK_LATENCY + system.nic_latency
    network = pipelined(np.maximum(within, once), hops)
    network = np.where((system.in_network > 0.0) & (domains > 1.0), network, np.inf)

    ring = _ring(2.0, size, inner, members, system)
    best = np.minimum(np.minimum(ring, tree), np.minimum(switch, network))
    return np.where(members > 1.0, best, 0.0)


def all_to_all(size: Array, members: Array, inner: Array, system: System) -> Array:
    """Seconds until every member has its part of each other's `size` bytes.

    Every pair exchanges size/n directly, inside the domain over links and at the same time outside over the member's
    own port; what passes above oversubscribed leaves shares their uplinks.
    """
    inside = members_inside(inner, members, system)
    below = np.clip(system.leaf / inner, inside, members)
    host = system.host_links > 0.0
    near = (inside - 1.0) / members * size / link_rate(inside, system)
    far = (members - inside) / members * size / (NIC_SHARE * system.nic)
    uplink = (members - below) / members * size * system.oversubscription / (NIC_SHARE * system.nic)
    start, link, pcie, port, _ = SEND
    hop = np.where(members > inside, port + system.nic_latency, np.where(host, pcie, link))
    rounds = np.ceil((members - 1.0) / PEERS_AT_ONCE)
    time = start + rounds * hop + np.maximum(near, np.maximum(far, uplink))
    return np.where(members > 1.0, time, 0.0)


def send(size: Array, apart: Array, system: System) -> Array:
    """Seconds of one message to the accelerator that lies `apart` further on."""
    start, link, pcie, port, _ = SEND
    outside = apart >= system.domain
    hop = np.where(system.host_links > 0.0, pcie, link)
    hop = np.where(outside, port + system.nic_latency, hop)
    uplinks = np.where(apart >= system.leaf, system.oversubscription, 1.0)
    rate = np.where(
        outside, NIC_SHARE * system.nic / uplinks, link_rate(np.full_like(apart, 2.0), system)
    )
    return start + hop + size / rate
