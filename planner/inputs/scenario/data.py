"""What becomes of the fleet's data: how it comes home, what is kept, curated and labelled, on which storage."""

from typing import Annotated, Literal

from pydantic import Field

from planner.inputs.numbers import Cell, HourProfile, Leaf, Series
from planner.inputs.profiles import Entity, Name, Ref


class Telemetry(Entity):
    """What the fleet sends over time, and the room left for peaks."""

    trigger_growth: Annotated[
        Series, Leaf("1", "recording triggers relative to the programme's rate", least=0)
    ]
    ingest_headroom: Annotated[
        Cell, Leaf("1", "ingest capacity over the largest hourly mean", least=1, most=10)
    ]


class Link(Entity):
    """A way home for data: how often it is there, how long, and when."""

    session: Annotated[Cell, Leaf("hour", "usable length of one session", above=0, most=24)]
    interval: Annotated[Cell, Leaf("day", "mean time between usable sessions", above=0)]
    rate: Annotated[
        Cell | None, Leaf("bit/second", "rate of the link; absent: the region's", least=0, absent=0)
    ] = None
    data_cap: Annotated[
        Cell | None,
        Leaf(
            "byte/month",
            "upload allowance of a vehicle; absent: no limit",
            least=0,
            absent=float("inf"),
        ),
    ] = None
    upload_profile: Annotated[
        HourProfile, Leaf("1", "weight of each local hour in the day's uploads", least=0)
    ]
    download_profile: Annotated[
        HourProfile,
        Leaf("1", "weight of each local hour in the starts of sessions that download", least=0),
    ]


class DataClass(Entity):
    """A kind of fleet data: which stream it comes from, what is kept of it, in how many copies and how long."""

    stream: Literal["clips", "telemetry", "map"]
    share: Annotated[
        Cell | None,
        Leaf(
            "1",
            "share of its stream; absent: what the other classes of the stream leave",
            least=0,
            most=1,
            absent=-1,
        ),
    ] = None
    kept_share: Annotated[
        Cell, Leaf("1", "share of arriving bytes that curation keeps", least=0, most=1)
    ]
    copies: Annotated[
        Cell,
        Leaf("1", "copies across sites, the one where the data arrives included", least=1, most=10),
    ]
    retain_until: Annotated[
        Cell | None,
        Leaf(
            "year",
            "time after the end of the programme's production until which all of it is held; absent: as the tiers say",
            least=0,
            most=100,
            absent=-1,
        ),
    ] = None
    withdrawn_share: Annotated[
        Cell,
        Leaf(
            "1",
            "share of owners who within a year withdraw their consent: their data is deleted, and no more is sent",
            least=0,
            most=0.99,
        ),
    ]


class Curation(Entity):
    """Accelerator time of the steps between arrival and data set, for a clip of all cameras of the reference."""

    clip_length: Annotated[
        Cell, Leaf("second", "length of the clips into which recordings are cut", above=0)
    ]
    reference_rate: Annotated[
        Cell,
        Leaf(
            "FLOP/second",
            "dense peak at 16-bit brain float of the accelerator for which the times are stated",
            above=0,
        ),
    ]
    reference_cameras: Annotated[
        Cell, Leaf("1", "cameras of the clip for which the times are stated", above=0)
    ]
    reference_pixels: Annotated[
        Cell,
        Leaf("pixel/second", "pixels of these cameras, for the time to decode the clip", above=0),
    ]
    decode: Annotated[Cell, Leaf("second", "accelerator time to decode a clip", least=0)]
    deduplicate: Annotated[
        Cell, Leaf("second", "accelerator time to embed a clip and compare it with others", least=0)
    ]
    select: Annotated[
        Cell, Leaf("second", "accelerator time to filter, mine and select a clip", least=0)
    ]
    anonymise: Annotated[
        Cell, Leaf("second", "accelerator time to anonymise a clip that is kept", least=0)
    ]
    auto_label: Annotated[
        Cell, Leaf("second", "accelerator time to label a clip that is kept by machine", least=0)
    ]
    relabel_interval: Annotated[
        Cell | None,
        Leaf(
            "day",
            "time after which the data set is labelled anew by machine; absent: never",
            above=0,
            absent=float("inf"),
        ),
    ] = None
    nested_share: Annotated[
        Cell,
        Leaf(
            "1",
            "share of each smaller data set that lies in the largest, is stored once and labelled once",
            least=0,
            most=1,
        ),
    ]
    deletion_reaches_datasets: Annotated[
        bool,
        Field(
            description="whether recordings of owners who withdraw their consent leave training data sets too; "
            "false: data sets are anonymised and keep them"
        ),
    ]
    dataset_deletion_delay: Annotated[
        Cell,
        Leaf(
            "day",
            "time from withdrawn consent until the recordings are out of the data sets, where deletion reaches them",
            least=0,
        ),
    ]


class Labels(Entity):
    """What people label, how long it takes them and what it costs."""

    share: Annotated[Cell, Leaf("1", "share of kept clips that people label", least=0, most=1)]
    images: Annotated[Cell, Leaf("1", "images that people label in such a clip", least=0)]
    price: Annotated[Cell, Leaf("USD", "price of labelling one image", least=0)]
    time: Annotated[Cell, Leaf("minute", "working time of labelling one image", least=0)]
    working_time: Annotated[
        Cell, Leaf("hour/year", "time that one annotator works", above=0, most=8766)
    ]
    annotators_limit: Annotated[
        Cell | None,
        Leaf("1", "annotators who can be had; absent: any number", above=0, absent=float("inf")),
    ] = None


class Storage(Entity):
    """How storage is bought."""

    order_interval: Annotated[
        Cell, Leaf("month", "months that one storage order covers", least=1, most=60, whole=False)
    ]
    commissioning: Annotated[Cell, Leaf("day", "from delivery to service", least=0, most=1000)]


class Tier(Entity):
    """A storage tier: what is in it by age, on which system, read how fast.

    Data enters a tier at the age at which it leaves the tier before: one number for each boundary.
    """

    system: Annotated[Name, Ref("storage")]
    held_until: Annotated[
        Cell, Leaf("day", "age at which data leaves the tier, for the next one if any", least=0)
    ]
    held_share: Annotated[
        Cell, Leaf("1", "share of kept data that is held here at that age", least=0, most=1)
    ]
    copies: Annotated[
        Cell, Leaf("1", "copies of each byte, before the system's own protection", least=1, most=10)
    ]
    dataset_copies: Annotated[
        Cell, Leaf("1", "copies of the training data sets in this tier", least=0, most=10)
    ]
    read_per_accelerator: Annotated[
        Cell | None,
        Leaf(
            "byte/second",
            "read bandwidth for each accelerator that trains; absent: that of the level",
            least=0,
            absent=0,
        ),
    ] = None
    level: Annotated[Name, Ref("storage_levels")] | None = None
    scan_interval: Annotated[
        Cell | None,
        Leaf(
            "day",
            "time in which the whole tier is read once; absent: never",
            above=0,
            absent=float("inf"),
        ),
    ] = None
    replay_share: Annotated[
        Cell | None,
        Leaf(
            "1",
            "share of what test rigs replay that they read from this tier; absent: nothing",
            least=0,
            most=1,
            absent=0,
        ),
    ] = None
