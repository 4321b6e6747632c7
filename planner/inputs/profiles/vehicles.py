"""What drives: vehicles with their sensors and computers, and the networks that are trained for them."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from planner.inputs.numbers import Cell, Leaf
from planner.inputs.profiles.base import Entity, Name, Profile, Ref, ShortText


class PowerMode(Entity):
    """A setting of a computer's clocks."""

    peak_share: Annotated[
        Cell,
        Leaf(
            "1", "share of the dense peaks that the mode's clocks leave", above=0, most=1, absent=1
        ),
    ]
    bandwidth_share: Annotated[
        Cell,
        Leaf("1", "share of the memory bandwidth that the mode leaves", above=0, most=1, absent=1),
    ]
    power: Annotated[Cell, Leaf("watt", "power in the mode", above=0, absent=0)]


class Ecu(Profile):
    """The computer in the vehicle that runs the driving model."""

    year: Annotated[Cell, Leaf("1", "year of first vehicles", least=2000, most=2100, whole=True)]
    int8: Annotated[Cell, Leaf("FLOP/second", "dense peak at 8-bit integer", above=0)]
    fp8: Annotated[
        Cell | None,
        Leaf(
            "FLOP/second", "dense peak at 8-bit float; 0 where the chip has none", least=0, absent=0
        ),
    ] = None
    fp4: Annotated[
        Cell | None,
        Leaf(
            "FLOP/second", "dense peak at 4-bit float; 0 where the chip has none", least=0, absent=0
        ),
    ] = None
    fp16: Annotated[Cell, Leaf("FLOP/second", "dense peak at 16-bit float", above=0)]
    gpu_share: Annotated[
        Cell | None,
        Leaf(
            "1",
            "share of the 8-bit integer peak that the GPU has; inference engines have the rest",
            above=0,
            most=1,
            absent=1,
        ),
    ] = None
    sparsity_factor: Annotated[
        Cell, Leaf("1", "vendor's sparse headline over the dense peak", least=1, most=4)
    ]
    memory: Annotated[Cell, Leaf("byte", "memory of the computer", above=0)]
    memory_bandwidth: Annotated[Cell, Leaf("byte/second", "memory bandwidth", above=0)]
    flash: Annotated[Cell, Leaf("byte", "flash for software slots", above=0)]
    power: Annotated[Cell, Leaf("watt", "power in the mode that drives", above=0)]
    price: Annotated[Cell | None, Leaf("USD", "price of one unit", least=0, absent=0)] = None
    modes: dict[Name, PowerMode] = Field(default_factory=dict)
    mode: Name | None = None


class Sensor(Entity):
    """One group of equal sensors of a vehicle."""

    kind: Literal["camera", "lidar", "radar", "ultrasonic", "positioning", "bus"]
    count: Annotated[Cell, Leaf("1", "sensors of this group", least=0, whole=True)]
    resolution: Annotated[
        Cell,
        Leaf("pixel/frame", "pixels of a frame; points of a scan; samples of a report", least=0),
    ]
    rate: Annotated[Cell, Leaf("frame/second", "frames, scans or reports a second", least=0)]
    bits: Annotated[
        Cell, Leaf("bit/pixel", "bits of one pixel, point or sample before compression", least=0)
    ]
    codec: ShortText
    compression: Annotated[Cell, Leaf("1", "raw bytes over encoded bytes", least=1)]


class Vehicle(Profile):
    """A vehicle type: what it senses and what it can hold until it is uploaded."""

    sensors: dict[Name, Sensor] = Field(min_length=1)
    buffer: Annotated[
        Cell, Leaf("byte", "space on the vehicle for recordings that wait for upload", least=0)
    ]
    recorder_rate: Annotated[
        Cell | None,
        Leaf(
            "byte/second",
            "rate that one recorder writes; absent: one takes everything",
            above=0,
            absent=float("inf"),
        ),
    ] = None


class TrainedModel(Profile):
    """A network that the factory trains, by what one second of driving costs it."""

    family: Literal["vision", "driving", "world_model", "language"]
    architecture: Annotated[Name, Ref("architectures")] | None = None
    image_model: Annotated[Name, Ref("image_models")] | None = None
    batch: Annotated[
        Cell | None,
        Leaf(
            "1",
            "sequences, or frames of all cameras, of an optimiser step; absent: training has the assumed utilisation",
            least=1,
            whole=True,
            absent=0,
        ),
    ] = None
    parameters: Annotated[Cell, Leaf("1", "parameters that work on each token", above=0)]
    token_rate: Annotated[
        Cell,
        Leaf(
            "token/second",
            "tokens of one second of driving; 0 for networks counted by frames",
            least=0,
        ),
    ]
    frame_flops: Annotated[
        Cell,
        Leaf(
            "FLOP/frame",
            "forward FLOPs of one frame of all cameras; 0 for networks counted by tokens",
            least=0,
        ),
    ]
    frame_rate: Annotated[
        Cell, Leaf("frame/second", "frames taken from one second of driving", least=0)
    ]
    epochs: Annotated[Cell, Leaf("1", "passes over the data set in one training run", above=0)]
    base_dataset: Annotated[
        Cell, Leaf("hour", "driving in the data set before the fleet adds any", least=0)
    ]
    dataset_limit: Annotated[
        Cell, Leaf("hour", "driving beyond which the data set is rotated instead of grown", above=0)
    ]
    training_rate: Annotated[
        Cell, Leaf("byte/second", "stored training bytes of one second of driving", least=0)
    ]
    precision: Literal["bf16", "fp8"]
    utilisation: Annotated[
        Cell,
        Leaf(
            "1",
            "share of the dense peak that training reaches (model FLOPs utilisation)",
            above=0,
            most=1,
        ),
    ]
    deployed_bits: Annotated[
        Cell | None,
        Leaf("bit", "bits of one parameter as deployed on the vehicle", above=0, absent=0),
    ] = None

    @model_validator(mode="after")
    def _has_one_kind_of_step(self) -> Self:
        if self.architecture and self.image_model:
            raise ValueError(
                "architecture, image_model: a step is predicted from one; null the other"
            )
        return self
