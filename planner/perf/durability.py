"""How likely is it that erasure-coded or copied data is lost?

A stripe of k data and m parity shards, each on its own drive, is lost when more than m of its drives fail before the
first of them is rebuilt. The model is Backblaze's (github.com/Backblaze/erasure-coding-durability, 2018): drives fail
independently at an annual rate A, a year has 365 days / R periods of the rebuild time R, and in each period a drive
fails with probability 1 - exp(-A R). Independence is its limit: a fault of a whole enclosure or of the software loses
more than drives do.
"""

from __future__ import annotations

import numpy as np

from planner.axes import Array
from planner.catalogue import SECONDS_A_YEAR


def raw_bytes_each(data: Array, parity: Array) -> Array:
    """Raw bytes written for one byte of data: (k + m) / k; copies are one data shard and the others parity."""
    return (data + parity) / data


def annual_loss(data: Array, parity: Array, failure_rate: Array, rebuild: Array) -> Array:
    """Probability that a stripe is lost within a year; `failure_rate` [1/s] of a drive, `rebuild` [s] above 0."""
    shards = data + parity
    fails = -np.expm1(-failure_rate * rebuild)
    lost = np.minimum(_more_than(parity, shards, fails), 1.0)
    periods = SECONDS_A_YEAR / rebuild
    sure = lost >= 1.0
    return np.where(sure, 1.0, -np.expm1(periods * np.log1p(-np.where(sure, 0.0, lost))))


def nines(loss: float) -> float:
    """Nines of durability: 1e-11 are eleven."""
    return float(-np.log10(loss))


def _more_than(most: Array, shards: Array, fails: Array) -> Array:
    """P[more than `most` of `shards` fail], each with probability `fails`, term by term of the binomial.

    What is rarer is counted, shards that fail or shards that stand, so that no term underflows.
    """
    rare = fails <= 0.5
    chance = np.where(rare, fails, 1.0 - fails)
    ratio = chance / (1.0 - chance)
    term = np.power(1.0 - chance, shards)
    found = np.where(~rare & (shards > most), term, 0.0)
    for counted in range(1, int(np.max(shards)) + 1):
        term = term * np.maximum(shards - counted + 1.0, 0.0) / counted * ratio
        lost = np.where(rare, counted > most, counted < shards - most)
        found = found + np.where(lost, term, 0.0)
    return found
