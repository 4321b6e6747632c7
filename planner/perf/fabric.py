"""Which switches and links does a network of leaves, spines and cores need?

Leaves take `down` ports of endpoints each and give `up` uplinks. In a rail-optimised network the ports of one rail
(the same port of every node) share leaves, so a leaf is never shared by two rails. Up to `radix` leaves two tiers are
enough: spines are rounded up until the uplinks of a leaf divide evenly among them. Beyond, a third tier: spines with
half of their ports up, cores over them. References: Al-Fares, Loukissas, Vahdat, "A scalable, commodity data center
network architecture", SIGCOMM 2008; NVIDIA DGX SuperPOD reference architectures (DGX H100 RA-11333-001, DGX B200,
DGX B300, DGX B300 XDR), whose tables the rule reproduces.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array
from planner.perf.ordering import whole_units

ROUNDING = 1e-9  # a full tree must not be taken for one more tier by the rounding of logarithms
TIERS_LIMIT = 8  # more tiers than any network has


def uplinks_of_leaf(down: Array, oversubscription: Array) -> Array:
    """Uplinks of a leaf [ports]: its endpoint ports over the oversubscription (1 is non-blocking).

    Rounded up to a divisor of the endpoint ports, so that uplinks spread evenly over spines whatever is asked for.
    """
    return _least_divisor(down, whole_units(down / oversubscription))


def leaves_by_rail(endpoints: Array, rails: Array, down: Array) -> Array:
    """Leaves for one kind of node: on each of `rails` rails enough for its share of `endpoints` ports."""
    return whole_units(endpoints / np.maximum(rails * down, 1.0)) * rails


def leaves(by_rail: Array, endpoints: Array, radix: Array, down: Array) -> Array:
    """Leaves of a network: those of the rails, enough for all `endpoints`; one switch alone takes all its ports."""
    many = np.maximum(by_rail, whole_units(endpoints / np.maximum(down, 1.0)))
    return np.where(endpoints <= radix, np.minimum(whole_units(endpoints), 1.0), many)


def spines(leaf: Array, up: Array, radix: Array) -> Array:
    """Spines over `leaf` leaves with `up` uplinks each; none over a single leaf or without uplinks.

    Two tiers: the smallest divisor of `up` that gives enough ports, so that every leaf has as many links to each
    spine. More than `radix` leaves: half of a spine's ports go up.
    """
    ports = leaf * up
    two_tiers = _least_divisor(up, whole_units(ports / radix))
    many = whole_units(ports / (radix / 2.0))
    return np.where((leaf <= 1) | (up <= 0), 0.0, np.where(leaf <= radix, two_tiers, many))


def cores(leaf: Array, spine: Array, radix: Array, oversubscription: Array) -> Array:
    """Switches above the spines; none in two tiers.

    Three tiers reach `radix`^2 / 2 leaves; each tier beyond adds two ports a link of the one below and reaches
    `radix` / 2 times as far.
    """
    ports = links_to_cores(leaf, spine, radix, oversubscription)
    reach = np.maximum(leaf, 1.0) / (radix**2 / 2.0)
    tiers = np.ceil(np.log(np.maximum(reach, 1.0)) / np.log(radix / 2.0) - ROUNDING)
    return whole_units(ports * (1.0 + 2.0 * np.minimum(tiers, TIERS_LIMIT)) / radix)


def links_to_cores(leaf: Array, spine: Array, radix: Array, oversubscription: Array) -> Array:
    """Links from spines up to cores, whole; none in two tiers."""
    up = whole_units(radix / 2.0 / oversubscription)
    return np.where(leaf > radix, spine * up, 0.0)


def _least_divisor(number: Array, least: Array) -> Array:
    """The smallest divisor of `number`, taken whole, that is at least `least`; `number` itself where none is."""
    number, least = np.broadcast_arrays(np.floor(number), least)
    result = np.array(number)
    for each in sorted(set(number.ravel().tolist())):
        if each < 1:
            continue
        candidates = np.arange(1.0, each + 1.0)
        divisors = candidates[each % candidates == 0]
        mine = number == each
        found = np.searchsorted(divisors, least[mine], side="left")
        result[mine] = divisors[np.minimum(found, len(divisors) - 1)]
    return result
