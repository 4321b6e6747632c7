"""When does each vehicle of a wave become eligible?

Admission after the wave's opening: all at once, uniformly over some hours, or one vehicle after another at a rate that
grows by a factor with every so many vehicles, up to a largest rate (the way of a cloud's job service).
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array
from planner.perf.campaign.description import Wave


def admission_delays(wave: Wave, vehicles: float, place: Array) -> Array:
    """Hours between a wave's opening and each member's eligible time; `place` in 0 .. 1 is its place in the order.

    At a rate r vehicle number j of a step of `step` vehicles follows 1 / r after the one before; whole steps add up.
    """
    if wave.admission == "all":
        return np.zeros(place.shape)
    if wave.admission == "uniform":
        return wave.hours * place
    # The rate grows for some steps and is then the fastest: the last one goes on for ever.
    ceiling = np.log(max(wave.fastest / wave.base, 1.0))
    growing = np.ceil(ceiling / np.log(wave.factor)) if wave.factor > 1 else 0.0
    steps = np.arange(min(np.ceil(vehicles / wave.step), growing + 1))
    growth = np.minimum(steps * np.log(wave.factor), ceiling)
    rate = np.minimum(wave.base * np.exp(growth), wave.fastest)
    begun = np.concatenate([[0.0], np.cumsum(wave.step / rate)])
    number = np.floor(place * vehicles) + 1
    step = np.minimum(((number - 1) // wave.step).astype(int), steps.size - 1)
    return np.asarray(begun[step] + (number - step * wave.step) / rate[step])


def opening(wave: Wave, previous: Array | None, gate: Array) -> Array:
    """Opening times of a wave [hours]: the latest of its clock, its soak and its gates (the times they were reached).

    `previous`, by fleet: opening times of the wave before; None for the first wave.
    """
    if previous is None:
        return np.full(gate.shape, wave.not_before)
    return np.maximum(np.maximum(wave.not_before, previous + wave.after_previous), gate)
