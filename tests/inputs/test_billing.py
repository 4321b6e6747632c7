"""The `billing` block: what it means, and its faults."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from planner import resources
from planner.errors import Fault, InputError
from planner.inputs.billing import read_billing
from planner.inputs.campaign_files import load_campaign
from planner.inputs.campaign_node import CampaignNode, Source
from planner.inputs.load import check_profile
from planner.perf.campaign.billing import Billing
from planner.perf.campaign.description import Campaign

GB, TB = 1e9, 1e12


@pytest.fixture(scope="module")
def campaign() -> Campaign:
    return load_campaign("monthly_release").campaign


def read(campaign: Campaign, block: dict[str, Any], overlays: tuple[Path, ...] = ()) -> Billing:
    return read_billing(CampaignNode(block, ("billing",), Source("mine.yaml")), campaign, overlays)


def faults(campaign: Campaign, block: dict[str, Any]) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        read(campaign, block)
    return list(caught.value.faults)


def test_a_tariff_is_a_profile_with_the_price_list_in_it(campaign: Campaign) -> None:
    account = read(campaign, {"accounts": [{"tariff": "cloudfront_us_eu"}]}).accounts[0]
    assert account.regions == tuple(range(6))
    tariff = account.tariff
    assert (tariff.rule, tariff.dated) == ("volume", "2026-01")
    # 10 TB at 0.085, 40 at 0.080, 100 at 0.060, 350 at 0.040, 500 at 0.030 USD/GB.
    assert tariff.prices.cost(1000 * TB) == pytest.approx(850 + 3200 + 6000 + 14000 + 15000)
    assert tariff.request == pytest.approx(1e-6)


def test_a_rate_is_priced_as_the_profile_says(campaign: Campaign) -> None:
    account = read(campaign, {"accounts": [{"tariff": "wholesale_95_5_commit"}]}).accounts[0]
    assert account.tariff.prices.prices == (pytest.approx(0.65),)
    assert account.tariff.commit == pytest.approx(20_000)
    assert account.tariff.overage == pytest.approx(1.0)
    assert account.tariff.origin == pytest.approx(0.01 / GB)


def test_prices_of_a_profile_are_read_at_their_percentiles(campaign: Campaign) -> None:
    block = {
        "accounts": [{"tariff": "wholesale_per_gb"}],
        "cellular": [{"tariff": "cellular_india", "cap_gb": 1}],
    }
    for quote, delivery, cellular in (
        ("low", 0.002, 0.1),
        ("base", 0.006, 0.2),
        ("high", 0.02, 0.6),
    ):
        node = CampaignNode(block, ("billing",), Source("mine.yaml"))
        found = read_billing(node, campaign, (), quote)  # type: ignore[arg-type]
        assert found.accounts[0].tariff.prices.prices[0] * GB == pytest.approx(delivery)
        assert found.cellular[0].price * GB == pytest.approx(cellular)
        assert found.cellular[0].overage == found.cellular[0].price


def test_an_account_overrides_the_numbers_of_its_tariff(campaign: Campaign) -> None:
    block = {
        "start": "2026-03-10",
        "range_mb": 8,
        "objects_mb": 9000,
        "overhead": 0.1,
        "accounts": [
            {
                "pools": ["americas"], "tariff": "wholesale_95_5", "price_per_mbps": [[0, 1], [10, 0.5]],
                "commit_gbps": 5, "overage_price_per_mbps": 2, "base_tb_per_month": 300,
                "edge_caches": 40, "origin_price_per_gb": 0.02, "request_price_per_10k": 0.01,
            },
            {"name": "rest", "pools": ["emea", "apac"], "rule": "volume",
             "price_per_gb": {"value": 0.01, "source": "contract", "confidence": "assumed"}},
        ],
        "compare": ["cloudfront_japan"],
    }  # fmt: skip
    found = read(campaign, block)
    first, second = found.accounts
    assert (first.name, second.name) == ("americas", "rest")
    assert first.tariff.prices.starts == (0, 10_000)
    assert (first.tariff.commit, first.tariff.overage) == (5000, 2)
    assert (first.others, first.caches) == (300 * TB, 40)
    assert first.tariff.request == pytest.approx(1e-6)
    assert first.tariff.origin == pytest.approx(0.02 / GB)
    assert second.tariff.prices.prices == (pytest.approx(0.01 / GB),)
    assert [each.name for each in first.alternatives] == ["cloudfront_japan"]
    assert (found.start, found.range_bytes, found.objects) == (date(2026, 3, 10), 8e6, 9 * GB)
    assert found.overhead == 0.1


def test_a_cellular_plan_has_a_cap_and_a_price_beyond_it(campaign: Campaign) -> None:
    plain = {"tariff": "wholesale_per_gb"}
    cellular = [
        {"regions": ["usa"], "tariff": "cellular_north_america", "cap_gb": 2, "used_gb": 0.5},
        {"regions": ["europe"], "price_per_gb": 1, "cap_gb": 2, "overage_price_per_gb": 4},
        {"regions": ["japan"], "price_per_gb": 1, "cap_gb": 2, "throttled": True, "pooled": True},
    ]
    usa, europe, japan = read(campaign, {"accounts": [plain], "cellular": cellular}).cellular
    assert (usa.price * GB, usa.overage * GB) == (pytest.approx(2), pytest.approx(2))
    assert (usa.allowance, usa.used) == (2 * GB, 0.5 * GB)
    assert europe.overage * GB == pytest.approx(4)
    assert (japan.overage, japan.pooled) == (0, True)


def test_faults_are_named_together_with_what_is_near(campaign: Campaign) -> None:
    block = {
        "start": "next week",
        "accounts": [
            {"regions": ["usa", "euroupe"], "tariff": "cloudfront_us_eu", "price_per_mbps": 1},
            {"regions": ["usa"], "tariff": "cloudfront_jpan", "colour": "red"},
            {"regions": ["japan"], "rule": "volume"},
            {"regions": ["taiwan"], "price_per_gb": 1},
        ],
        "cellular": [{"regions": ["usa"], "tariff": "wholesale_95_5"}, {"regions": ["japan"]}],
    }
    text = "\n".join(map(str, faults(campaign, block)))
    for expected in (
        "billing.start  expected a date such as 2026-03-10",
        "billing.accounts[0].regions[1]  no region 'euroupe'; nearest: europe",
        "billing.accounts[0].price_per_mbps  means nothing: the tariff bills by volume",
        "region 'usa' is billed by another entry already",
        "billing.accounts[1].tariff  no profile 'cloudfront_jpan' in tariffs/; nearest: cloudfront_japan",
        "billing.accounts[1].colour  unknown key",
        "billing.accounts[2]  lacks 'price_per_gb'",
        "billing.accounts[3]  names no tariff, and no rule with a price",
        "billing.accounts  region 'india' is billed by none of them",
        "billing.cellular[0].tariff  is a tariff for delivery, not of an operator",
        "billing.cellular[1]  names no tariff and no price_per_gb",
    ):
        assert expected in text


def test_tiers_have_to_rise_from_0(campaign: Campaign) -> None:
    block = {"accounts": [{"rule": "volume", "price_per_gb": [[10, 1], [5, 2]]}]}
    assert "tiers start at 0 and rise" in str(faults(campaign, block)[0])


def test_a_folder_of_profiles_goes_before_the_shipped_tariffs(
    campaign: Campaign, tmp_path: Path
) -> None:
    folder = tmp_path / "tariffs"
    folder.mkdir()
    file = folder / "mine.yaml"
    text = (
        "title: Mine\nvalid: 2026-05\nplace: here\nrule: {rule}\nvolume:\n"
        "  - above: {{value: 0 TB, source: contract, confidence: assumed}}\n"
        "    price: {{value: 0.004 USD/GB, source: contract, confidence: assumed}}\n"
    )
    file.write_text(text.format(rule="volume"))
    found = read(campaign, {"accounts": [{"tariff": "mine"}], "compare": []}, (tmp_path,))
    assert found.accounts[0].tariff.prices.prices == (pytest.approx(0.004 / GB),)
    file.write_text(text.format(rule="p95"))
    with pytest.raises(InputError, match="rule p95 has its tiers in rate"):
        check_profile(file, "tariffs")


def test_every_shipped_tariff_reads_and_says_where_its_numbers_are_from() -> None:
    names = resources.profiles("tariffs")
    assert len(names) >= 15
    for name in names:
        check_profile(resources.find_profile("tariffs", name)[0], "tariffs")


@pytest.mark.parametrize("name", ["monthly_release", "model_n_india_japan", "map_update"])
def test_shipped_campaigns_have_a_bill(name: str) -> None:
    loaded = load_campaign(name)
    block = loaded.block("billing")
    assert block is not None
    found = read_billing(block, loaded.campaign)
    assert {region for each in found.accounts for region in each.regions} == set(
        range(len(loaded.campaign.regions))
    )
