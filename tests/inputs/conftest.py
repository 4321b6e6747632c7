"""What the tests of the inputs share: a scenario of one's own, and the faults of a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from planner.errors import Fault, InputError
from planner.inputs.leaves import LeafTable
from planner.inputs.load import Inputs, load
from planner.project import load as load_project
from planner.resources import find_scenario

Faults = Callable[..., list[Fault]]


@pytest.fixture(scope="session")
def table() -> LeafTable:
    """The leaf table of the main scenario."""
    return load_project("5pct_ev_market").table


@pytest.fixture
def scenario(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a scenario that changes the main one by the text given."""

    def write(text: str) -> Path:
        path = tmp_path / "mine.yaml"
        path.write_text(f"extends: 5pct_ev_market.yaml\n{text}", encoding="utf-8")
        return path

    return write


@pytest.fixture
def faults(scenario: Callable[[str], Path]) -> Faults:
    """The faults of the main scenario with a changed text, with edits of the command line, or both."""

    def found(
        text: str = "", *edits: tuple[str, str], overlays: tuple[Path, ...] = ()
    ) -> list[Fault]:
        path = scenario(text) if text else find_scenario("5pct_ev_market")
        with pytest.raises(InputError) as caught:
            load(path, edits, overlays)
        return list(caught.value.faults)

    return found


@pytest.fixture
def loaded(scenario: Callable[[str], Path]) -> Callable[..., Inputs]:
    """The main scenario with a changed text and edits."""

    def read(text: str = "", *edits: tuple[str, str], overlays: tuple[Path, ...] = ()) -> Inputs:
        return load(scenario(text), edits, overlays)

    return read
