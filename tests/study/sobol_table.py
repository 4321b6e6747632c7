"""Writes planner/study/joe_kuo_2008.npz from the direction numbers that scipy ships (new-joe-kuo-6):

PYTHONPATH=. python tests/study/sobol_table.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy.stats

from planner.study import sobol

DIMENSIONS = 4096


def table() -> dict[str, npt.NDArray[np.generic]]:
    """First direction numbers and primitive polynomials of the first dimensions."""
    shipped = Path(scipy.stats.__file__).with_name("_sobol_direction_numbers.npz")
    with np.load(shipped) as held:
        polynomial = held["poly"][:DIMENSIONS]
        degree = int(polynomial.max()).bit_length() - 1
        first = held["vinit"][:DIMENSIONS, :degree]
    return {"first": first.astype(np.uint16), "polynomial": polynomial.astype(np.uint32)}


if __name__ == "__main__":
    np.savez_compressed(Path(sobol.__file__).with_name(sobol.TABLE), **table())  # type: ignore[arg-type]
