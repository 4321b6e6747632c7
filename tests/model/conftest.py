"""What the tests of the model share: the main scenario, loaded once."""

from __future__ import annotations

import pytest

from planner.axes import Array
from planner.project import Project, load


@pytest.fixture(scope="session")
def headline() -> Project:
    return load("5pct_ev_market")


@pytest.fixture(scope="session")
def everything(headline: Project) -> dict[str, Array]:
    """Every quantity of the main scenario in base units."""
    return headline.run(list(headline.graph))
