"""Leaves, spines and cores: what always holds. The published tables are in tests/published/test_network.py."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.axes import Array
from planner.perf.fabric import (
    cores,
    leaves,
    leaves_by_rail,
    links_to_cores,
    ports_down,
    ports_up,
    spines,
)

RADIX = 64.0


def tree(
    endpoints: Array, radix: float = RADIX, rails: float = 1.0, over: float = 1.0
) -> tuple[Array, ...]:
    """Leaves, spines, cores and uplinks of a leaf."""
    ends, ports = np.asarray(endpoints, dtype=float), np.array(radix)
    down = np.array(radix / 2)
    up = ports_up(ports, down, np.array(over))
    leaf = leaves(leaves_by_rail(ends, np.array(rails), down), ends, ports, down)
    spine = spines(leaf, up, ports, down)
    return leaf, spine, cores(leaf, spine, ports, down, down), up


def test_one_switch_serves_all_its_ports() -> None:
    for endpoints in (1.0, 64.0):
        assert [float(x) for x in tree(endpoints)[:3]] == [1, 0, 0]
    assert sum(float(x) for x in tree(65.0)[:3]) > 1


def test_nothing_to_connect_needs_no_switch() -> None:
    assert [float(x) for x in tree(0.0)[:3]] == [0, 0, 0]


def test_two_tiers_reach_half_the_square_of_the_radix_with_three_switches_a_port() -> None:
    # Row C21: 3 N / k at the largest size of two tiers, 5 N / k of three.
    full = RADIX**2 / 2
    assert sum(float(x) for x in tree(full)[:3]) == 3 * full / RADIX == 96
    assert float(tree(full + 1)[2]) > 0


def test_the_three_tiers_of_al_fares_have_five_quarters_of_the_squared_radix() -> None:
    # k pods of k switches and (k/2)^2 cores serve k^3/4 hosts (Al-Fares et al., SIGCOMM 2008, section 2.2).
    for k in (4, 8, 48, 64):
        assert sum(float(x) for x in tree(k**3 / 4, k)[:3]) == k * k + (k / 2) ** 2


def test_a_fourth_tier_costs_two_more_switches_a_port() -> None:
    # (2 t - 1) N / k switches in t tiers: 7 N / k at the largest size of four.
    full = 2 * (8 / 2) ** 4
    assert sum(float(x) for x in tree(full, 8)[:3]) == 7 * full / 8


def test_more_endpoints_never_need_fewer_switches_of_any_kind() -> None:
    endpoints = np.arange(0.0, 9000.0)
    for rails in (1.0, 8.0):
        for count in tree(endpoints, rails=rails)[:3]:
            assert (np.diff(count) >= 0).all()


@given(
    st.integers(65, 200_000),
    st.sampled_from([8, 16, 36, 48, 64, 128, 144]),
    st.sampled_from([1, 2, 4, 8]),
)
def test_every_port_in_use_has_a_port_to_go_to(endpoints: int, radix: int, rails: int) -> None:
    leaf, spine, core, up = (float(x) for x in tree(np.array(float(endpoints)), radix, rails))
    assert leaf * (radix // 2) >= endpoints or leaf == 1
    assert spine * radix >= leaf * up or (spine == 0 and leaf <= 1)
    above = float(
        links_to_cores(np.array(leaf), np.array(spine), np.array(float(radix)), np.array(radix / 2))
    )
    assert core * radix >= above
    if core == 0 and spine:
        assert up % spine == 0 or spine >= up
        assert leaf <= radix


def test_oversubscription_takes_spines_away_and_never_leaves() -> None:
    full, half = tree(1024.0), tree(1024.0, over=2.0)
    assert float(half[0]) == float(full[0])
    assert float(half[1]) == float(full[1]) / 2


@pytest.mark.parametrize(
    ("over", "down", "up"),
    [
        (1, 32, 32),
        (1.33, 36, 28),
        (1.9, 40, 24),
        (2, 40, 20),
        (3, 48, 16),
        (4, 48, 12),
        (7, 56, 8),
    ],
)
def test_ports_of_a_switch_are_divided_as_the_oversubscription_asks(
    over: float, down: int, up: int
) -> None:
    found = ports_down(np.array(RADIX), np.array(over))
    assert (float(found), float(ports_up(np.array(RADIX), found, np.array(over)))) == (down, up)


def test_seven_to_one_above_the_spines_leaves_no_port_dark() -> None:
    # 7:1 of 64 ports: 56 down, 8 up. With half of them down 5 were needed up, and 27 were dark.
    down = ports_down(np.array(RADIX), np.array(7.0))
    assert float(down + ports_up(np.array(RADIX), down, np.array(7.0))) == RADIX


@given(st.integers(3, 512), st.floats(1, 64))
def test_no_switch_uses_more_ports_than_it_has_or_oversubscribes_more_than_asked(
    radix: int, over: float
) -> None:
    ports = np.array(float(radix))
    down = float(ports_down(ports, np.array(over)))
    up = float(ports_up(ports, np.array(down), np.array(over)))
    assert down >= radix // 2 >= 1
    assert up >= 1
    assert down + up <= radix
    assert down <= up * over * (1 + 1e-9)
    assert radix - down - up <= max(radix / 16, 1) or over == 1


@given(st.integers(3, 512), st.integers(1, 600), st.floats(1, 64))
def test_uplinks_take_only_the_ports_that_are_left(radix: int, down: int, over: float) -> None:
    up = float(ports_up(np.array(float(radix)), np.array(float(down)), np.array(over)))
    free = max(radix - down, 0)
    assert up <= free
    assert up == free or up * over >= down * (1 - 1e-9)


@given(st.integers(2, 64), st.floats(1, 16))
def test_spines_never_need_more_than_their_ports(leaf: int, over: float) -> None:
    ports = np.array(RADIX)
    down = ports_down(ports, np.array(over))
    up = float(ports_up(ports, down, np.array(over)))
    spine = float(spines(np.array(float(leaf)), np.array(up), ports, down))
    assert up % spine == 0
    assert leaf * up <= spine * RADIX


@pytest.mark.parametrize("rails", [1.0, 2.0, 8.0])
def test_rails_never_share_a_leaf(rails: float) -> None:
    leaf = leaves_by_rail(np.arange(1.0, 3000.0), np.array(rails), np.array(32.0))
    assert (leaf % rails == 0).all()
