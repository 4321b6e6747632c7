"""Which correlations of many numbers go together, and what is nearest where they do not?

A correlation matrix has to be positive definite: three numbers cannot all move against each other. The nearest one
that is, in the sum of squared differences, comes from alternating projections: N. J. Higham, "Computing the nearest
correlation matrix - a problem from finance", IMA J. Numer. Anal. 22 (2002) 329-343, algorithm 3.3.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from planner.axes import Array

LEAST_EIGENVALUE = 1e-10  # of a matrix that can be factored without losing the draws to rounding
ROUNDS = 1000  # of projections, which converge linearly
CONVERGED = 1e-6


def blocks(pairs: Mapping[tuple[int, int], float]) -> list[tuple[npt.NDArray[np.intp], Array]]:
    """Groups of numbers that hang together by correlated pairs: their positions and their correlation matrix."""
    group: dict[int, set[int]] = {}
    for one, other in pairs:
        joined = group.get(one, {one}) | group.get(other, {other})
        for member in joined:
            group[member] = joined
    groups = sorted({tuple(sorted(members)) for members in group.values()})
    matrices = [np.eye(len(members)) for members in groups]
    place = {
        member: (matrix, index)
        for members, matrix in zip(groups, matrices, strict=True)
        for index, member in enumerate(members)
    }
    for (one, other), value in pairs.items():
        matrix, i = place[one]
        j = place[other][1]
        matrix[i, j] = matrix[j, i] = value
    return [
        (np.array(members, dtype=np.intp), matrix)
        for members, matrix in zip(groups, matrices, strict=True)
    ]


def positive_definite(matrix: Array) -> bool:
    """Whether numbers with these correlations can exist and be drawn."""
    return float(np.linalg.eigvalsh(matrix)[0]) > LEAST_EIGENVALUE


def nearest_correlation(matrix: Array, declared: npt.NDArray[np.bool_]) -> Array:
    """The positive definite matrix nearest to a symmetric one, with zeros where no correlation is declared.

    Its entries have two decimals, so that it stays positive definite as it is printed.
    """
    nearest, correction = matrix, np.zeros_like(matrix)
    for _ in range(ROUNDS):
        moved = nearest - correction
        eigenvalues, vectors = np.linalg.eigh(moved)
        semidefinite = (vectors * np.maximum(eigenvalues, 0.0)) @ vectors.T
        correction = semidefinite - moved
        before = nearest
        nearest = np.where(declared, semidefinite, np.eye(len(matrix)))
        if np.abs(nearest - before).max() < CONVERGED:
            break
    # From the edge of what is possible a little towards no correlation, until the rounded matrix is inside.
    for share in np.linspace(1.0, 0.0, 201):
        rounded = np.where(declared, np.round(share * nearest, 2), np.eye(len(matrix)))
        if positive_definite(rounded):
            break
    return np.asarray(rounded)
