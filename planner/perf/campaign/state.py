"""What is known of every class of vehicles at a moment of a rollout, and when each is online next?"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from planner.axes import Array
from planner.perf.campaign.classes import classes_enough, classes_of
from planner.perf.campaign.description import Campaign
from planner.perf.campaign.records import ROUNDING, Records, pools_of
from planner.perf.campaign.sampling import Whole, keyed
from planner.perf.campaign.sessions import HOURS_PER_DAY, day_sessions, first_poll
from planner.perf.campaign.traffic import BIN

MANY = 4  # vehicles by class from which on the classes' own noise is more than the fleet's


class State:
    """The state of every class: what it has, what it waits for, its sessions of the last two days.

    `campaign`, about `count` classes, `least` of every wave; `common`: sessions and the hazard of drops are each
    class's own, whatever becomes of it.
    """

    def __init__(self, campaign: Campaign, count: int, seed: int, least: int, common: bool) -> None:
        self.campaign, self.seed, self.common = campaign, seed, common
        self.rng = np.random.default_rng(seed)
        self.classes = classes_of(self.rng, campaign, classes_enough(campaign, count), least)
        fleets = self.classes.fleets
        self.many = campaign.vehicles > MANY * self.classes.weight.size
        kinds = len(campaign.sessions)
        n = self.classes.weight.size
        wifi = np.array([s.wifi for s in campaign.sessions])
        self.by_cell = ~wifi
        self.parked = np.array([s.parked for s in campaign.sessions])
        self.offset = np.array([r.utc_offset for r in campaign.regions])
        # Every copy of the fleet has pools of its own, with its part of the weights.
        self.pool = np.array([r.pool for r in campaign.regions])[self.classes.region]
        self.pool += len(campaign.pools) * self.classes.fleet
        tables = (campaign.wifi, *campaign.cellular)
        self.may_drop = any(table.drops_per_hour > 0 for table in tables)
        self.caps = np.tile([p.cap for p in campaign.pools], fleets) / fleets
        waits = [campaign.cell_wait_without_wifi, campaign.cell_wait_with_wifi]
        cell_wait = np.array([np.inf if w is None else w for w in waits])
        has_wifi = (self.classes.wifi_rate > 0).astype(int)
        self.wait = np.tile(np.where(wifi, 0.0, cell_wait[has_wifi][:, None]), (1, 2))
        # Wi-Fi sessions without Wi-Fi at home, and cellular ones without permission, are never used.
        self.usable = np.where(wifi, has_wifi[:, None] > 0, np.isfinite(self.wait[:, :kinds]))
        self.usable &= _has_session(campaign)[self.classes.region]
        # A tiny fleet's pool may be slower than a link: a flow alone in a part of a step has no more than its cap.
        links = [
            *campaign.wifi.rates,
            *(rate for table in campaign.cellular for rate in table.rates),
        ]
        links += [rate for r in campaign.regions if r.wifi is not None for rate in r.wifi.rates]
        alone = fleets * self.caps[self.pool]
        self.alone = alone if alone.min(initial=np.inf) < max(links) else None
        narrow = np.unique(fleets * self.caps)
        self.link_rates = np.unique(np.minimum(np.array(links)[:, None], [*narrow, np.inf]))
        places = np.tile([p.places for p in campaign.pools], fleets) / fleets
        self.places = places if np.isfinite(places).any() else None
        self.chains = chains_of(campaign)
        first = self.chains[self.classes.version, 0]
        is_delta = np.isfinite(first)
        size = np.where(is_delta, first, campaign.full)
        self.links = np.array([1 + len(v.earlier) for v in campaign.versions])[self.classes.version]
        self.lead = np.array([r.law.lead for r in campaign.regions])
        asked = [np.nan if r.law.consent is None else r.law.consent for r in campaign.regions]
        self.consent = None if np.isnan(asked).all() else np.array(asked)
        shape = (n, 2 * kinds)
        self.state: dict[str, npt.NDArray[Any]] = {
            "eligible": np.full(n, np.inf),
            "next": np.full(n, np.inf),  # when the flow begins or goes on
            "free": np.full(n, 0.0),  # from when on the vehicle may poll
            "running": np.zeros(n, bool),
            "finished": np.zeros(n, bool),
            "is_delta": is_delta,
            "size": size,
            "missing": size.copy(),  # bytes
            "drop": np.full(n, np.inf),
            "dropped": np.zeros(n, int),  # how often
            "end": np.zeros(n),
            "left": np.zeros(n),
            "rate": np.zeros(n),
            "drop_rate": np.zeros(n),
            "kind": np.zeros(n, np.int8),
            "verified": np.zeros(n, np.int8),  # how often
            "stage": np.zeros(n, np.int8),  # releases installed on the way
            "sent": np.zeros((2, n)),  # bytes over Wi-Fi and cellular
        }
        # How much longer each flow's hazard of a drop may add up, where runs are to be compared or windows gone through
        # again.
        self.keeps = common or bool(np.isfinite(self.caps).any())
        self.state["patience"] = self.patience(np.arange(n)) if self.keeps else np.zeros(n)
        self.at_start = {name: array.copy() for name, array in self.state.items()}
        # The sessions of the last two local days: yesterday's may run past midnight.
        self.begins = np.full(shape, np.inf)
        self.ends = np.full(shape, -np.inf)
        self.lefts = np.full(shape, -np.inf)
        self.rates = np.zeros(shape)
        self.drop_rates = np.zeros(shape)
        self.day = np.full(len(campaign.regions), -1)
        self.openings = np.full((fleets, len(campaign.waves)), np.inf)
        self.opened = np.zeros(fleets, int)  # waves
        # By wave: copy of the fleet, time and vehicles of successes, and all their vehicles.
        self.gates: list[list[tuple[Whole, Array, Array, float]]] = [[] for _ in campaign.waves]
        self.dealt: dict[int, Array] = {}  # draws for installs by class, where runs are compared
        self.verified: list[
            tuple[Whole, Array, Array]
        ] = []  # not laid out yet: class, time, parked
        self.recheck = np.full(fleets, -np.inf)  # when the next gate is to be looked at again
        self.records = Records()
        self.bins = int(np.ceil(campaign.horizon / BIN - ROUNDING))
        self.pools = pools_of(campaign)
        self.row = 2 * (self.classes.region + len(campaign.regions) * self.classes.fleet)
        self.sent = np.zeros((2 * len(campaign.regions) * fleets, self.bins))
        self.flow_squares = np.zeros(self.caps.size)  # [byte^2], over flows and their bins
        self.first_day = np.zeros(n)  # bytes by class

    def draw_sessions(self, until: float) -> None:
        """Sessions of every local day that begins before `until`, for vehicles that still need one."""
        while True:
            begins = HOURS_PER_DAY * self.day - self.offset
            due = begins < until
            if not due.any():
                return
            day = int(self.day[due].min())
            regions = np.flatnonzero(due & (self.day == day))
            # Before they are eligible vehicles need no sessions; those of a day end before the next one does.
            soon = (begins + 2 * HOURS_PER_DAY)[self.classes.region]
            wanted = ~self.state["finished"] & (self.state["eligible"] < soon)
            if self.common:
                for region in regions.tolist():
                    self.rng = np.random.default_rng((self.seed, region, day + 1))
                    self.draw_day(np.flatnonzero(self.classes.region == region), day)
            else:
                if regions.size < self.offset.size:
                    wanted &= np.isin(self.classes.region, regions)
                self.draw_day(np.flatnonzero(wanted), day)
            self.day[regions] += 1

    def catch_up(self, wave: Whole) -> None:
        """The sessions that a wave's vehicles would have by now, had they been eligible before."""
        if self.common:
            self.schedule(wave)
            return
        # A window that was taken back may have drawn them already: no vehicle has the sessions of two draws.
        self.begins[wave], self.ends[wave] = np.inf, -np.inf
        for region, offset in enumerate(self.offset):
            drawn = int(self.day[region])
            mine = wave[self.classes.region[wave] == region]
            for day in range(max(drawn - 2, -1), drawn):
                soon = HOURS_PER_DAY * (day + 2) - offset
                self.draw_day(mine[self.state["eligible"][mine] < soon], day)

    def draw_day(self, who: Whole, day: int) -> None:
        """One local day of these classes, in sequence; vehicles that wait for a session are given one."""
        if not who.size:
            return
        state, classes = self.state, self.classes
        today = day_sessions(
            self.rng,
            self.campaign,
            day,
            classes.region[who],
            classes.segment[who],
            classes.wifi_rate[who],
            classes.absent_until[who],
            self.usable[who],
            self.many,
        )
        kinds = len(self.campaign.sessions)
        # Today's sessions take the place of those of the day before yesterday.
        place = kinds * (day % 2)
        for slots, drawn in (
            (self.begins, today.begin),
            (self.ends, today.end),
            (self.lefts, today.left),
            (self.rates, today.rate),
            (self.drop_rates, today.drops),
        ):
            slots[who, place : place + kinds] = drawn
        idle = ~state["running"][who] & ~state["finished"][who] & np.isinf(state["next"][who])
        self.schedule(who[idle], place, place + kinds)

    def schedule(self, who: Whole, first: int = 0, last: int | None = None) -> None:
        """The next flow of these classes: the first permitted poll in a session that is known.

        `first` to `last`: the sessions to be looked at, where there is no poll left in the others.
        """
        if not who.size:
            return
        state, width = self.state, self.begins.shape[1]
        wait, begins, ends = (
            each[:, first:last][who] for each in (self.wait, self.begins, self.ends)
        )
        ready = np.maximum(state["eligible"][who, None] + wait, state["free"][who, None])
        polls = first_poll(begins, ends, ready, self.campaign.poll)
        slot = polls.argmin(axis=1)
        state["next"][who] = polls.ravel()[np.arange(who.size) * polls.shape[1] + slot]
        slot += first
        place = who * width + slot
        state["end"][who] = self.ends.ravel()[place]
        state["left"][who] = self.lefts.ravel()[place]
        rate = self.rates.ravel()[place]
        state["rate"][who] = rate if self.alone is None else np.minimum(rate, self.alone[who])
        state["drop_rate"][who] = self.drop_rates.ravel()[place]
        state["kind"][who] = slot % len(self.campaign.sessions)

    def patience(self, who: Whole) -> Array:
        """Exponential numbers of mean 1 by class and number of its drops."""
        return -np.log1p(-keyed(self.seed, who, self.state["dropped"][who]))


def chains_of(campaign: Campaign) -> Array:
    """Payloads [bytes] by (version, release), oldest release first; NaN where it is a full image, or there is none."""
    longest = max(1 + len(version.earlier) for version in campaign.versions)
    chains = np.full((len(campaign.versions), longest), np.nan)
    for row, version in zip(chains, campaign.versions, strict=True):
        payloads = (*version.earlier, version.delta)
        row[: len(payloads)] = [np.nan if each is None else each for each in payloads]
    return chains


def _has_session(campaign: Campaign) -> npt.NDArray[np.bool_]:
    """Whether vehicles of a region have a kind of session, by (region, session)."""
    there = [
        [session.regions is None or number in session.regions for session in campaign.sessions]
        for number in range(len(campaign.regions))
    ]
    return np.array(there)
