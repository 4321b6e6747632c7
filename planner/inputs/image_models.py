"""Which network does a published run mean, and what are its kernels?

Reads the shipped files of `image_models/`. A name is compared in small letters, everything but letters and digits as
a hyphen; of all expressions in `names` the match that begins first wins, then the longest. A name that one of the
winner's `other_names` fits is of a relative: another backbone, width or size.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from planner.inputs.naming import shipped
from planner.inputs.profiles import ImageModel
from planner.perf.image_step.kernels import Network
from planner.perf.image_step.network import build


def image_models() -> Mapping[str, ImageModel]:
    """All shipped networks by name."""
    return shipped(ImageModel, "image_models")


@cache
def network_of(name: str, sequence: int = 0) -> Network:
    """The kernels of a sample; `sequence` tokens long where the network takes sequences."""
    model = image_models()[name]
    size = [sequence] if model.sequence and sequence else model.input.size
    return build(model.layers, model.input.channels, size)


@cache
def image_model_named(text: str) -> str | None:
    """The network that a model's name means; none where no expression fits."""
    spelt = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    found = [
        (match.start(), -len(match[0]), name)
        for name, model in image_models().items()
        for pattern in model.names
        if (match := re.search(pattern, spelt))
    ]
    name = min(found)[2] if found else None
    if name and any(re.search(other, spelt) for other in image_models()[name].other_names):
        return None
    return name
