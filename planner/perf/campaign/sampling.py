"""How are properties dealt out to the vehicle classes so that few classes stand for a whole fleet?

A campaign is followed on weighted classes of vehicles. Counts that the fleet has exactly (shares of regions, segments,
versions) are exact among the classes too, and every chance or duration is drawn by Latin hypercube: one value from each
of n equal slices, in random order. The sample's margins are then those of the law, and what is left of the noise is in
the interactions alone.

Source: McKay, Beckman, Conover, A comparison of three methods for selecting values of input variables, Technometrics
21 (1979) 239-245.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from planner.axes import Array

Generator = np.random.Generator
Whole = npt.NDArray[np.intp]


def counts_by_share(shares: tuple[float, ...], total: int) -> Whole:
    """Whole counts that add up to `total`, by largest remainder of the normalised shares."""
    quota = np.asarray(shares) / sum(shares) * total
    counts = np.floor(quota)
    missing = total - int(counts.sum())
    counts[np.argsort(counts - quota, kind="stable")[:missing]] += 1
    return counts.astype(np.intp)


def dealt(rng: Generator, shares: tuple[float, ...], count: int) -> Whole:
    """Labels 0, 1, ... in exact counts and uniformly random order."""
    labels = np.repeat(np.arange(len(shares)), counts_by_share(shares, count))
    return rng.permutation(labels)


def uniform(rng: Generator, count: int) -> Array:
    """Uniform(0, 1) draws, one from each of `count` equal slices, in random order."""
    draws: Array = (rng.permutation(count) + rng.random(count)) / max(count, 1)
    return draws


def uniform_within(rng: Generator, group: Whole) -> Array:
    """Like `uniform`, but stratified within each group (whole numbers from 0) on its own."""
    if not group.size:
        return np.zeros(0)
    shuffled = rng.permutation(group.size)
    # Small whole numbers are sorted by their digits, in linear time.
    order = shuffled[np.argsort(group[shuffled].astype(np.int16), kind="stable")]
    size = np.bincount(group)
    first = np.cumsum(size) - size
    rank = np.arange(group.size) - first[group[order]]
    draws = np.empty(group.size)
    draws[order] = (rank + rng.random(group.size)) / size[group[order]]
    return draws


def chosen(table: tuple[float, ...], draw: Array) -> Whole:
    """The index into a table of chances that a Uniform(0, 1) draw falls on."""
    edges = np.cumsum(table) / sum(table)
    return np.minimum(np.searchsorted(edges, draw, side="right"), len(table) - 1)


def keyed(seed: int, who: Whole, turn: Whole) -> Array:
    """Uniform(0, 1) numbers that depend on nothing but the seed, the class and the turn: common random numbers.

    Source: Steele, Lea, Flood, Fast splittable pseudorandom number generators, OOPSLA 2014 (the mixing of SplitMix64).
    """
    mixed = (who.astype(np.uint64) << np.uint64(20)) + turn.astype(np.uint64)
    mixed = (mixed + np.uint64(1 + seed)) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    return np.asarray((mixed >> np.uint64(11)) * 2.0**-53)
