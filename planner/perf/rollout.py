"""How does a release spread over a fleet that comes online once a day or less, and until when do nearly all have it?

The mean field of the campaigns of `planner.perf.campaign`, in closed form, for one that nothing caps, gates or halts:
vehicles are admitted evenly over a window W; a day has a session with a chance p, which starts by the day's weights
and lasts Uniform(1 - a, 1 + a) times its mean; a download goes on, byte by byte, in as many sessions as it needs; link
rates differ from vehicle to vehicle. Some vehicles come online more rarely, some are away for an exponential time.

The day of the next session is a geometric wait, that is the whole number above an exponential one of rate
h = -ln(1 - p) a day. The wait for m sessions is a delay and Gamma(m, h), with the mean and the variance of a geometric
wait for each session after the first. With Q_m the Gamma's survival and R_m(y) its integral from y on, the share that
is not done at t is (R_m(h (t - W - delay)) - R_m(h (t - delay))) / (h W), the integral over an even admission; its tail
is exact for m = 1. Arrays are by (region, link, payload, class, draw), payloads being few sizes that a plan's months
lie between and classes versions x link rates; what follows from use alone is by (link, draw).

Sources: the gamma law and its stop-loss, Klugman, Panjer, Willmot, Loss Models, 3.4; the renewal function's asymptote
x / L + (1 + c^2) / 2, Feller, An Introduction to Probability Theory II, XI.3. Checked against campaigns that are
followed vehicle class by vehicle class in tests/report/test_release_campaign.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from planner.axes import Array, added

DAY = 86_400.0
HOUR = 3600.0
HOURS = 24
LEAST = 1e-300  # a share that is as good as none
ROUNDING = 1e-12  # of a share, or of a number of sessions
RARE = 1e-6  # the least chance of a day without a session
TIERS = np.array([-1.150349380376008, -0.318639363964375, 0.318639363964375, 1.150349380376008])
"""Normal quantiles of the middles of four equal parts: link rates of a quarter of the vehicles each."""
SESSIONS = (1, 2, 3, 5, 8, 14)
"""Numbers of sessions between which every number of them lies; the last grows with the slowest download."""
COUNTED = 4  # sessions up to which their number is counted; from there on it is the renewal function's asymptote
DURATIONS = np.array([0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 24.0])  # of flows [hours]
WITHIN = np.array([0.0, 0.9, 0.99, 1.0])  # times inside the window, over the window
AFTER = np.array([0.5, 1, 2, 3, 4.5, 6.5, 9, 12, 16, 22, 32, 48])
"""And after its end [days]; stretched where the slowest downloads need longer."""


@dataclass(frozen=True)
class Need:
    """What downloads need. `time` [s] of flow, by (region, link, payload, class, draw), and so all else:

    `share` of the vehicles, `size` of the payload over the mean one, `sessions` (mean number), `first` [s] that the
    first session takes of it.
    """

    time: Array
    share: Array
    size: Array
    sessions: Array
    first: Array

    @property
    def mean_sessions(self) -> Array:
        """By (region, link, payload, draw)."""
        return _mean(self.share, self.sessions)

    @property
    def last_flow(self) -> Array:
        """Mean length [s] of the last flow, of which a session holds one, by (region, link, payload, draw)."""
        return _mean(self.share, self.first)


@dataclass(frozen=True)
class Use:
    """When vehicles are online, by (link, draw): `chance` of a session on a day, its mean `length` [s].

    `start`: mean start over the day; `uneven`: mean of F (1 - F) over the day, for the share F of sessions that have
    started. By (draw,): `rare` share of vehicles with `rarely` times the chance, `away` share that is away for a time
    of mean `absence` [s]. Neither holds for a link that is always there.
    """

    chance: Array
    length: Array
    start: Array
    uneven: Array
    rare: Array
    rarely: Array
    away: Array
    absence: Array

    @property
    def always(self) -> Array:
        """Whether sessions follow each other without a gap."""
        return np.asarray((self.chance >= 1.0) & (self.length >= DAY))

    @property
    def chances(self) -> Array:
        """Chance of a session on a day by (pattern, link, draw): usual and rare use."""
        rarely = np.where(self.always, 1.0, self.rarely)
        return np.stack(np.broadcast_arrays(self.chance, self.chance * rarely))

    @property
    def online(self) -> Array:
        """Share of the time that a vehicle is online."""
        share = self.length / DAY
        return self.mixed(np.minimum(self.chances * share, 1.0))

    @property
    def absent(self) -> Array:
        """Share of vehicles that are away when a release begins."""
        return np.where(self.always, 0.0, self.away)

    def mixed(self, patterns: Array) -> Array:
        """Mean over the patterns of use, of values by (pattern, ..., draw)."""
        return np.asarray(patterns[0] + self.rare * (patterns[1] - patterns[0]))


def need(
    time: Array,
    sizes: Array,
    shares: Array,
    length: Array,
    half: Array,
    spread: Array,
    renewed: Array,
) -> Need:
    """What downloads need, from the `time` [s] of the mean payload at the median rate, (region, link, payload, draw).

    `sizes` and `shares` (payload, version, draw): payload over the mean one, share of the vehicles. Sessions last
    Uniform(length - half, length + half) [s], by (link, draw); `spread` is the standard deviation of the log of rates,
    by (draw,). A vehicle keeps its rate, but for links that are `renewed` (link,): there every session has a new one.
    """
    rates = np.exp(TIERS[:, None] * spread)
    mean, half = (each[:, None, None] for each in (length, half))
    base = time[..., None, :] * sizes
    times = base[..., None, :] / rates
    times = times.reshape(*times.shape[:3], -1, times.shape[-1])
    share, size = (np.repeat(each, len(TIERS), axis=-2) for each in (shares / len(TIERS), sizes))
    # Of several sessions with a new rate each it is the sum of rate x length that counts.
    mean_rate, square = (added(each, 0)[0] / len(TIERS) for each in (rates, rates * rates))
    again = renewed[:, None, None, None]
    evened = np.repeat(base / mean_rate, len(TIERS), axis=-2)
    later = np.where(again, evened, times)
    relative = square / (mean_rate * mean_rate) * (1.0 + (half / mean) ** 2 / 3.0) - 1.0
    later_half = np.where(again, np.sqrt(3.0 * np.maximum(relative, 0.0)) * mean, half)
    # E min(x, U(L - a, L + a)).
    over = np.clip(times - mean + half, 0.0, 2.0 * half)
    part = over - over * over / np.maximum(4.0 * half, LEAST)
    first = np.minimum(times, mean - half) + part
    sessions = sessions_needed(times, mean, half, later, later_half)
    return Need(times, share, size, sessions, first)


def sessions_needed(
    time: Array, length: Array, half: Array, later: Array, later_half: Array
) -> Array:
    """Mean number of sessions of Uniform(length - half, length + half) that together last `time`; all in seconds.

    1 + sum over i of P(i sessions are too short), each sum of i sessions as a uniform number of the same variance;
    beyond a few sessions the renewal function's asymptote. More than one session are compared with `later`, what is
    needed of several together, and spread by `later_half`.
    """
    time, later = (each * (1.0 - 5e-6) for each in (time, later))  # just enough is enough
    number = 1.0 + _too_short(time, length, half, 1)
    for sessions in range(2, COUNTED + 1):
        number = number + _too_short(later, length, later_half, sessions)
    many = later / length + 0.5 * (1.0 + (later_half / length) ** 2 / 3.0)
    uncounted = _too_short(later, length, later_half, COUNTED + 1) > 0
    return np.where(uncounted, np.maximum(many, number), number)


def _too_short(time: Array, length: Array, half: Array, sessions: int) -> Array:
    """Chance that so many sessions together are shorter than `time`."""
    width = math.sqrt(sessions) * np.maximum(half, 1e-6 * length)
    return np.clip((time - (sessions * length - width)) / (2.0 * width), 0.0, 1.0)


def session_shares(need: Need) -> tuple[Array, Array]:
    """Shares of downloads by number of sessions, (number, region, link, payload, draw), and these numbers by link.

    A mean number between two of `SESSIONS` stands for a mixture of these; the last of them is the largest there is.
    """
    most = np.maximum(need.sessions.max(axis=(0, 2, 3)), SESSIONS[-1])
    fixed = np.array(SESSIONS[:-1], dtype=np.float64)[:, None, None]
    numbers = np.concatenate([np.broadcast_to(fixed, (len(fixed), *most.shape)), most[None]])
    before, wide = (
        each[:, None, :, None, None] for each in (numbers[:-1], numbers[1:] - numbers[:-1])
    )
    upper = _mean(need.share, np.clip((need.sessions - before) / wide, 0.0, 1.0))
    ones = np.ones((1, *upper.shape[1:]))
    return np.concatenate([ones, upper]) - np.concatenate([upper, 0.0 * ones]), numbers


def served_at_once(need: Need, use: Use) -> Array:
    """Share of vehicles that are online when admitted and done in that session, (region, link, payload, draw)."""
    length = use.length[:, None, None]
    left = np.where(
        use.always[:, None, None],
        need.time <= length,
        np.maximum(1.0 - need.time / length, 0.0),
    )
    return np.asarray(_mean(need.share, left) * use.online[:, None])


@dataclass(frozen=True)
class BusiestDay:
    """Downloads of the busiest day, as shares of the vehicles x day / window, by (region, link, payload, draw).

    `waiting`: first sessions of vehicles that were admitted before the day; `today`: on the day; `at_once`: in the
    session that runs at their admission; `later`: sessions after the first.
    """

    waiting: Array
    today: Array
    at_once: Array
    later: Array

    @property
    def whole(self) -> Array:
        return self.waiting + self.today + self.at_once + self.later


def busiest_day(need: Need, use: Use, window: Array) -> BusiestDay:
    """The last day of the `window` [s], (draw,)."""
    days = window / DAY
    chances = use.chances
    none = np.exp(np.maximum(days - 1.0, 0.0) * np.log1p(-_some(chances)))
    waiting = use.mixed((1.0 - chances * use.start) * (1.0 - none))[:, None]
    today = use.mixed(chances * np.minimum(use.start, days))[:, None]
    done = need.first / np.maximum(need.time, LEAST)
    first = np.where(need.time[..., 0, :] > 0, _mean(need.share * need.size, done), 1.0)
    mix, numbers = session_shares(need)
    several = 1.0 - mix[0]
    begun = np.zeros((1, 1, 1, 1))
    rates, delays = _waits(use, numbers)
    y = rates * np.maximum(days - delays / 2.0, 0.0)
    for part, at, number in zip(mix[1:], y[1:], SESSIONS[1:], strict=True):
        begun = begun + part * use.mixed(1.0 - _stop_loss(at, number) / number)[:, None]
    later = (1.0 - first) * begun / np.maximum(several, ROUNDING)
    at_once = served_at_once(need, use)
    back = window / use.absence
    returning = back * np.exp(-back) - np.expm1(-back)
    there = (1.0 - use.absent * (1.0 - returning))[:, None]
    mine = first * there
    waits = mine * (1.0 - at_once)
    at_once = at_once * np.minimum(days, 1.0)  # a shorter admission is over before the day is
    return BusiestDay(waits * waiting, waits * today, mine * at_once, later * there)


def hours_of_busiest_day(
    need: Need, use: Use, day: BusiestDay, starts: Array, offset: Array
) -> Array:
    """Rate in each UTC hour over the day's mean, (hour, region, link, draw), for the last payload.

    `starts` (hour, link, draw): weights of the local hours in which sessions start; `offset` (region, draw): local less
    UTC time [s]. A flow's traffic is even over its length; of those admitted on the day itself more wait late in it.
    """
    share, size, first, time, number = (
        each[..., -1, :, :]
        for each in (need.share, need.size, need.first, need.time, need.sessions)
    )
    lead = _mean(share * size, first) / HOUR
    rest = np.maximum(_mean(share, number) - 1.0, ROUNDING)
    length = use.length / HOUR
    tail = np.minimum(_mean(share, time - first) / rest / HOUR, length)
    waiting, today, at_once, later, whole = (
        each[..., -1, :] for each in (day.waiting, day.today, day.at_once, day.later, day.whole)
    )
    even, late = _traffic_of_flows(starts)
    local = np.zeros((1, 1, 1, 1))
    leading = _between(lead)
    flows = waiting * leading + later * _between(tail) + at_once * _between(length)[:, None]
    for each, of_it, on_the_day, of_that in zip(even, flows, late, today * leading, strict=True):
        local = local + each[:, None] * of_it + on_the_day[:, None] * of_that
    return _in_utc(local / np.maximum(whole, LEAST), offset)


def unfinished(need: Need, use: Use, window: Array) -> tuple[Array, Array]:
    """Share not done by (region, link, payload, time, draw), and the times [s] by (time, draw)."""
    days = window / DAY
    slowest = (need.sessions.max(axis=(0, 2, 3)) / use.chances[1]).max(axis=0)
    after = AFTER[:, None] * np.maximum(2.0 * slowest / AFTER[-1], 1.0)
    within = np.broadcast_to(WITHIN[:, None] * days, (len(WITHIN), (days + after).shape[1]))
    times = np.concatenate([within, days + after])
    mix, numbers = session_shares(need)
    rates, delays = (each[:, :, :, None] for each in _waits(use, numbers))
    since, load = rates * (times - delays), rates * days
    until = np.stack([since - load, since], axis=1)
    means = delays[:, 0] + np.array(SESSIONS).reshape(-1, 1, 1, 1) / rates[:, 0]
    absent, absence = use.absent[:, None], use.absence / DAY
    at_once = np.maximum(1.0 - times / days, 0.0)
    at_once = at_once + absent * (1.0 - at_once) * np.exp(-times / absence)
    now = np.minimum(served_at_once(need, use), mix[0])
    left = now[..., None, :] * at_once[:, None]
    away = absent * np.exp(-np.maximum(times - means, 0.0) / absence)
    for each, number in enumerate(SESSIONS):
        ahead = _stop_loss(until[each], number)
        waiting = np.minimum((ahead[0] - ahead[1]) / load[each], 1.0)
        mine = use.mixed(waiting) + away[each] * (1.0 - waiting[0])
        part = mix[each] - now if each == 0 else mix[each]
        left = left + part[..., None, :] * mine[:, None]
    return left, times * DAY


def time_to_share(share: float, left: Array, times: Array, window: Array) -> Array:
    """Time [s] at which `share` is done, from the share that is `left` (draw, ..., time) at `times` (draw, time).

    Between two times inside the `window` (draw,) in proportion, after it on an exponential, which also goes on after
    the last of them.
    """
    rest = 1.0 - share
    after = (left > rest).sum(axis=-1, keepdims=True).clip(1, left.shape[-1] - 1)
    times = np.broadcast_to(times.reshape(len(times), *(1,) * (left.ndim - 2), -1), left.shape)
    early, late = (np.take_along_axis(times, at, axis=-1)[..., 0] for at in (after - 1, after))
    above, below = (
        np.maximum(np.take_along_axis(left, at, axis=-1)[..., 0], LEAST)
        for at in (after - 1, after)
    )
    even = (above - rest) / np.maximum(above - below, LEAST)
    fading = np.log(above / rest) / np.maximum(np.log(above / below), LEAST)
    inside = late <= window.reshape(-1, *(1,) * (left.ndim - 2)) * (1.0 + 1e-12)
    return np.asarray(early + (late - early) * np.where(inside, even, fading))


def start_of_day(starts: Array) -> tuple[Array, Array]:
    """Mean start over the day, and mean of F (1 - F), by (link, draw), for weights of hours (hour, link, draw)."""
    share = starts / added(starts, 0)
    middle = (np.arange(HOURS) + 0.5)[:, None, None] / HOURS
    done = np.cumsum(share, axis=0)
    before = done - share
    # Within an hour F rises evenly: the mean of F (1 - F) there.
    uneven = (before + done) / 2.0 - (before * before + before * done + done * done) / 3.0
    return added(share * middle, 0)[0], added(uneven, 0)[0] / HOURS


def _mean(share: Array, values: Array) -> Array:
    """Over the classes."""
    return np.asarray(added(share * values, -2)[..., 0, :])


def _some(chance: Array) -> Array:
    """A chance that leaves days without a session."""
    return np.asarray(np.minimum(chance, 1.0 - RARE))


def _waits(use: Use, numbers: Array) -> tuple[Array, Array]:
    """Rate [1/day] and delay [days] of the gamma law of the wait for numbers of sessions (number, link, draw).

    By (number, pattern, link, draw). Mean and variance are those of the first wait, exponential after its delay, and of
    a geometric one for each other session. The law has as many terms as `SESSIONS` says, each longer if it needs be.
    """
    chance = _some(use.chances)
    none = 1.0 - chance
    hazard = -np.log1p(-chance)
    first = np.log1p(chance * chance * use.uneven / none) / hazard + 1.0 / hazard
    number = numbers[:, None]
    others = number - 1.0
    variance = 1.0 / (hazard * hazard) + others * (none / (chance * chance))
    spread = np.sqrt(number * variance)
    terms = np.array(SESSIONS, dtype=np.float64).reshape(-1, 1, 1, 1)
    return terms / spread, first + others / chance - spread


def _stop_loss(y: Array, number: int) -> Array:
    """R_m(y) for m sessions: exp(-y) times the sum over i < m of (m - i) y^i / i!; m - y below 0."""
    up = np.maximum(y, 0.0)
    result = np.full((1,) * y.ndim, 1.0 / math.factorial(number - 1))
    for power in range(number - 2, -1, -1):
        result = result * up + (number - power) / math.factorial(power)
    return np.asarray(result * np.exp(-up) + np.maximum(-y, 0.0))


def _between(hours: Array) -> Array:
    """Weights of `DURATIONS` that stand for a length, by (duration, ...)."""
    before, after = (
        each.reshape(-1, *(1,) * hours.ndim) for each in (DURATIONS[:-1], DURATIONS[1:])
    )
    steps = np.clip((hours - before) / (after - before), 0.0, 1.0)
    ones = np.ones((1, *hours.shape))
    upper, lower = np.concatenate([ones, steps]), np.concatenate([steps, 0.0 * ones])
    return np.asarray(upper - lower)


def _traffic_of_flows(starts: Array) -> tuple[Array, Array]:
    """Rate in each local hour over the day's mean, (duration, hour, link, draw), of flows as long as `DURATIONS`.

    First of flows that start by the weights, then of those that start by weight x time of day.
    """
    share = starts / added(starts, 0)
    late = share * (np.arange(HOURS) + 0.5)[:, None, None]
    return _smeared(share), _smeared(late / added(late, 0))


def _smeared(share: Array) -> Array:
    """Traffic of flows that start by the shares of hours (hour, link, draw), evenly within each."""
    # Started by each half hour of two days, and the integral of that: exact, as starts are even within an hour.
    halves = np.repeat(share, 2, axis=0) / 2.0
    zero = np.zeros((1, *share.shape[1:]))
    started = np.concatenate([zero, np.cumsum(np.concatenate([halves, halves]), axis=0)])
    held = np.concatenate([zero, np.cumsum((started[1:] + started[:-1]) / 4.0, axis=0)])
    ends = 2 * (HOURS + 1 + np.arange(HOURS))
    begins = ends - (2 * DURATIONS[1:, None]).astype(np.int64)
    sent = held[ends] - held[ends - 2] - held[begins] + held[begins - 2]
    return np.asarray(np.concatenate([share[None], sent / DURATIONS[1:, None, None, None]]) * HOURS)


def _in_utc(local: Array, offset: Array) -> Array:
    """Rates by local hour (hour, region, link, draw) by UTC hour; between whole hours the two are mixed."""
    hours = offset / HOUR
    whole = np.floor(hours)
    part = (hours - whole)[:, None]
    first = (np.arange(HOURS)[:, None, None] + whole).astype(np.int64)[:, :, None]
    shape = np.broadcast_shapes(local.shape, first.shape)
    local = np.broadcast_to(local, shape)
    early, late = (
        np.take_along_axis(local, np.broadcast_to(each % HOURS, shape), axis=0)
        for each in (first, first + 1)
    )
    return np.asarray(early * (1.0 - part) + late * part)
