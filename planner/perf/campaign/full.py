"""How do the flows of full pools go on for hours at once?

When a flow begins, drops or loses its session does not depend on the pools' levels, as long as it does not complete. So
all flows of a window are laid out once, at levels that are guessed; the levels that they make are the next guess, and
only flows that complete change with it. A level depends on nothing that comes after it, so each turn is right for
longer than the one before, and a few turns are enough.

Source: the turns are Picard's iteration of a Volterra equation, Linz, Analytical and Numerical Methods for Volterra
Equations, SIAM 1985, chapter 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.axes import Array
from planner.perf.campaign.clocks import Clocks, Last, fair_levels
from planner.perf.campaign.flows import Flows, Round
from planner.perf.campaign.records import ROUNDING
from planner.perf.campaign.sampling import Whole
from planner.perf.campaign.sessions import HOURS_PER_DAY, Flags
from planner.perf.campaign.traffic import BIN, on_grid

MOST_COMPLETE = (
    0.3  # of the classes of a window: where more complete, five-minute steps are cheaper
)
TURNS = 10  # of a window, before a shorter one is tried
ABOVE = 5e-7  # by which the bytes of a bin may pass its capacity,
BELOW = 1e-4  # and of the capacity, what flows may leave that they would take
LEAST_LEVEL = 1.0  # [byte/hour]
LEAST_LENGTH = 1e-12  # [hours]
BINS_PER_DAY = round(HOURS_PER_DAY / BIN)


@dataclass(frozen=True)
class Kept:
    """The state's arrays of the classes `rows` at the begin of a window, and how long the lists were."""

    rows: Whole
    state: dict[str, npt.NDArray[Any]]
    openings: Array
    opened: Whole
    gates: list[int]
    records: dict[str, int]
    first: int
    sent: Array  # bytes from the bin `first` on
    flow_squares: Array


@dataclass(frozen=True)
class Grid:
    """The bins of a window: first and number, and the capacity [byte] by (pool, bin)."""

    first: int
    bins: int
    capacity: Array

    @property
    def base(self) -> float:
        """Begin of the first bin [hours]."""
        return self.first * BIN


class FullPools(Flows):
    """Windows in which pools are full."""

    levels: Array  # [byte/hour] by (pool, bin), as far as `known`
    known = 0  # bins

    def keep(self, begin: float, until: float) -> Kept:
        """What a window up to `until` changes, to take it back; a wave that it opens is as at the start."""
        self.lay_out()
        grid = self.grid(begin, until)
        rows = np.flatnonzero(self.state["next"] < until)
        return Kept(
            rows=rows,
            state={name: array[..., rows] for name, array in self.state.items()},
            openings=self.openings.copy(),
            opened=self.opened.copy(),
            gates=[len(each) for each in self.gates],
            records=self.records.lengths(),
            first=grid.first,
            sent=self.sent[:, grid.first : grid.first + grid.bins].copy(),
            flow_squares=self.flow_squares.copy(),
        )

    def take_back(self, kept: Kept) -> None:
        """Back to the begin of a window, also of waves that were opened at its end."""
        if (self.opened != kept.opened).any():
            fresh = np.flatnonzero(self.classes.wave >= kept.opened[self.classes.fleet])
            for name, array in self.at_start.items():
                self.state[name][..., fresh] = array[..., fresh]
        for name, array in kept.state.items():
            self.state[name][..., kept.rows] = array
        self.openings, self.opened = kept.openings, kept.opened
        for each, length in zip(self.gates, kept.gates, strict=True):
            del each[length:]
        self.sent[:, kept.first : kept.first + kept.sent.shape[1]] = kept.sent
        self.flow_squares = kept.flow_squares
        self.verified.clear()
        self.recheck[:] = -np.inf
        self.records.cut(kept.records)

    def guess(self, grid: Grid) -> Array:
        """Levels [byte/hour] by (pool, bin): as known from a window taken back, from the day before, or the last."""
        first, after = grid.first, grid.first + grid.bins
        places = np.arange(first, after)
        places = np.where(places < self.known, places, places - BINS_PER_DAY)
        yesterday = self.levels[:, np.maximum(places, 0)]
        last = self.levels[:, [max(first - 1, 0)]]
        return np.where(np.isfinite(yesterday) & (places >= 0), yesterday, last)

    def grid(self, begin: float, until: float) -> Grid:
        """The bins of a window."""
        first = int(begin / BIN + ROUNDING)
        bins = min(int(np.ceil(until / BIN - ROUNDING)), self.bins) - first
        edges = np.clip(np.arange(first, first + bins + 1) * BIN, begin, until)
        return Grid(first, bins, self.caps[:, None] * np.diff(edges))

    def by_clocks(self, begin: float, until: float, before: Kept) -> tuple[int, float]:
        """All flows from `begin` to `until`: how many turns it took, and until when the last one is right.

        Unless that is the end of the window, what the state is afterwards is of no use.
        """
        grid = self.grid(begin, until)
        clocks = Clocks(self.link_rates, self.guess(grid), grid.base)
        kept = self.carry(before.rows, until, clocks)
        laid_out, verified = self.records.lengths(), len(self.verified)
        completes = np.zeros(self.state["next"].size, bool)  # by some of the clocks tried
        for each in kept:
            completes[each.who[each.done]] = True
        kept, own = divided(kept, completes)
        hours = self.hours(kept, grid)
        for turn in range(TURNS):
            mine = np.flatnonzero(completes[before.rows])
            if mine.size > MOST_COMPLETE * before.rows.size:
                return turn, begin
            if turn:
                for name, array in before.state.items():
                    self.state[name][..., before.rows[mine]] = array[..., mine]
                self.records.cut(laid_out)
                del self.verified[verified:]
                own = self.carry(before.rows[mine], until, clocks)
            all_hours = hours + self.hours(own, grid)
            present = self.by_pool(all_hours)
            level = self.fair(present, self.last_bins(own, grid, clocks), grid)
            right = self.fits(present, level, clocks, grid)
            if right.all():
                self.accept(kept, own, all_hours, grid, clocks, before)
                if turn:
                    self.forget(completes, before.records, laid_out, verified)
                self.remember(clocks.level, grid)
                return turn + 1, until
            clocks = Clocks(self.link_rates, level, grid.base)
            more = self.completing(kept, before, clocks)
            if more.size:
                completes[more] = True
                kept, gone = divided(kept, completes)
                hours -= self.hours(gone, grid)
        self.remember(level, grid)
        return TURNS, max(grid.base + int(right.argmin()) * BIN, begin)

    def remember(self, level: Array, grid: Grid) -> None:
        """Levels for guesses: of what follows, or of the same window when it was taken back."""
        self.known = grid.first + grid.bins
        self.levels[:, grid.first : self.known] = level

    def fair(self, present: Array, last: Last, grid: Grid) -> Array:
        """The levels [byte/hour] by (pool, bin) that vehicle-hours by (pool, link rate, bin) make."""
        leaving = np.bincount(last.cell, last.there, present.size).reshape(present.shape)
        level = fair_levels(present - leaving, last, self.link_rates, grid.capacity)
        return np.maximum(level, LEAST_LEVEL)

    def fits(self, present: Array, level: Array, clocks: Clocks, grid: Grid) -> Flags:
        """Bins in which what flows send by these clocks is what the levels that they make let them send."""
        taken = (present * clocks.speed).sum(axis=1)
        wanted = (present * self.link_rates[:, None]).sum(axis=1)
        owed = np.where(np.isfinite(level), grid.capacity, wanted)
        right = (taken <= grid.capacity * (1 + ABOVE)) & (owed - taken <= BELOW * grid.capacity)
        return np.asarray(right.all(axis=0))

    def carry(self, who: Whole, until: float, clocks: Clocks) -> list[Round]:
        """All flows of these classes up to `until`, each one's first, second, ..."""
        rounds = []
        while who.size:
            self.connect(who)
            rounds.append(self.timed_flow(who, until, clocks))
            who = who[self.state["next"][who] < until]
        return rounds

    def hours(self, rounds: list[Round], grid: Grid) -> Array:
        """Vehicle-hours of flows by (row of `sent`, link rate, bin)."""
        rates, rows = self.link_rates.size, self.sent.shape[0]
        if not rounds:
            return np.zeros((rows, rates, grid.bins))
        who, begin, end, clock, row = joined(rounds, "who", "begin", "end", "clock", "row")
        cell = row * rates + clock % rates
        weight = self.classes.weight[who]
        begin, end = begin - grid.base, end - grid.base
        found = on_grid(begin, end, weight, cell, rows * rates, grid.bins)
        return found.reshape(rows, rates, grid.bins)

    def by_pool(self, hours: Array) -> Array:
        """By (row of `sent`, link rate, bin) as (pool, link rate, bin)."""
        by_region = hours.reshape(self.classes.fleets, -1, 2, hours.shape[1] * hours.shape[2])
        return np.asarray((self.pools @ by_region.sum(axis=2)).reshape(-1, *hours.shape[1:]))

    def last_bins(self, rounds: list[Round], grid: Grid, clocks: Clocks) -> Last:
        """The bins in which flows complete."""
        done = [part(each, each.done) for each in rounds if each.done.size]
        if not done:
            none = np.zeros(0)
            return Last(none.astype(int), none, none, none)
        who, begin, end, stop, clock = joined(done, "who", "begin", "end", "stop", "clock")
        place = np.clip(
            np.ceil((end - grid.base) / BIN - ROUNDING).astype(int) - 1, 0, grid.bins - 1
        )
        since = np.where(place > 0, np.maximum(begin, grid.base + place * BIN), begin)
        weight = self.classes.weight[who]
        longest = np.minimum(stop, grid.base + (place + 1) * BIN) - since
        taken = clocks.got(clock, end) - clocks.got(clock, since)
        there = np.maximum(end - since, 0.0)
        return Last(
            cell=clock * grid.bins + place,
            hours=weight * np.maximum(longest, there),
            there=weight * there,
            taken=weight * np.maximum(taken, 0.0),
        )

    def completing(self, rounds: list[Round], before: Kept, clocks: Clocks) -> Whole:
        """Classes of these flows of which one completes by these clocks."""
        if not rounds:
            return np.zeros(0, np.intp)
        if self.campaign.resume != "byte":
            flows = self.again(rounds, before, clocks)
            found = [each.who[sent >= missing] for each, sent, missing in flows]
            return np.unique(np.concatenate(found))
        # Nothing is lost between flows: a class completes if all of them together are enough.
        who, begin, end, clock = joined(rounds, "who", "begin", "end", "clock")
        sent = clocks.got(clock, end) - clocks.got(clock, begin)
        total = np.bincount(np.searchsorted(before.rows, who), sent, before.rows.size)
        return before.rows[(total >= before.state["missing"]) & (total > 0)]

    def again(
        self, rounds: list[Round], before: Kept, clocks: Clocks
    ) -> Iterator[tuple[Round, Array, Array]]:
        """What each round of flows sends by other clocks, and what its classes lacked before it."""
        missing = np.zeros(self.state["next"].size)
        missing[before.rows] = before.state["missing"]
        for each in rounds:
            sent = clocks.got(each.clock, each.end) - clocks.got(each.clock, each.begin)
            lacked = missing[each.who]
            yield each, sent, lacked
            left = lacked - sent
            missing[each.who] = np.where(each.over, self.left_after(each.who, left), left)

    def accept(
        self,
        kept: list[Round],
        own: list[Round],
        hours: Array,
        grid: Grid,
        clocks: Clocks,
        before: Kept,
    ) -> None:
        """This is how it goes: bytes, drops and noise, and what classes lack that completed nothing."""
        state = self.state
        completes = np.zeros(state["next"].size, bool)
        for each in own:
            completes[each.who] = True
        calm = ~completes[before.rows]
        state["sent"][:, before.rows[calm]] = before.state["sent"][:, calm]
        for each, sent, missing in self.again(kept, before, clocks):
            who = each.who
            state["sent"][each.row % 2, who] += sent
            left = missing - sent
            state["missing"][who] = np.where(each.over, self.left_after(who, left), left)
            self.note(each, sent)
        for each in own:
            self.note(each, each.sent)
        fleets, pools = self.classes.fleets, len(self.campaign.pools)
        speed = clocks.speed.reshape(fleets, pools, -1)
        of_region = np.array([region.pool for region in self.campaign.regions])
        sent = hours.reshape(fleets, of_region.size, 2, -1) * speed[:, of_region, None]
        by_bin = sent.reshape(self.sent.shape[0], -1, grid.bins).sum(axis=1)
        self.sent[:, grid.first : grid.first + grid.bins] += by_bin

    def forget(
        self, completes: Flags, since: dict[str, int], until: dict[str, int], verified: int
    ) -> None:
        """Strike what was written down of these classes when flows were laid out."""
        for name, items in vars(self.records).items():
            for place in range(since[name], until[name]):
                stays = ~completes[items[place][0]]
                items[place] = tuple(each[stays] for each in items[place])
        for place in range(verified):
            who, time, parked_at = self.verified[place]
            stays = ~completes[who]
            self.verified[place] = (who[stays], time[stays], parked_at[stays])

    def note(self, flows: Round, sent: Array) -> None:
        """Noise and drops of these flows."""
        length = flows.end - flows.begin
        rate = sent / np.maximum(length, LEAST_LENGTH)
        self.note_noise(flows.who, rate, length, aligned=False)
        self.note_drops(flows.who, flows.end, length, flows.drop_rate)


def joined(rounds: list[Round], *names: str) -> Iterator[npt.NDArray[Any]]:
    """Arrays of all these flows, by name."""
    return (np.concatenate([getattr(each, name) for each in rounds]) for name in names)


def part(flows: Round, chosen: Flags | Whole) -> Round:
    """Some of these flows."""
    places = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
    own = {
        each.name: getattr(flows, each.name)[places]
        for each in fields(Round)
        if each.name != "done"
    }
    done = np.zeros(flows.who.size, bool)
    done[flows.done] = True
    return Round(**own, done=np.flatnonzero(done[places]))


def divided(rounds: list[Round], chosen: Flags) -> tuple[list[Round], list[Round]]:
    """The flows of classes that are not chosen, and of those that are."""
    others, mine = [], []
    for each in rounds:
        of_chosen = chosen[each.who]
        if not of_chosen.any():
            others.append(each)
        else:
            mine.append(part(each, of_chosen))
            if not of_chosen.all():
                others.append(part(each, ~of_chosen))
    return others, mine
