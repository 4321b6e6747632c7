"""How does a release spread over vehicles that come online now and then, and when do 99 % have it?

Vehicles are admitted evenly over a window W and then wait for a usable session, which comes at a rate h (exponential
waiting, the continuous form of a daily chance). Of a class with rate h, the share done at time t >= W is
F(t) = 1 - exp(-h (t - W)) (1 - exp(-h W)) / (h W), and the completion rate is largest at t = W, at (1 - exp(-h W)) / W.
For t < W: F(t) = (t - (1 - exp(-h t)) / h) / W. Integration of the exponential density over the admission times.
"""

from __future__ import annotations

from functools import reduce

import numpy as np

from planner.axes import Array, added

NEWTON_STEPS = 8  # reach the last digits from the least time that one class alone needs
BISECTIONS = 40
LEAST = 1e-300  # a share that is as good as none


def peak_completion_rate(rate: Array, window: Array) -> Array:
    """Largest share of a class that completes in a second [1/s], for session rate [1/s] and window [s]."""
    return -np.expm1(-rate * window) / window


def unfinished(time: Array, rate: Array, window: Array) -> Array:
    """Share of a class that is not done at `time` [s]."""
    late = (
        np.exp(-rate * np.maximum(time - window, 0.0)) * -np.expm1(-rate * window) / (rate * window)
    )
    early = 1.0 - (time + np.expm1(-rate * time) / rate) / window
    return np.where(time >= window, late, early)


def time_to_share(share: float, weights: Array, rate: Array, window: Array) -> Array:
    """Time [s] at which `share` of all vehicles is done, over classes on the last axis.

    `weights` (..., class), adding up to 1 or to 0 (no vehicles: time 0); `rate` (..., class); `window` (...).
    After the window the unfinished share is a sum of decaying exponentials, so Newton's method on its logarithm rises
    to the root from the left, from the time that the slowest class alone would need; inside the window the root is
    bracketed and bisected.
    """
    left = 1.0 - share
    classes = []
    for each in np.flatnonzero(weights.any(axis=tuple(range(weights.ndim - 1)))).tolist():
        speed = rate[..., each]
        at_window = -np.expm1(-speed * window) / (speed * window)
        classes.append((weights[..., each] * at_window, speed))
    if not classes:
        return np.zeros(np.broadcast_shapes(weights.shape[:-1], rate.shape[:-1], window.shape))
    alone = (np.log(np.maximum(mine, LEAST) / left) / speed for mine, speed in classes)
    time = reduce(np.maximum, alone, np.zeros(()))
    for _ in range(NEWTON_STEPS):
        sum_ = slope = np.full((), LEAST)
        # One class after the other: the sum then does not depend on how they lie in memory, nor on those without any.
        for mine, speed in classes:
            part = mine * np.exp(-speed * time)
            sum_ = sum_ + part
            slope = slope + part * speed
        time = np.maximum(time + np.log(sum_ / left) * (sum_ / slope), 0.0)
    some = added(weights, -1)[..., 0] > 0
    after = window + time
    inside = some & (reduce(np.add, (mine for mine, _ in classes)) <= left)
    if inside.any():
        window = np.broadcast_to(window, after.shape)
        after = np.where(inside, _bisect(left, weights, rate, window), after)
    return np.where(some, after, 0.0)


def _bisect(left: float, weights: Array, rate: Array, window: Array) -> Array:
    low, high = np.zeros_like(window), window.copy()
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        undone = added(weights * unfinished(middle[..., None], rate, window[..., None]), -1)[..., 0]
        low, high = np.where(undone > left, middle, low), np.where(undone > left, high, middle)
    return high
