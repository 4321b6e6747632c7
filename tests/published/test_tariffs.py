"""Bills as providers and teachers of their price lists work them out."""

from __future__ import annotations

import numpy as np
import pytest

from planner.inputs.billing import tariff_of
from planner.inputs.load import read_profile
from planner.inputs.profiles import Tariff as TariffProfile
from planner.perf.campaign.tariffs import (
    BINS_PER_DAY,
    MBPS_OF_BIN,
    MonthOfBins,
    Prices,
    Rule,
    Tariff,
    billed_rate,
    month_charges,
)

TB = 1e12


def month(rates: np.ndarray, days: int) -> MonthOfBins:  # type: ignore[type-arg]
    """A month of five-minute rates [Mbit/s]."""
    return MonthOfBins(rates.reshape(1, -1, BINS_PER_DAY) / MBPS_OF_BIN, days)


def test_a_bandwidth_package_of_byteplus_in_july_2022() -> None:
    """BytePlus, Pay by traditional 95th percentile: 16 of 31 days with traffic, 100 Mbit/s at 14.3 USD: 738.0645 USD.

    288 x 16 x 5 % = 230.4 values are dropped, and the 231st is billed.
    https://docs.byteplus.com/api/docs/bandwidthpackage/Pay-by-traditional-95th-percentile
    """
    rates = np.full(16 * BINS_PER_DAY, 10.0)
    rates[:230] = 900.0
    rates[230] = 100.0
    part = month(rates, 31)
    tariff = Tariff("byteplus", "p95_active_days", Prices((0.0,), (14.3,)))
    assert month_charges(tariff, part).total[0] == pytest.approx(738.0645, abs=1e-4)


@pytest.mark.parametrize("rule", ["p95", "p95_active_days"])
def test_the_example_of_advanced_hosting(rule: Rule) -> None:
    """Advanced Hosting, Anycast CDN, Billing: of 8640 values 432 at 30 Mbit/s are dropped, 10 Mbit/s is billed.

    https://docs.advancedhosting.com/en/anycast-cdn/billing
    """
    rates = np.full(8640, 5.0)
    rates[1000:1432] = 30.0
    rates[5000] = 10.0
    part = month(rates, 30)
    assert billed_rate(part, rule)[0] == pytest.approx(10)


def test_a_commit_of_a_gigabit_a_second_at_3_dollars() -> None:
    """P. Bangera, NANOG list, 22 September 2011: 1 Gbit/s committed at 3 USD/Mbit/s is 3,000 USD a month up to it."""
    tariff = Tariff("transit", "p95", Prices((0.0,), (3.0,)), commit=1000.0, overage=3.0)
    for rate, cost in ((200.0, 3000), (1000.0, 3000), (2000.0, 6000)):
        part = month(np.full(8640, rate), 30)
        assert month_charges(tariff, part).total[0] == pytest.approx(cost)


def test_a_gigabit_a_second_is_324_terabytes_in_30_days() -> None:
    """Bizety, CDN Costing 101: Math Behind 95/5 Percentile, 27 April 2015."""
    part = month(np.full(8640, 1000.0), 30)
    assert part.volume[0] == pytest.approx(324 * TB)
    assert billed_rate(part, "p95")[0] == pytest.approx(1000)


def test_huaweis_days_with_traffic_are_paid_for_as_their_share_of_october() -> None:
    """Huawei Cloud CDN, Billing by 95th Percentile Bandwidth: Max95 x M x (X / days of October).

    https://support.huaweicloud.com/eu/price-cdn/cdn_01_0160.html
    """
    for valid in (1, 10, 31):
        rates = np.zeros(31 * BINS_PER_DAY)
        rates[: valid * BINS_PER_DAY] = 400.0
        part = month(rates, 31)
        found = billed_rate(part, "p95_active_days")[0]
        assert found == pytest.approx(400 * valid / 31)


def test_fifty_terabytes_of_cloudfront() -> None:
    """Kindatechnical, CloudFront pricing: 50 TB in the USA and Europe = 10 x 1024 x 0.085 + 40 x 1024 x 0.080 USD.

    It has 1,024 GB to the terabyte; the profile has 1,000. The same prices are on Amazon's own page.
    https://kindatechnical.com/aws-certification-associate-developer/lesson-87-cloudfront-pricing.html
    """
    profile = read_profile("tariffs", "cloudfront_us_eu")
    assert isinstance(profile, TariffProfile)
    cost = tariff_of("cloudfront_us_eu", profile).prices.cost(50 * TB)
    assert float(cost) * 1.024 == pytest.approx(4147.20)
