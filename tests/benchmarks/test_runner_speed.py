"""What the runner costs beyond the arithmetic itself, as ratios measured in one run.

The arithmetic is a chain of 200 quantities, each made of the two before it. Bare NumPy does it on
whole arrays of 1,000 draws, with nothing checked and nothing named.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from planner.axes import DRAW, MONTH, REGION, Array, place, shape_of
from tests.example_graphs import chain

LENGTH = 200
DRAWS = 1000
MONTHS, REGIONS = 86, 7
SIZES = {MONTH: MONTHS, REGION: REGIONS}

SpeedLimit = Callable[[str, float, float], None]


def bare(x: Array) -> Array:
    """The last value of the chain, in plain NumPy."""
    before, last = x, x
    for _ in range(LENGTH):
        before, last = last, before * 0.5 + last
    return last


def fastest(*functions: Callable[[], object], rounds: int) -> list[float]:
    """The least seconds that each function takes; they take turns, so that noise hits all."""
    best = [float("inf")] * len(functions)
    for _ in range(rounds):
        for i, function in enumerate(functions):
            start = perf_counter()
            function()
            best[i] = min(best[i], perf_counter() - start)
    return best


@pytest.mark.parametrize("axes", ["", "month", "month region"])
def test_a_thousand_draws_against_bare_numpy(
    axes: str, benchmark: BenchmarkFixture, speed_limit: SpeedLimit
) -> None:
    graph = chain(LENGTH, axes)
    own = graph["q0"].axes
    start = np.random.default_rng(1).random(shape_of((DRAW, *own), {DRAW: DRAWS, **SIZES}))

    def run() -> Array:
        return graph.run({"start": start}, [f"q{LENGTH - 1}"], SIZES, draws=DRAWS)[f"q{LENGTH - 1}"]

    assert np.array_equal(run(), bare(start))
    benchmark.pedantic(run, rounds=1)
    ours, numpy = fastest(run, lambda: bare(start), rounds=5 if axes else 50)
    name = f"1,000 draws of 200 quantities by {axes or 'nothing else'}, runner / bare NumPy"
    speed_limit(name, ours / numpy, 3.0)


def test_cost_of_a_quantity_in_a_re_run(
    benchmark: BenchmarkFixture, speed_limit: SpeedLimit
) -> None:
    """A deterministic re-run on monthly arrays: microseconds a quantity beyond NumPy's own."""
    graph = chain(LENGTH, "month")
    start = place(np.linspace(0, 1, MONTHS), MONTH)

    def run() -> object:
        return graph.run({"start": start}, [f"q{LENGTH - 1}"], SIZES)

    benchmark(run)
    ours, numpy = fastest(run, lambda: bare(start), rounds=50)
    speed_limit("microseconds a quantity in a re-run", (ours - numpy) / LENGTH * 1e6, 3.0)
