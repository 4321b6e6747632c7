"""What does a network ask of the computer that runs it, frame by frame? The roofline, first order.

A frame costs arithmetic, and it moves bytes: every pass over the weights streams them once from memory, because they
are far larger than any cache, and activations and the key-value cache come on top. A network is bound by the slower
of the two at a time (Williams et al., Roofline, CACM 52 (4), 2009); networks on one computer run in turn. A language
model makes one pass for each token that it writes, which is why memory bandwidth binds it.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array


def weight_bytes(parameters: Array, bytes_a_parameter: Array) -> Array:
    """Stored size of a network's weights [byte]."""
    return parameters * bytes_a_parameter


def frame_bytes(weights: Array, passes: Array, moved: Array) -> Array:
    """Bytes moved for one frame: the weights once a pass, and what else is read and written."""
    return weights * passes + moved


def busy_share(compute: Array, bandwidth: Array) -> Array:
    """Share of the time that one network keeps the computer busy, from its shares of arithmetic and of bandwidth."""
    return np.maximum(compute, bandwidth)
