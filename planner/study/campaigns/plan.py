"""Which staging, gates, admission, window and caps make the cheapest campaign that is fast and safe enough?

Closed forms refuse what cannot do, the model with few classes measures the others, and what may be on the front of
cost, days and exposure is measured again with many, until all of the front is. Every other candidate keeps its reason:
a demand that it does not meet and by how much, or the candidate that beats it. The same seed gives the same answer
with any number of processes.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

import numpy as np

from planner.axes import Array
from planner.perf.campaign.description import Campaign
from planner.perf.campaign.reaching import reachable
from planner.study.campaigns.demands import Search
from planner.study.campaigns.front import beaten_by, front
from planner.study.campaigns.measure import COARSE, FINE, Measured, measure
from planner.study.campaigns.screening import Excess, online, refused
from planner.study.campaigns.space import Candidate, campaign_of, candidates
from planner.study.campaigns.trials import Effort, Tell
from planner.study.processes import keep_memory, one_thread
from planner.text import counted

REACH_CLASSES = 40_000
ONLINE_CLASSES = 8_000
SLACK = 0.03  # of a limit, by which few classes may be wrong about it: a closer look decides
FEW = 24  # candidates for which no further process is started


@dataclass(frozen=True)
class Judged:
    """A candidate and what became of it: on the front; or refused (`excesses`), or beaten by another.

    `measured` is None where closed forms refused it; the campaign as written, the first one, is always measured.
    """

    candidate: Candidate
    measured: Measured | None
    excesses: tuple[Excess, ...] = ()
    beaten_by: int | None = None

    @property
    def on_front(self) -> bool:
        """Whether nothing beats it."""
        return not self.excesses and self.beaten_by is None


@dataclass(frozen=True)
class Planned:
    """All candidates, judged; `combinations` is how many the lists have, `reachable` [vehicles]."""

    base: Campaign
    search: Search
    judged: tuple[Judged, ...]
    combinations: int
    reachable: float
    seed: int

    @property
    def front(self) -> list[Judged]:
        """The candidates that nothing beats, the cheapest first."""
        best = [each for each in self.judged if each.on_front]
        return sorted(best, key=lambda each: self._order(each.measured))

    def _order(self, measured: Measured | None) -> tuple[float, float, float]:
        assert measured is not None
        return measured.cost_of_one, measured.days, measured.exposure(self.search)

    @property
    def cheapest(self) -> Judged | None:
        """The answer; None if no candidate meets the demands."""
        return next(iter(self.front), None)

    @property
    def fastest(self) -> Judged | None:
        """The candidate of the front that is done first."""
        return min(
            self.front,
            key=lambda each: each.measured.days if each.measured else np.inf,
            default=None,
        )

    @property
    def written(self) -> Measured:
        """What the campaign as its file says it does."""
        measured = self.judged[0].measured
        assert measured is not None
        return measured

    @property
    def closest(self) -> Judged | None:
        """Where there is no answer: the measured candidate that passes its limits by the least factor."""
        measured = [each for each in self.judged if each.measured is not None and each.excesses]
        return min(measured, key=lambda each: max(map(_factor, each.excesses)), default=None)


def _factor(excess: Excess) -> float:
    if excess.share is not None:
        return 1 / max(excess.share, 1e-9)
    return excess.value / max(excess.limit, 1e-9)


def plan(
    base: Campaign,
    search: Search,
    seed: int = 0,
    workers: int = 1,
    tell: Tell | None = None,
) -> Planned:
    """Search for the best campaigns. `tell` is told how far it is."""
    # Whom a window leaves out counts as not reached, where the window is what is searched for.
    whole = replace(base, window=None) if search.space.windows else base
    reach = reachable(whole, REACH_CLASSES, seed).by(np.array([base.horizon]))[:, 0]
    there = float(reach.sum())
    tried = candidates(search.space, base, search.candidates, seed)
    early = _screened(base, search, tried, reach, seed)
    left = [each for each in tried if not early[each.number]]
    with _Team(base, search, there, seed, workers if len(left) > FEW else 1) as team:
        # The campaign as written is what others are compared with, whatever becomes of it.
        wanted = [each for each in left if each.number]
        found = {each.number: each for each in team.measured(wanted, COARSE, tell)}
        found.update((each.number, each) for each in team.measured(tried[:1], FINE, tell))
        while True:
            best = _best(search, found, SLACK)
            unsure = [tried[number] for number in best if not found[number].fine]
            if not unsure:
                break
            found.update((each.number, each) for each in team.measured(unsure, FINE, tell))
    return Planned(
        base=base,
        search=search,
        judged=tuple(_judged(search, tried, early, found)),
        combinations=search.space.combinations(base),
        reachable=there,
        seed=seed,
    )


def _screened(
    base: Campaign, search: Search, tried: Sequence[Candidate], reach: Array, seed: int
) -> dict[int, list[Excess]]:
    """What closed forms say against each candidate."""
    hours = min(base.horizon, search.goal.hours)
    windows = {
        window: online(replace(base, window=window, horizon=hours), reach, ONLINE_CLASSES, seed)
        for window in dict.fromkeys(each.window for each in tried)
    }
    return {
        each.number: refused(
            campaign_of(base, each), search.goal, search.limits, search.bad, windows[each.window]
        )
        for each in tried
    }


def _points(search: Search, measured: Iterable[Measured]) -> Array:
    return np.array([[m.cost_of_one, m.days, m.exposure(search)] for m in measured]).reshape(-1, 3)


def _best(search: Search, found: dict[int, Measured], slack: float) -> list[int]:
    """The front of what meets the demands; what few classes say may pass them by a little."""
    able = [
        each
        for each in (measured.in_its_favour() for measured in found.values())
        if all(not each.fine and _factor(excess) <= 1 + slack for excess in each.excesses(search))
    ]
    return [each.number for each, on in zip(able, front(_points(search, able)), strict=True) if on]


def _judged(
    search: Search,
    tried: Sequence[Candidate],
    early: dict[int, list[Excess]],
    found: dict[int, Measured],
) -> Iterator[Judged]:
    """A reason for every candidate that is not on the front."""
    excesses = {number: each.excesses(search) for number, each in found.items()}
    able = [each for number, each in found.items() if not excesses[number]]
    points = _points(search, able)
    best = np.flatnonzero(front(points))
    beaten = beaten_by(points, best) if able else np.zeros(0, int)
    by = {
        each.number: able[other].number
        for each, other in zip(able, beaten.tolist(), strict=True)
        if other >= 0
    }
    for each in tried:
        number = each.number
        yield Judged(
            candidate=each,
            measured=found.get(number),
            excesses=tuple(excesses[number] if number in found else early[number]),
            beaten_by=by.get(number),
        )


class _Team:
    """Processes that measure candidates, or this one."""

    def __init__(
        self, base: Campaign, search: Search, reach: float, seed: int, workers: int
    ) -> None:
        self.of = partial(measure, base, search, reach)
        self.seed, self.workers = seed, workers
        self.pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> _Team:
        if self.workers > 1:
            ways = multiprocessing.get_all_start_methods()
            context = multiprocessing.get_context("fork" if "fork" in ways else None)
            self.pool = ProcessPoolExecutor(self.workers, context, _prepare)
        return self

    def __exit__(self, *_: object) -> None:
        if self.pool is not None:
            self.pool.shutdown(cancel_futures=True)

    def measured(
        self, wanted: Sequence[Candidate], effort: Effort, tell: Tell | None
    ) -> list[Measured]:
        """Measure candidates; those of one rollout go to one process."""
        groups: dict[object, list[Candidate]] = {}
        for candidate in wanted:
            groups.setdefault(candidate.rollout, []).append(candidate)
        task = partial(self.of, effort, self.seed)
        run: Callable[..., Iterable[list[Measured]]] = self.pool.map if self.pool else map
        found: list[list[Measured]] = []
        done = 0
        for each in run(task, groups.values()):
            found.append(each)
            done += len(each)
            if tell is not None:
                closely = " closely" if effort == FINE else ""
                tell(f"{done} of {counted(len(wanted), 'candidate')} followed{closely}")
        return list(chain.from_iterable(found))


def _prepare() -> None:
    """A new process: one thread, memory that stays."""
    one_thread()
    keep_memory()
