"""What one node of each kind draws: published where it is, built up where it is not."""

from __future__ import annotations

import pytest

from planner.axes import Array, place
from planner.model.node_power import (
    node_accelerators_power,
    node_always_on_power,
    node_draw_idle,
    node_draw_peak,
    node_draw_typical,
    node_power_bottom_up,
    node_power_idle_bottom_up,
    node_power_typical_bottom_up,
)
from planner.project import Project, load

NAMES = [
    "node_draw_peak",
    "node_draw_typical",
    "node_draw_idle",
    "node_power_bottom_up",
    "node_power_typical_bottom_up",
    "node_power_idle_bottom_up",
]


def trained_on(kind: str) -> dict[str, float]:
    """Powers of one kind of node [W]."""
    project = load("5pct_ev_market", [f"sites.taiwan.training={kind}"])
    return {name: float(values.ravel()[0]) for name, values in project.run(NAMES).items()}


def test_parts_of_a_node_add_up() -> None:
    eight, seven_hundred = place(8.0), place(700.0)
    chips = node_accelerators_power(eight, seven_hundred)
    rest = node_always_on_power(eight, place(34.0), place(400.0), place(80.0), place(120.0))
    assert (chips.item(), rest.item()) == (5600.0, 872.0)
    peak = node_power_bottom_up(chips, place(700.0), place(160.0), rest, place(0.33), place(0.95))
    assert peak.item() == pytest.approx((5600 + 700 + 160 + 872) * 1.33 / 0.95)


def test_a_published_power_holds_and_a_missing_one_is_built_up() -> None:
    for choose in (node_draw_peak, node_draw_typical, node_draw_idle):
        assert choose(place(10_200.0), place(10_300.0)).item() == 10_200
        assert choose(place(0.0), place(10_300.0)).item() == 10_300


def test_a_dgx_keeps_its_rating() -> None:
    # NVIDIA, DGX H100 user guide: 10.2 kW at most.
    found = trained_on("dgx_h100")
    assert found["node_draw_peak"] == 10_200
    assert found["node_power_bottom_up"] != 10_200


def test_the_rack_without_a_published_power_is_built_up(headline: Project) -> None:
    # 32 x 1,000 W + 7.2 kW of NVLink switches + cards, flash, boards 1.8 kW; pumps 5 %, supplies 95 %.
    found = headline.run(NAMES)
    built_up = (32_000 + 7_200 + 32 * 34 + 256 + 480) * 1.05 / 0.95
    assert found["node_draw_peak"].ravel()[0] == pytest.approx(built_up)
    assert (found["node_draw_typical"] == found["node_power_typical_bottom_up"]).all()


def test_every_kind_idles_below_its_work_and_works_below_its_peak() -> None:
    for kind in ("gh200_nvl32", "gh200_server", "dgx_h100", "dgx_a100", "hgx_h800", "dojo_tile"):
        found = trained_on(kind)
        for peak, typical, idle in (NAMES[:3], NAMES[3:]):
            assert 0 < found[idle] < found[typical] < found[peak], kind


def test_site_power_follows_the_power_of_the_node(everything: dict[str, Array]) -> None:
    nodes, draw = everything["nodes"], everything["node_draw_peak"]
    compute = (nodes * draw).sum(axis=-1, keepdims=True)
    rest = everything["storage_power"] + everything["fabric_power"] + everything["rig_power"]
    assert everything["it_power"] == pytest.approx(compute + rest)


def test_typical_and_idle_by_the_fitted_shares() -> None:
    chips, rest, zero, one = place(32_000.0), place(9_024.0), place(0.0), place(1.0)
    typical = node_power_typical_bottom_up(chips, zero, zero, rest, zero, one, one)
    older = node_power_typical_bottom_up(chips, zero, zero, rest, zero, one, zero)
    idle = node_power_idle_bottom_up(chips, zero, zero, rest, zero, one)
    assert typical.item() == pytest.approx(32_000 * 0.706 + 9_024)
    assert older.item() == pytest.approx(32_000 * 0.616 + 9_024)  # a chip without 8-bit floats
    assert idle.item() == pytest.approx(32_000 * 0.12 + 9_024)
