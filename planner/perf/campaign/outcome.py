"""What does a campaign take: how long, how many bytes, how fast, how many failures, with which chance of a halt?

Outputs have the names of the measured campaigns. Each is the mean over campaigns in which it exists, and comes with
the chance that it exists and with an interval: a rollout with a halt is a mixture of the rollout stopped at the likely
times of the halt, a small fleet's rollouts are followed themselves, and a large fleet's vary by the laws of `view`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.axes import Array
from planner.perf.campaign.classes import LEAST_PER_WAVE
from planner.perf.campaign.description import BYTE_PER_HOUR_OF_GBPS, Campaign
from planner.perf.campaign.halt import HaltLaw, halt_laws
from planner.perf.campaign.progress import follow
from planner.perf.campaign.records import ROUNDING, Rollout
from planner.perf.campaign.view import NORMAL, View

RARE = 0.01  # an output that fewer campaigns have is reported as not there
TAIL = 0.1  # of campaigns below an interval, and as many above it
CLASSES = 80_000
"""Vehicle classes: nearly as many as the measured campaigns have vehicles, so that the noise of their traffic, which
ranks the bins of a percentile, is the like. A campaign takes 0.2 to 1 s, and up to 2 s where its caps bind for weeks
while many of the vehicles complete nevertheless.
"""


@dataclass(frozen=True)
class Output:
    """`mean` over the campaigns in which the output exists (None: hardly any), `reached`: the chance that it does.

    Of the campaigns in which it exists four in five are within `low` .. `high`.
    """

    mean: float | None
    reached: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Outcome:
    """Outputs by name, and curves: shares at multiples of the curve step, mean rate [Gbps] of every hour."""

    outputs: dict[str, Output]
    updated_share: Array
    download_share: Array
    hourly_gbps: Array

    @property
    def halt_chance(self) -> float:
        """The chance that the campaign is halted."""
        return self.outputs["halted"].mean or 0.0


class _Mixture:
    """Values of one output with their chances."""

    def __init__(self) -> None:
        self.reached = self.total = 0.0
        self.values: list[Array] = []
        self.chances: list[Array] = []

    def add(self, value: Array | float, deviation: float, chance: float) -> None:
        """Equally likely values, or one with a normal deviation."""
        values = np.atleast_1d(value)
        finite = values[np.isfinite(values)]
        self.reached += chance * finite.size / values.size
        self.total += chance * float(finite.sum()) / values.size
        if deviation > 0 and finite.size:
            # What varies is a count, a rate or a sum of bytes: never below 0.
            finite = np.maximum(finite + deviation * NORMAL, 0.0)
        self.values.append(finite)
        self.chances.append(np.full(finite.size, chance / max(finite.size, 1)))

    def output(self, copies: int) -> Output:
        """Mean and interval; `copies`: independent rollouts that the values are from."""
        if self.reached <= RARE:
            return Output(None, float(self.reached))
        values, chances = np.concatenate(self.values), np.concatenate(self.chances)
        order = np.argsort(values)
        values, middle = values[order], chances[order].cumsum() - chances[order] / 2
        place = middle / chances.sum()
        # The least of n is below 1 / (n + 1) of them all, not below 1 / 2n.
        if copies > 1:
            place = 0.5 + (place - 0.5) * copies / (copies + 1)
        low, high = np.interp([TAIL, 1 - TAIL], place, values)
        return Output(self.total / self.reached, float(self.reached), float(low), float(high))


def outcome(rollout: Rollout) -> Outcome:
    """All outputs and curves of a rollout, with the halt that its policy asks for."""
    horizon, fleets = rollout.campaign.horizon, rollout.classes.fleets
    laws = halt_laws(rollout)
    found: dict[str, _Mixture] = {}
    for fleet, law in enumerate(laws):
        view = View(rollout, fleet if fleets > 1 else None)
        cases = [(horizon, law.failed_without, False, 1 - law.chance)]
        cases += [
            (time, failed, True, law.chance / law.times.size)
            for time, failed in zip(law.times.tolist(), law.failed.tolist(), strict=True)
        ]
        for stop, failed, halted, chance in cases:
            if chance > 0:
                for name, value, deviation in view.outputs(stop, failed, halted):
                    found.setdefault(name, _Mixture()).add(value, deviation, chance / fleets)
    outputs = {name: mixture.output(fleets) for name, mixture in found.items()}
    chance = float(np.mean([law.chance for law in laws]))
    outputs["halted"] = Output(chance, 1.0, float(chance > 1 - TAIL), float(chance > TAIL))
    return Outcome(outputs, *_curves(view if fleets == 1 else View(rollout), _joined(laws)))


def _joined(laws: list[HaltLaw]) -> tuple[Array, Array, float]:
    """Times of the halt, their chances, and the chance that there is none, over the copies of a fleet."""
    chances = [np.full(law.times.size, law.chance / max(law.times.size, 1)) for law in laws]
    times = np.concatenate([law.times for law in laws])
    spared = float(np.mean([1 - law.chance for law in laws]))
    return times, np.concatenate(chances) / len(laws), spared


def _curves(view: View, halts: tuple[Array, Array, float]) -> tuple[Array, Array, Array]:
    """Shares updated and downloaded on the curve's grid, and the rate by hour, as means over halted and not."""
    campaign, (times, chances, spared) = view.campaign, halts
    stops, chance = np.append(times, campaign.horizon)[:, None], np.append(chances, spared)
    steps = int(np.floor(campaign.horizon / campaign.curve_step + ROUNDING))
    grid = np.arange(steps + 1) * campaign.curve_step
    settled = np.minimum(grid, stops + campaign.install.duration)
    updated = chance @ view.updates.by(settled) / campaign.vehicles
    downloaded = chance @ view.downloads.by(np.minimum(grid, stops)) / campaign.vehicles
    hours = np.arange(int(np.ceil(campaign.horizon)) + 1.0)
    sent = view.bytes_by(np.minimum(hours, stops).ravel()).sum(axis=0)
    hourly = np.diff(chance @ sent.reshape(stops.size, hours.size)) / BYTE_PER_HOUR_OF_GBPS
    return updated, downloaded, hourly


def predict(
    campaign: Campaign,
    classes: int = CLASSES,
    seed: int = 0,
    least: int = LEAST_PER_WAVE,
    common: bool = False,
) -> Outcome:
    """The outcome of a campaign; the same cost for a fleet of any size. `least` and `common`: see `follow`."""
    return outcome(follow(campaign, classes, seed, least, common))
