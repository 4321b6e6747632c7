"""More of any part never lowers the power of a node, what is inside adds up, and twice the node draws twice as much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.axes import Array
from planner.perf.power import (
    NodeParts,
    busy_share,
    electronics,
    node_power_busy,
    node_power_idle,
    node_power_peak,
)
from planner.project import Project
from tests.properties.layouts import WHOLE_PLANS, layout, rows_of, run, times
from tests.properties.seeded_bugs import caught, instead_of, with_bug

WATTS = st.floats(0.0, 1e5)
SHARES = st.floats(0.0, 1.0)
PARTS = ("accelerators", "host_cpus", "memory", "always_on")
PARTS_OF_A_NODE = st.builds(
    NodeParts,
    **{part: WATTS.map(np.array) for part in PARTS},
    supply_efficiency=st.floats(0.8, 1.0).map(np.array),
)
DRAWS = ("node_draw_peak", "node_draw_typical", "node_draw_idle")
LEAVES = (
    *("accelerator_power", "node_accelerators", "node_nics", "nic_power"),
    *("node_host_cpu_power", "node_memory_power", "node_link_switch_power"),
    *("node_flash_power", "node_board_power", "node_fan_share", "node_fan_share_peak"),
)


@given(PARTS_OF_A_NODE, SHARES, SHARES, WATTS)
def test_more_of_a_part_never_draws_less(
    parts: NodeParts, fans: float, peak: float, more: float
) -> None:
    fan = np.array(fans)
    for name in PARTS:
        bigger = replace(parts, **{name: getattr(parts, name) + more})
        assert node_power_peak(bigger, fan) >= node_power_peak(parts, fan)
        assert node_power_busy(bigger, fan, peak) >= node_power_busy(parts, fan, peak)
        assert node_power_idle(bigger, fan) >= node_power_idle(parts, fan)


@given(PARTS_OF_A_NODE, SHARES, SHARES)
def test_idle_is_at_most_busy_and_busy_at_most_the_peak(
    parts: NodeParts, fans: float, peak: float
) -> None:
    fan = np.array(fans)
    idle, busy = node_power_idle(parts, fan), node_power_busy(parts, fan, peak)
    assert idle <= busy * (1 + 1e-12)
    assert busy <= node_power_peak(parts, fan) * (1 + 1e-12)


@given(PARTS_OF_A_NODE)
def test_the_whole_is_the_sum_of_the_parts(parts: NodeParts) -> None:
    summed = sum(float(getattr(parts, name)) for name in PARTS)
    assert float(electronics(parts, 1.0, 1.0)) == pytest.approx(summed)


@given(PARTS_OF_A_NODE, SHARES, SHARES)
def test_twice_the_node_draws_twice_as_much(parts: NodeParts, fans: float, peak: float) -> None:
    double = replace(parts, **{name: 2 * getattr(parts, name) for name in PARTS})
    fan = np.array(fans)
    assert node_power_busy(double, fan, peak) == pytest.approx(
        2 * node_power_busy(parts, fan, peak)
    )
    assert node_power_peak(double, fan) == pytest.approx(2 * node_power_peak(parts, fan))


@given(SHARES, SHARES)
def test_a_higher_rate_never_draws_less(low: float, more: float) -> None:
    assert busy_share(np.array(low + more)) >= busy_share(np.array(low))


# --- In the whole model --------------------------------------------------------------------------

Growth = Mapping[int, float]


def growths(project: Project) -> st.SearchStrategy[Growth]:
    """Rows of the parts, each with a factor of at least 1."""
    rows = [row for leaf in LEAVES for row in rows_of(project.table, leaf)]
    return st.dictionaries(st.sampled_from(rows), st.floats(1.0, 10.0), min_size=1, max_size=6)


def check_nothing_falls(project: Project, growth: Growth) -> None:
    """Larger parts, more cards or stronger fans: no kind of node draws less."""
    table = project.table
    more = {row: times(table, row, table.rows[row].value, factor) for row, factor in growth.items()}
    for name, found in run(project, DRAWS, {}, more).items():
        assert (found[1] >= found[0] * (1 - 1e-12)).all(), name


@instead_of("node_power_bottom_up")
def fans_of_the_chips_alone(
    node_accelerators_power: Array,
    node_host_cpu_power: Array,
    node_memory_power: Array,
    node_always_on_power: Array,
    node_fan_share_peak: Array,
    node_supply_efficiency: Array,
) -> Array:
    """Takes the fans for a loss of the supplies and turns the sign: stronger fans, less power."""
    parts = node_accelerators_power + node_host_cpu_power + node_memory_power + node_always_on_power
    return parts / (node_supply_efficiency + node_fan_share_peak)


def test_larger_parts_never_draw_less_in_the_model() -> None:
    project = layout("running")

    @WHOLE_PLANS
    @given(growths(project))
    def holds(growth: Growth) -> None:
        check_nothing_falls(project, growth)

    holds()


def test_a_seeded_bug_is_caught() -> None:
    project = with_bug(layout("running"), fans_of_the_chips_alone)
    caught(lambda growth: check_nothing_falls(project, growth), growths(project))
