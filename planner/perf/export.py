"""Which chip may be shipped to which country and operator, by dated rules?

Total processing performance (TPP) is the dense tera-operations a second times the bit length of the operands, the
largest over the number formats; performance density is TPP over the area of the logic dies (88 FR 73458, technical
notes to ECCN 3A090; sparsity is excluded). The rules themselves are data; here they are only applied. Not legal advice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from planner.axes import Array

VERDICTS = ("free", "notify", "licence", "case_by_case", "denied")
FREE, NOTIFY, LICENCE, CASE_BY_CASE, DENIED = range(5)
# By what it does to a delivery: a review may end well, a licence that nobody has stops it, as a denial does.
STRICTNESS = np.array([0.0, 1.0, 3.0, 2.0, 4.0])
NOT_CONTROLLED = "none"
TERA = 1e12


@dataclass(frozen=True, slots=True)
class Limb:
    """One condition of a rule; spans are [least, below), density is TPP a m2; no operators are all operators."""

    name: str
    destinations: frozenset[str]
    exempt: frozenset[str]
    performance: tuple[float, float]
    density: tuple[float, float]
    link_from: float
    memory_bandwidth_from: float
    data_centre_only: bool
    verdict: str
    operators: frozenset[str] = frozenset()
    eccn: str = NOT_CONTROLLED

    def covers(self, country: str, operator: str) -> bool:
        """Whether the limb speaks of a destination and of an operator with this headquarters."""
        if self.operators and operator not in self.operators:
            return False
        named = country in self.destinations or "all" in self.destinations
        return named and country not in self.exempt


@dataclass(frozen=True, slots=True)
class Rule:
    """Limbs in force from a month (years x 12 + month - 1) on.

    It replaces the rule before it, unless it stands beside the rules in force: then the stricter verdict counts.
    """

    name: str
    title: str
    known: int
    effective: int
    limbs: tuple[Limb, ...]
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules known in the month `as_of`, usually `plan_start`."""

    rules: tuple[Rule, ...]
    as_of: int

    @property
    def changes(self) -> frozenset[int]:
        """The month indices in which other rules come into force."""
        return frozenset(rule.effective for rule in self.rules)

    def in_force(self, month: int) -> tuple[Rule, ...]:
        """The latest rule in force in a month index, and those that stand beside it."""
        current = [rule for rule in self.rules if rule.effective <= month]
        main = [rule for rule in current if not rule.beside]
        latest = [max(main, key=lambda rule: rule.effective)] if main else []
        return (*latest, *(rule for rule in current if rule.beside))


@dataclass(frozen=True, slots=True)
class Chips:
    """What the rules look at, one entry a chip, in any common shape.

    `performance` TPP [-], `density` TPP an area [1/m2], `link` both directions [byte/s], `memory` all DRAM of the
    chip [byte/s], `for_data_centre` 1 where it is designed or marketed for data centres.
    """

    performance: Array
    density: Array
    link: Array
    memory: Array
    for_data_centre: Array


def chips(
    performance: Array, density: Array, link_bandwidth: Array, memory: Array, for_data_centre: Array
) -> Chips:
    """What the rules look at, from TPP, density and bandwidths; links are sold by one direction and judged by both."""
    return Chips(performance, density, 2.0 * link_bandwidth, memory, for_data_centre)


def total_processing_performance(rates: Sequence[tuple[Array, int]]) -> Array:
    """TPP from dense rates [FLOP/s] and their bit lengths: 600 TOPS at 8 bits is 4,800."""
    return reduce(np.maximum, [rate / TERA * bits for rate, bits in rates])


def performance_density(performance: Array, die_area: Array) -> Array:
    """TPP an area of logic die [1/m2] from the area [m2]; 0 where the area is not known (0)."""
    known = die_area > 0
    return np.where(known, performance / np.where(known, die_area, 1.0), 0.0)


def blocked(verdict: Array, licensed: Array | float = 0.0) -> Array:
    """1 where a verdict stops the delivery: denied, or a licence is needed that nobody has declared."""
    without = (verdict == LICENCE) & (np.asarray(licensed) == 0)
    return np.where((verdict == DENIED) | without, 1.0, 0.0)


def matches(limb: Limb, chips: Chips) -> Array:
    """1 where a chip meets every condition of a limb."""
    met = (chips.performance >= limb.performance[0]) & (chips.performance < limb.performance[1])
    met = met & (chips.density >= limb.density[0]) & (chips.density < limb.density[1])
    met = met & (chips.link >= limb.link_from) & (chips.memory >= limb.memory_bandwidth_from)
    if limb.data_centre_only:
        met = met & (chips.for_data_centre > 0)
    return met.astype(np.float64)


def verdicts(rules: Sequence[Rule], country: str, operator: str, chips: Chips) -> Array:
    """The verdict on each chip as an index into VERDICTS, the strictest of the rules in force together."""
    figures = (chips.performance, chips.density, chips.link, chips.memory)
    result = np.zeros(np.broadcast_shapes(*(values.shape for values in figures)))
    for rule in rules:
        found = _verdict(rule, country, operator, chips, result)
        stricter = STRICTNESS[found.astype(np.int64)] > STRICTNESS[result.astype(np.int64)]
        result = np.where(stricter, found, result)
    return result


def _verdict(rule: Rule, country: str, operator: str, chips: Chips, like: Array) -> Array:
    """The verdict of one rule; its first limb that matches decides."""
    result, open_ = np.zeros_like(like), np.ones_like(like)
    for limb in rule.limbs:
        if limb.covers(country, operator):
            hit = open_ * matches(limb, chips)
            result += hit * VERDICTS.index(limb.verdict)
            open_ -= hit
    return result


def deciding_limb(
    rules: Sequence[Rule], country: str, operator: str, chips: Chips
) -> tuple[Rule, Limb] | None:
    """The rule and the limb that decide on a single chip, or None where the export is free."""
    found = [
        next(
            (rule, limb)
            for limb in rule.limbs
            if limb.covers(country, operator) and matches(limb, chips).max() > 0
        )
        for rule in rules
        if _verdict(rule, country, operator, chips, np.zeros(1)).max() > 0
    ]
    return max(found, key=lambda each: STRICTNESS[VERDICTS.index(each[1].verdict)], default=None)


def control_class(rules: Sequence[Rule], chips: Chips) -> str:
    """The classification of a single chip, such as 3A090.a, wherever it goes; "none" where no limb speaks of it."""
    limbs = (limb for rule in rules for limb in rule.limbs)
    return next((limb.eccn for limb in limbs if matches(limb, chips).max() > 0), NOT_CONTROLLED)
