"""Which odds of a rollout have a closed form?

The gate's two errors, the reach of segments and a download without resume, on arrays. The step-by-step model uses the
first for its halt; the others are its checks.

Sources: binomial tails, Abramowitz, Stegun 26.5.24. The no-resume chain is the classical restart problem, the expected
work of a task of length x that starts again at each failure of rate m: (exp(m x) - 1) / m; Ross, Introduction to
Probability Models, 7.3.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array


def failures_that_halt(vehicles: Array | int, share: float, least: int) -> Array:
    """The least number of failed vehicles that is more than `share` of a wave and not below `least`."""
    # A share times a size is often meant to be whole (2.5 % of 200): the last digit of the product must not decide.
    need = np.floor(np.asarray(vehicles) * share * (1 + 1e-12)) + 1
    return np.asarray(np.maximum(need, least))


def at_least(vehicles: Array, chance: Array | float, need: Array) -> Array:
    """P[Bin(n, p) >= k] = I_p(k, n - k + 1), the regularised incomplete beta function; 1 for k <= 0, 0 for k > n."""
    from scipy.special import betainc  # slow to import, and only a halt asks for it

    inside = np.clip(need, 1, np.maximum(vehicles, 1))
    tail = betainc(inside, np.maximum(vehicles, 1) - inside + 1, chance)
    return np.where(need <= 0, 1.0, np.where(need > vehicles, 0.0, tail))


def below(vehicles: Array, chance: Array | float, need: Array) -> Array:
    """P[Bin(n, p) < k], to the last digit also where it is small."""
    from scipy.special import betaincc

    inside = np.clip(need, 1, np.maximum(vehicles, 1))
    head = betaincc(inside, np.maximum(vehicles, 1) - inside + 1, chance)
    return np.where(need <= 0, 0.0, np.where(need > vehicles, 1.0, head))


def halt_odds(vehicles: Array | int, fail: Array | float, share: float, least: int) -> Array:
    """Chance that a wave of `vehicles`, each of which fails with chance `fail`, reaches the halt.

    With the failure rate of a good release, the odds of a false halt: P[Bin(n, p) >= k].
    """
    size = np.asarray(vehicles, float)
    return at_least(size, fail, failures_that_halt(size, share, least))


def missed_odds(vehicles: Array | int, fail: Array | float, share: float, least: int) -> Array:
    """Chance that a whole wave of a bad release stays below the halt: P[Bin(n, p) < k]."""
    size = np.asarray(vehicles, float)
    return below(size, fail, failures_that_halt(size, share, least))


def reach(weights: Array, daily: Array, days: Array | float) -> Array:
    """Share of the fleet that had a usable session within `days`, for segments of a daily chance each.

    sum_i w_i (1 - (1 - p_i)^d), over the last axis: the segments set the tail, not their mean.
    """
    done = 1 - (1 - np.asarray(daily)) ** np.asarray(days)[..., None]
    return np.asarray((weights * done).sum(axis=-1))


def unbroken(need: Array, drops: Array | float) -> Array:
    """Chance that a flow of `need` hours meets no drop of rate `drops` [1/hour]: exp(-m x)."""
    return np.exp(-np.asarray(drops) * need)


def sent_per_finish(size: Array | float, need: Array, drops: Array | float) -> Array:
    """Bytes sent for a finished download that starts again from nothing at each drop: S (e^(mx) - 1) / (m x)."""
    load = np.asarray(drops) * need
    return size * np.where(load > 0, np.expm1(load) / np.where(load > 0, load, 1), 1.0)
