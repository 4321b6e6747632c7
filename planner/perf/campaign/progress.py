"""How does a rollout go on, flow by flow, when nothing halts it?

The classes of vehicles are followed in windows of some hours. As long as no cap binds flows do not touch each other,
and each round of array operations carries every class to its next event (drop, end of session, completion) exactly.
A window in which a pool's five-minute mean would pass its cap is taken back. Where few of its vehicles complete, they
go on by the clocks of `full`, for up to a day at once; else it is gone through in five-minute steps, in which the flows
share the cap by the water level of `sharing`, and one that begins again within a step is taken up by the next one at
its true time. Installs are laid out when a payload is verified, so a gate's time is known ahead.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.axes import Array
from planner.perf.campaign.classes import LEAST_PER_WAVE
from planner.perf.campaign.description import Campaign
from planner.perf.campaign.full import FullPools
from planner.perf.campaign.records import ROUNDING, Rollout
from planner.perf.campaign.sampling import Whole
from planner.perf.campaign.sessions import HOURS_PER_DAY
from planner.perf.campaign.sharing import found_place, water_level
from planner.perf.campaign.traffic import BIN, FIRST_DAY, on_grid

WINDOW = 4.0  # [hours] that are gone through at once and taken back when a cap binds
MOST_WAITS = 5  # turns of steps, before clocks are tried again
QUIET = 1.0  # [hours] without a full pool, from which on it is taken not to be
STEPS = 4.0  # [hours] of a turn of steps
FEW_TURNS = 5  # after which a longer window is tried
AFTER = 1e-6  # [hours]: a poll that found no place is not the next one


class _Run(FullPools):
    """The state of every class, and the windows that change it."""

    bins_at_once = 1  # of a step in which flows share a cap
    failed = waits = 0  # windows of full pools that were taken back, and that are not to be tried
    calm = WINDOW  # [hours] to be gone through at once where no cap binds
    full = False  # whether a cap bound at the end of the last window
    span = WINDOW  # [hours] to be gone through at once where it does

    def run(self) -> Rollout:
        """From the start to the horizon."""
        # Places and the next release of those that are behind hang on what has come before in the same window.
        self.stepped = self.places is not None or self.links.max() > 1
        self.levels = np.full((self.caps.size, self.bins), np.inf)
        edges = self.edges()
        self.open_waves(0.0)
        for begin, end in pairwise(edges):
            self.draw_sessions(end)
            while begin < end - ROUNDING:
                begin = self.window(begin, end)
            if end <= FIRST_DAY:
                self.first_day = self.state["sent"].sum(axis=0)
        return self.result()

    def window(self, begin: float, end: float) -> float:
        """Go on from `begin`, at most to `end`; how far it came."""
        state = self.state
        if state["next"].min() >= end and self.opened.min() == len(self.campaign.waves):
            return end
        if self.places is not None:
            while begin < end - ROUNDING:
                begin = self.stepped_window(begin, end)
            return end
        if not np.isfinite(self.caps).any():
            return self.free_window(begin, end)
        if not self.full:
            ahead = min(on_bins(begin + self.calm, end), end)
            before = self.keep(begin, ahead)
            until = self.free_window(begin, ahead)
            if until == ahead:
                self.calm = min(2 * self.calm, HOURS_PER_DAY)
                return until
            self.take_back(before)
            self.calm = WINDOW
            if until - begin > QUIET:
                if self.free_window(begin, until) == until:
                    self.full = True
                    return until
                self.take_back(before)
            self.full = True
        if self.stepped or self.waits:
            self.waits -= 1
            return self.stepped_window(begin, min(begin + STEPS, end))
        return self.full_window(begin, end)

    def edges(self) -> list[float]:
        """Ends of windows: local midnights, at which sessions of a day are drawn, and more where steps are taken.

        A day's sessions take the place of those of two days before. These are over some hours before the day begins, so
        that it may be drawn so much earlier, with those of other time zones.
        """
        horizon = self.campaign.horizon
        days = np.arange(-1, np.ceil(horizon / HOURS_PER_DAY) + 2) * HOURS_PER_DAY
        latest = max(session.start[1] + session.length[1] for session in self.campaign.sessions)
        early = max(2 * HOURS_PER_DAY - latest, 0.0)
        midnights = [0.0]
        for midnight in np.unique((days[:, None] - self.offset).ravel()):
            if midnight - midnights[-1] > early:
                midnights.append(float(midnight))
        grids = [np.array([*midnights, FIRST_DAY, horizon])]
        if self.stepped:
            # All flows of a region stop at the end of its download window: no step's capacity is used across it.
            for hour in self.campaign.window or ():
                grids.append((days[:, None] + hour - self.offset).ravel())
        edges = np.unique(np.concatenate(grids))
        return [float(edge) for edge in edges[(edges >= 0) & (edges <= horizon)]]

    # --- windows ------------------------------------------------------------------------------------------------------

    def free_window(self, begin: float, end: float) -> float:
        """All flows at their links' rates up to `end`; until when no pool's cap would have been passed."""
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
            return end
        since, until, rate, row = (np.concatenate(part) for part in zip(*flows, strict=True))
        base = first * BIN
        sent = on_grid(since - base, until - base, rate, row, self.sent.shape[0], bins)
        by_region = sent.reshape(self.classes.fleets, -1, 2, bins).sum(axis=2)
        by_pool = (self.pools @ by_region).reshape(-1, bins)
        above = (by_pool > self.caps[:, None] * BIN * (1 + ROUNDING)).any(axis=0)
        if above.any():
            return base + int(above.argmax()) * BIN
        self.sent[:, first : first + bins] += sent
        return end

    def stepped_window(self, begin: float, end: float) -> float:
        """Five-minute steps up to `end` or until no cap has bound for a while; how far it came."""
        first = int(begin / BIN + ROUNDING)
        last = min(int(np.ceil(end / BIN - ROUNDING)), self.bins)
        since = bound = begin
        while first < last and since - bound < QUIET:
            bins = min(self.bins_at_once, last - first)
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
            self.levels[:, first : first + bins] = level[:, None]
            self.known = first + bins
            self.open_waves(until)
            since = until
            if np.isfinite(level).any():
                bound = since
            first += bins
        self.full = since - bound < QUIET
        return since

    def full_window(self, begin: float, end: float) -> float:
        """Go on with pools that are full, at most to `end`; how far it came."""
        until = on_bins(begin + self.span, end)
        opened = False
        while True:
            before = self.keep(begin, until)
            turns, right = self.by_clocks(begin, until, before)
            if right < until:
                self.take_back(before)
                if right - begin < (until - begin) / 2:
                    self.span = WINDOW
                    self.failed += 1
                    self.waits = min(self.failed, MOST_WAITS)
                    return self.stepped_window(begin, min(begin + STEPS, end))
                # What is right so far is so at once when it is gone through again.
                self.span, until = right - begin, right
                continue
            self.failed = 0
            if turns <= FEW_TURNS and until - begin >= self.span - BIN:
                self.span = min(2 * self.span, HOURS_PER_DAY)
            self.full = bool(np.isfinite(self.levels[:, self.known - 1]).any())
            self.open_waves(until)
            new = self.openings[self.openings != before.openings]
            first = on_bins(float(new.min(initial=np.inf)) + BIN, until)
            if opened or first >= until:
                return until
            # A wave that opens within the window begins it at once.
            self.take_back(before)
            until, opened = max(first, on_bins(begin + BIN, end)), True

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


def on_bins(time: float, end: float) -> float:
    """The last begin of a bin up to a time [hours], or the end if that is before."""
    return min(float(np.floor(time / BIN + ROUNDING)) * BIN, end)


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
