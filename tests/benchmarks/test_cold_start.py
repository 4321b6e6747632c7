"""What the command costs before and around its work, against processes that only import.

Every process is a fresh one with its bytecode compiled before, as in an installed package. The
processes of a comparison take turns; medians are compared.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import pytest

ROUNDS = 3
ROOT = Path(__file__).parents[2]
MIXTURES = {
    f"planner.perf.training_step.{name}" for name in ("mixture", "mixed_step", "mixed_scales")
}
UNUSED = {"scipy.linalg", "matplotlib", "pandas", "xarray", "pyarrow", "numpy.ma", *MIXTURES}
DRAWING = "planner.study"

SpeedLimit = Callable[[str, float, float], None]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of the processes: bytecode is kept, in a folder of the test's own."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    kept["PYTHONPYCACHEPREFIX"] = str(tmp_path_factory.mktemp("bytecode"))
    return kept


def medians(environment: dict[str, str], *commands: Sequence[str]) -> list[float]:
    """Median seconds of each command; a first round, not counted, fills the caches."""
    seconds: list[list[float]] = [[] for _ in commands]
    for _ in range(ROUNDS + 1):
        for command, taken in zip(commands, seconds, strict=True):
            start = perf_counter()
            subprocess.run(
                [sys.executable, *command],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.DEVNULL,
                check=True,
            )
            taken.append(perf_counter() - start)
    return [statistics.median(taken[1:]) for taken in seconds]


def test_help_against_an_import_of_typer(
    environment: dict[str, str], speed_limit: SpeedLimit
) -> None:
    ours, typer = medians(environment, ["-m", "planner", "--help"], ["-c", "import typer"])
    speed_limit("planner --help / import typer", ours / typer, 3.0)


def test_size_against_the_imports_that_it_needs(
    environment: dict[str, str], speed_limit: SpeedLimit
) -> None:
    imports = "import numpy, pydantic, yaml, pint, typer, rich"
    ours, bare = medians(
        environment, ["-m", "planner", "size", "5pct_ev_market", "--json"], ["-c", imports]
    )
    speed_limit(
        "planner size --json / imports of numpy, pydantic, yaml, pint, typer, rich",
        ours / bare,
        4.0,
    )


def test_what_the_spans_of_the_table_add(
    environment: dict[str, str], speed_limit: SpeedLimit
) -> None:
    command = ["-m", "planner", "size", "5pct_ev_market"]
    with_spans, without = medians(environment, command, [*command, "--no-spread"])
    speed_limit("seconds that P10 to P90 add to planner size", with_spans - without, 1.0)


@pytest.mark.parametrize(
    ("scenario", "options", "unused"),
    [
        ("5pct_ev_market", ["--json"], {*UNUSED, DRAWING}),
        ("5pct_from_2027", ["--json"], {*UNUSED, DRAWING}),
        ("5pct_ev_market", ["--no-spread"], {*UNUSED, DRAWING}),
        ("5pct_ev_market", [], {*UNUSED, "scipy.stats", "multiprocessing.context"}),
    ],
)
def test_size_never_loads_what_it_does_not_use(
    scenario: str, options: list[str], unused: set[str], environment: dict[str, str]
) -> None:
    """Neither a plan from nothing nor one with hardware and data from before it; what draws only where it is asked."""
    program = (
        "import sys; from planner.cli import main\n"
        f"try: main(['size', {scenario!r}, *{options!r}])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        f"found = {unused!r} & set(sys.modules)\n"
        "assert not found, found"
    )
    subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        check=True,
    )


def test_help_loads_neither_numpy_nor_pydantic(environment: dict[str, str]) -> None:
    program = (
        "import sys; from planner.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'numpy', 'pydantic', 'yaml', 'pint'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, check=True)


def test_the_default_registry_of_pint_is_never_built(environment: dict[str, str]) -> None:
    """Its definitions, some thousand lines of text, are not even opened."""
    program = (
        "import sys\n"
        "def watch(event, arguments):\n"
        "    assert event != 'open' or not str(arguments[0]).endswith('_en.txt'), arguments\n"
        "sys.addaudithook(watch)\n"
        "import planner; planner.size('5pct_ev_market')"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, check=True)
