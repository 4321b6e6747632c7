"""Arithmetic of training: 6 N D, and published runs."""

from __future__ import annotations

import numpy as np
import pytest

from planner.perf.training import forward_rate, training_flops

NONE = np.zeros(1)


def test_training_takes_six_flops_a_parameter_and_token() -> None:
    # GPT-3: 175e9 parameters, 300e9 tokens, 3.14e23 FLOPs (Brown et al., "Language Models are Few-Shot Learners",
    # arXiv 2005.14165, appendix D, which counts 6 FLOPs a parameter and token).
    forward = forward_rate(np.array([174.6e9]), np.array([1.0]), NONE, NONE)
    flops = training_flops(forward, np.array([300e9]), np.array([1.0]))
    assert flops.item() == pytest.approx(3.14e23, rel=2e-3)
    assert flops.item() == pytest.approx(6 * 174.6e9 * 300e9, rel=1e-15)


def test_gaia_1_by_its_published_shape() -> None:
    # GAIA-1 (arXiv 2309.17080): 6.5e9 parameters, 100,000 steps of 128 sequences of 15,860 tokens = 203e9 tokens.
    tokens = 100_000 * 128 * 15_860
    forward = forward_rate(np.array([6.5e9]), np.array([1.0]), NONE, NONE)
    flops = training_flops(forward, np.array([float(tokens)]), np.array([1.0])).item()
    assert flops == pytest.approx(7.92e21, rel=1e-3)
    # 64 A100 at 312 TFLOP/s for 15 days (published): 30.6 % utilisation.
    assert flops / (64 * 15 * 86_400 * 312e12) == pytest.approx(0.306, abs=5e-4)


def test_frames_cost_three_times_their_forward_pass() -> None:
    forward = forward_rate(NONE, NONE, np.array([5e12]), np.array([2.0]))
    assert (
        training_flops(forward, np.array([10.0]), np.array([4.0])).item() == 3 * 5e12 * 2 * 10 * 4
    )


def test_tokens_and_frames_add() -> None:
    both = forward_rate(*(np.array([x]) for x in (1e9, 100.0, 5e12, 2.0)))
    assert both.item() == 2 * 1e9 * 100 + 5e12 * 2
