"""Switches and links of published networks, from the graph's own quantities.

Sources: NVIDIA DGX SuperPOD reference architectures for DGX H100 (RA-11333-001 v11), DGX B200, DGX B300 (Ethernet) and
DGX B300 XDR; SemiAnalysis, 100,000 H100 Clusters (2024-06-17) and AI Neocloud Playbook (2024-10-03); H100 Freakonomics,
a public price sheet of August 2024.
"""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import HARDWARE, MONTH, NETWORK, SITE, Array, concatenate, place
from planner.catalogue import NETWORKS
from planner.model import decisions, network


class Fabric:
    """A compute network for a number of nodes, through the planner's quantities; the other networks are empty."""

    def __init__(
        self,
        nodes: float,
        radix: float = 64,
        ports: float = 8,
        planes: float = 1,
        manager: float = 0,
        oversubscription: float = 1,
        core_oversubscription: float = 1,
        down: float = 0,
        rails: float = 8,
    ) -> None:
        def only_compute(value: float, other: float) -> Array:
            return concatenate(NETWORK, place(value), *[place(other)] * (len(NETWORKS) - 1))

        count = place(np.full((1, 1, 1), float(nodes)), MONTH, SITE, HARDWARE)
        radixes = place(radix)
        plane = only_compute(planes, 1)
        ends = network.node_endpoints(count, only_compute(ports, 0), plane)
        endpoints = network.equipment_endpoints(
            ends, place(0), place(0), only_compute(manager, 0), plane
        )
        spine, asked = only_compute(1, 1), place(oversubscription)
        downs = network.leaf_down_ports(only_compute(down, 0), radixes, asked, spine)
        ups = network.leaf_uplinks(downs, radixes, asked, spine)
        below = network.spine_down_ports(radixes, place(core_oversubscription))
        above = network.spine_uplinks(below, radixes, place(core_oversubscription))
        leaf = decisions.switches_leaf(ends, endpoints, place(rails), downs, radixes, plane)
        over = decisions.switches_spine(leaf, ups, radixes, below, plane)
        core = decisions.switches_core(leaf, over, radixes, below, above, plane)
        to_leaf = network.links_to_endpoints(endpoints, plane)
        to_spine = network.links_to_spines(leaf, over, ups)
        to_core = network.links_to_cores(leaf, over, radixes, above, plane)
        self.leaf, self.spine, self.core = (x.ravel()[0] for x in (leaf, over, core))
        self.to_leaf, self.to_spine, self.to_core = (
            x.ravel()[0] for x in (to_leaf, to_spine, to_core)
        )
        self.switches = network.switches(leaf, over, core).ravel()[0]
        self.links = network.links(to_leaf, to_spine, to_core).ravel()[0]
        self.modules = {
            each: decisions.optics(
                to_leaf, to_spine, to_core, place(1), place(2), place(each)
            ).ravel()[0]
            for each in (1, 2)
        }


@pytest.mark.parametrize(
    ("row", "nodes", "leaf", "spine", "to_leaf", "to_spine"),
    [
        ("C1", 31, 8, 4, 252, 256),
        ("C2", 63, 16, 8, 508, 512),
        ("C3", 95, 24, 16, 764, 768),  # 12 spines would do; 16 divide the 32 uplinks of a leaf
        ("C4", 127, 32, 16, 1020, 1024),
    ],
)
def test_superpod_of_dgx_h100_with_its_fabric_manager(
    row: str, nodes: int, leaf: int, spine: int, to_leaf: int, to_spine: int
) -> None:
    found = Fabric(nodes, manager=4)
    assert (found.leaf, found.spine, found.core) == (leaf, spine, 0)
    assert (found.to_leaf, found.to_spine) == (to_leaf, to_spine)


@pytest.mark.parametrize(
    ("nodes", "leaf", "spine", "core", "cables"),
    [
        (64, 16, 8, 0, 512),  # C5
        (128, 32, 16, 0, 1024),
        (256, 64, 32, 0, 2048),  # C6
        (512, 128, 128, 64, 4096),
        (1024, 256, 256, 128, 8192),  # C8
        (2048, 512, 512, 256, 16384),
    ],
)
def test_superpod_of_full_units(nodes: int, leaf: int, spine: int, core: int, cables: int) -> None:
    found = Fabric(nodes)
    assert (found.leaf, found.spine, found.core) == (leaf, spine, core)
    assert (found.to_leaf, found.to_spine, found.to_core) == (cables, cables, cables if core else 0)


@pytest.mark.parametrize(
    ("gpus", "leaf", "spine"),
    [(512, 16, 8), (1024, 32, 16), (2048, 64, 32), (4096, 128, 64), (8192, 256, 128)],
)
def test_twin_plane_of_dgx_b300(gpus: int, leaf: int, spine: int) -> None:
    """Row C10: two ports of 400 Gb/s a GPU on two planes of 128-port switches."""
    found = Fabric(gpus / 8, radix=128, ports=16, planes=2)
    assert (found.leaf, found.spine, found.core) == (leaf, spine, 0)


@pytest.mark.parametrize(
    ("gpus", "leaf", "spine"),
    [(576, 8, 4), (1152, 16, 8), (2304, 32, 18), (4608, 64, 36), (10368, 144, 72)],
)
def test_xdr_network_of_dgx_b300(gpus: int, leaf: int, spine: int) -> None:
    """Rows C11 to C13; for 1,296 nodes the guide prints 9,216 GPUs, a misprint: its cables count 10,368."""
    found = Fabric(gpus / 8, radix=144)
    assert (found.leaf, found.spine, found.core) == (leaf, spine, 0)


def test_optics_between_gpus_and_leaves_of_four_islands() -> None:
    """Row C16: 4 islands of 24,576 GPUs have 98,304 modules at the GPUs, half with two ports a module; 7:1 above."""
    island = Fabric(24_576 / 8, radix=64, core_oversubscription=7)
    switch_side = np.ceil((island.to_leaf + 2 * (island.to_spine + island.to_core)) / 2)
    assert 4 * (island.modules[1] - switch_side) == 98_304
    assert 4 * (island.modules[2] - switch_side) == 49_152
    assert island.core < Fabric(24_576 / 8).core / 6


def test_two_to_one_halves_the_spines() -> None:
    """Row C18: 1,024 GPUs, spines from 16 to 8, leaves as before: half of the uplinks of each are left dark."""
    full, half = Fabric(128), Fabric(128, oversubscription=2, down=32)
    assert (full.spine, half.spine) == (16, 8)
    assert half.leaf == full.leaf


def test_price_sheet_of_128_nodes() -> None:
    """Row C19: 48 switches; E5's 2,621,440 USD of links is 1,280 USD for each of our 2,048 cables."""
    found = Fabric(128)
    assert found.switches == 48
    assert 2_621_440 / found.links == 1280


@pytest.mark.parametrize(("nodes", "printed", "needed"), [(1024, 384, 640), (2048, 768, 1280)])
def test_price_sheet_beyond_two_tiers_is_refused(nodes: int, printed: int, needed: int) -> None:
    """Row C20 (a known error): the sheet goes on with 3 N / k where two tiers of 64 ports end at 2,048 GPUs."""
    found = Fabric(nodes)
    assert found.switches == needed == 5 * nodes * 8 / 64
    assert printed == 3 * nodes * 8 / 64
    assert found.core > 0
