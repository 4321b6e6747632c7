"""Options and fixtures for all tests.

Golden files hold what commands print; `pytest --refresh-golden` rewrites them.

Benchmarks measure ratios within one run and print them at the end; they fail only with
`--enforce-speed`, because a busy machine is not a fault of the code.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

SPEED = "speed"
GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--enforce-speed", action="store_true", help="let a benchmark fail that misses its limit"
    )
    parser.addoption(
        "--refresh-golden",
        action="store_true",
        help="write what commands print to tests/golden/ instead of comparing; read the diff",
    )


@pytest.fixture
def speed_limit(request: pytest.FixtureRequest) -> Callable[[str, float, float], None]:
    """Record `measured < limit`, printed at the end of the run; enforced with --enforce-speed."""

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
