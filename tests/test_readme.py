"""Does every command of the README run as it stands there, and print what the README shows?

The `console` blocks are run in order, in a copy of the checkout, so that one command may use a file
that an earlier one made. A line that starts with `$ ` is a command, `> ` continues it, and what
follows is what it prints; where nothing follows, only the exit code counts. `...` stands for
anything, and a comment `# exits 2` for that exit code. (The `sh` blocks install things; `.ci/run`
runs those.)
"""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COPIED = ("planner", "hardware_profiles", "scenarios", "reports")

pytestmark = pytest.mark.readme


@dataclass(frozen=True)
class Example:
    command: str
    shown: str

    @property
    def exit_code(self) -> int:
        comment = re.search(r"# exits (\d+)$", self.command)
        return int(comment[1]) if comment else 0


def examples(markdown: str) -> list[Example]:
    found = []
    for block in re.findall(r"^```console\n(.*?)^```$", markdown, re.DOTALL | re.MULTILINE):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            first, *rest = part.splitlines()
            more = next((i for i, line in enumerate(rest) if not line.startswith(">")), len(rest))
            continued = [re.sub(r"^> ?", "", line) for line in rest[:more]]
            found.append(Example("\n".join([first, *continued]), "\n".join(rest[more:]).strip()))
    return found


def matches(shown: str, printed: str) -> bool:
    want, got = (
        "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n"
        for text in (shown, printed)
    )
    return doctest.OutputChecker().check_output(want, got, doctest.ELLIPSIS)


EXAMPLES = examples((ROOT / "README.md").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("readme")
    for folder in COPIED:
        if (ROOT / folder).is_dir():
            shutil.copytree(
                ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__")
            )
    return copy


def test_the_readme_shows_the_main_job() -> None:
    assert any(e.command.startswith("planner size scenarios/5pct_ev_market.yaml") for e in EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.command.splitlines()[0])
def test_readme_command(example: Example, checkout: Path) -> None:
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        ["bash", "-c", example.command],
        cwd=checkout,
        env={
            **kept,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(checkout),
            "COLUMNS": "100",
            "NO_COLOR": "1",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert done.returncode == example.exit_code, done.stdout
    assert not example.shown or matches(example.shown, done.stdout), done.stdout


def test_a_command_has_its_continuation_and_its_output() -> None:
    markdown = (
        "```console\n"
        "$ cat > x <<END\n> a\n>\n> END\n"
        "$ planner check x   # exits 2\nx: 1 fault\n"
        "```\n"
    )
    assert examples(markdown) == [
        Example("cat > x <<END\na\n\nEND", ""),
        Example("planner check x   # exits 2", "x: 1 fault"),
    ]
    assert examples(markdown)[1].exit_code == 2


def test_dots_stand_for_lines_that_are_not_shown() -> None:
    assert matches("Fleet  1.0\n...\nMoney  2.0", "Fleet  1.0  \nData\nSite\nMoney  2.0\n")
    assert not matches("Fleet  1.0\n...\nMoney  2.0", "Fleet  1.0\nData\nMoney  3.0\n")
