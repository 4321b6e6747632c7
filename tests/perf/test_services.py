"""Serving: another accelerator, local hours, the time of a summary."""

from __future__ import annotations

import numpy as np
import pytest

from planner.perf.services import carried_over, demand_by_hour, summary_time

HOUR = 3600.0


def test_speed_is_carried_over_by_the_lower_ratio() -> None:
    found = carried_over(np.array([2.0, 0.3, 1.0]), np.array([1.5, 0.4, 1.0]))
    assert found.tolist() == [1.5, 0.3, 1.0]


def test_each_service_has_its_own_clock_and_profile() -> None:
    evening = np.zeros(24)
    evening[20] = 1.0
    profile = np.stack([evening, np.ones(24)], axis=1)[None]
    found = demand_by_hour(profile, np.array([[8 * HOUR, 5.5 * HOUR]]))
    assert found.shape == (1, 24, 2)
    assert found[0, :, 0].argmax() == 12  # 20:00 in Taipei is 12:00 UTC
    assert found[0, 12, 0] == 24
    assert found[0, :, 1] == pytest.approx(np.ones(24))
    assert found.mean(axis=1) == pytest.approx(np.ones((1, 2)))


def test_a_summary_takes_its_fixed_time_and_the_chunks_over_the_rate() -> None:
    assert summary_time(np.array([0.0, 100.0]), 40.0, 5.0).tolist() == [40.0, 60.0]
