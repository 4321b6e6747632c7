"""The schema of a scenario: which fleet, where, over which months, on which hardware, by which policies.

A scenario names profiles and adds what is particular to the plan. Under `accelerators:`, `nodes:` and the other kinds
it may override single fields of a shipped profile or define a profile of its own; an entry of `regions:` that names a
`site` takes part in the fleet. Numeric fields declare leaves, as in the profiles.
"""

import math
from typing import Annotated, Literal

from pydantic import Field, StrictStr

from planner.inputs.numbers import Cell, HourProfile, Leaf, Series
from planner.inputs.profiles import Entity, LongText, MonthIndex, Name, Ref, Region, ShortText


class Horizon(Entity):
    """The months that the tables show."""

    start: MonthIndex
    end: MonthIndex


class MarketChoice(Entity):
    """Which forecast of electric-car sales, and the share of it that the fleet takes."""

    forecast: Annotated[Name, Ref("markets")]
    share: Annotated[
        Series, Leaf("1", "share of electric-car sales that join the fleet", least=0, most=1)
    ]


class FleetRegion(Region):
    """A region as the scenario uses it: the profile, the site that its data goes to, its forecast."""

    site: Name | None = None
    forecast: Annotated[Name, Ref("markets")] | None = None
    serve: Annotated[
        Literal["required", "if_permitted"] | None,
        Field(
            description="required: a plan that does not serve it is forbidden; if_permitted: it may go unserved; "
            "absent: it may where its data has to stay"
        ),
    ] = None


class FleetChoice(Entity):
    """How long vehicles stay on the road."""

    life: Annotated[
        Cell,
        Leaf(
            "year", "scale of the Weibull survival of vehicles: 37 % are left at this age", above=0
        ),
    ]
    life_shape: Annotated[
        Cell,
        Leaf(
            "1", "shape of the Weibull survival; above 1 scrappage rises with age", above=0, most=20
        ),
    ]


class Program(Entity):
    """A vehicle programme: a vehicle type with its sales, its use and its recording policy."""

    vehicle: Annotated[Name, Ref("vehicles")]
    sales_mix: Annotated[
        Cell, Leaf("1", "weight of the programme among those sold in a region", least=0)
    ]
    regions: list[Name] | None = None
    ecu_from: Annotated[dict[Name, MonthIndex], Field(min_length=1)]
    daily_hours: Annotated[Cell, Leaf("hour/day", "driving time of a vehicle", least=0, most=24)]
    record_share: Annotated[
        Cell, Leaf("1", "share of driving time that is recorded whole", least=0, most=1)
    ]
    trigger_rate: Annotated[
        Cell, Leaf("1/hour", "recording triggers in an hour of driving", least=0)
    ]
    clip_length: Annotated[
        Cell, Leaf("second", "length of the recording that a trigger keeps", least=0)
    ]
    telemetry: Annotated[
        Cell, Leaf("byte/day", "signals and logs sent whatever is recorded", least=0)
    ]
    map_rate: Annotated[
        Cell, Leaf("byte/km", "map observations sent for a distance driven", least=0)
    ]
    depot_share: Annotated[
        Cell, Leaf("1", "share of vehicles that upload at a depot dock", least=0, most=1)
    ]
    production_end: MonthIndex | None = None


class OpeningCohort(Entity):
    """Vehicles sold before the plan that are on the road at its start."""

    cohort: MonthIndex
    region: Name
    program: Name
    ecu: Annotated[Name, Ref("ecus")]
    vehicles: Annotated[
        Cell, Leaf("vehicle", "vehicles of the cohort on the road at plan_start", least=0)
    ]


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
        HourProfile, Leaf("1", "weight of each local hour in the day's downloads", least=0)
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
            "share of owners who within a year withdraw their consent, and whose data is then deleted",
            least=0,
            most=0.99,
        ),
    ]


class Curation(Entity):
    """Accelerator time of the steps between arrival and data set, for a clip of all cameras."""

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
    """A storage tier: what is in it by age, on which system, read how fast."""

    system: Annotated[Name, Ref("storage")]
    held_from: Annotated[Cell, Leaf("day", "age at which kept data enters the tier", least=0)]
    held_until: Annotated[Cell, Leaf("day", "age at which data leaves the tier", least=0)]
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


class Workload(Entity):
    """A network under continual training: how often it is released and how fast it must be trained."""

    model: Annotated[Name, Ref("models")]
    start: MonthIndex | None = None
    cadence: Annotated[Cell, Leaf("day", "time between releases", above=0)]
    deadline: Annotated[Cell, Leaf("day", "time allowed for the release's training run", above=0)]
    experiments: Annotated[
        Cell, Leaf("1", "experiments for each release, in full training runs", least=0)
    ]
    offset: Annotated[
        Cell | None,
        Leaf("day", "first release after the common start of the calendar", least=0, absent=0),
    ] = None
    preemptible_share: Annotated[
        Cell | None,
        Leaf(
            "1",
            "share of the experiments' work that nobody waits for and that fills idle accelerators; absent: all",
            least=0,
            most=1,
            absent=1,
        ),
    ] = None
    job_gpus: Annotated[
        Cell | None,
        Leaf(
            "1", "accelerators that one experiment job needs at once: its gang", least=1, absent=1
        ),
    ] = None
    job_duration: Annotated[
        Cell | None, Leaf("hour", "mean length of one experiment job", above=0, absent=1)
    ] = None
    selection_share: Annotated[
        Cell, Leaf("1", "share of kept recordings that joins the data set", least=0, most=1)
    ]


class Training(Entity):
    """How well the cluster is used."""

    goodput: Annotated[
        Cell,
        Leaf(
            "1", "share of time that makes progress, after failures and restarts", above=0, most=1
        ),
    ]
    occupancy: Annotated[
        Cell, Leaf("1", "share of the accelerators that the schedule fills", above=0, most=1)
    ]
    percentile: Annotated[
        Cell, Leaf("1", "percentile of release demand that is covered", least=0, most=1)
    ]
    max_queue_wait: Annotated[
        Cell, Leaf("hour", "time that an experiment job may wait for its gang", above=0)
    ]
    queue_percentile: Annotated[
        Cell,
        Leaf("1", "share of the experiment jobs that wait no longer", least=0.5, most=0.999),
    ]
    arrival_variability: Annotated[
        Cell,
        Leaf(
            "1",
            "squared coefficient of variation of the times between jobs; 1: Poisson arrivals",
            least=0,
            most=100,
        ),
    ]
    duration_variability: Annotated[
        Cell,
        Leaf(
            "1",
            "squared coefficient of variation of job durations; 1: exponential",
            least=0,
            most=100,
        ),
    ]
    idle_service_use: Annotated[
        Cell,
        Leaf(
            "1",
            "share of the accelerators idle between the services' mean and peak that preemptible work fills",
            least=0,
            most=1,
        ),
    ]


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


class Checkpoint(Entity):
    """How training runs save their state: what of each parameter, how often, and how long they stand still for it."""

    weight_bytes: Annotated[
        Cell, Leaf("byte", "bytes of a parameter's weight in a checkpoint", least=0, most=64)
    ]
    master_bytes: Annotated[
        Cell, Leaf("byte", "bytes of its master copy; 0 where none is kept", least=0, most=64)
    ]
    moment_bytes: Annotated[
        Cell, Leaf("byte", "bytes of the optimiser's moments for it", least=0, most=64)
    ]
    in_background: bool = True
    stall: Annotated[
        Cell, Leaf("second", "time for which training stands still at a checkpoint", above=0)
    ]
    restart: Annotated[
        Cell, Leaf("minute", "from an interruption until training runs again", least=0)
    ]
    interval_limit: Annotated[
        Cell, Leaf("hour", "longest time between two checkpoints of a run", above=0)
    ]
    kept: Annotated[Cell, Leaf("1", "checkpoints of a run kept on the hot tier", least=0)]


class Cluster(Entity):
    """How often hardware fails, how fast it is repaired, how much must be up, how long it serves."""

    failure_rate: Annotated[
        Cell,
        Leaf(
            "1/day",
            "hardware failures of one accelerator with its part of the node that need a repair",
            least=0,
            most=1,
        ),
    ]
    interruption_rate: Annotated[
        Cell,
        Leaf(
            "1/day",
            "interruptions of a run by whatever cause, for each accelerator that it works on",
            least=0,
            most=1,
        ),
    ]
    repair_time: Annotated[
        Cell, Leaf("day", "from a hardware failure until the part serves again", least=0, most=1000)
    ]
    availability: Annotated[
        Cell,
        Leaf(
            "1",
            "probability with which all accelerators needed are up; 0 for no spares",
            least=0,
            most=0.999999999,
        ),
    ]
    refresh_age: Annotated[
        Cell, Leaf("year", "age at which nodes, storage and switches are replaced", above=0)
    ]


class Package(Entity):
    """A part of a release that vehicles download: its size, how much of it a delta saves, how often."""

    size: Annotated[Cell, Leaf("byte", "size of the full package", least=0)]
    delta_ratio: Annotated[
        Cell, Leaf("1", "size of a delta over the full package", least=0, most=1)
    ]
    delta_share: Annotated[
        Cell, Leaf("1", "share of vehicles that can take the delta", least=0, most=1)
    ]
    cadence: Annotated[Cell, Leaf("day", "time between releases of the package", above=0)]


class Variants(Entity):
    """How many builds are kept alive, and what a build takes."""

    support_years: Annotated[
        Cell, Leaf("year", "support of a build after the last sale of it", least=0, most=100)
    ]
    per_build: Annotated[
        Cell,
        Leaf("1", "packages of one build: trims and options that need one of their own", above=0),
    ]
    build_time: Annotated[
        Cell, Leaf("hour", "core-hours to compile, optimise, sign and pack one package", least=0)
    ]
    releases_kept: Annotated[
        Cell, Leaf("1", "releases of which the packages are kept in storage", least=0)
    ]
    copies: Annotated[Cell, Leaf("1", "copies of the packages kept", least=1, most=10)]


class Simulation(Entity):
    """How far a release drives in simulation, of which kind, and how fast that runs."""

    package: Name | None = None
    start: MonthIndex | None = None
    distance: Annotated[Series, Leaf("km", "distance simulated for one release", least=0)]
    rendered_share: Annotated[
        Cell, Leaf("1", "share of it with sensors rendered from modelled scenes", least=0, most=1)
    ]
    neural_share: Annotated[
        Cell,
        Leaf(
            "1", "share of it with sensors rendered from reconstructed recordings", least=0, most=1
        ),
    ]
    speed: Annotated[Cell, Leaf("km/h", "mean speed of simulated driving", above=0)]
    core_rate: Annotated[
        Cell,
        Leaf(
            "1",
            "driving time without sensors that one processor core simulates, over its time",
            above=0,
        ),
    ]
    rendering_rate: Annotated[
        Cell,
        Leaf(
            "1",
            "driving time with all sensors rendered that the reference accelerator runs, over its time",
            above=0,
        ),
    ]
    neural_rate: Annotated[
        Cell,
        Leaf(
            "1",
            "driving time in reconstructed scenes that the reference accelerator runs, over its time",
            above=0,
        ),
    ]
    reconstruction: Annotated[
        Cell,
        Leaf(
            "1",
            "time of the reference accelerator to reconstruct a recording, over its length",
            least=0,
        ),
    ]
    reuse: Annotated[
        Cell, Leaf("1", "drives through a reconstructed scene before it is made anew", above=0)
    ]
    reference_bandwidth: Annotated[
        Cell, Leaf("byte/second", "memory bandwidth of the reference accelerator", above=0)
    ]


class Qualification(Entity):
    """How a release passes on rigs with real control units, and what a rig is."""

    package: Name | None = None
    replay: Annotated[
        Series, Leaf("hour", "recorded driving replayed for one release to one variant", least=0)
    ]
    variant_share: Annotated[
        Cell,
        Leaf(
            "1",
            "share of the variants that are replayed to; the rest ride on one like them",
            least=0,
            most=1,
        ),
    ]
    real_time_factor: Annotated[
        Cell,
        Leaf(
            "1", "time on a rig over driving time replayed; 1 is real time, 2 half as fast", above=0
        ),
    ]
    window: Annotated[Cell, Leaf("day", "time allowed to qualify a release", above=0)]
    utilisation: Annotated[
        Cell, Leaf("1", "share of the time in which a rig replays", above=0, most=1)
    ]
    most_rigs: Annotated[
        Cell | None,
        Leaf("1", "rigs that may stand; absent: as many as needed", least=0, absent=float("inf")),
    ] = None
    rigs_installed: Annotated[
        Cell | None,
        Leaf("1", "rigs that stand at plan_start; absent: none", least=0, whole=True, absent=0),
    ] = None
    rig_ecus: Annotated[Cell, Leaf("1", "ECUs in one rig", least=0)]
    rig_power: Annotated[Cell, Leaf("watt", "power of one rig at work", least=0)]
    rigs_per_rack: Annotated[Cell, Leaf("1", "rigs in one rack", above=0)]
    rig_price: Annotated[Cell, Leaf("USD", "price of one rig without its ECUs", least=0)]
    rig_lead_time: Annotated[
        Cell, Leaf("day", "from order to service of a rig", least=0, most=1500)
    ]


class Deployment(Entity):
    """A function on board: a network, what a frame of it costs, and which ECUs run it from when."""

    package: Name | None = None
    ecus: list[Annotated[Name, Ref("ecus")]] | None = None
    start: MonthIndex | None = None
    precision: Literal["int8", "fp8", "fp4", "fp16"]
    on_engines: bool = False
    parameters: Annotated[Cell, Leaf("1", "parameters of the network", least=0, absent=0)]
    weight_bits: Annotated[
        Cell, Leaf("bit", "bits of one parameter as stored on the ECU", above=0, absent=0)
    ]
    operations: Annotated[
        Cell, Leaf("FLOP/frame", "operations of one frame of all cameras", least=0, absent=0)
    ]
    passes: Annotated[
        Cell,
        Leaf(
            "1",
            "passes over the weights in one frame: 1, and one for each token written",
            least=0,
            absent=0,
        ),
    ]
    moved: Annotated[
        Cell,
        Leaf("byte", "activations and cache read and written in one frame", least=0, absent=0),
    ]
    held: Annotated[
        Cell,
        Leaf("byte", "activations, caches and buffers held in memory", least=0, absent=0),
    ]
    frame_rate: Annotated[Cell, Leaf("frame/second", "frames a second", least=0, absent=0)]
    growth: Annotated[
        Series, Leaf("1", "size of the network over its size as written above", least=0, absent=1)
    ]


class Edge(Entity):
    """What functions may use of an ECU, and how many ECUs are built."""

    usable_compute: Annotated[
        Cell, Leaf("1", "share of the dense peak that inference reaches", above=0, most=1)
    ]
    usable_bandwidth: Annotated[
        Cell, Leaf("1", "share of the memory bandwidth that inference reaches", above=0, most=1)
    ]
    usable_memory: Annotated[
        Cell, Leaf("1", "share of the memory that is left for networks", above=0, most=1)
    ]
    units_per_vehicle: Annotated[Cell, Leaf("1", "ECUs in one vehicle", least=0)]
    service_share: Annotated[
        Cell, Leaf("1", "ECUs built for service, over those built into vehicles", least=0)
    ]


class Ota(Entity):
    """How releases are rolled out."""

    rollout: Annotated[
        Cell, Leaf("day", "time over which vehicles are admitted to a release", above=0)
    ]
    retry_overhead: Annotated[
        Cell, Leaf("1", "bytes sent again, as a share of the payload", least=0, most=2)
    ]
    cellular_share: Annotated[
        Cell,
        Leaf(
            "1",
            "share of the vehicles without Wi-Fi that may download over cellular",
            least=0,
            most=1,
        ),
    ]
    headroom: Annotated[
        Cell, Leaf("1", "delivery capacity over the largest hourly mean", least=1, most=10)
    ]


class NodeStock(Entity):
    """Nodes that the site has, or has on order, before the plan begins."""

    hardware: Annotated[Name, Ref("nodes")]
    count: Annotated[Cell, Leaf("1", "nodes", least=0, whole=True)]
    in_service: MonthIndex


class StorageStock(Entity):
    """Storage units that the site has, or has on order, before the plan begins."""

    tier: Literal["hot", "warm", "cold"]
    count: Annotated[Cell, Leaf("1", "units of the tier's storage system", least=0, whole=True)]
    in_service: MonthIndex


class OpeningData(Entity):
    """Data that the site has kept from the years before the plan."""

    year: MonthIndex
    data: Name | None = None
    kept: Annotated[Cell, Leaf("byte", "bytes kept in the year", least=0)]


class Licence(Entity):
    """A licence to receive a kind of node at a site, over the months of delivery that it covers."""

    hardware: Annotated[Name, Ref("nodes")]
    from_: Annotated[MonthIndex, Field(alias="from")]
    until: MonthIndex | None = None
    reference: Annotated[LongText, Field(description="who granted it, under which number")]


Country = Annotated[StrictStr, Field(pattern=r"^[A-Z]{2}$")]


class Site(Entity):
    """A data centre: where it stands, what it trains on, what power, cooling and space it has.

    What it does not say (a limit of density, of capacity, of floor, of water) does not limit it.
    """

    location: Annotated[Name, Ref("regions")]
    operator_country: Annotated[
        Country | None,
        Field(
            description="headquarters of its operator or ultimate parent; absent: the scenario's or its place's"
        ),
    ] = None
    licences: list[Licence] = Field(default_factory=list)
    training: Annotated[Name, Ref("nodes")]
    training_share: Annotated[
        Cell, Leaf("1", "weight of the site in the training work of all sites", least=0)
    ]
    power_limit: Annotated[
        Series, Leaf("watt", "site power that the grid connection gives", least=0)
    ]
    plant: Annotated[Name, Ref("plants")] | None = None
    cooling: Literal["air", "liquid", "both"] = "both"
    liquid_capacity: Annotated[
        Series | None,
        Leaf("watt", "heat that the hall's liquid loops carry", least=0, absent=math.inf),
    ] = None
    rack_density: Annotated[
        Series | None,
        Leaf(
            "watt", "IT power that the hall feeds and cools in one rack", above=0, absent=math.inf
        ),
    ] = None
    redundancy: Literal["N", "N+1", "2N"] = "N"
    modules: Annotated[
        Series | None,
        Leaf(
            "1",
            "equal modules of power and cooling (UPS with its chillers) that are installed",
            least=0,
            whole=True,
            absent=math.inf,
        ),
    ] = None
    module_power: Annotated[
        Cell | None, Leaf("watt", "IT power that one module carries", above=0, absent=math.inf)
    ] = None
    floor_area: Annotated[
        Series | None,
        Leaf("m^2", "white space: floor for racks and their aisles", least=0, absent=math.inf),
    ] = None
    water_limit: Annotated[
        Series | None,
        Leaf(
            "m^3/day", "water that the site may take on its hottest day", least=0, absent=math.inf
        ),
    ] = None
    commissioning: Annotated[Cell, Leaf("day", "from delivery to service", least=0, most=1000)]
    order_interval: Annotated[
        Cell, Leaf("month", "months that one order of nodes covers", least=1, most=60)
    ]
    orders_allowed: bool = True
    acquisition: Literal["buy", "lease", "rent"] = "buy"
    building: Literal["build", "colocate"] = "build"
    hosts_releases: bool = False
    installed: list[NodeStock] = Field(default_factory=list)
    committed: list[NodeStock] = Field(default_factory=list)
    installed_storage: list[StorageStock] = Field(default_factory=list)
    committed_storage: list[StorageStock] = Field(default_factory=list)
    opening_data: list[OpeningData] = Field(default_factory=list)


class Fabric(Entity):
    """One of a site's networks: its switch, and how it is built from them."""

    switch: Annotated[Name, Ref("network")]
    tree: Literal["spine", "leaves_only"] = "spine"
    planes: Annotated[
        Cell,
        Leaf(
            "1",
            "equal planes, each with its share of every node's ports",
            least=1,
            most=8,
            whole=True,
        ),
    ]
    oversubscription: Annotated[
        Cell,
        Leaf("1", "endpoint ports of a leaf over its uplinks; 1 is non-blocking", least=1, most=64),
    ]
    core_oversubscription: Annotated[
        Cell, Leaf("1", "ports of spines down over those up, in three tiers", least=1, most=64)
    ]
    down_ports: Annotated[
        Cell | None,
        Leaf(
            "1",
            "ports of a leaf for endpoints; absent: half of them",
            least=1,
            whole=True,
            absent=0,
        ),
    ] = None
    management_ports: Annotated[
        Cell, Leaf("1", "ports that the fabric manager takes", least=0, whole=True)
    ]
    endpoint_ports_per_module: Annotated[
        Cell, Leaf("1", "endpoint ports that share one pluggable module", least=1, most=8)
    ]


class Wan(Entity):
    """The wide-area connection of a site."""

    paths: Annotated[
        Cell, Leaf("1", "paths to the outside, of which one may fail", least=1, most=16, whole=True)
    ]
    origin_pulls: Annotated[
        Cell,
        Leaf("1", "caches of the content network that fetch a package from the origin", least=0),
    ]


class Facility(Entity):
    """How data halls are laid out and what plant they have, unless a site says otherwise."""

    plant: Annotated[Name, Ref("plants")]
    rack_area: Annotated[
        Cell, Leaf("m^2", "white space for one rack with its part of the aisles", above=0)
    ]
    white_space_share: Annotated[
        Cell, Leaf("1", "white space over the whole building's floor", above=0, most=1)
    ]
    switches_per_rack: Annotated[Cell, Leaf("1", "switches in one network rack", least=1)]


Currency = Literal["CNY", "EUR", "INR", "JPY", "KRW", "TWD"]


class Economics(Entity):
    """Prices, payment and the value of money."""

    money: Literal["real", "nominal"] = "real"
    base_date: MonthIndex | None = None
    exchange_rates: dict[
        Currency,
        Annotated[Cell, Leaf("1", "units of the currency for one US dollar", above=0)],
    ] = Field(default_factory=dict)
    discount_rate: Annotated[Cell, Leaf("1", "real discount rate a year", least=0, most=1)]
    inflation: Annotated[
        Series, Leaf("1", "yearly rise of the general price level", least=-0.5, most=10)
    ]
    deposit_share: Annotated[
        Cell, Leaf("1", "share of the price of equipment paid at the order", least=0, most=1)
    ]
    retention_share: Annotated[
        Cell,
        Leaf(
            "1",
            "share of the balance kept back until after acceptance; the rest is paid at delivery",
            least=0,
            most=1,
        ),
    ]
    retention_time: Annotated[
        Cell,
        Leaf(
            "day",
            "from the start of service to the payment of what was kept back",
            least=0,
            most=1500,
        ),
    ]
    lease_rate: Annotated[
        Cell, Leaf("1", "nominal interest a year in the payments of a lease", least=0, most=1)
    ]
    lease_term: Annotated[Cell, Leaf("year", "time over which a lease is paid off", above=0)]
    installation_share: Annotated[
        Cell,
        Leaf("1", "integration and installation, over the price of equipment", least=0, most=2),
    ]
    maintenance_share: Annotated[
        Cell,
        Leaf(
            "1/year",
            "support and maintenance a year, over the price of equipment in service",
            least=0,
            most=1,
        ),
    ]
    licence_price: Annotated[
        Series, Leaf("USD/year", "software licence for one accelerator", least=0)
    ]
    staff: Annotated[Cell, Leaf("1/MW", "operating staff for a megawatt of IT power", least=0)]
    staff_cost: Annotated[Series, Leaf("USD/year", "cost of one person", least=0)]
    colocation_price: Annotated[
        Series,
        Leaf("USD/kW month", "rent of space and cooling, by IT power, without energy", least=0),
    ]
    equipment_life: Annotated[
        Cell, Leaf("year", "life over which nodes, storage and switches are written down", above=0)
    ]
    building_life: Annotated[Cell, Leaf("year", "service life of the building", above=0)]
    currency_factor: Annotated[
        Cell,
        Leaf("1", "all prices are multiplied by this: another price level or currency", above=0),
    ]
    revenue_target: Annotated[
        Cell | None,
        Leaf(
            "USD/year",
            "revenue that the cost is compared with; absent: none",
            least=0,
            absent=0,
        ),
    ] = None


class Carbon(Entity):
    """Carbon that no profile carries, and which statement of the grid's is taken."""

    grid: Literal["country", "cloud_region"] = "country"
    switch_embodied: Annotated[Cell, Leaf("kg", "CO2-equivalent of making one switch", least=0)]
    building_embodied: Annotated[
        Cell, Leaf("kg/watt", "CO2-equivalent of building a data hall, by IT power", least=0)
    ]


class Check(Entity):
    """An expectation that the scenario declares: the command fails where it does not hold."""

    name: ShortText
    quantity: Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    at: MonthIndex | None = None
    over: Literal["max", "min", "sum", "mean", "end"] | None = None
    where: dict[Name, StrictStr] = Field(default_factory=dict)
    at_least: StrictStr | None = None
    at_most: StrictStr | None = None
    equals: StrictStr | None = None
    tolerance: Annotated[
        Cell | None, Leaf("1", "allowed deviation from `equals`", least=0, most=1, absent=0)
    ] = None
    source: LongText | None = None


class Scenario(Entity):
    """A whole scenario, after `extends` and overrides."""

    title: ShortText
    about: LongText | None = None
    sources: dict[Name, ShortText | LongText] = Field(default_factory=dict)
    plan_start: MonthIndex
    horizon: Horizon
    export_rules: Annotated[Name, Ref("rules")]
    duty_rates: Annotated[Name, Ref("duties")]
    residency_rules: Annotated[Name, Ref("rules")]
    rules_as_of: Annotated[
        MonthIndex | None,
        Field(description="rules known in this month count; absent: plan_start"),
    ] = None
    rules_as_written: Annotated[
        list[Name], Field(description="export rules that count although nobody enforces them")
    ] = Field(default_factory=list)
    operator_country: Annotated[
        Country | None,
        Field(description="headquarters of the operator of all sites, or of its ultimate parent"),
    ] = None
    allow_export_violation: Annotated[
        bool,
        Field(
            description="what-if: deliveries that the rules stop are made, and every page says so"
        ),
    ] = False
    market: MarketChoice
    fleet: FleetChoice
    regions: Annotated[dict[Name, FleetRegion], Field(min_length=1)]
    programs: Annotated[dict[Name, Program], Field(min_length=1)]
    opening_fleet: list[OpeningCohort] = Field(default_factory=list)
    telemetry: Telemetry
    links: dict[Literal["wifi", "cellular", "depot"], Link]
    data_classes: Annotated[dict[Name, DataClass], Field(min_length=1)]
    curation: Curation
    labels: Labels
    storage_policy: Storage
    tiers: dict[Literal["hot", "warm", "cold"], Tier]
    workloads: Annotated[dict[Name, Workload], Field(min_length=1)]
    training: Training
    checkpoint: Checkpoint
    cluster: Cluster
    services: dict[Name, Service] = Field(default_factory=dict)
    packages: Annotated[dict[Name, Package], Field(min_length=1)]
    variants: Variants
    simulation: Simulation
    qualification: Qualification
    deployments: dict[Name, Deployment] = Field(default_factory=dict)
    edge: Edge
    ota: Ota
    sites: Annotated[dict[Name, Site], Field(min_length=1)]
    fabrics: dict[Literal["compute", "storage", "front_end", "management"], Fabric]
    wan: Wan
    facility: Facility
    economics: Economics
    carbon: Carbon
    checks: list[Check] = Field(default_factory=list)
