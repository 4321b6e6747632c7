"""The schema of a scenario: which fleet, where, over which months, on which hardware, by which policies.

A scenario names profiles and adds what is particular to the plan. Under `accelerators:`, `nodes:` and the other kinds
it may override single fields of a shipped profile or define a profile of its own; an entry of `regions:` that names a
`site` takes part in the fleet. Numeric fields declare leaves, as in the profiles.
"""

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
    serve: Literal["required", "if_permitted"] = "if_permitted"


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


class Storage(Entity):
    """What is kept of what arrives."""

    kept_share: Annotated[
        Cell, Leaf("1", "share of arriving bytes that curation keeps", least=0, most=1)
    ]
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
        Cell, Leaf("byte/second", "read bandwidth for each accelerator that trains", least=0)
    ]
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
    kept: Annotated[Cell, Leaf("byte", "bytes kept in the year", least=0)]


class Site(Entity):
    """A data centre: where it stands, what it trains on, what power it has."""

    location: Annotated[Name, Ref("regions")]
    training: Annotated[Name, Ref("nodes")]
    training_share: Annotated[
        Cell, Leaf("1", "weight of the site in the training work of all sites", least=0)
    ]
    power_limit: Annotated[
        Series, Leaf("watt", "site power that the grid connection gives", least=0)
    ]
    commissioning: Annotated[Cell, Leaf("day", "from delivery to service", least=0, most=1000)]
    order_interval: Annotated[
        Cell, Leaf("month", "months that one order of nodes covers", least=1, most=60)
    ]
    orders_allowed: bool = True
    installed: list[NodeStock] = Field(default_factory=list)
    committed: list[NodeStock] = Field(default_factory=list)
    installed_storage: list[StorageStock] = Field(default_factory=list)
    committed_storage: list[StorageStock] = Field(default_factory=list)
    opening_data: list[OpeningData] = Field(default_factory=list)


class Fabric(Entity):
    """The compute network of a site."""

    switch: Annotated[Name, Ref("network")]
    other_share: Annotated[
        Cell,
        Leaf(
            "1",
            "power and price of storage, management and front-end networks, over the compute fabric's",
            least=0,
            most=10,
        ),
    ]


class Economics(Entity):
    """Prices, payment and the value of money."""

    discount_rate: Annotated[Cell, Leaf("1", "real discount rate a year", least=0, most=1)]
    deposit_share: Annotated[
        Cell,
        Leaf("1", "share of the price paid at the order; the rest at delivery", least=0, most=1),
    ]
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
        Cell, Leaf("USD/year", "software licence for one accelerator", least=0)
    ]
    staff: Annotated[Cell, Leaf("1/MW", "operating staff for a megawatt of IT power", least=0)]
    staff_cost: Annotated[Cell, Leaf("USD/year", "cost of one person", least=0)]
    equipment_life: Annotated[
        Cell, Leaf("year", "service life of nodes, storage and switches", above=0)
    ]
    building_life: Annotated[Cell, Leaf("year", "service life of the building", above=0)]
    currency_factor: Annotated[
        Cell,
        Leaf("1", "all prices are multiplied by this: another price level or currency", above=0),
    ]


class Carbon(Entity):
    """Carbon that no profile carries."""

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
    market: MarketChoice
    fleet: FleetChoice
    regions: Annotated[dict[Name, FleetRegion], Field(min_length=1)]
    programs: Annotated[dict[Name, Program], Field(min_length=1)]
    opening_fleet: list[OpeningCohort] = Field(default_factory=list)
    telemetry: Telemetry
    links: dict[Literal["wifi", "cellular", "depot"], Link]
    storage_policy: Storage
    tiers: dict[Literal["hot", "warm", "cold"], Tier]
    workloads: Annotated[dict[Name, Workload], Field(min_length=1)]
    training: Training
    services: dict[Name, Service] = Field(default_factory=dict)
    packages: Annotated[dict[Name, Package], Field(min_length=1)]
    ota: Ota
    sites: Annotated[dict[Name, Site], Field(min_length=1)]
    fabric: Fabric
    economics: Economics
    carbon: Carbon
    checks: list[Check] = Field(default_factory=list)
