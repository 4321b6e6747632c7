"""The kernels of one training sample of an image network, as flat arrays.

Three kinds: matrix products (convolutions as implicit products, linears), attention cores, and kernels that only move
memory (norms, activations, additions, pooling). Every entry has a `count`, how often it occurs, and sizes for one
sample; `owner` names the run that an entry belongs to once the kernels of many runs lie in one record. Produced by
`network.build`, consumed by `step`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from planner.axes import Array

Index = npt.NDArray[np.int_]
NORM, FROZEN_NORM, LAYER_NORM, ACTIVATION, ADD, MOVE, SMOOTH, BLOCK = range(8)
"""Kinds of memory kernels: batch norm, its frozen form (scale and shift), layer, group and instance norm, activation
or scale, addition of branches, what no library fuses (pooling, concatenation, resizing, loss), a smooth activation
behind a linear, whose input is kept for the backward pass, and all that lies between the products of half a
transformer block."""


@dataclass(frozen=True)
class Products:
    """Convolutions and linears. Sizes of one group and sample unless said otherwise."""

    owner: Index
    count: Array
    rows: Array  # output positions
    columns: Array  # output channels of a group
    inner: Array  # input channels of a group x kernel positions
    groups: Array
    read: Array  # input elements, all groups
    written: Array  # output elements, all groups
    weights: Array  # elements, all groups
    gradients: Array  # products of the backward pass: 2; 1 without input gradient; 0 where frozen
    window: Array  # kernel positions, 1 in a linear
    positions: Array  # input positions
    linear: Array  # flag


@dataclass(frozen=True)
class Cores:
    """Attention cores: scores, softmax, weighted sum."""

    owner: Index
    count: Array
    queries: Array  # tokens
    keys: Array  # tokens
    heads: Array
    width: Array  # of a head
    gradients: Array  # flag: has a backward pass


@dataclass(frozen=True)
class Moves:
    """Kernels bound by memory."""

    owner: Index
    count: Array
    elements: Array
    kind: Array
    gradients: Array  # flag: has a backward pass


Record = TypeVar("Record", Products, Cores, Moves)


@dataclass(frozen=True)
class Network:
    """One network: kernels of a sample and what its weights weigh."""

    products: Products
    cores: Cores
    moves: Moves
    parameters: float  # all weights
    trained: float  # those with gradients
    tensors: float  # that hold the trained ones

    @property
    def forward_macs(self) -> float:
        """Multiply-adds of the forward pass of a sample, matrix products and attention."""
        p, a = self.products, self.cores
        return float(
            np.sum(p.count * p.rows * p.columns * p.inner * p.groups)
            + np.sum(2.0 * a.count * a.queries * a.keys * a.heads * a.width)
        )


def stacked(kind: type[Record], parts: Sequence[Record]) -> Record:
    """The records of many runs in one, `owner` being the position in `parts`."""
    owner = np.repeat(np.arange(len(parts)), [len(vars(p)["count"]) for p in parts])
    names = [f.name for f in fields(kind) if f.name != "owner"]
    return kind(owner=owner, **{n: np.concatenate([vars(p)[n] for p in parts]) for n in names})
