"""Duties by kind, origin, destination and date."""

from __future__ import annotations

import numpy as np

from planner.inputs.numbers import month_index
from planner.perf.duty import Duty, rates

FROM_2020, FROM_2026 = month_index("2020-01"), month_index("2026-01")
MONTHS = np.array([FROM_2020 - 1.0, FROM_2020, FROM_2026 - 1, FROM_2026])
FREE = Duty(frozenset({"nodes", "network"}), frozenset({"all"}), frozenset({"all"}), 0, 0.0)
INDIA = Duty(frozenset({"network"}), frozenset({"all"}), frozenset({"IN"}), FROM_2020, 0.10)
CHINA = Duty(frozenset({"nodes"}), frozenset({"TW"}), frozenset({"CN"}), FROM_2026, 0.25)
RULES = (CHINA, INDIA, FREE)


def test_the_latest_rule_that_speaks_of_a_delivery_decides() -> None:
    assert rates(RULES, "network", "TW", "IN", MONTHS).tolist() == [0, 0.10, 0.10, 0.10]
    assert rates(RULES, "nodes", "TW", "CN", MONTHS).tolist() == [0, 0, 0, 0.25]


def test_another_kind_origin_or_destination_is_free() -> None:
    for kind, origin, destination in (
        ("nodes", "TW", "IN"),
        ("nodes", "MX", "CN"),
        ("nodes", "TW", "JP"),
        ("storage", "TW", "IN"),
    ):
        assert not rates(RULES, kind, origin, destination, MONTHS).any()


def test_goods_of_the_country_itself_and_of_unknown_origin() -> None:
    assert not rates(RULES, "network", "IN", "IN", MONTHS).any()
    assert rates(RULES, "network", None, "IN", MONTHS)[-1] == 0.10
    assert not rates(RULES, "nodes", None, "CN", MONTHS).any()
