"""What a campaign's law, cadence, flash and rollback come to: lines of its page, and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from planner.perf.campaign.flash import fits, wear
from planner.perf.campaign.law import compliance
from planner.report.page import Page
from planner.report.table import number
from planner.study.campaign_run import CampaignRun
from planner.text import counted, printable


def add_to(out: Page, run: CampaignRun) -> None:
    """Lines for those of the blocks that the file has."""
    out.entries("Law", list(_law(run)))
    out.entries("Cadence", list(_cadence(run)))
    out.entries("Flash", list(_flash(run)))
    out.entries("Rollback", list(_rollback(run)))


def document(run: CampaignRun) -> dict[str, Any]:
    """The same as JSON; a key for each block that the file has."""
    found: dict[str, Any] = {}
    laws = compliance(run.rollout)
    if laws:
        found["law"] = [
            {**asdict(each), "share": float(each.share), "met": bool(each.met)} for each in laws
        ]
    if (steady := run.steady) is not None:
        found["cadence"] = {
            "in_flight": steady.in_flight,
            "peak_gbps": steady.peak,
            "mean_gbps": steady.mean,
            "p95_gbps": steady.p95,
            "newest_share": steady.newest,
        }
    if (flash := run.campaign.flash) is not None:
        found["flash"] = {
            "install_h": run.campaign.install.duration,
            "fits_free_slot": bool(fits(flash, run.campaign.full)),
            "wear_share": wear(flash, run.campaign.full),
        }
    if (back := run.rollback) is not None:
        found["rollback"] = {
            "vehicles": back.vehicles,
            "back_share": back.back,
            "back_share_intact": back.back_intact,
            "back_share_overwritten": back.back_overwritten,
            "sent_tb": back.sent / 1e12,
            "needed_gbps": back.needed_gbps,
            "peak_gbps": back.peak_gbps,
        }
    return found


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _law(run: CampaignRun) -> Iterator[str]:
    for each in compliance(run.rollout):
        days = number(each.deadline / 24)
        verdict = "met" if each.met else "not met"
        yield (
            f"{printable(each.region)}: {_percent(each.share)} updated by day {days}, "
            f"{_percent(each.wanted)} are asked for: {verdict}"
        )


def _cadence(run: CampaignRun) -> Iterator[str]:
    steady, release = run.steady, run.campaign.release
    if steady is not None and release is not None:
        yield (
            f"a release every {number(release.cadence / 24)} d: "
            f"{counted(steady.in_flight, 'campaign')} at once, peak {number(steady.peak)} Gb/s, "
            f"mean {number(steady.mean)}, {_percent(steady.newest)} of the fleet on the newest"
        )


def _flash(run: CampaignRun) -> Iterator[str]:
    flash, image = run.campaign.flash, run.campaign.full
    if flash is not None:
        where = "fits the free slot" if fits(flash, image) else "is written in place"
        yield (
            f"the image {where}, the vehicle stands still for "
            f"{number(60 * run.campaign.install.duration)} min; releases of its life use "
            f"{_percent(wear(flash, image))} of the cells' endurance"
        )


def _rollback(run: CampaignRun) -> Iterator[str]:
    back, rule = run.rollback, run.campaign.rollback
    if back is not None and rule is not None:
        yield (
            f"{_percent(back.back)} of {back.vehicles:,.0f} vehicles are back by day "
            f"{number(rule.deadline / 24)}: {_percent(back.back_intact)} of those with an intact slot, "
            f"{_percent(back.back_overwritten)} of the others, at {number(back.peak_gbps)} Gb/s"
        )
