"""Power of a node from its parts: sums, shares, losses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.perf.power import (
    HOST_SHARE,
    NodeParts,
    busy_share,
    electronics,
    from_the_wall,
    node_power_busy,
    node_power_idle,
    node_power_peak,
    standing_share,
)

SERVER = NodeParts(
    accelerators=np.array(5600.0),
    host_cpus=np.array(700.0),
    memory=np.array(160.0),
    always_on=np.array(900.0),
    supply_efficiency=np.array(0.95),
)


def test_a_busy_accelerator_draws_half_its_limit_before_it_computes_and_never_more_than_the_limit() -> (
    None
):
    shares = busy_share(np.array([0.0, 0.5, 1.0, 5.0]))
    assert shares[0] == 0.47
    assert shares[1] == pytest.approx(0.47 + 0.295)
    assert shares[2] == shares[3] == 1.0


def test_electronics_are_the_sum_of_the_parts_at_their_shares() -> None:
    assert electronics(SERVER, 1.0, 1.0) == 7360.0
    assert electronics(SERVER, 0.5, 0.1, 0.0) == 2800 + 70 + 900


def test_fans_and_supplies_come_on_top() -> None:
    # 7,360 W with a third for the fans through supplies of 95 %: 10.3 kW, as a DGX H100 (10.2 kW).
    assert from_the_wall(np.array(7360.0), np.array(0.33), np.array(0.95)) == pytest.approx(10_304)
    assert node_power_peak(SERVER, np.array(0.33)) == pytest.approx(10_304)


def test_busy_power_by_hand() -> None:
    # At 40 % of the peak: 5,600 x 0.706 + 700 x 0.75 + 160 + 900 = 5,538.6 W; x 1.13 / 0.95.
    assert HOST_SHARE == 0.75
    assert node_power_busy(SERVER, np.array(0.13), 0.4) == pytest.approx(5538.6 * 1.13 / 0.95)


def test_chips_before_8_bit_floats_draw_less_at_any_rate() -> None:
    assert list(standing_share(np.array([1979e12, 0.0]))) == [0.47, 0.38]


def test_a_superchip_has_no_processors_of_its_own_beside_it() -> None:
    alone = replace(SERVER, host_cpus=np.array(0.0))
    gone = node_power_busy(SERVER, np.array(0.0), 0.4) - node_power_busy(alone, np.array(0.0), 0.4)
    assert gone == pytest.approx(700 * HOST_SHARE / 0.95)


def test_idle_is_below_busy_and_busy_below_the_peak() -> None:
    fans = np.array(0.13)
    idle, busy = node_power_idle(SERVER, fans), node_power_busy(SERVER, fans, 0.4)
    assert idle < busy < node_power_peak(SERVER, np.array(0.33))
    assert idle == pytest.approx((672 + 231 + 80 + 900) * 1.13 / 0.95)
