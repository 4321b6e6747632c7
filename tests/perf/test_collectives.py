"""Collectives by hand calculation, and what must hold on any topology."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.axes import Array
from planner.perf.training_step.collectives import (
    ARRIVAL,
    NIC_SHARE,
    NVLINK_SHARE,
    PCIE_SHARE,
    all_gather,
    all_reduce,
    all_to_all,
    arrival,
    bus_factor,
    group_rate,
    link_rate,
    reduce_scatter,
    send,
    switch_share,
)
from planner.perf.training_step.configuration import System

ONE = np.ones(1)
LARGE = np.array([64e9])
GROUPED: list[Callable[[Array, Array, Array, System], Array]] = [
    all_gather, all_reduce, all_to_all, reduce_scatter,
]  # fmt: skip


def system(**stated: float) -> System:
    values = dict(
        peak_16=1.0, peak_linear=1.0, memory_rate=1.0, cache=1.0, nvlink=400e9, nic=50e9,
        processors=1.0, power=1.0, domain=8.0, gpus=64.0,
    )  # fmt: skip
    return System(**{k: np.array([v]) for k, v in {**values, **stated}.items()})


def test_a_large_ring_moves_its_share_of_the_buffer_at_the_rate_of_the_link() -> None:
    wire = 7 / 8 * 64e9 / (NVLINK_SHARE * 400e9)
    assert all_gather(LARGE, 8 * ONE, ONE, system()) == pytest.approx(wire, rel=1e-3)
    assert all_reduce(LARGE, 8 * ONE, ONE, system()) == pytest.approx(2 * wire, rel=1e-3)


def test_a_ring_across_domains_runs_at_the_ports_of_its_members_there() -> None:
    # two members in each of four domains: two ports
    wire = 7 / 8 * 64e9 / (2 * NIC_SHARE * 50e9)
    assert all_gather(LARGE, 8 * ONE, 4 * ONE, system()) == pytest.approx(wire, rel=1e-3)


def test_a_small_ring_takes_its_hops() -> None:
    # LL of NCCL's tuner: 6.6 us to start, 0.6 us a hop over NVLink and 2.7 us over the network
    size = np.array([8.0])
    assert all_gather(size, 8 * ONE, ONE, system()) == pytest.approx(6.6e-6 + 7 * 0.6e-6, rel=1e-3)
    across = 6.6e-6 + 14 * 0.6e-6 + 2.7e-6
    assert all_gather(size, 16 * ONE, ONE, system(domain=8)) == pytest.approx(across, rel=1e-3)


def test_a_tree_makes_small_all_reduces_of_many_servers_short() -> None:
    size, far = np.array([1e6]), np.array([1024.0])
    ring_hops = 2 * 1023 * 2.7e-6
    found = all_reduce(size, far, ONE, system(domain=1))
    assert found < ring_hops / 4
    # twice the depth for the square of the servers
    longer = all_reduce(size, far**2, ONE, system(domain=1))
    assert longer < 2 * found


def test_switches_reduce_half_of_the_bytes_of_a_ring() -> None:
    # 64 GB once and an eighth of it again, at three quarters of the link; filling the pipeline takes a few per cent
    wire = 9 / 8 * 64e9 / (0.75 * 400e9)
    found = all_reduce(LARGE, 8 * ONE, ONE, system(in_switch=0.75))
    assert found == pytest.approx(wire, rel=0.03)
    # network switches: a port carries an eighth of the buffer once
    network = system(in_network=1.0, nvlink=4e12)
    assert all_reduce(LARGE, 64 * ONE, ONE, network) == pytest.approx(
        64e9 / 8 / (NIC_SHARE * 50e9), rel=0.05
    )


def test_gathers_are_rings_whether_or_not_switches_reduce() -> None:
    assert all_gather(LARGE, 8 * ONE, ONE, system(in_switch=0.75)) == all_gather(
        LARGE, 8 * ONE, ONE, system()
    )


def test_two_accelerators_of_a_mesh_have_a_third_of_the_wires_of_four() -> None:
    # Jean Zay's V100 nodes: four accelerators, each wired to three others
    mesh = system(nvlink=150e9, domain=4, peers=3)
    two, four = (float(link_rate(np.array([n]), mesh)[0]) for n in (2.0, 4.0))
    assert two == pytest.approx(NVLINK_SHARE * 50e9)
    assert four == pytest.approx(NVLINK_SHARE * 150e9)


def test_pcie_through_the_host_reaches_less_of_its_rate() -> None:
    # 8 H100 PCIe: 35 to 45 GB/s of bus bandwidth at 63 GB/s (docs.alayanew.com)
    found = all_reduce(LARGE, 8 * ONE, ONE, system(nvlink=63e9, host_links=1))
    bus = float(bus_factor("all_reduce", 8 * ONE)[0] * LARGE[0] / found[0])
    assert 35e9 <= bus <= 45e9
    assert bus == pytest.approx(PCIE_SHARE * 63e9, rel=0.01)


def test_oversubscription_slows_what_crosses_the_uplinks() -> None:
    free, blocked = system(leaf=64), system(leaf=64, oversubscription=4)
    within = (LARGE, 64 * ONE, ONE)
    assert all_to_all(*within, blocked) == all_to_all(*within, free)
    # of 128 members half lie above the leaf, at a quarter of the rate
    beyond = all_to_all(LARGE, 128 * ONE, ONE, blocked)
    assert beyond == pytest.approx(64 / 128 * 64e9 * 4 / (NIC_SHARE * 50e9), rel=1e-3)
    # a ring in order crosses with one of the leaf's eight domains, whose uplinks are enough for it
    assert group_rate(ONE, 128 * ONE, blocked) == group_rate(ONE, 128 * ONE, free)
    # leaves that nobody states hold a unit of 32 servers
    assert all_to_all(LARGE, 512 * ONE, ONE, system(oversubscription=4)) > 2 * all_to_all(
        LARGE, 512 * ONE, ONE, system()
    )
    # a ring of one accelerator from each leaf crosses with all
    assert 4 * group_rate(64 * ONE, 8 * ONE, blocked) == group_rate(64 * ONE, 8 * ONE, free)


def test_sends_take_the_link_inside_and_the_port_outside() -> None:
    inside, outside = send(LARGE, ONE, system()), send(LARGE, 8 * ONE, system())
    assert inside == pytest.approx(64e9 / (NVLINK_SHARE * 400e9), rel=1e-3)
    assert outside == pytest.approx(64e9 / (NIC_SHARE * 50e9), rel=1e-3)


def test_members_wait_for_those_of_one_domain() -> None:
    assert arrival(np.array([1.0, 2.0, 8.0, 1024.0]), system()).tolist() == pytest.approx(
        [0.0, ARRIVAL, 7.0 * ARRIVAL, 7.0 * ARRIVAL]
    )


def test_switches_reduce_since_hopper_and_less_of_a_rack() -> None:
    assert switch_share("ampere", 8) == 0.0
    assert switch_share("hopper", 8) > switch_share("blackwell", 8) > switch_share("blackwell", 72)


systems = st.builds(
    system,
    nvlink=st.floats(30e9, 2e12),
    nic=st.floats(1e9, 200e9),
    domain=st.sampled_from([1.0, 4.0, 8.0, 72.0]),
    in_switch=st.sampled_from([0.0, 0.7]),
    in_network=st.sampled_from([0.0, 1.0]),
    leaf=st.sampled_from([32.0, 256.0, np.inf]),
    oversubscription=st.sampled_from([1.0, 2.0, 7.0]),
)


@settings(max_examples=25, deadline=None)
@given(
    s=systems,
    members=st.sampled_from([2.0, 3.0, 8.0, 64.0, 1000.0]),
    inner=st.sampled_from([1.0, 2.0, 8.0]),
    size=st.floats(1.0, 1e11),
)
def test_more_bytes_take_longer_and_better_links_never_do(
    s: System, members: float, inner: float, size: float
) -> None:
    n, apart, data = np.array([members]), np.array([inner]), np.array([size])
    better = (
        replace(s, nvlink=2 * s.nvlink), replace(s, nic=2 * s.nic),
        replace(s, oversubscription=ONE), replace(s, in_network=ONE),
    )  # fmt: skip
    for collective in GROUPED:
        found = collective(data, n, apart, s)
        assert np.isfinite(found).all() and (found > 0).all()
        assert (collective(2 * data, n, apart, s) > found).all()
        assert collective(data, ONE, apart, s) == 0.0
        for faster in better:
            assert (collective(data, n, apart, faster) <= found * (1 + 1e-12)).all()
    whole = all_reduce(data, n, apart, s)
    assert (whole <= 2.0 * reduce_scatter(data, n, apart, s)).all()
