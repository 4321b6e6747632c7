"""What else the accelerators do: inference, and simulation for robots."""

from typing import Annotated, Literal

from pydantic import Field

from planner.inputs.numbers import Cell, HourProfile, Leaf, Series
from planner.inputs.profiles import Entity, MonthIndex, Name, Ref


class SummaryLine(Entity):
    """A measured line of the time that a video summary takes."""

    fixed: Annotated[Cell, Leaf("second", "time at no chunks, where the line begins", least=0)]
    rate: Annotated[Cell, Leaf("1/second", "chunks summarised in a second", above=0)]


class Service(Entity):
    """Inference, or simulation for robots, that the factory does besides training for the fleet.

    Each kind has its own measure of demand and of throughput; `SERVICE_FIELDS` says which fields belong to it.
    """

    kind: Literal["language", "cameras", "inspection", "robot_training"]
    site: Name
    region: Annotated[Name, Ref("regions")] | None = None
    start: MonthIndex | None = None
    preemptible: bool = False
    reference: Annotated[Name, Ref("accelerators")]
    headroom: Annotated[
        Cell,
        Leaf("1", "capacity over the mean demand of the busiest hour", least=1, most=10),
    ]
    profile: Annotated[
        HourProfile | None,
        Leaf("1", "weight of each local hour in the day's demand; absent: 1", least=0, absent=1),
    ] = None
    requests: Annotated[
        Series | None, Leaf("1/day", "requests or conversations", least=0, absent=0)
    ] = None
    request_tokens: Annotated[
        Cell | None, Leaf("token", "tokens made for one request", least=0, absent=0)
    ] = None
    token_throughput: Annotated[
        Cell | None,
        Leaf("token/second", "tokens made by one reference accelerator", above=0, absent=0),
    ] = None
    streams: Annotated[Series | None, Leaf("1", "camera streams", least=0, absent=0)] = None
    analysed_share: Annotated[
        Cell | None,
        Leaf("1", "share of the streams that is analysed all the time", least=0, most=1, absent=0),
    ] = None
    stream_throughput: Annotated[
        Cell | None,
        Leaf("1", "streams that one reference accelerator analyses live", above=0, absent=0),
    ] = None
    lines: Annotated[Series | None, Leaf("1", "production lines", least=0, absent=0)] = None
    line_rate: Annotated[
        Cell | None,
        Leaf(
            "1/minute",
            "parts that a line makes, as a mean over the day with its shifts",
            least=0,
            absent=0,
        ),
    ] = None
    part_images: Annotated[
        Cell | None,
        Leaf("frame", "images, or tiles of images, that a part is inspected by", least=0, absent=0),
    ] = None
    image_throughput: Annotated[
        Cell | None,
        Leaf("frame/second", "images inspected by one reference accelerator", above=0, absent=0),
    ] = None
    accelerator_time: Annotated[
        Series | None,
        Leaf("hour/month", "hours of the reference accelerator", least=0, absent=0),
    ] = None
    footage: Annotated[
        Cell | None,
        Leaf("minute", "length of a recording to be summarised on request", least=0, absent=0),
    ] = None
    chunk: Annotated[
        Cell | None, Leaf("second", "length of the pieces it is cut into", above=0, absent=1)
    ] = None
    summary: list[SummaryLine] = Field(default_factory=list)


# The fields that a service of each kind must have; those of the other kinds it may not.
SERVICE_FIELDS = {
    "language": ("requests", "request_tokens", "token_throughput"),
    "cameras": ("streams", "analysed_share", "stream_throughput"),
    "inspection": ("lines", "line_rate", "part_images", "image_throughput"),
    "robot_training": ("accelerator_time",),
}
