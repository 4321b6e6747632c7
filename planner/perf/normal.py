"""Which probability belongs to a normal score, and which score to a probability?

Rational approximations to about 15 digits, so that drawing inputs need not wait for the import of scipy.special, which
takes longer than a plan. Sources: M. J. Wichura, "Algorithm AS 241: The percentage points of the normal distribution",
Applied Statistics 37 (1988) 477-484, routine PPND16; G. West, "Better approximations to cumulative normal functions",
Wilmott Magazine, May 2005, after J. F. Hart et al., "Computer Approximations" (1968), algorithm 5666.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from planner.axes import Array

FARTHEST_SCORE = 7.0  # beyond it Hart's fraction no longer holds; probabilities of 1e-12
# Of minus the logarithm of a probability: 1.4e-11, which points of 32 bits never come near.
FARTHEST_ROOT = 5.0

# Numerators and denominators in rising powers.
_MIDDLE = (
    (
        *(3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3),
        *(1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4),
        *(3.3430575583588128105e4, 2.5090809287301226727e3),
    ),
    (
        *(1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3),
        *(2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4),
        5.2264952788528545610e3,
    ),
)
_TAIL = (
    (
        *(1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0),
        *(3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1),
        *(2.27238449892691845833e-2, 7.74545014278341407640e-4),
    ),
    (
        *(1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1),
        *(1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4),
        1.05075007164441684324e-9,
    ),
)
_HART = (
    (
        *(220.206867912376, 221.213596169931, 112.079291497871, 33.912866078383),
        *(6.37396220353165, 0.700383064443688, 3.52624965998911e-2),
    ),
    (
        *(440.413735824752, 793.826512519948, 637.333633378831, 296.564248779674),
        *(86.7807322029461, 16.064177579207, 1.75566716318264, 8.83883476483184e-2),
    ),
)


def normal_score(probability: Array) -> Array:
    """The standard normal distribution's quantile; beyond 1.4e-11 of either end, that of 1.4e-11."""
    middle = probability - 0.5
    root = np.sqrt(-np.log(np.minimum(probability, 1.0 - probability)))
    near = middle * _fraction(_MIDDLE, 0.180625 - middle * middle)
    far = np.copysign(_fraction(_TAIL, np.minimum(root, FARTHEST_ROOT) - 1.6), middle)
    return np.where(np.abs(middle) <= 0.425, near, far)


def normal_probability(score: Array) -> Array:
    """The standard normal distribution's share below a score; beyond 7, that of 7."""
    size = np.minimum(np.abs(score), FARTHEST_SCORE)
    beyond = np.exp(-0.5 * size * size) * _fraction(_HART, size)
    return np.where(score > 0.0, 1.0 - beyond, beyond)


def _fraction(coefficients: tuple[Sequence[float], Sequence[float]], x: Array) -> Array:
    """The quotient of two polynomials, by Horner's rule."""
    above, below = (np.full_like(x, powers[-1]) for powers in coefficients)
    for total, powers in zip((above, below), coefficients, strict=True):
        for coefficient in powers[-2::-1]:
            total *= x
            total += coefficient
    return above / below
