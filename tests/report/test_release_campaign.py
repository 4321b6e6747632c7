"""The plan's OTA quantities against the campaign that they stand for, followed vehicle class by vehicle class."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from planner.axes import HOUR, MONTH, PACKAGE, REGION, Array, on, total
from planner.errors import InputError
from planner.inputs.campaign import read_campaign
from planner.inputs.campaign_files import load_campaign
from planner.perf.campaign import Campaign, Rollout, follow, outcome
from planner.plan import Plan
from planner.project import load
from planner.report.campaigns.release import release_campaign
from tests.command import Planner

CLASSES = 40_000
GBPS = 8 / 1e9
DAY = 86_400.0
SHORT = {"links.wifi.session": "15 minute", "links.cellular.session": "15 minute"}
ALIKE = {
    "ota.rate_spread": "0",
    "ota.session_spread": "0 %",
    "ota.rare_share": "0 %",
    "ota.absent_share": "0 %",
}
LARGE = {"packages.driving_model.size": "40 GB"}


@cache
def plan_of(changes: tuple[tuple[str, str], ...]) -> Plan:
    return load("5pct_ev_market", set=dict(changes)).plan()


def at(plan: Plan, name: str, month: str, *axes: int) -> Array:
    (values,) = plan.values(name)
    return np.asarray(on(values, MONTH, *axes)[0, plan.months.index(month)])


def followed(plan: Plan, month: str) -> tuple[Campaign, Rollout]:
    campaign = read_campaign(release_campaign(plan, month))
    return campaign, follow(campaign, CLASSES, 1)


@pytest.mark.parametrize(
    ("changes", "month"),
    [
        ({}, "2030-12"),
        ({}, "2026-01"),
        (ALIKE, "2030-12"),
        (SHORT, "2030-12"),
        (LARGE, "2030-12"),
        (LARGE | ALIKE, "2030-12"),
        ({"ota.rollout": "5 day"}, "2030-12"),
        ({"links.wifi.interval": "4 day", "links.cellular.interval": "4 day"}, "2030-12"),
        ({"ota.absent_share": "6 %", "ota.rare_share": "10 %"}, "2030-12"),
        ({"links.wifi.session": "12 hour", "links.depot.interval": "0.5 day"}, "2030-12"),
    ],
    ids=str,
)
def test_a_plans_release_goes_as_its_campaign_does(changes: dict[str, str], month: str) -> None:
    """Days within 3 %, bytes 1 %, the busiest hour 5 % and the day's course 3 % of the peak (root mean square).

    A day's hours are means over the last days of admission, when all days are alike: the largest of hundreds of hours
    of some ten thousand vehicle classes is the noisiest one, not the busiest.
    """
    plan = plan_of(tuple(changes.items()))
    campaign, rollout = followed(plan, month)
    found = outcome(rollout)
    t99, sent = found.outputs["t99_h"].mean, found.outputs["total_tb"].mean
    assert at(plan, "ota_days_to_99", month) / DAY == pytest.approx((t99 or 0) / 24, rel=0.03)
    vehicles = at(plan, "ota_vehicles", month, REGION, 4, 14).sum()
    (release,) = plan.values("release_bytes")
    size = on(total(release, PACKAGE), MONTH)[0, plan.months.index(month)]
    assert vehicles * size / 1e12 == pytest.approx(sent, rel=0.01)
    hours = at(plan, "ota_by_hour", month, HOUR) * GBPS
    last = round(campaign.waves[0].hours / 24)
    days = found.hourly_gbps[: 24 * last].reshape(-1, 24)
    course = days[max(last - 4, last // 2 + 1) :].mean(axis=0)
    assert hours.max() == pytest.approx(course.max(), rel=0.05)
    assert np.sqrt(((hours - course) ** 2).mean()) < 0.03 * course.max()


def test_each_region_has_its_own_days_and_peak() -> None:
    plan, month = plan_of(()), "2030-12"
    campaign, rollout = followed(plan, month)
    regions = plan.project.table.labels[REGION]
    days = at(plan, "region_ota_days_to_99", month, REGION) / DAY
    peaks = at(plan, "region_ota_peak", month, REGION) * GBPS
    headroom = float(plan.leaf("ota_headroom").item())
    for name in ("usa", "europe", "rest_of_world"):
        members = [n for n, each in enumerate(campaign.regions) if each.name.startswith(name)]
        mine = np.isin(rollout.classes.region, members)
        done = np.full(mine.size, np.inf)
        done[rollout.done_class] = rollout.done + campaign.install.duration
        order = np.argsort(done[mine])
        reached = np.cumsum(rollout.classes.weight[mine][order])
        place = np.searchsorted(reached, 0.99 * reached[-1])
        number = regions.index(name)
        assert days[number] == pytest.approx(done[mine][order][place] / 24, rel=0.05)
        pool = campaign.regions[members[0]].pool
        sent = rollout.sent[pool].sum(axis=0)[12 * 24 * 9 : 12 * 24 * 14]
        course = sent.reshape(-1, 24, 12).sum(axis=2).mean(axis=0) * 8 / 3600 / 1e9
        # The largest of 24 hours of a part of the classes is some per cent above their mean by its noise alone.
        assert peaks[number] / headroom == pytest.approx(course.max(), rel=0.08)


def test_rejected_payloads_are_part_of_what_is_sent_again() -> None:
    plan = plan_of((("ota.verify_failures", "1 %"),))
    update = release_campaign(plan, "2030-12")["update"]
    (release,) = plan.values("release_bytes")
    rejected = update["p_verify_fail_full"]
    again = update["full_mb"] / (1 - rejected)
    before, older = update["installed_versions"]
    sent = before["share"] * (before["payload_mb"] + rejected * again) + older["share"] * again
    assert sent == pytest.approx(total(release, PACKAGE)[0, -1].item() / 1e6)
    assert before["share"] == pytest.approx(0.9)


def test_the_command_writes_a_campaign_that_can_be_run(planner: Planner, tmp_path: Path) -> None:
    file = tmp_path / "release.yaml"
    options = ("--campaign-out", str(file), "--at", "2026-01")
    done = planner("size", "scenarios/5pct_ev_market.yaml", *options)
    assert (done.code, done.err) == (0, "")
    plan = plan_of(())
    assert load_campaign(file).campaign == read_campaign(release_campaign(plan, "2026-01"))
    wrong = planner("size", "5pct_ev_market", "--campaign-out", str(file), "--at", "2035-01")
    assert wrong.code == 2 and "nearest" in wrong.err
    assert planner("size", "5pct_ev_market", "--at", "2026-01").code == 2


def test_a_region_names_its_own_cellular_network() -> None:
    regions = release_campaign(plan_of(()), "2030-12")["fleet"]["regions"]
    there = {each["name"] for each in regions}
    for each in regions:
        own = each["name"].rpartition("_")[0] + "_cellular"
        assert own not in there or set(each["cell_mix"]) == {own}


def test_a_month_without_vehicles_has_no_release() -> None:
    with pytest.raises(InputError, match="no such month"):
        release_campaign(plan_of(()), "2030-13")
