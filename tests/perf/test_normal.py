"""Normal scores against scipy's."""

from __future__ import annotations

import numpy as np
from scipy import special

from planner.perf.normal import normal_probability, normal_score

TAIL = np.logspace(-10.8, -1, 500)
PROBABILITIES = np.concatenate([TAIL, np.linspace(0.1, 0.9, 801), 1.0 - TAIL])


def test_scores_are_those_of_scipy() -> None:
    found, oracle = normal_score(PROBABILITIES), special.ndtri(PROBABILITIES)
    np.testing.assert_allclose(found, oracle, rtol=1e-14, atol=1e-15)
    assert normal_score(np.array([0.5]))[0] == 0.0


def test_probabilities_are_those_of_scipy() -> None:
    scores = np.linspace(-6.9, 6.9, 2001)
    np.testing.assert_allclose(normal_probability(scores), special.ndtr(scores), rtol=1e-8)
    np.testing.assert_allclose(normal_probability(scores), special.ndtr(scores), atol=1e-15, rtol=0)
    assert normal_probability(np.array([-50.0, 50.0])) @ [1.0, -1.0] < -0.999


def test_one_inverts_the_other() -> None:
    np.testing.assert_allclose(
        normal_probability(normal_score(PROBABILITIES)), PROBABILITIES, rtol=1e-8
    )
