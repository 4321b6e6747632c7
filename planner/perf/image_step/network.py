"""Which kernels does an image network consist of?

`build` walks through a list of layers (mappings of a few words, as in `hardware_profiles/image_models/*.yaml`) with
the shape of the current tensor in hand, and writes down the kernels of the forward pass of one sample. Convolutions
are implicit matrix products: rows = output positions, columns = output channels, inner = input channels x kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from math import ceil, prod
from typing import Any

import numpy as np

from planner.axes import Array
from planner.perf.image_step.kernels import (
    ACTIVATION,
    ADD,
    BLOCK,
    FROZEN_NORM,
    LAYER_NORM,
    MOVE,
    NORM,
    SMOOTH,
    Cores,
    Moves,
    Network,
    Products,
    Record,
)

BLOCK_PASSES = 3.0  # of the element-wise kernels of a transformer block over what they keep
NORMS = {"batch": NORM, "frozen": FROZEN_NORM, "layer": LAYER_NORM, "group": LAYER_NORM}


@dataclass(frozen=True)
class Tensor:
    """Channels, positions along each dimension, and how many such tensors a sample has (regions)."""

    channels: int
    size: tuple[int, ...]
    number: float = 1.0

    @property
    def positions(self) -> float:
        """Positions of all of them."""
        return self.number * prod(self.size)

    @property
    def elements(self) -> float:
        """Elements of all of them."""
        return self.channels * self.positions


@dataclass
class Walk:
    """What has been written down so far, and where the walk stands."""

    at: Tensor
    norm: str = "batch"
    trained: bool = True
    first: bool = True  # no layer with gradients yet: its input needs none
    times: float = 1.0  # how often the present layers occur
    fresh: bool = True  # weights count; false where a head meets another level again
    saved: dict[str, Tensor] = field(default_factory=dict)
    products: list[tuple[float, ...]] = field(default_factory=list)
    cores: list[tuple[float, ...]] = field(default_factory=list)
    moves: list[tuple[float, ...]] = field(default_factory=list)
    weights: float = 0.0
    trained_weights: float = 0.0
    tensors: float = 0.0

    def weigh(self, parameters: float, tensors: float = 1.0) -> None:
        """Count parameters, and the tensors that hold them if they are trained."""
        if self.fresh:
            self.weights += self.times * parameters
            self.trained_weights += self.times * parameters * self.trained
            self.tensors += self.times * tensors * self.trained

    def product(
        self, rows: float, columns: float, inner: float, groups: float, read: float,
        written: float, weights: float, window: float = 1.0, positions: float | None = None,
        linear: bool = False,
    ) -> None:  # fmt: skip
        """Write a convolution or linear down."""
        gradients = 0.0 if not self.trained else 1.0 if self.first else 2.0
        self.first = self.first and not self.trained
        self.products.append(
            (
                self.times, rows, columns, inner, groups, read, written, weights, gradients,
                window, rows if positions is None else positions, float(linear),
            )
        )  # fmt: skip
        self.weigh(weights)

    def move(self, elements: float, kind: int) -> None:
        """Write a memory kernel down."""
        self.moves.append((self.times, elements, float(kind), float(not self.first)))

    def core(self, queries: float, keys: float, heads: float, width: float) -> None:
        """Write an attention core down."""
        self.cores.append((self.times, queries, keys, heads, width, float(not self.first)))


def build(layers: Sequence[Mapping[str, Any]], channels: int, size: Sequence[int]) -> Network:
    """The kernels of a network whose input has `channels` and `size`."""
    walk = Walk(Tensor(channels, tuple(size)))
    follow(walk, layers)

    def record(kind: type[Record], rows: list[tuple[float, ...]]) -> Record:
        names = [f.name for f in fields(kind) if f.name != "owner"]
        table = np.array(rows, float).reshape(-1, len(names))
        alike: Array
        alike, place = np.unique(table[:, 1:], axis=0, return_inverse=True)
        count = np.bincount(place.reshape(-1), table[:, 0], len(alike))
        columns = [count, *alike.T]  # the first field is the count
        return kind(owner=np.zeros(len(alike), int), **dict(zip(names, columns, strict=True)))

    return Network(
        record(Products, walk.products), record(Cores, walk.cores), record(Moves, walk.moves),
        walk.weights, walk.trained_weights, walk.tensors,
    )  # fmt: skip


def follow(walk: Walk, layers: Sequence[Mapping[str, Any]]) -> None:
    """Walk through `layers`; the first word of a layer names its kind."""
    for layer in layers:
        kind, *options = layer
        if kind not in KINDS:
            raise ValueError(f'"{kind}" is no kind of layer; there are {", ".join(sorted(KINDS))}')
        KINDS[kind](walk, layer[kind], **{option: layer[option] for option in options})


def after(walk: Walk, channels: int, norm: str | None, act: bool) -> None:
    """Norm and activation behind a convolution."""
    norm = walk.norm if norm is None else norm
    if norm != "none":
        walk.move(walk.at.elements, NORMS[norm])
        walk.weigh(2.0 * channels, 2.0)
    if act:
        walk.move(walk.at.elements, ACTIVATION)


def conv(
    walk: Walk, channels: int, kernel: int | Sequence[int] = 3, stride: int = 1, groups: int = 1,
    norm: str | None = None, act: bool = True, repeat: int = 1, bias: bool | None = None,
) -> None:  # fmt: skip
    """Convolution with norm and activation; `repeat` times, only the first with the stride."""
    for step in range(repeat):
        before = walk.at
        pace = stride if step == 0 else 1
        window = prod(kernel) if not isinstance(kernel, int) else kernel ** len(before.size)
        walk.at = replace(
            before, channels=channels, size=tuple(ceil(s / pace) for s in before.size)
        )
        weights = before.channels / groups * window * channels
        walk.product(
            walk.at.positions, channels / groups, before.channels / groups * window, groups,
            min(before.elements, walk.at.positions * before.channels * window), walk.at.elements, weights,
            window, before.positions,
        )  # fmt: skip
        if bias or (bias is None and (walk.norm if norm is None else norm) == "none"):
            walk.weigh(channels)
        after(walk, channels, norm, act)


def depthwise(
    walk: Walk, kernel: int, stride: int = 1, norm: str | None = None, act: bool = True
) -> None:
    """Depthwise convolution."""
    conv(walk, walk.at.channels, kernel, stride, groups=walk.at.channels, norm=norm, act=act)


def transposed(walk: Walk, channels: int, stride: int = 2) -> None:
    """Transposed convolution with a kernel as wide as its stride, with bias."""
    before = walk.at
    window = stride ** len(before.size)
    walk.at = replace(before, channels=channels, size=tuple(s * stride for s in before.size))
    walk.product(
        before.positions, channels * window, before.channels, 1, before.elements, walk.at.elements,
        before.channels * channels * window,
    )  # fmt: skip
    walk.weigh(channels)


def linear(walk: Walk, channels: int, act: bool = False, bias: bool = True) -> None:
    """Linear layer on every position."""
    before = walk.at
    walk.at = replace(before, channels=channels)
    walk.product(
        before.positions, channels, before.channels, 1, before.elements, walk.at.elements,
        before.channels * channels, linear=True,
    )  # fmt: skip
    if bias:
        walk.weigh(channels)
    if act:
        walk.move(walk.at.elements, SMOOTH)


def pool(walk: Walk, stride: int) -> None:
    """Pooling or strided picking."""
    before = walk.at
    walk.at = replace(before, size=tuple(ceil(s / stride) for s in before.size))
    walk.move((before.elements + walk.at.elements) / 2.0, MOVE)


def global_pool(walk: Walk, _: object) -> None:
    """Average over all positions."""
    walk.move(walk.at.elements / 2.0, MOVE)
    walk.at = replace(walk.at, size=tuple(1 for _ in walk.at.size))


def excite(walk: Walk, middle: int) -> None:
    """Squeeze and excite: pooled linear pair, scale of all channels (Hu et al., arXiv 1709.01507)."""
    whole = walk.at
    global_pool(walk, None)
    linear(walk, middle, act=True)
    linear(walk, whole.channels, act=True)
    walk.at = whole
    walk.move(1.5 * whole.elements, ACTIVATION)


def residual(
    walk: Walk, channels: int, middle: int = 0, stride: int = 1, groups: int = 1, repeat: int = 1,
    excited: int = 0, basic: bool = False, early: bool = False, deformed: bool = False,
) -> None:  # fmt: skip
    """Residual blocks (He et al., arXiv 1512.03385); projection in the first of a stage.

    The stride is in the 3 x 3 (v1.5), or with `early` in the first 1 x 1 (v1); with `deformed` the 3 x 3 is deformable.
    """
    for step in range(repeat):
        before, pace = walk.at, stride if step == 0 else 1
        first = walk.first
        if basic:
            conv(walk, channels, 3, pace)
        else:
            conv(walk, middle, 1, pace if early else 1)
            if deformed:
                sampled(walk, 9)
            conv(walk, middle, 3, 1 if early else pace, groups=groups)
        conv(walk, channels, 3 if basic else 1, act=False)
        if excited:
            excite(walk, channels // excited)
        out = walk.at
        if step == 0 and (before.channels != channels or pace > 1):
            walk.at, walk.first = before, first
            conv(walk, channels, 1, pace, act=False)
        walk.at = out
        walk.move(out.elements, ADD)
        walk.move(out.elements, ACTIVATION)


def sampled(walk: Walk, window: int) -> None:
    """What a modulated deformable convolution does before its product (Zhu et al., arXiv 1811.11168).

    A 3 x 3 convolution gives each position two offsets and a weight for every element of the window; the inputs found
    there are laid out in memory, `window` times as large as the input.
    """
    whole = walk.at
    conv(walk, 3 * window, 3, norm="none", act=False)
    walk.at = whole
    walk.move(window * whole.elements, MOVE)


def inverted(
    walk: Walk, channels: int, expand: int, kernel: int = 3, stride: int = 1, repeat: int = 1,
    excited: float = 0.25, of_expanded: bool = False, fused: bool = False,
) -> None:  # fmt: skip
    """Inverted residual blocks (MobileNet v2, EfficientNet, arXiv 1905.11946); `fused` as in EfficientNet v2."""
    for step in range(repeat):
        before, pace = walk.at, stride if step == 0 else 1
        wide = before.channels * expand
        if fused:
            conv(walk, wide if expand > 1 else channels, kernel, pace)
        else:
            if expand > 1:
                conv(walk, wide, 1)
            depthwise(walk, kernel, pace)
        if excited:
            excite(walk, max(1, int((wide if of_expanded else before.channels) * excited)))
        if not fused or expand > 1:
            conv(walk, channels, 1, act=False)
        if pace == 1 and before.channels == channels:
            walk.move(walk.at.elements, ADD)


def save(walk: Walk, name: str) -> None:
    """Remember the tensor under a name."""
    walk.saved[name] = walk.at


def load(walk: Walk, name: str) -> None:
    """Go on from a remembered tensor."""
    walk.at = remembered(walk, name)


def remembered(walk: Walk, name: str) -> Tensor:
    """The tensor saved under a name."""
    if name not in walk.saved:
        raise ValueError(
            f'"{name}" was not saved before; there are {", ".join(map(str, walk.saved))}'
        )
    return walk.saved[name]


def concat(walk: Walk, name: str) -> None:
    """Join channels with a remembered tensor."""
    other = remembered(walk, name)
    walk.at = replace(walk.at, channels=walk.at.channels + other.channels)
    walk.move(walk.at.elements, MOVE)


def add(walk: Walk, name: str) -> None:
    """Add a remembered tensor, enlarged or cut to the present shape."""
    remembered(walk, name)
    walk.move(walk.at.elements, ADD)


def resize(walk: Walk, factor: int) -> None:
    """Enlarge by a whole factor."""
    walk.at = replace(walk.at, size=tuple(s * factor for s in walk.at.size))
    walk.move(walk.at.elements * 0.75, MOVE)


def shape(walk: Walk, channels: int, size: Sequence[int] = (1,), number: float = 1.0) -> None:
    """Go on from a tensor of a given shape (an input from outside)."""
    walk.at = Tensor(channels, tuple(size), number)


def regions(walk: Walk, number: float, size: int) -> None:
    """Cut regions of interest out of the tensor (RoIAlign: four taps a point, two samples a bin and axis)."""
    walk.at = replace(walk.at, size=(size, size), number=number)
    walk.move(4.0 * walk.at.elements, MOVE)


def touch(walk: Walk, elements: float, kernels: int = 1) -> None:
    """Memory kernels of `elements` elements together (losses, matching, sorting)."""
    for _ in range(kernels):
        walk.move(elements / kernels, MOVE)


def each(walk: Walk, names: Sequence[str], layers: Sequence[Mapping[str, Any]] = ()) -> None:
    """The same layers, with the same weights, on several remembered tensors."""
    for position, name in enumerate(names):
        walk.at, walk.fresh = remembered(walk, name), position == 0
        follow(walk, layers)
    walk.fresh = True


def repeated(walk: Walk, number: int, layers: Sequence[Mapping[str, Any]] = ()) -> None:
    """Layers that keep the shape, `number` times."""
    outer, walk.times = walk.times, walk.times * number
    follow(walk, layers)
    walk.times = outer


def transformer(
    walk: Walk, layers: int, heads: int, ffn: int, context: int = 0, context_width: int = 0,
    gated: bool = False, tokens: int = 0, bias: bool = True,
) -> None:  # fmt: skip
    """Transformer blocks on all positions; with `context`, a cross-attention too (spatial transformer).

    Element-wise kernels move as much as in the transformer model (`planner.perf.training_step.layer`): 12 h +
    1.5 (g + 1) f + 4 (h + 2 k) elements a token, g = 2 where gated, half of the 12 h at each half of a block.
    """
    whole, outer = walk.at, walk.times
    walk.times = outer * layers
    hidden, positions = whole.channels, whole.positions
    flat = Tensor(hidden, (int(positions),))
    attentions = [(positions, hidden)] + ([(float(context), context_width)] if context else [])
    for keys, width in attentions:
        walk.at = flat
        walk.move((10.0 * flat.elements + 8.0 * keys * hidden) / BLOCK_PASSES, BLOCK)
        walk.weigh(2.0 * hidden, 2.0)
        if context:  # separate matrices, without bias
            linear(walk, hidden, bias=False)
            walk.at = Tensor(width, (int(keys),))
            linear(walk, 2 * hidden, bias=False)
        else:
            linear(walk, 3 * hidden, bias=bias)
        walk.core(positions, keys, heads, hidden / heads)
        walk.at = flat
        linear(walk, hidden, bias=bias)
    walk.at = flat
    inner = 1.5 * (2.0 + gated) * ffn * positions
    walk.move((6.0 * flat.elements + inner) / BLOCK_PASSES, BLOCK)
    walk.weigh(2.0 * hidden, 2.0)
    linear(walk, ffn * (2 if gated else 1), bias=bias)
    walk.at = replace(flat, channels=ffn)
    linear(walk, hidden, bias=bias)
    walk.at, walk.times = whole, outer


def diffusion_block(walk: Walk, channels: int, embedding: int = 1280) -> None:
    """Residual block of a latent diffusion U-Net (Rombach et al., arXiv 2112.10752)."""
    before = walk.at
    walk.move(before.elements, LAYER_NORM)
    walk.move(before.elements, ACTIVATION)
    walk.weigh(2.0 * before.channels, 2.0)
    conv(walk, channels, 3, norm="none", act=False)
    out = walk.at
    walk.at = Tensor(embedding, (1,))
    linear(walk, channels)
    walk.at = out
    walk.move(out.elements, ADD)
    walk.move(out.elements, LAYER_NORM)
    walk.move(out.elements, ACTIVATION)
    walk.weigh(2.0 * channels, 2.0)
    conv(walk, channels, 3, norm="none", act=False)
    if before.channels != channels:
        walk.at = before
        conv(walk, channels, 1, norm="none", act=False)
    walk.move(out.elements, ADD)


def spatial_transformer(
    walk: Walk, head_width: int, context: int = 77, context_width: int = 1024
) -> None:
    """Norm, linear, one block of self and cross attention with gated MLP, linear."""
    channels = walk.at.channels
    walk.move(walk.at.elements, LAYER_NORM)
    walk.weigh(2.0 * channels, 2.0)
    linear(walk, channels)
    transformer(walk, 1, channels // head_width, 4 * channels, context, context_width, gated=True)
    linear(walk, channels)
    walk.move(walk.at.elements, ADD)


def joint_block(
    walk: Walk, layers: int, heads: int, image: int, text: int, single: bool = False
) -> None:
    """Blocks of a multimodal diffusion transformer: double (own weights for image and text) or single stream."""
    hidden, outer = walk.at.channels, walk.times
    walk.times = outer * layers
    streams = [image + text] if single else [image, text]
    for tokens in streams:
        flat = Tensor(hidden, (tokens,))
        walk.at = Tensor(hidden, (1,))
        linear(walk, (3 if single else 6) * hidden)  # modulation
        walk.at = flat
        walk.move(flat.elements, LAYER_NORM)
        walk.move(flat.elements, ACTIVATION)
        linear(walk, (7 if single else 3) * hidden)
        walk.move(2.0 * flat.elements, ACTIVATION)  # norms and rotary positions of queries and keys
        walk.move(2.0 * flat.elements, LAYER_NORM)
        if single:
            walk.move(4.0 * flat.elements, ACTIVATION)
            walk.at = replace(flat, channels=5 * hidden)
        else:
            walk.at = flat
        linear(walk, hidden)
        walk.move(flat.elements, ADD)
        if not single:
            walk.at = flat
            walk.move(flat.elements, LAYER_NORM)
            walk.move(flat.elements, ACTIVATION)
            linear(walk, 4 * hidden, act=True)
            linear(walk, hidden)
            walk.move(flat.elements, ADD)
    walk.core(image + text, image + text, heads, hidden / heads)
    walk.at, walk.times = Tensor(hidden, (image,)), outer


def select(walk: Walk, share: float) -> None:
    """Go on with a share of the positions (masked tokens)."""
    walk.at = Tensor(walk.at.channels, (max(1, round(walk.at.positions * share)),))


def loss(walk: Walk, passes: float) -> None:
    """Softmax and loss over the channels: `passes` over them, in two kernels."""
    touch(walk, passes * walk.at.elements, 2)


def use_norm(walk: Walk, kind: str) -> None:
    """Norm behind the convolutions from here on."""
    walk.norm = kind


def freeze(walk: Walk, frozen: bool) -> None:
    """Weights from here on are not trained (or are again)."""
    walk.trained = not frozen


def embed(walk: Walk, parameters: float) -> None:
    """Weights that no matrix product uses (embeddings, positions, tokens)."""
    walk.weigh(parameters)


KINDS: dict[str, Callable[..., None]] = {
    "conv": conv, "depthwise": depthwise, "transposed": transposed, "linear": linear, "pool": pool,
    "global_pool": global_pool, "residual": residual, "inverted": inverted, "save": save, "load": load,
    "concat": concat, "add": add, "resize": resize, "shape": shape, "regions": regions, "touch": touch,
    "each": each, "repeat": repeated, "transformer": transformer, "diffusion_block": diffusion_block,
    "spatial_transformer": spatial_transformer, "joint_block": joint_block, "select": select, "loss": loss,
    "norm": use_norm, "frozen": freeze, "embed": embed,
}  # fmt: skip
