"""How many switches does a non-blocking fat tree need?

Endpoints N, switch radix k. One switch serves N <= k; two tiers N <= k^2/2 with 3N/k switches; three tiers N <= k^3/4
with 5N/k (Al-Fares, Loukissas, Vahdat, "A scalable, commodity data center network architecture", SIGCOMM 2008; the
NVIDIA DGX SuperPOD reference architecture tables follow it).
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array


def switches_required(endpoints: Array, radix: Array) -> Array:
    """Unrounded switches for `endpoints` ports at full bisection; 0 for none, whole only where it divides evenly."""
    two_tier = 3.0 * endpoints / radix
    three_tier = 5.0 * endpoints / radix
    single = np.minimum(endpoints, 1.0)
    more = np.where(endpoints <= radix**2 / 2, two_tier, three_tier)
    return np.where(endpoints <= radix, single, more)
