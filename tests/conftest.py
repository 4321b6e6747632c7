"""Options and fixtures for all tests.

Golden files hold what commands print; `pytest --refresh-golden` rewrites them.

Properties hold for a few examples each run, and for many with `--hypothesis-profile=thorough`.

Tests run in one process a core. Benchmarks do not: they are measured alone, with `-n 0`. They
measure ratios within one run and print them at the end; they fail only with `--enforce-speed`,
because a busy machine is not a fault of the code.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

BESIDE_OTHERS = "PYTEST_XDIST_WORKER" in os.environ
if BESIDE_OTHERS:  # as many processes as cores: further threads would only wait for each other
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from planner.inputs.documents import reading  # noqa: E402
from tests.command import Planner, commands  # noqa: E402

settings.register_profile("thorough", max_examples=2000, deadline=None)

SPEED = "speed"
GOLDEN = Path(__file__).parent / "golden"

KEPT_TOGETHER = ("tests/test_readme.py", "tests/test_packaging.py")
"""Files whose tests build on each other, or on something that is dear to make."""


class Scheduling(LoadScopeScheduling):
    """Hands out the tests of some files as one piece, first, and every other test by itself."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file in KEPT_TOGETHER else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    return Scheduling(config, log) if config.getoption("dist") == "load" else None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--enforce-speed", action="store_true", help="let a benchmark fail that misses its limit"
    )
    parser.addoption(
        "--refresh-golden",
        action="store_true",
        help="write what commands print to tests/golden/ instead of comparing; read the diff",
    )


def pytest_collection_finish() -> None:
    """Take what is there for good, a few hundred thousand objects, out of the collector's rounds."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def a_text_is_parsed_once() -> Iterator[None]:
    """Most tests load a plan, whose forty files are the same ones: to parse them is half of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "loads", lru_cache(maxsize=400)(reading.loads))
        yield


@pytest.fixture
def planner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Planner:
    """Runs `planner` with arguments, in this process."""
    return commands(monkeypatch, capsys)


@pytest.fixture
def speed_limit(request: pytest.FixtureRequest) -> Callable[[str, float, float], None]:
    """Record `measured < limit`, printed at the end of the run; enforced with --enforce-speed."""
    if BESIDE_OTHERS:
        pytest.skip("measured alone: python -m pytest -n 0 tests/benchmarks")

    def check(what: str, measured: float, limit: float) -> None:
        line = f"{what}: {measured:.2f} (limit {limit:g})"
        request.node.user_properties.append((SPEED, line))
        if request.config.getoption("--enforce-speed"):
            assert measured < limit, line

    return check


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with a file of tests/golden/; rewritten with --refresh-golden."""

    def check(name: str, text: str) -> None:
        file = GOLDEN / name
        if request.config.getoption("--refresh-golden"):
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8"), f"{name}: --refresh-golden, if it is meant"

    return check


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
    ]
    lines = sorted(
        text for report in reports for key, text in report.user_properties if key == SPEED
    )
    if lines:
        terminalreporter.section("speed")
        for line in lines:
            terminalreporter.write_line(line)
