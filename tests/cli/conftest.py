"""What the tests of the commands share: the commands themselves, and a scenario of one's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command import ROOT, Planner

__all__ = ["ROOT", "Planner"]


@pytest.fixture
def scenario_file(tmp_path: Path) -> Callable[[str], str]:
    """Writes a scenario that is laid over a shipped one, and gives its path."""

    def write(text: str) -> str:
        file = tmp_path / "mine.yaml"
        file.write_text(text, encoding="utf-8")
        return str(file)

    return write
