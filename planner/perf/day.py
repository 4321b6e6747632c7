"""When in the day do vehicles in many time zones use the network?

A profile gives the weight of each local hour. Seen in UTC it is shifted by the place's offset; where the offset is not
a whole hour (India: 5.5) the two neighbouring hours are mixed. Sums over regions are then taken in UTC.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array, added

HOURS_A_DAY = 24
SECONDS_AN_HOUR = 3600.0


def relative_rate(profile: Array, offset: Array) -> Array:
    """Rate in each UTC hour over the day's mean, shape (draw, hour, region, link).

    `profile` (draw, hour, link): weights of local hours, of any sum; `offset` (draw, region): local less UTC time [s].
    """
    share = profile / added(profile, 1) * HOURS_A_DAY
    hours = (
        np.broadcast_to(offset, (max(len(offset), len(share)), offset.shape[1])) / SECONDS_AN_HOUR
    )
    whole = np.floor(hours)
    part = (hours - whole)[:, None, :, None]
    local = (np.arange(HOURS_A_DAY)[None, :, None] + whole[:, None, :]).astype(np.int64)
    draws = np.broadcast_to(share, (len(hours), *share.shape[1:]))
    rows = np.arange(len(hours))[:, None, None]
    early = draws[rows, local % HOURS_A_DAY]
    late = draws[rows, (local + 1) % HOURS_A_DAY]
    return early * (1.0 - part) + late * part


def busiest_hours(demand: Array) -> Array:
    """The hours (axis 2) in which any sum of the demands, each with a weight of at least 0, can be largest.

    Left out is an hour in which no demand is larger, in any draw, than in another hour.
    """
    hours = np.moveaxis(demand, 2, 0).reshape(demand.shape[2], -1)
    below = (hours[:, None] <= hours).all(axis=2)
    # Of equal hours the first stays.
    below &= ~(below.T & np.tri(len(hours), dtype=bool).T)
    return demand[:, :, ~below.any(axis=1)]
