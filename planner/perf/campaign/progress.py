"""How does a rollout go on, flow by flow, when nothing halts it?

The classes of vehicles are followed in windows of a few hours. As long as no cap binds flows do not touch each other,
and each round of array operations carries every class to its next event (drop, end of session, completion) exactly.
A window in which a pool's five-minute mean would pass its cap is taken back and gone through in five-minute steps, in
which the flows share the cap by the water level of `sharing`; a flow that begins again within a step is taken up by the
next one at its true time. Installs are laid out when a payload is verified, so a gate's time is known ahead.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.axes import Array
from planner.perf.campaign.classes import LEAST_PER_WAVE
from planner.perf.campaign.description import Campaign
from planner.perf.campaign.install import Draw, attempt_starts, failures_before_success
from planner.perf.campaign.records import ROUNDING, Rollout
from planner.perf.campaign.sampling import Whole, uniform
from planner.perf.campaign.sessions import HOURS_PER_DAY
from planner.perf.campaign.sharing import found_place, water_level
from planner.perf.campaign.state import State
from planner.perf.campaign.traffic import BIN, FIRST_DAY, on_grid
from planner.perf.campaign.waves import opening

WINDOW = 4.0  # [hours] that are gone through at once and taken back when a cap binds
STEADY_BINS = 3  # five-minute bins gone through at once while every pool is at its cap
STEADY_SHARE = 0.8  # of the vehicles that want to send in them and do so from begin to end
FEW_ROWS = 4  # one in so many
NOT_YET = np.inf
APART = 7919  # classes, between whose draws there is nothing in common
INSTALLS = 1 << 20  # in place of a region, in the seeds of what is drawn for all classes at once
AFTER = 1e-6  # [hours]: a poll that found no place is not the next one


@dataclass(frozen=True)
class _Snapshot:
    """What a window changes: the state's arrays of `rows` (None: all), and how long the lists were."""

    rows: Whole | None
    state: dict[str, npt.NDArray[Any]]
    openings: Array
    opened: Whole
    gates: list[int]
    records: dict[str, int]
    flow_squares: Array


class _Run(State):
    """The state of every class, and the steps that change it."""

    bins_at_once = 1  # of a step in which flows share a cap

    def run(self) -> Rollout:
        """From the start to the horizon."""
        edges = self.edges()
        self.open_waves(0.0)
        congested = False
        for begin, end in pairwise(edges):
            self.draw_sessions(end)
            if self.state["next"].min() >= end and self.opened.min() == len(self.campaign.waves):
                continue
            if self.places is None and not congested:
                before = self.snapshot(end)
                congested = not self.free_window(begin, end)
                if congested:
                    self.restore(before)
            if congested or self.places is not None:
                congested = self.shared_window(begin, end)
            if end <= FIRST_DAY:
                self.first_day = self.state["sent"].sum(axis=0)
        return self.result()

    def edges(self) -> list[float]:
        """Ends of windows: every local midnight, and more often where a cap may bind."""
        horizon = self.campaign.horizon
        days = np.arange(-1, np.ceil(horizon / HOURS_PER_DAY) + 2) * HOURS_PER_DAY
        grids = [(days[:, None] - self.offset).ravel(), np.array([0.0, FIRST_DAY, horizon])]
        if np.isfinite(self.caps).any():
            grids.append(np.arange(0.0, horizon, WINDOW))
            # All flows of a region stop at the end of its download window: no step's capacity is used across it.
            for hour in self.campaign.window or ():
                grids.append((days[:, None] + hour - self.offset).ravel())
        edges = np.unique(np.concatenate(grids))
        return [float(edge) for edge in edges[(edges >= 0) & (edges <= horizon)]]

    # --- waves --------------------------------------------------------------------------------------------------------

    def open_waves(self, now: float) -> bool:
        """Open what may be opened knowing everything up to `now`; whether any wave was."""
        any_opened = False
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

    # --- windows ------------------------------------------------------------------------------------------------------

    def snapshot(self, end: float) -> _Snapshot:
        """All that a window up to `end` changes, to take it back; no arrays where no cap could ask for them."""
        rows: Whole | None = None
        state = {}
        self.lay_out()
        if np.isfinite(self.caps).any():
            changes = self.state["next"] < end
            if self.opened.min() < len(self.campaign.waves):
                changes |= self.classes.wave >= self.opened.min()
            # Few rows are gathered sooner than all are copied.
            if FEW_ROWS * np.count_nonzero(changes) < changes.size:
                rows = np.flatnonzero(changes)
            for name, array in self.state.items():
                state[name] = array.copy() if rows is None else array[..., rows]
        return _Snapshot(
            rows=rows,
            state=state,
            openings=self.openings.copy(),
            opened=self.opened.copy(),
            flow_squares=self.flow_squares.copy(),
            gates=[len(each) for each in self.gates],
            records=self.records.lengths(),
        )

    def restore(self, before: _Snapshot) -> None:
        """Back to a snapshot."""
        if before.rows is None:
            self.state = before.state
        else:
            for name, array in before.state.items():
                self.state[name][..., before.rows] = array
        self.openings, self.opened = before.openings, before.opened
        self.flow_squares = before.flow_squares
        for each, length in zip(self.gates, before.gates, strict=True):
            del each[length:]
        self.verified.clear()
        self.recheck[:] = -np.inf
        self.records.cut(before.records)

    def free_window(self, begin: float, end: float) -> bool:
        """All flows at their links' rates up to `end`; False when a pool's cap would have been passed."""
        first = int(begin / BIN + ROUNDING)
        bins = min(int(np.ceil(end / BIN - ROUNDING)), self.bins) - first
        flows = []
        while True:
            who = np.flatnonzero(self.state["next"] < end)
            if who.size:
                self.connect(who)
                flows.append(self.flow(who, end, None))
            elif not self.open_waves(end):
                break
        if not flows:
            return True
        since, until, rate, row = (np.concatenate(part) for part in zip(*flows, strict=True))
        base = first * BIN
        sent = on_grid(since - base, until - base, rate, row, self.sent.shape[0], bins)
        by_region = sent.reshape(self.classes.fleets, -1, 2, bins).sum(axis=2)
        by_pool = (self.pools @ by_region).reshape(-1, bins)
        if (by_pool > self.caps[:, None] * BIN * (1 + ROUNDING)).any():
            return False
        self.sent[:, first : first + bins] += sent
        return True

    def shared_window(self, begin: float, end: float) -> bool:
        """Five-minute steps up to `end`; whether a cap bound in the last of them.

        Where every pool is at its cap its bytes are known beforehand, and the step may be longer.
        """
        first = int(begin / BIN + ROUNDING)
        last = min(int(np.ceil(end / BIN - ROUNDING)), self.bins)
        level = np.full(self.caps.size, np.inf)
        since = begin
        while first < last:
            steady = STEADY_BINS if np.isfinite(level).all() else 1
            bins = min(max(steady, self.bins_at_once), last - first)
            until = min((first + bins) * BIN, end)
            who = np.flatnonzero(self.state["next"] < until)
            # A search that asks for longer steps levels out the rates within them, also of pools that are not full.
            if bins > self.bins_at_once and not (
                self.stays_full(who, until) and self.changes_little(who, until)
            ):
                bins = self.bins_at_once
                until = min((first + bins) * BIN, end)
                who = np.flatnonzero(self.state["next"] < until)
            level = np.full(self.caps.size, np.inf)
            if self.places is not None:
                who = self.placed(who, self.places)
            if who.size:
                self.connect(who)
                level = self.level(who, since, until)
                begun, ended, rate, row = self.flow(who, until, level)
                sent = np.bincount(row, rate * (ended - begun), self.sent.shape[0])
                self.sent[:, first : first + bins] += sent[:, None] / bins
            self.open_waves(until)
            since = until
            first += bins
        return bool(np.isfinite(level).any())

    def stays_full(self, who: Whole, until: float) -> bool:
        """Whether flows whose sessions last until then could still fill every pool: else its bytes are not known."""
        state = self.state
        stays = who[state["end"][who] >= until]
        demand = state["rate"][stays] * self.classes.weight[stays]
        return bool((np.bincount(self.pool[stays], demand, self.caps.size) >= self.caps).all())

    def changes_little(self, who: Whole, until: float) -> bool:
        """Whether most of these flows run on until then, so that a longer step levels out little."""
        state, weight = self.state, self.classes.weight[who]
        stays = state["running"][who] & (state["end"][who] >= until)
        if self.may_drop:
            stays &= state["drop"][who] >= until
        return bool(weight @ stays >= STEADY_SHARE * weight.sum())

    def placed(self, who: Whole, places: Array) -> Whole:
        """Those of these flows that run or find a place; the others come again at their next poll, and are counted."""
        state = self.state
        waits = ~state["running"][who]
        fits = found_place(
            state["next"][who], waits, self.classes.weight[who], self.pool[who], places
        )
        refused = who[~fits]
        if refused.size:
            time = state["next"][refused]
            self.records.refused.append((refused, time))
            state["free"][refused] = time + AFTER
            self.schedule(refused)
        return who[fits]

    def level(self, who: Whole, since: float, until: float) -> Array:
        """The pools' water levels in a step."""
        state = self.state
        begin, stop = state["next"][who], np.minimum(state["end"][who], until)
        if self.may_drop:
            stop = np.minimum(stop, state["drop"][who])
        present = np.maximum(stop - begin, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            limit = np.fmin(state["rate"][who], state["missing"][who] / present)
        present *= self.classes.weight[who]
        return water_level(limit, present, self.pool[who], self.caps * (until - since))

    # --- flows --------------------------------------------------------------------------------------------------------

    def flow(
        self, who: Whole, until: float, level: Array | None
    ) -> tuple[Array, Array, Array, Array]:
        """Carry the flows of these classes to their next event or `until`: (begin, end, byte/hour, row of `sent`)."""
        state, records = self.state, self.records
        weight = self.classes.weight[who]
        begin = state["next"][who]
        # Read before anything is scheduled anew: the row belongs to the session that the flow runs in.
        row = self.row[who] + self.by_cell[state["kind"][who]]
        rate = state["rate"][who]
        if level is not None:
            rate = np.minimum(rate, level[self.pool[who]])
        missing = state["missing"][who]
        breaks = state["end"][who]
        if self.may_drop:
            breaks = np.minimum(breaks, state["drop"][who])
        stop = np.minimum(breaks, until)
        finish = begin + missing / rate
        complete = finish <= stop
        end = np.minimum(finish, stop)
        length = end - begin
        sent = rate * length
        missing -= sent
        state["missing"][who] = missing
        state["sent"][row % 2, who] += sent
        self.note_noise(who, rate, length, aligned=level is not None)
        state["next"][who] = end
        over = complete | (breaks <= until)
        if self.may_drop:
            rates = state["drop_rate"][who]
            records.drops.append((who, end, weight * rates * length))
        if over.any():
            state["running"][who[over]] = False
            records.ended.append((who[over], end[over]))
            self.verify(who[complete], end[complete])
            broken = over & ~complete
            self.interrupt(who[broken], end[broken])
        return begin, end, rate * weight, row

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
                state["patience"][who] if self.common else -np.log1p(-uniform(self.rng, who.size))
            )
            with np.errstate(divide="ignore"):
                state["drop"][who] = time + patience / drop_rate

    def interrupt(self, who: Whole, time: Array) -> None:
        """A drop or the end of a session: what is kept, and when the vehicle goes on."""
        if not who.size:
            return
        state, campaign = self.state, self.campaign
        if campaign.resume == "none":
            state["missing"][who] = state["size"][who]
        elif campaign.resume == "chunk":
            size = state["size"][who]
            received = size - state["missing"][who]
            kept = np.floor(received / campaign.chunk * (1 + ROUNDING)) * campaign.chunk
            state["missing"][who] = size - np.minimum(kept, size)
        dropped = state["drop"][who] < state["end"][who]
        if self.common and self.may_drop:
            # The exponential law has no memory: what is left of a drop's time goes on in the next flow.
            rest = (state["drop"][who] - time) * state["drop_rate"][who]
            state["dropped"][who] += dropped
            kept = np.isfinite(rest)
            state["patience"][who] = np.where(
                dropped, self.patience(who), np.where(kept, rest, state["patience"][who])
            )
        self.resume(who, np.where(dropped, time + campaign.backoff, np.inf))

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
            coins = np.where(
                turn < 2,
                self.classes.verify_coins[np.minimum(turn, 1), who],
                self.rng.random(who.size),
            )
            bad = coins < fail
            state["verified"][who] = np.minimum(turn + 1, 2)
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

    def result(self) -> Rollout:
        """All records joined."""
        self.lay_out()
        records, empty = self.records, np.zeros(0)
        nobody = empty.astype(int)
        attempts, pools = self.campaign.install.attempts, len(self.campaign.pools)

        def joined(items: list[Any], *none: npt.NDArray[Any]) -> Any:
            return tuple(np.concatenate(part) for part in zip(*items or [none], strict=True))

        none_done = np.zeros((0, attempts))
        who, time, starts, lost = joined(records.done, nobody, empty, none_done, nobody)
        fleets = self.classes.fleets
        sent = self.sent.reshape(fleets, -1, 2, self.bins)
        total = self.pools @ sent.sum(axis=(0, 2, 3))
        squares = self.flow_squares.reshape(fleets, pools).sum(axis=0)
        return Rollout(
            campaign=self.campaign,
            classes=self.classes,
            sent_by_fleet=sent,
            sent_by_class=self.state["sent"],
            first_day_by_class=self.first_day,
            flow_bytes=squares / np.where(total > 0, total, 1.0),
            openings_by_fleet=self.openings,
            done_class=who,
            done=time,
            starts=starts,
            tries_lost=lost,
            flows_begun=joined(records.begun, nobody, empty),
            flows_ended=joined(records.ended, nobody, empty),
            drops=joined(records.drops, nobody, empty, empty),
            rejected=joined(records.rejected, nobody, empty, empty),
            stages=joined(records.stages, nobody, none_done, nobody),
            refused=joined(records.refused, nobody, empty),
        )


def follow(
    campaign: Campaign,
    classes: int,
    seed: int = 0,
    least: int = LEAST_PER_WAVE,
    common: bool = False,
    bins_at_once: int = 1,
) -> Rollout:
    """Follow a campaign to its horizon on about `classes` vehicle classes, as if nothing ever halted it.

    `least`: classes of every wave at least, so that a small one's gate and halt are known well. `common`: vehicles
    keep their sessions and the hazard of their drops whatever becomes of them, so that campaigns which differ in caps,
    package or resume can be compared vehicle by vehicle; it takes longer where few are left. `bins_at_once`: where a
    cap binds, more five-minute bins in a step are faster, and level out the rates within it.
    """
    run = _Run(campaign, classes, seed, least, common)
    run.bins_at_once = bins_at_once
    return run.run()
