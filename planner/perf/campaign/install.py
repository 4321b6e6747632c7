"""When do the attempts to install start?

A vehicle that has its payload installs when parked, or at a slot that its owner agreed to. Attempts follow each other
only on failure, so all possible starts are laid out at once and attempt i carries the weight p^(i-1): nothing needs to
be drawn for success or failure.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from planner.axes import Array
from planner.perf.campaign.description import Install
from planner.perf.campaign.sampling import Generator, Whole

HOURS_PER_DAY = 24.0
Draw = Callable[[int], Array]
"""So many Uniform(0, 1) numbers, one for each vehicle of a call."""


def attempt_starts(
    draw: Draw,
    install: Install,
    done: Array,
    parked_at: Array,
    utc_offset: Array,
    consent: Array | None = None,
) -> Array:
    """Start of attempt 1, 2, ... [hours] if all before it fail, shape (vehicle, attempt).

    `done`: verified payload there; `parked_at`: the first time from then on at which the vehicle is parked. `consent`,
    by vehicle: the chance a day that its owner agrees, where the law wants that (NaN: it does not).
    """
    if install.slot is None:
        if consent is not None:
            # Asked once a day from the first on; a retry needs no second yes.
            asked = days_to_consent(draw, np.where(np.isnan(consent), 1.0, consent)) - 1
            parked_at = parked_at + HOURS_PER_DAY * asked
        pause = install.duration + install.retry_delay
        return np.asarray(parked_at[:, None] + np.arange(install.attempts) * pause)
    chance = np.full(done.size, install.consent)
    if consent is not None:
        chance = np.where(np.isnan(consent), chance, consent)
    return slot_starts(draw, install, done + utc_offset, chance) - utc_offset[:, None]


def days_to_consent(draw: Draw, chance: Array) -> Array:
    """Days until the first one with an agreement, that one counted: geometric; infinite where there never is one."""
    if np.all(chance >= 1):
        return np.ones(chance.size)
    with np.errstate(divide="ignore"):
        days = np.log1p(-draw(chance.size)) / np.log1p(-chance)
    return np.asarray(np.ceil(days).clip(1))


def slot_starts(draw: Draw, install: Install, ready: Array, consent: Array | None = None) -> Array:
    """Local time of the slots that attempts would use, for payloads ready at a local time.

    `consent`: chance of a slot on a vehicle's day, if not the campaign's. The day on which the payload arrives may
    have its slot ahead, or (slots past midnight) the day before it; else the wait is geometric in days, and so is the
    wait between attempts.
    """
    if install.slot is None:
        raise ValueError("an install without slots has no slot to wait for")
    first, last = install.slot
    count = ready.size
    starts = np.full((count, install.attempts), np.inf)
    chance = np.full(count, install.consent) if consent is None else consent
    if not count or not chance.any():
        return starts
    today = np.floor(ready / HOURS_PER_DAY)

    def slot_on(day: Array) -> Array:
        return np.asarray(HOURS_PER_DAY * day + first + (last - first) * draw(count))

    def wait() -> Array:
        """Days to the next one with a slot, from the next day on."""
        return days_to_consent(draw, chance)

    day = today + wait()
    start = slot_on(day)
    for earlier in (today, today - 1):
        slot = slot_on(earlier)
        ahead = (slot >= ready) & (draw(count) < chance)
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
