"""How much arithmetic does training take, and how long does it keep an accelerator busy?

A forward pass costs 2 FLOPs for each parameter and token, the backward pass twice as much: 6 N D in all for N
parameters and D tokens (Kaplan et al., "Scaling Laws for Neural Language Models", arXiv 2001.08361, section 2.1).
For networks counted by frames the forward FLOPs of a frame are given and the same factor of three applies.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from planner.axes import Array, rows_of, take

FORWARD_FLOPS = 2.0  # FLOPs for one parameter and one token: a multiplication and an addition
LEAST = 1e-300  # keeps the logarithm of nothing finite
PASSES = 3.0  # forward, and backward at twice its cost


def forward_rate(
    parameters: Array, token_rate: Array, frame_flops: Array, frame_rate: Array
) -> Array:
    """Forward FLOPs of one second of driving [FLOP/s], by tokens and by frames together."""
    return FORWARD_FLOPS * parameters * token_rate + frame_flops * frame_rate


def training_flops(forward: Array, seconds: Array, epochs: Array) -> Array:
    """FLOPs of one training run over `seconds` of driving, `epochs` times."""
    return PASSES * forward * seconds * epochs


def accelerators_for_rate(needed: Array, gpus: Array, rate: Array, axis: int) -> Array:
    """Accelerators of a job that does `needed` FLOPs a second; 0 where nothing is needed.

    `gpus` rise along `axis`, and `rate` is what a job on so many does, above 0 and never falling. Between two points
    accelerators are a power of the rate; below the first and beyond the last in proportion. Of several points with
    the same rate the one with fewest accelerators counts.
    """
    count = rate.shape[axis]
    rates = [take(rate, axis, i) for i in range(count)]
    fewest = [take(gpus, axis, 0)]
    for i in range(1, count):
        fewest.append(np.where(rates[i] > rates[i - 1], take(gpus, axis, i), fewest[-1]))
    return _by_power(needed, rates, fewest)


def rate_of_accelerators(have: Array, gpus: Array, rate: Array, axis: int) -> Array:
    """What a job on so many accelerators does [FLOP/s], the inverse of `accelerators_for_rate` where rates rise."""
    count = rate.shape[axis]
    points = [take(gpus, axis, i) for i in range(count)]
    return _by_power(have, points, [take(rate, axis, i) for i in range(count)])


def _by_power(x: Array, xs: Sequence[Array], ys: Sequence[Array]) -> Array:
    """A power of x between two of the points (xs, ys), all above 0, and in proportion beyond them; 0 at 0.

    The points are the same in all months.
    """
    logs, above = ([np.log(np.maximum(each, LEAST)) for each in points] for points in (xs, ys))
    slopes = [np.ones_like(logs[0] + above[0])]
    for left, right, low, high in zip(logs, logs[1:], above, above[1:], strict=False):
        apart = right > left
        slopes.append(np.where(apart, (high - low) / np.where(apart, right - left, 1.0), 1.0))
    slopes.append(slopes[0])
    passed = np.zeros(np.broadcast_shapes(x.shape, logs[0].shape), dtype=np.int8)
    for each in xs:
        passed += x > each
    some = x > 0
    power = np.log(np.where(some, x, 1.0)) - _picked([logs[0], *logs], passed)
    power = power * _picked(slopes, passed) + _picked([above[0], *above], passed)
    return np.asarray(np.exp(power) * some)


def _picked(tables: Sequence[Array], which: npt.NDArray[np.int8]) -> Array:
    """For each entry the number of the table that `which` names."""
    shape = np.broadcast_shapes(*(each.shape for each in tables))
    rows = np.stack([np.moveaxis(np.broadcast_to(each, shape)[:, 0], 0, -1) for each in tables])
    places = which.transpose(*range(1, which.ndim), 0).astype(np.intp)
    return np.moveaxis(rows_of(rows, places), -1, 0)
