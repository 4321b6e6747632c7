"""What a bill shows: every component, each contract with its date, and what other rules make of the same traffic."""

from __future__ import annotations

import json

import pytest

from planner.inputs.campaign_files import load_campaign
from planner.report.campaigns import answer, page
from planner.study.campaign_run import CampaignRun, run


@pytest.fixture(scope="module")
def found() -> CampaignRun:
    return run(load_campaign("model_n_india_japan"), 2000)


def test_components_of_the_json_add_up_to_its_total(found: CampaignRun) -> None:
    bill = json.loads(answer.to_json(found))["bill"]
    assert bill["currency"] == "USD"
    assert bill["total_low"] < bill["total"] < bill["total_high"]
    for parts in (bill["components"], bill["by_month"], bill["by_place"]):
        assert sum(parts.values()) == pytest.approx(bill["total"])
    assert sum(line["usd"] for line in bill["lines"]) == pytest.approx(bill["total"])
    assert bill["total"] / bill["per_updated_vehicle"] == pytest.approx(
        (found.mean("updated_share") or 0) * found.campaign.vehicles
    )
    accounts = {each["name"]: each for each in bill["accounts"]}
    assert sum(each["tb"] for each in accounts.values()) == pytest.approx(found.mean("total_tb"))
    japan = accounts["japan"]
    assert (japan["tariff"], japan["tariff_of"]) == ("cloudfront_japan", "2026-01")
    assert japan["cheapest"] == min(
        japan["delivery_by_tariff"], key=japan["delivery_by_tariff"].get
    )


def test_the_page_has_the_bill_within_its_width(found: CampaignRun) -> None:
    lines = [line.plain for line in page.page(found, 100)]
    assert max(map(len, lines)) <= 100
    text = "\n".join(lines)
    for expected in (
        "delivery", "cellular", "requests", "total", "cloudfront_japan 2026-01",
        "under wholesale_95_5", "per_gb",
    ):  # fmt: skip
        assert expected in text
