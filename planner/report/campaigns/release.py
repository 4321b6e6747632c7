"""A plan's release in a month, written down as the campaign that it is: what `planner campaign run` can follow.

Each region's vehicles are split by their way home, as a region of the campaign with its own sessions and link rates;
a region of the plan is a pool without a cap. What the plan counts as sent again is in the payloads: of a payload in
full, a share v of which is rejected, (1 - v) times the plan's bytes, so that the bytes of the campaign are the plan's.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from planner.axes import HOUR, LINK, MONTH, PACKAGE, PROGRAM, REGION, Array, on, total
from planner.catalogue import LINKS
from planner.errors import Fault, InputError, PlannerError, suggestion
from planner.perf.rollout import DAY, TIERS
from planner.plan import Plan

HOUR_SECONDS = 3600.0
CURVE_STEP = 6  # [hours]
MARGIN = 1.5  # of the horizon over the time until 99 % have the release,
ROOM = 7  # and days more
RETRY = 24.0  # hours until a failed install is tried again
CELLULAR = "cellular"
WIDTH = 120


def release_campaign(plan: Plan, month: str) -> dict[str, Any]:
    """The `inputs` of a campaign: all packages at once to the vehicles that the plan reaches in `month`.

    InputError for a month that the plan does not have, PlannerError for one in which it reaches no vehicle.
    """
    if month not in plan.months:
        message = f"the plan has no such month; {suggestion(month, plan.months)}"
        raise InputError([Fault("--at", 0, month, message)])
    return _Release(plan, plan.months.index(month)).document()


def to_text(campaign: dict[str, Any]) -> str:
    """A campaign as YAML."""
    import yaml

    return yaml.safe_dump(
        campaign, sort_keys=False, default_flow_style=None, width=WIDTH, allow_unicode=True
    )


class _Release:
    """The plan's numbers of a month, in the units of campaign files."""

    def __init__(self, plan: Plan, month: int) -> None:
        self.plan, self.month = plan, month
        self.regions = plan.project.table.labels[REGION]
        vehicles = on(total(plan.values("ota_vehicles")[0], PROGRAM), MONTH, REGION, LINK)
        self.vehicles = self.at_month(vehicles)
        if not self.vehicles.any():
            raise PlannerError(f"releases reach no vehicle in {plan.months[month]}")
        self.ways = [tuple(each) for each in np.argwhere(self.vehicles > 0).tolist()]
        self.wave = float(on(plan.values("campaign_schedule")[0])[0]) / HOUR_SECONDS

    def at_month(self, values: Array) -> Array:
        """The month of (draw, month, ...), or the one entry of what does not vary."""
        return np.asarray(values[0, min(self.month, values.shape[1] - 1)])

    def number(self, leaf: str) -> float:
        return float(on(self.plan.leaf(leaf))[0])

    def link(self, name: str) -> Array:
        (values,) = self.plan.values(name)
        return np.asarray(on(values, LINK)[0])

    def name(self, region: int, link: int) -> str:
        return f"{self.regions[region]}_{LINKS[link]}"

    def rates(self, region: int, link: int) -> dict[str, Any]:
        """Link rates about the median [Mbit/s], a quarter of the vehicles each."""
        (median,) = self.plan.values("link_downlink")
        steps = np.exp(self.number("ota_rate_spread") * TIERS)
        rates = on(median, REGION, LINK)[0, region, link] * steps * 8 / 1e6
        table = [[float(rate), 1 / len(TIERS)] for rate in rates]
        return {"rate_mbps": table, "drops_per_hour": self.number("ota_drops") * HOUR_SECONDS}

    def document(self) -> dict[str, Any]:
        (days,) = self.plan.values("ota_days_to_99")
        last = self.at_month(on(days, MONTH)).item() / DAY
        return {
            "title": f"The release of {self.plan.months[self.month]} in {self.plan.title!r}",
            "note": "written by planner size --campaign-out: all packages at once, nothing capped, gated or halted",
            "horizon_h": 24 * math.ceil(MARGIN * last + ROOM),
            "curve_step_h": CURVE_STEP,
            "fleet": self.fleet(),
            "links": self.links(),
            "sessions": self.sessions(),
            "cdn": {"pools": self.pools()},
            "update": self.update(),
            "campaign": self.policy(),
        }

    def fleet(self) -> dict[str, Any]:
        rare, absent = self.number("ota_rare_share"), self.number("ota_absent_share")
        segments = [
            ("usual", (1 - rare) * (1 - absent), 1.0, None),
            ("rare", rare * (1 - absent), self.number("ota_rare_sessions"), None),
            ("absent", absent, 1.0, self.number("ota_absence") / HOUR_SECONDS),
        ]
        return {
            "n_vehicles": max(1, round(float(self.vehicles.sum()))),
            "regions": [self.region(*way) for way in self.ways],
            "segments": [
                {"name": name, "share": share, "p_active_day": active,
                 "offline_until_exp_mean_h": offline}
                for name, share, active, offline in segments
                if share > 0
            ],
        }  # fmt: skip

    def region(self, region: int, link: int) -> dict[str, Any]:
        offset = on(self.plan.leaf("region_utc_offset"), REGION)[0, region] / HOUR_SECONDS
        by_cell = LINKS[link] == CELLULAR
        # Vehicles on Wi-Fi never use the cellular network; the one that is named is that of their own region.
        mine = (region, LINKS.index(CELLULAR))
        cells = [self.name(*mine)] if mine in self.ways else self.cells()
        found = {
            "name": self.name(region, link),
            "share": float(self.vehicles[region, link] / self.vehicles.sum()),
            "utc_offset_h": float(offset),
            "p_home_wifi": 0 if by_cell else 1,
            "cell_mix": dict.fromkeys(cells[:1], 1),
        }
        return found if by_cell else found | {"wifi": self.rates(region, link)}

    def cells(self) -> list[str]:
        """Cellular technologies: the network of each region."""
        return [self.name(*way) for way in self.ways if LINKS[way[1]] == CELLULAR]

    def links(self) -> dict[str, Any]:
        by_cell = [way for way in self.ways if LINKS[way[1]] == CELLULAR]
        wifi = next((way for way in self.ways if way not in by_cell), self.ways[0])
        return {"wifi": self.rates(*wifi)} | {self.name(*way): self.rates(*way) for way in by_cell}

    def sessions(self) -> list[dict[str, Any]]:
        chance, length, spread = map(
            self.link, ("session_chance", "session_length", "session_range")
        )
        starts = on(self.plan.leaf("link_download_profile"), HOUR, LINK)[0]
        found = []
        for link in sorted({link for _, link in self.ways}):
            always = chance[link] >= 1 and length[link] >= DAY
            low, high = length[link] - spread[link], length[link] + spread[link]
            session: dict[str, Any] = {
                "name": LINKS[link],
                "link": "cell" if LINKS[link] == CELLULAR else "wifi",
                "regions": [self.name(*way) for way in self.ways if way[1] == link],
                "start_h": [0, 0] if always else [0, 24],
                "duration_h": [float(low) / HOUR_SECONDS, float(high) / HOUR_SECONDS],
                "p_per_day": float(chance[link]),
                "parked": LINKS[link] != CELLULAR,
            }
            weights = [] if always else starts[:, link].tolist()
            found.append(session | ({"start_weights": weights} if weights else {}))
        return found

    def pools(self) -> list[dict[str, Any]]:
        there = sorted({region for region, _ in self.ways})
        return [
            {"name": self.regions[each], "cap_gbps": None,
             "regions": [self.name(*way) for way in self.ways if way[0] == each]}
            for each in there
        ]  # fmt: skip

    def update(self) -> dict[str, Any]:
        mean, share, full = (
            self.at_month(on(total(values, PACKAGE), MONTH)).item()
            for values in self.plan.values(
                "release_bytes", "release_delta_share", "release_full_ratio"
            )
        )
        rejected = self.number("ota_verify_failures")
        delta = (1 - (1 - share) * full) / share if share > 0 else 0.0
        versions = [
            ("release_before", share, max(delta - rejected * full, 0.0) * mean / 1e6),
            ("older", 1 - share, None),
        ]
        return {
            "full_mb": (1 - rejected) * full * mean / 1e6,
            "installed_versions": [
                {"name": name, "share": part, "payload_mb": size}
                for name, part, size in versions
                if part > 0
            ],
            "p_verify_fail_delta": rejected,
            "p_verify_fail_full": rejected,
        }

    def policy(self) -> dict[str, Any]:
        wave = {
            "share": 1, "not_before_h": 0, "open_when_prev_success": None,
            "min_after_prev_open_h": 0, "admission": {"type": "uniform", "hours": self.wave},
        }  # fmt: skip
        return {
            "waves": [wave],
            "halt_error_share": None,
            "halt_min_failures": 1,
            "poll_interval_h": self.number("ota_poll_interval") / HOUR_SECONDS,
            "cell_wait_h_with_wifi": None,
            "cell_wait_h_without_wifi": 0,
            "download_window_local_h": None,
            "backoff_s": self.number("ota_backoff"),
            "resume": {"mode": "byte"},
            "install": {
                "mode": "when_parked",
                "install_min": self.number("ota_install_time") / 60,
                "p_install_fail": self.number("ota_install_failures"),
                "max_attempts": int(self.number("ota_install_attempts")),
                "retry_delay_h": RETRY,
            },
        }
