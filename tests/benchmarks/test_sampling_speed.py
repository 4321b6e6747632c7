"""How long does it take to draw the inputs of a plan?"""

from __future__ import annotations

import time
from collections.abc import Callable

from planner.project import load
from planner.study import Sampler

LIMIT = 20.0  # milliseconds for 256 draws, beside some hundred for the plans of these draws


def test_draws_of_all_inputs(speed_limit: Callable[[str, float, float], None]) -> None:
    sampler = Sampler.of(load("5pct_from_2027").table)
    sampler.draws(0, 1)
    times = []
    for block in range(5):
        start = time.perf_counter()
        sampler.draws(256 * block, 256 * (block + 1))
        times.append(1e3 * (time.perf_counter() - start))
    speed_limit(f"256 draws of {len(sampler.dimensions)} inputs, ms", min(times), LIMIT)
