"""Sizes and bandwidths of checkpoints."""

from __future__ import annotations

import numpy as np
import pytest

from planner.perf.checkpoint import checkpoint_size, write_bandwidth, write_time

SIZE, STALL, INTERVAL = np.array(140e9), np.array(10.0), np.array(700.0)
WAITS, GOES_ON = np.array(0.0), np.array(1.0)


def test_adam_in_mixed_precision_keeps_fourteen_bytes_and_twelve_without_the_copy_of_the_weights() -> (
    None
):
    # 2 + 4 + 8; MaxText, which keeps no separate 16-bit weights, writes 12 (second hand).
    parameters = np.array(10e9)
    assert checkpoint_size(parameters, *map(np.array, (2.0, 4.0, 8.0))) == 140e9
    assert checkpoint_size(parameters, *map(np.array, (0.0, 4.0, 8.0))) == 120e9


def test_a_job_that_waits_needs_the_bandwidth_for_its_stall() -> None:
    needed = write_bandwidth(SIZE, STALL, INTERVAL, WAITS)
    assert needed == 14e9
    assert write_time(SIZE, needed) == pytest.approx(STALL)


def test_a_job_that_goes_on_has_until_its_next_checkpoint() -> None:
    assert write_bandwidth(SIZE, STALL, INTERVAL, GOES_ON) == 0.2e9


def test_writing_in_the_background_never_needs_more_than_waiting() -> None:
    often = np.array(3.0)  # an interval shorter than the stall is none
    assert write_bandwidth(SIZE, STALL, often, GOES_ON) == write_bandwidth(
        SIZE, STALL, often, WAITS
    )
