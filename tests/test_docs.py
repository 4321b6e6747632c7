"""The pages of `docs/`: their commands run, their links lead somewhere, and the model's reference is the model's."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from planner.cli.quantities import _graph
from planner.report.reference import reference
from tests.test_readme import ROOT, checkout, examples, matches

__all__ = ["checkout"]

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
pytestmark = pytest.mark.readme


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_the_commands_of_a_page_run(page: Path, checkout: Path) -> None:
    for example in examples(page.read_text(encoding="utf-8")):
        done = subprocess.run(
            ["bash", "-c", example.command],
            cwd=checkout,
            env={
                **os.environ,
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
        assert done.returncode == example.exit_code, (example.command, done.stdout)
        assert not example.shown or matches(example.shown, done.stdout), done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_links_lead_to_pages(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).is_file(), target


def test_the_reference_of_the_model_is_what_the_program_says() -> None:
    """Written anew by `planner quantities --markdown > docs/model.md`."""
    assert (DOCS / "model.md").read_text(encoding="utf-8") == reference(_graph())
