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


class Licence(Entity):
    """A licence to receive a kind of node at a site, over the months of delivery that it covers."""

    hardware: Annotated[Name, Ref("nodes")]
    from_: Annotated[MonthIndex, Field(alias="from")]
    until: MonthIndex | None = None
    reference: Annotated[LongText, Field(description="who granted it, under which number")]


Country = Annotated[StrictStr, Field(pattern=r"^[A-Z]{2}$")]


class Site(Entity):
    """A data centre: where it stands, what it trains on, what power it has."""

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
    storage_policy: Storage
    tiers: dict[Literal["hot", "warm", "cold"], Tier]
    workloads: Annotated[dict[Name, Workload], Field(min_length=1)]
    training: Training
    packages: Annotated[dict[Name, Package], Field(min_length=1)]
    ota: Ota
    sites: Annotated[dict[Name, Site], Field(min_length=1)]
    fabrics: dict[Literal["compute", "storage", "front_end", "management"], Fabric]
    wan: Wan
    economics: Economics
    carbon: Carbon
    checks: list[Check] = Field(default_factory=list)
