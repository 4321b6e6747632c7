"""Networks for images and other fixed shapes, layer by layer: what a file in `image_models/` may say.

A layer is a mapping whose first key is its kind and that key's value the layer's first number; the other keys are its
options. `planner.perf.image_step.network` says what each kind is and checks the rest when it builds the network.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from planner.inputs.numbers import Cell, Leaf
from planner.inputs.profiles.base import Entity, Profile, ShortText
from planner.inputs.profiles.hardware import Generation


def _plain(raw: Any) -> Any:
    """Scalars of a tree as flags and numbers where they read as such."""
    if isinstance(raw, dict):
        return {str(key): _plain(value) for key, value in raw.items()}
    if isinstance(raw, list):
        return [_plain(value) for value in raw]
    if not isinstance(raw, str) or raw in ("true", "false"):
        return raw == "true" if isinstance(raw, str) else raw
    for kind in (int, float):
        try:
            return kind(raw)
        except ValueError:
            continue
    return raw


Layer = Annotated[dict[str, Any], BeforeValidator(_plain)]


class ImageInput(Entity):
    """Shape of the tensor that enters the network; of a sequence, its length is the only size."""

    channels: Annotated[int, Field(ge=1)]
    size: list[Annotated[int, Field(ge=1)]] = Field(min_length=1, max_length=3)


class ImageModel(Profile):
    """A network as a list of layers, the words that name it, and what its published figures are.

    `names` are regular expressions over a model's name in small letters with hyphens; the match that begins first, and
    of those the longest, decides; a name that one of `other_names` fits too is of a relative. `usual_batch` is what the
    network's public recipe takes on one accelerator of a generation: 16 bit, 32 bit.
    """

    names: list[ShortText] = Field(min_length=1)
    other_names: list[ShortText] = Field(default_factory=list)
    input: ImageInput
    optimiser: Literal["sgd", "adam", "lamb"]
    sharded: bool = False  # weights are sharded over the accelerators
    sequence: bool = False  # the input's size is a run's sequence length
    usual_batch: dict[Generation, tuple[int, int]] = Field(default_factory=dict)
    parameters: Annotated[
        Cell | None, Leaf("1", "published number of weights, for checks", above=0, absent=0)
    ] = None
    multiply_adds: Annotated[
        Cell | None,
        Leaf("1", "published multiply-adds of the forward pass, for checks", above=0, absent=0),
    ] = None
    layers: list[Layer] = Field(min_length=1)

    @model_validator(mode="after")
    def _layers_are_understood(self) -> Self:
        from planner.perf.image_step.network import build  # for these files alone

        try:
            build(self.layers, self.input.channels, self.input.size)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise ValueError(f"layers: not understood: {error}") from None
        return self
