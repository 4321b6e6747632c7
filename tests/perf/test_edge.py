"""The roofline of a network on board."""

from __future__ import annotations

import numpy as np
import pytest

from planner.perf.edge import busy_share, frame_bytes, weight_bytes


def test_ten_billion_parameters_of_four_bits_are_five_gigabytes() -> None:
    assert weight_bytes(np.array(10e9), np.array(0.5)) == pytest.approx(5e9)


def test_every_pass_streams_the_weights_once_more() -> None:
    # Reading a scene and writing 40 tokens: 41 passes over 1 GB, and 2 GB of cache.
    assert frame_bytes(np.array(1e9), np.array(41.0), np.array(2e9)) == pytest.approx(43e9)


def test_the_slower_resource_binds() -> None:
    compute, bandwidth = np.array([0.2, 0.5]), np.array([0.4, 0.1])
    assert busy_share(compute, bandwidth).tolist() == [0.4, 0.5]
