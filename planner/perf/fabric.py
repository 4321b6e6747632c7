"""How many switches does a non-blocking fat tree need?

Endpoints N, switch radix k > 2. One switch serves N <= k; two tiers N <= k^2/2 with 3N/k switches; three tiers
N <= k^3/4 with 5N/k; t tiers reach N <= 2 (k/2)^t with (2t - 1) N/k. Reference: Al-Fares, Loukissas, Vahdat, "A
scalable, commodity data center network architecture", SIGCOMM 2008; NVIDIA's DGX SuperPOD reference architectures
follow it.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array

ROUNDING = 1e-9  # a full tree must not be taken for one more tier by the rounding of logarithms


def switches_required(endpoints: Array, radix: Array) -> Array:
    """Unrounded switches for `endpoints` ports at full bisection; 0 for none, whole only where it divides evenly."""
    tiers = np.ceil(np.log(np.maximum(endpoints, 2.0) / 2.0) / np.log(radix / 2.0) - ROUNDING)
    single = np.minimum(endpoints, 1.0)
    return np.where(endpoints <= radix, single, (2.0 * tiers - 1.0) * endpoints / radix)
