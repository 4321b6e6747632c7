"""When do the attempts to install start?

A vehicle that has its payload installs when parked, or at a slot that its owner agreed to. Attempts follow each other
only on failure, so all possible starts are laid out at once and attempt i carries the weight p^(i-1): nothing needs to
be drawn for success or failure.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array
from planner.perf.campaign.description import Install
from planner.perf.campaign.sampling import Generator, Whole, uniform

HOURS_PER_DAY = 24.0


def attempt_starts(
    rng: Generator, install: Install, done: Array, parked_at: Array, utc_offset: Array
) -> Array:
    """Start of attempt 1, 2, ... [hours] if all before it fail, shape (vehicle, attempt).

    `done`: verified payload there; `parked_at`: the first time from then on at which the vehicle is parked.
    """
    if install.slot is None:
        pause = install.duration + install.retry_delay
        return np.asarray(parked_at[:, None] + np.arange(install.attempts) * pause)
    return slot_starts(rng, install, done + utc_offset) - utc_offset[:, None]


def slot_starts(rng: Generator, install: Install, ready: Array) -> Array:
    """Local time of the slots that attempts would use, for payloads ready at a local time.

    The day on which the payload arrives may have its slot ahead, or (slots past midnight) the day before it; else
    the wait is geometric in days, and so is the wait between attempts.
    """
    if install.slot is None:
        raise ValueError("an install without slots has no slot to wait for")
    first, last = install.slot
    count = ready.size
    starts = np.full((count, install.attempts), np.inf)
    if not count or install.consent <= 0:
        return starts
    today = np.floor(ready / HOURS_PER_DAY)

    def slot_on(day: Array) -> Array:
        return np.asarray(HOURS_PER_DAY * day + first + (last - first) * uniform(rng, count))

    def wait() -> Array:
        """Days to the next one with a slot, from the next day on."""
        if install.consent >= 1:
            return np.ones(count)
        days = np.log1p(-uniform(rng, count)) / np.log1p(-install.consent)
        return np.asarray(np.ceil(days).clip(1))

    day = today + wait()
    start = slot_on(day)
    for earlier in (today, today - 1):
        slot = slot_on(earlier)
        ahead = (slot >= ready) & (uniform(rng, count) < install.consent)
        day = np.where(ahead, earlier, day)
        start = np.where(ahead, slot, start)
    starts[:, 0] = start
    for attempt in range(1, install.attempts):
        day = day + wait()
        starts[:, attempt] = slot_on(day)
    return starts


def failures_before_success(rng: Generator, install: Install, count: int) -> Whole:
    """How many attempts of each vehicle fail before one succeeds, at most all of them; drawn."""
    if install.fail <= 0:
        return np.zeros(count, int)
    if install.fail >= 1:
        return np.full(count, install.attempts)
    # P[at least i failures] = p^i.
    failed = np.floor(np.log1p(-rng.random(count)) / np.log(install.fail))
    return np.asarray(np.minimum(failed, install.attempts).astype(int))
