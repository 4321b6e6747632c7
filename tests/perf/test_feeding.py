"""Read demand of accelerators that train."""

from __future__ import annotations

import numpy as np
import pytest

from planner.perf.feeding import (
    accelerators_fed,
    bandwidth_required,
    read_demand,
    served_bandwidth,
    training_time,
)


def test_a_batch_is_read_while_the_one_before_is_worked_on() -> None:
    # MLPerf Storage v1.0, UNet3D on H100: 7 x 146.6 MB every 0.323 s are 3,029.9 MiB/s.
    demand = read_demand(np.array(7 * 146_600_628.0), np.array(0.323))
    assert demand / 1024**2 == pytest.approx(3_029.9, rel=1e-4)
    needed = bandwidth_required(np.array(10.0), np.array(0.9), demand)
    assert accelerators_fed(needed * 1.0001, np.array(0.9), demand) == 10
    assert accelerators_fed(needed * 0.9999, np.array(0.9), demand) == 9


def test_a_model_without_work_reads_nothing() -> None:
    assert read_demand(np.array(1e6), training_time(np.array(0.0), np.array(1e15))) == 0


def test_training_costs_three_forward_passes() -> None:
    assert training_time(np.array(2e14), np.array(3e14)) == 2.0


def test_the_lesser_of_drives_and_network_serves() -> None:
    assert served_bandwidth(np.array(112e9), np.array(50e9), np.array(0.8)) == 40e9
    assert served_bandwidth(np.array(20e9), np.array(50e9), np.array(0.8)) == 20e9
