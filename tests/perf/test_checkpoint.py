"""Sizes of checkpoints and the time that they take."""

from __future__ import annotations

import numpy as np
import pytest

from planner.perf.checkpoint import checkpoint_size, write_time


def test_adam_in_mixed_precision_keeps_fourteen_bytes_and_twelve_without_the_copy_of_the_weights() -> (
    None
):
    # 2 + 4 + 8; MaxText, which keeps no separate 16-bit weights, writes 12 (second hand).
    parameters = np.array(10e9)
    assert checkpoint_size(parameters, *map(np.array, (2.0, 4.0, 8.0))) == 140e9
    assert checkpoint_size(parameters, *map(np.array, (0.0, 4.0, 8.0))) == 120e9


def test_a_checkpoint_takes_its_bytes_over_the_bandwidth() -> None:
    assert write_time(np.array(140e9), np.array(14e9)) == pytest.approx(10.0)
