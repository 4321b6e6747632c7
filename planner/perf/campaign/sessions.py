"""When is each vehicle online on a local day, over which link?

Every kind of session is drawn for a set of vehicles and one local day: a coin for the day, a coin for the session,
start and length. A download window cuts sessions. Cellular technology and rate are drawn with the session.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from planner.axes import Array
from planner.perf.campaign.description import Campaign, Session
from planner.perf.campaign.sampling import Generator, Whole, chosen, uniform, uniform_within

Flags = npt.NDArray[np.bool_]
HOURS_PER_DAY = 24.0
WEEK = 7


@dataclass(frozen=True)
class Online:
    """Sessions of a day by (vehicle, kind): where there is none, `begin` is infinite. Times UTC [hours].

    `begin` and `end` bound polling and downloading, `left` is the session's real end; `rate` [byte/hour],
    `drops` [1/hour].
    """

    begin: Array
    end: Array
    left: Array
    rate: Array
    drops: Array


def cut_by_window(begin: Array, end: Array, window: tuple[float, float]) -> tuple[Array, Array]:
    """The part of local times [begin, end) inside the daily window, which may pass midnight; none: end <= begin."""
    opens, closes = window
    if closes < opens:
        closes += HOURS_PER_DAY
    day = np.floor(begin / HOURS_PER_DAY)
    best_begin, best_end = begin, begin
    for shift in (-1, 0, 1):
        base = HOURS_PER_DAY * (day + shift)
        part_begin = np.maximum(begin, base + opens)
        part_end = np.minimum(end, base + closes)
        longer = part_end - part_begin > best_end - best_begin
        best_begin = np.where(longer, part_begin, best_begin)
        best_end = np.where(longer, part_end, best_end)
    return best_begin, best_end


def first_poll(begin: Array, end: Array, ready: Array, interval: float) -> Array:
    """The first poll at or after `ready` of sessions that poll at their begin and then at intervals; else infinite."""
    with np.errstate(invalid="ignore"):
        late = np.maximum(ready - begin, 0.0)
        # A poll that is due at the same instant must not be missed by the last digit of a sum.
        poll = begin + np.ceil(late / interval - 1e-9) * interval
        # Nor may one that only that digit puts before the end of a session of a whole number of intervals.
        return np.where((poll < end) & (ready < end), poll, np.inf)


def start_within(session: Session, draw: Array) -> Array:
    """Start of a session [local hours of its day] for Uniform(0, 1) draws: the quantile of its span's weights."""
    first, last = session.start
    if session.start_weights:
        weights = np.array(session.start_weights)
        edges = np.concatenate([[0.0], np.cumsum(weights)]) / weights.sum()
        draw = np.interp(draw, edges, np.linspace(0.0, 1.0, edges.size))
    return np.asarray(first + (last - first) * draw)


def day_sessions(
    rng: Generator,
    campaign: Campaign,
    day: int,
    region: Whole,
    segment: Whole,
    wifi_rate: Array,
    absent_until: Array,
    usable: Flags,
    many: bool,
) -> Online:
    """Sessions of one local day for vehicles of these regions and segments; `wifi_rate` 0: no Wi-Fi at home.

    `usable` (vehicle, kind): sessions of other kinds would never be used, and are not drawn. `many`: each of these
    vehicles stands for many, whose starts are even.
    """
    count, kinds = usable.shape
    active = np.array([s.active_day for s in campaign.segments])[segment]
    # Rare use sets the tail of completion: its coins are even within each pattern of use, not over all of them.
    alike = (2 * segment + (wifi_rate > 0)) * len(campaign.regions) + region
    in_use = uniform_within(rng, alike) < active
    begin = np.full((count, kinds), np.inf)
    end = np.full((count, kinds), -np.inf)
    left = np.full((count, kinds), -np.inf)
    rate = np.zeros((count, kinds))
    drops = np.zeros((count, kinds))
    wifi_drops = np.array([(r.wifi or campaign.wifi).drops_per_hour for r in campaign.regions])
    for kind, session in enumerate(campaign.sessions):
        may = np.flatnonzero(in_use & usable[:, kind])
        who = may[uniform_within(rng, alike[may]) < session.chance[day % WEEK]]
        # Evenly dealt starts would make the traffic of a few vehicles smoother than it is, and its bins are ranked.
        if many:
            one = len(campaign.regions) == 1
            draw = uniform(rng, who.size) if one else uniform_within(rng, region[who])
        else:
            draw = rng.random(who.size)
        start = HOURS_PER_DAY * day + start_within(session, draw)
        shortest, longest = session.length
        stop = start + shortest + (longest - shortest) * uniform(rng, who.size)
        offset = np.array([r.utc_offset for r in campaign.regions])[region[who]]
        there = start - offset >= absent_until[who]
        cut_begin, cut_end = start, stop
        if campaign.window is not None:
            cut_begin, cut_end = cut_by_window(start, stop, campaign.window)
            there &= cut_end > cut_begin
        begin[who, kind] = np.where(there, cut_begin - offset, np.inf)
        end[who, kind] = np.where(there, cut_end - offset, -np.inf)
        left[who, kind] = stop - offset
        if session.wifi:
            rate[who, kind] = wifi_rate[who]
            drops[who, kind] = wifi_drops[region[who]]
        else:
            rate[who, kind], drops[who, kind] = cellular(rng, campaign, region[who])
    return Online(begin, end, left, rate, drops)


def cellular(rng: Generator, campaign: Campaign, region: Whole) -> tuple[Array, Array]:
    """Rate [byte/hour] and drop rate [1/hour] of a cellular session by vehicle, drawn anew."""
    mix = np.array([r.cell_mix for r in campaign.regions])
    edges = np.cumsum(mix, axis=1) / mix.sum(axis=1, keepdims=True)
    draw = uniform(rng, region.size)
    technology = np.minimum((draw[:, None] >= edges[region]).sum(axis=1), mix.shape[1] - 1)
    draw = uniform(rng, region.size)
    rate = np.zeros(region.size)
    for each, table in enumerate(campaign.cellular):
        mine = technology == each
        rate[mine] = np.array(table.rates)[chosen(table.chances, draw[mine])]
    return rate, np.array([table.drops_per_hour for table in campaign.cellular])[technology]
