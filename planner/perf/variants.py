"""How many builds are in support, when a build is one model year of what is sold?

A build begins with the first sale in its calendar year and is supported for some months after the last one in that
year. Both follow from which months had a sale, so that no loop over years is needed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from planner.axes import Array

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MONTHS_A_YEAR = 12


def ends_of_model_years(sold: Flags, first: int) -> tuple[Flags, Flags]:
    """Whether a month has the first, and whether it has the last sale of its calendar year.

    `sold` (draw, month, cell): whether anything was sold; `first` counts months to the first one (0 is a January).
    """
    months = sold.shape[1]
    index = np.arange(months)
    january = np.clip(index - (index + first) % MONTHS_A_YEAR, 0, None)
    after = np.clip(index - (index + first) % MONTHS_A_YEAR + MONTHS_A_YEAR, None, months)
    running = np.concatenate(
        [np.zeros_like(sold[:, :1], dtype=np.int64), sold.cumsum(axis=1)], axis=1
    )
    so_far = running[:, 1:] - running[:, january]
    of_the_year = running[:, after] - running[:, january]
    return sold & (so_far == 1), sold & (so_far == of_the_year)


def last_sales(sold: Flags, first: int) -> Whole:
    """The month of the last sale in each calendar year (draw, year, cell); -1 in years without one."""
    index = np.arange(sold.shape[1])
    starts = np.flatnonzero((index == 0) | ((index + first) % MONTHS_A_YEAR == 0))
    return np.asarray(np.maximum.reduceat(np.where(sold, index[:, None], -1), starts, axis=1))


def calendar_years(months: npt.ArrayLike, first: int) -> Whole:
    """The calendar year of months, counted from 0 for that of the month `first`."""
    return (np.asarray(months, dtype=np.int64) + first) // MONTHS_A_YEAR - first // MONTHS_A_YEAR


def builds_in_support(sold: Flags, first: int, support: Whole) -> Array:
    """Model years in support by (draw, month, cell): begun, and not yet `support` (draw,) months past the last sale."""
    begins, ends = ends_of_model_years(sold, first)
    begun = begins.cumsum(axis=1)
    if (support >= sold.shape[1]).all():
        return begun.astype(np.float64)  # no support ends within these months
    ended = np.concatenate([np.zeros_like(begun[:, :1]), ends.cumsum(axis=1)], axis=1)
    draws, months = max(len(sold), len(support)), sold.shape[1]
    past = np.clip(np.arange(months)[None, :] - support[:, None], 0, months)
    rows = np.arange(draws)[:, None] if len(sold) > 1 else np.zeros((draws, 1), dtype=np.int64)
    left = begun - ended[rows, np.broadcast_to(past, (draws, months))]
    return np.asarray(left, dtype=np.float64)
