"""A campaign's run as JSON: outputs under the names of the campaigns' semantics, curves, and the breakdown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from planner.perf.campaign.breakdown import LINKS
from planner.report.campaigns import bill, policy
from planner.study.campaign_run import BAD_SHARES, NOTICED, QUANTILES, CampaignRun


def to_json(run: CampaignRun) -> str:
    """Outputs also stand at the top; null: not reached."""
    return json.dumps(document(run), indent=2, allow_nan=False)


def document(run: CampaignRun) -> dict[str, Any]:
    """What `to_json` writes."""
    found = run.outcome
    means = {name: each.mean for name, each in found.outputs.items()}
    spread = {
        name: {
            "low": each.low,
            "high": each.high,
            "reached": each.reached,
        }
        for name, each in found.outputs.items()
    }
    return {
        "campaign": run.loaded.title,
        **means,
        "outputs": means,
        "spread": spread,
        "halt_chance": run.law.chance,
        "curves": {
            "step_h": run.campaign.curve_step,
            "updated_share": found.updated_share.tolist(),
            "download_share": found.download_share.tolist(),
            "hourly_gbps": found.hourly_gbps.tolist(),
        },
        "regions": _regions(run),
        "pools": [
            {
                "name": pool.name,
                "cap_gbps": _finite(pool.cap),
                "peak_gbps": pool.peak,
                "p95_gbps_30day": pool.p95,
                "at_cap_h": pool.bound,
                "at_cap_from_h": _finite(pool.since),
                "at_cap_to_h": _finite(pool.until),
            }
            for pool in run.pools
        ],
        "waves": [
            {
                "vehicles": float(size),
                "open_h": _finite(float(opened)),
                "waited_for": why or None,
            }
            for size, opened, why in zip(
                run.rollout.classes.wave_size, run.rollout.openings, run.opened_by, strict=True
            )
        ],
        "exposure": _exposure(run),
        "unreachable_share": dict(
            zip((each.name for each in run.campaign.regions), run.unreachable.tolist(), strict=True)
        ),
        "goal": _goal(run),
        **policy.document(run),
        "warnings": list(run.warnings),
        **({} if run.bill is None else {"bill": bill.document(run.bill, run.bill_between)}),
    }


def _goal(run: CampaignRun) -> dict[str, Any] | None:
    """What the file wants, and how much of the whole fleet is there by then."""
    if run.goal is None:
        return None
    wanted = {"share": run.goal.share, "days": run.goal.days, "of": run.goal.of}
    return {**wanted, "fleet_share_by_then": run.at_deadline}


def _regions(run: CampaignRun) -> list[dict[str, Any]]:
    """Quantiles and final shares by region and link of the vehicle, as long as nothing halts."""
    downloaded, updated = run.times(run.downloaded), run.times(run.updated)
    final, sent = run.final(run.updated), run.rollout.sent_in.sum(axis=-1) / 1e12
    return [
        {
            "region": region.name,
            "link": link,
            "vehicles": float(run.vehicles[place, kind]),
            **_times("download_t", downloaded[:, place, kind]),
            **_times("t", updated[:, place, kind]),
            "updated_share": float(final[place, kind]),
            "sent_over_link_tb": float(sent[place, kind]),
        }
        for place, region in enumerate(run.campaign.regions)
        for kind, link in enumerate(LINKS)
    ]


def _times(name: str, times: Any) -> Mapping[str, float | None]:
    return {
        f"{name}{100 * q:.0f}_h": _finite(float(time))
        for q, time in zip(QUANTILES, times, strict=True)
    }


def _exposure(run: CampaignRun) -> dict[str, Any]:
    """Vehicles with the build by how late it is stopped, and by the share that it breaks."""
    exposure = run.exposure
    if not np.isfinite(exposure.first):
        return {"first_h": None, "stopped_after": [], "stopped_by_rule": []}
    times = np.minimum(exposure.first + np.array(NOTICED), run.campaign.horizon)
    halts = exposure.halts_at(np.array(BAD_SHARES))
    return {
        "first_h": exposure.first,
        "stopped_after": [
            {"delay_h": delay, "vehicles": float(count)}
            for delay, count in zip(NOTICED, exposure.by(times), strict=True)
        ],
        "stopped_by_rule": [
            {
                "failing_share": bad,
                "halt_h": _finite(float(halt)),
                "vehicles": float(count),
            }
            for bad, halt, count in zip(BAD_SHARES, halts, exposure.by(halts), strict=True)
        ],
    }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
