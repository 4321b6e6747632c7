"""Networks of a site: what hangs on them, what they are made of, what comes in from outside."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from planner.axes import (
    HARDWARE,
    MONTH,
    NETWORK,
    PACKAGE,
    SITE,
    TIER,
    Array,
    on,
    place,
    take,
    total,
)
from planner.catalogue import NETWORKS
from planner.model.decisions import network_cards
from planner.model.network import (
    equipment_endpoints_at_start,
    leaf_down_ports,
    leaf_uplinks,
    node_endpoints_at_start,
    oversubscription_built,
    wan_bandwidth,
    wan_delivery,
    wan_exchange,
    wan_exchange_out,
)
from planner.project import Project, load

CASES = Path(__file__).parents[1].joinpath("cases")

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
    ends = node_endpoints_at_start(there, arriving, place(8.0), place(1.0))
    found = equipment_endpoints_at_start(ends, stored, stored, place(1.0), place(4.0), place(1.0))
    assert found.item() == 16 * 8 + 4


MIXED = """
sites:
  hall:
    installed:
      - {hardware: dgx_a100, count: 90, in_service: 2024-06}
      - {hardware: dgx_h100, count: 37, in_service: 2024-09}
      - {hardware: gh200_nvl32, count: 17, in_service: 2024-12}
    installed_storage: [{tier: warm, count: 23, in_service: 2024-06}]
"""
FEW = """
sites:
  hall:
    installed: [{hardware: dgx_a100, count: 3, in_service: 2024-06}]
fabrics: {compute: {planes: 2}}
"""


@pytest.mark.parametrize("stock", ["", MIXED, FEW], ids=["d29", "mixed", "few"])
def test_what_stands_at_the_start_buys_no_network_again(stock: str, tmp_path: Path) -> None:
    scenario = CASES.joinpath("d29_20480_h100.yaml")
    if stock:
        scenario = tmp_path / "stock.yaml"
        shutil.copy(CASES.joinpath("minimal.yaml"), tmp_path)
        horizon = "horizon: {start: 2025-01, end: 2027-12}"
        scenario.write_text(f"extends: minimal.yaml\n{horizon}\n{stock}", encoding="utf-8")
    found = load(scenario).run(
        [
            *("nodes", "switches", "links", "switches_at_start", "links_at_start"),
            *("switch_orders", "link_orders", "network_payments", "installation_payments"),
            *("building_payments", "carbon_embodied"),
        ]
    )
    assert (total(found["nodes"], HARDWARE) > 0).all()
    assert found["switches_at_start"].sum() == found["switches"][:, 0].sum() > 0
    assert found["links_at_start"].sum() == pytest.approx(found["links"][:, 0].sum())
    for name in list(found)[5:]:
        assert not found[name].any(), name


def test_half_of_a_leaf_goes_down_and_the_rest_up_unless_nothing_is_above() -> None:
    one = place(1.0)
    assert leaf_down_ports(place(0.0), place(64.0), one, one).item() == 32
    assert leaf_down_ports(place(0.0), place(48.0), one, place(0.0)).item() == 48
    assert leaf_down_ports(place(40.0), place(64.0), one, one).item() == 40
    assert leaf_uplinks(place(32.0), place(64.0), place(4.0), one).item() == 8
    assert leaf_uplinks(place(48.0), place(48.0), one, place(0.0)).item() == 0


def test_a_leaf_has_no_more_uplinks_than_ports_are_left() -> None:
    up = leaf_uplinks(place(48.0), place(64.0), place(1.0), place(1.0))
    assert up.item() == 16
    assert oversubscription_built(place(48.0), up).item() == 3
    assert oversubscription_built(place(48.0), place(0.0)).item() == 0


@pytest.mark.parametrize("asked", [1, 1.33, 1.9, 2, 3, 4, 7])
def test_no_network_is_built_thinner_than_asked(asked: float) -> None:
    changes = [
        f"fabrics.{name}.{layer}={asked}"
        for name in ("compute", "storage", "front_end")
        for layer in ("oversubscription", "core_oversubscription")
    ]
    plan = load("5pct_ev_market", set=changes)
    found = plan.run(["oversubscription_built", "core_oversubscription_built"])
    for name, built in found.items():
        for network in ("compute", "storage", "front_end"):
            ratio = take(built, NETWORK, NETWORKS.index(network)).item()
            assert 0.8 * asked <= ratio <= asked, (name, network)


def test_leaves_of_the_management_network_take_ports_of_the_front_end(
    headline: Project, everything: dict[str, Array]
) -> None:
    # SN2201: four uplinks a switch.
    leaf = take(everything["switches_leaf"], NETWORK, NETWORKS.index("management"))
    assert everything["uplinks_to_front_end"] == pytest.approx(4 * leaf)
    more = everything["network_endpoints"] - everything["equipment_endpoints"]
    for network in NETWORKS:
        expected = 4 * leaf if network == "front_end" else 0 * leaf
        assert take(more, NETWORK, NETWORKS.index(network)) == pytest.approx(expected)
    without = headline.leaves["switch_uplinks"]
    assert isinstance(without, np.ndarray)
    assert without.ravel().tolist() == [0, 0, 0, 4]


def test_cables_that_include_their_ends_need_no_modules(everything: dict[str, Array]) -> None:
    for network in ("front_end", "management"):
        assert not take(everything["optics"], NETWORK, NETWORKS.index(network)).any()
    for network in ("compute", "storage"):
        assert take(everything["optics"], NETWORK, NETWORKS.index(network)).any()


def test_cards_of_every_network_but_management_are_counted_with_their_nodes() -> None:
    ports = place(np.array([8.0, 1.0, 2.0, 1.0]).reshape(4, 1), NETWORK, HARDWARE)
    cards = [network_cards(place(10.0), ports, place(each)).ravel().tolist() for each in (1, 2)]
    assert cards == [[80, 10, 20, 0], [40, 10, 10, 0]]


def test_one_of_the_paths_may_fail() -> None:
    gigabit = 1e9 / 8
    need = place(90 * gigabit), place(10 * gigabit), place(0.0), place(0.0)
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


def test_what_others_fetch_leaves_the_site_that_has_it() -> None:
    # Each site's data sets grow by 10; of all recordings a site has three quarters, and sends that to the other.
    held = place(np.array([[[0.0, 0.0]], [[10.0, 10.0]]]), MONTH, TIER, SITE)
    recorded = place(np.array([[3.0, 1.0], [3.0, 1.0]]), MONTH, SITE)
    both, alone = ((1.0, 1.0), (1.0, 1.0)), ((1.0, 0.0), (0.0, 1.0))
    found = on(wan_exchange_out(held, recorded, both, place(1.0)), MONTH, SITE)[0]
    assert found.tolist() == [[0, 0], [7.5, 2.5]]
    assert (wan_exchange_out(held, recorded, alone, place(1.0)) == 0).all()


def test_what_is_fetched_comes_from_somewhere(everything: dict[str, Array]) -> None:
    inward, outward = everything["wan_exchange"], everything["wan_exchange_out"]
    assert total(inward, SITE) == pytest.approx(total(outward, SITE))
    assert inward.any() and not np.allclose(inward, outward)


def test_releases_leave_once_for_each_cache_and_not_once_for_each_vehicle() -> None:
    # 96 builds of 8.7 GB to 100 caches in the 14 days of a rollout, from the one site that hosts them.
    day = 86_400.0
    hosts = place(np.array([0.0, 1.0]), SITE)
    sent = wan_delivery(place(8.7e9), place(96.0), place(100.0), place(14 * day), hosts)
    assert sent.ravel().tolist() == pytest.approx([0.0, 96 * 100 * 8.7e9 / (14 * day)])


def test_what_caches_fetch_in_a_rollout_is_what_is_built_for_it(
    headline: Project, everything: dict[str, Array]
) -> None:
    """Rate x length of a rollout: every package built for one release, once for each cache, out of Taiwan."""
    leaf, x = headline.leaves, everything
    for_one = x["packages_built"] * leaf["package_cadence"] / leaf["month_seconds"]
    built = total(leaf["package_size"] * for_one, PACKAGE)
    sent = total(x["wan_delivery"], SITE) * x["campaign_schedule"]
    assert sent == pytest.approx(built * leaf["wan_origin_pulls"], rel=1e-12)
    japan = headline.table.labels[SITE].index("japan")
    assert not take(x["wan_delivery"], SITE, japan).any()


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
