"""How fast and how lean is the real plan: once more at the medians, and with a thousand draws?

The draws are of every row that has a low and a high, for the headline quantities of the shipped
scenario. Bare NumPy does the same arithmetic: the same functions on the same arrays in the same
order, held in a plain dictionary until their last use, with no checks, no chunks and no graph. It
is timed twice: on all draws at once, as somebody would write it, and on pieces of as many draws as
the runner takes at a time, which is the faster of the two and the one that counts.
"""

from __future__ import annotations

import statistics
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from planner.axes import DRAW, Array
from planner.headline import HEADLINE
from planner.project import Project, load
from planner.runner import Program

DRAWS = 1000
ROUNDS = 2
MEGABYTE = 1e6

SpeedLimit = Callable[[str, float, float], None]
Values = dict[str, object]


@pytest.fixture(scope="module")
def project() -> Project:
    return load("5pct_ev_market")


@pytest.fixture(scope="module")
def drawn(project: Project) -> Values:
    """All leaves, with a thousand draws of every row that has a range."""
    chance = np.random.default_rng(1)
    draws = {
        i: chance.triangular(row.low, row.value, row.high, DRAWS)
        for i, row in enumerate(project.table.rows)
        if row.low is not None and row.high is not None and row.low < row.high
    }
    assert len(draws) > 100
    return project.table.redrawn(draws)


def bare(project: Project, given: Mapping[str, object], draws: int, piece: int) -> dict[str, Array]:
    """The headline quantities in plain NumPy, `piece` draws at a time."""
    graph, sizes = project.graph, project.table.sizes
    steps = [graph[name] for name in graph.order(HEADLINE)]
    last_use = {parent: each.name for each in steps for parent in each.parameters}
    parts: dict[str, list[Array]] = {name: [] for name in HEADLINE}
    for start in range(0, draws, piece):
        stop = min(start + piece, draws)
        values: dict[str, object] = {n: _piece(x, start, stop) for n, x in given.items()}
        for each in steps:
            x = each.fn(*[values[name] for name in each.parameters])
            full = tuple(
                sizes.get(axis, 1) if axis in each.axes else 1 for axis in range(1, x.ndim)
            )
            values[each.name] = x if x.shape[1:] == full else np.broadcast_to(x, (len(x), *full))
            for name in each.parameters:
                if last_use[name] == each.name and name not in parts:
                    del values[name]
        for name, found in parts.items():
            found.append(values[name])  # type: ignore[arg-type]
    return {name: np.concatenate(found, axis=DRAW) for name, found in parts.items()}


def _piece(value: object, start: int, stop: int) -> object:
    if isinstance(value, np.ndarray):
        return np.ascontiguousarray(value[start:stop]) if len(value) > 1 else value
    return value.chunk(start, stop) if hasattr(value, "chunk") else value


@contextmanager
def noting_pieces() -> Iterator[list[int]]:
    """How many draws the runner takes at a time, in each of its runs inside the block."""
    pieces: list[int] = []
    original = Program._chunk_size

    def noted(self: Program, draws: int) -> int:
        pieces.append(original(self, draws))
        return pieces[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Program, "_chunk_size", noted)
        yield pieces


def medians(*functions: Callable[[], object], rounds: int) -> list[float]:
    """Median seconds of each function, all of which ran before; they take turns."""
    taken: list[list[float]] = [[] for _ in functions]
    for _ in range(rounds):
        for function, seconds in zip(functions, taken, strict=True):
            start = perf_counter()
            function()
            seconds.append(perf_counter() - start)
    return [statistics.median(seconds) for seconds in taken]


def test_a_re_run_of_a_loaded_plan(
    project: Project, benchmark: BenchmarkFixture, speed_limit: SpeedLimit
) -> None:
    project.plan()
    benchmark.pedantic(project.plan, rounds=3)
    (seconds,) = medians(project.plan, rounds=30)
    speed_limit("milliseconds of a re-run of the loaded plan", seconds * 1e3, 20.0)


def test_a_thousand_draws_against_bare_numpy(
    project: Project, drawn: Values, benchmark: BenchmarkFixture, speed_limit: SpeedLimit
) -> None:
    given = {**project.leaves, **drawn}

    def ours() -> dict[str, Array]:
        return project.run(HEADLINE, drawn, draws=DRAWS)

    with noting_pieces() as pieces_taken:
        found = benchmark.pedantic(ours, rounds=1)
    piece = pieces_taken[-1]
    expected = bare(project, given, DRAWS, piece)
    for name, x in found.items():
        assert np.allclose(x, expected[name][: len(x)], rtol=1e-9), name
    runner, whole, pieces = medians(
        ours,
        lambda: bare(project, given, DRAWS, DRAWS),
        lambda: bare(project, given, DRAWS, piece),
        rounds=ROUNDS,
    )
    speed_limit(
        "1,000 draws of the headline plan, runner / NumPy on all at once", runner / whole, 3.0
    )
    speed_limit(f"1,000 draws, runner / NumPy on {piece} at a time", runner / pieces, 3.0)


def test_memory_of_a_thousand_draws(
    project: Project, drawn: Values, speed_limit: SpeedLimit
) -> None:
    """The peak of everything that NumPy and Python hold beyond the loaded project, results included."""
    project.run(HEADLINE, project.table.redrawn({}))
    tracemalloc.start()
    results = project.run(HEADLINE, drawn, draws=DRAWS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert set(results) == set(HEADLINE)
    speed_limit("megabytes at the peak of 1,000 draws", peak / MEGABYTE, 300.0)
