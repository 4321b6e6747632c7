"""How many bytes fall into each five-minute bin?

Flows of constant rate between two times are laid onto the grid exactly: a bin's bytes are the difference of the
cumulative bytes at its edges, and each flow adds a ramp to the cumulative sum. What was sent before the first bin
counts in it.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array

BIN = 1 / 12
"""Length of a bin [hours]: traffic is billed and measured in five-minute means."""
BINS_PER_MONTH = 8640
FIRST_DAY = 24.0  # [hours]


def on_grid(begin: Array, end: Array, rate: Array, row: Array, rows: int, bins: int) -> Array:
    """Bytes by (row, bin) of flows of `rate` [byte/hour] from `begin` to `end` [hours after the first bin's start]."""
    lasting = end > begin
    if not lasting.all():  # an empty payload: its ramps cancel but for the last digit
        begin, end, rate, row = (each[lasting] for each in (begin, end, rate, row))
    place = np.concatenate([begin, end]) / BIN
    slope = np.concatenate([rate, -rate])
    cell = np.minimum(np.maximum(np.ceil(place), 0), bins).astype(int)
    cell += (bins + 1) * np.concatenate([row, row])
    size = rows * (bins + 1)
    slopes = np.bincount(cell, slope, size).reshape(rows, bins + 1).cumsum(axis=1)
    offsets = np.bincount(cell, slope * place, size).reshape(rows, bins + 1).cumsum(axis=1)
    cumulative = (np.arange(bins + 1) * slopes - offsets) * BIN
    sent = np.diff(cumulative, axis=1)
    sent[:, 0] += cumulative[:, 0]  # sent before, and taken up late
    return np.asarray(sent)


def percentile_95(rates: Array) -> Array:
    """The largest bin that is left after the floor(0.05 n) largest are dropped, over the last axis."""
    bins = rates.shape[-1]
    place = bins - 1 - bins // 20
    return np.asarray(np.partition(rates, place, axis=-1)[..., place])


def month_of(rates: Array) -> Array:
    """The first 30 days' bins, zeros where the horizon is shorter."""
    rates = rates[..., :BINS_PER_MONTH]
    pad = [(0, 0)] * (rates.ndim - 1) + [(0, BINS_PER_MONTH - rates.shape[-1])]
    return np.pad(rates, pad)
