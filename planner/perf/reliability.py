"""How often does something break, how much time does that cost a job, and how many spares cover it?

N units that each fail at a rate r [1/s] interrupt a job that needs all of them at the rate N r, every 1/(N r) on
average. A job that saves its state every interval D, stands still for w at each save and for u to start again makes
progress for the share (1 - N r (u + D/2)) / (1 + w/D) of its time (Kokolis et al., "Revisiting Reliability in
Large-Scale Machine Learning Research Clusters", arXiv 2410.21680). Spares: with a share p of all units down at any
moment, n of them are up with the wanted probability only if there are s more.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array

COUNTED = 200.0  # units down on average up to which spares are counted one by one
AT_ONCE = 8  # spares that are counted before those who have enough are left out


def mean_time_to_failure(units: Array, rate: Array) -> Array:
    """Mean time between the failures of a job on `units` of them [s]: 1 / (N r); without failures, infinite."""
    interruptions = np.asarray(units * rate, dtype=np.float64)
    known = np.where(interruptions > 0, interruptions, 1.0)
    return np.where(interruptions > 0, 1.0 / known, np.inf)


def observed_mean_time(units: float, seconds: float, events: float) -> float:
    """Mean time between events of one unit [s], of which so many were seen on `units` in a time [s]."""
    return units * seconds / events


def young_interval(stall: Array, interruptions: Array, longest: Array) -> Array:
    """Time between checkpoints that loses least [s], never above `longest`: sqrt(2 w / (N r)).

    J. W. Young, "A first order approximation to the optimum checkpoint interval", CACM 17 (1974); holds where the
    stall is short against the time between failures.
    """
    known = np.where(interruptions > 0, interruptions, 1.0)
    best = np.where(interruptions > 0, np.sqrt(2.0 * stall / known), np.inf)
    return np.minimum(best, longest)


def daly_interval(stall: Array, mean_time: Array) -> Array:
    """The same to higher order [s]: sqrt(2 w M) (1 + sqrt(w/2M)/3 + w/18M) - w for w < 2 M, else M.

    J. T. Daly, "A higher order estimate of the optimum checkpoint interval for restart dumps", FGCS 22 (2006).
    """
    ratio = stall / (2.0 * mean_time)
    first_order = np.sqrt(2.0 * stall * mean_time)
    higher = first_order * (1.0 + np.sqrt(ratio) / 3.0 + ratio / 9.0) - stall
    return np.where(ratio < 1.0, higher, mean_time)


def interval_with_restart(stall: Array, mean_time: Array, restart: Array) -> Array:
    """Time between checkpoints of the best availability [s], restart counted: w + sqrt(2 (M + u) w + w^2).

    Saxena et al., arXiv 2410.18124; their interval counts the stall itself.
    """
    return stall + np.sqrt(2.0 * (mean_time + restart) * stall + stall**2)


def effective_time_share(
    interruptions: Array, stall: Array, restart: Array, interval: Array
) -> Array:
    """Share of the time in which a job makes progress: (1 - N r (u + D/2)) / (1 + w/D), at least 0.

    `interruptions` are N r [1/s], the rest is in seconds; `interval` is above 0.
    """
    lost = interruptions * (restart + interval / 2.0)
    return np.maximum(1.0 - lost, 0.0) / (1.0 + stall / interval)


def down_share(rate: Array, repair: Array) -> Array:
    """Share of the time in which a unit is down: repair time / (repair time + time between failures)."""
    waiting = rate * repair
    return np.asarray(waiting / (1.0 + waiting))


def spares_required(units: Array, down: Array, availability: Array) -> Array:
    """The least whole number of spares with which `units` are up at a moment with probability `availability`.

    Spares stand in service and fail like the others, at the share of time `down`: with n units and s spares,
    P[Binomial(n + s, p) <= s] >= A. That is the A-quantile of the negative binomial distribution (down units met
    before the n-th that is up), which also holds between whole n. Above 200 units down on average the quantile is
    taken from its Cornish-Fisher expansion, rounded up by one: never fewer than the exact count.
    """
    n, p, wanted = np.broadcast_arrays(*np.atleast_1d(units, down, availability))
    spares = np.zeros(n.shape)
    mean = n * p / (1.0 - p)
    needed = (n > 0) & (p > 0) & (wanted > 0)
    for chosen, count in (
        (needed & (mean <= COUNTED), _counted),
        (needed & (mean > COUNTED), _expanded),
    ):
        if chosen.any():
            spares[chosen] = count(n[chosen], p[chosen], wanted[chosen])
    return spares.reshape(np.broadcast_shapes(*(np.shape(x) for x in (units, down, availability))))


def _counted(n: Array, p: Array, wanted: Array) -> Array:
    """Adds up the probabilities of 0, 1, 2, ... units down until all have the wanted one.

    With so few units down the probability of none is far above the least number, at e^-200 or more.
    """
    spares, left = np.zeros(n.shape), np.arange(len(n))
    exactly = np.exp(n * np.log1p(-p))
    at_most, found = exactly.copy(), np.zeros(n.shape)
    down = 0.0
    while len(left):
        for _ in range(AT_ONCE):
            found += at_most < wanted
            exactly *= (n + down) * p * (1.0 / (down + 1.0))
            at_most += exactly
            down += 1.0
        spares[left] = found
        more = np.flatnonzero(at_most < wanted)
        left, n, p, wanted = left[more], n[more], p[more], wanted[more]
        exactly, at_most, found = exactly[more], at_most[more], found[more]
    return spares


def _expanded(n: Array, p: Array, wanted: Array) -> Array:
    """Cornish-Fisher expansion of the quantile to second order in the skewness, and one more."""
    from statistics import NormalDist  # rarely wanted, and slow to import

    normal = NormalDist()
    mean, deviation = n * p / (1.0 - p), np.sqrt(n * p) / (1.0 - p)
    z = np.reshape([normal.inv_cdf(float(share)) for share in wanted], wanted.shape)
    skewness = (1.0 + p) / np.sqrt(n * p)
    shift = skewness * (z**2 - 1.0) / 6.0 - skewness**2 * (2.0 * z**3 - 5.0 * z) / 36.0
    return np.maximum(np.ceil(mean + deviation * (z + shift)) + 1.0, 0.0)
