"""How much arithmetic does training take, and how long does it keep an accelerator busy?

A forward pass costs 2 FLOPs for each parameter and token, the backward pass twice as much: 6 N D in all for N
parameters and D tokens (Kaplan et al., "Scaling Laws for Neural Language Models", arXiv 2001.08361, section 2.1).
For networks counted by frames the forward FLOPs of a frame are given and the same factor of three applies.
"""

from __future__ import annotations

from planner.axes import Array

FORWARD_FLOPS = 2.0  # FLOPs for one parameter and one token: a multiplication and an addition
PASSES = 3.0  # forward, and backward at twice its cost


def forward_rate(
    parameters: Array, token_rate: Array, frame_flops: Array, frame_rate: Array
) -> Array:
    """Forward FLOPs of one second of driving [FLOP/s], by tokens and by frames together."""
    return FORWARD_FLOPS * parameters * token_rate + frame_flops * frame_rate


def training_flops(forward: Array, seconds: Array, epochs: Array) -> Array:
    """FLOPs of one training run over `seconds` of driving, `epochs` times."""
    return PASSES * forward * seconds * epochs


def effective_rate(peak: Array, utilisation: Array, goodput: Array) -> Array:
    """Useful FLOPs a second of one accelerator: dense peak x model FLOPs utilisation x goodput."""
    return peak * utilisation * goodput
