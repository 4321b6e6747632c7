"""How large is a checkpoint of a training run, and how long does it take to write?

Training with Adam in mixed precision keeps for each parameter the 16-bit weight (2 bytes), a 32-bit master copy (4) and
two 32-bit moments (8): 14 bytes. Published sizes agree once their unit is seen: MLPerf Storage v2.0 prints 105, 912 and
5,290 GB for 8, 70 and 405 billion parameters, 13.05 bytes each, which are 14 bytes each in GiB; BLOOM's 2.3 TB likewise
(its 329 GB of 16-bit weights are 2 bytes x 176.2 billion in GiB). Recipes without the master copy keep fewer: OPT,
whose weights stay in 16 bits beside 32-bit moments, 10.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array


def checkpoint_size(parameters: Array, *bytes_each: Array) -> Array:
    """Bytes of a checkpoint: parameters x what the recipe keeps of each (weights, master copy, moments)."""
    return parameters * sum(bytes_each, start=np.zeros(()))


def write_time(size: Array, bandwidth: Array) -> Array:
    """Time to write a checkpoint [s]; the stall of a job that waits for it."""
    return size / bandwidth
