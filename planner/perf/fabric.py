"""Which switches and links does a network of leaves, spines and cores need?

Leaves take `down` ports of endpoints each and give `up` uplinks; a switch never uses more ports than it has, and never
has fewer uplinks than the oversubscription asks for. In a rail-optimised network the ports of one rail (the same port
of every node) share leaves, so a leaf is never shared by two rails. Up to `radix` leaves two tiers are enough: spines
are rounded up until the uplinks of a leaf divide evenly among them. Beyond, a third tier: spines that divide their
ports as leaves do, cores over them. References: Al-Fares, Loukissas, Vahdat, "A scalable, commodity data center
network architecture", SIGCOMM 2008; NVIDIA DGX SuperPOD reference architectures (DGX H100 RA-11333-001, DGX B200,
DGX B300, DGX B300 XDR), whose tables the rule reproduces.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array
from planner.perf.ordering import whole_units

ROUNDING = 1e-9  # a full tree must not be taken for one more tier by the rounding of logarithms
TIERS_LIMIT = 8  # more tiers than any network has
GROUPS = 16  # uplinks come in groups of a sixteenth of the ports: four of 64, which divide among 2 and 4 spines


def ports_down(radix: Array, oversubscription: Array) -> Array:
    """Ports of a switch for what is below it [ports], the rest being for uplinks: half of them where it is 1.

    As many as leave enough uplinks for the oversubscription in whole groups; 64 ports are divided 32 + 32 at 1:1,
    36 + 28 at 1.33:1, 40 + 20 at 2:1, 48 + 16 at 3:1, 48 + 12 at 4:1 and 56 + 8 at 7:1.
    """
    group = _group(radix)
    groups = radix / (oversubscription + 1.0) / group
    fewer, more = np.floor(groups + ROUNDING) * group, whole_units(groups) * group
    with_fewer = np.floor(fewer * oversubscription + ROUNDING)
    return np.maximum(np.maximum(with_fewer, radix - more), np.floor(radix / 2.0))


def ports_up(radix: Array, down: Array, oversubscription: Array) -> Array:
    """Uplinks of a switch [ports] with `down` ports below it: enough for the oversubscription, if it has the ports.

    More than that by so many that they make whole groups, or halves or quarters of one, as far as ports are free.
    """
    free = np.maximum(radix - down, 0.0)
    result = np.minimum(whole_units(down / oversubscription), free)
    group, found = _group(radix), np.zeros(np.shape(result), dtype=bool)
    while (group > 1.0).any():
        rounded = np.ceil(result / group) * group
        fits = ~found & (rounded <= free)
        result, found = np.where(fits, rounded, result), found | fits
        group = np.maximum(group / 2.0, 1.0)
    return result


def _group(radix: Array) -> Array:
    """The largest power of two that is not above a sixteenth of the ports, at least 1."""
    return np.exp2(np.floor(np.log2(np.maximum(radix / GROUPS, 1.0)) + ROUNDING))


def leaves_by_rail(endpoints: Array, rails: Array, down: Array) -> Array:
    """Leaves for one kind of node: on each of `rails` rails enough for its share of `endpoints` ports."""
    return whole_units(endpoints / np.maximum(rails * down, 1.0)) * rails


def leaves(by_rail: Array, endpoints: Array, radix: Array, down: Array) -> Array:
    """Leaves of a network: those of the rails, enough for all `endpoints`; one switch alone takes all its ports."""
    many = np.maximum(by_rail, whole_units(endpoints / np.maximum(down, 1.0)))
    several = endpoints > radix
    return many * several + (~several & (endpoints > ROUNDING))


def spines(leaf: Array, up: Array, radix: Array, down: Array) -> Array:
    """Spines over `leaf` leaves with `up` uplinks each; none over a single leaf or without uplinks.

    Two tiers: the smallest divisor of `up` that gives enough ports, so that every leaf has as many links to each
    spine. More than `radix` leaves: of a spine's ports only `down` are for leaves.
    """
    two_tiers = leaf <= radix
    many = whole_units(leaf * up / np.where(two_tiers, radix, down))
    return np.where(two_tiers, _least_divisor(up, many), many) * ((leaf > 1) & (up > 0))


def cores(leaf: Array, spine: Array, radix: Array, down: Array, up: Array) -> Array:
    """Switches above spines with `down` ports for leaves and `up` uplinks; none in two tiers.

    Three tiers reach `radix` x `down` leaves; each tier beyond adds two ports a link of the one below and reaches
    `radix` / 2 times as far.
    """
    ports = links_to_cores(leaf, spine, radix, up)
    if (leaf > radix * down).any():
        reach = np.maximum(leaf, 1.0) / (radix * down)
        tiers = np.ceil(np.log(np.maximum(reach, 1.0)) / np.log(radix / 2.0) - ROUNDING)
        ports = ports * (1.0 + 2.0 * np.minimum(tiers, TIERS_LIMIT))
    return whole_units(ports / radix)


def links_to_cores(leaf: Array, spine: Array, radix: Array, up: Array) -> Array:
    """Links from spines with `up` uplinks each to cores, whole; none in two tiers."""
    return spine * up * (leaf > radix)


def _least_divisor(number: Array, least: Array) -> Array:
    """The smallest divisor of `number`, taken whole, not below `least` (whole); `number` itself where none is."""
    whole = number.astype(np.intp)
    known = np.flatnonzero(np.bincount(whole.ravel()))
    # A row a number: for every count from 0 to the number the divisor that is enough; beyond, the number itself.
    table = np.repeat(known[:, None], known.max(initial=0) + 1, axis=1).astype(np.float64)
    for row, each in zip(table, known.tolist(), strict=True):
        candidates = np.arange(1, each + 1)
        divisors = candidates[each % candidates == 0]
        counts = np.arange(len(divisors) and each + 1)
        row[: len(counts)] = divisors[np.searchsorted(divisors, counts, side="left")]
    begins = np.zeros(table.shape[1], dtype=np.intp)
    begins[known] = np.arange(len(known)) * table.shape[1]
    position = np.minimum(least, table.shape[1] - 1.0).astype(np.intp)
    return np.asarray(table.ravel().take(position + begins.take(whole)))
