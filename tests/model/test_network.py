"""Networks of a site: what hangs on them, what they are made of, what comes in from outside."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import HARDWARE, MONTH, NETWORK, SITE, TIER, Array, on, place, take, total
from planner.catalogue import NETWORKS
from planner.model.network import (
    leaf_down_ports,
    leaf_uplinks,
    network_endpoints_at_start,
    wan_bandwidth,
    wan_delivery,
    wan_exchange,
)
from planner.plan import Project, load

COMPUTE = NETWORKS.index("compute")


def test_switches_and_links_are_the_sums_of_their_parts(everything: dict[str, Array]) -> None:
    whole = everything["switches"]
    parts = sum(everything[f"switches_{part}"] for part in ("leaf", "spine", "core"))
    assert whole == pytest.approx(parts)
    cables = sum(everything[f"links_to_{part}"] for part in ("endpoints", "spines", "cores"))
    assert everything["links"] == pytest.approx(cables)
    ends = total(everything["node_endpoints"], HARDWARE)
    assert (everything["network_endpoints"] >= ends - 1e-9).all()


def test_what_was_bought_serves(everything: dict[str, Array]) -> None:
    """With a life longer than the plan, switches in service are never more than what was bought or there."""
    bought = np.cumsum(everything["switch_orders"], axis=MONTH) + everything["switches_at_start"]
    assert (bought >= everything["switches"]).all()


def test_every_node_of_a_site_hangs_on_every_network(everything: dict[str, Array]) -> None:
    nodes = total(everything["nodes"], HARDWARE) > 0
    for network in range(len(NETWORKS)):
        assert (take(everything["switches"], NETWORK, network)[nodes] > 0).all()


def test_a_site_without_equipment_has_no_network(headline: Project) -> None:
    switches = headline.plan()["switches"].at(site="china").values
    assert (switches == 0).all()


def test_what_is_on_order_hangs_on_no_switch_yet() -> None:
    there = place(np.array([32.0, 32.0]).reshape(2, 1), MONTH, HARDWARE)
    arriving = place(np.array([16.0, 0.0]).reshape(2, 1), MONTH, HARDWARE)
    stored = place(np.zeros((2, 1)), MONTH, TIER)
    ends = network_endpoints_at_start(
        there, arriving, place(8.0), stored, stored, place(1.0), place(4.0), place(1.0)
    )
    assert ends.item() == 16 * 8 + 4


def test_half_of_a_leaf_goes_down_and_the_rest_up_unless_nothing_is_above() -> None:
    assert leaf_down_ports(place(0.0), place(64.0), place(1.0)).item() == 32
    assert leaf_down_ports(place(0.0), place(48.0), place(0.0)).item() == 48
    assert leaf_down_ports(place(40.0), place(64.0), place(1.0)).item() == 40
    assert leaf_uplinks(place(32.0), place(4.0), place(1.0)).item() == 8
    assert leaf_uplinks(place(48.0), place(1.0), place(0.0)).item() == 0


def test_one_of_the_paths_may_fail() -> None:
    gigabit = 1e9 / 8
    need = place(90 * gigabit), place(10 * gigabit), place(0.0)
    assert wan_bandwidth(*need, place(1.0), place(0.0)).item() == pytest.approx(100 * gigabit)
    assert wan_bandwidth(*need, place(2.0), place(0.0)).item() == pytest.approx(200 * gigabit)
    assert wan_bandwidth(*need, place(5.0), place(0.0)).item() == pytest.approx(125 * gigabit)


def test_data_sets_come_from_where_the_recordings_are() -> None:
    held = place(np.array([[[0.0, 0.0]], [[10.0, 10.0]]]), MONTH, TIER, SITE)
    recorded = place(np.array([[3.0, 1.0], [3.0, 1.0]]), MONTH, SITE)
    together = ((1.0, 1.0), (1.0, 1.0))
    found = on(wan_exchange(held, recorded, together, place(1.0)), MONTH, SITE)[0]
    assert found.tolist() == [[0, 0], [2.5, 7.5]]
    alone = ((1.0, 0.0), (0.0, 1.0))
    assert (wan_exchange(held, recorded, alone, place(1.0)) == 0).all()


def test_releases_leave_once_for_each_cache_and_not_once_for_each_vehicle() -> None:
    day = 86_400.0
    sent = wan_delivery(place(8.7e9), place(100.0), place(14 * day), place(1.0))
    assert sent.item() == pytest.approx(100 * 8.7e9 / (14 * day))


def test_a_second_plane_halves_what_each_plane_connects() -> None:
    plan = load(
        "5pct_ev_market",
        set=["fabrics.compute.planes=2", "fabrics.compute.management_ports=0"],
        set_quantity=["nodes=16"],
    ).plan()
    once = load(
        "5pct_ev_market",
        set=["fabrics.compute.management_ports=0"],
        set_quantity=["nodes=16"],
    ).plan()
    two, one = (each["network_endpoints"].at(network="compute").values for each in (plan, once))
    assert two == pytest.approx(one / 2)
    links = [each["links_to_endpoints"].at(network="compute").values for each in (plan, once)]
    assert links[0] == pytest.approx(links[1])
