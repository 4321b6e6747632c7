"""What has a rollout come to by some time, and how much does that vary from one campaign to the next?

A `View` looks at a rollout, or at one copy of a small fleet, as if it had been stopped. Outputs come with their
standard deviation over campaigns, from the laws that make them: binomial for who is done, compound for bytes, compound
Poisson for the bytes of a five-minute bin. In the copy of a small fleet most of that is there already.

Source: variance of a compound sum, Ross, Introduction to Probability Models, 3.4; of a sample quantile (its share's
p (1 - p) over the density squared) and of the largest of n normal numbers, David, Nagaraja, Order Statistics, 10.2, 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import NormalDist

import numpy as np

from planner.axes import Array
from planner.perf.campaign.description import BYTE_PER_HOUR_OF_GBPS
from planner.perf.campaign.records import ROUNDING, Rollout, pools_of
from planner.perf.campaign.sampling import Whole
from planner.perf.campaign.traffic import BIN, FIRST_DAY, month_of, percentile_95
from planner.perf.campaign.waves import opening

QUANTILES = (50, 90, 99)  # per cent
BYTES_PER_TB = 1e12
NORMAL = np.array([NormalDist().inv_cdf((each + 0.5) / 31) for each in range(31)])
"""Equally likely values of a standard normal number."""
Found = tuple[str, Array | float, float]
"""An output: name, value (an array: equally likely values; infinite: not reached), standard deviation."""


class Counted:
    """Weights by time: how much by `t`, and when a total is reached."""

    def __init__(self, time: Array, weight: Array) -> None:
        order = np.argsort(time)
        self.time = time[order]
        self.total = np.concatenate([[0.0], np.cumsum(weight[order])])

    def by(self, time: Array | float) -> Array:
        """Weight up to each time."""
        total: Array = self.total[np.searchsorted(self.time, time, side="right")]
        return total

    def reaches(self, total: Array) -> Array:
        """When each total is reached; infinite: never."""
        place = np.searchsorted(self.total[1:], total * (1 - ROUNDING))
        return np.append(self.time, np.inf)[place]


class View:
    """A rollout's history, whole (`fleet` None) or that of one copy of its fleet, to be looked at as if stopped."""

    def __init__(self, rollout: Rollout, fleet: int | None = None) -> None:
        self.rollout, self.campaign, self.fleet = rollout, rollout.campaign, fleet
        campaign, classes = rollout.campaign, rollout.classes
        horizon, install = campaign.horizon, campaign.install
        self.copies = 1 if fleet is None else classes.fleets
        done = self.entries("done_class")
        who = rollout.done_class[done]
        weight = self.copies * classes.weight[who]
        starts, attempts = rollout.starts[done], self.copies * rollout.attempt_weights[done]
        succeed, lost = attempts * (1 - install.fail), attempts[:, -1] * install.fail
        if fleet is not None:
            turn, failed = np.arange(install.attempts), rollout.tries_lost[done, None]
            attempts = weight[:, None] * (turn <= failed)
            succeed, lost = weight[:, None] * (turn == failed), weight * (failed[:, 0] == turn.size)
        begun, lost_at, lost = self.with_stages(starts, attempts, lost)
        ends = starts + install.duration
        inside = ends <= horizon
        self.downloads = Counted(rollout.done[done], weight)
        self.updates = Counted(ends[inside], succeed[inside])
        self.attempts = Counted(*begun)
        self.failures = Counted(lost_at, lost)
        self.refused = self.polls()
        sent = rollout.sent_in if fleet is None else rollout.sent_by_fleet[fleet] * self.copies
        self.sent = np.tensordot(pools_of(campaign), sent, 1)
        self.sent_by = np.concatenate([np.zeros((2, 1)), self.sent.sum(axis=0).cumsum(1)], axis=1)
        self.drops, self.rejected = self.events("drops"), self.events("rejected")
        self.active = self.most_at_once()
        self.uneven = _Unevenness(rollout) if fleet is None else None
        self.update_times = self.quantile_times("t{}_h", self.updates, install.duration)
        self.download_times = self.quantile_times("download_t{}_h", self.downloads, 0.0)
        self.opened = rollout.openings_by_fleet[fleet or 0]
        self.gate_times = self.gates(ends, succeed, classes.wave[who])
        self.byte_sd = _byte_deviations(rollout) if fleet is None else np.zeros(4)
        mine = slice(None) if fleet is None else classes.fleet == fleet
        sent = self.copies * classes.weight * rollout.sent_by_class.sum(axis=0)
        self.wave_tb = np.bincount(classes.wave[mine], sent[mine], self.opened.size) / BYTES_PER_TB

    def entries(self, name: str) -> Whole | slice:
        """Which entries of a list of the rollout are in view."""
        return slice(None) if self.fleet is None else self.rollout.of_fleet[name][self.fleet]

    def with_stages(
        self, starts: Array, attempts: Array, lost: Array
    ) -> tuple[tuple[Array, Array], Array, Array]:
        """Attempts (time, weight), and failures for good (time; weight), with those of the releases before the last."""
        horizon, duration = self.campaign.horizon, self.campaign.install.duration
        who, early, failed = self.rollout.stages
        kept = self.entries("stages")
        early, weight = early[kept], self.copies * self.rollout.classes.weight[who[kept]]
        turn, failed = np.arange(starts.shape[1]), failed[kept]
        begun = np.concatenate([starts, early]).ravel()
        tried = np.concatenate([attempts, weight[:, None] * (turn <= failed[:, None])]).ravel()
        ends = np.concatenate([starts[:, -1], early[:, -1]]) + duration
        lost = np.concatenate([lost, weight * (failed == turn.size)])
        inside, ended = begun < horizon, ends <= horizon
        return (begun[inside], tried[inside]), ends[ended], lost[ended]

    def polls(self) -> Counted:
        """Polls that found no place free."""
        who, time = self.rollout.refused
        kept = self.entries("refused")
        return Counted(time[kept], self.copies * self.rollout.classes.weight[who[kept]])

    def events(self, name: str) -> Counted:
        """Expected numbers of events by time."""
        _, time, number = getattr(self.rollout, name)
        kept = self.entries(name)
        return Counted(time[kept], number[kept] * self.copies)

    def most_at_once(self) -> tuple[Array, Array]:
        """Times, and the largest number of downloads at once up to each.

        Within a five-minute bin there are no more than at its begin and all that begin in it: only bins in which that
        is more than ever before are looked at flow by flow.
        """
        bins, flows = self.sent.shape[-1], []
        for name, sign in (("flows_begun", 1), ("flows_ended", -1)):
            who, time = getattr(self.rollout, name)
            kept = self.entries(name)
            time, change = time[kept], sign * self.copies * self.rollout.classes.weight[who[kept]]
            flows.append((time, change, np.minimum((time / BIN).astype(np.intp), bins - 1)))
        more, less = (np.bincount(place, change, bins) for _, change, place in flows)
        after = (more + less).cumsum()
        before = np.concatenate([[0.0], after[:-1]])
        matters = before + more > np.maximum.accumulate(before) * (1 + ROUNDING)
        inside = [matters[place] for _, _, place in flows]
        time, change, place = (
            np.concatenate([each[chosen] for each, chosen in zip(part, inside, strict=True)])
            for part in zip(*flows, strict=True)
        )
        # What begins as another ends counts as after it.
        order = np.lexsort((change, time, place))
        time, place = time[order], place[order]
        total = np.concatenate([[0.0], change[order].cumsum()])
        there = before[place] + total[1:] - total[np.searchsorted(place, place)]
        time, there = np.append(time, BIN * np.arange(bins)), np.append(there, before)
        order = np.argsort(time, kind="stable")
        return time[order], np.maximum.accumulate(there[order])

    def gates(self, ends: Array, succeed: Array, wave: Whole) -> list[Array]:
        """Equally likely opening times of each wave, given when the one before it opened.

        The number of successes that a gate counts varies as a binomial; a copy of the fleet has its own.
        """
        found = []
        for number, opened in enumerate(self.opened.tolist()):
            share = self.campaign.waves[number].gate if number else None
            times = np.array([opened])
            if share is not None and self.fleet is None and np.isfinite(opened):
                mine = wave == number - 1
                size = float(self.rollout.classes.wave_size[number - 1])
                counted = Counted(ends[mine].ravel(), succeed[mine].ravel())
                spread = np.sqrt(share * (1 - share) * size)
                noisy = counted.reaches(share * size + spread * NORMAL)
                times = opening(
                    self.campaign.waves[number], np.array([self.opened[number - 1]]), noisy
                )
            found.append(times)
        return found

    def quantile_times(self, name: str, counted: Counted, install: float) -> dict[str, Array]:
        """Equally likely times at which each quantile of the fleet is done.

        The number done by a time varies by sqrt(q (1 - q) N) about its mean (binomial; less where segments decide, as
        their counts are exact). It matters on the plateaus of a completion curve, at night, where a few vehicles
        decide about hours. A copy of the fleet has its own times. `install` [hours]: from a download to what counts.
        """
        times, vehicles = {}, self.campaign.vehicles
        for quantile in QUANTILES:
            share = quantile / 100
            need = np.ceil(share * vehicles)
            if self.uneven is not None:
                ready = float(counted.reaches(need)) - install
                spread = self.uneven.at(ready) * np.sqrt(share * (1 - share) * vehicles)
                need = need + spread * NORMAL
            times[name.format(quantile)] = counted.reaches(np.atleast_1d(need))
        return times

    def bytes_by(self, time: Array | float) -> Array:
        """Bytes sent by a time, (link, time)."""
        edges = np.arange(self.sent_by.shape[1]) * BIN
        return np.array([np.interp(time, edges, each) for each in self.sent_by])

    def outputs(self, stop: float, failed: float, halted: bool) -> Iterator[Found]:
        """Outputs of the rollout stopped at `stop`, with so many failed by then."""
        campaign = self.campaign
        # Installs that run at the halt end normally.
        settled = min(stop + campaign.install.duration, campaign.horizon)
        for times, until in ((self.update_times, settled), (self.download_times, stop)):
            for name, time in times.items():
                yield name, np.where(time <= until, time, np.inf), 0.0
        yield from self.rates(stop)
        yield from self.bytes(stop)
        since, most = self.active
        place = int(np.searchsorted(since, stop, side="right"))
        active = float(most[place - 1]) if place else 0.0
        yield "max_active_downloads", active, self.binomial(active, stop)
        updated = float(self.updates.by(settled))
        noise = self.binomial(updated, stop)
        yield "updated_share", updated / campaign.vehicles, noise / campaign.vehicles
        running = float(self.failures.by(settled) - self.failures.by(stop)) if halted else 0.0
        # At the halt the count is the limit; else it is binomial.
        yield "failed_vehicles", failed + running, np.sqrt(running if halted else failed)
        for name, counted in (("verify_failures", self.rejected), ("connection_drops", self.drops)):
            number = float(counted.by(stop))
            yield name, number, np.sqrt(number)
        attempts = float(self.attempts.by(stop))
        again = attempts * campaign.install.fail if self.fleet is None else 0.0
        yield "install_attempts", attempts, np.hypot(self.binomial(attempts, stop), np.sqrt(again))
        if any(np.isfinite(pool.places) for pool in campaign.pools):
            refused = float(self.refused.by(stop))
            yield "busy_refusals", refused, np.sqrt(refused)
        yield "halt_t_h", stop if halted else np.inf, 0.0
        for wave, opened in enumerate(self.gate_times):
            yield f"wave{wave}_open_h", np.where(opened <= stop, opened, np.inf), 0.0

    def binomial(self, number: float, stop: float) -> float:
        """Standard deviation of a number of vehicles, of those in the waves that are open by `stop`."""
        if self.uneven is None:
            return 0.0
        open_to = float(self.rollout.classes.wave_size[self.opened <= stop].sum())
        share = min(number / open_to, 1.0) if open_to else 1.0
        return float(self.uneven.at(stop) * np.sqrt(number * (1 - share)))

    def bytes(self, stop: float) -> Iterator[Found]:
        """Bytes sent, all and over cellular links, and in the first day."""
        total, cellular, first, vehicle = self.byte_sd
        wifi, cell = self.bytes_by(stop) / BYTES_PER_TB
        whole = float(self.wave_tb[self.opened <= stop].sum()) or 1.0
        # Early on the bytes are those of a number of vehicles; in the end they vary with what each of them needs.
        part = min(float(wifi + cell) / whole, 1.0)
        early = vehicle * np.sqrt(whole / (float(self.wave_tb.sum()) or 1.0) * part * (1 - part))
        yield "total_tb", float(wifi + cell), float(np.hypot(total * np.sqrt(part), early))
        yield "cell_tb", float(cell), float(np.hypot(cellular * np.sqrt(part), early * (cell > 0)))
        day = float(self.bytes_by(min(stop, FIRST_DAY)).sum()) / BYTES_PER_TB
        yield "first_day_tb", day, first if stop >= FIRST_DAY else float(np.hypot(total, early))

    def rates(self, stop: float) -> Iterator[Found]:
        """Peaks and 95th percentiles of the five-minute rates [Gbps]."""
        rates = self.rates_until(stop)
        whole = rates.sum(axis=0)
        caps = np.array([pool.cap for pool in self.campaign.pools]) / BYTE_PER_HOUR_OF_GBPS
        grain = self.rollout.flow_bytes / (BIN * BYTE_PER_HOUR_OF_GBPS)
        if self.fleet is not None:
            grain = np.zeros(grain.size)
        # A bin's noise, by pool: none where the cap decides.
        noise = np.where(rates < 0.999 * caps[:, None], rates * grain[:, None], 0.0)
        yield "peak_gbps_5min", *_largest(whole, noise.sum(axis=0))
        for pool, rate, mine in zip(self.campaign.pools, rates, noise, strict=True):
            yield f"peak_gbps_pool_{pool.name}", *_largest(rate, mine)
        for name, series in (("horizon", whole), ("30day", month_of(whole))):
            level = float(percentile_95(series))
            sd = self.percentile_noise(series, level, noise) if self.fleet is None else 0.0
            yield f"p95_gbps_{name}", level, sd

    def percentile_noise(self, series: Array, level: float, noise: Array) -> float:
        """Standard deviation of the 95th percentile of a series, from the variances of its bins.

        The number of bins above the level varies by sum Phi (1 - Phi), and the level by that over the density of bins.
        """
        from scipy.special import ndtr  # slow to import, and a plan's sizes need none of it

        if level <= 0:
            return 0.0
        whole = noise.sum(axis=0)
        series = series[: whole.size]
        near = np.abs(series - level).argmin()
        sd = np.sqrt(whole[near])
        if sd <= 0:
            return 0.0
        distance = (series - level) / sd
        distance = distance[np.abs(distance) < 4]
        above = ndtr(distance)
        density = np.exp(-(distance**2) / 2).sum() / np.sqrt(2 * np.pi) / sd
        return float(min(np.sqrt((above * (1 - above)).sum()) / density, sd))

    def rates_until(self, stop: float) -> Array:
        """Mean rates by (pool, five-minute bin) [Gbps], nothing sent after `stop`."""
        rates: Array = self.sent.sum(axis=1) / (BIN * BYTE_PER_HOUR_OF_GBPS)
        left = np.clip(stop / BIN - np.arange(rates.shape[1]), 0.0, 1.0)
        return np.asarray(np.maximum(rates * left, 0.0))


def _largest(rates: Array, variance: Array) -> tuple[float, float]:
    """The largest bin and its standard deviation over campaigns.

    It is the largest of the n bins that come within two deviations of it, and varies less than any of them:
    1 / sqrt(1 + 0.8 ln n) of it meets the tables of normal order statistics within 5 % for n up to 100.
    """
    at = int(rates.argmax())
    sd = float(np.sqrt(variance[at]))
    rivals = int((rates >= rates[at] - 2 * sd).sum())
    return float(rates[at]), sd / float(np.sqrt(1 + 0.8 * np.log(rivals)))


class _Unevenness:
    """The spread of the number of vehicles done by a time, over that of a binomial of the whole fleet.

    Waves and segments have exact counts: whoever never comes, or has come already, is no chance of anybody's.
    """

    def __init__(self, rollout: Rollout) -> None:
        classes, kinds = rollout.classes, len(rollout.campaign.segments)
        group = kinds * classes.wave + classes.segment
        self.size = np.bincount(group, classes.weight)
        order = np.argsort(rollout.done)
        who = rollout.done_class[order]
        self.done, self.group, self.weight = rollout.done[order], group[who], classes.weight[who]
        self.known: dict[float, float] = {}

    def at(self, time: float) -> float:
        """The ratio at a time [hours]; 1 where nothing is uncertain."""
        if not np.isfinite(time):
            return 1.0
        # Times of halts come one after another, and several outputs ask at each.
        if time not in self.known:
            self.known[time] = self.ratio(time)
        return self.known[time]

    def ratio(self, time: float) -> float:
        """The ratio, counted."""
        by_then = slice(0, np.searchsorted(self.done, time, side="right"))
        done = np.bincount(self.group[by_then], self.weight[by_then], self.size.size)
        share = done / np.where(self.size > 0, self.size, 1.0)
        mean = done.sum() / self.size.sum()
        whole = self.size.sum() * mean * (1 - mean)
        return float(np.sqrt((done * (1 - share)).sum() / whole)) if whole > 0 else 1.0


def _byte_deviations(rollout: Rollout) -> Array:
    """Standard deviations [TB] of the fleet's bytes, the cellular ones, the first day's, and one vehicle's x sqrt(N).

    A sum over vehicles whose bytes vary among those of the same wave, segment and installed version, of which there
    is an exact number.
    """
    classes, sent = rollout.classes, rollout.sent_by_class.sum(axis=0)
    versions, segments = len(rollout.campaign.versions), len(rollout.campaign.segments)
    group = versions * (segments * classes.wave + classes.segment) + classes.version
    size = np.bincount(group, classes.weight)
    found = []
    for each in (sent, rollout.sent_by_class[1], rollout.first_day_by_class):
        mean = np.bincount(group, classes.weight * each) / np.where(size > 0, size, 1.0)
        found.append(float(np.sqrt((classes.weight * (each - mean[group]) ** 2).sum())))
    found.append(float(np.sqrt((classes.weight * sent**2).sum())))
    return np.array(found) / BYTES_PER_TB
