"""What is the traffic, and who is on which release, when releases come faster than campaigns end?

A release every `cadence` hours; the fleet is in its steady state. Two ways:

* one after another: every release's campaign goes on until it is done. Their traffic adds up: at a phase s after the
  newest release it is sum_j m(s + j tau), and the share on the release j before it is U(s + j tau) - U(s + (j-1) tau),
  with m and U the rate and the updated share of one campaign.
* straight to the newest: a new release ends the campaign before it. A vehicle of a group g is updated within a cadence
  with the chance u_g(tau), each release anew, so it is k releases behind at phase s with
  u_g(s) for k = 0 and (1 - u_g(s)) (1 - u_g(tau))^(k - 1) u_g(tau) for k >= 1. Groups are segments and links: mixing
  them would make slow vehicles quick again after each release. Bytes: a vehicle k behind downloads the payload of
  distance k + 1.

The length of a cadence is taken in whole five-minute bins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.axes import Array
from planner.perf.campaign.description import BYTE_PER_HOUR_OF_GBPS
from planner.perf.campaign.packages import Package, payload
from planner.perf.campaign.records import Rollout
from planner.perf.campaign.traffic import BIN, percentile_95

MOST_BEHIND = 60  # releases that are told apart; the last one stands for all older


@dataclass(frozen=True)
class Steady:
    """The steady state over one cadence, by phase (five-minute bins after a release).

    `rate` [Gbps] by bin, all pools; `behind`: share of the fleet that is 0, 1, ... releases behind at the end of each
    bin, (releases, bin). `in_flight`: campaigns that are going on at once.
    """

    rate: Array
    behind: Array
    in_flight: int

    @property
    def peak(self) -> float:
        """Largest five-minute rate [Gbps]."""
        return float(self.rate.max())

    @property
    def mean(self) -> float:
        """Mean rate [Gbps]."""
        return float(self.rate.mean())

    @property
    def p95(self) -> float:
        """95th percentile of the five-minute rates of a cadence [Gbps]."""
        return float(percentile_95(self.rate))

    @property
    def newest(self) -> float:
        """Mean share of the fleet on the newest release."""
        return float(self.behind[0].mean())


def one_after_another(rollout: Rollout, cadence: float) -> Steady:
    """Every campaign runs to its end: the sum of the same traffic, shifted by the cadence [hours]."""
    bins = _bins(cadence)
    rate = _rate(rollout)
    turns = -(-rate.size // bins)
    folded = np.pad(rate, (0, turns * bins - rate.size)).reshape(turns, bins).sum(axis=0)
    times = np.arange(1.0, turns * bins + 1) * BIN
    size, done = _updated(rollout)
    share = np.array([group(times) for group in done]).sum(axis=0) / size.sum()
    by_turn = share.reshape(turns, bins)
    behind = np.diff(by_turn, axis=0, prepend=np.zeros((1, bins)))
    never = 1 - by_turn[-1:]
    return Steady(folded, np.concatenate([behind, never]), _in_flight(rollout, cadence))


def straight_to_newest(
    rollout: Rollout, cadence: float, packages: tuple[Package, ...] = ()
) -> Steady:
    """A new release ends the campaign before: what is not done by then is dropped for the newer one.

    `packages`: by them those that are further behind download more; without, the payload is that of the campaign.
    """
    bins = _bins(cadence)
    rate = _rate(rollout)
    rate = np.pad(rate, (0, max(bins - rate.size, 0)))[:bins]
    times = np.arange(1.0, bins + 1) * BIN
    size, done = _updated(rollout)
    by_phase = np.array([group(times) for group in done]) / np.where(size > 0, size, 1.0)[:, None]
    within = by_phase[:, -1:]
    older = (1 - within) ** np.arange(MOST_BEHIND) * within
    older[:, -1] = (1 - within[:, 0]) ** (MOST_BEHIND - 1)
    behind = np.einsum("g,gb,gk->kb", size, 1 - by_phase, older) / size.sum()
    newest = (size @ by_phase / size.sum())[None]
    if packages:
        # Who comes to a release is as far behind as at the end of the cadence before.
        distance = np.arange(MOST_BEHIND) + 1
        before = np.concatenate([within, (1 - within) * older[:, :-1]], axis=1)
        before[:, -1] += ((1 - within) * older[:, -1:])[:, 0]
        mixed = before @ np.array([payload(packages, int(each)) for each in distance])
        bytes_of = size * within[:, 0]
        grown = float(bytes_of @ mixed) / max(float(bytes_of.sum()), 1e-300)
        rate = rate * grown / max(payload(packages, 1), 1e-300)
    return Steady(rate, np.concatenate([newest, behind]), 1)


def _bins(cadence: float) -> int:
    return max(round(cadence / BIN), 1)


def _rate(rollout: Rollout) -> Array:
    """Rate of one campaign by five-minute bin [Gbps], all pools."""
    sent = rollout.sent.sum(axis=(0, 1)) / (BIN * BYTE_PER_HOUR_OF_GBPS)
    return np.asarray(np.maximum(sent, 0.0))


class _Updated:
    """Vehicles of a group updated by some times."""

    def __init__(self, time: Array, weight: Array) -> None:
        order = np.argsort(time)
        self.time = time[order]
        self.total = np.concatenate([[0.0], np.cumsum(weight[order])])

    def __call__(self, times: Array) -> Array:
        total: Array = self.total[np.searchsorted(self.time, times, side="right")]
        return total


def _updated(rollout: Rollout) -> tuple[Array, list[_Updated]]:
    """Vehicles by group (segment and Wi-Fi at home), and how many of each are updated by a time."""
    campaign, classes = rollout.campaign, rollout.classes
    group = 2 * classes.segment + (classes.wifi_rate > 0)
    size = np.asarray(np.bincount(group, classes.weight, 2 * len(campaign.segments)), float)
    ends = rollout.starts + campaign.install.duration
    success = rollout.attempt_weights * (1 - campaign.install.fail)
    inside = ends <= campaign.horizon
    of = np.broadcast_to(group[rollout.done_class][:, None], ends.shape)
    parts = [inside & (of == each) for each in range(size.size)]
    return size, [_Updated(ends[part], success[part]) for part in parts]


def _in_flight(rollout: Rollout, cadence: float) -> int:
    """Campaigns that send at once: until the last download of one is there."""
    last = float(rollout.flows_ended[1].max(initial=0.0))
    return max(int(np.ceil(last / cadence)), 1)
