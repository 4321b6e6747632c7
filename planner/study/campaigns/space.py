"""Which campaigns does a search try?

Lists of what may be chosen are crossed: shares of waves, the soak between them, gates, the halt, admission, the
download window, a cap for each pool. Where there are more combinations than are to be tried, a scrambled Halton
sequence picks among them, so that each list and each pair of lists is covered evenly. The campaign as it is written is
always the first candidate.

Source: Halton, On the efficiency of certain quasi-random sequences of points, Numerische Mathematik 2 (1960) 84-90;
Owen, A randomized Halton algorithm in R, arXiv 1706.02808.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.stats import qmc

from planner.perf.campaign.description import Admission, Campaign, Wave

CROSSED = 3  # combinations for each candidate that is wanted, up to which all are gone through
ROUNDS = 8  # of points drawn, each as many as are wanted, before what was found has to do


@dataclass(frozen=True)
class Admitted:
    """How the members of an opened wave become eligible, as in `Wave`."""

    kind: Admission
    hours: float = 0.0
    base: float = 0.0
    factor: float = 1.0
    step: float = 1.0
    fastest: float = 0.0

    @classmethod
    def of(cls, wave: Wave) -> Admitted:
        return cls(wave.admission, wave.hours, wave.base, wave.factor, wave.step, wave.fastest)


@dataclass(frozen=True)
class Candidate:
    """A campaign that is tried: its policy. Times [hours], caps [byte/hour], infinite: none.

    `shares`, `soaks` and `gates` are by wave; the first of the last two means nothing. `admissions` are by wave.
    """

    number: int
    shares: tuple[float, ...]
    soaks: tuple[float, ...]
    gates: tuple[float | None, ...]
    admissions: tuple[Admitted, ...]
    halt_share: float | None
    halt_least: int
    window: tuple[float, float] | None
    caps: tuple[float, ...]

    @property
    def rollout(self) -> tuple[Any, ...]:
        """What its rollout depends on while nothing halts it, but for the caps."""
        return self.shares, self.soaks, self.gates, self.admissions, self.window


@dataclass(frozen=True)
class Space:
    """What may be chosen. An empty list, or a pool without one, leaves what the campaign says."""

    waves: tuple[tuple[float, ...], ...] = ()
    soaks: tuple[float, ...] = ()
    gates: tuple[float | None, ...] = ()
    admissions: tuple[Admitted, ...] = ()
    halt_shares: tuple[float | None, ...] = ()
    halt_leasts: tuple[int, ...] = ()
    windows: tuple[tuple[float, float] | None, ...] = ()
    caps: tuple[tuple[float, ...], ...] = ()  # by pool

    def axes(self, base: Campaign) -> tuple[tuple[Any, ...], ...]:
        """The lists that are crossed."""
        caps = self.caps or ((),) * len(base.pools)
        return (
            self.waves or (None,),
            self.soaks or (None,),
            self.gates or (False,),
            self.admissions or (None,),
            self.halt_shares or (base.halt_share,),
            self.halt_leasts or (base.halt_least,),
            self.windows or (base.window,),
            *(own or (pool.cap,) for own, pool in zip(caps, base.pools, strict=True)),
        )

    def combinations(self, base: Campaign) -> int:
        """How many there are, some of which may say the same."""
        return math.prod(len(axis) for axis in self.axes(base))


def candidates(space: Space, base: Campaign, most: int, seed: int) -> list[Candidate]:
    """The campaign as written and then other candidates, no two alike, `most` together at the most."""
    written = _candidate(base, (None, None, False, None, *_rest(base)))
    found = {written: written}
    few = all_tried(space, base, most)
    for choice in _choices(space.axes(base), most, seed, few):
        each = _candidate(base, choice)
        found.setdefault(each, each)
        if len(found) >= most and not few:
            break
    kept = list(found)
    if len(kept) > most:
        chosen = np.random.default_rng(seed).choice(np.arange(1, len(kept)), most - 1, False)
        kept = [written, *(kept[place] for place in np.sort(chosen).tolist())]
    return [replace(each, number=number) for number, each in enumerate(kept)]


def all_tried(space: Space, base: Campaign, most: int) -> bool:
    """Whether the combinations are few enough to be gone through; many of them may say the same."""
    return space.combinations(base) <= CROSSED * most


def _rest(base: Campaign) -> tuple[Any, ...]:
    return base.halt_share, base.halt_least, base.window, *(pool.cap for pool in base.pools)


def _choices(
    axes: Sequence[Sequence[Any]], most: int, seed: int, few: bool
) -> Iterator[tuple[Any, ...]]:
    """All combinations, or points of a quasi-random sequence where they are not few."""
    sizes = np.array([len(axis) for axis in axes])
    if few:
        yield from itertools.product(*axes)
        return
    sequence = qmc.Halton(d=len(axes), scramble=True, seed=seed)
    for _ in range(ROUNDS):
        for places in np.minimum((sequence.random(most) * sizes).astype(int), sizes - 1):
            yield tuple(axis[place] for axis, place in zip(axes, places, strict=True))


def _candidate(base: Campaign, choice: tuple[Any, ...]) -> Candidate:
    shares, soak, gate, admission, halt_share, halt_least, window, *caps = choice
    last = base.waves[-1]
    if shares is None:
        soaks = tuple(w.after_previous if soak is None else soak for w in base.waves)
        gates = tuple(w.gate if gate is False else gate for w in base.waves)
        admissions = tuple(admission or Admitted.of(wave) for wave in base.waves)
        shares = tuple(wave.share for wave in base.waves)
    else:
        soaks = (last.after_previous if soak is None else soak,) * len(shares)
        gates = (last.gate if gate is False else gate,) * len(shares)
        admissions = (admission or Admitted.of(last),) * len(shares)
    whole = sum(shares)
    return Candidate(
        number=0,
        shares=tuple(share / whole for share in shares),
        soaks=(0.0, *soaks[1:]),  # nothing comes before the first wave
        gates=(None, *gates[1:]),
        admissions=admissions,
        halt_share=halt_share,
        halt_least=halt_least,
        window=window,
        caps=tuple(caps),
    )


def campaign_of(base: Campaign, candidate: Candidate) -> Campaign:
    """The campaign with a candidate's policy. Waves keep their clock where there are as many as before."""
    same = len(candidate.shares) == len(base.waves)
    clocks = [wave.not_before for wave in base.waves] if same else None
    first = base.waves[0].not_before
    waves = tuple(
        Wave(
            share=share,
            not_before=clocks[number] if clocks else first,
            gate=candidate.gates[number],
            after_previous=candidate.soaks[number],
            admission=candidate.admissions[number].kind,
            hours=candidate.admissions[number].hours,
            base=candidate.admissions[number].base,
            factor=candidate.admissions[number].factor,
            step=candidate.admissions[number].step,
            fastest=candidate.admissions[number].fastest,
        )
        for number, share in enumerate(candidate.shares)
    )
    return replace(
        base,
        waves=waves,
        halt_share=candidate.halt_share,
        halt_least=candidate.halt_least,
        window=candidate.window,
        pools=tuple(
            replace(pool, cap=cap) for pool, cap in zip(base.pools, candidate.caps, strict=True)
        ),
    )
