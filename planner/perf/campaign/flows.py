"""What happens to flows: connections, drops, ends of sessions, verification, installs, and the waves they open?"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial

import numpy as np

from planner.axes import Array
from planner.perf.campaign.clocks import Clocks
from planner.perf.campaign.install import Draw, attempt_starts, failures_before_success
from planner.perf.campaign.records import ROUNDING
from planner.perf.campaign.sampling import Whole, keyed, uniform
from planner.perf.campaign.sessions import Flags
from planner.perf.campaign.state import State
from planner.perf.campaign.traffic import BIN
from planner.perf.campaign.waves import opening

NOT_YET = np.inf
APART = 7919  # classes, between whose draws there is nothing in common
COINS = 1 << 32  # beside the seed, for coins of verification that are not dealt out
MOST_TURNS = 100  # verifications that are told apart
INSTALLS = 1 << 20  # in place of a region, in the seeds of what is drawn for all classes at once


@dataclass(frozen=True)
class Round:
    """One flow of each of some classes: from `begin` to `end` [hours]; unless it completed, to its `stop`.

    `clock` and `row` of the bytes `sent`, `drop_rate` [1/hour]; `done`: places of those that completed; `over`: whether
    the flow is at its end, and does not go on.
    """

    who: Whole
    begin: Array
    end: Array
    stop: Array
    clock: Whole
    row: Whole
    sent: Array
    drop_rate: Array
    done: Whole
    over: Flags


class Flows(State):
    """The state of every class, and the events that change it."""

    # --- waves --------------------------------------------------------------------------------------------------------

    def open_waves(self, now: float) -> bool:
        """Open what may be opened knowing everything up to `now`; whether any wave was."""
        any_opened = False
        if not ((self.opened < len(self.campaign.waves)) & (self.recheck <= now)).any():
            return False
        for number, wave in enumerate(self.campaign.waves):
            fleets = np.flatnonzero((self.opened == number) & (self.recheck <= now))
            if not fleets.size:
                continue
            gate = np.full(fleets.size, -np.inf)
            if number and wave.gate is not None:
                gate = self.gate_times(number, wave.gate, now)[fleets]
                fleets, gate = fleets[gate <= now], gate[gate <= now]
                if not fleets.size:
                    continue
            before = self.openings[fleets, number - 1] if number else None
            self.openings[fleets, number] = opening(wave, before, gate)
            self.opened[fleets] += 1
            self.recheck[fleets] = -np.inf
            mine = self.classes.wave == number
            if self.classes.fleets > 1:
                mine &= np.isin(self.classes.fleet, fleets)
            members = np.flatnonzero(mine)
            opened = self.openings[self.classes.fleet[members], number]
            if self.lead.any():
                planned = self.campaign.waves[0].not_before
                opened = np.maximum(opened, planned + self.lead[self.classes.region[members]])
            self.state["eligible"][members] = opened + self.classes.delay[members]
            self.catch_up(members)
            any_opened = True
        return any_opened

    def gate_times(self, number: int, share: float, now: float) -> Array:
        """By fleet, when the successes of the wave before reached the share, if that was by `now`; else infinite."""
        fleets = self.classes.fleets
        need = share * self.classes.wave_size[number - 1] / fleets * (1 - ROUNDING)
        reached = np.full(fleets, NOT_YET)
        self.lay_out()
        # Until the successes of all times together are enough, none are enough by now.
        known = self.gates[number - 1]
        if known and sum(each[3] for each in known) >= need:
            parts = list(zip(*known, strict=True))
            fleet, time, weight = (np.concatenate(part) for part in parts[:3])
            order = np.lexsort((time, fleet)) if fleets > 1 else np.argsort(time)
            fleet, time = fleet[order], time[order]
            total = np.cumsum(weight[order])
            first = np.searchsorted(fleet, np.arange(fleets))
            counted = total - np.concatenate([[0.0], total])[first][fleet]
            enough = counted >= need
            np.minimum.at(reached, fleet[enough], time[enough])
        # Downloads that finish from now on succeed an install later at the earliest.
        waiting = self.opened == number
        self.recheck[waiting] = np.minimum(reached, now + self.campaign.install.duration)[waiting]
        return np.where(reached <= now, reached, NOT_YET)

    # --- flows --------------------------------------------------------------------------------------------------------

    def flow(
        self, who: Whole, until: float, level: Array | None
    ) -> tuple[Array, Array, Array, Whole]:
        """Carry the flows of these classes to their next event or `until`: (begin, end, byte/hour, row of `sent`)."""
        state = self.state
        begin, breaks, row = self.bounds(who)
        rate = state["rate"][who]
        if level is not None:
            rate = np.minimum(rate, level[self.pool[who]])
        missing = state["missing"][who]
        stop = np.minimum(breaks, until)
        finish = begin + missing / rate
        complete = finish <= stop
        end = np.minimum(finish, stop)
        length = end - begin
        sent = rate * length
        state["missing"][who] = missing - sent
        state["sent"][row % 2, who] += sent
        self.note_noise(who, rate, length, aligned=level is not None)
        self.note_drops(who, end, length, state["drop_rate"][who])
        self.settle(who, end, complete, complete | (breaks <= until))
        return begin, end, rate * self.classes.weight[who], row

    def timed_flow(self, who: Whole, until: float, clocks: Clocks) -> Round:
        """The same by the clocks of full pools; noise and drops are noted once it is known that this is how it goes."""
        state = self.state
        begin, breaks, row = self.bounds(who)
        clock = self.pool[who] * self.link_rates.size
        clock += np.searchsorted(self.link_rates, state["rate"][who])
        missing = state["missing"][who]
        stop = np.minimum(breaks, until)
        before = clocks.got(clock, begin)
        sent = clocks.got(clock, stop) - before
        complete = sent >= missing
        end = stop.copy()
        done = np.flatnonzero(complete)
        if done.size:
            sent[done] = missing[done]
            finish = clocks.when(clock[done], before[done] + missing[done])
            end[done] = np.minimum(np.maximum(finish, begin[done]), stop[done])
        state["missing"][who] = missing - sent
        state["sent"][row % 2, who] += sent
        over = complete | (breaks <= until)
        found = Round(who, begin, end, stop, clock, row, sent, state["drop_rate"][who], done, over)
        self.settle(who, end, complete, over)
        return found

    def bounds(self, who: Whole) -> tuple[Array, Array, Whole]:
        """Of these classes' flows: begin, end of the session or drop [hours], and row of `sent`.

        Read before anything is scheduled anew: the row belongs to the session that the flow runs in.
        """
        state = self.state
        breaks = state["end"][who]
        if self.may_drop:
            breaks = np.minimum(breaks, state["drop"][who])
        row = self.row[who] + self.by_cell[state["kind"][who]]
        return state["next"][who], breaks, row

    def settle(self, who: Whole, end: Array, complete: Flags, over: Flags) -> None:
        """What comes after these flows' ends: verification, another flow, or nothing but the same one."""
        state = self.state
        state["next"][who] = end
        if over.any():
            state["running"][who[over]] = False
            self.records.ended.append((who[over], end[over]))
            self.verify(who[complete], end[complete])
            broken = over & ~complete
            self.interrupt(who[broken], end[broken])

    def note_drops(self, who: Whole, end: Array, length: Array, rate: Array) -> None:
        """The expected number of drops [1/hour x hours] of flows, counted at their ends."""
        if self.may_drop:
            self.records.drops.append((who, end, self.classes.weight[who] * rate * length))

    def note_noise(self, who: Whole, rate: Array, length: Array, aligned: bool) -> None:
        """Add the squares of what flows put into their bins: their sum is a bin's variance (compound Poisson).

        A flow of `length` L lies anywhere on the grid of bins b, so sum_k x_k^2 is r^2 b (L - b / 3) in the mean for
        L >= b and r^2 L^2 (1 - L / 3b) below; `aligned`: within one bin.
        """
        if aligned:
            square = (rate * length) ** 2
        else:
            part = np.minimum(length, BIN)
            square = rate**2 * part * (length - part**2 / (3 * BIN))
        square *= self.classes.weight[who]
        self.flow_squares += np.bincount(self.pool[who], square, self.caps.size)

    def connect(self, who: Whole) -> None:
        """Connections for those of these classes that have none: the drop is drawn, counted from here."""
        state = self.state
        who = who[~state["running"][who]]
        if not who.size:
            return
        time, drop_rate = state["next"][who], state["drop_rate"][who]
        state["running"][who] = True
        self.records.begun.append((who, time))
        if self.may_drop:
            patience = (
                state["patience"][who] if self.keeps else -np.log1p(-uniform(self.rng, who.size))
            )
            with np.errstate(divide="ignore"):
                state["drop"][who] = time + patience / drop_rate

    def interrupt(self, who: Whole, time: Array) -> None:
        """A drop or the end of a session: what is kept, and when the vehicle goes on."""
        if not who.size:
            return
        state, campaign = self.state, self.campaign
        if campaign.resume != "byte":
            state["missing"][who] = self.left_after(who, state["missing"][who])
        dropped = state["drop"][who] < state["end"][who]
        if self.keeps and self.may_drop:
            # The exponential law has no memory: what is left of a drop's time goes on in the next flow.
            left = state["drop"][who] - time
            goes_on = np.isfinite(left) & ~dropped
            state["patience"][who[goes_on]] = left[goes_on] * state["drop_rate"][who[goes_on]]
            lost = who[dropped]
            if lost.size:
                state["dropped"][lost] += 1
                state["patience"][lost] = self.patience(lost)
        self.resume(who, np.where(dropped, time + campaign.backoff, np.inf))

    def left_after(self, who: Whole, missing: Array) -> Array:
        """What these classes lack [byte] once a flow was cut short with so much missing."""
        campaign, size = self.campaign, self.state["size"][who]
        if campaign.resume == "byte":
            return missing
        if campaign.resume == "none":
            return size
        kept = np.floor((size - missing) / campaign.chunk * (1 + ROUNDING)) * campaign.chunk
        return np.asarray(size - np.minimum(kept, size))

    def resume(self, who: Whole, time: Array) -> None:
        """Go on at `time` in the session that runs, else at a poll of a later one."""
        state = self.state
        same = time < state["end"][who]
        state["next"][who] = np.where(same, time, np.inf)
        later = who[~same]
        state["free"][later] = state["end"][later]
        self.schedule(later)

    def verify(self, who: Whole, time: Array) -> None:
        """Payloads that are there: done, or thrown away for the full image."""
        if not who.size:
            return
        state, campaign = self.state, self.campaign
        fail = np.where(
            state["is_delta"][who], campaign.verify_fail_delta, campaign.verify_fail_full
        )
        bad = np.zeros(who.size, bool)
        if fail.any():
            self.records.rejected.append((who, time, self.classes.weight[who] * fail))
            # Few fail, and a full image is many deltas: the first coins are dealt out over the whole fleet.
            turn = state["verified"][who]
            coins = self.classes.verify_coins[np.minimum(turn, 1), who]
            late = np.flatnonzero(turn > 1)
            if late.size:
                coins[late] = keyed(self.seed + COINS, who[late], turn[late])
            bad = coins < fail
            state["verified"][who] = np.minimum(turn + 1, MOST_TURNS)
        again = who[bad]
        if again.size:
            state["is_delta"][again] = False
            state["size"][again] = state["missing"][again] = campaign.full
            self.resume(again, time[bad] + campaign.backoff)
        self.complete(who[~bad], time[~bad])

    def complete(self, who: Whole, time: Array) -> None:
        """Verified: to be installed."""
        if not who.size:
            return
        state = self.state
        state["finished"][who] = True
        state["next"][who] = np.inf
        parked_at = np.where(self.parked[state["kind"][who]], time, state["left"][who])
        self.verified.append((who, time, parked_at))
        if self.links.max() > 1:  # the next release may be fetched in the same window
            self.lay_out()

    def lay_out(self) -> None:
        """The installs of all payloads verified since the last time; gates and the next releases wait for them."""
        if not self.verified:
            return
        who, time, parked_at = (np.concatenate(part) for part in zip(*self.verified, strict=True))
        self.verified.clear()
        state, install = self.state, self.campaign.install
        starts = self.install_starts(who, time, parked_at)
        last = state["stage"][who] + 1 >= self.links[who]
        if not last.all():
            self.go_on(who[~last], starts[~last])
            who, time, starts = who[last], time[last], starts[last]
        weight = self.classes.weight[who, None] * install.fail ** np.arange(install.attempts)
        success = weight * (1 - install.fail)
        lost = np.zeros(who.size, int)
        if self.classes.fleets > 1:
            lost = failures_before_success(self.rng, install, who.size)
            success = self.classes.weight[who, None] * (
                lost[:, None] == np.arange(install.attempts)
            )
        self.records.done.append((who, time, starts, lost))
        wave, fleet = self.classes.wave[who], self.classes.fleet[who]
        for number, following in enumerate(self.campaign.waves[1:]):
            if following.gate is not None and self.opened.min() <= number + 1:
                mine = wave == number
                ends = starts[mine] + install.duration
                who_ends = np.repeat(fleet[mine], install.attempts)
                counted = success[mine].ravel()
                self.gates[number].append((who_ends, ends.ravel(), counted, float(counted.sum())))

    def install_starts(self, who: Whole, time: Array, parked_at: Array) -> Array:
        """Starts of the attempts, for payloads verified at a time in vehicles that park at or after it."""
        region = self.classes.region[who]
        consent = None if self.consent is None else self.consent[region]
        install, offset = self.campaign.install, self.offset[region]
        return attempt_starts(self.install_draws(who), install, time, parked_at, offset, consent)

    def install_draws(self, who: Whole) -> Draw:
        """Even draws for the installs of these classes; where runs are to be compared, each class's own ones."""
        if not self.common:
            return partial(uniform, self.rng)
        classes, turn = self.classes.weight.size, itertools.count()
        # Of a later release on the way: those of another class.
        place = (who + APART * self.state["stage"][who].astype(np.intp)) % classes

        def draw(_: int) -> Array:
            number = next(turn)
            if number not in self.dealt:
                rng = np.random.default_rng((self.seed, INSTALLS, number))
                self.dealt[number] = uniform(rng, classes)
            return np.asarray(self.dealt[number][place])

        return draw

    def go_on(self, who: Whole, starts: Array) -> None:
        """A release on the way is there: once it is installed the next one is fetched."""
        state, install = self.state, self.campaign.install
        lost = failures_before_success(self.rng, install, who.size)
        self.records.stages.append((who, starts, lost))
        done = lost < install.attempts
        who, ends = who[done], starts[done, lost[done]] + install.duration
        stage = state["stage"][who] + 1
        payload = self.chains[self.classes.version[who], stage]
        state["stage"][who] = stage
        state["is_delta"][who] = np.isfinite(payload)
        size = np.where(np.isfinite(payload), payload, self.campaign.full)
        state["size"][who] = state["missing"][who] = size
        state["finished"][who] = False
        state["free"][who] = ends
        self.schedule(who)
