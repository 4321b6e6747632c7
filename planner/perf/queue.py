"""How long does a job wait for a free gang of accelerators, and how many gangs keep the wait within a limit?

Jobs that each take one gang and wait in one line are a queue with several servers (G/G/n). The waiting time is 0 or,
with the probability of delay, about exponential (Whitt, "Approximations for the GI/G/m queue", Production and
Operations Management 2(2), 1993). The probability of delay is Sakasegawa's continuous form of Erlang's C formula
(Sakasegawa, "An approximation formula Lq = a rho^beta / (1 - rho)", Annals of the Institute of Statistical
Mathematics 29, 1977), which lets the number of gangs be any positive number; the mean of the exponential part carries
the variability of arrivals and durations as in the formula of Allen and Cunneen.

A job starts on a whole gang or not at all; between whole numbers the formula interpolates, and the least whole number
of gangs is the next one. Jobs of several sizes share what a whole number leaves over, so a need is not rounded here:
rounded to whole gangs it is 5 to 43 % above simulated lines of mixed jobs, as it stands 0 to 17 %.

Against Erlang's exact formula for 1 to 500 gangs at 30 to 95 % load the probability of delay is at most 5.1 points too
high and 0.3 too low, so that the gangs needed are right or one too many in more than nine cases of ten. Against
simulated queues of 1 to 40 gangs with lognormal durations (squared coefficient of variation 1 to 4) at 70 to 90 % load
the waiting time at the 90th percentile is between 3 % too low and 18 % too high; the tests have the rows.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array

STEPS = 8  # of Newton's method: the last digit over 13 decades of load, up to 99.9999 % of the jobs
ROUNDING = 1e-9  # of a gang
UPWARD = (
    1.0 + 1e-15
)  # the last digits of a need must not make it the load itself, at which nothing is served
LEAST = 1e-300  # keeps a division by nothing finite
MOST_PATIENCE = 1e30  # beyond it not even the last digit of the gangs needed moves


def delay_probability(gangs: Array, load: Array) -> Array:
    """Share of the jobs that find no gang free; `load` is the mean number of gangs at work. Sakasegawa 1977."""
    share = load / np.maximum(np.maximum(gangs, load), LEAST)
    return np.asarray(share ** (np.sqrt(2.0 * (gangs + 1.0)) - 1.0))


def waiting_time(
    gangs: Array, load: Array, duration: Array, variability: Array, percentile: Array
) -> Array:
    """Waiting time that a share `percentile` of the jobs stays within [s]; infinite where the work does not fit.

    It does not fit where there is less than one gang, or no more than the load.

    `duration` mean length of a job [s]; `variability` mean of the squared coefficients of variation of the times
    between jobs and of their durations: 1 for Poisson arrivals and exponential durations.
    """
    spare = gangs - load
    fits = (spare > 0) & (gangs >= 1.0 - ROUNDING)
    odds = np.log(np.maximum(delay_probability(gangs, load) / (1.0 - percentile), 1.0))
    wait = odds * variability * duration / np.where(fits, spare, 1.0)
    return np.where(load > 0, np.where(fits, wait, np.inf), 0.0)


def gangs_for_wait(
    load: Array, duration: Array, variability: Array, percentile: Array, allowed: Array
) -> Array:
    """The least number of gangs, at least one, with which the percentile of the waiting time is within `allowed`.

    It is the inverse of `waiting_time`; without variability any number above the load will do, and it is the least.

    With y = ln(gangs / load) the condition is (sqrt(2 (load e^y + 1)) - 1) y + patience (e^y - 1) >= surprise, a convex
    function of y; Newton's method from above cannot leave the branch. It starts at the least of three values that are
    certainly enough: the first term alone with no more gangs than load, the same from y = 1 on with as many gangs as
    make the root large enough, and the second term alone.
    """
    surprise = -np.log1p(-percentile)
    work = allowed * load
    patience = work / np.maximum(np.maximum(variability * duration, work / MOST_PATIENCE), LEAST)
    many = np.log((1.0 + surprise) ** 2 / (2.0 * np.maximum(load, LEAST)))
    excess = np.minimum(
        np.minimum(surprise / (np.sqrt(2.0 * (load + 1.0)) - 1.0), np.maximum(many, 1.0)),
        np.log1p(surprise / np.maximum(patience, LEAST)),
    )
    for _ in range(STEPS):
        ratio = np.exp(excess)
        gangs = load * ratio
        root = np.sqrt(2.0 * (gangs + 1.0))
        found = (root - 1.0) * excess + patience * (ratio - 1.0)
        slope = root - 1.0 + gangs / root * excess + patience * ratio
        excess = np.maximum(excess - (found - surprise) / slope, 0.0)
    return np.where(load > 0, np.maximum(load * np.exp(excess) * UPWARD, 1.0), 0.0)
