"""What does a campaign take: how long, how many bytes, how fast, how many failures, with which chance of a halt?

Outputs have the names of the measured campaigns. Each is the mean over campaigns in which it exists, and comes with
the chance that it exists: a rollout with a halt is a mixture of the rollout stopped at the likely times of the halt.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from planner.axes import Array
from planner.perf.campaign.description import BYTE_PER_HOUR_OF_GBPS, Campaign
from planner.perf.campaign.halt import HaltLaw, halt_law
from planner.perf.campaign.progress import ROUNDING, Rollout, follow
from planner.perf.campaign.traffic import BIN, month_of, percentile_95

QUANTILES = (50, 90, 99)  # per cent
BYTES_PER_TB = 1e12
FIRST_DAY = 24.0  # [hours]
NORMAL = ndtri((np.arange(31) + 0.5) / 31)
"""Equally likely values of a standard normal number."""
RARE = 0.01  # an output that fewer campaigns have is reported as not there
CLASSES = 80_000
"""Vehicle classes: nearly as many as the measured campaigns have vehicles, so that the noise of their traffic, which
ranks the bins of a percentile, is the like. A campaign takes 0.2 to 0.7 s,
a few tenths more if its caps bind for weeks.
"""


@dataclass(frozen=True)
class Output:
    """`mean` over the campaigns in which the output exists (None: hardly any), `reached`: the chance that it does."""

    mean: float | None
    reached: float


@dataclass(frozen=True)
class Outcome:
    """Outputs by name, and curves: shares at multiples of the curve step, mean rate [Gbps] of every hour."""

    outputs: dict[str, Output]
    updated_share: Array
    download_share: Array
    hourly_gbps: Array


class _Counted:
    """Weights by time: how much by `t`, and when a total is reached."""

    def __init__(self, time: Array, weight: Array) -> None:
        order = np.argsort(time)
        self.time = time[order]
        self.total = np.concatenate([[0.0], np.cumsum(weight[order])])

    def by(self, time: Array | float) -> Array:
        total: Array = self.total[np.searchsorted(self.time, time, side="right")]
        return total

    def reaches(self, total: Array) -> Array:
        """When each total is reached; infinite: never."""
        place = np.searchsorted(self.total[1:], total * (1 - ROUNDING))
        return np.append(self.time, np.inf)[place]


class _View:
    """A rollout's history, to be looked at as if it had been stopped at some time."""

    def __init__(self, rollout: Rollout) -> None:
        self.rollout, self.campaign = rollout, rollout.campaign
        campaign, horizon = rollout.campaign, rollout.campaign.horizon
        install = campaign.install
        weight = rollout.classes.weight[rollout.done_class]
        starts = rollout.starts.ravel()
        attempts = rollout.attempt_weights.ravel()
        self.downloads = _Counted(rollout.done, weight)
        ends = starts + install.duration
        inside = ends <= horizon
        self.updates = _Counted(ends[inside], (attempts * (1 - install.fail))[inside])
        self.attempts = _Counted(starts[starts < horizon], attempts[starts < horizon])
        last_ends = rollout.starts[:, -1] + install.duration
        inside = last_ends <= horizon
        lost = rollout.attempt_weights[:, -1] * install.fail
        self.failures = _Counted(last_ends[inside], lost[inside])
        self.update_times = _quantile_times("t{}_h", self.updates, campaign.vehicles)
        self.download_times = _quantile_times("download_t{}_h", self.downloads, campaign.vehicles)
        self.drops = _Counted(*rollout.drops)
        self.rejected = _Counted(*rollout.rejected)
        self.active = _most_at_once(rollout.begun, rollout.ended)
        self.sent_by = np.concatenate(
            [np.zeros((2, 1)), rollout.sent.sum(axis=0).cumsum(axis=1)], axis=1
        )

    def bytes_by(self, time: Array | float) -> Array:
        """Bytes sent by a time, (link, time)."""
        edges = np.arange(self.sent_by.shape[1]) * BIN
        return np.array([np.interp(time, edges, each) for each in self.sent_by])

    def outputs(
        self, stop: float, failed: float, halted: bool
    ) -> Iterator[tuple[str, Array | float]]:
        """Outputs of the rollout stopped at `stop`, with so many failed by then; infinite: not reached.

        An array holds equally likely values.
        """
        campaign, rollout = self.campaign, self.rollout
        # Installs that run at the halt end normally.
        settled = min(stop + campaign.install.duration, campaign.horizon)
        for times, until in ((self.update_times, settled), (self.download_times, stop)):
            for name, time in times.items():
                yield name, np.where(time <= until, time, np.inf)
        rates = self.rates_until(stop)
        whole = rates.sum(axis=0)
        yield "peak_gbps_5min", float(whole.max())
        for pool, rate in zip(campaign.pools, rates, strict=True):
            yield f"peak_gbps_pool_{pool.name}", float(rate.max())
        yield "p95_gbps_horizon", float(percentile_95(whole))
        yield "p95_gbps_30day", float(percentile_95(month_of(whole)))
        wifi, cellular = self.bytes_by(stop) / BYTES_PER_TB
        yield "total_tb", float(wifi + cellular)
        yield "cell_tb", float(cellular)
        yield "first_day_tb", float(self.bytes_by(min(stop, FIRST_DAY)).sum()) / BYTES_PER_TB
        since, most = self.active
        place = int(np.searchsorted(since, stop, side="right"))
        yield "max_active_downloads", float(most[place - 1]) if place else 0.0
        yield "updated_share", float(self.updates.by(settled)) / campaign.vehicles
        running = float(self.failures.by(settled) - self.failures.by(stop)) if halted else 0.0
        yield "failed_vehicles", failed + running
        yield "verify_failures", float(self.rejected.by(stop))
        yield "connection_drops", float(self.drops.by(stop))
        yield "install_attempts", float(self.attempts.by(stop))
        yield "halt_t_h", stop if halted else np.inf
        for wave, opened in enumerate(rollout.openings.tolist()):
            yield f"wave{wave}_open_h", opened if opened <= stop else np.inf

    def rates_until(self, stop: float) -> Array:
        """Mean rates by (pool, five-minute bin) [Gbps], nothing sent after `stop`."""
        rates: Array = self.rollout.sent.sum(axis=1) / (BIN * BYTE_PER_HOUR_OF_GBPS)
        left = np.clip(stop / BIN - np.arange(rates.shape[1]), 0.0, 1.0)
        return np.asarray(np.maximum(rates * left, 0.0))


def _quantile_times(name: str, counted: _Counted, vehicles: int) -> dict[str, Array]:
    """Equally likely times at which each quantile of the fleet is done.

    The number done by a time varies by sqrt(q (1 - q) N) about its mean (binomial: at most that, as the strata are
    exact). It matters on the plateaus of a completion curve, at night, where a few vehicles decide about hours.
    """
    times = {}
    for quantile in QUANTILES:
        share = quantile / 100
        spread = np.sqrt(share * (1 - share) * vehicles)
        times[name.format(quantile)] = counted.reaches(np.ceil(share * vehicles) + spread * NORMAL)
    return times


def _most_at_once(begun: tuple[Array, Array], ended: tuple[Array, Array]) -> tuple[Array, Array]:
    """The largest number of downloads at once up to each time."""
    time = np.concatenate([begun[0], ended[0]])
    change = np.concatenate([begun[1], -ended[1]])
    # What begins as another ends counts as after it.
    order = np.lexsort((change, time))
    return time[order], np.maximum.accumulate(np.cumsum(change[order]))


def outcome(rollout: Rollout) -> Outcome:
    """All outputs and curves of a rollout, with the halt that its policy asks for."""
    campaign, law = rollout.campaign, halt_law(rollout)
    view = _View(rollout)
    cases = [(campaign.horizon, law.failed_without, False, 1 - law.chance)]
    cases += [
        (time, failed, True, law.chance / law.times.size)
        for time, failed in zip(law.times.tolist(), law.failed.tolist(), strict=True)
    ]
    reached: dict[str, float] = {}
    sums: dict[str, float] = {}
    for stop, failed, halted, chance in cases:
        for name, value in view.outputs(stop, failed, halted):
            values = np.atleast_1d(value)
            finite = values[np.isfinite(values)]
            reached[name] = reached.get(name, 0.0) + chance * finite.size / values.size
            sums[name] = sums.get(name, 0.0) + chance * float(finite.sum()) / values.size
    outputs = {
        name: Output(float(sums[name] / there) if there > RARE else None, float(there))
        for name, there in reached.items()
    }
    outputs["halted"] = Output(law.chance, 1.0)
    return Outcome(outputs, *_curves(view, law))


def _curves(view: _View, law: HaltLaw) -> tuple[Array, Array, Array]:
    """Shares updated and downloaded on the curve's grid, and the rate by hour, as means over halted and not."""
    campaign = view.campaign
    stops = np.append(law.times, campaign.horizon)[:, None]
    chance = np.append(np.full(law.times.size, law.chance / max(law.times.size, 1)), 1 - law.chance)
    steps = int(np.floor(campaign.horizon / campaign.curve_step + ROUNDING))
    grid = np.arange(steps + 1) * campaign.curve_step
    settled = np.minimum(grid, stops + campaign.install.duration)
    updated = chance @ view.updates.by(settled) / campaign.vehicles
    downloaded = chance @ view.downloads.by(np.minimum(grid, stops)) / campaign.vehicles
    hours = np.arange(int(np.ceil(campaign.horizon)) + 1.0)
    sent = view.bytes_by(np.minimum(hours, stops).ravel()).sum(axis=0)
    hourly = np.diff(chance @ sent.reshape(stops.size, hours.size)) / BYTE_PER_HOUR_OF_GBPS
    return updated, downloaded, hourly


def predict(campaign: Campaign, classes: int = CLASSES, seed: int = 0) -> Outcome:
    """The outcome of a campaign; the same cost for a fleet of any size."""
    return outcome(follow(campaign, min(classes, campaign.vehicles), seed))
