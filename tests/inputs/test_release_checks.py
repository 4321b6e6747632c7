"""Releases and functions on board that contradict themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from planner.errors import Fault
from planner.inputs.load import Inputs

Faults = Callable[..., list[Fault]]


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        (
            "simulation: {package: driving}\n",
            "simulation.package",
            'no "driving" in packages; nearest: driving_model',
        ),
        (
            "qualification: {package: sytem}\n",
            "qualification.package",
            'no "sytem" in packages; nearest: system',
        ),
        (
            "simulation: {rendered_share: 60 %, neural_share: 50 %}\n",
            "simulation.neural_share",
            "with rendered_share 110% of the distance",
        ),
        (
            "sites:\n  japan: {hosts_releases: true}\n",
            "sites.japan.hosts_releases",
            "taiwan does so already; expected one site",
        ),
        (
            "deployments:\n  driving: {package: maps}\n",
            "deployments.driving.package",
            'no "maps" in packages; nearest: map',
        ),
        (
            "deployments:\n  reasoning: {ecus: [drive_tor]}\n",
            "deployments.reasoning.ecus[0]",
            'no profile "drive_tor" in ecus/; nearest: drive_thor',
        ),
        (
            "ecus:\n  drive_thor: {mode: max_powr}\n",
            "ecus.drive_thor.mode",
            'no power mode "max_powr"; nearest: max_power',
        ),
        (
            "deployments:\n  driving: {precision: int4}\n",
            "deployments.driving.precision",
            "int4",
        ),
        (
            "qualification: {window: 0 day}\n",
            "qualification.window",
            "must be above 0",
        ),
        (
            "variants: {support_years: 10 day/h}\n",
            "variants.support_years",
            "expected a time",
        ),
    ],
)
def test_what_contradicts_is_named(faults: Faults, text: str, path: str, words: str) -> None:
    (fault,) = faults(text)
    assert fault.path == path
    assert words in fault.message


def test_an_ecu_that_no_programme_carries_may_be_named(loaded: Callable[..., Inputs]) -> None:
    """A function for a later ECU waits for it."""
    only_orin = "{ecu_from: {drive_orin: 2023-11, drive_thor: null}}"
    inputs = loaded(f"programs:\n  model_c: {only_orin}\n  model_n: {only_orin}\n")
    assert inputs.scenario.deployments["reasoning"].ecus == ["drive_thor"]
