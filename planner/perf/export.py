"""Which chip may be shipped to which country, by dated rules?

Total processing performance (TPP) is the dense tera-operations a second times the bit length of the operands, the
largest over the number formats; performance density is TPP over the logic die area in mm2 (88 FR 73458, technical
notes to ECCN 3A090; sparsity is excluded). The rules themselves are data; here they are only applied. Not legal advice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np

from planner.axes import Array

VERDICTS = ("free", "notify", "licence", "case_by_case", "denied")
FREE, NOTIFY, LICENCE, CASE_BY_CASE, DENIED = range(5)
TERA = 1e12
SQUARE_MILLIMETRE = 1e-6


@dataclass(frozen=True, slots=True)
class Limb:
    """One condition of a rule; spans are [least, below)."""

    name: str
    destinations: frozenset[str]
    exempt: frozenset[str]
    performance: tuple[float, float]
    density: tuple[float, float]
    link_from: float
    memory_bandwidth_from: float
    data_centre_only: bool
    verdict: str

    def covers(self, country: str) -> bool:
        """Whether the limb speaks of a destination."""
        named = country in self.destinations or "all" in self.destinations
        return named and country not in self.exempt


@dataclass(frozen=True, slots=True)
class Rule:
    """Limbs in force from a month (years x 12 + month - 1) on; it replaces the rule before it."""

    name: str
    title: str
    known: int
    effective: int
    limbs: tuple[Limb, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules known when the plan is made, and the month index of `plan_start`."""

    rules: tuple[Rule, ...]
    first_month: int

    def in_force(self, month: int) -> Rule | None:
        """The latest rule in force in a month index, or None before the first."""
        current = [rule for rule in self.rules if rule.effective <= month]
        return max(current, key=lambda rule: rule.effective) if current else None


@dataclass(frozen=True, slots=True)
class Chips:
    """What the rules look at, one entry a chip, in any common shape.

    `performance` TPP [-], `density` TPP a mm2 [-], `link` both directions [byte/s], `memory` [byte/s],
    `for_data_centre` 1 where it is designed or marketed for data centres.
    """

    performance: Array
    density: Array
    link: Array
    memory: Array
    for_data_centre: Array


def chips_of(
    bf16: Array,
    fp8: Array,
    int8: Array,
    die_area: Array,
    link_bandwidth: Array,
    memory_bandwidth: Array,
    for_data_centre: Array,
) -> Chips:
    """What the rules look at, from dense peaks [FLOP/s], die area [m2], one-way link and memory bandwidth [byte/s]."""
    performance = total_processing_performance([(bf16, 16), (fp8, 8), (int8, 8)])
    density = performance_density(performance, die_area)
    both_ways = 2.0 * link_bandwidth
    return Chips(performance, density, both_ways, memory_bandwidth, for_data_centre)


def blocked(verdict: Array) -> Array:
    """1 where a verdict stops the delivery: denied, or a licence is needed that nobody has."""
    return np.where((verdict == DENIED) | (verdict == LICENCE), 1.0, 0.0)


def total_processing_performance(rates: list[tuple[Array, int]]) -> Array:
    """TPP from dense rates [FLOP/s] and their bit lengths: 600 TOPS at 8 bits is 4,800."""
    return reduce(np.maximum, [rate / TERA * bits for rate, bits in rates])


def performance_density(performance: Array, die_area: Array) -> Array:
    """TPP a mm2 from a die area [m2]; 0 where the area is not known (0)."""
    known = die_area > 0
    return np.where(known, performance / np.where(known, die_area / SQUARE_MILLIMETRE, 1.0), 0.0)


def matches(limb: Limb, chips: Chips) -> Array:
    """1 where a chip meets every condition of a limb."""
    met = (chips.performance >= limb.performance[0]) & (chips.performance < limb.performance[1])
    met = met & (chips.density >= limb.density[0]) & (chips.density < limb.density[1])
    met = met & (chips.link >= limb.link_from) & (chips.memory >= limb.memory_bandwidth_from)
    if limb.data_centre_only:
        met = met & (chips.for_data_centre > 0)
    return met.astype(np.float64)


def verdicts(rule: Rule | None, country: str, chips: Chips) -> Array:
    """The verdict of a rule on each chip as an index into VERDICTS; the first limb that matches decides."""
    every = (chips.performance, chips.density, chips.link, chips.memory)
    result = np.zeros(np.broadcast_shapes(*(values.shape for values in every)))
    open_ = np.ones_like(result)
    for limb in rule.limbs if rule is not None else ():
        if limb.covers(country):
            hit = open_ * matches(limb, chips)
            result += hit * VERDICTS.index(limb.verdict)
            open_ -= hit
    return result


def deciding_limb(rule: Rule | None, country: str, chips: Chips) -> Limb | None:
    """The limb that decides on a single chip, or None where the export is free."""
    for limb in rule.limbs if rule is not None else ():
        if limb.covers(country) and float(matches(limb, chips).max()) > 0:
            return limb
    return None
