"""Switches of a fat tree against the tables of the NVIDIA DGX SuperPOD reference architecture."""

from __future__ import annotations

import numpy as np
import pytest

from planner.perf.fabric import switches_required
from planner.perf.ordering import whole_units

QM9700 = 64  # ports at 400 Gb/s


def switches(endpoints: float, radix: int = QM9700) -> float:
    return float(switches_required(np.array(float(endpoints)), np.array(float(radix))))


@pytest.mark.parametrize(
    ("nodes", "leaf", "spine", "core"),
    [
        # NVIDIA DGX SuperPOD reference architectures, DGX H100 (RA-11333-001) and DGX B200: compute fabric, eight
        # ports a node. The row of 96 nodes has 24 + 16: its spines are rounded up so that uplinks divide evenly.
        (32, 8, 4, 0),
        (64, 16, 8, 0),
        (128, 32, 16, 0),
        (256, 64, 32, 0),
        (512, 128, 128, 64),
        (1024, 256, 256, 128),
        (2048, 512, 512, 256),
    ],
)
def test_full_scalable_units_need_the_published_switches(
    nodes: int, leaf: int, spine: int, core: int
) -> None:
    assert switches(nodes * 8) == leaf + spine + core


def test_two_tiers_reach_half_the_square_of_the_radix() -> None:
    full = QM9700**2 / 2
    assert switches(full) == 3 * full / QM9700 == 96
    assert switches(full + 1) == pytest.approx(5 * (full + 1) / QM9700)


def test_the_three_tiers_of_al_fares_have_five_quarters_of_the_squared_radix() -> None:
    # k pods of k switches and (k/2)^2 cores serve k^3/4 hosts (Al-Fares et al., SIGCOMM 2008, section 2.2).
    for k in (4, 8, 48, 64):
        assert switches(k**3 / 4, k) == pytest.approx(k * k + (k / 2) ** 2)


def test_one_switch_serves_all_its_ports() -> None:
    assert switches(1) == switches(64) == 1
    assert switches(65) > 1


def test_nothing_to_connect_needs_no_switch() -> None:
    assert switches(0) == 0


def test_more_endpoints_never_need_fewer_switches() -> None:
    endpoints = np.arange(0.0, 5000.0)
    counts = whole_units(switches_required(endpoints, np.array(64.0)))
    assert (np.diff(counts) >= 0).all()
